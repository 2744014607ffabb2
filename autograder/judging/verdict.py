"""Holds what the judge found: the points, and for each case what was wrong."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from autograder.authoring.mistakes import Mistake


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
    """Holds the verdict on one exercise: its points and the verdicts on its cases.

    The points are shared over the cases. What named mistakes explain costs the points of the cases that they explain,
    and never more than the mistakes cost together. Every other case that failed costs its own points.
    """

    exercise: str
    points: float  # the most that it can give
    cases: list[CaseVerdict] = field(default_factory=list)
    costs: Mapping[Mistake, float] | None = None  # of named mistakes, as shares of the points; None: cases alone count

    @property
    def score(self) -> float:
        """Return the points, rounded to two digits unless nothing is lost."""
        unearned = sum(1.0 - case.earned for case in self.cases if not case.mistake)
        lost = self._lost_by_names + self._each * unearned
        score = round(max(self.points - lost, 0.0), 2) if lost else self.points
        if unearned == len(self.cases):
            score = 0.0
        score = min(score, self.points)
        assert math.isfinite(score) and 0 <= score <= self.points
        return score

    @property
    def mistakes(self) -> list[Mistake]:
        """Return the mistakes that were named, each once."""
        return list(dict.fromkeys(case.mistake for case in self.cases if case.mistake))

    @property
    def off(self) -> list[float]:
        """Return the points that each of the named mistakes costs, rounded to two digits."""
        weights = [self._cost(mistake) for mistake in self.mistakes]
        return [round(self._lost_by_names * weight / (sum(weights) or 1.0), 2) for weight in weights]

    def points_of(self, case: CaseVerdict) -> float:
        """Return the points that one case gives, rounded to two digits."""
        if case.mistake:
            return round(max(self._each - self._lost_by_names / len(self._named), 0.0), 2)
        return round(self._each * case.earned, 2)

    def as_dict(self) -> dict:
        """Return the verdict in types that JSON knows, for notebooks and records.

        exercise, score, points  as above
        mistakes                 the names of the mistakes, each once
        off                      the points that each of them costs
        cases                    for each hidden test: title; passed; points; reason, in words; mistake, a name or None
        """
        cases = [
            {
                "title": case.title,
                "passed": case.passed,
                "points": self.points_of(case),
                "reason": case.reason,
                "mistake": case.mistake.name if case.mistake else None,
            }
            for case in self.cases
        ]
        return {
            "exercise": self.exercise,
            "score": self.score,
            "points": self.points,
            "mistakes": [mistake.name for mistake in self.mistakes],
            "off": self.off,
            "cases": cases,
        }

    @property
    def _each(self) -> float:
        return self.points / len(self.cases) if self.cases else 0.0

    @property
    def _named(self) -> list[CaseVerdict]:
        return [case for case in self.cases if case.mistake]

    @property
    def _lost_by_names(self) -> float:
        """Return the points that the named mistakes cost together."""
        explained = self._each * len(self._named)
        return explained if self.costs is None else min(explained, sum(map(self._cost, self.mistakes)))

    def _cost(self, mistake: Mistake) -> float:
        """Return the points that a mistake costs at most."""
        if self.costs is None:
            return self._each * sum(case.mistake == mistake for case in self.cases)
        return self.points * self.costs[mistake]
