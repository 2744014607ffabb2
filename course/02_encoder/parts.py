# Made by `python -m autograder build`: change solutions/ instead.
"""Solutions of the notebooks before this one."""

import torch
from torch import Tensor
from torch import nn


def causal_mask(length: int) -> Tensor:
    """Make the causal mask: no query may attend to a key that comes after it.

    length  the number of positions, 1 or more

    Returns a (length, length) bool tensor. [i, j] is True where query i may attend to key j.
    """
    return torch.ones(length, length, dtype=torch.bool).tril()


def padding_mask(lengths: Tensor, max_length: int) -> Tensor:
    """Make the mask of the keys that are tokens. In each sequence the padding comes after the tokens.

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

    There may be any number of leading dimensions, the same ones in query, key and value, and any size may be 1. The
    arguments may be views, whose numbers are not side by side in memory.

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
        """Attend with every head, each in its own entries of the projected vectors.

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


def telling_inputs() -> list[tuple[Tensor, Tensor, Tensor, Tensor | None]]:
    """Choose inputs on which wrong versions of scaled_dot_product_attention differ from the right one.

    Returns a list of 1 to 6 tuples (query, key, value, mask), which scaled_dot_product_attention can take; the mask may
    be None. No tensor has more than 2,000 numbers, and output and weights together have at most 20,000. A tuple that
    breaks these rules counts for nothing, and of a longer list the first 6 count. Query, key and value have one dtype.

    A number differs if it is off by more than r + r * |right number|, with r = 1e-9 in float64, 1e-4 in float32, 0.01 in
    float16 and 0.03 in bfloat16. Where the right result is NaN, because scaled scores overflow, nothing can differ.
    """
    generator = torch.Generator().manual_seed(0)

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    # No two sizes are equal, no root is a whole number, and double precision shows what was rounded.
    query, key, value = draw(2, 3, 4, 6), draw(2, 3, 5, 6), draw(2, 3, 5, 7)
    mask = draw(2, 3, 4, 5) > 0  # another one for each sequence and head
    mask[0, 0, 0] = False  # this query may look at no key
    ordinary = [(query, key, value, None), (query, key, value, mask)]
    extreme = [(size * query, size * key, value, mask) for size in (1e2, 1e6)]
    # In float16 the products of these are 102,400 before they are scaled, and 12,800 after it.
    half = 40 * torch.tensor([[1.0], [-1.0]]).half().expand(2, 64)
    return [*ordinary, *extreme, (half, half, half, torch.ones(2, 2).bool().tril())]
