"""Runs one notebook in a kernel, and asks the hidden questions there after its last cell.

A cell that kills its kernel, or cannot be interrupted, is left out: a fresh kernel runs the other cells again. This
happens a limited number of times. Cells that are there for a reader alone are not run at all.
"""

import copy
from collections.abc import Callable
from contextlib import suppress

from nbclient.exceptions import CellTimeoutError
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_output
from traitlets import Bool, Integer, List, Unicode
from traitlets.config import Configurable

from autograder.authoring.assignment import Assignment
from autograder.authoring.questions import Question, questions
from autograder.authoring.readers import given_cells, left_out
from autograder.running.answers import NO_ANSWER, NOT_THEIR_OWN, Reply, Silent, broken
from autograder.running.ask import OutOfTime, ask
from autograder.running.execution import Execution
from autograder.running.fingerprint import Fingerprint, fingerprint
from autograder.running.kernel.provisioner import LIMITS, ConfinedProvisioner
from autograder.running.origin import from_elsewhere, note
from autograder.running.session import CONFINED, KernelSession
from autograder.running.time_limits import TimeLimits, TooBusy

FOR_READERS = "This cell is for readers: it and its like are not run when a notebook is graded.\n"
LIMITS_BROKEN = {
    "memory": ", for it used more memory than a notebook may",
    "cpu": ", for it used more processor time than a notebook may",
    "output": ", for it printed more than a notebook may",
}
# Takes the place of an exercise that did not come to an end.
NO_MORE = """\
def {name}(*_, **__):
    raise TimeoutError("{name} did not come to an end, and is not called again")
"""


