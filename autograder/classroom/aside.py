"""Takes a submission that stays ungraded out of the gradebook, and keeps aside what a person had given before it.

In nbgrader's gradebook a submission without a grade counts as 0. So there is none of it while it is ungraded: neither
in the list of graded ones, nor in an average. What it had before comes back with its next grading.
"""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry, SubmittedAssignment
from traitlets.config import Configurable

from autograder.authoring.course import Course
from autograder.running.records import Grading, Records, writable
from autograder.running.submission import submitted


def leave_ungraded(step: Configurable, grading: Grading) -> None:
    """Write an ungraded submission's line into the records, and take the submission out of the gradebook.

    step  anything that has the course's settings
    """
    records, course = Records(parent=step), Course(parent=step)
    folder = course.format_path(course.submitted_directory, grading.student, grading.assignment)
    records.write(replace(grading, submitted=submitted(Path(folder))))
    with Gradebook(course.db_url, course.course_id) as gradebook:
        try:
            submission = gradebook.find_submission(grading.assignment, grading.student)
        except (MissingEntry, UnicodeEncodeError):  # a name that is no text in UTF-8 is not in the gradebook
            return
        if _was_graded(submission):
            _keep(records, grading, _grades(submission))
        gradebook.remove_submission(grading.assignment, grading.student)


def earlier_score(records: Records, student: str, assignment: str) -> float | None:
    """Return the score, without what came off for lateness, that is kept aside. Return None if there is none."""
    kept = _kept(records, student, assignment)
    return kept and kept["score"]


def give_back(step: Configurable, student: str, assignment: str) -> None:
    """Put what was kept aside back into the gradebook, where the submission is again, and not graded yet."""
    records, course = Records(parent=step), Course(parent=step)
    kept = _kept(records, student, assignment)
    if kept is None:
        return
    with Gradebook(course.db_url, course.course_id) as gradebook:
        submission = gradebook.find_submission(assignment, student)
        if not _was_graded(submission):  # else it was never taken out, and its grades are the later ones
            _put(submission, kept)
            gradebook.db.commit()
    with records.open() as database:
        database.execute("DELETE FROM aside WHERE student = ? AND assignment = ?", [writable(student), assignment])


def _was_graded(submission: SubmittedAssignment) -> bool:
    grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
    scores = [score for grade in grades for score in (grade.auto_score, grade.manual_score, grade.extra_credit)]
    return submission.extension is not None or any(score is not None for score in scores)


def _grades(submission: SubmittedAssignment) -> dict:
    return {
        "score": submission.score,
        "extension": submission.extension and submission.extension.total_seconds(),
        "notebooks": {
            notebook.name: {
                "flagged": bool(notebook.flagged),
                "grades": {
                    grade.name: [grade.auto_score, grade.manual_score, grade.extra_credit, grade.needs_manual_grade]
                    for grade in notebook.grades
                },
                "comments": {comment.name: comment.manual_comment for comment in notebook.comments},
            }
            for notebook in submission.notebooks
        },
    }


def _put(submission: SubmittedAssignment, kept: dict) -> None:
    if kept["extension"] is not None:
        submission.extension = timedelta(seconds=kept["extension"])
    for notebook in submission.notebooks:
        found = kept["notebooks"].get(notebook.name)
        if found is None:
            continue
        notebook.flagged = found["flagged"]
        for grade in notebook.grades:
            if grade.name in found["grades"]:
                grade.auto_score, grade.manual_score, grade.extra_credit, grade.needs_manual_grade = found["grades"][
                    grade.name
                ]
        for comment in notebook.comments:
            comment.manual_comment = found["comments"].get(comment.name)


def _keep(records: Records, grading: Grading, grades: dict) -> None:
    with records.open() as database:
        database.execute(
            "INSERT OR REPLACE INTO aside VALUES (?, ?, ?)",
            [writable(grading.student), grading.assignment, json.dumps(grades)],
        )


def _kept(records: Records, student: str, assignment: str) -> dict | None:
    with records.open() as database:
        row = database.execute(
            "SELECT grades FROM aside WHERE student = ? AND assignment = ?", [writable(student), assignment]
        ).fetchone()
    return json.loads(row["grades"]) if row else None
