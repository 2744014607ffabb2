"""Writes points into nbgrader's gradebook, and lets what a person has graded stand where nothing has changed.

It takes the place of nbgrader's SaveAutoGrades, which asks for a new look at every grade that a person has given.
"""

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.preprocessors import SaveAutoGrades
from nbgrader.utils import is_solution

from autograder.classroom.aside import give_back
from autograder.running.records import Records
from autograder.running.submission import answers


class SaveGrades(SaveAutoGrades):
    """Saves the automatic points. A grade of a person's needs another look only if what it was given for has changed.

    For a written answer this is its text, for a check its automatic score. ``resources["autograder"]["first"]`` says
    afterwards whether the gradebook had no grade of this submission before.
    """

    def preprocess(self, notebook: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        names = resources["nbgrader"]
        give_back(self, names["student"], names["assignment"])
        before = Records(parent=self).last_graded(names["student"], names["assignment"])
        with Gradebook(names["db_url"]) as gradebook:
            submitted = gradebook.find_submission_notebook(names["notebook"], names["assignment"], names["student"])
            resources["autograder"]["first"] = all(grade.auto_score is None for grade in submitted.grades)
            student = submitted.student
            if student.last_name is None and student.first_name is None:
                student.last_name, student.first_name = student.id, ""  # formgrader would show "None, None"
                gradebook.db.commit()
        self._answers, self._before = answers(notebook), before.answers if before else {}
        return super().preprocess(notebook, resources)

    def _add_score(self, cell: NotebookNode, resources: ResourcesDict) -> None:
        name = cell.metadata.nbgrader.grade_id
        grade = self.gradebook.find_grade(name, self.notebook_id, self.assignment_id, self.student_id)
        automatic, by_hand, needed = grade.auto_score, grade.manual_score, grade.needs_manual_grade
        super()._add_score(cell, resources)
        if by_hand is None or by_hand > cell.metadata.nbgrader.points:
            return
        same = self._before.get(name) == self._answers[name] if is_solution(cell) else automatic == grade.auto_score
        if same:
            grade.needs_manual_grade = needed
            self.gradebook.db.commit()
