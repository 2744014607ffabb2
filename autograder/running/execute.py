"""Runs a rebuilt notebook in a kernel, and asks the hidden questions there after its last cell.

A cell that kills its kernel, or cannot be interrupted, costs itself: a fresh kernel runs the others again without
it, a bounded number of times. What came of it depends on nothing but what was run, and is kept: the same is not run
twice.
"""

import asyncio
import copy
import math
import os
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import nbgrader.preprocessors
from jupyter_core.utils import run_sync
from nbclient.exceptions import CellTimeoutError
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbformat.v4 import new_output
from traitlets import Bool, Callable, Integer, Unicode

from autograder.answers import Silent
from autograder.ask import OutOfTime, Question, ask, questions
from autograder.assignment import Assignment, load
from autograder.fingerprint import fingerprint
from autograder.kernel.forkserver import NoKernel
from autograder.kernel.provisioner import ConfinedProvisioner
from autograder.listen import CarefulListener
from autograder.records import Execution, Records
from autograder.seed import class_seed

MAX_REPLY = 100_000  # characters
LONG = 1.0  # seconds
BUSY = 0.5  # code that used this share of its time has worked, and did not wait
LIMITS_BROKEN = {
    "memory": ", for it used more memory than a notebook may",
    "cpu": ", for it used more processor time than a notebook may",
    "output": ", for it printed more than a notebook may",
}


