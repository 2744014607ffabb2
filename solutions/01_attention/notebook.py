# %% [markdown]
# # 1 · Attention: who may look at whom?
#
# The transformer of 2017 has two halves.
# The **encoder** reads a sentence.
# The **decoder** writes the translation, and while it writes, it looks at what the encoder has read.
# One year later GPT appeared, which consists of the decoder half alone, without the part that looks at an encoder.
# GPT-2 kept this design.
# This course asks why that was possible: *why does GPT-2 not require an encoder?*
#
# Both halves are built from the same part, which is called **attention**.
# So we begin with a smaller question, and we settle it in this notebook:
#
# > **What makes an attention layer an encoder's or a decoder's: its weights, its formula, or something else?**
#
# You will write attention yourself, find out how good a test of it is, and then *measure* the answer.
#
# | | | points | minutes | difficulty |
# |---|---|---|---|---|
# | Exercise 1 | `causal_mask` | 10 | 5 | ★☆☆ |
# | Exercise 2 | `padding_mask` | 10 | 10 | ★☆☆ |
# | Exercise 3 | `scaled_dot_product_attention` | 35 | 35 | ★★☆ |
# | Exercise 4 | `MultiHeadAttention` | 25 | 30 | ★★☆ |
# | Exercise 5 | `telling_inputs` | 10 | 30 | ★★☆ |
# | Question 6 | a written answer, graded by a person | 10 | 15 | ★★☆ |
#
# Reading takes about 25 minutes more.
# Nothing is trained in this notebook, so all of its cells together run in a few seconds.
#
# **How this works.**
# In an exercise, you replace `raise NotImplementedError()` by your code.
# The cell below the exercise is a visible check: run it, and it tells you what is wrong.
# Its code is folded away; a click on it opens it.
# The points come from *hidden* tests, which try other sizes and other inputs.
# They test what the docstring promises.
# Write each exercise yourself, with what the notebook imports.
# Operations on tensors, such as `softmax`, `tril` and `masked_fill`, are allowed.
# A ready-made part of PyTorch that does the whole exercise for you, such as `nn.MultiheadAttention`, earns no points, even if the visible check passes.
# If you are stuck, run the next cell that begins with *Stuck? Go on*, which is folded, too, and return to the exercise later.
# You may add cells wherever you like.
# Before you hand in, choose *Kernel → Restart Kernel and Run All Cells*.
# If an exercise is not solved, this stops at its check.
# Save the notebook and hand it in all the same: the other exercises are graded.

# %% locked="setup"
try:
    from coursekit import (
        attention_maps,
        comparison_table,
        diagrams,
        go_on,
        mask_maps,
        reach,
        reach_maps,
        reached,
        visible_check,
    )
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        f"{error.name} is not installed: in the folder that contains coursekit, run `pip install .` in a terminal, "
        "and then restart the kernel."
    ) from None

import math
from collections.abc import Callable

import matplotlib.pyplot as plt
import torch
from torch import Tensor, nn

# %% [markdown]
# ## Predict first
#
# Six tokens go into one attention layer, and six outputs come out of it.
# Now you change the token at position $j$.
# Does the output at position $i$ change?
# There are $6 \times 6 = 36$ pairs $(i, j)$.
# In how many of them *can* the output change?
#
# Replace each `None` by a number before you read on.
# Your prediction is not graded, and you learn more from a wrong guess than from no guess.
# At the end of the notebook you compare it with a measurement.

# %% reader=true
prediction = {
    "no mask": None,  # every position may look at every position
    "causal": None,  # a position may look at itself and at the positions before it
    "padding": None,  # the last two of the six tokens are padding, and no position may look at them
}

# %% [markdown]
# ## Attention is a weighted average
#
# Each position $i$ asks a question, which is its **query** $q_i$.
# Each position $j$ has a **key** $k_j$, which describes what can be found there, and a **value** $v_j$, which is what can be found there.
# The layer computes all three from the token's vector $x$ with three learned matrices: $q_i = W^Q x_i$, $k_i = W^K x_i$ and $v_i = W^V x_i$.
# So a change of $x_j$ changes $q_j$, $k_j$ and $v_j$.
#
# The output at position $i$ is an average of all values.
# A value has more weight in this average if its key fits the query better:
#
# $$\text{score}_{ij} = q_i \cdot k_j \qquad w_{ij} = \frac{e^{\text{score}_{ij}}}{\sum_{j'} e^{\text{score}_{ij'}}} \qquad \text{output}_i = \sum_j w_{ij}\, v_j$$
#
# The middle step is called **softmax**.
# It turns each row of scores into positive weights whose sum is 1.
#
# Here is an example with three positions, so that you can follow every number.
# In the comments, `Tq` is the number of queries and `Tk` the number of keys.
# `d_k` is the width of a query and of a key, and `d_v` is the width of a value.

# %% reader=true
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
# Query 0 fits keys 0 and 2 equally well, and it fits key 1 badly.
# So output 0 is close to 35, the mean of 10 and 60, and the value of key 1, which is 20, has little influence on it.
#
# Nothing in this computation knows an order: position 0 cannot tell that position 2 comes after it.
# If a position must not look at some other position, we have to say so.
# We say it with a **mask**.

# %% [markdown]
# ## Masks
#
# A mask is a tensor of bools, with one row for each query and one column for each key.
# Everywhere in this course it has the same meaning:
#
# > **`True` means that this query may attend to this key.**
#
# (*Attend to* is the technical term for *look at*.)
#
# PyTorch uses both conventions.
# In its function `F.scaled_dot_product_attention`, `True` means the same as in this course.
# In its *modules* (`nn.MultiheadAttention`, `nn.TransformerEncoder`) it means the opposite: there `True` is *blocked*.
# So whenever you use a mask from other code, look up which convention it follows.
#
# ### Exercise 1 · `causal_mask` (10 points, 5 minutes, ★☆☆)
#
# A language model learns to predict the next token.
# During training the whole text is in the input, so the next token is there, too.
# If the model could look at it, it would simply copy it.
# Therefore query $i$ may look at key $j$ only if $j \le i$:
#
# $$\text{mask}_{ij} = (j \le i)$$
#
# <details><summary>Hint</summary>
# Which triangle of the matrix is this, and does the diagonal belong to it?
# PyTorch has functions that keep one triangle of a matrix.
# </details>


# %% exercise="causal_mask"
def causal_mask(length: int) -> Tensor:
    """Make the causal mask: no query may attend to a key that comes after it.

    length  the number of positions, 1 or more

    Returns a (length, length) bool tensor. [i, j] is True where query i may attend to key j.
    """
    ### BEGIN SOLUTION
    return torch.ones(length, length, dtype=torch.bool).tril()
    ### END SOLUTION


