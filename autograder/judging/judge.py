"""Compares a student's answers with the reference solution and the named mistakes, and gives the points.

The trusted side asks the same questions to the reference solution, and to the reference with one of the named mistakes
in it. A right answer equals the reference's answer. A wrong answer that equals the answer of exactly one mistake gets
its name.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from types import SimpleNamespace

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Float, Integer

from autograder.authoring.assignment import Assignment, Case
from autograder.authoring.course import assignment_of
from autograder.authoring.mistakes import Mistake
from autograder.authoring.one_thread import one_thread
from autograder.authoring.release import release_notebook
from autograder.judging import report
from autograder.judging.carry import carried
from autograder.judging.expected import Expected
from autograder.judging.explain import explain, quotable
from autograder.judging.feedback import told
from autograder.judging.forbidden import Code, look_through, refusal
from autograder.judging.in_form import besides_form
from autograder.judging.naming import Named, Naming
from autograder.judging.once import Store
from autograder.judging.relations import most_telling
from autograder.judging.rules import rules_of
from autograder.judging.slips import Slips
from autograder.judging.telling import Telling
from autograder.judging.undone import MISSING, NOT_DONE, undone
from autograder.judging.verdict import CaseVerdict, Verdict
from autograder.running.answers import NO_ANSWER, NOT_THEIR_OWN, Answer, Raised, Silent, is_broken

WHY_NOT_THEIR_OWN = {MISSING: "its cell is missing", NOT_DONE: "its cell is as it was handed out"}
MISTAKE_COSTS = 0.5
MOST_PAIRS = 60


class GiveVerdicts(NbGraderPreprocessor):
    """Puts points and a table into each check cell. It is the step after Execute in nbgrader's autograde."""

    mistake_costs = Float(
        MISTAKE_COSTS,
        allow_none=True,
        help="Share of an exercise's points that a named mistake costs; None: its cases count.",
    ).tag(config=True)
    most_pairs = Integer(
        MOST_PAIRS, help="How many pairs of mistakes are tried to explain the answers to one exercise."
    ).tag(config=True)

    def preprocess(self, notebook: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        judged = self.judgement(notebook, resources)
        del resources["autograder"]["answers"]  # no step that follows needs them, and they can be many
        report.into_notebook(notebook, judged["verdicts"])
        notebook.metadata.autograder.anomalies += [f"to look at: {odd}" for odd in judged["to look at"]]
        return notebook, resources

    def judgement(self, notebook: NotebookNode, resources: ResourcesDict) -> dict:
        """Judge an executed notebook, and return the verdicts and what a person should look at, as JSON knows them."""
        asked = resources["autograder"]
        judge = self.judge(assignment_of(self, resources), asked["seed"])
        verdicts = judge.verdicts(asked["answers"], notebook)
        shown = [report.shown(verdict) for verdict in verdicts]
        return {"verdicts": shown, "to look at": judge.to_look_at(notebook, verdicts)}

    @property
    def settings(self) -> dict[str, float | None]:
        """Return the settings on which points depend."""
        return {"mistake_costs": self.mistake_costs, "most_pairs": self.most_pairs}

    def judge(self, assignment: Assignment, seed: str) -> "Judge":
        """Return the judge of an assignment and seed: one for a whole class, so that its answers are computed once."""
        return _the_judge(assignment, seed, store=self.store(assignment, seed), **self.settings)

    def store(self, assignment: Assignment, seed: str) -> Store | None:
        """Return what holds the judge's own answers for other processes. Here there is nothing such."""
        return None


class Judge:
    """Knows the right answers to the questions of one seed, and the answers that named mistakes lead to.

    mistake_costs  the share of an exercise's points that a named mistake costs if it does not say so itself; None:
                   every case that fails costs its points
    most_pairs     so many pairs of mistakes are tried to explain the answers to one exercise
    kept           mistakes of the assignment that are never run here, and what they answer, by the case's name
    store          holds the judge's own answers for other processes
    """

    def __init__(
        self,
        assignment: Assignment,
        seed: str,
        mistake_costs: float | None = MISTAKE_COSTS,
        most_pairs: int = MOST_PAIRS,
        kept: Mapping[Mistake, Mapping[str, Answer]] | None = None,
        store: Store | None = None,
    ):
        self.assignment = assignment
        self._mistake_costs, self._most_pairs = mistake_costs, most_pairs
        self.store, self._known = store, Expected(assignment, seed, kept, store)
        self._slips: dict[str, Slips] = {}
        self._telling = {case: Telling(self._known, case) for case in assignment.cases if case.inputs}
        self._look_through = lru_cache(1)(lambda cells: look_through(cells, rules_of(assignment)))  # it is asked twice
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

    def catches(self, case: Case, mistake: Mistake) -> bool:
        """Return whether a case's answer is another one if this mistake is made."""
        return self._known.changes(case, mistake)

    def points_with(self, mistake: Mistake, caught: Collection[Case]) -> float:
        """Return the points for an exercise with one mistake, which is named, and which fails these cases."""
        cases = [
            CaseVerdict(case.title, case not in caught, mistake=mistake if case in caught else None)
            for case in self.assignment.cases_of(mistake.exercise)
        ]
        points = self.assignment.source.points[mistake.exercise]
        return Verdict(mistake.exercise, points, cases, self._costs(cases)).score

    @one_thread()
    def verdicts(self, answers: dict[str, Answer], notebook: NotebookNode | None = None) -> list[Verdict]:
        """Return a verdict for every exercise, in the notebook's order.

        answers   the answers by the case's name; a case without an answer gives no points
        notebook  the executed notebook, in which forbidden names and exercises that are not done are looked for
        """
        code = self.code_of(notebook) if notebook else Code()
        earlier: list[Mistake] = []
        odd: list[str] = []  # exercises that are wrong for no known reason, or not for those alone that are named
        broken: set[str] = set()  # in questions to others, ready-made code takes their place, if there is some
        verdicts = []
        for exercise, points in self.assignment.source.points.items():
            given = [answers.get(case.name, NO_ANSWER) for case in self.assignment.cases_of(exercise)]
            raises = any(isinstance(answer, Raised) for answer in given)  # perhaps there was none
            spoilt = [name for name in odd if raises or name not in broken]
            cases, all_explained = self._cases(exercise, answers, earlier, spoilt, code)
            verdict = Verdict(exercise, points, cases, self._costs(cases))
            if notebook and not verdict.score:
                nothing = undone(notebook, exercise, self._released[exercise], not all(map(_is_missing, given)))
                verdict.cases = [nothing] if nothing else verdict.cases
            earlier += verdict.mistakes
            odd += [] if all_explained else [exercise]
            broken |= {exercise} if is_broken(given) else set()
            verdicts.append(verdict)
            self._known.keep()  # now: if the next exercise takes more time than is allowed, this was not in vain
        return verdicts

    @one_thread()
    def prepare(self, exercise: str) -> None:
        """Find out beforehand what a wrong solution of an exercise is compared with, and let it be kept in the store.

        What further mistakes in other exercises change is found out when a submission has them.
        """
        mark = f"prepared {exercise}"
        if self.store is None or self.store.get(mark):
            return
        for case in self.assignment.cases_of(exercise):
            for mistake in self.assignment.mistakes_of(exercise):
                self._known.changes(case, mistake)
            for find_out in (self._known.sizes, self._known.arguments, self._known.trivial_answers):
                find_out(case)
        self._known.keep()
        self.store.update({mark: "yes"})

    def code_of(self, notebook: NotebookNode) -> Code:
        """Find out what the notebook's code uses, and what of it a person should look at."""
        return self._look_through(tuple(cell.source for cell in notebook.cells if cell.cell_type == "code"))

    def to_look_at(self, notebook: NotebookNode, verdicts: list[Verdict]) -> list[str]:
        """Return what a person should look at in an executed notebook: first of all, points for what is not done."""
        found: dict[str, list[str]] = {}
        for name in (verdict.exercise for verdict in verdicts if verdict.score):
            if verdict := undone(notebook, name, self._released[name], is_defined=True):
                found.setdefault(WHY_NOT_THEIR_OWN[verdict.title], []).append(name)
        odd = [f"{', '.join(names)}: points, and {why}, {NOT_THEIR_OWN}" for why, names in found.items()]
        return [*odd, *self.code_of(notebook).to_look_at]

    def _slips_of(self, exercise: str) -> Slips:
        if exercise not in self._slips:
            words = re.findall(r"\w+", self._released.get(exercise, ""))
            self._slips[exercise] = Slips(self._known, exercise, frozenset(words))
        return self._slips[exercise]

    def _costs(self, cases: list[CaseVerdict]) -> dict[Mistake, float] | None:
        """Return the shares of the points that the named mistakes cost, or None if every case costs its points."""
        if self._mistake_costs is None:
            return None
        named = dict.fromkeys(case.mistake for case in cases if case.mistake)
        return {mistake: self._cost(mistake) for mistake in named}

    def _cost(self, mistake: Mistake) -> float:
        if mistake.costs is not None:
            return mistake.costs
        return 1.0 if self._known.leaves_nothing(mistake) else self._mistake_costs

    def _cases(
        self, exercise: str, answers: dict[str, Answer], earlier: list[Mistake], odd: list[str], code: Code
    ) -> tuple[list[CaseVerdict], bool]:
        """Return the verdicts on an exercise's cases, and whether named mistakes explain all that is wrong."""
        cases = self.assignment.cases_of(exercise)
        own = self.assignment.source.exercises
        why = {forbids: refusal(code, exercise, forbids, own) for forbids in {case.forbids for case in cases}}
        refused = {case: CaseVerdict(case.title, False, why[case.forbids]) for case in cases if why[case.forbids]}
        given = {case: answers.get(case.name, NO_ANSWER) for case in cases if case not in refused}

        def explanation(wrong: list[Case]) -> tuple[Case, str]:
            elsewhere = too or any(self._known.depends(case, other) for case in wrong for other in odd)
            explained = names.mistakes or elsewhere or exercise in self.assignment.no_slips
            slip = "" if explained else self._slips_of(exercise).says(given, wrong)
            case, related = most_telling(self._known, {case: given[case] for case in wrong}, slip)
            may = quotable(code.texts, self._given, self._released.get(exercise, ""), own, self._known.sizes(case))
            reason = explain(self._known.difference(case, given[case]), given[case], may, related)
            besides = "" if names.mistakes else besides_form(self._known, case, given, right | too, named)
            return case, ". ".join(filter(None, [reason, besides]))

        def named(known: Expected, given: dict[Case, Answer], right: set[Case]) -> Named:
            return Naming(known, given, right, earlier, odd).named(self._most_pairs)

        tried = {case: given[case] for case in given if case.inputs and not isinstance(given[case], Raised | Silent)}
        shares = {case: self._telling[case].verdict(answer) for case, answer in tried.items()}
        given = {case: answer for case, answer in given.items() if case not in tried}
        right = {case for case, answer in given.items() if self._known.is_right(case, answer)}
        too = carried(self._known, given, right, earlier)
        names = named(self._known, given, right | too)
        found = refused | shares | told(self._known, list(given), right, too, names, earlier, explanation)
        all_explained = not refused and (names.explain_all or right | too == given.keys())
        return [found[case] for case in cases], all_explained


_the_judge = lru_cache(Judge)


def _is_missing(answer: Answer) -> bool:
    return isinstance(answer, Raised) and answer.type == "Missing"
