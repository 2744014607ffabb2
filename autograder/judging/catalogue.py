"""Tests the hidden tests: finds out whether each named mistake is caught, and told apart from the others."""

from dataclasses import dataclass

from autograder.authoring.mistakes import Mistake
from autograder.judging.judge import Judge
from autograder.judging.report import table


@dataclass(frozen=True)
class Finding:
    """Holds what the judge says of a solution with one named mistake in it."""

    mistake: Mistake
    score: float  # on the exercise of the mistake
    points: float  # of that exercise
    caught_by: int  # the number of cases that failed
    lost_elsewhere: float  # points lost on other exercises
    told_apart: bool  # the judge named this mistake, and no other

    @property
    def caught(self) -> bool:
        return self.caught_by > 0

    @property
    def holds(self) -> bool:
        """Return whether the mistake is caught in its own exercise, and costs points in no other."""
        return self.caught and self.lost_elsewhere == 0


def findings(judge: Judge, exercise: str | None = None) -> list[Finding]:
    """Make each named mistake alone, in each way in which it is known, judge it, and return what was found of each.

    exercise  only its mistakes are made; None: those of all exercises
    """
    assignment = judge.assignment
    mistakes = assignment.mistakes_of(exercise) if exercise else assignment.mistakes
    return [_finding(judge, mistake) for mistake in mistakes]


def _finding(judge: Judge, mistake: Mistake) -> Finding:
    verdicts = {verdict.exercise: verdict for verdict in judge.verdicts(judge.answers([mistake]))}
    own = verdicts.pop(mistake.exercise)
    return Finding(
        mistake=mistake,
        score=own.score,
        points=own.points,
        caught_by=sum(not case.passed for case in own.cases),
        lost_elsewhere=sum(other.points - other.score for other in verdicts.values()),
        told_apart=[named.name for named in own.mistakes] == [mistake.name],
    )


def as_table(found: list[Finding]) -> str:
    """Return the findings as a table for the terminal, with a line of totals below it."""
    head = ["exercise", "mistake", "points", "of", "caught by", "told apart", ""]
    rows = [
        [
            finding.mistake.exercise,
            finding.mistake.name,
            f"{finding.score:g}",
            f"{finding.points:g}",
            f"{finding.caught_by}",
            "yes" if finding.told_apart else "no",
            ""
            if finding.holds
            else "NOT CAUGHT"
            if not finding.caught
            else f"LOSES {finding.lost_elsewhere:g} ELSEWHERE",
        ]
        for finding in found
    ]
    apart = sum(finding.told_apart for finding in found)
    caught = sum(finding.caught for finding in found)
    return f"{table(head, rows)}\n\n{len(found)} mistakes: {caught} caught, {apart} told apart from all others."
