"""Removes a student: nothing that was graded of theirs is kept."""

import glob
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry

from autograder.authoring.course import Course
from autograder.judging.report import printable
from autograder.running.records import Records


def forget(course: Course, student: str) -> str:
    """Remove a student. Returns what was removed, and which folders are left for a person to look at and delete.

    Raises LookupError if nobody of that name is known.
    """
    lines = Records(config=course.config).forget(student)
    with Gradebook(course.db_url, course.course_id) as gradebook:
        try:
            gradebook.remove_student(student)
            known = True
        except (MissingEntry, UnicodeEncodeError):  # the gradebook knows nobody whose name is no text
            known = False
    steps = (course.submitted_directory, course.autograded_directory, course.feedback_directory)
    folders = [
        Path(folder) for step in steps for folder in glob.glob(course.format_path(step, glob.escape(student), "*"))
    ]
    if not (lines or known or folders):
        raise LookupError(f"Nobody called {student} is in the records, the gradebook or the classroom.")
    said = [f"Removed {lines} gradings from the records" + (", and the student from the gradebook." if known else ".")]
    said += [f"left, to delete by hand: {printable(str(folder))}" for folder in folders]
    return "\n".join(said)
