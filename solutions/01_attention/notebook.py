# %% [markdown]
# # 1 · Attention: who may look at whom?
#
# The transformer of 2017 has two halves. An **encoder** reads a sentence. A **decoder** writes the translation, and looks
# at what the encoder has read. One year later came GPT, and it had the decoder half only; so has GPT-2. This course asks
# why that was possible: *why does GPT-2 not require the encoder?*
#
# Both halves are made of the same part, **attention**. So the first question is small, and we can settle it today:
#
# > **What makes an attention layer an encoder's, and what makes it a decoder's? Its weights? Its formula? Something else?**
#
# You will build attention from nothing, in four exercises, and then *measure* the answer.
#
# | | | points | minutes | difficulty |
# |---|---|---|---|---|
# | Exercise 1 | `causal_mask` | 10 | 5 | ★☆☆ |
# | Exercise 2 | `padding_mask` | 15 | 10 | ★☆☆ |
# | Exercise 3 | `scaled_dot_product_attention` | 35 | 35 | ★★★ |
# | Exercise 4 | `MultiHeadAttention` | 30 | 30 | ★★☆ |
# | Question 5 | a written answer, graded by a person | 10 | 15 | ★★☆ |
#
# **How this works.** In an exercise, replace `raise NotImplementedError()` by your code. The cell below it is a visible
# check: run it, and it tells you what is wrong. The points of an exercise come from *hidden* tests, which try other sizes and
# other inputs, so everything that the docstring promises counts. You may add cells wherever you like. Before you hand in:
# *Kernel → Restart Kernel and Run All Cells*.

# %% locked="setup"
try:
    from coursekit import attention_maps, comparison_table, mask_maps, reach, reach_maps, reached
except ModuleNotFoundError:
    raise ModuleNotFoundError(
        "coursekit is not installed: in a terminal, in the folder that contains 01_attention, run  pip install .  "
        "and then restart the kernel."
    ) from None

import math

import matplotlib.pyplot as plt
import torch
from torch import Tensor, nn

# %% [markdown]
# ## Predict first
#
# Six tokens go into one attention layer, and six outputs come out. Each token provides a *query*, a *key* and a *value*; you
# will see in a moment what they are for. Change the token at input $j$: does output $i$ change? There are
# $6 \times 6 = 36$ pairs $(i, j)$. In how many of them *can* the output change?
#
# Replace the three `None`s by numbers before you read on. Nobody grades this, and a wrong guess teaches more than no
# guess. At the end you compare it with a measurement.

# %%
prediction = {
    "no mask": None,  # every position may look at every position
    "causal": None,  # a position may look at itself and at those before it
    "padding": None,  # the last two of the six tokens are padding, and nobody may look at them
}

# %% [markdown]
# ## Attention is a weighted average
#
# Each position $i$ asks a question, its **query** $q_i$. Each position $j$ offers a **key** $k_j$, which says what it is about, and
# a **value** $v_j$, which is what it has to give. All three are computed from the token $x$ that stands at the position,
# with three learned matrices: $q_i = W^Q x_i$, $k_i = W^K x_i$, $v_i = W^V x_i$. So a change of $x_j$ changes $q_j$, $k_j$ and $v_j$.
#
# The output at $i$ is an average of all values. A value counts for more where its key answers the query better:
#
# $$\text{score}_{ij} = q_i \cdot k_j \qquad w_{ij} = \frac{e^{\text{score}_{ij}}}{\sum_{j'} e^{\text{score}_{ij'}}} \qquad \text{output}_i = \sum_j w_{ij}\, v_j$$
#
# The middle step is the **softmax**: it makes each row of scores positive, with sum 1.
#
# Here are three positions, so that you can follow every number. In the comments, `Tq` and `Tk` are the numbers of queries and of
# keys, `d_k` is the width of a query and of a key, and `d_v` the width of a value.

# %%
query = torch.tensor([[2.0, 0.0], [0.0, 2.0], [1.0, 1.0]])  # (Tq=3, d_k=2)
key = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])  # (Tk=3, d_k=2)
value = torch.tensor([[10.0], [20.0], [60.0]])  # (Tk=3, d_v=1)

scores = query @ key.transpose(-2, -1)  # (Tq, Tk)
weights = scores.softmax(dim=-1)  # (Tq, Tk): each row has sum 1
output = weights @ value  # (Tq, d_v)

print("scores\n", scores)
print("weights\n", weights)
print("output\n", output)

# %% [markdown]
# Query 0 fits keys 0 and 2 equally well, and key 1 hardly. So output 0 lies near 35, the middle between 10 and 60, and value 1
# hardly pulls on it.
#
# Nothing here knows an order: position 0 cannot tell that position 2 comes after it. If a position must not look
# somewhere, someone has to say so. That is what a **mask** is for.

