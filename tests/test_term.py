"""An instructor's term: 30 students, two assignments, and all that happens to them between release and the last export."""

import csv
import zipfile

import nbformat
import pytest

from term import Term, as_a_browser_writes_it, damaged

pytestmark = pytest.mark.slow
FIRST, SECOND = "01_first", "02_second"


@pytest.fixture
def term(small):
    made = Term(small, students=30)
    yield made
    made.end()


def test_a_term(term):
    class_is_enrolled_and_hands_in(term)
    manual_grades_stand(term)
    damaged_resubmission_is_ungraded_everywhere(term)
    instructors_changes_accuse_nobody(term)
    gradebook_is_lost_and_comes_back(term)
    second_assignment_comes_from_elsewhere(term)
    somebody_leaves(term)


def class_is_enrolled_and_hands_in(term):
    term.ours("build")
    for folder in ("class", "class/records"):
        assert (term.folder / folder).stat().st_mode & 0o077 == 0, folder
    roster = "id,last_name,first_name,email\n" + "".join(f"{s},Last {s},First {s},{s}@x.org\n" for s in term.students)
    (term.folder / "roster.csv").write_text(roster)
    term.command("nbgrader", "db", "student", "import", "roster.csv")
    term.command("nbgrader", "release_assignment", FIRST)
    assert "Nobody has handed in 01_first" in term.ours("grade", FIRST, fails=True)

    for student in term.students[:28]:
        mistakes = ["does nothing"] if student == "s05" else []
        content = term.notebook(FIRST, mistakes)
        term.submit(student, FIRST, as_a_browser_writes_it(content) if student == "s06" else content)
    term.command("nbgrader", "collect", FIRST)
    rows = term.exported(FIRST)
    assert {rows[s]["status"] for s in term.students[:28]} == {"not graded yet"} and rows["s01"]["score"] == ""
    assert (rows["s29"]["status"], rows["s29"]["score"]) == ("missing", "0.0")

    said = term.ours("grade", FIRST, "--student", "s011", fails=True)
    assert "There is no student s011 of 01_first" in said and "s01" in said
    assert "s29 has handed in nothing" in term.ours("grade", FIRST, "--student", "s29", fails=True)
    said = term.ours("grade", FIRST)
    assert "28 graded, 0 ungraded, 1 mistakes named." in said and "handed in nothing: s29, s30" in said
    assert "Warning" not in said
    rows = term.exported(FIRST)
    assert {row["status"] for row in rows.values()} == {"graded", "missing"}
    assert rows["s05"]["score"] == "0.0" and rows["s06"]["score"] == "4.0" and rows["s06"]["last_name"] == "Last s06"


def manual_grades_stand(term):
    assert len(term.to_grade_by_hand(FIRST)) == 28
    for student in term.students[:28]:
        term.by_hand(student, FIRST, "why", 5, f"well said, {student}")
    term.by_hand("s05", FIRST, "check_double", 1)  # for the attempt
    with term.gradebook() as gradebook:
        gradebook.find_submission_notebook(FIRST, FIRST, "s07").flagged = True  # a person wants to talk to them
        gradebook.db.commit()
    said = term.ours("grade", FIRST)
    assert "0 graded, 0 ungraded" in said and "28 have not changed" in said and not term.to_grade_by_hand(FIRST)

    term.submit("s01", FIRST, term.notebook(FIRST, ["does nothing"]))  # the answer is as it was
    term.submit("s02", FIRST, term.notebook(FIRST, why="Another answer."))
    term.command("nbgrader", "collect", FIRST, "--update")
    term.put("s04", FIRST, term.notebook(FIRST, why="By mail."))
    rows = term.exported(FIRST)
    assert {s for s, row in rows.items() if row["status"] == "a newer submission is waiting"} == {"s01", "s02", "s04"}
    said = term.ours("grade", FIRST)
    assert "3 graded, 0 ungraded" in said and "25 have not changed" in said
    assert term.to_grade_by_hand(FIRST) == {"s02", "s04"}
    assert term.graded("s01", FIRST) == (5, "well said, s01", False, False)
    assert term.exported(FIRST)["s01"]["score"] == "5.0"

    for way in (("nbgrader", "autograde", FIRST, "--force"), None):
        said = term.command(*way) if way else term.ours("grade", FIRST, "--force")
        assert term.to_grade_by_hand(FIRST) == {"s02", "s04"}
        assert term.graded("s05", FIRST, "check_double") == (1, None, False, False)
        assert term.graded("s07", FIRST) == (5, "well said, s07", False, True)
    for student in ("s02", "s04"):
        term.by_hand(student, FIRST, "why", 3)


