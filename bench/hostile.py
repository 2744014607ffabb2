"""Grades the corpus in tests/hostile with stock nbgrader, whose kernels are not confined, and with ours.

    python bench/hostile.py [--only WORDS]

It prints the result for each kind, and takes half an hour. The corpus is harmless by construction. The exit status is 1
if ours treats one kind wrongly.
"""

import argparse
import json
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import nbformat
from tqdm import tqdm

from autograder.authoring.release import WITHOUT_JUDGE
from autograder.judging.report import table

# The corpus and its arena are the tests' own, and no package.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
from hostile import KINDS, Kind, Surroundings  # noqa: E402
from hostile.arena import ASSIGNMENT, Treatment, prepare, run, start, surroundings, with_ours  # noqa: E402
from this_course import leave_to_nbgrader, load  # noqa: E402

# Stock nbgrader grades one student after the other in a process of its own, and says what came of each.
STOCK = """
import json, sys
from nbgrader.api import Gradebook
from nbgrader.apps.api import NbGraderAPI
from pathlib import Path
from autograder.authoring.course import Course
settings = Course.at(Path(sys.argv[1])).config
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
MARK = "came of it: "  # submissions write to the same terminal
PATIENCE = 150  # seconds for one submission, after which stock nbgrader is taken to hang


def as_stock(aims: Surroundings) -> None:
    """Turn a prepared course into one of stock nbgrader, whose only tests are the visible checks."""
    course = aims.course
    leave_to_nbgrader(course)
    with (course / "nbgrader_config.py").open("a") as settings:
        settings.write("c.Execute.timeout = 10\n")
    path = course / "classroom" / "source" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        cell.source = cell.source.removesuffix(WITHOUT_JUDGE)
    nbformat.write(notebook, path)
    run(aims, "nbgrader", "generate_assignment", ASSIGNMENT, "--force")


def with_stock(aims: Surroundings, students: list[str]) -> Iterator[tuple[str, Treatment]]:
    """Grade a course of stock nbgrader, one student after the other, and yield the name and treatment of each.

    If nbgrader dies or hangs over a student, that student is "lost", and a new process goes on with the next.
    """
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
                yield waiting.pop(0), Treatment("lost", None, "nbgrader died or hung")
                break
            student, success, score, error = json.loads(line.removeprefix(MARK))
            yield waiting.pop(0), Treatment("graded", score) if success else Treatment("ungraded", None, error)
        worker.kill()
        worker.wait()


def compare(folder: Path, kinds: list[Kind]) -> Iterator[tuple[Kind, Treatment, Treatment]]:
    """Yield each kind with the treatment by stock nbgrader and the treatment by ours.

    Raises RuntimeError if the confined kernel let an attack do damage.
    """
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
            yield by_student[student], stock, ours.get(student, Treatment("lost"))


def is_fair(stock: Treatment, kind: Kind) -> bool:
    """Return whether stock nbgrader gives the right points, or leaves ungraded what cannot be graded.

    It knows no anomalies and no reasons, so that these are not compared.
    """
    return (stock.status == "ungraded", stock.score) == (kind.status == "ungraded", kind.score)


def as_table(rows: list[tuple[Kind, Treatment, Treatment]]) -> str:
    """Return a table of all kinds and both treatments, with a line of totals below it."""

    def word(right: bool) -> str:
        return "yes" if right else "NO"

    shown = [
        [kind.name, str(stock), word(is_fair(stock, kind)), str(ours), word(ours.is_right(kind))]
        for kind, stock, ours in rows
    ]
    right = [sum(row[column] == "yes" for row in shown) for column in (2, 4)]
    head = ["submission", "stock nbgrader", "fair", "ours", "right"]
    return (
        f"{table(head, shown)}\n\n{len(rows)} kinds: stock nbgrader is fair to {right[0]}, ours right about {right[1]}."
    )


def main(only: str) -> int:
    kinds = [kind for kind in KINDS if only in kind.name]
    if not kinds:
        sys.exit(f"No kind's name contains {only!r}.")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        rows = list(tqdm(compare(Path(folder), kinds), total=len(kinds), desc="hostile"))
    print(as_table(rows))
    return int(not all(ours.is_right(kind) for kind, _, ours in rows))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python bench/hostile.py", description=__doc__.split("\n")[0])
    parser.add_argument("--only", default="", metavar="WORDS", help="kinds whose name contains this")
    sys.exit(main(**vars(parser.parse_args())))
