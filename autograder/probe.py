"""Provides what hidden questions use, and sends their answers out of the student's process.

This file runs on both sides: the judge imports it for the reference solution, and its text travels with every
question to the student's kernel. So it holds no secret, and imports nothing of the autograder.

A question is a function ``(student, rng) -> values``. It calls the student's code on inputs drawn from ``rng`` and
returns what came back: tensors, numbers, strings, None, and lists and dicts of those. It never returns a verdict.
"""

import base64
import hashlib
import json
import linecache
import traceback
from collections.abc import Callable
from itertools import groupby
from typing import NamedTuple

import safetensors.torch
import torch
from torch import Tensor

ANSWER = "application/vnd.autograder.answer"  # the beginning of the MIME types under which answers leave the kernel
MAX_BYTES = 4_000_000  # of the tensors of an answer
NO_ERROR, ANOTHER_ERROR = "no error", "another error"  # how a call may end: see ``outcome``


def hidden(exercise: str, forbids=(), tolerance: float = 1e-5):
    """Mark a function as a hidden test of an exercise.

    exercise   the exercise that it gives points for
    forbids    names, or parts of names, of functions and classes that the exercise must not use
    tolerance  the allowed difference, relative above 1 and absolute below, of values in double precision
    """

    def mark(function):
        function.exercise, function.forbids, function.tolerance = exercise, frozenset(forbids), tolerance
        return function

    return mark


class Inputs(NamedTuple):
    """Says whose inputs a hidden test asks for, and how many and how large they may be."""

    of: str  # the exercise whose function takes them
    at_most: int  # tuples of arguments
    numbers: int  # in one tensor, at most
    enough: float  # the share of that exercise's named mistakes that is worth all points


def tells(exercise: str, of: str, at_most: int, numbers: int, enough: float = 1.0, tolerance: float = 1e-5):
    """Mark a function as a hidden test of an exercise that asks for inputs of another exercise's function.

    The function returns a list of tuples of arguments, tensors or None. It is worth the share of the other exercise's
    named mistakes that show: they raise, or return something else than the reference solution, on one of the tuples. Of
    all mistakes those count that show in the reference solution's own inputs.
    """

    def mark(function):
        function.inputs = Inputs(of, at_most, numbers, enough)
        return hidden(exercise, tolerance=tolerance)(function)

    return mark


class Random:
    """Draws inputs from a seed. They are the same in both processes."""

    def __init__(self, seed: str):
        self.seed = seed
        self.number = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:7], "big")
        self.generator = torch.Generator().manual_seed(self.number)

    def normal(self, *shape: int, dtype=torch.float64) -> Tensor:
        """Draw standard normal numbers of this shape."""
        return torch.randn(*shape, generator=self.generator, dtype=torch.float64).to(dtype)

    def integers(self, low: int, high: int, *shape: int) -> Tensor:
        """Draw integers of this shape from low to high, both included."""
        return torch.randint(low, high + 1, shape, generator=self.generator)

    def integer(self, low: int, high: int) -> int:
        """Draw one integer from low to high, both included."""
        return int(self.integers(low, high))

    def different(self, count: int, low: int, high: int) -> list[int]:
        """Draw ``count`` different integers from low to high, both included, in random order."""
        return [low + i for i in torch.randperm(high - low + 1, generator=self.generator)[:count].tolist()]

    def shuffled(self, items: list) -> list:
        """Return the items in random order, as a new list."""
        return [items[i] for i in torch.randperm(len(items), generator=self.generator).tolist()]

    def mask(self, *shape: int) -> Tensor:
        """Draw bools of this shape: True with probability 0.6, and at least once in every row of the last dimension.

        One at least is False, where a row has more than one: a mask that hides nothing tells nothing.
        """
        while True:
            mask = torch.rand(shape, generator=self.generator, dtype=torch.float64) < 0.6
            spared = torch.randint(shape[-1], shape[:-1], generator=self.generator)
            mask |= torch.nn.functional.one_hot(spared, shape[-1]).bool()
            if 0 in shape or shape[-1] == 1 or not mask.all():
                return mask


def fill(module: torch.nn.Module, rng: Random, dtype=torch.float64) -> torch.nn.Module:
    """Set every parameter from the seed and its own name, so that their order does not matter. Return the module."""
    module.to(dtype)
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            parameter.copy_(0.5 * Random(f"{rng.seed}/{name}").normal(*parameter.shape))
    return module


def become(part: torch.nn.Module, other: torch.nn.Module) -> None:
    """Turn a part of the student's module into another module, wherever else the module may hold that part."""
    object.__setattr__(part, "__class__", type(other))
    object.__setattr__(part, "__dict__", vars(other))


def shapes(module: torch.nn.Module) -> dict[str, list[int]]:
    """Return the shapes of all parameters, by name."""
    return {name: list(parameter.shape) for name, parameter in sorted(module.named_parameters())}


