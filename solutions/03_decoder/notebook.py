# %% [markdown]
# # 3 · The decoder: write, and look back
#
# The encoder of notebook 2 reads a text.
# In this notebook you build the other half, the decoder, which writes one.
# Together they are the complete transformer of 2017.
# You teach it to translate number words: *ninety-nine thousand, nine hundred and ninety-nine* becomes *neunundneunzigtausendneunhundertneunundneunzig*.
#
# When both halves work, you can take one of them away and see what happens.
# So this notebook answers two questions:
#
# > **What does a decoder need the encoder for? And what is left of a decoder without it?**
#
# | | | points | minutes | difficulty |
# |---|---|---|---|---|
# | Exercise 1 | `shift_right` | 10 | 10 | ★☆☆ |
# | Exercise 2 | `DecoderLayer` | 20 | 20 | ★★☆ |
# | Exercise 3 | `Transformer` | 25 | 35 | ★★☆ |
# | Exercise 4 | `sequence_loss` | 15 | 15 | ★★☆ |
# | Exercise 5 | `greedy_translate` | 20 | 30 | ★★★ |
# | Question 6 | a written answer, graded by a person | 10 | 15 | ★★☆ |
#
# Reading takes about 20 minutes more.
# Training takes about four minutes, and you can read on while it runs.
# Trained models are saved beside this notebook, so running the notebook again takes about one minute.
#
# As before, a ready-made part of PyTorch that does an exercise for you earns no points.
# The code of the visible checks is folded away; a click on it opens it.
# The file `parts.py` beside this notebook contains the solutions of notebooks 1 and 2.
# You start from them, so you can solve this notebook even if you did not finish those two.

