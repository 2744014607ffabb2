"""An instructor's term: 30 students, two notebooks of the course, and all that happens to them until the last export.

It takes some 200 s of processor time, measured on a busy machine with two cores. Most students hand in the same code,
which is run once.
"""

import csv
import runpy
import zipfile

import nbformat
import pytest

from autograder.running.releases import grade_id
from term import Term, as_a_browser_writes_it, damaged
from this_course import COURSE, ROOT, copy_course

pytestmark = pytest.mark.slow
FIRST, SECOND = "01_attention", "05_generation"
SHOWN = ("s01", "s02", "s03", "s08", "s09", "s29", "s30")  # in docs/grading.md


@pytest.fixture
def term(tmp_path, shell):
    copy_course(tmp_path, *(name for name in COURSE.assignment_names if name <= SECOND))
    return Term(tmp_path, students=30, shell=shell)


def test_a_term(term):
    class_is_enrolled_and_hands_in(term)
    manual_grades_stand_and_what_is_damaged_is_ungraded(term)
    every_status_is_told(term)
    nbgrader_grades_alike(term)
    instructors_changes_accuse_nobody(term)
    gradebook_is_lost_and_comes_back(term)
    second_assignment_comes_from_elsewhere(term)
    somebody_leaves(term)


def class_is_enrolled_and_hands_in(term):
    term.ours("build")
    for folder in ("classroom", "classroom/records"):
        assert (term.folder / folder).stat().st_mode & 0o077 == 0, folder
    roster = "id,last_name,first_name,email\n" + "".join(f"{s},Last {s},First {s},{s}@x.org\n" for s in term.students)
    (term.folder / "roster.csv").write_text(roster)
    term.command("nbgrader", "db", "student", "import", "roster.csv")
    term.command("nbgrader", "release_assignment", FIRST)
    assert f"Nobody has handed in {FIRST}" in term.ours("grade", FIRST, fails=True)

    for student in term.students[:28]:
        mistakes = ["diagonal masked"] if student == "s05" else []
        content = term.notebook(FIRST, mistakes)
        term.submit(student, FIRST, as_a_browser_writes_it(content) if student == "s06" else content)
    term.command("nbgrader", "collect", FIRST)
    rows = term.exported(FIRST)
    assert {rows[s]["status"] for s in term.students[:28]} == {"not graded yet"} and rows["s01"]["score"] == ""
    assert (rows["s29"]["status"], rows["s29"]["score"]) == ("missing", "0.0")

    said = term.ours("grade", FIRST, "--student", "s011", fails=True)
    assert f"There is no student s011 of {FIRST}" in said and "s01" in said
    assert "s29 has handed in nothing" in term.ours("grade", FIRST, "--student", "s29", fails=True)
    said = term.ours("grade", FIRST)
    assert "28 graded, 0 ungraded, 1 mistakes named." in said and "handed in nothing: s29, s30" in said
    assert "Warning" not in said and "to look at" not in said
    rows = term.exported(FIRST)
    assert {row["status"] for row in rows.values()} == {"graded", "missing"}
    assert rows["s05"]["score"] == "85.0" and rows["s06"]["score"] == "90.0" and rows["s06"]["last_name"] == "Last s06"


