"""Judges each execution once: nbgrader's step after Execute, for a class."""

from functools import cache
from hashlib import sha256
from pathlib import Path

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode

import autograder.judging
from autograder.authoring.course import assignment_of
from autograder.judging.judge import GiveVerdicts
from autograder.running.records import Records
from autograder.running.submission import source


class JudgeOnce(GiveVerdicts):
    """Gives the verdicts, and takes from the records those that were found by the same source and the same judge."""

    def judgement(self, notebook: NotebookNode, resources: ResourcesDict) -> dict:
        records, execution = Records(parent=self), resources["autograder"]["execution"]
        judged_by = f"{source(assignment_of(self, resources), self.settings)} {_judge()}"
        found = records.judgement(execution, judged_by)
        if found is None:
            found = super().judgement(notebook, resources)
            records.keep_judgement(execution, judged_by, found)
        return found


@cache
def _judge() -> str:
    """Return a hash of the code that judges."""
    folder = Path(autograder.judging.__file__).parent
    return sha256(b"".join(path.read_bytes() for path in sorted(folder.glob("*.py")))).hexdigest()[:16]
