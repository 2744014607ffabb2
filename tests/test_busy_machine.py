"""A machine that is too busy costs nobody points: what was not the student's doing stays ungraded."""

import math
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import nbformat
import psutil
import pytest
from jupyter_core.utils import run_sync

from autograder.__main__ import main
from autograder.authoring.build import build
from autograder.authoring.course import Course, commands_on_path
from autograder.authoring.readers import given_cells
from autograder.authoring.students import handed_in
from autograder.classroom.check import CheckError, check
from autograder.classroom.grade import grade
from autograder.running import session
from autograder.running.records import UNGRADED
from autograder.running.time_limits import TimeLimits, TooBusy
from autograder.running.waiting_time import KernelTimes
from confined import NEEDS_CONFINEMENT
from this_course import COURSE, load

NAME = "01_first"
BUSY = "could not be graded: the machine was too busy"
NOTHING_TAKEN = "No points were given or taken."
SLOW = "import math, time\nif 'In' in globals():  # in a kernel alone\n    time.sleep(1000)\n"
SLEEPS = "import time\ndef double(x):\n    time.sleep(100)"


@pytest.fixture
def course(small):
    """The small course, with kernels that import nothing beforehand, and short limits."""
    with (small / "nbgrader_config.py").open("a") as settings:
        settings.write("c.ConfinedProvisioner.preload = []\nc.Execute.timeout = 4\nc.Run.question_timeout = 2\n")
    return Course.at(small)


@pytest.fixture
def written(course):
    """Write a student's notebook of the small course, and return its path."""

    def write(**instead):
        path = Path(course.root, f"{NAME}.ipynb")
        nbformat.write(handed_in(course.assignment(NAME), instead=instead), path)
        return path

    return write


def edit(course, before, after):
    path = course.folder("written") / NAME / "notebook.py"
    text = path.read_text()
    assert text.count(before) == 1
    path.write_text(text.replace(before, after))


@contextmanager
def starved(share):
    """Let all ordinary kernels that this process starts run for this share of the time: they are stopped for the rest."""
    over, stops = threading.Event(), []

    def starve():
        while not over.is_set():
            kernels = [child for child in psutil.Process().children(recursive=True) if is_kernel(child)]
            for kernel in kernels:
                stop(kernel, signal.SIGSTOP)
            stops.append(len(kernels))
            over.wait(0.2 * (1 - share))
            for kernel in kernels:
                stop(kernel, signal.SIGCONT)
            over.wait(0.2 * share)

    def is_kernel(child):
        with suppress(psutil.NoSuchProcess):  # it has just ended
            return "ipykernel_launcher" in child.cmdline()
        return False

    def stop(kernel, signum):
        with suppress(psutil.NoSuchProcess):
            kernel.send_signal(signum)

    thread = threading.Thread(target=starve)
    thread.start()
    try:
        yield stops
    finally:
        over.set()
        thread.join()


@pytest.mark.slow
def test_a_starved_notebook_gets_what_it_deserves_or_is_not_graded(course, written):
    """Never less: by a starved kernel a right notebook lost points, with words that blamed the student.

    This is promised of a kernel that waits for three quarters of the time, or longer: here it is nearly all of it.
    """
    path = written()
    with starved(0.05) as stops:
        try:
            (verdict,) = check(path, course).verdicts
        except CheckError as error:
            assert BUSY in str(error) and NOTHING_TAKEN in str(error)
        else:
            assert verdict.score == 4
    assert max(stops) == 1


@pytest.mark.slow
def test_a_kernel_that_is_not_ready_is_nobodys_fault(course, written, monkeypatch):
    monkeypatch.setattr(session, "PATIENCE", 1)
    monkeypatch.setattr(session, "IMPORT", "import time\ntime.sleep(1000)  # {modules}\n")
    with pytest.raises(CheckError, match=BUSY):
        check(written(), course)


@pytest.mark.slow
def test_no_question_waits_for_what_the_grader_itself_imports(course, written):
    """torch takes seconds: of a course that preloads nothing, they were taken from the first question's time."""
    double = (
        "import sys\nthere = 'safetensors.torch' in sys.modules\ndef double(x):\n    return 2 * x if there else None"
    )
    (verdict,) = check(written(double=double), course).verdicts
    assert verdict.score == 4


