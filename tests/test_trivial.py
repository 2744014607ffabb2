"""Of every assignment: solutions that do nothing get next to nothing, and gain nothing by an earlier mistake."""

import pytest

from autograder.judging.carry import carried
from this_course import COURSE

pytestmark = pytest.mark.slow
WAYS = ("zeros", "the argument", "random numbers", "ones", "nothing")
TRIED = 12  # mistakes of an assignment, about: all of them were tried once, and take minutes
MOST = 0.2  # of an exercise's points that a solution gets which does nothing


def trivial_answers(known, exercise, cases, made=()):
    """What trivial solutions answer to these cases behind these mistakes: {the solution's name: {case: answer}}."""
    listed = [f"listed, number {number}" for number, _ in enumerate(known.assignment.trivial.get(exercise, ()))]
    by_case = {case: known.trivial_answers(case, made) for case in cases}
    return {
        way: {case: answers[number] for case, answers in by_case.items()}
        for number, way in enumerate([*WAYS, *listed])
        if way in listed
        or not any(case.inputs for case in known.assignment.cases_of(exercise))  # there, the form is most
    }


def passed(known, given, earlier):
    right = {case for case, answer in given.items() if known.is_right(case, answer)}
    return len(right | carried(known, given, right, earlier))


@pytest.mark.parametrize("name", COURSE.assignment_names)
def test_trivial_solutions_gain_nothing_by_an_earlier_mistake(name, judge_of):
    judge = judge_of(name)
    known, assignment = judge._known, judge.assignment
    exercises = list(assignment.source.exercises)
    gains, scores, step = [], {}, 1 + len(assignment.mistakes) // TRIED
    for place, exercise in enumerate(exercises):
        cases = assignment.cases_of(exercise)
        plain = trivial_answers(known, exercise, cases)
        before = {way: passed(known, given, []) for way, given in plain.items()}
        for way, given in plain.items():
            answers = judge.answers() | {case.name: answer for case, answer in given.items()}
            (verdict,) = (verdict for verdict in judge.verdicts(answers) if verdict.exercise == exercise)
            if max(verdict.score / verdict.points, before[way] / len(cases)) > MOST:
                scores[exercise, way] = verdict.score / verdict.points
        for mistake in (m for m in assignment.mistakes[step - 1 :: step] if m.exercise in exercises[:place]):
            changed = [case for case in cases if known.changes(case, mistake)]  # elsewhere there is nothing to gain
            for way, answers in trivial_answers(known, exercise, changed, [mistake]).items() if changed else ():
                if passed(known, plain[way] | answers, [mistake]) > before[way]:
                    gains.append((exercise, way, mistake.name))
    assert gains == []
    assert scores == {}
