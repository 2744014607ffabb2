"""What surrounds grading a class: a person's own settings, private folders, and a disk that is full."""

import os
import shutil
import stat
import subprocess
import sys

import nbformat
import pytest

from autograder.authoring.build import build
from autograder.authoring.course import Course
from autograder.authoring.students import handed_in
from autograder.classroom.privacy import keep_private, open_to_others
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


@pytest.mark.slow
def test_a_full_disk_takes_one_line_and_no_grades(small, tmp_path):
    course = Course.at(small)
    build(course)
    done = nbformat.writes(handed_in(course.assignment("01_first")))
    for student in ("ada", "alan", "grace"):
        folder = small / "class" / "submitted" / student / "01_first"
        folder.mkdir(parents=True)
        (folder / "01_first.ipynb").write_text(done)
    shutil.move(small, tmp_path / "before")
    small.mkdir()
    # A disk of its own. When one student is graded, the rest of it is filled by something else.
    script = f"""
set -e
mount -t tmpfs -o size=20m none {small}
cp -r {tmp_path}/before/. {small}
cd {small}
{sys.executable} -m autograder grade 01_first --no-sandbox --student ada
head -c 30m /dev/zero > filler 2>/dev/null || true
{sys.executable} -m autograder grade 01_first --no-sandbox
"""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    words = ["unshare", "-Urm", "sh", "-c", script]
    ran = subprocess.run(words, env=environment, capture_output=True, text=True)
    said = ran.stdout + ran.stderr
    assert ran.returncode == 1 and "Traceback" not in said, said
    assert "1 graded, 0 ungraded" in said and "1 have not changed" in said, said
    assert "Stopped at alan, since nothing can be written" in said
    assert "What was graded is kept: 1 of 3." in said
