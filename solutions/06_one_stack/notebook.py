# %% [markdown]
# # 6 · One stack: translate without an encoder
#
# The transformer of 2017 translates with two stacks: an encoder reads the source, and a decoder looks at it through cross-attention.
# GPT-2 has neither an encoder nor cross-attention.
# In notebook 4 it continued texts, and a translation is no continuation.
# Or is it?
#
# > **Can one stack translate, without an encoder and without cross-attention? And if it can: where does it look?**
#
# In this notebook you build the translator with one stack, from the encoder's layers of notebook 2 and a mask.
#
# | | | points | minutes | difficulty |
# |---|---|---|---|---|
# | Exercise 1 | `pack` | 15 | 15 | ★★☆ |
# | Exercise 2 | `training_targets` | 15 | 12 | ★★☆ |
# | Exercise 3 | `decode_with_encoder` | 5 | 3 | ★☆☆ |
# | Exercise 4 | `match_parameters` | 10 | 10 | ★★☆ |
# | Exercise 5 | `prefix_mask` | 10 | 5 | ★☆☆ |
# | Exercise 6 | `translate` | 25 | 35 | ★★★ |
# | Exercise 7 | `predicted_reach` | 10 | 12 | ★☆☆ |
# | Question 8 | a written answer, graded by a person | 10 | 15 | ★★☆ |
#
# Reading takes about 40 minutes more, and this includes three to seven minutes for running all cells.
#
# As before, the hidden tests test what the docstrings promise.
# The file `parts.py` beside this notebook contains the solutions of notebooks 1 to 5, so you can solve this notebook even if you did not finish those five.

# %% locked="setup"
try:
    from coursekit import attention_maps, comparison_table, go_on, reach, reach_maps, reached, train, visible_check
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        f"{error.name} is not installed: in the folder that contains coursekit, run `pip install .` in a terminal, "
        "and then restart the kernel."
    ) from None

import math

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
import transformers
from coursekit.number_words import SPECIAL, NumberWords, Sentences, pieces
from coursekit.padding import pad
from coursekit.plots import run_dots
from coursekit.results import triangle_cells
from coursekit.sliders import slider
from coursekit.vocabulary import Vocabulary
from parts import (
    GPT2,
    DecoderLayer,
    Encoder,
    Transformer,
    causal_mask,
    greedy_translate,
    sequence_loss,
    shift_right,
    sinusoidal_positions,
    train_step,
)
from torch import Tensor, nn
from transformers import GPT2Config

transformers.utils.logging.set_verbosity_error()  # it warns of the small vocabulary that we use below

# %% [markdown]
# ## Predict first
#
# Replace each `None` before you read on.
# Your predictions are not graded, and later cells print them beside the measurements.

# %% reader=true
prediction = {
    # The layers of one stack have as many weights as those of an encoder-decoder, and both train for as many steps. Of 100 numbers that it
    # has never seen, how many does it translate without any mistake?
    "translated, of 100": None,
    # To write the German word for the units, it should look at the English word for the units. Of 100 such steps, in
    # how many does the stack's best layer look at this word more than at any other word of the source?
    "looks at the right word, of 100": None,
    # A prompt is a list of records, and a question about one of them. The model may not look ahead. Where should the
    # question be: "before" the list, or "behind" it?
    "place of the question": None,
    # A model has learned to translate numbers. Then the prompt gives words new meanings, by three examples, and asks for
    # one of the three. In how many of 100 such prompts does it answer as the examples say?
    "follows the examples, of 100": None,
}

# %% [markdown]
# ## The picture
#
# We train the encoder-decoder of notebook 3 once more, for 300 steps, and look at the cross-attention of its last layer.
# The map is the mean over the four heads.

# %% reader=true
german = NumberWords("de")
torch.manual_seed(0)
two_stacks = Transformer(
    len(german.source),
    len(german.target),
    d_model=64,
    num_heads=4,
    d_ff=256,
    num_layers=2,
    pad_id=german.pad_id,
    dropout=0.0,
    norm_first=True,
)


def draw_numbers(generator: torch.Generator) -> Sentences:
    return german.batch([german.train[i] for i in torch.randint(len(german.train), (64,), generator=generator)])


def two_stacks_loss(model: Transformer, batch: Sentences) -> Tensor:
    return sequence_loss(model(batch.source, shift_right(batch.target, german.bos_id)), batch.target, german.pad_id)


train(
    two_stacks,
    two_stacks_loss,
    draw_numbers,
    train_step,
    name="two stacks",
    steps=300,
    learning_rate=4e-3,
    save_as="two_stacks.pt",
)


@torch.no_grad()
def map_of_two_stacks(number: int) -> Tensor:
    """The last layer's weights, mean over the heads: (target_length, source_length), a row for each predicted word."""
    batch = german.batch([number])
    two_stacks.eval()(batch.source, shift_right(batch.target, german.bos_id))
    return two_stacks.decoder_layers[-1].cross_attention.weights[0].mean(dim=0)


def words_of(number: int) -> tuple[list[str], list[str]]:
    """The English words, and the German ones as labels of the steps that predict them."""
    batch = german.batch([number])
    labels = [f"predicts {token}" for token in german.target.decode(batch.target[0])]
    return labels, german.source.decode(batch.source[0])


EXAMPLE = 54_321
unknown = torch.zeros_like(map_of_two_stacks(EXAMPLE))
figure = attention_maps(
    {"two stacks, cross-attention": map_of_two_stacks(EXAMPLE), "one stack: ?": unknown}, *words_of(EXAMPLE)
)
plt.show()

# %% [markdown]
# *Left: a map with a row for each predicted German word and a column for each English word.
# The bright cells cross twice: German writes the units before the tens.
# Right: an empty map, which you will fill.*
#
# The crossing on the left is what cross-attention is for: a step of the target looks at the word of the source that it needs.
# One stack has no cross-attention.
# Will the same crossing appear in its *self-attention*?
#
# ## One text
#
# A single stack reads a single sequence.
# So write source and target into one text, with `[BOS]` between them:
#
# ```
# twenty one [BOS] ein und zwanzig [EOS]
# ```
#
# Both languages need one vocabulary.
# German ids simply begin after the English ones.
#
# ### Exercise 1 · `pack` (15 points, 15 minutes, ★★☆)
#
# Source and target of a batch come in two tensors, and in both, short rows are filled up with padding on the right.
# In the packed text, the target begins directly after `[BOS]`, so there is no padding *inside* a text:
#
# ```
# source (batch, S)    target (batch, T)          texts (batch, longest)        source_lengths (batch,)
# 5 6 ·                21 22 23            →      5 6 B 21 22 23                2
# 5 · ·                24  ·  ·            →      5 B 24 ·  ·  ·                1
# ```
#
# Why not simply write the two tensors side by side?
# Then padding would be between a short source and its target, at positions that the model would have to learn to ignore.
#
# <details><summary>Hint</summary>
# Build each row by itself: <code>row[row != pad_id]</code> removes the padding of a row.
# Then fill the rows up to the length of the longest.
# </details>


# %% exercise="pack"
def pack(source: Tensor, target: Tensor, bos_id: int, pad_id: int) -> tuple[Tensor, Tensor]:
    """Write each source, bos_id, and its target into one text.

    source  (batch, S) int64, each row filled up with pad_id on the right
    target  (batch, T) int64, the same
    bos_id  stands between source and target in every text
    pad_id  only fills rows up: it is no token of any source or target

    Each row of source and of target may be empty, and S and T may be 0. The arguments are not modified.

    Returns texts (batch, longest) int64, where longest is the length of the longest text, without any padding inside a
    text and filled up with pad_id on the right; and source_lengths (batch,) int64, the number of tokens of each source.
    """
    ### BEGIN SOLUTION
    rows = [
        torch.cat([words[words != pad_id], words.new_tensor([bos_id]), answer[answer != pad_id]])
        for words, answer in zip(source, target, strict=True)
    ]
    texts = nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=pad_id)  # (batch, longest)
    return texts, (source != pad_id).sum(dim=1)
    ### END SOLUTION


