"""Hidden tests of notebook 06. Sizes are unequal everywhere, and no answer can be guessed.

Encoders are made here, with the names and parts that Encoder has in the notebook: what the student has made of the
name is of no account. The stack that translates is made here, too: it writes one token of each level after another,
and which of them depends on all that is seen, in two layers, so that a wrong mask or a wrong place shows.
"""

import math

import torch
from torch import nn

from autograder.probe import fill, hidden, named_gradients, outcome

# What students may use besides what every notebook may: see ``autograder.authoring.assignment``.
ALLOWS = {
    "coursekit": """
        attention_maps comparison_table go_on pad reach reach_maps reached train under_grading visible_check""",
    "coursekit.number_words": "SPECIAL NumberWords Sentences pieces",
    "coursekit.padding": "pad",
    "coursekit.plots": "run_dots",
    "coursekit.results": "triangle_cells",
    "coursekit.sliders": "slider",
    "coursekit.vocabulary": "Vocabulary",
    "parts": """
        GPT2 DecoderLayer Encoder Transformer causal_mask greedy_translate sequence_loss shift_right
        sinusoidal_positions train_step""",
    "torch": "LayerNorm layer_norm gelu GELU scaled_dot_product_attention",
    "transformers": "GPT2Config",
}


def pattern(mask):
    """Where a mask says yes, be it of bools or of numbers; what is no tensor stays as it is."""
    return mask != 0 if isinstance(mask, torch.Tensor) else mask


def number(value):
    """A number of any kind as a float; what is none stays as it is."""
    return value if value is None or isinstance(value, str | bool) else float(value)


# pack


def padded(rng, lengths, width, pad_id, words):
    """Rows of these lengths, filled up with pad_id to this width. Their words come from `words`."""
    rows = torch.full((len(lengths), width), pad_id)
    for row, length in zip(rows, lengths, strict=True):
        row[:length] = torch.tensor(words)[rng.integers(0, len(words) - 1, length)]
    return rows


def ids(rng, pad=None):
    """A padding id, a bos id, and ids of words, on both sides of them."""
    pad_id = rng.integer(3, 6) if pad is None else pad
    bos_id = pad_id + rng.integer(1, 3)
    return pad_id, bos_id, [word for word in range(12) if word not in (pad_id, bos_id)]


def both(rng, sources, targets, more=0, pad=None):
    """A batch whose sources and targets have these lengths, `more` columns wider than they need be; pad_id, bos_id."""
    pad_id, bos_id, words = ids(rng, pad)
    widths = (max(lengths) + more for lengths in (sources, targets))
    pairs = (
        padded(rng, lengths, width, pad_id, words) for lengths, width in zip((sources, targets), widths, strict=True)
    )
    return *pairs, bos_id, pad_id


def in_double(values):
    """Another dtype costs one case. What is no tensor stays as it is."""
    return values.double() if isinstance(values, torch.Tensor) else values


def packed(found):
    texts, lengths = found
    return {"texts": in_double(texts), "source lengths": in_double(lengths)}


@hidden("pack")
def texts_of_unequal_lengths(student, rng):
    """The longest source has a short target, and the longest target a short source."""
    return packed(student.pack(*both(rng, [1, 4, 2, 6], [7, 5, 3, 1])))  # neither sources nor texts are sorted


@hidden("pack")
def the_order_of_the_parts(student, rng):
    """Without any padding: source, bos, target."""
    batch, source, target = rng.different(3, 2, 6)
    return packed(student.pack(*both(rng, [source] * batch, [target] * batch)))


@hidden("pack")
def some_rows_are_empty(student, rng):
    """Some sources are empty, some targets, and both of one row."""
    sources, targets = zip(*rng.shuffled([(0, 3), (4, 0), (0, 0), (2, 5), (5, 1)]), strict=True)
    return packed(student.pack(*both(rng, sources, targets)))


@hidden("pack")
def tensors_without_columns(student, rng):
    """No source has a token, or no target, or neither: the tensors have no column, or columns of padding alone."""
    found = []
    for more in rng.shuffled([0, 0, 2]):
        lengths = rng.shuffled([1, 3, 5])
        found.append(packed(student.pack(*both(rng, lengths, [0] * 3, more))))
        found.append(packed(student.pack(*both(rng, [0] * 3, lengths, more))))
        found.append(packed(student.pack(*both(rng, [0] * 3, [0] * 3, more))))
    return found


@hidden("pack")
def zero_may_be_a_word(student, rng):
    """The padding id is not always 0, and 0 is a word like the others."""
    found = []
    for pad in rng.shuffled([0, 5, 7]):
        source, target, bos_id, pad_id = both(rng, [1, 4, 3], [5, 1, 2], pad=pad)
        for words in (source, target):
            words[words == 1] = 0 if pad else 1
            words[:, 0] = 0 if pad else 2
        found.append(packed(student.pack(source, target, bos_id, pad_id)))
    return found


