"""Reads the only source of a notebook: a percent script with solutions and visible checks.

Cell options are jupytext's ``key=value`` metadata, and a cell has at most one role:

    # %% exercise="double"             a cell that the student fills in; the solution is between marks
    # %% check="double" points=10      the visible half of its test, locked; the hidden half gives the points
    # %% [markdown] answer="why" points=10  a written answer, graded by hand; the mark scheme is between the marks
    # %% locked="setup"                     given code that exercises need; the judge runs it, too

Students may change every other cell. A check is released with its code folded away, and so is a code cell that has the
option ``folded=true``: a student can open it. With ``reader=true`` a free code cell is not run under grading; see
``readers``.

The notebooks of a course may share their last cell, which says for example how to hand in: it is the Markdown in
last_cell.md, beside the folders of the assignments. ``{notebook}`` in it becomes the name of the notebook's file.
"""

import ast
import re
import sys
import traceback
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import jupytext
from IPython.core.inputtransformer2 import TransformerManager

from autograder.errors import UserError

ROLES = ("exercise", "check", "answer", "locked")
OPTIONS = {*ROLES, "points", "folded", "reader"}
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
LAST_CELL = "last_cell.md"


class SourceError(UserError):
    """Something is wrong in a file that a maintainer wrote; the message names file and line."""

    def __init__(self, path: Path, line: int, message: str):
        super().__init__(f"{path}:{line}: {message}")

    @classmethod
    def of(cls, path: Path, error: BaseException, says: str = "", line_of=lambda line: line) -> "SourceError":
        """Return the error that tells of an exception which the code in a file has led to.

        says     what goes before the exception's own words
        line_of  turns a line of what was run into the line of the file, if they are not the same
        """
        what = f"{says}{type(error).__name__}: {error}".rstrip(": ")
        if isinstance(error, SyntaxError) and error.filename in (str(path), "<unknown>", None):
            return cls(path, line_of(error.lineno or 1), f"{says}Python cannot read this: {error.msg}")
        if isinstance(error, ModuleNotFoundError):
            what += f". If the name is right, install it for {sys.executable}"
        return cls(path, line_of(line_in(path, error) or 1), what)


