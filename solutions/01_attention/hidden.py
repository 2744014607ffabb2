"""Hidden tests of notebook 01. Sizes are unequal everywhere, and no answer can be guessed."""

import torch

from autograder.probe import fill, gradients, hidden, outcome, tells

# What students may use besides what every notebook may: see ``autograder.authoring.assignment``.
ALLOWS = {
    "coursekit": "attention_maps comparison_table mask_maps reach reach_maps reached",
}

ATTENTION = {
    "scaled_dot_product",
    "MultiheadAttention",
    "multi_head_attention",
    "flex_attention",
    "TransformerEncoder",
    "TransformerDecoder",
}


def pattern(mask):
    """Where a mask says yes, be it of bools or of numbers; what is no tensor stays as it is."""
    return mask != 0 if isinstance(mask, torch.Tensor) else mask


# causal_mask


@hidden("causal_mask")
def sees_itself_and_the_past(student, rng):
    """Each position may look at itself and at what stands before it, at several lengths."""
    return [pattern(student.causal_mask(length)) for length in rng.different(3, 2, 9)]


@hidden("causal_mask")
def causal_mask_is_bool(student, rng):
    """It is a bool tensor: ~mask and masked_fill work on scores of many shapes."""
    batch, heads, length = rng.different(3, 3, 8)
    return rng.normal(batch, heads, length, length).masked_fill(~student.causal_mask(length), 0.0)


@hidden("causal_mask")
def causal_mask_of_one(student, rng):
    """A length of 1 works, and a long one."""
    long = rng.integer(130, 150)  # twice that is more than uint8 and int8 can count
    return [student.causal_mask(length) for length in rng.shuffled([1, long, 2 * long])]


# padding_mask


@hidden("padding_mask")
def real_tokens_are_true(student, rng):
    """True for tokens and False for padding, in the shape (batch, 1, 1, max_length)."""
    batch, longest = rng.different(2, 4, 8)
    lengths = torch.tensor([longest, *rng.integers(1, longest, batch - 1).tolist()])
    return pattern(student.padding_mask(lengths[torch.tensor(rng.different(batch, 0, batch - 1))], longest))


@hidden("padding_mask")
def longer_than_all(student, rng):
    """max_length may be larger than every length."""
    batch, longest = rng.different(2, 3, 7)
    return student.padding_mask(rng.integers(1, longest, batch), longest + rng.integer(2, 4))


@hidden("padding_mask")
def empty_and_full(student, rng):
    """A sequence may be all padding, or have none."""
    longest = rng.integer(4, 8)
    lengths = torch.tensor(rng.shuffled([0, longest, longest - 1, 1, rng.integer(2, longest)]))
    alone = [student.padding_mask(torch.tensor([length]), 1) for length in rng.shuffled([0, 1])]
    return [student.padding_mask(lengths, longest), *alone]


@hidden("padding_mask")
def padding_mask_on_scores(student, rng):
    """Applied to scores, it hides the padding of each sequence from all heads and queries."""
    batch, heads, queries, keys = rng.different(4, 3, 8)
    lengths = rng.integers(1, keys - 1, batch)
    lengths[-1] = lengths[0] % (keys - 1) + 1  # another one
    mask = student.padding_mask(lengths, keys)
    return rng.normal(batch, heads, queries, keys).masked_fill(~mask, 0.0)


@hidden("padding_mask")
def lengths_stay(student, rng):
    """The lengths are the same after the call as before."""
    lengths = rng.integers(1, 5, rng.integer(3, 6))
    return {"mask": student.padding_mask(lengths, 6), "lengths after the call": lengths}


# scaled_dot_product_attention


def inputs(rng, *leading, dtype=torch.float64):
    """Query, key and value of unequal sizes: Tq, Tk, d_k and d_v all differ."""
    queries, keys, d_k, d_v = rng.shuffled([5, 6, 7, 8, 10])[:4]  # no square: its root would fit float32, and int
    return (
        rng.normal(*leading, queries, d_k, dtype=dtype),
        rng.normal(*leading, keys, d_k, dtype=dtype),
        rng.normal(*leading, keys, d_v, dtype=dtype),
    )


def attend(student, *arguments):
    arguments = [argument.clone() for argument in arguments]  # what is changed in place, arguments_stay charges once
    output, weights = student.scaled_dot_product_attention(*arguments)
    return {"output": output, "weights": weights}


@hidden("scaled_dot_product_attention", forbids=ATTENTION)
def equation_one(student, rng):
    """Equation 1, with unequal numbers of queries and keys, and values wider or narrower than keys."""
    return attend(student, *inputs(rng, 2))


