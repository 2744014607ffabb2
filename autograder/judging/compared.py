"""Holds two tensors to compare, and marks the functions that say in what relation they stand."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from autograder.judging.difference import PRECISION

# Types of real numbers. With others, as of 8 bits with a point, torch can do next to nothing.
COMPARABLE = frozenset(
    {torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, *PRECISION, torch.float64}
)


@dataclass(frozen=True)
class Compared:
    """Holds two tensors that may differ: of the right answer, and in its place of the given one."""

    right: Tensor
    given: Tensor
    tolerance: float
    arguments: tuple[Tensor, ...] = ()  # that the exercise was called with
    where: str = ""  # the keys of the dicts that lead to it in the right answer

    @property
    def one_shape(self) -> bool:
        return self.given.shape == self.right.shape

    @property
    def differ(self) -> bool:
        return not self.one_shape or self.right.dtype != self.given.dtype or bool(self.wrong.any())

    @cached_property
    def wrong(self) -> Tensor:
        """Return where the values differ, of tensors of one shape."""
        return ~torch.isclose(double(self.given), double(self.right), **self._tolerances, equal_nan=True)

    def equal(self, one: Tensor, other: Tensor) -> bool:
        """Return whether two tensors have one shape, and equal values within the tolerance."""
        if one.shape != other.shape:
            return False
        return torch.allclose(double(one), double(other), **self._tolerances, equal_nan=True)

    @cached_property
    def _tolerances(self) -> dict[str, float]:
        """Return arguments of torch.isclose: the tolerance of the case, or that of the precision if it is larger."""
        least = max(PRECISION.get(tensor.dtype, 0.0) for tensor in (self.right, self.given))
        return dict.fromkeys(("rtol", "atol"), max(self.tolerance, least))


def double(tensor: Tensor) -> Tensor:
    return tensor.to(torch.float64)


Relation = Callable[[Compared], bool | None]


def relation(says: str, alone: bool = True) -> Callable[[Relation], Relation]:
    """Mark a function as a relation, with what feedback says if it holds.

    It returns None for two tensors that are too small, or of the wrong kind, to tell.

    alone  whether it may be said where it holds in some of the wrong answers, and not in all of them
    """

    def mark(function: Relation) -> Relation:
        function.says, function.alone = says, alone
        return function

    return mark


def relations_of(module: dict) -> list[Relation]:
    """Return the relations among the names of a module, in their order."""
    return [value for value in module.values() if hasattr(value, "says")]
