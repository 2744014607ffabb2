from heldout import Right, Two, Wrong

A, X = "04_gpt2", "GPT2Block"
BODY = """
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

    def forward(self, x, mask=None):
        x = x + self.attn(self.ln_1(x), mask)
        return x + self.mlp(self.ln_2(x))
"""


def wrong(what, *changes, kind=Wrong):
    text = BODY
    for old, new in changes:
        assert text.count(old) == 1, (what, old)
        text = text.replace(old, new)
    return kind(A, X, what, text)


CASES = [
    wrong("a class for the mlp", kind=Right),
    wrong("keyword argument", ("self.attn(self.ln_1(x), mask)", "self.attn(self.ln_1(x), mask=mask)"), kind=Right),
    wrong(
        "post-norm",
        ("x = x + self.attn(self.ln_1(x), mask)", "x = self.ln_1(x + self.attn(x, mask))"),
        ("return x + self.mlp(self.ln_2(x))", "return self.ln_2(x + self.mlp(x))"),
    ),
    wrong("no residual at attention", ("x = x + self.attn", "x = self.attn")),
    wrong("no residual at the mlp", ("return x + self.mlp", "return self.mlp")),
    wrong(
        "the residual is normalised",
        ("x = x + self.attn(self.ln_1(x), mask)", "x = self.ln_1(x)\n        x = x + self.attn(x, mask)"),
        ("return x + self.mlp(self.ln_2(x))", "x = self.ln_2(x)\n        return x + self.mlp(x)"),
    ),
    wrong("one norm for both", ("self.mlp(self.ln_2(x))", "self.mlp(self.ln_1(x))")),
    wrong("the mask is not passed on", ("self.ln_1(x), mask)", "self.ln_1(x))")),
    wrong("exact gelu", ("gelu(self.c_fc(x))", "F.gelu(self.c_fc(x))")),
    wrong("relu", ("gelu(self.c_fc(x))", "torch.relu(self.c_fc(x))")),
    wrong("no activation", ("gelu(self.c_fc(x))", "self.c_fc(x)")),
    wrong(
        "n_inner ignored", ("config.n_inner if config.n_inner is not None else 4 * config.n_embd", "4 * config.n_embd")
    ),
    wrong(
        "no default width", ("config.n_inner if config.n_inner is not None else 4 * config.n_embd", "config.n_inner")
    ),
    wrong("default width is n_embd", ("else 4 * config.n_embd", "else config.n_embd")),
    wrong(
        "epsilon of PyTorch",
        (
            "self.ln_1 = nn.LayerNorm(config.n_embd, eps=config.layer_norm_epsilon)",
            "self.ln_1 = nn.LayerNorm(config.n_embd)",
        ),
        (
            "self.ln_2 = nn.LayerNorm(config.n_embd, eps=config.layer_norm_epsilon)",
            "self.ln_2 = nn.LayerNorm(config.n_embd)",
        ),
    ),
    wrong(
        "the mlp is not dropped", ("self.dropout(self.c_proj(gelu(self.c_fc(x))))", "self.c_proj(gelu(self.c_fc(x)))")
    ),
    wrong(
        "dropout after the activation",
        ("self.dropout(self.c_proj(gelu(self.c_fc(x))))", "self.c_proj(self.dropout(gelu(self.c_fc(x))))"),
    ),
    wrong(
        "attention is dropped twice",
        ("self.attn(self.ln_1(x), mask)", "self.mlp.dropout(self.attn(self.ln_1(x), mask))"),
    ),
    wrong(
        "parallel sublayers",
        ("x = x + self.attn(self.ln_1(x), mask)", "attended = self.attn(self.ln_1(x), mask)"),
        ("return x + self.mlp(self.ln_2(x))", "return x + attended + self.mlp(self.ln_2(x))"),
    ),
    Wrong(
        A,
        X,
        "the mlp comes first",
        BODY.replace(
            "x = x + self.attn(self.ln_1(x), mask)\n        return x + self.mlp(self.ln_2(x))",
            "x = x + self.mlp(self.ln_2(x))\n        return x + self.attn(self.ln_1(x), mask)",
        ),
    ),
    wrong("adds in place", ("x = x + self.attn", "x += self.attn")),
    wrong(
        "norms without parameters of their own: one object",
        ("self.ln_2 = nn.LayerNorm(config.n_embd, eps=config.layer_norm_epsilon)", "self.ln_2 = self.ln_1"),
    ),
    wrong(
        ["no residual at the mlp", "exact gelu"],
        ("return x + self.mlp", "return self.mlp"),
        ("gelu(self.c_fc(x))", "F.gelu(self.c_fc(x))"),
        kind=Two,
    ),
    wrong(
        ["the mask is not passed on", "the mlp is not dropped"],
        ("self.ln_1(x), mask)", "self.ln_1(x))"),
        ("self.dropout(self.c_proj(gelu(self.c_fc(x))))", "self.c_proj(gelu(self.c_fc(x)))"),
        kind=Two,
    ),
]
