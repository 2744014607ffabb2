"""Reads a notebook that a student has handed in, whatever the file holds."""

import os
import stat
import warnings
from datetime import datetime
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.reader import NotJSONError
from nbgrader.coursedir import CourseDirectory

CELL_TYPES = ("code", "markdown", "raw")
TIME = "%Y-%m-%d %H:%M:%S.%f UTC"  # in timestamp.txt, as nbgrader writes it
MAX_TIMESTAMP = 1_000  # bytes of this file


class Damaged(Exception):
    """Tells that a submission cannot be read. The message says why."""


def read(path: Path, max_bytes: int, max_cells: int) -> NotebookNode:
    """Return the notebook in a file, in the present format.

    max_bytes  of the file, and characters of its cells
    max_cells  that it may have

    Raises Damaged if there is no such file, if it is a link or no plain file, or if it cannot be read as a notebook. A
    file that is a bomb may take very long and all memory: call this in a worker (see ``autograder.bounded``).
    """
    _must_be_plain(path, max_bytes)
    try:
        with warnings.catch_warnings(action="ignore"):  # of what is odd and does not matter
            notebook = nbformat.read(path, as_version=4)
        _must_have_cells(notebook, max_bytes, max_cells)
    except UnicodeDecodeError:
        raise Damaged("the notebook is no text in UTF-8") from None
    except NotJSONError:
        raise Damaged("the notebook is no JSON") from None
    except RecursionError:
        raise Damaged("the notebook is nested too deeply") from None
    except MemoryError:
        raise
    except Exception as error:  # anything else that is wrong in the file
        raise Damaged(f"the notebook is damaged: {str(error)[:200] or type(error).__name__}") from None
    return notebook


def time_of(coursedir: CourseDirectory, folder: Path) -> datetime | None:
    """Return when the submission in a folder was handed in, as its timestamp.txt says. Return None if there is none.

    Raises Damaged if timestamp.txt is no plain file, is too large, or holds no time.
    """
    path = folder / "timestamp.txt"
    if not os.path.lexists(path):
        return None
    found = path.lstat()
    if not stat.S_ISREG(found.st_mode) or found.st_size > MAX_TIMESTAMP:
        raise Damaged("timestamp.txt is no file, or too large")
    try:
        return coursedir.get_existing_timestamp(str(folder))
    except Exception:  # of any kind: nbgrader itself fails there by calling a method that does not exist
        raise Damaged("timestamp.txt holds no time") from None


def _must_be_plain(path: Path, max_bytes: int) -> None:
    if path.is_symlink():
        raise Damaged(f"{path.name} is a link, and not followed")
    if not os.path.lexists(path):
        others = sorted(ascii(other.name) for other in path.parent.glob("*.ipynb"))
        raise Damaged(f"there is no {path.name}" + (f", but {', '.join(others)[:200]}" if others else ""))
    found = path.lstat()
    if not stat.S_ISREG(found.st_mode):
        raise Damaged(f"{path.name} is no file")
    if found.st_size > max_bytes:
        raise Damaged(f"{path.name} is too large: it has more than {max_bytes:,} bytes")


def _must_have_cells(notebook: NotebookNode, max_characters: int, max_cells: int) -> None:
    """Check what the other modules rely on. An older format may have become much larger than the file."""
    if not isinstance(notebook.get("cells"), list):
        raise ValueError("it has no list of cells")
    if len(notebook.cells) > max_cells:
        raise ValueError(f"it has more than {max_cells:,} cells")
    for number, cell in enumerate(notebook.cells, 1):
        if not isinstance(cell, dict) or cell.get("cell_type") not in CELL_TYPES:
            raise ValueError(f"cell {number} is not of a known type")
        if not isinstance(cell.get("metadata"), dict):
            raise ValueError(f"cell {number} has no metadata")
    if sum(len(cell.source) for cell in notebook.cells if isinstance(cell.get("source"), str)) > max_characters:
        raise ValueError(f"its cells have more than {max_characters:,} characters")
