"""Says in words why an answer is wrong, without passing on what a hostile notebook might want to say.

An exception's text, and every answer, is made by the student's code, which can reach the question's source at that
time. So feedback repeats only messages of known form and lines of the student's own notebook; of names only those that
stand in that line or come from the course, and of numbers only sizes that occur where the right answer is computed. It
never shows an expected value.
"""

import builtins
import re
from collections.abc import Iterable
from dataclasses import dataclass

from torch import Tensor

from autograder.authoring.mistakes import Mistake
from autograder.judging.difference import Difference
from autograder.judging.messages import known_forms
from autograder.probe import NO_ERROR
from autograder.running.answers import Answer, Raised, Silent, Unfit

NUMBER = re.compile(r"(?<![a-wyz\d])\d+")  # the digits of mat1 and batch2 belong to words
MAX_LINES = 600  # different lines that a student wrote; if there are more, none is shown
# Types whose names are repeated; any other name comes from the student's process, and could be a message.
KNOWN_TYPES = {"ndarray", "function", "method", "type", "generator", "map", "set", "complex", "Linear", "Generator"}
# Names in messages that are Python's and PyTorch's.
KNOWN_NAMES = frozenset(
    "Tensor NoneType tuple list dict int float str bool function self forward __init__ Linear Parameter "
    "ModuleList Sequential Embedding Dropout Generator".split()
)


@dataclass(frozen=True)
class Quotable:
    """Holds all that an explanation may repeat of what comes from the student's process."""

    lines: frozenset[str] = frozenset()  # of code
    names: frozenset[str] = KNOWN_NAMES  # besides those of the line that is shown
    sizes: frozenset[int] = frozenset({0, 1})


def quotable(texts: Iterable[str], given: Iterable[str], stub: str, names: Iterable[str], sizes: frozenset[int]):
    """Return what may be repeated in the explanation of one case.

    texts  the texts of the notebook's code cells
    given  the texts of the code cells that the course gives out
    stub   the text of the exercise as the course gives it out
    names  the names of all exercises
    sizes  those that occur in this case
    """
    lines, known = _lines(texts), _lines(given)
    # Among thousands of lines, which one it is could be a message, too.
    shown = lines if len(lines - known) <= MAX_LINES else frozenset()
    return Quotable(shown, KNOWN_NAMES | _words(stub) | {*names}, sizes)


def explain(difference: Difference | None, answer: Answer, may: Quotable, related: str = "") -> str:
    """Return the reason why an answer is wrong, or "" if it does not differ.

    difference  how the values differ, if values came back
    may         what may be repeated
    related     the relation in which this and the other wrong answers stand to the right ones, if one holds
    """
    if isinstance(answer, Silent):
        return answer.reason
    if isinstance(answer, Raised):
        return _raised(answer, may)
    return ": ".join(filter(None, [in_words(difference, may.sizes), related])) if difference else ""


def carried_forward(cause: Iterable[Mistake]) -> str:
    """Say why an answer gives points: only earlier mistakes make it differ from the right one."""
    made = " and ".join(f"“{mistake.name}” in {mistake.exercise}" for mistake in cause)
    return f"right, given {made}, which has cost its points there"


def in_words(found: Difference, sizes: frozenset[int] = frozenset({0, 1})) -> str:
    """Say how an answer differs from the right one."""
    at = f"{found.where}: " if found.where else ""
    match found.kind:
        case "shape":
            shape = f"{at}the shape is {_shape(found, sizes)}, and {tuple(found.expected.shape)} is asked for"
            return shape if found.given.dtype == found.expected.dtype else f"{shape}; {_dtype(found)}"
        case "dtype":
            return f"{at}{_dtype(found)}"
        case "nan":
            return f"{at}there is NaN in it"
        case "values":
            return f"{at}{'every value is' if found.every else 'some values are'} off"
        case "number":
            return f"{at}the number is not right"
        case "opposite":
            return f"{at}it does the opposite of what is asked for"
        case "type" if found.where.startswith("for ") and (found.given is None or found.expected is None):
            return (
                f"{at}{'no gradient arrives there' if found.given is None else 'a gradient arrives where none should'}"
            )
        case "type":
            return f"{at}it returns {_kind(found.given, sizes)}, where {_kind(found.expected)} is asked for"
        case "key":
            first, *others = found.expected
            return f"{at}{first} is missing" + (f", and {len(others)} more" if others else "")
        case "more":
            return f"{at}all that is asked for is there, and something else beside it"
        case "outcome":
            return f"{at}{_outcome(found)}"
        case _:
            return f"{at}it is not right"


def _outcome(found: Difference) -> str:
    """Say how a call ended that should have ended in another way."""
    if found.expected == NO_ERROR:
        return "an error is raised, where none should be"
    return (
        f"{'no error' if found.given == NO_ERROR else 'another error'} is raised, where {found.expected} is asked for"
    )


def _shape(found: Difference, sizes: frozenset[int]) -> str:
    """Describe the shape of the given tensor. Of an odd shape only the number of dimensions is told, and at most 9.

    A shape is odd if it has a size that does not occur in this case, or many dimensions more or fewer than asked for:
    then it could carry a message about the question.
    """
    given, expected = found.given, found.expected
    plain = abs(given.ndim - expected.ndim) <= 2 and sizes.union(expected.shape).issuperset(given.shape)
    return str(tuple(given.shape)) if plain else f"another one, of {min(given.ndim, 9)} dimensions"


def _dtype(found: Difference) -> str:
    return f"the dtype is {found.given.dtype}, and {found.expected.dtype} is asked for"


def _kind(value: Answer, sizes: frozenset[int] | None = None) -> str:
    """Describe a value by its type. Without ``sizes``, it is a right one, and every length may be told."""
    if isinstance(value, Tensor):
        return "a tensor"
    if isinstance(value, Unfit):
        return f"a {value.type}" if value.type in KNOWN_TYPES else "a value of another type"
    if isinstance(value, list | dict):
        plain = sizes is None or len(value) in sizes
        return f"a {type(value).__name__} of {len(value) if plain else 'another length'}"
    return "None" if value is None else f"a {type(value).__name__}"


def _raised(raised: Raised, may: Quotable) -> str:
    if raised.type == "Missing":
        return "your notebook, run from the top, does not define the name that is asked for"
    if raised.type == "NotImplementedError" and not any(known_forms(raised.message)):
        return "it is not done yet, or calls something that is not done yet"
    known = hasattr(builtins, raised.type) and raised.type.endswith(("Error", "Exit", "Interrupt", "Exception"))
    reason = f"it raises {raised.type}" if known else "it raises an exception"
    line = raised.line if raised.line in may.lines and raised.line.isprintable() else ""
    for match in known_forms(raised.message):
        if all(name in may.names | _words(line) for name in match.groups() if name):
            reason += f": {_with_sizes(match, may.sizes)}"
            break
    return f"{reason}, in the line  {line}" if line else reason


def _with_sizes(match: re.Match, sizes: frozenset[int]) -> str:
    """Return the text that was matched, with dots in place of each number that is no size, and names as they are."""

    def checked(start: int, end: int) -> str:
        return NUMBER.sub(lambda number: number[0] if int(number[0]) in sizes else "…", match.string[start:end])

    text, end = "", 0
    for start, stop in sorted(match.span(group) for group, name in enumerate(match.groups(), 1) if name):
        text += checked(end, start) + match.string[start:stop]
        end = stop
    return text + checked(end, len(match.string))


def _lines(texts: Iterable[str]) -> frozenset[str]:
    return frozenset(line.strip() for text in texts for line in text.split("\n")) - {""}


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text))
