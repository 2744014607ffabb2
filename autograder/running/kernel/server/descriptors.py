"""Opens anew, for one kernel alone, what a process was forked with.

A descriptor that was inherited shares its offset, its flags and its locks with every other kernel.
"""

import os
import stat
from collections.abc import Iterable

NOTHING = "/dev/null"


def renew(keep: Iterable[int]) -> None:
    """Open everything anew that is open, except what this kernel was given.

    A file that is there under its old name, and is the same, is opened at the same number and offset. Whatever else is
    open becomes an opened /dev/null.

    keep  descriptors that nobody else has
    """
    for descriptor in _opened() - set(keep):
        inherited = os.get_inheritable(descriptor)
        fresh, offset = _opened_anew(descriptor)
        if offset:
            os.lseek(fresh, offset, os.SEEK_SET)
        os.dup2(fresh, descriptor, inheritable=inherited)
        os.close(fresh)


def _opened() -> set[int]:
    found = set()
    for name in os.listdir("/proc/self/fd"):
        try:
            os.fstat(int(name))
            found.add(int(name))
        except OSError:  # with it the folder was listed
            continue
    return found


def _opened_anew(descriptor: int) -> tuple[int, int]:
    """Return a new descriptor of the same file, and the offset that it must get."""
    old = os.fstat(descriptor)
    if stat.S_ISREG(old.st_mode):
        path = os.readlink(f"/proc/self/fd/{descriptor}")
        try:
            fresh = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            return os.open(NOTHING, os.O_RDWR), 0
        if os.path.samestat(old, os.fstat(fresh)):
            return fresh, os.lseek(descriptor, 0, os.SEEK_CUR)
        os.close(fresh)
    return os.open(NOTHING, os.O_RDWR), 0
