"""Carries over records that an earlier version has made: once, when they are opened for the first time."""

import json
import sqlite3
import zlib
from collections.abc import Callable, Iterable
from contextlib import suppress

import nbformat

from autograder.running.answers import Reply, Silent
from autograder.running.apart import execution_apart, judgement_apart
from autograder.running.execution import Execution
from autograder.running.texts import Texts

# Columns that lines have got since, each with what it holds in a line that is older.
LATER = {"submitted": "''", "source": "''", "answers": "'{}'"}


def carry_over(database: sqlite3.Connection) -> None:
    """Bring what an earlier version has made into today's form. All of it is written, or nothing."""
    if not _is_earlier(database):
        return
    with database:
        database.execute("BEGIN IMMEDIATE")  # one process at a time
        for name in sorted(LATER.keys() - _columns(database, "lines")):
            database.execute(f"ALTER TABLE lines ADD COLUMN {name} TEXT NOT NULL DEFAULT {LATER[name]}")
        if "notebook" in _columns(database, "executions"):
            _share_texts(database)
    with suppress(sqlite3.OperationalError):  # others use it: it stays as large as it is
        database.execute("VACUUM")


def _is_earlier(database: sqlite3.Connection) -> bool:
    return not LATER.keys() <= _columns(database, "lines") or "notebook" in _columns(database, "executions")


def _columns(database: sqlite3.Connection, table: str) -> set[str]:
    return {row["name"] for row in database.execute(f"PRAGMA table_info({table})")}


def _share_texts(database: sqlite3.Connection) -> None:
    """Take executions, judgements and verdicts apart into texts, which they held themselves."""
    _rewrite(database, "executions", "parts", _texts_of_an_execution, ["facts", "notebook", "replies"])
    _rewrite(database, "judgements", "parts", _texts_of_a_judgement, ["judgement"])
    _rewrite(database, "lines", "verdicts", lambda row: map(json.dumps, json.loads(row["verdicts"])))


def _rewrite(
    database: sqlite3.Connection,
    table: str,
    column: str,
    texts_of: Callable[[sqlite3.Row], Iterable[str]],
    instead_of: Iterable[str] = (),
) -> None:
    """Keep the texts of each row, put their numbers into a column, and drop the columns that held them before."""
    if column not in _columns(database, table):
        database.execute(f"ALTER TABLE {table} ADD COLUMN {column} TEXT NOT NULL DEFAULT '[]'")
    texts = Texts(database)
    for (number,) in database.execute(f"SELECT rowid FROM {table}").fetchall():
        row = database.execute(f"SELECT * FROM {table} WHERE rowid = ?", [number]).fetchone()
        database.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", [texts.keep(texts_of(row)), number])
    for name in instead_of:
        database.execute(f"ALTER TABLE {table} DROP COLUMN {name}")


def _texts_of_an_execution(row: sqlite3.Row) -> Iterable[str]:
    notebook = nbformat.reads(zlib.decompress(row["notebook"]).decode(), as_version=4)
    replies = json.loads(zlib.decompress(row["replies"]))
    replies = {case: Reply(**reply) if "text" in reply else Silent(**reply) for case, reply in replies.items()}
    return execution_apart(Execution(notebook, replies), json.loads(row["facts"]))


def _texts_of_a_judgement(row: sqlite3.Row) -> Iterable[str]:
    return judgement_apart(json.loads(zlib.decompress(row["judgement"])))
