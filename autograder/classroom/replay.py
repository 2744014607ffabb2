"""Runs a grade again, from the records: is the verdict the same?"""

from dataclasses import dataclass

from autograder.authoring.course import Course
from autograder.authoring.release import release_notebook
from autograder.judging.judge import judge_of
from autograder.running.execute import Execute
from autograder.running.rebuild import rebuild
from autograder.running.records import Grading, Records


@dataclass
class Replay:
    """A grade that was run again."""

    grading: Grading  # as it was graded
    verdicts: list[dict]  # as it is graded now
    changed: list[str]  # what else it depends on, and is not what it was

    @property
    def same(self) -> bool:
        return self.grading.verdicts == self.verdicts


def replay(course: Course, student: str, assignment: str) -> Replay:
    """Run a student's last grade again, with the seed that it had. Raises LookupError if there is none to repeat."""
    loaded = course.assignment(assignment)
    execute, records = Execute(config=course.config), Records(config=course.config)
    grading = records.last(student, assignment)
    if grading is None:
        raise LookupError(f"There is no grade of {student} in {assignment}: the records do not know it.")
    found = records.execution_of(grading)
    if found is None:
        why = grading.reason or grading.status
        raise LookupError(f"The last grading of {student} in {assignment} ran nothing: {why}.")
    before, facts = found
    seed = facts["seed"]
    notebook, _ = rebuild(before.notebook, release_notebook(loaded.source))
    now = execute.fingerprint(notebook, loaded, seed).facts
    execution = execute.run(notebook, loaded, seed)
    verdicts = judge_of(loaded, seed).verdicts(execution.answers(), execution.notebook)
    changed = [name for name in facts if facts[name] != now.get(name)]
    return Replay(grading, [verdict.as_dict() for verdict in verdicts], changed)


def as_text(again: Replay) -> str:
    before = again.grading
    lines = [f"{before.student}, {before.assignment}, graded {before.made[:19].replace('T', ' ')} UTC"]
    for then, now in zip(before.verdicts, again.verdicts, strict=False):
        word = "same" if then == now else "DIFFERENT"
        lines.append(f"  {word:9}  {then['exercise']}: {then['score']:g} then, {now['score']:g} now")
    if again.changed:
        lines.append(f"Since then there have been changes to: {', '.join(again.changed)}.")
    return "\n".join([*lines, "The verdict is the same." if again.same else "The verdict is not the same."])
