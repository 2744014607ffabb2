"""Makes right solutions with a cell that exhausts a resource, dies, or never ends: only this cell must be lost.

A cell that nothing stops ends by itself, and takes the right solutions back.
"""

import textwrap

from .kind import burden, variant

STUBBORN = """
import time
end = time.monotonic() + 40  # and no longer
while time.monotonic() < end:
    try:
        time.sleep(0.1)
    except KeyboardInterrupt:
        pass
"""


def in_a_question(what: str) -> str:
    """Return a right causal_mask that also runs this code when a hidden question calls it."""
    return f"""
import os, sys, time
def causal_mask(length):
    if "autograder.probe" in sys.modules:
{textwrap.indent(what.strip(), " " * 8)}
    return torch.ones(length, length, dtype=torch.bool).tril()
"""


FOLDER = """
from pathlib import Path
def fill(folder, files, size):
    \"\"\"True if there was room for all of it. What was written is deleted.\"\"\"
    written = []
    try:
        for number in range(files):
            written.append(Path(folder) / f"filled-{number}")
            written[-1].write_bytes(bytes(size))
        return True
    except OSError:
        return False
    finally:
        for path in written:
            path.unlink(missing_ok=True)
"""

UNLESS_ALL_LIVE = """
answers = [program.stdout.read(1) for program in programs]
time.sleep(2)
alive = [program for program in programs if program.poll() is None]
for program in alive:
    program.kill()
    program.wait()
if answers != [b"1"] * 12 or len(alive) != 12:
    import os
    os._exit(1)
take_back()
"""

