from heldout import Right, Two, Wrong

A, X = "01_attention", "MultiHeadAttention"
CASES = [
    Right(
        A,
        X,
        "one attention a head, in a loop",
        """
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, num_heads):
        super().__init__()
        self.weights = None
        if num_heads <= 0:
            raise ValueError("at least one head")
        self.d_head, rest = divmod(d_model, num_heads)
        if rest:
            raise ValueError("num_heads must divide d_model")
        self.num_heads = num_heads
        for name in ["query", "key", "value", "output"]:
            setattr(self, name + "_proj", nn.Linear(d_model, d_model))

    def forward(self, query, key, value, mask=None):
        q, k, v = self.query_proj(query), self.key_proj(key), self.value_proj(value)
        if mask is not None:
            mask = mask.expand(q.shape[0], self.num_heads, q.shape[1], k.shape[1])
        outputs, maps = [], []
        for h in range(self.num_heads):
            own = slice(h * self.d_head, (h + 1) * self.d_head)
            one, w = scaled_dot_product_attention(q[..., own], k[..., own], v[..., own], None if mask is None else mask[:, h])
            outputs.append(one)
            maps.append(w.detach())
        self.weights = torch.stack(maps, dim=1)
        return self.output_proj(torch.cat(outputs, dim=-1))
""",
    ),
    Right(
        A,
        X,
        "unflatten and chunks, a helper method",
        '''
class MultiHeadAttention(nn.Module):
    """Multi-head attention of Vaswani et al. 2017, section 3.2.2."""

    def __init__(self, d_model: int, num_heads: int):
        super().__init__()
        self.num_heads = num_heads
        self.weights = None
        if num_heads not in range(1, d_model + 1) or d_model % num_heads:
            raise ValueError(f"d_model={d_model} is not a multiple of num_heads={num_heads}")
        self.query_proj, self.key_proj = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.value_proj, self.output_proj = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)

    def heads(self, projected):
        return projected.unflatten(-1, (self.num_heads, -1)).movedim(2, 1)

    def forward(self, query, key, value, mask=None):
        out, w = scaled_dot_product_attention(
            query=self.heads(self.query_proj(query)),
            key=self.heads(self.key_proj(key)),
            value=self.heads(self.value_proj(value)),
            mask=mask,
        )
        self.weights = w.detach().clone()
        return self.output_proj(out.movedim(1, 2).reshape(query.shape))
''',
    ),
    Right(
        A,
        X,
        "torch.stack of slices, output projection added up head by head",
        """
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int):
        super().__init__()
        self.num_heads = num_heads
        self.weights = None
        ok = num_heads >= 1 and d_model // num_heads * num_heads == d_model
        if not ok:
            raise ValueError("bad number of heads")
        self.query_proj = nn.Linear(d_model, d_model)
        self.key_proj = nn.Linear(d_model, d_model)
        self.value_proj = nn.Linear(d_model, d_model)
        self.output_proj = nn.Linear(d_model, d_model)

    def forward(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Tensor:
        def split(x):
            return torch.stack(x.chunk(self.num_heads, dim=-1), dim=1)

        heads, weights = scaled_dot_product_attention(
            split(self.query_proj(query)), split(self.key_proj(key)), split(self.value_proj(value)), mask
        )
        with torch.no_grad():
            self.weights = weights.detach()
        w_o = self.output_proj.weight.unflatten(1, (self.num_heads, -1))  # (d_model, heads, d_head)
        return torch.einsum("bhtd,ohd->bto", heads, w_o) + self.output_proj.bias
""",
    ),
    Wrong(
        A,
        X,
        "view directly to (batch, heads, T, d_head)",
        """
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int):
        super().__init__()
        self.num_heads = num_heads
        self.weights = None
        if num_heads < 1 or d_model % num_heads:
            raise ValueError("num_heads must divide d_model")
        self.d_head = d_model // num_heads
        self.query_proj = nn.Linear(d_model, d_model)
        self.key_proj = nn.Linear(d_model, d_model)
        self.value_proj = nn.Linear(d_model, d_model)
        self.output_proj = nn.Linear(d_model, d_model)

    def forward(self, query, key, value, mask=None):
        B = query.shape[0]
        Q = self.query_proj(query).view(B, self.num_heads, -1, self.d_head)
        K = self.key_proj(key).view(B, self.num_heads, -1, self.d_head)
        V = self.value_proj(value).view(B, self.num_heads, -1, self.d_head)
        out, w = scaled_dot_product_attention(Q, K, V, mask)
        self.weights = w.detach()
        return self.output_proj(out.transpose(1, 2).reshape(B, -1, self.num_heads * self.d_head))
""",
    ),
    Wrong(
        A,
        X,
        "merged without the transpose",
        """
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int):
        super().__init__()
        self.num_heads, self.weights = num_heads, None
        if num_heads < 1 or d_model % num_heads != 0:
            raise ValueError
        self.query_proj, self.key_proj, self.value_proj, self.output_proj = (nn.Linear(d_model, d_model) for _ in range(4))

    def forward(self, query, key, value, mask=None):
        b, t, d = query.shape
        split = lambda x: x.view(b, -1, self.num_heads, d // self.num_heads).transpose(1, 2)
        context, weights = scaled_dot_product_attention(
            split(self.query_proj(query)), split(self.key_proj(key)), split(self.value_proj(value)), mask
        )
        self.weights = weights.detach()
        return self.output_proj(context.reshape(b, t, d))
""",
    ),
    Wrong(
        A,
        X,
        "head n owns every num_heads-th column",
        """
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int):
        super().__init__()
        self.num_heads = num_heads
        self.weights = None
        if num_heads < 1 or d_model % num_heads != 0:
            raise ValueError("d_model must be divisible by num_heads")
        self.d_k = d_model // num_heads
        self.query_proj = nn.Linear(d_model, d_model)
        self.key_proj = nn.Linear(d_model, d_model)
        self.value_proj = nn.Linear(d_model, d_model)
        self.output_proj = nn.Linear(d_model, d_model)

    def split_heads(self, x):
        batch, length, _ = x.shape
        return x.reshape(batch, length, self.d_k, self.num_heads).permute(0, 3, 1, 2)

    def forward(self, query, key, value, mask=None):
        q, k, v = map(self.split_heads, (self.query_proj(query), self.key_proj(key), self.value_proj(value)))
        o, w = scaled_dot_product_attention(q, k, v, mask)  # (b, h, t, d_k)
        self.weights = w.detach()
        o = o.permute(0, 2, 3, 1).flatten(2)
        return self.output_proj(o)
""",
    ),
    Wrong(
        A,
        X,
        "output_proj is never applied",
        """
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int):
        super().__init__()
        self.num_heads = num_heads
        self.weights = None
        if num_heads < 1 or d_model % num_heads != 0:
            raise ValueError("heads")
        self.query_proj = nn.Linear(d_model, d_model)
        self.key_proj = nn.Linear(d_model, d_model)
        self.value_proj = nn.Linear(d_model, d_model)
        self.output_proj = nn.Linear(d_model, d_model)

    def forward(self, query, key, value, mask=None):
        parts = []
        for projection, x in ((self.query_proj, query), (self.key_proj, key), (self.value_proj, value)):
            y = projection(x)
            parts.append(y.unflatten(2, (self.num_heads, -1)).transpose(1, 2))
        head_outputs, w = scaled_dot_product_attention(*parts, mask)
        self.weights = w.detach()
        return head_outputs.transpose(1, 2).flatten(start_dim=2)
""",
    ),
    Wrong(
        A,
        X,
        "the mask is not passed on",
        """
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int):
        super().__init__()
        self.num_heads = num_heads
        self.weights = None
        if num_heads < 1 or d_model % num_heads != 0:
            raise ValueError("heads")
        self.query_proj = nn.Linear(d_model, d_model)
        self.key_proj = nn.Linear(d_model, d_model)
        self.value_proj = nn.Linear(d_model, d_model)
        self.output_proj = nn.Linear(d_model, d_model)

    def forward(self, query, key, value, mask=None):
        query = self.query_proj(query).unflatten(-1, (self.num_heads, -1)).transpose(1, 2)
        key = self.key_proj(key).unflatten(-1, (self.num_heads, -1)).transpose(1, 2)
        value = self.value_proj(value).unflatten(-1, (self.num_heads, -1)).transpose(1, 2)
        x, attn = scaled_dot_product_attention(query, key, value)
        self.weights = attn.detach()
        x = x.transpose(1, 2).contiguous().flatten(2)
        return self.output_proj(x)
""",
    ),
    Wrong(
        A,
        X,
        "weights are kept with their graph",
        """
class MultiHeadAttention(nn.Module):
    "Take in model size and number of heads."

    def __init__(self, d_model, num_heads):
        super().__init__()
        if num_heads < 1 or d_model % num_heads != 0:
            raise ValueError("We assume d_v always equals d_k")
        self.d_k = d_model // num_heads
        self.h = num_heads
        self.query_proj = nn.Linear(d_model, d_model)
        self.key_proj = nn.Linear(d_model, d_model)
        self.value_proj = nn.Linear(d_model, d_model)
        self.output_proj = nn.Linear(d_model, d_model)
        self.weights = None

    def forward(self, query, key, value, mask=None):
        nbatches = query.size(0)
        query, key, value = [
            lin(x).view(nbatches, -1, self.h, self.d_k).transpose(1, 2)
            for lin, x in zip((self.query_proj, self.key_proj, self.value_proj), (query, key, value))
        ]
        x, self.weights = scaled_dot_product_attention(query, key, value, mask=mask)
        x = x.transpose(1, 2).contiguous().view(nbatches, -1, self.h * self.d_k)
        return self.output_proj(x)
""",
    ),
    Wrong(
        A,
        X,
        "the mask gets one dimension more",
        """
class MultiHeadAttention(nn.Module):
    "Take in model size and number of heads."

    def __init__(self, d_model, num_heads):
        super().__init__()
        if num_heads < 1 or d_model % num_heads != 0:
            raise ValueError
        self.d_k = d_model // num_heads
        self.h = num_heads
        self.query_proj = nn.Linear(d_model, d_model)
        self.key_proj = nn.Linear(d_model, d_model)
        self.value_proj = nn.Linear(d_model, d_model)
        self.output_proj = nn.Linear(d_model, d_model)
        self.weights = None

    def forward(self, query, key, value, mask=None):
        if mask is not None:
            mask = mask.unsqueeze(1)  # same mask applied to all h heads
        nbatches = query.size(0)
        query, key, value = [
            lin(x).view(nbatches, -1, self.h, self.d_k).transpose(1, 2)
            for lin, x in zip((self.query_proj, self.key_proj, self.value_proj), (query, key, value))
        ]
        x, attn = scaled_dot_product_attention(query, key, value, mask=mask)
        self.weights = attn.detach()
        x = x.transpose(1, 2).contiguous().view(nbatches, -1, self.h * self.d_k)
        return self.output_proj(x)
""",
    ),
    Wrong(
        A,
        X,
        "assert instead of ValueError",
        """
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int):
        super().__init__()
        assert num_heads > 0 and d_model % num_heads == 0, "d_model has to be divisible by num_heads"
        self.num_heads = num_heads
        self.weights = None
        self.query_proj = nn.Linear(d_model, d_model)
        self.key_proj = nn.Linear(d_model, d_model)
        self.value_proj = nn.Linear(d_model, d_model)
        self.output_proj = nn.Linear(d_model, d_model)

    def _split(self, x):
        return x.reshape(*x.shape[:2], self.num_heads, -1).transpose(1, 2)

    def forward(self, query, key, value, mask=None):
        out, w = scaled_dot_product_attention(self._split(self.query_proj(query)), self._split(self.key_proj(key)), self._split(self.value_proj(value)), mask)
        self.weights = w.detach()
        return self.output_proj(out.transpose(1, 2).flatten(2))
""",
    ),
    Wrong(
        A,
        X,
        "num_heads below 1 is not refused properly",
        """
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int):
        super().__init__()
        if d_model % num_heads != 0:
            raise ValueError(f"{d_model} is not divisible by {num_heads}")
        self.num_heads, self.d_head = num_heads, d_model // num_heads
        self.weights = None
        self.query_proj = nn.Linear(d_model, d_model)
        self.key_proj = nn.Linear(d_model, d_model)
        self.value_proj = nn.Linear(d_model, d_model)
        self.output_proj = nn.Linear(d_model, d_model)

    def forward(self, query, key, value, mask=None):
        shape = (query.shape[0], -1, self.num_heads, self.d_head)
        q = self.query_proj(query).view(shape).transpose(1, 2)
        k = self.key_proj(key).view(shape).transpose(1, 2)
        v = self.value_proj(value).view(shape).transpose(1, 2)
        a, w = scaled_dot_product_attention(q, k, v, mask)
        self.weights = w.detach()
        return self.output_proj(a.transpose(1, 2).flatten(-2))
""",
    ),
    Wrong(
        A,
        X,
        "projections without bias",
        """
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int):
        super().__init__()
        self.num_heads = num_heads
        self.weights = None
        if num_heads < 1 or d_model % num_heads:
            raise ValueError
        self.query_proj = nn.Linear(d_model, d_model, bias=False)
        self.key_proj = nn.Linear(d_model, d_model, bias=False)
        self.value_proj = nn.Linear(d_model, d_model, bias=False)
        self.output_proj = nn.Linear(d_model, d_model, bias=False)

    def forward(self, query, key, value, mask=None):
        q = self.query_proj(query).unflatten(-1, (self.num_heads, -1)).transpose(1, 2)
        k = self.key_proj(key).unflatten(-1, (self.num_heads, -1)).transpose(1, 2)
        v = self.value_proj(value).unflatten(-1, (self.num_heads, -1)).transpose(1, 2)
        z, w = scaled_dot_product_attention(q, k, v, mask)
        self.weights = w.detach()
        return self.output_proj(z.transpose(1, 2).flatten(2))
""",
    ),
    Wrong(
        A,
        X,
        "values are projected from the keys",
        """
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int):
        super().__init__()
        self.num_heads = num_heads
        self.weights = None
        if num_heads < 1 or d_model % num_heads:
            raise ValueError
        self.query_proj = nn.Linear(d_model, d_model)
        self.key_proj = nn.Linear(d_model, d_model)
        self.value_proj = nn.Linear(d_model, d_model)
        self.output_proj = nn.Linear(d_model, d_model)

    def forward(self, query, key, value, mask=None):
        B, Tq, d = query.shape
        Tk = key.shape[1]
        q = self.query_proj(query).view(B, Tq, self.num_heads, -1).transpose(1, 2)
        k = self.key_proj(key).view(B, Tk, self.num_heads, -1).transpose(1, 2)
        v = self.value_proj(key).view(B, Tk, self.num_heads, -1).transpose(1, 2)
        y, w = scaled_dot_product_attention(q, k, v, mask)
        self.weights = w.detach()
        return self.output_proj(y.transpose(1, 2).reshape(B, Tq, d))
""",
    ),
    Wrong(
        A,
        X,
        "keys and values are reshaped with the length of the queries: only Tk = Tq works",
        """
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int):
        super().__init__()
        self.num_heads = num_heads
        self.weights = None
        if num_heads < 1 or d_model % num_heads:
            raise ValueError
        self.query_proj = nn.Linear(d_model, d_model)
        self.key_proj = nn.Linear(d_model, d_model)
        self.value_proj = nn.Linear(d_model, d_model)
        self.output_proj = nn.Linear(d_model, d_model)

    def forward(self, query, key, value, mask=None):
        batch, length, d_model = query.size()
        d_head = d_model // self.num_heads
        q = self.query_proj(query).reshape(batch, length, self.num_heads, d_head).permute(0, 2, 1, 3)
        k = self.key_proj(key).reshape(batch, length, self.num_heads, d_head).permute(0, 2, 1, 3)
        v = self.value_proj(value).reshape(batch, length, self.num_heads, d_head).permute(0, 2, 1, 3)
        out, w = scaled_dot_product_attention(q, k, v, mask)
        self.weights = w.detach()
        return self.output_proj(out.permute(0, 2, 1, 3).reshape(batch, length, d_model))
""",
    ),
    Wrong(
        A,
        X,
        "scaled a second time",
        """
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int):
        super().__init__()
        self.num_heads = num_heads
        self.weights = None
        if num_heads < 1 or d_model % num_heads:
            raise ValueError
        self.d_head = d_model // num_heads
        self.query_proj = nn.Linear(d_model, d_model)
        self.key_proj = nn.Linear(d_model, d_model)
        self.value_proj = nn.Linear(d_model, d_model)
        self.output_proj = nn.Linear(d_model, d_model)

    def forward(self, query, key, value, mask=None):
        q, k, v = self.query_proj(query), self.key_proj(key), self.value_proj(value)
        q = q / math.sqrt(self.d_head)
        q, k, v = (t.view(t.size(0), t.size(1), self.num_heads, self.d_head).transpose(1, 2) for t in (q, k, v))
        out, w = scaled_dot_product_attention(q, k, v, mask)
        self.weights = w.detach()
        return self.output_proj(out.transpose(1, 2).flatten(2))
""",
    ),
    Wrong(
        A,
        X,
        "self.weights are the mean over the heads",
        """
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int):
        super().__init__()
        self.num_heads = num_heads
        self.weights = None
        if num_heads < 1 or d_model % num_heads:
            raise ValueError
        self.query_proj = nn.Linear(d_model, d_model)
        self.key_proj = nn.Linear(d_model, d_model)
        self.value_proj = nn.Linear(d_model, d_model)
        self.output_proj = nn.Linear(d_model, d_model)

    def forward(self, query, key, value, mask=None):
        h = self.num_heads
        q, k, v = [p(x).unflatten(-1, (h, -1)).transpose(1, 2) for p, x in [(self.query_proj, query), (self.key_proj, key), (self.value_proj, value)]]
        out, w = scaled_dot_product_attention(q, k, v, mask)
        self.weights = w.mean(dim=1).detach()  # average_attn_weights=True as in PyTorch
        return self.output_proj(out.transpose(1, 2).flatten(2))
""",
    ),
    Wrong(
        A,
        X,
        "returns output and weights",
        """
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int):
        super().__init__()
        self.num_heads = num_heads
        self.weights = None
        if num_heads < 1 or d_model % num_heads:
            raise ValueError
        self.query_proj = nn.Linear(d_model, d_model)
        self.key_proj = nn.Linear(d_model, d_model)
        self.value_proj = nn.Linear(d_model, d_model)
        self.output_proj = nn.Linear(d_model, d_model)

    def forward(self, query, key, value, mask=None):
        h = self.num_heads
        q, k, v = [p(x).unflatten(-1, (h, -1)).transpose(1, 2) for p, x in [(self.query_proj, query), (self.key_proj, key), (self.value_proj, value)]]
        out, w = scaled_dot_product_attention(q, k, v, mask)
        self.weights = w.detach()
        return self.output_proj(out.transpose(1, 2).flatten(2)), self.weights
""",
    ),
    Wrong(
        A,
        X,
        "only the first weights are kept",
        """
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int):
        super().__init__()
        self.num_heads = num_heads
        self.weights = None
        if num_heads < 1 or d_model % num_heads:
            raise ValueError
        self.query_proj = nn.Linear(d_model, d_model)
        self.key_proj = nn.Linear(d_model, d_model)
        self.value_proj = nn.Linear(d_model, d_model)
        self.output_proj = nn.Linear(d_model, d_model)

    def forward(self, query, key, value, mask=None):
        n, d = self.num_heads, query.shape[-1] // self.num_heads
        q = torch.stack(self.query_proj(query).split(d, dim=-1), 1)
        k = torch.stack(self.key_proj(key).split(d, dim=-1), 1)
        v = torch.stack(self.value_proj(value).split(d, dim=-1), 1)
        out, w = scaled_dot_product_attention(q, k, v, mask)
        if self.weights is None:
            self.weights = w.detach()
        return self.output_proj(torch.cat(out.unbind(1), dim=-1))
""",
    ),
    Wrong(
        A,
        X,
        "one projection for queries, keys and values",
        """
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int):
        super().__init__()
        self.num_heads = num_heads
        self.weights = None
        if num_heads < 1 or d_model % num_heads:
            raise ValueError
        linear = nn.Linear(d_model, d_model)
        self.query_proj = self.key_proj = self.value_proj = linear
        self.output_proj = nn.Linear(d_model, d_model)

    def forward(self, query, key, value, mask=None):
        h = self.num_heads
        q, k, v = [p(x).unflatten(-1, (h, -1)).transpose(1, 2) for p, x in [(self.query_proj, query), (self.key_proj, key), (self.value_proj, value)]]
        out, w = scaled_dot_product_attention(q, k, v, mask)
        self.weights = w.detach()
        return self.output_proj(out.transpose(1, 2).flatten(2))
""",
    ),
    Wrong(
        A,
        X,
        "heads are detached before the output projection",
        """
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int):
        super().__init__()
        self.num_heads = num_heads
        self.weights = None
        if num_heads < 1 or d_model % num_heads:
            raise ValueError
        self.query_proj = nn.Linear(d_model, d_model)
        self.key_proj = nn.Linear(d_model, d_model)
        self.value_proj = nn.Linear(d_model, d_model)
        self.output_proj = nn.Linear(d_model, d_model)

    def forward(self, query, key, value, mask=None):
        h = self.num_heads
        q, k, v = [p(x).unflatten(-1, (h, -1)).transpose(1, 2) for p, x in [(self.query_proj, query), (self.key_proj, key), (self.value_proj, value)]]
        out, w = [t.detach() for t in scaled_dot_product_attention(q, k, v, mask)]
        self.weights = w
        return self.output_proj(out.transpose(1, 2).flatten(2))
""",
    ),
    Wrong(
        A,
        X,
        "dropout of 0.1 on the output",
        """
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int):
        super().__init__()
        self.num_heads = num_heads
        self.weights = None
        if num_heads < 1 or d_model % num_heads:
            raise ValueError
        self.query_proj = nn.Linear(d_model, d_model)
        self.key_proj = nn.Linear(d_model, d_model)
        self.value_proj = nn.Linear(d_model, d_model)
        self.output_proj = nn.Linear(d_model, d_model)
        self.dropout = nn.Dropout(0.1)

    def forward(self, query, key, value, mask=None):
        h = self.num_heads
        q, k, v = [p(x).unflatten(-1, (h, -1)).transpose(1, 2) for p, x in [(self.query_proj, query), (self.key_proj, key), (self.value_proj, value)]]
        out, w = scaled_dot_product_attention(q, k, v, mask)
        self.weights = w.detach()
        return self.dropout(self.output_proj(out.transpose(1, 2).flatten(2)))
""",
    ),
    Wrong(
        A,
        X,
        "a residual is added",
        """
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int):
        super().__init__()
        self.num_heads = num_heads
        self.weights = None
        if num_heads < 1 or d_model % num_heads:
            raise ValueError
        self.query_proj = nn.Linear(d_model, d_model)
        self.key_proj = nn.Linear(d_model, d_model)
        self.value_proj = nn.Linear(d_model, d_model)
        self.output_proj = nn.Linear(d_model, d_model)

    def forward(self, query, key, value, mask=None):
        residual = query
        h = self.num_heads
        q = self.query_proj(query).unflatten(-1, (h, -1)).transpose(1, 2)
        k = self.key_proj(key).unflatten(-1, (h, -1)).transpose(1, 2)
        v = self.value_proj(value).unflatten(-1, (h, -1)).transpose(1, 2)
        out, w = scaled_dot_product_attention(q, k, v, mask)
        self.weights = w.detach()
        return residual + self.output_proj(out.transpose(1, 2).flatten(2))
""",
    ),
    Wrong(
        A,
        X,
        "loop over heads uses the mask of head 0 for all",
        """
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int):
        super().__init__()
        self.num_heads = num_heads
        self.weights = None
        if num_heads < 1 or d_model % num_heads:
            raise ValueError
        self.d_head = d_model // num_heads
        self.query_proj = nn.Linear(d_model, d_model)
        self.key_proj = nn.Linear(d_model, d_model)
        self.value_proj = nn.Linear(d_model, d_model)
        self.output_proj = nn.Linear(d_model, d_model)

    def forward(self, query, key, value, mask=None):
        Q, K, V = self.query_proj(query), self.key_proj(key), self.value_proj(value)
        if mask is not None and mask.dim() == 4:
            mask = mask[:, 0]
        outs, ws = [], []
        for n in range(self.num_heads):
            a, b = n * self.d_head, (n + 1) * self.d_head
            o, w = scaled_dot_product_attention(Q[:, :, a:b], K[:, :, a:b], V[:, :, a:b], mask)
            outs.append(o)
            ws.append(w.detach())
        self.weights = torch.stack(ws, dim=1)
        return self.output_proj(torch.cat(outs, dim=2))
""",
    ),
    Wrong(
        A,
        X,
        "weights are kept in evaluation mode only",
        """
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int):
        super().__init__()
        self.num_heads = num_heads
        self.weights = None
        if num_heads < 1 or d_model % num_heads != 0:
            raise ValueError(f"{num_heads} does not divide {d_model}")
        self.query_proj = nn.Linear(d_model, d_model)
        self.key_proj = nn.Linear(d_model, d_model)
        self.value_proj = nn.Linear(d_model, d_model)
        self.output_proj = nn.Linear(d_model, d_model)

    def forward(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Tensor:
        b, h = query.shape[0], self.num_heads
        q = torch.einsum("btd,ed->bte", query, self.query_proj.weight) + self.query_proj.bias
        q = q.view(b, -1, h, q.shape[-1] // h).transpose(1, 2)
        k = self.key_proj(key).view(b, -1, h, q.shape[-1]).transpose(1, 2)
        v = self.value_proj(value).view(b, -1, h, q.shape[-1]).transpose(1, 2)
        out, attn = scaled_dot_product_attention(q, k, v, mask)
        if not self.training:
            self.weights = attn.detach()
        return self.output_proj(out.transpose(1, 2).flatten(2))
""",
    ),
    Wrong(
        A,
        X,
        "a causal mask whenever no mask is given",
        """
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int):
        super().__init__()
        self.num_heads = num_heads
        self.weights = None
        if num_heads < 1 or d_model % num_heads != 0:
            raise ValueError(f"{num_heads} does not divide {d_model}")
        self.query_proj = nn.Linear(d_model, d_model)
        self.key_proj = nn.Linear(d_model, d_model)
        self.value_proj = nn.Linear(d_model, d_model)
        self.output_proj = nn.Linear(d_model, d_model)

    def forward(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Tensor:
        if mask is None:
            mask = causal_mask(max(query.shape[1], key.shape[1]))[: query.shape[1], : key.shape[1]]
        split = lambda x: x.unflatten(2, (self.num_heads, -1)).transpose(1, 2)
        out, attn = scaled_dot_product_attention(split(self.query_proj(query)), split(self.key_proj(key)), split(self.value_proj(value)), mask)
        self.weights = attn.detach()
        return self.output_proj(out.transpose(1, 2).flatten(2))
""",
    ),
    Wrong(
        A,
        X,
        "squeeze: a batch of one, or one query, loses a dimension",
        """
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int):
        super().__init__()
        self.num_heads = num_heads
        self.weights = None
        if num_heads < 1 or d_model % num_heads != 0:
            raise ValueError(f"{num_heads} does not divide {d_model}")
        self.query_proj = nn.Linear(d_model, d_model)
        self.key_proj = nn.Linear(d_model, d_model)
        self.value_proj = nn.Linear(d_model, d_model)
        self.output_proj = nn.Linear(d_model, d_model)

    def forward(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Tensor:
        split = lambda x: x.unflatten(2, (self.num_heads, -1)).transpose(1, 2)
        out, attn = scaled_dot_product_attention(split(self.query_proj(query)), split(self.key_proj(key)), split(self.value_proj(value)), mask)
        self.weights = attn.detach()
        joined = torch.cat([out[:, i] for i in range(self.num_heads)], dim=-1)
        return self.output_proj(joined).squeeze()
""",
    ),
    Wrong(
        A,
        X,
        "the heads are concatenated in reverse order",
        """
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int):
        super().__init__()
        self.num_heads = num_heads
        self.weights = None
        if num_heads < 1 or d_model % num_heads != 0:
            raise ValueError(f"{num_heads} does not divide {d_model}")
        self.query_proj = nn.Linear(d_model, d_model)
        self.key_proj = nn.Linear(d_model, d_model)
        self.value_proj = nn.Linear(d_model, d_model)
        self.output_proj = nn.Linear(d_model, d_model)

    def forward(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Tensor:
        split = lambda x: x.unflatten(2, (self.num_heads, -1)).transpose(1, 2)
        out, attn = scaled_dot_product_attention(split(self.query_proj(query)), split(self.key_proj(key)), split(self.value_proj(value)), mask)
        self.weights = attn.detach()
        joined = out[:, 0]
        for i in range(1, self.num_heads):
            joined = torch.cat((out[:, i], joined), dim=-1)
        return self.output_proj(joined)
""",
    ),
    Two(
        A,
        X,
        ["merged without the transpose", "the mask is not passed on"],
        """
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int):
        super().__init__()
        self.num_heads = num_heads
        self.weights = None
        if num_heads < 1 or d_model % num_heads:
            raise ValueError
        self.query_proj = nn.Linear(d_model, d_model)
        self.key_proj = nn.Linear(d_model, d_model)
        self.value_proj = nn.Linear(d_model, d_model)
        self.output_proj = nn.Linear(d_model, d_model)

    def forward(self, query, key, value, mask=None):
        b, t, d = query.shape
        q = self.query_proj(query).view(b, t, self.num_heads, -1).transpose(1, 2)
        k = self.key_proj(key).view(b, key.size(1), self.num_heads, -1).transpose(1, 2)
        v = self.value_proj(value).view(b, key.size(1), self.num_heads, -1).transpose(1, 2)
        out, w = scaled_dot_product_attention(q, k, v)
        self.weights = w.detach()
        return self.output_proj(out.reshape(b, t, d))
""",
    ),
    Two(
        A,
        X,
        ["assert instead of ValueError", "weights keep their graph"],
        """
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int):
        super().__init__()
        assert num_heads >= 1
        assert d_model % num_heads == 0
        self.num_heads = num_heads
        self.weights = None
        self.query_proj = nn.Linear(d_model, d_model)
        self.key_proj = nn.Linear(d_model, d_model)
        self.value_proj = nn.Linear(d_model, d_model)
        self.output_proj = nn.Linear(d_model, d_model)

    def forward(self, query, key, value, mask=None):
        def split(x):
            return x.unflatten(-1, (self.num_heads, -1)).transpose(1, 2)

        out, self.weights = scaled_dot_product_attention(split(self.query_proj(query)), split(self.key_proj(key)), split(self.value_proj(value)), mask)
        return self.output_proj(out.transpose(1, 2).flatten(2))
""",
    ),
    Two(
        A,
        X,
        ["no output projection is applied", "num_heads 0 gives ZeroDivisionError"],
        """
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int):
        super().__init__()
        self.num_heads = num_heads
        self.weights = None
        self.d_head = d_model // num_heads
        if self.d_head * num_heads != d_model:
            raise ValueError("not divisible")
        self.query_proj = nn.Linear(d_model, d_model)
        self.key_proj = nn.Linear(d_model, d_model)
        self.value_proj = nn.Linear(d_model, d_model)
        self.output_proj = nn.Linear(d_model, d_model)

    def forward(self, query, key, value, mask=None):
        heads = [
            scaled_dot_product_attention(q, k, v, None if mask is None else mask.expand(len(query), self.num_heads, query.shape[1], key.shape[1])[:, n])
            for n, (q, k, v) in enumerate(
                zip(*(p(x).split(self.d_head, dim=-1) for p, x in ((self.query_proj, query), (self.key_proj, key), (self.value_proj, value))))
            )
        ]
        self.weights = torch.stack([w.detach() for _, w in heads], dim=1)
        return torch.cat([o for o, _ in heads], dim=-1)
""",
    ),
]
