"""A backup is whole, private, and comes back only where it belongs."""

import sqlite3
import stat
import threading
import zipfile

import pytest
from nbgrader.api import Gradebook

from autograder.authoring.build import build
from autograder.authoring.course import Course, commands_on_path
from autograder.classroom.backup import backup, restore
from autograder.classroom.gradebook import must_fit
from autograder.errors import UserError
from autograder.running.records import GRADED, Grading, Records


@pytest.fixture
def course(small):
    made = Course.at(small)
    build(made)
    records = Records(config=made.config)
    records.seed("01_first")
    records.write(Grading("ada", "01_first", GRADED))
    with commands_on_path(), Gradebook(made.db_url, made.course_id) as gradebook:
        gradebook.add_student("ada")
    return made


def test_there_and_back(course, tmp_path):
    records, kept = Records(config=course.config), tmp_path / "kept.zip"
    assert backup(course, kept) == ["gradebook.db", "records.db", "seeds/01_first.seed"]
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    seed, gradebook = records.seed("01_first"), course.folder("class/gradebook.db")
    with pytest.raises(UserError, match="exists, and is not replaced"):
        backup(course, kept)
    with pytest.raises(UserError, match="would be replaced"):
        restore(course, kept)

    records.write(Grading("alan", "01_first", GRADED))
    (records.place / "01_first.seed").write_text("another")
    gradebook.unlink()
    with pytest.raises(UserError, match="autograder restore FILE"):
        must_fit(course, course.assignment("01_first"))
    assert not gradebook.exists()
    gradebook.with_name("gradebook.db-journal").write_bytes(b"of the one before")
    restore(course, kept, force=True)
    must_fit(course, course.assignment("01_first"))
    assert records.seed("01_first") == seed and [line.student for line in records.latest()] == ["ada"]
    for path in (records.path, records.place / "01_first.seed", gradebook):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not list(tmp_path.glob(".backup*")) and not list(records.place.glob(".restore*"))


def test_it_is_whole_while_a_class_is_graded(course, tmp_path):
    records, done = Records(config=course.config), threading.Event()

    def grading():
        while not done.is_set():
            records.write(Grading("alan", "01_first", GRADED))

    writer = threading.Thread(target=grading)
    writer.start()
    try:
        for number in range(3):
            backup(course, tmp_path / f"{number}.zip")
    finally:
        done.set()
        writer.join()
    for number in range(3):
        with zipfile.ZipFile(tmp_path / f"{number}.zip") as archive:
            archive.extract("records.db", tmp_path)
        assert sqlite3.connect(tmp_path / "records.db").execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_what_is_no_backup_changes_nothing(course, tmp_path):
    kept, bad = tmp_path / "kept.zip", tmp_path / "bad.zip"
    backup(course, kept)
    before = Records(config=course.config).path.read_bytes()
    bad.write_bytes(kept.read_bytes()[:500])
    with pytest.raises(UserError, match="damaged, or no backup"):
        restore(course, bad, force=True)
    for name, text, said in (
        ("../../x", b"", "is no backup that"),
        ("gradebook.db", b"no database", "no whole database"),
    ):
        with zipfile.ZipFile(kept) as old, zipfile.ZipFile(bad, "w") as new:
            for held in old.namelist():
                new.writestr(held, old.read(held))
        with zipfile.ZipFile(bad, "a") as new:
            new.writestr(name, text)
        with pytest.raises(UserError, match=said):
            restore(course, bad, force=True)
    another = Course(config=course.config, course_id="another")
    with pytest.raises(UserError, match="is a backup of 'arithmetic'"):
        restore(another, kept, force=True)
    assert Records(config=course.config).path.read_bytes() == before
