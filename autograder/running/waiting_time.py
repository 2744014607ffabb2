"""Counts how long an ordinary kernel had to wait for the machine: for a processor or a disk, or because it is stopped.

Of a confined kernel its supervisor says so. Only Linux counts it: elsewhere a kernel never seems to have waited.
"""

import math
import threading
import time
from contextlib import suppress
from pathlib import Path

STEP = 0.05  # seconds from one look at the process to the next
HELD = {"T", "t", "D"}  # states of a process that is stopped, or waits for a disk


class WaitingTime:
    """Counts this for the main thread of a process, in which a kernel runs its cells, until it ends.

    process  its number
    """

    def __init__(self, process: int):
        self._task = Path(f"/proc/{process}/task/{process}")
        self._queued = 0.0  # seconds in which it was ready, and others had the processors
        self._held = 0.0  # seconds in which it was stopped, or waited for a disk
        threading.Thread(target=self._watch, daemon=True).start()

    async def times(self) -> tuple[float, float]:
        """Return the seconds that it has worked, which are not known, and those that it had to wait."""
        return math.inf, self._queued + self._held

    def _watch(self) -> None:
        before = time.monotonic()
        with suppress(OSError, IndexError, ValueError):  # it has ended, or this is no Linux
            while True:
                state = (self._task / "stat").read_text().rpartition(")")[2].split()[0]
                self._queued = int((self._task / "schedstat").read_text().split()[1]) / 1e9
                now = time.monotonic()
                self._held += now - before if state in HELD else 0.0
                if state == "Z":
                    return
                before = now
                time.sleep(STEP)
