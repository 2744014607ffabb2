"""Mistakes that students make in notebook 05. Each is one replacement in the reference solution."""

from autograder.authoring import Mistake

KTH = "kth = logits.topk(min(k, logits.shape[-1]), dim=-1).values[..., -1:]  # (..., 1)"
K_KEPT = "return logits.masked_fill(logits < kth, -torch.inf)"
SORTED = "ordered, ids = logits.sort(dim=-1, descending=True, stable=True)"
BEFORE = "probabilities.cumsum(dim=-1) - probabilities "
DROPPED = "dropped = torch.zeros_like(logits, dtype=torch.bool).scatter(-1, ids, before >= p)"
P_KEPT = "return logits.masked_fill(dropped, -torch.inf)"

TEMPERATURE = "    logits = apply_temperature(logits, temperature)\n"
TOP_K = "    if top_k is not None:\n        logits = keep_top_k(logits, top_k)\n"
TOP_P = "    if top_p is not None:\n        logits = keep_top_p(logits, top_p)\n"
DRAW = "torch.multinomial(logits.softmax(dim=-1), 1, generator=generator)[:, 0]"
JOIN = "            tokens = torch.cat([tokens, token[:, None]], dim=1)  # (batch, length so far)\n"
LOOP = """\
    ended = torch.zeros(len(tokens), dtype=torch.bool, device=tokens.device)  # (batch,)
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        for _ in range(max_new_tokens):
"""
CHECKED_FIRST = """\
    ended = (tokens == eos_id).any(dim=1) if eos_id is not None else torch.zeros(len(tokens), dtype=torch.bool)
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        for _ in range(max_new_tokens):
            if ended.all():
                break
"""
STOP = "            if ended.all():\n                break\n"
RESTORE = "        for module, training in modes.items():\n            module.training = training\n"
START = "n_positions, mask = model.config.n_positions, attention_mask\n"
READ = "[:, -n_positions:]\n        return model(tokens[:, -n_positions:], real)"
GROWN = "F.pad(mask, (0, tokens.shape[1] - mask.shape[1]), value=True)[:, -n_positions:]"
NEXT = "    def next_logits(tokens: Tensor) -> Tensor:\n        real = mask  # (batch, length so far): new tokens are real\n"
REFUSED = "if mask is not None and not (mask[:, -1].all() and (mask[:, :-1] <= mask[:, 1:]).all()):"
WRITE = "return _write(model, tokens, max_new_tokens, next_logits, choose, eos_id)"

WHEN_FULL = """\
        if cache.length == 0 or cache.length == n_positions:
            cache, unseen = KVCache(model.config), tokens[:, -n_positions:]
        else:
            unseen = tokens[:, cache.length :]
"""
FORWARD = "return forward_with_cache(model, unseen, cache)[:, -1]"
MASK = "mask = causal_mask(end)[start:].to(tokens.device) if end - start > 1 else None"
APPEND = "key, value = cache.append(layer, key, value)"
TOO_MANY = """\
    if end > model.config.n_positions:
        raise ValueError(f"{end} positions are more than the {model.config.n_positions} of this model")
"""
EMBED = "    x = model.wte(tokens) + model.wpe(torch.arange(start, end, device=tokens.device))"
SPLIT = "fused.unflatten(-1, (3, model.config.n_head, -1)).permute(2, 0, 3, 1, 4)"

STORED = "keys[:, :, start:], values[:, :, start:] = key, value"
STORED_IN_FRONT = """\
old = keys[:, :, :start].clone(), values[:, :, :start].clone()
        keys[:, :, : end - start], values[:, :, : end - start] = key, value
        keys[:, :, end - start :], values[:, :, end - start :] = old"""
ROOM = """\
            self._keys[layer] = key.new_empty(batch, n_head, self.n_positions, d_head)
            self._values[layer] = value.new_empty(batch, n_head, self.n_positions, d_head)
"""

GROWS = """\
if end > self.n_positions >= key.shape[2] and self._keys[layer] is not None:  # as torch.cat does
            self._keys[layer] = torch.cat([self._keys[layer], torch.empty_like(self._keys[layer])], dim=2)
            self._values[layer] = torch.cat([self._values[layer], torch.empty_like(self._values[layer])], dim=2)
        elif key.shape[2] > self.n_positions:"""

PLACED = "        tokens[row, start:] = prompt\n        mask[row, start:] = True\n"
NONE = "if not prompts or min(map(len, prompts)) == 0:"

