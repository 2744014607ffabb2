"""Makes the pages of feedback of a class, several at once: each of them by nbgrader's own GenerateFeedback.

What students wrote is rendered by processes with limits: see ``autograder.judging.pages``. Each process here has one.
"""

import glob
import re
import signal
import warnings
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path

from nbgrader.apps.api import NbGraderAPI
from traitlets.config import Config

from autograder.authoring.course import Course
from autograder.classroom.in_worker import portable
from autograder.classroom.steps import require
from autograder.errors import NotFound, UserError
from autograder.judging.report import printable

WORTH = 60  # pages that a process makes at least: it takes as long to start
MOST_KILLED = 3  # times that processes are killed before a page is made
# In nbgrader's log, behind what went wrong.
BEHIND = re.compile(r"\[WARNING\] Removing failed|\[ERROR\] There was an error processing assignment '")


def graded(course: Course, assignment: str, names: list[str] | None = None) -> list[str]:
    """Return the sorted names of the students whose submission is graded, or those that are named.

    Raises NotFound if there is none, or if the submission of one who is named is not graded.
    """
    pattern = course.format_path(course.autograded_directory, "*", glob.escape(assignment))
    found = sorted(Path(folder).parent.name for folder in glob.glob(f"{pattern}/"))
    for name in names or found[:0]:
        if name not in found:
            raise NotFound(f"Nothing of {printable(name)} is graded in {assignment}, and so no page was made.")
    if not found:
        raise NotFound(f"Nothing of {assignment} is graded, and so no page was made.")
    return names or found


def feedback(course: Course, assignment: str, students: list[str], jobs: int = 1) -> Iterator[tuple[str, str]]:
    """Make these students' pages anew. Yield each student, and why there is no page, or "", in this order.

    jobs  how many pages are made at once at most, each in a process of its own

    A process that is killed costs nothing: what is not made yet is made by others. Raises UserError if they are killed
    again and again, or if the settings would show pages that are not cleaned.
    """
    require(course.config)
    config, jobs = portable(course.config), min(jobs, len(students) // WORTH)
    if jobs <= 1:
        yield from ((student, page(config, assignment, student)) for student in students)
        return
    left, killed = students, 0
    while left:
        pool = ProcessPoolExecutor(jobs, get_context("spawn"), signal.signal, (signal.SIGINT, signal.SIG_IGN))
        try:
            made = [pool.submit(page, config, assignment, student) for student in left]
            for student, future in zip(left, made, strict=True):
                yield student, future.result()
                left, killed = left[1:], 0
        except BrokenProcessPool:  # it breaks as a whole
            killed += 1
            if killed > MOST_KILLED:
                raise UserError(f"Stopped at {printable(left[0])}: processes that make pages are killed.") from None
        finally:
            pool.shutdown(cancel_futures=True)


def page(config: Config, assignment: str, student: str) -> str:
    """Make one page. Return why nbgrader could not make it, or ""."""
    name = glob.escape(student).replace(" ", "[ ]")  # nbgrader strips spaces
    with warnings.catch_warnings(action="ignore"):  # SQLAlchemy's
        said = NbGraderAPI(config=config).generate_feedback(assignment, name)
    if said["success"]:
        return ""
    *before, _ = BEHIND.split(said.get("log", ""))
    return (before[0] if before else said["error"]).strip().splitlines()[-1].strip()[:300]
