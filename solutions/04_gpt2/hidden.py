"""Hidden tests of notebook 04. Sizes are unequal everywhere, and no answer can be guessed."""

import re
from functools import partial, wraps

import torch
import torch.nn.functional as F
from torch import nn
from transformers import GPT2Config

from autograder.probe import Random, become, fill, gradients, hidden, named_gradients, outcome, shapes

# What students may use besides what every notebook may: see ``autograder.authoring.assignment``.
ALLOWS = {
    "coursekit": "comparison_table loss_curves reach reach_maps reached stack_pictures train under_grading",
    "coursekit.checkpoints": "PYTHON_DOCS",
    "coursekit.corpus": "Corpus",
    "coursekit.documentation": "documents",
    "parts": "DecoderLayer EncoderLayer MultiHeadAttention causal_mask scaled_dot_product_attention train_step",
    "torch": "GELU LayerNorm gelu layer_norm scaled_dot_product_attention",
    "transformers": "AutoTokenizer GPT2Config from_dict to_dict to_json_string",
}

GELUS = {"gelu", "GELU", "ACT2FN", "get_activation"}
# GPT-2 as others have written it. What torch has for attention's sums is allowed from here on.
MODELS = {
    "GPT2Model",
    "GPT2LMHead",
    "GPT2DoubleHeads",
    "GPT2PreTrained",
    "GPT2Attention",
    "GPT2MLP",
    "modeling_gpt2",
    "GPT2Block",
    "AutoModel",
    "Conv1D",
    "from_pretrained",
    "TransformerEncoder",
    "TransformerDecoder",
    "MultiheadAttention",
    "multi_head_attention",
}

# Where scores or gradients are large, float32 is sometimes as near as 1e-5 and sometimes not. It costs one case alone.
ROUGH = 1e-3


def config_of(rng, **options):
    """A small model's, without dropout and with an eps that shows. It has room for 9 tokens and more."""
    n_head, d_head = rng.different(2, 2, 5)
    sizes = {"n_embd": n_head * d_head, "n_head": n_head, "n_inner": n_head * d_head + rng.integer(1, 7)}
    sizes |= {"vocab_size": rng.integer(30, 40), "n_positions": rng.integer(10, 12), "n_layer": rng.integer(2, 3)}
    rates = dict.fromkeys(("embd_pdrop", "attn_pdrop", "resid_pdrop"), 0.0)
    ends = {"bos_token_id": 0, "eos_token_id": 0}
    return GPT2Config(**{**sizes, **rates, **ends, "layer_norm_epsilon": 0.1, **options})


def share(where):
    return float(where.double().mean())


def rate_of(rng):
    """A rate of dropout which is far from 0.1, and from a half, where dropped and kept could be confused."""
    return (rng.integer(20, 36) if rng.integer(0, 1) else rng.integer(64, 80)) / 100


def with_right(of, **parts):
    """Ask with parts that are right whatever the student's are: what `of` means by these names, while it is asked."""

    def mark(ask):
        @wraps(ask)
        def asked(student, rng):
            names = names_around(getattr(student, of))
            before = {name: names[name] for name in parts if name in names}
            names.update(parts)
            try:
                return ask(student, rng)
            finally:
                for name in parts:
                    del names[name]
                names.update(before)

        return asked

    return mark


def names_around(made):
    """The global names that the methods of a notebook's class see."""
    for method in vars(made).values():
        names = getattr(getattr(method, "__wrapped__", method), "__globals__", {})
        if any(value is made for value in [*names.values()]):
            return names
    return {}


# gelu


@hidden("gelu", forbids=GELUS)
def gelu_of_all_sizes(student, rng):
    """The tanh form, for small numbers and large ones of both signs."""
    size = 10.0 ** rng.integers(-2, 1, 40).double()
    return student.gelu(size * rng.normal(40).clamp(-1.8, 1.8))  # farther out another test goes


@hidden("gelu", forbids=GELUS)
def gelu_far_out(student, rng):
    """Far from 0 it is almost x or 0, and no NaN."""
    x = 10.0 ** rng.integers(0, 6, 24).double() * (0.5 + rng.normal(24).abs())
    return student.gelu(torch.stack([x, -x], dim=1))


@hidden("gelu", forbids=GELUS)
def gelu_of_any_shape(student, rng):
    """Any shape works: no dimension or four, no numbers at all, a transposed view."""
    given = [rng.normal(*rng.different(count, 2, 5)) for count in rng.shuffled([1, 3, 4])]
    given += [rng.normal(1)[0], rng.normal(0, rng.integer(2, 5)), rng.normal(3, 5, 4).mT]
    return [student.gelu(x) for x in given]


@hidden("gelu", forbids=GELUS, tolerance=1e-9)
def gelu_keeps_the_dtype(student, rng):
    """The dtype of x comes back, and in float64 nothing is rounded on the way."""
    dtypes = rng.shuffled([torch.float16, torch.bfloat16, torch.float32, torch.float64])
    return [student.gelu(2 * rng.normal(9, dtype=dtype)) for dtype in dtypes]


@hidden("gelu", forbids=GELUS)
def gelu_lets_gradients_through(student, rng):
    """The gradient arrives, and is right, near 0 and far from it."""
    x = (10.0 ** rng.integers(-1, 3, 20).double() * rng.normal(20)).requires_grad_()
    return gradients(student.gelu(x), [x], rng)


@hidden("gelu", forbids=GELUS)
def gelu_leaves_x(student, rng):
    """x is the same after the call as before."""
    x = rng.normal(rng.integer(3, 9))
    output = student.gelu(x)
    return {"output": output.clone(), "after the call, x": x}


# CausalSelfAttention


def attention_of(student, rng, dtype=torch.float64, **options):
    """A layer with every parameter set by name, and its config."""
    config = config_of(rng, **options)
    return fill(student.CausalSelfAttention(config), rng, dtype), config


@hidden("CausalSelfAttention", forbids=MODELS)
def queries_keys_and_values(student, rng):
    """With given weights: several heads, each with its columns of queries, keys and values, in this order."""
    outputs = []
    for _ in range(3):
        attention, config = attention_of(student, rng)
        outputs.append(attention(rng.normal(*rng.different(2, 2, 7), config.n_embd)))
    return outputs


@hidden("CausalSelfAttention", forbids=MODELS)
def one_head(student, rng):
    """With one head, where nothing is split."""
    width = rng.integer(3, 7)
    attention, config = attention_of(student, rng, n_embd=width, n_head=1)
    return attention(rng.normal(*rng.different(2, 2, 7), config.n_embd))


@hidden("CausalSelfAttention", forbids=MODELS)
def heads_of_one_column(student, rng):
    """As many heads as columns."""
    width = rng.integer(3, 7)
    attention, config = attention_of(student, rng, n_embd=width, n_head=width)
    return attention(rng.normal(*rng.different(2, 2, 7), config.n_embd))


@hidden("CausalSelfAttention", forbids=MODELS)
def as_long_as_there_are_heads(student, rng):
    """A batch, a length, a number of heads and a size of a head that are all the same: nothing gets mixed up."""
    size = rng.integer(2, 4)
    attention, config = attention_of(student, rng, n_embd=size * size, n_head=size)
    return attention(rng.normal(size, size, config.n_embd))


@hidden("CausalSelfAttention", forbids=MODELS)
def attention_of_one_position(student, rng):
    """One position sees itself; a batch of one works."""
    attention, config = attention_of(student, rng)
    shapes_of_x = rng.shuffled([(1, 1), (1, rng.integer(3, 6)), (rng.integer(3, 6), 1)])
    return [attention(rng.normal(*shape, config.n_embd)) for shape in shapes_of_x]


@hidden("CausalSelfAttention", forbids=MODELS)
def lengths_in_any_order(student, rng):
    """One layer gets short and long inputs in any order, up to n_positions, and remembers nothing."""
    attention, config = attention_of(student, rng)
    lengths = rng.shuffled([1, 2, config.n_positions, rng.integer(3, 8), config.n_positions])
    return [attention(rng.normal(rng.integer(1, 4), length, config.n_embd)) for length in lengths]


