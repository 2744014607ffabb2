"""Says how far the grading of a class is, and at its end what took the time."""

from collections.abc import Iterable, Sequence

from autograder.classroom.results import Result
from autograder.judging.report import printable

SLOWEST = 3  # submissions that are named


def so_far(results: Sequence[Result]) -> str:
    """Return what stands behind the progress bar: what is running, and what stays ungraded."""
    ungraded = sum(result.ungraded for result in results)
    return f"{results[-1].running} running, {ungraded} ungraded, last {printable(results[-1].grading.student)}"


def account(results: Sequence[Result], seconds: float, workers: int) -> Iterable[str]:
    """Yield lines on what was slow, how busy the workers were, and what did not have to be run.

    seconds  that all of it took
    workers  that ran submissions at once
    """
    new = [result for result in results if result.is_new]
    if not new:
        return
    slowest = sorted(new, key=lambda result: result.seconds, reverse=True)[:SLOWEST]
    named = ", ".join(f"{printable(result.grading.student)} {result.seconds:.1f} s" for result in slowest)
    known = sum(not result.was_run and not result.ungraded for result in new)
    yield f"{len(new)} submission{'s' if len(new) > 1 else ''} in {seconds:.0f} s; the slowest: {named}"
    if worked := sum(result.worked for result in new):
        workers = min(workers, len(new))
        busy = min(1.0, worked / (workers * seconds))
        yield f"{workers} worker{'s were' if workers > 1 else ' was'} busy for {busy:.0%} of this time."
    if known:
        yield f"{known} had been run before, and {'was' if known == 1 else 'were'} taken from the records."
