"""Files for Canvas and Moodle: their columns, their students, and nothing where a grade is not final."""

import csv

import pytest
from nbgrader.api import Gradebook

from autograder.authoring.build import build
from autograder.authoring.course import Course, commands_on_path
from autograder.classroom.lms.grades import write_canvas, write_moodle
from autograder.classroom.lms.roster import take_in
from autograder.errors import UserError
from autograder.running.records import GRADED, UNGRADED, Grading, Records
from test_intake import CANVAS, MOODLE


@pytest.fixture
def course(small, tmp_path):
    """Ada has 3.456 points, Alan's is ungraded, and somebody is in no list."""
    made = Course.at(small)
    build(made)
    (tmp_path / "canvas.csv").write_text(CANVAS, encoding="utf-8-sig")
    take_in(made, tmp_path / "canvas.csv", None)
    records = Records(config=made.config)
    with commands_on_path(), Gradebook(made.db_url, made.course_id) as gradebook:
        for student in ("ada", "else"):
            gradebook.update_or_create_student(student)
            gradebook.add_submission("01_first", student)
            grade = gradebook.find_grade("check_double", "01_first", "01_first", student)
            grade.auto_score, grade.needs_manual_grade = 3.456, False
            records.write(Grading(student, "01_first", GRADED))
        gradebook.db.commit()
    records.write(Grading("alan", "01_first", UNGRADED, "no JSON"))
    return made


def read(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_names_come_from_the_list(course):
    with Gradebook(course.db_url, course.course_id) as gradebook:
        ada = gradebook.find_student("ada")
        assert (ada.first_name, ada.last_name, ada.lms_user_id) == ("Ada", "Lovelace", "101")


def test_canvas(course, tmp_path):
    with Gradebook(course.db_url, course.course_id) as gradebook:
        said = write_canvas(course, gradebook, [], tmp_path / "out.csv")
    rows = read(tmp_path / "out.csv")
    # https://community.canvaslms.com: these columns as Canvas exports them; an assignment is known by its number, the
    # points possible stand in a row of their own, and what Canvas computes itself is left out.
    assert list(rows[0]) == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "01 First (77)"]
    assert rows[0]["Student"].strip() == "Points Possible" and rows[0]["01 First (77)"] == "4"
    scores = {row["SIS Login ID"]: row["01 First (77)"] for row in rows[1:] if row["SIS Login ID"]}
    assert scores == {"ada": "3.46", "alan": ""}
    assert said == [
        "01_first: 1 cells are empty, since their grades are not final: alan",
        "01_first: not in the list of the class: else",
    ]


def test_moodle(course, tmp_path):
    (tmp_path / "moodle.csv").write_text(MOODLE)
    take_in(course, tmp_path / "moodle.csv", "01_first")
    with Gradebook(course.db_url, course.course_id) as gradebook:
        write_moodle(course, gradebook, "01_first", tmp_path / "out.csv")
        rows = read(tmp_path / "out.csv")
        with pytest.raises(UserError, match="no grading worksheet of 02_second"):
            write_moodle(course, gradebook, "02_second", tmp_path / "out.csv")
    # https://docs.moodle.org: the worksheet goes back with the columns and rows that it had.
    before = list(csv.DictReader(MOODLE.splitlines()))
    assert rows == [before[0] | {"Grade": "3.46"}, before[1]]


def test_another_maximum_is_said(course, tmp_path):
    (tmp_path / "moodle.csv").write_text(MOODLE.replace("4.00", "100.00"))
    take_in(course, tmp_path / "moodle.csv", "01_first")
    with (
        Gradebook(course.db_url, course.course_id) as gradebook,
        pytest.raises(UserError, match="is 100, and here it is 4"),
    ):
        write_moodle(course, gradebook, "01_first", tmp_path / "out.csv")


def test_what_is_no_list_is_refused(course, tmp_path):
    (tmp_path / "x.csv").write_text("name,grade\na,1\n")
    with pytest.raises(UserError, match="needs the columns"):
        take_in(course, tmp_path / "x.csv", None)
    (tmp_path / "x.csv").write_bytes(b"Student,ID\n\xff")
    with pytest.raises(UserError, match="no text in UTF-8"):
        take_in(course, tmp_path / "x.csv", None)
    (tmp_path / "x.csv").write_text(MOODLE)
    with pytest.raises(UserError, match="--assignment NAME"):
        take_in(course, tmp_path / "x.csv", None)
