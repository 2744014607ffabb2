"""Finds answers that are right but for an earlier mistake, so that one mistake costs once."""

from itertools import islice
from math import ceil

from autograder.authoring.assignment import Case
from autograder.authoring.mistakes import Mistake
from autograder.judging.expected import Expected
from autograder.running.answers import Answer

# Points are carried forward for a case that, under the earlier mistake, still catches this share of the mistakes
# that it catches otherwise. An earlier exercise that returns zeros leaves nothing to catch, and would be a gift.
STILL_SEES = 0.5
ASKED = 8  # so many of these mistakes are asked at most, from all over the catalogue: what is wanted is only a share


def carried(known: Expected, given: dict[Case, Answer], right: set[Case], earlier: list[Mistake]) -> set[Case]:
    """Return the cases of an exercise whose answers are right apart from earlier mistakes.

    Where a trivial solution would give the same answer behind an earlier mistake, or most mistakes would, the answer
    says nothing of the exercise. It counts only if all other answers are right: so two errors are never worth more than
    one, and whoever made the earlier mistake alone does not pay twice.

    given    the answers to all cases of the exercise
    right    the cases whose answers are right as they are
    earlier  the named mistakes in the exercises before this one
    """
    causes = [[mistake] for mistake in earlier]
    if len(earlier) > 1:
        causes.append(earlier)
    explained = {
        case: [cause for cause in causes if known.difference(case, answer, cause) is None]
        for case, answer in given.items()
        if case not in right
    }
    explained = {case: found for case, found in explained.items() if found}
    doubtful = {case for case, found in explained.items() if not all(_tells(known, case, cause) for cause in found)}
    telling = explained.keys() - doubtful
    others = given.keys() - doubtful
    return telling | doubtful if others and others == right | telling else telling


def _tells(known: Expected, case: Case, cause: list[Mistake]) -> bool:
    """Return whether the case tells a right solution from a trivial one, and from enough of its exercise's mistakes,
    where this was done before."""
    own = known.assignment.mistakes_of(case.exercise)
    caught = [mistake for mistake in own if known.changes(case, mistake)]
    caught = caught[:: max(1, ceil(len(caught) / ASKED))]
    enough = max(1, ceil(STILL_SEES * len(caught)))  # with these it is known, and no further ones are tried
    seen = islice((mistake for mistake in caught if known.changes(case, mistake, cause)), enough)
    return len(list(seen)) == enough and not known.is_trivial(case, cause)