@hidden("pack")
def columns_of_padding_alone(student, rng):
    """Tensors that are wider than their longest row: the texts are no wider than the longest of them."""
    first, last = rng.shuffled([1, 2])
    return packed(student.pack(*both(rng, [2, 4, 1], [first, 3, last], more=rng.integer(2, 4))))


@hidden("pack")
def a_batch_of_one(student, rng):
    """One text, with padding on its way in and none on its way out; and a batch of many."""
    lengths = [rng.shuffled(list(range(1, 8))) for _ in range(2)]
    return [packed(student.pack(*both(rng, [2], [3], more=2))), packed(student.pack(*both(rng, *lengths)))]


@hidden("pack")
def texts_are_int64(student, rng):
    """Both are int64 tensors: ids that an embedding takes, and lengths that compare and index."""
    more = [1] * rng.integer(0, 20)
    texts, lengths = student.pack(*both(rng, [1, 4, *more], [3, 1, *more], pad=0))
    return [str(texts.dtype), str(lengths.dtype), list(texts.shape), list(lengths.shape)]


@hidden("pack")
def source_and_target_stay(student, rng):
    """After the call source and target are what they were before."""
    source, target, bos_id, pad_id = both(rng, [1, 4, 2], [3, 1, 5])
    return {**packed(student.pack(source, target, bos_id, pad_id)), "source after": source, "target after": target}


# training_targets


def texts_of(rng, sources, targets, pad=None, more=0):
    """Packed texts, filled up, `more` columns wider than they need be; the lengths of the sources; pad_id."""
    pad_id, bos_id, words = ids(rng, pad)
    width = max(s + t for s, t in zip(sources, targets, strict=True)) + 1 + more
    texts = padded(rng, [s + 1 + t for s, t in zip(sources, targets, strict=True)], width, pad_id, words)
    for row, length in zip(texts, sources, strict=True):
        row[length] = bos_id
    return texts, torch.tensor(sources), pad_id


@hidden("training_targets")
def targets_alone(student, rng):
    """Texts of unequal lengths, with sources of unequal lengths."""
    return student.training_targets(*texts_of(rng, rng.shuffled([1, 3, 5, 2]), rng.shuffled([4, 2, 1, 6])))


@hidden("training_targets")
def everything_counts(student, rng):
    """With everything: the source's tokens and bos are targets, too, and padding is none."""
    texts = texts_of(rng, [1, *rng.shuffled([3, 5, 2])], [1, *rng.shuffled([4, 2, 6])])
    return student.training_targets(*texts, everything=True)


@hidden("training_targets")
def with_and_without(student, rng):
    """The same texts with everything and without, one after the other, in any order."""
    texts = texts_of(rng, [2, 4, 1], [1, 4, 3])
    return {str(everything): student.training_targets(*texts, everything) for everything in rng.shuffled([True, False])}


@hidden("training_targets")
def no_padding_at_all(student, rng):
    """Texts of one length, without padding."""
    source, target = rng.different(2, 2, 5)
    return student.training_targets(*texts_of(rng, [source] * 3, [target] * 3, pad=0))


@hidden("training_targets")
def sources_of_no_token(student, rng):
    """Some sources are empty: the text begins with bos, and its first prediction counts."""
    return student.training_targets(*texts_of(rng, rng.shuffled([0, 0, 2, 4]), rng.shuffled([1, 3, 2, 5])))


@hidden("training_targets")
def targets_of_no_token(student, rng):
    """Some targets are empty: the text ends with bos, and nothing counts in it, unless everything does."""
    texts = texts_of(rng, [5, *rng.shuffled([1, 2])], [0, *rng.shuffled([0, 3])])
    return [student.training_targets(*texts, everything=everything) for everything in rng.shuffled([True, False])]


@hidden("training_targets")
def any_token_may_be_padding(student, rng):
    """The padding id is not always 0, and 0 is a word like the others."""
    found = []
    for pad in rng.shuffled([0, 4, 9]):
        texts, lengths, pad_id = texts_of(rng, rng.shuffled([1, 3, 2]), rng.shuffled([4, 5, 3]), pad=pad)
        texts[torch.arange(3), lengths + 2] = 0 if pad else 1
        found.append(student.training_targets(texts, lengths, pad_id))
    return found


@hidden("training_targets")
def a_loss_can_use_them(student, rng):
    """They are int64, and cross-entropy takes them: the mean over the predictions that count."""
    texts, lengths, pad_id = texts_of(rng, [1, 3, 5], [4, 2, 6])
    texts[torch.arange(3), lengths + 1] = 0
    labels = student.training_targets(texts, lengths, pad_id)
    logits = rng.normal(*labels.shape, 13)
    return [str(labels.dtype), nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten())]


