"""Says in what relation wrong answers stand to the right ones, where no named mistake explains them.

A relation that holds in all wrong answers of an exercise is said before one that holds in a single one. What is said is
one of a few sentences, without any value, expected or given. The relations are functions in ``forms``, ``changes`` and
``places``.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from autograder.authoring.assignment import Case
from autograder.judging import changes, forms, places
from autograder.judging.compared import COMPARABLE, Compared, Relation
from autograder.judging.difference import FORM, difference
from autograder.judging.expected import Expected
from autograder.judging.in_form import in_their_places
from autograder.running.answers import Answer, Raised, Silent

RELATIONS = [*forms.RELATIONS, *places.RELATIONS, *changes.RELATIONS]  # the first that holds is said
ODD = FORM | {"silence", "behaviour"}  # kinds of differences that say more than that values are wrong
IN_OTHER_PLACES = "one thing is returned in the place of another"
MAX_PARTS = 10  # of an answer, of which it is looked whether they are in another order
MAX_SIZE = 100_000  # numbers in a tensor; of larger ones nothing is said


@dataclass(frozen=True)
class WrongAnswer:
    """Holds a wrong answer with the right one, and the tensors that the exercise was called with."""

    right: Answer
    given: Answer
    tolerance: float
    arguments: tuple[Tensor, ...] = ()

    @cached_property
    def compared(self) -> list[Compared] | None:
        """Return the parts that differ, or None if one of them cannot be compared."""
        parts = list(_tensors(self.right, self.given))
        if not parts or not all(_comparable(right, given) for _, right, given in parts):
            return None
        compared = [Compared(right, given, self.tolerance, self.arguments, where) for where, right, given in parts]
        return [one for one in compared if one.differ]


def most_telling(known: Expected, wrong: dict[Case, Answer], slip: str = "") -> tuple[Case, str]:
    """Return the case whose wrong answer is to be explained, and the relation that is to be said of it, or "".

    What holds in all wrong answers is said before what holds in most of them; one among many would lead astray. Where
    there is no relation, an answer is explained that is an error, or that has another form than the right one.

    slip  what explains all answers: it is said before what holds only in most of them
    """
    answers = {
        case: WrongAnswer(known.answer(case), answer, case.tolerance, known.arguments(case))
        for case, answer in wrong.items()
    }
    first = next(iter(wrong))
    if related := relation(answers.values()):
        return first, related
    if slip:
        return first, slip
    if not isinstance(wrong[first], Raised | Silent):
        for holds in RELATIONS:
            if holds.alone and (found := _mostly(holds, answers)):
                return found, _said_of(holds, answers[found])
    odd = (case for case, answer in wrong.items() if known.difference(case, answer).kind in ODD)
    told = next(odd, first)
    return told, IN_OTHER_PLACES if _has_other_places(answers[told]) else ""


def relation(wrong: Iterable[WrongAnswer]) -> str:
    """Return in words the relation that holds between all these answers and the right ones, or ""."""
    wrong = list(wrong)
    if wrong and all(map(_in_other_places, wrong)):
        return f"all of it is right, but {IN_OTHER_PLACES}"
    return next((_said_of(holds, wrong[0]) for holds in RELATIONS if _in_all(holds, wrong)), "")


def _said_of(holds: Relation, answer: WrongAnswer) -> str:
    """Return what a relation says, with the part of the answer in which it holds, if the first cannot tell."""
    where = [part.where for part in answer.compared if holds(part)]
    known = not where or where[0] == answer.compared[0].where
    return holds.says if known else f"{where[0]}: {holds.says}"


def _in_other_places(answer: WrongAnswer) -> bool:
    """Return whether the parts of an answer are right, and in another order. Single numbers may be equal by chance."""
    right, given = _parts(answer)
    if not 1 < len(given) <= MAX_PARTS or not all(isinstance(part, Tensor | list) for part in given):
        return False
    left = [*right]
    for part in given:
        if not (same := [one for one in left if difference(one, part, answer.tolerance) is None]):
            return False
        left = [one for one in left if one is not same[0]]
    return not left


def _has_other_places(answer: WrongAnswer) -> bool:
    """Return whether the parts of an answer have the right forms only in another order."""
    right, given = _parts(answer)
    return any(one is not other for one, other in zip(in_their_places(right, given), given, strict=True))


def _parts(answer: WrongAnswer) -> tuple[list, list]:
    """Return as many parts of the right answer as of the given one, in one order, or none."""
    right, given = answer.right, answer.given
    if isinstance(right, dict) and isinstance(given, dict) and right.keys() == given.keys():
        return [*right.values()], [given[key] for key in right]
    if isinstance(right, list) and isinstance(given, list) and len(right) == len(given):
        return right, given
    return [], []


def _mostly(holds: Relation, answers: dict[Case, WrongAnswer]) -> Case | None:
    """Return the first case in whose answer a relation holds, if it does in more than half of them."""
    found = []
    for tried, (case, answer) in enumerate(answers.items(), 1):
        if _in_all(holds, [answer]):
            found.append(case)
        if 2 * (tried - len(found)) >= len(answers):
            return None
    return found[0]


def _in_all(holds: Relation, answers: list[WrongAnswer]) -> bool:
    """Return whether a relation holds in all parts that differ and can tell, and in most of the answers."""
    count = 0
    for answer in answers:
        if answer.compared is None:
            return False
        told = [holds(one) for one in answer.compared]
        if False in told:
            return False
        count += True in told
    return 2 * count > len(answers)


def _tensors(right: Answer, given: Answer, where: str = "") -> Iterable[tuple[str, Answer, Answer]]:
    """Yield the parts of two answers that have the same place. Parts that are equal and no tensors are left out."""
    if isinstance(right, list) and isinstance(given, list) and len(right) == len(given):
        for one, other in zip(right, given, strict=True):
            yield from _tensors(one, other, where)
    elif isinstance(right, dict) and isinstance(given, dict) and right.keys() == given.keys():
        for key in right:
            yield from _tensors(right[key], given[key], f"{where} {key}".strip())
    elif isinstance(right, float) and isinstance(given, float):
        yield where, torch.tensor(right, dtype=torch.float64), torch.tensor(given, dtype=torch.float64)
    elif isinstance(right, Tensor) or type(right) is not type(given) or right != given:
        yield where, right, given


def _comparable(right: Answer, given: Answer) -> bool:
    both = isinstance(right, Tensor) and isinstance(given, Tensor)
    return both and max(right.numel(), given.numel()) <= MAX_SIZE and given.dtype in COMPARABLE
