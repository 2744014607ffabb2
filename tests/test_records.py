"""The records: what was run is found again, what a clock decided is not, and one student can be forgotten."""

import stat
import threading
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from autograder.authoring.course import Course
from autograder.errors import UserError
from autograder.running.answers import Reply, Silent
from autograder.running.execute import Execute
from autograder.running.execution import Execution
from autograder.running.fingerprint import Fingerprint, fingerprint
from autograder.running.merge import merge
from autograder.running.records import ANOMALIES, GRADED, UNGRADED, Grading, Records
from this_course import ROOT


@pytest.fixture
def records(tmp_path):
    return Records(folder=str(tmp_path / "records"))


def executed(**settings) -> Execution:
    cell = new_code_cell("print(1)", outputs=[new_output("stream", text="1\n")], execution_count=1)
    replies = {"a": Reply('{"values": {"plain": 1}}'), "b": Silent("no answer came back")}
    return Execution(new_notebook(cells=[cell]), replies, ["odd"], **settings)


def test_what_was_run_is_found_again(records):
    records.keep(Fingerprint("key", {"seed": "s"}), executed())
    found = records.execution(Fingerprint("key", {}))
    assert found.answers() == {"a": 1, "b": Silent("no answer came back")} and found.anomalies == ["odd"]
    shown = found.into(new_notebook(cells=[new_markdown_cell("another text"), new_code_cell("print(1)")]))
    assert shown.cells[1].outputs[0].text == "1\n" and shown.cells[1].execution_count == 1
    assert records.execution(Fingerprint("another key", {})) is None


def test_what_a_clock_decided_is_kept_and_run_again(records):
    records.keep(Fingerprint("key", {}), executed(repeatable=False))
    assert records.execution(Fingerprint("key", {})) is None
    execution = executed(repeatable=False)
    records.keep(Fingerprint("key", {"seed": "s"}), execution)
    assert records.execution_of(Grading("ada", "01", GRADED, execution=execution.id))[1] == {"seed": "s"}


def test_what_a_clock_decided_counts_for_the_grading_that_it_was_run_for(records):
    for _ in range(2):
        records.keep(Fingerprint("key", {}), executed(repeatable=False))
    for since, found in ((0, 2), (1, 2), (2, None)):
        now = Records(folder=records.folder, since=since)
        execution = now.execution(Fingerprint("key", {}))
        assert (execution and execution.id, now.was_run(Fingerprint("key", {}))) == (found, found is not None)
    assert records.newest_execution() == 2


def test_the_last_line_counts(records):
    for status in (GRADED, UNGRADED, ANOMALIES):
        records.write(Grading("ada", "01", status, verdicts=[{"score": 1.0}], anomalies=["x"]))
    records.write(Grading("ada", "02", GRADED))
    records.write(Grading("alan", "01", UNGRADED, "no JSON"))
    assert [(line.student, line.assignment, line.status) for line in records.latest()] == [
        ("ada", "01", ANOMALIES),
        ("alan", "01", UNGRADED),
        ("ada", "02", GRADED),
    ]
    assert records.last("ada", "01").verdicts == [{"score": 1.0}] and records.last("nobody", "01") is None


def test_one_student_is_forgotten(records):
    shared, own = executed(), executed()
    records.keep(Fingerprint("shared", {}), shared)
    records.keep(Fingerprint("own", {}), own)
    records.write(Grading("ada", "01", GRADED, execution=shared.id))
    records.write(Grading("alan", "01", GRADED, execution=shared.id))
    records.write(Grading("a=1; --", "01", GRADED, execution=own.id, anomalies=["only theirs"]))
    assert records.forget("a=1; --") == 1
    assert records.execution(Fingerprint("own", {})) is None and records.execution(Fingerprint("shared", {}))
    assert [line.student for line in records.latest()] == ["ada", "alan"]
    assert b"only theirs" not in (records.path).read_bytes()
    assert records.forget("nobody") == 0 and records.execution(Fingerprint("shared", {}))


def test_what_one_wrote_beside_the_code_is_not_kept_for_all(records):
    """An execution stays as long as anybody has the same code."""
    cells = [new_markdown_cell("I am Ada"), new_code_cell("double(1)", outputs=[], execution_count=1)]
    records.keep(Fingerprint("shared", {}), Execution(new_notebook(cells=cells)))
    (cell,) = records.execution(Fingerprint("shared", {})).notebook.cells
    assert cell.source == "double(1)" and b"I am Ada" not in records.path.read_bytes()


