"""Grades one notebook for the person who wrote it: no database, no isolation, nothing stored."""

from pathlib import Path

import nbformat
from nbformat import NotebookNode
from tqdm import tqdm

from autograder.assignment import load, names
from autograder.build import release_notebook
from autograder.execute import Execute
from autograder.judge import judge_of
from autograder.rebuild import grade_id, rebuild
from autograder.verdict import Verdict


class CheckError(Exception):
    """The notebook cannot be graded; the message says why, and what to do."""


def check(path: Path) -> list[Verdict]:
    """Grade a notebook as `nbgrader autograde` would. Raises CheckError if there is nothing to grade."""
    notebook = _read(path)
    assignment = load(_assignment_of(path, notebook))
    notebook, _ = rebuild(notebook, release_notebook(assignment.source))
    code_cells = sum(cell.cell_type == "code" for cell in notebook.cells)
    with tqdm(total=code_cells + len(assignment.cases), desc="running and asking", unit="step", leave=False) as bar:
        # The seed is always the same: the same notebook gets the same result.
        execute = Execute(
            sandbox=False, seed="check", timeout=120, shutdown_kernel="immediate", on_step=lambda: bar.update()
        )
        notebook, resources = execute.preprocess(notebook, {"nbgrader": {"assignment": assignment.name}})
    asked = resources["autograder"]
    return judge_of(assignment, asked["seed"]).verdicts(asked["answers"], notebook)


def _read(path: Path) -> NotebookNode:
    if not path.is_file():
        raise CheckError(f"There is no notebook {path}.")
    try:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
    except Exception as error:  # whatever is wrong in the file
        reason = (str(error).strip().split("\n") or [""])[0][:200]
        raise CheckError(f"{path} is damaged and cannot be read as a notebook: {reason}") from None
    return notebook


def _assignment_of(path: Path, notebook: NotebookNode) -> str:
    """By the file's name, or, if it was renamed, by the exercises in it."""
    if path.stem in names():
        return path.stem
    held = {grade_id(cell) for cell in notebook.cells}
    for name in names():
        if held & set(load(name).source.exercises):
            return name
    raise CheckError(
        f"{path} is none of this course's notebooks ({', '.join(names())}): it holds none of their exercises."
    )
