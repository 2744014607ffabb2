"""Compares a student's answers with the reference solution and the named mistakes, and gives the points.

The trusted side asks the same questions to the reference solution, and to the reference with one of the named mistakes
in it. A right answer equals the reference's answer. A wrong answer that equals the answer of exactly one mistake gets
its name.
"""

from collections.abc import Iterable
from contextlib import contextmanager
from functools import lru_cache
from types import SimpleNamespace

import torch
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor

from autograder import probe
from autograder.authoring.assignment import Assignment, Case, Mistake
from autograder.authoring.course import assignment_of
from autograder.authoring.questions import questions
from autograder.authoring.release import release_notebook
from autograder.judging import report
from autograder.judging.difference import Difference, difference
from autograder.judging.explain import NOT_DONE, carried_forward, explain, forbidden_use
from autograder.judging.forbidden import Code, forbidden_names, look_through
from autograder.judging.verdict import CaseVerdict, Verdict
from autograder.running.answers import NO_ANSWER, Answer, Raised, Silent, decode

# Points are carried forward for a case that, under the earlier mistake, still catches this share of the mistakes
# that it catches otherwise. An earlier exercise that returns zeros leaves nothing to catch, and would be a gift.
STILL_SEES = 0.5


class GiveVerdicts(NbGraderPreprocessor):
    """Puts points and a table into each check cell. It is the step after Execute in nbgrader's autograde."""

    def preprocess(self, notebook: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        asked = resources["autograder"]
        judge = judge_of(assignment_of(self, resources), asked["seed"])
        verdicts = judge.verdicts(asked["answers"], notebook)
        report.into_notebook(notebook, verdicts)
        notebook.metadata.autograder.anomalies += [f"to look at: {odd}" for odd in judge.code_of(notebook).to_look_at]
        return notebook, resources


@lru_cache
def judge_of(assignment: Assignment, seed: str) -> "Judge":
    """Return the judge of an assignment and seed: one for a whole class, so that its answers are computed once."""
    return Judge(assignment, seed)


class Noting:
    """Offers the names of a namespace as attributes, and notes in ``asked_for`` which of them are read."""

    def __init__(self, namespace: SimpleNamespace):
        self._namespace, self.asked_for = namespace, set()

    def __getattr__(self, name: str):
        self.asked_for.add(name)
        return getattr(self._namespace, name)


class Judge:
    """Knows the right answers to the questions of one seed, and the answers that named mistakes lead to."""

    def __init__(self, assignment: Assignment, seed: str):
        self.assignment = assignment
        self._seeds = {question.case: question.seed for question in questions(assignment, seed)}
        self._references: dict[frozenset[Mistake], SimpleNamespace | None] = {}
        self._expected: dict[tuple[Case, frozenset[Mistake]], Answer] = {}
        self._touched: dict[Case, frozenset[str]] = {}
        released = release_notebook(assignment.source).cells
        self._given = [cell.source for cell in released if cell.cell_type == "code"]
        self._released = {
            cell.metadata.nbgrader.grade_id: cell.source for cell in released if "nbgrader" in cell.metadata
        }

    def expected(self, case: Case, mistakes: Iterable[Mistake] = ()) -> Answer:
        """Return what the reference solution answers with these mistakes made in it.

        Return Silent if they cannot be made together.
        """
        made = frozenset(mistakes)
        if made:
            made = frozenset(mistake for mistake in made if mistake.exercise in self._can_matter(case))
        if (case, made) not in self._expected:
            if made not in self._references:
                self._references[made] = self._reference(made)
            namespace = self._references[made]
            self._expected[case, made] = self.ask(case, namespace) if namespace else Silent("cannot be")
        return self._expected[case, made]

    def _reference(self, made: frozenset[Mistake]) -> SimpleNamespace | None:
        """Return the reference solution with these mistakes made in it, or None if it cannot be made.

        If there is one mistake or none, the exception is raised instead.
        """
        try:
            return self.assignment.reference(made)
        except Exception:
            if len(made) <= 1:
                raise
            return None  # they change the same piece of text, or are no Python together

    def _can_matter(self, case: Case) -> frozenset[str]:
        """Return the exercises whose code this case may run. A mistake in another exercise cannot change its answer."""
        if case not in self._touched:
            noting = Noting(self.assignment.reference())
            self.ask(case, noting)
            leans_on = self.assignment.leans_on
            everything = frozenset(leans_on)
            self._touched[case] = frozenset().union(*(leans_on.get(name, everything) for name in noting.asked_for))
        return self._touched[case]

    def ask(self, case: Case, namespace: SimpleNamespace | Noting) -> Answer:
        """Ask trusted code the question of this case, in this process, and return its answer."""
        with _one_thread():
            return decode(probe.as_text(probe.answer(case.ask, namespace, self._seeds[case.name])))

    def answers(self, mistakes: Iterable[Mistake] = ()) -> dict[str, Answer]:
        """Return the answers of the reference solution with these mistakes made in it, by the case's name."""
        mistakes = list(mistakes)
        return {case.name: self.expected(case, mistakes) for case in self.assignment.cases}

    def verdicts(self, answers: dict[str, Answer], notebook: NotebookNode | None = None) -> list[Verdict]:
        """Return a verdict for every exercise, in the notebook's order.

        answers   the answers by the case's name; a case without an answer gives no points
        notebook  the executed notebook, in which forbidden names and exercises that are not done are looked for
        """
        code = self.code_of(notebook) if notebook else Code()
        earlier: list[Mistake] = []
        unexplained = False  # whether an earlier exercise went wrong for no known reason
        verdicts = []
        for exercise, points in self.assignment.source.points.items():
            cases = self._cases(exercise, answers, earlier, unexplained, code)
            verdict = Verdict(exercise, points, cases)
            if notebook and self._is_as_released(exercise, notebook) and not verdict.score:
                verdict.cases = [CaseVerdict(NOT_DONE, False)]
            earlier += verdict.mistakes
            unexplained = unexplained or any(not case.passed and not case.mistake for case in verdict.cases)
            verdicts.append(verdict)
        return verdicts

    def code_of(self, notebook: NotebookNode) -> Code:
        """Find out what the notebook's code uses, and what of it a person should look at."""
        watched = frozenset().union(*(case.forbids for case in self.assignment.cases))
        code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
        return look_through(code, watched, self._given)

    def _is_as_released(self, exercise: str, notebook: NotebookNode) -> bool:
        texts = [
            cell.source for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == exercise
        ]
        return texts == [self._released[exercise]]

    def _cases(
        self, exercise: str, answers: dict[str, Answer], earlier: list[Mistake], unexplained: bool, code: Code
    ) -> list[CaseVerdict]:
        cases = self.assignment.cases_of(exercise)
        given = {case: answers.get(case.name, NO_ANSWER) for case in cases}
        own = self.assignment.source.exercises
        used = {forbids: forbidden_names(code, exercise, forbids, own) for forbids in {case.forbids for case in cases}}
        found: dict[Case, CaseVerdict] = {}
        for case in cases:
            if names := used[case.forbids]:
                found[case] = CaseVerdict(case.title, False, forbidden_use(names[0]))
            elif self._is_right(case, given[case]):
                found[case] = CaseVerdict(case.title, True)
            elif cause := self._carried(case, given[case], earlier):
                found[case] = CaseVerdict(case.title, True, carried_forward(cause))
        wrong = [case for case in cases if case not in found]
        named = self._name(exercise, given, list(found), earlier, unexplained) if wrong else {}
        for case in wrong:
            mistake = named.get(case)
            reason = mistake.says if mistake else explain(self._difference(case, given[case]), given[case], code.texts)
            found[case] = CaseVerdict(case.title, False, reason, mistake)
        return [found[case] for case in cases]

    def _difference(self, case: Case, answer: Answer, mistakes: Iterable[Mistake] = ()) -> Difference | None:
        return difference(self.expected(case, mistakes), answer, case.tolerance)

    def _is_right(self, case: Case, answer: Answer) -> bool:
        expected = self.expected(case)
        if isinstance(expected, Raised):
            raise RuntimeError(f"the reference solution of {self.assignment.name} fails {case.name}: {expected}")
        return self._difference(case, answer) is None

    def _carried(self, case: Case, answer: Answer, earlier: list[Mistake]) -> list[Mistake]:
        """Return the earlier mistakes, one or all of them, that explain an answer which is right apart from them.

        Return [] if none explain it, or if the case would then catch too few of the exercise's mistakes.
        """
        single = [[mistake] for mistake in earlier]
        for cause in [*single, earlier] if len(earlier) > 1 else single:
            if self._difference(case, answer, cause) is None and self._still_sees(case, cause):
                return cause
        return []

    def _still_sees(self, case: Case, cause: list[Mistake]) -> bool:
        own = self.assignment.mistakes_of(case.exercise)
        caught = [mistake for mistake in own if self._difference(case, self.expected(case, [mistake]))]
        seen = [mistake for mistake in caught if self._difference(case, self.expected(case, [*cause, mistake]), cause)]
        return len(seen) >= STILL_SEES * len(caught) and bool(seen)

    def _name(
        self, exercise: str, given: dict[Case, Answer], right: list[Case], earlier: list[Mistake], unexplained: bool
    ) -> dict[Case, Mistake]:
        """Return the mistake that explains each wrong answer, if exactly one does. Other cases are left out.

        A mistake is ruled out if it would have spoilt an answer that is right. If exactly one mistake explains all
        wrong answers of the exercise, it is named for all of them, even if others explain some. If an earlier exercise
        went wrong for no known reason, only such a mistake counts, since the error here may come from there.
        """
        wrong = [case for case in given if case not in right]
        explains = {
            mistake: {case for case in wrong if self._shows(case, given[case], mistake, earlier)}
            for mistake in self.assignment.mistakes_of(exercise)
            if not any(self._refuted(case, given[case], mistake, earlier) for case in right)
        }
        whole = [mistake for mistake, cases in explains.items() if wrong and len(cases) == len(wrong)]
        if len(whole) == 1:
            return dict.fromkeys(wrong, whole[0])
        if unexplained:
            return {}
        by_case = {case: [mistake for mistake, cases in explains.items() if case in cases] for case in wrong}
        return {case: mistakes[0] for case, mistakes in by_case.items() if len(mistakes) == 1}

    def _refuted(self, case: Case, answer: Answer, mistake: Mistake, earlier: list[Mistake]) -> bool:
        """Return whether a right answer rules this mistake out: it changes the case's answer, but not to this one."""
        changes = self._difference(case, self.expected(case, [mistake])) is not None
        return changes and not self._shows(case, answer, mistake, earlier)

    def _shows(self, case: Case, answer: Answer, mistake: Mistake, earlier: list[Mistake]) -> bool:
        """Return whether this mistake, alone or together with the earlier ones, leads to this answer."""
        return any(self._difference(case, answer, [*cause, mistake]) is None for cause in ([], earlier))


@contextmanager
def _one_thread():
    """Let torch use one thread inside, as kernels do, so that sums are added up in the same order."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
