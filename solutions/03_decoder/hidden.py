"""Hidden tests of notebook 03. Sizes are unequal everywhere, and no answer can be guessed."""

from itertools import product

import torch
from torch import nn

from autograder.probe import fill, gradients, hidden

# What students may use besides what every notebook may: see ``autograder.authoring.assignment``.
ALLOWS = {
    "coursekit": "attention_maps comparison_table loss_curves reach reach_maps reached train under_grading",
    "coursekit.number_words": "NumberWords Sentences pieces",
    "parts": """
        Encoder EncoderLayer FeedForward LayerNorm MultiHeadAttention causal_mask padding_mask
        sinusoidal_positions train_step""",
    "torch": "gelu GELU ELU elu LayerNorm layer_norm",
}

LAYERS = {"TransformerDecoder", "TransformerEncoder", "MultiheadAttention", "multi_head_attention", "flex_attention"}
HEADS = 3


def drawn_without(rng, size, banned, *shape):
    """Tokens of a vocabulary of this size, but for a few."""
    allowed = torch.tensor([token for token in range(size) if token not in banned])
    return allowed[rng.integers(0, len(allowed) - 1, *shape)]


# shift_right


def whole(tokens):
    """Tokens as int64: another dtype costs one case."""
    return tokens.long() if isinstance(tokens, torch.Tensor) else tokens


@hidden("shift_right")
def every_token_moves(student, rng):
    """bos_id stands in front of each sentence, and every token moves one place to the right."""
    batch, length = rng.different(2, 3, 8)
    return whole(student.shift_right(rng.integers(2, 30, batch, length), rng.integer(31, 60)))


@hidden("shift_right")
def any_bos(student, rng):
    """Any number may be bos_id, also one that stands among the targets."""
    targets = rng.integers(0, 9, *rng.different(2, 3, 7))
    ids = [0, 1, int(targets[0, 0]), int(targets[1, -1]), rng.integer(10, 900)]
    return [whole(student.shift_right(targets.clone(), bos_id)) for bos_id in rng.shuffled(ids)]


@hidden("shift_right")
def sizes_of_one(student, rng):
    """A batch of one sentence works, and so do targets of one token."""
    shapes = rng.shuffled([(1, rng.integer(3, 6)), (rng.integer(3, 6), 1), (1, 1)])
    return [whole(student.shift_right(rng.integers(0, 99, *shape), rng.integer(100, 999))) for shape in shapes]


@hidden("shift_right")
def int64_comes_back(student, rng):
    """The result is int64, and large ids come through as they are."""
    return student.shift_right(2**40 + rng.integers(0, 999, *rng.different(2, 3, 6)), 2**40 + rng.integer(1, 999))


@hidden("shift_right")
def targets_stay(student, rng):
    """The targets are the same after the call as before."""
    targets = rng.integers(0, 30, *rng.different(2, 3, 7))
    return {"inputs": whole(student.shift_right(targets, rng.integer(31, 60))), "targets after the call": targets}


@hidden("shift_right")
def shifted_views(student, rng):
    """Targets may be a transposed view, or a part of a larger tensor."""
    batch, length = rng.different(2, 3, 7)
    turned, part = rng.integers(0, 30, length, batch).T, rng.integers(0, 30, batch, length + 2)[:, 1:-1]
    return [whole(student.shift_right(targets, rng.integer(31, 60))) for targets in (turned, part)]


# DecoderLayer


def layer(student, rng, norm_first, dtype=torch.float64, **options):
    """A layer in evaluation mode, every parameter set by name, and its width."""
    d_model = HEADS * rng.integer(2, 5)
    made = student.DecoderLayer(
        d_model, HEADS, rng.integer(5, 11), **{"dropout": 0.0, **options}, norm_first=norm_first
    )
    return fill(made, rng, dtype).eval(), d_model


def target_and_memory(rng, d_model, dtype=torch.float64):
    """Different lengths, the memory with a mean and a size of its own."""
    batch, target_length, source_length = rng.different(3, 2, 6)
    return (
        rng.normal(batch, target_length, d_model, dtype=dtype) + 0.5,
        2.0 * rng.normal(batch, source_length, d_model, dtype=dtype) - 1.0,
    )


def masks(rng, x, memory):
    """Which differ over the batch: one by head, and one of padding."""
    batch, target_length, source_length = len(x), x.shape[1], memory.shape[1]
    return rng.mask(batch, HEADS, target_length, target_length), rng.mask(batch, 1, 1, source_length)


@hidden("DecoderLayer", forbids=LAYERS)
def norms_after(student, rng):
    """norm_first=False, without masks: the paper's layer, with a memory longer or shorter than the target."""
    decoder, d_model = layer(student, rng, norm_first=False)
    return [decoder(*target_and_memory(rng, d_model)) for _ in range(2)]


@hidden("DecoderLayer", forbids=LAYERS)
def norms_first(student, rng):
    """norm_first=True, without masks: the sublayers read normalised values, and the residual sum is left as it is."""
    decoder, d_model = layer(student, rng, norm_first=True)
    return [decoder(*target_and_memory(rng, d_model)) for _ in range(2)]


@hidden("DecoderLayer", forbids=LAYERS)
def memory_as_long_as_the_target(student, rng):
    """A source as long as the target, with masks and norm_first=False: queries, keys and values keep their places."""
    decoder, d_model = layer(student, rng, norm_first=False)
    batch, length = rng.different(2, 2, 6)
    x, memory = rng.normal(batch, length, d_model), rng.normal(batch, length, d_model)
    return decoder(x, memory, rng.mask(batch, 1, length, length), rng.mask(batch, 1, length, length))


@hidden("DecoderLayer", forbids=LAYERS)
def as_long_with_norms_first(student, rng):
    """A source as long as the target, with masks and norm_first=True: queries, keys and values keep their places."""
    decoder, d_model = layer(student, rng, norm_first=True)
    batch, length = rng.different(2, 2, 6)
    x, memory = rng.normal(batch, length, d_model), 3.0 * rng.normal(batch, length, d_model) + 1.0
    return decoder(x, memory, rng.mask(batch, 1, length, length), rng.mask(batch, 1, length, length))


@hidden("DecoderLayer", forbids=LAYERS)
def self_mask_alone(student, rng):
    """self_mask without memory_mask: causal for all, by sentence, by head."""
    decoder, d_model = layer(student, rng, norm_first=False)
    x, memory = target_and_memory(rng, d_model)
    length = x.shape[1]
    causal = torch.ones(length, length).tril().bool()
    given = rng.shuffled([causal, rng.mask(len(x), 1, 1, length), rng.mask(HEADS, length, length)])
    return [decoder(x, memory, mask) for mask in given]


@hidden("DecoderLayer", forbids=LAYERS)
def memory_mask_alone(student, rng):
    """memory_mask without self_mask: the padding of each source, and a mask by head and query."""
    decoder, d_model = layer(student, rng, norm_first=False)
    x, memory = target_and_memory(rng, d_model)
    by_query = rng.mask(len(x), HEADS, x.shape[1], memory.shape[1])
    return [decoder(x, memory, memory_mask=mask) for mask in (rng.mask(len(x), 1, 1, memory.shape[1]), by_query)]


@hidden("DecoderLayer", forbids=LAYERS)
def both_masks(student, rng):
    """Both masks at once, different in each sentence, with norm_first=True."""
    decoder, d_model = layer(student, rng, norm_first=True)
    x, memory = target_and_memory(rng, d_model)
    self_mask, memory_mask = masks(rng, x, memory)
    return decoder(x, memory, memory_mask=memory_mask, self_mask=self_mask)


