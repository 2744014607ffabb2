"""Grades one notebook for the person who wrote it. It uses no database and no isolation, and stores nothing."""

from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from tqdm import tqdm

from autograder.authoring.assignment import Assignment
from autograder.authoring.course import Course
from autograder.authoring.release import release_notebook
from autograder.errors import UserError
from autograder.judging.judge import GiveVerdicts
from autograder.judging.verdict import Verdict
from autograder.running.execute import Execute
from autograder.running.kernel.provisioner import ConfinedProvisioner
from autograder.running.rebuild import rebuild
from autograder.running.releases import grade_id
from autograder.running.time_limits import TooBusy

SEED = "check"  # always the same, so that the same notebook gets the same result


class CheckError(UserError):
    """Tells that the notebook cannot be graded. The message says why."""


@dataclass(frozen=True)
class Checked:
    """Holds what was found in one notebook."""

    assignment: Assignment
    verdicts: list[Verdict]  # one for each exercise
    to_look_at: list[str]  # what is for a person to look at


def check(path: Path, course: Course) -> Checked:
    """Grade a notebook as `nbgrader autograde` would.

    Raises CheckError if there is no such file, if it cannot be read, if it is none of the course's notebooks, or if the
    machine is too busy to run it.
    """
    notebook = _notebook(path)
    assignment = course.assignment(_assignment_of(path, notebook, course))
    notebook, odd = rebuild(notebook, release_notebook(assignment.source))
    code_cells = sum(cell.cell_type == "code" for cell in notebook.cells)
    modules = ConfinedProvisioner(config=course.config).preload
    starts = ", ".join(["starting", *(f"importing {module.partition('.')[0]}" for module in modules)])
    steps = code_cells + len(assignment.cases)
    with tqdm(total=steps, desc=f"{starts}, before any clock begins", unit="step", leave=False) as bar:

        def step() -> None:
            bar.set_description("running and asking", refresh=False)
            bar.update()

        execute = Execute(config=course.config, sandbox=False, shutdown_kernel="immediate")
        try:
            execution = execute.prepare(notebook, assignment, SEED, on_step=step).whole()
        except TooBusy as error:
            raise CheckError(f"{path} {error}.") from None
    judge = GiveVerdicts(config=course.config).judge(assignment, SEED)
    verdicts = judge.verdicts(execution.answers(), execution.notebook)
    to_look_at = judge.to_look_at(execution.notebook, verdicts)
    return Checked(assignment, verdicts, [*odd, *execution.anomalies, *to_look_at])


def _notebook(path: Path) -> NotebookNode:
    if not path.is_file():
        raise CheckError(f"There is no notebook {path}.")
    if path.suffix != ".ipynb":
        raise CheckError(f"{path} is not a notebook: the name of a notebook ends in .ipynb.")
    try:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
    except Exception as error:  # whatever is wrong in the file
        reason = (str(error).strip().split("\n") or [""])[0][:200]
        raise CheckError(f"{path} is damaged and cannot be read as a notebook: {reason}") from None
    return notebook


def _assignment_of(path: Path, notebook: NotebookNode, course: Course) -> str:
    """Return the assignment's name: that of the file, or, if it was renamed, that of the first assignment of which it
    holds an exercise. Raises CheckError if there is none."""
    names = course.assignment_names
    if path.stem in names:
        return path.stem
    held = {grade_id(cell) for cell in notebook.cells}
    for name in names:
        if held & set(course.assignment(name).source.exercises):
            return name
    raise CheckError(
        f"{path} is none of this course's notebooks ({', '.join(names)}): it holds none of their exercises."
    )
