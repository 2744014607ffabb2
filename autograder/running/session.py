"""Keeps the kernel of one notebook: starts it, starts another in its place, and ends it."""

import asyncio
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import run_sync
from nbclient import NotebookClient
from nbformat import NotebookNode
from nbgrader.utils import temp_attrs

from autograder.bounded import lift_limits
from autograder.running.kernel.forkserver import PATIENCE, NoKernel
from autograder.running.kernel.provisioner import ConfinedProvisioner
from autograder.running.listen import CarefulListener
from autograder.running.time_limits import TooBusy
from autograder.running.waiting_time import KernelTimes

CONFINED, NOT_CONFINED = "confined", "none"
# What is imported takes long on a busy machine. No cell and no question is to wait for it.
FOR_THE_PROBE = "safetensors.torch"  # which imports torch
IMPORT = """\
for module in {modules!r}:
    try:
        __import__(module)
    except ImportError:  # a cell that needs it says so
        pass
"""


class KernelSession(CarefulListener, NotebookClient):
    """Executes the cells of a notebook in a kernel.

    files             {name: text} of what lies in the kernel's working folder
    isolation         CONFINED or NOT_CONFINED
    first             code of ours that each kernel runs before its first cell
    on_cell_executed  nbclient's hook, which is called with a reply of known form
    options           nbclient's own
    """

    quits = False  # whether the last cell called quit(); its kernel ends a little later, while another cell runs

    def __init__(
        self,
        notebook: NotebookNode,
        files: dict[str, str],
        isolation: str,
        first: str,
        on_cell_executed: Callable,
        **options,
    ):
        super().__init__(notebook, on_cell_executed=self._cell_executed, **options)
        self._files, self._confined, self._hook = files, isolation == CONFINED, on_cell_executed
        self._first = first

    @contextmanager
    def kernel(self) -> Iterator[None]:
        """Have a kernel inside. Raises NoKernel if none can be started, and TooBusy if it does not get ready."""
        with tempfile.TemporaryDirectory(prefix="grade-", ignore_cleanup_errors=True) as folder:
            self._folder = Path(folder)
            try:
                self._start()
                language = self.wait_for_reply(self.kc.kernel_info())["content"]["language_info"]
                self.nb.metadata["language_info"] = language
                yield
            finally:
                if self.km is not None:
                    self._cleanup_kernel()

    def start_afresh(self) -> None:
        """End the kernel, alive or dead, and start another one."""
        try:
            _cancel_tasks()
            self._cleanup_kernel()
            self.reset_execution_trackers()
            self._start()
        except TooBusy:
            raise
        except Exception as error:
            raise NoKernel("no kernel could be started again") from error

    @property
    def provisioner(self) -> ConfinedProvisioner | None:
        """Return what knows of the kernel's limits and processor time, or None if the kernel is not confined."""
        return self.km.provisioner if self._confined and self.km else None

    @property
    def times(self) -> ConfinedProvisioner | KernelTimes:
        """Return what knows how long the kernel has worked, and waited for the machine."""
        return self.km.provisioner if self._confined else self._waiting

    def _start(self, again: bool = True) -> None:
        """Start a kernel in a new folder, with Unix sockets where an ordinary kernel opens ports.

        again  if it is killed before any of its code is run, as when its fork server is: start another one, once
        """
        place = Path(tempfile.mkdtemp(dir=self._folder))
        for name in ("scratch", "ipython"):
            (place / name).mkdir()
        for name, text in self._files.items():
            (place / "scratch" / name).write_text(text, encoding="utf-8")
        self.create_kernel_manager()
        self.km.transport, self.km.ip = "ipc", str(place / "k")
        # It reads nobody's start-up files, and does not write to our terminal. By NBGRADER_EXECUTION notebooks see
        # that they are graded.
        own = {"NBGRADER_EXECUTION": "autograde", "PYTHONNOUSERSITE": "1", "IPYTHONDIR": str(place / "ipython")}
        options = {"cwd": str(place / "scratch"), "env": {**os.environ, **own}}
        if not self._confined:
            options["preexec_fn"] = lift_limits
        self.start_new_kernel(**options, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        provisioner = self.provisioner
        if self._confined and not isinstance(provisioner, ConfinedProvisioner):  # whatever the settings say
            raise NoKernel(f"the kernel is not locked in: it was started by {type(provisioner).__name__}")
        try:
            self.start_new_kernel_client()
        except RuntimeError as error:  # it has ended, or says nothing
            if again and provisioner and provisioner.killed:
                self._start(again=False)
                return
            why = provisioner.broken.strip().split("\n")[-1] if provisioner else ""
            if "didn't respond" in str(error) and not why:  # jupyter_client's words: it lives, and says nothing
                raise TooBusy(f"no kernel was ready after {self.startup_timeout} seconds") from error
            raise NoKernel(f"{error}: {why}" if why else str(error)) from error
        modules = [FOR_THE_PROBE]
        if not self._confined:
            self._waiting = KernelTimes(getattr(self.km.provisioner, "pid", 0))
            modules += ConfinedProvisioner(config=self.config).preload  # confined kernels are forked with it
        self._prepare(IMPORT.format(modules=modules) + self._first)

    def _prepare(self, code: str) -> None:
        """Run code of ours in a namespace of its own, before the first cell and any clock."""
        request = self.kc.execute(f"__import__('builtins').exec({code!r}, {{}})", silent=True, store_history=False)
        with temp_attrs(self, timeout=PATIENCE, interrupt_on_timeout=True):
            if self.wait_for_reply(request) is None:
                raise TooBusy(f"the kernel was not ready after {PATIENCE} seconds")

    def create_kernel_manager(self) -> AsyncKernelManager:
        manager = super().create_kernel_manager()
        if self._confined:
            manager.kernel_spec.metadata["kernel_provisioner"] = {"provisioner_name": "confined"}
            manager.client_class = "autograder.running.kernel.client.PromptClient"
        return manager

    def _cell_executed(self, *, execute_reply: dict, **details) -> None:
        content = execute_reply["content"]
        execute_reply["content"] = self.plain_reply(content)  # nbclient reads it after us, too
        self._hook(execute_reply=execute_reply, **details)
        payload = content.get("payload") if isinstance(content, dict) else None
        parts = payload if isinstance(payload, list) else []
        self.quits = any(isinstance(part, dict) and part.get("source") == "ask_exit" for part in parts)


@run_sync
async def _cancel_tasks() -> None:
    """Cancel the tasks that nbclient leaves behind when an exception interrupts it, so that they do not run on."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
