"""The exported table: a status beside every score, nothing where nothing was graded, nothing that executes."""

import csv
import re

import pytest
from nbgrader.api import Gradebook
from traitlets.config import Config

from autograder.authoring.course import commands_on_path
from autograder.classroom.export import WithStatus
from autograder.judging.report import printable
from autograder.running.records import ANOMALIES, GRADED, UNGRADED, Grading, Records


@pytest.fixture
def rows(tmp_path):
    """Export a class: lines of the records, and the students of whom the gradebook has a submission."""

    def exported(lines, submitted, **settings):
        records = Records(folder=str(tmp_path / "records"))
        for line in lines:
            records.write(line)
        with commands_on_path(), Gradebook(f"sqlite:///{tmp_path}/gradebook.db", "course") as gradebook:
            gradebook.add_assignment("01")
            gradebook.add_notebook("01", "01")
            gradebook.add_grade_cell("g", "01", "01", max_score=10, cell_type="code")
            for student in submitted:
                gradebook.add_student(student, last_name="=2+2")
                gradebook.add_submission("01", student)
                gradebook.find_grade("g", "01", "01", student).auto_score = 7
            gradebook.add_student("absent")
            gradebook.db.commit()
            config = Config()
            config.Records.folder = str(tmp_path / "records")
            config.CourseDirectory.root = str(tmp_path)
            config.CourseDirectory.db_url = f"sqlite:///{tmp_path}/gradebook.db"
            WithStatus(config=config, to=str(tmp_path / "grades.csv"), **settings).export(gradebook)
        with (tmp_path / "grades.csv").open(newline="", encoding="utf-8") as file:
            return {row["student_id"]: row for row in csv.DictReader(file)}

    return exported


def test_status_and_score(rows):
    found = rows(
        [
            Grading("ada", "01", GRADED, isolation="confined"),
            Grading("odd", "01", ANOMALIES, isolation="none", anomalies=["a cell twice", "another"]),
            Grading("damaged", "01", UNGRADED, "no JSON"),
            Grading("unknown", "01", UNGRADED, "a link"),
        ],
        ["ada", "odd", "damaged", "interrupted"],
    )
    assert (found["ada"]["status"], found["ada"]["score"], found["ada"]["isolation"]) == ("graded", "7.0", "confined")
    assert (found["odd"]["status"], found["odd"]["isolation"]) == ("graded with anomalies", "none")
    assert found["odd"]["remarks"] == "a cell twice; another"
    for name, why in {
        "damaged": "no JSON",
        "unknown": "a link",
        "interrupted": "grading did not come to its end",
    }.items():
        assert (found[name]["status"], found[name]["score"], found[name]["remarks"]) == ("ungraded", "", why), name
    assert (found["absent"]["status"], found["absent"]["score"]) == ("missing", "0.0")


def test_nothing_is_executed_by_a_spreadsheet(rows):
    names = ["=1+1", "+x", "-x", "@x", "a,b", 'a"b', "\ttab", "two\nlines", "\0=2+2", "\n=1", "a;=1", "a; @x"]
    names += ['a;" =1', "＝1"]
    found = rows([Grading(name, "01", GRADED, anomalies=["=cmd|' /C calc'!A0", "-x"]) for name in names], names)
    shown = {"'=1+1", "'+x", "'-x", "'@x", "a,b", 'a"b', "'\ttab", "two\nlines", "'=2+2", "'\n'=1", "a;'=1", "a; '@x"}
    shown |= {"a;\" '=1", "'＝1"}
    assert set(found) - {"absent"} == shown
    for row in found.values():
        cells = [cell.strip(" ") for value in row.values() for cell in re.split("[;,\t\r\n]", value)]
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)


def test_nothing_speaks_to_the_terminal():
    assert printable("x\x1b[2K\rada\u202e\udcff\n") == r"x\x1b[2K\rada\u202e\udcff\n"
    assert printable('Zoë, "ada" ✓') == 'Zoë, "ada" ✓'


def test_one_assignment_or_student_alone(rows):
    assert set(rows([], ["ada", "alan"], student=["ada"])) == {"ada"}
