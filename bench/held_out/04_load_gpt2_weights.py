from heldout import Right, Two, Wrong

A, X = "04_gpt2", "load_gpt2_weights"
BODY = """
def load_gpt2_weights(model, state_dict):
    given = {}
    for name, weight in state_dict.items():
        name = name.removeprefix("transformer.")
        if not name.endswith((".attn.bias", ".attn.masked_bias")):
            given[name] = weight
    head = given.pop("lm_head.weight", None)
    own = model.state_dict()
    missing, unexpected = own.keys() - given.keys(), given.keys() - own.keys()
    if missing or unexpected:
        raise KeyError(f"missing: {sorted(missing)}, unexpected: {sorted(unexpected)}")
    if head is not None and not torch.equal(head, given["wte.weight"]):
        raise ValueError("lm_head.weight is not wte.weight")
    for name, weight in given.items():
        if name.endswith(("c_attn.weight", "c_proj.weight", "c_fc.weight")):
            given[name] = weight = weight.t()
        if weight.shape != own[name].shape:
            raise ValueError(f"{name} has the shape {tuple(weight.shape)}")
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(given[name])
    return model
"""


def wrong(what, *changes, kind=Wrong):
    text = BODY
    for old, new in changes:
        assert text.count(old) == 1, (what, old)
        text = text.replace(old, new)
    return kind(A, X, what, text)


COPY = """    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(given[name])
"""
CASES = [
    wrong("copied one by one", kind=Right),
    wrong("load_state_dict", (COPY, "    model.load_state_dict(given)\n"), kind=Right),
    wrong("nothing is transposed", ("weight = weight.t()", "weight")),
    wrong(
        "c_proj is not transposed",
        ('"c_attn.weight", "c_proj.weight", "c_fc.weight"', '"c_attn.weight", "c_fc.weight"'),
    ),
    wrong(
        "every matrix is transposed",
        ('if name.endswith(("c_attn.weight", "c_proj.weight", "c_fc.weight")):', "if weight.dim() == 2:"),
    ),
    wrong(
        "transposed where shapes differ only",
        (
            'if name.endswith(("c_attn.weight", "c_proj.weight", "c_fc.weight")):',
            "if weight.dim() == 2 and weight.shape != own[name].shape:",
        ),
    ),
    wrong("reshaped", ("weight = weight.t()", "weight = weight.reshape(own[name].shape)")),
    wrong("the prefix stays", ('name.removeprefix("transformer.")', "name")),
    wrong("the prefix is stripped as letters", ('name.removeprefix("transformer.")', 'name.lstrip("transformer.")')),
    wrong(
        "the prefix is always cut off",
        ('name.removeprefix("transformer.")', 'name[len("transformer.") :] if "lm_head" not in name else name'),
    ),
    wrong("buffers are unexpected", ('if not name.endswith((".attn.bias", ".attn.masked_bias")):', "if True:")),
    wrong("masked_bias is unexpected", ('(".attn.bias", ".attn.masked_bias")', '".attn.bias"')),
    wrong(
        "every bias of attention is skipped",
        ('if not name.endswith((".attn.bias", ".attn.masked_bias")):', 'if not ("attn" in name and "bias" in name):'),
    ),
    wrong("the head is unexpected", ('given.pop("lm_head.weight", None)', "None")),
    wrong("the head must be there", ('given.pop("lm_head.weight", None)', 'given.pop("lm_head.weight")')),
    wrong(
        "the head is not compared",
        (
            '    if head is not None and not torch.equal(head, given["wte.weight"]):\n        raise ValueError("lm_head.weight is not wte.weight")\n',
            "",
        ),
    ),
    wrong(
        "missing weights are ignored",
        ("if missing or unexpected:", "if unexpected:"),
        ("parameter.copy_(given[name])", "parameter.copy_(given.get(name, parameter))"),
    ),
    wrong(
        "unexpected weights are ignored",
        ("if missing or unexpected:", "if missing:"),
        (
            "    for name, weight in given.items():",
            "    given = {name: given[name] for name in own}\n    for name, weight in given.items():",
        ),
    ),
    wrong("only the missing are listed", (", unexpected: {sorted(unexpected)}", "")),
    wrong(
        "only the first name",
        ("missing: {sorted(missing)}, unexpected: {sorted(unexpected)}", "{sorted(missing | unexpected)[0]}"),
    ),
    wrong("a ValueError for names", ("raise KeyError(", "raise ValueError(")),
    wrong(
        "a shape is not checked",
        ('            raise ValueError(f"{name} has the shape {tuple(weight.shape)}")', "            continue"),
        ("parameter.copy_(given[name])", "parameter.data = given[name].clone()"),
    ),
    wrong(
        "RuntimeError of load_state_dict",
        (
            '        if weight.shape != own[name].shape:\n            raise ValueError(f"{name} has the shape {tuple(weight.shape)}")\n',
            "",
        ),
        (COPY, "    model.load_state_dict(given)\n"),
    ),
    wrong("shares the weights", ("parameter.copy_(given[name])", "parameter.data = given[name]")),
    wrong(
        "loads until the error",
        (
            "        if weight.shape != own[name].shape:",
            "        if weight.shape == own[name].shape:\n            own[name].copy_(weight)\n        else:",
        ),
    ),
    wrong("returns nothing", ("    return model", "    return None")),
    wrong("a new model", ("    with torch.no_grad():", "    model = GPT2(model.config)\n    with torch.no_grad():")),
    wrong(
        "the caller's dict is emptied",
        ("    head = given.pop", "    state_dict.pop('lm_head.weight', None)\n    head = given.pop"),
    ),
    wrong(
        "parameters are frozen",
        (
            "            parameter.copy_(given[name])",
            "            parameter.copy_(given[name])\n            parameter.requires_grad_(False)",
        ),
    ),
    wrong(
        ["nothing is transposed", "the head is not compared"],
        ("weight = weight.t()", "weight"),
        (
            '    if head is not None and not torch.equal(head, given["wte.weight"]):\n        raise ValueError("lm_head.weight is not wte.weight")\n',
            "",
        ),
        kind=Two,
    ),
    wrong(
        ["a ValueError for names", "returns nothing"],
        ("raise KeyError(", "raise ValueError("),
        ("    return model", "    return None"),
        kind=Two,
    ),
]
