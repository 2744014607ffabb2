from heldout import Right, Two, Wrong

A, X = "03_decoder", "shift_right"
CASES = [
    Right(
        A,
        X,
        "padded in front",
        """
def shift_right(targets, bos_id):
    return F.pad(targets, (1, 0), value=bos_id)[:, :-1]
""",
    ),
    Right(
        A,
        X,
        "rolled, first column replaced in a new tensor",
        """
def shift_right(targets: Tensor, bos_id: int) -> Tensor:
    column = torch.arange(targets.shape[1]).expand_as(targets)
    return torch.where(column == 0, bos_id, targets.roll(1, dims=1))
""",
    ),
    Right(
        A,
        X,
        "gathered",
        """
def shift_right(targets: Tensor, bos_id: int) -> Tensor:
    before = (torch.arange(targets.size(1)) - 1).clamp(min=0)
    out = targets[:, before]  # indexing with a tensor makes a copy
    out[:, 0] = bos_id
    return out
""",
    ),
    Wrong(
        A,
        X,
        "shifted to the left",
        """
def shift_right(targets: Tensor, bos_id: int) -> Tensor:
    new = torch.full_like(targets, bos_id)
    new[:, :-1] = targets[:, 1:]
    return new
""",
    ),
    Wrong(
        A,
        X,
        "the last token is not dropped",
        """
def shift_right(targets: Tensor, bos_id: int) -> Tensor:
    bos = torch.full((len(targets), 1), bos_id)
    return torch.cat((bos, targets), dim=1)
""",
    ),
    Wrong(
        A,
        X,
        "the first token is dropped",
        """
def shift_right(targets: Tensor, bos_id: int) -> Tensor:
    bos = targets.new_full((targets.shape[0], 1), bos_id)
    return torch.cat([bos, targets[:, 1:]], dim=1)
""",
    ),
    Wrong(
        A,
        X,
        "in place",
        """
def shift_right(targets: Tensor, bos_id: int) -> Tensor:
    targets[:, 1:] = targets[:, :-1].clone()
    targets[:, 0] = bos_id
    return targets
""",
    ),
    Wrong(
        A,
        X,
        "rolled: the last token comes to the front",
        """
def shift_right(targets: Tensor, bos_id: int) -> Tensor:
    return torch.roll(targets, shifts=1, dims=1)
""",
    ),
    Wrong(
        A,
        X,
        "roll without a dimension",
        """
def shift_right(targets: Tensor, bos_id: int) -> Tensor:
    shifted = targets.roll(1, 0)
    shifted[:, 0] = bos_id
    return shifted
""",
    ),
    Wrong(
        A,
        X,
        "only the first row begins with bos_id",
        """
def shift_right(targets: Tensor, bos_id: int) -> Tensor:
    shifted = targets.roll(1, dims=1)
    shifted[0, 0] = bos_id
    return shifted
""",
    ),
    Wrong(
        A,
        X,
        "bos_id is always 1",
        """
def shift_right(targets: Tensor, bos_id: int) -> Tensor:
    start = torch.ones(targets.shape[0], 1, dtype=torch.int64)
    return torch.cat([start, targets[:, :-1]], dim=1)
""",
    ),
    Wrong(
        A,
        X,
        "floats",
        """
def shift_right(targets: Tensor, bos_id: int) -> Tensor:
    out = torch.zeros(targets.shape)
    out[:, 0] = bos_id
    out[:, 1:] = targets[:, :-1]
    return out
""",
    ),
    Wrong(
        A,
        X,
        "int32",
        """
def shift_right(targets: Tensor, bos_id: int) -> Tensor:
    rows = [[bos_id] + row[:-1] for row in targets.tolist()]
    return torch.tensor(rows, dtype=torch.int32)
""",
    ),
    Wrong(
        A,
        X,
        "shifted along the batch",
        """
def shift_right(targets: Tensor, bos_id: int) -> Tensor:
    first = torch.full((1, targets.shape[1]), bos_id)
    return torch.cat([first, targets[:-1]], dim=0)
""",
    ),
    Wrong(
        A,
        X,
        "copies forward inside a loop, so one token repeats",
        """
def shift_right(targets: Tensor, bos_id: int) -> Tensor:
    out = targets.clone()
    for t in range(1, targets.shape[1]):
        out[:, t] = out[:, t - 1]
    out[:, 0] = bos_id
    return out
""",
    ),
    Wrong(
        A,
        X,
        "the first token is overwritten and nothing moves",
        """
def shift_right(targets: Tensor, bos_id: int) -> Tensor:
    inputs = targets.clone()
    inputs[:, 0] = bos_id
    return inputs
""",
    ),
    Wrong(
        A,
        X,
        "the rows are flattened first",
        """
def shift_right(targets: Tensor, bos_id: int) -> Tensor:
    flat = targets.reshape(-1)
    flat = torch.cat([torch.tensor([bos_id]), flat[:-1]])
    return flat.reshape(targets.shape)
""",
    ),
    Wrong(
        A,
        X,
        "a nested list",
        """
def shift_right(targets: Tensor, bos_id: int) -> Tensor:
    return [[bos_id, *row[:-1]] for row in targets.tolist()]
""",
    ),
    Wrong(
        A,
        X,
        "fails for a length of 1: squeezed",
        """
def shift_right(targets: Tensor, bos_id: int) -> Tensor:
    bos = torch.full((targets.shape[0], 1), bos_id)
    return torch.cat([bos, targets[:, :-1]], dim=1).squeeze()
""",
    ),
    Wrong(
        A,
        X,
        "view needs contiguous targets",
        """
def shift_right(targets: Tensor, bos_id: int) -> Tensor:
    batch, length = targets.shape
    flat = targets.view(batch * length)
    out = torch.empty_like(flat)
    out[1:] = flat[:-1]
    out = out.view(batch, length)
    out[:, 0] = bos_id
    return out
""",
    ),
    Wrong(
        A,
        X,
        "bos_id inside the targets is taken out, too",
        """
def shift_right(targets: Tensor, bos_id: int) -> Tensor:
    rows = []
    for row in targets.tolist():
        body = [t for t in row if t != bos_id]
        body = [bos_id] + body
        rows.append((body + [0] * len(row))[: len(row)])
    return torch.tensor(rows)
""",
    ),
    Two(
        A,
        X,
        ["the last token is not dropped", "bos_id is always 1"],
        """
def shift_right(targets: Tensor, bos_id: int) -> Tensor:
    return torch.cat([torch.ones_like(targets[:, :1]), targets], dim=-1)
""",
    ),
    Two(
        A,
        X,
        ["in place", "the first token is overwritten and nothing moves"],
        """
def shift_right(targets: Tensor, bos_id: int) -> Tensor:
    targets[:, 0] = bos_id
    return targets
""",
    ),
    Two(
        A,
        X,
        ["shifted to the left", "floats"],
        """
def shift_right(targets: Tensor, bos_id: int) -> Tensor:
    end = torch.full((targets.shape[0], 1), float(bos_id))
    return torch.cat([targets[:, 1:], end], dim=1)
""",
    ),
]
