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
import select
import signal
import socket
import sys
import time
import traceback
from base64 import b64decode
from pathlib import Path

import confine
import filesystem
import linux
from supervisor import Supervisor

MAX_DESCRIPTORS = 16
KERNEL = [
    *("ipykernel.kernelapp", "ipykernel.ipkernel", "ipykernel.zmqshell", "ipykernel.debugger"),
    *("pdb", "IPython.core.debugger", "sqlite3"),
]
SOCKET = f"{filesystem.SOCKETS}/k"  # its sockets are called k-1, k-2, ...


def main(modules: list[str], idle: float) -> None:
    os.chdir("/")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the grader; if that ends, we end
    control = socket.socket(fileno=os.dup(0))
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    os.close(nothing)
    with control:
        control.send(json.dumps({"pid": os.getpid(), "failed": preload(modules)}).encode())
        descriptors = serve(control, idle)
    if descriptors:
        run_kernel(*start(*descriptors))


def preload(modules: list[str]) -> str:
    """Import the modules that kernels will need.

    Return an empty string, or the reason why kernels cannot be forked: an import failed or started threads.
    """
    try:
        for name in [*modules, *KERNEL]:
            importlib.import_module(name)
        if "matplotlib.pyplot" in sys.modules:
            _draw()
    except Exception:
        return traceback.format_exc()
    threads = len(os.listdir("/proc/self/task"))
    gc.freeze()  # a collection in a kernel does not touch, and so copy, what it shares with us
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


def serve(control: socket.socket, idle: float) -> list[int]:
    """Fork at each request, and return in the child the descriptors that came with it.

    Return an empty list in the server at its end: when the grader has gone, or after ``idle`` seconds without a kernel.
    """
    linux.adopt_orphans()
    last = time.monotonic()
    while True:
        readable, _, _ = select.select([control], [], [], 1)
        if _reap():
            last = time.monotonic()
        if not readable:
            if time.monotonic() - last > idle:
                return []
            continue
        _, descriptors, _, _ = socket.recv_fds(control, 1, MAX_DESCRIPTORS)
        if not descriptors or os.fork() == 0:
            return descriptors
        for descriptor in descriptors:
            os.close(descriptor)


def _reap() -> bool:
    """Collect the children that have ended, and return whether others still run."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return False
    return True


def start(connection: int, request_file: int, *sockets: int) -> tuple[dict, int]:
    """Make the namespaces, the root of their files, and the supervisor. Return in the kernel only, when it is confined.

    Return the request, and a pipe on which to say that the kernel's sockets are there. If anything fails, tell the
    grader why, and end the process.
    """
    grader = socket.socket(fileno=connection)
    listeners = [socket.socket(fileno=descriptor) for descriptor in sockets]
    try:
        with open(request_file) as file:
            request = json.load(file)
        linux.enter_namespaces()
        filesystem.build(request["shown"], request["covered"], request["limits"]["scratch"], confine.owner())
        for path in request["secret"]:
            if os.path.exists(path):
                raise PermissionError(f"{path} lies inside what kernels are shown")
        ready, say_ready = os.pipe()
        kernel = os.fork()
        if kernel:
            os.close(say_ready)
            Supervisor(kernel, grader, listeners, request["limits"]).watch(ready, SOCKET)
        for end in (grader, *listeners):
            end.close()
        os.close(ready)
        os.setsid()
        confine.confine(request["limits"])
    except BaseException:
        grader.send(json.dumps({"ended": 1, "why": traceback.format_exc()[-4000:]}).encode())
        os._exit(1)
    return request, say_ready


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
    sys.path[:] = [*sys.path[1:], *request["paths"]]  # the first is the folder of this program
    for module in ("confine", "filesystem", "frames", "linux", "seccomp", "supervisor", "usage"):
        sys.modules.pop(module, None)

    if "matplotlib" in sys.modules:  # it has read the server's environment, not the kernel's
        sys.modules["matplotlib"].rcParams["backend"] = os.environ["MPLBACKEND"]

    from ipykernel.kernelapp import IPKernelApp

    app = IPKernelApp.instance(connection_file=str(connection), capture_fd_output=False)
    app.initialize(request["arguments"])
    os.write(say_ready, b"1")
    os.close(say_ready)
    app.start()
    os._exit(0)


if __name__ == "__main__":
    main(modules=sys.argv[2:], idle=float(sys.argv[1]))
