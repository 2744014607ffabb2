"""Decides when a notebook, or a part of it, has taken too long, what is tried again, and whose fault it is."""

import math
import time

from jupyter_core.utils import run_sync

from autograder.errors import UserError
from autograder.running.kernel.provisioner import ConfinedProvisioner
from autograder.running.waiting_time import KernelTimes

LONG = 1.0  # seconds; after a longer cell the kernel's times are read
BUSY = 0.5  # code that used the processor for this share of its time has worked, and not waited
HELD_UP = 0.75  # code that waited for the machine for this share of its time ran out of time by the machine's fault


class TooBusy(UserError):
    """The machine was too busy to run a notebook: no points are given or taken.

    Its argument says what did not come to its end.
    """

    def __str__(self) -> str:
        return (
            f"could not be graded: the machine was too busy ({super().__str__()}). No points were given or taken. "
            "Try again when less is running on it"
        )


class TimeLimits:
    """Keeps the clocks of one run.

    seconds  after so many nothing more is started
    """

    def __init__(self, seconds: float):
        self.decided = False  # whether a clock had a say in what came of the run
        self._first, self._deadline = time.monotonic(), time.monotonic() + seconds
        self._began = time.monotonic()  # of a cell or a question
        self._kernel: ConfinedProvisioner | KernelTimes | None = None
        self._used, self._waited = 0.0, 0.0  # of the kernel, when its times were last read
        self._waited_in_all = 0.0  # of all kernels, until then
        self._tried_again: set[object] = set()  # cells and questions that ran out of time

    def watch(self, kernel: ConfinedProvisioner | KernelTimes) -> None:
        """Turn to a new kernel, of which this tells how long it worked, and how long it waited for the machine."""
        self._kernel, self._used, self._waited = kernel, 0.0, 0.0

    def start(self) -> None:
        """Start the clock of a cell or a question."""
        self._began = time.monotonic()

    def is_over(self, limit: float) -> bool:
        """Return whether what was started has taken so many seconds, or longer.

        If it took long, the kernel's times are read, so that only short cells count for one that comes after.
        """
        took = self._seconds()
        if LONG < took < limit:
            self._read()
        return took >= limit

    def try_again(self, what: object) -> bool:
        """Return whether to try code again that ran out of time: once, and if it waited, perhaps for a busy machine.

        Raises TooBusy if it is known that it had to wait for the machine, and this was not the first time.
        """
        self.decided = True
        first, seconds = what not in self._tried_again, self._seconds()
        self._tried_again.add(what)
        worked, waited = self._read()
        held_up = waited > HELD_UP * seconds and not BUSY * seconds < worked < math.inf
        if held_up and not first:
            raise TooBusy(f"for most of {seconds:.0f} seconds, code waited for the machine")
        return first and (held_up or worked < BUSY * seconds)

    def deadline_has_passed(self) -> bool:
        """Return whether nothing more is to be started. Raises TooBusy if it was the machine that took the time."""
        took, passed = time.monotonic() - self._first, time.monotonic() > self._deadline
        self.decided |= passed
        if passed:
            self._read()
            if self._waited_in_all > HELD_UP * took:
                raise TooBusy(f"for most of {took:.0f} seconds, the notebook waited for the machine")
        return passed

    def _seconds(self) -> float:
        return time.monotonic() - self._began

    def _read(self) -> tuple[float, float]:
        """Return the seconds that the kernel has worked, and waited for the machine, since its times were last read.

        The first are infinite if they are not known.
        """
        if self._kernel is None:
            return math.inf, 0.0
        used, waited = run_sync(self._kernel.times)()
        worked = used - self._used if used < math.inf else used
        more = max(0.0, waited - self._waited)
        self._used, self._waited = used, max(waited, self._waited)
        self._waited_in_all += more
        return worked, more
