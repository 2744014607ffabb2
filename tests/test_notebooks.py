"""Every notebook, solved, runs from the top: each visible check passes, each picture is drawn."""

import subprocess
import sys

import nbclient
import pytest

from autograder.assignment import ROOT, load, names
from autograder.students import handed_in

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=names())
def solved(request, tmp_path_factory):
    assignment = load(request.param)
    folder = tmp_path_factory.mktemp(assignment.name)
    if assignment.parts:
        (folder / "parts.py").write_text(assignment.parts)
    notebook = handed_in(assignment)
    client = nbclient.NotebookClient(notebook, timeout=180, resources={"metadata": {"path": str(folder)}})
    client.execute()
    return assignment, notebook


def test_visible_checks_pass_and_say_so(solved):
    assignment, notebook = solved
    for cell in notebook.cells:
        if cell.id.startswith("check_"):
            text = "".join(output.text for output in cell.outputs)
            assert f"{cell.id.removeprefix('check_')}: the visible check passes." in text


def test_nothing_is_written_to_stderr(solved):
    _, notebook = solved
    noise = [
        output.text for cell in notebook.cells for output in cell.get("outputs", []) if output.get("name") == "stderr"
    ]
    assert noise == []


def test_every_picture_is_drawn_and_described(solved):
    _, notebook = solved
    for cell, after in zip(notebook.cells, notebook.cells[1:], strict=False):
        if cell.cell_type == "code" and "plt.show()" in cell.source:
            assert any("image/png" in output.get("data", {}) for output in cell.outputs), cell.source
            assert after.cell_type == "markdown" and after.source.startswith("*"), "a picture is described in words"


def test_there_are_a_hundred_points():
    for name in names():
        source = load(name).source
        assert sum(cell.points for cell in source.cells) == 100
        assert 80 <= sum(source.points.values()) <= 95


def test_what_notebook_01_measured(solved):
    """The numbers that its prose speaks of."""
    assignment, notebook = solved
    if assignment.name == "01_attention":
        text = "".join(output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", []))
        assert "measured 36 of 36" in text and "measured 21 of 36" in text and "measured 26 of 36" in text
        assert "largest weight: 0.24 with the root, 0.92 without" in text


def test_without_coursekit_the_first_cell_says_what_to_do():
    (setup,) = (cell for cell in load("01_attention").source.cells if cell.name == "setup")
    without = "import sys\nsys.modules['coursekit'] = None\n" + setup.text
    result = subprocess.run([sys.executable, "-c", without], cwd=ROOT, capture_output=True, text=True)
    assert (
        result.stderr.strip()
        .split("\n")[-1]
        .startswith("ModuleNotFoundError: coursekit is not installed: in a terminal")
    )
