"""Mistakes that students make in notebook 02. Each way to make one is a replacement in the reference solution."""

from autograder.authoring import Mistake

# EncoderLayer.forward. What is done in one place is mostly done in the others, too.
NORMS_FIRST = """\
            x = x + self.dropout(self.self_attention(normal, normal, normal, mask))
            return x + self.dropout(self.feed_forward(self.norm2(x)))
"""
NORMS_AFTER = """\
        x = self.norm1(x + self.dropout(self.self_attention(x, x, x, mask)))
        return self.norm2(x + self.dropout(self.feed_forward(x)))
"""
SUBLAYERS = NORMS_FIRST + NORMS_AFTER
NORMAL = "            normal = self.norm1(x)\n"

PAIRS = "torch.stack([angle.sin(), angle.cos()], dim=-1)"
EXPONENT = "torch.arange(0, d_model, 2) / d_model"
LOOPS_MULTIPLIED = """
def sinusoidal_positions(length, d_model):
    if d_model % 2 != 0:
        raise ValueError("d_model must be even")
    table = torch.zeros(length, d_model)
    for p in range(length):
        for i in range(d_model // 2):
            angle = p * 10000 ** (2 * i / d_model)
            table[p, 2 * i] = math.sin(angle)
            table[p, 2 * i + 1] = math.cos(angle)
    return table
"""
PARAMETERS = "self.weight = nn.Parameter(torch.ones(d_model))\n        self.bias = nn.Parameter(torch.zeros(d_model))"
MEAN = "mean = x.mean(dim=-1, keepdim=True)  # (..., 1)\n"
VARIANCE = "variance = x.var(dim=-1, keepdim=True, unbiased=False)"
MEAN_AND_VARIANCE = f"{MEAN}        {VARIANCE}"
NORMALISED = "normal = (x - mean) / (variance + self.eps).sqrt()"
FED_FORWARD = "self.linear2(self.activation(self.linear1(x)))"
ENCODER = """
class Encoder(nn.Module):
    def __init__(
        self, num_layers, d_model, num_heads, d_ff, dropout=0.1, activation=torch.relu, eps=1e-5, norm_first=False
    ):
        super().__init__()
        self.layers = nn.ModuleList(
            EncoderLayer(d_model, num_heads, d_ff, dropout, activation, eps, norm_first) for _ in range(num_layers)
        )
"""
DROPPED_FIRST = ENCODER + """\
        self.dropout = nn.Dropout(dropout)
        self.norm = LayerNorm(d_model, eps) if norm_first else None

    def forward(self, x, mask=None):
        x = self.dropout(x)
        for layer in self.layers:
            x = layer(x, mask)
        return x if self.norm is None else self.norm(x)
"""
NORM_NOT_USED = ENCODER + """\
        self.norm = LayerNorm(d_model, eps)
        self.norm_first = norm_first

    def forward(self, x, mask=None):
        for layer in self.layers:
            x = layer(x, mask)
        return self.norm(x) if self.norm_first else x
"""
SPECIAL = "torch.isin(tokens, torch.tensor(special_ids, dtype=tokens.dtype))"
CHOSEN = "chosen = (torch.rand(tokens.shape, generator=generator) < probability) & ~special"
LABELS = "labels = tokens.masked_fill(~chosen, -100)"
FATE = "fate = torch.rand(tokens.shape, generator=generator)"
ANYTHING = "torch.randint(vocab_size, tokens.shape, generator=generator)"
FORMS = "inputs = tokens.masked_fill(chosen & (fate < 0.8), mask_id)\n    inputs = torch.where(chosen & (fate >= 0.9), anything, inputs)"
CLIP = "    nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)\n"


def throughout(*changes: tuple[str, str]) -> tuple[str, str]:
    """Return a way to make a mistake at both sublayers, or in both orders of the norms."""
    return changed(SUBLAYERS, *changes)


def changed(text: str, *changes: tuple[str, str]) -> tuple[str, str]:
    """Return a way to make a mistake: this text, and what it is after the changes."""
    new = text
    for old, by in changes:
        new = new.replace(old, by)
    return text, new


def norms_exchanged(text: str) -> tuple[str, str]:
    """Return a way to make a mistake: norm1 where this text has norm2, and norm2 where it has norm1."""
    return changed(text, ("norm1", "norm0"), ("norm2", "norm1"), ("norm0", "norm2"))


