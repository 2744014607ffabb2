import os
from collections.abc import Callable
from functools import cache
from pathlib import Path

import nbgrader.api
import pytest
import torch

from autograder.authoring.assignment import Assignment
from autograder.classroom.answer_store import AnswerStore
from autograder.judging.judge import Judge
from autograder.judging.verdict import Verdict
from confined import kernels
from shell import Shell
from this_course import SEED, copy_course, load

# Two workers share the cores: more threads would wait for each other, in the kernels that tests start, too.
torch.set_num_threads(1)
os.environ["OMP_NUM_THREADS"] = "1"


LONG = ("test_hostile.py", "test_term.py", "test_pipeline.py")  # they start first: at the end one core would be idle


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.path.name not in LONG)


@pytest.fixture(scope="session", autouse=True)
def version_of_gradebooks():
    """A new gradebook asks alembic for its version in a process of its own, which takes seconds: it is asked once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nbgrader.api, "get_alembic_version", cache(nbgrader.api.get_alembic_version))
        yield


@pytest.fixture(scope="session")
def assignment() -> Assignment:
    return load("01_attention")


@pytest.fixture(scope="session")
def judge_of(tmp_path_factory) -> Callable[..., Judge]:
    """The judge of an assignment and seed: judge_of(name, seed). The processes of a run find its answers out once."""
    base = tmp_path_factory.getbasetemp()
    path = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "answers.db"

    @cache
    def found(name: str, seed: str = SEED) -> Judge:
        return Judge(load(name), seed, store=AnswerStore(path, f"{name} {seed}", 10**9))

    return found


@pytest.fixture(scope="session")
def judge(judge_of) -> Judge:
    return judge_of("01_attention")


@pytest.fixture(scope="session")
def shell():
    """Runs nbgrader's commands and ours: shell.run(folder, *words)."""
    found = Shell()
    yield found
    found.end()


@pytest.fixture
def tree(tmp_path) -> Path:
    """A copy of the course, to change and build in."""
    copy_course(tmp_path)
    return tmp_path


# All that a course needs but for its assignments. It has other folders than ours.
SMALL_SETTINGS = """
from pathlib import Path

import autograder

root = Path(__file__).resolve().parent
c = get_config()
c.CourseDirectory.course_id = "arithmetic"
c.CourseDirectory.root = str(root)
c.Course.solutions_directory = "written"
c.CourseDirectory.source_directory = "class/source"
c.CourseDirectory.release_directory = "handout"
c.CourseDirectory.submitted_directory = "class/submitted"
c.CourseDirectory.autograded_directory = "class/autograded"
c.CourseDirectory.feedback_directory = "class/feedback"
c.CourseDirectory.db_url = f"sqlite:///{root / 'class' / 'gradebook.db'}"
c.Records.folder = "class/records"
c.ConfinedProvisioner.secret = ["."]
c.Execute.shutdown_kernel = "immediate"
c.ExchangeFactory.collect = "autograder.classroom.collect.Collect"
c.ExportApp.plugin_class = "autograder.classroom.export.WithStatus"
autograder.configure(c)
"""


@pytest.fixture
def small(tmp_path) -> Path:
    """A small course of another subject, to break: a config and two assignments."""
    return made_small(tmp_path)


@pytest.fixture(scope="module")
def small_for_all(tmp_path_factory) -> Path:
    """The same, for all tests of a module."""
    return made_small(tmp_path_factory.mktemp("small"))


def made_small(folder: Path) -> Path:
    course = folder / "arithmetic"
    for name, exercise, solution, before in (
        ("01_first", "double", "x * 2", "import math"),
        ("02_second", "quadruple", "double(double(x))", "import math\nfrom parts import double"),
    ):
        folder = course / "written" / name
        _write(
            folder / "notebook.py",
            f'# %% [markdown]\n# # {name}\n\n# %% locked="setup_{exercise}"\n{before}\n\n'
            f'# %% exercise="{exercise}"\ndef {exercise}(x):\n    ### BEGIN SOLUTION\n    return {solution}\n    ### END SOLUTION\n\n'
            f'# %% check="{exercise}" points=4\nassert {exercise}(0) == 0\n',
        )
        _write(
            folder / "hidden.py",
            f"from autograder.probe import hidden\n\n\n@hidden('{exercise}')\ndef works(student, rng):\n"
            f'    """It works."""\n    return student.{exercise}(rng.integer(1, 10**9))\n',
        )
        _write(
            folder / "mistakes.py",
            "from autograder.authoring import Mistake\n\n"
            f"MISTAKES = [\n    Mistake('does nothing', '{exercise}', replace='return {solution}', by='return x', says='Double it.'),\n]\n",
        )
    _write(course / "nbgrader_config.py", SMALL_SETTINGS)
    return course


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.fixture
def scores(judge):
    """Judge trusted code: {exercise: verdict} of the reference with these exercises replaced."""

    def judged(exercises: dict[str, str]) -> dict[str, Verdict]:
        namespace = judge.assignment.run(exercises)
        answers = {case.name: judge.ask(case, namespace) for case in judge.assignment.cases}
        return {verdict.exercise: verdict for verdict in judge.verdicts(answers)}

    return judged


@pytest.fixture
def start(tmp_path):
    """Start confined kernels: start(**limits)."""
    with kernels(tmp_path) as start:
        yield start


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    """A confined kernel, one for all tests of a module."""
    with kernels(tmp_path_factory.mktemp("kernel")) as start:
        yield start()
