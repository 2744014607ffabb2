"""Several submissions at once: the same grades as one after the other, whatever happens to a worker."""

import multiprocessing
import shutil
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell

from autograder.authoring.build import build
from autograder.authoring.course import Course, commands_on_path
from autograder.authoring.students import handed_in
from autograder.bounded import Worker
from autograder.classroom import ahead
from autograder.classroom.grade import grade
from autograder.classroom.steps import ENGINE
from autograder.running.kernel import forkserver
from autograder.running.records import UNGRADED, Records
from confined import NEEDS_CONFINEMENT

pytestmark = pytest.mark.slow

NAME = "01_first"
OWN_CELLS = {
    "ada": "x = 1",
    "alan": "x = 2",
    "edsger": "import os\nos._exit(1)",
    "grace": "for i in range(10**4): print('a' * 10**3)",
    "john": "def double(x): return x",
}


@pytest.fixture
def course(small, monkeypatch):
    """The small course with a class: five who handed in something, and one whose file is damaged."""
    monkeypatch.setattr(ahead, "WORTH", 1)  # the judge is prepared, as for a class
    course = Course.at(small)
    with commands_on_path():
        build(course)
    for student, text in OWN_CELLS.items():
        _hand_in_with(course, student, text)
    _hand_in(course, "kurt", '{"cells": [')
    return course


def _hand_in_with(course, student, cell):
    notebook = handed_in(course.assignment(NAME))
    notebook.cells.append(new_code_cell(cell))
    _hand_in(course, student, nbformat.writes(notebook))


def _hand_in(course, student, text):
    folder = course.folder(course.submitted_directory) / student / NAME
    folder.mkdir(parents=True)
    (folder / f"{NAME}.ipynb").write_text(text)


def graded(course, jobs, students=(*OWN_CELLS, "kurt"), then=lambda: None, cluster=None):
    """Grade these students, and return what became of each, without times and numbers of executions."""
    results = []
    for result in grade(course, NAME, [*students], jobs=jobs, cluster=cluster):
        results.append(replace(result.grading, made="", execution=None))
        then()
    return results


def test_at_once_is_as_one_after_the_other_and_nothing_is_run_twice(course):
    """Not even what a time limit stops: what the clock decided counts for the grading that it was run for."""
    course.config.Execute.timeout = 2
    _hand_in_with(course, "emmy", "while True: pass")
    students = [*OWN_CELLS, "emmy", "kurt"]
    together = graded(course, jobs=3, students=students)
    assert [line.student for line in together] == students
    assert [line.status for line in together][-1] == UNGRADED and together[0].verdicts[0]["score"] == 4
    with Records(config=course.config).open() as database:
        (runs,) = database.execute("SELECT count(*) FROM executions").fetchone()
    assert runs == len(students) - 1  # all but the damaged one
    forget_all(course)
    assert graded(course, jobs=1, students=students) == together


def forget_all(course):
    shutil.rmtree(course.folder("class/records"))
    shutil.rmtree(course.folder(course.autograded_directory))
    (course.folder("class") / "gradebook.db").unlink()
    with commands_on_path():
        build(course)


@pytest.fixture
def workers(monkeypatch):
    """The workers in which submissions are run ahead of nbgrader."""
    made = []

    class Noted(Worker):
        def __init__(self, **options):
            super().__init__(**options)
            made.append(self)

    monkeypatch.setattr(ahead, "Worker", Noted)
    return made


def test_workers_that_are_killed_cost_nobody_anything(course, workers):
    def kill():
        for worker in workers:
            worker.break_off()

    lines = graded(course, jobs=2, students=["ada", "alan", "john", "grace"], then=kill)
    assert len(workers) == 2 and [line.verdicts[0]["score"] for line in lines] == [4, 4, 0, 4]


@NEEDS_CONFINEMENT
def test_workers_share_a_fork_server_and_have_their_own_when_it_has_ended(course, workers):
    started = []

    def end():
        numbers = [worker._process.pid for worker in workers]
        started.append([Path(f"/proc/{number}/task/{number}/children").read_text() for number in numbers])
        for server in forkserver._servers.values():
            if server.alive():
                server._process.kill()
                server._process.wait()

    lines = graded(course, jobs=2, students=["ada", "alan", "edsger", "grace", "john"], then=end)
    assert started[0] == ["", ""] and [line.verdicts[0]["score"] for line in lines] == [4, 4, 4, 4, 0]


def test_what_breaks_a_limit_is_not_tried_twice(course, monkeypatch):
    course.config.Worker.seconds = 1
    course.config.InWorker.steps = ["test_ahead.Endless", *ENGINE["InWorker", "steps"]]
    monkeypatch.setattr(ahead, "READING", 60)
    lines = graded(course, jobs=2, students=["ada", "alan"])
    assert all(line.status == UNGRADED for line in lines)
    assert "takes more than is allowed: it took more than 1 seconds of processor time" in lines[0].reason
    assert not list(course.folder(course.autograded_directory).glob("ada/*"))


class Endless:
    """A step of grading that never comes to an end."""

    def __init__(self, config):
        pass

    def preprocess(self, notebook, resources):
        while True:
            pass


def test_ctrl_c_ends_all_workers_and_loses_nothing(course, monkeypatch):
    def wait(self, student):
        if student == "alan":
            raise KeyboardInterrupt

    monkeypatch.setattr(ahead.Ahead, "wait", wait)
    before = {*multiprocessing.active_children()}
    with pytest.raises(KeyboardInterrupt):
        graded(course, jobs=2)
    left = {*multiprocessing.active_children()} - before
    assert len(left) <= 1, "that of nbgrader's own steps waits for the next call"
    assert [line.student for line in Records(config=course.config).latest()] == ["ada"]


def test_what_was_judged_is_judged_again_only_by_another_judge(course):
    first = graded(course, jobs=2, students=["ada", "john"])
    records = Records(config=course.config)

    def judged():
        with records.open() as database:
            return [tuple(row) for row in database.execute("SELECT * FROM judgements ORDER BY execution")]

    before = judged()
    assert len(before) == 2
    assert [line.verdicts for line in again(course)] == [line.verdicts for line in first] and judged() == before
    course.config.GiveVerdicts.most_pairs = 1
    assert [line.verdicts for line in again(course)] == [line.verdicts for line in first] and judged() != before


def again(course):
    return [result.grading for result in grade(course, NAME, ["ada", "john"], force=True)]
