"""A class in a small course of arithmetic, for what is found out about a class after it was graded."""

from collections.abc import Mapping
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook

from autograder.authoring.build import build
from autograder.authoring.course import Course, commands_on_path
from autograder.authoring.students import handed_in
from autograder.classroom.grade import grade

NAME = "01_first"
ANSWER = '# %% [markdown] answer="why" points=6\n# ### BEGIN SOLUTION\n# Because.\n# ### END SOLUTION\n'
TESTS = '''
import torch

@hidden("double")
def keeps_the_sign(student, rng):
    """Negative numbers stay negative."""
    return [student.double(number) for number in (-3, -rng.integer(1, 10**9))]


@hidden("double")
def halves(student, rng):
    """Halves become whole, in a tensor, too."""
    half = rng.integer(1, 10**9) + 0.5
    return [student.double(half), student.double(half * torch.ones(2))]


@hidden("triple")
def works_for_texts(student, rng):
    """Texts are repeated."""
    return student.triple("ab" * rng.integer(1, 9))
'''
TRIPLE = """
# %% exercise="triple"
def triple(x):
    ### BEGIN SOLUTION
    return x * 3
    ### END SOLUTION

# %% check="triple" points=6
assert triple(0) == 0
"""
RIGHT = "def double(x):\n    return x * 2"
KNOWN = "def double(x):\n    return x"  # the catalogue's mistake
SQUARE = "def double(x):\n    return x * x"  # which the catalogue does not know
ABSOLUTE = "def double(x):\n    return abs(x) * 2"


class SmallClass:
    """A course with an assignment of two exercises and a written answer, and what students hand in."""

    def __init__(self, folder: Path):
        self.folder = folder
        written = folder / "written" / NAME
        with (written / "notebook.py").open("a") as file:
            file.write(TRIPLE + "\n# %% folded=true\nprint(triple(1))\n\n" + ANSWER)
        with (written / "hidden.py").open("a") as file:
            file.write(TESTS)
        self.build()

    def build(self) -> None:
        with commands_on_path():
            build(self.course)

    def edit(self, name: str, before: str, after: str) -> None:
        path = self.folder / "written" / NAME / name
        text = path.read_text()
        assert text.count(before) == 1
        path.write_text(text.replace(before, after))

    @property
    def course(self) -> Course:
        return Course.at(self.folder)

    def hand_in(self, student: str, **instead: str) -> None:
        folder = self.folder / "class" / "submitted" / student / NAME
        folder.mkdir(parents=True, exist_ok=True)
        instead = {"why": f"Because {student} says so."} | instead
        nbformat.write(handed_in(self.course.assignment(NAME), (), instead), folder / f"{NAME}.ipynb")

    def grade(self, wrote: Mapping[str, str] | None = None) -> dict[str, float]:
        """Hand in these texts of `double`, by student, and grade all. Return the automatic points."""
        for student, text in (wrote or {}).items():
            self.hand_in(student, double=text)
        students = sorted(path.name for path in (self.folder / "class" / "submitted").iterdir())
        with commands_on_path():
            return {result.grading.student: result.score for result in grade(self.course, NAME, students)}

    def gradebook(self) -> Gradebook:
        return Gradebook(self.course.db_url, self.course.course_id)
