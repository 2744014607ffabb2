"""Refuses nbgrader's own generate step, formgrader's "Generate", for assignments that the build makes.

That step deletes the folder in the release first, with all that somebody did there, and writes another notebook than
the build. nbgrader makes the exporter of the step before it touches anything, so that this is the place to refuse.
"""

from nbconvert.exporters import NotebookExporter
from nbgrader.converters.base import BaseConverter, NbGraderException

from autograder.authoring.course import Course


class BuildInstead(NotebookExporter):
    """Lets nbgrader generate only what was made without this package."""

    def __init__(self, parent: BaseConverter, **options):
        super().__init__(parent=parent, **options)
        name = parent.coursedir.assignment_id
        if name in Course(parent=self).assignment_names:
            refusal = (
                f"Nothing was generated and nothing was changed: the notebook of {name} is made by `make build`, or "
                "`python -m autograder build`, which replaces nothing that somebody worked in."
            )
            self.log.error(refusal)
            raise NbGraderException(refusal)
