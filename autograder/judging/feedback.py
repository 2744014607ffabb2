"""Decides what feedback says of each case of an exercise, so that a submission can pass on next to nothing by it.

A submission reaches the text of a question while it answers, and may choose its answers so that feedback tells its
author something. So besides right or wrong, what is said of a case follows from the mistakes that are named, by what
the trusted side knows of them. The one exception is the explanation of the first wrong answer that no name is given to.
"""

from collections import Counter
from collections.abc import Callable

from autograder.authoring.assignment import Case, Mistake
from autograder.judging.expected import Expected
from autograder.judging.explain import carried_forward
from autograder.judging.verdict import CaseVerdict

NAMES = 2  # mistakes of one exercise that are named
NOT_EITHER = "not right either"


def told(
    known: Expected,
    cases: list[Case],
    right: set[Case],
    carried: set[Case],
    named: dict[Case, Mistake],
    earlier: list[Mistake],
    explanation: Callable[[Case], str],
) -> dict[Case, CaseVerdict]:
    """Return what is said of each case of an exercise.

    cases        in the order of the hidden tests
    right        the cases whose answers are right as they are
    carried      the cases whose answers are right apart from earlier mistakes
    named        the mistakes that explain wrong answers
    earlier      the named mistakes in the exercises before this one
    explanation  gives the reason why the answer to a case is wrong
    """
    found = {
        case: CaseVerdict(case.title, True, _in_spite_of(known, case, carried, earlier)) for case in right | carried
    }
    wrong = [case for case in cases if case not in found]
    names = _shown(known, wrong, named, earlier)
    reason = explanation
    for case in wrong:
        if mistake := names.get(case):
            found[case] = CaseVerdict(case.title, False, mistake.says, mistake)
        else:
            found[case] = CaseVerdict(case.title, False, reason(case))
            reason = _not_either
    return found


def _not_either(case: Case) -> str:
    return NOT_EITHER


def _in_spite_of(known: Expected, case: Case, carried: set[Case], earlier: list[Mistake]) -> str:
    """Say of a right answer, if any of the exercise is right only apart from earlier mistakes, which these are."""
    cause = [mistake for mistake in earlier if carried and known.changes(case, mistake)]
    if case in carried:
        cause = cause or earlier
    return carried_forward(cause) if cause else ""


def _shown(
    known: Expected, wrong: list[Case], named: dict[Case, Mistake], earlier: list[Mistake]
) -> dict[Case, Mistake]:
    """Return the mistake that is shown beside each wrong case: of those named, one that changes the case's answer.

    A mistake that explains the smaller part of the wrong answers that it would change is not shown: it is a chance.
    """
    counts = Counter(named.values())
    if len(counts) == 1 and len(named) == len(wrong):
        return named
    changed = {
        mistake: [
            case for case in wrong if known.changes(case, mistake) or earlier and known.changes(case, mistake, earlier)
        ]
        for mistake in counts
    }
    likely = [mistake for mistake, count in counts.most_common() if 2 * count >= len(changed[mistake])][:NAMES]
    likely.sort(key=lambda mistake: len(changed[mistake]), reverse=True)
    return {case: mistake for mistake in likely for case in changed[mistake]}