class Run(Configurable):
    """Runs one notebook, once.

    isolation  CONFINED or NOT_CONFINED
    on_step    called after every code cell and every question, to show progress
    client     the settings of nbclient
    """

    question_timeout = Integer(10, help="Seconds a hidden question may take.").tag(config=True)
    notebook_timeout = Integer(900, help="Seconds after which no more cells and questions are started.").tag(
        config=True
    )
    max_fresh_kernels = Integer(3, help="How often a notebook is run again without what ended its process.").tag(
        config=True
    )
    reader_cells = Bool(False, help="Whether the cells that are there for a reader alone are run, too.").tag(
        config=True
    )
    lends = Unicode(
        "",
        help="module:function of what returns an exercise's ready-made code, or None. In the kernel it takes the place "
        "of an exercise that raises an error in most questions, in the questions to others.",
    ).tag(config=True)
    libraries = List(
        Unicode(), ["torch", "safetensors"], help="With another version of these a notebook is run anew."
    ).tag(config=True)

    def __init__(
        self,
        notebook: NotebookNode,
        assignment: Assignment,
        seed: str,
        isolation: str,
        parent: Configurable,
        on_step: Callable[[], None] = lambda: None,
        **client,
    ):
        super().__init__(parent=parent)
        self._assignment, self._seed, self._isolation, self._on_step = assignment, seed, isolation, on_step
        files = {"parts.py": assignment.parts} if assignment.parts else {}
        own: dict[str, list[str]] = {}  # the texts of exercises' cells, and whose they are
        names = [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in notebook.cells]
        self._parts = notebook.metadata.get("autograder", {}).get("parts", {})  # a student may have split a cell
        for cell, name in zip(notebook.cells, names, strict=True):
            if (name := self._parts.get(cell.get("id"), name)) in assignment.source.exercises:
                own.setdefault(cell.source, []).append(name)
        self._session = KernelSession(notebook, files, isolation, note(own), parent=parent, **client)
        self._execution = Execution(notebook)
        texts = [cell.source if cell.cell_type == "code" else None for cell in notebook.cells]
        self._out = set() if self.reader_cells else left_out(texts, assignment.source)
        given = given_cells(assignment.source)
        self._given = {index for index, name in enumerate(names) if name in given}
        self._deadly: set[int] = set()  # cells that ended the kernel, or could not be interrupted
        self._hung: set[int] = set()  # checks that did not come to an end
        self._told: list[str] = []  # what kernels said of where exercises come from
        self._fresh_kernels_left = self.max_fresh_kernels

    def fingerprint(self) -> Fingerprint:
        """Return what tells this run apart from others whose results may differ."""
        kernel = ConfinedProvisioner(parent=self.parent)
        limits = [
            (self, ("question_timeout", "notebook_timeout", "max_fresh_kernels", "lends")),
            (self._session, ("timeout", "iopub_timeout", "max_output", "max_output_in_all", "max_outputs")),
        ]
        if self._isolation == CONFINED:
            limits.append((kernel, (*LIMITS, "pictures", "environment", "imports_from")))
        settings = {name: getattr(owner, name) for owner, names in limits for name in names}
        settings["isolation"] = self._isolation
        settings |= {"parts": dict(self._parts)} if self._parts else {}
        # A cell that is not run counts by its place: outputs are put back into the cells in their order.
        cells = enumerate(self._execution.notebook.cells)
        code = [None if index in self._out else cell.source for index, cell in cells if cell.cell_type == "code"]
        return fingerprint(code, self._assignment, self._seed, settings, kernel.sources(), self.libraries)

    def whole(self) -> Execution:
        """Run all cells, ask all questions, end the kernel, and return what came of it. Call it once.

        Raises NoKernel if no kernel can be started, and TooBusy if what is no student's did not come to its end.
        """
        self._time = TimeLimits(self.notebook_timeout)
        with self._session.kernel():
            self._time.watch(self._session.times)
            for index in sorted(self._out)[:1]:
                self._session.nb.cells[index].outputs = [new_output("stream", name="stdout", text=FOR_READERS)]
            for index in range(len(self._session.nb.cells)):
                self._run_cell(index)
            # What runs from here on may have seen a question: none of its output is kept.
            self._session.nb = copy.deepcopy(self._session.nb)
            self._ask(questions(self._assignment, self._seed))
        self._look_at_origins()
        self._execution.repeatable &= not self._time.decided
        return self._execution

    def _run_cell(self, index: int) -> None:
        cell = self._session.nb.cells[index]
        if cell.cell_type != "code":
            return
        if index in self._out:
            self._on_step()
            return
        if why := self._given_up():
            cell.outputs = [_error(f"This cell was not run: {why}.")]
            return
        what, self._session.quits = "", False
        self._time.start()
        try:
            self._session.execute_cell(cell, index, store_history=True)
            what = "ended the notebook's process" if self._session.quits else ""
        except Exception as error:  # DeadKernelError, CellTimeoutError, or a message that nbclient stumbled over
            what = "could not be interrupted" if isinstance(error, CellTimeoutError) else "ended the notebook's process"
        if self._time.is_over(self._session.timeout):
            if self._time.try_again(index):
                self._fresh_kernel(index)
                self._run_cell(index)
                return
            if index in self._given:
                raise TooBusy(f"given code did not come to its end in {self._session.timeout} seconds")
            if not what:
                self._call_no_more(index)
        if what:
            why = self._ended_for()
            self._deadly.add(index)
            self._execution.anomalies.append(f"cell {cell.get('id', index)!r} {what}{why}")
            cell.outputs = [
                _error(f"This cell {what}{why}. It was left out, and the others were run again without it.")
            ]
            self._start_over(index)
        self._on_step()

    def _call_no_more(self, index: int) -> None:
        """Let an exercise whose check did not come to an end raise an error from here on, where it would hang again."""
        cells = self._session.nb.cells
        check = cells[index]
        name = check.metadata.get("nbgrader", {}).get("grade_id", "")
        for exercise in self._assignment.source.exercises:
            if name == f"check_{exercise}":
                self._hung.add(index)
                with suppress(Exception):  # as above: then the next cell finds that there is no kernel
                    self._session.execute_cell(new_code_cell(NO_MORE.format(name=exercise)), index, store_history=False)
                cells[index] = check  # nbclient has put the other in its place

    def _ask(self, waiting: list[Question]) -> None:
        """Ask all questions together. If that fails, ask one by one to find the question that fails, and then give up
        this one and all other questions to its exercise."""
        replies, alone = self._execution.replies, False
        while waiting:
            if why := self._given_up():
                replies.update({question.case: Silent(why) for question in waiting})
                return
            came, trouble, over, died = {}, "", False, False
            self._time.start()
            try:
                some, seconds = waiting[:1] if alone else waiting, self.question_timeout
                broken_before = broken(self._assignment.cases, replies)
                ask(some, self._assignment, self._session, seconds, self.lends, broken_before, came, self._told)
            except OutOfTime:
                trouble, over = f"no answer within {self.question_timeout} seconds", True
            except Exception as error:  # DeadKernelError, and others, as above
                trouble = f"the call ended the notebook's process{self._ended_for()}, or could not be interrupted"
                died, over = True, isinstance(error, CellTimeoutError)
            replies.update(came)
            for _ in came:
                self._on_step()
            if alone and not trouble and not came:
                came[waiting[0].case] = replies[waiting[0].case] = NO_ANSWER
            waiting = [question for question in waiting if question.case not in came]
            if not waiting or alone and not trouble:
                continue
            if not alone or over and self._time.try_again(waiting[0].case):
                alone = True
                self._fresh_kernel(len(self._session.nb.cells))  # in this one, ready-made code may have been lent
                continue
            if died:
                self._execution.anomalies.append(f"question {waiting[0].case!r}: {trouble}")
            alone, waiting = False, self._leave_out(waiting, trouble)
            if waiting:
                self._start_over(len(self._session.nb.cells))

    def _look_at_origins(self) -> None:
        """Note which exercises are judged that their own cells have not made."""
        if not any(isinstance(reply, Reply) for reply in self._execution.replies.values()):
            return  # nothing is judged
        hung = {self._session.nb.cells[index].metadata.nbgrader.grade_id.removeprefix("check_") for index in self._hung}
        exercises = [name for name in self._assignment.source.exercises if name not in hung]  # we have replaced those
        if found := from_elsewhere(self._told, exercises):
            names = ", ".join(sorted(found, key=exercises.index))
            self._execution.anomalies.append(f"{names}: what is judged was not made in its own cell, {NOT_THEIR_OWN}")

    def _leave_out(self, waiting: list[Question], trouble: str) -> list[Question]:
        """Give up the first question, which was not answered, and all others to its exercise. Return the rest."""
        replies, exercise = self._execution.replies, waiting[0].exercise
        reason = "not asked: another question to this exercise was not answered"
        replies.update({question.case: Silent(reason) for question in waiting if question.exercise == exercise})
        replies[waiting[0].case] = Silent(trouble)
        return [question for question in waiting if question.exercise != exercise]

    def _given_up(self) -> str:
        """Return why nothing more is run, or an empty string if more may be run."""
        if self._fresh_kernels_left < 0:
            return "the notebook's process had ended too often"
        return "the notebook took too long" if self._time.deadline_has_passed() else ""

    def _ended_for(self) -> str:
        """Return in words the limit for which the kernel was ended, or an empty string if there is none."""
        provisioner = self._session.provisioner
        if provisioner is None:
            return ""
        if provisioner.killed:  # perhaps by the system, for want of memory: another time it may live
            self._execution.repeatable = False
        return LIMITS_BROKEN.get(provisioner.broken, "")

    def _start_over(self, stop: int) -> None:
        """Start a fresh kernel, as below, if one more is allowed."""
        self._fresh_kernels_left -= 1
        if self._fresh_kernels_left >= 0:
            self._fresh_kernel(stop)

    def _fresh_kernel(self, stop: int) -> None:
        """Run the cells before this one again in a fresh kernel, except those that ended one."""
        self._session.start_afresh()
        self._time.watch(self._session.times)
        for index in range(stop):
            if index in self._hung:
                self._call_no_more(index)
            elif index not in self._deadly:
                self._run_cell(index)


def _error(message: str) -> NotebookNode:
    """Return an output that says what happened to a cell."""
    return new_output("error", ename="NotRun", evalue=message, traceback=[message])
