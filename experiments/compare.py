"""Runs the experiments of notebook 07 at full length, those on text with its own code, and writes the results for it.

    python experiments/compare.py [--jobs N] [--into FILE]

Every model is trained at three learning rates and from several seeds. Each run is kept as soon as it has ended, in a
file beside the results: interrupt the program, and run it again to go on.
"""

import argparse
import hashlib
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
        for rate, seed in itertools.product(rates, range(3)):
            yield "text", {"way": way, "layers": layers, "cut": cut, "rate": rate, "seed": seed, "steps": steps}


def compare(into: Path, jobs: int) -> None:
    """Run what is not done yet, ``jobs`` runs at once, and write all results into a file when every run has ended."""
    wanted = list(settings())
    unfinished = into.with_suffix(".unfinished")
    done = _kept(unfinished)
    missing = [key for key in map(_key, wanted) if key not in done]
    print(f"{len(wanted)} runs, {len(wanted) - len(missing)} of them done already; {jobs} at once.")
    with (
        unfinished.open("a", encoding="utf-8") as file,
        multiprocessing.get_context("spawn").Pool(jobs, _leave_interrupts_to_the_parent) as pool,
        tqdm(total=len(missing), unit="run") as bar,
    ):
        try:
            for key, result in pool.imap_unordered(_run, missing):
                done[key] = result
                file.write("\n" + json.dumps([key, result]))  # in front, since the last line may be cut off
                file.flush()
                bar.update()
        except KeyboardInterrupt:
            sys.exit(f"\nInterrupted. What has ended is kept in {unfinished}: run it again to go on.")
    results = [(key, done[key]) for key in map(_key, wanted)]
    _write(into, results)
    unfinished.unlink()
    print(f"{into}: {len(results)} runs.")


def _key(setting: tuple[str, dict]) -> str:
    """Return a text that identifies a run by its settings and by the code that it runs."""
    return json.dumps([*setting, _code()])


@lru_cache
def _code() -> str:
    """Return a hash of the code that runs: translation.py, notebook 07 and the notebooks before it."""
    assignment = COURSE.assignment("07_comparison")
    code = [assignment.parts, *(cell.text for cell in assignment.source.of_role("locked", "exercise"))]
    code.append(Path(translation.__file__).read_text(encoding="utf-8"))
    return hashlib.sha256("\n".join(code).encode()).hexdigest()[:12]


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


def _run(key: str) -> tuple[str, dict]:
    experiment, arguments, _ = json.loads(key)
    began = time.perf_counter()
    with redirect_stdout(io.StringIO()):  # the progress bar of its training
        if experiment == "translation":
            rows = [translation.translation_run(**arguments)]
        else:
            rows, _ = _notebook().text_run(*_text(), **arguments)
    return key, {"rows": rows, "seconds": time.perf_counter() - began}


@lru_cache
def _notebook():
    return COURSE.assignment("07_comparison").reference()


@lru_cache
def _text() -> tuple[Corpus, transformers.PreTrainedTokenizerBase]:
    tokenizer = AutoTokenizer.from_pretrained(PYTHON_DOCS)
    return Corpus(documents(), tokenizer, _notebook().WINDOW + 1), tokenizer


def _write(into: Path, results: list[tuple[str, dict]]) -> None:
    """Write the results and the record as JSON, with one row per line, so that a diff can be read."""
    tables = {"translation": [], "text": []}
    for key, result in results:
        tables[json.loads(key)[0]] += result["rows"]
    record = {
        "text": fingerprint(documents()),
        "hours of one core": round(sum(result["seconds"] for _, result in results) / 3600, 2),
        "machine": f"{os.cpu_count()} cores, {_processor()}",
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


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().split("\n") if cpuinfo.exists() else []
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python experiments/compare.py", description=__doc__.split("\n")[0])
    parser.add_argument("--into", type=Path, default=COMPARISON, help="the file to write (%(default)s)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="runs at once, one core each (%(default)s)")
    arguments = parser.parse_args()
    compare(arguments.into, arguments.jobs)
