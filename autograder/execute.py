"""Runs a rebuilt notebook in a kernel, and asks the hidden questions there after its last cell.

A cell that kills its kernel, or cannot be interrupted, costs itself: a fresh kernel runs the others again without
it, a bounded number of times.
"""

import asyncio
import copy
import os
import secrets
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import nbgrader.preprocessors
from jupyter_core.utils import ensure_event_loop
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook, new_output
from traitlets import Callable, Integer, Unicode

from autograder import probe
from autograder.answers import Answer, Silent, decode
from autograder.assignment import Assignment, load
from autograder.listen import CarefulListener
from autograder.seed import class_seed


@dataclass(frozen=True)
class Question:
    case: str
    exercise: str
    seed: str


def questions(assignment: Assignment, seed: str) -> list[Question]:
    """The questions of an assignment. Each draws its inputs from its own seed, which tells nothing of the others."""

    def derived(case: str) -> str:
        return sha256(f"{seed}/{assignment.name}/{case}".encode()).hexdigest()

    return [Question(case.name, case.exercise, derived(case.name)) for case in assignment.cases]


class Execute(CarefulListener, nbgrader.preprocessors.Execute):
    """The execute step of nbgrader's autograde. Leaves the seed and the answers in ``resources["autograder"]``."""

    records = Unicode(help="Folder of the class's records: the secret seeds stand there.").tag(config=True)
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
        self._assignment = assignment
        self._questions = questions(assignment, seed)
        self._answers: dict[str, Answer] = {}
        self._deadly: set[int] = set()  # cells that ended the kernel
        self._replays_left = self.max_replays
        self._deadline = time.monotonic() + self.notebook_timeout
        before = resources.get("metadata", {})
        with tempfile.TemporaryDirectory(prefix="grade-", ignore_cleanup_errors=True) as folder:
            self._folder = Path(folder)
            resources["metadata"] = dict(before)
            notebook, resources = super().preprocess(notebook, resources)
        resources["metadata"] = before
        resources["autograder"] = {"seed": seed, "answers": self._answers}
        return notebook, resources

    def create_kernel_manager(self):
        """A kernel in a new folder, with sockets where an ordinary one opens ports."""
        manager = super().create_kernel_manager()
        self._place = Path(tempfile.mkdtemp(dir=self._folder))
        for name in ("scratch", "ipython"):
            (self._place / name).mkdir()
        if self._assignment.parts:
            (self._place / "scratch" / "parts.py").write_text(self._assignment.parts, encoding="utf-8")
        self.resources["metadata"]["path"] = str(self._place / "scratch")
        manager.transport, manager.ip = "ipc", str(self._place / "k")
        return manager

    @contextmanager
    def setup_kernel(self, **options):
        self.km = self.create_kernel_manager()
        with super().setup_kernel(**self._start_options(), **options):
            yield
            # What runs from here on may have seen a question: none of its output is kept.
            graded, self.nb = self.nb, copy.deepcopy(self.nb)
            try:
                for question in self._questions:
                    self._answers[question.case] = self._ask(question)
                    self.on_step()
            finally:
                self.nb = graded

    def preprocess_cell(self, cell: NotebookNode, resources: ResourcesDict, index: int):
        if cell.cell_type != "code":
            return cell, resources
        if self._given_up():
            cell.outputs = [_error(f"This cell was not run: {self._given_up()}.")]
            return cell, resources
        try:
            super().preprocess_cell(cell, resources, index)
        except Exception as error:  # DeadKernelError, CellTimeoutError, or a message that nbclient stumbled over
            what = "could not be interrupted" if isinstance(error, CellTimeoutError) else "ended the notebook's process"
            self._deadly.add(index)
            cell.outputs = [_error(f"This cell {what}. It was left out, and the others were run again without it.")]
            self._replay(index)
        self.on_step()
        return cell, resources

    def _ask(self, question: Question) -> Answer:
        spoilt = [self._answers.get(other.case) for other in self._questions if other.exercise == question.exercise]
        if self._given_up():
            return Silent(self._given_up())
        if any(isinstance(answer, TooLong) for answer in spoilt):
            return Silent("not asked: another question to this exercise was not answered in time")
        try:
            return ask(question, self._assignment, self)
        except OutOfTime:
            return TooLong(f"no answer within {self.question_timeout} seconds")
        except Exception:  # as above
            self._replay(len(self.nb.cells))
            return TooLong("the call ended the notebook's process, or could not be interrupted")

    def _given_up(self) -> str:
        """Why nothing more is run; an empty string while something is."""
        if self._replays_left < 0:
            return "the notebook's process had ended too often"
        return "the notebook took too long" if time.monotonic() > self._deadline else ""

    def _replay(self, stop: int) -> None:
        """A fresh kernel, in which the cells before this one have been run, but for the deadly."""
        self._replays_left -= 1
        if self._replays_left < 0:
            return
        try:
            _cancel_tasks()
            self._cleanup_kernel()
            self.reset_execution_trackers()
            self.km = self.create_kernel_manager()
            self.start_new_kernel(**self._start_options())
            self.start_new_kernel_client()
        except Exception:
            self.log.exception("No kernel could be started again")
            self._replays_left = -1
        for index, cell in enumerate(self.nb.cells[:stop]):
            if index not in self._deadly:
                self.preprocess_cell(cell, self.resources, index)

    def _start_options(self) -> dict:
        """How a kernel is started: it does not write to our terminal, and reads nobody's start-up files.

        By NBGRADER_EXECUTION notebooks see that they are graded, and train for a few steps only.
        """
        own = {"NBGRADER_EXECUTION": "autograde", "PYTHONNOUSERSITE": "1", "IPYTHONDIR": str(self._place / "ipython")}
        return {"env": {**os.environ, **own}, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def _cancel_tasks() -> None:
    """nbclient leaves tasks behind where it is interrupted by an exception; they must not run on."""
    loop = ensure_event_loop()
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))