# %% check="pack" points=15
with visible_check("pack"):
    source, target = torch.tensor([[5, 6, 0], [5, 0, 0]]), torch.tensor([[21, 22, 23], [24, 0, 0]])
    returned = pack(source, target, bos_id=1, pad_id=0)
    assert isinstance(returned, tuple) and len(returned) == 2, "Return a pair: texts and source_lengths."
    texts, lengths = returned
    assert source.tolist() == [[5, 6, 0], [5, 0, 0]] and target.tolist() == [[21, 22, 23], [24, 0, 0]], (
        "You changed the caller's source or target."
    )
    assert texts.shape != (2, 7), (
        "Padding is inside a text. Remove the padding of source and target before you join them."
    )
    assert texts.tolist() == [[5, 6, 1, 21, 22, 23], [5, 1, 24, 0, 0, 0]], (
        f"The texts should be [[5, 6, 1, 21, 22, 23], [5, 1, 24, 0, 0, 0]], and yours are {texts.tolist()}."
    )
    assert lengths.tolist() != [3, 2], "bos_id does not belong to the source: do not count it in source_lengths."
    assert lengths.tolist() == [2, 1], f"The sources have 2 and 1 tokens, and your lengths are {lengths.tolist()}."
    assert texts.dtype == lengths.dtype == torch.int64, "Token ids and lengths are int64."
    texts, lengths = pack(torch.tensor([[9, 9], [7, 9]]), torch.tensor([[3, 9], [9, 9]]), bos_id=8, pad_id=9)
    assert texts.tolist() == [[8, 3], [7, 8]] and lengths.tolist() == [0, 1], (
        f"With pad_id=9, an empty source and an empty target: [[8, 3], [7, 8]], and yours are {texts.tolist()}."
    )
    texts, _ = pack(source, source[:, :0], bos_id=1, pad_id=0)
    assert texts.tolist() == [[5, 6, 1], [5, 1, 0]], "Without any target (T = 0), each text ends with bos_id."
    print("pack: the visible check passes.")

# %% folded=true reader=true
# Stuck? Go on: run this cell, then choose Run → Run Selected Cell and All Below.
# If the check above has not passed, ready-made code is lent to you. It is worth no points.
go_on(globals(), "pack")

# %% [markdown]
# ### Exercise 2 · `training_targets` (15 points, 12 minutes, ★★☆)
#
# The model reads `texts[:, :-1]` and predicts `texts[:, 1:]`, as GPT-2 does.
# But not every prediction should count in the loss:
#
# ```
# reads      twenty   one     [BOS]   ein   und       zwanzig   [EOS]
# predicts   one      [BOS]   ein     und   zwanzig   [EOS]     [PAD]
# label      -100     -100    ein     und   zwanzig   [EOS]     -100
# ```
#
# - Padding is never a training target.
# - The source is given, so the model need not predict it. Then the first prediction that counts is made at `[BOS]`.
# - With `everything`, the predictions in the source count, too, as in GPT-2's training.
#
# `F.cross_entropy` leaves out positions with the label -100.


# %% exercise="training_targets"
def training_targets(texts: Tensor, source_lengths: Tensor, pad_id: int, everything: bool = False) -> Tensor:
    """Which token should the model predict at each position, and which predictions count in the loss?

    texts           (batch, length) int64, packed: source, bos, target, and pad_id on the right. They are not modified
    source_lengths  (batch,) int64, the number of tokens of each source, without bos; 0 or more
    everything      True: the predictions in the source count, too. Then bos is also a training target

    Returns labels (batch, length - 1) int64 for the inputs texts[:, :-1]. A label is the next token of the text, or
    -100 where the prediction does not count: always where the next token is padding; and, unless everything is True,
    wherever the input is a token of the source. Where the input is bos it always counts, if there is a target.
    """
    ### BEGIN SOLUTION
    labels = texts[:, 1:]  # (batch, length - 1): position t predicts token t + 1
    ignored = labels == pad_id  # (batch, length - 1)
    if not everything:
        ignored = ignored | (torch.arange(labels.shape[1]) < source_lengths[:, None])  # bos is at source_lengths
    return labels.masked_fill(ignored, -100)
    ### END SOLUTION


# %% check="training_targets" points=15
with visible_check("training_targets"):
    texts, lengths = torch.tensor([[5, 6, 1, 21, 22, 23], [5, 1, 24, 0, 0, 0]]), torch.tensor([2, 1])
    before = texts.clone()
    labels = training_targets(texts, lengths, pad_id=0)
    assert isinstance(labels, Tensor), f"Return a torch tensor, not {type(labels).__name__}. Is there a `return`?"
    assert torch.equal(texts, before), (
        "You changed the caller's texts. A slice is a view: assigning to it writes into texts."
    )
    assert labels.shape == (2, 5), (
        f"There is one label for each of the 5 inputs, and your shape is {tuple(labels.shape)}."
    )
    assert labels[0].tolist() != [-100, -100, -100, 22, 23], (
        "The prediction at bos does not count in yours. It is the one that begins the target."
    )
    assert labels[0].tolist() != [-100, 1, 21, 22, 23], (
        "The last word of the source predicts bos in yours. That prediction does not count."
    )
    assert not (labels == 0).any(), "A label is padding. The model does not have to predict padding: use -100."
    assert labels.tolist() == [[-100, -100, 21, 22, 23], [-100, 24, -100, -100, -100]], (
        f"It should be [[-100, -100, 21, 22, 23], [-100, 24, -100, -100, -100]], and yours is {labels.tolist()}. "
        "Each row has its own source length."
    )
    labels = training_targets(texts, lengths, pad_id=0, everything=True)
    assert labels.tolist() == [[6, 1, 21, 22, 23], [1, 24, -100, -100, -100]], (
        f"With everything: [[6, 1, 21, 22, 23], [1, 24, -100, -100, -100]], and yours is {labels.tolist()}."
    )
    labels = training_targets(torch.tensor([[8, 3, 9], [7, 8, 0]]), torch.tensor([0, 1]), pad_id=9)
    assert labels.tolist() == [[3, -100], [-100, 0]], (
        f"Here pad_id is 9, token 0 is a word, and the first source is empty: [[3, -100], [-100, 0]], and yours is {labels.tolist()}."
    )
    print("training_targets: the visible check passes.")

# %% folded=true reader=true
# Stuck? Go on: run this cell, then choose Run → Run Selected Cell and All Below.
# If the check above has not passed, ready-made code is lent to you. It is worth no points.
go_on(globals(), "training_targets")

# %% [markdown]
# ## One stack
#
# ### Exercise 3 · `decode_with_encoder` (5 points, 3 minutes, ★☆☆)
#
# The stack consists of the layers of an *encoder*.
# An `Encoder` of notebook 2 is called as `encoder(x, mask)`: it runs its layers, and its final norm if it has one.
# What has to change so that no position sees a later one?


# %% exercise="decode_with_encoder"
def decode_with_encoder(encoder: Encoder, x: Tensor) -> Tensor:
    """Run an encoder's own layers as a decoder: no position sees a later one.

    encoder  an Encoder of notebook 2, in post-norm or in pre-norm; it is not modified, and no layer is copied
    x        (batch, length, d_model): embedded tokens, positions included

    Returns (batch, length, d_model), after the encoder's final norm where it has one.
    """
    ### BEGIN SOLUTION
    return encoder(x, causal_mask(x.shape[1]))
    ### END SOLUTION


# %% check="decode_with_encoder" points=5
with visible_check("decode_with_encoder"):
    torch.manual_seed(2)
    for norm_first in (False, True):
        encoder = Encoder(2, 8, 2, 12, dropout=0.0, norm_first=norm_first)
        x = torch.randn(3, 5, 8, requires_grad=True)  # (batch=3, length=5, d_model=8)
        plain, output = encoder(x), decode_with_encoder(encoder, x)
        assert isinstance(output, Tensor), f"Return a tensor, not {type(output).__name__}. Is there a `return`?"
        assert torch.equal(encoder(x), plain), (
            "After your call the encoder itself is masked. Pass the mask as an argument."
        )
        other = x.detach().clone()
        other[:, 4] = torch.randn(3, 8)  # only the last position changes
        assert torch.allclose(decode_with_encoder(encoder, other)[:, :4], output[:, :4], atol=1e-5), (
            "The last position changes outputs before it. Which mask did you pass, and is it the right way round?"
        )
        y = x
        for layer in encoder.layers:
            y = layer(y, causal_mask(5))
        if norm_first:
            assert not torch.allclose(output, y, atol=1e-5), (
                "In pre-norm the encoder ends with a norm, and yours is missing. Call the encoder itself."
            )
            y = encoder.norm(y)
        assert torch.allclose(output, y, atol=1e-5), (
            "The output is not that of the encoder's layers with the causal mask."
        )
        assert output.requires_grad, "No gradient leaves the output. Did you detach something, or use torch.no_grad()?"
    print("decode_with_encoder: the visible check passes.")

