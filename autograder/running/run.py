"""Runs one notebook in a kernel, and asks the hidden questions there after its last cell.

A cell that kills its kernel, or cannot be interrupted, is left out: a fresh kernel runs the other cells again. This
happens a limited number of times.
"""

import asyncio
import copy
import os
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import run_sync
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError
from nbformat import NotebookNode
from nbformat.v4 import new_output
from traitlets import Integer, List, Unicode

from autograder.authoring.assignment import Assignment
from autograder.authoring.questions import Question, questions
from autograder.running.answers import Silent
from autograder.running.ask import OutOfTime, ask
from autograder.running.fingerprint import Fingerprint, fingerprint
from autograder.running.kernel.forkserver import NoKernel
from autograder.running.kernel.provisioner import ConfinedProvisioner
from autograder.running.listen import CarefulListener
from autograder.running.records import Execution
from autograder.running.time_limits import TimeLimits

if TYPE_CHECKING:
    from autograder.running.execute import Execute

LIMITS_BROKEN = {
    "memory": ", for it used more memory than a notebook may",
    "cpu": ", for it used more processor time than a notebook may",
    "output": ", for it printed more than a notebook may",
}


class Run(CarefulListener, NotebookClient):
    """Runs one notebook in a kernel, and in another kernel if that one has died.

    step  the Execute step, whose settings are nbclient's; its own are in the section Run of the configuration
    """

    question_timeout = Integer(10, help="Seconds a hidden question may take.").tag(config=True)
    notebook_timeout = Integer(900, help="Seconds after which no more cells and questions are started.").tag(
        config=True
    )
    max_replays = Integer(3, help="How often a notebook is run again without a cell that ended its process.").tag(
        config=True
    )
    max_output = Integer(4_000_000, help="Characters of output that are kept of a cell.").tag(config=True)
    max_outputs = Integer(500, help="Outputs that are kept of a cell.").tag(config=True)
    libraries = List(
        Unicode(), ["torch", "safetensors"], help="With another version of these a notebook is run anew."
    ).tag(config=True)

    def __init__(self, notebook: NotebookNode, assignment: Assignment, seed: str, step: "Execute"):
        settings = {name: getattr(step, name) for name in NotebookClient.class_trait_names(config=True)}
        super().__init__(notebook, parent=step, **settings | {"on_cell_executed": self._cell_executed})
        self._step, self._assignment, self._seed = step, assignment, seed
        self._execution = Execution(notebook)
        self._deadly: set[int] = set()  # cells that ended the kernel, or could not be interrupted

    def fingerprint(self) -> Fingerprint:
        """Return what tells this run apart from others whose results may differ."""
        own = ("timeout", "iopub_timeout", "question_timeout", "notebook_timeout", "max_replays")
        settings = {name: getattr(self, name) for name in (*own, "max_output", "max_outputs")}
        kernel = ConfinedProvisioner(config=self.config)
        if self._step.sandbox:
            settings |= kernel.limits() | {"pictures": kernel.pictures, "imports_from": kernel.imports_from}
        settings["isolation"] = self._step.isolation
        return fingerprint(self.nb, self._assignment, self._seed, settings, kernel.shown, self.libraries)

    def whole(self) -> Execution:
        """Run all cells, ask all questions, end the kernel, and return what came of it. Call it once.

        Raises NoKernel, or another RuntimeError, if no kernel can be started.
        """
        self._time = TimeLimits(self.notebook_timeout, self.max_replays)
        with tempfile.TemporaryDirectory(prefix="grade-", ignore_cleanup_errors=True) as folder:
            self._folder = Path(folder)
            try:
                self._start_kernel()
                self.nb.metadata["language_info"] = self._language()
                for index in range(len(self.nb.cells)):
                    self._run_cell(index)
                # What runs from here on may have seen a question: none of its output is kept.
                self.nb = copy.deepcopy(self.nb)
                self._ask(questions(self._assignment, self._seed))
            finally:
                if self.km is not None:
                    self._cleanup_kernel()
        self._execution.repeatable &= not self._time.decided
        return self._execution

    def _start_kernel(self) -> None:
        """Start a kernel in a new folder, with Unix sockets where an ordinary kernel opens ports."""
        place = Path(tempfile.mkdtemp(dir=self._folder))
        for name in ("scratch", "ipython"):
            (place / name).mkdir()
        if self._assignment.parts:
            (place / "scratch" / "parts.py").write_text(self._assignment.parts, encoding="utf-8")
        self.create_kernel_manager()
        self.km.transport, self.km.ip = "ipc", str(place / "k")
        # It reads nobody's start-up files, and does not write to our terminal. By NBGRADER_EXECUTION notebooks see
        # that they are graded, and train for a few steps only.
        own = {"NBGRADER_EXECUTION": "autograde", "PYTHONNOUSERSITE": "1", "IPYTHONDIR": str(place / "ipython")}
        options = {"cwd": str(place / "scratch"), "env": {**os.environ, **own}}
        self.start_new_kernel(**options, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._time.attend(self.km.provisioner if self._step.sandbox else None)
        self.start_new_kernel_client()

    def create_kernel_manager(self) -> AsyncKernelManager:
        manager = super().create_kernel_manager()
        if self._step.sandbox:
            manager.kernel_spec.metadata["kernel_provisioner"] = {"provisioner_name": "confined"}
            manager.client_class = "autograder.running.kernel.client.PromptClient"
        return manager

    def _language(self) -> dict:
        return self.wait_for_reply(self.kc.kernel_info())["content"]["language_info"]

    def _run_cell(self, index: int) -> None:
        cell = self.nb.cells[index]
        if cell.cell_type != "code":
            return
        if why := self._time.given_up():
            cell.outputs = [_error(f"This cell was not run: {why}.")]
            return
        what, self._quits = "", False
        self._time.start()
        try:
            self.execute_cell(cell, index, store_history=True)
            what = "ended the notebook's process" if self._quits else ""
        except Exception as error:  # DeadKernelError, CellTimeoutError, or a message that nbclient stumbled over
            what = "could not be interrupted" if isinstance(error, CellTimeoutError) else "ended the notebook's process"
        if self._time.is_over(self.timeout) and self._time.gives_second_chance(index):
            self._fresh_kernel(index)
            self._run_cell(index)
            return
        if what:
            why = self._ended_for()
            self._deadly.add(index)
            self._execution.anomalies.append(f"cell {cell.get('id', index)!r} {what}{why}")
            cell.outputs = [
                _error(f"This cell {what}{why}. It was left out, and the others were run again without it.")
            ]
            self._replay(index)
        self._step.on_step()

    def _cell_executed(self, *, execute_reply: dict, **details) -> None:
        """Bring a cell's reply into a known form, and note, as nbclient's hook, whether the cell called quit(). Such a
        cell ends the kernel a little later, while another cell runs."""
        content = execute_reply["content"]
        execute_reply["content"] = self.plain_reply(content)  # nbclient reads it after us, too
        self._step.on_cell_executed(execute_reply=execute_reply, **details)
        payload = content.get("payload") if isinstance(content, dict) else None
        parts = payload if isinstance(payload, list) else []
        self._quits = any(isinstance(part, dict) and part.get("source") == "ask_exit" for part in parts)

    def _ask(self, waiting: list[Question]) -> None:
        """Ask all questions together. If that fails, ask one by one to find the question that fails, and then give up
        this one and all other questions to its exercise."""
        replies, alone = self._execution.replies, False
        while waiting:
            if why := self._time.given_up():
                replies.update({question.case: Silent(why) for question in waiting})
                return
            came, trouble, died = {}, "", False
            self._time.start()
            try:
                ask(waiting[:1] if alone else waiting, self._assignment, self, came)
            except OutOfTime:
                trouble = f"no answer within {self.question_timeout} seconds"
            except Exception:  # DeadKernelError, and others, as above
                trouble = f"the call ended the notebook's process{self._ended_for()}, or could not be interrupted"
                died = True
            replies.update(came)
            for _ in came:
                self._step.on_step()
            if alone and not trouble and not came:
                came[waiting[0].case] = replies[waiting[0].case] = Silent("no answer came back")
            waiting = [question for question in waiting if question.case not in came]
            if not waiting or alone and not trouble:
                continue
            if not alone or not died and self._time.gives_second_chance(waiting[0].case):
                alone = True
                if died:
                    self._fresh_kernel(len(self.nb.cells))
                continue
            if died:
                self._execution.anomalies.append(f"question {waiting[0].case!r}: {trouble}")
            alone, waiting = False, self._leave_out(waiting, trouble)
            if waiting:
                self._replay(len(self.nb.cells))

    def _leave_out(self, waiting: list[Question], trouble: str) -> list[Question]:
        """Give up the first question, which was not answered, and all others to its exercise. Return the rest."""
        replies, exercise = self._execution.replies, waiting[0].exercise
        reason = "not asked: another question to this exercise was not answered"
        replies.update({question.case: Silent(reason) for question in waiting if question.exercise == exercise})
        replies[waiting[0].case] = Silent(trouble)
        return [question for question in waiting if question.exercise != exercise]

    def _ended_for(self) -> str:
        """Return in words the limit for which the kernel was ended, or an empty string if there is none."""
        if not (self._step.sandbox and self.km):
            return ""
        if self.km.provisioner.killed:  # perhaps by the system, for want of memory: another time it may live
            self._execution.repeatable = False
        return LIMITS_BROKEN.get(self.km.provisioner.broken, "")

    def _replay(self, stop: int) -> None:
        """Run the cells before this one again in a fresh kernel, except those that ended one, if replays are left."""
        if self._time.spend_replay():
            self._fresh_kernel(stop)

    def _fresh_kernel(self, stop: int) -> None:
        try:
            _cancel_tasks()
            self._cleanup_kernel()
            self.reset_execution_trackers()
            self._start_kernel()
        except Exception as error:
            raise NoKernel("no kernel could be started again") from error
        for index in range(stop):
            if index not in self._deadly:
                self._run_cell(index)


@run_sync
async def _cancel_tasks() -> None:
    """Cancel the tasks that nbclient leaves behind when an exception interrupts it, so that they do not run on."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _error(message: str) -> NotebookNode:
    """Return an output that says what happened to a cell."""
    return new_output("error", ename="NotRun", evalue=message, traceback=[message])
