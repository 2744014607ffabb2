# %% [markdown]
# # 4 · The decoder, alone: GPT-2
#
# Notebook 3 ended with a finding: a decoder layer without cross-attention **is** an encoder layer with a causal mask. Now you take the encoder out, of the whole model. Four changes later what is left is GPT-2: not something like it, but the model itself, into which trained weights of GPT-2 can be loaded, so that it says the same as the original
# to the last digit.
#
# > **Take the encoder out of the transformer. What is left, what had to be changed besides, and what reads the prompt now?**
#
# | | | points | minutes | difficulty |
# |---|---|---|---|---|
# | Exercise 1 | `gelu` | 5 | 5 | ★☆☆ |
# | Exercise 2 | `CausalSelfAttention` | 20 | 25 | ★★☆ |
# | Exercise 3 | `GPT2Block` | 15 | 20 | ★★☆ |
# | Exercise 4 | `GPT2` | 25 | 35 | ★★★ |
# | Exercise 5 | `load_gpt2_weights` | 15 | 25 | ★★★ |
# | Exercise 6 | `language_model_loss` | 10 | 10 | ★☆☆ |
# | Question 7 | a written answer, graded by a person | 10 | 15 | ★★☆ |
#
# The file `parts.py` beside this notebook holds solutions of notebooks 1 to 3. You start from them, so that this notebook does not depend on how far you came there.

# %% locked="setup"
try:
    from coursekit import (
        comparison_table,
        loss_curves,
        reach,
        reach_maps,
        reached,
        stack_pictures,
        train,
        under_grading,
    )
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        f"{error.name} is not installed: in the folder that contains coursekit, run `pip install .` in a terminal, "
        "and then restart the kernel."
    ) from None

import json
import math
import re

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
# Replace the `None`s by numbers before you read on. Nobody grades this.

# %%
prediction = {
    # The smallest GPT-2 has 124 million parameters. How many million of them are its table of tokens, a vector of 768 numbers
    # for each of 50,257 tokens?
    "million parameters, tokens": None,
    # A model that knows nothing finds all of 2,048 tokens equally probable. What is its cross-entropy, in nats?
    "first loss": None,
    # You train your own small GPT-2 for about a minute on Python's documentation. How many bits does it then need for a
    # character of it? (If 96 characters were equally probable, it would be 6.6.)
    "bits per character": None,
}

# %% [markdown]
# ## The same picture, four times changed
#
# Here is notebook 3's decoder, from the bottom up, and what becomes of it. A dashed orange frame says: this goes. Blue says: this is new.

# %%
START = ["tokens", "embedding · √d", "+ sine positions"]
LAYER = ["self-attention", "add, norm", "cross-attention", "add, norm", "ReLU network", "add, norm"]
PRE_NORM = ["norm", "self-attention", "add", "norm", "ReLU network", "add"]
GELU = ["norm", "self-attention", "add", "norm", "GELU network", "add"]
END = ["scores: x · embedding"]
stack_pictures(
    {
        "notebook 3\n(one layer)": START + LAYER + END,
        "1. no encoder,\nnobody to attend to": START + LAYER[:2] + LAYER[4:] + END,
        "2. norms first,\nand one at the end": START + PRE_NORM + ["norm"] + END,
        "3. GELU": START + GELU + ["norm"] + END,
        "4. learned positions:\nGPT-2": ["tokens", "embedding", "+ learned positions"] + GELU + ["norm"] + END,
    }
)
plt.show()

# %% [markdown]
# *Five stacks. From the first to the second, cross-attention and its norm go. Then the norms move before the parts, and one more stands at the end; of "add, norm" the "add" is left. Then ReLU becomes GELU. Then sine positions become learned ones, and embeddings are no longer scaled.*
#
# Only the first change has to do with the encoder. The other three, from Radford et al. 2018 (section 4.1) and 2019 (section 2.3), would do an encoder-decoder good just as well. Keep that in mind when somebody compares "GPT-2" with "the transformer": there are four differences, and one of them is the question of this course.
#
# We go through them in the order in which code needs them.
#
# ## GELU
#
# ### Exercise 1 · `gelu` (5 points, 5 minutes, ★☆☆)
#
# ReLU cuts off at 0. The **Gaussian error linear unit** does it softly: x is multiplied by the probability $\Phi(x)$ that a standard normal number is below x. GPT-2 uses an approximation by a tanh (Hendrycks and Gimpel 2016, section 2), and its weights were trained with that one:
#
# $$\mathrm{GELU}(x) = x\,\Phi(x) \;\approx\; \tfrac{1}{2}\, x \left(1 + \tanh\!\left[\sqrt{2/\pi}\,\left(x + 0.044715\, x^3\right)\right]\right)$$
#
# Write it with `torch.tanh`.


# %% exercise="gelu"
def gelu(x: Tensor) -> Tensor:
    """The Gaussian Error Linear Unit, in the tanh form that GPT-2 uses (Hendrycks and Gimpel 2016, section 2).

    x  any shape; it is not modified

    Returns 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))), in the shape and dtype of x.
    """
    ### BEGIN SOLUTION
    return 0.5 * x * (1.0 + torch.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * x**3)))
    ### END SOLUTION


# %% check="gelu" points=5
x = torch.linspace(-4, 4, 81, dtype=torch.float64)
before = x.clone()
y = gelu(x)
assert isinstance(y, Tensor) and y.shape == x.shape, "Return a tensor in the shape of x."
assert torch.equal(x, before), "You changed the caller's x in place."
assert y.dtype == x.dtype, f"The dtype of x stays: {x.dtype}, not {y.dtype}."
assert not torch.allclose(y, F.gelu(x), atol=1e-6), (
    "This is the exact form, with the error function. GPT-2 was trained with the tanh form; they differ by up to 5e-4."
)
assert y[0].abs() < 1e-3, (
    f"For x = -4 it is almost 0, and yours is {y[0]:.4f}. Is there a 1 + before the tanh, and are 2 / pi both under the root?"
)
assert (y[-1] - 4).abs() < 1e-3, f"For x = 4 it is almost 4, and yours is {y[-1]:.4f}. Is the factor 1/2 there, and x?"
assert torch.allclose(y, F.gelu(x, approximate="tanh"), atol=1e-9), (
    f"It is close to the right curve, but off by up to {(y - F.gelu(x, approximate='tanh')).abs().max():.1e}. "
    "Look at sqrt(2 / pi), at 0.044715 and at the cube."
)
print("gelu: the visible check passes.")

# %%
x = torch.linspace(-4, 4, 401, dtype=torch.float64)
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
left.plot(x, torch.relu(x), color="#000000", linestyle=":", label="ReLU")
left.plot(x, gelu(x), color="#0072b2", label="GELU")
left.set(xlabel="x", ylabel="activation")
left.legend()
right.plot(x, gelu(x) - F.gelu(x), color="#d55e00")
right.set(xlabel="x", ylabel="tanh form − exact form")
plt.show()
print(f"Largest difference of the two forms: {(gelu(x) - F.gelu(x)).abs().max():.1e}")

# %% [markdown]
# *Left, ReLU with its kink at 0, and GELU, which dips a little below 0 and then follows it. Right, the difference between the tanh form and the exact one: waves of less than 0.0005.*
#
# The approximation is good, and still it is not the same function. A model is a pair of code and weights: whoever takes the exact form here gets other logits than GPT-2.
#
# ## Attention in one projection
#
# ### Exercise 2 · `CausalSelfAttention` (20 points, 25 minutes, ★★☆)
#
# Your `MultiHeadAttention` has three layers for queries, keys and values. In cross-attention it needs them apart, since queries come from one place, keys and values from another. In *self*-attention all three read the same x, and then one larger multiplication does:
#
# $$\big[\,Q \;\big|\; K \;\big|\; V\,\big] = x \,\big[\,W^Q \;\big|\; W^K \;\big|\; W^V\,\big] + \big[\,b^Q \;\big|\; b^K \;\big|\; b^V\,\big]$$

