"""Right solutions of notebook 03, written in other ways than the reference. Each must score full."""

LAYER_INIT = """
class DecoderLayer(nn.Module):
    def __init__(self, d_model, num_heads, d_ff, dropout=0.1, activation=torch.relu, eps=1e-5, norm_first=False):
        super().__init__()
        self.self_attention = MultiHeadAttention(d_model, num_heads)
        self.cross_attention = MultiHeadAttention(d_model, num_heads)
        self.feed_forward = FeedForward(d_model, d_ff, activation)
        self.norm1, self.norm2, self.norm3 = (LayerNorm(d_model, eps) for _ in range(3))
"""

TRANSFORMER_INIT = """
class Transformer(nn.Module):
    def __init__(
        self, source_vocab, target_vocab, d_model, num_heads, d_ff, num_layers, pad_id,
        dropout=0.1, activation=torch.relu, eps=1e-5, norm_first=False,
    ):
        super().__init__()
        self.d_model, self.pad_id = d_model, pad_id
        self.source_embedding = nn.Embedding(source_vocab, d_model)
        self.target_embedding = nn.Embedding(target_vocab, d_model)
        for embedding in (self.source_embedding, self.target_embedding):
            nn.init.normal_(embedding.weight, std=d_model**-0.5)
        sizes = (d_model, num_heads, d_ff, dropout, activation, eps, norm_first)
        self.encoder = Encoder(num_layers, *sizes)
        self.decoder_layers = nn.ModuleList(DecoderLayer(*sizes) for _ in range(num_layers))
        self.decoder_norm = LayerNorm(d_model, eps) if norm_first else nn.Identity()
        self.dropout = nn.Dropout(dropout)
"""

LOSS = "def sequence_loss(logits, targets, pad_id):\n"
GREEDY = "def greedy_translate(model, source, bos_id, eos_id, max_length):\n"

