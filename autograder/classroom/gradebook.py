"""Compares nbgrader's gradebook with what the course's source says, before anything is graded by both."""

from pathlib import Path

from nbformat import NotebookNode
from nbgrader.api import Gradebook, MissingEntry
from sqlalchemy.engine import make_url

from autograder.authoring.assignment import Assignment
from autograder.authoring.course import Course
from autograder.authoring.release import release_notebook
from autograder.errors import UserError

BUILD = "`python -m autograder build`"
IN_SCRIPTS = frozenset('"<>\\')  # formgrader puts an id into a script as it is: these would end it, and begin another


def must_fit(course: Course, assignment: Assignment) -> None:
    """Check that the gradebook knows an assignment's cells and their points as they are in its source.

    Raises UserError, which says what to do, if it does not, or if there is no gradebook.
    """
    must_exist(course)
    release = release_notebook(assignment.source)
    ours = {
        cell.metadata.nbgrader.grade_id: float(cell.metadata.nbgrader.points)
        for cell in release.cells
        if cell.metadata.get("nbgrader", {}).get("grade")
    }
    with Gradebook(course.db_url, course.course_id) as gradebook:
        try:
            notebook = gradebook.find_notebook(assignment.name, assignment.name)
        except MissingEntry:
            raise UserError(
                f"The gradebook does not know {assignment.name}, and so nothing was graded. Run {BUILD}, and grade."
            ) from None
        theirs = {cell.name: cell.max_score for cell in notebook.grade_cells}
        written = {cell.name for cell in notebook.solution_cells}
    if wrong := _differences(ours, theirs) or _missing(release, written):
        raise UserError(
            f"{assignment.source.path} has changed since the last build, and so nothing was graded: {wrong}. "
            f"Run {BUILD}, and grade. Students need not fetch anything anew."
        )


def must_exist(course: Course) -> None:
    """Check that there is a gradebook: nbgrader would make an empty one. Raises UserError, which says what to do."""
    path = path_of(course)
    if path and not path.is_file():
        raise UserError(
            f"There is no gradebook: {path} is missing. If this is a new course, {BUILD} makes it. If it was lost, and "
            "with it the grades that were given by hand: `python -m autograder restore FILE` brings back a backup. "
            f"Without one, {BUILD} makes an empty gradebook, and grading fills in the points."
        )


def path_of(course: Course) -> Path | None:
    """Return the file of the gradebook, or None if it is on a database server."""
    url = make_url(course.db_url)
    return Path(course.root, url.database) if url.get_backend_name() == "sqlite" and url.database else None


def _differences(ours: dict[str, float], theirs: dict[str, float]) -> str:
    said = [
        f"{name} has {_points(ours.get(name))} there, and {_points(theirs.get(name))} in the gradebook"
        for name in sorted(ours.keys() | theirs.keys())
        if ours.get(name) != theirs.get(name)
    ]
    return "; ".join(said[:3])


def _points(points: float | None) -> str:
    return "no points" if points is None else f"{points:g} points"


def _missing(release: NotebookNode, known: set[str]) -> str:
    written = {
        cell.metadata.nbgrader.grade_id for cell in release.cells if cell.metadata.get("nbgrader", {}).get("solution")
    }
    return ", ".join(f"the gradebook does not know the cell {name}" for name in sorted(written - known)[:3])
