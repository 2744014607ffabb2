"""Makes the page of feedback that a student gets: what `nbgrader generate_feedback` exports with.

The page loads nothing and runs nothing. Its template, ``templates/feedback_page``, escapes every text; what a student
wrote is made HTML of by ``autograder.judging.pages``, within limits.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from nbconvert.exporters import TemplateExporter
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.preprocessors import GetGrades
from nbgrader.utils import is_grade, is_solution, is_task
from traitlets import Any, Bunch, List, default, validate

from autograder.classroom.steps import StepsStay, refuse
from autograder.judging import pages

# The filters that make HTML of what a student wrote.
CLEAN = ("clean_html", "highlight_code", "markdown_below_a_title", "terminal_without_paths")


class FeedbackPage(StepsStay, TemplateExporter):
    """Writes a graded notebook as a page of HTML. ``c.FeedbackPage`` may name another template, and further filters."""

    default_preprocessors = List(Any(), help="It needs none of nbconvert's.").tag(config=True)

    export_from_notebook = None  # it is nothing for JupyterLab's menu
    output_mimetype = "text/html"

    @default("file_extension")
    def _file_extension_default(self) -> str:
        return ".html"

    @default("template_name")
    def _template_name_default(self) -> str:
        return "feedback_page"

    @default("extra_template_basedirs")
    def _extra_template_basedirs_default(self) -> list[str]:
        return [str(Path(__file__).with_name("templates"))]

    def default_filters(self) -> Iterable[tuple]:
        yield from super().default_filters()
        for name in CLEAN:
            yield name, getattr(pages, name)

    @validate("filters")
    def _further_filters(self, proposal: Bunch) -> dict:
        """Let no setting take the place of a filter that cleans."""
        return {name: found for name, found in proposal.value.items() if name not in CLEAN}


@dataclass(frozen=True)
class Row:
    """Holds what the summary says of one graded cell."""

    name: str  # of the exercise or the answer
    place: str  # the grade_id of the cell, which is its address in the page
    score: float
    points: float  # the most that it can give
    waits: bool = False  # for a person to grade it
    is_answer: bool = False  # a text that a person grades
    by_hand: bool = False  # whether a person gave the points
    comment: bool = False  # whether a person said something about it
    verdict: dict | None = None  # of the judge

    @property
    def mistakes(self) -> list[str]:
        return self.verdict["mistakes"] if self.verdict else []

    @property
    def failed(self) -> int:
        """Return how many of the hidden tests failed."""
        return sum(not case["passed"] for case in self.verdict["cases"]) if self.verdict else 0


class ReadGrades(GetGrades):
    """Reads points and comments from the gradebook, as nbgrader does, and makes the rows of the summary of them.

    They are in ``resources["summary"]``, by the cell's grade_id.
    """

    def preprocess(self, notebook: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        refuse(self)
        notebook, resources = super().preprocess(notebook, resources)
        resources["summary"] = {row.place: row for row in summary(notebook)}
        return notebook, resources

    def _get_score(self, cell: NotebookNode, resources: ResourcesDict) -> None:
        super()._get_score(cell, resources)
        name = cell.metadata.nbgrader.grade_id
        grade = self.gradebook.find_grade(name, self.notebook_id, self.assignment_id, self.student_id)
        cell.metadata.nbgrader.waits = bool(grade.needs_manual_grade)
        cell.metadata.nbgrader.by_hand = grade.manual_score is not None


def summary(notebook: NotebookNode) -> list[Row]:
    """Return a row for each graded cell of a notebook that ``ReadGrades`` has been through."""
    judged = notebook.metadata.get("autograder", {}).get("verdicts", [])
    verdicts = {f"check_{verdict['exercise']}": verdict for verdict in judged}
    graded = [cell for cell in notebook.cells if is_grade(cell) or is_task(cell)]
    commented = {cell.metadata.nbgrader.grade_id for cell in notebook.cells if _comment(cell)}
    rows = []
    for cell in graded:
        told = cell.metadata.nbgrader
        verdict = verdicts.get(told.grade_id)
        name = verdict["exercise"] if verdict else told.grade_id
        rows.append(
            Row(
                name=name,
                place=told.grade_id,
                score=told.score,
                points=told.points,
                waits=told.waits,
                is_answer=is_solution(cell) or is_task(cell),
                by_hand=told.by_hand,
                comment=name in commented,
                verdict=verdict,
            )
        )
    return rows


def _comment(cell: NotebookNode) -> str:
    return cell.metadata.get("nbgrader", {}).get("comment") or ""
