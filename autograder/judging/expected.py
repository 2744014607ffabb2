"""Asks trusted code the questions of one seed: the reference solution, and the reference with mistakes made in it."""

import json
from collections.abc import Iterable, Mapping
from types import SimpleNamespace

from torch import Tensor

from autograder import probe
from autograder.authoring.assignment import Assignment, Case
from autograder.authoring.mistakes import Mistake
from autograder.authoring.one_thread import one_thread
from autograder.authoring.questions import questions
from autograder.judging.arguments import noting_calls
from autograder.judging.difference import Difference, difference
from autograder.judging.once import Once, Store
from autograder.judging.sizes import Sizes
from autograder.judging.trivial import stand_ins
from autograder.running.answers import NO_ANSWER, Answer, Raised, Silent, decode

# Of what has several mistakes in it there is much, and each is needed for a short time: so much of it stays in memory.
REFERENCES = 10
ANSWERS = 2_000
Learned = Mapping[Mistake, Mapping[str, Answer]]


class Noting:
    """Offers the names of a namespace as attributes, and notes in ``asked_for`` which of them are read."""

    def __init__(self, namespace: SimpleNamespace):
        self._namespace, self.asked_for = namespace, set()

    def __getattr__(self, name: str):
        self.asked_for.add(name)
        return getattr(self._namespace, name)


