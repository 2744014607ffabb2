"""Imports what notebooks import, and forks a confined kernel whenever it is asked to.

It is started as a process of its own, and knows nothing of the course. The grader sends it nothing but descriptors, one
set for each kernel, through its standard input. So what one kernel is told was never in the memory from which another
kernel is forked.

    python autograder/running/kernel/server IDLE_SECONDS torch matplotlib.pyplot ...
"""

import gc
import importlib
import io
import json
import os
import resource
import select
import signal
import socket
import sys
import time
import traceback
from base64 import b64decode
from contextlib import suppress
from pathlib import Path

import cgroup
import confine
import descriptors
import filesystem
import linux
from supervisor import Supervisor

MAX_DESCRIPTORS = 16
KERNEL = [
    *("ipykernel.kernelapp", "ipykernel.ipkernel", "ipykernel.zmqshell", "ipykernel.debugger"),
    *("pdb", "IPython.core.debugger", "sqlite3"),
]
OURS = "calls census cgroup confine descriptors filesystem frames linux seccomp supervisor usage".split()
SOCKET = f"{filesystem.SOCKETS}/k"  # its sockets are called k-1, k-2, ...


def main(modules: list[str], idle: float) -> None:
    os.chdir("/")
    if (folder := Path(sys.path.pop(0))).parent == Path("/proc/self/fd"):  # the descriptor we were started from
        os.close(int(folder.name))
    raise_soft_limits()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the grader; if that ends, we end
    control = socket.socket(fileno=os.dup(0))
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    os.close(nothing)
    with control:
        control.send(json.dumps({"pid": os.getpid(), "failed": preload(modules)}).encode())
        cgroups = cgroup.tried(cgroup.place())
        given = serve(control, idle, cgroups)
    if given:
        run_kernel(*start(cgroups, *given))


def raise_soft_limits() -> None:
    """Take back the limits that the process which has started us has set itself. They are not meant for kernels."""
    for name in ("CPU", "AS", "DATA", "RSS", "FSIZE", "CORE", "NOFILE", "NPROC", "MEMLOCK", "SIGPENDING", "MSGQUEUE"):
        kind = getattr(resource, f"RLIMIT_{name}")
        hard = resource.getrlimit(kind)[1]
        resource.setrlimit(kind, (hard, hard))


def preload(modules: list[str]) -> str:
    """Import the modules that kernels will need.

    Return an empty string, or the reason why kernels cannot be forked: an import failed or started threads.
    """
    gc.disable()  # imports make many objects, and next to none of them is garbage: it would be looked for all the time
    try:
        for name in [*modules, *KERNEL]:
            importlib.import_module(name)
        if "matplotlib.pyplot" in sys.modules:
            _draw()
    except Exception:
        return traceback.format_exc()
    threads = len(os.listdir("/proc/self/task"))
    gc.freeze()  # a collection in a kernel does not touch, and so copy, what it shares with us
    gc.enable()
    return "" if threads == 1 else f"importing {', '.join(modules)} has started {threads - 1} threads"


def _draw() -> None:
    """Draw one picture, so that fonts are found and read before a kernel needs them."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure()
    FigureCanvasAgg(figure)
    axes = figure.add_subplot(title="title", xlabel="label", ylabel=r"$\sqrt{d_k}$", xscale="log")
    axes.plot([1, 2], label="line")
    axes.legend()
    figure.savefig(io.BytesIO(), bbox_inches="tight")


def serve(control: socket.socket, idle: float, cgroups: Path | None) -> list[int]:
    """Fork at each request, and return in the child the descriptors that came with it.

    Return an empty list in the server at its end: when the grader has gone, or after ``idle`` seconds without a kernel.

    cgroups  the folder of their groups, if there is one
    """
    linux.adopt_orphans()
    last = time.monotonic()
    while True:
        readable, _, _ = select.select([control], [], [], 1)
        if _reap():
            last = time.monotonic()
        if cgroups:
            cgroup.sweep(cgroups)
        if not readable:
            if time.monotonic() - last > idle:
                break
            continue
        _, given, _, _ = socket.recv_fds(control, 1, MAX_DESCRIPTORS)
        if not given:
            break
        if os.fork() == 0:
            return given
        for descriptor in given:
            os.close(descriptor)
    if cgroups:
        cgroup.sweep(cgroups, at_the_end=True)
    return []


def _reap() -> bool:
    """Collect the children that have ended, and return whether others still run."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return False
    return True