# %% folded=true reader=true
# Stuck? Go on: run this cell, then choose Run → Run Selected Cell and All Below.
# If the check above has not passed, ready-made code is lent to you. It is worth no points.
go_on(globals(), "decode_with_encoder")

# %% [markdown]
# It is one line, and that is the point: **an encoder's layers under a causal mask are a decoder without cross-attention.**
#
# `OneStack` uses one embedding at both ends.
# Everything else is as in the `Transformer` of notebook 3.
# It is given, so read it.


# %% locked="one_stack"
class OneStack(nn.Module):
    """One stack that reads and writes: notebook 2's encoder under a mask, and an embedding at both ends.

    As in notebook 3's Transformer, embeddings are multiplied by the root of d_model, positions are sines, and logits
    are products with the same embedding. The norms are first, and there is one at the end.
    """

    def __init__(self, vocab_size: int, d_model: int, num_heads: int, d_ff: int, num_layers: int):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, d_model)
        nn.init.normal_(self.embedding.weight, std=d_model**-0.5)
        self.encoder = Encoder(num_layers, d_model, num_heads, d_ff, dropout=0.0, norm_first=True)

    def forward(self, tokens: Tensor, mask: Tensor | None = None) -> Tensor:
        """tokens (batch, length) -> logits (batch, length, vocab_size), causal unless another mask is given."""
        length, d_model = tokens.shape[1], self.embedding.embedding_dim
        x = self.embedding(tokens) * math.sqrt(d_model) + sinusoidal_positions(length, d_model)
        x = decode_with_encoder(self.encoder, x) if mask is None else self.encoder(x, mask)
        return x @ self.embedding.weight.T


# %% [markdown]
# ## How large?
#
# ### Exercise 4 · `match_parameters` (10 points, 10 minutes, ★★☆)
#
# In a comparison, both models should have equally many parameters.
# A layer of an encoder has $4d^2$ weights in its attention and $2\,d\,d_\text{ff}$ in its feed-forward network.
# A layer of a decoder has attention twice.
# So a stack with as many layers, but without cross-attention, can have wider feed-forward networks.
# With $E$ encoder layers, $D$ decoder layers, and one stack of $N$ layers:
#
# $$E\,(4d^2 + 2\,d\,d_\text{ff}) + D\,(8d^2 + 2\,d\,d_\text{ff}) = N\,(4d^2 + 2\,d\,d_\text{ff}')$$
#
# Solve for $d_\text{ff}'$ on paper first.
#
# <details><summary>Hint</summary>
# <code>divmod</code> divides whole numbers and also returns what is left.
# To check your formula: 2 + 2 layers of width d with d_ff = 4d have 56 d² weights, and with N = 4 you should find d_ff′ = 5d.
# </details>


# %% exercise="match_parameters"
def match_parameters(d_model: int, d_ff: int, encoder_layers: int, decoder_layers: int, num_layers: int) -> int:
    """How wide must the feed-forward networks of one stack be, so that it has as many weights as an encoder-decoder?

    d_model, d_ff                   of the encoder-decoder's layers
    encoder_layers, decoder_layers  how many it has; a decoder layer has cross-attention, an encoder layer has none
    num_layers                      how many layers the one stack has, of width d_model, without cross-attention

    Returns the d_ff of the one stack, an int. With it, all weight *matrices* in its layers together have as many
    numbers as all those in the layers of the encoder-decoder. Biases, norms and embeddings are not counted.

    Raises ValueError if there is no such whole number of at least 1.
    """
    ### BEGIN SOLUTION
    attention = 4 * d_model**2  # query, key, value, output
    both = encoder_layers * (attention + 2 * d_model * d_ff) + decoder_layers * (2 * attention + 2 * d_model * d_ff)
    width, rest = divmod(both - num_layers * attention, num_layers * 2 * d_model)
    if rest != 0 or width < 1:
        raise ValueError(f"no d_ff gives {num_layers} layers of width {d_model} {both:,} weights")
    return width
    ### END SOLUTION


# %% check="match_parameters" points=10
with visible_check("match_parameters"):
    width = match_parameters(64, 256, 2, 2, 4)
    assert width is not None, "Nothing is returned. Is there a `return`?"
    assert width != 256, (
        "With the same d_ff the one stack has fewer weights: it has no cross-attention, which has 4 d² weights in each decoder layer."
    )
    assert width == 320, f"For 2 + 2 layers of width 64 with d_ff 256, 4 layers need d_ff 320, and you return {width}."
    assert isinstance(width, int), f"Return an int, and not a {type(width).__name__}. // divides whole numbers."
    for arguments, expected in {
        (8, 16, 1, 3, 2): 72,
        (8, 16, 3, 1, 2): 56,
        (64, 256, 2, 0, 2): 256,
        (8, 18, 1, 0, 2): 1,
    }.items():
        try:
            found = match_parameters(*arguments)
        except ValueError as error:
            found = f"ValueError({error})"
        assert found == expected, f"match_parameters{arguments} should be {expected}, and yours gives {found}."
    for arguments, why in (
        ((8, 17, 1, 1, 3), "the width would be no whole number"),
        ((8, 19, 1, 0, 2), "the width would be no whole number"),
        ((8, 4, 1, 1, 4), "the width would be negative"),
        ((8, 16, 1, 0, 2), "the width would be 0"),
    ):
        try:
            wrong = match_parameters(*arguments)
        except ValueError:
            continue
        raise AssertionError(f"match_parameters{arguments} should raise ValueError: {why}. Yours returns {wrong}.")
    print("match_parameters: the visible check passes.")

# %% folded=true reader=true
# Stuck? Go on: run this cell, then choose Run → Run Selected Cell and All Below.
# If the check above has not passed, ready-made code is lent to you. It is worth no points.
go_on(globals(), "match_parameters")

# %% [markdown]
# Equally many weights do not mean equally much work.
# In the encoder-decoder, each word passes only one of the two stacks, of two layers each.
# In the one stack, each word passes all four layers, so a training step takes about twice as many operations.
# Notebook 7 compares both ways.
#
# ## The source from both sides
#
# An encoder reads the source from both sides, and a causal stack does not.
# Does it have to be so?
# The source is given, so no position has to predict it, and looking ahead *inside the source* is not cheating.
# A **prefix language model** does so (Raffel et al. 2020, section 3.2.1): the source is a prefix that sees all of itself, and only the rest is causal.
#
# ### Exercise 5 · `prefix_mask` (10 points, 5 minutes, ★☆☆)
#
# With 2 of 5 positions in the prefix:
#
# ```
#                 key  0 1 2 3 4
# query 0, prefix      ■ ■ · · ·
# query 1, prefix      ■ ■ · · ·
# query 2              ■ ■ ■ · ·
# query 3              ■ ■ ■ ■ ·
# query 4              ■ ■ ■ ■ ■
# ```
#
# $$M_{ij} = \text{True} \iff j \le i \;\text{ or }\; j < \text{prefix length}$$
#
# <details><summary>Hint</summary>
# Start from the causal mask, and add a block of columns: every position may attend to the prefix.
# For bool tensors, | is "or".
# </details>


# %% exercise="prefix_mask"
def prefix_mask(prefix_length: int, length: int) -> Tensor:
    """Which positions may each position attend to, when the first prefix_length of them are given, and not written?

    Returns (length, length) bool, a new one in each call, which may be written into; [i, j] is True where position i
    may attend to position j. Every position of the prefix may attend to the whole prefix, in both directions; a
    position after it to itself and to all before it. A prefix of 0 is the causal mask; with prefix_length == length
    nothing is hidden.

    Raises ValueError unless 0 <= prefix_length <= length.
    """
    ### BEGIN SOLUTION
    if not 0 <= prefix_length <= length:
        raise ValueError(f"a prefix of {prefix_length} does not fit into {length} positions")
    in_prefix = torch.arange(length) < prefix_length  # (length,), one for each key
    return causal_mask(length) | in_prefix  # (length, length): every position may attend to the prefix
    ### END SOLUTION


