"""Makes the pages of the site that come from the notebooks: python docs/notebooks.py

A page shows a released notebook, with stubs where the solutions are, and the outputs of the solved one. To solve and
run all notebooks takes some minutes; what came of it is kept in build/executed, by a hash of what was run.
"""

import copy
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

import nbclient
import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

from autograder.authoring.assignment import Assignment
from autograder.authoring.course import Course
from autograder.authoring.release import release_notebook
from autograder.authoring.source import BEGIN, END
from autograder.authoring.students import handed_in
from autograder.errors import UserError

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "docs" / "notebooks"
EXECUTED = ROOT / "build" / "executed"
REPOSITORY = os.environ.get("GITHUB_REPOSITORY")  # owner/name, as GitHub's own workflows know it
LAST_PAGE = "## The last page"  # where the last notebook begins to answer the course's question
HANDING_IN = "## How you hand in"  # and the cell after that
READING = re.compile(r"Reading takes about (\d+) minutes")
WIDGET = "application/vnd.jupyter.widget-view+json"  # a progress bar, which means nothing on a page
BAR = re.compile(r"\r?[^\r\n]*\d%\|[^\r\n]*[\r\n]*")
SHORT = 24  # characters of a line that many solutions and other texts may have in common


class Leak(UserError):
    """A page would show a line of a solution or of a mark scheme; the message says which."""


def write_pages(
    course: Course, pages: Path, solved: Callable[[Assignment], NotebookNode], repository: str | None = None
) -> None:
    """Write the pages of a course's notebooks, a syllabus, and a page with the end of the last notebook.

    pages       the folder that gets them
    solved      returns the solved notebook of an assignment, with its outputs
    repository  on GitHub, from which Binder and Colab take the notebooks; None: the pages do not offer them

    Raises Leak if a page would show what a student is to find out.
    """
    assignments = [course.assignment(name) for name in course.assignment_names]
    secrets = secret_lines(assignments)
    pages.mkdir(parents=True, exist_ok=True)
    for assignment in assignments:
        shown = page(assignment, solved(assignment))
        must_not_leak(shown, secrets, assignment.name)
        last = _section(shown, LAST_PAGE, HANDING_IN)
        if repository:
            _write(on_colab(assignment, repository), pages / "extra" / "colab" / f"{assignment.name}.ipynb")
            title, text = shown.cells[0].source.split("\n", 1)
            shown.cells[0].source = f"{title}\n\n{badges(assignment.name, repository)}\n{text}"
        _write(shown, pages / f"{assignment.name}.ipynb")
    if last.cells:
        _write(last, pages / "ledger.ipynb")
    (pages / "syllabus.txt").write_text(syllabus(assignments), encoding="utf-8")


def run(assignment: Assignment, course: Course, folder: Path) -> NotebookNode:
    """Return the solved notebook with its outputs. It runs only if nothing in it has changed since it last did.

    folder  where it is kept
    """
    notebook = handed_in(assignment)
    kept = folder / f"{assignment.name}-{what_it_runs(notebook, assignment, course)}.ipynb"
    if not kept.exists():
        print(f"{assignment.name} is running", flush=True)
        with tempfile.TemporaryDirectory() as scratch:
            Path(scratch, "parts.py").write_text(assignment.parts, encoding="utf-8")
            nbclient.NotebookClient(notebook, timeout=1800, resources={"metadata": {"path": scratch}}).execute()
        for earlier in folder.glob(f"{assignment.name}-*.ipynb"):
            earlier.unlink()
        _write(notebook, kept)
    return nbformat.read(kept, as_version=4)


def what_it_runs(notebook: NotebookNode, assignment: Assignment, course: Course) -> str:
    """Return a hash of a notebook's code and texts, and of all of the course that it imports."""
    found = hashlib.sha256("\0".join([assignment.parts, *(cell.source for cell in notebook.cells)]).encode())
    for path in sorted(course.folder(course.release_directory).glob("coursekit/**/*")):
        if path.is_file() and "__pycache__" not in path.parts:
            found.update(path.read_bytes())
    return found.hexdigest()[:16]


def page(assignment: Assignment, executed: NotebookNode) -> NotebookNode:
    """Return the released notebook with the outputs of the solved one. Checks and long code are folded away."""
    shown = release_notebook(assignment.source)
    for cell, solved in zip(shown.cells, executed.cells, strict=True):
        folded = cell.metadata.get("jupyter", {}).get("source_hidden")
        cell.metadata = NotebookNode(tags=["hide-input"] if folded else [])
        if cell.cell_type == "code":
            cell.outputs = [output for output in map(without_bars, solved.outputs) if _is_for_readers(output)]
    for cell, after in zip(shown.cells, shown.cells[1:], strict=False):
        alt = next(filter(None, (_alt(output, after) for output in cell.get("outputs", []))), None)
        if alt:
            cell.metadata.mystnb = {"image": {"alt": alt}}
    return shown


def without_bars(output: NotebookNode) -> NotebookNode:
    """Return an output without the lines of progress bars."""
    return NotebookNode(output, text=BAR.sub("", output.text)) if "text" in output else output


def _is_for_readers(output: NotebookNode) -> bool:
    is_stream = output.output_type == "stream"
    return WIDGET not in output.get("data", {}) and not (is_stream and (output.name == "stderr" or not output.text))


