"""Defines what a kind of submission is, and makes the notebooks that most kinds start from."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from autograder.authoring.assignment import Assignment
from autograder.authoring.students import handed_in


@dataclass(frozen=True)
class Surroundings:
    """Holds the targets of the attacks. The tests make them; they are never parts of the real system."""

    port: int  # a TCP listener on 127.0.0.1 that counts connections
    victim: int  # a `sleep` process that the tests started
    canary: Path  # a file that must stay as it is
    secret: Path  # a file that holds a secret text of the class
    secret_variable: str  # an environment variable of the grading process that holds the same text
    course: Path  # a copy of the course, in which grading runs

    @property
    def sibling(self) -> Path:
        """Return the path at which the tests may listen on a unix socket, as another student's kernel would."""
        return self.canary.parent / "k-2"

    @property
    def abstract(self) -> str:
        """Return the abstract name of a unix socket on which the tests may listen, too."""
        return f"\0hostile-{self.port}"


Made = NotebookNode | bytes | Callable[[Path], None]


@dataclass(frozen=True)
class Kind:
    """Describes a kind of submission, and how it must be graded."""

    name: str
    status: str  # what the grader must say of it: "graded", "anomalies" or "ungraded"
    score: float | None  # the automatic points that it must get, of 90; None if ungraded
    make: Callable[[Assignment, Surroundings], Made]  # a function fills the folder of the submission, which is empty
    student: str = ""  # the student's id, where that matters
    reason: str = ""  # if ungraded: what the reason given must contain

    @property
    def student_id(self) -> str:
        return self.student or re.sub(r"\W+", "-", self.name).strip("-")


ALL = ("causal_mask", "padding_mask", "scaled_dot_product_attention", "MultiHeadAttention", "telling_inputs")
STOLEN = {name: f"{name} = stolen.get({name!r})" for name in ALL}
TAKE_BACK = f"""\
def take_back():
    \"\"\"Nothing has stopped this cell.\"\"\"
    global {", ".join(ALL)}
    {" = ".join(ALL)} = None
"""


def right(
    assignment: Assignment, first: str = "", last: str = "", instead: Mapping[str, str] | None = None
) -> NotebookNode:
    """Return a right notebook, as if a student had filled it in.

    first    the text of a cell that is put before all exercises
    last     the texts of cells that are put at the end, with a line `# %%` between them
    instead  {exercise or answer: text} that replaces the right one
    """
    notebook = handed_in(assignment, instead={"renormalised": "It is the same.", **(instead or {})})
    if first:
        place = 1 + next(number for number, cell in enumerate(notebook.cells) if cell.id == "setup")
        notebook.cells.insert(place, new_code_cell(first.strip()))
    notebook.cells += [new_code_cell(text.strip()) for text in last.split("# %%\n") if text]
    return notebook


def attack(name: str, code: str, status: str = "anomalies", score: float = 0.0) -> Kind:
    """Make a kind whose exercises become right only if its first cell calls ``reward()``.

    code  the attack, which calls ``reward()`` if it succeeds
    """

    def make(assignment: Assignment, surroundings: Surroundings) -> NotebookNode:
        answers = [assignment.solution(name) for name in ALL]
        text = "\n\n".join(["import torch\nfrom torch import Tensor, nn", *answers])
        reward = f"stolen = {{}}\ndef reward():\n    exec({text!r}, stolen)"
        return right(assignment, first="\n".join([reward, _aims(surroundings), code.strip()]), instead=STOLEN)

    return Kind(name, status, score, make)


def burden(name: str, code: str, status: str = "graded", score: float = 90.0) -> Kind:
    """Make a kind with a right notebook whose last cell is a burden.

    code  the last cell, which calls ``take_back()`` if nothing stops it: then all exercises are wrong
    """

    def make(assignment: Assignment, surroundings: Surroundings) -> NotebookNode:
        return right(assignment, last="\n".join([TAKE_BACK, _aims(surroundings), code.strip()]))

    return Kind(name, status, score, make)


def variant(name: str, status: str, score: float, first: str = "", last: str = "", **instead: str) -> Kind:
    """Make a kind with a right notebook that has these cells and texts: see ``right``."""
    return Kind(name, status, score, lambda assignment, _: right(assignment, first, last, instead))


def _aims(surroundings: Surroundings) -> str:
    """Return code that gives the targets of the attacks as names in the notebook."""
    known = {
        "PORT": surroundings.port,
        "VICTIM": surroundings.victim,
        "CANARY": str(surroundings.canary),
        "SECRET": str(surroundings.secret),
        "VARIABLE": surroundings.secret_variable,
        "COURSE": str(surroundings.course),
        "SIBLING": str(surroundings.sibling),
        "ABSTRACT": surroundings.abstract,
    }
    return "\n".join(f"{name} = {value!r}" for name, value in known.items())
