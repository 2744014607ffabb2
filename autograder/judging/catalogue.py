"""The test of the hidden tests: is every named mistake caught, and told apart from the others?"""

from dataclasses import dataclass

from autograder.authoring.assignment import Assignment, Mistake
from autograder.judging.judge import Judge
from autograder.judging.report import table


@dataclass(frozen=True)
class Finding:
    """What the judge makes of somebody who made one mistake."""

    mistake: Mistake
    score: float  # on the exercise of the mistake
    points: float
    caught_by: int  # cases
    lost_elsewhere: float  # points, on other exercises
    told_apart: bool  # named, and by its own name alone

    @property
    def holds(self) -> bool:
        return self.score < self.points and self.lost_elsewhere == 0


def findings(assignment: Assignment, seed: str) -> list[Finding]:
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
