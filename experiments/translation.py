"""Trains the translators of ``make experiments``: number words at width 64, every seed from the same numbers.

The ways are "encoder-decoder"; "no encoder layers", two decoder layers with cross-attention to the embeddings; and
three in which source and target are one text for one stack: "loss on the target", "loss on everything", "prefix-LM".
"""

from collections.abc import Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from coursekit.number_words import NumberWords, Sentences
from coursekit.training import train
from torch import Tensor, nn

from autograder.authoring.course import Course

COURSE = Course.at(Path(__file__).resolve().parent.parent)
second, third, sixth = (COURSE.assignment(name).reference() for name in ("02_encoder", "03_decoder", "06_one_stack"))
TWO_STACKS = ["encoder-decoder", "no encoder layers"]
ONE_TEXT = ["loss on the target", "prefix-LM", "loss on everything"]
german = NumberWords("de")


class NotRead(nn.Module):
    """Takes the place of an encoder, and returns what it gets."""

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        return x


def new_translator(way: str, layers: int, seed: int, d_model: int = 64) -> nn.Module:
    """Make a model with random weights. An encoder-decoder of 2 + 2 has 4 layers."""
    torch.manual_seed(seed)
    sizes = {"d_model": d_model, "num_heads": 4}
    if way in ONE_TEXT:
        d_ff = sixth.match_parameters(d_model, 4 * d_model, 2, 2, num_layers=4)
        return sixth.OneStack(len(german.source) + len(german.target), d_ff=d_ff, num_layers=layers, **sizes)
    vocabularies = len(german.source), len(german.target)
    half = {"d_ff": 4 * d_model, "num_layers": 2, "pad_id": german.pad_id, "dropout": 0.0, "norm_first": True}
    model = third.Transformer(*vocabularies, **sizes, **half)
    if way == "no encoder layers":
        model.encoder = NotRead()
    return model


def one_text(batch: Sentences) -> tuple[Tensor, Tensor]:
    """Return each source, [BOS] and its target as one text (batch, length), padded, and the sources' lengths (batch,).

    German ids begin after the English ones.
    """
    first = len(german.source)  # of the German ids
    target = torch.where(batch.target == german.pad_id, german.pad_id, first + batch.target)
    return sixth.pack(batch.source, target, first + german.bos_id, german.pad_id)


def asked(model: nn.Module, batch: Sentences, way: str, everything: bool = False) -> tuple[Tensor, Tensor]:
    """Return logits (batch, length, tokens), and labels (batch, length) with -100 where no prediction counts.

    everything  in one text: the words of the source count, too
    """
    if way in TWO_STACKS:
        labels = batch.target.masked_fill(batch.target == german.pad_id, -100)
        return model(batch.source, third.shift_right(batch.target, german.bos_id)), labels
    texts, source_lengths = one_text(batch)
    inputs, labels = texts[:, :-1], sixth.training_targets(texts, source_lengths, german.pad_id, everything)
    mask = None
    if way == "prefix-LM":
        masks = [sixth.prefix_mask(length, inputs.shape[1]) for length in source_lengths.tolist()]
        mask = torch.stack(masks)[:, None]  # (batch, 1, length, length)
    return model(inputs, mask), labels


def mean_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the mean loss of the predictions that count: logits (batch, length, tokens), labels (batch, length)."""
    return F.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=-100)


@torch.no_grad()
def share_right(model: nn.Module, way: str, numbers: Sequence[int]) -> float:
    """Return the share of numbers whose whole translation is right, if the most probable token is taken each time.

    One pass tells it: if each token is right after the right tokens before it, these are what would be written.
    """
    logits, labels = asked(model.eval(), german.batch(numbers), way)
    return ((logits.argmax(dim=-1) == labels) | (labels == -100)).all(dim=1).double().mean().item()


def translation_run(way: str, layers: int, numbers: int, rate: float, seed: int, steps: int = 300) -> dict:
    """Train one model and test it. Return a row of the results.

    way      one of TWO_STACKS and ONE_TEXT
    layers   how many the model has, of both stacks
    numbers  how many there are to learn from
    """
    model, data = new_translator(way, layers, seed), german.train[:numbers]

    def draw(generator: torch.Generator) -> Sentences:
        return german.batch([data[i] for i in torch.randint(len(data), (64,), generator=generator)])

    history = train(
        model,
        lambda model, batch: mean_loss(*asked(model, batch, way, everything=way == "loss on everything")),
        draw,
        second.train_step,
        name=f"{way}, seed {seed}",
        steps=steps,
        learning_rate=rate,
        seed=seed,
        score=lambda model: share_right(model, way, german.validation[:200]),
        score_every=10,
    )
    with torch.no_grad():
        validation = mean_loss(*asked(model.eval(), german.batch(german.validation[:1000]), way)).item()
    return {
        "way": way,
        "layers": layers,
        "numbers": numbers,
        "rate": rate,
        "seed": seed,
        "steps": history.steps,
        "validation": validation,  # loss of a token of the target
        "test": share_right(model, way, german.test[:1000]),
        "curve": history.scores,  # (step, share of 200 validation numbers)
    }
