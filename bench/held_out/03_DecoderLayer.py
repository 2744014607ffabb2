from heldout import Right, Two, Wrong

A, X = "03_decoder", "DecoderLayer"
SIG = "self, d_model, num_heads, d_ff, dropout=0.1, activation=torch.relu, eps=1e-5, norm_first=False"
INIT = f"""
class DecoderLayer(nn.Module):
    def __init__({SIG}):
        super().__init__()
        self.self_attention = MultiHeadAttention(d_model, num_heads)
        self.cross_attention = MultiHeadAttention(d_model, num_heads)
        self.feed_forward = FeedForward(d_model, d_ff, activation)
        self.norm1 = LayerNorm(d_model, eps)
        self.norm2 = LayerNorm(d_model, eps)
        self.norm3 = LayerNorm(d_model, eps)
        self.dropout = nn.Dropout(dropout)
        self.norm_first = norm_first

    def forward(self, x, memory, self_mask=None, memory_mask=None):
"""
PRE = """        if self.norm_first:
            n = self.norm1(x)
            x = x + self.dropout(self.self_attention(n, n, n, self_mask))
            x = x + self.dropout(self.cross_attention(self.norm2(x), memory, memory, memory_mask))
            return x + self.dropout(self.feed_forward(self.norm3(x)))
"""
POST = """        x = self.norm1(x + self.dropout(self.self_attention(x, x, x, self_mask)))
        x = self.norm2(x + self.dropout(self.cross_attention(x, memory, memory, memory_mask)))
        return self.norm3(x + self.dropout(self.feed_forward(x)))
"""


def case(kind, what, init=INIT, pre=PRE, post=POST):
    assert (init, pre, post) != (INIT, PRE, POST)
    return kind(A, X, what, init + pre + post)


