"""The course that this repository holds, for tests of its content and for tests that need some course."""

import shutil
from pathlib import Path

from autograder.authoring.course import SETTINGS, Course
from autograder.authoring.source import LAST_CELL

ROOT = Path(__file__).resolve().parent.parent
COURSE = Course.at(ROOT)

load = COURSE.assignment
SEED = "tests"  # of most tests: what the named mistakes answer is found out once for all of them

LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.egg-info", ".ipynb_checkpoints")


def copy_course(folder: Path, *names: str) -> None:
    """Copy the course and its engine, to build and grade in.

    names  the assignments that are copied (default: all): to build all of them takes half a minute
    """
    for name in ("autograder", "course"):
        shutil.copytree(ROOT / name, folder / name, ignore=LEFT_OUT)
    for name in names or COURSE.assignment_names:
        shutil.copytree(ROOT / "solutions" / name, folder / "solutions" / name, ignore=LEFT_OUT)
    for name in (SETTINGS, "pyproject.toml", f"solutions/{LAST_CELL}"):
        shutil.copy(ROOT / name, folder / name)


def leave_to_nbgrader(folder: Path) -> None:
    """Make a copied course one of nbgrader alone: take all settings away but for those of its folders."""
    folders = Course.at(folder).config.CourseDirectory
    lines = [f"c.CourseDirectory.{name} = {value!r}" for name, value in folders.items()]
    (folder / SETTINGS).write_text("\n".join(["c = get_config()", *lines, ""]))
