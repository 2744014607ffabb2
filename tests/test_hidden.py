"""Of every assignment: the hidden tests catch each mistake, accept each right way, and cannot be guessed."""

import runpy
from itertools import combinations

import pytest

from autograder.judging.catalogue import findings
from autograder.judging.difference import difference
from autograder.running.answers import Raised
from this_course import COURSE, load

ALTERNATIVES = {
    name: runpy.run_path(str(load(name).source.path.with_name("alternatives.py")))["ALTERNATIVES"]
    for name in COURSE.assignment_names
}
EXERCISES = [
    (name, exercise)
    for name in COURSE.assignment_names
    for exercise in dict.fromkeys(mistake.exercise for mistake in load(name).mistakes)
]


@pytest.mark.slow
@pytest.mark.parametrize("name, exercise", EXERCISES)
def test_every_mistake_is_caught_told_apart_and_costs_once(name, exercise, judge_of):
    for finding in findings(judge_of(name), exercise):
        where = f"{exercise}: {finding.mistake.name}"
        assert finding.caught, f"{where} is not caught"
        assert finding.lost_elsewhere == 0, f"{where} costs {finding.lost_elsewhere} points elsewhere"
        assert finding.told_apart, f"{where} is taken for another mistake, or for none"


@pytest.mark.slow
@pytest.mark.parametrize("name, exercise", EXERCISES)
def test_a_mistake_is_told_apart_and_costs_as_much_with_another_seed(name, exercise, judge_of):
    """What it costs elsewhere is not looked at again: that takes most of the time."""
    judges = [judge_of(name), judge_of(name, "another")]
    cases = load(name).cases_of(exercise)
    for mistake in load(name).mistakes_of(exercise):
        found = []
        for judge in judges:
            answers = {case.name: judge.expected(case, [mistake]) for case in cases}
            found += [v for v in judge.verdicts(judge.answers() | answers) if v.exercise == exercise]
        where = f"{exercise}: {mistake.name}"
        assert [named.name for named in found[1].mistakes] == [mistake.name], f"{where} is taken for another, or none"
        assert found[0].score == found[1].score < found[1].points, f"{where} gets {found[0].score} and {found[1].score}"


@pytest.mark.parametrize("name", COURSE.assignment_names)
def test_the_reference_scores_full_with_any_seed(name, judge_of):
    for seed in ("a", "b", "c", "d", "e"):
        judge = judge_of(name, seed)
        for verdict in judge.verdicts(judge.answers()):
            assert verdict.score == verdict.points


@pytest.mark.parametrize(
    "name, exercise, way",
    [(name, exercise, way) for name, found in ALTERNATIVES.items() for exercise, ways in found.items() for way in ways],
)
def test_every_right_way_scores_full(name, exercise, way, judge_of):
    judge = judge_of(name)
    given = "import math\nimport torch.nn.functional as F\n" + ALTERNATIVES[name][exercise][way]
    namespace = judge.assignment.run({exercise: given})
    order = list(judge.assignment.source.exercises)
    later = set(order[order.index(exercise) :])  # no exercise calls a later one
    asked = [case for case in judge.assignment.cases if case.exercise in later]
    answers = judge.answers() | {case.name: judge.ask(case, namespace) for case in asked}
    lost = [
        f"{case.title}: {case.reason}"
        for verdict in judge.verdicts(answers)
        for case in verdict.cases
        if not case.passed
    ]
    assert not lost


@pytest.mark.parametrize("name", COURSE.assignment_names)
def test_what_is_also_right_scores_full(name, judge_of):
    judge = judge_of(name)
    for text, way in judge.assignment.also_right.items():
        (cell,) = (cell for cell in judge.assignment.source.exercises.values() if text in cell.text)
        namespace = judge.assignment.run({cell.name: cell.text.replace(text, way)})
        for case in judge.assignment.cases_of(cell.name):
            assert not difference(judge.expected(case), judge.ask(case, namespace), case.tolerance), case.name


@pytest.mark.parametrize("name", COURSE.assignment_names)
def test_no_answer_can_be_guessed(name, judge_of):
    """A case whose answer is the same for two seeds could be answered by a constant: of 66 pairs at most three are.

    Two seeds would not show it: a coin falls on different sides half of the time. Inputs that somebody chooses are
    constants, and are there to be found.
    """
    judges = [judge_of(name, f"seed {number}") for number in range(12)]
    for case in (case for case in load(name).cases if not case.inputs):
        answers = [judge.expected(case) for judge in judges]
        assert not any(isinstance(answer, Raised) for answer in answers), f"the reference fails {case.name}"
        same = sum(not difference(one, other, case.tolerance) for one, other in combinations(answers, 2))
        assert same <= 3, f"{case.name} has a constant answer, or one of few"


@pytest.mark.slow
@pytest.mark.parametrize("name", COURSE.assignment_names)
def test_nothing_but_values_gives_no_points(name, judge_of):
    """Answers that somebody gives who computes nothing: None, zeros, the arguments themselves."""
    judge = judge_of(name)
    for nothing in ("None", "0.0", "torch.zeros(3, 3)", "arguments[0] if arguments else None", "(arguments[0],) * 2"):
        texts = {
            exercise: f"def {exercise}(*arguments, **options):\n    return {nothing}"
            for exercise in judge.assignment.source.exercises
        }
        namespace = judge.assignment.run(texts)
        answers = {case.name: judge.ask(case, namespace) for case in judge.assignment.cases}
        scores = {verdict.exercise: verdict.score for verdict in judge.verdicts(answers)}
        assert not any(scores.values()), f"returning {nothing} scores {scores}"


@pytest.mark.slow
@pytest.mark.parametrize("name", COURSE.assignment_names)
def test_nothing_that_travels_with_the_questions_is_an_answer(name, judge_of):
    """A hidden file's own functions and classes can be found by code that walks the stack of its caller."""
    judge = judge_of(name)
    hidden, reference = {}, judge.assignment.reference()
    exec(compile(judge.assignment.hidden_text, "<hidden>", "exec"), hidden)
    own = [thing for thing in hidden.values() if getattr(thing, "__module__", "") is None]  # neither imported nor
    found = [thing for thing in own if not hasattr(thing, "exercise")]  # a question
    for exercise in judge.assignment.source.exercises:
        right = getattr(reference, exercise)
        for thing in [thing for thing in found if isinstance(thing, type) == isinstance(right, type)]:
            setattr(reference, exercise, thing)
            cases = judge.assignment.cases_of(exercise)
            answers = {case.name: judge.ask(case, reference) for case in cases}
            (verdict,) = (v for v in judge.verdicts(judge.answers() | answers) if v.exercise == exercise)
            assert verdict.score <= 0.2 * verdict.points, f"{thing.__qualname__} scores {verdict.score} as {exercise}"
        setattr(reference, exercise, right)