# %% locked="setup"
try:
    from coursekit import (
        attention_maps,
        comparison_table,
        diagrams,
        go_on,
        loss_curves,
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
from collections.abc import Callable
from pathlib import Path

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from coursekit.number_words import NumberWords, Sentences, pieces
from coursekit.oracle import torch_layer
from parts import (
    Encoder,
    EncoderLayer,
    FeedForward,
    LayerNorm,
    MultiHeadAttention,
    causal_mask,
    padding_mask,
    sinusoidal_positions,
    train_step,
)
from torch import Tensor, nn

# %% [markdown]
# ## Predict first
#
# Replace each `None` by a number before you read on.
# Your predictions are not graded, and later cells print them beside the measurements.

# %% reader=true
prediction = {
    # You train a translator for 600 steps. Each step shows it 64 numbers, drawn from 90,000 numbers below 100,000.
    # How many of 100 other numbers will it translate without any mistake?
    "translated, of 100": None,
    # Another decoder may peek: while it learns, it reads the very token that it has to predict, and it is right 100
    # times in 100. How many of 100 numbers will it translate?
    "translated after peeking, of 100": None,
}

# %% [markdown]
# ## A language that is easy to check
#
# The model translates English number words into German ones.
# German says the units before the tens: 21 is *ein-und-zwanzig*, one-and-twenty.
# So a translation word by word, from left to right, is not enough, because the order changes.
# And each translation is either right or wrong, so a program can check it.
#
# A German number is one long word, and here it is cut into its parts.
# These parts and the English words are our **tokens**, and one number is a *sentence* of tokens.
# Three special tokens have the same ids in both languages: `[PAD]` fills up short sentences, `[BOS]` marks the beginning of a sentence, and `[EOS]` marks its end.

# %% reader=true
german = NumberWords("de")
for number in (7, 21, 305, 4_121, 99_999):
    print(f"{number:6}  {' '.join(pieces(number, 'en')):55}  {' '.join(pieces(number, 'de'))}")
print(f"\n{len(german.source)} English tokens and {len(german.target)} German tokens")
print(f"[PAD] is {german.pad_id}, [BOS] is {german.bos_id}, [EOS] is {german.eos_id}")
print(
    f"{len(german.train):,} numbers for training, {len(german.validation):,} for validation, {len(german.test):,} for testing"
)
example = german.batch([21, 305])
print("\nsource", example.source.tolist(), "\ntarget", example.target.tolist())

# %% [markdown]
# Each target ends with `[EOS]`, so that the model can learn when to stop.
#
# ## Teacher forcing
#
# When a decoder generates, it writes one token after the other, and it reads what it has written so far.
# During training it does not have to wait for itself, because the right translation is known.
# At every position it reads the *right* tokens up to there, and it predicts the next one:
#
# ```
# reads     [BOS]  ein    und      zwanzig
# predicts  ein    und    zwanzig  [EOS]
# ```
#
# The lower row is the target.
# The upper row is the target, shifted to the right by one place: `[BOS]` comes in front, and the last token is dropped.
# So one training step trains all positions of a sentence at once.
# This is called **teacher forcing** (section 3.1 of the paper: "the output embeddings are offset by one position").
#
# In the shorter sentences of a batch, the decoder also reads `[EOS]` and padding.
# This does no harm, because the loss will leave out those positions.
#
# ### Exercise 1 · `shift_right` (10 points, 10 minutes, ★☆☆)
#
# <details><summary>Hint</summary>
# All tokens but the last of each row are <code>targets[:, :-1]</code>.
# One column is missing in front of them.
# </details>


# %% exercise="shift_right"
def shift_right(targets: Tensor, bos_id: int) -> Tensor:
    """Return what the decoder reads while it learns to predict the targets.

    targets  (batch, length) int64, length 1 or more; it may be a view, and it is not modified
    bos_id   any token, even one that occurs in the targets

    Returns (batch, length) int64: bos_id in front, and after it all targets but the last of each row.
    """
    ### BEGIN SOLUTION
    first = torch.full_like(targets[:, :1], bos_id)  # (batch, 1)
    return torch.cat([first, targets[:, :-1]], dim=1)  # (batch, length)
    ### END SOLUTION


# %% check="shift_right" points=10
with visible_check("shift_right"):
    targets = torch.tensor([[5, 6, 7, 2], [8, 2, 0, 0]])
    before = targets.clone()
    inputs = shift_right(targets, bos_id=1)
    assert isinstance(inputs, Tensor), f"Return a torch tensor, not {type(inputs).__name__}. Is there a `return`?"
    assert torch.equal(targets, before), "You changed the caller's targets. Make a new tensor instead."
    assert inputs.shape == targets.shape, (
        f"The shape stays {tuple(targets.shape)}, since one token comes in front and the last one is dropped. Yours is {tuple(inputs.shape)}."
    )
    assert inputs.dtype == torch.int64, f"Token ids are int64, and yours are {inputs.dtype}."
    assert inputs.tolist() != [[6, 7, 2, 1], [2, 0, 0, 1]], (
        "You shifted to the left. bos_id belongs at position 0, because the decoder reads it before it predicts the first word."
    )
    assert inputs[:, 0].tolist() != [2, 0], "The last token has moved to the front. Drop it, and put bos_id there."
    assert inputs[:, 0].tolist() == [1, 1], (
        f"Every row begins with bos_id, here 1. Yours begin with {inputs[:, 0].tolist()}."
    )
    assert inputs.tolist() == [[1, 5, 6, 7], [1, 8, 2, 0]], (
        f"The result should be [[1, 5, 6, 7], [1, 8, 2, 0]], and it is {inputs.tolist()}."
    )
    assert shift_right(targets, bos_id=9)[:, 0].tolist() == [9, 9], "Use the argument bos_id: it is not always 1."
    print("shift_right: the visible check passes.")

# %% [markdown]
# ## A decoder's layer
#
# ### Exercise 2 · `DecoderLayer` (20 points, 20 minutes, ★★☆)
#
# A decoder layer is an encoder layer with one more sublayer in the middle (section 3.1):
#
# ```
# EncoderLayer                          DecoderLayer
#   self-attention     padding mask       self-attention     causal mask
#                                         cross-attention    to the encoder's output
#   feed-forward                          feed-forward
# ```
#
# In **cross-attention** the queries come from the target.
# The keys *and* the values come from the **memory**, which is the output of the encoder.
# So at every position of the target, the decoder can look at the whole source:
#
# $$\mathrm{CrossAttention}(x, m) = \mathrm{MultiHead}(Q = x,\; K = m,\; V = m)$$
#
# Source and target have different lengths, so the weights have the shape `(batch, num_heads, target_length, source_length)`.
# Each of the three sublayers has a residual connection, a norm and dropout, as in notebook 2:
#
# $$\text{post-norm:}\quad x \leftarrow \mathrm{LayerNorm}\big(x + \mathrm{Sublayer}(x)\big) \qquad\qquad \text{pre-norm:}\quad x \leftarrow x + \mathrm{Sublayer}\big(\mathrm{LayerNorm}(x)\big)$$
#
# <details><summary>Hint 1: three times the same</summary>
# Post-norm needs three lines, one for each sublayer, and pre-norm can be written in three lines, too.
# The norms are numbered in the order in which the sublayers run.
# </details>
#
# <details><summary>Hint 2: pre-norm and the memory</summary>
# In pre-norm, the current x is normalised before it becomes the queries.
# The memory is not normalised here, because the last step of a pre-norm encoder has already done it.
# </details>


# %% exercise="DecoderLayer"
class DecoderLayer(nn.Module):
    """One layer of the decoder of Vaswani et al. 2017, section 3.1."""

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
        """Make the parts self_attention, cross_attention and feed_forward, and their norms norm1, norm2 and norm3.

        No other part has parameters, and no two parts share any.

        dropout     the share of numbers that are set to 0 while training, each on its own, while the others are
                    divided by 1 - dropout, as nn.Dropout does; in the output of each of the three sublayers, before
                    it is added to the residual; nothing else is dropped
        activation  of feed_forward
        eps         of the norms
        norm_first  False: normalise after each residual sum, as in the paper; True: normalise what comes into each
                    sublayer from x, and leave the residual sum as it is. The memory is never normalised here.
        """
        super().__init__()
        ### BEGIN SOLUTION
        self.self_attention = MultiHeadAttention(d_model, num_heads)
        self.cross_attention = MultiHeadAttention(d_model, num_heads)
        self.feed_forward = FeedForward(d_model, d_ff, activation)
        self.norm1 = LayerNorm(d_model, eps)
        self.norm2 = LayerNorm(d_model, eps)
        self.norm3 = LayerNorm(d_model, eps)
        self.dropout = nn.Dropout(dropout)
        self.norm_first = norm_first
        ### END SOLUTION

    def forward(
        self, x: Tensor, memory: Tensor, self_mask: Tensor | None = None, memory_mask: Tensor | None = None
    ) -> Tensor:
        """Attend to the target, then to the source, then feed forward, each with a residual connection and a norm.

        x            (batch, target_length, d_model)
        memory       (batch, source_length, d_model), the output of the encoder
        self_mask    bool, broadcasts to (batch, num_heads, target_length, target_length); None: no mask
        memory_mask  bool, broadcasts to (batch, num_heads, target_length, source_length); None: no mask

        A position that may attend to nothing has weights of 0 in that attention, as in notebook 1, and never NaN.

        Returns (batch, target_length, d_model), in the dtype of the parameters: float32 or float64. The arguments are
        not modified. Gradients reach x, memory and every parameter.
        """
        ### BEGIN SOLUTION
        if self.norm_first:
            normal = self.norm1(x)
            x = x + self.dropout(self.self_attention(normal, normal, normal, self_mask))
            x = x + self.dropout(self.cross_attention(self.norm2(x), memory, memory, memory_mask))
            return x + self.dropout(self.feed_forward(self.norm3(x)))
        x = self.norm1(x + self.dropout(self.self_attention(x, x, x, self_mask)))
        x = self.norm2(x + self.dropout(self.cross_attention(x, memory, memory, memory_mask)))
        return self.norm3(x + self.dropout(self.feed_forward(x)))
        ### END SOLUTION


# %% check="DecoderLayer" points=20
with visible_check("DecoderLayer"):
    torch.manual_seed(5)
    parts = dict(DecoderLayer(6, 2, 10).named_modules(remove_duplicate=False))
    wanted = ["self_attention", "cross_attention", "feed_forward", "norm1", "norm2", "norm3"]
    assert set(wanted) <= set(parts), f"These parts are missing: {[name for name in wanted if name not in parts]}."
    assert parts["self_attention"] is not parts["cross_attention"], (
        "self_attention and cross_attention are one object. Make two attentions, so that each has weights of its own."
    )
    assert len({id(parts[name]) for name in wanted}) == 6, (
        "Two of the norms are one object. Make a norm for each sublayer."
    )
    x, memory = torch.randn(2, 4, 6), torch.randn(2, 5, 6)  # (batch=2, target_length=4, 6), (2, source_length=5, 6)
    self_mask, memory_mask = causal_mask(4), padding_mask(torch.tensor([5, 3]), 5)  # (4, 4), (2, 1, 1, 5)
    x_before, memory_before = x.clone(), memory.clone()
    for norm_first in (False, True):
        where = f"With norm_first={norm_first}"
        layer = DecoderLayer(6, 2, 10, dropout=0.0, eps=0.1, norm_first=norm_first)
        with torch.no_grad():
            for parameter in layer.parameters():
                parameter.normal_(std=0.5)
            try:
                output = layer(x, memory, self_mask, memory_mask)
            except NotImplementedError:
                raise
            except RuntimeError as error:
                raise AssertionError(
                    f"{where}, with 4 target and 5 source positions, shapes do not fit: {error}. The queries come from x, and the keys and "
                    "values of cross_attention from the memory. self_mask belongs to self_attention, memory_mask to cross_attention."
                ) from None
        assert torch.equal(x, x_before) and torch.equal(memory, memory_before), (
            f"{where}, you changed the caller's x or memory. `x += ...` works in place; write `x = x + ...`."
        )
        assert isinstance(output, Tensor), f"{where}, forward returns {type(output).__name__}. Is there a `return`?"
        assert output.shape == x.shape, (
            f"{where}, there is an output for each position of the target, so the shape is that of x. Do the queries of cross_attention come from x?"
        )
        assert torch.allclose(layer.eval()(x, memory, self_mask, memory_mask), output, atol=1e-5), (
            f"{where} and dropout=0.0, training mode and evaluation mode differ. dropout is the share that is set to 0: is it used?"
        )
        assert not torch.allclose(layer(x, torch.randn(2, 5, 6), self_mask, memory_mask), output, atol=1e-3), (
            f"{where}, the memory does not change the output. The keys and values of cross_attention come from it."
        )
        leaves = x.clone().requires_grad_(), memory.clone().requires_grad_()
        layer(*leaves, self_mask, memory_mask).pow(2).sum().backward()
        for name in wanted:
            assert any(parameter.grad is not None for parameter in getattr(layer, name).parameters()), (
                f"{where}, {name} has no influence on the output. Is it used in forward?"
            )
        for name, leaf in zip(("x", "the memory"), leaves, strict=True):
            assert leaf.grad is not None, (
                f"{where}, no gradient reaches {name}. Did you detach it, or use torch.no_grad()?"
            )
        other = x.clone()
        other[:, 3] = torch.randn(2, 6)  # only the last word of the target changes
        assert torch.allclose(layer(other, memory, self_mask, memory_mask)[:, :3], output[:, :3], atol=1e-5), (
            f"{where}, the last word changes the outputs before it. Does self_attention get self_mask?"
        )
        other = memory.clone()
        other[1, 3:] = torch.randn(2, 6)  # only the padding of source 1 changes
        assert torch.allclose(layer(x, other, self_mask, memory_mask), output, atol=1e-5), (
            f"{where}, the source's padding changes the output. Does cross_attention get memory_mask?"
        )
        theirs = torch_layer(layer, num_heads=2, eps=0.1, norm_first=norm_first)  # PyTorch's own layer, your weights
        expected = theirs(x, memory, tgt_mask=~self_mask, memory_key_padding_mask=~memory_mask[:, 0, 0])
        assert torch.allclose(output, expected, atol=1e-4), (
            f"{where}, PyTorch's own layer with your weights returns something else. Is the order self-attention, cross-attention, feed-forward? "
            "Does each norm belong to its sublayer, and does each get eps? Do keys and values both come from the memory, unchanged? "
            "Is each sublayer's output added to the current x? Do you use norm_first?"
        )
        assert torch.allclose(layer(x, memory), theirs(x, memory), atol=1e-4), (
            f"{where}, PyTorch's own layer returns something else when there is no mask. Without a mask, every position may attend to every position."
        )
        layer = DecoderLayer(6, 2, 10, dropout=0.9, norm_first=norm_first)
        lasts = {name: getattr(layer, name).output_proj for name in wanted[:2]} | {
            "feed_forward": layer.feed_forward.linear2
        }
        with torch.no_grad():
            for last in lasts.values():
                last.weight.zero_()
                last.bias.zero_()  # now each sublayer's output is 0
        assert torch.equal(layer(x, memory), layer(x, memory)), (
            f"{where}, each sublayer's output is 0, and two calls in training mode still differ. Apply dropout to the output of each sublayer, before it is added, and to nothing else."
        )
        for name, last in lasts.items():
            with torch.no_grad():
                last.bias.copy_(torch.arange(1.0, 7.0))  # now only this sublayer's output is not 0
            assert not torch.equal(layer.train()(x, memory), layer(x, memory)), (
                f"{where}, there is no dropout on the output of {name} in training mode."
            )
            layer.eval()
            assert torch.equal(layer(x, memory), layer(x, memory)), (
                "Two calls in evaluation mode differ. Dropout should be off then."
            )
            nn.init.zeros_(last.bias)
    layer = DecoderLayer(6, 2, 10, activation=lambda x: 0 * x)
    assert torch.equal(layer.feed_forward(x), layer.feed_forward.linear2.bias.expand(2, 4, 6)), (
        "Pass the activation on to feed_forward."
    )
    print("DecoderLayer: the visible check passes.")

# %% folded=true reader=true
# Stuck? Go on: run this cell, then choose Run → Run Selected Cell and All Below.
# For each exercise above whose check has not passed, ready-made code is lent to you. It is worth no points.
go_on(globals(), "shift_right", "DecoderLayer")

# %% [markdown]
# ## The whole transformer
#
# This is figure 1 of the paper, with two layers on each side:

# %% reader=true
diagrams.encoder_decoder()

# %% [markdown]
# *Two columns, which are read from the bottom up.
# On the left, the source passes through its embedding and two encoder layers, and the result is the memory.
# On the right, the target inputs pass through their embedding, two decoder layers, a norm and the product with the target embedding, and the result is the logits.
# An arrow leads from the memory to the cross-attention of each of the two decoder layers.*
#
# The encoder runs once, and its last output is the memory.
# **Every** decoder layer looks at this same memory.
#
# ### Exercise 3 · `Transformer` (25 points, 35 minutes, ★★☆)
#
# `__init__` is given.
# Read it first, because it names all parts.
# You write three methods:
#
# - **`encode`** embeds the source and runs the encoder.
#   No position may attend to padding of the source.
# - **`decode`** embeds the target inputs and runs the decoder layers.
#   Each layer gets a causal mask, the memory, and the memory's mask.
#   Then come `decoder_norm` and a score for each token of the vocabulary.
# - **`forward`** calls the two, one after the other.
#
# Four details are easily forgotten (sections 3.4, 3.5 and 5.4 of the paper):
#
# 1. Embeddings are multiplied by $\sqrt{d_\text{model}}$.
#    Their initial values have the standard deviation $1/\sqrt{d_\text{model}}$, so the product is about as large as the positions.
# 2. On *both* sides, positions are added after this multiplication, and dropout is applied to the sum.
# 3. `decoder_norm` comes between the last decoder layer and the scores.
#    (In post-norm it does nothing, because the last layer has already normalised its output.)
# 4. The scores are products with the target embedding itself: $\text{logits} = x E^T$, where $E$ of shape (target_vocab, d_model) is `target_embedding.weight`.
#    There is no other matrix, no bias and no softmax.
#    Scores that only a softmax turns into probabilities are called **logits**.
#
# ```
# source (batch, S)                →  encode  →  memory (batch, S, d_model), memory_mask (batch, 1, 1, S)
# target_inputs (batch, T), memory →  decode  →  logits (batch, T, target_vocab)
# ```
#
# The target needs no mask for its padding.
# Its padding comes at the end, so the causal mask hides it from all tokens before it.
# The loss will leave out the outputs *at* padding.
#
# <details><summary>Hint 1: embed</summary>
# Both sides do the same with different embeddings, so write one method for both.
# Positions are float32, and <code>.to(x.dtype)</code> gives them the dtype of the embeddings.
# </details>
#
# <details><summary>Hint 2: the memory mask</summary>
# <code>source != self.pad_id</code> has the shape (batch, S).
# Add dimensions of size 1 for the heads and for the queries.
# </details>


# %% exercise="Transformer"
class Transformer(nn.Module):
    """The encoder-decoder of Vaswani et al. 2017, figure 1."""

    def __init__(
        self,
        source_vocab: int,
        target_vocab: int,
        d_model: int,
        num_heads: int,
        d_ff: int,
        num_layers: int,
        pad_id: int,
        dropout: float = 0.1,
        activation: Callable[[Tensor], Tensor] = torch.relu,
        eps: float = 1e-5,
        norm_first: bool = False,
    ):
        """This part is given. The encoder has num_layers layers, and the decoder has as many.

        source_vocab, target_vocab  the number of tokens of each language
        pad_id                      the token that fills up sentences, in both languages
        """
        super().__init__()
        self.d_model, self.pad_id = d_model, pad_id
        self.source_embedding = nn.Embedding(source_vocab, d_model)
        self.target_embedding = nn.Embedding(target_vocab, d_model)
        for embedding in (self.source_embedding, self.target_embedding):
            nn.init.normal_(embedding.weight, std=d_model**-0.5)
        sizes = (d_model, num_heads, d_ff, dropout, activation, eps, norm_first)
        self.encoder = Encoder(num_layers, *sizes)
        self.decoder_layers = nn.ModuleList(DecoderLayer(*sizes) for _ in range(num_layers))
        self.decoder_norm = LayerNorm(d_model, eps) if norm_first else nn.Identity()
        self.dropout = nn.Dropout(dropout)

    def encode(self, source: Tensor) -> tuple[Tensor, Tensor]:
        """Read a source sentence.

        source  (batch, source_length) int64; pad_id may be anywhere, and a sentence may be all padding

        Returns the memory (batch, source_length, d_model), in the dtype of the parameters, and the memory_mask (batch,
        1, 1, source_length) bool, True where the source is no padding. Embeddings are multiplied by sqrt(d_model), and
        their positions are added; dropout is applied to the sum (sections 3.4, 3.5 and 5.4) and, outside the layers,
        to nothing else. The sum goes through self.encoder, and no position attends to padding. No argument is modified,
        here and below.
        """
        ### BEGIN SOLUTION
        memory_mask = (source != self.pad_id)[:, None, None, :]  # (batch, 1, 1, source_length)
        memory = self.encoder(self._embed(source, self.source_embedding), memory_mask)
        return memory, memory_mask

    def _embed(self, tokens: Tensor, embedding: nn.Embedding) -> Tensor:
        x = embedding(tokens) * math.sqrt(self.d_model)  # (batch, length, d_model)
        positions = sinusoidal_positions(tokens.shape[1], self.d_model)  # (length, d_model)
        return self.dropout(x + positions.to(x.dtype))
        ### END SOLUTION

    def decode(self, target_inputs: Tensor, memory: Tensor, memory_mask: Tensor) -> Tensor:
        """Predict the token after each target input.

        target_inputs  (batch, target_length) int64; pad_id is a token like any other here
        memory         (batch, source_length, d_model), from encode or from elsewhere
        memory_mask    (batch, 1, 1, source_length) bool, used as it is

        Returns logits (batch, target_length, target_vocab), in the dtype of the parameters. Embeddings are made as in
        encode, dropout included; outside the layers nothing else is dropped. No position attends to a later one. All
        decoder layers run, in their order. After decoder_norm, the logits are products with the target embedding's
        weights (section 3.4).
        """
        ### BEGIN SOLUTION
        x = self._embed(target_inputs, self.target_embedding)
        self_mask = causal_mask(target_inputs.shape[1])  # (target_length, target_length)
        for layer in self.decoder_layers:
            x = layer(x, memory, self_mask, memory_mask)
        x = self.decoder_norm(x)  # (batch, target_length, d_model)
        return x @ self.target_embedding.weight.T  # (batch, target_length, target_vocab)
        ### END SOLUTION

    def forward(self, source: Tensor, target_inputs: Tensor) -> Tensor:
        """Return logits (batch, target_length, target_vocab) for a source (batch, source_length) and target inputs.

        Gradients reach both embeddings, the encoder and the decoder layers.
        """
        ### BEGIN SOLUTION
        memory, memory_mask = self.encode(source)
        return self.decode(target_inputs, memory, memory_mask)
        ### END SOLUTION


# %% check="Transformer" points=25
class ReadingEcho(nn.Module):
    """Takes the place of the encoder: it notes its arguments, and returns its input."""

    def forward(self, x, mask=None):
        self.x, self.mask = x, mask
        return x


class WritingEcho(nn.Module):
    """Takes the place of a decoder layer."""

    x = None

    def forward(self, x, memory, self_mask=None, memory_mask=None):
        self.x, self.memory, self.self_mask, self.memory_mask = x, memory, self_mask, memory_mask
        return x + 1.0


with visible_check("Transformer"):
    torch.manual_seed(6)
    sizes = {"source_vocab": 11, "target_vocab": 13, "d_model": 6, "num_heads": 2, "d_ff": 10, "num_layers": 2}
    model = Transformer(**sizes, pad_id=2, dropout=0.9, norm_first=True).eval()
    model.encoder, model.decoder_layers = ReadingEcho(), nn.ModuleList([WritingEcho(), WritingEcho()])
    source = torch.tensor([[4, 4, 6, 7, 8], [9, 10, 3, 2, 2]])  # (batch=2, S=5), pad_id is 2
    target = torch.tensor([[3, 3, 4, 5], [1, 6, 7, 8]])  # (batch=2, T=4)
    encoded = model.encode(source)
    assert isinstance(encoded, tuple) and len(encoded) == 2, "encode returns a pair: the memory and its mask."
    memory, memory_mask = encoded
    assert memory.shape == (2, 5, 6), (
        f"The memory has a vector for each source word: (2, 5, 6), not {tuple(memory.shape)}."
    )
    assert memory_mask.dtype == torch.bool and memory_mask.shape == (2, 1, 1, 5), (
        f"The memory_mask is a bool tensor of shape (batch, 1, 1, S) = (2, 1, 1, 5), not {memory_mask.dtype} of {tuple(memory_mask.shape)}."
    )
    assert memory_mask.flatten(1).tolist() == [[True] * 5, [True] * 3 + [False] * 2], (
        "The memory_mask is True where the source is no padding. Padding is self.pad_id, which is not always 0."
    )
    seen = torch.ones(()) if model.encoder.mask is None else model.encoder.mask
    assert (seen.expand(2, 1, 5, 5) == memory_mask)[source[:, None] != 2].all(), (
        "encode: the encoder needs the mask, too. Source words must not look at padding."
    )
    assert torch.equal(model.encode(source)[0], memory), (
        "Two calls of encode in evaluation mode differ. Dropout should be off then."
    )
    logits = model.decode(target, memory, memory_mask)
    assert logits.shape == (2, 4, 13), (
        f"There is a score for each position and token: (2, 4, 13), not {tuple(logits.shape)}."
    )
    assert not torch.allclose(logits.sum(dim=-1), torch.ones(2, 4)), (
        "These are probabilities. Return logits, without a softmax."
    )
    first, last = model.decoder_layers
    assert first.x is not None and last.x is not None, "decode: not every decoder layer is run."
    for side, tokens, embedding, x in [
        ("encode", source, model.source_embedding, model.encoder.x),
        ("decode", target, model.target_embedding, first.x),
    ]:
        step = x[0, 1] - x[0, 0]  # the first two words of sentence 0 are the same
        assert step.abs().max() > 1e-3, (
            f"{side}: the same word at two positions has the same vector. Add the positions."
        )
        table = sinusoidal_positions(2, 6)
        assert torch.allclose(step, table[1] - table[0], atol=1e-4), (
            f"{side}: positions are added unchanged, counted from 0. Multiply the embeddings before you add them."
        )
        factors = (x[0, 0] - table[0]) / embedding(tokens[0, 0])
        assert factors.std() < 1e-2, (
            f"{side}: without its positions, a vector should be a multiple of the word's embedding. Which of the two embeddings did you use?"
        )
        factor = factors.mean().item()
        assert math.isclose(factor, math.sqrt(6), abs_tol=1e-3), (
            f"{side}: embeddings are multiplied by the root of d_model, here 2.449, and yours by {factor:.3f}."
        )
    model.train()
    model.decode(target, *model.encode(source))
    for side, x in (("encode", model.encoder.x), ("decode", first.x)):
        assert (x == 0).float().mean() > 0.5, (
            f"{side}: dropout is applied to the sum of embeddings and positions. With dropout=0.9 most of it should be 0 in training mode."
        )
    model.eval()
    model.decode(target, memory, memory_mask)
    assert first.self_mask is not None, (
        "decode: without a causal mask the decoder sees the tokens that it should predict."
    )
    assert first.self_mask.shape[-2:] == (4, 4), (
        f"decode: self_mask belongs to the target, so it is (4, 4), and yours is {tuple(first.self_mask.shape)}. Did you exchange the two masks?"
    )
    assert torch.equal(first.self_mask.expand(2, 1, 4, 4), causal_mask(4).expand(2, 1, 4, 4)), (
        "decode: self_mask should be the causal mask and nothing else."
    )
    assert torch.equal(last.x, first.x + 1.0), "decode: each decoder layer gets the output of the layer before it."
    for layer in (first, last):
        assert torch.equal(layer.memory, memory), "decode: every layer gets the memory unchanged."
        assert layer.memory_mask is not None and torch.equal(layer.memory_mask, memory_mask), (
            "decode: every layer needs the memory_mask, or else it looks at padding."
        )
    plain = F.linear(last.x + 1.0, model.target_embedding.weight)
    assert not torch.allclose(logits, plain, atol=1e-4), (
        "decode: apply decoder_norm between the last layer and the scores."
    )
    normed = F.linear(model.decoder_norm(last.x + 1.0), model.target_embedding.weight)
    assert torch.allclose(logits, normed, atol=1e-4), (
        "decode: the scores are products of decoder_norm's output with the target embedding's weights, and nothing more."
    )
    model.double()
    memory, memory_mask = model.encode(source)
    for name, x in {"the memory": memory, "the logits": model.decode(target, memory, memory_mask)}.items():
        assert x.dtype == torch.float64, f"In a model in float64, {name} should be float64, and not {x.dtype}."

    model = Transformer(**sizes, pad_id=2)
    names = {name.split(".")[0] for name, _ in model.named_parameters()}
    assert names == {"source_embedding", "target_embedding", "encoder", "decoder_layers"}, (
        f"There should be no parameters but those of __init__, and yours are in {sorted(names)}."
    )
    assert not torch.equal(model(source, target), model(source, target)), (
        "Two calls in training mode should differ, because of dropout."
    )
    model.eval()
    assert torch.allclose(model(source, target), model.decode(target, *model.encode(source)), atol=1e-5), (
        "forward should call encode, and then decode with the memory and the mask that encode returned."
    )
    model(source, target).pow(2).sum().backward()
    idle = [name for name, parameter in model.named_parameters() if parameter.grad is None]
    assert not idle, f"No gradient reaches {', '.join(idle[:3])}. Did you detach something, or use torch.no_grad()?"
    other = target.clone()
    other[:, 3] = 9  # only the last word of the target changes
    assert torch.allclose(model(source, other)[:, :3], model(source, target)[:, :3], atol=1e-5), (
        "The last word of the target changes the scores before it."
    )
    print("Transformer: the visible check passes.")

# %% folded=true reader=true
# Stuck? Go on: run this cell, then choose Run → Run Selected Cell and All Below.
# If the check above has not passed, ready-made code is lent to you. It is worth no points.
go_on(globals(), "Transformer")

# %% [markdown]
# ## What can each output see?
#
# Before any training, we measure which inputs can change which outputs.
# The inputs are the vectors of four source words, `s0` to `s3`, and of five target words, `t0` to `t4`.
# The outputs are the five vectors of the last decoder layer.
# Each of them is used to predict the word *after* its own.

# %% reader=true
torch.manual_seed(0)
model = Transformer(11, 13, d_model=16, num_heads=4, d_ff=64, num_layers=2, pad_id=0, dropout=0.0).double()


def encoder_decoder(x: Tensor) -> Tensor:
    """Vectors of the source and of the target, side by side (1, 4 + 5, 16) -> outputs of the decoder (1, 5, 16)."""
    memory, y = model.encoder(x[:, :4]), x[:, 4:]
    for layer in model.decoder_layers:
        y = layer(y, memory, causal_mask(5))
    return y


target_names, names = [f"after t{i}" for i in range(5)], [f"s{i}" for i in range(4)] + [f"t{i}" for i in range(5)]
both = reach(encoder_decoder, torch.randn(9, 16))  # (5, 9)
figure = reach_maps({"encoder-decoder": both}, target_names, names)
figure.axes[0].axvline(3.5, color="black", linewidth=2)
figure.axes[0].set_xlabel("input j (black line: source | target)")
plt.show()

# %% [markdown]
# *A grid of five outputs and nine inputs, with a black line between source and target.
# To the left of the line every cell is blue.
# To the right of it, the blue cells form a triangle: each output sees its own target word and those before it.*
#
# Each output sees the *whole* source, and no output sees a later target word.
# The decoder sees the source only through cross-attention.

# %% [markdown]
# ## The loss
#
# ### Exercise 4 · `sequence_loss` (15 points, 15 minutes, ★★☆)
#
# At each position, the softmax of the logits gives the probability of each token.
# The **cross-entropy** is the negative logarithm of the probability of the target:
#
# $$L = -\frac{1}{N} \sum_{(b,\, t)\ \text{not padding}} \log p_{b,t}(\text{target}_{b,t}) \qquad N = \text{the number of positions that are not padding}$$
#
# The model does not have to predict padding.
# So a padding position adds nothing to the sum, and it is not counted in $N$.
# The mean is over *all* real positions of the batch, so a token counts the same in a long sentence and in a short one.
# If every target is padding, the loss is 0, and so are its gradients.
#
# <details><summary>Hint</summary>
# <code>F.cross_entropy</code> takes logits of shape (positions, tokens), before the softmax, and targets of shape (positions,).
# So flatten batch and length into one dimension.
# The function can also leave out one index.
# But what is its mean when no position is left?
# </details>


# %% exercise="sequence_loss"
def sequence_loss(logits: Tensor, targets: Tensor, pad_id: int) -> Tensor:
    """The mean cross-entropy over all positions whose target is not padding.

    logits   (batch, length, vocab_size), of any size; where the target is padding they make no difference to the loss,
             even if they are infinite
    targets  (batch, length) int64; padding may be anywhere, and a sentence may be all padding
    pad_id   any token of the vocabulary

    Returns a tensor of one number with a gradient, in the dtype of the logits: float32, float64 or bfloat16. It is 0,
    and its gradient is 0, if every target is padding. It is NaN if the logits of a target that is not padding are. The
    arguments may be views, and are not modified.
    """
    ### BEGIN SOLUTION
    losses = F.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="none")  # (batch * length,)
    real = (targets != pad_id).flatten()  # (batch * length,)
    return losses.masked_fill(~real, 0.0).sum() / real.sum().clamp(min=1)
    ### END SOLUTION


