"""Grades the corpus of hostile and broken submissions in tests/hostile, with stock nbgrader and with ours.

All of it runs in a folder of its own: a copy of the course, and what the attacks aim at, made for them.
"""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import nbformat

from autograder.assignment import ROOT, load
from autograder.build import WITHOUT_JUDGE
from autograder.records import ANOMALIES, GRADED, Line, Records
from autograder.report import table

sys.path.insert(0, str(ROOT / "tests"))
from hostile import KINDS, Kind, Surroundings  # noqa: E402  the tests' own, and no part of the grader

ASSIGNMENT = "01_attention"
COURSE = ["autograder", "course", "solutions", "nbgrader_config.py", "pyproject.toml"]
LIMITS = "\nc.Execute.timeout = 7\nc.Execute.question_timeout = 4\nc.Execute.iopub_timeout = 10\n"
OUTCOMES = {GRADED: "graded", ANOMALIES: "anomalies"}


@dataclass
class Outcome:
    """What a grader made of a submission."""

    status: str  # "graded", "anomalies", "ungraded" or "lost"
    score: float | None = None
    reason: str = ""

    def __str__(self) -> str:
        return self.status if self.score is None else f"{self.status}, {self.score:g}"

    def is_right(self, kind: Kind) -> bool:
        return (self.status, self.score) == (kind.outcome, kind.score) and kind.reason in self.reason

    def is_fair(self, kind: Kind) -> bool:
        """The right points, or none for what cannot be graded. Stock nbgrader knows of no anomalies, and no reasons."""
        return (self.status == "ungraded", self.score) == (kind.outcome == "ungraded", kind.score)


@contextmanager
def surroundings(folder: Path) -> Iterator[tuple[Surroundings, list[str]]]:
    """What the attacks aim at, and a list of the damage, which is complete when this ends."""
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
    """A copy of the course, built, with these submissions: notebooks, bytes, or functions that fill the folder."""
    course = aims.course
    left_out = shutil.ignore_patterns("__pycache__", "*.egg-info", ".ipynb_checkpoints")
    for name in COURSE:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, course / name, ignore=left_out)
        else:
            shutil.copy(ROOT / name, course / name)
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
    """A command in the course, in whose environment is the secret."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    own = {"PATH": path, "PYTHONPATH": str(aims.course), aims.secret_variable: aims.secret.read_text()}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    return subprocess.Popen(words, cwd=aims.course, env=os.environ | own, text=True, **pipes)


def run(aims: Surroundings, *words: str) -> int:
    with start(aims, *words) as process:
        process.communicate()
    return process.returncode


def with_ours(aims: Surroundings) -> tuple[dict[str, Outcome], int]:
    """Of a prepared course, in one `nbgrader autograde`: an outcome for each student, and the exit status."""
    status = run(aims, "nbgrader", "autograde", ASSIGNMENT)
    records = Records(aims.course / "classroom" / "records")
    lines = {name: records.last(name, ASSIGNMENT) for name in os.listdir(aims.course / "classroom" / "submitted")}
    return {name: _outcome(line) for name, line in lines.items() if line}, status


def _outcome(line: Line) -> Outcome:
    if line.status not in OUTCOMES:
        return Outcome("ungraded", None, line.reason)
    return Outcome(OUTCOMES[line.status], sum(verdict["score"] for verdict in line.verdicts))


# Stock nbgrader grades one student after the other in a process of its own, and says what came of each.
STOCK = """
import json, sys
from nbgrader.api import Gradebook
from nbgrader.apps.api import NbGraderAPI
from autograder.config import course
settings = course(sys.argv[1])
api = NbGraderAPI(config=settings)
for student in json.loads(sys.stdin.read()):
    said = api.autograde({assignment!r}, student)
    score = None
    if said["success"]:
        with Gradebook(settings.CourseDirectory.db_url) as gradebook:
            submission = gradebook.find_submission({assignment!r}, student)
            score = sum(grade.auto_score or 0 for notebook in submission.notebooks for grade in notebook.grades)
    lines = (said.get("error") or "").strip().splitlines()
    print({mark!r} + json.dumps([student, said["success"], score, lines[-1] if lines else ""]), flush=True)
"""
MARK = "outcome: "  # submissions write to the same terminal
PATIENCE = 150  # seconds for one submission, after which stock nbgrader is taken to hang


def as_stock(aims: Surroundings) -> None:
    """Make a prepared course one of nbgrader alone, whose visible checks are all its tests."""
    course = aims.course
    settings = course / "nbgrader_config.py"
    text = settings.read_text()
    settings.write_text(text[: text.index("# A submission is rebuilt")] + "c.Execute.timeout = 10\n")
    path = course / "classroom" / "source" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        cell.source = cell.source.removesuffix(WITHOUT_JUDGE)
    nbformat.write(notebook, path)
    run(aims, "nbgrader", "generate_assignment", ASSIGNMENT, "--force")


def with_stock(aims: Surroundings, students: list[str]) -> Iterator[tuple[str, Outcome]]:
    waiting = list(students)
    while waiting:
        code = STOCK.format(assignment=ASSIGNMENT, mark=MARK)
        worker = start(aims, sys.executable, "-c", code, str(aims.course))
        worker.stdin.write(json.dumps(waiting))
        worker.stdin.close()
        while waiting:
            watch = threading.Timer(PATIENCE, worker.kill)
            watch.start()
            line = next((line for line in worker.stdout if line.startswith(MARK)), "")
            watch.cancel()
            if not line:  # it was killed, by us or by the submission: on with the next
                yield waiting.pop(0), Outcome("lost", None, "nbgrader died or hung")
                break
            student, success, score, error = json.loads(line.removeprefix(MARK))
            yield waiting.pop(0), Outcome("graded", score) if success else Outcome("ungraded", None, error)
        worker.kill()
        worker.wait()


def compare(folder: Path, kinds: list[Kind] = KINDS) -> Iterator[tuple[Kind, Outcome, Outcome]]:
    """Each kind, what stock nbgrader makes of it, and what ours does."""
    assignment = load(ASSIGNMENT)
    with surroundings(folder / "ours") as (aims, damage):
        prepare(aims, {kind.student_id: kind.make(assignment, aims) for kind in kinds})
        ours, _ = with_ours(aims)
    if damage:
        raise RuntimeError(f"the confined kernel has let through: {', '.join(sorted(set(damage)))}")
    with surroundings(folder / "stock") as (aims, _):
        prepare(aims, {kind.student_id: kind.make(assignment, aims) for kind in kinds})
        as_stock(aims)
        by_student = {kind.student_id: kind for kind in kinds}
        for student, stock in with_stock(aims, list(by_student)):
            yield by_student[student], stock, ours.get(student, Outcome("lost"))


def as_table(rows: list[tuple[Kind, Outcome, Outcome]]) -> str:
    def word(right: bool) -> str:
        return "yes" if right else "NO"

    shown = [
        [kind.name, str(stock), word(stock.is_fair(kind)), str(ours), word(ours.is_right(kind))]
        for kind, stock, ours in rows
    ]
    right = [sum(row[column] == "yes" for row in shown) for column in (2, 4)]
    head = ["submission", "stock nbgrader", "fair", "ours", "right"]
    return (
        f"{table(head, shown)}\n\n{len(rows)} kinds: stock nbgrader is fair to {right[0]}, ours right about {right[1]}."
    )
