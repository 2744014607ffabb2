"""Of every assignment: solutions that do nothing get next to nothing, and gain nothing by an earlier mistake."""

from types import SimpleNamespace

import pytest

from autograder.judging.carry import carried
from autograder.judging.judge import Judge
from autograder.judging.trivial import stand_ins
from this_course import COURSE, load

pytestmark = pytest.mark.slow
WAYS = ("zeros", "the argument", "random numbers", "ones", "nothing")
TRIED = 20  # mistakes of an assignment, about: all of them were tried once, and take minutes
MOST = 0.2  # of an exercise's points that a solution gets which does nothing


def trivial_solutions(known, exercise, made=()):
    """The reference with these mistakes, and a trivial solution in place of the exercise, by the solution's name."""
    assignment, right = known.assignment, vars(known.reference(frozenset(made)))
    found = {
        way: SimpleNamespace(**{**right, exercise: stand_in})
        for way, stand_in in zip(WAYS, stand_ins(right[exercise]), strict=True)
        if not any(case.inputs for case in assignment.cases_of(exercise))  # there, the form alone is most of the work
    }
    texts = {name: assignment.solution(name, made) for name in assignment.source.exercises}
    for number, text in enumerate(assignment.trivial.get(exercise, ())):
        found[f"listed, number {number}"] = assignment.run({**texts, exercise: text})
    return found


def passed(known, given, earlier):
    right = {case for case, answer in given.items() if known.is_right(case, answer)}
    return len(right | carried(known, given, right, earlier))


@pytest.mark.parametrize("name", COURSE.assignment_names)
def test_trivial_solutions_gain_nothing_by_an_earlier_mistake(name):
    judge = Judge(load(name), seed="trivial")
    known, assignment = judge._known, judge.assignment
    exercises = list(assignment.source.exercises)
    gains, scores, step = [], {}, 1 + len(assignment.mistakes) // TRIED
    for place, exercise in enumerate(exercises):
        cases = assignment.cases_of(exercise)
        plain = {
            way: {case: known.ask(case, namespace) for case in cases}
            for way, namespace in trivial_solutions(known, exercise).items()
        }
        before = {way: passed(known, given, []) for way, given in plain.items()}
        for way, given in plain.items():
            answers = judge.answers() | {case.name: answer for case, answer in given.items()}
            (verdict,) = (verdict for verdict in judge.verdicts(answers) if verdict.exercise == exercise)
            if max(verdict.score / verdict.points, before[way] / len(cases)) > MOST:
                scores[exercise, way] = verdict.score / verdict.points
        for mistake in (m for m in assignment.mistakes[step - 1 :: step] if m.exercise in exercises[:place]):
            changed = [case for case in cases if known.changes(case, mistake)]  # elsewhere there is nothing to gain
            for way, namespace in trivial_solutions(known, exercise, [mistake]).items() if changed else ():
                given = plain[way] | {case: known.ask(case, namespace) for case in changed}
                if passed(known, given, [mistake]) > before[way]:
                    gains.append((exercise, way, mistake.name))
    assert gains == []
    assert scores == {}
