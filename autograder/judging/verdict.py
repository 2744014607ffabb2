"""Holds what the judge found: the points, and for each case what was wrong."""

import math
from dataclasses import dataclass, field

from autograder.authoring.assignment import Mistake


@dataclass(frozen=True)
class CaseVerdict:
    """Tells whether one case passed, and why."""

    title: str
    passed: bool
    reason: str = ""  # what was wrong, or why points were given all the same
    mistake: Mistake | None = None
    share: float | None = None  # of the case's points, if they are not all or none

    @property
    def earned(self) -> float:
        return float(self.passed) if self.share is None else self.share


@dataclass
class Verdict:
    """Holds the verdict on one exercise: its points and the verdicts on its cases."""

    exercise: str
    points: float  # the most that it can give
    cases: list[CaseVerdict] = field(default_factory=list)

    @property
    def score(self) -> float:
        """Return the points for the share of cases that passed, rounded to two digits unless all passed."""
        earned = sum(case.earned for case in self.cases)
        score = self.points if earned == len(self.cases) else round(self.points * earned / len(self.cases), 2)
        assert math.isfinite(score) and 0 <= score <= self.points
        return score

    @property
    def mistakes(self) -> list[Mistake]:
        """Return the mistakes that were named, each once."""
        return list(dict.fromkeys(case.mistake for case in self.cases if case.mistake))

    def as_dict(self) -> dict:
        """Return the verdict in types that JSON knows, for notebooks and records."""
        cases = [
            {
                "title": case.title,
                "passed": case.passed,
                "reason": case.reason,
                "mistake": case.mistake.name if case.mistake else None,
            }
            for case in self.cases
        ]
        names = [mistake.name for mistake in self.mistakes]
        return {
            "exercise": self.exercise,
            "score": self.score,
            "points": self.points,
            "mistakes": names,
            "cases": cases,
        }
