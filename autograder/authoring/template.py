"""Makes the folder of a new assignment. What is in it works at once, and is there to be replaced."""

import os
import re
import shutil
import tempfile
from pathlib import Path

from autograder.authoring.course import SETTINGS, Course
from autograder.errors import UserError

FILES = {
    "notebook.py": '''\
# %% [markdown]
# # NAME
#
# Say here what the notebook is about. Then: replace `raise NotImplementedError()` by your code, and run the visible
# check below it. Hidden tests try more: everything that the docstring promises.

# %% locked="setup"
from collections.abc import Sequence

# %% [markdown]
# ## Exercise 1: `moving_average`
#
# Say here what it is for.


# %% exercise="moving_average"
def moving_average(values: Sequence[float], width: int) -> list[float]:
    """Return the mean of each `width` neighbouring values, from the first ones to the last ones."""
    ### BEGIN SOLUTION
    starts = range(len(values) - width + 1)
    return [sum(values[start : start + width]) / width for start in starts]
    ### END SOLUTION


# %% check="moving_average" points=100
assert moving_average([1.0, 3.0, 5.0], 2) == [2.0, 4.0], "the windows are 1, 3 and 3, 5"
print("moving_average: the visible check passes.")
''',
    "hidden.py": '''\
"""Hidden tests of NAME: each returns what the student's code gives; the reference's is what it should give."""

from autograder.probe import hidden


@hidden("moving_average")
def every_window_has_its_mean(student, rng):
    """Each window has its mean, for several widths."""
    values = rng.normal(rng.integer(9, 15)).tolist()
    return [student.moving_average(values, width) for width in rng.different(3, 2, 6)]
''',
    "mistakes.py": '''\
"""Named mistakes of NAME: one replacement in the reference solution each, whose text must be there exactly once."""

from autograder.authoring import Mistake

MISTAKES = [
    Mistake(
        "the last window is left out",
        "moving_average",
        replace="range(len(values) - width + 1)",
        by="range(len(values) - width)",
        says="One window is missing. How many windows of width 2 have three values?",
    ),
]
''',
    "alternatives.py": '''\
"""Right solutions of NAME, written in other ways than the reference. Each must score full."""

ALTERNATIVES = {
    "moving_average": {
        "sums from the first value on": """
def moving_average(values, width):
    sums = [0.0]
    for value in values:
        sums.append(sums[-1] + value)
    return [(end - start) / width for start, end in zip(sums, sums[width:])]
""",
    },
}
''',
}


SETTINGS_OF_A_COURSE = '''\
"""The settings of this course. nbgrader reads this file when it is started in this folder, and so does autograder."""

from pathlib import Path

import autograder

c = get_config()  # noqa: F821  nbgrader provides it
c.CourseDirectory.course_id = "NAME"
c.CourseDirectory.root = str(Path(__file__).resolve().parent)
c.CourseDirectory.source_directory = "class/source"
c.CourseDirectory.submitted_directory = "class/submitted"
c.CourseDirectory.autograded_directory = "class/autograded"
c.CourseDirectory.feedback_directory = "class/feedback"
c.CourseDirectory.db_url = f"sqlite:///{c.CourseDirectory.root}/class/gradebook.db"
c.Records.folder = "class/records"  # what was run, and the secret seeds of the class: keep it

autograder.configure(c)  # the steps of grading, for nbgrader's own commands, too: let it stay the last line
'''


class NotMade(UserError):
    """There is no new folder; the message says why."""


def begin_course(folder: Path, first: str) -> bool:
    """Make the settings of a new course in a folder that holds nothing but hidden files. Return whether it did.

    first  the name of its first assignment

    Raises NotMade if that is no good name.
    """
    in_a_course = any((parent / SETTINGS).is_file() for parent in folder.resolve().parents)
    if in_a_course or not folder.is_dir() or not all(path.name.startswith(".") for path in folder.iterdir()):
        return False
    _check_name(first)
    name = re.sub(r"\W+", "_", folder.resolve().name).strip("_") or "course"
    (folder / SETTINGS).write_text(SETTINGS_OF_A_COURSE.replace("NAME", name), encoding="utf-8")
    return True


def _check_name(name: str) -> None:
    if not re.fullmatch(r"[A-Za-z0-9]\w*", name, re.ASCII):
        raise NotMade(f"{name!r} is no name for an assignment: letters, digits and underscores, as in 07_name.")


def new_assignment(course: Course, name: str) -> Path:
    """Make the folder of a new assignment, whole or not at all, and return it.

    Raises NotMade if the name is no good one, or if something has this name already.
    """
    _check_name(name)
    folder = course.folder(course.solutions_directory) / name
    if os.path.lexists(folder):
        raise NotMade(f"{folder} is there already, and stays as it is. Choose another name, or move it away first.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=course.root, prefix=".new-") as staging:
        made = Path(staging, name)
        made.mkdir()
        for file, text in FILES.items():
            (made / file).write_text(text.replace("NAME", name), encoding="utf-8")
        shutil.move(made, folder)
    return folder


def next_steps(course: Course, name: str) -> str:
    """Say what there is now, and what to do next."""
    folder = course.folder(course.solutions_directory) / name
    later = [other for other in course.assignment_names if other > name]
    test = f"python -m autograder mistakes {name}"
    build = "python -m autograder build".ljust(len(test))
    lines = [
        f"{folder}: {', '.join(FILES)}",
        "It works as it is. Write yours in its place, and after each change:",
        f"    {test}    # do the hidden tests catch each mistake?",
        f"    {build}    # make the notebook that students get",
        "What a cell can be: python -m pydoc autograder.authoring.source. What hidden tests can use: autograder.probe.",
    ]
    if later:
        lines.append(
            f"It is taught before {', '.join(later)}, since assignments are taught in the order of their names: their "
            "parts.py will hold its solutions."
        )
    return "\n".join(lines)
