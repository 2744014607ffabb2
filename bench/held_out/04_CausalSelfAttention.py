from heldout import Right, Two, Wrong

A, X = "04_gpt2", "CausalSelfAttention"
BODY = """
class CausalSelfAttention(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.heads = config.n_head
        self.c_attn = nn.Linear(config.n_embd, 3 * config.n_embd)
        self.c_proj = nn.Linear(config.n_embd, config.n_embd)
        self.drop_weights = nn.Dropout(config.attn_pdrop)
        self.drop_result = nn.Dropout(config.resid_pdrop)

    def forward(self, x, mask=None):
        batch, length, width = x.shape
        query, key, value = self.c_attn(x).split(width, dim=-1)
        shape = (batch, length, self.heads, width // self.heads)
        query = query.view(shape).transpose(1, 2)
        key = key.view(shape).transpose(1, 2)
        value = value.view(shape).transpose(1, 2)
        allowed = torch.ones(length, length, dtype=torch.bool, device=x.device).tril()
        if mask is not None:
            allowed = allowed & mask
        scores = query @ key.transpose(-2, -1) / math.sqrt(width // self.heads)
        scores = scores.masked_fill(~allowed, torch.finfo(scores.dtype).min)
        weights = self.drop_weights(scores.softmax(dim=-1))
        gathered = (weights @ value).transpose(1, 2).reshape(batch, length, width)
        return self.drop_result(self.c_proj(gathered))
"""


def wrong(what, *changes, kind=Wrong):
    text = BODY
    for old, new in changes:
        assert text.count(old) == 1, (what, old)
        text = text.replace(old, new)
    return kind(A, X, what, text)


CASES = [
    wrong("written out", kind=Right),
    wrong(
        "chunks, and einsum",
        (".split(width, dim=-1)", ".chunk(3, dim=-1)"),
        ("query @ key.transpose(-2, -1)", "torch.einsum('bhid,bhjd->bhij', query, key)"),
        kind=Right,
    ),
    wrong("values before keys", ("query, key, value =", "query, value, key =")),
    wrong("keys before queries", ("query, key, value =", "key, query, value =")),
    wrong(
        "heads are neighbours of three",
        (
            "query, key, value = self.c_attn(x).split(width, dim=-1)",
            "query, key, value = self.c_attn(x).view(batch, length, width, 3).unbind(-1)",
        ),
    ),
    wrong(
        "heads viewed without a transpose",
        ("query = query.view(shape).transpose(1, 2)", "query = query.reshape(batch, self.heads, length, -1)"),
        ("key = key.view(shape).transpose(1, 2)", "key = key.reshape(batch, self.heads, length, -1)"),
        ("value = value.view(shape).transpose(1, 2)", "value = value.reshape(batch, self.heads, length, -1)"),
    ),
    wrong("the diagonal is hidden", (".tril()", ".tril(-1)")),
    wrong("sees the next position", (".tril()", ".tril(1)")),
    wrong("sees the future", (".tril()", ".triu()")),
    wrong("the mask replaces the causal one", ("allowed = allowed & mask", "allowed = mask")),
    wrong("either mask is enough", ("allowed = allowed & mask", "allowed = allowed | mask")),
    wrong("the mask is ignored", ("allowed = allowed & mask", "pass")),
    wrong("not scaled", (" / math.sqrt(width // self.heads)", "")),
    wrong("scaled by the whole width", ("math.sqrt(width // self.heads)", "math.sqrt(width)")),
    wrong("scaled without the root", ("math.sqrt(width // self.heads)", "(width // self.heads)")),
    wrong("minus infinity in empty rows", ("torch.finfo(scores.dtype).min", "-torch.inf")),
    wrong("masked scores are 0", ("torch.finfo(scores.dtype).min", "0.0")),
    wrong(
        "heads merged without a transpose", ("(weights @ value).transpose(1, 2).reshape", "(weights @ value).reshape")
    ),
    wrong("the weights are not dropped", ("self.drop_weights(scores.softmax(dim=-1))", "scores.softmax(dim=-1)")),
    wrong("the result is not dropped", ("self.drop_result(self.c_proj(gathered))", "self.c_proj(gathered)")),
    wrong(
        "the two rates are exchanged",
        ("nn.Dropout(config.attn_pdrop)", "nn.Dropout(config.resid_pdrop)"),
        ("self.drop_result = nn.Dropout(config.resid_pdrop)", "self.drop_result = nn.Dropout(config.attn_pdrop)"),
    ),
    wrong(
        "drops in evaluation mode, too",
        ("self.drop_result(self.c_proj(gathered))", "F.dropout(self.c_proj(gathered), self.drop_result.p)"),
    ),
    wrong("softmax over the queries", ("scores.softmax(dim=-1)", "scores.softmax(dim=-2)")),
    wrong("no output projection", ("self.c_proj(gathered)", "gathered")),
    wrong(
        "no biases",
        ("3 * config.n_embd)", "3 * config.n_embd, bias=False)"),
        ("(config.n_embd, config.n_embd)", "(config.n_embd, config.n_embd, bias=False)"),
    ),
    wrong(
        ["not scaled", "values before keys"],
        (" / math.sqrt(width // self.heads)", ""),
        ("query, key, value =", "query, value, key ="),
        kind=Two,
    ),
    wrong(
        ["the mask is ignored", "the result is not dropped"],
        ("allowed = allowed & mask", "pass"),
        ("self.drop_result(self.c_proj(gathered))", "self.c_proj(gathered)"),
        kind=Two,
    ),
]
