# %% [markdown]
# # 3 · The decoder: write, and look back
#
# The encoder of notebook 2 reads. Now you build the other half, which writes, and put both together: the transformer of 2017, whole. You teach it a language, or at least its numbers: *ninety-nine thousand, nine hundred and
# ninety-nine* becomes *neunundneunzigtausendneunhundertneunundneunzig*.
#
# And now that both halves work, one can ask what each of them is for:
#
# > **What does the decoder need the encoder for? And what would be left of it without?**
#
# | | | points | minutes | difficulty |
# |---|---|---|---|---|
# | Exercise 1 | `shift_right` | 10 | 10 | ★☆☆ |
# | Exercise 2 | `DecoderLayer` | 20 | 20 | ★★☆ |
# | Exercise 3 | `Transformer` | 25 | 35 | ★★★ |
# | Exercise 4 | `sequence_loss` | 15 | 15 | ★★☆ |
# | Exercise 5 | `greedy_translate` | 20 | 30 | ★★★ |
# | Question 6 | a written answer, graded by a person | 10 | 15 | ★★☆ |
#
# The file `parts.py` beside this notebook holds solutions of notebooks 1 and 2. You start from them, so that this notebook does not depend on how far you came there.

# %% locked="setup"
try:
    from coursekit import (
        attention_maps,
        comparison_table,
        loss_curves,
        reach,
        reach_maps,
        reached,
        train,
        under_grading,
    )
except ModuleNotFoundError:
    raise ModuleNotFoundError(
        "coursekit is not installed: in a terminal, in the folder that contains 03_decoder, run  pip install .  "
        "and then restart the kernel."
    ) from None

import copy
import math
from collections.abc import Callable

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
# Replace the `None`s by numbers before you read on. Nobody grades this.

# %%
prediction = {
    # You train for 600 steps, each on 64 numbers, drawn from 90,000 numbers below 100,000. Of 100 other numbers, how many will it
    # translate without any mistake?
    "translated, of 100": None,
    # Then a decoder that is allowed to peek at the very word that it should write. It is right 100 times in 100 while it
    # learns. Of 100 numbers, how many does it translate?
    "translated after peeking, of 100": None,
}

# %% [markdown]
# ## A language that one can check
#
# English and German number words. German puts the units before the tens: 21 is *ein-und-zwanzig*, one-and-twenty. So one cannot translate word by word from left to right: the order turns round. And
# nobody has to judge a translation: it is right or wrong.
#
# A German number is one long word. Here it is cut into its parts. These parts, and the English words, are our **tokens**, and a number is a *sentence* of them. `[PAD]` fills up, `[BOS]` begins, `[EOS]` ends; they have the same ids in both languages.

# %%
german = NumberWords("de")
for number in (7, 21, 305, 4_121, 99_999):
    print(f"{number:6}  {' '.join(pieces(number, 'en')):55}  {' '.join(pieces(number, 'de'))}")
print(
    f"\n{len(german.source)} English tokens, {len(german.target)} German ones; [PAD] is {german.pad_id}, [BOS] {german.bos_id}, [EOS] {german.eos_id}."
)
print(
    f"{len(german.train):,} numbers to learn from, {len(german.validation):,} to choose by, {len(german.test):,} to be tested on."
)
example = german.batch([21, 305])
print("\nsource", example.source.tolist(), "\ntarget", example.target.tolist())

# %% [markdown]
# Each target ends with `[EOS]`, so that the model can learn when to stop.
#
# ## Teacher forcing
#
# A decoder writes one token after the other, and reads what it has written so far. While it *learns*, it need not wait for itself: the right answer is known. So it is given the right beginning at every
# position, all at once, and has to say what comes next:
#
# ```
# reads    [BOS]  ein    und      zwanzig
# says     ein    und    zwanzig  [EOS]
# ```
#
# The lower row is the target. The upper one is the target moved to the right by one place: `[BOS]` comes in front, and the last token goes. (In a shorter sentence `[EOS]` and padding are read, too. That does no harm: the loss will leave those places out.) That is **teacher forcing** (section 3.1: "the output embeddings are offset by one position").
#
# ### Exercise 1 · `shift_right` (10 points, 10 minutes, ★☆☆)
#
# <details><summary>Hint</summary>
# All but the last token is <code>targets[:, :-1]</code>. What is missing is one column.
# </details>


# %% exercise="shift_right"
def shift_right(targets: Tensor, bos_id: int) -> Tensor:
    """What the decoder reads while it learns to write the targets: everything up to the token before.

    targets  (batch, length) int64; it is not modified

    Returns (batch, length) int64: bos_id in front, and the targets after it but for their last token.
    """
    ### BEGIN SOLUTION
    first = torch.full_like(targets[:, :1], bos_id)  # (batch, 1)
    return torch.cat([first, targets[:, :-1]], dim=1)  # (batch, length)
    ### END SOLUTION


# %% check="shift_right" points=10
targets = torch.tensor([[5, 6, 7, 2], [8, 2, 0, 0]])
before = targets.clone()
inputs = shift_right(targets, bos_id=1)
assert isinstance(inputs, Tensor), f"Return a torch tensor, not {type(inputs).__name__}. Is there a `return`?"
assert torch.equal(targets, before), "You changed the caller's targets: make a new tensor."
assert inputs.shape == targets.shape, (
    f"The shape stays {tuple(targets.shape)}: one token comes in front, and the last one goes. Yours is {tuple(inputs.shape)}."
)
assert inputs.dtype == torch.int64, f"Token ids are int64, and these are {inputs.dtype}."
assert inputs.tolist() != [[6, 7, 2, 1], [2, 0, 0, 1]], (
    "You have moved to the left. At position 0 stands what is read before the first word: bos_id."
)
assert inputs[:, 0].tolist() != [2, 0], "The last token has come in front. It should go, and bos_id stand there."
assert inputs[:, 0].tolist() == [1, 1], "Every row begins with bos_id."
assert inputs.tolist() == [[1, 5, 6, 7], [1, 8, 2, 0]], (
    f"It should be [[1, 5, 6, 7], [1, 8, 2, 0]], and it is {inputs.tolist()}."
)
assert shift_right(targets, bos_id=9)[:, 0].tolist() == [9, 9], "bos_id is an argument; it is not always 1."
print("shift_right: the visible check passes.")

