"""Makes parts.py, the module from which a notebook imports the solutions of the notebooks before it."""

import ast
from collections.abc import Iterable

from autograder.authoring.names import statements
from autograder.authoring.source import BEGIN, END, Source

HEAD = '''\
# Made by `python -m autograder build`: change solutions/ instead.
"""Solutions of the notebooks before this one."""
'''


def parts(sources: Iterable[Source]) -> str:
    """Return the text of one module with the solutions of these notebooks, and with the given code that they use.

    Return "" if there are no solutions.
    """
    sources = list(sources)
    solutions = [without_marks(cell.text) for source in sources for cell in source.of_role("exercise")]
    if not solutions:
        return ""
    given, imports = [], []
    for source in sources:
        for cell in source.of_role("locked"):
            for statement in ast.parse(cell.text).body:
                if isinstance(statement, ast.Import | ast.ImportFrom):
                    imports.append(statement)
                else:
                    given.append(ast.get_source_segment(cell.text, statement))
    used = _read(solutions)
    needed = [text for text in given if _bound(text) & used]
    used |= _read(needed)
    head = dict.fromkeys(line for statement in imports for line in _import(statement, used))
    return "\n".join([HEAD, *head, "", "", "\n\n\n".join([*needed, *solutions]), ""])


def without_marks(text: str) -> str:
    """Return a solution without the lines that mark its beginning and its end."""
    return "\n".join(line for line in text.split("\n") if line.strip() not in (BEGIN, END))


def _read(texts: Iterable[str]) -> set[str]:
    return set().union(*(statement.reads for text in texts for statement in statements(text)))


def _bound(text: str) -> set[str]:
    return set().union(*(statement.binds for statement in statements(text)))


def _import(statement: ast.Import | ast.ImportFrom, used: set[str]) -> Iterable[str]:
    """Yield a line for each name of an import that is used.

    Imports from ``parts`` are left out, because the module itself contains what they import.
    """
    if isinstance(statement, ast.ImportFrom) and statement.module == "parts":
        return
    for alias in statement.names:
        if (alias.asname or alias.name.split(".")[0]) in used:
            yield ast.unparse(type(statement)(**{**dict(ast.iter_fields(statement)), "names": [alias]}))
