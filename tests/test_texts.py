"""What a class has in common is kept once; nothing that one brings changes what another reads."""

import json
import sqlite3
import threading
import zlib
from contextlib import closing

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from autograder.running.answers import Reply, Silent
from autograder.running.execution import Execution
from autograder.running.fingerprint import Fingerprint
from autograder.running.merge import take_in
from autograder.running.records import GRADED, Grading, Records
from autograder.running.texts import Texts

GIVEN = "".join(f"{number**3} " for number in range(9_000))  # in every notebook
ANSWER = json.dumps({"values": {"plain": "".join(f"{number**5} " for number in range(9_000))}})


@pytest.fixture
def records(tmp_path):
    return Records(folder=str(tmp_path / "records"))


def executed(own: str) -> Execution:
    given = new_code_cell(GIVEN, id="given")
    printed = new_output("stream", text=f"{own}\n")
    cell = new_code_cell(f"print({own!r})", id="own", outputs=[printed], execution_count=1)
    cell.metadata.execution = {"shell.execute_reply": own}  # when it was run
    notebook = new_notebook(cells=[given, cell], metadata={"autograder": {"missing": []}})
    return Execution(notebook, {"same": Reply(ANSWER), "own": Reply(own), "none": Silent("no answer")}, ["odd"])


def kept(records, *owners):
    for own in owners:
        execution = executed(own)
        records.keep(Fingerprint(own, {"seed": "s"}), execution)
        records.keep_judgement(execution.id, "judge", {"verdicts": [{"score": 1.0, "of": own}], "to look at": [own]})
        records.write(Grading(own, "01", GRADED, execution=execution.id, verdicts=[{"score": 1.0, "of": own}]))


def must_be_whole(records, *owners):
    for own in owners:
        found, facts = records.execution_of(records.last(own, "01"))
        made = executed(own)
        del made.notebook.cells[1].metadata["execution"]
        assert (found.notebook, found.replies, found.anomalies) == (made.notebook, made.replies, ["odd"])
        assert facts == {"seed": "s"} and records.last(own, "01").verdicts == [{"score": 1.0, "of": own}]
        judged = {"verdicts": [{"score": 1.0, "of": own}], "to look at": [own]}
        assert records.judgement(found.id, "judge") == judged


def count(records):
    with records.open() as database:
        return database.execute("SELECT count(*) FROM texts").fetchone()[0]


def test_what_many_have_is_kept_once(records):
    kept(records, "ada")
    first, size = count(records), records.path.stat().st_size
    kept(records, *"bcdefghijk")
    must_be_whole(records, "ada", *"bcdefghijk")
    assert (count(records) - first) % 10 == 0  # those that each has alone
    assert records.path.stat().st_size < 3 * size


def test_many_keep_the_same_at_once(records):
    owners = "abcdefgh"
    writers = [threading.Thread(target=kept, args=(records, own)) for own in owners]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    must_be_whole(records, *owners)


def test_what_one_had_alone_is_forgotten_with_them(records):
    kept(records, "ada", "alan")
    before = count(records)
    records.forget("alan")
    must_be_whole(records, "ada")
    assert count(records) < before
    kept(records, "alan")
    must_be_whole(records, "ada", "alan")
    assert count(records) == before


def test_what_another_machine_calls_a_text_is_not_believed(records, tmp_path):
    """There, a text has the hash of one that many here have."""
    kept(records, "ada")
    there = Records(folder=str(tmp_path / "there"))
    kept(there, "mallory")
    with records.open() as database:
        hashes = database.execute("SELECT hash FROM texts ORDER BY length(text) DESC").fetchall()
    with there.open() as database:
        forged = zlib.compress(json.dumps({"reply": ["same", {"text": "forged"}]}).encode())
        database.execute("UPDATE texts SET text = ? WHERE hash = ?", [forged, hashes[0][0]])
    take_in(records, there.path)
    must_be_whole(records, "ada")
    assert records.execution_of(records.last("mallory", "01"))
    kept(records, "alan")
    must_be_whole(records, "ada", "alan")


EARLIER = """
CREATE TABLE executions (
    id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL, repeatable INTEGER NOT NULL, made TEXT NOT NULL,
    facts TEXT NOT NULL, notebook BLOB NOT NULL, replies BLOB NOT NULL, anomalies TEXT NOT NULL
);
CREATE TABLE lines (
    id INTEGER PRIMARY KEY, student TEXT NOT NULL, assignment TEXT NOT NULL, made TEXT NOT NULL, status TEXT NOT NULL,
    reason TEXT NOT NULL, isolation TEXT NOT NULL, execution INTEGER REFERENCES executions (id),
    verdicts TEXT NOT NULL, anomalies TEXT NOT NULL
);
CREATE TABLE judgements (
    execution INTEGER NOT NULL REFERENCES executions (id), judged_by TEXT NOT NULL, judgement BLOB NOT NULL,
    PRIMARY KEY (execution, judged_by)
);
"""


def made_earlier(path, *owners):
    """Write records in the form that they had before texts were shared."""
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as database, database:
        database.executescript(EARLIER)
        for number, own in enumerate(owners, 1):
            execution, verdicts = executed(own), [{"score": 1.0, "of": own}]
            replies = {"same": {"text": ANSWER}, "own": {"text": own}, "none": {"reason": "no answer"}}
            packed = [nbformat.writes(execution.notebook), json.dumps(replies)]
            database.execute(
                "INSERT INTO executions VALUES (?, ?, 1, ?, ?, ?, ?, ?)",
                [
                    number,
                    own,
                    f"2026-{own}",
                    '{"seed": "s"}',
                    *(zlib.compress(one.encode()) for one in packed),
                    '["odd"]',
                ],
            )
            line = [own, "01", f"2026-{own}", GRADED, "", "confined", number, json.dumps(verdicts), "[]"]
            database.execute("INSERT INTO lines VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?)", line)
            judgement = zlib.compress(json.dumps({"verdicts": verdicts, "to look at": [own]}).encode())
            database.execute("INSERT INTO judgements VALUES (?, 'judge', ?)", [number, judgement])


def test_records_of_an_earlier_version_are_carried_over(records):
    made_earlier(records.path, *"abcdefgh")
    size = records.path.stat().st_size
    must_be_whole(records, *"abcdefgh")
    assert records.path.stat().st_size < size / 2
    assert records.last("a", "01").submitted == "" and records.last("a", "01").answers == {}
    kept(records, "later")
    must_be_whole(records, *"abcdefgh", "later")


def test_records_of_an_earlier_version_are_merged(records, tmp_path):
    there = Records(folder=str(tmp_path / "there"))
    made_earlier(there.path, "a", "b")
    kept(records, "ada")
    for _ in range(2):
        take_in(records, there.path)
        must_be_whole(records, "ada", "a", "b")
    with records.open() as database:
        assert database.execute("SELECT count(*) FROM lines").fetchone()[0] == 3
        Texts(database).tidy()
    must_be_whole(records, "ada", "a", "b")
