"""Estimates the memory that the system keeps for processes, and counts as no process's: what waits in pipes, what
watches descriptors, and the list of what a process has mapped.

To look takes long, if there is much. So only a few processes are looked at each time, in turn.
"""

import os
import time
from collections.abc import Iterable
from contextlib import suppress

import usage

MAPPING, WATCH = 256, 256  # bytes of each
PIPE = 16 * os.sysconf("SC_PAGE_SIZE")  # bytes that one may hold
AT_ONCE = 0.01  # seconds of looking at a time
PAUSE = 1.0  # seconds after all were looked at


class Census:
    def __init__(self):
        self._found: dict[int, tuple[int, set[str]]] = {}
        self._waiting: list[int] = []
        self._rest = 0.0

    def bytes(self, processes: Iterable[int], limit: int) -> int:
        """Return an estimate of the bytes for these processes together, by what is known of them now.

        A process into which we may not look is taken for one that breaks the limit.
        """
        processes = list(processes)
        began = time.monotonic()
        if not self._waiting and began > self._rest:
            self._waiting = processes
        while self._waiting and time.monotonic() < began + AT_ONCE:
            process = self._waiting.pop()
            self._found[process] = _look(process, limit)
            self._rest = time.monotonic() + PAUSE
        self._found = {process: self._found[process] for process in processes if process in self._found}
        pipes = set().union(*(pipes for _, pipes in self._found.values()))
        return PIPE * len(pipes) + sum(size for size, _ in self._found.values())


def _look(process: int, limit: int) -> tuple[int, set[str]]:
    """Return the bytes for one process, and the names of its pipes, which others may have, too."""
    pipes = set()
    try:
        size = MAPPING * _count(f"/proc/{process}/maps", b"\n", limit // MAPPING)
        for name in os.listdir(f"/proc/{process}/fd"):
            with suppress(FileNotFoundError):  # it is closed by now
                opened = os.readlink(f"/proc/{process}/fd/{name}")
                if opened.startswith("pipe:"):
                    pipes.add(opened)
                elif opened.endswith("[eventpoll]"):
                    size += WATCH * _count(f"/proc/{process}/fdinfo/{name}", b"tfd:", limit // WATCH)
    except (FileNotFoundError, ProcessLookupError):
        return 0, set()
    except PermissionError:
        return limit + 1 if usage.runs(process) else 0, set()
    return size, pipes


def _count(path: str, mark: bytes, enough: int) -> int:
    """Return how often a mark is in a file, or a little more than ``enough``."""
    found = 0
    with open(path, "rb", 0) as file:
        while found <= enough and (part := file.read(1 << 18)):
            found += part.count(mark)
    return found
