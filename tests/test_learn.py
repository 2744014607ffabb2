"""Wrong answers that students share become mistakes with names, and what students wrote runs in kernels alone."""

import pytest

from autograder import probe
from autograder.__main__ import main
from autograder.authoring.mistakes import Mistake
from autograder.authoring.source import SourceError
from autograder.authoring.students import handed_in
from autograder.classroom.learned import drafts, named, place, with_learned
from autograder.classroom.lessons.learn import Group, Shown, _literal, _unnamed, add_to_groups, learn, write_drafts
from autograder.judging.expected import Expected
from autograder.judging.judge import Judge
from autograder.running.answers import Reply, Silent
from autograder.running.execution import Execution
from autograder.running.records import Grading, Records
from small_class import ABSOLUTE, KNOWN, NAME, RIGHT, SQUARE, SmallClass

HOSTILE = 'def double(x):\n    """\\"\\"\\" by Ada"""\n    raise SystemExit("""\\\n\u202e""")'
WITH_NAME = 'def double(x):\n    """Written by grace."""\n    # grace hopper\n    y = x  # of grace\n    return y * y'
TRACE = "def double(x):\n    import builtins\n    builtins.was_here = True\n    return x * x"


def shown(solution, exercise="double"):
    return Shown(exercise, ["It works."], ["grace"], 1, solution, True)


@pytest.mark.parametrize("text", [SQUARE, HOSTILE, "def double(x):\n    return '''\\'''\\\\'''", 'x = """a\\"""b"""'])
def test_a_draft_is_text_that_reads_back_as_it_was(text):
    assert drafts("x", f"Mistake('', 'double', solution={_literal(text)})")[0].solution.strip("\n") == text
    assert "\u202e" not in _literal(text)  # what cannot be seen is shown


@pytest.mark.parametrize(
    "text", ["import os", "print(1)", "Mistake(exec('1'))", "x = Mistake('')", "Mistake(", "Mistake('a', by=[].append)"]
)
def test_nothing_in_a_draft_is_run(text):
    with pytest.raises(SourceError):
        drafts("drafts.txt", text)


def test_a_draft_counts_only_with_a_name_and_a_sentence(small):
    assignment = SmallClass(small).course.assignment(NAME)
    text = "Mistake({!r}, 'double', says={!r}, solution=" + repr(SQUARE) + ")"
    assert not named(small / "x", text.format("", ""), assignment) and not named(
        small / "x", text.format("squared", ""), assignment
    )
    assert not named(small / "x", text.format("", "Two times x."), assignment)
    (mistake,) = named(small / "x", text.format("squared", "Two times x."), assignment)
    assert mistake.solution == SQUARE
    with pytest.raises(SourceError, match="called 'does nothing', too"):
        named(small / "x", text.format("does nothing", "Two times x."), assignment)


def test_what_a_student_wrote_is_not_run_here(small):
    """It is known by its answers, and takes part in nothing else."""
    import builtins

    assignment = SmallClass(small).course.assignment(NAME)
    wrong = Mistake("squared", "double", says="Two times x.", solution=TRACE)
    right = Judge(assignment, "seed").answers()
    answers = right | {case.name: 7 for case in assignment.cases_of("double")}
    judge = Judge(with_learned(assignment, {wrong: answers}), "seed", kept={wrong: answers})
    double, triple = judge.verdicts(answers)
    assert [mistake.name for mistake in double.mistakes] == ["squared"] and double.score == 2 and triple.score == 6
    known = Expected(with_learned(assignment, {wrong: answers}), "seed", {wrong: answers})
    case, other = assignment.cases[0], assignment.mistakes[0]
    assert isinstance(known.answer(case, [wrong, other]), Silent) and known.is_trivial(case, [wrong])
    with pytest.raises(ValueError):
        known.reference(frozenset({wrong}))
    assert not hasattr(builtins, "was_here")


def test_a_draft_is_written_once(small):
    made = SmallClass(small)
    records = Records(config=made.course.config)
    records.seed(NAME)  # its folder is there from the first grading on
    assert write_drafts(made.course, NAME, [shown(SQUARE), shown(ABSOLUTE)]) == 2
    path = place(records, NAME)
    path.write_text(path.read_text().replace('""', '"squared"', 1).replace('says=""', 'says="Two."', 1))
    assert write_drafts(made.course, NAME, [shown(ABSOLUTE), shown(SQUARE), shown(HOSTILE)]) == 1
    assert [draft.name for draft in drafts(path, path.read_text())] == ["squared", "", ""]
    assert path.stat().st_mode & 0o077 == 0


def test_the_shortest_is_shown():
    assert Group("double", (), (), [], {"aaa", "b", "c"}).solution == "b"


def test_what_hangs_on_an_earlier_exercise_says_nothing_of_a_later_one(small):
    """Nor does a right answer that is refused for the names that it uses."""
    made = SmallClass(small)
    made.edit(
        "hidden.py",
        'return student.triple("ab" * rng.integer(1, 9))',
        "return student.double(student.triple(rng.integer(3, 9)))",
    )
    assignment = made.course.assignment(NAME)
    known = Expected(assignment, "seed")
    right = Judge(assignment, "seed").answers()
    verdicts = Judge(assignment, "seed").verdicts(dict.fromkeys(right, 7))
    line = Grading("ada", NAME, "graded", verdicts=[verdict.as_dict() for verdict in verdicts])
    assert [exercise for exercise, _ in _unnamed(assignment, known, line)] == ["double"]
    replies = {name: Reply(probe.as_text(probe.answer(lambda told, _: told, right[name], ""))) for name in right}
    groups = {}
    add_to_groups(groups, assignment, known, Execution(handed_in(assignment), replies), line)
    assert not groups


@pytest.mark.slow
def test_a_class_teaches_a_mistake(small, capsys):
    made = SmallClass(small)
    wrote = {"ada": RIGHT, "alan": KNOWN, "edsger": ABSOLUTE, "grace": WITH_NAME, "john": SQUARE, "kurt": SQUARE}
    assert made.grade(wrote)["grace"] == 6
    assert learn(made.course, NAME, least=4) == ([], 4)
    (group,), alone = learn(made.course, NAME)
    assert (group.students, group.ways, group.same, alone) == (["grace", "john", "kurt"], 2, True, 1)
    assert group.solution == SQUARE and len(group.titles) == 3

    def command(*words):
        assert main(["--course", str(small), *words]) == 0
        return capsys.readouterr().out

    said = command("learn", NAME)
    assert "double: 3 students with the same answers, written in 2 ways" in said and "return x * x" in said
    path = place(Records(config=made.course.config), NAME)
    assert "grace" not in said + path.read_text() and "1 new drafts" in said
    assert "0 gain points" in command("regrade", NAME)  # nobody has given it a name
    text = path.read_text().replace('""', '"squared"', 1).replace('says=""', 'says="Two times x, not x times x."', 1)
    path.write_text(text)
    said = command("regrade", NAME, "--apply")
    assert "3 gain points, 0 lose some" in said and "run again" not in said
    with made.gradebook() as gradebook:
        assert gradebook.find_submission(NAME, "grace").score == 8
    line = Records(config=made.course.config).last("kurt", NAME)
    assert line.verdicts[0]["cases"][0]["reason"] == "Two times x, not x times x."
    assert "The verdict is the same." in command("replay", "kurt", NAME)
    assert "0 groups. 1 students have other wrong answers" in command("learn", NAME)
    command("backup", str(small / "kept.zip"))
    path.unlink()
    command("restore", str(small / "kept.zip"), "--force")
    assert path.read_text() == text
