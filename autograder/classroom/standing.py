"""Says how each student stands in an assignment: what was handed in, what became of it, and what it is worth."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from nbgrader.api import Assignment, Gradebook, Student, SubmittedAssignment

from autograder.authoring.course import Course
from autograder.classroom.aside import earlier_score
from autograder.classroom.waiting import Handed
from autograder.running.records import UNGRADED, Grading, Records, writable

MISSING = "missing"  # nothing was handed in: the score is 0
NOT_YET = "not graded yet"  # something was handed in, and never graded: there is no score
NEWER = "a newer submission is waiting"  # the score is that of the one before


@dataclass(frozen=True)
class Standing:
    """Holds how one student stands in one assignment."""

    student: str
    status: str  # of the last grading, or MISSING, NOT_YET or NEWER
    max_score: float
    score: float | None = None  # after what came off for lateness; None: it is not known
    raw_score: float | None = None
    penalty: float = 0.0
    by_hand: bool = False  # whether a person has to grade something
    isolation: str = ""
    timestamp: datetime | None = None
    duedate: datetime | None = None
    remarks: list[str] = field(default_factory=list)
    last_name: str = ""
    first_name: str = ""
    email: str = ""

    @property
    def is_final(self) -> bool:
        """Return whether the score is that of what was handed in last, and waits for nobody."""
        return self.score is not None and self.status != NEWER and not self.by_hand


def standings(course: Course, gradebook: Gradebook, assignment: Assignment) -> Iterator[Standing]:
    """Yield how each student stands who is enrolled, has handed in or was graded, sorted by their names."""
    records, handed = Records(config=course.config), Handed(course, assignment.name)
    enrolled = {student.id: student for student in gradebook.students}
    submissions = {found.student_id: found for found in gradebook.assignment_submissions(assignment.name)}
    handed_in = {writable(student): student for student in handed.students}
    for name in sorted({*enrolled, *handed_in, *handed.gradings}):
        student, grading = enrolled.get(name), handed.gradings.get(name)
        kept = earlier_score(records, name, assignment.name)
        found = _came_of_it(submissions.get(name), grading, handed.newer(handed_in.get(name, name)), kept)
        yield Standing(
            student=name, max_score=assignment.max_score, **{"duedate": assignment.duedate} | _person(student) | found
        )


def _person(student: Student | None) -> dict:
    found = {name: getattr(student, name, None) or "" for name in ("last_name", "first_name", "email")}
    if student and not found["first_name"] and found["last_name"] == student.id:  # only formgrader needs some name
        found["last_name"] = ""
    return found


def _came_of_it(
    submission: SubmittedAssignment | None, grading: Grading | None, newer: bool, kept: float | None
) -> dict:
    aside = [] if kept is None else [f"an earlier score is kept aside: {round(kept, 2)}"]
    if submission is None and grading is None:
        return {"status": NOT_YET} if newer else {"status": MISSING, "score": 0.0}
    if submission is None or grading is None or grading.status == UNGRADED:
        reason = grading.reason if grading else "grading did not come to its end"
        return {"status": NEWER if newer and grading else UNGRADED, "remarks": [reason, *aside]}
    penalty = submission.late_submission_penalty or 0.0
    return {
        "status": NEWER if newer else grading.status,
        "score": round(max(0.0, submission.score - penalty), 2),
        "raw_score": round(submission.score, 2),
        "penalty": round(penalty, 2),
        "by_hand": bool(submission.needs_manual_grade),
        "isolation": grading.isolation,
        "timestamp": submission.timestamp,
        "duedate": submission.duedate,
        "remarks": [*(["the score is that of the submission before"] if newer else []), *grading.anomalies],
    }