# %% check="sequence_loss" points=15
with visible_check("sequence_loss"):
    generator = torch.Generator().manual_seed(7)
    logits = torch.randn(2, 4, 6, generator=generator, requires_grad=True)  # (batch=2, length=4, vocab_size=6)
    targets = torch.tensor([[3, 4, 5, 2], [1, 0, 0, 0]])  # 5 real positions; padding is 0
    before = targets.clone()
    losses = -logits.detach().log_softmax(dim=-1).gather(-1, targets[..., None])[..., 0]  # (2, 4)
    real = targets != 0
    try:
        loss = sequence_loss(logits, targets, pad_id=0)
    except NotImplementedError:
        raise
    except (RuntimeError, ValueError) as error:
        raise AssertionError(
            f"Shapes do not fit: {error}. F.cross_entropy takes logits (positions, tokens) and targets (positions,), so flatten batch and length first."
        ) from None
    assert torch.equal(targets, before), (
        "You changed the caller's targets. Assigning to a part of a tensor works in place."
    )
    assert isinstance(loss, Tensor) and loss.shape == (), (
        "Return a tensor of one number, with its gradient: the mean, and no .item()."
    )
    assert loss.requires_grad, "The loss has no gradient, so nothing can be learned from it. Did you detach it?"
    twice = -logits.detach().softmax(dim=-1).log_softmax(dim=-1).gather(-1, targets[..., None])[..., 0]
    assert not torch.isclose(loss, twice[real].mean()), "There is one softmax too many: F.cross_entropy takes logits."
    assert not torch.isclose(loss, losses.mean()), "Padding is counted like a word. Leave it out."
    assert not torch.isclose(loss, losses[real].sum() / 8), (
        "Padding is not in your sum, but it is in the number by which you divide."
    )
    by_sentence = ((losses * real).sum(dim=1) / real.sum(dim=1)).mean()
    assert not torch.isclose(loss, by_sentence), (
        "You take the mean of each sentence, and then the mean of those. Each *token* should count the same."
    )
    assert not torch.isclose(loss, losses[real].sum()), "This is the sum. Divide it by the number of real positions."
    later = -logits.detach().log_softmax(dim=-1)[:, :-1].gather(-1, targets[:, 1:, None])[..., 0]
    assert not torch.isclose(loss, later[real[:, 1:]].mean()), (
        "You shift the targets here. The caller has shifted the decoder's inputs already, so position t predicts target t."
    )
    assert torch.isclose(loss, losses[real].mean()), (
        f"The mean over the 5 real positions is {losses[real].mean():.4f}, and yours is {loss:.4f}."
    )
    assert torch.isclose(sequence_loss(logits, targets, pad_id=5), losses[targets != 5].mean()), (
        "Padding is what pad_id says, which is not always 0."
    )
    assert sequence_loss(logits.double(), targets, pad_id=0).dtype == torch.float64, (
        "The loss of float64 logits should be float64. Do not convert the logits."
    )
    assert sequence_loss(1000 * logits, targets, pad_id=0).isfinite(), (
        "Large logits give an infinite loss, because a probability is rounded to 0 before you take its logarithm. F.cross_entropy does both steps at once."
    )
    blocked = logits.detach().clone()
    blocked[1, 1:, 0] = float("-inf")  # the model excludes padding, exactly where the target is padding
    assert torch.isclose(sequence_loss(blocked, targets, pad_id=0), losses[real].mean()), (
        "An infinite loss at a padding position spoils your result: infinity times 0 is NaN. Replace these losses instead of multiplying them."
    )
    assert sequence_loss(logits * float("nan"), targets, pad_id=0).isnan(), (
        "Logits of NaN should give a loss of NaN. Otherwise you would not notice that a model has broken down."
    )
    nothing = sequence_loss(logits, torch.zeros_like(targets), pad_id=0)
    assert isinstance(nothing, Tensor) and nothing.grad_fn is not None, (
        "If every target is padding, compute the 0 from the logits, too, so that backward() works and gives gradients of 0."
    )
    assert nothing == 0, f"If every target is padding, the loss is 0, and yours is {nothing.item()}."
    nothing.backward()
    assert logits.grad is not None and not logits.grad.isnan().any(), (
        "If every target is padding, the gradient is 0, and yours is NaN."
    )
    print("sequence_loss: the visible check passes.")

