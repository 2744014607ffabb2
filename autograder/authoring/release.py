"""Makes the instructor's notebook from its source, and from that the notebook that students get."""

import copy
import hashlib
from functools import lru_cache

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.preprocessors import ClearHiddenTests, ClearSolutions, ComputeChecksums, LockCells

from autograder.authoring.source import Cell, Source

# The end of every check cell in the instructor's notebook. nbgrader takes it out of the release, and puts it in
# again when it grades without our configuration: then the cell raises and scores 0, instead of full points.
WITHOUT_JUDGE = """
### BEGIN HIDDEN TESTS
raise RuntimeError("graded without the judge: nbgrader did not read this course's nbgrader_config.py")
### END HIDDEN TESTS"""


def source_notebook(source: Source) -> NotebookNode:
    """Return the instructor's notebook, with solutions, checks and nbgrader's metadata.

    Every build of the same source gives the same notebook.
    """
    notebook = new_notebook(cells=[_notebook_cell(cell) for cell in source.cells])
    notebook.metadata.kernelspec = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    notebook.metadata.language_info = {"name": "python"}
    _give_ids(notebook)
    return notebook


def release_notebook(source: Source) -> NotebookNode:
    """Return the notebook that nbgrader's generate step makes of the instructor's notebook, without using its database.

    Every graded notebook is rebuilt from this one.
    """
    return copy.deepcopy(_released(source))


@lru_cache
def _released(source: Source) -> NotebookNode:
    notebook = source_notebook(source)
    for step in (LockCells, ClearSolutions, ClearHiddenTests, ComputeChecksums):
        notebook, _ = step().preprocess(notebook, {})
    return notebook


def _notebook_cell(cell: Cell) -> NotebookNode:
    text = cell.text + WITHOUT_JUDGE if cell.role == "check" else cell.text
    made = new_code_cell(text) if cell.kind == "code" else new_markdown_cell(text)
    if cell.folded:
        made.metadata.jupyter = {"source_hidden": True}  # JupyterLab shows the first line, and opens it with a click
    if cell.role is None:
        return made
    made.metadata.nbgrader = {
        "grade_id": cell.grade_id,
        "grade": cell.role in ("check", "answer"),
        "solution": cell.role in ("exercise", "answer"),
        "locked": cell.role in ("check", "locked"),
        "task": False,
        "schema_version": 3,
    }
    if made.metadata.nbgrader.grade:
        made.metadata.nbgrader.points = cell.points
    return made


def _give_ids(notebook: NotebookNode) -> None:
    """Give every cell an id that is the same in every build: its grade_id, or a hash of its text."""
    taken: set[str] = set()
    for cell in notebook.cells:
        wanted = cell.metadata.nbgrader.grade_id if "nbgrader" in cell.metadata else _hash(cell.source)
        number = 1
        cell.id = wanted[:60]
        while cell.id in taken:
            number += 1
            cell.id = f"{wanted[:60]}-{number}"
        taken.add(cell.id)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