MISTAKES = [
    # apply_temperature
    Mistake(
        "multiplied by the temperature", "apply_temperature", replace="logits / temperature", by="logits * temperature",
        says="You multiply by the temperature, so that a low one makes the distribution flatter. Which way should it go?",
    ),
    Mistake(
        "rounded down", "apply_temperature", replace="logits / temperature", by="logits // temperature",
        says="Your logits are whole numbers after the division. What does // do that / does not?",
    ),
    Mistake(
        "probabilities for warm logits", "apply_temperature", replace="logits / temperature", by="(logits / temperature).softmax(dim=-1)",
        also=[("logits / temperature", "(logits / temperature).log_softmax(dim=-1)")],
        says="You return probabilities, or their logarithms. What does the docstring ask for, and who makes the softmax later?",
    ),
    Mistake(
        "any temperature let through", "apply_temperature", replace="if not temperature > 0:", by="if False:",
        says="You take any temperature, also 0 and less. What would the logits be then?",
    ),
    Mistake(
        "temperature of 0 let through", "apply_temperature", replace="if not temperature > 0:", by="if temperature < 0:",
        says="You refuse temperatures below 0, but 0 itself goes through, and everything becomes infinite. Does it count as greater than 0?",
    ),
    Mistake(
        "temperatures below 0 let through", "apply_temperature", replace="if not temperature > 0:", by="if temperature == 0:",
        says="You refuse a temperature of 0 alone. What does a negative one do to the order of the tokens?",
    ),
    Mistake(
        "logits overwritten by the temperature", "apply_temperature", replace="return logits / temperature",
        by="logits.data.div_(temperature)\n    return logits",
        says="After the call the caller's logits are divided, too. Which operation makes a new tensor?",
    ),
    Mistake(
        "float32 after the temperature", "apply_temperature", replace="logits / temperature", by="logits.float() / temperature",
        says="Your result is float32, whatever came in. Which dtype does the docstring promise?",
    ),
    Mistake(
        "another error for the temperature", "apply_temperature", replace="    if not temperature > 0:", by="    assert temperature > 0\n    if not temperature > 0:",
        says="A wrong temperature ends in another error than ValueError. Is it an assert, which can be switched off, or does it come by itself from a later line?",
    ),
    # keep_top_k
    Mistake(
        "one token more than k", "keep_top_k", replace="min(k, logits.shape[-1])", by="min(k + 1, logits.shape[-1])",
        also=[("logits.topk(min(k, logits.shape[-1]), dim=-1).values[..., -1:]", "logits.sort(dim=-1, descending=True).values[..., k, None]")],
        says="You keep one token too many. Which of the sorted logits is the last one to keep?",
    ),
    Mistake(
        "the k-th token gone", "keep_top_k", replace="logits < kth", by="logits <= kth",
        also=[("logits < kth", "(logits <= kth) & (k < logits.shape[-1])")],
        says="The k-th largest logit itself becomes -inf. On which side of your comparison should it stand?",
    ),
    Mistake(
        "no more than k among equal ones", "keep_top_k", replace=f"{KTH}\n    {K_KEPT}",
        by="kept = logits.topk(min(k, logits.shape[-1]), dim=-1).indices\n    return torch.full_like(logits, -torch.inf).scatter(-1, kept, logits.gather(-1, kept))",
        also=[("logits < kth", "logits.argsort(dim=-1, descending=True, stable=True).argsort(dim=-1) >= k")],
        says="Of several logits that are equal to the k-th largest you keep some and drop others. What does the docstring say of these?",
    ),
    Mistake(
        "the k smallest kept", "keep_top_k", replace=f"{KTH}\n    {K_KEPT}",
        by="kth = logits.topk(min(k, logits.shape[-1]), dim=-1, largest=False).values[..., -1:]\n    return logits.masked_fill(logits > kth, -torch.inf)",
        also=[("dim=-1).values", "dim=-1, largest=False).values")],
        says="You look for the k smallest logits. Which tokens are the most probable ones, and in which order are your logits sorted?",
    ),
    Mistake(
        "0 for what is dropped by k", "keep_top_k", replace="-torch.inf)", by="0.0)",
        says="You set dropped logits to 0. Which probability has a token with a logit of 0?",
    ),
    Mistake(
        "a large negative number for minus infinity", "keep_top_k", replace="-torch.inf)", by="-1e4)",
        also=[("-torch.inf)", "-1e9)")],
        says="You set dropped logits to a large negative number. What if the others are as low, and which number has the probability 0 for sure?",
    ),
    Mistake(
        "one limit for the whole batch", "keep_top_k", replace=KTH,
        by="kth = logits.flatten().topk(min(k, logits.shape[-1])).values[-1:]",
        also=[("values[..., -1:]", "values.min()")],
        says="Your rows share one limit. How many tokens should each row keep, and along which dimension do you find its k-th largest logit?",
    ),
    Mistake(
        "first row's limit for all", "keep_top_k", replace=KTH,
        by="kth = logits.reshape(-1, logits.shape[-1])[0].topk(min(k, logits.shape[-1])).values[-1:]",
        says="You cut all rows at the k-th largest logit of the first one. Which dimension has to stay when you take it?",
    ),
    Mistake(
        "k above the vocabulary breaks", "keep_top_k", replace="min(k, logits.shape[-1])", by="k",
        also=[("logits.topk(min(k, logits.shape[-1]), dim=-1).values[..., -1:]", "logits.sort(dim=-1, descending=True).values[..., k - 1, None]")],
        says="With k above the size of the vocabulary, there is no k-th largest logit. How many are kept then?",
    ),
    Mistake(
        "k above the vocabulary refused", "keep_top_k", replace="if k < 1:", by="if not 1 <= k <= logits.shape[-1]:",
        says="You raise ValueError where k is larger than the vocabulary. What does the docstring say of such a k?",
    ),
    Mistake(
        "k of 0 let through", "keep_top_k", replace="if k < 1:", by="if k < 0:",
        also=[("if k < 1:", "if k == 0:\n        return logits.clone()\n    if k < 0:")],
        says="You refuse a negative k and let 0 through. How many tokens would be left to draw from?",
    ),
    Mistake(
        "any k let through", "keep_top_k", replace="if k < 1:", by="if False:",
        also=[("if k < 1:", "k = max(k, 1)\n    if False:")],
        says="Where k is below 1, your code does not raise ValueError. Do you look at k, and which error does an assert raise?",
    ),
    Mistake(
        "logits overwritten by top-k", "keep_top_k", replace=K_KEPT, by="logits.data.masked_fill_(logits < kth, -torch.inf)\n    return logits",
        says="After the call the caller's logits hold -inf, too. Assigning to a part of a tensor works on the tensor itself.",
    ),
    Mistake(
        "probabilities of the k", "keep_top_k", replace=K_KEPT, by="return logits.masked_fill(logits < kth, -torch.inf).softmax(dim=-1)",
        also=[(K_KEPT, "return logits.softmax(dim=-1).masked_fill(logits < kth, 0.0)")],
        says="You return probabilities. How should the kept logits look after the call?",
    ),
    Mistake(
        "float32 after top-k", "keep_top_k", replace=K_KEPT, by="return logits.masked_fill(logits < kth, -torch.inf).float()",
        says="Your result is float32, whatever came in. Which dtype does the docstring promise?",
    ),
    Mistake(
        "limits without their last dimension", "keep_top_k", replace="values[..., -1:]", by="values[..., -1]",
        says="Your limits have lost their last dimension, so the logits are compared with them column by column. Which shape can be compared with (rows, vocab_size), row by row?",
    ),
    Mistake(
        "limits of two dimensions alone", "keep_top_k", replace="values[..., -1:]", by="values[:, -1:]",
        also=[("dim=-1).values", "dim=1).values")],
        says="You count on two dimensions, rows and tokens. How do you name the last dimension, however many come before it?",
    ),
    # keep_top_p
    Mistake(
        "the token that reaches p is dropped", "keep_top_p", replace=BEFORE, by="probabilities.cumsum(dim=-1) ",
        also=[
            ("before >= p", "probabilities.cumsum(dim=-1) > p"),
            ("before >= p", "F.pad((probabilities.cumsum(dim=-1) >= p)[..., 1:], (1, 0))"),
        ],
        says="You drop the token with which p is reached, so what you keep does not add up to p. Should a token's own probability count when you decide about it?",
    ),
    Mistake(
        "one token more than the nucleus", "keep_top_p", replace="before >= p)", by="F.pad(before >= p, (1, -1)))",
        says="You keep one token too many. Which is the last one: that which reaches p, or the one after it?",
    ),
    Mistake(
        "p has to be exceeded", "keep_top_p", replace="before >= p", by="before > p",
        says="Where the tokens add up to exactly p, you take another one. Is p reached then?",
    ),
    Mistake(
        "not put back into the order of the ids", "keep_top_p", replace=DROPPED, by="dropped = before >= p",
        also=[
            (P_KEPT, "return ordered.masked_fill(before >= p, -torch.inf)"),
            (DROPPED, "dropped = (before >= p).gather(-1, ids)"),
        ],
        says="What you found out about the sorted tokens does not get back to their ids. How do you get from a place in the sorted row to a token's id?",
    ),
    Mistake(
        "least probable tokens first", "keep_top_p", replace="descending=True", by="descending=False",
        says="You collect the least probable tokens until p is reached. In which order are they sorted?",
    ),
    Mistake(
        "logits added up for probabilities", "keep_top_p", replace="ordered.softmax(dim=-1)", by="ordered",
        says="You add up logits. What has to become of them so that they add up to 1?",
    ),
    Mistake(
        "softmax over the rows", "keep_top_p", replace="ordered.softmax(dim=-1)", by="ordered.softmax(dim=0)",
        also=[
            ("ordered.softmax(dim=-1)", "logits.softmax(dim=0).gather(-1, ids)"),
            (f"{SORTED}  # (..., vocab_size)\n    probabilities = ordered.softmax(dim=-1)", "probabilities, ids = logits.softmax(dim=0).sort(dim=-1, descending=True, stable=True)"),
        ],
        says="Your probabilities add up to 1 over the batch. Along which dimension do the tokens of one distribution lie?",
    ),
    Mistake(
        "every token that has p times the largest share", "keep_top_p", replace="before >= p", by="probabilities < p * probabilities[..., :1]",
        says="You compare each token with the most probable one. How much probability do the tokens have together that you keep?",
    ),
    Mistake(
        "higher id first", "keep_top_p", replace=f"{SORTED}  # (..., vocab_size)",
        by="ordered, ids = logits.flip(-1).sort(dim=-1, descending=True, stable=True)\n    ids = logits.shape[-1] - 1 - ids",
        says="Of equally probable tokens you take the higher id first. What does turning round a sorted row do to those that are equal?",
    ),
    Mistake(
        "all equal ones kept", "keep_top_p", replace=DROPPED,
        by="dropped = logits < ordered.masked_fill(before >= p, torch.inf).amin(dim=-1, keepdim=True)",
        says="You keep every token that is as probable as the last one of the nucleus. Is that still the smallest set?",
    ),
    Mistake(
        "p of 1 like any other", "keep_top_p", replace="    if p == 1:\n        return logits.clone()\n", by="",
        says="With p = 1 you drop tokens that are next to impossible: the sum is rounded to 1 before they come. What does the docstring say of p = 1?",
    ),
    Mistake(
        "p above 1 let through", "keep_top_p", replace="if not 0 < p <= 1:", by="if not 0 < p:",
        says="You take a p above 1. Which probability can be that large?",
    ),
    Mistake(
        "p of 0 let through", "keep_top_p", replace="if not 0 < p <= 1:", by="if not 0 <= p <= 1:",
        says="You take a p of 0. Does the docstring count it in?",
    ),
    Mistake(
        "p of 1 refused", "keep_top_p", replace="if not 0 < p <= 1:", by="if not 0 < p < 1:",
        says="You raise ValueError for p = 1. Does the docstring count it in?",
    ),
    Mistake(
        "any p let through", "keep_top_p", replace="if not 0 < p <= 1:", by="if False:",
        says="You take any p, also 0 and less or above 1. Which of these are no probabilities that can be reached?",
    ),
    Mistake(
        "first row's nucleus for all", "keep_top_p", replace=P_KEPT,
        by="return logits.masked_fill(dropped.reshape(-1, logits.shape[-1])[0], -torch.inf)",
        says="All rows keep the tokens of the first row's nucleus. Which dimension got lost on the way?",
    ),
    Mistake(
        "0 for what is outside the nucleus", "keep_top_p", replace=P_KEPT, by="return logits.masked_fill(dropped, 0.0)",
        says="You set dropped logits to 0. Which probability has a token with a logit of 0?",
    ),
    Mistake(
        "logits overwritten by top-p", "keep_top_p", replace=P_KEPT, by="logits.data.masked_fill_(dropped, -torch.inf)\n    return logits",
        says="After the call the caller's logits hold -inf, too. Assigning to a part of a tensor works on the tensor itself.",
    ),
    Mistake(
        "probabilities of the nucleus", "keep_top_p", replace=P_KEPT, by="return logits.masked_fill(dropped, -torch.inf).softmax(dim=-1)",
        also=[(P_KEPT, "return logits.softmax(dim=-1).masked_fill(dropped, 0.0)")],
        says="You return probabilities. How should the kept logits look after the call?",
    ),
    Mistake(
        "float32 after top-p", "keep_top_p", replace=P_KEPT, by="return logits.masked_fill(dropped, -torch.inf).float()",
        says="Your result is float32, whatever came in. Which dtype does the docstring promise?",
    ),
    Mistake(
        "a large negative number outside the nucleus", "keep_top_p", replace="-torch.inf)", by="-1e9)",
        says="You set dropped logits to a large negative number. What if the others are as low, and which number has the probability 0 for sure?",
    ),
    Mistake(
        "nuclei of two dimensions alone", "keep_top_p", replace=DROPPED,
        by="dropped = torch.zeros_like(logits, dtype=torch.bool)\n    dropped[torch.arange(len(logits))[:, None], ids] = before >= p",
        also=[(".scatter(-1, ids, before >= p)", ".scatter(1, ids, before >= p)")],
        says="You count on two dimensions, rows and tokens. How do you name the last dimension, however many come before it?",
    ),
    Mistake(
        "another error for p", "keep_top_p", replace="    if not 0 < p <= 1:", by="    assert 0 < p <= 1\n    if not 0 < p <= 1:",
        says="A wrong p ends in another error than ValueError. Is it an assert, which can be switched off, or does it come by itself from a later line?",
    ),
    # pad_left
    Mistake(
        "padded on the right", "pad_left", replace=PLACED, by="        tokens[row, : len(prompt)] = prompt\n        mask[row, : len(prompt)] = True\n",
        says="You pad on the right. Which column does generate read?",
    ),
    Mistake(
        "mask from pad_id", "pad_left", replace="    return tokens, mask", by="    return tokens, tokens != pad_id",
        says="Your mask asks which tokens are pad_id. What if pad_id occurs in a prompt?",
    ),
    Mistake(
        "mask from pad_id at the beginning", "pad_left", replace="    return tokens, mask", by="    return tokens, (tokens != pad_id).cummax(dim=1).values",
        also=[("    return tokens, mask", "    return tokens, torch.arange(longest) >= (tokens != pad_id).int().argmax(dim=1, keepdim=True)")],
        says="Your mask takes every pad_id at the beginning of a row for padding. What if a prompt begins with it?",
    ),
    Mistake(
        "mask of padding", "pad_left", replace="    return tokens, mask", by="    return tokens, ~mask",
        says="Your mask is True for padding. What does True mean in it?",
    ),
    Mistake(
        "everything real", "pad_left", replace="torch.zeros(len(prompts), longest, dtype=torch.bool)", by="torch.ones(len(prompts), longest, dtype=torch.bool)",
        says="Your mask says that all tokens are real. Which of them did you add?",
    ),
    Mistake(
        "mask of numbers", "pad_left", replace="dtype=torch.bool)", by="dtype=torch.int64)",
        also=[("dtype=torch.bool)", "dtype=torch.float32)")],
        says="Your mask holds numbers. Which dtype does the docstring promise?",
    ),
    Mistake(
        "mask on the other side", "pad_left", replace="mask[row, start:] = True", by="mask[row, : len(prompt)] = True",
        says="Your tokens are padded on the left, and your mask says that the padding is on the right. Which columns hold the prompt?",
    ),
    Mistake(
        "mask one column too long", "pad_left", replace="mask[row, start:] = True", by="mask[row, max(0, start - 1) :] = True",
        also=[("mask[row, start:] = True", "mask[row, start - 1 :] = True")],
        says="Your mask begins one column too early. In which column does the prompt begin?",
    ),
    Mistake(
        "mask one column too short", "pad_left", replace="mask[row, start:] = True", by="mask[row, start + 1 :] = True",
        says="Your mask leaves out the first token of each prompt. In which column does the prompt begin?",
    ),
    Mistake(
        "prompts turned round", "pad_left", replace="tokens[row, start:] = prompt", by="tokens[row, start:] = prompt.flip(0)",
        says="Your padding is on the left, and the prompts are backwards. Did you turn the whole row round?",
    ),
    Mistake(
        "one column too many", "pad_left", replace="    longest = max(map(len, prompts))\n", by="    longest = max(map(len, prompts)) + 1\n",
        says="Even your longest prompt has a column of padding. How many columns does it need?",
    ),
    Mistake(
        "cut to the shortest", "pad_left", replace=PLACED,
        by="        tokens[row, start:] = prompt\n        mask[row, start:] = True\n    shortest = min(map(len, prompts))\n    tokens, mask = tokens[:, -shortest:], mask[:, -shortest:]\n",
        also=[("    longest = max(map(len, prompts))\n", "    longest = min(map(len, prompts))\n    prompts = [prompt[:longest] for prompt in prompts]\n")],
        says="You cut all prompts to the length of the shortest one. Which length does the docstring promise?",
    ),
    Mistake(
        "padded with 0", "pad_left", replace="(len(prompts), longest), pad_id)", by="(len(prompts), longest), 0)",
        says="You pad with 0. Is pad_id used?",
    ),
    Mistake(
        "prompts sorted by length", "pad_left", replace="in enumerate(prompts):", by="in enumerate(sorted(prompts, key=len, reverse=True)):",
        also=[("in enumerate(prompts):", "in enumerate(sorted(prompts, key=len)):")],
        says="Your rows are sorted by length. How does the caller know which prompt is in which row?",
    ),
    Mistake(
        "no prompts give an empty batch", "pad_left", replace=NONE,
        by="if not prompts:\n        return torch.zeros(0, 0, dtype=torch.int64), torch.zeros(0, 0, dtype=torch.bool)\n    if min(map(len, prompts)) == 0:",
        says="Without prompts you return an empty batch. Which error does the docstring promise?",
    ),
    Mistake(
        "empty prompts let through", "pad_left", replace=NONE, by="if not prompts:",
        says="You take an empty prompt, whose row is nothing but padding. What should be continued there?",
    ),
    Mistake(
        "any prompts let through", "pad_left", replace=NONE, by="if not prompts:\n        return torch.zeros(0, 0, dtype=torch.int64), torch.zeros(0, 0, dtype=torch.bool)\n    if False:",
        says="You take no prompts and empty prompts. Which error does the docstring promise for them?",
    ),
    Mistake(
        "only the first prompt looked at", "pad_left", replace=NONE, by="if not prompts or len(prompts[0]) == 0:",
        says="You refuse an empty prompt only if it is the first one. Which prompts may be empty?",
    ),
    Mistake(
        "another error for the prompts", "pad_left", replace=f"    {NONE}", by=f"    assert prompts and min(map(len, prompts)) > 0\n    {NONE}",
        says="Missing or empty prompts end in another error than ValueError. Is it an assert, which can be switched off, or does it come by itself from a later line?",
    ),
    Mistake(
        "tokens of floating point", "pad_left", replace="longest), pad_id)", by="longest), float(pad_id))",
        says="Your tokens are floating-point numbers. Which dtype does the docstring promise?",
    ),
    Mistake(
        "mask before the tokens", "pad_left", replace="return tokens, mask", by="return mask, tokens",
        says="You return the mask first, and then the tokens. In which order does the docstring name them?",
    ),
    # generate
    Mistake(
        "temperature ignored", "generate", replace=TEMPERATURE, by="",
        says="You draw from the same distribution at every temperature. Is the argument used?",
    ),
    Mistake(
        "always the most probable token", "generate", replace="if temperature == 0:", by="if True:",
        says="You never draw: the most probable token is taken at every temperature. When alone should it be?",
    ),
    Mistake(
        "a small temperature for 0", "generate", replace="        return logits.argmax(dim=-1)\n", by="        temperature = 1e-6\n",
        says="At temperature 0 you draw with a very small one instead. Which of several equal tokens comes out then?",
    ),
    Mistake(
        "the highest id of equal ones", "generate", replace="logits.argmax(dim=-1)", by="logits.shape[-1] - 1 - logits.flip(-1).argmax(dim=-1)",
        says="Of equally probable tokens you take the last. Which one does the docstring ask for?",
    ),
    Mistake("top_k ignored", "generate", replace=TOP_K, by="", says="Tokens beyond the k most probable are drawn. Is top_k used?"),
    Mistake("top_p ignored", "generate", replace=TOP_P, by="", says="Tokens outside the nucleus are drawn. Is top_p used?"),
    Mistake(
        "either top_k or top_p", "generate", replace="    if top_p is not None:", by="    elif top_p is not None:",
        says="Where top_k is given, you leave top_p out. What does the docstring do if both are given?",
    ),
    Mistake(
        "top_p before top_k", "generate", replace=TOP_K + TOP_P, by=TOP_P + TOP_K,
        says="Where both are given, you look for the nucleus among all tokens. Among which tokens does the docstring look for it?",
    ),
    Mistake(
        "temperature after top_p", "generate", replace=TEMPERATURE + TOP_K + TOP_P, by=TOP_K + TOP_P + TEMPERATURE,
        also=[(TEMPERATURE + TOP_K + TOP_P, TOP_P + TOP_K + TEMPERATURE)],
        says="Your nucleus is that of the model's distribution, and the temperature changes it afterwards. What comes first?",
    ),
    Mistake(
        "generator not used", "generate", replace="1, generator=generator)", by="1)",
        says="Your random numbers come from torch's own generator. Does the one that is given get as far as the draw?",
    ),
    Mistake(
        "torch's own generator seeded", "generate", replace=f"return {DRAW}",
        by="if generator is not None:\n        torch.manual_seed(int(torch.randint(2**40, (), generator=generator)))\n    return torch.multinomial(logits.softmax(dim=-1), 1)[:, 0]",
        also=[("    choose = partial(", "    if generator is not None:\n        torch.manual_seed(generator.initial_seed())\n        generator = None\n    choose = partial(")],
        says="After your call, whoever draws from torch's own generator gets other numbers than without it: you seed it, or draw from it. How can multinomial use the given one?",
    ),
    Mistake(
        "a seed of your own", "generate", replace="    choose = partial(", by="    generator = generator or torch.Generator().manual_seed(0)\n    choose = partial(",
        also=[("    choose = partial(", "    if generator is None:\n        torch.manual_seed(0)\n    choose = partial(")],
        says="Without a generator your text is the same in every call. Which generator does the docstring name for that case?",
    ),
    Mistake(
        "a random number at temperature 0", "generate", replace="        return logits.argmax(dim=-1)\n", by="        torch.rand(1, generator=generator)\n        return logits.argmax(dim=-1)\n",
        says="At temperature 0 you take a random number all the same, so whoever uses the generator next gets other ones. What is there to draw?",
    ),
    Mistake(
        "generator begins anew at each step", "generate", replace=f"return {DRAW}",
        by=f"if generator is not None:\n        generator.manual_seed(generator.initial_seed())\n    return {DRAW}",
        says="You set the generator back to its seed at each step, so that each draws the same random number. Who has seeded it already?",
    ),
    Mistake(
        "logits of the first position", "generate", replace="real)[:, -1]", by="real)[:, 0]",
        says="You take what the model says after the first token. Which position knows what has been written?",
    ),
    Mistake(
        "only the last token read", "generate", replace="model(tokens[:, -n_positions:], real)", by="model(tokens[:, -1:], None)",
        also=[(NEXT, f"    begun = tokens.shape[1]\n\n{NEXT}        if tokens.shape[1] > begun:\n            return model(tokens[:, -1:])[:, -1]\n")],
        says="Your model reads the last token alone, at position 0. What does it know of the others, without a cache?",
    ),
    Mistake(
        "beginning of the context kept", "generate", replace=READ, by="[:, :n_positions]\n        return model(tokens[:, :n_positions], real)",
        says="When the text is longer than the context, your model reads its beginning, and never what it wrote last. Which end has to go?",
    ),
    Mistake(
        "context not cropped", "generate", replace=READ, by="\n        return model(tokens, real)",
        says="When the text is longer than the context, the model refuses it. How many tokens can it read?",
    ),
    Mistake(
        "one token of the context too few", "generate", replace=READ, by="[:, 1 - n_positions :]\n        return model(tokens[:, 1 - n_positions :], real)",
        says="You crop the context to one token less than the model can read. How many positions has it?",
    ),
    Mistake(
        "long prompts come back cropped", "generate", replace=START,
        by="n_positions, mask = model.config.n_positions, attention_mask\n    tokens, mask = tokens[:, -n_positions:], mask if mask is None else mask[:, -n_positions:]\n",
        also=[(WRITE, WRITE.replace("return", "written =") + "\n    return written[:, -n_positions - 1 :] if max_new_tokens else written")],
        says="When the text is longer than the context, its beginning is missing from what you return. Which copy of the tokens should be cropped?",
    ),
    Mistake(
        "prompts missing", "generate", replace=WRITE, by=f"{WRITE}[:, tokens.shape[1] :]",
        says="You return only what was written. What stands in front of it?",
    ),
    Mistake(
        "ended rows go on", "generate", replace="                token = token.masked_fill(ended, eos_id)\n", by="",
        says="After its eos_id a row goes on with what the model makes up. What should stand there?",
    ),
    Mistake(
        "0 behind the end", "generate", replace="token.masked_fill(ended, eos_id)", by="token.masked_fill(ended, 0)",
        says="You fill ended rows up with 0. Which token does the docstring ask for?",
    ),
    Mistake(
        "goes on to the last step", "generate", replace=STOP, by="",
        says="You go on until max_new_tokens, also when all rows have ended. When is there nothing left to write?",
    ),
    Mistake(
        "over with the first row", "generate", replace="if ended.all():", by="if ended.any():",
        says="You stop as soon as one row has ended. What about the others?",
    ),
    Mistake(
        "last eos_id not written", "generate", replace=JOIN + STOP, by=STOP + JOIN,
        says="The eos_id that ends the last row is missing. What has to happen before you stop?",
    ),
    Mistake(
        "an eos_id in the prompt ends the row", "generate", replace="ended = torch.zeros(len(tokens), dtype=torch.bool, device=tokens.device)",
        by="ended = (tokens == eos_id).any(dim=1) if eos_id is not None else torch.zeros(len(tokens), dtype=torch.bool)",
        also=[(LOOP, CHECKED_FIRST)],
        says="Rows with an eos_id in their prompt end too early. Who has written that one?",
    ),
    Mistake(
        "a prompt that ends in eos_id ends the row", "generate", replace="ended = torch.zeros(len(tokens), dtype=torch.bool, device=tokens.device)",
        by="ended = tokens[:, -1] == eos_id if eos_id is not None else torch.zeros(len(tokens), dtype=torch.bool)",
        says="Rows whose prompt ends in eos_id end too early. Who has written that one?",
    ),
    Mistake(
        "eos_id of 0 taken for none", "generate", replace="if eos_id is not None:", by="if eos_id:",
        says="With an eos_id of 0 no row ends. What is the truth value of 0, and of None?",
    ),
    Mistake(
        "one new token too many", "generate", replace="range(max_new_tokens)", by="range(max_new_tokens + 1)",
        says="You write one token more than max_new_tokens. How often does your loop run?",
    ),
    Mistake(
        "one new token too few", "generate", replace="range(max_new_tokens)", by="range(max_new_tokens - 1)",
        says="You write one token less than max_new_tokens. How often does your loop run?",
    ),
    Mistake(
        "dropout stays on", "generate", replace="    model.eval()\n", by="",
        says="Your model writes in the mode in which it came, so that it drops numbers at random after training. Which mode does the docstring ask for?",
    ),
    Mistake(
        "evaluation mode for the root alone", "generate", replace="    model.eval()\n", by="    model.training = False\n",
        says="You set the mode of the model itself, while its parts keep theirs. What does eval() do besides?",
    ),
    Mistake(
        "mode not restored", "generate", replace=RESTORE, by="        pass\n",
        says="After the call the model is in evaluation mode, also where it was in training before. Who will notice?",
    ),
    Mistake(
        "the root's mode for all", "generate", replace=RESTORE, by="        model.train(modes[model])\n",
        says="After the call all parts have the mode of the model itself. What if somebody has frozen a part in evaluation mode?",
    ),
    Mistake(
        "mode not restored at an early stop", "generate", replace=RESTORE,
        by="        for module, training in modes.items():\n            module.training = training and not bool(ended.all())\n",
        says="When every row has ended, you leave the loop, and the model stays in evaluation mode. Which lines run on every way out of the function?",
    ),
    Mistake(
        "training mode for all", "generate", replace=RESTORE, by="        model.train()\n",
        says="After the call the model is in training mode, whatever it was in before. How can you know what that was?",
    ),
    Mistake(
        "gradients recorded while writing", "generate", replace="with torch.inference_mode():  # no_grad, and a little more", by="if True:",
        says="Each step records what a gradient would need, and nobody will ask for one. How do you tell torch?",
    ),
    Mistake(
        "prompts overwritten", "generate", replace=JOIN, by="            tokens.set_(torch.cat([tokens, token[:, None]], dim=1))\n",
        says="After the call the caller's prompts hold what was written. Which tensor does your loop work on?",
    ),
    Mistake(
        "the prompt counted among the new tokens", "generate", replace="range(max_new_tokens)", by="range(max_new_tokens - tokens.shape[1])",
        says="You stop when the whole text has max_new_tokens tokens, with the prompt. Which tokens does that number count?",
    ),
    Mistake(
        "over when the context is full", "generate", replace="            with torch.inference_mode():",
        by="            if tokens.shape[1] >= model.config.n_positions:\n                break\n            with torch.inference_mode():",
        says="You stop writing when the context is full. Which part of a longer text can the model still read?",
    ),
    # generate with a mask
    Mistake(
        "mask not used", "generate", replace="n_positions:], real)[:, -1]", by="n_positions:])[:, -1]",
        says="The model never gets the mask, so it attends to padding, and padding moves the positions of the other tokens. Who needs the mask?",
    ),
    Mistake(
        "mask for the first step alone", "generate", replace="real)[:, -1]", by="real if mask is not None and tokens.shape[1] == mask.shape[1] else None)[:, -1]",
        says="Only the first step gets the mask. Is the padding gone after it?",
    ),
    Mistake(
        "new tokens marked as padding", "generate", replace="value=True)", by="value=False)",
        says="Your mask says that new tokens are padding, so no later token attends to them. What are they?",
    ),
    Mistake(
        "mask does not grow", "generate", replace=GROWN, by="mask[:, -n_positions:]",
        says="Your mask keeps the length of the prompts while the tokens grow. What should its new columns say?",
    ),
    Mistake(
        "mask grows on the left", "generate", replace=GROWN, by="F.pad(mask, (tokens.shape[1] - mask.shape[1], 0), value=True)[:, -n_positions:]",
        says="Your mask grows on its left, so that the padding moves to the right with each step. On which side do the new tokens come?",
    ),
    Mistake(
        "mask moves with the text", "generate", replace=GROWN, by="F.pad(mask, (tokens.shape[1] - mask.shape[1], 0), value=False)[:, -n_positions:]",
        says="Your mask grows by padding on its left, so that tokens of the prompts become padding. On which side do the new tokens come?",
    ),
    Mistake(
        "mask not cropped", "generate", replace="value=True)[:, -n_positions:]", by="value=True)",
        says="You crop the tokens to the context and leave the mask as it is. Which columns does the model read?",
    ),
    Mistake(
        "mask cropped at its end", "generate", replace="value=True)[:, -n_positions:]", by="value=True)[:, :n_positions]",
        says="When the text is longer than the context, your mask belongs to its first columns. Which columns does the model read?",
    ),
    Mistake(
        "mask of the first row for all", "generate", replace=GROWN, by=f"{GROWN}[:1].expand(len(tokens), -1)",
        says="All rows get the mask of the first one. Which dimension of the mask belongs to the rows?",
    ),
    Mistake(
        "mask the wrong way round", "generate", replace=GROWN, by=f"~{GROWN}",
        says="You pass on where padding is. What does True mean in the model's mask?",
    ),
    Mistake(
        "ended rows marked as padding", "generate", replace=GROWN,
        by="F.pad(mask, (0, tokens.shape[1] - mask.shape[1]), value=True) if eos_id is None else torch.cat([mask, tokens[:, mask.shape[1] :] != eos_id], dim=1)\n            real = real[:, -n_positions:]",
        says="You mark the eos_id that fills an ended row as padding. What is left of that row, once its real tokens are out of the context?",
    ),
    Mistake(
        "mask from the padding token", "generate", replace=GROWN,
        by="torch.cat([tokens[:, : mask.shape[1]] != tokens[:, :1], tokens[:, mask.shape[1] :] > -1], dim=1)[:, -n_positions:]",
        also=[(GROWN, f"{GROWN} if eos_id is None else (tokens != eos_id)[:, -n_positions:]")],
        says="You find out from the tokens which of them are padding. What is the mask for, if a token of the prompt may be the same as that of the padding?",
    ),
    Mistake(
        "no mask once a row has ended", "generate", replace="real)[:, -1]",
        by="None if mask is not None and (tokens[:, mask.shape[1] :] == eos_id if eos_id is not None else ~mask[:, -1:]).any() else real)[:, -1]",
        says="As soon as one row has ended, the model gets no mask. Is the padding of the other rows gone then?",
    ),
    Mistake(
        "mask when the context is full left out", "generate", replace="real)[:, -1]", by="real if tokens.shape[1] <= n_positions else None)[:, -1]",
        says="As soon as the context is full, the model gets no mask. Is there no padding left in its columns then?",
    ),
    Mistake(
        "no padding refused", "generate", replace=REFUSED, by="if False:",
        says="You take any mask, also one with padding on the right. Which column would you read in such a row?",
    ),
    Mistake(
        "padding inside a row let through", "generate", replace=REFUSED, by="if mask is not None and not mask[:, -1].all():",
        says="You look at the last column of the mask alone, so padding may be between real tokens. Where does the docstring allow it?",
    ),
    Mistake(
        "padding on the right let through", "generate", replace=REFUSED, by="if mask is not None and ((mask.long().diff(dim=1) == 1).sum(dim=1) + mask[:, 0]).ne(1).any():",
        says="You take a mask with padding on the right. Which column would you read in such a row?",
    ),
    Mistake(
        "rows of padding alone let through", "generate", replace=REFUSED, by="if mask is not None and not (mask[:, :-1] <= mask[:, 1:]).all():",
        says="You take a row that is nothing but padding. What should the model continue there?",
    ),
    Mistake(
        "every padding refused", "generate", replace=REFUSED, by="if mask is not None and not mask.all():",
        says="You raise ValueError for any padding. On which side is it allowed?",
    ),
    Mistake(
        "mask overwritten", "generate", replace="            real = F.pad",
        by="            mask.logical_or_(torch.ones((), dtype=torch.bool)) if tokens.shape[1] > mask.shape[1] else None\n            real = F.pad",
        says="After the call the caller's mask has other values. Which operation makes a new tensor?",
    ),
    Mistake(
        "another error for the mask", "generate", replace=f"    {REFUSED}", by=f"    assert not ({REFUSED[3:-1]})\n    {REFUSED}",
        says="A wrong mask ends in another error than ValueError. Is it an assert, which can be switched off, or does it come by itself from a later line?",
    ),
    # KVCache
    Mistake(
        "new ones in front", "forward_with_cache", replace="return keys, values",
        by="return torch.cat([key, keys[:, :, :start]], dim=2), torch.cat([value, values[:, :, :start]], dim=2)",
        also=[(STORED, STORED_IN_FRONT)],
        says="Your new keys come before the old ones. In which order were they written?",
    ),
    Mistake(
        "only the new ones come back", "forward_with_cache", replace="return keys, values", by="return key, value",
        also=[("start, end = self._lengths[layer], self._lengths[layer] + key.shape[2]", "start, end = 0, key.shape[2]")],
        says="You return only what was just appended. What is a query of the next token to look at?",
    ),
    Mistake(
        "keys and values exchanged", "forward_with_cache", replace="return keys, values", by="return values, keys",
        says="Your values come back as keys, and your keys as values. Which comes first in the docstring?",
    ),
    Mistake(
        "keys for values", "forward_with_cache", replace="return keys, values", by="return keys, keys",
        says="The keys come back twice. Where did the values go?",
    ),
    Mistake(
        "first layer's length", "forward_with_cache", replace="min(self._lengths)", by="self._lengths[0]",
        says="Your length grows with the first layer, while others do not hold the new positions yet. What does every layer hold?",
    ),
    Mistake(
        "last layer's length", "forward_with_cache", replace="min(self._lengths)", by="self._lengths[-1]",
        says="Your length is that of the last layer, whatever the others hold. What does every layer hold?",
    ),
    Mistake(
        "longest layer's length", "forward_with_cache", replace="min(self._lengths)", by="max(self._lengths)",
        says="Your length is that of the fullest layer. What does every layer hold?",
    ),
    Mistake(
        "too many not refused", "forward_with_cache", replace="if end > self.n_positions:", by="if False:",
        says="You do not look whether a layer is full. Which error should whoever calls see?",
    ),
    Mistake(
        "longer after an error", "forward_with_cache", replace="        if end > self.n_positions:\n",
        by="        self._lengths[layer] = end\n        if end > self.n_positions:\n",
        says="After a ValueError your cache says that it holds what it refused. What has to come first, the check or the change?",
    ),
    Mistake(
        "new positions alone compared with the limit", "forward_with_cache", replace="if end > self.n_positions:", by="if key.shape[2] > self.n_positions:",
        also=[("if end > self.n_positions:", GROWS)],
        says="You compare only the new positions with n_positions. How many would the layer hold with them?",
    ),
    Mistake(
        "full by the length of all layers", "forward_with_cache", replace="if end > self.n_positions:", by="if self.length + key.shape[2] > self.n_positions:",
        says="You compare the length of all layers with n_positions. What if this layer holds more than the others?",
    ),
    Mistake(
        "values rounded to float32", "forward_with_cache", replace="keys[:, :, start:], values[:, :, start:] = key, value", by="keys[:, :, start:], values[:, :, start:] = key.float(), value.float()",
        also=[(ROOM, ROOM.replace("key.new_empty", "torch.empty").replace("value.new_empty", "torch.empty"))],
        says="Your cache keeps float32, whatever it gets, so doubles are rounded. Where does the dtype change?",
    ),
    Mistake(
        "all layers in one store", "forward_with_cache", replace="cache.append(layer, key, value)", by="cache.append(0, key, value)",
        also=[
            (
                "start, end = self._lengths[layer], self._lengths[layer] + key.shape[2]",
                "layer, self._lengths = 0, self._lengths[:1]\n        start, end = self._lengths[0], self._lengths[0] + key.shape[2]",
            ),
        ],
        says="The keys of all your layers come into one store, and get mixed. Where should each layer find its own?",
    ),
    # forward_with_cache
    Mistake(
        "everything computed again", "forward_with_cache", replace=EMBED,
        by="""\
    cache.tokens = torch.cat([getattr(cache, "tokens", tokens[:, :0]), tokens], dim=1)
    for layer in range(model.config.n_layer):
        cache.append(layer, *torch.zeros(2, len(tokens), model.config.n_head, end - start, model.config.n_embd // model.config.n_head))
    return model(cache.tokens)[:, -tokens.shape[1] :]
""" + EMBED,
        says="You keep the tokens, and let the model read all of them in each call. What should be in the cache, so that no position is computed twice?", costs=0.7,
    ),
    Mistake(
        "positions begin anew", "forward_with_cache", replace="torch.arange(start, end, ", by="torch.arange(end - start, ",
        says="The first new token of each call stands at position 0. How many came before it?",
    ),
    Mistake(
        "one position for all new tokens", "forward_with_cache", replace="torch.arange(start, end, ", by="torch.full((end - start,), start, ",
        says="All tokens of one call stand at the same position. Where does the second one stand?",
    ),
    Mistake(
        "no positions", "forward_with_cache", replace=" + model.wpe(torch.arange(start, end, device=tokens.device))", by="",
        says="You add no positions to the tokens. What are the two embeddings of GPT-2?",
    ),
    Mistake(
        "no mask among the new", "forward_with_cache", replace=MASK, by="mask = None",
        says="In a call with several tokens, each sees those after it. When may you go without a mask?",
    ),
    Mistake(
        "first rows of the mask", "forward_with_cache", replace="causal_mask(end)[start:]", by="causal_mask(end)[: end - start]",
        says="Your first new query sees the first key alone, as if it stood at the beginning. Where does it stand, and which keys does it see there?",
    ),
    Mistake(
        "is_causal with a cache", "forward_with_cache", replace="(query, key, value, mask)", by="(query, key, value, is_causal=True)",
        says="Your first new query sees the first key alone, as if it stood at the beginning. At which corner does the triangle of is_causal begin?",
    ),
    Mistake(
        "cached positions hidden", "forward_with_cache", replace=f"        {APPEND}",
        by="        cache.append(layer, key, value)\n        mask = causal_mask(end - start)",
        says="Your new tokens see only each other. What does append return?",
    ),
    Mistake(
        "values appended as keys", "forward_with_cache", replace="cache.append(layer, key, value)", by="cache.append(layer, value, key)",
        says="You append values as keys, and keys as values. In which order does append take them?",
    ),
    Mistake(
        "queries appended as keys", "forward_with_cache", replace="cache.append(layer, key, value)", by="cache.append(layer, query, value)",
        says="You put the queries into the cache. With what are later queries compared?",
    ),
    Mistake(
        "heads before the three parts", "forward_with_cache", replace=SPLIT, by="fused.unflatten(-1, (model.config.n_head, 3, -1)).permute(3, 0, 2, 1, 4)",
        says="You split c_attn's output into heads first, and each head into query, key and value. Which of the two comes first in GPT-2?",
    ),
    Mistake(
        "keys in the place of queries", "forward_with_cache", replace="query, key, value = fused", by="key, query, value = fused",
        says="You take the first third of c_attn's output for the keys. In which order do the three stand?",
    ),
    Mistake(
        "heads not merged by position", "forward_with_cache", replace="heads.transpose(1, 2).flatten(2)", by="heads.reshape(x.shape)",
        says="You read (batch, n_head, new, d_head) as (batch, new, n_embd). The shape is right then; which numbers stand beside each other?",
    ),
    Mistake(
        "heads not split by position", "forward_with_cache", replace=f"{SPLIT}\n",
        by="(part.reshape(len(tokens), model.config.n_head, end - start, -1) for part in fused.chunk(3, dim=-1))\n",
        says="You read (batch, new, n_embd) as (batch, n_head, new, d_head). The shape is right then; do the numbers of one head come from all positions?",
    ),
    Mistake(
        "scores not divided", "forward_with_cache", replace="(query, key, value, mask)", by="(query, key, value, mask, scale=1.0)",
        says="Your scores are not divided by sqrt(d_head). What does GPT-2's attention do?",
    ),
    Mistake(
        "weights dropped in evaluation mode", "forward_with_cache", replace="(query, key, value, mask)", by="(query, key, value, mask, dropout_p=model.config.attn_pdrop)",
        says="The function drops weights whenever its rate is not 0. In which mode is the model?",
    ),
    Mistake(
        "ln_1 left out", "forward_with_cache", replace="block.attn.c_attn(block.ln_1(x))", by="block.attn.c_attn(x)",
        says="c_attn reads x as it is. What stands between the two in a block of GPT-2?",
    ),
    Mistake(
        "ln_2 left out", "forward_with_cache", replace="block.mlp.c_fc(block.ln_2(x))", by="block.mlp.c_fc(x)",
        says="The feed-forward network reads x as it is. What stands between the two in a block of GPT-2?",
    ),
    Mistake(
        "ln_f left out", "forward_with_cache", replace="model.ln_f(x)", by="x",
        says="Your logits come straight from the last block. Which norm follows it?",
    ),
    Mistake(
        "feed-forward left out", "forward_with_cache", replace='        x = x + block.mlp.c_proj(F.gelu(block.mlp.c_fc(block.ln_2(x)), approximate="tanh"))\n', by="",
        says="Your blocks consist of attention alone. What is the second half of each?",
    ),
    Mistake(
        "attention not added to its input", "forward_with_cache", replace="x = x + block.attn.c_proj(", by="x = block.attn.c_proj(",
        says="What attention returns takes the place of x. What does a block of GPT-2 do with the two?",
    ),
    Mistake(
        "the exact gelu", "forward_with_cache", replace=', approximate="tanh")', by=")",
        says="Your logits differ from the model's in the fourth digit. Which form of gelu did GPT-2 learn with?",
    ),
    Mistake(
        "logits of the last position alone", "forward_with_cache", replace="model.ln_f(x) @", by="model.ln_f(x[:, -1:]) @",
        also=[("model.ln_f(x) @", "model.ln_f(x[:, -1]) @")],
        says="You return logits of the last position. How many does the docstring promise?",
    ),
    Mistake(
        "beyond the last position not refused", "forward_with_cache", replace="if end > model.config.n_positions:", by="if False:",
        also=[(TOO_MANY + EMBED, "    x = model.wte(tokens) + model.wpe.weight[start:end]")],
        says="You do not look whether there are positions left. Which error should whoever calls see, and in which state should the cache be?",
    ),
    Mistake(
        "left to the cache to refuse", "forward_with_cache", replace=TOO_MANY + EMBED, by=EMBED.replace("device=tokens.device)", "device=tokens.device).clamp(max=model.config.n_positions - 1)"),
        says="You leave it to the cache to raise ValueError. The cache may be an object of another class, with more room: who knows how many positions the model has?",
    ),
    Mistake(
        "new tokens alone compared with the limit", "forward_with_cache", replace="if end > model.config.n_positions:", by="if tokens.shape[1] > model.config.n_positions:",
        says="You compare only the new tokens with n_positions. Where does the last of them stand?",
    ),
    Mistake(
        "float32 on the way", "forward_with_cache", replace="(query, key, value, mask)", by="(query.float(), key.float(), value.float(), mask).to(x.dtype)",
        says="You compute in float32, so doubles come out rounded. Where does the dtype change?",
    ),
    # generate_cached
    Mistake(
        "without the cache", "generate_cached", replace=WHEN_FULL + f"        {FORWARD}", by="        return model(tokens[:, -n_positions:])[:, -1]",
        says="Your tokens are right, and each step computes all positions again. What is in the cache for?", costs=0.7,
    ),
    Mistake(
        "a cache at temperature 0 alone", "generate_cached", replace=FORWARD,
        by="if temperature == 0:\n            return forward_with_cache(model, unseen, cache)[:, -1]\n        return model(tokens[:, -n_positions:])[:, -1]",
        says="Where tokens are drawn, each step computes all positions again. Does a cache depend on how a token is chosen?",
    ),
    Mistake(
        "prompt token by token", "generate_cached", replace=FORWARD,
        by="for token in unseen.split(1, dim=1):\n            logits = forward_with_cache(model, token, cache)\n        return logits[:, -1]",
        also=[
            (
                FORWARD,
                "for part in unseen.split(1 if tokens.shape[1] <= n_positions else n_positions, dim=1):\n            logits = forward_with_cache(model, part, cache)\n        return logits[:, -1]",
            ),
        ],
        says="You give the prompt to the model one token a call. How many calls does the docstring allow?",
    ),
    Mistake(
        "full cache not noticed", "generate_cached", replace="if cache.length == 0 or cache.length == n_positions:", by="if cache.length == 0:",
        says="When n_positions are full, the next token has no place. What has to happen to the context, and to the cache?",
    ),
    Mistake(
        "stale keys kept", "generate_cached", replace=WHEN_FULL,
        by="""\
        if cache.length == n_positions:
            old, cache = cache, KVCache(model.config)
            for layer in range(model.config.n_layer):
                cache.append(layer, old._keys[layer][:, :, 1:], old._values[layer][:, :, 1:])
            unseen = tokens[:, -1:]
        else:
            unseen = tokens[:, -n_positions:][:, cache.length :]
""",
        says="When the cache is full you drop its first position and keep the others, which were computed for other places. Which position does each token have now?",
    ),
    Mistake(
        "begins anew with one token", "generate_cached", replace=WHEN_FULL,
        by="""\
        if cache.length == n_positions:
            cache, unseen = KVCache(model.config), tokens[:, -1:]
        elif cache.length == 0:
            unseen = tokens[:, -n_positions:]
        else:
            unseen = tokens[:, -1:]
""",
        says="When the cache is full you empty it and go on with the last token alone. What does generate read at this step?",
    ),
    Mistake(
        "half of the context read anew", "generate_cached", replace=WHEN_FULL,
        by="""\
        if cache.length == n_positions:
            cache, unseen = KVCache(model.config), tokens[:, -(n_positions // 2) :]
        elif cache.length == 0:
            unseen = tokens[:, -n_positions:]
        else:
            unseen = tokens[:, -1:]
""",
        says="When the cache is full you go on with a part of the context, so that the next steps are fast. What does generate read at this step?",
    ),
    Mistake(
        "computed anew one step too early", "generate_cached", replace="cache.length == n_positions:", by="cache.length >= n_positions - 1:",
        says="You compute everything anew while there is one position left. When exactly is the cache full?",
    ),
    Mistake(
        "one cache for all calls", "generate_cached", replace=WHEN_FULL,
        by="""\
        model.cache = cache = getattr(model, "cache", cache)
        if cache.length == 0 or cache.length == n_positions:
            cache, unseen = KVCache(model.config), tokens[:, -n_positions:]
            model.cache = cache
        else:
            unseen = tokens[:, cache.length :]
""",
        says="The second call finds what the first one has left in the cache. Where should a cache be made?",
    ),
    Mistake(
        "long prompt not cropped", "generate_cached", replace="KVCache(model.config), tokens[:, -n_positions:]", by="KVCache(model.config), tokens",
        also=[("KVCache(model.config), tokens[:, -n_positions:]", "KVCache(model.config), tokens if cache.length == 0 else tokens[:, -n_positions:]")],
        says="A text longer than the context does not fit into an empty cache either. How much of it does generate read?",
    ),
    Mistake(
        "beginning of the text in the cache", "generate_cached", replace="KVCache(model.config), tokens[:, -n_positions:]", by="KVCache(model.config), tokens[:, :n_positions]",
        also=[
            (
                "KVCache(model.config), tokens[:, -n_positions:]",
                "KVCache(model.config), tokens[:, :n_positions] if cache.length == 0 else tokens[:, -n_positions:]",
            ),
        ],
        says="When the text is longer than the context, your model reads its beginning. Which end has to go?",
    ),
    Mistake(
        "logits of the prompt's first position", "generate_cached", replace="(model, unseen, cache)[:, -1]", by="(model, unseen, cache)[:, 0]",
        says="After the prompt you take what the model says at its first position. Which position predicts the next token?",
    ),
    Mistake(
        "prompt but for its last token lost", "generate_cached", replace="KVCache(model.config), tokens[:, -n_positions:]", by="KVCache(model.config), tokens[:, -1:]",
        also=[
            (
                WHEN_FULL,
                "        unseen = tokens[:, -1:]\n        if tokens.shape[1] > n_positions:\n            cache, unseen = KVCache(model.config), tokens[:, -n_positions:]\n",
            ),
        ],
        says="With an empty cache you read the last token alone. Who has read the rest of the prompt?",
    ),
    Mistake(
        "prompts missing with a cache", "generate_cached", replace=WRITE, by=f"{WRITE}[:, tokens.shape[1] :]",
        says="You return only what was written. What stands in front of it in generate?",
    ),
    Mistake(
        "temperature not passed on", "generate_cached", replace="temperature=temperature", by="temperature=float(temperature > 0)",
        says="Every temperature but 0 has the same effect. Does the argument get as far as the draw?",
    ),
    Mistake("top_k not passed on", "generate_cached", replace="top_k=top_k", by="top_k=None", says="top_k has no effect. Does the argument get as far as the draw?"),
    Mistake("top_p not passed on", "generate_cached", replace="top_p=top_p", by="top_p=None", says="top_p has no effect. Does the argument get as far as the draw?"),
    Mistake(
        "generator not passed on", "generate_cached", replace="generator=generator", by="generator=None",
        says="Your random numbers do not come from the generator. Does it get as far as the draw?",
    ),
    Mistake(
        "eos_id not passed on", "generate_cached", replace=WRITE, by=WRITE.replace("eos_id", "None"),
        says="No row ends, whatever eos_id is. Does the argument get as far as the loop?",
    ),
    Mistake(
        "evaluation mode after the call", "generate_cached", replace=WRITE, by=f"tokens = {WRITE.removeprefix('return ')}\n    model.eval()\n    return tokens",
        says="After the call the model is in evaluation mode, whatever it was in before. What does generate do about that?",
    ),
    Mistake(
        "gradients recorded with a cache", "generate_cached", replace=FORWARD,
        by="with torch.inference_mode(False), torch.enable_grad():\n            return forward_with_cache(model, unseen.clone(), cache)[:, -1]",
        says="Each step records what a gradient would need, and the cache holds on to it. What does generate do about that?",
    ),
    Mistake(
        "over when the cache is full", "generate_cached", replace=WRITE, by=WRITE.replace("max_new_tokens", "min(max_new_tokens, max(0, n_positions - tokens.shape[1]))"),
        says="You stop writing when the cache is full. How does generate go on there?",
    ),
    Mistake(
        "the root's mode for all with a cache", "generate_cached", replace=WRITE,
        by=f"training = model.training\n    tokens = {WRITE.removeprefix('return ')}\n    model.train(training)\n    return tokens",
        says="After the call all parts have the mode of the model itself. What if somebody has frozen a part in evaluation mode?",
    ),
]