# %% [markdown]
# ## A decoder's layer
#
# ### Exercise 2 · `DecoderLayer` (20 points, 20 minutes, ★★☆)
#
# A decoder's layer is an encoder's layer with one sublayer more (section 3.1). Compare:
#
# ```
# EncoderLayer                          DecoderLayer
#   self-attention     padding hidden     self-attention     causal mask
#                                         cross-attention    to the encoder's output
#   feed-forward                          feed-forward
# ```
#
# In **cross-attention** the queries come from the target, and the keys *and* the values from the **memory**: what the encoder has made of the source. So each word that is being written may look at the whole source:
#
# $$\mathrm{CrossAttention}(x, m) = \mathrm{MultiHead}(Q = x,\; K = m,\; V = m)$$
#
# Source and target have different lengths: the weights have the shape `(batch, num_heads, target_length, source_length)`. Each of the three sublayers has its residual, its norm and its dropout, as in notebook 2:
#
# $$\text{post-norm:}\quad x \leftarrow \mathrm{LayerNorm}\big(x + \mathrm{Sublayer}(x)\big) \qquad\qquad \text{pre-norm:}\quad x \leftarrow x + \mathrm{Sublayer}\big(\mathrm{LayerNorm}(x)\big)$$
#
# <details><summary>Hint 1: three times the same</summary>
# Three sublayers: three lines for post-norm, and about three for pre-norm. The norms are numbered in the order in which the sublayers run.
# </details>
#
# <details><summary>Hint 2: pre-norm and the memory</summary>
# In pre-norm the x of that moment is normalised before it becomes the queries. The memory is not: in pre-norm the encoder's last step is a norm.
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
        """Make the parts self_attention, cross_attention and feed_forward, and for each its norm: norm1, norm2, norm3.

        dropout     the share of numbers that are set to 0 while training, in the output of each of the three
                    sublayers, before it is added to the residual
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
        """Attend to the target, then to the source, then feed forward, each with a residual and a norm.

        x            (batch, target_length, d_model)
        memory       (batch, source_length, d_model): what the encoder has made of the source
        self_mask    bool, broadcasts to (batch, num_heads, target_length, target_length)
        memory_mask  bool, broadcasts to (batch, num_heads, target_length, source_length)

        Returns (batch, target_length, d_model).
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
torch.manual_seed(5)
parts = dict(DecoderLayer(6, 2, 10).named_modules(remove_duplicate=False))
wanted = ["self_attention", "cross_attention", "feed_forward", "norm1", "norm2", "norm3"]
assert set(wanted) <= set(parts), f"These parts are missing: {[name for name in wanted if name not in parts]}."
assert len({id(parts[name]) for name in wanted}) == 6, (
    "Two of the parts are the same object. Each sublayer has a norm of its own."
)
x, memory = torch.randn(2, 4, 6), torch.randn(2, 5, 6)  # (batch=2, target_length=4, 6), (batch=2, source_length=5, 6)
memory_mask = padding_mask(torch.tensor([5, 3]), 5)  # (2, 1, 1, 5)
x_before, memory_before = x.clone(), memory.clone()
for norm_first in (False, True):
    where = f"With norm_first={norm_first}"
    layer = DecoderLayer(6, 2, 10, dropout=0.0, eps=0.1, norm_first=norm_first)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.normal_(std=0.5)
    try:
        output = layer(x, memory, causal_mask(4), memory_mask)
    except RuntimeError as error:
        raise AssertionError(
            f"{where}, with 4 target and 5 source positions, shapes do not fit: {error}. Queries come from x, keys and values of cross_attention "
            "from the memory; self_mask belongs to self_attention, memory_mask to cross_attention."
        ) from None
    assert isinstance(output, Tensor) and output.shape == x.shape, (
        "An output for each position of the target: the shape of x. Do the queries of cross-attention come from x?"
    )
    assert torch.equal(x, x_before) and torch.equal(memory, memory_before), (
        "You changed x or the memory in place: += does that."
    )
    other = x.clone()
    other[:, 3] = torch.randn(2, 6)  # only the last word of the target changes
    assert torch.allclose(layer(other, memory, causal_mask(4), memory_mask)[:, :3], output[:, :3], atol=1e-5), (
        f"{where}, the last word changes outputs before it. Does self_attention get self_mask?"
    )
    other = memory.clone()
    other[1, 3:] = torch.randn(2, 6)  # only the padding of source 1 changes
    assert torch.allclose(layer(x, other, causal_mask(4), memory_mask), output, atol=1e-5), (
        f"{where}, the source's padding changes the output. Does cross_attention get memory_mask?"
    )
    other[0, 0] = torch.randn(6)
    assert not torch.allclose(layer(x, other, causal_mask(4), memory_mask)[0], output[0], atol=1e-3), (
        f"{where}, the memory does not change the output. Do keys and values of cross-attention come from it?"
    )
    theirs = torch_layer(layer, num_heads=2, eps=0.1, norm_first=norm_first)  # PyTorch's own layer, with your weights
    expected = theirs(x, memory, tgt_mask=~causal_mask(4), memory_key_padding_mask=~memory_mask[:, 0, 0])
    assert torch.allclose(output, expected, atol=1e-4), (
        f"{where}, PyTorch's own layer with your weights gives something else. Is the order self-attention, cross-attention, feed-forward? "
        "Does each norm belong to its sublayer, and do all get eps? Do keys and values both come from the memory, as it is? "
        "Is each sublayer's output added to the x of that moment? Does norm_first choose?"
    )
    layer = DecoderLayer(6, 2, 10, dropout=0.9, norm_first=norm_first)
    with torch.no_grad():
        for part in (layer.self_attention.output_proj, layer.cross_attention.output_proj, layer.feed_forward.linear2):
            part.weight.zero_()
            part.bias.zero_()  # no sublayer says anything
    assert torch.equal(layer(x, memory), layer(x, memory)), (
        f"{where}, all sublayers say 0, and still two calls in training mode differ. Drop what a sublayer says, before it is added, and nothing else."
    )
    for speaks, last in {
        "self_attention": "output_proj",
        "cross_attention": "output_proj",
        "feed_forward": "linear2",
    }.items():
        layer = DecoderLayer(6, 2, 10, dropout=0.9, norm_first=norm_first)
        with torch.no_grad():
            for part in (
                layer.self_attention.output_proj,
                layer.cross_attention.output_proj,
                layer.feed_forward.linear2,
            ):
                part.weight.zero_()
                part.bias.zero_()
            getattr(getattr(layer, speaks), last).bias.copy_(torch.arange(1.0, 7.0))  # only one sublayer says something
        assert not torch.equal(layer(x, memory), layer(x, memory)), (
            f"{where}, the output of {speaks} is not dropped while training."
        )
        layer.eval()
        assert torch.equal(layer(x, memory), layer(x, memory)), (
            "Two calls in evaluation mode should be equal: dropout is off."
        )