def damaged_resubmission_is_ungraded_everywhere(term):
    before = term.exported(FIRST)["s03"]
    assert before["score"] == "9.0"
    with term.gradebook() as gradebook:
        average = gradebook.average_assignment_score(FIRST)
    term.put("s03", FIRST, damaged(term.notebook(FIRST)))
    term.ours("grade", FIRST, fails=True)
    said = term.ours("grade", FIRST, fails=True)  # it stays so
    assert "ungraded: the notebook is no JSON (the score before, 9, is kept aside)" in said
    row = term.exported(FIRST)["s03"]
    assert (row["status"], row["score"]) == ("ungraded", "")
    assert row["remarks"] == "the notebook is no JSON; an earlier score is kept aside: 9.0"
    with term.gradebook() as gradebook:
        assert "s03" not in {found.student_id for found in gradebook.assignment_submissions(FIRST)}
        assert gradebook.average_assignment_score(FIRST) == pytest.approx((average * 28 - 9) / 27)
    term.put("s03", FIRST, term.notebook(FIRST))
    term.ours("grade", FIRST)
    assert term.graded("s03", FIRST) == (5, "well said, s03", False, False)
    assert term.exported(FIRST)["s03"]["score"] == "9.0"


def instructors_changes_accuse_nobody(term):
    term.edit(FIRST, lambda text: text.replace("points=4", "points=8"))
    said = term.ours("grade", FIRST, fails=True)
    assert "check_double has 8 points there, and 4 points in the gradebook" in said and "autograder build" in said
    term.edit(FIRST, lambda text: text.replace("assert double(0) == 0", "assert double(0) == 0, 'twice nothing'"))
    term.ours("build")
    said = term.ours("grade", FIRST)
    assert "28 have not changed" in said and "autograder grade 01_first --force" in said
    said = term.ours("grade", FIRST, "--force")
    assert "to look at" not in said and "28 graded" in said
    rows = term.exported(FIRST)
    assert rows["s03"]["score"] == "13.0" and rows["s03"]["max_score"] == "14.0" and not term.to_grade_by_hand(FIRST)
    assert {row["status"] for row in rows.values()} == {"graded", "missing"}

    changed = term.notebook(FIRST)
    changed.cells[1].source += "\nmath.pi = 3"
    term.put("s08", FIRST, changed)
    assert "to look at, s08: locked cell 'setup_double' was changed" in term.ours("grade", FIRST)
    assert term.graded("s08", FIRST)[3]
    term.put("s08", FIRST, term.notebook(FIRST))
    term.ours("grade", FIRST)
    assert not term.graded("s08", FIRST)[3] and term.graded("s07", FIRST)[3]


def gradebook_is_lost_and_comes_back(term):
    before, gradebook = term.exported(FIRST), term.folder / "class" / "gradebook.db"
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
    head = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "02_second (9)"]
    people = [[f"Last {s}, First {s}", str(100 + n), "", s, "A", ""] for n, s in enumerate(term.students)]
    with (term.folder / "canvas.csv").open("w", newline="") as file:
        csv.writer(file).writerows([head, ["    Points Possible", "", "", "", "", "10"], *people])
    term.ours("roster", "canvas.csv")
    done = nbformat.writes(term.notebook(SECOND))
    with zipfile.ZipFile(term.folder / "submissions.zip", "w") as archive:
        for number, student in enumerate(term.students[:5]):
            late = "LATE_" if student == "s02" else ""
            archive.writestr(f"last{student}first{student}_{late}{100 + number}_{500 + number}_hw-1.ipynb", done)
    assert "5 would be taken in, 0 left out" in term.ours("intake", "submissions.zip")
    assert "5 taken in, 0 left out" in term.ours("intake", "submissions.zip", "--apply")
    term.put("guest", SECOND, done)  # by hand, without a time, and of nobody who is enrolled
    said = term.ours("grade", SECOND)
    assert "6 graded, 0 ungraded" in said and " late " in said and "-4" in said
    for student in (*term.students[:5], "guest"):
        term.by_hand(student, SECOND, "why", 2)
    with term.gradebook() as gradebook:
        assert (gradebook.find_student("guest").last_name, gradebook.find_student("guest").first_name) == ("guest", "")
    term.command("nbgrader", "generate_feedback", SECOND)
    term.command("nbgrader", "release_feedback", SECOND)
    assert len(list((term.folder / "exchange" / "arithmetic" / "feedback").glob("*.html"))) == 6

    said = term.ours("export", "--format", "canvas", "--to", "back.csv")
    assert "02_second: not in the list of the class: guest" in said
    with (term.folder / "back.csv").open(newline="") as file:
        rows = {row["SIS Login ID"]: row for row in csv.DictReader(file)}
    assert rows[""]["02_second (9)"] == "10" and rows["s01"]["02_second (9)"] == "6.00"
    assert rows["s30"]["02_second (9)"] == "0.00" and rows["s03"][FIRST] == "13.00"


def somebody_leaves(term):
    said = term.ours("forget", "s01")
    assert said.count("left, to delete by hand") == 5
    assert "a list of the class may name the student still" in said
    with term.gradebook() as gradebook:
        assert "s01" not in {student.id for student in gradebook.students}
