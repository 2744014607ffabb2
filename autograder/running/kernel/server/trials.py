"""Tries everything that locks a kernel in, one part after the other, and prints [name, why it does not work, a note].

python autograder/running/kernel/server/trials.py
"""

import fcntl
import json
import os
import platform
import resource
import socket
import sys
import tempfile
import traceback
from pathlib import Path

import cgroup
import confine
import filesystem
import linux

LIMITS = {"memory": 64 * 1024**2, "scratch": 1024**2, "processes": 8, "files": 64}
SINCE = (5, 14)  # the first version that counts processes for each user namespace


def system() -> None:
    if sys.platform != "linux" or os.uname().machine not in ("x86_64", "aarch64"):
        raise OSError(f"this is {sys.platform} on {platform.machine()}, and not Linux on x86_64 or aarch64")
    if tuple(int(part) for part in platform.release().split("-")[0].split(".")[:2]) < SINCE:
        raise OSError(f"Linux {platform.release()} is older than 5.14")


def namespaces() -> None:
    linux.enter_namespaces(wait=True)


def rights() -> None:
    """Give up all rights in a child, which tries the rest. This process stays, to build the child's file system."""
    global builder
    user = confine.owner()
    linux.close_to_others()
    builder, ours = socket.socketpair()
    if child := os.fork():
        builder.close()  # so that we hear when the child has ended
        if ours.recv(1):
            ours.send(_outcome(lambda: filesystem.build({}, [], LIMITS["scratch"], user))[0].encode() or b"built")
        os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    ours.close()
    confine.confine(LIMITS, user)


def files() -> None:
    secret = tempfile.gettempdir()
    builder.send(b"1")
    if (said := builder.recv(100_000)) != b"built":
        raise OSError(said.decode())
    if os.path.exists(f"/old{secret}"):
        raise OSError("the old root can still be seen")


def nothing_regained() -> None:
    _must_fail("a new user namespace can be made", linux.unshare, linux.NEWUSER)
    _must_fail("the system's files can be written", open, "/usr/forbidden", "w")


def nothing_shared() -> None:
    library = os.open(os.__file__, os.O_RDONLY)
    _must_fail("files can be locked", fcntl.flock, library, fcntl.LOCK_SH)
    _must_fail("parts of files can be locked", fcntl.lockf, library, fcntl.LOCK_SH)
    _must_fail("events of folders can be had", fcntl.fcntl, library, fcntl.F_NOTIFY, fcntl.DN_ACCESS)
    _must_fail("the times of devices can be changed", os.utime, "/dev/null")
    if Path("/proc/stat").read_bytes() or os.listdir("/proc/sys"):
        raise OSError("the system's counters can be read")


def supervisor() -> None:
    _must_fail("its memory can be read", open, "/proc/1/mem")
    _must_fail("its limits can be set", resource.prlimit, 1, resource.RLIMIT_NOFILE, (0, 0))
    _must_fail("it can be put last", os.setpriority, os.PRIO_PROCESS, 1, 19)
    _must_fail("it can be bound to a processor", os.sched_setaffinity, 1, {0})


def network() -> None:
    _must_fail("the network can be reached", socket.create_connection, ("192.0.2.1", 9), 1)


def memory() -> None:
    try:
        bytearray(2 * LIMITS["memory"])
    except MemoryError:
        return
    raise OSError("more memory can be had than the limit")


def room() -> None:
    def fill():
        for number in range(4):
            with open(f"{filesystem.HOME}/{number}", "wb") as file:
                file.write(bytes(LIMITS["scratch"] // 2))

    _must_fail("more can be written than the limit", fill)


def processes() -> None:
    def many():
        for _ in range(2 * LIMITS["processes"]):
            if os.fork() == 0:
                os.execv("/bin/sleep", ["sleep", "1"])

    _must_fail("more processes can be started than the limit", many)


def counting() -> str:
    if folder := cgroup.tried(cgroup.place()):
        return f"by the system, in cgroups in {folder}, and by looking"
    return "by looking ten times a second, for no folder of cgroups (version 2) is delegated to us"


TRIALS = {
    "Linux 5.14 or newer": system,
    "memory and processes are counted": counting,
    "namespaces: user, mount, PID, network, IPC": namespaces,
    "limits, no capabilities, a filter of system calls": rights,
    "a file system of its own": files,
    "nothing is regained": nothing_regained,
    "nothing is shared: locks, events, times, counters": nothing_shared,
    "the supervisor is out of reach": supervisor,
    "no network": network,
    "limit of memory": memory,
    "limit of files": room,
    "limit of processes": processes,
}


def main() -> None:
    failed = ""
    for name, check in TRIALS.items():
        why, note = (f"not tried, since {failed!r} failed", "") if failed else _outcome(check)
        failed = failed or (name if why else "")
        print(json.dumps([name, why, note]), flush=True)


def _outcome(check) -> tuple[str, str]:
    """Return why a check fails, or an empty string, and what it has to say otherwise."""
    try:
        return "", check() or ""
    except OSError as error:
        return str(error) or repr(error), ""
    except Exception:
        return traceback.format_exc(), ""


def _must_fail(otherwise: str, function, *arguments) -> None:
    try:
        function(*arguments)
    except OSError:
        return
    raise OSError(otherwise)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
