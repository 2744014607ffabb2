"""Mistakes that students make in notebook 01. Each is one replacement in the reference solution."""

from autograder.authoring import Mistake

LOWER = "torch.ones(length, length, dtype=torch.bool).tril()"
TOKENS = "positions < lengths[:, None]"
IN_PLACE = "real[:, None, None, :]"
SCALED = "query = query * query.shape[-1] ** -0.5"
SCORES = f"{SCALED}\n    scores = query @ key.transpose(-2, -1)"
HIDDEN = 'scores.masked_fill(~mask, float("-inf"))'
SOFTMAX = "weights = scores.softmax(dim=-1)"
REPAIR = "    if mask is not None:\n        weights = weights.masked_fill(~mask, 0.0)"
HIDDEN_TO_REPAIR = f"{HIDDEN}\n    {SOFTMAX}\n{REPAIR}"
RETURNED = "return weights @ value, weights"
REPAIRED = f"        weights = weights.masked_fill(~mask, 0.0)  # a row that is masked as a whole is NaN until here\n    {RETURNED}"
KEYS_AND_VALUES = "self._split(self.key_proj(key)),\n            self._split(self.value_proj(value)),"
MERGED = "heads.transpose(1, 2).flatten(2)"
SPLIT = "        x = x.view(batch, length, self.num_heads, d_model // self.num_heads)\n        return x.transpose(1, 2)"
MERGED_TO_SPLIT = f"""\
{MERGED}  # (batch, num_heads, Tq, d_head) -> (batch, Tq, d_model)
        return self.output_proj(merged)

    def _split(self, x: Tensor) -> Tensor:
        batch, length, d_model = x.shape
{SPLIT}"""
CHECKED = """\
        if num_heads < 1 or d_model % num_heads != 0:
            raise ValueError(f"{num_heads} heads cannot share a width of {d_model} equally")
"""
LINEAR = "nn.Linear(d_model, d_model)"
THREE = f"""\
        self.query_proj = {LINEAR}
        self.key_proj = {LINEAR}
        self.value_proj = {LINEAR}
"""
FOUR = f"{THREE}        self.output_proj = {LINEAR}"


def not_repaired(masked):
    """Attention from the mask to the softmax, with nothing done afterwards for a query that may look at nothing."""
    return f"{masked}\n    {SOFTMAX}"


def divided_again(by):
    """Attention that masks the weights, and then divides them again."""
    return f"scores + 0.0\n    {SOFTMAX}\n{REPAIR}\n        weights = {by}"


def as_many_as_queries(width):
    """Keys and values for the heads, each of this width, split with the sizes of the query."""
    split = f"x.view(len(query), query.shape[1], self.num_heads, {width}).transpose(1, 2)"
    return f"*({split} for x in (self.key_proj(key), self.value_proj(value))),"


