"""Dask: the same grades as on this machine, whatever happens to a worker or to the scheduler."""

import multiprocessing
import os
import shutil
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest
from nbformat.v4 import new_notebook
from traitlets.config import Config

from autograder.__main__ import main
from autograder.classroom.elsewhere import moved, ran
from autograder.classroom.grade import grade
from autograder.classroom.judge_once import JudgeOnce
from autograder.classroom.privacy import changed_by_others
from autograder.classroom.regrade import Regrading
from autograder.errors import UserError
from autograder.running.execution import Execution
from autograder.running.fingerprint import Fingerprint
from autograder.running.kernel.doctor import missing
from autograder.running.merge import take_in
from autograder.running.records import GRADED, Grading, Records
from autograder.running.texts import Texts
from test_ahead import NAME, OWN_CELLS, course, forget_all, graded  # noqa: F401

pytest.importorskip("distributed", reason='Dask is not installed: pip install -e ".[cluster]"')

from dask import config  # noqa: E402
from distributed import Client, Security  # noqa: E402

from autograder.classroom import cluster as dask  # noqa: E402

pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(missing()), reason="kernels cannot be confined here")]

ENVIRONMENT = {
    **os.environ,
    "DASK_DISTRIBUTED__WORKER__DAEMON": "False",
    "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "5s",
}


