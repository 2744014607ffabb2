"""An instructor grades a class in formgrader, and what students wrote does nothing there."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

from autograder.authoring.students import handed_in
from confined import NEEDS_CONFINEMENT
from small_class import KNOWN, NAME, RIGHT, SmallClass
from steps import student_row, told
from test_clean import PAYLOADS
from this_course import COURSE

pytestmark = NEEDS_CONFINEMENT

ALIVE = "typeof pwned !== 'undefined' || document.querySelectorAll('#notebook-container script, iframe, object').length"


@pytest.fixture
def made(small, tmp_path):
    exchange = tmp_path / "exchange"
    exchange.mkdir()
    exchange.chmod(0o777)
    with (small / "nbgrader_config.py").open("a") as file:
        file.write(f"c.Exchange.root = {str(exchange)!r}\nc.Exchange.cache = {str(tmp_path / 'cache')!r}\n")
        file.write(f"c.HTMLExporter.update({COURSE.config.HTMLExporter!r})\n")
    return SmallClass(small)


def odd(made):
    """A right notebook, whose student has changed a locked cell, and has written pages that want to run scripts."""
    notebook = handed_in(made.course.assignment(NAME), instead={"double": RIGHT, "why": "\n\n".join(PAYLOADS.values())})
    next(cell for cell in notebook.cells if cell.id == "setup_double").source += "\nimport cmath"
    shown = "".join(f"display(HTML({payload.replace('alert(1)', 'pwned=1')!r}))\n" for payload in PAYLOADS.values())
    notebook.cells.append(new_code_cell(f"from IPython.display import HTML, display\n{shown}"))
    notebook.cells += [new_markdown_cell(payload.replace("alert(1)", "pwned=1")) for payload in PAYLOADS.values()]
    return notebook


def test_a_class_is_graded_in_formgrader(made, lab, opened, tmp_path):
    for student, wrote in {"ada": RIGHT, "alan": KNOWN}.items():
        made.hand_in(student, double=wrote)
    submitted = made.folder / "class" / "submitted"
    for student in ("grace", "mallory"):
        (submitted / student / NAME).mkdir(parents=True)
    (submitted / "grace" / NAME / f"{NAME}.ipynb").write_text('{"cells": [')
    nbformat.write(odd(made), submitted / "mallory" / NAME / f"{NAME}.ipynb")
    for path in submitted.glob(f"*/{NAME}"):
        (path / "timestamp.txt").write_text("2026-11-26 12:00:00 UTC")
        (path / "submission_secret.txt").write_text(f"secret of {path.parent.name}")
    with made.gradebook() as gradebook:
        gradebook.update_or_create_student("ada", first_name="Ada", last_name="Lovelace")
        gradebook.update_or_create_student("mallory", first_name="<script>pwned=1</script>", last_name="<b>M</b>")
    formgrader = f"{lab(made.folder)}/formgrader"

    page = opened(f"{formgrader}/manage_submissions/{NAME}")
    row = {student: student_row(page, student) for student in ("ada", "alan", "grace", "mallory")}

    def click(student, what):
        return told(page, row[student], what)

    assert "Lovelace, Ada" in row["ada"].inner_text()
    assert "Successfully autograded" in click("ada", "autograde")
    assert "Successfully autograded" in click("alan", "autograde") and "Successfully autograded" in click(
        "mallory", "autograde"
    )
    assert "the notebook is no JSON" in click("grace", "autograde")
    assert "needs manual grading" in row["ada"].inner_text() and "needs autograding" in row["grace"].inner_text()
    assert not page.evaluate(ALIVE)

    page.goto(f"{formgrader}/gradebook/{NAME}/{NAME}")
    page.locator("td.flagged").first.wait_for()
    assert page.locator("td.flagged .glyphicon-flag").count() == 1  # the locked cell that was changed
    addresses = page.locator("td a[href*='/submissions/']").evaluate_all(
        "links => [...new Set(links.map(link => link.href))]"
    )
    assert len(addresses) == 3 and not page.evaluate(ALIVE)
    found = {}
    for address in addresses:
        page.goto(address)
        page.locator("#why").wait_for()
        page.wait_for_function(
            "document.querySelector('#check_double').value || document.querySelector('#check_double').placeholder"
        )
        assert not page.evaluate(ALIVE), page.evaluate(ALIVE)
        found[page.locator("table.table-condensed").first.inner_text()] = address
    (alans,) = (address for text, address in found.items() if "does nothing" in text)
    page.goto(alans)
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
    for student in ("alan", "mallory"):
        assert "Successfully generated feedback" in click(student, "generate-feedback")
        assert "Successfully released feedback" in click(student, "release-feedback")
    assert len([*(tmp_path / "exchange" / "arithmetic" / "feedback").glob("*.html")]) == 2
    feedback = made.folder / "class" / "feedback"
    shown = opened((feedback / "alan" / NAME / f"{NAME}.html").as_uri())
    text = shown.locator("body").inner_text()
    assert "does nothing" in text and "4.5 of 6" in text and "Think of 0." in text
    hostile = opened((feedback / "mallory" / NAME / f"{NAME}.html").as_uri(), bypass_csp=True)
    assert not hostile.evaluate(ALIVE) and len(hostile.asked) == 1
    assert shown.errors == hostile.errors == []
    # nbgrader's page of a submission takes MathJax from a server on the internet, and does without it where it must
    assert {error for error in page.errors if "MathJax" not in error} == set()
    asked = {address.split("/")[2] for address in page.asked if address.startswith("http") and "mathjax" not in address}
    assert asked == {formgrader.split("/")[2]}