layer = DecoderLayer(6, 2, 10, activation=lambda x: 0 * x)
assert torch.equal(layer.feed_forward(x), layer.feed_forward.linear2.bias.expand(2, 4, 6)), (
    "Pass the activation on to feed_forward."
)
print("DecoderLayer: the visible check passes.")

# %% [markdown]
# ## The whole transformer
#
# ### Exercise 3 · `Transformer` (25 points, 35 minutes, ★★★)
#
# Figure 1 of the paper. `__init__` is given; read it, it says what there is. You write what happens:
#
# - **`encode`**: embed the source, run the encoder. No position attends to a padding position of the source.
# - **`decode`**: embed what has been written, run the decoder layers, each with a causal mask for the target, and with the memory and its mask. Then `decoder_norm`, and a score for each token.
# - **`forward`**: one after the other.
#
# Four things that are easily forgotten (sections 3.4, 3.5 and 5.4 of the paper):
#
# 1. Embeddings are multiplied by $\sqrt{d_\text{model}}$. Here they start with standard deviation $1/\sqrt{d_\text{model}}$, so that the product is about as large as the positions.
# 2. Positions are added on *both* sides, after that, and dropout is applied to the sum.
# 3. `decoder_norm` stands between the last layer and the scores. (In post-norm it does nothing: the last layer has normalised already.)
# 4. The scores are products with the target embedding itself: $\text{logits} = x E^T$, where $E$ of shape (target_vocab, d_model) is `target_embedding.weight`. There is no further matrix, and no softmax: scores that become probabilities only by a softmax are called **logits**.
#
# ```
# source (batch, S)                →  encode  →  memory (batch, S, d_model), memory_mask (batch, 1, 1, S)
# target_inputs (batch, T), memory →  decode  →  logits (batch, T, target_vocab)
# ```
#
# The target gets no mask for its padding: that stands at the end, and the causal mask hides it from all that is before. What comes out *at* padding, the loss will leave out.
#
# <details><summary>Hint 1: embed</summary>
# Both sides do the same, with another embedding: write one method for both. Positions are float32; <code>.to(x.dtype)</code> makes them what the embeddings are.
# </details>
#
# <details><summary>Hint 2: the memory mask</summary>
# <code>source != self.pad_id</code> has the shape (batch, S). Heads and queries need places of size 1.
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
        """This part is given. There are num_layers layers in the encoder, and as many in the decoder.

        source_vocab, target_vocab  how many tokens each language has
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

        source  (batch, source_length) int64, filled up with pad_id

        Returns the memory (batch, source_length, d_model), and the memory_mask (batch, 1, 1, source_length) bool,
        True where the source is no padding. Embeddings are multiplied by sqrt(d_model) and get their positions added;
        dropout is applied to the sum (sections 3.4, 3.5 and 5.4). No position attends to padding.
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

        target_inputs  (batch, target_length) int64
        memory         (batch, source_length, d_model)
        memory_mask    (batch, 1, 1, source_length) bool

        Returns logits (batch, target_length, target_vocab). Embeddings are made as in encode. No position attends to
        one after it; pad_id is a token like any other here. After decoder_norm, the logits are products with the
        target embedding's weights (section 3.4).
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
        """Logits (batch, target_length, target_vocab) for a source (batch, source_length) and target inputs."""
        ### BEGIN SOLUTION
        memory, memory_mask = self.encode(source)
        return self.decode(target_inputs, memory, memory_mask)
        ### END SOLUTION


# %% check="Transformer" points=25
class ReadingEcho(nn.Module):
    """Stands in for the encoder: notes its arguments, and returns what it is given."""

    def forward(self, x, mask=None):
        self.x, self.mask = x, mask
        return x


class WritingEcho(nn.Module):
    """Stands in for a decoder layer."""

    x = None

    def forward(self, x, memory, self_mask=None, memory_mask=None):
        self.x, self.memory, self.self_mask, self.memory_mask = x, memory, self_mask, memory_mask
        return x + 1.0


torch.manual_seed(6)
sizes = {"source_vocab": 11, "target_vocab": 13, "d_model": 6, "num_heads": 2, "d_ff": 10, "num_layers": 2}
model = Transformer(**sizes, pad_id=2, dropout=0.9, norm_first=True).eval()
model.encoder, model.decoder_layers = ReadingEcho(), nn.ModuleList([WritingEcho(), WritingEcho()])
source = torch.tensor([[4, 4, 6, 7, 8], [9, 10, 3, 2, 2]])  # (batch=2, S=5), pad_id is 2
target = torch.tensor([[3, 3, 4, 5], [1, 6, 2, 8]])  # (batch=2, T=4); the 2 is a token like any other here
encoded = model.encode(source)
assert isinstance(encoded, tuple) and len(encoded) == 2, "encode returns a pair: the memory, and its mask."
memory, memory_mask = encoded
assert memory.shape == (2, 5, 6), f"A vector for each word of the source: (2, 5, 6), not {tuple(memory.shape)}."
assert memory_mask.dtype == torch.bool and memory_mask.shape == (2, 1, 1, 5), (
    f"The memory_mask is a bool tensor of shape (batch, 1, 1, S) = (2, 1, 1, 5), not {memory_mask.dtype} of {tuple(memory_mask.shape)}."
)
assert memory_mask.flatten(1).tolist() == [[True] * 5, [True] * 3 + [False] * 2], (
    "True where the source is no padding. Padding is self.pad_id, which is not always 0."
)
assert model.encoder.mask is not None and torch.equal(model.encoder.mask, memory_mask), (
    "The encoder needs the mask, too: source words must not look at padding."
)
logits = model.decode(target, memory, memory_mask)
assert logits.shape == (2, 4, 13), f"A score for each position and word: (2, 4, 13), not {tuple(logits.shape)}."
first, last = model.decoder_layers
assert first.x is not None and last.x is not None, "decode: not every decoder layer is run."
for side, tokens, embedding, x in [
    ("encode", source, model.source_embedding, model.encoder.x),
    ("decode", target, model.target_embedding, first.x),
]:
    step = x[0, 1] - x[0, 0]  # the first two words of sentence 0 are the same
    assert step.abs().max() > 1e-3, (
        f"{side}: the same word at two positions has the same vector. Where are the positions?"
    )
    table = sinusoidal_positions(2, 6)
    assert torch.allclose(step, table[1] - table[0], atol=1e-4), (
        f"{side}: positions are added as they are, counted from 0. Multiply the embeddings before you add."
    )
    factors = (x[0, 0] - table[0]) / embedding(tokens[0, 0])
    assert factors.std() < 1e-2, (
        f"{side}: what is left without the positions is no multiple of the word's embedding. Which of the two embeddings did you take?"
    )
    factor = factors.mean().item()
    assert not math.isclose(factor, 1.0, abs_tol=1e-3), (
        f"{side}: embeddings are multiplied by the root of d_model; yours are not."
    )
    assert math.isclose(factor, math.sqrt(6), abs_tol=1e-3), (
        f"{side}: embeddings are multiplied by the root of d_model, here 2.449; yours by {factor:.3f}. Positions are not multiplied."
    )
model.train()
model.decode(target, *model.encode(source))
for side, x in (("encode", model.encoder.x), ("decode", first.x)):
    assert (x == 0).float().mean() > 0.5, (
        f"{side}: dropout is applied to the sum of embeddings and positions. With dropout=0.9 most of it should be 0 while training."
    )
model.eval()
model.decode(target, memory, memory_mask)
assert first.self_mask is not None, "decode: without a causal mask the decoder sees what it should write."
assert first.self_mask.shape[-2:] == (4, 4), (
    f"decode: self_mask is for target positions among each other, (4, 4); yours is {tuple(first.self_mask.shape)}. Are the two masks exchanged?"
)
assert torch.equal(first.self_mask.expand(2, 1, 4, 4), causal_mask(4).expand(2, 1, 4, 4)), (
    "decode: self_mask is causal, and no more."
)
assert torch.equal(last.x, first.x + 1.0), "decode: each decoder layer gets what the one before it has returned."
for layer in (first, last):
    assert torch.equal(layer.memory, memory), "decode: every layer looks at the memory as the encoder has made it."
    assert layer.memory_mask is not None and torch.equal(layer.memory_mask, memory_mask), (
        "decode: every layer needs the memory_mask, or it looks at padding."
    )
assert not torch.allclose(logits, F.linear(last.x + 1.0, model.target_embedding.weight), atol=1e-4), (
    "decode: decoder_norm stands between the last layer and the scores."
)
assert torch.allclose(logits, F.linear(model.decoder_norm(last.x + 1.0), model.target_embedding.weight), atol=1e-4), (
    "decode: the scores are products of decoder_norm's output with the target embedding's weights."
)

model = Transformer(**sizes, pad_id=0)
names = {name.split(".")[0] for name, _ in model.named_parameters()}
assert names == {"source_embedding", "target_embedding", "encoder", "decoder_layers"}, (
    f"There should be no parameters but those of __init__; yours are in {sorted(names)}."
)
assert not torch.equal(model(source, target), model(source, target)), (
    "Two calls in training mode should differ: dropout."
)
model.eval()
assert torch.allclose(model(source, target), model.decode(target, *model.encode(source)), atol=1e-5), (
    "forward is encode, and then decode with what came out."
)
other = target.clone()
other[:, 3] = 9  # only the last word of the target changes
assert torch.allclose(model(source, other)[:, :3], model(source, target)[:, :3], atol=1e-5), (
    "The last word changes scores before it."
)
print("Transformer: the visible check passes.")

# %% [markdown]
# ## What can each output see?
#
# Before training: which inputs can change which outputs? The inputs are now the vectors of four source words `s0` to `s3`, and of five words that the decoder reads, `t0` to `t4`. The outputs are the five vectors that the last decoder layer makes, each of which is to say what comes *after* its word.

# %%
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
figure.axes[0].axvline(3.5, color="black", linewidth=2)  # source | target
plt.show()

# %% [markdown]
# *A grid of five outputs and nine inputs, with a line between source and target. Left of it everything is blue. Right of it is a triangle: each output sees the word that it reads and those before it.*
#
# On the left a full block: whatever is written sees the *whole* source. On the right a triangle: nothing sees its own future. The left block is the decoder's only view of the source.

# %% [markdown]
# ## The loss
#
# ### Exercise 4 · `sequence_loss` (15 points, 15 minutes, ★★☆)
#
# At each position the softmax of the logits says how probable the model finds each token. The **cross-entropy** is the negative logarithm of the probability of the right one:
#
# $$L = -\frac{1}{N} \sum_{(b,\, t)\ \text{not padding}} \log p_{b,t}(\text{target}_{b,t}) \qquad N = \text{how many positions are not padding}$$
#
# Padding is no word, and nobody needs to predict it. It must neither add to the sum nor be counted in $N$. The mean is over *all* real positions of the batch: a long sentence counts for more than a short one. If every target is padding, the loss is 0, and so are its gradients.
#
# <details><summary>Hint</summary>
# <code>F.cross_entropy</code> takes logits (positions, tokens), before any softmax, and targets (positions,). So flatten batch and length into one. It can leave out an index, too. What does its mean do where nothing is left?
# </details>


# %% exercise="sequence_loss"
def sequence_loss(logits: Tensor, targets: Tensor, pad_id: int) -> Tensor:
    """The mean cross-entropy over all positions whose target is not padding.

    logits   (batch, length, vocab_size)
    targets  (batch, length) int64

    Returns a tensor of one number, in the dtype of the logits, with a gradient; 0 if every target is padding.
    """
    ### BEGIN SOLUTION
    losses = F.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="none")  # (batch * length,)
    real = (targets != pad_id).flatten()  # (batch * length,)
    return losses.masked_fill(~real, 0.0).sum() / real.sum().clamp(min=1)
    ### END SOLUTION


# %% check="sequence_loss" points=15
generator = torch.Generator().manual_seed(7)
logits = torch.randn(2, 4, 6, generator=generator, requires_grad=True)  # (batch=2, length=4, vocab_size=6)
targets = torch.tensor([[3, 4, 5, 2], [1, 0, 0, 0]])  # 5 real positions; padding is 0
losses = -logits.detach().log_softmax(dim=-1).gather(-1, targets[..., None])[..., 0]  # (2, 4)
real = targets != 0
loss = sequence_loss(logits, targets, pad_id=0)
assert isinstance(loss, Tensor) and loss.shape == (), "Return a tensor of one number, with its gradient: no .item()."
assert loss.requires_grad, "The loss has no gradient, and nothing can be learned from it. Did you detach it?"
twice = -logits.detach().softmax(dim=-1).log_softmax(dim=-1).gather(-1, targets[..., None])[..., 0]
assert not torch.isclose(loss, twice[real].mean()), "There is a softmax too many: F.cross_entropy takes logits."
assert not torch.isclose(loss, losses.mean()), "Padding is counted like a word. Leave it out."
assert not torch.isclose(loss, losses[real].sum() / 8), (
    "Padding is not in the sum, but it is in the number that you divide by."
)
by_sentence = ((losses * real).sum(dim=1) / real.sum(dim=1)).mean()
assert not torch.isclose(loss, by_sentence), (
    "You take the mean of each sentence, and then the mean of those. Each *word* counts alike."
)
assert not torch.isclose(loss, losses[real].sum()), "That is the sum. Divide by the number of real positions."
assert torch.isclose(loss, losses[real].mean()), (
    f"The mean over the 5 real positions is {losses[real].mean():.4f}, and yours is {loss:.4f}."
)
assert torch.isclose(sequence_loss(logits, targets, pad_id=5), losses[targets != 5].mean()), (
    "Padding is what pad_id says; it is not always 0."
)
assert sequence_loss(1000 * logits, targets, pad_id=0).isfinite(), (
    "Large logits give infinity: a softmax has rounded to 0, and its logarithm is taken. F.cross_entropy does both at once."
)
assert sequence_loss(logits / 0 * 0, targets, pad_id=0).isnan(), (
    "Logits of NaN give a loss that is none. That would hide a model that has broken down: the loss should be NaN, too."
)
nothing = sequence_loss(logits, torch.zeros_like(targets), pad_id=0)
assert isinstance(nothing, Tensor) and nothing.grad_fn is not None, (
    "If every target is padding, return a tensor that comes from the logits, too, so that backward() works and gives gradients of 0."
)
assert nothing == 0, f"If every target is padding, the loss is 0, and yours is {nothing.item()}."
nothing.backward()
assert logits.grad is not None and not logits.grad.isnan().any(), (
    "If every target is padding, the gradient is 0, and yours is NaN."
)
print("sequence_loss: the visible check passes.")

# %% [markdown]
# ## The wrong way first: a decoder that peeks
#
# Leave out `shift_right`, and let the decoder read the targets themselves:
#
# ```
# reads    ein    und    zwanzig  [EOS]
# says     ein    und    zwanzig  [EOS]
# ```
#
# At every position it reads the very token that it should say. The causal mask does not help: a position may look at itself. Everything else is as it should be.


# %%
def draw_numbers(generator: torch.Generator, data: NumberWords = german, count: int = 64) -> Sentences:
    """A batch of numbers to learn from."""
    return data.batch([data.train[i] for i in torch.randint(len(data.train), (count,), generator=generator)])


def new_translator(data: NumberWords, seed: int = 0, d_model: int = 64, **options) -> Transformer:
    """A transformer of 2 + 2 layers for these languages, with random weights."""
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
    f"With the answer before its eyes it says {100 * (said == batch.target)[words].float().mean().item():.1f} % of the words right."
)

# %% [markdown]
# Perfect, and in no time. Keep this model. Once you can generate, we ask it for a translation.

# %% [markdown]
# ## Generate
#
# ### Exercise 5 · `greedy_translate` (20 points, 30 minutes, ★★★)
#
# Now the target is not known. The decoder reads what it has written itself, and writes one token a step; **greedy** means that it always takes the most probable one:
#
# ```
# [BOS]                        → ein
# [BOS] ein                    → und
# [BOS] ein und                → zwanzig
# [BOS] ein und zwanzig        → [EOS]
# ```
#
# - The source does not change, so it is encoded **once**.
# - A batch has several sentences. Each ends on its own, at its `eos_id`. After that it is filled with the model's `pad_id`, whatever the decoder would say, until all have ended, or until `max_length` tokens have been written, `eos_id` and padding among them.
# - No gradients, evaluation mode; and a model that was in training mode is in training mode afterwards.
#
# Of the model you need `encode`, `decode` and `pad_id`, and its mode.
#
# <details><summary>Hint 1: the loop</summary>
# Keep a tensor of what has been written, with bos_id in front. In each step only the logits of the <i>last</i> position are of interest.
# </details>
#
# <details><summary>Hint 2: ended</summary>
# Keep a bool for each sentence. <code>masked_fill</code> replaces the tokens of those that have ended. Set the bool after the eos_id is written, not before.
# </details>


# %% exercise="greedy_translate"
def greedy_translate(model: Transformer, source: Tensor, bos_id: int, eos_id: int, max_length: int) -> Tensor:
    """Translate, always taking the most probable next token; of equal ones the lowest id.

    source      (batch, source_length) int64
    max_length  the largest number of tokens to write

    Returns (batch, length) int64, a column for each step, length <= max_length, without bos_id in front. In each row,
    what comes after the first eos_id is the model's pad_id. Writing stops when every row has its eos_id.

    The source is encoded once, with nothing but model.encode and model.decode. The model works in evaluation mode and
    without gradients, and after the call it is in the mode that it was in.
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
    """A model that says what is written in a script, one row a sentence, and notes how it is used."""

    pad_id = 8

    def __init__(self, script):
        super().__init__()
        self.script, self.seen = torch.tensor(script), {"encoded": 0, "read": [], "gradients": False, "training": False}

    def encode(self, source):
        self.seen["encoded"] += 1
        return source[..., None].float(), (source != self.pad_id)[:, None, None, :]

    def decode(self, target_inputs, memory, memory_mask):
        self.seen["read"].append(target_inputs.tolist())
        self.seen["gradients"] |= torch.is_grad_enabled()
        self.seen["training"] |= self.training
        said = self.script[:, : target_inputs.shape[1]]  # (batch, length)
        return F.one_hot(said, 10).float() + F.one_hot((said + 1) % 10, 10)  # two tokens with the same score


