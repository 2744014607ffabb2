"""A student's page of feedback: what it says, that it needs no network, and that nothing in it is alive."""

import copy
import re

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbconvert import HTMLExporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from nbgrader.server_extensions.formgrader.formgrader import FormgradeExtension

from autograder.authoring.release import release_notebook
from autograder.classroom.feedback_page import FeedbackPage, summary
from autograder.judging import clean, report
from autograder.judging.equations import mathml
from autograder.judging.verdict import CaseVerdict, Verdict
from term import Term
from test_clean import FORBIDDEN, MARKDOWN, PAYLOADS, STATE, _cells, alive, used
from this_course import COURSE, load

SETTINGS = {"grade": False, "solution": False, "locked": False, "task": False, "schema_version": 3}
OPEN = {"score": 0.0, "waits": True, "by_hand": False}


def cell_of(kind, name, source, outputs=(), **told):
    told = SETTINGS | {"grade_id": name, "cell_type": kind} | told
    make = new_code_cell if kind == "code" else new_markdown_cell
    cell = make(source, metadata={"nbgrader": told})
    if outputs:
        cell.outputs = list(outputs)
    return cell


def graded(*more, verdict=None, check_outputs=(), comment="", **check):
    """A notebook with an exercise, its check and a written answer, as it is when the gradebook has been read."""
    verdict = verdict or Verdict("double", 4, [CaseVerdict("It works.", True)])
    points = {"points": 4.0, "score": verdict.score, "waits": False, "by_hand": False} | check
    notebook = new_notebook(
        cells=[
            *more,
            cell_of("code", "double", "def double(x):\n    return x", solution=True, comment=comment),
            cell_of("code", "check_double", "assert double(0) == 0", check_outputs, grade=True, locked=True, **points),
            cell_of("markdown", "why", "So.", grade=True, solution=True, points=6.0, **OPEN),
        ]
    )
    notebook = nbformat.from_dict(notebook)
    report.into_notebook(notebook, [report.shown(verdict)])
    return notebook


def page_of(notebook, score=4.0, late_penalty=0.0):
    rows = {row.place: row for row in summary(notebook)}
    names = {"notebook": "01_first", "student": "s01", "score": score, "max_score": 10.0, "late_penalty": late_penalty}
    page, _ = FeedbackPage(config=COURSE.config).from_notebook_node(
        notebook, resources={"nbgrader": names, "summary": rows}
    )
    return page


def parsed(page):
    return BeautifulSoup(page, "html.parser")


def rows_of(page):
    return [
        [" ".join(cell.get_text().split()) for cell in row.find_all(["th", "td"])]
        for row in parsed(page).select(".summary tr")
    ][1:]


def test_the_summary_says_points_and_mistakes_and_what_waits():
    mistake = load("01_attention").mistakes[0]
    wrong = Verdict("double", 4, [CaseVerdict("It works.", False, mistake.says, mistake), CaseVerdict("So.", True)])
    page = page_of(graded(verdict=wrong), score=2.0)
    assert rows_of(page) == [["double", "2 of 4", mistake.name], ["why", "not graded yet", "written answer"]]
    assert "2 of 4 points so far" in " ".join(parsed(page).header.get_text().split())
    table = parsed(page).select_one("#check_double .verdict")
    assert mistake.says in table.get_text() and not table.find_parent("details")
    assert parsed(page).find(string=re.compile("assert")).find_parent("details")


def test_a_right_exercise_takes_one_line():
    page = page_of(graded())
    assert rows_of(page)[0] == ["double", "4 of 4", "every test passed"]
    assert parsed(page).select_one("#check_double .verdict").find_parent("details")


def test_what_nobody_could_name_is_counted():
    cases = [CaseVerdict("a", False, "some values are off"), CaseVerdict("b", False), CaseVerdict("c", True)]
    assert rows_of(page_of(graded(verdict=Verdict("double", 4, cases))))[0][2] == "2 of 3 tests failed"
    undone = Verdict("double", 4, [CaseVerdict("This exercise is not done yet.", False)])
    assert rows_of(page_of(graded(verdict=undone)))[0][2] == "This exercise is not done yet."


