"""Writes each notebook solved, with the mark scheme of each written answer, as a page for whoever grades by hand.

The pages are for instructors alone. They are not run, so that they show no outputs.
"""

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from nbconvert import HTMLExporter
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.authoring.assignment import Assignment
from autograder.authoring.course import Course
from autograder.authoring.parts import without_marks
from autograder.authoring.source import BEGIN, END, Cell
from autograder.classroom.privacy import must_not_be_seen, write_for_owner

FOLDER = "model_answers"  # beside nbgrader's source folder, where the solutions are, too
BOX = '<div style="border-left: 0.3em solid #b35900; padding-left: 1em">\n\n{}\n\n</div>'


def write_solutions(course: Course, names: Sequence[str] = (), folder: Path | None = None) -> list[Path]:
    """Write a page for each assignment, which only its owner can read, and return the pages.

    names   of the assignments, or none for all of them
    folder  where; without it, in the class's folder

    Raises WouldBeSeen if students get what is in the folder.
    """
    assignments = [course.assignment(name) for name in names or course.assignment_names]
    folder = Path(folder or course.folder(course.source_directory).parent / FOLDER)
    must_not_be_seen(course, folder)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return [write_for_owner(folder / f"{one.name}.html", as_page(one)) for one in assignments]


def as_page(assignment: Assignment) -> str:
    """Return an assignment, solved, as an HTML page."""
    notebook = new_notebook(cells=list(_cells(assignment)))
    notebook.metadata.language_info = {"name": "python", "pygments_lexer": "ipython3"}
    name = f"{assignment.name}: solutions, for instructors alone"
    page, _ = HTMLExporter().from_notebook_node(notebook, resources={"metadata": {"name": name}})
    return page


def _cells(assignment: Assignment) -> Iterable[NotebookNode]:
    yield new_markdown_cell(_box("**Solutions and mark schemes, for instructors alone.** Not for students."))
    points = assignment.source.points
    for cell in assignment.source.cells:
        if cell.role == "exercise":
            yield new_markdown_cell(_box(f"**Exercise `{cell.name}`, {points[cell.name]:g} points**: a solution."))
            yield new_code_cell(without_marks(cell.text))
        elif cell.role == "answer":
            yield from _answer(cell)
        else:
            yield new_code_cell(cell.text) if cell.kind == "code" else new_markdown_cell(cell.text)
        if cell.role == "check":
            titles = "\n".join(f"- {escape(case.title, quote=False)}" for case in assignment.cases_of(cell.name))
            yield new_markdown_cell(_box(f"**The {cell.points:g} points come from hidden tests:**\n\n{titles}"))


def _answer(cell: Cell) -> Iterable[NotebookNode]:
    """Yield a written answer in three parts: what students find there, if anything, its points, the model answer."""
    given, model, inside = [], [], False
    for line in cell.text.split("\n"):
        if line.strip() in (BEGIN, END):
            inside = line.strip() == BEGIN
        else:
            (model if inside else given).append(line)
    text = "\n".join(given)
    head = f"**Answer `{cell.name}`, {cell.points:g} points, graded by hand.**"
    if cell.kind == "code":
        yield new_markdown_cell(_box(head))
        yield new_code_cell("\n".join([*given, *model]))
        return
    if text.strip():
        yield new_markdown_cell(text)
    yield new_markdown_cell(_box("\n".join([head, "", *model])))


def _box(text: str) -> str:
    return BOX.format(text)
