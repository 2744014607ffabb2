"""Reads the results of the experiments of notebooks 06 and 07, which `make experiments` has measured: all runs."""

import json
from contextlib import suppress
from itertools import product
from pathlib import Path

COMPARISON = Path(__file__).parent / "comparison.json"
FEW_EXAMPLES = Path(__file__).parent / "few_examples.jsonl"
NEEDS_SOURCE = Path(__file__).parent / "needs_source.jsonl"
TRIANGLE = Path(__file__).parent / "triangle.jsonl"
DRAWS = range(10)  # of few examples: they are compared, and later draws choose the learning rates


def comparison_runs() -> dict:
    """Return what was run, and the results.

    "translation", "text"  lists of dicts, one for each run, and in "text" for each cut at which the run was tested:
                           what was trained and how, and what it scored
    "record"               versions, machine, hours, and the hash of the text
    """
    return json.loads(COMPARISON.read_text(encoding="utf-8"))


def few_examples(file: Path = FEW_EXAMPLES) -> list[dict]:
    """Return a row for each run of ``experiments/few_examples.py`` that has ended, and none if there is no such file.

    "numbers", "model", "rate", "draw"  what was trained: the draw is the seed of the numbers to learn from, of the
                                        initial weights and of the batches; draws from 10 on chose the rates
    "validation", "test"                shares of numbers whose whole translation is right
    "seconds", "torch", ...             what it took, and where

    A line that was cut off is left out.
    """
    return _lines(file)


def compared(rows: list[dict]) -> list[dict]:
    """Return the rows of few examples that can be compared in pairs: of the draws that chose no rates.

    A size is left out if some model lacks one of the ten draws there. Rows come in the order of sizes, models, draws.
    """
    models = list(dict.fromkeys(row["model"] for row in rows))
    chosen = {(row["numbers"], row["model"], row["draw"]): row for row in rows if row["draw"] in DRAWS}
    return [
        chosen[numbers, model, draw]
        for numbers in sorted({row["numbers"] for row in rows})
        if all((numbers, *pair) in chosen for pair in product(models, DRAWS))
        for model, draw in product(models, DRAWS)
    ]


def needs_source(file: Path = NEEDS_SOURCE) -> list[dict]:
    """Return a row for each run of ``experiments/needs_source.py`` that has ended; its docstring says how.

    "way", "cut", "rate", "draw", "steps"  what was trained; draws from 10 on chose the rates
    "validation", "test"                   bits a word
    "test at 32", ...                      of an encoder-decoder: with another cut than its own
    "test with another source"             of an encoder-decoder: with the source of another document
    "seconds", "torch", ...                what it took, and where
    """
    return _lines(file)


def triangle_cells(file: Path = TRIANGLE) -> list[dict]:
    """Return a cell for each model of ``experiments/triangle.py`` that has been trained; its docstring says how.

    "model", "question", "layers"  what was trained: "question" is where the question is
    "runs"                         a dict for each seed: "steps" until 90 % were right, or None; and "right", the share
                                   after each 50 steps
    "seconds", "torch", ...        what it took, and where
    """
    return _lines(file)


def _lines(file: Path) -> list[dict]:
    """Return what the lines of a file say, without those that were cut off; nothing if there is no such file."""
    rows = []
    for line in file.read_text(encoding="utf-8").split("\n") if file.exists() else []:
        with suppress(ValueError):
            rows.append(json.loads(line))
    return rows