@hidden("training_targets")
def texts_stay(student, rng):
    """After the call texts and lengths are what they were before."""
    texts, lengths, pad_id = texts_of(rng, rng.shuffled([1, 3, 5]), rng.shuffled([4, 2, 6]), more=rng.integer(1, 2))
    labels = student.training_targets(texts, lengths, pad_id)
    return {"labels": labels, "texts after": texts, "lengths after": lengths}


# translate

LEVELS, CHOICES = 7, 100  # the tokens of a level, one after the other, and how many there are of each
PAD, BOS, EOS, WORDS, WRITTEN = 3, 5, 4, 6, 16  # what is written begins at 16; words of a source are from 6 to 15
VOCABULARY = WRITTEN + LEVELS * CHOICES


class Stack(nn.Module):
    """In the place of a OneStack. Each next token is of the next level; eos comes at the level that `ends` says.

    ends  (words,): after how many tokens a text ends, by the first token of its source
    tied  two tokens of each level are equally probable
    """

    def __init__(self, rng, ends, tied=False, pad_id=PAD):
        super().__init__()
        self.value, self.place, self.mix = rng.normal(VOCABULARY, 8), rng.normal(64, 8), rng.normal(8, 8)
        self.head, self.ends, self.tied, self.pad_id = rng.normal(8, CHOICES), ends, tied, pad_id
        self.inner, self.gradients = nn.ModuleList([nn.Dropout(0.5), nn.Dropout(0.5)]), []

    def forward(self, tokens, mask=None):
        batch, length = tokens.shape
        self.gradients.append(torch.is_grad_enabled())
        seen = torch.ones(length, length, dtype=torch.bool).tril() if mask is None else mask != 0
        seen = seen.expand(batch, 1, length, length)[:, 0].double()
        x = self.value[tokens] + self.place[:length]
        for _ in range(2):  # so that what the source sees of itself shows in the target
            x = torch.tanh(x + 3 * seen @ (x @ self.mix) / seen.sum(dim=-1, keepdim=True).clamp(min=1))
        if self.training or any(part.training for part in self.inner):
            x = -x
        chosen = torch.sin(100 * x @ self.head)  # (batch, length, CHOICES): a little more or less seen, another token
        if self.tied:
            chosen = (
                chosen.abs().amax(dim=-1, keepdim=True)
                + torch.tensor([-1.0, 0.0, -2.0, 0.0, *[-1.0] * (CHOICES - 4)]).double()
            )
        level = torch.where(tokens >= WRITTEN, (tokens - WRITTEN) // CHOICES + 1, 0)  # (batch, length)
        logits = torch.full((batch, length, VOCABULARY), -50.0, dtype=torch.float64)
        places = WRITTEN + level.clamp(max=LEVELS - 1)[..., None] * CHOICES + torch.arange(CHOICES)
        logits.scatter_(-1, places, chosen)
        logits[..., EOS] = torch.where(level >= self.ends[tokens[:, :1]], 60.0, -60.0)
        logits[..., self.pad_id] = -100.0
        return logits


def sources_of(rng, lengths, more=0, pad_id=PAD):
    """Sources of these lengths, and after how many tokens a text ends, by its first word: no two of them alike."""
    sources = padded(rng, lengths, max(lengths) + more, pad_id, list(range(WORDS, WRITTEN)))
    sources[:, 0] = torch.tensor(rng.different(len(lengths), WORDS, WRITTEN - 1))
    ends = torch.full((VOCABULARY,), LEVELS)
    return sources, ends


def some(rng, lengths, ends, **options):
    """A stack and sources: a text of each length, which ends after so many tokens."""
    sources, table = sources_of(rng, lengths, options.pop("more", 0), options.get("pad_id", PAD))
    table[sources[:, 0]] = torch.tensor(ends)
    return Stack(rng, table, **options).eval(), sources


def whole(student, model, sources, max_length=9, pad_id=PAD, **options):
    """What is written, with all its columns."""
    return student.translate(model, sources, BOS, EOS, pad_id, max_length, **options)


def translated(student, model, sources, max_length=9, pad_id=PAD, **options):
    """What is written, without columns of padding alone at its end: two cases ask for that these are not there."""
    written = whole(student, model, sources, max_length, pad_id, **options)
    if not isinstance(written, torch.Tensor) or written.dim() != 2:
        return written
    columns = (written != pad_id).any(dim=0).nonzero()
    return written[:, : int(columns.max()) + 1 if len(columns) else 0]


@hidden("translate")
def sources_of_unequal_lengths(student, rng):
    """Several sources in one batch: the longest source has not the longest translation."""
    return translated(student, *some(rng, [6, *rng.shuffled([1, 3, 4])], [2, *rng.shuffled([6, 5, 4])]))


@hidden("translate")
def each_row_its_own_prefix(student, rng):
    """With a prefix: several sources of unequal lengths in one batch."""
    found = [some(rng, rng.shuffled([6, 2, 3, 5]), rng.shuffled([6, 5, 3, 4])) for _ in range(2)]
    return [translated(student, model, sources, prefix=True) for model, sources in found]


@hidden("translate")
def a_source_alone(student, rng):
    """One source in a batch, without padding, and with a prefix or without."""
    found = [some(rng, [length], [rng.integer(5, 6)]) for length in rng.shuffled([3, 4, 5, 6])]
    return [translated(student, *one, prefix=prefix) for one in found for prefix in (True, False)]


@hidden("translate")
def padding_makes_no_difference(student, rng):
    """A source alone, and the same with columns of padding behind it."""
    found = [some(rng, [length], [rng.integer(5, 6)], more=rng.integer(1, 3)) for length in rng.shuffled([3, 4, 5, 6])]
    return [translated(student, *one, prefix=prefix) for one in found for prefix in (True, False)]


@hidden("translate")
def rows_that_end_early(student, rng):
    """Rows end after different numbers of tokens, and are filled up; all end before max_length, and writing stops."""
    model, sources = some(rng, rng.shuffled([2, 3, 4, 5]), rng.shuffled([0, 1, 3, 5]))
    return whole(student, model, sources, max_length=rng.integer(8, 12))


@hidden("translate")
def no_row_ends(student, rng):
    """Every row is longer than max_length: it is cut there."""
    model, sources = some(rng, rng.shuffled([1, 3, 4]), rng.shuffled([6, 5, 7]))
    return [translated(student, model, sources, max_length=length) for length in rng.shuffled([1, 2, 4])]


@hidden("translate")
def nothing_to_write(student, rng):
    """A max_length of 0, rows that all end at once, and rows of which one does."""
    model, sources = some(rng, rng.shuffled([1, 3, 4]), [0, 0, 0])
    nothing = translated(student, model, sources, max_length=0)
    one = translated(student, *some(rng, rng.shuffled([2, 3, 5]), rng.shuffled([0, 3, 4])))
    return [list(nothing.shape), str(nothing.dtype), translated(student, model, sources), one]


@hidden("translate")
def the_end_exactly_at_the_limit(student, rng):
    """The last row writes eos as its last allowed token."""
    longest = rng.integer(4, 6)
    model, sources = some(rng, rng.shuffled([2, 4, 3]), rng.shuffled([longest, 1, 2]), more=1)
    return [whole(student, model, sources, max_length=longest + more) for more in rng.shuffled([0, 1])]


@hidden("translate")
def equally_probable_tokens(student, rng):
    """Of two tokens that are equally probable the lower id is written."""
    return [
        translated(student, *some(rng, rng.shuffled([1, 3, 5]), rng.shuffled([3, 5, 4]), tied=True)) for _ in range(4)
    ]


@hidden("translate")
def eos_in_a_source(student, rng):
    """An eos in a source ends nothing, and the padding id is another one."""
    pad_id = rng.integer(1, 2)  # or padding with 0 would be right
    model, sources = some(rng, rng.shuffled([3, 5, 2]), rng.shuffled([3, 5, 4]), pad_id=pad_id)
    sources[:, 1] = EOS
    return translated(student, model, sources, pad_id=pad_id)


@hidden("translate")
def evaluated_without_gradients(student, rng):
    """A model that is in training mode, or in part, writes in evaluation mode, without gradients."""
    found = []
    for training in rng.shuffled([True, False]):
        model, sources = some(rng, rng.shuffled([2, 4]), rng.shuffled([3, 5]))
        model.train(training)
        model.inner[1].train(not training)
        found.append(translated(student, model, sources, prefix=True))
        found.append([any(model.gradients), model.training, *(part.training for part in model.inner)])
    return found


@hidden("translate")
def sources_stay(student, rng):
    """After the call the sources are what they were before."""
    model, sources = some(rng, rng.shuffled([1, 3, 4]), rng.shuffled([2, 4, 5]))
    return {"written": translated(student, model, sources), "sources after": sources}


# prefix_mask


@hidden("prefix_mask")
def both_ways_in_the_prefix(student, rng):
    """Who may attend to whom, for prefixes of several lengths in texts of several lengths."""
    return [pattern(student.prefix_mask(rng.integer(2, length - 2), length)) for length in rng.different(3, 5, 11)]


@hidden("prefix_mask")
def every_prefix_of_a_text(student, rng):
    """In one text, with a prefix of every length from 1 up to all but one."""
    length = rng.integer(5, 9)
    return [pattern(student.prefix_mask(prefix, length)) for prefix in rng.shuffled(list(range(1, length)))]


@hidden("prefix_mask")
def no_prefix(student, rng):
    """A prefix of 0 positions, at several lengths."""
    return [pattern(student.prefix_mask(0, length)) for length in rng.different(2, 3, 12)]


@hidden("prefix_mask")
def nothing_but_prefix(student, rng):
    """A prefix as long as the text: a new mask for each call, which whoever calls may write into."""
    found = []
    for length in rng.different(2, 3, 12):
        for prefix in rng.shuffled([length, rng.integer(1, length - 1)]):
            mask = student.prefix_mask(prefix, length)
            found.append(pattern(mask))
            if isinstance(mask, torch.Tensor):
                mask.logical_not_()
            found.append(pattern(student.prefix_mask(prefix, length)))
    return found


@hidden("prefix_mask")
def a_text_of_one(student, rng):
    """Texts of one position and of two, and a long one."""
    long = rng.integer(130, 150)  # more than int8 can count
    sizes = rng.shuffled([(0, 1), (1, 1), (1, 2), (rng.integer(129, long), long)])
    return [pattern(student.prefix_mask(*size)) for size in sizes]


@hidden("prefix_mask")
def prefix_mask_is_bool(student, rng):
    """It is a bool tensor: ~mask and masked_fill work on scores of many shapes."""
    batch, heads, length = rng.different(3, 3, 7)
    mask = student.prefix_mask(rng.integer(2, length - 1), length)  # a prefix of 1 opens nothing
    return rng.normal(batch, heads, length, length).masked_fill(~mask, 0.0)


@hidden("prefix_mask")
def a_prefix_that_does_not_fit(student, rng):
    """ValueError where the prefix does not fit into the text, and only there."""
    length = rng.integer(4, 9)
    prefixes = [-rng.integer(2, 9), -1, 0, rng.integer(1, length - 1), length, length + 1, length + rng.integer(2, 9)]
    return {
        f"a prefix of {prefix} in {length}": outcome(
            lambda prefix=prefix, length=length: student.prefix_mask(prefix, length), ValueError
        )
        for prefix, length in [*((prefix, length) for prefix in prefixes), (0, 0), (1, 0)]
    }


# decode_with_encoder


class Attention(nn.Module):
    def __init__(self, d_model, num_heads):
        super().__init__()
        self.num_heads, self.weights = num_heads, None
        self.query_proj = nn.Linear(d_model, d_model)
        self.key_proj = nn.Linear(d_model, d_model)
        self.value_proj = nn.Linear(d_model, d_model)
        self.output_proj = nn.Linear(d_model, d_model)

    def forward(self, query, key, value, mask=None):
        query, key, value = (
            part.unflatten(-1, (self.num_heads, -1)).transpose(1, 2)
            for part in (self.query_proj(query), self.key_proj(key), self.value_proj(value))
        )
        scores = query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1])
        if mask is not None:
            scores = scores.masked_fill(~mask, -1e30)
        self.weights = scores.softmax(dim=-1).detach()
        return self.output_proj((scores.softmax(dim=-1) @ value).transpose(1, 2).flatten(2))


