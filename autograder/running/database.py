"""Opens the database of the records, and makes in it what is missing: also in one that an earlier version made."""

import os
import sqlite3
from contextlib import closing, contextmanager
from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS executions (
    id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL, repeatable INTEGER NOT NULL, made TEXT NOT NULL,
    facts TEXT NOT NULL, notebook BLOB NOT NULL, replies BLOB NOT NULL, anomalies TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS executions_key ON executions (key);
CREATE TABLE IF NOT EXISTS lines (
    id INTEGER PRIMARY KEY, student TEXT NOT NULL, assignment TEXT NOT NULL, made TEXT NOT NULL, status TEXT NOT NULL,
    reason TEXT NOT NULL, isolation TEXT NOT NULL, execution INTEGER REFERENCES executions (id),
    verdicts TEXT NOT NULL, anomalies TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS lines_student ON lines (student, assignment);
CREATE TABLE IF NOT EXISTS releases (
    assignment TEXT NOT NULL, cells TEXT NOT NULL, made TEXT NOT NULL, UNIQUE (assignment, cells)
);
CREATE TABLE IF NOT EXISTS judgements (
    execution INTEGER NOT NULL REFERENCES executions (id), judged_by TEXT NOT NULL, judgement BLOB NOT NULL,
    PRIMARY KEY (execution, judged_by)
);
CREATE TABLE IF NOT EXISTS aside (
    student TEXT NOT NULL, assignment TEXT NOT NULL, grades TEXT NOT NULL, PRIMARY KEY (student, assignment)
);
"""
# Columns that lines have got since, each with what it holds in a line that is older.
LATER = {"submitted": "''", "source": "''", "answers": "'{}'"}


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
    """Make the tables and columns that are missing. Nothing is written if there are none."""
    tables = {row["name"] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not {"executions", "lines", "releases", "judgements", "aside"} <= tables:
        database.executescript(SCHEMA)
    if LATER.keys() <= _columns(database):
        return
    with database:
        database.execute("BEGIN IMMEDIATE")  # one process at a time
        for name in sorted(LATER.keys() - _columns(database)):
            database.execute(f"ALTER TABLE lines ADD COLUMN {name} TEXT NOT NULL DEFAULT {LATER[name]}")


def _columns(database: sqlite3.Connection) -> set[str]:
    return {row["name"] for row in database.execute("PRAGMA table_info(lines)")}
