from heldout import Right, Two, Wrong

A, X = "05_generation", "keep_top_p"
CASES = [
    Right(
        A,
        X,
        "counts with a loop",
        """
def keep_top_p(logits, p):
    if not 0 < p <= 1:
        raise ValueError("p")
    if p == 1:
        return logits.clone()
    flat = logits.reshape(-1, logits.shape[-1])
    out = torch.full_like(flat, float("-inf"))
    for row, (scores, probabilities) in enumerate(zip(flat, flat.softmax(dim=-1))):
        total = 0.0
        for i in sorted(range(len(scores)), key=lambda i: (-scores[i].item(), i)):
            out[row, i] = scores[i]
            total += probabilities[i].item()
            if total >= p:
                break
    return out.reshape(logits.shape)
""",
    ),
    Right(
        A,
        X,
        "sum before each token, scattered back",
        """
def keep_top_p(logits: Tensor, p: float) -> Tensor:
    if p <= 0 or p > 1:
        raise ValueError(f"p={p}")
    ordered, ids = logits.sort(dim=-1, descending=True, stable=True)
    shares = ordered.softmax(dim=-1)
    before = shares.cumsum(dim=-1) - shares
    drop = (before >= p) & (p < 1)
    drop[..., 0] = False
    return ordered.masked_fill(drop, -torch.inf).gather(-1, ids.argsort(dim=-1))
""",
    ),
    Right(
        A,
        X,
        "number kept, ranks",
        """
def keep_top_p(logits: Tensor, p: float) -> Tensor:
    if not (p > 0 and p <= 1):
        raise ValueError("p must be in (0, 1]")
    if p >= 1:
        return logits + 0
    order = torch.argsort(logits, dim=-1, descending=True, stable=True)
    rank = torch.argsort(order, dim=-1)
    reached = logits.softmax(-1).gather(-1, order).cumsum(-1) < p
    count = reached.sum(dim=-1, keepdim=True) + 1
    return torch.where(rank < count, logits, torch.tensor(-torch.inf, dtype=logits.dtype))
""",
    ),
]
BODY = """
def keep_top_p(logits, p):
    if not 0 < p <= 1:
        raise ValueError("p")
    if p == 1:
        return logits.clone()
    ordered, ids = torch.sort(logits, dim=-1, descending=True, stable=True)
    cumulative = ordered.softmax(dim=-1).cumsum(dim=-1)
    remove = cumulative >= p
    remove[..., 1:] = remove[..., :-1].clone()
    remove[..., 0] = False
    return logits.masked_fill(torch.zeros_like(remove).scatter(-1, ids, remove), float("-inf"))
"""


def wrong(what, old, new, kind=Wrong, body=BODY):
    assert old in body
    return kind(A, X, what, body.replace(old, new))


CASES += [
    wrong("the token that reaches p is dropped", "    remove[..., 1:] = remove[..., :-1].clone()\n", ""),
    wrong("one more is kept if p is reached exactly", "cumulative >= p", "cumulative > p"),
    wrong("ascending order", "descending=True", "descending=False"),
    wrong("mask of sorted places is used unsorted", "torch.zeros_like(remove).scatter(-1, ids, remove)", "remove"),
    wrong(
        "gathered with the ids instead of scattered",
        "torch.zeros_like(remove).scatter(-1, ids, remove)",
        "remove.gather(-1, ids)",
    ),
    wrong("logits are summed, not probabilities", "ordered.softmax(dim=-1).cumsum(dim=-1)", "ordered.cumsum(dim=-1)"),
    wrong("no case for p = 1: rounding drops tokens", "    if p == 1:\n        return logits.clone()\n", ""),
    wrong("no ValueError", '    if not 0 < p <= 1:\n        raise ValueError("p")\n', ""),
    wrong("p = 1 is refused", "0 < p <= 1", "0 < p < 1"),
    wrong("the first token may go, too", "    remove[..., 0] = False\n", ""),
    wrong("others become 0", 'float("-inf")', "0.0"),
    wrong("probabilities are returned", "    return logits.masked_fill", "    return logits.softmax(-1).masked_fill"),
    wrong("in place", "logits.masked_fill(", "logits.masked_fill_("),
    wrong("the sort is not stable", "descending=True, stable=True", "descending=True"),
    wrong("softmax over the first dimension", "ordered.softmax(dim=-1)", "ordered.softmax(dim=0)"),
    wrong("threshold on each probability", "cumulative >= p", "ordered.softmax(dim=-1) < p"),
    wrong("1 - p", "cumulative >= p", "cumulative >= 1 - p"),
    wrong(
        "the highest ids first among equal ones",
        "torch.sort(logits, dim=-1, descending=True, stable=True)",
        "[t.flip(-1) for t in torch.sort(logits, dim=-1, stable=True)]",
    ),
    wrong(
        ["ascending order", "no ValueError"],
        "descending=True",
        "descending=False",
        Two,
        BODY.replace('    if not 0 < p <= 1:\n        raise ValueError("p")\n', ""),
    ),
    wrong(
        ["mask of sorted places", "in place"],
        "return logits.masked_fill(torch.zeros_like(remove).scatter(-1, ids, remove)",
        "return logits.masked_fill_(remove",
        Two,
    ),
    wrong(
        ["the token that reaches p is dropped", "others become 0"],
        "    remove[..., 1:] = remove[..., :-1].clone()\n",
        "",
        Two,
        BODY.replace('float("-inf")', "0.0"),
    ),
]
