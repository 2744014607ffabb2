"""Feedback helps, and carries no message from a question to its author."""

import math

import pytest
import torch

from autograder.judging.difference import difference
from autograder.judging.explain import MAX_LINES, Quotable, explain, quotable
from autograder.judging.messages import MESSAGES
from autograder.judging.relations import RELATIONS
from autograder.judging.variations import MOST
from autograder.running.answers import Raised, Silent

TEXTS = ["def attend(query):\n    return qurey @ query.T"]
LINE = "return qurey @ query.T"
MAY = quotable(TEXTS, [], "def attend(query): ...", ["attend"], frozenset({0, 1, 2, 3, 4, 5, 30}))


def explained(type, message="", line="", may=MAY):
    return explain(None, Raised(type, message, line), may)


def test_a_helpful_error_is_repeated_with_its_line():
    said = explained("NameError", "name 'qurey' is not defined", LINE)
    assert said == "it raises NameError: name 'qurey' is not defined, in the line  return qurey @ query.T"


@pytest.mark.parametrize(
    "message",
    [
        "mat1 and mat2 shapes cannot be multiplied (2x5 and 3x4)",
        "The size of tensor a (3) must match the size of tensor b (5) at non-singleton dimension 2",
        "shape '[2, -1, 4]' is invalid for input of size 30",
        "expected m1 and m2 to have the same dtype, but got: float != double",
        "expected mat1 and mat2 to have the same dtype, but got: c10::Half != c10::BFloat16",
        "Expected size for first two dimensions of batch2 tensor to be: [2, 5] but got: [2, 4].",
        "attend() missing 1 required positional argument: 'query'",
        "attend() takes 1 positional argument but 2 were given",
        "'NoneType' object has no attribute 'T'",
        "module 'query' has no attribute 'T'",
        "unsupported operand type(s) for +: 'NoneType' and 'Tensor'",
        "not enough values to unpack (expected 4, got 3)",
        "Dimension out of range (expected to be in range of [-3, 2], but got 3)",
        "einsum(): subscript j has size 3 for operand 1 which does not broadcast with previously seen size 4",
        "Sizes of tensors must match except in dimension 0. Expected size 3 but got size 2 for tensor number 1 in the list.",
        "~ (operator.invert) is only implemented on integer and Boolean-type tensors",
    ],
)
def test_messages_of_torch_and_python_are_repeated(message):
    assert message in explained("RuntimeError", message, LINE)


@pytest.mark.parametrize(
    "message",
    [
        "def masks_differ(student, rng): ...",
        "name 'def_masks_differ_student_rng' is not defined",  # a name that is not in the notebook
        "name 'qurey' is not defined. And also: the hidden test",
        "The size of tensor a (123456789123456789) must match the size of tensor b (5) at non-singleton dimension 2",
        "The size of tensor a (1 2 3 4 5) must match the size of tensor b (5) at non-singleton dimension 2",
        "masked_fill_ only supports boolean masks, but got mask with dtype fourletters",
    ],
)
def test_a_message_of_ones_own_is_not(message):
    assert explained("RuntimeError", message) == "it raises RuntimeError"


@pytest.mark.parametrize(
    "message, told",
    [
        (
            "The expanded size of the tensor (5) must match the existing size (3) at non-singleton dimension 1.  "
            "Target sizes: [2, 5, 4].  Tensor sizes: [2, 3, 4]",
            "at non-singleton dimension 1.",
        ),
        ("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.", "requires grad."),
    ],
)
def test_the_tail_of_a_message_is_not_repeated(message, told):
    assert explained("RuntimeError", message).endswith(told)


def test_names_stand_in_the_line_or_in_what_the_course_gives():
    """Else each of the notebook's thousand words could be a message."""
    assert explained("NameError", "name 'qurey' is not defined") == "it raises NameError"
    told = explained("TypeError", "attend() missing 1 required positional argument: 'query'")
    assert told == "it raises TypeError: attend() missing 1 required positional argument: 'query'"


@pytest.mark.parametrize(
    "message, told",
    [
        ("mat1 and mat2 shapes cannot be multiplied (2x17 and 3x4)", "multiplied (2x… and 3x4)"),
        ("shape '[2, 3, 77]' is invalid for input of size 462", "shape '[2, 3, …]' is invalid for input of size …"),
        ("attend() takes from 1 to 6 positional arguments but 97 were given", "from 1 to … positional arguments but …"),
    ],
)
def test_numbers_that_are_no_sizes_are_left_out(message, told):
    assert told in explained("RuntimeError", message, LINE)


def test_the_digits_of_a_name_are_no_number():
    may = quotable(["return x77 + mat12"], [], "", [], frozenset({0, 1}))
    assert "name 'x77' is" in explained("NameError", "name 'x77' is not defined", "return x77 + mat12", may)


def test_types_and_lines_of_ones_own_are_not():
    assert explained("def masks_differ", "", "def masks_differ(student, rng)") == "it raises an exception"


def test_lines_are_shown_beside_those_of_the_course_and_among_not_too_many():
    """A notebook of the course has a thousand lines, and an honest student still gets to see which one it is."""
    given = ["\n".join(f"given = {n}" for n in range(2 * MAX_LINES))]
    own = [f"own = {n}" for n in range(MAX_LINES + 1)]
    for count, seen in ((MAX_LINES, True), (MAX_LINES + 1, False)):
        may = quotable([*given, "\n".join(own[:count])], given, "", [], frozenset())
        assert ("own = 7" in explained("ValueError", "", "own = 7", may)) == seen


def test_what_is_missing_is_said():
    assert "does not define" in explained("Missing", "attend")
    assert "not done yet" in explained("NotImplementedError")
    message = 'Module [ModuleDict] is missing the required "forward" function'  # PyTorch's own: it is no stub
    may = Quotable(names=frozenset({"ModuleDict"}))
    assert explained("NotImplementedError", message, may=may) == f"it raises NotImplementedError: {message}"
    assert explain(None, Silent("no answer within 5 seconds"), Quotable()) == "no answer within 5 seconds"


def test_shapes_are_told_where_their_sizes_occur():
    expected = torch.zeros(2, 3)
    for given, told in ((torch.zeros(5, 2, 1), "(5, 2, 1)"), (torch.zeros(2, 7), "another one, of 2 dimensions")):
        assert f"the shape is {told}, and (2, 3) is asked for" == explain(difference(expected, given, 0), given, MAY)


def test_an_explanation_holds_few_bits():
    """What it can say is counted over the forms of messages, with every number and name that may stand there."""
    sizes, line_names = 60, 40  # more than any case of the course has, and any line of honest code
    names = line_names + 80
    most = 0.0
    for pattern in MESSAGES:
        numbers = pattern.pattern.count(r"\d{1,6}")
        numbers += 4 * pattern.pattern.count("{0,4}") - pattern.pattern.count("{0,4}")
        most = max(most, numbers * math.log2(sizes + 1) + pattern.groups * math.log2(names + 1))
    others = math.log2(len(MESSAGES) + 1) + math.log2(70)  # which form, and which of Python's exceptions
    lines = math.log2(MAX_LINES + 1300)  # and those of the course
    # Of an answer that is no error, a shape and a relation or a slip are said, and it may be the answer to any case.
    dimensions, relations, cases = 7, math.log2(len(RELATIONS) + MOST + 1), math.log2(25)
    assert most + others + lines < 56 and dimensions * math.log2(sizes + 1) + relations + cases < 56
    # Two names are said besides only where the shape is the right one, but for dimensions of size 1.
    form, names_besides = math.log2(5 + 20), 2 * math.log2(100)
    assert form + names_besides + relations + cases < 56
