from heldout import Right, Two, Wrong

A, X = "05_generation", "generate_cached"
BODY = """
@torch.no_grad()
def generate_cached(model, tokens, max_new_tokens, *, temperature=1.0, top_k=None, top_p=None, eos_id=None, generator=None):
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        ended = torch.zeros(len(tokens), dtype=torch.bool, device=tokens.device)
        size = model.config.n_positions
        cache = KVCache(model.config)
        for _ in range(max_new_tokens):
            if tokens.shape[1] > size or cache.length == 0:
                cache = KVCache(model.config)
                unread = tokens[:, -size:]
            else:
                unread = tokens[:, cache.length :]
            logits = forward_with_cache(model, unread, cache)[:, -1]
            if temperature == 0:
                token = logits.argmax(dim=-1)
            else:
                logits = apply_temperature(logits, temperature)
                if top_k is not None:
                    logits = keep_top_k(logits, top_k)
                if top_p is not None:
                    logits = keep_top_p(logits, top_p)
                token = torch.multinomial(logits.softmax(dim=-1), 1, generator=generator)[:, 0]
            if eos_id is not None:
                token = token.masked_fill(ended, eos_id)
                ended = ended | (token == eos_id)
            tokens = torch.cat([tokens, token[:, None]], dim=1)
            if ended.all():
                break
    finally:
        for module, training in modes.items():
            module.training = training
    return tokens
"""


def wrong(what, *changes, kind=Wrong):
    text = BODY
    for old, new in changes:
        assert text.count(old) == 1, (what, old)
        text = text.replace(old, new)
    return kind(A, X, what, text)


CASES = [
    wrong("written out", kind=Right),
    wrong("no cache at all", ("if tokens.shape[1] > size or cache.length == 0:", "if True:")),
    wrong(
        "the prompt token by token",
        (
            "            logits = forward_with_cache(model, unread, cache)[:, -1]",
            "            for column in unread.split(1, dim=1):\n                logits = forward_with_cache(model, column, cache)[:, -1]",
        ),
    ),
    wrong("all tokens are given again", ("unread = tokens[:, cache.length :]", "unread = tokens")),
    wrong(
        "a full cache is used further: keys are stale",
        (
            "                cache = KVCache(model.config)\n                unread",
            "                if cache.length:\n                    stale, cache = cache, KVCache(model.config)\n                    for layer, (keys, values) in enumerate(getattr(stale, 'kept', [])):\n                        cache.append(layer, keys[:, :, 1:], values[:, :, 1:])\n                unread",
        ),
    ),
    wrong(
        "stops when the context is full",
        (
            "            logits = forward",
            "            if tokens.shape[1] > size:\n                break\n            logits = forward",
        ),
    ),
    wrong("raises when the context is full", ("tokens.shape[1] > size or cache.length == 0", "cache.length == 0")),
    wrong("recomputes one step too early", ("tokens.shape[1] > size or", "tokens.shape[1] >= size or")),
    wrong(
        "half of the context is kept after it is full",
        (
            "unread = tokens[:, -size:]",
            "unread = tokens[:, -size:] if tokens.shape[1] <= size else tokens[:, -(size // 2) :]",
        ),
    ),
    wrong("the result is cropped", ("    return tokens\n", "    return tokens[:, -size:]\n")),
    wrong(
        "only new tokens",
        ("    return tokens\n", "    return tokens[:, -max_new_tokens:] if max_new_tokens else tokens[:, :0]\n"),
    ),
    wrong("top_k is ignored", ("if top_k is not None:", "if False:")),
    wrong("the temperature is forgotten", ("apply_temperature(logits, temperature)", "logits")),
    wrong("always greedy", ("if temperature == 0:", "if True:")),
    wrong("eos does not end", ("if eos_id is not None:", "if False:")),
    wrong("rows go on after eos", ("                token = token.masked_fill(ended, eos_id)\n", "")),
    wrong("stops when one row has ended", ("if ended.all():", "if ended.any():")),
    wrong("stays in evaluation mode", ("            module.training = training", "            pass")),
    wrong("training mode", ("    model.eval()\n", "")),
    wrong("gradients", ("@torch.no_grad()\n", "")),
    wrong("the generator is ignored", (", generator=generator)[", ")[")),
    wrong("one token too few", ("range(max_new_tokens)", "range(max_new_tokens - 1)")),
    wrong(
        "greedy from the first new logits",
        ("forward_with_cache(model, unread, cache)[:, -1]", "forward_with_cache(model, unread, cache)[:, 0]"),
    ),
    wrong(
        ["no cache at all", "stays in evaluation mode"],
        ("if tokens.shape[1] > size or cache.length == 0:", "if True:"),
        ("            module.training = training", "            pass"),
        kind=Two,
    ),
    wrong(
        ["rows go on after eos", "top_k is ignored"],
        ("                token = token.masked_fill(ended, eos_id)\n", ""),
        ("if top_k is not None:", "if False:"),
        kind=Two,
    ),
]
