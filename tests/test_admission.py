"""What a submission may hold beside its notebook, and what nbgrader's commands say of it to the terminal."""

import json
from functools import partial
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook
from nbgrader.apps.api import NbGraderAPI

from autograder.authoring.build import build
from autograder.authoring.course import Course
from autograder.authoring.release import release_notebook
from autograder.authoring.students import handed_in
from autograder.running.records import ANOMALIES, GRADED, UNGRADED, Records

pytestmark = pytest.mark.slow
NAME = "01_first"


@pytest.fixture
def course(small):
    found = Course.at(small)
    build(found)
    return found


def hand_in(course, student, **files):
    """Hand in a right notebook, and beside it these files."""
    folder = Path(course.folder(course.submitted_directory), student, NAME)
    folder.mkdir(parents=True)
    nbformat.write(handed_in(course.assignment(NAME)), folder / f"{NAME}.ipynb")
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def command(shell, course):
    return partial(shell.run, course.root)


def api(course):
    """What formgrader calls. A worker and a fork server of ours are there from an earlier test, which saves seconds."""
    return NbGraderAPI(config=Course.at(Path(course.root)).config)


def autograde(course, **options):
    return api(course).autograde(NAME, "*", **options)["success"]


def last(course, student):
    return Records(config=course.config).last(student, NAME)


ESCAPE = "notes\x1b[2K\rada  graded  90.txt"


def test_names_of_files_say_nothing_to_the_terminal(course, command):
    folder = hand_in(course, "ada", **{ESCAPE: "x", "notes.txt": "x"})
    (folder / "deep\x1b[2K").mkdir()
    (folder / "deep\x1b[2K" / "inside.txt").write_text("x")
    graded = command("nbgrader", "autograde", NAME)
    shown = command("nbgrader", "generate_feedback", NAME)
    said = graded.said + shown.said
    assert graded.status == shown.status == 0 and "\x1b[2K" not in said and "\r" not in said
    assert "left out" in said and r"notes\x1b[2K" in said


TAKEN = {f"{NAME}.ipynb", "timestamp.txt", "submission_secret.txt"}


def test_what_lies_beside_a_notebook_goes_nowhere_and_stops_no_feedback(course):
    """nbgrader would copy it all, and release each page; the secret says to whom a page is released."""
    Path(course.root, "exchange").mkdir(mode=0o777)
    for student, secret in (("ada", b""), ("bob", b"\xff"), ("cleo", b"a secret"), ("dora", bytes(20_000))):
        folder = hand_in(course, student, **{"page.html": "<script>1</script>", "notes.txt": "x"})
        (folder / "folder.html").mkdir()
        (folder / "folder.html" / "inside.txt").write_text("x")
        (folder / "submission_secret.txt").write_bytes(secret)
    assert autograde(course)
    found = api(course)
    assert found.generate_feedback(NAME)["success"]
    for step in (course.autograded_directory, course.feedback_directory):
        for folder in Path(course.folder(step)).glob(f"*/{NAME}"):
            names = {path.name.replace(".html", ".ipynb") for path in folder.rglob("*")}
            assert names == TAKEN, f"{folder}: {names}"
    found.config.Exchange.root = str(Path(course.root, "exchange"))
    assert NbGraderAPI(config=found.config).release_feedback(NAME)["success"]
    assert len([*Path(course.root, "exchange").rglob("*.html")]) == 4


def test_folders_in_folders_are_left_to_a_person_where_nobody_looks_any_more(course):
    folder = hand_in(course, "ada")
    deep = folder.joinpath(*["d"] * 52)
    deep.mkdir(parents=True)
    (deep / "notes.txt").symlink_to("/etc/passwd")
    assert not autograde(course)
    assert last(course, "ada").status == UNGRADED and "folders in folders" in last(course, "ada").reason


def test_a_submission_of_too_many_files_is_left_to_a_person(course, command):
    folder = hand_in(course, "ada")
    for number in range(600):
        (folder / f"{number}.txt").write_text("x")
    assert command("nbgrader", "autograde", NAME).status == 1
    assert last(course, "ada").status == UNGRADED and "more than 500 files" in last(course, "ada").reason


