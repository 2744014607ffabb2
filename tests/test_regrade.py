"""A class is graded again: who gains and who loses is shown first, and what a person has given stands."""

import pytest

from autograder.__main__ import main
from autograder.running.records import Records
from small_class import KNOWN, NAME, RIGHT, SQUARE, SmallClass

pytestmark = pytest.mark.slow
NEW = """
    Mistake('squared', 'double', replace='return x * 2', by='return x * x', says='Two times x, not x times x.', costs=0.25),
]"""
ENDLESS = RIGHT + "\nwhile True: pass"


@pytest.fixture
def made(small):
    made = SmallClass(small)
    with (small / "nbgrader_config.py").open("a") as settings:
        settings.write("\nc.Execute.timeout = 2\n")
    made.grade({"ada": RIGHT, "alan": KNOWN, "emmy": ENDLESS, "grace": SQUARE, "kurt": SQUARE})
    with made.gradebook() as gradebook:
        grade = gradebook.find_grade("why", NAME, NAME, "grace")
        grade.manual_score, grade.needs_manual_grade = 5, False
        gradebook.find_comment("why", NAME, NAME, "grace").manual_comment = "Well said."
        gradebook.db.commit()
    return made


def executions(made):
    with Records(config=made.course.config).open() as database:
        return database.execute("SELECT count(*) FROM executions").fetchone()[0]


def graded(made, student):
    with made.gradebook() as gradebook:
        return gradebook.find_submission(NAME, student)


def regrade(made, capsys, *more):
    assert main(["--course", str(made.folder), "regrade", NAME, "--jobs", "1", *more]) == 0
    return capsys.readouterr().out


def test_a_new_mistake_is_found_without_running_anything(made, capsys):
    made.edit("mistakes.py", "\n]", NEW)
    made.hand_in("kurt", double=RIGHT)  # a newer one, which is not graded yet
    lines, before = len(Records(config=made.course.config).latest()), executions(made)
    said = regrade(made, capsys)
    assert "2 gain points, 0 lose some, 3 keep theirs. The feedback of 2 is another one." in said
    assert "have to be run again" not in said and "Nothing was written" in said
    row = next(line.split() for line in said.splitlines() if line.startswith("grace"))
    assert row == ["grace", "double", "0", "3", "squared"]
    with made.gradebook() as gradebook:
        assert gradebook.find_submission(NAME, "grace").score == 6 + 5

    said = regrade(made, capsys, "--apply")
    assert "Make the feedback of these anew, and release it: grace, kurt" in said and executions(made) == before
    with made.gradebook() as gradebook:
        found = {student: gradebook.find_submission(NAME, student) for student in ("ada", "grace", "kurt")}
        assert {student: one.score for student, one in found.items()} == {"ada": 10, "grace": 3 + 6 + 5, "kurt": 3 + 6}
        assert not found["grace"].needs_manual_grade and found["grace"].timestamp is None
        assert gradebook.find_comment("why", NAME, NAME, "grace").comment == "Well said."
    assert len(Records(config=made.course.config).latest()) == lines
    said = regrade(made, capsys)
    assert "0 gain points, 0 lose some, 5 keep theirs. The feedback of 0 is another one." in said
    assert made.grade() == {"ada": 10, "alan": 6, "emmy": 10, "grace": 9, "kurt": 10}  # now the newer one


def test_a_new_question_is_asked_and_it_is_said_first(made, capsys):
    locked = made.folder / "class" / "submitted" / "ada"
    before = executions(made)
    made.edit("hidden.py", "-rng.integer(1, 10**9)", "-rng.integer(1, 10**8)")
    said = regrade(made, capsys)
    assert said.startswith("5 of 5 submissions have to be run again, since there have been changes to:")
    assert "hidden tests" in said.splitlines()[0] and "5 keep theirs" in said
    assert executions(made) == before + 4  # two wrote the same
    assert "have to be run again" not in regrade(made, capsys, "--apply")
    assert executions(made) == before + 4 and locked.exists()


def test_what_was_odd_stays_known(made, capsys):
    notebook = made.folder / "class" / "submitted" / "ada" / NAME / f"{NAME}.ipynb"
    notebook.write_text(notebook.read_text().replace("import math", "import math  # mine"))
    made.hand_in("alan", double="import os\n" + RIGHT)
    made.grade()
    records = Records(config=made.course.config)
    before = {line.student: (line.anomalies, line.submitted) for line in records.latest()}
    assert before["ada"][0] and before["alan"][0]
    made.edit("mistakes.py", "\n]", NEW)
    regrade(made, capsys, "--apply")
    assert {line.student: (line.anomalies, line.submitted) for line in records.latest()} == before
    assert not [path for path in (made.folder / "class").iterdir() if path.name.startswith(".regrade")]