MISTAKES = [
    # sinusoidal_positions
    Mistake(
        "sine and cosine exchanged", "sinusoidal_positions", replace="[angle.sin(), angle.cos()]", by="[angle.cos(), angle.sin()]",
        says="Your even columns hold cosines and your odd ones sines. What does row 0 look like, where every angle is 0?",
    ),
    Mistake(
        "sines in the first half, cosines in the second", "sinusoidal_positions",
        replace="pairs = torch.stack([angle.sin(), angle.cos()], dim=-1)", by="pairs = torch.stack([angle.sin(), angle.cos()], dim=1)",
        says="All sines come first and all cosines after them. In the equation they alternate: columns 2i and 2i + 1 share an angle.",
    ),
    Mistake(
        "exponent without the 2", "sinusoidal_positions", replace=EXPONENT, by="torch.arange(d_model // 2) / d_model",
        says="Your wavelengths grow too slowly: the exponent is 2i / d_model, not i / d_model. Up to where should it get in the last columns?",
    ),
    Mistake(
        "exponent with the 2 twice", "sinusoidal_positions", replace=EXPONENT, by="2 * torch.arange(0, d_model, 2) / d_model",
        says="Your wavelengths grow too fast: 0, 2, 4, … are the numbers 2i already. Which exponent does pair i = 1 have in the paper?",
    ),
    Mistake(
        "parentheses around the wrong part", "sinusoidal_positions", replace=f"({EXPONENT})", by="torch.arange(0, d_model, 2) / d_model",
        also=[
            (f"10000 ** ({EXPONENT})", "10000.0 ** torch.arange(0, d_model, 2) / d_model"),
            (
                f"wavelength = 10000 ** ({EXPONENT})  # (d_model / 2,), over 2 pi\n    angle = position / wavelength",
                f"angle = (position / 10000) ** ({EXPONENT})",
            ),
        ],
        says="You take the power and divide in another order than the equation. Python does ** before /: what belongs to the exponent, and what is it the exponent of?",
    ),
    Mistake(
        "an angle of its own for each column", "sinusoidal_positions", replace=PAIRS,
        by="torch.stack([angle.sin(), (position / 10000 ** (torch.arange(1, d_model, 2) / d_model)).cos()], dim=-1)",
        also=[(PAIRS, "torch.stack([(position / 10000 ** (2 * torch.arange(0, d_model, 2) / d_model)).sin(), (position / 10000 ** (2 * torch.arange(1, d_model, 2) / d_model)).cos()], dim=-1)")],
        says="Your cosines have other angles than the sines beside them. A pair of columns shares one angle: which i belongs to column 2i + 1?",
    ),
    Mistake(
        "exponent that reaches 1", "sinusoidal_positions", replace=EXPONENT,
        by="torch.arange(d_model // 2) / max(d_model // 2 - 1, 1)",
        says="Your last wavelength is exactly 10000 (times 2 pi). In the paper's equation the exponent stays below 1: by what does it divide?",
    ),
    Mistake(
        "multiplied, not divided", "sinusoidal_positions", replace="position / wavelength", by="position * wavelength",
        also=[
            ("position / wavelength", "position * torch.exp(torch.arange(0, d_model, 2) * (math.log(10000.0) / d_model))"),
            LOOPS_MULTIPLIED,
        ],
        says="Your angles grow from column to column, so the late columns turn fastest. Is the power in the numerator, or did a minus sign get lost?",
    ),
    Mistake(
        "a base of 1000", "sinusoidal_positions", replace="10000 **", by="1000 **",
        says="Your wavelengths are too short. Count the zeros of the paper's base.",
    ),
    Mistake(
        "one wavelength for all", "sinusoidal_positions", replace=EXPONENT, by="torch.arange(0, d_model, 2) // d_model",
        says="All your columns turn at the same speed. What does // make of a number below 1?",
    ),
    Mistake(
        "positions from 1", "sinusoidal_positions", replace="torch.arange(length)[:, None]", by="torch.arange(1, length + 1)[:, None]",
        says="Your row 0 belongs to position 1. Positions are counted from 0.",
    ),
    Mistake(
        "odd widths go through", "sinusoidal_positions", replace="if d_model % 2 != 0:", by="if d_model < 0:",
        says="An odd width raises no ValueError. What should the last sine's partner be?",
    ),
    Mistake(
        "another error at odd widths", "sinusoidal_positions", replace='raise ValueError(f"sines and cosines come in pairs, and a width of {d_model} is odd")',
        by="raise AssertionError",
        says="An odd width ends in another error than ValueError. Is it an assert, which can be switched off, or does it come by itself from a later line?",
    ),
    Mistake(
        "doubles come back", "sinusoidal_positions", replace="return pairs.flatten(1)", by="return pairs.double().flatten(1)",
        says="The numbers are right, and float64. Asked for is float32, so that they can be added to embeddings.",
    ),
    Mistake(
        "a dimension too many", "sinusoidal_positions", replace="return pairs.flatten(1)", by="return pairs.flatten(1)[None]",
        also=[("return pairs.flatten(1)", "return pairs.flatten(1)[:, None]")],
        says="The numbers are right, with a dimension that nobody asked for. The shape is (length, d_model).",
    ),
    # LayerNorm
    Mistake(
        "unbiased variance", "LayerNorm", replace="x.var(dim=-1, keepdim=True, unbiased=False)", by="x.var(dim=-1, keepdim=True)",
        says="You divide the squared deviations by d_model - 1, which torch does unless told otherwise. By what does the docstring divide?",
    ),
    Mistake(
        "eps outside the root", "LayerNorm", replace="(variance + self.eps).sqrt()", by="(variance.sqrt() + self.eps)",
        also=[(f"{VARIANCE}  # (..., 1)\n        {NORMALISED}", f"{VARIANCE.replace('var(', 'std(')}\n        {NORMALISED.replace('.sqrt()', '')}")],
        says="You add eps to the standard deviation. The docstring adds it to the variance: what comes first, the sum or the root?",
    ),
    Mistake(
        "eps forgotten", "LayerNorm", replace="(variance + self.eps).sqrt()", by="variance.sqrt()",
        says="eps is not used: where all numbers of a position are equal you divide 0 by 0.",
    ),
    Mistake(
        "eps always the same", "LayerNorm", replace="self.eps = eps", by="self.eps = 1e-5",
        also=[("self.eps = eps", "self.eps = 1e-6")],
        says="Your eps is always the same. What becomes of the argument of that name?",
    ),
    Mistake(
        "variance for standard deviation", "LayerNorm", replace="(variance + self.eps).sqrt()", by="(variance + self.eps)",
        says="You divide by the variance. Which power of it has the unit of x?",
    ),
    Mistake(
        "squares of x, not of the deviations", "LayerNorm", replace="x.var(dim=-1, keepdim=True, unbiased=False)", by="x.square().mean(dim=-1, keepdim=True)",
        says="You square x itself. The variance is the mean of the squared deviations: deviations from what?",
    ),
    Mistake(
        "mean of squares less square of the mean", "LayerNorm", replace="x.var(dim=-1, keepdim=True, unbiased=False)",
        by="x.square().mean(dim=-1, keepdim=True) - mean.square()",
        also=[("x.var(dim=-1, keepdim=True, unbiased=False)", "(x.square().mean(dim=-1, keepdim=True) - mean.square()).clamp(min=0)")],
        says="You subtract the squared mean from the mean of the squares. Far from 0 both are large, and their difference has no digit left that is right. What is squared in the docstring?",
    ),
    Mistake(
        "over all positions of a sequence", "LayerNorm",
        replace=MEAN_AND_VARIANCE,
        by="mean = x.mean(dim=tuple(range(x.dim()))[-2:], keepdim=True)\n        variance = x.var(dim=tuple(range(x.dim()))[-2:], keepdim=True, unbiased=False)",
        also=[(MEAN_AND_VARIANCE, "mean = x.mean(dim=(1, 2), keepdim=True)\n        variance = x.var(dim=(1, 2), keepdim=True, unbiased=False)")],
        says="The positions of a sequence share one mean and one variance. Each position is normalised by itself.",
    ),
    Mistake(
        "over everything", "LayerNorm",
        replace=MEAN_AND_VARIANCE,
        by="mean = x.mean()\n        variance = x.var(unbiased=False)",
        says="One mean and one variance serve the whole tensor. Each position is normalised by itself.",
    ),
    Mistake(
        "over the batch", "LayerNorm",
        replace=MEAN_AND_VARIANCE,
        by="mean = x.mean(dim=0, keepdim=True)\n        variance = x.var(dim=0, keepdim=True, unbiased=False)",
        says="You normalise over the first dimension, as batch normalisation does. Here the last one counts.",
    ),
    Mistake(
        "column by column over the positions", "LayerNorm", replace=MEAN_AND_VARIANCE,
        by="mean = x.mean(dim=1, keepdim=True)\n        variance = x.var(dim=1, keepdim=True, unbiased=False)",
        also=[(MEAN_AND_VARIANCE, "mean = x.mean(dim=-2, keepdim=True)\n        variance = x.var(dim=-2, keepdim=True, unbiased=False)")],
        says="You normalise over the positions of a sequence, so positions are mixed. Which dimension holds the numbers of one position?",
    ),
    Mistake(
        "always the third dimension", "LayerNorm",
        replace=MEAN_AND_VARIANCE,
        by="mean = x.mean(dim=2, keepdim=True)\n        variance = x.var(dim=2, keepdim=True, unbiased=False)",
        says="You name the dimension by its place from the front, so it works for three dimensions only. Which number names the last one?",
    ),
    Mistake(
        "mean left in", "LayerNorm", replace="(x - mean) / ", by="x / ",
        also=[(f"{VARIANCE}  # (..., 1)\n        normal = (x - mean) / ", "variance = x.square().mean(dim=-1, keepdim=True)\n        normal = x / ")],
        says="You scale the numbers and leave their mean in. What does equation 4 subtract?",
    ),
    Mistake(
        "weight not applied", "LayerNorm", replace="normal * self.weight + self.bias", by="normal + self.bias",
        says="The weight is there, and nothing is multiplied by it.",
    ),
    Mistake(
        "bias not applied", "LayerNorm", replace="normal * self.weight + self.bias", by="normal * self.weight",
        says="The bias is there, and is added to nothing.",
    ),
    Mistake(
        "bias before weight", "LayerNorm", replace="normal * self.weight + self.bias", by="(normal + self.bias) * self.weight",
        says="You add the bias and then multiply, so the bias is scaled as well. Which comes first?",
    ),
    Mistake(
        "weight starts at zero", "LayerNorm", replace="nn.Parameter(torch.ones(d_model))", by="nn.Parameter(torch.zeros(d_model))",
        says="A new norm gives nothing but zeros, since its weight is zero. With which weight does a norm change nothing more?",
    ),
    Mistake(
        "one weight for all columns", "LayerNorm", replace="nn.Parameter(torch.ones(d_model))", by="nn.Parameter(torch.ones(1))",
        also=[(PARAMETERS, "self.weight = nn.Parameter(torch.tensor(1.0))\n        self.bias = nn.Parameter(torch.tensor(0.0))")],
        says="The weight, or the bias as well, is a single number. How many columns does a position have, and how many numbers of each do they need?",
    ),
    Mistake(
        "tensors for parameters", "LayerNorm", replace="self.weight = nn.Parameter(torch.ones(d_model))", by="self.weight = torch.ones(d_model)",
        also=[(PARAMETERS, "self.weight = torch.ones(d_model)\n        self.bias = torch.zeros(d_model)")],
        says="The weight, or the bias as well, is a plain tensor, so no optimizer will find it. What makes a tensor a parameter of a module?",
    ),
    Mistake(
        "no gradient through mean and variance", "LayerNorm", replace="(x - mean) / (variance + self.eps)",
        by="(x - mean.detach()) / (variance.detach() + self.eps)",
        also=[(NORMALISED, "normal = ((x - mean) / (variance + self.eps).sqrt()).detach()")],
        says="The values are right, and the gradient is not: mean and variance depend on x as well. Is there a detach or a no_grad?",
    ),
    Mistake(
        "the input is changed", "LayerNorm", replace="normal = (x - mean)", by="x.data.sub_(mean)\n        normal = x",
        also=[("normal = (x - mean)", "x -= mean\n        normal = x")],
        says="You change the caller's x: an operation with = or _, such as -=, works on the tensor itself. What makes a new tensor?",
    ),
    Mistake(
        "float32 inside", "LayerNorm", replace="return normal * self.weight + self.bias",
        by="return normal.float().to(x.dtype) * self.weight + self.bias",
        also=[(MEAN, "x = x.float()\n        " + MEAN)],
        says="In float64 your values are rounded to float32 on the way. The dtype of x is good enough for all of it.",
    ),
    # FeedForward
    Mistake(
        "no activation", "FeedForward", replace=FED_FORWARD, by="self.linear2(self.linear1(x))",
        says="Nothing stands between the two layers, so together they are one linear map. What does equation 2 put there?",
    ),
    Mistake(
        "activation at the end", "FeedForward", replace=FED_FORWARD, by="self.activation(self.linear2(self.linear1(x)))",
        says="The activation comes after both layers. It belongs between them.",
    ),
    Mistake(
        "activation first", "FeedForward", replace=FED_FORWARD, by="self.linear2(self.linear1(self.activation(x)))",
        says="The activation works on the input. It belongs between the two layers.",
    ),
    Mistake(
        "a second activation at the end", "FeedForward", replace=FED_FORWARD, by=f"self.activation({FED_FORWARD})",
        says="An activation follows each of the two layers. How many are there in equation 2, and can an output be negative?",
    ),
    Mistake(
        "relu whatever is given", "FeedForward", replace="self.activation = activation", by="self.activation = torch.relu",
        says="Your activation is always relu. What becomes of the argument of that name?",
    ),
    Mistake(
        "residual inside", "FeedForward", replace="return self.linear2(", by="return x + self.linear2(",
        says="You add the input to the output. The residual belongs to the encoder layer, not to this network.",
    ),
    Mistake(
        "first layer without bias", "FeedForward", replace="nn.Linear(d_model, d_ff)", by="nn.Linear(d_model, d_ff, bias=False)",
        says="linear1 has no bias. Where in equation 2 is b1?",
    ),
    Mistake(
        "second layer without bias", "FeedForward", replace="nn.Linear(d_ff, d_model)", by="nn.Linear(d_ff, d_model, bias=False)",
        says="linear2 has no bias. Where in equation 2 is b2?",
    ),
    Mistake(
        "four times the width", "FeedForward",
        replace="self.linear1 = nn.Linear(d_model, d_ff)\n        self.linear2 = nn.Linear(d_ff, d_model)",
        by="self.linear1 = nn.Linear(d_model, 4 * d_model)\n        self.linear2 = nn.Linear(4 * d_model, d_model)",
        says="Your inner width is always 4 d_model, as in the paper's base model. Here d_ff says what it is.",
    ),
    Mistake(
        "the sizes of the layers exchanged", "FeedForward",
        replace="self.linear1 = nn.Linear(d_model, d_ff)\n        self.linear2 = nn.Linear(d_ff, d_model)",
        by="self.linear1 = nn.Linear(d_ff, d_model)\n        self.linear2 = nn.Linear(d_model, d_ff)",
        says="Your linear1 leads from d_ff to d_model. nn.Linear takes the size of its input first: which of the two layers sees x?",
    ),
    Mistake(
        "dropout inside feed-forward", "FeedForward", replace="self.activation(self.linear1(x))",
        by="torch.dropout(self.activation(self.linear1(x)), 0.1, self.training)",
        also=[(f"return {FED_FORWARD}", f"return torch.dropout({FED_FORWARD}, 0.1, self.training)")],
        says="Something is dropped inside the network. Nothing in its docstring asks for that.",
    ),
    # EncoderLayer
    Mistake(
        "no residual around attention", "EncoderLayer", replace="x = self.norm1(x + self.dropout(self.self_attention(x, x, x, mask)))",
        by="x = self.norm1(self.dropout(self.self_attention(x, x, x, mask)))",
        also=[throughout(("x = x + self.dropout(", "x = self.dropout("), ("self.norm1(x + ", "self.norm1("))],
        says="There is an order of the norms in which attention's output replaces its input. What is added to what in a residual sum?",
    ),
    Mistake(
        "no residual around feed-forward", "EncoderLayer", replace="return self.norm2(x + self.dropout(self.feed_forward(x)))",
        by="return self.norm2(self.dropout(self.feed_forward(x)))",
        also=[throughout(("return x + self.dropout(", "return self.dropout("), ("self.norm2(x + ", "self.norm2("))],
        says="There is an order of the norms in which the output of feed_forward replaces its input. What is added to what in a residual sum?",
    ),
    Mistake(
        "residual from the normalised value", "EncoderLayer", replace="x = x + self.dropout(self.self_attention(normal, normal, normal, mask))",
        by="x = normal + self.dropout(self.self_attention(normal, normal, normal, mask))",
        also=[
            ("return x + self.dropout(self.feed_forward(self.norm2(x)))", "return self.norm2(x) + self.dropout(self.feed_forward(self.norm2(x)))"),
            throughout(("x = x + self.dropout", "x = normal + self.dropout"), ("return x + self", "return self.norm2(x) + self")),
        ],
        says="With norm_first you add a sublayer's output to the normalised x. The residual should go past the norm: what is added to what?",
    ),
    Mistake(
        "second residual from the layer's input", "EncoderLayer",
        replace="x = self.norm1(x + self.dropout(self.self_attention(x, x, x, mask)))\n        return self.norm2(x + self.dropout(self.feed_forward(x)))",
        by="y = self.norm1(x + self.dropout(self.self_attention(x, x, x, mask)))\n        return self.norm2(x + self.dropout(self.feed_forward(y)))",
        also=[throughout(("x = x + self.dropout", "y = x + self.dropout"), ("self.norm2(x)", "self.norm2(y)"), ("x = self.norm1", "y = self.norm1"), ("self.feed_forward(x)", "self.feed_forward(y)"))],
        says="The second residual is the input of the whole layer, so attention's result is not in it. What goes into feed_forward goes round it, too.",
    ),
    Mistake(
        "feed-forward on the layer's input", "EncoderLayer",
        replace="x = self.norm1(x + self.dropout(self.self_attention(x, x, x, mask)))\n        return self.norm2(x + self.dropout(self.feed_forward(x)))",
        by="y = self.norm1(x + self.dropout(self.self_attention(x, x, x, mask)))\n        return self.norm2(y + self.dropout(self.feed_forward(x)))",
        also=[throughout(("x = x + self.dropout", "y = x + self.dropout"), ("return x + ", "return y + "), ("x = self.norm1", "y = self.norm1"), ("self.norm2(x + ", "self.norm2(y + "))],
        says="feed_forward gets the input of the whole layer. It should get what came out of the first half.",
    ),
    Mistake(
        "second norm sees the layer's input", "EncoderLayer",
        replace="x = x + self.dropout(self.self_attention(normal, normal, normal, mask))\n            return x + self.dropout(self.feed_forward(self.norm2(x)))",
        by="y = x + self.dropout(self.self_attention(normal, normal, normal, mask))\n            return y + self.dropout(self.feed_forward(self.norm2(x)))",
        says="With norm_first the two sublayers stand side by side: the second works on the layer's input. It should work on the first sum.",
    ),
    Mistake(
        "first norm twice", "EncoderLayer", replace="return self.norm2(x + self.dropout(self.feed_forward(x)))",
        by="return self.norm1(x + self.dropout(self.feed_forward(x)))",
        also=[("self.feed_forward(self.norm2(x))", "self.feed_forward(self.norm1(x))"), throughout(("self.norm2", "self.norm1"))],
        says="norm1 is used twice and norm2 never. Each sublayer has its own norm.",
    ),
    Mistake(
        "first norm missing", "EncoderLayer", replace="x = self.norm1(x + self.dropout(self.self_attention(x, x, x, mask)))",
        by="x = x + self.dropout(self.self_attention(x, x, x, mask))",
        also=[
            ("self.self_attention(normal, normal, normal, mask)", "self.self_attention(x, x, x, mask)"),
            throughout(("normal, normal, normal", "x, x, x"), ("x = self.norm1(x + self.dropout(self.self_attention(x, x, x, mask)))", "x = x + self.dropout(self.self_attention(x, x, x, mask))")),
        ],
        says="There is an order of the norms in which norm1 is not used. Each of the two sublayers has a norm, in both orders: where does attention's stand?",
    ),
    Mistake(
        "second norm missing", "EncoderLayer", replace="self.feed_forward(self.norm2(x))", by="self.feed_forward(x)",
        also=[
            ("return self.norm2(x + self.dropout(self.feed_forward(x)))", "return x + self.dropout(self.feed_forward(x))"),
            throughout(("self.feed_forward(self.norm2(x))", "self.feed_forward(x)"), ("return self.norm2(x + self.dropout(self.feed_forward(x)))", "return x + self.dropout(self.feed_forward(x))")),
        ],
        says="There is an order of the norms in which norm2 is not used. Each of the two sublayers has a norm, in both orders: where does feed_forward's stand?",
    ),
    Mistake(
        "norms exchanged", "EncoderLayer", replace=NORMAL + SUBLAYERS, by=norms_exchanged(NORMAL + SUBLAYERS)[1],
        also=[norms_exchanged(NORMS_AFTER), norms_exchanged(NORMAL + NORMS_FIRST)],
        says="There is an order of the norms in which norm2 works for attention, and norm1 for feed_forward. Which norm belongs to which sublayer?",
    ),
    Mistake(
        "norms inside the sums", "EncoderLayer",
        replace="x = self.norm1(x + self.dropout(self.self_attention(x, x, x, mask)))\n        return self.norm2(x + self.dropout(self.feed_forward(x)))",
        by="x = x + self.norm1(self.dropout(self.self_attention(x, x, x, mask)))\n        return x + self.norm2(self.dropout(self.feed_forward(x)))",
        also=[changed(NORMS_AFTER, ("self.norm1(x + self.dropout(self.self_attention(x, x, x, mask)))", "x + self.dropout(self.norm1(self.self_attention(x, x, x, mask)))"), ("self.norm2(x + self.dropout(self.feed_forward(x)))", "x + self.dropout(self.norm2(self.feed_forward(x)))"))],
        says="You normalise what a sublayer gives and then add it. In the paper the sum is normalised.",
    ),
    Mistake(
        "a norm too many", "EncoderLayer", replace="return x + self.dropout(self.feed_forward(self.norm2(x)))",
        by="return self.norm2(x + self.dropout(self.feed_forward(self.norm2(x))))",
        also=[changed(NORMS_FIRST, ("x = x + self.dropout(self.self_attention(normal, normal, normal, mask))", "x = self.norm1(x + self.dropout(self.self_attention(normal, normal, normal, mask)))"), ("return x + self.dropout(self.feed_forward(self.norm2(x)))", "return self.norm2(x + self.dropout(self.feed_forward(self.norm2(x))))"))],
        says="With norm_first you normalise a residual sum as well. What does the docstring say about the sums there?",
    ),
    Mistake(
        "norms after, whatever is asked for", "EncoderLayer", replace="self.norm_first = norm_first", by="self.norm_first = False",
        says="norm_first changes nothing: the norms always come after the sums.",
    ),
    Mistake(
        "norms first, whatever is asked for", "EncoderLayer", replace="self.norm_first = norm_first", by="self.norm_first = True",
        says="norm_first changes nothing: the norms always come first.",
    ),
    Mistake(
        "norm_first the wrong way round", "EncoderLayer", replace="self.norm_first = norm_first", by="self.norm_first = not norm_first",
        says="With norm_first the norms come last, and without it first.",
    ),
    Mistake(
        "only queries normalised", "EncoderLayer", replace="self.self_attention(normal, normal, normal, mask)", by="self.self_attention(normal, x, x, mask)",
        says="With norm_first keys and values come from the x that is not normalised. Self-attention has one input.",
    ),
    Mistake(
        "mask not passed to attention", "EncoderLayer", replace="self.self_attention(x, x, x, mask)", by="self.self_attention(x, x, x)",
        also=[
            ("self.self_attention(normal, normal, normal, mask)", "self.self_attention(normal, normal, normal)"),
            throughout((", mask)", ")")),
        ],
        says="There is an order of the norms in which the mask changes nothing. Does it get as far as the attention?",
    ),
    Mistake(
        "eps not passed to the second norm", "EncoderLayer", replace="self.norm2 = LayerNorm(d_model, eps)", by="self.norm2 = LayerNorm(d_model)",
        says="norm2 has another eps than the one that was given.",
    ),
    Mistake(
        "eps not passed to the norms", "EncoderLayer",
        replace="self.norm1 = LayerNorm(d_model, eps)\n        self.norm2 = LayerNorm(d_model, eps)",
        by="self.norm1 = LayerNorm(d_model)\n        self.norm2 = LayerNorm(d_model)",
        says="Both norms have another eps than the one that was given.",
    ),
    Mistake(
        "activation not passed on", "EncoderLayer", replace="FeedForward(d_model, d_ff, activation)", by="FeedForward(d_model, d_ff)",
        says="feed_forward has another activation than the one that was given.",
    ),
    Mistake(
        "one norm for both", "EncoderLayer", replace="self.norm2 = LayerNorm(d_model, eps)", by="self.norm2 = self.norm1",
        says="norm1 and norm2 are one and the same norm. They are two, each with its own weight and bias.",
    ),
    Mistake(
        "one head in every layer", "EncoderLayer", replace="MultiHeadAttention(d_model, num_heads)", by="MultiHeadAttention(d_model, 1)",
        says="Your attention has one head, whatever num_heads says.",
    ),
    Mistake(
        "nothing dropped", "EncoderLayer", replace="nn.Dropout(dropout)", by="nn.Identity()",
        says="Nothing is ever dropped. What becomes of the argument dropout?",
    ),
    Mistake(
        "always the same rate of dropout", "EncoderLayer", replace="nn.Dropout(dropout)", by="nn.Dropout(0.1)",
        also=[("nn.Dropout(dropout)", "nn.Dropout()")],
        says="The same share is dropped, whatever rate was given. What becomes of the argument dropout?",
    ),
    Mistake(
        "kept share for dropped share", "EncoderLayer", replace="nn.Dropout(dropout)", by="nn.Dropout(1 - dropout)",
        says="You keep the share that should be dropped. At a rate of 0.1, nine numbers in ten stay.",
    ),
    Mistake(
        "dropped in evaluation mode, too", "EncoderLayer", replace="self.dropout = nn.Dropout(dropout)",
        by="self.dropout = lambda x: torch.dropout(x, dropout, True)",
        says="In evaluation mode something is dropped as well. nn.Dropout knows the mode; the function F.dropout has to be told.",
    ),
    Mistake(
        "dropped without scaling up", "EncoderLayer", replace="self.dropout = nn.Dropout(dropout)",
        by="self.drop = nn.Dropout(dropout)\n        self.dropout = lambda x: self.drop(x) * ((1 - dropout) if self.training else 1)",
        says="What is kept while training is not scaled up, so sums are smaller in training than in evaluation. nn.Dropout divides by the share that is kept.",
    ),
    Mistake(
        "whole positions dropped", "EncoderLayer", replace="nn.Dropout(dropout)", by="nn.Dropout1d(dropout)",
        says="All numbers of a position are dropped together. Each number is dropped or kept on its own.",
    ),
    Mistake(
        "the same places in every sequence", "EncoderLayer", replace="self.dropout = nn.Dropout(dropout)",
        by="self.drop = nn.Dropout(dropout)\n        self.dropout = lambda x: x * self.drop(torch.ones_like(x[:1]))",
        says="In every sequence of the batch the same places are dropped. Each number is dropped or kept on its own.",
    ),
    Mistake(
        "attention's output not dropped", "EncoderLayer", replace="x + self.dropout(self.self_attention(x, x, x, mask))",
        by="x + self.self_attention(x, x, x, mask)",
        also=[
            throughout(("self.dropout(self.self_attention(normal, normal, normal, mask))", "self.self_attention(normal, normal, normal, mask)"),
                             ("self.dropout(self.self_attention(x, x, x, mask))", "self.self_attention(x, x, x, mask)")),
            ("self.dropout(self.self_attention(normal, normal, normal, mask))", "self.self_attention(normal, normal, normal, mask)"),
        ],
        says="There is an order of the norms in which nothing of attention's output is dropped. Dropout stands at both sublayers, in both orders: where is yours?",
    ),
    Mistake(
        "feed-forward's output not dropped", "EncoderLayer", replace="return x + self.dropout(self.feed_forward(self.norm2(x)))",
        by="return x + self.feed_forward(self.norm2(x))",
        also=[
            throughout(("self.dropout(self.feed_forward(self.norm2(x)))", "self.feed_forward(self.norm2(x))"),
                             ("self.dropout(self.feed_forward(x))", "self.feed_forward(x)")),
            ("self.dropout(self.feed_forward(x))", "self.feed_forward(x)"),
        ],
        says="There is an order of the norms in which nothing of feed_forward's output is dropped. Dropout stands at both sublayers, in both orders: where is yours?",
    ),
    Mistake(
        "dropout after the sum", "EncoderLayer", replace="x = self.norm1(x + self.dropout(self.self_attention(x, x, x, mask)))",
        by="x = self.norm1(self.dropout(x + self.self_attention(x, x, x, mask)))",
        also=[
            ("return x + self.dropout(self.feed_forward(self.norm2(x)))", "return self.dropout(x + self.feed_forward(self.norm2(x)))"),
            throughout(("x + self.dropout(", "self.dropout(x + ")),
            changed(NORMS_AFTER, ("x + self.dropout(", "self.dropout(x + ")),
        ],
        says="You drop from the sum with the residual. The residual should come through whole: drop before you add.",
    ),
    Mistake(
        "dropout after the norm", "EncoderLayer", replace="x = self.norm1(x + self.dropout(self.self_attention(x, x, x, mask)))",
        by="x = self.dropout(self.norm1(x + self.self_attention(x, x, x, mask)))",
        also=[changed(NORMS_AFTER, ("self.norm1(x + self.dropout(self.self_attention(x, x, x, mask)))", "self.dropout(self.norm1(x + self.self_attention(x, x, x, mask)))"), ("self.norm2(x + self.dropout(self.feed_forward(x)))", "self.dropout(self.norm2(x + self.feed_forward(x)))"))],
        says="There is an order of the norms in which you drop from what a norm of the sum gives. Drop from the sublayer's output, before you add it.",
    ),
    Mistake(
        "dropout in front of a sublayer", "EncoderLayer", replace="self.dropout(self.feed_forward(self.norm2(x)))",
        by="self.feed_forward(self.dropout(self.norm2(x)))",
        also=[(
                NORMAL + SUBLAYERS,
                "            normal = self.dropout(self.norm1(x))\n"
                "            x = x + self.self_attention(normal, normal, normal, mask)\n"
                "            return x + self.feed_forward(self.dropout(self.norm2(x)))\n"
                "        y = self.dropout(x)\n"
                "        x = self.norm1(x + self.self_attention(y, y, y, mask))\n"
                "        return self.norm2(x + self.feed_forward(self.dropout(x)))\n",
            )],
        says="You drop from what goes into a sublayer. From which of the two, its input or its output, should something be dropped?",
    ),
    Mistake(
        "dropout on the layer's input, too", "EncoderLayer", replace="        if self.norm_first:\n", by="        x = self.dropout(x)\n        if self.norm_first:\n",
        says="You also drop from the input of the layer. Only the outputs of the two sublayers are dropped from.",
    ),
    Mistake(
        "the input changed by the layer", "EncoderLayer", replace="x = x + self.dropout(self.self_attention(normal, normal, normal, mask))",
        by="x.data.add_(self.dropout(self.self_attention(normal, normal, normal, mask)))",
        also=[throughout(
                ("x = x + ", "x += "), ("return x + self.dropout(self.feed_forward(self.norm2(x)))", "x += self.dropout(self.feed_forward(self.norm2(x)))\n            return x"),
                ("x = self.norm1(x + self.dropout(self.self_attention(x, x, x, mask)))", "x += self.dropout(self.self_attention(x, x, x, mask))\n        x = self.norm1(x)"),
            )],
        says="You change the caller's x: += works on the tensor itself. What makes a new one?",
    ),
    # Encoder
    Mistake(
        "one layer many times", "Encoder",
        replace="nn.ModuleList(\n            EncoderLayer(d_model, num_heads, d_ff, dropout, activation, eps, norm_first) for _ in range(num_layers)\n        )",
        by="nn.ModuleList(\n            [EncoderLayer(d_model, num_heads, d_ff, dropout, activation, eps, norm_first)] * num_layers\n        )",
        says="All your layers are one and the same layer. What does [layer] * n put into the list?",
    ),
    Mistake(
        "attention shared by all layers", "Encoder", replace="        self.norm = LayerNorm",
        by="        for layer in self.layers:\n            layer.self_attention = self.layers[0].self_attention\n        self.norm = LayerNorm",
        says="All layers share one self_attention. No two should share a parameter.",
    ),
    Mistake(
        "a plain list of layers", "Encoder",
        replace="nn.ModuleList(\n            EncoderLayer(d_model, num_heads, d_ff, dropout, activation, eps, norm_first) for _ in range(num_layers)\n        )",
        by="[\n            EncoderLayer(d_model, num_heads, d_ff, dropout, activation, eps, norm_first) for _ in range(num_layers)\n        ]",
        says="Your layers stand in a plain list, where neither an optimizer nor .eval() finds them. Which list of torch's registers modules?",
    ),
    Mistake(
        "mask for the first layer only", "Encoder", replace="            x = layer(x, mask)", by="            x = layer(x, mask)\n            mask = None",
        says="The first layer gets the mask and the others do not. Padding stays padding all the way up.",
    ),
    Mistake(
        "mask not passed to the layers", "Encoder", replace="layer(x, mask)", by="layer(x)",
        says="The mask changes nothing. Does it get to the layers?",
    ),
    Mistake(
        "a norm at the end always", "Encoder", replace="LayerNorm(d_model, eps) if norm_first else None", by="LayerNorm(d_model, eps)",
        says="Without norm_first there is a norm at the end, too. There the last thing that a layer does is a norm already.",
    ),
    Mistake(
        "no norm at the end", "Encoder", replace="LayerNorm(d_model, eps) if norm_first else None", by="None",
        says="With norm_first there is no norm at the end. Who normalises the last residual sum?",
    ),
    Mistake(
        "a norm at the end, not used", "Encoder", replace="return x if self.norm is None else self.norm(x)", by="return x",
        says="With norm_first the norm is made and not used.",
    ),
    Mistake(
        "an unused norm without norm_first", "Encoder", solution=NORM_NOT_USED,
        says="Without norm_first your encoder has a norm that it does not use. Its parameters are there all the same: when should it be made?",
    ),
    Mistake(
        "norm before the layers", "Encoder",
        replace="        for layer in self.layers:\n            x = layer(x, mask)\n        return x if self.norm is None else self.norm(x)",
        by="        x = x if self.norm is None else self.norm(x)\n        for layer in self.layers:\n            x = layer(x, mask)\n        return x",
        says="With norm_first the norm stands in front of the first layer. It belongs after the last.",
    ),
    Mistake(
        "norm after every layer", "Encoder",
        replace="            x = layer(x, mask)\n        return x if self.norm is None else self.norm(x)",
        by="            x = layer(x, mask)\n            x = x if self.norm is None else self.norm(x)\n        return x",
        says="With norm_first the norm comes after every layer. It belongs after the last alone.",
    ),
    Mistake(
        "eps not passed to the last norm", "Encoder", replace="LayerNorm(d_model, eps) if norm_first", by="LayerNorm(d_model) if norm_first",
        says="The norm at the end has another eps than the one that was given.",
    ),
    Mistake(
        "eps not passed to the layers", "Encoder", replace="activation, eps, norm_first) for", by="activation, 1e-5, norm_first) for",
        says="The layers have another eps than the one that was given.",
    ),
    Mistake(
        "activation not passed to the layers", "Encoder", replace="dropout, activation, eps, norm_first) for",
        by="dropout, torch.relu, eps, norm_first) for",
        says="The layers have another activation than the one that was given.",
    ),
    Mistake(
        "norm_first not passed to the layers", "Encoder", replace="activation, eps, norm_first) for", by="activation, eps, False) for",
        says="The layers never hear of norm_first.",
    ),
    Mistake(
        "dropout not passed to the layers", "Encoder", replace="d_ff, dropout, activation, eps, norm_first) for",
        by="d_ff, 0.1, activation, eps, norm_first) for",
        says="The layers drop at their default rate, whatever was given.",
    ),
    Mistake(
        "no option passed to the layers", "Encoder", replace="(d_model, num_heads, d_ff, dropout, activation, eps, norm_first) for", by="(d_model, num_heads, d_ff) for",
        says="Your layers get the sizes and nothing else. What becomes of the other arguments of the encoder?",
    ),
    Mistake(
        "dropout on the encoder's input", "Encoder", replace="        for layer in self.layers:\n            x = layer(x, mask)",
        by="        x = torch.dropout(x, 0.1, self.training)\n        for layer in self.layers:\n            x = layer(x, mask)",
        also=[DROPPED_FIRST],
        says="You also drop from the input of the encoder. Here all dropout is inside the layers.",
    ),
    Mistake(
        "a layer too few", "Encoder", replace="for _ in range(num_layers)", by="for _ in range(1, num_layers)",
        says="There is one layer less than was asked for. How many numbers are in your range?",
    ),
    Mistake(
        "six layers always", "Encoder", replace="for _ in range(num_layers)", by="for _ in range(6)",
        says="There are always six layers, as in the paper. Here num_layers says how many.",
    ),
    Mistake(
        "only the first layer runs", "Encoder", replace="            x = layer(x, mask)", by="            x = layer(x, mask)\n            break",
        says="You return after the first layer. Look at the indentation of your return.",
    ),
    Mistake(
        "every layer gets the encoder's input", "Encoder", replace="        for layer in self.layers:\n            x = layer(x, mask)",
        by="        first = x\n        for layer in self.layers:\n            x = layer(first, mask)",
        says="Each layer starts from the encoder's input again, so only the last one counts. What should the second layer read?",
    ),
    Mistake(
        "a residual around each layer", "Encoder", replace="x = layer(x, mask)", by="x = x + layer(x, mask)",
        says="You add each layer's input to its output once more. The residuals are inside the layer already.",
    ),
    # mask_tokens
    Mistake(
        "labels read after corruption", "mask_tokens", replace="    return inputs, labels", by="    return inputs, inputs.masked_fill(~chosen, -100)",
        says="Your labels show the inputs, so the answer to a masked token is the mask. Where do the labels have to be read, before or after?",
    ),
    Mistake(
        "labels everywhere", "mask_tokens", replace=LABELS, by="labels = tokens.clone()",
        says="Your labels show every token, also those that nobody asks for. What stands there instead, for the loss to leave out?",
    ),
    Mistake(
        "labels the wrong way round", "mask_tokens", replace=LABELS, by="labels = tokens.masked_fill(chosen, -100)",
        says="Your labels show the tokens that were not chosen, and hide those that were.",
    ),
    Mistake(
        "labels only where something changed", "mask_tokens", replace="    return inputs, labels",
        by="    return inputs, tokens.masked_fill(inputs == tokens, -100)",
        also=[(f"{LABELS}\n    {FATE}", f"{FATE}\n    labels = tokens.masked_fill(~(chosen & ((fate < 0.8) | (fate >= 0.9))), -100)")],
        says="A chosen token that is kept as it is gets no label. It is asked for, too: that is why it was chosen.",
    ),
    Mistake(
        "labels only where mask_id stands", "mask_tokens", replace="    return inputs, labels", by="    return inputs, tokens.masked_fill(inputs != mask_id, -100)",
        also=[(f"{LABELS}\n    {FATE}", f"{FATE}\n    labels = tokens.masked_fill(~(chosen & (fate < 0.8)), -100)")],
        says="Only tokens under a mask get a label. The other chosen ones are asked for, too.",
    ),
    Mistake(
        "another number for -100", "mask_tokens", replace="masked_fill(~chosen, -100)", by="masked_fill(~chosen, 0)",
        also=[("masked_fill(~chosen, -100)", "masked_fill(~chosen, -1)")],
        says="Where nothing is asked your labels are another number than -100. Which one does the loss leave out?",
    ),
    Mistake(
        "always 15 %", "mask_tokens", replace="generator=generator) < probability)", by="generator=generator) < 0.15)",
        says="15 % are chosen, whatever probability was given.",
    ),
    Mistake(
        "chosen the wrong way round", "mask_tokens", replace="generator=generator) < probability)", by="generator=generator) > probability)",
        says="You choose the share that should be left alone. At 0.15, about one token in seven is chosen.",
    ),
    Mistake(
        "a fixed number chosen", "mask_tokens", replace=CHOSEN,
        by="number = round(probability * tokens.numel())\n    chosen = torch.rand(tokens.numel(), generator=generator).argsort().view(tokens.shape) < number\n    chosen = chosen & ~special",
        says="You choose exactly a share of the tokens, so one token's fate depends on the others'. Each is chosen on its own.",
    ),
    Mistake(
        "a fixed number in each row", "mask_tokens", replace=CHOSEN,
        by="number = round(probability * tokens.shape[1])\n    chosen = torch.rand(tokens.shape, generator=generator).argsort(dim=1) < number\n    chosen = chosen & ~special",
        says="Each row has equally many chosen tokens. Each token is chosen on its own, so the numbers should vary.",
    ),
    Mistake(
        "the same places in every row", "mask_tokens", replace="(torch.rand(tokens.shape, generator=generator) < probability)",
        by="(torch.rand(tokens.shape[-1], generator=generator) < probability)",
        says="The same places are chosen in every row. How many random numbers does a batch need?",
    ),
    Mistake(
        "special tokens chosen", "mask_tokens", replace=" & ~special", by="",
        says="Special tokens are chosen as well. There is nothing to learn from guessing padding.",
    ),
    Mistake(
        "only one special id", "mask_tokens", replace="torch.tensor(special_ids, dtype=tokens.dtype)", by="torch.tensor(special_ids[:1], dtype=tokens.dtype)",
        also=[("torch.tensor(special_ids, dtype=tokens.dtype)", "torch.tensor(special_ids[-1:], dtype=tokens.dtype)")],
        says="Only one of the special ids is spared. There may be several, or none: does each turn of a loop forget what the one before has found?",
    ),
    Mistake(
        "fails without special ids", "mask_tokens", replace="special = torch.isin(tokens, torch.tensor(special_ids, dtype=tokens.dtype))",
        by="special = torch.stack([tokens == special_id for special_id in special_ids]).any(dim=0)",
        also=[
            (f"special = {SPECIAL}", "special = tokens == special_ids[0]\n    for special_id in special_ids[1:]:\n        special = special | (tokens == special_id)"),
            (SPECIAL, "sum(tokens == special_id for special_id in special_ids).bool()"),
        ],
        says="Your code fails where special_ids is empty. What should it do then?",
    ),
    Mistake(
        "special ids below a limit", "mask_tokens", replace=SPECIAL,
        by="tokens <= max(special_ids, default=-1)",
        also=[(SPECIAL, "tokens <= max(special_ids)")],
        says="You spare every id up to the largest special one. The special ids can be anywhere in the vocabulary.",
    ),
    Mistake(
        "mask_id never asked", "mask_tokens", replace="& ~special", by="& ~special & (tokens != mask_id)",
        says="A token that is mask_id already is never chosen. Only special_ids says what is spared.",
    ),
    Mistake(
        "special tokens in the share", "mask_tokens", replace="generator=generator) < probability)",
        by="generator=generator) < probability / (~special).double().mean())",
        says="You choose more often where there are many special tokens, so that the share of the whole is right. The probability is that of each single token.",
    ),
    Mistake(
        "always the mask", "mask_tokens",
        replace=FORMS,
        by="inputs = tokens.masked_fill(chosen, mask_id)",
        says="All chosen tokens show mask_id. In 20 % of the cases they should show something else.",
    ),
    Mistake(
        "mask under all but random ones", "mask_tokens", replace="chosen & (fate < 0.8), mask_id", by="chosen & (fate < 0.9), mask_id",
        says="90 % of the chosen tokens show mask_id, and none is kept as it is.",
    ),
    Mistake(
        "no token kept", "mask_tokens", replace="(fate >= 0.9)", by="(fate >= 0.8)",
        says="None of the chosen tokens is kept as it is: 20 % are random ones.",
    ),
    Mistake(
        "no random tokens", "mask_tokens", replace="    inputs = torch.where(chosen & (fate >= 0.9), anything, inputs)\n", by="",
        says="No random token ever stands in for a chosen one: 20 % are kept.",
    ),
    Mistake(
        "10 % of what is left", "mask_tokens", replace="(fate >= 0.9)", by="(fate >= 0.98)",
        says="You draw random tokens for 10 % of those without a mask. It is 10 % of all chosen tokens: which share of the rest is that?",
    ),
    Mistake(
        "second draw for the random ones", "mask_tokens", replace="chosen & (fate >= 0.9)",
        by="chosen & (torch.rand(tokens.shape, generator=generator) < 0.1)",
        also=[("chosen & (fate >= 0.9)", "chosen & (torch.rand(tokens.shape, generator=generator) < 0.5)")],
        says="Whether a token becomes a random one is drawn anew, so masked ones are replaced, too. The three shares exclude one another.",
    ),
    Mistake(
        "one fate a row", "mask_tokens", replace=FATE, by="fate = torch.rand(len(tokens), 1, generator=generator)",
        says="All chosen tokens of a row meet the same fate. How many random numbers decide it?",
    ),
    Mistake(
        "fate from the choosing number", "mask_tokens",
        replace="chosen = (torch.rand(tokens.shape, generator=generator) < probability) & ~special\n    labels = tokens.masked_fill(~chosen, -100)\n    fate = torch.rand(tokens.shape, generator=generator)",
        by="fate = torch.rand(tokens.shape, generator=generator)\n    chosen = (fate < probability) & ~special\n    labels = tokens.masked_fill(~chosen, -100)",
        says="The number that chooses a token also decides its fate, and a chosen token's number is small already. Draw a second one, or take the probability into account.",
    ),
    Mistake(
        "unchosen tokens changed", "mask_tokens", replace="chosen & (fate >= 0.9)", by="(fate >= 0.9)",
        also=[
            (FORMS, "inputs = tokens.masked_fill(fate < 0.8, mask_id)\n    inputs = torch.where(fate >= 0.9, anything, inputs)"),
            (f"{CHOSEN}\n    {LABELS}", "chosen = torch.rand(tokens.shape, generator=generator) < probability\n    labels = tokens.masked_fill(~chosen | special, -100)"),
        ],
        says="Tokens that were not chosen change as well. Which tokens should show something else in the inputs?",
    ),
    Mistake(
        "one random token for all", "mask_tokens", replace=ANYTHING,
        by="torch.randint(vocab_size, (1,), generator=generator).expand(tokens.shape)",
        says="All random tokens of a call are the same one. Each is drawn on its own.",
    ),
    Mistake(
        "last id never drawn", "mask_tokens", replace=ANYTHING,
        by="torch.randint(vocab_size - 1, tokens.shape, generator=generator)",
        says="The last token of the vocabulary is never drawn. torch.randint leaves out its upper end already.",
    ),
    Mistake(
        "id 0 never drawn", "mask_tokens", replace=ANYTHING, by="torch.randint(1, vocab_size, tokens.shape, generator=generator)",
        says="The token with id 0 is never drawn. Random ones come from the whole vocabulary: what is its first id?",
    ),
    Mistake(
        "an id too many", "mask_tokens", replace=ANYTHING,
        by="torch.randint(vocab_size + 1, tokens.shape, generator=generator)",
        says="You draw ids that the vocabulary does not have. The ids are 0 to vocab_size - 1.",
    ),
    Mistake(
        "random tokens from the text", "mask_tokens", replace=ANYTHING,
        by="tokens.flatten()[torch.randint(tokens.numel(), tokens.shape, generator=generator)]",
        says="Your random tokens come from the batch, so frequent words stand in most often. They come from the whole vocabulary, each as likely.",
    ),
    Mistake(
        "no special one among the random ones", "mask_tokens", replace=ANYTHING,
        by="torch.tensor([i for i in range(vocab_size) if i not in special_ids])[torch.randint(vocab_size - len(special_ids), tokens.shape, generator=generator)]",
        says="A special token never stands in. Random ones come from the whole vocabulary: special_ids says only what is not chosen.",
    ),
    Mistake(
        "mask_id not among the random ones", "mask_tokens", replace=ANYTHING,
        by="(mask_id + torch.randint(1, vocab_size, tokens.shape, generator=generator)) % vocab_size",
        says="mask_id is never drawn as a random token. Random ones come from the whole vocabulary.",
    ),
    Mistake(
        "always another token", "mask_tokens", replace=ANYTHING,
        by="(tokens + torch.randint(1, vocab_size, tokens.shape, generator=generator)) % vocab_size",
        says="A random token is never the token itself. It may be: it is any of the vocabulary.",
    ),
    Mistake(
        "the text is changed", "mask_tokens", replace="    return inputs, labels", by="    tokens.copy_(inputs)\n    return inputs, labels",
        also=[("    return inputs, labels", "    tokens[~chosen] = -100\n    return inputs, tokens")],
        says="After the call the caller's tokens are other ones: tokens[...] = works on the tensor itself, and a second name for it is no copy. What makes one?",
    ),
    Mistake(
        "choosing without the generator", "mask_tokens", replace="(torch.rand(tokens.shape, generator=generator) < probability)",
        by="(torch.rand(tokens.shape) < probability)",
        says="Which tokens are chosen comes from torch's own random numbers. Each call of torch.rand takes a generator.",
    ),
    Mistake(
        "later draws without the generator", "mask_tokens", replace=ANYTHING,
        by="torch.randint(vocab_size, tokens.shape)",
        says="What becomes of the chosen tokens comes from torch's own random numbers. Does each of your draws take the generator?",
    ),
    Mistake(
        "a generator of its own", "mask_tokens", replace="    special = torch.isin", by="    generator = torch.Generator().manual_seed(0)\n    special = torch.isin",
        says="Each call gives the same random numbers, whichever generator it gets. Is there a seed in your function?",
    ),
    # train_step
    Mistake(
        "no training mode", "train_step", replace="    model.train()\n", by="",
        says="The model stays in the mode that it was in. After an evaluation it would train without dropout.",
    ),
    Mistake(
        "evaluation mode", "train_step", replace="    model.train()\n", by="    model.eval()\n",
        says="The loss is computed in evaluation mode.",
    ),
    Mistake(
        "training mode of the outermost module", "train_step", replace="model.train()", by="model.training = True",
        says="Only the outermost module is in training mode. What puts all of its parts there?",
    ),
    Mistake(
        "old gradients kept", "train_step", replace="    optimizer.zero_grad()\n", by="",
        says="The gradients of earlier batches are still there, and backward adds to them. Who clears them?",
    ),
    Mistake(
        "the step changes nothing", "train_step", replace="    optimizer.zero_grad()\n    loss = loss_function(model, batch)\n    loss.backward()\n",
        by="    loss = loss_function(model, batch)\n    loss.backward()\n    optimizer.zero_grad()\n",
        says="After the step the parameters are what they were before. Is the optimizer's step taken, and are the gradients still there when it is?",
    ),
    Mistake(
        "gradients cleared at the end", "train_step",
        replace="    optimizer.zero_grad()\n    loss = loss_function(model, batch)\n    loss.backward()\n    nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)\n    optimizer.step()\n",
        by="    loss = loss_function(model, batch)\n    loss.backward()\n    nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)\n    optimizer.step()\n    optimizer.zero_grad()\n",
        says="You clear the gradients after the step. What was there before the first one counts. The docstring says: whatever was there before.",
    ),
    Mistake(
        "no clipping", "train_step", replace=CLIP, by="",
        says="Long gradients go into the step as they are. What happens in your code between backward and the step?",
    ),
    Mistake(
        "each number clipped", "train_step", replace="nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)",
        by="nn.utils.clip_grad_value_(model.parameters(), 1.0)",
        says="You clip each number of the gradient by itself, which turns its direction. All together, as one vector, should get shorter.",
    ),
    Mistake(
        "each parameter clipped by itself", "train_step", replace=CLIP,
        by="    for parameter in model.parameters():\n        nn.utils.clip_grad_norm_(parameter, max_norm=1.0)\n",
        also=[(CLIP, "    for parameter in model.parameters():\n        length = parameter.grad.norm()\n        if length > 1:\n            parameter.grad /= length\n")],
        says="You clip the gradient of each parameter by itself, so the direction of the whole turns. They are one vector, with one length.",
    ),
    Mistake(
        "each group clipped by itself", "train_step", replace=CLIP,
        by="    for group in optimizer.param_groups:\n        nn.utils.clip_grad_norm_(group['params'], max_norm=1.0)\n",
        says="You clip each of the optimizer's groups by itself. All parameters are one vector, with one length.",
    ),
    Mistake(
        "only the first group clipped", "train_step", replace="nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)",
        by="nn.utils.clip_grad_norm_(optimizer.param_groups[0]['params'], max_norm=1.0)",
        says="You clip the first of the optimizer's groups. There may be more.",
    ),
    Mistake(
        "short gradients made longer", "train_step", replace=CLIP,
        by="    found = [parameter.grad for parameter in model.parameters() if parameter.grad is not None]\n    length = torch.cat([gradient.flatten() for gradient in found]).norm()\n    for gradient in found:\n        gradient.div_(length + 1e-12)\n",
        says="Every gradient gets the length 1, also one that was shorter. Clipping makes nothing longer.",
    ),
    Mistake(
        "another length than 1", "train_step", replace="max_norm=1.0", by="max_norm=5.0",
        also=[("max_norm=1.0", "max_norm=0.5")],
        says="You clip to another length than 1. Which length does the docstring allow at most?",
    ),
    Mistake(
        "the largest number for the length", "train_step", replace="max_norm=1.0", by="max_norm=1.0, norm_type=float('inf')",
        says="You take the largest number of the gradient for its length. The length of a vector is the root of the sum of squares.",
    ),
    Mistake(
        "the sum of the lengths", "train_step", replace=CLIP,
        by="    found = [parameter.grad for parameter in model.parameters() if parameter.grad is not None]\n    length = sum(gradient.norm() for gradient in found)\n    for gradient in found:\n        gradient.div_(length.clamp(min=1.0))\n",
        says="You add up the lengths of the parameters' gradients. Which sum is the square of the length of the whole?",
    ),
    Mistake(
        "the square of the length", "train_step", replace=CLIP,
        by="    found = [parameter.grad for parameter in model.parameters() if parameter.grad is not None]\n    length = sum((gradient**2).sum() for gradient in found)\n    for gradient in found:\n        gradient.div_(length.clamp(min=1.0))\n",
        says="You divide by the sum of the squares, so long gradients get much shorter than 1. What is missing from that sum to make it a length?",
    ),
    Mistake(
        "the sum of all numbers for the length", "train_step", replace="max_norm=1.0", by="max_norm=1.0, norm_type=1",
        says="You add up the absolute values of all numbers, which is more than the length. What is summed for the length of a vector, and what follows the sum?",
    ),
    Mistake(
        "fails where a parameter has no gradient", "train_step", replace=CLIP,
        by="    length = sum((parameter.grad**2).sum() for parameter in model.parameters()) ** 0.5\n    for parameter in model.parameters():\n        parameter.grad.div_(length.clamp(min=1.0))\n",
        also=[
            (CLIP, "    length = sum(parameter.grad.norm() ** 2 for parameter in model.parameters()) ** 0.5\n    if length > 1:\n        for parameter in model.parameters():\n            parameter.grad /= length\n"),
            ("    optimizer.zero_grad()\n", "    for parameter in model.parameters():\n        parameter.grad.zero_()\n"),
        ],
        says="Your code fails where a parameter has no gradient: grad is None before the first backward, and for one that the loss does not use. What should happen to it then?",
    ),
    Mistake(
        "gradients of zeros where there are none", "train_step", replace="    optimizer.zero_grad()\n",
        by="    for parameter in model.parameters():\n        parameter.grad = torch.zeros_like(parameter)\n",
        also=[("    loss.backward()\n", "    loss.backward()\n    for parameter in model.parameters():\n        if parameter.requires_grad and parameter.grad is None:\n            parameter.grad = torch.zeros_like(parameter)\n")],
        says="You give every parameter a gradient of zeros, also one that the loss does not use. An optimizer with weight decay then changes it. What is grad where there is no gradient?",
    ),
    Mistake(
        "a tensor for a float", "train_step", replace="return loss.item()", by="return loss.detach()",
        says="You return a tensor. Asked for is a float: what takes the number out?",
    ),
    Mistake(
        "the loss after the step", "train_step", replace="return loss.item()", by="return loss_function(model, batch).item()",
        says="You compute the loss again, after the step. Asked for is the one from before, and one call.",
    ),
    Mistake(
        "the loss computed twice", "train_step", replace="    loss = loss_function(model, batch)\n",
        by="    value = loss_function(model, batch).item()\n    loss = loss_function(model, batch)\n",
        also=[("    loss.backward()\n", "    loss.backward()\n    loss = loss_function(model, batch)\n")],
        says="You call the loss function twice. Once is enough, and with dropout the two calls would not agree.",
    ),
    Mistake(
        "the length for the loss", "train_step", replace="    nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)\n    optimizer.step()\n    return loss.item()",
        by="    length = nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)\n    optimizer.step()\n    return length.item()",
        says="You return the length of the gradient, which is what clip_grad_norm_ gives back. Asked for is the loss.",
    ),
    Mistake(
        "nothing comes back", "train_step", replace="return loss.item()", by="loss.item()",
        says="Nothing is returned. Asked for is the loss, as a float.",
    ),
]
