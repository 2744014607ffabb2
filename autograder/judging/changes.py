"""Relations of a wrong answer to the right one that say what was done to it, or left out."""

import torch
from torch import Tensor

from autograder.judging.compared import Compared, double, relation, relations_of

LEAST = 8  # numbers that are needed to see a rule in them
WIDE = 4  # numbers that are needed in a row


@relation("an argument is added to the right answer")
def argument_added(c: Compared) -> bool:
    return _numbers(c) and any(c.equal(c.given, c.right + argument) for argument in _arguments(c))


@relation("an argument is missing, which should be added")
def argument_not_added(c: Compared) -> bool:
    return _numbers(c) and any(c.equal(c.right, c.given + argument) for argument in _arguments(c))


@relation("it is the right answer times an argument")
def times_an_argument(c: Compared) -> bool:
    return _numbers(c) and any(c.equal(c.given, c.right * argument) for argument in _arguments(c))


@relation("some values are 0, and the others are the right ones times one factor, as after dropout")
def dropped(c: Compared) -> bool:
    left = (c.given != 0) & (c.right != 0) if _numbers(c) else torch.zeros(0)
    if left.sum() < LEAST or not ((c.given == 0) & (c.right != 0)).any():
        return False
    factors = double(c.given)[left] / double(c.right)[left]
    return bool(factors[0] > 1) and c.equal(factors, factors[:1].expand_as(factors))


@relation("every row is the right one plus a number of its own")
def offsets_of_rows(c: Compared) -> bool | None:
    if not _numbers(c) or not c.right.ndim:
        return False
    shift = double(c.given) - double(c.right)
    return None if c.right.shape[-1] < WIDE else c.equal(shift, shift[..., :1].expand_as(shift))


@relation("every row is the right one, moved and stretched, as a norm at the end does")
def stretched_rows(c: Compared) -> bool | None:
    if not _numbers(c) or not c.right.ndim:
        return False
    if c.right.shape[-1] < WIDE:
        return None
    right, given = (double(one) - double(one).mean(-1, keepdim=True) for one in (c.right, c.given))
    factors = ((right * given).sum(-1, keepdim=True) / (right * right).sum(-1, keepdim=True)).nan_to_num()
    return bool((factors > 0).all()) and c.equal(given, factors * right)


@relation("each number is the right one, changed in one way for all: the larger ones stay the larger ones")
def rising(c: Compared) -> bool | None:
    if not _numbers(c):
        return False
    right, order = double(c.right).flatten().sort()
    given = double(c.given).flatten()[order]
    different = right.unique().numel() >= LEAST and given.unique().numel() >= LEAST
    return bool((given.diff() >= 0).all()) if different else None


@relation("the values should add up to 1 along the last dimension, and they do along another one")
def sums_elsewhere(c: Compared) -> bool | None:
    if not _numbers(c) or c.right.ndim < 2 or not _sums_to_one(c, c.right, -1):
        return None if c.right.is_floating_point() else False
    return any(_sums_to_one(c, c.given, dim) for dim in range(c.right.ndim - 1))


@relation("the values should add up to 1 along the last dimension, and they do not")
def no_shares(c: Compared) -> bool | None:
    if not _numbers(c) or c.right.ndim < 2 or not _sums_to_one(c, c.right, -1):
        return None if c.right.is_floating_point() else False
    return not _sums_to_one(c, c.given, -1)


def _numbers(c: Compared) -> bool:
    """Return whether these are finite numbers of one shape."""
    floating = c.one_shape and c.right.is_floating_point() and c.given.is_floating_point() and c.right.numel() > 0
    return floating and bool((c.right.isfinite() & c.given.isfinite()).all())


def _arguments(c: Compared) -> list[Tensor]:
    """Return the arguments that are numbers of the answer's shape, in its dtype."""
    return [one.to(c.right.dtype) for one in c.arguments if one.shape == c.right.shape and one.is_floating_point()]


def _sums_to_one(c: Compared, tensor: Tensor, dim: int) -> bool:
    sums = double(tensor).sum(dim)
    return sums.numel() > 1 and c.equal(sums, torch.ones_like(sums))


RELATIONS = relations_of(globals())  # the more special ones come first
