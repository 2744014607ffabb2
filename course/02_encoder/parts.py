# Made by `python -m autograder build`: change solutions/ instead.
"""Solutions of the notebooks before this one."""

import torch
from torch import Tensor
from torch import nn


def causal_mask(length: int) -> Tensor:
    """Tell which positions each position may attend to, if none may look ahead.

    length  the number of positions, 1 or more

    Returns a (length, length) bool tensor. [i, j] is True where query i may attend to key j.
    """
    return torch.ones(length, length, dtype=torch.bool).tril()


def padding_mask(lengths: Tensor, max_length: int) -> Tensor:
    """Tell which keys are tokens, and not padding. The padding comes after the tokens.

    lengths     (batch,) int64: how many tokens each sequence has, from 0 to max_length; it is not modified
    max_length  the padded length; it may be larger than all of the lengths

    Returns a (batch, 1, 1, max_length) bool tensor. [b, 0, 0, j] is True where key j of sequence b is a token.
    """
    positions = torch.arange(max_length)  # (max_length,)
    real = positions < lengths[:, None]  # (batch, max_length)
    return real[:, None, None, :]  # (batch, 1, 1, max_length)


def scaled_dot_product_attention(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Attention of Vaswani et al. 2017, equation 1.

    query  (..., Tq, d_k)
    key    (..., Tk, d_k)
    value  (..., Tk, d_v)
    mask   bool, broadcasts to (..., Tq, Tk); True where a query may attend to a key. None: everywhere.

    Any leading dimensions, sizes of 1 and tensors that are views are possible.

    Returns output (..., Tq, d_v) and weights (..., Tq, Tk), both in the dtype of the arguments: float16, bfloat16,
    float32 or float64. The four promises above hold. Gradients of the output reach query, key and value.
    """
    query = query * query.shape[-1] ** -0.5
    scores = query @ key.transpose(-2, -1)  # (..., Tq, Tk)
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = scores.softmax(dim=-1)
    if mask is not None:
        weights = weights.masked_fill(~mask, 0.0)  # a row that is masked as a whole is NaN until here
    return weights @ value, weights


class MultiHeadAttention(nn.Module):
    """Multi-head attention of Vaswani et al. 2017, section 3.2.2."""

    def __init__(self, d_model: int, num_heads: int):
        """Make four projections: query_proj, key_proj, value_proj and output_proj, each nn.Linear(d_model, d_model).

        There are no other parameters. Raises ValueError if num_heads does not divide d_model, or is smaller than 1.
        """
        super().__init__()
        self.num_heads = num_heads
        self.weights = None  # (batch, num_heads, Tq, Tk) of the last call, detached
        if num_heads < 1 or d_model % num_heads != 0:
            raise ValueError(f"{num_heads} heads cannot share a width of {d_model} equally")
        self.query_proj = nn.Linear(d_model, d_model)
        self.key_proj = nn.Linear(d_model, d_model)
        self.value_proj = nn.Linear(d_model, d_model)
        self.output_proj = nn.Linear(d_model, d_model)

    def forward(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Tensor:
        """Attend with every head, each in its own columns.

        query       (batch, Tq, d_model)
        key, value  (batch, Tk, d_model)
        mask        bool, broadcasts to (batch, num_heads, Tq, Tk); True where a query may attend to a key

        Returns (batch, Tq, d_model), and keeps the weights (batch, num_heads, Tq, Tk) in self.weights, detached.
        The arguments are not modified. Gradients arrive at all projections and inputs.
        """
        heads, weights = scaled_dot_product_attention(
            self._split(self.query_proj(query)),
            self._split(self.key_proj(key)),
            self._split(self.value_proj(value)),
            mask,
        )
        self.weights = weights.detach()
        merged = heads.transpose(1, 2).flatten(2)  # (batch, num_heads, Tq, d_head) -> (batch, Tq, d_model)
        return self.output_proj(merged)

    def _split(self, x: Tensor) -> Tensor:
        batch, length, d_model = x.shape
        x = x.view(batch, length, self.num_heads, d_model // self.num_heads)
        return x.transpose(1, 2)  # (batch, num_heads, length, d_head)
