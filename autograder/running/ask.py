"""Asks hidden questions in a student's kernel, after its last cell, by requests that are not cells of the notebook."""

import secrets
from pathlib import Path

from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook
from traitlets import Instance, Integer

from autograder import probe
from autograder.authoring.assignment import Assignment
from autograder.authoring.questions import Question
from autograder.running.answers import Reply, Silent, reply
from autograder.running.listen import CarefulListener
from autograder.running.origin import COMPARE


class OutOfTime(Exception):
    """A request was interrupted at its time limit, and the kernel is still alive."""


def ask(
    waiting: list[Question],
    assignment: Assignment,
    session: NotebookClient,
    seconds: int,
    lends: str,
    broken: list[str],
    replies: dict[str, Reply | Silent],
    told: list[str],
) -> None:
    """Ask these questions one after the other in the kernel of a session, in one request that is not a cell.

    An exercise that is broken costs its own points alone: in the questions to others, ready-made code takes its place.

    seconds  the time that they may take together
    lends    "module:function" of what returns an exercise's ready-made code, or None, in the kernel; "": there is none
    broken   exercises that have been found broken before
    replies  a dictionary into which each reply is put, by the case's name; a question may stay without a reply
    told     a list to which is added what the kernel says of where its exercises come from: see ``origin``

    Raises OutOfTime, or what nbclient raises when a kernel dies. Then some questions, or all, may be without a reply.
    """
    types = {question.case: f"{probe.ANSWER}.{secrets.token_hex(16)}" for question in waiting}
    of_origin = f"{probe.ANSWER}.{secrets.token_hex(16)}"
    request = new_notebook(cells=[new_code_cell(_request(waiting, types, of_origin, assignment, lends, broken))])
    ended = []
    client = Questioner(
        request,
        km=session.km,
        mime_types=frozenset([*types.values(), of_origin]),
        timeout=seconds,
        interrupt_on_timeout=True,
        error_on_timeout={"ename": "OutOfTime", "evalue": "", "traceback": []},
        raise_on_iopub_timeout=True,
        allow_errors=True,
        on_cell_executed=lambda execute_reply, **_: ended.append(execute_reply),
    )
    client.kc = session.kc
    try:
        client.execute_cell(request.cells[0], 0)
        if ended and ended[0]["content"].get("ename") == "OutOfTime":
            raise OutOfTime
    finally:
        came = [(kind, text) for output in request.cells[0].outputs for kind, text in output.get("data", {}).items()]
        for case, kind in types.items():
            texts = [text for other, text in came if other == kind]
            if texts:
                replies[case] = reply(texts)
        told += [text for kind, text in came if kind == of_origin]


class Questioner(CarefulListener, NotebookClient):
    """Executes a request, and keeps only the answers of what the kernel sends."""

    max_output = Integer(12 * probe.MAX_BYTES)
    max_output_in_all = Integer(12 * probe.MAX_BYTES)
    mime_types = Instance(frozenset)  # of what is told: code that does not know one cannot tell

    def _plain(self, kind, content):
        return super()._plain(kind, content) if kind in ("status", "display_data") else None


# Runs in a namespace of its own, so that a student's `json` or `torch` is not used, nor overwritten.
REQUEST = """\
import importlib, json, os, sys, types
from IPython import get_ipython
from IPython.display import display
kit = types.ModuleType("autograder.probe")
sys.modules["autograder"], sys.modules["autograder.probe"] = types.ModuleType("autograder"), kit
exec(compile({probe!r}, "<probe>", "exec"), kit.__dict__)
hidden = {{"__name__": "hidden"}}
exec(compile({hidden!r}, "<hidden>", "exec"), hidden)
names, (module, _, function) = get_ipython().user_ns, {lends!r}.partition(":")
given_out = set()

def lend(exercise):
    if exercise not in {lent!r}:
        return
    graded = os.environ.pop("NBGRADER_EXECUTION", "")  # while a notebook is graded, nothing is lent to its cells
    part = getattr(importlib.import_module(module), function)(exercise) if module else None
    names.update({{}} if part is None else {{exercise: part}})
    given_out.update(() if part is None else [exercise])
    os.environ["NBGRADER_EXECUTION"] = graded

{compare}
for exercise in {broken!r}:
    lend(exercise)
tell_what_is_from_elsewhere()
kit.reply(names, hidden, {questions!r}, lend)
tell_what_is_from_elsewhere()
"""


def _request(
    waiting: list[Question],
    types: dict[str, str],
    of_origin: str,
    assignment: Assignment,
    lends: str,
    broken: list[str],
) -> str:
    asked = {question.case for question in waiting}
    exercises = {question.exercise for question in waiting}
    whole = [name for name in exercises if asked.issuperset(case.name for case in assignment.cases_of(name))]
    text = REQUEST.format(
        probe=Path(probe.__file__).read_text(encoding="utf-8"),
        hidden=assignment.hidden_text,
        questions=[(question.case, question.seed, types[question.case]) for question in waiting],
        compare=COMPARE.format(exercises=sorted(assignment.source.exercises), kind=of_origin),
        lends=lends,
        broken=broken,
        lent=sorted({*whole, *broken}),  # of another exercise, a question may be asked again: of the student's own code
    )
    return f"__import__('builtins').exec({text!r}, {{'__name__': 'question'}})"
