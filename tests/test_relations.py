"""What is said of wrong answers that no mistake explains: each relation is made to happen, and holds in all or is not said."""

import math

import pytest
import torch

from autograder.judging.relations import RELATIONS, WrongAnswer, relation

torch.manual_seed(5)
X = torch.randn(3, 4, 6, dtype=torch.float64)
SQUARE = torch.randn(2, 5, 5, dtype=torch.float64)
MASK = torch.tensor([[True, True, False, False], [True, True, True, False], [True] * 4])
LOWER = torch.ones(5, 5).tril().bool()


def changed(right, places):
    """The right answer, and other numbers in these places."""
    return torch.where(places.expand_as(right), right + 1 + torch.rand_like(right), right)


def at(*index):
    places = torch.zeros(3, 4, 6, dtype=torch.bool)
    places[index] = True
    return places


EMPTY = X.masked_fill(at(slice(None), 1), 0.0)
HIDDEN = X.masked_fill(at(slice(None), slice(None), 2), -math.inf)
ALL = slice(None)
GIVEN = 3 * X[0]
SHARES = X.softmax(-1)
HAPPEN = {  # by the relation's name: the right answer and the wrong one
    "argument_changed": (GIVEN, X[1]),
    "zeros": (X, torch.zeros(2)),
    "an_argument": (X, GIVEN),
    "one_number": (X, torch.ones_like(X)),
    "another_dtype": (X, X.float()),
    "dimensions_of_one": (X, X[:, None]),
    "transposed": (X, X.mT),
    "another_order_of_dimensions": (X, X.permute(2, 0, 1)),
    "mean_over_a_dimension": (X, X.mean(1)),
    "sum_over_a_dimension": (X, X.sum(1)),
    "a_part": (X, X[:, -1]),
    "opposite": (LOWER, ~LOWER),
    "negated": (X, -X),
    "factor": (X, 0.5 * X),
    "offset": (X, X + 2),
    "factors_of_rows": (X, X * torch.rand(3, 4, 1)),
    "probabilities": (X, X.softmax(-1)),
    "logits": (X.softmax(-1), X),
    "logarithm": (X.exp(), X),
    "exponential": (X, X.exp()),
    "rolled": (X, X.roll(1, 1)),
    "permuted": (X, X[:, [2, 0, 3, 1]]),
    "other_places": (X, X.mT.reshape(X.shape)),
    "argument_added": (X[1], X[1] + GIVEN),
    "argument_not_added": (X[1] + GIVEN, X[1]),
    "times_an_argument": (X[1], X[1] * GIVEN),
    "dropped": (X, torch.where(X.roll(1, 0) > 0, X / 0.9, 0.0)),
    "offsets_of_rows": (X, X.log_softmax(-1)),
    "stretched_rows": (X, torch.nn.functional.layer_norm(X, (6,))),
    "negative_is_zero": (X, X.relu()),
    "rising": (X, X.tanh()),
    "same_for_all": (X, torch.randn(1, 4, 6).expand(3, 4, 6)),
    "sums_elsewhere": (SHARES, torch.randn(3, 4, 6).softmax(1)),
    "no_shares": (SHARES, torch.rand(3, 4, 6)),
    "half_precision": (X.half(), changed(X, at(0, 1)).half()),
    "single_precision": (X, X.float().double()),
    "diagonal": (SQUARE, changed(SQUARE, torch.eye(5).bool())),
    "above_the_diagonal": (SQUARE, changed(SQUARE, ~LOWER)),
    "below_the_diagonal": (SQUARE, changed(SQUARE, LOWER.tril(-1))),
    "empty_rows": (EMPTY, EMPTY.masked_fill(at(ALL, 1), math.nan)),
    "hidden_places": (HIDDEN, HIDDEN.masked_fill(-math.inf == HIDDEN, -1e9)),
    "hidden_too_many": (X, X.masked_fill(at(1, 2, slice(3)), -math.inf)),
    "hidden_elsewhere": (HIDDEN, HIDDEN.masked_fill(at(1, 2, 0), -math.inf).masked_fill(at(1, 1, 2), 1.0)),
    "true_too_many": (X > 0, (X > 0) | (X < -1)),
    "true_too_few": (X > 0, X > 1),
    "zeros_missed": (X.relu(), changed(X.relu(), at(0, 0) & (X < 0))),
    "zeros_too_many": (X, X.masked_fill(at(0, 0, slice(3)), 0.0)),
    "earlier_positions": (X, changed(X, at(ALL, slice(0, -1)))),
    "too_large": (torch.tensor(2.0), torch.tensor(3.0)),
    "too_small": (torch.tensor(2.0), torch.tensor(1.0)),
    "padded_positions": (X, changed(X, ~MASK[..., None])),
    "real_positions": (X, changed(X, MASK[..., None])),
    "later_sequences": (X, changed(X, at(slice(1, None)))),
    "first_position": (X, changed(X, at(ALL, 0))),
    "last_position": (X, changed(X, at(ALL, -1))),
    "later_positions": (X, changed(X, at(ALL, slice(1, None)))),
    "first_column": (X, changed(X, at(ALL, ALL, 0))),
    "last_column": (X, changed(X, at(ALL, ALL, -1))),
    "even_columns": (X, changed(X, at(ALL, ALL, slice(0, None, 2)))),
    "odd_columns": (X, changed(X, at(ALL, ALL, slice(1, None, 2)))),
}