model = Script([[5, 6, 2, 7, 7, 7], [7, 6, 5, 4, 2, 7]]).train()  # eos_id is 2; after it the script goes on
source = torch.tensor([[3, 4], [3, 8]])
written = greedy_translate(model, source, bos_id=1, eos_id=2, max_length=6)
assert isinstance(written, Tensor) and written.dtype == torch.int64, "Return token ids, a tensor of int64."
assert written.shape[0] == 2, "A row for each sentence of the source."
assert written.shape[1] > 0, "Nothing was written."
reading = [len(read[0]) for read in model.seen["read"]]
assert reading[:3] == [1, 2, 3] and model.seen["read"][2] == [[1, 5, 6], [1, 7, 6]], (
    "In each step the decoder reads bos_id and *everything* that has been written so far: here [[1]], then [[1, 5]], then [[1, 5, 6]]. "
    f"In the third step yours read {model.seen['read'][2] if len(reading) > 2 else 'nothing'}. Of equal scores, does the lowest id win?"
)
assert written[:, 0].tolist() != [1, 1], "bos_id is not part of the translation: leave it out."
assert written[0, :5].tolist() != [5, 6, 2, 7, 7], (
    "The first sentence has ended after 3 tokens. What comes after is the model's pad_id."
)
assert written[0, :5].tolist() != [5, 6, 2, 0, 0], (
    "After its end a sentence is filled with model.pad_id. That is not always 0."
)
assert written[0, :5].tolist() != [5, 6, 8, 8, 8], "The eos_id itself is part of the translation."
assert written.shape != (2, 6), (
    "All sentences have ended after 5 tokens: stop there. Remember of each whether it has *ever* ended."
)
assert written.tolist() == [[5, 6, 2, 8, 8], [7, 6, 5, 4, 2]], (
    f"It should be [[5, 6, 2, 8, 8], [7, 6, 5, 4, 2]], and it is {written.tolist()}."
)
assert model.seen["encoded"] == 1, (
    f"The source was encoded {model.seen['encoded']} times. It does not change: once is enough."
)
assert not model.seen["gradients"], "Gradients are computed, and nobody needs them: torch.no_grad()."
assert not model.seen["training"], "The model is in training mode, with dropout on: model.eval()."
assert model.training, "The model was in training mode before the call, and is not any more."
greedy_translate(model.eval(), source, bos_id=1, eos_id=2, max_length=6)
assert not model.training, "The model was in evaluation mode before the call, and is in training mode after it."
assert greedy_translate(model, source, 1, 2, max_length=2).tolist() == [[5, 6], [7, 6]], (
    "max_length=2: two tokens, and no more."
)
print("greedy_translate: the visible check passes.")

