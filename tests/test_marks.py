"""What a named mistake costs: never more than a teacher would take off, nor than the cases that it explains."""

import pytest

from autograder.authoring import Mistake
from autograder.judging.judge import Judge
from autograder.judging.verdict import CaseVerdict, Verdict

ONE, OTHER = (Mistake(name, "x", "a", "b", "Look.") for name in ("one", "other"))


def verdict(passed, *named, unnamed=0, costs=None):
    cases = [CaseVerdict("", True)] * passed + [CaseVerdict("", False)] * unnamed
    return Verdict("x", 10.0, [*cases, *(CaseVerdict("", False, mistake=mistake) for mistake in named)], costs)


def test_a_mistake_costs_its_share_or_its_cases():
    assert verdict(5, *[ONE] * 5, costs={ONE: 0.3}).score == 7
    assert verdict(9, ONE, costs={ONE: 0.3}).score == 9
    assert verdict(0, *[ONE] * 3, costs={ONE: 1.0}).score == 0
    assert verdict(1, *[ONE] * 3, costs={ONE: 0.0}).score == 10


def test_two_mistakes_add_up_and_no_more_than_their_cases():
    assert verdict(2, *[ONE] * 4, *[OTHER] * 4, costs={ONE: 0.3, OTHER: 0.2}).score == 5
    found = verdict(6, *[ONE] * 2, *[OTHER] * 2, costs={ONE: 0.3, OTHER: 0.3})
    assert found.score == 6 and found.off == [2, 2]


def test_what_nobody_explains_costs_its_cases_beside():
    assert verdict(3, *[ONE] * 4, unnamed=3, costs={ONE: 0.2}).score == 5
    assert verdict(0, unnamed=3, costs={}).score == 0


def test_without_costs_the_cases_count():
    found = verdict(5, *[ONE] * 4, OTHER, costs=None)
    assert found.score == 5 and found.off == [4, 1]


@pytest.mark.parametrize("points", [0.1, 1, 7, 10, 35])
@pytest.mark.parametrize("count", [1, 3, 7, 11])
@pytest.mark.parametrize("cost", [0.0, 0.1, 1 / 3, 0.5, 1.0])
def test_points_stay_between_0_and_the_most(points, count, cost):
    for passed in range(count + 1):
        for named in range(count - passed + 1):
            cases = [CaseVerdict("", True)] * passed + [CaseVerdict("", False, mistake=ONE)] * named
            cases += [CaseVerdict("", False)] * (count - passed - named)
            found = Verdict("x", points, cases, {ONE: cost})
            rows = [found.points_of(case) for case in cases]
            assert 0 <= found.score <= points and all(0 <= row <= points for row in rows)
            assert abs(sum(rows) - found.score) <= 0.005 * (count + 1) + 1e-9
            assert sum(found.off) <= points + 0.005


def test_the_table_says_what_a_mistake_costs(judge):
    scaling = judge.assignment.mistake("no scaling")
    found = {one.exercise: one.as_dict() for one in judge.verdicts(judge.answers([scaling]))}
    attention = found["scaled_dot_product_attention"]
    assert (attention["mistakes"], attention["off"], attention["score"]) == (["no scaling"], [10.5], 24.5)
    assert abs(sum(case["points"] for case in attention["cases"]) - 24.5) < 0.1


def test_a_mistake_that_leaves_nothing_costs_all(judge):
    """Who lets everybody see everything has written no mask."""
    nothing = judge.assignment.mistake("nothing masked")
    assert judge.verdicts(judge.answers([nothing]))[0].score == 0


def test_the_settings_decide(assignment):
    diagonal = assignment.mistake("diagonal masked")
    scores = []
    for costs in (None, 0.2, 0.0):
        judge = Judge(assignment, "tests", mistake_costs=costs)
        scores.append(judge.verdicts(judge.answers([diagonal]))[0].score)
    assert scores == [0, 8, 10]
