"""Grades again what was graded last, and shows first who would gain by it, and who would lose.

What is judged is the notebook that was graded, which nbgrader keeps, and never a newer one that has been handed in
since. nbgrader is given a class of those notebooks, in a folder that stands in for what was handed in. So manual grades
stand as they do when a submission is graded again, and the same code is not run again.
"""

import copy
import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING

from nbgrader.api import Gradebook
from traitlets.config import Config

from autograder.authoring.course import Course
from autograder.bounded import Exceeded, Worker
from autograder.classroom.admission import reason
from autograder.classroom.again import Again
from autograder.classroom.ahead import Ahead
from autograder.classroom.grade import grade
from autograder.classroom.gradebook import must_fit
from autograder.classroom.in_worker import InWorker, portable, take, worker
from autograder.classroom.reading import admit
from autograder.classroom.results import Result
from autograder.errors import NotFound
from autograder.judging.judge import GiveVerdicts
from autograder.judging.report import printable, table
from autograder.running.execute import NeverRun
from autograder.running.read import Damaged
from autograder.running.records import UNGRADED, Grading, Records
from autograder.running.submission import source
from autograder.running.time_limits import TooBusy

if TYPE_CHECKING:
    from autograder.classroom.cluster import Cluster

FACTS = {  # that an execution depends on, in words
    "questions": "hidden tests",
    "parts": "parts.py",
    "shown": "what notebooks import",
    "versions": "libraries",
    "settings": "limits",
}


@dataclass
class Change:
    """Holds what one student's grade was, and what it would be."""

    before: Grading
    verdicts: list[dict] = field(default_factory=list)
    failed: str = ""  # why it cannot be judged again, and stays as it is

    @property
    def student(self) -> str:
        return self.before.student

    @property
    def gain(self) -> float:
        """Return the points that the student would gain; they are negative if the student would lose some."""
        return 0.0 if self.failed else round(_total(self.verdicts) - _total(self.before.verdicts), 2)

    @property
    def other_feedback(self) -> bool:
        return not self.failed and self.verdicts != self.before.verdicts


class Regrading:
    """Judges the class of an assignment again. It is a context: what it needs on the disk is gone after it.

    jobs     how many submissions are judged, and if they must be, run at once
    cluster  whose workers run them, if it is not this machine

    Raises UserError if the gradebook and the source do not fit, and NotFound if nothing has been graded.
    """

    def __init__(self, course: Course, name: str, jobs: int = 1, cluster: "Cluster | None" = None):
        self._course, self.name, self._jobs, self._cluster = course, name, jobs, cluster
        self.assignment = course.assignment(name)
        must_fit(course, self.assignment)
        lines = [line for line in Records(config=course.config).latest() if line.assignment == name]
        self._lines = {line.student: line for line in lines if line.status != UNGRADED}
        if not self._lines:
            raise NotFound(f"Nothing of {name} has been graded yet.")

    def __enter__(self) -> "Regrading":
        self._open = _graded_ones(self._course, self.name, list(self._lines))
        self._stand_in, self._times = self._open.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self._open.__exit__(*exception)

    def __len__(self) -> int:
        """Return how many submissions there are."""
        return len(self._lines)

    def changes(self, say: Callable[[str], None], on_step: Callable[[], object] = lambda: None) -> Iterator[Change]:
        """Yield what would change for each student, sorted by their names. What must be run again is run.

        say      is told what is run again, and why, before anything is
        on_step  is called as soon as it is known of one more
        """
        found, to_run, why = {}, [], set()
        for student, (verdicts, changed) in self._known():
            if changed is None:
                found[student] = verdicts
                on_step()
            else:
                to_run.append(student)
                why.update(changed)
        if to_run:
            since = f"there have been changes to: {', '.join(sorted(why))}" if why else "given cells have changed"
            say(f"{len(to_run)} of {len(self._lines)} submissions have to be run again, since {since}.")
        config, jobs = self._stand_in.config, min(self._jobs, len(to_run))
        at_once = bool(to_run) and (jobs > 1 or self._cluster is not None)
        config.InWorker.warms_up = bool(to_run) and not at_once
        with Ahead(self._stand_in, self.name, to_run, jobs, self._cluster) if at_once else nullcontext() as ahead:
            for student, line in self._lines.items():
                if student not in found:
                    broken = ahead.wait(student) if ahead else None
                    found[student] = reason(broken) if broken else self._judged(student, worker(config), run=True)[0]
                    on_step()
                failed = found[student] if isinstance(found[student], str) else ""
                yield Change(line, [] if failed else found[student], failed)

    def apply(self, changes: list[Change]) -> Iterator[Result]:
        """Write what has changed through nbgrader, and yield what became of each submission."""
        now = source(self.assignment, GiveVerdicts(config=self._course.config).settings)
        students = [
            one.student for one in changes if not one.failed and (one.other_feedback or one.before.source != now)
        ]
        for result in grade(self._stand_in, self.name, students, force=True):
            student = result.grading.student
            folder = Path(self._course.format_path(self._course.autograded_directory, student, self.name))
            if student in self._times and folder.is_dir():  # so that feedback is that of the same submission
                (folder / "timestamp.txt").write_text(self._times[student], encoding="utf-8")
            yield result

    def by_hand(self) -> list[str]:
        """Return the students to whom a person has given points for an exercise, whatever the judge finds."""
        checks = {f"check_{name}" for name in self.assignment.source.exercises}
        with Gradebook(self._course.db_url, self._course.course_id) as gradebook:
            return [
                found.student_id
                for found in gradebook.assignment_submissions(self.name)
                if any(g.manual_score is not None and g.name in checks for book in found.notebooks for g in book.grades)
            ]

    def _known(self) -> Iterator[tuple[str, tuple[list[dict] | str, list[str] | None]]]:
        """Yield each student, and what ``_judged`` finds where nothing is run: several at once."""
        self._stand_in.config.InWorker.warms_up = False  # no kernel is needed
        more = [Worker(config=self._course.config) for _ in range(1, min(self._jobs, len(self._lines)))]
        workers = [worker(self._stand_in.config), *more]
        try:
            with ThreadPoolExecutor(len(workers)) as pool:
                yield from zip(self._lines, pool.map(self._judged, self._lines, cycle(workers)), strict=True)
        finally:
            for one in more:
                one.stop()

    def _judged(self, student: str, by: Worker, run: bool = False) -> tuple[list[dict] | str, list[str] | None]:
        """Return the verdicts, or why there are none, and None; or what has changed, if it must be run for that."""
        config = portable(self._stand_in.config)
        folder = self._stand_in.format_path(self._stand_in.submitted_directory, student, self.name)
        path = Path(folder, f"{self.name}.ipynb")
        try:
            return by.do(_judged, path, student, self.name, config, run)
        except (Exceeded, Damaged, TooBusy, OSError, RuntimeError) as error:
            return reason(error), None