# %%
torch.manual_seed(0)
three = MultiHeadAttention(d_model=12, num_heads=3).double()
parts = [three.query_proj, three.key_proj, three.value_proj]
one = nn.Linear(12, 3 * 12).double()
with torch.no_grad():
    one.weight.copy_(torch.cat([part.weight for part in parts]))  # (36, 12): a Linear's weight is (outputs, inputs)
    one.bias.copy_(torch.cat([part.bias for part in parts]))  # (36,)
x = torch.randn(2, 5, 12, dtype=torch.float64)  # (batch, length, d_model)
side_by_side = torch.cat([part(x) for part in parts], dim=-1)  # (2, 5, 36)
print(f"three layers {tuple(side_by_side.shape)}, one layer {tuple(one(x).shape)},", end=" ")
print(f"largest difference {(side_by_side - one(x)).abs().max().item():.0e}")

# %% [markdown]
# GPT-2 calls that layer `c_attn`, and the output projection `c_proj`. Every self-attention could do so, also that of an encoder. Without cross-attention *all* attention can: **there is only one place to look at, so queries, keys and values come out of one layer.**
#
# And from here on you may use PyTorch's own parts for what you have built yourself: `nn.LayerNorm`, and for the attention `F.scaled_dot_product_attention`. It takes (batch, heads, length, d_head), in its masks True means *may attend*, as in yours, and it can make the causal mask itself. It returns the output without the weights, and drops
# weights at the rate `dropout_p`, *whatever mode the model is in*.

# %%
query, key, value = torch.randn(3, 2, 4, 6, 8).unbind()  # (batch=2, heads=4, length=6, d_head=8) each
yours, _ = scaled_dot_product_attention(query, key, value, causal_mask(6))
theirs = F.scaled_dot_product_attention(query, key, value, is_causal=True)
print(f"yours from notebook 1, and PyTorch's: largest difference {(yours - theirs).abs().max().item():.0e}")

# %% [markdown]
# A `GPT2Config` comes from `transformers`. It is only a record of numbers and names:

# %%
print({name: getattr(GPT2Config(), name) for name in ("n_layer", "n_head", "n_embd", "n_positions", "vocab_size")})

# %% [markdown]
# So now: one projection, cut into three, each cut into heads, attended to, put together, projected.
#
# ```
# x (batch, length, n_embd)  →  c_attn  →  (batch, length, 3 · n_embd)  →  three of (batch, n_head, length, d_head)
#                            →  attention  →  (batch, n_head, length, d_head)  →  (batch, length, n_embd)  →  c_proj
# ```
#
# <details><summary>Hint 1: cutting</summary>
# <code>chunk</code> cuts a dimension into equal parts. From (batch, length, n_embd) to heads you came in notebook 1: <code>unflatten</code> or <code>view</code>, then <code>transpose</code>.
# </details>
#
# <details><summary>Hint 2: two dropouts</summary>
# <code>resid_pdrop</code> is a layer at the end, <code>nn.Dropout</code>, which knows its mode. <code>attn_pdrop</code> goes into F.scaled_dot_product_attention, which does not: <code>self.training</code> says which mode it is.
# </details>


# %% exercise="CausalSelfAttention"
class CausalSelfAttention(nn.Module):
    """Multi-head self-attention in which no position sees one after it, as in GPT-2."""

    def __init__(self, config: GPT2Config):
        """Make the layers c_attn, Linear(n_embd, 3 * n_embd), and c_proj, Linear(n_embd, n_embd), both with biases.

        config  n_embd, n_head (which divides n_embd), and two rates of dropout: attn_pdrop, of the weights of the
                attention, and resid_pdrop, of what c_proj returns
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
torch.manual_seed(3)
config = GPT2Config(n_embd=12, n_head=3, attn_pdrop=0.0, resid_pdrop=0.0)
attention = CausalSelfAttention(config).double()
shapes = {name: tuple(parameter.shape) for name, parameter in attention.named_parameters()}
assert shapes == {
    "c_attn.weight": (36, 12),
    "c_attn.bias": (36,),
    "c_proj.weight": (12, 12),
    "c_proj.bias": (12,),
}, f"c_attn is Linear(12, 36) and c_proj Linear(12, 12), and there is nothing else to learn; yours: {shapes}."
with torch.no_grad():
    for parameter in attention.parameters():
        parameter.normal_(std=0.5)
x = torch.randn(2, 5, 12, dtype=torch.float64)  # (batch=2, length=5, n_embd=12)
before = x.clone()
output = attention(x)
with torch.no_grad():
    attention(x)
assert isinstance(output, Tensor) and output.shape == x.shape, (
    f"The shape of x comes back: {tuple(x.shape)}, not {tuple(output.shape) if isinstance(output, Tensor) else output}."
)
assert torch.equal(x, before), "You changed x in place."
other = x.clone()
other[:, 4] = torch.randn(2, 12)  # only the last position changes
assert torch.allclose(attention(other)[:, :4], output[:, :4]), (
    "The last position changes outputs before it. Is the attention causal? If it is: a bare view or reshape into heads mixes up positions. "
    "First (batch, length, n_head, d_head), then transpose(1, 2), and the same way back."
)
theirs = nn.MultiheadAttention(12, 3, batch_first=True).double()  # PyTorch's own has one projection, too


def expected(order: list[int], scale: float = 1.0) -> Tensor:
    """PyTorch's attention, with the thirds of c_attn in this order and scores times scale."""
    weight, bias = (torch.cat([p.chunk(3)[i] for i in order]) for p in (attention.c_attn.weight, attention.c_attn.bias))
    factor = torch.cat([torch.full((12,), scale, dtype=torch.float64), torch.ones(24, dtype=torch.float64)])
    weights = {"in_proj_weight": weight * factor[:, None], "in_proj_bias": bias * factor}
    out = {"out_proj.weight": attention.c_proj.weight, "out_proj.bias": attention.c_proj.bias}
    theirs.load_state_dict(weights | out)
    return theirs(x, x, x, attn_mask=~causal_mask(5), need_weights=False)[0]


for order, said in {(1, 0, 2): "keys, queries, values", (2, 1, 0): "values, keys, queries"}.items():
    assert not torch.allclose(output, expected(order)), (
        f"You read the thirds of c_attn as {said}. In GPT-2 they are queries, keys, values."
    )
assert not torch.allclose(output, expected((0, 1, 2), 2.0)), "The scores are not divided by sqrt(d_head)."
assert not torch.allclose(output, expected((0, 1, 2), 3.0**-0.5)), (
    "The scores are divided by the root of the whole width. Over how many numbers does one head's dot product sum?"
)
assert torch.allclose(output, expected((0, 1, 2))), (
    "PyTorch's own attention with your weights gives something else. First cut c_attn's output into three parts, each n_embd wide; then cut each "
    "part into heads: head h owns columns h * d_head to (h + 1) * d_head. Put the heads together in that order, too. Is c_proj the last step?"
)
for name, rate in (("attn_pdrop", {"attn_pdrop": 0.5}), ("resid_pdrop", {"resid_pdrop": 0.5})):
    dropping = CausalSelfAttention(GPT2Config(n_embd=12, n_head=3, **{"attn_pdrop": 0.0, "resid_pdrop": 0.0} | rate))
    dropping.double().load_state_dict(attention.state_dict())
    assert not torch.equal(dropping(x), dropping(x)), f"{name} does nothing: two calls in training mode are equal."
    if name == "resid_pdrop":
        assert 0.2 < (dropping(x) == 0).double().mean() < 0.8, (
            "resid_pdrop drops what c_proj *returns*: half of it here."
        )
    else:
        assert not (dropping(x) == 0).any(), "attn_pdrop drops weights of the attention, not what comes out at the end."
    dropping.eval()
    assert torch.allclose(dropping(x), output), f"In evaluation mode nothing is dropped; {name} still does something."
