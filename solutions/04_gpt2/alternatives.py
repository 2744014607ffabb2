"""Right solutions of notebook 04, written in other ways than the reference. Each must score full."""

ATTENTION_INIT = """
class CausalSelfAttention(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.c_proj = nn.Linear(config.n_embd, config.n_embd)
        self.c_attn = nn.Linear(config.n_embd, 3 * config.n_embd)
        self.drop_weights, self.drop_result = nn.Dropout(config.attn_pdrop), nn.Dropout(config.resid_pdrop)
"""

GPT2_INIT = """
class GPT2(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.wte = nn.Embedding(config.vocab_size, config.n_embd)
        self.wpe = nn.Embedding(config.n_positions, config.n_embd)
        self.drop = nn.Dropout(config.embd_pdrop)
        self.h = nn.ModuleList([GPT2Block(config) for _ in range(config.n_layer)])
        self.ln_f = nn.LayerNorm(config.n_embd, eps=config.layer_norm_epsilon)
"""

GPT2_FORWARD = """
    def forward(self, tokens, attention_mask=None):
        batch, length = tokens.size()
        if length > self.wpe.num_embeddings:
            raise ValueError("too long")
        if attention_mask is None:
            x, seen = self.wte(tokens) + self.wpe.weight[:length], None
        else:
            places = torch.zeros_like(tokens)
            for t in range(1, length):
                places[:, t] = places[:, t - 1] + attention_mask[:, t - 1]
            x, seen = self.wte(tokens) + self.wpe.weight[places], attention_mask.view(batch, 1, 1, length)
        x = self.drop(x)
        for layer in self.h:
            x = layer(x) if seen is None else layer(x, seen)
        return F.linear(self.ln_f(x), self.wte.weight)
"""