@hidden("CausalSelfAttention", forbids=MODELS, tolerance=ROUGH)
def the_future_is_dark(student, rng):
    """No position sees one after it, be the scores there as large as they like; no NaN."""
    attention, config = attention_of(student, rng)
    batch, length = rng.different(2, 4, 7)
    x = of_two_sizes(rng, batch, length, config.n_embd)
    return [attention(x), attention(x[:, : length - 1])]


def of_two_sizes(rng, *shape):
    """Large numbers, and small ones in the first row: whether large scores are scaled does not show."""
    x = rng.normal(*shape)
    x[1:] *= 300.0
    return x


def past_of(length):
    return torch.ones(length, length).tril().bool()


def reads_something(mask, batch, n_head, length):
    """At which positions every head may attend to something beside the causal mask: (batch, length)."""
    return (mask & past_of(length)).any(dim=-1).broadcast_to(batch, n_head, length).all(dim=1)


def telling(mask, batch, n_head, length):
    """Whether a mask shows how it is read: in each row, a position that reads something lacks some of its past, lacks
    other positions with the mask transposed, and rows differ."""
    whole = mask.broadcast_to(batch, n_head, length, length)
    reads = reads_something(mask, batch, n_head, length)
    lacks = (past_of(length) & ~whole).any(dim=-1).any(dim=1) & reads
    turned = ((whole != whole.mT) & past_of(length)).any(dim=-1).any(dim=1) & reads
    return bool(lacks.any(dim=1).all() and turned.any() and (len(mask) == 1 or (mask[0] != mask[1:]).any()))


def mask_of(rng, shape, batch, n_head, length):
    """A mask of this shape, drawn until it is telling."""
    while not telling(mask := rng.mask(*shape), batch, n_head, length):
        pass
    return mask


def real_tokens(rng, batch, length):
    """Which tokens are real, (batch, length): with padding on the left, on the right and in between, in random order.

    The rows are at least three, and a row has two real tokens or more.
    """
    count, place = [rng.integer(2, length - 2) for _ in range(batch)], torch.arange(length)
    left, right = place >= length - count[0], place < count[1]
    between = [
        torch.isin(place, torch.tensor([0, length - 1, *rng.shuffled([*range(1, length - 1)])[: number - 2]]))
        for number in count[2:]
    ]
    return torch.stack(rng.shuffled([left, right, *between]))


@hidden("CausalSelfAttention", forbids=MODELS, tolerance=ROUGH)
def attention_to_real_tokens(student, rng):
    """A mask of keys, another for each row, beside the causal one: padding on the left, on the right and in between."""
    attention, config = attention_of(student, rng)
    batch, length = rng.integer(3, 4), rng.integer(6, 8)
    real = real_tokens(rng, batch, length)
    output = attention(3 * rng.normal(batch, length, config.n_embd), real[:, None, None])
    return output[reads_something(real[:, None, None], batch, config.n_head, length)]


@hidden("CausalSelfAttention", forbids=MODELS, tolerance=ROUGH)
def masks_of_many_shapes(student, rng):
    """A mask may be one for all, or another for each row, each head and each query; it stays as it was."""
    batch, n_head, length, d_head = rng.different(4, 2, 6)
    attention, config = attention_of(student, rng, n_head=n_head, n_embd=n_head * d_head)
    found = []
    kinds = [((1, 1), 2), ((batch, 1), 0), ((1, n_head), 0), ((batch, n_head), 0), ((1, n_head), 1)]
    for shape, left_out in rng.shuffled(kinds):  # so many of the dimensions in front
        mask = mask_of(rng, (*shape, length, length), batch, n_head, length)
        given = mask[(0,) * left_out]
        output = attention(3 * rng.normal(batch, length, config.n_embd), given)
        found += [output[reads_something(mask, batch, n_head, length)], given]
    return found


@hidden("CausalSelfAttention", forbids=MODELS, tolerance=ROUGH)
def masked_however_large(student, rng):
    """No position sees what the mask hides, be the scores there as large as they like; all True hides nothing."""
    attention, config = attention_of(student, rng)
    batch, length = rng.integer(4, 5), rng.integer(6, 8)
    real, x = real_tokens(rng, batch, length)[:, None, None], of_two_sizes(rng, batch, length, config.n_embd)
    seen = attention(x, real)[reads_something(real, batch, config.n_head, length)]
    return [seen, attention(x, torch.ones_like(real))]


@hidden("CausalSelfAttention", forbids=MODELS, tolerance=ROUGH)
def nothing_to_attend_to(student, rng):
    """A position that may attend to nothing gets finite numbers, and all gradients are finite, and right."""
    attention, config = attention_of(student, rng)
    batch, length = rng.integer(3, 4), rng.integer(6, 8)
    real = real_tokens(rng, batch, length)[:, None, None]
    x = rng.normal(batch, length, config.n_embd).requires_grad_()
    output, reads = attention(x, real), reads_something(real, batch, config.n_head, length)
    whole = torch.autograd.grad(output.sum(), [x, *attention.parameters()], retain_graph=True)
    finite = all(tensor.isfinite().all() for tensor in (output, *whole))
    return {"finite": finite, **named_gradients(attention, output[reads], {"x": x}, rng)}


@hidden("CausalSelfAttention", forbids=MODELS)
def attention_by_name(student, rng):
    """c_attn and c_proj, each with a weight and a bias, and no other parameters."""
    return [shapes(student.CausalSelfAttention(config_of(rng))) for _ in range(2)]


@hidden("CausalSelfAttention", forbids=MODELS, tolerance=ROUGH)
def attention_lets_gradients_through(student, rng):
    """Gradients reach every parameter and x."""
    attention, config = attention_of(student, rng)
    x = rng.normal(*rng.different(2, 2, 6), config.n_embd).requires_grad_()
    return named_gradients(attention, attention(x), {"x": x}, rng)


@hidden("CausalSelfAttention", forbids=MODELS)
def two_attentions_are_two(student, rng):
    """Two layers share nothing, and a layer works with the parameters that it has now."""
    first, config = attention_of(student, rng)
    second = fill(student.CausalSelfAttention(config), Random(f"{rng.seed} second"))
    x = rng.normal(*rng.different(2, 2, 6), config.n_embd)
    outputs = [first.eval()(x), second.eval()(x)]
    with torch.no_grad():
        for parameter in first.parameters():
            parameter.mul_(-0.5)
    return [*outputs, first(x), second(x)]


@hidden("CausalSelfAttention", forbids=MODELS)
def attention_leaves_x(student, rng):
    """x is the same after the call as before, and may be a transposed view."""
    attention, config = attention_of(student, rng)
    batch, length = rng.different(2, 2, 6)
    found = []
    for x in (rng.normal(batch, length, config.n_embd), rng.normal(length, batch, config.n_embd).transpose(0, 1)):
        with torch.no_grad():
            found.append({"output": attention(x).clone(), "after the call, x": x})
    return found


@hidden("CausalSelfAttention", forbids=MODELS, tolerance=1e-9)
def attention_keeps_the_dtype(student, rng):
    """float32 goes in and out, and in float64 nothing is rounded on the way."""
    outputs = []
    for dtype in rng.shuffled([torch.float32, torch.float64]):
        attention, config = attention_of(student, rng, dtype)
        outputs.append(attention(rng.normal(*rng.different(2, 2, 6), config.n_embd, dtype=dtype)))
    return outputs


@hidden("CausalSelfAttention", forbids=MODELS)
def attention_drops_nothing_in_evaluation(student, rng):
    """In evaluation mode nothing is dropped, and nothing is scaled, whatever the rates."""
    rates = {"attn_pdrop": rate_of(rng), "resid_pdrop": rate_of(rng), "embd_pdrop": rate_of(rng)}
    attention, config = attention_of(student, rng, **rates)
    x = rng.normal(*rng.different(2, 3, 6), config.n_embd)
    attention.train()(x)
    return [attention.eval()(x), attention.train().eval()(x)]


