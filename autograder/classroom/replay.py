"""Runs a grade again, from the records: is the verdict the same?"""

from dataclasses import dataclass
from pathlib import Path

from traitlets.config import Config

from autograder.assignment import load
from autograder.build import release_notebook
from autograder.execute import Execute
from autograder.fingerprint import fingerprint
from autograder.judge import judge_of
from autograder.rebuild import rebuild
from autograder.records import Line, Records


@dataclass
class Replay:
    line: Line  # as it was graded
    verdicts: list[dict]  # as it is graded now
    changed: list[str]  # what else it depends on, and is not what it was

    @property
    def same(self) -> bool:
        return self.line.verdicts == self.verdicts


def replay(settings: Config, student: str, assignment: str) -> Replay:
    """Raises LookupError if there is no grade to repeat."""
    loaded = load(assignment)
    execute = Execute(config=settings)
    records = Records(Path(execute.records))
    line = records.last(student, assignment)
    if line is None:
        raise LookupError(f"There is no grade of {student} in {assignment}: the records do not know it.")
    found = records.of(line)
    if found is None:
        raise LookupError(f"The last grading of {student} in {assignment} ran nothing: {line.reason or line.status}.")
    execution, facts = found
    notebook, _ = rebuild(execution.notebook, release_notebook(loaded.source))
    run = fingerprint(notebook, loaded, facts["seed"], execute.settings())
    execute.records, execute.seed = "", facts["seed"]
    notebook, resources = execute.preprocess(notebook, {"nbgrader": {"assignment": assignment}})
    asked = resources["autograder"]
    verdicts = judge_of(loaded, asked["seed"]).verdicts(asked["answers"], notebook)
    changed = [name for name in facts if facts[name] != run.facts[name]]
    return Replay(line, [verdict.as_dict() for verdict in verdicts], changed)


def as_text(again: Replay) -> str:
    lines = [f"{again.line.student}, {again.line.assignment}, graded {again.line.made[:19].replace('T', ' ')} UTC"]
    for before, now in zip(again.line.verdicts, again.verdicts, strict=False):
        word = "same" if before == now else "DIFFERENT"
        lines.append(f"  {word:9}  {before['exercise']}: {before['score']:g} then, {now['score']:g} now")
    if again.changed:
        lines.append(f"Since then there have been changes to: {', '.join(again.changed)}.")
    return "\n".join([*lines, "The verdict is the same." if again.same else "The verdict is not the same."])
