"""Runs and judges many submissions at once, ahead of nbgrader's book-keeping, which goes through them one by one.

What is run goes into the records. nbgrader's own steps come later, find it there, and run nothing again.
"""

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from autograder.authoring.course import Course
from autograder.bounded import Ended, Exceeded, Worker
from autograder.classroom.in_worker import InWorker, portable, take, warm_up
from autograder.classroom.reading import READING, admit


class Ahead:
    """Keeps workers busy with the submissions of these students, in this order. It is a context: they end with it.

    jobs  how many submissions are run at once, each in a worker of its own
    """

    def __init__(self, course: Course, assignment: str, students: list[str], jobs: int):
        self._course, self._assignment = course, assignment
        self._own, self._workers = threading.local(), []
        self._pool = ThreadPoolExecutor(jobs, initializer=self._start)
        self._came: dict[str, Future] = {student: self._pool.submit(self._run, student) for student in students}

    def __enter__(self) -> "Ahead":
        return self

    def __exit__(self, *exception: object) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        for worker in self._workers:
            worker.break_off()
        self._pool.shutdown()
        for worker in self._workers:
            worker.stop()

    def wait(self, student: str) -> Exceeded | None:
        """Wait until a student's submission was run. Return the limit that it broke, which it would break again.

        What else went wrong is for nbgrader's own steps to find: they come to the same point, and tell it.
        """
        error = self._came.pop(student).exception()
        return error if isinstance(error, Exceeded) and not isinstance(error, Ended) else None

    def _start(self) -> None:
        """Give a thread its worker."""
        self._own.worker = Worker(config=self._course.config)
        self._own.worker.start(warm_up, portable(self._course.config))
        self._workers.append(self._own.worker)

    def _run(self, student: str) -> None:
        do, config = self._own.worker.do, portable(self._course.config)
        folder = Path(self._course.format_path(self._course.submitted_directory, student, self._assignment))
        if folder.is_symlink() or folder.parent.is_symlink():
            return  # it is not graded
        names = {"student": student, "assignment": self._assignment}
        admitted = do(admit, folder / f"{self._assignment}.ipynb", {"nbgrader": names}, config, seconds=READING)
        do(_taken, InWorker(config=config).steps, *admitted, config)


def _taken(steps: list[str], *rest: object) -> None:
    """Take these steps in a worker, and return nothing: what came of them is in the records."""
    take(steps, *rest)
