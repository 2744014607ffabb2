"""Code as honest students write it, in many styles, without the catalogue of mistakes and right ways at hand.

Each piece is an exercise's cell, by its name, or a cell of their own, under "cell". Not all of it is right: it is there
to be looked through, and nothing of it may be flagged.
"""

HONEST: dict[str, list[tuple[str, str]]] = {
    "01_attention": [
        ("causal_mask", """
def causal_mask(length: int) -> Tensor:
    i = torch.arange(length).unsqueeze(1)
    j = torch.arange(length).unsqueeze(0)
    return j <= i
"""),
        ("causal_mask", """
def causal_mask(length: int) -> Tensor:
    mask = torch.zeros((length, length), dtype=torch.bool)
    for row in range(length):
        for col in range(row + 1):
            mask[row, col] = True
    return mask
"""),
        ("causal_mask", """
import numpy as np

def causal_mask(length: int) -> Tensor:
    return torch.from_numpy(np.tril(np.ones((length, length), dtype=bool)))
"""),
        ("causal_mask", """
def causal_mask(length: int) -> Tensor:
    return torch.logical_not(torch.triu(torch.ones((length, length)), diagonal=1).to(torch.bool))
"""),
        ("padding_mask", """
def padding_mask(lengths: Tensor, max_length: int) -> Tensor:
    batch = lengths.size(0)
    mask = torch.full((batch, 1, 1, max_length), False)
    for b, n in enumerate(lengths.tolist()):
        mask[b, ..., :n] = True
    return mask
"""),
        ("padding_mask", """
def padding_mask(lengths: Tensor, max_length: int) -> Tensor:
    rows = [torch.cat([torch.ones(int(n)), torch.zeros(max_length - int(n))]).bool() for n in lengths]
    return torch.stack(rows).view(-1, 1, 1, max_length)
"""),
        ("padding_mask", """
def padding_mask(lengths: Tensor, max_length: int) -> Tensor:
    idx = torch.arange(max_length, device=lengths.device)[None].repeat(len(lengths), 1)
    return idx.lt(lengths.view(-1, 1)).reshape(len(lengths), 1, 1, max_length)
"""),
        ("scaled_dot_product_attention", """
import torch.nn.functional as F

def scaled_dot_product_attention(query, key, value, mask=None):
    d_k = query.size(-1)
    scores = torch.matmul(query, key.transpose(-1, -2)) / math.sqrt(d_k)
    if mask is not None:
        scores = scores.masked_fill(mask == 0, -1e9)
    weights = F.softmax(scores, dim=-1)
    if mask is not None:
        weights = torch.where(mask, weights, torch.zeros_like(weights))
    return torch.matmul(weights, value), weights
"""),
        ("scaled_dot_product_attention", """
def scaled_dot_product_attention(query, key, value, mask=None):
    scores = torch.einsum("...qd,...kd->...qk", query, key) / query.shape[-1] ** 0.5
    if mask is not None:
        scores = scores.masked_fill(mask.logical_not(), float("-inf"))
    top = scores.amax(dim=-1, keepdim=True)
    top = torch.where(top.isinf(), torch.zeros_like(top), top)
    e = torch.exp(scores - top)
    total = e.sum(-1, keepdim=True).clamp_min(torch.finfo(e.dtype).tiny)
    weights = e / total
    return torch.einsum("...qk,...kd->...qd", weights, value), weights
"""),
        ("scaled_dot_product_attention", '''
def scaled_dot_product_attention(query, key, value, mask=None):
    """softmax(Q K^T / sqrt(d)) V

    >>> out, w = scaled_dot_product_attention(q, k, v)
    """
    scores = torch.bmm(query.flatten(0, -3), key.flatten(0, -3).mT) if query.dim() == 4 else query @ key.mT
    scores = scores.reshape(*query.shape[:-1], key.shape[-2]).div(math.sqrt(query.shape[-1]))
    if mask is not None:
        scores[~mask.expand_as(scores)] = -math.inf
    weights = scores.softmax(-1).nan_to_num(0.0)
    assert weights.shape == scores.shape, f"{weights.shape=}"
    return weights @ value, weights
'''),
        ("MultiHeadAttention", """
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int):
        super().__init__()
        if num_heads < 1 or d_model % num_heads:
            raise ValueError("num_heads must divide d_model")
        self.num_heads, self.d_head = num_heads, d_model // num_heads
        self.weights = None
        for name in ("query_proj", "key_proj", "value_proj", "output_proj"):
            self.add_module(name, nn.Linear(d_model, d_model))

    def forward(self, query, key, value, mask=None):
        B, T, D = query.shape
        q, k, v = [proj(x).view(B, -1, self.num_heads, self.d_head).permute(0, 2, 1, 3)
                   for proj, x in zip((self.query_proj, self.key_proj, self.value_proj), (query, key, value))]
        out, w = scaled_dot_product_attention(q, k, v, mask)
        self.weights = w.detach()
        return self.output_proj(out.permute(0, 2, 1, 3).contiguous().view(B, T, D))
"""),
        ("MultiHeadAttention", """
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int):
        super().__init__()
        if num_heads < 1 or d_model % num_heads != 0:
            raise ValueError(f"d_model ({d_model}) is not divisible by num_heads ({num_heads})")
        self.h = num_heads
        self.num_heads = num_heads
        self.weights = None
        self.query_proj, self.key_proj = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.value_proj, self.output_proj = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)

    def split_heads(self, t):
        return torch.stack(t.chunk(self.h, dim=-1), dim=1)

    def forward(self, query, key, value, mask=None):
        heads = []
        q, k, v = map(self.split_heads, (self.query_proj(query), self.key_proj(key), self.value_proj(value)))
        out, self.weights = scaled_dot_product_attention(q, k, v, mask)
        self.weights = self.weights.detach()
        for i in range(self.h):
            heads.append(out[:, i])
        return self.output_proj(torch.cat(heads, dim=-1))

    def __repr__(self):
        return f"{self.__class__.__name__}(heads={self.h})"
"""),
        ("cell", """
m = causal_mask(5)
print(m.int())
print("rows:", m.sum(1).tolist(), m.dtype, m.shape)
plt.imshow(m.float(), cmap="Greys")
plt.colorbar()
plt.title("my mask")
plt.show()
"""),
        ("cell", """
# sanity check
torch.manual_seed(0)
q = torch.randn(2, 3, 5, 8)
out, w = scaled_dot_product_attention(q, q, q, causal_mask(5))
assert torch.allclose(w.sum(-1), torch.ones(2, 3, 5), atol=1e-6)
print(out.mean().item(), out.std().item(), out.isnan().any())
del q, out
"""),
        ("cell", """
mha = MultiHeadAttention(16, 4)
sum(p.numel() for p in mha.parameters())
"""),
        ("cell", """
for name, p in mha.named_parameters():
    print(f"{name:30s} {tuple(p.shape)} {p.requires_grad}")
"""),
        ("cell", """
%%time
mha = MultiHeadAttention(512, 8)
x = torch.randn(8, 64, 512)
with torch.no_grad():
    y = mha(x, x, x)
print(y.shape)
"""),
        ("cell", 'prediction = {\n    "no mask": 36,\n    "causal": 21,\n    "padding": 24,\n}\n'),
        ("cell", "print(torch.__version__)"),
        ("cell", "%timeit causal_mask(100)"),
        ("cell", """
import functools, time

def timed(function):
    @functools.wraps(function)
    def inner(*args, **kwargs):
        begin = time.perf_counter()
        result = function(*args, **kwargs)
        print(function.__name__, time.perf_counter() - begin)
        return result
    return inner

timed(causal_mask)(100)
"""),
        ("cell", """
for thing in (causal_mask(2), MultiHeadAttention(4, 2), 3):
    print(type(thing), type(thing).__name__, isinstance(thing, type), type(thing) is int)
print(set(map(type, [1, 2.0])), MultiHeadAttention.__class__)
"""),
        ("cell", "torch.tril?"),
    ],
    "02_encoder": [
        ("sinusoidal_positions", """
def sinusoidal_positions(length: int, d_model: int) -> Tensor:
    if d_model % 2 == 1:
        raise ValueError("d_model must be even")
    pe = torch.zeros(length, d_model)
    position = torch.arange(0, length).unsqueeze(1).float()
    div_term = torch.exp(torch.arange(0, d_model, 2).float() * -(math.log(10000.0) / d_model))
    pe[:, 0::2] = torch.sin(position * div_term)
    pe[:, 1::2] = torch.cos(position * div_term)
    return pe
"""),
        ("sinusoidal_positions", """
def sinusoidal_positions(length: int, d_model: int) -> Tensor:
    if d_model % 2:
        raise ValueError(f"odd width: {d_model}")
    table = [[math.sin(p / 10000 ** (c / d_model)) if c % 2 == 0 else math.cos(p / 10000 ** ((c - 1) / d_model))
              for c in range(d_model)] for p in range(length)]
    return torch.tensor(table, dtype=torch.float32).reshape(length, d_model)
"""),
        ("sinusoidal_positions", """
import numpy as np

def sinusoidal_positions(length, d_model):
    if d_model % 2 != 0:
        raise ValueError
    angles = np.outer(np.arange(length), 1 / np.power(10000, np.arange(0, d_model, 2) / d_model))
    out = np.empty((length, d_model), dtype=np.float32)
    out[:, ::2], out[:, 1::2] = np.sin(angles), np.cos(angles)
    return torch.as_tensor(out)
"""),
        ("LayerNorm", """
class LayerNorm(nn.Module):
    def __init__(self, d_model: int, eps: float = 1e-5):
        super(LayerNorm, self).__init__()
        self.weight = nn.Parameter(torch.ones(d_model))
        self.bias = nn.Parameter(torch.zeros(d_model))
        self.eps = eps

    def forward(self, x):
        mu = x.mean(-1, keepdim=True)
        sigma2 = ((x - mu) ** 2).mean(-1, keepdim=True)
        return self.weight * (x - mu) * torch.rsqrt(sigma2 + self.eps) + self.bias

    def extra_repr(self):
        return f"{self.weight.shape[0]}, eps={self.eps}"
"""),
        ("LayerNorm", """
class LayerNorm(nn.Module):
    def __init__(self, d_model: int, eps: float = 1e-5):
        super().__init__()
        self.register_parameter("weight", nn.Parameter(torch.empty(d_model)))
        self.register_parameter("bias", nn.Parameter(torch.empty(d_model)))
        self.eps = eps
        self.reset_parameters()

    def reset_parameters(self):
        nn.init.ones_(self.weight)
        nn.init.zeros_(self.bias)

    def forward(self, x):
        centered = x - x.mean(dim=-1, keepdim=True)
        std = centered.square().mean(dim=-1, keepdim=True).add(self.eps).sqrt()
        return torch.addcmul(self.bias, centered / std, self.weight)
"""),
        ("FeedForward", """
class FeedForward(nn.Module):
    def __init__(self, d_model, d_ff, activation=torch.relu):
        super().__init__()
        self.linear1 = nn.Linear(d_model, d_ff, bias=True)
        self.linear2 = nn.Linear(d_ff, d_model, bias=True)
        self.act = activation

    def forward(self, x):
        h = self.linear1(x)
        h = self.act(h)
        return self.linear2(h)
"""),
        ("EncoderLayer", """
class EncoderLayer(nn.Module):
    def __init__(self, d_model, num_heads, d_ff, dropout=0.1, activation=torch.relu, eps=1e-5, norm_first=False):
        super().__init__()
        self.self_attention = MultiHeadAttention(d_model, num_heads)
        self.feed_forward = FeedForward(d_model, d_ff, activation)
        self.norm1, self.norm2 = (LayerNorm(d_model, eps) for _ in range(2))
        self.dropout = dropout
        self.norm_first = norm_first

    def _sublayer(self, x, norm, f):
        drop = partial(F.dropout, p=self.dropout, training=self.training)
        return x + drop(f(norm(x))) if self.norm_first else norm(x + drop(f(x)))

    def forward(self, x, mask=None):
        x = self._sublayer(x, self.norm1, lambda t: self.self_attention(t, t, t, mask=mask))
        return self._sublayer(x, self.norm2, self.feed_forward)

from functools import partial
"""),
        ("EncoderLayer", """
class Residual(nn.Module):
    def __init__(self, norm, dropout, norm_first):
        super().__init__()
        self.drop, self.norm_first = nn.Dropout(p=dropout), norm_first
        self._norm = [norm]

    def forward(self, x, fn):
        norm = self._norm[0]
        if self.norm_first:
            return x + self.drop(fn(norm(x)))
        return norm(x + self.drop(fn(x)))


class EncoderLayer(nn.Module):
    def __init__(self, d_model: int, num_heads: int, d_ff: int, dropout: float = 0.1,
                 activation: Callable[[Tensor], Tensor] = torch.relu, eps: float = 1e-5, norm_first: bool = False):
        super().__init__()
        self.self_attention = MultiHeadAttention(d_model, num_heads)
        self.feed_forward = FeedForward(d_model, d_ff, activation)
        self.norm1 = LayerNorm(d_model, eps)
        self.norm2 = LayerNorm(d_model, eps)
        self.res1 = Residual(self.norm1, dropout, norm_first)
        self.res2 = Residual(self.norm2, dropout, norm_first)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        x = self.res1(x, lambda y: self.self_attention(y, y, y, mask))
        return self.res2(x, self.feed_forward)
"""),
        ("Encoder", """
class Encoder(nn.Module):
    def __init__(self, num_layers, d_model, num_heads, d_ff, dropout=0.1, activation=torch.relu, eps=1e-5, norm_first=False):
        super().__init__()
        kwargs = dict(dropout=dropout, activation=activation, eps=eps, norm_first=norm_first)
        self.layers = nn.ModuleList([EncoderLayer(d_model, num_heads, d_ff, **kwargs) for _ in range(num_layers)])
        if norm_first:
            self.norm = LayerNorm(d_model, eps=eps)

    def forward(self, x, mask=None):
        for i, layer in enumerate(self.layers):
            x = layer(x, mask=mask)
        if hasattr(self, "norm"):
            x = self.norm(x)
        return x
"""),
        ("Encoder", """
class Encoder(nn.Module):
    def __init__(self, num_layers, d_model, num_heads, d_ff, dropout=0.1, activation=torch.relu, eps=1e-5, norm_first=False):
        super().__init__()
        proto = EncoderLayer(d_model, num_heads, d_ff, dropout, activation, eps, norm_first)
        self.layers = nn.ModuleList()
        for _ in range(num_layers):
            layer = copy.deepcopy(proto)
            for module in layer.modules():
                if isinstance(module, nn.Linear):
                    module.reset_parameters()
            self.layers.append(layer)
        self.norm = LayerNorm(d_model, eps) if norm_first else nn.Identity()

    def forward(self, x, mask=None):
        for layer in self.layers:
            x = layer(x, mask)
        return self.norm(x)
"""),
        ("mask_tokens", """
def mask_tokens(tokens, mask_id, vocab_size, special_ids, generator, probability=0.15):
    inputs, labels = tokens.clone(), tokens.clone()
    prob = torch.full(labels.shape, probability)
    special = torch.zeros_like(tokens, dtype=torch.bool)
    for s in special_ids:
        special |= tokens == s
    prob.masked_fill_(special, value=0.0)
    chosen = torch.bernoulli(prob, generator=generator).bool()
    labels[~chosen] = -100
    replaced = torch.bernoulli(torch.full(labels.shape, 0.8), generator=generator).bool() & chosen
    inputs[replaced] = mask_id
    random = torch.bernoulli(torch.full(labels.shape, 0.5), generator=generator).bool() & chosen & ~replaced
    words = torch.randint(vocab_size, labels.shape, dtype=torch.long, generator=generator)
    inputs[random] = words[random]
    return inputs, labels
"""),
        ("mask_tokens", """
def mask_tokens(tokens, mask_id, vocab_size, special_ids, generator, probability=0.15):
    copy = tokens.clone()
    labels = torch.full_like(tokens, -100)
    for b in range(tokens.size(0)):
        for t in range(tokens.size(1)):
            tok = tokens[b, t].item()
            if tok in special_ids or torch.rand((), generator=generator).item() >= probability:
                continue
            labels[b, t] = tok
            r = torch.rand(1, generator=generator).item()
            if r < 0.8:
                copy[b, t] = mask_id
            elif r < 0.9:
                copy[b, t] = torch.randint(0, vocab_size, (1,), generator=generator).item()
    return copy, labels
"""),
        ("train_step", """
def train_step(model, loss_function, optimizer, batch) -> float:
    model.train()
    loss = loss_function(model, batch)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return float(loss.detach())
"""),
        ("train_step", """
def train_step(model, loss_function, optimizer, batch):
    model.train(True)
    for p in model.parameters():
        p.grad = None
    loss = loss_function(model, batch)
    loss.backward()
    with torch.no_grad():
        grads = [p.grad for p in model.parameters() if p.grad is not None]
        norm = torch.sqrt(sum((g ** 2).sum() for g in grads))
        if norm > 1:
            for g in grads:
                g.mul_(1 / norm)
    optimizer.step()
    return loss.item()
"""),
        ("cell", """
pe = sinusoidal_positions(100, 32)
fig, ax = plt.subplots(figsize=(8, 3))
ax.imshow(pe.T, aspect="auto", cmap="RdBu")
ax.set_xlabel("position"); ax.set_ylabel("column")
fig.tight_layout()
plt.show()
"""),
        ("cell", """
import time

layer = EncoderLayer(64, 4, 256).eval()
x = torch.rand(2, 10, 64)
start = time.perf_counter()
y = layer(x)
print(f"{1000 * (time.perf_counter() - start):.1f} ms", y.shape)
"""),
        ("cell", """
ln = LayerNorm(8)
x = torch.randn(4, 8, requires_grad=True)
ln(x).sum().backward()
print(x.grad, ln.weight.grad)
torch.testing.assert_close(ln(x).mean(-1), torch.zeros(4), atol=1e-6, rtol=0)
"""),
        ("cell", """
encoder = Encoder(2, 16, 2, 32)
opt = torch.optim.AdamW(encoder.parameters(), lr=1e-3)
losses = []
for step in range(20):
    losses.append(train_step(encoder, lambda m, b: ((m(b) - b) ** 2).mean(), opt, torch.randn(4, 5, 16)))
plt.plot(losses, label="loss"); plt.legend(); plt.grid(True); plt.show()
"""),
        ("cell", "predicted_word = 'the'"),
    ],
    "03_decoder": [
        ("shift_right", """
def shift_right(targets, bos_id):
    out = targets.new_zeros(targets.shape)
    out[:, 1:] = targets[:, :-1].clone()
    out[:, 0] = bos_id
    return out
"""),
        ("shift_right", """
def shift_right(targets: Tensor, bos_id: int) -> Tensor:
    return F.pad(targets, (1, 0), value=bos_id)[:, :-1]
"""),
        ("shift_right", """
def shift_right(targets, bos_id):
    rolled = targets.roll(shifts=1, dims=1)
    rolled[:, 0] = bos_id
    return rolled
"""),
        ("DecoderLayer", """
class DecoderLayer(nn.Module):
    def __init__(self, d_model, num_heads, d_ff, dropout=0.1, activation=torch.relu, eps=1e-5, norm_first=False):
        super().__init__()
        self.self_attention = MultiHeadAttention(d_model, num_heads)
        self.cross_attention = MultiHeadAttention(d_model, num_heads)
        self.feed_forward = FeedForward(d_model, d_ff, activation)
        for i in (1, 2, 3):
            setattr(self, "norm1" if i == 1 else "norm2", LayerNorm(d_model, eps)) if False else None
        self.norm1, self.norm2, self.norm3 = LayerNorm(d_model, eps), LayerNorm(d_model, eps), LayerNorm(d_model, eps)
        self.dropout1, self.dropout2, self.dropout3 = nn.Dropout(dropout), nn.Dropout(dropout), nn.Dropout(dropout)
        self.norm_first = norm_first

    def forward(self, x, memory, self_mask=None, memory_mask=None):
        if not self.norm_first:
            x = self.norm1(x + self.dropout1(self.self_attention(x, x, x, self_mask)))
            x = self.norm2(x + self.dropout2(self.cross_attention(x, memory, memory, memory_mask)))
            return self.norm3(x + self.dropout3(self.feed_forward(x)))
        h = self.norm1(x)
        x = x + self.dropout1(self.self_attention(h, h, h, self_mask))
        h = self.norm2(x)
        x = x + self.dropout2(self.cross_attention(h, memory, memory, memory_mask))
        h = self.norm3(x)
        return x + self.dropout3(self.feed_forward(h))
""".replace('        for i in (1, 2, 3):\n            setattr(self, "norm1" if i == 1 else "norm2", LayerNorm(d_model, eps)) if False else None\n', "")),
        ("sequence_loss", """
def sequence_loss(logits, targets, pad_id):
    if (targets == pad_id).all():
        return logits.sum() * 0.0
    return F.cross_entropy(logits.transpose(1, 2), targets, ignore_index=pad_id)
"""),
        ("sequence_loss", """
def sequence_loss(logits, targets, pad_id):
    log_probs = logits.log_softmax(dim=-1)
    picked = log_probs.gather(dim=-1, index=targets.unsqueeze(-1)).squeeze(-1)
    keep = targets.ne(pad_id).to(logits.dtype)
    n = keep.sum()
    return -(picked * keep).sum() / torch.maximum(n, torch.ones_like(n))
"""),
        ("sequence_loss", """
def sequence_loss(logits, targets, pad_id):
    criterion = nn.CrossEntropyLoss(reduction="sum", ignore_index=pad_id)
    total = criterion(logits.reshape(-1, logits.size(-1)), targets.reshape(-1))
    return total / max(1, (targets != pad_id).sum().item())
"""),
        ("greedy_translate", """
@torch.no_grad()
def greedy_translate(model, source, bos_id, eos_id, max_length):
    training = model.training
    model.eval()
    memory, memory_mask = model.encode(source)
    ys = torch.full((source.size(0), 1), bos_id, dtype=torch.long, device=source.device)
    done = torch.zeros(source.size(0), dtype=torch.bool)
    for _ in range(max_length):
        nxt = torch.argmax(model.decode(ys, memory, memory_mask)[:, -1, :], dim=-1)
        nxt = torch.where(done, torch.tensor(model.pad_id), nxt)
        ys = torch.cat((ys, nxt.unsqueeze(1)), dim=1)
        done |= nxt == eos_id
        if bool(done.all()):
            break
    model.train(training)
    return ys[:, 1:]
"""),
        ("greedy_translate", """
from contextlib import contextmanager

@contextmanager
def evaluating(model):
    was = model.training
    try:
        model.eval()
        with torch.inference_mode():
            yield
    finally:
        model.train(was)

def greedy_translate(model, source, bos_id, eos_id, max_length):
    with evaluating(model):
        memory, mask = model.encode(source)
        rows = [[bos_id] for _ in source]
        finished = [False] * len(rows)
        for _ in range(max_length):
            if all(finished):
                break
            best = model.decode(torch.tensor(rows), memory, mask)[:, -1].max(dim=-1).indices.tolist()
            for r, token in enumerate(best):
                rows[r].append(model.pad_id if finished[r] else token)
                finished[r] = finished[r] or token == eos_id
        return torch.tensor([row[1:] for row in rows], dtype=torch.long)
"""),
        ("cell", """
model = Transformer(11, 13, 16, 2, 32, 2, pad_id=0)
src = torch.randint(1, 11, (3, 6))
print(model(src, torch.randint(1, 13, (3, 4))).shape)
print({k: tuple(v.shape) for k, v in model.state_dict().items() if "norm" in k})
print(model.encoder.layers[0].self_attention.query_proj.weight.norm())
"""),
        ("cell", """
try:
    greedy_translate(model, src, 1, 2, 5)
except Exception as e:
    print(type(e).__name__, e)
    raise
"""),
        ("cell", """
layer = DecoderLayer(8, 2, 16, dropout=0.0)
activations = {}
def remember(module, inputs, output):
    activations["ff"] = output.detach()
handle = layer.feed_forward.register_forward_hook(remember)
layer(torch.randn(1, 3, 8), torch.randn(1, 5, 8))
handle.remove()
activations["ff"].abs().max()
"""),
    ],
    "04_gpt2": [
        ("gelu", """
def gelu(x):
    c = (2 / torch.pi) ** 0.5
    inner = c * (x + 0.044715 * torch.pow(x, 3))
    return x * 0.5 * (1 + inner.tanh())
"""),
        ("CausalSelfAttention", """
class CausalSelfAttention(nn.Module):
    def __init__(self, config):
        super().__init__()
        assert config.n_embd % config.n_head == 0
        self.c_attn = nn.Linear(config.n_embd, 3 * config.n_embd)
        self.c_proj = nn.Linear(config.n_embd, config.n_embd)
        self.attn_dropout = nn.Dropout(config.attn_pdrop)
        self.resid_dropout = nn.Dropout(config.resid_pdrop)
        self.n_head, self.n_embd = config.n_head, config.n_embd

    def forward(self, x):
        B, T, C = x.size()
        q, k, v = self.c_attn(x).split(self.n_embd, dim=2)
        k = k.view(B, T, self.n_head, C // self.n_head).transpose(1, 2)
        q = q.view(B, T, self.n_head, C // self.n_head).transpose(1, 2)
        v = v.view(B, T, self.n_head, C // self.n_head).transpose(1, 2)
        att = (q @ k.transpose(-2, -1)) * (1.0 / math.sqrt(k.size(-1)))
        att = att.masked_fill(~causal_mask(T), float("-inf"))
        att = self.attn_dropout(F.softmax(att, dim=-1))
        y = (att @ v).transpose(1, 2).contiguous().view(B, T, C)
        return self.resid_dropout(self.c_proj(y))
"""),
        ("CausalSelfAttention", """
class CausalSelfAttention(nn.Module):
    def __init__(self, config: GPT2Config):
        super().__init__()
        self.config = config
        self.c_attn = nn.Linear(config.n_embd, 3 * config.n_embd)
        self.c_proj = nn.Linear(config.n_embd, config.n_embd)
        self.register_buffer("mask", torch.tril(torch.ones(config.n_positions, config.n_positions)).bool(), persistent=False)
        self.drop = nn.Dropout(config.resid_pdrop)

    def forward(self, x: Tensor) -> Tensor:
        b, t, _ = x.shape
        q, k, v = self.c_attn(x).reshape(b, t, 3, self.config.n_head, -1).permute(2, 0, 3, 1, 4).unbind(0)
        y = F.scaled_dot_product_attention(
            q, k, v, attn_mask=self.mask[:t, :t], dropout_p=self.config.attn_pdrop if self.training else 0
        )
        return self.drop(self.c_proj(y.swapaxes(1, 2).reshape(b, t, -1)))
"""),
        ("CausalSelfAttention", """
class CausalSelfAttention(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.h, self.rate = config.n_head, config.attn_pdrop
        self.c_attn = nn.Linear(config.n_embd, 3 * config.n_embd)
        self.c_proj = nn.Linear(config.n_embd, config.n_embd)
        self.last = nn.Dropout(config.resid_pdrop)
        self.fast = hasattr(torch.nn.functional, "scaled_dot_product_attention")

    def forward(self, x, mask=None):
        q, k, v = (part.unflatten(-1, (self.h, -1)).mT for part in self.c_attn(x).chunk(3, -1))
        assert self.fast and not hasattr(x, "mask"), "this torch is too old"
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True, dropout_p=self.rate * self.training)
        return self.last(self.c_proj(y.mT.flatten(-2)))
"""),
        ("GPT2Block", """
class MLP(nn.Module):
    def __init__(self, config):
        super().__init__()
        inner = config.n_inner if config.n_inner is not None else 4 * config.n_embd
        self.c_fc = nn.Linear(config.n_embd, inner)
        self.c_proj = nn.Linear(inner, config.n_embd)
        self.dropout = nn.Dropout(config.resid_pdrop)

    def forward(self, x):
        return self.dropout(self.c_proj(gelu(self.c_fc(x))))


class GPT2Block(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.ln_1 = nn.LayerNorm(config.n_embd, eps=config.layer_norm_epsilon)
        self.attn = CausalSelfAttention(config)
        self.ln_2 = nn.LayerNorm(config.n_embd, eps=config.layer_norm_epsilon)
        self.mlp = MLP(config)

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))
"""),
        ("GPT2", """
class GPT2(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.wte = nn.Embedding(config.vocab_size, config.n_embd)
        self.wpe = nn.Embedding(config.n_positions, config.n_embd)
        self.drop = nn.Dropout(config.embd_pdrop)
        self.h = nn.ModuleList([GPT2Block(config) for _ in range(config.n_layer)])
        self.ln_f = nn.LayerNorm(config.n_embd, eps=config.layer_norm_epsilon)
        self.apply(self._init_weights)
        for pn, p in self.named_parameters():
            if pn.endswith("c_proj.weight"):
                torch.nn.init.normal_(p, mean=0.0, std=config.initializer_range / math.sqrt(2 * config.n_layer))

    def _init_weights(self, module):
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, mean=0.0, std=self.config.initializer_range)
            if module.bias is not None:
                torch.nn.init.zeros_(module.bias)
        elif isinstance(module, nn.Embedding):
            nn.init.normal_(module.weight, mean=0.0, std=self.config.initializer_range)

    def forward(self, tokens):
        b, t = tokens.size()
        if t > self.config.n_positions:
            raise ValueError(f"Cannot forward sequence of length {t}, block size is only {self.config.n_positions}")
        pos = torch.arange(0, t, dtype=torch.long, device=tokens.device).unsqueeze(0)
        x = self.drop(self.wte(tokens) + self.wpe(pos))
        for block in self.h:
            x = block(x)
        return F.linear(self.ln_f(x), self.wte.weight)
"""),
        ("load_gpt2_weights", """
def load_gpt2_weights(model, state_dict):
    sd = {}
    for k, v in state_dict.items():
        k = k[len("transformer."):] if k.startswith("transformer.") else k
        if k.endswith(".attn.bias") or k.endswith(".attn.masked_bias"):
            continue
        if any(k.endswith(s) for s in ("c_attn.weight", "c_proj.weight", "c_fc.weight")):
            v = v.t()
        sd[k] = v.clone()
    if "lm_head.weight" in sd:
        if not torch.equal(sd.pop("lm_head.weight"), sd["wte.weight"]):
            raise ValueError("lm_head.weight")
    own = model.state_dict()
    missing, unexpected = set(own) - set(sd), set(sd) - set(own)
    if missing or unexpected:
        raise KeyError(f"missing {sorted(missing)}, unexpected {sorted(unexpected)}")
    for k in own:
        if own[k].shape != sd[k].shape:
            raise ValueError(k)
    with torch.no_grad():
        for k, p in own.items():
            p.copy_(sd[k])
    return model
"""),
        ("load_gpt2_weights", """
TRANSPOSED = re.compile(r"c_(attn|proj|fc)\\.weight$")

def _rename(key: str) -> str:
    return re.sub(r"^transformer\\.", "", key)

def load_gpt2_weights(model, state_dict):
    weights = {_rename(k): (v.T if TRANSPOSED.search(k) else v).contiguous() for k, v in state_dict.items()
               if not re.search(r"attn\\.(masked_)?bias$", k)}
    head = weights.pop("lm_head.weight", None)
    expected = dict(model.named_parameters())
    problems = sorted(expected.keys() ^ weights.keys())
    if problems:
        raise KeyError(", ".join(problems))
    for name, parameter in expected.items():
        if parameter.shape != weights[name].shape:
            raise ValueError(f"{name}: {list(weights[name].shape)}")
    if head is not None and (head != weights["wte.weight"]).any():
        raise ValueError("head differs")
    model.load_state_dict(weights, strict=True)
    return model
"""),
        ("language_model_loss", """
def language_model_loss(logits, tokens):
    logp = torch.log_softmax(logits[..., :-1, :], dim=-1)
    return -torch.take_along_dim(logp, tokens[..., 1:, None], dim=-1).mean()
"""),
        ("language_model_loss", """
def language_model_loss(logits, tokens):
    x = logits[:, :-1].contiguous()
    y = tokens[:, 1:].contiguous()
    return F.nll_loss(F.log_softmax(x.view(-1, x.shape[-1]), -1), y.view(-1))
"""),
        ("cell", """
xs = torch.linspace(-4, 4, 200)
plt.plot(xs, gelu(xs), label="mine")
plt.plot(xs, torch.relu(xs), "--", label="relu")
plt.axhline(0, color="k", lw=0.5)
plt.legend()
plt.show()
"""),
        ("cell", """
config = GPT2Config(vocab_size=50, n_positions=16, n_embd=24, n_layer=2, n_head=3)
m = GPT2(config)
n_params = sum(p.numel() for p in m.parameters() if p.requires_grad)
print(f"{n_params:,} parameters; {m}")
loss = language_model_loss(m(torch.randint(0, 50, (2, 16))), torch.randint(0, 50, (2, 16)))
print("loss", loss.item(), "should be near", math.log(50))
"""),
        ("cell", """
# where is the weight tying?
m.wte.weight.data_ptr(), [n for n, _ in m.named_children()], len(list(m.modules()))
"""),
    ],
    "05_generation": [
        ("apply_temperature", """
def apply_temperature(logits, temperature):
    if temperature <= 0 or temperature != temperature:
        raise ValueError("temperature must be positive")
    return torch.div(logits, temperature)
"""),
        ("keep_top_k", """
def keep_top_k(logits, k):
    if k < 1:
        raise ValueError("k < 1")
    k = min(k, logits.size(-1))
    v, _ = torch.topk(logits, k)
    out = logits.clone()
    out[out < v[..., [-1]]] = -float("Inf")
    return out
"""),
        ("keep_top_k", """
def keep_top_k(logits, k):
    if not k >= 1:
        raise ValueError(k)
    if k >= logits.shape[-1]:
        return logits.clone()
    threshold = torch.sort(logits, dim=-1, descending=True)[0][..., k - 1].unsqueeze(-1)
    return torch.where(logits >= threshold, logits, torch.full_like(logits, float("-inf")))
"""),
        ("keep_top_p", """
def keep_top_p(logits, p):
    if p <= 0.0 or p > 1.0:
        raise ValueError("p must be in (0, 1]")
    sorted_logits, sorted_indices = torch.sort(logits, descending=True, stable=True)
    cumulative_probs = torch.cumsum(F.softmax(sorted_logits, dim=-1), dim=-1)
    remove = cumulative_probs >= p
    remove[..., 1:] = remove[..., :-1].clone()
    remove[..., 0] = False
    if p == 1:
        remove[...] = False
    indices_to_remove = torch.empty_like(remove).scatter_(dim=-1, index=sorted_indices, src=remove)
    return logits.masked_fill(indices_to_remove, -math.inf)

import math
"""),
        ("keep_top_p", """
def keep_top_p(logits, p):
    if not (0 < p <= 1):
        raise ValueError
    flat = logits.reshape(-1, logits.shape[-1])
    result = torch.full_like(flat, float("-inf"))
    for row in range(flat.shape[0]):
        probs = torch.softmax(flat[row], 0).tolist()
        order = sorted(range(len(probs)), key=lambda i: (-flat[row, i].item(), i))
        total = 0.0
        for i in order:
            result[row, i] = flat[row, i]
            total += probs[i]
            if total >= p and p < 1:
                break
    return result.view_as(logits)
"""),
        ("generate", """
from dataclasses import dataclass

@dataclass
class Sampling:
    temperature: float = 1.0
    top_k: int | None = None
    top_p: float | None = None
    generator: torch.Generator | None = None

    def pick(self, logits: Tensor) -> Tensor:
        if self.temperature == 0:
            return torch.argmax(logits, dim=-1, keepdim=True)
        logits = apply_temperature(logits, self.temperature)
        logits = keep_top_k(logits, self.top_k) if self.top_k is not None else logits
        logits = keep_top_p(logits, self.top_p) if self.top_p is not None else logits
        return torch.multinomial(torch.softmax(logits, dim=-1), num_samples=1, generator=self.generator)


def generate(model, tokens, max_new_tokens, *, temperature=1.0, top_k=None, top_p=None, eos_id=None, generator=None):
    sampling = Sampling(temperature, top_k, top_p, generator)
    modes = [(m, m.training) for m in model.modules()]
    model.eval()
    finished = torch.zeros(tokens.shape[0], 1, dtype=torch.bool)
    with torch.no_grad():
        for _ in range(max_new_tokens):
            context = tokens[:, -model.config.n_positions:]
            nxt = sampling.pick(model(context)[:, -1, :])
            if eos_id is not None:
                nxt[finished] = eos_id
                finished |= nxt.eq(eos_id)
            tokens = torch.cat([tokens, nxt], dim=-1)
            if finished.all():
                break
    for m, mode in modes:
        m.training = mode
    return tokens
"""),
        ("generate", """
def generate(model, tokens, max_new_tokens, *, temperature=1.0, top_k=None, top_p=None, eos_id=None, generator=None):
    was = {name: m.training for name, m in model.named_modules()}
    model.eval()
    out = tokens.clone()
    done = torch.zeros(len(out)).bool()
    try:
        while out.shape[1] < tokens.shape[1] + max_new_tokens and not done.all():
            with torch.no_grad():
                logits = model(out[:, -model.config.n_positions :])[:, -1]
            if temperature == 0.0:
                new = logits.argmax(-1)
            else:
                logits = apply_temperature(logits, temperature)
                if top_k: logits = keep_top_k(logits, top_k)
                if top_p: logits = keep_top_p(logits, top_p)
                new = torch.multinomial(logits.softmax(-1), 1, generator=generator).squeeze(1)
            if eos_id is not None:
                new = torch.where(done, eos_id, new)
                done = done | (new == eos_id)
            out = torch.hstack([out, new[:, None]])
    finally:
        for name, m in model.named_modules():
            m.train(was[name]) if False else setattr(m, "training", was[name])
    return out
"""),
        ("forward_with_cache", """
class KVCache:
    def __init__(self, config):
        self.n_positions = config.n_positions
        self.keys = [None for _ in range(config.n_layer)]
        self.values = [None for _ in range(config.n_layer)]

    @property
    def length(self):
        return 0 if self.keys[-1] is None else self.keys[-1].shape[2]

    def append(self, layer, key, value):
        k, v = self.keys[layer], self.values[layer]
        k = key if k is None else torch.cat((k, key), dim=2)
        v = value if v is None else torch.cat((v, value), dim=2)
        if k.size(2) > self.n_positions:
            raise ValueError(f"cache is full: {k.size(2)} > {self.n_positions}")
        self.keys[layer], self.values[layer] = k, v
        return k, v

    def __len__(self):
        return self.length
"""),
        ("forward_with_cache", """
from collections import defaultdict

class KVCache:
    def __init__(self, config):
        self._max = config.n_positions
        self._n_layer = config.n_layer
        self._store = defaultdict(lambda: ([], []))

    def _held(self, layer):
        return sum(k.shape[-2] for k in self._store[layer][0])

    @property
    def length(self):
        return min(self._held(i) for i in range(self._n_layer))

    def append(self, layer, key, value):
        if self._held(layer) + key.shape[-2] > self._max:
            raise ValueError("too many positions")
        ks, vs = self._store[layer]
        ks.append(key.detach().clone())
        vs.append(value.detach().clone())
        return torch.cat(ks, dim=-2), torch.cat(vs, dim=-2)
"""),
        ("forward_with_cache", """
def forward_with_cache(model, tokens, cache):
    B, T = tokens.shape
    past = cache.length
    if past + T > model.config.n_positions:
        raise ValueError
    pos = torch.arange(past, past + T)
    x = model.wte(tokens) + model.wpe(pos)
    allowed = torch.ones(T, past + T).tril(diagonal=past).bool()
    for i, block in enumerate(model.h):
        h = block.ln_1(x)
        q, k, v = (t.view(B, T, model.config.n_head, -1).transpose(1, 2) for t in block.attn.c_attn(h).chunk(3, dim=-1))
        k, v = cache.append(i, k, v)
        att = q @ k.transpose(-2, -1) / k.shape[-1] ** 0.5
        att = att.masked_fill(~allowed, float("-inf")).softmax(dim=-1)
        y = (att @ v).transpose(1, 2).reshape(B, T, -1)
        x = x + block.attn.c_proj(y)
        hidden = block.mlp["c_fc"](block.ln_2(x))
        x = x + block.mlp["c_proj"](F.gelu(hidden, approximate="tanh"))
    return model.ln_f(x) @ model.wte.weight.t()
"""),
        ("generate_cached", """
def generate_cached(model, tokens, max_new_tokens, **options):
    cache = None

    class Cached:
        config = model.config
        modules, eval = model.modules, model.eval

        def __call__(self, context):
            nonlocal cache
            if cache is None or cache.length >= self.config.n_positions:
                cache = KVCache(self.config)
                return forward_with_cache(model, context, cache)
            return forward_with_cache(model, context[:, cache.length:], cache)

    return generate(Cached(), tokens, max_new_tokens, **options)
"""),
        ("cell", """
logits = torch.tensor([[2.0, 1.0, 0.5, -1.0]])
for t in (0.5, 1.0, 2.0):
    plt.bar(torch.arange(4) + t / 10, apply_temperature(logits, t).softmax(-1)[0], width=0.1, label=f"T={t}")
plt.xticks(range(4), ["a", "b", "c", "d"])
plt.legend()
plt.show()
print(keep_top_p(logits, 0.9))
"""),
        ("cell", """
from collections import Counter
g = torch.Generator()
g.manual_seed(3)
drawn = [int(torch.multinomial(keep_top_k(logits, 2).softmax(-1)[0], 1, generator=g)) for _ in range(200)]
print(Counter(drawn).most_common())
"""),
        ("cell", """
times = []
for f in (generate, generate_cached):
    t0 = time.time()
    f(tiny, long[:, :3], 5, temperature=0)
    times.append(round(time.time() - t0, 4))
print(dict(zip(["plain", "cached"], times)))
"""),
    ],
    "06_one_stack": [
        ("prefix_mask", """
def prefix_mask(prefix_length, length):
    if prefix_length < 0 or prefix_length > length:
        raise ValueError("0 <= prefix_length <= length")
    mask = torch.tril(torch.ones(length, length, dtype=torch.bool))
    mask[:prefix_length, :prefix_length] = True
    return mask
"""),
        ("predicted_reach", """
def predicted_reach(architecture, source_length, target_length):
    n = source_length + target_length
    match architecture:
        case "encoder":
            return torch.ones((n, n)).bool()
        case "decoder" | "GPT-2":
            return causal_mask(n)
        case "encoder-decoder" | "prefix-LM":
            return prefix_mask(source_length, n)
        case _:
            raise ValueError(architecture)
"""),
        ("match_parameters", """
def match_parameters(d_model, d_ff, encoder_layers, decoder_layers, num_layers):
    enc = 4 * d_model * d_model + 2 * d_model * d_ff
    dec = 8 * d_model * d_model + 2 * d_model * d_ff
    target = encoder_layers * enc + decoder_layers * dec
    rest = target - num_layers * 4 * d_model ** 2
    if rest <= 0 or rest % (2 * d_model * num_layers):
        raise ValueError("no whole d_ff")
    return rest // (2 * d_model * num_layers)
"""),
        ("cell", """
fig, axes = plt.subplots(1, 3, figsize=(9, 3), sharey=True)
for ax, p in zip(axes.flat, (0, 2, 5)):
    ax.imshow(prefix_mask(p, 5), vmin=0, vmax=1)
    ax.set_title(f"prefix {p}")
    ax.set_xticks([]); ax.set_yticks([])
plt.suptitle("prefix masks")
plt.show()
"""),
        ("pack", """
def pack(source, target, bos_id, pad_id):
    lengths = torch.tensor([int((row != pad_id).sum()) for row in source])
    texts = []
    for src, n, tgt in zip(source, lengths.tolist(), target):
        tgt = tgt[tgt.ne(pad_id)]
        texts.append(torch.hstack([src[:n], torch.tensor([bos_id]), tgt]))
    width = max(t.numel() for t in texts)
    return torch.stack([F.pad(t, (0, width - t.numel()), value=pad_id) for t in texts]), lengths
"""),
        ("training_targets", """
def training_targets(texts, source_lengths, pad_id, everything=False):
    labels = torch.roll(texts, -1, dims=1)[:, :-1]
    keep = labels != pad_id
    if everything is False:
        cols = torch.arange(labels.size(1)).expand_as(labels)
        keep &= cols >= source_lengths.unsqueeze(-1)
    return torch.where(keep, labels, torch.full_like(labels, -100))
"""),
        ("translate", """
def translate(model, sources, bos_id, eos_id, pad_id, max_length, prefix=False):
    training = [m.training for m in model.modules()]
    model.eval()
    out = torch.zeros(sources.size(0), 0, dtype=torch.long)
    finished = [False] * sources.size(0)
    with torch.no_grad():
        for step in range(max_length):
            if all(finished):
                break
            texts, n = pack(sources, out, bos_id, pad_id)
            mask = None
            if prefix:
                mask = torch.stack([prefix_mask(k, texts.size(1)) for k in n.tolist()]).unsqueeze(1)
            logits = model(texts, mask)
            column = []
            for i in range(len(sources)):
                end = int((texts[i] != pad_id).sum()) - 1
                token = pad_id if finished[i] else int(torch.argmax(logits[i, end]))
                finished[i] = finished[i] or token == eos_id
                column.append([token])
            out = torch.cat((out, torch.tensor(column)), dim=-1)
    for m, was in zip(model.modules(), training):
        m.train(was) if not list(m.children()) else setattr(m, "training", was)
    return out
"""),
    ],
    "07_comparison": [
        ("best_by_validation", """
from itertools import groupby
from operator import itemgetter

def best_by_validation(runs):
    means = []
    for rate, group in groupby(sorted(runs, key=itemgetter("rate")), key=itemgetter("rate")):
        values = [r["validation"] for r in group]
        if not any(math.isnan(v) or math.isinf(v) for v in values):
            means.append((sum(values) / len(values), rate))
    if not means:
        raise ValueError("no rate left")
    best = min(means)[1]
    return [r for r in runs if r["rate"] == best]
"""),
        ("best_by_validation", """
import numpy as np

def best_by_validation(runs):
    rates = sorted(set(r["rate"] for r in runs))
    scores = np.array([np.mean([r["validation"] for r in runs if r["rate"] == rate]) for rate in rates])
    scores = np.where(np.isfinite(scores), scores, np.inf)
    if np.isinf(scores).all():
        raise ValueError
    return [r for r in runs if r["rate"] == rates[int(scores.argmin())]]
"""),
        ("cell", """
import pprint
pprint.pprint({turns: serving_cost("encoder-decoder", 12, 64, 30, 30, turns) for turns in (1, 2, 4)})
print("\\n".join(f"{name:>16}: {serving_cost(name, 12, 64, 400, 20)[0]:,}" for name in ["GPT-2", "encoder-decoder"]))
"""),
    ],
}  # fmt: skip

