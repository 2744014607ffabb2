"""Feedback helps, and carries no message from a question to its author."""

import pytest

from autograder.judging.explain import explain
from autograder.running.answers import Raised, Silent

TEXTS = ["def attend(query):\n    return qurey @ query.T"]


def explained(type, message="", line=""):
    return explain(None, Raised(type, message, line), TEXTS)


def test_a_helpful_error_is_repeated_with_its_line():
    said = explained("NameError", "name 'qurey' is not defined", "return qurey @ query.T")
    assert said == "it raises NameError: name 'qurey' is not defined, in the line  return qurey @ query.T"


@pytest.mark.parametrize(
    "message",
    [
        "mat1 and mat2 shapes cannot be multiplied (2x5 and 3x4)",
        "The size of tensor a (3) must match the size of tensor b (5) at non-singleton dimension 2",
        "shape '[2, 3, 4]' is invalid for input of size 30",
        "expected m1 and m2 to have the same dtype, but got: float != double",
        "attend() missing 1 required positional argument: 'query'",
    ],
)
def test_messages_of_torch_and_python_are_repeated(message):
    assert message in explained("RuntimeError", message)


@pytest.mark.parametrize(
    "message",
    [
        "def masks_differ(student, rng): ...",
        "name 'def_masks_differ_student_rng' is not defined",  # a name that is not in the notebook
        "name 'qurey' is not defined. And also: the hidden test",
        "The size of tensor a (123456789123456789) must match the size of tensor b (5) at non-singleton dimension 2",
    ],
)
def test_a_message_of_ones_own_is_not(message):
    assert explained("RuntimeError", message) == "it raises RuntimeError"


def test_types_and_lines_of_ones_own_are_not():
    assert explained("def masks_differ", "", "def masks_differ(student, rng)") == "it raises an exception"


def test_what_is_missing_is_said():
    assert "does not define" in explained("Missing", "attend")
    assert "not done yet" in explained("NotImplementedError")
    assert explain(None, Silent("no answer within 5 seconds"), []) == "no answer within 5 seconds"