def test_a_persons_points_and_comments_and_what_came_late():
    page = page_of(graded(score=3.0, by_hand=True, comment="Well *tried*: $x^2$."), score=1.5, late_penalty=1.5)
    assert rows_of(page) == [
        ["double", "3 of 4", "every test passed; points given by a person; comment"],
        ["why", "not graded yet", "written answer"],
        ["Handed in late", "−1.5", ""],
    ]
    comment = parsed(page).select_one("#comment-double")
    assert comment.em.get_text() == "tried" and comment.math
    assert "The points were given by a person." in parsed(page).select_one("#check_double").get_text()


def test_a_notebook_that_no_judge_has_seen_is_shown():
    notebook = graded(check_outputs=[new_output("error", ename="E", evalue="x", traceback=["it failed"])])
    del notebook.metadata["autograder"]
    notebook.cells[1].outputs = [new_output("error", ename="E", evalue="x", traceback=["it failed"])]
    page = page_of(notebook)
    assert rows_of(page)[0] == ["check_double", "4 of 4", ""] and "it failed" in page


def test_every_link_leads_somewhere():
    page = parsed(page_of(graded(comment="Good.")))
    places = [tag["id"] for tag in page.find_all(id=True)]
    assert len(places) == len(set(places))
    links = [tag["href"] for tag in page.find_all("a")]
    assert {"#check_double", "#why", "#comment-double", "#summary", "#notebook"} <= set(links)
    assert {link.removeprefix("#") for link in links} <= set(places)
    assert {tag["aria-labelledby"] for tag in page.find_all(attrs={"aria-labelledby": True})} <= set(places)


@pytest.mark.parametrize("name", COURSE.assignment_names)
def test_the_text_of_a_notebook_needs_no_network_and_no_script(name):
    release = release_notebook(load(name).source)
    page = page_of(graded(*(new_markdown_cell(c.source) for c in release.cells if c.cell_type == "markdown")))
    tags = parsed(page)
    assert tags.html["lang"] == "en" and tags.find("meta", attrs={"name": "viewport"})
    assert "default-src 'none'" in tags.find("meta", attrs={"http-equiv": True})["content"]
    assert not tags.find_all(["script", "link", "iframe", "object", "embed", "base"])
    assert all(tag["src"].startswith("data:") for tag in tags.find_all(src=True))
    assert "url(" not in tags.style.get_text() and "@import" not in tags.style.get_text()
    assert not tags.select("code.tex, code.eq"), "an equation was not converted"
    assert len(tags.find_all("h1")) == 1


def test_headings_are_in_order():
    page = page_of(graded(new_markdown_cell("# A\n\n## B\n\n<h3>C</h3>\n\n###### D")))
    shown = [(tag.name, tag.get_text()) for tag in parsed(page).find_all(re.compile(r"^h\d$"))]
    assert shown == [
        ("h1", "Feedback on 01_first"),
        ("h2", "Summary"),
        *zip(("h2", "h3", "h4", "h6"), "ABCD", strict=True),
    ]


def test_nothing_of_a_submission_is_alive():
    """The notebook is full of payloads; the page must hold none beyond those that a harmless one has."""

    def cells(payloads, markdown, odd):
        for cell in _cells(payloads, markdown, odd):
            if "nbgrader" in cell.metadata:
                cell.metadata.nbgrader.update(OPEN, task=False, cell_type="markdown")
                cell.metadata.nbgrader.grade_id = f"x{id(cell)}"
            yield cell

    harmless = page_of(graded(*cells(["harmless"] * len(PAYLOADS), "", "1"), comment="harmless"))
    notebook = graded(*cells([*PAYLOADS.values()], MARKDOWN, '1" onerror="x'), comment=PAYLOADS["handler"])
    notebook.metadata.update(STATE)
    page = page_of(notebook)
    for word in set(FORBIDDEN) - {"<math"}:  # an equation is drawn, and is nothing but one: see below
        assert alive(page, word) == alive(harmless, word), f"{word} is alive"


