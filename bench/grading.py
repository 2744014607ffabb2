"""Measures how many seconds a submission takes, with stock nbgrader and with ours, in pairs in one run.

    python bench/grading.py [PAIRS] [--students N] [--only WORDS]

Stock nbgrader runs ordinary kernels, one submission after the other, and ours confined ones, ``JOBS`` at once. Each is
measured in a new process that has imported what it needs, from the call to its return: nbgrader's own autograde of a
few submissions, and our grade of a class, whose start takes a while: then the processes that it starts import torch.
Each submission is the solved notebook with a comment of its own, so that nothing is taken from the records.
``class.py`` measures larger classes, and what is wrong.
"""

import argparse
import logging
import shutil
import statistics
import tempfile
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import nbformat
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import run_sync
from nbformat.v4 import new_code_cell
from nbgrader.apps.api import NbGraderAPI
from tqdm import tqdm
from traitlets.config import Config

from autograder.authoring.build import build
from autograder.authoring.course import Course, commands_on_path
from autograder.authoring.students import handed_in
from autograder.classroom.demo import settings_of_a_demonstration
from autograder.classroom.grade import grade
from autograder.judging.report import table

COURSE = Course.at(Path(__file__).resolve().parent.parent)
GPT2 = "from transformers import GPT2Config, GPT2LMHeadModel"
NOTEBOOKS = {  # an assignment, and what its notebook holds besides
    "notebook 01": ("01_attention", ""),
    "notebook 01, and transformers' GPT-2": ("01_attention", GPT2),
    "notebook 03": ("03_decoder", ""),
    "notebook 05": ("05_generation", ""),
}
WAYS = ["stock", "ours"]
JOBS = 2
STOCK = 4  # submissions of a pair that stock nbgrader grades: each takes as long as the first


def main(pairs: int, students: int, only: str) -> None:
    _be_quiet()
    with tempfile.TemporaryDirectory() as folder, commands_on_path():
        built = _built(Path(folder, "built"))
        folders = {way: shutil.copytree(built, Path(folder, way)) for way in WAYS}
        began = time.monotonic()
        run_sync(_ready)(Path(folder, "first"))
        once = time.monotonic() - began
        ready = [run_sync(_ready)(Path(folder, str(number))) for number in range(10, 10 + 2 * pairs)]
        notebooks = [name for name in NOTEBOOKS if only in name]
        rows = [row for name in notebooks for row in _compare(name, folders, pairs, students)]
    print(table(["", "way", "with the start", "stock / this", "after the first", "stock / this"], rows))
    print(
        f"\nSeconds a submission (median, least, most of {pairs} pairs): stock nbgrader with {STOCK}, ours with "
        f"{students}, {JOBS} at once. Of the start, a fork server takes {once:.1f} s to import what kernels need."
    )
    print(f"A confined kernel is ready after {_spread(ready)} s (median, least, most of {len(ready)}).")


def _compare(name: str, folders: dict[str, Path], pairs: int, students: int) -> list[list[str]]:
    whole: dict[str, list[float]] = {way: [] for way in WAYS}
    later: dict[str, list[float]] = {way: [] for way in WAYS}  # without the first submission, for which all starts
    for number in tqdm(range(pairs + 1), desc=name, leave=False):
        for way in WAYS if number % 2 else reversed(WAYS):
            most = {"stock": STOCK, "ours": students}[way] if number else 1
            mark = f"p{number}{'g' if NOTEBOOKS[name][1] else ''}"
            names = [f"{mark}s{student:03}" for student in range(most)]
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
                done = process.submit(_graded, folders[way], way, names, *NOTEBOOKS[name]).result()
            if number:  # the first pair warms up: the disk does some work only once
                whole[way].append(done[-1] / most)
                later[way].append((done[-1] - done[0]) / (most - 1))
    return [
        [name, way, *(_spread(of) for found in (whole, later) for of in (found[way], _ratios(found, way)))]
        for way in WAYS
    ]


def _ratios(seconds: dict[str, list[float]], way: str) -> list[float]:
    return [stock / this for stock, this in zip(seconds["stock"], seconds[way], strict=True)]


def _be_quiet() -> None:
    warnings.simplefilter("ignore")
    logging.disable(logging.ERROR)


def _built(folder: Path) -> Path:
    """Make a course in this folder."""
    (folder / "exchange").mkdir(parents=True)
    (folder / "nbgrader_config.py").write_text(settings_of_a_demonstration(COURSE), encoding="utf-8")
    build(Course.at(folder))
    return folder


def _graded(folder: Path, way: str, students: list[str], name: str, extra: str) -> list[float]:
    """Grade these students' submissions in this course. Return when each was done: in seconds since it began.

    way    one of ``WAYS``
    extra  what each notebook holds besides
    """
    _be_quiet()
    course = Course.at(folder)
    settings = course.config if way == "ours" else Config(CourseDirectory=course.config.CourseDirectory)
    settings.Execute.timeout, settings.Run.question_timeout = 60, 10  # those of a demonstration are short
    for student in students:
        _hand_in(folder, student, name, f"{extra}\n# {student}")
    began = time.monotonic()
    grading = _one_by_one(settings, students, name) if way == "stock" else _at_once(course, students, name)
    return [time.monotonic() - began for _ in grading]


def _one_by_one(settings: Config, students: list[str], name: str) -> Iterator[str]:
    for student in students:
        said = NbGraderAPI(config=settings).autograde(name, student)
        if not said["success"]:
            raise RuntimeError(said.get("error") or said.get("log"))
        yield student


def _at_once(course: Course, students: list[str], name: str) -> Iterator[str]:
    most = sum(COURSE.assignment(name).source.points.values())
    for result in grade(course, name, students, jobs=JOBS):
        if result.score != most:
            raise RuntimeError(f"{result.grading.student} has {result.score}, and not {most}")
        yield result.grading.student


def _hand_in(folder: Path, student: str, name: str, last: str) -> None:
    assignment = COURSE.assignment(name)
    notebook = handed_in(assignment)
    notebook.cells.append(new_code_cell(last))
    path = folder / "classroom" / "submitted" / student / name / f"{name}.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(notebook, path)
    if assignment.parts:
        (path.parent / "parts.py").write_text(assignment.parts, encoding="utf-8")


async def _ready(folder: Path) -> float:
    """Start a confined kernel, and return the seconds until it answered."""
    (folder / "start").mkdir(parents=True)
    began = time.monotonic()
    manager = AsyncKernelManager(config=COURSE.config, transport="ipc", ip=str(folder / "k"))
    manager.kernel_spec.metadata["kernel_provisioner"] = {"provisioner_name": "confined"}
    manager.client_class = "autograder.running.kernel.client.PromptClient"
    await manager.start_kernel(cwd=str(folder / "start"))
    client = manager.client()
    client.start_channels()
    await client.wait_for_ready()
    took = time.monotonic() - began
    client.stop_channels()
    await manager.shutdown_kernel(now=True)
    return took


def _spread(numbers: list[float]) -> str:
    return ", ".join(f"{number:.2f}" for number in (statistics.median(numbers), min(numbers), max(numbers)))


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("pairs", type=int, nargs="?", default=3, help="(default: %(default)s)")
    options.add_argument("--students", type=int, default=20, metavar="N", help="of a class (default: %(default)s)")
    options.add_argument("--only", default="", metavar="WORDS", help="notebooks with these words in their description")
    chosen = options.parse_args()
    main(chosen.pairs, chosen.students, chosen.only)
