"""Says what may stand in place of an expression if its author slipped, and of what kind each slip is.

A kind is a sentence, or a pair of two: one without names, and one with them, and the names.
"""

import ast
import copy
from collections.abc import Iterator

LEFT_OUT = "a step is left out"
TERM = "a term of a sum or difference is left out"
FACTOR = "a factor or a divisor is left out"
SIGN = "something is added that should be subtracted, or the other way round"
INVERSE = "something is multiplied that should be divided, or the other way round"
ORDER = "two steps are in the wrong order"
EXCHANGED = "two things of the same kind are exchanged"
MIXED = "one of two things of the same kind is used in place of the other"
DIMENSION = "something is computed along another dimension"
ROUND = "a mask or another condition is the wrong way round"
LIMIT = "a position is off by one, or a limit is wrongly included or excluded"
RELATED = "another function of the same kind is used, as a sum for a mean"
NOT_ON = "an argument is not passed on"
# Functions that are taken for each other.
KIN = [
    {"mean", "sum"}, {"argmax", "argmin"}, {"max", "min", "amax", "amin"}, {"tril", "triu"}, {"any", "all"},
    {"eval", "train"}, {"softmax", "log_softmax"}, {"sin", "cos"}, {"ones", "zeros"}, {"std", "var"},
]  # fmt: skip
OPPOSITE = {
    ast.Add: (ast.Sub, SIGN),
    ast.Sub: (ast.Add, SIGN),
    ast.Mult: (ast.Div, INVERSE),
    ast.Div: (ast.Mult, INVERSE),
}
DIMENSIONS = (0, 1, -1, -2)
ALONG = {"softmax", "log_softmax", "mean", "sum", "cumsum", "argmax"}  # what works along a dimension
KEPT = {"range", "len", "int", "float", "bool", "list", "tuple", "super", "isinstance", "ValueError", "KeyError", "zip"}


def _operators(node: ast.expr) -> Iterator:
    if isinstance(node, ast.BinOp):
        if type(node.op) in OPPOSITE:
            operator, says = OPPOSITE[type(node.op)]
            yield ast.BinOp(node.left, operator(), node.right), says
        if isinstance(node.op, ast.Add | ast.Sub):
            yield node.left, TERM
        if isinstance(node.op, ast.Add):
            yield node.right, TERM
            for inside, rest in ((node.left, node.right), (node.right, node.left)):
                if _wraps(inside):  # a + f(b) for f(a + b)
                    yield ast.Call(inside.func, [ast.BinOp(rest, ast.Add(), inside.args[0])], inside.keywords), ORDER
        if isinstance(node.op, ast.Mult | ast.Div | ast.Pow):
            yield node.left, FACTOR
        if isinstance(node.op, ast.Mult):
            yield node.right, FACTOR
        if isinstance(node.op, ast.BitAnd | ast.BitOr):
            other = ast.BitOr() if isinstance(node.op, ast.BitAnd) else ast.BitAnd()
            yield ast.BinOp(node.left, other, node.right), ROUND
            yield from ((side, LEFT_OUT) for side in (node.left, node.right))

    if _wraps(node) and isinstance(total := node.args[0], ast.BinOp) and isinstance(total.op, ast.Add):
        for inside, rest in ((total.left, total.right), (total.right, total.left)):
            yield ast.BinOp(rest, ast.Add(), ast.Call(node.func, [inside], node.keywords)), ORDER


def _wraps(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and len(node.args) == 1 and not isinstance(node.args[0], ast.Starred)


def _conditions(node: ast.expr) -> Iterator:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Invert | ast.Not):
        yield node.operand, ROUND
    if isinstance(node, ast.Name) and "mask" in node.id:
        yield ast.parse(f"{node.id} if {node.id} is None else ~{node.id}", mode="eval").body, ROUND
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        for one, other in ((ast.Lt, ast.LtE), (ast.Gt, ast.GtE)):
            for old, new in ((one, other), (other, one)):
                if isinstance(node.ops[0], old):
                    yield ast.Compare(node.left, [new()], node.comparators), LIMIT
        for old, new in (
            (ast.Lt, ast.GtE),
            (ast.GtE, ast.Lt),
            (ast.Gt, ast.LtE),
            (ast.LtE, ast.Gt),
            (ast.Eq, ast.NotEq),
        ):
            if isinstance(node.ops[0], old):
                yield ast.Compare(node.left, [new()], node.comparators), ROUND


def _numbers(node: ast.expr) -> Iterator:
    value = node.operand if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) else node
    if isinstance(value, ast.Constant) and type(value.value) is int:
        number = value.value if value is node else -value.value
        yield from ((ast.Constant(number + step), LIMIT) for step in (-1, 1))


def _calls(node: ast.expr) -> Iterator:
    if not isinstance(node, ast.Call):
        return
    function, name = node.func, _name(node.func)
    if name in KEPT or name[:1].isupper() or name in ("arange", "Parameter"):
        return
    applied = (LEFT_OUT, "{} is not applied", [name])
    if node.args and not isinstance(node.args[0], ast.Starred):
        yield node.args[0], applied
    if isinstance(function, ast.Attribute) and not _is_module(function.value):
        yield function.value, applied
    for kin in KIN:
        if name in kin and isinstance(function, ast.Attribute):
            for other in sorted(kin - {name}):
                changed = copy.copy(node)
                changed.func = ast.Attribute(function.value, other, ast.Load())
                yield changed, RELATED
    for at, argument in enumerate(node.args):
        passed = (NOT_ON, "{} is not passed on", [argument.id]) if isinstance(argument, ast.Name) else NOT_ON
        yield ast.Call(function, [*node.args[:at], *node.args[at + 1 :]], node.keywords), passed
        if at:
            swapped = [*node.args[: at - 1], argument, node.args[at - 1], *node.args[at + 1 :]]
            yield ast.Call(function, swapped, node.keywords), EXCHANGED
    for at, keyword in enumerate(node.keywords):
        passed = (NOT_ON, "{} is not passed on", [keyword.arg or ""])
        yield ast.Call(function, node.args, [*node.keywords[:at], *node.keywords[at + 1 :]]), passed
    if len(node.args) == 1 and isinstance(inner := node.args[0], ast.Call) and len(inner.args) == 1:
        turned = ast.Call(function, inner.args, node.keywords)
        yield ast.Call(inner.func, [turned], inner.keywords), ORDER


def _dimensions(node: ast.expr) -> Iterator:
    if isinstance(node, ast.Call):
        for at, keyword in enumerate(node.keywords):
            for dim in DIMENSIONS if keyword.arg == "dim" else ():
                changed = ast.keyword("dim", ast.Constant(dim))
                yield (
                    ast.Call(node.func, node.args, [*node.keywords[:at], changed, *node.keywords[at + 1 :]]),
                    DIMENSION,
                )
        if isinstance(node.func, ast.Attribute) and len(node.args) == 1 and _name(node.func) in ALONG:
            for dim in DIMENSIONS:
                yield ast.Call(node.func, [], [*node.keywords, ast.keyword("dim", ast.Constant(dim))]), DIMENSION


def dimension(call: ast.AST) -> int | None:
    """Return the dimension along which a varied call works."""
    return next((keyword.value.value for keyword in call.keywords if keyword.arg == "dim"), None)


VARY = (_operators, _conditions, _numbers, _calls, _dimensions)


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _is_module(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in ("torch", "F", "nn", "math", "self")