@dataclass(frozen=True)
class TooLong(Silent):
    """The call did not come back; the other questions to its exercise are not asked."""


class OutOfTime(Exception):
    """A question was interrupted at its time limit, and the kernel lives on."""


def ask(question: Question, assignment: Assignment, host: Execute) -> Answer:
    """Ask one question in the kernel of ``host``, in a request that is no cell, and read the one answer to it."""
    replies = []
    nonce = secrets.token_hex(16)
    request = new_notebook(cells=[new_code_cell(_request(question, assignment, nonce))])
    client = Questioner(
        request,
        km=host.km,
        timeout=host.question_timeout,
        interrupt_on_timeout=True,
        error_on_timeout={"ename": "OutOfTime", "evalue": "", "traceback": []},
        raise_on_iopub_timeout=True,
        allow_errors=True,
        on_cell_executed=lambda execute_reply, **_: replies.append(execute_reply),
    )
    client.kc = host.kc
    cell = client.execute_cell(request.cells[0], 0)
    if replies and replies[0]["content"].get("ename") == "OutOfTime":
        raise OutOfTime
    texts = [output.data[probe.ANSWER] for output in cell.outputs if "data" in output]
    if len(texts) != 1:
        return Silent("no answer came back" if not texts else "more than one answer came back")
    return decode(texts[0], nonce)


class Questioner(CarefulListener, NotebookClient):
    """Hears nothing but answers."""

    max_output = Integer(3 * probe.MAX_BYTES)
    shown = frozenset({probe.ANSWER})

    def _plain(self, kind, content):
        return super()._plain(kind, content) if kind in ("status", "display_data") else None


# Runs in a namespace of its own, so that a student's `json` or `torch` is not used, nor overwritten.
REQUEST = """\
import sys, types
from IPython import get_ipython
kit = types.ModuleType("autograder.probe")
sys.modules["autograder"], sys.modules["autograder.probe"] = types.ModuleType("autograder"), kit
exec(compile({probe!r}, "<probe>", "exec"), kit.__dict__)
hidden = {{"__name__": "hidden"}}
exec(compile({hidden!r}, "<hidden>", "exec"), hidden)
kit.reply(get_ipython().user_ns, hidden[{case!r}], {seed!r}, {nonce!r})
"""


def _request(question: Question, assignment: Assignment, nonce: str) -> str:
    text = REQUEST.format(
        probe=Path(probe.__file__).read_text(encoding="utf-8"),
        hidden=assignment.hidden_text,
        case=question.case,
        seed=question.seed,
        nonce=nonce,
    )
    return f"__import__('builtins').exec({text!r}, {{'__name__': 'question'}})"


def _error(message: str) -> NotebookNode:
    """A cell's output that says what happened to it."""
    return new_output("error", ename="NotRun", evalue=message, traceback=[message])
