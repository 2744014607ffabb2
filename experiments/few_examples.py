"""Measures which architecture translates best after few examples, and writes a row for each run.

    python experiments/few_examples.py [--sizes 300 1000 100 30] [--into FILE]

The task is that of notebook 3: number words, from English to German. A *draw* is a set of numbers to learn from, with
its own initial weights and its own order of batches. All models share the ten draws, so that they can be compared in
pairs. The learning rate of each model, for each number of examples, is chosen on two other draws, by the share of
validation numbers that are translated right; the grid is widened until the best rate lies inside it. A model trains
until that share stops rising, and the weights of its best moment are tested.

A row is written as soon as its run has ended, and the program says how many runs are missing: all of them take three to
four hours of one core. Interrupt it, and run it again to go on: what is in the file is not run again. The committed
file is unfinished: it holds all runs with 300 and 100 examples, and notebook 07 shows each size that is complete. (From
30 examples the first models learned 2 to 4 % of the numbers, and from 1,000 nearly all.) If you change what a run does,
delete the file.
"""

import argparse
import copy
import math
import random
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import torch
from coursekit.results import DRAWS, FEW_EXAMPLES, few_examples
from sweep import grid, run_missing
from translators import MODELS, german, loss, scores, some, train_step

SIZES = (300, 1000, 100, 30)  # how many numbers there are to learn from; the comparison fixed beforehand comes first
RATE_DRAWS = range(10, 12)  # rates are chosen on draws of their own
FIRST_RATES = (2e-3, 4e-3, 8e-3)
BATCH, WARMUP, SCORE_EVERY, PATIENCE, MOST_STEPS = 32, 50, 50, 300, 3000


def measure(into: Path, sizes: tuple[int, ...]) -> None:
    """Run what is not in the file yet, and append each row as soon as its run has ended."""
    rows = few_examples(into)
    run_missing(into, rows, lambda: wanted(rows, sizes), run, lambda row: f"{100 * row['test']:.1f} % right")


def wanted(rows: list[dict], sizes: tuple[int, ...] = SIZES) -> Iterator[dict]:
    """Yield the settings of all runs: of each size first those that choose the rates, and then those that are compared.

    Where a rate is not chosen yet, the middle one takes its place.
    """
    for numbers in sizes:
        models = {name: grid(rows, {"numbers": numbers, "model": name}, RATE_DRAWS, FIRST_RATES) for name in MODELS}
        for (name, (rates, _)), draw in product(models.items(), RATE_DRAWS):
            for rate in rates:
                yield {"numbers": numbers, "model": name, "rate": rate, "draw": draw}
        for draw, (name, (_, best)) in product(DRAWS, models.items()):
            yield {"numbers": numbers, "model": name, "rate": best or FIRST_RATES[1], "draw": draw}


def run(numbers: int, model: str, rate: float, draw: int) -> dict:
    """Train one model until its validation stops improving, and return its row.

    "validation", "test"            shares of 1,000 and 2,000 numbers whose whole translation is right
    "validation loss", "test loss"  mean losses of a token
    "best step", "steps"            of the weights that were tested, and of the whole training
    """
    data = german.batch(random.Random(draw).sample(german.train, max(SIZES))[:numbers])
    validation, test = german.batch(german.validation[:1000]), german.batch(german.test[:2000])
    generator = torch.Generator().manual_seed(draw)
    torch.manual_seed(draw)
    translator = MODELS[model]()
    optimizer = torch.optim.AdamW(translator.parameters(), lr=rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, warmup_and_root)
    best = (-1.0, 0.0, 0)  # share right, minus the loss, step
    for step in range(1, MOST_STEPS + 1):
        rows = torch.randint(numbers, (BATCH,), generator=generator)
        train_step(translator, loss, optimizer, some(data, rows))
        schedule.step()
        if step % SCORE_EVERY == 0:
            right, losses = scores(translator, validation)
            if (right, -losses) > best[:2]:
                best, weights = (right, -losses, step), copy.deepcopy(translator.state_dict())
        if step - best[2] >= PATIENCE:
            break
    translator.load_state_dict(weights)
    right, losses = scores(translator, test)
    return {
        "validation": best[0],
        "validation loss": -best[1],
        "test": right,
        "test loss": losses,
        "best step": best[2],
        "steps": step,
    }


def warmup_and_root(step: int) -> float:
    """Return the factor of the rate: it rises linearly, and falls with the root of the steps, as in the paper."""
    return min((step + 1) / WARMUP, math.sqrt(WARMUP / (step + 1)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python experiments/few_examples.py", description=__doc__.split("\n")[0])
    parser.add_argument("--into", type=Path, default=FEW_EXAMPLES, help="the file of rows (%(default)s)")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="numbers to learn from (%(default)s)")
    arguments = parser.parse_args()
    measure(arguments.into, tuple(arguments.sizes))
