"""The whole way through nbgrader's own commands, in a copy of the course."""

import csv
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbgrader.api import Gradebook

from autograder.authoring.students import handed_in
from this_course import leave_to_nbgrader

pytestmark = pytest.mark.slow

NAME = "01_attention"
WRITTEN = {"renormalised": "It is the same."}
BESIDE = str(Path(sys.executable).parent)  # where nbgrader's commands are


def command(folder, *words, fails=False):
    environment = os.environ | {"PATH": f"{BESIDE}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(folder)}
    result = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True)
    assert (result.returncode != 0) == fails, result.stdout + result.stderr
    return result.stdout + result.stderr


def submit(folder, student, notebook):
    path = folder / "classroom" / "submitted" / student / NAME / f"{NAME}.ipynb"
    path.parent.mkdir(parents=True)
    if isinstance(notebook, str):
        path.write_text(notebook)
    else:
        nbformat.write(notebook, path)


def exported(folder):
    command(folder, "nbgrader", "export")
    with (folder / "grades.csv").open() as file:
        return {row["student_id"]: row for row in csv.DictReader(file) if row["assignment"] == NAME}


def test_from_release_to_feedback(tree, assignment):
    exchange = tree / "exchange"
    exchange.mkdir()
    exchange.chmod(0o777)
    with (tree / "nbgrader_config.py").open("a") as file:
        file.write(f"\nc.Exchange.root = {str(exchange)!r}\nc.Exchange.cache = {str(tree / 'cache')!r}\n")
        file.write("c.ExchangeCollect.check_owner = False\n")
    command(tree, sys.executable, "-m", "autograder", "build")
    command(tree, "nbgrader", "release_assignment", NAME)

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
        command(tree, "nbgrader", "submit", NAME, *words)
    command(tree, "nbgrader", "collect", NAME)
    submit(tree, "damaged", '{"cells": [')

    def flagged(student):
        with Gradebook(f"sqlite:///{tree / 'classroom' / 'gradebook.db'}", "why_gpt2_has_no_encoder") as gradebook:
            return gradebook.find_submission_notebook(NAME, NAME, student).flagged

    said = command(tree, "nbgrader", "autograde", NAME, fails=True)  # of the damaged one, and of no other
    assert "error processing assignment '01_attention' for student 'damaged'" in said
    assert "for student 'right'" not in said and "for student 'wrong'" not in said
    command(tree, "nbgrader", "generate_feedback", NAME)

    rows = exported(tree)
    assert float(rows["right"]["raw_score"]) == 90
    assert 60 < float(rows["wrong"]["raw_score"]) < 80

    page = (tree / "classroom" / "feedback" / "wrong" / NAME / f"{NAME}.html").read_text()
    shown = BeautifulSoup(page, "html.parser").get_text()
    assert "no scaling." in shown and "mask not passed on." in shown and "What does equation 1 divide them by?" in shown
    assert "Mark scheme" not in shown and "hidden(" not in shown and "rng" not in shown

    assert (rows["right"]["status"], rows["right"]["isolation"]) == ("graded", "confined")
    assert (rows["damaged"]["status"], rows["damaged"]["score"]) == ("ungraded", "")
    assert rows["damaged"]["remarks"] == "the notebook is no JSON" and not flagged("right")
    again = command(tree, sys.executable, "-m", "autograder", "replay", "wrong", NAME)
    assert "The verdict is the same." in again and again.count("  same ") == 5
    said = command(tree, sys.executable, "-m", "autograder", "forget", "wrong")
    assert "left, to delete by hand" in said and exported(tree)["wrong"]["status"] == "not graded yet"
    for line in said.splitlines():
        if line.startswith("left, to delete by hand: "):
            shutil.rmtree(line.removeprefix("left, to delete by hand: "))
    assert set(exported(tree)) == {"right", "damaged"}
    assert "Nobody called" in command(tree, sys.executable, "-m", "autograder", "forget", "nobody", fails=True)

    graded = tree / "classroom" / "autograded" / "right" / NAME
    assert [path.name for path in graded.iterdir()] == [f"{NAME}.ipynb", "timestamp.txt"] or len(
        list(graded.iterdir())
    ) <= 3
    assert (tree / "classroom" / "records" / f"{NAME}.seed").stat().st_mode & 0o077 == 0


