"""Right solutions of notebook 02, written in other ways than the reference. Each must score full."""

NORM_INIT = """
class LayerNorm(nn.Module):
    def __init__(self, d_model, eps=1e-5):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(d_model))
        self.bias = nn.Parameter(torch.zeros(d_model))
        self.epsilon = eps

"""
LAYER_HEAD = """
class EncoderLayer(nn.Module):
    def __init__(
        self, d_model, num_heads, d_ff, dropout=0.1, activation=torch.relu, eps=1e-5, norm_first=False
    ):
        super().__init__()
"""
LAYER_INIT = (
    LAYER_HEAD
    + """
        self.norm1, self.norm2 = LayerNorm(d_model, eps=eps), LayerNorm(d_model, eps=eps)
        self.feed_forward = FeedForward(d_model=d_model, d_ff=d_ff, activation=activation)
        self.self_attention = MultiHeadAttention(d_model=d_model, num_heads=num_heads)
        self.rate, self.first = dropout, norm_first
"""
)
ENCODER_HEAD = """
class Encoder(nn.Module):
    def __init__(
        self,
        num_layers,
        d_model,
        num_heads,
        d_ff,
        dropout=0.1,
        activation=torch.relu,
        eps=1e-5,
        norm_first=False,
    ):
        super().__init__()
"""
MASK_TOKENS = "def mask_tokens(tokens, mask_id, vocab_size, special_ids, generator, probability=0.15):\n"
TRAIN_STEP = "def train_step(model, loss_function, optimizer, batch):\n"