# %% check="prefix_mask" points=10
with visible_check("prefix_mask"):
    mask = prefix_mask(2, 5)
    assert isinstance(mask, Tensor), f"Return a torch tensor, not {type(mask).__name__}. Is there a `return`?"
    assert mask.shape == (5, 5), f"The shape should be (5, 5), and yours is {tuple(mask.shape)}."
    assert mask.dtype == torch.bool, f"A mask is bool, and yours is {mask.dtype}."
    assert mask[0, 1], "Position 0 is in the prefix of 2, so it may look ahead to position 1."
    assert not mask[0, 2], (
        "Position 0 may look ahead inside the prefix, and not beyond it. Are rows and columns exchanged?"
    )
    assert not mask[2, 3], "Position 2 comes after the prefix, so it may not see position 3."
    expected = [[1, 1, 0, 0, 0], [1, 1, 0, 0, 0], [1, 1, 1, 0, 0], [1, 1, 1, 1, 0], [1, 1, 1, 1, 1]]
    assert mask.int().tolist() == expected, f"It should be the picture above, and yours is {mask.int().tolist()}."
    assert torch.equal(prefix_mask(0, 4), causal_mask(4)), "A prefix of 0 is allowed, and gives the causal mask."
    assert prefix_mask(4, 4).all(), "If everything is prefix, nothing is hidden. That is an encoder."
    for wrong in (-1, 5):
        try:
            prefix_mask(wrong, 4)
        except ValueError:
            continue
        except Exception as error:
            raise AssertionError(
                f"For a prefix of {wrong} in 4 positions raise ValueError. Yours raises {error!r}."
            ) from None
        raise AssertionError(f"For a prefix of {wrong} in 4 positions the function should raise ValueError.")
    print("prefix_mask: the visible check passes.")

# %% folded=true reader=true
# Stuck? Go on: run this cell, then choose Run → Run Selected Cell and All Below.
# If the check above has not passed, ready-made code is lent to you. It is worth no points.
go_on(globals(), "prefix_mask")

# %% [markdown]
# ## Translate
#
# Now train the stack: the same numbers, 300 steps, and as many numbers in its weight matrices as the encoder-decoder.
# We train it twice, once causal and once as a prefix-LM, at a learning rate that suits it (2e-3, and 4e-3 for two stacks).

# %% reader=true
FIRST = len(german.source)  # German ids begin here
PAD, BOS, EOS = german.pad_id, FIRST + german.bos_id, FIRST + german.eos_id


def one_text(batch: Sentences) -> tuple[Tensor, Tensor]:
    """Pack English and German into texts of one vocabulary: texts (batch, longest), source_lengths (batch,)."""
    return pack(batch.source, torch.where(batch.target == PAD, PAD, FIRST + batch.target), BOS, PAD)


def prefix_masks(source_lengths: Tensor, length: int) -> Tensor:
    """A prefix mask for each text: (batch, 1, length, length)."""
    return torch.stack([prefix_mask(prefix, length) for prefix in source_lengths.tolist()])[:, None]


def one_stack_loss(model: OneStack, batch: Sentences, prefix: bool = False) -> Tensor:
    texts, source_lengths = one_text(batch)
    labels = training_targets(texts, source_lengths, PAD)
    logits = model(texts[:, :-1], prefix_masks(source_lengths, labels.shape[1]) if prefix else None)
    return F.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=-100)


stacks = {}
for name, prefix in {"one stack, causal": False, "one stack, prefix-LM": True}.items():
    torch.manual_seed(0)
    stacks[name] = OneStack(
        FIRST + len(german.target),
        d_model=64,
        num_heads=4,
        d_ff=match_parameters(64, 256, 2, 2, num_layers=4),
        num_layers=4,
    )
    train(
        stacks[name],
        lambda model, batch, prefix=prefix: one_stack_loss(model, batch, prefix),
        draw_numbers,
        train_step,
        name=name,
        steps=300,
        learning_rate=2e-3,
        save_as=f"{name.replace(', ', '_').replace(' ', '_')}.pt",
    )
one_stack = stacks["one stack, causal"]
for name, model in {"two stacks": two_stacks, **stacks}.items():
    layers = sum(p.numel() for part, p in model.named_parameters() if p.dim() == 2 and "embedding" not in part)
    print(f"{name:22} {layers:,} numbers in the weight matrices of its layers")

# %% [markdown]
# ### Exercise 6 · `translate` (25 points, 35 minutes, ★★★)
#
# Write the target token by token, as `greedy_translate` of notebook 3 does.
# But now source and target are one text, and the sources of a batch have different lengths.
# In notebook 5 you put padding on the *left*, so that all rows end in the same column.
# Here we keep the padding on the right, as in training, so each row grows at its own end:
#
# ```
# sources   5 6 7        step 1   5 6 7 B          step 2   5 6 7 B x
#           5 · ·                 5 B · ·                   5 B y · ·
#                   reads logits at ↑ the last real token of each row
# ```
#
# - **Where to read**: the logits at the last real position of *each row*. The last column is padding in the shorter rows.
# - **The mask**: a causal stack needs no padding mask here. Padding is behind every real token, so no real token sees it.
#   So without `prefix`, call `model(texts)`.
#   With `prefix`, call `model(texts, mask)`. Each row has its own prefix mask, because each source has its own length.
# - **A row ends** when it has written `eos_id`. After that it is filled with `pad_id`. When every row has ended, stop.
#   So no column consists only of padding.
# - Evaluation mode, no gradients, and each submodule's mode as before after the call.
#
# So each row is what it would be alone.
#
# <details><summary>Hint 1: the text of a step</summary>
# <code>pack(sources, written, bos_id, pad_id)</code> with what was written so far, (batch, steps), gives the texts of the next step.
# </details>
#
# <details><summary>Hint 2: one column for each row</summary>
# <code>logits[torch.arange(batch), last]</code> takes one position of each row, with <code>last</code> of shape (batch,).
# </details>


# %% exercise="translate"
def translate(
    model: OneStack, sources: Tensor, bos_id: int, eos_id: int, pad_id: int, max_length: int, prefix: bool = False
) -> Tensor:
    """Translate with one stack: continue each text, source and bos_id, by its most probable tokens.

    model       a OneStack: model(texts) -> logits (batch, length, vocab_size) under a causal mask; with prefix,
                model(texts, mask), where mask (batch, 1, length, length) bool is broadcast over the heads
    sources     (batch, S) int64, S at least 1, each filled up with pad_id on the right. They are not modified
    eos_id      a row that has written it has ended; an eos_id in a source does not count
    pad_id      only fills rows up. (A model that has learned never writes it, and no test has one that does)
    max_length  the largest number of tokens to write, 0 or more
    prefix      True: in each row the source, without bos, is a prefix that sees all of itself. False: all is causal

    Returns (batch, at most max_length) int64: the written tokens, without bos. After eos_id a row is filled with
    pad_id, and when every row has ended, writing stops. Of equally probable tokens the lowest id is taken.

    Each row is what it would be alone in the batch. The whole model works in evaluation mode and without gradients.
    After the call each of its submodules is in the mode in which it was before.
    """
    ### BEGIN SOLUTION
    modes = [(part, part.training) for part in model.modules()]
    model.eval()
    written = sources[:, :0]  # (batch, tokens so far)
    ended = torch.zeros(len(sources), dtype=torch.bool)
    try:
        with torch.no_grad():
            while written.shape[1] < max_length and not ended.all():
                texts, source_lengths = pack(sources, written, bos_id, pad_id)  # (batch, length)
                mask = None
                if prefix:
                    masks = [prefix_mask(prefix_length, texts.shape[1]) for prefix_length in source_lengths.tolist()]
                    mask = torch.stack(masks)[:, None]  # (batch, 1, length, length)
                last = (texts != pad_id).sum(dim=1) - 1  # (batch,): the last real position of each row
                logits = model(texts, mask)[torch.arange(len(texts)), last]  # (batch, vocab_size)
                tokens = logits.argmax(dim=-1).masked_fill(ended, pad_id)  # (batch,)
                written = torch.cat([written, tokens[:, None]], dim=1)
                ended = ended | (tokens == eos_id)
    finally:
        for part, training in modes:
            part.training = training
    return written
    ### END SOLUTION


