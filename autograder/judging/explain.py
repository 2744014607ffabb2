"""Says in words why an answer gives no points, without passing on what a hostile notebook might want to say.

An exception's text is written by the student's code, while the question's source is in reach of it. So feedback
repeats only messages of known form, known type names, and lines that stand in the student's own notebook.
"""

import builtins
import re
from collections.abc import Iterable

from autograder.answers import Answer, Raised, Silent

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
MAX_LINES = 600  # of a notebook's code
# Names in such messages that are Python's, and not the student's.
KNOWN_WORDS = frozenset("Tensor NoneType tuple list dict int float str bool function self forward".split())


def explain(difference: str | None, answer: Answer, texts: Iterable[str]) -> str:
    """The reason, for the student.

    difference  how the values differ, where values came back
    texts       of the student's code cells
    """
    if isinstance(answer, Silent):
        return answer.reason
    if isinstance(answer, Raised):
        return _raised(answer, list(texts))
    return difference or ""


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
