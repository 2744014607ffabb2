"""Which mistakes are named: one, two at once, in whichever way they were made; and none where it would mislead."""

import random

import pytest

from autograder.authoring import Mistake
from autograder.authoring.course import Course
from autograder.authoring.source import SourceError
from autograder.judging.judge import Judge
from autograder.running.answers import Silent

PAIRS = [
    ("no scaling", "one mask for all heads and sequences"),
    ("mask the wrong way round", "softmax over the queries"),
    ("softmax over the queries", "masked scores set to 0"),
    ("no output projection", "no value projection"),
    ("queries and keys exchanged", "heads merged without a transpose"),
    ("True for padding", "square of tokens"),
    # These replace the same lines: they are made in the other order, or word by word.
    ("diagonal masked", "numbers for bools"),
    ("True for padding", "first sequence for all"),
    ("no scaling", "float32 on the way"),
]


@pytest.mark.parametrize("names", PAIRS, ids=" and ".join)
def test_two_mistakes_at_once_are_both_named(judge, names):
    made = [judge.assignment.mistake(name) for name in names]
    verdicts = {verdict.exercise: verdict for verdict in judge.verdicts(judge.answers(made))}
    own = verdicts.pop(made[0].exercise)
    assert {mistake.name for mistake in own.mistakes} == {*names}
    for case, verdict in zip(judge.assignment.cases_of(made[0].exercise), own.cases, strict=True):
        assert verdict.passed or judge._known.changes(case, verdict.mistake)
    assert not any(verdict.mistakes for verdict in verdicts.values())
    assert all(verdict.score == verdict.points for verdict in verdicts.values()), "both cost once"


def test_no_more_pairs_are_tried_than_the_settings_say(assignment):
    made = [assignment.mistake(name) for name in PAIRS[1]]
    judge = Judge(assignment, "tests", most_pairs=0)
    names = {mistake.name for mistake in judge.verdicts(judge.answers(made))[2].mistakes}
    assert names != {*PAIRS[1]}


def test_what_right_answers_refute_is_in_no_pair(judge):
    """One case is wrong in a way that two mistakes would explain, and the others are right."""
    made = [judge.assignment.mistake(name) for name in PAIRS[1]]
    answers = judge.answers()
    answers["equation_one"] = judge.answers(made)["equation_one"]
    assert judge.verdicts(answers)[2].mistakes == []


def test_an_exercise_that_is_right_gets_no_name_because_another_is_wrong(judge, scores):
    """The mask is turned round in attention, by code that nobody foresaw: it looks as if it were turned on the way."""
    text = """
def scaled_dot_product_attention(query, key, value, mask=None):
    scores = query @ key.mT / 3.0
    if mask is not None:
        scores = scores.masked_fill(mask, -torch.inf)
    return scores.softmax(-1) @ value, scores.softmax(-1)
"""
    verdicts = scores({"scaled_dot_product_attention": text})
    assert verdicts["MultiHeadAttention"].score < 30 and verdicts["MultiHeadAttention"].mistakes == []


@pytest.mark.parametrize("explained, names", [(9, ["no scaling"]), (8, [])])
def test_a_name_needs_two_thirds_of_what_its_mistake_would_change(judge, explained, names):
    """It changes all 13 answers, and those that it does not explain are wrong for no known reason."""
    exercise = "scaled_dot_product_attention"
    scaling = judge.answers([judge.assignment.mistake("no scaling")])
    cases = [case.name for case in judge.assignment.cases_of(exercise)]
    assert len(cases) == 13
    answers = judge.answers() | {name: scaling[name] for name in cases[:explained]}
    answers |= dict.fromkeys(cases[explained:], "something else")
    assert [mistake.name for mistake in judge.verdicts(answers)[2].mistakes] == names


def test_no_mistake_that_was_left_out_gives_a_name_elsewhere(judge, assignment):
    """Each is taken for unknown: its exercise may get the name of a near one, and no other gets any."""
    draw = random.Random(3)
    for mistake in draw.sample(assignment.mistakes_of("scaled_dot_product_attention"), 8):
        answers = judge.answers([mistake]) | {
            case.name: Silent("") for case in assignment.cases_of("scaled_dot_product_attention")
        }
        assert judge.verdicts(answers)[-1].mistakes == []


MORE = r"""
    Mistake('adds', 'double', says='Twice is not plus two.', solution='def double(x):\n    return x + 2',
            also=[('x * 2', 'x + 1'), 'def double(x):\n    y = 3\n    return x + y'], costs=0.25),
]"""


@pytest.fixture
def with_ways(small):
    """A course whose first assignment has a mistake that is made in three ways."""
    path = small / "written" / "01_first" / "mistakes.py"
    path.write_text(path.read_text().rstrip().removesuffix("\n]") + MORE)
    return small


def test_a_mistake_has_one_name_in_all_its_ways(with_ways):
    assignment = Course.at(with_ways).assignment("01_first")
    judge = Judge(assignment, "tests")
    ways = [mistake for mistake in assignment.mistakes if mistake.name == "adds"]
    assert len(ways) == 3 and assignment.mistake("adds") == ways[0]
    for way in ways:
        (verdict,) = judge.verdicts(judge.answers([way]))
        assert [mistake.name for mistake in verdict.mistakes] == ["adds"] and verdict.score == 3


@pytest.mark.parametrize(
    "old, new, message",
    [
        ("return x + 2", "return (x + 2", "Python cannot read its solution"),
        ("def double(x):\\n    return", "def triple(x):\\n    return", "its solution does not define 'double'"),
        ("('x * 2', 'x + 1')", "('x * 3', 'x + 1')", "its text stands 0 times in 'double'"),
        ("costs=0.25", "costs=25", "costs 25, and should cost 0 to 1"),
        ("solution=", "replace='x * 2', solution=", "a whole solution and a text to replace"),
        ("says='Twice is not plus two.', ", "", "says nothing to the student"),
    ],
)
def test_a_way_that_does_not_fit_is_told(with_ways, old, new, message):
    path = with_ways / "written" / "01_first" / "mistakes.py"
    assert path.read_text().count(old) == 1
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(SourceError, match="mistakes.py:5: ") as raised:
        Course.at(with_ways).assignment("01_first")
    assert message in str(raised.value)


def test_two_whole_solutions_do_not_go_together(with_ways):
    assignment = Course.at(with_ways).assignment("01_first")
    whole = [mistake for mistake in assignment.mistakes if mistake.solution]
    judge = Judge(assignment, "tests")
    assert isinstance(judge.expected(assignment.cases[0], whole), Silent)


def test_a_mistake_is_a_value():
    one = Mistake("a", "x", replace="1", by="2", says="No.")
    assert one in {one} and one.ways == [one]
