"""Slips: what is said of an answer that the reference solution gives, too, if it is varied in one place."""

import pytest

from autograder.judging import edits
from autograder.judging.variations import IGNORED, MOST, variations

LAYER = '''
class Layer(nn.Module):
    def __init__(self, width, rate=0.1):
        """The layer."""
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.drop, self.linear = nn.Dropout(rate), nn.Linear(width, width)

    def forward(self, x, mask=None):
        """Apply it."""
        if self.first:
            x = x + self.drop(self.linear(self.norm1(x), mask))
            return self.norm2(x).softmax(dim=-1)
        x = self.norm1(x + self.drop(self.linear(x, mask)))
        return self.norm2(x).softmax(dim=-1)
'''
WORDS = {"norm1", "norm2", "rate", "mask", "first"}
MADE = {  # a slip: what it replaces, and what is said
    "a step": ("self.norm2(x)", "x", "norm2 is not applied"),
    "a step without a name": ("self.drop(self.linear(x, mask))", "self.linear(x, mask)", edits.LEFT_OUT),
    "a sum": ("x + self.drop(self.linear(x, mask))", "x - self.drop(self.linear(x, mask))", edits.SIGN),
    "a term": ("x + self.drop(self.linear(x, mask))", "self.drop(self.linear(x, mask))", edits.TERM),
    "an order": ("x + self.drop(self.linear(x, mask))", "self.drop(x + self.linear(x, mask))", edits.ORDER),
    "a dimension": ("dim=-1", "dim=1", edits.DIMENSION),
    "an argument": ("self.linear(x, mask)", "self.linear(x)", "mask is not passed on"),
    "a parameter": ("nn.Dropout(rate)", "nn.Dropout(0.1)", "rate is ignored"),
    "a mask": ("linear(x, mask)", "linear(x, mask if mask is None else ~mask)", edits.ROUND),
    "a condition that holds": ("if self.first", "if True", "first is ignored"),
    "a condition that never does": ("if self.first", "if False", "first is ignored"),
    "one for another": ("return self.norm2", "return self.norm1", "norm1 and norm2 are mixed up"),
}


@pytest.mark.parametrize("slip", MADE)
def test_a_slip_is_among_the_variations(slip):
    old, new, says = MADE[slip]
    told = {
        one.says for one in variations(LAYER, WORDS) if new in one.text and one.text.count(old) < _plain().count(old)
    }
    assert says in told


def _plain():
    """The layer as it is written out, without docstrings."""
    return "\n".join(line for line in LAYER.split("\n") if '"""' not in line)


def test_the_same_slip_may_be_made_in_both_branches():
    assert any(one.text.count("~mask") == 2 for one in variations(LAYER, WORDS))


def test_all_masks_may_be_the_wrong_way_round():
    text = "def f(x, a_mask, b_mask):\n    return x.where(a_mask, 0).where(b_mask, 1)"
    assert {one.says for one in variations(text, set()) if one.text.count("~") == 2} == {edits.ROUND}


def test_the_id_of_a_token_may_be_written_as_a_number():
    text = "def f(x, end_id):\n    return x == end_id"
    told = {one.says for one in variations(text, {"end_id"}) for number in (0, 1, 2) if f"x == {number}" in one.text}
    assert told == {"end_id is ignored"}


def test_where_there_are_too_many_they_are_taken_from_everywhere():
    text = "def f(x):\n" + "\n".join(f"    x = x + {number}" for number in range(90)) + "\n    return x"
    found = [one.text for one in variations(text, set())]
    assert len(found) == len({*found}) == MOST
    assert any("x + 0\n" not in one for one in found) and any("x + 89\n" not in one for one in found)


def test_names_that_the_description_lacks_are_not_said():
    assert not any(word in one.says for one in variations(LAYER, set()) for word in WORDS if word != "mask")


def test_a_condition_may_be_anything():
    text = "def f(x):\n    if x[0]:\n        return 1\n    return 2 if x[1:] else 3"
    assert sum(one.says == IGNORED for one in variations(text, set())) == 4


def test_what_might_never_end_is_not_varied():
    assert variations("def count():\n    while True:\n        pass", WORDS) == []


def test_variations_of_every_exercise_are_python(assignment):
    for exercise in assignment.source.exercises:
        for one in variations(assignment.solution(exercise), set()):
            compile(one.text, exercise, "exec")


def test_a_slip_is_said_where_no_name_is_known(judge, scores):
    """The second of two terms is left out by code that nobody foresaw, and it is no mistake of the catalogue."""
    solution = judge.assignment.solution("MultiHeadAttention")
    found = [one for one in variations(solution, set()) if one.says == edits.EXCHANGED]
    said = {
        case.reason for one in found for case in scores({"MultiHeadAttention": one.text})["MultiHeadAttention"].cases
    }
    assert any(edits.EXCHANGED in reason or "exchanged" in reason for reason in said)