class Expected:
    """Knows what the reference solution answers, with and without mistakes. All is found out when it is asked for.

    kept   mistakes that are never run here, since students wrote them, and what they answer alone, by the case's name
    store  holds what was found out before, of the same assignment and seed; None: nothing is stored
    """

    def __init__(self, assignment: Assignment, seed: str, kept: Learned | None = None, store: Store | None = None):
        self.assignment, self._kept, self.once = assignment, kept or {}, Once(store)
        self._number = {mistake: str(number) for number, mistake in enumerate(assignment.mistakes)}
        self._seeds = {question.case: question.seed for question in questions(assignment, seed)}
        self._references: dict[frozenset[Mistake], SimpleNamespace | None] = {}
        self._answers: dict[tuple[Case, frozenset[Mistake]], Answer] = {}
        self._changes: dict[tuple[Case, frozenset[Mistake], Mistake], bool] = {}
        self._trivial: dict[tuple[Case, frozenset[Mistake]], list[Answer]] = {}
        self._without: dict[str, SimpleNamespace | None] = {}  # the reference, in which this exercise is not done
        self._depends: dict[tuple[Case, str], bool] = {}
        self._touched: dict[Case, frozenset[str]] = {}
        self._arguments: dict[Case, tuple[Tensor, ...]] = {}
        self._sizes: dict[Case, frozenset[int]] = {}

    def answer(self, case: Case, mistakes: Iterable[Mistake] = ()) -> Answer:
        """Return what the reference solution answers with these mistakes made in it.

        Return Silent if they cannot be made together.
        """
        made = self._that_matter(case, mistakes)
        if (case, made) not in self._answers:
            self._answers[case, made] = self._asked(case, made)
        return self._answers[case, made]

    def _asked(self, case: Case, made: frozenset[Mistake]) -> Answer:
        for mistake in made & self._kept.keys():
            return self._kept[mistake].get(case.name, NO_ANSWER) if len(made) == 1 else Silent("is not run here")
        name = f"answer {case.name} {self._names(made)}"
        return decode(self.once.text(name, lambda: self.text(case, self.reference(made))))

    def is_run(self, mistake: Mistake) -> bool:
        """Return whether a mistake is run here, and not only known by its answers."""
        return mistake not in self._kept

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
        key = case, self._that_matter(case, made), mistake
        if key not in self._changes:
            self._changes[key] = self.difference(case, self.answer(case, {*key[1], mistake}), key[1]) is not None
        return self._changes[key]

    def depends(self, case: Case, exercise: str) -> bool:
        """Return whether the reference solution's answer is another one where this exercise is not done."""
        if exercise not in self._can_matter(case):
            return False
        if (case, exercise) not in self._depends:
            text = self.once.text(f"without {case.name} {exercise}", lambda: self.text(case, self._undone(exercise)))
            self._depends[case, exercise] = self.difference(case, decode(text)) is not None
        return self._depends[case, exercise]

    def _undone(self, exercise: str) -> SimpleNamespace | None:
        """Return the reference solution in which this exercise is not done, or None if the notebook itself calls it."""
        if exercise not in self._without:
            texts = {name: self.assignment.solution(name) for name in self.assignment.source.exercises}
            texts[exercise] = f"def {exercise}(*_, **__):\n    raise NotImplementedError"
            try:
                self._without[exercise] = self.assignment.run(texts)
            except Exception:
                self._without[exercise] = None
        return self._without[exercise]

    def is_trivial(self, case: Case, mistakes: Iterable[Mistake]) -> bool:
        """Return whether a trivial solution, behind these mistakes, answers as the reference does behind them."""
        made = self._that_matter(case, mistakes)
        if not all(map(self.is_run, made)):  # nobody tries it
            return True
        return self._is_among(self.answer(case, made), self.trivial_answers(case, made), case)

    def leaves_nothing(self, mistake: Mistake) -> bool:
        """Return whether most answers that a mistake changes are those of a solution that does nothing."""
        changed = [case for case in self.assignment.cases_of(mistake.exercise) if self.changes(case, mistake)]
        trivial = [self._is_among(self.answer(case, [mistake]), self.trivial_answers(case), case) for case in changed]
        return 2 * sum(trivial) > len(changed)

    def _is_among(self, answer: Answer, others: list[Answer], case: Case) -> bool:
        return any(difference(answer, other, case.tolerance) is None for other in others)

    def trivial_answers(self, case: Case, mistakes: Iterable[Mistake] = ()) -> list[Answer]:
        """Return the answers of trivial solutions of the case's exercise, behind these mistakes."""
        made = self._that_matter(case, mistakes)
        if (case, made) not in self._trivial:
            texts = self.once.text(
                f"trivial {case.name} {self._names(made)}",
                lambda: json.dumps([self.text(case, found) for found in self._trivially(case.exercise, made)]),
            )
            self._trivial[case, made] = [decode(text) for text in json.loads(texts)]
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
            found = self.once.text(f"sizes {case.name}", lambda: json.dumps(self._sizes_in(case)))
            self._sizes[case] = frozenset({0, 1, *json.loads(found)})
        return self._sizes[case]

    def _sizes_in(self, case: Case) -> list[int]:
        with Sizes() as found:
            self.ask(case, self.reference(frozenset()))
        return sorted(found.sizes)

    def arguments(self, case: Case) -> tuple[Tensor, ...]:
        """Return the tensors that the reference solution of the case's exercise is called with in this case.

        If they are more than an answer may hold, there are none.
        """
        if case not in self._arguments:
            found = decode(self.once.text(f"arguments {case.name}", lambda: self._arguments_in(case)))
            self._arguments[case] = tuple(found) if isinstance(found, list) else ()
        return self._arguments[case]

    def _arguments_in(self, case: Case) -> str:
        right, noted = vars(self.reference(frozenset())), []
        with noting_calls(right[case.exercise], noted) as noting:
            self.ask(case, SimpleNamespace(**{**right, case.exercise: noting}))
        return probe.as_text(probe.answer(lambda student, rng: noted, None, ""))

    def ask(self, case: Case, namespace: SimpleNamespace | Noting) -> Answer:
        """Ask trusted code the question of this case, in this process, and return its answer."""
        return decode(self.text(case, namespace))

    def text(self, case: Case, namespace: SimpleNamespace | Noting | None) -> str:
        """Return the answer as it would leave a kernel. No code, no answer: then it is "", which is read as Silent."""
        with one_thread():
            return probe.as_text(probe.answer(case.ask, namespace, self._seeds[case.name])) if namespace else ""

    def reference(self, made: frozenset[Mistake]) -> SimpleNamespace | None:
        """Return the reference solution with these mistakes made in it, or None if it cannot be made.

        If there is one mistake or none, the exception is raised instead. Raises ValueError for what is not run here.
        """
        if not all(map(self.is_run, made)):
            raise ValueError("what a student wrote is not run here")
        if made not in self._references:
            if len(made) > 1:
                _forget_first(self._references, [key for key in self._references if len(key) > 1], REFERENCES)
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
            found = self.once.text(f"touched {case.name}", lambda: json.dumps(self._asked_for(case)))
            self._touched[case] = frozenset(json.loads(found))
        return self._touched[case]

    def _asked_for(self, case: Case) -> list[str]:
        noting = Noting(self.reference(frozenset()))
        self.ask(case, noting)
        leans_on, everything = self.assignment.leans_on, self.assignment.source.exercises
        return sorted({name for asked in noting.asked_for for name in leans_on.get(asked, everything)})

    def _names(self, made: frozenset[Mistake]) -> str:
        return ",".join(sorted(self._number[mistake] for mistake in made))

    def keep(self) -> None:
        """Hand over what was found out since this was last called, and let go of what only few submissions need."""
        self.once.hand_over()
        for found in (self._answers, self._changes, self._trivial):
            if len(found) > ANSWERS:
                _forget_first(found, [key for key in found if len(key[1]) > 1], ANSWERS)


def _forget_first(found: dict, keys: list, most: int) -> None:
    """Remove the first of these keys, so that no more of them are left than this."""
    for key in keys[: max(0, len(keys) - most)]:
        del found[key]