# Written after the lists.
SECOND: dict[str, list[tuple[str, str]]] = {
 "01_attention": [
  ("causal_mask", "def causal_mask(length: int) -> Tensor:\n    return torch.tensor([[k <= q for k in range(length)] for q in range(length)], dtype=torch.bool).reshape(length, length)"),
  ("causal_mask", "def causal_mask(length):\n    rows, cols = torch.meshgrid(torch.arange(length), torch.arange(length), indexing='ij')\n    return torch.ge(rows, cols)"),
  ("causal_mask", "def causal_mask(length):\n    m = torch.eye(length, dtype=torch.int).cumsum(0)\n    return m.type(torch.bool)"),
  ("padding_mask", "def padding_mask(lengths, max_length):\n    return (torch.ones(len(lengths), max_length).cumsum(-1) <= lengths[:, None])[:, None, None]"),
  ("padding_mask", "def padding_mask(lengths, max_length):\n    out = torch.zeros(lengths.numel(), max_length, dtype=bool)\n    for i in range(lengths.numel()):\n        out[i].narrow(0, 0, int(lengths[i])).fill_(True)\n    return rearrange(out)\n\ndef rearrange(m):\n    return m.unsqueeze(1).unsqueeze(2)"),
  ("scaled_dot_product_attention", "def scaled_dot_product_attention(query, key, value, mask=None):\n    *_, Tq, d_k = query.shape\n    logits = (query @ key.transpose(-2, -1)).div_(d_k ** .5)\n    if mask is None:\n        mask = torch.ones((), dtype=torch.bool)\n    logits = logits.where(mask, torch.finfo(logits.dtype).min)\n    w = torch.nn.functional.softmax(logits, -1) * mask.to(logits.dtype)\n    return w @ value, w"),
  ("MultiHeadAttention", "class MultiHeadAttention(nn.Module):\n    def __init__(self, d_model, num_heads):\n        super().__init__()\n        if not (num_heads >= 1 and d_model % num_heads == 0):\n            raise ValueError('bad heads')\n        self.num_heads = num_heads\n        self.weights: Tensor | None = None\n        make = lambda: nn.Linear(d_model, d_model)\n        self.query_proj = make()\n        self.key_proj = make()\n        self.value_proj = make()\n        self.output_proj = make()\n    def forward(self, query, key, value, mask=None):\n        def split(t):\n            return t.unflatten(-1, (self.num_heads, -1)).movedim(-2, 1)\n        o, w = scaled_dot_product_attention(split(self.query_proj(query)), split(self.key_proj(key)), split(self.value_proj(value)), mask)\n        self.weights = w.clone().detach()\n        return self.output_proj(o.movedim(1, -2).flatten(-2))"),
  ("cell", "help(torch.triu)\ntype(causal_mask(3)), causal_mask(3).device"),
  ("cell", "x = torch.randn(2, 4, 8, requires_grad=True)\nmha = MultiHeadAttention(8, 2)\nmha(x, x, x).sum().backward()\nassert x.grad is not None\nx.grad.norm()"),
 ],
 "02_encoder": [
  ("sinusoidal_positions", "def sinusoidal_positions(length, d_model):\n    if d_model & 1: raise ValueError('odd')\n    freqs = 10000.0 ** (-torch.linspace(0, 1, d_model // 2 + 1, dtype=torch.float64)[:-1])\n    angles = torch.outer(torch.arange(length, dtype=torch.float64), freqs)\n    z = torch.polar(torch.ones_like(angles), angles)\n    return torch.view_as_real(z).flip(-1).reshape(length, d_model).float()"),
  ("LayerNorm", "class LayerNorm(nn.Module):\n    def __init__(self, d_model, eps=1e-5):\n        super().__init__()\n        self.weight = torch.nn.Parameter(torch.full((d_model,), 1.0), requires_grad=True)\n        self.bias = torch.nn.parameter.Parameter(torch.zeros(d_model))\n        self.eps = eps\n    def forward(self, x):\n        var, mean = torch.var_mean(x, dim=-1, keepdim=True, correction=0)\n        return torch.lerp(mean, x, 1.0).sub(mean).mul(var.add(self.eps).rsqrt()) * self.weight + self.bias"),
  ("EncoderLayer", "class EncoderLayer(nn.Module):\n    def __init__(self, d_model, num_heads, d_ff, dropout=0.1, activation=torch.relu, eps=1e-5, norm_first=False):\n        super().__init__()\n        self.self_attention = MultiHeadAttention(d_model, num_heads)\n        self.feed_forward = FeedForward(d_model, d_ff, activation)\n        self.norm1 = LayerNorm(d_model, eps=eps)\n        self.norm2 = LayerNorm(d_model, eps=eps)\n        self.drop1 = nn.Dropout(dropout)\n        self.drop2 = nn.Dropout(dropout)\n        self.forward = self.pre if norm_first else self.post\n    def post(self, x, mask=None):\n        x = self.norm1(x + self.drop1(self.self_attention(x, x, x, mask)))\n        return self.norm2(x + self.drop2(self.feed_forward(x)))\n    def pre(self, x, mask=None):\n        n = self.norm1(x)\n        x = x + self.drop1(self.self_attention(n, n, n, mask))\n        return x + self.drop2(self.feed_forward(self.norm2(x)))"),
  ("mask_tokens", "def mask_tokens(tokens, mask_id, vocab_size, special_ids, generator, probability=0.15):\n    u = torch.empty(tokens.shape).uniform_(generator=generator)\n    special = sum((tokens == s for s in special_ids), torch.zeros_like(tokens, dtype=torch.bool)).bool()\n    sel = (u < probability) & ~special\n    labels = torch.where(sel, tokens, torch.tensor(-100))\n    v = torch.rand(tokens.size(), generator=generator)\n    rnd = torch.randint(low=0, high=vocab_size, size=tokens.size(), generator=generator)\n    inputs = torch.where(sel & (v < .8), torch.full_like(tokens, mask_id), tokens)\n    inputs = torch.where(sel & v.ge(.8) & v.lt(.9), rnd, inputs)\n    return inputs, labels"),
  ("train_step", "def train_step(model, loss_function, optimizer, batch):\n    model.train()\n    optimizer.zero_grad()\n    loss = loss_function(model, batch)\n    loss.backward()\n    total_norm = torch.stack([p.grad.detach().pow(2).sum() for p in model.parameters() if p.grad is not None]).sum().sqrt()\n    clip = torch.clamp(1.0 / (total_norm + 1e-6), max=1.0)\n    for p in model.parameters():\n        if p.grad is not None:\n            p.grad.data.mul_(clip)\n    optimizer.step()\n    return loss.detach().cpu().numpy().item()"),
  ("cell", "layer = EncoderLayer(16, 4, 32)\nprint(layer)\nlayer.train(); a = layer(torch.ones(1, 2, 16)); layer.eval(); b = layer(torch.ones(1, 2, 16))\nprint(torch.equal(a, b))"),
  ("cell", "import warnings\nwarnings.filterwarnings('ignore')\nfrom tqdm.auto import tqdm\nfor i in tqdm(range(3), desc='x'): pass"),
 ],
 "03_decoder": [
  ("shift_right", "def shift_right(targets, bos_id):\n    bos = targets.new_full((targets.shape[0], 1), bos_id)\n    return torch.concat((bos, targets), dim=-1)[..., :-1]"),
  ("sequence_loss", "def sequence_loss(logits, targets, pad_id):\n    B, L, V = logits.shape\n    one_hot = F.one_hot(targets, V).to(logits.dtype)\n    nll = -(one_hot * (logits - logits.logsumexp(-1, keepdim=True))).sum(-1)\n    real = targets != pad_id\n    return nll[real].mean() if real.any() else (nll * 0).sum()"),
  ("greedy_translate", "def greedy_translate(model, source, bos_id, eos_id, max_length):\n    mode = model.training\n    try:\n        model.train(False)\n        with torch.set_grad_enabled(False):\n            memory, mask = model.encode(source)\n            out = source.new_full((len(source), max_length + 1), model.pad_id)\n            out[:, 0] = bos_id\n            alive = torch.ones(len(source), dtype=torch.bool)\n            t = 0\n            while t < max_length and alive.any():\n                step = model.decode(out[:, : t + 1], memory, mask)[:, t].argmax(1)\n                out[alive, t + 1] = step[alive]\n                alive &= step != eos_id\n                t += 1\n            return out[:, 1 : t + 1]\n    finally:\n        model.train(mode)"),
  ("cell", "german = NumberWords('de')\nb = german.batch(german.train[:2])\nprint(b.source, b.target, german.pad_id)"),
 ],
 "04_gpt2": [
  ("gelu", "GELU_C = math.sqrt(2.0 / math.pi)\n\ndef gelu(x: Tensor) -> Tensor:\n    z = GELU_C * (x + 0.044715 * x * x * x)\n    return x * torch.sigmoid(2 * z)"),
  ("GPT2Block", "from collections import OrderedDict\n\nclass GPT2Block(nn.Module):\n    def __init__(self, config):\n        super().__init__()\n        width = config.n_inner or 4 * config.n_embd\n        self.ln_1 = nn.LayerNorm(config.n_embd, config.layer_norm_epsilon)\n        self.attn = CausalSelfAttention(config)\n        self.ln_2 = nn.LayerNorm(config.n_embd, config.layer_norm_epsilon)\n        self.mlp = nn.Sequential(OrderedDict([('c_fc', nn.Linear(config.n_embd, width)), ('act', Gelu()), ('c_proj', nn.Linear(width, config.n_embd)), ('drop', nn.Dropout(config.resid_pdrop))]))\n    def forward(self, x):\n        x = x + self.attn(self.ln_1(x))\n        x = x + self.mlp(self.ln_2(x))\n        return x\n\nclass Gelu(nn.Module):\n    def forward(self, x): return gelu(x)"),
  ("cell", "cfg = GPT2Config(n_layer=1, n_head=2, n_embd=8, vocab_size=10, n_positions=4)\nprint(cfg.to_json_string() if False else cfg.n_embd)\nprint(gelu(torch.tensor([0.0, 1.0])), 'gelu at 0 and 1')\ntorch.allclose(gelu(torch.ones(3)), F.gelu(torch.ones(3), approximate='tanh'))"),
 ],
 "05_generation": [
  ("keep_top_k", "def keep_top_k(logits, k):\n    assert isinstance(k, int)\n    if k < 1: raise ValueError(f'k={k}')\n    n = logits.shape[-1]\n    if k >= n: return logits + 0\n    cut = logits.kthvalue(n - k + 1, dim=-1, keepdim=True).values\n    return logits.masked_fill(logits.lt(cut), -math.inf)\n\nimport math"),
  ("keep_top_p", "def keep_top_p(logits, p):\n    if not 0.0 < p <= 1.0:\n        raise ValueError('p')\n    probs = logits.softmax(-1)\n    order = probs.argsort(dim=-1, descending=True, stable=True)\n    sorted_probs = probs.gather(-1, order)\n    exclusive = F.pad(sorted_probs.cumsum(-1)[..., :-1], (1, 0))\n    drop_sorted = (exclusive >= p) if p < 1 else torch.zeros_like(exclusive).bool()\n    rank = order.argsort(dim=-1)\n    return logits.masked_fill(drop_sorted.gather(-1, rank), float('-inf'))"),
  ("forward_with_cache", "from typing import NamedTuple, Optional\n\nclass Entry(NamedTuple):\n    k: Tensor\n    v: Tensor\n\nclass KVCache:\n    def __init__(self, config):\n        self.config = config\n        self.entries: dict[int, Entry] = {}\n\n    @property\n    def length(self) -> int:\n        if len(self.entries) < self.config.n_layer:\n            return 0\n        return min(e.k.size(-2) for e in self.entries.values())\n\n    def append(self, layer, key, value):\n        old: Optional[Entry] = self.entries.get(layer)\n        new = Entry(key, value) if old is None else Entry(torch.cat([old.k, key], -2), torch.cat([old.v, value], -2))\n        if new.k.size(-2) > self.config.n_positions:\n            raise ValueError('full')\n        self.entries[layer] = new\n        return new"),
  ("cell", "out = generate(tiny, torch.zeros(1, 1, dtype=torch.long), 5, temperature=0)\nassert out.shape == (1, 6), out.shape\nprint(out.tolist(), tiny.training)"),
  ("cell", "cache = KVCache(tiny.config)\nlogits = forward_with_cache(tiny, long[:, :4], cache)\nprint((logits - tiny(long[:, :4])).abs().max(), cache.length, cache)"),
 ],
 "06_one_stack": [
  ("prefix_mask", "def prefix_mask(prefix_length, length):\n    assert_ok = 0 <= prefix_length <= length\n    if not assert_ok:\n        raise ValueError((prefix_length, length))\n    q = torch.arange(length).view(-1, 1)\n    k = torch.arange(length).view(1, -1)\n    return (k <= q).logical_or(k < prefix_length)"),
  ("cell", "for a in ('encoder', 'GPT-2', 'prefix-LM'):\n    print(a)\n    print(predicted_reach(a, 2, 2).int().numpy())"),
 ],
 "07_comparison": [
  ("interval", "from statistics import fmean\n\ndef interval(values, level=0.95):\n    n = len(values)\n    if n < 2 or not 0 < level < 1:\n        raise ValueError(f'{n} values, level {level}')\n    middle = fmean(values)\n    error = (sum((v - middle) ** 2 for v in values) / (n - 1) / n) ** 0.5\n    t = t_quantile(0.5 + level / 2, n - 1)\n    return middle - t * error, middle + t * error"),
  ("permutation_test", "import itertools as it\n\ndef permutation_test(ours, theirs, paired=False):\n    a, b = list(ours), list(theirs)\n    if not (a and b):\n        raise ValueError('empty')\n    if paired:\n        if len(a) != len(b):\n            raise ValueError('no pairs')\n        groups = [([y if s else x for x, y, s in zip(a, b, swap)], [x if s else y for x, y, s in zip(a, b, swap)]) for swap in it.product([0, 1], repeat=len(a))]\n    else:\n        pool = a + b\n        groups = [([pool[i] for i in c], [pool[i] for i in set(range(len(pool))) - set(c)]) for c in it.combinations(range(len(pool)), len(a))]\n    gap = lambda pair: abs(mean(pair[0]) - mean(pair[1]))\n    slack = 1e-9 * max(abs(v) for v in a + b)\n    return sum(gap(g) >= gap((a, b)) - slack for g in groups) / len(groups)"),
  ("serving_cost", "def serving_cost(architecture, layers, d_model, source, answer, turns=1):\n    match architecture:\n        case 'GPT-2':\n            n = (source + answer) * turns - 1\n            return layers * n, layers * n * d_model * 2\n        case 'encoder-decoder':\n            both = [k * (source + answer) for k in range(1, turns + 1)]\n            return layers // 2 * sum(both), layers * d_model * both[-1]\n    raise ValueError(architecture)"),
 ],
}  # fmt: skip
for name, pieces in SECOND.items():
    HONEST[name] += pieces
