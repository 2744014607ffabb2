# %% [markdown]
# # 4 · The decoder alone: GPT-2
#
# Notebook 3 ended with a measurement: a decoder layer without cross-attention **is** an encoder layer with a causal mask.
# In this notebook you build a whole model from such layers, without an encoder.
# The result is GPT-2 itself: trained weights of any GPT-2 fit into your model, and its outputs agree with those of `transformers`.
#
# > **Remove the encoder from the transformer of 2017. What is left, what else did GPT-2 change, and what reads the prompt now?**
#
# (A *prompt* is the text that a model is given to continue.)
#
# | | | points | minutes | difficulty |
# |---|---|---|---|---|
# | Exercise 1 | `gelu` | 5 | 5 | ★☆☆ |
# | Exercise 2 | `CausalSelfAttention` | 20 | 25 | ★★☆ |
# | Exercise 3 | `GPT2Block` | 15 | 15 | ★★☆ |
# | Exercise 4 | `GPT2` | 30 | 35 | ★★★ |
# | Exercise 5 | `load_gpt2_weights` | 10 | 30 | ★★★ |
# | Exercise 6 | `language_model_loss` | 10 | 5 | ★☆☆ |
# | Question 7 | a written answer, graded by a person | 10 | 15 | ★★☆ |
#
# Reading takes about 30 minutes more.
# Training takes about three minutes in all, in the sections behind exercise 6, and you can read on while it runs.
# Trained models are saved beside this notebook.
#
# As before, a ready-made part of PyTorch or `transformers` that does an exercise for you earns no points.
# The file `parts.py` beside this notebook contains the solutions of notebooks 1 to 3, so you do not need your own.
# You may use them in your solutions.

# %% locked="setup"
try:
    from coursekit import (
        comparison_table,
        diagrams,
        go_on,
        loss_curves,
        reach,
        reach_maps,
        reached,
        stack_pictures,
        train,
        under_grading,
        visible_check,
    )
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        f"{error.name} is not installed: in the folder that contains coursekit, run `pip install .` in a terminal, "
        "and then restart the kernel."
    ) from None

import json
import math
import re
from pathlib import Path

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
import transformers
from coursekit.checkpoints import PYTHON_DOCS
from coursekit.corpus import Corpus
from coursekit.documentation import documents
from coursekit.oracle import torch_gpt2_block
from parts import DecoderLayer, EncoderLayer, MultiHeadAttention, causal_mask, scaled_dot_product_attention, train_step
from torch import Tensor, nn
from transformers import AutoTokenizer, GPT2Config, GPT2LMHeadModel

transformers.utils.logging.disable_progress_bar()
transformers.utils.logging.set_verbosity_error()  # it warns of the small vocabularies that we use for checks

# %% [markdown]
# ## Predict first
#
# Replace each `None` by a number before you read on.
# Your predictions are not graded, and later cells print them beside the measurements.

# %% reader=true
prediction = {
    # The smallest GPT-2 has 124 million parameters. How many million of them belong to its table of tokens, which has a
    # vector of 768 numbers for each of 50,257 tokens?
    "million parameters, tokens": None,
    # A model that has learned nothing finds all of 2,048 tokens equally probable. What is its loss, in nats?
    "first loss": None,
    # You train your own small GPT-2 for about a minute on Python's documentation. How many bits does it then need for a
    # character of it? (Before training it needs 3.1.)
    "bits per character": None,
}

# %% [markdown]
# ## From the decoder of 2017 to GPT-2
#
# The picture starts with the decoder of 2017, and changes it step by step, from left to right.
# Data enter at the bottom.
# A part with a dashed orange frame is removed in the next step, and a blue part is new.

# %% reader=true
START = ["tokens", "embedding · √d", "+ sine positions"]
LAYER = ["self-attention", "add, norm", "cross-attention", "add, norm", "ReLU network", "add, norm"]
PRE_NORM = ["norm", "self-attention", "add", "norm", "ReLU network", "add"]
GELU = ["norm", "self-attention", "add", "norm", "GELU network", "add"]
END = ["scores: x · embedding"]
stack_pictures(
    {
        "decoder of 2017\n(one layer)": START + LAYER + END,
        "1. no encoder, so\nno cross-attention": START + LAYER[:2] + LAYER[4:] + END,
        "2. norms first,\nand one at the end": START + PRE_NORM + ["norm"] + END,
        "3. GELU": START + GELU + ["norm"] + END,
        "4. learned positions:\nGPT-2": ["tokens", "embedding", "+ learned positions"] + GELU + ["norm"] + END,
    }
)
plt.show()

# %% [markdown]
# *Five stacks of boxes.
# First, cross-attention and its norm are removed.
# Then the two norms move in front of their sublayers, and one more norm is added after the last layer, once for the whole model.
# Then ReLU becomes GELU, and at last, sine positions become learned ones, and the embedding is no longer scaled.
# What is between the positions and the last norm is one layer, and a model repeats it.*
#
# Two more changes do not show in a picture: GPT-2 starts training from other random weights, and it also drops attention weights.
# (Radford et al. 2018, sections 3.1 and 4.1, and 2019, section 2.3, describe all of this.)
#
# Only the first of these changes has to do with the encoder, and the others would suit an encoder-decoder just as well.
# So a comparison of "GPT-2" with "the transformer of 2017" compares many things at once, and only one of them is the question of this course.
#
# This is the model that you build, with the names of its parts:

# %% reader=true
diagrams.gpt2()

# %% [markdown]
# *A column of boxes, from the tokens to the logits, with one block in full: ln_1, causal self-attention and an addition, then ln_2, the mlp and another addition.
# A dashed box says that there is no cross-attention.*
#
# ## GELU
#
# ### Exercise 1 · `gelu` (5 points, 5 minutes, ★☆☆)
#
# ReLU sets every negative number to 0.
# The **Gaussian error linear unit** does this gradually: it multiplies x by $\Phi(x)$, the probability that a standard normal number is below x.
# GPT-2 was trained with an approximation that uses tanh (Hendrycks and Gimpel 2016, section 2):
#
# $$\mathrm{GELU}(x) = x\,\Phi(x) \;\approx\; \tfrac{1}{2}\, x \left(1 + \tanh\!\left[\sqrt{2/\pi}\,\left(x + 0.044715\, x^3\right)\right]\right)$$
#
# Write the approximation with `torch.tanh`. (`F.gelu` would do the exercise for you, and earns no points.)


# %% exercise="gelu"
def gelu(x: Tensor) -> Tensor:
    """The Gaussian error linear unit, in the tanh form that GPT-2 uses (Hendrycks and Gimpel 2016, section 2).

    x  any shape, any size of numbers; it is not modified

    Returns 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))), in the shape and dtype of x: float16, bfloat16, float32
    or float64. In float64 nothing is rounded to single precision on the way. Gradients reach x.
    """
    ### BEGIN SOLUTION
    return 0.5 * x * (1.0 + torch.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * x**3)))
    ### END SOLUTION


# %% check="gelu" points=5
with visible_check("gelu"):
    x = torch.linspace(-4, 4, 81, dtype=torch.float64)
    before = x.clone()
    y = gelu(x)
    assert isinstance(y, Tensor), f"Return a torch tensor, not {type(y).__name__}. Is there a `return`?"
    assert y.shape == x.shape, f"The shape should stay {tuple(x.shape)}, and it is {tuple(y.shape)}."
    assert torch.equal(x, before), "You changed the caller's x. Operations with = or _ work in place."
    assert y.dtype == x.dtype, f"The dtype of x stays: {x.dtype}, not {y.dtype}."
    assert not torch.allclose(y, F.gelu(x), atol=1e-6), (
        "This is the exact form, with the error function. GPT-2 was trained with the tanh form; they differ by up to 5e-4."
    )
    assert y[0].abs() < 1e-3, (
        f"For x = -4 the result is almost 0, and yours is {y[0]:.4f}. Is there a 1 + before the tanh, and are both 2 and pi under the root?"
    )
    assert (y[-1] - 4).abs() < 1e-3, (
        f"For x = 4 the result is almost 4, and yours is {y[-1]:.4f}. Are the factors 1/2 and x there?"
    )
    off = (y - F.gelu(x, approximate="tanh")).abs().max()
    assert off < 1e-6, (
        f"The result is close to the right curve, but off by up to {off:.1e}. "
        "Compare sqrt(2 / pi), 0.044715 and the cube with the formula."
    )
    assert off < 1e-12, (
        f"x is float64, and the result is off by up to {off:.1e}: something was rounded to float32. Is the root that of a "
        "tensor, as in torch.tensor(2 / torch.pi).sqrt()? `math.sqrt` gives a Python number, which has double precision."
    )
    far = gelu(torch.tensor([-1e4, 1e4]))
    assert far.isfinite().all(), (
        f"For x = -10000 and 10000 the results are {far.tolist()}. torch.tanh has no such problem."
    )
    near = torch.tensor([1.0], dtype=torch.float64, requires_grad=True)
    gelu(near).sum().backward()
    assert near.grad is not None and math.isclose(near.grad.item(), 1.0829640838457, abs_tol=1e-6), (
        "The gradient at x = 1 is wrong. Is a part of your formula cut off from it, by .detach(), .data or .item()?"
    )
    print("gelu: the visible check passes.")

# %% folded=true reader=true
# Stuck? Go on: run this cell, then choose Run → Run Selected Cell and All Below.
# If the check above has not passed, ready-made code is lent to you. It is worth no points.
go_on(globals(), "gelu")

# %% reader=true
x = torch.linspace(-4, 4, 401, dtype=torch.float64)
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
left.plot(x, torch.relu(x), color="#000000", linestyle=":", label="ReLU")
left.plot(x, gelu(x), color="#0072b2", label="GELU")
left.set(xlabel="x", ylabel="activation", title="the two activations")
left.legend()
right.plot(x, gelu(x) - F.gelu(x), color="#d55e00")
right.set(xlabel="x", ylabel="tanh form − exact form", title="error of the approximation")
plt.show()
print(f"Largest difference of the two forms: {(gelu(x) - F.gelu(x)).abs().max():.1e}")

# %% [markdown]
# *Left: ReLU has a corner at 0, and GELU is smooth and goes a little below 0.
# Right: the error of the tanh form is a wave whose height is below 0.0005.*
#
# The error is small, but trained weights belong to the code that they were trained with.
# With the exact form, GPT-2's weights give slightly different **logits**, which are the scores before the softmax, one for each token of the vocabulary.
#
# ## Attention with one projection
#
# ### Exercise 2 · `CausalSelfAttention` (20 points, 25 minutes, ★★☆)
#
# Your `MultiHeadAttention` has three projections, for queries, keys and values.
# Cross-attention needs three, because its queries come from one place, and its keys and values from another.
# In *self*-attention all three read the same x, so one larger multiplication can compute them together:
#
# $$\big[\,Q \;\big|\; K \;\big|\; V\,\big] = x \,\big[\,W^Q \;\big|\; W^K \;\big|\; W^V\,\big] + \big[\,b^Q \;\big|\; b^K \;\big|\; b^V\,\big]$$

# %% reader=true
torch.manual_seed(0)
three = MultiHeadAttention(d_model=12, num_heads=3).double()
projections = [three.query_proj, three.key_proj, three.value_proj]
one = nn.Linear(12, 3 * 12).double()
with torch.no_grad():
    one.weight.copy_(torch.cat([projection.weight for projection in projections]))  # (36, 12), (outputs, inputs)
    one.bias.copy_(torch.cat([projection.bias for projection in projections]))  # (36,)
x = torch.randn(2, 5, 12, dtype=torch.float64)  # (batch, length, d_model)
side_by_side = torch.cat([projection(x) for projection in projections], dim=-1)  # (2, 5, 36)
print(f"three layers {tuple(side_by_side.shape)}, one layer {tuple(one(x).shape)},", end=" ")
print(f"largest difference {(side_by_side - one(x)).abs().max().item():.0e}")

