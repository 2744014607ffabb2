"""Two mistakes in one solution: they were written as replacements of the same reference, and may touch the same lines."""

import pytest

from autograder.authoring import Mistake
from autograder.authoring.combining import CannotCombine, combined
from this_course import load

REFERENCE = """\
def scores(query, key):
    found = query @ key.mT / math.sqrt(query.shape[-1])
    return found.softmax(dim=-1)
"""
LINE = "found = query @ key.mT / math.sqrt(query.shape[-1])"


def mistake(replace="", by="", solution=""):
    return Mistake(f"{replace} {by}", "scores", replace, by, "Look.", solution)


NOT_DIVIDED = mistake(LINE, "found = query @ key.mT")
BY_THE_WIDTH = mistake("math.sqrt(query.shape[-1])", "query.shape[-1]")
OF_THE_KEY = mistake("query.shape[-1]", "key.shape[-2]")
IN_FLOAT32 = mistake(LINE, "found = query.float() @ key.float().mT / math.sqrt(query.shape[-1])")
FIRST_DOUBLED = mistake("    found = ", "    query = 2 * query\n    found = ")
WRITTEN_OUT = mistake(solution=REFERENCE.replace("found", "them").replace("softmax(dim=-1)", "exp()"))


def made(*mistakes, also_right=()):
    return combined(REFERENCE, mistakes, also_right)


def test_one_after_the_other():
    assert made(NOT_DIVIDED, mistake("dim=-1", "dim=0")) == REFERENCE.replace(LINE, NOT_DIVIDED.by).replace("-1)", "0)")


def test_in_the_other_order_if_only_this_one_leaves_the_text():
    """What the second replaces is no longer there behind the first, which writes something else around it."""
    assert "sqrt(key.shape[-2])" in made(
        mistake("math.sqrt(query.shape[-1])", "torch.sqrt(query.shape[-1])"), OF_THE_KEY
    )
    assert made(IN_FLOAT32, FIRST_DOUBLED) == made(FIRST_DOUBLED, IN_FLOAT32)


def test_the_words_in_which_each_differs_are_changed_together():
    """Each of the two replaces the whole line, or a part of it that the other one changes, too."""
    assert "query.float() @ key.float().mT / query.shape[-1]\n" in made(IN_FLOAT32, BY_THE_WIDTH)
    over = mistake(LINE, LINE.replace("shape[-1]", "shape[-2]"))
    assert "query.float() @ key.float().mT / math.sqrt(query.shape[-2])" in made(IN_FLOAT32, over)


@pytest.mark.parametrize(
    "one, other", [(NOT_DIVIDED, BY_THE_WIDTH), (OF_THE_KEY, mistake("query.shape[-1]", "value.shape[-1]"))]
)
def test_mistakes_that_change_the_same_words_do_not_go_together(one, other):
    with pytest.raises(CannotCombine):
        made(one, other)


def test_mistakes_that_were_written_into_another_right_way_go_together():
    """Each writes the line otherwise than the reference does, and differs from that way in one word."""
    way = "root = math.sqrt(key.shape[-1])\n    found = torch.einsum('...id, ...jd -> ...ij', query, key) / root"
    swapped, not_rooted = mistake(LINE, way.replace("ij'", "ji'")), mistake(LINE, way.replace("math.sqrt", ""))
    with pytest.raises(CannotCombine):
        made(swapped, not_rooted)
    text = made(swapped, not_rooted, also_right=[(LINE, way)])
    assert "root = (key.shape[-1])" in text and "...ji'" in text


def test_a_whole_solution_is_what_the_others_are_made_in():
    assert made(mistake("dim=-1", "dim=0")) != REFERENCE
    with pytest.raises(CannotCombine):
        made(WRITTEN_OUT, mistake("dim=-1", "dim=0"))
    with pytest.raises(CannotCombine):
        made(WRITTEN_OUT, mistake(solution=REFERENCE))


@pytest.mark.parametrize(
    "exercise, names, ways",
    [
        ("Encoder", ["dropout not passed to the layers", "activation not passed to the layers"], [0, 0]),
        ("Encoder", ["eps not passed to the layers", "norm_first not passed to the layers"], [0, 0]),
        ("EncoderLayer", ["mask not passed to attention", "feed-forward's output not dropped"], [2, 1]),
        ("EncoderLayer", ["mask not passed to attention", "residual from the normalised value"], [2, 2]),
    ],
)
def test_mistakes_in_other_arguments_and_throughout_a_layer_go_together(exercise, names, ways):
    encoder = load("02_encoder")
    made = [[one for one in encoder.mistakes if one.name == name][way] for name, way in zip(names, ways, strict=True)]
    text = encoder.solution(exercise, made)
    for one in made:
        assert text != encoder.solution(exercise, [other for other in made if other is not one])
