"""Grades a made-up class of any size, and measures what it takes: time, memory, and what is kept.

    python bench/class.py FOLDER --students 1000 --jobs 2 --stock 20      # 20 of them by stock nbgrader, too
    python bench/class.py OTHER --students 1000 --workers 2 --kill --like FOLDER

The second one grades the same class on Dask's workers, of which one is killed in the middle, and compares.

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
from contextlib import contextmanager, nullcontext, suppress
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
from autograder.running.records import UNGRADED, Records

ROOT = Path(__file__).resolve().parent.parent
# Kinds of processes, by a part of their command lines.
KINDS = {
    "class.py": "this process",
    "multiprocessing.spawn": "worker",
    "multiprocessing.forkserver": "worker",
    "/proc/self/fd/": "fork server or kernel",
}


def made(folder: Path, name: str, students: int) -> Course:
    """Make a course with a class that has handed in an assignment."""
    folder.mkdir(parents=True)
    (folder / "nbgrader_config.py").write_text(settings_of_a_demonstration(Course.at(ROOT)), encoding="utf-8")
    course = Course.at(folder)
    course.config.Execute.timeout, course.config.Run.question_timeout = 60, 10  # those of a demonstration are short
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
    """Watches what this process and those that it has started use of memory and of processors."""

    def __enter__(self) -> "Usage":
        self.memory: dict[str, int] = {}  # the most MB that a process of a kind has had
        self._here, self._began, self._seconds = psutil.Process(), 0.0, 0.0
        self._began, self._seconds = self.look(), 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._ended.set()
        self._thread.join()

    def __str__(self) -> str:
        # of a copy, since a thread writes into it
        return ", ".join(f"{kind} {most:,} MB" for kind, most in dict(self.memory).items())

    def _watch(self) -> None:
        while not self._ended.wait(1):
            self.look()

    def look(self) -> float:
        """Look at all processes, and return the processor time that they have used since the beginning, in seconds."""
        seconds = -self._began
        for process in (self._here, *self._here.children(recursive=True)):
            with suppress(psutil.Error), process.oneshot():  # it may have ended
                words = " ".join(process.cmdline())
                kind = next((kind for part, kind in KINDS.items() if part in words), "Dask's or another")
                self.memory[kind] = max(self.memory.get(kind, 0), process.memory_info().rss // 2**20)
                seconds += sum(process.cpu_times()[:4])
        self._seconds = max(self._seconds, seconds)  # when one ends, its time is told by the one that started it
        return self._seconds


def measured(what: str, students: list[str], results: Iterator, halfway: Callable[[], object] = lambda: None) -> float:
    """Go through results, one for each student, and print what it takes. Return the seconds a submission.

    halfway  is called in the middle
    """
    times, tenth, early, start = [time.monotonic()], max(1, len(students) // 10), "", 0.0
    with Usage() as usage, quiet(), commands_on_path():
        for number, _ in enumerate(results, 1):
            times.append(time.monotonic())
            start = start or usage.look()
            if number == tenth:
                early = str(usage)
            if number == len(students) // 2:
                halfway()
        rest = (usage.look() - start) / max(1, len(students) - 1)
    each = (times[-1] - times[0]) / len(students)
    print(f"{what}: {len(students)} in {times[-1] - times[0]:.0f} s, {each:.3f} s each")
    print(f"  of processor time, all processes together: {start:.0f} s until the first, then {rest:.3f} s each")
    parts = times[1 : tenth + 1], times[-tenth - 1 :]
    first, last = (f"{(part[-1] - part[0]) / max(1, len(part) - 1):.3f} s" for part in parts)
    print(f"  the first after {times[1] - times[0]:.1f} s, then each of the first tenth {first}, of the last {last}")
    print(f"  memory after the first tenth: {early}\n  memory at the end: {usage}", flush=True)
    return each


def must_be_graded_once(course: Course) -> None:
    """Raise RuntimeError if a submission was graded twice, or left ungraded."""
    find = "SELECT student FROM lines GROUP BY student HAVING count(*) > 1 OR max(status = ?)"
    with Records(config=course.config).open() as database:
        if wrong := [row["student"] for row in database.execute(find, [UNGRADED])]:
            raise RuntimeError(f"graded twice, or not at all: {wrong}")


def found_in(course: Course) -> dict[str, list[dict]]:
    """Return what was found of each student."""
    return {line.student: line.verdicts for line in Records(config=course.config).latest()}


def regraded(course: Course, name: str, jobs: int) -> Iterator[object]:
    """Yield what would change for each student."""
    with Regrading(course, name, jobs) as regrading:
        yield from regrading.changes(print)


def print_sizes(course: Course, students: list[str]) -> None:
    """Print how many kB a submission takes in each place."""
    classroom = Path(course.root, "classroom")
    for place in ("submitted", "autograded", "feedback", "gradebook.db", "records/records.db"):
        files = [path for path in (classroom / place, *(classroom / place).rglob("*")) if path.is_file()]
        print(f"  {place}: {sum(path.stat().st_size for path in files) / len(students) / 1000:.1f} kB a submission")
    print(f"  answers.db, whatever the class: {(classroom / 'records/answers.db').stat().st_size / 1000:,.0f} kB")


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

    def each() -> Iterator[None]:
        for student in students:
            said = NbGraderAPI(config=settings).autograde(name, student)
            if not said["success"]:
                raise RuntimeError(said.get("error") or said.get("log"))
            yield

    return measured("stock nbgrader", students, each())


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
    parser.add_argument("--like", type=Path, help="what is found must be what was found in this folder, made before")
    chosen = parser.parse_args()
    name, jobs = chosen.assignment, chosen.jobs
    course = made(chosen.folder.resolve(), name, chosen.students)
    other = Course.at(chosen.like.resolve()) if chosen.like else None
    if other:
        places = [Records(config=one.config).place / f"{name}.seed" for one in (other, course)]
        places[1].parent.mkdir(exist_ok=True)
        shutil.copy(*places)
    students = sorted(path.name for path in course.folder(course.submitted_directory).iterdir())
    stock = by_stock_nbgrader(course, name, students[: chosen.stock]) if chosen.stock else 0.0
    with dask(course, chosen.workers) if chosen.workers else nullcontext((None, [])) as (cluster, workers):
        end_one = workers[0].kill if chosen.kill else lambda: None
        each = measured("grade", students, grade(course, name, students, jobs=jobs, cluster=cluster), end_one)
    if stock:
        print(f"  stock / this: {stock / each:.1f}")
    must_be_graded_once(course)
    if other:
        if found_in(course) != found_in(other):
            raise RuntimeError(f"What was found is not what was found in {other.root}.")
        print(f"  each was graded once, and what was found is what was found in {chosen.like}")
        return
    measured("grade, with nothing to run", students, grade(course, name, students, force=True, jobs=jobs))
    measured("regrade", students, regraded(course, name, jobs))
    measured("feedback", students, feedback(course, name, students, jobs))
    print_sizes(course, students)


if __name__ == "__main__":  # workers import this file, too
    main()
