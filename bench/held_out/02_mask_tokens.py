from heldout import Right, Two, Wrong

A, X = "02_encoder", "mask_tokens"
SIG = "def mask_tokens(tokens, mask_id, vocab_size, special_ids, generator, probability=0.15):"
CASES = [
    Right(
        A,
        X,
        "token by token in Python",
        f"""
{SIG}
    def draw():
        return torch.rand((), generator=generator).item()

    inputs, labels = [], []
    for row in tokens.tolist():
        new, asked = [], []
        for token in row:
            if token in special_ids or draw() >= probability:
                new.append(token)
                asked.append(-100)
                continue
            asked.append(token)
            fate = draw()
            if fate < 0.8:
                new.append(mask_id)
            elif fate < 0.9:
                new.append(torch.randint(0, vocab_size, (), generator=generator).item())
            else:
                new.append(token)
        inputs.append(new)
        labels.append(asked)
    return torch.tensor(inputs, dtype=torch.int64).view_as(tokens), torch.tensor(labels, dtype=torch.int64).view_as(tokens)
""",
    ),
    Right(
        A,
        X,
        "bernoulli and multinomial",
        f"""
{SIG}
    candidates = torch.ones(tokens.shape, dtype=torch.bool)
    for special in special_ids:
        candidates &= tokens != special
    chosen = torch.bernoulli(torch.full(tokens.shape, float(probability)), generator=generator).bool() & candidates
    form = torch.multinomial(torch.tensor([0.8, 0.1, 0.1]), tokens.numel(), replacement=True, generator=generator)
    form = form.reshape(tokens.shape)
    noise = torch.randint_like(tokens, 1) + torch.randint(vocab_size, tokens.shape, generator=generator)
    forms = torch.stack([torch.full_like(tokens, mask_id), noise, tokens])
    inputs = torch.where(chosen, forms.gather(0, form[None])[0], tokens)
    labels = torch.where(chosen, tokens, torch.full_like(tokens, -100))
    return inputs, labels
""".replace("torch.randint_like(tokens, 1) + ", ""),
    ),
    Right(
        A,
        X,
        "two nested decisions as in the BERT collator",
        f"""
{SIG}
    inputs, labels = tokens.clone(), tokens.clone()
    matrix = torch.full(labels.shape, float(probability))
    special = torch.zeros(labels.shape, dtype=torch.bool)
    for i in special_ids:
        special = special | (labels == i)
    matrix.masked_fill_(special, value=0.0)
    masked = torch.bernoulli(matrix, generator=generator).bool()
    labels[~masked] = -100
    replaced = torch.bernoulli(torch.full(labels.shape, 0.8), generator=generator).bool() & masked
    inputs[replaced] = mask_id
    randomised = torch.bernoulli(torch.full(labels.shape, 0.5), generator=generator).bool() & masked & ~replaced
    words = torch.randint(vocab_size, labels.shape, dtype=torch.long, generator=generator)
    inputs[randomised] = words[randomised]
    return inputs, labels
""",
    ),
    Right(
        A,
        X,
        "one number decides everything",
        f"""
{SIG}
    number = torch.rand(tokens.shape, generator=generator, dtype=torch.float64)
    if len(special_ids) > 0:
        allowed = (tokens[..., None] != torch.tensor(special_ids)).all(dim=-1)
    else:
        allowed = torch.ones_like(tokens, dtype=torch.bool)
    chosen = allowed & (number < probability)
    blank = allowed & (number < 0.8 * probability)
    noisy = chosen & ~blank & (number < 0.9 * probability)
    inputs = tokens.masked_fill(blank, mask_id)
    inputs[noisy] = torch.randint(vocab_size, (int(noisy.sum()),), generator=generator)
    return inputs, tokens.masked_fill(~chosen, -100)
""",
    ),
    Wrong(
        A,
        X,
        "tokens are changed in place",
        f"""
{SIG}
    labels = tokens.clone()
    chosen = torch.rand(tokens.shape, generator=generator) < probability
    for s in special_ids:
        chosen &= tokens != s
    labels[~chosen] = -100
    r = torch.rand(tokens.shape, generator=generator)
    tokens[chosen & (r < 0.8)] = mask_id
    noise = torch.randint(vocab_size, tokens.shape, generator=generator)
    pick = chosen & (r >= 0.8) & (r < 0.9)
    tokens[pick] = noise[pick]
    return tokens, labels
""",
    ),
    Wrong(
        A,
        X,
        "80 % then 10 % of the rest: a fresh number at each step",
        f"""
{SIG}
    special = torch.isin(tokens, torch.tensor(special_ids, dtype=torch.int64))
    chosen = (torch.rand(tokens.shape, generator=generator) < probability) & ~special
    labels = tokens.masked_fill(~chosen, -100)
    blank = chosen & (torch.rand(tokens.shape, generator=generator) < 0.8)
    noisy = chosen & ~blank & (torch.rand(tokens.shape, generator=generator) < 0.1)
    noise = torch.randint(vocab_size, tokens.shape, generator=generator)
    inputs = tokens.masked_fill(blank, mask_id)
    inputs = torch.where(noisy, noise, inputs)
    return inputs, labels
""",
    ),
    Wrong(
        A,
        X,
        "all chosen tokens become blanks",
        f"""
{SIG}
    chosen = torch.rand(tokens.shape, generator=generator) < probability
    chosen = chosen & ~torch.isin(tokens, torch.tensor(special_ids, dtype=torch.long))
    inputs = torch.where(chosen, mask_id, tokens)
    labels = torch.where(chosen, tokens, -100)
    return inputs, labels
""",
    ),
    Wrong(
        A,
        X,
        "kept tokens have no label",
        f"""
{SIG}
    special = torch.isin(tokens, torch.tensor(special_ids, dtype=torch.int64))
    chosen = (torch.rand(tokens.shape, generator=generator) < probability) & ~special
    fate = torch.rand(tokens.shape, generator=generator)
    noise = torch.randint(vocab_size, tokens.shape, generator=generator)
    inputs = tokens.clone()
    inputs[chosen & (fate < 0.8)] = mask_id
    swap = chosen & (fate >= 0.9)
    inputs[swap] = noise[swap]
    labels = torch.where(inputs != tokens, tokens, -100)
    return inputs, labels
""",
    ),
    Wrong(
        A,
        X,
        "labels are the changed inputs",
        f"""
{SIG}
    special = torch.isin(tokens, torch.tensor(special_ids, dtype=torch.int64))
    chosen = (torch.rand(tokens.shape, generator=generator) < probability) & ~special
    fate = torch.rand(tokens.shape, generator=generator)
    noise = torch.randint(vocab_size, tokens.shape, generator=generator)
    inputs = torch.where(chosen & (fate < 0.8), mask_id, tokens)
    inputs = torch.where(chosen & (fate > 0.9), noise, inputs)
    labels = inputs.masked_fill(~chosen, -100)
    return inputs, labels
""",
    ),
    Wrong(
        A,
        X,
        "labels of tokens that are not chosen are pad (0)",
        f"""
{SIG}
    special = torch.isin(tokens, torch.tensor(special_ids, dtype=torch.int64))
    chosen = (torch.rand(tokens.shape, generator=generator) < probability) & ~special
    fate = torch.rand(tokens.shape, generator=generator)
    noise = torch.randint(vocab_size, tokens.shape, generator=generator)
    inputs = torch.where(chosen & (fate < 0.8), mask_id, tokens)
    inputs = torch.where(chosen & (fate > 0.9), noise, inputs)
    return inputs, tokens * chosen
""",
    ),
    Wrong(
        A,
        X,
        "labels show all tokens",
        f"""
{SIG}
    special = torch.isin(tokens, torch.tensor(special_ids, dtype=torch.int64))
    chosen = (torch.rand(tokens.shape, generator=generator) < probability) & ~special
    fate = torch.rand(tokens.shape, generator=generator)
    noise = torch.randint(vocab_size, tokens.shape, generator=generator)
    inputs = torch.where(chosen & (fate < 0.8), mask_id, tokens)
    inputs = torch.where(chosen & (fate > 0.9), noise, inputs)
    return inputs, tokens.clone()
""",
    ),
    Wrong(
        A,
        X,
        "special tokens can be chosen",
        f"""
{SIG}
    chosen = torch.rand(tokens.shape, generator=generator).lt(probability)
    fate = torch.rand(tokens.shape, generator=generator)
    noise = torch.randint(vocab_size, tokens.shape, generator=generator)
    inputs = torch.where(chosen & (fate < 0.8), mask_id, tokens)
    inputs = torch.where(chosen & (fate > 0.9), noise, inputs)
    return inputs, torch.where(chosen, tokens, -100)
""",
    ),
    Wrong(
        A,
        X,
        "only the first special id is spared",
        f"""
{SIG}
    special = tokens == special_ids[0] if special_ids else torch.zeros_like(tokens, dtype=torch.bool)
    chosen = torch.rand(tokens.shape, generator=generator).lt(probability) & ~special
    fate = torch.rand(tokens.shape, generator=generator)
    noise = torch.randint(vocab_size, tokens.shape, generator=generator)
    inputs = torch.where(chosen & (fate < 0.8), mask_id, tokens)
    inputs = torch.where(chosen & (fate > 0.9), noise, inputs)
    return inputs, torch.where(chosen, tokens, -100)
""",
    ),
    Wrong(
        A,
        X,
        "fails without special ids",
        f"""
{SIG}
    special = torch.stack([tokens == s for s in special_ids]).any(dim=0)
    chosen = torch.rand(tokens.shape, generator=generator).lt(probability) & ~special
    fate = torch.rand(tokens.shape, generator=generator)
    noise = torch.randint(vocab_size, tokens.shape, generator=generator)
    inputs = torch.where(chosen & (fate < 0.8), mask_id, tokens)
    inputs = torch.where(chosen & (fate > 0.9), noise, inputs)
    return inputs, torch.where(chosen, tokens, -100)
""",
    ),
    Wrong(
        A,
        X,
        "random tokens are never special",
        f"""
{SIG}
    special = torch.isin(tokens, torch.tensor(special_ids, dtype=torch.int64))
    chosen = torch.rand(tokens.shape, generator=generator).lt(probability) & ~special
    fate = torch.rand(tokens.shape, generator=generator)
    words = torch.tensor([i for i in range(vocab_size) if i not in special_ids])
    noise = words[torch.randint(len(words), tokens.shape, generator=generator)]
    inputs = torch.where(chosen & (fate < 0.8), mask_id, tokens)
    inputs = torch.where(chosen & (fate > 0.9), noise, inputs)
    return inputs, torch.where(chosen, tokens, -100)
""",
    ),
    Wrong(
        A,
        X,
        "the last token of the vocabulary is never drawn",
        f"""
{SIG}
    special = torch.isin(tokens, torch.tensor(special_ids, dtype=torch.int64))
    chosen = torch.rand(tokens.shape, generator=generator).lt(probability) & ~special
    fate = torch.rand(tokens.shape, generator=generator)
    noise = torch.randint(0, vocab_size - 1, tokens.shape, generator=generator)
    inputs = torch.where(chosen & (fate < 0.8), mask_id, tokens)
    inputs = torch.where(chosen & (fate > 0.9), noise, inputs)
    return inputs, torch.where(chosen, tokens, -100)
""",
    ),
    Wrong(
        A,
        X,
        "token 0 is never drawn",
        f"""
{SIG}
    special = torch.isin(tokens, torch.tensor(special_ids, dtype=torch.int64))
    chosen = torch.rand(tokens.shape, generator=generator).lt(probability) & ~special
    fate = torch.rand(tokens.shape, generator=generator)
    noise = torch.randint(1, vocab_size, tokens.shape, generator=generator)
    inputs = torch.where(chosen & (fate < 0.8), mask_id, tokens)
    inputs = torch.where(chosen & (fate > 0.9), noise, inputs)
    return inputs, torch.where(chosen, tokens, -100)
""",
    ),
    Wrong(
        A,
        X,
        "random ids from 0 to vocab_size, one too many",
        f"""
{SIG}
    special = torch.isin(tokens, torch.tensor(special_ids, dtype=torch.int64))
    chosen = torch.rand(tokens.shape, generator=generator).lt(probability) & ~special
    fate = torch.rand(tokens.shape, generator=generator)
    noise = (torch.rand(tokens.shape, generator=generator) * (vocab_size + 1)).long()
    inputs = torch.where(chosen & (fate < 0.8), mask_id, tokens)
    inputs = torch.where(chosen & (fate > 0.9), noise, inputs)
    return inputs, torch.where(chosen, tokens, -100)
""",
    ),
    Wrong(
        A,
        X,
        "one random token for the whole batch",
        f"""
{SIG}
    special = torch.isin(tokens, torch.tensor(special_ids, dtype=torch.int64))
    chosen = torch.rand(tokens.shape, generator=generator).lt(probability) & ~special
    fate = torch.rand(tokens.shape, generator=generator)
    noise = torch.randint(vocab_size, (1,), generator=generator).item()
    inputs = tokens.clone()
    inputs[chosen & (fate < 0.8)] = mask_id
    inputs[chosen & (fate >= 0.8) & (fate < 0.9)] = noise
    return inputs, torch.where(chosen, tokens, -100)
""",
    ),
    Wrong(
        A,
        X,
        "the generator is not used for the random tokens",
        f"""
{SIG}
    special = torch.isin(tokens, torch.tensor(special_ids, dtype=torch.int64))
    chosen = torch.rand(tokens.shape, generator=generator).lt(probability) & ~special
    fate = torch.rand(tokens.shape, generator=generator)
    noise = torch.randint(vocab_size, tokens.shape)
    inputs = torch.where(chosen & (fate < 0.8), mask_id, tokens)
    inputs = torch.where(chosen & (fate > 0.9), noise, inputs)
    return inputs, torch.where(chosen, tokens, -100)
""",
    ),
    Wrong(
        A,
        X,
        "the generator is not used at all",
        f"""
{SIG}
    labels = tokens.clone()
    probability_matrix = torch.full(labels.shape, probability)
    special_tokens_mask = torch.isin(tokens, torch.tensor(special_ids, dtype=torch.int64))
    probability_matrix.masked_fill_(special_tokens_mask, value=0.0)
    masked_indices = torch.bernoulli(probability_matrix).bool()
    labels[~masked_indices] = -100
    inputs = tokens.clone()
    indices_replaced = torch.bernoulli(torch.full(labels.shape, 0.8)).bool() & masked_indices
    inputs[indices_replaced] = mask_id
    indices_random = torch.bernoulli(torch.full(labels.shape, 0.5)).bool() & masked_indices & ~indices_replaced
    random_words = torch.randint(vocab_size, labels.shape, dtype=torch.long)
    inputs[indices_random] = random_words[indices_random]
    return inputs, labels
""",
    ),
    Wrong(
        A,
        X,
        "a new generator with a fixed seed",
        f"""
{SIG}
    generator = torch.Generator().manual_seed(0)
    special = torch.isin(tokens, torch.tensor(special_ids, dtype=torch.int64))
    chosen = torch.rand(tokens.shape, generator=generator).lt(probability) & ~special
    fate = torch.rand(tokens.shape, generator=generator)
    noise = torch.randint(vocab_size, tokens.shape, generator=generator)
    inputs = torch.where(chosen & (fate < 0.8), mask_id, tokens)
    inputs = torch.where(chosen & (fate > 0.9), noise, inputs)
    return inputs, torch.where(chosen, tokens, -100)
""",
    ),
    Wrong(
        A,
        X,
        "torch's own state is seeded from the generator",
        f"""
{SIG}
    torch.manual_seed(int(torch.randint(2**31, (), generator=generator)))
    special = torch.isin(tokens, torch.tensor(special_ids, dtype=torch.int64))
    chosen = (torch.rand(tokens.shape) < probability) & ~special
    fate = torch.rand(tokens.shape)
    noise = torch.randint_like(tokens, vocab_size)
    inputs = torch.where(chosen & (fate < 0.8), mask_id, tokens)
    inputs = torch.where(chosen & (fate > 0.9), noise, inputs)
    return inputs, torch.where(chosen, tokens, -100)
""",
    ),
    Wrong(
        A,
        X,
        "a fixed number of blanks in each row",
        f"""
{SIG}
    special = torch.isin(tokens, torch.tensor(special_ids, dtype=torch.int64))
    score = torch.rand(tokens.shape, generator=generator).masked_fill(special, 2.0)
    count = ((~special).sum(dim=1, keepdim=True) * probability).round().long()
    chosen = score.argsort(dim=1).argsort(dim=1) < count
    fate = torch.rand(tokens.shape, generator=generator)
    noise = torch.randint(vocab_size, tokens.shape, generator=generator)
    inputs = torch.where(chosen & (fate < 0.8), mask_id, tokens)
    inputs = torch.where(chosen & (fate > 0.9), noise, inputs)
    return inputs, torch.where(chosen, tokens, -100)
""",
    ),
    Wrong(
        A,
        X,
        "the same columns are chosen in every row",
        f"""
{SIG}
    special = torch.isin(tokens, torch.tensor(special_ids, dtype=torch.int64))
    chosen = (torch.rand(1, tokens.shape[1], generator=generator) < probability).expand(tokens.shape) & ~special
    fate = torch.rand(tokens.shape, generator=generator)
    noise = torch.randint(vocab_size, tokens.shape, generator=generator)
    inputs = torch.where(chosen & (fate < 0.8), mask_id, tokens)
    inputs = torch.where(chosen & (fate > 0.9), noise, inputs)
    return inputs, torch.where(chosen, tokens, -100)
""",
    ),
    Wrong(
        A,
        X,
        "one fate for each row",
        f"""
{SIG}
    special = torch.isin(tokens, torch.tensor(special_ids, dtype=torch.int64))
    chosen = (torch.rand(tokens.shape, generator=generator) < probability) & ~special
    fate = torch.rand(len(tokens), 1, generator=generator)
    noise = torch.randint(vocab_size, tokens.shape, generator=generator)
    inputs = torch.where(chosen & (fate < 0.8), mask_id, tokens)
    inputs = torch.where(chosen & (fate > 0.9), noise, inputs)
    return inputs, torch.where(chosen, tokens, -100)
""",
    ),
    Wrong(
        A,
        X,
        "one fate for the whole batch",
        f"""
{SIG}
    special = torch.isin(tokens, torch.tensor(special_ids, dtype=torch.int64))
    chosen = (torch.rand(tokens.shape, generator=generator) < probability) & ~special
    labels = torch.where(chosen, tokens, -100)
    r = torch.rand(1, generator=generator).item()
    if r < 0.8:
        inputs = torch.where(chosen, mask_id, tokens)
    elif r < 0.9:
        inputs = torch.where(chosen, torch.randint(vocab_size, tokens.shape, generator=generator), tokens)
    else:
        inputs = tokens.clone()
    return inputs, labels
""",
    ),
    Wrong(
        A,
        X,
        "probability is ignored: always 15 %",
        f"""
{SIG}
    special = torch.isin(tokens, torch.tensor(special_ids, dtype=torch.int64))
    chosen = (torch.rand(tokens.shape, generator=generator) < 0.15) & ~special
    fate = torch.rand(tokens.shape, generator=generator)
    noise = torch.randint(vocab_size, tokens.shape, generator=generator)
    inputs = torch.where(chosen & (fate < 0.8), mask_id, tokens)
    inputs = torch.where(chosen & (fate > 0.9), noise, inputs)
    return inputs, torch.where(chosen, tokens, -100)
""",
    ),
    Wrong(
        A,
        X,
        "10 % blanks and 80 % kept (shares exchanged)",
        f"""
{SIG}
    special = torch.isin(tokens, torch.tensor(special_ids, dtype=torch.int64))
    chosen = (torch.rand(tokens.shape, generator=generator) < probability) & ~special
    fate = torch.rand(tokens.shape, generator=generator)
    noise = torch.randint(vocab_size, tokens.shape, generator=generator)
    inputs = torch.where(chosen & (fate > 0.8) & (fate < 0.9), mask_id, tokens)
    inputs = torch.where(chosen & (fate >= 0.9), noise, inputs)
    return inputs, torch.where(chosen, tokens, -100)
""",
    ),
    Wrong(
        A,
        X,
        "the number that chose decides the form, too, so that all are blanks",
        f"""
{SIG}
    special = torch.isin(tokens, torch.tensor(special_ids, dtype=torch.int64))
    number = torch.rand(tokens.shape, generator=generator)
    chosen = (number < probability) & ~special
    noise = torch.randint(vocab_size, tokens.shape, generator=generator)
    inputs = torch.where(chosen & (number < 0.8), mask_id, tokens)
    inputs = torch.where(chosen & (number >= 0.9), noise, inputs)
    return inputs, torch.where(chosen, tokens, -100)
""",
    ),
    Wrong(
        A,
        X,
        "mask_id is always spared",
        f"""
{SIG}
    special = torch.isin(tokens, torch.tensor([*special_ids, mask_id]))
    chosen = (torch.rand(tokens.shape, generator=generator) < probability) & ~special
    fate = torch.rand(tokens.shape, generator=generator)
    noise = torch.randint(vocab_size, tokens.shape, generator=generator)
    inputs = torch.where(chosen & (fate < 0.8), mask_id, tokens)
    inputs = torch.where(chosen & (fate > 0.9), noise, inputs)
    return inputs, torch.where(chosen, tokens, -100)
""",
    ),
    Wrong(
        A,
        X,
        "special_ids is extended in place",
        f"""
{SIG}
    ids = special_ids
    ids.append(-1)  # never empty, so that torch.tensor makes int64
    special = torch.isin(tokens, torch.tensor(ids))
    chosen = (torch.rand(tokens.shape, generator=generator) < probability) & ~special
    fate = torch.rand(tokens.shape, generator=generator)
    noise = torch.randint(vocab_size, tokens.shape, generator=generator)
    inputs = torch.where(chosen & (fate < 0.8), mask_id, tokens)
    inputs = torch.where(chosen & (fate > 0.9), noise, inputs)
    return inputs, torch.where(chosen, tokens, -100)
""",
    ),
    Wrong(
        A,
        X,
        "labels are floats",
        f"""
{SIG}
    special = torch.isin(tokens, torch.tensor(special_ids, dtype=torch.int64))
    chosen = (torch.rand(tokens.shape, generator=generator) < probability) & ~special
    fate = torch.rand(tokens.shape, generator=generator)
    noise = torch.randint(vocab_size, tokens.shape, generator=generator)
    labels = torch.full(tokens.shape, -100.0)
    labels[chosen] = tokens[chosen].float()
    inputs = tokens.clone()
    inputs[chosen & (fate < 0.8)] = mask_id
    swap = chosen & (fate >= 0.9)
    inputs[swap] = noise[swap]
    return inputs, labels
""",
    ),
    Wrong(
        A,
        X,
        "labels and inputs are returned in the wrong order",
        f"""
{SIG}
    special = torch.isin(tokens, torch.tensor(special_ids, dtype=torch.int64))
    chosen = (torch.rand(tokens.shape, generator=generator) < probability) & ~special
    fate = torch.rand(tokens.shape, generator=generator)
    noise = torch.randint(vocab_size, tokens.shape, generator=generator)
    inputs = torch.where(chosen & (fate < 0.8), mask_id, tokens)
    inputs = torch.where(chosen & (fate > 0.9), noise, inputs)
    return torch.where(chosen, tokens, -100), inputs
""",
    ),
    Wrong(
        A,
        X,
        "at least one token a row is forced to be chosen",
        f"""
{SIG}
    special = torch.isin(tokens, torch.tensor(special_ids, dtype=torch.int64))
    draw = torch.rand(tokens.shape, generator=generator).masked_fill(special, 2.0)
    chosen = draw < probability
    chosen |= (draw == draw.min(dim=1, keepdim=True).values) & ~special  # never an empty exercise
    fate = torch.rand(tokens.shape, generator=generator)
    noise = torch.randint(vocab_size, tokens.shape, generator=generator)
    inputs = torch.where(chosen & (fate < 0.8), mask_id, tokens)
    inputs = torch.where(chosen & (fate > 0.9), noise, inputs)
    return inputs, torch.where(chosen, tokens, -100)
""",
    ),
    Wrong(
        A,
        X,
        "random tokens come at places that were not chosen",
        f"""
{SIG}
    special = torch.isin(tokens, torch.tensor(special_ids, dtype=torch.int64))
    chosen = (torch.rand(tokens.shape, generator=generator) < probability) & ~special
    fate = torch.rand(tokens.shape, generator=generator)
    noise = torch.randint(vocab_size, tokens.shape, generator=generator)
    inputs = torch.where(chosen & (fate < 0.8), mask_id, tokens)
    inputs = torch.where((fate > 0.9) & (fate < 0.9 + 0.1 * probability) & ~special, noise, inputs)
    return inputs, torch.where(chosen, tokens, -100)
""",
    ),
    Two(
        A,
        X,
        ["special tokens can be chosen", "the generator is not used"],
        f"""
{SIG}
    chosen = torch.rand(tokens.shape) < probability
    fate = torch.rand(tokens.shape)
    inputs = tokens.clone()
    inputs[chosen & (fate < 0.8)] = mask_id
    noisy = chosen & (fate >= 0.8) & (fate < 0.9)
    inputs[noisy] = torch.randint(vocab_size, tokens.shape)[noisy]
    labels = tokens.clone()
    labels[~chosen] = -100
    return inputs, labels
""",
    ),
    Two(
        A,
        X,
        ["all blanks", "tokens are changed in place"],
        f"""
{SIG}
    labels = torch.full_like(tokens, -100)
    for b in range(tokens.shape[0]):
        for t in range(tokens.shape[1]):
            if int(tokens[b, t]) in special_ids:
                continue
            if torch.rand(1, generator=generator) < probability:
                labels[b, t] = tokens[b, t]
                tokens[b, t] = mask_id
    return tokens, labels
""",
    ),
    Two(
        A,
        X,
        ["kept tokens have no label", "random tokens never special"],
        f"""
{SIG}
    special = torch.isin(tokens, torch.tensor(special_ids, dtype=torch.int64))
    chosen = (torch.rand(tokens.shape, generator=generator) < probability) & ~special
    fate = torch.rand(tokens.shape, generator=generator)
    words = torch.tensor(sorted(set(range(vocab_size)) - set(special_ids)))
    noise = words[torch.randint(len(words), tokens.shape, generator=generator)]
    blank, noisy = chosen & (fate < 0.8), chosen & (fate >= 0.9)
    inputs = torch.where(blank, mask_id, torch.where(noisy, noise, tokens))
    return inputs, torch.where(blank | noisy, tokens, -100)
""",
    ),
]
