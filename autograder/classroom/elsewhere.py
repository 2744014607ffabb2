"""Runs and judges one submission on another machine: what comes in is data, and what goes back is data.

The machine has the course's folder, this package, and nothing of the class. It keeps nothing of a submission.
"""

import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from traitlets.config import Config

from autograder.authoring.course import Course
from autograder.classroom.in_worker import take, worker
from autograder.running.records import Records


@dataclass(frozen=True)
class Parcel:
    """Holds all that is needed to run and judge a submission where only the course is known."""

    steps: list[str]
    notebook: NotebookNode  # rebuilt on the release
    resources: ResourcesDict
    config: Config
    root: str  # the course's folder where the parcel was made
    beside: dict[str, str] = field(default_factory=dict)  # files beside the records: the seed, and learned mistakes


def unpacked(parcel: Parcel, kept: Path) -> bytes:
    """Run and judge what is in a parcel. Return records, as the bytes of a database, that hold what came of it.

    kept  a folder for what the judge finds out of its own solutions: the next parcel needs it, too

    It must be called in the course's folder. Raises Exceeded if the submission breaks the limits of a worker.
    """
    kept.mkdir(mode=0o700, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept, prefix="records-") as folder:
        config = moved(parcel.config, parcel.root, Course.around(Path.cwd()).root)
        config.Records.folder = folder
        config.JudgeOnce.answers_file = str(kept / "answers.db")
        for name, text in parcel.beside.items():
            Path(folder, name).write_text(text, encoding="utf-8")
        worker(config).do(_taken, parcel.steps, parcel.notebook, parcel.resources, config)
        return Records(config=config).path.read_bytes()


def _taken(*steps_and_what_they_need: object) -> None:
    """Take these steps, and return nothing: what came of them is in the records."""
    take(*steps_and_what_they_need)


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