def test_names_are_text():
    notebook = graded(verdict=Verdict("double", 4, [CaseVerdict("<script>", False, "<script>")]))
    notebook.metadata.autograder.verdicts[0]["mistakes"] = ["<script>alert(1)</script>"]
    page = page_of(notebook)
    assert "&lt;script&gt;alert(1)" in page and not parsed(page).find("script")


EQUATIONS = [r"\text{<script>alert(1)</script>}", r"\text{&lt;img src=x onerror=alert(1)&gt;}", r"\href{javascript:alert(1)}{x}",
             r"\style{position:fixed}{x}", r"\class{result}{x}", r"\color{white}{x}", r"\text{\"> <img src=x>}", r"\mathrm{</math><img src=x>}"]  # fmt: skip


@pytest.mark.parametrize("tex", EQUATIONS)
def test_an_equation_is_nothing_but_an_equation(tex):
    shown = clean.markdown(f"${tex}$\n\n$${tex}$$ ![${tex}$](data:image/png;base64,AAAA)", {})
    tags = parsed(shown).find_all(True)
    assert {tag.name for tag in tags} <= {"p", "img", "code", *"math mrow mi mo mn mtext mstyle".split()}
    assert {name for tag in tags for name in tag.attrs} <= {"display", "src", "alt", "class", "stretchy", "mathvariant"}
    assert len(parsed(shown).find_all("img")) == 1


@pytest.mark.parametrize("tex", [r"\left(", "a_b_c", "{" * 1_500, "x" * 3_000, ""])
def test_what_is_no_equation_is_shown_as_it_was_typed(tex):
    assert mathml(tex, "inline") is None
    assert parsed(clean.markdown(f"a ${tex}$ b", {})).get_text().count(tex or "$$") == 1


BOMBS = {
    "macros": "$" + "".join(rf"\newcommand{{\a{chr(98 + n)}}}{{{chr(92)}a{chr(97 + n)}\a{chr(97 + n)}}}" for n in range(20)) + "\\au$",
    "many equations": "$x$ " * 100_000,
    "long equations": ("$" + "x" * 1_990 + "$ ") * 1_000,
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS)
def test_a_page_takes_a_bounded_time(text):
    began = used()
    odd = new_code_cell(text, outputs=[new_output("stream", text=text)])
    page = page_of(graded(new_markdown_cell(text), odd, new_markdown_cell(text), comment="Good."))
    assert "Good." in page and "<script" not in page
    assert used() - began < 60


def test_paths_of_the_machine_are_not_told():
    told = (
        "\x1b[36mFile \x1b[32m/srv/venv/lib/python3.11/site-packages/torch/nn/modules/linear.py:125\x1b[39m, in forward"
    )
    assert clean.without_paths(told) == "\x1b[36mFile \x1b[32mtorch/nn/modules/linear.py:125\x1b[39m, in forward"
    assert clean.without_paths('File "/usr/lib/python3.11/json/decoder.py", line 1') == 'File "json/decoder.py", line 1'
    assert clean.without_paths("File ~/work/parts.py:3, in f") == "File parts.py:3, in f"
    for text in ("x = rows/columns.py/2", "https://pytorch.org/x/y.py", "No such file: '/data/mine.csv'", "a // b"):
        assert clean.without_paths(text) == text
    page = page_of(graded(new_code_cell("f()", outputs=[new_output("error", ename="E", evalue="", traceback=[told])])))
    assert "/srv" not in page and "torch/nn/modules/linear.py:125" in parsed(page).get_text()


