"""Grades a made-up class of any size, and measures what it takes: time, memory, and what is kept.

    python bench/class.py FOLDER --students 1000 --jobs 2 --stock 20      # 20 of them by stock nbgrader, too
    python bench/class.py FOLDER --students 1000 --workers 2 --kill       # Dask, and one worker ends in the middle

Each submission holds up to two mistakes of the catalogue and other right ways, and a cell of its own, so that no two
are the same. FOLDER is made; without it grading starts anew.
"""

import argparse
import os
import random
import runpy
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import nbformat
import psutil
from nbformat.v4 import new_code_cell
from nbgrader.apps.api import NbGraderAPI
from traitlets.config import Config

from autograder.authoring.build import build
from autograder.authoring.course import Course, commands_on_path
from autograder.authoring.students import handed_in
from autograder.classroom.commands import quiet
from autograder.classroom.demo import settings_of_a_demonstration
from autograder.classroom.feedback import feedback
from autograder.classroom.grade import grade
from autograder.classroom.regrade import Regrading
from autograder.running.records import Records

ROOT = Path(__file__).resolve().parent.parent


def made(folder: Path, name: str, students: int) -> Course:
    """Make a course with a class that has handed in an assignment."""
    folder.mkdir(parents=True)
    (folder / "nbgrader_config.py").write_text(settings_of_a_demonstration(Course.at(ROOT)), encoding="utf-8")
    course = Course.at(folder)
    with commands_on_path():
        build(course)
    assignment, draw = course.assignment(name), random.Random(students)
    ways = runpy.run_path(str(assignment.source.path.with_name("alternatives.py")))["ALTERNATIVES"]
    by_exercise = {exercise: assignment.mistakes_of(exercise) for exercise in assignment.source.exercises}
    for number in range(students):
        wrong = draw.sample([exercise for exercise, known in by_exercise.items() if known], draw.randrange(3))
        others = {exercise: draw.choice([*texts.values()]) for exercise, texts in ways.items() if exercise not in wrong}
        some = {exercise: text for exercise, text in others.items() if draw.random() < 0.5}
        notebook = handed_in(assignment, [draw.choice(by_exercise[exercise]) for exercise in wrong], some)
        notebook.cells.append(new_code_cell(f"number = {number}"))
        place = course.folder(course.submitted_directory) / f"s{number:05}" / name
        place.mkdir(parents=True)
        nbformat.write(notebook, place / f"{name}.ipynb")
    return course


class Usage:
    """Watches what this process and those that it has started use of memory, in MB, and of processors, in seconds."""

    def __enter__(self) -> "Usage":
        self._here, self._began = psutil.Process(), 0.0
        self._seen: list[tuple[int, int, float]] = []  # once a second: this process, the largest other one, seconds
        self._look()
        self._began = self._seen.pop()[-1]
        self._look()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._ended.set()
        self._thread.join()

    @property
    def memory(self) -> str:
        """Return the most until now."""
        own, largest, _ = map(max, zip(*self._seen, strict=True))
        return f"{own} MB here, {largest} MB in the largest other process"

    @property
    def seconds(self) -> float:
        """Return the processor time of all: of one that has ended, the one that started it knows it."""
        return max(seconds for *_, seconds in self._seen)

    def _watch(self) -> None:
        while not self._ended.wait(1):
            self._look()

    def _look(self) -> None:
        own, *others = map(_used, [self._here, *self._here.children(recursive=True)])
        largest = max((memory for memory, _ in others), default=0)
        self._seen.append((own[0], largest, sum(seconds for _, seconds in (own, *others)) - self._began))


def _used(process: psutil.Process) -> tuple[int, float]:
    try:
        with process.oneshot():
            return process.memory_info().rss // 2**20, sum(process.cpu_times()[:4])
    except psutil.Error:  # it has ended
        return 0, 0.0


