"""The build is whole or not at all, the same each time, and gives nothing away."""

import nbformat
import pytest

from autograder import build as building
from autograder.assignment import ROOT, load, names
from autograder.build import BuildError, build, release_notebook


def files(folder):
    return {path.relative_to(folder): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_course_is_in_step_with_solutions(tree):
    before = files(tree / "course")
    build(tree)
    assert files(tree / "course") == before, "course/ is not what the build makes: run `make build`"


def test_building_twice_gives_the_same_bytes(small):
    build(small)
    first = files(small / "course") | files(small / "classroom" / "source")
    build(small)
    assert files(small / "course") | files(small / "classroom" / "source") == first


def test_the_release_in_memory_is_nbgraders(small):
    build(small)
    released = nbformat.read(small / "course" / "01_first" / "01_first.ipynb", as_version=4)
    ours = release_notebook(load("01_first", small).source)
    assert ours.cells == released.cells


def test_parts_hold_earlier_solutions_only(small):
    build(small)
    assert not (small / "course" / "01_first" / "parts.py").exists()
    parts = (small / "course" / "02_second" / "parts.py").read_text()
    assert parts.startswith("# Made by") and "return x * 2" in parts
    assert "double(double" not in parts and "SOLUTION" not in parts


def test_parts_do_not_import_themselves(small):
    for folder in ("solutions", "autograder/hidden", "autograder/mistakes"):
        text = (small / folder / "02_second.py").read_text()
        text = text.replace("setup_quadruple", "setup_third").replace(
            "import double", "import (\n    double,\n    quadruple,\n)"
        )
        text = text.replace("double(double(x))", "x * 4").replace("quadruple(0)", "octuple(0)")
        text = text.replace('"quadruple"', '"octuple"').replace("'quadruple'", "'octuple'")
        text = text.replace("def quadruple", "def octuple").replace("student.quadruple", "student.octuple")
        (small / folder / "03_third.py").write_text(text)
    third = load("03_third", small)
    assert third.reference().octuple(1) == 4
    assert "from parts" not in third.parts and "def double" in third.parts and "def quadruple" in third.parts


@pytest.mark.parametrize("name", names())
def test_nothing_is_given_away(name):
    """In each folder of course/: no solution of its own or a later notebook, no hidden test, no mistake."""
    folder = ROOT / "course" / name
    text = "\n".join(
        path.read_text(encoding="utf-8").replace("\\n", "\n").replace('\\"', '"')
        for path in folder.rglob("*")
        if path.suffix in (".ipynb", ".py")
    )
    assert "BEGIN SOLUTION" not in text and "HIDDEN TESTS" not in text and "Mark scheme" not in text
    for later in names():
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
    for name in names():
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
    build(small)
    for folder in ("solutions", "autograder/hidden", "autograder/mistakes"):
        (small / folder / "02_second.py").unlink()
    (small / "course" / "01_first" / "notes.txt").write_text("a student's own")
    build(small)
    assert [path.name for path in (small / "course").iterdir()] == ["01_first"]
    assert (small / "course" / "01_first" / "notes.txt").exists()


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
@pytest.mark.parametrize("step", [1, 2, 3, 5, 6])
def test_a_failed_or_interrupted_build_leaves_the_old_course(small, monkeypatch, error, step):
    build(small)
    before = files(small / "course")
    source = small / "solutions" / "01_first.py"
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
        build(small)
    assert files(small / "course") == before
    assert not list((small / "classroom").glob(".build-*"))


def test_nbgraders_failure_is_told_and_changes_nothing(small):
    build(small)
    before = files(small / "course")
    settings = small / "nbgrader_config.py"
    settings.write_text(settings.read_text() + "\nc.ClearSolutions.code_stub = {'R': 'stop()'}\n")
    with pytest.raises(BuildError, match="nbgrader could not generate 01_first"):
        build(small)
    assert files(small / "course") == before


def test_a_notebook_that_somebody_worked_in_is_not_replaced(small):
    build(small)
    path = small / "course" / "01_first" / "01_first.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[0].source += "\nmy own notes"
    nbformat.write(notebook, path)
    with pytest.raises(BuildError, match="Somebody worked in course/01_first/01_first.ipynb"):
        build(small)
    assert "my own notes" in path.read_text()
    path.write_text("damaged")
    with pytest.raises(BuildError, match="Somebody worked in"):
        build(small)
    build(small, force=True)
    assert "my own notes" not in path.read_text()


def test_running_a_released_notebook_is_no_work_in_it(small):
    build(small)
    path = small / "course" / "01_first" / "01_first.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[1].outputs = [nbformat.v4.new_output("stream", text="ran")]
    nbformat.write(notebook, path)
    build(small)