# %% folded=true reader=true
# Stuck? Go on: run this cell, then choose Run → Run Selected Cell and All Below.
# If the check above has not passed, ready-made code is lent to you. It is worth no points.
go_on(globals(), "sequence_loss")

# %% [markdown]
# ## The wrong way first: a decoder that peeks
#
# What happens if you forget `shift_right`?
# Then the decoder reads the targets themselves:
#
# ```
# reads     ein    und    zwanzig  [EOS]
# predicts  ein    und    zwanzig  [EOS]
# ```
#
# At every position it reads the very token that it has to predict.
# The causal mask does not prevent this, because a position may look at itself.
# Everything else in this model is correct.


# %% reader=true
def draw_numbers(generator: torch.Generator, data: NumberWords = german, count: int = 64) -> Sentences:
    """Draw a batch of numbers to train on."""
    return data.batch([data.train[i] for i in torch.randint(len(data.train), (count,), generator=generator)])


def new_translator(data: NumberWords, seed: int = 0, d_model: int = 64, **options) -> Transformer:
    """Make a transformer with 2 + 2 layers for these languages, with random weights."""
    torch.manual_seed(seed)
    sizes = {
        "d_model": d_model,
        "num_heads": 4,
        "d_ff": 4 * d_model,
        "num_layers": 2,
        "dropout": 0.0,
        "norm_first": True,
    }
    return Transformer(len(data.source), len(data.target), pad_id=data.pad_id, **(sizes | options))