class Feed(nn.Module):
    def __init__(self, d_model, d_ff):
        super().__init__()
        self.linear1, self.linear2 = nn.Linear(d_model, d_ff), nn.Linear(d_ff, d_model)
        self.activation = torch.tanh  # bent everywhere, so that a gradient arrives everywhere

    def forward(self, x):
        return self.linear2(self.activation(self.linear1(x)))


class Halved(nn.Module):
    """In the place of dropout: it shows in which mode a layer runs, and nothing is drawn."""

    def forward(self, x):
        return x / 2 if self.training else x


class Layer(nn.Module):
    """With the names and parts of the notebook's EncoderLayer."""

    def __init__(self, d_model, num_heads, d_ff, norm_first):
        super().__init__()
        self.self_attention, self.feed_forward = Attention(d_model, num_heads), Feed(d_model, d_ff)
        self.norm1, self.norm2 = nn.LayerNorm(d_model, eps=0.1), nn.LayerNorm(d_model, eps=0.1)
        self.dropout, self.norm_first = Halved(), norm_first

    def forward(self, x, mask=None):
        if self.norm_first:
            normal = self.norm1(x)
            x = x + self.dropout(self.self_attention(normal, normal, normal, mask))
            return x + self.dropout(self.feed_forward(self.norm2(x)))
        x = self.norm1(x + self.dropout(self.self_attention(x, x, x, mask)))
        return self.norm2(x + self.dropout(self.feed_forward(x)))


