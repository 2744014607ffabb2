"""Inputs that a student chooses are worth the share of mistakes that show in them, and they are nothing but data."""

import re

import pytest
import torch

from autograder.judging import telling
from autograder.judging.report import as_html, as_text
from autograder.judging.telling import NAMES
from autograder.running.answers import Raised, Unfit

OF = "scaled_dot_product_attention"
EXERCISE = "telling_inputs"


def verdict_on(judge, code):
    """What comes of an exercise that returns this."""
    namespace = judge.assignment.run({EXERCISE: f"import torch\n\ndef {EXERCISE}():\n    return {code}"})
    return verdict_of(judge, judge.ask(case_of(judge), namespace))


def verdict_of(judge, answer):
    case = case_of(judge)
    (verdict,) = (one for one in judge.verdicts({case.name: answer}) if one.exercise == EXERCISE)
    return verdict


def case_of(judge):
    (case,) = judge.assignment.cases_of(EXERCISE)
    return case


def slipped(verdict):
    """The names in a reason."""
    (case,) = verdict.cases
    return set(re.findall("“(.*?)”", case.reason))


def test_all_mistakes_count_that_output_and_weights_show(judge):
    """If one of the other hidden tests sees a mistake in them, the reference solution's inputs do, too."""
    counted = judge._telling[case_of(judge)]._counted
    others = {mistake for mistake in judge.assignment.mistakes_of(OF) if mistake.name not in counted}
    assert len(counted) >= 20
    for mistake in others:
        caught = {case.name for case in judge.assignment.cases_of(OF) if judge._known.changes(case, mistake)}
        assert caught <= {"arguments_stay", "gradients_arrive"}, mistake.name


LAZY = {
    "no input": ("[]", 0.0),
    "ones": ("[(torch.ones(3, 4),) * 3 + (None,)]", 0.1),
    "one random input": ("[(*torch.randn(3, 2, 3, 4), None)]", 0.4),
    "six random inputs": ("[(*torch.randn(3, 2, 3, 4), None) for _ in range(6)]", 0.4),
    "one with a causal mask": ("[(*torch.randn(3, 2, 3, 4), torch.ones(3, 3).bool().tril())]", 0.55),
}


@pytest.mark.parametrize("way", LAZY)
def test_what_lazy_inputs_are_worth(judge, way):
    code, most = LAZY[way]
    verdict = verdict_on(judge, code)
    assert verdict.score <= most * verdict.points


# Inputs that leave one thing out, and a mistake that they cannot show. The others of the reference stay.
WEAK = {
    "never a mask": ("(q, k, v, None)", "mask ignored"),
    "never half precision": ("(q.double(), k.double(), v.double(), m)", "overflow in half precision"),
    "never double precision": ("(q.float(), k.float(), v.float(), m)", "root in single precision"),
    "never large scores": ("(q / q.abs().max(), k / k.abs().max(), v, m)", "renormalised after the softmax"),
    "every query sees a key": (
        "(q, k, v, None if m is None else m | ~m.any(-1, keepdim=True))",
        "NaN where nothing can be seen",
    ),
    "one sequence": ("[t[0, 0] if t is not None and t.dim() == 4 else t for t in (q, k, v, m)]", "one mask for all heads and sequences"),
    "as wide as there are keys": ("(q[..., :5], k[..., :5], v, m)", "scaled by the number of keys"),
}  # fmt: skip


@pytest.mark.parametrize("way", WEAK)
def test_feedback_names_what_slips_through(judge, way, monkeypatch):
    monkeypatch.setattr("autograder.judging.telling.NAMES", 100)
    change, missed = WEAK[way]
    inputs = judge.expected(case_of(judge))
    weak = [list(eval(change, {}, dict(zip("qkvm", given, strict=True)))) for given in inputs]
    whole, part = verdict_of(judge, inputs), verdict_of(judge, weak)
    assert whole.score == whole.points and slipped(whole) == set()
    assert missed in slipped(part) and part.mistakes == []


