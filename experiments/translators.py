"""Builds the models that translate number words in the experiments, from the course's own parts.

The models differ in their architecture alone. All are pre-norm, without dropout, of the same width, with the same
embeddings, and are trained on the words of the target only.
"""

import math
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import torch
import torch.nn.functional as F
from coursekit.number_words import NumberWords, Sentences
from torch import Tensor, nn

from autograder.authoring.course import Course

COURSE = Course.at(Path(__file__).resolve().parent.parent)
first, second, third = (COURSE.assignment(name).reference() for name in ("01_attention", "02_encoder", "03_decoder"))
train_step = second.train_step
german = NumberWords("de")
NOTHING = -100  # the label of a position whose prediction does not count
D_MODEL, HEADS = 32, 4
LONGEST = 64  # positions; the longest text has 23


class TwoStacks(third.Transformer):
    """The encoder-decoder of notebook 3."""

    def __init__(self, d_ff: int):
        super().__init__(
            len(german.source), len(german.target), D_MODEL, HEADS, d_ff, 2, german.pad_id, dropout=0.0, norm_first=True
        )

    def answers(self, batch: Sentences) -> tuple[Tensor, Tensor]:
        """Return logits (batch, length, tokens), and labels (batch, length) with NOTHING at padding."""
        logits = self(batch.source, third.shift_right(batch.target, german.bos_id))
        return logits, batch.target.masked_fill(batch.target == german.pad_id, NOTHING)


class TiedStacks(TwoStacks):
    """An encoder-decoder whose two stacks share self-attention, feed-forward network, and the norms of both."""

    def __init__(self, d_ff: int):
        super().__init__(d_ff)
        for reads, writes in zip(self.encoder.layers, self.decoder_layers, strict=True):
            writes.self_attention, writes.feed_forward = reads.self_attention, reads.feed_forward
            writes.norm1, writes.norm3 = reads.norm1, reads.norm2  # norm2 belongs to cross-attention


class NoEncoderLayers(TwoStacks):
    """A decoder with cross-attention to the bare embeddings of the source."""

    def __init__(self, d_ff: int):
        super().__init__(d_ff)
        self.encoder = _AsItIs()


class _AsItIs(nn.Module):
    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        return x


class OneStack(nn.Module):
    """Notebook 2's encoder under a mask. It reads a source, BOS and the target as one text, in one vocabulary."""

    def __init__(self, d_ff: int, layers: int = 4, prefix: bool = False, anew: bool = False):
        """Make a stack that is causal.

        prefix  let the source see all of itself
        anew    let the positions begin anew behind the source, with BOS at 0
        """
        super().__init__()
        self.prefix, self.anew = prefix, anew
        self.embedding = nn.Embedding(len(german.source) + len(german.target), D_MODEL)
        nn.init.normal_(self.embedding.weight, std=D_MODEL**-0.5)
        self.layers = second.Encoder(layers, D_MODEL, HEADS, d_ff, dropout=0.0, norm_first=True)
        self.register_buffer("positions", second.sinusoidal_positions(LONGEST, D_MODEL), persistent=False)

    def answers(self, batch: Sentences) -> tuple[Tensor, Tensor]:
        """Return logits (batch, length, tokens), and labels (batch, length) with NOTHING at source and padding."""
        texts, sources = one_text(batch)
        inputs, labels = texts[:, :-1], texts[:, 1:]
        place = torch.arange(inputs.shape[1])  # (length,)
        in_target = place >= sources[:, None]  # (batch, length): BOS is the first
        position = place - sources[:, None] * in_target if self.anew else place
        x = self.embedding(inputs) * math.sqrt(D_MODEL) + self.positions[position]
        mask = first.causal_mask(len(place))
        if self.prefix:
            mask = (mask | ~in_target[:, None, :])[:, None]  # (batch, 1, length, length)
        logits = self.layers(x, mask) @ self.embedding.weight.T
        return logits, labels.masked_fill(~in_target | (labels == german.pad_id), NOTHING)


def one_text(batch: Sentences) -> tuple[Tensor, Tensor]:
    """Return source, BOS and target as one text each, (batch, length), padded; and the sources' lengths (batch,).

    German ids begin after the English ones.
    """
    begin = torch.full((len(batch.source), 1), german.bos_id)
    theirs = torch.cat([begin, batch.target], dim=1)
    both = torch.cat([batch.source, theirs + len(german.source) * (theirs != german.pad_id)], dim=1)
    padding = both == german.pad_id
    order = padding.int().argsort(dim=1, stable=True)  # what is no padding comes first, in its order
    longest = int((~padding).sum(dim=1).max())
    return both.gather(1, order)[:, :longest], (batch.source != german.pad_id).sum(dim=1)


# Weight matrices of the layers, in units of d²: 56, and 32 where the encoder-decoder is tied in the same shape.
MODELS: dict[str, Callable[[], nn.Module]] = {
    "encoder-decoder": partial(TwoStacks, 4 * D_MODEL),
    "tied, same shape": partial(TiedStacks, 4 * D_MODEL),
    "tied, widened": partial(TiedStacks, 10 * D_MODEL),
    "one stack": partial(OneStack, 5 * D_MODEL),
    "positions begin anew": partial(OneStack, 5 * D_MODEL, anew=True),
    "prefix-LM": partial(OneStack, 5 * D_MODEL, prefix=True),
    "no encoder layers": partial(NoEncoderLayers, 4 * D_MODEL),
}


def loss(model: nn.Module, batch: Sentences) -> Tensor:
    """Return the mean loss of a token of the target."""
    logits, labels = model.answers(batch)
    return F.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=NOTHING)


@torch.no_grad()
def scores(model: nn.Module, batch: Sentences) -> tuple[float, float]:
    """Return the share of the numbers whose whole translation is right, and the mean loss of a token.

    One pass tells it: if every token is the most probable one after the right tokens before it, these are what the
    model would write.
    """
    logits, labels = model.eval().answers(batch)
    right = ((logits.argmax(dim=-1) == labels) | (labels == NOTHING)).all(dim=1).double().mean().item()
    return right, F.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=NOTHING).item()


def some(batch: Sentences, rows: Tensor | Sequence[int]) -> Sentences:
    """Return some rows of a batch, without columns that are padding in all of them."""
    parts = (part[rows] for part in batch)
    return Sentences(*(part[:, : int((part != german.pad_id).sum(dim=1).max())] for part in parts))