def manual_grades_stand_and_what_is_damaged_is_ungraded(term):
    assert len(term.to_grade_by_hand(FIRST)) == 28
    for student in term.students[:28]:
        term.by_hand(student, FIRST, 9, f"well said, {student}")
    term.by_hand("s05", FIRST, 1, cell="check_causal_mask")  # for the attempt
    with term.gradebook() as gradebook:
        gradebook.find_submission_notebook(FIRST, FIRST, "s07").flagged = True  # a person wants to talk to them
        gradebook.db.commit()
        average = gradebook.average_assignment_score(FIRST)
    said = term.ours("grade", FIRST)
    assert "0 graded, 0 ungraded" in said and "28 have not changed" in said and not term.to_grade_by_hand(FIRST)

    term.submit("s01", FIRST, term.notebook(FIRST, ["diagonal masked"]))  # the answer is as it was
    term.submit("s02", FIRST, term.notebook(FIRST, renormalised="Another answer."))
    term.command("nbgrader", "collect", FIRST, "--update")
    term.put("s04", FIRST, term.notebook(FIRST, renormalised="By mail."))
    before = term.exported(FIRST)
    assert {s for s, row in before.items() if row["status"] == "a newer submission is waiting"} == {"s01", "s02", "s04"}
    term.put("s03", FIRST, damaged(term.notebook(FIRST)))
    changed = term.notebook(FIRST)
    next(cell for cell in changed.cells if grade_id(cell) == "setup").source += "\nmath.pi = 3"
    term.put("s08", FIRST, changed)

    said = term.ours("grade", FIRST, fails=True)
    assert "4 graded, 1 ungraded" in said and "23 have not changed" in said
    assert "ungraded: the notebook is no JSON (the score before, 99, is kept aside)" in said
    assert "to look at, s08: locked cell 'setup' was changed" in said
    assert term.to_grade_by_hand(FIRST) == {"s02", "s04"}
    assert term.graded("s01", FIRST) == (9, "well said, s01", False, False) and term.graded("s08", FIRST)[3]
    with term.gradebook() as gradebook:
        assert "s03" not in {found.student_id for found in gradebook.assignment_submissions(FIRST)}
        assert gradebook.average_assignment_score(FIRST) == pytest.approx((average * 28 - 99 - 5) / 27)


def every_status_is_told(term):
    """docs/grading.md shows them as they are here."""
    term.submit("s09", FIRST, term.notebook(FIRST, ["no scaling"]))
    term.submit("s29", FIRST, term.notebook(FIRST))
    term.command("nbgrader", "collect", FIRST, "--update")
    rows = term.exported(FIRST)
    columns = ("student_id", "status", "score", "to_grade_by_hand", "remarks")
    table = [f"| {' | '.join(rows[student][name] for name in columns)} |" for student in SHOWN]
    assert "\n".join(table) in (ROOT / "docs" / "grading.md").read_text(encoding="utf-8"), "\n".join(table)
    assert {row["status"] for row in rows.values()} == {rows[student]["status"] for student in SHOWN}


def nbgrader_grades_alike(term):
    term.command("nbgrader", "autograde", FIRST, "--force", fails=True)  # because of the damaged one
    assert term.to_grade_by_hand(FIRST) == {"s02", "s04", "s29"}
    assert term.graded("s05", FIRST, "check_causal_mask") == (1, None, False, False)
    assert term.graded("s07", FIRST) == (9, "well said, s07", False, True)
    row = term.exported(FIRST)["s03"]
    assert (row["status"], row["score"]) == ("ungraded", "")
    assert row["remarks"] == "the notebook is no JSON; an earlier score is kept aside: 99.0"
    for student in ("s02", "s04", "s29"):
        term.by_hand(student, FIRST, 3)


def instructors_changes_accuse_nobody(term):
    term.edit(FIRST, lambda text: text.replace('check="causal_mask" points=10', 'check="causal_mask" points=20'))
    said = term.ours("grade", FIRST, fails=True)
    assert (
        "check_causal_mask has 20 points there, and 10 points in the gradebook" in said and "autograder build" in said
    )
    term.edit(FIRST, lambda text: text.replace("Position 1 may look at itself", "Position 1 does look at itself"))
    term.ours("build")
    for student in ("s03", "s08"):
        term.put(student, FIRST, term.notebook(FIRST))  # from the new release, the others' are from the old one
    said = term.ours("grade", FIRST)
    assert "2 graded" in said and "27 have not changed" in said and f"autograder grade {FIRST} --force" in said
    assert term.graded("s03", FIRST) == (9, "well said, s03", False, False)
    assert not term.graded("s08", FIRST)[3] and term.graded("s07", FIRST)[3]
    said = term.ours("grade", FIRST, "--force")
    assert "to look at" not in said and "29 graded" in said
    rows = term.exported(FIRST)
    assert rows["s03"]["score"] == "109.0" and rows["s03"]["max_score"] == "110.0"
    assert term.to_grade_by_hand(FIRST) == {"s05"}  # a person has set the score of a check, and 5 points are 10 now
    assert {row["status"] for row in rows.values()} == {"graded", "missing"}


