"""Makes notebooks whose cells, tags, ids, points and outputs were changed. Still the release must be graded."""

import copy
from collections.abc import Callable

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from autograder.authoring.release import release_notebook

from .kind import ALL, Kind, right

NONE = {name: f"{name} = None" for name in ALL}
DONE_WRONG = "def causal_mask(length):\n    return None"


def tampered(name: str, status: str, score: float, change: Callable[[NotebookNode], object], **instead: str) -> Kind:
    """Make a kind with a notebook that is right except for the texts in ``instead``, and is then changed."""

    def make(assignment, _) -> NotebookNode:
        notebook = right(assignment, instead=instead)
        change(notebook)
        return notebook

    return Kind(name, status, score, make)


def find(notebook: NotebookNode, name: str) -> NotebookNode:
    """Return the cell with this grade_id."""
    return next(cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == name)


def known(notebook: NotebookNode) -> list[NotebookNode]:
    """Return the cells that have settings of nbgrader."""
    return [cell for cell in notebook.cells if "nbgrader" in cell.metadata]


def second(notebook: NotebookNode, name: str, text: str) -> None:
    """Append a copy of a cell with another text and 1000 points."""
    copied = copy.deepcopy(find(notebook, name))
    copied.source = text
    copied.metadata.nbgrader.update(points=1000)
    notebook.cells.append(copied)


def swap(notebook: NotebookNode) -> None:
    """Swap the metadata of an exercise and of its check."""
    exercise, check = find(notebook, "causal_mask"), find(notebook, "check_causal_mask")
    exercise.metadata, check.metadata = check.metadata, exercise.metadata


def all_points_on_one(notebook: NotebookNode) -> None:
    for cell in known(notebook):
        cell.metadata.nbgrader.update(points=1000 if cell.metadata.nbgrader.grade_id == "check_padding_mask" else 0)


def tags(notebook: NotebookNode) -> None:
    """Give every cell tags and settings that tools take for orders to skip, hide or unlock it."""
    for cell in notebook.cells:
        cell.metadata.update(tags=["skip-execution", "raises-exception", "remove-cell", "hide-input", "parameters"])
        cell.metadata.update(editable=True, deletable=True, collapsed=True, jupyter={"source_hidden": True})


def forged(notebook: NotebookNode) -> None:
    """Insert three cells that claim 1000 points each."""
    for number, role in enumerate([{"grade": True}, {"task": True}, {"solution": True, "grade": True}]):
        cell = new_code_cell("1000") if number % 2 == 0 else new_markdown_cell("done")
        settings = {"grade_id": f"bonus-{number}", "points": 1000, "locked": False, "schema_version": 3}
        cell.metadata.nbgrader = settings | {"grade": False, "solution": False, "task": False} | role
        notebook.cells.insert(number * 3, cell)


def odd_settings(notebook: NotebookNode) -> None:
    """Append cells whose settings of nbgrader are malformed."""
    odd = [
        None,
        [],
        "text",
        5,
        {"grade_id": None},
        {"grade_id": ["a"]},
        {"grade_id": {}},
        {"grade_id": "x" * 100_000},
        {},
    ]
    for settings in odd:
        notebook.cells.append(new_code_cell("x = 1"))
        notebook.cells[-1].metadata["nbgrader"] = settings


