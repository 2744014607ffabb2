from heldout import Right, Two, Wrong

A, X = "02_encoder", "Encoder"
SIG = "self, num_layers, d_model, num_heads, d_ff, dropout=0.1, activation=torch.relu, eps=1e-5, norm_first=False"
LAYERS = "nn.ModuleList([EncoderLayer(d_model, num_heads, d_ff, dropout, activation, eps, norm_first) for _ in range(num_layers)])"
CASES = [
    Right(
        A,
        X,
        "deep copies of one layer",
        f"""
class Encoder(nn.Module):
    def __init__({SIG}):
        super().__init__()
        layer = EncoderLayer(d_model, num_heads, d_ff, dropout, activation, eps, norm_first)
        self.layers = nn.ModuleList([copy.deepcopy(layer) for _ in range(num_layers)])
        if norm_first:
            self.norm = LayerNorm(d_model, eps)
        self.norm_first = norm_first

    def forward(self, x, mask=None):
        for layer in self.layers:
            x = layer(x, mask=mask)
        if self.norm_first:
            x = self.norm(x)
        return x
""",
    ),
    Right(
        A,
        X,
        "appends in a while loop, recursion in forward",
        f"""
class Encoder(nn.Module):
    def __init__({SIG}):
        super().__init__()
        self.layers = nn.ModuleList()
        while len(self.layers) < num_layers:
            self.layers.append(
                EncoderLayer(d_model, num_heads, d_ff, dropout=dropout, activation=activation, eps=eps, norm_first=norm_first)
            )
        self.norm = LayerNorm(d_model, eps) if norm_first else nn.Identity()

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        def run(x, n):
            return x if n == 0 else self.layers[n - 1](run(x, n - 1), mask)

        return self.norm(run(x, len(self.layers)))
""",
    ),
    Right(
        A,
        X,
        "keyword dictionary, list of all states",
        f"""
class Encoder(nn.Module):
    def __init__({SIG}):
        super().__init__()
        options = dict(d_model=d_model, num_heads=num_heads, d_ff=d_ff, dropout=dropout)
        options.update(activation=activation, eps=eps, norm_first=norm_first)
        self.layers = nn.ModuleList(map(lambda _: EncoderLayer(**options), range(num_layers)))
        self.norm = None
        if norm_first:
            self.norm = LayerNorm(d_model, eps=eps)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        states = [x]
        for layer in self.layers:
            states.append(layer(states[-1], mask))
        return states[-1] if self.norm is None else self.norm(states[-1])
""",
    ),
    Wrong(
        A,
        X,
        "the same layer num_layers times",
        f"""
class Encoder(nn.Module):
    def __init__({SIG}):
        super().__init__()
        self.layers = nn.ModuleList([EncoderLayer(d_model, num_heads, d_ff, dropout, activation, eps, norm_first)] * num_layers)
        self.norm = LayerNorm(d_model, eps) if norm_first else None

    def forward(self, x, mask=None):
        for layer in self.layers:
            x = layer(x, mask)
        return x if self.norm is None else self.norm(x)
""",
    ),
    Wrong(
        A,
        X,
        "a plain list",
        f"""
class Encoder(nn.Module):
    def __init__({SIG}):
        super().__init__()
        self.layers = [EncoderLayer(d_model, num_heads, d_ff, dropout, activation, eps, norm_first) for i in range(num_layers)]
        self.norm = LayerNorm(d_model, eps) if norm_first else None

    def forward(self, x, mask=None):
        for layer in self.layers:
            x = layer(x, mask)
        return x if self.norm is None else self.norm(x)
""",
    ),
    Wrong(
        A,
        X,
        "nn.Sequential, and the mask is lost",
        f"""
class Encoder(nn.Module):
    def __init__({SIG}):
        super().__init__()
        self.layers = {LAYERS}
        self.norm = LayerNorm(d_model, eps) if norm_first else None

    def forward(self, x, mask=None):
        x = nn.Sequential(*self.layers)(x)
        return x if self.norm is None else self.norm(x)
""",
    ),
    Wrong(
        A,
        X,
        "only the first layer gets the mask",
        f"""
class Encoder(nn.Module):
    def __init__({SIG}):
        super().__init__()
        self.layers = {LAYERS}
        self.norm = LayerNorm(d_model, eps) if norm_first else None

    def forward(self, x, mask=None):
        x = self.layers[0](x, mask)
        for layer in self.layers[1:]:
            x = layer(x)
        return x if self.norm is None else self.norm(x)
""",
    ),
    Wrong(
        A,
        X,
        "each layer gets the original input",
        f"""
class Encoder(nn.Module):
    def __init__({SIG}):
        super().__init__()
        self.layers = {LAYERS}
        self.norm = LayerNorm(d_model, eps) if norm_first else None

    def forward(self, x, mask=None):
        for layer in self.layers:
            out = layer(x, mask)
        return out if self.norm is None else self.norm(out)
""",
    ),
    Wrong(
        A,
        X,
        "returns after the first layer (indentation)",
        f"""
class Encoder(nn.Module):
    def __init__({SIG}):
        super().__init__()
        self.layers = {LAYERS}
        self.norm = LayerNorm(d_model, eps) if norm_first else None

    def forward(self, x, mask=None):
        for layer in self.layers:
            x = layer(x, mask)
            return x if self.norm is None else self.norm(x)
""",
    ),
    Wrong(
        A,
        X,
        "no last norm in pre-norm",
        f"""
class Encoder(nn.Module):
    def __init__({SIG}):
        super().__init__()
        self.layers = {LAYERS}

    def forward(self, x, mask=None):
        for layer in self.layers:
            x = layer(x, mask)
        return x
""",
    ),
    Wrong(
        A,
        X,
        "the last norm is made and not used",
        f"""
class Encoder(nn.Module):
    def __init__({SIG}):
        super().__init__()
        self.layers = {LAYERS}
        if norm_first:
            self.norm = LayerNorm(d_model, eps)

    def forward(self, x, mask=None):
        for layer in self.layers:
            x = layer(x, mask)
        return x
""",
    ),
    Wrong(
        A,
        X,
        "a last norm in post-norm, too",
        f"""
class Encoder(nn.Module):
    "Core encoder is a stack of N layers"

    def __init__({SIG}):
        super().__init__()
        self.layers = {LAYERS}
        self.norm = LayerNorm(d_model, eps)

    def forward(self, x, mask=None):
        "Pass the input (and mask) through each layer in turn."
        for layer in self.layers:
            x = layer(x, mask)
        return self.norm(x)
""",
    ),
    Wrong(
        A,
        X,
        "the norm comes before the first layer",
        f"""
class Encoder(nn.Module):
    def __init__({SIG}):
        super().__init__()
        self.layers = {LAYERS}
        self.norm = LayerNorm(d_model, eps) if norm_first else None

    def forward(self, x, mask=None):
        if self.norm is not None:
            x = self.norm(x)
        for layer in self.layers:
            x = layer(x, mask)
        return x
""",
    ),
    Wrong(
        A,
        X,
        "the norm runs after every layer",
        f"""
class Encoder(nn.Module):
    def __init__({SIG}):
        super().__init__()
        self.layers = {LAYERS}
        self.norm = LayerNorm(d_model, eps) if norm_first else None

    def forward(self, x, mask=None):
        for layer in self.layers:
            x = layer(x, mask)
            if self.norm is not None:
                x = self.norm(x)
        return x
""",
    ),
    Wrong(
        A,
        X,
        "the norm is called final_norm",
        f"""
class Encoder(nn.Module):
    def __init__({SIG}):
        super().__init__()
        self.layers = {LAYERS}
        self.final_norm = LayerNorm(d_model, eps) if norm_first else nn.Identity()

    def forward(self, x, mask=None):
        for layer in self.layers:
            x = layer(x, mask)
        return self.final_norm(x)
""",
    ),
    Wrong(
        A,
        X,
        "eps is missing in the last norm",
        f"""
class Encoder(nn.Module):
    def __init__({SIG}):
        super().__init__()
        self.layers = {LAYERS}
        self.norm = LayerNorm(d_model) if norm_first else None

    def forward(self, x, mask=None):
        for layer in self.layers:
            x = layer(x, mask)
        return x if self.norm is None else self.norm(x)
""",
    ),
    Wrong(
        A,
        X,
        "dropout is not passed on",
        f"""
class Encoder(nn.Module):
    def __init__({SIG}):
        super().__init__()
        self.layers = nn.ModuleList(
            EncoderLayer(d_model, num_heads, d_ff, activation=activation, eps=eps, norm_first=norm_first) for _ in range(num_layers)
        )
        self.norm = LayerNorm(d_model, eps) if norm_first else None

    def forward(self, x, mask=None):
        for layer in self.layers:
            x = layer(x, mask)
        return x if self.norm is None else self.norm(x)
""",
    ),
    Wrong(
        A,
        X,
        "activation is not passed on",
        f"""
class Encoder(nn.Module):
    def __init__({SIG}):
        super().__init__()
        self.layers = nn.ModuleList(
            EncoderLayer(d_model, num_heads, d_ff, dropout, eps=eps, norm_first=norm_first) for _ in range(num_layers)
        )
        self.norm = LayerNorm(d_model, eps) if norm_first else None

    def forward(self, x, mask=None):
        for layer in self.layers:
            x = layer(x, mask)
        return x if self.norm is None else self.norm(x)
""",
    ),
    Wrong(
        A,
        X,
        "norm_first is not passed on to the layers",
        f"""
class Encoder(nn.Module):
    def __init__({SIG}):
        super().__init__()
        self.layers = nn.ModuleList(EncoderLayer(d_model, num_heads, d_ff, dropout, activation, eps) for _ in range(num_layers))
        self.norm = LayerNorm(d_model, eps) if norm_first else None

    def forward(self, x, mask=None):
        for layer in self.layers:
            x = layer(x, mask)
        return x if self.norm is None else self.norm(x)
""",
    ),
    Wrong(
        A,
        X,
        "dropout on the input of the stack",
        f"""
class Encoder(nn.Module):
    def __init__({SIG}):
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.layers = {LAYERS}
        self.norm = LayerNorm(d_model, eps) if norm_first else None

    def forward(self, x, mask=None):
        x = self.dropout(x)
        for layer in self.layers:
            x = layer(x, mask)
        return x if self.norm is None else self.norm(x)
""",
    ),
    Wrong(
        A,
        X,
        "positions are added",
        f"""
class Encoder(nn.Module):
    def __init__({SIG}):
        super().__init__()
        self.d_model = d_model
        self.layers = {LAYERS}
        self.norm = LayerNorm(d_model, eps) if norm_first else None

    def forward(self, x, mask=None):
        x = x + sinusoidal_positions(x.shape[1], self.d_model).to(x)
        for layer in self.layers:
            x = layer(x, mask)
        return x if self.norm is None else self.norm(x)
""",
    ),
    Wrong(
        A,
        X,
        "layers run from last to first",
        f"""
class Encoder(nn.Module):
    def __init__({SIG}):
        super().__init__()
        self.layers = {LAYERS}
        self.norm = LayerNorm(d_model, eps) if norm_first else None

    def forward(self, x, mask=None):
        for i in range(len(self.layers) - 1, -1, -1):
            x = self.layers[i](x, mask)
        return x if self.norm is None else self.norm(x)
""",
    ),
    Wrong(
        A,
        X,
        "a residual around the whole stack",
        f"""
class Encoder(nn.Module):
    def __init__({SIG}):
        super().__init__()
        self.layers = {LAYERS}
        self.norm = LayerNorm(d_model, eps) if norm_first else None

    def forward(self, x, mask=None):
        y = x
        for layer in self.layers:
            y = layer(y, mask)
        y = x + y
        return y if self.norm is None else self.norm(y)
""",
    ),
    Wrong(
        A,
        X,
        "one layer too few",
        f"""
class Encoder(nn.Module):
    def __init__({SIG}):
        super().__init__()
        self.layers = nn.ModuleList([EncoderLayer(d_model, num_heads, d_ff, dropout, activation, eps, norm_first)])
        for _ in range(1, num_layers - 1):
            self.layers.append(EncoderLayer(d_model, num_heads, d_ff, dropout, activation, eps, norm_first))
        self.norm = LayerNorm(d_model, eps) if norm_first else None

    def forward(self, x, mask=None):
        for layer in self.layers:
            x = layer(x, mask)
        return x if self.norm is None else self.norm(x)
""",
    ),
    Wrong(
        A,
        X,
        "the layers share their feed-forward network",
        f"""
class Encoder(nn.Module):
    def __init__({SIG}):
        super().__init__()
        self.layers = {LAYERS}
        for layer in self.layers[1:]:
            layer.feed_forward = self.layers[0].feed_forward
        self.norm = LayerNorm(d_model, eps) if norm_first else None

    def forward(self, x, mask=None):
        for layer in self.layers:
            x = layer(x, mask)
        return x if self.norm is None else self.norm(x)
""",
    ),
    Wrong(
        A,
        X,
        "d_ff is ignored: always 4 d_model",
        f"""
class Encoder(nn.Module):
    def __init__({SIG}):
        super().__init__()
        self.layers = nn.ModuleList(
            EncoderLayer(d_model, num_heads, 4 * d_model, dropout, activation, eps, norm_first) for _ in range(num_layers)
        )
        self.norm = LayerNorm(d_model, eps) if norm_first else None

    def forward(self, x, mask=None):
        for layer in self.layers:
            x = layer(x, mask)
        return x if self.norm is None else self.norm(x)
""",
    ),
    Two(
        A,
        X,
        ["shared layer", "last norm in post-norm, too"],
        f"""
class Encoder(nn.Module):
    def __init__({SIG}):
        super().__init__()
        layer = EncoderLayer(d_model, num_heads, d_ff, dropout, activation, eps, norm_first)
        self.layers = nn.ModuleList([layer for _ in range(num_layers)])
        self.norm = LayerNorm(d_model, eps)

    def forward(self, x, mask=None):
        for layer in self.layers:
            x = layer(x, mask)
        return self.norm(x)
""",
    ),
    Two(
        A,
        X,
        ["the mask is lost", "eps is missing in the last norm"],
        f"""
class Encoder(nn.Module):
    def __init__({SIG}):
        super().__init__()
        self.layers = {LAYERS}
        self.norm = LayerNorm(d_model) if norm_first else None

    def forward(self, x, mask=None):
        for layer in self.layers:
            x = layer(x)
        return x if self.norm is None else self.norm(x)
""",
    ),
    Two(
        A,
        X,
        ["dropout not passed on", "activation not passed on"],
        f"""
class Encoder(nn.Module):
    def __init__({SIG}):
        super().__init__()
        self.layers = nn.ModuleList(EncoderLayer(d_model, num_heads, d_ff, eps=eps, norm_first=norm_first) for _ in range(num_layers))
        self.norm = LayerNorm(d_model, eps) if norm_first else nn.Identity()

    def forward(self, x, mask=None):
        for layer in self.layers:
            x = layer(x, mask)
        return self.norm(x)
""",
    ),
]
