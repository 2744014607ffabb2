"""Reads the list of a class as a learning management system exports it, and keeps it, so that grades can go back there.

Canvas   the gradebook's export: a row a student, with the columns Student, ID, SIS Login ID, Section ...
Moodle   an assignment's grading worksheet: a row a student, with the columns Identifier, Full name, Grade ...
"""

import csv
import glob
import io
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from nbgrader.api import Gradebook

from autograder.authoring.course import Course
from autograder.classroom.gradebook import IN_SCRIPTS, must_exist
from autograder.errors import UserError
from autograder.judging.report import printable
from autograder.running.database import for_the_owner

CANVAS, MOODLE = "canvas", "moodle"
MUST_HAVE = {CANVAS: {"ID", "SIS Login ID", "Section"}, MOODLE: {"Identifier", "Full name", "Grade"}}
# Columns of which one is the name that the course has for a student. A new one gets the first that is filled in.
NAMES = {
    CANVAS: ("SIS Login ID", "SIS User ID", "ID"),
    MOODLE: ("Username", "ID number", "Email address", "Identifier"),
}
MAX_BYTES = 20_000_000
csv.field_size_limit(MAX_BYTES)  # Moodle puts in what students typed


@dataclass(frozen=True)
class Person:
    """Holds a row of a roster, and the student whom it is about."""

    student: str
    row: dict[str, str]
    last_name: str
    first_name: str


@dataclass(frozen=True)
class Roster:
    """Holds what a learning management system has exported: its columns, all its rows, and the students in them."""

    kind: str  # CANVAS or MOODLE
    columns: list[str]
    rows: list[dict[str, str]]
    people: list[Person]

    @cached_property
    def by_number(self) -> dict[str, str]:
        """Map the numbers that people have in the system, as they are in names of files, to the students."""
        column = {CANVAS: "ID", MOODLE: "Identifier"}[self.kind]
        return {person.row[column].strip().removeprefix("Participant "): person.student for person in self.people}


def take_in(course: Course, path: Path, assignment: str | None) -> Roster:
    """Keep a roster, and add its students with their names to the gradebook.

    assignment  whose grading worksheet it is, where it comes from Moodle

    Raises UserError if it is none, or if two of its rows are about the same student.
    """
    must_exist(course)
    if path.stat().st_size > MAX_BYTES:
        raise UserError(f"{path} is too large for the list of a class.")
    text = _decoded(path)
    kind = _kind(path, _reader(text).fieldnames or [])
    if kind == MOODLE and assignment not in course.assignment_names:
        raise UserError(
            f"{path} is Moodle's grading worksheet of one assignment: say of which, with --assignment NAME. There are: "
            f"{', '.join(course.assignment_names)}."
        )
    roster = _read(course, kind, path, text)
    with Gradebook(course.db_url, course.course_id) as gradebook:
        for person in roster.people:
            email = person.row.get("Email address") or _if_email(person.row.get("SIS Login ID", ""))
            about = {"last_name": person.last_name, "first_name": person.first_name, "email": email}
            lms = {"lms_user_id": person.row["ID"]} if kind == CANVAS else {}
            gradebook.update_or_create_student(person.student, **{k: v for k, v in (about | lms).items() if v})
    kept = _path(course, kind, assignment)
    kept.parent.mkdir(parents=True, exist_ok=True)
    with open(kept, "w", encoding="utf-8", newline="", opener=for_the_owner) as file:
        file.write(text)
    return roster


def kept(course: Course, kind: str, assignment: str | None = None) -> Roster | None:
    """Return the roster of a kind that was taken in, for Moodle that of an assignment. Return None if there is none."""
    path = _path(course, kind, assignment)
    return _read(course, kind, path, path.read_text(encoding="utf-8")) if path.is_file() else None


def folder_of(course: Course) -> Path:
    """Return the folder in which rosters are kept."""
    return course.folder(course.submitted_directory).parent / "roster"


def _path(course: Course, kind: str, assignment: str | None) -> Path:
    return folder_of(course) / (f"{kind}.csv" if kind == CANVAS else f"{kind}-{assignment}.csv")


