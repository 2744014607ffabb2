"""Tests the hidden tests: finds out whether each named mistake is caught, and told apart from the others."""

from dataclasses import dataclass

from autograder.authoring.assignment import Assignment, Mistake
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
    def holds(self) -> bool:
        """Return whether the mistake costs points on its own exercise, and on no other."""
        return self.score < self.points and self.lost_elsewhere == 0


def findings(assignment: Assignment, seed: str) -> list[Finding]:
    """Make each named mistake alone, judge it with the questions of this seed, and return what was found of each."""
    judge = Judge(assignment, seed)
    return [_finding(judge, mistake) for mistake in assignment.mistakes]


def _finding(judge: Judge, mistake: Mistake) -> Finding:
    verdicts = {verdict.exercise: verdict for verdict in judge.verdicts(judge.answers([mistake]))}
    own = verdicts.pop(mistake.exercise)
    return Finding(
        mistake=mistake,
        score=own.score,
        points=own.points,
        caught_by=sum(not case.passed for case in own.cases),
        lost_elsewhere=sum(other.points - other.score for other in verdicts.values()),
        told_apart=own.mistakes == [mistake],
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
            if finding.score == finding.points
            else f"LOSES {finding.lost_elsewhere:g} ELSEWHERE",
        ]
        for finding in found
    ]
    apart = sum(finding.told_apart for finding in found)
    caught = sum(finding.score < finding.points for finding in found)
    return f"{table(head, rows)}\n\n{len(found)} mistakes: {caught} caught, {apart} told apart from all others."
