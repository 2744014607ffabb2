"""Grades a class through nbgrader, one submission after the other, and reports the result of each."""

import glob
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nbgrader.apps.api import NbGraderAPI
from nbgrader.converters.base import NbGraderException

from autograder.authoring.assignment import Assignment
from autograder.authoring.course import Course
from autograder.classroom.admission import refusal
from autograder.judging.report import printable, table
from autograder.running.execute import Execute
from autograder.running.kernel import doctor
from autograder.running.records import UNGRADED, Grading, Records


@dataclass
class Result:
    """Holds the grading of one submission, and how many seconds it took."""

    grading: Grading
    seconds: float

    @property
    def ungraded(self) -> bool:
        return self.grading.status == UNGRADED

    @property
    def score(self) -> float:
        return sum(verdict["score"] for verdict in self.grading.verdicts)

    @property
    def mistakes(self) -> list[str]:
        return [mistake for verdict in self.grading.verdicts for mistake in verdict["mistakes"]]


def submitted(course: Course, assignment: str) -> list[str]:
    """Return the sorted names of all students who have a submission of this assignment, readable or not."""
    pattern = course.format_path(course.submitted_directory, "*", glob.escape(assignment))
    return sorted(Path(folder).parent.name for folder in glob.glob(pattern, include_hidden=True))


def grade(course: Course, assignment: str, students: list[str]) -> Iterator[Result]:
    """Grade these students' submissions, again if they have been graded before, and yield a result for each.

    What was run before, and has not changed, is not run again. Raises NbGraderException if this machine cannot lock in
    students' code, and KeyboardInterrupt at Ctrl-C: what was graded until then is kept.
    """
    api, records = NbGraderAPI(config=course.config), Records(config=course.config)
    execute = Execute(config=course.config)
    if execute.sandbox and (why := doctor.missing()):
        raise NbGraderException(refusal(why))
    for student in students:
        began, before = time.monotonic(), records.last(student, assignment)
        said = api.autograde(assignment, glob.escape(student).replace(" ", "[ ]"))  # nbgrader strips spaces
        if "KeyboardInterrupt" in said.get("error", ""):  # nbgrader catches it, and reports it here
            raise KeyboardInterrupt
        grading = records.last(student, assignment)
        if grading is None or grading == before:  # nbgrader failed before it wrote a line in the records
            why = f"nbgrader failed: {_last_line(said)}"
            records.write(Grading(student, assignment, UNGRADED, why, execute.isolation))
            grading = records.last(student, assignment)
        yield Result(grading, time.monotonic() - began)


def as_table(assignment: Assignment, results: list[Result]) -> str:
    """Return a table with the points and mistakes of each student, followed by what the instructor should look at."""
    exercises = assignment.source.points
    numbers = [f"({number})" for number in range(1, len(exercises) + 1)]
    rows = []
    for result in results:
        scores = {verdict["exercise"]: f"{verdict['score']:g}" for verdict in result.grading.verdicts}
        points = [scores.get(exercise, "") for exercise in exercises]
        found = f"ungraded: {result.grading.reason}" if result.ungraded else "; ".join(result.mistakes)
        total = "" if result.ungraded else f"{result.score:g}"
        rows.append([printable(result.grading.student), *points, total, f"{result.seconds:.1f}", printable(found)])
    legend = ", ".join(f"({number}) {name} of {most:g}" for number, (name, most) in enumerate(exercises.items(), 1))
    lines = [table(["student", *numbers, "sum", "seconds", "mistakes named"], rows), f"points: {legend}", ""]
    odd = [result.grading for result in results if result.grading.anomalies]
    for grading in odd:
        lines.append(printable(f"to look at, {grading.student}: {grading.anomalies[0]}") + _more(grading.anomalies))
    if any(not result.ungraded and result.grading.isolation == "none" for result in results):
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