print("CausalSelfAttention: the visible check passes.")

# %% [markdown]
# Is it still what you built in notebook 1? Give your `MultiHeadAttention` the thirds of `c_attn`, and a causal mask:

# %%
attention = CausalSelfAttention(GPT2Config(n_embd=12, n_head=3)).double().eval()
with torch.no_grad():
    for part, weight, bias in zip(parts, attention.c_attn.weight.chunk(3), attention.c_attn.bias.chunk(3), strict=True):
        part.weight.copy_(weight)
        part.bias.copy_(bias)
    three.output_proj.load_state_dict(attention.c_proj.state_dict())
    difference = (three(x, x, x, causal_mask(5)) - attention(x)).abs().max().item()
print(f"largest difference {difference:.0e}")

# %% [markdown]
# The same function, down to rounding.
#
# ## The block
#
# ### Exercise 3 · `GPT2Block` (15 points, 20 minutes, ★★☆)
#
# GPT-2 calls a layer a block. Two parts, each with a norm *before* it, and a residual that nothing normalises:
#
# $$x \leftarrow x + \mathrm{attn}\big(\mathrm{ln}_1(x)\big) \qquad\qquad x \leftarrow x + \mathrm{mlp}\big(\mathrm{ln}_2(x)\big) \qquad\qquad \mathrm{mlp}(z) = W_2\,\mathrm{gelu}(W_1 z + b_1) + b_2$$
#
# Names matter, since weights are to be loaded by name: `ln_1`, `attn`, `ln_2`, `mlp.c_fc` for $W_1$, `mlp.c_proj` for $W_2$. So `mlp` is a module that has two layers as its parts.
#
# <details><summary>Hint 1: mlp</summary>
# A small class of its own will do, or an <code>nn.ModuleDict</code>. Put the class into the cell, before or after GPT2Block.
# </details>
#
# <details><summary>Hint 2: dropout</summary>
# CausalSelfAttention drops its own result already. The result of <code>mlp.c_proj</code> nobody drops yet.
# </details>


