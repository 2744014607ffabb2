"""Takes in notebooks that did not come through nbgrader's exchange, and puts each where nbgrader expects it.

Whose it is, the name of the file says; of which assignment, the exercises in it. What is not clear is left out.
"""

import filecmp
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from nbformat import NotebookNode
from nbgrader.api import Gradebook
from traitlets.config import Config

from autograder.authoring.assignment import Assignment
from autograder.authoring.course import Course
from autograder.bounded import Exceeded, shared
from autograder.classroom.gradebook import must_exist
from autograder.classroom.in_worker import portable
from autograder.classroom.lms.file_names import Named, named, student_in
from autograder.classroom.lms.roster import CANVAS, MOODLE, is_a_name, kept, known_students
from autograder.classroom.lms.unpack import Taken, unpacked
from autograder.classroom.others import work_on
from autograder.classroom.reading import READING, Reading
from autograder.judging.report import printable, table
from autograder.running.read import TIME, Damaged, time_of
from autograder.running.records import Records
from autograder.running.releases import grade_id, known

NEW, REPLACES, SAME, LEFT_OUT = "new", "replaces the one before", "is there already", "left out"


@dataclass(frozen=True)
class Arrival:
    """Holds what was found out about one notebook, and what becomes of it."""

    taken: Taken
    name: Named
    outcome: str  # NEW, REPLACES, SAME or LEFT_OUT
    why: str = ""  # it is left out, or what else there is to say
    student: str = ""
    assignment: str = ""
    time: datetime | None = None
    has_work: bool = True  # False if nothing in it is filled in


def intake(course: Course, paths: Iterable[Path], apply: bool, assignment: str | None = None) -> list[Arrival]:
    """Find out what is in files, folders and zip files, and return it.

    apply       put the notebooks into the class's folder, too
    assignment  the assignment that all of them are of; None: what the exercises in each say
    """
    must_exist(course)
    assignments = [course.assignment(name) for name in ([assignment] if assignment else course.assignment_names)]
    place = course.folder(course.submitted_directory)
    place.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent, prefix=".intake-") as folder:
        arrivals = [
            _understood(course, taken, assignments, named_by_hand=bool(assignment))
            for taken in unpacked(paths, Path(folder), Reading(config=course.config).max_bytes)
        ]
        arrivals = [_compared(course, arrival) for arrival in _one_each(_owned(course, arrivals))]
        for arrival in arrivals:
            if apply and arrival.outcome in (NEW, REPLACES):
                _put(course, arrival, Path(folder))
    return arrivals


def as_text(arrivals: list[Arrival], applied: bool) -> str:
    """Return a table of what becomes of each notebook, and below it what there is to do."""
    rows = [
        [
            printable(str(one.taken.name)),
            printable(one.student),
            one.assignment,
            one.time.strftime("%Y-%m-%d %H:%M") if one.time else "",
            f"{one.outcome}: {printable(one.why)}" if one.why else one.outcome,
        ]
        for one in sorted(arrivals, key=lambda one: (one.outcome == LEFT_OUT, one.assignment, one.student))
    ]
    taken = sum(one.outcome in (NEW, REPLACES) for one in arrivals)
    left = sum(one.outcome == LEFT_OUT for one in arrivals)
    said = f"{taken} taken in, {left} left out." if applied else f"{taken} would be taken in, {left} left out."
    lines = [table(["file", "student", "assignment", "handed in (UTC)", "what becomes of it"], rows), "", said]
    if not applied and taken:
        lines.append("Nothing was changed yet. To take them in, say the same with --apply.")
    return "\n".join(lines)


def _understood(course: Course, taken: Taken, assignments: list[Assignment], named_by_hand: bool) -> Arrival:
    """Find out of which assignment a notebook is."""
    arrival = Arrival(taken, named(taken.name), LEFT_OUT, taken.reason)
    if taken.path is None:
        return arrival
    try:
        names = [one.name for one in assignments]
        looked = _looked_into, taken.path, names, portable(course.config)
        held, work = shared(course.config).do(*looked, seconds=READING)
    except (Damaged, Exceeded) as error:
        # It is handed in all the same: grading says that it is damaged, and the student can be told.
        stem = arrival.name.file.removesuffix(".ipynb")
        by_name = [one.name for one in assignments if named_by_hand or stem == one.name]
        return replace(arrival, assignment=by_name[0] if by_name else "", why=str(error).replace(str(taken.path), "it"))
    most = max(held.values(), default=0)
    fitting = [name for name in names if held[name] == most]
    if not most or len(fitting) > 1:
        where = names[0] if named_by_hand else "any assignment" if not most else "one assignment alone"
        return replace(arrival, why=f"it does not hold the exercises of {where}")
    return replace(arrival, assignment=fitting[0], has_work=work[fitting[0]], why="")


def _looked_into(path: Path, names: list[str], config: Config) -> tuple[dict, dict]:
    """Return how many exercises of these assignments a notebook holds, and in which it has work. For a worker."""
    notebook, course, records = Reading(config=config).read(path), Course(config=config), Records(config=config)
    assignments = [course.assignment(name) for name in names]
    return (
        {one.name: _held(notebook, one) for one in assignments},
        {one.name: bool(work_on(notebook, one, known(records, one.name))) for one in assignments},
    )


def _held(notebook: NotebookNode, assignment: Assignment) -> int:
    return len({grade_id(cell) for cell in notebook.cells} & {*assignment.source.exercises})


