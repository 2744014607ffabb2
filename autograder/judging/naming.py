"""Finds the names of the mistakes that explain wrong answers."""

from autograder.authoring.assignment import Case, Mistake
from autograder.judging.expected import Expected
from autograder.running.answers import Answer


def named(
    known: Expected, given: dict[Case, Answer], right: set[Case], earlier: list[Mistake], unexplained: bool
) -> dict[Case, Mistake]:
    """Return the mistake that explains each wrong answer of an exercise, if exactly one does. Leave other cases out.

    given        the answers to all cases of the exercise
    right        the cases whose answers give points
    earlier      the named mistakes in the exercises before this one
    unexplained  whether an earlier exercise went wrong for no known reason

    A mistake is ruled out if it would have spoilt an answer that is right. If exactly one mistake explains all
    wrong answers of the exercise, it is named for all of them, even if others explain some. If an earlier exercise
    went wrong for no known reason, only such a mistake counts, since the error here may come from there.
    """
    wrong = [case for case in given if case not in right]
    if not wrong:
        return {}
    explains = {
        mistake: {case for case in wrong if _shows(known, case, given[case], mistake, earlier)}
        for mistake in known.assignment.mistakes_of(wrong[0].exercise)
        if not any(_refuted(known, case, given[case], mistake, earlier) for case in given if case in right)
    }
    whole = [mistake for mistake, cases in explains.items() if len(cases) == len(wrong)]
    if len(whole) == 1:
        return dict.fromkeys(wrong, whole[0])
    if unexplained:
        return {}
    by_case = {case: [mistake for mistake, cases in explains.items() if case in cases] for case in wrong}
    return {case: mistakes[0] for case, mistakes in by_case.items() if len(mistakes) == 1}


def _refuted(known: Expected, case: Case, answer: Answer, mistake: Mistake, earlier: list[Mistake]) -> bool:
    """Return whether a right answer rules this mistake out: it changes the case's answer, but not to this one."""
    return known.changes(case, mistake) and not _shows(known, case, answer, mistake, earlier)


def _shows(known: Expected, case: Case, answer: Answer, mistake: Mistake, earlier: list[Mistake]) -> bool:
    """Return whether this mistake, alone or together with the earlier ones, leads to this answer."""
    return any(known.difference(case, answer, [*cause, mistake]) is None for cause in ([], earlier))
