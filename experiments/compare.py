"""Runs the experiments of notebook 07 at full length, those on text with its own code, and writes the results for it.

    python experiments/compare.py [--jobs N] [--into FILE]

Every model is trained at three learning rates and from several seeds. For the models of text that claim 7 compares,
more seeds follow at the rate that validation has chosen, until there are ten. Each run is kept as soon as it has ended,
in a file beside the results: interrupt the program, and run it again to go on. What is in the results is not run again.
If you change what a run does, delete them.
"""

import argparse
import io
import itertools
import json
import multiprocessing
import os
import platform
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import redirect_stdout, suppress
from functools import lru_cache
from pathlib import Path

import tokenizers
import torch
import transformers
import translation
from coursekit.checkpoints import PYTHON_DOCS
from coursekit.corpus import Corpus
from coursekit.documentation import documents, fingerprint
from coursekit.results import COMPARISON
from tqdm import tqdm
from transformers import AutoTokenizer

from autograder.authoring.course import Course

COURSE = Course.at(Path(__file__).resolve().parent.parent)
RATES = {90_000: (2e-3, 4e-3, 8e-3), 1_000: (2e-3, 4e-3, 8e-3), 300: (1e-3, 2e-3, 4e-3)}  # by training set size
HIGH, LOW = (3e-3, 6e-3, 1.2e-2), (1.5e-3, 3e-3, 6e-3)  # for text: around the best rate of each model
CHOOSING, SEEDS = range(3), range(10)  # of text: seeds at every rate, and at the best rate of the models of claim 7
COMPARED = [("one stack", None), *(("encoder-decoder", cut) for cut in (32, 64, 96))]  # of 4 layers


def settings() -> Iterator[tuple[str, dict]]:
    """Yield every run: the name of the experiment, and the arguments of the notebook's function for it."""
    one_text = translation.ONE_TEXT
    equal_parameters = [("encoder-decoder", 4), ("no encoder layers", 2), *((way, 4) for way in one_text)]
    all_models = equal_parameters + [(way, 2) for way in one_text]  # these have equal FLOPs
    for numbers, seeds, models in ((90_000, 5, all_models), (1_000, 3, equal_parameters), (300, 5, equal_parameters)):
        for (way, layers), rate, seed in itertools.product(models, RATES[numbers], range(seeds)):
            yield "translation", {"way": way, "layers": layers, "numbers": numbers, "rate": rate, "seed": seed}
    texts = [(600, "one stack", layers, None, HIGH) for layers in (4, 2)]
    texts += [(600, "encoder-decoder", 4, cut, LOW if cut == 96 else HIGH) for cut in (32, 64, 96, "random")]
    texts += [(600, "positions begin anew", 4, 32, HIGH), (600, "positions begin anew", 4, 96, LOW)]
    texts += [(600, "asked behind the cut", 2, cut, HIGH) for cut in (64, 96)]
    texts += [(1800, "one stack", 2, None, HIGH), (1800, "encoder-decoder", 4, 64, LOW)]
    for steps, way, layers, cut, rates in texts:
        for rate, seed in itertools.product(rates, CHOOSING):
            yield "text", {"way": way, "layers": layers, "cut": cut, "rate": rate, "seed": seed, "steps": steps}


def more_seeds(rows: list[dict]) -> Iterator[tuple[str, dict]]:
    """Yield the runs of text from more seeds, at the rates that these rows choose by validation."""
    for way, cut in COMPARED:
        model = {"way": way, "layers": 4, "cut": cut, "steps": 600}
        tried = [row for row in rows if model.items() <= row.items() and row["seed"] in CHOOSING]
        rate = _notebook().best_by_validation(tried)[0]["rate"]
        for seed in SEEDS[len(CHOOSING) :]:
            yield "text", {"way": way, "layers": 4, "cut": cut, "rate": rate, "seed": seed, "steps": 600}


def compare(into: Path, jobs: int) -> None:
    """Run what is not done yet, ``jobs`` runs at once, and write all results into a file when every run has ended."""
    before = json.loads(into.read_text(encoding="utf-8")) if into.exists() else {}
    unfinished = into.with_suffix(".unfinished")
    wanted = list(settings())
    done = {_key(setting): found for setting in wanted if (found := _in(before, *setting))} | _kept(unfinished)
    _run_missing(wanted, done, unfinished, jobs)
    seeds = list(more_seeds([row for setting in wanted if setting[0] == "text" for row in done[_key(setting)]["rows"]]))
    done = {_key(setting): found for setting in seeds if (found := _in(before, *setting))} | done
    _run_missing(seeds, done, unfinished, jobs)
    results = [(setting[0], done[_key(setting)]) for setting in (*wanted, *seeds)]
    _write(into, results, before.get("record", {}))
    unfinished.unlink(missing_ok=True)
    print(f"{into}: {len(results)} runs.")


