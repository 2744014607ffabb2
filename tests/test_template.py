"""A new assignment works at once, in any course, and nothing that is there is changed."""

import os
import runpy
import shutil

import nbformat
import pytest

from autograder.__main__ import main
from autograder.authoring.course import Course
from autograder.authoring.template import FILES, new_assignment
from autograder.judging.judge import Judge


def run(small, *words) -> int:
    return main(["--course", str(small), *words])


def test_a_new_assignment_works_at_once(small, capsys):
    assert run(small, "new", "03_means") == 0
    assert "python -m autograder mistakes 03_means" in capsys.readouterr().out
    assert {path.name for path in (small / "written" / "03_means").iterdir()} == set(FILES)
    assert run(small, "build") == 0
    released = nbformat.read(small / "handout" / "03_means" / "03_means.ipynb", as_version=4)
    assert "raise NotImplementedError()" in "\n".join(cell.source for cell in released.cells)
    assert run(small, "mistakes", "03_means") == 0
    assert "1 mistakes: 1 caught, 1 told apart" in capsys.readouterr().out
    assignment = Course.at(small).assignment("03_means")
    alternatives = runpy.run_path(str(small / "written" / "03_means" / "alternatives.py"))["ALTERNATIVES"]
    judge = Judge(assignment, seed="tests")
    for exercise, ways in alternatives.items():
        for text in ways.values():
            namespace = assignment.run({exercise: text})
            answers = {case.name: judge.ask(case, namespace) for case in assignment.cases}
            assert [(verdict.score, verdict.points) for verdict in judge.verdicts(answers)] == [(100, 100)]


def test_it_says_which_notebooks_come_later(small, capsys):
    assert run(small, "new", "02_a") == 0
    assert "taught before 02_second, since" in capsys.readouterr().out
    assert run(small, "build") == 0
    assert "def moving_average" in (small / "handout" / "02_second" / "parts.py").read_text()


def test_nothing_that_is_there_is_changed(small, capsys):
    before = (small / "written" / "01_first" / "notebook.py").read_text()
    assert run(small, "new", "01_first") == 1
    assert "01_first is there already, and stays as it is" in capsys.readouterr().err
    assert (small / "written" / "01_first" / "notebook.py").read_text() == before
    os.symlink("nowhere", small / "written" / "03_link")
    assert run(small, "new", "03_link") == 1 and os.path.islink(small / "written" / "03_link")


@pytest.mark.parametrize("name", ["", "a b", "../a", ".a", "_a", "a/b", "7+1", "straße"])
def test_a_name_that_is_none_is_told(small, capsys, name):
    assert run(small, "new", name) == 1
    assert "is no name for an assignment" in capsys.readouterr().err
    assert {path.name for path in (small / "written").iterdir()} == {"01_first", "02_second"}


@pytest.mark.parametrize("error", [OSError("the disk is full"), KeyboardInterrupt])
def test_it_is_made_whole_or_not_at_all(small, monkeypatch, error):
    def failing(*_):
        raise error

    monkeypatch.setattr(shutil, "move", failing)
    with pytest.raises(type(error) if isinstance(error, OSError) else error):
        new_assignment(Course.at(small), "03_means")
    assert {path.name for path in small.iterdir()} == {"nbgrader_config.py", "written"}
    assert {path.name for path in (small / "written").iterdir()} == {"01_first", "02_second"}
