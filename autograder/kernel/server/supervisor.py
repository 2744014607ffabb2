"""The first process of a kernel's PID namespace: when it ends, for whatever reason, everything in there ends.

It carries bytes between the grader and the kernel, whose sockets nobody outside can reach, counts them, and looks
how much memory and time the kernel and its children use. The kernel cannot signal it, nor look into it.
"""

import json
import os
import select
import signal
import socket
import threading
from contextlib import suppress
from pathlib import Path

import root

LOOK_EVERY = 0.1  # seconds
TICKS = os.sysconf("SC_CLK_TCK")


class Supervisor:
    """Of one kernel.

    grader     the connection on which the grader asks, and hears how the kernel ended; its end is the kernel's
    listeners  where the grader connects to the kernel's sockets, in their order
    limits     memory and scratch (bytes in all), cpu (seconds), output (bytes)
    """

    def __init__(self, kernel: int, grader: socket.socket, listeners: list[socket.socket], limits: dict[str, int]):
        self.kernel, self.grader, self.listeners, self.limits = kernel, grader, listeners, limits
        self.why = ""  # the limit that was broken
        self._carried = 0
        self._shared = _memory(os.getpid())  # what each process has from the fork server, and shares with it

    def watch(self, ready: int, path: str) -> None:
        """Until the kernel ends, the grader goes away, or a limit is broken. Does not return.

        ready  a pipe on which the kernel says that its sockets are there: path-1, path-2, ...
        """
        kernel = os.pidfd_open(self.kernel)
        poll = select.poll()
        for descriptor in (kernel, self.grader.fileno(), ready):
            poll.register(descriptor, select.POLLIN)
        while True:
            events = {descriptor for descriptor, _ in poll.poll(1000 * LOOK_EVERY)}
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
            self._tell({"cpu": sum(map(_cpu, _others()))})

    def _end(self, status: int) -> None:
        self._tell({"ended": status, "why": self.why})
        os._exit(0)

    def _tell(self, message: dict) -> None:
        try:
            self.grader.send(json.dumps(message).encode())
        except OSError:
            os._exit(0)

    def _broken(self) -> str:
        """The limit that the kernel and its children have broken together; an empty string if there is none."""
        others = _others()
        room = os.statvfs(root.HOME)
        written = (room.f_blocks - room.f_bfree) * room.f_frsize
        used = sum(max(0, _memory(process) - self._shared) for process in others) + written
        if used > self.limits["memory"]:
            return "memory"
        if sum(map(_cpu, others)) > self.limits["cpu"]:
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
        with suppress(OSError):
            while data := source.recv(1 << 18):
                if counted:
                    self._carried += len(data)
                    if self._carried > self.limits["output"]:
                        self.why = "output"
                        return
                sink.sendall(data)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


def _thread(function, *arguments) -> None:
    threading.Thread(target=function, args=arguments, daemon=True).start()


def _others() -> list[int]:
    """Every process here but this one. Orphans are among them: they are children of the first process."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()]


def _memory(process: int) -> int:
    """Bytes that no file stands for. 0 for a process that has just ended."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0
    return 1024 * sum(int(line.split()[1]) for line in lines if line.startswith(("RssAnon:", "RssShmem:", "VmSwap:")))


def _cpu(process: int) -> float:
    """Seconds of this process, and of its children that have ended."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / TICKS


def _reap(but: int) -> None:
    """Orphans that have ended. The kernel's own end is waited for elsewhere."""
    while True:
        try:
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return
        if ended is None or ended.si_pid == but:
            return
        os.waitpid(ended.si_pid, 0)
