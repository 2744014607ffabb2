"""Starts the fork server, and asks it for kernels.

A server is started when it is first needed, and again after it has ended. A process may lend its server to those that
it starts; others have their own.
"""

import json
import os
import select
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import platformdirs

from autograder.errors import UserError

PROGRAM = Path(__file__).with_name("server")
PATIENCE = 300  # seconds that a server may take to import its modules
ONE_THREAD = dict.fromkeys(["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"], "1")


class NoKernel(UserError):
    """No kernel can be started, and the failure is on the grader's side."""


class ForkServer:
    """Asks a server process to fork confined kernels.

    It may be given to a process that multiprocessing starts, which then asks the same server.

    control  a connection to the server
    process  the server, if it was started by this process
    """

    def __init__(self, control: socket.socket, process: subprocess.Popen | None = None):
        self._control, self._process = control, process
        self._control.settimeout(PATIENCE)
        self._lock = threading.Lock()
        self._hello: dict = {}

    def __reduce__(self) -> tuple:
        return ForkServer, (self._control,)

    @classmethod
    def start(cls, modules: tuple[str, ...], idle: float, environment: dict[str, str] | None = None) -> "ForkServer":
        """Start a process that imports some modules, and do not wait until it has imported them.

        modules      the modules
        idle         the seconds without a kernel after which it ends
        environment  variables that it finds, beside a few that it always has
        """
        control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        program = os.open(PROGRAM, os.O_RDONLY)  # kernels can read what it was started with, and find no path of ours
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-s", "-B", f"/proc/self/fd/{program}", str(idle), *modules],
                stdin=theirs,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env=_environment() | (environment or {}),
                start_new_session=True,
                pass_fds=[program],
            )
        os.close(program)
        return cls(control, process)

    def alive(self) -> bool:
        poll = select.poll()
        poll.register(self._control, 0)  # it tells all the same if the other end is closed
        return not poll.poll(0)

    def fork(self, setup: dict, request: dict, sockets: list[socket.socket]) -> None:
        """Ask for a kernel. Raises NoKernel if the server did not start or has ended.

        setup    what the kernel's supervisor is told, and the kernel is not
        request  what the kernel is told
        sockets  a connection to the supervisor, and the sockets on which it listens for the kernel
        """
        with self._lock, tempfile.TemporaryFile("w+") as for_supervisor, tempfile.TemporaryFile("w+") as for_kernel:
            self._wait_until_ready()
            for file, content in ((for_supervisor, setup), (for_kernel, request)):
                json.dump(content, file)
                file.seek(0)
            descriptors = [end.fileno() for end in (for_supervisor, for_kernel, *sockets)]
            try:
                socket.send_fds(self._control, [b"k"], descriptors)
            except OSError as error:
                raise NoKernel("the fork server has ended") from error

    def _wait_until_ready(self) -> None:
        if not self._hello:
            try:
                # It is left there for the other processes that ask this server. Nothing else comes from it.
                self._hello = json.loads(self._control.recv(100_000, socket.MSG_PEEK) or "{}")
            except OSError:  # TimeoutError is one
                self._control.shutdown(socket.SHUT_RDWR)  # for all who ask this server: nobody waits for it again
                if self._process:
                    self._process.kill()
        if not self._hello or self._hello["failed"]:
            raise NoKernel(f"the fork server did not start\n{self._hello.get('failed', '')}")


_servers: dict[tuple, ForkServer] = {}
_lock = threading.Lock()


def server(modules: list[str], idle: float, environment: dict[str, str], lent: ForkServer | None = None) -> ForkServer:
    """Return the running server that imports these modules, or start one.

    lent  the one of another process, that this process asks from now on as long as it runs

    A new server begins to import at once, and this function does not wait for it.
    """
    key = (os.getpid(), tuple(modules), idle, tuple(sorted(environment.items())))
    with _lock:
        if lent:
            _servers[key] = lent
        if key not in _servers or not _servers[key].alive():
            _servers[key] = ForkServer.start(tuple(modules), idle, environment)
        return _servers[key]


def _environment() -> dict[str, str]:
    """Return the environment of the server. Kernels can read it, so that it holds nothing of the grader's."""
    kept = {name: os.environ[name] for name in ("LANG", "LC_ALL", "TZ") if name in os.environ}
    return (
        kept
        | ONE_THREAD
        | {
            "PATH": "/usr/bin:/bin",
            "PYTHONHASHSEED": "0",  # so that a grade can be repeated
            "MPLCONFIGDIR": platformdirs.user_cache_dir("matplotlib-of-the-autograder"),
        }
    )
