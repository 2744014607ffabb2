"""Knows the cells that are there for a reader alone. Under grading they are not run, unless something needs them.

An author marks a free cell with ``reader=true`` if it only draws, trains or prints: what it defines or changes may be
used by other such cells alone.
"""

import ast
import dis
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from types import CodeType

from IPython.core.inputtransformer2 import TransformerManager

from autograder.authoring.names import statements
from autograder.authoring.source import Source, SourceError


def check_readers(source: Source) -> None:
    """Check that nothing which is run under grading needs a cell that is not.

    Raises SourceError, which names both cells and what the one takes from the other.
    """
    marked = [cell for cell in source.cells if cell.reader]
    for cell in (cell for cell in source.cells if cell.kind == "code" and not cell.reader):
        for reader in marked:
            if both := used(cell.text) & provided(reader.text, _imported(source)):
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


@lru_cache
def provided(text: str, imported: frozenset[str]) -> frozenset[str]:
    """Return the names that a marked cell defines, and those of objects that it may change: not of what is imported."""
    return frozenset().union(*(made.binds | made.changes - imported for made in statements(text)))


@lru_cache
def used(text: str) -> frozenset[str]:
    """Return the names that a cell takes from the cells before it. For a cell with magic commands, every word in it."""
    plain = TransformerManager().transform_cell(text)
    try:
        code = compile(plain, "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    except Exception:  # what cannot be compiled is not run, but for the magic commands in it
        return frozenset(re.findall(r"\w+", text))
    words = frozenset(re.findall(r"\w+", text)) if "get_ipython()" in plain else frozenset()
    return words | frozenset(_loaded(code, set()))


@lru_cache
def _imported(source: Source) -> frozenset[str]:
    plain = (TransformerManager().transform_cell(cell.text) for cell in source.cells if cell.kind == "code")
    leaves = (leaf for text in plain for leaf in ast.walk(ast.parse(text)) if isinstance(leaf, ast.alias))
    return frozenset((leaf.asname or leaf.name).split(".")[0] for leaf in leaves)


def _loaded(code: CodeType, stored: set[str]) -> Iterable[str]:
    """Yield the names that this code loads from outside before it stores something there."""
    for step in dis.get_instructions(code):
        if isinstance(step.argval, CodeType):
            yield from _loaded(step.argval, set(stored))
        elif step.opname.startswith("LOAD_") and ("NAME" in step.opname or "GLOBAL" in step.opname):
            if step.argval not in stored:
                yield step.argval
        elif step.opname in ("STORE_NAME", "STORE_GLOBAL"):
            stored.add(step.argval)
