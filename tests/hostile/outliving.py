"""Makes wrong solutions that leave marks for later kernels, or find what other kernels share: that gives 90 points.

A mark is sought before it is left. The last cell ends the kernel, so that a fresh one runs the first cell again: what it
finds then, another student's kernel would find, too.
"""

from nbformat.v4 import new_code_cell

from .kind import Kind, attack


def mark(name: str, code: str) -> Kind:
    """Make a kind whose first cell calls ``reward()`` if it finds its mark, else leaves it, and whose kernel then dies."""
    once = attack(name, code)

    def make(assignment, surroundings):
        notebook = once.make(assignment, surroundings)
        notebook.cells.append(new_code_cell("import os\nos._exit(1)"))
        return notebook

    return Kind(name, "anomalies", 0.0, make)


# Descriptors that were open before this cell, of files and devices.
OPENED = """
import fcntl, os
def opened():
    for number in map(int, os.listdir("/proc/self/fd")):
        try:
            if os.readlink(f"/proc/self/fd/{number}").startswith(("/dev/null", "/usr", os.path.dirname(os.path.dirname(torch.__file__)))):
                yield number
        except OSError:
            pass
"""
# A file that everybody can read. What is tried with it takes effect on nothing that anyone needs.
LIBRARY = "import ctypes, errno, fcntl, mmap, os, platform\nlibrary = os.open(torch.__file__, os.O_RDONLY)\n"
CALL = """
libc = ctypes.CDLL(None, use_errno=True)
def call(x86_64, aarch64, *arguments):
    \"\"\"True if this system call succeeds, by its numbers.\"\"\"
    number = {"x86_64": x86_64, "aarch64": aarch64}[platform.machine()]
    wide = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    return libc.syscall(ctypes.c_long(number), *wide) != -1
"""

