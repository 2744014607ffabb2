from heldout import Right, Two, Wrong

A, X = "03_decoder", "Transformer"
GIVEN = '''
class Transformer(nn.Module):
    """The encoder-decoder of Vaswani et al. 2017, figure 1."""

    def __init__(
        self,
        source_vocab: int,
        target_vocab: int,
        d_model: int,
        num_heads: int,
        d_ff: int,
        num_layers: int,
        pad_id: int,
        dropout: float = 0.1,
        activation: Callable[[Tensor], Tensor] = torch.relu,
        eps: float = 1e-5,
        norm_first: bool = False,
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
'''
FORWARD = """
    def forward(self, source, target_inputs):
        memory, memory_mask = self.encode(source)
        return self.decode(target_inputs, memory, memory_mask)
"""
EMBED = """
    def embed(self, tokens, embedding):
        x = embedding(tokens) * math.sqrt(self.d_model)
        return self.dropout(x + sinusoidal_positions(tokens.shape[1], self.d_model).to(x.dtype))
"""
ENCODE = """
    def encode(self, source):
        memory_mask = (source != self.pad_id)[:, None, None, :]
        return self.encoder(self.embed(source, self.source_embedding), memory_mask), memory_mask
"""
DECODE = """
    def decode(self, target_inputs, memory, memory_mask):
        x = self.embed(target_inputs, self.target_embedding)
        mask = causal_mask(target_inputs.shape[1])
        for layer in self.decoder_layers:
            x = layer(x, memory, mask, memory_mask)
        return self.decoder_norm(x) @ self.target_embedding.weight.T
"""


def given(kind, what, body):
    return kind(A, X, what, GIVEN + body)


