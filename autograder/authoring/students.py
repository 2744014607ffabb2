"""Makes notebooks as students might hand them in, from the reference solution and the named mistakes."""

from collections.abc import Mapping, Sequence

from nbformat import NotebookNode

from autograder.authoring.assignment import Assignment
from autograder.authoring.mistakes import Mistake
from autograder.authoring.release import release_notebook


def handed_in(
    assignment: Assignment, mistakes: Sequence[Mistake] = (), instead: Mapping[str, str] | None = None
) -> NotebookNode:
    """Return the released notebook with its exercises and answers filled in.

    mistakes  the mistakes to make in the reference solution
    instead   {exercise or answer: text} to use in place of the reference solution
    """
    notebook = release_notebook(assignment.source)
    filled_in = assignment.source.of_role("exercise", "answer")
    texts = {cell.name: assignment.solution(cell.name, mistakes) for cell in filled_in} | dict(instead or {})
    for cell in notebook.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        if grade_id in texts:
            cell.source = texts[grade_id]
    return notebook
