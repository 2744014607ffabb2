"""Writes grades in the form that a learning management system imports. A score that is not final leaves its cell empty.

An import leaves a grade alone where a cell is empty.

    Canvas   the gradebook's own columns, and one an assignment; its points are in the row "Points Possible"
    Moodle   the grading worksheet as it was downloaded, with the column Grade filled in
"""

import csv
import re
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry

from autograder.authoring.course import Course
from autograder.classroom.lms import roster
from autograder.classroom.lms.roster import CANVAS, MOODLE, Roster
from autograder.classroom.standing import Standing, standings
from autograder.errors import NotFound, UserError

CANVAS_COLUMNS = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
POINTS = "    Points Possible"  # as Canvas writes it


def write_canvas(course: Course, gradebook: Gradebook, assignments: list[str], path: Path) -> list[str]:
    """Write the grades of assignments for Canvas. Return sentences about what is not in the file.

    assignments  their names; []: all of which something was handed in
    """
    taken_in = roster.kept(course, CANVAS)
    if taken_in is None:
        raise UserError(
            "There is no list of the class from Canvas: export the gradebook there, and take it in with "
            "`python -m autograder roster FILE`."
        )
    found = {name: _standings(course, gradebook, name) for name in assignments or course.assignment_names}
    if not assignments:
        found = {name: held for name, held in found.items() if any(one.status != "missing" for one in held.values())}
    headings = {name: _heading(name, taken_in.columns) for name in found}
    columns = [column for column in CANVAS_COLUMNS if column in taken_in.columns]
    points = {headings[name]: f"{_most(held):g}" for name, held in found.items() if held}
    rows = [{"Student": POINTS} | points]
    for person in taken_in.people:
        scores = {headings[name]: _score(held.get(person.student)) for name, held in found.items()}
        rows.append({column: person.row[column] for column in columns} | scores)
    _write(path, [*columns, *headings.values()], rows)
    return [sentence for name, held in found.items() for sentence in _left_out(name, held, taken_in)]


def write_moodle(course: Course, gradebook: Gradebook, assignment: str, path: Path) -> list[str]:
    """Fill in Moodle's grading worksheet of an assignment. Return sentences about what is not in the file."""
    taken_in = roster.kept(course, MOODLE, assignment)
    if taken_in is None:
        raise UserError(
            f"There is no grading worksheet of {assignment}: download it in Moodle (Grading action), and take it in "
            f"with `python -m autograder roster FILE --assignment {assignment}`."
        )
    held = _standings(course, gradebook, assignment)
    theirs = {float(row["Maximum Grade"].replace(",", ".")) for row in taken_in.rows if row.get("Maximum Grade")}
    if held and theirs - {_most(held)}:
        raise UserError(
            f"In Moodle the maximum grade of {assignment} is {max(theirs):g}, and here it is {_most(held):g}: set it "
            "there, and download the worksheet again."
        )
    students = {id(person.row): person.student for person in taken_in.people}
    rows = []
    for row in taken_in.rows:
        score = _score(held.get(students.get(id(row), "")))
        rows.append(row | ({"Grade": score} if score else {}))
    _write(path, taken_in.columns, rows)
    return _left_out(assignment, held, taken_in)


def _standings(course: Course, gradebook: Gradebook, name: str) -> dict[str, Standing]:
    try:
        assignment = gradebook.find_assignment(name)
    except MissingEntry:
        if name in course.assignment_names:
            return {}
        raise NotFound(f"There is no assignment {name!r}. There are: {', '.join(course.assignment_names)}.") from None
    return {standing.student: standing for standing in standings(course, gradebook, assignment)}


def _most(held: dict[str, Standing]) -> float:
    return max(standing.max_score for standing in held.values())


def _score(standing: Standing | None) -> str:
    return f"{standing.score:.2f}" if standing and standing.is_final else ""


def _heading(name: str, columns: list[str]) -> str:
    """Return what Canvas calls an assignment: with a number in brackets, it knows the assignment again."""
    for column in columns:
        plain = re.sub(r" \(\d+\)$", "", column)
        if re.sub(r"\W|_", "", plain).lower() == re.sub(r"\W|_", "", name).lower():
            return column
    return name


def _left_out(name: str, held: dict[str, Standing], taken_in: Roster) -> list[str]:
    listed = {person.student for person in taken_in.people}
    empty = [one.student for one in held.values() if one.student in listed and not one.is_final]
    others = sorted(held.keys() - listed)
    said = [f"{name}: {len(empty)} cells are empty, since their grades are not final: {', '.join(empty[:10])}"]
    more = [f"{name}: not in the list of the class: {', '.join(others[:10])}"]
    return [*(said if empty else []), *(more if others else [])]


def _write(path: Path, columns: list[str], rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
