"""Every hostile and broken submission gets what it must, and nobody else is affected."""

import shutil

import pytest

from autograder.authoring.students import handed_in
from autograder.running.records import Records
from hostile import KINDS
from hostile.arena import ASSIGNMENT, NBGRADERS, OURS, Treatment, prepare, surroundings, with_ours

pytestmark = pytest.mark.slow

HONEST = {  # among the others by their names, and the mistakes that they make
    "answers": [],
    "forest": ["diagonal masked"],
    "is honest": ["no scaling", "heads merged without a transpose"],
    "reader": ["True for padding"],
    "traveller": ["mask not passed on"],
}


def honest(assignment):
    made = {student: [m for m in assignment.mistakes if m.name in names] for student, names in HONEST.items()}
    return {student: handed_in(assignment, mistakes) for student, mistakes in made.items()}


def verdicts(aims):
    found = Records(folder=str(aims.course / "classroom" / "records")).latest()
    return {line.student: (line.status, line.reason, line.verdicts) for line in found if line.student in HONEST}


@pytest.mark.parametrize("half, command", enumerate([NBGRADERS, OURS]), ids=["one by one", "several at once"])
def test_the_corpus(half, command, assignment, tmp_path):
    kinds = KINDS[half::2]
    with surroundings(tmp_path / "hostile") as (aims, damage):
        made = {kind.student_id: kind.make(assignment, aims) for kind in kinds}
        prepare(aims, made | honest(assignment))
        treated, status = with_ours(aims, *command)
        among_others = verdicts(aims)
        seed = aims.course / "classroom" / "records" / f"{ASSIGNMENT}.seed"
        kept = {path.parent.parent.name for path in (aims.course / "classroom" / "submitted").glob(f"*/{ASSIGNMENT}/*")}
        with surroundings(tmp_path / "alone") as (alone, _):
            prepare(alone, honest(assignment))
            (alone.course / "classroom" / "records").mkdir(exist_ok=True)
            shutil.copy(seed, alone.course / "classroom" / "records")
            assert with_ours(alone)[1] == 0
            by_themselves = verdicts(alone)
    wrong = {}
    for kind in kinds:
        got = treated.get(kind.student_id, Treatment("lost"))
        if not got.is_right(kind):
            wrong[kind.name] = f"{got} {got.reason}, and not {kind.status}, {kind.score} {kind.reason}"
    assert wrong == {}
    assert damage == [] and status == 1
    assert set(made) - kept <= {".ada"}  # originals stay; glob does not show a hidden one
    assert len(by_themselves) == 5 and among_others == by_themselves


def test_there_are_enough_of_them():
    assert len(KINDS) >= 45 and len({kind.name for kind in KINDS}) == len({kind.student_id for kind in KINDS}) == len(
        KINDS
    )