def gradients(outputs: Tensor, inputs: list[Tensor], rng: Random) -> list[Tensor | None]:
    """Return the gradient of a random projection of the outputs for each input, or None if it gets none."""
    if not outputs.requires_grad:
        return [None] * len(inputs)
    projection = rng.normal(*outputs.shape)
    return list(torch.autograd.grad((outputs * projection).sum(), inputs, allow_unused=True))


def named_gradients(
    module: torch.nn.Module, outputs: Tensor, inputs: dict[str, Tensor], rng: Random
) -> dict[str, Tensor | None]:
    """Return the gradients of a random projection of the outputs for every parameter and input.

    The keys are "for " and the name. A value is None if no gradient arrives there.
    """
    parameters = dict(sorted(module.named_parameters()))
    found = gradients(outputs, [*parameters.values(), *inputs.values()], rng)
    return dict(zip([f"for {name}" for name in [*parameters, *inputs]], found, strict=True))


def outcome(call, expected: type[Exception]) -> str:
    """Make a call that may raise, and return how it ended as a value, so that an expected error can be an answer.

    Return the name of the expected exception if it was raised, "another error" or "no error".
    """
    try:
        call()
    except expected:
        return expected.__name__
    except NotImplementedError:  # it is not done
        raise
    except Exception:
        return ANOTHER_ERROR
    return NO_ERROR


class Missing(Exception):
    """Tells that the notebook, run from the top, does not define a name that is asked for."""


class Student:
    """Offers the names of a notebook as attributes. Raises Missing for a name that the notebook does not define."""

    def __init__(self, namespace: dict):
        self._namespace = namespace

    def __getattr__(self, name):
        if name not in self._namespace:
            raise Missing(name)
        return self._namespace[name]


def answer(ask, student, seed: str) -> dict:
    """Ask one question, and return {"values": ...} or {"raised": ...}, ready for JSON."""
    torch.default_generator.manual_seed(Random(seed).number)  # torch's own is slow: it goes through all devices
    try:
        with torch.inference_mode(False), torch.enable_grad():  # an interrupted cell may have left others
            return _encode(ask(student, Random(seed)))
    except (Exception, SystemExit) as error:
        return {"raised": _describe(error)}


def _encode(values) -> dict:
    tensors: dict[str, Tensor] = {}
    answer = {"values": _tree(values, tensors)}
    if sum(tensor.numel() * tensor.element_size() for tensor in tensors.values()) > MAX_BYTES:
        return {"values": {"unfit": "more than can be looked at"}}
    if tensors:
        answer["tensors"] = base64.b64encode(safetensors.torch.save(tensors)).decode()
    return answer


def _tree(value, tensors: dict[str, Tensor]):
    """Turn values into what JSON knows. A tensor is put into ``tensors``, and its name there takes its place."""
    if isinstance(value, Tensor):
        name = str(len(tensors))
        tensors[name] = value.detach().cpu().contiguous().clone()
        return {"tensor": name}
    if value is None or isinstance(value, bool | int | float | str):
        return {"plain": value}
    if isinstance(value, list | tuple):
        return {"list": [_tree(item, tensors) for item in value]}
    if isinstance(value, dict):
        return {"dict": {str(key): _tree(item, tensors) for key, item in value.items()}}
    return {"unfit": type(value).__name__}


def _describe(error: BaseException) -> dict:
    """Describe an exception by its type, its message, and the last line of a notebook's cell that led to it."""
    line = ""
    for frame in traceback.extract_tb(error.__traceback__):
        if "ipykernel" in frame.filename or frame.filename.startswith("<ipython-input"):
            line = linecache.getline(frame.filename, frame.lineno or 0).strip() or line
    return {"type": type(error).__name__, "message": str(error)[:500], "line": line[:200]}


def reply(namespace: dict, hidden: dict, questions: list[tuple[str, str, str]], lend: Callable[[str], None]) -> None:
    """Ask the questions in the student's kernel, and send each answer at once, so that no later question can change it.

    hidden     the namespace in which the functions of the questions are defined
    questions  names of functions in ``hidden``, their seeds, and the MIME types under which their answers are heard
    lend       called with the name of a broken exercise, after the last question to it
    """
    from IPython.display import display  # here alone there is one

    for exercise, asked in groupby(questions, lambda question: hidden[question[0]].exercise):
        raised = []
        for name, seed, kind in asked:
            raised.append(True)
            try:
                raised[-1] = "raised" in (found := answer(hidden[name], Student(namespace), seed))
                display({kind: as_text(found)}, raw=True)
            except KeyboardInterrupt:  # the time of this question is over
                raise
            except BaseException:  # even the error cannot be told: this question stays without an answer
                continue
        if 2 * sum(raised) > len(raised):
            lend(exercise)


def as_text(answer: dict) -> str:
    return json.dumps(answer)
