"""Finds the names that a piece of Python code defines, and those that it uses, without running it.

>>> one, = statements("def double(x):\\n    return torch.mul(two, x)")
>>> one.binds, one.reads, one.takes
({'double'}, {'torch', 'two'}, {'mul'})
"""

import ast
import symtable
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

Tables = dict[tuple[str, int], symtable.SymbolTable]  # by name and line of a function or class


@dataclass
class Statement:
    """Holds the names that one statement, outside functions and classes, defines, changes and uses."""

    binds: set[str] = field(default_factory=set)  # names that it defines
    changes: set[str] = field(default_factory=set)  # names of objects that it may change, as tools in tools.append(x)
    reads: set[str] = field(default_factory=set)  # names that it uses, without the local variables of functions
    takes: set[str] = field(default_factory=set)  # attributes of other objects that it uses, and names that it imports


def statements(text: str, tree: ast.Module | None = None) -> list[Statement]:
    """Return the statements of a text in their smallest pieces: the parts of an `if`, each name of an import.

    tree  the text's syntax tree, if it is already known

    Raises what Python raises for a text that it cannot read: SyntaxError, and other errors for unusual texts.
    """
    tables = _tables(symtable.symtable(text, "notebook", "exec"))
    return [_statement(node, tables) for node in _top_level(tree or ast.parse(text))]


def reached(code: Iterable[Statement], name: str, but: Collection[str] = ()) -> list[Statement]:
    """Return the statements that define or change a name.

    Return also those that define or change the names which these statements use, and so on.

    but  names that are not followed
    """
    by_name: dict[str, list[Statement]] = {}
    for statement in code:
        for bound in statement.binds | statement.changes:
            by_name.setdefault(bound, []).append(statement)
    found: dict[int, Statement] = {}
    waiting, seen, but = [name], {name}, {*but}
    while waiting:
        for statement in by_name.get(waiting.pop(), []):
            if id(statement) not in found:
                found[id(statement)] = statement
                waiting += sorted(statement.reads - seen - but)
                seen |= statement.reads
    return list(found.values())


def without_annotations(text: str) -> ast.Module:
    """Return the syntax tree of a text without annotations of functions: what they name is looked up, and not run.

    An annotation that calls something stays.
    """
    return _WithoutAnnotations().visit(ast.parse(text))


class _WithoutAnnotations(ast.NodeTransformer):
    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = _if_it_calls(node.annotation)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = _if_it_calls(node.returns)
        return self.generic_visit(node)

    visit_AsyncFunctionDef = visit_FunctionDef


def _if_it_calls(annotation: ast.expr | None) -> ast.expr | None:
    calls = annotation and any(isinstance(leaf, ast.Call) for leaf in ast.walk(annotation))
    return annotation if calls else None


def _top_level(node: ast.AST) -> Iterable[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ImportFrom | ast.Import):
            for alias in child.names:
                yield type(child)(**{**dict(ast.iter_fields(child)), "names": [alias]})
        elif isinstance(child, ast.Assign) and pairs(child):
            for target, value in pairs(child):
                yield ast.Assign([target], value)
        elif isinstance(child, ast.If | ast.Try | ast.While | ast.Module):
            if isinstance(child, ast.If | ast.While):
                yield child.test
            yield from _top_level(child)
        elif isinstance(child, ast.stmt):
            yield child
        elif isinstance(child, ast.ExceptHandler):
            yield from _top_level(child)


def pairs(node: ast.Assign) -> list[tuple[ast.expr, ast.expr]]:
    """Return the single assignments in `a, b = x, y`, as pairs of target and value.

    Return an empty list for an assignment of any other form.
    """
    target, value = node.targets[0], node.value
    both = len(node.targets) == 1 and isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)
    plain = both and not any(isinstance(item, ast.Starred) for item in [*target.elts, *value.elts])
    return list(zip(target.elts, value.elts, strict=True)) if plain and len(target.elts) == len(value.elts) else []


