"""Counts how long an ordinary kernel had to wait for the machine: for a processor or a disk, or because it is stopped.

Of a confined kernel its supervisor says so. Only Linux counts it: elsewhere a kernel never seems to have waited.
"""

import math
import threading
import time

from autograder.running.kernel.server.usage import WaitingTime

STEP = 0.05  # seconds from one look at the process to the next


class KernelTimes:
    """Tells the times of an ordinary kernel, as a ``ConfinedProvisioner`` tells those of a confined one.

    process  the number of the kernel's process, whose main thread runs the cells
    """

    def __init__(self, process: int):
        self._waiting = WaitingTime(process)
        threading.Thread(target=self._watch, daemon=True).start()

    async def times(self) -> tuple[float, float]:
        """Return the seconds that the kernel has worked, which are not known, and those that it had to wait."""
        return math.inf, self._waiting.seconds()

    def _watch(self) -> None:
        while self._waiting.look():
            time.sleep(STEP)
