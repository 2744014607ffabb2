"""Measures which architecture translates best after few examples, and writes a row for each run.

    python experiments/few_examples.py [--sizes 300 1000 100 30] [--into FILE]

The task is that of notebook 3: number words, from English to German. A *draw* is a set of numbers to learn from, with
its own initial weights and its own order of batches. All models share the ten draws, so that they can be compared in
pairs. The learning rate of each model, for each number of examples, is chosen on two other draws, by the share of
validation numbers that are translated right; the grid is widened until the best rate lies inside it. A model trains
until that share stops rising, and the weights of its best moment are tested.

A row is written as soon as its run has ended, and the program says how many runs are missing: all of them take three to
four hours of one core. Interrupt it, and run it again to go on: what is in the file is not run again. The committed
file is unfinished: it holds all runs with 300 examples, and notebook 07 shows each size that is complete. If you change
what a run does, delete the file.
"""

import argparse
import copy
import json
import math
import platform
import random
import sys
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from statistics import mean

import torch
from coursekit.results import DRAWS, FEW_EXAMPLES, few_examples
from coursekit.training import one_thread
from translators import MODELS, german, loss, scores, some, train_step

SIZES = (300, 1000, 100, 30)  # how many numbers there are to learn from; the comparison fixed beforehand comes first
RATE_DRAWS = range(10, 12)  # rates are chosen on draws of their own
FIRST_RATES = (2e-3, 4e-3, 8e-3)
BATCH, WARMUP, SCORE_EVERY, PATIENCE, MOST_STEPS = 32, 50, 50, 300, 3000

RECORD = {"torch": torch.__version__, "python": platform.python_version(), "machine": platform.machine()}


def measure(into: Path, sizes: tuple[int, ...]) -> None:
    """Run what is not in the file yet, and append each row as soon as its run has ended."""
    rows = few_examples(into)
    done = {_key(row) for row in rows}
    began, ended = time.monotonic(), 0
    with one_thread():
        try:
            while setting := next((each for each in wanted(rows, sizes) if _key(each) not in done), None):
                row = setting | run(**setting) | RECORD
                rows.append(row)
                done.add(_key(row))
                with into.open("a", encoding="utf-8") as file:
                    file.write("\n" + json.dumps(_rounded(row)))  # in front, since the last line may be cut off
                ended += 1
                missing = sum(_key(each) not in done for each in plan(rows, sizes))
                hours = missing * (time.monotonic() - began) / ended / 3600
                print(
                    f"{row['numbers']} numbers, {row['model']}, rate {row['rate']:g}, draw {row['draw']}: "
                    f"{100 * row['test']:.1f} % right after {row['best step']} steps, {row['seconds']:.0f} s; "
                    f"{len(rows)} runs are done, some {missing} to go, {hours:.1f} hours",
                    flush=True,
                )
        except KeyboardInterrupt:
            sys.exit(f"\nInterrupted. {len(rows)} runs are in {into}: run it again to go on.")
    print(f"{into}: {len(rows)} runs, {sum(row['seconds'] for row in rows) / 3600:.2f} hours of one core.")


def wanted(rows: list[dict], sizes: tuple[int, ...] = SIZES) -> Iterator[dict]:
    """Yield the settings of all runs that are known to be needed: first those that choose the rates of a size.

    As long as the best rate of a model is the highest or the lowest one that was tried, one more rate is needed.
    """
    for numbers in sizes:
        rates = {model: grid(rows, numbers, model) for model in MODELS}
        for model, draw in product(MODELS, RATE_DRAWS):
            for rate in rates[model]:
                yield {"numbers": numbers, "model": model, "rate": rate, "draw": draw}
        for draw, model in product(DRAWS, MODELS):
            best = best_rate(rows, numbers, model)
            if best in rates[model][1:-1]:
                yield {"numbers": numbers, "model": model, "rate": best, "draw": draw}


def plan(rows: list[dict], sizes: tuple[int, ...]) -> Iterator[dict]:
    """Yield what is wanted, and in the place of the draws whose rate is not chosen yet the same at the middle rate."""
    known = list(wanted(rows, sizes))
    yield from known
    chosen = {(each["numbers"], each["model"]) for each in known if each["draw"] in DRAWS}
    for numbers, model, draw in product(sizes, MODELS, DRAWS):
        if (numbers, model) not in chosen:
            yield {"numbers": numbers, "model": model, "rate": FIRST_RATES[1], "draw": draw}


def grid(rows: list[dict], numbers: int, model: str) -> list[float]:
    """Return the rates to try: the first ones, those that were tried, and one more if the best is at an end of them."""
    tried = {row["rate"] for row in rows if (row["numbers"], row["model"]) == (numbers, model)}
    rates = sorted({*FIRST_RATES, *tried})
    best = best_rate(rows, numbers, model)
    if best == rates[0]:
        return [rates[0] / 2, *rates]
    return [*rates, 2 * rates[-1]] if best == rates[-1] else rates


def best_rate(rows: list[dict], numbers: int, model: str) -> float | None:
    """Return the rate with the highest mean share right on validation, over the draws for rates.

    It is None as long as a run is missing: one of the first rates, or of a rate that was tried on another draw.
    """
    found = {}
    for row in rows:
        if (row["numbers"], row["model"]) == (numbers, model) and row["draw"] in RATE_DRAWS:
            found.setdefault(row["rate"], []).append(row["validation"])
    if not set(FIRST_RATES) <= set(found) or any(len(each) < len(RATE_DRAWS) for each in found.values()):
        return None
    return max(sorted(found), key=lambda rate: mean(found[rate]))


def run(numbers: int, model: str, rate: float, draw: int) -> dict:
    """Train one model until its validation stops improving, and return its row.

    "validation", "test"            shares of 1,000 and 2,000 numbers whose whole translation is right
    "validation loss", "test loss"  mean losses of a token
    "best step", "steps"            of the weights that were tested, and of the whole training
    """
    began = time.process_time()
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
        "seconds": time.process_time() - began,
    }


def warmup_and_root(step: int) -> float:
    """Return the factor of the rate: it rises linearly, and falls with the root of the steps, as in the paper."""
    return min((step + 1) / WARMUP, math.sqrt(WARMUP / (step + 1)))


def _key(row: dict) -> tuple:
    return row["numbers"], row["model"], row["rate"], row["draw"]


def _rounded(row: dict) -> dict:
    """Return a row whose results have five digits, which are more than a run can tell."""
    return {name: float(f"{value:.5g}") if isinstance(value, float) else value for name, value in row.items()}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python experiments/few_examples.py", description=__doc__.split("\n")[0])
    parser.add_argument("--into", type=Path, default=FEW_EXAMPLES, help="the file of rows (%(default)s)")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="numbers to learn from (%(default)s)")
    arguments = parser.parse_args()
    measure(arguments.into, tuple(arguments.sizes))