def _run_missing(wanted: list[tuple[str, dict]], done: dict[str, dict], unfinished: Path, jobs: int) -> None:
    """Run what is not done yet, and keep each result as soon as there is one."""
    missing = [setting for setting in wanted if _key(setting) not in done]
    print(f"{len(wanted)} runs, {len(wanted) - len(missing)} of them done already; {jobs} at once.")
    if not missing:
        return
    with (
        unfinished.open("a", encoding="utf-8") as file,
        multiprocessing.get_context("spawn").Pool(jobs, _leave_interrupts_to_the_parent) as pool,
        tqdm(total=len(missing), unit="run") as bar,
    ):
        try:
            for setting, result in pool.imap_unordered(_run, missing):
                done[_key(setting)] = result
                file.write("\n" + json.dumps([_key(setting), result]))  # in front, since the last line may be cut off
                file.flush()
                bar.update()
        except KeyboardInterrupt:
            sys.exit(f"\nInterrupted. What has ended is kept in {unfinished}: run it again to go on.")


def _key(setting: tuple[str, dict]) -> str:
    """Return a text that identifies a run by its settings."""
    return json.dumps(setting)


def _in(results: dict, experiment: str, arguments: dict) -> dict | None:
    """Return what was written of a run, or None."""
    rows = [row for row in results.get(experiment, []) if arguments.items() <= row.items()]
    return {"rows": rows, "seconds": 0.0} if rows else None


def _kept(unfinished: Path) -> dict[str, dict]:
    """Return the results in the file by the run's key, without lines that were cut off. The file may be missing."""
    kept = {}
    for line in unfinished.read_text(encoding="utf-8").split("\n") if unfinished.exists() else []:
        with suppress(ValueError):
            key, result = json.loads(line)
            kept[key] = result
    return kept


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _run(setting: tuple[str, dict]) -> tuple[tuple[str, dict], dict]:
    experiment, arguments = setting
    began = time.perf_counter()
    with redirect_stdout(io.StringIO()):  # the progress bar of its training
        if experiment == "translation":
            rows = [translation.translation_run(**arguments)]
        else:
            rows, _ = _notebook().text_run(*_text(), **arguments)
    return setting, {"rows": rows, "seconds": time.perf_counter() - began}


@lru_cache
def _notebook():
    return COURSE.assignment("07_comparison").reference()


@lru_cache
def _text() -> tuple[Corpus, transformers.PreTrainedTokenizerBase]:
    tokenizer = AutoTokenizer.from_pretrained(PYTHON_DOCS)
    return Corpus(documents(), tokenizer, _notebook().WINDOW + 1), tokenizer


def _write(into: Path, results: list[tuple[str, dict]], before: dict) -> None:
    """Write the results and the record as JSON, with one row per line, so that a diff can be read.

    before  the record of the runs that were there already
    """
    tables = {"translation": [], "text": []}
    for experiment, result in results:
        tables[experiment] += result["rows"]
    record = {
        "text": fingerprint(documents()),
        "hours of one core": round(
            before.get("hours of one core", 0) + sum(result["seconds"] for _, result in results) / 3600, 2
        ),
        "machine": "; ".join(dict.fromkeys([*filter(None, before.get("machine", "").split("; ")), _machine()])),
        "versions": {
            "python": platform.python_version(),
            **{module.__name__: module.__version__ for module in (torch, transformers, tokenizers)},
        },
    }
    lines = [
        f'"{name}": [\n' + ",\n".join(json.dumps(_rounded(row)) for row in rows) + "\n]"
        for name, rows in tables.items()
    ]
    text = "{\n" + ",\n".join([*lines, f'"record": {json.dumps(record)}']) + "\n}\n"
    into.write_text(text, encoding="utf-8")


def _rounded(value):
    """Return a value with all floats in it rounded to five digits, which are more than a run can tell."""
    if isinstance(value, float):
        return float(f"{value:.5g}")
    if isinstance(value, dict):
        return {name: _rounded(item) for name, item in value.items()}
    return [_rounded(item) for item in value] if isinstance(value, list | tuple) else value


def _machine() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().split("\n") if cpuinfo.exists() else []
    names = (line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    return f"{os.cpu_count()} cores, {next(names, platform.machine())}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python experiments/compare.py", description=__doc__.split("\n")[0])
    parser.add_argument("--into", type=Path, default=COMPARISON, help="the file to write (%(default)s)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="runs at once, one core each (%(default)s)")
    arguments = parser.parse_args()
    compare(arguments.into, arguments.jobs)
