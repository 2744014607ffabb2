"""Does work in a child process with limits, so that a file which is a bomb costs only itself.

Whatever reads, renders or judges what a student has handed in goes through a ``Worker``.

>>> worker = Worker()
>>> worker.do(len, "text")
4
"""

import multiprocessing
import pickle
import resource
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from multiprocessing import forkserver, resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import Any

from traitlets import Float, Integer, List, Unicode
from traitlets.config import Config, Configurable

GRACE = 10  # seconds that a process may take to end


class Exceeded(Exception):
    """The work broke a limit, or ended its process. The message says which limit."""


class Ended(Exceeded):
    """The process has ended in the middle of the work, and not for one of its limits: another time it may not."""


class Worker(Configurable):
    """A process that does one piece of work after the other.

    It is started by the first piece of work, or by ``start``, and again after a piece has broken a limit. Several
    threads may share a worker: their work is done one after the other.
    """

    seconds = Integer(300, help="Seconds of processor time that one piece of work may take.").tag(config=True)
    memory = Integer(4 * 1024**3, help="Bytes of memory that the process may use.").tag(config=True)
    result = Integer(200 * 1024**2, help="Bytes that a piece of work may return.").tag(config=True)
    patience = Float(
        3 * 3600, help="Seconds after which work is broken off even if it only waits, as it does for a kernel."
    ).tag(config=True)
    preload = List(
        Unicode(),
        help="Modules that are imported once for all workers. Without, each worker imports what it needs for itself.",
    ).tag(config=True)

    def __init__(self, **options: Any):
        super().__init__(**options)
        self._lock = threading.Lock()
        self._process: multiprocessing.Process | None = None
        self._connection: Connection
        self._folder: tempfile.TemporaryDirectory
        self._first: tuple[Callable, tuple] = (bool, ())

    def start(self, first: Callable, *arguments: Any) -> None:
        """Start the process if it does not run, and do not wait for it.

        first  is called in each new process before all else, for example to import what takes long
        """
        with self._lock:
            self._first = (first, arguments)
            self._start()

    def do(self, function: Callable, *arguments: Any, seconds: int | None = None) -> Any:
        """Call a function in the process, and return what it returns.

        function   must be importable, and it, its arguments and its result must be picklable
        seconds    of processor time that it may take (default: this worker's)

        Raises what the function raises, and Exceeded if it breaks a limit.
        """
        with self._lock:
            self._start()
            try:
                raised, result = self._answer((function, arguments, seconds or self.seconds))
            except BaseException:  # Exceeded, or Ctrl-C
                self._stop()
                raise
            if isinstance(result, Exceeded) or self._is_swollen():
                self._stop()
        if raised:
            raise result
        return result

    def stop(self) -> None:
        """End the process. The next piece of work starts another one."""
        with self._lock:
            self._stop()

    def _is_swollen(self) -> bool:
        """Return whether the process keeps so much of what is done that the next piece of work might lack it."""
        with suppress(OSError):  # there is no /proc on other systems
            pages = int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[5])
            return pages * resource.getpagesize() > self.memory / 2
        return False

    def break_off(self) -> None:
        """End the process now, also while another thread waits for its work: there ``do`` raises Ended."""
        if process := self._process:
            process.kill()

    def _answer(self, work: tuple[Callable, tuple, int]) -> tuple[bool, Any]:
        with suppress(BrokenPipeError):  # it has ended: then there is no answer, either
            self._connection.send_bytes(pickle.dumps(work))
        if not self._connection.poll(self.patience):
            raise Exceeded(f"it took more than {self.patience:g} seconds")
        try:
            return pickle.loads(self._connection.recv_bytes(self.result))
        except (EOFError, ConnectionResetError):
            self._process.join(GRACE)
            raise _ended(self._process.exitcode, work[-1]) from None
        except OSError:
            raise Exceeded(f"its result has more than {self.result:,} bytes") from None

    def _start(self) -> None:
        if self._process and self._process.is_alive():
            return
        self._stop()
        new = _context(self.preload)
        self._connection, theirs = new.Pipe()
        self._folder = tempfile.TemporaryDirectory(prefix="worker-", ignore_cleanup_errors=True)
        limits = {resource.RLIMIT_DATA: self.memory, resource.RLIMIT_CORE: 0}
        process = new.Process(target=_serve, args=(theirs, limits, self._folder.name, self._first), daemon=True)
        with _ctrl_c_waits() if new.get_start_method() == "spawn" else nullcontext():
            process.start()
        self._process = process
        theirs.close()

    def _stop(self) -> None:
        if self._process:
            self._connection.close()
            self._process.kill()
            self._process.join(GRACE)
            self._folder.cleanup()
            self._process = None


