"""Grades a class through nbgrader, one submission after the other, and says what came of each."""

import glob
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nbgrader.apps.api import NbGraderAPI
from nbgrader.converters.base import NbGraderException
from traitlets.config import Config

from autograder.assignment import Assignment
from autograder.execute import Execute
from autograder.intake import refusal
from autograder.kernel import doctor
from autograder.records import UNGRADED, Line, Records
from autograder.report import printable, table


@dataclass
class Result:
    line: Line
    seconds: float

    @property
    def ungraded(self) -> bool:
        return self.line.status == UNGRADED

    @property
    def score(self) -> float:
        return sum(verdict["score"] for verdict in self.line.verdicts)

    @property
    def mistakes(self) -> list[str]:
        return [mistake for verdict in self.line.verdicts for mistake in verdict["mistakes"]]


def submitted(settings: Config, assignment: str) -> list[str]:
    """The students who handed something in, whatever it is."""
    course = NbGraderAPI(config=settings).coursedir
    pattern = course.format_path(course.submitted_directory, "*", glob.escape(assignment))
    return sorted(Path(folder).parent.name for folder in glob.glob(pattern, include_hidden=True))


def grade(settings: Config, assignment: str, students: list[str]) -> Iterator[Result]:
    """Grade these students' submissions, anew if they have been graded. What was run before is not run again.

    Raises NbGraderException where nothing can be graded at all, and KeyboardInterrupt at Ctrl-C: what was graded stays.
    """
    api = NbGraderAPI(config=settings)
    execute = Execute(config=settings)
    records = Records(Path(execute.records))
    if execute.sandbox and (why := doctor.missing()):
        raise NbGraderException(refusal(why))
    for student in students:
        began, before = time.monotonic(), records.last(student, assignment)
        said = api.autograde(assignment, glob.escape(student).replace(" ", "[ ]"))  # nbgrader strips spaces
        if "KeyboardInterrupt" in said.get("error", ""):  # nbgrader catches it, and tells us
            raise KeyboardInterrupt
        line = records.last(student, assignment)
        if line is None or line == before:  # it did not come as far as our own steps
            why = f"nbgrader failed: {_last_line(said)}"
            records.write(Line(student, assignment, UNGRADED, why, execute.isolation))
            line = records.last(student, assignment)
        yield Result(line, time.monotonic() - began)


def as_table(assignment: Assignment, results: list[Result]) -> str:
    """Points, and what was found; then, for the instructor, whatever is odd."""
    exercises = assignment.source.points
    numbers = [f"({number})" for number in range(1, len(exercises) + 1)]
    rows = []
    for result in results:
        scores = {verdict["exercise"]: f"{verdict['score']:g}" for verdict in result.line.verdicts}
        points = [scores.get(exercise, "") for exercise in exercises]
        found = f"ungraded: {result.line.reason}" if result.ungraded else "; ".join(result.mistakes)
        total = "" if result.ungraded else f"{result.score:g}"
        rows.append([printable(result.line.student), *points, total, f"{result.seconds:.1f}", printable(found)])
    legend = ", ".join(f"({number}) {name} of {most:g}" for number, (name, most) in enumerate(exercises.items(), 1))
    lines = [table(["student", *numbers, "sum", "seconds", "mistakes named"], rows), f"points: {legend}", ""]
    odd = [result.line for result in results if result.line.anomalies]
    for line in odd:
        lines.append(printable(f"to look at, {line.student}: {line.anomalies[0]}") + _more(line.anomalies))
    if any(not result.ungraded and result.line.isolation == "none" for result in results):
        lines.append("Graded without isolation: the students' code could read and forge.")
    ungraded = sum(result.ungraded for result in results)
    named = sum(len(result.mistakes) for result in results)
    lines.append(f"{len(results) - ungraded} graded, {ungraded} ungraded, {named} mistakes named.")
    return "\n".join(lines)


def _more(anomalies: list[str]) -> str:
    return f", and {len(anomalies) - 1} more: see the export" if len(anomalies) > 1 else ""


def _last_line(said: dict) -> str:
    lines = [line for line in said.get("error", "").splitlines() if line.strip()]
    return lines[-1][:300] if lines else "it did not say why"
