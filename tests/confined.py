"""A confined kernel for tests, to be spoken to in plain sentences."""

import ast
import asyncio
import os
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from jupyter_client.manager import AsyncKernelManager

from autograder.running.kernel import doctor, forkserver
from this_course import COURSE

MB = 1024**2
NEEDS_CONFINEMENT = pytest.mark.skipif(
    bool(doctor.missing()), reason=f"this machine cannot confine: {doctor.missing()}"
)


class Kernel:
    def __init__(self, folder: Path, **limits):
        self._loop = asyncio.new_event_loop()
        self.client = None
        self.folder = folder
        self.manager = AsyncKernelManager(transport="ipc", ip=str(folder / "k"))
        settings = COURSE.config.ConfinedProvisioner | limits
        self.manager.kernel_spec.metadata["kernel_provisioner"] = {"provisioner_name": "confined", "config": settings}
        self.manager.client_class = "autograder.running.kernel.client.PromptClient"
        (folder / "start").mkdir()
        (folder / "start" / "parts.py").write_text("GIVEN = 1\n")

    def _now(self, awaitable):
        return self._loop.run_until_complete(awaitable)

    def start(self) -> "Kernel":
        environment = {**os.environ, "SECRET": "of the grader", "NBGRADER_EXECUTION": "autograde"}
        options = {"cwd": str(self.folder / "start"), "extra_arguments": ["--HistoryManager.hist_file=:memory:"]}
        self._now(self.manager.start_kernel(env=environment, **options))
        self._connect()
        self.run("import os, time")
        return self

    def _connect(self):
        self.client = self.manager.client()
        self.client.start_channels()
        self._now(self.client.wait_for_ready(timeout=60))

    def run(self, code: str, timeout: float = 30) -> str:
        """What it prints, or the last line of its error."""
        said = []

        def hear(message):
            content = message["content"]
            said.append(
                content.get("text") or (f"{content['ename']}: {content['evalue']}" if "ename" in content else "")
            )

        run = self.client.execute_interactive(
            textwrap.dedent(code), timeout=timeout, output_hook=hear, allow_stdin=False
        )
        self._now(run)
        return "".join(said).strip()

    def value(self, expression: str):
        return ast.literal_eval(self.run(f"print(repr({expression}))"))

    def send(self, code: str) -> None:
        """Without waiting for an end."""
        self.client.execute(textwrap.dedent(code), stop_on_error=False)

    def interrupt(self):
        self._now(self.manager.interrupt_kernel())

    def restart(self):
        self.client.stop_channels()
        self._now(self.manager.restart_kernel(now=True))
        self._connect()

    def alive(self) -> bool:
        return self._now(self.manager.is_alive())

    def ended(self, seconds: float = 20) -> str:
        """Waits for its end. The limit that it was ended for."""
        end = time.monotonic() + seconds
        while self.alive():
            assert time.monotonic() < end, "it lives on"
            time.sleep(0.05)
        return self.manager.provisioner.broken

    @staticmethod
    def server() -> int:
        """The process that it was forked from."""
        return next(iter(forkserver._servers.values()))._process.pid

    def shut_down(self):
        if self.client:
            self.client.stop_channels()
            self._now(self.manager.shutdown_kernel(now=True))
        self._loop.close()


def kept_open(process: int) -> dict[int, tuple[str, str]]:
    """Where a process's descriptors lead, and what the system says of each: of those that it keeps. A server opens
    others for a moment, as when it looks through the groups of kernels that have ended."""
    looks = []
    for pause in (0.3, 0.3, 0.3, 0):
        looks.append(_opened(process))
        time.sleep(pause)
    return {number: found for number, found in looks[0].items() if all(look.get(number) == found for look in looks)}


def _opened(process: int) -> dict[int, tuple[str, str]]:
    found, place = {}, Path(f"/proc/{process}")
    for number in map(int, os.listdir(place / "fd")):
        with suppress(FileNotFoundError):
            found[number] = os.readlink(place / f"fd/{number}"), (place / f"fdinfo/{number}").read_text()
    return found


@contextmanager
def kernels(folder: Path) -> Iterator[Callable[..., Kernel]]:
    """Give a function that starts a kernel with these limits, and end all that it has started."""
    started = []

    def start(**limits) -> Kernel:
        place = folder / str(len(started))
        place.mkdir()
        started.append(Kernel(place, **limits))
        return started[-1].start()

    yield start
    for kernel in started:
        kernel.shut_down()
