"""The report on a class: its numbers, and that a page of it can be shown around."""

import csv
import io

import pytest
from bs4 import BeautifulSoup

from autograder.__main__ import main
from autograder.classroom.lessons.figures import Figures, Found, Item, figures
from autograder.classroom.lessons.report import as_csv, as_page, write_report
from autograder.errors import NotFound
from small_class import KNOWN, NAME, RIGHT, SQUARE, SmallClass
from test_clean import PAYLOADS


def item(shares, rest, **more):
    return Item("double", 4, shares, rest, [], **more)


def test_an_exercise_that_says_little_of_who_knows_the_subject_is_suspicious():
    rest = [float(number) for number in range(10)]
    assert item([0.0] * 5 + [1.0] * 5, rest).correlation == pytest.approx(0.8704, abs=1e-4)
    assert not item([0.0] * 5 + [1.0] * 5, rest).suspicious
    assert item([0.0, 1.0] * 5, rest).suspicious  # 0.17
    assert item([1.0] * 10, rest).correlation is None and not item([1.0] * 10, rest).suspicious
    assert item([0.0, 1.0], [0.0, 1.0]).correlation is None  # two students say nothing


def made_up(text="x", student="ada"):
    one = Found(text, [student], text, 1, text)
    return Figures(text, [one], [0.0, 0.999, 1.0], [item([0.5], [1.0])], [one], [one], [one], 2, 1, [one])


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_nothing_in_it_is_alive(payload):
    page = as_page("course", [made_up(payload, payload), made_up(payload)], with_names=True)
    soup = BeautifulSoup(page, "html.parser")
    assert not soup.find_all(["script", "iframe", "object", "embed", "img", "link", "form"])
    assert not [tag for tag in soup.find_all(True) for name in tag.attrs if name.startswith("on")]
    assert all(tag["href"].startswith("#") for tag in soup.find_all(href=True))


def test_students_are_named_only_where_it_is_wanted():
    assert "ada" not in as_page("c", [made_up()], False) and "ada" in as_page("c", [made_up()], True)
    assert "ada" not in as_csv([made_up()], False) and "ada" in as_csv([made_up()], True)
    assert "'=1+1" in as_csv([made_up("=1+1")], False)  # no formula


def test_points_are_counted_by_tenths():
    rows = [row for row in csv.DictReader(io.StringIO(as_csv([made_up()], False))) if row["kind"] == "points"]
    assert [int(row["value"]) for row in rows] == [1] + 8 * [0] + [2]


@pytest.mark.slow
def test_a_class_is_counted(small, capsys):
    made = SmallClass(small)
    with pytest.raises(NotFound, match="Nothing of 01_first has been graded yet"):
        write_report(made.course, [NAME], False)
    damaged = small / "class" / "submitted" / "linus" / NAME
    damaged.mkdir(parents=True)
    (damaged / f"{NAME}.ipynb").write_text("{")
    made.grade({"ada": RIGHT, "alan": KNOWN, "grace": SQUARE, "kurt": SQUARE})
    with made.gradebook() as gradebook:
        grade = gradebook.find_grade("why", NAME, NAME, "ada")
        grade.manual_score, grade.needs_manual_grade = 3, False
        gradebook.db.commit()
        found = figures(made.course, gradebook, made.course.assignment(NAME))
    double, triple, why = found.items
    assert (double.name, double.full, double.none, double.mean) == ("double", 1, 3, 0.25)
    assert triple.full == 4 and why.shares == [0.5] and sorted(why.waiting) == ["alan", "grace", "kurt"]
    assert [(one.what, one.students, one.says) for one in found.mistakes] == [("does nothing", ["alan"], "Double it.")]
    assert (found.wrong, found.unnamed) == (9, 6)
    fails = {one.what: (one.students, one.of) for one in found.tests}
    assert fails["Texts are repeated."] == ([], 4) and fails["It works."] == (["alan", "grace", "kurt"], 4)
    assert main(["--course", str(small), "report", NAME]) == 0
    page, table = map(type(small), capsys.readouterr().out.split())
    assert page.name == f"{NAME}.html" and page.stat().st_mode & 0o077 == 0 and table.stat().st_mode & 0o077 == 0
    assert "grace" not in page.read_text() and "does nothing" in page.read_text()
    assert [(one.what, one.students) for one in found.ungraded] == [("the notebook is no JSON", ["linus"])]
    assert "Not graded, and why" in page.read_text() and "1: the notebook is no JSON" in page.read_text()
    assert main(["--course", str(small), "report", "--names"]) == 0
    assert "grace" in (page.parent / "whole_course.html").read_text()
