"""Finds pairs of mistakes that may explain wrong answers together, the likely ones first: to try one takes time."""

from collections.abc import Collection, Mapping
from itertools import combinations, islice

from torch import Tensor

from autograder.authoring.assignment import Case
from autograder.authoring.combining import CannotCombine
from autograder.authoring.mistakes import Mistake
from autograder.judging.expected import Expected
from autograder.running.answers import Answer, Raised

Pair = tuple[Mistake, Mistake]


def promising(
    known: Expected,
    given: Mapping[Case, Answer],
    explains: Mapping[Mistake, Collection[Case]],
    changed: Mapping[Mistake, Collection[Case]],
    most: int,
) -> list[Pair]:
    """Return pairs of mistakes that can be made together, and of which each wrong answer is changed by at least one.

    Those come first that fit in most cases: an answer that one of the two changes alone is explained by this one, and
    an answer that both change has another form than the right one if one of theirs has. Of these, those come first of
    which one or the other explains most by itself.

    given     the wrong answers
    explains  by mistake, the cases of them that it explains alone
    changed   by mistake, the cases of them whose answers it changes
    most      so many pairs are returned at most
    """
    forms = {m: {case: form(known.answer(case, [m])) for case in cases} for m, cases in changed.items()}
    right = {case: form(known.answer(case)) for case in given}
    came = {case: form(answer) for case, answer in given.items()}

    def fits(case: Case, pair: Pair) -> bool:
        changing = [mistake for mistake in pair if case in changed[mistake]]
        if len(changing) == 1:
            return case in explains[changing[0]]
        odd = {forms[mistake][case] for mistake in pair} - {right[case]}
        return came[case] in odd if len(odd) == 1 else (came[case] != right[case]) == bool(odd)

    def order(pair: Pair) -> tuple[int, int]:
        return -sum(fits(case, pair) for case in given), -len({*explains[pair[0]], *explains[pair[1]]})

    pairs = [
        pair
        for pair in combinations(changed, 2)
        if pair[0].name != pair[1].name and all(case in changed[pair[0]] or case in changed[pair[1]] for case in given)
    ]
    return [*islice((pair for pair in sorted(pairs, key=order) if _go_together(known, pair)), most)]


def _go_together(known: Expected, pair: Pair) -> bool:
    try:
        return all(map(known.is_run, pair)) and bool(known.assignment.solution(pair[0].exercise, pair))
    except CannotCombine:
        return False


def form(answer: Answer) -> object:
    """Return all of an answer but its values."""
    if isinstance(answer, Tensor):
        return answer.dtype, answer.shape
    if isinstance(answer, list):
        return tuple(map(form, answer))
    if isinstance(answer, dict):
        return frozenset((key, form(value)) for key, value in answer.items())
    return answer.type if isinstance(answer, Raised) else type(answer)
