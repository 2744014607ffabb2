"""Keeps what the judge has found out of its own solutions: once a class, for all workers, in a file beside the records.

It holds right answers: like the seeds, it must be where no kernel can see it. All of it can be computed again.
"""

import sqlite3
import zlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from autograder.running.database import for_the_owner

SCHEMA = """
CREATE TABLE IF NOT EXISTS answers (
    of TEXT NOT NULL, name TEXT NOT NULL, answer BLOB NOT NULL, PRIMARY KEY (of, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS used (of TEXT PRIMARY KEY, at TEXT NOT NULL);
"""


@dataclass(frozen=True)
class AnswerStore:
    """Maps names to texts, which are the same for all who ask about the same. Only the file's owner can read it.

    path  of the database; it is made if it is not there
    of    a hash of all that the texts depend on beside their names
    most  bytes that the file may have: before it has more, it lets go of what was not used for the longest time
    """

    path: Path
    of: str
    most: int

    def get(self, name: str) -> str | None:
        row = self._database.execute("SELECT answer FROM answers WHERE of = ? AND name = ?", [self.of, name]).fetchone()
        return zlib.decompress(row[0]).decode() if row else None

    def texts(self) -> dict[str, str]:
        """Return all that is kept, by its names."""
        rows = self._database.execute("SELECT name, answer FROM answers WHERE of = ?", [self.of])
        return {name: zlib.decompress(answer).decode() for name, answer in rows}

    def update(self, texts: dict[str, str]) -> None:
        """Keep these texts. If there is no room even without those of others, they are not kept."""
        rows = [(self.of, name, zlib.compress(text.encode())) for name, text in texts.items()]
        with self._database as database:
            database.execute("BEGIN IMMEDIATE")  # one process at a time
            while self._size + sum(len(row[2]) for row in rows) > self.most:
                oldest = database.execute("SELECT of FROM used WHERE of != ? ORDER BY at LIMIT 1", [self.of]).fetchone()
                if not oldest:
                    return
                for table in ("answers", "used"):
                    database.execute(f"DELETE FROM {table} WHERE of = ?", oldest)
            database.executemany("INSERT OR IGNORE INTO answers VALUES (?, ?, ?)", rows)

    @property
    def _size(self) -> int:
        """Return the bytes that are in use. What was deleted leaves room in the file, which is filled again."""
        pages, free, size = (
            self._database.execute(f"PRAGMA {of}").fetchone()[0] for of in ("page_count", "freelist_count", "page_size")
        )
        return (pages - free) * size

    @cached_property
    def _database(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with open(self.path, "ab", opener=for_the_owner):
            pass
        database = sqlite3.connect(self.path, timeout=60, isolation_level=None)
        database.executescript(SCHEMA)
        database.execute("INSERT OR REPLACE INTO used VALUES (?, datetime('now'))", [self.of])
        return database
