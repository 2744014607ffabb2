"""What the processes of a PID namespace use, as its first process sees it."""

import os
from collections.abc import Iterable
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
ANONYMOUS = ("RssAnon:", "RssShmem:", "VmSwap:")  # of status: what no file stands for
FAIR_SHARE = ("Pss_Anon:", "Pss_Shmem:", "SwapPss:")  # of smaps_rollup: the same, divided by those who share it


def others() -> list[int]:
    """Every process here but this one. Orphans are among them: they are children of the first process."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()]


def memory(processes: Iterable[int], limit: int) -> int:
    """Bytes that these processes use together. The exact number takes long, and is asked for only where the quick one,
    in which what processes share counts several times, is above the limit."""
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
    """How many there are of those that can hold something: it is memory that belongs to no process."""
    return sum(len(Path(f"/proc/net/{kind}").read_text(errors="replace").splitlines()) for kind in ("unix", "netlink"))


class ProcessorTime:
    """Seconds that all processes here have used, but for this one.

    What a process has used goes to its parent, but only if that waits for it. So each process is looked at while it
    runs. One that nobody waits for is missed if it ends before it is looked at.
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
    """Which process it is, and seconds: its own, and those of its children that it has waited for."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:  # it has just ended
        return None
    user, system, user_below, system_below = map(int, fields[11:15])
    own = 0 if process == os.getpid() else user + system
    return (process, fields[19]), (own / TICKS, (user_below + system_below) / TICKS)
