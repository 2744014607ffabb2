"""Knows the cells that are there for a reader alone. Under grading they are not run, unless something needs them.

An author marks a free cell with ``reader=true`` if it only draws, trains or prints: what it defines or changes may be
used by other such cells alone.
"""

import ast
import dis
import inspect
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from types import CodeType

from IPython.core.inputtransformer2 import TransformerManager

from autograder.authoring.names import statements
from autograder.authoring.source import Source, SourceError

STORE = ("STORE_NAME", "STORE_GLOBAL")
LOAD = ("LOAD_NAME", "LOAD_GLOBAL", "LOAD_FROM_DICT_OR_GLOBALS")  # the last in classes, from Python 3.12 on


def check_readers(source: Source) -> None:
    """Check that nothing which is run under grading needs a cell that is not.

    Raises SourceError, which names both cells and what the one takes from the other.
    """
    marked = [cell for cell in source.cells if cell.reader]
    for cell in (cell for cell in source.cells if cell.kind == "code" and not cell.reader):
        needs = used(cell.text)
        for reader in marked:
            if both := needs & provided(reader.text, _imported(source)):
                what = f"{', '.join(sorted(both))}, which the cell in line {cell.line} uses"
                raise SourceError(source.path, reader.line, f"reader=true, but this cell defines or changes {what}")


def left_out(cells: Sequence[str | None], source: Source) -> set[int]:
    """Return the indices of the cells that need not run: they stand as an author marked them, and nothing uses them.

    cells  the texts of a notebook's cells, None for a cell that is no code
    """
    marked = {cell.text.strip() for cell in source.cells if cell.reader}
    released = {cell.text.strip() for cell in source.cells}
    texts = {index: text.strip() for index, text in enumerate(cells) if text is not None}
    out = {index for index, text in texts.items() if text in marked}
    waiting = [text for text in texts.values() if text not in released]  # the build has seen to the others
    while waiting:
        needed = used(waiting.pop())
        back = {index for index in out if needed & provided(texts[index], _imported(source))}
        waiting += [texts[index] for index in back]
        out -= back
    return out


def given_cells(source: Source) -> frozenset[str]:
    """Return the names of the locked cells that call nothing a student writes: set-up, and given code.

    What such a cell takes from other locked cells must call no exercise, either.
    """
    locked = {cell.name: cell.text for cell in source.of_role("locked")}
    needs = {name: used(text) for name, text in locked.items()}
    calls = {name for name in locked if needs[name] & source.exercises.keys()}
    while more := {name for name in locked if any(needs[name] & provided(locked[one]) for one in calls)} - calls:
        calls |= more
    return frozenset(locked) - calls


@lru_cache
def provided(text: str, imported: frozenset[str] = frozenset()) -> frozenset[str]:
    """Return the names that a cell defines, and those of objects that it may change: not of what is imported."""
    return frozenset().union(*(made.binds | made.changes - imported for made in statements(text)))


def used(text: str) -> frozenset[str]:
    """Return the names that a cell takes from the cells before it.

    For a cell that Python alone cannot read, as one with magic commands, it is every word in it. IPython is not asked:
    it takes minutes to read some cells.
    """
    try:
        return frozenset(_loaded(compile(text, "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)))
    except Exception:  # whatever the compiler raises for a text that a student chose
        return frozenset(re.findall(r"\w+", text))


@lru_cache
def _imported(source: Source) -> frozenset[str]:
    plain = (TransformerManager().transform_cell(cell.text) for cell in source.cells if cell.kind == "code")
    leaves = (leaf for text in plain for leaf in ast.walk(ast.parse(text)) if isinstance(leaf, ast.alias))
    return frozenset((leaf.asname or leaf.name).split(".")[0] for leaf in leaves)


def _loaded(code: CodeType, before: frozenset[str] = frozenset()) -> Iterable[str]:
    """Yield the names that this code loads from outside before it stores something there.

    before  names that are stored before this code runs
    """
    steps = list(dis.get_instructions(code))
    stored, all_stored = set(before), before | {step.argval for step in steps if step.opname in STORE}
    for step in steps:
        if isinstance(step.argval, CodeType):  # a class is run here, and a function is called later
            is_function = step.argval.co_flags & inspect.CO_OPTIMIZED
            yield from _loaded(step.argval, all_stored if is_function else frozenset(stored))
        elif step.opname in STORE:
            stored.add(step.argval)
        elif step.opname in LOAD and step.argval not in stored:
            yield step.argval
