"""A class to demonstrate on: twelve made-up students, from release to feedback, all through nbgrader.

It is made from the reference solution and the named mistakes each time, in a folder of its own.
"""

import shutil
import time
import warnings
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.apps.api import NbGraderAPI
from nbgrader.utils import temp_attrs
from tqdm import tqdm

from autograder import config
from autograder.assignment import ROOT, Assignment, load
from autograder.build import build, release_notebook
from autograder.grade import Result, as_table, grade
from autograder.kernel import doctor
from autograder.students import handed_in

ASSIGNMENT = "01_attention"
MARK = "# The demonstration's settings, made by `python -m autograder demo`."
SETTINGS = (
    MARK
    + """
from pathlib import Path

here = Path(__file__).resolve().parent
load_subconfig("nbgrader_config.py", path={root!r})
c = get_config()
c.CourseDirectory.root = str(here)
c.CourseDirectory.course_id = "demo"
c.CourseDirectory.db_url = f"sqlite:///{{here / 'classroom' / 'gradebook.db'}}"
c.Exchange.root = str(here / "exchange")
c.Exchange.cache = str(here / "exchange-cache")
c.ExchangeCollect.check_owner = False  # all twelve are the same person
c.Execute.records = str(here / "classroom" / "records")
c.Execute.timeout = 5
c.Execute.question_timeout = 3
"""
)


@dataclass
class Student:
    name: str
    mistakes: tuple[str, ...] = ()
    instead: dict[str, str] = field(default_factory=dict)
    hands_in: str = "solution"  # or "release", or "half a file"


WRITTEN = "It is the same: the sum of all exponentials cancels when each row is divided by its own sum."
TYPING_ERROR = """\
def scaled_dot_product_attention(query, key, value, mask=None):
    weights = (qurey @ key.transpose(-2, -1)).softmax(dim=-1)
    return weights @ value, weights
"""
ENDLESS_LOOP = """\
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, num_heads):
        super().__init__()
        head = 0
        while head < num_heads:
            self.query_proj = nn.Linear(d_model, d_model)
"""
CLASS = [
    Student("ada"),
    Student("alan", hands_in="release"),
    Student("barbara", instead={"scaled_dot_product_attention": TYPING_ERROR}),
    Student("claude", instead={"MultiHeadAttention": ENDLESS_LOOP}),
    Student("donald", hands_in="half a file"),
    Student("edsger", mistakes=("mask after the softmax",)),
    Student("frances", mistakes=("no scaling", "heads merged without a transpose")),
    Student("grace", mistakes=("diagonal masked",)),
    Student("hedy", mistakes=("True for padding", "mask the wrong way round", "mask not passed on")),
    Student("john", mistakes=("overflow in half precision", "assert for ValueError")),
    Student("katherine", mistakes=("NaN where nothing can be seen",)),
    Student("margaret", mistakes=("one token too many", "scaled by d_k, without the root", "weights not detached")),
]


def demo(folder: Path) -> int:
    """Run the demonstration and print its table. Returns the exit status."""
    folder = folder.resolve()
    assignment = load(ASSIGNMENT)
    began = time.monotonic()
    sandbox = not doctor.missing()  # all twelve are ours, so that it works anywhere
    _empty(folder)
    warnings.simplefilter("ignore")  # nbgrader's and SQLAlchemy's, which would cut through the progress bar
    with config.commands_on_path(), tqdm(total=3 + 3 * len(CLASS), desc="build", unit="step") as bar:

        def step(what: str) -> None:
            bar.update()
            bar.set_description(what)

        build(ROOT, into=folder)
        api = NbGraderAPI(config=config.course(folder))
        step("release")
        _must(api.release_assignment(ASSIGNMENT))
        for student in CLASS:
            step(f"{student.name} submits")
            _submit(api, assignment, student, folder)
        step("collect")
        _must(api.collect(ASSIGNMENT))
        settings, results = config.course(folder), []
        settings.Execute.sandbox = sandbox
        for result in grade(settings, ASSIGNMENT, [student.name for student in CLASS]):
            step(f"grade {result.line.student}")
            results.append(result)
        for result in results:
            step(f"feedback for {result.line.student}")
            if not result.ungraded:
                _must(api.generate_feedback(ASSIGNMENT, result.line.student))
        bar.update()
    print(_summary(assignment, results, folder, time.monotonic() - began))
    return 0


def _empty(folder: Path) -> None:
    """Make the folder anew, if it is the demonstration's, or nobody's."""
    settings = folder / "nbgrader_config.py"
    if folder.exists() and any(folder.iterdir()):
        if not settings.exists() or not settings.read_text(encoding="utf-8").startswith(MARK):
            raise FileExistsError(f"{folder} is not empty, and is not the demonstration's: name another with --folder.")
        shutil.rmtree(folder)
    (folder / "exchange").mkdir(parents=True)
    (folder / "exchange").chmod(0o777)  # nbgrader wants it so
    settings.write_text(SETTINGS.format(root=str(ROOT)), encoding="utf-8")


def _submit(api: NbGraderAPI, assignment: Assignment, student: Student, folder: Path) -> None:
    """What `nbgrader submit` does, for a student of this name."""
    home = folder / "homes" / student.name / ASSIGNMENT
    home.mkdir(parents=True)
    path = home / f"{ASSIGNMENT}.ipynb"
    nbformat.write(_notebook(assignment, student), path)
    if student.hands_in == "half a file":
        text = path.read_text(encoding="utf-8")
        path.write_text(text[: len(text) // 2], encoding="utf-8")
    with temp_attrs(api.coursedir, assignment_id=ASSIGNMENT, student_id=student.name):
        submit = api.exchange.Submit(coursedir=api.coursedir, authenticator=api.authenticator, parent=api)
        submit.assignment_dir = str(home.parent)
        submit.start()


def _notebook(assignment: Assignment, student: Student) -> NotebookNode:
    if student.hands_in == "release":
        return release_notebook(assignment.source)
    mistakes = [mistake for mistake in assignment.mistakes if mistake.name in student.mistakes]
    return handed_in(assignment, mistakes, {"renormalised": WRITTEN, **student.instead})


def _must(result: dict) -> None:
    if not result["success"]:
        raise RuntimeError(f"nbgrader failed:\n{result.get('log') or ''}{result.get('error') or ''}")


def _summary(assignment: Assignment, results: list[Result], folder: Path, seconds: float) -> str:
    graded = {result.line.student for result in results if not result.ungraded}
    by_hand = len(_to_grade_by_hand(folder) & graded)
    return f"""
{as_table(assignment, results)}
{by_hand} with a written answer to grade by hand. {seconds:.0f} seconds in all.

Where to look next:
  a student's feedback   {_relative(folder / "classroom" / "feedback" / "frances" / ASSIGNMENT / f"{ASSIGNMENT}.html")}
  the formgrader         cd {_relative(folder)} && ../.venv/bin/jupyter lab     then Nbgrader > Formgrader
  the same on your own   .venv/bin/python -m autograder check course/{ASSIGNMENT}/{ASSIGNMENT}.ipynb
  what the tests catch   .venv/bin/python -m autograder mistakes {ASSIGNMENT}"""


def _to_grade_by_hand(folder: Path) -> set[str]:
    settings = config.course(folder).CourseDirectory
    with Gradebook(settings.db_url, settings.course_id) as gradebook:
        submissions = gradebook.assignment_submissions(ASSIGNMENT)
        return {submission.student.id for submission in submissions if submission.needs_manual_grade}


def _relative(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
