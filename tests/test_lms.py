"""Files for Canvas and Moodle: their columns, their students, and what came where a grade is not final.

Checked against what imports them: Canvas's lib/gradebook_importer.rb and process_gradebook_upload.js, and Moodle's
mod/assign/feedback/offline/importgradeslib.php and locallib.php, as they are published.
"""

import csv

import pytest
from nbgrader.api import Gradebook

from autograder.authoring.build import build
from autograder.authoring.course import Course, commands_on_path
from autograder.classroom.lms.grades import write_canvas, write_moodle
from autograder.classroom.lms.roster import kept, take_in
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


def test_ids_are_shown_so_that_they_cannot_steer_the_terminal(course, tmp_path):
    with commands_on_path(), Gradebook(course.db_url, course.course_id) as gradebook:
        gradebook.update_or_create_student("a\x1b[2Jb")
        gradebook.add_submission("01_first", "a\x1b[2Jb")
        said = write_canvas(course, gradebook, [], tmp_path / "out.csv")
    assert said[1] == r"01_first: not in the list of the class: a\x1b[2Jb, else"


def test_canvas(course, tmp_path):
    with Gradebook(course.db_url, course.course_id) as gradebook:
        said = write_canvas(course, gradebook, [], tmp_path / "out.csv")
    rows = read(tmp_path / "out.csv")
    # Canvas goes by the places of the columns up to Section. It knows an assignment by its number, takes its points
    # from a row of their own, and ignores what it computes itself.
    assert list(rows[0]) == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "01 First (77)"]
    assert rows[0]["Student"].strip() == "Points Possible" and rows[0]["01 First (77)"] == "4"
    scores = {row["SIS Login ID"]: row["01 First (77)"] for row in rows[1:] if row["SIS Login ID"]}
    assert scores == {"ada": "3.46", "alan": ""}
    assert said == [
        "01_first: 1 cells are as they came, since the grades are not final: alan",
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
    # Moodle needs Identifier, Grade and Last modified (grade), and takes comments, too: all goes back as it came.
    before = list(csv.DictReader(MOODLE.splitlines()))
    assert rows == [before[0] | {"Grade": "3.46"}, before[1]]


def test_another_maximum_is_said(course, tmp_path):
    (tmp_path / "moodle.csv").write_text(MOODLE.replace("4.00", "100.00"))
    take_in(course, tmp_path / "moodle.csv", "01_first")
    with (
        Gradebook(course.db_url, course.course_id) as gradebook,
        pytest.raises(UserError, match="In Moodle the most points of 01_first are 100, and here they are 4"),
    ):
        write_moodle(course, gradebook, "01_first", tmp_path / "out.csv")


def canvas(course, tmp_path, text):
    """Take in Canvas's export, and return what goes back, as lines of cells."""
    (tmp_path / "canvas.csv").write_text(text, encoding="utf-8-sig")
    take_in(course, tmp_path / "canvas.csv", None)
    with Gradebook(course.db_url, course.course_id) as gradebook:
        write_canvas(course, gradebook, ["01_first"], tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def test_canvas_gets_back_what_is_not_ours_to_change(course, tmp_path):
    """An empty cell would take a grade away there, and a number an excuse."""
    back = canvas(course, tmp_path, CANVAS.replace("alan,A,,", "alan,A,2.5,").replace("ada,A,,", "ada,A,EX,"))
    assert [row[-1] for row in back[2:4]] == ["EX", "2.5"]
    with pytest.raises(UserError, match="In Canvas the most points of 01_first are 10, and here they are 4"):
        canvas(course, tmp_path, CANVAS.replace("Possible,,,,,4", "Possible,,,,,10"))


def test_canvas_in_a_country_with_a_decimal_comma(course, tmp_path):
    text = """Student;ID;SIS User ID;SIS Login ID;Section;01 First (77)
    Points Possible;;;;;4,00
"Lovelace, Ada";101;S1;ada;A;
"Turing, Alan";102;S2;alan;A;2,5
"""
    back = canvas(course, tmp_path, text)
    assert [row[-1] for row in back] == ["01 First (77)", "4", "3.46", "2,5"]
    assert back[2][:5] == ["Lovelace, Ada", "101", "S1", "ada", "A"]


def test_all_columns_of_canvas_keep_their_places(course, tmp_path):
    text = '''LastName,FirstName,ID,SIS User ID,SIS Login ID,Integration ID,Root Account,Section,Notes,01 First (77)
    Points Possible,,,,,,,,,4
"O'Hara, ""Ada""",=1+1,101,S1,ada,i1,x.org,"A, and B",tall,
'''
    back = canvas(course, tmp_path, text)
    assert back[0] == [
        *"LastName,FirstName,ID,SIS User ID,SIS Login ID,Integration ID,Root Account,Section".split(","),
        "01 First (77)",
    ]
    assert back[2] == ['O\'Hara, "Ada"', "=1+1", "101", "S1", "ada", "i1", "x.org", "A, and B", "3.46"]
    with Gradebook(course.db_url, course.course_id) as gradebook:
        assert gradebook.find_student("ada").last_name == 'O\'Hara, "Ada"'


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


def moodle(course, tmp_path, *students, columns="Email address"):
    """Take in a grading worksheet, and return who its rows are about."""
    lines = [f"Identifier,Full name,{columns},Grade", *(f"Participant {one}," for one in students)]
    (tmp_path / "m.csv").write_text(",\n".join(lines).replace("Grade,", "Grade") + ",\n")
    return [person.student for person in take_in(course, tmp_path / "m.csv", "01_first").people]


def test_two_rows_of_one_student_are_refused(course, tmp_path):
    """An address is of the student's choice: who has ada@gmail.com is not ada for that."""
    rows = "1,Ada Lovelace,ada@x.org", "2,Mal \x1bLory,ada@gmail.com"
    said = r"row 2 \(Ada Lovelace, ada@x.org, .* 1\) and row 3 \(Mal \\x1bLory, .* are both read as the student ada\. "
    with pytest.raises(UserError, match=r"m\.csv, " + said + ".*change or empty the cell"):
        moodle(course, tmp_path, *rows)
    with Gradebook(course.db_url, course.course_id) as gradebook:
        assert gradebook.find_student("ada").email != "ada@gmail.com"
    assert not kept(course, "moodle", "01_first")  # nothing of it was taken in
    assert moodle(course, tmp_path, rows[0], "2,Mal Lory,") == ["ada", "Participant 2"]
    # where nobody is known, each keeps what is their own
    assert moodle(course, tmp_path, "3,Eve,eve@x.org", "4,Mal,eve@y.org") == ["eve@x.org", "eve@y.org"]
    with pytest.raises(UserError, match="both read as the student S1"):
        moodle(course, tmp_path, "5,Ada,S1", "6,Mal,S1", columns="ID number")


def test_what_the_system_calls_a_student_is_no_other_students(course, tmp_path):
    columns = "Username,ID number,Email address"
    for forged in ("2,Mal Lory,mal,,ada@gmail.com", "2,Mal Lory,mal,ada,mal@x.org"):
        for rows in ([forged, "1,Ada,ada,,ada@x.org"], ["1,Ada,ada,,ada@x.org", forged]):
            assert set(moodle(course, tmp_path, *rows, columns=columns)) == {"ada", "mal"}