# %% exercise="GPT2Block"
class GPT2Block(nn.Module):
    """One layer of GPT-2: causal self-attention, then a feed-forward network. Nothing attends to an encoder."""

    def __init__(self, config: GPT2Config):
        """Make the parts ln_1 and attn, ln_2 and mlp; mlp has the layers mlp.c_fc and mlp.c_proj.

        config  n_embd; n_inner, the width between the two layers of mlp, or None for 4 * n_embd;
                layer_norm_epsilon, of both norms; resid_pdrop, the rate of dropout of what mlp.c_proj returns; and
                what CausalSelfAttention needs

        The activation is gelu, in the tanh form.
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
torch.manual_seed(4)
config = GPT2Config(n_embd=12, n_head=3, n_inner=20, layer_norm_epsilon=0.1, attn_pdrop=0.0, resid_pdrop=0.0)
block = GPT2Block(config).double()
shapes = {name: tuple(parameter.shape) for name, parameter in block.named_parameters() if "attn" not in name}
vectors = {f"{norm}.{kind}": (12,) for norm in ("ln_1", "ln_2") for kind in ("weight", "bias")}
mlp = {"mlp.c_fc.weight": (20, 12), "mlp.c_fc.bias": (20,), "mlp.c_proj.weight": (12, 20), "mlp.c_proj.bias": (12,)}
assert shapes == vectors | mlp, (
    f"Beside attn, with n_inner=20, these parameters should be there: {vectors | mlp}. Yours: {shapes}."
)
assert isinstance(block.attn, CausalSelfAttention), "attn is a CausalSelfAttention."
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
assert isinstance(output, Tensor) and output.shape == x.shape, "The shape of x comes back."
assert torch.equal(x, before), "You changed x in place: += does that."
silent = GPT2Block(config).double()
with torch.no_grad():
    for part in (silent.attn.c_proj, silent.mlp.c_proj):
        part.weight.zero_()
        part.bias.zero_()
assert not torch.allclose(silent(x), torch.zeros_like(x)), (
    "If both parts say 0, x should come back. Where is the residual?"
)
assert torch.allclose(silent(x), x), (
    "If both parts say 0, x comes back as it is. Yours does not: is there a norm on the residual, as in post-norm?"
)
theirs = torch_gpt2_block(block, num_heads=3, eps=0.1)  # PyTorch's own *encoder* layer, with your weights
expected = theirs(x, src_mask=~causal_mask(5))
for activation, said in ((F.relu, "ReLU"), (F.gelu, "the exact GELU")):
    theirs.activation = activation
    assert not torch.allclose(output, theirs(x, src_mask=~causal_mask(5))), f"Your mlp uses {said}; take your gelu."
wrong_eps = torch_gpt2_block(block, num_heads=3)
assert not torch.allclose(output, wrong_eps(x, src_mask=~causal_mask(5))), (
    "The norms have PyTorch's usual eps. Both should have config.layer_norm_epsilon."
)
assert torch.allclose(output, expected), (
    "PyTorch's own layer with your weights gives something else. Does attn read ln_1's output, and mlp ln_2's? Is what attn returns added "
    "*before* ln_2 reads x? Do both norms have layer_norm_epsilon? Is the order c_fc, gelu, c_proj?"
)
dropping = GPT2Block(GPT2Config(n_embd=12, n_head=3, attn_pdrop=0.0, resid_pdrop=0.5)).double()
with torch.no_grad():
    dropping.attn.c_proj.weight.zero_()
    dropping.attn.c_proj.bias.zero_()
dropped = (dropping(x) - x == 0).double().mean()
dropping.eval()
assert torch.equal(dropping(x), dropping(x)), "In evaluation mode nothing is dropped; your mlp's result still is."
assert dropped > 0, "While training, half of what mlp.c_proj returns should be dropped here, and nothing is."
assert dropped < 1, "Everything from mlp is dropped."
assert 0.3 < dropped < 0.7, f"resid_pdrop is 0.5 here, and a share of {dropped:.2f} of mlp's result is dropped."
dropping = GPT2Block(GPT2Config(n_embd=12, n_head=3, attn_pdrop=0.0, resid_pdrop=0.5)).double()
with torch.no_grad():
    dropping.mlp.c_proj.weight.zero_()
    dropping.mlp.c_proj.bias.zero_()
dropped = (dropping(x) - x == 0).double().mean()
assert 0.3 < dropped < 0.66, (
    f"resid_pdrop is 0.5 here, and a share of {dropped:.2f} of attn's result is dropped. CausalSelfAttention drops it already; once is enough."
)
print("GPT2Block: the visible check passes.")

# %% [markdown]
# The oracle of this check was `nn.TransformerEncoderLayer`: PyTorch's **encoder** layer, in pre-norm, with a causal mask. Your own encoder layer of notebook 2 does as well:

# %%
twin = EncoderLayer(12, 3, 20, dropout=0.0, activation=gelu, eps=0.1, norm_first=True).double()
block.eval()
with torch.no_grad():
    for part, weight, bias in zip(
        (twin.self_attention.query_proj, twin.self_attention.key_proj, twin.self_attention.value_proj),
        block.attn.c_attn.weight.chunk(3),
        block.attn.c_attn.bias.chunk(3),
        strict=True,
    ):
        part.weight.copy_(weight)
        part.bias.copy_(bias)
    for ours, theirs in (
        (twin.self_attention.output_proj, block.attn.c_proj),
        (twin.feed_forward.linear1, block.mlp.c_fc),
        (twin.feed_forward.linear2, block.mlp.c_proj),
        (twin.norm1, block.ln_1),
        (twin.norm2, block.ln_2),
    ):
        ours.load_state_dict(theirs.state_dict())
    difference = (twin(x, causal_mask(5)) - block(x)).abs().max().item()
print(f"GPT-2's block and notebook 2's EncoderLayer with a causal mask: largest difference {difference:.0e}\n")
count = {
    "notebook 3's decoder layer": DecoderLayer(768, 12, 3072),
    "notebook 2's encoder layer": EncoderLayer(768, 12, 3072),
    "GPT-2's block": GPT2Block(GPT2Config()),
}
for name, layer in count.items():
    print(f"{name:27} {sum(p.numel() for p in layer.parameters()):10,} parameters at width 768")

# %% [markdown]
# So "decoder-only" is a name, and one could as well say "encoder-only with a causal mask". Of the encoder as a *second stack*, nothing is left. Of its *layer*, everything is.
#
# ## The model
#
# ### Exercise 4 · `GPT2` (25 points, 35 minutes, ★★★)
#
# $$h_0 = W_{te}[\text{tokens}] + W_{pe}[0, 1, 2, \dots] \qquad h_l = \mathrm{block}_l(h_{l-1}) \qquad \text{logits} = \mathrm{ln}_f(h_n)\, W_{te}^\top$$
#
# (Radford et al. 2018, equation 2, and the last norm of 2019.) What is new:
#
# - **Positions are learned**, a vector for each of `n_positions` places. So there is an end: a longer text has no vectors, and that is a `ValueError`.
# - **The head is tied**: logits are products with the token embedding, as in notebook 3. It has no weights of its own.
# - **How it begins.** Everything is drawn small, with the standard deviation `initializer_range` = 0.02. And since each of `n_layer` blocks adds two things to the residual, `2 * n_layer` in all, the layers that write to it are divided by the root of that number: a sum of $N$ independent parts, each divided by $\sqrt N$, has the variance of one.
#
# Layers of PyTorch begin with values of their own. So go through the modules once they are made, and set them anew.
#
# <details><summary>Hint 1: which layers write to the residual?</summary>
# Those that are called <code>c_proj</code>, and no others. <code>self.named_modules()</code> gives names with the modules.
# </details>
#
# <details><summary>Hint 2: an Embedding of positions</summary>
# <code>self.wpe(torch.arange(length))</code> has the shape (length, n_embd), and is added to every row of the batch. On a GPU the arange has to be where the tokens are.
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

        There is no other parameter, and state_dict() has no other name. embd_pdrop is the rate of dropout of the sum of both embeddings.

        The first values (Radford et al. 2019, section 2.3, and their code): weights of all Linears and Embeddings are
        normal with mean 0 and standard deviation initializer_range, their biases 0; norms have weights 1, biases 0.
        But the weights of every attn.c_proj and mlp.c_proj, which write to the residual, have the standard deviation
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


# %% check="GPT2" points=25
class Echo(nn.Module):
    """Stands in for a block: notes what it gets, and returns something else."""

    x = None

    def forward(self, x, mask=None):
        self.x = x
        return 2 * x + 1


torch.manual_seed(5)
config = GPT2Config(vocab_size=17, n_positions=9, n_embd=12, n_layer=3, n_head=3, n_inner=20, layer_norm_epsilon=0.1)
model = GPT2(config).double().eval()
names = [name for name, _ in model.named_parameters()]
assert {name.split(".")[0] for name in names} == {"wte", "wpe", "h", "ln_f"}, (
    f"The parameters are in wte, wpe, h and ln_f, and nowhere else; yours are in { {name.split('.')[0] for name in names} }."
)
extra = [name for name in model.state_dict() if name not in names]
assert not extra, (
    f"state_dict() has more names than there are parameters: {extra}. Tied means: use wte.weight itself, and make no layer for the head. "
    "A mask is kept with register_buffer(..., persistent=False), if at all."
)
assert model.config is config, "Keep the config as self.config."
assert tuple(model.wte.weight.shape) == (17, 12) and tuple(model.wpe.weight.shape) == (9, 12), (
    f"wte is (vocab_size, n_embd) = (17, 12), wpe (n_positions, n_embd) = (9, 12); yours {tuple(model.wte.weight.shape)}, {tuple(model.wpe.weight.shape)}."
)
assert len(model.h) == 3 and len(set(map(id, model.h))) == 3, "h has n_layer blocks, here 3, each an object of its own."
tokens = torch.tensor([[4, 4, 6, 7, 8], [9, 10, 3, 2, 2]])  # (batch=2, length=5)
try:
    logits = model(tokens)
except RuntimeError as error:
    raise AssertionError(
        f"Tokens of shape (batch=2, length=5): {error}. How many positions are there, counted along which dimension?"
    ) from None
assert logits.shape == (2, 5, 17), f"A score for each position and token: (2, 5, 17), not {tuple(logits.shape)}."
with torch.no_grad():
    for parameter in model.parameters():
        parameter.normal_()
model.h = nn.ModuleList([Echo(), Echo(), Echo()])
logits, first, last = model(tokens), model.h[0], model.h[2]
assert all(block.x is not None for block in model.h), "Not every block of h is run."
wte, wpe = model.wte.weight, model.wpe.weight
assert not torch.allclose(first.x, wte[tokens]), "The positions are missing."
assert not torch.allclose(first.x, wte[tokens] * 12**0.5 + wpe[:5]), "GPT-2 does not scale its embeddings."
assert not torch.allclose(first.x, wte[tokens] + wpe[1:6]), "Positions are counted from 0."
assert torch.allclose(first.x, wte[tokens] + wpe[:5]), (
    "What the first block gets is no sum of the token's row of wte and the position's row of wpe."
)
assert torch.equal(model.h[1].x, 2 * first.x + 1) and torch.equal(last.x, 2 * model.h[1].x + 1), (
    "Each block gets what the one before it has returned."
)
assert not torch.allclose(logits, (2 * last.x + 1) @ wte.T), "ln_f stands between the last block and the logits."
usual = F.layer_norm(2 * last.x + 1, (12,), model.ln_f.weight, model.ln_f.bias)
assert not torch.allclose(logits, usual @ wte.T, atol=1e-9), "ln_f should have config.layer_norm_epsilon."
assert torch.allclose(logits, model.ln_f(2 * last.x + 1) @ wte.T), (
    "Logits are products of ln_f's output with the rows of wte, and nothing is added: no bias, no softmax."
)
logits.sum().backward()
assert wte.grad[[0, 1, 16]].abs().sum(dim=-1).all(), (
    "Tokens that are not read get no gradient from the logits. The head is wte.weight itself, without .detach() or .data."
)
try:
    model(torch.zeros(1, 9, dtype=torch.int64))
except Exception as error:
    raise AssertionError(f"n_positions = 9 tokens should just fit; yours raises {error!r}.") from None
try:
    model(torch.zeros(1, 10, dtype=torch.int64))
    raised = None
except Exception as error:
    raised = error
assert isinstance(raised, ValueError), f"10 tokens with n_positions = 9 should raise ValueError; yours: {raised!r}."
model = GPT2(GPT2Config(vocab_size=17, n_positions=9, n_embd=12, n_layer=1, n_head=3, embd_pdrop=0.5, resid_pdrop=0.0))
model.h = nn.ModuleList([Echo()])
model(tokens)
assert 0.3 < (model.h[0].x == 0).double().mean() < 0.7, (
    "While training, embd_pdrop is the share of the embeddings' sum that becomes 0, and here it is 0.5."
)
try:
    GPT2(model.config).to("meta")(tokens.to("meta"))
except RuntimeError as error:
    raise AssertionError(f"On another device it fails: {error}. torch.arange has to be where the tokens are.") from None

config = GPT2Config(n_layer=4, vocab_size=400, n_positions=300, n_embd=64, n_head=2, initializer_range=0.05)
model = GPT2(config)
for name, parameter in model.named_parameters():
    spread, mean = parameter.std().item(), parameter.mean().item()
    if name.endswith("bias"):
        assert not parameter.any(), f"{name} should begin with 0s."
    elif "ln_" in name:
        assert (parameter == 1).all(), f"{name} should begin with 1s."
    elif "c_proj" in name:
        assert not math.isclose(spread, 0.05, rel_tol=0.1), (
            f"{name} writes to the residual: its deviation is initializer_range / sqrt(2 * n_layer), and it is only initializer_range here."
        )
        assert not math.isclose(spread, 0.05 / 2, rel_tol=0.1), (
            f"{name}: each block writes to the residual twice, so with 4 blocks it is the root of 8."
        )
        assert math.isclose(spread, 0.05 / 8**0.5, rel_tol=0.1), (
            f"{name} should have the standard deviation 0.05 / sqrt(2 * 4) = {0.05 / 8**0.5:.4f}, and has {spread:.4f}."
        )
    else:
        assert math.isclose(spread, 0.05, rel_tol=0.1), (
            f"{name} should have the standard deviation initializer_range = 0.05, and has {spread:.4f}."
        )
    assert abs(mean) < 0.01 or "ln_" in name, f"{name} should have the mean 0."
print("GPT2: the visible check passes.")

# %% [markdown]
# ### What does the root do?
#
# Each block adds to the residual. The more blocks, the larger it grows, unless what is added gets smaller. Here is a model of 24 blocks at its very beginning, once as you made it, and once without the root.

# %%
torch.manual_seed(0)
config = GPT2Config(n_layer=24, vocab_size=300, n_positions=64, n_embd=192, n_head=4)


def spreads(model: GPT2) -> list[float]:
    """The standard deviation of the residual before the first block, and after each."""
    found, x = [], model.wte(torch.randint(300, (2, 64))) + model.wpe.weight
    for block in [None, *model.h]:
        x = x if block is None else block(x)
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
axis.plot(with_root, color="#0072b2", label="with it")
axis.set(xlabel="blocks so far", ylabel="standard deviation of x", ylim=(0, None))
axis.legend()
plt.show()
print(
    f"It grows {with_root[-1] / with_root[0]:.1f} times with the root, and {without[-1] / without[0]:.1f} times without."
)

# %% [markdown]
# *Two rising lines over 24 blocks. Without the root the residual grows several times as fast.*
#
# With the root, all blocks together add about as much as one block would without it. The deeper the model, the more it matters.
#
# ### How large is it?
#
# On the `meta` device tensors have shapes and no numbers. So one can count a model that would not fit into this computer.

# %%
SIZES = {"small": (12, 768, 12), "medium": (24, 1024, 16), "large": (36, 1280, 20), "xl": (48, 1600, 25)}
for name, (n_layer, n_embd, n_head) in SIZES.items():
    with torch.device("meta"):
        large = GPT2(GPT2Config(n_layer=n_layer, n_embd=n_embd, n_head=n_head))
    total, tokens_, positions, blocks = (
        sum(p.numel() for p in part.parameters()) for part in (large, large.wte, large.wpe, large.h)
    )
    print(
        f"{name:7}{total:14,} parameters: {blocks / total:4.0%} in {n_layer} blocks, {tokens_ / total:4.0%} for tokens, {positions / total:.1%} for positions"
    )
with torch.device("meta"):
    table = GPT2(GPT2Config()).wte.weight.numel()
print(
    f"\nGPT-2 small's table of tokens has {table / 1e6:.1f} million; you predicted {prediction['million parameters, tokens']}."
)

# %% [markdown]
# The table of tokens serves twice, for reading and for writing. An encoder-decoder of 12 + 12 such layers would have more than twice the blocks:

# %%
with torch.device("meta"):
    stacks = [EncoderLayer(768, 12, 3072) for _ in range(12)], [DecoderLayer(768, 12, 3072) for _ in range(12)]
    sizes = [sum(p.numel() for layer in stack for p in layer.parameters()) for stack in stacks]
    alone = sum(p.numel() for p in GPT2(GPT2Config()).h.parameters())
print(
    f"12 encoder layers {sizes[0]:,} + 12 decoder layers {sizes[1]:,} = {sum(sizes) / alone:.2f} times GPT-2's {alone:,}"
)

# %% [markdown]
# ## Tokens: opening the black box
#
# GPT-2 reads no words and no characters, but **byte-level BPE**. It starts from bytes, so that any text can be written, and then joins pairs that are frequent, in a fixed order that was learned: the list of **merges**. Here is one word on its way, character by character; `Ġ` stands for the space before it.
#
# The list comes from the **checkpoint** that is part of this course: a tiny GPT-2 with its tokenizer, trained on Python's documentation. **With a network**, put `"gpt2"` in the place of `PYTHON_DOCS`, and what is called the checkpoint below is OpenAI's. (Your own training takes longer then: its table has 50,257 rows.)

# %%
CHECKPOINT = PYTHON_DOCS  # or "gpt2", which is downloaded once (550 MB)
tokenizer = AutoTokenizer.from_pretrained(CHECKPOINT)
merges = json.loads(tokenizer.backend_tokenizer.to_str())["model"]["merges"]
rank = {tuple(pair): number for number, pair in enumerate(merges)}


def join_step_by_step(word: str) -> list[str]:
    """Print each merge: of all neighbours, the pair that was learned first is joined."""
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
print(f"{len(SENTENCE)} characters are {len(ids)} tokens, of {len(tokenizer):,} that there are.")

# %% [markdown]
# A frequent word is one token, a rare one several, and none is unknown. What a token is depends on the text that the merges were learned from.
#
# ## Weights that somebody else has trained
#
# ### Exercise 5 · `load_gpt2_weights` (15 points, 25 minutes, ★★★)
#
# If your model has the names of transformers' GPT-2, its weights fit into yours. Almost. This is what a file holds:

# %%
theirs = GPT2LMHeadModel.from_pretrained(CHECKPOINT).eval()
ours = GPT2(theirs.config)
for name, weight in list(theirs.state_dict().items())[:14]:
    here = dict(ours.named_parameters()).get(name.removeprefix("transformer."))
    print(f"{name:36} {tuple(weight.shape)!s:14} yours: {tuple(here.shape) if here is not None else 'no such name'}")
print("...", list(theirs.state_dict())[-1])

# %% [markdown]
# What differs:
#
# 1. **A prefix.** `transformers` puts `transformer.` before every name but `lm_head.weight`. OpenAI's own file on the hub has none.
# 2. **Transposed weights.** `transformers` kept a layer called Conv1D from OpenAI's code, whose weight is (inputs, outputs). That of `nn.Linear` is (outputs, inputs). Look at `attn.c_proj`: it is **square**, fits either way, and raises nothing if you forget it.
# 3. **A head.** `lm_head.weight` is `wte.weight` once more, if it is there.
# 4. **Masks.** Old files have the causal mask among the weights, as `attn.bias` and `attn.masked_bias` of each block. (`attn.c_attn.bias` is no mask.)
#
# And a weight that silently stays random would be worse than an error. So whatever is missing, unknown or of another shape is an error that names it, and then nothing of the model has changed: *check first, load then*.
#
# <details><summary>Hint 1: in which order?</summary>
# Make a new dictionary with your names and shapes first. Compare its names with <code>model.state_dict()</code>, then the shapes, then the head. Only at the end <code>model.load_state_dict(...)</code>.
# </details>
#
# <details><summary>Hint 2: which weights are transposed?</summary>
# The four of each block that belong to linear layers: <code>attn.c_attn</code>, <code>attn.c_proj</code>, <code>mlp.c_fc</code>, <code>mlp.c_proj</code>. Not biases, not embeddings. Names of weights end in <code>.weight</code>.
# </details>


# %% exercise="load_gpt2_weights"
def load_gpt2_weights(model: GPT2, state_dict: dict[str, Tensor]) -> GPT2:
    """Put the weights of transformers' GPT-2 into our model.

    state_dict  its state_dict(), or what its file on the hub holds; it is not modified, and the model gets copies:
                - names may all begin with "transformer." or not
                - weights of c_attn, c_proj and c_fc have the shape (inputs, outputs): nn.Linear has it the other way
                - attn.bias and attn.masked_bias of each block are masks and no weights: they are passed over
                - lm_head.weight may be there; it must then equal wte.weight: else ValueError

    Raises KeyError if weights are missing, or have no place in the model, or both, with all their names (ours, so
    without "transformer."); ValueError, with its name, if one has the wrong shape. The model is unchanged then.

    Returns the model.
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


