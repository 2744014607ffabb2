"""Work in a child process: what breaks a limit is told, and the next piece of work is done all the same."""

import os
import resource
import signal
import subprocess
import sys
import tempfile
import time

import pytest
from traitlets.config import Config

from autograder.bounded import Exceeded, Worker, lift_limits, shared
from this_course import COURSE


def spin():
    while True:
        pass


def hold(size):
    return len(bytearray(size))


def end(status):
    os._exit(status)


def kill():
    os.kill(os.getpid(), signal.SIGKILL)


def fail(kind):
    raise kind("why")


class Odd(Exception):
    """An exception that cannot be read again: it wants more than its message."""

    def __init__(self, one, two):
        super().__init__(one)


def fail_oddly():
    raise Odd("why", 2)


def leave_a_file():
    return tempfile.mkdtemp()


@pytest.fixture(params=[[], COURSE.config.Worker.preload], ids=["started anew", "forked"])
def worker(request):
    made = Worker(memory=1024**3, seconds=60, result=10**6, preload=request.param)
    yield made
    made.stop()


def test_what_all_workers_need_is_imported_once():
    made = [Worker(config=COURSE.config) for _ in range(2)]
    assert made[0].do(is_imported, "torch") and not Worker().do(is_imported, "torch")
    assert len({one.do(os.getppid) for one in made}) == 1 and made[0].do(os.getppid) != os.getpid()
    for one in made:
        one.stop()


def is_imported(module):
    return module in sys.modules


def test_work_is_done(worker):
    assert worker.do(len, "text") == 4
    assert worker.do(os.getpid) == worker.do(os.getpid) != os.getpid()


@pytest.mark.parametrize(
    "work, reason",
    [
        ((hold, 2 * 1024**3), "memory"),
        ((bytes, 2_000_000), "result"),
        ((end, 3), "ended (3)"),
        ((kill,), "SIGKILL"),
    ],
)
def test_what_breaks_a_limit_costs_only_itself(worker, work, reason):
    with pytest.raises(Exceeded) as raised:
        worker.do(*work)
    assert reason in str(raised.value)
    assert worker.do(len, "text") == 4


def test_processor_time_is_limited_for_each_piece(worker):
    with pytest.raises(Exceeded, match="processor time"):
        worker.do(spin, seconds=1)
    assert worker.do(len, "text") == 4


def test_work_that_only_waits_is_broken_off(worker):
    worker.patience = 0.5
    with pytest.raises(Exceeded, match="seconds"):
        worker.do(time.sleep, 100)


def test_exceptions_come_back(worker):
    with pytest.raises(ValueError, match="why"):
        worker.do(fail, ValueError)
    with pytest.raises(RuntimeError, match="Odd: why"):
        worker.do(fail_oddly)
    assert worker.do(len, "text") == 4


def test_nothing_is_left_behind(worker):
    folder = worker.do(leave_a_file)
    assert os.path.isdir(folder)
    with pytest.raises(Exceeded):
        worker.do(kill)
    assert not os.path.exists(folder)


def test_programs_that_it_starts_can_be_interrupted(worker):
    """It is started with Ctrl-C blocked: what it starts must not be."""
    assert worker.do(signal.pthread_sigmask, signal.SIG_BLOCK, []) == set()


def test_programs_that_it_starts_may_lift_its_limits(worker):
    for kind in (resource.RLIMIT_DATA, resource.RLIMIT_CPU):
        soft, hard = worker.do(resource.getrlimit, kind)
        assert soft != hard
        assert worker.do(_limits_of_a_program, kind) == (hard, hard)


def _limits_of_a_program(kind):
    code = f"import resource; print(*resource.getrlimit({kind}))"
    program = [sys.executable, "-c", code]
    said = subprocess.run(program, preexec_fn=lift_limits, capture_output=True, text=True, check=True).stdout
    return tuple(map(int, said.split()))


def test_a_file_that_it_adds_to_may_be_large(worker, tmp_path):
    """The records are one file for a class."""
    database = tmp_path / "records.db"
    database.write_bytes(bytes(3 * 10**6))
    assert worker.do(_add_to, database) == 3 * 10**6 + 1


def _add_to(path):
    with path.open("ab") as file:
        file.write(b"x")
    return path.stat().st_size


def test_one_worker_is_shared_by_all_who_ask():
    assert shared(Config()) is shared(Config())
    assert shared(Config({"Worker": {"seconds": 7}})) is not shared(Config())


KEPT = []


def keep(size):
    KEPT.append(bytearray(size))
    return os.getpid()


def test_what_one_piece_of_work_keeps_is_not_there_for_the_next(worker):
    small = worker.do(keep, 10**6)
    assert worker.do(keep, 600 * 1024**2) == small
    assert worker.do(keep, 600 * 1024**2) != small, "it began with as much memory as the one before"


def test_after_a_lack_of_memory_comes_a_fresh_process(worker):
    first = worker.do(os.getpid)
    with pytest.raises(Exceeded, match="more memory"):
        worker.do(hold, 2 * 1024**3)
    assert worker.do(os.getpid) != first
