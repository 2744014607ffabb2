"""A malformed source is a clear error that names file and line."""

from pathlib import Path

import pytest

from autograder.__main__ import main
from autograder.authoring.build import BuildError, build
from autograder.authoring.course import Course
from autograder.authoring.release import release_notebook
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
        (SOURCE, "points=4", 'points=4 folded="no"', 13, "folded='no': it is true or false"),
        (SOURCE, "# %% [markdown]", "# %% [markdown] folded=true", 1, "only code can be folded"),
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
        (HIDDEN, "hidden\n\n", "hidden, tells\n\n@tells('double', 'triple', 1, 1)\ndef shows(student, rng):\n    '''Shows.'''\n\n", 3, "hidden test 'shows' is for 'triple'"),
        (HIDDEN, '    """It works."""\n', "", 4, "has no docstring"),
        (HIDDEN, "@hidden('double')\n", "", 7, "has no hidden test"),
        (HIDDEN, "def works(", "def works((", 5, "Python cannot read this"),
        (MISTAKES, "replace='return x * 2'", "replace='return y'", 4, "its text stands 0 times"),
        (MISTAKES, "replace='return x * 2'", "replace='x'", 4, "its text stands 2 times"),
        (MISTAKES, "'double'", "'triple'", 4, "there is no such exercise"),
        (SOURCE, "import math\n", "import math (\n", 5, "in locked 'setup_double': Python cannot read this"),
        (SOURCE, "import math\n", "%matplotlib inline\n", 5, "in locked 'setup_double': Python cannot read this"),
        (SOURCE, "assert double(0) == 0", "assert double(0 == 0", 14, "in check 'double': Python cannot read this"),
        (SOURCE, '# %% check="double"', '# %%\na free cell\n# %% check="double"', 14, "Python cannot read this"),
        (SOURCE, "import math\n", "import maths\n", 5, "the reference solution fails: ModuleNotFoundError: No module named 'maths'"),
        (SOURCE, "import math\n", "from math import py\n", 5, "fails: ImportError: cannot import name 'py'"),
        (SOURCE, '# %% exercise="double"\n', '# %% exercise="double"\nsize + 1\n', 8, "NameError: name 'size' is not defined"),
        (HIDDEN, "import hidden\n", "import hiden\n", 1, "ImportError: cannot import name 'hiden'"),
        (HIDDEN, "import hidden\n", "import hidden\nimport torchh\n", 2, "No module named 'torchh'. If the name is right, install it"),
        (HIDDEN, "@hidden('double')", "@hidden('double', tolerence=1)", 4, "unexpected keyword argument 'tolerence'"),
        (HIDDEN, "rng.integer(1, 10**9)", "rng.integr(1)", 7, "hidden test 'works' raises on the reference solution: AttributeError"),
        (HIDDEN, "rng.integer(1, 10**9)", "None", 7, "raises on the reference solution in line 10 of notebook.py: TypeError"),
        (HIDDEN, "student.double(", "student.triple(", 7, "asks for 'triple', which no locked cell and no exercise defines"),
        (HIDDEN, "return student", "return {1, student", 7, "Python cannot read this"),
        (HIDDEN, "    return student.double(rng.integer(1, 10**9))", "    return [{student.double(1)}]", 4, "returns a value of type set"),
        (MISTAKES, "import Mistake\n", "import Mistakes\n", 1, "cannot import name 'Mistakes'"),
        (MISTAKES, "replace=", "repalce=", 4, "unexpected keyword argument 'repalce'"),
        (MISTAKES, "MISTAKES = ", "MISTAKE = ", 1, "there must be MISTAKES in it"),
        (MISTAKES, "    Mistake(", "    tuple(", 4, "TypeError"),
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


def test_two_hidden_tests_of_one_name(small):
    """The first would vanish."""
    path = small / HIDDEN
    path.write_text(path.read_text() + '\n\n@hidden("double")\ndef works(student, rng):\n    """Again."""\n')
    with pytest.raises(SourceError, match=r"hidden.py:11: 'works' is there already, in line 5: that hidden test would"):
        Course.at(small).assignment("01_first")


@pytest.mark.parametrize("line", ["again = works", "other, works = works, None"])
def test_a_hidden_test_is_found_under_its_name(small, line):
    """The kernel looks for it there."""
    path = small / HIDDEN
    path.write_text(f"{path.read_text()}\n\n{line}\n")
    with pytest.raises(SourceError, match=r"hidden.py:4: hidden test 'works' has another name, too"):
        Course.at(small).assignment("01_first")


def test_magic_commands_are_for_free_cells(small):
    path = small / SOURCE
    path.write_text(path.read_text() + "\n# %%\n# %matplotlib inline\n# !ls\n\n# %%\nawait something\n")
    assert len(Course.at(small).assignment("01_first").source.cells) == 6


def test_the_commands_tell_errors_without_a_traceback(small, capsys):
    (small / HIDDEN).write_text((small / HIDDEN).read_text().replace("1, 10**9", "1, None"))
    (small / MISTAKES).write_text((small / MISTAKES).read_text().replace("by='return x'", "by='return x +'"))
    for words in (["build"], ["mistakes", "01_first"]):
        assert main(["--course", str(small), *words]) == 1
        said = capsys.readouterr()
        assert said.err.startswith(f"{small / HIDDEN}:7: hidden test 'works' raises") and said.err.count("\n") == 1
    (small / HIDDEN).write_text((small / HIDDEN).read_text().replace("1, None", "1, 9"))
    assert main(["--course", str(small), "mistakes", "01_first"]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"{small / MISTAKES}:4: a notebook with mistake 'does nothing' does not run: ")
    assert "notebook.py:10: the reference solution fails: Python cannot read this" in said


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


def test_a_server_that_runs_for_weeks_reads_what_has_changed(small):
    """Formgrader's button grades in the process of the server: an instructor may mend a test, and press it again."""
    course = Course.at(small)
    before = course.assignment("01_first")
    assert course.assignment("01_first") is before
    (small / HIDDEN).write_text((small / HIDDEN).read_text().replace("It works.", "It works now."))
    assert [case.title for case in course.assignment("01_first").cases] == ["It works now."]
    before = course.assignment("02_second")
    source = small / SOURCE
    source.write_text(source.read_text().replace("return x * 2", "return x + x"))
    assert "x + x" in course.assignment("02_second").parts != before.parts


def test_notebooks_share_their_last_cell(small):
    last = small / "written" / "last_cell.md"
    before = Course.at(small).assignment("02_second")
    last.write_text("## How you hand in\n\nSend `{notebook}`.\n")
    for name in ("01_first", "02_second"):
        cell = release_notebook(Course.at(small).assignment(name).source).cells[-1]
        assert (cell.cell_type, cell.source) == ("markdown", f"## How you hand in\n\nSend `{name}.ipynb`.")
        assert "nbgrader" not in cell.metadata
    after = Course.at(small).assignment("02_second")
    assert after.source.cells[:-1] == before.source.cells and after.parts == before.parts
    last.write_text("### BEGIN SOLUTION\n")
    with pytest.raises(SourceError, match="last_cell.md:1: it is shown to students as it is"):
        Course.at(small).assignment("01_first")
