"""Runs as the first process of a kernel's PID namespace: when it ends, for any reason, every process in there ends.

It carries bytes between the grader and the kernel, whose sockets cannot be reached from outside, and counts them. It
measures how much memory and time the kernel and its children use. The kernel cannot signal it, nor look into it.
"""

import json
import os
import select
import signal
import socket
import threading
from contextlib import suppress

import filesystem
import usage
from census import Census
from cgroup import Cgroup
from frames import Frames

LOOK_EVERY = 0.1  # seconds
FRAME = 256  # bytes that the grader needs to keep a frame, however short it is


class Supervisor:
    """Watches one kernel, and ends it if it breaks a limit.

    kernel     the id of its process
    grader     the connection on which the grader asks, and is told how the kernel ended; if it closes, the kernel ends
    listeners  sockets to which the grader connects, one for each of the kernel's sockets, in the same order
    limits     memory (bytes in all, files that were written included), cpu (seconds), output (bytes)
    cgroup     the kernel's own, where there is one
    """

    def __init__(
        self,
        kernel: int,
        grader: socket.socket,
        listeners: list[socket.socket],
        limits: dict[str, int],
        cgroup: Cgroup | None,
    ):
        self.kernel, self.grader, self.listeners, self.limits, self.cgroup = kernel, grader, listeners, limits, cgroup
        self.why = ""  # the limit that was broken
        self._carried = 0
        self._cpu, self._census, self._waiting = usage.ProcessorTime(), Census(), usage.WaitingTime(kernel)
        with socket.socket(socket.AF_UNIX) as one:  # bytes that may wait in one
            self._socket = sum(one.getsockopt(socket.SOL_SOCKET, what) for what in (socket.SO_SNDBUF, socket.SO_RCVBUF))

    def watch(self, ready: int, path: str) -> None:
        """Watch until the kernel ends, the grader goes away, or a limit is broken.

        It does not return: it ends this process, and with it all others in the namespace.

        ready  a pipe on which the kernel says that its sockets are there: path-1, path-2, ...
        """
        kernel = os.pidfd_open(self.kernel)
        poll = select.poll()
        for descriptor in (kernel, self.grader.fileno(), ready):
            poll.register(descriptor, select.POLLIN)
        while True:
            events = {descriptor for descriptor, _ in poll.poll(1000 * LOOK_EVERY)}
            self._waiting.look()
            if ready in events:
                poll.unregister(ready)
                if os.read(ready, 1):
                    for number, listener in enumerate(self.listeners, 1):
                        _thread(self._accept, listener, f"{path}-{number}")
            if self.grader.fileno() in events:
                request = self.grader.recv(1000)
                if not request:
                    os._exit(0)
                self._obey(json.loads(request))
            if kernel in events:
                if self.cgroup and self.cgroup.ran_out():
                    self.why = self.why or "memory"
                self._end(os.waitstatus_to_exitcode(os.waitpid(self.kernel, 0)[1]))
            self.why = self.why or self._broken()
            if self.why:
                self._end(-signal.SIGKILL)
            _reap(but=self.kernel)

    def _obey(self, request: dict) -> None:
        if "signal" in request:
            if request["signal"] == signal.SIGKILL:
                self._end(-signal.SIGKILL)
            os.kill(self.kernel, request["signal"])
        else:
            self._tell({"cpu": self._cpu.seconds(), "waited": self._waiting.seconds()})

    def _end(self, status: int) -> None:
        self._tell({"ended": status, "why": self.why})
        os._exit(0)

    def _tell(self, message: dict) -> None:
        try:
            self.grader.send(json.dumps(message).encode())
        except OSError:
            os._exit(0)

    def _broken(self) -> str:
        """Return the limit that the kernel and its children have broken together.

        Return an empty string if they have broken none.
        """
        room, processes = os.statvfs(filesystem.HOME), usage.others()
        left = self.limits["memory"] - (room.f_blocks - room.f_bfree) * room.f_frsize
        left -= self._socket * usage.sockets() + self._census.bytes(processes, self.limits["memory"])
        if usage.memory(processes, left) > left:
            return "memory"
        if self._cpu.seconds() > self.limits["cpu"]:
            return "cpu"
        return ""

    def _accept(self, listener: socket.socket, path: str) -> None:
        while True:
            outside, _ = listener.accept()
            inside = socket.socket(socket.AF_UNIX)
            try:
                inside.connect(path)
            except OSError:
                outside.close()
                continue
            _thread(self._carry, outside, inside, False)
            _thread(self._carry, inside, outside, True)

    def _carry(self, source: socket.socket, sink: socket.socket, counted: bool) -> None:
        frames = Frames()
        with suppress(OSError):
            while data := source.recv(1 << 18):
                if counted:
                    self._carried += len(data) + FRAME * frames.count(data)
                    if self._carried > self.limits["output"]:
                        self.why = "output"
                        return
                sink.sendall(data)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


def _thread(function, *arguments) -> None:
    threading.Thread(target=function, args=arguments, daemon=True).start()


def _reap(but: int) -> None:
    """Collect orphans that have ended. The end of the kernel itself is waited for elsewhere."""
    while True:
        try:
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return
        if ended is None or ended.si_pid == but:
            return
        os.waitpid(ended.si_pid, 0)
