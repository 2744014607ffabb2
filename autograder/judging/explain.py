"""Says in words why an answer gives points or none, without passing on what a hostile notebook might want to say.

An exception's text is written by the student's code, which can reach the question's source at that time. So feedback
repeats only messages of known form, known type names, and lines of the student's own notebook. It tells the shapes and
types of values and how many of them are wrong, and never an expected value.
"""

import builtins
import re
from collections.abc import Iterable

from torch import Tensor

from autograder.authoring.assignment import Mistake
from autograder.judging.difference import Difference
from autograder.running.answers import Answer, Raised, Silent, Unfit

NOT_DONE = "This exercise is not done yet."

NUMBERS = r"[\[(]?\d{1,3}(?:[x, ]{1,2}\d{1,3}){0,4}[\])]?"
KIND = r"(?:float|double|c10::Half|c10::BFloat16|long int|long long|int|bool)"
GIVEN = r"(\w{1,40})(?:\.(\w{1,40}))?\(\)"  # the function that was called
MESSAGES = [
    re.compile(pattern)
    for pattern in (
        r"name '(\w{1,40})' is not defined",
        r"cannot access local variable '(\w{1,40})' where it is not associated with a value",
        r"'(\w{1,40})' object has no attribute '(\w{1,40})'",
        r"'(\w{1,40})' object is not (?:callable|iterable|subscriptable)",
        rf"{GIVEN} takes (?:from )?\d{{1,2}}(?: to \d{{1,2}})? positional arguments? but \d{{1,2}} (?:was|were) given",
        rf"{GIVEN} missing \d{{1,2}} required positional arguments?: '(\w{{1,40}})'",
        rf"mat1 and mat2 shapes cannot be multiplied \({NUMBERS} and {NUMBERS}\)",
        rf"The size of tensor a {NUMBERS} must match the size of tensor b {NUMBERS} at non-singleton dimension \d",
        rf"Expected size for first two dimensions of batch2 tensor to be: {NUMBERS} but got: {NUMBERS}\.?",
        rf"shape '{NUMBERS}' is invalid for input of size \d{{1,5}}",
        rf"expected (?:m1 and m2|mat1 and mat2) to have the same dtype, but got: {KIND} != {KIND}",
        r"view size is not compatible with input tensor's size and stride \(at least one dimension spans across two "
        r"contiguous subspaces\)\. Use \.reshape\(\.\.\.\) instead\.",
        r"element 0 of tensors does not require grad and does not have a grad_fn",
        r"value cannot be converted to type (?:at|c10)::Half without overflow",
        r"one of the variables needed for gradient computation has been modified by an inplace operation",
        r"masked_fill_? only supports boolean masks, but got mask with dtype \w{1,10}",
        r"Boolean value of Tensor with more than one value is ambiguous",
        r"a leaf Variable that requires grad is being used in an in-place operation\.",
    )
]
MAX_LINES = 600  # different lines of a notebook's code; if there are more, none is shown
# Types whose names are repeated; any other name comes from the student's process, and could be a message.
KNOWN_TYPES = {"ndarray", "function", "method", "type", "generator", "map", "set", "complex", "Linear", "Generator"}
# Names in messages that are Python's, and not the student's.
KNOWN_WORDS = frozenset("Tensor NoneType tuple list dict int float str bool function self forward".split())


def explain(difference: Difference | None, answer: Answer, texts: Iterable[str]) -> str:
    """Return the reason why an answer is wrong, or "" if it does not differ.

    difference  how the values differ, if values came back
    texts       the texts of the student's code cells
    """
    if isinstance(answer, Silent):
        return answer.reason
    if isinstance(answer, Raised):
        return _raised(answer, list(texts))
    return in_words(difference) if difference else ""


def forbidden_use(name: str) -> str:
    """Say why an exercise that uses a forbidden name gives no points."""
    return f"it uses {name}, which this exercise asks you to write yourself"


def carried_forward(cause: Iterable[Mistake]) -> str:
    """Say why an answer gives points: only earlier mistakes make it differ from the right one."""
    made = " and ".join(f"“{mistake.name}” in {mistake.exercise}" for mistake in cause)
    return f"right, given {made}, which has cost its points there"


def in_words(found: Difference) -> str:
    """Say how an answer differs from the right one."""
    at = f"{found.where}: " if found.where else ""
    match found.kind:
        case "shape":
            return f"{at}the shape is {_shape(found)}, and {tuple(found.expected.shape)} is asked for"
        case "dtype":
            return f"{at}the dtype is {found.given.dtype}, and {found.expected.dtype} is asked for"
        case "nan":
            return f"{at}there is NaN in it"
        case "values":
            total = found.expected.numel()
            return f"{at}{'every value is' if found.wrong == total else f'{found.wrong} of {total} values are'} off"
        case "number":
            return f"{at}the number is not right"
        case "opposite":
            return f"{at}it does the opposite of what is asked for"
        case "type":
            return f"{at}it returns {_kind(found.given)}, where {_kind(found.expected)} is asked for"
        case "key":
            return f"{at}{found.expected} is missing"
        case _:
            return f"{at}it is not right"


def _shape(found: Difference) -> str:
    """Describe the shape of the given tensor. Of an odd shape only the number of dimensions is told, and at most 9.

    A shape is odd if it is very different from the expected one: then it could carry a message about the question.
    """
    given, expected = found.given, found.expected
    plain = abs(given.ndim - expected.ndim) <= 2 and all(size in {1, *expected.shape} for size in given.shape)
    return str(tuple(given.shape)) if plain else f"another one, of {min(given.ndim, 9)} dimensions"


def _kind(value: Answer) -> str:
    if isinstance(value, Tensor):
        return "a tensor"
    if isinstance(value, Unfit):
        return f"a {value.type}" if value.type in KNOWN_TYPES else "a value of another type"
    if isinstance(value, list):
        return f"a list of {len(value)}" if len(value) < 10 else "a long list"
    if isinstance(value, dict):
        return f"a dict of {len(value)}" if len(value) < 10 else "a large dict"
    return "None" if value is None else f"a {type(value).__name__}"


def _raised(raised: Raised, texts: list[str]) -> str:
    if raised.type == "Missing":
        return "your notebook, run from the top, does not define the name that is asked for"
    if raised.type == "NotImplementedError":
        return "it is not done yet, or calls something that is not done yet"
    known = hasattr(builtins, raised.type) and raised.type.endswith(("Error", "Exit", "Interrupt", "Exception"))
    reason = f"it raises {raised.type}" if known else "it raises an exception"
    message = raised.message.split("\n")[0].split(": [")[0]
    words = {word for text in texts for word in re.findall(r"\w+", text)}
    for pattern in MESSAGES:
        if (match := pattern.fullmatch(message)) and all(
            name in words | KNOWN_WORDS for name in match.groups() if name
        ):
            reason += f": {message}"
            break
    lines = {line.strip() for text in texts for line in text.split("\n")} - {""}
    # Among thousands of lines, which one it is could be a message, too.
    shown = len(lines) <= MAX_LINES and raised.line in lines and raised.line.isprintable()
    return f"{reason}, in the line  {raised.line}" if shown else reason
