"""Grades a class through nbgrader, and reports the result of each submission.

Several submissions are run and judged at once. nbgrader's book-keeping follows, one after the other.
"""

import glob
import re
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from difflib import get_close_matches
from typing import TYPE_CHECKING

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.apps.api import NbGraderAPI
from nbgrader.converters.base import NbGraderException
from sqlalchemy.exc import SQLAlchemyError

from autograder.authoring.assignment import Assignment
from autograder.authoring.course import Course
from autograder.classroom.admission import reason, refusal
from autograder.classroom.ahead import Ahead
from autograder.classroom.aside import earlier_score, leave_ungraded
from autograder.classroom.gradebook import must_fit
from autograder.classroom.results import Result
from autograder.classroom.steps import require
from autograder.classroom.waiting import Handed
from autograder.errors import NotFound, UserError
from autograder.judging.judge import GiveVerdicts
from autograder.judging.report import printable
from autograder.running.execute import Execute
from autograder.running.kernel import doctor
from autograder.running.records import UNGRADED, Grading, Records
from autograder.running.submission import source

if TYPE_CHECKING:
    from autograder.classroom.cluster import Cluster

# How it sounds when nothing can be written: then the next submission fails, too.
# It must be the beginning of a reason: further behind may be the names of a student's files.
CANNOT_WRITE = re.compile(
    r"grading failed: (OSError: \[Errno (5|28|30|122)\]"
    r"|OperationalError: .{0,60}(disk is full|readonly database|unable to open database|disk I/O error))"
)


def to_grade(handed: Handed, names: list[str] | None) -> list[str]:
    """Return the students who are to be graded: those that are named, or all who have handed something in.

    Raises NotFound if one who is named has handed in nothing, or if nobody has.
    """
    if not names:
        if not handed.students:
            raise NotFound(f"Nobody has handed in {handed.assignment}: {handed.folder('STUDENT')} is where it belongs.")
        return handed.students
    for name in names:
        if name not in handed.students:
            similar = get_close_matches(name, handed.students, n=3)
            known = f"{name} has handed in nothing" if name in handed.enrolled else f"There is no student {name}"
            proposed = f" Did you mean {' or '.join(map(printable, similar))}?" if similar else ""
            raise NotFound(f"{printable(known)} of {handed.assignment}, and so nothing was graded.{proposed}")
    return names


def grade(
    course: Course,
    assignment: str,
    students: list[str],
    force: bool = False,
    jobs: int = 1,
    cluster: "Cluster | None" = None,
) -> Iterator[Result]:
    """Grade these students' submissions, and yield a result for each, in this order.

    force    also grade again what has not changed since it was graded
    jobs     how many submissions are run at once here
    cluster  whose workers run them, if it is not this machine

    What was run before, and has not changed, is not run again. Raises NbGraderException if this machine cannot lock in
    students' code, UserError if the settings take one of the engine's steps away, if gradebook and source do not fit or
    if nothing can be written, and KeyboardInterrupt at Ctrl-C: what was graded until then is kept.
    """
    require(course.config)
    execute = Execute(config=course.config)
    if execute.sandbox and (why := doctor.missing()):
        raise NbGraderException(refusal(why))
    must_fit(course, course.assignment(assignment))
    handed = Handed(course, assignment, execute.isolation)
    done = {} if force else {student: line for student in students if (line := handed.up_to_date(student))}
    waiting = [student for student in students if student not in done]
    jobs = min(jobs, len(waiting))
    records = Records(config=course.config)
    before = records.newest_execution()
    at_once = bool(waiting) and (jobs > 1 or cluster is not None)
    course.config.InWorker.warms_up = not at_once  # else the kernels are those of the workers ahead
    with (
        _nothing_run_twice(course, before if records.since is None else records.since),
        Gradebook(course.db_url, course.course_id) as gradebook,
        Ahead(course, assignment, waiting, jobs, cluster) if at_once else nullcontext() as ahead,
    ):
        for student in students:
            if student in done:
                yield Result(done[student], 0, _penalty(gradebook, done[student]), is_new=False)
                continue
            broken = ahead.wait(student) if ahead else None
            began = time.monotonic()
            grading = _graded(course, execute.isolation, student, assignment, broken)
            result = _result(course, gradebook, grading, time.monotonic() - began)
            result.was_run = (grading.execution or 0) > before
            if ahead:
                result.worked, result.running = ahead.worked.get(student, 0.0), ahead.running
                result.seconds += result.worked
            yield result