def weights_that_show(attention, n_head, length, batch):
    """The weights of an attention, (batch, n_head, length, 2, length), whose scores are all 0; each weight twice.

    Each position's value is a one in two columns of its own, in every head, and c_proj changes nothing.
    """
    width = n_head * 2 * length
    with torch.no_grad():
        for parameter in attention.parameters():
            parameter.zero_()
        attention.c_attn.weight[2 * width :] = torch.eye(width)
        attention.c_proj.weight.copy_(torch.eye(width))
        output = attention(torch.eye(length).repeat(1, 2 * n_head).expand(batch, length, width).double())
    return output.reshape(batch, length, n_head, 2, length).transpose(1, 2)


@hidden("CausalSelfAttention", forbids=MODELS, tolerance=0.06)
def weights_are_dropped(student, rng):
    """While training, weights are dropped at the rate attn_pdrop, and the others scaled up; none in evaluation."""
    rate, (n_head, length) = rate_of(rng), rng.different(2, 3, 5)
    rates = {"attn_pdrop": rate, "embd_pdrop": 0.5}
    attention = student.CausalSelfAttention(config_of(rng, n_embd=n_head * 2 * length, n_head=n_head, **rates)).double()
    weights, twice = weights_that_show(attention.train(), n_head, length, batch=2500).unbind(dim=3)
    seen = torch.ones(length, length).tril().bool()
    levels = weights[..., seen] * (torch.arange(length) + 1)[:, None].expand(length, length)[seen] * (1 - rate)
    gone = levels.abs() < 1e-6
    again = weights_that_show(attention, n_head, length, batch=2500)[..., 0, :][..., seen].abs() < 1e-6
    evaluated = weights_that_show(attention.eval(), n_head, length, batch=50)[..., 0, :][..., seen]
    x = rng.normal(60, length, 2 * n_head * length)
    with torch.no_grad():
        of_all_scores = fill(attention.train(), rng)(x)
        as_ever = share((of_all_scores - attention.eval()(x)).abs().amax(dim=-1) < 1e-6)
    return {
        "shape": list(weights.shape),
        "whole weights": share((weights - twice).abs() < 1e-6),
        f"dropped at a rate of {rate}": share(gone),
        "dropped in evaluation": share(evaluated.abs() < 1e-6),
        "dropped, at the diagonal": share(weights.diagonal(dim1=-2, dim2=-1).abs() < 1e-6),
        "kept and scaled": share((levels - 1).abs() < 1e-6),
        "weights of the future": float(weights[..., ~seen].abs().max()),
        "both dropped, in two heads": share(gone[:, 0] & gone[:, 1]),
        "both dropped, in two rows": share(gone[::2] & gone[1::2]),
        "both dropped, of neighbours": share(gone[..., 1] & gone[..., 2]),  # the two keys of the second query
        "both dropped, of one key": share(gone[..., 0] & gone[..., 1]),
        "both dropped, in two calls": share(gone & again),
        "positions that are as ever": as_ever,
    }


@hidden("CausalSelfAttention", forbids=MODELS, tolerance=0.05)
def weights_are_dropped_beside_a_mask(student, rng):
    """While training, weights are dropped at the rate attn_pdrop also where a mask is given, and none in evaluation."""
    rate, width = rate_of(rng), 2 * rng.integer(2, 4)
    attention = student.CausalSelfAttention(config_of(rng, n_embd=width, n_head=2, attn_pdrop=rate)).double()
    with torch.no_grad():
        for parameter in attention.parameters():
            parameter.zero_()
        attention.c_attn.bias[2 * width :] = 1.0
        attention.c_proj.weight.copy_(torch.eye(width))
        mask = torch.eye(5).bool()  # each position attends to itself alone, so its output is one weight
        kept, evaluated = (attention.train(mode)(rng.normal(800, 5, width), mask) for mode in (True, False))
    return {f"dropped at a rate of {rate}": share(kept == 0), "level": (1 - rate) * float(kept.max()), "all": evaluated}


def kept_and_dropped(training, evaluation, rate):
    """The shares of numbers that were dropped, of those that were kept and scaled, and of those that are as ever."""
    room = 1e-6 * (1 + evaluation.abs())
    kept, as_ever = (training * (1 - rate) - evaluation).abs() < room, (training - evaluation).abs() < room
    gone = training.abs() < 1e-9
    return {
        "shape": list(training.shape),
        f"dropped at a rate of {rate}": share(gone),
        "kept and scaled": share(kept),
        "as ever": share(as_ever),
        "both dropped, in two rows": share(gone[::2] & gone[1::2]),
        "both dropped, at two positions": share(gone[:, ::2] & gone[:, 1::2]),
        "both dropped, in two columns": share(gone[..., ::2] & gone[..., 1::2]),
    }


@hidden("CausalSelfAttention", forbids=MODELS, tolerance=0.05)
def the_result_is_dropped(student, rng):
    """While training, numbers of the result are dropped at the rate resid_pdrop, the bias included, and no others."""
    rate = rate_of(rng)
    rates = {"resid_pdrop": rate, "embd_pdrop": 0.5}
    attention, config = attention_of(student, rng, n_embd=12, n_head=rng.integer(2, 3), **rates)
    x = rng.normal(2 * rng.integer(120, 140), 2 * rng.integer(3, 4), config.n_embd)
    with torch.no_grad():
        return kept_and_dropped(attention.train()(x), attention.eval()(x), rate)


@hidden("CausalSelfAttention", forbids=MODELS, tolerance=0.06)
def two_rates_at_once(student, rng):
    """With both rates given, each is used where it belongs."""
    return [shown_at_two_rates(student, rng) for _ in range(2)]


def shown_at_two_rates(student, rng):
    low, high = rng.integer(15, 30) / 100, rng.integer(50, 70) / 100
    attn_pdrop, resid_pdrop = rng.shuffled([low, high])
    n_head, length = rng.different(2, 3, 5)
    rates = {"attn_pdrop": attn_pdrop, "resid_pdrop": resid_pdrop}
    attention = student.CausalSelfAttention(config_of(rng, n_embd=n_head * 2 * length, n_head=n_head, **rates)).double()
    weights = weights_that_show(attention.train(), n_head, length, batch=2500)
    first = weights[:, :, 0, 0, 0]  # of the position that sees only itself
    with torch.no_grad():
        attention.c_proj.weight.zero_()
        attention.c_proj.bias.fill_(1.0)
        ones = attention(rng.normal(400, length, n_head * 2 * length))
    return {
        "result": share(ones == 0),
        "level of the result": float(ones.max()) / 3,
        "result and weight": share(first == 0),
        "level": float(first.max()) / 3,
    }


# GPT2Block


class StandingAttention(nn.Module):
    """Stands for an attention, so that no mistake in one shows: a function of this position and those before."""

    def __init__(self, config):
        super().__init__()
        self.n_head = config.n_head
        self.c_attn = nn.Linear(config.n_embd, 3 * config.n_embd)
        self.c_proj = nn.Linear(config.n_embd, config.n_embd)

    def forward(self, x, mask=None):
        heads = until_now(x.unflatten(-1, (self.n_head, -1)).transpose(1, 2), mask)
        first, second, third = self.c_attn(heads.transpose(1, 2).flatten(2)).chunk(3, dim=-1)
        return self.c_proj(torch.tanh(first + second) * third.cos() * self.n_head)


def until_now(x, mask):
    """The mean of each position, which weighs double, and those before it, where a mask allows it: 0 for nothing."""
    seen = torch.ones(x.shape[-2], x.shape[-2]).to(x).tril() + torch.eye(x.shape[-2]).to(x)
    seen = seen if mask is None else seen.masked_fill(~mask, 0.0)
    return seen @ x / seen.sum(dim=-1, keepdim=True).clamp(min=1)


right_parts = with_right("GPT2Block", gelu=partial(F.gelu, approximate="tanh"), CausalSelfAttention=StandingAttention)


def block_of(student, rng, dtype=torch.float64, **options):
    """A block with an attention that is right, every parameter set by name, and its config."""
    config = config_of(rng, **options)
    block = student.GPT2Block(config)
    if not isinstance(block.attn, StandingAttention):  # made under another name
        become(block.attn, StandingAttention(config))
    return fill(block, rng, dtype), config


