"""Keeps what was run and what came of it, for good: as a log from which any grade can be repeated, and as a cache.

One file, which only its owner can read, holds the executions, by the hash of what was run, and a line for every
grading, which points at its execution. What many of them have in common is kept once: see ``texts``. The secret seeds
of the class are in files beside it.
"""

import json
import secrets
import sqlite3
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

from traitlets import Integer, Unicode, default
from traitlets.config import Configurable

from autograder.authoring.course import Course
from autograder.errors import UserError
from autograder.running.apart import execution_apart, execution_together, judgement_apart, judgement_together
from autograder.running.database import for_the_owner, opened
from autograder.running.execution import Execution
from autograder.running.fingerprint import Fingerprint
from autograder.running.texts import Texts

GRADED, UNGRADED = "graded", "ungraded"
ANOMALIES = "graded with anomalies"
TAKEN = "FROM executions WHERE key = ? AND (repeatable OR id > ?) ORDER BY repeatable DESC, id DESC"
JSON = ("anomalies", "answers")  # what a line holds as JSON


@dataclass(frozen=True)
class Grading:
    """Holds what became of one submission in one grading. It is a line in the records."""

    student: str
    assignment: str
    status: str  # GRADED, ANOMALIES or UNGRADED
    reason: str = ""  # why it is ungraded
    isolation: str = ""  # of the kernel: "confined" or "none"
    execution: int | None = None
    verdicts: list[dict] = field(default_factory=list)
    anomalies: list[str] = field(default_factory=list)
    made: str = ""  # when, in UTC
    submitted: str = ""  # a hash of the files that were handed in: see running/submission.py
    source: str = ""  # a hash of what it was graded by: the assignment's cells, hidden tests and mistakes
    answers: dict[str, str] = field(default_factory=dict)  # a hash of each answer that a person grades, by grade_id


