"""Holds the parts of notebook 7 that later exercises build on, for the grader to lend where they are not done.

They do the same work in another way than the exercises ask for: by tensors of all sign changes and of all subsets.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from coursekit.go_on import lend
from coursekit.student_t import t_quantile


@lend
def interval(values: Sequence[float], level: float = 0.95) -> tuple[float, float]:
    numbers = torch.tensor(values, dtype=torch.float64)
    if numbers.numel() < 2 or not 0 < level < 1:
        raise ValueError("no interval: two values are needed at least, and a level between 0 and 1")
    below = t_quantile(0.5 - level / 2, numbers.numel() - 1) * (numbers.var() / numbers.numel()).sqrt()
    return (numbers.mean() + below).item(), (numbers.mean() - below).item()


@lend
def permutation_test(ours: Sequence[float], theirs: Sequence[float], paired: bool = False) -> float:
    if not len(ours) or not len(theirs) or paired and len(ours) != len(theirs):
        raise ValueError("an empty list, or lists that make no pairs")
    both = torch.tensor([*ours, *theirs], dtype=torch.float64)
    first, second = both[: len(ours)], both[len(ours) :]
    if paired:
        means = (1 - 2 * _subsets(len(ours))) @ (first - second) / len(ours)
    else:
        chosen = _subsets(len(both))
        chosen = chosen[chosen.sum(dim=1) == len(ours)]
        means = chosen @ both / len(ours) - (1 - chosen) @ both / len(theirs)
    enough = (first.mean() - second.mean()).abs() - 1e-9 * both.abs().max()
    return (means.abs() >= enough).double().mean().item()


def _subsets(count: int) -> Tensor:
    """Return all subsets, (2 ** count, count), a row each: 1.0 for what is in it."""
    return (torch.arange(2**count)[:, None] >> torch.arange(count) & 1).double()
