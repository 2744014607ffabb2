from heldout import Right, Two, Wrong

A, X = "05_generation", "keep_top_k"
CASES = [
    Right(
        A,
        X,
        "sorted",
        """
def keep_top_k(logits, k):
    if k < 1:
        raise ValueError("k")
    ordered = logits.sort(dim=-1).values
    limit = ordered[..., -min(k, logits.shape[-1])].unsqueeze(-1)
    return torch.where(logits >= limit, logits, -torch.inf)
""",
    ),
    Right(
        A,
        X,
        "counts the larger ones",
        """
def keep_top_k(logits: Tensor, k: int) -> Tensor:
    if k <= 0:
        raise ValueError(f"k={k} is not positive")
    larger = (logits.unsqueeze(-2) > logits.unsqueeze(-1)).sum(dim=-1)
    return logits.masked_fill(larger >= k, float("-inf"))
""",
    ),
    Right(
        A,
        X,
        "topk and minimum",
        """
def keep_top_k(logits: Tensor, k: int) -> Tensor:
    if not k >= 1:
        raise ValueError
    best = torch.topk(logits, min(k, logits.size(-1)), dim=-1).values
    out = logits.clone()
    out[out < best.amin(dim=-1, keepdim=True)] = -float("inf")
    return out
""",
    ),
]
BODY = """
def keep_top_k(logits, k):
    if k < 1:
        raise ValueError("k must be at least 1")
    k = min(k, logits.size(-1))
    values, _ = torch.topk(logits, k, dim=-1)
    threshold = values[..., -1:]
    return logits.masked_fill(logits < threshold, float("-inf"))
"""


def wrong(what, old, new, kind=Wrong, body=BODY):
    assert old in body
    return kind(A, X, what, body.replace(old, new))


CASES += [
    wrong("k larger than the vocabulary fails", "    k = min(k, logits.size(-1))\n", ""),
    wrong("no ValueError", '    if k < 1:\n        raise ValueError("k must be at least 1")\n', "    k = max(k, 1)\n"),
    wrong("IndexError", "ValueError(", "IndexError("),
    wrong("k = 1 is refused", "k < 1", "k <= 1"),
    wrong("the k-th largest goes, too", "logits < threshold", "logits <= threshold"),
    wrong("one more is kept", "k = min(k,", "k = min(k + 1,"),
    wrong("the threshold is the largest", "values[..., -1:]", "values[..., :1]"),
    wrong("the k smallest", "torch.topk(logits, k, dim=-1)", "torch.topk(logits, k, dim=-1, largest=False)"),
    wrong("one threshold for all rows", "values[..., -1:]", "values.min()"),
    wrong(
        "along the first dimension", "torch.topk(logits, k, dim=-1)", "torch.topk(logits, min(k, len(logits)), dim=0)"
    ),
    wrong("others become 0", 'float("-inf")', "0.0"),
    wrong("others become -1e9", 'float("-inf")', "-1e9"),
    wrong("in place", "logits.masked_fill(", "logits.masked_fill_("),
    wrong(
        "only the values are returned",
        '    return logits.masked_fill(logits < threshold, float("-inf"))',
        "    return values",
    ),
    Wrong(
        A,
        X,
        "exactly k: of equal ones some go",
        """
def keep_top_k(logits, k):
    if k < 1:
        raise ValueError
    values, ids = logits.topk(min(k, logits.shape[-1]), dim=-1)
    return torch.full_like(logits, -torch.inf).scatter(-1, ids, values)
""",
    ),
    Wrong(
        A,
        X,
        "float32",
        """
def keep_top_k(logits, k):
    if k < 1:
        raise ValueError
    limit = logits.topk(min(k, logits.shape[-1])).values[..., -1, None]
    return torch.where(logits >= limit, logits.float(), torch.tensor(-torch.inf))
""",
    ),
    Wrong(
        A,
        X,
        "renormalised probabilities",
        """
def keep_top_k(logits, k):
    if k < 1:
        raise ValueError
    limit = logits.topk(min(k, logits.shape[-1])).values[..., -1, None]
    return logits.masked_fill(logits < limit, -torch.inf).log_softmax(dim=-1)
""",
    ),
    wrong(
        ["k too large fails", "the k-th largest goes, too"],
        "logits < threshold",
        "logits <= threshold",
        Two,
        BODY.replace("    k = min(k, logits.size(-1))\n", ""),
    ),
    wrong(
        ["in place", "others become 0"],
        'logits.masked_fill(logits < threshold, float("-inf"))',
        "logits.masked_fill_(logits < threshold, 0.0)",
        Two,
    ),
    wrong(
        ["one threshold for all rows", "no ValueError"],
        "values[..., -1:]",
        "values.min()",
        Two,
        BODY.replace('    if k < 1:\n        raise ValueError("k must be at least 1")\n', "    k = max(k, 1)\n"),
    ),
]
