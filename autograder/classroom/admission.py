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

import nbformat
from nbconvert.exporters import NotebookExporter
from nbformat.reader import NotJSONError
from nbgrader.converters.base import BaseConverter, NbGraderException
from traitlets import Integer

from autograder.running.execute import Execute
from autograder.running.kernel import doctor
from autograder.running.records import UNGRADED, Grading, Records, writable


class Damaged(Exception):
    """Tells that a submission cannot be read. The message says why."""


class Admission(NotebookExporter):
    """Refuses to grade if code cannot be locked in, ignores what is no plain file, and records what stays ungraded."""

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
        """Make nbgrader expect the assignment's notebook in this submission: if it is missing, only this one fails.

        If nbgrader cannot read the student's name, take the submission out, and record it as ungraded.
        """
        names = self._paths.fullmatch(str(folder))
        if names is None:
            self.parent.assignments.pop(str(folder), None)  # otherwise nbgrader would stop, and grade no submission
            self._ungraded(folder.parent.name, folder.name, Damaged("nbgrader cannot read the student's name"))
        elif self.parent.coursedir.notebook_id == "*":
            self.parent.assignments[str(folder)] = [str(folder / f"{names['assignment']}.ipynb")]

    def _recorded(self, *steps: Callable[[str, str], bool | None]) -> Callable[[str, str], bool | None]:
        """Join these steps with a submission into one, which returns what the last one returns.

        An exception in one of them is recorded and raised again.
        """

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
        """Look at a submission before nbgrader does, and make it ignore links, devices and files that are too large.

        Raises Damaged if the name is no text, the folder is a link, or timestamp.txt holds no time.
        """
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
        """Check the file that holds the time of submission, since nbgrader opens it even if it is no plain file.

        It may be missing. Raises Damaged if it is no plain file, is too large, or holds no time.
        """
        if not os.path.lexists(path):
            return
        if not stat.S_ISREG(path.lstat().st_mode) or path.stat().st_size > 1000:
            raise Damaged("timestamp.txt is no file, or too large")
        try:
            self.parent.coursedir.get_existing_timestamp(str(path.parent))
        except Exception:  # of any kind: nbgrader itself fails there by calling a method that does not exist
            raise Damaged("timestamp.txt holds no time") from None

    def from_filename(self, filename: str, resources: dict, **options):
        """Send one notebook through the preprocessors. An exception is recorded and raised again."""
        submission = resources["nbgrader"]
        try:
            self._must_be_readable(Path(filename))
            return super().from_filename(filename, resources=resources, **options)
        except Exception as error:
            self._ungraded(submission["student"], submission["assignment"], error)
            raise

    def from_file(self, file_stream, resources: dict, **options):
        """Read a notebook and send it through the preprocessors. Raises Damaged if it cannot be read."""
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
        except Exception as error:  # anything else that is wrong in the file
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
    """Return the message that says why nothing is graded, and what to do.

    missing  what this machine lacks
    """
    return (
        f"Nothing was graded and nothing was changed: this machine cannot lock in the code of students ({missing}). "
        "`python -m autograder doctor` says what to do. To grade all the same, which lets their code read and forge "
        "grades: `nbgrader autograde --Execute.sandbox=False`, or `python -m autograder grade --no-sandbox`."
    )


def _below(folder: Path) -> list[Path]:
    """Return the paths of everything in a folder, at any depth. Links are not followed."""
    return [Path(at, name) for at, folders, files in os.walk(folder) for name in (*folders, *files)]