def test_what_cannot_be_read_takes_back_an_earlier_grade_and_harms_nobody(tree, assignment):
    command(tree, sys.executable, "-m", "autograder", "build")
    for student in ("again", "other"):
        submit(tree, student, handed_in(assignment))
    command(tree, "nbgrader", "autograde", NAME)
    assert {row["status"] for row in exported(tree).values()} == {"graded"}

    stamp = tree / "classroom" / "submitted" / "again" / NAME / "timestamp.txt"
    stamp.write_text("yesterday, or so")
    command(tree, "nbgrader", "autograde", NAME, fails=True)
    assert exported(tree)["again"]["status"] == "ungraded"
    stamp.write_text("2026-10-01 12:00:00 UTC")
    command(tree, "nbgrader", "autograde", NAME)
    assert exported(tree)["again"]["status"] == "graded"

    stamp.unlink()
    os.mkfifo(stamp)
    for name in (b"\xffx", b"\xff\nx"):  # no text, and no text in two lines
        submit(tree, os.fsdecode(name), handed_in(assignment))
    for way in (["nbgrader", "autograde", NAME, "--force"], [sys.executable, "-m", "autograder", "grade", NAME]):
        command(tree, *way, fails=True)
        rows = exported(tree)
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
        command(tree, sys.executable, "-m", "autograder", "forget", os.fsdecode(name))
        shutil.rmtree(tree / "classroom" / "submitted" / os.fsdecode(name))
    assert set(exported(tree)) == {"again", "other"}


def test_without_our_configuration_nothing_is_given(tree, assignment):
    """Somebody grades with stock nbgrader: check cells raise, and score 0 instead of full points."""
    command(tree, sys.executable, "-m", "autograder", "build")
    leave_to_nbgrader(tree)
    submit(tree, "right", handed_in(assignment))
    command(tree, "nbgrader", "autograde", NAME)
    assert float(exported(tree)["right"]["raw_score"]) == 0


# A process that cannot make user namespaces, as on many a machine.
NO_NAMESPACES = ["unshare", "-Ur", "sh", "-c", 'echo 0 > /proc/sys/user/max_user_namespaces; exec "$@"', "-"]


def test_without_isolation_it_refuses_before_it_touches_anything(tree, assignment):
    command(tree, sys.executable, "-m", "autograder", "build")
    submit(tree, "right", handed_in(assignment))
    command(tree, "nbgrader", "autograde", NAME)
    graded = tree / "classroom" / "autograded" / "right" / NAME / f"{NAME}.ipynb"
    before = graded.stat().st_mtime_ns, exported(tree)
    for way in (["nbgrader", "autograde", NAME, "--force"], [sys.executable, "-m", "autograder", "grade", NAME]):
        said = command(tree, *NO_NAMESPACES, *way, fails=True)
        assert "Nothing was graded and nothing was changed" in said and "doctor" in said
        assert (graded.stat().st_mtime_ns, exported(tree)) == before
    said = command(tree, *NO_NAMESPACES, sys.executable, "-m", "autograder", "doctor", fails=True)
    assert "\nno   " in said and "cannot be locked in here" in said
    assert "no   limit of processes\n     not tried, since" in said

    said = command(tree, *NO_NAMESPACES, sys.executable, "-m", "autograder", "grade", NAME, "--no-sandbox", "--force")
    assert "Graded without isolation" in said
    row = exported(tree)["right"]
    assert (row["status"], row["isolation"], float(row["raw_score"])) == ("graded", "none", 90)
    assert nbformat.read(graded, 4).metadata.autograder.isolation == "none"


def test_the_demonstration_leaves_the_class_alone(tree):
    said = command(tree, sys.executable, "-m", "autograder", "demo", "--folder", "shown")
    assert re.search(r"^ada +10 +10 +35 +25 +10 +90 ", said, re.MULTILINE)
    assert re.search(r"^alan +0 +0 +0 +0 +0 ", said, re.MULTILINE)
    assert "ungraded: the notebook is no JSON" in said and "mask after the softmax" in said
    assert "11 graded, 1 ungraded" in said
    assert not (tree / "classroom").exists()
    assert (tree / "shown" / "classroom" / "feedback" / "frances" / NAME / f"{NAME}.html").exists()
    (tree / "somebodys").mkdir()
    (tree / "somebodys" / "work.txt").touch()
    assert "is not empty" in command(
        tree, sys.executable, "-m", "autograder", "demo", "--folder", "somebodys", fails=True
    )