def out_of_date(course: Course, assignment: Assignment, results: list[Result]) -> list[str]:
    """Return the students who were not graded anew, though source, hidden tests or mistakes have changed since.

    What mistakes cost is a part of it, too.
    """
    now = source(assignment, GiveVerdicts(config=course.config).settings)
    return [result.grading.student for result in results if not result.is_new and result.grading.source != now]


@contextmanager
def _nothing_run_twice(course: Course, since: int) -> Iterator[None]:
    """Let what was run after this execution count, inside, even if the clock had a say in it: it was run ahead for the
    same grading."""
    before, course.config.Records.since = course.config.Records.get("since"), since
    try:
        yield
    finally:
        course.config.Records.since = before


def _result(course: Course, gradebook: Gradebook, grading: Grading, seconds: float) -> Result:
    if grading.status == UNGRADED:
        kept = earlier_score(Records(config=course.config), grading.student, grading.assignment)
        return Result(grading, seconds, kept_aside=kept)
    return Result(grading, seconds, _penalty(gradebook, grading))


def _graded(course: Course, isolation: str, student: str, assignment: str, broken: Exception | None) -> Grading:
    """Grade one submission. Raises UserError if nothing can be written, and KeyboardInterrupt at Ctrl-C.

    broken  why it has no result from when it was run ahead, and would have none now
    """
    records = Records(config=course.config)
    try:
        before = records.last(student, assignment)
        why = reason(broken) if broken else _by_nbgrader(course, student, assignment)
        grading = records.last(student, assignment)
        if broken or grading is None or grading == before:  # nbgrader failed before it wrote a line in the records
            leave_ungraded(course, Grading(student, assignment, UNGRADED, why, isolation))
            shutil.rmtree(course.format_path(course.autograded_directory, student, assignment), ignore_errors=True)
            grading = records.last(student, assignment)
    except (sqlite3.Error, SQLAlchemyError, OSError) as error:
        raise _stopped(student, str(error).splitlines()[0]) from None
    if grading.status == UNGRADED and CANNOT_WRITE.match(grading.reason):
        raise _stopped(student, grading.reason)
    return grading


def _by_nbgrader(course: Course, student: str, assignment: str) -> str:
    """Grade one submission, and return what nbgrader said last if it failed. Raises KeyboardInterrupt at Ctrl-C."""
    name = glob.escape(student).replace(" ", "[ ]")  # nbgrader strips spaces
    said = NbGraderAPI(config=course.config).autograde(assignment, name)
    if "KeyboardInterrupt" in said.get("error", ""):  # nbgrader catches it, and reports it here
        raise KeyboardInterrupt
    return f"nbgrader failed: {_last_line(said)}"


def _stopped(student: str, why: str) -> UserError:
    return UserError(
        f"Stopped at {printable(student)}, since nothing can be written ({printable(why)}): is the disk full, or "
        "read-only? What was graded before is kept. Grade again when there is room: only the others are graded then."
    )


def _penalty(gradebook: Gradebook, grading: Grading) -> float:
    try:
        return gradebook.find_submission(grading.assignment, grading.student).late_submission_penalty
    except MissingEntry:
        return 0.0
    finally:
        gradebook.db.rollback()  # so that it holds no lock meanwhile, and the next time reads what is new


def _last_line(said: dict) -> str:
    lines = [line for line in said.get("error", "").splitlines() if line.strip()]
    return lines[-1][:300] if lines else "it did not say why"