def _statement(node: ast.AST, tables: Tables) -> Statement:
    made = Statement()
    own = {id(leaf) for _, attributes in of_the_object(node) for leaf in attributes}
    classes = {leaf.name for leaf in ast.walk(node) if isinstance(leaf, ast.ClassDef)}
    for leaf in _outside_functions(node):
        if isinstance(leaf, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            made.binds.add(leaf.name)
            made.reads |= _globals(tables.get((leaf.name, leaf.lineno)))
        elif isinstance(leaf, ast.Lambda | ast.comprehension):
            made.reads |= {name.id for name in ast.walk(leaf) if isinstance(name, ast.Name)}
        elif isinstance(leaf, ast.Name):
            (made.reads if isinstance(leaf.ctx, ast.Load) else made.binds).add(leaf.id)
        elif isinstance(leaf, ast.alias):
            made.binds.add((leaf.asname or leaf.name).split(".")[0])
        elif isinstance(leaf, ast.MatchAs | ast.MatchStar) and leaf.name:
            made.binds.add(leaf.name)
    if isinstance(node, ast.Assign | ast.AugAssign | ast.Expr):
        made.changes |= {leaf.id for leaf in _changed(node)}
    for leaf in ast.walk(node):
        if isinstance(leaf, ast.Global):
            made.binds |= set(leaf.names)
        elif isinstance(leaf, ast.Attribute):
            base = leaf.value.id if isinstance(leaf.value, ast.Name) else None
            if not (id(leaf) in own or base in classes or isinstance(leaf.ctx, ast.Store)):
                made.takes.add(leaf.attr)
        elif isinstance(leaf, ast.ImportFrom):
            made.takes |= {alias.name for alias in leaf.names}
        elif isinstance(leaf, ast.MatchClass):
            made.takes |= set(leaf.kwd_attrs)
        elif isinstance(leaf, ast.Call):
            made.takes |= _looked_up(leaf)
    return made


def _outside_functions(node: ast.AST) -> Iterable[ast.AST]:
    """Yield a statement and its parts, but skip the bodies of functions and classes.

    Their decorators, defaults and bases are yielded.
    """
    waiting = [node]
    while waiting:
        one = waiting.pop()
        yield one
        inner = isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda)
        for name, value in ast.iter_fields(one):
            if not (inner and name == "body"):
                children = value if isinstance(value, list) else [value]
                waiting += [child for child in children if isinstance(child, ast.AST)]


def _changed(node: ast.stmt) -> Iterable[ast.Name]:
    """Yield the names of the objects that a statement may change.

    These are layer in `layer.forward = other`, and tools in `tools.append(other)` and in `tools["a"] = other`.
    """
    if isinstance(node, ast.Expr):
        targets = [node.value.func] if isinstance(node.value, ast.Call) else []
        targets += node.value.args if isinstance(node.value, ast.Call) else []
    else:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    for target in targets:
        while isinstance(target, ast.Attribute | ast.Subscript):
            target = target.value
            if isinstance(target, ast.Name):
                yield target


def of_the_object(tree: ast.AST) -> Iterable[tuple[ast.ClassDef, list[ast.Attribute]]]:
    """Yield each class with the attributes that its methods take from the object itself, or store in it.

    A name is the object itself only inside the method whose first argument it is, and only if nothing else there is
    called the same.
    """
    for one in ast.walk(tree):
        if isinstance(one, ast.ClassDef):
            methods = [part for part in one.body if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)]
            yield one, [leaf for method in methods for leaf in _of_first_argument(method)]


def _of_first_argument(method: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterable[ast.Attribute]:
    arguments = [*method.args.posonlyargs, *method.args.args]
    if not arguments or any(isinstance(mark, ast.Name) and mark.id == "staticmethod" for mark in method.decorator_list):
        return
    leaves = [leaf for part in method.body for leaf in ast.walk(part)]
    bound = {leaf.id for leaf in leaves if isinstance(leaf, ast.Name) and not isinstance(leaf.ctx, ast.Load)}
    bound |= {leaf.arg for leaf in leaves if isinstance(leaf, ast.arg)}
    bound |= {leaf.asname or leaf.name for leaf in leaves if isinstance(leaf, ast.alias)}
    bound |= {
        leaf.name
        for leaf in leaves
        if isinstance(leaf, ast.FunctionDef | ast.ClassDef | ast.ExceptHandler | ast.MatchAs)
    }
    if (name := arguments[0].arg) not in bound:
        for leaf in leaves:
            if isinstance(leaf, ast.Attribute) and isinstance(leaf.value, ast.Name) and leaf.value.id == name:
                yield leaf


def _looked_up(call: ast.Call) -> set[str]:
    """Return the strings with which a call looks up a name.

    These are "softmax" in getattr(F, "softmax"), and "functional.softmax" in attrgetter("functional.softmax").
    """
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    looks_up = name in {"getattr", "attrgetter", "methodcaller", "__getattribute__", "__getattr__"}
    return {
        leaf.value for leaf in call.args if looks_up and isinstance(leaf, ast.Constant) and isinstance(leaf.value, str)
    }


def _tables(table: symtable.SymbolTable) -> Tables:
    """Return Python's own symbol tables of a module, function or class and of all that are inside it."""
    found = {(table.get_name(), table.get_lineno()): table}
    for child in table.get_children():
        found |= _tables(child)
    return found


def _globals(table: symtable.SymbolTable | None) -> set[str]:
    """Return the names that a function or class takes from the notebook; its local variables are not among them.

    Return an empty set for None.
    """
    if table is None:
        return set()
    own = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced() and symbol.is_global()}
    return own.union(*(_globals(child) for child in table.get_children()))
