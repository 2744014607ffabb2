"""Right solutions of notebook 05, written in other ways than the reference. Each must score full."""

GENERATE = """
def generate(
    model,
    tokens,
    max_new_tokens,
    *,
    attention_mask=None,
    temperature=1.0,
    top_k=None,
    top_p=None,
    eos_id=None,
    generator=None,
):
"""
GENERATE_CACHED = GENERATE.replace("def generate", "def generate_cached").replace("    attention_mask=None,\n", "")

CHECKED = """
    if attention_mask is not None:
        first = attention_mask.long().argmax(dim=1, keepdim=True)
        if not torch.equal(attention_mask, torch.arange(attention_mask.shape[1]) >= first):
            raise ValueError("padding on the left only")
"""

# What generate_cached of the reference leans on is defined beside generate: who writes another generate writes both.
LOOP = """

def _pick(logits, temperature, top_k, top_p, generator):
    if temperature == 0:
        return torch.max(logits, dim=-1).indices
    logits = apply_temperature(logits, temperature)
    if top_k:
        logits = keep_top_k(logits, top_k)
    if top_p:
        logits = keep_top_p(logits, top_p)
    return torch.multinomial(F.softmax(logits, dim=-1), num_samples=1, generator=generator).squeeze(1)


def _reader(model, mask):
    window, starts = model.config.n_positions, None if mask is None else (~mask).sum(dim=1, keepdim=True)

    def read(text):
        real = None if starts is None else torch.arange(text.shape[1]) >= starts
        return model(text[:, -window:], attention_mask=real if real is None else real[:, -window:])[:, -1]

    return read


def _choose(logits, temperature, top_k, top_p, generator):
    return _pick(logits, temperature, top_k, top_p, generator)


def _write(model, tokens, max_new_tokens, next_logits, choose, eos_id):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    done = tokens.new_zeros(tokens.shape[0], dtype=torch.bool)
    with torch.no_grad():
        for _ in range(max_new_tokens):
            token = choose(next_logits(tokens))
            if eos_id is not None:
                token = torch.where(done, torch.full_like(token, eos_id), token)
                done = done | token.eq(eos_id)
            tokens = torch.hstack((tokens, token.unsqueeze(1)))
            if bool(done.all()):
                break
    for module, training in modes:
        module.training = training
    return tokens
"""

CACHED_CHOOSE = """
    def choose(logits):
        if temperature == 0:
            return logits.argmax(-1)
        logits = apply_temperature(logits, temperature)
        if top_k is not None:
            logits = keep_top_k(logits, top_k)
        if top_p is not None:
            logits = keep_top_p(logits, top_p)
        return torch.multinomial(logits.softmax(-1), 1, generator=generator).squeeze(-1)
"""

