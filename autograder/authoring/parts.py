"""Makes parts.py, the module from which a notebook imports the solutions of the notebooks before it.

All of it stands in the order in which the notebooks run it, so that everything comes after what it depends on.
"""

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from autograder.authoring.names import statements
from autograder.authoring.source import BEGIN, END, Cell, Source, SourceError

HEAD = '''\
# Made by `python -m autograder build`: change solutions/ instead.
"""Solutions of the notebooks before this one."""
'''


@dataclass(eq=False)
class Piece:
    """A solution, or a statement of given code, and the cell from which it is."""

    text: str
    path: Path
    cell: Cell

    def __post_init__(self):
        found = statements(self.text)
        self.binds: set[str] = set().union(*(statement.binds for statement in found))
        self.changes: set[str] = set().union(*(statement.changes for statement in found))
        self.reads: set[str] = set().union(*(statement.reads for statement in found))


@dataclass(frozen=True)
class Import:
    """One name of an import statement, and the cell in which it stands."""

    text: str
    name: str  # that it defines
    path: Path
    cell: Cell


def parts(sources: Iterable[Source]) -> str:
    """Return the text of one module with the solutions of these notebooks, and with the given code that they use.

    Return "" if there are no solutions. Raises SourceError if a name means one thing in one notebook, and something
    else in another one, since in one module it can mean only one of them.
    """
    head, pieces = _arranged(sources)
    return "\n".join([*head, "\n\n\n".join(piece.text for piece in pieces), ""]) if pieces else ""


def origin(sources: Iterable[Source], line: int) -> Piece | None:
    """Return the piece that stands in this line of the module that ``parts`` makes, or None for its head."""
    head, pieces = _arranged(sources)
    end = "\n".join(head).count("\n") + 1
    for piece in pieces:
        start, end = end, end + piece.text.count("\n") + 3  # two empty lines follow
        if start < line <= end:
            return piece
    return None


def _arranged(sources: Iterable[Source]) -> tuple[list[str], list[Piece]]:
    """Return the first lines of the module, and the pieces that follow: none if there are no solutions."""
    imports, pieces = [], []  # in the order in which the notebooks run them
    for source in sources:
        for cell in source.of_role("locked", "exercise"):
            if cell.role == "exercise":
                pieces.append(Piece(without_marks(cell.text), source.path, cell))
                continue
            for statement in ast.parse(cell.text).body:
                if not isinstance(statement, ast.Import | ast.ImportFrom):
                    pieces.append(Piece(_segment(cell.text, statement), source.path, cell))
                elif isinstance(statement, ast.ImportFrom) and statement.module == "parts":  # it is this module itself
                    renamed = [alias for alias in statement.names if alias.asname not in (None, alias.name)]
                    pieces += [Piece(f"{alias.asname} = {alias.name}", source.path, cell) for alias in renamed]
                else:
                    imports += _imports(statement, source.path, cell)
    if not any(piece.cell.role == "exercise" for piece in pieces):
        return [], []
    pieces = _needed(pieces)
    used = set().union(*(piece.reads for piece in pieces))
    imports = [one for one in imports if one.name in used or one.name == "*" or "__future__" in one.text]
    _check_names(imports, pieces)
    lines = sorted(dict.fromkeys(one.text for one in imports), key=lambda text: "__future__" not in text)
    return [HEAD, *lines, "", ""], pieces


def without_marks(text: str) -> str:
    """Return a solution without the lines that mark its beginning and its end."""
    return "\n".join(line for line in text.split("\n") if line.strip() not in (BEGIN, END))


def _segment(text: str, statement: ast.stmt) -> str:
    """Return the text of a statement. Python's own function leaves out decorators."""
    if decorators := getattr(statement, "decorator_list", None):
        return "\n".join(text.split("\n")[decorators[0].lineno - 1 : statement.end_lineno])
    return ast.get_source_segment(text, statement)


def _needed(pieces: list[Piece]) -> list[Piece]:
    """Return the solutions, the given code that they use, and what that uses.

    Code that changes something given belongs to it. What is imported stays as it is.
    """
    given = set().union(*(piece.binds for piece in pieces))
    found = [piece for piece in pieces if piece.cell.role == "exercise"]
    waiting = list(found)
    while waiting:
        reads = waiting.pop().reads
        means = [(piece, piece.binds | (piece.changes & given)) for piece in pieces]
        more = [piece for piece, names in means if names & reads and piece not in found]
        found += more
        waiting += more
    return [piece for piece in pieces if piece in found]


def _imports(statement: ast.Import | ast.ImportFrom, path: Path, cell: Cell) -> Iterable[Import]:
    for alias in statement.names:
        one = type(statement)(**{**dict(ast.iter_fields(statement)), "names": [alias]})
        yield Import(ast.unparse(one), alias.asname or alias.name.split(".")[0], path, cell)


def _check_names(imports: list[Import], pieces: list[Piece]) -> None:
    """Check that no import hides another one, or is hidden by a definition of another notebook.

    Definitions of one name may follow each other, as an exercise that improves an earlier one.
    """
    seen: dict[str, Import] = {}
    for one in imports:
        other = seen.setdefault(one.name, one)
        plain = [" as " not in each.text and each.text.startswith("import ") for each in (one, other)]
        if other.text != one.text and not all(plain):  # import torch.nn, and import torch.optim, define one torch
            _fail(one, f"{other.path.parent.name}, line {other.cell.line}, imports it by `{other.text}`")
        for piece in pieces:
            if one.name in piece.binds and piece.path != one.path:
                _fail(one, f"{piece.path.parent.name}, line {piece.cell.line}, defines it")


def _fail(one: Import, otherwise: str) -> None:
    raise SourceError(
        one.path,
        one.cell.line,
        f"`{one.text}` gives {one.name!r} another meaning than an earlier or later notebook: {otherwise}. Both are "
        "needed in parts.py, where a name can mean one thing only: import it by another name",
    )
