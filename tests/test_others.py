"""Work in another notebook than the one that is graded is found, and said."""

import pytest

from autograder.authoring.course import Course
from autograder.authoring.release import release_notebook
from autograder.authoring.students import handed_in
from autograder.classroom.others import others, work_on
from autograder.running.releases import described


@pytest.fixture
def first(small):
    return Course.at(small).assignment("01_first")


def test_work_in_a_copy_is_proposed(first):
    released, done = release_notebook(first.source), handed_in(first)
    assert others({"01_first.ipynb": done}, first) == []
    (said,) = others({"01_first.ipynb": released, "01_first-Copy1.ipynb": done}, first)
    assert said == (
        "handed in and not graded: '01_first-Copy1.ipynb', which holds work on this assignment, and 01_first.ipynb none: "
        "rename it to 01_first.ipynb, and grade again"
    )
    assert others({"01_first.ipynb": done, "01_first-Copy1.ipynb": done}, first) == []
    other = handed_in(first, instead={"double": "def double(x):\n    return x + x"})
    (said,) = others({"01_first.ipynb": done, "x.ipynb": other}, first)
    assert said == "handed in and not graded: 'x.ipynb', with work on this assignment, as 01_first.ipynb has"
    (said,) = others({"a.ipynb": done, "b.ipynb": done}, first)
    assert said == "handed in and not graded: 'a.ipynb', 'b.ipynb', which hold work on this assignment"
    assert others({"01_first.ipynb": done, **{f"\x1b{n}.ipynb": released for n in range(9)}}, first) == []
    (said,) = others({f"\x1b{n}.ipynb": done for n in range(9)}, first)
    assert said.count("ipynb") == 5 and "\x1b" not in said


def test_what_is_not_filled_in_is_no_work(first):
    assert work_on(release_notebook(first.source), first) == []
    assert work_on(handed_in(first, instead={"double": " "}), first) == []
    assert work_on(handed_in(first), first) == ["double"]


def test_an_untouched_copy_of_an_older_release_is_no_work(small):
    """What an instructor has changed since is no work of the student's."""
    course = Course.at(small)
    old = release_notebook(course.assignment("01_first").source)
    source = small / "written" / "01_first" / "notebook.py"
    source.write_text(source.read_text().replace("def double(x):", "def double(x):\n    # twice"))
    today = course.assignment("01_first")
    assert work_on(old, today) == ["double"] and work_on(old, today, [described(old)]) == []
    assert others({"01_first.ipynb": handed_in(today), "x.ipynb": old}, today, [described(old)]) == []
