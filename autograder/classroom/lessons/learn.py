"""Finds answers that several students share and no mistake explains, and writes drafts of new mistakes.

A class has one seed. So those who make the same mistake give the same answers, however they wrote it.
"""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from nbformat import NotebookNode
from traitlets.config import Config

from autograder.authoring.assignment import Assignment, Case
from autograder.authoring.course import Course
from autograder.authoring.mistakes import Mistake
from autograder.bounded import Exceeded
from autograder.classroom.admission import refusal
from autograder.classroom.in_worker import portable, worker
from autograder.classroom.learned import asked, drafts, place, text_of
from autograder.classroom.privacy import write_for_owner
from autograder.errors import UserError
from autograder.judging.difference import difference
from autograder.judging.expected import Expected
from autograder.judging.report import printable
from autograder.running.answers import NO_ANSWER, Answer, Silent
from autograder.running.execute import Execute
from autograder.running.execution import Execution
from autograder.running.kernel import doctor
from autograder.running.records import UNGRADED, Grading, Records

MOST = 20  # groups that are shown
HEAD = """\
# Drafts of mistakes, in the words of students. This file is read, and never run.
# A draft counts as soon as you have read it, and have given it a name and a sentence. Delete what is no mistake.
# After that: python -m autograder regrade {}
"""


@dataclass(eq=False)  # tensors are not equal or unequal
class Group:
    """Holds students whose wrong answers to an exercise are the same, and have no name."""

    exercise: str
    cases: tuple[Case, ...]  # those that have no name
    answers: tuple[Answer, ...]
    students: list[str]
    solutions: set[str]  # what they wrote, without comments and docstrings

    @property
    def solution(self) -> str:
        """Return the shortest that one of them wrote."""
        return min(self.solutions, key=lambda text: (len(text), text))


@dataclass(frozen=True)
class Shown:
    """Holds what an instructor sees of a group."""

    exercise: str
    titles: list[str]  # of the cases
    students: list[str]
    ways: int  # so many wrote it differently
    solution: str
    same: bool  # whether this solution alone answers so, beside the reference solution of all other exercises


def learn(course: Course, name: str, least: int = 2) -> tuple[list[Shown], int]:
    """Return the groups of at least so many students, the largest first, and how many are left alone with an answer.

    What a draft answers is asked in a kernel. Raises UserError if code cannot be locked in here.
    """
    course.assignment(name)  # raises NotFound if there is none
    execute = Execute(config=course.config)
    if execute.sandbox and (why := doctor.missing()):
        raise UserError(refusal(why))
    try:
        return worker(course.config).do(_learn, name, least, portable(course.config))
    except Exceeded as error:
        raise UserError(f"To compare the answers takes more than is allowed: {error}") from None


def write_drafts(course: Course, name: str, groups: Iterable[Shown]) -> int:
    """Add a draft for each group to the file of the assignment's learned mistakes. Return how many are new."""
    records = Records(config=course.config)
    path, before = place(records, name), text_of(records, name)
    known = {(draft.exercise, draft.solution.strip("\n")) for draft in drafts(path, before)}
    new = [group for group in groups if (group.exercise, group.solution) not in known]
    if new:
        write_for_owner(path, "\n".join([before or HEAD.format(name), *map(_draft, new)]))
    return len(new)


def as_text(groups: list[Shown], alone: int) -> str:
    """Return the groups as a text for the terminal. It names nobody."""
    lines = []
    for group in groups:
        wrote = f"written in {group.ways} ways" if group.ways > 1 else "all wrote the same"
        lines.append(f"{group.exercise}: {len(group.students)} students with the same answers, {wrote}")
        lines += [f"  ✗ {printable(title)}" for title in group.titles]
        lines += [f"    {printable(line)}" for line in group.solution.split("\n")]
        lines += [] if group.same else ["  (this cell alone does not answer so)"]
        lines.append("")
    return "\n".join([*lines, f"{len(groups)} groups. {alone} students have other wrong answers without a name."])


def _draft(group: Shown) -> str:
    said = f"# {len(group.students)} students, who fail: {'; '.join(map(printable, group.titles))}\n"
    if not group.same:
        said += "# In this cell alone it does not answer so: they wrote something else besides.\n"
    return (
        f'{said}Mistake(\n    "",\n    {group.exercise!r},\n    says="",\n    solution={_literal(group.solution)},\n)\n'
    )


def _literal(text: str) -> str:
    """Return a text as a literal of Python that shows it as it is, and what cannot be seen as escape sequences."""
    text = text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    seen = "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text)
    return f'"""\\\n{seen}\n"""'


