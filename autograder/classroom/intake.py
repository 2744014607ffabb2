"""What comes in, and what became of it: nbgrader's exporter for the autograde step.

nbgrader makes it before it touches anything, so that this is the place to refuse, and gives it every notebook, so
that it is the place to say what cannot be graded. Whatever goes wrong here, the submission itself stays as it is.
"""

import glob
import os
import re
import stat
from collections.abc import Callable
from pathlib import Path

import nbformat
from nbconvert.exporters import NotebookExporter
from nbformat.reader import NotJSONError
from nbgrader.converters.base import BaseConverter, NbGraderException
from traitlets import Integer

from autograder.running.execute import Execute
from autograder.running.kernel import doctor
from autograder.running.records import UNGRADED, Grading, Records, writable


class Damaged(Exception):
    """A submission that cannot be read; the message says why."""


class Intake(NotebookExporter):
    """Refuses where code cannot be locked in, leaves out files that are none, and records what stays ungraded."""

    max_bytes = Integer(20_000_000, help="A file of a submission that is larger is not read.").tag(config=True)
    max_cells = Integer(2_000, help="A notebook with more cells is not graded.").tag(config=True)

    def __init__(self, parent: BaseConverter, **options):
        super().__init__(parent=parent, **options)
        execute = Execute(parent=self)
        if execute.sandbox and (missing := doctor.missing()):
            self.log.error(refusal(missing))
            raise NbGraderException(missing)
        execute.warm_up()
        self._records, self._isolation = Records(parent=self), execute.isolation
        self._paths = re.compile(parent._format_source("(?P<assignment>.*)", "(?P<student>.*)", escape=True))
        pattern = parent._format_source(parent.coursedir.assignment_id, parent.coursedir.student_id)
        for folder in map(Path, glob.glob(pattern, include_hidden=True)):
            self._announce(folder)
        # nbgrader's own first steps with a submission have no hook. What goes wrong there is recorded, too.
        parent.init_destination = self._recorded(self._look_at, parent.init_destination)
        parent.init_assignment = self._recorded(parent.init_assignment)

    def _announce(self, folder: Path) -> None:
        """Have nbgrader find this submission whatever it is called, and come to grief, for this one student, over a
        notebook that is missing."""
        names = self._paths.fullmatch(str(folder))
        if names is None:
            self.parent.assignments.pop(str(folder), None)  # else it would grade nobody
            self._ungraded(folder.parent.name, folder.name, Damaged("nbgrader cannot read the student's name"))
        elif self.parent.coursedir.notebook_id == "*":
            self.parent.assignments[str(folder)] = [str(folder / f"{names['assignment']}.ipynb")]

    def _recorded(self, *steps: Callable[[str, str], bool | None]) -> Callable[[str, str], bool | None]:
        """These steps with a submission, as one. What goes wrong is recorded, and raised."""

        def recorded(assignment: str, student: str) -> bool | None:
            try:
                return [step(assignment, student) for step in steps][-1]
            except Exception as error:
                self._ungraded(student, assignment, error)
                raise

        return recorded

    def _ungraded(self, student: str, assignment: str, error: Exception) -> None:
        reason = str(error) if isinstance(error, Damaged) else f"grading failed: {type(error).__name__}: {error}"
        self._records.write(Grading(student, assignment, UNGRADED, reason[:400], self._isolation))
        self.log.error("Left out %a: %a", student, reason[:400])

    def _look_at(self, assignment: str, student: str) -> None:
        """Before nbgrader does: it shall neither copy nor follow what is no file."""
        if student != writable(student):
            raise Damaged("the student's name is no text in UTF-8")
        folder = Path(self.parent._format_source(assignment, student))
        if folder.is_symlink() or folder.parent.is_symlink():
            raise Damaged("it is a link, and not followed")
        odd = [path for path in _below(folder) if not self._is_plain(path)]
        coursedir = self.parent.coursedir
        coursedir.ignore = [*coursedir.ignore, *(glob.escape(str(path)) for path in odd)]
        self._must_hold_a_time(folder / "timestamp.txt")

    def _is_plain(self, path: Path) -> bool:
        found = path.lstat()
        return stat.S_ISDIR(found.st_mode) or stat.S_ISREG(found.st_mode) and found.st_size <= self.max_bytes

    def _must_hold_a_time(self, path: Path) -> None:
        """nbgrader opens this file, if it is there, whatever it is."""
        if not os.path.lexists(path):
            return
        if not stat.S_ISREG(path.lstat().st_mode) or path.stat().st_size > 1000:
            raise Damaged("timestamp.txt is no file, or too large")
        try:
            self.parent.coursedir.get_existing_timestamp(str(path.parent))
        except Exception:  # whatever it is: there, nbgrader calls a method that it does not have
            raise Damaged("timestamp.txt holds no time") from None

    def from_filename(self, filename: str, resources: dict, **options):
        """One notebook, through the preprocessors. What goes wrong is recorded, and raised."""
        submission = resources["nbgrader"]
        try:
            self._must_be_readable(Path(filename))
            return super().from_filename(filename, resources=resources, **options)
        except Exception as error:
            self._ungraded(submission["student"], submission["assignment"], error)
            raise

    def from_file(self, file_stream, resources: dict, **options):
        try:
            notebook = nbformat.read(file_stream, as_version=4)
            if not all(isinstance(cell["metadata"], dict) for cell in notebook.cells):
                raise TypeError("a cell without metadata")
            if len(notebook.cells) > self.max_cells:
                raise ValueError(f"it has more than {self.max_cells:,} cells")
        except UnicodeDecodeError:
            raise Damaged("the notebook is no text in UTF-8") from None
        except NotJSONError:
            raise Damaged("the notebook is no JSON") from None
        except RecursionError:
            raise Damaged("the notebook is nested too deeply") from None
        except Exception as error:  # whatever else it is
            raise Damaged(f"the notebook is damaged: {str(error)[:200] or type(error).__name__}") from None
        return self.from_notebook_node(notebook, resources=resources, **options)

    def _must_be_readable(self, path: Path) -> None:
        if path.is_symlink():
            raise Damaged(f"{path.name} is a link, and not followed")
        if not os.path.lexists(path):
            others = sorted(ascii(other.name) for other in path.parent.glob("*.ipynb"))
            raise Damaged(f"there is no {path.name}" + (f", but {', '.join(others)[:200]}" if others else ""))
        if not path.is_file():
            raise Damaged(f"{path.name} is no file")
        if path.stat().st_size > self.max_bytes:
            raise Damaged(f"{path.name} is too large: it has more than {self.max_bytes:,} bytes")


def refusal(missing: str) -> str:
    return (
        f"Nothing was graded and nothing was changed: this machine cannot lock in the code of students ({missing}). "
        "`python -m autograder doctor` says what to do. To grade all the same, which lets their code read and forge "
        "grades: `nbgrader autograde --Execute.sandbox=False`, or `python -m autograder grade --no-sandbox`."
    )


def _below(folder: Path) -> list[Path]:
    """Everything in a folder, links not followed."""
    return [Path(at, name) for at, folders, files in os.walk(folder) for name in (*folders, *files)]
