"""The fork server, as the grader sees it: one a process, started when first needed, and again whenever it has ended."""

import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import platformdirs

PROGRAM = Path(__file__).with_name("server")
PATIENCE = 300  # seconds that a server may take to import its modules
ONE_THREAD = dict.fromkeys(["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"], "1")


class NoKernel(RuntimeError):
    """The grader's side failed: no confined kernel can be started."""


class ForkServer:
    """A process that has imported some modules, and forks confined kernels.

    modules  to import
    idle     seconds without a kernel after which it ends
    """

    def __init__(self, modules: tuple[str, ...], idle: float):
        self._lock = threading.Lock()
        self._hello: dict = {}
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(  # kernels can read its command line: no path of ours stands there
                [sys.executable, "-s", "-B", PROGRAM.name, str(idle), *modules],
                stdin=theirs,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=PROGRAM.parent,
                env=_environment(),
                start_new_session=True,
            )
        self._control.settimeout(PATIENCE)

    def alive(self) -> bool:
        return self._process.poll() is None

    def fork(self, descriptors: list[int]) -> None:
        """Ask for a kernel: the first descriptor is a connection to its supervisor, the others are told there."""
        with self._lock:
            self._wait_until_ready()
            try:
                socket.send_fds(self._control, [b"k"], descriptors)
            except OSError as error:
                raise NoKernel("the fork server has ended") from error

    def _wait_until_ready(self) -> None:
        if not self._hello:
            try:
                self._hello = json.loads(self._control.recv(100_000) or "{}")
            except OSError:  # TimeoutError is one
                self._process.kill()
        if not self._hello or self._hello["failed"]:
            raise NoKernel(f"the fork server did not start\n{self._hello.get('failed', '')}")


_servers: dict[tuple, ForkServer] = {}
_lock = threading.Lock()


def server(modules: list[str], idle: float) -> ForkServer:
    """The server that has imported these modules. It begins to import them at once, and this does not wait."""
    key = (os.getpid(), tuple(modules), idle)
    with _lock:
        if key not in _servers or not _servers[key].alive():
            _servers[key] = ForkServer(tuple(modules), idle)
        return _servers[key]


def _environment() -> dict[str, str]:
    """What the server's own environment holds. Kernels can read it, so that it holds nothing of ours."""
    kept = {name: os.environ[name] for name in ("LANG", "LC_ALL", "TZ") if name in os.environ}
    return (
        kept
        | ONE_THREAD
        | {
            "PATH": "/usr/bin:/bin",
            "PYTHONHASHSEED": "0",  # so that a grade can be repeated
            "MPLCONFIGDIR": platformdirs.user_cache_dir("matplotlib-of-the-autograder"),
            "HF_HUB_OFFLINE": "1",
            "TRANSFORMERS_VERBOSITY": "error",
        }
    )