# %% [markdown]
# GPT-2 calls this layer `c_attn`, and the output projection `c_proj`.
# Without cross-attention, every attention in the model is self-attention, so all of them can use one projection.
#
# From here on you may use PyTorch's own versions of what you have built: `nn.LayerNorm`, and `F.scaled_dot_product_attention`.
# It takes queries, keys and values of shape (batch, heads, length, d_head), and returns the output without the weights:
#
# - It divides the scores by $\sqrt{d_\text{head}}$ itself.
# - With `is_causal=True` it uses a causal mask. With `attn_mask=...` it uses a mask of yours, in which True means *may attend*. Do not give both: with dropout, for example, this is an error.
# - It drops weights at the rate `dropout_p`, *whatever mode the model is in*.
# - Where a query may attend to nothing, it returns zeros.

# %% reader=true
query, key, value = torch.randn(3, 2, 4, 6, 8).unbind()  # (batch=2, heads=4, length=6, d_head=8) each
yours, _ = scaled_dot_product_attention(query, key, value, causal_mask(6))
theirs = F.scaled_dot_product_attention(query, key, value, is_causal=True)
print(f"yours from notebook 1, and PyTorch's: largest difference {(yours - theirs).abs().max().item():.0e}")

# %% [markdown]
# The steps, with their shapes:
#
# ```
# x (batch, length, n_embd)  →  c_attn  →  (batch, length, 3 · n_embd)  →  three of (batch, n_head, length, d_head)
#                            →  attention  →  (batch, n_head, length, d_head)  →  (batch, length, n_embd)  →  c_proj
# ```
#
# **Why a second mask?**
# The texts of a batch have different lengths, so short texts are filled up with padding.
# No real token should attend to it, and the causal mask does not prevent this when the padding comes first.
# So `forward` takes a mask, and a position attends where *both* masks allow it.
# (`causal_mask` makes its mask on the CPU. `.to(x.device)` brings it to the device of x, which matters on a GPU.)
#
# Padding at the beginning of a row then has nothing to attend to.
# Its output does not matter, but it must not be NaN: the next block multiplies it by a weight of 0, and 0 · NaN is NaN, so real tokens would become NaN, too.
#
# A `GPT2Config` comes from `transformers`, and it is only a record of numbers and names:

# %% reader=true
print({name: getattr(GPT2Config(), name) for name in ("n_layer", "n_head", "n_embd", "n_positions", "vocab_size")})

# %% [markdown]
# <details><summary>Hint 1: from one projection to heads</summary>
# <code>chunk</code> cuts a dimension into equal parts. Then, as in notebook 1, <code>unflatten</code> or <code>view</code>
# makes (batch, length, n_head, d_head), and <code>transpose</code> moves the heads forward.
# </details>
#
# <details><summary>Hint 2: two dropouts</summary>
# For <code>resid_pdrop</code> use a layer, <code>nn.Dropout</code>, which knows its mode.
# <code>attn_pdrop</code> goes into F.scaled_dot_product_attention, which does not: <code>self.training</code> tells you the mode.
# </details>


# %% exercise="CausalSelfAttention"
class CausalSelfAttention(nn.Module):
    """Multi-head self-attention in which no position sees one after it, as in GPT-2."""

    def __init__(self, config: GPT2Config):
        """Make the layers c_attn, Linear(n_embd, 3 * n_embd), and c_proj, Linear(n_embd, n_embd), both with biases.

        config  n_embd; n_head, which divides n_embd; and two rates of dropout: attn_pdrop, of the attention weights,
                and resid_pdrop, of the output of c_proj

        There is no other parameter.
        """
        super().__init__()
        ### BEGIN SOLUTION
        self.n_head, self.attn_pdrop = config.n_head, config.attn_pdrop
        self.c_attn = nn.Linear(config.n_embd, 3 * config.n_embd)
        self.c_proj = nn.Linear(config.n_embd, config.n_embd)
        self.resid_dropout = nn.Dropout(config.resid_pdrop)
        ### END SOLUTION

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Each position gathers values from itself and from the positions before it.

        x     (batch, length, n_embd)
        mask  bool, broadcasts to (batch, n_head, length, length), True = may attend; None: no further limits.
              It limits attention further: a position attends where both the causal mask and this mask allow it.

        Neither x nor mask is modified.

        Returns (batch, length, n_embd). The first third of c_attn's output is the queries of all heads, the second
        third the keys, the last third the values; head h owns columns h * d_head to (h + 1) * d_head of each. The
        scores are divided by sqrt(d_head). In training mode, and only there, the weights are dropped at the rate
        attn_pdrop, and the result at the rate resid_pdrop. A position that may attend to nothing gets finite numbers,
        and all gradients are finite.
        """
        ### BEGIN SOLUTION
        query, key, value = self.c_attn(x).chunk(3, dim=-1)  # each (batch, length, n_embd)
        query, key, value = (
            part.unflatten(-1, (self.n_head, -1)).transpose(1, 2)  # (batch, n_head, length, d_head)
            for part in (query, key, value)
        )
        dropout = self.attn_pdrop if self.training else 0.0
        if mask is not None:
            mask = mask & causal_mask(x.shape[1]).to(mask.device)  # (..., length, length)
        heads = F.scaled_dot_product_attention(query, key, value, mask, dropout_p=dropout, is_causal=mask is None)
        merged = heads.transpose(1, 2).flatten(2)  # (batch, length, n_embd)
        return self.resid_dropout(self.c_proj(merged))
        ### END SOLUTION


# %% check="CausalSelfAttention" points=20
with visible_check("CausalSelfAttention"):
    torch.manual_seed(3)
    config = GPT2Config(n_embd=12, n_head=3, attn_pdrop=0.0, resid_pdrop=0.0)
    attention = CausalSelfAttention(config).double()
    found = {name: tuple(parameter.shape) for name, parameter in attention.named_parameters()}
    wanted = {"c_attn.weight": (36, 12), "c_attn.bias": (36,), "c_proj.weight": (12, 12), "c_proj.bias": (12,)}
    assert found == wanted, (
        f"c_attn should be Linear(12, 36) and c_proj Linear(12, 12), and there is no other parameter. Yours are {found}."
    )
    with torch.no_grad():
        for parameter in attention.parameters():
            parameter.normal_(std=0.5)
    x = torch.randn(2, 5, 12, dtype=torch.float64)  # (batch=2, length=5, n_embd=12)
    before = x.clone()
    output = attention(x)
    with torch.no_grad():
        attention(x)
    assert isinstance(output, Tensor), f"Return a torch tensor, not {type(output).__name__}. Is there a `return`?"
    assert output.shape == x.shape, f"The shape should stay {tuple(x.shape)}, and it is {tuple(output.shape)}."
    assert torch.equal(x, before), "You changed the caller's x. Operations with = or _ work in place."
    theirs = nn.MultiheadAttention(12, 3, batch_first=True).double()  # PyTorch's own has one projection, too

    def expected(order=(0, 1, 2), scale=1.0, allowed=None):
        """PyTorch's attention, with the thirds of c_attn in this order, scores times scale, and this mask."""
        weight, bias = (
            torch.cat([p.chunk(3)[i] for i in order]) for p in (attention.c_attn.weight, attention.c_attn.bias)
        )
        factor = torch.cat([torch.full((12,), scale, dtype=torch.float64), torch.ones(24, dtype=torch.float64)])
        weights = {"in_proj_weight": weight * factor[:, None], "in_proj_bias": bias * factor}
        out = {"out_proj.weight": attention.c_proj.weight, "out_proj.bias": attention.c_proj.bias}
        theirs.load_state_dict(weights | out)
        blocked = ~(causal_mask(5) if allowed is None else allowed)  # PyTorch's modules want the opposite
        return theirs(x, x, x, attn_mask=blocked, need_weights=False)[0]

    for order, said in {(1, 0, 2): "keys, queries, values", (2, 1, 0): "values, keys, queries"}.items():
        assert not torch.allclose(output, expected(order)), (
            f"You read the thirds of c_attn as {said}. In GPT-2 they are queries, keys, values."
        )
    for scale, said in {
        2.0: "are not divided by sqrt(d_head).",
        0.5: "are divided by sqrt(d_head) twice. F.scaled_dot_product_attention does it already.",
        3.0**-0.5: "are divided by the root of the whole width. Over how many numbers does one head's dot product sum?",
    }.items():
        assert not torch.allclose(output, expected(scale=scale)), f"The scores {said}"
    assert not torch.allclose(output, expected(allowed=torch.ones(5, 5).bool())), (
        "Each position sees all others. The attention should be causal, also without a mask."
    )
    other = x.clone()
    other[:, 4] = torch.randn(2, 12)  # only the last position changes
    assert torch.allclose(attention(other)[:, :4], output[:, :4]), (
        "The last position changes outputs before it. Is the attention causal? If it is: a bare view or reshape into heads mixes up positions. "
        "First (batch, length, n_head, d_head), then transpose(1, 2), and the same way back."
    )
    assert torch.allclose(output, expected()), (
        "PyTorch's own attention with your weights gives something else. First cut c_attn's output into three parts, each n_embd wide; then cut each "
        "part into heads: head h owns columns h * d_head to (h + 1) * d_head. Put the heads together in that order, too. Is c_proj the last step?"
    )
    mask = torch.tensor([[1, 1, 1, 1, 1], [0, 1, 1, 1, 1], [1, 0, 1, 1, 1], [0, 1, 0, 1, 1], [1, 1, 0, 0, 1]]).bool()
    kept = mask.clone()
    try:
        masked = attention(x, mask)
    except RuntimeError as error:
        one = (
            " F.scaled_dot_product_attention takes one mask: combine the causal one with the given one first."
            if "is_causal" in str(error)
            else ""
        )
        raise AssertionError(f"With a mask of shape (5, 5) your code fails: {error}{one}") from None
    assert torch.equal(mask, kept), (
        "You changed the caller's mask. Operations with = or _, such as `mask &= ...`, work in place."
    )
    for allowed, said in (
        (causal_mask(5), "Your attention does not use its mask."),
        (
            mask,
            "With a mask, positions see what comes after them. A position attends where the causal mask *and* the given one allow it.",
        ),
        (mask | causal_mask(5), "You attend where *one* of the two masks allows it. Both should."),
        (
            mask.mT & causal_mask(5),
            "Row i of the mask belongs to query i, and column j to key j. You use them the other way round.",
        ),
    ):
        assert not torch.allclose(masked, expected(allowed=allowed)), said
    assert torch.allclose(masked, expected(allowed=mask & causal_mask(5))), (
        "With a mask, PyTorch's own attention with your weights gives something else. True means *may attend*. Elsewhere the weight is exactly 0, and the "
        "others sum to 1, so the mask belongs before the softmax."
    )
    per_head = torch.stack([mask, causal_mask(5), mask])[None]  # (1, 3, 5, 5)
    right = expected(allowed=(per_head & causal_mask(5)).expand(2, -1, -1, -1).flatten(0, 1))
    assert torch.allclose(attention(x, per_head), right), (
        "With a mask of shape (1, n_head, length, length), which is another one for each head, the result is wrong."
    )
    for given, said in ((None, "later ones"), (mask, "those that the mask hides")):
        hidden = 2 if given is None else 0  # the position of which position 1 sees nothing
        large = 300 * x
        other = large.clone()
        other[:, hidden] = 1000.0
        assert torch.allclose(attention(other, given)[:, 1], attention(large, given)[:, 1]), (
            f"If scores are large, a position still sees {said}. Mask with minus infinity, or with the lowest number of the dtype."
        )
    real = torch.tensor([[False, False, True, True, True], [True, False, True, False, True]])  # (batch=2, length=5)
    padded = attention(x, real[:, None, None])  # a mask of shape (2, 1, 1, 5)
    assert padded.isfinite().all(), (
        "The first two positions of a row are padding and may attend to nothing, and they become NaN or infinite. They may be anything finite."
    )
    changed = x.where(real[..., None], 7.0)
    assert torch.allclose(attention(changed, real[:, None, None])[real], padded[real]), (
        "With a mask of shape (batch, 1, 1, length), outputs of real tokens depend on padding."
    )
    gradients = torch.autograd.grad(padded.sum(), attention.parameters())
    assert all(gradient.isfinite().all() for gradient in gradients), (
        "The outputs are finite where a position may attend to nothing, but gradients are NaN."
    )
    for name in ("attn_pdrop", "resid_pdrop"):
        rates = {"attn_pdrop": 0.0, "resid_pdrop": 0.0} | {name: 0.5}
        dropping = CausalSelfAttention(GPT2Config(n_embd=12, n_head=3, **rates)).double()
        dropping.load_state_dict(attention.state_dict())
        for given, also in ((None, ""), (mask, " when a mask is given")):
            try:
                twice = dropping.train()(x, given), dropping(x, given)
            except RuntimeError as error:
                one = (
                    " Give F.scaled_dot_product_attention one mask, and combine the two before."
                    if "is_causal" in str(error)
                    else ""
                )
                raise AssertionError(f"In training mode{also} your code fails: {error}{one}") from None
            assert not torch.equal(*twice), f"{name} does nothing{also}: two calls in training mode are equal."
            assert torch.allclose(dropping.eval()(x, given), output if given is None else masked), (
                f"In evaluation mode nothing is dropped, but {name} still does something{also}."
            )
        zeros = (dropping.train()(x) == 0).double().mean()
        assert name == "attn_pdrop" or 0.2 < zeros < 0.8, "resid_pdrop drops what c_proj *returns*: half of it here."
        with torch.no_grad():
            dropping.c_proj.weight.copy_(torch.eye(12))
            dropping.c_proj.bias.zero_()
        gone = dropping(x)[:, 0].unflatten(-1, (3, 4)) == 0  # position 0 has one weight in each head
        assert name == "resid_pdrop" or torch.equal(gone.any(dim=-1), gone.all(dim=-1)), (
            "attn_pdrop drops attention weights. You drop single numbers of what the heads return."
        )
    print("CausalSelfAttention: the visible check passes.")