MISTAKES = [
    # causal_mask
    Mistake(
        "mask transposed", "causal_mask", replace=".tril()", by=".triu()",
        says="Your mask lets each query look at the future and not at the past. Rows are queries: what may row 0 see?",
    ),
    Mistake(
        "diagonal masked", "causal_mask", replace=".tril()", by=".tril(-1)",
        says="No position may look at itself, so position 0 has nothing to look at. Does i attend to j = i?",
    ),
    Mistake(
        "one step ahead", "causal_mask", replace=".tril()", by=".tril(1)",
        says="Each position sees one token of its future: just the one that it is to predict. Check the diagonal.",
    ),
    Mistake(
        "True for blocked", "causal_mask", replace=LOWER,
        by="torch.ones(length, length, dtype=torch.bool).triu(1)",
        says="Your mask says where a query may not look. In this course True means: may attend.",
    ),
    Mistake(
        "nothing masked", "causal_mask", replace=".tril()", by="",
        says="Every position sees every other. Something in the future of a query has to be False.",
    ),
    Mistake(
        "numbers for bools", "causal_mask", replace=LOWER,
        by="torch.ones(length, length).tril()",
        also=[(LOWER, LOWER.replace("bool", "long"))],
        costs=0.3, says="The pattern is right, but it is made of numbers. A mask is a bool tensor: ~mask needs one.",
    ),
    Mistake(
        "minus infinity already in it", "causal_mask", replace=LOWER,
        by="torch.zeros(length, length).masked_fill(torch.ones(length, length).triu(1) == 1, float('-inf'))",
        also=[(LOWER, "torch.full((length, length), -1e9).triu(1)")],
        says="You return numbers to add to the scores. Asked for are bools; what is done with them is attention's business.",
    ),
    Mistake(
        "too many dimensions", "causal_mask", replace=".tril()", by=".tril()[None, None]",
        costs=0.3, says="The pattern is right, with dimensions in front that nobody asked for. The shape is (length, length).",
    ),
    Mistake(
        "only the neighbour", "causal_mask", replace=".tril()", by=".tril().triu(-1)",
        says="A position sees itself and the one before it, but its past is longer than that.",
    ),
    # padding_mask
    Mistake(
        "True for padding", "padding_mask", replace=TOKENS, by="positions >= lengths[:, None]",
        says="Your mask is True on the padding. In this course True means: may attend.",
    ),
    Mistake(
        "one token too many", "padding_mask", replace=TOKENS, by="positions <= lengths[:, None]",
        costs=0.3, says="One padding token counts as real. A sequence of 2 tokens has the positions 0 and 1.",
    ),
    Mistake(
        "one token too few", "padding_mask", replace=TOKENS, by="positions < lengths[:, None] - 1",
        costs=0.3, says="The last token of each sequence counts as padding. Positions start at 0, so the last one is length - 1.",
    ),
    Mistake(
        "padding in front", "padding_mask", replace=TOKENS,
        by="positions >= max_length - lengths[:, None]",
        says="You take the padding to stand in front. Here the tokens come first and the padding after them.",
    ),
    Mistake(
        "longest sequence for max_length", "padding_mask", replace="torch.arange(max_length)",
        by="torch.arange(int(lengths.max()))",
        says="You pad to the longest of the lengths. How wide the tensor is, max_length says, and it may be more.",
    ),
    Mistake(
        "no places for heads and queries", "padding_mask", replace=IN_PLACE, by="real",
        costs=0.3, says="The shape is (batch, max_length). Scores have heads and queries in between: leave places of size 1 for them.",
    ),
    Mistake(
        "no place for the heads", "padding_mask", replace=IN_PLACE, by="real[:, None, :]",
        costs=0.3, says="The shape has three dimensions. Scores have four: batch, heads, queries, keys.",
    ),
    Mistake(
        "mask not along the keys", "padding_mask", replace=IN_PLACE, by="real[:, None, :, None]",
        also=[(IN_PLACE, "real[:, :, None, None]")],
        says="Your mask does not run along the keys, and it is keys that nobody may look at. Scores have batch, heads, queries, keys: where is the place of the tokens?",
    ),
    Mistake(
        "batch and heads in the wrong places", "padding_mask", replace=IN_PLACE, by="real[None, None]",
        says="The batch stands where the queries belong. The batch comes first.",
    ),
    Mistake(
        "numbers for bools in padding", "padding_mask", replace=IN_PLACE, by="real[:, None, None, :].long()",
        also=[(IN_PLACE, f"{IN_PLACE}.float()"), (IN_PLACE, f"{IN_PLACE}.int()")],
        costs=0.3, says="The pattern is right, but it is made of numbers. A mask is a bool tensor: ~mask needs one.",
    ),
    Mistake(
        "first sequence for all", "padding_mask", replace=TOKENS,
        by="(positions < lengths[0]).expand(len(lengths), -1)",
        also=[(TOKENS, "(positions < lengths[0])[None]")],
        says="All sequences have the mask of the first one. Each has a length of its own.",
    ),
    Mistake(
        "an empty sequence has tokens", "padding_mask", replace=TOKENS,
        by="positions < lengths[:, None].clamp(min=1)",
        also=[(TOKENS, f"({TOKENS}) | (lengths[:, None] == 0)")],
        says="A sequence of length 0 is all padding, and in yours there is something to look at. What should its row be?",
    ),
    Mistake(
        "lengths changed on the way", "padding_mask", replace="real = positions < lengths[:, None]",
        by="lengths -= 1\n    real = positions <= lengths[:, None]",
        also=[(f"real = {TOKENS}", f"real = {TOKENS}\n    lengths -= max_length")],
        says="After the call the caller's lengths are different ones: -= works on the tensor itself.",
    ),
    Mistake(
        "numbers to add", "padding_mask", replace=IN_PLACE,
        by="torch.zeros(real.shape).masked_fill(~real, float('-inf'))[:, None, None, :]",
        also=[(IN_PLACE, f"(~{IN_PLACE}) * -1e9")],
        says="You return numbers to add to the scores. Asked for are bools; what is done with them is attention's business.",
    ),
    Mistake(
        "square of tokens", "padding_mask", replace=IN_PLACE, by="(real[:, None, :] & real[:, :, None])[:, None]",
        also=[(IN_PLACE, "real[:, None, :] & real[:, :, None]")],
        says="You also mask the queries that are padding, so the shape is another one. It is the keys that nobody may look at.",
    ),
    Mistake(
        "repeated for each query", "padding_mask", replace=IN_PLACE, by=f"{IN_PLACE}.expand(-1, 1, max_length, -1)",
        costs=0.3, says="The pattern is right, but you repeat it for each query. It is the same for all of them, so which size is enough there?",
    ),
    Mistake(
        "lengths not a column", "padding_mask", replace=TOKENS, by="positions < lengths",
        says="You compare position j with length j alone. Each length has to meet every position: which shapes make the two broadcast?",
    ),
    # scaled_dot_product_attention
    Mistake(
        "no scaling", "scaled_dot_product_attention", replace="query * query.shape[-1] ** -0.5", by="query * 1.0",
        costs=0.3, says="Your scores grow with the width of a head. What does equation 1 divide them by?",
    ),
    Mistake(
        "scaled by d_k, without the root", "scaled_dot_product_attention", replace="query.shape[-1] ** -0.5",
        by="query.shape[-1] ** -1.0",
        costs=0.3, says="You divide by d_k itself. A sum of d_k independent terms grows like a root: look at the variance.",
    ),
    Mistake(
        "scaled up, not down", "scaled_dot_product_attention", replace="query.shape[-1] ** -0.5", by="query.shape[-1] ** 0.5",
        says="You multiply by the root, and the equation divides by it.",
    ),
    Mistake(
        "scaled by the number of keys", "scaled_dot_product_attention", replace="query.shape[-1] ** -0.5",
        by="key.shape[-2] ** -0.5",
        costs=0.3, says="You scale by how many keys there are. A dot product is a sum over something else.",
    ),
    Mistake(
        "scaled by the number of queries", "scaled_dot_product_attention", replace="query.shape[-1] ** -0.5",
        by="query.shape[-2] ** -0.5",
        costs=0.3, says="You scale by how many queries there are. A dot product is a sum over something else.",
    ),
    Mistake(
        "scaled by the width of the values", "scaled_dot_product_attention", replace="query.shape[-1] ** -0.5",
        by="value.shape[-1] ** -0.5",
        costs=0.3, says="You scale by the width of the values, which the scores never meet. Over what does a score sum?",
    ),
    Mistake(
        "softmax over the queries", "scaled_dot_product_attention", replace="scores.softmax(dim=-1)", by="scores.softmax(dim=-2)",
        says="For each key, your weights have sum 1 over the queries. One query shares its attention out over the keys.",
    ),
    Mistake(
        "mask after the softmax", "scaled_dot_product_attention",
        replace='        scores = scores.masked_fill(~mask, float("-inf"))', by="        pass",
        also=[(HIDDEN_TO_REPAIR, f"scores + 0.0\n    {SOFTMAX}\n{REPAIR}".replace("0.0)", 'float("-inf"))'))],
        says="The weights that are left do not have sum 1, and the future leaks through the sum: this is the wrong way from the notebook.",
    ),
    Mistake(
        "mask ignored", "scaled_dot_product_attention", replace="    if mask is not None:\n        scores",
        by="    mask = None\n    if mask is not None:\n        scores",
        says="With a mask the result is the same as without. Is it used at all?",
    ),
    Mistake(
        "mask the wrong way round", "scaled_dot_product_attention", replace="    if mask is not None:\n        scores",
        by="    mask = mask if mask is None else ~mask\n    if mask is not None:\n        scores",
        also=[(HIDDEN, HIDDEN.replace("~", ""))],
        says="You hide what may be seen and show what may not. True means: may attend.",
    ),
    Mistake(
        "masked scores set to 0", "scaled_dot_product_attention", replace=HIDDEN,
        by="scores.masked_fill(~mask, 0.0)",
        also=[(HIDDEN_TO_REPAIR, not_repaired("scores.masked_fill(~mask, 0.0)"))],
        says="A masked score of 0 still has the exponential 1, so it takes its share of the sum. Which score has the exponential 0?",
    ),
    Mistake(
        "masked scores too low for half precision", "scaled_dot_product_attention", replace=HIDDEN,
        by="scores.masked_fill(~mask, -1e9)",
        also=[
            (HIDDEN_TO_REPAIR, not_repaired("scores.masked_fill(~mask, -1e9)")),
            (HIDDEN, "scores.masked_fill(~mask, -1e20)"),
            (HIDDEN_TO_REPAIR, not_repaired("scores.masked_fill(~mask, -1e20)")),
        ],
        says="In float16 there is no such low number: its lowest is -65,504, so a mask raises an error there. Which value is low enough in every dtype?",
    ),
    Mistake(
        "masked scores not low enough", "scaled_dot_product_attention", replace=HIDDEN,
        by="scores.masked_fill(~mask, -100.0)",
        also=[
            (HIDDEN, "scores.masked_fill(~mask, -1e4)"),
            (HIDDEN_TO_REPAIR, not_repaired("scores.masked_fill(~mask, -1e4)")),
        ],
        says="The number that you put for masked keys is low, but a real score can be lower, and then it is the masked key that counts.",
    ),
    Mistake(
        "NaN where nothing can be seen", "scaled_dot_product_attention", replace="weights.masked_fill(~mask, 0.0)", by="weights",
        says="A query that may look at nothing has NaN for weights: the softmax of a row of minus infinity. Promise 2 asks for 0.",
    ),
    Mistake(
        "who sees nothing sees everything", "scaled_dot_product_attention",
        replace=HIDDEN_TO_REPAIR,
        by=not_repaired("scores.masked_fill(~mask, torch.finfo(scores.dtype).min)"),
        says="A query that may look at nothing looks at all keys alike: where all scores are equally low, the softmax is flat. Promise 2 asks for 0.",
    ),
    Mistake(
        "renormalised after the softmax", "scaled_dot_product_attention",
        replace=HIDDEN_TO_REPAIR,
        by=divided_again("(weights / weights.sum(dim=-1, keepdim=True)).masked_fill(~mask, 0.0)"),
        also=[
            (HIDDEN_TO_REPAIR, divided_again("weights / weights.sum(dim=-1, keepdim=True)")),
            (HIDDEN_TO_REPAIR, divided_again("weights / (weights.sum(dim=-1, keepdim=True) + 1e-12)")),
            (HIDDEN_TO_REPAIR, divided_again("(weights / weights.sum(dim=-1, keepdim=True)).nan_to_num(0.0)")),
        ],
        says="You mask after the softmax and divide by the sum again. A masked key with a very large score still decides: next to it the others round to 0, and nothing is left to divide.",
    ),
    Mistake(
        "overflow in half precision", "scaled_dot_product_attention",
        replace=SCORES,
        by="scores = query @ key.transpose(-2, -1) * query.shape[-1] ** -0.5",
        also=[
            (
                f"{SCORES}  # (..., Tq, Tk)\n    if mask is not None:\n        scores = {HIDDEN}\n    {SOFTMAX}",
                "scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])\n"
                f"    scores = scores if mask is None else {HIDDEN}\n    {SOFTMAX}.nan_to_num(0.0)",
            ),
        ],
        says="In float16 the product of query and key overflows before you divide it. Divide earlier: promise 3.",
    ),
    Mistake(
        "float32 on the way", "scaled_dot_product_attention",
        replace=SCORES,
        by="scores = (query.float() @ key.float().transpose(-2, -1) * query.shape[-1] ** -0.5).to(value.dtype).clamp(-60000, 60000)",
        also=[
            ("scores.softmax(dim=-1)", "scores.softmax(dim=-1, dtype=torch.float32).to(scores.dtype)"),
            (
                SCORES,
                "scores = (query.float() / math.sqrt(query.shape[-1])) @ key.float().transpose(-2, -1)\n"
                "    scores = scores.to(value.dtype)",
            ),
        ],
        says="You compute in float32. That is more than float16 has and less than float64 has: doubles come out rounded.",
    ),
    Mistake(
        "exponential without the maximum", "scaled_dot_product_attention", replace="scores.softmax(dim=-1)",
        by="scores.exp() / scores.exp().sum(dim=-1, keepdim=True)",
        also=[
            (
                f"    if mask is not None:\n        scores = {HIDDEN}\n    {SOFTMAX}",
                "    powers = scores.exp() if mask is None else scores.exp() * mask\n"
                "    weights = powers / powers.sum(dim=-1, keepdim=True)",
            ),
            ("scores.softmax(dim=-1)", "scores.exp() / (scores.exp().sum(dim=-1, keepdim=True) + 1e-12)"),
        ],
        says="The exponential of a large score overflows. Subtract the row's maximum first: the softmax stays the same. (torch's softmax does it.)",
    ),
    Mistake(
        "the query is changed", "scaled_dot_product_attention", replace=SCALED,
        by="query.data.mul_(query.shape[-1] ** -0.5)",
        also=[(SCALED, "query *= query.shape[-1] ** -0.5")],
        says="After the call the caller's query is another one: you scale it in place. Promise 4.",
    ),
    Mistake(
        "the key is changed", "scaled_dot_product_attention", replace=SCALED,
        by="key.data.mul_(query.shape[-1] ** -0.5)",
        says="After the call the caller's key is another one: you scale it in place. Promise 4.",
    ),
    Mistake(
        "the mask is changed", "scaled_dot_product_attention", replace="scores = scores.masked_fill(~mask, float(\"-inf\"))",
        by="scores = scores.masked_fill(mask.logical_not_(), float(\"-inf\"))\n        mask = ~mask",
        says="After the call the caller's mask is turned round: a function that ends with _ works in place. Promise 4.",
    ),
    Mistake(
        "root in single precision", "scaled_dot_product_attention", replace="query.shape[-1] ** -0.5",
        by="torch.tensor(float(query.shape[-1])).rsqrt().item()",
        also=[("query * query.shape[-1] ** -0.5", "query / torch.tensor(query.shape[-1]).sqrt()")],
        says="torch.tensor(d_k) is a float32, and so is its root: in float64 the scores are rounded. A root of a plain Python number is exact.",
    ),
    Mistake(
        "no gradient through the weights", "scaled_dot_product_attention", replace=RETURNED,
        by="return weights.detach() @ value, weights",
        also=[(RETURNED, "return (weights @ value).detach(), weights")],
        says="No gradient of the output gets as far as queries and keys, so they could not learn where to look. Is there a detach, a no_grad or a .data?",
    ),
    Mistake(
        "scores for weights", "scaled_dot_product_attention", replace=RETURNED,
        by="return weights @ value, scores",
        also=[(RETURNED, "return weights @ value, query @ key.transpose(-2, -1)")],
        costs=0.3, says="The second thing that you return are the scores. Asked for are the weights: after the softmax.",
    ),
    Mistake(
        "weights from before the repair", "scaled_dot_product_attention",
        replace=REPAIRED,
        by="        return weights.masked_fill(~mask, 0.0) @ value, weights\n    return weights @ value, weights",
        says="The output is right, and the weights that you return with it still have NaN where a query may look at nothing.",
    ),
    Mistake(
        "one mask for all heads and sequences", "scaled_dot_product_attention", replace="    if mask is not None:\n        scores",
        by="    if mask is not None:\n        mask = mask[(0,) * (mask.dim() - 2)]\n        scores",
        says="All sequences and heads get the mask of the first one. The mask may differ: let broadcasting do it.",
    ),
    Mistake(
        "output from before the repair", "scaled_dot_product_attention", replace=REPAIRED,
        by=f"        return weights @ value, weights.masked_fill(~mask, 0.0)\n    {RETURNED}",
        says="The weights that you return are right, and the output still has NaN where a query may look at nothing. With which weights do you compute it?",
    ),
    Mistake(
        "mask added to the scores", "scaled_dot_product_attention", replace=HIDDEN, by="scores + (~mask) * -1e9",
        also=[(HIDDEN_TO_REPAIR, not_repaired("scores + (~mask) * -1e9"))],
        says="You add numbers to the scores where the mask is False. That turns half precision into float32, and a score can be lower than any such number. What can you do with a masked score, instead of adding to it?",
    ),
    Mistake(
        "NaN in a gradient", "scaled_dot_product_attention", replace=HIDDEN,
        by='scores + torch.zeros_like(scores).masked_fill(~mask, float("-inf"))',
        says="The results are right, but where a query may look at nothing, a gradient is NaN: it flows back through the sum of scores and minus infinity. What stops it? Promise 2.",
    ),
    Mistake(
        "right for one number of dimensions", "scaled_dot_product_attention", replace="key.transpose(-2, -1)", by="key.transpose(1, 2)",
        also=[("key.transpose(-2, -1)", "key.transpose(2, 3)"), ("scores.softmax(dim=-1)", "scores.softmax(dim=2)")],
        says="You count dimensions from the front, so your attention is right for one number of leading dimensions only. There may be any number of them: from where can you count?",
    ),
    # MultiHeadAttention
    Mistake(
        "heads merged without a transpose", "MultiHeadAttention", replace=MERGED,
        by="heads.reshape(len(heads), heads.shape[2], -1)",
        says="The shape after your merge is right, and positions and heads are mixed up. Bring the heads back behind the positions first.",
    ),
    Mistake(
        "heads split without a transpose", "MultiHeadAttention",
        replace=SPLIT,
        by="        return x.view(batch, self.num_heads, length, d_model // self.num_heads)",
        also=[
            ("return x.transpose(1, 2)", "return x"),
            (MERGED_TO_SPLIT, MERGED_TO_SPLIT.replace("flatten(2)", "reshape(query.shape)").replace("x.transpose(1, 2)", "x")),
            (MERGED_TO_SPLIT, MERGED_TO_SPLIT.replace(".transpose(1, 2)", "")),
        ],
        says="There is no transpose in your split, so positions and heads are mixed up. Split the last dimension alone, then move the heads in front of the positions.",
    ),
    Mistake(
        "heads interleaved", "MultiHeadAttention",
        replace="x.view(batch, length, self.num_heads, d_model // self.num_heads)\n        return x.transpose(1, 2)",
        by="x.view(batch, length, d_model // self.num_heads, self.num_heads)\n        return x.permute(0, 3, 1, 2)",
        also=[
            (
                MERGED_TO_SPLIT,
                MERGED_TO_SPLIT.replace(MERGED, "heads.permute(0, 2, 3, 1).flatten(2)")
                .replace("self.num_heads, d_model // self.num_heads", "d_model // self.num_heads, self.num_heads")
                .replace("x.transpose(1, 2)", "x.permute(0, 3, 1, 2)"),
            ),
        ],
        says="Head 0 owns every n-th column, where it should own the first d_head columns in one piece.",
    ),
    Mistake(
        "one head for all", "MultiHeadAttention", replace="        self.num_heads = num_heads", by="        self.num_heads = 1",
        says="All columns go into one head. Several heads make several averages, each on its own columns.",
    ),
    Mistake(
        "no output projection", "MultiHeadAttention", replace="return self.output_proj(merged)", by="return merged",
        costs=0.3, says="The heads stand side by side, but nothing mixes them: W^O at the end of the equation is missing.",
    ),
    Mistake(
        "no value projection", "MultiHeadAttention", replace="self._split(self.value_proj(value))", by="self._split(value)",
        costs=0.3, says="The values go into the heads as they came. The equation has a W^V.",
    ),
    Mistake(
        "keys and values exchanged", "MultiHeadAttention",
        replace="self._split(self.key_proj(key)),\n            self._split(self.value_proj(value))",
        by="self._split(self.value_proj(key)),\n            self._split(self.key_proj(value))",
        says="The projection of the keys works on the values, and the other way round.",
    ),
    Mistake(
        "queries and keys exchanged", "MultiHeadAttention",
        replace="self._split(self.query_proj(query)),\n            self._split(self.key_proj(key))",
        by="self._split(self.key_proj(query)),\n            self._split(self.query_proj(key))",
        says="The projection of the keys works on the queries, and the other way round.",
    ),
    Mistake(
        "self-attention only", "MultiHeadAttention",
        replace="self._split(self.key_proj(key)),\n            self._split(self.value_proj(value)),\n            mask,",
        by="self._split(self.key_proj(query)),\n            self._split(self.value_proj(query)),\n            None if mask is None else mask.expand(*mask.shape[:-1], max(mask.shape[-1], query.shape[1]))[..., : query.shape[1]],",
        also=[
            (KEYS_AND_VALUES, "self._split(self.key_proj(query)),\n            self._split(self.value_proj(query)),"),
        ],
        says="Keys and values come from the query's input. In self-attention that is the same, in cross-attention it is not.",
    ),
    Mistake(
        "values from the keys' input", "MultiHeadAttention", replace="self.value_proj(value)", by="self.value_proj(key)",
        says="The values come from the keys' input. The third argument is not used.",
    ),
    Mistake(
        "mask not passed on", "MultiHeadAttention", replace="            mask,\n", by="            None,\n",
        says="With a mask the result is the same as without. Does it get as far as the attention?",
    ),
    Mistake(
        "mask turned round on the way", "MultiHeadAttention", replace="            mask,\n",
        by="            None if mask is None else ~mask,\n",
        says="The mask arrives turned round: what may be seen is hidden. True means: may attend, here and in attention.",
    ),
    Mistake(
        "value and key in the wrong order", "MultiHeadAttention",
        replace="            self._split(self.key_proj(key)),\n            self._split(self.value_proj(value)),",
        by="            self._split(self.value_proj(value)),\n            self._split(self.key_proj(key)),",
        says="You hand the values over as keys and the keys as values. The order is query, key, value.",
    ),
    Mistake(
        "mask given another dimension", "MultiHeadAttention", replace="            mask,\n",
        by="            mask[None] if mask is not None and mask.dim() == 4 else mask,\n",
        also=[("            mask,\n", "            None if mask is None else mask.unsqueeze(1),\n")],
        says="You put a dimension into the mask. It broadcasts as it is: pass it on.",
    ),
    Mistake(
        "first head's mask for all heads", "MultiHeadAttention", replace="            mask,\n",
        by="            mask[:, :1] if mask is not None and mask.dim() == 4 else mask,\n",
        says="All heads get the first head's mask. It may be another one for each head.",
    ),
    Mistake(
        "weights not detached", "MultiHeadAttention", replace="weights.detach()", by="weights",
        says="The weights that you keep are part of the graph, and keep all of it in memory. Detach them.",
    ),
    Mistake(
        "mean over the heads", "MultiHeadAttention", replace="weights.detach()", by="weights.detach().mean(dim=1)",
        says="You keep the mean of the heads' weights. Which head looks where is what the picture is for: keep all of them.",
    ),
    Mistake(
        "weights of the first call", "MultiHeadAttention", replace="        self.weights = weights.detach()",
        by="        self.weights = weights.detach() if self.weights is None else self.weights",
        says="After a second call the weights of the first one are still there. Keep those of the last.",
    ),
    Mistake(
        "heads that do not divide", "MultiHeadAttention", replace="num_heads < 1 or d_model % num_heads != 0", by="not 0 < num_heads <= d_model",
        also=[(CHECKED, ""), (CHECKED, "        self.d_head = d_model // num_heads\n")],
        says="A number of heads that does not divide the width goes through. The constructor should raise ValueError.",
    ),
    Mistake(
        "negative number of heads", "MultiHeadAttention", replace="num_heads < 1 or", by="num_heads == 0 or",
        also=[("num_heads < 1 or ", "")],
        says="A negative number of heads goes through, because it divides the width with no remainder. Which numbers should raise ValueError?",
    ),
    Mistake(
        "another error than ValueError", "MultiHeadAttention",
        replace='            raise ValueError(f"{num_heads} heads cannot share a width of {d_model} equally")',
        by="            raise AssertionError",
        also=[(CHECKED, "        assert d_model % num_heads == 0\n")],
        says="You notice that the heads do not divide the width, and raise something else than ValueError. (An assert can be switched off.)",
    ),
    Mistake(
        "no biases", "MultiHeadAttention", replace="self.output_proj = nn.Linear(d_model, d_model)",
        by="self.output_proj = nn.Linear(d_model, d_model, bias=False)",
        also=[
            (FOUR, FOUR.replace("d_model)", "d_model, bias=False)")),
            (THREE, THREE.replace("d_model)", "d_model, bias=False)")),
        ],
        costs=0.2, says="A projection has no bias. Asked for is nn.Linear(d_model, d_model), as it comes.",
    ),
    Mistake(
        "one projection for keys and values", "MultiHeadAttention", replace="self.value_proj = nn.Linear(d_model, d_model)",
        by="self.value_proj = self.key_proj",
        also=[("self.value_proj(value)", "self.key_proj(value)")],
        costs=0.3, says="Keys and values share one projection. They are two matrices, W^K and W^V.",
    ),
    Mistake(
        "no gradient through the heads", "MultiHeadAttention", replace="self._split(self.query_proj(query))",
        by="self._split(self.query_proj(query).detach())",
        also=[
            (MERGED, f"heads.detach(){MERGED.removeprefix('heads')}"),
            ("return self.output_proj(merged)", "return self.output_proj(merged).detach()"),
        ],
        says="No gradient arrives at a projection, so it could not learn. Is there a detach, a no_grad or a .data?",
    ),
    Mistake(
        "keys as many as queries", "MultiHeadAttention", replace=KEYS_AND_VALUES,
        by=as_many_as_queries("query.shape[2] // self.num_heads"), also=[(KEYS_AND_VALUES, as_many_as_queries("-1"))],
        says="You split keys and values with the length of the query. In cross-attention they have another one: which?",
    ),
    Mistake(
        "weights not kept", "MultiHeadAttention", replace="        self.weights = weights.detach()\n", by="",
        says="After a call self.weights is still None. Where do you keep the weights of the last call?",
    ),
    Mistake(
        "weights returned, too", "MultiHeadAttention", replace="return self.output_proj(merged)", by="return self.output_proj(merged), weights",
        costs=0.3, says="You return the weights together with the output. Return the output alone: where do the weights belong?",
    ),
    Mistake(
        "remainder before the check for 0", "MultiHeadAttention", replace="num_heads < 1 or d_model % num_heads != 0", by="d_model % num_heads != 0 or num_heads < 1",
        says="With 0 heads you divide by 0, and ZeroDivisionError comes before your check. What has to be asked first?",
    ),
]

TRIVIAL = {
    "telling_inputs": {
        "no inputs": "def telling_inputs():\n    return []",
        "zeros": "def telling_inputs():\n    zeros = torch.zeros(2, 5, 4)\n    return [(zeros, zeros, zeros, None)]",
    }
}
