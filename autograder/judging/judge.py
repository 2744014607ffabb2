"""Compares a student's answers with the reference solution and the named mistakes, and gives the points.

The trusted side asks the same questions to the reference solution, and to the reference with one of the named mistakes
in it. A right answer equals the reference's answer. A wrong answer that equals the answer of exactly one mistake gets
its name.
"""

from collections.abc import Iterable
from functools import lru_cache
from types import SimpleNamespace

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor

from autograder.authoring.assignment import Assignment, Case, Mistake
from autograder.authoring.course import assignment_of
from autograder.authoring.release import release_notebook
from autograder.judging import report
from autograder.judging.carry import carried
from autograder.judging.expected import Expected
from autograder.judging.explain import NOT_DONE, explain, forbidden_use, quotable
from autograder.judging.feedback import told
from autograder.judging.forbidden import Code, forbidden_names, look_through
from autograder.judging.naming import named
from autograder.judging.rules import rules_of
from autograder.judging.telling import Telling
from autograder.judging.verdict import CaseVerdict, Verdict
from autograder.running.answers import NO_ANSWER, Answer, Raised, Silent


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


class Judge:
    """Knows the right answers to the questions of one seed, and the answers that named mistakes lead to."""

    def __init__(self, assignment: Assignment, seed: str):
        self.assignment = assignment
        self._known = Expected(assignment, seed)
        self._telling = {case: Telling(self._known, case) for case in assignment.cases if case.inputs}
        released = release_notebook(assignment.source).cells
        self._given = [cell.source for cell in released if cell.cell_type == "code"]
        self._released = {
            cell.metadata.nbgrader.grade_id: cell.source for cell in released if "nbgrader" in cell.metadata
        }

    def expected(self, case: Case, mistakes: Iterable[Mistake] = ()) -> Answer:
        """Return what the reference solution answers with these mistakes made in it."""
        return self._known.answer(case, mistakes)

    def ask(self, case: Case, namespace: SimpleNamespace) -> Answer:
        """Ask trusted code the question of this case, in this process, and return its answer."""
        return self._known.ask(case, namespace)

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
        code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
        return look_through(code, rules_of(self.assignment))

    def _is_as_released(self, exercise: str, notebook: NotebookNode) -> bool:
        texts = [
            cell.source for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == exercise
        ]
        return texts == [self._released[exercise]]

    def _cases(
        self, exercise: str, answers: dict[str, Answer], earlier: list[Mistake], unexplained: bool, code: Code
    ) -> list[CaseVerdict]:
        cases = self.assignment.cases_of(exercise)
        own = self.assignment.source.exercises
        used = {forbids: forbidden_names(code, exercise, forbids, own) for forbids in {case.forbids for case in cases}}
        refused = {
            case: CaseVerdict(case.title, False, forbidden_use(used[case.forbids][0]))
            for case in cases
            if used[case.forbids]
        }
        given = {case: answers.get(case.name, NO_ANSWER) for case in cases if case not in refused}

        def explanation(case: Case) -> str:
            sizes = self._known.sizes(case)
            may = quotable(code.texts, self._given, self._released.get(exercise, ""), own, sizes)
            return explain(self._known.difference(case, given[case]), given[case], may)

        tried = {case: given[case] for case in given if case.inputs and not isinstance(given[case], Raised | Silent)}
        shares = {case: self._telling[case].verdict(answer) for case, answer in tried.items()}
        given = {case: answer for case, answer in given.items() if case not in tried}
        right = {case for case, answer in given.items() if self._known.is_right(case, answer)}
        too = carried(self._known, given, right, earlier)
        names = named(self._known, given, right | too, earlier, unexplained)
        found = refused | shares | told(self._known, list(given), right, too, names, earlier, explanation)
        return [found[case] for case in cases]