class Execute(CarefulListener, nbgrader.preprocessors.Execute):
    """The execute step of nbgrader's autograde. Leaves seed, answers and more in ``resources["autograder"]``."""

    sandbox = Bool(True, help="Confine the kernel. Without, a student's code can read and forge grades.").tag(
        config=True
    )
    records = Unicode(help="Folder of the class's records. Nothing is kept if it is empty.").tag(config=True)
    seed = Unicode(help="Draw hidden inputs from this seed, instead of the class's secret one.").tag(config=True)
    question_timeout = Integer(10, help="Seconds a hidden question may take.").tag(config=True)
    notebook_timeout = Integer(900, help="Seconds after which no more cells and questions are started.").tag(
        config=True
    )
    max_replays = Integer(
        3, help="How often a notebook whose kernel died is run again, without the cell that did it."
    ).tag(config=True)
    on_step = Callable(lambda: None, help="Called after every code cell and every question, to show progress.")

    def preprocess(self, notebook: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        assignment = load(resources["nbgrader"]["assignment"])
        seed = self.seed or class_seed(Path(self.records), assignment.name)
        run = fingerprint(notebook, assignment, seed, self.settings())
        records = Records(Path(self.records)) if self.records else None
        execution = records.execution(run) if records else None
        if execution is None:
            execution = self._execute(notebook, resources, assignment, seed)
            if records:
                records.keep(run, execution)
        notebook = execution.into(notebook)
        resources["autograder"] = {
            "seed": seed,
            "answers": execution.answers(),
            "execution": execution.id,
            "isolation": self.isolation,
            "records": self.records,
        }
        notebook.metadata.autograder.isolation = self.isolation
        notebook.metadata.autograder.anomalies += execution.anomalies
        return notebook, resources

    @property
    def isolation(self) -> str:
        return "confined" if self.sandbox else "none"

    def warm_up(self) -> None:
        """Have what kernels need imported meanwhile."""
        if self.sandbox:
            ConfinedProvisioner(config=self.config).warm_up()

    def settings(self) -> dict:
        """What a result may depend on: limits, and what isolates."""
        own = ("timeout", "iopub_timeout", "question_timeout", "notebook_timeout", "max_replays", "max_output")
        kernel = ConfinedProvisioner(config=self.config)
        confined = kernel.limits() | {"pictures": kernel.pictures} if self.sandbox else {}
        return {name: getattr(self, name) for name in own} | confined | {"isolation": self.isolation}

    def _execute(
        self, notebook: NotebookNode, resources: ResourcesDict, assignment: Assignment, seed: str
    ) -> Execution:
        self._assignment = assignment
        self._questions = questions(assignment, seed)
        self._execution = Execution(notebook)
        self._deadly: set[int] = set()  # cells that ended the kernel
        self._second_chances: set[object] = set()  # cells and questions that ran out of time, and were tried again
        self._replays_left = self.max_replays
        self._deadline = time.monotonic() + self.notebook_timeout
        before = resources.get("metadata", {})
        with tempfile.TemporaryDirectory(prefix="grade-", ignore_cleanup_errors=True) as folder:
            self._folder = Path(folder)
            resources["metadata"] = dict(before)
            notebook, resources = super().preprocess(notebook, resources)
        resources["metadata"] = before
        self._execution.notebook = notebook
        return self._execution

    def create_kernel_manager(self):
        """A kernel in a new folder, with sockets where an ordinary one opens ports."""
        manager = super().create_kernel_manager()
        if self.sandbox:
            manager.kernel_spec.metadata["kernel_provisioner"] = {"provisioner_name": "confined"}
            manager.client_class = "autograder.kernel.client.PromptClient"
        self._place = Path(tempfile.mkdtemp(dir=self._folder))
        for name in ("scratch", "ipython"):
            (self._place / name).mkdir()
        if self._assignment.parts:
            (self._place / "scratch" / "parts.py").write_text(self._assignment.parts, encoding="utf-8")
        self.resources["metadata"]["path"] = str(self._place / "scratch")
        manager.transport, manager.ip = "ipc", str(self._place / "k")
        return manager

    def start_new_kernel(self, **options) -> None:
        super().start_new_kernel(**options)
        self._clock = Clock(self.km.provisioner if self.sandbox else None)

    @contextmanager
    def setup_kernel(self, **options):
        self.km = self.create_kernel_manager()
        with super().setup_kernel(**self._start_options(), **options):
            yield
            # What runs from here on may have seen a question: none of its output is kept.
            graded, self.nb = self.nb, copy.deepcopy(self.nb)
            try:
                self._ask(self._questions)
            finally:
                self.nb = graded

    def preprocess_cell(self, cell: NotebookNode, resources: ResourcesDict, index: int):
        if cell.cell_type != "code":
            return cell, resources
        if self._given_up():
            cell.outputs = [_error(f"This cell was not run: {self._given_up()}.")]
            return cell, resources
        what, self._quits = "", False
        self._clock.start()
        try:
            super().preprocess_cell(cell, resources, index)
            what = "ended the notebook's process" if self._quits else ""
        except Exception as error:  # DeadKernelError, CellTimeoutError, or a message that nbclient stumbled over
            what = "could not be interrupted" if isinstance(error, CellTimeoutError) else "ended the notebook's process"
        if self._took_too_long(self.timeout) and self._waited(index):
            self._fresh_kernel(index)
            return self.preprocess_cell(cell, resources, index)
        if what:
            why = self._ended_for()
            self._deadly.add(index)
            self._execution.anomalies.append(f"cell {cell.get('id', index)!r} {what}{why}")
            cell.outputs = [
                _error(f"This cell {what}{why}. It was left out, and the others were run again without it.")
            ]
            self._replay(index)
        self.on_step()
        return cell, resources

    def on_cell_executed(self, *, execute_reply: dict, **details):
        """nbclient's hook. A cell that calls quit() ends the kernel a little later, in the middle of another: it says
        so here."""
        content = execute_reply["content"]
        execute_reply["content"] = self._reply(content)  # nbclient reads it after us, too
        super().on_cell_executed(execute_reply=execute_reply, **details)
        payload = content.get("payload") if isinstance(content, dict) else None
        parts = payload if isinstance(payload, list) else []
        self._quits = any(isinstance(part, dict) and part.get("source") == "ask_exit" for part in parts)

    def _reply(self, content: dict) -> dict:
        """How a cell ended. This comes from the kernel as well, and may be anything."""
        try:
            if content["status"] != "error":
                return {"status": "ok"}
            told = self._plain("error", content)
            if self._size(told) <= MAX_REPLY:
                return {"status": "error"} | told
        except Exception:
            self.log.warning("Left out an odd reply of the kernel")
        return {"status": "error", "ename": "Unreadable", "evalue": "", "traceback": ["The reply could not be read."]}

    def _ask(self, waiting: list[Question]) -> None:
        """Ask all, together. Where that goes wrong, ask one by one until it is known which question it was: that one
        ends the questions to its exercise."""
        replies, alone = self._execution.replies, False
        while waiting:
            if self._given_up():
                replies.update({question.case: Silent(self._given_up()) for question in waiting})
                return
            came, trouble, died = {}, "", False
            self._clock.start()
            try:
                ask(waiting[:1] if alone else waiting, self._assignment, self, came)
            except OutOfTime:
                trouble = f"no answer within {self.question_timeout} seconds"
            except Exception:  # DeadKernelError, and others, as above
                trouble = f"the call ended the notebook's process{self._ended_for()}, or could not be interrupted"
                died = True
            replies.update(came)
            for _ in came:
                self.on_step()
            if alone and not trouble and not came:
                came[waiting[0].case] = replies[waiting[0].case] = Silent("no answer came back")
            waiting = [question for question in waiting if question.case not in came]
            if not waiting or alone and not trouble:
                continue
            if not alone or not died and self._waited(waiting[0].case):
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
        """The first of these was not answered; no other to its exercise is asked. Returns those that still are."""
        replies, exercise = self._execution.replies, waiting[0].exercise
        reason = "not asked: another question to this exercise was not answered"
        replies.update({question.case: Silent(reason) for question in waiting if question.exercise == exercise})
        replies[waiting[0].case] = Silent(trouble)
        return [question for question in waiting if question.exercise != exercise]

    def _given_up(self) -> str:
        """Why nothing more is run; an empty string while something is."""
        if self._replays_left < 0:
            return "the notebook's process had ended too often"
        if time.monotonic() <= self._deadline:
            return ""
        self._execution.repeatable = False
        return "the notebook took too long"

    def _took_too_long(self, limit: float) -> bool:
        took = self._clock.seconds()
        if LONG < took < limit:
            self._clock.worked()
        return took >= limit

    def _waited(self, what: object) -> bool:
        """Time ran out. Did the code wait, perhaps for a busy machine? Then it gets a second chance, once."""
        self._execution.repeatable = False
        again = what not in self._second_chances and self._clock.worked() < BUSY * self._clock.seconds()
        self._second_chances.add(what)
        return again

    def _ended_for(self) -> str:
        """The limit that the kernel was ended for, in words; an empty string if there is none."""
        if not (self.sandbox and self.km):
            return ""
        if self.km.provisioner.killed:  # perhaps by the system, for want of memory: another time it may live
            self._execution.repeatable = False
        return LIMITS_BROKEN.get(self.km.provisioner.broken, "")

    def _replay(self, stop: int) -> None:
        """A fresh kernel, in which the cells before this one have been run, but for the deadly; not too often."""
        self._replays_left -= 1
        if self._replays_left >= 0:
            self._fresh_kernel(stop)

    def _fresh_kernel(self, stop: int) -> None:
        try:
            _cancel_tasks()
            self._cleanup_kernel()
            self.reset_execution_trackers()
            self.km = self.create_kernel_manager()
            self.start_new_kernel(**self._start_options())
            self.start_new_kernel_client()
        except Exception as error:
            raise NoKernel("no kernel could be started again") from error
        for index, cell in enumerate(self.nb.cells[:stop]):
            if index not in self._deadly:
                self.preprocess_cell(cell, self.resources, index)

    def _start_options(self) -> dict:
        """How a kernel is started: it does not write to our terminal, and reads nobody's start-up files.

        By NBGRADER_EXECUTION notebooks see that they are graded, and train for a few steps only.
        """
        own = {"NBGRADER_EXECUTION": "autograde", "PYTHONNOUSERSITE": "1", "IPYTHONDIR": str(self._place / "ipython")}
        return {"env": {**os.environ, **own}, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


class Clock:
    """Seconds that a cell or a question has taken, and how much of it its kernel has worked."""

    def __init__(self, provisioner: ConfinedProvisioner | None):
        self._provisioner = provisioner
        self._used = 0.0  # processor time of the kernel, when it was last asked for

    def start(self) -> None:
        self._began = time.monotonic()

    def seconds(self) -> float:
        return time.monotonic() - self._began

    def worked(self) -> float:
        """Seconds of processor time since this was last asked; infinite if nobody counts them. It is asked for after
        whatever took long, so that only short cells add to one that comes after them."""
        used = run_sync(self._provisioner.cpu_seconds)() if self._provisioner else math.inf
        used, self._used = used - self._used, used
        return used


@run_sync
async def _cancel_tasks() -> None:
    """nbclient leaves tasks behind where it is interrupted by an exception; they must not run on."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _error(message: str) -> NotebookNode:
    """A cell's output that says what happened to it."""
    return new_output("error", ename="NotRun", evalue=message, traceback=[message])