# Writers that do not ask the model. Behind a mistake that makes logits even, its tokens may be as even as theirs.
UNASKED = """
def {name}(
    model, tokens, max_new_tokens, *, temperature=1.0, top_k=None, top_p=None, eos_id=None, generator=None
):
    ended = torch.zeros(len(tokens), dtype=torch.bool)
    for _ in range(max_new_tokens):
        logits = {logits}
        if temperature:
            logits = apply_temperature(logits, temperature)
            logits = keep_top_k(logits, top_k) if top_k else logits
            logits = keep_top_p(logits, top_p) if top_p else logits
            token = torch.multinomial(logits.softmax(dim=-1), 1, generator=generator)[:, 0]
        else:
            token = logits.argmax(dim=-1)
        if eos_id is not None:
            token = token.masked_fill(ended, eos_id)
            ended |= token == eos_id
        tokens = torch.cat([tokens, token[:, None]], dim=1)
        if ended.all():
            break
    return tokens
"""
LOGITS = {
    "every token alike": "torch.zeros(len(tokens), model.config.vocab_size)",
    "the last token again": "F.one_hot(tokens[:, -1], model.config.vocab_size).double()",
}
TRIVIAL = {
    name: {way: UNASKED.format(name=name, logits=logits) for way, logits in LOGITS.items()}
    for name in ("generate", "generate_cached")
}
