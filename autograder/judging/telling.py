"""Judges inputs that a student chose: how many of a function's named mistakes show in what it returns for them?

This is mutation testing, with the catalogue's mistakes for mutants: what is tested is the student's test. The inputs
are data, and were made by a student's process. So they are tried only as far as they are small, and in a worker, where
all judging is done. Feedback names a few of the mistakes that would have slipped through, by the words of the
catalogue: by its choice of inputs a submission can tell its author which, and no more.
"""

from collections.abc import Callable, Iterable
from functools import cached_property
from math import prod

from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves

from autograder import probe
from autograder.authoring.assignment import Case
from autograder.judging.difference import difference
from autograder.judging.expected import Expected
from autograder.judging.verdict import CaseVerdict
from autograder.running.answers import Answer, Raised, Silent, decode

MOST_RESULTS = 20_000  # numbers in a tensor that the right function makes of one tuple: broadcasting makes many of few
NAMES = 8  # mistakes that are named; the others are counted

Tried = list[tuple[list, Answer]]  # tuples of arguments, each with what the right function returns for it


class Telling:
    """Judges the answers to one case that asks for inputs."""

    def __init__(self, known: Expected, case: Case):
        self._known, self._case = known, case

    def verdict(self, answer: Answer) -> CaseVerdict:
        """Return what inputs are worth, and which mistakes would have slipped through.

        answer  the values that came back: a list of lists of tensors and None, or whatever else a student returned
        """
        tried, counted = self._tried(answer), self._counted
        slipped = [name for name, wrong in counted.items() if not all(self._shows(way, tried) for way in wrong)]
        share = min(1.0, (len(counted) - len(slipped)) / (self._case.inputs.enough * len(counted)))
        reason = _in_words(len(tried), len(counted), slipped)
        return CaseVerdict(self._case.title, share == 1.0, reason, share=share)

    @cached_property
    def _counted(self) -> dict[str, list[Callable]]:
        """Map the names of the mistakes that show in the reference solution's own inputs to the wrong functions."""
        tried, of = self._tried(self._known.answer(self._case)), self._case.inputs.of
        found: dict[str, list[Callable]] = {}
        for mistake in filter(self._known.is_run, self._known.assignment.mistakes_of(of)):
            wrong = getattr(self._known.reference(frozenset({mistake})), of)
            if self._shows(wrong, tried):
                found.setdefault(mistake.name, []).append(wrong)
        if not found:
            raise RuntimeError(f"no mistake of {of} shows in the inputs of the reference solution: {self._case.name}")
        return found

    def _shows(self, wrong: Callable, tried: Tried) -> bool:
        return any(difference(right, _returned(wrong, given), self._case.tolerance) for given, right in tried)

    def _tried(self, answer: Answer) -> Tried:
        """Return the tuples of an answer that count: they are small, and the right function can take them."""
        limits, right = self._case.inputs, getattr(self._known.reference(frozenset()), self._case.inputs.of)
        tuples = answer[: limits.at_most] if isinstance(answer, list) else []
        with _AtMost(MOST_RESULTS):
            found = [(given, _returned(right, given)) for given in tuples if _is_small(given, limits.numbers)]
        return [(given, values) for given, values in found if not isinstance(values, Raised | Silent)]


def _is_small(given: Answer, numbers: int) -> bool:
    """Return whether these are arguments of few numbers. An empty dimension counts as one: a product may fill it."""
    return isinstance(given, list) and all(
        argument is None or isinstance(argument, Tensor) and prod(size or 1 for size in argument.shape) <= numbers
        for argument in given
    )


class _AtMost(TorchFunctionMode):
    """Lets torch's functions raise ValueError, while it is entered, if a tensor that they return has more numbers.

    Meta tensors would tell the sizes and compute nothing, but with the first of them torch imports for three seconds.
    """

    def __init__(self, most: int):
        super().__init__()
        self._most = most

    def __torch_function__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        if any(isinstance(value, Tensor) and value.numel() > self._most for value in tree_leaves(result)):
            raise ValueError(f"a tensor has more than {self._most} numbers")
        return result


def _returned(function: Callable, given: list) -> Answer:
    """Return what comes back from a trusted function, in the form of an answer, or Raised."""
    copies = [argument if argument is None else argument.clone() for argument in given]
    return decode(probe.as_text(probe.answer(lambda student, rng: function(*copies), None, "inputs")))


def _in_words(tried: int, counted: int, slipped: Iterable[str]) -> str:
    slipped = list(slipped)
    if not tried:
        return (
            "nothing that you return can be tried: each tuple must be small enough, and the right solution must take it"
        )
    shown = [f"“{name}”" for name in slipped[:NAMES]]
    more = [f"{len(slipped) - NAMES} more"] if len(slipped) > NAMES else []
    found = f"{counted - len(slipped)} of {counted} mistakes show in your inputs"
    return f"{found}; these would have slipped through: {', '.join(shown + more)}" if slipped else found
