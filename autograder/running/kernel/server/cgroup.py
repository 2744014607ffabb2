"""Puts a kernel into a cgroup of its own, where the system lets us make one: then the system itself counts all memory.

This is version 2 of cgroups, and a folder in which we may make others: systemd calls it delegated.
"""

import os
import time
from contextlib import suppress
from pathlib import Path

NEEDED = {"memory", "pids"}
OURS = f"autograder-{os.urandom(8).hex()}"  # the groups of one server begin like this
PERIOD = 100_000  # microseconds over which the use of processors is limited
OLD = 60  # seconds after which an empty group is a leftover, and not one that a kernel is about to enter


def place(mounts: Path = Path("/proc/self/mountinfo"), own: Path = Path("/proc/self/cgroup")) -> Path | None:
    """Return the folder in which cgroups can be made that limit memory and processes, or None if there is none.

    Where a process is, its group cannot have such groups below it, unless it is the first of all. So they are made
    beside the group of this process.

    mounts  the file that says where cgroups are mounted
    own     the file that says in which groups this process is
    """
    with suppress(OSError, StopIteration, ValueError):
        fields = [line.split(b" ") for line in mounts.read_bytes().split(b"\n")]
        root, mounted = next(line[3:5] for line in fields if b"cgroup2" in line[line.index(b"-") :][1:2])
        group = next(line[3:] for line in own.read_bytes().split(b"\n") if line.startswith(b"0::"))
        top = Path(os.fsdecode(mounted))
        here = top / os.path.relpath(os.fsdecode(group), os.fsdecode(root))
        places = [folder for folder in (here, here.parent) if folder.is_relative_to(top) and ".." not in folder.parts]
        return next(filter(_fits, places), None)
    return None


def _fits(folder: Path) -> bool:
    """Return whether groups that limit memory and processes can be made in this folder."""
    enabled = folder / "cgroup.subtree_control"
    with suppress(OSError):
        if not os.access(folder, os.W_OK) or not os.access(folder / "cgroup.procs", os.W_OK):
            return False
        if NEEDED - set(enabled.read_text().split()):
            enabled.write_text("+memory +pids +cpu")
        return not NEEDED - set(enabled.read_text().split())
    return False


class Cgroup:
    """Is a cgroup for one kernel. It is made before the kernel's namespaces, and used from within them.

    group   its folder
    limits  memory (bytes), processes (threads count too), cores (processors at once)
    """

    def __init__(self, group: Path, limits: dict):
        group.mkdir(exist_ok=True)
        settings = {
            "memory.max": limits["memory"],
            "memory.swap.max": 0,
            "memory.oom.group": 1,  # all or none: half a kernel is none
            "pids.max": limits["processes"],
            "cpu.max": f"{int(limits['cores'] * PERIOD)} {PERIOD}",
        }
        for name, value in settings.items():
            if (group / name).exists():  # there may be no swap, or no controller of processors
                (group / name).write_text(str(value))
        self._enter = os.open(group / "cgroup.procs", os.O_WRONLY)
        self._events = os.open(group / "memory.events", os.O_RDONLY)

    def enter(self) -> None:
        """Move this process into the group, and forget the group: who is inside has no business with it."""
        os.write(self._enter, b"0")
        self.close()

    def close(self) -> None:
        for descriptor in (self._enter, self._events):
            os.close(descriptor)

    def ran_out(self) -> bool:
        """Return whether the system has ended a process in the group because there was no more memory."""
        lines = [line.split() for line in os.pread(self._events, 4096, 0).split(b"\n")]
        return any(line[0] == b"oom_kill" and int(line[1]) > 0 for line in lines if len(line) == 2)


def unused_name(folder: Path) -> Path:
    """Return a path for a new group. A kernel can read it, and should learn nothing from it."""
    return folder / f"{OURS}-{os.urandom(8).hex()}"


def tried(folder: Path | None) -> Path | None:
    """Return the folder if a process can be moved into a group there, and None if not."""
    if folder is None:
        return None
    group = unused_name(folder)
    with suppress(OSError):
        made = Cgroup(group, {"memory": 1 << 30, "processes": 100, "cores": 1})
        if (child := os.fork()) == 0:
            with suppress(OSError):
                made.enter()
                os._exit(0)
            os._exit(1)
        failed = os.waitpid(child, 0)[1]
        made.close()
        group.rmdir()
        return None if failed else folder
    with suppress(OSError):
        group.rmdir()
    return None


def sweep(folder: Path, at_the_end: bool = False) -> None:
    """Remove the groups of kernels that have ended. A group in which a process runs cannot be removed, and stays.

    at_the_end  remove also groups that this server has made just now
    """
    for group in folder.glob("autograder-*"):
        with suppress(OSError):
            if time.time() - group.stat().st_mtime > OLD or at_the_end and group.name.startswith(OURS):
                group.rmdir()
