"""Answers are data: what goes in comes out, and what is not an answer is none."""

import base64
import json

import numpy
import pytest
import torch

from autograder import probe
from autograder.judging.difference import difference
from autograder.running.answers import LONGEST, UNREADABLE, VALUES, Raised, Reply, Silent, Unfit, decode, reply


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
        "x" * (LONGEST + 1),
        '{"values": {"list": [' + ",".join(['{"unfit": ""}'] * VALUES) + "]}}",
        probe.as_text(probe.answer(lambda student, rng: torch.zeros([1] * 70), None, "seed")),
    ],
    ids=range(22),
)  # fmt: skip
def test_what_cannot_be_read_is_no_answer(text):
    assert isinstance(decode(text), Silent)


def test_what_is_too_long_to_be_read_is_not_kept():
    whole = through(torch.ones(probe.MAX_BYTES // 4))
    assert isinstance(whole, torch.Tensor) and len(whole) == probe.MAX_BYTES // 4
    assert reply(["x" * LONGEST]) == Reply("x" * LONGEST)
    assert reply(["x" * (LONGEST + 1)]) == reply([{}]) == UNREADABLE
    assert isinstance(reply(["x", "x"]), Silent)


def test_an_answer_has_left_before_the_next_question_is_asked(monkeypatch):
    """Or the code of a later one could change it."""
    left = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: left.append(data))
    hidden = {"first": lambda student, rng: 1, "second": lambda student, rng: len(left)}
    for function in hidden.values():
        probe.hidden("double")(function)
    probe.reply({}, hidden, [("first", "a", "one"), ("second", "b", "two")], lambda exercise: None)
    assert [list(data) for data in left] == [["one"], ["two"]]
    assert json.loads(left[1]["two"]) == {"values": {"plain": 1}}


def test_an_interrupted_cell_leaves_no_mode_behind():
    """Ctrl-C between a with statement and its block leaves torch without gradients: that costs no later exercise."""

    def ask(student, rng):
        return torch.ones(2, requires_grad=True).sum().requires_grad

    torch.set_grad_enabled(False)
    try:
        with torch.inference_mode():
            assert probe.answer(ask, None, "seed") == {"values": {"plain": True}}
    finally:
        torch.set_grad_enabled(True)