def gradebook_is_lost_and_comes_back(term):
    before, gradebook = term.exported(FIRST), term.folder / "classroom" / "gradebook.db"
    term.ours("backup", "kept.zip")
    gradebook.unlink()
    for way in (("grade", FIRST), ("export",)):
        said = term.ours(*way, fails=True)
        assert said.count("There is no gradebook") == 1 and "restore FILE" in said and not gradebook.exists()
    assert "would be replaced" in term.ours("restore", "kept.zip", fails=True)
    term.ours("restore", "kept.zip", "--force")
    assert term.exported(FIRST) == before


def second_assignment_comes_from_elsewhere(term):
    (term.folder / "home" / ".jupyter" / "nbgrader_config.py").write_text(
        "c = get_config()\nc.LateSubmissionPlugin.penalty_method = 'zero'\n"
    )
    with term.gradebook() as gradebook:
        gradebook.update_or_create_assignment(SECOND, duedate="2026-01-31 12:00:00 UTC")
    head = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", f"{SECOND} (9)"]
    people = [[f"Last {s}, First {s}", str(100 + n), "", s, "A", ""] for n, s in enumerate(term.students)]
    with (term.folder / "canvas.csv").open("w", newline="") as file:
        csv.writer(file).writerows([head, ["    Points Possible", "", "", "", "", "100"], *people])
    term.ours("roster", "canvas.csv")
    ways = runpy.run_path(str(ROOT / "solutions" / SECOND / "alternatives.py"))["ALTERNATIVES"]["generate"]
    done = nbformat.writes(term.notebook(SECOND))
    others = {
        "s03": nbformat.writes(term.notebook(SECOND, generate=next(iter(ways.values())))),
        "s04": nbformat.writes(term.notebook(SECOND, ["multiplied by the temperature"])),
    }
    with zipfile.ZipFile(term.folder / "submissions.zip", "w") as archive:
        for number, student in enumerate(term.students[:5]):
            late = "LATE_" if student == "s02" else ""
            archive.writestr(
                f"last{student}first{student}_{late}{100 + number}_{500 + number}_hw-1.ipynb", others.get(student, done)
            )
    assert "5 would be taken in, 0 left out" in term.ours("intake", "submissions.zip")
    assert "5 taken in, 0 left out" in term.ours("intake", "submissions.zip", "--apply")
    term.put("guest", SECOND, done)  # by hand, without a time, and of nobody who is enrolled
    said = term.ours("grade", SECOND)
    assert "6 graded, 0 ungraded" in said and " late " in said and "-90" in said
    assert "to look at" not in said and "multiplied by the temperature" in said
    for student in (*term.students[:5], "guest"):
        term.by_hand(student, SECOND, 2)
    with term.gradebook() as gradebook:
        assert (gradebook.find_student("guest").last_name, gradebook.find_student("guest").first_name) == ("guest", "")
    term.command("nbgrader", "generate_feedback", SECOND)
    term.command("nbgrader", "release_feedback", SECOND)
    assert len(list((term.folder / "exchange" / term.course.course_id / "feedback").glob("*.html"))) == 6

    said = term.ours("export", "--format", "canvas", "--to", "back.csv")
    assert f"{SECOND}: not in the list of the class: guest" in said
    with (term.folder / "back.csv").open(newline="") as file:
        rows = {row["SIS Login ID"]: row for row in csv.DictReader(file)}
    assert (
        rows[""][f"{SECOND} (9)"] == "100" and rows["s01"][f"{SECOND} (9)"] == rows["s03"][f"{SECOND} (9)"] == "92.00"
    )
    assert rows["s30"][f"{SECOND} (9)"] == "0.00" and rows["s03"][FIRST] == "109.00"


def somebody_leaves(term):
    said = term.ours("forget", "s01")
    assert said.count("left, to delete by hand") == 5
    assert "a list of the class may name the student still" in said
    with term.gradebook() as gradebook:
        assert "s01" not in {student.id for student in gradebook.students}
