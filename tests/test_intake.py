"""Notebooks from outside: whose they are and of which assignment is found out, and nothing hostile is taken."""

import stat
import zipfile
from datetime import datetime
from pathlib import PurePosixPath

import nbformat
import pytest
from nbgrader.api import Gradebook

from autograder.authoring.build import build
from autograder.authoring.course import Course, commands_on_path
from autograder.authoring.students import handed_in
from autograder.classroom.lms.file_names import named, student_in
from autograder.classroom.lms.intake import LEFT_OUT, NEW, REPLACES, SAME, as_text, intake
from autograder.classroom.lms.roster import take_in
from autograder.classroom.lms.unpack import Unpacked
from autograder.classroom.releases import remember_releases

CANVAS = """Student,ID,SIS User ID,SIS Login ID,Section,01 First (77),Final Score
,,,,,Manual Posting,
    Points Possible,,,,,4,(read only)
"Lovelace, Ada",101,S1,ada,A,,50
"Turing, Alan",102,S2,alan,A,,
"Student, Test",103,,,A,,
"""
MOODLE = '''Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed,Last modified (submission),Last modified (grade),Feedback comments
Participant 9001,Ada Lovelace,ada@x.org,Submitted for grading,,4.00,Yes,"Friday, 16 October 2026, 9:12 PM",-,
Participant 9002,Alan Turing,alan@x.org,No submission,1.00,4.00,Yes,-,"Monday, 19 October 2026, 8:00 AM","Well, ""nearly"""
'''


@pytest.fixture
def course(small):
    made = Course.at(small)
    build(made)
    with commands_on_path(), Gradebook(made.db_url, made.course_id) as gradebook:
        gradebook.add_student("ada")
        gradebook.add_student("ada_b")
    return made


def notebook(course, name="01_first", done=True):
    assignment = course.assignment(name)
    own = {} if done else {cell.name: "" for cell in assignment.source.of_role("exercise")}
    return nbformat.writes(handed_in(assignment, instead=own)).encode()


def zipped(path, entries):
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in entries.items():
            archive.writestr(name, text)
    return path


def found(arrivals):
    return {str(one.taken.name): (one.outcome, one.student, one.assignment, one.why) for one in arrivals}


def test_canvas(course, tmp_path):
    (tmp_path / "grades.csv").write_text(CANVAS, encoding="utf-8-sig")
    assert [person.student for person in take_in(course, tmp_path / "grades.csv", None).people] == [
        "ada",
        "alan",
        "103",
    ]
    archive = zipped(
        tmp_path / "submissions.zip",
        {
            "lovelaceada_101_5001_work.ipynb": notebook(course),
            "lovelaceada_101_5002_work-1.ipynb": notebook(course, "01_first"),
            "turingalan_LATE_102_5003_01_first.ipynb": notebook(course),
            "hoppergrace_104_5004_01_first.ipynb": notebook(course),
            "turingalan_102_5005_essay.docx": b"x",
        },
    )
    with Gradebook(course.db_url, course.course_id) as gradebook:
        gradebook.update_or_create_assignment("01_first", duedate="2020-01-01 12:00:00 UTC")
    arrivals = intake(course, [archive], apply=False)
    of = found(arrivals)
    assert of["submissions/lovelaceada_101_5002_work-1.ipynb"][:3] == (NEW, "ada", "01_first")
    assert of["submissions/lovelaceada_101_5001_work.ipynb"][0] == LEFT_OUT
    assert of["submissions/turingalan_LATE_102_5003_01_first.ipynb"][1] == "alan"
    assert "is not in the list of the class" in of["submissions/hoppergrace_104_5004_01_first.ipynb"][3]
    assert len(of) == 4 and not course.folder(course.submitted_directory).joinpath("ada").exists()
    assert "2 would be taken in, 2 left out." in as_text(arrivals, False)
    due = datetime(2020, 1, 1, 12)
    times = {one.student: one.time.replace(tzinfo=None) for one in arrivals if one.outcome == NEW}
    assert times["ada"] <= due < times["alan"]  # late is who is marked as late, whenever the file was downloaded


def test_moodle(course, tmp_path):
    (tmp_path / "grades.csv").write_text(MOODLE)
    take_in(course, tmp_path / "grades.csv", "01_first")
    archive = zipped(
        tmp_path / "m.zip",
        {
            "Ada Lovelace_9001_assignsubmission_file_/01_first.ipynb": notebook(course),
            "Alan Turing_9002_assignsubmission_file_my work.ipynb": notebook(course),
        },
    )
    # One is known by the name before the @; the other is new, and called by the first column that says who it is.
    assert {one.student for one in intake(course, [archive], apply=False)} == {"ada", "alan@x.org"}


