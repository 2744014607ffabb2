from heldout import Right, Two, Wrong

A, X = "05_generation", "pad_left"
BODY = """
def pad_left(prompts, pad_id):
    if not prompts or any(len(prompt) == 0 for prompt in prompts):
        raise ValueError("an empty prompt")
    longest = max(len(prompt) for prompt in prompts)
    tokens = torch.full((len(prompts), longest), pad_id, dtype=torch.int64)
    mask = torch.zeros(len(prompts), longest, dtype=torch.bool)
    for row, prompt in enumerate(prompts):
        tokens[row, longest - len(prompt) :] = prompt
        mask[row, longest - len(prompt) :] = True
    return tokens, mask
"""


def wrong(what, *changes, kind=Wrong):
    text = BODY
    for old, new in changes:
        assert text.count(old) == 1, (what, old)
        text = text.replace(old, new)
    return kind(A, X, what, text)


ROW = """        tokens[row, longest - len(prompt) :] = prompt
        mask[row, longest - len(prompt) :] = True
"""
CASES = [
    wrong("row by row", kind=Right),
    Right(
        A,
        X,
        "concatenated",
        """
def pad_left(prompts, pad_id):
    lengths = [prompt.numel() for prompt in prompts]
    if not lengths or 0 in lengths:
        raise ValueError("prompts")
    longest = max(lengths)
    tokens = torch.stack([torch.cat([prompt.new_full((longest - n,), pad_id), prompt]) for prompt, n in zip(prompts, lengths)])
    return tokens, torch.arange(longest) >= longest - torch.tensor(lengths)[:, None]
""",
    ),
    wrong(
        "padding on the right",
        (ROW, "        tokens[row, : len(prompt)] = prompt\n        mask[row, : len(prompt)] = True\n"),
    ),
    wrong("the mask is on the right", ("mask[row, longest - len(prompt) :]", "mask[row, : len(prompt)]")),
    wrong("the mask comes from pad_id", ("    return tokens, mask", "    return tokens, tokens != pad_id")),
    wrong("True for padding", ("    return tokens, mask", "    return tokens, ~mask")),
    wrong("a mask of integers", ("    return tokens, mask", "    return tokens, mask.long()")),
    wrong("padded with 0", ("longest), pad_id,", "longest), 0,")),
    wrong("sorted by length", ("enumerate(prompts)", "enumerate(sorted(prompts, key=len))")),
    wrong(
        "cut to the shortest",
        ("longest = max", "longest = min"),
        (ROW, "        tokens[row] = prompt[-longest:]\n        mask[row] = True\n"),
    ),
    wrong(
        "one column too many",
        ("longest = max(len(prompt) for prompt in prompts)", "longest = max(len(prompt) for prompt in prompts) + 1"),
    ),
    wrong("the prompts are reversed", ("] = prompt\n", "] = prompt.flip(0)\n")),
    wrong(
        "an empty prompt is a row of padding",
        ("if not prompts or any(len(prompt) == 0 for prompt in prompts):", "if not prompts:"),
    ),
    wrong(
        "no prompts are an empty batch",
        (
            "    if not prompts or any(len(prompt) == 0 for prompt in prompts):",
            "    if not prompts:\n        return torch.zeros(0, 0, dtype=torch.int64), torch.zeros(0, 0, dtype=torch.bool)\n    if any(len(prompt) == 0 for prompt in prompts):",
        ),
    ),
    wrong(
        "empty prompts are left out",
        (
            "    if not prompts or any(len(prompt) == 0 for prompt in prompts):",
            "    prompts = [prompt for prompt in prompts if len(prompt)]\n    if not prompts:",
        ),
    ),
    wrong("an AssertionError", ('raise ValueError("an empty prompt")', 'raise AssertionError("an empty prompt")')),
    wrong("tokens are floats", ("pad_id, dtype=torch.int64)", "float(pad_id))")),
    wrong("only the tokens", ("    return tokens, mask", "    return tokens")),
    wrong("mask first", ("    return tokens, mask", "    return mask, tokens")),
    wrong(
        "the number of real tokens in place of a mask",
        ("    return tokens, mask", "    return tokens, mask.sum(dim=1)"),
    ),
    wrong(
        ["padded with 0", "an empty prompt is a row of padding"],
        ("longest), pad_id,", "longest), 0,"),
        ("if not prompts or any(len(prompt) == 0 for prompt in prompts):", "if not prompts:"),
        kind=Two,
    ),
    wrong(
        ["True for padding", "the prompts are reversed"],
        ("    return tokens, mask", "    return tokens, ~mask"),
        ("] = prompt\n", "] = prompt.flip(0)\n"),
        kind=Two,
    ),
]