class Layers(nn.Module):
    """With the names and parts of the notebook's Encoder."""

    def __init__(self, num_layers, d_model, num_heads, d_ff, norm_first):
        super().__init__()
        self.layers = nn.ModuleList(Layer(d_model, num_heads, d_ff, norm_first) for _ in range(num_layers))
        self.norm = nn.LayerNorm(d_model, eps=0.1) if norm_first else None

    def forward(self, x, mask=None):
        for layer in self.layers:
            x = layer(x, mask)
        return x if self.norm is None else self.norm(x)


def encoder_of(student, rng, num_layers, norm_first, d_model=None, dtype=torch.float64):
    """An encoder, every parameter set by name, and its d_model. It is an Encoder, where there is that name."""
    num_heads = rng.integer(2, 3)
    d_model = d_model or num_heads * rng.integer(2, 4)
    encoder = Layers(num_layers, d_model, num_heads if d_model % num_heads == 0 else 1, rng.integer(5, 9), norm_first)
    theirs = getattr(student.decode_with_encoder, "__globals__", {}).get("Encoder")
    if isinstance(theirs, type) and issubclass(theirs, nn.Module):
        encoder.__class__ = type("Encoder", (Layers, theirs), {})
    return fill(encoder, rng, dtype).eval(), d_model


