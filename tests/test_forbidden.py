import time

import pytest

from autograder.judging.forbidden import forbidden_names, look_through

FORBIDS = frozenset({"scaled_dot_product", "MultiheadAttention"})
OWN = {"scaled_dot_product_attention"}


@pytest.mark.parametrize(
    "cells",
    [
        ["def mine(q):\n    return F.scaled_dot_product_attention(q, q, q)"],
        ["def mine(q):\n    return torch.nn.functional.scaled_dot_product_attention(q, q, q)"],
        ["from torch.nn.functional import scaled_dot_product_attention as sdpa", "def mine(q):\n    return sdpa(q)"],
        ["sdpa = F.scaled_dot_product_attention", "def mine(q):\n    return sdpa(q)"],
        ["def helper(q):\n    return F.scaled_dot_product_attention(q)", "def mine(q):\n    return helper(q)"],
        ["class mine(nn.Module):\n    def __init__(self):\n        self.inner = nn.MultiheadAttention(4, 2)"],
        ["class mine(nn.MultiheadAttention):\n    pass"],
        ["def mine(q):\n    return getattr(F, 'scaled_dot_product_attention')(q)"],
        ["def mine(q, how=F.scaled_dot_product_attention):\n    return how(q)"],
        ["def mine(q):\n    pass", "mine = F.scaled_dot_product_attention"],
        ["class mine:\n    pass", "mine.forward = F.scaled_dot_product_attention"],
        [
            "if True:\n    from torch.nn.functional import scaled_dot_product_attention as s",
            "def mine(q):\n    return s(q)",
        ],
        ["%matplotlib inline", "def mine(q):\n    return F.scaled_dot_product_attention(q)"],
        ["(attend := F.scaled_dot_product_attention)", "def mine(q):\n    return attend(q)"],
        ["for attend in [F.scaled_dot_product_attention]: pass", "def mine(q):\n    return attend(q)"],
        ["with nullcontext(F.scaled_dot_product_attention) as attend: pass", "def mine(q):\n    return attend(q)"],
        ["match F.scaled_dot_product_attention:\n    case attend: pass", "def mine(q):\n    return attend(q)"],
        [
            "def setup():\n    global attend\n    attend = F.scaled_dot_product_attention",
            "def mine(q):\n    return attend(q)",
        ],
        ["tools = []", "tools.append(F.scaled_dot_product_attention)", "def mine(q):\n    return tools[0](q)"],
        ["box = {}", "box['a'] = F.scaled_dot_product_attention", "def mine(q):\n    return box['a'](q)"],
        ["import torch.nn.functional as cls\ndef mine(q):\n    return cls.scaled_dot_product_attention(q)"],
        ["self = F\ndef mine(q):\n    return self.scaled_dot_product_attention(q)"],
        ["def mine(q):\n    return torch._scaled_dot_product_attention_math(q)"],
        ["%matplotlib inline\ndef mine(q):\n    return F.scaled_dot_product_attention(q)"],
        ["%%time\ndef mine(q):\n    return q", "mine = F.scaled_dot_product_attention"],
        ["tools = [F.scaled_dot_product_attention for _ in range(2)]", "def mine(q):\n    return tools[0](q)"],
        ["def mine(q):\n    match F:\n        case object(scaled_dot_product_attention=f): return f(q)"],
        ["@F.scaled_dot_product_attention\ndef mine(q):\n    return q"],
        ["mine = lambda q: F.scaled_dot_product_attention(q)"],
        ["if (attend := F.scaled_dot_product_attention): pass", "def mine(q):\n    return attend(q)"],
        ["while (attend := F.scaled_dot_product_attention): break", "def mine(q):\n    return attend(q)"],
    ],
)
def test_leaning_on_it_is_found(cells):
    assert forbidden_names(look_through(cells), "mine", FORBIDS, OWN)


@pytest.mark.parametrize(
    "cells",
    [
        ["def mine(q):\n    return q"],
        ["def scaled_dot_product_attention(q):\n    return q", "def mine(q):\n    return scaled_dot_product_attention(q)"],
        ["def mine(q):\n    return q", "expected = F.scaled_dot_product_attention(q, q, q)"],
        ["def mine(q):\n    output = q\n    return output", "output = F.scaled_dot_product_attention(q, q, q)"],
        ["def mine(output):\n    return output", "output = F.scaled_dot_product_attention(q, q, q)"],
        ["def mine(q):\n    '''As F.scaled_dot_product_attention does.'''\n    return q  # scaled_dot_product_attention"],
        ["class mine:\n    def scaled_dot_product_attention(self, q):\n        return q\n    def forward(self, q):\n        return self.scaled_dot_product_attention(q)"],
        ["this is no Python"],
        ["%%time\ndef scaled_dot_product_attention(q):\n    return q", "def mine(q):\n    return scaled_dot_product_attention(q)"],
        ["def scaled_dot_product_attention(q, q):\n    return q", "def mine(q):\n    return scaled_dot_product_attention(q)"],
        ["def mine(q):\n    print('scaled_dot_product_attention', q)\n    return q"],
        ["from torch.nn.functional import softmax, scaled_dot_product_attention as theirs", "def mine(q):\n    return softmax(q)"],
        ["softmax, theirs = F.softmax, F.scaled_dot_product_attention", "def mine(q):\n    return softmax(q)"],
        ["class mine:\n    @staticmethod\n    def scaled_dot_product_attention(q):\n        return q\n    def forward(self, q):\n        return mine.scaled_dot_product_attention(q)"],
    ],
)  # fmt: skip
def test_an_honest_notebook_is_not_accused(cells):
    assert forbidden_names(look_through(cells), "mine", FORBIDS, OWN) == []


def test_another_exercise_is_judged_for_itself():
    """Who imports torch's function under the exercise's name pays there, and not in what builds on it."""
    code = look_through(
        [
            "from torch.nn.functional import scaled_dot_product_attention",
            "def mine(q):\n    return scaled_dot_product_attention(q)",
        ]
    )
    assert forbidden_names(code, "scaled_dot_product_attention", FORBIDS, OWN) == ["scaled_dot_product_attention"]
    assert forbidden_names(code, "mine", FORBIDS, OWN) == []


@pytest.mark.parametrize(
    "cell",
    [
        "def mine(a, a): pass",
        "def mine(a):\n    global a",
        "def mine():\n    nonlocal z",
        "def mine():\n    from torch import *",
        "x = 0x" + "f" * 5000,
        "x = 1" + "0" * 5000,
        "def mine(n):\n    return " + "+".join(["n"] * 3000),
        "x = y" + ".f()" * 3000,
        "x = " + "not " * 5000 + "y",
        "if x: pass\n" + "elif x: pass\n" * 3000,
        "x = f\"{n['a\xa0b']}\"",
        "(" * 1000,
        "\x00",
        "\ud83d",
        "x=1;" * 100_000,
        "%%",
        "!true\n" * 600,
        "x = !true\n" * 600,
    ],
    ids=range(18),
)
def test_nothing_makes_it_raise(cell):
    code = look_through([cell, "def mine(q):\n    return q"])
    assert forbidden_names(code, "mine", FORBIDS) == []
