"""Makes what students get from what maintainers write.

    solutions/NAME/notebook.py -> nbgrader's source folder -> nbgrader's generate step -> nbgrader's release folder

nbgrader works on a copy: the old release is replaced only after every notebook has been made without an error.
"""

import copy
import hashlib
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.apps.api import NbGraderAPI

from autograder.authoring.assignment import Assignment
from autograder.authoring.course import Course, commands_on_path
from autograder.authoring.rehearsal import rehearse
from autograder.authoring.release import release_notebook, source_notebook
from autograder.errors import UserError


class BuildError(UserError):
    """The build stopped before it changed anything in the release folder; the message says what to do."""


def build(course: Course, force: bool = False) -> list[Path]:
    """Build every assignment of a course, and return the release folders. If anything fails, none of them is changed.

    force  also replace a released notebook that somebody worked in

    Raises BuildError if there is nothing to build, if nbgrader fails, or if ``force`` is needed and not given, and
    SourceError if something is wrong in an assignment's files: they are tried out first.
    """
    source, release = course.folder(course.source_directory), course.folder(course.release_directory)
    _check_folders(course)
    assignments = [course.assignment(name) for name in course.assignment_names]
    worked_in = [path for path in _built(release, course) if not force and was_worked_in(path)]
    if worked_in:
        raise BuildError(
            f"Somebody worked in {', '.join(os.path.relpath(path, course.root) for path in worked_in)}, and building "
            "would replace it. Copy it somewhere else first, or build with --force."
        )
    rehearse(assignments)
    source.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=source.parent, prefix=".build-") as folder:
        staging = Path(folder)
        for assignment in assignments:
            _write_source(assignment, staging / "source" / assignment.name)
            _generate(assignment, course, staging)
        _replace(source, staging / "source", staging / "old-source", course)
        _replace(release, staging / "release", staging / "old-release", course)
    return [release / assignment.name for assignment in assignments]


def _check_folders(course: Course) -> None:
    solutions = course.folder(course.solutions_directory)
    for folder in sorted(path for path in solutions.glob("*") if any(path.glob("*.py"))):
        if not (folder / "notebook.py").is_file():
            raise BuildError(f"{folder} is no assignment: it has no notebook.py.")
    if not course.assignment_names:
        raise BuildError(f"There is nothing to build: no folder with a notebook.py in {solutions}.")


def was_worked_in(path: Path) -> bool:
    """Return whether the cells of this released notebook differ from what a build wrote.

    Return True also if the notebook cannot be read.
    """
    try:
        notebook = nbformat.read(path, as_version=4)
    except (nbformat.reader.NotJSONError, nbformat.ValidationError):
        return True
    return notebook.metadata.get("built") != _stamp(notebook)


def _stamp(notebook: NotebookNode) -> str:
    """Return a hash of the text of a notebook's cells. It tells whether they still are as a build wrote them.

    The outputs of the cells do not count.
    """
    return hashlib.sha256("\0".join(cell.source for cell in notebook.cells).encode()).hexdigest()[:16]


def _write_source(assignment: Assignment, folder: Path) -> None:
    folder.mkdir(parents=True)
    notebook = source_notebook(assignment.source)
    notebook.metadata.built = _stamp(notebook)
    nbformat.write(notebook, folder / f"{assignment.name}.ipynb")
    if assignment.parts:
        (folder / "parts.py").write_text(assignment.parts, encoding="utf-8")


def _generate(assignment: Assignment, course: Course, staging: Path) -> None:
    """Run nbgrader's own generate step on the staged source.

    It writes a staged release, and adds the assignment to the course's gradebook. Raises BuildError if it fails.
    """
    name, staged = assignment.name, copy.deepcopy(course.config)
    staged.CourseDirectory.source_directory = str(staging / "source")
    staged.CourseDirectory.release_directory = str(staging / "release")
    staged.GenerateAssignment.pop("exporter_class", None)  # that of the course refuses, and points to this build
    with commands_on_path():
        result = NbGraderAPI(config=staged).generate_assignment(name)
    if not result["success"]:
        raise BuildError(f"nbgrader could not generate {name}:\n{result['log'] or ''}{result.get('error') or ''}")
    path = staging / "release" / name / f"{name}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    if notebook.cells != release_notebook(assignment.source).cells:
        raise BuildError(
            f"nbgrader's release of {name} is not the one that grading expects. Remove the settings of its generate "
            "step (ClearSolutions, LockCells, ClearHiddenTests) from nbgrader_config.py."
        )
    notebook.metadata.built = _stamp(notebook)
    nbformat.write(notebook, path)


def _built(folder: Path, course: Course) -> list[Path]:
    """Return the notebooks in a source or release folder that are the build's: of today's assignments and earlier ones.

    Others are of assignments that were made without this package.
    """
    found = sorted(path for path in folder.glob("*/*.ipynb") if path.stem == path.parent.name)
    names = course.assignment_names
    return [path for path in found if path.stem in names or '"built": "' in path.read_text(errors="replace")]


def _replace(folder: Path, staged: Path, aside: Path, course: Course) -> None:
    """Replace the earlier notebooks and parts.py files in a folder with the staged files.

    Earlier ones that are no longer made are removed: all of them are moved to ``aside``. The other files in the folder
    belong to somebody else, and stay.
    """
    earlier = [path for notebook in _built(folder, course) for path in (notebook, notebook.with_name("parts.py"))]
    earlier = [path for path in earlier if path.exists()]
    with _undone_on_error() as move:
        for path in earlier:
            move(path, aside / path.relative_to(folder))
        for path in sorted(path for path in staged.rglob("*") if path.is_file()):
            move(path, folder / path.relative_to(staged))
    for parent in {path.parent for path in earlier}:
        if not any(parent.iterdir()):
            parent.rmdir()


@contextmanager
def _undone_on_error():
    """Yield a function that moves a file. If an error or Ctrl-C ends the block, all files are moved back."""
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