# %% folded=true reader=true
# Stuck? Go on: run this cell, then choose Run → Run Selected Cell and All Below.
# If the check above has not passed, ready-made code is lent to you. It is worth no points.
go_on(globals(), "CausalSelfAttention")

# %% [markdown]
# ## The block
#
# ### Exercise 3 · `GPT2Block` (15 points, 15 minutes, ★★☆)
#
# GPT-2's layers are called blocks.
# A block has two sublayers, each with a norm *before* it, and nothing normalises the residual:
#
# $$x \leftarrow x + \mathrm{attn}\big(\mathrm{ln}_1(x)\big) \qquad\qquad x \leftarrow x + \mathrm{mlp}\big(\mathrm{ln}_2(x)\big) \qquad\qquad \mathrm{mlp}(z) = W_2\,\mathrm{gelu}(W_1 z + b_1) + b_2$$
#
# Trained weights are loaded by name, so the names matter: `ln_1`, `attn`, `ln_2`, and a module `mlp` that contains `c_fc` for $W_1$ and `c_proj` for $W_2$.
#
# <details><summary>Hint 1: mlp</summary>
# Use a small class of your own, or an <code>nn.ModuleDict</code>. A class goes into the same cell as GPT2Block.
# </details>
#
# <details><summary>Hint 2: dropout</summary>
# CausalSelfAttention already drops its own result. The result of <code>mlp.c_proj</code> is not dropped yet.
# </details>


# %% exercise="GPT2Block"
class GPT2Block(nn.Module):
    """One layer of GPT-2: causal self-attention, then a feed-forward network. Nothing attends to an encoder."""

    def __init__(self, config: GPT2Config):
        """Make the parts ln_1 and attn, ln_2 and mlp; mlp has the layers mlp.c_fc and mlp.c_proj.

        config  n_embd; n_inner, the width between the two layers of mlp, or None for 4 * n_embd;
                layer_norm_epsilon, of both norms; resid_pdrop, the rate of dropout of the output of mlp.c_proj; and
                what CausalSelfAttention needs

        The activation between the two layers of mlp is gelu. There is no other parameter.
        """
        super().__init__()
        ### BEGIN SOLUTION
        d_inner = config.n_inner or 4 * config.n_embd
        self.ln_1 = nn.LayerNorm(config.n_embd, eps=config.layer_norm_epsilon)
        self.attn = CausalSelfAttention(config)
        self.ln_2 = nn.LayerNorm(config.n_embd, eps=config.layer_norm_epsilon)
        self.mlp = nn.ModuleDict(
            {"c_fc": nn.Linear(config.n_embd, d_inner), "c_proj": nn.Linear(d_inner, config.n_embd)}
        )
        self.resid_dropout = nn.Dropout(config.resid_pdrop)
        ### END SOLUTION

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Pre-norm: each of the two parts reads normalised values, and its result is added to x.

        x     (batch, length, n_embd); it is not modified
        mask  as in CausalSelfAttention

        Returns (batch, length, n_embd).
        """
        ### BEGIN SOLUTION
        x = x + self.attn(self.ln_1(x), mask)
        hidden = gelu(self.mlp.c_fc(self.ln_2(x)))  # (batch, length, d_inner)
        return x + self.resid_dropout(self.mlp.c_proj(hidden))
        ### END SOLUTION


# %% check="GPT2Block" points=15
with visible_check("GPT2Block"):
    torch.manual_seed(4)
    config = GPT2Config(n_embd=12, n_head=3, n_inner=20, layer_norm_epsilon=0.1, attn_pdrop=0.0, resid_pdrop=0.0)
    block = GPT2Block(config).double()
    found = {name: tuple(parameter.shape) for name, parameter in block.named_parameters() if "attn" not in name}
    wanted = {f"{norm}.{kind}": (12,) for norm in ("ln_1", "ln_2") for kind in ("weight", "bias")}
    wanted |= {
        "mlp.c_fc.weight": (20, 12),
        "mlp.c_fc.bias": (20,),
        "mlp.c_proj.weight": (12, 20),
        "mlp.c_proj.bias": (12,),
    }
    assert found == wanted, (
        f"Beside those of attn, with n_inner=20, the parameters should be {wanted}. Yours are {found}."
    )
    assert isinstance(block.attn, CausalSelfAttention), "attn should be a CausalSelfAttention."
    assert GPT2Block(GPT2Config(n_embd=12, n_head=3)).mlp.c_fc.out_features == 48, (
        "If n_inner is None, the width between the layers of mlp is 4 * n_embd."
    )
    with torch.no_grad():
        for parameter in block.parameters():
            parameter.normal_(std=0.5)
    x = torch.randn(2, 5, 12, dtype=torch.float64)
    before = x.clone()
    output = block(x)
    with torch.no_grad():
        block(x)
    assert isinstance(output, Tensor), f"Return a torch tensor, not {type(output).__name__}. Is there a `return`?"
    assert output.shape == x.shape, f"The shape should stay {tuple(x.shape)}, and it is {tuple(output.shape)}."
    assert torch.equal(x, before), "You changed the caller's x. `x += ...` works in place; write `x = x + ...`."
    silent = GPT2Block(config).double()
    with torch.no_grad():
        for part in (silent.attn.c_proj, silent.mlp.c_proj):
            part.weight.zero_()
            part.bias.zero_()
    assert not torch.allclose(silent(x), torch.zeros_like(x)), (
        "If attn and mlp both return 0, x should come back. Where is the residual connection?"
    )
    assert torch.allclose(silent(x), x), (
        "If attn and mlp both return 0, x should come back unchanged, and yours does not. Is there a norm on the residual, as in post-norm?"
    )
    theirs = torch_gpt2_block(block, num_heads=3, eps=0.1)  # PyTorch's own *encoder* layer, with your weights
    right = theirs(x, src_mask=~causal_mask(5))
    for activation, said in ((F.relu, "ReLU"), (F.gelu, "the exact GELU")):
        theirs.activation = activation
        assert not torch.allclose(output, theirs(x, src_mask=~causal_mask(5))), f"Your mlp uses {said}. Use your gelu."
    wrong_eps = torch_gpt2_block(block, num_heads=3)
    assert not torch.allclose(output, wrong_eps(x, src_mask=~causal_mask(5))), (
        "The norms have PyTorch's usual eps. Both should have config.layer_norm_epsilon."
    )
    assert torch.allclose(output, right), (
        "PyTorch's own layer with your weights gives something else. Does attn read ln_1's output, and mlp ln_2's? Is what attn returns added "
        "*before* ln_2 reads x? Do both norms have layer_norm_epsilon? Is the order c_fc, gelu, c_proj?"
    )
    mask = torch.ones(2, 1, 1, 5).bool()
    mask[0, ..., 1] = False  # in the first row, position 1 is padding
    masked, other = block(x, mask), x.clone()
    assert not torch.allclose(masked[0, 2:], output[0, 2:]), "The mask changes nothing. Hand it on to attn."
    other[0, 1] = 7.0
    assert torch.allclose(block(other, mask)[0, 2:], masked[0, 2:]), (
        "The mask hides a position, and other positions still depend on it. Hand the mask on to attn as it is."
    )
    assert torch.allclose(masked[1], output[1]), (
        "In the second row the mask hides nothing, and the output changes all the same. Each row has a mask of its own."
    )
    silence = {"mlp's": "attn", "attn's": "mlp"}
    for whose, other_part in silence.items():
        dropping = GPT2Block(GPT2Config(n_embd=12, n_head=3, attn_pdrop=0.0, resid_pdrop=0.5)).double()
        with torch.no_grad():
            for parameter in getattr(dropping, other_part).c_proj.parameters():
                parameter.zero_()
        wide = torch.randn(20, 5, 12, dtype=torch.float64)
        dropped = (dropping(wide) - wide == 0).double().mean()
        assert torch.equal(dropping.eval()(wide), dropping(wide)), (
            f"In evaluation mode nothing is dropped; {whose} result still is."
        )
        assert dropped > 0, f"In training mode, half of {whose} result should be dropped here, and nothing is."
        assert dropped < 1, f"{whose} result is dropped as a whole, or it is not added to x."
        assert 0.4 < dropped < 0.6, (
            f"resid_pdrop is 0.5 here, and {100 * dropped:.0f} % of {whose} result is dropped. CausalSelfAttention drops its own already; once is enough."
        )
    print("GPT2Block: the visible check passes.")

# %% folded=true reader=true
# Stuck? Go on: run this cell, then choose Run → Run Selected Cell and All Below.
# If the check above has not passed, ready-made code is lent to you. It is worth no points.
go_on(globals(), "GPT2Block")

# %% [markdown]
# ### A claim: "the decoder is the encoder, except for the mask"
#
# We test it on PyTorch's own layers.
# We remove cross-attention and its norm from a decoder layer, copy the remaining weights into an encoder layer, and give both a causal mask.
#
# **Predict:** how large is the difference of their outputs?


# %% reader=true
class Nothing(nn.Module):
    """Takes the place of cross-attention, and returns zeros."""

    def forward(self, query, *memory, **options):
        return torch.zeros_like(query), None


torch.manual_seed(0)
x, memory, mask = torch.randn(2, 6, 64), torch.randn(2, 4, 64), nn.Transformer.generate_square_subsequent_mask(6)
for norm_first, name in {False: "norms last (2017)", True: "norms first (GPT-2)"}.items():
    options = {"dropout": 0.0, "batch_first": True, "norm_first": norm_first}
    decoder, encoder = (
        kind(64, 4, 256, **options) for kind in (nn.TransformerDecoderLayer, nn.TransformerEncoderLayer)
    )
    decoder.multihead_attn, decoder.norm2 = Nothing(), nn.Identity()
    for here, there in {
        "self_attn": "self_attn",
        "linear1": "linear1",
        "linear2": "linear2",
        "norm1": "norm1",
        "norm3": "norm2",
    }.items():
        getattr(encoder, there).load_state_dict(getattr(decoder, here).state_dict())
    without_cross = decoder(x, memory, tgt_mask=mask)
    same, no_mask = ((without_cross - encoder(x, src_mask=m)).abs().max().item() for m in (mask, None))
    print(f"{name:20} largest difference {same}, and {no_mask:.2f} if the encoder layer has no mask")

width = {"d_model": 768, "num_heads": 12, "d_ff": 3072}
print()
for name, layer in {
    "a decoder layer of 2017": DecoderLayer(**width),
    "an encoder layer": EncoderLayer(**width),
    "GPT-2's block": GPT2Block(GPT2Config()),
}.items():
    print(f"{name:24} {sum(p.numel() for p in layer.parameters()):10,} parameters at width 768")

# %% [markdown]
# The difference is exactly 0, wherever the norms are.
# So the claim is **qualified**: it is right once cross-attention and its norm are gone, but it forgets that a decoder layer of 2017 has them.
# "Encoder-only, with a causal mask" would describe GPT-2's blocks just as accurately as "decoder-only".
#
# ## The model
#
# ### Exercise 4 · `GPT2` (30 points, 35 minutes, ★★★)
#
# $$h_0 = W_{te}[\text{tokens}] + W_{pe}[0, 1, 2, \dots] \qquad h_l = \mathrm{block}_l(h_{l-1}) \qquad \text{logits} = \mathrm{ln}_f(h_n)\, W_{te}^\top$$
#
# (This is equation 2 of Radford et al. 2018, with the last norm of 2019.)
#
# - **Positions are learned**: there is a vector for each of `n_positions` positions. For a longer text, raise a `ValueError`.
# - **The head is tied**: as in notebook 3, logits are products with the token embedding, so there are no weights for a head.
# - **Padding**: `attention_mask` says which tokens are real. No real token attends to padding, and *positions count the real tokens only*:
#
# ```
# tokens           pad    pad    If     the    file
# attention_mask   False  False  True   True   True
# position         any    any    0      1      2
# ```
#
# - **First weights**: all weights are drawn with the standard deviation `initializer_range` = 0.02, except in the layers whose result is added to x, the *residual*.
#   Each of `n_layer` blocks adds to the residual twice, and a sum of $N$ independent terms has $N$ times the variance of one.
#   So the weights of these layers are divided by $\sqrt{2\,n_\text{layer}}$.
#
# The sources disagree about this.
# Section 2.3 of GPT-2's paper (2019) states a factor of $1/\sqrt{N}$, where $N$ is the number of residual layers, but the code that OpenAI published has no such factor, and draws positions with 0.01.
# You follow `transformers`, which takes $N = 2\,n_\text{layer}$ and 0.02.
#
# <details><summary>Hint 1: first weights</summary>
# PyTorch's layers come with values of their own, so set them anew after all parts are made.
# <code>self.named_modules()</code> gives names and modules. The layers that write to the residual are called <code>c_proj</code>.
# </details>
#
# <details><summary>Hint 2: positions and masks</summary>
# Without a mask, positions are <code>torch.arange(length)</code>, on the device of the tokens.
# With one, <code>cumsum</code> along a row counts the real tokens so far, the token itself included.
# Padding may have any position, but it has to be a row of wpe: −1 raises an IndexError.
# The blocks need a mask that broadcasts to (batch, n_head, length, length), and its last dimension belongs to the keys.
# </details>


# %% exercise="GPT2"
class GPT2(nn.Module):
    """The language model of Radford et al. 2019, with the names of transformers' GPT2LMHeadModel."""

    def __init__(self, config: GPT2Config):
        """Make the parts wte, wpe, h and ln_f, and keep the config as config.

        wte   Embedding(vocab_size, n_embd), of tokens
        wpe   Embedding(n_positions, n_embd), of positions
        h     a ModuleList of n_layer blocks
        ln_f  the norm after the last block, with layer_norm_epsilon

        There is no other parameter, and state_dict() has no other name. embd_pdrop is the rate of dropout of the sum
        of both embeddings; nothing else is dropped here.

        The first values are those of transformers: weights of all Linears and Embeddings are normal with mean 0 and
        standard deviation initializer_range, and their biases are 0; norms have weights of 1 and biases of 0. But the
        weights of every attn.c_proj and mlp.c_proj, which write to the residual, have the standard deviation
        initializer_range / sqrt(2 * n_layer).
        """
        super().__init__()
        ### BEGIN SOLUTION
        self.config = config
        self.wte = nn.Embedding(config.vocab_size, config.n_embd)
        self.wpe = nn.Embedding(config.n_positions, config.n_embd)
        self.embd_dropout = nn.Dropout(config.embd_pdrop)
        self.h = nn.ModuleList(GPT2Block(config) for _ in range(config.n_layer))
        self.ln_f = nn.LayerNorm(config.n_embd, eps=config.layer_norm_epsilon)
        self._initialise()

    def _initialise(self) -> None:
        std = self.config.initializer_range
        for name, module in self.named_modules():
            if isinstance(module, nn.Linear | nn.Embedding):
                residual = name.endswith("c_proj")
                nn.init.normal_(module.weight, std=std / math.sqrt(2 * self.config.n_layer) if residual else std)
            if isinstance(module, nn.Linear):
                nn.init.zeros_(module.bias)
        ### END SOLUTION

    def forward(self, tokens: Tensor, attention_mask: Tensor | None = None) -> Tensor:
        """Predict the token after each token.

        tokens          (batch, length) int64, length at most n_positions, padding included: else ValueError
        attention_mask  (batch, length) bool: True for real tokens, False for padding, which may be anywhere in a row;
                        every row has a real token. None: all tokens are real.

        Neither tokens nor attention_mask is modified.

        Returns logits (batch, length, vocab_size): products of ln_f's output with the weights of wte. No real token
        attends to padding, and the position of a real token is the number of real tokens before it. So the logits at
        the real tokens of a row are what they would be without its padding. Logits at padding mean nothing, but they
        are finite.
        """
        ### BEGIN SOLUTION
        length = tokens.shape[1]
        if length > self.config.n_positions:
            raise ValueError(f"{length} tokens are more than the {self.config.n_positions} positions of this model")
        if attention_mask is None:
            positions, mask = torch.arange(length, device=tokens.device), None  # (length,)
        else:
            positions = attention_mask.cumsum(dim=1) - attention_mask.long()  # (batch, length): real tokens before it
            mask = attention_mask[:, None, None]  # (batch, 1, 1, length): the same keys for all heads and queries
        x = self.embd_dropout(self.wte(tokens) + self.wpe(positions))  # (batch, length, n_embd)
        for block in self.h:
            x = block(x, mask)
        return self.ln_f(x) @ self.wte.weight.T  # (batch, length, vocab_size)
        ### END SOLUTION