@hidden("scaled_dot_product_attention", forbids=ATTENTION)
def masks_decide(student, rng):
    """With a mask, masked keys have weight 0 and the others share 1."""
    query, key, value = inputs(rng, 2)
    mask = rng.mask(query.shape[-2], key.shape[-2])
    found = attend(student, query, key, value, mask)
    return {**found, "weights that should be exactly 0": found["weights"].masked_fill(mask, 0.0).count_nonzero()}


@hidden("scaled_dot_product_attention", forbids=ATTENTION)
def masks_differ(student, rng):
    """The mask may be another one for each sequence and each head."""
    batch, heads = rng.different(2, 2, 5)
    query, key, value = inputs(rng, batch, heads)
    sizes = query.shape[-2], key.shape[-2]
    by_head = attend(student, query, key, value, rng.mask(batch, heads, *sizes))
    by_sequence = attend(student, query, key, value, rng.mask(batch, 1, 1, sizes[1]))
    by_head_alone = attend(student, query, key, value, rng.mask(heads, *sizes))
    return {"mask by head": by_head, "mask by sequence": by_sequence, "one mask a head": by_head_alone}


@hidden("scaled_dot_product_attention", forbids=ATTENTION)
def as_many_keys_as_queries(student, rng):
    """Self-attention: as many keys as queries, without a mask and with one of padding."""
    batch, length, d_k = rng.different(3, 2, 7)
    query, key, value = rng.normal(3, batch, length, d_k)
    return [attend(student, query, key, value), attend(student, query, key, value, rng.mask(batch, 1, length))]


@hidden("scaled_dot_product_attention", forbids=ATTENTION)
def any_leading_dimensions(student, rng):
    """It works for any number of leading dimensions, and for tensors that are transposed views."""
    results = [attend(student, *inputs(rng, *rng.different(count, 2, 4))) for count in rng.shuffled([0, 1, 2, 3])]
    views = [tensor.transpose(1, 2).contiguous().transpose(1, 2) for tensor in inputs(rng, 2, 3)]
    return [*results, attend(student, *views)]


@hidden("scaled_dot_product_attention", forbids=ATTENTION)
def sizes_of_one(student, rng):
    """Sizes of 1 work: one sequence, one query, one key."""
    one_query = rng.normal(1, 1, 4), rng.normal(1, 5, 4), rng.normal(1, 5, 3)
    one_key = rng.normal(1, 5, 4), rng.normal(1, 1, 4), rng.normal(1, 1, 1)
    return [attend(student, *one_query, rng.mask(1, 1, 5)), attend(student, *one_key, torch.ones(1, 5, 1).bool())]


@hidden("scaled_dot_product_attention", forbids=ATTENTION)
def nothing_to_look_at(student, rng):
    """A query that may look at nothing has weights 0 and output 0, and its neighbours are as ever."""
    query, key, value = inputs(rng, 2)
    mask = rng.mask(2, query.shape[-2], key.shape[-2])
    mask[rng.integer(0, 1), rng.integer(0, query.shape[-2] - 1)] = False
    all_padding = rng.mask(2, 1, key.shape[-2])
    all_padding[rng.integer(0, 1)] = False
    nobody = torch.zeros(query.shape[-2], key.shape[-2], dtype=torch.bool)
    return [attend(student, query, key, value, blocked) for blocked in rng.shuffled([mask, all_padding, nobody])]


@hidden("scaled_dot_product_attention", forbids=ATTENTION)
def half_precision(student, rng):
    """In half precision, long queries and keys do not overflow, and float16 goes out."""
    keys, d_v = rng.different(2, 4, 7)
    # Rows of +40 and -40, 64 wide. A query's product with its own key is 102,400, too large for float16; divided by
    # the root of 64 it is 12,800. The rows differ in numbers of places that are all different (a Golomb ruler), so
    # the other scores are lower by 800 or more, and no two alike: each query looks at one key, however one rounds.
    ruler = torch.tensor([0, 2, 8, 20, 36, 46, 50])[rng.different(keys, 0, 6)]
    key = torch.full((keys, 64), 40.0).where(torch.arange(64) >= ruler[:, None], -40.0)
    own = rng.integers(0, keys - 1, rng.integer(3, 8))
    query = key[own]
    arguments = query.half(), key.half(), rng.normal(keys, d_v, dtype=torch.float16)
    mask = rng.mask(len(query), keys) | torch.nn.functional.one_hot(own, keys).bool()  # its own key decides there, too
    masked = attend(student, *arguments, mask)
    return {"no mask": attend(student, *arguments), "with a mask": masked}


