"""Whatever was done to a submission, what is graded is the release with the student's text in it."""

import copy

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

from autograder.authoring.release import release_notebook
from autograder.authoring.students import handed_in
from autograder.running.rebuild import rebuild


@pytest.fixture
def release(assignment):
    return release_notebook(assignment.source)


@pytest.fixture
def submitted(assignment):
    return handed_in(assignment)


def cell(notebook, name):
    (found,) = (cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == name)
    return found


def test_an_honest_submission_is_kept_as_it_is(submitted, release):
    rebuilt, anomalies = rebuild(submitted, release)
    assert anomalies == []
    assert [cell.source for cell in rebuilt.cells] == [cell.source for cell in submitted.cells]


def test_a_student_may_open_what_is_folded(submitted, release):
    del cell(submitted, "check_causal_mask").metadata["jupyter"]  # as JupyterLab does
    rebuilt, anomalies = rebuild(submitted, release)
    assert anomalies == [] and cell(rebuilt, "check_causal_mask") == cell(release, "check_causal_mask")


def test_own_cells_stay_in_their_places(submitted, release):
    place = submitted.cells.index(cell(submitted, "padding_mask"))
    submitted.cells.insert(place, new_code_cell("helper = 1"))
    submitted.cells.insert(0, new_markdown_cell("my notes"))
    rebuilt, anomalies = rebuild(submitted, release)
    assert anomalies == []
    assert [cell.source for cell in rebuilt.cells] == [cell.source for cell in submitted.cells]


@pytest.mark.parametrize("name", ["causal_mask", "check_causal_mask", "setup", "renormalised"])
def test_a_deleted_cell_comes_back(submitted, release, name):
    submitted.cells.remove(cell(submitted, name))
    rebuilt, anomalies = rebuild(submitted, release)
    assert cell(rebuilt, name).source == cell(release, name).source
    assert anomalies == [f"cell {name!r} was deleted; the released one stands in its place"]


def test_a_duplicate_is_a_cell_of_the_students_own(submitted, release):
    copied = copy.deepcopy(cell(submitted, "causal_mask"))
    copied.source = "second = 2"
    submitted.cells.append(copied)
    rebuilt, anomalies = rebuild(submitted, release)
    assert "nbgrader" not in rebuilt.cells[-1].metadata and rebuilt.cells[-1].source == "second = 2"
    assert anomalies == ["cell 'causal_mask' is there twice"]


def test_points_locks_and_checks_are_the_releases(submitted, release):
    check = cell(submitted, "check_causal_mask")
    check.metadata.nbgrader.update(points=1000, locked=False, solution=True)
    check.source = "pass"
    check.metadata.tags = ["skip-execution"]
    rebuilt, anomalies = rebuild(submitted, release)
    assert cell(rebuilt, "check_causal_mask") == cell(release, "check_causal_mask")
    assert len(anomalies) == 2


def test_cells_in_another_order_run_in_the_released_one(submitted, release):
    submitted.cells.reverse()
    rebuilt, anomalies = rebuild(submitted, release)
    names = [cell.metadata.nbgrader.grade_id for cell in rebuilt.cells if "nbgrader" in cell.metadata]
    assert names == [cell.metadata.nbgrader.grade_id for cell in release.cells if "nbgrader" in cell.metadata]
    assert anomalies == ["cells were put in another order; they run in the released one"]


def test_a_forged_cell_is_free_and_says_nothing_of_itself(submitted, release):
    forged = new_code_cell("forged = 1")
    forged.metadata.update(nbgrader={"grade_id": "bonus", "grade": True, "points": 50}, tags=["raises-exception"])
    submitted.cells.append(forged)
    rebuilt, anomalies = rebuild(submitted, release)
    assert rebuilt.cells[-1].metadata == {} and anomalies == ["cell 'bonus' is not of this notebook"]


@pytest.mark.parametrize("settings", [None, [], "text", {"grade_id": None}, {"grade_id": ["a"]}, {}])
def test_odd_metadata_is_no_trouble(submitted, release, settings):
    submitted.cells.append(new_code_cell("x = 1"))
    submitted.cells[-1].metadata["nbgrader"] = settings
    rebuilt, _ = rebuild(submitted, release)
    assert rebuilt.cells[-1].source == "x = 1" and rebuilt.cells[-1].metadata == {}


def test_a_changed_cell_type_is_the_releases(submitted, release):
    place = submitted.cells.index(cell(submitted, "causal_mask"))
    markdown = new_markdown_cell("def causal_mask(): ...")
    markdown.metadata = submitted.cells[place].metadata
    submitted.cells[place] = markdown
    rebuilt, _ = rebuild(submitted, release)
    assert cell(rebuilt, "causal_mask").cell_type == "code"


def test_pictures_in_an_answer_are_kept_and_nothing_else(submitted, release):
    answer = cell(submitted, "renormalised")
    answer.attachments = {"a.png": {"image/png": "AAAA", "image/svg+xml": "<svg onload='x'/>"}, "b": "no dict"}
    rebuilt, _ = rebuild(submitted, release)
    assert cell(rebuilt, "renormalised").attachments == {"a.png": {"image/png": "AAAA"}}


def test_an_exercise_that_was_made_markdown_brings_no_pictures(submitted, release):
    """A code cell with an attachment is no notebook."""
    place = submitted.cells.index(cell(submitted, "causal_mask"))
    picture = {"a.png": {"image/png": "AAAA"}}
    submitted.cells[place] = new_markdown_cell(
        "def x(): ...", attachments=picture, metadata=submitted.cells[place].metadata
    )
    rebuilt, _ = rebuild(submitted, release)
    assert "attachments" not in cell(rebuilt, "causal_mask")
    nbformat.validate(rebuilt)


def test_the_submission_is_not_modified(submitted, release):
    before, original = copy.deepcopy(submitted), copy.deepcopy(release)
    rebuild(submitted, release)
    assert submitted == before and release == original


def test_half_an_emoji_is_no_trouble(submitted, release):
    cell(submitted, "renormalised").source = "half \ud83d"
    submitted.cells.append(new_markdown_cell("another \ud83d"))
    submitted.cells.append(new_code_cell("x"))
    submitted.cells[-1].source = 5
    rebuilt, _ = rebuild(submitted, release)
    assert cell(rebuilt, "renormalised").source == "half ?" and rebuilt.cells[-2].source == "another ?"
    assert rebuilt.cells[-1].source == ""


def test_not_every_anomaly_is_named(submitted, release):
    submitted.cells += [new_code_cell("x", metadata={"nbgrader": {"grade_id": "x"}}) for _ in range(1000)]
    _, anomalies = rebuild(submitted, release)
    assert len(anomalies) == 51 and anomalies[-1] == "950 more cells are not as they were"