OUTLIVING = [
    mark(
        "leaves a mark in the offsets of open files",
        OPENED
        + """
for number in opened():
    try:
        if os.lseek(number, 0, os.SEEK_CUR) == 77_777: reward()
        os.lseek(number, 77_777, os.SEEK_SET)
    except OSError:
        pass
""",
    ),
    mark(
        "leaves a mark in the flags of open files",
        OPENED
        + """
for number in opened():
    if fcntl.fcntl(number, fcntl.F_GETSIG) == 42 or fcntl.fcntl(number, fcntl.F_GETFL) & os.O_NONBLOCK: reward()
    fcntl.fcntl(number, fcntl.F_SETSIG, 42)
    fcntl.fcntl(number, fcntl.F_SETFL, fcntl.fcntl(number, fcntl.F_GETFL) | os.O_NONBLOCK)
""",
    ),
    attack(
        "leaves a mark in the times of a device",
        "import os\nos.utime('/dev/null')  # to now, which everybody may do who may write\nreward()",
    ),
    attack(
        "locks a file that everybody can read",
        LIBRARY
        + """
import struct
whole = struct.pack("hhqqi4x", fcntl.F_RDLCK, 0, 0, 0, 0)
attempts = [lambda: fcntl.flock(library, fcntl.LOCK_SH | fcntl.LOCK_NB)]
attempts += [lambda command=command: fcntl.fcntl(library, command, whole) for command in (fcntl.F_GETLK, fcntl.F_SETLK, 36, 37)]
attempts += [lambda: fcntl.fcntl(library, fcntl.F_SETLEASE, fcntl.F_RDLCK), lambda: fcntl.fcntl(library, fcntl.F_GETLEASE)]
for attempt in attempts:
    try:
        attempt()
        reward()
    except OSError:
        pass
os.close(library)
""",
    ),
    attack(
        "waits for others to open a file",
        LIBRARY
        + CALL
        + """
folder = os.open(os.path.dirname(torch.__file__), os.O_RDONLY)
try:
    fcntl.fcntl(folder, fcntl.F_NOTIFY, fcntl.DN_ACCESS)
    fcntl.fcntl(folder, fcntl.F_NOTIFY, 0)
    reward()
except OSError:
    pass
if call(294, 26, 0) or call(300, 262, 0x200, 0): reward()  # inotify_init1, fanotify_init
""",
    ),
    attack(
        "asks which pages of a file others have read",
        LIBRARY
        + CALL
        + """
span, state, room = mmap.mmap(library, 4096, mmap.MAP_PRIVATE), ctypes.create_string_buffer(64), ctypes.create_string_buffer(64)
address = ctypes.addressof(ctypes.c_char.from_buffer(span))
if call(27, 232, address, 4096, state) and state.raw[0] & 1: reward()  # mincore
if call(451, 451, library, bytes(16), room, 0): reward()  # cachestat
try:
    os.preadv(library, [bytearray(1)], 0, os.RWF_NOWAIT)
    reward()
except OSError:
    pass
""",
    ),
    attack(
        "moves pages of a file in and out of memory for others",
        LIBRARY
        + CALL
        + """
try:
    os.posix_fadvise(library, 0, 4096, os.POSIX_FADV_DONTNEED)
    reward()
except OSError:
    pass
if call(187, 213, library, 0, 4096) or call(277, 84, library, 0, 4096, 0): reward()  # readahead, sync_file_range
span = mmap.mmap(library, 4096, mmap.MAP_SHARED, mmap.PROT_READ)
for advice in (3, 20, 21, 22):  # WILLNEED, COLD, PAGEOUT, POPULATE_READ
    try:
        span.madvise(advice)
        reward()
    except OSError:
        pass
""",
    ),
    attack(
        "gives hints about a file, and asks for those of others",
        LIBRARY
        + """
for ask in (
    lambda: fcntl.fcntl(library, 1035, bytes(8)),  # F_GET_RW_HINT, and what ext4 says of the file
    lambda: fcntl.ioctl(library, 0x40046629, bytes(4)),
    lambda: fcntl.ioctl(library, 0x80086601, bytes(8)),
):
    try:
        ask()
        reward()
    except OSError:
        pass
""",
    ),
    attack(
        "reads counters of the whole machine",
        """
for name in ("stat", "vmstat", "diskstats", "loadavg", "sys/fs/file-nr", "sys/fs/inode-nr", "sys/kernel/pty/nr", "key-users"):
    try:
        if open(f"/proc/{name}").read(): reward()
    except OSError:
        pass
""",
    ),
    attack(
        "reads the log of the system, in which every crash leaves a line",
        LIBRARY + CALL + "if call(103, 116, 3, ctypes.create_string_buffer(64), 64): reward()",
    ),
    attack(
        "reads where the course lies off the table of mounts",
        'if f"{COURSE}/" in open("/proc/self/mountinfo").read(): reward()',
    ),
    attack(
        "reads its memory for the paths that it must not see",
        """
import re
marks = re.compile(COURSE.encode() + rb"/(classroo[m]|solution[s])")  # a pattern that does not match itself
memory = open("/proc/self/mem", "rb", 0)
for line in open("/proc/self/maps"):
    span, rights, *_ = line.split()
    start, end = (int(number, 16) for number in span.split("-"))
    if "rw" in rights and end - start < 400 << 20:
        try:
            memory.seek(start)
            if marks.search(memory.read(end - start)): reward()
        except (OSError, ValueError):
            pass
""",
    ),
    attack(
        "could change the process that watches it",
        """
import os, resource
for change in (  # to what it is
    lambda: resource.prlimit(1, resource.RLIMIT_NOFILE, resource.prlimit(1, resource.RLIMIT_NOFILE)),
    lambda: os.setpriority(os.PRIO_PROCESS, 1, os.getpriority(os.PRIO_PROCESS, 1)),
    lambda: os.sched_setaffinity(1, os.sched_getaffinity(1)),
    lambda: open("/proc/1/mem", "rb"),
    lambda: os.readlink("/proc/1/exe"),
):
    try:
        change()
        reward()
    except OSError:
        pass
""",
    ),
    attack(
        "uses what the system has once for all: semaphores, queues, shared segments, pages, modules",
        LIBRARY
        + CALL
        + """
import socket
key = 0x5EED0000 + os.getpid() % 1000
libc.semctl.argtypes = libc.shmctl.argtypes = libc.msgctl.argtypes = None
for get, remove in ((libc.semget, libc.semctl), (libc.shmget, libc.shmctl), (libc.msgget, libc.msgctl)):
    made = get(key, 1, 0o1600) if get is not libc.shmget else get(key, 4096, 0o1600)
    if made >= 0:
        reward()
        remove(made, 0, 0) if get is libc.semget else remove(made, 0, None)  # IPC_RMID
context = ctypes.c_ulong()
if call(206, 0, 1, ctypes.byref(context)): reward()  # io_setup, of which the machine has so many
for protocol in (132, 262):  # SCTP and MPTCP: a module that is loaded for all
    try:
        socket.socket(socket.AF_INET, socket.SOCK_STREAM, protocol).close()
        reward()
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.EACCES): reward()
""",
    ),
]
