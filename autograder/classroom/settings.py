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
    for folder in reversed(jupyter_config_path()):  # the first one counts most
        for loader, name in ((PyFileConfigLoader, SETTINGS), (JSONFileConfigLoader, Path(SETTINGS).stem + ".json")):
            path = Path(folder, name)
            if path.is_file() and path.resolve().parent != Path(course.root).resolve():
                found.merge(_read(loader, path))
    found.merge(course.config)
    return type(course)(config=found)


def _read(loader: type, path: Path) -> Config:
    try:
        return loader(path.name, path=os.fspath(path.parent)).load_config()
    except Exception as error:  # whatever a person has written there
        raise UserError(f"{path} cannot be read: {type(error).__name__}: {error}") from None