def _context(preload: Sequence[str]) -> BaseContext:
    """Return how processes are started. None is forked from this one: that would copy threads' locks."""
    if preload and sys.platform == "linux":  # elsewhere, not every library can be used in a process that was forked
        multiprocessing.set_forkserver_preload([*preload])
        with _ctrl_c_waits():
            forkserver.ensure_running()
        return multiprocessing.get_context("forkserver")
    return multiprocessing.get_context("spawn")


@contextmanager
def _ctrl_c_waits() -> Iterator[None]:
    """Let a process that is started inside not see Ctrl-C: in the middle of an import it would end with a traceback."""
    resource_tracker.ensure_running()  # multiprocessing starts it before all others, and then unblocks the signal
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def lift_limits() -> None:
    """Take back a worker's limits, in a program that it has started: this one has limits of its own, or needs none."""
    for kind in (resource.RLIMIT_DATA, resource.RLIMIT_CPU):
        highest = resource.getrlimit(kind)[1]
        resource.setrlimit(kind, (highest, highest))


_shared: dict[str, Worker] = {}


def shared(config: Config) -> Worker:
    """Return the worker of this process that has the limits in this configuration: one for all who ask."""
    worker = Worker(config=config)
    limits = repr([getattr(worker, name) for name in sorted(worker.trait_names(config=True))])
    return _shared.setdefault(limits, worker)


def _ended(status: int | None, seconds: int) -> Exceeded:
    """Return the exception that says why a process has ended which had so many seconds of processor time."""
    if status == -signal.SIGXCPU:
        return Exceeded(f"it took more than {seconds} seconds of processor time")
    return Ended(f"its process has ended ({signal.Signals(-status).name if status and status < 0 else status})")


def _serve(connection: Connection, limits: dict[int, int], folder: str, first: tuple[Callable, tuple]) -> None:
    """Do what is asked for until the other end is closed. This runs in the process of the worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then ends us
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})  # so that programs that are started here have it
    tempfile.tempdir = folder  # which is removed however this process ends
    for kind, most in limits.items():
        _limit(kind, most)
    function, arguments = first
    function(*arguments)
    with suppress(EOFError, OSError):
        while True:
            function, arguments, seconds = pickle.loads(connection.recv_bytes())
            _limit(resource.RLIMIT_CPU, int(time.process_time()) + 1 + seconds)
            connection.send_bytes(_called(function, arguments))


def _limit(kind: int, most: int) -> None:
    """Set a limit that a program which is started from here may lift again."""
    highest = resource.getrlimit(kind)[1]
    resource.setrlimit(kind, (most if highest == resource.RLIM_INFINITY else min(most, highest), highest))


def _called(function: Callable, arguments: tuple) -> bytes:
    """Call a function. Return, as a pickle, whether it has raised an exception, and its result or the exception."""
    try:
        return pickle.dumps((False, function(*arguments)))
    except MemoryError:
        return pickle.dumps((True, Exceeded("it needs more memory than it may use")))
    except Exception as error:
        with suppress(Exception):
            text = pickle.dumps((True, error))
            pickle.loads(text)  # some can be written, and not read
            return text
        return pickle.dumps((True, RuntimeError(f"{type(error).__name__}: {error}"[:1000])))
