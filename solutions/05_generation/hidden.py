"""Hidden tests of notebook 05. Sizes are unequal everywhere, and no answer can be guessed.

Models are made here, with the names and parts that GPT2 has in the notebook, and so is the cache that
forward_with_cache gets: neither depends on what else the student has written. Where a student's cache does not work,
generate_cached gets another one for the time of the question, so that a mistake there costs once. Where a model's
blocks add nothing, a wrong attention costs nothing: what is asked there is how tokens are chosen, and when writing
ends.
"""

import inspect
from functools import lru_cache, partial

import torch
import torch.nn.functional as F
from torch import nn
from transformers import GPT2Config

from autograder.probe import Random, fill, hidden, outcome

# What students may use besides what every notebook may: see ``autograder.authoring.assignment``.
ALLOWS = {
    "coursekit": "comparison_table diagrams go_on pad under_grading visible_check",
    "coursekit.checkpoints": "PYTHON_DOCS",
    "coursekit.counting": "Count",
    "coursekit.documentation": "documents",
    "coursekit.filling": "cache_figure cache_slider",
    "parts": "GPT2 causal_mask language_model_loss load_gpt2_weights",
    "torch": "GELU LayerNorm gelu layer_norm scaled_dot_product_attention",
    "transformers": "AutoTokenizer GPT2Config from_pretrained",
}

READY_MADE = {
    "GenerationMixin",
    "LogitsProcessor",
    "LogitsWarper",
    "top_k_top_p",
    "DynamicCache",
    "StaticCache",
    "HybridCache",
    "EncoderDecoderCache",
    "past_key_values",
    "LMHeadModel",
    "DoubleHeadsModel",
    "GPT2Model",
    "AutoModel",
    "pipeline",
}
DRAWS = 2000  # rows that draw at once; whoever writes row by row calls the model for each of them
# What shares may differ by from run to run, absolute below 1. The standard deviation of the difference of two runs is
# at most 0.5 * sqrt(2 / DRAWS) = 0.0158, and this is six times as much.
SHARES = 0.095


def in_double(values):
    """Another dtype costs one case. What is no tensor stays as it is."""
    return values.double() if isinstance(values, torch.Tensor) else values


# apply_temperature


@hidden("apply_temperature")
def divided_by_the_temperature(student, rng):
    """Temperatures below 1 make differences larger, above 1 smaller; 1 changes nothing. It may be a whole number."""
    logits = rng.normal(*rng.different(2, 3, 9))
    temperatures = rng.shuffled([rng.integer(2, 9) / 10, 1 + rng.integer(2, 9) / 10, 1, 1.0, rng.integer(2, 5), 0.01])
    return [in_double(student.apply_temperature(logits.clone(), temperature)) for temperature in temperatures]


@hidden("apply_temperature")
def any_leading_dimensions(student, rng):
    """There may be any number of dimensions before the vocabulary, or none."""
    shapes = [rng.different(count, 2, 6) for count in rng.shuffled([1, 2, 3, 4])]
    return [in_double(student.apply_temperature(rng.normal(*shape), rng.integer(3, 9) / 4.5)) for shape in shapes]


@hidden("apply_temperature")
def warmth_that_there_is_not(student, rng):
    """ValueError for 0 and for what is below, and only for that."""
    logits = rng.normal(3, 5)
    temperatures = [0, 0.0, -rng.integer(1, 9), -rng.integer(1, 9) / 10, rng.integer(1, 9) / 100, rng.integer(10, 99)]
    return {
        f"a temperature of {temperature}": outcome(
            lambda temperature=temperature: student.apply_temperature(logits, temperature), ValueError
        )
        for temperature in rng.shuffled(temperatures)
    }


@hidden("apply_temperature")
def minus_infinity_is_as_cold(student, rng):
    """A token that is out, with a logit of minus infinity, stays out, and no NaN arises."""
    logits = without_some(rng, rng.normal(4, 9))
    return [
        in_double(student.apply_temperature(logits.clone(), temperature)) for temperature in (0.5, rng.integer(2, 6))
    ]


@hidden("apply_temperature")
def logits_before_the_temperature(student, rng):
    """The logits are the same after the call as before."""
    logits = rng.normal(*rng.different(2, 3, 9))
    return {
        "result": in_double(student.apply_temperature(logits, rng.integer(2, 9) / 10)),
        "logits after the call": logits,
    }


@hidden("apply_temperature")
def warm_in_any_dtype(student, rng):
    """The dtype of the logits comes back."""
    kinds = rng.shuffled([torch.float16, torch.bfloat16, torch.float32, torch.float64])
    return [student.apply_temperature(rng.normal(2, 5, dtype=kind), rng.integer(5, 9) / 4) for kind in kinds]


# keep_top_k


