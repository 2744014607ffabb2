"""What is said while a class is graded, and at the end."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from autograder.__main__ import main
from autograder.classroom.grade import grade
from autograder.classroom.progress import account, so_far
from autograder.classroom.results import Result
from autograder.running.records import GRADED, UNGRADED, Grading, Records
from test_ahead import NAME, course  # noqa: F401


def result(student, status=GRADED, **more):
    return Result(Grading(student, NAME, status), **more)


RESULTS = [
    result("ada", seconds=3, worked=2.0, running=2),
    result("alan", seconds=9, worked=8.0, running=1),
    result("kurt", UNGRADED, seconds=1, was_run=False),
    result("john", seconds=1, was_run=False),
    result("grace", seconds=0, is_new=False, running=1),
]


def test_it_is_said_how_far_it_is():
    assert so_far(RESULTS[:2]) == "1 running, 0 ungraded, last alan"
    assert so_far(RESULTS) == "1 running, 1 ungraded, last grace"


def test_at_the_end_it_is_said_what_took_the_time():
    assert [*account(RESULTS, 10, workers=2)] == [
        "4 submissions in 10 s; the slowest: alan 9.0 s, ada 3.0 s, kurt 1.0 s",
        "2 workers were busy for 50% of this time.",
        "1 had been run before, and was taken from the records.",
    ]
    assert [*account(RESULTS[4:], 10, workers=2)] == []
    assert [*account(RESULTS[3:4], 1, workers=2)][1:] == ["1 had been run before, and was taken from the records."]


@pytest.mark.slow
def test_a_class_tells_it(course):  # noqa: F811
    first = [*grade(course, NAME, ["ada", "kurt"], jobs=2)]
    assert [one.was_run for one in first] == [True, False] and first[0].seconds > first[0].worked > 0
    again = [*grade(course, NAME, ["ada"], force=True)]
    assert not again[0].was_run and again[0].is_new


@pytest.mark.slow
@pytest.mark.parametrize("preload", [[], ["torch"]], ids=["started anew", "forked"])
def test_ctrl_c_while_workers_start_is_told_in_one_line(course, preload):  # noqa: F811
    """A terminal sends it to all processes, also to those that have not yet begun."""
    with open(Path(course.root, "nbgrader_config.py"), "a", encoding="utf-8") as settings:
        settings.write(f"c.Worker.preload = {preload}\n")
    words = ["--course", course.root, "grade", NAME, "--jobs", "2"]
    run = subprocess.Popen(
        [sys.executable, "-m", "autograder", *words], stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    shown = ""
    while "workers start" not in shown and (more := run.stderr.read(1)):
        shown += more
    time.sleep(0.5)  # they import something now. If not, it must be the same
    os.killpg(run.pid, signal.SIGINT)
    shown += run.communicate()[1]
    assert [line for line in shown.splitlines() if line and "submission" not in line] == ["Stopped."]


@pytest.mark.slow
def test_ctrl_c_loses_nothing_and_the_next_command_says_what_was_kept(course, capsys):  # noqa: F811
    words = ["--course", course.root, "grade", NAME, "--jobs", "2"]
    run = subprocess.Popen(
        [sys.executable, "-m", "autograder", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    shown = ""
    while "| 1/6 " not in shown and (more := run.stderr.read(1)):
        shown += more
    run.send_signal(signal.SIGINT)
    said, shown = run.communicate()
    assert run.returncode == 1 and "Stopped. What was graded is kept: " in shown and "Traceback" not in shown
    assert "; the slowest: ada " in said
    before = {line.student for line in Records(config=course.config).latest()}
    assert "ada" in before

    assert main(words) == 1  # one of them stays ungraded
    said = capsys.readouterr().out
    assert f"{6 - len(before)} submission" in said and "worker" in said
    with Records(config=course.config).open() as database:
        lines = database.execute("SELECT count(*), count(DISTINCT student) FROM lines").fetchone()
        runs = database.execute("SELECT count(*), count(DISTINCT key) FROM executions").fetchone()
    assert (*lines, *runs) == (6, 6, 5, 5)

    assert main([*words, "--force"]) == 1
    said = capsys.readouterr().out
    assert "6 submissions in " in said and "\n5 had been run before, and were taken from the records.\n" in said