def measured(
    course: Course,
    name: str,
    students: list[str],
    jobs: int,
    cluster=None,
    force: bool = False,
    halfway: Callable[[], object] = lambda: None,
) -> float:
    """Grade a class, print what it took, and return the seconds a submission. ``halfway`` is called in the middle."""
    times, tenth, early = [time.monotonic()], max(1, len(students) // 10), ""
    with Usage() as usage, quiet(), commands_on_path():
        results = []
        for result in grade(course, name, students, force, jobs, cluster):
            results.append(result)
            times.append(time.monotonic())
            if len(results) == tenth:
                early = usage.memory
            if len(results) == len(students) // 2:
                halfway()
    print(f"{len(results)} submissions in {times[-1] - times[0]:.0f} s, {sum(one.was_run for one in results)} were run")
    first, last = _each(times[: tenth + 1]), _each(times[-tenth - 1 :])
    print(f"  seconds each: {_each(times):.3f}; first tenth {first:.3f}, last tenth {last:.3f}")
    print(f"  of processor time, all processes together: {usage.seconds / len(results):.3f}")
    print(f"  memory: after the first tenth {early}; at the end {usage.memory}", flush=True)
    return _each(times)


@contextmanager
def timed(what: str, students: list[str]) -> Iterator[None]:
    """Print how long it takes inside."""
    began = time.monotonic()
    with Usage() as usage:
        yield
    seconds = (time.monotonic() - began) / len(students)
    print(f"{what}: {seconds:.3f} s each, {usage.seconds / len(students):.3f} of processor time", flush=True)


def _each(times: list[float]) -> float:
    return (times[-1] - times[0]) / (len(times) - 1)


def by_stock_nbgrader(course: Course, name: str, students: list[str]) -> float:
    """Let stock nbgrader grade some of a class, with ordinary kernels, and return the seconds a submission."""
    folder = Path(course.root).with_name(f"{Path(course.root).name}-stock")
    settings = Config(CourseDirectory={**course.config.CourseDirectory, "root": str(folder)})
    settings.CourseDirectory.db_url = f"sqlite:///{folder / 'classroom' / 'gradebook.db'}"
    settings.Execute.timeout = 60
    for part in ("source", "gradebook.db", *(f"submitted/{student}" for student in students)):
        place = Path(course.root, "classroom", part)
        to = folder / "classroom" / part
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(place, to) if place.is_dir() else shutil.copy(place, to)
    for submission in folder.glob(f"classroom/submitted/*/{name}"):
        (submission / "parts.py").write_text(course.assignment(name).parts, encoding="utf-8")
    began = time.monotonic()
    with timed("stock nbgrader", students), quiet(), commands_on_path():
        said = NbGraderAPI(config=settings).autograde(name, "*")
    seconds = (time.monotonic() - began) / len(students)
    if not said["success"]:
        raise RuntimeError(said.get("error") or said.get("log"))
    return seconds


@contextmanager
def dask(course: Course, workers: int) -> Iterator[tuple[object, list[subprocess.Popen]]]:
    """Have a Dask scheduler on this machine. Yield the cluster that it makes, and its workers."""
    from distributed import Client

    from autograder.classroom.cluster import Cluster

    file = str(Path(course.root, "scheduler.json"))
    environment = os.environ | {"DASK_DISTRIBUTED__WORKER__DAEMON": "False"}

    def started(*words: str) -> subprocess.Popen:
        words = (sys.executable, "-m", "dask", *words, "--scheduler-file", file, "--no-dashboard")
        return subprocess.Popen(words, cwd=course.root, env=environment, stderr=subprocess.DEVNULL)

    scheduler = started("scheduler", "--host", "127.0.0.1", "--port", "0")
    those = [started("worker", "--nthreads", "1", "--no-nanny") for _ in range(workers)]
    try:
        while not Path(file).exists():
            time.sleep(0.1)
        with Client(scheduler_file=file, set_as_default=False) as client:
            client.wait_for_workers(workers)
            address = client.scheduler.address
        with Cluster(course, address) as cluster:
            yield cluster, those
    finally:
        for process in (*those, scheduler):
            process.kill()
            process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--assignment", default="01_attention")
    parser.add_argument("--students", type=int, default=60)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--workers", type=int, default=0, help="of a Dask scheduler, which grade the class")
    parser.add_argument("--kill", action="store_true", help="kill one of them in the middle")
    parser.add_argument("--stock", type=int, default=0, help="so many are graded by stock nbgrader, too")
    chosen = parser.parse_args()
    name, jobs = chosen.assignment, chosen.jobs
    course = made(chosen.folder.resolve(), name, chosen.students)
    students = sorted(path.name for path in course.folder(course.submitted_directory).iterdir())
    stock = by_stock_nbgrader(course, name, students[: chosen.stock]) if chosen.stock else 0.0
    with dask(course, chosen.workers) if chosen.workers else nullcontext((None, [])) as (cluster, workers):
        end_one = workers[0].kill if chosen.kill else lambda: None
        each = measured(course, name, students, jobs, cluster, halfway=end_one)
    if stock:
        print(f"  stock / this: {stock / each:.1f}")
    size = Records(config=course.config).path.stat().st_size
    print(f"  records: {size / len(students) / 1000:.1f} kB a submission")
    print("again, with nothing to run:")
    measured(course, name, students, jobs, force=True)
    with timed("regrade", students), Regrading(course, name, jobs) as regrading:
        [*regrading.changes(print)]
    for at_once in dict.fromkeys([1, jobs]):
        with timed(f"feedback, {at_once} at once", students), quiet():
            [*feedback(course, name, students, at_once)]


if __name__ == "__main__":  # workers import this file, too
    main()
