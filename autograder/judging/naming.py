"""Finds the names of the mistakes that explain wrong answers: one, or two that were made at once."""

from collections.abc import Iterable
from dataclasses import dataclass

from autograder.authoring.assignment import Case
from autograder.authoring.mistakes import Mistake
from autograder.judging.expected import Expected
from autograder.judging.pairs import promising
from autograder.running.answers import Answer

NAMES = 2  # mistakes of one exercise that are named
# A mistake that explains some wrong answers and not all is named if it explains more than this share of all, and more
# than this share of those that it would change, and one of them as no other does. Measured in notebooks 01 and 02 in
# November 2026, each mistake taken out of the catalogue, alone and, 65 times, beside another one: 24 of 29 such names
# are right, and 26 of 112 others. Where half of its own was enough, and others beside it, 27 of 41 were.
LEAST_SHARE = 0.17
LEAST_OF_ITS_OWN = 2 / 3


@dataclass(frozen=True)
class Named:
    """Holds the mistakes that are named in one exercise, and whether they explain all its wrong answers."""

    mistakes: tuple[Mistake, ...] = ()
    explain_all: bool = False


class Naming:
    """Looks for the mistakes of one exercise that explain its wrong answers.

    given    the answers to all cases of the exercise
    right    the cases whose answers give points
    earlier  the named mistakes in the exercises before this one
    odd      the exercises before this one that are wrong for no known reason: where the answer depends on one of them,
             a wrong one says nothing of this exercise
    """

    def __init__(
        self,
        known: Expected,
        given: dict[Case, Answer],
        right: set[Case],
        earlier: list[Mistake],
        odd: Iterable[str] = (),
    ):
        self._known, self._given, self._earlier = known, given, earlier
        wrong = [case for case in given if case not in right]
        self._wrong = [case for case in wrong if not any(known.depends(case, exercise) for exercise in odd)]
        self._sees_all = len(wrong) == len(self._wrong)
        own = known.assignment.mistakes_of(self._wrong[0].exercise) if self._wrong else []
        # A mistake that would have spoilt an answer which is right was not made.
        self._possible = [m for m in own if not any(self._refuted(case, m) for case in given if case in right)]
        self._explains = {m: {case for case in self._wrong if self._shows(case, [m])} for m in self._possible}

    def named(self, most_pairs: int) -> Named:
        """Return the mistakes that are to be named.

        If exactly one mistake explains all wrong answers of the exercise, it is named, even if others explain some. If
        none does, two are that explain them together; else those that explain enough of them, each by itself or beside
        another one.

        most_pairs  so many pairs of mistakes are tried at most
        """
        whole = _one_a_name(m for m, cases in self._explains.items() if len(cases) == len(self._wrong))
        if not self._wrong or len(whole) > 1:  # any of them may be meant
            return Named()
        if whole:
            return Named(tuple(whole), self._sees_all)
        if pairs := self._pairs(most_pairs):
            if len(pairs) == 1:
                return Named(pairs[0], self._sees_all)
            common = set.intersection(*({mistake.name for mistake in pair} for pair in pairs))
            return Named(tuple(mistake for mistake in pairs[0] if mistake.name in common))
        likely = self._likely()
        return Named(tuple(likely + self._beside(likely[0], most_pairs) if len(likely) == 1 else likely))

    def _pairs(self, most: int) -> list[tuple[Mistake, Mistake]]:
        """Return the pairs of mistakes that explain all wrong answers together, each pair of names once."""
        given = {case: self._given[case] for case in self._wrong}
        changed = {m: {case for case in self._wrong if self._changes(case, m)} for m in self._possible}
        tried = promising(self._known, given, self._explains, changed, most)
        # Cases that few mistakes change tell soonest that a pair does not fit.
        telling = sorted(self._wrong, key=lambda case: sum(case in cases for cases in changed.values()))
        found = [pair for pair in tried if all(self._shows(case, pair) for case in telling)]
        return list({frozenset(mistake.name for mistake in pair): pair for pair in reversed(found)}.values())[::-1]

    def _likely(self) -> list[Mistake]:
        """Return the mistakes that explain enough of the wrong answers, the one that explains most of them first.

        What one explains counts for no other. Where several explain just as much, any may be meant, and none is named.
        """
        found: list[Mistake] = []
        left = dict(self._explains)
        while left and len(found) < NAMES:
            best = max(left, key=lambda mistake: len(left[mistake]))
            cases = left.pop(best)
            if not cases:
                break
            if not self._is_enough(best, cases):
                continue
            others = {mistake: theirs for mistake, theirs in left.items() if mistake.name != best.name}
            rivals = [one for one, theirs in others.items() if len(theirs) == len(cases) and theirs & cases]
            found += [] if rivals else [best]
            left = {mistake: theirs - cases for mistake, theirs in others.items() if mistake not in rivals}
        return found

    def _is_enough(self, mistake: Mistake, cases: set[Case]) -> bool:
        """Return whether it is enough for a name that a mistake explains these cases, and not the other wrong ones."""
        changed = sum(self._changes(case, mistake) for case in self._wrong)
        others = (theirs for other, theirs in self._explains.items() if other.name != mistake.name)
        alone = cases.difference(*others)
        return bool(alone) and len(cases) > max(LEAST_SHARE * len(self._wrong), LEAST_OF_ITS_OWN * changed)

    def _beside(self, first: Mistake, most: int) -> list[Mistake]:
        """Return the mistake that explains, together with a first one, most of what this one alone does not explain.

        It explains at least half of it, and more than any other does.
        """
        rest = [case for case in self._wrong if case not in self._explains[first]]
        others = [mistake for mistake in self._possible if mistake.name != first.name][:most]
        counts = {
            other: sum(self._changes(case, other) and self._shows(case, (first, other)) for case in rest)
            for other in others
        }
        count = max(counts.values(), default=0)
        best = _one_a_name(mistake for mistake, one in counts.items() if one == count)
        return best if len(best) == 1 and 2 * count >= max(len(rest), 1) else []

    def _refuted(self, case: Case, mistake: Mistake) -> bool:
        """Return whether a right answer rules a mistake out: it changes the case's answer, but not to this one."""
        return self._known.changes(case, mistake) and not self._shows(case, [mistake])

    def _changes(self, case: Case, mistake: Mistake) -> bool:
        return changes(self._known, case, mistake, self._earlier)

    def _shows(self, case: Case, mistakes: list[Mistake] | tuple[Mistake, ...]) -> bool:
        """Return whether these mistakes, alone or together with the earlier ones, lead to the answer."""
        causes = [[], self._earlier] if self._earlier else [[]]
        return any(self._known.difference(case, self._given[case], [*cause, *mistakes]) is None for cause in causes)


def changes(known: Expected, case: Case, mistake: Mistake, earlier: list[Mistake]) -> bool:
    """Return whether a mistake changes a case's answer, alone or where the earlier ones were made."""
    return known.changes(case, mistake) or bool(earlier) and known.changes(case, mistake, earlier)


def _one_a_name(mistakes) -> list[Mistake]:
    """Return the first mistake of each name."""
    return list({mistake.name: mistake for mistake in reversed([*mistakes])}.values())[::-1]
