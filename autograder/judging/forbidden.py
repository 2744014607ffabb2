"""Does an exercise lean on something that it asks the student to write?

Looked for in the syntax tree of the notebook, by the trusted side: in the definition of the exercise and in
everything of the notebook that it reaches by name. What a syntax tree cannot tell is reported, for a person to look.

Nothing that a student writes may make this raise: what cannot be read is reported, too.
"""

import ast
import re
import symtable
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from IPython.core.inputtransformer2 import TransformerManager

MAX_CHARACTERS = 200_000  # of a notebook's code; a longer one is reported, and not read
MAX_LINES = 200_000  # that IPython reads until it has them: after each of its commands it reads the cell anew
COMMAND = re.compile(r"\s*[!%?/,;]|.*=\s*[!%]|.*\?\s*$")  # a line that may be one
UNREADABLE = (SyntaxError, ValueError, RuntimeError, MemoryError, SystemError)

# Names by which code reaches what a syntax tree does not show.
DYNAMIC = frozenset(
    "eval exec compile __import__ import_module globals locals vars getattr setattr delattr attrgetter methodcaller "
    "getmembers __dict__ __globals__ __code__ __closure__ __getattribute__ __builtins__ builtins modules get_ipython "
    "user_ns run_cell run_line_magic run_cell_magic _getframe inspect gc ctypes pickle runpy ops _C CompilationUnit "
    "overrides write_text write_bytes open resolve_name locate get_field timeit codecs io tempfile popen system "
    "subprocess __subclasses__ __traceback__ tb_frame f_back f_globals f_locals gi_frame cr_frame".split()
)
HARMLESS = frozenset({"compile", "eval", "open"})  # as attributes: re.compile, layer.eval, Image.open


@dataclass
class Statement:
    """At the top level of the notebook: which names it gives a meaning, and which it takes from where."""

    binds: set[str] = field(default_factory=set)
    reads: set[str] = field(default_factory=set)  # names of the notebook
    takes: set[str] = field(default_factory=set)  # attributes of other things, and what it imports


@dataclass
class Code:
    """What can be known of a notebook's code without running it."""

    texts: list[str] = field(default_factory=list)  # cell by cell
    statements: list[Statement] = field(default_factory=list)
    to_look_at: list[str] = field(default_factory=list)  # for a person, in words


def read(cells: Iterable[str], watched: frozenset[str] = frozenset(), given: Iterable[str] = ()) -> Code:
    """Read the code cells of a notebook.

    watched  names whose every appearance in a string is reported, too
    given    cells that come from the course, if they are as they were: of those nothing is reported
    """
    given = frozenset(given)
    cells = list(cells)
    if sum(map(len, cells)) > MAX_CHARACTERS or sum(map(_lines_to_read, cells)) > MAX_LINES:
        return Code(cells, [], ["its code takes too long to read, and was not read"])
    statements, dynamic, odd = [], set(), set()
    for number, cell in enumerate(cells, 1):
        found = _read_cell(cell, watched)
        if found is None:
            odd.add(f"code cell {number} cannot be read")
            continue
        statements += found.statements
        if cell not in given:
            dynamic |= found.dynamic
            odd |= {f"{name!r} in a string" for name in found.in_strings}
    uses = [f"it uses {', '.join(sorted(dynamic))}"] if dynamic else []
    return Code(cells, statements, sorted(odd) + uses)


def _lines_to_read(cell: str) -> int:
    lines = cell.splitlines()
    return len(lines) * (1 + sum(bool(COMMAND.match(line)) for line in lines))


@dataclass(frozen=True)
class Cell:
    statements: tuple[Statement, ...]
    dynamic: frozenset[str]
    in_strings: frozenset[str]


