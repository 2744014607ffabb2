"""Writes a line in the records, and flags what is odd for the instructor: the last step of nbgrader's autograde."""

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor

from autograder.running.records import ANOMALIES, GRADED, Grading, Records


class RecordGrading(NbGraderPreprocessor):
    """Records a grading, and flags a submission that has anomalies. Formgrader shows the flag; feedback does not."""

    def preprocess(self, notebook: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        asked, found, names = resources["autograder"], notebook.metadata.autograder, resources["nbgrader"]
        grading = Grading(
            student=names["student"],
            assignment=names["assignment"],
            status=ANOMALIES if found.anomalies else GRADED,
            isolation=asked["isolation"],
            execution=asked["execution"],
            verdicts=found.verdicts,
            anomalies=found.anomalies,
        )
        Records(parent=self).write(grading)
        if found.anomalies:
            with Gradebook(names["db_url"]) as gradebook:
                submitted = gradebook.find_submission_notebook(names["notebook"], names["assignment"], names["student"])
                submitted.flagged = True
                gradebook.db.commit()
        return notebook, resources
