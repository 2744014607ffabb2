"""Finds in a cell what is not listed, so that a person looks at it.

It does not ask what code does, only which names stand in it: attributes, imports, built-in names, and those that given
code has bound to something ready-made. So nobody has to foresee the ways that lead to a thing.
"""

import ast
import re
from collections.abc import Iterable

from autograder.authoring.names import of_the_object, statements
from autograder.judging.permitted import NOT_PERMITTED_BUILTINS, SPECIAL, TAKEN, is_guarded
from autograder.judging.rules import Rules

BY_NAME = frozenset({"getattr", "setattr", "delattr", "object.__setattr__"})  # called with the name of an attribute


def unlisted(text: str, tree: ast.Module, rules: Rules) -> Iterable[str]:
    """Yield what a cell uses and is not permitted to, in words."""
    tree = ast.Module([part for part in tree.body if ast.dump(part) not in rules.statements], [])
    for statement in statements(text, tree):
        yield from sorted(statement.reads & rules.ready_made)
    yield from _modules_as_values(tree, rules)
    yield from _more_than_they_look(tree)
    nodes = list(ast.walk(tree))
    with_name = {id(node.func) for node in nodes if isinstance(node, ast.Call) and _looked_up(node)}
    docstrings = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    of_object = _of_object(tree)
    for node in nodes:
        if isinstance(node, ast.Attribute) and id(node) not in with_name:
            yield from _attribute(node, rules, of_object.get(id(node)))
        elif isinstance(node, ast.Name) and id(node) not in with_name:
            if _unusual(node.id) or isinstance(node.ctx, ast.Load) and node.id in NOT_PERMITTED_BUILTINS:
                yield node.id
        elif isinstance(node, ast.ImportFrom | ast.Import):
            yield from (shown for _, shown in rules.refused(node))
        elif isinstance(node, ast.Call) and (name := _looked_up(node)):
            if not rules.permit_of_object(name) or rules.modules_of(node.args[0]):
                yield f"{_shown(node.func)} of {name}"
        elif isinstance(node, ast.MatchClass):
            yield from (name for name in node.kwd_attrs if not rules.permit_of_object(name))
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and _unusual(node.name):
            yield node.name
        elif isinstance(node, ast.Constant) and id(node) not in docstrings:
            yield from _watched_in(node.value, rules)


def _modules_as_values(tree: ast.Module, rules: Rules) -> Iterable[str]:
    """Yield modules that stand where they could get a name that nobody knows: not in front of a dot, nor in hasattr."""
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute | ast.Name)]
    harmless = {id(node.value) for node in nodes if isinstance(node, ast.Attribute)}
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        if isinstance(call.func, ast.Name) and call.func.id in rules.asks_for:  # hasattr(F, "gelu")
            harmless.update(map(id, call.args[:1]))
    for node in nodes:
        loaded = isinstance(node.ctx, ast.Load) and id(node) not in harmless
        if loaded and any(map(is_guarded, rules.modules_of(node))):
            yield f"{_shown(node)} without a dot behind it"


def _more_than_they_look(tree: ast.Module) -> Iterable[str]:
    """Yield uses of harmless names by which an attribute can be read or set under a name that nobody sees.

    These are ``wraps`` but as a decorator ``@wraps(function)``, ``type`` but to ask for the type of one thing, and
    ``__class__`` where it is set or defined.
    """
    nodes = list(ast.walk(tree))
    harmless = {id(leaf) for node in nodes for leaf in _plainly_used(node)}
    for node in nodes:
        if isinstance(node, ast.Name | ast.Attribute) and id(node) not in harmless:
            name = node.id if isinstance(node, ast.Name) else node.attr
            if name == "wraps" or name == "type" and isinstance(node, ast.Name):
                yield f"{_shown(node)}, other than {'@wraps(function)' if name == 'wraps' else 'type(thing)'}"
            elif name == "__class__" and not isinstance(node.ctx, ast.Load):
                yield f"{_shown(node)} is set"
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{one.name} as {one.asname}" for one in node.names if one.name == "wraps" and one.asname)
        elif isinstance(node, ast.Call) and _looked_up(node) == "__class__" and _shown(node.func) != "getattr":
            yield f"{_shown(node.func)} of __class__"
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name == "__class__":
            yield "__class__ is defined"