@hidden("DecoderLayer", forbids=LAYERS)
def source_of_padding_alone(student, rng):
    """A sentence whose source is all padding, and a target position that may look nowhere: no NaN."""
    decoder, d_model = layer(student, rng, norm_first=True)
    x, memory = target_and_memory(rng, d_model)
    self_mask, memory_mask = masks(rng, x, memory)
    self_mask[-1, :, 0], memory_mask[0] = False, False
    return decoder(x, memory, self_mask, memory_mask)


@hidden("DecoderLayer", forbids=LAYERS)
def sizes_of_one_in_a_layer(student, rng):
    """A batch of 1, a target of 1 and a source of 1 work."""
    decoder, d_model = layer(student, rng, norm_first=False)
    sizes = rng.shuffled([(1, 1, 4), (1, 5, 1), (3, 1, 1)])
    return [
        decoder(
            rng.normal(batch, target, d_model), rng.normal(batch, source, d_model), None, rng.mask(batch, 1, 1, source)
        )
        for batch, target, source in sizes
    ]


@hidden("DecoderLayer", forbids=LAYERS)
def activation_is_passed_on(student, rng):
    """The activation is the one that was asked for."""
    outputs = []
    for activation in rng.shuffled([torch.tanh, torch.sin, torch.square])[:2]:
        decoder, d_model = layer(student, rng, norm_first=False, activation=activation)
        outputs.append(decoder(*target_and_memory(rng, d_model)))
    return outputs


@hidden("DecoderLayer", forbids=LAYERS)
def eps_is_passed_on(student, rng):
    """eps reaches all three norms."""
    decoder, d_model = layer(student, rng, norm_first=True, eps=rng.integer(2, 9) / 10)
    x, memory = target_and_memory(rng, d_model)
    return decoder(0.5 * x, memory)


@hidden("DecoderLayer", forbids=LAYERS)
def arguments_in_order(student, rng):
    """The arguments may be given by position, in the order of the signature."""
    outputs = []
    for norm_first in rng.shuffled([True, False]):
        d_model, eps = HEADS * rng.integer(2, 5), rng.integer(2, 9) / 10
        decoder = student.DecoderLayer(d_model, HEADS, rng.integer(5, 11), 0.0, torch.sigmoid, eps, norm_first)
        x, memory = target_and_memory(rng, d_model)
        outputs.append(fill(decoder, rng).eval()(x, memory, *masks(rng, x, memory)))
    return outputs


@hidden("DecoderLayer", forbids=LAYERS)
def parameters_by_name(student, rng):
    """self_attention, cross_attention, feed_forward, norm1, norm2 and norm3 have parameters, and nothing else has."""
    d_model, heads = HEADS * rng.integer(2, 30), HEADS
    decoder = student.DecoderLayer(d_model, heads, rng.integer(5, 99), norm_first=rng.shuffled([True, False])[0])
    return {name: list(parameter.shape) for name, parameter in sorted(decoder.named_parameters())}


@hidden("DecoderLayer", forbids=LAYERS)
def two_layers_are_two(student, rng):
    """Two layers share nothing, and a layer works with the parameters that it has now."""
    first, d_model = layer(student, rng, norm_first=True)
    second = student.DecoderLayer(d_model, HEADS, rng.integer(5, 11), norm_first=True).double().eval()
    with torch.no_grad():
        for parameter in second.parameters():
            parameter.zero_()
    x, memory = target_and_memory(rng, d_model)
    outputs = [first(x, memory), second(x, memory)]
    with torch.no_grad():
        for parameter in first.parameters():
            parameter.mul_(-0.5)
    return [*outputs, first(x, memory)]


@hidden("DecoderLayer", forbids=LAYERS)
def gradients_reach_the_inputs(student, rng):
    """Gradients reach the target and, through the memory, the encoder."""
    found = {}
    for norm_first in (False, True):
        decoder, d_model = layer(student, rng, norm_first)
        x, memory = (tensor.requires_grad_() for tensor in target_and_memory(rng, d_model))
        output = decoder(x, memory, *masks(rng, x, memory))
        names = [f"norm_first {norm_first}: for {name}" for name in ("x", "the memory")]
        found |= dict(zip(names, gradients(output, [x, memory], rng), strict=True))
    return found


@hidden("DecoderLayer", forbids=LAYERS)
def gradients_reach_the_parameters(student, rng):
    """Gradients reach every parameter."""
    found = {}
    for norm_first in (False, True):
        decoder, d_model = layer(student, rng, norm_first)
        x, memory = target_and_memory(rng, d_model)
        output = decoder(x, memory, *masks(rng, x, memory))
        parameters = dict(sorted(decoder.named_parameters()))
        names = [f"norm_first {norm_first}: for {name}" for name in parameters]
        found |= dict(zip(names, gradients(output, [*parameters.values()], rng), strict=True))
    return found


@hidden("DecoderLayer", forbids=LAYERS)
def inputs_stay(student, rng):
    """Target, memory and masks are the same after the call as before."""
    found = []
    for norm_first in (False, True):
        decoder, d_model = layer(student, rng, norm_first)
        x, memory = target_and_memory(rng, d_model)
        self_mask, memory_mask = masks(rng, x, memory)
        with torch.no_grad():  # where autograd itself would refuse to change them
            output = decoder(x, memory, self_mask, memory_mask)
        after = {"x": x, "memory": memory, "self_mask": self_mask, "memory_mask": memory_mask}
        found.append({"output": output, **{f"after the call, {name}": tensor for name, tensor in after.items()}})
    return found


@hidden("DecoderLayer", forbids=LAYERS)
def dtype_stays(student, rng):
    """float32 goes in and out, and so does float64."""
    outputs = []
    kinds = [(norm_first, dtype) for norm_first in (False, True) for dtype in (torch.float32, torch.float64)]
    for norm_first, dtype in rng.shuffled(kinds):
        decoder, d_model = layer(student, rng, norm_first, dtype)
        x, memory = target_and_memory(rng, d_model, dtype)
        outputs.append(decoder(x, memory, *masks(rng, x, memory)))
    return outputs


@hidden("DecoderLayer", forbids=LAYERS, tolerance=1e-9)
def double_precision(student, rng):
    """In double precision nothing is rounded to float32 on the way."""
    outputs = []
    for norm_first in (False, True):
        decoder, d_model = layer(student, rng, norm_first)
        x, memory = target_and_memory(rng, d_model)
        outputs.append(decoder(x, memory, *masks(rng, x, memory)))
    return outputs


@hidden("DecoderLayer", forbids=LAYERS)
def evaluation_mode(student, rng):
    """In evaluation mode nothing is dropped, and nothing is scaled, whatever the rate."""
    found = {}
    for norm_first in (False, True):
        decoder, d_model = layer(student, rng, norm_first, dropout=rng.integer(3, 8) / 10)
        x, memory = target_and_memory(rng, d_model)
        outputs = [decoder(x, memory), decoder.train().eval()(x, memory)]
        found[f"norm_first {norm_first}"] = outputs
    return found


def rate_of(rng):
    """A rate of dropout which is far from 0.1, and far from the share that it leaves."""
    return rng.shuffled([rng.integer(25, 40), rng.integer(60, 70)])[0] / 100


def crowd(rng):
    """Many short sentences: a batch and a length."""
    return rng.integer(60, 80), rng.integer(9, 12)


SUBLAYERS = {
    "self-attention": "self_attention.output_proj",
    "cross-attention": "cross_attention.output_proj",
    "feed-forward": "feed_forward.linear2",
}


def ones_from_sublayers(decoder, sizes):
    """Let each sublayer give a number of its own, everywhere, whatever goes in. Norms normalise, and no more."""
    with torch.no_grad():
        for name, parameter in decoder.named_parameters():
            parameter.fill_(float("norm" in name and "weight" in name))
        for place, size in zip(SUBLAYERS.values(), sizes, strict=True):
            decoder.get_parameter(f"{place}.bias").fill_(size)


