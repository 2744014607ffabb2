"""A course: the folder in which nbgrader_config.py stands, and what that says of the others."""

import os
import sys
from contextlib import contextmanager
from pathlib import Path

from nbgrader.coursedir import CourseDirectory
from traitlets import Unicode
from traitlets.config import PyFileConfigLoader

from autograder.authoring.assignment import Assignment, load

SETTINGS = "nbgrader_config.py"


class Course(CourseDirectory):
    """nbgrader's folders of a course, and the one in which its assignments are written.

    Its ``config`` holds all that nbgrader_config.py says, for whatever is made with it.
    """

    solutions_directory = Unicode("solutions", help="Folder in which each assignment has a folder.").tag(config=True)

    @classmethod
    def at(cls, folder: Path) -> "Course":
        """The course in this folder. Raises FileNotFoundError if no nbgrader_config.py is there."""
        if not (folder / SETTINGS).is_file():
            raise FileNotFoundError(f"There is no {SETTINGS} in {folder.resolve()}, so that it is no course.")
        settings = PyFileConfigLoader(SETTINGS, path=str(folder)).load_config()
        settings.CourseDirectory.root = str(folder.resolve())
        return cls(config=settings)

    @classmethod
    def around(cls, folder: Path) -> "Course":
        """The course that this folder is, or lies in. Raises FileNotFoundError if it lies in none."""
        for candidate in (folder.resolve(), *folder.resolve().parents):
            if (candidate / SETTINGS).is_file():
                return cls.at(candidate)
        raise FileNotFoundError(
            f"There is no {SETTINGS} in {folder.resolve()} or above it: go to a course's folder, or name it: "
            "python -m autograder --course FOLDER ..."
        )

    def folder(self, directory: str) -> Path:
        """One of the course's folders, for example ``course.folder(course.release_directory)``."""
        return Path(self.root, directory)

    @property
    def names(self) -> list[str]:
        """The names of all assignments, in the order in which they are taught: that of the alphabet."""
        return sorted(path.parent.name for path in self.folder(self.solutions_directory).glob("*/notebook.py"))

    def assignment(self, name: str) -> Assignment:
        """Raises LookupError if there is none of this name, SourceError if something is wrong in its files."""
        if name not in self.names:
            raise LookupError(f"There is no assignment {name!r}. There are: {', '.join(self.names) or 'none'}.")
        return load(self.folder(self.solutions_directory) / name)


@contextmanager
def commands_on_path():
    """Lets nbgrader find `alembic`, which it starts by its name when it makes a gradebook. It lies beside our own
    interpreter, whether a virtual environment is activated or not."""
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), before])
    try:
        yield
    finally:
        os.environ["PATH"] = before
