"""Chooses a text that needs its source, before any encoder-decoder reads it.

    python experiments/needs_source.py [--steps N] [--seeds N]

To compare models on a text with a cut says something about encoders only if what stands before the cut is needed. The
text is made up: each document uses 12 of 64 words, and in it each word is followed by one of two. One stack is trained
twice from the same weights: it sees the whole document, or only what stands behind the cut. Both are scored on the last
32 words. The difference, in bits a word, is what the source is worth; the text is fit if it is more than 0.1 with every
seed. (One trial, cut 96, 150 steps, seed 0: 4.24 bits with the source, 4.74 without.) No encoder-decoder has been
trained on it yet.
"""

import argparse
import math
from pathlib import Path

import torch
import torch.nn.functional as F
from coursekit.training import one_thread, train
from torch import Tensor, nn

from autograder.authoring.course import Course

COURSE = Course.at(Path(__file__).resolve().parent.parent)
first, second = (COURSE.assignment(name).reference() for name in ("01_attention", "02_encoder"))
WORDS, OF_A_DOCUMENT, FOLLOWERS, LENGTH, CUTS, SCORED = 64, 12, 2, 128, (32, 64, 96), 32
D_MODEL, BATCH = 64, 16


def documents(count: int, generator: torch.Generator) -> Tensor:
    """Draw documents (count, LENGTH + 1) of a made-up language."""
    chance = torch.rand(count, WORDS, generator=generator)
    used = chance.topk(OF_A_DOCUMENT).indices  # (count, OF_A_DOCUMENT): which words a document uses
    size = (count, OF_A_DOCUMENT, FOLLOWERS)
    followers = torch.randint(OF_A_DOCUMENT, size, generator=generator)  # places in `used`
    turns = torch.randint(FOLLOWERS, (count, LENGTH), generator=generator)
    place, rows = torch.randint(OF_A_DOCUMENT, (count,), generator=generator), torch.arange(count)
    places = [place]
    for turn in turns.T:
        place = followers[rows, place, turn]
        places.append(place)
    return used.gather(1, torch.stack(places, dim=1))


class OneStack(nn.Module):
    """Four layers of notebook 2 under a causal mask, which may hide what stands before a cut."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(WORDS, D_MODEL)
        nn.init.normal_(self.embedding.weight, std=D_MODEL**-0.5)
        self.layers = second.Encoder(4, D_MODEL, 4, 5 * D_MODEL, dropout=0.0, norm_first=True)
        self.register_buffer("positions", second.sinusoidal_positions(LENGTH, D_MODEL), persistent=False)

    def forward(self, texts: Tensor, start: int) -> Tensor:
        """Return logits (batch, LENGTH - start, WORDS) of the words that follow, from a position on.

        No position sees one before the start.
        """
        x = self.embedding(texts[:, start:]) * math.sqrt(D_MODEL) + self.positions[start:]
        return self.layers(x, first.causal_mask(LENGTH - start)) @ self.embedding.weight.T


def bits(cut: int, hidden: bool, seed: int, steps: int) -> float:
    """Train one stack on the words behind the cut, and return the bits of a word of the last ones."""
    start = cut if hidden else 0

    def losses(model: nn.Module, texts: Tensor, count: int) -> Tensor:
        logits = model(texts[:, :-1], start)[:, -count:]
        return F.cross_entropy(logits.flatten(0, 1), texts[:, -count:].flatten())

    torch.manual_seed(seed)
    model = OneStack()
    train(
        model,
        lambda model, texts: losses(model, texts, LENGTH - cut),
        lambda generator: documents(BATCH, generator),
        second.train_step,
        name=f"cut {cut}, source {'hidden' if hidden else 'seen'}, seed {seed}",
        steps=steps,
        learning_rate=3e-3,
        seed=seed,
    )
    with torch.no_grad():
        tests = documents(256, torch.Generator().manual_seed(1000))
        return losses(model.eval(), tests, SCORED).item() / math.log(2)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python experiments/needs_source.py", description=__doc__.split("\n")[0])
    parser.add_argument("--steps", type=int, default=600, help="of training (%(default)s)")
    parser.add_argument("--seeds", type=int, default=3, help="how many (%(default)s)")
    arguments = parser.parse_args()
    with one_thread():
        for cut in CUTS:
            for seed in range(arguments.seeds):
                seen, hidden = (bits(cut, hidden, seed, arguments.steps) for hidden in (False, True))
                print(f"cut {cut}, seed {seed}: {seen:.3f} bits a word, {hidden:.3f} without the source")
