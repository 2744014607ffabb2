"""A gradebook on a PostgreSQL server: two graders at once, points by hand, export, feedback, backup."""

import csv
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import pytest

from autograder.__main__ import main
from autograder.authoring.course import commands_on_path
from small_class import ABSOLUTE, KNOWN, NAME, RIGHT, SmallClass

pgserver = pytest.importorskip("pgserver", reason="there is no PostgreSQL for tests: pip install pgserver")
pytest.importorskip("psycopg2", reason='PostgreSQL\'s driver is not installed: pip install -e ".[postgres]"')

pytestmark = pytest.mark.slow

WROTE = {"ada": RIGHT, "alan": KNOWN, "grace": ABSOLUTE, "john": RIGHT}


@pytest.fixture(scope="module")
def url():
    folder = Path(tempfile.mkdtemp(prefix="pg-"))  # a socket's path must be short
    server = pgserver.get_server(folder)
    yield server.get_uri().replace("postgresql://", "postgresql+psycopg2://", 1)
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def arithmetic(small, url):
    with (small / "nbgrader_config.py").open("a") as settings:
        settings.write(f"\nc.CourseDirectory.db_url = {url!r}\n")
    return SmallClass(small)


def started(folder, *words):
    return subprocess.Popen(
        [sys.executable, *words], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def test_a_term_on_a_server(arithmetic, monkeypatch):
    folder = arithmetic.folder
    for student, text in WROTE.items():
        arithmetic.hand_in(student, double=text)
    halves = [["ada", "alan"], ["grace", "john"]]
    runs = [
        started(folder, "-m", "autograder", "grade", NAME, "--jobs", "1", *(f"--student={name}" for name in half))
        for half in halves
    ]
    for run in runs:
        said, _ = run.communicate()
        assert run.returncode == 0 and "2 graded, 0 ungraded" in said, said

    with arithmetic.gradebook() as gradebook:
        grade = gradebook.find_grade("why", NAME, NAME, "ada")
        grade.manual_score = 5
        grade.needs_manual_grade = False
        gradebook.db.commit()
    assert main(["--course", str(folder), "grade", NAME, "--force", "--student", "ada"]) == 0
    with arithmetic.gradebook() as gradebook:
        assert gradebook.find_grade("why", NAME, NAME, "ada").manual_score == 5
        assert gradebook.find_submission(NAME, "ada").score == 15

    monkeypatch.chdir(folder)
    assert main(["export"]) == 0
    with open("grades.csv") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file) if row["assignment"] == NAME}
    assert rows.keys() == WROTE.keys() and float(rows["ada"]["score"]) == 15

    with commands_on_path():
        subprocess.run(["nbgrader", "generate_feedback", NAME], check=True, capture_output=True)
    assert (folder / "class" / "feedback" / "john" / NAME / f"{NAME}.html").exists()

    assert main(["backup", "kept.zip"]) == 0
    with zipfile.ZipFile("kept.zip") as archive:
        assert "records.db" in archive.namelist() and "gradebook.db" not in archive.namelist()
    assert main(["restore", "kept.zip", "--force"]) == 0
    assert main(["forget", "alan"]) == 0
    with arithmetic.gradebook() as gradebook:
        assert {student.id for student in gradebook.students} == {"ada", "grace", "john"}
