"""What is said while a class is graded, and at the end."""

import pytest

from autograder.classroom.grade import grade
from autograder.classroom.progress import account, so_far
from autograder.classroom.results import Result
from autograder.running.records import GRADED, UNGRADED, Grading
from test_ahead import NAME, course  # noqa: F401


def result(student, status=GRADED, **more):
    return Result(Grading(student, NAME, status), **more)


RESULTS = [
    result("ada", seconds=3, worked=2.0, running=2),
    result("alan", seconds=9, worked=8.0, running=1),
    result("kurt", UNGRADED, seconds=1, was_run=False),
    result("john", seconds=1, was_run=False),
    result("grace", seconds=0, is_new=False, running=1),
]


def test_it_is_said_how_far_it_is():
    assert so_far(RESULTS[:2]) == "1 running, 0 ungraded, alan"
    assert so_far(RESULTS) == "1 running, 1 ungraded, grace"


def test_at_the_end_it_is_said_what_took_the_time():
    assert [*account(RESULTS, 10, workers=2)] == [
        "4 in 10 s; the slowest: alan 9.0 s, ada 3.0 s, kurt 1.0 s",
        "2 workers were busy for 50% of this time.",
        "1 had been run before, and was taken from the records.",
    ]
    assert [*account(RESULTS[4:], 10, workers=2)] == []
    assert [*account(RESULTS[3:4], 1, workers=2)][1:] == ["1 had been run before, and was taken from the records."]


@pytest.mark.slow
def test_a_class_tells_it(course):  # noqa: F811
    first = [*grade(course, NAME, ["ada", "kurt"], jobs=2)]
    assert [one.was_run for one in first] == [True, False] and first[0].seconds > first[0].worked > 0
    again = [*grade(course, NAME, ["ada"], force=True)]
    assert not again[0].was_run and again[0].is_new
