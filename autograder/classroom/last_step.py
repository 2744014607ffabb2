"""Writes a line in the records, and flags what is odd for the instructor: the last step of nbgrader's autograde."""

import os
import secrets
from datetime import UTC, datetime
from pathlib import Path

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor

from autograder.authoring.course import Course, assignment_of
from autograder.judging.judge import GiveVerdicts
from autograder.running.read import TIME
from autograder.running.records import ANOMALIES, GRADED, Grading, Records
from autograder.running.submission import SECRET, answers, source


class RecordGrading(NbGraderPreprocessor):
    """Records a grading, and flags a submission that has anomalies. Formgrader shows the flag; feedback does not."""

    def preprocess(self, notebook: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        asked, found, names = resources["autograder"], notebook.metadata.autograder, resources["nbgrader"]
        records = Records(parent=self)
        grading = Grading(
            student=names["student"],
            assignment=names["assignment"],
            status=ANOMALIES if found.anomalies else GRADED,
            isolation=asked["isolation"],
            execution=asked["execution"],
            verdicts=found.verdicts,
            anomalies=found.anomalies,
            submitted=found.get("submitted", ""),
            source=source(assignment_of(self, resources), GiveVerdicts(config=self.config).settings),
            answers=answers(notebook),
        )
        before = None if asked["first"] else records.last_graded(grading.student, grading.assignment)
        self._flag(grading, before.anomalies if before else [], names)
        records.write(grading)
        self._complete(grading)
        return notebook, resources

    def _complete(self, grading: Grading) -> None:
        """Put the files beside the graded notebook that a submission without nbgrader's exchange lacks.

        nbgrader gives no feedback to a class if one of its submissions has none of them.
        """
        course = Course(parent=self)
        folder, came = (
            Path(course.format_path(step, grading.student, grading.assignment))
            for step in (course.autograded_directory, course.submitted_directory)
        )
        time = datetime.fromtimestamp(came.lstat().st_mtime, UTC).strftime(TIME)
        for name, text in (("timestamp.txt", time), (SECRET, secrets.token_hex(64))):
            if folder.is_dir() and not os.path.lexists(folder / name):
                (folder / name).write_text(text, encoding="utf-8")

    def _flag(self, grading: Grading, seen: list[str], names: dict) -> None:
        """Set a flag if there is something new to look at. Take ours back if there is nothing any more.

        A flag that a person set stays, and one that a person took away does not come back for what they have seen.
        """
        if grading.anomalies == seen:
            return
        with Gradebook(names["db_url"]) as gradebook:
            submitted = gradebook.find_submission_notebook(names["notebook"], names["assignment"], names["student"])
            submitted.flagged = bool(grading.anomalies)
            gradebook.db.commit()
