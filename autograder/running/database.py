"""Opens the database of the records, and makes in it what is missing."""

import os
import sqlite3
from contextlib import closing, contextmanager
from pathlib import Path

from autograder.running import texts
from autograder.running.earlier import carry_over

# `parts` and `verdicts` are numbers of texts, as a list in JSON.
SCHEMA = f"""
CREATE TABLE IF NOT EXISTS executions (
    id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL, repeatable INTEGER NOT NULL, made TEXT NOT NULL,
    parts TEXT NOT NULL, anomalies TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS executions_key ON executions (key);
CREATE TABLE IF NOT EXISTS lines (
    id INTEGER PRIMARY KEY, student TEXT NOT NULL, assignment TEXT NOT NULL, made TEXT NOT NULL, status TEXT NOT NULL,
    reason TEXT NOT NULL, isolation TEXT NOT NULL, execution INTEGER REFERENCES executions (id),
    verdicts TEXT NOT NULL, anomalies TEXT NOT NULL, submitted TEXT NOT NULL, source TEXT NOT NULL,
    answers TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS lines_student ON lines (student, assignment);
CREATE TABLE IF NOT EXISTS releases (
    assignment TEXT NOT NULL, cells TEXT NOT NULL, made TEXT NOT NULL, UNIQUE (assignment, cells)
);
CREATE TABLE IF NOT EXISTS judgements (
    execution INTEGER NOT NULL REFERENCES executions (id), judged_by TEXT NOT NULL, parts TEXT NOT NULL,
    PRIMARY KEY (execution, judged_by)
);
CREATE TABLE IF NOT EXISTS aside (
    student TEXT NOT NULL, assignment TEXT NOT NULL, grades TEXT NOT NULL, PRIMARY KEY (student, assignment)
);
{texts.SCHEMA}"""
TABLES = {"executions", "lines", "releases", "judgements", "aside", "texts"}


@contextmanager
def opened(path: Path):
    """Yield a connection to the database in this file, which only its owner can read if it is made here.

    What is written is kept at the end of the block, and taken back if an exception ends it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        os.close(for_the_owner(path, os.O_CREAT | os.O_WRONLY))
    with closing(sqlite3.connect(path, timeout=60)) as database:
        database.row_factory = sqlite3.Row
        database.execute("PRAGMA secure_delete = ON")
        _make(database)
        with database:
            yield database


def for_the_owner(path: str | Path, flags: int) -> int:
    """Open a file, which only its owner can read and write if it is made here."""
    return os.open(path, flags, 0o600)


def _make(database: sqlite3.Connection) -> None:
    """Make the tables that are missing, and carry over what is of an earlier form. Mostly there is nothing to write."""
    tables = {row["name"] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not tables >= TABLES:
        database.executescript(SCHEMA)
    carry_over(database)
