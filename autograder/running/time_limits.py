"""Decides when a notebook, or a part of it, has taken too long, and what gets a second chance."""

import math
import time

from jupyter_core.utils import run_sync

from autograder.running.kernel.provisioner import ConfinedProvisioner

LONG = 1.0  # seconds; after a longer cell the kernel's processor time is read
BUSY = 0.5  # code that used the processor for this share of its time has worked, and not waited


class TimeLimits:
    """Keeps the clocks of one run.

    seconds  after so many nothing more is started
    replays  so many fresh kernels may take the place of one that has died
    """

    def __init__(self, seconds: float, replays: int):
        self._deadline = time.monotonic() + seconds
        self._replays_left = replays
        self._second_chances: set[object] = set()  # cells and questions that ran out of time, and were tried again
        self.decided = False  # whether a clock had a say in what came of the run

    def attend(self, provisioner: ConfinedProvisioner | None) -> None:
        """Turn to a new kernel: its provisioner counts its processor time; None if it is not counted."""
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

    def gives_second_chance(self, what: object) -> bool:
        """Return whether code that ran out of time waited, perhaps for a busy machine, and was not tried again yet."""
        self.decided = True
        again = what not in self._second_chances and self._worked() < BUSY * self._seconds()
        self._second_chances.add(what)
        return again

    def spend_replay(self) -> bool:
        """Return whether there is one more fresh kernel to be had."""
        self._replays_left -= 1
        return self._replays_left >= 0

    def given_up(self) -> str:
        """Return why nothing more is run, or an empty string if more may be run."""
        if self._replays_left < 0:
            return "the notebook's process had ended too often"
        if time.monotonic() <= self._deadline:
            return ""
        self.decided = True
        return "the notebook took too long"

    def _seconds(self) -> float:
        return time.monotonic() - self._began

    def _worked(self) -> float:
        """Return the seconds of processor time since this was last asked; infinite if they are not counted."""
        if self._provisioner is None:
            return math.inf
        used = run_sync(self._provisioner.cpu_seconds)()
        used, self._used = used - self._used, used
        return used
