"""The records: what was run is found again, what a clock decided is not, and one student can be forgotten."""

import stat
import threading

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from autograder.answers import Reply, Silent
from autograder.fingerprint import Run, fingerprint
from autograder.intake import Intake
from autograder.records import ANOMALIES, GRADED, UNGRADED, Execution, Line, Records


@pytest.fixture
def records(tmp_path):
    return Records(tmp_path / "records")


def executed(**settings) -> Execution:
    cell = new_code_cell("print(1)", outputs=[new_output("stream", text="1\n")], execution_count=1)
    replies = {"a": Reply('{"values": {"plain": 1}}'), "b": Silent("no answer came back")}
    return Execution(new_notebook(cells=[cell]), replies, ["odd"], **settings)


def test_what_was_run_is_found_again(records):
    records.keep(Run("key", {"seed": "s"}), executed())
    found = records.execution(Run("key", {}))
    assert found.answers() == {"a": 1, "b": Silent("no answer came back")} and found.anomalies == ["odd"]
    shown = found.into(new_notebook(cells=[new_markdown_cell("another text"), new_code_cell("print(1)")]))
    assert shown.cells[1].outputs[0].text == "1\n" and shown.cells[1].execution_count == 1
    assert records.execution(Run("another key", {})) is None


def test_what_a_clock_decided_is_kept_and_run_again(records):
    records.keep(Run("key", {}), executed(repeatable=False))
    assert records.execution(Run("key", {})) is None
    execution = executed(repeatable=False)
    records.keep(Run("key", {"seed": "s"}), execution)
    assert records.of(Line("ada", "01", GRADED, execution=execution.id))[1] == {"seed": "s"}


def test_the_last_line_counts(records):
    for status in (GRADED, UNGRADED, ANOMALIES):
        records.write(Line("ada", "01", status, verdicts=[{"score": 1.0}], anomalies=["x"]))
    records.write(Line("ada", "02", GRADED))
    records.write(Line("alan", "01", UNGRADED, "no JSON"))
    assert [(line.student, line.assignment, line.status) for line in records.latest()] == [
        ("ada", "01", ANOMALIES),
        ("alan", "01", UNGRADED),
        ("ada", "02", GRADED),
    ]
    assert records.last("ada", "01").verdicts == [{"score": 1.0}] and records.last("nobody", "01") is None


def test_one_student_is_forgotten(records):
    shared, own = executed(), executed()
    records.keep(Run("shared", {}), shared)
    records.keep(Run("own", {}), own)
    records.write(Line("ada", "01", GRADED, execution=shared.id))
    records.write(Line("alan", "01", GRADED, execution=shared.id))
    records.write(Line("a=1; --", "01", GRADED, execution=own.id, anomalies=["only theirs"]))
    assert records.forget("a=1; --") == 1
    assert records.execution(Run("own", {})) is None and records.execution(Run("shared", {}))
    assert [line.student for line in records.latest()] == ["ada", "alan"]
    assert b"only theirs" not in (records._path).read_bytes()
    assert records.forget("nobody") == 0 and records.execution(Run("shared", {}))


def test_forgetting_one_does_not_disturb_the_grading_of_another(records, monkeypatch):
    under_way, own, after = executed(), executed(), executed()
    records.keep(Run("under way", {}), under_way)
    records.keep(Run("own", {}), own)
    records.write(Line("ada", "01", GRADED, execution=own.id))
    assert records.forget("ada") == 1 and records.execution(Run("under way", {}))
    records.keep(Run("after", {}), after)
    assert len({under_way.id, own.id, after.id}) == 3  # no line can point at what was put in another's place
    records.write(Line("alan", "01", GRADED, execution=under_way.id))
    monkeypatch.setattr("autograder.records._now", lambda: "2020-01-01T00:00:00+00:00")
    records.keep(Run("left by a crash", {}), executed())
    records.forget("ada")
    assert records.execution(Run("left by a crash", {})) is None and records.execution(Run("after", {}))


def test_names_that_are_no_text(records):
    name = "\udcff\udcfe"  # as Python reads a folder's name that is not UTF-8
    records.write(Line(name, "01", UNGRADED, f"there is no {name}"))
    found = records.last(name, "01")
    assert found.student == r"\udcff\udcfe" and found == records.last(found.student, "01")
    assert records.forget(name) == 1 and records.last(name, "01") is None


def test_a_first_step_of_nbgraders_that_fails_leaves_a_line(records):
    intake = Intake.__new__(Intake)
    intake._records, intake._isolation = records, "confined"
    for step in (lambda assignment, student: 1 / 0, lambda assignment, student: "\udcff".encode()):
        with pytest.raises((ZeroDivisionError, UnicodeEncodeError)):
            intake._recorded(step, lambda assignment, student: True)("01", "ada")
        found = records.last("ada", "01")
        assert found.status == UNGRADED and found.reason.startswith("grading failed: ")
    assert intake._recorded(lambda assignment, student: None, lambda assignment, student: True)("01", "ada") is True


def test_only_the_owner_reads_them(records):
    records.write(Line("ada", "01", GRADED))
    assert stat.S_IMODE(records._path.stat().st_mode) == 0o600


def test_many_write_at_once(records):
    writers = [
        threading.Thread(target=lambda n=n: [records.write(Line(f"{n}-{i}", "01", GRADED)) for i in range(10)])
        for n in range(4)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(records.latest()) == 40


def test_a_fingerprint_knows_what_matters(assignment):
    notebook = new_notebook(cells=[new_markdown_cell("text"), new_code_cell("x = 1")])
    key = fingerprint(notebook, assignment, "seed", {"timeout": 60}).key
    assert key == fingerprint(notebook, assignment, "seed", {"timeout": 60}).key
    notebook.cells[0].source = "another text"
    assert key == fingerprint(notebook, assignment, "seed", {"timeout": 60}).key
    assert key != fingerprint(notebook, assignment, "other", {"timeout": 60}).key
    assert key != fingerprint(notebook, assignment, "seed", {"timeout": 61}).key
    notebook.cells[1].source = "x = 2"
    assert key != fingerprint(notebook, assignment, "seed", {"timeout": 60}).key
