"""Takes in submissions, and records those that cannot be graded. It is nbgrader's exporter for the autograde step.

nbgrader makes the exporter before it touches anything, so that this is the place to refuse to grade. It gives every
notebook to the exporter, so that this is the place to find what cannot be graded. If anything goes wrong here, the
submission itself stays as it is.
"""

import glob
import os
import re
import stat
from collections.abc import Callable
from pathlib import Path

from nbconvert.exporters import NotebookExporter
from nbconvert.exporters.exporter import ResourcesDict
from nbgrader.converters.base import BaseConverter, NbGraderException
from nbgrader.utils import temp_attrs
from traitlets import Unicode

from autograder.authoring.course import Course
from autograder.bounded import Exceeded
from autograder.classroom.aside import leave_ungraded
from autograder.classroom.gradebook import IN_SCRIPTS, must_fit
from autograder.classroom.in_worker import portable, worker
from autograder.classroom.reading import READING, Reading, admit
from autograder.classroom.steps import StepsStay
from autograder.classroom.waiting import changed
from autograder.errors import UserError
from autograder.running.execute import Execute
from autograder.running.kernel import doctor
from autograder.running.read import Damaged, time_of
from autograder.running.records import UNGRADED, Grading, writable
from autograder.running.submission import NOT_THE_STUDENTS, SECRET
from autograder.running.time_limits import TooBusy

MAX_NAMED = 20  # so many files that are left out are named
MAX_DEPTH = 50  # folders in folders
MAX_SECRET = 10_000  # bytes


class Admission(StepsStay, NotebookExporter):
    """Refuses to grade if code cannot be locked in, takes in the notebook alone, and records what stays ungraded.

    What a student has handed in is read in a worker, where the first steps of grading are taken: see ``reading``.
    """

    refused = Unicode(help="Why nothing is graded with these settings. `autograder.configure` sets it.").tag(
        config=True
    )

    def __init__(self, parent: BaseConverter, **options):
        super().__init__(parent=parent, **options)
        execute = Execute(parent=self)
        if execute.sandbox and (missing := doctor.missing()):
            self.log.error(refusal(missing))
            raise NbGraderException(missing)
        course = Course(parent=self)
        try:
            must_fit(course, course.assignment(parent.coursedir.assignment_id))
        except UserError as error:
            self.log.error(str(error))
            raise NbGraderException(str(error)) from None
        self._worker, self._reading = worker(self.config), Reading(parent=self)
        self._isolation, self._ignore = execute.isolation, list(parent.coursedir.ignore)
        self._paths = re.compile(parent._format_source("(?P<assignment>.*)", "(?P<student>.*)", escape=True))
        pattern = parent._format_source(parent.coursedir.assignment_id, parent.coursedir.student_id)
        for folder in map(Path, glob.glob(pattern, include_hidden=True)):
            self._announce(folder)
        # nbgrader's own steps with a submission have no hooks. What goes wrong in them is recorded, too.
        self._init_destination = parent.init_destination
        parent.init_destination = self._recorded(self._look_at, self._make_room)
        parent.init_assignment = self._recorded(parent.init_assignment)
        parent.convert_single_notebook = self._recorded(parent.convert_single_notebook, names=self._names)

    def _announce(self, folder: Path) -> None:
        """Make nbgrader expect the assignment's notebook in this submission: if it is missing, only this one fails.

        If nbgrader cannot read the student's name, take the submission out, and record it as ungraded.
        """
        names = self._paths.fullmatch(str(folder))
        if names is None:
            self.parent.assignments.pop(str(folder), None)  # otherwise nbgrader would stop, and grade no submission
            self._ungraded(folder.parent.name, folder.name, Damaged("nbgrader cannot read the student's name"))
        elif self.parent.coursedir.notebook_id == "*":
            self.parent.assignments[str(folder)] = [str(folder / f"{names['assignment']}.ipynb")]

    def _recorded(self, *steps: Callable, names: Callable[..., tuple[str, str]] = lambda *given: given) -> Callable:
        """Join these steps with a submission into one, which returns what the last one returns.

        names  finds the names of assignment and student in the arguments of the steps

        An exception in one of them is recorded and raised again.
        """

        def recorded(*arguments: str) -> bool | None:
            try:
                return [step(*arguments) for step in steps][-1]
            except Exception as error:
                assignment, student = names(*arguments)
                self._ungraded(student, assignment, error)
                raise

        return recorded

    def _names(self, notebook: str) -> tuple[str, str]:
        """Return the names of assignment and student in the path of a notebook that was handed in."""
        found = self._paths.fullmatch(str(Path(notebook).parent))
        return found["assignment"], found["student"]

    def _ungraded(self, student: str, assignment: str, error: Exception) -> None:
        leave_ungraded(self, Grading(student, assignment, UNGRADED, reason(error), self._isolation))
        self.log.error("Left out %a: %a", student, reason(error))

    def _look_at(self, assignment: str, student: str) -> None:
        """Look at a submission before nbgrader does, and make it ignore all but the notebook and what it needs itself.

        nbgrader would copy the rest, and release what is a page, whatever a student has put there. Its log names files
        that are no plain files of this course, as links are.

        Raises Damaged if the name is no text or would be a script, if the folder is a link, or timestamp.txt no time.
        """
        if student != writable(student):
            raise Damaged("the student's name is no text in UTF-8")
        if IN_SCRIPTS & set(student):
            raise Damaged(
                "the student's name holds \", <, > or \\, which would run as a script in formgrader: rename the folder"
            )
        folder = Path(self.parent._format_source(assignment, student))
        if folder.is_symlink() or folder.parent.is_symlink():
            raise Damaged("it is a link, and not followed")
        files = _below(folder, self._reading.max_files)
        if len(files) > self._reading.max_files:  # nbgrader compares each with each
            raise Damaged(
                f"it has more than {self._reading.max_files:,} files: take out what is no work, and grade again"
            )
        odd = [path for path in files if not self._is_plain(path)]
        for path in odd[:MAX_NAMED]:
            self.log.warning("%a: %a is left out, because it is no plain file of this course", student, path.name)
        taken = {f"{assignment}.ipynb", *NOT_THE_STUDENTS}
        others = [path for path in folder.iterdir() if path.name not in taken or path in odd or not _has_text(path)]
        self.parent.coursedir.ignore = [*self._ignore, *(glob.escape(str(path)) for path in others)]
        time_of(self.parent.coursedir, folder)  # nbgrader opens the file even if it is no plain file

    def _is_plain(self, path: Path) -> bool:
        found = path.lstat()
        plain = stat.S_ISDIR(found.st_mode) or stat.S_ISREG(found.st_mode) and found.st_size <= self._reading.max_bytes
        return plain and path.name.isprintable()

    def _make_room(self, assignment: str, student: str) -> bool:
        """Let nbgrader decide whether to grade this submission; what has changed is graded whatever its time says."""
        force = self.parent.force or changed(Course(parent=self), student, assignment)
        with temp_attrs(self.parent, force=force):
            return self._init_destination(assignment, student)

    def from_filename(self, filename: str, resources: ResourcesDict, **options) -> tuple[str, ResourcesDict]:
        """Send one notebook through the preprocessors. What was handed in goes through our first steps before them."""
        if not self._paths.fullmatch(str(Path(filename).parent)):  # the one that we have made of it
            return super().from_filename(filename, resources=resources, **options)
        notebook, resources = self._worker.do(admit, Path(filename), resources, portable(self.config), seconds=READING)
        for anomaly in notebook.metadata.autograder.anomalies:
            self.log.warning("%a: %s", resources["nbgrader"]["student"], anomaly)
        return self.from_notebook_node(notebook, resources=resources, **options)


