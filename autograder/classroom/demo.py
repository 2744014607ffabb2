"""Shows grading with a made-up class, from release to feedback, all of it with nbgrader.

The class is described in the file made_up_class.py of an assignment's folder: STUDENTS is a list of
``MadeUpStudent``, and LOOK_AT is the name of the student whose feedback is worth a look. Each run makes the students'
notebooks anew from the reference solution and the named mistakes, in a folder of their own.
"""

import os
import runpy
import shutil
import sys
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

from autograder.authoring.assignment import Assignment
from autograder.authoring.build import build
from autograder.authoring.course import SETTINGS, Course
from autograder.authoring.release import release_notebook
from autograder.authoring.students import handed_in
from autograder.classroom.grade import grade
from autograder.classroom.lessons.report import write_report
from autograder.classroom.results import as_table
from autograder.classroom.steps import require
from autograder.errors import NotFound, UserError
from autograder.running.kernel import doctor

MARK = "# The demonstration's settings, made by `python -m autograder demo`."
MADE_UP = """
from pathlib import Path

here = Path(__file__).resolve().parent
load_subconfig({name!r}, path={root!r})
c = get_config()
c.Course.solutions_directory = {solutions!r}
c.CourseDirectory.root = str(here)
c.CourseDirectory.course_id = "demo"
c.CourseDirectory.db_url = f"sqlite:///{{here / 'classroom' / 'gradebook.db'}}"
c.Records.folder = "classroom/records"
c.ConfinedProvisioner.secret.append("classroom")
c.Exchange.root = str(here / "exchange")
c.Exchange.cache = str(here / "exchange-cache")
c.HandOut.along = []  # these students run nothing
c.ExchangeCollect.check_owner = False  # all students are the same person
c.Execute.timeout = 5
c.Run.question_timeout = 3
"""


@dataclass
class MadeUpStudent:
    """Describes a student of a made-up class, and what the student hands in."""

    name: str
    mistakes: tuple[str, ...] = ()  # the names of the mistakes that the student makes
    instead: dict[str, str] = field(default_factory=dict)  # {exercise or answer: text}, in place of the reference's
    hands_in: str = "solution"  # or "release", or "half a file"


def demo(course: Course, folder: Path, name: str | None = None) -> int:
    """Run the demonstration and print its table. Returns the exit status.

    folder  the folder in which it runs; it is made anew
    name    the assignment's name; None: the first assignment that has a made_up_class.py

    Raises NotFound if there is no made_up_class.py, and FileExistsError if the folder holds something else.
    """
    name, students, look_at = _made_up_class(course, name)
    assignment = course.assignment(name)
    folder, began = folder.resolve(), time.monotonic()
    sandbox = not doctor.missing()  # without isolation it works, too: the students are made up
    _empty(folder, course)
    warnings.simplefilter("ignore")  # nbgrader's and SQLAlchemy's, which would cut through the progress bar
    with tqdm(total=3 + 3 * len(students), desc="build", unit="step") as bar:

        def step(what: str) -> None:
            bar.update()
            bar.set_description(what)

        made = Course.at(folder)
        require(made.config)
        made.config.Execute.sandbox = sandbox
        build(made)
        api = NbGraderAPI(config=made.config)
        step("release")
        _must(api.release_assignment(assignment.name))
        for student in students:
            step(f"{student.name} submits")
            _submit(api, assignment, student, folder)
        step("collect")
        _must(api.collect(assignment.name))
        results = []
        for result in grade(made, assignment.name, [student.name for student in students]):
            step(f"grade {result.grading.student}")
            results.append(result)
        for result in results:
            step(f"feedback for {result.grading.student}")
            if not result.ungraded:
                _must(api.generate_feedback(assignment.name, result.grading.student))
        bar.update()
    print(f"\n{as_table(assignment, results)}")
    by_hand = len(_to_grade_by_hand(made, assignment) & {r.grading.student for r in results if not r.ungraded})
    print(f"{by_hand} with a written answer to grade by hand. {time.monotonic() - began:.0f} seconds in all.\n")
    page, _ = write_report(made, [assignment.name], with_names=True)
    print(_where_to_look(course, made, assignment.name, look_at))
    print(f"  the class as a whole   {os.path.relpath(page)}")
    return 0