# %% [markdown]
# ## Masks
#
# A mask is a tensor of bools, with a row for each query and a column for each key. In this course, everywhere:
#
# > **`True` means: this query may attend to this key.**
#
# PyTorch itself is of two minds. Its function `F.scaled_dot_product_attention` means the same as we do. Its *modules*
# (`nn.MultiheadAttention`, `nn.TransformerEncoder`) mean the opposite: there `True` is *blocked*. Whenever you use somebody's
# mask, look up which it is.
#
# ### Exercise 1 · `causal_mask` (10 points, 5 minutes, ★☆☆)
#
# A language model predicts the next token. While it learns, the next token stands right there in the input, and
# looking at it would be cheating. So query $i$ may look at key $j$ only if $j \le i$:
#
# $$\text{mask}_{ij} = (j \le i)$$
#
# <details><summary>Hint</summary>
# Which triangle of the matrix is that? Does the diagonal belong to it? PyTorch has functions that keep one triangle of a matrix.
# </details>


# %% exercise="causal_mask"
def causal_mask(length: int) -> Tensor:
    """Which positions may each position attend to, when none may look ahead?

    Returns a (length, length) bool tensor. [i, j] is True where query i may attend to key j.
    """
    ### BEGIN SOLUTION
    return torch.ones(length, length, dtype=torch.bool).tril()
    ### END SOLUTION


# %% check="causal_mask" points=10
mask = causal_mask(3)
assert isinstance(mask, Tensor), f"Return a torch tensor, not {type(mask).__name__}. Is there a `return`?"
assert mask.shape == (3, 3), (
    f"One row per query, one column per key: the shape should be (3, 3), and it is {tuple(mask.shape)}."
)
assert mask.dtype == torch.bool, f"A mask is made of bools: True and False, not {mask.dtype}."
assert mask.tolist() != [[False, True, True], [False, False, True], [False, False, False]], (
    "True and False are swapped: in this course True means that a query may look."
)
assert mask[1, 1], "Position 1 may look at itself: the diagonal belongs to the mask."
assert mask[2, 0], "Row 2 is query 2, and key 0 lies in its past: True means that it may look there."
assert not mask[0, 2], "Row 0 is query 0, and key 2 lies in its future: it must not look there."
assert not mask[0, 1], "Query 0 looks one step ahead, at key 1: at just the token that it is to predict."
expected = [[True, False, False], [True, True, False], [True, True, True]]
assert mask.tolist() == expected, f"The rows should be {expected}, and they are {mask.tolist()}."
assert causal_mask(5).shape == (5, 5), "The size of the mask is the length that it is called with."
print("causal_mask: the visible check passes.")

# %% [markdown]
# ### Exercise 2 · `padding_mask` (15 points, 10 minutes, ★☆☆)
#
# Sentences of a batch have different lengths. The short ones are filled up with padding, to a common length. Padding means
# nothing, so **no query may look at a key that is padding**.
#
# A layer usually runs several attentions side by side, called *heads* (exercise 4). For now a head is one more dimension: scores have the
# shape `(batch, num_heads, query_length, key_length)`. A padding mask is different for each sequence of the batch, and the same for all heads and
# all queries. Where a tensor has size 1, PyTorch repeats it; that is called *broadcasting*. So the mask has the shape
# `(batch, 1, 1, max_length)`.
#
# For lengths 2 and 3, filled up to 4:
#
# ```
# sequence 0:  True  True  False False
# sequence 1:  True  True  True  False
# ```
#
# <details><summary>Hint</summary>
# Key j is real if j is smaller than the sequence's length. Compare <code>torch.arange(max_length)</code> with the lengths. Which shapes make
# the comparison broadcast?
# </details>


# %% exercise="padding_mask"
def padding_mask(lengths: Tensor, max_length: int) -> Tensor:
    """Which keys are real tokens, and not padding?

    lengths     (batch,) int64: how many tokens each sequence has, from 0 to max_length; it is not modified
    max_length  the padded length; it may be larger than all of the lengths

    Returns a (batch, 1, 1, max_length) bool tensor. [b, 0, 0, j] is True where key j of sequence b is a token.
    """
    ### BEGIN SOLUTION
    positions = torch.arange(max_length)  # (max_length,)
    real = positions < lengths[:, None]  # (batch, max_length)
    return real[:, None, None, :]  # (batch, 1, 1, max_length)
    ### END SOLUTION