class Dask:
    """A scheduler and workers, which are processes of their own as on other machines."""

    def __init__(self, folder, protocol="tcp", **environment):
        self.folder, self.started, self._environment = folder, [], ENVIRONMENT | environment
        place = ["--protocol", protocol, "--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
        self.scheduler, line = self._start(folder, "scheduler", *place, until="Scheduler at:")
        self.address = line.split("Scheduler at:")[1].strip()

    def worker(self, folder=None, **environment):
        words = [
            "worker",
            self.address,
            "--nthreads",
            "1",
            "--no-nanny",
            "--no-dashboard",
            "--local-directory",
            str(self.folder),
        ]
        return self._start(folder or self.folder, *words, until="Registered to:", **environment)[0]

    def _start(self, folder, *words, until, **environment):
        process = subprocess.Popen(
            [sys.executable, "-m", "dask", *words],
            cwd=folder,
            env=self._environment | environment,
            text=True,
            stderr=subprocess.PIPE,
        )
        self.started.append(process)
        line = next(line for line in process.stderr if until in line)
        threading.Thread(target=process.stderr.read, daemon=True).start()  # so that it can go on writing
        return process, line

    def end(self):
        for process in self.started:
            process.kill()
            process.wait()


@pytest.fixture
def cluster(course):  # noqa: F811
    with config.set({"distributed.comm.timeouts.connect": "5s"}):
        made = Dask(Path(course.root))
        try:
            yield made
        finally:
            made.end()


@contextmanager
def connected(course, cluster):  # noqa: F811
    with dask.Cluster(course, cluster.address) as found:
        yield lambda then=lambda: None: graded(course, 1, then=then, cluster=found)


def counted(course, table):  # noqa: F811
    with Records(config=course.config).open() as database:
        return database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def test_two_workers_give_what_one_machine_gives(course, cluster):  # noqa: F811
    cluster.worker(), cluster.worker()
    with connected(course, cluster) as grade_all:
        there = grade_all()
    assert counted(course, "executions") == counted(course, "judgements") == len(OWN_CELLS)
    assert not [*course.folder("class/records").glob(".came*")]
    seed = Records(config=course.config).seed(NAME)
    assert JudgeOnce(config=course.config).store(course.assignment(NAME), seed).get("prepared double")
    forget_all(course)
    assert graded(course, jobs=1) == there


def test_what_must_be_run_again_is_run_there_too(course, cluster, monkeypatch):  # noqa: F811
    before = {line.student: line.verdicts for line in graded(course, jobs=1)}
    hidden = cluster.folder / "written" / NAME / "hidden.py"
    hidden.write_text(hidden.read_text() + "\n# another one\n")
    cluster.worker()
    sent = []
    real = dask.Cluster.do
    monkeypatch.setattr(dask.Cluster, "do", lambda self, what, *given: sent.append(what) or real(self, what, *given))
    told = []
    with dask.Cluster(course, cluster.address) as found, Regrading(course, NAME, 1, found) as regrading:
        changes = [*regrading.changes(told.append)]
    assert "5 of 5 submissions have to be run again" in told[0] and sent.count(ran) == len(OWN_CELLS)
    assert counted(course, "executions") == 2 * len(OWN_CELLS)
    assert {one.student: one.verdicts for one in changes} == {student: before[student] for student in OWN_CELLS}


def test_a_worker_that_is_killed_costs_nobody_anything(course, cluster):  # noqa: F811
    first, _ = cluster.worker(), cluster.worker()
    with connected(course, cluster) as grade_all:
        lines = grade_all(then=first.kill)
    assert [sum(verdict["score"] for verdict in line.verdicts) for line in lines] == [4, 4, 4, 4, 0, 0]
    assert counted(course, "executions") == len(OWN_CELLS) and counted(course, "lines") == len(lines)


def test_without_its_scheduler_grading_stops_and_goes_on_later(course, cluster, monkeypatch):  # noqa: F811
    cluster.worker()
    real, gone = dask.Cluster.do, threading.Event()

    def do(self, function, *given):
        if function is ran and given[2]["nbgrader"]["student"] != "ada":
            gone.wait()
        return real(self, function, *given)

    def kill():
        cluster.scheduler.kill()
        cluster.scheduler.wait()
        gone.set()

    monkeypatch.setattr(dask.Cluster, "do", do)
    with pytest.raises(dask.Lost, match="The scheduler at .* is gone"), connected(course, cluster) as grade_all:
        grade_all(then=kill)
    before = {line.student for line in Records(config=course.config).latest()}
    assert before == {"ada"}
    results = [*grade(course, NAME, [*OWN_CELLS], jobs=1)]
    assert {result.grading.student for result in results if not result.is_new} == before
    assert counted(course, "lines") == counted(course, "executions") == len(OWN_CELLS)


def test_workers_that_are_not_fit_are_not_used_and_it_is_said_why(course, cluster, capsys, monkeypatch):  # noqa: F811
    other = cluster.folder.with_name("other")
    shutil.copytree(cluster.folder, other)
    with (other / "written" / NAME / "hidden.py").open("a") as file:
        file.write("\n# another one\n")
    cluster.worker(other), cluster.worker(cluster.folder.parent)
    words = ["--course", str(cluster.folder), "doctor", "--cluster", cluster.address]
    assert main(words) == 1
    said = capsys.readouterr().err
    assert said.startswith("No worker of ") and said.count("\nno ") == 2
    assert "it differs in solutions\n" in said and "A worker must be started in the course's folder." in said
    cluster.worker()
    with connected(course, cluster) as grade_all:
        assert len(grade_all()) == len(OWN_CELLS) + 1
    assert main(words) == 1
    said = capsys.readouterr().out
    assert said.count("\nno ") + said.startswith("no ") == 2 and "yes  tcp://" in said


def test_a_worker_that_may_have_no_children_says_what_helps(course, monkeypatch):  # noqa: F811
    monkeypatch.setitem(multiprocessing.current_process()._config, "daemon", True)
    assert "DASK_DISTRIBUTED__WORKER__DAEMON=False" in dask._unfit("{}", course.root, course.config, Path(course.root))


def test_the_records_of_two_machines_become_one(tmp_path):
    here, there = (Records(folder=str(tmp_path / name)) for name in ("here", "there"))
    for number, (records, student, score) in enumerate([(there, "ada", 1.0), (here, "ada", 2.0), (there, "alan", 3.0)]):
        execution = Execution(new_notebook(), {}, [str(number)])
        records.keep(Fingerprint(f"key {number}", {}), execution)
        records.keep_judgement(execution.id, "judge", {"verdicts": [{"score": score}]})
        records.write(Grading(student, NAME, GRADED, execution=execution.id, verdicts=[{"score": score}]))
    for _ in range(2):  # the second time there is nothing new
        take_in(here, there.path)
        found = {line.student: line for line in here.latest()}
        assert {student: line.verdicts[0]["score"] for student, line in found.items()} == {"ada": 2.0, "alan": 3.0}
        assert here.execution_of(found["alan"])[0].anomalies == ["2"]
        assert here.judgement(found["alan"].execution, "judge") == {"verdicts": [{"score": 3.0}]}
        with here.open() as database:
            lines = [
                Texts(database).read(row["verdicts"]) for row in database.execute("SELECT * FROM lines ORDER BY id")
            ]
        assert lines == [[f'{{"score": {score}}}'] for score in (1.0, 2.0, 3.0)]


@pytest.mark.parametrize("address", ["tcp://10.0.0.1:8786", "tcp://scheduler:8786", "tcp://[2001:db8::1]:8786"])
def test_an_address_without_tls_beyond_this_machine_is_refused(address):
    with pytest.raises(UserError, match="without TLS, whoever reaches a scheduler runs code"):
        dask.must_be_protected(address)
    dask.must_be_protected(address, without_tls=True)
    dask.must_be_protected(address.replace("tcp", "tls"))


def test_a_scheduler_with_tls_is_used_and_lets_nobody_else_in(course, tmp_path):  # noqa: F811
    made, files = Security.temporary(), {}
    for name, text in (("cert", made.tls_client_cert), ("key", made.tls_client_key)):
        files[name] = str(tmp_path / f"{name}.pem")
        Path(files[name]).write_text(text)
    settings = {"distributed.comm.require-encryption": True, "distributed.comm.tls.ca-file": files["cert"]}
    for role in ("client", "worker", "scheduler"):
        settings |= {f"distributed.comm.tls.{role}.{name}": file for name, file in files.items()}
    names = {"DASK_" + name.replace(".", "__").replace("-", "_").upper(): str(to) for name, to in settings.items()}
    cluster = Dask(Path(course.root), "tls", **names)
    try:
        assert cluster.address.startswith("tls://")
        cluster.worker()
        with config.set(settings), dask.Cluster(course, cluster.address) as found:
            assert found.fit == 1
        with pytest.raises(UserError, match="Dask has no certificate here"), dask.Cluster(course, cluster.address):
            pass
        other = Security.temporary()
        with pytest.raises((OSError, TypeError)):
            Client(cluster.address, security=other, timeout="5s", set_as_default=False)
    finally:
        cluster.end()


def test_without_a_certificate_it_is_said_what_is_missing(course):  # noqa: F811
    with pytest.raises(UserError, match="Dask has no certificate here"), dask.Cluster(course, "tls://127.0.0.1:1"):
        pass


def test_a_worker_whose_folder_others_can_write_to_is_not_used(course, cluster, tmp_path):  # noqa: F811
    """Python would import from it what they have put there."""
    assert changed_by_others(tmp_path) is None
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    assert changed_by_others(shared) == shared
    cluster.folder = shared
    cluster.worker()
    with pytest.raises(UserError, match=f"others can change what is in {shared}"), connected(course, cluster):
        pass


def test_a_scheduler_that_listens_to_others_is_told_of(capsys):
    for address in ("tcp://127.0.0.1:8786", "tcp://[::1]:8786"):
        dask._warn_if_reached_from_elsewhere(address)
    assert not capsys.readouterr().err
    dask._warn_if_reached_from_elsewhere("tcp://10.0.0.1:8786")
    assert "--host 127.0.0.1" in capsys.readouterr().err


def test_where_no_scheduler_answers_it_is_said(course):  # noqa: F811
    soon = config.set({"distributed.comm.timeouts.connect": "1s"})
    there = dask.Cluster(course, "tcp://127.0.0.1:1")
    with soon, pytest.raises(UserError, match="No scheduler answers at tcp://127.0.0.1:1"), there:
        pass


def test_addresses_of_this_machine_need_no_tls_and_others_are_none():
    for host in ("127.0.0.1", "localhost", "[::1]"):
        dask.must_be_protected(f"tcp://{host}:8786")
    for address in ("127.0.0.1:8786", "http://localhost", "tls://"):
        with pytest.raises(UserError, match="is no scheduler's address"):
            dask.must_be_protected(address, without_tls=True)


def test_paths_in_the_course_are_those_of_the_other_machine():
    settings = Config({"A": {"shown": {"/kit": "/home/me/kit"}, "secret": ["/home/me", "/home/meadow", 3]}})
    assert moved(settings, "/home/me", "/srv") == {
        "A": {"shown": {"/kit": "/srv/kit"}, "secret": ["/srv", "/home/meadow", 3]}
    }
