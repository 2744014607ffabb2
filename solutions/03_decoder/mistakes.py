"""Mistakes that students make in notebook 03. Each way to make one is a replacement in the reference solution."""

from autograder.authoring import Mistake

NORMS_FIRST = """\
            normal = self.norm1(x)
            x = x + self.dropout(self.self_attention(normal, normal, normal, self_mask))
            x = x + self.dropout(self.cross_attention(self.norm2(x), memory, memory, memory_mask))
            return x + self.dropout(self.feed_forward(self.norm3(x)))
"""
NORMS_AFTER = """\
        x = self.norm1(x + self.dropout(self.self_attention(x, x, x, self_mask)))
        x = self.norm2(x + self.dropout(self.cross_attention(x, memory, memory, memory_mask)))
        return self.norm3(x + self.dropout(self.feed_forward(x)))
"""
BOTH = f"        if self.norm_first:\n{NORMS_FIRST}{NORMS_AFTER}"
SHIFTED = "torch.cat([first, targets[:, :-1]], dim=1)"
ENCODE = "        memory, memory_mask = model.encode(source)\n        for _ in range(max_length):\n"
APPEND = "            tokens = torch.cat([tokens, token[:, None]], dim=1)\n"
END = "            ended = ended | (token == eos_id)\n            if ended.all():\n                break\n"
LOOP = "        for layer in self.decoder_layers:\n            x = layer(x, memory, self_mask, memory_mask)\n"


def throughout(*changes: tuple[str, str]) -> tuple[str, str]:
    """Return a way to make a mistake in both orders of the norms, or at several sublayers, of DecoderLayer."""
    text = BOTH
    for old, new in changes:
        text = text.replace(old, new)
    return BOTH, text