def settings_of_a_demonstration(course: Course) -> str:
    """Return an nbgrader_config.py, as text, for a course in another folder that has the assignments of this course."""
    solutions = str(course.folder(course.solutions_directory).resolve())
    return MARK + MADE_UP.format(name=SETTINGS, root=course.root, solutions=solutions)


def _made_up_class(course: Course, name: str | None) -> tuple[str, list[MadeUpStudent], str]:
    """Return the name of an assignment with a made-up class, its students, and the one to look at.

    Raises NotFound if there is none, and UserError if its file lacks something.
    """
    for candidate in [name] if name else course.assignment_names:
        path = course.folder(course.solutions_directory) / candidate / "made_up_class.py"
        if path.exists():
            found = runpy.run_path(str(path))
            if missing := {"STUDENTS", "LOOK_AT"} - found.keys():
                raise UserError(f"{path} defines no {min(missing)}.")
            return candidate, found["STUDENTS"], found["LOOK_AT"]
    raise NotFound(f"There is no made_up_class.py in the folder of {name or 'any assignment'}.")


def _empty(folder: Path, course: Course) -> None:
    """Make the folder anew if it was made by a demonstration, is empty, or does not exist.

    Raises FileExistsError if it holds anything else.
    """
    settings = folder / SETTINGS
    if folder.exists() and any(folder.iterdir()):
        if not settings.exists() or not settings.read_text(encoding="utf-8").startswith(MARK):
            raise FileExistsError(f"{folder} is not empty, and is not the demonstration's: name another with --folder.")
        shutil.rmtree(folder)
    (folder / "exchange").mkdir(parents=True)
    (folder / "exchange").chmod(0o777)  # nbgrader wants it so
    settings.write_text(settings_of_a_demonstration(course), encoding="utf-8")


def _submit(api: NbGraderAPI, assignment: Assignment, student: MadeUpStudent, folder: Path) -> None:
    """Hand in a student's notebook as `nbgrader submit` does."""
    home = folder / "homes" / student.name / assignment.name
    home.mkdir(parents=True)
    path = home / f"{assignment.name}.ipynb"
    nbformat.write(_notebook(assignment, student), path)
    if student.hands_in == "half a file":
        text = path.read_text(encoding="utf-8")
        path.write_text(text[: len(text) // 2], encoding="utf-8")
    with temp_attrs(api.coursedir, assignment_id=assignment.name, student_id=student.name):
        submit = api.exchange.Submit(coursedir=api.coursedir, authenticator=api.authenticator, parent=api)
        submit.assignment_dir = str(home.parent)
        submit.start()


def _notebook(assignment: Assignment, student: MadeUpStudent) -> NotebookNode:
    if student.hands_in == "release":
        return release_notebook(assignment.source)
    return handed_in(assignment, [assignment.mistake(name) for name in student.mistakes], student.instead)


def _must(result: dict) -> None:
    if not result["success"]:
        raise UserError(f"nbgrader failed:\n{result.get('log') or ''}{result.get('error') or ''}")


def _to_grade_by_hand(course: Course, assignment: Assignment) -> set[str]:
    with Gradebook(course.db_url, course.course_id) as gradebook:
        submissions = gradebook.assignment_submissions(assignment.name)
        return {submission.student.id for submission in submissions if submission.needs_manual_grade}


def _where_to_look(course: Course, made: Course, name: str, student: str) -> str:
    feedback = made.folder(made.feedback_directory) / student / name / f"{name}.html"
    own = course.folder(course.release_directory) / name / f"{name}.ipynb"
    jupyter = os.path.relpath(Path(sys.executable).with_name("jupyter"), made.root)
    python = os.path.relpath(sys.executable)
    return f"""Where to look next:
  a student's feedback   {os.path.relpath(feedback)}
  the formgrader         cd {os.path.relpath(made.root)} && {jupyter} lab     then Nbgrader > Formgrader
  the same on your own   {python} -m autograder check {os.path.relpath(own)}
  what the tests catch   {python} -m autograder mistakes {name}"""
