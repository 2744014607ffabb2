from heldout import Right, Two, Wrong

A, X = "05_generation", "generate"
BODY = """
@torch.no_grad()
def generate(model, tokens, max_new_tokens, *, attention_mask=None, temperature=1.0, top_k=None, top_p=None, eos_id=None, generator=None):
    mask = attention_mask
    if mask is not None:
        if not mask[:, -1].all() or (mask[:, :-1] & ~mask[:, 1:]).any():
            raise ValueError("padding is on the left")
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        ended = torch.zeros(len(tokens), dtype=torch.bool, device=tokens.device)
        size = model.config.n_positions
        for _ in range(max_new_tokens):
            seen = None if mask is None else mask[:, -size:]
            logits = model(tokens[:, -size:], attention_mask=seen)[:, -1]
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
            if mask is not None:
                mask = torch.cat([mask, torch.ones_like(mask[:, :1])], dim=1)
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
    wrong("the last column is not read first", ("attention_mask=seen)[:, -1]", "attention_mask=seen)[:, 0]")),
    wrong(
        "the second last column",
        ("attention_mask=seen)[:, -1]", "attention_mask=seen)[:, -2 if tokens.shape[1] > 1 else -1]"),
    ),
    wrong(
        "only the new tokens",
        ("    return tokens\n", "    return tokens[:, -max_new_tokens:] if max_new_tokens else tokens[:, :0]\n"),
    ),
    wrong("one token too many", ("range(max_new_tokens)", "range(max_new_tokens + 1)")),
    wrong("one token too few", ("range(max_new_tokens)", "range(max_new_tokens - 1)")),
    wrong("the prompt is repeated each step", ("model(tokens[:, -size:]", "model(tokens[:, :size]")),
    wrong("the result is cropped", ("    return tokens\n", "    return tokens[:, -size:]\n")),
    wrong(
        "the context is not cropped",
        ("model(tokens[:, -size:], attention_mask=seen)", "model(tokens, attention_mask=mask)"),
    ),
    wrong("cropped one too short", ("size = model.config.n_positions", "size = model.config.n_positions - 1")),
    wrong("the mask is not cropped with the tokens", ("mask[:, -size:]", "mask[:, :size]")),
    wrong("the mask is not passed on", ("attention_mask=seen)", "attention_mask=None)")),
    wrong(
        "the mask does not grow right: new tokens are padding",
        ("torch.ones_like(mask[:, :1])", "torch.zeros_like(mask[:, :1])"),
    ),
    wrong(
        "filled eos is padding",
        ("torch.cat([mask, torch.ones_like(mask[:, :1])], dim=1)", "torch.cat([mask, (~ended)[:, None]], dim=1)"),
    ),
    wrong(
        "padding on the right is taken",
        ("not mask[:, -1].all() or (mask[:, :-1] & ~mask[:, 1:]).any()", "not mask.any(dim=1).all()"),
    ),
    wrong("padding in the middle is taken", (" or (mask[:, :-1] & ~mask[:, 1:]).any()", "")),
    wrong("training mode", ("    model.eval()\n", "")),
    wrong("stays in evaluation mode", ("            module.training = training", "            pass")),
    wrong("all back to training", ("            module.training = training", "            module.train()")),
    wrong(
        "the mode of the whole model",
        (
            "        for module, training in modes.items():\n            module.training = training",
            "        model.train(modes[model])",
        ),
    ),
    wrong("gradients", ("@torch.no_grad()\n", "")),
    wrong(
        "temperature 0 draws",
        ("if temperature == 0:", "if False:"),
        ("apply_temperature(logits, temperature)", "apply_temperature(logits, temperature or 1.0)"),
    ),
    wrong("always greedy", ("if temperature == 0:", "if True:")),
    wrong("the temperature is forgotten", ("apply_temperature(logits, temperature)", "logits")),
    Wrong(
        A,
        X,
        "top_p before top_k",
        BODY.replace("top_k is not", "_K")
        .replace("top_p is not", "top_k is not")
        .replace("_K", "top_p is not")
        .replace("keep_top_k(logits, top_k)", "_K")
        .replace("keep_top_p(logits, top_p)", "keep_top_k(logits, top_k)")
        .replace("_K", "keep_top_p(logits, top_p)"),
    ),
    wrong(
        "temperature comes last",
        ("                logits = apply_temperature(logits, temperature)\n", ""),
        (
            "                token = torch.multinomial",
            "                logits = apply_temperature(logits, temperature)\n                token = torch.multinomial",
        ),
    ),
    wrong("top_k is ignored", ("if top_k is not None:", "if False:")),
    wrong("top_p is ignored", ("if top_p is not None:", "if False:")),
    wrong("the generator is ignored", (", generator=generator)[", ")[")),
    wrong(
        "a generator anew in each step",
        (
            ", generator=generator)[",
            ", generator=None if generator is None else torch.Generator().manual_seed(generator.initial_seed()))[",
        ),
    ),
    wrong("eos 0 does not end", ("if eos_id is not None:", "if eos_id:")),
    wrong("rows go on after eos", ("                token = token.masked_fill(ended, eos_id)\n", "")),
    wrong(
        "eos in the prompt counts",
        (
            "ended = torch.zeros(len(tokens), dtype=torch.bool, device=tokens.device)",
            "ended = (tokens == eos_id).any(dim=1) if eos_id is not None else torch.zeros(len(tokens), dtype=torch.bool)",
        ),
    ),
    wrong("stops when one row has ended", ("if ended.all():", "if ended.any():")),
    wrong("never stops", ("if ended.all():", "if False:")),
    wrong(
        "the highest id of equals", ("logits.argmax(dim=-1)", "logits.shape[-1] - 1 - logits.flip(-1).argmax(dim=-1)")
    ),
    wrong(
        "all rows get the first row's token",
        (
            "tokens = torch.cat([tokens, token[:, None]], dim=1)",
            "tokens = torch.cat([tokens, token[:1].expand(len(tokens))[:, None]], dim=1)",
        ),
    ),
    wrong(
        ["the mask is not passed on", "stops when one row has ended"],
        ("attention_mask=seen)", "attention_mask=None)"),
        ("if ended.all():", "if ended.any():"),
        kind=Two,
    ),
    wrong(
        ["stays in evaluation mode", "top_k is ignored"],
        ("            module.training = training", "            pass"),
        ("if top_k is not None:", "if False:"),
        kind=Two,
    ),
]
