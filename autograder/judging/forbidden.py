"""Finds out whether an exercise uses something that it asks the student to write.

A person decides about that. The trusted side looks at the syntax tree of the notebook, and says where it uses what is
not listed: see ``permitted`` and ``unlisted``. What is found in the open costs the case at once: a forbidden name in
the definition of the exercise, or in what it reaches by name.

Nothing that a student writes may make this module raise an exception: code that cannot be read is reported, too. Where
the kernel may run it all the same, and it may define what an exercise uses, what the exercise uses is not known.
"""

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache

from IPython.core.inputtransformer2 import TransformerManager

from autograder.authoring.names import Statement, reached, statements
from autograder.judging.commands import Unreadable, as_python
from autograder.judging.permitted import is_module
from autograder.judging.rules import Rules
from autograder.judging.unlisted import unlisted

MAX_CHARACTERS = 200_000  # of a notebook's code; longer code is reported, and not read
MOST = 20  # lines that say where to look; the others are counted
COMMAND = re.compile(r"^[ \t]*[!%?,;/]|=[ \t]*[!%]|\?[ \t]*$", re.MULTILINE)  # IPython may make Python of it
COMMANDS = 20  # of a cell; IPython reads it anew for each of them, so that one with more is not tried
DEFINES = re.compile(r"\b(?:def|class|for|as)\s+(\w+)|\b(\w+)\s*:?=(?!=)")
UNREADABLE = (SyntaxError, ValueError, RecursionError, RuntimeError, MemoryError, SystemError)


@dataclass(frozen=True)
class Unread:
    """Holds what the text of code says that cannot be read, and that the kernel may run all the same."""

    where: str
    defines: frozenset[str] | None  # names, in the open; None: it is not known
    imports: str = ""  # the lines with imports

    def may_be_used(self, names: set[str], forbids: Iterable[str]) -> bool:
        """Return whether it may define one of these names, or import something that is forbidden."""
        return self.defines is None or bool(self.defines & names) or any(part in self.imports for part in forbids)


@dataclass
class Code:
    """Holds what is known of a notebook's code without running it."""

    texts: list[str] = field(default_factory=list)  # one for each code cell
    statements: list[Statement] = field(default_factory=list)
    to_look_at: list[str] = field(default_factory=list)  # what a person should look at, in words
    modules: frozenset[str] = frozenset()  # names of modules: who calls their functions changes nothing
    unread: list[Unread] = field(default_factory=list)


def look_through(cells: Iterable[str], rules: Rules | None = None) -> Code:
    """Find out what the code cells of a notebook use, and what of it is not permitted.

    Nothing is reported of a cell, or of a statement, that is equal to a released one.
    """
    cells, rules = list(cells), rules or Rules()
    if sum(map(len, cells)) > MAX_CHARACTERS:
        much = f"more than {MAX_CHARACTERS:,} characters of code"
        return Code(
            cells, to_look_at=[f"{much}: it takes too long to read, and was not read"], unread=[Unread(much, None)]
        )
    unread, known, mine, places = [], [], {}, {}  # of places only the order counts
    for number, cell in enumerate(cells, 1):
        try:
            text, tree, found = _read(cell)
            known += found
            if cell not in rules.cells:
                mine[number] = text, tree
        except UNREADABLE as error:
            places[f"code cell {number} {error if isinstance(error, Unreadable) else 'cannot be read'}"] = None
            unread += [_unread(number, cell)] if _may_run(cell, error) else []
    rules = rules.with_code(tree for _, tree in mine.values())
    for number, (text, tree) in mine.items():
        try:
            places |= dict.fromkeys(f"code cell {number}: {_printable(what)}" for what in unlisted(text, tree, rules))
        except UNREADABLE:  # it is too deep
            places[f"code cell {number} cannot be read"] = None
    found = list(places)
    more = [f"and {len(found) - MOST} more places"] if len(found) > MOST else []
    modules = frozenset(name for name, paths in rules.aliases.items() if any(map(is_module, paths)))
    return Code(cells, known, found[:MOST] + more, modules, unread)


@lru_cache(maxsize=1024)  # most cells are the same in every submission
def _read(cell: str) -> tuple[str, ast.Module, list[Statement]]:
    text = as_python(cell)
    tree = ast.parse(text)
    return text, tree, statements(text, tree)


def _may_run(cell: str, error: Exception) -> bool:
    """Return whether the kernel may run a cell that could not be read here, for this error."""
    if not isinstance(error, SyntaxError | ValueError) or len(COMMAND.findall(cell)) > COMMANDS:
        return True
    try:
        ast.parse(TransformerManager().transform_cell(cell))
    except (SyntaxError, ValueError):
        return False
    except Exception:  # of any kind: what is too deep for us may not be for the kernel
        return True
    return True


def _unread(number: int, cell: str) -> Unread:
    lines = cell.splitlines()
    rest = "\n".join(line for line in lines if "import" not in line)
    names = {name for found in DEFINES.findall(rest) for name in found if name}
    return Unread(f"code cell {number}", frozenset(names), "\n".join(line for line in lines if "import" in line))


def refusal(code: Code, exercise: str, forbids: frozenset[str], own: Iterable[str]) -> str:
    """Return why an exercise gets no points where these names are forbidden, or "" if nothing speaks against it.

    forbids  names, or parts of names
    own      the names of the notebook's exercises: the student writes them, and each is judged for itself
    """
    if not forbids:
        return ""
    found = _reached(code, exercise, own)
    if taken := _taken(code, found, forbids, own):
        return f"it uses {taken[0]}, which this exercise asks you to write yourself"
    names = {exercise}.union(*(statement.reads for statement in found)) - ({*own} - {exercise})
    if unread := [one.where for one in code.unread if one.may_be_used(names, forbids)]:
        remedy = "leave out commands, prompts and very long lines"
        return f"what it uses is not known, since the grader cannot read {unread[0]}: {remedy}"
    return ""


def _reached(code: Code, exercise: str, own: Iterable[str]) -> list[Statement]:
    statements = [replace(statement, changes=statement.changes - code.modules) for statement in code.statements]
    return reached(statements, exercise, but={*own} - {exercise})


def _taken(code: Code, found: list[Statement], forbids: frozenset[str], own: Iterable[str]) -> list[str]:
    """Return the forbidden names that these statements take from elsewhere, in the order in which they are met."""
    mine = {*own}.union(*(statement.binds | statement.changes for statement in code.statements))
    names: dict[str, None] = {}
    for statement in found:
        taken = statement.takes | (statement.reads - mine)
        names.update(dict.fromkeys(name for name in sorted(taken) if any(part in name for part in forbids)))
    return list(names)


def _printable(text: str) -> str:
    return text[:100].encode("ascii", "backslashreplace").decode()