def test_formgraders_pages_keep_their_template_and_show_what_was_found():
    """Both sorts of pages are made with the same settings."""
    settings = copy.deepcopy(COURSE.config)
    settings.HTMLExporter.merge(FormgradeExtension().build_extra_config().HTMLExporter)
    mistake = load("01_attention").mistakes[0]
    notebook = graded(
        new_markdown_cell("# A\n\n$x_1$ costs"), verdict=Verdict("double", 4, [CaseVerdict("a", False, "", mistake)])
    )
    notebook.metadata.autograder.verdicts[0]["mistakes"].append("<script>alert(1)</script>")
    names = "assignment_id notebook_id submission_id base_url last_name first_name notebook_path student"
    resources = dict.fromkeys(names.split(), "x") | {"index": 0, "total": 1}
    page = parsed(HTMLExporter(config=settings).from_notebook_node(notebook, resources=resources)[0])
    found = page.select_one("#notebook-container table")
    assert " ".join(found.tbody.get_text().split()) == f"double 0 of 4 {mistake.name}, <script>alert(1)</script>"
    assert page.select_one("input.score")["id"] == found.a["href"].removeprefix("#")
    assert page.find("h1", string="A") and page.find("math").get_text() == "x1"
    assert not [tag["src"] for tag in page.find_all(src=True) if not tag["src"].startswith("x/formgrader/static/")]


ANSWER = '\n# %% [markdown] answer="why" points=6\n# Why?\n#\n# ### BEGIN SOLUTION\n# Because.\n# ### END SOLUTION\n'


@pytest.fixture
def term(small, shell):
    with (small / "written" / "01_first" / "notebook.py").open("a") as source:
        source.write(ANSWER)
    with (small / "nbgrader_config.py").open("a") as settings:
        settings.write("c.Autograde.autograde_preprocessors.insert(2, 'nbgrader.preprocessors.AssignLatePenalties')\n")
    return Term(small, students=3, shell=shell)


@pytest.mark.slow
def test_a_class_gets_its_pages(term):
    """By nbgrader's own commands, with what a person has graded and what came late."""
    term.ours("build")
    term.command("nbgrader", "release_assignment", "01_first")
    with term.gradebook() as gradebook:
        gradebook.update_or_create_assignment("01_first", duedate="2020-01-31 12:00:00 UTC")
    with (term.folder / "nbgrader_config.py").open("a") as settings:
        settings.write("c.LateSubmissionPlugin.penalty_method = 'zero'\n")
    late, wrong, by_hand = term.students
    term.submit(late, "01_first", term.notebook("01_first"))
    term.put(wrong, "01_first", term.notebook("01_first", ["does nothing"]))
    term.put(by_hand, "01_first", term.notebook("01_first", ["does nothing"]))
    for student in (wrong, by_hand):
        stamp = term.folder / "class" / "submitted" / student / "01_first" / "timestamp.txt"
        stamp.write_text("2020-01-01 12:00:00 UTC")
    term.command("nbgrader", "collect", "01_first")
    term.ours("grade", "01_first")
    term.by_hand(by_hand, "01_first", 5, "Well said.")
    term.by_hand(by_hand, "01_first", 1, cell="check_double")
    term.command("nbgrader", "generate_feedback", "01_first")
    term.command("nbgrader", "release_feedback", "01_first")
    assert len(list((term.folder / "exchange" / "arithmetic" / "feedback").glob("*.html"))) == 3

    def page(student):
        return (term.folder / "class" / "feedback" / student / "01_first" / "01_first.html").read_text()

    assert rows_of(page(late)) == [
        ["double", "4 of 4", "every test passed"],
        ["why", "not graded yet", "written answer"],
        ["Handed in late", "−4", ""],
    ]
    assert rows_of(page(wrong)) == [["double", "0 of 4", "does nothing"], ["why", "not graded yet", "written answer"]]
    assert rows_of(page(by_hand)) == [
        ["double", "1 of 4", "does nothing; points given by a person"],
        ["why", "5 of 6", "written answer; comment"],
    ]
    assert "6 of 10 points." in " ".join(parsed(page(by_hand)).header.get_text().split())
    assert "Well said." in parsed(page(by_hand)).select_one("#comment-why").get_text()
