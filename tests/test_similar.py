"""Submissions that are alike are found by an index, and what right solutions have in common does not count."""

import pytest

from autograder.__main__ import main
from autograder.classroom.lessons.similar import Alike, Pair, as_text, candidates, pieces, similar, tokens
from small_class import KNOWN, NAME, RIGHT, SmallClass

KNOWN_NAMES = {"def", "for", "in", "return", "range", "double"}
ODD = "def double(x):\n    total = 0\n    for step in range(3):\n        total = total + x * step\n    return total - x - 1"
RENAMED = "def double(x):\n    # my own\n    s = 0\n    for i in range(3):\n        s = s + x * i\n    return s - x - 1"
OTHER = "def double(x):\n    return [x, x, -1][0] + sum([x, -1])"  # the same answers, written otherwise


def test_other_names_comments_and_layout_make_no_difference():
    assert tokens(ODD, KNOWN_NAMES) == tokens(RENAMED, KNOWN_NAMES)
    assert tokens("double(x", KNOWN_NAMES) == ("double", "(", "a name")  # what Python cannot read
    assert len(pieces(tuple("abcdefg"))) == 2 and pieces(tuple("abc")) == set()


def test_a_large_class_is_not_compared_pair_by_pair():
    """What many share leads to no pair: ten thousand who share everything but two who share more."""
    everybody = [f"s{number}" for number in range(10_000)]
    shared = [(everybody, 1.0)] * 50 + [([f"s{n}", f"s{n + 1}"], 2.0) for n in range(0, 10_000, 2)]
    found = candidates([*shared, (["s7", "s9000"], 9.0)], most=100)
    assert len(found) == 100 and found[0] == ("s7", "s9000")


def test_the_same_wrong_answers_count_most():
    right, wrong = Alike("a", 0.9, 0.5, 1.0), Alike("a", 0.9, 0.5, 1.0, same_answers=2)
    assert wrong.weight == 4 * right.weight > 0
    assert Alike("a", 0.5, 0.6, 1.0, 2).weight == 0  # right solutions are more alike
    assert Alike("a", 0.9, 0.5, 0.0, 2).weight == 0  # everybody has these pieces
    assert "no verdict" in as_text([Pair(("ada", "alan"), [wrong])]) and "No two" in as_text([])


@pytest.mark.slow
def test_those_who_copied_come_first(small, capsys):
    made = SmallClass(small)
    long = f"{RIGHT}\n{'x = 1; ' * 5_000}"
    students = {"ada": RIGHT, "alan": KNOWN, "edsger": RIGHT, "grace": ODD, "john": OTHER, "kurt": RENAMED}
    made.grade(students | {"zuse": long, "zilly": long})
    (first, *rest), left_out = similar(made.course, NAME, most=5)
    assert left_out == ["double of zilly", "double of zuse"]
    assert first.students == ("grace", "kurt") and all(pair.weight < first.weight / 2 for pair in rest)
    (double,) = first.alike
    assert (double.share, double.same_answers) == (1.0, 3)
    assert main(["--course", str(small), "similar", NAME, "--most", "1"]) == 0
    said = capsys.readouterr().out
    assert "Not compared, for more than 20,000 characters: double of zilly, double of zuse." in said
    assert "grace and kurt" in said and "the same wrong answers, which 3 give" in said
