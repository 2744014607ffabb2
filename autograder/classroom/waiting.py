"""Says which submissions wait to be graded: those whose files are not the ones that were graded last."""

import glob
from datetime import datetime
from functools import cached_property
from pathlib import Path

from nbgrader.api import Gradebook

from autograder.authoring.course import Course
from autograder.running.read import Damaged, time_of
from autograder.running.records import UNGRADED, Grading, Records, writable
from autograder.running.session import NOT_CONFINED
from autograder.running.submission import submitted


class Handed:
    """Knows what was handed in of one assignment, and what of it was graded.

    isolation  that of the kernels in which it would be graded now
    """

    def __init__(self, course: Course, assignment: str, isolation: str = NOT_CONFINED):
        self._course, self.assignment, self._isolation = course, assignment, isolation
        # by the names of students as the records hold them
        self.gradings = {
            line.student: line for line in Records(config=course.config).latest() if line.assignment == assignment
        }

    @cached_property
    def students(self) -> list[str]:
        """Return the sorted names of all students who have a submission, readable or not."""
        pattern = self._course.format_path(self._course.submitted_directory, "*", glob.escape(self.assignment))
        return sorted(Path(folder).parent.name for folder in glob.glob(pattern, include_hidden=True))

    @cached_property
    def enrolled(self) -> list[str]:
        """Return the sorted names of all students whom the gradebook knows."""
        with self._gradebook() as gradebook:
            return sorted(student.id for student in gradebook.students)

    @cached_property
    def _times(self) -> dict[str, datetime | None]:
        """Map each student whose submission is in the gradebook to its time."""
        with self._gradebook() as gradebook:
            submissions = gradebook.assignment_submissions(self.assignment)
            return {submission.student_id: submission.timestamp for submission in submissions}

    def _gradebook(self) -> Gradebook:
        return Gradebook(self._course.db_url, self._course.course_id)

    def folder(self, student: str) -> Path:
        return Path(self._course.format_path(self._course.submitted_directory, student, self.assignment))

    def newer(self, student: str) -> bool:
        """Return whether a submission lies there that is not the one which was graded, or left ungraded, last."""
        grading = self.gradings.get(writable(student))
        now = submitted(self.folder(student))
        return bool(now) and (grading is None or grading.submitted not in ("", now))

    def up_to_date(self, student: str) -> Grading | None:
        """Return the grading of what lies there now. Return None if it has to be graded."""
        grading = self.gradings.get(writable(student))
        if grading is None or grading.status == UNGRADED or grading.submitted != submitted(self.folder(student)):
            return None
        if student not in self._times or not self._same_time(student) or not self._autograded(student).is_file():
            return None
        was_trusted = grading.isolation == NOT_CONFINED and self._isolation != NOT_CONFINED
        return None if was_trusted else grading

    def _autograded(self, student: str) -> Path:
        folder = self._course.format_path(self._course.autograded_directory, student, self.assignment)
        return Path(folder, f"{self.assignment}.ipynb")

    def _same_time(self, student: str) -> bool:
        try:
            time = time_of(self._course, self.folder(student))
        except Damaged:
            return False
        return time is None or time == self._times[student]


def changed(course: Course, student: str, assignment: str) -> bool:
    """Return whether a submission has changed since it was graded last, whatever its timestamp.txt says."""
    grading = Records(config=course.config).last(student, assignment)
    folder = course.format_path(course.submitted_directory, student, assignment)
    return grading is not None and grading.submitted not in ("", submitted(Path(folder)))
