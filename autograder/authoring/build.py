"""Makes what students get from what maintainers write.

    solutions/NN_name.py -> classroom/source/NN_name/NN_name.ipynb -> nbgrader's generate step -> course/NN_name/

nbgrader works on a copy: only when every notebook has come out right is the old release replaced.
"""

import hashlib
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.apps.api import NbGraderAPI
from nbgrader.preprocessors import ClearHiddenTests, ClearSolutions, ComputeChecksums, LockCells

from autograder import config
from autograder.assignment import ROOT, Assignment, load, names
from autograder.source import Cell, Source

# The end of every check cell in the instructor's notebook. nbgrader takes it out of the release, and puts it in
# again when it grades without our configuration: then the cell raises and scores 0, instead of full points.
WITHOUT_JUDGE = """
### BEGIN HIDDEN TESTS
raise RuntimeError("graded without the judge: nbgrader did not read this course's nbgrader_config.py")
### END HIDDEN TESTS"""


class BuildError(Exception):
    """The build stopped before it changed anything in course/; the message says what to do."""


def build(root: Path = ROOT, into: Path | None = None, force: bool = False) -> list[Path]:
    """Build every assignment. Returns the release folders, and leaves course/ alone when anything fails.

    root   where solutions/ and autograder/ are
    into   where classroom/ and course/ are made, and an nbgrader_config.py is; None: in the same place
    force  replace a notebook in course/ that somebody worked in, too
    """
    into = into or root
    assignments = [load(name, root) for name in names(root)]
    if not assignments:
        raise BuildError(f"There is nothing to build: no solutions/NN_name.py in {root}.")
    worked_in = [path for path in _released(into) if not force and was_worked_in(path)]
    if worked_in:
        raise BuildError(
            f"Somebody worked in {', '.join(str(path.relative_to(into)) for path in worked_in)}, and building would "
            "replace it. Copy it somewhere else first, or build with --force."
        )
    (into / "classroom").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=into / "classroom", prefix=".build-") as folder:
        staging = Path(folder)
        for assignment in assignments:
            _write_source(assignment, staging / "source" / assignment.name)
            _generate(assignment.name, staging, into)
        _replace(into / "classroom" / "source", staging / "source", staging / "old-source")
        _replace(into / "course", staging / "course", staging / "old-course")
    return [into / "course" / assignment.name for assignment in assignments]


def source_notebook(source: Source) -> NotebookNode:
    """The instructor's notebook: solutions, checks and nbgrader's metadata."""
    notebook = new_notebook(cells=[_notebook_cell(cell) for cell in source.cells])
    notebook.metadata.kernelspec = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    notebook.metadata.language_info = {"name": "python"}
    _name_free_cells(notebook)
    return notebook


def release_notebook(source: Source) -> NotebookNode:
    """What nbgrader's generate step makes of the instructor's notebook, without its database.

    Every graded notebook is rebuilt on this one.
    """
    notebook = source_notebook(source)
    for step in (LockCells, ClearSolutions, ClearHiddenTests, ComputeChecksums):
        notebook, _ = step().preprocess(notebook, {})
    return notebook


def was_worked_in(path: Path) -> bool:
    """Is this released notebook no longer what a build wrote?"""
    try:
        notebook = nbformat.read(path, as_version=4)
    except (nbformat.reader.NotJSONError, nbformat.ValidationError):
        return True
    return notebook.metadata.get("built") != _fingerprint(notebook)


def _fingerprint(notebook: NotebookNode) -> str:
    return hashlib.sha256("\0".join(cell.source for cell in notebook.cells).encode()).hexdigest()[:16]


def _notebook_cell(cell: Cell) -> NotebookNode:
    text = cell.text + WITHOUT_JUDGE if cell.role == "check" else cell.text
    made = new_code_cell(text) if cell.kind == "code" else new_markdown_cell(text)
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


def _name_free_cells(notebook: NotebookNode) -> None:
    """Give every cell an id that is the same from build to build: its grade_id, or a hash of what it says."""
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


def _write_source(assignment: Assignment, folder: Path) -> None:
    folder.mkdir(parents=True)
    nbformat.write(source_notebook(assignment.source), folder / f"{assignment.name}.ipynb")
    if assignment.parts:
        (folder / "parts.py").write_text(assignment.parts, encoding="utf-8")


def _generate(name: str, staging: Path, into: Path) -> None:
    """nbgrader's own generate step, from the staged source to a staged release, into the class's gradebook."""
    settings = config.course(into)
    settings.CourseDirectory.source_directory = str(staging / "source")
    settings.CourseDirectory.release_directory = str(staging / "course")
    with config.commands_on_path():
        result = NbGraderAPI(config=settings).generate_assignment(name)
    if not result["success"]:
        raise BuildError(f"nbgrader could not generate {name}:\n{result['log'] or ''}{result.get('error') or ''}")
    path = staging / "course" / name / f"{name}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata.built = _fingerprint(notebook)
    nbformat.write(notebook, path)


def _released(root: Path) -> list[Path]:
    """The notebooks of course/ that are there now."""
    return sorted(path for path in (root / "course").glob("[0-9]*/*.ipynb") if path.stem == path.parent.name)


def _replace(folder: Path, staged: Path, aside: Path) -> None:
    """Put staged files in the place of earlier ones, and take out those that are made no more.

    Other files in these folders are somebody's, and stay.
    """
    earlier = [*folder.glob("[0-9]*/[0-9]*.ipynb"), *folder.glob("[0-9]*/parts.py")]
    with _undone_on_error() as move:
        for path in sorted(earlier):
            move(path, aside / path.relative_to(folder))
        for path in sorted(path for path in staged.rglob("*") if path.is_file()):
            move(path, folder / path.relative_to(staged))
    for parent in {path.parent for path in earlier}:
        if not any(parent.iterdir()):
            parent.rmdir()


@contextmanager
def _undone_on_error():
    """Gives a function that moves a file; leaving the block by an error or Ctrl-C moves all of them back."""
    moves: list[tuple[Path, Path]] = []

    def move(path: Path, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(path, target)
        moves.append((path, target))

    try:
        yield move
    except BaseException:
        for path, target in reversed(moves):
            os.replace(target, path)
        raise
