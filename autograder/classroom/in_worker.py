"""Takes steps of grading in a worker, because they read, run or judge what a student has written.

What comes back is a notebook of known form: a bomb in a submission breaks the worker's limits, and not ours.
"""

import pickle
from importlib import import_module
from typing import TYPE_CHECKING

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Bool, List, Unicode
from traitlets.config import Config

from autograder.bounded import Worker, shared

if TYPE_CHECKING:
    from autograder.running.kernel.forkserver import ForkServer


class InWorker(NbGraderPreprocessor):
    """Takes other preprocessors' steps in a worker, one after the other. Raises Exceeded if they break its limits."""

    steps = List(Unicode(), help="The preprocessors, by their dotted names.").tag(config=True)
    warms_up = Bool(True, help="Whether a new worker begins at once to import what kernels need.").tag(config=True)

    def preprocess(self, notebook: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        return worker(self.config).do(take, self.steps, notebook, resources, portable(self.config))


def take(
    steps: list[str], notebook: NotebookNode, resources: ResourcesDict, config: Config
) -> tuple[NotebookNode, ResourcesDict]:
    """Return a notebook and its resources after these preprocessors, which are given by their dotted names."""
    for step in steps:
        module, _, name = step.rpartition(".")
        preprocessor = getattr(import_module(module), name)(config=config)
        notebook, resources = preprocessor.preprocess(notebook, resources)
    return notebook, resources


def worker(config: Config) -> Worker:
    """Return the worker of this process for the submissions of a course."""
    found = shared(config)
    if InWorker(config=config).warms_up:
        found.start(warm_up, portable(config))
    return found


def portable(config: Config) -> Config:
    """Return a configuration without what cannot go to a worker: a late policy, for example, that is a class in
    nbgrader_config.py itself. No step that is taken there needs such a thing."""
    return Config(
        {
            name: portable(value) if isinstance(value, Config) else value
            for name, value in config.items()
            if isinstance(value, Config) or _can_travel(value)
        }
    )


def _can_travel(value: object) -> bool:
    try:
        pickle.dumps(value)
    except Exception:  # pickle raises whatever it meets
        return False
    return True


def warm_up(config: Config, lent: "ForkServer | None" = None) -> None:
    """Let this process begin to import what kernels need, or use the fork server that is lent."""
    from autograder.running.execute import Execute

    Execute(config=config).warm_up(lent)
