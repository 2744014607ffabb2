"""Knows what the notebooks of an assignment may use without a person having to look at it.

That is what ``permitted`` lists for every notebook, what the assignment's ``ALLOWS`` adds, and what the student and the
released notebook call their own things.
"""

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache

from autograder.authoring.assignment import Assignment
from autograder.authoring.names import pairs
from autograder.authoring.release import release_notebook
from autograder.judging.permitted import MODULES, PERMITTED, SPECIAL, TAKEN, is_module

RETURN_ITSELF = frozenset("cpu double eval float half requires_grad_ to train".split())


@dataclass(frozen=True)
class Rules:
    """Holds what is permitted besides what is permitted everywhere."""

    modules: frozenset[str] = frozenset()  # that may be imported
    names: frozenset[str] = frozenset()  # that may be used
    exercises: frozenset[str] = frozenset()
    watched: frozenset[str] = frozenset()  # parts of names that nobody may use, not even in strings
    words: frozenset[str] = frozenset()  # what given things and the student's own are called
    cells: frozenset[str] = frozenset()  # the texts of the released code cells
    statements: frozenset[str] = frozenset()  # the statements in them, as ``ast.dump`` shows them
    aliases: dict[str, set[str]] = field(default_factory=dict)  # which modules a name may stand for
    ready_made: frozenset[str] = frozenset()  # names that given code binds to what is not permitted
    asks_for: frozenset[str] = frozenset({"hasattr"})  # built-in functions that tell of a thing whether it has a name

    def watch(self, name: str) -> bool:
        return any(part in name for part in self.watched)

    def permit(self, name: str) -> bool:
        return any(one in PERMITTED or one in self.names for one in (name, name.removesuffix("_")))

    def permit_of_object(self, name: str) -> bool:
        """Return whether this may be an attribute of something that is no module."""
        if name.startswith("__") and name.endswith("__"):
            return name in SPECIAL
        return self.permit(name) or name in self.words and not self.watch(name)

    def permit_of_module(self, module: str, name: str) -> bool:
        path = f"{module}.{name}"
        return self.permit_module(path) or name in SPECIAL or self.permit(name) and not is_module(path)

    def permit_module(self, path: str) -> bool:
        return path in MODULES or path in self.modules

    def refused(self, node: ast.Import | ast.ImportFrom) -> Iterable[tuple[str, str]]:
        """Yield the imports that are not permitted: the name that they define, and the import in words."""
        for alias in node.names:
            if isinstance(node, ast.Import):
                permitted, shown = self.permit_module(alias.name), f"import {alias.name}"
            else:
                permitted = self.permit_module(node.module or "") and self.permit_of_module(node.module, alias.name)
                permitted, shown = permitted and not node.level, f"from {node.module} import {alias.name}"
            if not permitted:
                yield alias.asname or alias.name.split(".")[0], shown

    def modules_of(self, node: ast.expr) -> set[str]:
        """Return the modules that an expression may stand for, as torch.nn and F do."""
        names: list[str] = []
        while isinstance(node, ast.Attribute) and len(names) < 5:  # no module lies deeper
            names.insert(0, node.attr)
            node = node.value
        paths = self.aliases.get(node.id, set()) if isinstance(node, ast.Name) else set()
        for name in names:
            found = {f"{parent}.{name}" for parent in paths}
            paths = {path for path in found if is_module(path) or self.permit_module(path)}
        return paths

    def with_code(self, trees: Iterable[ast.Module]) -> "Rules":
        """Return these rules for a notebook with this code: it may call its own things what it likes."""
        aliases, words = {name: {*paths} for name, paths in self.aliases.items()}, set(self.words)
        nodes = [node for tree in trees for node in ast.walk(tree)]
        for node in nodes:
            words |= _given_by(node)
            for alias in node.names if isinstance(node, ast.Import | ast.ImportFrom) else []:
                path = alias.name if isinstance(node, ast.Import) else f"{node.module}.{alias.name}"
                if isinstance(node, ast.Import) and not alias.asname:
                    path = path.split(".")[0]
                if isinstance(node, ast.Import) or is_module(path) or self.permit_module(path):
                    aliases.setdefault(alias.asname or path.rpartition(".")[2], set()).add(path)
        asks_for = frozenset(name for name in self.asks_for if _only_called(name, nodes))
        return replace(self, aliases=aliases, words=frozenset(words - TAKEN), asks_for=asks_for)