@hidden("scaled_dot_product_attention", forbids=ATTENTION)
def dtype_stays(student, rng):
    """The dtype of the arguments is the dtype of the result: float32, float64, bfloat16."""
    kinds = rng.shuffled([torch.float32, torch.float64, torch.bfloat16])
    return [attend(student, *inputs(rng, 2, dtype=dtype)) for dtype in kinds]


@hidden("scaled_dot_product_attention", forbids=ATTENTION, tolerance=1e-9)
def double_precision(student, rng):
    """In double precision nothing is rounded to float32 on the way."""
    query, key, value = inputs(rng, 2)
    return attend(student, query, key, value, rng.mask(query.shape[-2], key.shape[-2]))


@hidden("scaled_dot_product_attention", forbids=ATTENTION, tolerance=0.01)  # rounding is asked for elsewhere
def extreme_scores(student, rng):
    """Very large scores, very low ones, small ones and 0 are no trouble: no overflow, and masked keys stay masked."""
    query, key, value = inputs(rng, 2)
    query, key = 60.0 * query.abs(), 60.0 * key.abs()
    mask = rng.mask(query.shape[-2], key.shape[-2])
    return [attend(student, factor * query, key, value, mask) for factor in rng.shuffled([1.0, -1.0, -1e7, 0.0, 2e-4])]


@hidden("scaled_dot_product_attention", forbids=ATTENTION)
def arguments_stay(student, rng):
    """The arguments are the same after the call as before."""
    query, key, value = inputs(rng, 2)
    mask = rng.mask(query.shape[-2], key.shape[-2])
    output, weights = student.scaled_dot_product_attention(query, key, value, mask)
    result = {"output": output, "weights": weights}
    return {**result, "after the call, query": query, "key": key, "value": value, "mask": mask}


@hidden("scaled_dot_product_attention", forbids=ATTENTION)
def gradients_arrive(student, rng):
    """Gradients of the output arrive at queries, keys and values, also past a query that may look at nothing."""
    query, key, value = (tensor.requires_grad_() for tensor in inputs(rng, 2))
    mask = rng.mask(2, query.shape[-2], key.shape[-2])
    mask[0, rng.integer(0, query.shape[-2] - 1)] = False
    output, _ = student.scaled_dot_product_attention(query, key, value, mask)
    names = ["for the query", "for the key", "for the value"]
    return dict(zip(names, gradients(output, [query, key, value], rng), strict=True))


# MultiHeadAttention


def layer(student, rng, dtype=torch.float64):
    """A layer with 3 heads of width 2 to 5, every parameter set by name."""
    d_model = 3 * rng.integer(2, 5)
    return fill(student.MultiHeadAttention(d_model, 3), rng, dtype), d_model


@hidden("MultiHeadAttention", forbids=ATTENTION)
def self_attention(student, rng):
    """Self-attention with given weights: each head works in its own columns."""
    attention, d_model = layer(student, rng)
    x = rng.normal(*rng.different(2, 2, 6), d_model)
    return attention(x, x, x)


@hidden("MultiHeadAttention", forbids=ATTENTION)
def three_different_inputs(student, rng):
    """Queries, keys and values may be three different tensors, with more or fewer keys than queries."""
    attention, d_model = layer(student, rng)
    batch, queries, keys = rng.different(3, 2, 7)
    lengths = rng.shuffled([(queries, keys), (keys, keys)])
    return [
        attention(rng.normal(batch, tq, d_model), rng.normal(batch, tk, d_model), rng.normal(batch, tk, d_model))
        for tq, tk in lengths
    ]


@hidden("MultiHeadAttention", forbids=ATTENTION)
def numbers_of_heads(student, rng):
    """Any number of heads that divides the width: one, several, one a column."""
    outputs = []
    for heads in rng.shuffled([1, 2, 4, 8]):
        attention = fill(student.MultiHeadAttention(8, heads), rng)
        x = rng.normal(2, 5, 8)
        outputs.append(attention(x, x, x))
    return outputs


@hidden("MultiHeadAttention", forbids=ATTENTION)
def batch_and_lengths_of_one(student, rng):
    """Sizes of 1 work: one sequence, one query, one key, one head a column."""
    attention = fill(student.MultiHeadAttention(3, 3), rng)
    x, memory = rng.normal(1, 1, 3), rng.normal(1, 4, 3)
    return [attention(x, memory, memory), attention(memory, x, x)]


@hidden("MultiHeadAttention", forbids=ATTENTION)
def heads_must_divide(student, rng):
    """ValueError where the heads do not divide the width, or are fewer than 1, and only there."""
    sizes = [(12, 5), (10, 3), (8, 3), (6, 4), (12, 4), (10, 5), (8, 2), (6, 6), (8, 0), (8, -2), (9, -3)]
    return [outcome(lambda size=size: student.MultiHeadAttention(*size), ValueError) for size in rng.shuffled(sizes)]


