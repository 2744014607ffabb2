"""Replaces the execute step of nbgrader's autograde.

It runs a rebuilt notebook, or finds in the records that it was run before. The result of a run depends only on what was
run. It is kept, so that the same notebook is not run twice.
"""

import nbgrader.preprocessors
from nbclient import NotebookClient
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from traitlets import Bool

from autograder.authoring.assignment import Assignment
from autograder.authoring.course import assignment_of
from autograder.running.fingerprint import Fingerprint
from autograder.running.kernel.forkserver import ForkServer
from autograder.running.kernel.provisioner import ConfinedProvisioner
from autograder.running.records import Records
from autograder.running.run import Run
from autograder.running.session import CONFINED, NOT_CONFINED


class NeverRun(Exception):
    """Tells that a notebook would have to be run, which was not wanted. It has the fingerprint of the run."""

    def __init__(self, fingerprint: Fingerprint):
        super().__init__("it was never run")
        self.fingerprint = fingerprint


class Execute(nbgrader.preprocessors.Execute):
    """Executes a rebuilt notebook, or takes its outputs and answers from the records.

    It leaves the seed, the answers, the number of the execution and the isolation in ``resources["autograder"]``.
    """

    sandbox = Bool(True, help="Confine the kernel. Without, a student's code can read and forge grades.").tag(
        config=True
    )
    runs = Bool(True, help="Whether a notebook is run that is not in the records. Without, NeverRun is raised.").tag(
        config=True
    )

    def preprocess(self, notebook: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        assignment = assignment_of(self, resources)
        records = Records(parent=self)
        seed = records.seed(assignment.name)
        run = self.prepare(notebook, assignment, seed)
        fingerprint = run.fingerprint()
        execution = records.execution(fingerprint)
        if execution is None and not self.runs:
            raise NeverRun(fingerprint)
        if execution is None:
            execution = run.whole()
            records.keep(fingerprint, execution)
        notebook = execution.into(notebook)
        resources["autograder"] = {
            "seed": seed,
            "answers": execution.answers(),
            "execution": execution.id,
            "isolation": self.isolation,
        }
        notebook.metadata.autograder.isolation = self.isolation
        notebook.metadata.autograder.anomalies += execution.anomalies
        return notebook, resources

    def prepare(self, notebook: NotebookNode, assignment: Assignment, seed: str, **options) -> Run:
        """Return a run of this notebook with all settings of this step. Nothing is run yet."""
        settings = {name: getattr(self, name) for name in NotebookClient.class_trait_names(config=True)}
        return Run(notebook, assignment, seed, self.isolation, parent=self, **settings, **options)

    @property
    def isolation(self) -> str:
        """Return CONFINED if kernels run in the sandbox, and NOT_CONFINED if they do not."""
        return CONFINED if self.sandbox else NOT_CONFINED

    def warm_up(self, lent: ForkServer | None = None) -> ForkServer | None:
        """Return the fork server of this process, which may still import what kernels need. Without a sandbox: None.

        lent  the one of another process, for this process to use
        """
        return ConfinedProvisioner(config=self.config).fork_server(lent) if self.sandbox else None