@lru_cache(maxsize=4096)  # most cells are the same in every submission
def _read_cell(cell: str, watched: frozenset[str]) -> Cell | None:
    """None for one that is no Python."""
    try:
        text = TransformerManager().transform_cell(cell)
        tree = ast.parse(text)
        tables = _tables(symtable.symtable(text, "notebook", "exec"))
        statements = tuple(_statement(node, tables) for node in _top_level(tree))
        return Cell(statements, frozenset(_dynamic(tree)), frozenset(_in_strings(tree, watched)))
    except UNREADABLE:
        return None


def forbidden_names(code: Code, exercise: str, forbids: frozenset[str], own: Iterable[str] = ()) -> list[str]:
    """The forbidden names that an exercise reaches, in the order in which they are met.

    forbids  names, or the parts of names
    own      names of the notebook's exercises: the student's own, and judged for themselves
    """
    if not forbids:
        return []
    by_name: dict[str, list[Statement]] = {}
    for statement in code.statements:
        for name in statement.binds:
            by_name.setdefault(name, []).append(statement)
    others = {*own} - {exercise}
    mine = {*own, *by_name}
    found: dict[str, None] = {}
    waiting, seen, visited = [exercise], {exercise}, set()
    while waiting:
        for statement in by_name.get(waiting.pop(), []):
            if id(statement) in visited:
                continue
            visited.add(id(statement))
            taken = statement.takes | (statement.reads - mine)
            found.update(dict.fromkeys(name for name in sorted(taken) if any(part in name for part in forbids)))
            waiting += sorted(statement.reads - seen - others)
            seen |= statement.reads
    return list(found)


def _top_level(node: ast.AST) -> Iterable[ast.AST]:
    """Statements outside functions and classes, in their smallest pieces: the parts of an `if`, each import."""
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


def _statement(node: ast.AST, tables: dict[tuple[str, int], symtable.SymbolTable]) -> Statement:
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
    # `layer.forward = other`, `tools.append(other)` and `tools["a"] = other` change what the name means.
    if isinstance(node, ast.Assign | ast.AugAssign | ast.Expr):
        made.binds |= {leaf.id for leaf in _changed(node)}
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


def _docstrings(node: ast.AST) -> Iterable[ast.Constant]:
    for leaf in ast.walk(node):
        if isinstance(leaf, ast.Expr) and isinstance(leaf.value, ast.Constant):
            yield leaf.value


def _looked_up(call: ast.Call) -> set[str]:
    """Strings that a call looks a name up by: getattr(F, "softmax"), attrgetter("functional.softmax")."""
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    looks_up = name in {"getattr", "attrgetter", "methodcaller", "__getattribute__", "__getattr__"}
    return {
        leaf.value for leaf in call.args if looks_up and isinstance(leaf, ast.Constant) and isinstance(leaf.value, str)
    }


def _tables(table: symtable.SymbolTable) -> dict[tuple[str, int], symtable.SymbolTable]:
    """Python's own account of the names in each function and class, by name and line."""
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


def _dynamic(tree: ast.AST) -> set[str]:
    found = set()
    for leaf in ast.walk(tree):
        if isinstance(leaf, ast.Name) and leaf.id in DYNAMIC:
            found.add(leaf.id)
        elif isinstance(leaf, ast.Attribute) and leaf.attr in DYNAMIC - HARMLESS:
            found.add(leaf.attr)
        elif isinstance(leaf, ast.alias):
            found |= {"import *"} if leaf.name == "*" else DYNAMIC & set(leaf.name.split("."))
    return found


def _in_strings(tree: ast.AST, watched: frozenset[str]) -> set[str]:
    docstrings = {id(leaf) for leaf in _docstrings(tree)}
    texts = [
        leaf.value if isinstance(leaf.value, str) else leaf.value.decode(errors="replace")
        for leaf in ast.walk(tree)
        if isinstance(leaf, ast.Constant) and isinstance(leaf.value, str | bytes) and id(leaf) not in docstrings
    ]
    return {name for name in watched for text in texts if name in text}
