"""Tries everything that locks a kernel in, one part after the other, and prints for each [name, why it does not work].

python autograder/running/kernel/server/trials.py
"""

import json
import os
import platform
import resource
import socket
import sys
import tempfile
import traceback

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


def files() -> None:
    secret = tempfile.gettempdir()
    filesystem.build({}, [], LIMITS["scratch"], confine.owner())
    if os.path.exists(f"/old{secret}"):
        raise OSError("the old root can still be seen")


def rights() -> None:
    confine.confine(LIMITS)


def nothing_regained() -> None:
    _must_fail("a new user namespace can be made", linux.unshare, linux.NEWUSER)
    _must_fail("the system's files can be written", open, "/usr/forbidden", "w")


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


TRIALS = {
    "Linux 5.14 or newer": system,
    "namespaces: user, mount, PID, network, IPC": namespaces,
    "a file system of its own": files,
    "limits, no capabilities, a filter of system calls": rights,
    "nothing is regained": nothing_regained,
    "no network": network,
    "limit of memory": memory,
    "limit of files": room,
    "limit of processes": processes,
}


def main() -> None:
    failed = ""
    for name, check in TRIALS.items():
        why = f"not tried, since {failed!r} failed" if failed else _fails(check)
        failed = failed or (name if why else "")
        print(json.dumps([name, why]), flush=True)


def _fails(check) -> str:
    try:
        check()
    except OSError as error:
        return str(error)
    except Exception:
        return traceback.format_exc()
    return ""


def _must_fail(otherwise: str, function, *arguments) -> None:
    try:
        function(*arguments)
    except OSError:
        return
    raise OSError(otherwise)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