# %% check="padding_mask" points=15
mask = padding_mask(torch.tensor([2, 3]), 4)
assert isinstance(mask, Tensor), f"Return a torch tensor, not {type(mask).__name__}. Is there a `return`?"
assert mask.shape == (2, 1, 1, 4), (
    f"The shape should be (batch, 1, 1, max_length) = (2, 1, 1, 4), and it is {tuple(mask.shape)}."
)
assert mask.dtype == torch.bool, f"A mask is made of bools: True and False, not {mask.dtype}."
assert mask[0, 0, 0, 0], "Key 0 of sequence 0 is a token: True means that it may be looked at."
assert not mask[0, 0, 0, 2], "Sequence 0 has 2 tokens, keys 0 and 1. Key 2 is padding already."
expected = [[True, True, False, False], [True, True, True, False]]
assert mask.reshape(2, 4).tolist() == expected, (
    f"The rows should be {expected}, and they are {mask.reshape(2, 4).tolist()}."
)
lengths = torch.tensor([0, 5, 3])
mask = padding_mask(lengths, 6)
assert mask.shape == (3, 1, 1, 6), (
    f"3 sequences, padded to 6: the shape should be (3, 1, 1, 6), and it is {tuple(mask.shape)}."
)
assert mask.sum(dim=-1).flatten().tolist() == [0, 5, 3], (
    "Each row should have as many True as its sequence has tokens; that may be none."
)
assert lengths.tolist() == [0, 5, 3], "You changed the caller's lengths: an operation with = or _ works in place."
print("padding_mask: the visible check passes.")

# %% [markdown]
# A decoder that reads padded text needs both masks: look at what is not in the future *and* is real. `&` combines them, and
# broadcasting does the rest. These are the two sequences from above, filled up to 4. Blue means `True`.

# %%
both = causal_mask(4) & padding_mask(torch.tensor([2, 3]), 4)  # (4, 4) & (2, 1, 1, 4) -> (2, 1, 4, 4)
print("shape of both:", tuple(both.shape))
mask_maps({"causal": causal_mask(4), "both, sequence 0": both[0, 0], "both, sequence 1": both[1, 0]})
plt.show()

# %% [markdown]
# *Three grids of queries (rows) and keys (columns). The causal mask fills the lower triangle. With padding, the last two
# columns are empty for sequence 0, and the last column for sequence 1.*

# %% [markdown]
# ## The wrong way first
#
# How is a mask used? The obvious way: compute the weights, then set those that are not allowed to zero.


