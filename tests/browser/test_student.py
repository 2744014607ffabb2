"""A student fetches, solves, checks, validates and submits in JupyterLab, and finds the name of a mistake."""

import pytest
from nbgrader.apps.api import NbGraderAPI

from autograder.authoring.course import commands_on_path
from autograder.classroom.grade import grade
from confined import NEEDS_CONFINEMENT
from small_class import KNOWN, NAME, SmallClass
from steps import fetch, fetch_feedback, open_assignments, submit

pytestmark = NEEDS_CONFINEMENT

WRONG = "def double(x):\n    return x + 1"
TRIPLE = "def triple(x):\n    return 3 * x"


@pytest.fixture
def made(small, tmp_path):
    """A small course, and a student's folder; both know the exchange."""
    (tmp_path / "exchange").mkdir()
    (tmp_path / "exchange").chmod(0o777)
    (tmp_path / "student").mkdir()
    (tmp_path / "student" / "nbgrader_config.py").write_text(
        'c = get_config()\nc.CourseDirectory.course_id = "arithmetic"\n'
    )
    for folder in (small, tmp_path / "student"):
        with (folder / "nbgrader_config.py").open("a") as file:
            file.write(f"c.Exchange.root = {str(tmp_path / 'exchange')!r}\n")
            file.write(f"c.Exchange.cache = {str(tmp_path / 'cache')!r}\n")
    return SmallClass(small)


def test_from_fetching_to_the_name_of_a_mistake(made, lab, opened, tmp_path):
    teacher = NbGraderAPI(config=made.course.config)
    with commands_on_path():
        assert teacher.release_assignment(NAME)["success"]
    student = tmp_path / "student"
    page = opened(f"{lab(student)}/lab", viewport={"width": 1300, "height": 900})

    fetch(open_assignments(page))
    assert (student / NAME / f"{NAME}.ipynb").exists()

    page.goto(f"{page.url.split('/lab')[0]}/lab/tree/{NAME}/{NAME}.ipynb")
    notebook = page.locator(".jp-NotebookPanel:visible")
    page.locator("#jp-main-statusbar", has_text="| Idle").wait_for()

    def run(cell):
        cell.and_(page.locator(".jp-mod-selected")).wait_for()
        notebook.locator("[data-jp-item-name='run']").click()

    def write(name, text, number):
        """Write a solution in place of what is there, run it and its check, and return what the check says."""
        exercise = notebook.locator(".jp-CodeCell", has_text=f"def {name}")
        check = notebook.locator(".jp-CodeCell", has_text=f"assert {name}(0)")
        exercise.locator(".cm-content").click()
        page.keyboard.press("Control+a")
        page.keyboard.insert_text(text)
        run(exercise)
        exercise.locator(".jp-InputPrompt", has_text=f"[{number}]").wait_for()
        run(check)
        return check.locator(".jp-OutputArea-output", has_text="AssertionError")

    write("double", WRONG, 1).wait_for()
    write("double", KNOWN, 3).wait_for(state="detached")  # that the check passes is the mistake's point
    write("triple", TRIPLE, 5)
    answer = notebook.locator(".jp-MarkdownCell").last
    answer.locator(".jp-RenderedMarkdown").dblclick()
    answer.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text("Because.")
    run(answer)
    notebook.get_by_text("Validate", exact=True).click()  # it saves first: two savings at once were seen to stall it
    told = page.locator(".jp-Dialog")
    told.wait_for()
    assert "Success! Your notebook passes all the tests." in told.inner_text()  # of the visible ones
    told.get_by_text("Ok", exact=True).click()
    assert "return x" in (student / NAME / f"{NAME}.ipynb").read_text()

    submit(open_assignments(page), NAME)

    with commands_on_path():
        assert teacher.collect(NAME)["success"]
        (result,) = grade(made.course, NAME, [path.name for path in (made.folder / "class" / "submitted").iterdir()])
        assert teacher.generate_feedback(NAME)["success"] and teacher.release_feedback(NAME)["success"]
    assert result.score < 10

    page.reload()
    fetch_feedback(open_assignments(page))
    (feedback,) = (student / NAME / "feedback").rglob("*.html")
    shown = opened(feedback.as_uri())
    text = shown.locator("body").inner_text()
    assert "does nothing" in text and "Double it." in text
    assert page.errors == shown.errors == []
