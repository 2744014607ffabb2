"""Gives up the rights of a process for good, before it runs a stranger's code."""

import os
import resource
from pathlib import Path

import linux
import seccomp

NOBODY = 65534


def owner() -> tuple[int, int]:
    """Return the user and the group as which a kernel runs: our own, or those of the user nobody if we are root.

    Limits do not bind root.
    """
    return (os.getuid(), os.getgid()) if os.getuid() else (NOBODY, NOBODY)


def confine(limits: dict[str, int]) -> None:
    """Give up all rights for good.

    The process keeps no capability, cannot get another user or namespace, and is bound by the limits.

    limits  memory (bytes, a process), processes (threads count too), files (open at once), scratch (bytes a file)
    """
    uid, gid = owner()
    if uid != os.getuid():
        os.setgroups([])
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
    linux.unshare(linux.NEWUSER)
    linux.map_user(uid, gid)
    Path("/proc/sys/user/max_user_namespaces").write_text("0")
    in_use = int(Path("/proc/self/statm").read_text().split()[5]) * resource.getpagesize()  # data and stack
    for kind, most in {
        resource.RLIMIT_DATA: in_use + limits["memory"],
        resource.RLIMIT_NPROC: limits["processes"],
        resource.RLIMIT_NOFILE: limits["files"],
        resource.RLIMIT_FSIZE: limits["scratch"],
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
    }.items():
        resource.setrlimit(kind, (most, most))
    linux.drop_capabilities()
    seccomp.refuse()
