"""Varies the reference solution in one place, as a slip of the pen would, and says of what kind the slip is.

A variation is no named mistake: what is said of it is one of a few sentences, in which only words of the exercise's own
description may be repeated.
"""

import ast
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from autograder.judging.edits import (
    DIMENSION,
    DIMENSIONS,
    EXCHANGED,
    LEFT_OUT,
    MIXED,
    NOT_ON,
    ORDER,
    ROUND,
    VARY,
    dimension,
)

MOST = 300  # variations of one solution
IDS = (0, 1, 2)  # of special tokens, which are often written as numbers

BACKWARDS = "something is gone through from the other end"
IGNORED = "a condition is ignored"


@dataclass(frozen=True)
class Variation:
    """Holds a solution that differs from the reference in one place."""

    text: str
    says: str


@dataclass(frozen=True)
class Edit:
    """Holds what may stand in one place of the syntax tree, and what puts it there and returns what was there."""

    put: Callable
    other: object
    says: str
    in_branch: bool
    about: frozenset[str]  # the parts of the object that are read there


def variations(text: str, words: Collection[str]) -> list[Variation]:
    """Return variations of a solution, at most MOST of them, each once.

    The same slip may be made in both branches of a solution. Another dimension may be taken throughout, and all masks
    may be the wrong way round.

    words  of the exercise's description, which may be repeated
    """
    tree = ast.parse(text)
    if any(isinstance(node, ast.While) for node in ast.walk(tree)):  # a slip might never end
        return []
    for node in ast.walk(tree):
        if ast.get_docstring(node) if isinstance(node, ast.FunctionDef | ast.ClassDef) else None:
            node.body = node.body[1:] or [ast.Pass()]
    branch, twins = _branch(tree), {name for pair in _twins(tree) for name in pair}
    edits = [
        Edit(put, other, _said(says, words), id(node) in branch, _about(node, twins))
        for node, put, others in [*_of_expressions(tree), *_of_statements(tree)]
        for other, says in others
    ]
    both = [
        [one, other]
        for one in edits
        for other in edits
        if one.in_branch > other.in_branch and one.about and (one.says, one.about) == (other.says, other.about)
    ]
    along = [[edit for edit in edits if edit.says == DIMENSION and dimension(edit.other) == dim] for dim in DIMENSIONS]
    inverted = [edit for edit in edits if edit.says == ROUND and isinstance(edit.other, ast.IfExp)]
    found: dict[str, str] = {}
    for made in [*([edit] for edit in edits), *both, *filter(None, [*along, inverted])]:
        undo = [edit.put(edit.other) for edit in made]
        found.setdefault(ast.unparse(tree), made[0].says)
        for edit, before in zip(made[::-1], undo[::-1], strict=True):
            edit.put(before)
    found.pop(ast.unparse(tree), None)
    texts, count = [*found.items()], min(len(found), MOST)
    return [Variation(*texts[at * len(texts) // count]) for at in range(count)]


def _about(node: ast.AST, twins: set[str]) -> frozenset[str]:
    """Return the parts of the object that a place reads, apart from those of which there are several of a kind."""
    if isinstance(node, ast.Name):
        return frozenset({node.id})
    return frozenset(node.attr for node in _own(node)) - twins if isinstance(node, ast.expr) else frozenset()


def _branch(tree: ast.AST) -> set[int]:
    """Return the nodes of the first branch that returns, if there is one behind which a function goes on."""
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and any(isinstance(part, ast.Return) for part in node.body):
            return {id(part) for statement in node.body for part in ast.walk(statement)}
    return set()


def _said(says: str | tuple[str, str, list[str]], words: Collection[str]) -> str:
    """Return a sentence, with names in it if all of them are words of the description."""
    if isinstance(says, str):
        return says
    plain, named, names = says
    return named.format(*sorted(names)) if {*names} <= {*words} else plain


def _of_statements(tree: ast.AST) -> Iterator:
    """Yield each list of statements, without one of them, and with two neighbours in the other order."""
    for node in ast.walk(tree):
        for field in ("body", "orelse", "finalbody"):
            body = getattr(node, field, None)
            if not isinstance(body, list) or isinstance(node, ast.ClassDef | ast.Module):
                continue
            others = []
            for at, statement in enumerate(body):
                if not isinstance(statement, ast.Return | ast.FunctionDef | ast.Pass):
                    others.append(([*body[:at], *body[at + 1 :]] or [ast.Pass()], LEFT_OUT))
                if at and not isinstance(statement, ast.Return):
                    others.append(([*body[: at - 1], statement, body[at - 1], *body[at + 1 :]], ORDER))
            yield node, _putter(node, field, None), others


def _of_expressions(tree: ast.AST) -> Iterator:
    """Yield each place of an expression, with what may stand there instead."""
    twins, constants = _twins(tree), _constants(tree)
    for node in ast.walk(tree):
        for field, value in ast.iter_fields(node):
            if field in ("annotation", "returns", "decorator_list", "bases", "defaults", "kw_defaults"):
                continue
            for at, one in enumerate(value) if isinstance(value, list) else [(None, value)]:
                if isinstance(one, ast.expr) and not isinstance(getattr(one, "ctx", None), ast.Store | ast.Del):
                    others = [(other, says) for vary in VARY for other, says in vary(one)]
                    others += _reversed(one) if isinstance(node, ast.For) and field == "iter" else []
                    others += _decided(one) if field == "test" else []
                    others += _instead(one, twins, constants)
                    yield one, _putter(node, field, at), others
    for pair in twins:
        yield tree, _exchanger(tree, pair), [(None, (EXCHANGED, "{} and {} are exchanged", [*pair]))]


def _putter(node: ast.AST, field: str, at: int | None) -> Callable:
    """Return what puts something into a place, and returns what was there."""

    def put(other):
        if at is None:
            before = getattr(node, field)
            setattr(node, field, other)
        else:
            before = getattr(node, field)[at]
            getattr(node, field)[at] = other
        return before

    return put


def _exchanger(tree: ast.AST, pair: tuple[str, str]) -> Callable:
    """Return what exchanges two attributes of the object itself, wherever they are read. Twice, all is as before."""
    other = dict(zip(pair, pair[::-1], strict=True))

    def put(_):
        for node in _own(tree):
            node.attr = other.get(node.attr, node.attr)

    return put


def _own(tree: ast.AST) -> list[ast.Attribute]:
    attributes = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    own = [node for node in attributes if isinstance(node.value, ast.Name) and node.value.id == "self"]
    return [node for node in own if isinstance(node.ctx, ast.Load)]


def _twins(tree: ast.AST) -> list[tuple[str, str]]:
    """Return pairs of the object's attributes whose names have the same end, or the same beginning and a digit."""
    names = sorted({node.attr for node in _own(tree)})
    same = [(a, b) for a in names for b in names if a < b and _stem(a) == _stem(b)]
    return same[:6]


def _stem(name: str) -> str:
    return name.rstrip("0123456789") if name[-1].isdigit() else name.rpartition("_")[2]


def _constants(tree: ast.AST) -> dict[str, list[ast.Constant]]:
    """Map parameters to the constants that may be used in their place: the default, or what an id often is."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.arguments):
            positional = node.args[len(node.args) - len(node.defaults) :]
            pairs = [*zip(positional, node.defaults, strict=True), *zip(node.kwonlyargs, node.kw_defaults, strict=True)]
            tokens = [one.arg for one in node.args if one.arg.endswith("_id")]
            found |= {name: [ast.Constant(number) for number in IDS] for name in tokens}
            found |= {one.arg: [default] for one, default in pairs if isinstance(default, ast.Constant)}
    return found


def _instead(node: ast.expr, twins: list[tuple[str, str]], constants: dict[str, list[ast.Constant]]) -> list:
    """Return what may be used in place of a name: another one of its kind, or a constant."""
    if isinstance(node, ast.Name) and node.id in constants:
        return [(constant, (NOT_ON, "{} is ignored", [node.id])) for constant in constants[node.id]]
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
        pairs = [pair for pair in twins if node.attr in pair]
        others = [(pair[pair[0] == node.attr], pair) for pair in pairs]
        return [
            (ast.Attribute(node.value, other, ast.Load()), (MIXED, "{} and {} are mixed up", [*pair]))
            for other, pair in others
        ]
    return []


def _decided(test: ast.expr) -> list:
    """Return a condition that always holds, and one that never does."""
    name = test.attr if isinstance(test, ast.Attribute) else test.id if isinstance(test, ast.Name) else ""
    says = (IGNORED, "{} is ignored", [name]) if name else IGNORED
    return [(ast.Constant(value), says) for value in (True, False)]


def _reversed(node: ast.expr) -> list:
    listed = ast.Call(ast.Name("list", ast.Load()), [node], [])
    return [(ast.Call(ast.Name("reversed", ast.Load()), [listed], []), BACKWARDS)]
