"""The engine, installed from its wheel, grades a course of another subject: a config and two assignments are enough."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest

from autograder.authoring.course import Course
from autograder.authoring.students import handed_in
from this_course import ROOT

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built from a copy, since building leaves files beside the source."""
    copy = tmp_path_factory.mktemp("source")
    shutil.copy(ROOT / "pyproject.toml", copy)
    shutil.copytree(ROOT / "autograder", copy / "autograder", ignore=shutil.ignore_patterns("__pycache__"))
    pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(copy / "wheels"), str(copy))
    (made,) = (copy / "wheels").glob("*.whl")
    return made


def pip(*words):
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *words]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_wheel_holds_the_engine_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
        (points,) = (name for name in archive.namelist() if name.endswith("entry_points.txt"))
        assert "confined = autograder.running.kernel.provisioner:ConfinedProvisioner" in archive.read(points).decode()
    files = [path for path in (ROOT / "autograder").rglob("*") if path.is_file() and path.suffix != ".pyc"]
    assert held == {str(path.relative_to(ROOT)) for path in files}


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The folder into which the wheel was installed; what it depends on is there already."""
    folder = tmp_path_factory.mktemp("installed")
    pip("install", "--no-deps", "--no-index", "--target", str(folder), str(wheel))
    return folder


def test_it_builds_releases_and_grades(small, installed):
    def command(*words, fails=False):
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        environment = os.environ | {"PATH": path, "PYTHONPATH": str(installed)}
        done = subprocess.run(words, cwd=small, env=environment, capture_output=True, text=True)
        assert (done.returncode != 0) == fails, done.stdout + done.stderr
        return done.stdout + done.stderr

    where = command(sys.executable, "-c", "import autograder; print(autograder.__file__)")
    assert where.startswith(str(installed))
    (small / "exchange").mkdir()
    (small / "exchange").chmod(0o777)
    with (small / "nbgrader_config.py").open("a") as settings:
        settings.write(f"c.Exchange.root = {str(small / 'exchange')!r}\n")
    command(sys.executable, "-m", "autograder", "build")
    assert {path.name for path in (small / "handout").iterdir()} == {"01_first", "02_second"}
    command("nbgrader", "release_assignment", "02_second")
    assert (small / "exchange" / "arithmetic" / "outbound" / "02_second" / "parts.py").exists()

    course = Course.at(small)
    for name in course.assignment_names:
        assignment = course.assignment(name)
        for student, mistakes in {"right": [], "wrong": assignment.mistakes}.items():
            folder = small / "class" / "submitted" / student / name
            folder.mkdir(parents=True)
            nbformat.write(handed_in(assignment, mistakes), folder / f"{name}.ipynb")
    said = command(sys.executable, "-m", "autograder", "grade", "01_first")
    assert "does nothing" in said and "2 graded, 0 ungraded, 1 mistakes named." in said
    command("nbgrader", "autograde", "02_second")
    said = command(sys.executable, "-m", "autograder", "replay", "wrong", "02_second")
    assert "quadruple: 0 then, 0 now" in said and "The verdict is the same." in said
    command("nbgrader", "export")
    rows = [row.split(",") for row in (small / "grades.csv").read_text().splitlines()]
    found = {(row[0], row[1]): row[rows[0].index("score")] for row in rows[1:]}
    assert found == {("01_first", "right"): "4.0", ("01_first", "wrong"): "0.0",
                     ("02_second", "right"): "4.0", ("02_second", "wrong"): "0.0"}  # fmt: skip
    command("nbgrader", "generate_feedback", "01_first")
    page = (small / "class" / "feedback" / "wrong" / "01_first" / "01_first.html").read_text()
    assert "<strong>does nothing</strong>" in page and "prefers-color-scheme" in page
    notebook = small / "class" / "submitted" / "wrong" / "01_first" / "01_first.ipynb"
    assert "does nothing" in command(sys.executable, "-m", "autograder", "check", str(notebook))
    assert "1 caught, 1 told apart" in command(sys.executable, "-m", "autograder", "mistakes", "02_second")
