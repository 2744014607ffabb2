"""Runs and judges submissions on another machine: what comes in is data, and what goes back is data.

The machine has the course's folder, this package, and nothing of the class. It keeps nothing of a submission.
"""

import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from traitlets.config import Config

from autograder.authoring.course import Course
from autograder.classroom.in_worker import InWorker, portable, take, worker
from autograder.classroom.judge_once import JudgeOnce
from autograder.classroom.learned import place
from autograder.running.records import Records

Answers = dict[str, dict[str, str]]  # of the judge's own solutions: texts by name, and these by what they depend on


@dataclass(frozen=True)
class Common:
    """Holds what all submissions of an assignment need where only the course is known."""

    assignment: str
    config: Config
    root: str  # the course's folder on the machine of the class
    beside: Mapping[str, str]  # files beside the records, by name: the seed, and learned mistakes

    @classmethod
    def of(cls, course: Course, assignment: str) -> "Common":
        records = Records(config=course.config)
        records.seed(assignment)  # so that there is one
        files = [records.place / f"{assignment}.seed", place(records, assignment)]
        texts = {path.name: path.read_text(encoding="utf-8") for path in files if path.exists()}
        return cls(assignment, portable(course.config), course.root, texts)


def ran(
    common: Common, notebook: NotebookNode, resources: ResourcesDict, answers: Answers, kept: Path
) -> tuple[bytes, float]:
    """Run and judge a rebuilt notebook. Return records, as the bytes of a database, that hold what came of it, and the
    seconds that it took.

    answers  what was found out of the judge's own solutions before
    kept     a folder for these answers: the next submission needs them, too

    It must be called in the course's folder. Raises Exceeded if the submission breaks the limits of a worker.
    """
    began = time.monotonic()
    with _records(common, kept) as config:
        for of, texts in answers.items():
            if of not in _known:
                JudgeOnce(config=config).store_of(of).update(texts)
                _known.add(of)
        worker(config).do(taken, InWorker(config=config).steps, notebook, resources, config)
        return Records(config=config).path.read_bytes(), time.monotonic() - began


def prepared_there(common: Common, exercise: str, kept: Path) -> Answers:
    """Prepare the judge for an exercise, and return all the answers of its own solutions that are known here."""
    with _records(common, kept) as config:
        of = worker(config).do(prepared, common.assignment, exercise, config)
        return {of: JudgeOnce(config=config).store_of(of).texts()}


def prepared(name: str, exercise: str, config: Config) -> str:
    """Prepare the judge for an exercise of an assignment. Return what its answers depend on. This runs in a worker."""
    seed = Records(config=config).seed(name)
    judge = JudgeOnce(config=config).judge(Course(config=config).assignment(name), seed)
    judge.prepare(exercise)
    return judge.store.of


def taken(*steps_and_what_they_need: object) -> None:
    """Take these steps, and return nothing: what came of them is in the records. This runs in a worker."""
    take(*steps_and_what_they_need)


_known: set[str] = set()  # what the answers depend on that were written into the folder of this process


@contextmanager
def _records(common: Common, kept: Path) -> Iterator[Config]:
    """Yield settings for this machine, with records of their own, which are gone afterwards."""
    kept.mkdir(mode=0o700, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept, prefix="records-") as folder:
        config = moved(common.config, common.root, Course.around(Path.cwd()).root)
        config.Records.folder = folder
        config.JudgeOnce.answers_file = str(kept / "answers.db")
        for name, text in common.beside.items():
            Path(folder, name).write_text(text, encoding="utf-8")
        yield config


def moved(value: object, here: str, there: str) -> object:
    """Return settings in which each path in one folder is the same path in another folder."""
    if isinstance(value, str) and (value == here or value.startswith(here + os.sep)):
        return there + value[len(here) :]
    if isinstance(value, Config):
        return Config({name: moved(one, here, there) for name, one in value.items()})
    if isinstance(value, dict):
        return {moved(name, here, there): moved(one, here, there) for name, one in value.items()}
    if isinstance(value, list):
        return [moved(one, here, there) for one in value]
    return value