@hidden("GPT2Block", forbids=MODELS)
@right_parts
def two_parts_of_a_block(student, rng):
    """With given weights: two parts, each with its norm before it and x added to what it finds."""
    outputs = []
    for _ in range(2):
        block, config = block_of(student, rng)
        outputs.append(block(rng.normal(*rng.different(2, 2, 7), config.n_embd) * 3 + 1))
    return outputs


@hidden("GPT2Block", forbids=MODELS)
@right_parts
def attention_alone(student, rng):
    """Where mlp gives nothing: x, and what attention finds in normalised values."""
    block, config = block_of(student, rng)
    with torch.no_grad():
        for name, parameter in block.named_parameters():
            if name.startswith("mlp.c_proj"):
                parameter.zero_()
    return block(rng.normal(*rng.different(2, 2, 7), config.n_embd) * 3 + 1)


@hidden("GPT2Block", forbids=MODELS)
@right_parts
def mlp_alone(student, rng):
    """Where attention gives nothing: x, and what mlp makes of normalised values."""
    block, config = block_of(student, rng)
    with torch.no_grad():
        for parameter in block.attn.parameters():
            parameter.zero_()
    return block(rng.normal(*rng.different(2, 2, 7), config.n_embd) * 3 + 1)


@hidden("GPT2Block", forbids=MODELS)
@right_parts
def block_hands_its_mask_on(student, rng):
    """A mask gets to the attention as it is, whether it is one for all or another for each row, head and query."""
    batch, n_head, length = rng.different(3, 2, 6)
    block, config = block_of(student, rng, n_head=n_head, n_embd=n_head * rng.integer(2, 4))
    found = []
    for shape in rng.shuffled([(1, 1), (batch, 1), (batch, n_head)]):
        mask = mask_of(rng, (*shape, length, length), batch, n_head, length)
        output = block(rng.normal(batch, length, config.n_embd), mask)
        found += [output[reads_something(mask, batch, n_head, length)], mask]
    return found


@hidden("GPT2Block", forbids=MODELS)
@right_parts
def width_of_mlp(student, rng):
    """n_inner is the width between mlp's layers: smaller and larger than n_embd, and None for four times n_embd."""
    found = []
    for n_inner in rng.shuffled([None, rng.integer(1, 3), rng.integer(41, 60)]):
        block, config = block_of(student, rng, n_inner=n_inner)
        mlp = {name: shape for name, shape in shapes(block).items() if name.startswith("mlp")}
        found.append([mlp, block(rng.normal(2, 3, config.n_embd))])
    return found


@hidden("GPT2Block", forbids=MODELS)
@right_parts
def eps_of_both_norms(student, rng):
    """Both norms have the eps of layer_norm_epsilon, which counts where numbers are small."""
    outputs = []
    for eps in rng.shuffled([rng.integer(10, 90) / 1e5, rng.integer(10, 90) / 1e3, rng.integer(20, 40) / 10]):
        block, config = block_of(student, rng, layer_norm_epsilon=eps)
        with torch.no_grad():
            for parameter in block.attn.c_proj.parameters():
                parameter.mul_(0.03)
        outputs.append(block(0.03 * rng.normal(*rng.different(2, 2, 5), config.n_embd)))
    return outputs


@hidden("GPT2Block", forbids=MODELS)
@right_parts
def gelu_between(student, rng):
    """The activation is the tanh form of gelu, where it counts: between -4 and 4."""
    block, config = block_of(student, rng)
    with torch.no_grad():
        for parameter in block.attn.parameters():
            parameter.zero_()
        block.ln_2.weight.fill_(1.0)
        block.mlp.c_fc.weight.mul_(0.1)
        block.mlp.c_fc.bias.copy_(2.2 * rng.normal(config.n_inner))
        block.mlp.c_proj.weight.mul_(20.0)
    return block(rng.normal(*rng.different(2, 2, 5), config.n_embd))


@hidden("GPT2Block", forbids=MODELS)
@right_parts
def block_by_name(student, rng):
    """ln_1, attn, ln_2, mlp.c_fc and mlp.c_proj, with weights and biases, and no other parameters."""
    return [shapes(block_of(student, rng)[0]) for _ in range(2)]


@hidden("GPT2Block", forbids=MODELS)
@right_parts
def block_lets_gradients_through(student, rng):
    """Gradients reach every parameter and x."""
    block, config = block_of(student, rng)
    x = rng.normal(*rng.different(2, 2, 6), config.n_embd).requires_grad_()
    return named_gradients(block, block(x), {"x": x}, rng)


@hidden("GPT2Block", forbids=MODELS)
@right_parts
def two_blocks_are_two(student, rng):
    """Two blocks share nothing, and a block works with the parameters that it has now."""
    first, config = block_of(student, rng)
    second = student.GPT2Block(config)
    if not isinstance(second.attn, StandingAttention):  # made under another name
        become(second.attn, StandingAttention(config))
    fill(second, Random(f"{rng.seed} second"))
    x = rng.normal(*rng.different(2, 2, 6), config.n_embd)
    outputs = [first.eval()(x), second.eval()(x)]
    with torch.no_grad():
        for parameter in first.parameters():
            parameter.mul_(-0.5)
    return [*outputs, first(x), second(x)]


@hidden("GPT2Block", forbids=MODELS)
@right_parts
def block_leaves_x(student, rng):
    """x is the same after the call as before, in both modes, and may be a transposed view."""
    block, config = block_of(student, rng)
    batch, length = rng.different(2, 2, 6)
    found = []
    for x in (rng.normal(batch, length, config.n_embd), rng.normal(length, batch, config.n_embd).transpose(0, 1)):
        for training in (True, False):
            with torch.no_grad():
                found.append({"output": block.train(training)(x).clone(), "after the call, x": x.clone()})
    return found


@hidden("GPT2Block", forbids=MODELS)
@right_parts
def block_of_one_position(student, rng):
    """A batch of one and a length of one work, with large numbers, too."""
    block, config = block_of(student, rng)
    shapes_of_x, sizes = [(1, 1), (1, rng.integer(3, 6)), (rng.integer(3, 6), 1)], rng.shuffled([1.0, 100.0, 100.0])
    return [
        block(size * rng.normal(*shape, config.n_embd))
        for shape, size in zip(rng.shuffled(shapes_of_x), sizes, strict=True)
    ]


@hidden("GPT2Block", forbids=MODELS, tolerance=1e-9)
@right_parts
def block_keeps_the_dtype(student, rng):
    """float32 goes in and out, and in float64 nothing is rounded on the way."""
    outputs = []
    for dtype in rng.shuffled([torch.float32, torch.float64]):
        block, config = block_of(student, rng, dtype)
        outputs.append(block(rng.normal(*rng.different(2, 2, 6), config.n_embd, dtype=dtype)))
    return outputs


@hidden("GPT2Block", forbids=MODELS)
@right_parts
def block_drops_nothing_in_evaluation(student, rng):
    """In evaluation mode nothing is dropped, and nothing is scaled, whatever the rates."""
    rates = {"attn_pdrop": rate_of(rng), "resid_pdrop": rate_of(rng), "embd_pdrop": rate_of(rng)}
    block, config = block_of(student, rng, **rates)
    x = rng.normal(*rng.different(2, 3, 6), config.n_embd)
    block.train()(x)
    return [block.eval()(x), block.train().eval()(x)]


@hidden("GPT2Block", forbids=MODELS)
@right_parts
def attention_is_not_dropped_twice(student, rng):
    """While training, the block drops nothing of x and of what attention gives: attention has done so itself."""
    rates = {"attn_pdrop": rate_of(rng), "resid_pdrop": rate_of(rng), "embd_pdrop": rate_of(rng)}
    block, config = block_of(student, rng, **rates)
    with torch.no_grad():
        for name, parameter in block.named_parameters():
            if name.startswith("mlp.c_proj"):
                parameter.zero_()
    return block.train()(rng.normal(*rng.different(2, 3, 6), config.n_embd))