# %% check="GPT2" points=30
class Echo(nn.Module):
    """Takes the place of a block: it notes what it gets, and returns something else."""

    x, mask = None, None

    def forward(self, x, mask=None):
        self.x, self.mask = x, mask
        return 2 * x + 1


with visible_check("GPT2"):
    torch.manual_seed(5)
    config = GPT2Config(
        vocab_size=17, n_positions=9, n_embd=12, n_layer=3, n_head=3, n_inner=20, layer_norm_epsilon=0.1
    )
    model = GPT2(config).double().eval()
    names = [name for name, _ in model.named_parameters()]
    assert {name.split(".")[0] for name in names} == {"wte", "wpe", "h", "ln_f"}, (
        f"The parameters should be in wte, wpe, h and ln_f, and nowhere else. Yours are in { {name.split('.')[0] for name in names} }. "
        "(PyTorch does not see modules in a Python list: use nn.ModuleList.)"
    )
    assert len(model.h) == 3 and len(set(map(id, model.h))) == 3, (
        "h should have n_layer blocks, here 3, and each of them is an object of its own."
    )
    extra = [name for name in model.state_dict() if name not in names]
    assert not extra, (
        f"state_dict() has more names than there are parameters: {extra}. Use wte.weight itself for the head, and make no layer for it. "
        "A mask in a buffer, here or in a block, needs register_buffer(..., persistent=False)."
    )
    assert getattr(model, "config", None) is config, "Keep the config as self.config."
    assert tuple(model.wte.weight.shape) == (17, 12) and tuple(model.wpe.weight.shape) == (9, 12), (
        f"wte should be (vocab_size, n_embd) = (17, 12), and wpe (n_positions, n_embd) = (9, 12). Yours are {tuple(model.wte.weight.shape)} and "
        f"{tuple(model.wpe.weight.shape)}."
    )
    tokens = torch.tensor([[4, 4, 6, 7, 8], [9, 10, 3, 2, 2]])  # (batch=2, length=5)
    try:
        logits = model(tokens)
    except RuntimeError as error:
        raise AssertionError(
            f"Tokens of shape (batch=2, length=5): {error}. How many positions are there, counted along which dimension?"
        ) from None
    assert isinstance(logits, Tensor), f"Return a torch tensor, not {type(logits).__name__}. Is there a `return`?"
    assert logits.shape == (2, 5, 17), (
        f"There is a logit for each position and token, so the shape is (2, 5, 17). Yours is {tuple(logits.shape)}."
    )
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_()
    model.h = nn.ModuleList([Echo(), Echo(), Echo()])
    logits, first, last = model(tokens), model.h[0], model.h[2]
    assert all(block.x is not None for block in model.h), "Not every block of h is used."
    wte, wpe = model.wte.weight, model.wpe.weight
    assert not torch.allclose(first.x, wte[tokens]), "The positions are missing."
    assert not torch.allclose(first.x, wte[tokens] * 12**0.5 + wpe[:5]), "GPT-2 does not scale its embeddings."
    assert not torch.allclose(first.x, wte[tokens] + wpe[1:6]), "Positions are counted from 0."
    assert torch.allclose(first.x, wte[tokens] + wpe[:5]), (
        "The first block should get the sum of the token's row of wte and the position's row of wpe, and it gets something else."
    )
    assert torch.equal(model.h[1].x, 2 * first.x + 1) and torch.equal(last.x, 2 * model.h[1].x + 1), (
        "Each block should get what the block before it has returned."
    )
    assert not torch.allclose(logits, (2 * last.x + 1) @ wte.T), (
        "ln_f is missing between the last block and the logits."
    )
    usual = F.layer_norm(2 * last.x + 1, (12,), model.ln_f.weight, model.ln_f.bias)
    assert not torch.allclose(logits, usual @ wte.T, atol=1e-9), "ln_f should have config.layer_norm_epsilon."
    assert torch.allclose(logits, model.ln_f(2 * last.x + 1) @ wte.T), (
        "Logits are products of ln_f's output with the rows of wte. There is no bias and no softmax."
    )
    real = torch.tensor([[False, True, True, False, True], [True, True, True, True, False]])
    kept, right = real.clone(), torch.tensor([[0, 0, 1, 0, 2], [0, 1, 2, 3, 0]])  # positions, where tokens are real
    try:
        padded = model(tokens, attention_mask=real)
    except IndexError as error:
        raise AssertionError(
            f"With padding on the left your model raises: {error}. Is the position of padding −1 there? It may be any row of wpe, such as 0."
        ) from None
    assert torch.equal(real, kept), "You changed the caller's attention_mask. Operations with = or _ work in place."
    at_real, columns = first.x.broadcast_to(2, 5, 12)[real], torch.arange(5).expand(2, 5)
    for positions, said in (
        (columns, "Your positions count columns, padding included."),
        ((right + 1), "With a mask, your first real token has position 1. cumsum counts the token itself."),
    ):
        assert not torch.allclose(at_real, (wte[tokens] + wpe[positions])[real]), (
            f"{said} The position of a real token is the number of real tokens before it."
        )
    assert torch.allclose(at_real, (wte[tokens] + wpe[right])[real]), (
        f"With attention_mask {real.long().tolist()}, the positions of the real tokens are {[right[0][real[0]].tolist(), right[1][real[1]].tolist()]} "
        "in the two rows, counted from 0 in each row. Yours are others, or the token's row of wte is not added. Do you count along the row, dim=1?"
    )
    for block in model.h:
        assert block.mask is not None, (
            "With an attention_mask, every block needs a mask as its second argument. One gets none."
        )
        assert block.mask.dtype == torch.bool, f"The mask of a block is bool, and yours is {block.mask.dtype}."
        try:
            allowed = block.mask.broadcast_to(2, 3, 5, 5) & causal_mask(5)
        except RuntimeError:
            raise AssertionError(
                f"The mask of a block has to broadcast to (batch, n_head, length, length), here (2, 3, 5, 5). Yours is {tuple(block.mask.shape)}."
            ) from None
        allowed, wanted = allowed.transpose(1, 2)[real], (real[:, None] & causal_mask(5))[real][:, None]
        assert torch.equal(allowed, wanted.expand_as(allowed)), (
            "The mask of a block lets a real token attend to padding, or hides a real token. True means *may attend*, the last dimension belongs to the "
            "keys, and each row has padding of its own."
        )
    assert padded.isfinite().all(), "Logits at padding may be anything, but finite."
    logits.sum().backward()
    assert wte.grad[[0, 1, 16]].abs().sum(dim=-1).all(), (
        "Tokens that are not read get no gradient from the logits. The head is wte.weight itself, without .detach() or .data."
    )
    try:
        model(torch.zeros(1, 9, dtype=torch.int64))
    except Exception as error:
        raise AssertionError(f"n_positions = 9 tokens should just fit, and yours raises {error!r}.") from None
    for mask in (None, torch.arange(10)[None] > 3):
        try:
            model(torch.zeros(1, 10, dtype=torch.int64), attention_mask=mask)
            raised = None
        except Exception as error:
            raised = error
        assert isinstance(raised, ValueError), (
            f"10 columns with n_positions = 9 should raise ValueError, padding included. Yours: {raised!r}."
        )
    model = GPT2(
        GPT2Config(vocab_size=17, n_positions=9, n_embd=12, n_layer=1, n_head=3, embd_pdrop=0.5, resid_pdrop=0.0)
    )
    model.h = nn.ModuleList([Echo()])
    logits = model(tokens)
    assert torch.allclose(logits, model.ln_f(2 * model.h[0].x + 1) @ model.wte.weight.T, atol=1e-5), (
        "In training mode, something is dropped after the blocks. Only the sum of the embeddings should be."
    )
    dropped = (model.h[0].x == 0).double().mean()
    assert 0.3 < dropped < 0.7, (
        f"In training mode, embd_pdrop is the share of the embeddings' sum that becomes 0. Here it is 0.5, and {dropped:.0%} become 0."
    )
    moved, devices = GPT2(model.config).to("meta"), []  # a device without numbers, as a GPU would be another device
    moved.wpe.register_forward_pre_hook(lambda module, given: devices.append(given[0].device.type))
    moved.h = nn.ModuleList([Echo()])
    try:
        moved(tokens.to("meta"))
    except RuntimeError as error:
        raise AssertionError(
            f"On another device the model fails: {error}. Make the positions where the tokens are."
        ) from None
    assert devices in ([], ["meta"]), (
        "The positions are made on the CPU, whatever device the tokens are on. Use torch.arange(..., device=tokens.device)."
    )

    config = GPT2Config(n_layer=4, vocab_size=400, n_positions=300, n_embd=64, n_head=2, initializer_range=0.05)
    for name, parameter in GPT2(config).named_parameters():
        spread, mean = parameter.std().item(), parameter.mean().item()
        if name.endswith("bias"):
            assert not parameter.any(), f"{name} should begin with zeros."
        elif "ln_" in name:
            assert (parameter == 1).all(), f"{name} should begin with ones."
        elif "c_proj" in name:
            assert not math.isclose(spread, 0.05, rel_tol=0.1), (
                f"{name} writes to the residual, so its standard deviation is initializer_range / sqrt(2 * n_layer). Yours is only initializer_range."
            )
            assert not math.isclose(spread, 0.05 / 2, rel_tol=0.1), (
                f"{name}: each block writes to the residual twice, so with 4 blocks you divide by the root of 8, and not of 4."
            )
            assert math.isclose(spread, 0.05 / 8**0.5, rel_tol=0.1), (
                f"{name} should have the standard deviation 0.05 / sqrt(2 * 4) = {0.05 / 8**0.5:.4f}, and it has {spread:.4f}."
            )
        else:
            assert math.isclose(spread, 0.05, rel_tol=0.1), (
                f"{name} should have the standard deviation initializer_range = 0.05, and it has {spread:.4f}."
            )
        assert abs(mean) < 0.01 or "ln_" in name, f"{name} should have the mean 0."
    print("GPT2: the visible check passes.")

