"""Notebooks from outside: whose they are and of which assignment is found out, and nothing hostile is taken."""

import stat
import zipfile
from dataclasses import replace
from datetime import datetime
from pathlib import PurePosixPath

import nbformat
import pytest
from nbgrader.api import Gradebook

from autograder.authoring.build import build
from autograder.authoring.course import Course, commands_on_path
from autograder.authoring.students import handed_in
from autograder.bounded import Exceeded
from autograder.classroom.lms.file_names import named, student_in
from autograder.classroom.lms.intake import LEFT_OUT, NEW, REPLACES, SAME, as_text, intake
from autograder.classroom.lms.roster import Person, Roster, take_in
from autograder.classroom.lms.unpack import unpacked
from autograder.classroom.reading import READING
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


@pytest.fixture
def bounded(tmp_path, monkeypatch):
    """All together may have 60 bytes. What is called, says which were taken out, and why others were not."""
    monkeypatch.setattr("autograder.classroom.lms.unpack.MAX_TOTAL", 60)
    (tmp_path / "out").mkdir()

    def taken_out(*paths):
        taken = unpacked(paths, tmp_path / "out", 30)
        assert sum(path.stat().st_size for path in (tmp_path / "out").iterdir()) <= 60
        return {str(one.name): one.reason for one in taken}

    return taken_out


def test_who_has_much_takes_no_room_from_others(bounded, tmp_path):
    for large in ("Mal Lory_9_assignsubmission_file_/{}.ipynb", "mal_9_{}_x.ipynb", "mal/deep/{}.ipynb"):
        held = {large.format(500 + number): b"0" * 20 for number in range(10)}
        held |= dict.fromkeys(("Vic_7_assignsubmission_file_/x.ipynb", "vic_8_600_x.ipynb", "vic/x.ipynb"), b"0" * 10)
        of = bounded(zipped(tmp_path / "z.zip", held))
        assert len(of) == 13  # those without room are all listed
        assert [name for name, why in of.items() if not why] == [
            f"z/{name}" for name in held if len(held[name]) == 10 or name == large.format(500)
        ]
        assert all("no room" in why for why in of.values() if why)


def test_a_zip_file_takes_no_room_from_others(bounded, tmp_path):
    """Even if it is made so that its notebooks seem to be of many."""
    many = zipped(tmp_path / "many.zip", {f"M_{n}_assignsubmission_file_/x.ipynb": b"0" * 5 for n in range(1, 100)})
    of = bounded(many, zipped(tmp_path / "vic.zip", {"x.ipynb": b"0" * 30}))
    assert of["vic/x.ipynb"] == "" and sum(not why for why in of.values()) == 7 and len(of) == 100


def test_who_fills_up_a_folder_hides_no_others(tmp_path, monkeypatch):
    monkeypatch.setattr("autograder.classroom.lms.unpack.MAX_ENTRIES", 3)
    for name in (*(f"mal/{number}/{number}.ipynb" for number in range(9)), "vic/x.ipynb"):
        (tmp_path / "mails" / name).parent.mkdir(parents=True)
        (tmp_path / "mails" / name).touch()
    of = {str(one.name): one.reason for one in unpacked([tmp_path / "mails"], tmp_path, 30)}
    assert [name for name, why in of.items() if not why] == [
        *(f"mails/mal/{n}/{n}.ipynb" for n in range(3)),
        "mails/vic/x.ipynb",
    ]
    assert "more than 3 files: mails/mal/3/3.ipynb and those after it" in of["mails/mal"] and len(of) == 5


def test_looking_into_a_notebook_has_the_limit_of_reading_one(course, tmp_path, monkeypatch):
    limits = []

    class Recorder:
        def do(self, *work, seconds=None):
            limits.append(seconds)
            raise Exceeded("too slow")

    monkeypatch.setattr("autograder.classroom.lms.intake.shared", lambda config: Recorder())
    (tmp_path / "ada.ipynb").write_bytes(notebook(course))
    intake(course, [tmp_path / "ada.ipynb"], apply=False)
    assert limits == [READING]


IN_CANVAS = [Person("mal", {"ID": "111"}, "Lory", "Mal"), Person("vic", {"ID": "765"}, "Tim", "Vic")]
IN_MOODLE = [replace(one, row={"Identifier": f"Participant {one.row['ID']}"}) for one in IN_CANVAS]
MOODLE_FOLDER = "Mal Lory_111_assignsubmission_file_"