@hidden("GPT2Block", forbids=MODELS, tolerance=0.05)
@right_parts
def mlp_is_dropped(student, rng):
    """While training, what mlp.c_proj returns is dropped at the rate resid_pdrop, and nothing else in mlp is."""
    rate = rate_of(rng)
    rates = {"resid_pdrop": rate, "attn_pdrop": 0.5, "embd_pdrop": 0.9}
    block, config = block_of(student, rng, n_embd=12, n_head=rng.integer(2, 3), n_inner=rng.integer(5, 9), **rates)
    x = rng.normal(2 * rng.integer(120, 140), 2 * rng.integer(3, 4), config.n_embd)
    with torch.no_grad():
        for parameter in block.attn.parameters():
            parameter.zero_()
        return kept_and_dropped(block.train()(x) - x, block.eval()(x) - x, rate)


# GPT2


class StandingBlock(nn.Module):
    """Stands for a block, so that no mistake in one shows. Notes what it was given."""

    def __init__(self, config):
        super().__init__()
        d_inner = config.n_inner or 4 * config.n_embd
        self.ln_1, self.ln_2 = (nn.LayerNorm(config.n_embd, config.layer_norm_epsilon) for _ in range(2))
        self.attn = StandingAttention(config)
        self.mlp = nn.ModuleDict(
            {"c_fc": nn.Linear(config.n_embd, d_inner), "c_proj": nn.Linear(d_inner, config.n_embd)}
        )
        self.given = []

    def forward(self, x, mask=None):
        self.given.append(x.detach().clone())
        x = x + self.attn(self.ln_1(x), mask).sin()
        return x + self.mlp.c_proj(torch.tanh(self.mlp.c_fc(self.ln_2(x))))


class Steady(nn.Module):
    """Stands for a block that gives the same, whatever it is given."""

    def __init__(self, x):
        super().__init__()
        self.x = nn.Parameter(x)

    def forward(self, x, *others, **more):
        return self.x.expand_as(x)


right_blocks = with_right("GPT2", GPT2Block=StandingBlock)


def model_of(student, rng, dtype=torch.float64, **options):
    """A model with blocks that are right, every parameter set by name."""
    config = config_of(rng, **options)
    model = student.GPT2(config)
    for block in model.h:
        if not isinstance(block, StandingBlock):  # made under another name
            become(block, StandingBlock(config))
    return fill(model, rng, dtype)


FEW_HEADS = {"n_head": 2, "n_embd": 12}  # fewer than the rows of a batch, so that rows are not taken for heads


def tokens_of(rng, model, batch, length):
    return rng.integers(0, model.wte.num_embeddings - 1, batch, length)


@hidden("GPT2", forbids=MODELS)
@right_blocks
def logits_of_a_model(student, rng):
    """With given weights: embeddings, all blocks in their order, the last norm, products with wte."""
    found = []
    for n_layer in rng.shuffled([1, 3]):
        model = model_of(student, rng, n_layer=n_layer)
        found.append(model(tokens_of(rng, model, *rng.different(2, 2, 7))))
    return found


@hidden("GPT2", forbids=MODELS)
@right_blocks
def what_the_first_block_reads(student, rng):
    """The first block reads the sum of the embeddings of each token and of its position, from 0 on."""
    model = model_of(student, rng)
    for length in rng.different(2, 2, 8):
        model(tokens_of(rng, model, rng.integer(2, 4), length))
    return model.h[0].given


@hidden("GPT2", forbids=MODELS)
@right_blocks
def logits_beside_padding(student, rng):
    """Padding on the left, on the right, in between, or not in every row: logits at real tokens."""
    found = []
    for n_layer, whole in zip(rng.shuffled([1, 2, 3]), rng.shuffled([None, 0, -1]), strict=True):
        model = model_of(student, rng, n_layer=n_layer)
        batch, length = rng.integer(3, 4), rng.integer(6, 9)
        tokens, real = tokens_of(rng, model, batch, length), real_tokens(rng, batch, length)
        if whole is not None:
            real[whole] = True
        found += [model(tokens, attention_mask=real)[real], model(tokens, attention_mask=torch.ones_like(real))]
        found += [tokens, real]
    return found


@hidden("GPT2", forbids=MODELS)
@right_blocks
def positions_beside_padding(student, rng):
    """The position of a real token is the number of real tokens before it, in its row."""
    model = model_of(student, rng, **FEW_HEADS)
    batch, length = rng.integer(3, 4), rng.integer(6, 9)
    real = real_tokens(rng, batch, length)
    model(tokens_of(rng, model, batch, length), attention_mask=real)
    return model.h[0].given[0].broadcast_to(batch, length, -1)[real]


@hidden("GPT2", forbids=MODELS)
@right_blocks
def padding_changes_nothing(student, rng):
    """Logits at padding and all gradients are finite; no gradient gets from real tokens to padding."""
    model = model_of(student, rng, **FEW_HEADS)
    batch, length = rng.integer(3, 4), rng.integer(6, 9)
    real = real_tokens(rng, batch, length)
    tokens = tokens_of(rng, model, batch, length)
    tokens[~real] = rng.integer(0, 29)
    logits = model(tokens, attention_mask=real)
    whole = torch.autograd.grad(logits.sum(), [*model.parameters()], retain_graph=True)
    finite = all(tensor.isfinite().all() for tensor in (logits, *whole))
    return {"finite": finite, **named_gradients(model, logits[real], {}, rng)}


def tried(model, *given):
    """How a call of the model ends, and the logits that come back, if they do."""
    logits = []
    ended = outcome(lambda: logits.append(model(*given)), ValueError)
    return ended, logits[0] if logits else None


@hidden("GPT2", forbids=MODELS)
@right_blocks
def padding_takes_up_columns(student, rng):
    """n_positions counts columns: padding included they just fit; one more is a ValueError, however few are real."""
    found = []
    for more in rng.shuffled([0, 0, 1, rng.integer(2, 9)]):
        model = model_of(student, rng)
        batch, length = 3, model.wpe.num_embeddings + more
        tokens, real = tokens_of(rng, model, batch, length), real_tokens(rng, batch, length)
        ended, logits = tried(model, tokens, real)
        fits = isinstance(logits, torch.Tensor) and logits.shape[:2] == real.shape
        found += [ended, logits[real] if fits else logits]
    return found


@hidden("GPT2", forbids=MODELS)
@right_blocks
def logits_from_the_last_norm(student, rng):
    """The logits are products of the last norm's output, with the eps of layer_norm_epsilon, with wte's weights."""
    found = []
    for eps in rng.shuffled([rng.integer(10, 90) / 1e5, rng.integer(10, 90) / 1e3, rng.integer(20, 40) / 10]):
        model = model_of(student, rng, n_layer=1, layer_norm_epsilon=eps)
        model.h = nn.ModuleList([Steady(0.03 * rng.normal(model.ln_f.weight.shape[0])).double()])
        found.append(model(tokens_of(rng, model, *rng.different(2, 2, 5))))
    return found


@hidden("GPT2", forbids=MODELS)
@right_blocks
def as_many_tokens_as_positions(student, rng):
    """n_positions tokens work, and one token does; more are a ValueError, and then the model works as before."""
    model = model_of(student, rng)
    most = model.wpe.num_embeddings
    lengths = rng.shuffled([1, most, most + 1, most + rng.integer(2, 9), 2 * most])
    found = []
    for length in lengths:
        found += tried(model, tokens_of(rng, model, rng.integer(1, 3), length))
    return found


@hidden("GPT2", forbids=MODELS)
@right_blocks
def model_by_name(student, rng):
    """wte, wpe, h and ln_f have these names and shapes, state_dict has no others, and config is kept as config."""
    found = []
    for n_layer in rng.different(2, 1, 4):
        config = config_of(rng, n_layer=n_layer)
        model = student.GPT2(config)
        for block in model.h:
            if not isinstance(block, StandingBlock):  # made under another name
                become(block, StandingBlock(config))
        others = model.state_dict().keys() - shapes(model).keys()
        found.append([shapes(model), {"other names in state_dict": bool(others)}, model.config is config])
    return found