def _owned(course: Course, arrivals: list[Arrival]) -> list[Arrival]:
    """Find out whose the notebooks are, and when they were handed in."""
    students = known_students(course)
    canvas, moodle = kept(course, CANVAS), {name: kept(course, MOODLE, name) for name in course.assignment_names}
    rosters = [one for one in (canvas, *moodle.values()) if one]
    students |= {person.student for roster in rosters for person in roster.people}
    students = {student for student in students if is_a_name(student)}
    due, found = _due_dates(course), []
    for arrival in arrivals:
        if not arrival.assignment:
            found.append(arrival)
            continue
        own = [one for one in (canvas, moodle[arrival.assignment]) if one]
        owners = student_in(arrival.taken.name, arrival.name, students, own)
        if len(owners) == 1:
            time = _time(arrival, due.get(arrival.assignment))
            note = "" if arrival.has_work else "nothing in it is filled in"
            found.append(replace(arrival, student=owners[0], time=time, outcome=NEW, why=arrival.why or note))
        else:
            found.append(replace(arrival, why=_not_known(arrival, owners)))
    return found


def _not_known(arrival: Arrival, owners: list[str]) -> str:
    if owners:
        return (
            f"it may be of {' or of '.join(owners)}, since parts of its name and of its folders' names say so: if you "
            "know whose it is, take it in from a folder without such a name, and call it STUDENT.ipynb"
        )
    if arrival.name.kind:
        return (
            f"{arrival.name.who} ({arrival.name.person}) is not in the list of the class that is known here: take in "
            "the one of today with `python -m autograder roster FILE`"
        )
    return "its name holds no student's: name it STUDENT.ipynb, or put it into a folder STUDENT"


def _due_dates(course: Course) -> dict[str, datetime]:
    with Gradebook(course.db_url, course.course_id) as gradebook:
        return {one.name: one.duedate.replace(tzinfo=UTC) for one in gradebook.assignments if one.duedate}


def _time(arrival: Arrival, due: datetime | None) -> datetime:
    """Return when a notebook was handed in, so that it is late exactly if it is marked as late.

    The time in Canvas's zip file is that of the download.
    """
    time = arrival.taken.time or datetime.now(UTC)
    if due is None or arrival.name.kind != CANVAS:
        return time
    return max(time, due + timedelta(seconds=1)) if arrival.name.late else min(time, due)


def _one_each(arrivals: list[Arrival]) -> list[Arrival]:
    """Leave out all but one of the notebooks that a student has handed in for an assignment: the last one with work."""
    chosen: dict[tuple[str, str], Arrival] = {}
    for arrival in arrivals:
        whose = arrival.student, arrival.assignment
        if arrival.outcome == NEW and (whose not in chosen or _rank(arrival) > _rank(chosen[whose])):
            chosen[whose] = arrival
    return [
        arrival
        if arrival.outcome != NEW or chosen[arrival.student, arrival.assignment] is arrival
        else replace(arrival, outcome=LEFT_OUT, why=f"{chosen[arrival.student, arrival.assignment].taken.name} counts")
        for arrival in arrivals
    ]


def _rank(arrival: Arrival) -> tuple:
    return arrival.has_work, arrival.name.order, arrival.time


def _compared(course: Course, arrival: Arrival) -> Arrival:
    """Compare a notebook with what is there."""
    if arrival.outcome != NEW:
        return arrival
    folder = _folder(course, arrival)
    if folder.is_symlink() or folder.parent.is_symlink():
        return replace(arrival, outcome=LEFT_OUT, why=f"{folder} is a link")
    there = folder / f"{arrival.assignment}.ipynb"
    if there.is_file() and filecmp.cmp(there, arrival.taken.path, shallow=False):
        complete = all((folder / name).is_file() for name in ("timestamp.txt", "submission_secret.txt"))
        return replace(arrival, outcome=SAME) if complete else replace(arrival, outcome=REPLACES)
    if folder.exists() and _time_there(course, folder) > arrival.time:
        return replace(arrival, outcome=LEFT_OUT, why="a later one is there")
    return replace(arrival, outcome=REPLACES) if folder.exists() else arrival


def _time_there(course: Course, folder: Path) -> datetime:
    """Return when the submission in a folder was handed in, and the beginning of time if it does not say."""
    with suppress(Damaged):
        if time := time_of(course, folder):
            return time.replace(tzinfo=UTC)
    return datetime.min.replace(tzinfo=UTC)


def _put(course: Course, arrival: Arrival, staging: Path) -> None:
    """Put a notebook into its place, with the files that nbgrader wants beside it. It replaces what was there."""
    folder = _folder(course, arrival)
    made = staging / "made"
    made.mkdir()
    shutil.copyfile(arrival.taken.path, made / f"{arrival.assignment}.ipynb")
    (made / "timestamp.txt").write_text(arrival.time.strftime(TIME), encoding="utf-8")
    before = folder / "submission_secret.txt"
    secret = secrets.token_hex(64)
    if before.exists() and stat.S_ISREG(before.lstat().st_mode) and before.stat().st_size < 1000:
        secret = before.read_text(encoding="utf-8", errors="replace")  # feedback keeps its address
    (made / "submission_secret.txt").write_text(secret, encoding="utf-8")
    folder.parent.mkdir(parents=True, exist_ok=True)
    if folder.exists():
        os.replace(folder, staging / "before")
    os.replace(made, folder)
    shutil.rmtree(staging / "before", ignore_errors=True)


def _folder(course: Course, arrival: Arrival) -> Path:
    return Path(course.format_path(course.submitted_directory, arrival.student, arrival.assignment))