@hidden("decode_with_encoder")
def layers_in_post_norm(student, rng):
    """What comes out of encoders in post-norm, of several layers."""
    found = []
    for num_layers in rng.shuffled([1, 2, 4]):
        encoder, d_model = encoder_of(student, rng, num_layers, norm_first=False)
        found.append(student.decode_with_encoder(encoder, rng.normal(*rng.different(2, 2, 7), d_model)))
    return found


@hidden("decode_with_encoder")
def layers_in_pre_norm(student, rng):
    """What comes out of encoders in pre-norm, of several layers, after the final norm."""
    found = []
    for num_layers in rng.shuffled([1, 2, 4]):
        encoder, d_model = encoder_of(student, rng, num_layers, norm_first=True)
        found.append(student.decode_with_encoder(encoder, rng.normal(*rng.different(2, 2, 7), d_model)))
    return found


@hidden("decode_with_encoder")
def what_later_positions_change(student, rng):
    """Once as it is, and once with other inputs from some position on."""
    found = []
    for norm_first, length in zip(rng.shuffled([True, False]), (5, 7), strict=True):  # no d_model is 5 or 7
        encoder, d_model = encoder_of(student, rng, 2, norm_first)
        batch, start = rng.integer(2, 4), rng.integer(2, 4)
        x = rng.normal(batch, length, d_model)
        other = x.clone()
        other[:, start:] = rng.normal(batch, length - start, d_model)
        found.append(
            {
                "as it is": student.decode_with_encoder(encoder, x),
                f"with others from {start} on": student.decode_with_encoder(encoder, other),
            }
        )
    return found


@hidden("decode_with_encoder")
def batches_and_lengths_of_one(student, rng):
    """A batch of one and texts of one position work, a batch as large as the text is long, and a long text."""
    sizes = rng.shuffled([(1, rng.integer(3, 6)), (rng.integer(2, 4), 1), (1, 1), (4, 4), (1, rng.integer(40, 70))])
    found = []
    for size, norm_first in zip(sizes, rng.shuffled([True, True, False, False, False]), strict=True):
        dtype = torch.float32 if size == (4, 4) else torch.float64
        encoder, d_model = encoder_of(student, rng, 2, norm_first, dtype=dtype)
        found.append(student.decode_with_encoder(encoder, rng.normal(*size, d_model, dtype=dtype)))
    return found


@hidden("decode_with_encoder")
def gradients_arrive(student, rng):
    """Gradients of the outputs arrive at x and at every parameter, unless the caller wants none."""
    found = []
    for norm_first in rng.shuffled([True, False]):
        encoder, d_model = encoder_of(student, rng, 2, norm_first)
        x = rng.normal(2, 5, d_model).requires_grad_()
        found.append(named_gradients(encoder, student.decode_with_encoder(encoder, x), {"x": x}, rng))
    with torch.no_grad():
        return [*found, student.decode_with_encoder(encoder, x).requires_grad]


@hidden("decode_with_encoder")
def the_layers_that_it_has_now(student, rng):
    """An encoder whose layers have been exchanged, or whose numbers have changed, since the last call."""
    return [calls_in_turn(student, rng, norm_first) for norm_first in rng.shuffled([True, False])]


