"""Reads the text of a cell as Python reads it after IPython has changed it, without running IPython on it.

What Python can read as it is means the same to IPython, with the exceptions that are refused here: prompts are taken
out of a text, and so is the indentation of all its lines; a line may end, for IPython alone, at characters such as
U+2028, so that half of a comment becomes code; and a cell of one line is a command if it begins with a command's name.
Of what Python cannot read, a few harmless commands are known. Everything else is for a person to look at.
"""

import re
from functools import lru_cache

from IPython.core import magics
from IPython.core.inputtransformer2 import classic_prompt, ipython_prompt, leading_empty_lines, leading_indent

LONGEST = 5_000  # characters of a line; no one writes longer ones, and some take long to read
WITHOUT_EFFECT = re.compile(
    r"%(matplotlib( (inline|notebook|widget))?|load_ext autoreload|autoreload( [0-3])?)\s*$"
    r"|%config InlineBackend\.figure_format ?= ?['\"]\w+['\"]\s*$"
    r"|\?{1,2}[A-Za-z_][\w.]*\s*$|[A-Za-z_][\w.]*\?{1,2}\s*$"  # help on a name
)
WHOLE_CELL = re.compile(r"%%(time|timeit|capture)\s*$")
TIMED = re.compile(r"%time(it)?((?: -[nr] ?\d+)*) (?P<statement>[^{$\\%!?-][^{$\\!?]*)$")  # {} and $ put values into it


class Unreadable(ValueError):
    """Says of a cell why it is not read."""


def as_python(cell: str) -> str:
    """Return a text that Python reads as the kernel reads this cell. Raises Unreadable if there may be none."""
    lines = cell.split("\n")
    if cell.splitlines() != (lines if lines[-1] else lines[:-1]):
        raise Unreadable("has an unusual end of a line")
    if max(map(len, lines)) > LONGEST:
        raise Unreadable("has a line that is too long to read")
    if _is_changed(cell):
        raise Unreadable("has prompts in its code, or is indented as a whole")
    try:
        compile(cell, "cell", "exec", dont_inherit=True, flags=0x400)  # ast.PyCF_ONLY_AST
    except SyntaxError:
        start = next((number for number, line in enumerate(lines) if line.strip()), 0)
        if WHOLE_CELL.match(lines[start]):
            lines[start] = ""
        lines = [_without_command(line) for line in lines]
        cell = "\n".join(lines)
    if len(filled := [line for line in lines if line.strip()]) == 1:
        word = re.match(r"\s*(\w+)\s*[^\s\w.=]|\s*(\w+)\s+[^\s=]", filled[0])
        if word and (word[1] or word[2]) in _command_names():
            raise Unreadable("is a command")
    return cell


def _is_changed(cell: str) -> bool:
    lines = before = leading_empty_lines(cell.splitlines(keepends=True))
    for change in (leading_indent, classic_prompt, ipython_prompt):
        lines = change(lines)
    return [line.rstrip() for line in lines] != [line.rstrip() for line in before]


def _without_command(line: str) -> str:
    if timed := TIMED.match(line):
        return timed["statement"]
    return "" if WITHOUT_EFFECT.match(line) else line


@lru_cache
def _command_names() -> frozenset[str]:
    """Return the names that are commands of IPython, or of the system, where they begin a cell of one line."""
    kinds = [getattr(magics, name) for name in dir(magics) if name.endswith("Magics")]
    of_system = "cat cp ldir less lf lk ll ls lx man mkdir more mv rm rmdir".split()
    names = {*of_system}.union(*(getattr(kind, "magics", {}).get("line", ()) for kind in kinds))
    return frozenset(names - {"config", "history"})  # usual names of variables, and they run nothing
