"""Writes all that cannot be made again into one file, and reads it back.

That is the gradebook, the records, the secret seeds, the roster, and the mistakes that a class has taught.

What students have handed in is not in it: that is in classroom/submitted, and in the exchange.
"""

import json
import os
import re
import shutil
import sqlite3
import tempfile
import zipfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from autograder.authoring.course import Course
from autograder.classroom.gradebook import path_of
from autograder.classroom.learned import ENDING
from autograder.classroom.lms.roster import folder_of
from autograder.errors import UserError
from autograder.running.database import for_the_owner
from autograder.running.records import Records

ABOUT = "about.json"
COMPRESSED = zipfile.ZIP_DEFLATED
GRADEBOOK, RECORDS = "gradebook.db", "records.db"
MEMBERS = re.compile(
    r"about\.json|gradebook\.db|records\.db|seeds/[\w.-]+\.seed|roster/[\w.-]+\.csv|learned/[\w.-]+\.txt"
)


def backup(course: Course, path: Path) -> list[str]:
    """Write a backup into a new file, which only its owner can read, and return the names of what is in it.

    Each database in it is whole, even while a class is being graded. Raises UserError if the file exists.
    """
    if path.exists():
        raise UserError(f"{path} exists, and is not replaced: name another file.")
    places = _places(course)
    with tempfile.TemporaryDirectory(dir=path.resolve().parent, prefix=".backup-") as folder:
        made = Path(folder, "made.zip")
        with open(made, "wb", opener=for_the_owner) as file, zipfile.ZipFile(file, "w", COMPRESSED) as archive:
            # The records come first: whatever is in them has its seed, and a grade that the gradebook has in addition
            # is given again by the next grading.
            for name in (RECORDS, GRADEBOOK):
                if name in places and places[name].exists():
                    copied = Path(folder, name)
                    _copy(places[name], copied)
                    archive.write(copied, name)
            for name, place in _small(course).items():
                archive.write(place, name)
            about = {"made": datetime.now(UTC).isoformat(), "course": course.course_id}
            archive.writestr(ABOUT, json.dumps(about))
            held = sorted(set(archive.namelist()) - {ABOUT})
        os.replace(made, path)
    return held


def restore(course: Course, path: Path, force: bool = False) -> list[str]:
    """Put everything of a backup into its place, and return the names of what it was.

    force  replace what is there

    Raises UserError, and changes nothing, if the file is no backup of this course, is damaged, or if something is there
    and ``force`` is not given.
    """
    with tempfile.TemporaryDirectory(dir=_made(Records(config=course.config).place), prefix=".restore-") as folder:
        names = _unpacked(course, path, Path(folder))
        places = _places(course) | {name: _place(course, name) for name in names if "/" in name}
        there = [str(places[name]) for name in names if places[name].exists()]
        if there and not force:
            raise UserError(
                f"Nothing was restored: {', '.join(there)} would be replaced. Make a backup of what is there, and then "
                "restore with --force."
            )
        for name in names:
            _made(places[name].parent)
            for rest in ("-journal", "-wal", "-shm"):  # SQLite would take them for this database's
                Path(f"{places[name]}{rest}").unlink(missing_ok=True)
            os.replace(Path(folder, name), places[name])
    return names


def on_a_server(course: Course) -> bool:
    """Return whether the gradebook is on a database server, which has backups of its own."""
    return path_of(course) is None


def _places(course: Course) -> dict[str, Path]:
    """Map the databases' names in a backup to where they are."""
    gradebook = path_of(course)
    found = {RECORDS: Records(config=course.config).path}
    return found | ({GRADEBOOK: gradebook} if gradebook else {})


def _place(course: Course, name: str) -> Path:
    kind, _, file = name.partition("/")
    return (folder_of(course) if kind == "roster" else Records(config=course.config).place) / file


def _small(course: Course) -> dict[str, Path]:
    records = Records(config=course.config).place
    kinds = {"seeds": (records, "*.seed"), "learned": (records, f"*{ENDING}"), "roster": (folder_of(course), "*.csv")}
    return {
        f"{kind}/{path.name}": path for kind, (folder, ending) in kinds.items() for path in sorted(folder.glob(ending))
    }


def _copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source, timeout=60)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)


def _unpacked(course: Course, path: Path, folder: Path) -> list[str]:
    """Unpack a backup into a folder, and return the names of what is in it. Raises UserError if it is none of ours."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if ABOUT not in names or not all(MEMBERS.fullmatch(name) for name in names):
                raise UserError(f"{path} is no backup that `python -m autograder backup` has made.")
            about = json.loads(archive.read(ABOUT))
            if about["course"] != course.course_id:
                raise UserError(f"{path} is a backup of {about['course']!r}, and this course is {course.course_id!r}.")
            names = [name for name in names if name != ABOUT]
            for name in names:
                _made(Path(folder, name).parent)
                with archive.open(name) as old, open(Path(folder, name), "wb", opener=for_the_owner) as new:
                    shutil.copyfileobj(old, new)
    except (zipfile.BadZipFile, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} is damaged, or no backup: {error}") from None
    if GRADEBOOK in names and on_a_server(course):
        names.remove(GRADEBOOK)
    for name in names:
        if name.endswith(".db") and not _is_whole(Path(folder, name)):
            raise UserError(f"{path} is damaged: its {name} is no whole database.")
    return names


def _is_whole(path: Path) -> bool:
    try:
        with closing(sqlite3.connect(path)) as database:
            return database.execute("PRAGMA quick_check").fetchone()[0] == "ok"
    except sqlite3.DatabaseError:
        return False


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
