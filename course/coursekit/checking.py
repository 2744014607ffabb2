"""Runs the visible checks: their message comes first, and Python's own report of an error only after it."""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager

PASSED: set[str] = set()  # the exercises whose check passed the last time that it ran


class CheckFailed(AssertionError):
    """Says what a visible check found. Jupyter shows this text, and not the lines of the check.

    A function that a check calls, and that stands in another cell, raises it in place of an ``assert``: an ``assert``
    there would be taken for the student's.
    """

    def _render_traceback_(self) -> list[str]:
        return str(self).split("\n")


@contextmanager
def visible_check(exercise: str) -> Iterator[None]:
    """Run the check of an exercise: the block may use ``assert``, and may call the student's code.

    Raises CheckFailed if the block raises: with the message of the block's own ``assert``, or, if the student's code
    raised, with its error and the line where it happened.
    """
    PASSED.discard(exercise)
    try:
        yield
    except Exception as error:
        raise CheckFailed(_told(exercise, error)) from None
    PASSED.add(exercise)


def _told(exercise: str, error: Exception) -> str:
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename != __file__]
    check = frames[0].filename
    if frames[-1].filename == check and isinstance(error, AssertionError) or isinstance(error, CheckFailed):
        return f"{exercise}: {error}"
    theirs = [frame for frame in frames if frame.filename != check and _is_a_cell(frame.filename)]
    if isinstance(error, NotImplementedError) and theirs and "raise NotImplementedError" in (theirs[-1].line or ""):
        return f"{exercise}: not solved yet. `raise NotImplementedError()` is still there: replace it by your code."
    what = f"{type(error).__name__}: {error}".rstrip(": ")
    if not theirs:
        return f"{exercise}: the check could not use what your code returned. {what}"
    shown = [f"  line {frame.lineno}, in {frame.name}:  {frame.line}" for frame in theirs]
    return "\n".join([f"{exercise}: your code raised {what}", *shown])


def _is_a_cell(filename: str) -> bool:
    return "ipykernel_" in filename or filename.startswith("<ipython-input")