def test_what_breaks_a_limit_of_the_worker_stays_ungraded_and_the_next_is_graded(course):
    settings = Path(course.root, "nbgrader_config.py")
    settings.write_text(settings.read_text() + "c.Worker.memory = 700_000_000\n")
    folder = hand_in(course, "ada")
    notebook = folder / f"{NAME}.ipynb"
    bomb = json.loads(notebook.read_text())
    bomb["metadata"]["many"] = [[]] * 4_000_000
    notebook.write_text(json.dumps(bomb, separators=(",", ":")))
    hand_in(course, "grace")
    assert not autograde(course)
    assert last(course, "ada").status == UNGRADED and "memory" in last(course, "ada").reason
    assert last(course, "grace").status == GRADED
    with Gradebook(course.db_url, course.course_id) as gradebook:
        assert gradebook.find_submission(NAME, "grace").score == 4


def test_a_submission_that_was_half_copied_is_collected_and_graded_again(course):
    """nbgrader's `collect` may run while a student's `submit` still copies: the time is what it writes last."""
    exchange = Path(course.root, "exchange")
    exchange.mkdir(mode=0o777)
    exchange.chmod(0o777)
    settings = Path(course.root, "nbgrader_config.py")
    settings.write_text(
        settings.read_text() + f"c.Exchange.root = {str(exchange)!r}\nc.ExchangeCollect.check_owner = False\n"
    )
    assert api(course).release_assignment(NAME)["success"]
    handed = exchange / course.course_id / "inbound" / f"ada+{NAME}+2026-10-01 12:00:00 UTC"
    handed.mkdir()
    text = nbformat.writes(handed_in(course.assignment(NAME)))
    (handed / f"{NAME}.ipynb").write_text(text[: len(text) // 2])
    assert api(course).collect(NAME)["success"]
    assert not autograde(course)
    assert last(course, "ada").status == UNGRADED and "JSON" in last(course, "ada").reason
    (handed / f"{NAME}.ipynb").write_text(text)
    (handed / "timestamp.txt").write_text("2026-10-01 12:00:00 UTC")
    assert api(course).collect(NAME, update=True)["success"]
    assert autograde(course, force=False)
    assert last(course, "ada").status == GRADED


def test_a_step_of_nbgraders_that_fails_leaves_a_line(course):
    hand_in(course, "ada")
    in_the_way = Path(course.folder(course.autograded_directory), "ada", NAME)
    in_the_way.parent.mkdir(parents=True)
    in_the_way.write_text("a file where nbgrader expects a folder")
    assert not autograde(course)
    assert last(course, "ada").status == UNGRADED and last(course, "ada").reason.startswith("grading failed: ")


def test_what_has_changed_is_graded_whatever_its_time_says(course):
    folder = hand_in(course, "ada", **{"timestamp.txt": "2026-10-01 12:00:00 UTC"})
    assert autograde(course, force=False)
    first = last(course, "ada")
    assert autograde(course, force=False) and last(course, "ada") == first
    notebook = nbformat.read(folder / f"{NAME}.ipynb", as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell("x = 1"))
    nbformat.write(notebook, folder / f"{NAME}.ipynb")
    assert autograde(course, force=False) and last(course, "ada") != first


def test_a_source_that_was_not_built_refuses_to_grade(course, command):
    hand_in(course, "ada")
    source = Path(course.root, course.solutions_directory, NAME, "notebook.py")
    source.write_text(source.read_text().replace("points=4", "points=5"))
    refused = command("nbgrader", "autograde", NAME)
    assert refused.status == 1 and "python -m autograder build" in refused.said
    assert last(course, "ada") is None


def test_work_in_another_notebook_is_said(course):
    folder = hand_in(course, "ada")
    released = nbformat.writes(release_notebook(course.assignment(NAME).source))
    (folder / f"{NAME}.ipynb").rename(folder / "mine.ipynb")
    (folder / f"{NAME}.ipynb").write_text(released)
    (hand_in(course, "grace") / f"{NAME}.ipynb").rename(folder.parent.parent / "grace" / NAME / "mine.ipynb")
    assert not autograde(course)
    assert (
        last(course, "ada").status == ANOMALIES and "'mine.ipynb', which holds work" in last(course, "ada").anomalies[0]
    )
    assert last(course, "grace").status == UNGRADED and "'mine.ipynb', which holds work" in last(course, "grace").reason
