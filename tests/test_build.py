"""The build is whole or not at all, the same each time, and gives nothing away."""

import re
import shutil

import nbformat
import pytest

from autograder.__main__ import main
from autograder.authoring import build as building
from autograder.authoring.build import BuildError, build
from autograder.authoring.course import Course
from autograder.authoring.parts import parts
from autograder.authoring.release import release_notebook
from autograder.authoring.source import SourceError, read_source
from this_course import COURSE, ROOT, load


def files(folder):
    return {path.relative_to(folder): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_course_is_in_step_with_solutions(tree):
    before = files(tree / "course")
    build(Course.at(tree))
    assert files(tree / "course") == before, "course/ is not what the build makes: run `make build`"


LISTED = re.compile(r"\| *((?:Exercise|Question) \d+) *\|[^|]*\| *(\d+) *\| *(\d+) *\| *(\S+) *\|")
HEADING = re.compile(r"### ((?:Exercise|Question) \d+)\b.*?\((\d+) points, (\d+) minutes, (\S+)\)")


@pytest.mark.parametrize("name", COURSE.assignment_names)
def test_the_table_at_the_top_says_what_each_heading_says(name):
    source = load(name).source
    text = source.path.read_text()
    assert LISTED.findall(text) == HEADING.findall(text) != []
    assert sum(float(points) for _, points, _, _ in HEADING.findall(text)) == 100
    exercises = [float(points) for what, points, _, _ in HEADING.findall(text) if what.startswith("Exercise")]
    assert exercises == [*source.points.values()]


def test_building_twice_gives_the_same_bytes(small):
    build(Course.at(small))
    first = files(small / "handout") | files(small / "class" / "source")
    build(Course.at(small))
    assert files(small / "handout") | files(small / "class" / "source") == first


def test_the_release_in_memory_is_nbgraders(small):
    build(Course.at(small))
    released = nbformat.read(small / "handout" / "01_first" / "01_first.ipynb", as_version=4)
    ours = release_notebook(Course.at(small).assignment("01_first").source)
    assert ours.cells == released.cells


def test_checks_and_what_is_said_to_be_are_folded(small):
    path = small / "written" / "01_first" / "notebook.py"
    path.write_text(path.read_text() + "\n# %% folded=true\nlent = 1\n\n# %%\nopen = 1\n")
    build(Course.at(small))
    released = nbformat.read(small / "handout" / "01_first" / "01_first.ipynb", as_version=4)
    folded = [cell.metadata.get("jupyter", {}).get("source_hidden", False) for cell in released.cells]
    assert folded == [False, False, False, True, True, False]


def test_parts_hold_earlier_solutions_only(small):
    build(Course.at(small))
    assert not (small / "handout" / "01_first" / "parts.py").exists()
    text = (small / "handout" / "02_second" / "parts.py").read_text()
    assert text.startswith("# Made by") and "return x * 2" in text
    assert "double(double" not in text and "SOLUTION" not in text


def test_parts_do_not_import_themselves(small):
    for name in ("notebook.py", "hidden.py", "mistakes.py"):
        text = (small / "written" / "02_second" / name).read_text()
        text = text.replace("setup_quadruple", "setup_third").replace(
            "import double", "import (\n    double,\n    quadruple,\n)"
        )
        text = text.replace("double(double(x))", "x * 4").replace("quadruple(0)", "octuple(0)")
        text = text.replace('"quadruple"', '"octuple"').replace("'quadruple'", "'octuple'")
        text = text.replace("def quadruple", "def octuple").replace("student.quadruple", "student.octuple")
        (small / "written" / "03_third").mkdir(exist_ok=True)
        (small / "written" / "03_third" / name).write_text(text)
    third = Course.at(small).assignment("03_third")
    assert third.reference().octuple(1) == 4
    assert "from parts" not in third.parts and "def double" in third.parts and "def quadruple" in third.parts


def test_given_code_comes_with_what_it_needs(small):
    """Its decorators, what it uses itself, and the solution that it derives from, before it."""
    path = small / "written" / "01_first" / "notebook.py"
    given = "START = 1\nlist_ = []\nlist_.append(START)\nFIRST = START + 1\n\n\n@staticmethod\ndef first():\n    return FIRST * list_[0]\n\n\nUNUSED = 0"
    text = (
        path.read_text().replace("import math", f"import math\n\n{given}").replace("return x * 2", "return x * first()")
    )
    path.write_text(
        text
        + '\n# %% locked="between"\nclass Twice:\n    value = double(2)\n'
        + '\n# %% exercise="four"\ndef four():\n    ### BEGIN SOLUTION\n    return Twice.value\n    ### END SOLUTION\n'
        + '\n# %% check="four" points=4\nassert four() == 4\n'
    )
    made = parts([read_source(path)])
    assert "@staticmethod\ndef first" in made and "UNUSED" not in made
    found = {}
    exec(made, found)
    assert found["four"]() == 4


def test_a_new_assignment_is_one_new_folder(tree, small):
    """After the last one, and before the first. The last one may use all that was built before."""
    shutil.copytree(small / "written" / "01_first", tree / "solutions" / "00_first")
    shutil.copytree(small / "written" / "01_first", tree / "solutions" / "99_last")
    course = Course.at(tree)
    built_before = [name for one in COURSE.assignment_names for name in load(one).source.exercises]
    path = tree / "solutions" / "99_last" / "notebook.py"
    path.write_text(path.read_text().replace("import math\n", f"from parts import {', '.join(built_before)}\n"))
    assert [course.assignment_names[0], course.assignment_names[-1]] == ["00_first", "99_last"]
    assert course.assignment("99_last").reference().double(2) == 4
    built = build(course)
    assert built[0].name == "00_first" and (built[-1] / "parts.py").exists() and (built[1] / "parts.py").exists()


def test_parts_keep_the_order_of_the_notebooks(small):
    """Given code that depends on a solution, and a solution that depends on that; names that change on the way."""
    path = small / "written" / "01_first" / "notebook.py"
    text = path.read_text().replace("import math", "SIZE = 1\n\n\ndef size():\n    return SIZE")
    text = text.replace("return x * 2", "return x * 2 * size()")
    path.write_text(
        text
        + '\n# %% locked="between"\nTWICE = double(3)\nSIZE = 5\n'
        + '\n# %% exercise="Twice"\nclass Twice:\n    ### BEGIN SOLUTION\n    value, now = TWICE, size()\n    ### END SOLUTION\n'
        + '\n# %% check="Twice" points=4\nassert Twice.value == 6\n'
        + '\n# %% locked="last"\nclass More(Twice):\n    pass\n'
        + '\n# %% exercise="most"\ndef most():\n    ### BEGIN SOLUTION\n    return More.value + More.now\n    ### END SOLUTION\n'
        + '\n# %% check="most" points=4\nassert most() == 11\n'
    )
    found = {}
    exec(parts([read_source(path)]), found)
    assert found["most"]() == 6 + 5


def test_parts_import_what_the_notebooks_import(small):
    path = small / "written" / "01_first" / "notebook.py"
    imports = "from __future__ import annotations\n\nimport os.path\nimport os\nfrom math import *\n\nSTART: Later = 0"
    text = path.read_text().replace("import math", imports)
    path.write_text(text.replace("return x * 2", "return x * 2 + START + floor(0.5) * len(os.path.sep)"))
    second = small / "written" / "02_second" / "notebook.py"
    text = second.read_text().replace("from parts import double", "from parts import double as twice")
    second.write_text(text.replace("double(double(x))", "twice(twice(x))"))
    found = {}
    exec(parts([read_source(path), read_source(second)]), found)
    assert found["quadruple"](1) == 4


@pytest.mark.parametrize(
    "line, otherwise",
    [
        ("from cmath import sqrt", "imports it by `from math import sqrt`"),
        ("from math import sqrt as double", "defines it"),
    ],
)
def test_a_name_with_two_meanings_is_told(small, line, otherwise):
    """One of the two notebooks would get the other's."""
    names = line.split()[-1]
    for name, imported in {"01_first": "from math import sqrt", "02_second": line}.items():
        path = small / "written" / name / "notebook.py"
        used = "sqrt(1)" if name == "01_first" else f"{names}(1)"
        text = path.read_text().replace("from parts import double", "").replace("import math", imported)
        path.write_text(text.replace("    ### BEGIN SOLUTION\n", f"    ### BEGIN SOLUTION\n    {used}\n"))
    (small / "written" / "03_third").mkdir()
    for name in ("notebook.py", "hidden.py", "mistakes.py"):
        shutil.copy(small / "written" / "02_second" / name, small / "written" / "03_third" / name)
    with pytest.raises(SourceError, match=f"02_second/notebook.py:4: `{line}` gives .* another meaning .*{otherwise}"):
        Course.at(small).assignment("03_third")


def test_parts_that_cannot_be_imported_are_told(small, capsys):
    """An exercise uses what a free cell defines: the build names its cell, and students keep what they have."""
    build(Course.at(small))
    before = files(small / "handout")
    path = small / "written" / "01_first" / "notebook.py"
    text = path.read_text().replace("# # 01_first", "# # changed")
    path.write_text(
        text.replace('# %% exercise="double"\n', '# %%\nTWO = 2\n\n# %% exercise="double"\nLIMIT = TWO\n\n\n')
    )
    assert main(["--course", str(small), "build"]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"{path}:11: the reference solution fails: ") and "name 'TWO' is not defined" in said
    assert "locked cells and exercises alone" in said and said.count("\n") == 1
    assert files(small / "handout") == before


def test_parts_are_imported_in_a_process_that_knows_nothing(small, monkeypatch):
    """Here something was imported that the notebooks do not import."""
    path = small / "written" / "01_first" / "notebook.py"
    path.write_text(path.read_text().replace("import math", 'import sys\n\nTESTED = sys.modules["pytest"]'))
    path.write_text(path.read_text().replace("return x * 2", "return x * 2 * bool(TESTED)"))
    with pytest.raises(
        SourceError, match="notebook.py:4: locked 'setup_double' fails in the parts.py of 02_second, line 7: KeyError"
    ):
        build(Course.at(small))
    assert not (small / "handout").exists()


@pytest.mark.parametrize("name", COURSE.assignment_names)
def test_nothing_is_given_away(name):
    """In each folder of course/: no solution of its own or a later notebook, no hidden test, no mistake."""
    folder = ROOT / "course" / name
    text = "\n".join(
        path.read_text(encoding="utf-8").replace("\\n", "\n").replace('\\"', '"')
        for path in folder.rglob("*")
        if path.suffix in (".ipynb", ".py")
    )
    assert "BEGIN SOLUTION" not in text and "HIDDEN TESTS" not in text and "Mark scheme" not in text
    for later in COURSE.assignment_names:
        assignment = load(later)
        if later >= name:
            for shown in _solution_lines(assignment):
                if shown in load(name).parts:  # an earlier solution, whose lines come again
                    continue
                assert shown not in text, f"course/{name} shows a solution of {later}: {shown!r}"
        for case in assignment.cases:
            assert f"def {case.name}(" not in text and case.title not in text
        for mistake in assignment.mistakes:
            assert mistake.says not in text


def test_coursekit_gives_no_solution_away():
    """It is handed out with the first notebook."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "course" / "coursekit").rglob("*.py"))
    for name in COURSE.assignment_names:
        for shown in _solution_lines(load(name)):
            assert shown not in text, f"coursekit shows a solution of {name}: {shown!r}"


def _solution_lines(assignment):
    """Every two lines of a solution that follow each other, or its only line. One line may be in the lesson too."""
    for cell in assignment.source.of_role("exercise", "answer"):
        for region in cell.text.split("### BEGIN SOLUTION\n")[1:]:
            lines = region.split("### END SOLUTION")[0].rstrip().split("\n")
            pairs = ["\n".join(pair) for pair in zip(lines, lines[1:], strict=False)] or lines
            yield from (pair for pair in pairs if pair.strip())


def test_what_is_made_no_more_is_taken_out(small):
    build(Course.at(small))
    shutil.rmtree(small / "written" / "02_second")
    (small / "handout" / "01_first" / "notes.txt").write_text("a student's own")
    build(Course.at(small))
    assert [path.name for path in (small / "handout").iterdir()] == ["01_first"]
    assert (small / "handout" / "01_first" / "notes.txt").exists()


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
@pytest.mark.parametrize("step", [1, 2, 3, 5, 6])
def test_a_failed_or_interrupted_build_leaves_the_old_course(small, monkeypatch, error, step):
    build(Course.at(small))
    before = files(small / "handout")
    source = small / "written" / "01_first" / "notebook.py"
    source.write_text(source.read_text().replace("# # 01_first", "# # changed"))
    real, count = building.os.replace, 0

    def failing(*paths):
        nonlocal count
        count += 1
        if count == step:
            raise error("interrupted")
        real(*paths)

    monkeypatch.setattr(building.os, "replace", failing)
    with pytest.raises(error):
        build(Course.at(small))
    assert files(small / "handout") == before
    assert not list((small / "class").glob(".build-*"))


def test_settings_that_make_another_release_are_refused(small):
    """Students would get another notebook than the one that their submissions are rebuilt on."""
    with (small / "nbgrader_config.py").open("a") as settings:
        settings.write("c.ClearSolutions.code_stub = {'python': '...'}\n")
    with pytest.raises(BuildError, match="Remove the settings of its generate step"):
        build(Course.at(small))
    assert not (small / "handout").exists()


def test_assignments_that_are_not_ours_stay(small):
    """Somebody has made one by hand, with nbgrader alone."""
    theirs = []
    for folder in (small / "class" / "source" / "exam", small / "handout" / "exam"):
        folder.mkdir(parents=True)
        nbformat.write(nbformat.v4.new_notebook(), folder / "exam.ipynb")
        (folder / "parts.py").write_text("mine = 1")
        theirs += [folder / "exam.ipynb", folder / "parts.py"]
    build(Course.at(small))
    build(Course.at(small), force=True)
    assert all(path.exists() for path in theirs)


def test_a_folder_without_a_notebook_is_told(small):
    (small / "written" / "02_second" / "notebook.py").rename(small / "written" / "02_second" / "note.py")
    with pytest.raises(BuildError, match="02_second is no assignment: it has no notebook.py"):
        build(Course.at(small))


def test_nbgraders_failure_is_told_and_changes_nothing(small):
    build(Course.at(small))
    before = files(small / "handout")
    settings = small / "nbgrader_config.py"
    settings.write_text(settings.read_text() + "\nc.ClearSolutions.code_stub = {'R': 'stop()'}\n")
    with pytest.raises(BuildError, match="nbgrader could not generate 01_first"):
        build(Course.at(small))
    assert files(small / "handout") == before


def test_a_notebook_that_somebody_worked_in_is_not_replaced(small):
    build(Course.at(small))
    path = small / "handout" / "01_first" / "01_first.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[0].source += "\nmy own notes"
    nbformat.write(notebook, path)
    with pytest.raises(BuildError, match="Somebody worked in handout/01_first/01_first.ipynb"):
        build(Course.at(small))
    assert "my own notes" in path.read_text()
    path.write_text("damaged")
    with pytest.raises(BuildError, match="Somebody worked in"):
        build(Course.at(small))
    build(Course.at(small), force=True)
    assert "my own notes" not in path.read_text()


def test_running_a_released_notebook_is_no_work_in_it(small):
    build(Course.at(small))
    path = small / "handout" / "01_first" / "01_first.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[1].outputs = [nbformat.v4.new_output("stream", text="ran")]
    del notebook.cells[3].metadata["jupyter"]  # opened
    nbformat.write(notebook, path)
    build(Course.at(small))
