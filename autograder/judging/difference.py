"""Finds how two answers differ. ``explain`` puts it into words."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from autograder.probe import ANOTHER_ERROR, NO_ERROR
from autograder.running.answers import Answer, Raised, Silent

# What a value may differ by in precisions lower than double, relative above 1 and absolute below.
PRECISION = {torch.float32: 1e-4, torch.float16: 1e-2, torch.bfloat16: 3e-2}
# Kinds of differences that say more than that values are wrong, and the others. An "outcome" is one of probe.outcome.
FORM = frozenset({"shape", "dtype", "type", "key", "more", "outcome", "nan"})
KINDS = FORM | {"values", "number", "opposite", "value", "behaviour", "silence"}


@dataclass(frozen=True)
class Difference:
    """Tells where two answers differ first, and how. It may hold expected values: it must not be shown to a student."""

    kind: str  # one of KINDS
    expected: Any  # for kind "key": the keys that are missing
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
    elif isinstance(expected, list):
        if not isinstance(given, list) or len(given) != len(expected):
            yield Difference("type", expected, given, where)
            return
        for one, other in zip(expected, given, strict=True):
            yield from _differences(one, other, tolerance, where)
    elif isinstance(expected, dict):
        if not isinstance(given, dict):
            yield Difference("type", expected, given, where)
        elif missing := [key for key in expected if key not in given]:
            yield Difference("key", missing, given, where)
        elif len(given) > len(expected):
            yield Difference("more", expected, given, where)
        else:
            for key in expected:
                yield from _differences(expected[key], given[key], tolerance, f"{where} {key}".strip())
    elif isinstance(expected, float) and isinstance(given, int | float) and not isinstance(given, bool):
        if not math.isclose(expected, _as_float(given), rel_tol=tolerance, abs_tol=tolerance):
            yield Difference("number", expected, given, where)
    elif type(expected) is not type(given):
        yield Difference("type", expected, given, where)
    elif expected != given:
        yield Difference(_kind(expected, given), expected, given, where)


def _kind(expected: bool | int | str, given: bool | int | str) -> str:
    if isinstance(expected, bool):
        return "opposite"
    ended = isinstance(expected, str) and {expected, given} & {NO_ERROR, ANOTHER_ERROR}
    return "outcome" if ended else "value"


def _tensors(expected: Tensor, given: Any, tolerance: float) -> tuple[str, bool] | None:
    """Return the kind of difference and whether every value is wrong, or None if the tensors agree."""
    if not isinstance(given, Tensor):
        return "type", False
    if given.shape != expected.shape:
        return "shape", False
    if given.dtype != expected.dtype:
        return "dtype", False
    if torch.equal(given, expected):  # mostly, and it takes a small part of the time of what follows
        return None
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