@hidden("DecoderLayer", forbids=LAYERS, tolerance=0.06)
def dropout_on_three_sublayers(student, rng):
    """While training, each of the three sublayers' outputs loses its share of numbers, each by itself."""
    rate, (batch, length) = rate_of(rng), crowd(rng)
    decoder = student.DecoderLayer(12, HEADS, 5, dropout=rate, norm_first=True).double().train()
    ones_from_sublayers(decoder, (1.0, 2.0, 4.0))
    x = rng.normal(batch, length, 12)
    which = (decoder(x, rng.normal(batch, 3, 12)) - x) * (1 - rate)  # 0 to 7: the sum of those that are left
    shares = {str(left): float(((which - left).abs() < 1e-6).double().mean()) for left in range(8)}
    alike = float((which - which[..., :1]).abs().amax(-1).lt(1e-6).double().mean())
    return {"shape": list(which.shape), **shares, "positions where all numbers fare alike": alike}


@hidden("DecoderLayer", forbids=LAYERS, tolerance=0.08)
def dropout_before_the_norms(student, rng):
    """While training with norm_first=False, numbers are dropped from each sublayer's output, and not after the sum."""
    found = {}
    for name, sizes in zip(SUBLAYERS, ((1.0, 0, 0), (0, 1.0, 0), (0, 0, 1.0)), strict=True):
        decoder = student.DecoderLayer(12, HEADS, 5, dropout=rate_of(rng)).double().train()
        ones_from_sublayers(decoder, sizes)
        batch, length = crowd(rng)
        output = decoder(torch.zeros(batch, length, 12).double(), rng.normal(batch, 3, 12))
        low, high = output.amin(-1, keepdim=True), output.amax(-1, keepdim=True)
        neither = ((output - low > 1e-6) & (high - output > 1e-6)).double().mean()
        found[name] = [list(output.shape), float((output < -1e-6).double().mean()), float(neither)]
    return found


@hidden("DecoderLayer", forbids=LAYERS, tolerance=0.03)
def dropout_by_default(student, rng):
    """Without a rate, the share that is dropped is 0.1."""
    batch, length = rng.integer(95, 120), rng.integer(9, 12)
    decoder = student.DecoderLayer(12, HEADS, 5).double().train()
    ones_from_sublayers(decoder, (0.0, 0.0, 1.0))
    output = decoder(torch.zeros(batch, length, 12).double(), rng.normal(batch, 2, 12))
    return {"shape": list(output.shape), "share": float((output < -1e-6).double().mean())}


@hidden("DecoderLayer", forbids=LAYERS, tolerance=0.08)
def nothing_else_is_dropped(student, rng):
    """While training, a number of a sublayer's output is 0 or scaled up; nothing inside the sublayers is dropped."""
    found = {}
    for name in SUBLAYERS:
        rate, (batch, length) = rate_of(rng), crowd(rng)
        decoder = fill(student.DecoderLayer(12, HEADS, 7, dropout=rate, norm_first=True), rng)
        with torch.no_grad():
            for other, place in SUBLAYERS.items():
                if other != name:
                    decoder.get_parameter(f"{place}.weight").zero_()
                    decoder.get_parameter(f"{place}.bias").zero_()
            x, memory = rng.normal(batch, length, 12), rng.normal(batch, 5, 12)
            found[name] = kept_and_dropped(decoder.train()(x, memory) - x, decoder.eval()(x, memory) - x, rate)
    return found


def kept_and_dropped(training, evaluation, rate):
    """The shares of numbers that were dropped, of those that were kept and scaled, and of those that are as ever."""
    room = 1e-6 * (1 + evaluation.abs())
    kept, as_ever = (training * (1 - rate) - evaluation).abs() < room, (training - evaluation).abs() < room
    shares = {"dropped": training.abs() < 1e-9, "kept": kept, "as ever": as_ever}
    return {"shape": list(training.shape), **{name: float(found.double().mean()) for name, found in shares.items()}}


# Transformer


class Reading(nn.Module):
    """Knows the tokens again, whatever was done to their embeddings: a mistake there costs other cases nothing."""

    def __init__(self, embedding):
        super().__init__()
        self.known = [embedding]  # in a list, so that its parameters are not this part's
        self.table = nn.Embedding(*embedding.weight.shape)

    def forward(self, x):
        return self.table((x @ nn.functional.normalize(self.known[0].weight).T).argmax(-1))


class Stand(nn.Module):
    """Stands for a decoder layer, so that no mistake in one shows: a function of all that it is given."""

    def __init__(self, width, reading=None):
        super().__init__()
        self.own, self.other, self.reading = nn.Linear(width, width), nn.Linear(width, width), reading

    def forward(self, x, memory, self_mask=None, memory_mask=None):
        x = self.reading(x) if self.reading else x
        x = x + torch.tanh(self.own(looked_up(x, x, self_mask)))
        return x + torch.sin(self.other(looked_up(x, memory, memory_mask)))


class StandingEncoder(nn.Module):
    """Stands for an encoder."""

    def __init__(self, width, reading):
        super().__init__()
        self.own, self.reading = nn.Linear(width, width), reading

    def forward(self, x, mask=None):
        x = self.reading(x)
        return x + torch.tanh(self.own(looked_up(x, x, mask)))


class Through(nn.Module):
    """Stands for an encoder, or for a decoder layer, that does nothing."""

    def forward(self, x, *others, **more):
        return x


class Steady(nn.Module):
    """Stands for an encoder that gives the same, whatever it reads."""

    def __init__(self, x):
        super().__init__()
        self.x = x

    def forward(self, x, *others, **more):
        return self.x


class Recalling(nn.Module):
    """Stands for a decoder layer that gives the mean of the memory, whatever else it reads."""

    def forward(self, x, memory, *others, **more):
        return memory.mean(dim=1, keepdim=True).expand_as(x)


def looked_up(x, memory, mask):
    scores = (x @ memory.mT / x.shape[-1])[:, None].expand(-1, HEADS, -1, -1)
    if mask is None:
        return (scores.softmax(-1) @ memory[:, None]).mean(1)
    weights = scores.masked_fill(~mask, -1e9).softmax(-1).masked_fill(~mask, 0.0)
    return (weights @ memory[:, None]).mean(1)


def transformer(student, rng, parts="literal", d_model=None, dtype=torch.float64, layers=1, **options):
    """A model in evaluation mode, every parameter set by name.

    parts  "literal": encoder and decoder layers are stands that know tokens again
           "numbers": the course's encoder, and decoder layers that are stands
           "through": an encoder and decoder layers that do nothing
           "own": the course's encoder and the student's decoder layers
    """
    d_model = d_model or 2 * HEADS * rng.integer(1, 2)
    source_vocab, target_vocab = rng.different(2, 14, 20)
    sizes = [d_model, HEADS, rng.integer(5, 9)]
    pad_id, options = rng.integer(1, 9), {"dropout": 0.0, **options}
    try:
        model = student.Transformer(source_vocab, target_vocab, *sizes, layers, pad_id, **options)
    except Exception:
        if parts == "own":
            raise
        # No DecoderLayer can be made. The rest of the model is none the worse for it.
        model = student.Transformer(source_vocab, target_vocab, *sizes, 0, pad_id, **options)
        model.encoder = type(model.encoder)(layers, *sizes, **options)
    if parts == "literal":
        model.encoder = StandingEncoder(d_model, Reading(model.source_embedding))
    if parts in ("literal", "numbers"):
        model.decoder_layers = nn.ModuleList(Stand(d_model) for _ in range(layers))
    if parts == "literal":
        model.decoder_layers[0].reading = Reading(model.target_embedding)
    if parts == "through":
        model.encoder, model.decoder_layers = Through(), nn.ModuleList(Through() for _ in range(layers))
    fill(model, rng, dtype).eval()
    if parts == "literal":  # large beside their positions, so that they can be known again
        with torch.no_grad():
            model.source_embedding.weight.mul_(100)
            model.target_embedding.weight.mul_(100)
    return model