@pytest.mark.parametrize(
    "path, students",
    [
        # what follows Moodle's part, or Canvas's, is of the student's choice
        (f"m/{MOODLE_FOLDER}/Vic Tim_765_assignsubmission_file_01.ipynb", ["mal", "vic"]),
        (f"m/{MOODLE_FOLDER}/Vic Tim_765_assignsubmission_file_/01.ipynb", ["mal", "vic"]),
        (f"m/{MOODLE_FOLDER}Vic Tim_765_assignsubmission_file_01.ipynb", ["mal", "vic"]),
        (f"m/{MOODLE_FOLDER}/vic_765_500_01.ipynb", ["mal", "vic"]),
        (f"m/{MOODLE_FOLDER}/vic/01.ipynb", ["mal", "vic"]),
        (f"m/{MOODLE_FOLDER}/vic.ipynb", ["mal", "vic"]),
        ("m/Mal Lory_111_assignsubmission_onlinetext_/Vic Tim_765_assignsubmission_file_01.ipynb", ["mal", "vic"]),
        ("c/mal_111_500_vic_765_501_01.ipynb", ["mal", "vic"]),
        ("c/mal_111_500_Vic Tim_765_assignsubmission_file_01.ipynb", ["mal", "vic"]),
        # a name in Canvas is lory, vic_-765_-500_
        ("c/vic_765_500_lory_111_501_01.ipynb", ["mal", "vic"]),
        ("c/vic_765_111_501_01.ipynb", ["mal", "vic"]),
        # who is not in the list of the class is nobody else
        ("m/New One_999_assignsubmission_file_/Vic Tim_765_assignsubmission_file_01.ipynb", []),
        ("m/Vic Tim_999_assignsubmission_file_/01.ipynb", []),
        ("c/new_999_500_vic_765_501_01.ipynb", []),
        ("c/timvic_999_500_vic.ipynb", []),
        # folders: an e-mail's, and the one of a zip file that was unpacked
        ("x/mal/vic/01.ipynb", ["mal", "vic"]),
        ("x/mal/Vic Tim_765_assignsubmission_file_01.ipynb", ["mal", "vic"]),
        ("x/mal/vic_765_500_01.ipynb", ["mal", "vic"]),
        ("c/mal_111_500_work/vic.ipynb", ["mal", "vic"]),
        ("c/mal_111_500_work/vic_765_500_01.ipynb", ["mal", "vic"]),
        # and what is clear stays so
        (f"m/{MOODLE_FOLDER}/x_999_1_y.ipynb", ["mal"]),
        (f"m/{MOODLE_FOLDER}/mal_111_500_01.ipynb", ["mal"]),
        ("NLP_2026_1_HW1-4567/Mal Lory_111_assignsubmission_file/01.ipynb", ["mal"]),
        ("c/mal_lory_LATE_111_765_01_first-2.ipynb", ["mal"]),
        ("week_1_2_submissions/mal_111_500_2_2026_final.ipynb", ["mal"]),
        ("x/mal/01-vic.ipynb", ["mal"]),
        ("x/mal_2026_10_16.ipynb", ["mal"]),
    ],
)
def test_the_part_that_the_student_chooses_does_not_decide(path, students):
    path = PurePosixPath(path)
    rosters = [Roster("canvas", [], [], IN_CANVAS), Roster("moodle", [], [], IN_MOODLE)]
    assert student_in(path, named(path), {"mal", "vic"}, rosters) == students


def test_what_is_read_from_the_first_part():
    late = named(PurePosixPath("c/mal_lory_LATE_111_500_ada_102_501_x-3.ipynb"))
    assert (late.kind, late.who, late.person, late.late, late.order) == ("canvas", "mal_lory", "111", True, (500, 3))
    assert late.file == "ada_102_501_x.ipynb"
    own = named(PurePosixPath(f"m/{MOODLE_FOLDER}/x_LATE_102_501_y.ipynb"))
    assert (own.kind, own.who, own.late, own.file) == ("moodle", "Mal Lory", False, "x_LATE_102_501_y.ipynb")


def test_nobody_hands_in_for_somebody_else(course, tmp_path):
    (tmp_path / "grades.csv").write_text(MOODLE)
    take_in(course, tmp_path / "grades.csv", "01_first")
    forged = "Alan Turing_9002_assignsubmission_file_/Ada Lovelace_9001_assignsubmission_file_01_first.ipynb"
    (arrival,) = intake(course, [zipped(tmp_path / "m.zip", {forged: notebook(course)})], apply=True)
    assert arrival.outcome == LEFT_OUT and "of ada or of alan@x.org, since parts of its name" in arrival.why
    assert forged in as_text([arrival], True) and not list(course.folder(course.submitted_directory).iterdir())


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
