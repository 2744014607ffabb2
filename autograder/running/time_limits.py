"""Decides when a notebook, or a part of it, has taken too long, and what is tried again."""

import math
import time

from jupyter_core.utils import run_sync

from autograder.running.kernel.provisioner import ConfinedProvisioner

LONG = 1.0  # seconds; after a longer cell the kernel's processor time is read
BUSY = 0.5  # code that used the processor for this share of its time has worked, and not waited


class TimeLimits:
    """Keeps the clocks of one run.

    seconds  after so many nothing more is started
    """

    def __init__(self, seconds: float):
        self.decided = False  # whether a clock had a say in what came of the run
        self._deadline = time.monotonic() + seconds
        self._began = time.monotonic()  # of a cell or a question
        self._provisioner: ConfinedProvisioner | None = None
        self._used = 0.0  # processor time of its kernel, when it was last read
        self._tried_again: set[object] = set()  # cells and questions that ran out of time

    def watch(self, provisioner: ConfinedProvisioner | None) -> None:
        """Turn to a new kernel. Its provisioner counts its processor time; None if it is not counted."""
        self._provisioner, self._used = provisioner, 0.0

    def start(self) -> None:
        """Start the clock of a cell or a question."""
        self._began = time.monotonic()

    def is_over(self, limit: float) -> bool:
        """Return whether what was started has taken so many seconds, or longer.

        If it took long, the kernel's processor time is read, so that only short cells count for one that comes after.
        """
        took = self._seconds()
        if LONG < took < limit:
            self._worked()
        return took >= limit

    def try_again(self, what: object) -> bool:
        """Return whether to try code again that ran out of time: once, and if it waited, perhaps for a busy machine."""
        self.decided = True
        waited = what not in self._tried_again and self._worked() < BUSY * self._seconds()
        self._tried_again.add(what)
        return waited

    def deadline_has_passed(self) -> bool:
        """Return whether nothing more is to be started."""
        passed = time.monotonic() > self._deadline
        self.decided |= passed
        return passed

    def _seconds(self) -> float:
        return time.monotonic() - self._began

    def _worked(self) -> float:
        """Return the seconds of processor time since this was last asked; infinite if they are not counted."""
        if self._provisioner is None:
            return math.inf
        used = run_sync(self._provisioner.cpu_seconds)()
        used, self._used = used - self._used, used
        return used