def source_of(model, rng, batch, length):
    """Tokens without padding. One of several is 0, which is not the padding either."""
    tokens = drawn_without(rng, model.source_embedding.num_embeddings, {model.pad_id}, batch, length)
    if tokens.numel() > 1:
        tokens[rng.integer(0, batch - 1), rng.integer(0, length - 1)] = 0
    return tokens


def target_of(model, rng, batch, length):
    return drawn_without(rng, model.target_embedding.num_embeddings, {model.pad_id}, batch, length)


def batch_and_lengths(rng):
    """A batch, a target's length and a source's, all different. None of them could be taken for the heads."""
    return rng.different(3, HEADS + 1, HEADS + 4)


def padded(model, rng, tokens):
    """Some of the sentences shorter, filled up; one is as long as it was."""
    batch, length = tokens.shape
    lengths = rng.integers(1, length - 1, batch)
    lengths[rng.integer(0, batch - 1)] = length
    return tokens.masked_fill(torch.arange(length) >= lengths[:, None], model.pad_id)


def padded_anywhere(model, rng, tokens):
    """Some of the tokens replaced by padding: in at least one sentence, some of it stands in front of a real token."""
    while True:
        real = rng.mask(*tokens.shape)
        if (~real[:, :-1] & real[:, 1:]).any():
            return tokens.masked_fill(~real, model.pad_id)


def of_real_tokens(model, tokens, values):
    """What nobody looks at, is nobody's business: values at padding are blanked."""
    return values.masked_fill((tokens == model.pad_id)[..., None], 0.0)


def memory_of(rng, model, batch, length):
    """A memory that no encoder has made, with a mask of its own."""
    return rng.normal(batch, length, model.d_model), rng.mask(batch, 1, 1, length)


@hidden("Transformer", forbids=LAYERS)
def a_source_without_padding(student, rng):
    """encode, without padding: the memory, in both orders of norms."""
    found = {}
    for norm_first in (False, True):
        model = transformer(student, rng, "numbers", norm_first=norm_first)
        found[f"norm_first {norm_first}"] = model.encode(source_of(model, rng, *batch_and_lengths(rng)[:2]))[0]
    return found


@hidden("Transformer", forbids=LAYERS)
def a_source_with_padding(student, rng):
    """encode, with padding at the end or anywhere: nothing of it comes into the memory of the real tokens."""
    found = []
    for put in (padded, padded_anywhere):
        model = transformer(student, rng)
        source = put(model, rng, source_of(model, rng, *rng.different(2, 3, 7)))
        found.append(of_real_tokens(model, source, model.encode(source)[0]))
    return found


@hidden("Transformer", forbids=LAYERS)
def the_memory_mask(student, rng):
    """encode returns, beside the memory, a bool mask (batch, 1, 1, source_length): True for real tokens, anywhere."""
    model = transformer(student, rng)
    batch, length = rng.different(2, 4, 8)
    source, others = (put(model, rng, source_of(model, rng, batch, length)) for put in (padded, padded_anywhere))
    single = source_of(model, rng, rng.integer(2, 5), 1)
    return [model.encode(tokens)[1] for tokens in (source, source[:1], others, single)]


@hidden("Transformer", forbids=LAYERS)
def the_memory_is_one_of_two(student, rng):
    """encode returns two things: the memory and its mask."""
    model = transformer(student, rng)
    return list(model.encode(source_of(model, rng, *rng.different(2, 2, 6))))


@hidden("Transformer", forbids=LAYERS)
def what_the_encoder_reads(student, rng):
    """encode: embeddings times sqrt(d_model), plus positions, for short sources and long ones."""
    model = transformer(student, rng, "through")
    sizes = rng.shuffled([(2, rng.integer(30, 40)), (5, 3), (3, 3), (1, 1)])
    return [model.encode(source_of(model, rng, *size))[0] for size in sizes]


@hidden("Transformer", forbids=LAYERS)
def what_the_decoder_reads(student, rng):
    """decode: embeddings times sqrt(d_model), plus positions that start at 0, for short targets and long ones."""
    model = transformer(student, rng, "through")
    sizes = rng.shuffled([(2, rng.integer(30, 40)), (5, 3), (3, 3), (1, 1)])
    return [model.decode(target_of(model, rng, *size), *memory_of(rng, model, size[0], 4)) for size in sizes]


@hidden("Transformer", forbids=LAYERS)
def any_memory(student, rng):
    """decode works with the memory and the mask that it is given, from wherever they come."""
    model = transformer(student, rng)
    model.encode(source_of(model, rng, 4, 5))  # is of no importance
    logits = []
    for _ in range(2):
        batch, target_length, source_length = rng.different(3, 2, 6)
        target = target_of(model, rng, batch, target_length)
        logits.append(model.decode(target, *memory_of(rng, model, batch, source_length)))
    return logits


@hidden("Transformer", forbids=LAYERS)
def every_layer_in_its_order(student, rng):
    """decode runs each layer once, in their order, on what the layer before has made, each with the same memory."""
    model = transformer(student, rng, layers=3)
    batch, length = rng.different(2, 3, 6)
    memory = rng.normal(batch, length, model.d_model)
    return model.decode(target_of(model, rng, batch, length), memory, torch.ones(batch, 1, 1, length).bool())


@hidden("Transformer", forbids=LAYERS)
def decoder_norm(student, rng):
    """decode, with norm_first=True: decoder_norm comes after the last layer, once, with its eps."""
    model = transformer(student, rng, norm_first=True, eps=rng.integer(2, 9) / 10)
    batch, target_length, source_length = rng.different(3, 2, 6)
    return model.decode(target_of(model, rng, batch, target_length), *memory_of(rng, model, batch, source_length))


@hidden("Transformer", forbids=LAYERS)
def only_the_past(student, rng):
    """decode: the logits of a prefix are the same, whatever comes after it."""
    model = transformer(student, rng)
    batch, length, source_length = rng.different(3, 4, 7)
    target, memory = target_of(model, rng, batch, length), memory_of(rng, model, batch, source_length)
    cut = rng.integer(1, length - 1)
    other = torch.cat([target[:, :cut], target_of(model, rng, batch, length - cut)], dim=1)
    calls = {"whole": target, "prefix": target[:, :cut], "other end": other}
    return {name: model.decode(tokens, *memory) for name, tokens in calls.items()}


@hidden("Transformer", forbids=LAYERS)
def padding_of_the_source_in_decode(student, rng):
    """decode: every layer gets memory_mask, which is another one for each sentence, and one may be all padding."""
    model = transformer(student, rng)
    batch, target_length, source_length = batch_and_lengths(rng)
    memory, memory_mask = memory_of(rng, model, batch, source_length)
    memory_mask[rng.integer(0, batch - 1)] = False
    return model.decode(target_of(model, rng, batch, target_length), memory, memory_mask)


@hidden("Transformer", forbids=LAYERS)
def padding_in_the_target(student, rng):
    """decode: target inputs may be filled up with pad_id; what comes before it is as ever, and there is no NaN."""
    model = transformer(student, rng, "numbers")
    batch, target_length, source_length = batch_and_lengths(rng)
    target = padded(model, rng, target_of(model, rng, batch, target_length))
    logits = model.decode(target, *memory_of(rng, model, batch, source_length))
    return {"logits": of_real_tokens(model, target, logits), "NaN": int(logits.isnan().sum())}


@hidden("Transformer", forbids=LAYERS)
def from_source_to_logits(student, rng):
    """forward: padded sources and target inputs of another length, in two languages of different size."""
    logits = []
    for norm_first in rng.shuffled([True, False]):
        model = transformer(student, rng, norm_first=norm_first)
        batch, target_length, source_length = batch_and_lengths(rng)
        source = padded(model, rng, source_of(model, rng, batch, source_length))
        logits.append(model(source, target_of(model, rng, batch, target_length)))
    return logits


@hidden("Transformer", forbids=LAYERS)
def models_of_one_sentence(student, rng):
    """A batch of one sentence works, and sources and targets of one token."""
    model = transformer(student, rng)
    sizes = rng.shuffled([(1, 1, 4), (1, 5, 1), (3, 1, 1), (1, 1, 1)])
    return [model(source_of(model, rng, b, s), target_of(model, rng, b, t)) for b, t, s in sizes]


@hidden("Transformer", forbids=LAYERS)
def a_source_of_padding_alone(student, rng):
    """forward: a sentence whose source is all padding gives no NaN, and its neighbours are as ever."""
    model = transformer(student, rng, "numbers")
    batch, target_length, source_length = batch_and_lengths(rng)
    source = padded(model, rng, source_of(model, rng, batch, source_length))
    source[rng.integer(0, batch - 1)] = model.pad_id
    return model(source, target_of(model, rng, batch, target_length))


@hidden("Transformer", forbids=LAYERS)
def with_your_layers(student, rng):
    """The whole model with your DecoderLayer in it, norm_first=False."""
    model = transformer(student, rng, "own", layers=2, activation=torch.tanh, eps=0.2)
    batch, target_length, source_length = batch_and_lengths(rng)
    source = padded(model, rng, source_of(model, rng, batch, source_length))
    return model(source, target_of(model, rng, batch, target_length))


@hidden("Transformer", forbids=LAYERS)
def with_your_layers_and_norms_first(student, rng):
    """decode with your DecoderLayer in it, norm_first=True."""
    model = transformer(student, rng, "own", layers=2, norm_first=True, activation=torch.sin, eps=0.3)
    batch, target_length, source_length = batch_and_lengths(rng)
    return model.decode(target_of(model, rng, batch, target_length), *memory_of(rng, model, batch, source_length))


@hidden("Transformer", forbids=LAYERS)
def gradients_reach_the_embeddings(student, rng):
    """Gradients reach both embeddings; the target's is used twice, at the beginning of the decoder and at its end."""
    found = {}
    for norm_first in (False, True):
        model = transformer(student, rng, "numbers", norm_first=norm_first)
        batch, target_length, source_length = batch_and_lengths(rng)
        source = padded(model, rng, source_of(model, rng, batch, source_length))
        logits = model(source, target_of(model, rng, batch, target_length))
        names = [f"norm_first {norm_first}: for the {embedding}" for embedding in ("source", "target")]
        weights = [model.source_embedding.weight, model.target_embedding.weight]
        found |= dict(zip(names, gradients(logits, weights, rng), strict=True))
    return found


@hidden("Transformer", forbids=LAYERS)
def gradients_reach_the_memory(student, rng):
    """Gradients of the logits reach the memory, and those of the memory the encoder."""
    model = transformer(student, rng, "numbers")
    batch, target_length, source_length = batch_and_lengths(rng)
    memory, memory_mask = memory_of(rng, model, batch, source_length)
    logits = model.decode(target_of(model, rng, batch, target_length), memory.requires_grad_(), memory_mask)
    encoded = model.encode(source_of(model, rng, batch, source_length))[0]
    parameters = dict(sorted(model.encoder.named_parameters()))
    found = gradients(encoded, [*parameters.values()], rng)
    return {"memory": gradients(logits, [memory], rng), **dict(zip(parameters, found, strict=True))}


@hidden("Transformer", forbids=LAYERS)
def precision_of_the_model(student, rng):
    """The model's dtype is the dtype of memory and logits: float32, float64."""
    found = []
    for dtype in rng.shuffled([torch.float32, torch.float64]):
        model = transformer(student, rng, "numbers", dtype=dtype)
        batch, target_length, source_length = batch_and_lengths(rng)
        memory, memory_mask = model.encode(source_of(model, rng, batch, source_length))
        found += [memory, model.decode(target_of(model, rng, batch, target_length), memory, memory_mask)]
    return found


@hidden("Transformer", forbids=LAYERS)
def what_the_model_is_given_stays(student, rng):
    """Source, target inputs, memory and mask are the same after the call as before, and so are the embeddings."""
    model = transformer(student, rng)
    batch, target_length, source_length = batch_and_lengths(rng)
    source = padded(model, rng, source_of(model, rng, batch, source_length))
    target, (memory, memory_mask) = target_of(model, rng, batch, target_length), memory_of(rng, model, batch, 4)
    with torch.no_grad():  # where autograd itself would refuse to change them
        logits = [model(source, target), model.decode(target, memory, memory_mask)]
    embeddings = [model.source_embedding.weight, model.target_embedding.weight]
    after = {"source": source, "target": target, "memory": memory, "mask": memory_mask, "embeddings": embeddings}
    return {"logits": logits, **{f"after the call, {name}": value for name, value in after.items()}}


@hidden("Transformer", forbids=LAYERS)
def no_head_of_its_own(student, rng):
    """The head is the target embedding, before the first call and after: no parameter is added, and no bias."""
    sizes = [rng.integer(20, 60), rng.integer(20, 60), 2 * HEADS, HEADS, rng.integer(5, 60)]
    model = student.Transformer(*sizes, num_layers=0, pad_id=rng.integer(0, 9), norm_first=True).eval()
    shape = list(model(rng.integers(10, 19, 2, 3), rng.integers(10, 19, 2, 4)).shape)
    return {"logits": shape, **{name: list(parameter.shape) for name, parameter in sorted(model.named_parameters())}}


@hidden("Transformer", forbids=LAYERS)
def nothing_dropped_in_evaluation_mode(student, rng):
    """In evaluation mode nothing is dropped, and nothing is scaled, whatever the rate."""
    model = transformer(student, rng, "numbers", dropout=rng.integer(3, 8) / 10)
    batch, target_length, source_length = batch_and_lengths(rng)
    target = target_of(model, rng, batch, target_length)
    encoded = model.encode(source_of(model, rng, batch, source_length))
    return [encoded[0], model.decode(target, *memory_of(rng, model, batch, source_length))]


@hidden("Transformer", forbids=LAYERS, tolerance=0.06)
def dropout_on_the_source(student, rng):
    """encode, while training: of the sum of embeddings and positions, the given share is dropped, and nothing else."""
    rate = rate_of(rng)
    model = transformer(student, rng, "through", d_model=12, dropout=rate)
    source = source_of(model, rng, *crowd(rng))
    return kept_and_dropped(model.train().encode(source)[0], model.eval().encode(source)[0], rate)


@hidden("Transformer", forbids=LAYERS, tolerance=0.06)
def dropout_on_the_target(student, rng):
    """decode, while training: of the sum of embeddings and positions, the given share is dropped, and nothing else."""
    rate, (batch, length) = rate_of(rng), crowd(rng)
    model = transformer(student, rng, "through", d_model=12, dropout=rate)
    target, memory = target_of(model, rng, batch, length), memory_of(rng, model, batch, 4)
    back = torch.linalg.pinv(model.target_embedding.weight.detach().double()).mT  # from logits to what made them
    source = source_of(model, rng, batch, 2)
    evaluation = model.decode(target, *memory) @ back
    training = {"decode": model.train().decode(target, *memory), "forward": model(source, target)}
    shares = {name: kept_and_dropped(logits @ back, evaluation, rate) for name, logits in training.items()}
    return {**shares, "still in training mode": model.training}


@hidden("Transformer", forbids=LAYERS)
def nothing_dropped_outside_the_layers(student, rng):
    """decode and forward, while training: nothing is dropped from the memory, nor from what the layers give."""
    model = transformer(student, rng, "through", d_model=12, dropout=rate_of(rng))
    batch, target_length, source_length = batch_and_lengths(rng)
    memory, memory_mask = memory_of(rng, model, batch, source_length)
    model.encoder, model.decoder_layers = Steady(memory), nn.ModuleList([Recalling()])
    source, target = source_of(model, rng, batch, source_length), target_of(model, rng, batch, target_length)
    evaluation = model.decode(target, memory, memory_mask)
    training = {"decode": model.train().decode(target, memory, memory_mask), "forward": model(source, target)}
    found = {"in evaluation mode": evaluation}
    for name, logits in training.items():
        found[f"nothing dropped in {name}"] = torch.allclose(logits, evaluation)
        found[f"all positions alike in {name}"] = torch.allclose(logits, logits[:, :1])
    return found


# sequence_loss


def loss_of(student, *arguments):
    """One number, in double precision: what kind of number it is, two cases ask."""
    loss = student.sequence_loss(*arguments)
    if isinstance(loss, torch.Tensor) and loss.numel() == 1:
        return loss.reshape(()).double()
    return torch.tensor(loss, dtype=torch.float64) if isinstance(loss, float) else loss


def with_padding(rng, targets, pad_id):
    """Put padding into about a third of the places, also in front of real tokens.

    Not all sentences get the same number of real tokens, nor is that of all tokens the number of sentences: or means
    over different things could be the same.
    """
    while True:
        real = rng.mask(*targets.shape)
        if not real[:, 0].all() and len(real.sum(dim=1).unique()) > 1 and real.sum() != len(real):
            return targets.masked_fill_(~real, pad_id)


def with_padding_predicted(logits, targets, pad_id):
    """Let the logits predict padding at each sentence's first real token: so it shows if such a token is left out."""
    logits[torch.arange(len(targets)), (targets != pad_id).long().argmax(dim=1), pad_id] += 15.0
    return logits


def sentences(rng, dtype=torch.float64):
    """Logits, targets of which about a third is padding, anywhere, and pad_id."""
    batch, length, vocab = rng.different(3, 3, 8)
    pad_id = rng.integer(1, vocab - 1)
    targets = with_padding(rng, drawn_without(rng, vocab, {pad_id}, batch, length), pad_id)
    logits = 2.0 * rng.normal(batch, length, vocab, dtype=dtype)
    return with_padding_predicted(logits, targets, pad_id), targets, pad_id


@hidden("sequence_loss")
def every_token_real(student, rng):
    """Without padding: the mean over all positions of all sentences."""
    batch, length, vocab = rng.different(3, 3, 8)
    targets = drawn_without(rng, vocab, {1}, batch, length)
    return loss_of(student, with_padding_predicted(2.0 * rng.normal(batch, length, vocab), targets, 1), targets, 1)


@hidden("sequence_loss")
def sentences_of_different_length(student, rng):
    """Sentences filled up at the end: every real token counts the same, whichever sentence it stands in."""
    batch, length, vocab = rng.different(3, 3, 8)
    pad_id, lengths = rng.integer(1, vocab - 1), torch.tensor([length, 1, *rng.integers(1, length, batch - 2)])
    targets = drawn_without(rng, vocab, {pad_id}, batch, length)
    targets[torch.arange(length) >= lengths[:, None]] = pad_id
    logits = with_padding_predicted(2.0 * rng.normal(batch, length, vocab), targets, pad_id)
    return loss_of(student, logits, targets, pad_id)


@hidden("sequence_loss")
def any_pad_id(student, rng):
    """Any token may be pad_id, also 0 and the last of the vocabulary, and it may stand anywhere."""
    losses = []
    for place in rng.shuffled([0, 1, 2]):
        batch, length, vocab = rng.different(3, 3, 8)
        pad_id = [0, rng.integer(1, vocab - 2), vocab - 1][place]
        targets = with_padding(rng, drawn_without(rng, vocab, {pad_id}, batch, length), pad_id)
        logits = with_padding_predicted(rng.normal(batch, length, vocab), targets, pad_id)
        losses.append(loss_of(student, logits, targets, pad_id))
    return losses


@hidden("sequence_loss")
def a_sentence_of_padding(student, rng):
    """A sentence of padding alone among others counts for nothing."""
    while True:
        logits, targets, pad_id = sentences(rng)
        targets[rng.integer(1, len(targets) - 1)] = pad_id
        if (targets != pad_id).sum() != len(targets):  # or to divide by the sentences would be right
            return loss_of(student, logits, targets, pad_id)


@hidden("sequence_loss")
def nothing_but_padding(student, rng):
    """If every target is padding, the loss is 0 and every gradient is 0, never NaN."""
    logits, targets, pad_id = sentences(rng)
    logits.requires_grad_()
    usual = loss_of(student, logits, targets, pad_id)
    nothing = loss_of(student, logits, torch.full_like(targets, pad_id), pad_id)
    found = gradients(nothing.reshape(1), [logits], rng)
    return {"usual loss": usual, "loss of padding": nothing, "gradient": found}


@hidden("sequence_loss")
def logits_of_nan(student, rng):
    """If the logits of a target that is not padding are NaN, so is the loss."""
    logits, targets, pad_id = sentences(rng)
    real = (targets != pad_id).nonzero()
    broken = logits.clone()
    broken[tuple(real[rng.integer(0, len(real) - 1)])] = torch.nan
    usual = loss_of(student, logits, targets.clone(), pad_id)
    return {"usual loss": usual, "NaN": bool(loss_of(student, broken, targets, pad_id).isnan())}


@hidden("sequence_loss")
def gradient_of_the_loss(student, rng):
    """The gradient at each position, and none where the target is padding."""
    logits, targets, pad_id = sentences(rng)
    loss = loss_of(student, logits.requires_grad_(), targets, pad_id)
    return gradients(loss.reshape(1), [logits], rng)


@hidden("sequence_loss")
def logits_at_padding(student, rng):
    """Whatever the model predicts where the target is padding, the loss is the same, even if it is infinite there."""
    logits, targets, pad_id = sentences(rng)
    at_padding = (targets == pad_id)[..., None]
    louder = torch.where(at_padding, 50.0 * rng.normal(*logits.shape), logits)
    one = nn.functional.one_hot(targets, logits.shape[-1])
    endless = [logits.masked_fill(at_padding & one.bool(), size) for size in (-torch.inf, torch.inf)]
    return [loss_of(student, given, targets, pad_id) for given in (logits, louder, logits + 30.0 * one, *endless)]


@hidden("sequence_loss")
def predictions_of_padding(student, rng):
    """Where padding is predicted and the target is a real token, the position counts."""
    logits, targets, pad_id = sentences(rng)
    logits[..., pad_id] += 9.0
    return loss_of(student, logits, targets, pad_id)


@hidden("sequence_loss")
def large_logits(student, rng):
    """Very large logits overflow nowhere."""
    found = []
    for size in rng.shuffled([1e3, 1e4]):
        logits, targets, pad_id = sentences(rng)
        logits = (size * logits).requires_grad_()
        loss = loss_of(student, logits, targets, pad_id)
        found += [loss / size, *gradients(loss.reshape(1), [logits], rng)]
    return found


@hidden("sequence_loss")
def dtype_of_the_loss(student, rng):
    """The loss is a tensor of one number in the dtype of the logits: float32, float64, bfloat16."""
    kinds = rng.shuffled([torch.float32, torch.float64, torch.bfloat16])
    losses = [student.sequence_loss(*sentences(rng, dtype)) for dtype in kinds]
    return [loss.reshape(()) if isinstance(loss, torch.Tensor) and loss.numel() == 1 else loss for loss in losses]


@hidden("sequence_loss", tolerance=1e-9)
def loss_in_double_precision(student, rng):
    """In double precision nothing is rounded to float32 on the way."""
    return loss_of(student, *sentences(rng))


@hidden("sequence_loss")
def losses_of_one(student, rng):
    """One sentence, one token, two words: sizes of 1 and 2 work."""
    found = []
    for batch, length, vocab in rng.shuffled([(1, 1, 5), (1, 4, 3), (4, 1, 2), (1, 1, 2)]):
        targets = torch.zeros(batch, length, dtype=torch.int64)
        logits = with_padding_predicted(rng.normal(batch, length, vocab), targets, 1)
        found.append(loss_of(student, logits, targets, 1))
    return found


@hidden("sequence_loss")
def losses_of_views(student, rng):
    """Logits and targets may be transposed views, or parts of larger tensors."""
    batch, length, vocab = rng.different(3, 3, 8)
    pad_id = rng.integer(1, vocab - 1)
    targets = with_padding(rng, drawn_without(rng, vocab, {pad_id}, length, batch).T, pad_id)
    turned, part = rng.normal(batch, vocab, length).mT, rng.normal(batch, length + 2, vocab)[:, 1:-1]
    return [
        loss_of(student, with_padding_predicted(logits, targets, pad_id), targets, pad_id) for logits in (turned, part)
    ]


@hidden("sequence_loss")
def logits_and_targets_stay(student, rng):
    """Logits and targets are the same after the call as before."""
    logits, targets, pad_id = sentences(rng)
    loss = loss_of(student, logits, targets, pad_id)
    return {"loss": loss, "after the call, logits": logits, "targets": targets}


# greedy_translate

VOCAB = 14


class Model(nn.Module):
    """Stands for a Transformer, and remembers how it was used."""

    def __init__(self, pad_id):
        super().__init__()
        self.pad_id = pad_id
        self.one = nn.Parameter(torch.ones((), dtype=torch.float64))
        self.dropout = nn.Dropout(0.5)
        self.sentences_read, self.longest_prefix, self.with_gradients = 0, 0, False
        self.in_training, self.parts_in_training = False, False

    def encode(self, source):
        self.look()
        self.sentences_read += len(source)
        return self.read(source)

    def decode(self, target_inputs, memory, memory_mask):
        self.look()
        self.longest_prefix = max(self.longest_prefix, target_inputs.shape[1])
        return self.one * self.predict(target_inputs, memory, memory_mask)

    def forward(self, source, target_inputs):
        return self.decode(target_inputs, *self.encode(source))

    def look(self):
        self.in_training |= self.training
        self.parts_in_training |= self.dropout.training
        self.with_gradients |= torch.is_grad_enabled()


class Writer(Model):
    """Writes what stands in its script: row n for a source that begins with token n, whatever was written before."""

    def __init__(self, pad_id, script, rng, rivals=None, behind=0.0):
        super().__init__(pad_id)
        self.script, self.noise = script, rng.normal(50, VOCAB).sigmoid()
        self.rivals, self.behind = script if rivals is None else rivals, behind  # by how much the rivals lose

    def read(self, source):
        return source.double()[..., None] * self.one, torch.ones_like(source).bool()[:, None, None]

    def predict(self, target_inputs, memory, memory_mask):
        steps = torch.arange(target_inputs.shape[1])
        rows = memory[:, :1, 0].long()
        logits = self.noise[steps % 50].expand(len(memory), -1, -1)
        steps = steps % self.script.shape[1]
        best, rivals = self.one_hot(self.script[rows, steps]), self.one_hot(self.rivals[rows, steps])
        return logits.masked_fill(rivals, 2.0 - self.behind).masked_fill(best, 2.0)

    def one_hot(self, tokens):
        return nn.functional.one_hot(tokens, VOCAB).bool()


class Reader(Model):
    """Writes what depends on the source, on the memory's mask, and on every token written before.

    It never ends, and never writes padding.
    """

    def __init__(self, pad_id, eos_id, rng, decoys=False):
        super().__init__(pad_id)
        self.sources, self.targets, self.head = rng.normal(VOCAB, 6), 1.5 * rng.normal(VOCAB, 6), rng.normal(6, VOCAB)
        self.step, self.eos_id, self.decoys = rng.normal(6, 6), eos_id, decoys

    def read(self, source):
        # Its mask is no matter of padding: who makes another one is found out.
        return self.sources[source] * self.one, (source % 3 != source[:, :1] % 3)[:, None, None]

    def predict(self, target_inputs, memory, memory_mask):
        state = 3.0 * (memory * memory_mask[:, 0, 0, :, None]).sum(1)
        states = []
        for token in target_inputs.unbind(1):
            state = torch.sin(state @ self.step + self.targets[token])
            states.append(state)
        logits = torch.stack(states, 1) @ self.head
        never = [self.eos_id, self.pad_id]
        logits[..., never] = -9.0 - logits[..., never].abs()
        if self.decoys:
            logits[:, :-1] = 9.0 - logits[:, :-1]
        return logits


def some_ids(rng):
    """bos, eos and pad, of which none is 0 or 1, the numbers that are written in their place."""
    return rng.different(3, 2, VOCAB - 1)


def sources(rng, rows, length):
    """Sentences that begin with different tokens, 0 to rows - 1."""
    tokens = rng.integers(0, VOCAB - 1, rows, length)
    tokens[:, 0] = torch.tensor(rng.different(rows, 0, rows - 1))
    return tokens


def endless(rng, banned, rows, steps):
    """A script without bos, eos and pad."""
    return drawn_without(rng, VOCAB, banned, rows, steps)


def trimmed(tokens, pad_id):
    """Without columns of nothing but padding at the end: whether it stops in time is asked elsewhere."""
    if not isinstance(tokens, torch.Tensor) or tokens.dim() != 2:
        return tokens
    used = (tokens != pad_id).any(dim=0).nonzero()
    return tokens[:, : int(used.max()) + 1 if len(used) else 0]


@hidden("greedy_translate")
def all_that_was_written(student, rng):
    """Each token depends on all that was written before it, from bos_id on, and on the source."""
    bos_id, eos_id, pad_id = some_ids(rng)
    model, source = Reader(pad_id, eos_id, rng), sources(rng, *rng.different(2, 3, 6))
    return student.greedy_translate(model, source, bos_id, eos_id, rng.integer(7, 9))


@hidden("greedy_translate")
def last_position_counts(student, rng):
    """The next token is what is predicted at the last position of what was written so far."""
    bos_id, eos_id, pad_id = some_ids(rng)
    model, source = Reader(pad_id, eos_id, rng, decoys=True), sources(rng, *rng.different(2, 3, 6))
    return student.greedy_translate(model, source, bos_id, eos_id, rng.integer(6, 8))


@hidden("greedy_translate")
def most_probable(student, rng):
    """The most probable token is taken at each step, by however little, up to max_length; bos_id is none of them."""
    bos_id, eos_id, pad_id = some_ids(rng)
    rows, steps = rng.different(2, 3, 6)
    best, second = (endless(rng, {bos_id, eos_id, pad_id}, rows, steps + 3) for _ in range(2))
    model = Writer(pad_id, best, rng, rivals=second, behind=1e-4)
    return student.greedy_translate(model, sources(rng, rows, 4), bos_id, eos_id, steps)


@hidden("greedy_translate")
def equal_probabilities(student, rng):
    """Of equally probable tokens, the lowest id is taken."""
    bos_id, eos_id, pad_id = some_ids(rng)
    rows, steps = rng.different(2, 4, 7)
    one, other = (endless(rng, {bos_id, eos_id, pad_id}, rows, steps) for _ in range(2))
    model = Writer(pad_id, one, rng, rivals=other)
    return student.greedy_translate(model, sources(rng, rows, 3), bos_id, eos_id, steps)


def ending(rng, ids, rows, steps, last):
    """A script in which each row ends at a step of its own, one of them at ``last``, and goes on with nonsense."""
    bos_id, eos_id, pad_id = ids
    script = endless(rng, {bos_id, eos_id, pad_id}, rows, steps)
    ends = rng.shuffled([last, *rng.different(rows - 1, 0, last - 1)])
    for row, end in enumerate(ends):
        script[row, end] = eos_id
        if end + 3 < steps:
            script[row, end + 2] = eos_id
    return script


@hidden("greedy_translate")
def padding_after_the_end(student, rng):
    """After its first eos_id, a row holds the model's pad_id, whatever the model would have written."""
    ids = bos_id, eos_id, pad_id = some_ids(rng)
    model = Writer(pad_id, ending(rng, ids, 4, 9, last=6), rng)
    return trimmed(student.greedy_translate(model, sources(rng, 4, 3), bos_id, eos_id, 9), pad_id)


@hidden("greedy_translate")
def stops_when_all_have_ended(student, rng):
    """When every row has its eos_id, nothing more is computed, and nothing more returned."""
    ids = bos_id, eos_id, pad_id = some_ids(rng)
    last = rng.integer(3, 5)
    model = Writer(pad_id, ending(rng, ids, 3, 12, last), rng)
    tokens = student.greedy_translate(model, sources(rng, 3, 4), bos_id, eos_id, 12)
    return {"tokens": tokens, "tokens that the model has read at once": model.longest_prefix}


@hidden("greedy_translate")
def some_never_end(student, rng):
    """At max_length it is over, also for rows without an eos_id; others have ended long before."""
    bos_id, eos_id, pad_id = some_ids(rng)
    rows, steps = 4, rng.integer(6, 9)
    script = endless(rng, {bos_id, eos_id, pad_id}, rows, steps + 4)
    for row in rng.different(2, 0, rows - 1):
        script[row, rng.integer(0, steps - 3)] = eos_id
    model = Writer(pad_id, script, rng)
    tokens = student.greedy_translate(model, sources(rng, rows, 2), bos_id, eos_id, steps)
    return {"tokens": tokens, "tokens that the model has read at once": model.longest_prefix}


@hidden("greedy_translate")
def end_at_the_limit(student, rng):
    """The last row ends with the last token that is allowed; max_length may be 1 or 0."""
    ids = bos_id, eos_id, pad_id = some_ids(rng)
    rows = rng.integer(3, 5)
    script = ending(rng, ids, rows, 9, last=5)
    source = sources(rng, rows, 3)
    limits = rng.shuffled([6, 5, 1, 0])
    return [student.greedy_translate(Writer(pad_id, script, rng), source, bos_id, eos_id, limit) for limit in limits]


@hidden("greedy_translate")
def at_once(student, rng):
    """A row may consist of nothing but eos_id; if all do, that is all."""
    bos_id, eos_id, pad_id = some_ids(rng)
    rows = rng.integer(3, 5)
    script = endless(rng, {bos_id, eos_id, pad_id}, rows, 8)
    script[:, 0] = eos_id
    but_one = script.clone()
    but_one[rng.integer(0, rows - 1), 0] = drawn_without(rng, VOCAB, {bos_id, eos_id, pad_id})
    models = rng.shuffled([Writer(pad_id, script, rng), Writer(pad_id, but_one, rng)])
    source = sources(rng, rows, 3)
    return [trimmed(student.greedy_translate(model, source, bos_id, eos_id, 4), pad_id) for model in models]


@hidden("greedy_translate")
def pad_id_is_a_token_too(student, rng):
    """Only eos_id ends a row: where the model itself writes pad_id or bos_id, it goes on."""
    bos_id, eos_id, pad_id = some_ids(rng)
    rows, steps = 3, rng.integer(7, 9)
    script = endless(rng, {bos_id, eos_id, pad_id}, rows, steps + 1)
    for row in range(rows):
        script[row, rng.integer(0, 1)], script[row, rng.integer(2, steps - 4)] = pad_id, bos_id
    script[:, steps - 3] = pad_id
    script[rng.integer(0, rows - 1), steps - 2] = eos_id
    return trimmed(
        student.greedy_translate(Writer(pad_id, script, rng), sources(rng, rows, 3), bos_id, eos_id, steps), pad_id
    )


@hidden("greedy_translate")
def special_tokens_that_coincide(student, rng):
    """bos_id may be the same token as eos_id or as pad_id, and eos_id the same as pad_id."""
    found = []
    for twins in rng.shuffled([(0, 1), (0, 2), (1, 2)]):
        ids = some_ids(rng)
        ids[twins[1]] = ids[twins[0]]
        model = Writer(ids[2], ending(rng, ids, 3, 8, last=5), rng)
        found.append(trimmed(student.greedy_translate(model, sources(rng, 3, 3), *ids[:2], 8), ids[2]))
    return found


@hidden("greedy_translate")
def translations_of_one(student, rng):
    """A batch of one sentence works, and so do sources of one token."""
    found = []
    for rows, length in rng.shuffled([(1, 4), (1, 1), (3, 1)]):
        ids = bos_id, eos_id, pad_id = some_ids(rng)
        script = endless(rng, ids, rows, 7)
        script[0, rng.integer(1, 3)] = eos_id
        model = Writer(pad_id, script, rng)
        found.append(trimmed(student.greedy_translate(model, sources(rng, rows, length), bos_id, eos_id, 6), pad_id))
    return found


def usage(student, rng, training, ends=False):
    """A model, and what it has written: with no eos_id on the way, or with all rows ended before the last step."""
    ids = bos_id, eos_id, pad_id = some_ids(rng)
    rows, steps = rng.different(2, 3, 6)
    script = ending(rng, ids, 3, 8, last=5) if ends else endless(rng, {*ids}, rows, steps)
    rows, steps = script.shape
    model = Writer(pad_id, script, rng).train(training)
    return model, trimmed(student.greedy_translate(model, sources(rng, rows, 4), bos_id, eos_id, steps), pad_id)


@hidden("greedy_translate")
def encoded_once(student, rng):
    """Every source is encoded once."""
    model, tokens = usage(student, rng, training=False)
    return {"tokens": tokens, "sentences that were encoded": model.sentences_read}


@hidden("greedy_translate")
def works_in_evaluation_mode(student, rng):
    """While it writes, the model is in evaluation mode, with all its parts."""
    model, tokens = usage(student, rng, training=True)
    inside = [model.in_training, model.parts_in_training]
    return {"tokens": tokens, "in training mode inside": inside}


@hidden("greedy_translate")
def the_mode_comes_back(student, rng):
    """After the call, the model is in the mode that it was in, be it training or evaluation."""
    found = []
    for training, ends in rng.shuffled([*product([True, False], repeat=2)]):
        model, tokens = usage(student, rng, training, ends)
        found.append({"tokens": tokens, "in training mode after": [model.training, model.dropout.training]})
    return found


@hidden("greedy_translate")
def works_without_gradients(student, rng):
    """While it writes, no gradients are recorded, and after the call they are again."""
    model, tokens = usage(student, rng, training=False)
    return {"tokens": tokens, "inside": model.with_gradients, "after": torch.is_grad_enabled()}


@hidden("greedy_translate")
def the_source_stays(student, rng):
    """The source is the same after the call as before."""
    ids = bos_id, eos_id, pad_id = some_ids(rng)
    model, source = Writer(pad_id, ending(rng, ids, 3, 8, last=5), rng), sources(rng, 3, rng.integer(2, 5))
    tokens = student.greedy_translate(model, source, bos_id, eos_id, 8)
    return {"tokens": trimmed(tokens, pad_id), "source after the call": source}