def _decoded(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")  # both write a mark of the encoding in front
    except UnicodeDecodeError:
        raise UserError(f"{path} is no text in UTF-8: export it as CSV (UTF-8).") from None


def _kind(path: Path, columns: Iterable[str]) -> str:
    for kind, needed in MUST_HAVE.items():
        if needed <= set(columns):
            return kind
    wanted = " or ".join(f"{', '.join(sorted(needed))} ({kind})" for kind, needed in MUST_HAVE.items())
    raise UserError(
        f"{path} is no list of a class that is known here: it needs the columns {wanted}, in English: "
        "set that as your language there."
    )


def _reader(text: str) -> csv.DictReader:
    """Return a reader of the rows. Where numbers have a decimal comma, cells are often separated by semicolons."""
    head = text.split("\n", 1)[0]
    return csv.DictReader(io.StringIO(text), delimiter=";" if head.count(";") > head.count(",") else ",")


def _read(course: Course, kind: str, path: Path, text: str) -> Roster:
    reader = _reader(text)
    columns = list(reader.fieldnames or [])
    rows = [{name: row.get(name) or "" for name in columns} for row in reader]
    known = known_students(course)
    given = {row.get(NAMES[kind][0], "").strip() for row in rows}
    people, number_of = [], {}
    for number, row in enumerate(rows, start=2):  # the first row has the names of the columns
        student = _student(row, kind, known, given)
        if not student or kind == CANVAS and not row["ID"].strip():  # Canvas has rows that are no student's
            continue
        if student in number_of:
            raise UserError(_twice(path, kind, student, {n: rows[n - 2] for n in (number_of[student], number)}))
        number_of[student] = number
        people.append(Person(student, row, *_name(row, kind)))
    return Roster(kind, columns, rows, people)


def _student(row: dict[str, str], kind: str, known: set[str], given: set[str]) -> str:
    """Return the student whom a row is about: one who is known, else what comes first in the row. Return "" for none.

    Students may write the columns after the first themselves, an address above all. So what is the name of one row in
    its first column is the name of no other row.

    given  what the rows have in the first column of names
    """
    first, *others = [row.get(column, "").strip() for column in NAMES[kind]]
    others += [found.split("@")[0] for found in (first, *others) if "@" in found]
    ids = [found for found in (first, *(one for one in others if one not in given)) if found and is_a_name(found)]
    return next((found for found in ids if found in known), ids[0] if ids else "")


def _twice(path: Path, kind: str, student: str, rows: dict[int, dict[str, str]]) -> str:
    """Say that rows of a list, given with their numbers, are about the same student, and what to do."""
    shown = "Student", "Full name", *NAMES[kind]
    said = [f"row {number} ({', '.join(filter(None, map(row.get, shown)))})" for number, row in rows.items()]
    return printable(
        f"In {path}, {' and '.join(said)} are both read as the student {student}. Find out which of them is {student}. "
        "In the other row change or empty the cell that says so, an address for example. Then take the file in with "
        "`python -m autograder roster FILE`."
    )


def known_students(course: Course) -> set[str]:
    """Return the names of all students whom the gradebook knows, or who have handed in something."""
    handed_in = glob.glob(course.format_path(course.submitted_directory, "*", "*"))
    with Gradebook(course.db_url, course.course_id) as gradebook:
        return {student.id for student in gradebook.students} | {Path(folder).parent.name for folder in handed_in}


def is_a_name(text: str) -> bool:
    """Return whether a student can be called so: it is the name of a folder, and nbgrader uses * and + for itself."""
    wrong = {*"/*+?[]", *IN_SCRIPTS}
    return text.isprintable() and not text.startswith(".") and not set(text) & wrong and text == text.strip()


def _name(row: dict[str, str], kind: str) -> tuple[str, str]:
    """Return a person's last name and first name. Canvas has them in one column, "Last, First", or in two."""
    if kind == CANVAS and "Student" not in row:
        last, first = row.get("LastName", ""), row.get("FirstName", "")
    elif kind == CANVAS:
        last, _, first = row["Student"].partition(",")
    else:
        first, _, last = row["Full name"].strip().rpartition(" ")
    return last.strip(), first.strip()


def _if_email(text: str) -> str:
    return text if "@" in text else ""
