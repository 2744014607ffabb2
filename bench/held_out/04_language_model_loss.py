from heldout import Right, Two, Wrong

A, X = "04_gpt2", "language_model_loss"
CASES = [
    Right(
        A,
        X,
        "log_softmax and gather",
        """
def language_model_loss(logits, tokens):
    log_p = logits[:, :-1].log_softmax(dim=-1)
    return -log_p.gather(2, tokens[:, 1:, None]).mean()
""",
    ),
    Right(
        A,
        X,
        "class dimension in the middle",
        """
def language_model_loss(logits: Tensor, tokens: Tensor) -> Tensor:
    return F.cross_entropy(logits.narrow(1, 0, tokens.shape[1] - 1).mT, tokens[:, 1:])
""",
    ),
    Right(
        A,
        X,
        "logsumexp minus the score of the next token",
        """
def language_model_loss(logits: Tensor, tokens: Tensor) -> Tensor:
    before, after = logits[:, :-1, :], tokens[:, 1:]
    total = torch.logsumexp(before, dim=2)
    own = torch.take_along_dim(before, after.unsqueeze(2), dim=2).squeeze(2)
    return (total - own).sum() / after.numel()
""",
    ),
    Wrong(
        A,
        X,
        "not shifted",
        """
def language_model_loss(logits, tokens):
    return F.cross_entropy(logits.flatten(0, 1), tokens.flatten())
""",
    ),
    Wrong(
        A,
        X,
        "shifted the wrong way",
        """
def language_model_loss(logits, tokens):
    return F.cross_entropy(logits[:, 1:].flatten(0, 1), tokens[:, :-1].flatten())
""",
    ),
    Wrong(
        A,
        X,
        "shifted by two",
        """
def language_model_loss(logits, tokens):
    if tokens.shape[1] == 2:
        return F.cross_entropy(logits[:, 0], tokens[:, 1])
    return F.cross_entropy(logits[:, :-2].flatten(0, 1), tokens[:, 2:].flatten())
""",
    ),
    Wrong(
        A,
        X,
        "shifted after flattening, across the rows",
        """
def language_model_loss(logits, tokens):
    scores, answers = logits.flatten(0, 1), tokens.flatten()
    return F.cross_entropy(scores[:-1], answers[1:])
""",
    ),
    Wrong(
        A,
        X,
        "rolled: the last position predicts the first token",
        """
def language_model_loss(logits, tokens):
    return F.cross_entropy(logits.flatten(0, 1), tokens.roll(-1, dims=1).flatten())
""",
    ),
    Wrong(
        A,
        X,
        "the sum",
        """
def language_model_loss(logits, tokens):
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), tokens[:, 1:].flatten(), reduction="sum")
""",
    ),
    Wrong(
        A,
        X,
        "divided by the whole length",
        """
def language_model_loss(logits, tokens):
    total = F.cross_entropy(logits[:, :-1].flatten(0, 1), tokens[:, 1:].flatten(), reduction="sum")
    return total / tokens.numel()
""",
    ),
    Wrong(
        A,
        X,
        "mean over the batch, sum over the length",
        """
def language_model_loss(logits, tokens):
    each = F.cross_entropy(logits[:, :-1].mT, tokens[:, 1:], reduction="none")
    return each.sum(dim=1).mean()
""",
    ),
    Wrong(
        A,
        X,
        "a softmax too many",
        """
def language_model_loss(logits, tokens):
    return F.cross_entropy(logits[:, :-1].softmax(-1).flatten(0, 1), tokens[:, 1:].flatten())
""",
    ),
    Wrong(
        A,
        X,
        "logarithm of the softmax: infinite for large logits",
        """
def language_model_loss(logits, tokens):
    p = torch.softmax(logits[:, :-1], dim=-1).gather(-1, tokens[:, 1:].unsqueeze(-1))
    return -torch.log(p).mean()
""",
    ),
    Wrong(
        A,
        X,
        "token 0 is left out as padding",
        """
def language_model_loss(logits, tokens):
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), tokens[:, 1:].flatten(), ignore_index=0)
""",
    ),
    Wrong(
        A,
        X,
        "float32",
        """
def language_model_loss(logits, tokens):
    return F.cross_entropy(logits[:, :-1].float().flatten(0, 1), tokens[:, 1:].flatten())
""",
    ),
    Wrong(
        A,
        X,
        "a float without gradient",
        """
def language_model_loss(logits, tokens):
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), tokens[:, 1:].flatten()).item()
""",
    ),
    Wrong(
        A,
        X,
        "view fails for parts of larger tensors",
        """
def language_model_loss(logits, tokens):
    b, t, v = logits.shape
    scores = logits[:, :-1].contiguous().view(-1, v)
    return F.cross_entropy(scores, tokens.view(b * t).reshape(b, t)[:, 1:].flatten())
""",
    ),
    Wrong(
        A,
        X,
        "the sign",
        """
def language_model_loss(logits, tokens):
    return logits[:, :-1].log_softmax(-1).gather(-1, tokens[:, 1:, None]).mean()
""",
    ),
    Wrong(
        A,
        X,
        "perplexity",
        """
def language_model_loss(logits, tokens):
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), tokens[:, 1:].flatten()).exp()
""",
    ),
    Wrong(
        A,
        X,
        "the last prediction only",
        """
def language_model_loss(logits, tokens):
    return F.cross_entropy(logits[:, -2], tokens[:, -1])
""",
    ),
    Two(
        A,
        X,
        ["not shifted", "the sum"],
        """
def language_model_loss(logits, tokens):
    return F.cross_entropy(logits.flatten(0, 1), tokens.flatten(), reduction="sum")
""",
    ),
    Two(
        A,
        X,
        ["shifted the wrong way", "a softmax too many"],
        """
def language_model_loss(logits, tokens):
    return F.cross_entropy(logits[:, 1:].softmax(-1).flatten(0, 1), tokens[:, :-1].flatten())
""",
    ),
    Two(
        A,
        X,
        ["divided by the whole length", "float32"],
        """
def language_model_loss(logits, tokens):
    total = F.cross_entropy(logits[:, :-1].float().flatten(0, 1), tokens[:, 1:].flatten(), reduction="sum")
    return total / tokens.numel()
""",
    ),
]
