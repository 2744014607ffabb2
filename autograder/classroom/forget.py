"""Removes a student from the records and the gradebook, and names the folders that remain to be deleted by hand."""

import glob
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry

from autograder.authoring.course import Course
from autograder.classroom.lms.roster import folder_of
from autograder.errors import NotFound
from autograder.judging.report import printable
from autograder.running.records import Records


def forget(course: Course, student: str) -> str:
    """Remove a student. Return a text that says what was removed, and which folders are left to be deleted by hand.

    Raises NotFound if no student of that name is known.
    """
    lines = Records(config=course.config).forget(student)
    with Gradebook(course.db_url, course.course_id) as gradebook:
        try:
            gradebook.remove_student(student)
            known = True
        except (MissingEntry, UnicodeEncodeError):  # a name that is no text in UTF-8 is not in the gradebook
            known = False
    steps = (course.submitted_directory, course.autograded_directory, course.feedback_directory)
    folders = [
        Path(folder) for step in steps for folder in glob.glob(course.format_path(step, glob.escape(student), "*"))
    ]
    if not (lines or known or folders):
        raise NotFound(f"Nobody called {student} is in the records, the gradebook or the classroom.")
    said = [f"Removed {lines} gradings from the records" + (", and the student from the gradebook." if known else ".")]
    said += [f"left, to delete by hand: {printable(str(folder))}" for folder in folders]
    lists = sorted(folder_of(course).glob("*.csv"))
    said += [f"a list of the class may name the student still, as a backup may: {printable(str(p))}" for p in lists]
    said += ["Tables of grades, reports with names, and nbgrader's exchange may name the student, too."]
    return "\n".join(said)
