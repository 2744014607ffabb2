"""Keeps each text once, however many have it: what a class has in common takes its place only the first time.

A text is found by its hash, and is never changed. So what one submission brings can be shared by another only if it is
the same, character by character.
"""

import json
import sqlite3
import zlib
from collections.abc import Iterable
from hashlib import sha256

SCHEMA = """
CREATE TABLE IF NOT EXISTS texts (id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, text BLOB NOT NULL);
"""
NAMED = " UNION ".join(
    f"SELECT value FROM {table}, json_each({table}.{column})"
    for table, column in (("executions", "parts"), ("judgements", "parts"), ("lines", "verdicts"))
)


class Texts:
    """The texts in a database that is open."""

    def __init__(self, database: sqlite3.Connection):
        self._database = database
        self._known: dict[int, str] = {}  # that were read before, by their numbers

    def keep(self, texts: Iterable[str]) -> str:
        """Keep these texts, and return their numbers, as a list in JSON."""
        if not self._database.in_transaction:
            self._database.execute("BEGIN IMMEDIATE")  # what is found stays there until it is named
        return json.dumps([self._kept(text.encode()) for text in texts], separators=(",", ":"))

    def read(self, numbers: str) -> list[str]:
        """Return the texts that have these numbers, which ``keep`` has returned."""
        found = json.loads(numbers)
        for number in found:
            if number not in self._known:
                (text,) = self._database.execute("SELECT text FROM texts WHERE id = ?", [number]).fetchone()
                self._known[number] = zlib.decompress(text).decode()
        return [self._known[number] for number in found]

    def take_in(self, schema: str) -> None:
        """Keep the texts of another database, which is attached by this name.

        From now on SQL knows a function ``moved``, which turns numbers of theirs into ours. What a text is called
        there is not believed: it is hashed anew.
        """
        theirs = self._database.execute(f"SELECT id, text FROM {schema}.texts")
        here = {number: self._kept(zlib.decompress(text)) for number, text in theirs}

        def moved(numbers: str) -> str:
            return json.dumps([here[number] for number in json.loads(numbers)], separators=(",", ":"))

        self._database.create_function("moved", 1, moved, deterministic=True)

    def tidy(self) -> None:
        """Remove the texts that nothing in the records names any more."""
        self._database.execute(f"DELETE FROM texts WHERE id NOT IN ({NAMED})")

    def _kept(self, text: bytes) -> int:
        digest = sha256(text).digest()
        found = self._database.execute("SELECT id FROM texts WHERE hash = ?", [digest]).fetchone()
        if found:
            return found[0]
        row = [digest, zlib.compress(text, 9)]
        return self._database.execute("INSERT INTO texts (hash, text) VALUES (?, ?)", row).lastrowid
