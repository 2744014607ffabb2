"""What the judge found: points, and for each case what was wrong."""

import math
from dataclasses import dataclass, field

from autograder.authoring.assignment import Mistake


@dataclass(frozen=True)
class CaseVerdict:
    title: str
    passed: bool
    reason: str = ""  # what was wrong, or why points were given all the same
    mistake: Mistake | None = None


@dataclass
class Verdict:
    """Of one exercise."""

    exercise: str
    points: float
    cases: list[CaseVerdict] = field(default_factory=list)

    @property
    def score(self) -> float:
        passed = sum(case.passed for case in self.cases)
        score = self.points if passed == len(self.cases) else round(self.points * passed / len(self.cases), 2)
        assert math.isfinite(score) and 0 <= score <= self.points
        return score

    @property
    def mistakes(self) -> list[Mistake]:
        """The mistakes that were named, each once."""
        return list(dict.fromkeys(case.mistake for case in self.cases if case.mistake))

    def as_dict(self) -> dict:
        """For notebooks and records, in what JSON knows."""
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