def calls_in_turn(student, rng, norm_first):
    encoder, d_model = encoder_of(student, rng, 3, norm_first)
    x = rng.normal(2, 5, d_model)
    found = [student.decode_with_encoder(encoder, x)]
    encoder.layers[rng.integer(0, 2)] = encoder_of(student, rng, 1, True, d_model)[0].layers[0]
    found.append(student.decode_with_encoder(encoder, x))
    with torch.no_grad():
        encoder.layers[rng.integer(0, 2)].feed_forward.linear2.bias += rng.normal(d_model)
    found.append(student.decode_with_encoder(encoder, x))
    encoder.layers.append(Layer(d_model, 1, 4, norm_first=False).double().eval())
    return [*found, student.decode_with_encoder(fill(encoder, rng), x)]


@hidden("decode_with_encoder")
def as_it_was_before(student, rng):
    """After the call x, every number and part of the encoder and the mode of each are what they were before."""
    modes = zip(rng.shuffled([True, False]), rng.shuffled([True, False]), strict=True)
    return [before_and_after(student, rng, norm_first, training) for norm_first, training in modes]


def before_and_after(student, rng, norm_first, as_a_whole):
    encoder, d_model = encoder_of(student, rng, 3, norm_first)
    encoder.training = as_a_whole
    for layer, training in zip(encoder.layers, rng.shuffled([True, True, False]), strict=True):
        layer.train(training)
    x = rng.normal(3, 4, d_model)
    return {
        "outputs": student.decode_with_encoder(encoder, x),
        "x after the call": x,
        "does x require gradients": x.requires_grad,
        "its parts after the call": [*encoder.state_dict(), *sorted(vars(encoder))],
        "its numbers after the call": dict(encoder.named_parameters()),
        "its modes after the call": {name or "all": part.training for name, part in encoder.named_modules()},
    }


@hidden("decode_with_encoder")
def as_an_encoder_after_it(student, rng):
    """After the call the encoder reads in both directions, as ever."""
    found = []
    for norm_first in rng.shuffled([True, False]):
        encoder, d_model = encoder_of(student, rng, 2, norm_first)
        x = rng.normal(2, 5, d_model)
        found.append({"as a decoder": student.decode_with_encoder(encoder, x), "as an encoder": encoder(x)})
    return found


# predicted_reach

ARCHITECTURES = ["".join(name) for name in ("encoder", "decoder", "encoder-decoder", "GPT-2", "prefix-LM")]


def lengths(rng):
    """Of a source and a target: once the source is longer, and once the target."""
    shorter, longer = sorted(rng.different(2, 2, 5)), sorted(rng.different(2, 6, 14))
    return rng.shuffled([(shorter[0], longer[0]), (longer[1], shorter[1])])


def reach(student, name, size):
    """A reach, or that there is none: whoever refuses a prefix of 0 may lose nothing here but that."""
    try:
        return pattern(student.predicted_reach(name, *size))
    except ValueError:
        return "ValueError"


@hidden("predicted_reach")
def reach_of_an_encoder(student, rng):
    """The encoder that reads both as one text."""
    return [pattern(student.predicted_reach("encoder", *sizes)) for sizes in lengths(rng)]


@hidden("predicted_reach")
def reach_of_decoder_layers(student, rng):
    """Decoder layers without an encoder."""
    return [pattern(student.predicted_reach("decoder", *sizes)) for sizes in lengths(rng)]


@hidden("predicted_reach")
def reach_of_both(student, rng):
    """The encoder-decoder, with a longer source and with a longer target."""
    return [pattern(student.predicted_reach("encoder-decoder", *sizes)) for sizes in lengths(rng)]


@hidden("predicted_reach")
def reach_of_gpt2(student, rng):
    """GPT-2, with a longer source and with a longer target."""
    return [pattern(student.predicted_reach("GPT-2", *sizes)) for sizes in lengths(rng)]


@hidden("predicted_reach")
def reach_of_a_prefix_lm(student, rng):
    """The prefix-LM, with a longer source and with a longer target."""
    return [pattern(student.predicted_reach("prefix-LM", *sizes)) for sizes in lengths(rng)]


@hidden("predicted_reach")
def sources_and_targets_of_one(student, rng):
    """A source of one position or of none, a target of one or of none, and both of one, for every architecture."""
    sizes = rng.shuffled([(few, rng.integer(2, 6)) for few in (0, 1)] + [(rng.integer(2, 6), few) for few in (0, 1)])
    sizes += rng.shuffled([(1, 1), (4, 4)])
    return [reach(student, name, size) for size in sizes for name in rng.shuffled(ARCHITECTURES)]


@hidden("predicted_reach")
def reach_is_bool(student, rng):
    """They are bool tensors, of a row and a column for each position."""
    source, target = rng.different(2, 2, 6)
    return [student.predicted_reach(name, source, target) for name in rng.shuffled(ARCHITECTURES)]