ALTERNATIVES = {
    "sinusoidal_positions": {
        "columns filled in, exponential of a logarithm": """
def sinusoidal_positions(length, d_model):
    if d_model % 2:
        raise ValueError(d_model)
    table = torch.zeros(length, d_model)
    position = torch.arange(length, dtype=torch.float32).unsqueeze(1)
    frequency = torch.exp(torch.arange(0, d_model, 2) * (-math.log(10000.0) / d_model))
    table[:, 0::2] = torch.sin(position * frequency)
    table[:, 1::2] = torch.cos(position * frequency)
    return table
""",
        "loops": """
def sinusoidal_positions(length, d_model):
    if d_model % 2 == 1:
        raise ValueError("odd")
    rows = []
    for p in range(length):
        row = []
        for i in range(d_model // 2):
            angle = p / 10000 ** (2 * i / d_model)
            row += [math.sin(angle), math.cos(angle)]
        rows.append(row)
    return torch.tensor(rows)
""",
        "in double precision, interleaved by a transpose": """
def sinusoidal_positions(length, d_model):
    half, odd = divmod(d_model, 2)
    if odd:
        raise ValueError(f"{d_model} is odd")
    angle = torch.outer(torch.arange(length).double(), 10000.0 ** -(torch.arange(half).double() / half))
    return torch.cat([angle.sin(), angle.cos()], dim=1).view(length, 2, half).transpose(1, 2).reshape(length, -1).float()
""",
        "a cosine is a shifted sine": """
def sinusoidal_positions(length, d_model):
    if d_model & 1:
        raise ValueError()
    column = torch.arange(d_model, dtype=torch.float64)
    angle = torch.arange(length)[:, None] / 10000 ** ((column - column % 2) / d_model)
    return torch.sin(angle + (column % 2) * math.pi / 2).to(torch.float32)
""",
    },
    "LayerNorm": {
        "mean of squares by hand": NORM_INIT
        + """
    def forward(self, x):
        centred = x - x.mean(-1, keepdim=True)
        return self.weight * centred * torch.rsqrt(centred.square().mean(-1, keepdim=True) + self.epsilon) + self.bias
""",
        "sums and a width": NORM_INIT
        + """
    def forward(self, x):
        width = x.size(-1)
        mean = x.sum(-1, keepdim=True) / width
        variance = ((x - mean) ** 2).sum(-1, keepdim=True) / width
        return (x - mean) / torch.sqrt(variance + self.epsilon) * self.weight + self.bias
""",
        "var_mean": NORM_INIT
        + """
    def forward(self, x):
        variance, mean = torch.var_mean(x, dim=-1, correction=0, keepdim=True)
        return torch.addcmul(self.bias, (x - mean) * (variance + self.epsilon) ** -0.5, self.weight)
""",
        "standard deviation squared": NORM_INIT
        + """
    def forward(self, x):
        width = x.shape[-1]
        variance = x.var(-1, keepdim=True) * (width - 1) / width
        return (x - x.mean(-1, keepdim=True)) / (variance + self.epsilon).sqrt() * self.weight + self.bias
""",
        "einsum and other names": """
class LayerNorm(nn.Module):
    def __init__(self, d_model, eps=1e-5):
        nn.Module.__init__(self)
        self.register_parameter("bias", nn.Parameter(torch.zeros(d_model)))
        self.register_parameter("weight", nn.Parameter(torch.full((d_model,), 1.0)))
        self._small = eps
        self._width = d_model

    def forward(self, x):
        d = x - torch.einsum("...d->...", x).unsqueeze(-1) / self._width
        v = torch.einsum("...d,...d->...", d, d) / self._width
        return torch.einsum("...d,...,d->...d", d, 1 / (v + self._small) ** 0.5, self.weight) + self.bias
""",
    },
    "FeedForward": {
        "step by step": """
class FeedForward(nn.Module):
    def __init__(self, d_model, d_ff, activation=torch.relu):
        super().__init__()
        self.act = activation
        self.linear2 = nn.Linear(d_ff, d_model)
        self.linear1 = nn.Linear(d_model, d_ff)

    def forward(self, x):
        x = self.linear1(x)
        x = self.act(x)
        x = self.linear2(x)
        return x
""",
        "functional": """
class FeedForward(nn.Module):
    def __init__(self, d_model, d_ff, activation=F.relu):
        super().__init__()
        self.linear1, self.linear2 = nn.Linear(d_model, d_ff, bias=True), nn.Linear(d_ff, d_model, bias=True)
        self.between = lambda x: activation(x)

    def forward(self, x):
        hidden = self.between(F.linear(x, self.linear1.weight, self.linear1.bias))
        return F.linear(hidden, self.linear2.weight, self.linear2.bias)
""",
        "matrix products": """
class FeedForward(nn.Module):
    def __init__(self, d_model, d_ff, activation=lambda x: x.clamp(min=0)):
        super().__init__()
        self.linear1 = nn.Linear(d_model, d_ff)
        self.linear2 = nn.Linear(d_ff, d_model)
        self.options = {"activation": activation}

    def forward(self, x):
        hidden = self.options["activation"](x @ self.linear1.weight.T + self.linear1.bias)
        return hidden @ self.linear2.weight.T + self.linear2.bias
""",
    },
    "EncoderLayer": {
        "two dropouts, two branches": LAYER_HEAD
        + """
        self.self_attention = MultiHeadAttention(d_model, num_heads)
        self.feed_forward = FeedForward(d_model, d_ff, activation)
        self.norm1 = LayerNorm(d_model, eps)
        self.norm2 = LayerNorm(d_model, eps)
        self.dropout1 = nn.Dropout(dropout)
        self.dropout2 = nn.Dropout(dropout)
        self.norm_first = norm_first

    def forward(self, x, mask=None):
        residual = x
        if self.norm_first:
            x = self.norm1(x)
        x = residual + self.dropout1(self.self_attention(x, x, x, mask))
        if not self.norm_first:
            x = self.norm1(x)
        residual = x
        if self.norm_first:
            x = self.norm2(x)
        x = self.dropout2(self.feed_forward(x)) + residual
        return x if self.norm_first else self.norm2(x)
""",
        "functional dropout": LAYER_INIT
        + """
    def forward(self, x, mask=None):
        def drop(y):
            return F.dropout(y, self.rate, training=self.training)

        if self.first:
            n = self.norm1(x)
            h = x + drop(self.self_attention(query=n, key=n, value=n, mask=mask))
            return h + drop(self.feed_forward(self.norm2(h)))
        h = self.norm1(x + drop(self.self_attention(query=x, key=x, value=x, mask=mask)))
        return self.norm2(h + drop(self.feed_forward(h)))
""",
        "dropout by hand": LAYER_INIT
        + """
    def forward(self, x, mask=None):
        attend = lambda y: self.self_attention(y, y, y, mask)
        for sublayer, norm in ((attend, self.norm1), (self.feed_forward, self.norm2)):
            if self.first:
                x = x + self._drop(sublayer(norm(x)))
            else:
                x = norm(x + self._drop(sublayer(x)))
        return x

    def _drop(self, y):
        if not self.training or not self.rate:
            return y
        keep = (torch.rand(y.shape) >= self.rate).to(y.dtype)
        return y * keep / (1 - self.rate)
""",
        "sublayers held twice": LAYER_HEAD
        + """
        self.self_attention = MultiHeadAttention(d_model, num_heads)
        self.feed_forward = FeedForward(d_model, d_ff, activation)
        self.norm1, self.norm2 = (LayerNorm(d_model, eps) for _ in range(2))
        self.steps = [(self.self_attention, self.norm1), (self.feed_forward, self.norm2)]
        self.drop = nn.ModuleList([nn.Dropout(dropout), nn.Dropout(dropout)])
        self.forward = self.pre if norm_first else self.post

    def call(self, part, x, mask):
        return part(x, x, x, mask) if part is self.self_attention else part(x)

    def pre(self, x, mask=None):
        for (part, norm), drop in zip(self.steps, self.drop):
            x = x + drop(self.call(part, norm(x), mask))
        return x

    def post(self, x, mask=None):
        for (part, norm), drop in zip(self.steps, self.drop):
            x = norm(x + drop(self.call(part, x, mask)))
        return x
""",
        "dropout at the end of a Sequential": LAYER_INIT
        + """
        self.end = nn.Sequential(nn.Identity(), nn.Dropout(p=dropout))

    def forward(self, x, mask=None):
        normal = self.norm1(x) if self.first else x
        x = torch.add(x, self.end(self.self_attention(normal, normal, normal, mask=mask)))
        x = x if self.first else self.norm1(x)
        normal = self.norm2(x) if self.first else x
        x = torch.add(x, self.end(self.feed_forward(normal)))
        return x if self.first else self.norm2(x)
""",
    },
    "Encoder": {
        "appended one by one": ENCODER_HEAD
        + """
        self.layers = nn.ModuleList()
        for _ in range(num_layers):
            self.layers.append(
                EncoderLayer(
                    d_model=d_model,
                    num_heads=num_heads,
                    d_ff=d_ff,
                    dropout=dropout,
                    activation=activation,
                    eps=eps,
                    norm_first=norm_first,
                )
            )
        if norm_first:
            self.norm = LayerNorm(d_model, eps)
        self.last = norm_first

    def forward(self, x, mask=None):
        for index in range(len(self.layers)):
            x = self.layers[index](x, mask=mask)
        if self.last:
            x = self.norm(x)
        return x
""",
        "copies of one layer": ENCODER_HEAD
        + """
        import copy

        layer = EncoderLayer(d_model, num_heads, d_ff, dropout, activation, eps, norm_first)
        self.layers = nn.ModuleList([copy.deepcopy(layer) for _ in range(num_layers)])
        self.norm = LayerNorm(d_model, eps=eps) if norm_first else nn.Identity()

    def forward(self, x, mask=None):
        for layer in self.layers:
            x = layer(x=x, mask=mask)
        return self.norm(x)
""",
        "reduce": ENCODER_HEAD
        + """
        options = dict(dropout=dropout, activation=activation, eps=eps, norm_first=norm_first)
        self.layers = nn.ModuleList(EncoderLayer(d_model, num_heads, d_ff, **options) for _ in range(num_layers))
        if norm_first:
            self.add_module("norm", LayerNorm(d_model, eps))

    def forward(self, x, mask=None):
        from functools import reduce

        x = reduce(lambda value, layer: layer(value, mask), self.layers, x)
        return self.norm(x) if hasattr(self, "norm") else x
""",
        "recursion": ENCODER_HEAD
        + """
        arguments = (d_model, num_heads, d_ff, dropout, activation, eps, norm_first)
        self.norm = None
        if norm_first:
            self.norm = LayerNorm(d_model, eps)
        self.layers = nn.ModuleList(map(lambda _: EncoderLayer(*arguments), range(num_layers)))

    def forward(self, x, mask=None):
        x = self.run(x, mask, len(self.layers))
        if self.norm is not None:
            return self.norm(x)
        return x

    def run(self, x, mask, count):
        return x if count == 0 else self.layers[count - 1](self.run(x, mask, count - 1), mask)
""",
    },
    "mask_tokens": {
        "one token after the other": MASK_TOKENS
        + """
    inputs, labels = tokens.clone(), torch.full_like(tokens, -100)
    chances = torch.rand(2, *tokens.shape, generator=generator).tolist()
    for b in range(tokens.shape[0]):
        for t in range(tokens.shape[1]):
            token = int(tokens[b, t])
            if token in special_ids or chances[0][b][t] >= probability:
                continue
            labels[b, t] = token
            if chances[1][b][t] < 0.8:
                inputs[b, t] = mask_id
            elif chances[1][b][t] < 0.9:
                inputs[b, t] = torch.randint(vocab_size, (), generator=generator)
    return inputs, labels
""",
        "two Bernoulli draws after another": MASK_TOKENS
        + """
    inputs, labels = tokens.clone(), tokens.clone()
    chances = torch.full(tokens.shape, probability)
    for special in special_ids:
        chances[tokens == special] = 0.0
    chosen = torch.bernoulli(chances, generator=generator).bool()
    labels[~chosen] = -100
    masked = torch.bernoulli(torch.full(tokens.shape, 0.8), generator=generator).bool() & chosen
    inputs[masked] = mask_id
    other = torch.bernoulli(torch.full(tokens.shape, 0.5), generator=generator).bool() & chosen & ~masked
    inputs[other] = torch.randint(0, vocab_size, (int(other.sum()),), generator=generator)
    return inputs, labels
""",
        "a tenth is one of ten": MASK_TOKENS
        + """
    special = torch.zeros_like(tokens, dtype=torch.bool)
    for special_id in special_ids:
        special = special | tokens.eq(special_id)
    chosen = ~special & torch.rand(tokens.size(), generator=generator).lt(probability)
    fate = torch.randint(10, tokens.size(), generator=generator)
    noise = torch.randint(low=0, high=vocab_size, size=tokens.size(), generator=generator)
    inputs = torch.where(chosen & (fate > 1), torch.full_like(tokens, mask_id), tokens)
    inputs = torch.where(chosen & (fate == 1), noise, inputs)
    return inputs, torch.where(chosen, tokens, torch.full_like(tokens, -100))
""",
        "one number decides all": MASK_TOKENS
        + """
    number = torch.rand(tokens.shape, generator=generator, dtype=torch.float64)
    allowed = torch.ones(tokens.shape, dtype=torch.bool)
    if special_ids:
        allowed = (tokens.unsqueeze(-1) != torch.tensor(special_ids)).all(-1)
    labels = torch.where(allowed & (number < probability), tokens, -100)
    inputs = tokens.clone()
    inputs[allowed & (number < 0.8 * probability)] = mask_id
    swapped = allowed & (number >= 0.8 * probability) & (number < 0.9 * probability)
    drawn = torch.rand(tokens.shape, generator=generator, dtype=torch.float64) * vocab_size
    inputs[swapped] = drawn.long()[swapped]
    return inputs, labels
""",
        "only the chosen places": MASK_TOKENS
        + """
    chosen = torch.rand(tokens.shape, generator=generator) < probability
    chosen &= ~torch.isin(tokens, torch.tensor(list(special_ids), dtype=torch.int64))
    places = chosen.nonzero(as_tuple=True)
    originals = tokens[places]
    fate = torch.multinomial(torch.tensor([0.8, 0.1, 0.1]), max(len(originals), 1), replacement=True, generator=generator)
    fate = fate[: len(originals)]
    random = torch.randint(vocab_size, originals.shape, generator=generator)
    shown = torch.stack([torch.full_like(originals, mask_id), random, originals])
    inputs, labels = tokens.clone(), tokens.new_full(tokens.shape, -100)
    inputs[places] = shown.gather(0, fate[None])[0]
    labels[places] = originals
    return inputs, labels
""",
    },
    "train_step": {
        "clipped by hand": TRAIN_STEP
        + """
    for parameter in model.parameters():
        parameter.grad = None
    model.train()
    loss = loss_function(model, batch)
    loss.backward()
    gradients = [parameter.grad for parameter in model.parameters() if parameter.grad is not None]
    length = math.sqrt(sum(float((gradient**2).sum()) for gradient in gradients))
    if length > 1:
        for gradient in gradients:
            gradient /= length
    optimizer.step()
    return float(loss)
""",
        "gradients asked for": TRAIN_STEP
        + """
    model.train(True)
    loss = loss_function(model, batch)
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    found = torch.autograd.grad(loss, parameters, allow_unused=True)
    length = torch.cat([gradient.flatten() for gradient in found if gradient is not None]).norm()
    factor = 1 / max(1.0, length.item())
    for parameter, gradient in zip(parameters, found):
        parameter.grad = None if gradient is None else gradient * factor
    optimizer.step()
    return loss.item()
""",
        "the model clears its gradients": TRAIN_STEP
        + """
    model.train()
    model.zero_grad()
    loss = loss_function(model, batch)
    value = loss.detach().item()
    loss.backward()
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    torch.nn.utils.clip_grad_norm_(parameters, 1)
    optimizer.step()
    optimizer.zero_grad()
    return value
""",
        "gradients set to zero": TRAIN_STEP
        + """
    model = model.train()
    optimizer.zero_grad(set_to_none=False)
    with torch.enable_grad():
        loss = loss_function(model, batch)
        loss.backward()
    norms = [torch.linalg.vector_norm(p.grad) for p in model.parameters() if p.grad is not None]
    total = torch.linalg.vector_norm(torch.stack(norms))
    with torch.no_grad():
        for p in model.parameters():
            if p.grad is not None:
                p.grad.mul_((1.0 / (total + 1e-6)).clamp(max=1.0))
    optimizer.step()
    return loss.detach().numpy().item()
""",
    },
}
