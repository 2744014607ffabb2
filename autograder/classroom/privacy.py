"""Keeps a class's folders to its instructors: other users of the machine cannot look into them."""

import errno
import os
import stat
from pathlib import Path

from autograder.authoring.course import Course

OWNER, GROUP = 0o700, 0o2770  # with nbgrader's groupshared, the instructors' group reads and writes, too


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