def line_in(path: Path, error: BaseException) -> int | None:
    """Return the last line of this file on the way to an exception, or None if the way did not lead through it."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    return lines[-1] if lines else None


@dataclass(frozen=True)
class Cell:
    kind: str  # "code" or "markdown"
    role: str | None  # one of ROLES, or None for a free cell
    name: str
    points: float
    text: str
    line: int  # the line number of its "# %%" in the file
    folded: bool  # whether its code is released folded away
    reader: bool  # whether it is there for a reader alone, and not run under grading

    @property
    def grade_id(self) -> str:
        return f"check_{self.name}" if self.role == "check" else self.name


@dataclass(frozen=True)
class Source:
    path: Path
    cells: tuple[Cell, ...]

    def of_role(self, *roles: str) -> list[Cell]:
        return [cell for cell in self.cells if cell.role in roles]

    @property
    def exercises(self) -> dict[str, Cell]:
        return {cell.name: cell for cell in self.of_role("exercise")}

    @property
    def points(self) -> dict[str, float]:
        """Return the points of each exercise. A student gets them for passing its hidden tests."""
        return {cell.name: cell.points for cell in self.of_role("check")}


def state_of(paths: Iterable[Path]) -> tuple:
    """Return what tells apart the contents that files had at different times. What is not there has none."""
    found = [path.stat() for path in paths if path.is_file()]
    return tuple((file.st_ino, file.st_size, file.st_mtime_ns) for file in found)


def read_source(path: Path) -> Source:
    """Read a percent script and check it. As long as its files stay as they are, they are read once.

    Raises SourceError, which names file and line, if something is wrong.
    """
    return _read(path, state_of([path, path.parent.parent / LAST_CELL]))


@lru_cache
def _read(path: Path, state: tuple) -> Source:
    text = path.read_text(encoding="utf-8")
    starts = [number for number, line in enumerate(text.split("\n"), 1) if re.match(r"# %%(\s|$)", line)]
    cells = jupytext.reads(text, fmt="py:percent").cells
    if len(cells) != len(starts):
        raise SourceError(path, 1, 'a notebook\'s source begins with a cell marker, "# %%", and nothing before it')
    source = Source(path, tuple(_cell(path, cell, line) for cell, line in zip(cells, starts, strict=True)))
    _check(source)
    return replace(source, cells=(*source.cells, *_last_cell(path.parent)))


def _last_cell(folder: Path) -> list[Cell]:
    """Return the cell with which the notebooks of a course end, if they share one."""
    path = folder.parent / LAST_CELL
    if not path.is_file():
        return []
    text = path.read_text(encoding="utf-8").strip()
    if BEGIN in text or END in text:
        raise SourceError(path, 1, "it is shown to students as it is, and must hold no mark of a solution")
    return [Cell("markdown", None, "", 0.0, text.replace("{notebook}", f"{folder.name}.ipynb"), 1, False, False)]


def _cell(path: Path, cell, line: int) -> Cell:
    unknown = set(cell.metadata) - OPTIONS - {"lines_to_next_cell", "cell_marker"}
    if unknown:
        raise SourceError(
            path, line, f"unknown cell option {sorted(unknown)[0]!r}; there are {', '.join(sorted(OPTIONS))}"
        )
    roles = [role for role in ROLES if role in cell.metadata]
    if len(roles) > 1:
        raise SourceError(path, line, f"a cell has one role, this one has {' and '.join(roles)}")
    role = roles[0] if roles else None
    name = cell.metadata.get(role, "")
    if role and not (isinstance(name, str) and re.fullmatch(r"[A-Za-z_]\w*", name)):
        raise SourceError(path, line, f"{role}={name!r}: a name is letters, digits and underscores, in quotes")
    points = cell.metadata.get("points", 0)
    graded = role in ("check", "answer")
    if not isinstance(points, int | float) or isinstance(points, bool) or points < 0 or graded and not points > 0:
        raise SourceError(path, line, f"points={points!r}: a {role or 'cell'} needs a positive number of points")
    if points and not graded:
        raise SourceError(path, line, "only a check or an answer has points")
    folded = cell.metadata.get("folded", role == "check")
    if not isinstance(folded, bool) or folded and cell.cell_type != "code":
        raise SourceError(path, line, f"folded={folded!r}: it is true or false, and only code can be folded")
    reader = cell.metadata.get("reader", False)
    if not isinstance(reader, bool) or reader and (role or cell.cell_type != "code"):
        raise SourceError(path, line, f"reader={reader!r}: it is true or false, and only for code without a role")
    return Cell(cell.cell_type, role, name, float(points), cell.source, line, folded, reader)


def _check(source: Source) -> None:
    def fail(cell: Cell, message: str):
        raise SourceError(source.path, cell.line, message)

    seen: dict[str, Cell] = {}
    for cell in source.of_role(*ROLES):
        if cell.grade_id in seen:
            fail(cell, f"{cell.role} {cell.name!r} is there already, in line {seen[cell.grade_id].line}")
        seen[cell.grade_id] = cell
        if cell.role != "answer" and cell.kind != "code":
            fail(cell, f"a cell of role {cell.role!r} holds code")
        if cell.role == "check" and (cell.name not in seen or seen[cell.name].role != "exercise"):
            fail(cell, f"check {cell.name!r} has no exercise of that name before it")
    for cell in source.cells:
        if cell.kind == "code":
            _check_python(source, cell)
    for name, cell in source.exercises.items():
        if f"check_{name}" not in seen:
            fail(cell, f"exercise {name!r} has no check")
        if name not in _definitions(cell):
            fail(cell, f"exercise {name!r} defines no {name!r}")
    for cell in source.cells:
        _check_marks(cell, fail)


def _check_marks(cell: Cell, fail) -> None:
    """Check that solution marks come in pairs, and that they are only where a student fills something in."""
    marks = [line.strip() for line in cell.text.split("\n") if BEGIN in line or END in line]
    filled_in = cell.role in ("exercise", "answer")
    if marks and not filled_in:
        fail(cell, "a solution stands outside an exercise or an answer: students would see it")
    if filled_in and not marks:
        fail(cell, f"{cell.role} {cell.name!r} has no solution between {BEGIN!r} and {END!r}")
    if any(mark != (END if number % 2 else BEGIN) for number, mark in enumerate(marks)) or len(marks) % 2:
        fail(cell, f"{cell.role} {cell.name!r}: a solution is not closed; every {BEGIN!r} needs its {END!r}")


def _check_python(source: Source, cell: Cell) -> None:
    """Check that Python can read a cell. Magic commands are allowed where the kernel alone runs it, not the judge."""
    judged = cell.role in ("locked", "exercise")
    text = cell.text if judged else TransformerManager().transform_cell(cell.text)
    try:
        compile(text, "<unknown>", "exec", ast.PyCF_ONLY_AST | (0 if judged else ast.PyCF_ALLOW_TOP_LEVEL_AWAIT))
    except SyntaxError as error:
        says = f"in {cell.role} {cell.name!r}: " if cell.role else ""
        line = cell.line + (error.lineno or 0)
        raise SourceError(source.path, line, f"{says}Python cannot read this: {error.msg}") from None


def _definitions(cell: Cell) -> set[str]:
    return {node.name for node in ast.parse(cell.text).body if isinstance(node, ast.FunctionDef | ast.ClassDef)}


def check_names(path: Path) -> None:
    """Check that in a hidden.py no test is replaced by a later definition of its name: nobody would see it go."""
    seen: dict[str, ast.FunctionDef | ast.ClassDef] = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if not isinstance(node, ast.FunctionDef | ast.ClassDef):
            continue
        earlier = seen.setdefault(node.name, node)
        if earlier is not node and any("hidden" in ast.unparse(mark) for mark in earlier.decorator_list):
            raise SourceError(
                path,
                node.lineno,
                f"{node.name!r} is there already, in line {earlier.lineno}: that hidden test would never be asked. "
                "Give one of them another name",
            )