@hidden("GPT2", forbids=MODELS)
@right_blocks
def blocks_of_their_own(student, rng):
    """h is a ModuleList of n_layer blocks, and no two share a parameter; two models share nothing either."""
    found = []
    for n_layer in rng.different(2, 2, 6):
        config = config_of(rng, n_layer=n_layer)
        models = [student.GPT2(config), student.GPT2(config)]
        kinds = [isinstance(model.h, nn.ModuleList) for model in models]
        parameters = [id(parameter) for model in models for block in model.h for parameter in block.parameters()]
        others = [id(parameter) for model in models for parameter in model.parameters()]
        counts = [len(models[0].h), len(set(parameters)) / len(parameters), len(set(others)) / len(others)]
        found.append([kinds, counts])
    return found


@hidden("GPT2", forbids=MODELS)
@right_blocks
def one_matrix_for_both(student, rng):
    """wte's weights serve twice: their gradient comes from both ends, and other weights give other logits."""
    model = model_of(student, rng, n_layer=1)
    tokens = tokens_of(rng, model, *rng.different(2, 2, 6))
    tokens[-1, 0] = 0
    found = [*gradients(model(tokens), [model.wte.weight], rng), model.eval()(tokens)]
    model.load_state_dict({name: -0.7 * value + 0.1 for name, value in model.state_dict().items()})
    found.append(model(tokens))
    with torch.no_grad():
        model.wte.weight[rng.integer(0, len(model.wte.weight) - 1)] += 1.0
    return [*found, model(tokens)]


@hidden("GPT2", forbids=MODELS)
@right_blocks
def model_lets_gradients_through(student, rng):
    """Gradients reach every parameter, and no position after those that were read."""
    model = model_of(student, rng)
    return named_gradients(model, model(tokens_of(rng, model, *rng.different(2, 2, 7))), {}, rng)


@hidden("GPT2", forbids=MODELS)
@right_blocks
def rows_and_tokens(student, rng):
    """Each row is read by itself, and tokens, which may be a transposed view, are the same after the call."""
    model = model_of(student, rng, n_layer=1)
    batch, length = rng.different(2, 3, 7)
    tokens, turned = tokens_of(rng, model, batch, length), tokens_of(rng, model, length, batch).T
    found = [model(tokens), model(turned), model(tokens[rng.integer(0, batch - 1)][None]), model(tokens[:, :-1])]
    return [*found, tokens, turned]


@hidden("GPT2", forbids=MODELS, tolerance=1e-9)
@right_blocks
def model_keeps_the_dtype(student, rng):
    """Logits have the dtype of the weights, and in float64 nothing is rounded on the way."""
    found = []
    for dtype in rng.shuffled([torch.float32, torch.float64]):
        model = model_of(student, rng, dtype)
        found.append(model(tokens_of(rng, model, *rng.different(2, 2, 6))))
    return found


@hidden("GPT2", forbids=MODELS)
@right_blocks
def model_drops_nothing_in_evaluation(student, rng):
    """In evaluation mode nothing is dropped, and nothing is scaled, whatever the rates."""
    rates = {"attn_pdrop": rate_of(rng), "resid_pdrop": rate_of(rng), "embd_pdrop": rate_of(rng)}
    model = model_of(student, rng, **rates)
    tokens = tokens_of(rng, model, *rng.different(2, 2, 6))
    model.train()(tokens)
    return [model.eval()(tokens), model.train().eval()(tokens)]


@hidden("GPT2", forbids=MODELS)
@right_blocks
def nothing_is_dropped_after_the_blocks(student, rng):
    """While training, the model drops nothing after its blocks."""
    rates = {"attn_pdrop": rate_of(rng), "resid_pdrop": rate_of(rng), "embd_pdrop": rate_of(rng)}
    model = model_of(student, rng, n_layer=2, **rates)
    for index in range(2):
        model.h[index] = Steady(rng.normal(model.ln_f.weight.shape[0])).double()
    return model.train()(tokens_of(rng, model, *rng.different(2, 2, 6)))


@hidden("GPT2", forbids=MODELS, tolerance=0.05)
@right_blocks
def embeddings_are_dropped(student, rng):
    """While training, the sum of both embeddings is dropped at the rate embd_pdrop, and the others are scaled up."""
    rate = rate_of(rng)
    rates = {"embd_pdrop": rate, "attn_pdrop": 0.5, "resid_pdrop": 0.9}
    model = model_of(student, rng, n_embd=12, n_head=3, n_layer=1, **rates)
    tokens = tokens_of(rng, model, 2 * rng.integer(120, 140), 2 * rng.integer(3, 4))
    with torch.no_grad():
        model.train()(tokens)
        model.eval()(tokens)
    return kept_and_dropped(*model.h[0].given, rate)


SPREAD = {"n_embd": 48, "n_head": 4, "n_inner": 60, "vocab_size": 300, "n_positions": 220}


def as_made(student, rng, **options):
    """A new model, large enough for statistics: with the student's own blocks, where their parameters have the names
    and shapes that they should and are shared by none, since first values may be set there; with right ones if not."""
    sizes = {**SPREAD, "n_layer": rng.integer(3, 5), "initializer_range": rng.integer(20, 60) / 10, **options}
    config = config_of(rng, **sizes)
    wanted = shapes(StandingBlock(config))
    try:
        model = student.GPT2(config)
        apart = sum(name.startswith("h.") for name in shapes(model)) == config.n_layer * len(wanted)
        if apart and all(shapes(block) == wanted for block in model.h):
            return model, config.initializer_range
    except Exception:  # whatever is wrong with a block, this asks for something else
        pass
    made = with_right("GPT2", GPT2Block=StandingBlock)(lambda student, rng: student.GPT2(config))(student, rng)
    return made, config.initializer_range


def spread(weights, size):
    """Of weights that should be about as large as ``size``."""
    weights = torch.cat([weight.detach().double().flatten() for weight in weights])
    one = weights / size
    return {
        "standard deviation": float(weights.std()),
        "mean": float(one.mean()),
        "outside of one standard deviation": 2 * share(one.abs() > float(one.std())),
    }


def of_blocks(model, name):
    return [block.get_parameter(name) for block in model.h]


@hidden("GPT2", forbids=MODELS, tolerance=0.1)
def first_weights(student, rng):
    """The first weights of wte, wpe, c_attn and c_fc are normal, with the standard deviation initializer_range."""
    return [first_weights_of(*as_made(student, rng)) for _ in range(2)]


def first_weights_of(model, size):
    found = {"wte": spread([model.wte.weight], size), "wpe": spread([model.wpe.weight], size)}
    found |= {name: spread(of_blocks(model, f"{name}.weight"), size) for name in ("attn.c_attn", "mlp.c_fc")}
    found["embeddings of zeros"] = int((model.wte.weight == 0).all(-1).sum() + (model.wpe.weight == 0).all(-1).sum())
    first, second = of_blocks(model, "attn.c_attn.weight")[:2]
    return {**found, "likeness of two blocks": float((first * second).detach().mean() / size**2) / 2}


@hidden("GPT2", forbids=MODELS, tolerance=0.1)
def first_projections(student, rng):
    """The first weights of each c_proj, which write to the residual, are smaller the more layers there are."""
    found = []
    for n_layer in rng.shuffled([1, rng.integer(3, 5)]):
        model, size = as_made(student, rng, n_layer=n_layer, n_embd=96, n_inner=100)
        size /= (2 * n_layer) ** 0.5
        for name in ("attn.c_proj", "mlp.c_proj"):
            values = spread(of_blocks(model, f"{name}.weight"), size)
            found.append({**values, f"in {name}, times 3": 3 * values["standard deviation"]})
    return found


@hidden("GPT2", forbids=MODELS)
def first_biases_and_norms(student, rng):
    """At first all biases are 0, and the weights of all norms are 1."""
    model = as_made(student, rng, n_inner=rng.integer(50, 350))[0]
    return {
        name: parameter
        for name, parameter in sorted(model.named_parameters(remove_duplicate=False))
        if name.endswith("bias") or name.split(".")[-2].startswith("ln")
    }


# load_gpt2_weights


class Place(nn.Module):
    """Stands for a model, so that no mistake in one shows: parts with the names and shapes that weights go to."""

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.wte = nn.Embedding(config.vocab_size, config.n_embd)
        self.wpe = nn.Embedding(config.n_positions, config.n_embd)
        self.h = nn.ModuleList(StandingBlock(config) for _ in range(config.n_layer))
        self.ln_f = nn.LayerNorm(config.n_embd)