def test_forgetting_one_does_not_disturb_the_grading_of_another(records, monkeypatch):
    under_way, own, after = executed(), executed(), executed()
    records.keep(Fingerprint("under way", {}), under_way)
    records.keep(Fingerprint("own", {}), own)
    records.write(Grading("ada", "01", GRADED, execution=own.id))
    assert records.forget("ada") == 1 and records.execution(Fingerprint("under way", {}))
    records.keep(Fingerprint("after", {}), after)
    assert len({under_way.id, own.id, after.id}) == 3  # no line can point at what was put in another's place
    records.write(Grading("alan", "01", GRADED, execution=under_way.id))
    monkeypatch.setattr("autograder.running.records._now", lambda: "2020-01-01T00:00:00+00:00")
    records.keep(Fingerprint("left by a crash", {}), executed())
    records.forget("ada")
    assert records.execution(Fingerprint("left by a crash", {})) is None and records.execution(Fingerprint("after", {}))


def test_names_that_are_no_text(records):
    name = "\udcff\udcfe"  # as Python reads a folder's name that is not UTF-8
    records.write(Grading(name, "01", UNGRADED, f"there is no {name}"))
    found = records.last(name, "01")
    assert found.student == r"\udcff\udcfe" and found == records.last(found.student, "01")
    assert records.forget(name) == 1 and records.last(name, "01") is None


def test_only_the_owner_reads_them(records):
    records.write(Grading("ada", "01", GRADED))
    assert stat.S_IMODE(records.path.stat().st_mode) == 0o600


def test_many_write_at_once(records):
    writers = [
        threading.Thread(target=lambda n=n: [records.write(Grading(f"{n}-{i}", "01", GRADED)) for i in range(10)])
        for n in range(4)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(records.latest()) == 40


def test_a_fingerprint_knows_what_matters(assignment, tmp_path):
    shown = tmp_path / "kit"
    shown.mkdir()
    (shown / "tool.py").write_text("x = 1")

    def key(code="x = 1", seed="seed", timeout=60, path="/kit"):
        return fingerprint([code], assignment, seed, {"timeout": timeout}, {path: shown}, ["torch"]).key

    first = key()
    assert key() == first
    assert len({first, key(code="x = 2"), key(seed="other"), key(timeout=61), key(path="/other")}) == 5
    (shown / "tool.py").write_text("x = 2")
    assert key() != first


def test_a_change_of_words_runs_nothing_anew(assignment):
    def key(*cells):
        notebook = new_notebook(cells=cells)
        return Execute(config=Course.at(ROOT).config).prepare(notebook, assignment, "seed").fingerprint().key

    first = key(new_markdown_cell("text"), new_code_cell("x = 1"))
    assert first == key(new_markdown_cell("other"), new_code_cell("x = 1")) != key(new_code_cell("x = 2"))


def test_a_cell_that_is_not_run_counts_by_its_place(assignment):
    """Else a notebook from which it was deleted would get the outputs of another one, which has more cells."""

    def prepared(cells):
        return Execute(config=Course.at(ROOT).config).prepare(new_notebook(cells=cells), assignment, "seed")

    reader = next(cell.text for cell in assignment.source.cells if cell.reader)
    with_it = prepared([new_code_cell("x = 1"), new_code_cell(reader)]).fingerprint().key
    assert with_it != prepared([new_code_cell("x = 1")]).fingerprint().key
    assert with_it == prepared([new_code_cell("x = 1"), new_code_cell(reader)]).fingerprint().key


def test_the_seed_is_drawn_once_and_secret(records):
    seed = records.seed("01")
    assert len(seed) == 32 and records.seed("01") == seed != records.seed("02")
    (path,) = Path(records.folder).glob("01.seed")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.write_text("")
    with pytest.raises(UserError, match="01.seed is empty"):
        records.seed("01")


def test_many_ask_for_the_seed_at_once(records):
    found = []
    askers = [threading.Thread(target=lambda: found.append(records.seed("01"))) for _ in range(8)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert len(found) == 8 and len(set(found)) == 1


def test_records_of_two_machines_are_merged_if_they_have_one_seed(records, tmp_path):
    other = Records(folder=str(tmp_path / "other"))
    seed = other.seed("01")
    other.keep(Fingerprint("key", {}), executed())
    with pytest.raises(UserError, match="There are no records in"):
        merge(records, tmp_path)
    assert merge(records, other.place) == 1 and merge(records, other.place) == 0
    assert records.seed("01") == seed and records.execution(Fingerprint("key", {})).anomalies == ["odd"]
    assert stat.S_IMODE((records.place / "01.seed").stat().st_mode) == 0o600
    (other.place / "01.seed").write_text("another")
    other.keep(Fingerprint("later", {}), executed())
    with pytest.raises(UserError, match="is not the seed of this class"):
        merge(records, other.place)
    assert records.execution(Fingerprint("later", {})) is None


def test_its_folder_is_one_of_the_course(small):
    config = Course.at(small).config
    config.Records.folder = "class/kept"
    Records(config=config).write(Grading("ada", "01", GRADED))
    assert (small / "class" / "kept" / "records.db").exists()


def test_without_a_folder_it_is_said_what_to_set():
    with pytest.raises(UserError, match="set c.Records.folder in nbgrader_config.py"):
        Records().latest()