# %% [markdown]
# Now the decoder that peeked. Two of its translations, and how many of 200 are right:


# %%
def translations(model: nn.Module, data: NumberWords, numbers: list[int]) -> list[str]:
    """What the model makes of these numbers."""
    written = greedy_translate(model, data.batch(numbers).source, data.bos_id, data.eos_id, max_length=16)
    return [data.read(row) for row in written]


def right(model: nn.Module, data: NumberWords, numbers: list[int]) -> list[bool]:
    """Which of them are translated without any mistake?"""
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
# It says what it reads. When it reads `[BOS]`, it says `[BOS]`, and then it reads that. It has learned to repeat, and nothing else.
#
# **The loss did not show it**: it was nearly 0. Teacher forcing hides this. While it learns, a decoder always reads a right beginning, and the loss does not know where its knowledge comes from. So measure a generator by what it *generates*.

# %% [markdown]
# ## Train it to translate


# %%
def translation_loss(model: nn.Module, batch: Sentences) -> Tensor:
    """Teacher forcing: read the targets moved to the right, say the targets."""
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
# *Two curves of losses, on a logarithmic scale. The decoder that peeks starts low and goes to almost nothing. The other one starts high, and then falls by a factor of more than a thousand.*
#
# At each of its 150 steps the model that can do nothing has the lower loss. (It starts so low because the scores are products with the very embeddings that it reads: to repeat comes by itself.)

