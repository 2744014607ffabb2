"""Takes the place of ``Rebuild`` for a notebook that was graded before, and so has been rebuilt."""

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor

from autograder.authoring.course import assignment_of
from autograder.authoring.release import release_notebook
from autograder.running.rebuild import rebuild
from autograder.running.records import Records

LATER = "to look at: "  # an anomaly that the judge adds, and would add again


class Again(NbGraderPreprocessor):
    """Rebuilds a notebook once more, on today's release: what was odd in it stays known."""

    def preprocess(self, notebook: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        names, records = resources["nbgrader"], Records(parent=self)
        before = records.last_graded(names["student"], names["assignment"])
        rebuilt, _ = rebuild(notebook, release_notebook(assignment_of(self, resources).source))
        again = [LATER, *records.odd_in(before.execution)]
        rebuilt.metadata.autograder = {
            "anomalies": [odd for odd in before.anomalies if not odd.startswith(tuple(again))],
            "parts": notebook.metadata.get("autograder", {}).get("parts", {}),
            "missing": notebook.metadata.get("autograder", {}).get("missing", []),
            "submitted": before.submitted,
        }
        return rebuilt, resources
