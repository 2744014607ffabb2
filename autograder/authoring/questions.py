"""Makes the questions of an assignment: one for each hidden test, with a seed of its own."""

from dataclasses import dataclass
from hashlib import sha256

from autograder.authoring.assignment import Assignment


@dataclass(frozen=True)
class Question:
    """Represents one hidden test, and the seed of the random inputs with which it is asked."""

    case: str
    exercise: str
    seed: str


def questions(assignment: Assignment, seed: str) -> list[Question]:
    """Return one question for each hidden test, in the order in which the notebook has its exercises.

    Its seed is derived from the seed of the class. No seed tells anything about the others.
    """

    def derived(case: str) -> str:
        return sha256(f"{seed}/{assignment.name}/{case}".encode()).hexdigest()

    cases = [case for exercise in assignment.source.exercises for case in assignment.cases_of(exercise)]
    return [Question(case.name, case.exercise, derived(case.name)) for case in cases]
