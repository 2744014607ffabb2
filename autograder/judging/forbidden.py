"""Finds out whether an exercise uses something that it asks the student to write.

A person decides about that. The trusted side looks at the syntax tree of the notebook, and says where it uses what is
not listed: see ``permitted`` and ``unlisted``. What is found in the open costs the case at once: a forbidden name in
the definition of the exercise, or in what it reaches by name.

Nothing that a student writes may make this module raise an exception: code that cannot be read is reported, too.
"""

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache

from autograder.authoring.names import Statement, reached, statements
from autograder.judging.commands import Unreadable, as_python
from autograder.judging.permitted import is_module
from autograder.judging.rules import Rules
from autograder.judging.unlisted import unlisted

MAX_CHARACTERS = 200_000  # of a notebook's code; longer code is reported, and not read
MOST = 20  # lines that say where to look; the others are counted
UNREADABLE = (SyntaxError, ValueError, RecursionError, RuntimeError, MemoryError, SystemError)


@dataclass
class Code:
    """Holds what is known of a notebook's code without running it."""

    texts: list[str] = field(default_factory=list)  # one for each code cell
    statements: list[Statement] = field(default_factory=list)
    to_look_at: list[str] = field(default_factory=list)  # what a person should look at, in words
    modules: frozenset[str] = frozenset()  # names of modules: who calls their functions changes nothing


def look_through(cells: Iterable[str], rules: Rules | None = None) -> Code:
    """Find out what the code cells of a notebook use, and what of it is not permitted.

    Nothing is reported of a cell, or of a statement, that is equal to a released one.
    """
    cells, rules = list(cells), rules or Rules()
    if sum(map(len, cells)) > MAX_CHARACTERS:
        return Code(cells, [], ["its code takes too long to read, and was not read"])
    known, mine, places = [], {}, {}  # of places only the order counts
    for number, cell in enumerate(cells, 1):
        try:
            text, tree, found = _read(cell)
            known += found
            if cell not in rules.cells:
                mine[number] = text, tree
        except UNREADABLE as error:
            places[f"code cell {number} {error if isinstance(error, Unreadable) else 'cannot be read'}"] = None
    rules = rules.with_code(tree for _, tree in mine.values())
    for number, (text, tree) in mine.items():
        try:
            places |= dict.fromkeys(f"code cell {number}: {_printable(what)}" for what in unlisted(text, tree, rules))
        except UNREADABLE:  # it is too deep
            places[f"code cell {number} cannot be read"] = None
    found = list(places)
    more = [f"and {len(found) - MOST} more places"] if len(found) > MOST else []
    modules = frozenset(name for name, paths in rules.aliases.items() if any(map(is_module, paths)))
    return Code(cells, known, found[:MOST] + more, modules)


@lru_cache(maxsize=1024)  # most cells are the same in every submission
def _read(cell: str) -> tuple[str, ast.Module, list[Statement]]:
    text = as_python(cell)
    tree = ast.parse(text)
    return text, tree, statements(text, tree)


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
    statements = [replace(statement, changes=statement.changes - code.modules) for statement in code.statements]
    for statement in reached(statements, exercise, but=others):
        taken = statement.takes | (statement.reads - mine)
        found.update(dict.fromkeys(name for name in sorted(taken) if any(part in name for part in forbids)))
    return list(found)


def _printable(text: str) -> str:
    return text[:100].encode("ascii", "backslashreplace").decode()