def test_loose_files_and_folders(course, tmp_path):
    folder = tmp_path / "mails"
    for name, held in {
        "ada/whatever.ipynb": "02_second",
        "ada_b.ipynb": "01_first",
        "01_first-ada.ipynb": "01_first",
        "nobody.ipynb": "01_first",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(notebook(course, held))
    (folder / "ada" / "01_first.ipynb").write_bytes(notebook(course)[:200])
    (folder / "ada" / "other.ipynb").write_text('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')
    of = found(intake(course, [folder], apply=True))
    assert of["mails/ada/whatever.ipynb"] == (NEW, "ada", "02_second", "")
    assert of["mails/ada_b.ipynb"] == (NEW, "ada_b", "01_first", "")
    assert of["mails/nobody.ipynb"][0] == LEFT_OUT and "holds no student's" in of["mails/nobody.ipynb"][3]
    assert "no JSON" in of["mails/ada/01_first.ipynb"][3] or "counts" in of["mails/ada/01_first.ipynb"][3]
    assert "does not hold the exercises of any assignment" in of["mails/ada/other.ipynb"][3]
    place = course.folder(course.submitted_directory) / "ada" / "02_second"
    assert {path.name for path in place.iterdir()} == {"02_second.ipynb", "timestamp.txt", "submission_secret.txt"}
    assert course.get_existing_timestamp(str(place)) and len((place / "submission_secret.txt").read_text()) == 128
    secret = (place / "submission_secret.txt").read_text()
    assert found(intake(course, [folder], apply=True))["mails/ada/whatever.ipynb"][0] == SAME
    (folder / "ada" / "whatever.ipynb").write_bytes(notebook(course, "02_second", done=False))
    assert found(intake(course, [folder / "ada" / "whatever.ipynb"], apply=True))["ada/whatever.ipynb"] == (
        *(REPLACES, "ada", "02_second", "nothing in it is filled in"),
    )
    assert (place / "submission_secret.txt").read_text() == secret


def test_an_untouched_copy_of_an_older_release_holds_no_work(course, tmp_path):
    """It would take the place of the work that was handed in before."""
    (tmp_path / "ada.ipynb").write_bytes(
        (course.folder(course.release_directory) / "01_first/01_first.ipynb").read_bytes()
    )
    remember_releases(course)
    source = course.folder(course.solutions_directory) / "01_first" / "notebook.py"
    source.write_text(source.read_text().replace("def double(x):", "def double(x):\n    # twice"))
    build(course)
    (arrival,) = intake(course, [tmp_path / "ada.ipynb"], apply=False)
    assert (arrival.student, arrival.why) == ("ada", "nothing in it is filled in")


def test_hostile_zip_files(course, tmp_path):
    link = zipfile.ZipInfo("ada/link.ipynb")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    path = tmp_path / "z.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(link, "/etc/passwd")
        archive.writestr("../../ada/01_first.ipynb", notebook(course))
        archive.writestr("/ada/01_first.ipynb", notebook(course))
        archive.writestr("ada/bomb.ipynb", b"0" * 30_000_000)
        archive.writestr("ada/\x1b[2K.ipynb", notebook(course))
        archive.writestr("ada/inner.zip", b"PK")
        archive.writestr("__MACOSX/ada/01_first.ipynb", notebook(course))
    arrivals = intake(course, [path], apply=True)
    assert {one.outcome for one in arrivals} == {LEFT_OUT} and len(arrivals) == 6
    said = as_text(arrivals, True)
    for words in ("a link", "leads out of", "too large", "not printable", "a zip file in a zip file"):
        assert words in said, words
    assert "\x1b" not in said and not (tmp_path / "ada").exists()
    assert not list(course.folder(course.submitted_directory).iterdir())

    (tmp_path / "broken.zip").write_bytes(path.read_bytes()[:-30])
    (tmp_path / "text.zip").write_text("no zip")
    assert {one.outcome for one in intake(course, [tmp_path / "broken.zip", tmp_path / "text.zip"], apply=True)} == {
        LEFT_OUT
    }


def test_all_together_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr("autograder.classroom.lms.unpack.MAX_TOTAL", 25)
    zipped(tmp_path / "many.zip", {f"{number}.ipynb": b"0" * 10 for number in range(100)})
    taken = list(Unpacked(tmp_path, 10).take(tmp_path / "many.zip"))
    assert [one.path is not None for one in taken] == [True, True, False]


@pytest.mark.parametrize(
    "path, students",
    [
        ("ada/x.ipynb", ["ada"]),
        ("x/ada.ipynb", ["ada"]),
        ("x/ada_b_01.ipynb", ["ada_b"]),
        ("x/01 - ada.ipynb", ["ada"]),
        ("x/adam.ipynb", []),
        ("x/ada-alan.ipynb", ["ada", "alan"]),
    ],
)
def test_names_that_people_give(path, students):
    path = PurePosixPath(path)
    assert student_in(path, named(path), ["ada", "ada_b", "alan"], []) == students
