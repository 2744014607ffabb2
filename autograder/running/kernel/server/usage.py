"""Measures what the processes of a PID namespace use, from within its first process.

What it reads is read as bytes, and by name: a process chooses its own name, and a socket its own.
"""

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
HELD = (b"T", b"t", b"D")  # states of a process that is stopped, or waits for a disk
# Fields of /proc/PID/status: memory that is no copy of a file, and the tables of its pages.
ANONYMOUS, TABLES = (b"RssAnon", b"RssShmem", b"VmSwap"), (b"VmPTE",)
FAIR_SHARE = (b"Pss_Anon", b"Pss_Shmem", b"SwapPss")  # of smaps_rollup: memory shared out among its users


def others() -> list[int]:
    """Return the ids of all processes here except this one.

    Orphans are among them, because they become children of the first process.
    """
    return [int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()]


def memory(processes: Iterable[int], limit: int) -> int:
    """Return the bytes of memory that these processes use together.

    The exact number takes long. It is found only if the quick one, which counts shared memory once for each process
    that shares it, is above ``limit``.
    """
    tables, most = 0, {}
    for process in processes:
        fields = _fields(f"/proc/{process}/status")
        tables += _kilobytes(fields, TABLES)
        most[process] = _kilobytes(fields, ANONYMOUS)
    if 1024 * (tables + sum(most.values())) <= limit:
        return 1024 * (tables + sum(most.values()))
    return 1024 * (tables + sum(_share(process, kilobytes) for process, kilobytes in most.items()))


def _share(process: int, otherwise: int) -> int:
    try:
        return _kilobytes(_fields(f"/proc/{process}/smaps_rollup"), FAIR_SHARE)
    except PermissionError:
        return otherwise


def _fields(path: str) -> dict[bytes, bytes]:
    """Return the fields of a file of /proc by their names, and none if the process has just ended.

    Other errors are raised: what cannot be measured is not nothing.
    """
    try:
        lines = Path(path).read_bytes().split(b"\n")
    except (FileNotFoundError, ProcessLookupError):
        return {}
    return {name: value for name, _, value in (line.partition(b":") for line in lines)}


def _kilobytes(fields: dict[bytes, bytes], names: tuple[bytes, ...]) -> int:
    return sum(int(fields[name].split()[0]) for name in names if name in fields)


def runs(process: int) -> bool:
    """Return whether a process still has memory: one that has ended, and was not waited for, has none."""
    return b"VmSize" in _fields(f"/proc/{process}/status")


def sockets() -> int:
    """Return how many sockets there are, of every kind."""
    words = _fields("/proc/self/net/sockstat")[b"sockets"].split()  # used NUMBER
    return int(words[1])


class WaitingTime:
    """Counts the seconds in which a process's main thread had to wait for the machine.

    The system counts those in which it was ready and others had the processors. It counts none in which the thread was
    stopped or waited for a disk: for these, somebody has to look at it every now and then.

    process  its number
    """

    def __init__(self, process: int):
        self._task, self._held, self._looked = Path(f"/proc/{process}/task/{process}"), 0.0, time.monotonic()

    def look(self) -> bool:
        """Look at the state of the process, which it has had since the last look. Return False if it has ended.

        This also is False where the system does not tell the states of processes.
        """
        now, state = time.monotonic(), b""
        with suppress(FileNotFoundError, ProcessLookupError):
            state = (self._task / "stat").read_bytes().rpartition(b")")[2].split()[0]
        self._held += now - self._looked if state in HELD else 0.0
        self._looked = now
        return state not in (b"", b"Z")

    def seconds(self) -> float:
        """Return the seconds that it has waited so far."""
        with suppress(OSError):  # some systems do not count it
            return self._held + int((self._task / "schedstat").read_bytes().split()[1]) / 1e9
        return self._held


class ProcessorTime:
    """Counts the seconds of processor time that all processes here except this one have used.

    When a process ends, its time is added to that of its parent, but only if the parent waits for it. So each process
    is looked at while it runs. One that ends before it is looked at is missed if its parent does not wait for it.
    """

    def __init__(self):
        self._seconds = 0.0
        self._last: dict[tuple, tuple[float, float]] = {}

    def seconds(self) -> float:
        now = dict(filter(None, map(_times, [os.getpid(), *others()])))
        own, waited = (
            sum(times[which] - self._last.get(process, (0.0, 0.0))[which] for process, times in now.items())
            for which in (0, 1)
        )
        counted = sum(sum(times) for process, times in self._last.items() if process not in now)
        self._seconds += own + max(0.0, waited - counted)
        self._last = now
        return self._seconds


def _times(process: int) -> tuple[tuple, tuple[float, float]] | None:
    """Return a process's id and start time, and its seconds of processor time. Return None if it has ended.

    There are two numbers of seconds: its own (0 for this process), and those of its children for which it has waited.
    """
    try:
        fields = Path(f"/proc/{process}/stat").read_bytes().rpartition(b")")[2].split()
    except (FileNotFoundError, ProcessLookupError):  # it has just ended
        return None
    user, system, user_below, system_below = map(int, fields[11:15])
    own = 0 if process == os.getpid() else user + system
    return (process, fields[19]), (own / TICKS, (user_below + system_below) / TICKS)
