"""Draws how data flow through attention, through the transformer of 2017, through GPT-2, and through its cache.

    from coursekit import diagrams

    diagrams.encoder_decoder()  # as the last line of a cell

Each function returns a ``Diagram``, which Jupyter shows as vector graphics. Data enter at the bottom, and leave at the
top. A colour means the same in all diagrams, and every box says in words what it is. The background is light in dark
themes, too.
"""

from coursekit.drawing import HEIGHT, Diagram, Paper

FRAME = 34  # what a frame adds to the height of the boxes in it


def attention() -> Diagram:
    """Draw multi-head attention, with the shape of what each step makes.

    Its names are those of notebook 1: query_proj, key_proj, value_proj and output_proj.
    """
    paper = Paper(574, 604)
    places = {"query": 150, "key": 314, "value": 478}
    paper.frame(52, 156, 500, 262, "one of num_heads heads")
    for name, x in places.items():
        paper.text(x, 30, name, bold=True)
        paper.text(x, 10, f"(batch, {'Tq' if name == 'query' else 'Tk'}, d_model)", small=True)
        paper.box(x, 78, f"{name}_proj", "embed", width=126)
        paper.arrow((x, 48), (x, 78))
    x, wide = 232, 292
    steps = {
        "scores = Q Kᵀ / √d_head": ("self", "(Tq, Tk)"),
        "−∞ where the mask is False": ("plain", "(Tq, Tk)"),
        "softmax over the keys: weights": ("self", "(Tq, Tk)"),
    }
    low = 182
    for label, (kind, shape) in steps.items():
        paper.box(x, low, label, kind, width=wide)
        paper.text(x + wide / 2 + 8, low + 12, shape, small=True, anchor="start")
        low += 54
    for before in (182, 236, 290):
        paper.arrow((x, before + HEIGHT), (x, before + 54))
    paper.box(x, low, "output = weights · V", "self", width=wide)
    paper.text(x + wide / 2 + 8, low + 27, "(Tq, d_head)", small=True, anchor="start")
    paper.arrow((places["query"], 112), (places["query"], 182), label="Q")
    paper.arrow((places["key"], 112), (places["key"], 182), label="K")
    paper.arrow((places["value"], 112), (places["value"], low + 11), (x + wide / 2, low + 11), label="V")
    paper.text(20, 262, "mask", bold=True, anchor="start")
    paper.arrow((20, 253), (x - wide / 2, 253))
    paper.arrow((x, low + HEIGHT), (x, 442))
    paper.box(x, 442, "put the heads side by side", "plain", width=wide)
    paper.text(x + wide / 2 + 8, 454, "(batch, Tq, d_model)", small=True, anchor="start")
    paper.arrow((x, 476), (x, 504))
    paper.box(x, 504, "output_proj", "embed", width=wide)
    paper.arrow((x, 538), (x, 566))
    paper.text(x, 574, "output (batch, Tq, d_model)", bold=True)
    return paper.diagram(
        "Multi-head attention, from the bottom up. Query, key and value each pass through a projection of their own "
        "and are cut into heads. In each head, the products of queries and keys are divided by the root of d_head: "
        "these are the scores. Scores become minus infinity where the mask is False. Their softmax over the keys gives "
        "the weights, and the weights times the values give the head's output. Then the heads are put side by side "
        "and pass through output_proj."
    )


