"""Submissions come out of nbgrader's exchange as plain files, each for itself, and only for the student who owns it."""

import os
import pwd
from datetime import UTC, datetime, timedelta

import pytest
from nbgrader.apps.api import NbGraderAPI
from nbgrader.utils import parse_utc

from autograder.authoring.course import Course, commands_on_path

NAME, TIME = "01_first", "2026-11-01 12:00:00 UTC"
SETTINGS = """
c.Exchange.root = str(root / "exchange")
c.Exchange.assignment_dir = str(root)
c.ExchangeCollect.check_owner = False
"""
ME = pwd.getpwuid(os.getuid()).pw_name


class Exchange:
    def __init__(self, folder):
        self.folder, self.inbound = folder, folder / "exchange" / "arithmetic" / "inbound"
        self.inbound.mkdir(parents=True)
        (folder / "exchange").chmod(0o777)
        (folder / "class").mkdir()
        with (folder / "nbgrader_config.py").open("a") as settings:
            settings.write(SETTINGS)

    def put(self, student, time=TIME, **files):
        """What a student has put there: files by their names, without the ending."""
        place = self.inbound / f"{student}+{NAME}+{time}+x"
        place.mkdir()
        for name, text in files.items():
            (place / f"{name}.txt").write_text(text)
        return place

    def collect(self, check_owner=False, believe_times=False, **options):
        """Collect, and return {student: names of files}, and what was said."""
        config = Course.at(self.folder).config
        config.ExchangeCollect.check_owner, config.Collect.believe_times = check_owner, believe_times
        config.CourseDirectory.update(options)
        with commands_on_path():
            said = NbGraderAPI(config=config).collect(NAME, update=True)
        assert said["success"], said
        place = self.folder / "class" / "submitted"
        return {folder.name: self._files(folder / NAME) for folder in place.glob("*")}, said["log"]

    def _files(self, folder):
        """The names of what a student has handed in; nbgrader adds the time to it."""
        return sorted({str(path.relative_to(folder)) for path in folder.rglob("*")} - {"timestamp.txt"})

    def time(self, student):
        return parse_utc((self.folder / "class/submitted" / student / NAME / "timestamp.txt").read_text())


def owned_by_another(folder, monkeypatch):
    looked = type(folder).lstat
    about = os.stat_result([*folder.lstat()[:4], 12345, *folder.lstat()[5:]])
    monkeypatch.setattr(type(folder), "lstat", lambda path: about if path == folder else looked(path))


@pytest.fixture
def exchange(small):
    return Exchange(small)


def test_plain_files_are_collected_as_they_are(exchange):
    place = exchange.put("ada", work="one")
    (place / "folder").mkdir()
    (place / "folder" / "more.txt").write_text("two")
    found, _ = exchange.collect()
    assert found == {"ada": ["folder", "folder/more.txt", "work.txt"]}
    assert (exchange.folder / "class/submitted/ada" / NAME / "folder/more.txt").read_text() == "two"


def test_links_are_not_followed(exchange):
    secret = exchange.folder / "secret"
    secret.mkdir()
    (secret / "solution.txt").write_text("the solution")
    place = exchange.put("ada", work="one")
    (place / "file.txt").symlink_to(secret / "solution.txt")
    (place / "folder").symlink_to(secret)
    (exchange.inbound / f"bob+{NAME}+{TIME}+x").symlink_to(secret)
    os.mkfifo(place / "pipe")
    found, log = exchange.collect()
    assert found == {"ada": ["work.txt"]} and "bob" in log and "it is no folder" in log


def test_the_time_is_not_the_students_to_choose(exchange):
    place = exchange.put("ada", "2026-10-01 09:00:00 UTC", work="one", timestamp="2026-10-01 09:00:00 UTC")
    os.utime(place / "work.txt", (0, 0))
    before = datetime.now(UTC).replace(tzinfo=None) - timedelta(minutes=1)
    exchange.put("bob", (before - timedelta(minutes=1)).strftime("%Y-%m-%d %H:%M:%S.%f UTC"), work="two")
    _, log = exchange.collect()
    assert exchange.time("ada") > before and f"{place.name!a} names another time" in log
    assert exchange.time("bob") < before and "bob+" not in log
    exchange.put("eve", "2026-10-01 09:00:00 UTC", work="one", timestamp="2026-10-01 09:00:00 UTC")
    exchange.collect(believe_times=True)
    assert exchange.time("eve") == datetime(2026, 10, 1, 9)


def test_a_folder_in_the_place_of_the_time_stops_nobody(exchange):
    (exchange.put("ada", work="one") / "timestamp.txt").mkdir()
    exchange.put("bob", work="two")
    found, log = exchange.collect()
    assert found == {"bob": ["work.txt"]} and "Not collected: 'ada+" in log


def test_an_exchange_of_somebody_else_is_not_collected(exchange, monkeypatch, caplog):
    """Whoever owns the folder above the submissions can change them all."""
    exchange.put(ME, work="mine")
    owned_by_another(exchange.inbound, monkeypatch)
    with pytest.raises(AssertionError):
        exchange.collect(check_owner=True)
    assert "is owned by number 12345, who can change all" in caplog.text


def test_files_that_others_put_into_a_submission_are_left_out(exchange, monkeypatch):
    place = exchange.put(ME, work="mine", more="of another")
    number, looked = (place / "more.txt").lstat().st_ino, os.fstat

    def of_another(descriptor):
        about = looked(descriptor)
        return about if about.st_ino != number else os.stat_result([*about[:4], 12345, *about[5:]])

    monkeypatch.setattr(os, "fstat", of_another)
    found, _ = exchange.collect(check_owner=True)
    assert found == {ME: ["work.txt"]}


def test_nobody_hands_in_as_somebody_else(exchange):
    exchange.put(ME, work="mine")
    exchange.put("ada", work="not hers")
    found, log = exchange.collect(check_owner=True)
    assert found == {ME: ["work.txt"]}
    assert f"it claims to be ada's, and is owned by {ME}" in log and "check_owner = False" in log


def test_a_folder_of_somebody_else_does_not_hide_the_students_own(exchange, monkeypatch):
    """The newest counts, but not that of another account."""
    exchange.put(ME, work="mine")
    other = exchange.put(ME, "2026-11-02 12:00:00 UTC", work="of another")
    owned_by_another(other, monkeypatch)
    found, log = exchange.collect(check_owner=True)
    assert (exchange.folder / "class/submitted" / ME / NAME / "work.txt").read_text() == "mine"
    assert "is owned by number 12345" in log


@pytest.mark.parametrize("name", [f"zoe+{NAME}+no time", f"+{NAME}+{TIME}+x", f"z\x1b[2K+{NAME}+{TIME}+x"])
def test_what_is_no_submission_stops_nobody(name, exchange):
    exchange.put("ada", work="one")
    (exchange.inbound / name).mkdir()
    found, log = exchange.collect()
    assert found == {"ada": ["work.txt"]} and "Not collected" in log and "\x1b" not in log


def test_what_is_too_large_stops_nobody_and_the_earlier_one_stays(exchange):
    exchange.put("ada", work="one")
    exchange.put("bob", work="two")
    exchange.collect()
    large = exchange.put("ada", "2026-11-02 12:00:00 UTC")
    with (large / "large.txt").open("wb") as file:
        file.truncate(2_000_001)  # it takes no place on the disk
    exchange.put("bob", "2026-11-02 12:00:00 UTC", work="two", more="three")
    found, log = exchange.collect(max_dir_size=2_000)
    assert found == {"ada": ["work.txt"], "bob": ["more.txt", "work.txt"]} and "max_dir_size" in log
