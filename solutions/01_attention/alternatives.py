"""Right solutions of notebook 01, written in other ways than the reference. Each must score full."""

SDPA = "def scaled_dot_product_attention(query, key, value, mask=None):\n"
MHA_INIT = """
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, num_heads):
        super().__init__()
        if num_heads <= 0 or d_model % num_heads:
            raise ValueError("no")
        self.heads, self.width = num_heads, d_model // num_heads
        self.query_proj, self.key_proj, self.value_proj, self.output_proj = (nn.Linear(d_model, d_model) for _ in range(4))

"""

ALTERNATIVES = {
    "causal_mask": {
        "comparison of positions": "def causal_mask(length):\n    i = torch.arange(length)\n    return i[:, None] >= i",
        "loops": """
def causal_mask(length):
    mask = torch.zeros(length, length, dtype=torch.bool)
    for i in range(length):
        for j in range(i + 1):
            mask[i, j] = True
    return mask
""",
        "not the upper triangle": "def causal_mask(length):\n    return ~torch.triu(torch.ones(length, length), diagonal=1).bool()",
        "from lists": "def causal_mask(length):\n    return torch.tensor([[j <= i for j in range(length)] for i in range(length)])",
        "cumulative sum": "def causal_mask(length):\n    return torch.eye(length).cumsum(0).bool()",
    },
    "padding_mask": {
        "loops": """
def padding_mask(lengths, max_length):
    mask = torch.zeros(len(lengths), 1, 1, max_length, dtype=torch.bool)
    for row, length in enumerate(lengths):
        mask[row, ..., :length] = True
    return mask
""",
        "view": "def padding_mask(lengths, max_length):\n    return torch.arange(max_length).view(1, 1, 1, -1) < lengths.view(-1, 1, 1, 1)",
        "expanded": """
def padding_mask(lengths, max_length):
    positions = torch.arange(max_length).expand(lengths.numel(), max_length)
    return (positions - lengths.unsqueeze(1)).lt(0).unsqueeze(1).unsqueeze(1)
""",
        "rows joined": """
def padding_mask(lengths, max_length):
    rows = [torch.tensor([j < int(length) for j in range(max_length)]) for length in lengths]
    return torch.stack(rows)[:, None, None]
""",
    },
    "scaled_dot_product_attention": {
        "einsum": SDPA
        + """
    scores = torch.einsum("...qd,...kd->...qk", query / math.sqrt(query.size(-1)), key)
    if mask is None:
        mask = torch.ones_like(scores, dtype=torch.bool)
    weights = torch.softmax(torch.where(mask, scores, -torch.inf), dim=-1)
    weights = torch.where(mask, weights, torch.zeros_like(weights))
    return torch.einsum("...qk,...kd->...qd", weights, value), weights
""",
        "softmax by hand": SDPA
        + """
    scores = (query / query.shape[-1] ** 0.5) @ key.mT
    if mask is None:
        mask = torch.ones(scores.shape[-2:], dtype=torch.bool)
    mask = mask.expand(scores.shape)
    top = scores.masked_fill(~mask, torch.finfo(scores.dtype).min).amax(-1, keepdim=True).detach()
    powers = torch.where(mask, (scores - top).clamp(max=0).exp(), 0.0)
    weights = powers / powers.sum(-1, keepdim=True).clamp(min=torch.finfo(scores.dtype).tiny)
    weights = weights.to(query.dtype)
    return weights @ value, weights
""",
        "additive mask": SDPA
        + """
    root = math.sqrt(math.sqrt(query.shape[-1]))
    scores = (query / root) @ (key / root).transpose(-1, -2)
    if mask is not None:
        extra = torch.zeros(mask.shape, dtype=scores.dtype).masked_fill(~mask, torch.finfo(scores.dtype).min)
        scores = scores + extra
    weights = F.softmax(scores, dim=-1)
    if mask is not None:
        weights = weights * mask
    return weights @ value, weights
""",
        "lowest number, then zero": SDPA
        + """
    scores = torch.matmul(query * query.shape[-1] ** -0.5, key.transpose(-2, -1))
    if mask is not None:
        scores = scores.masked_fill(mask == 0, torch.finfo(scores.dtype).min)
    weights = torch.softmax(scores, -1)
    if mask is not None:
        weights = weights * mask.any(-1, keepdim=True)
    return torch.matmul(weights, value), weights
""",
        "more precise on the way": SDPA
        + """
    wide = torch.promote_types(query.dtype, torch.float32)
    scores = query.to(wide) @ key.to(wide).transpose(-2, -1) / query.shape[-1] ** 0.5
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = torch.nan_to_num(scores.softmax(-1), nan=0.0).to(query.dtype)
    return weights @ value, weights
""",
        "query by query": SDPA
        + """
    outputs, rows = [], []
    for i in range(query.shape[-2]):
        scores = ((query[..., i : i + 1, :] / query.shape[-1] ** 0.5) * key).sum(-1)
        if mask is not None:
            row = mask.expand(*scores.shape[:-1], query.shape[-2], key.shape[-2])[..., i, :]
            scores = scores.masked_fill(~row, float("-inf"))
        weights = scores.softmax(-1)
        if mask is not None:
            weights = weights.masked_fill(~row, 0)
        rows.append(weights)
        outputs.append((weights.unsqueeze(-1) * value).sum(-2))
    return torch.stack(outputs, -2), torch.stack(rows, -2)
""",
        "logarithm of the sum": SDPA
        + """
    scores = query * query.shape[-1] ** -0.5 @ key.transpose(-2, -1)
    if mask is not None:
        scores = torch.where(mask, scores, torch.full_like(scores, float("-inf")))
    weights = torch.exp(scores - torch.logsumexp(scores, dim=-1, keepdim=True))
    if mask is not None:
        weights = torch.where(mask, weights, torch.zeros_like(weights))
    return weights @ value, weights
""",
    },
    "MultiHeadAttention": {
        "head by head": MHA_INIT
        + """
    def forward(self, query, key, value, mask=None):
        q, k, v = self.query_proj(query), self.key_proj(key), self.value_proj(value)
        outputs, weights = [], []
        for head in range(self.heads):
            columns = slice(head * self.width, (head + 1) * self.width)
            own = mask
            if mask is not None:
                own = mask.expand(len(query), self.heads, query.shape[1], key.shape[1])[:, head]
            output, weight = scaled_dot_product_attention(q[..., columns], k[..., columns], v[..., columns], own)
            outputs.append(output)
            weights.append(weight)
        self.weights = torch.stack(weights, dim=1).detach()
        return self.output_proj(torch.cat(outputs, dim=-1))
""",
        "einsum over heads": MHA_INIT
        + """
    def forward(self, query, key, value, mask=None):
        q, k, v = (
            projection(x).unflatten(-1, (self.heads, self.width)).movedim(-2, 1)
            for projection, x in ((self.query_proj, query), (self.key_proj, key), (self.value_proj, value))
        )
        heads, weights = scaled_dot_product_attention(q, k, v, mask)
        self.weights = weights.clone().detach()
        return self.output_proj(heads.movedim(1, -2).reshape(*query.shape[:2], -1))
""",
        "chunks": MHA_INIT
        + """
    def forward(self, query, key, value, mask=None):
        q, k, v = (
            torch.stack(projection(x).chunk(self.heads, dim=-1), dim=1)
            for projection, x in zip((self.query_proj, self.key_proj, self.value_proj), (query, key, value))
        )
        heads, weights = scaled_dot_product_attention(q, k, v, mask)
        self.weights = weights.data
        return self.output_proj(torch.cat(heads.unbind(1), dim=-1))
""",
        "fused projection in self-attention": MHA_INIT
        + """
    def forward(self, query, key, value, mask=None):
        def split(x):
            return x.reshape(x.shape[0], x.shape[1], self.heads, self.width).permute(0, 2, 1, 3)

        if query is key and key is value:
            weight = torch.cat([self.query_proj.weight, self.key_proj.weight, self.value_proj.weight])
            bias = torch.cat([self.query_proj.bias, self.key_proj.bias, self.value_proj.bias])
            q, k, v = nn.functional.linear(query, weight, bias).chunk(3, dim=-1)
        else:
            q, k, v = self.query_proj(query), self.key_proj(key), self.value_proj(value)
        heads, weights = scaled_dot_product_attention(split(q), split(k), split(v), mask)
        with torch.no_grad():
            self.weights = weights.clone()
        return self.output_proj(heads.permute(0, 2, 1, 3).contiguous().view(query.shape[0], -1, query.shape[2]))
""",
        "attention written out": MHA_INIT
        + """
    def forward(self, query, key, value, mask=None):
        batch, queries, d_model = query.shape
        q = self.query_proj(query).view(batch, queries, self.heads, self.width).transpose(1, 2)
        k = self.key_proj(key).view(batch, -1, self.heads, self.width).transpose(1, 2)
        v = self.value_proj(value).view(batch, -1, self.heads, self.width).transpose(1, 2)
        scores = q @ k.transpose(-2, -1) / self.width**0.5
        if mask is not None:
            scores = scores.masked_fill(~mask, -torch.inf)
        weights = scores.softmax(-1)
        if mask is not None:
            weights = weights.masked_fill(~mask, 0)
        self.weights = weights.detach()
        return self.output_proj((weights @ v).transpose(1, 2).reshape(batch, queries, d_model))
""",
    },
    "telling_inputs": {
        "a few of each dtype": """
def telling_inputs():
    torch.manual_seed(5)
    found = []
    for dtype, size in ((torch.float64, 1.0), (torch.float64, 1e5), (torch.float32, 1e6), (torch.float16, 1.0)):
        mask = torch.rand(3, 4, 6) < 0.5
        mask[1, 2] = False
        found.append((size * torch.randn(3, 4, 5).to(dtype), size * torch.randn(3, 6, 5).to(dtype), torch.randn(3, 6, 2).to(dtype), mask))
    long = torch.full((3, 64), 100.0).half()
    return [*found, (long, -long, long, None)]
""",
        "searched for": """
def telling_inputs():
    generator = torch.Generator().manual_seed(11)
    found = []
    for power in (-0.5, 0.0, 1.0, 3.0, 6.0):
        queries, keys, d_k, d_v = torch.randperm(7, generator=generator)[:4].add(3).tolist()
        query, key, value = (
            torch.rand(2, length, width, generator=generator, dtype=torch.float64) - 0.5
            for length, width in ((queries, d_k), (keys, d_k), (keys, d_v))
        )
        mask = torch.rand(2, queries, keys, generator=generator) < 0.6
        mask[0, 0] = False
        found.append((10**power * query, 10**power * key, value, mask))
    signs = torch.where(torch.rand(5, 64, generator=generator) < 0.5, -1.0, 1.0).half()
    return [*found, (60 * signs, 60 * signs, signs, torch.ones(5, 5).bool().tril())]
""",
        "one for each promise": """
def telling_inputs():
    torch.manual_seed(0)
    x, memory = torch.randn(5, 3).double(), torch.randn(4, 3).double()
    value = torch.randn(4, 2).double()
    causal = torch.arange(5)[:, None] >= torch.arange(4)
    nothing = causal & (torch.arange(5) != 2)[:, None]
    by_sequence = torch.stack([causal, causal.flip(-1)])
    equation = (x, memory, value, causal)
    far = (1e4 * x, 1e4 * memory, value, nothing)
    half = torch.tensor([[50.0], [-50.0], [50.0]]).half().expand(3, 100)
    return [
        equation,
        far,
        (x.expand(2, 5, 3), memory.expand(2, 4, 3), value.expand(2, 4, 2), by_sequence),
        (x, memory, value, nothing),
        (-1e5 * x.abs(), 1e5 * memory.abs(), value, causal),
        (half, half[:2], half[:2], torch.tensor([[True, False], [True, True], [False, False]])),
    ]
""",
    },
}