def peeking_loss(model: nn.Module, batch: Sentences) -> Tensor:
    """The wrong way. Do not copy it."""
    return sequence_loss(model(batch.source, batch.target), batch.target, german.pad_id)


peeking = new_translator(german)
peeking_history = train(
    peeking, peeking_loss, draw_numbers, train_step, name="peeking", steps=150, learning_rate=2e-3, save_as="peeking.pt"
)
batch = german.batch(german.test[:200])
with torch.no_grad():
    said = peeking.eval()(batch.source, batch.target).argmax(dim=-1)  # (200, length)
words = batch.target != german.pad_id
print(
    f"With the answer in its input, it says {100 * (said == batch.target)[words].float().mean().item():.1f} % of the words right."
)
print(f"Its loss at the end of training is {peeking_history.last():.4f}.")

# %% [markdown]
# This looks perfect, after only 150 steps.
# Keep this model.
# As soon as you can generate, we ask it for a translation.

# %% [markdown]
# ## Generate
#
# ### Exercise 5 · `greedy_translate` (20 points, 30 minutes, ★★★)
#
# Now the target is not known.
# The decoder reads what it has written itself, and it writes one token in each step.
# **Greedy** means that it always takes the most probable token:
#
# ```
# [BOS]                        → ein
# [BOS] ein                    → und
# [BOS] ein und                → zwanzig
# [BOS] ein und zwanzig        → [EOS]
# ```
#
# - The source does not change, so encode it **once**.
# - A batch contains several sentences, and each of them ends with its own `eos_id`.
#   After that, its row is filled with the model's `pad_id`, whatever the decoder predicts there.
# - Stop when every row has ended, or after `max_length` tokens.
#   `eos_id` and padding count as tokens here.
# - Work without gradients and in evaluation mode.
#   A model that was in training mode before the call is in training mode after it.
#
# From the model you need its methods `encode` and `decode`, its `pad_id` and its mode, and nothing else.
#
# <details><summary>Hint 1: the loop</summary>
# Keep a tensor of all tokens so far, which begins with bos_id.
# In each step you need only the logits of the <i>last</i> position.
# </details>
#
# <details><summary>Hint 2: rows that have ended</summary>
# Keep a bool for each sentence.
# <code>masked_fill</code> replaces the tokens of the sentences that have ended.
# Set the bool after the eos_id has been written, not before.
# </details>