def test_a_part_of_the_points_survives(judge):
    verdict = verdict_on(judge, LAZY["one random input"][0])
    (case,) = verdict.cases
    assert 0 < verdict.score < verdict.points and not case.passed
    assert f"{verdict.score:g} of {verdict.points:g} points" in as_html(verdict) and "◐" in as_text([verdict])
    assert case.reason.count("“") == NAMES and "more" in case.reason
    assert verdict.as_dict()["score"] == verdict.score


SQUARE = torch.randn(3, 2, 4, 4, dtype=torch.float64)
GOOD = [*SQUARE, torch.ones(4, 4).bool().tril()]
MANY = torch.ones(2000)
ODD = {
    "no list": {"query": SQUARE[0]},
    "a tensor": SQUARE,
    "None": None,
    "text": "inputs",
    "what is too large to look at": Unfit("more than can be looked at"),
    "no tuples": [1, None, "x", SQUARE[0]],
    "too few": [[SQUARE[0]], [], GOOD[:2]],
    "too many": [[*GOOD, None, None]],
    "text among them": [["query", *GOOD[1:]]],
    "a number among them": [[5, *GOOD[1:]]],
    "a list among them": [[[SQUARE[0]], *GOOD[1:]]],
    "sizes that do not fit": [[SQUARE[0], SQUARE[1, :, :, :3], SQUARE[2], None]],
    "no dimension": [[torch.tensor(1.0)] * 3 + [None]],
    "nothing in them": [[torch.ones(2, 3, 0)] * 3 + [None]],
    "whole numbers": [[*SQUARE.long(), None]],
    "complex numbers": [[*SQUARE.to(torch.complex64), None]],
    "bools": [[*(SQUARE > 0), None]],
    "a mask of numbers": [[*SQUARE, torch.ones(4, 4)]],
    "a mask that does not fit": [[*SQUARE, torch.ones(3, 5).bool()]],
    "a tensor that is too large": [[torch.ones(2001, 1)] * 3 + [None]],
    "much of little": [[MANY[:, None], MANY[:, None], MANY[:, None], None]],
    "much more of little, by broadcasting": [
        [MANY.view(-1, 1, 1, 1, 1), MANY.view(1, -1, 1, 1, 1), MANY.view(1, 1, -1, 1, 1), MANY.bool().view(1, 1, 1, -1, 1, 1)]
    ],
}  # fmt: skip


def test_what_is_empty_is_not_small_for_that():
    """A product over nothing fills what these leave open: ten thousand million numbers."""
    assert telling._is_small([torch.ones(20, 100), torch.ones(3, 0), None], 2000)
    assert not telling._is_small([torch.ones(100_000, 0), torch.ones(0, 100_000)], 2000)


@pytest.mark.parametrize("way", ODD)
def test_odd_answers_are_worth_nothing(judge, way):
    verdict = verdict_of(judge, ODD[way])
    assert verdict.score == 0 and "nothing that you return can be tried" in verdict.cases[0].reason


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), 1e308, 1e-320])
def test_odd_numbers_are_no_trouble(judge, odd):
    assert 0 <= verdict_of(judge, [[SQUARE * odd, *GOOD[1:]]]).score <= 10


def test_an_odd_tuple_costs_itself_alone_and_only_six_count(judge):
    good = [list(inputs) for inputs in judge.expected(case_of(judge))]
    assert verdict_of(judge, [["odd"], *good]).score == 10
    assert verdict_of(judge, [*[GOOD] * 6, *good]).score == verdict_of(judge, [GOOD]).score


def test_an_answer_that_was_no_answer_is_told_as_ever(judge):
    verdict = verdict_of(judge, Raised("ValueError", "no", ""))
    assert verdict.score == 0 and verdict.cases[0].reason == "it raises ValueError"


def test_the_students_own_attention_does_not_matter(judge):
    namespace = judge.assignment.run({OF: f"def {OF}(*arguments):\n    raise NotImplementedError"})
    answers = {case.name: judge.ask(case, namespace) for case in judge.assignment.cases}
    scores = {verdict.exercise: verdict.score for verdict in judge.verdicts(answers)}
    assert scores[EXERCISE] == 10 and scores[OF] == 0
