"""Replaces the execute step of nbgrader's autograde.

It runs a rebuilt notebook, or finds in the records that it was run before. The result of a run depends only on what was
run. It is kept, so that the same notebook is not run twice.
"""

import nbgrader.preprocessors
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from traitlets import Bool, Callable, Integer, List, Unicode

from autograder.authoring.assignment import Assignment
from autograder.authoring.course import Course
from autograder.running.fingerprint import Fingerprint, fingerprint
from autograder.running.kernel.provisioner import ConfinedProvisioner
from autograder.running.records import Execution, Records
from autograder.running.run import Run


class Execute(nbgrader.preprocessors.Execute):
    """Executes a rebuilt notebook, or takes its outputs and answers from the records.

    It leaves the seed, the answers, the number of the execution and the isolation in ``resources["autograder"]``.
    """

    sandbox = Bool(True, help="Confine the kernel. Without, a student's code can read and forge grades.").tag(
        config=True
    )
    question_timeout = Integer(10, help="Seconds a hidden question may take.").tag(config=True)
    notebook_timeout = Integer(900, help="Seconds after which no more cells and questions are started.").tag(
        config=True
    )
    max_replays = Integer(
        3, help="How often a notebook whose kernel died is run again, without the cell that did it."
    ).tag(config=True)
    max_output = Integer(4_000_000, help="Characters of output that are kept of a cell.").tag(config=True)
    max_outputs = Integer(500, help="Outputs that are kept of a cell.").tag(config=True)
    libraries = List(
        Unicode(),
        ["torch", "safetensors", "ipykernel", "ipython"],
        help="Distributions that notebooks use. With another version of one, a notebook is run anew.",
    ).tag(config=True)
    on_step = Callable(lambda: None, help="Called after every code cell and every question, to show progress.")

    def preprocess(self, notebook: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        assignment = Course(parent=self).assignment(resources["nbgrader"]["assignment"])
        records = Records(parent=self)
        seed = records.seed(assignment.name)
        key = self.fingerprint(notebook, assignment, seed)
        execution = records.execution(key)
        if execution is None:
            execution = self.run(notebook, assignment, seed)
            records.keep(key, execution)
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

    def run(self, notebook: NotebookNode, assignment: Assignment, seed: str) -> Execution:
        """Run a rebuilt notebook, and ask the questions of this seed. The records are neither read nor changed.

        Raises NoKernel, or another RuntimeError, if no kernel can be started.
        """
        return Run(notebook, assignment, seed, self).whole()

    @property
    def isolation(self) -> str:
        """Return "confined" if kernels run in the sandbox, and "none" if they do not."""
        return "confined" if self.sandbox else "none"

    def fingerprint(self, notebook: NotebookNode, assignment: Assignment, seed: str) -> Fingerprint:
        """Return the fingerprint of a run. Runs whose results may differ have different fingerprints."""
        own = ("timeout", "iopub_timeout", "question_timeout", "notebook_timeout", "max_replays", "max_output")
        kernel = ConfinedProvisioner(config=self.config)
        confined = kernel.limits() | {"pictures": kernel.pictures} if self.sandbox else {}
        settings = {name: getattr(self, name) for name in own} | confined | {"isolation": self.isolation}
        return fingerprint(notebook, assignment, seed, settings, kernel.shown, self.libraries)

    def warm_up(self) -> None:
        """Start to import what kernels need, and do not wait until it is imported. Do nothing without a sandbox."""
        if self.sandbox:
            ConfinedProvisioner(config=self.config).warm_up()