ALTERNATIVES = {
    "gelu": {
        "a sigmoid of twice as much": """
def gelu(x):
    return x * torch.sigmoid(2.0 * math.sqrt(2.0 / math.pi) * (x + 0.044715 * x.pow(3)))
""",
        "factored out": """
def gelu(x):
    inner = (2 / torch.pi) ** 0.5 * x * (1 + 0.044715 * x * x)
    return x / 2 + x / 2 * inner.tanh()
""",
        "in steps, on copies": """
def gelu(x):
    y = x.clone()
    y = y + torch.pow(x, 3) * 0.044715
    y = torch.tanh(y * math.sqrt(2 / math.pi))
    y = y + 1
    return y.mul(x).mul(0.5)
""",
        "upcast on the way": """
def gelu(x):
    wide = x.double()
    return (0.5 * wide * (1 + torch.tanh(math.sqrt(2 / math.pi) * (wide + 0.044715 * wide**3)))).to(x.dtype)
""",
    },
    "CausalSelfAttention": {
        "as in nanoGPT": """
class CausalSelfAttention(nn.Module):
    def __init__(self, config):
        super().__init__()
        assert config.n_embd % config.n_head == 0
        self.c_attn = nn.Linear(config.n_embd, 3 * config.n_embd)
        self.c_proj = nn.Linear(config.n_embd, config.n_embd)
        self.attn_dropout = nn.Dropout(config.attn_pdrop)
        self.resid_dropout = nn.Dropout(config.resid_pdrop)
        self.n_head, self.n_embd = config.n_head, config.n_embd
        positions = config.n_positions
        self.register_buffer("bias", torch.tril(torch.ones(positions, positions)).view(1, 1, positions, positions))

    def forward(self, x, mask=None):
        B, T, C = x.size()
        q, k, v = self.c_attn(x).split(self.n_embd, dim=2)
        k = k.view(B, T, self.n_head, C // self.n_head).transpose(1, 2)
        q = q.view(B, T, self.n_head, C // self.n_head).transpose(1, 2)
        v = v.view(B, T, self.n_head, C // self.n_head).transpose(1, 2)
        att = (q @ k.transpose(-2, -1)) * (1.0 / math.sqrt(k.size(-1)))
        att = att.masked_fill(self.bias[:, :, :T, :T] == 0, float("-inf"))
        if mask is not None:
            att = att.masked_fill(~mask, float("-inf"))
        att = self.attn_dropout(F.softmax(att, dim=-1).nan_to_num())
        y = (att @ v).transpose(1, 2).contiguous().view(B, T, C)
        return self.resid_dropout(self.c_proj(y))
""",
        "einsum": ATTENTION_INIT
        + """
    def forward(self, x, mask=None):
        batch, length, width = x.shape
        qkv = self.c_attn(x).reshape(batch, length, 3, self.config.n_head, width // self.config.n_head)
        scores = torch.einsum("bqhd,bkhd->bhqk", qkv[:, :, 0], qkv[:, :, 1]) / math.sqrt(qkv.shape[-1])
        ahead = torch.full((length, length), -torch.inf, dtype=x.dtype).triu(1)
        scores = scores + ahead
        if mask is not None:
            scores = scores + torch.zeros_like(scores).masked_fill(~mask, torch.finfo(x.dtype).min)
        weights = self.drop_weights(scores.softmax(-1))
        heads = torch.einsum("bhqk,bkhd->bqhd", weights, qkv[:, :, 2]).reshape(batch, length, width)
        return self.drop_result(self.c_proj(heads))
""",
        "head by head, with a mask of its own": ATTENTION_INIT
        + """
    def forward(self, x, mask=None):
        size = self.config.n_embd // self.config.n_head
        query, key, value = torch.tensor_split(self.c_attn(x), 3, dim=-1)
        past = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool, device=x.device).tril()
        allowed = past if mask is None else torch.logical_and(past, mask)
        allowed = allowed.expand(len(x), self.config.n_head, -1, -1)
        heads = []
        for head, start in enumerate(range(0, self.config.n_embd, size)):
            one = slice(start, start + size)
            scores = query[..., one] @ key[..., one].mT / size**0.5
            weights = scores.masked_fill(~allowed[:, head], torch.finfo(x.dtype).min).softmax(-1)
            heads.append(self.drop_weights(weights) @ value[..., one])
        return self.drop_result(self.c_proj(torch.cat(heads, dim=-1)))
""",
        "position by position": ATTENTION_INIT
        + """
    def forward(self, x, mask=None):
        batch, length, width = x.shape
        query, key, value = self.c_attn(x).view(batch, length, 3, self.config.n_head, -1).permute(2, 0, 3, 1, 4)
        rows = []
        if mask is None:
            mask = torch.ones(1, dtype=torch.bool)
        mask = mask.expand(batch, self.config.n_head, length, length)
        for t in range(length):
            scores = (query[:, :, t : t + 1] @ key[:, :, : t + 1].transpose(2, 3)) / key.size(-1) ** 0.5
            scores = torch.where(mask[:, :, t : t + 1, : t + 1], scores, torch.tensor(-1e30, dtype=x.dtype))
            rows.append(self.drop_weights(torch.softmax(scores, dim=-1)) @ value[:, :, : t + 1])
        return self.drop_result(self.c_proj(torch.cat(rows, dim=2).permute(0, 2, 1, 3).reshape(batch, length, width)))
""",
        "torch's sums, with a mask": """
class CausalSelfAttention(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.heads, self.rates = config.n_head, (config.attn_pdrop, config.resid_pdrop)
        self.c_attn, self.c_proj = nn.Linear(config.n_embd, 3 * config.n_embd), nn.Linear(config.n_embd, config.n_embd)
        mask = torch.ones(config.n_positions, config.n_positions, dtype=torch.bool).tril()
        self.register_buffer("mask", mask, persistent=False)

    def forward(self, x, mask=None):
        length = x.size(1)
        parts = [part.view(*x.shape[:2], self.heads, -1).transpose(1, 2) for part in self.c_attn(x).chunk(3, -1)]
        allowed = self.mask[:length, :length]
        if mask is not None:
            allowed = allowed * mask
        found = F.scaled_dot_product_attention(*parts, attn_mask=allowed, dropout_p=self.rates[0] * self.training)
        return F.dropout(self.c_proj(found.transpose(1, 2).reshape(x.shape)), self.rates[1], self.training)
""",
        "blind rows attend to themselves": ATTENTION_INIT
        + """
    def forward(self, x, mask=None):
        B, T, C = x.shape
        q, k, v = (part.reshape(B, T, self.config.n_head, -1).swapaxes(1, 2) for part in self.c_attn(x).split(C, -1))
        seen = causal_mask(T)
        if mask is not None:
            seen = seen & mask
            blind = ~seen.any(-1, keepdim=True)
            seen = seen | (blind & torch.eye(T, dtype=torch.bool))
        scores = q @ k.mT * k.shape[-1] ** -0.5
        weights = self.drop_weights((scores + torch.zeros_like(scores).masked_fill(~seen, -torch.inf)).softmax(-1))
        return self.drop_result(self.c_proj((weights @ v).swapaxes(1, 2).reshape(B, T, C)))
""",
        "with notebook 1's attention": ATTENTION_INIT
        + """
    def forward(self, x, mask=None):
        parts = [part.unflatten(-1, (self.config.n_head, -1)).transpose(1, 2) for part in self.c_attn(x).chunk(3, dim=-1)]
        allowed = causal_mask(x.shape[1]) if mask is None else causal_mask(x.shape[1]).logical_and(mask)
        heads, weights = scaled_dot_product_attention(*parts, allowed)
        if self.training and self.config.attn_pdrop:
            heads = self.drop_weights(weights) @ parts[2]
        return self.drop_result(self.c_proj(heads.transpose(1, 2).flatten(2)))
""",
    },
    "GPT2Block": {
        "mlp as a class": """
class GPT2MLP_(nn.Module):
    def __init__(self, config):
        super().__init__()
        width = 4 * config.n_embd if config.n_inner is None else config.n_inner
        self.c_fc, self.c_proj = nn.Linear(config.n_embd, width), nn.Linear(width, config.n_embd)
        self.act, self.dropout = gelu, nn.Dropout(config.resid_pdrop)

    def forward(self, x):
        return self.dropout(self.c_proj(self.act(self.c_fc(x))))


class GPT2Block(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.ln_1 = nn.LayerNorm(config.n_embd, eps=config.layer_norm_epsilon)
        self.attn = CausalSelfAttention(config)
        self.ln_2 = nn.LayerNorm(config.n_embd, eps=config.layer_norm_epsilon)
        self.mlp = GPT2MLP_(config)

    def forward(self, x, mask=None):
        residual = x
        hidden = self.attn(self.ln_1(x), mask=mask)
        hidden = hidden + residual
        return hidden + self.mlp(self.ln_2(hidden))
""",
        "a Sequential with names": """
from collections import OrderedDict


class GPT2Block(nn.Module):
    def __init__(self, config):
        super().__init__()
        inner = config.n_inner if config.n_inner is not None else 4 * config.n_embd
        parts = OrderedDict(
            c_fc=nn.Linear(config.n_embd, inner), act=nn.GELU(approximate="tanh"),
            c_proj=nn.Linear(inner, config.n_embd), dropout=nn.Dropout(config.resid_pdrop),
        )
        self.mlp = nn.Sequential(parts)
        self.ln_2, self.ln_1 = (nn.LayerNorm(config.n_embd, config.layer_norm_epsilon) for _ in range(2))
        self.attn = CausalSelfAttention(config)

    def forward(self, x, mask=None):
        for part, norm, more in ((self.attn, self.ln_1, {"mask": mask}), (self.mlp, self.ln_2, {})):
            x = part(norm(x), **more) + x
        return x
""",
        "a bare module for mlp": """
class GPT2Block(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.rate = config.resid_pdrop
        self.mlp = nn.Module()
        self.mlp.c_fc = nn.Linear(config.n_embd, config.n_inner or config.n_embd * 4)
        self.mlp.c_proj = nn.Linear(config.n_inner or config.n_embd * 4, config.n_embd)
        for name in ("ln_1", "ln_2"):
            self.add_module(name, nn.LayerNorm(config.n_embd, eps=config.layer_norm_epsilon))
        self.attn = CausalSelfAttention(config)

    def feed(self, x):
        return F.dropout(self.mlp.c_proj(gelu(self.mlp.c_fc(x))), p=self.rate, training=self.training)

    def forward(self, x, mask=None):
        x = torch.add(x, self.attn(self.ln_1(x), mask))
        return torch.add(x, self.feed(self.ln_2(x)))
""",
        "gelu kept at hand, rows one by one": """
class GPT2Block(nn.Module):
    def __init__(self, config):
        super().__init__()
        d = config.n_embd
        self.ln_1, self.ln_2 = nn.LayerNorm(d, eps=config.layer_norm_epsilon), nn.LayerNorm(d, eps=config.layer_norm_epsilon)
        self.attn = CausalSelfAttention(config)
        inner = 4 * d if config.n_inner is None else config.n_inner
        self.mlp = nn.ModuleDict({"c_proj": nn.Linear(inner, d), "drop": nn.Dropout(config.resid_pdrop), "c_fc": nn.Linear(d, inner)})
        self.activation = lambda x: F.gelu(x, approximate="tanh")

    def forward(self, x, mask=None):
        masks = [None] * len(x) if mask is None else mask.expand(len(x), -1, -1, -1).split(1)
        rows = [self.attn(self.ln_1(row[None]), one) + row for row, one in zip(x, masks)]
        x = torch.cat(rows)
        return x + self.mlp["drop"](self.mlp["c_proj"](self.activation(self.mlp["c_fc"](self.ln_2(x)))))
""",
    },
    "GPT2": {
        "apply": GPT2_INIT
        + """
        self.apply(self._init_weights)
        for name, parameter in self.named_parameters():
            if name.endswith("c_proj.weight"):
                torch.nn.init.normal_(parameter, mean=0.0, std=config.initializer_range / math.sqrt(2 * config.n_layer))

    def _init_weights(self, module):
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, mean=0.0, std=self.config.initializer_range)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.Embedding):
            nn.init.normal_(module.weight, mean=0.0, std=self.config.initializer_range)
        elif isinstance(module, nn.LayerNorm):
            nn.init.zeros_(module.bias)
            nn.init.ones_(module.weight)
"""
        + GPT2_FORWARD,
        "block by block": GPT2_INIT
        + """
        std = config.initializer_range
        small = std * (2 * config.n_layer) ** -0.5
        with torch.no_grad():
            self.wte.weight.normal_(0, std)
            self.wpe.weight.normal_(0, std)
            for block in self.h:
                for layer, size in ((block.attn.c_attn, std), (block.attn.c_proj, small), (block.mlp.c_fc, std), (block.mlp.c_proj, small)):
                    layer.weight.normal_(0, size)
                    layer.bias.zero_()
"""
        + GPT2_FORWARD,
        "one_hot and einsum": GPT2_INIT
        + """
        for name, parameter in self.named_parameters():
            if name.endswith("bias"):
                parameter.data.zero_()
            elif ".ln_" in name or name.startswith("ln_"):
                parameter.data.fill_(1)
            else:
                parameter.data = torch.randn_like(parameter) * config.initializer_range
                if "c_proj" in name:
                    parameter.data /= math.sqrt(2 * config.n_layer)

    def forward(self, tokens, attention_mask=None):
        if tokens.shape[1] > self.config.n_positions:
            raise ValueError
        if attention_mask is None:
            attention_mask = torch.ones_like(tokens, dtype=torch.bool)
        x = F.one_hot(tokens, self.config.vocab_size).to(self.wte.weight) @ self.wte.weight
        position_ids = attention_mask.long().cumsum(-1) - 1
        position_ids.masked_fill_(attention_mask == 0, 1)
        x = self.drop(x + self.wpe(position_ids))
        pairs = attention_mask[:, None, :, None] & attention_mask[:, None, None, :]
        for number in range(self.config.n_layer):
            x = self.h[number](x, mask=pairs)
        return torch.einsum("btd,vd->btv", self.ln_f(x), self.wte.weight)
""",
        "a linear head, and a buffer that is not saved": GPT2_INIT
        + """
        self.register_buffer("positions", torch.arange(config.n_positions).unsqueeze(0), persistent=False)
        for name, module in self.named_modules():
            if type(module) in (nn.Linear, nn.Embedding):
                module.weight.data.normal_(mean=0.0, std=config.initializer_range)
                if name.split(".")[-1] == "c_proj":
                    module.weight.data.mul_(1 / math.sqrt(2 * config.n_layer))
                if getattr(module, "bias", None) is not None:
                    module.bias.data.zero_()

    def forward(self, tokens, attention_mask=None):
        B, T = tokens.shape
        if T > self.config.n_positions:
            raise ValueError(f"Cannot forward sequence of length {T}")
        positions, mask = self.positions[:, :T], None
        if attention_mask is not None:
            positions = (torch.cumsum(attention_mask, 1) - 1).clamp(min=0)
            mask = causal_mask(T) & (attention_mask[:, None, None, :] | torch.eye(T, dtype=torch.bool))
        x = self.drop(self.wpe(positions) + self.wte(tokens))
        for block in self.h:
            x = block(x, mask)
        return F.linear(self.ln_f(x), self.wte.weight)
""",
    },
    "load_gpt2_weights": {
        "parameter by parameter": """
def load_gpt2_weights(model, state_dict):
    ours = dict(model.named_parameters())
    theirs = {}
    for name, value in state_dict.items():
        if name.startswith("transformer."):
            name = name[len("transformer.") :]
        parts = name.split(".")
        if parts[-2:] in (["attn", "bias"], ["attn", "masked_bias"]):
            continue
        theirs[name] = value.t() if parts[-1] == "weight" and parts[-2] in ("c_attn", "c_proj", "c_fc") else value
    head = theirs.pop("lm_head.weight", None)
    missing, unexpected = set(ours) - set(theirs), set(theirs) - set(ours)
    if missing or unexpected:
        raise KeyError(*sorted(missing | unexpected))
    for name, parameter in ours.items():
        if theirs[name].size() != parameter.size():
            raise ValueError(name)
    if head is not None and (head.shape != theirs["wte.weight"].shape or (head != theirs["wte.weight"]).any()):
        raise ValueError("lm_head.weight")
    with torch.no_grad():
        for name, parameter in ours.items():
            parameter.copy_(theirs[name])
    return model
""",
        "names written out": """
def load_gpt2_weights(model, state_dict):
    prefix = "transformer." if any(name.startswith("transformer.") for name in state_dict) else ""
    plan = {"wte.weight": model.wte.weight, "wpe.weight": model.wpe.weight, "ln_f.weight": model.ln_f.weight, "ln_f.bias": model.ln_f.bias}
    passed = {"lm_head.weight"}
    for i, block in enumerate(model.h):
        for part, layer in (("ln_1", block.ln_1), ("attn.c_attn", block.attn.c_attn), ("attn.c_proj", block.attn.c_proj),
                            ("ln_2", block.ln_2), ("mlp.c_fc", block.mlp.c_fc), ("mlp.c_proj", block.mlp.c_proj)):
            plan[f"h.{i}.{part}.weight"], plan[f"h.{i}.{part}.bias"] = layer.weight, layer.bias
        passed |= {f"h.{i}.attn.bias", f"h.{i}.attn.masked_bias"}
    given = {name.replace(prefix, "", 1): name for name in state_dict}
    wrong = [f"{name} is missing" for name in plan if name not in given]
    wrong += [f"{name} has no place" for name in given if name not in plan and name not in passed]
    if wrong:
        raise KeyError("; ".join(wrong))
    new = {}
    for name in plan:
        new[name] = state_dict[given[name]]
        if "c_" in name and name.endswith("weight"):
            new[name] = new[name].permute(1, 0)
        if new[name].shape != plan[name].shape:
            raise ValueError(f"wrong shape: {name}")
    if "lm_head.weight" in state_dict and not torch.equal(state_dict["lm_head.weight"], new["wte.weight"]):
        raise ValueError("the head is another one")
    for name, place in plan.items():
        place.data.copy_(new[name])
    return model
""",
        "the old weights put back": """
def load_gpt2_weights(model, state_dict):
    weights = {re.sub(r"^transformer\\.", "", name): tensor.clone() for name, tensor in state_dict.items()}
    weights = {name: tensor for name, tensor in weights.items() if not re.search(r"\\.attn\\.(masked_)?bias$", name)}
    for name in weights:
        if re.search(r"\\.c_\\w+\\.weight$", name) and weights[name].ndim == 2:
            weights[name] = weights[name].T
    head = weights.pop("lm_head.weight", None)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    names = set(before).symmetric_difference(weights)
    if names:
        raise KeyError("\\n".join(sorted(names)))
    if head is not None and not (head.shape == weights["wte.weight"].shape and bool((head == weights["wte.weight"]).all())):
        raise ValueError("another head")
    for name in before:
        if before[name].shape != weights[name].shape:
            raise ValueError(f"{name}: {list(weights[name].shape)}")
    try:
        model.load_state_dict(weights, strict=True)
    except RuntimeError as error:
        model.load_state_dict(before)
        raise ValueError(str(error)) from None
    return model
""",
        "torch's own lists of names": """
def load_gpt2_weights(model, state_dict):
    start = "transformer."
    clean = {}
    for key in state_dict:
        short = key[len(start) :] if key.startswith(start) else key
        if short.endswith((".attn.bias", ".attn.masked_bias")) or short == "lm_head.weight":
            continue
        value = state_dict[key]
        if any(short.endswith(f"{layer}.weight") for layer in ("c_attn", "c_proj", "c_fc")):
            value = value.transpose(0, 1).contiguous()
        clean[short] = value
    expected = model.state_dict()
    trouble = {"missing": [key for key in expected if key not in clean], "unexpected": [key for key in clean if key not in expected]}
    if any(trouble.values()):
        raise KeyError(trouble)
    bad = [key for key in expected if expected[key].shape != clean[key].shape]
    if bad:
        raise ValueError("wrong shape of " + ", ".join(bad))
    if "lm_head.weight" in state_dict:
        head = state_dict["lm_head.weight"]
        if head.shape != clean["wte.weight"].shape or not torch.allclose(head, clean["wte.weight"], rtol=0, atol=0):
            raise ValueError("lm_head.weight is not wte.weight")
    model.load_state_dict({key: value.clone() for key, value in clean.items()}, assign=True)
    return model.requires_grad_(True)
""",
    },
    "language_model_loss": {
        "gathered": """
def language_model_loss(logits, tokens):
    chosen = logits.log_softmax(-1)[:, :-1].gather(-1, tokens[:, 1:, None])
    return -chosen.mean()
""",
        "the way round that torch likes": """
def language_model_loss(logits, tokens):
    return F.cross_entropy(logits[:, :-1].transpose(1, 2), tokens[:, 1:])
""",
        "logarithm of the sum": """
def language_model_loss(logits, tokens):
    batch, length, vocab = logits.shape
    logits = logits[:, : length - 1].reshape(-1, vocab)
    targets = tokens[:, 1:].reshape(-1)
    return (torch.logsumexp(logits, dim=-1) - logits[torch.arange(len(targets)), targets]).sum() / (batch * (length - 1))
""",
        "position by position": """
def language_model_loss(logits, tokens):
    losses = [F.cross_entropy(logits[:, t], tokens[:, t + 1], reduction="sum") for t in range(tokens.shape[1] - 1)]
    return sum(losses) / tokens[:, 1:].numel()
""",
        "row by row": """
def language_model_loss(logits, tokens):
    return torch.stack([F.cross_entropy(row[:-1], sentence[1:]) for row, sentence in zip(logits, tokens)]).mean()
""",
        "the last target passed over": """
def language_model_loss(logits, tokens):
    targets = F.pad(tokens[:, 1:], (0, 1), value=-100)
    return F.cross_entropy(logits.reshape(-1, logits.shape[-1]), targets.reshape(-1))
""",
    },
}
