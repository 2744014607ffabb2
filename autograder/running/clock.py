"""Tells how long a cell or a question has taken, and how much of that time its kernel has worked."""

import math
import time

from jupyter_core.utils import run_sync

from autograder.running.kernel.provisioner import ConfinedProvisioner


class Clock:
    """Measures time and processor time for one kernel.

    provisioner  the kernel's provisioner, which counts its processor time; None if the time is not counted
    """

    def __init__(self, provisioner: ConfinedProvisioner | None):
        self._provisioner = provisioner
        self._used = 0.0  # processor time of the kernel, when it was last asked for

    def start(self) -> None:
        self._began = time.monotonic()

    def seconds(self) -> float:
        """Return the seconds since the last call of ``start``."""
        return time.monotonic() - self._began

    def worked(self) -> float:
        """Return the seconds of processor time that the kernel has used since the last call of this method.

        The result is infinite, or not a number, if nobody counts them or the kernel has ended. This is called after
        every cell that took long, so that only the time of short ones is added to the next result.
        """
        used = run_sync(self._provisioner.cpu_seconds)() if self._provisioner else math.inf
        used, self._used = used - self._used, used
        return used
