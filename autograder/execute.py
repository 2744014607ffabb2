"""Runs a rebuilt notebook in a kernel, and asks the hidden questions there after its last cell.

A cell that kills its kernel, or cannot be interrupted, costs itself: a fresh kernel runs the others again without
it, a bounded number of times.
"""

import os
import secrets
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import nbgrader.preprocessors
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook, new_output
from traitlets import Callable, Integer, Unicode

from autograder import probe
from autograder.answers import Answer, Silent, decode
from autograder.assignment import Assignment, load
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


class Execute(nbgrader.preprocessors.Execute):
    """The execute step of nbgrader's autograde. Leaves the seed and the answers in ``resources["autograder"]``."""

    records = Unicode(help="Folder of the class's records: the secret seeds stand there.").tag(config=True)
    seed = Unicode(help="Draw hidden inputs from this seed, instead of the class's secret one.").tag(config=True)
    question_timeout = Integer(10, help="Seconds a hidden question may take.").tag(config=True)
    on_step = Callable(lambda: None, help="Called after every code cell and every question, to show progress.")
    max_replays = Integer(
        3, help="How often a notebook whose kernel died is run again, without the cell that did it."
    ).tag(config=True)

    def preprocess(self, notebook: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        assignment = load(resources["nbgrader"]["assignment"])
        seed = self.seed or class_seed(Path(self.records), assignment.name)
        self._assignment, self._seed = assignment, seed
        self._answers: dict[str, Answer] = {}
        self._deadly: dict[int, NotebookNode] = {}  # cells that ended the kernel, and how that is shown
        self._replays_left = self.max_replays
        before = resources.get("metadata", {})
        with tempfile.TemporaryDirectory(prefix="grade-") as folder:
            self._sockets = Path(folder) / "sockets"
            scratch = Path(folder) / "scratch"
            self._sockets.mkdir()
            scratch.mkdir()
            if assignment.parts:
                (scratch / "parts.py").write_text(assignment.parts, encoding="utf-8")
            resources["metadata"] = {**before, "path": str(scratch)}
            notebook, resources = super().preprocess(notebook, resources)
        resources["metadata"] = before
        resources["autograder"] = {"seed": seed, "answers": self._answers}
        return notebook, resources

    def create_kernel_manager(self):
        """A kernel that listens on sockets in a folder of ours, where an ordinary one opens ports."""
        manager = super().create_kernel_manager()
        manager.transport, manager.ip = "ipc", str(self._sockets / secrets.token_hex(4))
        return manager

    @contextmanager
    def setup_kernel(self, **options):
        with super().setup_kernel(env=_environment(), **options):
            yield
            self._ask(questions(self._assignment, self._seed))

    def preprocess_cell(self, cell: NotebookNode, resources: ResourcesDict, index: int):
        if self._replays_left < 0:
            cell.outputs = [_error("This cell was not run: the notebook's process had ended too often.")]
            return cell, resources
        try:
            cell, resources = super().preprocess_cell(cell, resources, index)
            if cell.cell_type == "code":
                self.on_step()
            return cell, resources
        except (DeadKernelError, CellTimeoutError) as error:
            what = "ended the notebook's process" if isinstance(error, DeadKernelError) else "could not be interrupted"
            self._deadly[index] = _error(
                f"This cell {what}. It was left out, and the others were run again without it."
            )
            cell.outputs = [self._deadly[index]]
            self._replay(index)
            return cell, resources

    def _replay(self, stop: int) -> None:
        """A fresh kernel, in which the cells before this one have been run, but for the deadly."""
        self._replays_left -= 1
        if self._replays_left < 0:
            return
        self._cleanup_kernel()
        self.km = self.create_kernel_manager()
        self.start_new_kernel(env=_environment())
        self.start_new_kernel_client()
        for index, cell in enumerate(self.nb.cells[:stop]):
            if cell.cell_type == "code" and index not in self._deadly:
                self.preprocess_cell(cell, self.resources, index)

    def _ask(self, asked: list[Question]) -> None:
        slow: set[str] = set()  # exercises one of whose questions ran out of time: the others are not waited for
        for question in asked:
            if self._replays_left < 0:
                answer = Silent("the notebook's process had ended too often")
            elif question.exercise in slow:
                answer = Silent("not asked: another question to this exercise ran out of time")
            else:
                try:
                    answer = ask(question, self._assignment, self)
                except OutOfTime:
                    answer = Silent(f"no answer within {self.question_timeout} seconds")
                    slow.add(question.exercise)
                except (DeadKernelError, CellTimeoutError):
                    answer = Silent("the call ended the notebook's process, or could not be interrupted")
                    slow.add(question.exercise)
                    self._replay(len(self.nb.cells))
            self._answers[question.case] = answer
            self.on_step()


def _environment() -> dict[str, str]:
    """Of a kernel. Notebooks see by it that they are graded, and train for a few steps only."""
    return {**os.environ, "NBGRADER_EXECUTION": "autograde"}


class OutOfTime(Exception):
    """A question was interrupted at its time limit, and the kernel lives on."""


def ask(question: Question, assignment: Assignment, host: Execute) -> Answer:
    """Ask one question in the kernel of ``host``, in a request that is no cell, and read the one answer to it."""
    replies = []
    nonce = secrets.token_hex(16)
    request = new_notebook(cells=[new_code_cell(_request(question, assignment, nonce))])
    client = NotebookClient(
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
    if replies[0]["content"].get("ename") == "OutOfTime":
        raise OutOfTime
    texts = [output.data[probe.ANSWER] for output in cell.outputs if probe.ANSWER in output.get("data", {})]
    if len(texts) != 1:
        return Silent("no answer came back" if not texts else "more than one answer came back")
    return decode(texts[0], nonce)


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
