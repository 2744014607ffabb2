"""Whatever the settings are, students' code runs locked in or not at all, by our commands and by nbgrader's."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbconvert.exporters import HTMLExporter
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde
from traitlets.config import Config
from traitlets.config.loader import DeferredConfigString

import autograder
from autograder.authoring.build import build
from autograder.authoring.course import Course, commands_on_path
from autograder.authoring.students import handed_in
from autograder.classroom.feedback_page import FeedbackPage
from autograder.classroom.reading import Reading
from autograder.classroom.steps import ENGINE, complete, faults, runs_code
from autograder.judging import pages
from autograder.running.rebuild import Rebuild
from autograder.running.records import Records
from confined import NEEDS_CONFINEMENT
from this_course import ROOT

NAME = "01_first"
OURS = ("autograder", "grade", NAME)
NBGRADERS = ("nbgrader", "autograde", NAME)
CONFIGURE = "autograder.configure(c)\n"

# What settings say, above the last line or below it. Each lets students' code run unlocked, or be shown uncleaned.
WRONG = {
    "nbgrader's Execute in our place": (
        "c.Autograde.autograde_preprocessors = ['nbgrader.preprocessors.Execute', 'nbgrader.preprocessors.SaveAutoGrades']",
        'c.Autograde.autograde_preprocessors = [\n        "autograder.classroom.in_worker.InWorker",',
    ),
    "nbgrader's Execute beside ours": (
        "c.Autograde.autograde_preprocessors.append('nbgrader.preprocessors.Execute')",
        "holds nbgrader.preprocessors.Execute, which runs students' code with your rights",
    ),
    "another Execute in the worker": (
        "c.InWorker.steps = ['nbconvert.preprocessors.ExecutePreprocessor', 'autograder.classroom.judge_once.JudgeOnce']",
        'c.InWorker.steps = [\n        "autograder.running.execute.Execute",',
    ),
    "not rebuilt": ("c.Reading.steps = []", 'c.Reading.steps = [\n        "autograder.running.rebuild.Rebuild",'),
    "another exporter": (
        "c.Autograde.exporter_class = 'nbconvert.exporters.NotebookExporter'",
        'c.Autograde.exporter_class = "autograder.classroom.admission.Admission"',
    ),
    "pages that are not cleaned": (
        "c.HTMLExporter.filters = {'markdown2html': 'nbconvert.filters.markdown2html'}",
        '"markdown2html": "autograder.judging.pages.markdown2html",',
    ),
    "pages that run what they show": (
        "c.HTMLExporter.preprocessors = ['nbgrader.preprocessors.Execute']",
        "c.HTMLExporter.preprocessors holds nbgrader.preprocessors.Execute",
    ),
    "another page of feedback": (
        "c.GenerateFeedback.exporter_class = 'nbconvert.exporters.HTMLExporter'",
        'c.GenerateFeedback.exporter_class = "autograder.classroom.feedback_page.FeedbackPage"',
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def built(small_for_all):
    """The small course with a submission that leaves a file outside, and one that is right."""
    course = Course.at(small_for_all)
    with commands_on_path():
        build(course)
    written = course.folder("written") / NAME / "hidden.py"
    attack = (
        f"import pathlib\npathlib.Path({str(small_for_all / 'loot')!r}).write_text(open({str(written)!r}).read())\n"
    )
    for student, before in (("eve", attack), ("ada", "")):
        folder = course.folder(course.submitted_directory) / student / NAME
        folder.mkdir(parents=True)
        text = f"{before}def double(x):\n    return x * 2"
        nbformat.write(handed_in(course.assignment(NAME), instead={"double": text}), folder / f"{NAME}.ipynb")
    return course


@pytest.fixture
def run(built, shell, tmp_path):
    """Run a command in the course with these settings, and return its status and words. Nothing was let out by it."""
    settings, home = Path(built.root, "nbgrader_config.py"), tmp_path / "home"
    before = settings.read_text()

    def command(*words, above="", below="", personal="", text=None):
        settings.write_text(before.replace(CONFIGURE, f"{above}\n{CONFIGURE}{below}\n") if text is None else text)
        home.mkdir(exist_ok=True)
        (home / "nbgrader_config.py").write_text(f"c = get_config()\n{personal}\n")
        environment = {"PYTHONPATH": str(ROOT), "JUPYTER_CONFIG_DIR": str(home), "COLUMNS": "200"}
        ended = shell.run(built.root, *words, environment=environment)
        assert not Path(built.root, "loot").exists()
        return ended

    yield command
    settings.write_text(before)


def graded(built):
    with Gradebook(built.db_url, built.course_id) as gradebook:
        return {found.student_id: found.score for found in gradebook.assignment_submissions(NAME)}


@pytest.mark.slow
@pytest.mark.parametrize("name", WRONG)
def test_wrong_settings_are_refused_before_anything_starts(name, built, run):
    lines, says = WRONG[name]
    before = sorted(Path(built.root).rglob("*"))
    tried = [(OURS, "above"), (NBGRADERS, "below")]
    for words, place in [*tried, (NBGRADERS, "above")] if name == "another exporter" else tried:
        status, said = run(*words, **{place: lines})
        said = " ".join(said.split())  # nbgrader's log indents it
        assert status == 1 and " ".join(says.split()) in said, (place, words, said)
        assert "Refused, and nothing was changed." in said
    assert graded(built).get("eve", 0) == 0 and Records(config=built.config).latest() == []
    if name != "another exporter":  # below the last line, CheckSteps alone sees it: when nbgrader has begun
        assert [path for path in before if not path.exists()] == []
        assert not list(built.folder(built.autograded_directory).glob("*/*"))


@pytest.mark.slow
def test_a_persons_own_settings_are_refused_where_the_course_says_nothing(built, run):
    lines, says = WRONG["nbgrader's Execute in our place"]
    three = "c = get_config()\nc.CourseDirectory.course_id = 'arithmetic'\nc.Records.folder = 'class/records'\n"
    status, said = run(*OURS, personal=lines, text=three)
    assert status == 1 and says in said and "home/nbgrader_config.py" in said


@pytest.mark.slow
@NEEDS_CONFINEMENT
@pytest.mark.parametrize("words", [OURS, NBGRADERS], ids=["ours", "nbgrader's"])
def test_the_engine_is_there_where_the_course_says_nothing(built, run, words):
    lines, _ = WRONG["nbgrader's Execute in our place"]
    status, said = run(*words, "--force", personal=lines)  # the course's file counts more
    assert status == 0, said
    (line,) = (line for line in Records(config=built.config).latest() if line.student == "eve")
    assert line.isolation == "confined" and line.verdicts[0]["score"] == 0
    assert graded(built) == {"ada": 4, "eve": 0}


# Settings and options by which the code of a graded notebook would be run for its page of feedback.
PAGE_RUNS = [
    {"above": "c.FeedbackPage.preprocessors = ['nbgrader.preprocessors.Execute']"},
    {"below": "c.FeedbackPage.default_preprocessors = ['nbgrader.preprocessors.Execute']"},
    {"below": "c.GenerateFeedback.preprocessors.insert(0, 'nbgrader.preprocessors.Execute')"},
    {"below": "c.Feedback.preprocessors = ['nbgrader.preprocessors.Execute']"},  # an outdated name
    {"personal": "c.FeedbackPage.preprocessors = ['nbgrader.preprocessors.Execute']"},
    {"options": ["--GenerateFeedback.preprocessors=nbgrader.preprocessors.Execute"]},
]


@pytest.mark.slow
@NEEDS_CONFINEMENT
def test_no_setting_lets_a_page_of_feedback_run_code(built, run):
    assert run(*NBGRADERS, "--force").status == 0  # so that there is something to show
    by_nbgrader, by_us = ("nbgrader", "generate_feedback", NAME, "--force"), ("autograder", "feedback", NAME)
    for wrong in PAGE_RUNS:
        settings = {place: lines for place, lines in wrong.items() if place != "options"}
        for words in [by_us, by_nbgrader] if settings else [(*by_nbgrader, *wrong["options"])]:
            status, said = run(*words, **settings)
            assert status == 1 and "Refused, and nothing was changed" in said, (words, wrong, said)
    assert run("nbgrader", "generate_feedback", NAME, "--force").status == 0


@pytest.mark.slow
@NEEDS_CONFINEMENT
@pytest.mark.parametrize("kind", ["InWorker", "CheckSteps", "NbGraderPreprocessor", "Preprocessor"])
def test_a_step_of_ours_cannot_be_switched_off(kind, built, run):
    status, said = run(*NBGRADERS, "--force", below=f"c.{kind}.enabled = False")
    assert status == 0, said
    assert graded(built) == {"ada": 4, "eve": 0}


@pytest.mark.slow
def test_an_error_in_the_settings_ends_nbgrader(built, run):
    """It would go on without them, by its own steps. These options are those that the file would set.

    The command is a new process: the settings are the first to import the engine.
    """
    folders = Course.at(Path(built.root)).config.CourseDirectory
    options = [f"--CourseDirectory.{name}={value}" for name, value in folders.items() if name != "root"]
    for place in ("above", "below"):
        run("autograder", "--help", **{place: "c.Autograde.no_such_list.remove('x')"})  # writes the settings
        words = [sys.executable, "-m", "nbgrader", "autograde", NAME, "--force", *options]
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        environment = os.environ | {"PYTHONPATH": str(ROOT), "PATH": path}
        ended = subprocess.run(words, cwd=built.root, env=environment, capture_output=True, text=True)
        assert ended.returncode != 0 and "remove" in ended.stderr, ended.stderr
        assert not Path(built.root, "loot").exists()


def test_formgraders_page_runs_nothing_whatever_a_persons_own_settings_are(built):
    settings = Config({"ExecutePreprocessor": {"enabled": True}})
    settings.HTMLExporter.default_preprocessors = ["nbgrader.preprocessors.Execute"]
    configured = Course.at(Path(built.root)).config
    configured.merge(Config(settings))
    assert "c.HTMLExporter.default_preprocessors holds" in "".join(faults(configured))  # where it came later
    settings.merge(Course.at(Path(built.root)).config)
    assert not [step for step in HTMLExporter(config=settings)._preprocessors if runs_code(step)]


def test_filters_that_clean_the_page_cannot_be_replaced(built):
    settings = Course.at(Path(built.root)).config
    complete(settings)
    for section in ("TemplateExporter", "FeedbackPage"):
        settings[section].filters = {"clean_html": lambda text: text, "mine": str.upper}
    filters = FeedbackPage(config=settings).environment.filters
    assert filters["clean_html"] is pages.clean_html and filters["mine"]("a") == "A"


@pytest.mark.slow
@NEEDS_CONFINEMENT
def test_a_course_of_three_lines_is_graded_locked_in_and_says_what_nbgrader_does_not_know(tmp_path, shell):
    (tmp_path / "nbgrader_config.py").write_text(
        "c = get_config()\nc.CourseDirectory.course_id = 'sums'\nc.Records.folder = 'records'\n"
    )
    environment = {"PYTHONPATH": str(ROOT)}
    for words in (("new", "01_sums"), ("build",)):
        status, said = shell.run(tmp_path, "autograder", *words, environment=environment)
        assert status == 0 and "`nbgrader autograde` would run students' code with your rights" in " ".join(
            said.split()
        )
    assignment = Course.at(tmp_path).assignment("01_sums")
    loot, hidden = tmp_path / "loot", tmp_path / "solutions" / "01_sums" / "hidden.py"
    text = f"open({str(loot)!r}, 'w').write(open({str(hidden)!r}).read())\n{assignment.solution('moving_average')}"
    folder = tmp_path / "submitted" / "eve" / "01_sums"
    folder.mkdir(parents=True)
    nbformat.write(handed_in(assignment, instead={"moving_average": text}), folder / "01_sums.ipynb")
    status, said = shell.run(tmp_path, "autograder", "grade", "01_sums", environment=environment)
    assert status == 0 and "1 graded, 0 ungraded" in said and not loot.exists()
    # stock nbgrader runs it, as is said, but the hidden region keeps the score at 0
    shell.run(tmp_path, "nbgrader", "autograde", "01_sums", "--force", environment=environment)
    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}", "sums") as gradebook:
        assert gradebook.find_submission("01_sums", "eve").score == 0


@pytest.mark.slow
def test_new_begins_a_course_that_nbgrader_knows_in_an_empty_folder(tmp_path, shell):
    course = tmp_path / "my course"
    course.mkdir()
    status, said = shell.run(course, "autograder", "new", "01_sums", environment={"PYTHONPATH": str(ROOT)})
    assert status == 0 and "a new course begins here" in said and "do not know the engine" not in said
    made = Course.at(course)
    assert made.course_id == "my_course" and faults(made.config) == []
    (tmp_path / "empty").mkdir()
    status, said = shell.run(tmp_path / "empty", "autograder", "new", "a b", environment={"PYTHONPATH": str(ROOT)})
    assert status == 1 and "is no name for an assignment" in said and os.listdir(tmp_path / "empty") == []
    (tmp_path / "empty").rmdir()
    status, said = shell.run(tmp_path, "autograder", "new", "01_sums", environment={"PYTHONPATH": str(ROOT)})
    assert status == 1 and "There is no nbgrader_config.py" in said and os.listdir(tmp_path) == ["my course"]


def test_this_course_sets_the_engines_steps():
    assert faults(Course.at(ROOT).config) == []


def test_steps_of_ones_own_stand_beside():
    settings = Config()
    settings.Autograde.autograde_preprocessors.append("nbgrader.preprocessors.CheckCellMetadata")
    settings.HTMLExporter.filters = {"mine": "mine.filter"}
    settings.InWorker.steps.prepend(["mine.Step"])
    autograder.configure(settings)
    assert faults(settings) == [] and "refused" not in settings.Admission
    ours = ENGINE["Autograde", "autograde_preprocessors"]
    assert settings.Autograde.autograde_preprocessors == [*ours, "nbgrader.preprocessors.CheckCellMetadata"]
    assert settings.InWorker.steps == ["mine.Step", *ENGINE["InWorker", "steps"]]
    assert settings.HTMLExporter.filters.keys() == {"mine", *ENGINE["HTMLExporter", "filters"]}
    assert Autograde(config=settings).autograde_preprocessors == settings.Autograde.autograde_preprocessors


def test_refused_settings_leave_the_engine_in_its_place():
    """An error in the file would make nbgrader go on without it, by its own steps."""
    settings = Config({"HTMLExporter": {"sanitize_html": False}, "Autograde": {"exporter_class": "mine.Exporter"}})
    autograder.configure(settings)
    assert settings.Autograde.exporter_class == ENGINE["Autograde", "exporter_class"]
    assert settings.HTMLExporter.sanitize_html is True
    assert "c.HTMLExporter.sanitize_html = True" in settings.Admission.refused
    assert 'c.Autograde.exporter_class = "autograder.' in settings.Admission.refused


def test_steps_in_another_order_or_as_classes():
    settings = Config()
    complete(settings)
    settings.InWorker.steps.reverse()
    (fault,) = faults(settings)
    assert "has the engine's steps in another order" in fault
    assert runs_code("nbgrader.preprocessors.Execute") and not runs_code("nowhere.Step") and not runs_code(Rebuild)
    complete(settings := Config({"Reading": {"steps": [Rebuild]}}))
    assert faults(settings) == [] and Reading(config=settings).steps == ENGINE["Reading", "steps"]
    settings.HTMLExporter.sanitize_html = DeferredConfigString("True")  # as from the command line
    assert faults(settings) == []