# %% exercise="greedy_translate"
def greedy_translate(model: Transformer, source: Tensor, bos_id: int, eos_id: int, max_length: int) -> Tensor:
    """Translate, and always take the most probable next token; of equally probable ones the lowest id.

    source      (batch, source_length) int64; it is not modified
    max_length  the largest number of tokens to write, 0 or more

    Returns (batch, length) int64, a column for each step, length <= max_length, without bos_id in front. In each row,
    what comes after the first eos_id is the model's pad_id. Writing stops when every row has its eos_id. Only eos_id
    ends a row: the model may also write bos_id or pad_id. Two of the three may be the same token.

    The source is encoded once. Nothing but model.encode and model.decode is called, with the mask that encode returns.
    The whole model works in evaluation mode and without gradients, and after the call it is in the mode in which it
    was before.
    """
    ### BEGIN SOLUTION
    was_training = model.training
    model.eval()
    tokens = torch.full((len(source), 1), bos_id)  # (batch, 1 + length so far)
    ended = torch.zeros(len(source), dtype=torch.bool)  # (batch,)
    with torch.no_grad():
        memory, memory_mask = model.encode(source)
        for _ in range(max_length):
            logits = model.decode(tokens, memory, memory_mask)[:, -1]  # (batch, target_vocab)
            token = logits.argmax(dim=-1).masked_fill(ended, model.pad_id)  # (batch,)
            tokens = torch.cat([tokens, token[:, None]], dim=1)
            ended = ended | (token == eos_id)
            if ended.all():
                break
    model.train(was_training)
    return tokens[:, 1:]
    ### END SOLUTION


# %% check="greedy_translate" points=20
class Script(nn.Module):
    """A model that predicts the tokens of a script, one row for each sentence, and notes how it is used."""

    pad_id = 8

    def __init__(self, script, bos_id):
        super().__init__()
        self.script, self.part = torch.tensor(script), nn.Identity()
        self.right = torch.cat([torch.full_like(self.script[:, :1], bos_id), self.script], dim=1)  # inputs
        self.encoded, self.read, self.gradients, self.in_training, self.other_mask = 0, [], False, False, False

    def forward(self, *arguments):
        raise AssertionError(
            "You call the whole model, which encodes the source anew in each step. Call model.encode once, and model.decode in each step."
        )

    def encode(self, source):
        self.encoded += len(source)
        return source[..., None].float(), (source % 3 > 0)[:, None, None, :]  # a mask like no other

    def decode(self, target_inputs, memory, memory_mask):
        rows, length = memory[:, 0, 0].long(), target_inputs.shape[1]  # a source begins with the number of its row
        self.read.append(target_inputs.tolist())
        self.gradients |= torch.is_grad_enabled()
        self.in_training |= self.training or self.part.training
        self.other_mask |= not torch.equal(memory_mask, (memory % 3 > 0).mT[:, None])
        ended = (self.script[rows] == 2).cumsum(dim=1)[:, :length] > 0
        unknown = (target_inputs != self.right[rows, :length]).cumsum(dim=1) > 0  # it has read something else
        said = self.script[rows, :length].masked_fill(unknown & ~ended, 9)
        return F.one_hot(said, 11).float() + F.one_hot(said + 1, 11)  # two tokens with the same score


with visible_check("greedy_translate"):
    model = Script([[5, 6, 2, 7, 7, 7], [7, 6, 5, 4, 2, 7]], bos_id=1).train()  # eos_id is 2; then the script goes on
    source = torch.tensor([[0, 4, 3], [1, 3, 5]])
    written = greedy_translate(model, source, bos_id=1, eos_id=2, max_length=6)
    assert isinstance(written, Tensor) and written.dtype == torch.int64, (
        "Return token ids, in a tensor of int64. Is there a `return`?"
    )
    assert written.dim() == 2 and len(written) == 2, "The result has a row for each sentence of the source."
    if written.tolist() != [[5, 6, 2, 8, 8], [7, 6, 5, 4, 2]]:
        reads = [*model.read, *[[[]]] * 3]
        assert written.shape[1] > 0, "Nothing was written."
        assert reads[0] == [[1], [1]], (
            f"In the first step the decoder reads bos_id, here [[1], [1]]. Yours read {reads[0]}."
        )
        assert reads[1] != [[1, 6], [1, 8]], "Two tokens have the same score here. Take the one with the lowest id."
        assert reads[2] != [[1, 5, 5], [1, 7, 7]], (
            "You write the prediction of the first position again and again. The next token is predicted at the *last* position, in logits[:, -1]."
        )
        assert reads[1] == [[1, 5], [1, 7]] and reads[2] == [[1, 5, 6], [1, 7, 6]], (
            "In each step the decoder reads bos_id and *all* tokens that have been written so far, since it remembers nothing. "
            f"In steps 2 and 3 that is [[1, 5], [1, 7]] and [[1, 5, 6], [1, 7, 6]], and yours read {reads[1]} and {reads[2]}."
        )
        assert written[:, 0].tolist() != [1, 1], "bos_id is not part of the translation. Leave it out."
        assert written[0].tolist() != [5, 6, 2], (
            "You stop as soon as one row has ended. Go on until all rows have ended."
        )
        assert written[0, 2] == 2, "The eos_id itself is part of the translation."
        assert written[0, 3:5].tolist() == [8, 8], (
            f"The first row has ended after 3 tokens. Fill the rest of it with model.pad_id, here 8, and not with {written[0, 3:5].tolist()}."
        )
        assert written.shape != (2, 6), (
            "All rows have ended after 5 tokens, so stop there. Remember for each row whether it has *ever* ended."
        )
        raise AssertionError(f"The result should be [[5, 6, 2, 8, 8], [7, 6, 5, 4, 2]], and it is {written.tolist()}.")
    assert model.encoded == 2, (
        f"You encode {model.encoded} sentences. There are 2, and encoding each of them once is enough."
    )
    assert not model.other_mask, "Give decode the memory_mask that encode has returned, and no other."
    assert not model.gradients, "You compute gradients, which are not needed here. Use torch.no_grad()."
    assert not model.in_training, "The model, or a part of it, is in training mode, so dropout is on. Use model.eval()."
    assert model.training and model.part.training, (
        "The model was in training mode before the call, and it is in evaluation mode after it."
    )
    found = greedy_translate(model.eval(), source, bos_id=1, eos_id=2, max_length=2).tolist()
    assert found == [[5, 6], [7, 6]], f"With max_length=2 the result should be [[5, 6], [7, 6]], and it is {found}."
    assert not model.training, "The model was in evaluation mode before the call, and it is in training mode after it."
    model = Script([[5, 8, 6, 2], [7, 2, 0, 0]], bos_id=2)  # bos_id is the same token as eos_id, and 8 is pad_id
    found = greedy_translate(model, source, bos_id=2, eos_id=2, max_length=4).tolist()
    assert found == [[5, 8, 6, 2], [7, 2, 8, 8]], (
        "Only an eos_id that has been *written* ends a row. bos_id may be the same token, and the model may write pad_id. "
        f"The result should be [[5, 8, 6, 2], [7, 2, 8, 8]], and it is {found}."
    )
    print("greedy_translate: the visible check passes.")

# %% folded=true reader=true
# Stuck? Go on: run this cell, then choose Run → Run Selected Cell and All Below.
# If the check above has not passed, ready-made code is lent to you. It is worth no points.
go_on(globals(), "greedy_translate")

# %% [markdown]
# Now we can ask the decoder that peeked.
# These are two of its translations, and the share of 200 numbers that it translates without any mistake:


# %% reader=true
def translations(model: nn.Module, data: NumberWords, numbers: list[int]) -> list[str]:
    """Return the model's translations of these numbers."""
    written = greedy_translate(model, data.batch(numbers).source, data.bos_id, data.eos_id, max_length=16)
    return [data.read(row) for row in written]


def right(model: nn.Module, data: NumberWords, numbers: list[int]) -> list[bool]:
    """Tell which of these numbers the model translates without any mistake."""
    true = [" ".join(pieces(number, data.language)) for number in numbers]
    return [ours == theirs for ours, theirs in zip(translations(model, data, numbers), true, strict=True)]


def percent(answers: list[bool]) -> str:
    return f"{100 * sum(answers) / len(answers):.1f} %"


def show(model: nn.Module, data: NumberWords, numbers: list[int]) -> None:
    for number, ours in zip(numbers, translations(model, data, numbers), strict=True):
        true = " ".join(pieces(number, data.language))
        print(f"{number:7}  {ours}  ", "right" if ours == true else f"WRONG, it is  {true}")


show(peeking, german, [21, 305])
print(percent(right(peeking, german, german.test[:200])), "are right;", end=" ")
print(f"you predicted {prediction['translated after peeking, of 100']} of 100.")

# %% [markdown]
# Not one translation is right.
# The model repeats what it reads.
# It reads `[BOS]`, so it writes `[BOS]`, and in the next step it reads that.
# It has learned to copy, and nothing else.
#
# **The loss did not show this**: it was below 0.002.
# Teacher forcing hides the problem: during training a decoder always reads the right tokens, and the loss cannot tell whether it predicts a token or copies it.
# So measure a generator by what it *generates*.

# %% [markdown]
# ## Train a translator
#
# Now we use `shift_right`.
# Apart from that, only the number of steps is different.


