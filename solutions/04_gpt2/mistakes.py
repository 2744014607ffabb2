"""Mistakes that students make in notebook 04. Each is one replacement in the reference solution."""

from autograder.authoring import Mistake

GELU = "return 0.5 * x * (1.0 + torch.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * x**3)))"
SPLIT = """\
        query, key, value = (
            part.unflatten(-1, (self.n_head, -1)).transpose(1, 2)  # (batch, n_head, length, d_head)
            for part in (query, key, value)
        )
"""
COMBINED = """\
        if mask is not None:
            mask = mask & causal_mask(x.shape[1]).to(mask.device)  # (..., length, length)
"""
TORCHS = "heads = F.scaled_dot_product_attention(query, key, value, mask, dropout_p=dropout, is_causal=mask is None)"
HEADS = f"{COMBINED}        {TORCHS}"
MLP_READS = "hidden = gelu(self.mlp.c_fc(self.ln_2(x)))  # (batch, length, d_inner)"
MLP = f"""\
        {MLP_READS}
        return x + self.resid_dropout(self.mlp.c_proj(hidden))
"""
EMBED = "x = self.embd_dropout(self.wte(tokens) + self.wpe(positions))"
INIT = """\
            if isinstance(module, nn.Linear | nn.Embedding):
                residual = name.endswith("c_proj")
                nn.init.normal_(module.weight, std=std / math.sqrt(2 * self.config.n_layer) if residual else std)
"""
TOO_LONG = """\
        if length > self.config.n_positions:
            raise ValueError(f"{length} tokens are more than the {self.config.n_positions} positions of this model")
"""
POSITIONS = """\
        if attention_mask is None:
            positions, mask = torch.arange(length, device=tokens.device), None  # (length,)
        else:
            positions = attention_mask.cumsum(dim=1) - attention_mask.long()  # (batch, length): real tokens before it
            mask = attention_mask[:, None, None]  # (batch, 1, 1, length): the same keys for all heads and queries
"""
REAL_BEFORE = "positions = attention_mask.cumsum(dim=1) - attention_mask.long()"
KEYS = "mask = attention_mask[:, None, None]"
SHAPES = """\
    for name, weight in weights.items():
        if weight.shape != ours[name].shape:
            raise ValueError(f"{name} has the shape {tuple(weight.shape)}, and should have {tuple(ours[name].shape)}")
"""
HEAD = """\
    if head is not None and not torch.equal(head, weights["wte.weight"]):
        raise ValueError("lm_head.weight differs from wte.weight, and this model has one matrix for both")
"""
TURNED = """name: weight.T if re.search(r"c_(attn|proj|fc)\\.weight$", name) else weight"""
WRONG = """\
    wrong = sorted(ours.keys() ^ weights.keys())
    if wrong:
        raise KeyError(f"missing: {[n for n in wrong if n in ours]}, unexpected: {[n for n in wrong if n in weights]}")
"""
LOAD = """\
    # Copies in the file's order in memory: with that, one row times a matrix is faster on many processors.
    copies = {name: weight.to(ours[name], copy=True) for name, weight in weights.items()}
    model.load_state_dict(copies, assign=True)
"""
LOSS = "return F.cross_entropy(predictions.flatten(0, 1), targets.flatten())"


SCALED = "scores = query @ key.mT / math.sqrt(query.shape[-1])"
HIDES = "scores = scores if mask is None else scores.masked_fill(~mask, -1e30)"
AHEAD = "ahead = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool, device=x.device).triu(1)"
WEIGHTS = "weights = F.dropout(scores.masked_fill(ahead, -torch.inf).softmax(dim=-1), dropout)"
BOTH = "ahead = ahead if mask is None else ahead | ~mask"
AT_ONCE = f"{AHEAD}\n        {BOTH}"  # both masks in `ahead`; then nothing hides before


def written_out(scaled=SCALED, hides=HIDES, ahead=AHEAD, weights=WEIGHTS):
    """Attention with its weights in sight. Without arguments it is right."""
    return "\n".join(f"        {line}" for line in (scaled, hides, ahead, weights, "heads = weights @ value") if line)


ALSO_RIGHT = {HEADS: written_out()}

MERGED = "heads.transpose(1, 2).flatten(2)"
SPLIT_TO_MERGED = f"{SPLIT}        dropout = self.attn_pdrop if self.training else 0.0\n{HEADS}\n        merged = {MERGED}"


def there_and_back(split, merged):
    """Heads cut in another way, and put together as they were cut."""
    return SPLIT_TO_MERGED.replace("part.unflatten(-1, (self.n_head, -1)).transpose(1, 2)", split).replace(MERGED, merged)


MODEL = """\
class GPT2(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.wte = nn.Embedding(config.vocab_size, config.n_embd)
        self.wpe = nn.Embedding(config.n_positions, config.n_embd)
        self.drop = nn.Dropout(config.embd_pdrop)
        self.h = nn.ModuleList([GPT2Block(config) for _ in range(config.n_layer)])
        self.ln_f = nn.LayerNorm(config.n_embd, eps=config.layer_norm_epsilon)
        for name, module in self.named_modules():
            if isinstance(module, (nn.Linear, nn.Embedding)):
                std = config.initializer_range
                if name.endswith("c_proj"):
                    std = std / math.sqrt(2 * config.n_layer)
                nn.init.normal_(module.weight, mean=0.0, std=std)
            if isinstance(module, nn.Linear) and module.bias is not None:
                nn.init.zeros_(module.bias)

    def forward(self, tokens, attention_mask=None):
        length = tokens.shape[1]
        if length > self.config.n_positions:
            raise ValueError("too many tokens")
        positions, mask = torch.arange(length, device=tokens.device), None
        if attention_mask is not None:
            positions = (attention_mask.cumsum(dim=1) - 1).clamp(min=0)
            mask = attention_mask[:, None, None, :]
        x = self.drop(self.wte(tokens) + self.wpe(positions))
        for block in self.h:
            x = block(x, mask)
        return self.ln_f(x) @ self.wte.weight.T
"""
LAST_NORM = "        self.ln_f = nn.LayerNorm(config.n_embd, eps=config.layer_norm_epsilon)\n"
OWN_HEAD = MODEL.replace(LAST_NORM, LAST_NORM + "        self.lm_head = nn.Linear(config.n_embd, config.vocab_size, bias=False)\n").replace(
    "self.ln_f(x) @ self.wte.weight.T", "self.lm_head(self.ln_f(x))"
)
NO_CONFIG = MODEL.replace("self.config = config", "self.n_positions = config.n_positions").replace("self.config.", "self.")

