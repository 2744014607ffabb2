"""The whole way through nbgrader's own commands, in a copy of the course with its first notebook."""

import csv
import os
import re
import shutil
from functools import partial

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbgrader.api import Gradebook

from autograder.authoring.students import handed_in
from shell import Shell
from this_course import copy_course, leave_to_nbgrader

pytestmark = pytest.mark.slow

NAME = "01_attention"
WRITTEN = {"renormalised": "It is the same."}


@pytest.fixture
def tree(tmp_path):
    copy_course(tmp_path, NAME)
    return tmp_path


@pytest.fixture
def command(shell, tree):
    """Run a command in the copy of the course, and return what it prints."""

    def run(*words, fails=False, where=shell):
        ended = where.run(tree, *words, environment={"PYTHONPATH": str(tree)})
        assert (ended.status != 0) == fails, ended.said
        return ended.said

    return run


@pytest.fixture
def exported(command, tree):
    def rows():
        command("nbgrader", "export")
        with (tree / "grades.csv").open() as file:
            return {row["student_id"]: row for row in csv.DictReader(file) if row["assignment"] == NAME}

    return rows


def submit(folder, student, notebook):
    path = folder / "classroom" / "submitted" / student / NAME / f"{NAME}.ipynb"
    path.parent.mkdir(parents=True)
    if isinstance(notebook, str):
        path.write_text(notebook)
    else:
        nbformat.write(notebook, path)


def test_from_release_to_feedback(tree, assignment, command, exported):
    exchange = tree / "exchange"
    exchange.mkdir()
    exchange.chmod(0o777)
    with (tree / "nbgrader_config.py").open("a") as file:
        file.write(f"\nc.Exchange.root = {str(exchange)!r}\nc.Exchange.cache = {str(tree / 'cache')!r}\n")
        file.write("c.ExchangeCollect.check_owner = False\n")
    command("autograder", "build")
    command("nbgrader", "release_assignment", NAME)

    mistakes = [mistake for mistake in assignment.mistakes if mistake.name in ("no scaling", "mask not passed on")]
    homes = tree / "homes"
    for student, made in {"right": [], "wrong": mistakes}.items():
        home = homes / student / NAME
        home.mkdir(parents=True)
        nbformat.write(handed_in(assignment, made, WRITTEN), home / f"{NAME}.ipynb")
        words = [
            f"--Exchange.assignment_dir={home.parent}",
            f"--student={student}",
            "--course",
            "why_gpt2_has_no_encoder",
        ]
        command("nbgrader", "submit", NAME, *words)
    command("nbgrader", "collect", NAME)
    submit(tree, "damaged", '{"cells": [')

    def flagged(student):
        with Gradebook(f"sqlite:///{tree / 'classroom' / 'gradebook.db'}", "why_gpt2_has_no_encoder") as gradebook:
            return gradebook.find_submission_notebook(NAME, NAME, student).flagged

    said = command("nbgrader", "autograde", NAME, fails=True)  # of the damaged one, and of no other
    assert "error processing assignment '01_attention' for student 'damaged'" in said
    assert "for student 'right'" not in said and "for student 'wrong'" not in said
    command("nbgrader", "generate_feedback", NAME)

    rows = exported()
    assert float(rows["right"]["raw_score"]) == 90
    assert 60 < float(rows["wrong"]["raw_score"]) < 80

    page = (tree / "classroom" / "feedback" / "wrong" / NAME / f"{NAME}.html").read_text()
    shown = BeautifulSoup(page, "html.parser").get_text()
    assert "no scaling." in shown and "mask not passed on." in shown and "What does equation 1 divide them by?" in shown
    assert "Mark scheme" not in shown and "hidden(" not in shown and "rng" not in shown

    assert (rows["right"]["status"], rows["right"]["isolation"]) == ("graded", "confined")
    assert (rows["damaged"]["status"], rows["damaged"]["score"]) == ("ungraded", "")
    assert rows["damaged"]["remarks"] == "the notebook is no JSON" and not flagged("right")
    again = command("autograder", "replay", "wrong", NAME)
    assert "The verdict is the same." in again and again.count("  same ") == 5
    said = command("autograder", "forget", "wrong")
    assert "left, to delete by hand" in said and exported()["wrong"]["status"] == "not graded yet"
    for line in said.splitlines():
        if line.startswith("left, to delete by hand: "):
            shutil.rmtree(line.removeprefix("left, to delete by hand: "))
    assert set(exported()) == {"right", "damaged"}
    assert "Nobody called" in command("autograder", "forget", "nobody", fails=True)

    graded = tree / "classroom" / "autograded" / "right" / NAME
    assert [path.name for path in graded.iterdir()] == [f"{NAME}.ipynb", "timestamp.txt"] or len(
        list(graded.iterdir())
    ) <= 3
    assert (tree / "classroom" / "records" / f"{NAME}.seed").stat().st_mode & 0o077 == 0