CASES = [
    given(
        Right,
        "no helper, F.linear",
        """
    def encode(self, source):
        memory_mask = source.ne(self.pad_id).unsqueeze(1).unsqueeze(2)
        x = self.source_embedding(source) * self.d_model**0.5
        x = x + sinusoidal_positions(source.size(1), self.d_model).to(x)
        memory = self.encoder(self.dropout(x), mask=memory_mask)
        return memory, memory_mask

    def decode(self, target_inputs, memory, memory_mask):
        y = self.target_embedding(target_inputs) * self.d_model**0.5
        y = y + sinusoidal_positions(target_inputs.size(1), self.d_model).to(y)
        y = self.dropout(y)
        for block in self.decoder_layers:
            y = block(y, memory, self_mask=causal_mask(y.shape[1]), memory_mask=memory_mask)
        return F.linear(self.decoder_norm(y), self.target_embedding.weight)

    def forward(self, source, target_inputs):
        return self.decode(target_inputs, *self.encode(source))
""",
    ),
    given(
        Right,
        "einsum, the embedding table is scaled first",
        """
    def _vectors(self, table: nn.Embedding, ids: Tensor) -> Tensor:
        weight = table.weight * math.sqrt(self.d_model)
        vectors = F.embedding(ids, weight)
        positions = sinusoidal_positions(ids.shape[-1], self.d_model)
        return self.dropout(vectors + positions.to(vectors.dtype))

    def encode(self, source: Tensor) -> tuple[Tensor, Tensor]:
        mask = torch.eq(source, self.pad_id).logical_not().view(source.shape[0], 1, 1, source.shape[1])
        return self.encoder(self._vectors(self.source_embedding, source), mask), mask

    def decode(self, target_inputs: Tensor, memory: Tensor, memory_mask: Tensor) -> Tensor:
        state, look = self._vectors(self.target_embedding, target_inputs), causal_mask(target_inputs.shape[-1])
        for layer in self.decoder_layers:
            state = layer(state, memory, look, memory_mask)
        return torch.einsum("btd,vd->btv", self.decoder_norm(state), self.target_embedding.weight)

    def forward(self, source: Tensor, target_inputs: Tensor) -> Tensor:
        memory, mask = self.encode(source)
        return self.decode(target_inputs, memory, mask)
""",
    ),
    given(
        Right,
        "a module-level helper",
        FORWARD
        + """
    def encode(self, source):
        real = source != self.pad_id
        memory_mask = real.reshape(len(source), 1, 1, -1)
        return self.encoder(_embed(self, self.source_embedding, source), memory_mask), memory_mask

    def decode(self, target_inputs, memory, memory_mask):
        h = _embed(self, self.target_embedding, target_inputs)
        for i in range(len(self.decoder_layers)):
            h = self.decoder_layers[i](h, memory, causal_mask(target_inputs.shape[1])[None, None], memory_mask)
        return torch.matmul(self.decoder_norm(h), self.target_embedding.weight.transpose(0, 1))


def _embed(model, embedding, tokens):
    batch, length = tokens.shape
    x = embedding(tokens).mul(math.sqrt(model.d_model))
    table = sinusoidal_positions(length, model.d_model).to(device=x.device, dtype=x.dtype)
    return model.dropout(x + table.expand(batch, -1, -1))
""",
    ),
    given(
        Wrong,
        "embeddings are not scaled",
        """
    def encode(self, source):
        mask = (source != self.pad_id)[:, None, None]
        x = self.source_embedding(source)
        x = self.dropout(x + sinusoidal_positions(x.shape[1], self.d_model).to(x.dtype))
        return self.encoder(x, mask), mask

    def decode(self, target_inputs, memory, memory_mask):
        x = self.target_embedding(target_inputs)
        x = self.dropout(x + sinusoidal_positions(x.shape[1], self.d_model).to(x.dtype))
        for layer in self.decoder_layers:
            x = layer(x, memory, causal_mask(x.shape[1]), memory_mask)
        return self.decoder_norm(x) @ self.target_embedding.weight.T
"""
        + FORWARD,
    ),
    given(
        Wrong,
        "the target's embeddings are not scaled",
        EMBED
        + ENCODE
        + """
    def decode(self, target_inputs, memory, memory_mask):
        T = target_inputs.shape[1]
        x = self.dropout(self.target_embedding(target_inputs) + sinusoidal_positions(T, self.d_model).to(memory.dtype))
        for layer in self.decoder_layers:
            x = layer(x, memory, causal_mask(T), memory_mask)
        return self.decoder_norm(x) @ self.target_embedding.weight.T
"""
        + FORWARD,
    ),
    given(
        Wrong,
        "scaled after the positions are added",
        """
    def embed(self, tokens, embedding):
        x = embedding(tokens)
        x = x + sinusoidal_positions(tokens.shape[1], self.d_model).to(x.dtype)
        return self.dropout(x * math.sqrt(self.d_model))
"""
        + ENCODE
        + DECODE
        + FORWARD,
    ),
    given(
        Wrong,
        "divided by the root",
        """
    def embed(self, tokens, embedding):
        x = embedding(tokens) / math.sqrt(self.d_model)
        return self.dropout(x + sinusoidal_positions(tokens.shape[1], self.d_model).to(x.dtype))
"""
        + ENCODE
        + DECODE
        + FORWARD,
    ),
    given(
        Wrong,
        "multiplied by d_model",
        """
    def embed(self, tokens, embedding):
        x = embedding(tokens) * self.d_model
        x = x + sinusoidal_positions(tokens.shape[1], self.d_model).to(x.dtype)
        return self.dropout(x)
"""
        + ENCODE
        + DECODE
        + FORWARD,
    ),
    given(
        Wrong,
        "no positions on the decoder's side",
        """
    def encode(self, source):
        memory_mask = (source != self.pad_id)[:, None, None, :]
        x = self.source_embedding(source) * math.sqrt(self.d_model)
        x = self.dropout(x + sinusoidal_positions(source.shape[1], self.d_model).to(x.dtype))
        return self.encoder(x, memory_mask), memory_mask

    def decode(self, target_inputs, memory, memory_mask):
        x = self.dropout(self.target_embedding(target_inputs) * math.sqrt(self.d_model))
        for layer in self.decoder_layers:
            x = layer(x, memory, causal_mask(target_inputs.shape[1]), memory_mask)
        return self.decoder_norm(x) @ self.target_embedding.weight.T
"""
        + FORWARD,
    ),
    given(
        Wrong,
        "no dropout of the sums",
        """
    def embed(self, tokens, embedding):
        x = embedding(tokens) * math.sqrt(self.d_model)
        return x + sinusoidal_positions(tokens.shape[1], self.d_model).to(x.dtype)
"""
        + ENCODE
        + DECODE
        + FORWARD,
    ),
    given(
        Wrong,
        "dropout of the embeddings before positions are added",
        """
    def embed(self, tokens, embedding):
        x = self.dropout(embedding(tokens) * math.sqrt(self.d_model))
        return x + sinusoidal_positions(tokens.shape[1], self.d_model).to(x.dtype)
"""
        + ENCODE
        + DECODE
        + FORWARD,
    ),
    given(
        Wrong,
        "no dropout on the decoder's side",
        """
    def embed(self, tokens, embedding):
        x = embedding(tokens) * math.sqrt(self.d_model)
        return x + sinusoidal_positions(tokens.shape[1], self.d_model).to(x.dtype)

    def encode(self, source):
        mask = (source != self.pad_id)[:, None, None, :]
        return self.encoder(self.dropout(self.embed(source, self.source_embedding)), mask), mask
"""
        + DECODE
        + FORWARD,
    ),
    given(
        Wrong,
        "dropout of the decoder's output, too",
        EMBED
        + ENCODE
        + """
    def decode(self, target_inputs, memory, memory_mask):
        x = self.embed(target_inputs, self.target_embedding)
        for layer in self.decoder_layers:
            x = layer(x, memory, causal_mask(target_inputs.shape[1]), memory_mask)
        return self.dropout(self.decoder_norm(x)) @ self.target_embedding.weight.T
"""
        + FORWARD,
    ),
    given(
        Wrong,
        "padding is always 0",
        EMBED
        + """
    def encode(self, source):
        memory_mask = (source != 0)[:, None, None, :]
        memory = self.encoder(self.embed(source, self.source_embedding), memory_mask)
        return memory, memory_mask
"""
        + DECODE
        + FORWARD,
    ),
    given(
        Wrong,
        "the memory mask is the wrong way round",
        EMBED
        + """
    def encode(self, source):
        memory_mask = (source == self.pad_id)[:, None, None, :]
        memory = self.encoder(self.embed(source, self.source_embedding), memory_mask)
        return memory, memory_mask
"""
        + DECODE
        + FORWARD,
    ),
    given(
        Wrong,
        "the encoder gets no mask",
        EMBED
        + """
    def encode(self, source):
        memory = self.encoder(self.embed(source, self.source_embedding))
        return memory, (source != self.pad_id)[:, None, None, :]
"""
        + DECODE
        + FORWARD,
    ),
    given(
        Wrong,
        "mask from the number of real tokens: padding between words is missed",
        EMBED
        + """
    def encode(self, source):
        lengths = (source != self.pad_id).sum(dim=1)
        memory_mask = padding_mask(lengths, source.shape[1])
        return self.encoder(self.embed(source, self.source_embedding), memory_mask), memory_mask
"""
        + DECODE
        + FORWARD,
    ),
    given(
        Wrong,
        "memory_mask of shape (batch, source_length)",
        EMBED
        + """
    def encode(self, source):
        real = source != self.pad_id
        return self.encoder(self.embed(source, self.source_embedding), real[:, None, None, :]), real

    def decode(self, target_inputs, memory, memory_mask):
        x = self.embed(target_inputs, self.target_embedding)
        if memory_mask.dim() == 2:
            memory_mask = memory_mask[:, None, None, :]
        for layer in self.decoder_layers:
            x = layer(x, memory, causal_mask(target_inputs.shape[1]), memory_mask)
        return self.decoder_norm(x) @ self.target_embedding.weight.T
"""
        + FORWARD,
    ),
    given(
        Wrong,
        "no causal mask",
        EMBED
        + ENCODE
        + """
    def decode(self, target_inputs, memory, memory_mask):
        x = self.embed(target_inputs, self.target_embedding)
        for layer in self.decoder_layers:
            x = layer(x, memory, None, memory_mask)
        return self.decoder_norm(x) @ self.target_embedding.weight.T
"""
        + FORWARD,
    ),
    given(
        Wrong,
        "the causal mask for the first layer only",
        EMBED
        + ENCODE
        + """
    def decode(self, target_inputs, memory, memory_mask):
        x = self.embed(target_inputs, self.target_embedding)
        first, *others = self.decoder_layers
        x = first(x, memory, causal_mask(target_inputs.shape[1]), memory_mask)
        for layer in others:
            x = layer(x, memory, memory_mask=memory_mask)
        return self.decoder_norm(x) @ self.target_embedding.weight.T
"""
        + FORWARD,
    ),
    given(
        Wrong,
        "padding of the target is masked, too",
        EMBED
        + ENCODE
        + """
    def decode(self, target_inputs, memory, memory_mask):
        x = self.embed(target_inputs, self.target_embedding)
        real = (target_inputs != self.pad_id)[:, None, None, :]
        target_mask = causal_mask(target_inputs.shape[1]) & real
        for layer in self.decoder_layers:
            x = layer(x, memory, target_mask, memory_mask)
        return self.decoder_norm(x) @ self.target_embedding.weight.T
"""
        + FORWARD,
    ),
    given(
        Wrong,
        "no memory mask in the decoder",
        EMBED
        + ENCODE
        + """
    def decode(self, target_inputs, memory, memory_mask):
        x = self.embed(target_inputs, self.target_embedding)
        for layer in self.decoder_layers:
            x = layer(x, memory, causal_mask(target_inputs.shape[1]))
        return self.decoder_norm(x) @ self.target_embedding.weight.T
"""
        + FORWARD,
    ),
    given(
        Wrong,
        "the two masks are exchanged",
        EMBED
        + ENCODE
        + """
    def decode(self, target_inputs, memory, memory_mask):
        x = self.embed(target_inputs, self.target_embedding)
        look_ahead = causal_mask(target_inputs.shape[1])
        for layer in self.decoder_layers:
            x = layer(x, memory, memory_mask, look_ahead)
        return self.decoder_norm(x) @ self.target_embedding.weight.T
"""
        + FORWARD,
    ),
    given(
        Wrong,
        "decoder_norm is forgotten",
        EMBED
        + ENCODE
        + """
    def decode(self, target_inputs, memory, memory_mask):
        x = self.embed(target_inputs, self.target_embedding)
        mask = causal_mask(target_inputs.shape[1])
        for layer in self.decoder_layers:
            x = layer(x, memory, mask, memory_mask)
        return x @ self.target_embedding.weight.T
"""
        + FORWARD,
    ),
    given(
        Wrong,
        "decoder_norm after every layer",
        EMBED
        + ENCODE
        + """
    def decode(self, target_inputs, memory, memory_mask):
        x = self.embed(target_inputs, self.target_embedding)
        mask = causal_mask(target_inputs.shape[1])
        for layer in self.decoder_layers:
            x = self.decoder_norm(layer(x, memory, mask, memory_mask))
        return x @ self.target_embedding.weight.T
"""
        + FORWARD,
    ),
    given(
        Wrong,
        "a softmax at the end",
        EMBED
        + ENCODE
        + """
    def decode(self, target_inputs, memory, memory_mask):
        x = self.embed(target_inputs, self.target_embedding)
        mask = causal_mask(target_inputs.shape[1])
        for layer in self.decoder_layers:
            x = layer(x, memory, mask, memory_mask)
        logits = self.decoder_norm(x) @ self.target_embedding.weight.T
        return torch.softmax(logits, dim=-1)
"""
        + FORWARD,
    ),
    given(
        Wrong,
        "log-probabilities at the end",
        EMBED
        + ENCODE
        + """
    def decode(self, target_inputs, memory, memory_mask):
        x = self.embed(target_inputs, self.target_embedding)
        mask = causal_mask(target_inputs.shape[1])
        for layer in self.decoder_layers:
            x = layer(x, memory, mask, memory_mask)
        return F.log_softmax(F.linear(self.decoder_norm(x), self.target_embedding.weight), dim=-1)
"""
        + FORWARD,
    ),
    given(
        Wrong,
        "the scores are scaled by the root of d_model as well",
        EMBED
        + ENCODE
        + """
    def decode(self, target_inputs, memory, memory_mask):
        x = self.embed(target_inputs, self.target_embedding)
        mask = causal_mask(target_inputs.shape[1])
        for layer in self.decoder_layers:
            x = layer(x, memory, mask, memory_mask)
        return self.decoder_norm(x) @ (self.target_embedding.weight * math.sqrt(self.d_model)).T
"""
        + FORWARD,
    ),
    given(
        Wrong,
        "the head is detached from the embedding",
        EMBED
        + ENCODE
        + """
    def decode(self, target_inputs, memory, memory_mask):
        x = self.embed(target_inputs, self.target_embedding)
        mask = causal_mask(target_inputs.shape[1])
        for layer in self.decoder_layers:
            x = layer(x, memory, mask, memory_mask)
        return self.decoder_norm(x) @ self.target_embedding.weight.detach().T
"""
        + FORWARD,
    ),
    Wrong(
        A,
        X,
        "a head of its own",
        GIVEN.rstrip("\n")
        + """
        self.head = nn.Linear(d_model, target_vocab, bias=False)
"""
        + EMBED
        + ENCODE
        + """
    def decode(self, target_inputs, memory, memory_mask):
        x = self.embed(target_inputs, self.target_embedding)
        mask = causal_mask(target_inputs.shape[1])
        for layer in self.decoder_layers:
            x = layer(x, memory, mask, memory_mask)
        return self.head(self.decoder_norm(x))
"""
        + FORWARD,
    ),
    given(
        Wrong,
        "the source is embedded with the target's table",
        EMBED
        + """
    def encode(self, source):
        memory_mask = (source != self.pad_id)[:, None, None, :]
        return self.encoder(self.embed(source, self.target_embedding), memory_mask), memory_mask
"""
        + DECODE
        + FORWARD,
    ),
    given(
        Wrong,
        "only the last decoder layer runs on the embeddings",
        EMBED
        + ENCODE
        + """
    def decode(self, target_inputs, memory, memory_mask):
        x = self.embed(target_inputs, self.target_embedding)
        mask = causal_mask(target_inputs.shape[1])
        for layer in self.decoder_layers:
            out = layer(x, memory, mask, memory_mask)
        return self.decoder_norm(out) @ self.target_embedding.weight.T
"""
        + FORWARD,
    ),
    given(
        Wrong,
        "the memory runs through the encoder again before each decoder layer",
        EMBED
        + ENCODE
        + """
    def decode(self, target_inputs, memory, memory_mask):
        x = self.embed(target_inputs, self.target_embedding)
        mask = causal_mask(target_inputs.shape[1])
        for layer in self.decoder_layers:
            memory = self.encoder(memory, memory_mask)
            x = layer(x, memory, mask, memory_mask)
        return self.decoder_norm(x) @ self.target_embedding.weight.T
"""
        + FORWARD,
    ),
    given(
        Wrong,
        "decode computes the mask from the memory and not from its argument",
        EMBED
        + ENCODE
        + """
    def decode(self, target_inputs, memory, memory_mask):
        x = self.embed(target_inputs, self.target_embedding)
        memory_mask = (memory != 0).any(dim=-1)[:, None, None, :]
        mask = causal_mask(target_inputs.shape[1])
        for layer in self.decoder_layers:
            x = layer(x, memory, mask, memory_mask)
        return self.decoder_norm(x) @ self.target_embedding.weight.T
"""
        + FORWARD,
    ),
    given(
        Wrong,
        "logits of the last position only",
        EMBED
        + ENCODE
        + """
    def decode(self, target_inputs, memory, memory_mask):
        x = self.embed(target_inputs, self.target_embedding)
        mask = causal_mask(target_inputs.shape[1])
        for layer in self.decoder_layers:
            x = layer(x, memory, mask, memory_mask)
        return self.decoder_norm(x[:, -1:]) @ self.target_embedding.weight.T
"""
        + FORWARD,
    ),
    given(
        Wrong,
        "everything is cast to float32",
        """
    def embed(self, tokens, embedding):
        x = embedding(tokens) * math.sqrt(self.d_model)
        return self.dropout(x + sinusoidal_positions(tokens.shape[1], self.d_model)).float()
"""
        + ENCODE
        + DECODE
        + FORWARD,
    ),
    given(
        Wrong,
        "forward shifts the inputs once more",
        EMBED
        + ENCODE
        + DECODE
        + """
    def forward(self, source, target_inputs):
        memory, memory_mask = self.encode(source)
        bos = target_inputs[:, :1]
        shifted = torch.cat([bos, target_inputs[:, :-1]], dim=1)
        return self.decode(shifted, memory, memory_mask)
""",
    ),
    given(
        Wrong,
        "encode without gradient",
        EMBED
        + """
    @torch.no_grad()
    def encode(self, source):
        memory_mask = (source != self.pad_id)[:, None, None, :]
        return self.encoder(self.embed(source, self.source_embedding), memory_mask), memory_mask
"""
        + DECODE
        + FORWARD,
    ),
    given(
        Wrong,
        "positions along the batch",
        """
    def embed(self, tokens, embedding):
        x = embedding(tokens) * math.sqrt(self.d_model)
        positions = sinusoidal_positions(tokens.shape[0], self.d_model).to(x.dtype)
        return self.dropout(x + positions[:, None, :])
"""
        + ENCODE
        + DECODE
        + FORWARD,
    ),
    given(
        Wrong,
        "the embedding of padding is set to zero in place",
        """
    def embed(self, tokens, embedding):
        with torch.no_grad():
            embedding.weight[self.pad_id] = 0.0
        x = embedding(tokens) * math.sqrt(self.d_model)
        return self.dropout(x + sinusoidal_positions(tokens.shape[1], self.d_model).to(x.dtype))
"""
        + ENCODE
        + DECODE
        + FORWARD,
    ),
    given(
        Two,
        ["embeddings are not scaled", "decoder_norm is forgotten"],
        """
    def encode(self, source):
        mask = (source != self.pad_id).unsqueeze(1).unsqueeze(1)
        x = self.source_embedding(source)
        return self.encoder(self.dropout(x + sinusoidal_positions(x.size(1), self.d_model).to(x)), mask), mask

    def decode(self, target_inputs, memory, memory_mask):
        x = self.target_embedding(target_inputs)
        x = self.dropout(x + sinusoidal_positions(x.size(1), self.d_model).to(x))
        for layer in self.decoder_layers:
            x = layer(x, memory, causal_mask(x.size(1)), memory_mask)
        return F.linear(x, self.target_embedding.weight)
"""
        + FORWARD,
    ),
    given(
        Two,
        ["padding is always 0", "no dropout of the sums"],
        """
    def embed(self, tokens, embedding):
        x = embedding(tokens) * math.sqrt(self.d_model)
        return x + sinusoidal_positions(tokens.shape[1], self.d_model).to(x.dtype)

    def encode(self, source):
        memory_mask = source.bool()[:, None, None, :]
        return self.encoder(self.embed(source, self.source_embedding), memory_mask), memory_mask
"""
        + DECODE
        + FORWARD,
    ),
    given(
        Two,
        ["no causal mask", "a softmax at the end"],
        EMBED
        + ENCODE
        + """
    def decode(self, target_inputs, memory, memory_mask):
        x = self.embed(target_inputs, self.target_embedding)
        for layer in self.decoder_layers:
            x = layer(x, memory, memory_mask=memory_mask)
        return (self.decoder_norm(x) @ self.target_embedding.weight.T).softmax(-1)
"""
        + FORWARD,
    ),
    given(
        Two,
        ["the encoder gets no mask", "no memory mask in the decoder"],
        EMBED
        + """
    def encode(self, source):
        return self.encoder(self.embed(source, self.source_embedding)), (source != self.pad_id)[:, None, None]

    def decode(self, target_inputs, memory, memory_mask):
        x = self.embed(target_inputs, self.target_embedding)
        mask = causal_mask(target_inputs.shape[1])
        for layer in self.decoder_layers:
            x = layer(x, memory, mask)
        return self.decoder_norm(x) @ self.target_embedding.weight.T
"""
        + FORWARD,
    ),
]