# %% check="translate" points=25
class Reads(nn.Module):
    """In place of a trained stack: it writes an id from 10 to 19, then 10 more at each step, and at last 9, the end.

    The first id ends with the last digit of the sum of all tokens that its position sees, so what is seen shows. A row
    of odd ids ends one step earlier.
    """

    def __init__(self):
        super().__init__()
        self.dropout, self.calls = nn.Dropout(0.5), 0

    def forward(self, texts: Tensor, mask: Tensor | None = None) -> Tensor:
        self.calls += 1
        batch, length = texts.shape
        seen = (
            causal_mask(length).expand(batch, length, length)
            if mask is None
            else mask.expand(batch, 1, length, length)[:, 0]
        )
        total = (seen * texts[:, None, :]).sum(dim=-1)  # (batch, length)
        looks_ahead = seen.triu(1).sum(dim=(1, 2))  # (batch,): pairs in which a position sees a later one
        next_id = torch.where(texts >= 10, texts + 10, 10 + (total + looks_ahead[:, None]) % 10)
        next_id = torch.where((texts >= 40) | (texts >= 30) & (texts % 2 == 1), 9, next_id)
        if self.training or torch.is_grad_enabled():
            next_id = torch.full_like(texts, 8)
        return F.one_hot(next_id, 60).float()


with visible_check("translate"):
    sources = torch.tensor([[2, 3, 4], [5, 0, 0], [9, 7, 0]])
    before, model = sources.clone(), Reads().train()
    alone = [translate(model, row[row != 0][None], 1, 9, 0, 6) for row in sources]
    assert isinstance(alone[0], Tensor), f"Return a torch tensor, not {type(alone[0]).__name__}. Is there a `return`?"
    assert not (alone[0] == 8).any(), (
        "The model runs in training mode or with gradients. Call model.eval() and use torch.no_grad()."
    )
    assert all(part.training for part in model.modules()), (
        "After the call the model should be in training mode again, as before, with all its submodules."
    )
    assert alone[0].shape[1] < 6 or alone[0][0, -1] != 0, "Stop when every row has ended: no column is all padding."
    assert alone[0].tolist() == [[10, 20, 30, 40, 9]], (
        f"The model should write [10, 20, 30, 40, 9] after the source [2, 3, 4], and yours is {alone[0][0].tolist()}. "
        "It reads the source, bos, and what it has written, and the result contains only what is written."
    )
    together = translate(model, sources, 1, 9, 0, 6)
    assert torch.equal(sources, before), "You changed the caller's sources."
    assert together.shape == (3, 5), (
        f"In a batch of three the longest row has 5 tokens, and your shape is {tuple(together.shape)}."
    )
    for row, expected in enumerate(alone):
        assert together[row].tolist() == F.pad(expected[0], (0, 5 - expected.shape[1])).tolist(), (
            f"Row {row} is {together[row].tolist()} in the batch, and {expected[0].tolist()} alone. "
            "Are the logits read at the last real position of each row, is its text without padding inside, and is the row "
            "filled with pad_id after its end?"
        )
    with_prefix = translate(model, sources, 1, 9, 0, 6, prefix=True)
    assert with_prefix[:, 0].tolist() == [13, 16, 18], (
        f"With prefix=True the first tokens should be [13, 16, 18], and yours are {with_prefix[:, 0].tolist()}. "
        "The prefix is the source of *this* row, without bos and without padding."
    )
    model.calls = 0
    assert translate(model, sources, 1, 9, 0, 2).shape == (3, 2) and model.calls == 2, (
        "With max_length=2, two tokens are written, and the model runs twice."
    )
    assert translate(model, sources, 1, 9, 0, 0).shape == (3, 0), "With max_length=0 nothing is written: (batch, 0)."
    ends = translate(model, torch.tensor([[45, 3], [40, 0]]), 40, 9, 0, 6)
    assert ends.tolist() == [[9], [9]], f"Every row ends at once here, so one column is enough. Yours: {ends.tolist()}."
    print("translate: the visible check passes.")

# %% folded=true reader=true
# Stuck? Go on: run this cell, then choose Run → Run Selected Cell and All Below.
# If the check above has not passed, ready-made code is lent to you. It is worth no points.
go_on(globals(), "translate")

# %% [markdown]
# One batch of sources, from one word to eight:

# %% reader=true
NUMBERS = [7, 21, 305, 4_121, 54_321]
sources = german.batch(NUMBERS).source
for row, number in zip(translate(one_stack, sources, BOS, EOS, PAD, max_length=20), NUMBERS, strict=True):
    print(
        f"{number:6,}  {' '.join(german.source.decode(german.batch([number]).source[0])):50} {german.read((row - FIRST)[row != PAD])}"
    )

print()
unseen = german.test[:500]
batch = german.batch(unseen)
expected = [german.read(row) for row in batch.target]
written = {"two stacks": greedy_translate(two_stacks, batch.source, german.bos_id, german.eos_id, 20)}
for name, model in stacks.items():
    ids = translate(model, batch.source, BOS, EOS, PAD, 20, prefix="prefix" in name)
    written[name] = torch.where(ids == PAD, PAD, ids - FIRST)
right = {name: [german.read(row) for row in rows] for name, rows in written.items()}
right = {name: sum(a == b for a, b in zip(texts, expected, strict=True)) / 5 for name, texts in right.items()}
for name, share in right.items():
    print(f"{name:22} {share:5.1f} % of 500 numbers that it has never seen are right")
print(f"You predicted {prediction['translated, of 100']} of 100 for one stack.")

# %% [markdown]
# **One stack translates, without an encoder and without cross-attention.**
# After 300 steps, at least 97 % of the unseen numbers are right, for the causal stack and for the prefix-LM, as for the two stacks.
# Looking ahead in the source made no difference that we could see, but where all models are right in nearly all cases, a difference can hardly show.
#
# The 500 numbers are drawn at random, so they contain hardly any small ones.
# Very small numbers are rare in the training data, too, and a model may write too much for them, as you may see above and as in notebook 3.
#
# ## Where does it look?
#
# Now fill the empty map with self-attention, from the steps that predict German words to the English words.
# There are four layers, so first we ask which of them looks at the right words: at the units when it writes the units, and at the tens when it writes the tens.


# %% reader=true
@torch.no_grad()
def map_of_one_stack(number: int, layer: int) -> Tensor:
    """A layer's weights from target to source, mean over the heads: (target_length, source_length)."""
    texts, source_lengths = one_text(german.batch([number]))
    one_stack.eval()(texts[:, :-1])
    weights = one_stack.encoder.layers[layer].self_attention.weights[0].mean(dim=0)  # (length, length)
    return weights[source_lengths[0] :, : source_lengths[0]]


def looks_right(maps) -> tuple[int, int]:
    """Of 100 numbers with tens and units: for how many does the step look most at the units, and most at the tens?"""
    numbers = [number for number in german.test if number % 100 > 20 and number % 10][:100]
    most = [maps(number).argmax(dim=-1) - len(words_of(number)[1]) for number in numbers]  # counted from the end
    return sum(int(found[-4] == -1) for found in most), sum(int(found[-2] == -2) for found in most)


found = {"two stacks": looks_right(map_of_two_stacks)}
for layer in range(4):
    found[f"one stack, layer {layer}"] = looks_right(lambda number, layer=layer: map_of_one_stack(number, layer))
for name, (units, tens) in found.items():
    print(f"{name:19}  of 100 numbers it looks most at the units for {units}, and at the tens for {tens}")
BEST = max(range(4), key=lambda layer: sum(found[f"one stack, layer {layer}"]))
print(f"You predicted {prediction['looks at the right word, of 100']} of 100 for the units in the best layer.")
figure = attention_maps(
    {
        "two stacks, cross-attention": map_of_two_stacks(EXAMPLE),
        f"one stack, self-attention of layer {BEST}": map_of_one_stack(EXAMPLE, BEST),
    },
    *words_of(EXAMPLE),
)
plt.show()

# %% [markdown]
# *Left: the map of cross-attention, as at the beginning.
# Right: the map of the one stack, also the mean over its heads.
# In both, the bright cells cross where English has tens and units: "vier" looks at "four", and "fünfzig" at "fifty".
# The rows on the right need not sum to 1, because a step also looks at bos and at the German words so far.*
#
# **The crossing is there without cross-attention.**
# In layers 1 to 3, counted from 0, most steps look at the right word, although nothing in the training data says where to look.
# In layer 0, fewer steps do.
# Self-attention does the work of cross-attention, because the source is in the same text.
#
# (We looked at four layers and show the best of them. The numbers of all four are above the figure, and they count only the steps for units and tens. The number in the figure may be one that was trained on; those that are counted are not.)

# %% [markdown]
# ## The task is text
#
# This stack does one task: it translates.
# GPT-2's paper goes further (section 2, quoted in notebook 4): the task itself can be written into the text, before its input.
# Then one model can learn several tasks, and the prompt says which one to do:
#
# ```
# translate to German twenty one [BOS] ein und zwanzig [EOS]
# reverse twenty one [BOS] one twenty [EOS]
# ```
#
# We train your GPT-2 of notebook 4 on four tasks, all mixed in each batch.
# Nothing tells it the task but the words of the prompt.
# `pack`, `training_targets` and `translate` are yours.

