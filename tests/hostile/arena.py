"""Makes the folder in which the corpus is graded: a copy of the course, and targets made for the attacks."""

import json
import os
import secrets
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from autograder.running.records import ANOMALIES, GRADED, Grading, Records
from this_course import copy_course

from .kind import Kind, Surroundings

ASSIGNMENT = "01_attention"
LIMITS = "\nc.Execute.timeout = 7\nc.Run.question_timeout = 4\nc.Execute.iopub_timeout = 10\n"
NBGRADERS = ("nbgrader", "autograde")
OURS = (sys.executable, "-m", "autograder", "grade", "--jobs", "2")
STATUSES = {GRADED: "graded", ANOMALIES: "anomalies"}


@dataclass
class Treatment:
    """Tells how a grader has treated a submission."""

    status: str  # "graded", "anomalies", "ungraded" or "lost"
    score: float | None = None
    reason: str = ""

    def __str__(self) -> str:
        return self.status if self.score is None else f"{self.status}, {self.score:g}"

    def is_right(self, kind: Kind) -> bool:
        """Return whether status and score are those that the kind must get, and the reason contains the kind's."""
        return (self.status, self.score) == (kind.status, kind.score) and kind.reason in self.reason


@contextmanager
def surroundings(folder: Path) -> Iterator[tuple[Surroundings, list[str]]]:
    """Make the targets of the attacks, and yield them with a list of the damage, which is complete at the end."""
    damage: list[str] = []
    folder.mkdir(parents=True)
    canary, secret = folder / "canary.txt", folder / "secret.txt"
    canary.write_text("as it was")
    secret.write_text(secrets.token_hex())
    with ExitStack() as stack:
        port = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        victim = stack.enter_context(subprocess.Popen(["sleep", "100000"]))
        stack.callback(victim.kill)
        aims = Surroundings(port.getsockname()[1], victim.pid, canary, secret, "SECRET_OF_THE_CLASS", folder / "course")
        others = [stack.enter_context(socket.socket(socket.AF_UNIX)) for _ in range(2)]
        for listener, address in zip(others, (str(aims.sibling), aims.abstract), strict=True):
            listener.bind(address)
            listener.listen()
        for listener in (port, *others):
            threading.Thread(target=_count, args=(listener, damage), daemon=True).start()
        yield aims, damage
        if victim.poll() is not None:
            damage.append("the victim was killed")
        if canary.read_text() != "as it was":
            damage.append("the canary was changed")


def _count(listener: socket.socket, damage: list[str]) -> None:
    with suppress(OSError):
        while True:
            listener.accept()[0].close()
            damage.append("somebody connected")


def prepare(aims: Surroundings, students: dict[str, object]) -> None:
    """Copy the course, build it, and hand in a submission for each student.

    students  {student: notebook, the bytes of its file, or a function that fills the submission's folder}
    """
    course = aims.course
    copy_course(course, ASSIGNMENT)
    with (course / "nbgrader_config.py").open("a") as file:
        file.write(LIMITS)
    run(aims, sys.executable, "-m", "autograder", "build")
    for student, made in students.items():
        folder = course / "classroom" / "submitted" / student / ASSIGNMENT
        folder.mkdir(parents=True)
        if callable(made):
            made(folder)
        elif isinstance(made, bytes):
            (folder / f"{ASSIGNMENT}.ipynb").write_bytes(made)
        else:
            # As JSON, whatever nbformat thinks of it.
            (folder / f"{ASSIGNMENT}.ipynb").write_text(json.dumps(made), encoding="utf-8")


def start(aims: Surroundings, *words: str) -> subprocess.Popen:
    """Start a command in the course's folder, with the secret in its environment."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    own = {"PATH": path, "PYTHONPATH": str(aims.course), aims.secret_variable: aims.secret.read_text()}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    return subprocess.Popen(words, cwd=aims.course, env=os.environ | own, text=True, **pipes)


def run(aims: Surroundings, *words: str) -> int:
    """Run a command as ``start`` does, wait for its end, and return its exit status."""
    with start(aims, *words) as process:
        process.communicate()
    return process.returncode


def with_ours(aims: Surroundings, *command: str) -> tuple[dict[str, Treatment], int]:
    """Grade a prepared course in one command. Return the treatment of each student, and the exit status.

    command  its words before the assignment's name (default: nbgrader's own)
    """
    status = run(aims, *(command or NBGRADERS), ASSIGNMENT)
    records = Records(folder=str(aims.course / "classroom" / "records"))
    gradings = {name: records.last(name, ASSIGNMENT) for name in os.listdir(aims.course / "classroom" / "submitted")}
    return {name: _treatment(grading) for name, grading in gradings.items() if grading}, status


def _treatment(grading: Grading) -> Treatment:
    if grading.status not in STATUSES:
        return Treatment("ungraded", None, grading.reason)
    return Treatment(STATUSES[grading.status], sum(verdict["score"] for verdict in grading.verdicts))
