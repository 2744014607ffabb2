"""Reads the settings that nbgrader's own commands read beside the course's: ~/.jupyter/nbgrader_config.py and others.

So `python -m autograder grade` and `nbgrader autograde` grade by the same settings, a late policy for example.
"""

import os
from pathlib import Path

from jupyter_core.paths import jupyter_config_path
from traitlets.config import Config, JSONFileConfigLoader, PyFileConfigLoader

from autograder.authoring.course import SETTINGS, Course
from autograder.errors import UserError


def with_personal_settings(course: Course) -> Course:
    """Return the course with the settings of this machine and this user, where the course's own say nothing else."""
    found = Config()
    for path in personal_files(course):
        found.merge(_read(PyFileConfigLoader if path.suffix == ".py" else JSONFileConfigLoader, path))
    found.merge(course.config)
    return type(course)(config=found)


def personal_files(course: Course) -> list[Path]:
    """Return the files of this machine and this user with settings of nbgrader's. A later one counts more."""
    names = (SETTINGS, Path(SETTINGS).with_suffix(".json").name)
    files = [Path(folder, name) for folder in reversed(jupyter_config_path()) for name in names]
    return [path for path in files if path.is_file() and path.resolve().parent != Path(course.root).resolve()]


def _read(loader: type, path: Path) -> Config:
    try:
        return loader(path.name, path=os.fspath(path.parent)).load_config()
    except Exception as error:  # whatever a person has written there
        raise UserError(f"{path} cannot be read: {type(error).__name__}: {error}") from None
