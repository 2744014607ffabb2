"""Finds work in other notebooks that a student has handed in beside the one that is graded."""

from collections.abc import Mapping

from nbformat import NotebookNode

from autograder.authoring.assignment import Assignment
from autograder.authoring.release import release_notebook
from autograder.running.releases import grade_id, text_of

MAX_NAMED = 5


def others(notebooks: Mapping[str, NotebookNode], assignment: Assignment) -> list[str]:
    """Return sentences for the instructor about notebooks that were handed in and are not graded.

    notebooks  all that were handed in and can be read, by their file names, the graded one among them if there is one
    """
    graded = f"{assignment.name}.ipynb"
    beside = sorted(name for name in notebooks if name != graded)
    if not beside:
        return []
    named = ", ".join(ascii(name[:80]) for name in beside[:MAX_NAMED])
    more = f" and {len(beside) - MAX_NAMED} more" if len(beside) > MAX_NAMED else ""
    said = f"handed in and not graded: {named}{more}"
    with_work = [name for name in beside if work_on(notebooks[name], assignment)]
    if len(with_work) == 1:
        done = work_on(notebooks[graded], assignment) if graded in notebooks else []
        instead = f"; {ascii(with_work[0][:80])} holds work on this assignment"
        instead += ", as the graded one does" if done else f" and {graded} holds none: rename it to {graded} and grade"
        said += instead
    elif with_work:
        said += f"; {len(with_work)} of them hold work on this assignment"
    return [said]


def work_on(notebook: NotebookNode, assignment: Assignment) -> list[str]:
    """Return the exercises and answers of an assignment that are in this notebook and not as they were released."""
    released = {grade_id(cell): cell.source.strip() for cell in release_notebook(assignment.source).cells}
    own = {cell.name for cell in assignment.source.of_role("exercise", "answer")}
    return [
        name
        for cell in notebook.cells
        if (name := grade_id(cell)) in own and text_of(cell).strip() not in ("", released[name])
    ]
