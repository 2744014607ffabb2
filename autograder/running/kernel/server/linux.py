"""Makes system calls for which Python 3.11 has no function. A call that fails raises OSError."""

import ctypes
import os
import struct
from pathlib import Path

NEWNS, NEWCGROUP, NEWUTS, NEWIPC = 0x00020000, 0x02000000, 0x04000000, 0x08000000
NEWUSER, NEWPID, NEWNET = 0x10000000, 0x20000000, 0x40000000

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 0x1, 0x2, 0x4, 0x8
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000
ATTR_RDONLY, ATTR_NOSUID, ATTR_NODEV, ATTR_NOEXEC = 0x1, 0x2, 0x4, 0x8

_libc = ctypes.CDLL(None, use_errno=True)
_AT_FDCWD, _AT_RECURSIVE, _MNT_DETACH = -100, 0x8000, 2
_PR_SET_DUMPABLE, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS, _PR_SET_CHILD_SUBREAPER = 4, 24, 38, 36
_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 22, 2
_MOUNT_SETATTR = 442  # the same number on every machine
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
_CAPSET = {"x86_64": 126, "aarch64": 91}


def unshare(namespaces: int) -> None:
    _call(_libc.unshare, namespaces)


def enter_namespaces(wait: bool = False) -> None:
    """Make new namespaces of every kind. Return in a child, which is their first process.

    The caller itself ends: at once, or with the child if ``wait`` is true. Root makes no user namespace here, because
    it needs none for the others: the process that runs a stranger's code gets one later.
    """
    kinds = NEWNS | NEWPID | NEWNET | NEWIPC | NEWUTS | NEWCGROUP
    if uid := os.getuid():
        gid = os.getgid()
        unshare(NEWUSER | kinds)
        map_user((uid, gid), (uid, gid))
    else:
        unshare(kinds)
    if child := os.fork():
        if wait:
            os.waitpid(child, 0)
        os._exit(0)


def mount(source: str, target: str, kind: str | None = None, flags: int = 0, options: str | None = None) -> None:
    _call(_libc.mount, *map(_text, (source, target, kind)), ctypes.c_ulong(flags), _text(options), about=target)


def bind(source: str, target: str) -> None:
    mount(source, target, None, MS_BIND | MS_REC)


def set_mount(target: str, attributes: int, recursive: bool = True) -> None:
    """Add attributes to a mount, and to the mounts below it if ``recursive`` is true.

    Its earlier attributes stay, so that this works where a remount is refused.
    """
    settings = struct.pack("QQQQ", attributes, 0, 0, 0)
    flags = _AT_RECURSIVE if recursive else 0
    _syscall(_MOUNT_SETATTR, _AT_FDCWD, _text(target), flags, settings, len(settings), about=target)


def pivot_root(new: str, old: str) -> None:
    _syscall(_PIVOT_ROOT[os.uname().machine], _text(new), _text(old), about=new)


def detach(target: str) -> None:
    _call(_libc.umount2, _text(target), _MNT_DETACH, about=target)


def map_user(inside: tuple[int, int], outside: tuple[int, int]) -> None:
    """Name the user and group of this process in a user namespace that it has just made.

    inside   the numbers that they have in it from now on
    outside  the numbers that they have in the namespace in which it was made
    """
    _call(_libc.prctl, _PR_SET_DUMPABLE, 1, 0, 0, 0)  # else /proc/self belongs to root
    Path("/proc/self/setgroups").write_text("deny")
    for kind, new, old in zip(("uid_map", "gid_map"), inside, outside, strict=True):
        Path("/proc/self", kind).write_text(f"{new} {old} 1")


def close_to_others() -> None:
    """Let no other process of this user look into this one, or change it through /proc."""
    _call(_libc.prctl, _PR_SET_DUMPABLE, 0, 0, 0, 0)


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parent has ended."""
    _call(_libc.prctl, _PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def drop_capabilities() -> None:
    """Give up all capabilities for good: neither this process nor a program that it starts can get one again."""
    _call(_libc.prctl, _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    for capability in range(int(Path("/proc/sys/kernel/cap_last_cap").read_text()) + 1):
        _call(_libc.prctl, _PR_CAPBSET_DROP, capability, 0, 0, 0)
    header = struct.pack("Ii", 0x20080522, 0)
    _syscall(_CAPSET[os.uname().machine], header, bytes(24))


def install_filter(program: bytes) -> None:
    """Let a BPF program decide on every system call that this process makes from now on."""
    instructions = ctypes.create_string_buffer(program, len(program))
    filter = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(instructions))
    _call(_libc.prctl, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, filter, 0, 0)


def _syscall(number: int, *arguments, about: str = "") -> None:
    wide = [ctypes.c_long(argument) if isinstance(argument, int) else argument for argument in arguments]
    _call(_libc.syscall, ctypes.c_long(number), *wide, about=about)


def _call(function, *arguments, about: str = "") -> None:
    if function(*arguments) == -1:
        number = ctypes.get_errno()
        name = getattr(function, "__name__", "system call")
        raise OSError(number, f"{name}: {os.strerror(number)}", about or None)


def _text(value: str | None) -> bytes | None:
    return None if value is None else os.fsencode(value)
