"""Tries out what maintainers wrote, before a class does: parts.py, the reference solution, the hidden tests on it.

All of this is trusted code. What fails is told with file and line.
"""

import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from autograder import probe
from autograder.authoring.assignment import Assignment, Case
from autograder.authoring.mistakes import Mistake
from autograder.authoring.one_thread import one_thread
from autograder.authoring.parts import origin, without_marks
from autograder.authoring.source import Source, SourceError, line_in, read_source

SEED = "rehearsal"
SECONDS = 300  # that all parts.py together may take; they are imported in a process of their own

# Imports each file named, as a notebook would that lies beside it, and tells which one failed, with line and error.
IMPORT = """\
import json, runpy, sys, traceback
for path in sys.argv[1:]:
    try:
        runpy.run_path(path, run_name="parts")
    except BaseException as error:
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == path]
        told = {"path": path, "line": (lines or [0])[-1], "error": f"{type(error).__name__}: {error}"}
        print("\\n" + json.dumps(told))
        break
"""


def rehearse(assignments: Sequence[Assignment]) -> None:
    """Run each reference solution, ask it each hidden test, and import each parts.py.

    Raises SourceError, which names file and line, if one of these fails.
    """
    with _quiet():
        for assignment in assignments:
            namespace = _reference(assignment)
            for case in assignment.cases:
                _ask(assignment, case, namespace)
    _import_parts(assignments)


def rehearse_mistakes(assignment: Assignment) -> None:
    """Run the reference solution with each named mistake in it. Raises SourceError if it cannot be run at all."""
    path = assignment.source.path.with_name("mistakes.py")
    rows = path.read_text(encoding="utf-8").split("\n")
    for mistake in assignment.mistakes:
        try:
            with _quiet():
                _reference(assignment, [mistake])
        except SourceError as error:
            line = next((number for number, row in enumerate(rows, 1) if repr(mistake.name)[1:-1] in row), 1)
            raise SourceError(path, line, f"a notebook with mistake {mistake.name!r} does not run: {error}") from None


@contextlib.contextmanager
def _quiet():
    """Let nothing be printed inside, and let torch use one thread."""
    with one_thread(), contextlib.redirect_stdout(io.StringIO()):
        yield


def _import_parts(assignments: Sequence[Assignment]) -> None:
    """Import each parts.py in a process of its own, which knows nothing of what was imported here."""
    with tempfile.TemporaryDirectory(prefix="parts-") as folder:
        paths = {str(Path(folder, one.name, "parts.py")): one for one in assignments if one.parts}
        if not paths:
            return
        for path, assignment in paths.items():
            Path(path).parent.mkdir()
            Path(path).write_text(assignment.parts, encoding="utf-8")
        command = [sys.executable, "-c", IMPORT, *paths]
        environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "MPLBACKEND": "agg"}
        try:
            done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=SECONDS)
        except subprocess.TimeoutExpired:
            first = assignments[0].source.path
            raise SourceError(first, 1, f"to import the parts.py of the notebooks took more than {SECONDS} s") from None
        last = done.stdout.rstrip().split("\n")[-1]
        if last.startswith('{"path": '):
            told = json.loads(last)
            raise _parts_error(paths[told["path"]], told["line"], told["error"])
        if done.returncode:
            raise SourceError(assignments[0].source.path, 1, f"parts.py ended Python:\n{done.stderr.rstrip()[-2000:]}")


def _parts_error(assignment: Assignment, line: int, error: str) -> SourceError:
    """Return the error that says from which cell the line of an assignment's parts.py came that failed."""
    folder = assignment.source.path.parent
    earlier = sorted(path for path in folder.parent.glob("*/notebook.py") if path.parent.name < folder.name)
    piece = origin([read_source(path) for path in earlier], line)
    path, at = (piece.path, piece.cell.line) if piece else (earlier[-1], 1)
    what = f"{piece.cell.role} {piece.cell.name!r}" if piece else "an import of a locked cell"
    return SourceError(
        path,
        at,
        f"{what} fails in the parts.py of {assignment.name}, line {line}: {error}. parts.py holds the exercises of the "
        "notebooks before, and of their locked cells what exercises use, in this order. What this cell uses must stand "
        "in a locked cell or an exercise before it",
    )


def _reference(assignment: Assignment, mistakes: Sequence[Mistake] = ()):
    """Return the names that the reference solution defines."""
    path = assignment.source.path
    try:
        return assignment.reference(mistakes)
    except (Exception, SystemExit) as error:
        if (line := line_in(Path("parts.py"), error)) and not line_in(path, error):
            raise _parts_error(assignment, line, f"{type(error).__name__}: {error}") from None
        says = "the reference solution fails: "
        if isinstance(error, NameError):
            says += "it runs locked cells and exercises alone, what it uses must be in one of them: "
        raise SourceError.of(path, error, says, lambda line: _in_file(assignment.source, line)) from None


def _in_file(source: Source, line: int) -> int:
    """Return the line of the file for a line of the reference solution, which runs without the marks of solutions."""
    cell = next((cell for cell in reversed(source.of_role("locked", "exercise")) if cell.line < line), None)
    if cell is None:
        return line
    rows = cell.text.split("\n")
    run = [number for number, row in enumerate(rows, cell.line + 1) if without_marks(row) or not row]
    return run[min(line - cell.line, len(run)) - 1]


def _ask(assignment: Assignment, case: Case, namespace) -> None:
    """Ask the reference solution one hidden test. Raises SourceError if no values come back."""
    path = assignment.source.path.with_name("hidden.py")
    caught = []

    def ask(student, rng):
        try:
            return case.ask(student, rng)
        except (Exception, SystemExit) as error:
            caught.append(error)
            raise

    answer = probe.answer(ask, probe.Student(vars(namespace)), SEED)
    first = case.ask.__code__.co_firstlineno
    says = f"hidden test {case.name!r} "
    if caught:
        (error,) = caught
        if isinstance(error, probe.Missing):
            says += f"asks for {str(error)!r}, which no locked cell and no exercise defines"
        else:
            inner = line_in(assignment.source.path, error)
            where = f" in line {_in_file(assignment.source, inner)} of {assignment.source.path.name}" if inner else ""
            says += f"raises on the reference solution{where}: {type(error).__name__}: {error}"
        raise SourceError(path, line_in(path, error) or first, says)
    if "raised" in answer:
        says += f"returns what cannot be sent: {answer['raised']['type']}: {answer['raised']['message']}"
        raise SourceError(path, first, says)
    for kind in _unfit(answer["values"]):
        says += (
            f"returns a value of type {kind}: values are tensors, numbers, strings, None, and lists and dicts of those"
        )
        raise SourceError(path, first, says)


def _unfit(tree: dict):
    """Yield the types of the values that cannot be sent."""
    ((kind, content),) = tree.items()
    if kind == "unfit":
        yield content
    elif kind in ("list", "dict"):
        for item in content if kind == "list" else content.values():
            yield from _unfit(item)