@pytest.mark.slow
@pytest.mark.parametrize(
    "text, says",
    [
        (SLEEPS, "did not come to an end"),
        ("def double(x):\n    while True: pass", "did not come to an end"),
        ("import time\ndef double(x):\n    return time.sleep(100) if x else 0", "no answer within 2 seconds"),
    ],
    ids=["sleeps", "spins", "sleeps in a question"],
)
def test_a_students_own_code_costs_the_student(text, says, course, written):
    """It may wait as long as it likes: nobody keeps it from the processor. Where somebody does, it is not graded."""
    try:
        (verdict,) = check(written(double=text), course).verdicts
    except CheckError as error:
        assert BUSY in str(error)
    else:
        assert verdict.score == 0 and says in verdict.cases[0].reason


@pytest.mark.slow
def test_check_says_it_and_what_to_do(course, written, capsys):
    edit(course, "import math\n", SLOW)
    path = written()
    assert main(["--course", course.root, "check", str(path)]) == 1
    said = " ".join(capsys.readouterr().err.split())
    assert f"{path} {BUSY} (" in said and NOTHING_TAKEN in said


@pytest.mark.slow
@NEEDS_CONFINEMENT
@pytest.mark.parametrize("jobs", [1, 2])
def test_given_code_that_is_cut_off_leaves_a_submission_ungraded(course, jobs):
    edit(course, "import math\n", SLOW)
    with commands_on_path():
        build(course)
        students = ["ada", "alan"][:jobs]
        for student in students:
            folder = course.folder(course.submitted_directory) / student / NAME
            folder.mkdir(parents=True)
            nbformat.write(handed_in(course.assignment(NAME)), folder / f"{NAME}.ipynb")
        results = list(grade(course, NAME, students, jobs=jobs))
    for result in results:
        assert result.grading.status == UNGRADED and result.grading.reason.startswith(BUSY)
        assert NOTHING_TAKEN in result.grading.reason and result.grading.verdicts == []


def test_which_cells_call_nothing_of_a_students():
    found = {name: given_cells(load(name).source) for name in COURSE.assignment_names}
    assert all("setup" in names for names in found.values())
    assert "tiny_models" in found["05_generation"] and "one_stack" not in found["06_one_stack"]


@pytest.mark.skipif(not Path("/proc/self/schedstat").exists(), reason="this system does not count waiting")
def test_waiting_for_the_machine_is_no_sleeping():
    code = "import time; print('ready', flush=True); time.sleep(100)"
    processes = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) for _ in range(2)]
    try:
        for process in processes:
            process.stdout.readline()
        kernels = [KernelTimes(process.pid) for process in processes]
        time.sleep(1)
        before = [run_sync(kernel.times)()[1] for kernel in kernels]  # to start, both had to wait
        processes[1].send_signal(signal.SIGSTOP)
        time.sleep(1.5)
        sleeping, stopped = (run_sync(one.times)()[1] - then for one, then in zip(kernels, before, strict=True))
    finally:
        for process in processes:
            process.kill()
            process.communicate()
    assert sleeping < 0.1 and stopped > 0.5


class Kernel:
    """Stands for one whose times are known."""

    def __init__(self, worked, waited):
        self.now = worked, waited

    async def times(self):
        return self.now


@pytest.mark.parametrize(
    "worked, waited, first, then",
    [
        (9.0, 0.0, False, False),  # it worked
        (0.0, 0.0, True, False),  # it slept, or nobody knows
        (0.5, 9.0, True, TooBusy),  # others had the processors
        (math.inf, 9.0, True, TooBusy),  # the same, of an ordinary kernel
        (9.0, 9.0, False, False),  # its own processes kept it waiting
        (3.0, 6.0, True, False),  # it had a third of the time
        (math.inf, 0.0, False, False),
    ],
)
def test_whose_fault_it_is(worked, waited, first, then, monkeypatch):
    now = [100.0]
    monkeypatch.setattr("autograder.running.time_limits.time.monotonic", lambda: now[0])
    limits = TimeLimits(1000)
    for expected in (first, then):
        limits.watch(Kernel(worked, waited))
        limits.start()
        now[0] += 10
        if expected is TooBusy:
            with pytest.raises(TooBusy, match="waited for the machine"):
                limits.try_again("cell")
        else:
            assert limits.try_again("cell") is expected


def test_a_deadline_that_passes_while_the_machine_is_busy(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("autograder.running.time_limits.time.monotonic", lambda: now[0])
    for waited, busy in ((5.0, False), (90.0, True)):
        limits = TimeLimits(100)
        limits.watch(Kernel(math.inf, waited))
        assert not limits.deadline_has_passed()
        now[0] += 101
        if busy:
            with pytest.raises(TooBusy, match="for most of 101 seconds"):
                limits.deadline_has_passed()
        else:
            assert limits.deadline_has_passed()
