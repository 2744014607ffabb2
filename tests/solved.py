"""Keeps what the solved notebooks print in outputs/: to run them all takes some half an hour.

    python tests/solved.py [NAME ...]

runs those notebooks of which something has changed since, or those that are named, and keeps what they print. Tests take
it from there as long as all that a notebook runs is as it was; else they run it themselves. Take outputs/ away, and they
run all of them. Pictures are kept in name only.
"""

import json
import sys
from pathlib import Path

from nbformat import NotebookNode

from autograder.authoring.assignment import Assignment
from autograder.authoring.students import handed_in
from this_course import COURSE, ROOT, load

sys.path.insert(0, str(ROOT / "docs"))
import notebooks  # noqa: E402

OUTPUTS = ROOT / "tests" / "outputs"
IN_FULL = ("text/plain", "text/markdown")


def solved(assignment: Assignment, folder: Path) -> NotebookNode:
    """Return the solved notebook with its outputs, those that are kept if they are still its own.

    folder  in which it is kept if it has to be run
    """
    path, notebook = _place(assignment), handed_in(assignment)
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"of": ""}
    if kept["of"] != notebooks.what_it_runs(notebook, assignment, COURSE):
        return notebooks.run(assignment, COURSE, folder)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [NotebookNode(output) for output in kept["outputs"].get(cell.id, [])]
    return notebook


def keep(name: str) -> None:
    """Run a solved notebook, if it was not since something in it has changed, and keep what it prints."""
    assignment = load(name)
    executed = notebooks.run(assignment, COURSE, notebooks.EXECUTED)
    kept = {
        "of": notebooks.what_it_runs(handed_in(assignment), assignment, COURSE),
        "outputs": {cell.id: _short(cell.outputs) for cell in executed.cells if cell.get("outputs")},
    }
    OUTPUTS.mkdir(exist_ok=True)
    _place(assignment).write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _place(assignment: Assignment) -> Path:
    return OUTPUTS / f"{assignment.name}.json"


def _short(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Return outputs without pictures and progress bars; what went to stderr as it is, since nothing may go there."""
    found = [output if output.get("name") == "stderr" else notebooks.without_bars(output) for output in outputs]
    shown = [output for output in found if output.get("text") != "" or output.name == "stderr"]
    for output in shown:
        if "data" in output:
            output["data"] = {kind: text if kind in IN_FULL else "" for kind, text in output.data.items()}
    return shown


if __name__ == "__main__":
    for name in sys.argv[1:] or COURSE.assignment_names:
        keep(name)
