"""Right solutions of notebook 06, written in other ways than the reference. Each must score full."""

ALTERNATIVES = {
    "pack": {
        "from lists": """
def pack(source, target, bos_id, pad_id):
    rows, lengths = [], []
    for s, t in zip(source.tolist(), target.tolist()):
        s = [token for token in s if token != pad_id]
        t = [token for token in t if token != pad_id]
        rows.append(s + [bos_id] + t)
        lengths.append(len(s))
    longest = max(len(row) for row in rows)
    texts = torch.tensor([row + [pad_id] * (longest - len(row)) for row in rows])
    return texts, torch.tensor(lengths)
""",
        "padding sorted to the end": """
def pack(source, target, bos_id, pad_id):
    bos = torch.full((source.shape[0], 1), bos_id, dtype=source.dtype)
    texts = torch.cat([source, bos, target], dim=1)
    order = (texts == pad_id).long().argsort(dim=1, stable=True)
    texts = texts.gather(1, order)
    longest = int((texts != pad_id).sum(dim=1).max())
    return texts[:, :longest], source.ne(pad_id).sum(-1)
""",
        "written in place": """
def pack(source, target, bos_id, pad_id):
    s, t = (source != pad_id).sum(1), (target != pad_id).sum(1)
    texts = source.new_full((len(source), int((s + t).max()) + 1), pad_id)
    for i in range(len(source)):
        texts[i, : s[i]] = source[i, : s[i]]
        texts[i, s[i]] = bos_id
        texts[i, s[i] + 1 : s[i] + 1 + t[i]] = target[i, : t[i]]
    return texts, s
""",
    },
    "training_targets": {
        "two loops": """
def training_targets(texts, source_lengths, pad_id, everything=False):
    labels = torch.full((texts.shape[0], texts.shape[1] - 1), -100)
    for row in range(texts.shape[0]):
        for position in range(texts.shape[1] - 1):
            token = texts[row, position + 1]
            if token != pad_id and (everything or position >= source_lengths[row]):
                labels[row, position] = token
    return labels
""",
        "where it counts": """
def training_targets(texts, source_lengths, pad_id, everything=False):
    targets = texts[:, 1:].clone()
    positions = torch.arange(1, texts.shape[1]).unsqueeze(0)
    counts = (targets != pad_id) & ((positions > source_lengths.unsqueeze(1)) | everything)
    return torch.where(counts, targets, torch.tensor(-100))
""",
        "a copy written into": """
def training_targets(texts, source_lengths, pad_id, everything=False):
    labels = texts.clone()
    labels[texts == pad_id] = -100
    if not everything:
        for row, length in zip(labels, source_lengths):
            row[: length + 1] = -100
    return labels[:, 1:]
""",
    },
    "translate": {
        "each row alone": """
def translate(model, sources, bos_id, eos_id, pad_id, max_length, prefix=False):
    modes = {part: part.training for part in model.modules()}
    model.eval()
    rows = []
    with torch.no_grad():
        for source in sources:
            text = source[source != pad_id].tolist()
            length = len(text)
            text.append(bos_id)
            while len(text) <= length + max_length and not (len(text) > length + 1 and text[-1] == eos_id):
                mask = prefix_mask(length, len(text))[None, None] if prefix else None
                text.append(int(model(torch.tensor([text]), mask)[0, -1].argmax()))
            rows.append(text[length + 1 : length + 1 + max_length])
    for part, mode in modes.items():
        part.training = mode
    longest = max(map(len, rows))
    written = torch.full((len(rows), longest), pad_id)
    for row, found in zip(written, rows):
        row[: len(found)] = torch.tensor(found, dtype=torch.int64)
    return written
""",
        "texts that grow in place": """
@torch.no_grad()
def translate(model, sources, bos_id, eos_id, pad_id, max_length, prefix=False):
    modes = [part.training for part in model.modules()]
    model.eval()
    batch, width = sources.shape
    lengths = (sources != pad_id).sum(dim=1)
    rows = torch.arange(batch)
    texts = torch.cat([sources, torch.full((batch, max_length + 1), pad_id)], dim=1)
    texts[rows, lengths] = bos_id
    mask = torch.stack([prefix_mask(int(n), texts.shape[1]) for n in lengths])[:, None] if prefix else None
    done, steps = torch.zeros(batch, dtype=torch.bool), 0
    out = torch.full((batch, max_length), pad_id)
    while steps < max_length and not done.all():
        token = model(texts, mask)[rows, lengths + steps].argmax(-1)
        token[done] = pad_id
        out[:, steps] = token
        texts[rows, lengths + steps + 1] = token
        done |= token == eos_id
        steps += 1
    for part, mode in zip(model.modules(), modes):
        part.training = mode
    return out[:, :steps]
""",
        "a causal mask handed over": """
def translate(model, sources, bos_id, eos_id, pad_id, max_length, prefix=False):
    before = [(m, m.training) for m in model.modules()]
    model.train(False)
    found, over = [], torch.zeros(sources.shape[0], dtype=torch.bool)
    empty = sources.new_empty(sources.shape[0], 0)
    try:
        with torch.inference_mode():
            for _ in range(max_length):
                if bool(over.all()):
                    break
                texts, lengths = pack(sources, torch.stack(found, dim=1) if found else empty, bos_id, pad_id)
                size = texts.shape[1]
                masks = torch.stack([prefix_mask(int(n) if prefix else 0, size) for n in lengths])
                logits = model(texts, masks.unsqueeze(1))
                ends = texts.ne(pad_id).sum(1, keepdim=True) - 1
                at_end = logits.gather(1, ends[..., None].expand(-1, 1, logits.shape[-1])).squeeze(1)
                token = torch.where(over, pad_id, at_end.argmax(-1))
                found.append(token)
                over = over | token.eq(eos_id)
    finally:
        for m, mode in before:
            m.training = mode
    return torch.stack(found, dim=1).clone() if found else empty
""",
    },
    "prefix_mask": {
        "two loops": """
def prefix_mask(prefix_length, length):
    if prefix_length < 0 or prefix_length > length:
        raise ValueError("prefix")
    mask = torch.zeros(length, length, dtype=torch.bool)
    for i in range(length):
        for j in range(length):
            mask[i, j] = j <= i or j < prefix_length
    return mask
""",
        "a corner filled in": """
def prefix_mask(prefix_length, length):
    if not (prefix_length >= 0 and length >= prefix_length):
        raise ValueError("prefix")
    mask = causal_mask(length)
    mask[:prefix_length, :prefix_length] = True
    return mask
""",
        "from lists": """
def prefix_mask(prefix_length, length):
    if prefix_length not in range(length + 1):
        raise ValueError(prefix_length)
    return torch.tensor([[j < max(i + 1, prefix_length) for j in range(length)] for i in range(length)])
""",
        "where it is not hidden": """
def prefix_mask(prefix_length, length):
    if prefix_length < 0:
        raise ValueError("below 0")
    if prefix_length > length:
        raise ValueError("too long")
    hidden = torch.triu(torch.ones(length, length), diagonal=1)
    hidden[:, :prefix_length] = 0
    return hidden == 0
""",
    },
    "decode_with_encoder": {
        "layer by layer": """
def decode_with_encoder(encoder, x):
    mask = torch.tril(torch.ones(x.size(1), x.size(1))).bool()
    for layer in encoder.layers:
        x = layer(x, mask)
    if encoder.norm is not None:
        x = encoder.norm(x)
    return x
""",
        "a mask for each sequence and head": """
def decode_with_encoder(encoder, x):
    batch, length, _ = x.shape
    mask = causal_mask(length)[None, None].expand(batch, 1, length, length).contiguous()
    return encoder.forward(x, mask=mask)
""",
        "a prefix of nothing": """
def decode_with_encoder(encoder, x):
    return encoder(x, mask=prefix_mask(0, x.shape[-2]))
""",
        "by its parts": """
def decode_with_encoder(encoder, x):
    mask = causal_mask(x.shape[1])
    for layer in encoder.layers:
        if layer.norm_first:
            n = layer.norm1(x)
            x = x + layer.dropout(layer.self_attention(n, n, n, mask))
            x = x + layer.dropout(layer.feed_forward(layer.norm2(x)))
        else:
            x = layer.norm1(x + layer.dropout(layer.self_attention(x, x, x, mask)))
            x = layer.norm2(x + layer.dropout(layer.feed_forward(x)))
    return x if encoder.norm is None else encoder.norm(x)
""",
        "an Encoder asked for": """
def decode_with_encoder(encoder, x):
    if not isinstance(encoder, Encoder) or x.ndim != 3:
        raise TypeError("an encoder, and x of three dimensions")
    return Encoder.__call__(encoder, x, causal_mask(x.size(1)).to(x.device))
""",
    },
    "predicted_reach": {
        "by blocks": """
def predicted_reach(architecture, source_length, target_length):
    if architecture not in {"encoder", "decoder", "encoder-decoder", "GPT-2", "prefix-LM"}:
        raise ValueError(architecture)
    n = source_length + target_length
    reach = torch.zeros(n, n, dtype=torch.bool)
    s = slice(0, source_length)
    t = slice(source_length, n)
    reach[s, s] = torch.tril(torch.ones(source_length, source_length)).bool()
    reach[t, t] = torch.tril(torch.ones(target_length, target_length)).bool()
    reach[t, s] = True
    if architecture in ("encoder", "encoder-decoder", "prefix-LM"):
        reach[s, s] = True
    if architecture == "encoder":
        reach[:] = True
    return reach
""",
        "a dict of prefixes": """
def predicted_reach(architecture, source_length, target_length):
    n = source_length + target_length
    prefixes = {"encoder": n, "decoder": 0, "GPT-2": 0, "encoder-decoder": source_length, "prefix-LM": source_length}
    try:
        prefix = prefixes[architecture]
    except KeyError:
        raise ValueError("unknown") from None
    return torch.tensor([[j <= i or j < prefix for j in range(n)] for i in range(n)])
""",
        "a case each": """
def predicted_reach(architecture, source_length, target_length):
    S, T = source_length, target_length
    match architecture:
        case "encoder":
            return torch.full((S + T, S + T), True)
        case "decoder" | "GPT-2":
            return torch.ones(S + T, S + T).tril() > 0
        case "encoder-decoder" | "prefix-LM":
            top = torch.cat([torch.ones(S, S), torch.zeros(S, T)], dim=1)
            bottom = torch.cat([torch.ones(T, S), torch.ones(T, T).tril()], dim=1)
            return torch.cat([top, bottom]).bool()
        case _:
            raise ValueError(architecture)
""",
    },
    "match_parameters": {
        "tried out": """
def match_parameters(d_model, d_ff, encoder_layers, decoder_layers, num_layers):
    def weight(attentions, width):
        return attentions * 4 * d_model * d_model + 2 * d_model * width

    wanted = encoder_layers * weight(1, d_ff) + decoder_layers * weight(2, d_ff)
    low, high = 1, wanted
    while low <= high:
        middle = (low + high) // 2
        found = num_layers * weight(1, middle)
        if found == wanted:
            return middle
        if found < wanted:
            low = middle + 1
        else:
            high = middle - 1
    raise ValueError("none fits")
""",
        "with fractions": """
def match_parameters(d_model, d_ff, encoder_layers, decoder_layers, num_layers):
    from fractions import Fraction

    layers = encoder_layers + decoder_layers
    more = encoder_layers + 2 * decoder_layers - num_layers
    width = Fraction(2 * d_model * more + layers * d_ff, num_layers)
    if width.denominator > 1 or width <= 0:
        raise ValueError(f"{width} is no width")
    return int(width)
""",
        "a float that is looked at": """
def match_parameters(d_model, d_ff, encoder_layers, decoder_layers, num_layers):
    attention, feed = 4 * d_model**2, 2 * d_model * d_ff
    total = (encoder_layers + 2 * decoder_layers) * attention + (encoder_layers + decoder_layers) * feed
    width = (total / num_layers - attention) / (2 * d_model)
    whole = round(width)
    if whole < 1 or num_layers * (attention + 2 * d_model * whole) != total:
        raise ValueError
    return whole
""",
    },
}