def start(cgroups: Path | None, setup: int, request_file: int, connection: int, *sockets: int) -> tuple[dict, int]:
    """Make the namespaces, the root of their files, and the supervisor. Return in the kernel only, when it is confined.

    Return the request, and a pipe on which to say that the kernel's sockets are there. If anything fails, tell the
    grader why, and end the process.

    cgroups       the folder for its group, if there is one
    setup         a file for the supervisor, with paths of the machine. The kernel is forked before it is read: so they
                  are not in its memory
    request_file  a file for the kernel
    connection    a socket to the grader
    sockets       those on which the supervisor listens for the kernel
    """
    grader = socket.socket(fileno=connection)
    listeners = [socket.socket(fileno=descriptor) for descriptor in sockets]
    try:
        request = _read(request_file)
        limits = request["limits"]
        group = cgroup.Cgroup(cgroup.unused_name(cgroups), limits) if cgroups else None
        linux.enter_namespaces()
        user = confine.owner()
        linux.close_to_others()
        heard, say = os.pipe()
        waits, go = os.pipe()
        kernel = os.fork()
        if kernel:
            os.close(say)
            if not os.read(heard, 1):  # it could not be confined, and has said why
                os._exit(1)
            _build(_read(setup), limits, user)
            os.write(go, b"1")
            Supervisor(kernel, grader, listeners, limits, group).watch(heard, SOCKET)
        for descriptor in (setup, heard, go):
            os.close(descriptor)
        for listener in listeners:
            listener.close()
        os.setsid()
        if group:
            group.enter()
        confine.confine(limits, user)
        grader.close()
        os.write(say, b"1")
        if not os.read(waits, 1):
            os._exit(1)
        os.close(waits)
        descriptors.renew(keep=[say])
    except BaseException:
        with suppress(OSError):
            grader.send(json.dumps({"ended": 1, "why": traceback.format_exc()[-4000:]}).encode())
        os._exit(1)
    return request, say


def _read(descriptor: int) -> dict:
    with open(descriptor) as file:
        return json.load(file)


def _build(setup: dict, limits: dict, user: tuple[int, int]) -> None:
    filesystem.build(setup["shown"], setup["covered"], limits["scratch"], user)
    for path in setup["secret"]:
        if os.path.exists(path):
            raise PermissionError(f"{path} lies inside what kernels are shown")


def run_kernel(request: dict, say_ready: int) -> None:
    """Run as the notebook's kernel until it ends. This function does not return.

    say_ready  a pipe on which to say that the kernel's sockets are there
    """
    os.environ.clear()
    os.environ.update(request["environment"], HOME=filesystem.HOME, TMPDIR=f"{filesystem.HOME}/.tmp")
    os.chdir(filesystem.HOME)
    for name, content in request["files"].items():
        Path(name).write_bytes(b64decode(content))
    connection = Path(filesystem.SOCKETS, "kernel.json")
    connection.write_text(json.dumps(request["connection"] | {"transport": "ipc", "ip": SOCKET}))
    sys.path += request["paths"]
    for module in OURS:
        sys.modules.pop(module, None)

    if "matplotlib" in sys.modules:  # it has read the server's environment, not the kernel's
        sys.modules["matplotlib"].rcParams["backend"] = os.environ["MPLBACKEND"]

    from ipykernel.kernelapp import IPKernelApp

    app = IPKernelApp.instance(connection_file=str(connection), capture_fd_output=False)
    app.initialize([*request["arguments"], "--HistoryManager.enabled=False"])  # its database would be locked
    os.write(say_ready, b"1")
    os.close(say_ready)
    app.start()
    os._exit(0)


if __name__ == "__main__":
    main(modules=sys.argv[2:], idle=float(sys.argv[1]))
