"""Reads a submission and takes the first steps of grading with it. All of this runs in a worker."""

from contextlib import suppress
from pathlib import Path

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from traitlets import Integer, List, Unicode
from traitlets.config import Config, Configurable

from autograder.authoring.course import Course
from autograder.classroom.in_worker import take
from autograder.classroom.others import others
from autograder.running.read import Damaged, read
from autograder.running.records import Records
from autograder.running.releases import known

MAX_BESIDE = 20  # so many other notebooks of a submission are looked into
READING = 30  # seconds of processor time that all of it may take


class Reading(Configurable):
    """Turns what a student has handed in into a notebook of known form."""

    max_bytes = Integer(20_000_000, help="A file of a submission that is larger is not read.").tag(config=True)
    max_cells = Integer(2_000, help="A notebook with more cells is not graded.").tag(config=True)
    max_files = Integer(500, help="A submission with more files is not graded.").tag(config=True)
    steps = List(Unicode(), help="The preprocessors that a notebook goes through as soon as it is read.").tag(
        config=True
    )

    def read(self, path: Path) -> NotebookNode:
        """Return the notebook in a file. Raises Damaged if it cannot be read, or is too large."""
        return read(path, self.max_bytes, self.max_cells)


def admit(path: Path, resources: ResourcesDict, config: Config) -> tuple[NotebookNode, ResourcesDict]:
    """Read the notebook in this file and take the first steps with it.

    Other notebooks beside it are an anomaly if they hold work on the assignment, and part of the reason if there is
    nothing else.

    resources  those of nbgrader, or as much of them as says whose submission it is, and of which assignment
    """
    reading, beside = Reading(config=config), {}
    for other in sorted(path.parent.glob("*.ipynb"))[:MAX_BESIDE]:
        if other != path:
            with suppress(Damaged):
                beside[other.name] = reading.read(other)
    assignment = Course(config=config).assignment(resources["nbgrader"]["assignment"])
    releases = known(Records(config=config), assignment.name)
    try:
        notebook = reading.read(path)
    except Damaged as error:
        raise Damaged("; ".join([str(error), *others(beside, assignment, releases)])) from None
    beside[path.name] = notebook
    notebook, resources = take(reading.steps, notebook, resources, config)
    notebook.metadata.autograder.anomalies += others(beside, assignment, releases)
    return notebook, resources
