"""Estimates the memory that the system keeps for processes, and counts as no process's: what waits in pipes, what
watches descriptors, and the list of what a process has mapped.

To look takes long where there is much, and meanwhile nobody watches the kernel. So a look goes on for a moment only,
and the next one goes on from there.
"""

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress

import usage

MAPPING = 256  # bytes of each
WATCH = 16_384  # they take a fiftieth of it, but a user may have so many, and the grader may be the same user
PIPE = 16 * os.sysconf("SC_PAGE_SIZE")  # bytes that one may hold
AT_ONCE = 0.02  # seconds of looking at a time
PAUSE = 0.5  # seconds after all were looked at
PART = 1 << 16  # bytes that are read at a time


class Census:
    def __init__(self):
        self._sizes: dict[int, int] = {}
        self._pipes: dict[int, set[str]] = {}  # their names: other processes may have the same
        self._round: Iterator[None] = iter(())
        self._rest = 0.0

    def bytes(self, processes: Iterable[int], limit: int) -> int:
        """Return an estimate of the bytes for these processes together, by what is known of them now.

        A process into which we may not look is taken for one that breaks the limit.
        """
        processes, until = set(processes), time.monotonic() + AT_ONCE
        while time.monotonic() < until:
            if next(self._round, self) is self:  # the round is at its end
                if self._rest > until:
                    break
                self._rest = until + PAUSE
                self._round = self._look_at_all(sorted(processes), limit)
        for known in (self._sizes, self._pipes):
            for process in known.keys() - processes:
                del known[process]
        return sum(self._sizes.values()) + PIPE * len(set().union(*self._pipes.values()))

    def _look_at_all(self, processes: list[int], limit: int) -> Iterator[None]:
        for process in processes:
            self._pipes[process], size = set(), 0
            try:
                for more in self._look(process):
                    size += more
                    self._sizes[process] = max(size, self._sizes.get(process, 0))
                    yield
                    if size > limit:
                        break
                else:
                    self._sizes[process] = size
            except (FileNotFoundError, ProcessLookupError):  # it has ended
                continue
            except PermissionError:
                self._sizes[process] = limit + 1 if usage.runs(process) else 0

    def _look(self, process: int) -> Iterator[int]:
        """Yield the bytes that are found for one process, again and again, and keep the names of its pipes."""
        yield from (MAPPING * lines for lines in _count(f"/proc/{process}/maps", b"\n"))
        for name in os.listdir(f"/proc/{process}/fd"):
            with suppress(FileNotFoundError):  # it is closed by now
                opened = os.readlink(f"/proc/{process}/fd/{name}")
                if opened.startswith("pipe:"):
                    self._pipes[process].add(opened)
                elif opened.endswith("[eventpoll]"):
                    yield from (WATCH * lines for lines in _count(f"/proc/{process}/fdinfo/{name}", b"tfd:"))


def _count(path: str, mark: bytes) -> Iterator[int]:
    """Yield how often a mark is in the next part of a file, and the next."""
    with open(path, "rb", 0) as file:
        while part := file.read(PART):
            yield part.count(mark)
