"""Says in what relation wrong answers stand to the right ones, where no named mistake explains them.

A relation that holds in all wrong answers of an exercise is said before one that holds in a single one. What is said is
one of a few sentences, without any value, expected or given. The relations are functions in ``forms`` and ``places``.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from autograder.authoring.assignment import Case
from autograder.judging import forms, places
from autograder.judging.compared import Compared
from autograder.judging.expected import Expected
from autograder.running.answers import Answer, Raised, Silent

RELATIONS = [*forms.RELATIONS, *places.RELATIONS]  # the first that holds is said
FORM = ("shape", "dtype", "type", "key")  # kinds of differences that say more than that values are wrong
MAX_SIZE = 100_000  # numbers in a tensor; of larger ones nothing is said


@dataclass(frozen=True)
class WrongAnswer:
    """Holds a wrong answer with the right one, and the tensors that the exercise was called with."""

    right: Answer
    given: Answer
    tolerance: float
    arguments: tuple[Tensor, ...] = ()


def most_telling(known: Expected, wrong: dict[Case, Answer]) -> tuple[Case, str]:
    """Return the case whose wrong answer is to be explained, and the relation that is to be said of it, or "".

    That is the first one, if its answer is an error or has another form than the right one, or if a relation holds in
    all wrong answers. Otherwise it is the first of which that can be said by itself.
    """
    answers = {
        case: WrongAnswer(known.answer(case), answer, case.tolerance, known.arguments(case))
        for case, answer in wrong.items()
    }
    first = next(iter(wrong))
    if (related := relation(answers.values())) or isinstance(wrong[first], Raised | Silent):
        return first, related
    for case, answer in answers.items():
        related = relation([answer])
        if (
            related
            or not isinstance(answer.given, Raised | Silent)
            and known.difference(case, answer.given).kind in FORM
        ):
            return case, related
    return first, ""


def relation(wrong: Iterable[WrongAnswer]) -> str:
    """Return in words the relation that holds between all these answers and the right ones, or ""."""
    found: list[Compared] = []
    for answer in wrong:
        pairs = list(_tensors(answer.right, answer.given))
        if not pairs or not all(_comparable(*pair) for pair in pairs):
            return ""
        compared = [Compared(*pair, answer.tolerance, answer.arguments) for pair in pairs]
        found += [one for one in compared if one.differ]
    for holds in RELATIONS:
        told = [holds(one) for one in found]
        if True in told and False not in told:
            return holds.says
    return ""


def _tensors(right: Answer, given: Answer) -> Iterable[tuple[Answer, Answer]]:
    """Yield the parts of two answers that have the same place. Parts that are equal and no tensors are left out."""
    if isinstance(right, list) and isinstance(given, list) and len(right) == len(given):
        for one, other in zip(right, given, strict=True):
            yield from _tensors(one, other)
    elif isinstance(right, dict) and isinstance(given, dict) and right.keys() == given.keys():
        for key in right:
            yield from _tensors(right[key], given[key])
    elif isinstance(right, float) and isinstance(given, float):
        yield torch.tensor(right, dtype=torch.float64), torch.tensor(given, dtype=torch.float64)
    elif isinstance(right, Tensor) or type(right) is not type(given) or right != given:
        yield right, given


def _comparable(right: Answer, given: Answer) -> bool:
    both = isinstance(right, Tensor) and isinstance(given, Tensor)
    return both and max(right.numel(), given.numel()) <= MAX_SIZE and not given.is_complex()