# %% check="causal_mask" points=10
with visible_check("causal_mask"):
    mask = causal_mask(3)
    assert isinstance(mask, Tensor), f"Return a torch tensor, not {type(mask).__name__}. Is there a `return`?"
    assert mask.shape == (3, 3), (
        f"The mask has a row for each query and a column for each key. Its shape should be (3, 3), and it is {tuple(mask.shape)}."
    )
    assert mask.dtype == torch.bool, f"A mask consists of bools, True and False. Yours consists of {mask.dtype}."
    assert mask.tolist() != [[False, True, True], [False, False, True], [False, False, False]], (
        "True and False are swapped. In this course True means that a query may look at a key."
    )
    assert mask[1, 1], "Position 1 may look at itself, so the diagonal belongs to the mask."
    assert mask[2, 0], "Row 2 is query 2. Key 0 is in its past, so [2, 0] should be True."
    assert not mask[0, 2], "Row 0 is query 0. Key 2 is in its future, so [0, 2] should be False."
    assert not mask[0, 1], "Query 0 looks one step ahead, at key 1. That is exactly the token that it has to predict."
    expected = [[True, False, False], [True, True, False], [True, True, True]]
    assert mask.tolist() == expected, f"The rows should be {expected}, and they are {mask.tolist()}."
    assert causal_mask(5).shape == (5, 5), "The size of the mask should be the length that the function is called with."
    seen = causal_mask(5).sum(dim=1).tolist()
    assert seen == [1, 2, 3, 4, 5], f"With 5 positions, the queries may look at 1, 2, 3, 4 and 5 keys. Yours: {seen}."
    assert causal_mask(1).tolist() == [[True]], (
        "A single position may look at itself, and its mask has the shape (1, 1)."
    )
    print("causal_mask: the visible check passes.")

# %% [markdown]
# ### Exercise 2 · `padding_mask` (10 points, 10 minutes, ★☆☆)
#
# The sentences of a batch have different lengths.
# The short ones are filled up with padding until all have the same length.
# Padding has no meaning, so **no query may look at a key that is padding**.
#
# A layer usually runs several attentions side by side, which are called *heads* (exercise 4).
# For now, a head is simply one more dimension: scores have the shape `(batch, num_heads, query_length, key_length)`.
# A padding mask differs between the sequences of a batch, and it is the same for all heads and for all queries.
# Where one tensor has size 1 and the other is larger, PyTorch repeats the first one along this dimension.
# This is called *broadcasting*.
# So the mask needs only the shape `(batch, 1, 1, max_length)`.
#
# For lengths 2 and 3, filled up to 4:
#
# ```
# sequence 0:  True  True  False False
# sequence 1:  True  True  True  False
# ```
#
# <details><summary>Hint</summary>
# Key j is a token if j is smaller than the length of its sequence.
# Compare <code>torch.arange(max_length)</code> with the lengths.
# Which shapes make this comparison broadcast?
# </details>


# %% exercise="padding_mask"
def padding_mask(lengths: Tensor, max_length: int) -> Tensor:
    """Make the mask of the keys that are tokens. In each sequence the padding comes after the tokens.

    lengths     (batch,) int64: how many tokens each sequence has, from 0 to max_length; it is not modified
    max_length  the padded length; it may be larger than all of the lengths

    Returns a (batch, 1, 1, max_length) bool tensor. [b, 0, 0, j] is True where key j of sequence b is a token.
    """
    ### BEGIN SOLUTION
    positions = torch.arange(max_length)  # (max_length,)
    real = positions < lengths[:, None]  # (batch, max_length)
    return real[:, None, None, :]  # (batch, 1, 1, max_length)
    ### END SOLUTION


# %% check="padding_mask" points=10
with visible_check("padding_mask"):
    mask = padding_mask(torch.tensor([2, 3]), 4)
    assert isinstance(mask, Tensor), f"Return a torch tensor, not {type(mask).__name__}. Is there a `return`?"
    assert mask.shape == (2, 1, 1, 4), (
        f"The shape should be (batch, 1, 1, max_length) = (2, 1, 1, 4), and it is {tuple(mask.shape)}."
    )
    assert mask.dtype == torch.bool, f"A mask consists of bools, True and False. Yours consists of {mask.dtype}."
    assert mask[0, 0, 0, 0], "Key 0 of sequence 0 is a token. True means that a query may look at it."
    assert not mask[0, 0, 0, 2], "Sequence 0 has 2 tokens, at keys 0 and 1. So key 2 is padding."
    expected = [[True, True, False, False], [True, True, True, False]]
    assert mask.reshape(2, 4).tolist() == expected, (
        f"The rows should be {expected}, and they are {mask.reshape(2, 4).tolist()}."
    )
    assert padding_mask(torch.tensor([1]), 1).shape == (1, 1, 1, 1), "A batch of one keeps its four dimensions."
    lengths = torch.tensor([0, 6, 3])
    mask = padding_mask(lengths, 6)
    assert mask.shape == (3, 1, 1, 6), (
        f"For 3 sequences that are padded to 6 the shape should be (3, 1, 1, 6), and it is {tuple(mask.shape)}."
    )
    found = mask.sum(dim=-1).flatten().tolist()
    assert found == [0, 6, 3], (
        f"For lengths 0, 6 and 3 the rows should contain as many True, and yours contain {found}. A sequence may have no tokens, or no padding."
    )
    assert lengths.tolist() == [0, 6, 3], (
        "You changed the caller's lengths. `-=`, and names that end in _, work in place."
    )
    print("padding_mask: the visible check passes.")

# %% folded=true reader=true
# Stuck? Go on: run this cell, then choose Run → Run Selected Cell and All Below.
# For each exercise above whose check has not passed, PyTorch's own code is lent to you. It is worth no points.
go_on(globals(), "causal_mask", "padding_mask")

# %% [markdown]
# A decoder that reads padded text needs both masks: a position may look at a key that is not in the future *and* is a token.
# The operator `&` combines the two masks, and broadcasting gives the result its shape.
# Here it is for the two sequences from above, filled up to 4.
# Blue means `True`.

# %% reader=true
both = causal_mask(4) & padding_mask(torch.tensor([2, 3]), 4)  # (4, 4) & (2, 1, 1, 4) -> (2, 1, 4, 4)
print("shape of both:", tuple(both.shape))
mask_maps({"causal": causal_mask(4), "both, sequence 0": both[0, 0], "both, sequence 1": both[1, 0]})
plt.show()

