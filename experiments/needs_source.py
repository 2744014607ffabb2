"""Trains models on a made-up text that needs its source, and writes a row for each run, for notebook 07.

    python experiments/needs_source.py [--into FILE]

To compare models on a text with a cut says something about encoders only if what is before the cut is needed. Here each
document uses 12 of 64 words, and in it each word is followed by one of two. All models are those of notebook 07, of
width 64 and 4 layers in all, trained on 16 new documents a step, and scored on the last 32 of 128 words.

Parts 1 and 2 of the plan were fixed before any encoder-decoder was trained:

1. **Does the text need its source?** One stack, and one that never sees what is before the cut ("source hidden"), are
   trained for 600 steps. The difference is what the source is worth, in bits a word: the text is fit if it is more than
   0.1. (For this the two draws that choose the rates are enough.)
2. **Encoder-decoders** with a cut after 64 or 96 words. Each is tested at cuts 32, 64 and 96, and at its own also with
   the source of another document: the difference is what it takes from its encoder.
3. **A control**, added after the first results of 2: one stack that reads everything, of which only the predictions
   after cut 96 count in the loss, as in the encoder-decoder.
4. **Three times as long**, added last, since 600 steps are few: encoder-decoder and one stack are trained for 1,800
   steps, at the rates that were the best for 600, on the first six draws.

A draw is the seed of the initial weights and of the documents. The rate of each model is chosen by validation on two
draws; the grid is widened until the best rate is inside. Ten other draws are compared, shared by all models. A row is
written as soon as its run has ended: interrupt the program, and run it again to go on. What is in the file is not run
again. If you change what a run does, delete it.
"""

import argparse
import math
from collections.abc import Iterator
from functools import lru_cache
from itertools import product
from pathlib import Path

import torch
import torch.nn.functional as F
from coursekit.results import DRAWS, NEEDS_SOURCE, needs_source
from coursekit.training import train
from sweep import grid, run_missing
from torch import Tensor, nn

from autograder.authoring.course import Course

COURSE = Course.at(Path(__file__).resolve().parent.parent)
WORDS, OF_A_DOCUMENT, FOLLOWERS, LENGTH, SCORED = 64, 12, 2, 128, 32
CUTS, TESTED_AT = (64, 96), (32, 64, 96)
WIDTH, LAYERS, BATCH = 64, 4, 16
STEPS, LONGER = 600, 1800
RATE_DRAWS = range(10, 12)  # rates are chosen on draws of their own
FIRST_RATES = (1.5e-3, 3e-3, 6e-3)
MODELS = [("one stack", None), *product(("source hidden", "encoder-decoder"), CUTS), ("asked behind the cut", 96)]
TRAINED_LONGER = [("one stack", None), ("encoder-decoder", 96)]
LONGER_DRAWS = DRAWS[:6]


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


def measure(into: Path) -> None:
    """Run what is not in the file yet, and append each row as soon as its run has ended."""
    rows = needs_source(into)
    run_missing(into, rows, lambda: wanted(rows), run, lambda row: f"{row['test']:.3f} bits a word")


def wanted(rows: list[dict]) -> Iterator[dict]:
    """Yield the settings of all runs: first those that choose the rates, and then those that are compared.

    Where a rate is not chosen yet, the middle one takes its place.
    """
    models = {
        (way, cut): grid(rows, {"way": way, "cut": cut, "steps": STEPS}, RATE_DRAWS, FIRST_RATES, min)
        for way, cut in MODELS
    }
    best = {model: found or FIRST_RATES[1] for model, (_, found) in models.items()}

    def setting(way: str, cut: int | None, rate: float, draw: int, steps: int = STEPS) -> dict:
        return {"way": way, "cut": cut, "rate": rate, "draw": draw, "steps": steps}

    for (model, (rates, _)), draw in product(models.items(), RATE_DRAWS):
        for rate in rates:
            yield setting(*model, rate, draw)
    for draw, model in product(DRAWS, models):
        if model[0] != "source hidden":
            yield setting(*model, best[model], draw)
    for draw, model in product(LONGER_DRAWS, TRAINED_LONGER):
        yield setting(*model, best[model], draw, LONGER)


def run(way: str, cut: int | None, rate: float, draw: int, steps: int) -> dict:
    """Train one model, and return its row: bits a word on the last words of 256 documents.

    "validation", "test"             at its own cut
    "test at 32", ... 64, ... 96     of an encoder-decoder: at each cut
    "test with another source"       of an encoder-decoder: at its own cut, with the source of another document
    """
    notebook = _notebook()
    kind = "one stack" if way == "source hidden" else way
    model = notebook.new_text_model(kind, LAYERS, WORDS, draw, d_model=WIDTH)

    def predictions(model: nn.Module, texts: Tensor, cut: int | None) -> tuple[Tensor, Tensor]:
        if way == "source hidden":
            return notebook.next_tokens(model, texts[:, cut:], None)
        return notebook.next_tokens(model, texts, cut)

    def bits(texts: Tensor, cut: int | None) -> float:
        with torch.no_grad():
            logits, labels = predictions(model.eval(), texts, cut)
        nats = F.cross_entropy(logits[:, -SCORED:].flatten(0, 1), labels[:, -SCORED:].flatten())
        return nats.item() / math.log(2)

    train(
        model,
        lambda model, texts: notebook.mean_loss(*predictions(model, texts, cut)),
        lambda generator: documents(BATCH, generator),
        COURSE.assignment("02_encoder").reference().train_step,
        name=f"{way}, cut {cut}, rate {rate:g}, draw {draw}",
        steps=steps,
        learning_rate=rate,
        seed=draw,
    )
    test, validation = (documents(256, torch.Generator().manual_seed(seed)) for seed in (1000, 1001))
    row = {"validation": bits(validation, cut), "test": bits(test, cut)}
    if way == "encoder-decoder":
        row |= {f"test at {at}": bits(test, at) for at in TESTED_AT}
        row["test with another source"] = bits(torch.cat([test.roll(1, 0)[:, :cut], test[:, cut:]], dim=1), cut)
    return row


@lru_cache
def _notebook():
    return COURSE.assignment("07_comparison").reference()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python experiments/needs_source.py", description=__doc__.split("\n")[0])
    parser.add_argument("--into", type=Path, default=NEEDS_SOURCE, help="the file of rows (%(default)s)")
    measure(parser.parse_args().into)
