"""Shows what came of grading a class: a table, and below it what the instructor should look at."""

from collections.abc import Sequence
from dataclasses import dataclass

from autograder.authoring.assignment import Assignment
from autograder.judging.report import printable, table
from autograder.running.answers import NOT_THEIR_OWN
from autograder.running.records import UNGRADED, Grading

MAX_NAMED = 10  # students of one kind that are named below the table


@dataclass
class Result:
    """Holds the grading of one submission, and how many seconds it took."""

    grading: Grading
    seconds: float
    penalty: float = 0.0  # for being late
    kept_aside: float | None = None  # the score that an ungraded submission had before
    is_new: bool = True  # False if nothing was handed in since this grading
    was_run: bool = True  # False if the same had been run before, or nothing was
    worked: float = 0.0  # of the seconds, those of a worker ahead of nbgrader
    running: int = 0  # how many others are in a worker at this moment

    @property
    def ungraded(self) -> bool:
        return self.grading.status == UNGRADED

    @property
    def score(self) -> float:
        return sum(verdict["score"] for verdict in self.grading.verdicts)

    @property
    def mistakes(self) -> list[str]:
        return [mistake for verdict in self.grading.verdicts for mistake in verdict["mistakes"]]


def as_table(
    assignment: Assignment, results: list[Result], out_of_date: Sequence[str] = (), absent: Sequence[str] = ()
) -> str:
    """Return a table with the points and mistakes of each student, followed by what the instructor should look at.

    out_of_date  students whose grade is of an earlier source of the assignment
    absent       students who have handed in nothing
    """
    exercises = assignment.source.points
    late = any(result.penalty for result in results)
    head = ["student", *(f"({number})" for number in range(1, len(exercises) + 1)), "sum"]
    rows = [_row(result, list(exercises), late) for result in results]
    legend = ", ".join(f"({number}) {name} of {most:g}" for number, (name, most) in enumerate(exercises.items(), 1))
    columns = [*head, *(["late"] if late else []), "seconds", "mistakes named"]
    lines = [table(columns, rows), f"points: {legend}", ""]
    for grading in (result.grading for result in results if result.grading.anomalies):
        first = next((odd for odd in grading.anomalies if NOT_THEIR_OWN in odd), grading.anomalies[0])
        lines.append(printable(f"to look at, {grading.student}: {first}") + _more(grading.anomalies))
    if absent:
        lines.append(f"handed in nothing: {_named(absent)}")
    if any(not result.ungraded and result.grading.isolation == "none" for result in results):
        lines.append("Graded without isolation: the students' code could read and forge.")
    if out_of_date:
        lines.append(
            f"The source or the hidden tests have changed since these were graded: {_named(out_of_date)}. "
            f"To grade them anew: python -m autograder grade {assignment.name} --force"
        )
    return "\n".join([*lines, _counted(results)])


def _row(result: Result, exercises: list[str], late: bool) -> list[str]:
    scores = {verdict["exercise"]: f"{verdict['score']:g}" for verdict in result.grading.verdicts}
    points = [scores.get(exercise, "") for exercise in exercises]
    found = "; ".join(result.mistakes)
    if result.ungraded:
        found = f"ungraded: {result.grading.reason}"
        found += "" if result.kept_aside is None else f" (the score before, {result.kept_aside:.4g}, is kept aside)"
    penalty = [f"-{result.penalty:g}" if result.penalty else ""] if late else []
    total = "" if result.ungraded else f"{result.score:g}"
    seconds = f"{result.seconds:.1f}" if result.is_new else ""
    return [printable(result.grading.student), *points, total, *penalty, seconds, printable(found)]


def _counted(results: list[Result]) -> str:
    ungraded = sum(result.ungraded for result in results)
    unchanged = sum(not result.is_new for result in results)
    named = sum(len(result.mistakes) for result in results)
    said = f"{len(results) - ungraded - unchanged} graded, {ungraded} ungraded, {named} mistakes named."
    return said + (f" {unchanged} have not changed since they were graded, and were left alone." if unchanged else "")


def _named(students: Sequence[str]) -> str:
    shown = ", ".join(printable(student) for student in students[:MAX_NAMED])
    return shown + (f" and {len(students) - MAX_NAMED} more" if len(students) > MAX_NAMED else "")


def _more(anomalies: list[str]) -> str:
    return f", and {len(anomalies) - 1} more: see the export" if len(anomalies) > 1 else ""