# %%
print(
    percent(right(translator, german, german.test[:500])), "of 500 numbers that it has never seen are right;", end=" "
)
print(f"you predicted {prediction['translated, of 100']} of 100.\n")
show(translator, german, [21, 305, 4_121, 99_999])

# %% [markdown]
# ### Where it is wrong
#
# So good that one has to look for its mistakes. We look at 2,000 more; at the *small* numbers; and at numbers that are larger than all that it has met.

# %%
generator = torch.Generator().manual_seed(0)  # as in training: these are the numbers that were drawn there
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
    f"It has met {len(met):,} numbers, {sum(number >= 10_000 for number in met):,} of them with five digits, and {len(met & set(small))} below 100;"
)
print(f"of the wrong ones below 100 it has met {len(met & set(wrong['below 100']))}.\n")
show(translator, german, [*wrong["2,000 unseen"][:3], *wrong["below 100"][:4]])
print()
show(translator, german, [100_000, 123_456, 700_021])
large = list(range(100_000, 1_000_000, 4_500))
print(f"{percent(right(translator, german, large))} of {len(large)} numbers from 100,000 to 1,000,000 are right.")

# %% [markdown]
# Its mistakes have a pattern. A number with one or two digits is a rare sight among all below 100,000. So short ones are often wrong, even some that it has met: mostly it writes on, as it is used to. And of what is larger than all that it has met, it makes the number words of
# another number, without noticing. What it has learned is a mapping between sentences of the kind that it has met. It is not arithmetic.

