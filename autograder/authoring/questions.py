"""The questions of an assignment: which hidden tests are asked, each with a seed of its own."""

from dataclasses import dataclass
from hashlib import sha256

from autograder.authoring.assignment import Assignment


@dataclass(frozen=True)
class Question:
    case: str
    exercise: str
    seed: str


def questions(assignment: Assignment, seed: str) -> list[Question]:
    """One for each hidden test. Its seed is derived from the class's, and tells nothing of the others."""

    def derived(case: str) -> str:
        return sha256(f"{seed}/{assignment.name}/{case}".encode()).hexdigest()

    return [Question(case.name, case.exercise, derived(case.name)) for case in assignment.cases]
