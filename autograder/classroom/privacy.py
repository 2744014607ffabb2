"""Keeps a class's folders to its instructors: other users of the machine cannot look into them."""

import errno
import os
import stat
import tempfile
from pathlib import Path

from autograder.authoring.course import Course
from autograder.errors import UserError

OWNER, GROUP = 0o700, 0o2770  # with nbgrader's groupshared, the instructors' group reads and writes, too


class WouldBeSeen(UserError):
    """Students get what is in this folder, so that nothing was written; the message says which folder it is."""


def keep_private(course: Course) -> None:
    """Close the folders of a class, as far as they are there, to everybody but the owner, or the instructors' group.

    On a disk that is read-only they stay as they are: what was graded can be shown all the same.
    """
    for folder in open_to_others(course):
        try:
            folder.chmod(_mode(course))
        except OSError as error:
            if error.errno != errno.EROFS:
                raise


def open_to_others(course: Course) -> list[Path]:
    """Return our folders of a class that have other rights than they should: others can look into them, for example."""
    ours = [folder for folder in _folders(course) if folder.stat().st_uid == os.geteuid()]
    return [folder for folder in ours if stat.S_IMODE(folder.stat().st_mode) != _mode(course)]


def shows_solutions(course: Course) -> bool:
    """Return whether other accounts of this machine can read solutions and hidden tests."""
    folder = course.folder(course.solutions_directory).resolve()
    way = [place.stat().st_mode & stat.S_IXOTH for place in (folder, *folder.parents)]
    return all(way) and bool(folder.stat().st_mode & stat.S_IROTH)


def changed_by_others(place: Path) -> Path | None:
    """Return the first folder from a place up that another account could change, or replace by its own, or None."""
    for folder in (place.resolve(), *place.resolve().parents):
        about = folder.stat()
        by_others = about.st_mode & stat.S_IWOTH or about.st_mode & stat.S_IWGRP and about.st_gid != os.getegid()
        if about.st_uid not in (0, os.geteuid()) or by_others and not about.st_mode & stat.S_ISVTX:
            return folder
    return None


def must_not_be_seen(course: Course, folder: Path) -> None:
    """Check that no student gets what is in this folder, as it is or with the feedback. Raises WouldBeSeen."""
    steps = (
        course.release_directory,
        course.submitted_directory,
        course.autograded_directory,
        course.feedback_directory,
    )
    for step in map(course.folder, steps):
        if folder.resolve().is_relative_to(step.resolve()):
            raise WouldBeSeen(f"Nothing was written: students get what is in {step}. Name another folder.")


def write_for_owner(path: Path, text: str) -> Path:
    """Write a file that only its owner can read, whole or not at all. Return its path."""
    handle, unfinished = tempfile.mkstemp(dir=path.parent, prefix=".")  # its mode is 0600
    try:
        with open(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(unfinished, path)
    except BaseException:
        os.unlink(unfinished)
        raise
    return path


def _mode(course: Course) -> int:
    return GROUP if course.groupshared else OWNER


def _folders(course: Course) -> list[Path]:
    """Return what holds students' work, and the folder round it unless it is the course's own or a part of its path."""
    root = Path(course.root).resolve()
    steps = (course.submitted_directory, course.autograded_directory, course.feedback_directory)
    records = course.config.Records.get("folder")
    folders = [course.folder(step).resolve() for step in (*steps, *([records] if records else []))]
    around = {folder.parent for folder in folders if root in folder.parent.parents}
    return [folder for folder in sorted({*folders, *around}) if folder.is_dir()]
