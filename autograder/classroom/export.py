"""Writes grades as a table for other programs, with a status beside every score. What is ungraded has no score."""

import csv
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.plugins import ExportPlugin

from autograder.running.records import UNGRADED, Grading, Records

COLUMNS = [
    *("assignment", "student_id", "last_name", "first_name", "email", "status", "score", "max_score", "raw_score"),
    *("late_submission_penalty", "to_grade_by_hand", "isolation", "timestamp", "duedate", "remarks"),
]
MISSING = "missing"  # nothing was handed in: the score is 0
STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


class WithStatus(ExportPlugin):
    """Writes grades to a CSV file, grades.csv unless another is named. It is a plugin for `nbgrader export`."""

    def export(self, gradebook: Gradebook) -> None:
        path = Path(self.to or "grades.csv")
        gradings = {(found.student, found.assignment): found for found in Records(parent=self).latest()}
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            for assignment in gradebook.assignments:
                if self.assignment and assignment.name not in self.assignment:
                    continue
                known = {student.id: student for student in gradebook.students}
                graded = {student for student, name in gradings if name == assignment.name}
                for name in sorted(known.keys() | graded):
                    if not self.student or name in map(str, self.student):
                        about = _about(assignment, name, known.get(name))
                        grading = gradings.get((name, assignment.name))
                        row = about | _came_of_it(gradebook, assignment, name, grading)
                        writer.writerow({column: _plain(value) for column, value in row.items()})
        self.log.info("Wrote %s", path)


def _about(assignment, name: str, student) -> dict:
    return {
        "assignment": assignment.name,
        "student_id": name,
        "last_name": student and student.last_name,
        "first_name": student and student.first_name,
        "email": student and student.email,
        "max_score": assignment.max_score,
        "duedate": assignment.duedate,
    }


def _came_of_it(gradebook: Gradebook, assignment, name: str, grading: Grading | None) -> dict:
    try:
        submission = gradebook.find_submission(assignment.name, name)
    except MissingEntry:
        submission = None
    if submission is None and grading is None:
        return {"status": MISSING, "score": 0.0}
    if submission is None or grading is None or grading.status == UNGRADED:
        return {"status": UNGRADED, "remarks": grading.reason if grading else "grading did not come to its end"}
    penalty = submission.late_submission_penalty or 0.0
    return {
        "status": grading.status,
        "score": max(0.0, submission.score - penalty),
        "raw_score": submission.score,
        "late_submission_penalty": penalty,
        "to_grade_by_hand": "yes" if submission.needs_manual_grade else "",
        "isolation": grading.isolation,
        "timestamp": submission.timestamp,
        "remarks": "; ".join(grading.anomalies),
    }


def _plain(value: object) -> str:
    """Return a value as a text that a spreadsheet shows and does not execute: a text that looks like a formula gets a
    quotation mark in front."""
    text = "" if value is None else str(value).replace("\0", "")
    if text.startswith(STARTS_A_FORMULA) and not isinstance(value, int | float):
        return f"'{text}"
    return text