# %% check="load_gpt2_weights" points=15
torch.manual_seed(6)
config = GPT2Config(vocab_size=17, n_positions=9, n_embd=12, n_layer=2, n_head=3, n_inner=20, layer_norm_epsilon=0.1)
original = GPT2LMHeadModel(config).double().eval()
with torch.no_grad():
    for parameter in original.parameters():
        parameter.normal_(std=0.5)
state = original.state_dict()
before = {name: weight.clone() for name, weight in state.items()}
model = GPT2(config).double().eval()
try:
    returned = load_gpt2_weights(model, state)
except Exception as error:
    raise AssertionError(
        f"The state_dict of transformers' own model should load, and yours raises {error!r}. Is the prefix taken off, are just the four weights of each "
        "block transposed, are masks told from c_attn.bias, and what becomes of lm_head.weight?"
    ) from None
assert returned is model, "Return the model that you were given."
assert state.keys() == before.keys() and all(torch.equal(state[name], before[name]) for name in before), (
    "You changed the caller's state_dict: make a new dictionary."
)
loaded = model.state_dict()
assert all(weight.data_ptr() != state[f"transformer.{name}"].data_ptr() for name, weight in loaded.items()), (
    "The model holds the caller's tensors themselves, and training it would change them. Copy."
)
for name, weight in original.transformer.state_dict().items():
    linear = weight.ndim == 2 and name.startswith("h.")
    assert not (linear and torch.equal(loaded[name], weight)), (
        f"{name} is there as it was, {tuple(weight.shape)}; it needs to be transposed. A square one fits either way, and is wrong."
    )
    assert torch.equal(loaded[name], weight.T if linear else weight), f"{name} has not arrived, or has been changed."