# %% [markdown]
# *Three grids with queries as rows and keys as columns.
# The causal mask is the lower triangle with its diagonal.
# With padding, the last two columns are empty for sequence 0, and the last column is empty for sequence 1.*

# %% [markdown]
# ## The wrong way first
#
# How do we use a mask?
# The obvious way is to compute the weights first, and then to set the forbidden ones to zero.


# %% reader=true
def masked_after_softmax(query: Tensor, key: Tensor, value: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """The wrong way. Do not copy it."""
    weights = (query @ key.transpose(-2, -1)).softmax(dim=-1)
    weights = weights.masked_fill(~mask, 0.0)
    return weights @ value, weights


generator = torch.Generator().manual_seed(9)
query, key, value = torch.randn(3, 4, 4, generator=generator)  # three tensors (T=4, d=4)
output, weights = masked_after_softmax(query, key, value, causal_mask(4))
print("The weights of each query should have sum 1. They have:")
print([round(total, 2) for total in weights.sum(dim=-1).tolist()])

# %% [markdown]
# Only the last row has sum 1.
# The other rows are no averages any more: their weights are too small, each row by a different factor.
#
# There is a second problem, and it is worse.
# Position 0 may look only at itself.
# We now change the key of the *last* token, which is in the future of position 0, and look at output 0 again.

# %% reader=true
other_key = key.clone()
other_key[3] += 1.0  # only the key of the last token changes
other_output, _ = masked_after_softmax(query, other_key, value, causal_mask(4))
print("output 0 before:", [round(number, 2) for number in output[0].tolist()])
print("output 0 after: ", [round(number, 2) for number in other_output[0].tolist()])

# %% [markdown]
# Output 0 has changed.
# **The future has leaked into the past** through the denominator of the softmax, because the masked scores are still in that sum.
# A language model that is trained in this way receives a hint about the very token that it has to predict.
#
# So the mask has to be applied *before* the softmax.
# Where the mask is `False`, we replace the score by a number for which $e^{\text{score}} = 0$.
# Then the key counts neither in the numerator nor in the denominator.
# Which number is that?

# %% [markdown]
# ## Scaled dot-product attention
#
# ### Exercise 3 · `scaled_dot_product_attention` (35 points, 35 minutes, ★★☆)
#
# This is equation 1 of the paper [*Attention Is All You Need*](https://arxiv.org/abs/1706.03762), section 3.2.1:
#
# $$\mathrm{Attention}(Q, K, V) = \mathrm{softmax}\!\left(\frac{Q K^{T}}{\sqrt{d_k}}\right) V$$
#
# $d_k$ is the width of a query and of a key, which is the size of the last dimension of $Q$.
# An experiment below will show why the scores are divided by its root.
#
# Write the function for any number of leading dimensions: `(T, d)`, `(batch, T, d)`, `(batch, num_heads, T, d)`.
# PyTorch's `@` and `transpose(-2, -1)` work on the last two dimensions and leave the others alone.
# There may be more keys than queries, and values may be wider than keys.
#
# Besides the equation, the function keeps four promises:
#
# 1. **Where the mask is `False`, the weight is exactly 0**, however large or small the scores are.
#    The other weights of a query have sum 1.
# 2. **A query that may look at no key** has weights 0 and output 0.
#    There is never a NaN, neither in the result nor in a gradient.
#    (What is the softmax of a row of $-\infty$?)
# 3. **Nothing overflows on the way**, not even in half precision.
#    The largest number in `float16` is 65,504.
#    The product of a query and a key with large entries can be larger than that *before* it is divided by $\sqrt{d_k}$, while the scaled score still fits.
#    So divide before you multiply.
#    (You may assume that the scaled scores fit.)
# 4. **Output and weights have the dtype of the arguments**, and nothing is rounded to a less precise dtype on the way (a more precise one is allowed).
#    The arguments are not modified: `query *= 2` would change the caller's tensor.
#
# Do not call `F.scaled_dot_product_attention`, since this exercise is about what it does inside.
#
# <details><summary>Hint 1: the order of the steps</summary>
# Scale the query, multiply, mask, apply the softmax, average. Each step is one line.
# </details>
#
# <details><summary>Hint 2: a query that may look at no key</summary>
# The softmax of a row of −∞ is NaN.
# Repair the weights afterwards: where the mask is False, they have to be 0 anyway.
# <code>masked_fill</code> makes a new tensor, while <code>masked_fill_</code> would overwrite what the gradient needs.
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

    There may be any number of leading dimensions, the same ones in query, key and value, and any size may be 1. The
    arguments may be views, whose numbers are not side by side in memory.

    Returns output (..., Tq, d_v) and weights (..., Tq, Tk), both in the dtype of the arguments: float16, bfloat16,
    float32 or float64. The four promises above hold. Gradients of the output reach query, key and value.
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
with visible_check("scaled_dot_product_attention"):
    generator = torch.Generator().manual_seed(1)
    query = torch.randn(2, 3, 7, generator=generator)  # (batch=2, Tq=3, d_k=7)
    key = torch.randn(2, 5, 7, generator=generator)  # (batch=2, Tk=5, d_k=7)
    value = torch.randn(2, 5, 6, generator=generator)  # (batch=2, Tk=5, d_v=6)
    mask = torch.tensor([[True, False, True, True, False], [True] * 5, [False] * 5])  # (Tq=3, Tk=5)
    arguments = {"query": query, "key": key, "value": value, "mask": mask}
    before = {name: tensor.clone() for name, tensor in arguments.items()}
    try:
        result = scaled_dot_product_attention(query, key, value)
        scaled_dot_product_attention(*(tensor[0] for tensor in (query, key, value)), mask)
        scaled_dot_product_attention(*(tensor[None] for tensor in (query, key, value)), mask)
    except (RuntimeError, ValueError, IndexError) as error:
        raise AssertionError(
            f"{error} Queries may have any number of leading dimensions: here they are (T, d), (batch, T, d) and (1, batch, T, d). Count dimensions from "
            "the end: transpose(-2, -1), shape[-1], softmax(dim=-1). A mask may be None: ask `if mask is not None`."
        ) from None
    assert isinstance(result, tuple) and len(result) == 2, "Return two things: the output and the weights."
    scaled_dot_product_attention(query, key, value, mask)
    for name, tensor in arguments.items():
        assert torch.equal(tensor, before[name]), (
            f"You changed the caller's {name}, which breaks promise 4. Operations with = or _ work in place: "
            "`query = query / 2` makes a new tensor, `query /= 2` does not."
        )
    output, weights = result
    assert weights.shape == (2, 3, 5), (
        f"There is a weight for each query and key, so the shape is (2, 3, 5), and not {tuple(weights.shape)}. "
        "Do you return the output first, and then the weights?"
    )
    assert output.shape == (2, 3, 6), (
        f"There is an output for each query, as wide as a value, so the shape is (2, 3, 6), and not {tuple(output.shape)}."
    )
    assert torch.allclose(weights.sum(dim=-1), torch.ones(2, 3)), (
        "The weights of one query, over all keys, should have sum 1. Over which dimension is your softmax?"
    )
    ratio = (weights[0, 0, 0] / weights[0, 0, 1]).log() / (query[0, 0] @ (key[0, 0] - key[0, 1]))
    assert not math.isclose(ratio, 1.0, rel_tol=1e-3), "Your scores are not scaled. Where is the root of d_k?"
    assert math.isclose(ratio, 7**-0.5, rel_tol=1e-3), "Your scores are scaled, but not by 1/sqrt(d_k). Here d_k is 7."
    assert torch.allclose(output, weights @ value, atol=1e-6), (
        "The output is not the average of the values with the weights that you return."
    )
    one_value = torch.ones(2, 1)
    _, weights = scaled_dot_product_attention(
        torch.tensor([[40.0, 0.0]]), torch.tensor([[40.0, 0.0], [0.0, 0.0]]), one_value
    )
    assert not weights.isnan().any(), (
        "A score of 1,131 gives NaN, since its exponential overflows (promise 3). If you compute `exp` and the sum "
        "yourself, subtract the largest score of each row first, or use torch's softmax, which does so."
    )

    output, weights = scaled_dot_product_attention(query, key, value, mask)
    assert not weights[:, :2].isnan().any(), (
        "There is NaN in the weights of queries that may look at some keys. Do you multiply 0 by infinity?"
    )
    assert weights[:, 0, 1].eq(0).all(), (
        "Query 0 may not look at key 1, but your weight there is not exactly 0. True means that it may look."
    )
    assert torch.allclose(weights[:, 0].sum(dim=-1), torch.ones(2)), (
        "With a mask, the weights that remain should still have sum 1. Apply the mask before the softmax, and choose "
        "a masked score whose exponential is 0."
    )
    assert not weights.isnan().any() and not output.isnan().any(), (
        "Query 2 may look at no key, and its row is NaN. Promise 2 says what it should be. (NaN times 0 is NaN: fill in the 0, do not multiply.)"
    )
    assert weights[:, 2].eq(0).all() and output[:, 2].eq(0).all(), (
        "Query 2 may look at no key, so its weights and its output should be 0."
    )
    by_sequence = torch.tensor([[[True] * 5], [[True, True, False, False, False]]])  # (batch=2, 1, Tk=5)
    _, weights = scaled_dot_product_attention(query, key, value, by_sequence)
    assert weights[0].gt(0).all() and weights[1, :, 2:].eq(0).all(), (
        "Here each sequence has a mask of its own, of shape (batch, 1, Tk). Let it broadcast."
    )
    only_first = torch.tensor([[True, False]])
    far = torch.tensor([[100.0, 0.0]])
    _, weights = scaled_dot_product_attention(far, torch.tensor([[3.0, 0.0], [100.0, 0.0]]), one_value, only_first)
    assert weights.tolist() == [[1.0, 0.0]], (
        f"A masked key with a large score still counts in the denominator: the weights should be [1, 0], and they are {weights[0].tolist()}. "
        "Apply the mask before the softmax. If you compute `exp` yourself, take the largest score of a row after masking, too."
    )
    _, weights = scaled_dot_product_attention(1e3 * far, torch.tensor([[-1e5, 0.0], [0.0, 0.0]]), one_value, only_first)
    assert weights.tolist() == [[1.0, 0.0]], (
        f"The only allowed score is very low here, -7e9. The weights should be [1, 0], and they are {weights[0].tolist()}. "
        "The number that you use for masked scores, such as -1e4 or -1e9, is not low enough. Which number is lower than every score?"
    )

    doubles = [
        torch.randn(4, 5, generator=generator, dtype=torch.float64) for _ in range(3)
    ]  # d_k = 5: its root is not exact
    _, weights = scaled_dot_product_attention(*doubles)
    doubled = ((doubles[0] @ doubles[1].T) / math.sqrt(5)).softmax(dim=-1)
    assert weights.dtype == torch.float64 and torch.allclose(weights, doubled, rtol=1e-12, atol=0), (
        "The arguments were float64, and your weights are not exact to 12 digits. Was something rounded to float32 (promise 4)? "
        "Is there a `.float()`, or a small number that you add to a sum? Is the root that of a tensor, as in torch.tensor(d_k).sqrt()? That is a float32; `d_k ** 0.5` and `math.sqrt(d_k)` are Python numbers, which have double precision."
    )
    needs_gradient = {name: arguments[name].clone().requires_grad_() for name in ("query", "key", "value")}
    try:
        scaled_dot_product_attention(*needs_gradient.values(), mask)[0].square().sum().backward()
    except RuntimeError as error:
        what = str(error).split(": [")[0]
        raise AssertionError(
            f"No gradient comes back: {what}. Do you detach a tensor, or overwrite one in place?"
        ) from None
    for name, tensor in needs_gradient.items():
        assert tensor.grad is not None, f"No gradient comes back to the {name}. Do you detach it?"
        assert not tensor.grad.isnan().any(), (
            f"The gradient of the {name} is NaN (promise 2). If you add a mask of −∞, NaN flows back through the sum; "
            "`masked_fill` stops it."
        )

    large = 40.0 * torch.tensor([[1.0], [-1.0]]).half().expand(2, 64)  # 64 * 40 * 40 = 102,400 is too large for float16
    output, weights = scaled_dot_product_attention(large, large, one_value.half())
    assert output.dtype == weights.dtype == torch.float16, (
        f"The arguments were float16, and output and weights are {output.dtype} and {weights.dtype} (promise 4)."
    )
    assert weights.tolist() == [[1.0, 0.0], [0.0, 1.0]], (
        "In half precision something overflows (promise 3). Do you scale before you multiply?"
    )
    try:
        output, weights = scaled_dot_product_attention(large, large, large, torch.ones(2, 2, dtype=torch.bool).tril())
    except RuntimeError as error:
        why = (
            "There is no such low number in float16. Which value is low enough in every dtype?"
            if "overflow" in str(error)
            else "If you add a mask, as in `scores + (~mask) * -1e9`, its dtype is float32, and the sum is float32, too. "
            "`masked_fill` keeps the dtype of the scores."
        )
        raise AssertionError(f"With a mask, half precision fails: {error}. {why}") from None
    assert output.dtype == weights.dtype == torch.float16, (
        f"With a mask, float16 becomes {output.dtype} and {weights.dtype} (promise 4). Is the mask that you add a float32?"
    )
    for result in scaled_dot_product_attention(*(arguments[name].bfloat16() for name in needs_gradient), mask):
        assert result.dtype == torch.bfloat16, f"For arguments of bfloat16 you return {result.dtype} (promise 4)."
    print("scaled_dot_product_attention: the visible check passes.")

# %% folded=true reader=true
# Stuck? Go on: run this cell, then choose Run → Run Selected Cell and All Below.
# If the check above has not passed, PyTorch's own attention is lent to you. It is worth no points.
go_on(globals(), "scaled_dot_product_attention")

# %% [markdown]
# ### Why the root of $d_k$?
#
# Take queries and keys that consist of random numbers with variance 1.
# Their dot product is a sum of $d_k$ terms, so its variance is $d_k$, as a footnote to section 3.2.1 of the paper explains.
# With $d_k = 64$, scores of 8 and −8 are therefore common.
# What does the softmax make of such scores?
#
# **Predict:** there are 16 keys, and $d_k = 256$.
# How large is the *largest* of a query's 16 weights on average, if the scores are not scaled: near 1/16, near 1/2, or near 1?

# %% reader=true
predicted_largest = None

# %% reader=true
sizes = [2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]
largest = {"with the root": [], "without": []}  # mean of the largest weight of a query, a number for each size
moved = {"with the root": [], "without": []}  # how much a weight changes when its own score changes a little, mean
generator = torch.Generator().manual_seed(0)
for d_k in sizes:
    query, key = torch.randn(2, 100, 16, d_k, generator=generator)  # each (100, 16, d_k)
    for label, undo in {"with the root": 1.0, "without": math.sqrt(d_k)}.items():
        _, weights = scaled_dot_product_attention(query * undo, key, key)  # (100, 16, 16)
        largest[label].append(weights.amax(dim=-1).mean().item())
        moved[label].append((weights * (1 - weights)).mean().item())  # the derivative of the softmax

figure, axis = plt.subplots(figsize=(6, 3.4), layout="constrained")
for (label, numbers), colour, marker in zip(largest.items(), ["#0072b2", "#d55e00"], ["o", "s"], strict=True):
    axis.plot(sizes, numbers, color=colour, marker=marker, label=label)
axis.axhline(1 / 16, color="grey", linestyle=":", label="all 16 weights equal")
axis.set(xscale="log", xlabel="width of queries and keys, $d_k$", ylabel="largest of 16 weights, mean", ylim=(0, 1))
axis.set_xticks(sizes, sizes)
axis.minorticks_off()
axis.legend(loc="center right")
plt.show()
at_256 = sizes.index(256)
print("d_k = 256")
print(f"largest weight: {largest['with the root'][at_256]:.2f} with the root, {largest['without'][at_256]:.2f} without")
print(f"you predicted, without the root: {predicted_largest}")
print("a weight's derivative by its own score, mean: ", end="")
print(f"{moved['with the root'][at_256]:.4f} with the root, {moved['without'][at_256]:.4f} without")

# %% [markdown]
# *Two curves over $d_k$ from 2 to 1,024.
# With the root, the largest weight stays near 0.24.
# Without it, the largest weight rises towards 1.*
#
# Without the root, a wide query gives almost all of its weight to one key: 0.92 on average at $d_k = 256$.
# Before training, it depends on chance which key that is.
# There the softmax is *saturated*, which means that a small change of a score hardly changes the weights.
# The printed derivative shows it.
# The authors of the paper suspect that such small gradients slow learning down (section 3.2.1).
# We train nothing here, so we do not test that.
# With the root, the scores have the same size for every $d_k$.

# %% [markdown]
# ## What attention looks like
#
# Attention can find *the same word again*.
# In this example each word has a direction of its own, and its query and its key both are that direction.
# They are long enough to make the choice clear.
# In the third picture the last three words are treated as padding.

# %% reader=true
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
# *Three maps of weights, with a grey cross where a weight is exactly 0.
# Each word divides its attention among the places where the same word occurs.
# With the causal mask it uses only places up to its own, so the first "a", "rose" and "is" look at themselves.
# With padding, the last three columns have a cross everywhere.*
#
# The queries, keys and values are the same in all three pictures.
# Only the mask is different.
# Keep this in mind for the measurement below.

# %% [markdown]
# ## Several heads
#
# ### Exercise 4 · `MultiHeadAttention` (25 points, 30 minutes, ★★☆)
#
# One attention computes one average.
# A word may need several: one of the verb that it belongs to, for example, and one of the word before it.
# So the paper runs $h$ attentions side by side, which are called **heads**, and each works in its own slice of the width (section 3.2.2):
#
# $$\mathrm{head}_n = \mathrm{Attention}(Q W^Q_n,\; K W^K_n,\; V W^V_n) \qquad \mathrm{MultiHead}(Q, K, V) = \mathrm{Concat}(\mathrm{head}_0, \dots, \mathrm{head}_{h-1})\, W^O$$
#
# Here the tokens are the *rows* of $Q$, $K$ and $V$, so the matrices stand on the right.
# The matrices $W^Q_n$ of all heads, side by side, form one square matrix.
# So one `nn.Linear(d_model, d_model)` computes the queries of all heads at once.
# It also adds a bias, which the paper's formula leaves out.
# With $d_\text{head} = d_\text{model} / h$, we agree on the following order:
#
# > In the *projected* queries, keys and values, and in the concatenated heads, **head $n$ owns the entries `n * d_head` up to `(n + 1) * d_head`** of
# > the last dimension, for $n = 0, \dots, h-1$.
#
# These are the shapes on the way:
#
# ```
# (batch, T, d_model)  →  (batch, T, num_heads, d_head)  →  (batch, num_heads, T, d_head)     split
# (batch, num_heads, T, d_head)  →  (batch, T, num_heads, d_head)  →  (batch, T, d_model)     merge
# ```
#
# The arguments `query`, `key` and `value` may be three different tensors.
# In *self*-attention they are the same one.
# In notebook 3, the decoder's queries will meet the encoder's keys and values.
#
# Here is the whole layer, from the bottom to the top:

# %% reader=true
diagrams.attention()

# %% [markdown]
# *Three projections at the bottom make queries, keys and values.
# In each head, scores, mask and softmax make the weights, and the weights average the values.
# At the top the heads are put side by side, and `output_proj` mixes them.*
#
# Use your `scaled_dot_product_attention`.
# Keep the weights of the last call in `self.weights`, detached from the gradient, so that they can be drawn: notebook 3 does.
#
# <details><summary>Hint 1: split</summary>
# <code>view</code> splits the last dimension in two, and <code>transpose(1, 2)</code> brings the heads to the front.
# A <code>view</code> directly to (batch, num_heads, T, d_head) has the right shape, but it mixes up positions and heads.
# </details>
#
# <details><summary>Hint 2: merge</summary>
# Undo the two steps: first the transpose, then the view.
# After a transpose, <code>view</code> raises an error; <code>reshape</code> and <code>flatten</code> do not.
# </details>


# %% exercise="MultiHeadAttention"
class MultiHeadAttention(nn.Module):
    """Multi-head attention of Vaswani et al. 2017, section 3.2.2."""

    def __init__(self, d_model: int, num_heads: int):
        """Make four projections: query_proj, key_proj, value_proj and output_proj, each nn.Linear(d_model, d_model).

        There are no other parameters. Raises ValueError if num_heads does not divide d_model, or is smaller than 1.
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
        """Attend with every head, each in its own entries of the projected vectors.

        query       (batch, Tq, d_model)
        key, value  (batch, Tk, d_model)
        mask        bool, broadcasts to (batch, num_heads, Tq, Tk); True where a query may attend to a key

        Returns (batch, Tq, d_model), and keeps the weights (batch, num_heads, Tq, Tk) in self.weights, detached.
        The arguments are not modified. Gradients arrive at all projections and inputs.
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


# %% check="MultiHeadAttention" points=25
with visible_check("MultiHeadAttention"):
    for d_model, num_heads in ((10, 3), (6, 0), (6, -2)):
        impossible = f"MultiHeadAttention({d_model}, {num_heads}): {num_heads} heads cannot share a width of {d_model}"
        try:
            MultiHeadAttention(d_model, num_heads)
        except ValueError:
            continue
        except AssertionError:
            raise AssertionError(f"{impossible}. Raise ValueError; an assert can be switched off.") from None
        except ZeroDivisionError:
            raise AssertionError(f"{impossible}. Raise ValueError before you divide by num_heads.") from None
        raise AssertionError(f"{impossible} equally. Raise ValueError.")
    attention = MultiHeadAttention(d_model=6, num_heads=2)
    names = {name for name, _ in attention.named_parameters()}
    wanted = {f"{part}_proj.{kind}" for part in ("query", "key", "value", "output") for kind in ("weight", "bias")}
    assert names == wanted, f"The parameters should be {sorted(wanted)}; yours are {sorted(names)}."

    sizes = {name: tuple(parameter.shape) for name, parameter in attention.named_parameters() if parameter.dim() == 2}
    assert set(sizes.values()) == {(6, 6)}, (
        f"For d_model = 6 each projection should be nn.Linear(6, 6), for all heads together. The shapes of your weights are {sizes}."
    )
    # Each projection only multiplies, each by another factor, and one adds 0.5: so one can see what a head does.
    with torch.no_grad():
        for part, factor in {"query": 1.0, "key": 2.0, "value": 3.0, "output": 5.0}.items():
            projection = getattr(attention, f"{part}_proj")
            projection.weight.copy_(factor * torch.eye(6))
            projection.bias.fill_(0.5 if part == "query" else 0.0)
    generator = torch.Generator().manual_seed(2)
    x = torch.randn(2, 4, 6, generator=generator)  # (batch=2, T=4, d_model=6)
    memory, content = torch.randn(2, 2, 5, 6, generator=generator)  # two of (batch=2, Tk=5, d_model=6)
    try:
        output = attention(x, memory, content)
    except RuntimeError as error:
        raise AssertionError(
            f"Sizes do not fit: {error} A query (2, 4, 6) should become heads (2, 2, 4, 3). Key and value have a length of their own: (2, 5, 6) becomes "
            "(2, 2, 5, 3). Project first, then split. Bring the heads back behind the positions before you join them."
        ) from None
    assert isinstance(output, Tensor), f"Return the output alone, a tensor, and not a {type(output).__name__}."
    assert output.shape == (2, 4, 6), (
        f"There is an output for each query, so the shape is (2, 4, 6), and not {tuple(output.shape)}. "
        "Are the heads merged? Does each query get one vector of width d_model?"
    )
    for head, own in enumerate([slice(0, 3), slice(3, 6)]):
        expected, _ = scaled_dot_product_attention(x[..., own] + 0.5, 2 * memory[..., own], 3 * content[..., own])
        assert not torch.allclose(output[..., own], expected, atol=1e-4), (
            "The output is what the heads return, side by side. Apply output_proj to it: it is the W^O of the equation."
        )
        assert torch.allclose(output[..., own], 5 * expected, atol=1e-4), (
            f"The entries {own.start} to {own.stop - 1} of the output are not what head {head} should make of these entries of the "
            f"projected queries, keys and values. Does each of the four projections work on its own input? Does head {head} own the entries "
            f"{own.start} to {own.stop - 1}? A view directly to (batch, heads, T, d_head) mixes positions and heads, so there is a transpose in the split, "
            "and another one in the merge. Do you scale once more than needed?"
        )
    assert attention.weights is not None, "Keep the weights of the last call in self.weights."
    assert attention.weights.shape == (2, 2, 4, 5), (
        f"self.weights should have the shape (batch, num_heads, Tq, Tk) = (2, 2, 4, 5), and it has {tuple(attention.weights.shape)}."
    )
    assert not attention.weights.requires_grad, (
        "Detach the weights that you keep. A picture needs no gradient, and the gradient's graph would stay in memory."
    )
    output = attention(x, x, x, causal_mask(4))
    assert attention.weights[:, :, 0, 1:].eq(0).all(), (
        "With a causal mask, query 0 should look at key 0 alone. Do you pass the mask on?"
    )
    assert output.requires_grad, "No gradient goes through the output. Do you detach it, or use no_grad?"
    output.sum().backward()
    without = [name for name, parameter in attention.named_parameters() if parameter.grad is None]
    assert not without, (
        f"No gradient arrives at {', '.join(without)}. Do you detach something, or use no_grad or .data?"
    )
    attention(x, x, x, padding_mask(torch.tensor([4, 2]), 4))
    assert attention.weights.shape == (2, 2, 4, 4), (
        "Here the mask has the shape (batch, 1, 1, Tk). Pass it on as it is, since it broadcasts."
    )
    assert attention.weights[1, :, :, 2:].eq(0).all(), "Sequence 1 has two tokens, and some query looks at its padding."
    print("MultiHeadAttention: the visible check passes.")

# %% folded=true reader=true
# Stuck? Go on: run this cell, then choose Run → Run Selected Cell and All Below.
# If the check above has not passed, PyTorch's own multi-head attention is lent to you. It is worth no points.
go_on(globals(), "MultiHeadAttention")

# %% [markdown]
# ## What is a test worth?
#
# Next we measure with your attention.
# Its visible check has passed, but does that prove that it is right?
# A passed test excludes only the mistakes that it can detect.
# So the more mistakes a test would find, the more it is worth.
#
# We can measure that, too: we make mistakes on purpose, one at a time, and count how many the test finds.
# Programmers call this *mutation testing*.
# Here are two wrong attentions, and one random input.


# %%
def ignores_the_mask(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Wrong: every query looks at every key."""
    return scaled_dot_product_attention(query, key, value)


def divides_by_two(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Wrong: the scores are divided by 2, whatever d_k is."""
    return scaled_dot_product_attention(query * math.sqrt(query.shape[-1]) / 2, key, value, mask)


ROUNDING = {torch.float64: 1e-9, torch.float32: 1e-4, torch.float16: 0.01, torch.bfloat16: 0.03}


def same(theirs: Tensor, ours: Tensor) -> bool:
    """Tell whether shape and dtype are equal, and all numbers but for rounding."""
    least = ROUNDING[ours.dtype]
    alike = theirs.shape == ours.shape and theirs.dtype == ours.dtype
    return alike and torch.allclose(theirs, ours, rtol=least, atol=least, equal_nan=True)


def shows(wrong: Callable, *arguments: Tensor | None) -> bool:
    """Tell whether a wrong attention returns something else than yours, or raises an error."""
    ours = scaled_dot_product_attention(*arguments)
    try:
        theirs = wrong(*arguments)
    except Exception:
        return True
    return not all(map(same, theirs, ours))


generator = torch.Generator().manual_seed(3)
arguments = torch.randn(3, 2, 5, 4, generator=generator)  # query, key and value, each (batch=2, T=5, d_k=4)
for wrong in (ignores_the_mask, divides_by_two):
    print(f"{wrong.__name__}: does the mistake show? {shows(wrong, *arguments)}")

# %% [markdown]
# A random input finds neither of them.
# This input has no mask, so an attention that ignores masks returns the same.
# And with $d_k = 4$, dividing by 2 is right by chance.
#
# ### Exercise 5 · `telling_inputs` (10 points, 30 minutes, ★★☆)
#
# Choose at most six inputs for `scaled_dot_product_attention` that find as many mistakes as possible.
# Each input is a tuple (query, key, value, mask).
# The grader has a list of more than twenty mistakes that students make in exercise 3.
# It makes each of them, runs the wrong attention on your inputs, and compares output and weights with the right ones.
# A mistake is found if, on one of your inputs, output or weights have another shape or dtype, or differ by more than rounding, or if an error is raised.
#
# The points grow with the share that you find: 90 % or more give all 10 points, and 45 % give 5.
# The visible check tries only two mistakes, so it cannot tell you how many points you will get.
# After grading, the feedback names mistakes that would have slipped through.
# Only your inputs are judged here, and not your own attention.
# Mistakes that change only gradients, or that modify the arguments, are not on the list.
#
# Go through the equation and the four promises.
# For each part ask: on which input would I *see* that it is broken?
# And which choice would hide it, as $d_k = 4$ hides the division by 2?
# Think of the sizes, the mask, the dtype and the size of the scores.
# You can write more wrong attentions in a cell of your own, and try your inputs on them with `shows`.
# Nothing later needs this exercise: to leave it for another day, click on the heading "The measurement" and choose *Run → Run Selected Cell and All Below*.
#
# <details><summary>Hint</summary>
# One input rarely does two jobs well.
# Ordinary numbers show a wrong formula, very large scores show a wrong treatment of the mask, and each dtype has mistakes of its own.
# </details>


# %% exercise="telling_inputs"
def telling_inputs() -> list[tuple[Tensor, Tensor, Tensor, Tensor | None]]:
    """Choose inputs on which wrong versions of scaled_dot_product_attention differ from the right one.

    Returns a list of 1 to 6 tuples (query, key, value, mask), which scaled_dot_product_attention can take; the mask may
    be None. No tensor has more than 2,000 numbers, and output and weights together have at most 20,000. A tuple that
    breaks these rules counts for nothing, and of a longer list the first 6 count. Query, key and value have one dtype.

    A number differs if it is off by more than r + r * |right number|, with r = 1e-9 in float64, 1e-4 in float32, 0.01 in
    float16 and 0.03 in bfloat16. Where the right result is NaN, because scaled scores overflow, nothing can differ.
    """
    ### BEGIN SOLUTION
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
    ### END SOLUTION


# %% check="telling_inputs" points=10
with visible_check("telling_inputs"):
    chosen = telling_inputs()
    assert isinstance(chosen, list), f"Return a list of tuples, not {type(chosen).__name__}. Is there a `return`?"
    assert 1 <= len(chosen) <= 6, f"The list should have 1 to 6 tuples, and it has {len(chosen)}."
    for number, arguments in enumerate(chosen):
        assert isinstance(arguments, tuple) and len(arguments) == 4, (
            f"Entry {number} of the list should be a tuple (query, key, value, mask). Without a mask, its last part is None."
        )
        for name, tensor in zip(("query", "key", "value", "mask"), arguments, strict=True):
            if name == "mask" and tensor is None:
                continue
            assert isinstance(tensor, Tensor), (
                f"In tuple {number} the {name} is no tensor, but {type(tensor).__name__}."
            )
            assert tensor.numel() <= 2000, (
                f"In tuple {number} the {name} has {tensor.numel():,} numbers. At most 2,000 are allowed."
            )
            assert (tensor.dtype == torch.bool) if name == "mask" else tensor.is_floating_point(), (
                f"In tuple {number} the {name} consists of {tensor.dtype}. A mask consists of bools, and the others of floating-point numbers."
            )
        assert len({tensor.dtype for tensor in arguments[:3]}) == 1, (
            f"In tuple {number}, query, key and value should have one dtype."
        )
        assert min(tensor.dim() for tensor in arguments[:3]) >= 2, (
            f"In tuple {number} a tensor has one dimension. Query, key and value have at least two: (T, d)."
        )
        try:
            results = scaled_dot_product_attention(*arguments)
        except RuntimeError as error:
            raise AssertionError(f"Your own attention cannot take tuple {number}: {error}. Do its sizes fit?") from None
        assert not any(result.isnan().any() for result in results), (
            f"The right result for tuple {number} has NaN in it, since a number is infinite or NaN, or a scaled score overflows. There no mistake shows: "
            "choose smaller numbers."
        )
        assert sum(result.numel() for result in results) <= 20_000, (
            f"Output and weights for tuple {number} have more than 20,000 numbers together. Choose smaller sizes."
        )
    assert any(shows(ignores_the_mask, *arguments) for arguments in chosen), (
        "An attention that ignores the mask returns the same as yours on all of your inputs. "
        "Is there a mask at all, and does it hide a key from a query?"
    )
    assert any(shows(divides_by_two, *arguments) for arguments in chosen), (
        "An attention that divides the scores by 2 returns the same as yours on all of your inputs. "
        "Is d_k always 4? Are all scores equal, or so far apart that one weight is 1 whatever they are divided by?"
    )
    print("telling_inputs: the visible check passes.")

# %% [markdown]
# ## The measurement
#
# We return to the question from the top.
# We take **one** layer with one set of random weights, and we give it the same six tokens again and again.
# The only thing that we change is the mask.
# For each output and each input, `reach` measures the gradient of the output with respect to the input.
# Where this gradient is zero (below 1e-12, for rounding), a small change of the input does not change the output.
# We call the result a **reach matrix**.
#
# The first three pictures differ only in the mask.
# The fourth uses the same projections, but masks after the softmax, with one head and no scaling to keep it short.

# %% reader=true
torch.manual_seed(0)
layer = MultiHeadAttention(d_model=16, num_heads=4).double()
x = torch.randn(6, 16)  # (T, d_model); reach makes a batch of one of it, in double precision
tokens = ["t0", "t1", "t2", "t3", "t4", "t5"]


def leaking(x: Tensor) -> Tensor:
    """The same projections, masked after the softmax, with one head."""
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
# *Four grids with outputs as rows and inputs as columns, blue where an input can change an output.
# No mask: all 36 pairs.
# Causal: the lower triangle with its diagonal, 21 pairs.
# Padding: the first four columns and two more squares on the diagonal, 26 pairs.
# Masked after the softmax: all 36 pairs, although the mask was causal.*

# %% reader=true
for case, guess in prediction.items():
    count = int(reached(measured[case]).sum())
    print(f"{case:8}  measured {count:2} of 36 pairs, predicted {guess}")

# %% [markdown]
# Did you predict 24 pairs for padding, which is four full columns?
# The measurement says 26.
# No position may look *at* the two padding tokens, so their columns are empty except for two squares.
# These two squares are there because a padding token still has a *query*, which is computed from its own input and decides the weights of its own output.
# That output has no meaning.
# The loss will have to leave it out later, because masking the keys does not remove it.
#
# The fourth grid is the leak that you saw above in numbers: a mask that is applied after the softmax hides the values, but every key still counts in the denominator.

# %% [markdown]
# ## Why no encoder? The first part of the answer
#
# The three grids on the left come from **one layer**.
# How many of its parameters have to change to turn the first grid into the second?

# %% reader=true
parameters = sum(parameter.numel() for parameter in layer.parameters())


def hidden_futures(matrix: Tensor) -> int:
    """Count the positions that do not see their next token, so that a model can learn to predict it there."""
    return sum(not reached(matrix)[i, i + 1] for i in range(len(matrix) - 1))


columns = {}
for architecture, case in {"self-attention, no mask": "no mask", "self-attention, causal mask": "causal"}.items():
    seen = reached(measured[case]).sum(dim=1).tolist()
    columns[architecture] = {
        "inputs that positions 0 to 5 see": ", ".join(map(str, seen)),
        "parameters": f"{parameters:,}",
        "positions that are training examples for the next token": f"{hidden_futures(measured[case])} of 5",
    }
comparison_table(columns)

# %% [markdown]
# **None of them has to change.** (Training will give other numbers, of course.)
# Both columns describe the same object in memory, with the same 1,088 parameters and the same formula.
# The only difference between an encoder's self-attention and a decoder's self-attention is the mask.
# The mask is one argument of a call; it has no parameters, and it is not learned.
#
# So GPT-2, which has no encoder, does not lack a *kind of layer* that only encoders have.
# It keeps everything that an encoder's attention consists of, and it always passes a causal mask.
# The last row of the table shows the gain.
# Without a mask, each of the first five positions sees its own next token, so there is nothing left to predict: 0 of 5 positions are training examples.
# With the causal mask, all 5 of them are.
#
# The first row shows the price: position 0 sees one input instead of six.
# Whether that price matters is still open.
# This table grows in the next notebooks, and the last one compares the gain with the price.

# %% [markdown]
# ## In your own words
#
# ### Question 6 (10 points, 15 minutes, ★★☆)
#
# A colleague starts from the same scaled scores as you, and repairs the wrong way from above in three steps.
# She applies the softmax to all scores, sets the forbidden weights to 0, and then **divides each row by its sum**, so that its sum is 1 again.
# Consider only queries that may look at one key or more.
#
# 1. In exact arithmetic, is her result the same as yours?
#    Give a reason, using the formula of the softmax. (4 points)
# 2. In exact arithmetic, does the future still leak?
#    Give a reason. (3 points)
# 3. A computer rounds.
#    Give the two scores of one query with two keys, and its mask, for which the two ways differ in `float32`.
#    Which weights does each way return, and can a forbidden key now change her result?
#    You can try your numbers in a new cell. (3 points)
#
# A few sentences for each part are enough.
# A person reads and grades them.

# %% [markdown] answer="renormalised" points=10
# ### BEGIN SOLUTION
# 1. Yes. With $m_{ij} \in \{0, 1\}$ for the mask, the colleague computes
#    $\frac{m_{ij} e^{s_{ij}} / Z_i}{\sum_{j'} m_{ij'} e^{s_{ij'}} / Z_i}$ with $Z_i = \sum_{j'} e^{s_{ij'}}$. The factor $1/Z_i$ cancels, and
#    what is left is the softmax over the allowed keys, which is what masking with $-\infty$ before the softmax gives.
# 2. No: the masked scores occur only in $Z_i$, and it has cancelled.
# 3. When a masked score is much larger than all allowed ones: scores 0 (allowed) and 200 (masked). After the softmax over both, the allowed
#    weight is $e^{-200}$, which underflows to 0 in `float32`. The row's sum is then 0, and 0/0 is NaN. Masking before the softmax gives the
#    weights 1 and 0. And the future does leak: a masked score decides whether the output is a number or NaN.
#
# **Mark scheme.** 1: equal, and the normaliser cancels (2 of 4 without a reason). 2: no leak, because the masked scores are in nothing that is left (1 of 3
# without a reason). 3: underflow of the allowed weights (1), with scores that show it, 104 apart or more (1), and the leak through NaN (1). Also right: overflow of an
# exponential that is not shifted by its maximum.
# ### END SOLUTION
