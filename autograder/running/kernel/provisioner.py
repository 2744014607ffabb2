"""Gives confined kernels to jupyter_client: `nbgrader autograde` and formgrader start their kernels through this.

A fork server imports torch once. A kernel is a fork of it: it is ready in a fraction of a second, and locked in.
"""

import asyncio
import json
import math
import os
import signal
import socket
from base64 import b64encode
from pathlib import Path
from typing import Any

from jupyter_client.provisioning import KernelProvisionerBase
from traitlets import Bool, Dict, Float, Integer, List, Unicode

import autograder
from autograder.authoring.course import Course
from autograder.running.kernel.forkserver import ForkServer, NoKernel, server

PORTS = ["shell_port", "iopub_port", "stdin_port", "control_port", "hb_port"]
LIMITS = ["memory", "scratch", "output", "cpu", "cores", "processes", "files"]
FROM_OUTSIDE = ["LANG", "LC_ALL", "TZ", "NBGRADER_EXECUTION"]  # taken from our environment, if set
PICTURES, NO_PICTURES = "module://matplotlib_inline.backend_inline", "template"
WITHIN = {
    "PATH": "/usr/bin:/bin",
    "USER": "student",
    "OMP_NUM_THREADS": "1",
}


class ConfinedProvisioner(KernelProvisionerBase):
    """Starts a kernel that sees no file, process or socket but its own and what it is shown.

    It runs in a copy of the folder in which it is started.
    """

    preload = List(
        Unicode(),
        ["torch", "safetensors.torch"],
        help="Modules that the fork server imports, so that no kernel needs to.",
    ).tag(config=True)
    idle = Float(300, help="Seconds without a kernel after which the fork server ends.").tag(config=True)
    memory = Integer(2 * 1024**3, help="Bytes that a kernel and its children may use.").tag(config=True)
    scratch = Integer(64 * 1024**2, help="Bytes of files that a kernel may write.").tag(config=True)
    output = Integer(100 * 1024**2, help="Bytes that a kernel may send.").tag(config=True)
    cpu = Integer(1200, help="Seconds of processor time that a kernel and its children may use.").tag(config=True)
    cores = Float(
        2, help="Processors that a kernel may keep busy at once, where cgroups can limit that: see `doctor`."
    ).tag(config=True)
    processes = Integer(64, help="Processes and threads that a kernel may have at once.").tag(config=True)
    files = Integer(256, help="Files that a process in the kernel may have open at once.").tag(config=True)
    pictures = Bool(
        False, help="Draw the pictures of a notebook. Nobody grades them, and they take most of the time."
    ).tag(config=True)
    environment = Dict(
        key_trait=Unicode(), value_trait=Unicode(), help="Environment variables of the fork server and of kernels."
    ).tag(config=True)
    shown = Dict(
        key_trait=Unicode(),
        value_trait=Unicode(),
        help="{path in the kernel: folder or file of the course}: what kernels see, read-only, beside the interpreter "
        "and its libraries. Each kernel gets a copy in memory: show code, not data.",
    ).tag(config=True)
    imports_from = List(Unicode(), help="Paths in the kernel in which Python looks for modules, too.").tag(config=True)
    secret = List(
        Unicode(),
        help="Further folders of the course that no kernel may see, beside solutions, records and those of nbgrader's "
        "steps. If one lies inside what is shown, no kernel starts.",
    ).tag(config=True)

    broken = ""  # the limit that the kernel was ended for, or why it could not start
    _supervisor: socket.socket | None = None
    _status: int | None = None

    @property
    def has_process(self) -> bool:
        return self._supervisor is not None

    def fork_server(self, lent: ForkServer | None = None) -> ForkServer:
        """Return the fork server. If there is none yet, begin to start it, or use the one that is lent."""
        return server(self.preload, self.idle, self.environment, lent)

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        manager = self.parent
        if manager.transport != "ipc":
            raise NoKernel("a confined kernel has no network: set its manager's transport to 'ipc'")
        manager.write_connection_file()
        self.connection_info = manager.get_connection_info()
        command = manager.format_kernel_cmd(extra_arguments=kwargs.pop("extra_arguments", []))
        return await super().pre_launch(cmd=command, **kwargs)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> dict[str, Any]:
        shown, secret = self._seen()
        info = self.connection_info
        outside, package = kwargs.get("env", {}), Path(autograder.__file__).parent
        setup = {  # for the supervisor alone: the kernel finds no path of the machine in its memory
            "shown": {target: str(source) for target, source in shown.items()},
            "secret": [str(path) for path in secret],
            "covered": sorted({str(path) for path in (package, package.resolve())}),
        }
        request = {
            "arguments": cmd[cmd.index("-f") + 2 :],
            "connection": {name: number for number, name in enumerate(PORTS, 1)}
            | {"key": info["key"].decode(), "signature_scheme": info["signature_scheme"]},
            "environment": WITHIN
            | self.environment
            | {"MPLBACKEND": PICTURES if self.pictures else NO_PICTURES}
            | {name: outside[name] for name in FROM_OUTSIDE if name in outside},
            "files": {path.name: b64encode(path.read_bytes()).decode() for path in Path(kwargs["cwd"]).iterdir()},
            "limits": {name: getattr(self, name) for name in LIMITS},
            "paths": self.imports_from,
        }
        self._status, self.broken = None, ""
        paths = [f"{info['ip']}-{info[port]}" for port in PORTS]
        self._supervisor = await asyncio.to_thread(self._fork, setup, request, paths)
        return info

    def sources(self) -> dict[str, Path]:
        """Return what kernels are shown: {path in the kernel: folder or file here}."""
        root = Course(parent=self).root
        return {target: Path(root, source).resolve() for target, source in self.shown.items()}

    def _seen(self) -> tuple[dict[str, Path], list[Path]]:
        """Return what kernels are shown, and what they must not see. Raises NoKernel if the one is part of the other,
        or is not there."""
        course, shown = Course(parent=self), self.sources()
        setting = "c.ConfinedProvisioner.shown in nbgrader_config.py names"
        secret = [Path(course.root, folder).resolve() for folder in (*self.secret, *course.private_directories)]
        for source in shown.values():
            if not source.exists():
                raise NoKernel(f"{setting} {source}, which is not there")
            if inside := [folder for folder in secret if folder.is_relative_to(source)]:
                raise NoKernel(f"{setting} {source}, and {inside[0]} is secret")
        return shown, secret

    def _fork(self, setup: dict, request: dict, paths: list[str]) -> socket.socket:
        """Have a kernel forked whose sockets can be reached at these paths. Return the connection to its supervisor."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        listeners = [_listener(path) for path in paths]
        try:
            with theirs:
                try:
                    self.fork_server().fork(setup, request, [theirs, *listeners])
                except NoKernel:  # it may have ended since it was last looked at: another takes its place, once
                    self.fork_server().fork(setup, request, [theirs, *listeners])
        except BaseException:
            ours.close()
            raise
        finally:
            for listener in listeners:
                listener.close()
        ours.setblocking(False)
        return ours

    async def poll(self) -> int | None:
        """Return None while the kernel runs, its exit status when it has ended, and 0 if there is no kernel.

        The exit status is the negative number of a signal if the signal has ended the kernel.
        """
        if self._supervisor and self._status is None:
            self._hear()
        return self._status if self._supervisor else 0

    def _hear(self) -> None:
        """Read the supervisor's next message, if there is one. It tells how the kernel ended."""
        try:
            self._take(self._supervisor.recv(10_000))
        except BlockingIOError:
            pass
        except OSError:
            self._take(b"")

    def _take(self, message: bytes) -> dict:
        heard = json.loads(message) if message else {"ended": -signal.SIGKILL, "why": ""}
        if "ended" in heard:
            self._status, self.broken = heard["ended"], heard["why"]
        return heard

    @property
    def killed(self) -> bool:
        """Return whether the kernel was killed for another reason than a limit."""
        return self._status == -signal.SIGKILL and not self.broken

    async def times(self) -> tuple[float, float]:
        """Return the seconds of processor time that the kernel and its children have used so far, and the seconds in
        which its main thread had to wait for the machine: for a processor or a disk, or because it was stopped.

        The first are infinite and the second 0 if the kernel has ended, or its supervisor does not answer.
        """
        if await self.poll() is not None:
            return math.inf, 0.0
        self._request({"cpu": True})
        try:
            answer = asyncio.get_running_loop().sock_recv(self._supervisor, 10_000)
            heard = self._take(await asyncio.wait_for(answer, timeout=10))
        except OSError:  # TimeoutError is one: a supervisor that does not answer has ended, or is no use any more
            heard = self._take(b"")
        return heard.get("cpu", math.inf), heard.get("waited", 0.0)

    async def wait(self) -> int | None:
        while self._supervisor and await self.poll() is None:
            await asyncio.sleep(0.02)
        return self._forget()

    def _forget(self) -> int:
        if self._supervisor:
            self._supervisor.close()
            self._supervisor = None
        return self._status or 0

    async def send_signal(self, signum: int) -> None:
        self._request({"signal": signum})

    async def kill(self, restart: bool = False) -> None:
        self._request({"signal": signal.SIGKILL})
        for _ in range(200):  # it ends at once: wait, so that the next poll() tells it
            if await self.poll() is not None:
                break
            await asyncio.sleep(0.005)

    async def terminate(self, restart: bool = False) -> None:
        self._request({"signal": signal.SIGTERM})

    def _request(self, request: dict) -> None:
        try:
            if self._supervisor:
                self._supervisor.send(json.dumps(request).encode())
        except OSError:
            pass  # it has ended, which poll() will tell

    async def cleanup(self, restart: bool = False) -> None:
        self._forget()


def _listener(path: str) -> socket.socket:
    """Return a socket that listens at this path. The grader connects to it, and the kernel's supervisor answers."""
    listener = socket.socket(socket.AF_UNIX)
    if os.path.exists(path):
        os.unlink(path)  # left by the kernel that is being restarted
    listener.bind(path)
    listener.listen(16)
    return listener
