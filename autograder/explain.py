"""Says in words why an answer gives no points, without passing on what a hostile notebook might want to say.

An exception's text is written by the student's code, while the question's source is in reach of it. So feedback
repeats only messages of known form, known type names, and lines that stand in the student's own notebook.
"""

import builtins
import re
from collections.abc import Iterable

from autograder.answers import Answer, Raised, Silent

NUMBERS = r"[\d, x()\[\]-]{1,60}"
MESSAGES = [
    re.compile(pattern)
    for pattern in (
        r"name '(\w{1,40})' is not defined",
        r"cannot access local variable '(\w{1,40})' where it is not associated with a value",
        r"'?(\w{1,40})'? object (?:has no attribute|is not) '?(\w{1,40})'?",
        r"(\w{1,40})(?:\.\w{1,40})?\(\) (?:takes|missing|got) [\w ']{1,80}",
        rf"mat1 and mat2 shapes cannot be multiplied \({NUMBERS} and {NUMBERS}\)",
        rf"The size of tensor a \({NUMBERS}\) must match the size of tensor b \({NUMBERS}\) at non-singleton dimension \d+",
        rf"Expected size for first two dimensions of batch2 tensor to be: {NUMBERS} but got: {NUMBERS}\.?",
        rf"shape '{NUMBERS}' is invalid for input of size \d{{1,9}}",
        rf"Dimension out of range \(expected to be in range of {NUMBERS}, but got {NUMBERS}\)",
        r"expected (?:m1 and m2|mat1 and mat2|scalar type) [\w :!=,]{1,60}",
        r"view size is not compatible with input tensor's size and stride.*",
        r"element 0 of tensors does not require grad and does not have a grad_fn",
        r"\"\w{1,30}\" not implemented for '\w{1,20}'",
    )
]


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
    message = raised.message.split("\n")[0]
    words = {word for text in texts for word in re.findall(r"\w+", text)}
    for pattern in MESSAGES:
        if (match := pattern.fullmatch(message)) and all(name in words | KNOWN_WORDS for name in match.groups() if name):
            reason += f": {message}"
            break
    lines = {line.strip() for text in texts for line in text.split("\n")}
    return f"{reason}, in the line  {raised.line}" if raised.line in lines - {""} else reason


KNOWN_WORDS = {"Tensor", "NoneType", "tuple", "list", "int", "float", "str", "function", "callable", "iterable", "subscriptable"}