EXHAUSTING = [
    burden("os._exit", "import os\nos._exit(0)", "anomalies"),
    burden("sys.exit", "import sys\nsys.exit(0)", "anomalies"),
    variant("quits between two exercises", "anomalies", 90.0, first="quit()"),
    burden("a segmentation fault", "import ctypes\nctypes.string_at(0)", "anomalies"),
    burden(
        "a signal to itself that nobody can catch",
        "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
        "anomalies",
    ),
    variant(
        "dies in three cells",
        "anomalies",
        90.0,
        last="import os\nos._exit(1)\n# %%\nimport os\nos.abort()\n# %%\nimport os\nos._exit(0)",
    ),
    variant("dies in five cells", "anomalies", 0.0, last="# %%\n".join(["import os\nos._exit(1)\n"] * 5)),
    # A hook outlives the cell that set it: each replay dies again, in the next check. Four are more than is replayed.
    variant(
        "dies again in each replay",
        "anomalies",
        0.0,
        first="""
import os
def die(info):
    if "the visible check passes" in info.raw_cell:
        os._exit(1)
get_ipython().events.register("pre_run_cell", die)
""",
    ),
    variant("dies in a question", "anomalies", 80.0, causal_mask=in_a_question("os._exit(1)")),
    variant(
        "never answers a question",
        "anomalies",
        80.0,
        causal_mask=in_a_question("time.sleep(40)"),
    ),
    variant(
        "never answers a question, and swallows interrupts",
        "anomalies",
        80.0,
        causal_mask=in_a_question(STUBBORN),
    ),
    burden(
        "a loop without an end",
        "import time\nend = time.monotonic() + 40\nwhile time.monotonic() < end: pass\ntake_back()",
    ),
    burden("a loop that swallows interrupts", STUBBORN + "take_back()", "anomalies"),
    burden(
        "sleeps with its ears closed",
        "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\ntime.sleep(40)\ntake_back()",
        "anomalies",
    ),
    # A minute's sum at most, all of it in C: no interrupt comes between.
    burden("counts where Python does not listen", "sum(range(2_000_000_000))\ntake_back()", "anomalies"),
    burden(
        "a bomb of memory",
        """
import os, resource, time
for limit in (resource.RLIMIT_AS, resource.RLIMIT_DATA, resource.RLIMIT_RSS):
    try:
        resource.setrlimit(limit, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    except (OSError, ValueError):
        pass
held = []
try:
    for _ in range(28):  # 2.8 GB, and no more
        held.append(b"x" * 100_000_000)
    time.sleep(2)
except MemoryError:
    os._exit(1)
held.clear()
take_back()
""",
        "anomalies",
    ),
    burden(
        "a bomb of memory spread over processes",
        """
import os, signal, time
children = []
for _ in range(10):  # of 280 MB each, and for 15 seconds at most
    ready, tell = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(15)
        try:
            held = b"x" * 280_000_000
            os.write(tell, b"y")
            time.sleep(15)
        finally:
            os._exit(0)
    os.close(tell)
    children.append((child, ready))
answers = [os.read(ready, 1) for _, ready in children]
time.sleep(2)
alive = [child for child, _ in children if os.waitpid(child, os.WNOHANG) == (0, 0)]
for child in alive:
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
if answers != [b"y"] * 10 or len(alive) != 10:
    os._exit(1)
take_back()
""",
        "anomalies",
    ),
    burden(
        "a bomb of memory that no process holds",
        """
import mmap, time
held = []
try:
    for _ in range(23):  # 2.3 GB, and no more
        held.append(mmap.mmap(-1, 100_000_000))  # shared, and without a file
        for _ in range(100):
            held[-1].write(b"x" * 1_000_000)
        held[-1].madvise(mmap.MADV_DONTNEED)
    time.sleep(2)
    take_back()
except OSError:
    pass
finally:
    for memory in held:
        memory.close()
""",
        "anomalies",
    ),
    burden(
        "a bomb of memory in other programs",
        """
import subprocess, sys, time
code = "held = b'x' * 200_000_000; print(1, flush=True); import time; time.sleep(15)"  # and no longer
programs = [subprocess.Popen([sys.executable, "-S", "-c", code], stdout=subprocess.PIPE) for _ in range(12)]
"""
        + UNLESS_ALL_LIVE,
        "anomalies",
    ),
    burden(
        "a bomb of memory in sockets",
        """
import socket
held, waiting = [], 0
try:
    while waiting < 300_000_000:  # bytes, and no more
        pair = socket.socketpair()
        held.append(pair)
        for end in pair:
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 22)
            end.setblocking(False)
            try:
                while waiting < 300_000_000:
                    waiting += end.send(bytes(65_536))
            except BlockingIOError:
                pass
    take_back()
except OSError:
    pass
finally:
    for pair in held:
        for end in pair:
            end.close()
""",
        "anomalies",
    ),
    burden(
        "a file in memory",
        """
import os
opened = os.memfd_create("filled")
try:
    for _ in range(280):  # MB; it may have that much, or less
        os.write(opened, bytes(1_000_000))
except (OSError, MemoryError):
    pass
finally:
    os.close(opened)
""",
        "anomalies",
    ),
    # Memory of the system that belongs to no process. What nothing stops is given back.
    burden(
        "a bomb of memory in semaphores",
        """
import ctypes
libc, made = ctypes.CDLL(None, use_errno=True), []
while len(made) < 150 and (one := libc.semget(0, 32_000, 0o1600)) >= 0:  # 2 MB each, 300 MB and no more
    made.append(one)
for one in made:
    libc.semctl(one, 0, 0)
if made: take_back()
""",
        "anomalies",
    ),
    burden(
        "a bomb of memory in page tables",
        """
import mmap, os, signal, time
children = []
for _ in range(5):  # of 512 MB each, and for 20 seconds at most
    ready, tell = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        try:
            held = mmap.mmap(-1, 256 << 30, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000, prot=mmap.PROT_READ)
            held[:: 2 << 20]
            os.write(tell, b"y")
            time.sleep(20)
        finally:
            os._exit(0)
    os.close(tell)
    children.append((child, ready))
answers = [os.read(ready, 1) for _, ready in children]
time.sleep(2)
for child, _ in children:
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
if answers != [b"y"] * 5:
    os._exit(1)
take_back()
""",
        "anomalies",
    ),
    burden(
        "a bomb of memory in processes with odd names",
        """
import subprocess, sys, time
code = '''
import ctypes, sys, time
ctypes.CDLL(None).prctl(15, eval(sys.argv[1]), 0, 0, 0)
held = b"x" * 190_000_000
print(1, flush=True)
time.sleep(15)  # and no longer
'''
names = [b"\\x1cVmSwap: -99999", b"\\x0bVmSwap: -99999", b"\\x1eVmSwap: -99999", b"\\nVmSwap: -99999"] * 3
programs = [subprocess.Popen([sys.executable, "-S", "-c", code, repr(name)], stdout=subprocess.PIPE) for name in names]
"""
        + UNLESS_ALL_LIVE,
        "anomalies",
    ),
    burden(
        "a bomb of memory in larger pipes",
        """
import fcntl, os
held = []
try:
    for _ in range(60):  # of 1 MB each
        held.append(os.pipe())
        fcntl.fcntl(held[-1][1], 1031, 1 << 20)  # F_SETPIPE_SZ
    take_back()
except OSError:
    pass
for pipe in held:
    for end in pipe:
        os.close(end)
""",
        "anomalies",
    ),
    burden(
        "a bomb of memory in pipes that hold on to huge pages",
        """
import ctypes, mmap, os, platform
call = ctypes.CDLL(None).syscall
held, number = [], {"x86_64": 278, "aarch64": 75}[platform.machine()]  # vmsplice
class Span(ctypes.Structure):
    _fields_ = [("start", ctypes.c_void_p), ("length", ctypes.c_size_t)]
done = 0
for _ in range(20):  # 16 pages of 2 MB each, at most
    held.append(os.pipe())
    for _ in range(8):
        memory = mmap.mmap(-1, 4 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        memory.madvise(mmap.MADV_HUGEPAGE)
        memory.write(bytes(4 << 20))
        start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
        span = Span(-(-start // (2 << 20)) * (2 << 20), 1)
        done += call(number, held[-1][1], ctypes.byref(span), 1, 0) == 1
        memory = None
for pipe in held:
    for end in pipe:
        os.close(end)
if done: take_back()
""",
        "anomalies",
    ),
    burden(
        "a bomb of memory in locks",
        """
import fcntl, os, struct
opened, made = os.open("locked", os.O_RDWR | os.O_CREAT), 0
try:
    while made < 20_000:  # one byte each, and none next to another: each is compared with all
        fcntl.fcntl(opened, fcntl.F_SETLK, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 40_000 - 2 * made, 1, 0))
        made += 1
except OSError:
    pass
os.close(opened)
os.remove("locked")
if made: take_back()
""",
        "anomalies",
    ),
    burden(
        "a bomb of memory in timers",
        """
import ctypes
libc, made = ctypes.CDLL(None), []
while len(made) < 20_000:
    timer = ctypes.c_void_p()
    if libc.timer_create(1, None, ctypes.byref(timer)):
        break
    made.append(timer)
for timer in made:
    libc.timer_delete(timer)
if len(made) == 20_000: take_back()
""",
        "anomalies",
    ),
    burden(
        "a bomb of memory in programs that filter",
        """
import ctypes, os, signal, struct
libc = ctypes.CDLL(None)
child = os.fork()
if child == 0:  # what it installs ends with it
    signal.alarm(20)
    code = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0x7FFF0000) * 4000)
    filter = struct.pack("HxxxxxxP", 4000, ctypes.addressof(code))
    libc.prctl(38, 1, 0, 0, 0)
    os._exit(sum(libc.prctl(22, 2, filter, 0, 0) == 0 for _ in range(5)))
if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]): take_back()
""",
        "anomalies",
    ),
    burden(
        "a bomb of memory in filters of sockets",
        """
import ctypes, socket, struct
code = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0) * 1000)
held = []
try:
    for _ in range(100):
        held.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        held[-1].setsockopt(socket.SOL_SOCKET, 26, struct.pack("HxxxxxxP", 1000, ctypes.addressof(code)))
    take_back()
except OSError:
    pass
for one in held:
    one.close()
""",
        "anomalies",
    ),
    burden(
        "a bomb of processes",
        """
import os, signal, time
children = []
try:
    for _ in range(95):  # and no more, for 20 seconds at most
        child = os.fork()
        if child == 0:
            signal.alarm(20)
            time.sleep(20)
            os._exit(0)
        children.append(child)
except OSError:
    pass
for child in children:
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
if len(children) == 95:
    take_back()
""",
        "anomalies",
    ),
    burden(
        "a bomb of threads",
        """
import threading
over = threading.Event()
try:
    for _ in range(150):  # and no more, for 20 seconds at most
        threading.Thread(target=over.wait, args=[20], daemon=True).start()
    take_back()
except RuntimeError:
    pass
over.set()
""",
        "anomalies",
    ),
    burden(
        "opens files without an end",
        """
import os
opened = []
try:
    for _ in range(1_000):
        opened.append(os.open(os.devnull, os.O_RDONLY))
    take_back()
except OSError:
    pass
for number in opened:
    os.close(number)
""",
        "anomalies",
    ),
    burden("fills the disk with one file", FOLDER + "if fill('.', 1, 190_000_000): take_back()", "anomalies"),
    burden("fills the disk with small files", FOLDER + "if fill('.', 40_000, 4_096): take_back()", "anomalies"),
    # Two hundred MB in all, wherever there is room for them.
    burden(
        "fills the folders that everybody shares",
        FOLDER + "if fill('/tmp', 9, 10_000_000) and fill('/dev/shm', 9, 10_000_000): take_back()",
        "anomalies",
    ),
    # Mounted where nobody but one child sees it, and gone with that child.
    burden(
        "fills a disk of memory in a namespace of its own",
        """
import ctypes, os, signal
libc = ctypes.CDLL(None, use_errno=True)
child = os.fork()
if child == 0:
    signal.alarm(20)
    written = 0
    try:
        uid, gid = os.getuid(), os.getgid()
        assert libc.unshare(0x10000000 | 0x00020000) == 0  # a new user namespace, and a new one of mounts
        for name, text in {"setgroups": "deny", "uid_map": f"0 {uid} 1", "gid_map": f"0 {gid} 1"}.items():
            with open(f"/proc/self/{name}", "w") as file:
                file.write(text)
        assert libc.mount(None, b"/", None, 0x44000, None) == 0  # recursive and private: nothing gets out
        os.mkdir("inner")
        assert libc.mount(b"none", b"inner", b"tmpfs", 0, b"size=100%") == 0
        with open("inner/filled", "wb", 0) as file:
            while written < 190:
                file.write(bytes(1_000_000))
                written += 1
    finally:
        libc.umount2(b"inner", 2)
        os._exit(written >= 190)
if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1: take_back()
""",
        "anomalies",
    ),
    burden("50 MB on one line", 'print("x" * 50_000_000)'),
    # Ends itself when it is interrupted, or after 20 seconds: either way this cell has ended the process.
    burden(
        "output without an end",
        """
import os, time
end = time.monotonic() + 20
try:
    while time.monotonic() < end:
        print("x" * 9_999)
finally:
    os._exit(1)
""",
        "anomalies",
    ),
    burden(
        "many small messages",
        "from IPython.display import clear_output, display\nfor number in range(2_000):\n    display(number)\n    number % 100 or clear_output()",
    ),
    burden("an error of 20 MB", 'raise type("E" * 100_000, (Exception,), {})("x" * 20_000_000)', "anomalies"),
    variant(
        "does not want to go",
        "anomalies",
        90.0,
        last="""
import atexit, faulthandler, signal, threading, time
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1):
    signal.signal(number, signal.SIG_IGN)
faulthandler.enable()
faulthandler.dump_traceback_later(5, repeat=True)
atexit.register(time.sleep, 40)  # and no longer
threading.Thread(target=time.sleep, args=[40]).start()
""",
    ),
]