def without_some(rng, logits):
    """Some tokens of each row are out already."""
    for row in logits.view(-1, logits.shape[-1]):
        row[rng.different(rng.integer(1, len(row) // 3), 0, len(row) - 1)] = -torch.inf
    return logits


@hidden("keep_top_k", forbids=READY_MADE)
def the_k_largest(student, rng):
    """The k largest logits of each row are kept as they are, and all others are minus infinity."""
    rows, vocabulary = rng.integer(3, 5), rng.integer(9, 20)
    return [
        in_double(student.keep_top_k(3 * rng.normal(rows, vocabulary), k)) for k in rng.different(4, 1, vocabulary - 1)
    ]


@hidden("keep_top_k", forbids=READY_MADE)
def equal_to_the_kth(student, rng):
    """What is just as large as the k-th largest is kept, too, so that there may be more than k."""
    found = [
        in_double(student.keep_top_k(rng.integers(-2, 2, 4, rng.integer(11, 16)).double(), k))
        for k in rng.different(3, 1, 6)
    ]
    near = 1.0 + 1e-9 * rng.normal(3, 12).argsort(dim=-1).double()  # no two are equal
    found.append(in_double(student.keep_top_k(near, rng.integer(3, 6))))
    return [*found, in_double(student.keep_top_k(torch.full((2, rng.integer(4, 9)), rng.integer(-9, 9) / 4), 2))]


@hidden("keep_top_k", forbids=READY_MADE)
def fewer_than_k(student, rng):
    """If k is the size of the vocabulary or more, all are kept."""
    vocabulary = rng.integer(5, 9)
    sizes = rng.shuffled([vocabulary - 1, vocabulary, vocabulary + 1, 50 * vocabulary])
    return [in_double(student.keep_top_k(rng.normal(3, vocabulary), k)) for k in sizes]


@hidden("keep_top_k", forbids=READY_MADE)
def fewer_than_one(student, rng):
    """ValueError if k is less than 1, and only then."""
    logits = rng.normal(3, 8)
    return {
        f"k of {k}": outcome(lambda k=k: student.keep_top_k(logits, k), ValueError)
        for k in rng.shuffled([0, -1, -rng.integer(2, 9), 1, rng.integer(2, 8), rng.integer(9, 99)])
    }


@hidden("keep_top_k", forbids=READY_MADE)
def each_row_for_itself(student, rng):
    """There may be any number of dimensions before the vocabulary, or none, and each row has its own k largest."""
    found = []
    for count in rng.shuffled([1, 2, 3, 4]):
        shape = rng.different(count - 1, 2, 4) + [rng.integer(6, 9)]
        height = 10 * rng.normal(*shape[:-1], 1)
        found.append(in_double(student.keep_top_k(rng.normal(*shape) + height, rng.integer(2, 4))))
    return found


@hidden("keep_top_k", forbids=READY_MADE)
def some_are_out_before_k(student, rng):
    """Some logits may be minus infinity already; where fewer than k are left, these are kept, and no NaN arises."""
    found = [in_double(student.keep_top_k(without_some(rng, rng.normal(3, 9)), k)) for k in rng.shuffled([2, 4, 8])]
    return [
        *found,
        in_double(student.keep_top_k(rng.normal(2, 6) - 500, 3)),
        in_double(student.keep_top_k(1e6 * rng.normal(2, 6), 3)),
    ]


@hidden("keep_top_k", forbids=READY_MADE)
def logits_before_top_k(student, rng):
    """The logits are the same after the call as before."""
    vocabulary = rng.integer(6, 9)
    logits = [rng.normal(3, vocabulary) for _ in range(2)]
    results = [
        in_double(student.keep_top_k(rows, k)) for rows, k in zip(logits, rng.shuffled([3, vocabulary]), strict=True)
    ]
    return {"results": results, "logits after the calls": logits}


@hidden("keep_top_k", forbids=READY_MADE)
def top_k_in_any_dtype(student, rng):
    """The dtype of the logits comes back."""
    kinds = rng.shuffled([torch.float16, torch.bfloat16, torch.float32, torch.float64])
    return [student.keep_top_k(rng.normal(2, 7, dtype=kind), k) for kind, k in zip(kinds, (2, 3, 4, 9), strict=True)]


# keep_top_p


def with_shares(rng, *rows):
    """Logits whose softmax is these shares, in any order: in each row another number is added to all."""
    orders = [rng.shuffled(list(row)) for row in rows]
    return torch.tensor(orders, dtype=torch.float64).log() + 5 * rng.normal(len(rows), 1)


def uneven(rng, vocabulary):
    """Shares of which each is a half more than the next."""
    shares = 1.5 ** -torch.arange(vocabulary, dtype=torch.float64)
    return with_shares(rng, (shares / shares.sum()).tolist())


@hidden("keep_top_p", forbids=READY_MADE)
def the_nucleus(student, rng):
    """The most probable tokens that have p together are kept as they are, and all others are minus infinity."""
    logits = torch.cat([uneven(rng, 9) for _ in range(3)])
    # The first have 0.34, 0.57, 0.72, 0.82, 0.89, 0.93 and 0.96 together: no p is near one of these.
    return [in_double(student.keep_top_p(logits.clone(), p)) for p in rng.shuffled([0.2, 0.45, 0.65, 0.77, 0.91])[:4]]


@hidden("keep_top_p", forbids=READY_MADE)
def the_token_that_reaches_p(student, rng):
    """The token with which p is reached is kept, and it is the last one."""
    logits = with_shares(rng, (0.46, 0.28, 0.16, 0.1), (0.7, 0.15, 0.1, 0.05), (0.3, 0.27, 0.23, 0.2))
    return [in_double(student.keep_top_p(logits.clone(), p)) for p in rng.shuffled([0.5, 0.78, 0.88])]


@hidden("keep_top_p", forbids=READY_MADE)
def p_and_no_more(student, rng):
    """Where the tokens so far have exactly p together, none is added."""
    logits = torch.full((3, rng.integer(11, 15)), -torch.inf, dtype=torch.float64)
    for row in logits:  # four are equal and 0, so that their shares are exact, in whichever way they are computed
        row[rng.different(4, 0, 10)] = 0.0
    return [in_double(student.keep_top_p(logits.clone(), part / 4)) for part in rng.shuffled([1, 2, 3])]


@hidden("keep_top_p", forbids=READY_MADE)
def equal_shares(student, rng):
    """Of equally probable tokens, the lower id is taken first, and not more of them than needed."""
    logits = with_shares(rng, (0.5, *[0.125] * 4), (0.2, 0.2, 0.2, 0.2, 0.2), (0.3, 0.3, 0.3, 0.05, 0.05))
    many = torch.full((2, rng.integer(40, 60)), 0.5, dtype=torch.float64)
    many[0, rng.different(7, 0, 39)] += 1
    return [
        in_double(student.keep_top_p(logits, rng.shuffled([0.55, 0.7])[0])),
        in_double(student.keep_top_p(many, 0.42)),
    ]


@hidden("keep_top_p", forbids=READY_MADE)
def one_at_least(student, rng):
    """However small p is, the most probable token of each row is kept: of equal ones the lowest id."""
    logits = rng.integers(0, 2, 5, rng.integer(9, 14)).double()
    return [in_double(student.keep_top_p(logits.clone(), p)) for p in rng.shuffled([0.01, 1e-6, 1e-30])]


@hidden("keep_top_p", forbids=READY_MADE)
def all_with_p_of_one(student, rng):
    """p = 1 keeps all, also tokens that are next to impossible."""
    logits = 60 * rng.normal(4, rng.integer(6, 12))
    found = [in_double(student.keep_top_p(logits.clone(), p)) for p in (1, 1.0)]
    return [*found, in_double(student.keep_top_p(uneven(rng, 8), 0.5))]


@hidden("keep_top_p", forbids=READY_MADE)
def no_probability(student, rng):
    """ValueError if p is not greater than 0 or not at most 1, and only then."""
    logits = rng.normal(3, 8)
    values = [0, 0.0, -rng.integer(1, 9) / 10, 1 + rng.integer(1, 9) / 100, rng.integer(2, 99), 1, 1e-9, 0.99]
    values.append(rng.integer(1, 9) / 10)
    return {f"p of {p}": outcome(lambda p=p: student.keep_top_p(logits, p), ValueError) for p in rng.shuffled(values)}


@hidden("keep_top_p", forbids=READY_MADE)
def some_are_out_before_p(student, rng):
    """Tokens that are minus infinity already stay out, and have no share of the probability."""
    logits = torch.cat([uneven(rng, 6) for _ in range(4)])
    wide = torch.full((4, 10), -torch.inf, dtype=torch.float64)
    for row, values in zip(wide, logits, strict=True):
        row[rng.different(6, 0, 9)] = values
    # The first have 0.37, 0.61, 0.77, 0.88 and 0.95 together.
    return [in_double(student.keep_top_p(wide.clone(), p)) for p in rng.shuffled([0.3, 0.5, 0.82, 1.0])]


@hidden("keep_top_p", forbids=READY_MADE)
def nuclei_of_any_shape(student, rng):
    """There may be any number of dimensions before the vocabulary, or none, and each row has its own nucleus."""
    rows = torch.cat([uneven(rng, 8) * (1 + row % 3) for row in range(6)])
    given = [rows[rng.integer(0, 5)], rows.view(2, 3, 8), rows.view(3, 1, 2, 8), rows]
    return [
        in_double(student.keep_top_p(logits.clone(), rng.shuffled([0.5, 0.64])[0])) for logits in rng.shuffled(given)
    ]


@hidden("keep_top_p", forbids=READY_MADE)
def far_from_zero(student, rng):
    """Logits that are all large, or all far below zero, are cut as others are, without NaN."""
    found = [uneven(rng, 7) + shift for shift in (900.0, -900.0)]
    return [in_double(student.keep_top_p(logits, p)) for logits, p in zip(found, rng.shuffled([0.5, 0.8]), strict=True)]


@hidden("keep_top_p", forbids=READY_MADE)
def logits_before_top_p(student, rng):
    """The logits are the same after the call as before."""
    logits = [uneven(rng, 9) for _ in range(2)]
    results = [
        in_double(student.keep_top_p(rows, p)) for rows, p in zip(logits, rng.shuffled([0.65, 1.0]), strict=True)
    ]
    return {"results": results, "logits after the calls": logits}


@hidden("keep_top_p", forbids=READY_MADE)
def top_p_in_any_dtype(student, rng):
    """The dtype of the logits comes back."""
    kinds = rng.shuffled([torch.float16, torch.bfloat16, torch.float32, torch.float64])
    values = (0.2, 0.45, 0.65, 1.0)
    return [student.keep_top_p(uneven(rng, 6).to(kind), p) for kind, p in zip(kinds, values, strict=True)]


# pad_left


def made_of(rng, lengths, vocabulary=20):
    """Prompts of these lengths."""
    return [rng.integers(0, vocabulary - 1, length) for length in lengths]


def not_sorted(rng, count, low, high):
    """Different lengths, of which the longest are not the first."""
    while True:
        lengths = rng.different(count, low, high)
        if lengths != sorted(lengths, reverse=True):
            return lengths


def padded(student, prompts, pad_id):
    """What comes back, as it is. A mask of numbers is told from one of bools."""
    tokens, mask = student.pad_left(prompts, pad_id)
    return {"tokens": tokens, "mask": mask}


@hidden("pad_left", forbids=READY_MADE)
def unequal_prompts(student, rng):
    """Prompts of different lengths, in the order in which they were given, with padding on the left."""
    found = [padded(student, made_of(rng, not_sorted(rng, 4, 1, 9)), rng.integer(30, 39)) for _ in range(2)]
    first, second = rng.different(2, 1, 5)
    return [*found, padded(student, made_of(rng, [first, first + 2, first + 2, second]), rng.integer(30, 39))]


@hidden("pad_left", forbids=READY_MADE)
def pad_id_in_prompts(student, rng):
    """pad_id may occur in a prompt, where it is a real token: at its beginning, inside and at its end."""
    pad_id = rng.integer(1, 19)
    prompts = made_of(rng, rng.shuffled([4, 5, 6, 7]))
    for prompt, places in zip(prompts, rng.shuffled([[0, 1], [2], [-1], [0, -1]]), strict=True):
        prompt[places] = pad_id
    return [padded(student, prompts, pad_id), padded(student, made_of(rng, [3, 1, 2], vocabulary=2), 0)]


@hidden("pad_left", forbids=READY_MADE)
def nothing_to_pad(student, rng):
    """One prompt alone, prompts of one token, and prompts of equal length need no padding."""
    length = rng.integer(2, 6)
    given = [[length], [1, 1, 1], [length] * 3]
    return [padded(student, made_of(rng, lengths), rng.integer(30, 39)) for lengths in rng.shuffled(given)]


@hidden("pad_left", forbids=READY_MADE)
def prompts_that_are_none(student, rng):
    """ValueError for no prompts and for an empty prompt, wherever it is, and only for these."""
    some = rng.different(8, 1, 20)
    given = [[], [0], [some[0], 0], [0, some[1]], [some[2], 0, some[3]], [1], some[4:6], some[5:8]]
    return {
        f"prompts of {lengths} tokens": outcome(
            lambda lengths=lengths: student.pad_left(made_of(rng, lengths), 5), ValueError
        )
        for lengths in rng.shuffled(given)
    }


@hidden("pad_left", forbids=READY_MADE)
def prompts_before_padding(student, rng):
    """The prompts are the same after the call as before."""
    prompts = made_of(rng, not_sorted(rng, 3, 2, 7))
    return {**padded(student, prompts, 33), "prompts after the call": prompts}


# Models


class Attention(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.n_head, self.attn_pdrop = config.n_head, config.attn_pdrop
        self.c_attn = nn.Linear(config.n_embd, 3 * config.n_embd)
        self.c_proj = nn.Linear(config.n_embd, config.n_embd)
        self.resid_dropout = nn.Dropout(config.resid_pdrop)

    def forward(self, x, allowed):
        parts = self.c_attn(x).chunk(3, dim=-1)
        query, key, value = (part.unflatten(-1, (self.n_head, -1)).transpose(1, 2) for part in parts)
        rate = self.attn_pdrop if self.training else 0.0
        heads = F.scaled_dot_product_attention(query, key, value, allowed, dropout_p=rate)
        return self.resid_dropout(self.c_proj(heads.transpose(1, 2).flatten(2)))


class Block(nn.Module):
    def __init__(self, config):
        super().__init__()
        width, inner = config.n_embd, config.n_inner or 4 * config.n_embd
        self.ln_1 = nn.LayerNorm(width, eps=config.layer_norm_epsilon)
        self.attn = Attention(config)
        self.ln_2 = nn.LayerNorm(width, eps=config.layer_norm_epsilon)
        self.mlp = nn.ModuleDict({"c_fc": nn.Linear(width, inner), "c_proj": nn.Linear(inner, width)})
        self.resid_dropout = nn.Dropout(config.resid_pdrop)

    def forward(self, x, allowed):
        x = x + self.attn(self.ln_1(x), allowed)
        hidden_layer = F.gelu(self.mlp.c_fc(self.ln_2(x)), approximate="tanh")
        return x + self.resid_dropout(self.mlp.c_proj(hidden_layer))


class Model(nn.Module):
    """A GPT-2, with the names that the notebook's has."""

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.wte = nn.Embedding(config.vocab_size, config.n_embd)
        self.wpe = nn.Embedding(config.n_positions, config.n_embd)
        self.embd_dropout = nn.Dropout(config.embd_pdrop)
        self.h = nn.ModuleList(Block(config) for _ in range(config.n_layer))
        self.ln_f = nn.LayerNorm(config.n_embd, eps=config.layer_norm_epsilon)

    def forward(self, tokens, attention_mask=None):
        length = tokens.shape[1]
        if length > self.config.n_positions:
            raise ValueError("more tokens than positions")
        places, allowed = torch.arange(length), torch.ones(length, length, dtype=torch.bool).tril()
        if attention_mask is not None:
            real = attention_mask.bool()
            if not real.any(dim=1).all():
                raise IndexError("a row without a real token")
            places = (real.cumsum(dim=1) - 1).clamp(min=0)
            itself = torch.eye(length, dtype=torch.bool)  # so that padding attends to something
            allowed = allowed & (real[:, None, None] | itself)
        x = self.embd_dropout(self.wte(tokens) + self.wpe(places))
        for block in self.h:
            x = block(x, allowed)
        return self.ln_f(x) @ self.wte.weight.T


def sizes(rate=0.0, **given):
    """Of a small model."""
    standard = {"vocab_size": 37, "n_positions": 11, "n_embd": 12, "n_layer": 2, "n_head": 3, "n_inner": 17}
    rates = {"embd_pdrop": rate, "attn_pdrop": rate, "resid_pdrop": rate}
    config = {"layer_norm_epsilon": 0.1, "bos_token_id": 0, "eos_token_id": 0, **rates}
    return GPT2Config(**{**standard, **config, **given})


def silence(*projections):
    with torch.no_grad():
        for parameter in (parameter for projection in projections for parameter in projection.parameters()):
            parameter.zero_()


def random_model(rng, without="", dtype=torch.float64, **given):
    """In evaluation mode, every parameter set by name; its attention or its feed-forward networks may add nothing."""
    model = fill(Model(sizes(**given)), rng, dtype).eval()
    with torch.no_grad():  # so that the tokens, their places and what was written before count about equally
        model.wte.weight.copy_(F.normalize(model.wte.weight, dim=-1))
        model.wpe.weight.mul_(6 if without == "attn" else 2)
        model.ln_f.weight.mul_(2)
        model.ln_f.bias.mul_(0.2)
        for block in model.h:
            block.ln_1.weight.mul_(3)
            block.attn.c_proj.weight.mul_(3)
            block.attn.c_proj.bias.mul_(0.2)
            block.mlp.c_proj.bias.mul_(0.2)
    for block in model.h:
        silence(*[part.c_proj for name, part in (("attn", block.attn), ("mlp", block.mlp)) if name == without])
    return model


def prompts(rng, batch, length, vocabulary=37):
    return rng.integers(0, vocabulary - 1, batch, length)


@torch.no_grad()
def lively_model(rng, **given):
    """A random model that writes many different tokens behind different texts: they tell which text it has read."""
    while True:
        model = random_model(Random(f"{rng.seed}/{rng.integer(0, 10**9)}"), **given)
        model.wpe.weight.mul_(0.3)
        for block in model.h:
            block.ln_1.weight.mul_(2)
        texts = prompts(rng, 16, model.config.n_positions)
        if len(model(texts)[:, -1].argmax(dim=-1).unique()) >= 8:
            return model


def constant_model(logits, **given):
    """One that says the same everywhere, whatever it reads: exactly these logits."""
    width = len(logits)
    model = Model(sizes(vocab_size=width, n_embd=width, n_head=1, n_layer=1, n_inner=3, **given)).eval()
    silence(model)
    with torch.no_grad():
        model.wte.weight.copy_(torch.eye(width))
        model.ln_f.bias.copy_(logits)
    return model


def follower(table, **given):
    """One that writes table[token] after each token, by its feed-forward network alone."""
    width = len(table)
    given = {"n_positions": 23, "layer_norm_epsilon": 1e-5, **given}
    model = Model(sizes(vocab_size=width, n_embd=width, n_head=1, n_layer=1, n_inner=width, **given)).eval()
    silence(model)
    with torch.no_grad():
        model.wte.weight.copy_(torch.eye(width))
        for norm in (model.h[0].ln_2, model.ln_f):
            norm.weight.fill_(1.0)
        model.h[0].mlp.c_fc.weight.copy_(10 * torch.eye(width))
        model.h[0].mlp.c_proj.weight[table, torch.arange(width)] = 1.0
    return model


def chains(rng, ends, eos_id, vocabulary=40):
    """A table of what follows each token, and a token to begin with for each row: row r writes eos_id at its step
    ends[r], and with None never. What follows eos_id is nonsense."""
    ids = rng.shuffled([token for token in range(vocabulary) if token != eos_id])
    table = torch.tensor([ids[rng.integer(0, 5)] for _ in range(vocabulary)])
    starts = []
    for end in ends:
        chain = [ids.pop() for _ in range(4 if end is None else end + 1)]
        after = chain[:1] if end is None else [eos_id]
        table[chain] = torch.tensor(chain[1:] + after)
        starts.append(chain[0])
    table[eos_id] = ids[0]  # which leads back to one of six, and these to each other
    for token in ids[:6]:
        table[token] = ids[rng.integer(0, 5)]
    return table, torch.tensor(starts)


def ending_with(rng, starts, length, eos_id=None, vocabulary=40):
    """Prompts that end with these tokens, and do not hold eos_id."""
    before = prompts(rng, len(starts), length - 1, vocabulary)
    if eos_id is not None:
        before[before == eos_id] = (eos_id + 1) % vocabulary
    return torch.cat([before, starts[:, None]], dim=1)


class Watch:
    """What goes on in a model while it writes."""

    def __init__(self, model):
        self.training, self.gradients = [], []
        self.calls = {model.wte: [], model.h[0].ln_1: [], model.h[0].attn.c_attn: []}  # of each: rows and positions
        model.looks_away = False  # while a cache that stands in for the student's computes
        for part in self.calls:
            part.register_forward_hook(self._note)
        self.model = model

    def _note(self, part, inputs, output):
        if self.model.looks_away:
            return
        self.calls[part].append(tuple(inputs[0].shape[:2]))
        self.gradients.append(output.requires_grad)
        self.training.append(sum(module.training for module in self.model.modules()))

    @property
    def _counted(self):
        """The calls at wte, or in the first block, where tokens are looked up without it."""
        return next((calls for calls in self.calls.values() if calls), [])

    @property
    def rows(self):
        return [rows for calls in self.calls.values() for rows, _ in calls]

    @property
    def positions(self):
        """How many each call computed, for one row."""
        return [length for _, length in self._counted]

    @property
    def computed(self):
        """How many positions were computed, of all rows and in all calls."""
        return sum(rows * length for rows, length in self._counted)


def shares(tokens, vocabulary):
    """For each column, how often each token stands there."""
    return F.one_hot(tokens, vocabulary).double().mean(dim=0)


def model_after(token, probabilities):
    """One that gives these probabilities after one token, and after the others the same in another order."""
    width = len(probabilities)
    logits = torch.tensor(probabilities).log()
    logits = logits - logits.mean()
    model = follower(torch.arange(width))
    with torch.no_grad():
        columns = logits.roll(2)[:, None].repeat(1, width)
        columns[:, token] = logits
        model.h[0].mlp.c_proj.weight.copy_(1000 * columns)
        model.ln_f.weight.fill_(logits.std(unbiased=False))
    return model


def drawn(generate, rng, probabilities, steps=1, by_token=False, **options):
    """What is written behind many equal prompts without eos_id, by a model that gives these probabilities.

    by_token  they hold after the prompts' last token alone
    """
    logits = torch.tensor(probabilities).log() + rng.integer(-5, 5)
    others = [token for token in range(len(logits)) if token != options.get("eos_id")]
    prompt = torch.tensor([rng.shuffled(others)[:3]])
    model = model_after(int(prompt[0, -1]), probabilities) if by_token else constant_model(logits)
    return generate(model, prompt.repeat(DRAWS, 1), steps, **options)[:, 3:]


def draws(generate, rng, probabilities, steps=1, **options):
    tokens = drawn(generate, rng, probabilities, steps, **options)
    return {
        "shares": shares(tokens, len(probabilities)),
        "tokens that occur": tokens.unique().tolist(),
    }


# What generate and generate_cached have in common


def of_equal_ones(generate, rng):
    """Written at temperature 0, and whether random numbers were drawn for it."""
    generator, found, untouched = torch.Generator(), [], []
    for options in rng.shuffled([{"temperature": 0}, {"temperature": 0.0, "generator": generator}]):
        logits = rng.normal(rng.integer(9, 14))
        best = rng.different(3, 1, len(logits) - 1)
        logits[best] = 4.0
        model = constant_model(logits)
        before = generator.get_state(), torch.get_rng_state()
        found.append(generate(model, prompts(rng, 2, 3, len(logits)), 2, **options))
        after = generator.get_state(), torch.get_rng_state()
        untouched += [torch.equal(one, other) for one, other in zip(before, after, strict=True)]
    return [*found, {"random numbers are drawn": not all(untouched)}]


def ended_rows(generate, rng, eos_id):
    ends = rng.shuffled([1, 3, 4, None])
    table, starts = chains(rng, ends, eos_id)
    return generate(follower(table), ending_with(rng, starts, 3, eos_id), 8, temperature=0, eos_id=eos_id)


def early_end(generate, rng):
    """All rows end before they must. Going on to read what was written last is allowed, and no more."""
    eos_id = rng.integer(1, 39)
    table, starts = chains(rng, rng.shuffled([0, 2, rng.integer(3, 4)]), eos_id)
    model, prompt = follower(table), ending_with(rng, starts, 3, eos_id)
    watch = Watch(model)
    tokens = generate(model, prompt, 12, temperature=0, eos_id=eos_id)
    return {"tokens": tokens, "goes on": max(watch.positions, default=0) > tokens.shape[1]}


def eos_in_prompts(generate, rng):
    eos_id = rng.integer(1, 39)
    table, starts = chains(rng, rng.shuffled([2, 4, 5]), eos_id)
    prompt = ending_with(rng, starts, 4)
    prompt[0, rng.integer(0, 2)], prompt[1, -1], prompt[2, :3] = eos_id, eos_id, eos_id
    table[eos_id] = starts[1]
    return generate(follower(table), prompt, 8, temperature=0, eos_id=eos_id)


def few_tokens(generate, rng):
    eos_id = rng.integer(1, 39)
    table, starts = chains(rng, rng.shuffled([0, None, 5]), eos_id)
    model = follower(table)
    found = [
        generate(model, ending_with(rng, starts, length, eos_id), new, temperature=0, eos_id=eos_id)
        for length, new in rng.shuffled([(3, 0), (2, 1), (1, 6)])
    ]
    return [*found, generate(model, ending_with(rng, starts[:1], 4), 5, temperature=0)]


def modes_inside_and_after(generate, rng):
    """Of a model that writes to the last step, and of one whose rows end before that."""
    found = []
    for training in rng.shuffled([True, False]):
        model = random_model(rng, rate=0.5, without="attn").train(training)
        for part in (model.h[1].attn, *rng.shuffled([model.h[0], model.embd_dropout, model.ln_f])[:1]):
            part.train(not training)
        found.append(with_modes(generate, model, prompts(rng, 3, 1), 5))
    table, starts = chains(rng, [1, 2], eos_id=3)
    model = follower(table, n_positions=23).train(rng.integer(0, 1) == 0)
    model.h[0].ln_2.train(not model.training)
    return [*found, with_modes(generate, model, ending_with(rng, starts, 3, eos_id=3), 8, eos_id=3)]


def with_modes(generate, model, prompt, new, **options):
    watch = Watch(model)
    return {
        "tokens": generate(model, prompt, new, temperature=0, **options),
        "parts in training mode inside": max(watch.training, default=0),
        "in training mode after": [module.training for module in model.modules()],
    }


def gradients_inside(generate, rng):
    table, starts = chains(rng, [None, None, 5], eos_id=0)
    model = follower(table)
    watch = Watch(model)
    tokens = generate(model, ending_with(rng, starts, 3), rng.integer(3, 5), temperature=0)
    after = torch.is_grad_enabled() and all(parameter.requires_grad for parameter in model.parameters())
    return {"tokens": tokens, "recorded": any(watch.gradients), "recorded after": after}


def prompt_after(generate, rng):
    table, starts = chains(rng, rng.shuffled([1, 4, None]), eos_id=5)
    prompt = ending_with(rng, starts, rng.integer(3, 5), eos_id=5)
    tokens = generate(follower(table), prompt, 6, temperature=0, eos_id=5)
    return {"tokens": tokens, "prompts after the call": prompt}


def from_a_generator(generate, rng):
    """Seeds of the generator and of torch: the first decides all, and the second nothing, unless there is no first."""
    probabilities = rng.shuffled([0.55, 0.3, 0.1, 0.05])
    prompt, generator = prompts(rng, 1, 2, 4).repeat(50, 1), torch.Generator()
    model = constant_model(torch.tensor(probabilities).log())
    seed = rng.integer(1, 10**6)
    written, untouched = [], []
    for torch_seed, own_seed in ((seed, seed), (seed + 1, seed), (seed, seed + 1), (seed, None)):
        torch.manual_seed(torch_seed)
        before = torch.get_rng_state()
        if own_seed is not None:  # else it goes on where it is
            generator.manual_seed(own_seed)
        written.append(generate(model, prompt, 2, generator=generator))
        untouched.append(torch.equal(before, torch.get_rng_state()))
    without = []
    for torch_seed in (seed, seed, seed + 1):
        torch.manual_seed(torch_seed)
        without.append(generate(model, prompt, 2))
    models = [constant_model(torch.tensor(rng.shuffled(probabilities)).log()) for _ in range(2)]
    many = [generate(model, prompt[:1].repeat(DRAWS, 1), 1, generator=generator) for model in models]
    return {
        "shares": [shares(tokens[:, 2:], 4) for tokens in many],
        "the same with the same seed": torch.equal(written[0], written[1]),
        "the same with another seed": torch.equal(written[0], written[2]),
        "the same when the generator goes on": torch.equal(written[2], written[3]),
        "torch's own generator untouched": untouched,
        "without a generator, the same with the same seed of torch": torch.equal(without[0], without[1]),
        "without a generator, the same with another seed of torch": torch.equal(without[0], without[2]),
    }


# generate


def left_padded(rng, lengths, longest, vocabulary=37):
    """Prompts of these lengths behind padding of any tokens, and their mask."""
    mask = torch.arange(longest) >= longest - torch.tensor(lengths)[:, None]
    return prompts(rng, len(lengths), longest, vocabulary), mask


@torch.no_grad()
def next_ones(model, tokens, mask=None):
    return model(tokens, mask)[:, -1].argmax(dim=-1)


def behind_padding(student, rng, pad_id=None, **options):
    """One token of each row. A mask need not grow for that. An eos_id is in no prompt, unless it is the padding.

    One row at least has another token without the mask, with that of the first row, and from its last token alone.
    """
    model, end = lively_model(rng), options.get("eos_id", -1)
    while True:
        tokens, mask = left_padded(rng, rng.shuffled([1, 2, 4]), 4)
        others = [torch.ones_like(mask), mask[:1].expand_as(mask)]
        if (tokens == end).any():
            continue
        if pad_id is not None:
            tokens[~mask] = pad_id
            others.append(tokens != tokens[:, :1])
        came = [next_ones(model, tokens, other) for other in others] + [next_ones(model, tokens[:, -1:])]
        if all((tokens_of_others != next_ones(model, tokens, mask)).any() for tokens_of_others in came):
            return student.generate(model, tokens, 1, attention_mask=mask, temperature=0, **options)


@hidden("generate", forbids=READY_MADE)
def most_probable_tokens(student, rng):
    """Temperature 0: the most probable token at each step, given all before it but padding, behind whole prompts."""
    model = lively_model(rng, n_positions=rng.integer(13, 15))
    found = student.generate(model, prompts(rng, 4, rng.integer(2, 5)), 8, temperature=0)
    return {"without padding": found, "with padding": behind_padding(student, rng)}


@hidden("generate", forbids=READY_MADE)
def longer_than_the_context(student, rng):
    """The model reads the last n_positions tokens, where there are more: of what was written, and of long prompts."""
    n_positions = rng.integer(5, 7)
    model = lively_model(rng, n_positions=n_positions)
    found = [student.generate(model, prompts(rng, 3, rng.integer(2, 4)), 9, temperature=0)]
    lengths = [n_positions, n_positions + 1, n_positions + rng.integer(2, 6)]
    return found + [student.generate(model, prompts(rng, 2, length), 3, temperature=0) for length in lengths]


@hidden("generate", forbids=READY_MADE)
def greedy_tokens(student, rng):
    """Temperature 0: the lowest id of equally probable tokens, also with top_k and top_p, and behind padding."""
    model = random_model(rng, without="attn")
    options = rng.shuffled([{"top_k": 3}, {"top_p": 0.6}, {"top_k": 4, "top_p": 0.9}])
    found = [student.generate(model, prompts(rng, 2, 3), 3, temperature=0, **kept) for kept in options]
    padded = behind_padding(student, rng, **options[0])
    return [*found, *of_equal_ones(student.generate, rng), {"with padding": padded}]


@hidden("generate", forbids=READY_MADE)
def rows_end_on_their_own(student, rng):
    """A row that has written eos_id is filled up with it, and the others go on, those with padding, too."""
    found = ended_rows(student.generate, rng, rng.integer(1, 39))
    return {"without padding": found, "with padding": behind_padding(student, rng, eos_id=rng.integer(0, 36))}


@hidden("generate", forbids=READY_MADE)
def over_when_all_have_ended(student, rng):
    """When all rows have written eos_id, writing stops, each row's eos_id included; with padding not earlier."""
    found = early_end(student.generate, rng)
    return {"without padding": found, "with padding": behind_padding(student, rng, eos_id=rng.integer(0, 36))}


@hidden("generate", forbids=READY_MADE)
def eos_in_the_prompt(student, rng):
    """An eos_id in the prompt ends nothing, wherever it stands, and not as padding, either."""
    found, eos_id = eos_in_prompts(student.generate, rng), rng.integer(0, 36)
    return {"without padding": found, "with padding": behind_padding(student, rng, pad_id=eos_id, eos_id=eos_id)}


@hidden("generate", forbids=READY_MADE)
def eos_of_zero_or_none(student, rng):
    """eos_id may be 0; without one, no token ends a row, and no row has to end."""
    table, starts = chains(rng, rng.shuffled([0, 2, 3]), eos_id=0)
    unended = student.generate(follower(table), ending_with(rng, starts, 2), 6, temperature=0)
    return [unended, ended_rows(student.generate, rng, 0)]


@hidden("generate", forbids=READY_MADE)
def few_tokens_or_none(student, rng):
    """max_new_tokens may be 0 or 1, with padding, too, a prompt one token long, and a batch one row."""
    return [*few_tokens(student.generate, rng), {"one behind padding": behind_padding(student, rng)}]


@hidden("generate", forbids=READY_MADE)
def modes_of_all_parts(student, rng):
    """It writes in evaluation mode, behind padding, too. After the call each part is in its mode of before."""
    found = modes_inside_and_after(student.generate, rng)
    return [*found, {"with padding": behind_padding(student, rng)}]


@hidden("generate", forbids=READY_MADE)
def written_without_gradients(student, rng):
    """While it writes, behind padding, too, no gradients are recorded, and after the call they are again."""
    return {**gradients_inside(student.generate, rng), "with padding": behind_padding(student, rng)}


@hidden("generate", forbids=READY_MADE)
def prompts_stay(student, rng):
    """The prompts are the same after the call as before."""
    return prompt_after(student.generate, rng)


@hidden("generate", forbids=READY_MADE, tolerance=SHARES)
def drawn_as_the_model_says(student, rng):
    """Without a temperature tokens are drawn with the model's probabilities, each row and each step for itself."""
    return [shares_and_repeats(student, rng) for _ in range(2)]


def shares_and_repeats(student, rng):
    tokens = drawn(student.generate, rng, rng.shuffled([0.5, 0.26, 0.16, 0.08]), steps=2)
    return {
        "shares": shares(tokens, 4),
        # halved, since these two shares spread more than the others
        "rows that repeat their token, half of them": float((tokens[:, 0] == tokens[:, 1]).double().mean()) / 2,
        "rows that repeat the row above, half of them": float((tokens[1:, 0] == tokens[:-1, 0]).double().mean()) / 2,
    }


@hidden("generate", forbids=READY_MADE, tolerance=SHARES)
def drawn_warm_and_cold(student, rng):
    """With a temperature, the logits are divided by it before the draw."""
    probabilities = [0.45, 0.25, 0.15, 0.1, 0.05]
    return [
        draws(student.generate, rng, rng.shuffled(probabilities), temperature=value)
        for value in rng.shuffled([0.5, 3.0])
    ]


@hidden("generate", forbids=READY_MADE, tolerance=SHARES)
def drawn_from_the_top_k(student, rng):
    """With top_k, only the k most probable tokens are drawn, in proportion."""
    probabilities = rng.shuffled([0.4, 0.24, 0.18, 0.1, 0.08])
    return [draws(student.generate, rng, probabilities, top_k=k) for k in rng.shuffled([2, 3])]


@hidden("generate", forbids=READY_MADE, tolerance=SHARES)
def drawn_from_the_nucleus(student, rng):
    """With top_p, only tokens of the nucleus are drawn, in proportion."""
    probabilities = rng.shuffled([0.4, 0.24, 0.18, 0.1, 0.08])
    return [draws(student.generate, rng, probabilities, top_p=p) for p in rng.shuffled([0.48, 0.75])]


@hidden("generate", forbids=READY_MADE, tolerance=SHARES)
def settings_in_their_order(student, rng):
    """The nucleus is what it is after the temperature, and among the k most probable tokens."""
    probabilities = [0.36, 0.26, 0.2, 0.12, 0.06]
    options = [{"temperature": 0.5, "top_p": 0.72}, {"temperature": 2.5, "top_p": 0.72}]
    options += [{"top_k": 3, "top_p": 0.72}, {"top_k": 4, "top_p": 0.63}]
    return [draws(student.generate, rng, rng.shuffled(probabilities), **kept) for kept in rng.shuffled(options)]


@hidden("generate", forbids=READY_MADE, tolerance=SHARES)
def ends_of_drawn_rows(student, rng):
    """Rows that are drawn end, too: what comes after their first eos_id is nothing else."""
    eos_id = rng.integer(1, 3)  # or rows that are filled up with 0 would be right
    probabilities = rng.shuffled([0.4, 0.3, 0.2, 0.1])
    tokens = drawn(student.generate, rng, probabilities, steps=3, eos_id=eos_id)
    ended = (tokens == eos_id).long().cummax(dim=1).values
    return {"shares": shares(tokens, 4), "another token after the end": bool((ended != (tokens == eos_id)).any())}


@hidden("generate", forbids=READY_MADE, tolerance=SHARES)
def drawn_from_the_generator(student, rng):
    """All random numbers come from the generator, and torch's own is neither used nor changed, unless there is none."""
    return from_a_generator(student.generate, rng)


# generate with a mask, in more than one step


@hidden("generate", forbids=READY_MADE)
def rows_of_unequal_length(student, rng):
    """With a mask, each row is continued as it would be alone, whatever tokens its padding has; drawn of one, too."""
    model, longest = lively_model(rng, n_positions=rng.integer(13, 15)), rng.integer(5, 6)
    tokens, mask = left_padded(rng, rng.shuffled([1, 2, 3, longest]), longest)
    greedy = student.generate(model, tokens, 6, attention_mask=mask, temperature=0)
    more = left_padded(rng, rng.shuffled([2, 4, 3]), 6)  # no row is without padding
    return [greedy, student.generate(model, more[0], 5, attention_mask=more[1], top_k=1)]


@hidden("generate", forbids=READY_MADE)
def unequal_rows_beyond_the_context(student, rng):
    """With a mask, beyond n_positions: the last n_positions columns are read, of the tokens and of the mask."""
    n_positions = rng.integer(5, 7)
    model, found = lively_model(rng, n_positions=n_positions), []
    for longest in rng.shuffled([n_positions - 1, n_positions + rng.integer(1, 3)]):
        tokens, mask = left_padded(rng, rng.shuffled([1, 3, longest - 1]), longest)
        found.append(student.generate(model, tokens, 9, attention_mask=mask, temperature=0))
    return found


@hidden("generate", forbids=READY_MADE)
def unequal_rows_that_end(student, rng):
    """With a mask, rows end as they would alone, and others go on for longer than n_positions."""
    eos_id = rng.integer(1, 38)
    table, starts = chains(rng, rng.shuffled([0, 2, None]), eos_id)
    _, mask = left_padded(rng, rng.shuffled([1, 2, 4]), 4)
    tokens = ending_with(rng, starts, 4, eos_id)
    model = follower(table, n_positions=rng.integer(5, 6))  # more than the prompts have
    alone = student.generate(model, tokens, 9, attention_mask=mask, temperature=0, eos_id=eos_id)
    return [alone, student.generate(**one_that_ends(rng), temperature=0)]


def one_that_ends(rng):
    """Arguments: one row writes eos_id first, which no prompt holds. Then another would go on in another way without
    the mask, and with one that has grown at the other end."""
    while True:
        model = lively_model(rng, n_positions=rng.integer(13, 15))
        tokens, mask = left_padded(rng, rng.shuffled([1, 2, 3, 5]), 5)
        first = next_ones(model, tokens, mask)
        eos_id = int(first[rng.integer(0, 3)])
        text, goes_on = torch.cat([tokens, first[:, None]], dim=1), first != eos_id
        right, *others = (
            next_ones(model, text, real)[goes_on]
            for real in (F.pad(mask, (0, 1), value=True), None, F.pad(mask, (1, 0), value=True))
        )
        if all((other != right).any() for other in others) and not (tokens == eos_id).any():
            return {"model": model, "tokens": tokens, "max_new_tokens": 2, "attention_mask": mask, "eos_id": eos_id}


@hidden("generate", forbids=READY_MADE)
def padding_elsewhere(student, rng):
    """ValueError for padding that is not on the left, and for a row of padding alone; and only for these."""
    model, length, some = random_model(rng, without="attn"), rng.integer(5, 8), [rng.integer(1, 3) for _ in range(3)]
    rows = {
        "on the left": [0] * some[0] + [1] * (length - some[0]),
        "nowhere": [1] * length,
        "on the right": [1] * some[1] + [0] * (length - some[1]),
        "inside": [1, *rng.shuffled([1, 0, 0]), *[1] * (length - 4)],
        "inside, and on the left": [0, 1, *rng.shuffled([0, 0, 1]), *[1] * (length - 5)],
        "on both sides": [0, *[1] * (length - 1 - some[2]), *[0] * some[2]],
        "everywhere": [0] * length,
    }
    found = {}
    for name in rng.shuffled(list(rows)):
        tokens, mask = prompts(rng, 2, length), torch.tensor(rng.shuffled([rows[name], [1] * length])).bool()
        found[f"padding {name}: {rows[name]}"] = outcome(
            lambda tokens=tokens, mask=mask: student.generate(model, tokens, 2, attention_mask=mask, temperature=0),
            ValueError,
        )
    return found


@hidden("generate", forbids=READY_MADE)
def masks_stay(student, rng):
    """The mask is the same after the call as before, and so are the prompts; a mask without padding changes nothing."""
    model, (tokens, mask) = lively_model(rng, n_positions=12), left_padded(rng, rng.shuffled([1, 2, 3, 5]), 5)
    found = student.generate(model, tokens, 7, attention_mask=mask, temperature=0)
    full = student.generate(model, tokens, 3, attention_mask=torch.ones_like(mask), temperature=0)
    return {"tokens": [found, full], "mask after the call": mask, "prompts after the call": tokens}


# KVCache, the first half of the exercise forward_with_cache


def new_entries(rng, batch, new, n_head=3, d_head=4, dtype=torch.float64):
    """A key and a value, as views that heads were split into."""
    return [rng.normal(batch, new, n_head, d_head, dtype=dtype).transpose(1, 2) for _ in range(2)]


def held(answers):
    """Keys and values that came back, as they are now."""
    key, value = answers
    return [key.clone(), value.clone()]


@hidden("forward_with_cache", forbids=READY_MADE, tolerance=1e-9)
def grows_at_its_end(student, rng):
    """KVCache: all keys and values of the layer come back, the new ones last, in their dtype; the new ones stay."""
    found = {}
    for dtype in rng.shuffled([torch.float32, torch.float64, torch.bfloat16]):
        batch, n_head, d_head = rng.shuffled([(1, 2, 3), (3, 1, 2), (2, 4, 1)])[0]
        cache = student.KVCache(sizes(n_layer=2, n_head=n_head, n_embd=n_head * d_head))
        given = [
            new_entries(rng, batch, new, n_head, d_head, dtype) for new in rng.shuffled([1, 1, 2, 5]) for _ in "ab"
        ]
        back = [held(cache.append(number % 2, *entry)) for number, entry in enumerate(given)]
        found[str(dtype)] = {"results": back, "new ones after the calls": given}
    return found


@hidden("forward_with_cache", forbids=READY_MADE)
def layers_are_apart(student, rng):
    """KVCache: each layer, and each cache, has its own keys and values, whichever comes first."""
    cache, found = student.KVCache(sizes(n_layer=3)), []
    for layer in [*rng.shuffled([0, 1, 2]), *rng.shuffled([0, 2]), *rng.shuffled([0, 1, 2])]:
        new = 1 if layer == 1 else rng.integer(1, 3)  # in the end neither the first nor the last holds fewest
        found.append(held(cache.append(layer, *new_entries(rng, 2, new))))
    one, other = student.KVCache(sizes(n_layer=1)), student.KVCache(sizes(n_layer=2))
    found += [held(cache.append(0, *new_entries(rng, batch, 2))) for cache, batch in ((one, 2), (other, 3), (one, 2))]
    third = student.KVCache(sizes(n_layer=1))
    lengths = [cache.length, one.length, other.length, third.length]
    return [*found, lengths, held(third.append(0, *new_entries(rng, 1, rng.integer(1, 4))))]


@hidden("forward_with_cache", forbids=READY_MADE)
def length_of_every_layer(student, rng):
    """KVCache: length is 0 at first, and then what every layer holds, until the last layer has its new positions."""
    n_layer = rng.integer(2, 4)
    cache = student.KVCache(sizes(n_layer=n_layer, n_positions=20))
    lengths = [cache.length]
    layers = [*range(n_layer)]  # the first one comes first, and so does the last one
    for order, new in zip(
        rng.shuffled([layers, layers[::-1], rng.shuffled(layers)]), rng.different(3, 1, 6), strict=True
    ):
        for layer in order:
            cache.append(layer, *new_entries(rng, 2, new))
            lengths.append(cache.length)
    return lengths


@hidden("forward_with_cache", forbids=READY_MADE)
def full_to_the_last_position(student, rng):
    """KVCache: n_positions fit exactly into a layer; more is a ValueError, and then the cache is as before."""
    n_positions, found = rng.integer(5, 9), []
    for parts in rng.shuffled([[n_positions], [n_positions - 1, 1], [2, n_positions - 3, 1]]):
        cache = student.KVCache(sizes(n_layer=1, n_positions=n_positions))
        found += [held(cache.append(0, *new_entries(rng, 2, new))) for new in parts] + [cache.length]
    return [*found, *refused_when_empty(student, rng, n_positions), *refused_layer_by_layer(student, rng, n_positions)]


def refused_when_empty(student, rng, n_positions):
    """The first positions of all are too many, for a batch of another size than the one that follows."""
    cache = student.KVCache(sizes(n_layer=1, n_positions=n_positions))
    refused = outcome(lambda: cache.append(0, *new_entries(rng, 4, n_positions + 1)), ValueError)
    return [refused, cache.length, held(cache.append(0, *new_entries(rng, 2, rng.integer(1, 3)))), cache.length]


def refused_layer_by_layer(student, rng, n_positions):
    """One layer holds more than the other."""
    cache, (first, second) = student.KVCache(sizes(n_positions=n_positions)), rng.shuffled([0, 1])
    found = [held(cache.append(layer, *new_entries(rng, 2, n_positions - 2))) for layer in (first, second)]
    found.append(held(cache.append(first, *new_entries(rng, 2, 1))))
    refused = [
        outcome(lambda layer=layer, new=new: cache.append(layer, *new_entries(rng, 2, new)), ValueError)
        for layer, new in rng.shuffled([(first, 2), (second, 3), (first, n_positions)])
    ]
    fits = [held(cache.append(layer, *new_entries(rng, 2, new))) for layer, new in ((second, 2), (first, 1))]
    return [*found, *refused, *fits, cache.length]


# forward_with_cache itself


def empty(model, n_positions=None):
    """A cache that stands for a KVCache of this model, or for one that holds another number of positions."""
    n_positions = n_positions or model.config.n_positions

    class Stand:  # made here, so that nothing that travels with the questions answers those to KVCache
        def __init__(self):
            self.entries = [()] * model.config.n_layer

        @property
        def length(self):
            return min(entry[0].shape[2] if entry else 0 for entry in self.entries)

        def append(self, layer, key, value):
            new = (key, value)
            if self.entries[layer]:
                new = tuple(torch.cat(pair, dim=2) for pair in zip(self.entries[layer], new, strict=True))
            if new[0].shape[2] > n_positions:
                raise ValueError("more than n_positions")
            self.entries[layer] = new
            return new

        @property
        def contents(self):
            return [[tensor.clone() for tensor in entry] for entry in self.entries]

    return Stand()


def in_pieces(student, model, tokens, lengths, cache=None):
    """The logits of each piece, and whether positions besides its own were computed."""
    cache, watch = cache or empty(model), Watch(model)
    logits = [student.forward_with_cache(model, piece, cache) for piece in tokens.split(lengths, dim=1)]
    return {"logits": logits, "others are computed again": watch.computed > tokens.numel()}


@hidden("forward_with_cache", forbids=READY_MADE)
def all_in_one_call(student, rng):
    """With an empty cache, the logits of all positions are what the model itself says."""
    model = random_model(rng)
    return student.forward_with_cache(model, prompts(rng, *rng.different(2, 3, 8)), empty(model))


@hidden("forward_with_cache", forbids=READY_MADE)
def all_in_one_call_by_attention(student, rng):
    """With an empty cache, in a model whose feed-forward networks add nothing: no position sees one after it."""
    model = random_model(rng, without="mlp")
    return student.forward_with_cache(model, prompts(rng, *rng.different(2, 3, 8)), empty(model))


@hidden("forward_with_cache", forbids=READY_MADE)
def one_after_the_other(student, rng):
    """After the prompt, one token a call: it sees all before it, and itself."""
    model, first = random_model(rng, without="mlp"), rng.integer(2, 4)
    return in_pieces(student, model, prompts(rng, 3, first + 4), [first, 1, 1, 1, 1])


@hidden("forward_with_cache", forbids=READY_MADE)
def from_the_first_token(student, rng):
    """One token a call from the very first, through the whole model."""
    length = rng.integer(4, 6)
    return in_pieces(student, random_model(rng), prompts(rng, 2, length), [1] * length)


@hidden("forward_with_cache", forbids=READY_MADE)
def several_at_once(student, rng):
    """Several tokens a call after others: each sees all that is cached, and of the new ones none after it."""
    model, lengths = random_model(rng, n_positions=15, without="mlp"), rng.different(3, 2, 5)
    return in_pieces(student, model, prompts(rng, 2, sum(lengths)), lengths)


@hidden("forward_with_cache", forbids=READY_MADE)
def all_new_tokens_together(student, rng):
    """Each call computes its new positions, all together and no others."""
    model, lengths = random_model(rng), rng.different(3, 1, 4)
    watch = Watch(model)
    logits = in_pieces(student, model, prompts(rng, 3, sum(lengths)), lengths)
    return {
        "logits": logits,
        "positions that each call computes": watch.positions,
        "rows at once": min(watch.rows, default=0),
    }


@hidden("forward_with_cache", forbids=READY_MADE)
def positions_go_on(student, rng):
    """The first new token stands at position cache.length: in a model whose attention adds nothing."""
    model, lengths = random_model(rng, without="attn"), rng.shuffled([1, 2, 3, 4])
    return in_pieces(student, model, prompts(rng, 2, 10), lengths)


@hidden("forward_with_cache", forbids=READY_MADE)
def to_the_last_position(student, rng):
    """n_positions may be reached exactly, in one call and in several."""
    n_positions = rng.integer(5, 8)
    model, tokens = random_model(rng, n_positions=n_positions, without="mlp"), prompts(rng, 2, n_positions)
    lengths = rng.shuffled([[n_positions], [n_positions - 1, 1], [2, n_positions - 2]])
    return [in_pieces(student, model, tokens, parts) for parts in lengths]


@hidden("forward_with_cache", forbids=READY_MADE)
def beyond_the_last_position(student, rng):
    """ValueError for more than n_positions, whatever the cache can hold; it is unchanged, and what fits goes on."""
    n_positions = rng.integer(6, 9)
    model = random_model(rng, n_positions=n_positions, without="mlp")
    cache, tokens = empty(model), prompts(rng, 2, 2 * n_positions)

    def refused(new):
        return outcome(lambda: student.forward_with_cache(model, tokens[:, :new], cache), ValueError)

    at_first, length = refused(n_positions + 1), cache.length
    logits = [student.forward_with_cache(model, tokens[:, : n_positions - 1], cache)]
    then, contents = [refused(new) for new in rng.shuffled([2, n_positions])], cache.contents
    logits.append(student.forward_with_cache(model, tokens[:, n_positions - 1 : n_positions], cache))
    at_last, cache = refused(1), empty(model, 5 * n_positions)
    logits.append(student.forward_with_cache(model, tokens[:, : n_positions - 1], cache))
    return {
        "refused": [at_first, *then, at_last],
        "length": length,
        "contents": contents,
        "logits": logits,
        "refused where the cache has room": [refused(new) for new in rng.shuffled([2, n_positions])],
        "the cache that has room": [cache.length, cache.contents],
    }


@hidden("forward_with_cache", forbids=READY_MADE)
def what_the_cache_gets(student, rng):
    """Each layer's keys and values of the new positions are in the cache after the call, head by head."""
    model, lengths = random_model(rng, n_layer=3, without="mlp"), rng.shuffled([1, 3, 2])
    cache = empty(model)
    in_pieces(student, model, prompts(rng, 2, 6), lengths, cache)
    return cache.contents


@hidden("forward_with_cache", forbids=READY_MADE)
def what_the_cache_holds(student, rng):
    """Keys and values come from the cache as they are, also where none of these tokens could have made them."""
    model, length, found = random_model(rng, without="mlp"), rng.integer(3, 6), []
    for new in rng.shuffled([1, 2]):
        cache = empty(model)
        for layer in (0, 1):
            cache.append(layer, *new_entries(rng, 3, length))
        found.append(student.forward_with_cache(model, prompts(rng, 3, new), cache))
    return found


@hidden("forward_with_cache", forbids=READY_MADE)
def two_texts_in_turn(student, rng):
    """Two texts, of different batches, each with its cache, may go on in turn: nothing is kept but in the cache."""
    model, found = random_model(rng, without="mlp"), []
    caches = [(empty(model), batch) for batch in rng.shuffled([2, 3])]
    for new in (3, 1, 2):
        found += [student.forward_with_cache(model, prompts(rng, batch, new), cache) for cache, batch in caches]
    return found


@hidden("forward_with_cache", forbids=READY_MADE)
def other_sizes(student, rng):
    """One layer, one head, one row, and the widths of the feed-forward network that n_inner may ask for."""
    found = []
    for given in rng.shuffled([{"n_layer": 1}, {"n_head": 1, "n_layer": 3}, {"n_inner": None}]):
        model, batch = random_model(rng, **given), rng.integer(1, 2)
        found.append(in_pieces(student, model, prompts(rng, batch, 6), rng.shuffled([1, 2, 3])))
    return found


@hidden("forward_with_cache", forbids=READY_MADE)
def one_layer_after_the_other(student, rng):
    """A model of one layer, where the cache has grown as soon as it was appended to."""
    model, lengths = random_model(rng, n_layer=1, without="mlp"), rng.shuffled([1, 2, 3])
    return in_pieces(student, model, prompts(rng, 2, 6), lengths)


@hidden("forward_with_cache", forbids=READY_MADE)
def nothing_is_dropped(student, rng):
    """In evaluation mode nothing is dropped, whatever the rates are."""
    model = random_model(rng, rate=rng.integer(3, 7) / 10)
    return in_pieces(student, model, prompts(rng, 3, 6), rng.shuffled([1, 2, 3]))


@hidden("forward_with_cache", forbids=READY_MADE)
def tokens_stay_as_given(student, rng):
    """The new tokens are the same after the call as before; they may be a part of a larger tensor."""
    model, text = random_model(rng, without="attn"), prompts(rng, 9, 3).T
    cache = empty(model)
    logits = [student.forward_with_cache(model, text[:, start:end], cache) for start, end in ((1, 5), (5, 6), (6, 8))]
    return {"logits": logits, "tokens after the calls": text}


@hidden("forward_with_cache", forbids=READY_MADE, tolerance=1e-9)
def precision_of_the_model(student, rng):
    """Logits have the model's dtype, and in double precision nothing is rounded to float32 on the way."""
    kinds = rng.shuffled([torch.float32, torch.float64])
    models = [random_model(rng, dtype=kind) for kind in kinds]
    return [in_pieces(student, model, prompts(rng, 2, 5), [3, 1, 1]) for model in models]


# generate_cached


class Text:
    """Stands in for a cache: it holds the tokens themselves, so that all is computed anew from them."""

    def __init__(self, config):
        self.tokens = None

    @property
    def length(self):
        return 0 if self.tokens is None else self.tokens.shape[1]


def from_the_text(model, tokens, text):
    """Stands in for forward_with_cache. Who watches the model sees that the new tokens are read, and nothing else."""
    if text.length + tokens.shape[1] > model.config.n_positions:
        raise ValueError("more than n_positions")
    model.wte(tokens)
    text.tokens = tokens if text.tokens is None else torch.cat([text.tokens, tokens], dim=1)
    model.looks_away = True
    try:
        return model(text.tokens)[:, -tokens.shape[1] :]
    finally:
        model.looks_away = False


def writer(student):
    """The student's generate_cached, with the student's own cache if that works, and else with one that does."""
    try:
        own = works(student.KVCache, student.forward_with_cache)
    except Exception:  # whatever their code raises, or a name that is not there
        own = False
    return student.generate_cached if own else partial(with_another_cache, student.generate_cached)


@lru_cache(maxsize=8)
def works(new_cache, forward):
    """Whether KVCache and forward_with_cache do what they should as far as generate_cached may need it."""
    rng = Random("a cache that works")
    model, tokens = random_model(rng, n_positions=5, n_layer=2), prompts(rng, 2, 5)
    with torch.no_grad():
        right = model(tokens)
        for parts in ([5], [3, 1, 1], [1, 1, 2, 1]):
            cache, start, watch = new_cache(model.config), 0, Watch(model)
            for new in parts:
                if cache.length != start:
                    return False
                logits = forward(model, tokens[:, start : start + new], cache)
                start += new
                if not torch.allclose(logits, right[:, start - new : start], rtol=0, atol=1e-9):
                    return False
            if watch.computed > tokens.numel():
                return False
            if outcome(partial(forward, model, tokens[:, :1], cache), ValueError) != "ValueError":
                return False
    return True


def with_another_cache(generate, *arguments, **options):
    """Call the student's function while KVCache and forward_with_cache mean what stands in for them."""
    names = inspect.unwrap(generate).__globals__
    instead = {"KVCache": Text, "forward_with_cache": from_the_text}
    before = {name: names[name] for name in instead if name in names}
    names.update(instead)
    try:
        return generate(*arguments, **options)
    finally:
        for name in instead:
            del names[name]
        names.update(before)


class Counted:
    """The student's generate_cached, and whether the model has computed more than one position a step.

    Reading the last token, too, is allowed. The context has to be longer than what is written.
    """

    def __init__(self, student):
        self.write, self.more = writer(student), False

    def __call__(self, model, tokens, new, **options):
        watch = Watch(model)
        written = self.write(model, tokens, new, **options)
        self.more = self.more or watch.computed > len(tokens) * (tokens.shape[1] + new)
        return written

    def and_work(self, found):
        """What was found, and the work."""
        return {"found": found, "positions are computed again": self.more}


@hidden("generate_cached", forbids=READY_MADE)
def the_tokens_of_generate(student, rng):
    """Temperature 0, while the context fits: token for token what generate writes, the lowest id of equal ones, too."""
    generate = Counted(student)
    model = lively_model(rng, n_positions=rng.integer(14, 15))
    lengths = rng.different(3, 2, 6)
    found = [generate(model, prompts(rng, 4, length), 8, temperature=0) for length in lengths]
    return generate.and_work([*found, *of_equal_ones(generate, rng)])


@hidden("generate_cached", forbids=READY_MADE)
def past_the_context(student, rng):
    """When n_positions are full, it goes on as generate does: every token has another position with each step."""
    model = lively_model(rng, n_positions=rng.integer(5, 7), without="mlp")
    return writer(student)(model, prompts(rng, 3, rng.integer(2, 4)), 10, temperature=0)


@hidden("generate_cached", forbids=READY_MADE)
def prompts_that_fill_the_context(student, rng):
    """Prompts may be as long as n_positions, or longer: they come back whole, and their end is read."""
    generate = writer(student)
    n_positions = rng.integer(5, 7)
    model = lively_model(rng, n_positions=n_positions, without="mlp")
    lengths = [n_positions + rng.integer(2, 6), *rng.shuffled([n_positions - 1, n_positions, n_positions + 1])]
    return [generate(model, prompts(rng, 2, length), 4, temperature=0) for length in lengths]


def work(student, rng, n_positions, length, new):
    """Positions that each step computes, for one row. Reading the last token, too, is allowed."""
    table, starts = chains(rng, [None], eos_id=0)
    model = follower(table, n_positions=n_positions)
    watch = Watch(model)
    tokens = writer(student)(model, ending_with(rng, starts, length), new, temperature=0)
    return {"tokens": tokens, "positions that each step computes": watch.positions[:new]}


@hidden("generate_cached", forbids=READY_MADE)
def one_position_a_step(student, rng):
    """The prompt goes through the model once, in one call; then each step computes one position."""
    return work(student, rng, 20, rng.integer(3, 8), rng.integer(5, 9))


@hidden("generate_cached", forbids=READY_MADE)
def all_positions_a_step(student, rng):
    """When n_positions are full, each step computes the last n_positions anew, and not one step earlier."""
    n_positions = rng.integer(6, 8)
    lengths = rng.shuffled([n_positions - rng.integer(2, 3), n_positions, n_positions + 3])
    return [work(student, rng, n_positions, length, 6) for length in lengths]


@hidden("generate_cached", forbids=READY_MADE)
def nothing_kept_between_calls(student, rng):
    """Each call begins with an empty cache, for any number of rows."""
    generate = Counted(student)
    model = lively_model(rng, n_positions=rng.integer(9, 12), without="mlp")
    given = [prompts(rng, *shape) for shape in rng.shuffled([(2, 4), (3, 2), (1, 3), (2, 4)])]
    return generate.and_work([generate(model, tokens, 3, temperature=0) for tokens in given])


@hidden("generate_cached", forbids=READY_MADE)
def rows_end_with_a_cache(student, rng):
    """A row that has written eos_id is filled up with it, and the others go on; eos_id may be 0."""
    generate = Counted(student)
    return generate.and_work([ended_rows(generate, rng, eos_id) for eos_id in rng.shuffled([0, rng.integer(1, 39)])])


@hidden("generate_cached", forbids=READY_MADE)
def over_with_a_cache(student, rng):
    """When all rows have written eos_id, writing stops, each row's eos_id included."""
    return early_end(writer(student), rng)


@hidden("generate_cached", forbids=READY_MADE)
def eos_in_the_cached_prompt(student, rng):
    """An eos_id in the prompt ends nothing, wherever it stands."""
    generate = Counted(student)
    return generate.and_work(eos_in_prompts(generate, rng))


@hidden("generate_cached", forbids=READY_MADE)
def few_tokens_with_a_cache(student, rng):
    """max_new_tokens may be 0 or 1, a prompt one token long, and a batch one row."""
    generate = Counted(student)
    return generate.and_work(few_tokens(generate, rng))


@hidden("generate_cached", forbids=READY_MADE)
def modes_come_back_with_a_cache(student, rng):
    """It writes in evaluation mode, and after the call each part is in the mode in which it was before."""
    return modes_inside_and_after(writer(student), rng)


@hidden("generate_cached", forbids=READY_MADE)
def no_gradients_with_a_cache(student, rng):
    """While it writes, no gradients are recorded, and after the call they are again."""
    return gradients_inside(writer(student), rng)


@hidden("generate_cached", forbids=READY_MADE)
def prompts_stay_with_a_cache(student, rng):
    """The prompts are the same after the call as before."""
    generate = Counted(student)
    return generate.and_work(prompt_after(generate, rng))


@hidden("generate_cached", forbids=READY_MADE, tolerance=SHARES)
def drawn_with_a_cache(student, rng):
    """Without a temperature tokens are drawn with the model's probabilities, each row and each step for itself."""
    generate = Counted(student)
    found = [drawn(generate, rng, rng.shuffled([0.5, 0.26, 0.16, 0.08]), steps=2) for _ in range(2)]
    repeated = float((found[0][:, 0] == found[0][:, 1]).double().mean())
    told = {
        "shares": [shares(tokens, 4) for tokens in found],
        "rows that repeat their token, half of them": repeated / 2,
    }
    return generate.and_work(told)


@hidden("generate_cached", forbids=READY_MADE, tolerance=SHARES)
def warm_and_cold_with_a_cache(student, rng):
    """With a temperature, the logits are divided by it before the draw."""
    generate = Counted(student)
    probabilities = [0.45, 0.25, 0.15, 0.1, 0.05]
    found = [
        draws(generate, rng, rng.shuffled(probabilities), 2, temperature=value) for value in rng.shuffled([0.5, 3.0])
    ]
    return generate.and_work(found)


@hidden("generate_cached", forbids=READY_MADE, tolerance=SHARES)
def top_k_with_a_cache(student, rng):
    """With top_k, only the k most probable tokens are drawn, in proportion."""
    generate = Counted(student)
    probabilities = [0.4, 0.24, 0.18, 0.1, 0.08]
    found = [draws(generate, rng, rng.shuffled(probabilities), 2, top_k=k) for k in rng.shuffled([2, 3])]
    return generate.and_work(found)


@hidden("generate_cached", forbids=READY_MADE, tolerance=SHARES)
def nucleus_with_a_cache(student, rng):
    """The nucleus is what it is after the temperature, and among the k most probable tokens."""
    generate = Counted(student)
    probabilities, kept = [0.36, 0.25, 0.19, 0.12, 0.08], [{"temperature": 0.5}, {"top_k": 3}]
    found = [
        draws(generate, rng, rng.shuffled(probabilities), 2, by_token=True, top_p=0.72, **options)
        for options in rng.shuffled(kept)
    ]
    return generate.and_work(found)


@hidden("generate_cached", forbids=READY_MADE, tolerance=SHARES)
def generator_with_a_cache(student, rng):
    """All random numbers come from the generator, and torch's own is neither used nor changed, unless there is none."""
    generate = Counted(student)
    return generate.and_work(from_a_generator(generate, rng))
