"""Finds how two answers differ. ``explain`` puts it into words."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from autograder.running.answers import Answer, Raised, Silent

# What a value may differ by in precisions lower than double, relative above 1 and absolute below.
PRECISION = {torch.float32: 1e-4, torch.float16: 1e-2, torch.bfloat16: 3e-2}


@dataclass(frozen=True)
class Difference:
    """Tells where two answers differ first, and how. It may hold expected values: it must not be shown to a student."""

    kind: str  # "shape", "dtype", "nan", "values", "number", "opposite", "type", "key", "value", "behaviour", "silence"
    expected: Any  # for kind "key": the key that is missing
    given: Any
    where: str = ""  # the keys of the dicts that lead to the place
    every: bool = False  # whether all of a tensor's values are wrong; how many is nobody's business


def difference(expected: Answer, given: Answer, tolerance: float) -> Difference | None:
    """Return how a given answer differs from the expected one, or None if it does not.

    tolerance  the allowed difference between values in double precision, relative above 1 and absolute below
    """
    if isinstance(expected, Silent):
        return Difference("silence", expected, given)
    if isinstance(expected, Raised):
        same = isinstance(given, Raised) and (given.type, given.message) == (expected.type, expected.message)
        return None if same else Difference("behaviour", expected, given)
    if isinstance(given, Raised | Silent):
        return Difference("silence", expected, given)
    return next(_differences(expected, given, tolerance, ""), None)


def _differences(expected: Any, given: Any, tolerance: float, where: str) -> Iterator[Difference]:
    if isinstance(expected, Tensor):
        if found := _tensors(expected, given, tolerance):
            kind, every = found
            yield Difference(kind, expected, given, where, every)
    elif isinstance(expected, list | dict):
        if type(given) is not type(expected) or len(given) != len(expected):
            yield Difference("type", expected, given, where)
            return
        for key in range(len(expected)) if isinstance(expected, list) else expected:
            at = f"{where} {key}".strip() if isinstance(expected, dict) else where
            if isinstance(given, dict) and key not in given:
                yield Difference("key", key, given, where)
            else:
                yield from _differences(expected[key], given[key], tolerance, at)
    elif isinstance(expected, float) and isinstance(given, int | float) and not isinstance(given, bool):
        if not math.isclose(expected, _as_float(given), rel_tol=tolerance, abs_tol=tolerance):
            yield Difference("number", expected, given, where)
    elif type(expected) is not type(given):
        yield Difference("type", expected, given, where)
    elif expected != given:
        yield Difference("opposite" if isinstance(expected, bool) else "value", expected, given, where)


def _tensors(expected: Tensor, given: Any, tolerance: float) -> tuple[str, bool] | None:
    """Return the kind of difference and whether every value is wrong, or None if the tensors agree."""
    if not isinstance(given, Tensor):
        return "type", False
    if given.shape != expected.shape:
        return "shape", False
    if given.dtype != expected.dtype:
        return "dtype", False
    if not expected.is_floating_point():
        wrong = given != expected
    else:
        tolerance = max(tolerance, PRECISION.get(expected.dtype, 0.0))
        expected, given = expected.double(), given.double()
        if given.isnan().any() and not expected.isnan().any():
            return "nan", False
        wrong = ~torch.isclose(given, expected, rtol=tolerance, atol=tolerance, equal_nan=True)
    return ("values", bool(wrong.all())) if wrong.any() else None


def _as_float(number: int | float) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf
