"""Hidden tests of notebook 02. Sizes are unequal everywhere, and no answer can be guessed."""

import torch
import torch.nn.functional as F
from torch import nn

from autograder.probe import Random, become, fill, hidden, named_gradients, outcome, shapes

# What students may use besides what every notebook may: see ``autograder.authoring.assignment``.
ALLOWS = {
    "coursekit": """
        Vocabulary comparison_table loss_curves pad position_maps reach reach_maps reached train under_grading""",
    "coursekit.bert": "encoder_weights find_checkpoint",
    "coursekit.documentation": "sentences",
    "parts": "MultiHeadAttention causal_mask padding_mask",
    "torch": "gelu GELU ELU elu",
    "transformers": "AutoTokenizer from_pretrained",
}

NORMS = {
    "layer_norm",
    "LayerNorm",
    "group_norm",
    "GroupNorm",
    "batch_norm",
    "BatchNorm",
    "instance_norm",
    "InstanceNorm",
    "rms_norm",
    "RMSNorm",
}
LAYERS = {"Transformer", "transformer_encoder", "MultiheadAttention", "multi_head_attention"}
COLLATORS = {"DataCollator"}


def scale_down(projection):
    """So far that an eps of 1e-5 counts after it."""
    with torch.no_grad():
        for parameter in projection.parameters():
            parameter.mul_(3e-3)


def share(where):
    return float(where.double().mean())


def share_among(those, all_of_these):
    """0 where there are none."""
    return float((those & all_of_these).sum() / all_of_these.sum().clamp(min=1))


# sinusoidal_positions


def in_double(values):
    """What is no tensor stays as it is."""
    return values.double() if isinstance(values, torch.Tensor) else values


@hidden("sinusoidal_positions", tolerance=1e-4)
def sines_and_cosines(student, rng):
    """Sines stand in the even columns and cosines in the odd ones, at several lengths and widths."""
    lengths, widths = rng.different(3, 3, 40), [2 * half for half in rng.different(3, 2, 12)]
    sizes = zip(lengths, widths, strict=True)
    return [in_double(student.sinusoidal_positions(length, width)) for length, width in sizes]


@hidden("sinusoidal_positions", tolerance=2e-3)
def far_positions(student, rng):
    """Far positions and wide models work, too."""
    length, width = rng.integer(400, 500), 2 * rng.integer(40, 60)
    rows = torch.tensor(rng.different(8, 200, length - 1))
    return in_double(student.sinusoidal_positions(length, width))[rows]


@hidden("sinusoidal_positions", tolerance=1e-4)
def narrow_and_short(student, rng):
    """The narrowest width, 2, works, and so does a length of 1."""
    sizes = [(rng.integer(3, 20), 2), (1, 2 * rng.integer(2, 20)), (rng.integer(21, 30), 4)]
    return [in_double(student.sinusoidal_positions(length, width)) for length, width in rng.shuffled(sizes)]


@hidden("sinusoidal_positions")
def positions_are_float32(student, rng):
    """A float32 tensor of the shape (length, d_model) comes back."""
    return student.sinusoidal_positions(rng.integer(3, 40), 2 * rng.integer(5, 40))


@hidden("sinusoidal_positions")
def odd_widths_are_refused(student, rng):
    """ValueError for an odd width, and only for that."""
    widths = rng.shuffled([1, *[2 * half for half in rng.different(4, 1, 20)], *rng.different(3, 20, 60)])
    lengths = rng.different(len(widths), 1, 30)
    return {
        f"a width of {width}": outcome(
            lambda length=length, width=width: student.sinusoidal_positions(length, width), ValueError
        )
        for length, width in zip(lengths, widths, strict=True)
    }


# LayerNorm


@hidden("LayerNorm", forbids=NORMS)
def equations_three_and_four(student, rng):
    """Each position is normalised by itself, then weight and bias are applied."""
    batch, length, width = rng.different(3, 3, 8)
    norm = fill(student.LayerNorm(width, rng.integer(10, 50) / 100), rng)
    return norm(rng.normal(batch, length, width) * 2 + 1)


@hidden("LayerNorm", forbids=NORMS)
def eps_counts_where_the_variance_is_small(student, rng):
    """eps stands under the root: positions with a variance smaller and larger than eps, at several eps."""
    batch, length, width = rng.different(3, 3, 8)
    spreads = rng.shuffled([0.01, *(10.0 ** rng.integer(-2, 1) for _ in range(length - 1))])
    spread = torch.tensor(spreads).double()[:, None]
    sizes = [rng.integer(10, 90) / size for size in (10, 100, 1e4, 1e10)]
    return {
        f"eps of {eps}": fill(student.LayerNorm(width, eps=eps), rng)(spread * rng.normal(batch, length, width))
        for eps in rng.shuffled(sizes)
    }


@hidden("LayerNorm", forbids=NORMS)
def eps_is_small_unless_told(student, rng):
    """Without an eps given, it is 1e-5."""
    width = rng.integer(4, 9)
    return fill(student.LayerNorm(width), rng)(rng.normal(3, width) * 3e-3 + 0.5)


@hidden("LayerNorm", forbids=NORMS)
def norm_with_any_leading_dimensions(student, rng):
    """It works for any number of leading dimensions, and for tensors that are transposed views."""
    width = rng.integer(5, 9)
    norm = fill(student.LayerNorm(width, 0.3), rng)
    results = [norm(rng.normal(*rng.different(count, 2, 4), width)) for count in rng.shuffled([0, 1, 2, 3])]
    return [*results, norm(rng.normal(2, width, 3).transpose(1, 2)), norm(rng.normal(1, 1, width))]


@hidden("LayerNorm", forbids=NORMS)
def narrow_norms(student, rng):
    """Widths of 2 and 3, where dividing by d_model and by d_model - 1 differ most."""
    norms = [fill(student.LayerNorm(width, 0.1), rng) for width in (2, 3)]
    return [norm(rng.normal(4, width)) for norm, width in zip(norms, (2, 3), strict=True)]


@hidden("LayerNorm", forbids=NORMS)
def norm_far_from_zero(student, rng):
    """Numbers that are large, and close to each other: a difference of large squares would lose all its digits."""
    width = rng.integer(5, 9)
    return fill(student.LayerNorm(width), rng)(rng.normal(4, width) + rng.integer(1, 9) * 1e8)


@hidden("LayerNorm", forbids=NORMS)
def a_position_of_equal_numbers(student, rng):
    """Where all numbers of a position are the same, only the bias is left, and no NaN."""
    batch, width = rng.different(2, 3, 7)
    x = 1000 * rng.normal(batch, width)  # so far apart that it does not matter where eps stands
    x[rng.integer(0, batch - 1)] = rng.integer(-3, 3)
    return fill(student.LayerNorm(width), rng)(x)


@hidden("LayerNorm", forbids=NORMS)
def norm_as_made(student, rng):
    """A new one has two parameters: weight, all ones, and bias, all zeros."""
    width = rng.integer(3, 900)
    norm = student.LayerNorm(width)
    return {name: parameter.double() for name, parameter in sorted(norm.named_parameters())}


@hidden("LayerNorm", forbids=NORMS, tolerance=1e-9)
def norm_keeps_the_dtype(student, rng):
    """float32 comes back for float32, and in float64 nothing is rounded to float32 on the way."""
    width = rng.integer(5, 9)
    return [
        fill(student.LayerNorm(width, 0.25), rng, dtype)(rng.normal(2, 3, width, dtype=dtype))
        for dtype in rng.shuffled([torch.float32, torch.float64])
    ]


@hidden("LayerNorm", forbids=NORMS)
def norm_lets_gradients_through(student, rng):
    """Gradients reach weight, bias and input, also by way of mean and variance, and where all numbers are the same."""
    batch, length, width = rng.different(3, 2, 6)
    norm = fill(student.LayerNorm(width, 0.2), rng)
    x = rng.normal(batch, length, width)
    x[rng.integer(0, batch - 1), rng.integer(0, length - 1)] = rng.integer(-3, 3)
    x.requires_grad_()
    return named_gradients(norm, norm(x), {"the input": x}, rng)


@hidden("LayerNorm", forbids=NORMS)
def norm_remembers_nothing(student, rng):
    """Nothing is remembered from call to call or shared by two norms, and evaluation mode changes nothing."""
    width = rng.integer(5, 9)
    norm, other = fill(student.LayerNorm(width, 0.4), rng), student.LayerNorm(width, 0.1).double()
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.add_(1.0)
    x, y = rng.normal(2, 3, width), 3 * rng.normal(2, 3, width) - 1
    results = [norm(x), norm(y), other(x)]
    norm.eval()
    return [*results, norm(x), norm(y)]


@hidden("LayerNorm", forbids=NORMS)
def norm_leaves_its_input(student, rng):
    """The input is the same after the call as before."""
    width = rng.integer(5, 9)
    x = rng.normal(3, 2, width)
    output = fill(student.LayerNorm(width, 0.3), rng)(x)
    return {"output": output.clone(), "after the call, input": x}


# FeedForward


def bent(rng):
    """An activation that no library has, so that it can only be the one that was given."""
    slope, bump = 1 + rng.integer(10, 90) / 100, rng.integer(20, 80) / 100
    return lambda x: torch.tanh(slope * x) + bump * x.cos()


@hidden("FeedForward", forbids=LAYERS)
def equation_two(student, rng):
    """Equation 2 with given weights, and relu where no activation is given."""
    batch, length, d_model, d_ff = rng.different(4, 2, 9)
    return fill(student.FeedForward(d_model, d_ff), rng)(rng.normal(batch, length, d_model))


@hidden("FeedForward", forbids=LAYERS)
def any_activation(student, rng):
    """The activation is the one that was given, whichever it is."""
    d_model, d_ff = rng.different(2, 3, 9)
    outputs = []
    for activation in rng.shuffled([F.gelu, torch.tanh, bent(rng), nn.SiLU(), lambda x: x]):
        outputs.append(fill(student.FeedForward(d_model, d_ff, activation=activation), rng)(rng.normal(3, d_model)))
    return outputs


@hidden("FeedForward", forbids=LAYERS)
def feed_forward_by_name(student, rng):
    """linear1 and linear2, each with a weight and a bias, and nothing else."""
    return [shapes(student.FeedForward(*rng.different(2, 2, 12))) for _ in range(2)]


@hidden("FeedForward", forbids=LAYERS)
def feed_forward_with_any_leading_dimensions(student, rng):
    """It works for any number of leading dimensions, and gives the same in evaluation mode."""
    d_model, d_ff = rng.different(2, 5, 9)
    network = fill(student.FeedForward(d_model, d_ff, bent(rng)), rng)
    results = [network(rng.normal(*rng.different(count, 2, 4), d_model)) for count in rng.shuffled([0, 1, 2, 3])]
    return [*results, network.eval()(rng.normal(1, 1, d_model))]


@hidden("FeedForward", forbids=LAYERS)
def feed_forward_lets_gradients_through(student, rng):
    """Gradients reach both layers and the input, which is the same after the call."""
    d_model, d_ff = rng.different(2, 3, 9)
    network = fill(student.FeedForward(d_model, d_ff, torch.tanh), rng)
    x = rng.normal(4, d_model).requires_grad_()
    return {**named_gradients(network, network(x), {"the input": x}, rng), "after the call, input": x}


# EncoderLayer


class Feed(nn.Module):
    """A feed-forward network that is right whatever the student's is."""

    def __init__(self, d_model, d_ff, activation):
        super().__init__()
        self.linear1, self.linear2 = nn.Linear(d_model, d_ff), nn.Linear(d_ff, d_model)
        self.activation = activation

    def forward(self, x):
        return self.linear2(self.activation(self.linear1(x)))


def with_right_parts(layer, d_model, d_ff, activation, eps):
    """A student's layer with norms and feed-forward that are right whatever the student's are."""
    become(layer.norm1, nn.LayerNorm(d_model, eps))
    become(layer.norm2, nn.LayerNorm(d_model, eps))
    become(layer.feed_forward, Feed(d_model, d_ff, activation))
    return layer


def encoder_layer(student, rng, d_model, num_heads, d_ff, dropout=0.0, norm_first=False):
    """A layer with right parts, every parameter set by name."""
    activation, eps = bent(rng), rng.integer(10, 50) / 100
    layer = student.EncoderLayer(d_model, num_heads, d_ff, dropout, activation, eps, norm_first)
    return fill(with_right_parts(layer, d_model, d_ff, activation, eps), rng)


def sizes(rng):
    """batch, length, d_model, num_heads, d_ff."""
    batch, length, num_heads = rng.different(3, 2, 5)
    d_model = num_heads * rng.integer(2, 3)
    return batch, length, d_model, num_heads, d_model + rng.integer(1, 5)


def masks(rng, batch, length, num_heads):
    padding = rng.mask(batch, 1, 1, length)
    padding[rng.integer(0, batch - 1)] = False
    return {
        "padding, and one sequence of nothing else": padding,
        "causal": torch.ones(length, length).tril().bool(),
        "another mask a head and sequence": rng.mask(batch, num_heads, length, length),
        "no mask": None,
    }


def values(student, rng, norm_first):
    results = []
    for _ in range(2):
        batch, length, *rest = sizes(rng)
        layer = encoder_layer(student, rng, *rest, norm_first=norm_first)
        results.append(layer(rng.normal(batch, length, rest[0])))
    return results


@hidden("EncoderLayer", forbids=LAYERS)
def norms_after_the_sums(student, rng):
    """As in the paper, with given weights: each residual sum is normalised."""
    return values(student, rng, norm_first=False)


@hidden("EncoderLayer", forbids=LAYERS)
def norms_first(student, rng):
    """With norm_first, and given weights: what goes into each sublayer is normalised, and the sums are not."""
    return values(student, rng, norm_first=True)


def masked(student, rng, norm_first):
    batch, length, d_model, num_heads, d_ff = sizes(rng)
    layer = encoder_layer(student, rng, d_model, num_heads, d_ff, norm_first=norm_first)
    x = rng.normal(batch, length, d_model)
    return {name: layer(x, mask) for name, mask in masks(rng, batch, length, num_heads).items()}


@hidden("EncoderLayer", forbids=LAYERS)
def masks_with_norms_after(student, rng):
    """As in the paper, with masks: padding, causal, another one for each head and sequence."""
    return masked(student, rng, norm_first=False)


@hidden("EncoderLayer", forbids=LAYERS)
def masks_with_norms_first(student, rng):
    """With norm_first and masks: padding, causal, another one for each head and sequence."""
    return masked(student, rng, norm_first=True)


@hidden("EncoderLayer", forbids=LAYERS)
def layer_with_your_own_parts(student, rng):
    """With your own LayerNorm and FeedForward: eps and activation get to them, or the ones by default."""
    results = []
    for norm_first in rng.shuffled([False, True]):
        batch, length, d_model, num_heads, d_ff = sizes(rng)
        options = {"activation": bent(rng), "eps": rng.integer(20, 90) / 100, "norm_first": norm_first}
        layer = fill(student.EncoderLayer(d_model, num_heads, d_ff, dropout=0.0, **options), rng)
        results.append(layer(rng.normal(batch, length, d_model), mask=rng.mask(batch, 1, 1, length)))
    layer = fill(student.EncoderLayer(d_model, num_heads, d_ff), rng).eval()
    scale_down(layer.self_attention.output_proj)
    return [*results, layer(3e-3 * rng.normal(batch, length, d_model))]


@hidden("EncoderLayer", forbids=LAYERS)
def layer_by_name(student, rng):
    """self_attention, feed_forward, norm1 and norm2, with these names and no other parameters."""
    return [shapes(encoder_layer(student, rng, *sizes(rng)[2:], norm_first=norm_first)) for norm_first in (False, True)]


@hidden("EncoderLayer", forbids=LAYERS)
def heads_of_a_layer(student, rng):
    """Any number of heads that divides the width, one sequence, one position."""
    results = []
    for num_heads, norm_first in rng.shuffled([(heads, first) for heads in (1, 2, 6) for first in (False, True)]):
        layer = encoder_layer(student, rng, 6, num_heads, rng.integer(7, 9), norm_first=norm_first)
        results += [layer(rng.normal(1, 4, 6)), layer(rng.normal(1, 1, 6))]
    return results


@hidden("EncoderLayer", forbids=LAYERS)
def layer_lets_gradients_through(student, rng):
    """Gradients reach every parameter and the input, in both orders."""
    results = []
    for norm_first in rng.shuffled([False, True]):
        batch, length, d_model, num_heads, d_ff = sizes(rng)
        layer = encoder_layer(student, rng, d_model, num_heads, d_ff, norm_first=norm_first)
        x = rng.normal(batch, length, d_model).requires_grad_()
        results.append(named_gradients(layer, layer(x, rng.mask(batch, 1, 1, length)), {"the input": x}, rng))
    return results


@hidden("EncoderLayer", forbids=LAYERS)
def layer_leaves_its_input(student, rng):
    """Input and mask are the same after the call as before, and float32 comes back for float32."""
    results = []
    for norm_first in rng.shuffled([False, True]):
        batch, length, d_model, num_heads, d_ff = sizes(rng)
        layer = encoder_layer(student, rng, d_model, num_heads, d_ff, norm_first=norm_first).float().eval()
        x, mask = rng.normal(batch, length, d_model, dtype=torch.float32), rng.mask(batch, 1, 1, length)
        with torch.no_grad():
            output = layer(x, mask)
        results.append({"output": output, "after the call, input": x, "mask": mask})
    return results


@hidden("EncoderLayer", forbids=LAYERS)
def nothing_dropped_in_evaluation(student, rng):
    """In evaluation mode nothing is dropped, and in training mode again something is."""
    results = []
    for norm_first in rng.shuffled([False, True]):
        batch, length, d_model, num_heads, d_ff = sizes(rng)
        layer = encoder_layer(student, rng, d_model, num_heads, d_ff, 0.6, norm_first).eval()
        x = rng.normal(batch, length, d_model)
        expected = layer(x)
        differs = not torch.allclose(layer.train()(x), expected)
        results.append({"in evaluation mode": expected, "another value in training mode": differs})
    return results


def a_rate(rng, high=None):
    """Not the default, nor near a half, where dropped and kept could be confused."""
    low_and_high = rng.integer(2000, 3600) / 10_000, rng.integer(6400, 8000) / 10_000
    return low_and_high[rng.integer(0, 1) if high is None else high]


def landed(dropped, levels, wrong_levels=()):
    """The shares of numbers at each of these levels, and of all others; the rest tells others from others."""
    shares = {f"share of {level}": share((dropped - level).abs() < 1e-6) for level in levels}
    wrong = [share((dropped - level).abs() < 1e-6) for level in wrong_levels]
    plain = dropped.nan_to_num(0.0).clamp(-5.0, 5.0)
    others = {"at wrong levels": sum(wrong), "mean": float(plain.mean()) / 4, "spread": float(plain.std()) / 4}
    # Where numbers are dropped together, the shares alone are the right ones, or not, by luck.
    pairs = {
        "in two columns": (dropped[..., ::2], dropped[..., 1::2]),
        "in two sequences": (dropped[::2], dropped[1::2]),
    }
    alike = {f"alike {where}": share((one - other).abs() < 1e-6) for where, (one, other) in pairs.items()}
    return {**shares, "share of something else": 1 - sum(shares.values()), **others, **alike}


def landed_with_norms_first(dropped, rate):
    """Attention gives 1 and feed-forward 2; what is not dropped at all is left 1 - rate times as large."""
    never_dropped = [1 - rate, 3 - rate, 2 - 2 * rate, 3 - 2 * rate, 3 - 3 * rate]
    return landed(dropped, (0, 1, 2, 3), never_dropped)


WIDTH, INNER = 20, 6  # of layers that show what is dropped


def layer_that_shows(student, rng, **options):
    layer = student.EncoderLayer(WIDTH, 2, INNER, eps=0.1, **options)
    return with_right_parts(layer, WIDTH, INNER, torch.relu, 0.1)


def dropped_with_norms_first(layer, rng, rate):
    """What a pre-norm layer adds to its input, whose attention always gives 1 and its feed-forward 2.

    Both norms always give 1, and both sublayers average what they get: so it shows if anything else is dropped,
    be it in a sublayer's input or inside the feed-forward.
    """
    fill(layer, rng)
    with torch.no_grad():
        for norm in (layer.norm1, layer.norm2):
            norm.weight.zero_()
            norm.bias.fill_(1.0)
        for projection in (layer.self_attention.value_proj, layer.self_attention.output_proj):
            projection.weight.copy_(torch.eye(WIDTH))
            projection.bias.zero_()
        for linear, total in ((layer.feed_forward.linear1, 1.0), (layer.feed_forward.linear2, 2.0)):
            linear.weight.fill_(total / linear.in_features)
            linear.bias.zero_()
        x = 3 * rng.normal(250, 6, WIDTH)  # large, so that it shows where it is not the residual
        return (layer(x) - x) * (1 - rate)


@hidden("EncoderLayer", forbids=LAYERS, tolerance=0.03)
def dropout_with_norms_first(student, rng):
    """With norm_first, in training: each number of a sublayer's output is dropped at the given rate, and no other."""
    rate = a_rate(rng)
    layer = layer_that_shows(student, rng, dropout=rate, norm_first=True)
    return {f"a rate of {rate}": landed_with_norms_first(dropped_with_norms_first(layer, rng, rate), rate)}


@hidden("EncoderLayer", forbids=LAYERS, tolerance=0.03)
def each_number_is_dropped_on_its_own(student, rng):
    """Each number is dropped on its own: not with its neighbours, nor the same in every sequence or every call."""
    rate = a_rate(rng, high=True)  # at a low one, hardly any two are dropped
    layer = layer_that_shows(student, rng, dropout=rate, norm_first=True)
    gone, again = (dropped_with_norms_first(layer, rng, rate).abs() < 0.5 for _ in range(2))
    pairs = {
        "in two columns": gone[..., ::2] & gone[..., 1::2],
        "at two positions": gone[:, ::2] & gone[:, 1::2],
        "in two sequences": gone[::2] & gone[1::2],
        "in two calls": gone & again,
    }
    return {f"at a rate of {rate}, both dropped {where}": share(both) for where, both in pairs.items()}


def dropped_with_norms_after(student, rng, sublayer, rates):
    """For each rate, what a sublayer adds to its residual in a post-norm layer, in units of what it gives.

    The other sublayer gives 0, and this one does in the first two columns. A norm is the same stretch and shift for
    all columns of a position, which these two columns reveal: so it can be undone. None is the rate by default.
    """
    x = rng.normal(250, 6, WIDTH)
    x[..., :2] = torch.tensor([-8.0, 5.0]) - rng.integer(1, 9) / 10
    residual = x if sublayer == "attention" else F.layer_norm(x, (WIDTH,), eps=0.1)

    def added(**options):
        layer = fill(layer_that_shows(student, rng, **options), rng)
        last = {"attention": layer.self_attention.output_proj, "feed-forward": layer.feed_forward.linear2}
        with torch.no_grad():
            for norm in (layer.norm1, layer.norm2):
                norm.weight.fill_(1.0)
                norm.bias.zero_()
            for name, projection in last.items():
                projection.weight.mul_(0.1 if name == sublayer else 0.0)
                projection.bias.fill_(3.0 if name == sublayer else 0.0)
                projection.weight[:2] = projection.bias[:2] = 0.0
            output = layer(x)
        stretch = (residual[..., 1:2] - residual[..., :1]) / (output[..., 1:2] - output[..., :1])
        return (residual[..., :1] + (output - output[..., :1]) * stretch - residual)[..., 2:]

    given = added(dropout=0.0)
    return {
        f"a rate of {rate}": landed(
            (added() * 0.9 if rate is None else added(dropout=rate) * (1 - rate)) / given, levels=(0, 1)
        )
        for rate in rates
    }


@hidden("EncoderLayer", forbids=LAYERS, tolerance=0.03)
def dropout_of_attention(student, rng):
    """As in the paper, in training: each number of attention's output is dropped at the rate, before it is added."""
    return dropped_with_norms_after(student, rng, "attention", [a_rate(rng, high=True)])


@hidden("EncoderLayer", forbids=LAYERS, tolerance=0.03)
def dropout_of_feed_forward(student, rng):
    """As in the paper, in training: each number of feed-forward's output is dropped at the rate, before it is added."""
    return dropped_with_norms_after(student, rng, "feed-forward", [a_rate(rng, high=False), None])


# Encoder


class Step(nn.Module):
    """Stands in for an encoder layer, whatever the student's is: it mixes columns, and positions by the mask."""

    def __init__(self, d_model):
        super().__init__()
        self.mix, self.shift = nn.Parameter(torch.empty(d_model, d_model)), nn.Parameter(torch.empty(d_model))

    def forward(self, x, mask=None):
        mixed = x @ self.mix
        if mask is not None:
            seen = mask & x.new_ones(len(x), 1, x.shape[1], x.shape[1]).bool()
            mixed = mixed + seen.to(x.dtype).mean(dim=1) @ x / 2
        return (mixed + self.shift).tanh() + x / 3


def encoder_of_steps(student, rng, num_layers, d_model, num_heads, d_ff, dropout=0.0, norm_first=False):
    eps = rng.integer(10, 50) / 100
    encoder = student.Encoder(num_layers, d_model, num_heads, d_ff, dropout, torch.relu, eps, norm_first)
    for layer in encoder.layers:
        become(layer, Step(d_model))
    if norm_first:
        become(encoder.norm, nn.LayerNorm(d_model, eps))
    return fill(encoder, rng)


@hidden("Encoder", forbids=LAYERS)
def one_after_another(student, rng):
    """All layers run, one after the other, each with parameters of its own."""
    results = []
    for num_layers in rng.shuffled([1, rng.integer(3, 4)]):
        batch, length, d_model, *rest = sizes(rng)
        results.append(encoder_of_steps(student, rng, num_layers, d_model, *rest)(rng.normal(batch, length, d_model)))
    return results


@hidden("Encoder", forbids=LAYERS)
def norm_at_the_end(student, rng):
    """With norm_first, one norm follows after the last layer, and none anywhere else."""
    results = []
    for num_layers in rng.shuffled([1, rng.integer(3, 4)]):
        batch, length, d_model, *rest = sizes(rng)
        encoder = encoder_of_steps(student, rng, num_layers, d_model, *rest, norm_first=True)
        results.append(encoder(rng.normal(batch, length, d_model)))
    return results


@hidden("Encoder", forbids=LAYERS)
def mask_for_every_layer(student, rng):
    """Every layer gets the mask: padding, causal, another one for each head and sequence, none."""
    results = []
    for norm_first in rng.shuffled([False, True]):
        batch, length, d_model, num_heads, d_ff = sizes(rng)
        encoder = encoder_of_steps(student, rng, 3, d_model, num_heads, d_ff, norm_first=norm_first)
        x = rng.normal(batch, length, d_model)
        found = masks(rng, batch, length, num_heads)
        results.append({name: encoder(x, mask) for name, mask in found.items()})
        results.append(encoder(x, mask=found["causal"]))
    return results


@hidden("Encoder", forbids=LAYERS)
def layers_by_name(student, rng):
    """layers is a ModuleList of as many layers as asked for, no two share a parameter; norm comes with norm_first."""
    results = []
    for num_layers, norm_first in zip(rng.different(4, 1, 6), [False, True, False, True], strict=True):
        d_model, num_heads, d_ff = sizes(rng)[2:]
        encoder = student.Encoder(num_layers, d_model, num_heads, d_ff, norm_first=norm_first)
        if norm_first:
            become(encoder.norm, nn.LayerNorm(d_model))
        names = [name for name, _ in encoder.named_parameters()]  # of parameters that are shared, the first alone
        results.append(
            {
                "a ModuleList": isinstance(encoder.layers, nn.ModuleList),
                "parameters of its own": [
                    sum(name.startswith(f"layers.{index}.") for name in names) == len(list(layer.parameters()))
                    for index, layer in enumerate(encoder.layers)
                ],
                "other parameters": {k: v for k, v in shapes(encoder).items() if not k.startswith("layers.")},
            }
        )
    return results


@hidden("Encoder", forbids=LAYERS)
def encoder_with_your_own_layers(student, rng):
    """With your own layers: heads, d_ff, activation, eps and norm_first get to every layer, or those by default."""
    results = []
    for norm_first in rng.shuffled([False, True]):
        batch, length, d_model, num_heads, d_ff = sizes(rng)
        options = {"activation": bent(rng), "eps": rng.integer(20, 90) / 100, "norm_first": norm_first}
        encoder = fill(student.Encoder(2, d_model, num_heads, d_ff, dropout=0.0, **options), rng)
        results.append(encoder(rng.normal(batch, length, d_model), rng.mask(batch, 1, 1, length)))
    encoder = fill(student.Encoder(2, d_model, num_heads, d_ff), rng).eval()
    scale_down(encoder.layers[0].self_attention.output_proj)
    return [*results, encoder(3e-3 * rng.normal(batch, length, d_model))]


@hidden("Encoder", forbids=LAYERS, tolerance=0.03)
def dropout_of_every_layer(student, rng):
    """With your own layers: every one gets the dropout rate, drops in training, and drops nothing in evaluation."""
    rate, d_ff = a_rate(rng), INNER
    batch, length, num_layers = rng.different(3, 2, 4)
    encoder = student.Encoder(num_layers, WIDTH, 2, d_ff, rate, torch.relu, 0.1, norm_first=True)
    for layer in encoder.layers:
        with_right_parts(layer, WIDTH, d_ff, torch.relu, 0.1)
    become(encoder.norm, nn.LayerNorm(WIDTH, 0.1))
    fill(encoder, rng).eval()
    output = encoder(rng.normal(batch, length, WIDTH))[..., :5]
    encoder.train()(rng.normal(batch, length, WIDTH))
    rates = [landed_with_norms_first(dropped_with_norms_first(layer, rng, rate), rate) for layer in encoder.layers[-2:]]
    return {"in evaluation mode": output, f"in training, at a rate of {rate}": rates}


@hidden("Encoder", forbids=LAYERS)
def nothing_dropped_between_layers(student, rng):
    """In training the encoder itself drops nothing: all dropout is inside its layers."""
    results = []
    for norm_first in rng.shuffled([False, True]):
        batch, length, d_model, *rest = sizes(rng)
        encoder = encoder_of_steps(student, rng, 2, d_model, *rest, 0.5, norm_first).train()
        results.append(encoder(rng.normal(batch, length, d_model)))
    return results


@hidden("Encoder", forbids=LAYERS)
def encoder_lets_gradients_through(student, rng):
    """Gradients reach every layer, the norm and the input."""
    results = []
    for norm_first in rng.shuffled([False, True]):
        batch, length, d_model, *rest = sizes(rng)
        encoder = encoder_of_steps(student, rng, 3, d_model, *rest, norm_first=norm_first)
        x = rng.normal(batch, length, d_model).requires_grad_()
        results.append(named_gradients(encoder, encoder(x, rng.mask(batch, 1, 1, length)), {"the input": x}, rng))
    return results


@hidden("Encoder", forbids=LAYERS)
def encoder_leaves_its_input(student, rng):
    """Input and mask are the same after the call as before, and float32 comes back for float32."""
    batch, length, d_model, *rest = sizes(rng)
    encoder = encoder_of_steps(student, rng, 2, d_model, *rest, norm_first=True).float()
    x, mask = rng.normal(batch, length, d_model, dtype=torch.float32), rng.mask(batch, 1, 1, length)
    with torch.no_grad():
        output = encoder(x, mask)
    return {"output": output, "after the call, input": x, "mask": mask}


# mask_tokens


def generator(rng):
    return torch.Generator().manual_seed(rng.integer(0, 10**9))


def corrupt(student, tokens, mask_id, vocab_size, special_ids, *rest, **options):
    """Ask with copies: what is changed in place, tokens_stay charges once."""
    return student.mask_tokens(tokens.clone(), mask_id, vocab_size, list(special_ids), *rest, **options)


def vocabulary(rng, count):
    """A size, and different ids in it: one for the mask, and some special ones, with others below and more above."""
    size = rng.integer(20, 40)
    while True:
        mask_id, *special = rng.different(1 + count, 0, size - 1)
        if not special or size // 4 <= max(special) <= size // 2:
            return size, mask_id, special


def text(rng, size, shape, *ids):
    """Tokens of a vocabulary of this size, among them each of these ids."""
    tokens = rng.integers(0, size - 1, *shape)
    tokens.view(-1)[rng.different(len(ids), 0, tokens.numel() - 1)] = torch.tensor(ids)
    return tokens


def some(labels):
    """Are some tokens chosen, and some not?"""
    count = int((labels != -100).sum())
    return "some" if 0 < count < labels.numel() else "none or all"


@hidden("mask_tokens", forbids=COLLATORS)
def everything_is_asked(student, rng):
    """At probability 1 the labels show every token that is not special, even one that is mask_id already."""
    size, mask_id, special = vocabulary(rng, 3)
    labels = []
    for shape in rng.shuffled([(5, 30), (1, 1), (1, 40)]):
        tokens = text(rng, size, shape, *[mask_id, *special][: shape[1]])
        labels.append(corrupt(student, tokens, mask_id, size, special, generator(rng), 1.0)[1])
    return labels


@hidden("mask_tokens", forbids=COLLATORS)
def nothing_is_asked(student, rng):
    """At probability 0 the inputs are the tokens, and all labels are -100."""
    size, mask_id, special = vocabulary(rng, 2)
    tokens = text(rng, size, rng.different(2, 20, 30), mask_id, *special)
    inputs, labels = corrupt(student, tokens, mask_id, size, special, generator(rng), probability=0.0)
    others = corrupt(student, tokens, mask_id, size, [], generator(rng), probability=0.5)[1]
    return {"inputs": inputs, "labels": labels, "at another probability, chosen": some(others)}


@hidden("mask_tokens", forbids=COLLATORS)
def labels_show_the_text(student, rng):
    """The labels show the chosen tokens as they were before the inputs were changed, and -100 elsewhere."""
    size, mask_id, special = vocabulary(rng, 2)
    tokens = rng.integers(0, size - 1, 12, 30)
    _, labels = corrupt(student, tokens, mask_id, size, special, generator(rng), rng.integer(30, 70) / 100)
    return {"labels": torch.where(labels == -100, tokens, labels), "chosen": some(labels)}


@hidden("mask_tokens", forbids=COLLATORS)
def the_rest_stays(student, rng):
    """Tokens that were not chosen stand in the inputs as they were."""
    size, mask_id, special = vocabulary(rng, 2)
    tokens = rng.integers(0, size - 1, 12, 30)
    inputs, labels = corrupt(student, tokens, mask_id, size, special, generator(rng), rng.integer(30, 70) / 100)
    changed = "some" if 0 < int((inputs != tokens).sum()) < tokens.numel() else "none or all"
    return {"inputs": torch.where(labels == -100, inputs, tokens), "chosen": some(labels), "changed": changed}


@hidden("mask_tokens", forbids=COLLATORS)
def special_tokens_are_spared(student, rng):
    """Special tokens are never chosen nor changed, wherever they stand and however many kinds there are."""
    size, mask_id, special = vocabulary(rng, 4)
    results = []
    for count, probability in zip(rng.shuffled([1, 2, 4]), rng.shuffled([1.0, 0.9, 0.8]), strict=True):
        ids = special[:count]
        tokens = rng.integers(0, size - 1, 20, 30)
        inputs, labels = corrupt(student, tokens, mask_id, size, ids, generator(rng), probability)
        spared = (tokens[..., None] == torch.tensor(ids)).any(dim=-1)
        others = {"others chosen": bool((labels != -100)[~spared].any()), "changed": not torch.equal(inputs, tokens)}
        results.append({"inputs": inputs[spared], "labels": labels[spared], **others})
    return results


@hidden("mask_tokens", forbids=COLLATORS)
def no_special_tokens(student, rng):
    """special_ids may be empty: then every token can be chosen."""
    size, mask_id, _ = vocabulary(rng, 0)
    tokens = text(rng, size, rng.different(2, 20, 30), mask_id)
    everything = corrupt(student, tokens, mask_id, size, [], generator(rng), 1.0)[1]
    inputs, labels = corrupt(student, tokens, mask_id, size, [], generator(rng), 0.5)
    rest = torch.where(labels == -100, inputs, tokens)
    return {"labels": everything, "inputs that were not chosen": rest, "changed": not torch.equal(inputs, tokens)}


@hidden("mask_tokens", forbids=COLLATORS, tolerance=0.02)
def share_of_chosen(student, rng):
    """Of the tokens that are not special, a share of the probability is chosen; 15 % unless told otherwise."""
    size, mask_id, special = vocabulary(rng, 1)
    found = {}
    shape = 9, 10_000  # so long that the share is right even if every row has the same places
    tokens, kind = rng.integers(0, size - 1, *shape), rng.integers(0, 9, *shape)
    tokens = tokens.masked_fill(kind < 4, special[0]).masked_fill(kind == 4, mask_id)
    for probability in [rng.shuffled([rng.integer(250, 450), rng.integer(600, 900)])[0] / 1000, None]:
        options = {} if probability is None else {"probability": probability}
        _, labels = corrupt(student, tokens, mask_id, size, special, generator(rng), **options)
        found[f"at {probability}"] = share(labels[tokens != special[0]] != -100)
    return found


def rows_alike(inputs):
    """The share of rows in which all tokens are the same: none in long rows, unless they share their fate."""
    return share((inputs == inputs[..., :1]).all(dim=-1))


@hidden("mask_tokens", forbids=COLLATORS, tolerance=0.025)
def eighty_ten_ten(student, rng):
    """Of the chosen tokens, 80 % show mask_id, 10 % a random token and 10 % the token itself."""
    size, mask_id, special = rng.integer(2000, 9000), rng.integer(0, 1), rng.integer(2, 4)
    tokens = rng.integers(5, size - 1, 500, 60)
    probabilities = [1.0, rng.integer(40, 60) / 100]
    calls = [corrupt(student, tokens, mask_id, size, [special], generator(rng), chance) for chance in probabilities]
    inputs, labels = (torch.stack(tensors) for tensors in zip(*calls, strict=True))
    found = {
        "masked": share_among(inputs == mask_id, labels != -100),
        "kept, doubled": 2 * share_among(inputs == tokens, labels != -100),  # it varies less, so more can be asked
        "rows alike": rows_alike(inputs),
    }
    return {f"of {size} tokens, at {probabilities}, {name}": value for name, value in found.items()}


@hidden("mask_tokens", forbids=COLLATORS, tolerance=0.175)
def any_token_of_the_vocabulary(student, rng):
    """A random token is any of the vocabulary, each as often, also a special one or mask_id, and each a new one."""
    found = {}
    # The smaller the vocabulary, the more it shows if one of it is left out.
    for size, special, scale in [(3, 0, 15), (3, 1, 15), (3, 2, 15), (5, 3, 20)]:
        # The ends of the larger one are neither token nor mask, or they could not be seen.
        mask_id, token = rng.shuffled([id for id in range(3) if id != special and (size == 3 or id)])
        tokens = torch.full((600, 50), token)
        inputs, _ = corrupt(student, tokens, mask_id, size, [special], generator(rng), 1.0)
        name = f"of {size} tokens, with {special} special, {mask_id} for the mask, {token} in the text:"
        for other in {*range(size)} - {mask_id, token}:
            found[f"{name} {other}"] = share(inputs == other) * scale
        found[f"{name} none"] = share((inputs < 0) | (inputs >= size)) * scale
        found[f"{name} kept"] = (share(inputs == token) - 0.1) * 9
        found[f"{name} rows alike"] = rows_alike(inputs)
    size = rng.integer(40, 60)
    inputs, _ = corrupt(student, torch.full((600, 50), 0), 1, size, [], generator(rng), 1.0)
    for name, order in {"row": inputs.flatten(), "column": inputs.T.flatten()}.items():
        drawn = order[order > 1]
        twice = float((drawn[1:] == drawn[:-1]).sum() / max(len(drawn), 1))
        found[f"of {size}, the same one twice in a {name}"] = twice
    return found


def variance(counts, number, probability):
    """Of these counts, in units of what it would be if each of the number of tokens were chosen on its own."""
    return float(counts.double().var()) / (number * probability * (1 - probability))


@hidden("mask_tokens", forbids=COLLATORS, tolerance=0.06)
def each_token_on_its_own(student, rng):
    """Each token is chosen on its own, whatever becomes of the others: seen over many small batches."""
    size, source, probability = rng.integer(2000, 9000), generator(rng), rng.integer(56, 65) / 100
    tokens = rng.integers(5, size - 1, 3, 4)
    calls = [corrupt(student, tokens, 1, size, [], source, probability) for _ in range(320)]
    inputs, chosen = torch.stack([call[0] for call in calls]), torch.stack([call[1] for call in calls]) != -100
    kept, masked = inputs == tokens, inputs == 1
    found = {
        "variance in a row": variance(chosen.sum(dim=2), 4, probability) / 6,
        "variance in a column": variance(chosen.sum(dim=1), 3, probability) / 6,
        "variance in a call": variance(chosen.sum(dim=(1, 2)), 12, probability) / 12,
        "variance at a place": variance(chosen.sum(dim=0), 320, probability) / 100,  # there are only 12 of them
        "share chosen": share(chosen),
        "share kept": share_among(kept, chosen),
        "share of random ones": share_among(~kept & ~masked, chosen),
    }
    return {f"of {size} tokens, at {probability}, {name}": value for name, value in found.items()}


@hidden("mask_tokens", forbids=COLLATORS, tolerance=0.04)
def fates_of_their_own(student, rng):
    """What becomes of a chosen token is decided for each on its own, not for a row, a column or a batch."""
    size, probability, source = rng.integer(2000, 9000), rng.integer(75, 95) / 100, generator(rng)
    tokens = rng.integers(5, size - 1, 500, 60)
    found = {}
    for call in rng.different(2, 1, 9):
        inputs, labels = corrupt(student, tokens, 1, size, [], source, probability)
        chosen, masked = labels != -100, inputs == 1
        found[f"call {call}, most chosen"] = share(chosen) > 0.5  # of few, the shares would be a matter of luck
        for name, (ours, theirs) in {"a row": (chosen, masked), "a column": (chosen.T, masked.T)}.items():
            both = ours[:, ::2] & ours[:, 1::2]
            together = share_among(theirs[:, ::2] & theirs[:, 1::2], both)
            found[f"call {call}, at {probability}, both masked in {name}"] = together
    return found


@hidden("mask_tokens", forbids=COLLATORS)
def tokens_stay(student, rng):
    """The tokens and the list of special ids are the same after the call as before."""
    size, mask_id, special = vocabulary(rng, 2)
    tokens = rng.integers(0, size - 1, *rng.different(2, 20, 30))
    special.sort(reverse=True)  # whoever sorts them changes them
    _, labels = student.mask_tokens(tokens, mask_id, size, special, generator(rng), 0.5)
    return {"after the call, tokens": tokens, "special ids": special, "chosen": some(labels)}


@hidden("mask_tokens", forbids=COLLATORS)
def the_generator_decides(student, rng):
    """All random numbers come from the generator: its state decides, and torch's own neither counts nor changes."""
    size, mask_id, special = vocabulary(rng, 2)
    tokens = rng.integers(0, size - 1, 15, 20)
    seed = rng.integer(0, 10**9)

    def draw(source):
        return torch.stack(corrupt(student, tokens, mask_id, size, special, source, 0.6))

    def same(ours, theirs):
        return {"inputs": torch.equal(ours[0], theirs[0]), "labels": torch.equal(ours[1], theirs[1])}

    source = torch.Generator().manual_seed(seed)
    before = torch.get_rng_state()
    first, second = draw(source), draw(source)
    untouched = torch.equal(before, torch.get_rng_state())
    torch.manual_seed(seed + 7)
    source = torch.Generator().manual_seed(seed)
    return {
        "torch's own state is untouched": untouched,
        "the same after the same seed": [same(first, draw(source)), same(second, draw(source))],
        "the same in the next call": same(first, second),
        "the same after another seed": same(first, draw(torch.Generator().manual_seed(seed + 1))),
        "labels": torch.where(first[1] == -100, tokens, first[1]),
    }


# train_step


class Network(nn.Module):
    """Three parameters of different sizes, and more on demand; in evaluation mode it computes something else."""

    def __init__(self, rng, **others):
        super().__init__()
        self.wide, self.narrow = nn.Linear(3, 5), nn.Linear(5, 1, bias=False)
        self.inner = nn.Sequential(nn.Dropout(0.0), nn.Tanh())
        for name, parameter in others.items():
            self.register_parameter(name, parameter)
        fill(self, rng)

    def forward(self, x):
        hidden = self.inner(self.wide(x))
        return self.narrow(hidden if self.training and self.inner[0].training else hidden.cos())


def squares(model, batch):
    """Their gradient is mostly 0.4 to 7 times the factor long, and hardly ever below 0.1 or above 15 times."""
    x, target, factor = batch
    return factor * ((model(x) - target) ** 2).mean()


def batch_of(rng, factor):
    return rng.normal(4, 3), rng.normal(4, 1), factor


def after(model):
    return {name: parameter.clone() for name, parameter in sorted(model.named_parameters())}


@hidden("train_step")
def a_step_with_small_gradients(student, rng):
    """Gradients shorter than 1 are left as they are, and so are those of length 0."""
    model = Network(rng)
    optimizer = torch.optim.SGD(model.parameters(), lr=3.0)
    results = []
    for factor in (0.02, 0.0, 0.01):
        student.train_step(model, squares, optimizer, batch_of(rng, factor))
        results.append(after(model))
    return results


@hidden("train_step")
def a_step_with_large_gradients(student, rng):
    """Gradients longer than 1 are scaled down, all by one factor, so that together they have length 1."""
    model = Network(rng)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    student.train_step(model, squares, optimizer, batch_of(rng, float(rng.integer(20, 200))))
    return after(model)


@hidden("train_step")
def groups_of_parameters(student, rng):
    """Parameters in two groups of the optimizer are clipped together, and those without a gradient stay as they are."""
    spare, frozen = nn.Parameter(torch.empty(2)), nn.Parameter(torch.empty(3, 2), requires_grad=False)
    model = Network(rng, a_spare=spare, frozen=frozen)
    groups = [
        {"params": [model.narrow.weight, model.a_spare], "lr": 0.7},
        {"params": [*model.wide.parameters(), model.frozen], "lr": 0.2},
    ]
    optimizer = torch.optim.SGD(groups, weight_decay=0.1)  # which shrinks what has a gradient, be it of zeros
    for factor in rng.shuffled([70.0, 30.0, 0.02]):
        student.train_step(model, squares, optimizer, batch_of(rng, factor))
    return after(model)


@hidden("train_step")
def old_gradients_are_forgotten(student, rng):
    """Gradients that were there before do not count, not even of a parameter that this batch does not use."""
    results = []
    for factor in rng.shuffled([0.02, 40.0]):
        model = Network(rng, spare=nn.Parameter(torch.empty(4)))
        for name, parameter in model.named_parameters():
            parameter.grad = Random(f"{rng.seed}/old/{name}").normal(*parameter.shape)
        student.train_step(model, squares, torch.optim.SGD(model.parameters(), lr=0.6), batch_of(rng, factor))
        results.append(after(model))
    return results


@hidden("train_step")
def several_steps_with_momentum(student, rng):
    """Several steps in a row, with SGD and momentum: each with the gradients of its own batch."""
    model = Network(rng)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.3, momentum=0.8)
    results = []
    for factor in rng.shuffled([0.05, 60.0, 0.02, 20.0]):
        student.train_step(model, squares, optimizer, batch_of(rng, factor))
        results.append(after(model))
    return results


@hidden("train_step")
def several_steps_with_adamw(student, rng):
    """Several steps in a row, with AdamW: each with the gradients of its own batch."""
    model = Network(rng)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1, weight_decay=0.2)
    for factor in rng.shuffled([0.05, 60.0, 0.02, 8.0]):
        student.train_step(model, squares, optimizer, batch_of(rng, factor))
    return after(model)


@hidden("train_step")
def training_mode(student, rng):
    """The model is in training mode while the loss is computed, with all of its parts, whatever its mode was."""
    results = []
    for was in rng.shuffled([True, False]):
        model, modes = Network(rng).train(was), []

        def loss(model, batch, modes=modes):
            modes += [module.training for module in model.modules()]
            return squares(model, batch)

        model.inner.eval()
        student.train_step(model, loss, torch.optim.SGD(model.parameters(), lr=0.4), batch_of(rng, 0.02))
        results += [modes, after(model)]
    return results


@hidden("train_step")
def the_loss_is_asked_once(student, rng):
    """The loss function is called once a step, with the model and the batch as they came."""
    model, calls = Network(rng), []
    optimizer = torch.optim.SGD(model.parameters(), lr=0.4)
    results = []
    for batch in rng.shuffled([{"text": "a"}, "text", batch_of(rng, 1.0), None, 5]):
        numbers = batch_of(rng, 0.01)

        def loss(model, batch, came=(model, batch), numbers=numbers):
            calls.append("as they came" if (model is came[0] and batch is came[1]) else "others")
            return squares(model, numbers) * len(calls)

        student.train_step(model, loss, optimizer, batch)
        results.append(after(model))
    return {"calls": calls, "parameters": results}


@hidden("train_step")
def the_loss_comes_back(student, rng):
    """It returns a float: the loss of this batch, from before the step."""
    model = Network(rng)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.4)
    factors = [*rng.shuffled([0.02, 30.0]), 1.0]  # the last step is seen by none of them
    return [student.train_step(model, squares, optimizer, batch_of(rng, factor)) for factor in factors]
