"""Says why an exercise has nothing to judge: its cell is missing, as it was released, or defines nothing.

What is said comes from the notebook as it was before any question was asked, so that it tells nothing of the questions.
"""

import ast

from nbformat import NotebookNode

from autograder.judging.commands import Unreadable, as_python
from autograder.judging.verdict import CaseVerdict

MISSING = "The cell of this exercise is missing: take it from the notebook that was handed out."
NOT_DONE = "This exercise is not done yet."
UNREADABLE = "Python cannot read the cell of this exercise."
FAILED = "The cell of this exercise ends with an error, and defines nothing."
MOST = 200  # characters of an error's message


def undone(notebook: NotebookNode, exercise: str, released: str, is_defined: bool) -> CaseVerdict | None:
    """Return what to say in place of an exercise's cases, or None if there is something to judge.

    notebook    a rebuilt and executed one
    released    the text of the exercise's cell as the course gives it out
    is_defined  whether the notebook, run from the top, defines the exercise
    """
    if exercise in notebook.metadata.get("autograder", {}).get("missing", []):
        return CaseVerdict(MISSING, False)
    cells = [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == exercise]
    if len(cells) == 1 and _is_same(cells[0].source, released):
        return CaseVerdict(NOT_DONE, False)
    if not is_defined and cells:
        if wrong := _syntax(cells[0].source):
            return CaseVerdict(UNREADABLE, False, wrong)
        for output in cells[0].get("outputs", []):
            if output.output_type == "error":
                return CaseVerdict(FAILED, False, f"{output.ename}: {output.evalue}"[:MOST])
    return None


def _is_same(text: str, released: str) -> bool:
    """Return whether a cell is the released one, but for comments and blank lines."""
    if text == released:
        return True
    try:
        return ast.dump(ast.parse(as_python(text))) == ast.dump(ast.parse(released))
    except (SyntaxError, Unreadable, ValueError, RecursionError, MemoryError):
        return False


def _syntax(text: str) -> str:
    """Return the first error that Python finds when it reads a cell, with its line, or ""."""
    try:
        ast.parse(as_python(text))
    except SyntaxError as error:
        line = (text.split("\n")[error.lineno - 1 : error.lineno] or [""])[0] if error.lineno else ""
        return f"{type(error).__name__} in line {error.lineno}: {error.msg}, in  {line.strip()}"[:MOST]
    except (Unreadable, ValueError, RecursionError, MemoryError):
        return ""
    return ""
