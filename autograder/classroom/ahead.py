"""Runs and judges many submissions at once, ahead of nbgrader's book-keeping, which goes through them one by one.

What is run goes into the records. nbgrader's own steps come later, find it there, and run nothing again.
"""

import itertools
import tempfile
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import TYPE_CHECKING

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from traitlets.config import Config

from autograder.authoring.course import Course
from autograder.bounded import Ended, Exceeded, Worker
from autograder.classroom.elsewhere import Answers, Common, prepared, prepared_there, ran, taken
from autograder.classroom.in_worker import InWorker, portable, warm_up
from autograder.classroom.judge_once import JudgeOnce
from autograder.classroom.reading import READING, admit
from autograder.errors import UserError
from autograder.running.execute import Execute
from autograder.running.merge import take_in
from autograder.running.records import Records
from autograder.running.time_limits import TooBusy

if TYPE_CHECKING:
    from autograder.classroom.cluster import Cluster

WORTH = 30  # submissions: for fewer, the judge's own answers are found out when one needs them
AT_A_CLUSTER = 2  # submissions for each of its workers that are on their way at once


class Ahead:
    """Keeps workers busy with the submissions of these students, in this order. It is a context: they end with it.

    jobs     how many submissions are run at once, each in a worker of its own; at a cluster, how many are read at once
    cluster  whose workers run them, if it is not this machine
    """

    def __init__(
        self, course: Course, assignment: str, students: list[str], jobs: int, cluster: "Cluster | None" = None
    ):
        self._course, self._assignment, self._cluster = course, assignment, cluster
        self.worked: dict[str, float] = {}  # seconds of a worker that each submission took
        self._running: set[str] = set()
        self._own, self._workers = threading.local(), [Worker(config=course.config) for _ in range(jobs)]
        self._turn = itertools.cycle(self._workers)
        self._fork_server = None if cluster else Execute(config=course.config).warm_up()  # one for all workers
        threads = max(jobs, AT_A_CLUSTER * cluster.fit) if cluster else jobs
        self._pool = ThreadPoolExecutor(threads, initializer=self._start)
        self._common = Common.of(course, assignment)
        # The judge comes first: its answers about mistakes are the same for all, and take longer than a submission.
        exercises = course.assignment(assignment).source.exercises if len(students) >= WORTH else {}
        self._prepared = [self._pool.submit(self._prepare, exercise) for exercise in exercises]
        if cluster:
            self._answers = self._pool.submit(self._shared)
        self._came: dict[str, Future] = {student: self._pool.submit(self._timed, student) for student in students}

    def __enter__(self) -> "Ahead":
        return self

    def __exit__(self, *exception: object) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        for worker in (*self._workers, *([self._cluster] if self._cluster else [])):
            worker.break_off()
        self._pool.shutdown()
        for worker in self._workers:
            worker.stop()

    @property
    def running(self) -> int:
        """Return how many submissions are on their way at this moment."""
        return len(self._running)

    def wait(self, student: str) -> Exceeded | TooBusy | None:
        """Wait until a student's submission was run. Return the limit that it broke, which it would break again, or
        that the machine was too busy.

        What else went wrong is for nbgrader's own steps to find: they come to the same point, and tell it. Raises
        UserError if nothing more can be run, as without a scheduler.
        """
        error = self._came.pop(student).exception()
        if isinstance(error, TooBusy) or isinstance(error, Exceeded) and not isinstance(error, Ended):
            return error
        if isinstance(error, UserError):
            raise error
        return None

    def _start(self) -> None:
        """Give a thread its worker."""
        self._own.worker = next(self._turn)
        if not self._cluster:
            self._own.worker.start(warm_up, portable(self._course.config), self._fork_server)

    def _timed(self, student: str) -> None:
        self._running.add(student)
        began = time.monotonic()
        try:
            self._run(student)
        finally:
            self.worked.setdefault(student, time.monotonic() - began)
            self._running.discard(student)

    def _run(self, student: str) -> None:
        do, config = self._own.worker.do, portable(self._course.config)
        folder = Path(self._course.format_path(self._course.submitted_directory, student, self._assignment))
        if folder.is_symlink() or folder.parent.is_symlink():
            return  # it is not graded
        names = {"student": student, "assignment": self._assignment}
        admitted = do(admit, folder / f"{self._assignment}.ipynb", {"nbgrader": names}, config, seconds=READING)
        if self._cluster and not do(_was_run, *admitted, config):
            self._send(*admitted)
        else:
            do(taken, InWorker(config=config).steps, *admitted, config)

    def _prepare(self, exercise: str) -> Answers:
        """Let the judge be prepared for an exercise. Return its answers, if they were found out elsewhere."""
        if not self._cluster:
            self._own.worker.do(prepared, self._assignment, exercise, portable(self._course.config))
            return {}
        return self._cluster.do(prepared_there, self._common, exercise)

    def _shared(self) -> object:
        """Keep the answers that the judge was prepared with, and let all workers of the cluster have them."""
        wait(self._prepared)
        answers: Answers = {}
        for one in self._prepared:
            for of, texts in ({} if one.exception() else one.result()).items():
                answers.setdefault(of, {}).update(texts)
        for of, texts in answers.items():
            JudgeOnce(config=self._course.config).store_of(of).update(texts)
        return self._cluster.share(answers)

    def _send(self, notebook: NotebookNode, resources: ResourcesDict) -> None:
        """Let a worker of the cluster take the steps, and keep what came of them."""
        records = Records(config=self._course.config)
        with tempfile.NamedTemporaryFile(dir=records.place, prefix=".came-") as file:
            came, seconds = self._cluster.do(ran, self._common, notebook, resources, self._answers.result())
            self.worked[resources["nbgrader"]["student"]] = seconds
            file.write(came)
            file.flush()
            take_in(records, Path(file.name))


def _was_run(notebook: NotebookNode, resources: ResourcesDict, config: Config) -> bool:
    """Return whether the records hold what comes of running a notebook."""
    name = resources["nbgrader"]["assignment"]
    records = Records(config=config)
    run = Execute(config=config).prepare(notebook, Course(config=config).assignment(name), records.seed(name))
    return records.was_run(run.fingerprint())