tokens = torch.randint(17, (2, 7))
assert torch.allclose(model(tokens), original(tokens).logits), (
    "The weights are there, and the logits differ all the same."
)
without_prefix = {name.removeprefix("transformer."): weight for name, weight in state.items() if "lm_head" not in name}
without_prefix |= {"h.0.attn.bias": torch.ones(1, 1, 9, 9), "h.1.attn.masked_bias": torch.tensor(-1e4)}


def load_into_a_fresh_model(changed: dict[str, Tensor]) -> tuple[Exception | None, bool]:
    """The error, if there is one, and whether anything of the model has changed."""
    fresh = GPT2(config).double()
    was = {name: weight.clone() for name, weight in fresh.state_dict().items()}
    try:
        load_gpt2_weights(fresh, changed)
        error = None
    except Exception as raised:
        error = raised
    return error, not all(torch.equal(weight, was[name]) for name, weight in fresh.state_dict().items())


error, _ = load_into_a_fresh_model(without_prefix)
assert error is None, (
    f"Names without prefix, masks among them and no lm_head.weight: that should load, and raises {error!r}."
)
missing = {name: weight for name, weight in without_prefix.items() if name not in ("ln_f.bias", "h.1.ln_2.weight")}
for kind, names, changed, what in (
    (KeyError, ["ln_f.bias", "h.1.ln_2.weight"], missing, "Two weights are missing: they would stay random."),
    (
        KeyError,
        ["h.2.ln_1.bias"],
        state | {"transformer.h.2.ln_1.bias": torch.zeros(12)},
        "There is a third block, and this model has two.",
    ),
    (
        KeyError,
        ["ln_f.bias", "h.7.x"],
        missing | {"h.1.ln_2.weight": torch.ones(12), "h.7.x": torch.ones(1)},
        "One is missing, another is unknown.",
    ),
    (
        ValueError,
        ["wpe.weight"],
        without_prefix | {"wpe.weight": torch.zeros(8, 12)},
        "wpe.weight has 8 positions in the place of 9.",
    ),
    (
        ValueError,
        ["wpe.weight"],
        without_prefix | {"wpe.weight": torch.zeros(12, 9)},
        "wpe.weight is the wrong way round.",
    ),
    (
        ValueError,
        [],
        state | {"lm_head.weight": torch.zeros(17, 12)},
        "lm_head.weight differs from wte.weight; our model has one matrix for both.",
    ),
):
    error, touched = load_into_a_fresh_model(changed)
    wanted = f"{kind.__name__}{' with ' + ' and '.join(names) if names else ''}"
    assert isinstance(error, kind), f"{what} That is a {wanted}; yours: {error!r}."
    assert all(name in str(error) for name in names), (
        f"{what} The message of the {kind.__name__} should name {names}; yours: {error}."
    )
    assert "transformer." not in str(error), (
        f"{what} Name weights as they are in our model, without the prefix; yours: {error}."
    )
    assert not touched, (
        f"{what} {kind.__name__} is raised, but a part of the model is changed already. Check first, load then."
    )
print("load_gpt2_weights: the visible check passes.")

# %% [markdown]
# ## Does it say the same?

# %%
load_gpt2_weights(ours, theirs.state_dict()).eval()
PROMPT = "If the file does not exist, the function raises"
tokens = tokenizer(PROMPT, return_tensors="pt")["input_ids"]  # (1, length)
with torch.no_grad():
    logits, expected = ours(tokens), theirs(tokens).logits
print(f"{ours.config.n_layer} blocks, {sum(p.numel() for p in ours.parameters()):,} parameters")
print(
    f"logits {tuple(logits.shape)}, largest difference to transformers' GPT2LMHeadModel: {(logits - expected).abs().max().item():.0e}\n"
)
probabilities, ids = logits[0, -1].softmax(dim=-1).topk(5)
print(f"{PROMPT} ...")
for probability, token in zip(probabilities.tolist(), ids.tolist(), strict=True):
    print(f"   {probability:5.1%}  {tokenizer.decode([token])!r}")