LAYERS = {"c_attn", "c_proj", "c_fc"}


def place_and_weights(rng, prefix="", masks=False, head=False, **options):
    """A model, and weights for it as transformers has them, in any order."""
    model = fill(Place(config_of(rng, **options)), rng)
    weights = {}
    for name, shape in rng.shuffled(list(shapes(model).items())):
        turned = name.endswith("weight") and name.split(".")[-2] in LAYERS
        weights[prefix + name] = rng.normal(*(reversed(shape) if turned else shape))
    if masks:
        length = model.wpe.num_embeddings
        for block in range(len(model.h)):
            weights[f"{prefix}h.{block}.attn.bias"] = torch.ones(1, 1, length, length).tril().bool()
            weights[f"{prefix}h.{block}.attn.masked_bias"] = torch.tensor(-1e4)
    if head:
        weights["lm_head.weight"] = weights[f"{prefix}wte.weight"].clone()
    return model, {name: weights[name] for name in rng.shuffled(list(weights))}


def held(model):
    return {name: parameter.detach().clone() for name, parameter in sorted(model.named_parameters())}


def complaint(call, expected, names):
    """How a call ends, and which of these names its message has, with or without their first part."""
    words = set()

    def called():
        try:
            call()
        except expected as error:
            text = " ".join(str(part) for part in error.args)
            words.update(word.strip(".") for word in re.findall(r"[\w.]+", text))
            raise

    ended = outcome(called, expected)
    said = {name: True for name in sorted(names) if name in words}
    prefixed = {name: True for name in sorted(names) if f"transformer.{name}" in words}
    return [ended, {"names in the message": said, "names with transformer. in the message": prefixed}]


@hidden("load_gpt2_weights", forbids=MODELS)
def weights_without_a_prefix(student, rng):
    """Every weight gets to its place; those of c_attn, c_proj and c_fc the other way round."""
    found = []
    for n_layer in rng.different(2, 1, 3):
        model, weights = place_and_weights(rng, n_layer=n_layer)
        student.load_gpt2_weights(model, weights)
        found.append(held(model))
    return found


@hidden("load_gpt2_weights", forbids=MODELS)
def weights_with_a_prefix(student, rng):
    """Names may all begin with "transformer.", with lm_head.weight beside them."""
    model, weights = place_and_weights(rng, "transformer.", head=True)
    head = weights.pop("lm_head.weight")  # it comes first, and last: one name does not tell
    given = [{"lm_head.weight": head, **weights}, {**weights, "lm_head.weight": head}]
    return [held(student.load_gpt2_weights(model, one)) for one in rng.shuffled(given)]


@hidden("load_gpt2_weights", forbids=MODELS)
def square_weights(student, rng):
    """A square weight of a layer is turned round, too: its shape does not tell."""
    width = rng.integer(4, 7)
    sizes = dict.fromkeys(("n_embd", "n_inner", "vocab_size", "n_positions"), width)
    model, weights = place_and_weights(rng, head=True, n_head=1, **sizes)
    student.load_gpt2_weights(model, weights)
    return held(model)


@hidden("load_gpt2_weights", forbids=MODELS)
def masks_are_passed_over(student, rng):
    """attn.bias and attn.masked_bias of each block are passed over, with and without "transformer."."""
    found = []
    for prefix in rng.shuffled(["", "transformer."]):
        model, weights = place_and_weights(rng, prefix, masks=True, head=bool(prefix))
        student.load_gpt2_weights(model, weights)
        found.append(held(model))
    return found


@hidden("load_gpt2_weights", forbids=MODELS)
def a_head_beside(student, rng):
    """lm_head.weight may be there if it equals wte.weight; one that differs in anything is a ValueError."""
    return [heads_given(student, rng, prefix) for prefix in rng.shuffled(["", "transformer."])]


def heads_given(student, rng, prefix):
    model, weights = place_and_weights(rng, prefix, head=True)
    head = weights["lm_head.weight"]
    nearly, almost = head.clone(), head.clone()
    place = tuple(rng.integer(0, size - 1) for size in head.shape)
    nearly[place] += 1e-3
    almost[place] *= 1 + 1e-6  # equal for torch.allclose, and another number in float32, too
    found = []
    for given in rng.shuffled([head, nearly, almost, head + 1, head[:-1], -head, torch.zeros_like(head), head.flip(0)]):
        whole = {**weights, "lm_head.weight": given}
        found.append(outcome(lambda whole=whole: student.load_gpt2_weights(model, whole), ValueError))
    return [found, held(model)]


def without_some(rng, weights, count):
    """All but so many of the weights; masks and head stay."""
    names = [name for name in weights if not name.endswith((".attn.bias", ".masked_bias", "lm_head.weight"))]
    gone = rng.shuffled(names)[:count]
    return {name: weight for name, weight in weights.items() if name not in gone}


def of_no_place(rng):
    """Weights that no model of ours has a place for."""
    names = ["h.0.attn.c_attn.scale", "h.1.crossattention.c_attn.weight", "ln_g.weight", "h.7.ln_1.weight", "wte.bias"]
    names += ["h.0.mlp.c_gate.weight", "adapter.weight", "h.1.mlp.bias", "h.0.ln_cross_attn.bias", "lm_head.bias"]
    names = ["score.weight", "h.0.mlp.masked_bias", "h.0.attn.scale", *rng.shuffled(names)[: rng.integer(2, 4)]]
    return {name: rng.normal(3, 4) for name in names}


@hidden("load_gpt2_weights", forbids=MODELS)
def names_that_do_not_fit(student, rng):
    """Weights that are missing, unexpected, or both: a KeyError with all their names, without "transformer."."""
    asked = (weights_that_are_missing, weights_of_no_place, missing_and_of_no_place)
    return [ended for ask in asked for ended in ask(student, rng)]


def weights_that_are_missing(student, rng):
    found = []
    for prefix, count in zip(rng.shuffled(["", "transformer."]), rng.different(2, 1, 4), strict=True):
        model, weights = place_and_weights(rng, prefix, masks=True, n_layer=2)
        left = without_some(rng, weights, count)
        found.append(complaint(lambda m=model, w=left: student.load_gpt2_weights(m, w), KeyError, [*shapes(model)]))
    model, weights = place_and_weights(rng, head=True, n_layer=1)
    left = without_some(rng, {name: weight for name, weight in weights.items() if "wte" not in name}, rng.integer(2, 4))
    return [*found, complaint(lambda: student.load_gpt2_weights(model, left), KeyError, [*shapes(model)])]


def weights_of_no_place(student, rng):
    found = []
    for prefix in rng.shuffled(["", "transformer."]):
        model, weights = place_and_weights(rng, prefix, n_layer=2)
        more = of_no_place(rng)
        given = {**{prefix + name: weight for name, weight in more.items()}, **weights}
        names = [*shapes(model), *more]
        found.append(complaint(lambda m=model, w=given: student.load_gpt2_weights(m, w), KeyError, names))
    return found


def missing_and_of_no_place(student, rng):
    model, weights = place_and_weights(rng, "transformer.", masks=True, head=True, n_layer=2)
    left = without_some(rng, {k: v for k, v in weights.items() if "wte" not in k}, rng.integer(1, 3))
    more = of_no_place(rng)
    given = {f"transformer.{name}": weight for name, weight in more.items()}
    given = {**left, **given, "transformer.wte.weight": weights["transformer.wte.weight"]}
    return [complaint(lambda: student.load_gpt2_weights(model, given), KeyError, [*shapes(model), *more])]


def misshapen(rng, weights, prefix):
    """One weight each of a wrong shape: with a row or column less, of one number, turned round."""
    layers = rng.shuffled(["h.0.mlp.c_fc.weight", "h.1.mlp.c_proj.weight", "h.0.attn.c_attn.weight"])
    bias = rng.shuffled(["ln_f.bias", "h.0.ln_1.weight", "h.1.mlp.c_proj.bias"])[0]
    wrong = {
        "wpe.weight": lambda weight: weight[:-1],
        "wte.weight": lambda weight: weight[:, :-1],
        bias: lambda weight: weight[:1],
        layers[0]: lambda weight: weight.T,
        layers[1]: lambda weight: weight[1:],
        layers[2]: lambda weight: weight[:, 1:],
    }
    return {prefix + name: change(weights[prefix + name]) for name, change in wrong.items()}


