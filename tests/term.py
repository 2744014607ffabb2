"""A term, lived through with nbgrader's commands: a course, a class, and what both do in two months."""

import csv
import io
import json
import os
from contextlib import contextmanager
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook
from nbgrader.apps.api import NbGraderAPI
from nbgrader.utils import temp_attrs

from autograder.authoring.course import Course
from autograder.authoring.students import handed_in
from shell import Shell


class Term:
    """A course in a folder of its own, and its class, s01 and so on.

    All is as it is for an instructor and for students.
    """

    def __init__(self, folder: Path, students: int, shell: Shell):
        self.folder, self.students = folder, [f"s{number:02}" for number in range(1, students + 1)]
        (folder / "exchange").mkdir()
        (folder / "exchange").chmod(0o777)
        with (folder / "nbgrader_config.py").open("a") as settings:
            settings.write(
                f"\nc.Exchange.root = {str(folder / 'exchange')!r}\nc.Exchange.cache = {str(folder / 'x')!r}\n"
            )
            settings.write("c.ExchangeCollect.check_owner = False\n")
        self._shell = shell
        self.environment = {
            "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent.parent), str(folder)]),
            "HOME": str(folder / "home"),
            "COLUMNS": "200",
        }
        (folder / "home" / ".jupyter").mkdir(parents=True)

    def edit(self, name: str, change) -> None:
        """The instructor changes an assignment's notebook."""
        path = self.course.folder(self.course.solutions_directory) / name / "notebook.py"
        path.write_text(change(path.read_text()))

    def command(self, *words: str, fails: bool = False) -> str:
        """A command of nbgrader's or ours, and what it prints."""
        status, said = self._shell.run(self.folder, *words, environment=self.environment)
        assert (status != 0) == fails, f"{' '.join(words)}: {status}\n{said}"
        assert "Traceback" not in said or words[0] == "nbgrader", said
        return said

    def ours(self, *words: str, fails: bool = False) -> str:
        return self.command("autograder", *words, fails=fails)

    @property
    def course(self) -> Course:
        return Course.at(self.folder)

    def notebook(self, name: str, mistakes=(), **instead):
        """The released notebook of today, filled in."""
        assignment = self.course.assignment(name)
        made = [mistake for mistake in assignment.mistakes if mistake.name in mistakes]
        assert len(made) == len(mistakes)
        return handed_in(assignment, made, {self.written(name): "I think so."} | instead)

    def written(self, name: str) -> str:
        """The answer of an assignment that a person grades."""
        (cell,) = self.course.assignment(name).source.of_role("answer")
        return cell.name

    def submit(self, student: str, name: str, content, file: str | None = None) -> None:
        """What `nbgrader submit` does, without the three seconds that it takes to start."""
        api = NbGraderAPI(config=self.course.config)
        home = self.folder / "homes" / student / name
        home.mkdir(parents=True, exist_ok=True)
        write(home / (file or f"{name}.ipynb"), content)
        with temp_attrs(api.coursedir, assignment_id=name, student_id=student):
            submit = api.exchange.Submit(coursedir=api.coursedir, authenticator=api.authenticator, parent=api)
            submit.assignment_dir = str(home.parent)
            submit.start()

    def put(self, student: str, name: str, content, file: str | None = None) -> Path:
        """The instructor copies a file to where it belongs, without a time."""
        folder = Path(self.course.format_path(self.course.submitted_directory, student, name))
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / (file or f"{name}.ipynb")
        path.unlink(missing_ok=True)
        write(path, content)
        return path

    @contextmanager
    def gradebook(self):
        with Gradebook(self.course.db_url, self.course.course_id) as gradebook:
            yield gradebook

    def by_hand(self, student: str, name: str, score: float, comment: str = "", cell: str = "") -> None:
        """What formgrader does when a person grades a cell: the written answer, or another one."""
        cell = cell or self.written(name)
        with self.gradebook() as gradebook:
            grade = gradebook.find_grade(cell, name, name, student)
            grade.manual_score, grade.needs_manual_grade = score, False
            if comment:
                gradebook.find_comment(cell, name, name, student).manual_comment = comment
            gradebook.db.commit()

    def to_grade_by_hand(self, name: str) -> set[str]:
        with self.gradebook() as gradebook:
            return {found.student_id for found in gradebook.assignment_submissions(name) if found.needs_manual_grade}

    def graded(self, student: str, name: str, cell: str = ""):
        """(score by hand, comment, needs to be looked at, flagged) as formgrader shows them."""
        with self.gradebook() as gradebook:
            grade = gradebook.find_grade(cell or self.written(name), name, name, student)
            comment = None if cell else gradebook.find_comment(self.written(name), name, name, student).comment
            return grade.manual_score, comment, grade.needs_manual_grade, bool(grade.notebook.flagged)

    def exported(self, name: str, *more: str) -> dict[str, dict]:
        self.ours("export", *more)
        rows = csv.DictReader(io.StringIO((self.folder / "grades.csv").read_text(encoding="utf-8")))
        return {row["student_id"]: row for row in rows if row["assignment"] == name}


def write(path: Path, content) -> None:
    path.write_text(content if isinstance(content, str) else nbformat.writes(content), encoding="utf-8")


def damaged(notebook) -> str:
    text = nbformat.writes(notebook)
    return text[: len(text) // 2]


def as_a_browser_writes_it(notebook) -> str:
    """JupyterLab writes 4.0 as 4."""
    return json.dumps(json.loads(nbformat.writes(notebook), parse_float=lambda text: int(float(text))))
