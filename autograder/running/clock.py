"""Tells how long a cell or a question has taken, and how much of that its kernel has worked."""

import math
import time

from jupyter_core.utils import run_sync

from autograder.running.kernel.provisioner import ConfinedProvisioner


class Clock:
    """The clock of one kernel.

    provisioner  of the kernel, which counts its processor time; None where nobody counts it
    """

    def __init__(self, provisioner: ConfinedProvisioner | None):
        self._provisioner = provisioner
        self._used = 0.0  # processor time of the kernel, when it was last asked for

    def start(self) -> None:
        self._began = time.monotonic()

    def seconds(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._began

    def worked(self) -> float:
        """Seconds of processor time since this was last asked; infinite if nobody counts them.

        It is asked for after whatever took long, so that only short cells add to one that comes after them.
        """
        used = run_sync(self._provisioner.cpu_seconds)() if self._provisioner else math.inf
        used, self._used = used - self._used, used
        return used
