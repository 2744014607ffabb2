"""An instructor grades a class in formgrader, where what students wrote does nothing."""

import re

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell
from nbgrader.apps.api import NbGraderAPI

from autograder.authoring.students import handed_in
from confined import NEEDS_CONFINEMENT
from small_class import KNOWN, NAME, RIGHT, SmallClass
from steps import student_row, told
from test_clean import MARKDOWN, PAYLOADS
from this_course import COURSE

pytestmark = NEEDS_CONFINEMENT

# What a page shows of a notebook must not contain anything that could run or load something.
ALIVE = "[...document.querySelectorAll('#notebook-container :is(script, iframe, object, embed, svg, form, link, meta, base)')]"
LINKS = "[...document.querySelectorAll('a')].map(link => link.protocol)"


@pytest.fixture
def made(small, tmp_path):
    exchange = tmp_path / "exchange"
    exchange.mkdir()
    exchange.chmod(0o777)
    with (small / "nbgrader_config.py").open("a") as file:
        file.write(f"c.Exchange.root = {str(exchange)!r}\nc.Exchange.cache = {str(tmp_path / 'cache')!r}\n")
        file.write(f"c.HTMLExporter.update({COURSE.config.HTMLExporter!r})\n")
    return SmallClass(small)


def put(made, student, notebook):
    folder = made.folder / "class" / "submitted" / student / NAME
    folder.mkdir(parents=True)
    nbformat.write(notebook, folder / f"{NAME}.ipynb")
    return folder


def open_submission(page, formgrader, student):
    """Open the page on which this student's submission is graded, and return its address."""
    page.goto(f"{formgrader}/manage_students/{student}/{NAME}")
    page.locator("td a[href*='/submissions/']").first.click()
    page.wait_for_function("['value', 'placeholder'].some(is => document.querySelector('#check_double')?.[is])")
    return page.url


def test_a_class_is_graded_in_formgrader(made, lab, opened, tmp_path):
    for student, wrote in {"ada": RIGHT, "alan": KNOWN}.items():
        made.hand_in(student, double=wrote)
    changed = handed_in(made.course.assignment(NAME), instead={"double": RIGHT, "why": "So."})
    next(cell for cell in changed.cells if cell.id == "setup_double").source += "\nimport cmath"
    put(made, "kurt", changed)
    (put(made, "grace", changed) / f"{NAME}.ipynb").write_text('{"cells": [')
    for path in (made.folder / "class" / "submitted").glob(f"*/{NAME}"):
        (path / "timestamp.txt").write_text("2026-11-26 12:00:00 UTC")
        (path / "submission_secret.txt").write_text(f"secret of {path.parent.name}")
    with made.gradebook() as gradebook:
        gradebook.update_or_create_student("ada", first_name="Ada", last_name="Lovelace")
    formgrader = f"{lab(made.folder)}/formgrader"

    page = opened(f"{formgrader}/manage_submissions/{NAME}")
    row = {student: student_row(page, student) for student in ("ada", "alan", "grace", "kurt")}

    def click(student, what):
        return told(page, row[student], what)

    assert "Lovelace, Ada" in row["ada"].inner_text()
    for student in ("ada", "alan", "kurt"):
        assert "Successfully autograded" in click(student, "autograde")
    assert "the notebook is no JSON" in click("grace", "autograde")
    assert "needs manual grading" in row["ada"].inner_text() and "needs autograding" in row["grace"].inner_text()

    page.goto(f"{formgrader}/gradebook/{NAME}/{NAME}")
    page.locator("td.flagged").first.wait_for()
    assert page.locator("td.flagged .glyphicon-flag").count() == 1  # the locked cell that was changed
    open_submission(page, formgrader, "alan")
    assert "does nothing" in page.locator("table.table-condensed").first.inner_text()
    page.locator(".tabbable:focus").wait_for()  # the first box is selected, offline, too
    page.locator("#why").fill("4.5")
    page.locator("#why").press("Tab")
    page.locator("#why-comment").fill("Say why.\nThink of 0.")
    with page.expect_response(lambda answer: "/api/comment/" in answer.url and answer.request.method == "PUT"):
        page.locator("#why-comment").press("Tab")
    with made.gradebook() as gradebook:
        assert gradebook.find_grade("why", NAME, NAME, "alan").manual_score == 4.5
        assert gradebook.find_comment("why", NAME, NAME, "alan").comment == "Say why.\nThink of 0."

    page.goto(f"{formgrader}/manage_submissions/{NAME}")
    row["alan"].wait_for()
    assert "graded" in row["alan"].inner_text() and "needs" not in row["alan"].inner_text()
    for student in ("alan", "kurt"):
        assert "Successfully generated feedback" in click(student, "generate-feedback")
        assert "Successfully released feedback" in click(student, "release-feedback")
    assert len([*(tmp_path / "exchange" / "arithmetic" / "feedback").glob("*.html")]) == 2
    feedback = made.folder / "class" / "feedback"
    shown = opened((feedback / "alan" / NAME / f"{NAME}.html").as_uri())
    text = shown.locator("body").inner_text()
    assert "does nothing" in text and "4.5 of 6" in text and "Think of 0." in text
    assert shown.errors == page.errors == []
    assert all(address.startswith(formgrader.removesuffix("formgrader")) for address in page.asked)


