"""Puts sequences of different lengths into one tensor."""

from collections.abc import Sequence

import torch
from torch import Tensor


def pad(sequences: Sequence[Sequence[int]], pad_id: int) -> Tensor:
    """Fill sequences up at the end, to the length of the longest. Return (batch, longest) int64."""
    longest = max(map(len, sequences))
    return torch.tensor([[*sequence, *[pad_id] * (longest - len(sequence))] for sequence in sequences])