@hidden("MultiHeadAttention", forbids=ATTENTION)
def parameters_by_name(student, rng):
    """query_proj, key_proj, value_proj and output_proj, each with a weight and a bias, and nothing else."""
    heads, d_head = rng.integer(2, 9), rng.integer(11, 60)
    attention = student.MultiHeadAttention(heads * d_head, heads)
    return {name: list(parameter.shape) for name, parameter in sorted(attention.named_parameters())}


@hidden("MultiHeadAttention", forbids=ATTENTION)
def mask_for_all(student, rng):
    """A causal mask hides the future from every head."""
    attention, d_model = layer(student, rng)
    batch, length = rng.different(2, 2, 6)
    x = rng.normal(batch, length, d_model)
    return attention(x, x, x, torch.ones(length, length).tril().bool())


@hidden("MultiHeadAttention", forbids=ATTENTION)
def mask_by_sequence_and_head(student, rng):
    """Masks may differ over the batch (padding) and over the heads."""
    attention, d_model = layer(student, rng)
    batch, queries, keys = rng.different(3, 2, 7)
    query, memory = rng.normal(batch, queries, d_model), rng.normal(batch, keys, d_model)
    padding = rng.mask(batch, 1, 1, keys)
    padding[rng.integer(0, batch - 1)] = False
    by_head, by_head_alone = rng.mask(batch, 3, queries, keys), rng.mask(3, queries, keys)
    masks = {"padding, and one sequence of nothing else": padding, "by head": by_head, "one mask a head": by_head_alone}
    return {name: attention(query, memory, memory, mask) for name, mask in masks.items()}


@hidden("MultiHeadAttention", forbids=ATTENTION)
def weights_are_kept(student, rng):
    """self.weights holds the weights of the last call, by head, detached."""
    attention, d_model = layer(student, rng)
    batch, queries, keys = rng.different(3, 2, 7)
    kept = []
    for mask in (rng.mask(batch, 1, 1, keys), rng.mask(batch, 1, 1, keys), None):
        memory = rng.normal(batch, keys, d_model)
        attention(rng.normal(batch, queries, d_model), memory, memory, mask)
        kept.append(attention.weights)
        attention.eval()
    return {"weights": kept, "part of the graph": attention.weights.requires_grad}


@hidden("MultiHeadAttention", forbids=ATTENTION)
def gradients_reach_all(student, rng):
    """Gradients reach every projection and every input."""
    attention, d_model = layer(student, rng)
    batch, queries, keys = rng.different(3, 3, 8)
    query, key, value = (rng.normal(batch, length, d_model).requires_grad_() for length in (queries, keys, keys))
    mask = rng.mask(batch, 1, 1, keys)
    mask[0] = torch.arange(keys) < 2  # the weights of a query that sees a single key have no gradient
    output = attention(query, key, value, mask)
    parameters = dict(attention.named_parameters())
    names = [*sorted(parameters), "query", "key", "value"]
    tensors = [parameters[name] for name in sorted(parameters)] + [query, key, value]
    return dict(zip([f"for {name}" for name in names], gradients(output, tensors, rng), strict=True))


@hidden("MultiHeadAttention", forbids=ATTENTION)
def two_layers_are_two(student, rng):
    """Two layers share nothing, and a layer works with the parameters that it has now."""
    first, d_model = layer(student, rng)
    second = student.MultiHeadAttention(d_model, 3).double()
    with torch.no_grad():
        for parameter in second.parameters():
            parameter.zero_()
    x = rng.normal(2, 4, d_model)
    outputs = [first(x, x, x), second(x, x, x)]
    with torch.no_grad():
        for parameter in first.parameters():
            parameter.mul_(-0.5)
    return [*outputs, first(x, x, x)]


@hidden("MultiHeadAttention", forbids=ATTENTION)
def inputs_stay(student, rng):
    """Inputs and mask are the same after the call as before."""
    attention, d_model = layer(student, rng, torch.float32)
    batch, length = rng.different(2, 2, 6)
    x, mask = rng.normal(batch, length, d_model, dtype=torch.float32), rng.mask(batch, 1, 1, length)
    return {"output": attention(x, x, x, mask), "after the call, input": x, "mask": mask}


# telling_inputs


@tells("telling_inputs", of="scaled_dot_product_attention", at_most=6, numbers=2_000, enough=0.9, tolerance=1e-9)
def mistakes_show(student, rng):
    """Mistakes in attention show in what it returns for your inputs."""
    return student.telling_inputs()
