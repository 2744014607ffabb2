"""Reads answers back as data.

An answer comes from a process that may be hostile: it is parsed by json and safetensors, and never unpickled. What
cannot be read does not count as an answer.
"""

import base64
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from autograder.authoring.assignment import Case

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Unfit:
    """Replaces a value that no exercise asks for, because it has another type or is too large."""

    type: str


@dataclass(frozen=True)
class Raised:
    """Says that the student's code, or the reference with a mistake in it, raised an exception."""

    type: str
    message: str
    line: str = ""  # the last line of the student's notebook on the way to it, if known


@dataclass(frozen=True)
class Silent:
    """Says that no answer came, and why."""

    reason: str


LONGEST = 8_000_000  # characters of an answer: the tensors that the probe lets through need fewer
VALUES = 100_000  # of an answer; a tensor counts as one
DIMENSIONS = 16  # of a tensor: torch itself cannot compare those with more than 64
NOT_THEIR_OWN = "may not be their own work"  # what is said where an answer may be somebody else's
NO_ANSWER, UNREADABLE = Silent("no answer came back"), Silent("the answer could not be read")
Answer = Any  # values, Raised or Silent


@dataclass(frozen=True)
class Reply:
    """Holds what a kernel sent in answer to a question, before it is parsed."""

    text: str

    @property
    def answer(self) -> Answer:
        return decode(self.text)


def reply(texts: list) -> Reply | Silent:
    """Return what came in answer to one question. What is too long to be read would only fill the records."""
    if len(texts) > 1:
        return Silent("more than one answer came back")
    return Reply(texts[0]) if _can_be_read(texts[0]) else UNREADABLE


def _can_be_read(text: object) -> bool:
    return isinstance(text, str) and len(text) <= LONGEST and text.count("{") <= VALUES


def broken(cases: Iterable[Case], replies: Mapping[str, Reply | Silent]) -> list[str]:
    """Return the exercises that are broken, of those that were asked all questions.

    replies  what came back so far, by the case's name
    """
    found: dict[str, list[Reply | Silent | None]] = {}
    for case in cases:
        found.setdefault(case.exercise, []).append(replies.get(case.name))
    return [
        exercise
        for exercise, came in found.items()
        if all(came) and is_broken([reply.answer if isinstance(reply, Reply) else reply for reply in came])
    ]


def is_broken(answers: Collection[Answer]) -> bool:
    """Tell whether most questions to an exercise raised an error, or were not answered: see ``probe.reply``."""
    return 2 * sum(isinstance(answer, Raised | Silent) for answer in answers) > len(answers)


def decode(text: str) -> Answer:
    """Return the answer in a JSON text: values, or Raised.

    Return Silent if the text cannot be read as an answer, or is too long.
    """
    import safetensors.torch  # which takes seconds, and most commands never read an answer

    if not _can_be_read(text):
        return UNREADABLE
    try:
        message = json.loads(text)
        if "raised" in message:
            raised = message["raised"]
            return Raised(str(raised["type"]), str(raised["message"]), str(raised["line"]))
        tensors = safetensors.torch.load(base64.b64decode(message["tensors"])) if "tensors" in message else {}
        if any(tensor.ndim > DIMENSIONS for tensor in tensors.values()):
            return UNREADABLE
        return _values(message["values"], tensors)
    except Exception:  # whatever was sent, it is no answer: safetensors alone raises half a dozen kinds
        return UNREADABLE


def _values(tree: dict, tensors: "dict[str, Tensor]") -> Any:
    ((kind, content),) = tree.items()
    if kind == "tensor":
        return tensors[content]
    if kind == "plain" and (content is None or isinstance(content, bool | int | float | str)):
        return content
    if kind == "list":
        return [_values(item, tensors) for item in content]
    if kind == "dict":
        return {str(key): _values(item, tensors) for key, item in content.items()}
    if kind == "unfit":
        return Unfit(str(content))
    raise ValueError(kind)
