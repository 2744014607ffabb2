from heldout import Right, Two, Wrong

A, X = "03_decoder", "sequence_loss"
CASES = [
    Right(
        A,
        X,
        "real positions are selected",
        """
def sequence_loss(logits, targets, pad_id):
    real = targets != pad_id
    scores, answers = logits[real], targets[real]  # (N, vocab_size), (N,)
    if len(answers) == 0:
        return scores.sum()  # 0, and the graph goes back to the logits
    return F.cross_entropy(scores, answers)
""",
    ),
    Right(
        A,
        X,
        "logsumexp and gather",
        """
def sequence_loss(logits: Tensor, targets: Tensor, pad_id: int) -> Tensor:
    padding = targets.eq(pad_id)
    safe = logits.masked_fill(padding.unsqueeze(-1), 0.0)
    picked = safe.gather(-1, targets.unsqueeze(-1)).squeeze(-1)
    nats = (safe.logsumexp(dim=-1) - picked).masked_fill(padding, 0.0)
    count = max(1, int((~padding).sum()))
    return nats.sum() / count
""",
    ),
    Right(
        A,
        X,
        "class dimension in the middle, reduction none",
        """
def sequence_loss(logits: Tensor, targets: Tensor, pad_id: int) -> Tensor:
    keep = targets.ne(pad_id)
    clean = torch.where(keep[:, :, None], logits, torch.zeros((), dtype=logits.dtype))
    each = F.cross_entropy(clean.permute(0, 2, 1), targets, reduction="none")  # (batch, length)
    each = torch.where(keep, each, torch.zeros_like(each))
    return each.sum() / keep.sum().clamp(min=1)
""",
    ),
    Wrong(
        A,
        X,
        "padding counts",
        """
def sequence_loss(logits, targets, pad_id):
    return F.cross_entropy(logits.reshape(-1, logits.size(-1)), targets.reshape(-1))
""",
    ),
    Wrong(
        A,
        X,
        "NaN if all is padding",
        """
def sequence_loss(logits, targets, pad_id):
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=pad_id)
""",
    ),
    Wrong(
        A,
        X,
        "padding is in the number",
        """
def sequence_loss(logits, targets, pad_id):
    losses = F.cross_entropy(logits.transpose(1, 2), targets, reduction="none", ignore_index=pad_id)
    return losses.mean()
""",
    ),
    Wrong(
        A,
        X,
        "padding id is always 0",
        """
def sequence_loss(logits, targets, pad_id):
    total = F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=0, reduction="sum")
    return total / (targets != 0).sum().clamp(min=1)
""",
    ),
    Wrong(
        A,
        X,
        "the sum, not the mean",
        """
def sequence_loss(logits, targets, pad_id):
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=pad_id, reduction="sum")
""",
    ),
    Wrong(
        A,
        X,
        "mean of the sentences' means",
        """
def sequence_loss(logits, targets, pad_id):
    real = targets != pad_id
    losses = F.cross_entropy(logits.masked_fill(~real[..., None], 0.0).mT, targets, reduction="none").masked_fill(~real, 0.0)
    per_sentence = losses.sum(dim=1) / real.sum(dim=1).clamp(min=1)
    return per_sentence.sum() / real.any(dim=1).sum().clamp(min=1)
""",
    ),
    Wrong(
        A,
        X,
        "divided by the batch size",
        """
def sequence_loss(logits, targets, pad_id):
    total = F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=pad_id, reduction="sum")
    return total / len(targets)
""",
    ),
    Wrong(
        A,
        X,
        "a softmax before the cross-entropy",
        """
def sequence_loss(logits, targets, pad_id):
    probabilities = torch.softmax(logits, dim=-1)
    total = F.cross_entropy(probabilities.flatten(0, 1), targets.flatten(), ignore_index=pad_id, reduction="sum")
    return total / (targets != pad_id).sum().clamp(min=1)
""",
    ),
    Wrong(
        A,
        X,
        "logarithm of the softmax: infinite for large logits",
        """
def sequence_loss(logits, targets, pad_id):
    real = targets != pad_id
    if not real.any():
        return (logits.nan_to_num(posinf=0, neginf=0) * 0).sum()
    p = logits[real].softmax(dim=-1)
    return -torch.log(p[torch.arange(len(p)), targets[real]]).mean()
""",
    ),
    Wrong(
        A,
        X,
        "probabilities clamped, so that NaN and large losses are hidden",
        """
def sequence_loss(logits, targets, pad_id):
    real = targets != pad_id
    if not real.any():
        return logits[real].sum()
    p = logits[real].softmax(dim=-1).gather(1, targets[real][:, None]).clamp(min=1e-9)
    return -p.log().mean()
""",
    ),
    Wrong(
        A,
        X,
        "logarithm to base 2",
        """
def sequence_loss(logits, targets, pad_id):
    real = targets != pad_id
    if not real.any():
        return logits[real].sum()
    return F.cross_entropy(logits[real], targets[real]) / math.log(2)
""",
    ),
    Wrong(
        A,
        X,
        "the sign is forgotten",
        """
def sequence_loss(logits, targets, pad_id):
    real = targets != pad_id
    log_p = logits[real].log_softmax(dim=-1)
    chosen = log_p.gather(-1, targets[real].unsqueeze(-1))
    return chosen.sum() / max(len(chosen), 1)
""",
    ),
    Wrong(
        A,
        X,
        "targets are shifted once more",
        """
def sequence_loss(logits, targets, pad_id):
    logits, targets = logits[:, :-1], targets[:, 1:]
    real = targets != pad_id
    scores = logits[real]
    return F.cross_entropy(scores, targets[real]) if real.any() else scores.sum()
""",
    ),
    Wrong(
        A,
        X,
        "multiplied with the mask: infinity times 0 is NaN",
        """
def sequence_loss(logits, targets, pad_id):
    mask = (targets != pad_id).to(logits.dtype)
    log_probs = F.log_softmax(logits, dim=-1)
    nll = -log_probs.gather(dim=2, index=targets[:, :, None]).squeeze(2)
    return (nll * mask).sum() / mask.sum().clamp(min=1)
""",
    ),
    Wrong(
        A,
        X,
        "a constant 0 without gradient if all is padding",
        """
def sequence_loss(logits, targets, pad_id):
    if (targets == pad_id).all():
        return torch.tensor(0.0, dtype=logits.dtype)
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=pad_id)
""",
    ),
    Wrong(
        A,
        X,
        "a new leaf that requires a gradient, not computed from the logits, if all is padding",
        """
def sequence_loss(logits, targets, pad_id):
    if (targets == pad_id).all():
        return torch.zeros((), dtype=logits.dtype, requires_grad=True)
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=pad_id)
""",
    ),
    Wrong(
        A,
        X,
        "0 times the sum of the logits: NaN for infinite logits if all is padding",
        """
def sequence_loss(logits, targets, pad_id):
    real = targets != pad_id
    if real.sum() == 0:
        return 0.0 * logits.sum()
    return F.cross_entropy(logits[real], targets[real])
""",
    ),
    Wrong(
        A,
        X,
        "nan_to_num hides a broken model",
        """
def sequence_loss(logits, targets, pad_id):
    loss = F.cross_entropy(logits[targets != pad_id], targets[targets != pad_id])
    return torch.nan_to_num(loss)
""",
    ),
    Wrong(
        A,
        X,
        "returns a float",
        """
def sequence_loss(logits, targets, pad_id):
    real = targets != pad_id
    if not real.any():
        return 0.0
    return F.cross_entropy(logits[real], targets[real]).item()
""",
    ),
    Wrong(
        A,
        X,
        "computed and returned in float32",
        """
def sequence_loss(logits, targets, pad_id):
    real = targets != pad_id
    scores = logits[real].float()
    return F.cross_entropy(scores, targets[real]) if len(scores) else scores.sum()
""",
    ),
    Wrong(
        A,
        X,
        "computed in float32 and cast back: float64 loses digits",
        """
def sequence_loss(logits, targets, pad_id):
    real = targets != pad_id
    scores = logits[real].float()
    loss = F.cross_entropy(scores, targets[real]) if len(scores) else scores.sum()
    return loss.to(logits.dtype)
""",
    ),
    Wrong(
        A,
        X,
        "the caller's targets are overwritten with -100",
        """
def sequence_loss(logits, targets, pad_id):
    targets[targets == pad_id] = -100
    count = (targets != -100).sum()
    total = F.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="sum")
    return total / count.clamp(min=1)
""",
    ),
    Wrong(
        A,
        X,
        "view of logits that may be a view",
        """
def sequence_loss(logits, targets, pad_id):
    flat, answers = logits.view(-1, logits.shape[-1]), targets.view(-1)
    total = F.cross_entropy(flat, answers, ignore_index=pad_id, reduction="sum")
    return total / (answers != pad_id).sum().clamp(min=1)
""",
    ),
    Wrong(
        A,
        X,
        "the score of padding is excluded from the softmax",
        """
def sequence_loss(logits, targets, pad_id):
    real = targets != pad_id
    column = torch.arange(logits.shape[-1]) == pad_id
    scores = logits.masked_fill(column, float("-inf"))[real]  # the model need not predict padding
    return F.cross_entropy(scores, targets[real]) if real.any() else logits[real].sum()
""",
    ),
    Wrong(
        A,
        X,
        "everything after the first padding is left out",
        """
def sequence_loss(logits, targets, pad_id):
    real = (targets == pad_id).cumsum(dim=1) == 0
    scores = logits[real]
    return F.cross_entropy(scores, targets[real]) if len(scores) else scores.sum()
""",
    ),
    Wrong(
        A,
        X,
        "label smoothing of 0.1, as in the paper",
        """
def sequence_loss(logits, targets, pad_id):
    real = targets != pad_id
    scores = logits[real]
    return F.cross_entropy(scores, targets[real], label_smoothing=0.1) if len(scores) else scores.sum()
""",
    ),
    Wrong(
        A,
        X,
        "softmax over the positions",
        """
def sequence_loss(logits, targets, pad_id):
    real = targets != pad_id
    log_p = logits.masked_fill(~real[..., None], 0.0).log_softmax(dim=1).gather(2, targets[..., None])[..., 0]
    return -log_p.masked_fill(~real, 0.0).sum() / real.sum().clamp(min=1)
""",
    ),
    Wrong(
        A,
        X,
        "detached",
        """
def sequence_loss(logits, targets, pad_id):
    with torch.no_grad():
        real = targets != pad_id
        scores = logits[real]
        return F.cross_entropy(scores, targets[real]) if len(scores) else scores.sum()
""",
    ),
    Wrong(
        A,
        X,
        "a loss for each sentence",
        """
def sequence_loss(logits, targets, pad_id):
    real = targets != pad_id
    losses = F.cross_entropy(logits.masked_fill(~real[..., None], 0.0).mT, targets, reduction="none").masked_fill(~real, 0.0)
    return losses.sum(dim=1) / real.sum(dim=1).clamp(min=1)
""",
    ),
    Two(
        A,
        X,
        ["padding counts", "targets are shifted once more"],
        """
def sequence_loss(logits, targets, pad_id):
    shift_logits = logits[..., :-1, :].contiguous()
    shift_labels = targets[..., 1:].contiguous()
    return F.cross_entropy(shift_logits.view(-1, shift_logits.size(-1)), shift_labels.view(-1))
""",
    ),
    Two(
        A,
        X,
        ["padding id is always 0", "NaN if all is padding"],
        """
def sequence_loss(logits, targets, pad_id):
    criterion = nn.CrossEntropyLoss(ignore_index=0)
    return criterion(logits.permute(0, 2, 1), targets)
""",
    ),
    Two(
        A,
        X,
        ["a softmax before the cross-entropy", "float32"],
        """
def sequence_loss(logits, targets, pad_id):
    p = torch.softmax(logits.float(), dim=-1)
    keep = targets != pad_id
    return F.cross_entropy(p[keep], targets[keep]) if keep.any() else p[keep].sum()
""",
    ),
]
