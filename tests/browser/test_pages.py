"""The page of feedback, the report on a class and the site: on a phone, on a desk, in the dark, in print, and for everybody."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from nbgrader.apps.api import NbGraderAPI

from autograder.__main__ import main
from built_site import build_site
from small_class import KNOWN, NAME, RIGHT, SQUARE, SmallClass

BROKEN_WORDS = """() => [...document.querySelectorAll("thead th")].flatMap(head => {
    const text = head.firstChild, range = document.createRange();
    return [...head.textContent.matchAll(/\\S+/g)].filter(word => {
        range.setStart(text, word.index);
        range.setEnd(text, word.index + word[0].length);
        return range.getClientRects().length > 1;
    }).map(word => word[0]);
})"""


SERIOUS = ("serious", "critical")
STOPS = "[...document.querySelectorAll('a[href], summary')]"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return build_site(tmp_path_factory.mktemp("site"))


def made_pages(small, capsys):
    """{name: address} of a student's page of feedback and of the report on the class."""
    made = SmallClass(small)
    made.grade({"ada": RIGHT, "alan": KNOWN, "grace": SQUARE, "kurt": SQUARE})
    NbGraderAPI(config=made.course.config).generate_feedback(NAME, student_id="alan")
    capsys.readouterr()
    assert main(["--course", str(small), "report", NAME]) == 0
    report, _ = capsys.readouterr().out.split()
    feedback = small / "class" / "feedback" / "alan" / NAME / f"{NAME}.html"
    return {"feedback": feedback.as_uri(), "report": f"file://{report}"}


def test_feedback_and_report_can_be_read_by_everybody(small, capsys, opened):
    for name, address in made_pages(small, capsys).items():
        for scheme in ("light", "dark"):
            told = f"{name}, {scheme}"
            page = opened(address, color_scheme=scheme, offline=True, bypass_csp=True)  # their policy stops axe, too
            fits_every_width(page, told)
            assert page.asked == [address] and page.errors == [], told
            brightness = sum(map(int, page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g)")))
            assert (brightness > 600) == (scheme == "light"), told
            assert serious(page) == [], told
        is_read_by_the_keyboard(page, name)
        printed = page.pdf(format="A4")
        assert printed.startswith(b"%PDF") and 1 <= printed.count(b"/Type /Page\n") <= 6, name


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_site_can_be_read_by_everybody(site, opened, scheme):
    """The theme's own pages are looked at, too: the start, a page of tables, a notebook, a reference."""
    for name in ("index", "grading", "syllabus", "notebooks/01_attention", "notebooks/ledger", "coursekit"):
        for width in (1400, 375):  # opened anew: the theme looks a moment after a page has become narrower what scrolls
            told = f"{name}, {scheme}, {width} pixels"
            size = {"width": width, "height": 900}
            page = opened((site / f"{name}.html").as_uri(), color_scheme=scheme, viewport=size, offline=True)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, told
            assert {address for address in page.asked if not address.startswith(("file:", "data:"))} == set(), told
            assert page.errors == [] and serious(page) == [], told


def fits_every_width(page, told):
    for width in (1400, 800, 375):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{told}, {width} pixels"
        assert page.evaluate(BROKEN_WORDS) == [], f"{told}, {width} pixels"


def serious(page):
    found = Axe().run(page).response["violations"]
    return [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in SERIOUS]


def is_read_by_the_keyboard(page, told):
    """Every link and everything that unfolds is reached."""
    wanted, reached = page.locator("a[href], summary").count(), set()
    for _ in range(wanted + 1):
        page.keyboard.press("Tab")
        reached.add(page.evaluate(f"{STOPS}.indexOf(document.activeElement)"))
    assert reached >= set(range(wanted)), told


def test_what_these_tests_look_for_is_found(opened):
    page = opened("about:blank", viewport={"width": 375, "height": 900})
    page.set_content(
        "<!DOCTYPE html><html lang='en'><title>x</title><main><p style='color: #ddd; background: #fff'>pale</p>"
        "<img src='data:,'><table style='width: 40px; table-layout: fixed; overflow-wrap: anywhere'>"
        "<thead><tr><th>Correlation</th></tr></thead></table></main>"
    )
    assert {what for what, _ in serious(page)} == {"color-contrast", "image-alt"}
    assert page.evaluate(BROKEN_WORDS) == ["Correlation"]