def encoder_decoder(layers: int = 2) -> Diagram:
    """Draw the transformer of 2017. Its memory feeds the cross-attention of every decoder layer.

    layers  how many layers each of the two stacks has in the picture
    """
    of_encoder = [("self-attention", "self"), ("feed-forward", "feed")]
    of_decoder = [("causal self-attention", "self"), ("cross-attention", "cross"), ("feed-forward", "feed")]
    left, right, bus, wide, step = 132, 494, 276, 196, 50
    start = 116  # of the first layers
    height = start + layers * (len(of_decoder) * step + FRAME) + 172
    paper = Paper(626, height)
    for x, who, what in ((left, "source", "(batch, S)"), (right, "target inputs", "(batch, T)")):
        paper.text(x, 14, f"{who} {what}", bold=True)
        paper.arrow((x, 30), (x, 50))
        paper.box(x, 50, "embedding · √d + positions", "embed", width=wide + 12)
    top, _ = _stack(paper, left, start, layers, of_encoder, wide, step, "encoder layer")
    memory = top + FRAME + 10
    paper.arrow((left, top), (left, memory))
    paper.box(left, memory, "memory", "kept", width=wide)
    paper.text(left, memory + HEIGHT + 10, "(batch, S, d_model)", small=True)
    paper.text(20, height - 30, "Each box in a frame has a residual", small=True, anchor="start")
    paper.text(20, height - 50, "connection and a norm of its own;", small=True, anchor="start")
    paper.text(20, height - 70, "d is d_model.", small=True, anchor="start")
    top, lows = _stack(paper, right, start, layers, of_decoder, wide, step, "decoder layer")
    out = memory + HEIGHT / 2
    for low in lows["cross-attention"]:
        into = low + HEIGHT / 2
        paper.arrow((left + wide / 2, out), (bus, out), (bus, into), (right - wide / 2, into), kind="kept")
        paper.text(bus + 10, low + 25, "keys, values", small=True, anchor="start")
    for name, kind in (("decoder_norm", "plain"), ("· target embeddingᵀ", "embed")):
        low = top + (FRAME + 10 if kind == "plain" else 20)
        paper.arrow((right, top), (right, low))
        paper.box(right, low, name, kind, width=wide + 12)
        top = low + HEIGHT
    paper.arrow((right, top), (right, top + 22))
    paper.text(right, top + 30, "logits (batch, T, target_vocab)", bold=True)
    return paper.diagram(
        f"An encoder-decoder with {layers} layers on each side. The left column, from the bottom up, shows the source, "
        "its embedding with positions, the encoder layers with self-attention and feed-forward, and the memory. The "
        "right column shows the target inputs, their embedding with positions, the decoder layers with causal "
        "self-attention, cross-attention and feed-forward, then decoder_norm, the product with the target embedding, "
        "and the logits. An arrow with keys and values leads from the memory to the cross-attention of every decoder "
        "layer."
    )


def gpt2() -> Diagram:
    """Draw GPT-2: embeddings, one block in full, and the head. Names are those of transformers and of notebook 4."""
    paper = Paper(600, 652)
    x, wide, skip = 232, 250, 74
    paper.text(x, 14, "tokens (batch, length)", bold=True)
    paper.arrow((x, 30), (x, 52))
    paper.box(x, 52, "wte(token) + wpe(position)", "embed", width=wide)
    paper.frame(44, 110, 376, 364, "one of n_layer blocks")
    paper.arrow((x, 86), (x, 146))
    paper.box(x, 146, "ln_1", "plain", width=wide)
    paper.arrow((x, 180), (x, 198))
    paper.box(x, 198, "attn: causal self-attention", "self", width=wide)
    paper.arrow((x, 232), (x, 252))
    paper.plus(x, 264)
    paper.arrow((x, 128), (skip, 128), (skip, 264), (x - 12, 264))
    paper.arrow((x, 276), (x, 316))
    paper.box(x, 316, "ln_2", "plain", width=wide)
    paper.arrow((x, 350), (x, 368))
    paper.box(x, 368, "mlp: c_fc, GELU, c_proj", "feed", width=wide)
    paper.arrow((x, 402), (x, 422))
    paper.plus(x, 434)
    paper.arrow((x, 296), (skip, 296), (skip, 434), (x - 12, 434))
    paper.arrow((x, 446), (x, 498))
    paper.box(x, 498, "ln_f", "plain", width=wide)
    paper.arrow((x, 532), (x, 556))
    paper.box(x, 556, "· wteᵀ", "embed", width=wide)
    paper.arrow((x, 590), (x, 614))
    paper.text(x, 622, "logits (batch, length, vocab_size)", bold=True)
    paper.box(512, 268, ("no cross-attention:", "there is no memory"), "absent", width=148, height=56)
    paper.arrow((438, 284), (x + 3, 284), dashed=True)
    return paper.diagram(
        "GPT-2, from the bottom up. The token embedding wte and the position embedding wpe are added and enter the "
        "first block. In a block the values pass through ln_1 and causal self-attention, and the result is added to "
        "what came in. Then they pass through ln_2 and the mlp, and the result is added again. After the last block "
        "come ln_f, the product with the token embedding, and the logits. A dashed box marks the place where the "
        "decoder of 2017 has cross-attention, and says that GPT-2 has none."
    )


