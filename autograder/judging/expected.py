"""Asks trusted code the questions of one seed: the reference solution, and the reference with mistakes made in it."""

from collections.abc import Iterable
from contextlib import contextmanager
from types import SimpleNamespace

import torch

from autograder import probe
from autograder.authoring.assignment import Assignment, Case, Mistake
from autograder.authoring.questions import questions
from autograder.judging.difference import Difference, difference
from autograder.judging.sizes import Sizes
from autograder.judging.trivial import stand_ins
from autograder.running.answers import Answer, Raised, Silent, decode


class Noting:
    """Offers the names of a namespace as attributes, and notes in ``asked_for`` which of them are read."""

    def __init__(self, namespace: SimpleNamespace):
        self._namespace, self.asked_for = namespace, set()

    def __getattr__(self, name: str):
        self.asked_for.add(name)
        return getattr(self._namespace, name)


class Expected:
    """Knows what the reference solution answers, with and without mistakes. All is found out when it is asked for."""

    def __init__(self, assignment: Assignment, seed: str):
        self.assignment = assignment
        self._seeds = {question.case: question.seed for question in questions(assignment, seed)}
        self._references: dict[frozenset[Mistake], SimpleNamespace | None] = {}
        self._answers: dict[tuple[Case, frozenset[Mistake]], Answer] = {}
        self._trivial: dict[tuple[Case, frozenset[Mistake]], bool] = {}
        self._touched: dict[Case, frozenset[str]] = {}
        self._sizes: dict[Case, frozenset[int]] = {}

    def answer(self, case: Case, mistakes: Iterable[Mistake] = ()) -> Answer:
        """Return what the reference solution answers with these mistakes made in it.

        Return Silent if they cannot be made together.
        """
        made = self._that_matter(case, mistakes)
        if (case, made) not in self._answers:
            namespace = self.reference(made)
            self._answers[case, made] = self.ask(case, namespace) if namespace else Silent("cannot be")
        return self._answers[case, made]

    def difference(self, case: Case, answer: Answer, mistakes: Iterable[Mistake] = ()) -> Difference | None:
        """Return how an answer differs from that of the reference solution with these mistakes, or None."""
        return difference(self.answer(case, mistakes), answer, case.tolerance)

    def is_right(self, case: Case, answer: Answer) -> bool:
        """Return whether this is the answer of the reference solution."""
        if isinstance(expected := self.answer(case), Raised):
            raise RuntimeError(f"the reference solution of {self.assignment.name} fails {case.name}: {expected}")
        return self.difference(case, answer) is None

    def changes(self, case: Case, mistake: Mistake, made: Iterable[Mistake] = ()) -> bool:
        """Return whether the answer is another one with this mistake, where these others are made already."""
        made = list(made)
        return self.difference(case, self.answer(case, [*made, mistake]), made) is not None

    def is_trivial(self, case: Case, mistakes: Iterable[Mistake]) -> bool:
        """Return whether a trivial solution, behind these mistakes, answers as the reference does behind them."""
        made = self._that_matter(case, mistakes)
        if (case, made) not in self._trivial:
            expected, exercise = self.answer(case, made), case.exercise
            self._trivial[case, made] = any(
                difference(expected, self.ask(case, namespace), case.tolerance) is None
                for namespace in self._trivially(exercise, made)
            )
        return self._trivial[case, made]

    def _trivially(self, exercise: str, made: frozenset[Mistake]) -> Iterable[SimpleNamespace]:
        """Yield the reference solution with these mistakes, in which this exercise is replaced by what does nothing."""
        if reference := self.reference(made):
            right = vars(reference)
            for stand_in in stand_ins(right[exercise]):
                yield SimpleNamespace(**{**right, exercise: stand_in})
            texts = {name: self.assignment.solution(name, made) for name in self.assignment.source.exercises}
            for text in self.assignment.trivial.get(exercise, ()):
                yield self.assignment.run({**texts, exercise: text})

    def sizes(self, case: Case) -> frozenset[int]:
        """Return the sizes of all tensors that occur while the reference solution answers, and 0 and 1."""
        if case not in self._sizes:
            with Sizes() as found:
                self.ask(case, self.reference(frozenset()))
            self._sizes[case] = frozenset({0, 1, *found.sizes})
        return self._sizes[case]

    def ask(self, case: Case, namespace: SimpleNamespace | Noting) -> Answer:
        """Ask trusted code the question of this case, in this process, and return its answer."""
        with _one_thread():
            return decode(probe.as_text(probe.answer(case.ask, namespace, self._seeds[case.name])))

    def reference(self, made: frozenset[Mistake]) -> SimpleNamespace | None:
        """Return the reference solution with these mistakes made in it, or None if it cannot be made.

        If there is one mistake or none, the exception is raised instead.
        """
        if made not in self._references:
            try:
                self._references[made] = self.assignment.reference(made)
            except Exception:
                if len(made) <= 1:
                    raise
                self._references[made] = None  # they change the same piece of text, or are no Python together
        return self._references[made]

    def _that_matter(self, case: Case, mistakes: Iterable[Mistake]) -> frozenset[Mistake]:
        made = frozenset(mistakes)
        return frozenset(mistake for mistake in made if mistake.exercise in self._can_matter(case)) if made else made

    def _can_matter(self, case: Case) -> frozenset[str]:
        """Return the exercises whose code this case may run. A mistake in another exercise cannot change its answer."""
        if case not in self._touched:
            noting = Noting(self.assignment.reference())
            self.ask(case, noting)
            leans_on = self.assignment.leans_on
            everything = frozenset(leans_on)
            self._touched[case] = frozenset().union(*(leans_on.get(name, everything) for name in noting.asked_for))
        return self._touched[case]


@contextmanager
def _one_thread():
    """Let torch use one thread inside, as kernels do, so that sums are added up in the same order."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
