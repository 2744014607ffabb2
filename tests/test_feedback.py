"""Pages of feedback of a class: several at once are the same pages, and a process that is killed costs nobody one."""

import multiprocessing
import shutil

import pytest
from nbgrader.apps.api import NbGraderAPI

from autograder.__main__ import main
from autograder.authoring.course import commands_on_path
from autograder.classroom.feedback import feedback
from small_class import ABSOLUTE, KNOWN, NAME, RIGHT, SmallClass

pytestmark = pytest.mark.slow
WROTE = {"ada lovelace": RIGHT, "alan": KNOWN, "grace": ABSOLUTE, "john": "def double(x): return <b>"}


@pytest.fixture(scope="module")
def made(small_for_all):
    made = SmallClass(small_for_all)
    made.grade(WROTE)
    return made


@pytest.fixture(autouse=True)
def for_a_small_class(monkeypatch):
    """Else one process would make all pages."""
    monkeypatch.setattr("autograder.classroom.feedback.WORTH", 1)


def told(made, capsys, *words, status=0):
    assert main(["--course", str(made.folder), "feedback", NAME, *words]) == status
    return capsys.readouterr().out


def taken(made):
    """The pages that lie there, by student. They are taken away."""
    folder = made.folder / "class" / "feedback"
    pages = {path.parent.parent.name: path.read_text() for path in folder.glob(f"*/{NAME}/{NAME}.html")}
    shutil.rmtree(folder)
    return pages


def test_several_at_once_are_the_pages_that_nbgrader_makes(made, capsys):
    said = told(made, capsys, "--jobs", "3")
    assert said.startswith("4 pages in ")
    together = taken(made)
    told(made, capsys, "--jobs", "1")
    assert taken(made) == together and together.keys() == WROTE.keys()
    with commands_on_path():
        assert NbGraderAPI(config=made.course.config).generate_feedback(NAME)["success"]
    assert taken(made) == together
    assert told(made, capsys, "--student", "alan").startswith("1 pages")
    assert taken(made).keys() == {"alan"}


def test_a_process_that_is_killed_costs_nobody_a_page(made):
    before = {*multiprocessing.active_children()}
    came = []
    for student, why in feedback(made.course, NAME, sorted(WROTE), jobs=2):
        came.append((student, why))
        if len(came) == 1:
            for process in {*multiprocessing.active_children()} - before:
                process.kill()
    assert came == [(student, "") for student in sorted(WROTE)] and taken(made).keys() == WROTE.keys()


def test_a_page_that_cannot_be_made_is_told_and_the_others_are_made(made, capsys):
    notebook = made.folder / "class" / "autograded" / "grace" / NAME / f"{NAME}.ipynb"
    notebook.chmod(0o600)
    notebook.write_text("{")
    said = told(made, capsys, "--jobs", "2", status=1)
    assert "3 pages in " in said and "no page, grace: nbformat.reader.NotJSONError" in said
    assert taken(made).keys() == WROTE.keys() - {"grace"}
    assert told(made, capsys, "--student", "kurt", status=1) == ""