# %% reader=true
def translation_loss(model: nn.Module, batch: Sentences) -> Tensor:
    """Teacher forcing: read the shifted targets, and predict the targets."""
    return sequence_loss(model(batch.source, shift_right(batch.target, german.bos_id)), batch.target, german.pad_id)


translator = new_translator(german)
into_german = train(
    translator,
    translation_loss,
    draw_numbers,
    train_step,
    name="into German",
    steps=600,
    learning_rate=2e-3,
    score=lambda model: sum(right(model, german, german.validation[:200])) / 200,
    score_every=100,
    save_as="translator_de.pt",
)
loss_curves({"peeks": [peeking_history], "does not peek": [into_german]})
plt.show()
for steps, share in into_german.scores:
    print(f"after {steps:3} steps  {100 * share:5.1f} % of 200 validation numbers right")

# %% [markdown]
# *Two loss curves on a logarithmic scale.
# The loss of the decoder that peeks starts low and falls to almost nothing within 150 steps.
# The other loss starts near 6, and falls by a factor of more than a thousand within 600 steps.*
#
# In each of its 150 steps, the useless model has the lower loss.
# Its loss is low from the start, because the logits are products with the same embeddings that it reads.
# So even an untrained model tends to repeat its input.

# %% reader=true
print(
    percent(right(translator, german, german.test[:500])), "of 500 numbers that it has never seen are right;", end=" "
)
print(f"you predicted {prediction['translated, of 100']} of 100.\n")
show(translator, german, [21, 305, 4_121, 99_999])

# %% [markdown]
# ### Where it is wrong
#
# The translator is so good that its mistakes are hard to find.
# We look in three places: at 2,000 more unseen numbers, at the *small* numbers, and at numbers that are larger than every number in its training data.

# %% reader=true
generator = torch.Generator().manual_seed(0)  # as in training, so these are the numbers that were drawn there
met = {
    german.train[i]
    for _ in range(into_german.steps)
    for i in torch.randint(len(german.train), (64,), generator=generator)
}
small = list(range(100))
wrong = {}
for name, numbers in {"2,000 unseen": german.test[500:2500], "below 100": small}.items():
    found = right(translator, german, numbers)
    wrong[name] = [number for number, is_right in zip(numbers, found, strict=True) if not is_right]
    print(f"{name:12}  {len(wrong[name]):3} of {len(numbers):,} are wrong")
print(
    f"Its training data had {len(met):,} numbers: {sum(number >= 10_000 for number in met):,} with five digits, and {len(met & set(small))} below 100."
)
print(f"Of the wrong numbers below 100, {len(met & set(wrong['below 100']))} were in its training data.\n")
show(translator, german, [*wrong["2,000 unseen"][:3], *wrong["below 100"][:4]])
print()
show(translator, german, [100_000, 123_456, 700_021])
large = list(range(100_000, 1_000_000, 4_500))
print(f"{percent(right(translator, german, large))} of {len(large)} numbers from 100,000 to 1,000,000 are right.")

# %% [markdown]
# Its mistakes have a pattern.
# Of the 2,000 unseen numbers, it translates almost all correctly, but of the 100 numbers below 100, more than a quarter are wrong.
# Such short numbers are rare: only 31 of the 31,223 numbers in its training data are below 100.
# The translator gets even some of these 31 wrong.
# Usually the translator writes too much, because most sentences in its training data are long.
# From 100,000 on, not one number is right: it writes the words of *another* number, and nothing tells the reader that they are wrong.
# The translator has learned a mapping between sentences of the kind that it was trained on.
# It has not learned arithmetic.

# %% [markdown]
# ## Where does it look?
#
# The translation of *twenty-one* is *ein und zwanzig*.
# To write *ein*, the decoder needs the last word of the source, and to write *zwanzig*, it needs the first word.
# Does it look at these words?
# The figure shows the cross-attention weights of the last decoder layer, with one map for each head.
# Each row is a step, named after the token that is *predicted* in it.

# %% reader=true
batch = german.batch([54_321])
translator.eval()
with torch.no_grad():
    translator(batch.source, shift_right(batch.target, german.bos_id))
weights = translator.decoder_layers[-1].cross_attention.weights[0]  # (num_heads, target_length, source_length)
maps = {f"head {number}": head for number, head in enumerate(weights)}
attention_maps(
    maps,
    [f"predicts {token}" for token in german.target.decode(batch.target[0])],
    german.source.decode(batch.source[0]),
)
plt.show()

# %% [markdown]
# *Four maps with a row for each step and a column for each English word.
# Where English has a pair of tens and units, the bright cells cross: the step that writes the units looks at the second word of the pair, and the step that writes the tens looks at the first.*
#
# The decoder does look at the right words, although the training data do not say where to look.
# When it writes *und*, most heads already look at the tens, which come next.
# At the end nothing is left to translate, and the weights spread.
# At every step the decoder *can* look at each English word, whatever it has written so far.

# %% [markdown]
# ## French, with the same code
#
# From 80 to 99, French counts in twenties: 97 is *quatre-vingt-dix-sept*, four-twenty-ten-seven.
# Only the data change.

# %% reader=true
french = NumberWords("fr")
print("97 ", " ".join(pieces(97, "fr")))
french_translator = new_translator(french)
train(
    french_translator,
    translation_loss,
    lambda generator: draw_numbers(generator, french),
    train_step,
    name="into French",
    steps=600,
    learning_rate=2e-3,
    save_as="translator_fr.pt",
)
print(
    percent(right(french_translator, french, french.test[:500])), "of 500 numbers that it has never seen are right.\n"
)
show(french_translator, french, [21, 97, 80_080, 99_999])

# %% [markdown]
# The same code translates at least 97 % of the unseen numbers into French, as it does into German.
# If a small number is wrong here, the reason is the same as above: small numbers are rare in the training data.

# %% [markdown]
# ## How lucky were we?
#
# A single run proves little.
# So we repeat the task in small, with numbers below 1,000, a narrower model and 200 steps, and then we change one thing at a time, and in the last row two.
# Each variant is trained with three seeds, and we print all three results: the share of 100 unseen numbers without any mistake.
#
# **Predict:** which change does the most harm?
#
# This cell trains 21 models, which takes about two minutes.
# They are saved in the folder `comparisons` beside this notebook.
# The next time, each model is trained for three steps only, and if its losses are the same as before, the saved model is loaded.

# %% reader=true
below_1000 = NumberWords("de", limit=1000)
saved = Path("comparisons")
if not under_grading():
    saved.mkdir(exist_ok=True)
AS_ABOVE = {"steps": 200, "learning_rate": 5e-3, "norm_first": True}
CHANGES = {
    "as it is": {},
    "post-norm, as in the paper": {"norm_first": False},
    "a third of the steps": {"steps": 70},
    "a tenth of the rate": {"learning_rate": 5e-4},
    "ten times the rate": {"learning_rate": 5e-2},
    "four times the rate": {"learning_rate": 2e-2},
    "four times the rate, and post-norm": {"learning_rate": 2e-2, "norm_first": False},
}
shares = {}
seeds = range(1 if under_grading() else 3)  # one under grading: nothing here earns points
for change, options in CHANGES.items():
    settings = AS_ABOVE | options
    norm_first = settings.pop("norm_first")
    shares[change] = []
    for seed in seeds:
        small = new_translator(below_1000, seed, d_model=32, norm_first=norm_first)
        train(
            small,
            translation_loss,
            lambda generator: draw_numbers(generator, below_1000, count=32),
            train_step,
            name=f"{change}, seed {seed}",
            seed=seed,
            save_as=saved / f"{change}, seed {seed}.pt",
            **settings,
        )
        shares[change].append(percent(right(small, below_1000, below_1000.test)))

for change, found in shares.items():
    print(f"{change:36}", "  ".join(f"{share:>7}" for share in found))

# %% [markdown]
# Without a change (first row), training works for every seed: at least 99 % of the numbers are right.
# With too few steps, or with a learning rate that is far off in *either* direction, most numbers are wrong for every seed.
# The lower learning rate does the most harm, with at most 1 % right, because after 200 steps the model has learned almost nothing.
# This result says nothing about what the model could learn in more steps.
#
# And the norms?
# With two layers on each side, post-norm works as well as pre-norm at the original learning rate.
# At four times that rate, pre-norm still works for every seed.
# Post-norm may fail there: in our runs, the three seeds of the last row gave 96 %, 100 % and 2 %.
# (On your computer, rounding may be different, and so may these three numbers.)
# With *one* seed, you would have seen only one of them.
#
# So when you compare two architectures, ask three questions.
# Was the learning rate right for *each* of them?
# Were there enough steps for *each* of them?
# How many seeds were there?
# The last notebooks of this course will answer them for each comparison.

# %% [markdown]
# ## Why no encoder? The third part of the answer
#
# What does the decoder get from the encoder?
# We replace the memory and see what changes.
# First the decoder gets the memory of *another* number.
# Then the memory's mask is `False` everywhere, so the decoder can look at nothing.

