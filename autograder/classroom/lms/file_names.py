"""Reads from the name of a file who has handed it in, as learning management systems and people name files.

Canvas   lastfirst_LATE_1234_56789_notebook-1.ipynb, with the numbers of the person and of the upload
Moodle   First Last_1234567_assignsubmission_file_/notebook.ipynb, with the number of the participant
people   student/notebook.ipynb, student.ipynb, student_notebook.ipynb, notebook_student.ipynb

A system writes its part in front, and what follows is of the student's choice, which may look like such a part, too. So
the first one decides. Only its number counts: a name can be chosen as well, and two students may have the same.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from autograder.classroom.lms.roster import CANVAS, MOODLE, Roster

NO_DATE = r"(?!20\d\d_\d\d?_\d\d?(?!\d))"  # ada_b_2026_10_16.ipynb is no file of Canvas's
ID = r"[1-9]\d*"  # in lovelaceada_101_5001_01_first.ipynb, 01 is none
OF_CANVAS = re.compile(
    rf"(?P<who>.+?)_(?P<late>LATE_)?{NO_DATE}(?P<person>{ID})_(?P<upload>{ID})_"
    r"(?P<file>.+?)(-(?P<again>\d+))?(?i:\.ipynb)",
    re.ASCII,
)
OF_MOODLE = re.compile(r"(?P<who>.+?)_(?P<person>\d+)_assignsubmission_[a-z]+_?(?P<file>.*)", re.I | re.ASCII)
# All numbers of people that a path may hold, whichever part of it the system has written.
NUMBERS = {
    CANVAS: re.compile(rf"(?=_{NO_DATE}({ID})_{ID}_)", re.ASCII),
    MOODLE: re.compile(r"(?=_(\d+)_assignsubmission_)", re.I | re.ASCII),
}
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
    """Read the path of a file, the names of its folders included. Moodle's folder comes before Canvas's name: Canvas
    makes no folders, so that such a name in a folder of Moodle's is of the student's choice."""
    for part in path.parts:
        if found := OF_MOODLE.fullmatch(part):
            own = found["file"] if part == path.name else ""
            return Named(MOODLE, found["person"], found["who"], own or path.name)
    if found := OF_CANVAS.fullmatch(path.name):
        order = (int(found["upload"][:18]), int((found["again"] or "0")[:9]))
        return Named(CANVAS, found["person"], found["who"], f"{found['file']}.ipynb", bool(found["late"]), order)
    return Named(None, "", "", path.name)


def student_in(path: PurePosixPath, name: Named, students: Collection[str], rosters: Collection[Roster]) -> list[str]:
    """Return the students whom the name of a file may mean: one if it is clear, none if it says nothing.

    There are several where parts of the path mean different students: one of these parts is not what it seems to be.
    """
    whole = {part for part in (*path.parts[:-1], path.stem) if part in students}
    found = _numbered(name.kind, name.person, rosters) if name.kind else whole or _in_words(path.stem, students)
    if not found:
        return []
    others = [
        _numbered(kind, number, rosters) for kind, form in NUMBERS.items() for number in set(form.findall(str(path)))
    ]
    return sorted(found.union(whole, *others))


def _numbered(kind: str, number: str, rosters: Iterable[Roster]) -> set[str]:
    """Return the student who has a number in the learning management system, or none."""
    return {roster.by_number[number] for roster in rosters if roster.kind == kind and number in roster.by_number}


def _in_words(stem: str, students: Iterable[str]) -> set[str]:
    """Return the students with whose name the name of a file begins or ends."""
    starts = {s for s in students if stem.startswith(s) and stem[len(s)] in SEPARATORS}
    ends = {s for s in students if stem.endswith(s) and stem[-len(s) - 1] in SEPARATORS}
    found = starts | ends
    # where both are students, the longer name is meant
    return {one for one in found if not any(one != other and one in other for other in found)}
