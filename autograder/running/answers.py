"""Reads answers back as data, and says how two of them differ.

An answer comes from a process that may be hostile: it is parsed by json and safetensors, never unpickled, and
whatever cannot be read is no answer.
"""

import base64
import json
import math
from dataclasses import dataclass
from typing import Any

import safetensors.torch
import torch
from torch import Tensor

from autograder.probe import MAX_BYTES

# What a value may differ by in precisions lower than double, relative above 1 and absolute below.
PRECISION = {torch.float32: 1e-4, torch.float16: 1e-2, torch.bfloat16: 3e-2}

# Types whose names feedback repeats; any other name comes from the student's process, and could be a message.
KNOWN_TYPES = {"ndarray", "function", "method", "type", "generator", "map", "set", "complex", "Linear", "Generator"}


@dataclass(frozen=True)
class Unfit:
    """A value of a type that no exercise asks for."""

    type: str


@dataclass(frozen=True)
class Raised:
    """The student's code, or the reference with a mistake in it, raised an exception."""

    type: str
    message: str
    line: str = ""  # of the student's notebook


@dataclass(frozen=True)
class Silent:
    """No answer came, and why."""

    reason: str


Answer = Any  # values, Raised or Silent


@dataclass(frozen=True)
class Reply:
    """What a kernel sent in answer to a question, as it came."""

    text: str

    @property
    def answer(self) -> Answer:
        return decode(self.text)


def decode(text: str) -> Answer:
    """An answer from its JSON. What is not exactly one is Silent."""
    unreadable = Silent("the answer could not be read")
    if not isinstance(text, str) or len(text) > 2 * MAX_BYTES:
        return unreadable
    try:
        message = json.loads(text)
        if "raised" in message:
            raised = message["raised"]
            return Raised(str(raised["type"]), str(raised["message"]), str(raised["line"]))
        tensors = safetensors.torch.load(base64.b64decode(message["tensors"])) if "tensors" in message else {}
        return _values(message["values"], tensors)
    except Exception:  # whatever was sent, it is no answer: safetensors alone raises half a dozen kinds
        return unreadable


def _values(tree: dict, tensors: dict[str, Tensor]) -> Any:
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


def difference(expected: Answer, given: Answer, tolerance: float) -> str | None:
    """How a given answer differs from the expected one, for the student's eyes; None if it does not.

    It tells of shapes, types and how much is off, and never an expected value.
    """
    if isinstance(expected, Silent):
        return expected.reason
    if isinstance(expected, Raised):
        same = isinstance(given, Raised) and (given.type, given.message) == (expected.type, expected.message)
        return None if same else "it behaves in another way"
    if isinstance(given, Raised | Silent):
        return "no values came back"
    return _difference(expected, given, tolerance, "")


def _difference(expected, given, tolerance: float, where: str) -> str | None:
    at = f"{where}: " if where else ""
    if isinstance(expected, Tensor):
        return _tensor_difference(expected, given, tolerance, at)
    if isinstance(expected, list | dict):
        if type(given) is not type(expected) or len(given) != len(expected):
            return f"{at}it returns {_kind(given)}, where {_kind(expected)} is asked for"
        keys = range(len(expected)) if isinstance(expected, list) else expected
        for key in keys:
            if isinstance(given, dict) and key not in given:
                return f"{at}{key} is missing"
            label = f"{where} {key}".strip() if isinstance(expected, dict) else where
            found = _difference(expected[key], given[key], tolerance, label)
            if found:
                return found
        return None
    if isinstance(expected, float) and isinstance(given, int | float) and not isinstance(given, bool):
        close = math.isclose(expected, _as_float(given), rel_tol=tolerance, abs_tol=tolerance)
        return None if close else f"{at}the number is not right"
    if type(expected) is type(given) and expected == given:
        return None
    if type(expected) is not type(given):
        return f"{at}it returns {_kind(given)}, where {_kind(expected)} is asked for"
    return (
        f"{at}it is not right" if not isinstance(expected, bool) else f"{at}it does the opposite of what is asked for"
    )


def _tensor_difference(expected: Tensor, given, tolerance: float, at: str) -> str | None:
    if not isinstance(given, Tensor):
        return f"{at}it returns {_kind(given)}, where a tensor is asked for"
    if given.shape != expected.shape:
        return f"{at}the shape is {_shape(given, expected)}, and {tuple(expected.shape)} is asked for"
    if given.dtype != expected.dtype:
        return f"{at}the dtype is {given.dtype}, and {expected.dtype} is asked for"
    if not expected.is_floating_point():
        wrong = given != expected
    else:
        tolerance = max(tolerance, PRECISION.get(expected.dtype, 0.0))
        expected, given = expected.double(), given.double()
        if given.isnan().any() and not expected.isnan().any():
            return f"{at}there is NaN in it"
        wrong = ~torch.isclose(given, expected, rtol=tolerance, atol=tolerance, equal_nan=True)
    if not wrong.any():
        return None
    count, total = int(wrong.sum()), wrong.numel()
    return f"{at}{'every value is' if count == total else f'{count} of {total} values are'} off"


def _as_float(number: int | float) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def _shape(given: Tensor, expected: Tensor) -> str:
    """A shape, unless it is so odd that it could be a message about the question to its author."""
    plain = abs(given.ndim - expected.ndim) <= 2 and all(size in {1, *expected.shape} for size in given.shape)
    return str(tuple(given.shape)) if plain else f"another one, of {min(given.ndim, 9)} dimensions"


def _kind(value) -> str:
    if isinstance(value, Unfit):
        return f"a {value.type}" if value.type in KNOWN_TYPES else "a value of another type"
    if isinstance(value, list):
        return f"a list of {len(value)}" if len(value) < 10 else "a long list"
    if isinstance(value, dict):
        return f"a dict of {len(value)}" if len(value) < 10 else "a large dict"
    return {"NoneType": "None", "Tensor": "a tensor"}.get(type(value).__name__, f"a {type(value).__name__}")
