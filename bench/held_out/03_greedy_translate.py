from heldout import Right, Two, Wrong

A, X = "03_decoder", "greedy_translate"
CASES = [
    Right(
        A,
        X,
        "a preallocated tensor of padding",
        """
@torch.no_grad()
def greedy_translate(model, source, bos_id, eos_id, max_length):
    mode = model.training
    model.eval()
    memory, memory_mask = model.encode(source)
    batch = source.shape[0]
    book = torch.full((batch, max_length + 1), model.pad_id, dtype=torch.int64)
    book[:, 0] = bos_id
    active = torch.ones(batch, dtype=torch.bool)
    used = 1
    while used <= max_length and active.any():
        scores = model.decode(book[:, :used], memory, memory_mask)[:, -1, :]
        best = scores.max(dim=-1, keepdim=True).values
        token = (scores == best).int().argmax(dim=-1)  # the first of the best
        book[active, used] = token[active]
        active = active & (token != eos_id)
        used += 1
    model.train(mode)
    return book[:, 1:used]
""",
    ),
    Right(
        A,
        X,
        "lists of columns, try and finally",
        """
def greedy_translate(model: Transformer, source: Tensor, bos_id: int, eos_id: int, max_length: int) -> Tensor:
    was_training = {part: part.training for part in model.modules()}
    try:
        model.eval()
        with torch.no_grad():
            memory, memory_mask = model.encode(source)
            columns = [torch.full((len(source),), bos_id)]
            ended = torch.zeros(len(source), dtype=torch.bool)
            for _ in range(max_length):
                if bool(ended.all()):
                    break
                logits = model.decode(torch.stack(columns, dim=1), memory, memory_mask)
                word = torch.where(ended, model.pad_id, logits[:, -1].argmax(dim=-1))
                columns.append(word)
                ended |= word.eq(eos_id) & ~ended
    finally:
        for part, mode in was_training.items():
            part.training = mode
    return torch.stack(columns, dim=1)[:, 1:]
""",
    ),
    Right(
        A,
        X,
        "Python lists for the rows, inference mode",
        """
def greedy_translate(model, source, bos_id, eos_id, max_length):
    before = model.training
    model.train(False)
    rows = [[bos_id] for _ in range(len(source))]
    open_rows = set(range(len(source)))
    with torch.inference_mode():
        memory, mask = model.encode(source)
        for _ in range(max_length):
            logits = model.decode(torch.tensor(rows), memory, mask)
            guesses = logits[:, -1].argmax(-1).tolist()
            for i, guess in enumerate(guesses):
                rows[i].append(guess if i in open_rows else model.pad_id)
                if guess == eos_id:
                    open_rows.discard(i)
            if not open_rows:
                break
    model.train(before)
    return torch.tensor(rows, dtype=torch.int64)[:, 1:]
""",
    ),
    Wrong(
        A,
        X,
        "bos_id stays in front",
        """
@torch.no_grad()
def greedy_translate(model, source, bos_id, eos_id, max_length):
    mode = model.training
    model.eval()
    memory, memory_mask = model.encode(source)
    ys = torch.full((len(source), 1), bos_id)
    done = torch.zeros(len(source), dtype=torch.bool)
    for _ in range(max_length):
        token = model.decode(ys, memory, memory_mask)[:, -1].argmax(-1)
        token = token.masked_fill(done, model.pad_id)
        ys = torch.cat([ys, token[:, None]], dim=1)
        done |= token == eos_id
        if done.all():
            break
    model.train(mode)
    return ys
""",
    ),
    Wrong(
        A,
        X,
        "one token too few: max_length counts bos_id",
        """
@torch.no_grad()
def greedy_translate(model, source, bos_id, eos_id, max_length):
    mode = model.training
    model.eval()
    memory, memory_mask = model.encode(source)
    ys = torch.full((len(source), 1), bos_id)
    done = torch.zeros(len(source), dtype=torch.bool)
    while ys.shape[1] < max_length and not done.all():
        token = model.decode(ys, memory, memory_mask)[:, -1].argmax(-1).masked_fill(done, model.pad_id)
        ys = torch.cat([ys, token[:, None]], dim=1)
        done = done | (token == eos_id)
    model.train(mode)
    return ys[:, 1:]
""",
    ),
    Wrong(
        A,
        X,
        "stops when the first row ends",
        """
@torch.no_grad()
def greedy_translate(model, source, bos_id, eos_id, max_length):
    mode = model.training
    model.eval()
    memory, memory_mask = model.encode(source)
    out = torch.full((len(source), 1), bos_id)
    for _ in range(max_length):
        token = model.decode(out, memory, memory_mask)[:, -1].argmax(-1)
        out = torch.cat([out, token[:, None]], dim=1)
        if (token == eos_id).any():
            break
    model.train(mode)
    return out[:, 1:]
""",
    ),
    Wrong(
        A,
        X,
        "stops only if all rows write eos_id in the same step",
        """
@torch.no_grad()
def greedy_translate(model, source, bos_id, eos_id, max_length):
    mode = model.training
    model.eval()
    memory, memory_mask = model.encode(source)
    out = torch.full((len(source), 1), bos_id)
    ended = torch.zeros(len(source), dtype=torch.bool)
    for _ in range(max_length):
        token = model.decode(out, memory, memory_mask)[:, -1].argmax(-1).masked_fill(ended, model.pad_id)
        out = torch.cat([out, token[:, None]], dim=1)
        ended |= token == eos_id
        if (token == eos_id).all():
            break
    model.train(mode)
    return out[:, 1:]
""",
    ),
    Wrong(
        A,
        X,
        "never stops early",
        """
@torch.no_grad()
def greedy_translate(model, source, bos_id, eos_id, max_length):
    mode = model.training
    model.eval()
    memory, memory_mask = model.encode(source)
    out = torch.full((len(source), 1), bos_id)
    ended = torch.zeros(len(source), dtype=torch.bool)
    for _ in range(max_length):
        token = model.decode(out, memory, memory_mask)[:, -1].argmax(-1).masked_fill(ended, model.pad_id)
        out = torch.cat([out, token[:, None]], dim=1)
        ended |= token == eos_id
    model.train(mode)
    return out[:, 1:]
""",
    ),
    Wrong(
        A,
        X,
        "ended rows go on writing",
        """
@torch.no_grad()
def greedy_translate(model, source, bos_id, eos_id, max_length):
    mode = model.training
    model.eval()
    memory, memory_mask = model.encode(source)
    out = torch.full((len(source), 1), bos_id)
    finished = torch.zeros(len(source), dtype=torch.bool)
    for _ in range(max_length):
        next_token = model.decode(out, memory, memory_mask)[:, -1].argmax(-1)
        out = torch.cat([out, next_token.unsqueeze(1)], dim=1)
        finished = finished | next_token.eq(eos_id)
        if finished.all():
            break
    model.train(mode)
    return out[:, 1:]
""",
    ),
    Wrong(
        A,
        X,
        "ended rows are filled with eos_id",
        """
@torch.no_grad()
def greedy_translate(model, source, bos_id, eos_id, max_length):
    mode = model.training
    model.eval()
    memory, memory_mask = model.encode(source)
    out = torch.full((len(source), 1), bos_id)
    finished = torch.zeros(len(source), dtype=torch.bool)
    for _ in range(max_length):
        next_token = model.decode(out, memory, memory_mask)[:, -1].argmax(-1)
        next_token[finished] = eos_id
        out = torch.cat([out, next_token.unsqueeze(1)], dim=1)
        finished = finished | next_token.eq(eos_id)
        if finished.all():
            break
    model.train(mode)
    return out[:, 1:]
""",
    ),
    Wrong(
        A,
        X,
        "filled with 0 and not with the model's pad_id",
        """
@torch.no_grad()
def greedy_translate(model, source, bos_id, eos_id, max_length):
    mode = model.training
    model.eval()
    memory, memory_mask = model.encode(source)
    out = torch.full((len(source), 1), bos_id)
    running = torch.ones(len(source), dtype=torch.int64)
    for _ in range(max_length):
        next_token = model.decode(out, memory, memory_mask)[:, -1].argmax(-1) * running
        out = torch.cat([out, next_token.unsqueeze(1)], dim=1)
        running = running * (next_token != eos_id)
        if running.sum() == 0:
            break
    model.train(mode)
    return out[:, 1:]
""",
    ),
    Wrong(
        A,
        X,
        "eos_id itself is replaced by padding",
        """
@torch.no_grad()
def greedy_translate(model, source, bos_id, eos_id, max_length):
    mode = model.training
    model.eval()
    memory, memory_mask = model.encode(source)
    out = torch.full((len(source), 1), bos_id)
    finished = torch.zeros(len(source), dtype=torch.bool)
    for _ in range(max_length):
        next_token = model.decode(out, memory, memory_mask)[:, -1].argmax(-1)
        finished = finished | next_token.eq(eos_id)
        next_token = next_token.masked_fill(finished, model.pad_id)
        out = torch.cat([out, next_token.unsqueeze(1)], dim=1)
        if finished.all():
            break
    model.train(mode)
    return out[:, 1:]
""",
    ),
    Wrong(
        A,
        X,
        "a written pad_id ends a row",
        """
@torch.no_grad()
def greedy_translate(model, source, bos_id, eos_id, max_length):
    mode = model.training
    model.eval()
    memory, memory_mask = model.encode(source)
    out = torch.full((len(source), 1), bos_id)
    finished = torch.zeros(len(source), dtype=torch.bool)
    for _ in range(max_length):
        next_token = model.decode(out, memory, memory_mask)[:, -1].argmax(-1).masked_fill(finished, model.pad_id)
        out = torch.cat([out, next_token.unsqueeze(1)], dim=1)
        finished = (next_token == eos_id) | (next_token == model.pad_id)
        if finished.all():
            break
    model.train(mode)
    return out[:, 1:]
""",
    ),
    Wrong(
        A,
        X,
        "looks for eos_id in the whole row, bos_id included",
        """
@torch.no_grad()
def greedy_translate(model, source, bos_id, eos_id, max_length):
    mode = model.training
    model.eval()
    memory, memory_mask = model.encode(source)
    out = torch.full((len(source), 1), bos_id)
    for _ in range(max_length):
        ended = (out == eos_id).any(dim=1)
        if ended.all():
            break
        next_token = model.decode(out, memory, memory_mask)[:, -1].argmax(-1)
        out = torch.cat([out, torch.where(ended, model.pad_id, next_token)[:, None]], dim=1)
    model.train(mode)
    return out[:, 1:]
""",
    ),
    Wrong(
        A,
        X,
        "the source is encoded in every step",
        """
@torch.no_grad()
def greedy_translate(model, source, bos_id, eos_id, max_length):
    mode = model.training
    model.eval()
    out = torch.full((len(source), 1), bos_id)
    finished = torch.zeros(len(source), dtype=torch.bool)
    for _ in range(max_length):
        memory, memory_mask = model.encode(source)
        next_token = model.decode(out, memory, memory_mask)[:, -1].argmax(-1).masked_fill(finished, model.pad_id)
        out = torch.cat([out, next_token[:, None]], dim=1)
        finished |= next_token == eos_id
        if finished.all():
            break
    model.train(mode)
    return out[:, 1:]
""",
    ),
    Wrong(
        A,
        X,
        "calls the whole model",
        """
@torch.no_grad()
def greedy_translate(model, source, bos_id, eos_id, max_length):
    mode = model.training
    model.eval()
    out = torch.full((len(source), 1), bos_id)
    finished = torch.zeros(len(source), dtype=torch.bool)
    for _ in range(max_length):
        next_token = model(source, out)[:, -1].argmax(-1).masked_fill(finished, model.pad_id)
        out = torch.cat([out, next_token[:, None]], dim=1)
        finished |= next_token == eos_id
        if finished.all():
            break
    model.train(mode)
    return out[:, 1:]
""",
    ),
    Wrong(
        A,
        X,
        "the decoder reads the last token only",
        """
@torch.no_grad()
def greedy_translate(model, source, bos_id, eos_id, max_length):
    mode = model.training
    model.eval()
    memory, memory_mask = model.encode(source)
    current = torch.full((len(source), 1), bos_id)
    written = [current[:, :0]]
    finished = torch.zeros(len(source), 1, dtype=torch.bool)
    for _ in range(max_length):
        current = model.decode(current, memory, memory_mask)[:, -1:].argmax(-1).masked_fill(finished, model.pad_id)
        written.append(current)
        finished |= current == eos_id
        if finished.all():
            break
    model.train(mode)
    return torch.cat(written, dim=1)
""",
    ),
    Wrong(
        A,
        X,
        "the first position's logits",
        """
@torch.no_grad()
def greedy_translate(model, source, bos_id, eos_id, max_length):
    mode = model.training
    model.eval()
    memory, memory_mask = model.encode(source)
    out = torch.full((len(source), 1), bos_id)
    finished = torch.zeros(len(source), dtype=torch.bool)
    for _ in range(max_length):
        next_token = model.decode(out, memory, memory_mask)[:, 0].argmax(-1).masked_fill(finished, model.pad_id)
        out = torch.cat([out, next_token[:, None]], dim=1)
        finished |= next_token == eos_id
        if finished.all():
            break
    model.train(mode)
    return out[:, 1:]
""",
    ),
    Wrong(
        A,
        X,
        "of equal scores the highest id",
        """
@torch.no_grad()
def greedy_translate(model, source, bos_id, eos_id, max_length):
    mode = model.training
    model.eval()
    memory, memory_mask = model.encode(source)
    out = torch.full((len(source), 1), bos_id)
    finished = torch.zeros(len(source), dtype=torch.bool)
    for _ in range(max_length):
        scores = model.decode(out, memory, memory_mask)[:, -1]
        next_token = scores.sort(dim=-1, stable=True).indices[:, -1].masked_fill(finished, model.pad_id)
        out = torch.cat([out, next_token[:, None]], dim=1)
        finished |= next_token == eos_id
        if finished.all():
            break
    model.train(mode)
    return out[:, 1:]
""",
    ),
    Wrong(
        A,
        X,
        "samples",
        """
@torch.no_grad()
def greedy_translate(model, source, bos_id, eos_id, max_length):
    mode = model.training
    model.eval()
    memory, memory_mask = model.encode(source)
    out = torch.full((len(source), 1), bos_id)
    finished = torch.zeros(len(source), dtype=torch.bool)
    for _ in range(max_length):
        probabilities = model.decode(out, memory, memory_mask)[:, -1].softmax(-1)
        next_token = torch.multinomial(probabilities, 1).squeeze(1).masked_fill(finished, model.pad_id)
        out = torch.cat([out, next_token[:, None]], dim=1)
        finished |= next_token == eos_id
        if finished.all():
            break
    model.train(mode)
    return out[:, 1:]
""",
    ),
    Wrong(
        A,
        X,
        "gradients are computed",
        """
def greedy_translate(model, source, bos_id, eos_id, max_length):
    mode = model.training
    model.eval()
    memory, memory_mask = model.encode(source)
    out = torch.full((len(source), 1), bos_id)
    finished = torch.zeros(len(source), dtype=torch.bool)
    for _ in range(max_length):
        next_token = model.decode(out, memory, memory_mask)[:, -1].argmax(-1).masked_fill(finished, model.pad_id)
        out = torch.cat([out, next_token[:, None]], dim=1)
        finished |= next_token == eos_id
        if finished.all():
            break
    model.train(mode)
    return out[:, 1:]
""",
    ),
    Wrong(
        A,
        X,
        "gradients are computed in the encoder",
        """
def greedy_translate(model, source, bos_id, eos_id, max_length):
    mode = model.training
    model.eval()
    memory, memory_mask = model.encode(source)
    with torch.no_grad():
        out = torch.full((len(source), 1), bos_id)
        finished = torch.zeros(len(source), dtype=torch.bool)
        for _ in range(max_length):
            next_token = model.decode(out, memory, memory_mask)[:, -1].argmax(-1).masked_fill(finished, model.pad_id)
            out = torch.cat([out, next_token[:, None]], dim=1)
            finished |= next_token == eos_id
            if finished.all():
                break
    model.train(mode)
    return out[:, 1:]
""",
    ),
    Wrong(
        A,
        X,
        "no evaluation mode",
        """
@torch.no_grad()
def greedy_translate(model, source, bos_id, eos_id, max_length):
    memory, memory_mask = model.encode(source)
    out = torch.full((len(source), 1), bos_id)
    finished = torch.zeros(len(source), dtype=torch.bool)
    for _ in range(max_length):
        next_token = model.decode(out, memory, memory_mask)[:, -1].argmax(-1).masked_fill(finished, model.pad_id)
        out = torch.cat([out, next_token[:, None]], dim=1)
        finished |= next_token == eos_id
        if finished.all():
            break
    return out[:, 1:]
""",
    ),
    Wrong(
        A,
        X,
        "evaluation mode after the encoder has run",
        """
@torch.no_grad()
def greedy_translate(model, source, bos_id, eos_id, max_length):
    mode = model.training
    memory, memory_mask = model.encode(source)
    model.eval()
    out = torch.full((len(source), 1), bos_id)
    finished = torch.zeros(len(source), dtype=torch.bool)
    for _ in range(max_length):
        next_token = model.decode(out, memory, memory_mask)[:, -1].argmax(-1).masked_fill(finished, model.pad_id)
        out = torch.cat([out, next_token[:, None]], dim=1)
        finished |= next_token == eos_id
        if finished.all():
            break
    model.train(mode)
    return out[:, 1:]
""",
    ),
    Wrong(
        A,
        X,
        "the model stays in evaluation mode",
        """
@torch.no_grad()
def greedy_translate(model, source, bos_id, eos_id, max_length):
    model.eval()
    memory, memory_mask = model.encode(source)
    out = torch.full((len(source), 1), bos_id)
    finished = torch.zeros(len(source), dtype=torch.bool)
    for _ in range(max_length):
        next_token = model.decode(out, memory, memory_mask)[:, -1].argmax(-1).masked_fill(finished, model.pad_id)
        out = torch.cat([out, next_token[:, None]], dim=1)
        finished |= next_token == eos_id
        if finished.all():
            break
    return out[:, 1:]
""",
    ),
    Wrong(
        A,
        X,
        "the model is always in training mode afterwards",
        """
@torch.no_grad()
def greedy_translate(model, source, bos_id, eos_id, max_length):
    model.eval()
    memory, memory_mask = model.encode(source)
    out = torch.full((len(source), 1), bos_id)
    finished = torch.zeros(len(source), dtype=torch.bool)
    for _ in range(max_length):
        next_token = model.decode(out, memory, memory_mask)[:, -1].argmax(-1).masked_fill(finished, model.pad_id)
        out = torch.cat([out, next_token[:, None]], dim=1)
        finished |= next_token == eos_id
        if finished.all():
            break
    model.train()
    return out[:, 1:]
""",
    ),
    Wrong(
        A,
        X,
        "the mode is not restored if all rows end early (return inside the loop)",
        """
@torch.no_grad()
def greedy_translate(model, source, bos_id, eos_id, max_length):
    mode = model.training
    model.eval()
    memory, memory_mask = model.encode(source)
    out = torch.full((len(source), 1), bos_id)
    finished = torch.zeros(len(source), dtype=torch.bool)
    for _ in range(max_length):
        next_token = model.decode(out, memory, memory_mask)[:, -1].argmax(-1).masked_fill(finished, model.pad_id)
        out = torch.cat([out, next_token[:, None]], dim=1)
        finished |= next_token == eos_id
        if finished.all():
            return out[:, 1:]
    model.train(mode)
    return out[:, 1:]
""",
    ),
    Wrong(
        A,
        X,
        "a memory mask of its own",
        """
@torch.no_grad()
def greedy_translate(model, source, bos_id, eos_id, max_length):
    mode = model.training
    model.eval()
    memory, _ = model.encode(source)
    memory_mask = (source != model.pad_id)[:, None, None, :]
    out = torch.full((len(source), 1), bos_id)
    finished = torch.zeros(len(source), dtype=torch.bool)
    for _ in range(max_length):
        next_token = model.decode(out, memory, memory_mask)[:, -1].argmax(-1).masked_fill(finished, model.pad_id)
        out = torch.cat([out, next_token[:, None]], dim=1)
        finished |= next_token == eos_id
        if finished.all():
            break
    model.train(mode)
    return out[:, 1:]
""",
    ),
    Wrong(
        A,
        X,
        "bos_id is always 1",
        """
@torch.no_grad()
def greedy_translate(model, source, bos_id, eos_id, max_length):
    mode = model.training
    model.eval()
    memory, memory_mask = model.encode(source)
    out = torch.ones(len(source), 1, dtype=torch.int64)
    finished = torch.zeros(len(source), dtype=torch.bool)
    for _ in range(max_length):
        next_token = model.decode(out, memory, memory_mask)[:, -1].argmax(-1).masked_fill(finished, model.pad_id)
        out = torch.cat([out, next_token[:, None]], dim=1)
        finished |= next_token == eos_id
        if finished.all():
            break
    model.train(mode)
    return out[:, 1:]
""",
    ),
    Wrong(
        A,
        X,
        "padded to max_length on the right",
        """
@torch.no_grad()
def greedy_translate(model, source, bos_id, eos_id, max_length):
    mode = model.training
    model.eval()
    memory, memory_mask = model.encode(source)
    result = torch.full((len(source), max_length), model.pad_id)
    out = torch.full((len(source), 1), bos_id)
    finished = torch.zeros(len(source), dtype=torch.bool)
    for step in range(max_length):
        next_token = model.decode(out, memory, memory_mask)[:, -1].argmax(-1).masked_fill(finished, model.pad_id)
        out = torch.cat([out, next_token[:, None]], dim=1)
        result[:, step] = next_token
        finished |= next_token == eos_id
        if finished.all():
            break
    model.train(mode)
    return result
""",
    ),
    Wrong(
        A,
        X,
        "fails for max_length=0",
        """
@torch.no_grad()
def greedy_translate(model, source, bos_id, eos_id, max_length):
    mode = model.training
    model.eval()
    memory, memory_mask = model.encode(source)
    tokens = []
    inputs = torch.full((len(source), 1), bos_id)
    ended = torch.zeros(len(source), dtype=torch.bool)
    while len(tokens) < max_length and not ended.all():
        token = model.decode(inputs, memory, memory_mask)[:, -1].argmax(-1).masked_fill(ended, model.pad_id)
        tokens.append(token)
        inputs = torch.cat([inputs, token[:, None]], dim=1)
        ended |= token == eos_id
    model.train(mode)
    return torch.stack(tokens, dim=1)
""",
    ),
    Wrong(
        A,
        X,
        "writes at least one token, even for max_length=0",
        """
@torch.no_grad()
def greedy_translate(model, source, bos_id, eos_id, max_length):
    mode = model.training
    model.eval()
    memory, memory_mask = model.encode(source)
    inputs = torch.full((len(source), 1), bos_id)
    ended = torch.zeros(len(source), dtype=torch.bool)
    while True:
        token = model.decode(inputs, memory, memory_mask)[:, -1].argmax(-1).masked_fill(ended, model.pad_id)
        inputs = torch.cat([inputs, token[:, None]], dim=1)
        ended |= token == eos_id
        if ended.all() or inputs.shape[1] > max_length:
            break
    model.train(mode)
    return inputs[:, 1:]
""",
    ),
    Wrong(
        A,
        X,
        "gradients stay switched off afterwards",
        """
def greedy_translate(model, source, bos_id, eos_id, max_length):
    torch.set_grad_enabled(False)
    mode = model.training
    model.eval()
    memory, memory_mask = model.encode(source)
    out = torch.full((len(source), 1), bos_id)
    finished = torch.zeros(len(source), dtype=torch.bool)
    for _ in range(max_length):
        next_token = model.decode(out, memory, memory_mask)[:, -1].argmax(-1).masked_fill(finished, model.pad_id)
        out = torch.cat([out, next_token[:, None]], dim=1)
        finished |= next_token == eos_id
        if finished.all():
            break
    model.train(mode)
    return out[:, 1:]
""",
    ),
    Wrong(
        A,
        X,
        "returns lists of different lengths",
        """
@torch.no_grad()
def greedy_translate(model, source, bos_id, eos_id, max_length):
    mode = model.training
    model.eval()
    memory, memory_mask = model.encode(source)
    results = []
    for i in range(len(source)):
        row = [bos_id]
        while len(row) <= max_length and row[1:][-1:] != [eos_id]:
            logits = model.decode(torch.tensor([row]), memory[i : i + 1], memory_mask[i : i + 1])
            row.append(int(logits[0, -1].argmax()))
        results.append(row[1:])
    model.train(mode)
    return results
""",
    ),
    Two(
        A,
        X,
        ["bos_id stays in front", "no evaluation mode"],
        """
@torch.no_grad()
def greedy_translate(model, source, bos_id, eos_id, max_length):
    memory, memory_mask = model.encode(source)
    ys = torch.full((len(source), 1), bos_id)
    ended = torch.zeros(len(source), dtype=torch.bool)
    for i in range(max_length):
        prob = model.decode(ys, memory, memory_mask)[:, -1]
        _, next_word = torch.max(prob, dim=1)
        next_word = torch.where(ended, model.pad_id, next_word)
        ys = torch.cat([ys, next_word[:, None]], dim=1)
        ended |= next_word == eos_id
        if ended.all():
            break
    return ys
""",
    ),
    Two(
        A,
        X,
        ["ended rows go on writing", "never stops early"],
        """
def greedy_translate(model, source, bos_id, eos_id, max_length):
    was = model.training
    model.eval()
    with torch.no_grad():
        memory, src_mask = model.encode(source)
        ys = torch.ones(source.size(0), 1).fill_(bos_id).type_as(source)
        for i in range(max_length):
            out = model.decode(ys, memory, src_mask)
            next_word = out[:, -1].argmax(dim=1, keepdim=True)
            ys = torch.cat([ys, next_word], dim=1)
    model.train(was)
    return ys[:, 1:]
""",
    ),
    Two(
        A,
        X,
        ["encoded in every step", "filled with eos_id"],
        """
@torch.no_grad()
def greedy_translate(model, source, bos_id, eos_id, max_length):
    was = model.training
    model.eval()
    ys = torch.full((source.size(0), 1), bos_id)
    ended = torch.zeros(source.size(0), dtype=torch.bool)
    for _ in range(max_length):
        word = model.decode(ys, *model.encode(source))[:, -1].argmax(dim=1)
        word = torch.where(ended, eos_id, word)
        ys = torch.cat([ys, word[:, None]], dim=1)
        ended = ended | (word == eos_id)
        if ended.all():
            break
    model.train(was)
    return ys[:, 1:]
""",
    ),
]
