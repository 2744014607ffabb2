"""Points for what is not a student's own work are given, and a person is told to look."""

import copy

import pytest
from nbformat.v4 import new_code_cell

from autograder.authoring.release import release_notebook
from autograder.authoring.students import handed_in
from autograder.classroom.results import Result, as_table
from autograder.judging.forbidden import look_through
from autograder.judging.rules import rules_of
from autograder.running.answers import NOT_THEIR_OWN, Raised, Silent
from autograder.running.execute import Execute
from autograder.running.origin import from_elsewhere
from autograder.running.rebuild import rebuild
from autograder.running.records import ANOMALIES, Grading
from confined import NEEDS_CONFINEMENT
from hostile.unsolved import ALIASED, BY_MODULE, ONE_CELL, unsolved
from this_course import COURSE, SEED, load

NAMES = ("a", "b", "c")


def run(assignment, notebook):
    rebuilt, _ = rebuild(notebook, release_notebook(assignment.source))
    return Execute(config=COURSE.config).prepare(rebuilt, assignment, SEED).whole()


@pytest.fixture
def treat(judge):
    """Run and judge a notebook as a submission: its points, and what a person should look at."""

    def treated(assignment, notebook):
        execution = run(assignment, notebook)
        verdicts = judge.verdicts(execution.answers(), execution.notebook)
        looked = judge.to_look_at(execution.notebook, verdicts)
        return sum(verdict.score for verdict in verdicts), [*execution.anomalies, *looked]

    return treated


@pytest.mark.slow
@NEEDS_CONFINEMENT
@pytest.mark.parametrize("name", COURSE.assignment_names)
def test_one_cell_for_every_notebook_is_seen_in_every_notebook(name):
    """Nothing is judged here, which takes long: the answers to most exercises are answers, and would have points."""
    assignment = load(name)
    execution = run(assignment, unsolved(assignment, ONE_CELL))
    answers = execution.answers()
    given = {case.exercise for case in assignment.cases if not isinstance(answers[case.name], Raised | Silent)}
    assert len(given) > 3, "the cell does what it is there for"
    (odd,) = execution.anomalies
    assert odd.endswith(f": what is judged was not made in its own cell, {NOT_THEIR_OWN}")
    assert given <= {*odd.partition(":")[0].split(", ")}


@pytest.mark.slow
@NEEDS_CONFINEMENT
def test_points_for_what_is_as_it_was_handed_out_are_told(assignment, treat):
    points, (made, undone, *rest) = treat(assignment, unsolved(assignment, ONE_CELL))
    assert points == pytest.approx(75.83) and "was not made in its own cell" in made
    names = "causal_mask, padding_mask, scaled_dot_product_attention, MultiHeadAttention"
    assert undone == f"{names}: points, and its cell is as it was handed out, {NOT_THEIR_OWN}"
    assert any("wraps, other than @wraps(function)" in odd for odd in rest)


# Right notebooks: exercises whose own cells make them, in many forms.
HONEST = {
    "made twice": {"causal_mask": "def causal_mask(n): return 1\n\n{solution}"},
    "timed": {"causal_mask": "%%time\n{solution}"},
    "with blank lines": {"causal_mask": "\n\n{solution}\n\n  \n"},
    "by another name": {"causal_mask": "{solution}\nmine = causal_mask\ncausal_mask = mine"},
    "decorated": {
        "causal_mask": "from functools import wraps\ndef same(f):\n    @wraps(f)\n    def g(*a):\n        return f(*a)\n    return g\n\n@same\n{solution}"
    },
    "an error below it": {"causal_mask": "{solution}\nraise ValueError('tried something')"},
    "all at once": {"causal_mask": "{solution}\nif True:\n    pass", "padding_mask": "{solution}\n# done"},
}  # fmt: skip


@pytest.mark.slow
@NEEDS_CONFINEMENT
@pytest.mark.parametrize("name", HONEST)
def test_what_its_own_cell_makes_is_the_students(name, assignment, treat):
    texts = {one: text.replace("{solution}", assignment.solution(one)) for one, text in HONEST[name].items()}
    assert treat(assignment, handed_in(assignment, instead=texts)) == (90, [])


@pytest.mark.slow
@NEEDS_CONFINEMENT
def test_what_is_not_done_or_hangs_is_not_said_to_be_from_elsewhere(assignment, treat):
    """The grader itself puts something else in the place of what hangs, and of what raises errors."""
    nothing = {"padding_mask": "def padding_mask(lengths, max_length):\n    raise NotImplementedError()"}
    points, to_look_at = treat(assignment, handed_in(assignment, instead=nothing))
    assert 0 < points < 90 and to_look_at == []
    assert treat(assignment, release_notebook(assignment.source)) == (0, [])
    none = {name: f"{name} = None" for name in assignment.source.exercises}
    assert treat(assignment, handed_in(assignment, instead=none)) == (0, [])