# %% [markdown]
# ## Where does it look?
#
# *twenty-one* becomes *ein und zwanzig*. To write *ein* the decoder has to know about *one*, the last word of the source, and for *zwanzig* about the first. These are the weights of the last layer's cross-attention, a map for each head. A row is a step: the token that it *says* there.

# %%
batch = german.batch([54_321])
translator.eval()
with torch.no_grad():
    translator(batch.source, shift_right(batch.target, german.bos_id))
weights = translator.decoder_layers[-1].cross_attention.weights[0]  # (num_heads, target_length, source_length)
maps = {f"head {number}": head for number, head in enumerate(weights)}
attention_maps(
    maps, [f"says {token}" for token in german.target.decode(batch.target[0])], german.source.decode(batch.source[0])
)
plt.show()

# %% [markdown]
# *Four maps, a row for each step, named after the token that it says, and a column for each English token. Where a pair of tens and units stands, the bright squares cross: the token for the units looks at the end of its English pair, the token for the tens at its beginning.*
#
# Nobody has told it where to look. At *und* most heads look at the tens already, which come next. At the end, where nothing is left to translate, the weights spread. And note that it *can* look anywhere: at every step the whole English number lies before it, whatever has been written so far.

# %% [markdown]
# ## French, with the same code
#
# French counts in twenties: 97 is *quatre-vingt-dix-sept*, four-twenty-ten-seven. Nothing changes but the data.

# %%
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
# The same code, and about as good. If a small number is wrong here, you know why.

# %% [markdown]
# ## How lucky were we?
#
# One run proves little. Here is the same task, small: numbers below 1,000, a narrower model, 200 steps; and then one thing is changed at a time. Each is run with three seeds, and all are shown. What counts is the share of 100 unseen numbers without any mistake.
#
# **Predict:** which change does the most harm?

# %%
below_1000 = NumberWords("de", limit=1000)
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
seeds = range(1 if under_grading() else 3)
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
            **settings,
        )
        shares[change].append(percent(right(small, below_1000, below_1000.test)))

for change, found in shares.items():
    print(f"{change:36}", "  ".join(f"{share:>7}" for share in found))

# %% [markdown]
# As it is, it works for every seed. With too few steps, or with a rate that is far off in *either* direction, most numbers are wrong for every seed. The lower rate does the most harm: nothing has been learned yet. That tells nothing of what the model can do.
#
# And the norms? With two layers on each side post-norm does as well as pre-norm, as it is. At four times the rate pre-norm still works for every seed. Post-norm may, or may not: compare the seeds of the last row. *One* seed would have told you one story or the other.
#
# So whenever you compare two architectures, ask: was the rate right for *each*, were the steps enough for *each*, and how many seeds were there? Notebook 6 will.

