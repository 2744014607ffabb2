"""Answers are data: what goes in comes out, and what is not an answer is none."""

import base64
import json

import numpy
import pytest
import torch

from autograder import probe
from autograder.answers import Raised, Silent, Unfit, decode, difference


def through(value):
    return decode(probe.as_text(probe.answer(lambda student, rng: value, None, "seed")))


@pytest.mark.parametrize(
    "value",
    [
        torch.randn(2, 3),
        torch.randn(2, 3).half(),
        torch.randn(3).bfloat16(),
        torch.tensor([True, False]),
        torch.tensor(5),
        torch.zeros(0, 3),
        torch.randn(4, 5).T,
        torch.randn(1, 3).expand(4, 3),
        [1, 2.5, "three", None, True],
        {"a": [torch.ones(2)], "b": {}},
        float("inf"),
    ],
)
def test_values_come_through(value):
    assert difference(value, through(value), 0.0) is None


@pytest.mark.parametrize("value", [object(), lambda: 0, numpy.ones(3), {1, 2}, torch.nn.Linear(2, 2), b"bytes"])
def test_what_no_exercise_asks_for_is_unfit(value):
    assert through(value) == Unfit(type(value).__name__)


def test_parameters_and_leaves_are_tensors():
    parameter = torch.nn.Parameter(torch.ones(2))
    assert torch.equal(through(parameter), torch.ones(2))


def test_too_much_is_unfit():
    assert isinstance(through(torch.zeros(probe.MAX_BYTES)), Unfit)


def test_an_exception_is_an_answer():
    def ask(student, rng):
        raise KeyError("x")

    assert decode(probe.as_text(probe.answer(ask, None, "s"))) == Raised("KeyError", "'x'")


@pytest.mark.parametrize(
    "text",
    [
        "", "null", "[]", "{", '"x"', "{}", '{"values": 3}', 5, None,
        '{"values": {"tensor": "0"}}',
        '{"values": {"tensor": []}}',
        '{"values": {"plain": {}}}',
        '{"values": {"list": 5}}',
        '{"values": {"a": 1, "b": 2}}',
        '{"raised": "x"}',
        '{"values": {"tensor": "0"}, "tensors": "AAAA"}',
        '{"values": {"tensor": "0"}, "tensors": "%%%"}',
        "[" * 100_000,
        json.dumps({"values": {"tensor": "0"}, "tensors": base64.b64encode(b"\x80\x04]").decode()}),
        "x" * (2 * probe.MAX_BYTES + 1),
    ],
    ids=range(20),
)  # fmt: skip
def test_what_cannot_be_read_is_no_answer(text):
    assert isinstance(decode(text), Silent)


EXPECTED = torch.tensor([[1.0, 2.0, 3.0]], dtype=torch.float64)


@pytest.mark.parametrize(
    "expected, given, says",
    [
        (EXPECTED, EXPECTED[0], "the shape is (3,), and (1, 3) is asked for"),
        (EXPECTED, EXPECTED.float(), "the dtype is torch.float32, and torch.float64 is asked for"),
        (EXPECTED, EXPECTED * float("nan"), "there is NaN in it"),
        (EXPECTED, EXPECTED + torch.tensor([0.0, 0.0, 1.0]), "1 of 3 values are off"),
        (EXPECTED, EXPECTED + 1, "every value is off"),
        (EXPECTED, torch.zeros(2**40, 0), "the shape is another one, of 2 dimensions, and (1, 3) is asked for"),
        (EXPECTED, None, "it returns None, where a tensor is asked for"),
        (EXPECTED, Unfit("ndarray"), "it returns a ndarray, where a tensor is asked for"),
        (EXPECTED, Unfit("def hidden(student"), "it returns a value of another type, where a tensor is asked for"),
        (EXPECTED, Silent("x"), "no values came back"),
        ({"output": EXPECTED}, {"output": EXPECTED + 1}, "output: every value is off"),
        ({"output": EXPECTED}, {"weights": EXPECTED}, "output is missing"),
        ([1, 2], [1], "it returns a list of 1, where a list of 2 is asked for"),
        ("ValueError", "no error", "it is not right"),
        (False, True, "it does the opposite of what is asked for"),
        (1, True, "it returns a bool, where a int is asked for"),
        (2.0, 2.1, "the number is not right"),
    ],
)  # fmt: skip
def test_differences_are_told_in_words(expected, given, says):
    assert difference(expected, given, 1e-5) == says


def test_half_precision_may_be_rounded():
    assert difference(EXPECTED.half(), (EXPECTED * 1.001).half(), 1e-9) is None
    assert difference(EXPECTED, EXPECTED * 1.001, 1e-9) is not None


def test_an_answer_has_left_before_the_next_question_is_asked(monkeypatch):
    """Or the code of a later one could change it."""
    left = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: left.append(data))
    hidden = {"first": lambda student, rng: 1, "second": lambda student, rng: len(left)}
    probe.reply({}, hidden, [("first", "a", "one"), ("second", "b", "two")])
    assert [list(data) for data in left] == [["one"], ["two"]]
    assert json.loads(left[1]["two"]) == {"values": {"plain": 1}}