def reason(error: Exception) -> str:
    """Say why a submission stays ungraded that has led to this exception."""
    said = str(error)
    if isinstance(error, Exceeded):
        said = f"to read, run or judge it takes more than is allowed: {error}"
    elif not isinstance(error, Damaged | TooBusy):
        said = f"grading failed: {type(error).__name__}: {error}"
    return said[:400]


def refusal(missing: str) -> str:
    """Return the message that says why nothing is graded, and what to do.

    missing  what this machine lacks
    """
    return (
        f"Nothing was graded and nothing was changed: this machine cannot lock in the code of students ({missing}). "
        "`python -m autograder doctor` says what to do. To grade all the same, which lets their code read and forge "
        "grades: `nbgrader autograde --Execute.sandbox=False`, or `python -m autograder grade --no-sandbox`."
    )


def _has_text(path: Path) -> bool:
    """Return whether nbgrader can read a file, if it is the secret that names a student's feedback: without one that it
    can read it releases no feedback to the class."""
    if path.name != SECRET:
        return True
    try:
        return 0 < path.stat().st_size <= MAX_SECRET and bool(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        return False


def _below(folder: Path, most: int) -> list[Path]:
    """Return the paths of everything in a folder, but not many more than ``most``. Links are not followed.

    Raises Damaged if there are too many folders in folders.
    """
    found: list[Path] = []
    for at, folders, files in os.walk(folder):
        found += (Path(at, name) for name in (*folders, *files))
        if len(Path(at).relative_to(folder).parts) > MAX_DEPTH:
            raise Damaged(f"it has more than {MAX_DEPTH} folders in folders: take out what is no work, and grade again")
        if len(found) > most:
            break
    return found
