"""Where nbgrader finds the course, and how our programs read its settings."""

import os
import sys
from contextlib import contextmanager
from pathlib import Path

from traitlets.config import Config, PyFileConfigLoader


def course(root: Path) -> Config:
    """The settings of nbgrader_config.py, for a course in this folder."""
    settings = PyFileConfigLoader("nbgrader_config.py", path=str(root)).load_config()
    settings.CourseDirectory.root = str(root)
    return settings


@contextmanager
def commands_on_path():
    """nbgrader runs `alembic` from PATH; it stands beside our own interpreter, whether .venv is activated or not."""
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), before])
    try:
        yield
    finally:
        os.environ["PATH"] = before