class Records(Configurable):
    """Reads and writes the records of a class. Several processes may use them at once."""

    folder = Unicode(help="Folder of the course for records. It holds the secret seeds, too: keep it.").tag(config=True)

    since = Integer(
        None,
        allow_none=True,
        help="The number of an execution. What was run after it is not run again, even if the clock had a say in it.",
    ).tag(config=True)

    @default("folder")
    def _it_must_be_set(self) -> str:
        raise UserError("There is no folder for the records: set c.Records.folder in nbgrader_config.py.")

    @cached_property
    def place(self) -> Path:
        """Return the folder in which everything is."""
        return Course(parent=self).folder(self.folder)

    @property
    def path(self) -> Path:
        """Return the path of the database."""
        return self.place / "records.db"

    def seed(self, assignment: str) -> str:
        """Return the secret from which this class's hidden inputs are drawn.

        It is random, and is made when it is first asked for. Only the owner of its file can read it. Raises UserError
        if the file is empty.
        """
        path = self.place / f"{assignment}.seed"
        with self.open() as database:
            database.execute("BEGIN IMMEDIATE")  # one process at a time: the others find the seed, and find it whole
            if not path.exists():
                with open(path, "w", opener=for_the_owner) as file:
                    file.write(secrets.token_hex(16))
        seed = path.read_text().strip()
        if not seed:
            raise UserError(f"{path} is empty. Delete it, and grade the whole class again: a new seed is drawn.")
        return seed

    def open(self):
        """Return a context that gives a connection to the database, for what this class has no method for."""
        return opened(self.path)

    def execution(self, fingerprint: Fingerprint) -> Execution | None:
        """Return the execution that was kept with this fingerprint.

        Return None if it was never run, or if its result may have depended on the clock or on a lack of memory: unless
        it is newer than ``since``.
        """
        with self.open() as database:
            found = database.execute(f"SELECT * {TAKEN}", [fingerprint.key, self.since]).fetchone()
            return _execution(found, Texts(database))[0] if found else None

    def was_run(self, fingerprint: Fingerprint) -> bool:
        """Return whether ``execution`` would return one."""
        with self.open() as database:
            return database.execute(f"SELECT 1 {TAKEN}", [fingerprint.key, self.since]).fetchone() is not None

    def newest_execution(self) -> int:
        """Return the number of the last execution, or 0."""
        with self.open() as database:
            return database.execute("SELECT max(id) AS id FROM executions").fetchone()["id"] or 0

    def keep(self, fingerprint: Fingerprint, execution: Execution) -> None:
        """Keep an execution in the records, and set its id."""
        with self.open() as database:
            parts = Texts(database).keep(execution_apart(execution, fingerprint.facts))
            execution.id = database.execute(
                "INSERT INTO executions (key, repeatable, made, parts, anomalies) VALUES (?, ?, ?, ?, ?)",
                [fingerprint.key, execution.repeatable, _now(), parts, json.dumps(execution.anomalies)],
            ).lastrowid

    def judgement(self, execution: int, judged_by: str) -> dict | None:
        """Return what was found of an execution, or None if it was not judged by this.

        judged_by  a hash of all that a judgement depends on beside the execution
        """
        with self.open() as database:
            found = database.execute(
                "SELECT parts FROM judgements WHERE execution = ? AND judged_by = ?", [execution, judged_by]
            ).fetchone()
            return judgement_together(Texts(database).read(found["parts"])) if found else None

    def keep_judgement(self, execution: int, judged_by: str, judgement: dict) -> None:
        """Keep what was found of an execution, in place of what was found before."""
        with self.open() as database:
            parts = Texts(database).keep(judgement_apart(judgement))
            database.execute("DELETE FROM judgements WHERE execution = ?", [execution])
            database.execute(
                "INSERT INTO judgements (execution, judged_by, parts) VALUES (?, ?, ?)", [execution, judged_by, parts]
            )

    def write(self, grading: Grading) -> None:
        """Add a grading as a line, with the present time."""
        plain = replace(grading, student=writable(grading.student), reason=writable(grading.reason), made=_now())
        row = asdict(plain)
        row |= {name: json.dumps(row[name]) for name in JSON}
        with self.open() as database:
            row["verdicts"] = Texts(database).keep(map(json.dumps, grading.verdicts))
            database.execute(
                f"INSERT INTO lines ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", [*row.values()]
            )

    def latest(self) -> list[Grading]:
        """Return the last grading of every student and assignment."""
        with self.open() as database:
            rows = database.execute(
                "SELECT * FROM lines WHERE id IN (SELECT max(id) FROM lines GROUP BY student, assignment)"
                " ORDER BY assignment, student"
            )
            texts = Texts(database)
            return [_grading(row, texts) for row in rows]

    def last(self, student: str, assignment: str, but: str = "") -> Grading | None:
        """Return the last grading of one student and assignment, or None if there is none.

        but  a status that does not count
        """
        with self.open() as database:
            row = database.execute(
                "SELECT * FROM lines WHERE student = ? AND assignment = ? AND status != ? ORDER BY id DESC",
                [writable(student), assignment, but],
            ).fetchone()
            return _grading(row, Texts(database)) if row else None

    def last_graded(self, student: str, assignment: str) -> Grading | None:
        """Return the last grading in which a student's submission was not left ungraded, or None if there is none."""
        return self.last(student, assignment, but=UNGRADED)

    def execution_of(self, grading: Grading) -> tuple[Execution, dict] | None:
        """Return the execution that a grading points at, and the facts that it depended on.

        Return None if nothing was run for the grading.
        """
        with self.open() as database:
            found = database.execute("SELECT * FROM executions WHERE id = ?", [grading.execution]).fetchone()
            return _execution(found, Texts(database)) if found else None

    def odd_in(self, execution: int | None) -> list[str]:
        """Return the anomalies of the execution with this number; none if there is no such execution."""
        with self.open() as database:
            found = database.execute("SELECT anomalies FROM executions WHERE id = ?", [execution]).fetchone()
        return json.loads(found["anomalies"]) if found else []

    def forget(self, student: str) -> int:
        """Remove every line of a student, and the executions that no other line points at. Return the number of lines.

        An execution that no line has ever pointed at may belong to a grading that is still running. It is removed only
        when it is a day old.
        """
        yesterday = (datetime.now(UTC) - timedelta(days=1)).isoformat()
        with self.open() as database:
            rows = database.execute("SELECT execution FROM lines WHERE student = ?", [writable(student)]).fetchall()
            database.execute("DELETE FROM lines WHERE student = ?", [writable(student)])
            database.execute("DELETE FROM aside WHERE student = ?", [writable(student)])
            unused = "id NOT IN (SELECT execution FROM lines WHERE execution IS NOT NULL)"
            database.executemany(f"DELETE FROM executions WHERE id = ? AND {unused}", [[row[0]] for row in rows])
            database.execute(f"DELETE FROM executions WHERE made < ? AND {unused}", [yesterday])
            database.execute("DELETE FROM judgements WHERE execution NOT IN (SELECT id FROM executions)")
            Texts(database).tidy()
        return len(rows)


def writable(text: str) -> str:
    """Return a name as the records hold it.

    A folder's name need not be valid UTF-8: what UTF-8 cannot write is replaced by an escape sequence.
    """
    return text.encode("utf-8", "backslashreplace").decode()


def _execution(row: sqlite3.Row, texts: Texts) -> tuple[Execution, dict]:
    """Return an execution, and the facts that it depended on."""
    notebook, replies, facts = execution_together(texts.read(row["parts"]))
    return Execution(notebook, replies, json.loads(row["anomalies"]), bool(row["repeatable"]), row["id"]), facts


def _grading(row: sqlite3.Row, texts: Texts) -> Grading:
    values = {name: row[name] for name in Grading.__dataclass_fields__}
    values |= {name: json.loads(row[name]) for name in JSON}
    return Grading(**values | {"verdicts": [json.loads(text) for text in texts.read(row["verdicts"])]})


def _now() -> str:
    return datetime.now(UTC).isoformat()
