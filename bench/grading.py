"""Measures how many seconds a submission takes, with stock nbgrader and with ours, in pairs in one run.

    python bench/grading.py [PAIRS]

Stock nbgrader runs an ordinary kernel, and ours a confined one. Both are measured inside one process, from the call of
nbgrader's own autograde to its return, on the same solved notebook. It has another comment in it each time, so that
nothing is taken from the records. What several at once gain is measured by ``class.py``.
"""

import logging
import shutil
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
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


def main(pairs: int) -> None:
    warnings.simplefilter("ignore")
    logging.disable(logging.ERROR)
    with tempfile.TemporaryDirectory() as folder, commands_on_path():
        built = _built(Path(folder, "built"))
        courses = {way: _course(shutil.copytree(built, Path(folder, str(n))), way) for n, way in enumerate(WAYS)}
        began = time.monotonic()
        run_sync(_ready)(Path(folder, "first"))
        once = time.monotonic() - began
        rows = [row for name in NOTEBOOKS for row in _compare(name, courses, pairs)]
        ready = [run_sync(_ready)(Path(folder, str(number))) for number in range(10, 10 + 2 * pairs)]
    print(table(["", "way", "median", "least", "most", "stock / this, in pairs"], rows))
    print(
        f"\nSeconds a submission, {pairs} pairs. Once a run, the fork server imports what kernels need: {once:.1f} s."
    )
    print(f"A confined kernel is ready after {_spread(ready)} s (median, least, most of {len(ready)}).")


def _compare(name: str, courses: dict[str, Callable], pairs: int) -> list[list[str]]:
    seconds: dict[str, list[float]] = {way: [] for way in WAYS}
    for number in tqdm(range(pairs + 1), desc=name, leave=False):
        for way in WAYS if number % 2 else reversed(WAYS):
            took = courses[way](f"student{number}{'g' if NOTEBOOKS[name][1] else ''}", *NOTEBOOKS[name])
            if number:  # the first pair warms up: Python, torch and the disk do some work only once
                seconds[way].append(took)
    rows = []
    for way in WAYS:
        ratios = [stock / this for stock, this in zip(seconds["stock"], seconds[way], strict=True)]
        rows.append([name, way, *_spread(seconds[way]).split(", "), _spread(ratios)])
    return rows


def _built(folder: Path) -> Path:
    """Make a course in this folder."""
    (folder / "exchange").mkdir(parents=True)
    (folder / "nbgrader_config.py").write_text(settings_of_a_demonstration(COURSE), encoding="utf-8")
    build(Course.at(folder))
    return folder


def _course(folder: Path, way: str) -> Callable[[str, str, str], float]:
    """Return a function that grades one more student of an assignment in this course, and returns the seconds.

    way  one of ``WAYS``
    """
    settings = Course.at(folder).config
    if way == "stock":
        settings = Config(CourseDirectory=settings.CourseDirectory)
    settings.Execute.timeout, settings.Run.question_timeout = 60, 10  # those of a demonstration are short

    def grade(student: str, name: str, extra: str) -> float:
        assignment = COURSE.assignment(name)
        notebook = handed_in(assignment)
        notebook.cells.append(new_code_cell(f"{extra}\n# {student}"))
        path = folder / "classroom" / "submitted" / student / name / f"{name}.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(notebook, path)
        if way == "stock" and assignment.parts:
            (path.parent / "parts.py").write_text(assignment.parts, encoding="utf-8")
        began = time.monotonic()
        said = NbGraderAPI(config=settings).autograde(name, student)
        if not said["success"]:
            raise RuntimeError(said.get("error") or said.get("log"))
        return time.monotonic() - began

    return grade


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
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
