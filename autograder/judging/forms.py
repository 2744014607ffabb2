"""Relations of a wrong answer as a whole to the right one: another form of it, or every value by a rule."""

from collections.abc import Callable
from itertools import permutations

import torch
from torch import Tensor

from autograder.judging.compared import Compared, double, relation, relations_of

MAX_LENGTH = 64  # of a dimension along which it is looked whether something is in another order
LEAST_FACTOR = 1e-5


# What came back is nothing that was computed


@relation("an argument should come back here as it was given, and something else does")
def argument_changed(c: Compared) -> bool:
    return c.right.numel() > 1 and any(c.equal(c.right, argument) for argument in c.arguments)


@relation("nothing but 0 comes back")
def zeros(c: Compared) -> bool | None:
    return None if not c.given.numel() else not c.given.count_nonzero() and bool(c.right.count_nonzero())


@relation("what comes back is an argument, as it came")
def an_argument(c: Compared) -> bool:
    return c.given.numel() > 1 and any(
        c.equal(c.given, argument) for argument in c.arguments if not c.equal(c.right, argument)
    )


@relation("all values that come back are the same number")
def one_number(c: Compared) -> bool | None:
    return None if c.given.numel() < 2 else bool((c.given == c.given.flatten()[0]).all())


@relation("all sequences of the batch get the same answer")
def same_for_all(c: Compared) -> bool:
    return c.one_shape and c.right.ndim >= 2 and _alike(c.given) and not _alike(c.right)


def _alike(tensor: Tensor) -> bool:
    return tensor.shape[0] > 1 and torch.equal(tensor, tensor[:1].expand_as(tensor))


# The right values, in another form


@relation("the values are right")
def another_dtype(c: Compared) -> bool:
    return c.right.dtype != c.given.dtype and c.equal(c.given, c.right)


@relation("the values are right, but there are more dimensions of size 1, or fewer")
def dimensions_of_one(c: Compared) -> bool:
    return not c.one_shape and c.equal(c.given.squeeze(), c.right.squeeze())


@relation("it is the right answer, transposed")
def transposed(c: Compared) -> bool:
    return c.right.ndim >= 2 and c.equal(c.given, c.right.mT)


@relation("it is the right answer with its dimensions in another order")
def another_order_of_dimensions(c: Compared) -> bool:
    return 2 < c.right.ndim <= 5 and any(
        c.equal(c.given, c.right.permute(order)) for order in permutations(range(c.right.ndim))
    )


@relation("it is the mean of the right answer over one of its dimensions")
def mean_over_a_dimension(c: Compared) -> bool:
    return _reduced(c, lambda right, dim: right.mean(dim, keepdim=True))


@relation("it is the sum of the right answer over one of its dimensions")
def sum_over_a_dimension(c: Compared) -> bool:
    return _reduced(c, lambda right, dim: right.sum(dim, keepdim=True))


def _reduced(c: Compared, reduce: Callable[[Tensor, int], Tensor]) -> bool:
    if not c.right.is_floating_point():
        return False
    found = (reduce(double(c.right), dim) for dim in range(c.right.ndim) if c.right.shape[dim] > 1)
    return any(c.equal(c.given.squeeze(), one.squeeze()) or c.equal(c.given, one.expand_as(c.right)) for one in found)


@relation("it is only a part of the right answer")
def a_part(c: Compared) -> bool:
    return not c.one_shape and any(
        c.equal(c.given.squeeze(), c.right.narrow(dim, start, 1).squeeze())
        for dim in range(c.right.ndim)
        for start in (0, c.right.shape[dim] - 1)
        if c.right.shape[dim]
    )


# Other values in each place, by a rule


@relation("every True is a False, and every False a True")
def opposite(c: Compared) -> bool:
    return c.right.dtype == c.given.dtype == torch.bool and c.equal(c.given, ~c.right)


@relation("every value is the negative of the right one")
def negated(c: Compared) -> bool | None:
    return c.one_shape and c.equal(c.given, -double(c.right))