MISTAKES = [
    # shift_right
    Mistake(
        "last token in front", "shift_right", replace=SHIFTED, by="targets.roll(1, dims=1)",
        also=[(SHIFTED, "targets.roll(1)")],
        says="You turn the tokens round by one place, so that a last token stands in front of each sentence. What should the decoder read before it has written anything?",
    ),
    Mistake(
        "nothing dropped", "shift_right", replace="targets[:, :-1]", by="targets",
        says="Your inputs are one token longer than the targets. Which token does nobody read, because nothing comes after it?",
    ),
    Mistake(
        "shifted to the left", "shift_right", replace=SHIFTED, by="torch.cat([targets[:, 1:], first], dim=1)",
        also=[(SHIFTED, "targets[:, 1:]"), (SHIFTED, "targets.roll(-1, dims=1)")],
        says="Your tokens move to the left, so each position reads what comes after its target. Which token comes before it?",
    ),
    Mistake(
        "first token replaced", "shift_right", replace="targets[:, :-1]", by="targets[:, 1:]",
        says="You put bos_id in the place of the first token, and the others stay where they are: each position reads its own target. Which token goes?",
    ),
    Mistake(
        "not shifted", "shift_right", replace=SHIFTED, by="targets.clone()",
        says="You return the targets themselves, so each position reads the token that it is to predict.",
    ),
    Mistake(
        "nothing put in front", "shift_right", replace=SHIFTED, by="targets[:, :-1]",
        says="You drop the last token and put nothing in front, so each position still reads its own target. What does the decoder read before it predicts the first word?",
    ),
    Mistake(
        "batch shifted in one piece", "shift_right", replace=SHIFTED,
        by="torch.cat([torch.tensor([bos_id]), targets.flatten()[:-1]]).view(targets.shape)",
        says="Only the first sentence begins with bos_id. The others begin with the last token of the sentence above. Where does each sentence start?",
    ),
    Mistake(
        "whole sentences shifted", "shift_right", replace=SHIFTED, by="torch.cat([torch.full_like(targets[:1], bos_id), targets[:-1]])",
        says="You move each sentence to the next row, and no token within its sentence. Which dimension of the targets is the length?",
    ),
    Mistake(
        "a fixed number for bos_id", "shift_right", replace="torch.full_like(targets[:, :1], bos_id)", by="torch.zeros_like(targets[:, :1])",
        also=[("torch.full_like(targets[:, :1], bos_id)", "torch.ones_like(targets[:, :1])")],
        says="The same number always stands in front of your inputs, whatever bos_id is. Is the argument used?",
    ),
    Mistake(
        "targets changed", "shift_right", replace="return torch.cat([first, targets[:, :-1]], dim=1)",
        by="targets.copy_(torch.cat([first, targets[:, :-1]], dim=1))\n    return targets",
        says="After the call the caller's targets are shifted as well. The loss would then compare with them. Which line writes into the tensor itself?",
    ),
    Mistake(
        "tokens with a decimal point", "shift_right", replace="torch.full_like(targets[:, :1], bos_id)",
        by="torch.full(targets[:, :1].shape, float(bos_id))",
        says="Your inputs are floats, and an embedding takes integers. What is the dtype of the column that you put in front?",
    ),
    # DecoderLayer
    Mistake(
        "keys or values from the target", "DecoderLayer", replace="        if self.norm_first:\n",
        by="        memory, memory_mask = x, None\n        if self.norm_first:\n",
        also=[
            throughout(("self.norm2(x), memory, memory, memory_mask", "self.norm2(x), self.norm2(x), self.norm2(x), self_mask"), ("x, memory, memory, memory_mask", "x, x, x, self_mask")),
            throughout(("self.norm2(x), memory, memory, memory_mask", "self.norm2(x), self.norm2(x), self.norm2(x), memory_mask"), ("x, memory, memory, memory_mask", "x, x, x, memory_mask")),
            throughout(("memory, memory, memory_mask", "memory, x, memory_mask")),
        ],
        says="The keys of your cross-attention, or its values, come from the target. Whom does a translator ask what the source says?",
    ),
    Mistake(
        "queries from the memory", "DecoderLayer", replace=BOTH,
        by=throughout(("self.norm2(x), memory, memory, memory_mask", "memory, self.norm2(x), self.norm2(x), memory_mask"), ("x, memory, memory, memory_mask", "memory, x, x, memory_mask"))[1],
        also=[throughout(("self.norm2(x), memory, memory, memory_mask", "memory, memory, self.norm2(x), memory_mask"), ("x, memory, memory, memory_mask", "memory, memory, x, memory_mask"))],
        says="The queries of your cross-attention come from the memory. Which of the two asks, and which of them is asked?",
    ),
    Mistake(
        "memory normalised", "DecoderLayer", replace="self.cross_attention(self.norm2(x), memory, memory, memory_mask)",
        by="self.cross_attention(self.norm2(x), self.norm2(memory), self.norm2(memory), memory_mask)",
        also=[("        if self.norm_first:\n", "        memory = self.norm2(memory)\n        if self.norm_first:\n")],
        says="You normalise the memory. The encoder has normalised it already: what does norm2 belong to?",
    ),
    Mistake(
        "cross-attention before self-attention", "DecoderLayer", replace=BOTH,
        by="""\
        if self.norm_first:
            x = x + self.dropout(self.cross_attention(self.norm2(x), memory, memory, memory_mask))
            normal = self.norm1(x)
            x = x + self.dropout(self.self_attention(normal, normal, normal, self_mask))
            return x + self.dropout(self.feed_forward(self.norm3(x)))
        x = self.norm2(x + self.dropout(self.cross_attention(x, memory, memory, memory_mask)))
        x = self.norm1(x + self.dropout(self.self_attention(x, x, x, self_mask)))
        return self.norm3(x + self.dropout(self.feed_forward(x)))
""",
        also=[
            (BOTH, """\
        if self.norm_first:
            x = x + self.dropout(self.cross_attention(self.norm1(x), memory, memory, memory_mask))
            normal = self.norm2(x)
            x = x + self.dropout(self.self_attention(normal, normal, normal, self_mask))
            return x + self.dropout(self.feed_forward(self.norm3(x)))
        x = self.norm1(x + self.dropout(self.cross_attention(x, memory, memory, memory_mask)))
        x = self.norm2(x + self.dropout(self.self_attention(x, x, x, self_mask)))
        return self.norm3(x + self.dropout(self.feed_forward(x)))
"""),
        ],
        says="Your layer looks at the source first and at the target after that. In which order do the sublayers stand in figure 1?",
    ),
    Mistake(
        "feed-forward before cross-attention", "DecoderLayer", replace=NORMS_AFTER,
        by="""\
        x = self.norm1(x + self.dropout(self.self_attention(x, x, x, self_mask)))
        x = self.norm3(x + self.dropout(self.feed_forward(x)))
        return self.norm2(x + self.dropout(self.cross_attention(x, memory, memory, memory_mask)))
""",
        also=[
            (BOTH, """\
        if self.norm_first:
            normal = self.norm1(x)
            x = x + self.dropout(self.self_attention(normal, normal, normal, self_mask))
            x = x + self.dropout(self.feed_forward(self.norm2(x)))
            return x + self.dropout(self.cross_attention(self.norm3(x), memory, memory, memory_mask))
        x = self.norm1(x + self.dropout(self.self_attention(x, x, x, self_mask)))
        x = self.norm2(x + self.dropout(self.feed_forward(x)))
        return self.norm3(x + self.dropout(self.cross_attention(x, memory, memory, memory_mask)))
"""),
            (BOTH, """\
        if self.norm_first:
            normal = self.norm1(x)
            x = x + self.dropout(self.self_attention(normal, normal, normal, self_mask))
            x = x + self.dropout(self.feed_forward(self.norm3(x)))
            return x + self.dropout(self.cross_attention(self.norm2(x), memory, memory, memory_mask))
        x = self.norm1(x + self.dropout(self.self_attention(x, x, x, self_mask)))
        x = self.norm3(x + self.dropout(self.feed_forward(x)))
        return self.norm2(x + self.dropout(self.cross_attention(x, memory, memory, memory_mask)))
"""),
        ],
        says="Your feed-forward network comes before the cross-attention. Which sublayer is the last in figure 1?",
    ),
    Mistake(
        "self_mask ignored", "DecoderLayer", replace="        if self.norm_first:\n", by="        self_mask = None\n        if self.norm_first:\n",
        also=[("normal, normal, normal, self_mask", "normal, normal, normal"), ("(x, x, x, self_mask)", "(x, x, x)")],
        says="There is an order of the norms in which self_mask changes nothing, so the future can be seen. Does it get as far as the self-attention?",
    ),
    Mistake(
        "memory_mask ignored", "DecoderLayer", replace="        if self.norm_first:\n", by="        memory_mask = None\n        if self.norm_first:\n",
        also=[("self.norm2(x), memory, memory, memory_mask", "self.norm2(x), memory, memory"), ("(x, memory, memory, memory_mask)", "(x, memory, memory)")],
        says="There is an order of the norms in which memory_mask changes nothing, so the source's padding is read. Does it get as far as the cross-attention?",
    ),
    Mistake(
        "self_mask for the cross-attention", "DecoderLayer", replace=BOTH, by=throughout(("memory_mask", "self_mask"))[1],
        also=[throughout(("memory_mask", "other_mask"), ("self_mask", "memory_mask"), ("other_mask", "self_mask"))],
        says="Your cross-attention gets self_mask, whose columns belong to the target. Which tokens are its keys, and which mask is about them?",
    ),
    Mistake(
        "first sentence's memory_mask for all", "DecoderLayer", replace="        if self.norm_first:\n",
        by="        memory_mask = None if memory_mask is None else memory_mask[:1]\n        if self.norm_first:\n",
        says="All sentences have the memory_mask of the first one. Do all sources have the same length?",
    ),
    Mistake(
        "always causal", "DecoderLayer", replace="        if self.norm_first:\n",
        by="        causal = causal_mask(x.shape[1])\n        self_mask = causal if self_mask is None else self_mask & causal\n        if self.norm_first:\n",
        also=[("        if self.norm_first:\n", "        if self_mask is None:\n            self_mask = causal_mask(x.shape[1])\n        if self.norm_first:\n")],
        says="Your layer hides the future even where self_mask does not ask for it. Whose business is the mask: the layer's, or that of whoever calls it?",
    ),
    Mistake(
        "source read causally", "DecoderLayer", replace="        if self.norm_first:\n",
        by="        causal = torch.ones(x.shape[1], memory.shape[1]).tril().bool()\n        memory_mask = causal if memory_mask is None else memory_mask & causal\n        if self.norm_first:\n",
        says="Position 0 of the target sees the first token of the source alone. Is the rest of the source in anybody's future?",
    ),
    Mistake(
        "nothing learned through the memory", "DecoderLayer", replace="        if self.norm_first:\n",
        by="        memory = memory.detach()\n        if self.norm_first:\n",
        says="No gradient comes back through the memory. How should the encoder learn? Look for a detach, a no_grad or a .data.",
    ),
    Mistake(
        "norm_first ignored", "DecoderLayer", replace="        if self.norm_first:\n", by="        if False:\n",
        also=[("        if self.norm_first:\n", "        if True:\n")],
        says="Your layer does the same with norm_first=True as with norm_first=False. Where is the argument used?",
    ),
    Mistake(
        "norm_first the wrong way round", "DecoderLayer", replace="        if self.norm_first:\n", by="        if not self.norm_first:\n",
        says="You normalise first where it should be after, and after where it should be first. Which of the two is the paper's?",
    ),
    Mistake(
        "residual from the normalised value", "DecoderLayer", replace=NORMS_FIRST,
        by="""\
            x = self.norm1(x)
            x = x + self.dropout(self.self_attention(x, x, x, self_mask))
            x = self.norm2(x)
            x = x + self.dropout(self.cross_attention(x, memory, memory, memory_mask))
            x = self.norm3(x)
            return x + self.dropout(self.feed_forward(x))
""",
        also=[("normal = self.norm1(x)", "normal = x = self.norm1(x)")],
        says="With norm_first=True you add a sublayer's output to the normalised x. The residual sum should stay as it is: to which x is it added?",
    ),
    Mistake(
        "only the queries normalised", "DecoderLayer", replace="self.self_attention(normal, normal, normal, self_mask)",
        by="self.self_attention(normal, x, x, self_mask)",
        says="With norm_first=True the keys and values of your self-attention are not normalised. What comes into a self-attention from x?",
    ),
    Mistake(
        "cross-attention reads x as it is", "DecoderLayer", replace="self.cross_attention(self.norm2(x), memory, memory, memory_mask)",
        by="self.cross_attention(x, memory, memory, memory_mask)",
        says="With norm_first=True the queries of your cross-attention are not normalised. Which norm belongs to it?",
    ),
    Mistake(
        "queries from before the self-attention", "DecoderLayer", replace="self.cross_attention(self.norm2(x), memory, memory, memory_mask)",
        by="self.cross_attention(normal, memory, memory, memory_mask)",
        also=[
            (
                "            x = x + self.dropout(self.self_attention(normal, normal, normal, self_mask))\n            x = x + self.dropout(self.cross_attention(self.norm2(x)",
                "            before, x = x, x + self.dropout(self.self_attention(normal, normal, normal, self_mask))\n            x = x + self.dropout(self.cross_attention(self.norm2(before)",
            ),
        ],
        says="With norm_first=True your cross-attention asks with the x that the self-attention has read. What has x become since then?",
    ),
    Mistake(
        "a norm at the end of the layer", "DecoderLayer", replace="            return x + self.dropout(self.feed_forward(self.norm3(x)))",
        by="            return self.norm3(x + self.dropout(self.feed_forward(self.norm3(x))))",
        also=[
            (NORMS_FIRST, """\
            normal = self.norm1(x)
            x = self.norm1(x + self.dropout(self.self_attention(normal, normal, normal, self_mask)))
            x = self.norm2(x + self.dropout(self.cross_attention(self.norm2(x), memory, memory, memory_mask)))
            return self.norm3(x + self.dropout(self.feed_forward(self.norm3(x))))
"""),
        ],
        says="With norm_first=True you normalise the sum at the end as well. Which values should the layer above get?",
    ),
    Mistake(
        "no norm at the end of the layer", "DecoderLayer", replace="        return self.norm3(x + self.dropout(self.feed_forward(x)))",
        by="        return x + self.dropout(self.feed_forward(x))",
        says="With norm_first=False the last sum is not normalised. How many sums are there, and how many norms?",
    ),
    Mistake(
        "norm before the sum", "DecoderLayer", replace=NORMS_AFTER,
        by="""\
        x = x + self.norm1(self.dropout(self.self_attention(x, x, x, self_mask)))
        x = x + self.norm2(self.dropout(self.cross_attention(x, memory, memory, memory_mask)))
        return x + self.norm3(self.dropout(self.feed_forward(x)))
""",
        also=[
            (NORMS_AFTER, """\
        x = x + self.dropout(self.norm1(self.self_attention(x, x, x, self_mask)))
        x = x + self.dropout(self.norm2(self.cross_attention(x, memory, memory, memory_mask)))
        return x + self.dropout(self.norm3(self.feed_forward(x)))
"""),
        ],
        says="With norm_first=False you normalise what a sublayer gives, and add x afterwards. What is it that LayerNorm(x + Sublayer(x)) normalises?",
    ),
    Mistake(
        "norms 2 and 3 exchanged", "DecoderLayer", replace=NORMS_AFTER,
        by="""\
        x = self.norm1(x + self.dropout(self.self_attention(x, x, x, self_mask)))
        x = self.norm3(x + self.dropout(self.cross_attention(x, memory, memory, memory_mask)))
        return self.norm2(x + self.dropout(self.feed_forward(x)))
""",
        also=[throughout(("self.norm2", "self.other_norm"), ("self.norm3", "self.norm2"), ("self.other_norm", "self.norm3"))],
        says="norm2 and norm3 stand in each other's place. Which sublayer does each belong to?",
    ),
    Mistake(
        "norm1 everywhere", "DecoderLayer", replace=NORMS_AFTER,
        by="""\
        x = self.norm1(x + self.dropout(self.self_attention(x, x, x, self_mask)))
        x = self.norm1(x + self.dropout(self.cross_attention(x, memory, memory, memory_mask)))
        return self.norm1(x + self.dropout(self.feed_forward(x)))
""",
        also=[throughout(("self.norm2", "self.norm1"), ("self.norm3", "self.norm1"))],
        says="All three sublayers have norm1. What are the other two for?",
    ),
    Mistake(
        "one norm under two names", "DecoderLayer", replace="self.norm3 = LayerNorm(d_model, eps)", by="self.norm3 = self.norm2",
        also=[
            (
                "self.norm2 = LayerNorm(d_model, eps)\n        self.norm3 = LayerNorm(d_model, eps)",
                "self.norm2 = self.norm3 = self.norm1",
            ),
        ],
        says="Among your norms is one object under two names or more, so their parameters are shared. How many norms does the layer need?",
    ),
    Mistake(
        "one attention under two names", "DecoderLayer", replace="self.cross_attention = MultiHeadAttention(d_model, num_heads)",
        by="self.cross_attention = self.self_attention",
        says="Self-attention and cross-attention are one and the same object, so they share their projections. Do they look for the same things?",
    ),
    Mistake(
        "no residual round the self-attention", "DecoderLayer", replace="self.norm1(x + self.dropout(self.self_attention(x, x, x, self_mask)))",
        by="self.norm1(self.dropout(self.self_attention(x, x, x, self_mask)))",
        also=[throughout(("x + self.dropout(self.self_attention", "self.dropout(self.self_attention"))],
        says="The output of your self-attention takes the place of x. Which sublayers have a residual?",
    ),
    Mistake(
        "no residual round the cross-attention", "DecoderLayer",
        replace="self.norm2(x + self.dropout(self.cross_attention(x, memory, memory, memory_mask)))",
        by="self.norm2(self.dropout(self.cross_attention(x, memory, memory, memory_mask)))",
        also=[throughout(("x + self.dropout(self.cross_attention", "self.dropout(self.cross_attention"))],
        says="The output of your cross-attention takes the place of x. Where does the target go on?",
    ),
    Mistake(
        "no residual round the feed-forward", "DecoderLayer", replace="self.norm3(x + self.dropout(self.feed_forward(x)))",
        by="self.norm3(self.dropout(self.feed_forward(x)))",
        also=[throughout(("x + self.dropout(self.feed_forward", "self.dropout(self.feed_forward"))],
        says="The output of your feed-forward network takes the place of x. Which sublayers have a residual?",
    ),
    Mistake(
        "activation not passed on", "DecoderLayer", replace="FeedForward(d_model, d_ff, activation)", by="FeedForward(d_model, d_ff)",
        says="Your feed-forward network takes its default activation, whatever was asked for. Does it get the argument?",
    ),
    Mistake(
        "eps not passed on", "DecoderLayer",
        replace="self.norm1 = LayerNorm(d_model, eps)\n        self.norm2 = LayerNorm(d_model, eps)\n        self.norm3 = LayerNorm(d_model, eps)",
        by="self.norm1, self.norm2, self.norm3 = (LayerNorm(d_model) for _ in range(3))",
        also=[("self.norm3 = LayerNorm(d_model, eps)", "self.norm3 = LayerNorm(d_model)")],
        says="Not all of your norms have the eps that was asked for: some take their default. Does each of them get the argument?",
    ),
    Mistake(
        "no dropout", "DecoderLayer", replace="nn.Dropout(dropout)", by="nn.Identity()",
        says="Your layer drops nothing while it trains. Where does section 5.4 put the dropout?",
    ),
    Mistake(
        "a fixed rate of dropout", "DecoderLayer", replace="nn.Dropout(dropout)", by="nn.Dropout(0.1)",
        also=[("nn.Dropout(dropout)", "nn.Dropout()")],
        says="Your layer drops the same share, whatever was asked for. Is the argument used?",
    ),
    Mistake(
        "share that is kept", "DecoderLayer", replace="nn.Dropout(dropout)", by="nn.Dropout(1 - dropout)",
        says="You take the rate for the share that is kept. Which share does nn.Dropout ask for?",
    ),
    Mistake(
        "dropout in evaluation mode", "DecoderLayer", replace="self.dropout = nn.Dropout(dropout)",
        by="self.dropout = lambda x: F.dropout(x, dropout)",
        also=[("self.dropout = nn.Dropout(dropout)", "self.dropout = lambda x: F.dropout(x)")],
        says="Your layer drops numbers in evaluation mode, too. How does F.dropout know whether the model is training?",
    ),
    Mistake(
        "self-attention without dropout", "DecoderLayer", replace=BOTH,
        by=throughout(("self.dropout(self.self_attention(normal, normal, normal, self_mask))", "self.self_attention(normal, normal, normal, self_mask)"), ("self.dropout(self.self_attention(x, x, x, self_mask))", "self.self_attention(x, x, x, self_mask)"))[1],
        says="While training, the output of your self-attention stays whole. Dropout belongs to all three sublayers, in both orders of the norms: where is it missing?",
    ),
    Mistake(
        "cross-attention without dropout", "DecoderLayer",
        replace=BOTH, by=throughout(("self.dropout(self.cross_attention(self.norm2(x), memory, memory, memory_mask))", "self.cross_attention(self.norm2(x), memory, memory, memory_mask)"), ("self.dropout(self.cross_attention(x, memory, memory, memory_mask))", "self.cross_attention(x, memory, memory, memory_mask)"))[1],
        also=[
            ("self.dropout(self.cross_attention(self.norm2(x), memory, memory, memory_mask))", "self.cross_attention(self.norm2(x), memory, memory, memory_mask)"),
            ("self.dropout(self.cross_attention(x, memory, memory, memory_mask))", "self.cross_attention(x, memory, memory, memory_mask)"),
        ],
        says="While training, the output of your cross-attention stays whole. Dropout belongs to all three sublayers, in both orders of the norms: where is it missing?",
    ),
    Mistake(
        "feed-forward without dropout", "DecoderLayer",
        replace=BOTH, by=throughout(("self.dropout(self.feed_forward(self.norm3(x)))", "self.feed_forward(self.norm3(x))"), ("self.dropout(self.feed_forward(x))", "self.feed_forward(x)"))[1],
        also=[
            ("self.dropout(self.feed_forward(self.norm3(x)))", "self.feed_forward(self.norm3(x))"),
            ("self.dropout(self.feed_forward(x))", "self.feed_forward(x)"),
        ],
        says="While training, the output of your feed-forward network stays whole. Dropout belongs to all three sublayers, in both orders of the norms: where is it missing?",
    ),
    Mistake(
        "dropout after the sum", "DecoderLayer", replace=NORMS_AFTER,
        by="""\
        x = self.norm1(self.dropout(x + self.self_attention(x, x, x, self_mask)))
        x = self.norm2(self.dropout(x + self.cross_attention(x, memory, memory, memory_mask)))
        return self.norm3(self.dropout(x + self.feed_forward(x)))
""",
        also=[
            throughout(("x + self.dropout(", "self.dropout(x + ")),
            (NORMS_AFTER, """\
        x = self.dropout(self.norm1(x + self.self_attention(x, x, x, self_mask)))
        x = self.dropout(self.norm2(x + self.cross_attention(x, memory, memory, memory_mask)))
        return self.dropout(self.norm3(x + self.feed_forward(x)))
"""),
        ],
        says="You drop numbers after the sum, and with them a part of x itself. What should go through the residual whole?",
    ),
    Mistake(
        "dropout on what goes in", "DecoderLayer", replace="x + self.dropout(self.feed_forward(self.norm3(x)))",
        by="x + self.feed_forward(self.dropout(self.norm3(x)))",
        also=[
            (NORMS_FIRST, """\
            normal = self.dropout(self.norm1(x))
            x = x + self.self_attention(normal, normal, normal, self_mask)
            x = x + self.cross_attention(self.dropout(self.norm2(x)), memory, memory, memory_mask)
            return x + self.feed_forward(self.dropout(self.norm3(x)))
"""),
        ],
        says="With norm_first=True you drop numbers from what goes into a sublayer. From what should they be dropped?",
    ),
    Mistake(
        "x changed on the way", "DecoderLayer", replace="        if self.norm_first:\n            normal = self.norm1(x)\n            x = x + self.dropout",
        by="        if self.norm_first:\n            normal = self.norm1(x)\n            x += self.dropout",
        also=[
            (NORMS_FIRST, """\
            normal = self.norm1(x)
            x += self.dropout(self.self_attention(normal, normal, normal, self_mask))
            x += self.dropout(self.cross_attention(self.norm2(x), memory, memory, memory_mask))
            x += self.dropout(self.feed_forward(self.norm3(x)))
            return x
"""),
            throughout(
                ("x = x + self.dropout", "x += self.dropout"),
                ("x = self.norm1(x + self.dropout(self.self_attention(x, x, x, self_mask)))", "x += self.dropout(self.self_attention(x, x, x, self_mask))\n        x = self.norm1(x)"),
            ),
        ],
        says="After the call the caller's x is another one: += works on the tensor itself.",
    ),
    # Transformer
    Mistake(
        "embeddings not scaled", "Transformer", replace="embedding(tokens) * math.sqrt(self.d_model)", by="embedding(tokens)",
        says="Your embeddings go in as they are. By what does section 3.4 multiply them?",
    ),
    Mistake(
        "source not scaled", "Transformer", replace="self._embed(source, self.source_embedding)", by="self._embed(source, lambda tokens: self.source_embedding(tokens) / math.sqrt(self.d_model))",
        says="The embeddings of the source go in as they are, unlike those of the target. By what does section 3.4 multiply them?",
    ),
    Mistake(
        "scaled without the root", "Transformer", replace="embedding(tokens) * math.sqrt(self.d_model)", by="embedding(tokens) * self.d_model",
        says="You multiply the embeddings by d_model itself. Look at section 3.4 again.",
    ),
    Mistake(
        "positions scaled as well", "Transformer", replace="return self.dropout(x + positions.to(x.dtype))",
        by="return self.dropout(x + math.sqrt(self.d_model) * positions.to(x.dtype))",
        says="You multiply the sum by sqrt(d_model), positions included. What does section 3.4 multiply?",
    ),
    Mistake(
        "no positions", "Transformer", replace="return self.dropout(x + positions.to(x.dtype))", by="return self.dropout(x)",
        says="Your model does not know where a token stands. What is added to the embeddings?",
    ),
    Mistake(
        "source without positions", "Transformer", replace="self._embed(source, self.source_embedding)",
        by="self.dropout(self.source_embedding(source) * math.sqrt(self.d_model))",
        says="The tokens of the source get no positions. How else should the encoder know in which order they stand?",
    ),
    Mistake(
        "positions counted from 1", "Transformer", replace="sinusoidal_positions(tokens.shape[1], self.d_model)",
        by="sinusoidal_positions(tokens.shape[1] + 1, self.d_model)[1:]",
        says="Your first token stands at position 1. From which number are positions counted?",
    ),
    Mistake(
        "positions along the batch", "Transformer", replace="sinusoidal_positions(tokens.shape[1], self.d_model)",
        by="sinusoidal_positions(len(tokens), self.d_model)[:, None]",
        says="All tokens of a sentence get the same position, and each sentence another one. Along which dimension do positions run?",
    ),
    Mistake(
        "batch size for the length", "Transformer", replace="sinusoidal_positions(tokens.shape[1], self.d_model)", by="sinusoidal_positions(len(tokens), self.d_model)",
        also=[("causal_mask(target_inputs.shape[1])", "causal_mask(len(target_inputs))")],
        says="You make as many positions, or as large a causal mask, as there are sentences in the batch. Which dimension of the tokens is the length?",
    ),
    Mistake(
        "no dropout on the sums", "Transformer", replace="return self.dropout(x + positions.to(x.dtype))", by="return x + positions.to(x.dtype)",
        says="Nothing is dropped from the sum of embeddings and positions. What does section 5.4 say about it?",
    ),
    Mistake(
        "source without dropout", "Transformer", replace="self._embed(source, self.source_embedding)",
        by="self.source_embedding(source) * math.sqrt(self.d_model) + sinusoidal_positions(source.shape[1], self.d_model).to(self.source_embedding.weight.dtype)",
        says="Nothing is dropped from the embeddings of the source. To which two sums does section 5.4 apply dropout?",
    ),
    Mistake(
        "dropout before the positions", "Transformer", replace="return self.dropout(x + positions.to(x.dtype))",
        by="return self.dropout(x) + positions.to(x.dtype)",
        says="You drop numbers from the embeddings and add the positions after that. From what does section 5.4 drop them?",
    ),
    Mistake(
        "embeddings dropped in evaluation mode", "Transformer", replace="return self.dropout(x + positions.to(x.dtype))",
        by="return F.dropout(x + positions.to(x.dtype), self.dropout.p)",
        also=[("return self.dropout(x + positions.to(x.dtype))", "return F.dropout(x + positions.to(x.dtype))")],
        says="Your model drops numbers in evaluation mode, too. How does F.dropout know whether the model is training?",
    ),
    Mistake(
        "target not scaled", "Transformer", replace="x = self._embed(target_inputs, self.target_embedding)",
        by="x = self.target_embedding(target_inputs)\n        x = self.dropout(x + sinusoidal_positions(x.shape[1], self.d_model).to(x.dtype))",
        says="The embeddings of the target go in as they are, unlike those of the source. Are they made as in encode?",
    ),
    Mistake(
        "target without positions", "Transformer", replace="x = self._embed(target_inputs, self.target_embedding)",
        by="x = self.dropout(self.target_embedding(target_inputs) * math.sqrt(self.d_model))",
        says="The tokens of the target get no positions. Are their embeddings made as in encode?",
    ),
    Mistake(
        "target without dropout", "Transformer", replace="x = self._embed(target_inputs, self.target_embedding)",
        by="x = self.target_embedding(target_inputs) * math.sqrt(self.d_model)\n        x = x + sinusoidal_positions(x.shape[1], self.d_model).to(x.dtype)",
        says="Nothing is dropped from the embeddings of the target. Are they made as in encode?",
    ),
    Mistake(
        "target placed after the source", "Transformer", replace="x = self._embed(target_inputs, self.target_embedding)",
        by="x = self.target_embedding(target_inputs) * math.sqrt(self.d_model)\n        positions = sinusoidal_positions(memory.shape[1] + x.shape[1], self.d_model)[memory.shape[1] :]\n        x = self.dropout(x + positions.to(x.dtype))",
        says="The positions of your target go on where those of the source end. They are two sentences: where does each begin?",
    ),
    Mistake(
        "target read with the source's embedding", "Transformer", replace="self._embed(target_inputs, self.target_embedding)",
        by="self._embed(target_inputs % len(self.source_embedding.weight), self.source_embedding)",
        also=[("self._embed(target_inputs, self.target_embedding)", "self._embed(target_inputs, self.source_embedding)")],
        says="You look the target's tokens up in the embedding of the source. Which language are they in?",
    ),
    Mistake(
        "0 for pad_id", "Transformer", replace="(source != self.pad_id)", by="(source != 0)",
        says="You take token 0 for padding, whatever pad_id is. Where does the model keep it?",
    ),
    Mistake(
        "only padding attended to", "Transformer", replace="(source != self.pad_id)", by="(source == self.pad_id)",
        says="Your mask is True on the padding. What does True mean in this course?",
    ),
    Mistake(
        "real tokens counted for a mask", "Transformer", replace="(source != self.pad_id)[:, None, None, :]",
        by="(torch.arange(source.shape[1]) < (source != self.pad_id).sum(dim=1, keepdim=True))[:, None, None, :]",
        says="You count the real tokens of a sentence, and take its first ones for real. Where may pad_id stand, according to the docstring?",
    ),
    Mistake(
        "mask without a place for the heads", "Transformer", replace="(source != self.pad_id)[:, None, None, :]", by="(source != self.pad_id)[:, None, :]",
        also=[("(source != self.pad_id)[:, None, None, :]", "(source != self.pad_id)")],
        says="Your memory_mask has too few dimensions. Scores have four: batch, heads, queries, keys. Which of them are missing?",
    ),
    Mistake(
        "padding attended to in the encoder", "Transformer", replace="self.encoder(self._embed(source, self.source_embedding), memory_mask)",
        by="self.encoder(self._embed(source, self.source_embedding))",
        says="Your encoder does not get the mask, so the real tokens read the padding. Which of its arguments is missing?",
    ),
    Mistake(
        "future visible", "Transformer", replace="self_mask = causal_mask(target_inputs.shape[1])", by="self_mask = None",
        says="Your decoder sees the tokens that it is to predict. In training it would look perfect. What hides the future?",
    ),
    Mistake(
        "past hidden", "Transformer", replace="self_mask = causal_mask(target_inputs.shape[1])", by="self_mask = causal_mask(target_inputs.shape[1]).T",
        also=[("self_mask = causal_mask(target_inputs.shape[1])", "self_mask = ~causal_mask(target_inputs.shape[1])")],
        says="Your decoder sees the future and not the past. Rows are queries: what may row 0 see?",
    ),
    Mistake(
        "target's padding hidden, but not the future", "Transformer", replace="self_mask = causal_mask(target_inputs.shape[1])",
        by="self_mask = (target_inputs != self.pad_id)[:, None, None, :]",
        says="Your decoder hides the target's padding and shows its future. What must a token not see while it is trained?",
    ),
    Mistake(
        "dropout on the memory", "Transformer", replace="x = self._embed(target_inputs, self.target_embedding)",
        by="x = self._embed(target_inputs, self.target_embedding)\n        memory = self.dropout(memory)",
        also=[("return self.decode(target_inputs, memory, memory_mask)", "return self.decode(target_inputs, self.dropout(memory), memory_mask)")],
        says="While training, you drop numbers of the memory before the layers of the decoder read it. What does the docstring drop outside the layers?",
    ),
    Mistake(
        "padding attended to in the decoder", "Transformer", replace="layer(x, memory, self_mask, memory_mask)", by="layer(x, memory, self_mask)",
        says="Your decoder reads the padding of the source. Which mask does the cross-attention need?",
    ),
    Mistake(
        "masks exchanged", "Transformer", replace="layer(x, memory, self_mask, memory_mask)", by="layer(x, memory, memory_mask, self_mask)",
        says="You hand the two masks over in the wrong order. Which one belongs to the self-attention?",
    ),
    Mistake(
        "memory cut off from learning", "Transformer", replace="layer(x, memory, self_mask, memory_mask)",
        by="layer(x, memory.detach(), self_mask, memory_mask)",
        also=[("return memory, memory_mask", "return memory.detach(), memory_mask")],
        says="No gradient gets through the memory. How should the encoder learn? Look for a detach, a no_grad or a .data.",
    ),
    Mistake(
        "every layer reads the embeddings", "Transformer", replace=LOOP,
        by="        embedded = x\n        for layer in self.decoder_layers:\n            x = layer(embedded, memory, self_mask, memory_mask)\n",
        says="Each of your layers begins with the embeddings, so only the last one counts. What should a layer read?",
    ),
    Mistake(
        "one layer of many", "Transformer", replace="for layer in self.decoder_layers:", by="for layer in self.decoder_layers[:1]:",
        says="Only the first layer of your decoder runs. Does the loop go on, or does something end it?",
    ),
    Mistake(
        "decoder_norm left out", "Transformer", replace="x = self.decoder_norm(x)  #", by="#",
        says="With norm_first=True your logits come from values that nothing has normalised. Which part has not been used?",
    ),
    Mistake(
        "decoder_norm after every layer", "Transformer", replace="            x = layer(x, memory, self_mask, memory_mask)\n        x = self.decoder_norm(x)",
        by="            x = self.decoder_norm(layer(x, memory, self_mask, memory_mask))\n        x = x",
        says="You apply decoder_norm after each layer. How often is it needed, and where?",
    ),
    Mistake(
        "head of the source", "Transformer", replace="x @ self.target_embedding.weight.T", by="x @ self.source_embedding.weight.T",
        says="Your logits are products with the source's embedding. Which language is the decoder to write?",
    ),
    Mistake(
        "head scaled", "Transformer", replace="x @ self.target_embedding.weight.T", by="x @ self.target_embedding.weight.T * math.sqrt(self.d_model)",
        says="You multiply the logits by sqrt(d_model). In section 3.4, what is multiplied by it?",
    ),
    Mistake(
        "probabilities for logits", "Transformer", replace="return x @ self.target_embedding.weight.T", by="return (x @ self.target_embedding.weight.T).softmax(dim=-1)",
        also=[("return x @ self.target_embedding.weight.T", "return (x @ self.target_embedding.weight.T).log_softmax(dim=-1)")],
        says="You return probabilities, or their logarithms. The loss takes logits: what comes before the softmax?",
    ),
    Mistake(
        "last position alone", "Transformer", replace="return x @ self.target_embedding.weight.T", by="return x[:, -1:] @ self.target_embedding.weight.T",
        also=[("return x @ self.target_embedding.weight.T", "return x[:, -1] @ self.target_embedding.weight.T")],
        says="You return the logits of the last position alone. In training, which positions have a next token to predict?",
    ),
    Mistake(
        "shifted once more", "Transformer", replace="return self.decode(target_inputs, memory, memory_mask)",
        by="return self.decode(shift_right(target_inputs, self.pad_id), memory, memory_mask)",
        also=[
            ("return self.decode(target_inputs, memory, memory_mask)", "return self.decode(target_inputs[:, :-1], memory, memory_mask)"),
            ("return self.decode(target_inputs, memory, memory_mask)", "return self.decode(shift_right(target_inputs, 1), memory, memory_mask)"),
        ],
        says="Your forward shifts the target inputs, or cuts one off. The caller has done so already: what does the name say?",
    ),
    Mistake(
        "encoder that cannot learn", "Transformer", replace="        memory, memory_mask = self.encode(source)",
        by="        with torch.no_grad():\n            memory, memory_mask = self.encode(source)",
        says="Your forward lets no gradient through to the encoder. How should it learn? Look for a detach, a no_grad or a .data.",
    ),
    Mistake(
        "mask lost between the halves", "Transformer", replace="return self.decode(target_inputs, memory, memory_mask)",
        by="return self.decode(target_inputs, memory, torch.ones_like(memory_mask))",
        says="Your forward gives the decoder a mask without padding. What does encode return beside the memory?",
    ),
    # sequence_loss
    Mistake(
        "padding counts", "sequence_loss", replace="return losses.masked_fill(~real, 0.0).sum() / real.sum().clamp(min=1)", by="return losses.mean()",
        says="Your loss is a mean over all positions. Should the model learn to predict padding?",
    ),
    Mistake(
        "divided by all positions", "sequence_loss", replace="/ real.sum().clamp(min=1)", by="/ real.numel()",
        says="You leave out the losses at padding, but divide by the number of all positions. How many losses are there in your sum?",
    ),
    Mistake(
        "divided by the sentences", "sequence_loss", replace="/ real.sum().clamp(min=1)", by="/ len(targets)",
        says="You divide by the number of sentences. Over what is the mean?",
    ),
    Mistake(
        "sum for mean", "sequence_loss", replace=".sum() / real.sum().clamp(min=1)", by=".sum()",
        says="Your loss is a sum, so that it grows with the batch. The mean is asked for.",
    ),
    Mistake(
        "mean of the sentences' means", "sequence_loss", replace="    return losses.masked_fill(~real, 0.0).sum() / real.sum().clamp(min=1)",
        by="    real = real.view(targets.shape)\n    losses = losses.view(targets.shape).masked_fill(~real, 0.0)\n    return (losses.sum(dim=1) / real.sum(dim=1).clamp(min=1)).mean()",
        says="You take the mean of each sentence and then the mean of those, so a token of a short sentence counts for more. Over what is the mean?",
    ),
    Mistake(
        "0 for padding", "sequence_loss", replace="(targets != pad_id)", by="(targets != 0)",
        says="You take token 0 for padding, whatever pad_id is. Is the argument used?",
    ),
    Mistake(
        "nothing but padding counts", "sequence_loss", replace="(targets != pad_id)", by="(targets == pad_id)",
        says="Your loss is that of the padding. Which positions are real?",
    ),
    Mistake(
        "NaN where nothing is real", "sequence_loss", replace=".clamp(min=1)", by="",
        says="If every target is padding, your loss is 0/0, which is NaN, and one such batch spoils all parameters. What should it be?",
    ),
    Mistake(
        "NaN turned into a number", "sequence_loss",
        replace="""\
    losses = F.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="none")  # (batch * length,)
    real = (targets != pad_id).flatten()  # (batch * length,)
    return losses.masked_fill(~real, 0.0).sum() / real.sum().clamp(min=1)""",
        by="    return torch.nan_to_num(F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=pad_id))",
        says="If the logits of a real token are NaN, your loss is a number all the same, and nobody notices that the model is broken. When may the loss be 0?",
    ),
    Mistake(
        "losses at padding multiplied by 0", "sequence_loss", replace="losses.masked_fill(~real, 0.0).sum()", by="(losses * real).sum()",
        says="You multiply the losses at padding by 0. If such a loss is infinite, what is infinity times 0?",
    ),
    Mistake(
        "no gradient where nothing is real", "sequence_loss", replace="    return losses", by="    if not real.any():\n        return logits.new_zeros(())\n    return losses",
        says="If every target is padding, your loss is a constant, and the logits get no gradient from it. Can a 0 be computed from the logits?",
    ),
    Mistake(
        "logits blanked for losses", "sequence_loss",
        replace="""\
    losses = F.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="none")  # (batch * length,)
    real = (targets != pad_id).flatten()  # (batch * length,)
    return losses.masked_fill(~real, 0.0).sum() / real.sum().clamp(min=1)""",
        by="""\
    logits = logits.masked_fill((targets == pad_id)[..., None], 0.0)
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten())""",
        says="You set the logits at padding to 0. The cross-entropy of equal logits is not 0: what is it?",
    ),
    Mistake(
        "softmax twice", "sequence_loss", replace="F.cross_entropy(logits.flatten(0, 1)", by="F.cross_entropy(logits.softmax(dim=-1).flatten(0, 1)",
        says="You give probabilities to F.cross_entropy, which takes logits and makes the softmax itself.",
    ),
    Mistake(
        "logarithm of the softmax", "sequence_loss", replace="F.cross_entropy(logits.flatten(0, 1)", by="F.nll_loss(logits.softmax(dim=-1).log().flatten(0, 1)",
        says="With large logits a probability rounds to 0, and its logarithm is minus infinity. Which function computes both in one step?",
    ),
    Mistake(
        "small number under the logarithm", "sequence_loss", replace="F.cross_entropy(logits.flatten(0, 1)", by="F.nll_loss((logits.softmax(dim=-1) + 1e-9).log().flatten(0, 1)",
        also=[("F.cross_entropy(logits.flatten(0, 1)", "F.nll_loss((logits.softmax(dim=-1) + 1e-8).log().flatten(0, 1)")],
        says="You keep the probabilities away from 0, so the loss of a very unlikely target comes out too small. Which function computes softmax and logarithm in one step?",
    ),
    Mistake(
        "shifted in the loss", "sequence_loss",
        replace='    losses = F.cross_entropy',
        by='    logits, targets = logits[:, :-1], targets[:, 1:]\n    losses = F.cross_entropy',
        says="Your loss compares each position with the token after its target. The decoder's inputs are shifted already. Who else has to shift?",
    ),
    Mistake(
        "vocabulary and positions mixed up", "sequence_loss", replace="logits.flatten(0, 1)", by="logits.mT.reshape(-1, logits.shape[-1])",
        also=[
            (
                'F.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="none")',
                'F.cross_entropy(logits.reshape(len(logits), -1, logits.shape[1]), targets, reduction="none").flatten()',
            ),
        ],
        says="The shape that you give to F.cross_entropy is right, and in it positions and words are mixed up. Which function exchanges two dimensions, and which only reads the numbers in their order?",
    ),
    Mistake(
        "nothing counts after the first padding", "sequence_loss", replace="(targets != pad_id)", by="(targets != pad_id).long().cumprod(dim=1).bool()",
        says="You leave out everything after the first padding of a sentence. Which positions does the docstring count?",
    ),
    Mistake(
        "predicted padding left out", "sequence_loss", replace="(targets != pad_id)", by="(logits.argmax(dim=-1) != pad_id)",
        says="You leave out positions where the model predicts padding. Whose padding is meant?",
    ),
    Mistake(
        "loss in float32", "sequence_loss", replace="F.cross_entropy(logits.flatten(0, 1)", by="F.cross_entropy(logits.float().flatten(0, 1)",
        says="You compute in float32, so doubles come out rounded, and the loss has another dtype than the logits.",
    ),
    Mistake(
        "a number for a tensor", "sequence_loss", replace="return losses.masked_fill(~real, 0.0).sum() / real.sum().clamp(min=1)",
        by="return (losses.masked_fill(~real, 0.0).sum() / real.sum().clamp(min=1)).item()",
        says="You return a Python number. How should backward() find its way back from it?",
    ),
    Mistake(
        "loss cut off from the logits", "sequence_loss", replace="return losses.masked_fill(~real, 0.0)", by="return losses.detach().masked_fill(~real, 0.0)",
        also=[("return losses.masked_fill(~real, 0.0).sum() / real.sum().clamp(min=1)", "return torch.tensor((losses.masked_fill(~real, 0.0).sum() / real.sum().clamp(min=1)).item())")],
        says="Your loss is a tensor that does not know what it was computed from, so backward() fails. Which call cuts it off: a detach, an item, or a no_grad?",
    ),
    Mistake(
        "fails on views", "sequence_loss", replace="logits.flatten(0, 1)", by="logits.view(-1, logits.shape[-1])",
        says="Your loss fails if the logits or the targets are a view whose numbers are not side by side in memory. Which function changes the shape of such a tensor, too?",
    ),
    Mistake(
        "targets overwritten", "sequence_loss", replace="    losses = F.cross_entropy(logits.flatten(0, 1), targets.flatten(),",
        by="    targets[targets == pad_id] = -100\n    pad_id = -100\n    losses = F.cross_entropy(logits.flatten(0, 1), targets.flatten(),",
        says="After the call the caller's targets hold other numbers where padding was. Assigning to a part of a tensor works on the tensor itself.",
    ),
    # greedy_translate
    Mistake(
        "bos_id in front", "greedy_translate", replace="return tokens[:, 1:]", by="return tokens",
        says="Your translations begin with bos_id. The decoder reads it, but nobody has written it.",
    ),
    Mistake(
        "one token too many written", "greedy_translate", replace="range(max_length)", by="range(max_length + 1)",
        says="You write one token more than max_length. Does bos_id count?",
    ),
    Mistake(
        "one token too few written", "greedy_translate", replace="range(max_length)", by="range(max_length - 1)",
        says="You write one token less than max_length. Does bos_id count?",
    ),
    Mistake(
        "encoded at every step", "greedy_translate", replace="            logits = model.decode(tokens",
        by="            memory, memory_mask = model.encode(source)\n            logits = model.decode(tokens",
        also=[(ENCODE, "        for _ in range(max_length):\n            memory, memory_mask = model.encode(source)\n")],
        says="You encode the source again at each step. Does it change while you write?",
    ),
    Mistake(
        "nonsense after the end", "greedy_translate", replace=".masked_fill(ended, model.pad_id)", by="",
        says="After its eos_id a row goes on with what the model makes up. What should stand there?",
    ),
    Mistake(
        "0 after the end", "greedy_translate", replace="masked_fill(ended, model.pad_id)", by="masked_fill(ended, 0)",
        says="You fill ended rows up with 0. Which token means padding to this model?",
    ),
    Mistake(
        "eos_id after the end", "greedy_translate", replace="masked_fill(ended, model.pad_id)", by="masked_fill(ended, eos_id)",
        says="You fill ended rows up with eos_id. What comes after the first one?",
    ),
    Mistake(
        "no eos_id at the end", "greedy_translate", replace="    return tokens[:, 1:]",
        by="    tokens = tokens[:, 1:]\n    return tokens.masked_fill((tokens == eos_id).long().cumsum(dim=1) > 0, model.pad_id)",
        says="The eos_id that ends a row is missing from what you return. Which tokens are replaced by padding: those after the first eos_id, or from it on?",
    ),
    Mistake(
        "never stops early", "greedy_translate", replace="            if ended.all():\n                break\n", by="",
        says="You go on until max_length, also when every row has ended. When is there nothing left to write?",
    ),
    Mistake(
        "stops at the first end", "greedy_translate", replace="if ended.all():", by="if ended.any():",
        says="You stop as soon as one row has ended. What about the others?",
    ),
    Mistake(
        "asks one row whether it has ended", "greedy_translate", replace="if ended.all():", by="if token == eos_id:",
        says="You compare the new tokens with eos_id as if there were one, and with several rows this fails. When has the last row ended?",
    ),
    Mistake(
        "stops before the last eos_id is written", "greedy_translate", replace=APPEND + END, by=END + APPEND,
        says="When the last row ends, you leave the loop before the tokens of that step are added. Is the last eos_id part of the translation?",
    ),
    Mistake(
        "stops when all end at the same step", "greedy_translate", replace="ended = ended | (token == eos_id)", by="ended = token == eos_id",
        says="You look only at the tokens of this step, so that a row that ended earlier goes on. What has to be remembered?",
    ),
    Mistake(
        "ends at pad_id too", "greedy_translate", replace="(token == eos_id)", by="(token == eos_id) | (token == model.pad_id)",
        says="A row of yours ends where the model writes pad_id. What ends a row?",
    ),
    Mistake(
        "bos_id taken for an end", "greedy_translate", replace="ended = ended | (token == eos_id)", by="ended = (tokens == eos_id).any(dim=1)",
        says="You look for eos_id in all that the decoder reads, bos_id included. What if both are the same token, as in some models?",
    ),
    Mistake(
        "mode not given back", "greedy_translate", replace="    model.train(was_training)\n", by="",
        also=[("model.train(was_training)", "model.training = was_training"), ("                break\n", "                return tokens[:, 1:]\n")],
        says="After a call the model, or a part of it, stays in evaluation mode, and goes on without dropout if it was training. Does every return of your function come after the mode is given back to all parts?",
    ),
    Mistake(
        "training mode in any case", "greedy_translate", replace="model.train(was_training)", by="model.train()",
        says="After the call the model is in training mode, however it came. In which mode should it be?",
    ),
    Mistake(
        "not in evaluation mode", "greedy_translate", replace="    model.eval()\n", by="",
        says="Your model writes in the mode in which it comes. With dropout it would be a matter of luck.",
    ),
    Mistake(
        "evaluation mode for the model alone", "greedy_translate", replace="    model.eval()\n", by="    model.training = False\n",
        says="You set the flag of the model, and its parts go on training. Which method tells them all?",
    ),
    Mistake(
        "gradients recorded", "greedy_translate", replace="with torch.no_grad():", by="with torch.enable_grad():",
        says="Gradients are recorded at each step, and nobody needs them. Evaluation mode alone does not turn them off: what does?",
    ),
    Mistake(
        "first position for the last", "greedy_translate", replace="[:, -1]", by="[:, 0]",
        says="You read the prediction at position 0, which is the same at each step. Which position knows all that was written?",
    ),
    Mistake(
        "only the last token read", "greedy_translate", replace="model.decode(tokens, memory, memory_mask)", by="model.decode(tokens[:, -1:], memory, memory_mask)",
        says="Your decoder reads the last token alone, and has forgotten the others. It keeps nothing from step to step: what does it need?",
    ),
    Mistake(
        "bos_id forgotten on the way", "greedy_translate", replace="model.decode(tokens, memory, memory_mask)",
        by="model.decode(tokens[:, 1:] if tokens.shape[1] > 1 else tokens, memory, memory_mask)",
        says="From the second step on, your decoder reads no bos_id. What did it read in training?",
    ),
    Mistake(
        "highest of equals", "greedy_translate", replace="logits.argmax(dim=-1)", by="(logits.shape[-1] - 1 - logits.flip(-1).argmax(dim=-1))",
        says="Of equally probable tokens you take the highest id. Which one is asked for?",
    ),
    Mistake(
        "tokens drawn", "greedy_translate", replace="logits.argmax(dim=-1)", by="torch.multinomial(logits.softmax(dim=-1), 1)[:, 0]",
        says="You draw the next token at random. Greedy means: always the most probable one.",
    ),
    Mistake(
        "mask made anew", "greedy_translate", replace="memory, memory_mask = model.encode(source)",
        by="memory, memory_mask = model.encode(source)[0], (source != model.pad_id)[:, None, None, :]",
        says="You make the memory's mask yourself. Which one does model.encode return?",
    ),
    Mistake(
        "a fixed number for bos", "greedy_translate", replace="torch.full((len(source), 1), bos_id)", by="torch.zeros(len(source), 1, dtype=torch.int64)",
        also=[("torch.full((len(source), 1), bos_id)", "torch.ones(len(source), 1, dtype=torch.int64)")],
        says="Your decoder always begins with the same token, whatever bos_id is. Is the argument used?",
    ),
    Mistake(
        "filled up to max_length", "greedy_translate", replace="return tokens[:, 1:]",
        by="return F.pad(tokens[:, 1:], (0, max_length + 1 - tokens.shape[1]), value=model.pad_id)",
        also=[("return tokens[:, 1:]", "return F.pad(tokens[:, 1:], (0, max_length + 1 - tokens.shape[1]), value=0)")],
        says="You always return max_length columns. If every row has ended earlier, what are the last columns for?",
    ),
    Mistake(
        "fails if nothing is to be written", "greedy_translate", replace="return tokens[:, 1:]", by="return torch.stack(list(tokens[:, 1:].unbind(dim=1)), dim=1)",
        also=[("return tokens[:, 1:]", "return torch.cat(list(tokens[:, 1:].split(1, dim=1)) if tokens.shape[1] > 1 else [], dim=1)")],
        says="With max_length=0 there are no tokens to join, and your function fails. What shape should the result have then?",
    ),
]
