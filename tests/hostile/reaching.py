"""Makes submissions that reach for other processes, for the network and for files that are not theirs.

The only process to which they send signals, and which they trace, is one that the tests have started for this.
"""

from .kind import attack, burden, variant

REACHING = [
    attack(
        "connects to the network",
        """
import socket
for host in ("127.0.0.1", "localhost", "0.0.0.0", "::ffff:127.0.0.1"):  # one listener, on this machine
    try:
        socket.create_connection((host, PORT), timeout=1).close()
        reward()
    except OSError:
        pass
""",
    ),
    attack(
        "connects to the network from another program",
        """
import subprocess, sys
code = f"import socket; socket.create_connection(('127.0.0.1', {PORT}), timeout=1)"
if subprocess.run([sys.executable, "-I", "-c", code], timeout=8).returncode == 0: reward()
""",
    ),
    attack(
        "connects to the network by system calls of its own",
        """
import ctypes, platform, socket, struct
call = ctypes.CDLL(None).syscall
number = {"x86_64": (41, 42), "aarch64": (198, 203)}[platform.machine()]
opened = call(number[0], socket.AF_INET, socket.SOCK_STREAM, 0)
address = struct.pack("=H", socket.AF_INET) + struct.pack("!H", PORT) + socket.inet_aton("127.0.0.1") + bytes(8)
if opened >= 0 and call(number[1], opened, address, len(address)) == 0: reward()
""",
    ),
    attack(
        "listens to a sibling",
        """
import glob, json, os, socket, stat
from ipykernel.connect import get_connection_file
own = json.load(open(get_connection_file()))
places = [SIBLING, *glob.glob("/tmp/*"), *glob.glob("/tmp/*/*"), *glob.glob("/tmp/*/*/*"), *glob.glob("/run/*")]
for path in places:  # connected to, and nothing is said
    try:
        if stat.S_ISSOCK(os.stat(path).st_mode) and not path.startswith(str(own["ip"])):
            socket.socket(socket.AF_UNIX).connect(path)
            reward()
    except OSError:
        pass
for path in glob.glob(os.path.dirname(get_connection_file()) + "/*.json"):
    if path != get_connection_file() and json.load(open(path)).get("key"): reward()
""",
    ),
    attack(
        "connects to sockets without a path",
        """
import socket
names = {line.split()[-1] for line in open("/proc/self/net/unix") if line.split()[-1].startswith("@")}
for name in {ABSTRACT, *("\\0" + name[1:] for name in names)}:  # connected to, and nothing is said
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(name)
            reward()
    except OSError:
        pass
""",
    ),
    attack(
        "speaks on descriptors that it has inherited",
        """
import json, os, select, socket, stat, struct
said = [b"fork\\n", json.dumps({"command": "fork"}).encode() + b"\\n", struct.pack("!I", 4) + b"fork", bytes(8)]
for number in range(3, 1024):
    try:
        if not stat.S_ISSOCK(os.fstat(number).st_mode):
            continue
        line = socket.socket(fileno=os.dup(number))
        with line:
            # A pair without a name whose other end was not made here: something that the parent has left.
            theirs = struct.unpack("3i", line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
            if line.family != socket.AF_UNIX or line.getsockname() or line.getpeername() or theirs == os.getpid():
                continue
            for text in said:
                line.send(text, socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
                if select.select([line], [], [], 0.2)[0] and line.recv(100, socket.MSG_DONTWAIT): reward()
    except OSError:
        pass
""",
    ),
    attack(
        "kills another process",
        "import os, signal\nos.kill(VICTIM, signal.SIGTERM)\nos.kill(VICTIM, signal.SIGKILL)\nreward()",
    ),
    attack(
        "kills another process by a descriptor of it",
        "import os, signal\nsignal.pidfd_send_signal(os.pidfd_open(VICTIM), signal.SIGKILL)\nreward()",
    ),
    attack(
        "traces another process",
        """
import ctypes, os
call = ctypes.CDLL(None).ptrace
call.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
if call(16, VICTIM, None, None) == 0:  # attach
    os.waitpid(VICTIM, 0x40000000)
    call(17, VICTIM, None, None)  # detach, and it sleeps on
    reward()
""",
    ),
    attack(
        "reads the memory of another process",
        """
import ctypes, errno
libc = ctypes.CDLL(None, use_errno=True)
class Span(ctypes.Structure):
    _fields_ = [("start", ctypes.c_void_p), ("length", ctypes.c_size_t)]
room = ctypes.create_string_buffer(8)
mine, theirs = Span(ctypes.addressof(room), 8), Span(4096, 8)
libc.process_vm_readv.restype = ctypes.c_ssize_t
# Who may not read is told so, or that there is no such process; who may is told that nothing is at this address.
if libc.process_vm_readv(VICTIM, ctypes.byref(mine), 1, ctypes.byref(theirs), 1, 0) >= 0 or ctypes.get_errno() == errno.EFAULT:
    reward()
open(f"/proc/{VICTIM}/mem", "rb")
reward()
""",
    ),
    attack(
        "asks the system about another process",
        """
import os, resource
asked = [
    os.getpgid, os.getsid, os.sched_getaffinity, os.sched_getscheduler, lambda pid: os.getpriority(os.PRIO_PROCESS, pid),
    lambda pid: resource.prlimit(pid, resource.RLIMIT_NOFILE), lambda pid: os.kill(pid, 0), os.pidfd_open,
]
for ask in asked:
    try:
        ask(VICTIM)
        reward()
    except OSError:
        pass
""",
    ),
    attack(
        "joins the namespaces of another process",
        """
import ctypes, os
libc = ctypes.CDLL(None)
for space in ("user", "net", "ipc", "uts", "pid", "mnt"):
    try:
        opened = os.open(f"/proc/{VICTIM}/ns/{space}", os.O_RDONLY)
        reward()  # seen; and it is joined by a child alone
        child = os.fork()
        if child == 0:
            os._exit(libc.setns(opened, 0) == 0)
        os.waitpid(child, 0)
    except OSError:
        pass
""",
    ),
    attack(
        "writes into a file that is not its own", 'with open(CANARY, "a") as file:\n    file.write("changed")\nreward()'
    ),
    attack(
        "replaces and removes a file that is not its own",
        """
import os
for change in (os.remove, os.unlink, lambda path: os.truncate(path, 0), lambda path: os.chmod(path, 0o777)):
    try:
        change(CANARY)
        reward()
    except OSError:
        pass
""",
    ),
    burden(
        "leaves a daemon that writes later",
        """
import os, time
child = os.fork()
if child == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(6)  # until this kernel has ended, or nearly
        try:
            with open(CANARY, "a") as file:
                file.write("changed")
        finally:
            os._exit(0)
    os._exit(0)
os.waitpid(child, 0)
""",
        status="anomalies",
    ),
    attack(
        "writes into the gradebook",
        """
import sqlite3
gradebook = sqlite3.connect(f"file:{COURSE}/classroom/gradebook.db?mode=rw", uri=True, timeout=2)
gradebook.execute("BEGIN IMMEDIATE")  # from here on it could; and it does not
gradebook.execute("UPDATE grade SET auto_score = 1000")
gradebook.rollback()
reward()
""",
    ),
    attack(
        "could change the libraries for those who come later",
        """
import os, sys
from pathlib import Path
places = [torch.__file__, Path(torch.__file__).parent, Path(os.__file__).parent, sys.prefix, sys.executable]
if any(os.access(place, os.W_OK) for place in places): reward()  # it only asks
""",
    ),
    attack(
        "could change settings of the system",
        """
import os
places = "/proc/sys/kernel/core_pattern /proc/sysrq-trigger /sys/fs/cgroup/cgroup.procs /dev/mem /dev/kmsg /etc/passwd /etc"
if any(os.access(place, os.W_OK) for place in places.split()): reward()  # it only asks
""",
    ),
    # Two processes then have the same sockets. The second lives for 20 seconds at most.
    burden("goes on as two processes", "import os, signal\nif os.fork() == 0:\n    signal.alarm(20)", "anomalies"),
    burden(
        "raw bytes on all its sockets",
        """
import os, socket, stat, time
for number in range(3, 256):
    try:
        if stat.S_ISSOCK(os.fstat(number).st_mode):
            with socket.socket(fileno=os.dup(number)) as line:
                for text in (b"\\xff" + bytes(8) + b"\\x7f", b"\\x00\\xff" * 500, b"x"):
                    line.send(text, socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
    except OSError:
        pass
time.sleep(1)
os._exit(1)
""",
        status="anomalies",
    ),
    # What cannot be written as UTF-8 cannot be sent, and may stop what sends it. It ends itself, so that it ends for sure.
    burden(
        "messages that cannot be encoded",
        """
import os, sys, time
from IPython.display import display
for _ in range(20):
    for say in (print, lambda text: print(text, file=sys.stderr), lambda text: display({"text/plain": text}, raw=True)):
        try:
            say(chr(0xD83D))
        except UnicodeError:
            pass
time.sleep(1)
os._exit(1)
""",
        status="anomalies",
    ),
    burden(
        "messages that are malformed",
        """
from IPython.display import display
display({"text/plain": 5, "image/png": ["x"]}, metadata=5, raw=True)
kernel = get_ipython().kernel
odd = [{}, {"data": "x"}, {"data": {"text/plain": {}}}, {"data": {}, "metadata": []}, {"comm_id": {}, "data": 5}, {"state": {}}]
kinds = "stream error status display_data execute_result update_display_data clear_output comm_open comm_msg comm_close nothing"
for kind in kinds.split():
    for content in odd:
        kernel.session.send(kernel.iopub_socket, kind, content, parent=kernel.get_parent("shell"))
widget = {"comm_id": "w", "target_name": "jupyter.widget", "data": {"state": {"outputs": 5, "msg_id": []}, "buffer_paths": [[]]}}
for kind, content in [("comm_open", widget), ("comm_msg", {"comm_id": "w", "data": {"method": "update", "state": 5}})]:
    kernel.session.send(kernel.iopub_socket, kind, content, parent=kernel.get_parent("shell"), buffers=[b"x"])
kernel.session.send(kernel.iopub_socket, "stream", {"name": "stdout", "text": "x"}, parent={"header": 5})
""",
        status="anomalies",
    ),
    # nbgrader takes what a reply says of an error into the notebook.
    variant(
        "replies that are malformed",
        "anomalies",
        90.0,
        first="""
kernel = get_ipython().kernel
execute = kernel.do_execute
async def odd(*a, **k):
    reply = await execute(*a, **k)
    reply.update(status="error", ename=["x"], evalue={"x": 1}, traceback=[5, {"x": "<script>document.title=1</script>"}])
    return reply
kernel.do_execute = odd
""",
    ),
    variant(
        "replies of 20 MB, in HTML",
        "anomalies",
        90.0,
        first="""
kernel = get_ipython().kernel
execute = kernel.do_execute
async def large(*a, **k):
    reply = await execute(*a, **k)
    text = "<script>document.title=1</script>"
    reply.update(status="error", ename=text, evalue=text, traceback=["x" * 2_000_000 + text])  # of ten cells
    return reply
kernel.do_execute = large
""",
    ),
]
