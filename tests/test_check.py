"""python -m autograder, from the outside."""

import copy
import json
import re
import subprocess
import sys

import nbformat
import pytest

import autograder
from autograder.__main__ import main
from autograder.authoring.course import Course
from autograder.authoring.students import handed_in
from autograder.classroom.check import CheckError, check
from autograder.judging.undone import MISSING
from this_course import COURSE, ROOT


@pytest.mark.parametrize(
    "text, says",
    [
        (None, "There is no notebook"),
        ("{", "damaged and cannot be read"),
        ("", "damaged and cannot be read"),
        ("[]", "damaged and cannot be read"),
        ("\x00", "damaged and cannot be read"),
        ('{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}', "none of this course's notebooks"),
    ],
)
def test_what_cannot_be_graded_is_told(tmp_path, text, says):
    path = tmp_path / "some.ipynb"
    if text is not None:
        path.write_text(text)
    with pytest.raises(CheckError, match=says) as raised:
        check(path, COURSE)
    assert str(path) in str(raised.value)


def test_what_is_no_notebook_by_its_name_is_told(tmp_path):
    path = tmp_path / "attention.py"
    path.write_text("print(1)")
    with pytest.raises(CheckError, match="is not a notebook: the name of a notebook ends in .ipynb"):
        check(path, COURSE)


def test_the_command_says_what_is_wrong_and_fails(tmp_path, capsys):
    assert main(["check", str(tmp_path / "none.ipynb")]) == 1
    assert "There is no notebook" in capsys.readouterr().err
    assert main(["mistakes", "99_none"]) == 1
    assert "There is no assignment '99_none'" in capsys.readouterr().err


@pytest.mark.parametrize(
    "command", [[], ["build"], ["check"], ["mistakes"], ["demo"], ["report"], ["regrade"], ["learn"], ["similar"]]
)
def test_help_helps(command):
    result = subprocess.run(
        [sys.executable, "-m", "autograder", *command, "--help"], cwd=ROOT, capture_output=True, text=True
    )
    assert result.returncode == 0 and len(result.stdout) > 200


@pytest.mark.slow
def test_a_notebook_is_checked_from_the_command_line(assignment, tmp_path):
    path = tmp_path / "my attention.ipynb"
    diagonal = "def causal_mask(length):\n    return torch.ones(length, length).tril(-1).bool()"
    nbformat.write(handed_in(assignment, instead={"causal_mask": diagonal}), path)
    before = path.read_bytes()
    result = subprocess.run(
        [sys.executable, "-m", "autograder", "check", str(path)], cwd=ROOT, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
    assert "diagonal masked: 5 of 10 points off" in result.stdout and "85 of 90 automatic points" in result.stdout
    assert path.read_bytes() == before


@pytest.mark.slow
def test_the_result_is_data_for_other_programs(small, tmp_path, capsys):
    course = Course.at(small)
    path, results = tmp_path / "01_first.ipynb", tmp_path / "results.json"
    wrong = "import os\ndef double(x):\n    return x"
    nbformat.write(handed_in(course.assignment("01_first"), instead={"double": wrong}), path)
    assert main(["--course", str(small), "check", str(path), "--json", "--gradescope", str(results)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found == autograder.grade(path, small)
    assert (found["schema"], found["assignment"], found["score"], found["points"]) == (1, "01_first", 0, 4)
    (exercise,) = found["exercises"]
    assert (exercise["exercise"], exercise["mistakes"], exercise["off"]) == ("double", ["does nothing"], [4])
    (case,) = exercise["cases"]
    assert case == {
        "title": "It works.", "passed": False, "points": 0, "reason": "Double it.", "mistake": "does nothing"
    }  # fmt: skip
    assert found["answers"] == [] and any("os" in odd for odd in found["to_look_at"])
    for name in (*found, *exercise, *case):
        assert re.search(rf"\b{name}\b", autograder.grade.__doc__), f"the form does not speak of {name}"
    told = json.loads(results.read_text())
    (test,) = told["tests"]
    assert (test["name"], test["score"], test["max_score"], test["status"]) == ("double", 0, 4, "failed")
    assert "does nothing" in test["output"] and told["extra_data"] == found and told["score"] == 0


@pytest.mark.slow
def test_what_hangs_is_called_once_and_what_is_no_code_is_told_once(assignment, tmp_path):
    calls = tmp_path / "calls"
    endless = f"def causal_mask(length):\n    open({str(calls)!r}, 'a').write('x')\n    while True:\n        pass"
    unclosed = "def padding_mask(lengths, max_length):\n    found = (1,\n    return found"
    notebook = handed_in(assignment, instead={"causal_mask": endless, "padding_mask": unclosed})
    notebook.cells = [
        cell
        for cell in notebook.cells
        if cell.metadata.get("nbgrader", {}).get("grade_id") != "scaled_dot_product_attention"
    ]
    path = tmp_path / "01_attention.ipynb"
    nbformat.write(notebook, path)
    config = copy.deepcopy(COURSE.config)
    config.Execute.timeout = 10
    hung, broken, missing, *_ = check(path, Course(config=config)).verdicts
    assert calls.read_text() == "x"
    assert "causal_mask did not come to an end, and is not called again" in hung.cases[0].reason
    assert [case.title for case in broken.cases] == ["Python cannot read the cell of this exercise."]
    assert broken.cases[0].reason == "SyntaxError in line 2: '(' was never closed, in  found = (1,"
    assert [case.title for case in missing.cases] == [MISSING]
    assert [hung.score, broken.score, missing.score] == [0, 0, 0]
