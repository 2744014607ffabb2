"""Two things are wrong, the form of the answers and their values: both are said."""

import pytest

ATTENTION = '''
def scaled_dot_product_attention(query, key, value, mask=None):
    """Attention of Vaswani et al. 2017, equation 1."""
    scores = (query{scaled}) @ key.transpose(-2, -1)
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = scores.softmax(dim=-1)
    if mask is not None:
        weights = weights.masked_fill(~mask, 0.0)
    return {returned}
'''
SCALED = " * query.shape[-1] ** -0.5"
PADDING = """
def padding_mask(lengths, max_length):
    real = torch.arange(max_length) {real} lengths[:, None]
    return real[:, None, None, :].double()
"""
CAUSAL = """
def causal_mask(length):
    return torch.ones({rows}, length).tril({diagonal}){form}
"""
BATCH = {"rows": "length", "form": "[None]"}
A_ROW_MORE = {"rows": "length + 1", "form": ".bool()"}
SWAPPED = "weights, weights @ value"
BOTH = {  # an exercise, its solution, what is said of the form, and the name of what else is wrong
    "numbers for bools": (
        "padding_mask",
        PADDING.format(real="<="),
        "the dtype is torch.float64, and torch.bool is asked for",
        "one token too many",
    ),
    "a dimension more": (
        "causal_mask",
        CAUSAL.format(**BATCH, diagonal=1),
        "the shape is (1, 3, 3), and (3, 3) is asked for",
        "one step ahead",
    ),
    "a row more": (
        "causal_mask",
        CAUSAL.format(**A_ROW_MORE, diagonal=1),
        "the shape is (4, 3), and (3, 3) is asked for",
        "one step ahead",
    ),
    "single precision": (
        "scaled_dot_product_attention",
        ATTENTION.format(scaled="", returned="(weights @ value).float(), weights.float()"),
        "output: the dtype is torch.float32, and torch.float64 is asked for",
        "no scaling",
    ),
    "in another's place": (
        "scaled_dot_product_attention",
        ATTENTION.format(scaled=SCALED, returned=SWAPPED).replace("~mask", "mask"),
        " is asked for: one thing is returned in the place of another",
        "mask the wrong way round",
    ),
}
FORM_ALONE = {
    "numbers for bools": ("padding_mask", PADDING.format(real="<")),
    "a dimension more": ("causal_mask", CAUSAL.format(**BATCH, diagonal=0)),
    "a row more": ("causal_mask", CAUSAL.format(**A_ROW_MORE, diagonal=0)),
    "single precision": (
        "scaled_dot_product_attention",
        ATTENTION.format(scaled=SCALED, returned="(weights @ value).float(), weights.float()"),
    ),
    "in another's place": ("scaled_dot_product_attention", ATTENTION.format(scaled=SCALED, returned=SWAPPED)),
}
UNKNOWN = ATTENTION.format(scaled=f"{SCALED} + 0.1 * query.sum(-1, keepdim=True)", returned="2 * weights, weights")


def said(judge, exercise, text):
    """Return all that is said of the wrong answers of a solution, and the names of mistakes."""
    namespace = judge.assignment.run({exercise: text})
    answers = {case.name: judge.ask(case, namespace) for case in judge.assignment.cases_of(exercise)}
    (verdict,) = (one for one in judge.verdicts(judge.answers() | answers) if one.exercise == exercise)
    assert verdict.score < verdict.points
    return "\n".join(case.reason for case in verdict.cases if not case.passed), verdict.mistakes


@pytest.mark.parametrize("way", BOTH)
def test_form_and_mistake_are_said_together(way, judge):
    exercise, text, form, name = BOTH[way]
    reasons, named = said(judge, exercise, text)
    assert form in reasons and f". Besides, “{name}”: " in reasons and not named


@pytest.mark.parametrize("way", FORM_ALONE)
def test_where_the_values_are_right_the_form_is_said_alone(way, judge):
    reasons, _ = said(judge, *FORM_ALONE[way])
    assert "is asked for" in reasons and "Besides" not in reasons


@pytest.mark.parametrize("dtype", ["complex64", "float8_e4m3fn", "uint16", "uint8", "bfloat16"])
def test_any_dtype_can_come(dtype, judge):
    reasons, _ = said(judge, "padding_mask", PADDING.format(real="<=").replace(".double()", f".to(torch.{dtype})"))
    assert f"the dtype is torch.{dtype}, and torch.bool is asked for" in reasons
    assert ("Besides, “one token too many”" in reasons) == (dtype in ("uint8", "bfloat16"))


def test_what_no_mistake_explains_gets_no_name(judge):
    reasons, named = said(judge, "scaled_dot_product_attention", UNKNOWN)
    assert "Besides" not in reasons and not named
