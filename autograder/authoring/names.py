"""Which names a piece of Python gives a meaning to, and which it uses, without running it.

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
    """One statement outside functions and classes."""

    binds: set[str] = field(default_factory=set)  # names to which it gives a meaning
    changes: set[str] = field(default_factory=set)  # names of things that it may change, as tools.append(other) does
    reads: set[str] = field(default_factory=set)  # names that it uses; a function's own variables are none
    takes: set[str] = field(default_factory=set)  # attributes of other things, and what it imports


def statements(text: str, tree: ast.Module | None = None) -> list[Statement]:
    """The statements of a text, in their smallest pieces: the parts of an `if`, each name of an import.

    tree  the text's syntax tree, where that is known already

    Raises what Python raises at a text that it cannot read: SyntaxError, and for odd ones others.
    """
    tables = _tables(symtable.symtable(text, "notebook", "exec"))
    return [_statement(node, tables) for node in _top_level(tree or ast.parse(text))]


def reached(code: Iterable[Statement], name: str, but: Collection[str] = ()) -> list[Statement]:
    """The statements that give a name its meaning, and those of the names that these read, and so on.

    but  names that are not followed
    """
    by_name: dict[str, list[Statement]] = {}
    for statement in code:
        for bound in statement.binds | statement.changes:
            by_name.setdefault(bound, []).append(statement)
    found: dict[int, Statement] = {}
    waiting, seen = [name], {name}
    while waiting:
        for statement in by_name.get(waiting.pop(), []):
            if id(statement) not in found:
                found[id(statement)] = statement
                waiting += sorted(statement.reads - seen - {*but})
                seen |= statement.reads
    return list(found.values())


def _top_level(node: ast.AST) -> Iterable[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ImportFrom | ast.Import):
            for alias in child.names:
                yield type(child)(**{**dict(ast.iter_fields(child)), "names": [alias]})
        elif isinstance(child, ast.Assign) and _pairs(child):
            for target, value in _pairs(child):
                yield ast.Assign([target], value)
        elif isinstance(child, ast.If | ast.Try | ast.While | ast.Module):
            yield from _top_level(child)
        elif isinstance(child, ast.stmt):
            yield child
        elif isinstance(child, ast.ExceptHandler):
            yield from _top_level(child)


def _pairs(node: ast.Assign) -> list[tuple[ast.expr, ast.expr]]:
    """`a, b = x, y` as two assignments."""
    target, value = node.targets[0], node.value
    both = len(node.targets) == 1 and isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)
    plain = both and not any(isinstance(item, ast.Starred) for item in [*target.elts, *value.elts])
    return list(zip(target.elts, value.elts, strict=True)) if plain and len(target.elts) == len(value.elts) else []


def _statement(node: ast.AST, tables: Tables) -> Statement:
    made = Statement()
    selves = _selves(node)
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
            if not (base in selves or isinstance(leaf.ctx, ast.Store)):
                made.takes.add(leaf.attr)
        elif isinstance(leaf, ast.ImportFrom):
            made.takes |= {alias.name for alias in leaf.names}
        elif isinstance(leaf, ast.MatchClass):
            made.takes |= set(leaf.kwd_attrs)
        elif isinstance(leaf, ast.Call):
            made.takes |= _looked_up(leaf)
    return made


def _outside_functions(node: ast.AST) -> Iterable[ast.AST]:
    """A statement and its parts; of functions and classes their decorators, defaults and bases alone."""
    yield node
    inner = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda)
    for name, value in ast.iter_fields(node):
        if inner and name == "body":
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _outside_functions(child)


def _changed(node: ast.stmt) -> Iterable[ast.Name]:
    """The names in `layer.forward = other`, `tools.append(other)` and `tools["a"] = other`: layer and tools."""
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


def _selves(node: ast.AST) -> set[str]:
    """What the methods of a class call the object itself: attributes of that are the class's own. And the class."""
    classes = [leaf for leaf in ast.walk(node) if isinstance(leaf, ast.ClassDef)]
    methods = [leaf for one in classes for leaf in one.body if isinstance(leaf, ast.FunctionDef) and leaf.args.args]
    return {method.args.args[0].arg for method in methods} | {one.name for one in classes}


def _looked_up(call: ast.Call) -> set[str]:
    """Strings by which a call looks a name up: getattr(F, "softmax"), attrgetter("functional.softmax")."""
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    looks_up = name in {"getattr", "attrgetter", "methodcaller", "__getattribute__", "__getattr__"}
    return {
        leaf.value for leaf in call.args if looks_up and isinstance(leaf, ast.Constant) and isinstance(leaf.value, str)
    }


def _tables(table: symtable.SymbolTable) -> Tables:
    """Python's own account of the names in each function and class."""
    found = {(table.get_name(), table.get_lineno()): table}
    for child in table.get_children():
        found |= _tables(child)
    return found


def _globals(table: symtable.SymbolTable | None) -> set[str]:
    """Names that a function or class takes from the notebook: a local variable of the same name is none."""
    if table is None:
        return set()
    own = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced() and symbol.is_global()}
    return own.union(*(_globals(child) for child in table.get_children()))