def cache_and_memory(layers: int = 3) -> Diagram:
    """Draw an encoder's memory, which all decoder layers share, beside GPT-2's cache, where each block has its own.

    layers  how many layers each stack has in the picture
    """
    wide, step, start = 104, 76, 126
    paper = Paper(730, start + layers * step + 66)
    head = start + layers * step + 36
    encoder, bus, decoder, prompt, kept, new = 68, 150, 242, 404, 533, 662
    paper.text((encoder + decoder) / 2, head, "an encoder's memory", bold=True)
    paper.text(kept, head, "GPT-2's cache", bold=True)
    paper.line((323, 20), (323, head + 14), dashed=True)
    lows = [start + number * step for number in range(layers)]
    for x, name, kind, words in (
        (encoder, "encoder", "self", "source"),
        (decoder, "decoder", "cross", "target"),
        (prompt, "block", "self", "prompt"),
        (new, "block", "self", "new token"),
    ):
        paper.text(x, start - 42, words)
        for number, low in enumerate(lows, 1):
            paper.arrow((x, low - (26 if number == 1 else step - HEIGHT)), (x, low))
            paper.box(x, low, f"{name} {number}", kind, width=wide)
    top = lows[-1] + HEIGHT
    for x in (decoder, new):
        paper.arrow((x, top), (x, top + 26))
    paper.arrow((encoder, top), (encoder, top + 22))
    paper.box(encoder, top + 22, "memory", "kept", width=wide)
    out = top + 22 + HEIGHT / 2
    for low in lows:
        into = low + HEIGHT / 2
        paper.arrow((encoder + wide / 2, out), (bus, out), (bus, into), (decoder - wide / 2, into), kind="kept")
    for number, low in enumerate(lows, 1):
        paper.box(kept, low, f"K, V {number}", "kept", width=84)
        paper.arrow((prompt + wide / 2, low + 17), (kept - 42, low + 17))
        paper.arrow((kept + 42, low + 22), (new - wide / 2, low + 22), kind="kept")
        paper.arrow((new - wide / 2, low + 10), (kept + 42, low + 10), dashed=True)
    for middle, lines in {
        (encoder + decoder) / 2: (
            "All decoder layers read one memory:",
            "the last encoder layer's output.",
            "It does not grow.",
        ),
        kept: (
            "Each block reads its own keys and values",
            "of the prompt. Every new token adds",
            "its keys and values (dashed arrows).",
        ),
    }.items():
        for line, words in enumerate(lines):
            paper.text(middle, 52 - 20 * line, words, small=True)
    return paper.diagram(
        f"The left half shows {layers} encoder layers with the memory above the last one. An arrow leads from the "
        f"memory to each of {layers} decoder layers. The right half shows {layers} blocks of GPT-2 that have read the "
        "prompt, and the same blocks for a new token. Between them are the keys and values of each block. Each block "
        "of the new token reads the keys and values of its own block, and adds one of each."
    )


def _stack(paper: Paper, x, low, layers, parts, wide, step, title):
    """Draw layers of these parts above each other, and return the top, and where the boxes of each part are."""
    lows = {name: [] for name, _ in parts}
    below = 84  # the top of the embedding
    for number in range(1, layers + 1):
        paper.frame(x - wide / 2 - 14, low - 12, wide + 28, len(parts) * step + FRAME - 8, f"{title} {number}")
        for name, kind in parts:
            paper.arrow((x, below), (x, low))
            paper.box(x, low, name, kind, width=wide)
            lows[name].append(low)
            below, low = low + HEIGHT, low + step
        low += FRAME
    return below, lows
