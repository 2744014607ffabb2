"""Puts a student's cells into the release, and keeps nothing else of a submission.

The graded notebook is the released one. The text of the student's solution cells is put in by grade_id, and their free
cells stay where they were. Every tag, flag, point value and locked cell is the release's. What had to be repaired is an
anomaly, and is noted in the notebook's metadata for the instructor.
"""

import copy
from pathlib import Path

import nbformat
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor

from autograder.authoring.course import Course, assignment_of
from autograder.authoring.release import release_notebook
from autograder.running import submission
from autograder.running.read import CELL_TYPES
from autograder.running.records import Records
from autograder.running.releases import Release, anomalies, described, grade_id, known, remember, text_of

MAX_PICTURES = 100  # that were pasted into one cell
PICTURES = {"image/png", "image/jpeg", "image/gif"}


class Rebuild(NbGraderPreprocessor):
    """Replaces the sanitize step of nbgrader's autograde with ``rebuild``."""

    def preprocess(self, notebook: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        names, records, course = resources["nbgrader"], Records(parent=self), Course(parent=self)
        release = release_notebook(assignment_of(self, resources).source)
        remember(records, names["assignment"], described(release))
        rebuilt, _ = rebuild(notebook, release, known(records, names["assignment"]))
        folder = course.format_path(course.submitted_directory, names.get("student", "."), names["assignment"])
        rebuilt.metadata.autograder.submitted = submission.submitted(Path(folder))
        return rebuilt, resources


def rebuild(
    submitted: NotebookNode, release: NotebookNode, releases: list[Release] | None = None
) -> tuple[NotebookNode, list[str]]:
    """Return a notebook to grade, and a list of what had to be repaired in the submission.

    release   the released notebook of today, which stays but for what students write
    releases  all that were ever handed out, this one among them; None: there was no other
    """
    rebuilt = copy.deepcopy(release)
    by_name = {grade_id(cell): cell for cell in rebuilt.cells if grade_id(cell)}
    given: dict[str, NotebookNode] = {}  # the student's version of each cell of the release
    parts: dict[int, str] = {}  # names of cells that are there once more, as when one is split, by the copy's identity
    free: dict[str | None, list[NotebookNode]] = {None: []}  # their own cells, by the known cell they follow
    place = None
    for cell in submitted.cells:
        name = grade_id(cell)
        if name in by_name and name not in given:
            given[name] = cell
            place = name
        else:
            free.setdefault(place, []).append(cell)

    def own(cell: NotebookNode) -> NotebookNode:
        made = _free_cell(cell)
        if grade_id(cell) in by_name:
            parts[id(made)] = grade_id(cell)
        return made

    rebuilt.cells = [own(cell) for cell in free[None]]
    for name, cell in by_name.items():
        if name in given and cell.metadata.nbgrader.solution:
            cell.source = text_of(given[name])
            cell.update(_attachments(given[name]) if cell.cell_type == "markdown" else {})
        rebuilt.cells.append(cell)
        rebuilt.cells.extend(own(cell) for cell in free.get(name, []))
    for number, cell in enumerate(rebuilt.cells):
        cell.id = grade_id(cell) or f"free-{number}"
    found = anomalies(submitted, releases or [described(release)])
    missing = [name for name, cell in by_name.items() if name not in given and cell.metadata.nbgrader.solution]
    split = {cell.id: parts[id(cell)] for cell in rebuilt.cells if id(cell) in parts}
    rebuilt.metadata.autograder = {"anomalies": found, "missing": missing, "parts": split}
    return rebuilt, found


def _free_cell(cell: NotebookNode) -> NotebookNode:
    """Return a new cell with the text and pictures of a student's own cell, and without its metadata."""
    kind = cell.cell_type if cell.cell_type in CELL_TYPES else "raw"
    plain = {"cell_type": kind, "metadata": {}, "source": text_of(cell), **_attachments(cell)}
    return nbformat.from_dict(plain | ({"outputs": [], "execution_count": None} if kind == "code" else {}))


def _attachments(cell: NotebookNode) -> dict:
    """Return the pictures that were pasted into a markdown cell, as a dictionary with the key "attachments".

    Return an empty dictionary for a cell that has none.
    """
    attachments = cell.get("attachments")
    if cell.cell_type != "markdown" or not isinstance(attachments, dict):
        return {}
    kept = {
        name.encode("utf-8", "replace").decode(): {
            kind: data for kind, data in bundle.items() if kind in PICTURES and _is_base64(data)
        }
        for name, bundle in [*attachments.items()][:MAX_PICTURES]
        if isinstance(bundle, dict)
    }
    return {"attachments": {name: bundle for name, bundle in kept.items() if bundle}}


def _is_base64(data: object) -> bool:
    """Return whether this may be a picture's data: a text that is not empty, in characters that any encoding knows."""
    return isinstance(data, str) and bool(data) and data.isascii()
