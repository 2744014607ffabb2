"""Makes parts.py, the module from which a notebook imports the solutions of the notebooks before it."""

import ast
from collections.abc import Iterable
from dataclasses import dataclass

from autograder.authoring.names import statements
from autograder.authoring.source import BEGIN, END, Source

HEAD = '''\
# Made by `python -m autograder build`: change solutions/ instead.
"""Solutions of the notebooks before this one."""
'''


@dataclass(eq=False)
class Piece:
    """A solution, or a statement of given code."""

    text: str
    is_solution: bool

    def __post_init__(self):
        found = statements(self.text)
        self.binds: set[str] = set().union(*(statement.binds for statement in found))
        self.changes: set[str] = set().union(*(statement.changes for statement in found))
        self.reads: set[str] = set().union(*(statement.reads for statement in found))


def parts(sources: Iterable[Source]) -> str:
    """Return the text of one module with the solutions of these notebooks, and with the given code that they use.

    Return "" if there are no solutions.
    """
    imports, pieces = [], []  # in the order in which the notebooks run them
    for source in sources:
        for cell in source.of_role("locked", "exercise"):
            if cell.role == "exercise":
                pieces.append(Piece(without_marks(cell.text), True))
                continue
            for statement in ast.parse(cell.text).body:
                if isinstance(statement, ast.Import | ast.ImportFrom):
                    imports.append(statement)
                else:
                    pieces.append(Piece(_segment(cell.text, statement), False))
    if not any(piece.is_solution for piece in pieces):
        return ""
    pieces = _needed(pieces)
    used = set().union(*(piece.reads for piece in pieces))
    head = dict.fromkeys(line for statement in imports for line in _import(statement, used))
    return "\n".join([HEAD, *head, "", "", "\n\n\n".join(piece.text for piece in _given_first(pieces)), ""])


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
    found = [piece for piece in pieces if piece.is_solution]
    waiting = list(found)
    while waiting:
        reads = waiting.pop().reads
        means = [(piece, piece.binds | (piece.changes & given)) for piece in pieces]
        more = [piece for piece, names in means if names & reads and piece not in found]
        found += more
        waiting += more
    return [piece for piece in pieces if piece in found]


def _given_first(pieces: list[Piece]) -> list[Piece]:
    """Move given code to the front, except where it uses a solution, as a class that derives from one does."""
    front, rest, behind = [], [], set()
    for piece in pieces:
        if piece.is_solution or piece.reads & behind:
            rest.append(piece)
            behind |= piece.binds
        else:
            front.append(piece)
    return front + rest


def _import(statement: ast.Import | ast.ImportFrom, used: set[str]) -> Iterable[str]:
    """Yield a line for each name of an import that is used.

    Imports from ``parts`` are left out, because the module itself contains what they import.
    """
    if isinstance(statement, ast.ImportFrom) and statement.module == "parts":
        return
    for alias in statement.names:
        if (alias.asname or alias.name.split(".")[0]) in used:
            yield ast.unparse(type(statement)(**{**dict(ast.iter_fields(statement)), "names": [alias]}))
