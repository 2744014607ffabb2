"""Differences of answers are found, and told in words that give no expected value away."""

import pytest
import torch

from autograder.judging.difference import difference
from autograder.judging.explain import in_words
from autograder.running.answers import Raised, Silent, Unfit

EXPECTED = torch.tensor([[1.0, 2.0, 3.0]], dtype=torch.float64)


@pytest.mark.parametrize(
    "expected, given, says",
    [
        (EXPECTED, EXPECTED[0], "the shape is (3,), and (1, 3) is asked for"),
        (EXPECTED, EXPECTED.float(), "the dtype is torch.float32, and torch.float64 is asked for"),
        (EXPECTED, EXPECTED * float("nan"), "there is NaN in it"),
        (EXPECTED, EXPECTED + torch.tensor([0.0, 0.0, 1.0]), "some values are off"),
        (EXPECTED, EXPECTED + 1, "every value is off"),
        (EXPECTED, torch.zeros(2**40, 0).double(), "the shape is another one, of 2 dimensions, and (1, 3) is asked for"),
        (
            EXPECTED,
            torch.zeros(1, 3, 1).int(),
            "the shape is (1, 3, 1), and (1, 3) is asked for; the dtype is torch.int32, and torch.float64 is asked for",
        ),
        (EXPECTED, None, "it returns None, where a tensor is asked for"),
        (EXPECTED, Unfit("ndarray"), "it returns a ndarray, where a tensor is asked for"),
        (EXPECTED, Unfit("def hidden(student"), "it returns a value of another type, where a tensor is asked for"),
        ({"output": EXPECTED}, {"output": EXPECTED + 1}, "output: every value is off"),
        ({"output": EXPECTED}, {"weights": EXPECTED}, "output is missing"),
        ([1, 2], [1], "it returns a list of 1, where a list of 2 is asked for"),
        ([1, 2], [1] * 77, "it returns a list of another length, where a list of 2 is asked for"),
        ({"a": 1, "b": 1}, {"a": 1, "b": 1, "c": 1}, "all that is asked for is there, and something else beside it"),
        ({"a": 1, "b": 1, "c": 1}, {"c": 1}, "a is missing, and 1 more"),
        ({"for x": EXPECTED}, {"for x": None}, "for x: no gradient arrives there"),
        ({"for x": None}, {"for x": EXPECTED}, "for x: a gradient arrives where none should"),
        ("ValueError", "no error", "no error is raised, where ValueError is asked for"),
        ("ValueError", "another error", "another error is raised, where ValueError is asked for"),
        ("no error", "ValueError", "an error is raised, where none should be"),
        ("no error", "some text", "an error is raised, where none should be"),
        ("a text", "another text", "it is not right"),
        (False, True, "it does the opposite of what is asked for"),
        (1, True, "it returns a bool, where a int is asked for"),
        (2.0, 2.1, "the number is not right"),
    ],
)  # fmt: skip
def test_differences_are_told_in_words(expected, given, says):
    assert in_words(difference(expected, given, 1e-5)) == says


def test_half_precision_may_be_rounded():
    assert difference(EXPECTED.half(), (EXPECTED * 1.001).half(), 1e-9) is None
    assert difference(EXPECTED, EXPECTED * 1.001, 1e-9) is not None


def test_no_values_differ_from_values():
    for given in (Silent("no answer came back"), Raised("ValueError", "odd")):
        assert difference(EXPECTED, given, 1e-5).kind == "silence"
