"""Keeps what was run and what came of it, for good: as a log from which any grade can be repeated, and as a cache.

One file, which only its owner can read, holds the executions, by the hash of what was run, and a line for every
grading, which points at its execution. The secret seeds of the class are in files beside it.
"""

import copy
import json
import secrets
import sqlite3
import zlib
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from traitlets import Unicode, default
from traitlets.config import Configurable

from autograder.authoring.course import Course
from autograder.errors import UserError
from autograder.running.answers import Answer, Reply, Silent
from autograder.running.database import for_the_owner, opened
from autograder.running.fingerprint import Fingerprint

GRADED, UNGRADED = "graded", "ungraded"
ANOMALIES = "graded with anomalies"
JSON = ("verdicts", "anomalies", "answers")  # what a line holds as JSON


@dataclass
class Execution:
    """Holds a notebook that was run, and what came back."""

    notebook: NotebookNode
    replies: dict[str, Reply | Silent] = field(default_factory=dict)  # by the case's name
    anomalies: list[str] = field(default_factory=list)
    repeatable: bool = True  # False if time limits, or a lack of memory, may have changed it
    id: int | None = None  # its number in the records, None before it is kept

    def answers(self) -> dict[str, Answer]:
        return {case: reply.answer if isinstance(reply, Reply) else reply for case, reply in self.replies.items()}

    def into(self, notebook: NotebookNode) -> NotebookNode:
        """Return a copy of this notebook, which has the same code, with the outputs of the execution's cells."""
        notebook = copy.deepcopy(notebook)
        ran = [cell for cell in self.notebook.cells if cell.cell_type == "code"]
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        for cell, before in zip(code, ran, strict=True):
            cell.outputs, cell.execution_count = before.outputs, before.execution_count
        notebook.metadata.language_info = self.notebook.metadata.get("language_info", {})
        return notebook


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

        Return None if it was never run, or if its result may have depended on the clock or on a lack of memory.
        """
        with self.open() as database:
            found = database.execute(
                "SELECT * FROM executions WHERE key = ? AND repeatable", [fingerprint.key]
            ).fetchone()
        return _execution(found) if found else None

    def keep(self, fingerprint: Fingerprint, execution: Execution) -> None:
        """Keep an execution in the records, and set its id."""
        replies = {case: asdict(reply) for case, reply in execution.replies.items()}
        with self.open() as database:
            execution.id = database.execute(
                "INSERT INTO executions (key, repeatable, made, facts, notebook, replies, anomalies)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    fingerprint.key,
                    execution.repeatable,
                    _now(),
                    json.dumps(fingerprint.facts),
                    zlib.compress(nbformat.writes(execution.notebook).encode()),
                    zlib.compress(json.dumps(replies).encode()),
                    json.dumps(execution.anomalies),
                ],
            ).lastrowid

    def judgement(self, execution: int, judged_by: str) -> dict | None:
        """Return what was found of an execution, or None if it was not judged by this.

        judged_by  a hash of all that a judgement depends on beside the execution
        """
        with self.open() as database:
            found = database.execute(
                "SELECT judgement FROM judgements WHERE execution = ? AND judged_by = ?", [execution, judged_by]
            ).fetchone()
        return json.loads(zlib.decompress(found["judgement"])) if found else None

    def keep_judgement(self, execution: int, judged_by: str, judgement: dict) -> None:
        """Keep what was found of an execution, in place of what was found before."""
        row = [execution, judged_by, zlib.compress(json.dumps(judgement).encode())]
        with self.open() as database:
            database.execute("DELETE FROM judgements WHERE execution = ?", [execution])
            database.execute("INSERT INTO judgements VALUES (?, ?, ?)", row)

    def write(self, grading: Grading) -> None:
        """Add a grading as a line, with the present time."""
        plain = replace(grading, student=writable(grading.student), reason=writable(grading.reason), made=_now())
        row = asdict(plain)
        row |= {name: json.dumps(row[name]) for name in JSON}
        with self.open() as database:
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
            return [_grading(row) for row in rows]

    def last(self, student: str, assignment: str, but: str = "") -> Grading | None:
        """Return the last grading of one student and assignment, or None if there is none.

        but  a status that does not count
        """
        with self.open() as database:
            row = database.execute(
                "SELECT * FROM lines WHERE student = ? AND assignment = ? AND status != ? ORDER BY id DESC",
                [writable(student), assignment, but],
            ).fetchone()
        return _grading(row) if row else None

    def last_graded(self, student: str, assignment: str) -> Grading | None:
        """Return the last grading in which a student's submission was not left ungraded, or None if there is none."""
        return self.last(student, assignment, but=UNGRADED)

    def execution_of(self, grading: Grading) -> tuple[Execution, dict] | None:
        """Return the execution that a grading points at, and the facts that it depended on.

        Return None if nothing was run for the grading.
        """
        with self.open() as database:
            found = database.execute("SELECT * FROM executions WHERE id = ?", [grading.execution]).fetchone()
        return (_execution(found), json.loads(found["facts"])) if found else None

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
        return len(rows)


def writable(text: str) -> str:
    """Return a name as the records hold it.

    A folder's name need not be valid UTF-8: what UTF-8 cannot write is replaced by an escape sequence.
    """
    return text.encode("utf-8", "backslashreplace").decode()


def _execution(row: sqlite3.Row) -> Execution:
    replies = json.loads(zlib.decompress(row["replies"]))
    return Execution(
        nbformat.reads(zlib.decompress(row["notebook"]).decode(), as_version=4),
        {case: Reply(**reply) if "text" in reply else Silent(**reply) for case, reply in replies.items()},
        json.loads(row["anomalies"]),
        bool(row["repeatable"]),
        row["id"],
    )


def _grading(row: sqlite3.Row) -> Grading:
    values = {name: row[name] for name in Grading.__dataclass_fields__}
    return Grading(**values | {name: json.loads(row[name]) for name in JSON})


def _now() -> str:
    return datetime.now(UTC).isoformat()
