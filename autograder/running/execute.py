"""Replaces the execute step of nbgrader's autograde.

It runs a rebuilt notebook, or finds in the records that it was run before. The result of a run depends only on what was
run. It is kept, so that the same notebook is not run twice.
"""

import nbgrader.preprocessors
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from traitlets import Bool, Callable

from autograder.authoring.course import Course
from autograder.running.kernel.provisioner import ConfinedProvisioner
from autograder.running.records import Records
from autograder.running.run import Run


class Execute(nbgrader.preprocessors.Execute):
    """Executes a rebuilt notebook, or takes its outputs and answers from the records.

    It leaves the seed, the answers, the number of the execution and the isolation in ``resources["autograder"]``.
    """

    sandbox = Bool(True, help="Confine the kernel. Without, a student's code can read and forge grades.").tag(
        config=True
    )
    on_step = Callable(lambda: None, help="Called after every code cell and every question, to show progress.")

    def preprocess(self, notebook: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        assignment = Course(parent=self).assignment(resources["nbgrader"]["assignment"])
        records = Records(parent=self)
        seed = records.seed(assignment.name)
        run = Run(notebook, assignment, seed, step=self)
        fingerprint = run.fingerprint()
        execution = records.execution(fingerprint)
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

    @property
    def isolation(self) -> str:
        """Return "confined" if kernels run in the sandbox, and "none" if they do not."""
        return "confined" if self.sandbox else "none"

    def warm_up(self) -> None:
        """Start to import what kernels need, and do not wait until it is imported. Do nothing without a sandbox."""
        if self.sandbox:
            ConfinedProvisioner(config=self.config).warm_up()
