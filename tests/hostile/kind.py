"""What a kind of submission is, and the notebooks that most kinds are made from."""

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
    """What the attacks aim at. The tests make it; it is never the real system."""

    port: int  # a TCP listener on 127.0.0.1 that counts connections
    victim: int  # a `sleep` process that the tests started
    canary: Path  # a file that must stay as it is
    secret: Path  # a file that holds a secret text of the class
    secret_variable: str  # an environment variable of the grading process that holds the same text
    course: Path  # a copy of the course, in which grading runs

    @property
    def sibling(self) -> Path:
        """Where the tests may listen on a unix socket, as another student's kernel would."""
        return self.canary.parent / "k-2"

    @property
    def abstract(self) -> str:
        """The abstract name under which they may listen, too."""
        return f"\0hostile-{self.port}"


Made = NotebookNode | bytes | Callable[[Path], None]


@dataclass(frozen=True)
class Kind:
    name: str
    status: str  # what the grader must say of it: "graded", "anomalies" or "ungraded"
    score: float | None  # the automatic points that it must get, of 90; None if ungraded
    make: Callable[[Assignment, Surroundings], Made]  # a function fills the folder of the submission, which is empty
    student: str = ""  # the student's id, where that matters
    reason: str = ""  # if ungraded: what the reason given must contain

    @property
    def student_id(self) -> str:
        return self.student or re.sub(r"\W+", "-", self.name).strip("-")


ALL = ("causal_mask", "padding_mask", "scaled_dot_product_attention", "MultiHeadAttention")
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
    """A right notebook, filled in by hand, as it were.

    first    a cell to stand before all exercises
    last     cells to stand at the end, with a line `# %%` between them
    instead  {exercise or answer: text} to stand there in place of the right one
    """
    notebook = handed_in(assignment, instead={"renormalised": "It is the same.", **(instead or {})})
    if first:
        place = 1 + next(number for number, cell in enumerate(notebook.cells) if cell.id == "setup")
        notebook.cells.insert(place, new_code_cell(first.strip()))
    notebook.cells += [new_code_cell(text.strip()) for text in last.split("# %%\n") if text]
    return notebook


def attack(name: str, code: str, status: str = "anomalies", score: float = 0.0) -> Kind:
    """Exercises that are right once the first cell has called ``reward()``, and nothing before."""

    def make(assignment: Assignment, surroundings: Surroundings) -> NotebookNode:
        answers = [assignment.solution(name) for name in ALL]
        text = "\n\n".join(["import torch\nfrom torch import Tensor, nn", *answers])
        reward = f"stolen = {{}}\ndef reward():\n    exec({text!r}, stolen)"
        return right(assignment, first="\n".join([reward, _aims(surroundings), code.strip()]), instead=STOLEN)

    return Kind(name, status, score, make)


def burden(name: str, code: str, status: str = "graded", score: float = 90.0) -> Kind:
    """A right notebook whose last cell calls ``take_back()`` if nothing stops it."""

    def make(assignment: Assignment, surroundings: Surroundings) -> NotebookNode:
        return right(assignment, last="\n".join([TAKE_BACK, _aims(surroundings), code.strip()]))

    return Kind(name, status, score, make)


def variant(name: str, status: str, score: float, first: str = "", last: str = "", **instead: str) -> Kind:
    """A right notebook with these cells and texts."""
    return Kind(name, status, score, lambda assignment, _: right(assignment, first, last, instead))


def _aims(surroundings: Surroundings) -> str:
    """What the attack aims at, as names of the notebook."""
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
