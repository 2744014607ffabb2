"""The site shows notebooks as they look when they are solved, and no solution; its pages load nothing from elsewhere."""

import html
import re

import nbformat
import pytest
from nbformat.v4 import new_output

from autograder.authoring.course import Course
from autograder.authoring.release import release_notebook
from autograder.authoring.students import handed_in
from built_site import build_site, notebooks
from this_course import COURSE, ROOT, load

TEXTS = {".html", ".ipynb", ".txt", ".js"}
ASSIGNMENTS = [load(name) for name in COURSE.assignment_names]


@pytest.fixture(scope="module")
def secrets():
    return notebooks.secret_lines(ASSIGNMENTS)


def test_each_exercise_and_answer_has_lines_by_which_it_would_be_found(secrets):
    filled_in = {f"{one.name}, {cell.name}" for one in ASSIGNMENTS for cell in one.source.of_role("exercise", "answer")}
    assert set(secrets.values()) == filled_in


@pytest.mark.parametrize("assignment", ASSIGNMENTS, ids=COURSE.assignment_names)
def test_a_page_has_the_released_cells(assignment, secrets):
    page = notebooks.page(assignment, handed_in(assignment))
    assert [cell.source for cell in page.cells] == [cell.source for cell in release_notebook(assignment.source).cells]
    notebooks.must_not_leak(page, secrets, assignment.name)


@pytest.mark.parametrize("assignment", ASSIGNMENTS, ids=COURSE.assignment_names)
def test_a_solution_is_noticed_in_a_cell_and_in_an_output(assignment, secrets):
    solved = handed_in(assignment)
    with pytest.raises(notebooks.Leak, match="would show a line of the solution"):
        notebooks.must_not_leak(solved, secrets, assignment.name)
    page = notebooks.page(assignment, solved)
    code = next(cell for cell in page.cells if cell.cell_type == "code")
    for leak in secrets:
        code.outputs = [new_output("stream", text=f"1    {leak}\n")]
        with pytest.raises(notebooks.Leak):
            notebooks.must_not_leak(page, {leak: secrets[leak]}, assignment.name)


def test_a_notebook_runs_once_and_its_outputs_are_shown_without_bars(small, tmp_path):
    written = small / "written" / "01_first" / "notebook.py"
    written.write_text(
        written.read_text()
        + "\n# %%\nimport sys\nprint('\\rsteps:  50%|##  | 1/2')\nprint(double(21))\nprint('a warning', file=sys.stderr)\n"
    )
    course, kept = Course.at(small), tmp_path / "executed"
    assignment = course.assignment("01_first")
    page = notebooks.page(assignment, notebooks.run(assignment, course, kept))
    assert [output.text for output in page.cells[-1].outputs] == ["42\n"]
    assert "raise NotImplementedError()" in "".join(cell.source for cell in page.cells)
    (first,) = kept.iterdir()
    changed = nbformat.read(first, as_version=4)
    changed.cells[-1].outputs = []
    nbformat.write(changed, first)
    assert not notebooks.run(assignment, course, kept).cells[-1].outputs  # it was read, and not run again
    written.write_text(written.read_text().replace("double(21)", "double(4)"))
    again = notebooks.run(course.assignment("01_first"), course, kept)
    assert again.cells[-1].outputs[0].text.endswith("8\n") and list(kept.iterdir()) != [first]


def test_the_readme_gives_each_notebook_its_hours():
    told = re.findall(r"^\| `(\w+)` \| ([\d½¼¾]+) \|", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    quarters = {0.0: "", 0.25: "¼", 0.5: "½", 0.75: "¾"}
    assert told == [(one.name, f"{(hours := notebooks.hours(one)) // 1:g}{quarters[hours % 1]}") for one in ASSIGNMENTS]


@pytest.mark.slow
def test_the_site_is_whole_holds_no_solution_and_loads_nothing(tmp_path, secrets):
    """It is built from notebooks that were solved and not run."""
    site = build_site(tmp_path)
    files = {path.relative_to(site).as_posix(): path for path in site.rglob("*") if path.is_file()}
    texts = {name: path.read_text(errors="replace") for name, path in files.items() if path.suffix in TEXTS}
    for name, text in texts.items():
        if name.endswith(".html"):
            loaded = re.findall(r"<(?:script|link|img|iframe|source)\b[^>]*?\b(?:src|href)=\"([^\"]+)", text)
            assert not [address for address in loaded if re.match(r"(https?:)?//", address)], name
        assert not [line for line in secrets if line in shown(text)], name

    first, third = (f"notebooks/{name}.html" for name in ("01_attention", "03_decoder"))
    assert "def causal_mask(length: int)" in shown(texts[first]) and "raise NotImplementedError()" in shown(
        texts[first]
    )
    assert "<math" in texts[third]
    for badge in (
        "https://mybinder.org/v2/gh/owner/name/HEAD?urlpath=lab/tree/course/03_decoder/03_decoder.ipynb",
        "https://colab.research.google.com/github/owner/name/blob/gh-pages/colab/03_decoder.ipynb",
    ):
        assert badge in texts[third]
    colab = nbformat.read(files["colab/03_decoder.ipynb"], as_version=4)
    assert "owner/name#subdirectory=course" in colab.cells[0].source and "03_decoder/parts.py" in colab.cells[0].source
    assert all(f"notebooks/{name}.html" in texts["syllabus.html"] for name in COURSE.assignment_names)
    assert "The ledger" in texts["notebooks/ledger.html"] and ".nojekyll" in files
    assert len(texts["searchindex.js"]) > 10_000


def shown(page: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", page))


def test_the_cell_for_colab_does_nothing_where_the_course_is_installed():
    from IPython.core.inputtransformer2 import TransformerManager

    text = notebooks.on_colab(load("02_encoder"), "owner/name").cells[0].source
    exec(compile(TransformerManager().transform_cell(text), "colab", "exec"), {})  # get_ipython would not be defined