# %%
def masked_after_softmax(query: Tensor, key: Tensor, value: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """The wrong way. Do not copy it."""
    weights = (query @ key.transpose(-2, -1)).softmax(dim=-1)
    weights = weights.masked_fill(~mask, 0.0)
    return weights @ value, weights


generator = torch.Generator().manual_seed(9)
query, key, value = torch.randn(3, 4, 4, generator=generator)  # three tensors (T=4, d=4)
output, weights = masked_after_softmax(query, key, value, causal_mask(4))
print(
    "The weights of each query should have sum 1. They have:",
    [round(total, 2) for total in weights.sum(dim=-1).tolist()],
)

# %% [markdown]
# Only the last row has sum 1. The others are no averages any more: they are too small, by a different factor at each position.
#
# That is ugly. There is something worse. Position 0 may look at nothing but itself. Let us change the key of the *last* token,
# its far future, and look at output 0 again.

# %%
other_key = key.clone()
other_key[3] += 1.0  # only the key of the last token changes
other_output, _ = masked_after_softmax(query, other_key, value, causal_mask(4))
print("output 0 before:", [round(number, 2) for number in output[0].tolist()])
print("output 0 after: ", [round(number, 2) for number in other_output[0].tolist()])

# %% [markdown]
# Output 0 has changed. **The future has leaked into the past**, through the denominator of the softmax: the masked scores
# are still in it. A language model that is trained like this gets a hint of the very token that it has to predict.
#
# So the mask belongs *before* the softmax. Which score makes $e^{\text{score}} = 0$, so that a key counts neither in the
# numerator nor in the denominator? That score goes where the mask is `False`.

# %% [markdown]
# ## Scaled dot-product attention
#
# ### Exercise 3 · `scaled_dot_product_attention` (35 points, 35 minutes, ★★★)
#
# Equation 1 of the paper, [*Attention Is All You Need*](https://arxiv.org/abs/1706.03762), section 3.2.1:
#
# $$\mathrm{Attention}(Q, K, V) = \mathrm{softmax}\!\left(\frac{Q K^{T}}{\sqrt{d_k}}\right) V$$
#
# $d_k$ is the width of a query and of a key: the size of the last dimension of $Q$. Why one divides by its root, you will see in
# an experiment below.
#
# Write it for any number of leading dimensions: `(T, d)`, `(batch, T, d)`, `(batch, num_heads, T, d)`. PyTorch's `@` and
# `transpose(-2, -1)` work on the last two dimensions and leave the others alone. There may be more keys than queries, and values
# may be wider than keys.
#
# Besides the equation, four promises. They are what the difficulty ★★★ stands for:
#
# 1. **Where the mask is `False`, the weight is exactly 0.** The other weights of a query have sum 1.
# 2. **A query that may look at nothing** has weights 0 and output 0, never NaN; nor is there NaN in a gradient. (What is the softmax of
#    a row of $-\infty$?)
# 3. **Half precision does not overflow.** The largest number in `float16` is 65,504. Long queries and keys have products
#    above that *before* they are divided by $\sqrt{d_k}$, though not after. So divide before you multiply.
# 4. **The dtype stays**, of the output and of the weights, and nothing is rounded to a smaller dtype on the way. The arguments are
#    not modified: `query *= 2` would change the caller's tensor.
#
# Do not call `F.scaled_dot_product_attention`: this exercise is about what is inside it.
#
# <details><summary>Hint 1: the order of the steps</summary>
# Scale the query, multiply, mask, softmax, average. Each is one line.
# </details>
#
# <details><summary>Hint 2: a query that may look at nothing</summary>
# A row of −∞ makes the softmax NaN. Repair the weights afterwards: where the mask is False, they are to be 0 anyway. <code>masked_fill</code>
# makes a new tensor; <code>masked_fill_</code> would overwrite what the gradient needs.
# </details>


# %% exercise="scaled_dot_product_attention"
def scaled_dot_product_attention(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Attention of Vaswani et al. 2017, equation 1.

    query  (..., Tq, d_k)
    key    (..., Tk, d_k)
    value  (..., Tk, d_v)
    mask   bool, broadcasts to (..., Tq, Tk); True where a query may attend to a key. None: everywhere.

    Returns output (..., Tq, d_v) and weights (..., Tq, Tk), in the dtype of the arguments.
    """
    ### BEGIN SOLUTION
    query = query * query.shape[-1] ** -0.5
    scores = query @ key.transpose(-2, -1)  # (..., Tq, Tk)
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = scores.softmax(dim=-1)
    if mask is not None:
        weights = weights.masked_fill(~mask, 0.0)  # a row that is masked as a whole is NaN until here
    return weights @ value, weights
    ### END SOLUTION


# %% check="scaled_dot_product_attention" points=35
generator = torch.Generator().manual_seed(1)
query = torch.randn(2, 3, 4, generator=generator)  # (batch=2, Tq=3, d_k=4)
key = torch.randn(2, 5, 4, generator=generator)  # (batch=2, Tk=5, d_k=4)
value = torch.randn(2, 5, 6, generator=generator)  # (batch=2, Tk=5, d_v=6)
mask = torch.tensor([[True, False, True, True, False], [True] * 5, [False] * 5])  # (Tq=3, Tk=5)
arguments = {"query": query, "key": key, "value": value, "mask": mask}
before = {name: tensor.clone() for name, tensor in arguments.items()}
result = scaled_dot_product_attention(query, key, value)
scaled_dot_product_attention(query, key, value, mask)
for name, tensor in arguments.items():
    assert torch.equal(tensor, before[name]), (
        f"You changed the caller's {name}, promise 4. Operations with = or _ work in place: "
        "`query = query / 2` makes a new tensor, `query /= 2` does not."
    )
assert isinstance(result, tuple) and len(result) == 2, "Return two things: the output and the weights."
output, weights = result
assert weights.shape == (2, 3, 5), (
    f"A weight for each query and key: (2, 3, 5), not {tuple(weights.shape)}. Are output and weights in this order?"
)
assert output.shape == (2, 3, 6), f"An output for each query, as wide as a value: (2, 3, 6), not {tuple(output.shape)}."
assert torch.allclose(weights.sum(dim=-1), torch.ones(2, 3)), (
    "The weights of one query, over its keys, should have sum 1. Over which dimension is your softmax?"
)
ratio = (weights[0, 0, 0] / weights[0, 0, 1]).log() / (query[0, 0] @ (key[0, 0] - key[0, 1]))
assert not math.isclose(ratio, 1.0, rel_tol=1e-3), "Your scores are not scaled: where is the root of d_k?"
assert math.isclose(ratio, 0.5, rel_tol=1e-3), "Your scores are scaled, but not by 1/sqrt(d_k). Here d_k is 4."
assert torch.allclose(output, weights @ value, atol=1e-6), (
    "The output is not the average of the values with these weights."
)

output, weights = scaled_dot_product_attention(query, key, value, mask)
assert not weights[:, :2].isnan().any(), (
    "There is NaN in the weights of queries that may look at something. Is it 0 times infinity?"
)
assert weights[:, 0, 1].eq(0).all(), (
    "Query 0 may not look at key 1, but your weight there is not exactly 0. True means: may look."
)
assert torch.allclose(weights[:, 0].sum(dim=-1), torch.ones(2)), (
    "With a mask, the weights that are left should still have sum 1. Mask before the softmax."
)
assert not weights.isnan().any() and not output.isnan().any(), (
    "Query 2 may look at nothing, and its row is NaN. Promise 2 says what it should be."
)
assert weights[:, 2].eq(0).all() and output[:, 2].eq(0).all(), (
    "Query 2 may look at nothing: its weights and its output should be 0."
)
_, weights = scaled_dot_product_attention(
    torch.tensor([[100.0, 0.0]]),
    torch.tensor([[3.0, 0.0], [100.0, 0.0]]),
    torch.ones(2, 1),
    torch.tensor([[True, False]]),
)
assert weights.tolist() == [[1.0, 0.0]], (
    "A masked key with a large score still counts in the denominator: it has to be out before the softmax."
)

doubles = [tensor.double() for tensor in (query, key, value)]
output, weights = scaled_dot_product_attention(*doubles)
doubled = ((doubles[0] @ doubles[1].transpose(-2, -1)) / math.sqrt(4)).softmax(dim=-1)
assert output.dtype == weights.dtype == torch.float64 and torch.allclose(weights, doubled, rtol=1e-12, atol=0), (
    "float64 came in, and something was rounded to float32 on the way: promise 4."
)
needs_gradient = query.clone().requires_grad_()
try:
    scaled_dot_product_attention(needs_gradient, key, value, mask)[0].sum().backward()
except RuntimeError as error:
    raise AssertionError(
        f"No gradient comes back to the query: {str(error)[:90]}... Did you detach, or overwrite a tensor in place?"
    ) from None
assert not needs_gradient.grad.isnan().any(), "The gradient of the query is NaN."

large = torch.full((2, 64), 40.0, dtype=torch.float16)  # 64 * 40 * 40 = 102,400 is too large for float16
output, weights = scaled_dot_product_attention(large, large, torch.ones(2, 1, dtype=torch.float16))
assert output.dtype == weights.dtype == torch.float16, (
    f"float16 came in, {output.dtype} and {weights.dtype} went out: promise 4."
)
assert weights.tolist() == [[0.5, 0.5], [0.5, 0.5]], (
    "In half precision something overflows, promise 3: your scores (scale before you multiply), or an `exp` of your own (use softmax)."
)
try:
    scaled_dot_product_attention(large, large, large, torch.ones(2, 2, dtype=torch.bool).tril())
except RuntimeError as error:
    raise AssertionError(
        f"With a mask, half precision fails: {error}. Which value is low enough in every dtype?"
    ) from None
print("scaled_dot_product_attention: the visible check passes.")

# %% [markdown]
# ### Why the root of $d_k$?
#
# Take queries and keys of random numbers with variance 1. Their dot product is a sum of $d_k$ terms, so its variance is $d_k$
# (the paper says so in a footnote to section 3.2.1). With $d_k = 64$, scores of 8 and −8 are common. What does the softmax make
# of them?
#
# **Predict:** there are 16 keys. Without the scaling, how large is the *largest* of the 16 weights, on average, when $d_k = 256$? Near
# 1/16, near 1/2, or near 1?

# %%
predicted_largest = None

# %%
sizes = [2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]
largest = {"with the root": [], "without": []}  # mean of the largest weight of a query, a number for each size
moved = {"with the root": [], "without": []}  # by how much the weights move when one score moves a little
generator = torch.Generator().manual_seed(0)
for d_k in sizes:
    query, key = torch.randn(2, 100, 16, d_k, generator=generator)  # each (100, 16, d_k)
    for label, undo in {"with the root": 1.0, "without": math.sqrt(d_k)}.items():
        _, weights = scaled_dot_product_attention(query * undo, key, key)  # (100, 16, 16)
        largest[label].append(weights.amax(dim=-1).mean().item())
        moved[label].append((weights * (1 - weights)).mean().item())  # the softmax's derivative

figure, axis = plt.subplots(figsize=(6, 3.4), layout="constrained")
for (label, numbers), colour, marker in zip(largest.items(), ["#0072b2", "#d55e00"], ["o", "s"], strict=True):
    axis.plot(sizes, numbers, color=colour, marker=marker, label=label)
axis.axhline(1 / 16, color="grey", linestyle=":", label="all 16 keys alike")
axis.set(xscale="log", xlabel="$d_k$", ylabel="largest of 16 weights, mean", ylim=(0, 1))
axis.set_xticks(sizes, sizes)
axis.minorticks_off()
axis.legend()
plt.show()
at_256 = sizes.index(256)
print(
    f"d_k = 256, largest weight: {largest['with the root'][at_256]:.2f} with the root, {largest['without'][at_256]:.2f} without; you predicted {predicted_largest}."
)
print(
    f"Derivative of a weight in its own score: {moved['with the root'][at_256]:.4f} with the root, {moved['without'][at_256]:.4f} without."
)

# %% [markdown]
# *Two curves over $d_k$ from 2 to 1024. With the root the largest weight stays about the same. Without it, the largest
# weight climbs towards 1.*
#
# Without the root, a wide query looks almost only at one key, and at first at a random one. There the softmax is *saturated*: a small change
# of a score hardly changes the weights (the second line of numbers), so hardly any gradient comes back, and it is slow to learn to look
# elsewhere. The root keeps the scores at the same size, whatever $d_k$ is.

# %% [markdown]
# ## What attention looks like
#
# Attention can find *the same word again*. Here each word has a direction of its own, and query and key are that direction,
# long enough to make the choice clear. Who looks at whom? In the third picture the last three words count as padding.

# %%
words = ["a", "rose", "is", "a", "rose", "is", "a", "rose"]
vocabulary = sorted(set(words))
x = 4.0 * torch.eye(len(vocabulary))[[vocabulary.index(word) for word in words]]  # (8, 3)
masks = {
    "no mask": None,
    "causal": causal_mask(8),
    "padding": padding_mask(torch.tensor([5]), 8)[0, 0],
}  # (8, 8), (1, 8)
maps = {title: scaled_dot_product_attention(x, x, x, mask)[1] for title, mask in masks.items()}  # each (8, 8)
attention_maps(maps, tokens=words)
plt.show()

# %% [markdown]
# *Three maps of weights, grey where a weight is exactly 0. Each word spreads its attention over the places where the same word stands. With the
# causal mask only over places up to itself: the first "a" looks at itself alone. With padding, nobody looks at the last three columns.*
#
# Queries, keys and values are the same in all three pictures. Only the mask differs. Keep that in mind.

# %% [markdown]
# ## Several heads
#
# ### Exercise 4 · `MultiHeadAttention` (30 points, 30 minutes, ★★☆)
#
# One attention makes one average. A word may want several: one of the verb that it belongs to, and one of the word before it. So the
# paper runs $h$ attentions side by side, the **heads**, each in its own slice of the width (section 3.2.2):
#
# $$\mathrm{head}_n = \mathrm{Attention}(Q W^Q_n,\; K W^K_n,\; V W^V_n) \qquad \mathrm{MultiHead}(Q, K, V) = \mathrm{Concat}(\mathrm{head}_0, \dots, \mathrm{head}_{h-1})\, W^O$$
#
# The matrices $W^Q_n$ of all heads, side by side, are one square matrix. So one `nn.Linear(d_model, d_model)` computes the queries
# of all heads at once; it adds a bias, which the paper's formula leaves out. With $d_\text{head} = d_\text{model} / h$:
#
# > In the *projected* queries, keys and values, and in the concatenated heads, **head $n$ owns the entries `n * d_head` up to `(n + 1) * d_head`** of
# > the last dimension, for $n = 0, \dots, h-1$.
#
# The shapes on the way:
#
# ```
# (batch, T, d_model)  →  (batch, T, num_heads, d_head)  →  (batch, num_heads, T, d_head)     split
# (batch, num_heads, T, d_head)  →  (batch, T, num_heads, d_head)  →  (batch, T, d_model)     merge
# ```
#
# `query`, `key` and `value` may be three different tensors. In *self*-attention they are the same one. In notebook 3 the
# decoder's queries will meet the encoder's keys and values.
#
# Use your `scaled_dot_product_attention`. Keep the weights of the last call in `self.weights`, detached from the
# gradient, for pictures.
#
# <details><summary>Hint 1: split</summary>
# <code>view</code> splits the last dimension in two, and <code>transpose(1, 2)</code> brings the heads to the front. A <code>view</code> straight to
# (batch, num_heads, T, d_head) has the right shape and mixes up positions and heads.
# </details>
#
# <details><summary>Hint 2: merge</summary>
# The same backwards, and in the same order: first the transpose, then the view. After a transpose <code>view</code> complains; <code>reshape</code> or <code>flatten</code> do not.
# </details>


# %% exercise="MultiHeadAttention"
class MultiHeadAttention(nn.Module):
    """Multi-head attention of Vaswani et al. 2017, section 3.2.2."""

    def __init__(self, d_model: int, num_heads: int):
        """Make four projections: query_proj, key_proj, value_proj and output_proj, each nn.Linear(d_model, d_model).

        Raises ValueError if num_heads does not divide d_model, or is smaller than 1.
        """
        super().__init__()
        self.num_heads = num_heads
        self.weights = None  # (batch, num_heads, Tq, Tk) of the last call, detached
        ### BEGIN SOLUTION
        if num_heads < 1 or d_model % num_heads != 0:
            raise ValueError(f"{num_heads} heads cannot share a width of {d_model} equally")
        self.query_proj = nn.Linear(d_model, d_model)
        self.key_proj = nn.Linear(d_model, d_model)
        self.value_proj = nn.Linear(d_model, d_model)
        self.output_proj = nn.Linear(d_model, d_model)
        ### END SOLUTION

    def forward(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Tensor:
        """Attend with every head, each in its own columns.

        query       (batch, Tq, d_model)
        key, value  (batch, Tk, d_model)
        mask        bool, broadcasts to (batch, num_heads, Tq, Tk); True where a query may attend to a key

        Returns (batch, Tq, d_model), and keeps the weights in self.weights.
        """
        ### BEGIN SOLUTION
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
        ### END SOLUTION


# %% check="MultiHeadAttention" points=30
try:
    MultiHeadAttention(10, 3)
except ValueError:
    pass
except AssertionError:
    raise AssertionError(
        "3 heads cannot share a width of 10: raise ValueError. An assert can be switched off."
    ) from None
else:
    raise AssertionError("3 heads cannot share a width of 10 equally: raise ValueError.")
attention = MultiHeadAttention(d_model=6, num_heads=2)
names = {name for name, _ in attention.named_parameters()}
wanted = {f"{part}_proj.{kind}" for part in ("query", "key", "value", "output") for kind in ("weight", "bias")}
assert names == wanted, f"The parameters should be {sorted(wanted)}; yours are {sorted(names)}."

# Projections that only stretch, each by another factor, so that one can see what each head does.
with torch.no_grad():
    for part, factor in {"query": 1.0, "key": 2.0, "value": 3.0, "output": 5.0}.items():
        projection = getattr(attention, f"{part}_proj")
        projection.weight.copy_(factor * torch.eye(6))
        projection.bias.zero_()
generator = torch.Generator().manual_seed(2)
x = torch.randn(2, 4, 6, generator=generator)  # (batch=2, T=4, d_model=6)
memory, content = torch.randn(2, 2, 5, 6, generator=generator)  # two of (batch=2, Tk=5, d_model=6)
output = attention(x, memory, content)
assert output.shape == (2, 4, 6), f"An output for each query: (2, 4, 6), not {tuple(output.shape)}."
for head, own in enumerate([slice(0, 3), slice(3, 6)]):
    expected, _ = scaled_dot_product_attention(x[..., own], 2 * memory[..., own], 3 * content[..., own])
    assert torch.allclose(output[..., own], 5 * expected, atol=1e-4), (
        f"The entries {own.start} to {own.stop - 1} of the output are not what head {head} should make of these entries of its "
        "projected queries, keys and values. Does each of the four projections work on its own input? Does the split "
        "or the merge lack a transpose? Is there a scaling too many?"
    )
assert attention.weights is not None, "Keep the weights of the last call in self.weights."
assert attention.weights.shape == (2, 2, 4, 5), (
    f"self.weights has the shape (batch, num_heads, Tq, Tk) = (2, 2, 4, 5), not {tuple(attention.weights.shape)}."
)
assert not attention.weights.requires_grad, (
    "Keep the weights detached: a picture needs no gradient, and would hold on to a whole graph."
)
output = attention(x, x, x, causal_mask(4))
assert attention.weights[:, :, 0, 1:].eq(0).all(), (
    "With a causal mask, query 0 looks at key 0 alone. Is the mask passed on?"
)
assert output.requires_grad, "No gradient goes through the output. Did you detach it, or work under no_grad?"
attention(x, x, x, padding_mask(torch.tensor([4, 2]), 4))
assert attention.weights.shape == (2, 2, 4, 4), (
    "The mask's shape is (batch, 1, 1, Tk) here: pass it on as it is, it broadcasts."
)
assert attention.weights[1, :, :, 2:].eq(0).all(), "Sequence 1 has two tokens, and somebody looks at its padding."
print("MultiHeadAttention: the visible check passes.")

# %% [markdown]
# ## The measurement
#
# Now back to the question from the top. We take **one** layer, with one set of random weights. We give it the same six tokens again and
# again, and change nothing but the mask. `reach` measures, for each output, the gradient with respect to each input: where it is zero, the
# input cannot change the output.
#
# The first three pictures differ only in the mask. The fourth uses the same projections, but masks after the softmax (one head and no
# scaling, to keep it short).

# %%
torch.manual_seed(0)
layer = MultiHeadAttention(d_model=16, num_heads=4).double()
x = torch.randn(6, 16)
tokens = ["t0", "t1", "t2", "t3", "t4", "t5"]


def leaking(x: Tensor) -> Tensor:
    """The same projections, masked after the softmax (one head, for short)."""
    query, key, value = layer.query_proj(x), layer.key_proj(x), layer.value_proj(x)
    output, _ = masked_after_softmax(query, key, value, causal_mask(6))
    return layer.output_proj(output)


measured = {
    "no mask": reach(lambda x: layer(x, x, x), x),
    "causal": reach(lambda x: layer(x, x, x, causal_mask(6)), x),
    "padding": reach(lambda x: layer(x, x, x, padding_mask(torch.tensor([4]), 6)), x),
    "causal, after the softmax": reach(leaking, x),
}
reach_maps(measured, tokens)
plt.show()

# %% [markdown]
# *Four grids of outputs (rows) and inputs (columns), blue where an input can change an output. No mask: everything. Causal: the lower
# triangle. Padding: the first four columns, and two more squares on the diagonal. Masked after the softmax: everything, although the mask was causal.*

# %%
for case, guess in prediction.items():
    count = int(reached(measured[case]).sum())
    print(f"{case:8}  measured {count:2} of 36 pairs, predicted {guess}")

# %% [markdown]
# Were you wrong about the padding? Nobody may look *at* the two padding tokens, so their columns are empty, but for two
# squares: a padding token still *asks*. Its own query decides what its own output is. That output means nothing, and later the loss
# has to leave it out; masking keys alone does not remove it.
#
# The fourth grid is the leak that you saw in the numbers: a mask that comes too late hides nothing.

# %% [markdown]
# ## Why no encoder? The first piece of the answer
#
# The three grids on the left come from **one layer**. How many of its parameters had to change to turn the first into the second?

# %%
parameters = sum(parameter.numel() for parameter in layer.parameters())


def hidden_futures(matrix: Tensor) -> int:
    """Positions whose next token is hidden from them: there a model can learn to predict it."""
    return sum(not reached(matrix)[i, i + 1] for i in range(len(matrix) - 1))


columns = {}
for architecture, case in {"self-attention, no mask": "no mask", "self-attention, causal mask": "causal"}.items():
    seen = reached(measured[case]).sum(dim=1).tolist()
    columns[architecture] = {
        "inputs that positions 0 to 5 see": ", ".join(map(str, seen)),
        "parameters": f"{parameters:,}",
        "positions that can learn to predict the next token": f"{hidden_futures(measured[case])} of 5",
    }
comparison_table(columns)

# %% [markdown]
# **Not one**: both columns are the same object in memory. An encoder's self-attention and a decoder's self-attention are the same layer, with
# the same parameters and the same formula. The difference is one argument of a call, the mask. It has no parameters, and it is not learned.
#
# So dropping "the encoder" does not mean giving up a *kind of layer* that only encoders have. GPT-2 keeps everything that the encoder's
# attention is made of, and fixes one argument. What that argument buys stands in the table's last row. Without a mask, each
# position sees its own next token, and there is nothing left to predict. With it, every position but the last is a training
# example.
#
# What it *costs* (position 0 sees one input instead of six) is still open. This table grows in the next notebooks, and notebook 6 settles the account.

# %% [markdown]
# ## In your own words
#
# ### Question 5 (10 points, 15 minutes, ★★☆)
#
# A colleague repairs the wrong way from above like this: first the softmax over all keys, then the weights that are not allowed are set to 0,
# and then **each row is divided by its sum**, so that it has sum 1 again. Think of queries that may look at one key at least.
#
# 1. In exact arithmetic, is the result the same as yours? Say why, with the formula of the softmax. (4 points)
# 2. In exact arithmetic, does the future still leak? Say why. (3 points)
# 3. A computer rounds. Give two scores and a mask for which `float32` gets something else in the two ways. What does each of them
#    return, and does the future leak now? (3 points)
#
# A few sentences for each are enough. A person reads and grades them.

# %% [markdown] answer="renormalised" points=10
# ### BEGIN SOLUTION
# 1. Yes. With $m_{ij} \in \{0, 1\}$ for the mask, the colleague computes
#    $\frac{m_{ij} e^{s_{ij}} / Z_i}{\sum_{j'} m_{ij'} e^{s_{ij'}} / Z_i}$ with $Z_i = \sum_{j'} e^{s_{ij'}}$. The factor $1/Z_i$ cancels, and
#    what is left is the softmax over the allowed keys, which is what masking with $-\infty$ before the softmax gives.
# 2. No: the masked scores stood only in $Z_i$, and it has cancelled.
# 3. When a masked score is much larger than all allowed ones: scores 0 (allowed) and 200 (masked). After the softmax over both, the allowed
#    weight is $e^{-200}$, which underflows to 0 in `float32`. The row's sum is then 0, and 0/0 is NaN. Masking before the softmax gives the
#    weights 1 and 0. And the future does leak: a masked score decides whether the output is a number or NaN.
#
# **Mark scheme.** 1: equal, and the normaliser cancels (2 of 4 without a reason). 2: no leak, because the masked scores are in nothing that is left (1 of 3
# without a reason). 3: underflow of the allowed weights (1), with scores that show it, 104 apart or more (1), and the leak through NaN (1). Also right: overflow of an
# exponential that is not shifted by its maximum.
# ### END SOLUTION
