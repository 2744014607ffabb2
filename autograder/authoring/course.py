"""Finds a course: the folder that contains nbgrader_config.py, and the other folders that this file names."""

import os
import sys
from contextlib import contextmanager
from pathlib import Path

from nbgrader.coursedir import CourseDirectory
from traitlets import Unicode
from traitlets.config import Configurable, PyFileConfigLoader

from autograder.authoring.assignment import Assignment, load
from autograder.errors import NotFound

SETTINGS = "nbgrader_config.py"


class Course(CourseDirectory):
    """Knows nbgrader's folders of a course, and the folder in which its assignments are written.

    Its ``config`` holds all settings of nbgrader_config.py. Other objects get their settings from it.
    """

    solutions_directory = Unicode("solutions", help="Folder in which each assignment has a folder.").tag(config=True)

    @classmethod
    def at(cls, folder: Path) -> "Course":
        """Return the course in this folder. Raises FileNotFoundError if it contains no nbgrader_config.py."""
        if not (folder / SETTINGS).is_file():
            raise FileNotFoundError(f"There is no {SETTINGS} in {folder.resolve()}, so that it is no course.")
        settings = PyFileConfigLoader(SETTINGS, path=str(folder)).load_config()
        settings.CourseDirectory.root = str(folder.resolve())
        return cls(config=settings)

    @classmethod
    def around(cls, folder: Path) -> "Course":
        """Return the course in this folder, or in the nearest folder above it that is a course.

        Raises FileNotFoundError if there is none.
        """
        for candidate in (folder.resolve(), *folder.resolve().parents):
            if (candidate / SETTINGS).is_file():
                return cls.at(candidate)
        raise FileNotFoundError(
            f"There is no {SETTINGS} in {folder.resolve()} or above it: go to a course's folder, or name it: "
            "python -m autograder --course FOLDER ..."
        )

    def folder(self, directory: str) -> Path:
        """Return the path of one of the course's folders, for example ``course.folder(course.release_directory)``."""
        return Path(self.root, directory)

    @property
    def private_directories(self) -> list[str]:
        """Return the folders that are for instructors alone: solutions, nbgrader's steps, and the records."""
        steps = (self.source_directory, self.submitted_directory, self.autograded_directory, self.feedback_directory)
        records = self.config.Records.get("folder")  # the secret seeds are there
        return [self.solutions_directory, *steps, *([records] if records else [])]

    @property
    def assignment_names(self) -> list[str]:
        """Return the names of all assignments in alphabetical order. In this order they are taught."""
        return sorted(path.parent.name for path in self.folder(self.solutions_directory).glob("*/notebook.py"))

    def assignment(self, name: str) -> Assignment:
        """Read the assignment of this name.

        Raises NotFound if there is none of this name, and SourceError if something is wrong in its files.
        """
        names = self.assignment_names
        if name not in names:
            raise NotFound(f"There is no assignment {name!r}. There are: {', '.join(names) or 'none'}.")
        return load(self.folder(self.solutions_directory) / name)


def assignment_of(step: Configurable, resources: dict) -> Assignment:
    """Return the assignment that a step of nbgrader's autograde is at work on."""
    return Course(parent=step).assignment(resources["nbgrader"]["assignment"])


@contextmanager
def commands_on_path():
    """Let nbgrader find the command `alembic` inside the block.

    nbgrader starts it by its name when it makes a gradebook. The command lies beside our own Python interpreter,
    whether or not a virtual environment is activated.
    """
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), before])
    try:
        yield
    finally:
        os.environ["PATH"] = before