def _alt(output: NotebookNode, after: NotebookNode) -> str | None:
    """Return what a picture shows, for those who cannot see it, or None for another output.

    A diagram brings these words along, and for a figure they are the text in italics at the beginning of the next cell.
    """
    data = output.get("data", {})
    if "image/svg+xml" in data:
        return data["text/plain"]
    if "image/png" in data:
        found = re.match(r"\*([^*].*?)\*(\n\n|$)", after.source, re.DOTALL)
        return " ".join(found[1].split()) if found else "A figure that the text below it describes."
    return None


def secret_lines(assignments: Iterable[Assignment]) -> dict[str, str]:
    """Map each line that only solutions and mark schemes have to the exercise or question that it answers."""
    found, public = {}, ""
    for assignment in assignments:
        public += "\n".join(cell.source for cell in release_notebook(assignment.source).cells)
        for cell in assignment.source.of_role("exercise", "answer"):
            inside = False
            for line in (line.strip() for line in cell.text.split("\n")):
                if line in (BEGIN, END):
                    inside = line == BEGIN
                elif inside and len(line) >= SHORT:
                    found[line] = f"{assignment.name}, {cell.name}"
    return {line: where for line, where in found.items() if line not in public}


def must_not_leak(notebook: NotebookNode, secrets: dict[str, str], name: str) -> None:
    """Raise Leak if a cell or an output of a notebook holds one of these lines."""
    for cell in notebook.cells:
        text = "\n".join([cell.source, *map(_text, cell.get("outputs", []))])
        for line, where in secrets.items():
            if line in text:
                raise Leak(f"The page of {name} would show a line of the solution of {where}: {line!r}")


def _text(output: NotebookNode) -> str:
    values = [output.get("text", ""), *output.get("traceback", []), *output.get("data", {}).values()]
    return "\n".join(value if isinstance(value, str) else json.dumps(value) for value in values)


def syllabus(assignments: Iterable[Assignment]) -> str:
    """Return, in Markdown, what the beginning of each notebook says: its question, and the table of its exercises."""
    parts = []
    for assignment in assignments:
        text = "\n".join(cell.text for cell in assignment.source.cells[:2])
        title = re.search(r"^# (.+)", text, re.MULTILINE)[1]
        question = re.findall(r"^> .+", text, re.MULTILINE)
        table = re.findall(r"^\|.+", text, re.MULTILINE)
        parts += [f"## [{title}](/notebooks/{assignment.name}.ipynb)", "\n".join(question), "\n".join(table)]
        parts += [f"With the reading, this takes about {hours(assignment):g} hours."]
    return "\n\n".join(parts) + "\n"


def hours(assignment: Assignment) -> float:
    """Return how long the exercises and the reading take, as the notebook says in its first cells, in quarters."""
    text = "\n".join(cell.text for cell in assignment.source.cells[:2])
    rows = re.findall(r"^\|.+", text, re.MULTILINE)[2:]
    minutes = sum(int(row.split("|")[4]) for row in rows) + sum(map(int, READING.findall(text)))
    return round(minutes / 15) / 4


def badges(name: str, repository: str) -> str:
    """Return links that open a notebook in a browser, without installing anything."""
    colab = f"https://colab.research.google.com/github/{repository}/blob/gh-pages/colab/{name}.ipynb"
    binder = f"https://mybinder.org/v2/gh/{repository}/HEAD?urlpath=lab/tree/course/{name}/{name}.ipynb"
    return f'<p class="badges"><a href="{binder}">Open in Binder</a> <a href="{colab}">Open in Colab</a></p>'


def on_colab(assignment: Assignment, repository: str) -> NotebookNode:
    """Return the released notebook with a first cell that brings what it imports to Colab."""
    notebook = release_notebook(assignment.source)
    parts = f"https://raw.githubusercontent.com/{repository}/HEAD/course/{assignment.name}/parts.py"
    lines = [
        "# Install what this notebook imports. Where it is installed, or without a network, nothing happens.",
        "from importlib.util import find_spec",
        'if find_spec("coursekit") is None:',
        f'    %pip install --quiet "coursekit @ git+https://github.com/{repository}#subdirectory=course"',
        *([f"    !curl --silent --fail --remote-name {parts}"] if assignment.parts else []),
    ]
    notebook.cells.insert(0, new_code_cell("\n".join(lines), id="colab"))
    return notebook


def _section(notebook: NotebookNode, first: str, after: str) -> NotebookNode:
    """Return the cells from one heading to another, without their code; none if there is no such heading."""
    starts = [number for number, cell in enumerate(notebook.cells) if cell.source.startswith(first)]
    ends = [number for number, cell in enumerate(notebook.cells) if cell.source.startswith(after)]
    cells = copy.deepcopy(notebook.cells[starts[0] : ends[0] if ends else None] if starts else [])
    for cell in cells:
        if cell.cell_type == "code":
            cell.metadata.tags = ["remove-input"]
    if cells:
        cells[0].source = cells[0].source.removeprefix("#")  # this page's title
    return new_notebook(cells=cells, metadata=notebook.metadata)


def _write(notebook: NotebookNode, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)


if __name__ == "__main__":
    course = Course.at(ROOT)
    write_pages(course, PAGES, lambda assignment: run(assignment, course, EXECUTED), REPOSITORY)