@hidden("load_gpt2_weights", forbids=MODELS)
def weights_of_a_wrong_shape(student, rng):
    """A weight of a wrong shape is a ValueError with its name, also if it could be stretched to the right one."""
    found = []
    for prefix in rng.shuffled(2 * ["", "transformer."]):
        model, weights = place_and_weights(rng, prefix, n_layer=2)
        for name, wrong in misshapen(rng, weights, prefix).items():
            names = [name.removeprefix("transformer."), *rng.shuffled([*shapes(model)])[:4]]
            given = {**weights, name: wrong}
            ended, said = complaint(lambda m=model, w=given: student.load_gpt2_weights(m, w), ValueError, names)
            found.append([ended, {"names in the message": {name: True for two in said.values() for name in two}}])
    return found


@hidden("load_gpt2_weights", forbids=MODELS)
def unchanged_after_an_error(student, rng):
    """After each kind of error all weights of the model are as they were, and right weights can still be loaded."""
    return [after_each_error(student, rng, prefix) for prefix in rng.shuffled(["", "transformer."])]


def after_each_error(student, rng, prefix):
    model, weights = place_and_weights(rng, prefix, head=True, n_layer=2)
    last = [name for name in weights if name != "lm_head.weight"][-1]
    wrong = {
        "a missing weight": {name: weight for name, weight in weights.items() if name != prefix + "ln_f.bias"},
        "another weight": {**weights, **of_no_place(rng)},
        "another head": {**weights, "lm_head.weight": weights["lm_head.weight"] + 1.0},
        "a wrong shape": {**weights, last: weights[last].flatten()[:1]},
    }
    found = {}
    for name, given in wrong.items():
        fill(model, rng)
        ended = outcome(lambda given=given: student.load_gpt2_weights(model, given), Exception)
        found[name] = [ended, held(model)]
    student.load_gpt2_weights(model, weights)
    return [found, held(model)]


@hidden("load_gpt2_weights", forbids=MODELS)
def state_dict_stays(student, rng):
    """state_dict has the same names and weights after the call as before, also after an error."""
    found = []
    for prefix in rng.shuffled(["", "transformer."]):
        model, weights = place_and_weights(rng, prefix, masks=True, head=True, n_layer=1)
        student.load_gpt2_weights(model, weights)
        names, copies = list(weights), {name: weight.clone() for name, weight in weights.items()}
        copies["ln_g.weight"] = rng.normal(3)
        ended = outcome(lambda m=model, w=copies: student.load_gpt2_weights(m, w), KeyError)
        found.append([held(model), names, weights, ended, list(copies), copies])
    return found


@hidden("load_gpt2_weights", forbids=MODELS)
def model_has_weights_of_its_own(student, rng):
    """What the model learns later does not change state_dict, and the model can learn."""
    model, weights = place_and_weights(rng, head=True)
    student.load_gpt2_weights(model, weights)
    learns = all(parameter.requires_grad for parameter in model.parameters())
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(1.0)
    return [learns, held(model), weights]


@hidden("load_gpt2_weights", forbids=MODELS)
def more_than_ten_blocks(student, rng):
    """More than ten blocks, where h.1 and h.11 are two: weights are loaded, and missing ones are told apart."""
    sizes = {"n_embd": rng.integer(2, 4), "n_head": 1, "n_inner": rng.integer(5, 6), "n_layer": rng.integer(12, 13)}
    model, weights = place_and_weights(rng, "transformer.", masks=True, **sizes)
    student.load_gpt2_weights(model, weights)
    block = rng.integer(0, 1)
    gone = [f"h.{block}.ln_1.bias", f"h.{block + 10}.attn.c_proj.weight"]
    left = {name: weight for name, weight in weights.items() if name.removeprefix("transformer.") not in gone}
    return [held(model), complaint(lambda: student.load_gpt2_weights(model, left), KeyError, [*shapes(model)])]


@hidden("load_gpt2_weights", forbids=MODELS)
def the_model_comes_back(student, rng):
    """The very model comes back, with its weights, and a model that was training goes on training."""
    model, weights = place_and_weights(rng)
    returned = student.load_gpt2_weights(model.train(), weights)
    training = all(part.training for part in model.modules())
    return [returned is model, held(returned), {"still in training mode": training}]


# language_model_loss


def number(loss):
    """Of one number, in double precision, so that another dtype costs one case; what is something else stays."""
    return loss.reshape(()).double() if isinstance(loss, torch.Tensor) and loss.numel() == 1 else loss


def sizes(rng):
    """Batch, length and vocabulary."""
    batch, length, vocabulary = rng.different(3, 3, 9)
    return batch, length, vocabulary + 3


def logits_and_tokens(rng, batch, length, vocabulary, dtype=torch.float64):
    return 2 * rng.normal(batch, length, vocabulary, dtype=dtype), rng.integers(0, vocabulary - 1, batch, length)


@hidden("language_model_loss")
def each_next_token(student, rng):
    """Position t predicts token t + 1, and all predictions count alike."""
    return [number(student.language_model_loss(*logits_and_tokens(rng, *sizes(rng)))) for _ in range(3)]


@hidden("language_model_loss")
def two_tokens(student, rng):
    """Two tokens, which is one prediction, work, and so does a batch of one."""
    shapes_of_tokens = rng.shuffled([(rng.integer(3, 6), 2), (1, 2), (1, rng.integer(3, 6))])
    return [
        number(student.language_model_loss(*logits_and_tokens(rng, *shape, rng.integer(4, 9))))
        for shape in shapes_of_tokens
    ]


@hidden("language_model_loss")
def loss_has_a_gradient(student, rng):
    """The gradient arrives at every position but the last, which predicts nothing that is known."""
    logits, tokens = logits_and_tokens(rng, *sizes(rng))
    logits.requires_grad_()
    loss = student.language_model_loss(logits, tokens)
    return [number(loss), *gradients(loss.reshape(1), [logits], rng)]


@hidden("language_model_loss")
def large_logits(student, rng):
    """Large logits give large losses, and neither infinity nor NaN."""
    logits, tokens = logits_and_tokens(rng, *sizes(rng))
    return [number(student.language_model_loss(factor * logits, tokens)) for factor in (1e2, -1e3, 1e4)]


@hidden("language_model_loss")
def every_token_counts(student, rng):
    """No token is special: a sentence of zeros counts, and one of the last token of the vocabulary."""
    batch, length, vocabulary = sizes(rng)
    found = []
    for token in rng.shuffled([0, 1, vocabulary - 1]):
        logits, tokens = logits_and_tokens(rng, batch, length, vocabulary)
        tokens[rng.integer(0, batch - 1)] = token
        found.append(number(student.language_model_loss(logits, tokens)))
    return found


@hidden("language_model_loss")
def loss_leaves_its_inputs(student, rng):
    """logits and tokens are the same after the call as before, and may be parts of larger tensors."""
    batch, length, vocabulary = sizes(rng)
    logits, tokens = logits_and_tokens(rng, batch, length + 2, vocabulary)
    logits, tokens = logits[:, 1:-1], tokens[:, 1:-1]
    loss = student.language_model_loss(logits, tokens)
    turned = [logits.transpose(0, 1).contiguous().transpose(0, 1), tokens.T.contiguous().T]
    return [number(loss), number(student.language_model_loss(*turned)), logits, tokens]


@hidden("language_model_loss", tolerance=1e-9)
def loss_in_double_precision(student, rng):
    """The loss has the dtype of the logits, and in float64 nothing is rounded on the way."""
    dtypes = rng.shuffled([torch.float32, torch.float64])
    losses = [student.language_model_loss(*logits_and_tokens(rng, *sizes(rng), dtype)) for dtype in dtypes]
    return [loss.reshape(()) for loss in losses]