def _learn(name: str, least: int, config: Config) -> tuple[list[Shown], int]:
    """Find the groups, and ask what their drafts answer. This runs in a worker."""
    course, records = Course(config=config), Records(config=config)
    assignment, seed = course.assignment(name), records.seed(name)
    known, groups = Expected(assignment, seed), {}
    for execution, lines in runs(records, graded(records, name)):
        for line in lines:
            add_to_groups(groups, assignment, known, execution, line)
    found = sorted((group for alike in groups.values() for group in alike), key=lambda group: -len(group.students))
    large = [group for group in found if len(group.students) >= least and group.solutions]
    alone = len({student for group in found if group not in large for student in group.students})
    return [_shown(course, assignment, seed, group) for group in large[:MOST]], alone


def _shown(course: Course, assignment: Assignment, seed: str, group: Group) -> Shown:
    answers = asked(course, assignment, seed, Mistake("", group.exercise, solution=group.solution)).answers()
    same = _same(group, tuple(answers[case.name] for case in group.cases))
    titles = [case.title for case in group.cases]
    return Shown(group.exercise, titles, sorted(group.students), len(group.solutions), group.solution, same)


def graded(records: Records, name: str) -> list[Grading]:
    """Return the last grading of each student whose submission is graded."""
    return [line for line in records.latest() if line.assignment == name and line.status != UNGRADED]


def runs(records: Records, lines: Iterable[Grading]) -> Iterator[tuple[Execution, list[Grading]]]:
    """Yield each execution that gradings point at, once, with these gradings. One is in memory at a time."""
    by_number: dict[int, list[Grading]] = {}
    for line in lines:
        by_number.setdefault(line.execution, []).append(line)
    for same in by_number.values():
        if found := records.execution_of(same[0]):
            yield found[0], same


def add_to_groups(
    groups: dict[tuple[Case, ...], list[Group]],
    assignment: Assignment,
    known: Expected,
    execution: Execution,
    line: Grading,
) -> None:
    """Put a student's wrong answers without a name into the groups of those who give the same, by the cases."""
    answers = None
    for exercise, failed in _unnamed(assignment, known, line):
        answers = answers or execution.answers()
        wrong = {case: answers.get(case.name, NO_ANSWER) for case in failed}
        # A right one is refused for what it uses.
        wrong = {case: answer for case, answer in wrong.items() if not known.is_right(case, answer)}
        cases, given = tuple(wrong), tuple(wrong.values())
        if all(isinstance(answer, Silent) for answer in given):
            continue
        alike = groups.setdefault(cases, [])
        group = next((group for group in alike if _same(group, given)), None)
        if group is None:
            alike.append(group := Group(exercise, cases, given, [], set()))
        group.students.append(line.student)
        group.solutions |= _solution(execution, exercise)


def _unnamed(assignment: Assignment, known: Expected, line: Grading) -> Iterable[tuple[str, tuple[Case, ...]]]:
    """Yield each exercise with the cases that failed without a name. What hangs on an earlier wrong exercise says
    nothing of this one."""
    wrong: list[str] = []
    for verdict in line.verdicts:
        exercise = verdict["exercise"]
        cases = assignment.cases_of(exercise)
        if [case["title"] for case in verdict["cases"]] == [case.title for case in cases]:
            failed = [
                case
                for case, told in zip(cases, verdict["cases"], strict=True)
                if not told["passed"] and not told["mistake"] and not case.inputs
            ]
            own = tuple(case for case in failed if not any(_hangs_on(known, case, other) for other in wrong))
            if own:
                yield exercise, own
        if verdict["score"] < verdict["points"]:
            wrong.append(exercise)


def _hangs_on(known: Expected, case: Case, exercise: str) -> bool:
    """Return whether an answer is another one where an earlier exercise is not done, or done wrong."""
    mistakes = known.assignment.mistakes_of(exercise)
    return known.depends(case, exercise) or any(known.changes(case, mistake) for mistake in mistakes)


def _same(group: Group, answers: tuple[Answer, ...]) -> bool:
    return all(
        difference(one, other, case.tolerance) is None
        for case, one, other in zip(group.cases, group.answers, answers, strict=True)
    )


def _solution(execution: Execution, exercise: str) -> set[str]:
    """Return what a student wrote in an exercise's cell, without comments and docstrings, as they may hold names.

    Return an empty set if Python cannot read it.
    """
    try:
        tree = ast.parse(written(execution.notebook)[exercise])
        for node in ast.walk(tree):
            body = getattr(node, "body", None)
            first = body[0] if isinstance(body, list) and len(body) > 1 else None
            if isinstance(first, ast.Expr) and isinstance(getattr(first.value, "value", None), str):
                del body[0]
        return {ast.unparse(tree)}
    except (SyntaxError, ValueError, RecursionError):
        return set()


def written(notebook: NotebookNode) -> dict[str, str]:
    """Return the text of each cell of a notebook that has a name, by the name."""
    known = [cell for cell in notebook.cells if "nbgrader" in cell.metadata]
    return {cell.metadata.nbgrader.grade_id: cell.source for cell in known}