HAPPENS = {holds.__name__: holds.says for holds in RELATIONS}


def told(*pairs, arguments=(GIVEN, MASK[:, None, None])):
    return relation([WrongAnswer(right, given, 1e-9, arguments) for right, given in pairs])


@pytest.mark.parametrize("holds", RELATIONS, ids=lambda holds: holds.__name__)
def test_each_relation_is_said_when_it_happens(holds):
    right, given = HAPPEN[holds.__name__]
    assert told((right, given)) == holds.says
    assert told(({"output": right, "rest": X}, {"output": given, "rest": X})) == holds.says, (
        "what is right does not count"
    )


@pytest.mark.parametrize("holds", RELATIONS, ids=lambda holds: holds.__name__)
def test_a_relation_that_does_not_hold_in_all_is_not_said(holds):
    other = X * torch.rand_like(X) + torch.rand_like(X)
    assert told(HAPPEN[holds.__name__], (X, other)) == ""


@pytest.mark.parametrize("wrong", [None, 3, "x", {"a": X}, [X, X], torch.zeros(2, dtype=torch.complex64)])
def test_of_other_values_nothing_is_said(wrong):
    assert told((X, wrong)) == ""


@pytest.mark.parametrize(
    "right", [torch.zeros(0), torch.zeros(()), torch.zeros(2, 0, 3), torch.ones(1), torch.tensor(3)]
)
@pytest.mark.parametrize("given", [torch.zeros(0), torch.ones(()), torch.full((2, 3), math.nan), torch.tensor(True)])
def test_odd_sizes_are_no_trouble(right, given):
    assert isinstance(told((right, given)), str)


@pytest.mark.parametrize("right", [X, X > 0, (10 * X).long()], ids=["numbers", "bools", "whole numbers"])
@pytest.mark.parametrize(
    "dtype", "bool uint8 uint16 int8 int64 float8_e5m2 float16 bfloat16 float32 float64 complex64".split()
)
def test_odd_types_are_no_trouble(right, dtype):
    for given in (X, X > 0, torch.ones_like(X), X[..., :1]):
        assert isinstance(told((right, given.to(getattr(torch, dtype)))), str)


def test_parts_that_are_exchanged_are_told():
    exchanged = ({"output": X, "weights": SQUARE}, {"output": SQUARE, "weights": X})
    assert told(exchanged) == "all of it is right, but one thing is returned in the place of another"
    assert told(exchanged, (X, X + 1)) == ""


def test_what_holds_in_a_later_part_names_it():
    """Of the first part it cannot be told whether its values should add up to 1."""
    right, given = ({"output": X, "weights": SHARES}, {"output": X + 1, "weights": 2 * SHARES})
    other = {"output": torch.rand(3, 4, 6), "weights": torch.rand(3, 4, 6)}
    assert told((right, other)) == "weights: the values should add up to 1 along the last dimension, and they do not"
    assert told((right, given | {"weights": SHARES})) == "every value is the right one plus the same number"


def test_what_is_too_long_to_be_tried_does_not_speak_against_another_order():
    long = torch.randn(100, 100)
    assert told((SQUARE, SQUARE.flip(-1)), (X, X.flip(-1)), (long, long.flip(-1))) == HAPPENS["permuted"]
    assert told((long, long.flip(-1))) != HAPPENS["permuted"]


def test_numbers_are_compared_over_all_answers():
    assert told((1.0, -1.0), (2.5, -2.5)) == "every value is the negative of the right one"
    assert told((1.0, -1.0), (2.5, 3.0)) == ""


def test_what_may_be_chance_is_not_said():
    """A few wrong numbers in even columns, and a single one that is another's logarithm."""
    assert told((X[0, 0], changed(X[0, 0], torch.arange(6) == 2))) != HAPPENS["even_columns"]
    assert told((X[0, 0], changed(X[0, 0], torch.arange(6) % 2 == 0))) == HAPPENS["even_columns"]
    assert told((torch.zeros(3), torch.ones(3))) != HAPPENS["exponential"]
    assert told((torch.tensor([2.0]), torch.tensor([2.0]).log())) != HAPPENS["logarithm"]


def test_what_is_said_holds_no_value():
    assert not any(letter.isdigit() and letter not in "01" for holds in RELATIONS for letter in holds.says)