# %% folded=true reader=true
# Stuck? Go on: run this cell, then choose Run → Run Selected Cell and All Below.
# If the check above has not passed, ready-made code is lent to you. It is worth no points.
go_on(globals(), "GPT2")

# %% [markdown]
# ### What does the root do?
#
# The residual grows from block to block.
# Here is a new model of 24 blocks, once as you initialised it, and once without the root.

# %% reader=true
torch.manual_seed(0)
config = GPT2Config(n_layer=24, vocab_size=300, n_positions=64, n_embd=192, n_head=4)


def spreads(model: GPT2) -> list[float]:
    """Return the standard deviation of the residual before the first block, and after each block."""
    x = model.wte(torch.randint(300, (2, 64))) + model.wpe.weight
    found = [x.std().item()]
    for block in model.h:
        x = block(x)
        found.append(x.std().item())
    return found


with torch.no_grad():
    deep = GPT2(config).eval()
    with_root = spreads(deep)
    for name, parameter in deep.named_parameters():
        if "c_proj.weight" in name:
            parameter.mul_(math.sqrt(2 * 24))
    without = spreads(deep)
figure, axis = plt.subplots(figsize=(6.2, 3.4), layout="constrained")
axis.plot(without, color="#d55e00", linestyle="--", label="without the root")
axis.plot(with_root, color="#0072b2", label="with the root")
axis.set(xlabel="blocks so far", ylabel="standard deviation of x", ylim=(0, None), title="the residual of a new model")
axis.legend()
plt.show()
print(
    f"It grows {with_root[-1] / with_root[0]:.1f} times with the root, and {without[-1] / without[0]:.1f} times without."
)

# %% [markdown]
# *Two rising lines over 24 blocks.
# The line without the root rises about ten times as far.*
#
# Each block adds two results to the residual, so 24 blocks make 48 additions, and the root divides the variance of each by 48.
# So all 48 additions with the root add about as much variance as one addition without it.
#
# ### How large is it?
#
# On the `meta` device a tensor has a shape but no numbers, so you can count the parameters of a model that is too large for your computer.

# %% reader=true
SIZES = {"small": (12, 768, 12), "medium": (24, 1024, 16), "large": (36, 1280, 20), "xl": (48, 1600, 25)}


def count(*parts: nn.Module) -> int:
    return sum(p.numel() for part in parts for p in part.parameters())


with torch.device("meta"):
    for name, (n_layer, n_embd, n_head) in SIZES.items():
        model = GPT2(GPT2Config(n_layer=n_layer, n_embd=n_embd, n_head=n_head))
        total = count(model)
        print(
            f"{name:7}{total:14,} parameters: {count(model.h) / total:4.0%} in {n_layer} blocks, "
            f"{count(model.wte) / total:4.0%} for tokens, {count(model.wpe) / total:.1%} for positions"
        )
    small = GPT2(GPT2Config())
    encoder = nn.ModuleList(EncoderLayer(**width) for _ in range(12))
    decoder = nn.ModuleList(DecoderLayer(**width) for _ in range(12))
print(f"\nGPT-2 small's table of tokens has {count(small.wte) / 1e6:.1f} million parameters;", end=" ")
print(f"you predicted {prediction['million parameters, tokens']}.")
print(f"12 + 12 layers of an encoder-decoder have {count(encoder):,} + {count(decoder):,} parameters,")
print(
    f"which is {count(encoder, decoder) / count(small.h):.2f} times as many as GPT-2 small's 12 blocks, {count(small.h):,}."
)

# %% [markdown]
# An encoder-decoder with 12 layers on each side has exactly twice as many layers as GPT-2 small, and 2.33 times as many parameters in them, because its decoder layers also contain cross-attention.

# %% [markdown]
# ## Tokens: inside byte-level BPE
#
# GPT-2 reads neither words nor characters, but the tokens of **byte-level BPE** (byte-pair encoding).
# A text is first split into single bytes, so that any text can be written.
# Then pairs of neighbours are joined, in an order that was learned from a text, frequent pairs first.
# This order is the list of **merges**.
#
# The next cell prints one word after each merge.
# `Ġ` stands for the space before the word.
#
# The list comes from the **checkpoint** of this course, a tiny GPT-2 with its tokenizer.
# It was trained for about twenty minutes on one core, on nothing but Python's documentation: the topics of `help()` and the docstrings of the standard library.
# If you have a network, you can replace `PYTHON_DOCS` by `"gpt2"`, and what is called the checkpoint below is then OpenAI's.
# Then the numbers in the text below are others, and your own GPT-2 trains more slowly, because the vocabulary is larger.

# %% reader=true
CHECKPOINT = PYTHON_DOCS  # or "gpt2", which is downloaded once (550 MB)
tokenizer = AutoTokenizer.from_pretrained(CHECKPOINT)
merges = json.loads(tokenizer.backend_tokenizer.to_str())["model"]["merges"]
rank = {tuple(pair): number for number, pair in enumerate(merges)}


def join_step_by_step(word: str) -> list[str]:
    """Print the word after each merge. Of all pairs of neighbours, the pair that was learned first is joined."""
    parts = list(word)
    print(" ".join(parts))
    while pairs := [pair for pair in zip(parts, parts[1:], strict=False) if pair in rank]:
        first = min(pairs, key=rank.get)
        joined, i = [], 0
        while i < len(parts):
            both = tuple(parts[i : i + 2]) == first
            joined.append("".join(parts[i : i + 2]) if both else parts[i])
            i += 2 if both else 1
        parts = joined
        print(f"{' '.join(parts):40} merge {rank[first]}")
    return parts


SENTENCE = "The statement raises an unbelievable exception."
assert join_step_by_step("Ġexception") == tokenizer.tokenize(" exception")
print()
ids = tokenizer(SENTENCE)["input_ids"]
print(tokenizer.tokenize(SENTENCE))
print(ids)
print(f"{len(SENTENCE)} characters are {len(ids)} tokens, out of a vocabulary of {len(tokenizer):,}.")

# %% [markdown]
# A frequent word is one token, a rare word is several tokens, and no word is unknown.
#
# ## Trained weights
#
# ### Exercise 5 · `load_gpt2_weights` (10 points, 30 minutes, ★★★)
#
# Your model's parameters have the same names as those of GPT-2 in `transformers`, so the trained weights almost fit.
# These are the first weights of the checkpoint:

# %% reader=true
theirs = GPT2LMHeadModel.from_pretrained(CHECKPOINT).eval()
ours = GPT2(theirs.config)
for name, weight in list(theirs.state_dict().items())[:14]:
    here = dict(ours.named_parameters()).get(name.removeprefix("transformer."))
    print(f"{name:36} {tuple(weight.shape)!s:14} yours: {tuple(here.shape) if here is not None else 'no such name'}")
print("...", list(theirs.state_dict())[-1])

# %% [markdown]
# Four things differ:
#
# 1. **A prefix.** `transformers` puts `transformer.` in front of every name except `lm_head.weight`. OpenAI's own file has no prefix.
# 2. **Transposed weights.** OpenAI's linear layers have weights of shape (inputs, outputs), and those of `nn.Linear` have the shape (outputs, inputs). The weight of `attn.c_proj` is **square**: it fits both ways, and no error tells you if you forget it.
# 3. **A head.** If there is an `lm_head.weight`, it is a copy of `wte.weight`. Check this, and then leave it out.
# 4. **Masks.** Old files contain the causal mask of each block, as `attn.bias` and `attn.masked_bias`. (`attn.c_attn.bias` is not a mask.)
#
# A weight that silently keeps its random values is worse than an error.
# So names or shapes that do not fit are an error, and the model is unchanged then: *first check everything, then load*.
#
# <details><summary>Hint: in which order?</summary>
# First make a new dictionary with your names and shapes. Compare its names with those of <code>model.state_dict()</code>,
# then the shapes, then the head. <code>model.load_state_dict(...)</code> comes at the end, and it copies.
# Sets help: <code>a.keys() - b.keys()</code> are the names that only a has.
# </details>


