import pytest

from autograder.forbidden import dynamic_access, forbidden_names

FORBIDS = frozenset({"scaled_dot_product_attention", "MultiheadAttention"})


@pytest.mark.parametrize(
    "cells",
    [
        ["def mine(q):\n    return F.scaled_dot_product_attention(q, q, q)"],
        ["def mine(q):\n    return torch.nn.functional.scaled_dot_product_attention(q, q, q)"],
        [
            "from torch.nn.functional import scaled_dot_product_attention",
            "def mine(q):\n    return scaled_dot_product_attention(q)",
        ],
        ["from torch.nn.functional import scaled_dot_product_attention as sdpa", "def mine(q):\n    return sdpa(q)"],
        ["from torch.nn.functional import *", "def mine(q):\n    return scaled_dot_product_attention(q)"],
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
        ["mine = lambda q: F.scaled_dot_product_attention(q)"],
    ],
)
def test_leaning_on_it_is_found(cells):
    assert forbidden_names(cells, "mine", FORBIDS)


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
    ],
)  # fmt: skip
def test_an_honest_notebook_is_not_accused(cells):
    assert forbidden_names(cells, "mine", FORBIDS) == []


def test_what_a_tree_cannot_tell_is_reported():
    assert dynamic_access(["x = getattr(F, 'a' + 'b')", "y = torch.__dict__", "z = 1"]) == ["__dict__", "getattr"]
    assert dynamic_access(["def mine(q):\n    return q"]) == []
