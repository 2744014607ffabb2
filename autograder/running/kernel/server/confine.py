"""Gives up the rights of a process for good, before it runs a stranger's code."""

import os
import resource
from pathlib import Path

import linux
import seccomp

STUDENT = (1000, 1000)  # the user and the group that a kernel sees, whoever it is outside
NOBODY = 65534
# Of 2**22 users who are no one's, and whom systemd leaves alone. A process number is below 2**22.
UNUSED = 0x70000000
WAITING_SIGNALS = 1000  # timers count, too: they are memory of the system


def owner() -> tuple[int, int]:
    """Return the user and the group as which a kernel runs that is forked from this process.

    They are our own if we are not root. For root there is a user for each kernel: limits do not bind root, and what the
    system counts for each user (pipes, watches, descriptors under way) is not shared with other kernels. Call it while
    /proc is that of the machine.
    """
    if os.getuid():
        return os.getuid(), os.getgid()
    user = UNUSED + int(os.readlink("/proc/self"))  # this process is there for as long as the kernel
    return (user, user) if _exist(user) else (NOBODY, NOBODY)


def _exist(user: int) -> bool:
    """Return whether there are such a user and group at all, which a container may not have."""

    def has(path: str) -> bool:
        ranges = [tuple(map(int, line.split())) for line in Path(path).read_text().splitlines()]
        return any(first <= user < first + size for first, _, size in ranges)

    return has("/proc/self/uid_map") and has("/proc/self/gid_map")


def confine(limits: dict[str, int], user: tuple[int, int]) -> None:
    """Give up all rights for good.

    The process keeps no capability, cannot get another user or namespace, and is bound by the limits.

    limits  memory (bytes, a process), processes (threads count too), files (open at once), scratch (bytes a file)
    user    the user and the group that it gets, or has
    """
    if user != (os.getuid(), os.getgid()):
        os.setgroups([])
        os.setresgid(user[1], user[1], user[1])
        os.setresuid(user[0], user[0], user[0])
        linux.unshare(linux.NEWUSER)  # one in between: from within the last, only the numbers in this one can be read
        linux.map_user(STUDENT, user)
        user = STUDENT
    linux.unshare(linux.NEWUSER)
    linux.map_user(STUDENT, user)
    Path("/proc/sys/user/max_user_namespaces").write_text("0")
    in_use = int(Path("/proc/self/statm").read_text().split()[5]) * resource.getpagesize()  # data and stack
    for kind, most in {
        resource.RLIMIT_DATA: in_use + limits["memory"],
        resource.RLIMIT_NPROC: limits["processes"],
        resource.RLIMIT_NOFILE: limits["files"],
        resource.RLIMIT_FSIZE: limits["scratch"],
        resource.RLIMIT_SIGPENDING: WAITING_SIGNALS,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
        resource.RLIMIT_NICE: 0,
        resource.RLIMIT_RTPRIO: 0,
    }.items():
        hard = resource.getrlimit(kind)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (most, most))
    linux.drop_capabilities()
    seccomp.refuse()
