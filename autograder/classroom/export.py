"""Writes grades as a table for other programs, with a status beside every score. What is ungraded has no score."""

import csv
import re
from pathlib import Path

from nbgrader.api import Gradebook
from nbgrader.plugins import ExportPlugin

from autograder.authoring.course import Course
from autograder.classroom.standing import Standing, standings
from autograder.running.database import for_the_owner

COLUMNS = [
    *("assignment", "student_id", "last_name", "first_name", "email", "status", "score", "max_score", "raw_score"),
    *("late_submission_penalty", "to_grade_by_hand", "isolation", "timestamp", "duedate", "remarks"),
]
# Where a program may begin to see a formula: behind what separates cells in some country, spaces and quotation marks.
FORMULA = re.compile(r"""(^|[;,\t\r\n])([ "']*)(?=[=+\-@＝＋－＠\t\r\n])""")


class WithStatus(ExportPlugin):
    """Writes grades to a CSV file, grades.csv unless another is named. It is a plugin for `nbgrader export`."""

    def export(self, gradebook: Gradebook) -> None:
        path, course = Path(self.to or "grades.csv"), Course(parent=self)
        with open(path, "w", newline="", encoding="utf-8", opener=for_the_owner) as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            for assignment in gradebook.assignments:
                if self.assignment and assignment.name not in self.assignment:
                    continue
                for standing in standings(course, gradebook, assignment):
                    if not self.student or standing.student in map(str, self.student):
                        row = _row(assignment.name, standing)
                        writer.writerow({column: plain(value) for column, value in row.items()})
        self.log.info("Wrote %s", path)


def _row(assignment: str, standing: Standing) -> dict:
    return {
        "assignment": assignment,
        "student_id": standing.student,
        "late_submission_penalty": standing.penalty if standing.raw_score is not None else None,
        "to_grade_by_hand": "yes" if standing.by_hand else "",
        "remarks": "; ".join(standing.remarks),
    } | {
        name: getattr(standing, name)
        for name in COLUMNS
        if name not in ("assignment", "student_id", "late_submission_penalty", "to_grade_by_hand", "remarks")
    }


def plain(value: object) -> str:
    """Return a value as a text that a spreadsheet shows and does not execute.

    What looks like a formula gets a quotation mark in front. It may stand at the beginning, or behind a character that
    separates cells in some country.
    """
    text = "" if value is None else str(value).replace("\0", "")
    return text if isinstance(value, int | float) else FORMULA.sub(r"\1\2'", text)