# %% [markdown]
# Your code, their weights, the same numbers. (How to let it *write* is notebook 5.)
#
# Now the wrong way: forget to transpose the one square matrix, in every block.

# %%
forgotten = GPT2(theirs.config).eval()
forgotten.load_state_dict(ours.state_dict())
with torch.no_grad():
    for block in forgotten.h:
        block.attn.c_proj.weight.copy_(block.attn.c_proj.weight.T.clone())
    wrong = forgotten(tokens)
print(f"largest difference of the logits: {(wrong - expected).abs().max():.1f}")
for probability, token in zip(*(found.tolist() for found in wrong[0, -1].softmax(dim=-1).topk(5)), strict=True):
    print(f"   {probability:5.1%}  {tokenizer.decode([token])!r}")

# %% [markdown]
# No error, and what it says still looks sensible. Only the comparison with the original shows that it is wrong. How wrong, you will see below.
#
# ### Where the checkpoint comes from
#
# The checkpoint of this course is tiny, and has read nothing but the documentation of Python: the topics of `help()` and the docstrings of the standard library, 1.2 million characters. It was trained with the course's own code, on one core, in some twenty minutes (`make checkpoint`, in its repository). This is how that went:

# %%
record = json.loads((PYTHON_DOCS / "pretraining.json").read_text())
steps, bits = zip(*record["bits per character, held out"], strict=True)
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
left.plot(range(1, record["steps"] + 1), record["losses"], color="#0072b2", linewidth=0.7)
left.set(xlabel="step", ylabel="loss (nats a token)")
right.plot(steps, bits, color="#d55e00", marker="o", markersize=3)
right.set(xlabel="step", ylabel="bits per character, held out")
plt.show()
print(
    f"Seed {record['seed']}, {record['steps']} steps of {record['tokens a step']:,} tokens, {record['text']['tokens learned from']:,} tokens to learn from."
)
print(
    f"It began at {record['losses'][0]:.2f}; ln(2048) = {math.log(2048):.2f}; you predicted {prediction['first loss']}."
)

# %% [markdown]
# *Left, the loss falls from 7.6, first steeply, then slowly. Right, the bits per character of held-out text fall with it, and level off towards the end.*
#
# ## The loss of a language model
#
# ### Exercise 6 · `language_model_loss` (10 points, 10 minutes, ★☆☆)
#
# In notebook 3 somebody had to move the target to the right. Here input and target are the *same* text: what position t reads is what position t − 1 should have said.
#
# $$L = -\frac{1}{B\,(T-1)} \sum_{b=1}^{B} \sum_{t=1}^{T-1} \log p\big(x_{b,\,t+1} \mid x_{b,\,1}, \dots, x_{b,\,t}\big)$$
#
# All positions but the last have a target, and all but the first are one. **Every token of the text is learned from**: none is only read.
#
# <details><summary>Hint</summary>
# Which logits have a target? Which tokens are targets? There are length − 1 of both. Then as in notebook 3, but nothing is padding.
# </details>


# %% exercise="language_model_loss"
def language_model_loss(logits: Tensor, tokens: Tensor) -> Tensor:
    """The mean cross-entropy of each next token: position t predicts token t + 1.

    logits  (batch, length, vocab_size), what the model says to these very tokens
    tokens  (batch, length) int64, length at least 2; both may be parts of larger tensors

    Returns a tensor of one number, in the dtype of the logits and with a gradient: the mean over the batch and its
    length - 1 predictions.
    """
    ### BEGIN SOLUTION
    predictions, targets = logits[:, :-1], tokens[:, 1:]  # (batch, length - 1, vocab_size), (batch, length - 1)
    return F.cross_entropy(predictions.flatten(0, 1), targets.flatten())
    ### END SOLUTION


# %% check="language_model_loss" points=10
generator = torch.Generator().manual_seed(7)
logits = torch.randn(2, 4, 6, generator=generator, requires_grad=True)  # (batch=2, length=4, vocab_size=6)
tokens = torch.tensor([[3, 4, 5, 2], [1, 0, 0, 5]])
scores = logits.detach().log_softmax(dim=-1)


def mean_of(positions: slice, targets: slice) -> Tensor:
    return -scores[:, positions].gather(-1, tokens[:, targets][..., None]).mean()


right = mean_of(slice(None, -1), slice(1, None))
rolled = -scores.gather(-1, tokens.roll(-1, dims=1)[..., None]).mean()
flat = -scores.flatten(0, 1)[:-1].gather(-1, tokens.flatten()[1:, None]).mean()
losses = -scores[:, :-1].gather(-1, tokens[:, 1:, None])[..., 0]  # (2, 3)
loss = language_model_loss(logits, tokens)
assert isinstance(loss, Tensor) and loss.shape == (), "Return a tensor of one number, with its gradient: no .item()."
assert loss.requires_grad, "The loss has no gradient, and nothing can be learned from it. Did you detach it?"
assert not torch.isclose(loss, mean_of(slice(None), slice(None))), (
    "Each position predicts the token that it reads. What should it predict?"
)
assert not torch.isclose(loss, mean_of(slice(1, None), slice(None, -1))), (
    "You have moved the wrong way: each position predicts the token *before* it."
)
assert not torch.isclose(loss, mean_of(slice(None, -2), slice(2, None))), (
    "Moved twice: the token after next. Position t reads token t, so its target is t + 1."
)
assert not torch.isclose(loss, rolled), (
    "The last position is asked for the first token of its row. It has no target at all."
)
assert not torch.isclose(loss, flat), (
    "The last position of a row is asked for the first token of the next row. Cut off, and flatten then."
)
assert not torch.isclose(loss, losses[tokens[:, 1:] != 0].mean()), (
    "Token 0 is left out, as if it were padding. Here no token is."
)
assert not torch.isclose(loss, 6 * right), "That is the sum. Divide by the number of predictions."
assert not torch.isclose(loss, 6 / 8 * right), (
    "You divide by batch · length. The last position has no target, and is not counted: batch · (length − 1)."
)
assert not torch.isclose(loss, 3 * right), "You divide by the batch alone. Divide by batch · (length − 1)."
assert torch.isclose(loss, right), (
    f"It should be {right:.4f}, and it is {loss:.4f}. F.cross_entropy takes logits, before any softmax."
)
assert tokens.tolist() == [[3, 4, 5, 2], [1, 0, 0, 5]], "You changed the caller's tokens."
assert language_model_loss(1000 * logits, tokens).isfinite(), (
    "Large logits give infinity: a softmax has rounded to 0, and its logarithm is taken. F.cross_entropy does both at once."
)
loss.backward()
assert not logits.grad[:, -1].any() and logits.grad[:, :-1].abs().sum(dim=-1).all(), (
    "The last position has no target, so no gradient; each of the others has one."
)
print("language_model_loss: the visible check passes.")

# %% [markdown]
# ## Your own GPT-2, from nothing
#
# The same shape and the same texts as the checkpoint, and random weights. It takes about a minute. **One text in twenty is held out**, the same ones as for the checkpoint: nobody has learned from them.

# %%
corpus = Corpus(documents(library=not under_grading()), tokenizer, window=256)  # a part is enough to be graded
print(
    f"{len(corpus.train):,} tokens to learn from; {len(corpus.held_out):,} held out, which are {corpus.characters:,} characters."
)
torch.manual_seed(1)
no_dropout = {"embd_pdrop": 0.0, "attn_pdrop": 0.0, "resid_pdrop": 0.0}  # so few steps do not overfit
mine = GPT2(GPT2Config(vocab_size=len(tokenizer), n_positions=256, n_embd=144, n_layer=2, n_head=6, **no_dropout))


