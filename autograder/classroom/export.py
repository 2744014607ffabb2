"""Grades as a table for other programs: a status beside every score, and no score where nothing was graded."""

import csv
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.plugins import ExportPlugin

from autograder.execute import Execute
from autograder.records import UNGRADED, Line, Records

COLUMNS = [
    *("assignment", "student_id", "last_name", "first_name", "email", "status", "score", "max_score", "raw_score"),
    *("late_submission_penalty", "to_grade_by_hand", "isolation", "timestamp", "duedate", "remarks"),
]
MISSING = "missing"  # nothing was handed in
STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


class WithStatus(ExportPlugin):
    """A CSV file, grades.csv if no other is named. The plugin of `nbgrader export` in this course."""

    def export(self, gradebook: Gradebook) -> None:
        path = Path(self.to or "grades.csv")
        lines = {(line.student, line.assignment): line for line in Records(Path(Execute(parent=self).records)).latest()}
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            for assignment in gradebook.assignments:
                if self.assignment and assignment.name not in self.assignment:
                    continue
                known = {student.id: student for student in gradebook.students}
                graded = {student for student, name in lines if name == assignment.name}
                for name in sorted(known.keys() | graded):
                    if not self.student or name in map(str, self.student):
                        about = _about(assignment, name, known.get(name))
                        row = about | _outcome(gradebook, assignment, name, lines.get((name, assignment.name)))
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


def _outcome(gradebook: Gradebook, assignment, name: str, line: Line | None) -> dict:
    try:
        submission = gradebook.find_submission(assignment.name, name)
    except MissingEntry:
        submission = None
    if submission is None and line is None:
        return {"status": MISSING, "score": 0.0}
    if submission is None or line is None or line.status == UNGRADED:
        return {"status": UNGRADED, "remarks": line.reason if line else "grading did not come to its end"}
    penalty = submission.late_submission_penalty or 0.0
    return {
        "status": line.status,
        "score": max(0.0, submission.score - penalty),
        "raw_score": submission.score,
        "late_submission_penalty": penalty,
        "to_grade_by_hand": "yes" if submission.needs_manual_grade else "",
        "isolation": line.isolation,
        "timestamp": submission.timestamp,
        "remarks": "; ".join(line.anomalies),
    }


def _plain(value: object) -> str:
    """As text that a spreadsheet shows, and does not execute."""
    text = "" if value is None else str(value).replace("\0", "")
    if text.startswith(STARTS_A_FORMULA) and not isinstance(value, int | float):
        return f"'{text}"
    return text
