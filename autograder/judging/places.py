"""Relations of a wrong answer to the right one that say in which places it is wrong, where the rest is right."""

import torch
from torch import Tensor

from autograder.judging.compared import Compared, relation, relations_of

HALF = (torch.float16, torch.bfloat16)
SIX_DIGITS = 2e-6  # relative: what stays right of a double that was a single on the way


@relation("only half precision is off", alone=False)
def half_precision(c: Compared) -> bool:
    return c.one_shape and c.right.dtype == c.given.dtype and c.right.dtype in HALF


@relation("six digits are right: something is rounded on the way, as in single precision")
def single_precision(c: Compared) -> bool:
    if not c.one_shape or not c.right.dtype == c.given.dtype == torch.float64:
        return False
    if not c.right.numel() or not c.right.isfinite().all():
        return False
    return bool(((c.given - c.right).abs() <= SIX_DIGITS * c.right.abs().max().clamp(min=1.0)).all())


@relation("only the diagonal is wrong")
def diagonal(c: Compared) -> bool:
    return _only(c, _square(c, lambda ones: ones.tril().triu()))


@relation("only places above the diagonal are wrong")
def above_the_diagonal(c: Compared) -> bool:
    return _only(c, _square(c, lambda ones: ones.triu(1)))


@relation("only places below the diagonal are wrong")
def below_the_diagonal(c: Compared) -> bool:
    return _only(c, _square(c, lambda ones: ones.tril(-1)))


@relation("only rows are wrong that should be 0 as a whole: what may see nothing")
def empty_rows(c: Compared) -> bool:
    if not c.right.ndim or not c.right.is_floating_point():
        return False
    return _only(c, (c.right == 0).all(-1, keepdim=True).expand_as(c.right))


@relation("only places are wrong that should be minus infinity")
def hidden_places(c: Compared) -> bool:
    return c.right.is_floating_point() and _only(c, c.right == -torch.inf)


@relation("only places are wrong that are minus infinity and should not be")
def hidden_too_many(c: Compared) -> bool:
    return c.one_shape and c.given.is_floating_point() and _only(c, c.given == -torch.inf)


@relation("numbers that are not minus infinity are right, but other ones should be minus infinity")
def hidden_elsewhere(c: Compared) -> bool:
    if not c.one_shape or not c.right.is_floating_point() or not c.given.is_floating_point():
        return False
    return _only(c, (c.given == -torch.inf) != (c.right == -torch.inf))


@relation("only places are wrong that are True and should be False")
def true_too_many(c: Compared) -> bool:
    return c.one_shape and c.given.dtype == torch.bool and _only(c, c.given)


@relation("only places are wrong that are False and should be True")
def true_too_few(c: Compared) -> bool:
    return c.one_shape and c.given.dtype == torch.bool and _only(c, ~c.given)


@relation("only places are wrong that should be 0")
def zeros_missed(c: Compared) -> bool:
    return c.right.is_floating_point() and _only(c, c.right == 0)


@relation("what should be negative is 0")
def negative_is_zero(c: Compared) -> bool:
    return c.one_shape and bool((c.right < 0).any()) and c.equal(c.given, c.right.clamp(min=0))


@relation("only places are wrong that are 0 and should not be")
def zeros_too_many(c: Compared) -> bool:
    return c.one_shape and c.given.is_floating_point() and _only(c, c.given == 0)


@relation("only padded positions are wrong")
def padded_positions(c: Compared) -> bool:
    return any(_only(c, places) for places in _padding(c))


@relation("only the first sequence of the batch is right")
def later_sequences(c: Compared) -> bool:
    return c.right.ndim >= (3 if c.right.is_floating_point() else 2) and _all_but(c, _at(c, 0, 0))


@relation("only the first position is wrong")
def first_position(c: Compared) -> bool:
    return _only(c, _at(c, -2, 0)) or _only(c, _at(c, 1, 0))


@relation("only the last position is wrong")
def last_position(c: Compared) -> bool:
    return _only(c, _at(c, -2, -1)) or _only(c, _at(c, 1, -1))


@relation("the first position is right, and none after it")
def later_positions(c: Compared) -> bool:
    return _all_but(c, _at(c, -2, 0))


@relation("the last position is right, and none before it")
def earlier_positions(c: Compared) -> bool:
    return _all_but(c, _at(c, -2, -1))


@relation("only real positions are wrong, where there is padding")
def real_positions(c: Compared) -> bool:
    return any(_only(c, ~places) for places in _padding(c))


@relation("only the last column is wrong")
def last_column(c: Compared) -> bool:
    return _only(c, _at(c, -1, -1))


@relation("only the first column is wrong")
def first_column(c: Compared) -> bool:
    return _only(c, _at(c, -1, 0))


@relation("only even columns are wrong, counted from 0")
def even_columns(c: Compared) -> bool:
    return _every_second(c, 0)


@relation("only odd columns are wrong, counted from 0")
def odd_columns(c: Compared) -> bool:
    return _every_second(c, 1)


def _every_second(c: Compared, start: int) -> bool:
    """Return whether every second column is wrong, and no other. A few wrong numbers may stand in such columns."""
    if not _only(c, _at(c, -1, slice(start, None, 2))):
        return False
    wrong = c.wrong.reshape(-1, c.wrong.shape[-1])[:, start::2].any(0)
    return len(wrong) > 1 and bool(wrong.all())


def _only(c: Compared, places: Tensor | None) -> bool:
    """Return whether values are wrong in these places alone. There are such places, and others."""
    if places is None or not c.one_shape or c.right.dtype != c.given.dtype:
        return False
    return bool(places.any()) and not bool(places.all()) and not bool((c.wrong & ~places).any())


def _all_but(c: Compared, places: Tensor | None) -> bool:
    """Return whether these places are right, and wrong values stand beside each of them in the dimension."""
    return places is not None and _only(c, ~places) and bool((c.wrong | places).any(-1).all())


def _at(c: Compared, dim: int, at: int | slice) -> Tensor | None:
    """Return the places with these indices of a dimension, or None if there is no such dimension or only one index."""
    if not -c.right.ndim <= dim < c.right.ndim or c.right.shape[dim] < 2:
        return None
    places = torch.zeros_like(c.right, dtype=torch.bool)
    places.transpose(dim, 0)[at] = True
    return places


def _square(c: Compared, part) -> Tensor | None:
    """Return a part of the last two dimensions, if they have one length."""
    if c.right.ndim < 2 or c.right.shape[-1] != c.right.shape[-2]:
        return None
    return part(torch.ones(c.right.shape[-2:])).bool().expand_as(c.right)


def _padding(c: Compared) -> list[Tensor]:
    """Return the places of padding in the right answer, by each mask of (batch, length) among the arguments."""
    if c.right.ndim < 2:
        return []
    batch, length = c.right.shape[:2]
    masks = [mask for mask in c.arguments if mask.dtype == torch.bool and mask.numel() == batch * length]
    masks = [mask.reshape(batch, length) for mask in masks if mask.ndim and mask.shape[-1] == length]
    return [
        ~mask.reshape(batch, length, *[1] * (c.right.ndim - 2)).expand_as(c.right) for mask in masks if not mask.all()
    ]


@relation("the number is too large")
def too_large(c: Compared) -> bool:
    return _one_number(c) and bool(c.given > c.right)


@relation("the number is too small")
def too_small(c: Compared) -> bool:
    return _one_number(c) and bool(c.given < c.right)


def _one_number(c: Compared) -> bool:
    return c.one_shape and c.right.numel() == 1 and c.right.is_floating_point() and c.given.is_floating_point()


RELATIONS = relations_of(globals())