# %% exercise="load_gpt2_weights"
def load_gpt2_weights(model: GPT2, state_dict: dict[str, Tensor]) -> GPT2:
    """Put the weights of transformers' GPT-2 into our model.

    state_dict  its state_dict(), or the contents of its file; it is not modified, and the model gets copies:
                - all names begin with "transformer.", lm_head.weight excepted, or none does; their order does not matter
                - weights of c_attn, c_proj and c_fc have the shape (inputs, outputs), and nn.Linear has the opposite
                - attn.bias and attn.masked_bias of each block are masks, and are skipped
                - lm_head.weight may be there; it must then equal wte.weight in shape and numbers: else ValueError

    Raises KeyError if weights are missing, or unexpected, or both, with all their names in its message (our names,
    without "transformer."); ValueError, with its name, if a weight has another shape than ours. After an error the
    model is unchanged.

    Returns the very model that it was given, which can be trained as before.
    """
    ### BEGIN SOLUTION
    weights = {name.removeprefix("transformer."): weight for name, weight in state_dict.items()}
    weights = {
        name: weight.T if re.search(r"c_(attn|proj|fc)\.weight$", name) else weight
        for name, weight in weights.items()
        if not name.endswith((".attn.bias", ".attn.masked_bias"))
    }
    head = weights.pop("lm_head.weight", None)
    ours = model.state_dict()
    wrong = sorted(ours.keys() ^ weights.keys())
    if wrong:
        raise KeyError(f"missing: {[n for n in wrong if n in ours]}, unexpected: {[n for n in wrong if n in weights]}")
    for name, weight in weights.items():
        if weight.shape != ours[name].shape:
            raise ValueError(f"{name} has the shape {tuple(weight.shape)}, and should have {tuple(ours[name].shape)}")
    if head is not None and not torch.equal(head, weights["wte.weight"]):
        raise ValueError("lm_head.weight differs from wte.weight, and this model has one matrix for both")
    # Copies in the file's order in memory: with that, one row times a matrix is faster on many processors.
    copies = {name: weight.to(ours[name], copy=True) for name, weight in weights.items()}
    model.load_state_dict(copies, assign=True)
    return model
    ### END SOLUTION


# %% check="load_gpt2_weights" points=10
with visible_check("load_gpt2_weights"):
    torch.manual_seed(6)
    config = GPT2Config(
        vocab_size=17, n_positions=9, n_embd=12, n_layer=2, n_head=3, n_inner=20, layer_norm_epsilon=0.1
    )
    original = GPT2LMHeadModel(config).double().eval()
    with torch.no_grad():
        for parameter in original.parameters():
            parameter.normal_(std=0.5)
    state = original.state_dict()
    before = {name: weight.clone() for name, weight in state.items()}
    model = GPT2(config).double().eval()
    try:
        returned = load_gpt2_weights(model, state)
    except NotImplementedError:
        raise
    except Exception as error:
        raise AssertionError(
            f"The state_dict of transformers' own model should load, and yours raises {error!r}. Is the prefix removed, are exactly the four weights of "
            "each block transposed, and what do you do with lm_head.weight? Do you skip attn.c_attn.bias, as if it were a mask?"
        ) from None
    assert returned is model, "Return the model that you were given."
    assert state.keys() == before.keys() and all(torch.equal(state[name], before[name]) for name in before), (
        "You changed the caller's state_dict. Make a new dictionary."
    )
    loaded = model.state_dict()
    assert all(weight.data_ptr() != state[f"transformer.{name}"].data_ptr() for name, weight in loaded.items()), (
        "The model holds the caller's tensors themselves, and training it would change them. Copy them."
    )
    for name, weight in original.transformer.state_dict().items():
        linear = weight.ndim == 2 and name.startswith("h.")
        assert not (linear and torch.equal(loaded[name], weight)), (
            f"{name} was loaded as it is, with shape {tuple(weight.shape)}. It has to be transposed, even where it is square."
        )
        assert torch.equal(loaded[name], weight.T if linear else weight), f"{name} was not loaded, or was changed."
    tokens = torch.randint(17, (2, 7))
    assert torch.allclose(model(tokens), original(tokens).logits), (
        "All weights are loaded, and the logits still differ from those of transformers. Is GPT2 solved?"
    )
    without_prefix = {
        name.removeprefix("transformer."): weight for name, weight in state.items() if "lm_head" not in name
    }
    without_prefix |= {"h.0.attn.bias": torch.ones(1, 1, 9, 9), "h.1.attn.masked_bias": torch.tensor(-1e4)}

    def load_into_a_new_model(changed):
        """Return the error, if there is one, and whether anything in the model has changed."""
        new, raised = GPT2(config).double(), None
        was = {name: weight.clone() for name, weight in new.state_dict().items()}
        try:
            load_gpt2_weights(new, changed)
        except Exception as error:
            raised = error
        return raised, not all(torch.equal(weight, was[name]) for name, weight in new.state_dict().items())

    error, _ = load_into_a_new_model(without_prefix)
    assert error is None, (
        f"Names without a prefix, with masks among them and without lm_head.weight, should load, and yours raises {error!r}."
    )
    error, _ = load_into_a_new_model(without_prefix | {"lm_head.weight": state["lm_head.weight"]})
    assert error is None, f"Names without a prefix, with an lm_head.weight, should load, and yours raises {error!r}."
    missing = {name: weight for name, weight in without_prefix.items() if name not in ("ln_f.bias", "h.1.ln_2.weight")}
    unknown = missing | {"h.1.ln_2.weight": torch.ones(12), "h.7.x": torch.ones(1)}
    head = "lm_head.weight"
    for kind, named, changed, what in (
        (KeyError, ["ln_f.bias", "h.1.ln_2.weight"], missing, "Two weights are missing, and would stay random."),
        (
            KeyError,
            ["h.2.ln_1.bias"],
            state | {"transformer.h.2.ln_1.bias": torch.zeros(12)},
            "A third block is unexpected.",
        ),
        (KeyError, ["ln_f.bias", "h.7.x"], unknown, "One weight is missing and another is unexpected."),
        (
            ValueError,
            ["wpe.weight"],
            without_prefix | {"wpe.weight": torch.zeros(8, 12)},
            "wpe.weight has 8 positions, and the model has 9.",
        ),
        (
            ValueError,
            ["wpe.weight"],
            without_prefix | {"wpe.weight": torch.zeros(1, 12)},
            "wpe.weight has only 1 row, which must not be repeated.",
        ),
        (ValueError, [], state | {head: torch.zeros(17, 12).double()}, "lm_head.weight differs from wte.weight."),
        (
            ValueError,
            [],
            state | {head: torch.zeros(16, 12).double()},
            "lm_head.weight has another shape than wte.weight.",
        ),
    ):
        error, touched = load_into_a_new_model(changed)
        wanted = f"{kind.__name__}{' whose message contains ' + ' and '.join(named) if named else ''}"
        assert isinstance(error, kind), f"{what} This should be a {wanted}. Yours: {error!r}."
        assert all(name in str(error) for name in named), (
            f"{what} The message should contain all of {named}. Yours: {error}."
        )
        assert "transformer." not in str(error), (
            f"{what} The message should have the names of our model, without the prefix. Yours: {error}."
        )
        assert not touched, (
            f"{what} {kind.__name__} is raised, but the model has changed. First check everything, then load."
        )
    print("load_gpt2_weights: the visible check passes.")

# %% folded=true reader=true
# Stuck? Go on: run this cell, then choose Run → Run Selected Cell and All Below.
# If the check above has not passed, ready-made code is lent to you. It is worth no points.
go_on(globals(), "load_gpt2_weights")

# %% [markdown]
# ## Does your model say the same?

# %% reader=true
ours = GPT2(theirs.config)
load_gpt2_weights(ours, theirs.state_dict()).eval()


def favourites(logits: Tensor) -> str:
    """Return the three most probable next tokens, given logits (vocab_size,)."""
    probabilities, ids = logits.softmax(dim=-1).topk(3)
    pairs = zip(probabilities.tolist(), ids.tolist(), strict=True)
    return ",  ".join(f"{tokenizer.decode([token])!r} {probability:.0%}" for probability, token in pairs)


PROMPT = "If the file does not exist, the function raises"
tokens = tokenizer(PROMPT, return_tensors="pt")["input_ids"]  # (1, length)
with torch.no_grad():
    logits, expected = ours(tokens), theirs(tokens).logits  # (1, length, vocab_size) each
difference = (logits - expected).abs().max().item()
print(f"{ours.config.n_layer} blocks, {count(ours):,} parameters")
print(f"largest difference to transformers' GPT2LMHeadModel: {difference:.0e}")
print(f"{PROMPT} ...  {favourites(logits[0, -1])}")

forgotten = GPT2(theirs.config).eval()  # the wrong way: the one square matrix of each block is not transposed
forgotten.load_state_dict(ours.state_dict())
with torch.no_grad():
    for block in forgotten.h:
        block.attn.c_proj.weight.copy_(block.attn.c_proj.weight.T.clone())
    wrong = forgotten(tokens)
print(f"\nwith attn.c_proj not transposed, the largest difference is {(wrong - expected).abs().max():.1f}")
print(f"{PROMPT} ...  {favourites(wrong[0, -1])}")

# %% [markdown]
# Your code with these weights gives the logits of `transformers`, up to rounding.
#
# The wrong way raises no error, and two of its three favourites still look sensible.
# The comparison with the original shows at once that something is wrong.
#
# ## Prompts of different lengths in one batch
#
# We compute the next token of two prompts in one batch, where the shorter prompt needs padding.
# The right prediction is what the model says when it reads this prompt alone.
# We compare four ways to read it in a batch:
#
# 1. padded on the right;
# 2. padded on the left, without a mask;
# 3. with a mask, but with positions that count the columns, as `transformers` does unless you give it `position_ids`;
# 4. with your `attention_mask`.
#
# The prediction is always read in the last column.
#
# **Predict:** which of these ways are wrong, and which is the worst?

# %% reader=true
prompts = ["The function returns a", PROMPT]
rows = [tokenizer(prompt, return_tensors="pt")["input_ids"][0] for prompt in prompts]
longest, PAD = max(map(len, rows)), tokenizer.eos_token_id  # GPT-2 has no padding token, and any token will do
gaps = [longest - len(row) for row in rows]
left = torch.stack([F.pad(row, (gap, 0), value=PAD) for row, gap in zip(rows, gaps, strict=True)])  # (2, longest)
right = torch.stack([F.pad(row, (0, gap), value=PAD) for row, gap in zip(rows, gaps, strict=True)])
real = torch.arange(longest) >= torch.tensor(gaps)[:, None]  # (2, longest)
columns = torch.arange(longest).expand(2, longest)
with torch.no_grad():
    ways = {
        "alone": ours(rows[0][None])[0, -1],
        "1. padding on the right": ours(right)[0, -1],
        "2. padding on the left, no mask": ours(left)[0, -1],
        "3. a mask, but positions count columns": theirs(left, attention_mask=real, position_ids=columns).logits[0, -1],
        "4. attention_mask": ours(left, attention_mask=real)[0, -1],
    }
for name, found in ways.items():
    print(f"{name:40} off by {(found - ways['alone']).abs().max().item():7.1e}   {favourites(found)}")

positions = (real.cumsum(dim=1) - 1).clamp(min=0)
with torch.no_grad():
    same = theirs(left, attention_mask=real, position_ids=positions).logits - ours(left, attention_mask=real)
print(f"\nlargest difference to transformers at real tokens: {same[real].abs().max().item():.0e}")

# %% [markdown]
# Only the last way gives the right prediction, up to rounding.
#
# - **Padding on the right:** the last column is padding, so the model predicts what comes after an end-of-text token, which is how a new text begins. (Read at the *last real token*, this row would be right. But then every row grows at another place.)
# - **No mask:** the real tokens attend to the padding. Their logits are off by 3.6, and the favourite word is another one.
# - **Positions that count columns:** the favourite word is the same, but its probability is 15 % instead of 11 %. Learned positions are absolute, so the same words at other positions are another input.
#
# ## Two claims about GPT-2
#
# Both are often made, and we test them on `transformers`' own model.
#
# **"GPT-2 consists of decoder blocks only, with masked self-attention, and it does not attend to an encoder."**

