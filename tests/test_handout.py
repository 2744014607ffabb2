"""What nbgrader's own steps give to students: what `build` made, and all that its notebook imports."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from autograder.authoring.build import build
from autograder.authoring.course import Course, commands_on_path
from this_course import COURSE, ROOT

SETTINGS = """
c.GenerateAssignment.exporter_class = "autograder.authoring.generate.BuildInstead"
c.ExchangeFactory.release_assignment = "autograder.classroom.handout.HandOut"
c.HandOut.along = ["kit", "pyproject.toml"]
c.CourseDirectory.ignore = ["__pycache__", *c.HandOut.along]
c.ExchangeCollect.check_owner = False
c.Exchange.root = str(root / "exchange")
c.Exchange.cache = str(root / "cache")
"""


@pytest.fixture
def course(small):
    with (small / "nbgrader_config.py").open("a") as settings:
        settings.write(SETTINGS)
    (small / "handout" / "kit" / "__pycache__").mkdir(parents=True)
    (small / "handout" / "kit" / "__pycache__" / "a.pyc").touch()
    (small / "handout" / "kit" / "__init__.py").write_text("HALF = 0.5\n")
    (small / "handout" / "pyproject.toml").touch()
    (small / "exchange").mkdir()
    (small / "exchange").chmod(0o777)
    build(Course.at(small))
    return Course.at(small)


def api(course):
    return NbGraderAPI(config=course.config)


def as_student(course, home, step):
    """Take a step of the exchange as a student does: with nbgrader, and nothing of the course's settings."""
    config = Config({"Exchange": {"root": str(Path(course.root, "exchange")), "assignment_dir": str(home)}})
    config.Exchange.cache = str(home / "cache")
    coursedir = CourseDirectory(config=config, course_id=course.course_id, assignment_id="02_second")
    theirs = NbGraderAPI(coursedir=coursedir, config=config)
    getattr(theirs.exchange, step)(coursedir=coursedir, authenticator=theirs.authenticator, parent=theirs).start()


def test_what_is_fetched_runs_and_what_is_collected_is_the_work(course, tmp_path):
    assert api(course).release_assignment("02_second")["success"]
    outbound = Path(course.root, "exchange", "arithmetic", "outbound", "02_second")
    assert {str(path.relative_to(outbound)) for path in outbound.rglob("*")} == {
        "02_second.ipynb", "parts.py", "kit", "kit/__init__.py", "pyproject.toml"
    }  # fmt: skip
    assert all(stat.S_IMODE(path.stat().st_mode) & 0o444 == 0o444 for path in outbound.rglob("*"))
    home = tmp_path / "home"
    home.mkdir()
    as_student(course, home, "FetchAssignment")
    run = subprocess.run(
        [sys.executable, "-c", "import kit, parts; print(parts.double(kit.HALF))"],
        cwd=home / "02_second",
        capture_output=True,
        text=True,
    )
    assert run.stdout == "1.0\n", run.stderr
    as_student(course, home, "Submit")
    assert api(course).collect("02_second")["success"]
    (collected,) = Path(course.root, "class", "submitted").glob("*/02_second")
    assert {path.name for path in collected.iterdir()} >= {"02_second.ipynb", "parts.py", "timestamp.txt"}
    assert not {"kit", "pyproject.toml"} & {path.name for path in collected.iterdir()}


def test_what_is_missing_is_told_before_anything_is_released(course):
    Path(course.root, "handout", "pyproject.toml").unlink()
    result = api(course).release_assignment("02_second")
    assert not result["success"] and "Nothing was released: there is no pyproject.toml in " in result["log"]
    assert not Path(course.root, "exchange", "arithmetic").exists()


def test_this_course_hands_out_what_its_notebooks_import():
    along = COURSE.config.HandOut.along
    assert "coursekit" in along and {*along} <= {*COURSE.config.CourseDirectory.ignore}
    assert all((ROOT / COURSE.release_directory / name).exists() for name in along)


def test_formgraders_generate_is_refused(course):
    """It would delete what somebody did in the release."""
    path = Path(course.root, "handout", "01_first", "01_first.ipynb")
    (path.parent / "notes.txt").write_text("mine")
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[0].source = "my own work"
    nbformat.write(notebook, path)
    with commands_on_path():
        result = api(course).generate_assignment("01_first")
    assert not result["success"] and "is made by `make build`" in result["log"]
    assert "my own work" in path.read_text() and (path.parent / "notes.txt").exists()
    build(course, force=True)
    assert "my own work" not in path.read_text() and (path.parent / "notes.txt").exists()


def test_what_is_made_with_nbgrader_alone_is_generated(course):
    folder = Path(course.root, "class", "source", "exam")
    folder.mkdir(parents=True)
    nbformat.write(nbformat.v4.new_notebook(), folder / "exam.ipynb")
    with commands_on_path():
        assert api(course).generate_assignment("exam")["success"]
    assert Path(course.root, "handout", "exam", "exam.ipynb").exists()


@pytest.mark.slow
def test_nbgraders_command_is_refused_too(course):
    """In one line that says what to do, and with exit status 1."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = ["nbgrader", "generate_assignment", "01_first", "--force"]
    done = subprocess.run(
        command,
        cwd=course.root,
        env=os.environ | {"PATH": path, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "Nothing was generated and nothing was changed" in done.stderr and "Traceback" not in done.stderr
    assert Path(course.root, "handout", "01_first", "01_first.ipynb").exists()
