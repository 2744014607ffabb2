from heldout import Right, Two, Wrong

A, X = "05_generation", "forward_with_cache"
BODY = """
class KVCache:
    def __init__(self, config):
        self.most = config.n_positions
        self.kept = [None] * config.n_layer

    @property
    def length(self):
        return min(0 if pair is None else pair[0].shape[2] for pair in self.kept)

    def append(self, layer, key, value):
        pair = self.kept[layer]
        if pair is None:
            keys, values = key.clone(), value.clone()
        else:
            keys, values = torch.cat([pair[0], key], dim=2), torch.cat([pair[1], value], dim=2)
        if keys.shape[2] > self.most:
            raise ValueError("the cache is full")
        self.kept[layer] = keys, values
        return keys, values


def feed(mlp, x):
    return mlp.c_proj(F.gelu(mlp.c_fc(x), approximate="tanh"))


def forward_with_cache(model, tokens, cache):
    batch, new = tokens.shape
    before = cache.length
    if before + new > model.config.n_positions:
        raise ValueError("the context is full")
    positions = torch.arange(before, before + new, device=tokens.device)
    x = model.wte(tokens) + model.wpe(positions)
    heads = model.config.n_head
    for number, block in enumerate(model.h):
        query, key, value = (
            part.reshape(batch, new, heads, -1).transpose(1, 2)
            for part in block.attn.c_attn(block.ln_1(x)).chunk(3, dim=-1)
        )
        keys, values = cache.append(number, key, value)
        scores = query @ keys.transpose(-2, -1) / query.shape[-1] ** 0.5
        later = torch.arange(before + new, device=tokens.device) > positions[:, None]
        weights = scores.masked_fill(later, -torch.inf).softmax(dim=-1)
        gathered = (weights @ values).transpose(1, 2).reshape(x.shape)
        x = x + block.attn.c_proj(gathered)
        x = x + feed(block.mlp, block.ln_2(x))
    return model.ln_f(x) @ model.wte.weight.T
"""


def wrong(what, *changes, kind=Wrong):
    text = BODY
    for old, new in changes:
        assert text.count(old) == 1, (what, old)
        text = text.replace(old, new)
    return kind(A, X, what, text)