@lru_cache
def rules_of(assignment: Assignment) -> Rules:
    """Return the rules of an assignment: what its ``ALLOWS`` says, and what follows from its released notebook."""
    released = release_notebook(assignment.source).cells
    cells = [cell.source for cell in released if cell.cell_type == "code"]
    trees = [ast.parse(cell) for cell in cells]
    text = "\n".join([assignment.parts, *(cell.source for cell in released)])
    rules = Rules(
        modules=frozenset(assignment.allows),
        names=frozenset().union(*assignment.allows.values()),
        exercises=frozenset(assignment.source.exercises),
        watched=frozenset().union(*(case.forbids for case in assignment.cases)),
        words=frozenset(re.findall(r"\w+", text)),
        cells=frozenset(cells),
        statements=frozenset(ast.dump(statement) for tree in trees for statement in tree.body),
    ).with_code(trees)
    return replace(rules, ready_made=frozenset(_ready_made(trees, rules))) if rules.watched else rules


def _given_by(node: ast.AST) -> set[str]:
    """Return the names that code gives to its own things: classes, their fields, what is stored in objects."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Attribute | ast.Name) and not isinstance(node.ctx, ast.Load):
        return {node.attr if isinstance(node, ast.Attribute) else node.id}
    if isinstance(node, ast.keyword) and node.arg:  # SimpleNamespace(loss=1)
        return {node.arg}
    if isinstance(node, ast.Constant) and isinstance(node.value, str):  # namedtuple("Step", "loss token")
        return {*re.findall(r"\w+", node.value)}
    return set()


def _only_called(name: str, nodes: list[ast.AST]) -> bool:
    """Return whether a name stands nowhere in the code but where it is called, so that it is bound to nothing else."""
    called = sum(
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name for node in nodes
    )
    fields = (value for node in nodes for _, value in ast.iter_fields(node))
    return called == sum(name in value if isinstance(value, list) else value == name for value in fields)


def _ready_made(trees: list[ast.Module], rules: Rules) -> set[str]:
    """Return the names that given code imports and a student may not, and those of things that it makes with them."""
    nodes = [node for tree in trees for node in ast.walk(tree)]
    imports = [node for node in nodes if isinstance(node, ast.ImportFrom | ast.Import)]
    makers = {name for node in imports for name, _ in rules.refused(node)}
    found = {*makers}

    def is_ready_made(node: ast.AST) -> bool:
        """Return whether it is a thing made by what is not permitted. What such a thing returns is none."""
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            thing, name = node.func.value, node.func.attr
            if is_ready_made(thing):  # its class, or the thing itself
                return name in RETURN_ITSELF or isinstance(thing, ast.Name) and thing.id in makers
            return name[:1].isupper() and any(not rules.permit_of_module(m, name) for m in rules.modules_of(thing))
        if isinstance(node, ast.Call):
            return isinstance(node.func, ast.Name) and node.func.id in makers
        if isinstance(node, ast.Attribute | ast.Subscript):
            return is_ready_made(node.value)
        return isinstance(node, ast.Name) and node.id in found

    for node in nodes:
        if isinstance(node, ast.Assign):
            for target, value in pairs(node) or [(target, node.value) for target in node.targets]:
                if is_ready_made(value):
                    found |= {leaf.id for leaf in ast.walk(target) if isinstance(leaf, ast.Name)}
    return found
