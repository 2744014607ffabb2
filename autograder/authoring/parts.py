"""Makes parts.py: the solutions of the notebooks before one, for it to import from."""

import ast
from collections.abc import Iterable

from autograder.source import BEGIN, END, Source

HEAD = '''\
# Made by `python -m autograder build`: change solutions/ instead.
"""Solutions of the notebooks before this one."""
'''


def parts(sources: Iterable[Source]) -> str:
    """One module with the reference code of these notebooks, and of their given code what that needs; "" for none."""
    sources = list(sources)
    solutions = [without_marks(cell.text) for source in sources for cell in source.of_role("exercise")]
    if not solutions:
        return ""
    locked = [cell.text for source in sources for cell in source.of_role("locked")]
    statements = [(text, statement) for text in locked for statement in ast.parse(text).body]
    imports = [statement for _, statement in statements if isinstance(statement, ast.Import | ast.ImportFrom)]
    others = [(text, statement) for text, statement in statements if statement not in imports]
    used = _used(map(ast.parse, solutions))
    given = [(text, statement) for text, statement in others if _bound(statement) & used]
    used |= _used(statement for _, statement in given)
    head = dict.fromkeys(line for statement in imports for line in _import(statement, used))
    code = [ast.get_source_segment(text, statement) for text, statement in given] + solutions
    return "\n".join([HEAD, *head, "", "", "\n\n\n".join(code), ""])


def without_marks(text: str) -> str:
    """A solution without the marks around it."""
    return "\n".join(line for line in text.split("\n") if line.strip() not in (BEGIN, END))


def _used(trees: Iterable[ast.AST]) -> set[str]:
    return {node.id for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Name)}


def _bound(statement: ast.stmt) -> set[str]:
    """The names to which a statement of given code gives a meaning."""
    names = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.alias):
            names.add(node.asname or node.name)
    return names


def _import(statement: ast.Import | ast.ImportFrom, used: set[str]) -> Iterable[str]:
    """What of an import is used, a line a name. What a notebook takes from its own parts stands here itself."""
    if isinstance(statement, ast.ImportFrom) and statement.module == "parts":
        return
    for alias in statement.names:
        if (alias.asname or alias.name.split(".")[0]) in used:
            yield ast.unparse(type(statement)(**{**dict(ast.iter_fields(statement)), "names": [alias]}))