CASES = [
    Right(
        A,
        X,
        "a loop over sublayers",
        f"""
class DecoderLayer(nn.Module):
    def __init__({SIG}):
        super().__init__()
        self.self_attention = MultiHeadAttention(d_model, num_heads)
        self.cross_attention = MultiHeadAttention(d_model, num_heads)
        self.feed_forward = FeedForward(d_model, d_ff, activation)
        for i in (1, 2, 3):
            setattr(self, f"norm{{i}}", LayerNorm(d_model, eps))
        self.drop, self.pre = nn.Dropout(dropout), norm_first

    def forward(self, x: Tensor, memory: Tensor, self_mask: Tensor | None = None, memory_mask: Tensor | None = None) -> Tensor:
        sublayers = [
            (self.norm1, lambda y: self.self_attention(y, y, y, self_mask)),
            (self.norm2, lambda y: self.cross_attention(y, memory, memory, memory_mask)),
            (self.norm3, self.feed_forward),
        ]
        for norm, sublayer in sublayers:
            if self.pre:
                x = x + self.drop(sublayer(norm(x)))
            else:
                x = norm(x + self.drop(sublayer(x)))
        return x
""",
    ),
    Right(
        A,
        X,
        "three dropouts, the blocks of PyTorch's own layer",
        f"""
class DecoderLayer(nn.Module):
    def __init__({SIG}):
        super().__init__()
        self.self_attention = MultiHeadAttention(d_model, num_heads)
        self.cross_attention = MultiHeadAttention(d_model, num_heads)
        self.feed_forward = FeedForward(d_model, d_ff, activation)
        self.norm_first = norm_first
        self.norm1 = LayerNorm(d_model, eps=eps)
        self.norm2 = LayerNorm(d_model, eps=eps)
        self.norm3 = LayerNorm(d_model, eps=eps)
        self.dropout1 = nn.Dropout(dropout)
        self.dropout2 = nn.Dropout(dropout)
        self.dropout3 = nn.Dropout(dropout)

    def forward(self, tgt, memory, self_mask=None, memory_mask=None):
        x = tgt
        if self.norm_first:
            x = x + self._sa_block(self.norm1(x), self_mask)
            x = x + self._mha_block(self.norm2(x), memory, memory_mask)
            x = x + self._ff_block(self.norm3(x))
        else:
            x = self.norm1(x + self._sa_block(x, self_mask))
            x = self.norm2(x + self._mha_block(x, memory, memory_mask))
            x = self.norm3(x + self._ff_block(x))
        return x

    def _sa_block(self, x, attn_mask):
        return self.dropout1(self.self_attention(x, x, x, mask=attn_mask))

    def _mha_block(self, x, mem, attn_mask):
        return self.dropout2(self.cross_attention(x, mem, mem, mask=attn_mask))

    def _ff_block(self, x):
        return self.dropout3(self.feed_forward(x))
""".replace("tgt, memory", "x, memory").replace("        x = tgt\n", ""),
    ),
    Right(
        A,
        X,
        "inherits from EncoderLayer",
        f'''
class DecoderLayer(EncoderLayer):
    """An encoder layer with one more sublayer: cross-attention in the middle."""

    def __init__({SIG}):
        super().__init__(d_model, num_heads, d_ff, dropout, activation, eps, norm_first)
        self.cross_attention = MultiHeadAttention(d_model, num_heads)
        self.norm3 = LayerNorm(d_model, eps)

    def forward(self, x, memory, self_mask=None, memory_mask=None):
        if self.norm_first:
            normed = self.norm1(x)
            a = x + self.dropout(self.self_attention(normed, normed, normed, self_mask))
            b = a + self.dropout(self.cross_attention(self.norm2(a), memory, memory, memory_mask))
            c = b + self.dropout(self.feed_forward(self.norm3(b)))
        else:
            a = self.norm1(x + self.dropout(self.self_attention(x, x, x, self_mask)))
            b = self.norm2(a + self.dropout(self.cross_attention(a, memory, memory, memory_mask)))
            c = self.norm3(b + self.dropout(self.feed_forward(b)))
        return c
''',
    ),
    case(
        Wrong,
        "values of cross-attention come from x",
        pre=PRE.replace("memory, memory, memory_mask", "memory, x, memory_mask"),
        post=POST.replace("memory, memory, memory_mask", "memory, x, memory_mask"),
    ),
    case(
        Wrong,
        "queries come from the memory, keys and values from x",
        pre=PRE.replace(
            "self.cross_attention(self.norm2(x), memory, memory, memory_mask)",
            "self.cross_attention(memory, self.norm2(x), self.norm2(x), memory_mask)",
        ),
        post=POST.replace(
            "self.cross_attention(x, memory, memory, memory_mask)", "self.cross_attention(memory, x, x, memory_mask)"
        ),
    ),
    case(
        Wrong,
        "the masks are exchanged",
        pre=PRE.replace("memory_mask", "M").replace("self_mask", "memory_mask").replace("M)", "self_mask)"),
        post=POST.replace("memory_mask", "M").replace("self_mask", "memory_mask").replace("M)", "self_mask)"),
    ),
    case(
        Wrong,
        "no mask in cross-attention",
        pre=PRE.replace(", memory_mask", ""),
        post=POST.replace(", memory_mask", ""),
    ),
    case(Wrong, "no mask in self-attention", pre=PRE.replace(", self_mask", ""), post=POST.replace(", self_mask", "")),
    case(
        Wrong,
        "a causal mask of its own, self_mask is ignored",
        pre="        self_mask = causal_mask(x.shape[1])\n" + PRE,
    ),
    case(
        Wrong,
        "self_mask None becomes a causal mask",
        pre="        if self_mask is None:\n            self_mask = causal_mask(x.size(1))\n" + PRE,
    ),
    case(
        Wrong,
        "cross-attention is missing in forward",
        pre=PRE.replace(
            "            x = x + self.dropout(self.cross_attention(self.norm2(x), memory, memory, memory_mask))\n", ""
        ),
        post=POST.replace(
            "        x = self.norm2(x + self.dropout(self.cross_attention(x, memory, memory, memory_mask)))\n", ""
        ),
    ),
    case(
        Wrong,
        "cross-attention comes before self-attention",
        pre="""        if self.norm_first:
            x = x + self.dropout(self.cross_attention(self.norm2(x), memory, memory, memory_mask))
            n = self.norm1(x)
            x = x + self.dropout(self.self_attention(n, n, n, self_mask))
            return x + self.dropout(self.feed_forward(self.norm3(x)))
""",
        post="""        x = self.norm2(x + self.dropout(self.cross_attention(x, memory, memory, memory_mask)))
        x = self.norm1(x + self.dropout(self.self_attention(x, x, x, self_mask)))
        return self.norm3(x + self.dropout(self.feed_forward(x)))
""",
    ),
    case(
        Wrong,
        "feed-forward comes before cross-attention",
        pre="""        if self.norm_first:
            n = self.norm1(x)
            x = x + self.dropout(self.self_attention(n, n, n, self_mask))
            x = x + self.dropout(self.feed_forward(self.norm3(x)))
            return x + self.dropout(self.cross_attention(self.norm2(x), memory, memory, memory_mask))
""",
        post="""        x = self.norm1(x + self.dropout(self.self_attention(x, x, x, self_mask)))
        x = self.norm3(x + self.dropout(self.feed_forward(x)))
        return self.norm2(x + self.dropout(self.cross_attention(x, memory, memory, memory_mask)))
""",
    ),
    case(
        Wrong,
        "the memory is normalised in pre-norm",
        pre=PRE.replace(
            "self.cross_attention(self.norm2(x), memory, memory, memory_mask)",
            "self.cross_attention(self.norm2(x), self.norm2(memory), self.norm2(memory), memory_mask)",
        ),
    ),
    case(
        Wrong,
        "queries of cross-attention are not normalised in pre-norm",
        pre=PRE.replace("self.cross_attention(self.norm2(x), memory", "self.cross_attention(x, memory"),
    ),
    case(
        Wrong,
        "one attention for both",
        init=INIT.replace(
            "self.cross_attention = MultiHeadAttention(d_model, num_heads)",
            "self.cross_attention = self.self_attention",
        ),
    ),
    case(
        Wrong,
        "two norms, the second for both last sublayers",
        init=INIT.replace("self.norm3 = LayerNorm(d_model, eps)", "self.norm3 = self.norm2"),
    ),
    case(
        Wrong,
        "norm2 and norm3 exchanged",
        pre=PRE.replace("norm2", "N").replace("norm3", "norm2").replace("self.N", "self.norm3"),
        post=POST.replace("norm2", "N").replace("norm3", "norm2").replace("self.N", "self.norm3"),
    ),
    case(
        Wrong,
        "no residual around cross-attention",
        pre=PRE.replace("x = x + self.dropout(self.cross_attention", "x = self.dropout(self.cross_attention"),
        post=POST.replace(
            "self.norm2(x + self.dropout(self.cross_attention(x, memory, memory, memory_mask)))",
            "self.norm2(self.dropout(self.cross_attention(x, memory, memory, memory_mask)))",
        ),
    ),
    case(
        Wrong,
        "no norm after cross-attention in post-norm",
        post=POST.replace(
            "x = self.norm2(x + self.dropout(self.cross_attention(x, memory, memory, memory_mask)))",
            "x = x + self.dropout(self.cross_attention(x, memory, memory, memory_mask))",
        ),
    ),
    Wrong(
        A,
        X,
        "cross-attention asks with the layer's input",
        f"""
class DecoderLayer(nn.Module):
    def __init__({SIG}):
        super().__init__()
        self.self_attention = MultiHeadAttention(d_model, num_heads)
        self.cross_attention = MultiHeadAttention(d_model, num_heads)
        self.feed_forward = FeedForward(d_model, d_ff, activation)
        self.norm1, self.norm2, self.norm3 = (LayerNorm(d_model, eps) for _ in range(3))
        self.dropout = nn.Dropout(dropout)
        self.norm_first = norm_first

    def forward(self, x, memory, self_mask=None, memory_mask=None):
        if self.norm_first:
            q = self.norm1(x)
            h = x + self.dropout(self.self_attention(q, q, q, self_mask))
            h = h + self.dropout(self.cross_attention(self.norm2(x), memory, memory, memory_mask))
            return h + self.dropout(self.feed_forward(self.norm3(h)))
        h = self.norm1(x + self.dropout(self.self_attention(x, x, x, self_mask)))
        h = self.norm2(h + self.dropout(self.cross_attention(x, memory, memory, memory_mask)))
        return self.norm3(h + self.dropout(self.feed_forward(h)))
""",
    ),
    case(Wrong, "norm_first is ignored: always post-norm", pre=""),
    case(Wrong, "always pre-norm", pre=PRE.replace("if self.norm_first:", "if True:")),
    case(Wrong, "norm_first the wrong way round", pre=PRE.replace("if self.norm_first", "if not self.norm_first")),
    case(
        Wrong,
        "pre-norm: the normalised vectors are the residual of self-attention",
        pre=PRE.replace("n = self.norm1(x)", "x = n = self.norm1(x)"),
    ),
    case(
        Wrong,
        "no dropout after cross-attention",
        pre=PRE.replace(
            "self.dropout(self.cross_attention(self.norm2(x), memory, memory, memory_mask))",
            "self.cross_attention(self.norm2(x), memory, memory, memory_mask)",
        ),
        post=POST.replace(
            "self.dropout(self.cross_attention(x, memory, memory, memory_mask))",
            "self.cross_attention(x, memory, memory, memory_mask)",
        ),
    ),
    case(
        Wrong,
        "no dropout after feed-forward in pre-norm",
        pre=PRE.replace("self.dropout(self.feed_forward(self.norm3(x)))", "self.feed_forward(self.norm3(x))"),
    ),
    case(Wrong, "the memory is dropped, too", pre="        memory = self.dropout(memory)\n" + PRE),
    case(
        Wrong,
        "dropout of the sum in post-norm",
        post=POST.replace(
            "self.norm3(x + self.dropout(self.feed_forward(x)))", "self.norm3(self.dropout(x + self.feed_forward(x)))"
        ),
    ),
    case(Wrong, "the rate is the default one", init=INIT.replace("nn.Dropout(dropout)", "nn.Dropout()")),
    case(
        Wrong,
        "eps is missing in norm3",
        init=INIT.replace("self.norm3 = LayerNorm(d_model, eps)", "self.norm3 = LayerNorm(d_model)"),
    ),
    case(
        Wrong,
        "the activation is not given on",
        init=INIT.replace("FeedForward(d_model, d_ff, activation)", "FeedForward(d_model, d_ff)"),
    ),
    case(Wrong, "the memory is detached", pre="        memory = memory.detach()\n" + PRE),
    case(
        Wrong,
        "x is changed in place in pre-norm",
        pre=PRE.replace("x = x + self.dropout(self.self_attention", "x += self.dropout(self.self_attention"),
    ),
    case(
        Wrong,
        "the memory is cut or repeated to the target's length",
        pre="        if memory.shape[1] > x.shape[1]:\n            memory = memory[:, : x.shape[1]]\n            memory_mask = None if memory_mask is None else memory_mask[..., : x.shape[1]]\n"
        + PRE,
    ),
    case(
        Wrong,
        "a last norm in pre-norm without parameters",
        pre=PRE.replace(
            "return x + self.dropout(self.feed_forward(self.norm3(x)))",
            "return F.layer_norm(x + self.dropout(self.feed_forward(self.norm3(x))), x.shape[-1:])",
        ),
    ),
    case(
        Wrong,
        "an attribute of another name: encoder_attention",
        init=INIT.replace("self.cross_attention", "self.encoder_attention"),
        pre=PRE.replace("self.cross_attention", "self.encoder_attention"),
        post=POST.replace("self.cross_attention", "self.encoder_attention"),
    ),
    case(
        Two,
        ["no mask in cross-attention", "no dropout after cross-attention"],
        pre=PRE.replace(
            "self.dropout(self.cross_attention(self.norm2(x), memory, memory, memory_mask))",
            "self.cross_attention(self.norm2(x), memory, memory)",
        ),
        post=POST.replace(
            "self.dropout(self.cross_attention(x, memory, memory, memory_mask))",
            "self.cross_attention(x, memory, memory)",
        ),
    ),
    case(
        Two,
        ["one norm for all", "the memory is normalised in pre-norm"],
        init=INIT.replace("self.norm2 = LayerNorm(d_model, eps)", "self.norm2 = self.norm1").replace(
            "self.norm3 = LayerNorm(d_model, eps)", "self.norm3 = self.norm1"
        ),
        pre=PRE.replace("memory, memory, memory_mask", "self.norm2(memory), self.norm2(memory), memory_mask"),
    ),
    case(
        Two,
        ["values from x", "eps missing"],
        init=INIT.replace("LayerNorm(d_model, eps)", "LayerNorm(d_model)"),
        pre=PRE.replace("memory, memory, memory_mask", "memory, x, memory_mask"),
        post=POST.replace("memory, memory, memory_mask", "memory, x, memory_mask"),
    ),
    case(Two, ["always post-norm", "no mask in self-attention"], pre="", post=POST.replace(", self_mask", "")),
    Wrong(
        A,
        X,
        "inherits, and so cross-attention comes last",
        f"""
class DecoderLayer(EncoderLayer):
    def __init__({SIG}):
        super().__init__(d_model, num_heads, d_ff, dropout, activation, eps, norm_first)
        self.cross_attention = MultiHeadAttention(d_model, num_heads)
        self.norm3 = LayerNorm(d_model, eps)

    def forward(self, x, memory, self_mask=None, memory_mask=None):
        x = super().forward(x, self_mask)
        q = self.norm3(x) if self.norm_first else x
        x = x + self.dropout(self.cross_attention(q, memory, memory, memory_mask))
        return x if self.norm_first else self.norm3(x)
""",
    ),
    Wrong(
        A,
        X,
        "both masks are inverted, as PyTorch's modules want them",
        f"""
class DecoderLayer(nn.Module):
    def __init__({SIG}):
        super().__init__()
        self.self_attention, self.cross_attention = (MultiHeadAttention(d_model, num_heads) for _ in range(2))
        self.feed_forward = FeedForward(d_model, d_ff, activation)
        self.norm1, self.norm2, self.norm3 = (LayerNorm(d_model, eps) for _ in range(3))
        self.dropout, self.norm_first = nn.Dropout(dropout), norm_first

    def forward(self, x, memory, self_mask=None, memory_mask=None):
        self_mask = None if self_mask is None else self_mask.logical_not()
        memory_mask = None if memory_mask is None else memory_mask.logical_not()
        blocks = [
            (self.norm1, lambda y: self.self_attention(y, y, y, self_mask)),
            (self.norm2, lambda y: self.cross_attention(y, memory, memory, memory_mask)),
            (self.norm3, self.feed_forward),
        ]
        for norm, block in blocks:
            x = x + self.dropout(block(norm(x))) if self.norm_first else norm(x + self.dropout(block(x)))
        return x
""",
    ),
    Wrong(
        A,
        X,
        "F.dropout is always on",
        f"""
class DecoderLayer(nn.Module):
    def __init__({SIG}):
        super().__init__()
        self.self_attention = MultiHeadAttention(d_model, num_heads)
        self.cross_attention = MultiHeadAttention(d_model, num_heads)
        self.feed_forward = FeedForward(d_model, d_ff, activation)
        self.norm1, self.norm2, self.norm3 = (LayerNorm(d_model, eps) for _ in range(3))
        self.p, self.norm_first = dropout, norm_first

    def add(self, x, y):
        return x + F.dropout(y, self.p)

    def forward(self, x, memory, self_mask=None, memory_mask=None):
        if self.norm_first:
            y = self.norm1(x)
            x = self.add(x, self.self_attention(y, y, y, self_mask))
            x = self.add(x, self.cross_attention(self.norm2(x), memory, memory, memory_mask))
            return self.add(x, self.feed_forward(self.norm3(x)))
        x = self.norm1(self.add(x, self.self_attention(x, x, x, self_mask)))
        x = self.norm2(self.add(x, self.cross_attention(x, memory, memory, memory_mask)))
        return self.norm3(self.add(x, self.feed_forward(x)))
""",
    ),
    Wrong(
        A,
        X,
        "keys are not the memory: only the values come from it",
        f"""
class DecoderLayer(nn.Module):
    def __init__({SIG}):
        super().__init__()
        self.self_attention = MultiHeadAttention(d_model, num_heads)
        self.cross_attention = MultiHeadAttention(d_model, num_heads)
        self.feed_forward = FeedForward(d_model, d_ff, activation)
        self.norms = [LayerNorm(d_model, eps) for _ in range(3)]
        self.norm1, self.norm2, self.norm3 = self.norms
        self.dropout = nn.Dropout(dropout)
        self.norm_first = norm_first

    def forward(self, x, memory, self_mask=None, memory_mask=None):
        for i, norm in enumerate((self.norm1, self.norm2, self.norm3)):
            h = norm(x) if self.norm_first else x
            if i == 0:
                out = self.self_attention(h, h, h, self_mask)
            elif i == 1:
                out = self.cross_attention(query=h, key=h, value=memory, mask=memory_mask)
            else:
                out = self.feed_forward(h)
            x = x + self.dropout(out)
            if not self.norm_first:
                x = norm(x)
        return x
""",
    ),
    Wrong(
        A,
        X,
        "the causal mask is applied to the memory, too",
        f"""
class DecoderLayer(nn.Module):
    def __init__({SIG}):
        super().__init__()
        self.self_attention = MultiHeadAttention(d_model, num_heads)
        self.cross_attention = MultiHeadAttention(d_model, num_heads)
        self.feed_forward = FeedForward(d_model, d_ff, activation)
        self.norm1, self.norm2, self.norm3 = [LayerNorm(d_model, eps) for _ in "123"]
        self.dropout = nn.Dropout(dropout)
        self.norm_first = norm_first

    def forward(self, x, memory, self_mask=None, memory_mask=None):
        T, S = x.shape[1], memory.shape[1]
        no_future = torch.ones(T, S, dtype=torch.bool).tril()
        memory_mask = no_future if memory_mask is None else memory_mask & no_future
        h = self.norm1(x) if self.norm_first else x
        x = x + self.dropout(self.self_attention(h, h, h, self_mask))
        x = x if self.norm_first else self.norm1(x)
        h = self.norm2(x) if self.norm_first else x
        x = x + self.dropout(self.cross_attention(h, memory, memory, memory_mask))
        x = x if self.norm_first else self.norm2(x)
        h = self.norm3(x) if self.norm_first else x
        x = x + self.dropout(self.feed_forward(h))
        return x if self.norm_first else self.norm3(x)
""",
    ),
]
