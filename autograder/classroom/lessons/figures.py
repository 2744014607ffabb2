"""Counts what a class got right and wrong in an assignment, from nbgrader's gradebook and the records."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from statistics import StatisticsError, correlation, fmean

from nbgrader.api import Gradebook, SubmittedAssignment

from autograder.authoring.assignment import Assignment
from autograder.authoring.course import Course
from autograder.classroom.standing import MISSING, standings
from autograder.judging.undone import FAILED, NOT_DONE, UNREADABLE
from autograder.judging.undone import MISSING as NO_CELL
from autograder.running.records import UNGRADED, Grading, Records

SUSPICIOUS = 0.2  # an exercise with a lower item-rest correlation says little of who knows the subject
ENOUGH = 10  # with fewer students a correlation says nothing
UNDONE = {NO_CELL, NOT_DONE, UNREADABLE, FAILED}


@dataclass(frozen=True)
class Found:
    """Says of how many students something was found, and who they are."""

    what: str
    students: list[str]
    exercise: str = ""
    of: int = 0  # so many could have it
    says: str = ""


@dataclass(frozen=True)
class Item:
    """Holds the figures of one exercise, or of one written answer. Those who wait for a person do not count."""

    name: str
    points: float
    shares: list[float]  # of the points, by student
    rest: list[float]  # the points of all other items, by student
    waiting: list[str]  # students whose answer a person has yet to grade

    @property
    def mean(self) -> float | None:
        return fmean(self.shares) if self.shares else None

    @property
    def full(self) -> int:
        """Return how many students have all points."""
        return sum(share >= 1 for share in self.shares)

    @property
    def none(self) -> int:
        return sum(share <= 0 for share in self.shares)

    @property
    def correlation(self) -> float | None:
        """Return the correlation of these points with the sum of all others, or None if it cannot be known.

        It cannot be where there are few students, or where all have the same points.
        """
        if len(self.shares) < ENOUGH:
            return None
        try:
            return correlation(self.shares, self.rest)
        except StatisticsError:
            return None

    @property
    def suspicious(self) -> bool:
        return self.correlation is not None and self.correlation < SUSPICIOUS


@dataclass
class Figures:
    """Holds the figures of a class in one assignment."""

    assignment: str
    statuses: list[Found]
    shares: list[float]  # of all points, after what came off for lateness, one for each graded student
    items: list[Item]
    mistakes: list[Found] = field(default_factory=list)  # that were named, those of most students first
    tests: list[Found] = field(default_factory=list)  # the hidden tests, in their order, and who fails them
    undone: list[Found] = field(default_factory=list)  # exercises that hold nothing to judge
    wrong: int = 0  # answers to hidden tests
    unnamed: int = 0  # of them, those that no named mistake explains
    anomalies: list[Found] = field(default_factory=list)
    ungraded: list[Found] = field(default_factory=list)  # why submissions have no score
    late: list[str] = field(default_factory=list)
    times: list[datetime] = field(default_factory=list)  # sorted: when it was handed in, in UTC

    @property
    def waiting(self) -> list[Item]:
        return [item for item in self.items if item.waiting]


def figures(course: Course, gradebook: Gradebook, assignment: Assignment) -> Figures | None:
    """Return the figures of a class in an assignment, or None if nothing of it has been graded."""
    name = assignment.name
    stands = [*standings(course, gradebook, gradebook.find_assignment(name))]
    graded = {one.student: one for one in stands if one.score is not None and one.status != MISSING}
    lines = {line.student: line for line in Records(config=course.config).latest() if line.assignment == name}
    lines = {student: lines[student] for student in graded}
    submissions = [found for found in gradebook.assignment_submissions(name) if found.student_id in graded]
    if not submissions:
        return None
    times = [found.timestamp for found in submissions if found.timestamp]
    made = Figures(
        assignment=name,
        statuses=_grouped((one.status, one.student) for one in stands),
        shares=[one.score / one.max_score if one.max_score else 0.0 for one in graded.values()],
        items=_items(submissions, assignment),
        anomalies=_grouped((odd, student) for student, line in lines.items() for odd in line.anomalies),
        ungraded=_grouped((one.remarks[0], one.student) for one in stands if one.status == UNGRADED),
        late=[found.student_id for found in submissions if found.total_seconds_late > 0],
        times=sorted(times),
    )
    _add_verdicts(made, lines, assignment)
    return made


def _items(submissions: Iterable[SubmittedAssignment], assignment: Assignment) -> list[Item]:
    exercises = {f"check_{name}": name for name in assignment.source.exercises}
    items: dict[str, Item] = {}
    for submission in submissions:
        grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
        total = sum(grade.score for grade in grades if not grade.needs_manual_grade)
        for grade in grades:
            name = exercises.get(grade.name, grade.name)
            item = items.setdefault(name, Item(name, grade.max_score, [], [], []))
            if grade.needs_manual_grade:
                item.waiting.append(submission.student_id)
            elif grade.max_score:
                item.shares.append(grade.score / grade.max_score)
                item.rest.append(total - grade.score)
    order = [cell.name for cell in assignment.source.of_role("exercise", "answer")]
    return sorted(items.values(), key=lambda item: order.index(item.name) if item.name in order else len(order))


def _add_verdicts(made: Figures, lines: Mapping[str, Grading], assignment: Assignment) -> None:
    """Add what the judge found."""
    untold = {case.title for case in assignment.cases if case.inputs}  # inputs that a student chose have no mistake
    mistakes: dict[tuple[str, str], Found] = {}
    tests = {(case.exercise, case.title): Found(case.title, [], case.exercise, 0) for case in assignment.cases}
    judged, undone = dict.fromkeys(tests, 0), []
    for student, line in lines.items():
        for verdict in line.verdicts:
            exercise = verdict["exercise"]
            undone += [(exercise, student) for case in verdict["cases"] if case["title"] in UNDONE]
            says = {case["mistake"]: case["reason"] for case in reversed(verdict["cases"]) if case["mistake"]}
            for name in verdict["mistakes"]:
                mistakes.setdefault((exercise, name), Found(name, [], exercise, len(lines), says.get(name, "")))
                mistakes[exercise, name].students.append(student)
            for case in verdict["cases"]:
                key = exercise, case["title"]
                if key not in tests:  # an exercise that is not done, or a test of an earlier source
                    continue
                judged[key] += 1
                if not case["passed"]:
                    tests[key].students.append(student)
                    made.wrong += case["title"] not in untold
                    made.unnamed += case["title"] not in untold and not case["mistake"]
    made.mistakes = _most_first(mistakes.values())
    made.tests = [Found(one.what, one.students, one.exercise, judged[key]) for key, one in tests.items()]
    made.undone = _grouped(undone)


def _grouped(pairs: Iterable[tuple[str, str]]) -> list[Found]:
    """Return what was found, with the students of whom it was found, from pairs of both."""
    found: dict[str, Found] = {}
    for what, student in pairs:
        found.setdefault(what, Found(what, [])).students.append(student)
    return _most_first(found.values())


def _most_first(found: Iterable[Found]) -> list[Found]:
    return sorted(found, key=lambda one: -len(one.students))
