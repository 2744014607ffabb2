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
from autograder.running.answers import Answer, Raised, Silent, Unfit

N = r"\d{1,6}"
SHAPE = rf"\[(?:-?{N}(?:, )?){{0,4}}\]"
PAIR = rf"\[{N}, {N}\]"
KIND = r"(?:float|double|c10::Half|c10::BFloat16|long int|long long|long|int|bool)"
GIVEN = r"(\w{1,40})(?:\.(\w{1,40}))?\(\)"  # the function that was called
MESSAGES = [  # groups are names
    re.compile(pattern)
    for pattern in (
        r"name '(\w{1,40})' is not defined",
        r"cannot access local variable '(\w{1,40})' where it is not associated with a value",
        r"'(\w{1,40})' object has no attribute '(\w{1,40})'",
        r"'(\w{1,40})' object is not (?:callable|iterable|subscriptable)",
        rf"{GIVEN} takes (?:from )?{N}(?: to {N})? positional arguments? but {N} (?:was|were) given",
        rf"{GIVEN} missing {N} required positional arguments?: '(\w{{1,40}})'",
        rf"{GIVEN} got an unexpected keyword argument '(\w{{1,40}})'",
        rf"mat1 and mat2 shapes cannot be multiplied \({N}x{N} and {N}x{N}\)",
        rf"The size of tensor a \({N}\) must match the size of tensor b \({N}\) at non-singleton dimension {N}",
        rf"Expected size for first two dimensions of batch2 tensor to be: {PAIR} but got: {PAIR}\.?",
        rf"shape '{SHAPE}' is invalid for input of size {N}",
        rf"expected (?:m1 and m2|mat1 and mat2) to have the same dtype, but got: {KIND} != {KIND}",
        r"view size is not compatible with input tensor's size and stride \(at least one dimension spans across two "
        r"contiguous subspaces\)\. Use \.reshape\(\.\.\.\) instead\.",
        r"element 0 of tensors does not require grad and does not have a grad_fn",
        r"value cannot be converted to type (?:at|c10)::Half without overflow",
        r"one of the variables needed for gradient computation has been modified by an inplace operation",
        rf"masked_fill_? only supports boolean masks, but got mask with dtype {KIND}",
        r"Boolean value of Tensor with more than one value is ambiguous",
        r"(\w{1,40}) did not come to an end, and is not called again",
        r"a leaf Variable that requires grad is being used in an in-place operation\.",
    )
]
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


def forbidden_use(name: str) -> str:
    """Say why an exercise that uses a forbidden name gives no points."""
    return f"it uses {name}, which this exercise asks you to write yourself"


def carried_forward(cause: Iterable[Mistake]) -> str:
    """Say why an answer gives points: only earlier mistakes make it differ from the right one."""
    made = " and ".join(f"“{mistake.name}” in {mistake.exercise}" for mistake in cause)
    return f"right, given {made}, which has cost its points there"


def in_words(found: Difference, sizes: frozenset[int] = frozenset({0, 1})) -> str:
    """Say how an answer differs from the right one."""
    at = f"{found.where}: " if found.where else ""
    match found.kind:
        case "shape":
            return f"{at}the shape is {_shape(found, sizes)}, and {tuple(found.expected.shape)} is asked for"
        case "dtype":
            return f"{at}the dtype is {found.given.dtype}, and {found.expected.dtype} is asked for"
        case "nan":
            return f"{at}there is NaN in it"
        case "values":
            return f"{at}{'every value is' if found.every else 'some values are'} off"
        case "number":
            return f"{at}the number is not right"
        case "opposite":
            return f"{at}it does the opposite of what is asked for"
        case "type":
            return f"{at}it returns {_kind(found.given, sizes)}, where {_kind(found.expected)} is asked for"
        case "key":
            return f"{at}{found.expected} is missing"
        case _:
            return f"{at}it is not right"


def _shape(found: Difference, sizes: frozenset[int]) -> str:
    """Describe the shape of the given tensor. Of an odd shape only the number of dimensions is told, and at most 9.

    A shape is odd if it has a size that does not occur in this case, or many dimensions more or fewer than asked for:
    then it could carry a message about the question.
    """
    given, expected = found.given, found.expected
    plain = abs(given.ndim - expected.ndim) <= 2 and sizes.union(expected.shape).issuperset(given.shape)
    return str(tuple(given.shape)) if plain else f"another one, of {min(given.ndim, 9)} dimensions"


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
    if raised.type == "NotImplementedError":
        return "it is not done yet, or calls something that is not done yet"
    known = hasattr(builtins, raised.type) and raised.type.endswith(("Error", "Exit", "Interrupt", "Exception"))
    reason = f"it raises {raised.type}" if known else "it raises an exception"
    line = raised.line if raised.line in may.lines and raised.line.isprintable() else ""
    message = raised.message.split("\n")[0].split(": [torch.")[0]  # of a tensor's type, torch tells its size, too
    for match in filter(None, (pattern.fullmatch(message) for pattern in MESSAGES)):
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
