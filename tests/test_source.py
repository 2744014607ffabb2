"""A malformed source is a clear error that names file and line."""

from pathlib import Path

import pytest

from autograder.authoring.build import BuildError, build
from autograder.authoring.course import Course
from autograder.authoring.source import SourceError

SOURCE, HIDDEN, MISTAKES = (f"written/01_first/{name}.py" for name in ("notebook", "hidden", "mistakes"))


@pytest.mark.parametrize(
    "file, old, new, line, message",
    [
        (SOURCE, '# %% exercise="double"\n', "# %%\n", 13, "check 'double' has no exercise of that name"),
        (SOURCE, "import math\n", "### BEGIN SOLUTION\n", 4, "a solution stands outside an exercise"),
        (SOURCE, '# %% check="double" points=4\n', "# %%\n", 7, "exercise 'double' has no check"),
        (SOURCE, 'check="double"', 'check="triple"', 13, "check 'triple' has no exercise of that name"),
        (SOURCE, "points=4", 'points="four"', 13, "points='four'"),
        (SOURCE, " points=4", "", 13, "needs a positive number of points"),
        (SOURCE, "points=4", "points=-1", 13, "needs a positive number of points"),
        (SOURCE, 'exercise="double"', 'exercise="double" points=4', 7, "only a check or an answer has points"),
        (SOURCE, "    ### END SOLUTION\n", "", 7, "a solution is not closed"),
        (SOURCE, "    ### BEGIN SOLUTION\n", "", 7, "a solution is not closed"),
        (SOURCE, "    ### BEGIN SOLUTION\n    return x * 2\n    ### END SOLUTION\n", "    return x\n", 7, "has no solution"),
        (SOURCE, "def double", "def twice", 7, "defines no 'double'"),
        (SOURCE, "def double(x):", "def double(x:", 8, "Python cannot read this"),
        (SOURCE, "exercise=", "exercize=", 7, "unknown cell option 'exercize'"),
        (SOURCE, 'exercise="double"', 'exercise="dou ble"', 7, "a name is letters"),
        (SOURCE, 'exercise="double"', 'exercise="double" locked="double"', 7, "a cell has one role"),
        (SOURCE, 'locked="setup_double"', 'locked="double"', 7, "is there already, in line 4"),
        (SOURCE, "# %% [markdown]\n# # 01_first\n", "import math\n", 1, "begins with a cell marker"),
        (HIDDEN, "@hidden('double')", "@hidden('triple')", 4, "there is no such exercise"),
        (HIDDEN, '    """It works."""\n', "", 4, "has no docstring"),
        (HIDDEN, "@hidden('double')\n", "", 7, "has no hidden test"),
        (HIDDEN, "def works(", "def works((", 5, "Python cannot read this"),
        (MISTAKES, "replace='return x * 2'", "replace='return y'", 4, "its text stands 0 times"),
        (MISTAKES, "replace='return x * 2'", "replace='x'", 4, "its text stands 2 times"),
        (MISTAKES, "'double'", "'triple'", 4, "there is no such exercise"),
    ],
)  # fmt: skip
def test_errors_name_file_and_line(small, file, old, new, line, message):
    text = (small / file).read_text()
    assert text.count(old) == 1
    (small / file).write_text(text.replace(old, new))
    with pytest.raises(SourceError) as raised:
        build(Course.at(small))
    named = SOURCE if "has no hidden test" in message else file  # the exercise is what lacks one
    assert str(raised.value).startswith(f"{small / named}:{line}: ")
    assert message in str(raised.value)
    assert not (small / "handout").exists() and not (small / "class").exists(), "nothing is written"


def test_a_missing_file_is_named(small):
    (small / HIDDEN).unlink()
    with pytest.raises(SourceError, match="this assignment has no .*01_first/hidden.py"):
        build(Course.at(small))


def test_an_unknown_assignment_lists_those_that_there_are(small):
    with pytest.raises(LookupError, match="no assignment '03_third'. There are: 01_first, 02_second"):
        Course.at(small).assignment("03_third")


def test_nothing_to_build(tmp_path):
    (tmp_path / "nbgrader_config.py").touch()
    with pytest.raises(BuildError, match="nothing to build"):
        build(Course.at(tmp_path))


def test_a_folder_that_is_no_course_is_told(tmp_path):
    with pytest.raises(FileNotFoundError, match="no nbgrader_config.py in .*, so that it is no course"):
        Course.at(tmp_path)
    with pytest.raises(FileNotFoundError, match="or above it: go to a course's folder"):
        Course.around(tmp_path)


def test_a_course_is_found_from_within(small):
    assert Path(Course.around(small / "written" / "01_first").root) == small


def test_what_is_private_is_known_without_being_named(small):
    """The secret seeds are among it."""
    names = {str(Path(name)) for name in Course.at(small).private_directories}
    assert names == {
        "written",
        "class/source",
        "class/submitted",
        "class/autograded",
        "class/feedback",
        "class/records",
    }
