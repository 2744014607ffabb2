"""Mistakes that students make in notebook 01. Each is one replacement in the reference solution."""

from autograder.authoring import Mistake

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
        "True for blocked", "causal_mask", replace="torch.ones(length, length, dtype=torch.bool).tril()",
        by="torch.ones(length, length, dtype=torch.bool).triu(1)",
        says="Your mask says where a query may not look. In this course True means: may attend.",
    ),
    Mistake(
        "nothing masked", "causal_mask", replace=".tril()", by="",
        says="Every position sees every other. Something in the future of a query has to be False.",
    ),
    Mistake(
        "numbers for bools", "causal_mask", replace="torch.ones(length, length, dtype=torch.bool).tril()",
        by="torch.ones(length, length).tril()",
        costs=0.3, says="The pattern is right, but it is made of numbers. A mask is a bool tensor: ~mask needs one.",
    ),
    Mistake(
        "minus infinity already in it", "causal_mask", replace="torch.ones(length, length, dtype=torch.bool).tril()",
        by="torch.zeros(length, length).masked_fill(torch.ones(length, length).triu(1) == 1, float('-inf'))",
        says="You return numbers to add to the scores. Asked for are bools; what is done with them is attention's business.",
    ),
    Mistake(
        "one row too many dimensions", "causal_mask", replace=".tril()", by=".tril()[None, None]",
        costs=0.3, says="The pattern is right, with dimensions in front that nobody asked for. The shape is (length, length).",
    ),
    Mistake(
        "only the neighbour", "causal_mask", replace=".tril()", by=".tril().triu(-1)",
        says="A position sees itself and the one before it, but its past is longer than that.",
    ),
    # padding_mask
    Mistake(
        "True for padding", "padding_mask", replace="positions < lengths[:, None]", by="positions >= lengths[:, None]",
        says="Your mask is True on the padding. In this course True means: may attend.",
    ),
    Mistake(
        "one token too many", "padding_mask", replace="positions < lengths[:, None]", by="positions <= lengths[:, None]",
        costs=0.3, says="One padding token counts as real. A sequence of 2 tokens has the positions 0 and 1.",
    ),
    Mistake(
        "one token too few", "padding_mask", replace="positions < lengths[:, None]", by="positions < lengths[:, None] - 1",
        costs=0.3, says="The last token of each sequence counts as padding. Positions start at 0, so the last one is length - 1.",
    ),
    Mistake(
        "padding in front", "padding_mask", replace="positions < lengths[:, None]",
        by="positions >= max_length - lengths[:, None]",
        says="You take the padding to stand in front. Here the tokens come first and the padding after them.",
    ),
    Mistake(
        "longest sequence for max_length", "padding_mask", replace="torch.arange(max_length)",
        by="torch.arange(int(lengths.max()))",
        says="You pad to the longest of the lengths. How wide the tensor is, max_length says, and it may be more.",
    ),
    Mistake(
        "no places for heads and queries", "padding_mask", replace="real[:, None, None, :]", by="real",
        costs=0.3, says="The shape is (batch, max_length). Scores have heads and queries in between: leave places of size 1 for them.",
    ),
    Mistake(
        "no place for the heads", "padding_mask", replace="real[:, None, None, :]", by="real[:, None, :]",
        costs=0.3, says="The shape has three dimensions. Scores have four: batch, heads, queries, keys.",
    ),
    Mistake(
        "queries masked, not keys", "padding_mask", replace="real[:, None, None, :]", by="real[:, None, :, None]",
        says="Your mask runs along the queries. It is the keys that nobody may look at: the last dimension.",
    ),
    Mistake(
        "batch and heads in the wrong places", "padding_mask", replace="real[:, None, None, :]", by="real[None, None]",
        says="The batch stands where the queries belong. The batch comes first.",
    ),
    Mistake(
        "numbers for bools in padding", "padding_mask", replace="real[:, None, None, :]", by="real[:, None, None, :].long()",
        costs=0.3, says="The pattern is right, but it is made of numbers. A mask is a bool tensor: ~mask needs one.",
    ),
    Mistake(
        "first sequence for all", "padding_mask", replace="positions < lengths[:, None]",
        by="(positions < lengths[0]).expand(len(lengths), -1)",
        says="All sequences have the mask of the first one. Each has a length of its own.",
    ),
    Mistake(
        "an empty sequence keeps a token", "padding_mask", replace="positions < lengths[:, None]",
        by="positions < lengths[:, None].clamp(min=1)",
        says="A sequence of length 0 is all padding. Yours keeps a token of it.",
    ),
    Mistake(
        "lengths changed on the way", "padding_mask", replace="real = positions < lengths[:, None]",
        by="lengths -= 1\n    real = positions <= lengths[:, None]",
        says="After the call the caller's lengths are different ones: -= works on the tensor itself.",
    ),
    Mistake(
        "numbers to add", "padding_mask", replace="real[:, None, None, :]",
        by="torch.zeros(real.shape).masked_fill(~real, float('-inf'))[:, None, None, :]",
        says="You return numbers to add to the scores. Asked for are bools; what is done with them is attention's business.",
    ),
    Mistake(
        "square of tokens", "padding_mask", replace="real[:, None, None, :]", by="(real[:, None, :] & real[:, :, None])[:, None]",
        says="You also mask the queries that are padding, so the shape is another one. It is the keys that nobody may look at.",
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
        says="You hide what may be seen and show what may not. True means: may attend.",
    ),
    Mistake(
        "masked scores set to 0", "scaled_dot_product_attention", replace='scores.masked_fill(~mask, float("-inf"))',
        by="scores.masked_fill(~mask, 0.0)",
        says="A masked score of 0 still has the exponential 1, so it takes its share of the sum. Which score has the exponential 0?",
    ),
    Mistake(
        "masked scores of -1e9", "scaled_dot_product_attention", replace='scores.masked_fill(~mask, float("-inf"))',
        by="scores.masked_fill(~mask, -1e9)",
        says="In float16 there is no -1e9: its lowest number is -65,504, so a mask raises an error there. Which value is low enough in every dtype?",
    ),
    Mistake(
        "masked scores not low enough", "scaled_dot_product_attention", replace='scores.masked_fill(~mask, float("-inf"))',
        by="scores.masked_fill(~mask, -100.0)",
        says="The number that you put for masked keys is low, but a real score can be lower, and then it is the masked key that counts.",
    ),
    Mistake(
        "NaN where nothing can be seen", "scaled_dot_product_attention", replace="weights.masked_fill(~mask, 0.0)", by="weights",
        says="A query that may look at nothing has NaN for weights: the softmax of a row of minus infinity. Promise 2 asks for 0.",
    ),
    Mistake(
        "who sees nothing sees everything", "scaled_dot_product_attention",
        replace='scores.masked_fill(~mask, float("-inf"))\n    weights = scores.softmax(dim=-1)\n    if mask is not None:\n        weights = weights.masked_fill(~mask, 0.0)',
        by="scores.masked_fill(~mask, torch.finfo(scores.dtype).min)\n    weights = scores.softmax(dim=-1)",
        says="A query that may look at nothing looks at all keys alike: where all scores are equally low, the softmax is flat. Promise 2 asks for 0.",
    ),
    Mistake(
        "renormalised after the softmax", "scaled_dot_product_attention",
        replace='scores.masked_fill(~mask, float("-inf"))\n    weights = scores.softmax(dim=-1)\n    if mask is not None:\n        weights = weights.masked_fill(~mask, 0.0)',
        by="scores + 0.0\n    weights = scores.softmax(dim=-1)\n    if mask is not None:\n        weights = weights.masked_fill(~mask, 0.0)\n        weights = (weights / weights.sum(dim=-1, keepdim=True)).masked_fill(~mask, 0.0)",
        says="You mask after the softmax and divide by the sum again. A masked key with a very large score still decides: next to it the others round to 0, and 0/0 is NaN.",
    ),
    Mistake(
        "overflow in half precision", "scaled_dot_product_attention",
        replace="    query = query * query.shape[-1] ** -0.5\n    scores = query @ key.transpose(-2, -1)",
        by="    scores = query @ key.transpose(-2, -1) * query.shape[-1] ** -0.5",
        says="In float16 the product of query and key overflows before you divide it. Divide earlier: promise 3.",
    ),
    Mistake(
        "float32 on the way", "scaled_dot_product_attention",
        replace="    query = query * query.shape[-1] ** -0.5\n    scores = query @ key.transpose(-2, -1)",
        by="    scores = (query.float() @ key.float().transpose(-2, -1) * query.shape[-1] ** -0.5).to(value.dtype).clamp(-60000, 60000)",
        says="You compute the scores in float32. That is more than float16 has and less than float64 has: doubles come out rounded.",
    ),
    Mistake(
        "exponential without the maximum", "scaled_dot_product_attention", replace="scores.softmax(dim=-1)",
        by="scores.exp() / scores.exp().sum(dim=-1, keepdim=True)",
        says="The exponential of a large score overflows. Subtract the row's maximum first: the softmax stays the same. (torch's softmax does it.)",
    ),
    Mistake(
        "the query is changed", "scaled_dot_product_attention", replace="query = query * query.shape[-1] ** -0.5",
        by="query.data.mul_(query.shape[-1] ** -0.5)",
        says="After the call the caller's query is another one: you scale it in place. Promise 4.",
    ),
    Mistake(
        "the key is changed", "scaled_dot_product_attention", replace="query = query * query.shape[-1] ** -0.5",
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
        says="torch.tensor(d_k) is a float32, and so is its root: in float64 the scores are rounded. A root of a plain Python number is exact.",
    ),
    Mistake(
        "no gradient through the weights", "scaled_dot_product_attention", replace="return weights @ value, weights",
        by="return weights.detach() @ value, weights",
        says="No gradient arrives at queries and keys, so they could not learn where to look. Is there a detach, a no_grad or a .data?",
    ),
    Mistake(
        "scores for weights", "scaled_dot_product_attention", replace="return weights @ value, weights",
        by="return weights @ value, scores",
        costs=0.3, says="The second thing that you return are the scores. Asked for are the weights: after the softmax.",
    ),
    Mistake(
        "weights from before the repair", "scaled_dot_product_attention",
        replace="        weights = weights.masked_fill(~mask, 0.0)  # a row that is masked as a whole is NaN until here\n    return weights @ value, weights",
        by="        return weights.masked_fill(~mask, 0.0) @ value, weights\n    return weights @ value, weights",
        says="The output is right, and the weights that you return with it still have NaN where a query may look at nothing.",
    ),
    Mistake(
        "one mask for all heads and sequences", "scaled_dot_product_attention", replace="    if mask is not None:\n        scores",
        by="    if mask is not None:\n        mask = mask[(0,) * (mask.dim() - 2)]\n        scores",
        says="All sequences and heads get the mask of the first one. The mask may differ: let broadcasting do it.",
    ),
    # MultiHeadAttention
    Mistake(
        "heads merged without a transpose", "MultiHeadAttention", replace="heads.transpose(1, 2).flatten(2)",
        by="heads.reshape(len(heads), heads.shape[2], -1)",
        says="The shape after your merge is right, and positions and heads are mixed up. Bring the heads back behind the positions first.",
    ),
    Mistake(
        "heads split without a transpose", "MultiHeadAttention",
        replace="        x = x.view(batch, length, self.num_heads, d_model // self.num_heads)\n        return x.transpose(1, 2)",
        by="        return x.view(batch, self.num_heads, length, d_model // self.num_heads)",
        says="The shape after your split is right, and positions and heads are mixed up. Split the last dimension alone, then move the heads.",
    ),
    Mistake(
        "heads interleaved", "MultiHeadAttention",
        replace="x.view(batch, length, self.num_heads, d_model // self.num_heads)\n        return x.transpose(1, 2)",
        by="x.view(batch, length, d_model // self.num_heads, self.num_heads)\n        return x.permute(0, 3, 1, 2)",
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
        "one mask a sequence, by a place for the heads", "MultiHeadAttention", replace="            mask,\n",
        by="            mask[None] if mask is not None and mask.dim() == 4 else mask,\n",
        says="You put a dimension in front of the mask. It broadcasts as it is: pass it on.",
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
        says="A number of heads that does not divide the width goes through. The constructor should raise ValueError.",
    ),
    Mistake(
        "fewer heads than none", "MultiHeadAttention", replace="num_heads < 1 or", by="num_heads == 0 or",
        says="A negative number of heads goes through, because it divides the width with no remainder. Which numbers should raise ValueError?",
    ),
    Mistake(
        "assert for ValueError", "MultiHeadAttention",
        replace='            raise ValueError(f"{num_heads} heads cannot share a width of {d_model} equally")',
        by="            raise AssertionError",
        says="You notice that the heads do not divide the width, and raise something else than ValueError. (An assert can be switched off.)",
    ),
    Mistake(
        "no biases", "MultiHeadAttention", replace="self.output_proj = nn.Linear(d_model, d_model)",
        by="self.output_proj = nn.Linear(d_model, d_model, bias=False)",
        costs=0.2, says="A projection has no bias. Asked for is nn.Linear(d_model, d_model), as it comes.",
    ),
    Mistake(
        "one projection for keys and values", "MultiHeadAttention", replace="self.value_proj = nn.Linear(d_model, d_model)",
        by="self.value_proj = self.key_proj",
        costs=0.3, says="Keys and values share one projection. They are two matrices, W^K and W^V.",
    ),
    Mistake(
        "no gradient through the heads", "MultiHeadAttention", replace="self._split(self.query_proj(query))",
        by="self._split(self.query_proj(query).detach())",
        says="No gradient arrives at a projection, so it could not learn. Is there a detach, a no_grad or a .data?",
    ),
]

TRIVIAL = {
    "telling_inputs": {
        "no inputs": "def telling_inputs():\n    return []",
        "zeros": "def telling_inputs():\n    zeros = torch.zeros(2, 5, 4)\n    return [(zeros, zeros, zeros, None)]",
    }
}