ALTERNATIVES = {
    "apply_temperature": {
        "times its inverse": """
def apply_temperature(logits, temperature):
    if temperature <= 0:
        raise ValueError("temperature must be above 0")
    return logits * (1.0 / temperature)
""",
        "a copy, divided in place": """
def apply_temperature(logits, temperature):
    if temperature <= 0:
        raise ValueError
    logits = logits.clone()
    logits /= temperature
    return logits
""",
        "row by row": """
def apply_temperature(logits, temperature):
    if not temperature > 0:
        raise ValueError(temperature)
    if logits.dim() == 1:
        return torch.div(logits, temperature)
    return torch.stack([apply_temperature(row, temperature) for row in logits])
""",
    },
    "keep_top_k": {
        "sorted": """
def keep_top_k(logits, k):
    if k <= 0:
        raise ValueError
    k = min(k, logits.size(-1))
    smallest = logits.sort(dim=-1).values[..., -k].unsqueeze(-1)
    return torch.where(logits >= smallest, logits, torch.full_like(logits, float("-inf")))
""",
        "row by row": """
def keep_top_k(logits, k):
    if k < 1:
        raise ValueError("k")
    rows = logits.reshape(-1, logits.shape[-1]).clone()
    for row in rows:
        limit = sorted(row.tolist(), reverse=True)[:k][-1]
        for i, value in enumerate(row.tolist()):
            if value < limit:
                row[i] = -math.inf
    return rows.view(logits.shape)
""",
        "by the number of larger ones": """
def keep_top_k(logits, k):
    if k < 1:
        raise ValueError("k")
    larger = (logits[..., None, :] > logits[..., :, None]).sum(dim=-1)
    return logits.masked_fill(larger >= k, float("-inf"))
""",
        "early return, kthvalue": """
def keep_top_k(logits, k):
    if k < 1:
        raise ValueError("k")
    vocab = logits.shape[-1]
    if k >= vocab:
        return logits
    limit = torch.kthvalue(logits, vocab - k + 1, dim=-1, keepdim=True).values
    result = logits.clone()
    result[logits < limit] = -torch.inf
    return result
""",
    },
    "keep_top_p": {
        "shifted, as in GPT-2's many copies": """
def keep_top_p(logits, p):
    if p <= 0 or p > 1:
        raise ValueError("p")
    if p >= 1:
        return logits
    values, indices = torch.sort(logits, descending=True, stable=True, dim=-1)
    cumulative = F.softmax(values, dim=-1).cumsum(dim=-1)
    remove = cumulative >= p
    remove[..., 1:] = remove[..., :-1].clone()
    remove[..., 0] = False
    mask = torch.zeros_like(remove).scatter_(-1, indices, remove)
    result = logits.clone()
    result[mask] = float("-inf")
    return result
""",
        "row by row": """
def keep_top_p(logits, p):
    if not (p > 0 and p <= 1):
        raise ValueError("p")
    rows = logits.reshape(-1, logits.shape[-1])
    result = torch.full_like(rows, -math.inf)
    for row, out in zip(rows, result):
        probabilities = row.double().softmax(0).tolist()
        order = sorted(range(len(row)), key=lambda i: (-float(row[i]), i))
        total = 0.0
        for i in order:
            out[i] = row[i]
            total += probabilities[i]
            if p < 1 and total >= p:
                break
    return result.view(logits.shape)
""",
        "without sorting": """
def keep_top_p(logits, p):
    if not 0.0 < p <= 1.0:
        raise ValueError("p")
    if p == 1.0:
        return logits.clone()
    probabilities = logits.softmax(dim=-1)
    ids = torch.arange(logits.shape[-1])
    mine, other = logits.unsqueeze(-1), logits.unsqueeze(-2)
    first = (other > mine) | ((other == mine) & (ids < ids[:, None]))
    before = (first * probabilities.unsqueeze(-2)).sum(dim=-1)
    return torch.where(before < p, logits, torch.tensor(-torch.inf, dtype=logits.dtype))
""",
        "sorted back": """
def keep_top_p(logits, p):
    if not 0 < p <= 1:
        raise ValueError("p")
    order = (-logits).argsort(dim=-1, stable=True)
    ordered = logits.gather(-1, order)
    cumulative = ordered.softmax(-1).cumsum(-1)
    count = (cumulative < p).sum(-1, keepdim=True) + 1
    if p == 1:
        count = torch.full_like(count, logits.shape[-1])
    places = torch.arange(logits.shape[-1]).expand(logits.shape)
    ordered = ordered.masked_fill(places >= count, -torch.inf)
    return ordered.gather(-1, order.argsort(dim=-1))
""",
        "in float32 at least": """
def keep_top_p(logits, p):
    if not 0 < p <= 1:
        raise ValueError("p")
    precise = logits.double()
    ordered, ids = precise.sort(dim=-1, descending=True, stable=True)
    shares = torch.exp(ordered - ordered.logsumexp(dim=-1, keepdim=True))
    before = F.pad(shares.cumsum(dim=-1)[..., :-1], (1, 0))
    drop = (before >= p) & (p < 1)
    drop = torch.gather(drop, -1, ids.argsort(dim=-1))
    return logits.masked_fill(drop, -torch.inf)
""",
    },
    "pad_left": {
        "concatenated": """
def pad_left(prompts, pad_id):
    if len(prompts) == 0 or any(prompt.numel() == 0 for prompt in prompts):
        raise ValueError("an empty prompt, or none")
    longest = max(prompt.shape[0] for prompt in prompts)
    rows = [torch.cat([prompt.new_full((longest - len(prompt),), pad_id), prompt]) for prompt in prompts]
    mask = torch.stack([torch.arange(longest) >= longest - len(prompt) for prompt in prompts])
    return torch.stack(rows), mask
""",
        "as lists": """
def pad_left(prompts, pad_id):
    rows = [prompt.tolist() for prompt in prompts]
    if not rows or not all(rows):
        raise ValueError
    longest = len(max(rows, key=len))
    tokens = [[pad_id] * (longest - len(row)) + row for row in rows]
    mask = [[False] * (longest - len(row)) + [True] * len(row) for row in rows]
    return torch.tensor(tokens), torch.tensor(mask)
""",
        "PyTorch's padding, turned round": """
def pad_left(prompts, pad_id):
    lengths = torch.tensor([len(prompt) for prompt in prompts])
    if len(lengths) == 0 or lengths.min() < 1:
        raise ValueError("empty")
    turned = nn.utils.rnn.pad_sequence([prompt.flip(0) for prompt in prompts], True, pad_id)
    real = torch.arange(turned.shape[1]) < lengths[:, None]
    return turned.flip(1), real.flip(1)
""",
        "F.pad": """
def pad_left(prompts, pad_id):
    if not prompts:
        raise ValueError("no prompts")
    longest = max(map(len, prompts))
    tokens, mask = [], []
    for prompt in prompts:
        if len(prompt) == 0:
            raise ValueError("an empty prompt")
        before = (longest - len(prompt), 0)
        tokens.append(F.pad(prompt, before, value=pad_id))
        mask.append(F.pad(torch.ones_like(prompt, dtype=torch.bool), before, value=False))
    return torch.stack(tokens), torch.stack(mask)
""",
    },
    "generate": {
        "no_grad, helpers of its own": GENERATE
        + """
    if attention_mask is not None:
        if not attention_mask[:, -1].all() or (attention_mask.int().diff(dim=1) < 0).any():
            raise ValueError("padding on the left only")

    def step(tokens):
        window = model.config.n_positions
        if attention_mask is None:
            return model(tokens[:, -window:])[:, -1, :]
        more = tokens.shape[1] - attention_mask.shape[1]
        grown = torch.cat([attention_mask, torch.ones(len(tokens), more, dtype=torch.bool)], dim=1)
        return model(tokens[:, -window:], grown[:, -window:])[:, -1, :]

    def choose(logits):
        return _pick(logits, temperature, top_k, top_p, generator)

    return _write(model, tokens, max_new_tokens, step, choose, eos_id)
"""
        + LOOP,
        "a buffer, cut at the end": GENERATE
        + CHECKED
        + """
    was = {name: module.training for name, module in model.named_modules()}
    model.eval()
    batch, length = tokens.shape
    text = torch.empty(batch, length + max_new_tokens, dtype=torch.int64)
    text[:, :length] = tokens
    real = torch.ones_like(text, dtype=torch.bool)
    real[:, :length] = True if attention_mask is None else attention_mask
    alive, end = torch.ones(batch, dtype=torch.bool), length
    window = model.config.n_positions
    with torch.inference_mode():
        while end < length + max_new_tokens and alive.any():
            seen = slice(max(0, end - window), end)
            logits = model(text[:, seen], real[:, seen])[:, -1]
            new = _pick(logits, temperature, top_k, top_p, generator)
            if eos_id is not None:
                new[~alive] = eos_id
                alive = alive & (new != eos_id)
            text[:, end] = new
            end += 1
    for name, module in model.named_modules():
        module.training = was[name]
    return text[:, :end]
"""
        + LOOP,
        "row by row, without its padding": GENERATE
        + CHECKED
        + """
    modes = {module: module.training for module in model.modules()}
    for module in model.modules():
        module.training = False
    rows, padding = [], torch.zeros(len(tokens), dtype=torch.int64)
    if attention_mask is not None:
        padding = (~attention_mask).sum(dim=1)
    for prompt, start in zip(tokens.tolist(), padding.tolist()):
        row = prompt[start:]
        for _ in range(max_new_tokens):
            with torch.no_grad():
                logits = model(torch.tensor([row[-model.config.n_positions :]]))[0, -1:]
            row.append(int(_pick(logits, temperature, top_k, top_p, generator)))
            if row[-1] == eos_id:
                break
        rows.append(prompt[:start] + row)
    for module, mode in modes.items():
        module.training = mode
    longest = max(len(row) for row in rows)
    return torch.tensor([row + [eos_id] * (longest - len(row)) for row in rows])
"""
        + LOOP,
        "by the inverse of the distribution": GENERATE
        + CHECKED
        + """
    def choose(logits):
        if temperature == 0:
            return logits.argmax(dim=1)
        logits = apply_temperature(logits, temperature)
        logits = logits if top_k is None else keep_top_k(logits, top_k)
        logits = logits if top_p is None else keep_top_p(logits, top_p)
        shares = logits.softmax(dim=-1).double().cumsum(dim=-1)
        random = torch.rand(len(logits), 1, generator=generator, dtype=torch.float64)
        return (shares / shares[:, -1:] <= random).sum(dim=-1)

    return _write(model, tokens, max_new_tokens, _reader(model, attention_mask), choose, eos_id)
"""
        + LOOP,
        "Gumbel's maximum": GENERATE
        + CHECKED
        + """
    def choose(logits):
        if temperature == 0.0:
            return logits.argmax(dim=1)
        logits = apply_temperature(logits, temperature)
        if top_k is not None:
            logits = keep_top_k(logits, top_k)
        if top_p is not None:
            logits = keep_top_p(logits, top_p)
        noise = torch.rand(logits.shape, generator=generator, dtype=torch.float64)
        return (logits.double() - (-noise.clamp(min=1e-300).log()).log()).argmax(dim=-1)

    return _write(model, tokens, max_new_tokens, _reader(model, attention_mask), choose, eos_id)
"""
        + LOOP,
        "ended rows left out": GENERATE
        + CHECKED
        + """
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    alive, real = torch.arange(len(tokens)), attention_mask
    for _ in range(max_new_tokens):
        with torch.no_grad():
            some = None if real is None else real[alive][:, -model.config.n_positions :]
            logits = model(tokens[alive][:, -model.config.n_positions :], some)[:, -1]
        chosen = _pick(logits, temperature, top_k, top_p, generator)
        column = torch.full((len(tokens), 1), 0 if eos_id is None else eos_id)
        column[alive, 0] = chosen
        tokens = torch.cat([tokens, column], dim=1)
        real = real if real is None else torch.hstack([real, torch.ones_like(column).bool()])
        if eos_id is not None:
            alive = alive[chosen != eos_id]
        if len(alive) == 0:
            break
    for module, mode in modes:
        module.training = mode
    return tokens
"""
        + LOOP,
    },
    "forward_with_cache": {
        "concatenated; attention by hand": """
class KVCache:
    def __init__(self, config):
        self.limit = config.n_positions
        self.keys = [None for _ in range(config.n_layer)]
        self.values = [None for _ in range(config.n_layer)]

    @property
    def length(self):
        return min(0 if key is None else key.shape[2] for key in self.keys)

    def append(self, layer, key, value):
        old = self.keys[layer]
        if (0 if old is None else old.size(2)) + key.size(2) > self.limit:
            raise ValueError("full")
        self.keys[layer] = key if old is None else torch.cat([old, key], dim=2)
        self.values[layer] = value if old is None else torch.cat([self.values[layer], value], dim=-2)
        return self.keys[layer], self.values[layer]


def forward_with_cache(model, tokens, cache):
    batch, new = tokens.shape
    past = cache.length
    if past + new > model.config.n_positions:
        raise ValueError("too many")
    x = model.wte(tokens) + model.wpe.weight[past : past + new]
    for number, block in enumerate(model.h):
        n_head = model.config.n_head
        q, k, v = block.attn.c_attn(block.ln_1(x)).chunk(3, dim=-1)
        q, k, v = (t.view(batch, new, n_head, -1).transpose(1, 2) for t in (q, k, v))
        k, v = cache.append(number, k, v)
        scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
        future = torch.arange(past + new)[None, :] > torch.arange(past, past + new)[:, None]
        weights = scores.masked_fill(future, -torch.inf).softmax(dim=-1)
        y = (weights @ v).transpose(1, 2).contiguous().view(batch, new, -1)
        x = x + block.attn.resid_dropout(block.attn.c_proj(y))
        hidden = F.gelu(block.mlp["c_fc"](block.ln_2(x)), approximate="tanh")
        x = x + block.resid_dropout(block.mlp["c_proj"](hidden))
    return F.linear(model.ln_f(x), model.wte.weight)
""",
        "a list of pieces; einsum, mask by offset": """
class KVCache:
    def __init__(self, config):
        self.config = config
        self.pieces = {layer: [] for layer in range(config.n_layer)}

    def _held(self, layer):
        return sum(key.shape[-2] for key, _ in self.pieces[layer])

    @property
    def length(self):
        return min(self._held(layer) for layer in self.pieces)

    def append(self, layer, key, value):
        if self._held(layer) + key.shape[-2] > self.config.n_positions:
            raise ValueError("full")
        self.pieces[layer].append((key.clone(), value.clone()))
        keys, values = zip(*self.pieces[layer])
        return torch.cat(keys, dim=-2), torch.cat(values, dim=-2)


def forward_with_cache(model, tokens, cache):
    start = cache.length
    if start + tokens.shape[1] > model.config.n_positions:
        raise ValueError("too many")
    places = start + torch.arange(tokens.shape[1])
    x = model.embd_dropout(model.wte(tokens) + model.wpe(places)[None])
    for layer in range(len(model.h)):
        block = model.h[layer]
        attn = block.attn
        q, k, v = attn.c_attn(block.ln_1(x)).unflatten(-1, (3, attn.n_head, -1)).unbind(2)
        k, v = cache.append(layer, k.permute(0, 2, 1, 3), v.permute(0, 2, 1, 3))
        scores = torch.einsum("bihd,bhjd->bhij", q, k) * q.shape[-1] ** -0.5
        allowed = torch.ones(tokens.shape[1], k.shape[2]).tril(diagonal=k.shape[2] - tokens.shape[1]).bool()
        weights = torch.where(allowed, scores, -torch.inf).softmax(-1)
        merged = torch.einsum("bhij,bhjd->bihd", weights, v).flatten(2)
        x = x + attn.c_proj(merged)
        h = block.mlp.c_fc(block.ln_2(x))
        h = 0.5 * h * (1 + torch.tanh(math.sqrt(2 / math.pi) * (h + 0.044715 * h**3)))
        x = x + block.mlp.c_proj(h)
    return torch.einsum("bte,ve->btv", model.ln_f(x), model.wte.weight)
""",
        "a cache a layer; GPT2's own blocks, given a mask": """
class LayerCache:
    def __init__(self, limit):
        self.limit, self.both = limit, None

    def __len__(self):
        return 0 if self.both is None else self.both.shape[3]

    def append(self, key, value):
        new = torch.stack([key, value])
        if len(self) + new.shape[3] > self.limit:
            raise ValueError("full")
        self.both = new if self.both is None else torch.cat([self.both, new], dim=3)
        return self.both.unbind(0)


class KVCache:
    def __init__(self, config):
        self.layers = [LayerCache(config.n_positions) for _ in range(config.n_layer)]

    @property
    def length(self):
        return min(map(len, self.layers))

    def append(self, layer, key, value):
        return self.layers[layer].append(key, value)


def forward_with_cache(model, tokens, cache):
    first, new = cache.length, tokens.size(1)
    last = first + new
    if last > model.config.n_positions:
        raise ValueError(f"{last} positions")
    hidden = model.wte(tokens) + model.wpe(torch.arange(last))[first:last]
    allowed = torch.ones(last, last, dtype=torch.bool).tril()[-new:]
    for layer, block in enumerate(model.h):
        hidden = hidden + _attend(block.attn, block.ln_1(hidden), layer, cache, allowed)
        hidden = hidden + _feed(block.mlp, block.ln_2(hidden))
    return model.ln_f(hidden) @ model.wte.weight.T


def _attend(attn, x, layer, cache, allowed):
    parts = attn.c_attn(x).chunk(3, dim=-1)
    heads = [torch.stack(part.chunk(attn.n_head, dim=-1), dim=1) for part in parts]
    keys, values = cache.append(layer, heads[1], heads[2])
    outputs = []
    for head in range(attn.n_head):
        scores = heads[0][:, head] @ keys[:, head].mT / keys.shape[-1] ** 0.5
        outputs.append(torch.softmax(scores.masked_fill(~allowed, float("-inf")), dim=-1) @ values[:, head])
    return attn.c_proj(torch.cat(outputs, dim=-1))


def _feed(mlp, x):
    return mlp.c_proj(torch.nn.functional.gelu(mlp.c_fc(x), approximate="tanh"))
""",
        "one large buffer; weights without modules, a mask of numbers": """
class KVCache:
    def __init__(self, config):
        self.n_layer, self.n_positions, self.n_head = config.n_layer, config.n_positions, config.n_head
        self.d_head = config.n_embd // config.n_head
        self.buffer, self.filled = None, torch.zeros(config.n_layer, dtype=torch.int64)

    @property
    def length(self):
        return int(self.filled.min())

    def append(self, layer, key, value):
        start = int(self.filled[layer])
        end = start + key.shape[2]
        if end > self.n_positions:
            raise ValueError(end)
        if self.buffer is None:
            shape = (2, self.n_layer, key.shape[0], self.n_head, self.n_positions, self.d_head)
            self.buffer = torch.zeros(shape, dtype=key.dtype)
        self.buffer[0, layer, :, :, start:end] = key
        self.buffer[1, layer, :, :, start:end] = value
        self.filled[layer] = end
        return self.buffer[0, layer, :, :, :end], self.buffer[1, layer, :, :, :end]


def forward_with_cache(model, tokens, cache):
    start = cache.length
    if start + tokens.shape[1] > model.config.n_positions:
        raise ValueError("too many")
    x = F.embedding(tokens, model.wte.weight) + model.wpe.weight[start:][: tokens.shape[1]]
    for layer, block in enumerate(model.h):
        y = block.ln_1(x) @ block.attn.c_attn.weight.T + block.attn.c_attn.bias
        q, k, v = y.split(x.shape[-1], dim=-1)
        split = lambda t: t.reshape(*t.shape[:2], model.config.n_head, -1).movedim(2, 1)
        k, v = cache.append(layer, split(k), split(v))
        mask = torch.full((tokens.shape[1], k.shape[2]), -torch.inf, dtype=x.dtype).triu(start + 1)
        y = F.scaled_dot_product_attention(split(q), k, v, attn_mask=mask)
        x = x + F.linear(y.movedim(1, 2).flatten(2), block.attn.c_proj.weight, block.attn.c_proj.bias)
        x = x + block.mlp.c_proj(F.gelu(block.mlp.c_fc(block.ln_2(x)), approximate="tanh"))
    return model.ln_f(x).matmul(model.wte.weight.t())
""",
    },
    "generate_cached": {
        "a loop of its own": GENERATE_CACHED
        + CACHED_CHOOSE
        + """
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    limit = model.config.n_positions
    cache = KVCache(model.config)
    ended = torch.zeros(len(tokens), dtype=torch.bool)
    unread = tokens[:, -limit:]
    with torch.no_grad():
        for _ in range(max_new_tokens):
            if cache.length + unread.shape[1] > limit:
                cache, unread = KVCache(model.config), tokens[:, -limit:]
            token = choose(forward_with_cache(model, unread, cache)[:, -1])
            if eos_id is not None:
                token[ended] = eos_id
                ended |= token == eos_id
            unread = token[:, None]
            tokens = torch.cat([tokens, unread], dim=1)
            if ended.all():
                break
    for module, mode in modes:
        module.training = mode
    return tokens
""",
        "the model itself when full": GENERATE_CACHED
        + CACHED_CHOOSE
        + """
    limit, cache = model.config.n_positions, KVCache(model.config)

    def step(tokens):
        if tokens.shape[1] > limit:
            return model(tokens[:, -limit:])[:, -1]
        return forward_with_cache(model, tokens[:, cache.length :], cache)[:, -1]

    return _write(model, tokens, max_new_tokens, step, choose, eos_id)
""",
        "prefill, then a loop that looks ahead": GENERATE_CACHED
        + CACHED_CHOOSE
        + """
    modes = {module: module.training for module in model.modules()}
    model.eval()
    limit, prompt = model.config.n_positions, tokens.shape[1]
    text = tokens.clone()
    if max_new_tokens > 0:
        with torch.inference_mode():
            cache = KVCache(model.config)
            logits = forward_with_cache(model, text[:, -limit:], cache)[:, -1]
            ended = torch.zeros(len(text), dtype=torch.bool)
            for step in range(max_new_tokens):
                token = choose(logits)
                if eos_id is not None:
                    token = torch.where(ended, eos_id, token)
                    ended = ended | (token == eos_id)
                text = torch.cat([text, token[:, None]], dim=1)
                if ended.all():
                    break
                if text.shape[1] <= limit:
                    logits = forward_with_cache(model, token[:, None], cache)[:, -1]
                else:
                    cache = KVCache(model.config)
                    logits = forward_with_cache(model, text[:, -limit:], cache)[:, -1]
    for module, mode in modes.items():
        module.training = mode
    return text
""",
        "row by row": GENERATE_CACHED
        + CACHED_CHOOSE
        + """
    modes = {module: module.training for module in model.modules()}
    model.eval()
    limit, rows = model.config.n_positions, []
    with torch.no_grad():
        for prompt in tokens:
            row, cache = prompt[None], KVCache(model.config)
            for _ in range(max_new_tokens):
                if row.shape[1] > limit:
                    cache = KVCache(model.config)
                    logits = forward_with_cache(model, row[:, -limit:], cache)
                else:
                    logits = forward_with_cache(model, row[:, cache.length :], cache)
                row = torch.cat([row, choose(logits[:, -1])[:, None]], dim=1)
                if int(row[0, -1]) == eos_id:
                    break
            rows.append(row[0])
    for module, mode in modes.items():
        module.training = mode
    fill = 0 if eos_id is None else eos_id
    return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=fill)
""",
    },
}