# %% reader=true
print(theirs.transformer.h[0])
cross = [name for name, _ in theirs.named_modules() if "cross" in name or "encoder" in name]
changed = tokens.clone()
changed[0, -1] = (changed[0, -1] + 1) % len(tokenizer)  # another last token
with torch.no_grad():
    earlier = (theirs(changed).logits - expected)[0, :-1].abs().max().item()
print(f"modules for cross-attention or an encoder in {type(theirs).__name__}: {len(cross)}")
print(f"another last token changes the earlier logits by {earlier}")
with torch.device("meta"):
    plain = GPT2LMHeadModel(GPT2Config()).num_parameters()
    able = GPT2LMHeadModel(GPT2Config(add_cross_attention=True)).num_parameters()
print(f"GPT-2 small has {plain:,} parameters; with cross-attention it would have {able:,}.")

# %% [markdown]
# The claim is **confirmed**.
# `transformers` *can* build a GPT-2 with cross-attention, to be used beside an encoder, but GPT-2's weights have nothing for it.
#
# **"GPT-2's context vector is zero-initialised for the first word."**
# A recurrent network starts like this.
# In GPT-2, position 0 may attend only to itself, with a weight of 1, so its attention should return its own value:
#
# $$x_0 = \mathrm{wte}[\text{token}] + \mathrm{wpe}[0] \qquad\qquad \mathrm{attn}_0 = \underbrace{w_{00}}_{=\,1}\, v_0\, W^O + b^O$$

# %% reader=true
eager = GPT2LMHeadModel.from_pretrained(CHECKPOINT, attn_implementation="eager").eval()  # it can return its weights
noted = []  # (attention, what it reads, what it returns), one for each block
hooks = [
    block.attn.register_forward_hook(lambda attention, given, output: noted.append((attention, given[0], output[0])))
    for block in eager.transformer.h
]
before_block_0 = []
hooks.append(eager.transformer.h[0].register_forward_pre_hook(lambda block, given: before_block_0.append(given[0])))
with torch.no_grad():
    weights = eager(tokens, output_attentions=True).attentions  # a tensor (1, n_head, length, length) for each block
    first = eager.transformer.wte(tokens)[0, 0] + eager.transformer.wpe.weight[0]
    print(f"block 0 reads wte + wpe at position 0, difference {(before_block_0[0][0, 0] - first).abs().max().item()}")
    for number, (attention, x, output) in enumerate(noted):
        value = attention.c_attn(x[:, 0]).chunk(3, dim=-1)[2]  # (1, n_embd)
        rest = (output[0, 0] - attention.c_proj(value)[0]).norm().item()
        itself = weights[number][0, :, 0, 0].unique().tolist()
        print(
            f"block {number}: weight on itself {itself}, length of the attention's output {output[0, 0].norm():5.2f}, "
            f"distance from c_proj(own value) {rest:.0e}"
        )
for hook in hooks:
    hook.remove()  # a hook is a function that PyTorch calls whenever the module is used

# %% [markdown]
# The claim is **refuted**: no context vector is carried from word to word.
# The first position reads its own embedding and position, and its attention returns its own projected value, which is far from zero.
#
# ## The loss of a language model
#
# ### Exercise 6 · `language_model_loss` (10 points, 5 minutes, ★☆☆)
#
# In notebook 3 you had to shift the target to the right, because the decoder's input and its target were two tensors.
# Here they are the *same* tensor, and the logits at position t predict token t + 1.
#
# $$L = -\frac{1}{B\,(T-1)} \sum_{b=1}^{B} \sum_{t=1}^{T-1} \log p\big(x_{b,\,t+1} \mid x_{b,\,1}, \dots, x_{b,\,t}\big)$$
#
# The last position has no target, and the first token is only read.
# **Every other token of the text is a training target.**
#
# <details><summary>Hint</summary>
# Which logits have a target, and which tokens are targets? There are length − 1 of both.
# The rest is as in notebook 3, but there is no padding.
# </details>


# %% exercise="language_model_loss"
def language_model_loss(logits: Tensor, tokens: Tensor) -> Tensor:
    """The mean cross-entropy of each next token: the logits at position t predict token t + 1.

    logits  (batch, length, vocab_size), the model's output for these tokens; they may be large
    tokens  (batch, length) int64, length at least 2; no token is padding, so all of them count

    Both may be views whose numbers are not side by side in memory, and neither is modified.

    Returns a tensor of one number, in the dtype of the logits (float32 or float64) and with a gradient: the mean over
    the batch and its length - 1 predictions.
    """
    ### BEGIN SOLUTION
    predictions, targets = logits[:, :-1], tokens[:, 1:]  # (batch, length - 1, vocab_size), (batch, length - 1)
    return F.cross_entropy(predictions.flatten(0, 1), targets.flatten())
    ### END SOLUTION


# %% check="language_model_loss" points=10
with visible_check("language_model_loss"):
    generator = torch.Generator().manual_seed(7)
    logits = torch.randn(2, 4, 6, generator=generator, requires_grad=True)  # (batch=2, length=4, vocab_size=6)
    tokens = torch.tensor([[3, 4, 5, 2], [1, 0, 0, 5]])
    scores = logits.detach().log_softmax(dim=-1)

    def mean_of(positions, targets):
        return -scores[:, positions].gather(-1, tokens[:, targets][..., None]).mean()

    right = mean_of(slice(None, -1), slice(1, None))
    rolled = -scores.gather(-1, tokens.roll(-1, dims=1)[..., None]).mean()
    flat = -scores.flatten(0, 1)[:-1].gather(-1, tokens.flatten()[1:, None]).mean()
    losses = -scores[:, :-1].gather(-1, tokens[:, 1:, None])[..., 0]  # (2, 3)
    try:
        loss = language_model_loss(logits, tokens)
    except (ValueError, RuntimeError) as error:
        if "view" in str(error):
            raise
        raise AssertionError(
            f"{error} F.cross_entropy takes logits (predictions, vocab_size) and targets (predictions,): flatten batch and length to one dimension."
        ) from None
    assert isinstance(loss, Tensor) and loss.shape == (), (
        f"Return a tensor of one number, with its gradient, and not {loss!r}. Do not call .item(), and take the mean over all predictions."
    )
    assert loss.requires_grad, "The loss has no gradient, so nothing can be learned from it. Did you detach it?"
    assert not torch.isclose(loss, mean_of(slice(None), slice(None))), (
        "Each position predicts the token that it reads. Which token should it predict?"
    )
    assert not torch.isclose(loss, mean_of(slice(1, None), slice(None, -1))), (
        "You shifted in the wrong direction: each position predicts the token *before* it."
    )
    assert not torch.isclose(loss, mean_of(slice(None, -2), slice(2, None))), (
        "You shifted twice. Position t reads token t, so its target is token t + 1."
    )
    assert not torch.isclose(loss, rolled), (
        "The target of your last position is the first token of its row. It should have no target."
    )
    assert not torch.isclose(loss, flat), (
        "The target of the last position of a row is the first token of the next row. Remove it before you flatten."
    )
    assert not torch.isclose(loss, losses[tokens[:, 1:] != 0].mean()), (
        "Token 0 is left out, as if it were padding. Here there is no padding."
    )
    assert not torch.isclose(loss, -right), "The sign is wrong: the loss is minus the logarithm of a probability."
    assert not torch.isclose(loss, 6 * right), "That is the sum. Divide by the number of predictions."
    assert not torch.isclose(loss, 6 / 8 * right), (
        "You divide by batch · length. The last position does not count, so divide by batch · (length − 1)."
    )
    assert not torch.isclose(loss, 3 * right), "You divide by the batch size alone. Divide by batch · (length − 1)."
    assert torch.isclose(loss, right), (
        f"The loss should be {right:.4f}, and it is {loss:.4f}. F.cross_entropy takes logits, before any softmax. Do you cut off the last position along "
        "dimension 1, the length?"
    )
    assert tokens.tolist() == [[3, 4, 5, 2], [1, 0, 0, 5]], "You changed the caller's tokens."
    assert language_model_loss(1000 * logits, tokens).isfinite(), (
        "Large logits give infinity: a probability is rounded to 0, and its logarithm is taken. F.cross_entropy computes both at once."
    )
    assert language_model_loss(logits.double(), tokens).dtype == torch.float64, (
        "For float64 logits the loss should be float64, without rounding on the way."
    )
    loss.backward()
    assert not logits.grad[:, -1].any() and logits.grad[:, :-1].abs().sum(dim=-1).all(), (
        "The last position has no target, so its gradient is 0. Each of the others has a gradient."
    )
    print("language_model_loss: the visible check passes.")

# %% folded=true reader=true
# Stuck? Go on: run this cell, then choose Run → Run Selected Cell and All Below.
# If the check above has not passed, ready-made code is lent to you. It is worth no points.
go_on(globals(), "language_model_loss")

# %% [markdown]
# ## Train your own GPT-2
#
# It has the checkpoint's shape, reads the same texts, and starts from random weights.
# **One text in twenty is held out**, so neither model has learned from it.
# The training takes about a minute.

# %% reader=true
corpus = Corpus(documents(library=not under_grading()), tokenizer, window=256)  # a part is enough under grading
print(
    f"{len(corpus.train):,} tokens for training; {len(corpus.held_out):,} tokens ({corpus.characters:,} characters) held out."
)
torch.manual_seed(1)
no_dropout = {"embd_pdrop": 0.0, "attn_pdrop": 0.0, "resid_pdrop": 0.0}  # so few steps do not overfit
mine = GPT2(GPT2Config(vocab_size=len(tokenizer), n_positions=256, n_embd=144, n_layer=2, n_head=6, **no_dropout))


def next_token_loss(model: GPT2, tokens: Tensor) -> Tensor:
    return language_model_loss(model(tokens), tokens)


with torch.no_grad():
    first = next_token_loss(mine, corpus.draw(torch.Generator().manual_seed(0))).item()
print(f"Before the first step the loss is {first:.3f}; ln({len(tokenizer)}) = {math.log(len(tokenizer)):.3f};", end=" ")
print(f"you predicted {prediction['first loss']}.")
untrained = corpus.bits_per_character(mine.eval())
history = train(
    mine,
    next_token_loss,
    lambda generator: corpus.draw(generator, count=2),
    train_step,
    name="your GPT-2",
    steps=1000,
    learning_rate=2e-3,
    save_as="gpt2.pt",
)
mine = mine.eval()
loss_curves({"your GPT-2": [history]}, logarithmic=False)
plt.show()

# %% [markdown]
# *The loss falls from 7.6, quickly at first, and then slowly.*

# %% reader=true
bits = {
    "your GPT-2, before": untrained,
    "your GPT-2, after": corpus.bits_per_character(mine),
    "the checkpoint": corpus.bits_per_character(ours),
    "its c_proj forgotten": corpus.bits_per_character(forgotten),
}
for name, needed in bits.items():
    print(f"{name:20} {needed:.2f} bits per character")
print(f"you predicted {prediction['bits per character']}")

# %% [markdown]
# **Bits per character** make models with different tokens comparable.
# A token of probability p costs $\log_2(1/p)$ bits; the costs of all tokens are added up, and divided by the number of characters.
#
# Before training, a token costs 11 bits, and it has 3.5 characters on average, so a character costs 3.1 bits.
# One minute of training brings most of the improvement, and twenty minutes bring a further 0.4 bits.
# The matrices that were not transposed raised no error, but they make the checkpoint almost as bad as your model of one minute.
# GPT-2 itself learned from 40 GB of text (Radford et al. 2019, section 2.1), about thirty thousand times as much.
#
# ## What reads the prompt now?
#
# In notebook 3, a new word saw the whole source through cross-attention, and the words before it through self-attention.
# What does it see now?

# %% reader=true
torch.manual_seed(0)
tiny = GPT2(GPT2Config(vocab_size=20, n_positions=9, n_embd=16, n_head=4, n_layer=2)).double().eval()


def blocks(x: Tensor) -> Tensor:
    """Vectors (1, 9, 16) -> the output of the last block (1, 9, 16)."""
    for block in tiny.h:
        x = block(x)
    return x


