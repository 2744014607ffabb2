"""Finds work in other notebooks that a student has handed in beside the one that is graded."""

from collections.abc import Mapping, Sequence

from nbformat import NotebookNode

from autograder.authoring.assignment import Assignment
from autograder.authoring.release import release_notebook
from autograder.running.releases import Release, as_begun, described, grade_id, text_of

MAX_NAMED = 5


def others(
    notebooks: Mapping[str, NotebookNode], assignment: Assignment, releases: Sequence[Release] = ()
) -> list[str]:
    """Return a sentence for the instructor if notebooks that are not graded hold work on this assignment, in a list.

    notebooks  all that were handed in and can be read, by their file names, the graded one among them if there is one
    releases   earlier ones, which students may have begun with
    """
    graded = f"{assignment.name}.ipynb"
    done = _written(notebooks[graded], assignment) if graded in notebooks else {}
    beside = sorted(
        name for name in notebooks if name != graded and _written(notebooks[name], assignment) != done
    )  # a copy of what is graded has nothing to say
    if not beside:
        return []
    with_work = [name for name in beside if work_on(notebooks[name], assignment, releases)]
    if not with_work:
        return []
    named = ", ".join(ascii(name[:80]) for name in with_work[:MAX_NAMED])
    said = f"handed in and not graded: {named}"
    if graded in notebooks and work_on(notebooks[graded], assignment, releases):
        return [f"{said}, with work on this assignment, as {graded} has"]
    if len(with_work) > 1:
        return [f"{said}, which hold work on this assignment"]
    return [f"{said}, which holds work on this assignment, and {graded} none: rename it to {graded}, and grade again"]


def work_on(notebook: NotebookNode, assignment: Assignment, releases: Sequence[Release] = ()) -> list[str]:
    """Return the exercises and answers of an assignment that are in this notebook, and not as they were released.

    releases  earlier ones, beside that of today
    """
    all_releases = [described(release_notebook(assignment.source)), *releases]
    return [
        name for name, text in _written(notebook, assignment).items() if text and not as_begun(name, text, all_releases)
    ]


def _written(notebook: NotebookNode, assignment: Assignment) -> dict[str, str]:
    """Return the texts of the exercises and answers of an assignment that are in this notebook, by their names."""
    own = {cell.name for cell in assignment.source.of_role("exercise", "answer")}
    return {name: text_of(cell).strip() for cell in notebook.cells if (name := grade_id(cell)) in own}
