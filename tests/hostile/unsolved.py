"""Makes notebooks in which no exercise is solved, and one cell, the same for every notebook, gets ready-made parts.

What it takes is coursekit's own: the parts that are lent to those who are stuck. Each way in which names of attributes
are made up while the cell runs is a kind of its own. The points that they get are for a person to take away.
"""

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from autograder.authoring.assignment import Assignment
from autograder.authoring.release import release_notebook

from .kind import Kind, variant

BOX = """
from types import SimpleNamespace
from coursekit.go_on import go_on
name, found = "__glo" "bals__", {}
def box(**things):
    return SimpleNamespace(**{name: things})
"""
LEND = """
give(found["under_grading"], os=SimpleNamespace(environ={}))
found["ready_made"]("-")
take(go_on)
give(box, **found["LENT"])
"""
WRAPS = """
from functools import wraps
def take(thing):
    wraps(thing, (), (name,))(SimpleNamespace(**{name: found}))
def give(thing, **things):
    wraps(box(**things), (), (name,))(thing)
take(go_on)
"""
ONE_CELL = "".join([BOX, WRAPS, LEND]).strip()
# The same by other names of functools' function.
ALIASED = ONE_CELL.replace("import wraps", "import wraps as same").replace("    wraps(", "    same(")
BY_MODULE = ONE_CELL.replace("from functools import wraps", "import functools as f").replace(" wraps(", " f.wraps(")


def unsolved(assignment: Assignment, cell: str, instead: str = "") -> NotebookNode:
    """Return the notebook as it is handed out, with this cell below it.

    instead  the text of every exercise's cell (default: the released one)
    """
    notebook = release_notebook(assignment.source)
    for part in notebook.cells if instead else []:
        if part.metadata.get("nbgrader", {}).get("grade_id") in assignment.source.exercises:
            part.source = instead
    notebook.cells.append(new_code_cell(cell))
    return notebook


def lent(name: str, cell: str, instead: str = "", score: float = 75.83) -> Kind:
    return Kind(name, "anomalies", score, lambda assignment, _: unsolved(assignment, cell, instead))


UNSOLVED: list[Kind] = [
    lent("nothing done, ready-made parts by wraps", ONE_CELL),
    lent("nothing done, ready-made parts by another name of wraps", ALIASED),
    lent("nothing done, ready-made parts by wraps of a module", BY_MODULE),
    lent("nothing but pass, ready-made parts by wraps", ONE_CELL, "pass"),
    lent("nothing but a comment, ready-made parts by wraps", ONE_CELL, "# I have done it below."),
    variant(
        "a class that is made by type",
        "anomalies",
        90.0,
        last='Box = type("Box", (), {"__get" "attr__": lambda self, name: name})\nfound = Box().anything',
    ),
    variant(
        "a class that is put on",
        "anomalies",
        90.0,
        last="class Mine(nn.Linear): pass\nlayer = nn.Linear(2, 2)\nlayer.__class__ = Mine",
    ),
    variant(
        "a class that is put on by setattr",
        "anomalies",
        90.0,
        last='class Mine(nn.Linear): pass\nlayer = nn.Linear(2, 2)\nsetattr(layer, "__class__", Mine)',
    ),
]