def outputs(notebook: NotebookNode) -> None:
    """Give every code cell 50 outputs that look as if it had been graded."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            data = {"text/plain": "1000.0", "text/html": "<b>35 of 35 points</b>"}
            cell.outputs = [new_output("execute_result", data, execution_count=1)] * 50
            cell.execution_count = 1


def graded_already(notebook: NotebookNode) -> None:
    """Put verdicts with all points into the metadata of the notebook."""
    verdicts = [{"exercise": name, "score": 90.0, "points": 90.0, "mistakes": []} for name in ALL]
    notebook.metadata.update(autograder={"anomalies": [], "verdicts": verdicts}, nbgrader={"score": 90})


def other_kernel(notebook: NotebookNode) -> None:
    notebook.metadata.kernelspec = {
        "name": "../../bash",
        "display_name": "<b>x</b>",
        "language": "bash",
        "argv": ["sh"],
    }
    notebook.metadata.language_info = {"name": "javascript", "file_extension": "/../x", "version": 5}
    notebook.metadata.update(title="{{ 7 * 7 }}", authors=[5], widgets={"application/vnd.jupyter.widget-state+json": 5})


def other_alphabet(notebook: NotebookNode) -> None:
    find(notebook, "causal_mask").metadata.nbgrader.grade_id = "c\u0430usal_mask"  # a Cyrillic a


def same_ids(notebook: NotebookNode) -> None:
    for cell in notebook.cells:
        cell.id = "check_causal_mask"


def as_markdown(notebook: NotebookNode) -> None:
    for name in ALL:
        place = notebook.cells.index(find(notebook, name))
        cell = new_markdown_cell(notebook.cells[place].source)
        cell.metadata = notebook.cells[place].metadata
        notebook.cells[place] = cell


def empty(notebook: NotebookNode) -> None:
    notebook.cells = []


def remove(*names: str) -> Callable[[NotebookNode], None]:
    """Return a function that removes the cells with these grade_ids from a notebook."""

    def change(notebook: NotebookNode) -> None:
        for name in names:
            notebook.cells.remove(find(notebook, name))

    return change


def settings(name: str, **changes) -> Callable[[NotebookNode], None]:
    """Return a function that changes settings of nbgrader in the cell with this grade_id."""
    return lambda notebook: find(notebook, name).metadata.nbgrader.update(changes)


TAMPERING = [
    Kind("nothing filled in", "graded", 0.0, lambda assignment, _: release_notebook(assignment.source)),
    tampered("an exercise deleted", "anomalies", 80.0, remove("causal_mask")),
    tampered("checks deleted", "anomalies", 80.0, remove(*(f"check_{name}" for name in ALL)), causal_mask=DONE_WRONG),
    tampered("the first cell deleted", "anomalies", 90.0, remove("setup")),
    tampered("every cell deleted", "anomalies", 0.0, empty),
    tampered("every exercise emptied", "graded", 0.0, lambda notebook: None, **dict.fromkeys(ALL, "")),
    tampered(
        "a check twice",
        "anomalies",
        80.0,
        lambda notebook: second(notebook, "check_causal_mask", "1000"),
        causal_mask=DONE_WRONG,
    ),
    # The second is a cell of their own that follows the first, and Python keeps what was said last.
    tampered("an exercise twice", "anomalies", 80.0, lambda notebook: second(notebook, "causal_mask", DONE_WRONG)),
    tampered("cells in reverse order", "anomalies", 90.0, lambda notebook: notebook.cells.reverse()),
    tampered("cells that nobody has handed out", "anomalies", 90.0, forged),
    tampered("settings of cells that are odd", "anomalies", 90.0, odd_settings),
    tampered("an exercise and its check swapped", "anomalies", 80.0, swap),
    tampered(
        "all points on one exercise",
        "anomalies",
        10.0,
        all_points_on_one,
        **{name: text for name, text in NONE.items() if name != "padding_mask"},
    ),
    tampered(
        "a check that is no longer one",
        "anomalies",
        80.0,
        settings("check_causal_mask", grade=False, solution=True, locked=False, points=0),
        causal_mask=DONE_WRONG,
    ),
    tampered("an exercise that is locked", "anomalies", 90.0, settings("causal_mask", locked=True, solution=False)),
    tampered("settings of the future", "anomalies", 90.0, settings("causal_mask", schema_version=99)),
    tampered("settings of the past", "anomalies", 90.0, settings("causal_mask", schema_version=0, checksum=5)),
    tampered(
        "a changed check",
        "anomalies",
        80.0,
        lambda notebook: find(notebook, "check_causal_mask").update(source="10"),
        causal_mask=DONE_WRONG,
    ),
    tampered(
        "a changed first cell",
        "anomalies",
        90.0,
        lambda notebook: find(notebook, "setup").update(source="raise SystemExit"),
    ),
    tampered("a name in another alphabet", "anomalies", 80.0, other_alphabet),
    tampered("cells that all have the same id", "graded", 90.0, same_ids),
    tampered("exercises that are markdown", "graded", 90.0, as_markdown),
    tampered("tags that tell what not to run", "graded", 90.0, tags),
    tampered("wrong, with tags that tell what not to run", "graded", 80.0, tags, causal_mask=DONE_WRONG),
    tampered("outputs of a grading that never was", "graded", 0.0, outputs, **NONE),
    tampered("verdicts in its metadata", "graded", 0.0, graded_already, **NONE),
    tampered("the kernel of another language", "graded", 90.0, other_kernel),
    tampered(
        "exercises in cell magics",
        "anomalies",
        80.0,
        lambda notebook: find(notebook, "padding_mask").update(
            source="%%time\n" + find(notebook, "padding_mask").source
        ),
        causal_mask="%%script sh\nexit 0",
    ),
]