# %% reader=true
TASKS = {  # the instruction: language of the source, language of the target, direction in which the target is written
    "translate to German": ("en", "de", 1),
    "translate to English": ("de", "en", 1),
    "repeat": ("en", "en", 1),
    "reverse": ("en", "en", -1),
}
words = Vocabulary(SPECIAL, [*german.source.tokens, *german.target.tokens, *" ".join(TASKS).split()])
pad_id, bos_id, eos_id = words.encode(SPECIAL)
SMALL = [number for number in german.train if number < 100]


def example(task: str, number: int) -> tuple[list[int], list[int]]:
    """The ids of a prompt, which is an instruction and a number, and of the answer with its end."""
    source, target, direction = TASKS[task]
    prompt, answer = [*task.split(), *pieces(number, source)], [*pieces(number, target)[::direction], "[EOS]"]
    return words.encode(prompt), words.encode(answer)


def draw_tasks(generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """64 examples of random tasks. Eight of them have a number below 100, because these are rare among all numbers."""
    numbers = [german.train[i] for i in torch.randint(len(german.train), (56,), generator=generator)]
    numbers += [SMALL[i] for i in torch.randint(len(SMALL), (8,), generator=generator)]
    tasks = [list(TASKS)[i] for i in torch.randint(len(TASKS), (64,), generator=generator)]
    prompts, answers = zip(*map(example, tasks, numbers), strict=True)
    return pad(prompts, pad_id), pad(answers, pad_id)


def tasks_loss(model: GPT2, batch: tuple[Tensor, Tensor]) -> Tensor:
    texts, prompt_lengths = pack(*batch, bos_id, pad_id)
    labels = training_targets(texts, prompt_lengths, pad_id)
    return F.cross_entropy(model(texts[:, :-1]).flatten(0, 1), labels.flatten(), ignore_index=-100)


def small_gpt2(initializer_range: float) -> GPT2:
    """A GPT-2 as small as the stacks above. Its first weights are larger than GPT-2's, so that it learns sooner."""
    torch.manual_seed(0)
    return GPT2(
        GPT2Config(
            vocab_size=len(words),
            n_positions=64,
            n_embd=64,
            n_head=4,
            n_layer=4,
            initializer_range=initializer_range,
            resid_pdrop=0.0,
            embd_pdrop=0.0,
            attn_pdrop=0.0,
        )
    )


def answers(model: GPT2, prompts: list[list[int]]) -> list[str]:
    """What the model writes after each prompt, up to its end."""
    written = translate(model, pad(prompts, pad_id), bos_id, eos_id, pad_id, max_length=20)
    return [" ".join(token for token in words.decode(row) if token not in SPECIAL) for row in written]


four_tasks = small_gpt2(0.1)
train(
    four_tasks,
    tasks_loss,
    draw_tasks,
    train_step,
    name="four tasks",
    steps=300,
    learning_rate=3e-3,
    save_as="four_tasks.pt",
)
for task in TASKS:
    prompts, expected = zip(*(example(task, number) for number in german.test[:200]), strict=True)
    expected = [" ".join(words.decode(ids[:-1])) for ids in expected]
    share = sum(a == b for a, b in zip(answers(four_tasks, list(prompts)), expected, strict=True)) / 2
    prompt, _ = example(task, EXAMPLE)
    print(f"{task:21} {share:5.1f} % of 200 unseen numbers. {' '.join(words.decode(prompt[len(task.split()) :]))}")
    print(f"{'':21} → {answers(four_tasks, [prompt])[0]}")

# %% [markdown]
# **The prompt switches the task.**
# One model with one set of weights translates in both directions, repeats and reverses.
# Of the unseen numbers, at least 95 % are right in each task, and where the source is the same, only the instruction decides what is written.
# An encoder-decoder can learn this, too (T5 does), so it is no reason against an encoder.
# But it shows that the source does not need its own encoder, and the task does not need its own switch.
#
# ### A task that it has not learned
#
# How far does this go? Two trials:
#
# 1. **A new combination.** It has learned to reverse English, and to read German. Can it reverse German?
# 2. **A new dictionary, given by examples in the prompt.** In each prompt, three English words have new, random meanings, and then one of the three is the question:
#
# ```
# translate to German two [BOS] acht [EOS] translate to German five [BOS] drei [EOS]
# translate to German nine [BOS] sechs [EOS] translate to German five [BOS]  →  drei?
# ```
#
# Predict both before you run the next cell.

# %% reader=true
reverse_german = [words.encode(["reverse", *pieces(number, "de")]) for number in german.test[:200]]
expected = [" ".join(pieces(number, "de")[::-1]) for number in german.test[:200]]
written = answers(four_tasks, reverse_german)
print(f"reverse German: {sum(a == b for a, b in zip(written, expected, strict=True))} of 200 are right.")
print(f"'{' '.join(words.decode(reverse_german[0]))}'\nshould give '{expected[0]}',\nand gives   '{written[0]}'.")

ENGLISH, GERMAN = ([pieces(number, language)[0] for number in range(2, 10)] for language in ("en", "de"))


def draw_dictionary(generator: torch.Generator) -> tuple[list[int], list[int]]:
    """Three of the eight English words, and a new meaning for each of the eight: no word keeps its own."""
    meaning = list(range(8))
    while any(new == old for old, new in enumerate(meaning)):
        meaning = torch.randperm(8, generator=generator).tolist()
    return torch.randperm(8, generator=generator)[:3].tolist(), meaning


generator = torch.Generator().manual_seed(1)
dictionaries = [draw_dictionary(generator) for _ in range(300)]
prompts = []
for three, meaning in dictionaries:  # the question is the second of the three words
    shown = [f"translate to German {ENGLISH[word]} [BOS] {GERMAN[meaning[word]]} [EOS]" for word in three]
    prompts.append(words.encode(" ".join([*shown, "translate to German", ENGLISH[three[1]]]).split()))
first = [text.split()[0] if text else "" for text in answers(four_tasks, prompts)]
as_shown = sum(word == GERMAN[meaning[three[1]]] for word, (three, meaning) in zip(first, dictionaries, strict=True))
as_learned = sum(word == GERMAN[three[1]] for word, (three, _) in zip(first, dictionaries, strict=True))
print(f"four tasks: {as_shown} of 300 answers are as the examples say, and {as_learned} are the true German word.")
print("Guessing one of eight words would give 37 or 38 of 300.")
print(f"That is {as_shown / 3:.0f} of 100, and you predicted {prediction['follows the examples, of 100']}.")

# %% [markdown]
# Neither works.
# Not one German number is reversed: after "reverse" it has only ever seen English, and it writes English.
# And the examples do not help: no more answers follow them than guessing would give.
# So this small model has learned four tasks, and not what an instruction or an example *is*.
#
# Is that because it has a single stack?
# To see this, train the same GPT-2 on *many* dictionaries.
# Each text has its own random dictionary, and consists of six pairs of a word and its meaning.
# To remember a dictionary is of no use, because nothing but the text itself says which dictionary it uses.


# %% reader=true
def draw_pairs(generator: torch.Generator) -> Tensor:
    """32 texts of six pairs, (32, 12): an English word, one of three in each text, and its meaning in this text."""
    texts = []
    for _ in range(32):
        three, meaning = draw_dictionary(generator)
        pairs = [three[i] for i in torch.randint(3, (6,), generator=generator)]
        texts.append(words.encode([token for word in pairs for token in (ENGLISH[word], GERMAN[meaning[word]])]))
    return torch.tensor(texts)


def meanings_loss(model: GPT2, texts: Tensor) -> Tensor:
    return F.cross_entropy(model(texts[:, :-1])[:, 0::2].flatten(0, 1), texts[:, 1::2].flatten())


many_dictionaries = small_gpt2(0.2)
train(
    many_dictionaries,
    meanings_loss,
    draw_pairs,
    train_step,
    name="many dictionaries",
    steps=1000,
    learning_rate=5e-3,
    save_as="many_dictionaries.pt",
)
prompts = []
for three, meaning in dictionaries:
    shown = [token for word in three for token in (ENGLISH[word], GERMAN[meaning[word]])]
    prompts.append(words.encode([*shown, ENGLISH[three[1]]]))
with torch.no_grad():
    found = many_dictionaries.eval()(torch.tensor(prompts))[:, -1].argmax(dim=-1)  # (300,)
as_shown = sum(words.decode(found)[i] == GERMAN[meaning[three[1]]] for i, (three, meaning) in enumerate(dictionaries))
print(f"many dictionaries: {as_shown} of 300 answers are as the examples say.")
print("Guessing one of the three meanings in the prompt would give 100 of 300.")

# %% [markdown]
# The same architecture follows most of the new dictionaries, and no weight changes while it reads them.
# This is **in-context learning** (Brown et al. 2020, the paper of GPT-3), and this ability is learned, too: from texts in which the earlier part says what the later part means.
# Text from the web, from which GPT-2 has learned, is full of such places: a name is explained once, and used afterwards.
# So source, instruction and examples can all be one text in front of the answer.
# What a model makes of this text depends on the texts that it was trained on.
#
# (The two models have learned different forms of text, so each is tested in its own form. The comparison is not clean for this reason. Both models are tiny, and each is one run.)

# %% [markdown]
# ## Who sees whom
#
# ### Exercise 7 · `predicted_reach` (10 points, 12 minutes, ★☆☆)
#
# You have seen reach matrices in every notebook, and now you predict them.
# The text is a source with a target behind it.
# There is a row for each output and a column for each input, the source first.
# Entry $[i, j]$ is True if input $j$ can change output $i$, in any number of layers.
#
# In the encoder-decoder, the rows of the source are the outputs of the *encoder*, and the rows of the target are the outputs of the *decoder*.
# The target is what the decoder reads, so output `t1` has read `t1`.
#
# Take paper and pencil, and draw the five pictures for a source of 2 and a target of 3 before you write any code.
#
# <details><summary>Hint: more than one layer</summary>
# Can a position see more in two layers than in one?
# If i sees j in the second layer, and j has seen k in the first, then i sees k.
# For a causal mask that adds nothing. Does it add anything for a prefix mask?
# </details>


# %% exercise="predicted_reach"
def predicted_reach(architecture: str, source_length: int, target_length: int) -> Tensor:
    """Which positions can each output depend on, in a text of a source and a target behind it?

    architecture  "encoder": an encoder reads source and target as one text
                  "decoder": decoder layers without an encoder and without cross-attention, on the same text
                  "encoder-decoder": the encoder reads the source, the decoder the target and the encoder's output
                  "GPT-2": on the same text
                  "prefix-LM": one stack on the same text, with a prefix_mask; the source is the prefix

    Returns (source_length + target_length, source_length + target_length) bool: a row for each output and a column
    for each input, those of the source first. [i, j] is True where input j can change output i. In the
    encoder-decoder the outputs of the source are the encoder's, and those of the target the decoder's.

    Raises ValueError for another architecture.
    """
    ### BEGIN SOLUTION
    length = source_length + target_length
    if architecture == "encoder":
        return torch.ones(length, length, dtype=torch.bool)
    if architecture in ("decoder", "GPT-2"):
        return causal_mask(length)
    if architecture in ("encoder-decoder", "prefix-LM"):
        return prefix_mask(source_length, length)
    raise ValueError(f"there is no prediction for {architecture!r}")
    ### END SOLUTION


# %% check="predicted_reach" points=10
with visible_check("predicted_reach"):
    for architecture in ("encoder", "decoder", "encoder-decoder", "GPT-2", "prefix-LM"):
        matrix = predicted_reach(architecture, 2, 3)
        assert isinstance(matrix, Tensor) and matrix.dtype == torch.bool, f"{architecture}: return a bool tensor."
        assert matrix.shape == (5, 5), (
            f"{architecture}: the shape should be (5, 5), and yours is {tuple(matrix.shape)}."
        )
        assert matrix.diagonal().all(), f"{architecture}: each output depends on its own input."
    assert predicted_reach("encoder", 2, 3).all(), "encoder: it has no mask, so every output depends on every input."
    for architecture in ("decoder", "GPT-2"):
        assert torch.equal(predicted_reach(architecture, 2, 3), causal_mask(5)), (
            f"{architecture}: no position sees a later one, not even in the source, and each sees all before it."
        )
    for architecture in ("encoder-decoder", "prefix-LM"):
        matrix = predicted_reach(architecture, 2, 3)
        assert matrix[:2, :2].all(), f"{architecture}: the source is read from both sides."
        assert not matrix[:2, 2:].any(), f"{architecture}: no output of the source depends on the target."
        assert torch.equal(matrix[2:], causal_mask(5)[2:]), (
            f"{architecture}: each output of the target depends on the whole source, and on the target so far."
        )
    assert predicted_reach("GPT-2", 0, 3).shape == (3, 3), "Without a source, 3 positions are left."
    for wrong in ("oracle", "GPT"):
        try:
            predicted_reach(wrong, 2, 3)
        except ValueError:
            continue
        raise AssertionError(f"{wrong!r} is none of the five architectures: raise ValueError.")
    print("predicted_reach: the visible check passes.")

# %% folded=true reader=true
# Stuck? Go on: run this cell, then choose Run → Run Selected Cell and All Below.
# If the check above has not passed, ready-made code is lent to you. It is worth no points.
go_on(globals(), "predicted_reach")

# %% [markdown]
# Now measure.
# Each architecture is built from your parts, with random weights and two layers.
# It gets the vectors of a source `s0 s1 s2` and of a target `t0` to `t3`.


# %% reader=true
class WithoutCrossAttention(DecoderLayer):
    """Notebook 3's layer without its cross-attention and the norm that belongs to it."""

    def forward(self, x: Tensor, self_mask: Tensor) -> Tensor:
        x = self.norm1(x + self.self_attention(x, x, x, self_mask))
        return self.norm3(x + self.feed_forward(x))


SOURCE, TARGET, WIDTH = 3, 4, 16
torch.manual_seed(0)
reader = Encoder(2, WIDTH, 4, 64, dropout=0.0, norm_first=True).double()
writer = nn.ModuleList(WithoutCrossAttention(WIDTH, 4, 64, dropout=0.0) for _ in range(2)).double()
listener = nn.ModuleList(DecoderLayer(WIDTH, 4, 64, dropout=0.0) for _ in range(2)).double()
gpt2 = GPT2(GPT2Config(n_embd=WIDTH, n_head=4, n_layer=2, n_positions=9, vocab_size=20)).double().eval()


def decoder(x: Tensor) -> Tensor:
    for layer in writer:
        x = layer(x, causal_mask(x.shape[1]))
    return x


def encoder_decoder(x: Tensor) -> Tensor:
    memory, y = reader(x[:, :SOURCE]), x[:, SOURCE:]  # (1, SOURCE, WIDTH), (1, TARGET, WIDTH)
    for layer in listener:
        y = layer(y, memory, causal_mask(TARGET))
    return torch.cat([memory, y], dim=1)


def gpt2_blocks(x: Tensor) -> Tensor:
    for block in gpt2.h:
        x = block(x)
    return x


ARCHITECTURES = {
    "encoder": reader,
    "decoder": decoder,
    "encoder-decoder": encoder_decoder,
    "GPT-2": gpt2_blocks,
    "prefix-LM": lambda x: reader(x, prefix_mask(SOURCE, SOURCE + TARGET)),
}
vectors = torch.randn(SOURCE + TARGET, WIDTH)
five = {name: reach(layers, vectors) for name, layers in ARCHITECTURES.items()}
for name, matrix in five.items():
    as_predicted = torch.equal(reached(matrix), predicted_reach(name, SOURCE, TARGET))
    print(f"{name:16} {'as you predicted' if as_predicted else 'NOT as you predicted'}")
figure = reach_maps(five, [f"s{i}" for i in range(SOURCE)] + [f"t{i}" for i in range(TARGET)])
for axis in figure.axes:
    for line in (axis.axvline, axis.axhline):
        line(SOURCE - 0.5, color="black", linewidth=2)  # source | target
plt.show()

# %% [markdown]
# *Five grids of seven outputs and seven inputs, with black lines between source and target.
# Encoder: all blue.
# Decoder and GPT-2: the same triangle.
# Encoder-decoder and prefix-LM: the same picture, a full block for the source, nothing of the target above it, and below it both the source and a triangle.*
#
# **Five architectures, three pictures.**
#
# - The decoder without its encoder and GPT-2 are one picture.
# - The encoder-decoder and the prefix-LM are one picture. Everything that the second stack can see, one stack can see, with a mask and without cross-attention.
# - So there is only one thing that an encoder-decoder sees and GPT-2 does not: the small triangle in the source, the later words of a prompt.
#
# From GPT-2 to the encoder, it is only a question of how long the prefix is.
# In a running notebook, move the slider below the figure.


# %% reader=true
def with_prefix(*prefixes: int) -> plt.Figure:
    """Reach matrices of one stack, with the same weights and prefixes of these lengths."""
    masks = {prefix: prefix_mask(prefix, SOURCE + TARGET) for prefix in prefixes}
    reaches = {f"prefix of {n}": reach(lambda x, mask=mask: reader(x, mask), vectors) for n, mask in masks.items()}
    return reach_maps(reaches, [f"s{i}" for i in range(SOURCE)] + [f"t{i}" for i in range(TARGET)])


with_prefix(0, 2, SOURCE, SOURCE + TARGET)
plt.show()
slider(with_prefix, "prefix", 0, SOURCE + TARGET)

# %% [markdown]
# *Four grids of seven outputs and seven inputs.
# A prefix of 0 is GPT-2's triangle, and a prefix of 7 is the encoder's full square.
# Between them, the block of the prefix grows, and the rest stays a triangle.*

# %% [markdown]
# ## The triangle
#
# What does it cost not to see this triangle?
# In the translation above, it cost nothing that we could see.
# So we look for a task where it might: a list of records, and a question about one of them.
#
# ```
# 3 e   1 b   6 a   1     →  b      the question is behind the list
# 1   3 e   1 b   6 a     →  b      the question is before the list
# ```
#
# If the question is *behind* the list, a causal stack reads every record without knowing the question.
# There are two ways around this.
# The model may look ahead, as a prefix-LM and an encoder do, so that the records see the question.
# Or you change the prompt: put the question *before* the list, or repeat it, before and behind.
#
# With one layer, the mask makes no difference to the last position (notebook 4), so two layers are the smallest interesting case.
# The models are small, and each was trained from five seeds for at most 4,000 steps.
# The program is `experiments/triangle.py` in the repository of this course, and what was run was fixed before it was run.
# (One thing was not: we had planned 1,000 steps, and they were too few for most models.)

# %% reader=true
cells = triangle_cells()
panels = {"2 layers in all": {}, "4 layers in all": {}}
for cell in cells:
    label = f"{cell['model']}, question {cell['question']}".replace("both", "before and behind")
    last = [100 * run["right"][-1] for run in cell["runs"]]
    panels.get(f"{cell['layers']} layers in all", {})[label] = last
    learned = [run["steps"] for run in cell["runs"] if run["steps"]]
    print(
        f"layers: {cell['layers']}  {label:42} {len(learned)} of {len(last)} seeds reach 90 %"
        + (f", after {', '.join(map(str, sorted(learned)))} steps" if learned else "")
    )
print(f"These are {len(cells)} models from {len(cells[0]['runs'])} seeds each.")
print(f"You predicted that the question should be {prediction['place of the question']!r} the list.")
for axis in run_dots(panels, xlabel="% right at the end").axes:
    axis.axvline(400 / 9, color="black", linewidth=1, linestyle=":")  # one of the three values, guessed
plt.show()

# %% [markdown]
# *Two panels, for two and four layers, with a row for each model and place of the question, and a dot for each of five seeds; many dots lie on each other.
# The dotted line is at 44 %, and most dots are near it.
# Only causal stacks with the question before the list, or before and behind it, have dots to the right of 60 %, most of them near 100 %.*
#
# A model that guesses one of the three values in the list is right in 44 % of the cases, because values may be equal.
# With two layers and with four (for the encoder-decoder one and one, and two and two):
#
# - With the question **before** the list, four of five seeds of the causal stack reach 90 %, and with four layers three of five.
# - With the question **behind** the list, none of ten does, and all end below 50 %.
# - With the question repeated, before **and** behind, four of five do, and with four layers all five.
# - The **prefix-LM** sees the question from every record, but none of its ten seeds learns the task.
#   None of the **encoder-decoder** does, with the question in its source or in its target.
#
# With one layer, no model learns it.
#
# So we found no gain from looking ahead in this task.
# All models that learned it read the question first, and have a causal mask.
# So in a causal stack the *place* of the question matters.
# Whether it matters more than the mask, we cannot say: a prefix-LM with the question before the list was not in the plan.
#
# How sure is that?
# Each seed was used in both places.
# In seven of these ten pairs only the model with the question before the list learned the task, and in none only the other one.
# If the place played no role, all seven would agree in only 2 of 128 cases. (Two and four layers share their seeds, so this is too optimistic.)
# And the models are tiny, all have the same learning rate, which was chosen on one stack, and what is not learned in 4,000 steps may be learned later.
# In notebook 7 you will see a text on which an encoder-decoder is ahead.
#
# What is certain is only the principle: under a causal mask, what is computed for a record cannot depend on a question that comes later, and with the question in front it can.

# %% [markdown]
# ## Why no encoder? The sixth part of the answer
#
# Here is this notebook's part of the comparison table.

# %% reader=true
LEARNED_FROM = german.batch(german.train[:64])
texts, source_lengths = one_text(LEARNED_FROM)
counted = int((training_targets(texts, source_lengths, PAD) != -100).sum())
with_source = int((training_targets(texts, source_lengths, PAD, everything=True) != -100).sum())
comparison_table(
    {
        name: {
            f"inputs that each of {SOURCE} + {TARGET} outputs sees": ", ".join(
                map(str, reached(five[kind]).sum(dim=1).tolist())
            ),
            "the target sees the source by": way,
            "weight matrices of the layers": f"{sum(p.numel() for part, p in model.named_parameters() if p.dim() == 2 and 'embedding' not in part):,}",
            "layers that a word passes": layers,
            "numbers translated": f"{right[name]:.1f} %",
            "predictions that count in 64 texts": targets,
        }
        for name, kind, way, model, layers, targets in (
            ("two stacks", "encoder-decoder", "cross-attention", two_stacks, 2, f"{counted}"),
            ("one stack, prefix-LM", "prefix-LM", "self-attention", stacks["one stack, prefix-LM"], 4, f"{counted}"),
            (
                "one stack, causal",
                "GPT-2",
                "self-attention",
                one_stack,
                4,
                f"{counted}, or {with_source} with the source",
            ),
        )
    }
)

# %% [markdown]
# So here is the sixth part of the answer.
# To translate, a model must see the source while it writes.
# Cross-attention to an encoder is one way to see it, and self-attention to an earlier part of the same text is another one.
# The layers are those of an encoder, and only the mask is different.
# So the encoder was never the only way to read a source.
#
# This does not show that one stack is *better*: here both translate nearly everything, with 80,000 and more numbers to learn from.
# Notebook 7 looks where they differ: with few examples, in what they cost, and on continuous text.

# %% [markdown]
# ## In your own words
#
# ### Question 8 (10 points, 15 minutes, ★★☆)
#
# 1. A friend says: "Without cross-attention, a decoder cannot see the source, so GPT-2 cannot translate."
#    What is wrong with this? Use the two maps, and one number that you have measured. (4 points)
# 2. Why does `translate` need no padding mask, although its sources have unequal lengths?
#    And why would it need one if the padding were on the left? (3 points)
# 3. A prompt to GPT-2 contains a long list, and then a question about it.
#    What does each entry of the list not know while it is read, and what can you do about it? (3 points)
#
# A few sentences for each part are enough.
# A person reads and grades them.

# %% [markdown] answer="source" points=10
# ### BEGIN SOLUTION
# 1. The source is an earlier part of the same text, so the target sees it through self-attention. In the map of the one stack, the steps look at the same English words as in the map of cross-attention, and tens and units cross in both. And it translates nearly all of 500 numbers that it has never seen without a mistake (or: the number of steps in which it looks most at the right word).
# 2. Padding is on the right, so it comes after every real token of its row, and under a causal (or prefix) mask no real token attends to a later position outside the prefix, which contains no padding. On the left, padding would come before the real tokens, and every real token would see it; positions would be shifted, too.
# 3. An entry does not know the question, because it is read before the question, and no position sees a later one. So what is computed for it cannot depend on the question. Put the question before the list, or before it and behind it; or let the list see all of the prompt, as a prefix-LM does.
#
# **Mark scheme.** 1: self-attention to an earlier part of the text (2), the maps (1), a measured number (1). 2: no real token sees padding behind it (2), on the left it would (1). 3: an entry is computed without the question (1), because of the causal mask (1), one way round it (1).
# ### END SOLUTION