def _judged(path: Path, student: str, name: str, config: Config, run: bool) -> tuple[list[dict], list[str] | None]:
    """Judge a graded notebook again. Return what was found, and the names of what has changed if it was not run."""
    config.Execute.runs = run
    notebook, resources = admit(path, {"nbgrader": {"student": student, "assignment": name}}, config)
    try:
        notebook, _ = take(InWorker(config=config).steps, notebook, resources, config)
    except NeverRun as never:
        records, now = Records(config=config), never.fingerprint.facts
        ran = records.execution_of(records.last_graded(student, name))
        facts = ran[1] if ran else {}
        return [], [FACTS.get(fact, fact) for fact in facts if facts[fact] != now.get(fact)]
    return [dict(verdict) for verdict in notebook.metadata.autograder.verdicts], None


@contextmanager
def _graded_ones(course: Course, name: str, students: list[str]) -> Iterator[tuple[Course, dict[str, str]]]:
    """Yield a course to which the notebooks that were graded last have been handed in.

    Yield with it, by student, what timestamp.txt says of those of whom nobody knows when they handed in.
    """
    around = course.folder(course.autograded_directory).parent
    with tempfile.TemporaryDirectory(dir=around, prefix=".regrade-") as folder:
        config = copy.deepcopy(course.config)
        config.CourseDirectory.submitted_directory = folder
        config.Reading.steps = [f"{Again.__module__}.{Again.__name__}"]
        config.Records.since = 0  # what the grades rest on counts, even if the clock had a say in it
        made, kept = Course(config=config), {}
        with Gradebook(course.db_url, course.course_id) as gradebook:
            times = {found.student_id: found.timestamp for found in gradebook.assignment_submissions(name)}
        for student in students:
            graded = Path(course.format_path(course.autograded_directory, student, name))
            handed = Path(made.format_path(folder, student, name))
            if graded.is_dir():
                shutil.copytree(graded, handed, symlinks=True)
                time = handed / "timestamp.txt"
                if times.get(student) is None and time.is_file():  # we have written it ourselves: it cannot be late
                    kept[student] = time.read_text(encoding="utf-8")
                    time.unlink()
        yield made, kept


def as_text(changes: list[Change], by_hand: list[str]) -> str:
    """Return a table of the points that change, with what was found then and now, and below it who gains and loses."""
    rows = []
    for change in changes:
        then = {verdict["exercise"]: verdict for verdict in change.before.verdicts}
        now = {verdict["exercise"]: verdict for verdict in change.verdicts}
        for exercise in [] if change.failed else {**then, **now}:
            old, new = then.get(exercise), now.get(exercise)
            if _points(old) != _points(new):
                rows.append([printable(change.student), exercise, _points(old), _points(new), _found(old), _found(new)])
    gain, lose = (sum(sign * change.gain > 0 for change in changes) for sign in (1, -1))
    lines = [table(["student", "exercise", "then", "now", "found then", "found now"], rows), ""] if rows else []
    lines += [printable(f"stays as it is, {one.student}: {one.failed}") for one in changes if one.failed]
    if stands := sorted({row[0] for row in rows} & {printable(student) for student in by_hand}):
        lines.append(f"a person gave points to these, which stand, and should look again: {', '.join(stands)}")
    said = f"{gain} gain points, {lose} lose some, {len(changes) - gain - lose} keep theirs."
    others = sum(change.other_feedback for change in changes)
    return "\n".join([*lines, f"{said} The feedback of {others} is another one."])


def _points(verdict: dict | None) -> str:
    return f"{verdict['score']:g}" if verdict else ""


def _found(verdict: dict | None) -> str:
    return printable("; ".join(verdict["mistakes"])) if verdict else ""


def _total(verdicts: list[dict]) -> float:
    return sum(verdict["score"] for verdict in verdicts)