@relation("every value is the right one times the same factor")
def factor(c: Compared) -> bool | None:
    return _proportional(c, double(c.right).flatten(), double(c.given).flatten())


@relation("every value is the right one plus the same number")
def offset(c: Compared) -> bool | None:
    if not c.one_shape or not c.right.is_floating_point():
        return False
    right, given = double(c.right), double(c.given)
    return None if right.numel() < 3 else c.equal(given - given.flatten()[0], right - right.flatten()[0])


@relation("every row is the right one times a factor of its own")
def factors_of_rows(c: Compared) -> bool | None:
    return _proportional(c, double(c.right), double(c.given))


def _proportional(c: Compared, right: Tensor, given: Tensor) -> bool | None:
    """Return whether each row, which is the last dimension, is that of the right answer times a factor."""
    if not c.one_shape or not c.right.is_floating_point() or not (right.isfinite() & given.isfinite()).all():
        return False
    if right.numel() < 3 or right.shape[-1] < 3:
        return None
    factors = (right * given).sum(-1, keepdim=True) / (right * right).sum(-1, keepdim=True)
    return bool((factors.nan_to_num().abs() > LEAST_FACTOR).any()) and c.equal(given, factors.nan_to_num() * right)


@relation("they are probabilities, of which the logits are asked for")
def probabilities(c: Compared) -> bool:
    return c.right.is_floating_point() and c.right.ndim > 0 and c.equal(c.given, double(c.right).softmax(-1))


@relation("they are logits, of which the probabilities are asked for")
def logits(c: Compared) -> bool:
    return c.given.is_floating_point() and c.given.ndim > 0 and c.equal(c.right, double(c.given).softmax(-1))


@relation("it is the logarithm of what is asked for")
def logarithm(c: Compared) -> bool | None:
    return _each(c, torch.log)


@relation("what is asked for is its logarithm")
def exponential(c: Compared) -> bool | None:
    return _each(c, torch.exp)


def _each(c: Compared, function: Callable[[Tensor], Tensor]) -> bool | None:
    """Return whether this was done to each number. One number may be the other's logarithm by chance, as 0 is of 1."""
    if not c.right.is_floating_point() or not c.equal(c.given, function(double(c.right))):
        return False
    return True if c.right.unique().numel() >= 3 else None


# The right values, in other places


@relation("all values are moved by some places along one of the dimensions")
def rolled(c: Compared) -> bool | None:
    return _along_one(c, lambda dim: any(_is_rolled(c, shift, dim) for shift in range(1, c.right.shape[dim])))


def _is_rolled(c: Compared, shift: int, dim: int) -> bool:
    return c.equal(c.given, c.right.roll(shift, dim))


@relation("the parts along one of the dimensions are right, and in another order")
def permuted(c: Compared) -> bool | None:
    return _along_one(c, lambda dim: _is_permuted(c, dim))


def _along_one(c: Compared, holds: Callable[[int], bool]) -> bool | None:
    """Return whether this holds along one of the dimensions that are not too long, or None if one is too long."""
    if not c.one_shape:
        return False
    lengths = c.right.shape
    if any(holds(dim) for dim, length in enumerate(lengths) if 1 < length <= MAX_LENGTH):
        return True
    return None if max(lengths, default=0) > MAX_LENGTH else False


def _is_permuted(c: Compared, dim: int) -> bool:
    rest = [list(double(tensor).unbind(dim)) for tensor in (c.right, c.given)]
    for part in rest[1]:
        place = next((at for at, right in enumerate(rest[0]) if c.equal(part, right)), None)
        if place is None:
            return False
        del rest[0][place]
    return True


@relation("all values are there, but in other places")
def other_places(c: Compared) -> bool:
    if c.right.numel() < 4 or c.right.numel() != c.given.numel() or not c.right.is_floating_point():
        return False
    return c.equal(*(double(tensor).flatten().sort().values for tensor in (c.given, c.right)))


RELATIONS = relations_of(globals())  # the more special ones come first