# %% [markdown]
# ## Why no encoder? The third piece of the answer
#
# What does the decoder have from the encoder? Take the memory away and see. First the decoder gets the memory of *another* number. Then it may look at nothing: the memory's mask is `False` everywhere.

# %%
pair = german.batch([54_321, 72])


def write_german(memory: Tensor, mask: Tensor) -> list[str]:
    """What the translator writes when it is given this memory, whatever the source is."""

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
# *What* is written stands in the memory alone: with the other's memory comes the other's translation, word for word. Without one come pieces of German number words, the same for both sources, that mean nothing. This decoder has never had to write without a source.
#
# So it needs the *source*. Does it need an *encoder*? Take out the encoder's layers, and leave the source's embeddings with their positions as the memory. Such a model is trained like the small ones above, with three seeds.
#
# **Predict:** how many of 100 numbers does it translate?


# %%
class NotRead(nn.Module):
    """In the place of an encoder: what comes in goes out."""

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
    )
    shares["no encoder layers"].append(percent(right(bare, below_1000, below_1000.test)))
for change in ("as it is", "no encoder layers"):
    print(f"{change:36}", "  ".join(f"{share:>7}" for share in shares[change]))

# %% [markdown]
# For number words the encoder's layers can go, and cross-attention to bare embeddings does as well. It is an easy language: each word means something by itself, and the decoder can put the pieces together. So do not take from this that encoders are of no use. But take this: **that the model of 2017 has an encoder does not show
# that it needs one.** What it needs is a view of the source.
#
# Now look at what the two halves are made of. A decoder layer without cross-attention and its norm, and an encoder layer with a causal mask, given the same weights:

# %%
layer = translator.decoder_layers[0]
silent = copy.deepcopy(layer)  # its cross-attention says nothing
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
count = {name: sum(p.numel() for p in part.parameters()) for name, part in {"decoder": layer, "encoder": twin}.items()}
cross = sum(p.numel() for part in (layer.cross_attention, layer.norm2) for p in part.parameters())
print(f"a decoder layer                          {count['decoder']:7,} parameters")
print(f"  of which cross-attention and its norm  {cross:7,}")
print(f"an encoder layer                         {count['encoder']:7,}")
print(f"largest difference of their outputs      {difference}")

# %%
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
        "positions computed to write 20 words, if what stays is kept": 20,
    },
    "encoder-decoder": {
        "inputs that positions 0 to 4 see": f"the source, and {', '.join(map(str, together[:, 4:].sum(dim=1).tolist()))}",
        "earlier outputs that a new word changes": kept(together),
        "positions computed to write 20 words, if what stays is kept": "the source once, and 20",
        "words that the loss looks at": f"{100 * target_words / (source_words + target_words):.0f} %, those of the target",
        "parameters": f"{sum(p.numel() for p in translator.parameters()):,}",
    },
}
comparison_table(columns)

# %% [markdown]
# The difference of the outputs, above the table, is exactly 0. A decoder layer **is** an encoder layer with a causal mask, plus cross-attention and its norm. And cross-attention has one purpose: to look at the memory.
#
# So the question of this course has become a smaller one: *is there a source, and must it be read in a place of its own?* In translation there is one, complete before the first word is written. The transformer of 2017 reads it with a second stack of layers, and no loss looks at the words of the source.
#
# A text that is only to be continued has no source. Then there is nothing to encode, and cross-attention has nothing to look at. Take it out, and what is left is the layer of notebook 2 with a causal mask. **That is GPT-2's layer**, but for its activation. You build it in notebook 4.
#
# And where there *is* a source, could it not simply be written in front of the target, in one text? Notebook 6 tries it, and counts what is lost and what is won.

# %% [markdown]
# ## In your own words
#
# ### Question 6 (10 points, 15 minutes, ★★☆)
#
# 1. Without `shift_right` the loss goes to almost 0 and the translations are nonsense. Why? And why does the causal mask not prevent it? (3 points)
# 2. The encoder's self-attention has no causal mask, the decoder's has one. Why may a word of the source see the words after it, and a word of the target not? (3 points)
# 3. Somebody wants to use your encoder-decoder to *continue a text*, which has no source. Describe a way, and two things that it costs. (4 points)
#
# A few sentences for each are enough. A person reads and grades them.

# %% [markdown] answer="source" points=10
# ### BEGIN SOLUTION
# 1. At each position the decoder then reads the very token that it should say, so it learns to repeat its input. When it generates, that token is not there: it reads what it wrote before. The causal mask hides what comes *after* a position, and a
#    position may look at itself; here the answer stands at the position itself.
# 2. The source is complete before anything is written, so seeing all of it is no cheating: none of it is predicted. The target is what is predicted; while learning it is all there, and without the mask each position would see the token that it should say, which it
#    cannot see when it generates.
# 3. Cut the text somewhere: the encoder reads what stands before the cut, and the decoder continues. It costs: the words before the cut are predicted by nobody, so fewer positions of each text are learned from, and no probability can be given for them; where to cut is arbitrary, and a model trained at one cut is
#    used at others; two stacks of weights for the same language; when the text grows, either the memory stays as old as the cut or it is encoded anew.
#
# **Mark scheme.** 1: it learns to copy its input (1), which is missing in generation (1), the mask allows the position itself (1). 2: the source is given and not predicted (1.5), the target is predicted and is not there in generation (1.5). 3: a cut, with its halves in encoder and decoder (2), two
# costs (1 each). Also right for a way: an empty source, with the whole text in the decoder; its costs are parameters that do nothing and an encoder that is never trained.
# ### END SOLUTION
