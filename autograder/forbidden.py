"""Does an exercise lean on something that it asks the student to write?

Looked for in the syntax tree of the notebook, by the trusted side: in the definition of the exercise and in
everything of the notebook that it reaches by name. What a syntax tree cannot tell is reported, for a person to look.
"""

import ast
import symtable
from collections.abc import Iterable

DYNAMIC = {
    "eval",
    "exec",
    "compile",
    "__import__",
    "import_module",
    "globals",
    "locals",
    "vars",
    "getattr",
    "setattr",
    "__dict__",
    "__globals__",
}


def forbidden_names(cells: Iterable[str], exercise: str, forbids: frozenset[str]) -> list[str]:
    """The forbidden names that an exercise reaches, in the order in which they are met.

    cells     texts of the notebook's code cells
    exercise  the name that the exercise defines
    """
    definitions = _definitions(cells)
    found: dict[str, None] = {}
    waiting, seen = [exercise], set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        for node in definitions.get(name, []):
            reached, used = _names(node)
            # A name that the notebook defines itself is the student's own, whatever else is called so.
            found.update(dict.fromkeys(use for use in used if use in forbids))
            found.update(dict.fromkeys(use for use in reached if use in forbids and use not in definitions))
            waiting.extend(reached)
    return list(found)


def dynamic_access(cells: Iterable[str]) -> list[str]:
    """Names in the notebook by which code can reach what a syntax tree does not show."""
    used: set[str] = set()
    for tree in _trees(cells):
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and node.id in DYNAMIC:
                used.add(node.id)
            if isinstance(node, ast.Attribute) and node.attr in DYNAMIC:
                used.add(node.attr)
    return sorted(used)


def _trees(cells: Iterable[str]) -> Iterable[ast.Module]:
    for text in cells:
        try:
            yield ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue  # it does not run either, or holds IPython's magic


def _definitions(cells: Iterable[str]) -> dict[str, list[ast.stmt]]:
    """Every statement that gives a name of the notebook its meaning."""
    definitions: dict[str, list[ast.stmt]] = {}
    for tree in _trees(cells):
        for statement in _top_level(tree):
            for name in _bound(statement):
                definitions.setdefault(name, []).append(statement)
    return definitions


def _top_level(node: ast.AST) -> Iterable[ast.stmt]:
    """Statements outside functions and classes, those inside `if`, `for`, `with` and `try` too."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            yield child
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield from _top_level(child)


def _bound(statement: ast.stmt) -> list[str]:
    if isinstance(statement, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
        return [statement.name]
    if isinstance(statement, ast.ImportFrom):
        return [alias.asname or alias.name for alias in statement.names]
    if isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign):
        # `Attention.forward = other` changes what Attention means, so names inside a target count.
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        return [leaf.id for target in targets for leaf in ast.walk(target) if isinstance(leaf, ast.Name)]
    return []


def _names(statement: ast.stmt) -> tuple[list[str], list[str]]:
    """Names of the notebook that a statement reaches, and names that it takes from elsewhere."""
    used = []
    for leaf in ast.walk(statement):
        if isinstance(leaf, ast.Attribute) and not (
            isinstance(leaf.value, ast.Name) and leaf.value.id in ("self", "cls")
        ):
            used.append(leaf.attr)
        elif isinstance(leaf, ast.Constant) and isinstance(leaf.value, str):
            used.append(leaf.value)
        elif isinstance(leaf, ast.ImportFrom):
            used.extend(alias.name for alias in leaf.names)
    return _globals(symtable.symtable(ast.unparse(statement), "notebook", "exec")), used


def _globals(table: symtable.SymbolTable) -> list[str]:
    """The names that a piece of code takes from the notebook: a local variable of the same name is none."""
    own = [
        symbol.get_name()
        for symbol in table.get_symbols()
        if symbol.is_referenced() and (table.get_type() == "module" or symbol.is_global())
    ]
    return own + [name for child in table.get_children() for name in _globals(child)]