@hidden("predicted_reach")
def another_architecture(student, rng):
    """ValueError for another architecture, and only for that."""
    others = [f"GPT-{rng.integer(3, 9)}", f"{rng.integer(2, 99)} decoder", f"prefix-{rng.integer(2, 99)}"]
    others += ["", "Encoder", "BERT", "encoder-decoder-encoder", "GPT", "gpt-2", "prefix", "encoder-decoder "]
    names = rng.shuffled([*others, *ARCHITECTURES])
    return {
        name: outcome(lambda name=name: student.predicted_reach(name, *rng.different(2, 1, 5)), ValueError)
        for name in names
    }


# match_parameters


@hidden("match_parameters")
def as_many_layers_in_one(student, rng):
    """One stack that has as many layers as encoder and decoder have together, each as many as the other."""
    found = []
    for half in rng.different(3, 1, 6):
        d_model, d_ff = rng.different(2, 5, 90)
        found.append(number(student.match_parameters(2 * d_model, d_ff, half, half, num_layers=2 * half)))
    return found


@hidden("match_parameters")
def more_layers_on_one_side(student, rng):
    """An encoder of more layers than the decoder has, and the other way round."""
    found = []
    for _ in range(2):
        few, many = sorted(rng.different(2, 1, 5))
        for layers in rng.shuffled([(few, many), (many, few)]):
            d_model, d_ff = (few + many) * rng.integer(3, 20), rng.integer(5, 90)
            found.append(number(student.match_parameters(d_model, d_ff, *layers, num_layers=few + many)))
    return found


@hidden("match_parameters")
def another_number_of_layers(student, rng):
    """One stack of fewer layers than both have together, and of more."""
    found = []
    for more in rng.shuffled([-2, -1, 1, 2]):
        encoder, decoder = rng.different(2, 2, 4)
        num_layers = encoder + decoder + more
        d_model, d_ff = (num_layers * width for width in rng.different(2, 2, 9))
        found.append(number(student.match_parameters(d_model, 4 * d_ff + 2 * d_model, encoder, decoder, num_layers)))
    return found


@hidden("match_parameters")
def one_side_alone(student, rng):
    """An encoder without a decoder, and a decoder without an encoder."""
    found = []
    for _ in range(2):
        layers = rng.integer(2, 5)
        d_model, d_ff = (layers * width for width in rng.different(2, 3, 30))
        for sides in rng.shuffled([(layers, 0), (0, layers)]):
            found.append(number(student.match_parameters(d_model, d_ff, *sides, layers)))
    return found


@hidden("match_parameters")
def real_sizes(student, rng):
    """Layers as wide as those of large models, and of odd widths."""
    found = []
    for layers, unit in zip(rng.different(4, 6, 24), (128, 128, 1, 1), strict=True):
        d_model, d_ff = (unit * (128 // unit * width + 1) for width in rng.different(2, 6, 64))
        found.append(number(student.match_parameters(d_model, d_ff, layers, layers, 2 * layers)))
    return found


@hidden("match_parameters")
def a_width_for_a_layer(student, rng):
    """It is a whole number in Python's sense, so that a layer can be made that wide."""
    half, d_model, d_ff = rng.integer(1, 4), 2 * rng.integer(4, 12), rng.integer(9, 40)
    width = student.match_parameters(d_model, d_ff, half, half, 2 * half)
    return list(nn.Linear(d_model, width).weight.shape)


@hidden("match_parameters")
def no_whole_number(student, rng):
    """ValueError where only a fraction would do it, and only there."""
    found = []
    for num_layers in (rng.shuffled([3, 5])[0], rng.shuffled([4, 6])[0], rng.shuffled([7, 8])[0]):
        # An odd multiple: then half of it is no whole number, where the layers are an even number.
        d_model, d_ff = num_layers * (2 * rng.integer(1, 4) + 1), num_layers * rng.integer(9, 20)
        for more in rng.shuffled([0, 1, num_layers // 2, num_layers - 1, num_layers]):
            found.append(
                outcome(
                    lambda width=d_ff + more, d_model=d_model, layers=num_layers: student.match_parameters(
                        d_model, width, 1, layers, layers
                    ),
                    ValueError,
                )
            )
    return found


@hidden("match_parameters")
def nothing_left_for_a_width(student, rng):
    """ValueError where a stack is too heavy already without its feed-forward networks, and only there."""
    found = []
    for more in rng.shuffled(2 * [-2 * rng.integer(1, 4), -2, 0, 2, 4, 2 * rng.integer(3, 9)]):
        d_model = rng.integer(6, 20)
        found.append(
            outcome(
                lambda d_model=d_model, more=more: student.match_parameters(d_model, 2 * d_model + more, 1, 0, 2),
                ValueError,
            )
        )
    return found
