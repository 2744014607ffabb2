"""Whoever grades by hand sees each notebook solved, with the mark schemes, and no student does."""

import html
import os
import re
import stat

import pytest

from autograder.__main__ import main
from autograder.authoring.course import Course
from autograder.classroom import privacy
from autograder.classroom.solutions import write_solutions

ANSWER = """
# %% [markdown] answer="why" points=3
# What you write:
#
# ### BEGIN SOLUTION
# Because 2 < 4 & $a_1 * b_1$.
#
# **Mark scheme.** One point a reason.
# ### END SOLUTION

# %% answer="sketch" points=2
# yours
### BEGIN SOLUTION
sketch = 1  # one point for the name
### END SOLUTION
"""


@pytest.fixture
def marked(small):
    path = small / "written" / "01_first" / "notebook.py"
    path.write_text(path.read_text() + ANSWER)
    return small


def text_of(path):
    page = path.read_text()
    assert not re.search(r"<(script|img)[^>]*src=\"(?!https://cdnjs)", page)
    return html.unescape(re.sub(r"<[^>]+>", "", page[page.index("<body") :]))


def test_a_page_shows_solutions_and_mark_schemes(marked, capsys):
    assert main(["--course", str(marked), "solutions"]) == 0
    pages = [marked / "class" / "model_answers" / f"{name}.html" for name in ("01_first", "02_second")]
    assert capsys.readouterr().out.split() == [str(page) for page in pages]
    text = text_of(pages[0])
    for shown in (
        "for instructors alone",
        "Exercise double, 4 points: a solution.",
        "return x * 2",
        "The 4 points come from hidden tests:",
        "It works.",
        "Answer why, 3 points, graded by hand.",
        "What you write:",
        "Because 2 < 4 & $a_1 * b_1$.",
        "Mark scheme. One point a reason.",
        "Answer sketch, 2 points, graded by hand.",
        "one point for the name",
    ):
        assert shown in text
    assert "SOLUTION" not in text and "without the judge" not in text
    assert text.index("Answer why") < text.index("Because") < text.index("Mark scheme")
    assert re.search(r"<strong>Mark scheme\.</strong>", pages[0].read_text()), "markdown in the box is read as markdown"


def test_only_the_owner_reads_them(marked):
    before = os.umask(0)
    try:
        (page,) = write_solutions(Course.at(marked), ["01_first"])
    finally:
        os.umask(before)
    assert stat.S_IMODE(page.stat().st_mode) == 0o600 and stat.S_IMODE(page.parent.stat().st_mode) == 0o700


def test_they_never_go_where_students_look(marked, capsys):
    os.symlink(marked / "handout", marked / "link")
    for folder in (
        "handout",
        "handout/01_first",
        "class/autograded/a/01_first",
        "class/feedback",
        "class/submitted",
        "link/x",
    ):
        assert main(["--course", str(marked), "solutions", "01_first", "--to", str(marked / folder)]) == 1
        assert "Nothing was written: students get what is in" in capsys.readouterr().err
    assert not (marked / "handout").exists() and not (marked / "class").exists()


def test_an_assignment_that_is_none_writes_nothing(marked, capsys):
    assert main(["--course", str(marked), "solutions", "03_third"]) == 1
    assert "no assignment '03_third'" in capsys.readouterr().err and not (marked / "class").exists()


def test_a_page_is_whole_or_as_it_was(marked, monkeypatch):
    (page,) = write_solutions(Course.at(marked), ["01_first"], marked / "mine")
    before = page.read_bytes()

    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(privacy.os, "replace", stopped)
    with pytest.raises(KeyboardInterrupt):
        write_solutions(Course.at(marked), ["01_first"], marked / "mine")
    assert page.read_bytes() == before and list((marked / "mine").iterdir()) == [page]
