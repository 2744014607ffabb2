"""Cells that only a reader needs are not run under grading, unless somebody uses what they make."""

import pytest

from autograder.authoring.readers import check_readers, left_out, used
from autograder.authoring.source import SourceError, read_source

COURSE = """
# %% locked="setup"
import torch

size = 3

# %% reader=true
torch.manual_seed(0)
losses = [size for _ in range(3)]

# %% reader=true
print(sum(losses))

# %% exercise="double"
def double(x):
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION

# %% check="double" points=1
for number in (1, size):
    assert double(number) == 2 * number
""".strip()


@pytest.fixture
def source(tmp_path):
    """A source from text: by default one with two cells for a reader, of which the second needs the first."""

    def read(text=COURSE):
        (tmp_path / "notebook.py").write_text(text)
        return read_source(tmp_path / "notebook.py")

    return read


@pytest.mark.parametrize(
    "own, out",
    [
        ("size + 1", {1, 2}),
        ("losses = []\nlosses.append(1)", {1, 2}),  # a name of their own
        ("losses.append(1)", {2}),
        ("def mean(): return sum(losses) / 3", {2}),
        ("%timeit sum(losses)", {2}),
        ("losses +", {2}),  # no Python: rather one cell too many is run
        (None, {1, 2}),
    ],
)
def test_what_a_student_uses_is_run(source, own, out):
    texts = [cell.text for cell in source().cells] + [own]
    assert left_out(texts, source()) == out


def test_what_such_a_cell_needs_is_run_with_it(source):
    longer = source(COURSE.replace("print(sum(losses))", "total = sum(losses)"))
    texts = [cell.text for cell in longer.cells]
    assert left_out([*texts, "total"], longer) == set()


def test_a_changed_cell_is_the_students_own(source):
    texts = [cell.text.replace("print(sum", "print(2 * sum") for cell in source().cells]
    assert left_out(texts, source()) == set()
    elsewhere = [cell.text + "\n\n" for cell in reversed(source().cells)]
    assert left_out(elsewhere, source()) == {2, 3}


@pytest.mark.parametrize(
    "uses", ["assert double(losses[0])", "def test(): return losses", "assert double(2) == 4 and not losses"]
)
def test_what_is_run_may_not_need_them(source, uses):
    check_readers(source())
    with pytest.raises(SourceError, match=r"notebook.py:6: reader=true, .* losses, which the cell in line 19 uses"):
        check_readers(source(COURSE.replace("    assert double(number) == 2 * number", f"    {uses}")))


def test_what_is_run_may_not_be_changed_by_them(source):
    changes = COURSE.replace("torch.manual_seed(0)", "sizes.append(4)").replace("size = 3", "sizes = [3]\nsize = 3")
    check_readers(source(changes))
    with pytest.raises(SourceError, match="sizes"):
        check_readers(source(changes.replace("(1, size)", "(1, *sizes)")))


@pytest.mark.parametrize(
    "option", ['# %% exercise="double" reader=true', "# %% reader=3", "# %% [markdown] reader=true"]
)
def test_only_free_code_is_for_readers(source, option):
    with pytest.raises(SourceError, match="only for code without a role"):
        source(COURSE.replace('# %% exercise="double"', option))


@pytest.mark.parametrize(
    "text, names",
    [
        ("for i in rows: print(i, model)", {"rows", "print", "model"}),
        ("model = build()\nmodel.train()", {"build"}),
        ("x = [k * scale for k in rows]", {"scale", "rows"}),
        ("class A(Base):\n    y = z\n    w = y", {"Base", "z"}),
        ("with opened(path) as file: file.read()", {"opened", "path"}),
        ("total += 1", {"total"}),
        ("def f(): return model + size\nmodel = f()", {"size"}),
        ("await thing", {"thing"}),
    ],
)
def test_what_a_cell_takes_from_those_before_it(text, names):
    assert used(text) - {"__name__"} == names