MISTAKES = [
    # gelu
    Mistake(
        "the exact gelu", "gelu", replace=GELU, by="return 0.5 * x * (1.0 + torch.erf(x / math.sqrt(2.0)))",
        says="You compute the exact form, with erf. GPT-2 was trained with an approximation: which function stands in it?",
    ),
    Mistake(
        "gelu with a sigmoid", "gelu", replace=GELU, by="return x * torch.sigmoid(1.702 * x)",
        says="You compute the sigmoid approximation of gelu, which is a coarser one. Which form does GPT-2 use?",
    ),
    Mistake(
        "square for cube", "gelu", replace="x**3", by="x**2",
        says="Your correction inside of tanh grows with the square of x, so it does not change its sign with x. Which power does the formula have?",
    ),
    Mistake(
        "2 / pi without the root", "gelu", replace="math.sqrt(2.0 / math.pi)", by="(2.0 / math.pi)",
        says="Your factor inside of tanh is 2 / pi. What stands around it in the formula?",
    ),
    Mistake(
        "root of a part of 2 / pi", "gelu", replace="math.sqrt(2.0 / math.pi)", by="math.sqrt(2.0) / math.pi",
        also=[("math.sqrt(2.0 / math.pi)", "2.0 / math.sqrt(math.pi)")],
        says="Only one of 2 and pi stands under your root. How far does the root of the formula reach?",
    ),
    Mistake(
        "pi / 2 for 2 / pi", "gelu", replace="math.sqrt(2.0 / math.pi)", by="math.sqrt(math.pi / 2.0)",
        says="Your factor inside of tanh is larger than 1. Which of 2 and pi is divided by the other?",
    ),
    Mistake(
        "cube of the wrong thing", "gelu", replace="0.044715 * x**3", by="(0.044715 * x) ** 3",
        says="You take the cube of the product, the constant included. What is the cube of, in the formula?",
    ),
    Mistake(
        "factor on x alone", "gelu", replace="math.sqrt(2.0 / math.pi) * (x + 0.044715 * x**3)", by="math.sqrt(2.0 / math.pi) * x + 0.044715 * x**3",
        says="Your root multiplies x, but not the cube. Where do the parentheses of the formula close?",
    ),
    Mistake(
        "no half", "gelu", replace="0.5 * x", by="x",
        says="Far to the right your gelu is 2x. What should it be there?",
    ),
    Mistake(
        "another constant", "gelu", replace="0.044715 * x**3", by="0.44715 * x**3",
        says="Your constant in front of the cube is ten times too large. Where is its decimal point?",
    ),
    Mistake(
        "tanh by its exponentials", "gelu", replace=GELU,
        by="u = math.sqrt(2.0 / math.pi) * (x + 0.044715 * x**3)\n    return 0.5 * x * (1.0 + (u.exp() - (-u).exp()) / (u.exp() + (-u).exp()))",
        also=[("torch.tanh(", "(lambda u: ((2 * u).exp() - 1) / ((2 * u).exp() + 1))(")],
        says="You divide exponentials by each other, and far from 0 that is infinity by infinity. Which function of torch does not have this problem?",
    ),
    Mistake(
        "x overwritten by gelu", "gelu", replace=GELU, by="return x.mul_(0.5 * (1.0 + torch.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * x**3))))",
        says="You write into x, which should stay as it was. Methods with an underscore at the end do so, and += too: how do you get a new tensor?",
    ),
    Mistake(
        "gelu in float32", "gelu", replace=GELU, by="x = x.float()\n    " + GELU,
        says="You compute in float32 and return it, whatever came in. Which dtype does the docstring promise?",
    ),
    Mistake(
        "rounded to float32 on the way", "gelu", replace="math.sqrt(2.0 / math.pi)", by="torch.tensor(2.0 / math.pi).sqrt()",
        also=[(GELU, f"given, x = x.dtype, x.float()\n    {GELU.replace('return ', 'return (')}).to(given)")],
        says="Your result has the right dtype, but on the way a number is rounded to float32. Which dtype does each of your tensors have, constants included?",
    ),
    Mistake(
        "gelu without its gradient", "gelu", replace="torch.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * x**3))", by="torch.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * x**3)).detach()",
        also=[("return 0.5", "x = x.detach()\n    return 0.5")],
        says="The values are right and the gradient is not: your formula, or a part of it, is cut off from x. Which call does that?",
    ),
    # CausalSelfAttention
    Mistake(
        "keys before queries", "CausalSelfAttention", replace="query, key, value = self.c_attn(x)", by="key, query, value = self.c_attn(x)",
        also=[("query, key, value = self.c_attn(x)", "key, value, query = self.c_attn(x)")],
        says="You take the first third of c_attn's output for the keys. Which order does the docstring give?",
    ),
    Mistake(
        "values before keys", "CausalSelfAttention", replace="query, key, value = self.c_attn(x)", by="query, value, key = self.c_attn(x)",
        says="You take the second third of c_attn's output for the values. Which order does the docstring give?",
    ),
    Mistake(
        "values first", "CausalSelfAttention", replace="query, key, value = self.c_attn(x)", by="value, key, query = self.c_attn(x)",
        says="You read the thirds of c_attn's output from back to front. Which order does the docstring give?",
    ),
    Mistake(
        "heads before thirds", "CausalSelfAttention",
        replace="        query, key, value = self.c_attn(x).chunk(3, dim=-1)  # each (batch, length, n_embd)\n" + SPLIT,
        by="        query, key, value = self.c_attn(x).unflatten(-1, (self.n_head, 3, -1)).permute(3, 0, 2, 1, 4)\n",
        says="You split c_attn's output into heads first, and each head into queries, keys and values. What does the docstring say of its first third?",
    ),
    Mistake(
        "columns dealt out to the heads", "CausalSelfAttention", replace="part.unflatten(-1, (self.n_head, -1)).transpose(1, 2)",
        by="part.unflatten(-1, (-1, self.n_head)).permute(0, 3, 1, 2)",
        also=[(SPLIT_TO_MERGED, there_and_back("part.unflatten(-1, (-1, self.n_head)).permute(0, 3, 1, 2)", "heads.permute(0, 2, 3, 1).flatten(2)"))],
        says="Your heads own every n_head-th column. Which columns does head h own?",
    ),
    Mistake(
        "heads cut from positions", "CausalSelfAttention", replace="part.unflatten(-1, (self.n_head, -1)).transpose(1, 2)",
        by="part.reshape(len(x), self.n_head, x.shape[1], -1)",
        also=[(SPLIT_TO_MERGED, there_and_back("part.reshape(len(x), self.n_head, x.shape[1], -1)", "heads.reshape(x.shape)"))],
        says="You reshape to heads and positions at once, so that a head gets some positions with all columns. Which dimension is to be split, and what has to be moved then?",
    ),
    Mistake(
        "heads merged without moving", "CausalSelfAttention", replace="heads.transpose(1, 2).flatten(2)", by="heads.reshape(x.shape)",
        also=[("heads.transpose(1, 2).flatten(2)", "heads.transpose(-2, -1).reshape(x.shape)")],
        says="You merge the heads while positions still stand behind them, so rows of different positions get mixed. Which two dimensions have to change places first?",
    ),
    Mistake(
        "heads interleaved when merged", "CausalSelfAttention", replace="heads.transpose(1, 2).flatten(2)", by="heads.permute(0, 2, 3, 1).flatten(2)",
        says="When you merge, columns of different heads alternate. Which columns of the result does head h own?",
    ),
    Mistake(
        "the future in sight", "CausalSelfAttention", replace=HEADS, by="        heads = F.scaled_dot_product_attention(query, key, value, mask, dropout_p=dropout)",
        also=[
            (HEADS, written_out(ahead="", weights="weights = F.dropout(scores.softmax(dim=-1), dropout)")),
            (", is_causal=mask is None", ""),
        ],
        says="Each position of yours sees those after it, at least where no mask is given. What would a model learn that sees the word that it is to predict?",
    ),
    Mistake(
        "itself not in sight", "CausalSelfAttention", replace=HEADS,
        by=written_out(ahead=AHEAD.replace("triu(1)", "triu(0)"), weights=WEIGHTS.replace("-torch.inf", "-1e9")),
        also=[
            (HEADS, written_out(ahead=AHEAD.replace("triu(1)", "triu(0)"))),
            (
                HEADS,
                "        allowed = causal_mask(x.shape[1]).tril(-1).to(x.device)\n"
                "        allowed = allowed if mask is None else allowed & mask\n"
                "        heads = F.scaled_dot_product_attention(query, key, value, allowed, dropout_p=dropout)",
            ),
        ],
        says="A position of yours does not see itself. Where does the triangle of the mask begin?",
    ),
    Mistake(
        "one position too far", "CausalSelfAttention", replace=HEADS,
        by=written_out(weights="weights = F.dropout(scores.masked_fill(ahead.triu(2), -torch.inf).softmax(dim=-1), dropout)"),
        says="Each position of yours sees one after it. Where does the triangle of the mask begin?",
    ),
    Mistake(
        "the past out of sight", "CausalSelfAttention", replace=HEADS,
        by=written_out(weights="weights = F.dropout(scores.masked_fill(ahead.T, -torch.inf).softmax(dim=-1), dropout)"),
        also=[
            (
                HEADS,
                "        allowed = ~causal_mask(x.shape[1]).to(x.device)\n"
                "        allowed = allowed if mask is None else allowed & mask\n"
                "        heads = F.scaled_dot_product_attention(query, key, value, allowed, dropout_p=dropout)",
            ),
            (HEADS, written_out(weights=WEIGHTS.replace("(ahead,", "(~ahead,"))),
            (HEADS, written_out(weights=WEIGHTS.replace("(ahead, -torch.inf)", "(~ahead, -1e9)"))),
        ],
        says="A position of yours sees what comes after it, and not what comes before. On which side of the diagonal is the past, and what does True mean in your causal mask?",
    ),
    Mistake(
        "masked after the softmax", "CausalSelfAttention", replace=HEADS,
        by=written_out(weights="weights = F.dropout(scores.softmax(dim=-1).masked_fill(ahead, 0.0), dropout)"),
        also=[(HEADS, written_out(hides="", ahead=AT_ONCE, weights="weights = F.dropout(scores.softmax(dim=-1).masked_fill(ahead, 0.0), dropout)"))],
        says="You blank weights after the softmax, so a row's weights no longer sum to 1. Where does the mask belong?",
    ),
    Mistake(
        "0 for minus infinity", "CausalSelfAttention", replace=HEADS,
        by=written_out(weights="weights = F.dropout(scores.masked_fill(ahead, 0.0).softmax(dim=-1), dropout)"),
        also=[(HEADS, written_out(hides="", ahead=AT_ONCE, weights=WEIGHTS.replace("-torch.inf", "0.0")))],
        says="You set hidden scores to 0, and the softmax of 0 is not 0. Which score gives a weight of 0?",
    ),
    Mistake(
        "a mask that large scores beat", "CausalSelfAttention", replace=HEADS,
        by=written_out(weights="weights = F.dropout(scores.masked_fill(ahead, -1e4).softmax(dim=-1), dropout)"),
        also=[
            (HEADS, written_out(hides="", ahead=AT_ONCE, weights=WEIGHTS.replace("-torch.inf", "-1e4"))),
            (HEADS, written_out(weights="weights = F.dropout((scores + ahead.to(x.dtype) * -1e4).softmax(dim=-1), dropout)")),
        ],
        says="Your mask sets scores to -10000, or lowers them by as much, and other scores can be lower still. Which number is lower than all?",
    ),
    Mistake(
        "softmax over the queries", "CausalSelfAttention", replace=HEADS,
        by=written_out(weights="weights = F.dropout(scores.masked_fill(ahead, -torch.inf).softmax(dim=-2), dropout)"),
        says="Your weights sum to 1 over the queries. Whose weights should sum to 1?",
    ),
    Mistake(
        "not scaled", "CausalSelfAttention", replace="dropout_p=dropout,", by="dropout_p=dropout, scale=1.0,",
        also=[(HEADS, written_out("scores = query @ key.mT"))],
        says="Your scores are not divided by anything. What does the docstring divide them by?",
    ),
    Mistake(
        "scaled by the whole width", "CausalSelfAttention", replace="dropout_p=dropout,", by="dropout_p=dropout, scale=x.shape[-1] ** -0.5,",
        also=[(HEADS, written_out("scores = query @ key.mT / math.sqrt(x.shape[-1])"))],
        says="You scale with the width of the model. Over how many numbers does one head's dot product sum?",
    ),
    Mistake(
        "scaled by the number of heads", "CausalSelfAttention", replace="dropout_p=dropout,", by="dropout_p=dropout, scale=self.n_head ** -0.5,",
        also=[(HEADS, written_out("scores = query @ key.mT / math.sqrt(self.n_head)"))],
        says="You scale with the number of heads. Over how many numbers does one head's dot product sum?",
    ),
    Mistake(
        "scaled without the root", "CausalSelfAttention", replace="dropout_p=dropout,", by="dropout_p=dropout, scale=1.0 / query.shape[-1],",
        also=[(HEADS, written_out("scores = query @ key.mT / query.shape[-1]"))],
        says="You divide scores by d_head, or by its root twice. What does the docstring divide them by, and how often?",
    ),
    Mistake(
        "one head for all", "CausalSelfAttention", replace="(self.n_head, -1)", by="(1, -1)",
        says="Your attention has one head, whatever n_head says. What is split, and into how many parts?",
    ),
    Mistake(
        "no c_proj", "CausalSelfAttention", replace="self.c_proj(merged)", by="merged",
        says="You return the merged heads as they are, and c_proj is never called. What mixes what the heads have found?",
    ),
    Mistake(
        "c_attn without a bias", "CausalSelfAttention", replace="3 * config.n_embd)", by="3 * config.n_embd, bias=False)",
        says="Your c_attn has no bias. GPT-2's file holds one: where should it go?",
    ),
    Mistake(
        "c_proj without a bias", "CausalSelfAttention", replace="self.c_proj = nn.Linear(config.n_embd, config.n_embd)", by="self.c_proj = nn.Linear(config.n_embd, config.n_embd, bias=False)",
        says="Your c_proj has no bias. GPT-2's file holds one: where should it go?",
    ),
    Mistake(
        "weights dropped in evaluation", "CausalSelfAttention", replace="self.attn_pdrop if self.training else 0.0", by="self.attn_pdrop",
        says="You drop weights of the attention also in evaluation mode. F.scaled_dot_product_attention knows nothing of modes: who has to look?",
    ),
    Mistake(
        "weights never dropped", "CausalSelfAttention", replace=" dropout_p=dropout,", by="",
        also=[(HEADS, written_out(weights="weights = scores.masked_fill(ahead, -torch.inf).softmax(dim=-1)"))],
        says="No weight of the attention is ever dropped. What is attn_pdrop for?",
    ),
    Mistake(
        "result never dropped", "CausalSelfAttention", replace="self.resid_dropout(self.c_proj(merged))", by="self.c_proj(merged)",
        says="Your result is never dropped. What is resid_pdrop for?",
    ),
    Mistake(
        "result dropped in evaluation", "CausalSelfAttention", replace="self.resid_dropout(self.c_proj(merged))", by="F.dropout(self.c_proj(merged), self.resid_dropout.p)",
        says="F.dropout drops in evaluation mode too, unless it is told. What do you have to tell it?",
    ),
    Mistake(
        "dropped before c_proj", "CausalSelfAttention", replace="self.resid_dropout(self.c_proj(merged))", by="self.c_proj(self.resid_dropout(merged))",
        says="You drop what goes into c_proj. Which of its two ends does resid_pdrop belong to?",
    ),
    Mistake(
        "rates the wrong way round", "CausalSelfAttention",
        replace="config.attn_pdrop\n", by="config.resid_pdrop\n        config = GPT2Config.from_dict({**config.to_dict(), \"resid_pdrop\": config.attn_pdrop})\n",
        says="You drop weights at resid_pdrop and the result at attn_pdrop. Which is which?",
    ),
    Mistake(
        "attn_pdrop for both", "CausalSelfAttention", replace="nn.Dropout(config.resid_pdrop)", by="nn.Dropout(config.attn_pdrop)",
        says="You drop the result at the rate of the weights. There are two rates: what is resid_pdrop for?",
    ),
    Mistake(
        "resid_pdrop for both", "CausalSelfAttention", replace="config.n_head, config.attn_pdrop", by="config.n_head, config.resid_pdrop",
        says="You drop weights at the rate of the result. There are two rates: what is attn_pdrop for?",
    ),
    Mistake(
        "attention in float32", "CausalSelfAttention", replace=HEADS,
        by="        query, key, value = query.float(), key.float(), value.float()\n" + HEADS + ".to(x.dtype)",
        also=[(HEADS, written_out(weights="weights = F.dropout(scores.float().masked_fill(ahead, -torch.inf).softmax(dim=-1), dropout).to(x.dtype)"))],
        says="You compute attention, or a part of it, in float32, whatever comes in, so doubles come out rounded. Which call does that?",
    ),
    Mistake(
        "x overwritten by attention", "CausalSelfAttention", replace="return self.resid_dropout(self.c_proj(merged))",
        by="result = self.resid_dropout(self.c_proj(merged))\n        return result if torch.is_grad_enabled() else x.copy_(result)",
        says="You write into x, so it does not stay as it was. The block still needs x for its residual: where do you write into it?",
    ),
    Mistake(
        "x added inside of attention", "CausalSelfAttention", replace="return self.resid_dropout(", by="return x + self.resid_dropout(",
        says="You add x to what attention finds. Which of your classes has the residual connection?",
    ),
    Mistake(
        "heads dropped for weights", "CausalSelfAttention", replace=HEADS,
        by=HEADS.replace(" dropout_p=dropout,", "") + "\n        heads = F.dropout(heads, dropout)",
        says="You drop numbers of what the heads have gathered. What does attn_pdrop drop?",
    ),
    Mistake(
        "scores dropped for weights", "CausalSelfAttention", replace=HEADS,
        by=written_out(weights="weights = F.dropout(scores, dropout).masked_fill(ahead, -torch.inf).softmax(dim=-1)"),
        says="You drop scores before the softmax, and a score of 0 still gives a weight. When are they weights?",
    ),
    # CausalSelfAttention with a mask
    Mistake(
        "mask passed over", "CausalSelfAttention", replace=HEADS, by="        heads = F.scaled_dot_product_attention(query, key, value, dropout_p=dropout, is_causal=True)",
        also=[(HEADS, written_out(hides=""))],
        says="Your attention never looks at its mask. Which positions does it hide, beside those that come later?",
    ),
    Mistake(
        "mask in place of the causal one", "CausalSelfAttention", replace=COMBINED, by="",
        says="Where a mask is given, yours takes the place of the causal one, and positions see what comes after them. How do you combine both?",
    ),
    Mistake(
        "where either mask allows it", "CausalSelfAttention", replace="mask = mask & causal_mask", by="mask = mask | causal_mask",
        says="You let a position attend where one of the two masks allows it. The docstring asks for both: which operator is that?",
    ),
    Mistake(
        "mask the wrong way round", "CausalSelfAttention", replace="mask = mask & causal", by="mask = ~mask & causal",
        also=[
            (HEADS, written_out(hides=HIDES.replace("~", ""))),
            ("mask & causal_mask(x.shape[1]).to(mask.device)", "~(mask & causal_mask(x.shape[1]).to(mask.device))"),
            (HEADS, written_out(hides="", ahead=AT_ONCE.replace("~mask", "mask"))),
        ],
        says="You hide the positions that the mask allows, and show the others. What does True mean in the masks of this course?",
    ),
    Mistake(
        "mask for the queries", "CausalSelfAttention", replace="mask = mask & causal_mask", by="mask = mask.mT & causal_mask",
        also=[
            (HEADS, written_out(hides=HIDES.replace("~mask", "~mask.mT"))),
            (HEADS, written_out(hides="", ahead=AT_ONCE.replace("~mask", "~mask.mT"))),
        ],
        says="Your mask hides whole queries, and not keys. Which of the last two dimensions of a mask belongs to the keys?",
    ),
    Mistake(
        "two kinds of mask at once", "CausalSelfAttention", replace=HEADS, by="        heads = F.scaled_dot_product_attention(query, key, value, mask, dropout_p=dropout, is_causal=True)",
        says="F.scaled_dot_product_attention takes a mask or is_causal=True, and not both at once. What do you have to do with the two masks before you call it?",
    ),
    Mistake(
        "mask multiplied after the softmax", "CausalSelfAttention", replace=HEADS,
        by=written_out(hides="", weights=f"{WEIGHTS}\n        weights = weights if mask is None else weights * mask"),
        says="You set weights to 0 after the softmax, so the weights of a row no longer sum to 1. Where does the mask belong?",
    ),
    Mistake(
        "mask multiplied before the softmax", "CausalSelfAttention", replace=HEADS,
        by=written_out(hides="scores = scores if mask is None else scores * mask"),
        also=[
            (
                HEADS,
                written_out(
                    hides="", weights=f"scores = scores.masked_fill(ahead, -torch.inf)\n        scores = scores if mask is None else scores * mask\n        {WEIGHTS}",
                ),
            ),
        ],
        says="You multiply scores by the mask, so a hidden score becomes 0, which is not the weight 0 (and minus infinity times 0 is NaN). Which score gives a weight of 0?",
    ),
    Mistake(
        "mask added as ones and zeros", "CausalSelfAttention", replace=HEADS,
        by=written_out(hides="scores = scores if mask is None else scores + mask"),
        also=[("mask & causal_mask(x.shape[1]).to(mask.device)", "(mask & causal_mask(x.shape[1]).to(mask.device)).to(x.dtype)")],
        says="Your mask is added to the scores as ones and zeros, which hides nothing. (F.scaled_dot_product_attention adds a mask of numbers, too.) A mask that is added holds 0 where a position may attend: what does it hold elsewhere?",
    ),
    Mistake(
        "minus infinity for the wrong ones", "CausalSelfAttention", replace=HEADS,
        by=written_out(hides="scores = scores if mask is None else scores + mask.to(x.dtype) * -1e9"),
        says="You add a large negative number to the scores where the mask is True, and True means that a position may attend. Where does the large negative number belong?",
    ),
    Mistake(
        "0 times minus infinity", "CausalSelfAttention", replace=HEADS,
        by=written_out(hides="scores = scores if mask is None else scores + (~mask).to(x.dtype) * -torch.inf"),
        also=[(HEADS, written_out(weights="weights = F.dropout((scores + ahead.to(x.dtype) * -torch.inf).softmax(dim=-1), dropout)"))],
        says="You multiply a mask by minus infinity, and 0 times infinity is NaN. How do you put minus infinity in some places without a product?",
    ),
    Mistake(
        "a mask of -10000", "CausalSelfAttention", replace=HEADS,
        by=written_out(hides="scores = scores if mask is None else scores.masked_fill(~mask, -1e4)"),
        also=[(HEADS, written_out(hides="scores = scores if mask is None else scores + (~mask).to(x.dtype) * -1e4"))],
        says="You set scores to -10000 where your mask hides a position, or lower them by as much, and other scores can be lower still. Which number is lower than all?",
    ),
    Mistake(
        "NaN where nothing is visible", "CausalSelfAttention", replace=HEADS,
        by=written_out(hides="", ahead=f"{AHEAD}\n        {BOTH}"),
        says="A position that may attend to nothing becomes NaN, or its gradients do, and the next block's weights of 0 times NaN are NaN, too. What should the softmax of such a row give?",
    ),
    Mistake(
        "zeros where nothing is visible, without a gradient", "CausalSelfAttention", replace=HEADS,
        by=written_out(
            hides="", ahead=f"{AHEAD}\n        {BOTH}",
            weights="weights = F.dropout((scores + torch.zeros_like(scores).masked_fill(ahead, -torch.inf)).softmax(dim=-1).nan_to_num(), dropout)",
        ),
        says="Your outputs are finite where a position may attend to nothing, but the gradients are NaN. Mask with a very large negative number, or give such a row something to attend to.",
    ),
    Mistake(
        "the first row's mask for all", "CausalSelfAttention", replace="mask = mask & causal_mask", by="mask = (mask[:1] if mask.ndim == 4 else mask) & causal_mask",
        says="You use the first mask of the batch for all rows. Each row has padding of its own: which dimension of the mask is the batch?",
    ),
    Mistake(
        "the first head's mask for all", "CausalSelfAttention", replace="mask = mask & causal_mask", by="mask = (mask[:, :1] if mask.ndim == 4 else mask) & causal_mask",
        says="You use the mask of the first head for all heads. Which dimension of the mask belongs to the heads?",
    ),
    Mistake(
        "the first query's mask for all", "CausalSelfAttention", replace="mask = mask & causal_mask", by="mask = mask[..., :1, :] & causal_mask",
        says="You use the mask of the first query for all queries. It may be another for each: which dimension of the mask belongs to the queries?",
    ),
    Mistake(
        "no dropout beside a mask", "CausalSelfAttention", replace=TORCHS, by="heads = F.scaled_dot_product_attention(query, key, value, mask, dropout_p=dropout if mask is None else 0.0, is_causal=mask is None)",
        says="Where a mask is given, no weight of yours is dropped. Which argument does only one of your two calls have?",
    ),
    Mistake(
        "weights dropped in evaluation beside a mask", "CausalSelfAttention", replace=TORCHS, by="heads = F.scaled_dot_product_attention(query, key, value, mask, dropout_p=dropout if mask is None else self.attn_pdrop, is_causal=mask is None)",
        says="Where a mask is given, you drop weights in evaluation mode, too. Which of your two calls looks at the mode?",
    ),
    Mistake(
        "the caller's mask overwritten", "CausalSelfAttention", replace="mask = mask & causal_mask(x.shape[1]).to(mask.device)", by="mask = mask.logical_and_(causal_mask(x.shape[1])) if mask.shape[-2] > 1 else mask & causal_mask(x.shape[1])",
        says="You write into the caller's mask: &= works in place. How do you get a new tensor?",
    ),
    # GPT2Block
    Mistake(
        "norms after the sums", "GPT2Block",
        replace="        x = x + self.attn(self.ln_1(x), mask)\n" + MLP,
        by="        x = self.ln_1(x + self.attn(x, mask))\n        return self.ln_2(x + self.resid_dropout(self.mlp.c_proj(gelu(self.mlp.c_fc(x)))))\n",
        says="You normalise after each sum, as the paper of 2017 does. Where did GPT-2 move the norms to?",
    ),
    Mistake(
        "norms after the parts", "GPT2Block",
        replace="        x = x + self.attn(self.ln_1(x), mask)\n" + MLP,
        by="        x = x + self.ln_1(self.attn(x, mask))\n        return x + self.ln_2(self.resid_dropout(self.mlp.c_proj(gelu(self.mlp.c_fc(x)))))\n",
        says="You normalise what attention and mlp return, and they read x as it is. On which side of each part does its norm stand?",
    ),
    Mistake(
        "attention reads x as it is", "GPT2Block", replace="self.attn(self.ln_1(x), mask)", by="self.attn(x, mask)",
        says="Your attention reads x without a norm. What is ln_1 for?",
    ),
    Mistake(
        "mlp reads x as it is", "GPT2Block", replace="self.mlp.c_fc(self.ln_2(x))", by="self.mlp.c_fc(x)",
        says="Your mlp reads x without a norm. What is ln_2 for?",
    ),
    Mistake(
        "one norm for both", "GPT2Block", replace="self.ln_2(x)", by="self.ln_1(x)",
        says="You normalise with ln_1 twice. Which norm stands before mlp?",
    ),
    Mistake(
        "norms change places", "GPT2Block", replace="        x = x + self.attn(self.ln_1(x), mask)\n        hidden = gelu(self.mlp.c_fc(self.ln_2(x)))", by="        x = x + self.attn(self.ln_2(x), mask)\n        hidden = gelu(self.mlp.c_fc(self.ln_1(x)))",
        says="ln_2 stands before your attention and ln_1 before mlp. Which comes first?",
    ),
    Mistake(
        "residual from the norm", "GPT2Block", replace="x = x + self.attn(self.ln_1(x), mask)", by="x = self.ln_1(x)\n        x = x + self.attn(x, mask)",
        says="You add what attention finds to normalised values, and x itself is lost. What runs unchanged from the first block to the last?",
    ),
    Mistake(
        "second residual from the norm", "GPT2Block", replace=MLP, by="        x = self.ln_2(x)\n        return x + self.resid_dropout(self.mlp.c_proj(gelu(self.mlp.c_fc(x))))\n",
        says="You add what mlp finds to normalised values. What should it be added to?",
    ),
    Mistake(
        "no residual around attention", "GPT2Block", replace="x = x + self.attn(self.ln_1(x), mask)", by="x = self.attn(self.ln_1(x), mask)",
        says="After attention x is gone. What is added to what?",
    ),
    Mistake(
        "no residual around mlp", "GPT2Block", replace="return x + self.resid_dropout", by="return self.resid_dropout",
        says="You return what mlp finds, and nothing else. What is it added to?",
    ),
    Mistake(
        "side by side", "GPT2Block", replace="        x = x + self.attn(self.ln_1(x), mask)\n" + MLP,
        by="        attended = self.attn(self.ln_1(x), mask)\n        return x + attended + self.resid_dropout(self.mlp.c_proj(gelu(self.mlp.c_fc(self.ln_2(x)))))\n",
        says="Your mlp reads x as it was before attention. GPT-2's two parts work one after the other: what does the second one read?",
    ),
    Mistake(
        "mlp first", "GPT2Block", replace="        x = x + self.attn(self.ln_1(x), mask)\n" + MLP,
        by="        x = x + self.resid_dropout(self.mlp.c_proj(gelu(self.mlp.c_fc(self.ln_2(x)))))\n        return x + self.attn(self.ln_1(x), mask)\n",
        says="Your mlp comes before attention. Which of the two parts is the first?",
    ),
    Mistake(
        "added to the first x", "GPT2Block", replace="        x = x + self.attn(self.ln_1(x), mask)\n" + MLP,
        by="        attended = x + self.attn(self.ln_1(x), mask)\n        return x + self.resid_dropout(self.mlp.c_proj(gelu(self.mlp.c_fc(self.ln_2(attended)))))\n",
        says="You add what mlp finds to the x that came in, and what attention found is lost. Which x is the second residual?",
    ),
    Mistake(
        "relu for gelu", "GPT2Block", replace="gelu(self.mlp", by="torch.relu(self.mlp",
        says="Your activation is relu. Which one does GPT-2 have?",
    ),
    Mistake(
        "the exact gelu in a block", "GPT2Block", replace="gelu(self.mlp", by="F.gelu(self.mlp",
        says="F.gelu computes the exact form unless it is told otherwise. Which form have you written yourself?",
    ),
    Mistake(
        "no activation", "GPT2Block", replace="gelu(self.mlp.c_fc(self.ln_2(x)))", by="self.mlp.c_fc(self.ln_2(x))",
        says="Nothing stands between your two layers, and two linear layers are one. What makes them more?",
    ),
    Mistake(
        "activation at the end", "GPT2Block", replace=MLP, by="        return x + self.resid_dropout(gelu(self.mlp.c_proj(gelu(self.mlp.c_fc(self.ln_2(x))))))\n",
        says="There is an activation after your second layer, too. How many does mlp have?",
    ),
    Mistake(
        "n_inner passed over", "GPT2Block", replace="config.n_inner or 4 * config.n_embd", by="4 * config.n_embd",
        says="Your mlp is always four times as wide as x. What if n_inner says otherwise?",
    ),
    Mistake(
        "as wide as x without n_inner", "GPT2Block", replace="config.n_inner or 4 * config.n_embd", by="config.n_inner or config.n_embd",
        says="Where n_inner is None, your mlp is as wide as x. How wide should it be?",
    ),
    Mistake(
        "n_inner expected", "GPT2Block", replace="config.n_inner or 4 * config.n_embd", by="config.n_inner",
        says="You take n_inner as it is, and it may be None. How wide is mlp then?",
    ),
    Mistake(
        "eps of ln_1 by default", "GPT2Block", replace="self.ln_1 = nn.LayerNorm(config.n_embd, eps=config.layer_norm_epsilon)", by="self.ln_1 = nn.LayerNorm(config.n_embd)",
        says="ln_1 has torch's eps. Where does the config say which one it should have?",
    ),
    Mistake(
        "eps of ln_2 by default", "GPT2Block", replace="self.ln_2 = nn.LayerNorm(config.n_embd, eps=config.layer_norm_epsilon)", by="self.ln_2 = nn.LayerNorm(config.n_embd)",
        says="ln_2 has torch's eps. Where does the config say which one it should have?",
    ),
    Mistake(
        "mlp never dropped", "GPT2Block", replace="self.resid_dropout(self.mlp.c_proj(hidden))", by="self.mlp.c_proj(hidden)",
        says="Nothing of what your mlp returns is dropped. What is resid_pdrop for?",
    ),
    Mistake(
        "attention dropped twice", "GPT2Block", replace="x = x + self.attn(self.ln_1(x), mask)", by="x = x + self.resid_dropout(self.attn(self.ln_1(x), mask))",
        says="You drop what attention returns. Has somebody done so already?",
    ),
    Mistake(
        "dropped between the layers", "GPT2Block", replace="self.resid_dropout(self.mlp.c_proj(hidden))", by="self.mlp.c_proj(self.resid_dropout(hidden))",
        also=[("self.mlp.c_proj(hidden)", "self.mlp.c_proj(self.resid_dropout(hidden))")],
        says="You drop numbers between the two layers of mlp. After which of them does the docstring drop?",
    ),
    Mistake(
        "sum dropped", "GPT2Block", replace="return x + self.resid_dropout(self.mlp.c_proj(hidden))", by="return self.resid_dropout(x + self.mlp.c_proj(hidden))",
        says="You drop numbers of the sum, x included, and so the way that runs through all blocks gets holes. What may be dropped?",
    ),
    Mistake(
        "mlp dropped in evaluation", "GPT2Block", replace="self.resid_dropout(self.mlp.c_proj(hidden))", by="F.dropout(self.mlp.c_proj(hidden), self.resid_dropout.p)",
        says="F.dropout drops in evaluation mode too, unless it is told. What do you have to tell it?",
    ),
    Mistake(
        "attn_pdrop for mlp", "GPT2Block", replace="nn.Dropout(config.resid_pdrop)", by="nn.Dropout(config.attn_pdrop)",
        says="You drop mlp's output at the rate of attention's weights. Which rate belongs to what is added to x?",
    ),
    Mistake(
        "embd_pdrop for mlp", "GPT2Block", replace="nn.Dropout(config.resid_pdrop)", by="nn.Dropout(config.embd_pdrop)",
        says="You drop mlp's output at the rate of the embeddings. Which rate belongs to what is added to x?",
    ),
    Mistake(
        "x added to in place", "GPT2Block", replace="        x = x + self.attn(self.ln_1(x), mask)\n", by="        x = x.add_(self.attn(self.ln_1(x), mask)) if not torch.is_grad_enabled() else x + self.attn(self.ln_1(x), mask)\n",
        also=[
            ("        x = x + self.attn(self.ln_1(x), mask)\n" + MLP, "        x += self.attn(self.ln_1(x), mask)\n        x += self.resid_dropout(self.mlp.c_proj(gelu(self.mlp.c_fc(self.ln_2(x)))))\n        return x\n"),
            ("return x + self.resid_dropout(self.mlp.c_proj(hidden))", "x += self.resid_dropout(self.mlp.c_proj(hidden))\n        return x"),
        ],
        says="You add in place, as += does. But the caller still needs x, and a norm needs what it has read for its gradient. How do you get a new tensor?",
    ),
    Mistake(
        "mlp without biases", "GPT2Block", replace='{"c_fc": nn.Linear(config.n_embd, d_inner), "c_proj": nn.Linear(d_inner, config.n_embd)}',
        by='{"c_fc": nn.Linear(config.n_embd, d_inner, bias=False), "c_proj": nn.Linear(d_inner, config.n_embd, bias=False)}',
        says="Your mlp has no biases. GPT-2's file holds two: where should they go?",
    ),
    Mistake(
        "mask not handed on to attention", "GPT2Block", replace="self.attn(self.ln_1(x), mask)", by="self.attn(self.ln_1(x))",
        says="Your block takes a mask and does nothing with it. Which of its two parts needs it?",
    ),
    Mistake(
        "the block's first mask for all", "GPT2Block", replace="self.attn(self.ln_1(x), mask)", by="self.attn(self.ln_1(x), mask if mask is None else mask[:1])",
        says="Your block hands on the mask of the first row alone. Each row has a mask of its own.",
    ),
    Mistake(
        "mask turned over in the block", "GPT2Block", replace="self.attn(self.ln_1(x), mask)", by="self.attn(self.ln_1(x), mask if mask is None else ~mask)",
        says="Your block turns the mask over before it hands it on. Both of your classes say that True means: may attend.",
    ),
    # GPT2
    Mistake(
        "no positions", "GPT2", replace="self.wte(tokens) + self.wpe(positions)", by="self.wte(tokens)",
        says="Your model does not add embeddings of positions. How should it know which token comes first?",
    ),
    Mistake(
        "positions from 1", "GPT2", replace=EMBED, by="positions = (positions + 1) % self.config.n_positions\n        " + EMBED,
        also=[("torch.arange(length, device", "torch.arange(1, length + 1, device")],
        says="Your first token has position 1. Where does wpe begin?",
    ),
    Mistake(
        "positions from back to front", "GPT2", replace="torch.arange(length, device=tokens.device)", by="torch.arange(length, device=tokens.device).flip(0)",
        says="Your positions count from the last token. Which token has position 0?",
    ),
    Mistake(
        "embeddings scaled", "GPT2", replace="self.wte(tokens) +", by="self.wte(tokens) * math.sqrt(self.config.n_embd) +",
        also=[("self.wte(tokens) + self.wpe(positions)", "(self.wte(tokens) + self.wpe(positions)) * math.sqrt(self.config.n_embd)")],
        says="You scale embeddings by the root of the width, as the paper of 2017 does. Does GPT-2?",
    ),
    Mistake(
        "no last norm", "GPT2", replace="self.ln_f(x) @", by="x @",
        says="Your logits come from the last block as they are. What is ln_f for?",
    ),
    Mistake(
        "norm before the blocks", "GPT2", replace="        for block in self.h:\n            x = block(x, mask)\n        return self.ln_f(x) @", by="        x = self.ln_f(x)\n        for block in self.h:\n            x = block(x, mask)\n        return x @",
        says="Your ln_f stands before the first block. Where does the docstring put it?",
    ),
    Mistake(
        "norm after each block", "GPT2", replace="            x = block(x, mask)\n        return self.ln_f(x) @", by="            x = self.ln_f(block(x, mask))\n        return x @",
        also=[("x = block(x, mask)", "x = self.ln_f(block(x, mask))")],
        says="You use ln_f after each block. How often should it be used?",
    ),
    Mistake(
        "eps of ln_f by default", "GPT2", replace="self.ln_f = nn.LayerNorm(config.n_embd, eps=config.layer_norm_epsilon)", by="self.ln_f = nn.LayerNorm(config.n_embd)",
        says="ln_f has torch's eps. Where does the config say which one it should have?",
    ),
    Mistake(
        "a head of its own", "GPT2", replace="        self._initialise()\n", by="        self._initialise()\n        self.lm_head = nn.Linear(config.n_embd, config.vocab_size, bias=False)\n",
        also=[OWN_HEAD],
        says="Your model has an lm_head with weights of its own. Which weights make the logits of GPT-2?",
    ),
    Mistake(
        "another name in state_dict", "GPT2", replace="        self._initialise()\n", by="        self.register_buffer(\"position_ids\", torch.arange(config.n_positions))\n        self._initialise()\n",
        also=[("        self._initialise()\n", "        self._initialise()\n        self.lm_head = nn.Linear(config.n_embd, config.vocab_size, bias=False)\n        self.lm_head.weight = self.wte.weight\n")],
        says="state_dict() of your model has a name that does not belong to the four parts. Which of your lines adds one: a buffer, or a layer that shares weights?",
    ),
    Mistake(
        "gradient cut off at the head", "GPT2", replace="self.wte.weight.T", by="self.wte.weight.detach().T",
        says="No gradient gets from the logits to wte directly. Which call cuts it off?",
    ),
    Mistake(
        "logits scaled", "GPT2", replace="self.wte.weight.T  #", by="self.wte.weight.T / math.sqrt(self.config.n_embd)  #",
        says="You scale the logits. The docstring says that they are products: of what?",
    ),
    Mistake(
        "probabilities for logits", "GPT2", replace="return self.ln_f(x) @ self.wte.weight.T", by="return torch.softmax(self.ln_f(x) @ self.wte.weight.T, dim=-1)",
        says="You return probabilities. The loss makes a softmax itself: what does it want?",
    ),
    Mistake(
        "only the last position", "GPT2", replace="return self.ln_f(x) @ self.wte.weight.T", by="return self.ln_f(x[:, -1:]) @ self.wte.weight.T",
        also=[("self.ln_f(x) @", "self.ln_f(x[:, -1]) @")],
        says="You return the logits of the last position. To learn, a model predicts after each token.",
    ),
    Mistake(
        "one block again and again", "GPT2", replace="nn.ModuleList(GPT2Block(config) for _ in range(config.n_layer))", by="nn.ModuleList([GPT2Block(config)] * config.n_layer)",
        says="Your list holds one block several times. [block] * n makes no new blocks: what does?",
    ),
    Mistake(
        "last block left out", "GPT2", replace="for block in self.h:", by="for block in self.h[:-1]:",
        says="Your last block is never called. How many are there?",
    ),
    Mistake(
        "blocks from back to front", "GPT2", replace="for block in self.h:", by="for block in reversed(self.h):",
        says="Your blocks run from the last to the first. Which one reads the embeddings?",
    ),
    Mistake(
        "a residual around each block", "GPT2", replace="x = block(x, mask)", by="x = x + block(x, mask)",
        says="You add x to what a block returns. Does a block do so itself?",
    ),
    Mistake(
        "one position too few", "GPT2", replace="if length > self.config.n_positions:", by="if length >= self.config.n_positions:",
        says="You refuse n_positions tokens. How many embeddings does wpe have?",
    ),
    Mistake(
        "too many tokens not refused", "GPT2", replace=TOO_LONG, by="",
        says="You do not refuse too many tokens, so wpe fails with an error of its own. Which error does the docstring promise?",
    ),
    Mistake(
        "too many tokens cut off", "GPT2", replace=TOO_LONG, by="        tokens = tokens[:, -self.config.n_positions :]\n        attention_mask = None if attention_mask is None else attention_mask[:, -self.config.n_positions :]\n        length = tokens.shape[1]\n",
        also=[
            (TOO_LONG, "        tokens = tokens[:, : self.config.n_positions]\n        attention_mask = None if attention_mask is None else attention_mask[:, : self.config.n_positions]\n        length = tokens.shape[1]\n"),
        ],
        says="You cut off tokens that are too many without a word. Which error does the docstring promise?",
    ),
    Mistake(
        "positions go round", "GPT2", replace=TOO_LONG + POSITIONS, by=POSITIONS + "        positions = positions % self.config.n_positions\n",
        says="After the last position you begin again with the first. Which error does the docstring promise?",
    ),
    Mistake(
        "another error than ValueError", "GPT2", replace=TOO_LONG, by="        assert length <= self.config.n_positions\n",
        says="You notice that the text is too long, and raise something else than ValueError. (An assert can be switched off.)",
    ),
    Mistake(
        "batch for length", "GPT2", replace="length = tokens.shape[1]", by="length = tokens.shape[0]",
        says="You count rows where you should count tokens. Which dimension of tokens is the length?",
    ),
    Mistake(
        "embeddings never dropped", "GPT2", replace=EMBED, by="x = self.wte(tokens) + self.wpe(positions)",
        says="Your embeddings are never dropped. What is embd_pdrop for?",
    ),
    Mistake(
        "only tokens dropped", "GPT2", replace=EMBED, by="x = self.embd_dropout(self.wte(tokens)) + self.wpe(positions)",
        says="You drop numbers of the tokens' embeddings alone. What does the docstring drop?",
    ),
    Mistake(
        "each embedding dropped", "GPT2", replace=EMBED, by="x = self.embd_dropout(self.wte(tokens)) + self.embd_dropout(self.wpe(positions).expand(*tokens.shape, -1))",
        says="You drop numbers of each embedding by itself, before the sum. What does the docstring drop?",
    ),
    Mistake(
        "resid_pdrop for embeddings", "GPT2", replace="nn.Dropout(config.embd_pdrop)", by="nn.Dropout(config.resid_pdrop)",
        says="You drop embeddings at the rate of the residuals. Which rate is theirs?",
    ),
    Mistake(
        "embeddings dropped in evaluation", "GPT2", replace="self.embd_dropout(self.wte(tokens) + self.wpe(positions))", by="F.dropout(self.wte(tokens) + self.wpe(positions), self.embd_dropout.p)",
        says="F.dropout drops in evaluation mode too, unless it is told. What do you have to tell it?",
    ),
    Mistake(
        "dropped before the head", "GPT2", replace="self.ln_f(x) @", by="self.embd_dropout(self.ln_f(x)) @",
        says="You drop numbers after ln_f. Where does the docstring drop?",
    ),
    Mistake(
        "config not kept", "GPT2", replace="        self.config = config\n", by="        self.config = GPT2Config.from_dict(config.to_dict())\n",
        also=[NO_CONFIG],
        says="Your model does not keep the config that it was given, or keeps a copy. The docstring asks for the config itself, as config.",
    ),
    Mistake(
        "torch's own first values", "GPT2", replace="        self._initialise()\n", by="",
        says="Your weights begin as torch makes them. What does the docstring say of their first values?",
    ),
    Mistake(
        "0.02 in any case", "GPT2", replace="std = self.config.initializer_range", by="std = 0.02",
        says="Your standard deviation is 0.02, whatever the config says. Where does it stand there?",
    ),
    Mistake(
        "projections as large as all", "GPT2", replace="residual = name.endswith(\"c_proj\")", by="residual = False",
        says="Your c_proj begin as large as all others. What does the docstring say of weights that write to the residual?",
    ),
    Mistake(
        "only attention's projections smaller", "GPT2", replace="name.endswith(\"c_proj\")", by="name.endswith(\"attn.c_proj\")",
        says="Each mlp.c_proj of yours begins as large as all others. It writes to the residual, too.",
    ),
    Mistake(
        "only mlp's projections smaller", "GPT2", replace="name.endswith(\"c_proj\")", by="name.endswith(\"mlp.c_proj\")",
        says="Each attn.c_proj of yours begins as large as all others. It writes to the residual, too.",
    ),
    Mistake(
        "one addition a layer", "GPT2", replace="math.sqrt(2 * self.config.n_layer)", by="math.sqrt(self.config.n_layer)",
        says="You divide by the root of n_layer. How often does each layer write to the residual?",
    ),
    Mistake(
        "divided without the root", "GPT2", replace="math.sqrt(2 * self.config.n_layer)", by="(2 * self.config.n_layer)",
        says="You divide by the number of additions itself. If that many independent numbers are added, how does their spread grow?",
    ),
    Mistake(
        "variance for standard deviation", "GPT2", replace="std = self.config.initializer_range", by="std = math.sqrt(self.config.initializer_range)",
        says="You take initializer_range for a variance. What does the docstring call it?",
    ),
    Mistake(
        "first biases not 0", "GPT2", replace="nn.init.zeros_(module.bias)", by="nn.init.normal_(module.bias, std=std)",
        also=[("nn.init.zeros_(module.bias)", "pass")],
        says="Your biases begin with random numbers (torch's own, if you do not set them). What should they be at first?",
    ),
    Mistake(
        "embeddings left as they are made", "GPT2", replace="isinstance(module, nn.Linear | nn.Embedding)", by="isinstance(module, nn.Linear)",
        says="Your embeddings begin as torch makes them, with a standard deviation of 1. Which one should they have?",
    ),
    Mistake(
        "positions smaller at first", "GPT2", replace="            if isinstance(module, nn.Linear):\n", by="            if name == \"wpe\":\n                nn.init.normal_(module.weight, std=std / 2)\n            if isinstance(module, nn.Linear):\n",
        also=[("            if isinstance(module, nn.Linear):\n", "            if name == \"wpe\":\n                nn.init.normal_(module.weight, std=0.01)\n            if isinstance(module, nn.Linear):\n")],
        says="wpe begins smaller than wte, as in OpenAI's code. What does the docstring say of all embeddings?",
    ),
    Mistake(
        "uniform for normal", "GPT2", replace=INIT,
        by=INIT.replace("nn.init.normal_(module.weight, std=std / math.sqrt(2 * self.config.n_layer) if residual else std)",
                        "width = math.sqrt(3) * (std / math.sqrt(2 * self.config.n_layer) if residual else std)\n                nn.init.uniform_(module.weight, -width, width)"),
        says="Your first weights are uniform. Which distribution does the docstring name?",
    ),
    # GPT2 with an attention_mask
    Mistake(
        "padding taken for text", "GPT2", replace=POSITIONS, by="        positions, mask = torch.arange(length, device=tokens.device), None\n",
        says="Your model takes an attention_mask and never looks at it. Which two things depend on it?",
    ),
    Mistake(
        "blocks without the mask", "GPT2", replace="x = block(x, mask)", by="x = block(x)",
        says="Your positions skip the padding, but your blocks attend to it. What does a block take beside x?",
    ),
    Mistake(
        "positions count the padding", "GPT2", replace=REAL_BEFORE, by="positions = torch.arange(length, device=tokens.device)",
        says="Your positions count columns, padding included. How many real tokens stand before the first real one?",
    ),
    Mistake(
        "real tokens counted from 1", "GPT2", replace=REAL_BEFORE, by="positions = attention_mask.cumsum(dim=1)",
        says="With a mask your first real token has position 1: cumsum counts the token itself. How many real tokens stand before it?",
    ),
    Mistake(
        "position -1 for padding", "GPT2", replace=REAL_BEFORE, by="positions = attention_mask.cumsum(dim=1) - 1",
        says="Padding on the left gets the position -1 in your model, and wpe has no such row. Which positions may padding have?",
    ),
    Mistake(
        "padding looked for in one row", "GPT2", replace="if attention_mask is None:", by="if attention_mask is None or attention_mask[0].all():",
        also=[("if attention_mask is None:", "if attention_mask is None or attention_mask[-1].all():")],
        says="If one row of yours has no padding, you use the mask for none. Other rows may have some: which rows have to be looked at?",
    ),
    Mistake(
        "positions count the padding before", "GPT2", replace=REAL_BEFORE, by="positions = (~attention_mask).cumsum(dim=1)",
        says="The position of a token of yours is the number of padding tokens so far. Which tokens should be counted?",
    ),
    Mistake(
        "all real tokens counted", "GPT2", replace=REAL_BEFORE, by="positions = (attention_mask.sum(dim=1, keepdim=True) - 1).expand_as(tokens)",
        says="All tokens of a row have the same position in your model: the number of all real tokens. Which of them stand before a token?",
    ),
    Mistake(
        "the first row's positions for all", "GPT2", replace=REAL_BEFORE, by="positions = (attention_mask.cumsum(dim=1) - attention_mask.long())[0]",
        says="You use the positions of the first row for all rows. Each row has padding of its own.",
    ),
    Mistake(
        "real tokens counted over the batch", "GPT2", replace="attention_mask.cumsum(dim=1)", by="attention_mask.cumsum(dim=0)",
        says="You count real tokens from row to row, and not from token to token. Which dimension is the length?",
    ),
    Mistake(
        "padding on the left alone", "GPT2", replace=REAL_BEFORE, by="positions = (torch.arange(length, device=tokens.device) - attention_mask.long().argmax(dim=1, keepdim=True)).clamp(min=0)",
        also=[(REAL_BEFORE, "positions = (torch.arange(length, device=tokens.device) - (~attention_mask).sum(dim=1, keepdim=True)).clamp(min=0)")],
        says="Your positions are right only if all padding of a row stands on the left, and it may be anywhere. How many real tokens stand before each token?",
    ),
    Mistake(
        "padding on the right alone", "GPT2", replace=POSITIONS, by="        positions, mask = torch.arange(length, device=tokens.device), None\n        if attention_mask is not None:\n            mask = (positions < attention_mask.sum(dim=1, keepdim=True))[:, None, None]\n",
        says="You count the real tokens of a row, and take them for its first ones. Padding may be anywhere: which tokens does attention_mask mark?",
    ),
    Mistake(
        "lengths for a mask", "GPT2", replace=KEYS, by="mask = (torch.arange(length, device=tokens.device) < attention_mask.sum(dim=1, keepdim=True))[:, None, None]",
        says="Your positions are right, but you hide the last columns of each row, as many as there is padding. Which columns does attention_mask mark?",
    ),
    Mistake(
        "mask for the first block alone", "GPT2", replace="x = block(x, mask)", by="x, mask = block(x, mask), None",
        says="Only your first block gets the mask. The others attend to padding: what does the loop hand on?",
    ),
    Mistake(
        "mask for the last block alone", "GPT2", replace="x = block(x, mask)", by="x = block(x, mask if block is self.h[-1] else None)",
        says="Only your last block gets the mask. What have the blocks before it attended to?",
    ),
    Mistake(
        "the model's mask turned over", "GPT2", replace=KEYS, by="mask = ~attention_mask[:, None, None]",
        says="Your real tokens attend to padding, and not to each other. What does True mean in the masks of this course?",
    ),
    Mistake(
        "padding may not attend", "GPT2", replace=KEYS, by="mask = attention_mask[:, None, :, None]",
        says="Your mask hides padding as a query: it may not attend, but others still attend to it. Which dimension of the mask belongs to the keys?",
    ),
    Mistake(
        "real or not, by the other", "GPT2", replace=KEYS, by="mask = (attention_mask[:, None, :, None] | attention_mask[:, None, None])",
        says="You let a pair attend if one of the two tokens is real, so real tokens attend to padding. Which of the two has to be real?",
    ),
    Mistake(
        "the first row's padding for all", "GPT2", replace=KEYS, by="mask = attention_mask[:1, None, None]",
        says="You hide the padding of the first row in all rows. Each row has padding of its own.",
    ),
    Mistake(
        "a mask of two dimensions", "GPT2", replace=KEYS, by="mask = attention_mask",
        says="You hand on a mask of shape (batch, length), and it is read as (queries, keys). Which dimensions have to be put between?",
    ),
    Mistake(
        "a mask of numbers", "GPT2", replace=KEYS, by="mask = attention_mask[:, None, None].to(self.wte.weight.dtype)",
        also=[(KEYS, "mask = attention_mask[:, None, None].long()")],
        says="Your blocks get a mask of numbers. Which dtype does the docstring of CausalSelfAttention ask for?",
    ),
    Mistake(
        "rows for heads", "GPT2", replace=KEYS, by="mask = attention_mask[None, :, None]",
        says="Your mask is read as (1, batch, 1, length), so the rows stand where the heads should be. Where does each None belong?",
    ),
    Mistake(
        "embeddings of padding set to zero", "GPT2", replace=EMBED, by=EMBED + "\n        if attention_mask is not None:\n            x, mask = x * attention_mask[..., None], None",
        says="You set the embeddings of padding to 0, and real tokens still attend to it. A key that is 0 gets a weight, too: what has to be hidden?",
    ),
    Mistake(
        "logits of padding infinite", "GPT2", replace="return self.ln_f(x) @ self.wte.weight.T", by="logits = self.ln_f(x) @ self.wte.weight.T\n        return logits if attention_mask is None else logits.masked_fill(~attention_mask[..., None], -torch.inf)",
        says="Your logits at padding are minus infinity, and the docstring promises finite ones. Does anybody read them?",
    ),
    Mistake(
        "padding not counted as columns", "GPT2", replace="if length > self.config.n_positions:", by="if (length if attention_mask is None else attention_mask.sum(dim=1).max()) > self.config.n_positions:",
        says="With a mask you count only the real tokens of a row before you refuse it. Which ones does the docstring count?",
    ),
    Mistake(
        "attention_mask overwritten", "GPT2", replace=KEYS, by="mask = attention_mask.clone()[:, None, None]\n            attention_mask.fill_(True)",
        says="After the call the caller's attention_mask holds other values. Which of your operations works in place?",
    ),
    # load_gpt2_weights
    Mistake(
        "nothing turned round", "load_gpt2_weights", replace=TURNED, by="name: weight",
        says="You take all weights as they are. Which dimension comes first in theirs, and which in nn.Linear's?",
    ),
    Mistake(
        "turned round by their shape", "load_gpt2_weights", replace=TURNED,
        by="name: weight.T if name in model.state_dict() and weight.shape != model.state_dict()[name].shape and weight.ndim == 2 else weight",
        says="You turn a weight round if its shape does not fit. Does the shape of attn.c_proj tell?",
    ),
    Mistake(
        "attention's c_proj not turned round", "load_gpt2_weights", replace='r"c_(attn|proj|fc)\\.weight$"', by='r"(c_attn|mlp\\.c_proj|c_fc)\\.weight$"',
        says="You do not turn attn.c_proj round. It is square, so nothing complains: which way round is it?",
    ),
    Mistake(
        "c_attn not turned round", "load_gpt2_weights", replace="c_(attn|proj|fc)", by="c_(proj|fc)",
        says="You do not turn c_attn round. Which of its dimensions is three times as large as the other?",
    ),
    Mistake(
        "embeddings turned round", "load_gpt2_weights", replace='r"c_(attn|proj|fc)\\.weight$"', by='r"(c_attn|c_proj|c_fc|wte|wpe)\\.weight$"',
        says="You turn the embeddings round, too. Which weights does the docstring name?",
    ),
    Mistake(
        "prefix not taken off", "load_gpt2_weights", replace='name.removeprefix("transformer."): weight', by="name: weight",
        says="You look for names as they are. What may all of them begin with?",
    ),
    Mistake(
        "as many characters taken off", "load_gpt2_weights", replace='name.removeprefix("transformer.")', by='name.lstrip("transformer.")',
        says="str.lstrip takes off any of these characters, as many as there are. Which method takes off a word?",
    ),
    Mistake(
        "prefix expected", "load_gpt2_weights", replace="for name, weight in state_dict.items()", by='for name, weight in state_dict.items() if name.startswith(("transformer.", "lm_head."))',
        also=[
            ('name.removeprefix("transformer.")', 'name if name == "lm_head.weight" else name[len("transformer.") :]'),
            ('name.removeprefix("transformer.")', 'name[len("transformer.") :]'),
            ('name.removeprefix("transformer.")', 'name if name == "lm_head.weight" else name.split(".", 1)[1]'),
        ],
        says="You take it that names begin with \"transformer.\": you cut off a beginning without looking, or pass over all others. What if none begins so?",
    ),
    Mistake(
        "masks not passed over", "load_gpt2_weights", replace='\n        if not name.endswith((".attn.bias", ".attn.masked_bias"))', by="",
        says="attn.bias and attn.masked_bias are a KeyError of yours. What are they, and what is to be done with them?",
    ),
    Mistake(
        "c_attn.bias taken for a mask", "load_gpt2_weights", replace='(".attn.bias", ".attn.masked_bias")', by='("attn.bias", "attn.masked_bias")',
        says="A name that ends in attn.bias may be c_attn.bias, which is a bias and no mask. What stands in front of attn where it is a mask?",
    ),
    Mistake(
        "masked_bias not passed over", "load_gpt2_weights", replace='(".attn.bias", ".attn.masked_bias")', by='".attn.bias"',
        says="attn.masked_bias is a KeyError of yours. How many masks does each block hold?",
    ),
    Mistake(
        "anything of no place passed over", "load_gpt2_weights", replace="    head = weights.pop(\"lm_head.weight\", None)\n    ours = model.state_dict()\n    wrong = sorted(ours.keys() ^ weights.keys())",
        by="    head = weights.pop(\"lm_head.weight\", None)\n    ours = model.state_dict()\n    weights = {name: weight for name, weight in weights.items() if name in ours}\n    wrong = sorted(ours.keys() ^ weights.keys())",
        says="You pass over every weight that has no place. What if it is one of another model?",
    ),
    Mistake(
        "missing weights passed over", "load_gpt2_weights", replace="wrong = sorted(ours.keys() ^ weights.keys())", by="weights = {**ours, **weights}\n    wrong = sorted(ours.keys() ^ weights.keys())",
        says="Where a weight is missing, your model keeps its own and says nothing. What does the docstring ask for?",
    ),
    Mistake(
        "torch's error for KeyError", "load_gpt2_weights", replace=WRONG + SHAPES + HEAD + LOAD, by=HEAD + "    model.load_state_dict(weights)\n",
        also=[
            (
                WRONG + SHAPES + HEAD + LOAD,
                HEAD + "    try:\n        model.load_state_dict(weights)\n    except RuntimeError as error:\n        raise KeyError(str(error)) from None\n",
            ),
        ],
        says="You leave it to load_state_dict to find names and shapes that do not fit, and it has copied some weights by then. Which errors does the docstring promise, and when?",
    ),
    Mistake(
        "first name alone", "load_gpt2_weights", replace="wrong = sorted(ours.keys() ^ weights.keys())", by="wrong = sorted(ours.keys() ^ weights.keys())[:1]",
        also=[
            (
                WRONG,
                "    for name in ours:\n        if name not in weights:\n            raise KeyError(f\"missing: {name}\")\n"
                "    for name in weights:\n        if name not in ours:\n            raise KeyError(f\"unexpected: {name}\")\n",
            ),
        ],
        says="Your error names the first weight that is wrong. Somebody who mends it meets the next one: how many should it name?",
    ),
    Mistake(
        "missing or unexpected, and not both", "load_gpt2_weights", replace="    if wrong:\n", by="    if ours.keys() - weights.keys():\n        raise KeyError(f\"missing: {sorted(ours.keys() - weights.keys())}\")\n    if wrong:\n",
        also=[("    if wrong:\n", "    if weights.keys() - ours.keys():\n        raise KeyError(f\"unexpected: {sorted(weights.keys() - ours.keys())}\")\n    if wrong:\n")],
        says="If some weights are missing and others have no place, your error names only one of the two kinds. Whose names should it have?",
    ),
    Mistake(
        "names with the prefix", "load_gpt2_weights", replace="    if wrong:\n", by="    if wrong and any(name.startswith(\"transformer.\") for name in state_dict):\n        raise KeyError(str([f\"transformer.{name}\" for name in wrong]))\n    if wrong:\n",
        also=[("[n for n in wrong if n in weights]", "[n for n in state_dict if n.removeprefix('transformer.') in wrong]")],
        says="Your error has names as state_dict spells them. Which spelling does the docstring ask for?",
    ),
    Mistake(
        "names not said", "load_gpt2_weights", replace='f"missing: {[n for n in wrong if n in ours]}, unexpected: {[n for n in wrong if n in weights]}"', by='f"{len(wrong)} names do not fit"',
        says="Your KeyError does not say which names are wrong. How should somebody find them?",
    ),
    Mistake(
        "wrong names as ValueError", "load_gpt2_weights", replace="raise KeyError(", by="raise ValueError(",
        says="You raise ValueError for names. Which error does the docstring promise for these?",
    ),
    Mistake(
        "shapes not looked at", "load_gpt2_weights", replace=SHAPES, by="",
        also=[
            (
                SHAPES + HEAD + LOAD,
                HEAD + "    with torch.no_grad():\n        for name, parameter in model.named_parameters():\n            parameter.copy_(weights[name])\n",
            ),
            (
                SHAPES + HEAD + LOAD,
                HEAD + "    for name, parameter in model.named_parameters():\n        parameter.data = weights[name].clone()\n",
            ),
        ],
        says="You do not compare shapes before you copy, so a weight of a wrong shape gets in, or torch raises its own error when others are in already. When should shapes be compared, and which error does the docstring promise?",
    ),
    Mistake(
        "stretched to fit", "load_gpt2_weights", replace=SHAPES, by="    weights = {name: weight.expand_as(ours[name]) if weight.numel() == 1 else weight for name, weight in weights.items()}\n" + SHAPES,
        says="A weight of one number is stretched to the right shape. Is that the right shape?",
    ),
    Mistake(
        "only numbers counted", "load_gpt2_weights", replace="if weight.shape != ours[name].shape:", by="weights[name] = weight = weight.reshape(ours[name].shape) if weight.numel() == ours[name].numel() else weight\n        if weight.shape != ours[name].shape:",
        says="You put numbers into the right shape if there are enough of them. What becomes of a weight that is the wrong way round?",
    ),
    Mistake(
        "name of the shape not said", "load_gpt2_weights", replace='f"{name} has the shape {tuple(weight.shape)}, and should have {tuple(ours[name].shape)}"', by='f"{tuple(weight.shape)} should be {tuple(ours[name].shape)}"',
        says="Your ValueError does not say which weight has the wrong shape.",
    ),
    Mistake(
        "copied before all is looked at", "load_gpt2_weights", replace="    for name, weight in weights.items():\n        if weight.shape", by="    for name, weight in weights.items():\n        if weight.shape == ours[name].shape:\n            ours[name].copy_(weight)\n        if weight.shape",
        also=[
            (
                WRONG + SHAPES + HEAD + LOAD,
                HEAD + "    try:\n        model.load_state_dict(weights)\n    except RuntimeError as error:\n"
                "        raise (ValueError if \"size mismatch\" in str(error) else KeyError)(str(error)) from None\n",
            ),
        ],
        says="When you find that a weight does not fit, you have copied some of the others. What should the model be like after an error?",
    ),
    Mistake(
        "copied before the head is looked at", "load_gpt2_weights", replace=HEAD + LOAD, by=LOAD + HEAD,
        says="You load the weights, and then find that lm_head.weight differs. What should the model be like after an error?",
    ),
    Mistake(
        "another head passed over", "load_gpt2_weights", replace=HEAD, by="",
        says="You pass over an lm_head.weight that differs from wte.weight. Can this model compute what that one did?",
    ),
    Mistake(
        "head refused", "load_gpt2_weights", replace="    head = weights.pop(\"lm_head.weight\", None)\n", by="    head = None\n",
        says="lm_head.weight is a KeyError of yours. What if it equals wte.weight?",
    ),
    Mistake(
        "head expected", "load_gpt2_weights", replace="weights.pop(\"lm_head.weight\", None)", by="weights.pop(\"lm_head.weight\")",
        says="You expect an lm_head.weight. It may be there: what if it is not?",
    ),
    Mistake(
        "head's shape alone compared", "load_gpt2_weights", replace="not torch.equal(head, weights[\"wte.weight\"])", by="head.shape != weights[\"wte.weight\"].shape",
        says="You compare the shape of lm_head.weight with that of wte.weight. Which numbers do they hold?",
    ),
    Mistake(
        "head that is nearly equal", "load_gpt2_weights", replace="not torch.equal(head, weights[\"wte.weight\"])", by="(head.shape != weights[\"wte.weight\"].shape or not torch.allclose(head, weights[\"wte.weight\"]))",
        also=[('not torch.equal(head, weights["wte.weight"])', 'not torch.allclose(head, weights["wte.weight"])')],
        says="You let an lm_head.weight through whose numbers are nearly those of wte.weight. What does the docstring ask of them?",
    ),
    Mistake(
        "head's numbers alone compared", "load_gpt2_weights", replace="not torch.equal(head, weights[\"wte.weight\"])", by="(head != weights[\"wte.weight\"]).any()",
        says="If lm_head.weight has another shape than wte.weight, your comparison itself fails, or stretches one of them. What has to be compared before the numbers?",
    ),
    Mistake(
        "state_dict emptied", "load_gpt2_weights", replace="    head = weights.pop(\"lm_head.weight\", None)\n", by="    head = weights.pop(\"lm_head.weight\", None)\n    state_dict.pop(\"lm_head.weight\", None)\n",
        says="After the call lm_head.weight is gone from state_dict. From which dict may you take something out?",
    ),
    Mistake(
        "state_dict turned round", "load_gpt2_weights", replace=LOAD, by="    for name in state_dict:\n        if re.search(r\"c_(attn|proj|fc)\\.weight$\", name):\n            state_dict[name] = state_dict[name].T\n    model.load_state_dict(weights)\n",
        also=[
            (
                '    weights = {name.removeprefix("transformer."): weight for name, weight in state_dict.items()}\n'
                f"    weights = {{\n        {TURNED}\n",
                '    for name in state_dict:\n        if re.search(r"c_(attn|proj|fc)\\.weight$", name):\n            state_dict[name] = state_dict[name].T\n'
                '    weights = {name.removeprefix("transformer."): weight for name, weight in state_dict.items()}\n'
                "    weights = {\n        name: weight\n",
            ),
        ],
        says="After the call, weights in state_dict are the other way round. If it were loaded again, what would come of it?",
    ),
    Mistake(
        "weights shared, not copied", "load_gpt2_weights", replace="weight.to(ours[name], copy=True)", by="weight",
        also=[("weight.to(ours[name], copy=True)", "weight.contiguous()")],
        says="Your model and state_dict share numbers, of some weights at least, so training changes both. What has to be copied?",
    ),
    Mistake(
        "None for the model", "load_gpt2_weights", replace="    return model\n", by="",
        says="Your function returns None. What does the docstring return?",
    ),
    Mistake(
        "model put into evaluation mode", "load_gpt2_weights", replace="    return model\n", by="    return model.eval()\n",
        says="After the call the model is in evaluation mode, also if it was training before. What does the docstring say of training afterwards?",
    ),
    Mistake(
        "a copy comes back", "load_gpt2_weights", replace=LOAD, by="    import copy\n\n    model = copy.deepcopy(model)\n" + LOAD,
        says="You put the weights into a copy, and the model that was given stays as it was. Which one should have them?",
    ),
    # language_model_loss
    Mistake(
        "loss not shifted", "language_model_loss", replace="logits[:, :-1], tokens[:, 1:]", by="logits, tokens",
        says="You compare each position with the token that it has just read. Which token does it predict?",
    ),
    Mistake(
        "loss shifted the wrong way", "language_model_loss", replace="logits[:, :-1], tokens[:, 1:]", by="logits[:, 1:], tokens[:, :-1]",
        says="You compare each position with the token before it. Which token does position t predict?",
    ),
    Mistake(
        "loss shifted by two", "language_model_loss", replace="logits[:, :-1], tokens[:, 1:]", by="logits[:, :-2], tokens[:, 2:]",
        says="You compare each position with the token after the next. Which token does position t predict?",
    ),
    Mistake(
        "only the last prediction", "language_model_loss", replace="logits[:, :-1], tokens[:, 1:]", by="logits[:, -2:-1], tokens[:, -1:]",
        says="Only your last prediction counts. How many are there in a sentence?",
    ),
    Mistake(
        "first prediction left out", "language_model_loss", replace="logits[:, :-1], tokens[:, 1:]", by="(logits[:, 1:-1], tokens[:, 2:]) if tokens.shape[1] > 2 else (logits[:, :-1], tokens[:, 1:])",
        also=[("logits[:, :-1], tokens[:, 1:]", "logits[:, 1:-1], tokens[:, 2:]")],
        says="The prediction of the second token does not count with you. How many predictions are there in a sentence?",
    ),
    Mistake(
        "rows for tokens", "language_model_loss", replace="logits[:, :-1], tokens[:, 1:]", by="(logits[:-1], tokens[1:]) if len(tokens) > 1 else (logits[:, :-1], tokens[:, 1:])",
        says="You shift rows of the batch, and not tokens. Which dimension is the length?",
    ),
    Mistake(
        "next token over the end of a row", "language_model_loss", replace="logits[:, :-1], tokens[:, 1:]", by="logits, tokens.flatten().roll(-1).view(tokens.shape)",
        also=[
            ("logits[:, :-1], tokens[:, 1:]", "logits.flatten(0, 1)[None, :-1], tokens.flatten()[1:]"),
            ("logits[:, :-1], tokens[:, 1:]", "logits, tokens.roll(-1, dims=1)"),
        ],
        says="Your last position predicts a first token: that of the next row, or of its own. What is known of what comes after a row?",
    ),
    Mistake(
        "sum for mean", "language_model_loss", replace="targets.flatten())", by="targets.flatten(), reduction=\"sum\")",
        says="You sum the losses. What is the sum divided by?",
    ),
    Mistake(
        "divided by the batch", "language_model_loss", replace="targets.flatten())", by="targets.flatten(), reduction=\"sum\") / len(tokens)",
        says="You divide the sum of all losses by the number of rows. How many predictions are there?",
    ),
    Mistake(
        "divided by batch times length", "language_model_loss", replace="targets.flatten())", by="targets.flatten(), reduction=\"sum\") / tokens.numel()",
        says="You divide by the number of tokens. The last one of each row predicts nothing: how many predictions are there?",
    ),
    Mistake(
        "a loss for each prediction", "language_model_loss", replace="targets.flatten())", by="targets.flatten(), reduction=\"none\")",
        says="You return a loss for each prediction. backward() wants one number: which?",
    ),
    Mistake(
        "zeros left out", "language_model_loss", replace="targets.flatten())", by="targets.flatten(), ignore_index=0)",
        says="You leave out token 0 as if it were padding. Does GPT-2 have any?",
    ),
    Mistake(
        "softmax before the loss", "language_model_loss", replace=LOSS, by="return F.cross_entropy(predictions.softmax(dim=-1).flatten(0, 1), targets.flatten())",
        says="You give probabilities to F.cross_entropy, which takes logits and makes the softmax itself.",
    ),
    Mistake(
        "logarithm of a softmax", "language_model_loss", replace=LOSS, by="return F.nll_loss(predictions.softmax(dim=-1).log().flatten(0, 1), targets.flatten())",
        says="With large logits a probability rounds to 0, and its logarithm is minus infinity. Which function computes both in one step?",
    ),
    Mistake(
        "a little added to the probabilities", "language_model_loss", replace=LOSS,
        by="return F.nll_loss((predictions.softmax(dim=-1) + 1e-9).log().flatten(0, 1), targets.flatten())",
        also=[
            (LOSS, "return F.nll_loss((predictions.softmax(dim=-1) + 1e-12).log().flatten(0, 1), targets.flatten())"),
            (LOSS, "return F.nll_loss(predictions.softmax(dim=-1).clamp(min=1e-9).log().flatten(0, 1), targets.flatten())"),
        ],
        says="You keep probabilities away from 0 before you take the logarithm, so the loss of large logits is finite but wrong. Which function computes softmax and logarithm in one step?",
    ),
    Mistake(
        "words and positions mixed", "language_model_loss", replace="predictions.flatten(0, 1)", by="predictions.mT.reshape(-1, logits.shape[-1])",
        says="The shape that you give to F.cross_entropy is right, and in its rows positions and words are mixed up. Which two dimensions become one?",
    ),
    Mistake(
        "view of what is not side by side", "language_model_loss", replace="predictions.flatten(0, 1)", by="predictions.view(-1, predictions.shape[-1])",
        says="view fails where numbers are not side by side in memory, as in a slice. Which method copies them if it has to?",
    ),
    Mistake(
        "loss rounded to float32", "language_model_loss", replace="predictions.flatten(0, 1)", by="predictions.flatten(0, 1).float()",
        says="You compute in float32, so doubles come out rounded, and the loss has another dtype than the logits.",
    ),
    Mistake(
        "a number without a gradient", "language_model_loss", replace=LOSS, by=LOSS + ".item()",
        says="You return a Python number. How should backward() find its way back from it?",
    ),
    Mistake(
        "perplexity for loss", "language_model_loss", replace=LOSS, by=LOSS + ".exp()",
        says="You return the perplexity. Of which number is it the exponential?",
    ),
    Mistake(
        "negative loss", "language_model_loss", replace="return F", by="return -F",
        says="Your loss is negative, and so it gets smaller the worse the model is. Which sign does a cross-entropy have?",
    ),
    Mistake(
        "tokens shifted in place", "language_model_loss", replace="    predictions, targets = logits[:, :-1], tokens[:, 1:]", by="    tokens[:, :-1] = tokens[:, 1:].clone()\n    predictions, targets = logits[:, :-1], tokens[:, :-1]",
        says="After the call the caller's tokens are shifted. Assigning to a part of a tensor works on the tensor itself.",
    ),
]