def test_what_cannot_be_read_takes_back_an_earlier_grade_and_harms_nobody(tree, assignment, command, exported):
    command("autograder", "build")
    for student in ("again", "other"):
        submit(tree, student, handed_in(assignment))
    command("nbgrader", "autograde", NAME)
    assert {row["status"] for row in exported().values()} == {"graded"}

    stamp = tree / "classroom" / "submitted" / "again" / NAME / "timestamp.txt"
    stamp.write_text("yesterday, or so")
    command("nbgrader", "autograde", NAME, fails=True)
    assert exported()["again"]["status"] == "ungraded"
    stamp.write_text("2026-10-01 12:00:00 UTC")
    command("nbgrader", "autograde", NAME)
    assert exported()["again"]["status"] == "graded"

    stamp.unlink()
    os.mkfifo(stamp)
    for name in (b"\xffx", b"\xff\nx"):  # no text, and no text in two lines
        submit(tree, os.fsdecode(name), handed_in(assignment))
    for way in (["nbgrader", "autograde", NAME, "--force"], ["autograder", "grade", NAME]):
        command(*way, fails=True)
        rows = exported()
        assert {name for name, row in rows.items() if row["status"] == "ungraded"} == {
            "again",
            r"\udcffx",
            "\\udcff\nx",
        }
        assert (rows["other"]["status"], float(rows["other"]["raw_score"])) == ("graded", 90)
        assert rows["again"]["remarks"] == (
            "timestamp.txt is no file, or too large; an earlier score is kept aside: 90.0"
        )
    for name in (b"\xffx", b"\xff\nx"):
        command("autograder", "forget", os.fsdecode(name))
        shutil.rmtree(tree / "classroom" / "submitted" / os.fsdecode(name))
    assert set(exported()) == {"again", "other"}


def test_without_our_configuration_nothing_is_given(tree, assignment, command, exported):
    """Somebody grades with stock nbgrader: check cells raise, and score 0 instead of full points."""
    command("autograder", "build")
    leave_to_nbgrader(tree)
    submit(tree, "right", handed_in(assignment))
    command("nbgrader", "autograde", NAME)
    assert float(exported()["right"]["raw_score"]) == 0


# A process that cannot make user namespaces, as on many a machine.
NO_NAMESPACES = ["unshare", "-Ur", "sh", "-c", 'echo 0 > /proc/sys/user/max_user_namespaces; exec "$@"', "-"]


@pytest.fixture
def without_namespaces(command):
    found = Shell(*NO_NAMESPACES)
    yield partial(command, where=found)
    found.end()


def test_without_isolation_it_refuses_before_it_touches_anything(
    tree, assignment, command, without_namespaces, exported
):
    command("autograder", "build")
    submit(tree, "right", handed_in(assignment))
    command("nbgrader", "autograde", NAME)
    graded = tree / "classroom" / "autograded" / "right" / NAME / f"{NAME}.ipynb"
    before = graded.stat().st_mtime_ns, exported()
    for way in (["nbgrader", "autograde", NAME, "--force"], ["autograder", "grade", NAME]):
        said = without_namespaces(*way, fails=True)
        assert "Nothing was graded and nothing was changed" in said and "doctor" in said
        assert (graded.stat().st_mtime_ns, exported()) == before
    said = without_namespaces("autograder", "doctor", fails=True)
    assert "\nno   " in said and "cannot be locked in here" in said
    assert "no   limit of processes\n     not tried, since" in said

    said = without_namespaces("autograder", "grade", NAME, "--no-sandbox", "--force")
    assert "Graded without isolation" in said
    row = exported()["right"]
    assert (row["status"], row["isolation"], float(row["raw_score"])) == ("graded", "none", 90)
    assert nbformat.read(graded, 4).metadata.autograder.isolation == "none"


def test_the_demonstration_leaves_the_class_alone(tree, command):
    said = command("autograder", "demo", "--folder", "shown")
    assert re.search(r"^ada +10 +10 +35 +25 +10 +90 ", said, re.MULTILINE)
    assert re.search(r"^alan +0 +0 +0 +0 +0 ", said, re.MULTILINE)
    assert "ungraded: the notebook is no JSON" in said and "mask after the softmax" in said
    assert "11 graded, 1 ungraded" in said
    assert not (tree / "classroom").exists()
    assert (tree / "shown" / "classroom" / "feedback" / "frances" / NAME / f"{NAME}.html").exists()
    (tree / "somebodys").mkdir()
    (tree / "somebodys" / "work.txt").touch()
    assert "is not empty" in command("autograder", "demo", "--folder", "somebodys", fails=True)
