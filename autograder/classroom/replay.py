"""Runs a grade again from the records, and finds out whether the verdict is the same."""

from dataclasses import dataclass

from nbformat import NotebookNode
from traitlets.config import Config

from autograder.authoring.course import Course
from autograder.authoring.release import release_notebook
from autograder.classroom.in_worker import portable, worker
from autograder.classroom.judge_once import JudgeOnce
from autograder.errors import NotFound
from autograder.running.execute import Execute
from autograder.running.rebuild import rebuild
from autograder.running.records import Grading, Records


@dataclass
class Replay:
    """Holds a grade and the result of running it again."""

    grading: Grading  # the grade in the records
    verdicts: list[dict]  # the verdicts of today
    changed: list[str]  # the names of other things that the result depends on and that have changed since

    @property
    def same(self) -> bool:
        """Return whether the verdicts of today are equal to those in the records."""
        return self.grading.verdicts == self.verdicts


def replay(course: Course, student: str, assignment: str) -> Replay:
    """Run a student's last grade again, with the seed that it had and the questions of today. Nothing is stored.

    Raises NotFound if there is no grade in the records, or if the last grading ran nothing.
    """
    course.assignment(assignment)  # raises NotFound if there is none
    records = Records(config=course.config)
    grading = records.last(student, assignment)
    if grading is None:
        raise NotFound(f"There is no grade of {student} in {assignment}: the records do not know it.")
    found = records.execution_of(grading)
    if found is None:
        why = grading.reason or grading.status
        raise NotFound(f"The last grading of {student} in {assignment} ran nothing: {why}.")
    before, facts = found
    now, verdicts = worker(course.config).do(
        _again, before.notebook, assignment, facts["seed"], portable(course.config)
    )
    changed = [name for name in facts if facts[name] != now.get(name)]
    return Replay(grading, verdicts, changed)


def _again(notebook: NotebookNode, name: str, seed: str, config: Config) -> tuple[dict, list[dict]]:
    """Run and judge a notebook, and return the facts that it depends on, and the verdicts. This runs in a worker."""
    assignment = Course(config=config).assignment(name)
    rebuilt, _ = rebuild(notebook, release_notebook(assignment.source))
    rebuilt.metadata.autograder = notebook.metadata.autograder  # what the submission lacked, this notebook has again
    run = Execute(config=config).prepare(rebuilt, assignment, seed)
    facts, execution = run.fingerprint().facts, run.whole()
    verdicts = JudgeOnce(config=config).judge(assignment, seed).verdicts(execution.answers(), execution.notebook)
    return facts, [verdict.as_dict() for verdict in verdicts]


def as_text(again: Replay) -> str:
    """Return a text for the terminal: each score then and now, what changed, and whether the verdict is the same."""
    before = again.grading
    lines = [f"{before.student}, {before.assignment}, graded {before.made[:19].replace('T', ' ')} UTC"]
    for then, now in zip(before.verdicts, again.verdicts, strict=False):
        word = "same" if then == now else "DIFFERENT"
        lines.append(f"  {word:9}  {then['exercise']}: {then['score']:g} then, {now['score']:g} now")
    if again.changed:
        lines.append(f"Since then there have been changes to: {', '.join(again.changed)}.")
    return "\n".join([*lines, "The verdict is the same." if again.same else "The verdict is not the same."])