def full_of(payloads):
    """Cells of a student who puts these texts wherever a page may show them."""
    errors = [f"raise type({payload!r}, (Exception,), {{}})({payload!r})" for payload in payloads]
    kinds = ("text/html", "text/markdown", "text/latex", "image/svg+xml", "application/javascript")
    table = "<table>" + "<tr>" + "<td>1" * 300 + ("<tr>" + "<td>1" * 3) * 5_000
    shown = [f"display({dict.fromkeys(kinds, payload)!r}, raw=True)" for payload in payloads]
    shown += [f"display({{{kind!r}: {payload!r}}}, raw=True)" for payload in payloads for kind in kinds]
    shown += [f"display({{'text/html': {table!r}}}, raw=True)", f"print('|'.join({payloads!r}))"]
    return [
        *map(new_code_cell, errors[:5]),
        new_code_cell("\n".join(["from IPython.display import display", *shown])),
        *(new_markdown_cell(f"{payload}\n\n{MARKDOWN}") for payload in payloads),
        new_markdown_cell("|".join("ab" * 200) + "\n" + "|".join("--" for _ in range(400)) + "\n1"),
    ]


def test_what_a_student_wrote_does_nothing_in_any_page(made, lab, opened):
    """A hostile submission is looked at beside a harmless one: its pages ask for no more, and can be graded as well."""
    hostile = [payload.replace("alert(1)", "alert(document.title)") for payload in PAYLOADS.values()]
    for student, texts in {"ada": ["harmless"] * len(hostile), "mallory": hostile}.items():
        words = "\n\n".join(texts)
        notebook = handed_in(made.course.assignment(NAME), instead={"double": f"{RIGHT} # {texts[0]}", "why": words})
        notebook.cells += full_of(texts)
        folder = put(made, student, notebook)
        (folder / f"{texts[1].replace('/', '')}.png").write_text(words)
        (folder / f"{texts[0].replace('/', '')}.ipynb").write_text(words)
        with made.gradebook() as gradebook:
            gradebook.update_or_create_student(student, first_name=texts[0], last_name=texts[1])
    assert len({*made.grade().values()}) == 1
    with made.gradebook() as gradebook:
        for student, texts in {"ada": ["harmless"], "mallory": hostile}.items():
            gradebook.find_comment("why", NAME, NAME, student).manual_comment = "\n\n".join(texts)
            gradebook.db.commit()
    formgrader, seen = f"{lab(made.folder)}/formgrader", {}
    for student in ("ada", "mallory"):
        page = opened(f"{formgrader}/manage_students/{student}/{NAME}", viewport={"width": 1300, "height": 900})
        page.locator("td a[href*='/submissions/']").first.wait_for()
        for name in (f"manage_submissions/{NAME}", "manage_students", f"gradebook/{NAME}/{NAME}"):
            page.goto(f"{formgrader}/{name}")
            page.locator("tbody tr td a").first.wait_for()
        address = open_submission(page, formgrader, student)
        assert page.evaluate(f"{ALIVE}.map(tag => tag.outerHTML)") == [], student
        assert page.evaluate("document.documentElement.scrollWidth") <= 1300, student
        with page.expect_response(lambda answer: "/api/grade/" in answer.url and answer.request.method == "PUT"):
            page.locator("#why").fill("4.5")
            page.locator("#why").press("Tab")
        assert {*page.evaluate(LINKS)} <= {":", "http:", "https:"}, student
        page.get_by_text("Full credit").first.click()
        page.get_by_text("Next").click()
        page.locator("#check_double, td.name a").first.wait_for()
        assert page.url != address
        assert NbGraderAPI(config=made.course.config).generate_feedback(NAME, student_id=student)["success"]
        feedback = (made.folder / "class" / "feedback" / student / NAME / f"{NAME}.html").as_uri()
        shown = opened(feedback, bypass_csp=True)  # what is cleaned is safe without the page's policy, too
        assert shown.errors == page.errors == [] and shown.asked == [feedback], student
        assert {*shown.evaluate(LINKS)} <= {":", "file:", "http:", "https:"}, student
        seen[student] = {re.sub(f"[0-9a-f]{{32}}|{student}", "ID", one) for one in page.asked}
    assert seen["ada"] == seen["mallory"]