ALTERNATIVES = {
    "shift_right": {
        "a copy, filled": """
def shift_right(targets, bos_id):
    inputs = torch.empty_like(targets)
    inputs[:, 0] = bos_id
    inputs[:, 1:] = targets[:, :-1]
    return inputs
""",
        "padded": "def shift_right(targets, bos_id):\n    return F.pad(targets, (1, 0), value=bos_id)[:, :-1]",
        "rolled": """
def shift_right(targets, bos_id):
    inputs = targets.roll(1, dims=-1)
    inputs[..., 0] = bos_id
    return inputs
""",
        "lists": "def shift_right(targets, bos_id):\n    return torch.tensor([[bos_id, *row[:-1]] for row in targets.tolist()])",
    },
    "DecoderLayer": {
        "one function for all sublayers": LAYER_INIT
        + """
        self.drop, self.first = nn.Dropout(dropout), norm_first

    def forward(self, x, memory, self_mask=None, memory_mask=None):
        def sublayer(x, norm, function):
            return x + self.drop(function(norm(x))) if self.first else norm(x + self.drop(function(x)))

        x = sublayer(x, self.norm1, lambda y: self.self_attention(y, y, y, mask=self_mask))
        x = sublayer(x, self.norm2, lambda y: self.cross_attention(y, memory, memory, mask=memory_mask))
        return sublayer(x, self.norm3, self.feed_forward)
""",
        "torch's norms, three dropouts": """
class DecoderLayer(nn.Module):
    def __init__(self, d_model, num_heads, d_ff, dropout=0.1, activation=torch.relu, eps=1e-5, norm_first=False):
        super().__init__()
        self.norm3 = nn.LayerNorm(d_model, eps=eps)
        self.norm2 = nn.LayerNorm(d_model, eps=eps)
        self.norm1 = nn.LayerNorm(d_model, eps=eps)
        self.feed_forward = FeedForward(d_model, d_ff, activation=activation)
        self.cross_attention = MultiHeadAttention(d_model, num_heads)
        self.self_attention = MultiHeadAttention(d_model, num_heads)
        self.dropout1, self.dropout2, self.dropout3 = nn.Dropout(dropout), nn.Dropout(dropout), nn.Dropout(dropout)
        self._pre = norm_first

    def forward(self, x, memory, self_mask=None, memory_mask=None):
        y = self.norm1(x) if self._pre else x
        x = x + self.dropout1(self.self_attention(query=y, key=y, value=y, mask=self_mask))
        if not self._pre:
            x = self.norm1(x)
        y = self.norm2(x) if self._pre else x
        x = x + self.dropout2(self.cross_attention(query=y, key=memory, value=memory, mask=memory_mask))
        if not self._pre:
            x = self.norm2(x)
        y = self.norm3(x) if self._pre else x
        x = x + self.dropout3(self.feed_forward(y))
        return x if self._pre else self.norm3(x)
""",
        "functional": LAYER_INIT
        + """
        self.rate, self.norm_first = dropout, norm_first

    def drop(self, x):
        return F.dropout(x, p=self.rate, training=self.training)

    def forward(self, x, memory, self_mask=None, memory_mask=None):
        return self.before(x, memory, self_mask, memory_mask) if self.norm_first else self.after(x, memory, self_mask, memory_mask)

    def before(self, x, memory, self_mask, memory_mask):
        y = self.norm1(x)
        x = torch.add(self.drop(self.self_attention(y, y, y, self_mask)), x)
        y = self.norm2(x)
        x = torch.add(self.drop(self.cross_attention(y, memory, memory, memory_mask)), x)
        y = self.norm3(x)
        return torch.add(self.drop(self.feed_forward(y)), x)

    def after(self, x, memory, self_mask, memory_mask):
        x = self.norm1(torch.add(self.drop(self.self_attention(x, x, x, self_mask)), x))
        x = self.norm2(torch.add(self.drop(self.cross_attention(x, memory, memory, memory_mask)), x))
        return self.norm3(torch.add(self.drop(self.feed_forward(x)), x))
""",
        "dropout by hand": LAYER_INIT
        + """
        self.rate, self.norm_first = dropout, norm_first

    def drop(self, x):
        if not self.training:
            return x
        return torch.where(torch.rand_like(x) < self.rate, 0.0, x / (1 - self.rate))

    def forward(self, x, memory, self_mask=None, memory_mask=None):
        steps = [
            (self.norm1, self.self_attention, None, self_mask),
            (self.norm2, self.cross_attention, memory, memory_mask),
            (self.norm3, self.feed_forward, None, None),
        ]
        for norm, part, other, mask in steps:
            y = norm(x) if self.norm_first else x
            source = y if other is None else other
            y = part(y) if part is self.feed_forward else part(y, source, source, mask)
            x = x + self.drop(y)
            if not self.norm_first:
                x = norm(x)
        return x
""",
        "sentence by sentence": LAYER_INIT
        + """
        self.dropout, self.norm_first = nn.Dropout(dropout), norm_first

    def attend(self, attention, x, memory, mask):
        if mask is not None:
            mask = mask.expand(len(x), -1, -1, -1) if mask.dim() == 4 else mask.expand(len(x), *[1] * (3 - mask.dim()), *mask.shape)
        rows = [
            attention(x[row : row + 1], memory[row : row + 1], memory[row : row + 1], None if mask is None else mask[row : row + 1])
            for row in range(len(x))
        ]
        return self.dropout(torch.cat(rows))

    def forward(self, x, memory, self_mask=None, memory_mask=None):
        if self.norm_first:
            normal = self.norm1(x)
            x = self.attend(self.self_attention, normal, normal, self_mask) + x
            x = self.attend(self.cross_attention, self.norm2(x), memory, memory_mask) + x
            return self.dropout(self.feed_forward(self.norm3(x))) + x
        x = self.norm1(self.attend(self.self_attention, x, x, self_mask) + x)
        x = self.norm2(self.attend(self.cross_attention, x, memory, memory_mask) + x)
        return self.norm3(self.dropout(self.feed_forward(x)) + x)
""",
    },
    "Transformer": {
        "everything written out": TRANSFORMER_INIT
        + """
    def encode(self, source):
        batch, length = source.shape
        x = self.source_embedding(source) * self.d_model**0.5
        x = x + sinusoidal_positions(length, self.d_model)
        x = self.dropout(x)
        mask = source.ne(self.pad_id).view(batch, 1, 1, length)
        return self.encoder(x, mask=mask), mask

    def decode(self, target_inputs, memory, memory_mask):
        batch, length = target_inputs.shape
        x = self.target_embedding(target_inputs) * self.d_model**0.5
        x = x + sinusoidal_positions(length, self.d_model)
        x = self.dropout(x)
        for layer in self.decoder_layers:
            x = layer(x, memory, self_mask=causal_mask(length), memory_mask=memory_mask)
        return F.linear(self.decoder_norm(x), self.target_embedding.weight)

    def forward(self, source, target_inputs):
        return self.decode(target_inputs, *self.encode(source))
""",
        "one_hot and einsum": TRANSFORMER_INIT
        + """
    def numbers(self, tokens, embedding):
        weight = embedding.weight * math.sqrt(self.d_model)
        x = F.one_hot(tokens, len(weight)).to(weight.dtype) @ weight
        table = sinusoidal_positions(tokens.size(1), self.d_model).to(weight)
        return self.dropout(table[None] + x)

    def encode(self, source):
        mask = torch.logical_not(source == self.pad_id).unsqueeze(1).unsqueeze(1)
        return self.encoder(self.numbers(source, self.source_embedding), mask), mask

    def decode(self, target_inputs, memory, memory_mask):
        x = self.numbers(target_inputs, self.target_embedding)
        length = target_inputs.size(1)
        mask = causal_mask(length).expand(len(target_inputs), 1, length, length)
        for number in range(len(self.decoder_layers)):
            x = self.decoder_layers[number](x, memory, mask, memory_mask)
        return torch.einsum("btd,vd->btv", self.decoder_norm(x), self.target_embedding.weight)

    def forward(self, source, target_inputs):
        memory, mask = self.encode(source)
        return self.decode(target_inputs, memory, mask)
""",
        "target's padding hidden too": TRANSFORMER_INIT
        + """
    def embed(self, embedding, tokens):
        x = embedding(tokens).mul(math.sqrt(self.d_model))
        return F.dropout(x.add(sinusoidal_positions(*x.shape[1:])), self.dropout.p, self.training)

    def real(self, tokens):
        return (tokens != self.pad_id)[:, None, None]

    def encode(self, source):
        mask = self.real(source)
        return self.encoder(self.embed(self.source_embedding, source), mask), mask

    def decode(self, target_inputs, memory, memory_mask):
        x = self.embed(self.target_embedding, target_inputs)
        mask = causal_mask(target_inputs.shape[1]) & self.real(target_inputs)
        for layer in self.decoder_layers:
            x = layer(x, memory, mask, memory_mask)
        return self.decoder_norm(x).matmul(self.target_embedding.weight.mT)

    def forward(self, source, target_inputs):
        memory, memory_mask = self.encode(source)
        return self.decode(target_inputs, memory, memory_mask)
""",
        "padding sees nothing either": TRANSFORMER_INIT
        + """
    def embed(self, tokens, which):
        x = F.embedding(tokens, which.weight) * math.sqrt(self.d_model)
        return self.dropout(sinusoidal_positions(tokens.shape[-1], self.d_model).type_as(x).expand_as(x) + x)

    def encode(self, source):
        real = source != self.pad_id
        memory = self.encoder(self.embed(source, self.source_embedding), (real[:, :, None] & real[:, None, :])[:, None])
        return memory, real[:, None, None, :]

    def decode(self, target_inputs, memory, memory_mask):
        x = self.embed(target_inputs, self.target_embedding)
        positions = torch.arange(target_inputs.shape[1])
        for layer in self.decoder_layers:
            x = layer(x, memory, positions[:, None] >= positions, memory_mask)
        return torch.tensordot(self.decoder_norm(x), self.target_embedding.weight, dims=([2], [1]))

    def forward(self, source, target_inputs):
        encoded = self.encode(source)
        return self.decode(target_inputs, memory=encoded[0], memory_mask=encoded[1])
""",
    },
    "sequence_loss": {
        "torch's ignore_index, summed": LOSS
        + """
    total = F.cross_entropy(logits.mT, targets, ignore_index=pad_id, reduction="sum")
    return total / max(1, int((targets != pad_id).sum()))
""",
        "gathered log-probabilities": LOSS
        + """
    real = targets.ne(pad_id)
    chosen = logits.log_softmax(-1).gather(-1, targets[..., None])[..., 0]
    return -torch.where(real, chosen, 0.0).sum() / real.sum().clamp_min(1)
""",
        "picked out": LOSS
        + """
    real = targets != pad_id
    if not real.any():
        return 0.0 * logits.sum()
    return F.cross_entropy(logits[real], targets[real])
""",
        "logarithm of the sum": LOSS
        + """
    losses = torch.logsumexp(logits, dim=-1) - logits.gather(-1, targets.unsqueeze(-1)).squeeze(-1)
    real = targets != pad_id
    return losses.masked_fill(~real, 0).sum() / real.sum().clamp(min=1)
""",
        "position by position": LOSS
        + """
    losses = []
    for row, sentence in zip(logits, targets):
        for scores, target in zip(row, sentence):
            if target != pad_id:
                losses.append(-F.log_softmax(scores, dim=0)[target])
    return torch.stack(losses).mean() if losses else (logits * 0).sum()
""",
    },
    "greedy_translate": {
        "lists": GREEDY
        + """
    before = model.training
    model.eval()
    with torch.no_grad():
        memory, memory_mask = model.encode(source)
        rows = [[] for _ in range(source.size(0))]
        ended = [False] * len(rows)
        for _ in range(max_length):
            if all(ended):
                break
            inputs = torch.tensor([[bos_id, *row] for row in rows])
            logits = model.decode(inputs, memory, memory_mask)
            for number, row in enumerate(rows):
                scores = logits[number, -1].tolist()
                best = scores.index(max(scores))
                row.append(model.pad_id if ended[number] else best)
                ended[number] = ended[number] or best == eos_id
    if before:
        model.train()
    return torch.tensor(rows, dtype=torch.int64).reshape(len(rows), -1)
""",
        "mended at the end": GREEDY
        + """
    mode = model.training
    model.train(False)
    written = source.new_empty(len(source), 0)
    with torch.inference_mode():
        encoded = model.encode(source)
        while written.shape[1] < max_length:
            inputs = F.pad(written, (1, 0), value=bos_id)
            written = torch.cat([written, model.decode(inputs, *encoded)[:, -1:].max(-1).indices], dim=1)
            if (written == eos_id).any(dim=1).all():
                break
    model.train(mode)
    over = (written == eos_id).long().cumsum(1) - (written == eos_id).long() > 0
    return written.masked_fill(over, model.pad_id)
""",
        "only those that go on": GREEDY
        + """
    def write():
        memory, memory_mask = model.encode(source)
        result = torch.full((len(source), max_length), model.pad_id)
        going, steps = torch.arange(len(source)), 0
        prefix = torch.full((len(source), 1), bos_id)
        while steps < max_length and len(going):
            best = model.decode(prefix, memory[going], memory_mask[going])[:, -1].argmax(-1)
            result[going, steps] = best
            steps += 1
            stay = best != eos_id
            prefix = torch.cat([prefix, best.unsqueeze(1)], dim=1)[stay]
            going = going[stay]
        return result[:, :steps]

    was = model.training
    model.eval()
    try:
        with torch.no_grad():
            return write()
    finally:
        model.train(was)
""",
        "sentence by sentence": GREEDY
        + """
    mode, rows = model.training, []
    model.eval()
    with torch.no_grad():
        memory, memory_mask = model.encode(source)
        for number in range(len(source)):
            row = [bos_id]
            while len(row) <= max_length and (len(row) == 1 or row[-1] != eos_id):
                one = slice(number, number + 1)
                scores = model.decode(torch.tensor([row]), memory[one], memory_mask[one])[0, -1]
                row.append(int((scores == scores.max()).nonzero()[0]))
            rows.append(row[1:])
    model.train(mode)
    longest = max(len(row) for row in rows)
    return torch.tensor([row + [model.pad_id] * (longest - len(row)) for row in rows], dtype=torch.int64)
""",
        "a decorated function": """
@torch.no_grad()
def greedy_translate(model, source, bos_id, eos_id, max_length):
    modes = {module: module.training for module in model.modules()}
    model.eval()
    memory, memory_mask = model.encode(source)
    tokens = torch.full((source.shape[0], max_length + 1), bos_id, dtype=torch.long)
    alive, end = torch.ones(source.shape[0], dtype=torch.bool), 0
    for step in range(max_length):
        if not alive.any():
            break
        best = model.decode(tokens[:, : step + 1], memory, memory_mask).argmax(dim=-1)[:, step]
        tokens[:, step + 1] = torch.where(alive, best, torch.tensor(model.pad_id))
        alive &= best != eos_id
        end = step + 1
    for module, mode in modes.items():
        module.training = mode
    return tokens[:, 1 : end + 1].clone()
""",
    },
}