seen = reach(blocks, torch.randn(9, 16))  # (9, 9)
names = [f"p{i}" for i in range(4)] + [f"t{i}" for i in range(5)]
figure = reach_maps({"GPT-2": seen}, [f"after {name}" for name in names], names)
figure.axes[0].axhline(3.5, color="#d55e00", linewidth=3, label="end of the prompt")
figure.axes[0].axvline(3.5, color="#d55e00", linewidth=3)
figure.legend(loc="outside lower center", frameon=False)
plt.show()

# %% [markdown]
# *A triangle of nine rows and columns.
# Orange lines after the fourth row and column mark the end of the prompt.
# Below the horizontal line, every row is blue over all four columns of the prompt.
# Above it, the rows of the prompt are a small triangle.*
#
# Here p0 to p3 are a prompt, and t0 to t4 are written after it.
# Below the line, every written token sees the *whole* prompt, as it saw the whole source in notebook 3.
# So does the last token of the prompt, in the row above the line, which predicts the first written token.
# But it does not see the same thing: all layers of a decoder read one memory, the output of the last encoder layer, while block l of GPT-2 reads the prompt as it is after l − 1 blocks.
#
# Above the line something is lost: a token of the prompt does not see the tokens after it, as it would in an encoder.
# But the picture does *not* say that a prompt is read word by word.
# All its positions are computed at once, and the mask only says which positions each of them sees.
#
# If a model uses the prompt, a token is easier to predict when more of the text before it is given.
# So we predict the same tokens after 1, 2, 4, ... tokens of context.

# %% reader=true
ends = torch.arange(64, len(corpus.held_out), 400 if under_grading() else 20)  # the tokens to predict, (targets,)
contexts = [2**i for i in range(7)]  # 1 to 64 tokens
figure, axis = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
for name, model, style in (("your GPT-2", mine, "o--"), ("the checkpoint", ours, "s-")):
    losses = []
    for length in contexts:
        with torch.no_grad():
            logits = model(corpus.held_out.unfold(0, length, 1)[ends - length])[:, -1]  # (targets, vocab_size)
        losses.append(F.cross_entropy(logits, corpus.held_out[ends]).item())
    axis.plot(contexts, losses, style, color="#d55e00" if model is mine else "#0072b2", label=name)
    print(f"{name:15} a loss of", ", ".join(f"{loss:.2f}" for loss in losses))
axis.set_xscale("log", base=2)
axis.set_xticks(contexts, contexts)
axis.set(xlabel="tokens of context", ylabel="loss of the next token (nats)", title="held-out text")
axis.legend()
plt.show()
print(f"for {len(ends):,} tokens, after", ", ".join(map(str, contexts)), "tokens of context")

# %% [markdown]
# *Two falling lines.
# The line of your GPT-2 falls up to about eight tokens, and is flat from there on.
# The line of the checkpoint lies below it, and falls faster and for longer.*
#
# So the blocks that produce the next token also read the prompt: without any encoder, the text before is used.
# Your model, trained for one minute, gains almost nothing from more than eight tokens.
# The checkpoint gains clearly up to about 16 tokens, and hardly from more; for so few predictions, a difference of 0.02 is chance.
#
# ## What takes the source's place, in GPT-2's own paper
#
# How can such a model translate, or answer a question about a document?
# Section 2 of [*Language Models are Unsupervised Multitask Learners*](https://cdn.openai.com/better-language-models/language_models_are_unsupervised_multitask_learners.pdf) gives the answer, and refers to McCann et al. 2018:
#
# > "language provides a flexible way to specify tasks, inputs, and outputs all as a sequence of symbols"
#
# Its example is the sequence *(translate to french, english text, french text)*.
# The source has not disappeared: it is a part of the text, between the task and the answer.
#
# And the loss?
# In supervised training, only the answer counts in the loss.
# In a language model, every token counts, and the answer is some of these tokens.
# So, the paper says, the supervised objective is the unsupervised one, "only evaluated on a subset of the sequence".
# A model that is perfect for all tokens is also perfect for the answers; whether training gets there is another question.
#
# This section mentions encoders only as other people's way to tell a model its task.
# Leaving the encoder out is older: GPT did so in 2018 (Radford et al. 2018, section 3.1), after Liu et al. 2018, who wrote Wikipedia articles with a decoder alone.
#
# ### The paper's own doubt
#
# Section 6 says that it is "unclear" whether GPT-2's data and size are "sufficient to overcome the inefficiencies of uni-directional representations demonstrated by BERT".
# In a *uni-directional* model, the mask hides what comes later.
# Do you lose something if you classify a text with it?
#
# We test this on a small task.
# A list has nine items, each of one of eight kinds, and a fixed random table says which kinds are *related*.
# The model has to count how many items are related to the **last** one.
# It answers from its **last state alone**, the output at the last position, as GPT does when it classifies a text (Radford et al. 2018, section 3.2).
#
# The last position sees the whole list in any case.
# But with the causal mask, no other item sees the last one, so none can know whether it counts.
# The model has two layers like GPT-2's blocks, once with the causal mask and once without a mask, from the same first weights.
#
# **Predict:** does the mask make a difference? Would it with only one layer?

# %% reader=true
KINDS, ITEMS = 8, 9
related = torch.rand(KINDS, KINDS, generator=torch.Generator().manual_seed(1)) < 0.5  # (KINDS, KINDS)


COUNTS = ITEMS  # of the 8 items before the last one, 0 to 8 are related to it


class Counting(nn.Module):
    """Items (batch, ITEMS) -> logits for the counts 0 to 8, (batch, COUNTS), from the last state alone."""

    def __init__(self, causal: bool, num_layers: int = 2, d_model: int = 32):
        super().__init__()
        self.mask = causal_mask(ITEMS) if causal else None
        self.items, self.places = nn.Embedding(KINDS, d_model), nn.Embedding(ITEMS, d_model)
        options = {"dropout": 0.0, "activation": gelu, "norm_first": True}
        self.layers = nn.ModuleList(EncoderLayer(d_model, 4, 4 * d_model, **options) for _ in range(num_layers))
        self.head = nn.Sequential(nn.LayerNorm(d_model), nn.Linear(d_model, COUNTS))

    def forward(self, items: Tensor) -> Tensor:
        x = self.items(items) + self.places.weight  # (batch, ITEMS, d_model)
        for layer in self.layers:
            x = layer(x, self.mask)
        return self.head(x[:, -1])


def draw_items(generator: torch.Generator, count: int = 64) -> Tensor:
    return torch.randint(KINDS, (count, ITEMS), generator=generator)


def right_counts(items: Tensor) -> Tensor:
    return related[items[:, :-1], items[:, -1:]].sum(dim=1)  # (batch,)


def counting_loss(model: Counting, items: Tensor) -> Tensor:
    return F.cross_entropy(model(items), right_counts(items))


@torch.no_grad()
def share_right(model: Counting) -> float:
    return (model(unseen).argmax(dim=-1) == right_counts(unseen)).double().mean().item()


unseen, saved = draw_items(torch.Generator().manual_seed(99), 4000), Path("counting")
if not under_grading():
    saved.mkdir(exist_ok=True)
found = []
for causal, way in {True: "causal mask", False: "no mask"}.items():
    for seed in range(1 if under_grading() else 3):
        torch.manual_seed(seed)
        model = Counting(causal)
        history = train(
            model,
            counting_loss,
            draw_items,
            train_step,
            name=f"{way}, seed {seed}",
            steps=900,
            learning_rate=5e-3,
            seed=seed,
            score=share_right,
            score_every=300,
            save_as=saved / f"{way}, seed {seed}.pt",
        )
        scores = ", ".join(f"{share:.1%} after {steps}" for steps, share in history.scores)
        found.append(f"{way:11} seed {seed}: right for {scores} steps")
print("\n".join(found))
always = right_counts(unseen).bincount().max().item() / len(unseen)
print(f"always saying the most common count: right for {always:.1%}")

torch.manual_seed(0)
shallow = Counting(causal=True, num_layers=1)
with torch.no_grad():
    with_mask, shallow.mask = shallow(unseen), None
    difference = (with_mask - shallow(unseen)).abs().max().item()
print(f"one layer, with and without the mask: largest difference {difference:.0e}")

# %% [markdown]
# With one layer the mask makes no difference: the last position reads the same items in both cases.
# With two layers, the model without a mask could do it more easily: in its second layer, the last position reads items that have already looked at it.
# But after 900 steps, both models are right for more than 99 % of the lists, with every seed.
# After 300 steps neither is clearly ahead: without a mask, the seeds differ by far more than the two means do.
#
# So in this small task, the causal mask costs nothing that we can see.
# The last position sees the whole list in any case, and two layers are enough to compare each item with it.
# This does not show that a mask never costs anything: notebook 6 looks for a task in which it does.

# %% [markdown]
# ## Why no encoder? The fourth part of the answer

# %% reader=true
matrix = reached(seen)
shown = {
    "inputs that positions 0 to 4 see": ", ".join(map(str, matrix[:5].sum(dim=1).tolist())),
    "earlier outputs that a new word changes": f"{int(matrix[:4, 4].sum())} of 4",
    "positions computed to write 20 words, if earlier results are kept": 20,
    "share of the words that count in the loss": "all but the first of each text",
    "parameters": f"{count(mine):,} ({mine.config.n_layer} blocks)",
}
comparison_table({"GPT-2": shown})

# %% [markdown]
# This is the answer so far, in four steps:
#
# 1. Attention lets every position see all others, and the mask decides which of them it sees (notebook 1).
# 2. An encoder sees the whole text, so it cannot learn to predict the next word at every position (notebook 2).
# 3. A decoder needs a view of its source, but this does not take a second stack of layers (notebook 3).
# 4. **When a text is continued, the text so far is the source.** The causal mask gives every new token a full view of it, through the same blocks that write. And every token but the first is a training target (this notebook).
#
# What this costs is a view of what comes later inside the prompt, and notebook 6 measures how much that matters.
# First, notebook 5 lets GPT-2 write.

# %% [markdown]
# ## In your own words
#
# ### Question 7 (10 points, 15 minutes, ★★☆)
#
# 1. You want to know what leaving out the encoder changes.
#    A paper compares "GPT-2" with "the transformer of 2017", each trained as its authors did.
#    Why does this not answer your question, and what would a fair comparison look like? (3 points)
# 2. With `attn.c_proj` not transposed, the checkpoint raised no error, and two of its three favourite words looked sensible.
#    Why was there no error?
#    Why may the words still be sensible? (On which way does a token's own vector reach the logits, without any attention?)
#    And which test finds the mistake? (3 points)
# 3. A friend says: "GPT-2 reads the prompt word by word, and an encoder reads it all at once.
#    So the encoder understands it better."
#    What is right in that, and what is wrong? (4 points)
#
# A few sentences for each part are enough.
# A person reads and grades them.

# %% [markdown] answer="differences" points=10
# ### BEGIN SOLUTION
# 1. The two differ in many things: the norms, the activation, the positions, the first weights and the dropout besides the encoder (and in data, size and training).
#    A difference of the results may come from any of them, and each could be used in an encoder-decoder as well.
#    A fair comparison changes only the encoder: the same norms, activation and positions, the same data, equal cost (parameters or computation), a learning rate that suits each of them, and several seeds.
# 2. The matrix is square, so its shape fits.
#    All other weights are right, and the residual carries the token itself and the results of the mlps past the wrong projection; only what attention gathers is mixed up.
#    The mistake is found by comparing logits, or the weight itself, with the original's.
# 3. Right: inside the prompt, a token of GPT-2 sees only the tokens before it, and a token of an encoder also sees those after it; the reach matrix shows it.
#    Wrong: GPT-2 does not read word by word, since all positions of the prompt are computed at once, as in training; and each token that is *written* sees the whole prompt, in every block.
#    Whether the missing view does harm is a question for a measurement.
#
# **Mark scheme.**
# 1: several things differ at once (1), a named one besides the encoder (1), like with like, by two of data, cost, training, seeds (1).
# 2: square (1), the rest is right or the residual goes past it (1), comparing logits or the weight with the original's (1).
# 3: no view of later tokens inside the prompt (1), all positions at once (1.5), what is written sees all of the prompt (1.5).
# ### END SOLUTION
