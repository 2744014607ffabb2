from heldout import Right, Two, Wrong

A, X = "02_encoder", "EncoderLayer"
SIGNATURE = "self, d_model, num_heads, d_ff, dropout=0.1, activation=torch.relu, eps=1e-5, norm_first=False"
INIT = f"""
class EncoderLayer(nn.Module):
    def __init__({SIGNATURE}):
        super().__init__()
        self.self_attention = MultiHeadAttention(d_model, num_heads)
        self.feed_forward = FeedForward(d_model, d_ff, activation)
        self.norm1 = LayerNorm(d_model, eps)
        self.norm2 = LayerNorm(d_model, eps)
        self.dropout = nn.Dropout(dropout)
        self.norm_first = norm_first

    def forward(self, x, mask=None):
"""
CASES = [
    Right(
        A,
        X,
        "two blocks as methods, as in PyTorch",
        f"""
class EncoderLayer(nn.Module):
    def __init__({SIGNATURE}):
        super().__init__()
        self.norm_first = norm_first
        self.norm1, self.norm2 = LayerNorm(d_model, eps=eps), LayerNorm(d_model, eps=eps)
        self.self_attention = MultiHeadAttention(d_model=d_model, num_heads=num_heads)
        self.feed_forward = FeedForward(d_model=d_model, d_ff=d_ff, activation=activation)
        self.dropout1, self.dropout2 = nn.Dropout(dropout), nn.Dropout(dropout)

    def _sa_block(self, x, mask):
        return self.dropout1(self.self_attention(x, x, x, mask=mask))

    def _ff_block(self, x):
        return self.dropout2(self.feed_forward(x))

    def forward(self, x, mask=None):
        if self.norm_first:
            x = x + self._sa_block(self.norm1(x), mask)
            x = x + self._ff_block(self.norm2(x))
        else:
            x = self.norm1(x + self._sa_block(x, mask))
            x = self.norm2(x + self._ff_block(x))
        return x
""",
    ),
    Right(
        A,
        X,
        "a helper that takes a sublayer as a function",
        f"""
class EncoderLayer(nn.Module):
    def __init__({SIGNATURE}):
        super().__init__()
        self.self_attention = MultiHeadAttention(d_model, num_heads)
        self.feed_forward = FeedForward(d_model, d_ff, activation)
        self.norm1 = LayerNorm(d_model, eps)
        self.norm2 = LayerNorm(d_model, eps)
        self.rate = dropout
        self.norm_first = norm_first

    def residual(self, x, norm, sublayer):
        before = norm if self.norm_first else (lambda y: y)
        after = (lambda y: y) if self.norm_first else norm
        return after(x + F.dropout(sublayer(before(x)), self.rate, training=self.training))

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        x = self.residual(x, self.norm1, lambda y: self.self_attention(y, y, y, mask))
        return self.residual(x, self.norm2, self.feed_forward)
""",
    ),
    Right(
        A,
        X,
        "all intermediate names written out",
        f"""
class EncoderLayer(nn.Module):
    def __init__({SIGNATURE}):
        super().__init__()
        self.norm_first = bool(norm_first)
        self.drop = nn.Dropout(p=dropout)
        self.self_attention = MultiHeadAttention(d_model, num_heads)
        self.norm1 = LayerNorm(d_model, eps)
        self.feed_forward = FeedForward(d_model, d_ff, activation)
        self.norm2 = LayerNorm(d_model, eps)

    def forward(self, x, mask=None):
        if self.norm_first:
            normed = self.norm1(x)
            attended = self.self_attention(normed, normed, normed, mask)
            middle = torch.add(x, self.drop(attended))
            fed = self.feed_forward(self.norm2(middle))
            return torch.add(middle, self.drop(fed))
        attended = self.self_attention(query=x, key=x, value=x, mask=mask)
        middle = self.norm1(torch.add(x, self.drop(attended)))
        fed = self.feed_forward(middle)
        return self.norm2(torch.add(middle, self.drop(fed)))
""",
    ),
    Wrong(
        A,
        X,
        "no residual around attention",
        INIT
        + """        if self.norm_first:
            y = self.norm1(x)
            x = self.dropout(self.self_attention(y, y, y, mask))
            return x + self.dropout(self.feed_forward(self.norm2(x)))
        x = self.norm1(self.dropout(self.self_attention(x, x, x, mask)))
        return self.norm2(x + self.dropout(self.feed_forward(x)))
""",
    ),
    Wrong(
        A,
        X,
        "the second residual starts from the layer's input",
        INIT
        + """        if self.norm_first:
            y = self.norm1(x)
            h = x + self.dropout(self.self_attention(y, y, y, mask))
            return x + self.dropout(self.feed_forward(self.norm2(h)))
        h = self.norm1(x + self.dropout(self.self_attention(x, x, x, mask)))
        return self.norm2(x + self.dropout(self.feed_forward(h)))
""",
    ),
    Wrong(
        A,
        X,
        "norm_first the wrong way round",
        INIT
        + """        if not self.norm_first:
            y = self.norm1(x)
            x = x + self.dropout(self.self_attention(y, y, y, mask))
            return x + self.dropout(self.feed_forward(self.norm2(x)))
        x = self.norm1(x + self.dropout(self.self_attention(x, x, x, mask)))
        return self.norm2(x + self.dropout(self.feed_forward(x)))
""",
    ),
    Wrong(
        A,
        X,
        "norm_first is ignored: always post-norm",
        INIT
        + """        attn = self.self_attention(x, x, x, mask)
        x = self.norm1(x + self.dropout(attn))
        ff = self.feed_forward(x)
        return self.norm2(x + self.dropout(ff))
""",
    ),
    Wrong(
        A,
        X,
        "always pre-norm",
        f'''
class SublayerConnection(nn.Module):
    """
    A residual connection followed by a layer norm.
    Note for code simplicity the norm is first as opposed to last.
    """

    def __init__(self, dropout):
        super().__init__()
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, norm, sublayer):
        "Apply residual connection to any sublayer with the same size."
        return x + self.dropout(sublayer(norm(x)))


class EncoderLayer(nn.Module):
    "Encoder is made up of self-attn and feed forward (defined below)"

    def __init__({SIGNATURE}):
        super().__init__()
        self.self_attention = MultiHeadAttention(d_model, num_heads)
        self.feed_forward = FeedForward(d_model, d_ff, activation)
        self.norm1, self.norm2 = LayerNorm(d_model, eps), LayerNorm(d_model, eps)
        self.sublayer = nn.ModuleList([SublayerConnection(dropout) for _ in range(2)])

    def forward(self, x, mask=None):
        x = self.sublayer[0](x, self.norm1, lambda x: self.self_attention(x, x, x, mask))
        return self.sublayer[1](x, self.norm2, self.feed_forward)
''',
    ),
    Wrong(
        A,
        X,
        "pre-norm: the normalised vectors are the residual",
        INIT
        + """        if self.norm_first:
            x = self.norm1(x)
            x = x + self.dropout(self.self_attention(x, x, x, mask))
            x = self.norm2(x)
            return x + self.dropout(self.feed_forward(x))
        x = self.norm1(x + self.dropout(self.self_attention(x, x, x, mask)))
        return self.norm2(x + self.dropout(self.feed_forward(x)))
""",
    ),
    Wrong(
        A,
        X,
        "pre-norm: only the queries are normalised",
        INIT
        + """        if self.norm_first:
            x = x + self.dropout(self.self_attention(self.norm1(x), x, x, mask))
            return x + self.dropout(self.feed_forward(self.norm2(x)))
        x = self.norm1(x + self.dropout(self.self_attention(x, x, x, mask)))
        return self.norm2(x + self.dropout(self.feed_forward(x)))
""",
    ),
    Wrong(
        A,
        X,
        "post-norm: the sublayer's output is normalised, not the sum",
        INIT
        + """        if self.norm_first:
            y = self.norm1(x)
            x = x + self.dropout(self.self_attention(y, y, y, mask))
            return x + self.dropout(self.feed_forward(self.norm2(x)))
        x = x + self.norm1(self.dropout(self.self_attention(x, x, x, mask)))
        return x + self.norm2(self.dropout(self.feed_forward(x)))
""",
    ),
    Wrong(
        A,
        X,
        "the mask is not passed on",
        INIT
        + """        if self.norm_first:
            n = self.norm1(x)
            x = x + self.dropout(self.self_attention(n, n, n))
            return x + self.dropout(self.feed_forward(self.norm2(x)))
        x = self.norm1(x + self.dropout(self.self_attention(x, x, x)))
        return self.norm2(x + self.dropout(self.feed_forward(x)))
""",
    ),
    Wrong(
        A,
        X,
        "the mask is passed on in post-norm only",
        INIT
        + """        if self.norm_first:
            n = self.norm1(x)
            x = x + self.dropout(self.self_attention(n, n, n))
            return x + self.dropout(self.feed_forward(self.norm2(x)))
        x = self.norm1(x + self.dropout(self.self_attention(x, x, x, mask)))
        return self.norm2(x + self.dropout(self.feed_forward(x)))
""",
    ),
    Wrong(
        A,
        X,
        "no dropout at all",
        f"""
class EncoderLayer(nn.Module):
    def __init__({SIGNATURE}):
        super().__init__()
        self.self_attention = MultiHeadAttention(d_model, num_heads)
        self.feed_forward = FeedForward(d_model, d_ff, activation)
        self.norm1 = LayerNorm(d_model, eps)
        self.norm2 = LayerNorm(d_model, eps)
        self.norm_first = norm_first

    def forward(self, x, mask=None):
        if self.norm_first:
            n = self.norm1(x)
            x = x + self.self_attention(n, n, n, mask)
            return x + self.feed_forward(self.norm2(x))
        x = self.norm1(x + self.self_attention(x, x, x, mask))
        return self.norm2(x + self.feed_forward(x))
""",
    ),
    Wrong(
        A,
        X,
        "dropout after attention only",
        INIT
        + """        if self.norm_first:
            n = self.norm1(x)
            x = x + self.dropout(self.self_attention(n, n, n, mask))
            return x + self.feed_forward(self.norm2(x))
        x = self.norm1(x + self.dropout(self.self_attention(x, x, x, mask)))
        return self.norm2(x + self.feed_forward(x))
""",
    ),
    Wrong(
        A,
        X,
        "dropout after the sum",
        INIT
        + """        if self.norm_first:
            n = self.norm1(x)
            x = self.dropout(x + self.self_attention(n, n, n, mask))
            return self.dropout(x + self.feed_forward(self.norm2(x)))
        x = self.norm1(self.dropout(x + self.self_attention(x, x, x, mask)))
        return self.norm2(self.dropout(x + self.feed_forward(x)))
""",
    ),
    Wrong(
        A,
        X,
        "dropout on the inputs of the sublayers",
        INIT
        + """        if self.norm_first:
            n = self.dropout(self.norm1(x))
            x = x + self.self_attention(n, n, n, mask)
            return x + self.feed_forward(self.dropout(self.norm2(x)))
        d = self.dropout(x)
        x = self.norm1(x + self.self_attention(d, d, d, mask))
        return self.norm2(x + self.feed_forward(self.dropout(x)))
""",
    ),
    Wrong(
        A,
        X,
        "dropout after the norm as well (post-norm)",
        INIT
        + """        if self.norm_first:
            n = self.norm1(x)
            x = x + self.dropout(self.self_attention(n, n, n, mask))
            return x + self.dropout(self.feed_forward(self.norm2(x)))
        x = self.dropout(self.norm1(x + self.dropout(self.self_attention(x, x, x, mask))))
        return self.dropout(self.norm2(x + self.dropout(self.feed_forward(x))))
""",
    ),
    Wrong(
        A,
        X,
        "F.dropout is always on",
        f"""
class EncoderLayer(nn.Module):
    def __init__({SIGNATURE}):
        super().__init__()
        self.self_attention = MultiHeadAttention(d_model, num_heads)
        self.feed_forward = FeedForward(d_model, d_ff, activation)
        self.norm1 = LayerNorm(d_model, eps)
        self.norm2 = LayerNorm(d_model, eps)
        self.p = dropout
        self.norm_first = norm_first

    def forward(self, x, mask=None):
        if self.norm_first:
            n = self.norm1(x)
            x = x + F.dropout(self.self_attention(n, n, n, mask), self.p)
            return x + F.dropout(self.feed_forward(self.norm2(x)), self.p)
        x = self.norm1(x + F.dropout(self.self_attention(x, x, x, mask), self.p))
        return self.norm2(x + F.dropout(self.feed_forward(x), self.p))
""",
    ),
    Wrong(
        A,
        X,
        "the rate is fixed at 0.1",
        INIT.replace("nn.Dropout(dropout)", "nn.Dropout(0.1)")
        + """        if self.norm_first:
            n = self.norm1(x)
            x = x + self.dropout(self.self_attention(n, n, n, mask))
            return x + self.dropout(self.feed_forward(self.norm2(x)))
        x = self.norm1(x + self.dropout(self.self_attention(x, x, x, mask)))
        return self.norm2(x + self.dropout(self.feed_forward(x)))
""",
    ),
    Wrong(
        A,
        X,
        "dropout is taken as the share that is kept",
        INIT.replace("nn.Dropout(dropout)", "nn.Dropout(1 - dropout)")
        + """        if self.norm_first:
            n = self.norm1(x)
            x = x + self.dropout(self.self_attention(n, n, n, mask))
            return x + self.dropout(self.feed_forward(self.norm2(x)))
        x = self.norm1(x + self.dropout(self.self_attention(x, x, x, mask)))
        return self.norm2(x + self.dropout(self.feed_forward(x)))
""",
    ),
    Wrong(
        A,
        X,
        "numbers are dropped, but the others are not scaled up",
        f"""
class EncoderLayer(nn.Module):
    def __init__({SIGNATURE}):
        super().__init__()
        self.self_attention = MultiHeadAttention(d_model, num_heads)
        self.feed_forward = FeedForward(d_model, d_ff, activation)
        self.norm1 = LayerNorm(d_model, eps)
        self.norm2 = LayerNorm(d_model, eps)
        self.p, self.norm_first = dropout, norm_first

    def drop(self, y):
        if not self.training:
            return y
        return y * (torch.rand_like(y) >= self.p)

    def forward(self, x, mask=None):
        if self.norm_first:
            n = self.norm1(x)
            x = x + self.drop(self.self_attention(n, n, n, mask))
            return x + self.drop(self.feed_forward(self.norm2(x)))
        x = self.norm1(x + self.drop(self.self_attention(x, x, x, mask)))
        return self.norm2(x + self.drop(self.feed_forward(x)))
""",
    ),
    Wrong(
        A,
        X,
        "eps is not given to the norms",
        INIT.replace("LayerNorm(d_model, eps)", "LayerNorm(d_model)")
        + """        if self.norm_first:
            n = self.norm1(x)
            x = x + self.dropout(self.self_attention(n, n, n, mask))
            return x + self.dropout(self.feed_forward(self.norm2(x)))
        x = self.norm1(x + self.dropout(self.self_attention(x, x, x, mask)))
        return self.norm2(x + self.dropout(self.feed_forward(x)))
""",
    ),
    Wrong(
        A,
        X,
        "the activation is not given on",
        INIT.replace("d_ff, activation)\n", "d_ff)\n")
        + """        if self.norm_first:
            n = self.norm1(x)
            x = x + self.dropout(self.self_attention(n, n, n, mask))
            return x + self.dropout(self.feed_forward(self.norm2(x)))
        x = self.norm1(x + self.dropout(self.self_attention(x, x, x, mask)))
        return self.norm2(x + self.dropout(self.feed_forward(x)))
""",
    ),
    Wrong(
        A,
        X,
        "one norm for both",
        INIT.replace("self.norm2 = LayerNorm(d_model, eps)", "self.norm2 = self.norm1")
        + """        if self.norm_first:
            n = self.norm1(x)
            x = x + self.dropout(self.self_attention(n, n, n, mask))
            return x + self.dropout(self.feed_forward(self.norm2(x)))
        x = self.norm1(x + self.dropout(self.self_attention(x, x, x, mask)))
        return self.norm2(x + self.dropout(self.feed_forward(x)))
""",
    ),
    Wrong(
        A,
        X,
        "norm1 and norm2 exchanged",
        INIT
        + """        if self.norm_first:
            n = self.norm2(x)
            x = x + self.dropout(self.self_attention(n, n, n, mask))
            return x + self.dropout(self.feed_forward(self.norm1(x)))
        x = self.norm2(x + self.dropout(self.self_attention(x, x, x, mask)))
        return self.norm1(x + self.dropout(self.feed_forward(x)))
""",
    ),
    Wrong(
        A,
        X,
        "norm2 is used twice in pre-norm",
        INIT
        + """        if self.norm_first:
            n = self.norm2(x)
            x = x + self.dropout(self.self_attention(n, n, n, mask))
            return x + self.dropout(self.feed_forward(self.norm2(x)))
        x = self.norm1(x + self.dropout(self.self_attention(x, x, x, mask)))
        return self.norm2(x + self.dropout(self.feed_forward(x)))
""",
    ),
    Wrong(
        A,
        X,
        "x is changed in place",
        INIT
        + """        if self.norm_first:
            n = self.norm1(x)
            x += self.dropout(self.self_attention(n, n, n, mask))
            return x + self.dropout(self.feed_forward(self.norm2(x)))
        x = self.norm1(x + self.dropout(self.self_attention(x, x, x, mask)))
        return self.norm2(x + self.dropout(self.feed_forward(x)))
""",
    ),
    Wrong(
        A,
        X,
        "feed-forward first, then attention",
        INIT
        + """        if self.norm_first:
            x = x + self.dropout(self.feed_forward(self.norm2(x)))
            n = self.norm1(x)
            return x + self.dropout(self.self_attention(n, n, n, mask))
        x = self.norm2(x + self.dropout(self.feed_forward(x)))
        return self.norm1(x + self.dropout(self.self_attention(x, x, x, mask)))
""",
    ),
    Wrong(
        A,
        X,
        "attention and feed-forward in parallel",
        INIT
        + """        if self.norm_first:
            n = self.norm1(x)
            a = self.dropout(self.self_attention(n, n, n, mask))
            f = self.dropout(self.feed_forward(self.norm2(x)))
            return x + a + f
        x = self.norm1(x + self.dropout(self.self_attention(x, x, x, mask)))
        return self.norm2(x + self.dropout(self.feed_forward(x)))
""",
    ),
    Wrong(
        A,
        X,
        "dropout drops whole vectors",
        INIT.replace("nn.Dropout(dropout)", "nn.Dropout(dropout)")
        + """        def drop(y):
            return y * self.dropout(torch.ones_like(y[..., :1]))

        if self.norm_first:
            n = self.norm1(x)
            x = x + drop(self.self_attention(n, n, n, mask))
            return x + drop(self.feed_forward(self.norm2(x)))
        x = self.norm1(x + drop(self.self_attention(x, x, x, mask)))
        return self.norm2(x + drop(self.feed_forward(x)))
""",
    ),
    Wrong(
        A,
        X,
        "pre-norm has a third norm at the end, without parameters",
        INIT
        + """        if self.norm_first:
            n = self.norm1(x)
            x = x + self.dropout(self.self_attention(n, n, n, mask))
            x = x + self.dropout(self.feed_forward(self.norm2(x)))
            return F.layer_norm(x, x.shape[-1:])
        x = self.norm1(x + self.dropout(self.self_attention(x, x, x, mask)))
        return self.norm2(x + self.dropout(self.feed_forward(x)))
""",
    ),
    Two(
        A,
        X,
        ["dropout after attention only", "the mask is not passed on"],
        INIT
        + """        if self.norm_first:
            z = self.norm1(x)
            x = x + self.dropout(self.self_attention(z, z, z))
            return x + self.feed_forward(self.norm2(x))
        z = self.norm1(x + self.dropout(self.self_attention(x, x, x)))
        return self.norm2(z + self.feed_forward(z))
""",
    ),
    Two(
        A,
        X,
        ["eps is not given on", "pre-norm: the normalised vectors are the residual"],
        INIT.replace("LayerNorm(d_model, eps)", "LayerNorm(d_model)")
        + """        if self.norm_first:
            x = self.norm1(x)
            x = x + self.dropout(self.self_attention(x, x, x, mask))
            x = self.norm2(x)
            return x + self.dropout(self.feed_forward(x))
        x = self.norm1(x + self.dropout(self.self_attention(x, x, x, mask)))
        return self.norm2(x + self.dropout(self.feed_forward(x)))
""",
    ),
    Two(
        A,
        X,
        ["norm_first is ignored", "the activation is ignored"],
        f"""
class EncoderLayer(nn.Module):
    def __init__({SIGNATURE}):
        super().__init__()
        self.self_attention = MultiHeadAttention(d_model, num_heads)
        self.feed_forward = FeedForward(d_model, d_ff)
        self.norm1 = LayerNorm(d_model, eps)
        self.norm2 = LayerNorm(d_model, eps)
        self.dropout1 = nn.Dropout(dropout)
        self.dropout2 = nn.Dropout(dropout)

    def forward(self, src, mask=None):
        src2 = self.self_attention(src, src, src, mask)
        src = self.norm1(src + self.dropout1(src2))
        src2 = self.feed_forward(src)
        return self.norm2(src + self.dropout2(src2))
""",
    ),
    Wrong(
        A,
        X,
        "the mask is inverted, as PyTorch's modules want it",
        f"""
class EncoderLayer(nn.Module):
    def __init__({SIGNATURE}):
        super().__init__()
        self.self_attention = MultiHeadAttention(d_model, num_heads)
        self.feed_forward = FeedForward(d_model, d_ff, activation)
        self.norm1, self.norm2 = LayerNorm(d_model, eps), LayerNorm(d_model, eps)
        self.drops = nn.ModuleList([nn.Dropout(dropout), nn.Dropout(dropout)])
        self.norm_first = norm_first

    def attend(self, x, mask):
        blocked = None if mask is None else ~mask
        return self.drops[0](self.self_attention(x, x, x, blocked))

    def think(self, x):
        return self.drops[1](self.feed_forward(x))

    def forward(self, x, mask=None):
        if self.norm_first:
            x = x + self.attend(self.norm1(x), mask)
            return x + self.think(self.norm2(x))
        x = self.norm1(x + self.attend(x, mask))
        return self.norm2(x + self.think(x))
""",
    ),
    Wrong(
        A,
        X,
        "lambdas made in a loop all use the last sublayer",
        f"""
class EncoderLayer(nn.Module):
    def __init__({SIGNATURE}):
        super().__init__()
        self.self_attention = MultiHeadAttention(d_model, num_heads)
        self.feed_forward = FeedForward(d_model, d_ff, activation)
        self.norm1, self.norm2 = LayerNorm(d_model, eps), LayerNorm(d_model, eps)
        self.dropout = nn.Dropout(dropout)
        self.norm_first = norm_first

    def forward(self, x, mask=None):
        parts = [(self.norm1, lambda y: self.self_attention(y, y, y, mask)), (self.norm2, self.feed_forward)]
        steps = []
        for norm, sublayer in parts:
            if self.norm_first:
                steps.append(lambda z: z + self.dropout(sublayer(norm(z))))
            else:
                steps.append(lambda z: norm(z + self.dropout(sublayer(z))))
        for step in steps:
            x = step(x)
        return x
""",
    ),
    Wrong(
        A,
        X,
        "whether to drop is decided once, when the layer is made",
        f"""
class EncoderLayer(nn.Module):
    def __init__({SIGNATURE}):
        super().__init__()
        self.self_attention = MultiHeadAttention(d_model, num_heads)
        self.feed_forward = FeedForward(d_model, d_ff, activation)
        self.norm1, self.norm2 = LayerNorm(d_model, eps), LayerNorm(d_model, eps)
        self.norm_first = norm_first
        rate = dropout if self.training else 0.0
        self.drop = lambda y: F.dropout(y, p=rate)

    def forward(self, x, mask=None):
        residual = x
        y = self.norm1(x) if self.norm_first else x
        y = self.drop(self.self_attention(y, y, y, mask)) + residual
        if not self.norm_first:
            y = self.norm1(y)
        residual = y
        z = self.norm2(y) if self.norm_first else y
        z = self.drop(self.feed_forward(z)) + residual
        return z if self.norm_first else self.norm2(z)
""",
    ),
    Wrong(
        A,
        X,
        "without a mask it is causal",
        f"""
class EncoderLayer(nn.Module):
    def __init__({SIGNATURE}):
        super().__init__()
        self.self_attention = MultiHeadAttention(d_model, num_heads)
        self.feed_forward = FeedForward(d_model, d_ff, activation)
        self.norm1, self.norm2 = LayerNorm(d_model, eps), LayerNorm(d_model, eps)
        self.dropout = nn.Dropout(dropout)
        self.norm_first = norm_first

    def forward(self, x, mask=None):
        mask = causal_mask(x.size(1)) if mask is None else mask
        h = self.norm1(x) if self.norm_first else x
        x = x + self.dropout(self.self_attention(h, h, h, mask))
        if not self.norm_first:
            x = self.norm1(x)
        h = self.norm2(x) if self.norm_first else x
        x = x + self.dropout(self.feed_forward(h))
        return x if self.norm_first else self.norm2(x)
""",
    ),
    Wrong(
        A,
        X,
        "post-norm: the second residual is the sum before the first norm",
        f"""
class EncoderLayer(nn.Module):
    def __init__({SIGNATURE}):
        super().__init__()
        self.self_attention = MultiHeadAttention(d_model, num_heads)
        self.feed_forward = FeedForward(d_model, d_ff, activation)
        self.norm1, self.norm2 = LayerNorm(d_model, eps), LayerNorm(d_model, eps)
        self.dropout = nn.Dropout(dropout)
        self.norm_first = norm_first

    def forward(self, x, mask=None):
        h = self.norm1(x) if self.norm_first else x
        total = x + self.dropout(self.self_attention(h, h, h, mask))
        if self.norm_first:
            return total + self.dropout(self.feed_forward(self.norm2(total)))
        return self.norm2(total + self.dropout(self.feed_forward(self.norm1(total))))
""",
    ),
]
