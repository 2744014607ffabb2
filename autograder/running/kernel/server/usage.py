"""Measures what the processes of a PID namespace use, from within its first process."""

import os
from collections.abc import Iterable
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
ANONYMOUS = ("RssAnon:", "RssShmem:", "VmSwap:")  # lines of /proc/PID/status: memory that is no copy of a file
FAIR_SHARE = ("Pss_Anon:", "Pss_Shmem:", "SwapPss:")  # of smaps_rollup: the same, shared out among its users


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
    most = {process: _kilobytes(f"/proc/{process}/status", ANONYMOUS) for process in processes}
    if 1024 * sum(most.values()) <= limit:
        return 1024 * sum(most.values())
    return 1024 * sum(
        _kilobytes(f"/proc/{process}/smaps_rollup", FAIR_SHARE, otherwise=kilobytes)
        for process, kilobytes in most.items()
    )


def _kilobytes(path: str, names: tuple[str, ...], otherwise: int = 0) -> int:
    try:
        lines = Path(path).read_text(errors="replace").splitlines()
    except PermissionError:
        return otherwise
    except OSError:  # it has just ended
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith(names))


def sockets() -> int:
    """Return how many sockets there are that can hold something, which is memory that belongs to no process."""
    return sum(len(Path(f"/proc/net/{kind}").read_text(errors="replace").splitlines()) for kind in ("unix", "netlink"))


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
        fields = Path(f"/proc/{process}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:  # it has just ended
        return None
    user, system, user_below, system_below = map(int, fields[11:15])
    own = 0 if process == os.getpid() else user + system
    return (process, fields[19]), (own / TICKS, (user_below + system_below) / TICKS)
