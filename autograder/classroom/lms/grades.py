"""Writes grades in the form that a learning management system imports. A score that is not final is left out.

    Canvas   the gradebook's own columns, and one an assignment; its points are in the row "Points Possible"
    Moodle   the grading worksheet as it was downloaded, with the column Grade filled in

Where a score is left out, the cell goes back as it came: an empty one would take a grade away in Canvas.
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
from autograder.judging.report import printable
from autograder.running.database import for_the_owner

POINTS = "    Points Possible"  # as Canvas writes it
EXCUSED = "EX"


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
    columns = taken_in.columns[: taken_in.columns.index("Section") + 1]  # Canvas goes by their places
    points = {headings[name]: f"{_most(held):g}" for name, held in found.items() if held}
    for row in taken_in.rows:
        if POINTS.strip() in row[columns[0]]:
            for name, held in found.items():
                _must_agree("Canvas", name, held, [row.get(headings[name], "")])
    rows = [{columns[0]: POINTS} | points]
    for person in taken_in.people:
        cells = {
            headings[name]: _cell(held.get(person.student), person.row.get(headings[name], ""))
            for name, held in found.items()
        }
        rows.append({column: person.row[column] for column in columns} | cells)
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
    _must_agree("Moodle", assignment, held, [row.get("Maximum Grade", "") for row in taken_in.rows])
    students = {id(person.row): person.student for person in taken_in.people}
    rows = [row | {"Grade": _cell(held.get(students.get(id(row), "")), row["Grade"])} for row in taken_in.rows]
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


def _must_agree(system: str, name: str, held: dict[str, Standing], theirs: list[str]) -> None:
    """Raise UserError if an assignment has other points in the learning management system, where it says how many."""
    given = {float(points.replace(",", ".")) for points in theirs if re.fullmatch(r"\d+([.,]\d+)?", points.strip())}
    if held and given - {_most(held)}:
        raise UserError(
            f"In {system} the most points of {name} are {max(given):g}, and here they are {_most(held):g}: change it "
            "there, and take in the file of today with `python -m autograder roster FILE`."
        )


def _cell(standing: Standing | None, there: str) -> str:
    """Return what goes into a cell that came with ``there`` in it. Who is excused stays so."""
    if standing is None or not standing.is_final or there.strip().upper() == EXCUSED:
        return there
    return f"{standing.score:.2f}"


def _heading(name: str, columns: list[str]) -> str:
    """Return what Canvas calls an assignment: with a number in brackets, it knows the assignment again."""
    for column in columns:
        plain = re.sub(r" \(\d+\)$", "", column)
        if re.sub(r"\W|_", "", plain).lower() == re.sub(r"\W|_", "", name).lower():
            return column
    return name


def _left_out(name: str, held: dict[str, Standing], taken_in: Roster) -> list[str]:
    listed = {person.student for person in taken_in.people}
    waiting = [printable(one.student) for one in held.values() if one.student in listed and not one.is_final]
    others = [printable(student) for student in sorted(held.keys() - listed)]
    said = [f"{name}: {len(waiting)} cells are as they came, since the grades are not final: {', '.join(waiting[:10])}"]
    more = [f"{name}: not in the list of the class: {', '.join(others[:10])}"]
    return [*(said if waiting else []), *(more if others else [])]


def _write(path: Path, columns: list[str], rows: list[dict[str, str]]) -> None:
    with open(path, "w", encoding="utf-8", newline="", opener=for_the_owner) as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
