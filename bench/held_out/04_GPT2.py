from heldout import Right, Two, Wrong

A, X = "04_gpt2", "GPT2"
BODY = """
class GPT2(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.wte = nn.Embedding(config.vocab_size, config.n_embd)
        self.wpe = nn.Embedding(config.n_positions, config.n_embd)
        self.h = nn.ModuleList([GPT2Block(config) for _ in range(config.n_layer)])
        self.ln_f = nn.LayerNorm(config.n_embd, eps=config.layer_norm_epsilon)
        self.drop = nn.Dropout(config.embd_pdrop)
        for name, module in self.named_modules():
            if isinstance(module, nn.Linear | nn.Embedding):
                std = config.initializer_range
                if name.endswith("c_proj"):
                    std = std / math.sqrt(2 * config.n_layer)
                nn.init.normal_(module.weight, mean=0.0, std=std)
            if isinstance(module, nn.Linear):
                nn.init.zeros_(module.bias)

    def forward(self, tokens, attention_mask=None):
        batch, length = tokens.shape
        if length > self.config.n_positions:
            raise ValueError("the text is too long")
        if attention_mask is None:
            positions = torch.arange(length, device=tokens.device)
            mask = None
        else:
            positions = (attention_mask.long().cumsum(dim=1) - 1).clamp(min=0)
            mask = attention_mask[:, None, None, :]
        x = self.drop(self.wte(tokens) + self.wpe(positions))
        for block in self.h:
            x = block(x, mask)
        return self.ln_f(x) @ self.wte.weight.T
"""


def wrong(what, *changes, kind=Wrong):
    text = BODY
    for old, new in changes:
        assert text.count(old) == 1, (what, old)
        text = text.replace(old, new)
    return kind(A, X, what, text)


CASES = [
    wrong("written out", kind=Right),
    wrong("F.linear", ("self.ln_f(x) @ self.wte.weight.T", "F.linear(self.ln_f(x), self.wte.weight)"), kind=Right),
    wrong(
        "a head of its own",
        (
            "self.drop = nn",
            "self.lm_head = nn.Linear(config.n_embd, config.vocab_size, bias=False)\n        self.drop = nn",
        ),
        ("self.ln_f(x) @ self.wte.weight.T", "self.lm_head(self.ln_f(x))"),
    ),
    wrong("no last norm", ("self.ln_f(x) @", "x @")),
    wrong("no positions", ("self.wte(tokens) + self.wpe(positions)", "self.wte(tokens)")),
    wrong(
        "positions from 1",
        (
            "torch.arange(length, device=tokens.device)",
            "torch.arange(1, length + 1, device=tokens.device) % self.config.n_positions",
        ),
    ),
    wrong(
        "positions count padding",
        ("(attention_mask.long().cumsum(dim=1) - 1).clamp(min=0)", "torch.arange(length, device=tokens.device)"),
    ),
    wrong(
        "positions with padding from 1",
        (
            "(attention_mask.long().cumsum(dim=1) - 1).clamp(min=0)",
            "attention_mask.long().cumsum(dim=1).clamp(max=self.config.n_positions - 1)",
        ),
    ),
    wrong("position -1 at padding", (".clamp(min=0)", "")),
    wrong("cumsum over the batch", ("cumsum(dim=1)", "cumsum(dim=0)")),
    wrong("the mask limits queries", ("attention_mask[:, None, None, :]", "attention_mask[:, None, :, None]")),
    wrong("the mask is turned round", ("attention_mask[:, None, None, :]", "~attention_mask[:, None, None, :]")),
    wrong("the mask is not passed to the blocks", ("x = block(x, mask)", "x = block(x)")),
    wrong("only the first block gets the mask", ("x = block(x, mask)", "x = block(x, mask)\n            mask = None")),
    wrong("the first block only", ("for block in self.h:", "for block in self.h[:1]:")),
    wrong(
        "one block n_layer times",
        ("[GPT2Block(config) for _ in range(config.n_layer)]", "[GPT2Block(config)] * config.n_layer"),
    ),
    wrong("a full context is refused", ("length > self.config.n_positions", "length >= self.config.n_positions")),
    wrong("no ValueError", ("length > self.config.n_positions", "False")),
    wrong("an assertion", ('raise ValueError("the text is too long")', 'raise AssertionError("the text is too long")')),
    wrong(
        "longer texts are cut",
        (
            'raise ValueError("the text is too long")',
            "tokens = tokens[:, -self.config.n_positions :]\n            length = self.config.n_positions",
        ),
    ),
    wrong(
        "embeddings times the root of the width",
        ("self.wte(tokens) +", "self.wte(tokens) * math.sqrt(self.config.n_embd) +"),
    ),
    wrong(
        "embeddings are not dropped",
        ("self.drop(self.wte(tokens) + self.wpe(positions))", "self.wte(tokens) + self.wpe(positions)"),
    ),
    wrong(
        "only tokens are dropped",
        ("self.drop(self.wte(tokens) + self.wpe(positions))", "self.drop(self.wte(tokens)) + self.wpe(positions)"),
    ),
    wrong("residual weights like the others", ('name.endswith("c_proj")', "False")),
    wrong("divided by the root of n_layer", ("math.sqrt(2 * config.n_layer)", "math.sqrt(config.n_layer)")),
    wrong("divided without a root", ("math.sqrt(2 * config.n_layer)", "(2 * config.n_layer)")),
    wrong("only the mlp's residual weights", ('name.endswith("c_proj")', 'name.endswith("mlp.c_proj")')),
    wrong("always 0.02", ("std = config.initializer_range", "std = 0.02")),
    wrong("biases keep PyTorch's values", ("nn.init.zeros_(module.bias)", "pass")),
    wrong("embeddings keep PyTorch's values", ("nn.Linear | nn.Embedding", "nn.Linear")),
    wrong(
        "positions drawn with 0.01",
        (
            "            if isinstance(module, nn.Linear):",
            "            if name == 'wpe':\n                nn.init.normal_(module.weight, std=config.initializer_range / 2)\n            if isinstance(module, nn.Linear):",
        ),
    ),
    wrong("epsilon of PyTorch", (", eps=config.layer_norm_epsilon", "")),
    wrong(
        "probabilities",
        ("return self.ln_f(x) @ self.wte.weight.T", "return (self.ln_f(x) @ self.wte.weight.T).softmax(dim=-1)"),
    ),
    wrong(
        "only the last position",
        ("return self.ln_f(x) @ self.wte.weight.T", "return self.ln_f(x)[:, -1] @ self.wte.weight.T"),
    ),
    wrong(
        "padding's logits are NaN",
        (
            "return self.ln_f(x) @ self.wte.weight.T",
            "logits = self.ln_f(x) @ self.wte.weight.T\n        return logits if mask is None else logits.masked_fill(~attention_mask[..., None], torch.nan)",
        ),
    ),
    wrong(
        ["no last norm", "positions count padding"],
        ("self.ln_f(x) @", "x @"),
        ("(attention_mask.long().cumsum(dim=1) - 1).clamp(min=0)", "torch.arange(length, device=tokens.device)"),
        kind=Two,
    ),
    wrong(
        ["residual weights like the others", "no ValueError"],
        ('name.endswith("c_proj")', "False"),
        ("length > self.config.n_positions", "False"),
        kind=Two,
    ),
]
