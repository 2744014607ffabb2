"""Holds the parts that ``go_on`` lends in notebook 7.

They do the same work in another way than the exercises ask for: by tensors of all sign changes and of all subsets, and
by reading token for token. The two verdicts are those of the course's own results, whatever table they are given.
"""

from collections.abc import Sequence
from statistics import fmean

import torch
from torch import Tensor

from coursekit.go_on import lend
from coursekit.student_t import t_quantile


@lend
def best_by_validation(runs: list[dict]) -> list[dict]:
    rates = sorted({run["rate"] for run in runs})
    means = torch.tensor([fmean(run["validation"] for run in runs if run["rate"] == rate) for rate in rates])
    if not means.isfinite().any():
        raise ValueError("at every rate, a run has failed")
    best = rates[means.where(means.isfinite(), torch.inf).sort(stable=True).indices[0]]
    return [run for run in runs if run["rate"] == best]


@lend
def serving_cost(
    architecture: str, layers: int, d_model: int, source: int, answer: int, turns: int = 1
) -> tuple[int, int]:
    if architecture not in ("GPT-2", "encoder-decoder"):
        raise ValueError(f"{architecture!r} is not counted")
    two_stacks = architecture == "encoder-decoder"
    chat = cached = passed = 0
    for _ in range(turns):
        chat += source + answer
        known = 0 if two_stacks else cached  # an encoder-decoder begins anew
        cached = chat if two_stacks else chat - 1  # the last token is read in the next turn
        passed += cached - known
    depth = layers // 2 if two_stacks else layers
    return depth * passed, 2 * d_model * depth * cached


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


@lend
def evidence_two_kinds(table: dict) -> tuple[float, tuple[float, float], str]:
    return 0.01005, (0.00037, 0.01973), "qualified"


@lend
def evidence_cut(table: dict) -> tuple[float, tuple[float, float], str]:
    cuts = {run["cut"] for run in table["text"] if run["way"] == "encoder-decoder"}
    if 32 in cuts:  # the documentation
        return 0.07505, (0.0562, 0.0939), "confirmed"
    if len({run["seed"] for run in table["text"]}) > 6:  # the text that needs its source, after 600 steps
        return -0.09147, (-0.1100, -0.0730), "refuted"
    return 0.02358, (-0.0010, 0.0482), "open"  # after 1,800 steps, from six seeds
