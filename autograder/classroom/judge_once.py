"""Judges each execution once, with answers that are found out once: nbgrader's step after Execute, for a class."""

import json
from functools import cache
from hashlib import sha256
from pathlib import Path

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbformat.v4 import new_notebook
from traitlets import Integer, Unicode

import autograder.judging
from autograder.authoring.assignment import Assignment
from autograder.authoring.course import assignment_of
from autograder.classroom.answer_store import AnswerStore
from autograder.classroom.learned import learned, text_of, with_learned
from autograder.judging.judge import GiveVerdicts, Judge
from autograder.running.execute import Execute
from autograder.running.records import Records
from autograder.running.submission import source


class JudgeOnce(GiveVerdicts):
    """Gives the verdicts, and takes from the records those that were found by the same source and the same judge."""

    answers_file = Unicode(
        "answers.db", help="The file that keeps the judge's own answers, in the records' folder."
    ).tag(config=True)
    most_answers = Integer(
        256 * 1024**2,
        help="Bytes of the file that keeps what the reference solution answers, with and without mistakes.",
    ).tag(config=True)

    def judgement(self, notebook: NotebookNode, resources: ResourcesDict) -> dict:
        records, execution = Records(parent=self), resources["autograder"]["execution"]
        assignment = assignment_of(self, resources)
        judged_by = f"{source(assignment, self.settings)} {_judge()} {text_of(records, assignment.name)}"
        found = records.judgement(execution, judged_by)
        if found is None:
            found = super().judgement(notebook, resources)
            records.keep_judgement(execution, judged_by, found)
        return found

    def judge(self, assignment: Assignment, seed: str) -> Judge:
        """Return the judge of an assignment and seed, who knows what the class has taught, too."""
        text = text_of(Records(parent=self), assignment.name)
        if not text:
            return super().judge(assignment, seed)
        key = assignment, seed, text, *self.settings.values()
        if key not in _judges:
            known = learned(self, assignment, seed)
            whole = with_learned(assignment, known)
            _judges.clear()
            _judges[key] = Judge(whole, seed, **self.settings, kept=known, store=self.store(whole, seed))
        return _judges[key]

    def store(self, assignment: Assignment, seed: str) -> AnswerStore:
        depends_on = Execute(config=self.config).prepare(new_notebook(), assignment, seed).fingerprint().facts
        del depends_on["settings"]  # those of kernels
        of = json.dumps([source(assignment, {}), _judge(), depends_on], sort_keys=True)
        return self.store_of(sha256(of.encode()).hexdigest())

    def store_of(self, of: str) -> AnswerStore:
        """Return the store of the answers that depend on what has this hash."""
        return AnswerStore(Records(parent=self).place / self.answers_file, of, self.most_answers)


_judges: dict[tuple, Judge] = {}  # the last one


@cache
def _judge() -> str:
    """Return a hash of the code that judges."""
    folder = Path(autograder.judging.__file__).parent
    return sha256(b"".join(path.read_bytes() for path in sorted(folder.glob("*.py")))).hexdigest()[:16]
