"""Grades a made-up class of any size, and measures what it takes: time, memory, and what is kept.

    python bench/class.py FOLDER --students 1000 --jobs 2
    python bench/class.py FOLDER --students 1000 --cluster tcp://127.0.0.1:8786     # workers are started in FOLDER

Each submission holds up to two mistakes of the catalogue and other right ways, and a cell of its own, so that no two
are the same. FOLDER is made; without it grading starts anew.
"""

import argparse
import random
import runpy
import threading
import time
from contextlib import nullcontext
from pathlib import Path

import nbformat
import psutil
from nbformat.v4 import new_code_cell

from autograder.authoring.build import build
from autograder.authoring.course import Course, commands_on_path
from autograder.authoring.students import handed_in
from autograder.classroom.commands import quiet
from autograder.classroom.demo import settings_of_a_demonstration
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


class Memory:
    """Watches the memory that this process and those that it has started need: the most of each kind, in MB."""

    def __enter__(self) -> "Memory":
        self.own = self.largest = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        here = psutil.Process()
        while not self._ended.wait(1):
            self.own = max(self.own, _megabytes(here))
            self.largest = max([self.largest, *map(_megabytes, here.children(recursive=True))])


def _megabytes(process: psutil.Process) -> int:
    try:
        return process.memory_info().rss // 2**20
    except psutil.Error:  # it has ended
        return 0


def measured(course: Course, name: str, students: list[str], jobs: int, cluster, force: bool = False) -> None:
    """Grade a class, and print what it took."""
    times = [time.monotonic()]
    with Memory() as memory, quiet(), commands_on_path():
        results = []
        for result in grade(course, name, students, force, jobs, cluster):
            results.append(result)
            times.append(time.monotonic())
    tenth = max(1, len(students) // 10)
    print(f"{len(results)} submissions in {times[-1] - times[0]:.0f} s, {sum(one.was_run for one in results)} were run")
    first, last = _each(times[: tenth + 1]), _each(times[-tenth - 1 :])
    print(f"  seconds each: {_each(times):.3f}; first tenth {first:.3f}, last tenth {last:.3f}")
    print(f"  memory: this process {memory.own} MB, the largest other one {memory.largest} MB", flush=True)


def _each(times: list[float]) -> float:
    return (times[-1] - times[0]) / (len(times) - 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--assignment", default="01_attention")
    parser.add_argument("--students", type=int, default=60)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--cluster")
    chosen = parser.parse_args()
    course = made(chosen.folder, chosen.assignment, chosen.students)
    students = sorted(path.name for path in course.folder(course.submitted_directory).iterdir())
    with _cluster(course, chosen.cluster) as cluster:
        measured(course, chosen.assignment, students, chosen.jobs, cluster)
        size = Records(config=course.config).path.stat().st_size
        print(f"  records: {size / len(students) / 1000:.0f} kB a submission")
        print("again, with nothing to run:")
        measured(course, chosen.assignment, students, chosen.jobs, None, force=True)
    began = time.monotonic()
    with Regrading(course, chosen.assignment, chosen.jobs) as regrading:
        changes = [*regrading.changes(print)]
    seconds = (time.monotonic() - began) / len(changes)
    print(f"regrade: {seconds:.3f} s each, {sum(bool(one.gain) for one in changes)} change")


def _cluster(course: Course, address: str | None):
    if not address:
        return nullcontext()
    from autograder.classroom.cluster import Cluster

    return Cluster(course, address)


if __name__ == "__main__":  # workers import this file, too
    main()
