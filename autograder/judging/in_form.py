"""Names mistakes in the values of answers that come in another form than the right one, too.

There two things are wrong, and the form hides the other one. So both answers are brought into one form before they are
compared: one dtype, the same dimensions of size 1, and what comes in another's place is put into its own. Where a
tensor is somewhat too long or too short in one dimension, what both have from the beginning on is compared.
"""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor

from autograder.authoring.assignment import Case
from autograder.authoring.mistakes import Mistake
from autograder.judging.compared import COMPARABLE
from autograder.judging.difference import PRECISION, Difference, difference
from autograder.judging.expected import Expected
from autograder.judging.naming import Named
from autograder.judging.pairs import form
from autograder.running.answers import Answer, Raised, Silent


class InOneForm:
    """Offers what ``Expected`` does, but a difference that is only one of form is none."""

    def __init__(self, known: Expected):
        self._known = known

    def __getattr__(self, name: str):
        return getattr(self._known, name)

    def difference(self, case: Case, answer: Answer, mistakes: Iterable[Mistake] = ()) -> Difference | None:
        return difference(*_in_one_form(self._known.answer(case, mistakes), answer), case.tolerance)


def besides_form(
    known: Expected,
    told: Case,
    given: dict[Case, Answer],
    right: set[Case],
    named: Callable[[Expected | InOneForm, dict[Case, Answer], set[Case]], Named],
) -> str:
    """Return in words which mistakes explain all values that can be compared, if what is told is another form, or "".

    told   the case of which it is told how its answer is wrong
    given  the answers to all cases of an exercise
    right  the cases whose answers give points
    named  names the mistakes that explain answers, given these two and what the right ones are

    Where an error is raised, or nothing comes back, it may be for the form.
    """
    view = InOneForm(known)
    came = {case: answer for case, answer in given.items() if _can_be_compared(known.answer(case), answer)}
    good = {case for case, answer in came.items() if case in right or view.difference(case, answer) is None}
    if len(came) < len(good) + 2 or 2 * len(came) <= len(given):  # one value says too little
        return ""
    if told not in came or form(known.answer(told)) == form(came[told]):
        return ""
    found = named(view, came, good)
    names = found.mistakes if found.explain_all else ()
    return " ".join(f"Besides, “{mistake.name}”: {mistake.says}" for mistake in names)


def _can_be_compared(right: Answer, given: Answer) -> bool:
    one, other = _in_one_form(right, given)
    return not isinstance(given, Raised | Silent) and form(one) == form(other)


def _in_one_form(right: Answer, given: Answer) -> tuple[Answer, Answer]:
    """Return two answers in one form, as far as they can be brought into it."""
    if isinstance(right, Tensor) and isinstance(given, Tensor):
        return _tensors_in_one_form(right, given)
    if isinstance(right, list) and isinstance(given, list) and len(right) == len(given):
        pairs = [_in_one_form(*pair) for pair in zip(right, in_their_places(right, given), strict=True)]
        return [one for one, _ in pairs], [other for _, other in pairs]
    if isinstance(right, dict) and isinstance(given, dict) and right.keys() == given.keys():
        came = in_their_places([*right.values()], [given[key] for key in right])
        pairs = {key: _in_one_form(right[key], part) for key, part in zip(right, came, strict=True)}
        return {key: one for key, (one, _) in pairs.items()}, {key: other for key, (_, other) in pairs.items()}
    return right, given


def _tensors_in_one_form(right: Tensor, given: Tensor) -> tuple[Tensor, Tensor]:
    if given.dtype not in COMPARABLE:
        return right, given
    sizes = [*zip(right.shape, given.shape, strict=True)] if right.ndim == given.ndim else []
    if right.squeeze().shape == given.squeeze().shape:
        right = right.reshape(given.shape)
    elif sum(one != other for one, other in sizes) == 1 and all(2 * min(pair) >= max(pair) for pair in sizes):
        common = tuple(slice(min(pair)) for pair in sizes)
        right, given = right[common], given[common]
    else:
        return right, given
    dtype = _common_dtype(right.dtype, given.dtype)
    return right.to(dtype), given.to(dtype)


def in_their_places(right: list, given: list) -> list:
    """Return the given parts, those that have another's form in a place where they fit, or all as they are."""
    wanted, came = ([_shape(part) for part in parts] for parts in (right, given))
    odd = [at for at, shape in enumerate(came) if shape != wanted[at]]
    moved, left = [*given], [*odd]
    for at in odd:
        if not (fits := [other for other in left if came[other] == wanted[at]]):
            return given
        left.remove(fits[0])
        moved[at] = given[fits[0]]
    return moved


def _shape(part: Answer) -> object:
    """Return the form of a part without what can be changed in it: its dtype, and dimensions of size 1."""
    return part.squeeze().shape if isinstance(part, Tensor) else form(part)


def _common_dtype(one: torch.dtype, other: torch.dtype) -> torch.dtype:
    """Return the less precise of two floating-point types. Where one of them is none, both are numbers all the same."""
    if one == other:
        return one
    if one.is_floating_point and other.is_floating_point:
        return max(one, other, key=lambda dtype: PRECISION.get(dtype, 0.0))
    return torch.float64