def next_token_loss(model: GPT2, tokens: Tensor) -> Tensor:
    return language_model_loss(model(tokens), tokens)


with torch.no_grad():
    first = next_token_loss(mine, corpus.draw(torch.Generator().manual_seed(0))).item()
print(f"Before the first step the loss is {first:.3f}; ln({len(tokenizer)}) = {math.log(len(tokenizer)):.3f}.")
untrained = corpus.bits_per_character(mine)
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

# %%
loss_curves({"your GPT-2": [history]}, logarithmic=False)
plt.show()

# %% [markdown]
# *The loss falls from 7.6, quickly at first, slowly later.*

# %%
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
# **Bits per character**: a token that the model finds probable with p costs $\log_2(1/p)$ bits; add them up, and divide by the number of characters. So models with different tokens can be compared. (Before training all tokens cost $\log_2 2048 = 11$ bits, and a token stands for three or four characters.)
#
# A minute brings most of the way, and the rest takes many times as long. The matrix that was not transposed costs a good part of it again. GPT-2 itself learned from 40 GB of text (Radford et al. 2019, section 2.1), some thirty thousand times as much.
#
# ## What reads the prompt now?
#
# In notebook 3 there were two ways to see: to the whole source, through the encoder, and back, through the mask. What is left?

# %%
torch.manual_seed(0)
tiny = GPT2(GPT2Config(vocab_size=20, n_positions=9, n_embd=16, n_head=4, n_layer=2)).double().eval()


def blocks(x: Tensor) -> Tensor:
    """Vectors (1, 9, 16) -> what the last block makes of them (1, 9, 16)."""
    for block in tiny.h:
        x = block(x)
    return x


seen = reach(blocks, torch.randn(9, 16))  # (9, 9)
names = [f"p{i}" for i in range(4)] + [f"t{i}" for i in range(5)]
figure = reach_maps({"GPT-2": seen}, [f"after {name}" for name in names], names)
for line in (figure.axes[0].axvline, figure.axes[0].axhline):
    line(3.5, color="black", linewidth=2)  # prompt | what is written
plt.show()

# %% [markdown]
# *A triangle of nine rows, with a line after the fourth, where the prompt ends. The rows of what is written, below the line, are blue over the whole prompt. The rows of the prompt itself are a triangle.*
#
# (p0 to p3 are a prompt, t0 to t4 what is written after it.) Below the line nothing has changed: each token that is written sees the *whole* prompt, as it saw the whole source. The same blocks read and write. What is lost stands above the line: a prompt's token no longer sees the prompt's tokens after it. In the encoder that block was full. And note what the picture does *not* say: that a prompt is read word by word. All rows are computed at once, in one pass; the mask says what a row sees, and not when.
#
# Is the prompt used, then? If it is, a token must be easier to predict the more of the text before it the model gets to read. The same tokens are predicted each time, after their last 1, 2, 4, ... tokens.

# %%
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
axis.set(xlabel="tokens that it reads", ylabel="loss of the next token (nats)")
axis.legend()
plt.show()
print(f"for {len(ends):,} tokens after", ", ".join(map(str, contexts)), "tokens before them")

# %% [markdown]
# *Two falling lines. Your GPT-2's falls up to some sixteen tokens and is flat from there on. The checkpoint's lies below it, falls faster and for longer.*
#
# The blocks that write also read: with no encoder anywhere, the text before is used. How far back is another question. A model that has learned for a minute gains little from more than a handful of tokens, and the checkpoint much more. To look far back is learned late.

# %% [markdown]
# ## Why no encoder? The fourth piece of the answer
#
# Ask the original. `transformers` *can* build a GPT-2 with cross-attention, for those who put an encoder beside it. GPT-2's own weights have nothing for it:

# %%
cross = [name for name, _ in theirs.named_modules() if "cross" in name]
print(
    f"modules for cross-attention in {type(theirs).__name__}: {len(cross)}; config.add_cross_attention is {theirs.config.add_cross_attention}"
)
with torch.device("meta"):
    plain = GPT2LMHeadModel(GPT2Config()).num_parameters()
    able = GPT2LMHeadModel(GPT2Config(add_cross_attention=True)).num_parameters()
print(f"GPT-2 small {plain:,}; able to listen to an encoder {able:,}, without the encoder itself")

# %%
columns = {
    "GPT-2": {
        "inputs that positions 0 to 4 see": ", ".join(map(str, reached(seen)[:5].sum(dim=1).tolist())),
        "earlier outputs that a new word changes": f"{int(reached(seen)[:4, 4].sum())} of 4",
        "positions computed to write 20 words, if what stays is kept": "notebook 5 counts them",
        "words that the loss looks at": "100 %, but for the first of a window",
        "parameters": f"{sum(p.numel() for p in mine.parameters()):,}",
    }
}
comparison_table(columns)

# %% [markdown]
# The answer so far, in four steps:
#
# 1. Attention gives every position a view of all others. The mask decides of which (notebook 1).
# 2. An encoder sees everything, and therefore cannot learn to predict what comes next (notebook 2).
# 3. A decoder needs a view of its source, and no second stack of layers to have one (notebook 3).
# 4. **When a text is continued, its own beginning is the source.** The causal mask gives every new token a full view of it, through the very blocks that write. And since every token is also a target, all of the text is learned from (this notebook).
#
# What it costs stands in the reach matrix: inside the prompt nobody looks ahead. Whether that is a loss, notebook 6 measures.

# %% [markdown]
# ## In your own words
#
# ### Question 7 (10 points, 15 minutes, ★★☆)
#
# 1. Somebody wants to know what leaving out the encoder does, and has results of "GPT-2 against the transformer of 2017", each trained as in its paper. What speaks against using them? What would a fair comparison look like? (3 points)
# 2. With `attn.c_proj` not transposed, the checkpoint raised no error and said sensible words. Why no error? Why may it still say sensible words? And which test finds it? (3 points)
# 3. A friend says: "GPT-2 reads the prompt word by word, an encoder reads it all at once; so the encoder understands it better." What is right in that, and what is wrong? (4 points)
#
# A few sentences for each are enough. A person reads and grades them.

# %% [markdown] answer="differences" points=10
# ### BEGIN SOLUTION
# 1. The two differ in at least four things: norms, activation and positions besides the encoder (and in data, size and training). A difference of the results may come from any of them; norms first, GELU and learned positions can stand in an encoder-decoder as well. Fair: both with the same norms, activation and positions, the same data, equal cost
#    (parameters or computation), equal care for the rate of learning, several seeds; only the encoder differs.
# 2. The matrix is square, so its shape fits. All other weights are right, and the residual carries the token itself and what the mlps say past the wrong projection; only what attention gathers comes out mixed up. It is found by comparing logits, or the weight itself, with the original's.
# 3. Right: inside the prompt a token of GPT-2 sees only those before it, one of an encoder also those after it; the reach matrix shows it. Wrong: GPT-2 does not need to read word by word, all positions of the prompt are computed at once, as while training; and each token that is *written* sees the whole prompt, in every block. Whether the missing look
#    ahead harms is a question for measurement: what is written can gather from all of the prompt in the later blocks.
#
# **Mark scheme.** 1: several things differ at once (1), a named one besides the encoder (1), like with like, by two of data, cost, training, seeds (1). 2: square (1), the rest is right or the residual goes past it (1), comparing logits or the weight with the original's (1). 3: no look ahead inside the prompt (1), all positions at once (1.5), what is written sees all of the prompt (1.5).
# ### END SOLUTION
