"""Notebooks as students might hand them in, made from the reference solution and the named mistakes."""

from collections.abc import Iterable, Mapping

from nbformat import NotebookNode

from autograder.assignment import Assignment, Mistake, without_marks
from autograder.build import release_notebook


def handed_in(
    assignment: Assignment, mistakes: Iterable[Mistake] = (), instead: Mapping[str, str] | None = None
) -> NotebookNode:
    """The released notebook, filled in.

    mistakes  made in the reference solution
    instead   {exercise or answer: text} to stand there in place of the reference's
    """
    notebook = release_notebook(assignment.source)
    texts = {}
    for cell in assignment.source.of_role("exercise", "answer"):
        text = cell.text
        for mistake in mistakes:
            if mistake.exercise == cell.name:
                text = mistake.apply(text)
        texts[cell.name] = without_marks(text)
    texts.update(instead or {})
    for cell in notebook.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        if grade_id in texts:
            cell.source = texts[grade_id]
    return notebook