@pytest.mark.slow
@NEEDS_CONFINEMENT
@pytest.mark.parametrize("place", [0, None], ids=["above", "below"])
def test_a_name_that_is_bound_in_another_cell_is_told(place, assignment, treat):
    notebook = handed_in(assignment, instead={"causal_mask": "mine = 1"})
    notebook.cells.insert(
        len(notebook.cells) if place is None else 2, new_code_cell(assignment.solution("causal_mask"))
    )
    points, to_look_at = treat(assignment, notebook)
    assert points == 90
    assert to_look_at == [f"causal_mask: what is judged was not made in its own cell, {NOT_THEIR_OWN}"]


@pytest.mark.slow
@NEEDS_CONFINEMENT
@pytest.mark.parametrize("first", [0, 1], ids=["the helper first", "the exercise first"])
def test_an_exercise_in_two_parts_is_the_students(first, assignment, treat):
    """Who splits a cell has two with the same name: the second is a free cell, and its name is known."""
    parts = ["# my helper\nhalf = 2", assignment.solution("causal_mask")]
    notebook = handed_in(assignment, instead={"causal_mask": parts[first]})
    (place,) = (n for n, cell in enumerate(notebook.cells) if cell.get("id") == "causal_mask")
    notebook.cells.insert(place + 1, copy.deepcopy(notebook.cells[place]))
    notebook.cells[place + 1].source = parts[1 - first]
    points, to_look_at = treat(assignment, notebook)
    assert (points, to_look_at) == (90, [])


@pytest.mark.parametrize(
    "texts, found",
    [
        ([], {*NAMES}),  # it says nothing
        (["[]", "[]"], set()),
        (['["a"]', '["b", "else"]'], {"a", "b"}),
        (["[]", "{"], {*NAMES}),
        (["[[]]"], {*NAMES}),
        ([5], {*NAMES}),
        (["[" * 100_000], {*NAMES}),
        (["null"], {*NAMES}),
    ],
)
def test_a_kernel_that_says_nothing_readable_is_not_believed(texts, found):
    assert from_elsewhere(texts, NAMES) == found


def test_the_table_says_it_first():
    odd = ["another notebook lies beside it", f"f: points, and its cell is as it was handed out, {NOT_THEIR_OWN}"]
    grading = Grading("eve", "01_attention", ANOMALIES, anomalies=odd)
    said = as_table(load("01_attention"), [Result(grading, 1.0)])
    assert f"to look at, eve: f: points, and its cell is as it was handed out, {NOT_THEIR_OWN}, and 1 more" in said


@pytest.mark.parametrize(
    "cell, is_flagged",
    [
        ("@wraps(print)\ndef f(): pass", False),
        ("import functools\n@functools.wraps(print)\ndef f(): pass", False),
        ("from functools import wraps", False),
        ("from functools import wraps as w", True),
        ("w = wraps", True),
        ("wraps(print)(len)", True),
        ("@wraps(print, updated=('a',))\ndef f(): pass", True),
        ("@wraps(print, ('a',))\ndef f(): pass", True),
        ("@wraps(*things)\ndef f(): pass", True),
        ("@wraps\ndef f(): pass", True),
        ("partial(wraps, updated=('a',))", True),
        ("print(type(x), type(x).__name__, type(x) is int, int == type(x))", False),
        ("isinstance(x, type) and issubclass(type(x), (type, int))", False),
        ("set(map(type, xs))", False),
        ("def f(x: type, y: type[int] | None) -> type: return type(x)(1, 2, 3)", False),
        ("kind: type = int", False),
        ("Box = type('Box', (), {})", True),
        ("make = type", True),
        ("map(type, names, bases, spaces)", True),
        ("type(*parts)", True),
        ("type('Box', bases=(), dict={})", True),
        ("def f(x: type('Box', (), {})): pass", True),
        ("class Meta(type): pass", True),
        ("isinstance(x, type('Box', (), {}))", True),
        ("print(x.__class__.__name__)", False),
        ("x.__class__ = Mine", True),
        ("for x.__class__ in [Mine]: pass", True),
        ("del x.__class__", True),
        ("class Box:\n    __class__ = int", True),
        ("class Box:\n    def __class__(self): return int", True),
        ("setattr(x, '__class__', Mine)", True),
        ("object.__setattr__(x, '__class__', Mine)", True),
        ("getattr(x, '__class__')", False),
    ],
)
def test_harmless_names_that_can_do_more(cell, is_flagged):
    beside = "from functools import partial\nx = xs = names = bases = spaces = parts = things = [1]\nclass Mine: pass\n"
    found = look_through([beside + cell], rules_of(load("01_attention"))).to_look_at
    assert bool(found) == is_flagged, found


def test_all_forms_of_the_cell_are_flagged():
    for cell in (ONE_CELL, ALIASED, BY_MODULE):
        found = look_through([cell], rules_of(load("05_generation"))).to_look_at
        assert any("wraps" in line for line in found), (cell, found)