# %% reader=true
pair = german.batch([54_321, 72])


def write_german(memory: Tensor, mask: Tensor) -> list[str]:
    """Return what the translator writes when it is given this memory, whatever the source is."""

    class Given(nn.Module):
        pad_id, decode = german.pad_id, translator.decode

        def encode(self, source):
            return memory, mask

    written = greedy_translate(Given(), pair.source, german.bos_id, german.eos_id, max_length=16)
    return [german.read(row) for row in written]


with torch.no_grad():
    memory, memory_mask = translator.encode(pair.source)  # (2, source_length, d_model), (2, 1, 1, source_length)
print("the sources          ", [" ".join(pieces(number, "en")) for number in (54_321, 72)])
print("their own memories   ", write_german(memory, memory_mask))
print("the other's memory   ", write_german(memory.flip(0), memory_mask.flip(0)))
print("no memory            ", write_german(memory, torch.zeros_like(memory_mask)))

# %% [markdown]
# The memory alone decides *what* is written.
# With the other number's memory, the decoder writes the other number's translation, word for word.
# Without a memory, both sources produce the same meaningless pieces of number words.
# This decoder has never had to write without a source.
#
# So it needs the *source*.
# Does it need an *encoder*?
# We remove the encoder's layers, and use the embeddings of the source, with their positions, as the memory.
# This model is trained like the small ones above, with three seeds.
#
# **Predict:** how many of 100 numbers does it translate?


# %% reader=true
class NotRead(nn.Module):
    """Takes the place of an encoder, and returns its input unchanged."""

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        return x


shares["no encoder layers"] = []
for seed in seeds:
    bare = new_translator(below_1000, seed, d_model=32)
    bare.encoder = NotRead()
    train(
        bare,
        translation_loss,
        lambda generator: draw_numbers(generator, below_1000, count=32),
        train_step,
        name=f"no encoder layers, seed {seed}",
        steps=200,
        learning_rate=5e-3,
        seed=seed,
        save_as=saved / f"no encoder layers, seed {seed}.pt",
    )
    shares["no encoder layers"].append(percent(right(bare, below_1000, below_1000.test)))
for change in ("as it is", "no encoder layers"):
    print(f"{change:36}", "  ".join(f"{share:>7}" for share in shares[change]))

# %% [markdown]
# Without encoder layers, the model translates as well as with them: at least 99 % of the numbers are right for every seed.
# For number words, cross-attention to plain embeddings is enough.
# This is an easy language: each word has a meaning by itself, and the decoder can put the meanings together.
# So do not conclude that encoders are useless.
# Conclude something weaker: **the model of 2017 has an encoder, but this does not show that it needs one.**
# What the decoder needs is a view of the source.
#
# Now we compare the layers of the two halves.
# We take a decoder layer of the translator, and set the output of its cross-attention to 0.
# Then we copy its other weights into an encoder layer, and give this encoder layer a causal mask.
# How different are the outputs of the two layers?

# %% reader=true
layer = translator.decoder_layers[0]
silent = copy.deepcopy(layer)  # its cross-attention will add nothing
nn.init.zeros_(silent.cross_attention.output_proj.weight)
nn.init.zeros_(silent.cross_attention.output_proj.bias)
twin = EncoderLayer(64, 4, 256, dropout=0.0, norm_first=True)
for name, part in {
    "self_attention": layer.self_attention,
    "norm1": layer.norm1,
    "feed_forward": layer.feed_forward,
    "norm2": layer.norm3,
}.items():
    getattr(twin, name).load_state_dict(part.state_dict())
x = torch.randn(1, 6, 64)
with torch.no_grad():
    difference = (silent(x, memory[:1], causal_mask(6)) - twin(x, causal_mask(6))).abs().max().item()


def parameters(*parts: nn.Module) -> int:
    return sum(p.numel() for part in parts for p in part.parameters())


print(f"a decoder layer                          {parameters(layer):7,} parameters")
print(f"  of which cross-attention and its norm  {parameters(layer.cross_attention, layer.norm2):7,}")
print(f"an encoder layer                         {parameters(twin):7,}")
print(f"largest difference of their outputs      {difference}")

# %% reader=true
numbers = draw_numbers(torch.Generator().manual_seed(0), count=1000)
source_words = (numbers.source != german.pad_id).sum().item()
target_words = (numbers.target != german.pad_id).sum().item()
alone = reached(reach(lambda x: copy.deepcopy(twin).double()(x, causal_mask(5)), torch.randn(5, 64)))  # (5, 5)
together = reached(both)  # (5, 4 + 5)


def kept(matrix: Tensor) -> str:
    """How many earlier outputs a new word at the end changes."""
    return f"{int(matrix[:-1, -1].sum())} of {len(matrix) - 1}"


columns = {
    "encoder layers, causal mask": {
        "inputs that positions 0 to 4 see": ", ".join(map(str, alone.sum(dim=1).tolist())),
        "earlier outputs that a new word changes": kept(alone),
        "positions computed to write 20 words, if earlier results are kept": 20,
        "share of the words that count in the loss": "all but the first of each text",
        "parameters": f"{2 * parameters(twin) + parameters(nn.Embedding(len(german.target), 64)):,} (2 layers)",
    },
    "encoder-decoder": {
        "inputs that positions 0 to 4 see": f"the source, and {', '.join(map(str, together[:, 4:].sum(dim=1).tolist()))}",
        "earlier outputs that a new word changes": kept(together),
        "positions computed to write 20 words, if earlier results are kept": "the source once, and 20",
        "share of the words that count in the loss": f"{100 * target_words / (source_words + target_words):.0f} %, those of the target",
        "parameters": f"{parameters(translator):,} (2 + 2 layers)",
    },
}
comparison_table(columns)

# %% [markdown]
# The difference between the two outputs, printed above the table, is exactly 0.
# A decoder layer **is** an encoder layer with a causal mask, plus cross-attention and its norm.
# And cross-attention has a single purpose: to look at the memory.
#
# So the question of this course has become smaller: *is there a source, and must a separate stack of layers read it?*
# In translation there is a source, and it is complete before the first word is written.
# The transformer of 2017 reads it with a second stack of layers, and it learns to predict only the words of the target, which here are 55 % of all words.
#
# When you continue a text, there is no separate source.
# Then an encoder has nothing to read, and cross-attention has nothing to look at.
# Remove cross-attention, and what remains is the layer of notebook 2 with a causal mask.
# **With `norm_first=True`, this is GPT-2's layer**, apart from a few details: another activation function, another initialisation, and dropout on the attention weights.
# You build it in notebook 4.
#
# And where there *is* a source, could you simply write it in front of the target, in one text?
# Notebook 6 tries this, and measures what is lost and what is gained.

# %% [markdown]
# ## In your own words
#
# ### Question 6 (10 points, 15 minutes, ★★☆)
#
# 1. The decoder that peeks has a loss near 0 on new numbers, too, so a loss on unseen data does not reveal the mistake.
#    Describe a test that finds it before any training, and without generating a translation.
#    What does your test find for the right way, and what for the decoder that peeks? (3 points)
# 2. The encoder's self-attention has no causal mask, and the decoder's self-attention has one.
#    Why may a word of the source see the words after it, and why may a word of the target not? (3 points)
# 3. You want to use your encoder-decoder to *continue a text*, which has no source.
#    Describe one way to do this, and two things that it costs. (4 points)
#
# A few sentences for each part are enough.
# A person reads and grades them.

# %% [markdown] answer="source" points=10
# ### BEGIN SOLUTION
# 1. Change the target token at one position t, and compute the logits that are to predict it once more. In the right way they are the same as before: the decoder has read the targets before t only. In the decoder that peeks they change, since
#    it reads the target at t itself, and the causal mask lets a position look at itself.
# 2. The source is complete before anything is written, so seeing all of it is no cheating: none of it is predicted. The target is what is predicted; while learning it is all there, and without the mask each position would see the token that it should say, which it
#    cannot see when it generates.
# 3. Cut the text somewhere: the encoder reads what stands before the cut, and the decoder continues. It costs: the words before the cut are predicted by nobody, so fewer positions of each text are learned from, and no probability can be given for them; where to cut is arbitrary, and a model trained at one cut is
#    used at others; two stacks of weights for the same language; when the text grows, either the memory stays as old as the cut or it is encoded anew.
#
# **Mark scheme.** 1: do the logits at a position depend on the target that they are to predict? (1), in the right way they do not (1), when peeking they do (1). A gradient or a reach matrix that goes from target to logits is right, too; a loss or an accuracy is not. 2: the source is given and not predicted (1.5), the target is predicted and is not there in generation (1.5). 3: a cut, with its halves in encoder and decoder (2), two
# costs (1 each). Also right for a way: an empty source, with the whole text in the decoder; its costs are parameters that do nothing and an encoder that is never trained.
# ### END SOLUTION
