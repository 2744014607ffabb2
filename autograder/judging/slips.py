"""Finds slips: variations of the reference solution that answer as a student's solution does.

They are tried where no named mistake explains the wrong answers, and what they answer is found out once a class.
"""

from collections.abc import Collection
from hashlib import sha256
from types import SimpleNamespace

from autograder.authoring.assignment import Case
from autograder.judging.difference import difference
from autograder.judging.expected import Expected
from autograder.judging.variations import Variation, variations
from autograder.running.answers import Answer, Raised, Silent, decode


class Slips:
    """Knows the variations of one exercise's reference solution, and what they answer to the questions of one seed.

    words  of the exercise's description, which may be repeated
    """

    def __init__(self, known: Expected, exercise: str, words: Collection[str]):
        self._known, self._exercise = known, exercise
        self._tried = variations(known.assignment.solution(exercise), words)
        self._namespaces: dict[int, SimpleNamespace | None] = {}
        self._answers: dict[tuple[int, Case], Answer] = {}

    def says(self, given: dict[Case, Answer], wrong: list[Case]) -> str:
        """Return of what kind a slip is that explains all answers, right and wrong, or "" if there is none.

        If there are several, of different kinds, none is said.

        given  the answers to the cases of the exercise
        wrong  the cases whose answers are wrong
        """
        values = [case for case in wrong if not isinstance(given[case], Raised | Silent)]
        if 2 * len(values) <= len(wrong):  # an error says more
            return ""
        left = range(len(self._tried))
        for case in dict.fromkeys([*values, *wrong, *given]):
            left = [at for at in left if self._explains(at, case, given[case])]
        kinds = {self._tried[at].says for at in left}
        return kinds.pop() if len(kinds) == 1 else ""

    def _explains(self, at: int, case: Case, answer: Answer) -> bool:
        found = self._answer(at, case)
        return not isinstance(found, Silent) and difference(found, answer, case.tolerance) is None

    def _answer(self, at: int, case: Case) -> Answer:
        if (at, case) not in self._answers:
            name = f"slip {sha256(self._tried[at].text.encode()).hexdigest()} {case.name}"
            self._answers[at, case] = decode(self._known.once.text(name, lambda: self._text(at, case)))
        return self._answers[at, case]

    def _text(self, at: int, case: Case) -> str:
        if at not in self._namespaces:
            self._namespaces[at] = self._made(self._tried[at])
        return self._known.text(case, self._namespaces[at])

    def _made(self, variation: Variation) -> SimpleNamespace | None:
        texts = {name: self._known.assignment.solution(name) for name in self._known.assignment.source.exercises}
        try:
            return self._known.assignment.run({**texts, self._exercise: variation.text})
        except Exception:  # the slip breaks the notebook
            return None