CASES = [
    wrong("written out", kind=Right),
    wrong(
        "positions begin at 0",
        (
            "torch.arange(before, before + new, device=tokens.device)\n    x",
            "torch.arange(new, device=tokens.device)\n    x",
        ),
        ("> positions[:, None]", "> positions[:, None] + before"),
    ),
    wrong(
        "positions one too late",
        ("model.wpe(positions)", "model.wpe((positions + 1).clamp(max=model.config.n_positions - 1))"),
    ),
    wrong("no causal mask among the new", ("scores.masked_fill(later, -torch.inf)", "scores")),
    wrong("the causal mask starts at column 0", ("> positions[:, None]", "> torch.arange(new)[:, None]")),
    wrong("new positions do not see themselves", ("> positions[:, None]", ">= positions[:, None]")),
    wrong(
        "attends to the new keys only",
        (
            "keys, values = cache.append(number, key, value)",
            "cache.append(number, key, value)\n        keys, values = key, value\n        later = None",
        ),
        ("torch.arange(before + new, device=tokens.device) > positions", "positions > positions"),
    ),
    wrong("one layer for all", ("cache.append(number, key, value)", "cache.append(0, key, value)")),
    wrong("values appended as keys", ("cache.append(number, key, value)", "cache.append(number, value, key)")),
    wrong("not scaled", (" / query.shape[-1] ** 0.5", "")),
    wrong("no output projection", ("block.attn.c_proj(gathered)", "gathered")),
    wrong("no first norm", ("block.ln_1(x)", "x")),
    wrong("no second norm", ("feed(block.mlp, block.ln_2(x))", "feed(block.mlp, x)")),
    wrong("no last norm", ("model.ln_f(x) @", "x @")),
    wrong("no residual at the mlp", ("x = x + feed", "x = feed")),
    wrong("no residual at attention", ("x = x + block.attn", "x = block.attn")),
    wrong(
        "only the last position's logits",
        ("return model.ln_f(x) @ model.wte.weight.T", "return model.ln_f(x)[:, -1:] @ model.wte.weight.T"),
    ),
    wrong(
        "heads merged without a transpose", ("(weights @ values).transpose(1, 2).reshape", "(weights @ values).reshape")
    ),
    wrong(
        "the context is not checked",
        ('    if before + new > model.config.n_positions:\n        raise ValueError("the context is full")\n', ""),
    ),
    wrong("a full context is refused", ("before + new > model", "before + new >= model")),
    wrong(
        "length of the first layer",
        (
            "min(0 if pair is None else pair[0].shape[2] for pair in self.kept)",
            "0 if self.kept[0] is None else self.kept[0][0].shape[2]",
        ),
    ),
    wrong("length of the longest layer", ("return min(", "return max(")),
    wrong("the sum of all layers", ("return min(", "return sum(")),
    wrong("length is a method", ("    @property\n", ""), ("before = cache.length", "before = cache.length()")),
    wrong(
        "concatenated along the heads",
        (
            "torch.cat([pair[0], key], dim=2), torch.cat([pair[1], value], dim=2)",
            "torch.cat([pair[0], key], dim=1), torch.cat([pair[1], value], dim=1)",
        ),
    ),
    wrong(
        "new ones first",
        (
            "torch.cat([pair[0], key], dim=2), torch.cat([pair[1], value], dim=2)",
            "torch.cat([key, pair[0]], dim=2), torch.cat([value, pair[1]], dim=2)",
        ),
    ),
    wrong(
        "the cache is replaced",
        (
            "keys, values = torch.cat([pair[0], key], dim=2), torch.cat([pair[1], value], dim=2)",
            "keys, values = key, value",
        ),
    ),
    wrong("returns the new ones only", ("        return keys, values", "        return key, value")),
    wrong("returns nothing on append", ("        return keys, values", "        pass")),
    wrong("the cache never refuses", ("if keys.shape[2] > self.most:", "if False:")),
    wrong("the cache refuses when it is full", ("if keys.shape[2] > self.most:", "if keys.shape[2] >= self.most:")),
    wrong(
        "drops the oldest instead of an error",
        (
            'raise ValueError("the cache is full")',
            "keys, values = keys[:, :, -self.most :], values[:, :, -self.most :]",
        ),
    ),
    wrong(
        "changed before the error",
        (
            "        if keys.shape[2] > self.most:",
            "        self.kept[layer] = keys, values\n        if keys.shape[2] > self.most:",
        ),
    ),
    wrong(
        "one list for all caches",
        (
            "    def __init__(self, config):\n        self.most = config.n_positions\n        self.kept = [None] * config.n_layer",
            "    kept = {}\n\n    def __init__(self, config):\n        self.most = config.n_positions\n        self.layers = range(config.n_layer)",
        ),
        ("for pair in self.kept)", "for pair in map(self.kept.get, self.layers))"),
        ("pair = self.kept[layer]", "pair = self.kept.get(layer)"),
    ),
    wrong(
        "float32 in the cache",
        ("keys, values = key.clone(), value.clone()", "keys, values = key.float(), value.float()"),
        (
            "keys, values = torch.cat([pair[0], key], dim=2), torch.cat([pair[1], value], dim=2)",
            "keys, values = torch.cat([pair[0], key.float()], dim=2), torch.cat([pair[1], value.float()], dim=2)",
        ),
        (
            "keys, values = cache.append(number, key, value)",
            "keys, values = (kept.to(x.dtype) for kept in cache.append(number, key, value))",
        ),
    ),
    wrong("views are kept", ("key.clone(), value.clone()", "key, value")),
    wrong(["not scaled", "no last norm"], (" / query.shape[-1] ** 0.5", ""), ("model.ln_f(x) @", "x @"), kind=Two),
    wrong(
        ["length of the longest layer", "no residual at the mlp"],
        ("return min(", "return max("),
        ("x = x + feed", "x = feed"),
        kind=Two,
    ),
]
