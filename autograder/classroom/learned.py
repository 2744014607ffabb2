"""Knows the mistakes that a class has taught the grader: whole solutions, as students wrote them.

They are text in a file beside the records, and no part of mistakes.py: what a student wrote is never run in a process
of ours. What such a mistake answers is asked in a kernel, as a submission is, and kept in the records. It counts as
soon as a person has read it, and has given it a name and a sentence.
"""

import ast
from dataclasses import replace
from pathlib import Path

from traitlets.config import Configurable

from autograder.authoring.assignment import Assignment
from autograder.authoring.mistakes import Mistake, named_mistakes
from autograder.authoring.release import release_notebook
from autograder.authoring.source import SourceError
from autograder.authoring.students import handed_in
from autograder.running.answers import Answer
from autograder.running.execute import Execute
from autograder.running.execution import Execution
from autograder.running.rebuild import rebuild
from autograder.running.records import Records

ENDING = ".learned.txt"
Learned = dict[Mistake, dict[str, Answer]]  # what each answers, by the case's name


def place(records: Records, assignment: str) -> Path:
    """Return the file of an assignment's learned mistakes."""
    return records.place / f"{assignment}{ENDING}"


def text_of(records: Records, assignment: str) -> str:
    """Return what is in that file, or "" if there is none."""
    path = place(records, assignment)
    return path.read_text(encoding="utf-8") if path.exists() else ""


def drafts(path: Path, text: str) -> list[Mistake]:
    """Return the mistakes in a text, with and without names. The text is read, and never run.

    Raises SourceError, which names the file and the line, if it holds anything but `Mistake(...)` with plain values.
    """
    found = []
    try:
        for node in ast.parse(text).body:
            call = node.value if isinstance(node, ast.Expr) else None
            if not isinstance(call, ast.Call) or ast.unparse(call.func) != "Mistake":
                raise SourceError(path, node.lineno, "there may be nothing in it but Mistake(...)")
            try:
                values = [ast.literal_eval(value) for value in call.args]
                found.append(Mistake(*values, **{word.arg: ast.literal_eval(word.value) for word in call.keywords}))
            except (ValueError, TypeError) as error:
                raise SourceError(path, node.lineno, f"this Mistake(...) cannot be read: {error}") from None
    except SyntaxError as error:
        raise SourceError(path, error.lineno or 1, f"it cannot be read: {error.msg}") from None
    return found


def named(path: Path, text: str, assignment: Assignment) -> list[Mistake]:
    """Return the mistakes in a text that count: a person has named them, and given them a sentence.

    Raises SourceError if one of them does not fit the assignment, or is called as one of the catalogue is.
    """
    ours = [draft for draft in drafts(path, text) if draft.name and draft.says]
    known = {mistake.name for mistake in assignment.mistakes}
    for mistake in ours:
        if mistake.name in known:
            raise SourceError(path, 1, f"a mistake in mistakes.py is called {mistake.name!r}, too")
        if not all(way.solution for way in mistake.ways):
            raise SourceError(path, 1, f"mistake {mistake.name!r} is no whole solution: it belongs into mistakes.py")
    return list(named_mistakes(path, assignment.source, {"MISTAKES": ours}))


def learned(step: Configurable, assignment: Assignment, seed: str) -> Learned:
    """Return the learned mistakes of an assignment that count, and what they answer to the questions of this seed.

    step  anything that has the course's settings
    """
    records = Records(parent=step)
    found = named(place(records, assignment.name), text_of(records, assignment.name), assignment)
    return {mistake: asked(step, assignment, seed, mistake).answers() for mistake in found}


def asked(step: Configurable, assignment: Assignment, seed: str, mistake: Mistake) -> Execution:
    """Return what came of running the notebook with this mistake in it, in a kernel. It is run once, and kept."""
    records = Records(parent=step)
    filled_in = handed_in(assignment, instead={mistake.exercise: mistake.solution})
    notebook, _ = rebuild(filled_in, release_notebook(assignment.source))
    run = Execute(config=step.config).prepare(notebook, assignment, seed)
    fingerprint = run.fingerprint()
    execution = records.execution(fingerprint)
    if execution is None:
        execution = run.whole()
        records.keep(fingerprint, execution)
    return execution


def with_learned(assignment: Assignment, known: Learned) -> Assignment:
    """Return an assignment whose catalogue has these mistakes, too."""
    return replace(assignment, mistakes=(*assignment.mistakes, *known))
