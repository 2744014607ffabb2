"""Builds the file system of a confined kernel: interpreter, libraries, what it is given, and room to work in."""

import os
import shutil
import sys
from pathlib import Path

import linux
from confine import STUDENT

HOME, SOCKETS = "/home/student", "/run/kernel"  # in the new root
DEVICES = ["null", "full", "random", "urandom"]  # without zero: mapped, it is memory that no limit counts
SYSTEM = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64"]
TOLD = ["cpuinfo"]  # of /proc
SETTINGS = ["alternatives", "fonts", "ld.so.cache", "localtime"]  # in /etc
SEALED = linux.ATTR_RDONLY | linux.ATTR_NOSUID | linux.ATTR_NODEV
LOOSE = linux.MS_NOSUID | linux.MS_NODEV


def build(shown: dict[str, str], covered: list[str], scratch_bytes: int, owner: tuple[int, int]) -> None:
    """Make a new root in this process's own mount namespace, and leave the old one.

    shown          {where it is seen: folder or file of the old root}, copied, read-only
    covered        folders that appear empty if they are inside what is shown: the grader's own, among the libraries
    scratch_bytes  bytes that may be written in all the places together
    owner          user and group that may write
    """
    linux.mount("none", "/", None, linux.MS_REC | linux.MS_PRIVATE)
    # /tmp is but a folder that every system has, to mount the new root on. Nobody outside this namespace sees it.
    linux.mount("tmpfs", "/tmp", "tmpfs", LOOSE, "mode=755")
    os.mkdir("/tmp/old")
    linux.pivot_root("/tmp", "/tmp/old")
    os.chdir("/")

    _devices()
    os.mkdir("/proc")
    linux.mount("proc", "/proc", "proc", LOOSE | linux.MS_NOEXEC)
    _silence_the_system()
    _room(SOCKETS, 64 * 1024, owner)
    _room(HOME, scratch_bytes, owner)
    for target in ("/tmp", "/dev/shm"):  # they share the room of HOME
        inside = f"{HOME}/.{os.path.basename(target)}"
        os.mkdir(inside, 0o700)
        os.chown(inside, *owner)
        os.makedirs(target, exist_ok=True)
        linux.bind(inside, target)

    for path in SYSTEM:
        if os.path.islink(f"/old{path}"):
            os.symlink(os.readlink(f"/old{path}"), path)
        elif os.path.isdir(f"/old{path}"):
            _show(path, path)
    for path in dict.fromkeys([sys.base_prefix, sys.prefix]):
        if not Path(path).is_relative_to("/usr"):
            _show(path, path)
    for name in SETTINGS:
        if os.path.exists(f"/old/etc/{name}"):
            _show(f"/etc/{name}", f"/etc/{name}")
    for target, source in shown.items():
        _copy(target, source)
    for path in covered:
        if os.path.isdir(path):
            linux.mount("tmpfs", path, "tmpfs", LOOSE | linux.MS_RDONLY, "size=4k,mode=755")
    _write("/etc/passwd", "student:x:{}:{}::{}:/bin/sh\n".format(*STUDENT, HOME))
    _write("/etc/group", f"student:x:{STUDENT[1]}:\n")

    linux.detach("/old")
    os.rmdir("/old")
    linux.set_mount("/", linux.ATTR_RDONLY, recursive=False)


def _show(target: str, source: str) -> None:
    source = f"/old{source}"
    if os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        Path(target).touch()
    linux.bind(source, target)
    linux.set_mount(target, SEALED)


def _copy(target: str, source: str) -> None:
    """Copy what is shown: if it were mounted, /proc/self/mountinfo would tell where it comes from."""
    source = f"/old{source}"
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if os.path.isdir(source):
        shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True)
    else:
        shutil.copy2(source, target)


def _silence_the_system() -> None:
    """Show nothing of the machine in /proc but what its processor can do, which torch asks for.

    The system's counters are for all to read, and anyone can drive them up: they would outlive a kernel.
    """
    os.mkdir("/silent")
    os.mkdir("/silent/folder")
    for name in ("file", *TOLD):
        Path("/silent", name).write_bytes(Path("/proc", name).read_bytes() if name in TOLD else b"")
    for entry in list(os.scandir("/proc")):
        if entry.name.isdigit() or entry.is_symlink():
            continue
        shown = entry.name if entry.name in TOLD else "folder" if entry.is_dir() else "file"
        linux.bind(f"/silent/{shown}", entry.path)
        linux.set_mount(entry.path, SEALED)
    shutil.rmtree("/silent")  # what is mounted is there all the same


def _devices() -> None:
    os.mkdir("/dev")
    for name in DEVICES:
        Path("/dev", name).touch()
        linux.bind(f"/old/dev/{name}", f"/dev/{name}")
        # It can be written to all the same. But its times stay as they are: they are the same for all kernels.
        linux.set_mount(f"/dev/{name}", linux.ATTR_RDONLY | linux.ATTR_NOSUID | linux.ATTR_NOEXEC)
    for name, target in {"fd": "", "stdin": "/0", "stdout": "/1", "stderr": "/2"}.items():
        os.symlink(f"/proc/self/fd{target}", f"/dev/{name}")
    os.mkdir("/dev/pts")  # `!command` in a cell runs in a terminal
    linux.mount("devpts", "/dev/pts", "devpts", linux.MS_NOSUID | linux.MS_NOEXEC, "newinstance,ptmxmode=666,max=16")
    os.symlink("pts/ptmx", "/dev/ptmx")


def _room(path: str, size: int, owner: tuple[int, int]) -> None:
    """Make a folder in memory with room for so many bytes, and for one file for every 4 KB of them."""
    os.makedirs(path)
    linux.mount("tmpfs", path, "tmpfs", LOOSE, f"size={size},nr_inodes={max(64, size // 4096)},mode=700")
    os.chown(path, *owner)


def _write(path: str, text: str) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    Path(path).write_text(text)
