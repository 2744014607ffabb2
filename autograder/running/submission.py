"""Says by hashes what was handed in, and what it was graded by: equal hashes mean that nothing has changed."""

import json
import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from nbformat import NotebookNode

from autograder.authoring.assignment import Assignment

SECRET = "submission_secret.txt"
NOT_THE_STUDENTS = {"timestamp.txt", SECRET}  # nbgrader puts them beside a student's files
MAX_BYTES = 100_000_000  # after so many only the sizes of files count: nobody grades them
MAX_FILES = 1_000
MAX_DEPTH = 50  # folders in folders


def submitted(folder: Path) -> str:
    """Return a hash of the names and contents of all files in a student's folder. Return "" if there is no folder.

    The time of submission does not count. Links are not followed, and devices are not opened.
    """
    if folder.is_symlink() or folder.parent.is_symlink():
        return "a link"
    if not folder.is_dir():
        return ""
    digest, left = sha256(), MAX_BYTES
    for path in _files(folder):
        about = path.lstat()
        digest.update(f"{str(path.relative_to(folder))!a} {stat.S_IFMT(about.st_mode)} {about.st_size}\n".encode())
        with suppress(OSError):  # what cannot be read counts by its name, kind and size
            if stat.S_ISREG(about.st_mode) and about.st_size <= left:
                left -= about.st_size
                digest.update(sha256(path.read_bytes()).digest())
            elif stat.S_ISLNK(about.st_mode):
                digest.update(os.fsencode(os.readlink(path)))
    return digest.hexdigest()


def _files(folder: Path) -> list[Path]:
    found: list[Path] = []
    seen = 0
    for at, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name != ".ipynb_checkpoints")
        links = [name for name in folders if Path(at, name).is_symlink()]
        found += [Path(at, name) for name in (*sorted(files), *links)]
        seen += len(files) + len(folders)
        if len(Path(at).relative_to(folder).parts) >= MAX_DEPTH:
            folders.clear()
        if seen > MAX_FILES:
            break
    return sorted(path for path in found if path.relative_to(folder).as_posix() not in NOT_THE_STUDENTS)[:MAX_FILES]


def answers(notebook: NotebookNode) -> dict[str, str]:
    """Return a hash of each answer in a rebuilt notebook that a person grades, with its pictures, by its grade_id."""
    found = {}
    for cell in notebook.cells:
        settings = cell.metadata.get("nbgrader", {})
        if settings.get("grade") and settings.get("solution"):
            found[settings["grade_id"]] = _hash([cell.source, cell.get("attachments", {})])
    return found


def source(assignment: Assignment, marking: Mapping[str, object]) -> str:
    """Return a hash of all that a grade depends on and an instructor writes. Texts between exercises do not count.

    marking  the settings by which points are given
    """
    return _source(assignment, tuple(sorted(marking.items())))


@lru_cache
def _source(assignment: Assignment, marking: tuple) -> str:
    cells = [
        [cell.role, cell.name, cell.points, cell.text]
        for cell in assignment.source.of_role("exercise", "check", "answer", "locked")
    ]
    mistakes = [asdict(mistake) for mistake in assignment.mistakes]
    trivial = sorted(assignment.trivial.items())
    return _hash([cells, assignment.hidden_text, mistakes, trivial, assignment.parts, dict(marking)])


def _hash(values: object) -> str:
    return sha256(json.dumps(values, sort_keys=True, default=repr).encode()).hexdigest()[:32]
