"""Finds out whether an exercise uses something that it asks the student to write.

The trusted side searches the syntax tree of the notebook: the definition of the exercise, and everything in the
notebook that it reaches by name. What a syntax tree cannot tell is reported, so that a person looks at it.

Nothing that a student writes may make this module raise an exception: code that cannot be read is reported, too.
"""

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from IPython.core.inputtransformer2 import TransformerManager

from autograder.authoring.names import Statement, reached, statements

MAX_CHARACTERS = 200_000  # of a notebook's code; longer code is reported, and not read
MAX_LINES = 200_000  # that IPython reads in all: after each of its commands it reads the whole cell again
COMMAND = re.compile(r"\s*[!%?/,;]|.*=\s*[!%]|.*\?\s*$")  # a line that may be a command of IPython
UNREADABLE = (SyntaxError, ValueError, RuntimeError, MemoryError, SystemError)

# Names by which code reaches what a syntax tree does not show.
DYNAMIC = frozenset(
    "eval exec compile __import__ import_module globals locals vars getattr setattr delattr attrgetter methodcaller "
    "getmembers __dict__ __globals__ __code__ __closure__ __getattribute__ __builtins__ builtins modules get_ipython "
    "user_ns run_cell run_line_magic run_cell_magic _getframe inspect gc ctypes pickle runpy ops _C CompilationUnit "
    "overrides write_text write_bytes open resolve_name locate get_field timeit codecs io tempfile popen system "
    "subprocess __subclasses__ __traceback__ tb_frame f_back f_globals f_locals gi_frame cr_frame".split()
)
HARMLESS = frozenset({"compile", "eval", "open"})  # as attributes: re.compile, layer.eval, Image.open


@dataclass
class Code:
    """Holds what is known of a notebook's code without running it."""

    texts: list[str] = field(default_factory=list)  # one for each code cell
    statements: list[Statement] = field(default_factory=list)
    to_look_at: list[str] = field(default_factory=list)  # what a person should look at, in words


def look_through(cells: Iterable[str], watched: frozenset[str] = frozenset(), given: Iterable[str] = ()) -> Code:
    """Find out what the code cells of a notebook use.

    watched  names that are reported when they occur in a string, too
    given    the texts of the cells that come from the course: nothing is reported of a cell that is equal to one
    """
    given = frozenset(given)
    cells = list(cells)
    if sum(map(len, cells)) > MAX_CHARACTERS or sum(map(_lines_to_read, cells)) > MAX_LINES:
        return Code(cells, [], ["its code takes too long to read, and was not read"])
    known, dynamic, odd = [], set(), set()
    for number, cell in enumerate(cells, 1):
        found = _used_in(cell, watched)
        if found is None:
            odd.add(f"code cell {number} cannot be read")
            continue
        known += found.statements
        if cell not in given:
            dynamic |= found.dynamic
            odd |= {f"{name!r} in a string" for name in found.in_strings}
    uses = [f"it uses {', '.join(sorted(dynamic))}"] if dynamic else []
    return Code(cells, known, sorted(odd) + uses)


def _lines_to_read(cell: str) -> int:
    lines = cell.splitlines()
    return len(lines) * (1 + sum(bool(COMMAND.match(line)) for line in lines))


@dataclass(frozen=True)
class Used:
    """Holds what one cell uses."""

    statements: tuple[Statement, ...]
    dynamic: frozenset[str]
    in_strings: frozenset[str]


@lru_cache(maxsize=4096)  # most cells are the same in every submission
def _used_in(cell: str, watched: frozenset[str]) -> Used | None:
    """Return what a cell uses, or None if it cannot be read as Python."""
    try:
        text = TransformerManager().transform_cell(cell)
        tree = ast.parse(text)
        dynamic, in_strings = frozenset(_dynamic(tree)), frozenset(_in_strings(tree, watched))
        return Used(tuple(statements(text, tree)), dynamic, in_strings)
    except UNREADABLE:
        return None


def forbidden_names(code: Code, exercise: str, forbids: frozenset[str], own: Iterable[str] = ()) -> list[str]:
    """Return the forbidden names that an exercise reaches, in the order in which they are met.

    forbids  names, or parts of names
    own      the names of the notebook's exercises: the student writes them, and each is judged for itself
    """
    if not forbids:
        return []
    others = {*own} - {exercise}
    mine = {*own}.union(*(statement.binds | statement.changes for statement in code.statements))
    found: dict[str, None] = {}
    for statement in reached(code.statements, exercise, but=others):
        taken = statement.takes | (statement.reads - mine)
        found.update(dict.fromkeys(name for name in sorted(taken) if any(part in name for part in forbids)))
    return list(found)


def _docstrings(node: ast.AST) -> Iterable[ast.Constant]:
    for leaf in ast.walk(node):
        if isinstance(leaf, ast.Expr) and isinstance(leaf.value, ast.Constant):
            yield leaf.value


def _dynamic(tree: ast.AST) -> set[str]:
    found = set()
    for leaf in ast.walk(tree):
        if isinstance(leaf, ast.Name) and leaf.id in DYNAMIC:
            found.add(leaf.id)
        elif isinstance(leaf, ast.Attribute) and leaf.attr in DYNAMIC - HARMLESS:
            found.add(leaf.attr)
        elif isinstance(leaf, ast.alias):
            found |= {"import *"} if leaf.name == "*" else DYNAMIC & set(leaf.name.split("."))
    return found


def _in_strings(tree: ast.AST, watched: frozenset[str]) -> set[str]:
    docstrings = {id(leaf) for leaf in _docstrings(tree)}
    texts = [
        leaf.value if isinstance(leaf.value, str) else leaf.value.decode(errors="replace")
        for leaf in ast.walk(tree)
        if isinstance(leaf, ast.Constant) and isinstance(leaf.value, str | bytes) and id(leaf) not in docstrings
    ]
    return {name for name in watched for text in texts if name in text}
