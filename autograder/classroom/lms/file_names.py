"""Reads from the name of a file who has handed it in, as learning management systems and people name files.

Canvas   lastfirst_LATE_1234_56789_notebook-1.ipynb, with the numbers of the person and of the upload
Moodle   First Last_1234567_assignsubmission_file_/notebook.ipynb, with the number of the participant
people   student/notebook.ipynb, student.ipynb, student_notebook.ipynb, notebook_student.ipynb
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from autograder.classroom.lms.roster import CANVAS, MOODLE, Roster

OF_CANVAS = re.compile(
    r"(?P<who>[^_]+)_(?P<late>LATE_)?(?P<person>\d+)_(?P<upload>\d+)_(?P<file>.+?)(-(?P<again>\d+))?\.ipynb", re.I
)
OF_MOODLE = re.compile(r"(?P<who>.+)_(?P<person>\d+)_assignsubmission_file_?(?P<file>.*)", re.I)
SEPARATORS = "_- .,"


@dataclass(frozen=True)
class Named:
    """Holds what the name of a file says."""

    kind: str | None  # CANVAS, MOODLE, or None
    person: str  # the number of the person there, or ""
    who: str  # the name of the person there, or ""
    file: str  # what the student called the file
    late: bool = False
    order: tuple[int, int] = (0, 0)  # a later upload has a higher one


def named(path: PurePosixPath) -> Named:
    """Read the path of a file, the names of its folders included."""
    if found := OF_CANVAS.fullmatch(path.name):
        order = (int(found["upload"][:18]), int((found["again"] or "0")[:9]))
        return Named(CANVAS, found["person"], found["who"], f"{found['file']}.ipynb", bool(found["late"]), order)
    for part in reversed(path.parts):
        if found := OF_MOODLE.fullmatch(part):
            return Named(MOODLE, found["person"], found["who"], found["file"] or path.name)
    return Named(None, "", "", path.name)


def student_in(path: PurePosixPath, name: Named, students: Iterable[str], rosters: Iterable[Roster]) -> list[str]:
    """Return the students whom the name of a file may mean: one if it is clear, none if it says nothing."""
    if name.kind is None:
        return _in_plain(path, set(students))
    people = [person for roster in rosters if roster.kind == name.kind for person in roster.people]
    numbers = {CANVAS: ("ID", name.person), MOODLE: ("Identifier", f"Participant {name.person}")}
    column, value = numbers[name.kind]
    by_number = {person.student for person in people if person.row[column].strip() == value}
    if by_number:
        return sorted(by_number)
    return sorted({person.student for person in people if _letters(name.who) in _spellings(person)})


def _spellings(person) -> set[str]:
    first, last = _letters(person.first_name), _letters(person.last_name)
    return {last + first, first + last} - {""}


def _letters(text: str) -> str:
    return re.sub(r"\W|_", "", text).lower()


def _in_plain(path: PurePosixPath, students: set[str]) -> list[str]:
    for folder in reversed(path.parts[:-1]):
        if folder in students:
            return [folder]
    stem = path.stem
    if stem in students:
        return [stem]
    starts = {s for s in students if stem.startswith(s) and stem[len(s)] in SEPARATORS}
    ends = {s for s in students if stem.endswith(s) and stem[-len(s) - 1] in SEPARATORS}
    found = starts | ends
    # where both are students, the longer name is meant
    return sorted(one for one in found if not any(one != other and one in other for other in found))