def _plainly_used(node: ast.AST) -> Iterable[ast.AST]:
    """Yield the names ``wraps`` and ``type`` that stand in one of their plain uses here, and all names beside them."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield from (mark.func for mark in node.decorator_list if isinstance(mark, ast.Call) and _has_one(mark))
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        name = node.func.id
        if name == "type" and _has_one(node):
            yield node.func
        elif name in ("isinstance", "issubclass"):
            yield from (leaf for other in node.args[1:] for leaf in _calling_nothing(other))
        elif name == "map" and len(node.args) == 2 and not isinstance(node.args[1], ast.Starred):
            yield node.args[0]  # it is called with one thing at a time
    elif isinstance(node, ast.Compare):
        yield from (node.left, *node.comparators)
    for annotation in (getattr(node, "annotation", None), getattr(node, "returns", None)):
        yield from _calling_nothing(annotation) if annotation else ()


def _calling_nothing(node: ast.AST) -> list[ast.AST]:
    """Return all parts of an expression, or none if something is called in it."""
    parts = list(ast.walk(node))
    return [] if any(isinstance(part, ast.Call) for part in parts) else parts


def _has_one(call: ast.Call) -> bool:
    return len(call.args) == 1 and not call.keywords and not isinstance(call.args[0], ast.Starred)


def _attribute(node: ast.Attribute, rules: Rules, of_object: bool | None) -> Iterable[str]:
    """Yield an attribute, if it is not permitted.

    of_object  whether the class defines it, if it is the object's own; None if it is another's
    """
    name, modules = node.attr, rules.modules_of(node.value)
    if not isinstance(node.ctx, ast.Load) and any(map(is_guarded, rules.modules_of(_root(node)))):
        yield f"{_shown(node)} is changed"
        return
    if modules:
        permitted = all(rules.permit_of_module(module, name) for module in modules)
    elif of_object:
        permitted = not _unusual(name)
    elif of_object is False and not name.startswith("__") and name not in TAKEN:
        permitted = not rules.watch(name)  # its class may inherit it
    else:
        permitted = rules.permit_of_object(name)
    if not permitted:
        yield _shown(node)


def _watched_in(value: object, rules: Rules) -> Iterable[str]:
    text = value.decode(errors="replace") if isinstance(value, bytes) else value
    for dot, word in re.findall(r"(\.?)\b(\w+)", text) if isinstance(text, str) else []:
        if rules.watch(word) and (dot or word not in rules.exercises):
            yield f"{word!r} in a string"


def _looked_up(call: ast.Call) -> str | None:
    """Return the name in getattr(layer, "weight") and object.__setattr__(layer, "weight", x), if it stands there."""
    if _shown(call.func) in BY_NAME and len(call.args) > 1:
        name = call.args[1].value if isinstance(call.args[1], ast.Constant) else None
        return name if isinstance(name, str) and name.isidentifier() else None
    return None


def _of_object(tree: ast.AST) -> dict[int, bool]:
    """Map each attribute that a method takes from the object itself to whether its class defines or stores it."""
    found = {}
    for one, attributes in of_the_object(tree):
        own = {node.attr for node in attributes if not isinstance(node.ctx, ast.Load)}
        own |= {part.name for part in one.body if hasattr(part, "name")}
        targets = [part.target for part in one.body if isinstance(part, ast.AnnAssign)]
        targets += [target for part in one.body if isinstance(part, ast.Assign) for target in part.targets]
        own |= {target.id for target in targets if isinstance(target, ast.Name)}
        found |= {id(node): node.attr in own for node in attributes}
    return found


def _root(node: ast.expr) -> ast.expr:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node


def _unusual(name: str) -> bool:
    return name.startswith("__") and name.endswith("__") and name not in SPECIAL


def _shown(node: ast.expr) -> str:
    """Return a name or an attribute as it stands in the code, without a long expression in front of it."""
    names: list[str] = []
    while isinstance(node, ast.Attribute) and len(names) < 5:
        names.insert(0, node.attr)
        node = node.value
    return ".".join([node.id if isinstance(node, ast.Name) else "", *names])
