"""Puts a student's cells into the release, and keeps nothing else of a submission.

The graded notebook is the released one. The text of the student's solution cells is put in by grade_id, and their free
cells stay where they were. Every tag, flag, point value and locked cell is the release's. What had to be repaired is an
anomaly, and is noted in the notebook's metadata for the instructor.
"""

import copy

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_raw_cell
from nbgrader.preprocessors import NbGraderPreprocessor

from autograder.authoring.course import assignment_of
from autograder.authoring.release import release_notebook

NEW_CELL = {"code": new_code_cell, "markdown": new_markdown_cell, "raw": new_raw_cell}
MAX_ANOMALIES = 50  # so many are named, and the others are counted
PICTURES = {"image/png", "image/jpeg", "image/gif"}


class Rebuild(NbGraderPreprocessor):
    """Replaces the sanitize step of nbgrader's autograde with ``rebuild``."""

    def preprocess(self, notebook: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        rebuilt, anomalies = rebuild(notebook, release_notebook(assignment_of(self, resources).source))
        for anomaly in anomalies:
            self.log.warning("%s: %s", resources["nbgrader"].get("student", "notebook"), anomaly)
        return rebuilt, resources


def rebuild(submitted: NotebookNode, release: NotebookNode) -> tuple[NotebookNode, list[str]]:
    """Return a notebook to grade, and a list of what had to be repaired in the submission."""
    rebuilt = copy.deepcopy(release)
    known = {grade_id(cell): cell for cell in rebuilt.cells if grade_id(cell)}
    given: dict[str, NotebookNode] = {}  # the student's version of each cell of the release
    free: dict[str | None, list[NotebookNode]] = {None: []}  # their own cells, by the known cell they follow
    anomalies = []
    place = None
    for cell in submitted.cells:
        name = grade_id(cell)
        if name in known and name not in given:
            given[name] = cell
            place = name
            continue
        if name:
            anomalies.append(
                f"cell {name[:80]!r} is there twice" if name in known else f"cell {name[:80]!r} is not of this notebook"
            )
        free.setdefault(place, []).append(cell)

    rebuilt.cells = [_free_cell(cell) for cell in free[None]]
    for name, cell in known.items():
        if name not in given:
            anomalies.append(f"cell {name!r} was deleted; the released one stands in its place")
        elif cell.metadata.nbgrader.solution:
            cell.source = _text(given[name])
            cell.update(_attachments(given[name]) if cell.cell_type == "markdown" else {})
        elif _text(given[name]) != cell.source:
            anomalies.append(f"locked cell {name!r} was changed; the released one stands in its place")
        if name in given and given[name].metadata.get("nbgrader") != cell.metadata.nbgrader:
            anomalies.append(f"the metadata of cell {name!r} was changed")
        rebuilt.cells.append(cell)
        rebuilt.cells.extend(_free_cell(cell) for cell in free.get(name, []))
    if [name for name in known if name in given] != list(given):
        anomalies.append("cells were put in another order; they run in the released one")
    for number, cell in enumerate(rebuilt.cells):
        cell.id = grade_id(cell) or f"free-{number}"
    if len(anomalies) > MAX_ANOMALIES:
        anomalies[MAX_ANOMALIES:] = [f"{len(anomalies) - MAX_ANOMALIES:,} more cells are not as they were"]
    rebuilt.metadata.autograder = {"anomalies": anomalies}
    return rebuilt, anomalies


def grade_id(cell: NotebookNode) -> str | None:
    """Return the name by which the release knows a cell, or None if there is none. Ignore all other metadata."""
    settings = cell.get("metadata", {}).get("nbgrader")
    name = settings.get("grade_id") if isinstance(settings, dict) else None
    return name if isinstance(name, str) else None


def _text(cell: NotebookNode) -> str:
    """Return the text of a cell in characters that every encoding can write; half an emoji becomes a question mark.

    Return "" if the cell has no text.
    """
    source = cell.get("source")
    return source.encode("utf-8", "replace").decode() if isinstance(source, str) else ""


def _free_cell(cell: NotebookNode) -> NotebookNode:
    """Return a new cell with the text and pictures of a student's own cell, and without its metadata."""
    made = NEW_CELL.get(cell.cell_type, new_raw_cell)(_text(cell))
    made.update(_attachments(cell))
    return made


def _attachments(cell: NotebookNode) -> dict:
    """Return the pictures that were pasted into a markdown cell, as a dictionary with the key "attachments".

    Return an empty dictionary for a cell that has none.
    """
    attachments = cell.get("attachments")
    if cell.cell_type != "markdown" or not isinstance(attachments, dict):
        return {}
    kept = {
        name.encode("utf-8", "replace").decode(): {
            kind: data for kind, data in bundle.items() if kind in PICTURES and isinstance(data, str)
        }
        for name, bundle in attachments.items()
        if isinstance(bundle, dict)
    }
    return {"attachments": {name: bundle for name, bundle in kept.items() if bundle}}
