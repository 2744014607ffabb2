"""Decides what feedback says of each case of an exercise, so that a submission can pass on next to nothing by it.

A submission reaches the text of a question while it answers, and may choose its answers so that feedback tells its
author something. So besides right or wrong, what is said of a case follows from the mistakes that are named, by what
the trusted side knows of them. The one exception is the explanation of one wrong answer that no name is given to.
"""

from collections import Counter
from collections.abc import Callable

from autograder.authoring.assignment import Case
from autograder.authoring.mistakes import Mistake
from autograder.judging.expected import Expected
from autograder.judging.explain import carried_forward
from autograder.judging.naming import Named, changes
from autograder.judging.verdict import CaseVerdict

NOT_EITHER = "not right"
REST_IS_RIGHT = "all other tests of this exercise pass, so look for what is special in this one"
FEW = 3  # tests of an exercise, of which it tells nothing that all but one pass


def told(
    known: Expected,
    cases: list[Case],
    right: set[Case],
    carried: set[Case],
    named: Named,
    earlier: list[Mistake],
    explanation: Callable[[list[Case]], tuple[Case, str]],
) -> dict[Case, CaseVerdict]:
    """Return what is said of each case of an exercise.

    cases        in the order of the hidden tests
    right        the cases whose answers are right as they are
    carried      the cases whose answers are right apart from earlier mistakes
    named        the mistakes that are to be named
    earlier      the named mistakes in the exercises before this one
    explanation  gives one of some cases, and the reason why its answer is wrong
    """
    found = {
        case: CaseVerdict(case.title, True, _in_spite_of(known, case, carried, earlier)) for case in right | carried
    }
    wrong = [case for case in cases if case not in found]
    names = _rows(known, wrong, named, earlier)
    found |= {case: CaseVerdict(case.title, False, names[case].says, names[case]) for case in names}
    if unnamed := [case for case in wrong if case not in names]:
        found |= {case: CaseVerdict(case.title, False, NOT_EITHER) for case in unnamed}
        case, reason = explanation(unnamed)
        if len(wrong) == 1 and len(cases) >= FEW:
            reason = f"{reason}; {REST_IS_RIGHT}"
        found[case] = CaseVerdict(case.title, False, reason)
    return found


def _in_spite_of(known: Expected, case: Case, carried: set[Case], earlier: list[Mistake]) -> str:
    """Say of a right answer, if any of the exercise is right only apart from earlier mistakes, which these are."""
    cause = [mistake for mistake in earlier if carried and known.changes(case, mistake)]
    if case in carried:
        cause = cause or earlier
    return carried_forward(cause) if cause else ""


def _rows(known: Expected, wrong: list[Case], named: Named, earlier: list[Mistake]) -> dict[Case, Mistake]:
    """Return the mistake that is shown beside each wrong case: of those named, one that changes the case's answer.

    Of two that do, it is the one that was shown less often, so that both are shown.
    """
    shown = Counter()
    found = {}
    for case in wrong:
        fits = [mistake for mistake in named.mistakes if changes(known, case, mistake, earlier)]
        if named.explain_all:
            fits = fits or [*named.mistakes]
        if fits:
            found[case] = min(fits, key=lambda mistake: shown[mistake])
            shown[found[case]] += 1
    return found
