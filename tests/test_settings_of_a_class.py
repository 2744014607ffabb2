"""What surrounds grading a class: a person's own settings, private folders, and a disk that is full."""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import nbformat
import pytest
from nbgrader.api import Gradebook

from autograder.authoring.build import build
from autograder.authoring.course import Course
from autograder.authoring.students import handed_in
from autograder.classroom.privacy import keep_private, open_to_others, shows_solutions
from autograder.classroom.settings import with_personal_settings
from autograder.errors import UserError
from this_course import ROOT


def test_personal_settings_count_where_the_course_says_nothing(small, tmp_path, monkeypatch):
    home = tmp_path / "home" / ".jupyter"
    home.mkdir(parents=True)
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(home))
    (home / "nbgrader_config.py").write_text(
        "c = get_config()\nc.LateSubmissionPlugin.penalty_method = 'zero'\nc.CourseDirectory.course_id = 'another'\n"
    )
    course = with_personal_settings(Course.at(small))
    assert course.config.LateSubmissionPlugin.penalty_method == "zero" and course.course_id == "arithmetic"
    assert course.root == str(small) and course.solutions_directory == "written"
    (home / "nbgrader_config.py").write_text("c = \n")
    with pytest.raises(UserError, match="nbgrader_config.py cannot be read: SyntaxError"):
        with_personal_settings(Course.at(small))


def test_the_class_is_private(small):
    course = Course.at(small)
    for name in ("class/submitted", "class/records"):
        (small / name).mkdir(parents=True)
        (small / name).chmod(0o755)
    assert len(open_to_others(course)) == 3  # and the folder round them
    keep_private(course)
    assert stat.S_IMODE((small / "class").stat().st_mode) == 0o700 and not open_to_others(course)
    course.groupshared = True
    keep_private(course)
    assert stat.S_IMODE((small / "class" / "submitted").stat().st_mode) == 0o2770
    assert stat.S_IMODE(small.stat().st_mode) & 0o055  # the course itself stays as it is


def test_it_is_known_whether_students_could_read_the_solutions(small, monkeypatch):
    course = Course.at(small)
    small.chmod(0o755)
    looked, way = type(small).stat, set(small.parents)
    monkeypatch.setattr(type(small), "stat", lambda path: looked("/" if path in way else path))  # all may go there
    assert shows_solutions(course)
    small.chmod(0o700)
    assert not shows_solutions(course)


LATE = "c.Autograde.autograde_preprocessors.insert(2, 'nbgrader.preprocessors.AssignLatePenalties')\n"


def hand_in(course, *students):
    done = nbformat.writes(handed_in(course.assignment("01_first")))
    for student in students:
        folder = course.folder(course.submitted_directory) / student / "01_first"
        folder.mkdir(parents=True)
        (folder / "01_first.ipynb").write_text(done)


@pytest.mark.slow
@pytest.mark.parametrize("place", ["late.py", "nbgrader_config.py"])
def test_the_late_policy_of_the_guide_holds_by_both_ways(small, place):
    """Also where it is a class in the settings themselves, which cannot go to a worker."""
    guide = (ROOT / "INSTRUCTORS.md").read_text()
    policy = dedent(guide[guide.index("    from nbgrader.plugins") : guide.index("and `c.AssignLatePenalties")])
    with (small / place).open("a") as file:
        file.write(policy)
    with (small / "nbgrader_config.py").open("a") as settings:
        settings.write(LATE)
        settings.write(
            f"c.AssignLatePenalties.plugin_class = {'TenPercentADay' if place != 'late.py' else repr('late.TenPercentADay')}\n"
        )
    course = Course.at(small)
    build(course)
    hand_in(course, "ada")
    (course.folder(course.submitted_directory) / "ada" / "01_first" / "timestamp.txt").write_text(
        "2026-10-03 10:00:00 UTC"
    )
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
    }
    for way in ([sys.executable, "-m", "autograder", "grade"], ["nbgrader", "autograde", "--force"]):
        with Gradebook(course.db_url, course.course_id) as gradebook:
            gradebook.update_or_create_assignment("01_first", duedate="2026-10-01 12:00:00 UTC")
        ran = subprocess.run([*way, "01_first"], cwd=small, env=environment, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        with Gradebook(course.db_url, course.course_id) as gradebook:
            submission = gradebook.find_submission("01_first", "ada")
            assert (submission.score, submission.late_submission_penalty) == (4, pytest.approx(0.8))
            submission.notebooks[0].late_submission_penalty = None
            gradebook.db.commit()


@pytest.mark.slow
@pytest.mark.parametrize(
    "harm, stopped",
    [
        ("head -c 30m /dev/zero > filler 2>/dev/null || true", "Stopped at alan, since nothing can be written"),
        ("mount -o remount,ro .", "Stopped at alan, since nothing can be written"),
    ],
    ids=["full", "read-only"],
)
def test_a_disk_that_cannot_be_written_takes_one_line_and_no_grades(small, tmp_path, harm, stopped):
    course = Course.at(small)
    build(course)
    hand_in(course, "ada", "alan", "grace")
    shutil.move(small, tmp_path / "before")
    small.mkdir()
    # A disk of its own. When one student is graded, something happens to it.
    script = f"""
set -e
mount -t tmpfs -o size=20m none {small}
cp -r {tmp_path}/before/. {small}
cd {small}
{sys.executable} -m autograder grade 01_first --no-sandbox --student ada
{harm}
{sys.executable} -m autograder grade 01_first --no-sandbox
"""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    words = ["unshare", "-Urm", "sh", "-c", script]
    ran = subprocess.run(words, env=environment, capture_output=True, text=True)
    said = ran.stdout + ran.stderr
    assert ran.returncode == 1 and "Traceback" not in said, said
    assert "1 graded, 0 ungraded" in said and "1 have not changed" in said, said
    assert stopped in said
    assert "What was graded is kept: 1 of 3." in said
