"""The last step of a grading: a line in the records, and a flag for the instructor where something is odd."""

from pathlib import Path

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor

from autograder.records import ANOMALIES, GRADED, Line, Records


class Record(NbGraderPreprocessor):
    """Formgrader shows the flag; feedback does not."""

    def preprocess(self, notebook: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        asked, found, names = resources["autograder"], notebook.metadata.autograder, resources["nbgrader"]
        status = ANOMALIES if found.anomalies else GRADED
        line = Line(
            student=names["student"],
            assignment=names["assignment"],
            status=status,
            isolation=asked["isolation"],
            execution=asked["execution"],
            verdicts=found.verdicts,
            anomalies=found.anomalies,
        )
        Records(Path(asked["records"])).write(line)
        if found.anomalies:
            with Gradebook(names["db_url"]) as gradebook:
                submitted = gradebook.find_submission_notebook(names["notebook"], names["assignment"], names["student"])
                submitted.flagged = True
                gradebook.db.commit()
        return notebook, resources
