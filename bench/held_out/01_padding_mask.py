from heldout import Right, Two, Wrong

A, X = "01_attention", "padding_mask"
CASES = [
    Right(
        A,
        X,
        "fills a tensor row by row",
        """
def padding_mask(lengths, max_length):
    batch = lengths.shape[0]
    mask = torch.zeros(batch, 1, 1, max_length, dtype=torch.bool)
    for b, n in enumerate(lengths.tolist()):
        mask[b, 0, 0, :n] = True
    return mask
""",
    ),
    Right(
        A,
        X,
        "rows of a causal table",
        """
def padding_mask(lengths: Tensor, max_length: int) -> Tensor:
    # row n of this table has n times True, for n = 0 ... max_length
    table = torch.ones(max_length + 1, max_length).tril(-1).bool()
    return table[lengths].reshape(lengths.numel(), 1, 1, max_length)
""",
    ),
    Right(
        A,
        X,
        "broadcasts in four dimensions",
        """
def padding_mask(lengths: Tensor, max_length: int) -> Tensor:
    remaining = lengths.view(-1, 1, 1, 1).expand(-1, 1, 1, max_length)
    key = torch.arange(max_length, device=lengths.device).expand_as(remaining)
    return torch.lt(key, remaining)
""",
    ),
    Wrong(
        A,
        X,
        "off by one: the first padding counts as a token",
        """
def padding_mask(lengths: Tensor, max_length: int) -> Tensor:
    pos = torch.arange(max_length).unsqueeze(0)
    mask = pos <= lengths.unsqueeze(1)
    return mask[:, None, None, :]
""",
    ),
    Wrong(
        A,
        X,
        "the last token is missing",
        """
def padding_mask(lengths: Tensor, max_length: int) -> Tensor:
    mask = torch.zeros(len(lengths), max_length, dtype=torch.bool)
    for i in range(len(lengths)):
        for j in range(lengths[i] - 1):
            mask[i, j] = True
    return mask.unsqueeze(1).unsqueeze(1)
""",
    ),
    Wrong(
        A,
        X,
        "positions counted from 1, compared with <",
        """
def padding_mask(lengths: Tensor, max_length: int) -> Tensor:
    positions = torch.arange(1, max_length + 1)
    return (positions < lengths[:, None])[:, None, None]
""",
    ),
    Wrong(
        A,
        X,
        "True is padding",
        """
def padding_mask(lengths, max_length):
    # key_padding_mask as in nn.MultiheadAttention
    return (torch.arange(max_length)[None] >= lengths[:, None]).view(-1, 1, 1, max_length)
""",
    ),
    Wrong(
        A,
        X,
        "shape (batch, max_length)",
        """
def padding_mask(lengths: Tensor, max_length: int) -> Tensor:
    return torch.arange(max_length).expand(len(lengths), max_length) < lengths.unsqueeze(-1)
""",
    ),
    Wrong(
        A,
        X,
        "shape (batch, 1, max_length)",
        """
def padding_mask(lengths: Tensor, max_length: int) -> Tensor:
    keys = torch.arange(max_length).view(1, 1, max_length)
    return keys < lengths.view(-1, 1, 1)
""",
    ),
    Wrong(
        A,
        X,
        "shape (batch, 1, max_length, 1): queries instead of keys",
        """
def padding_mask(lengths: Tensor, max_length: int) -> Tensor:
    real = torch.arange(max_length)[None, :] < lengths[:, None]
    return real[:, None, :, None]
""",
    ),
    Wrong(
        A,
        X,
        "integers instead of bools",
        """
def padding_mask(lengths: Tensor, max_length: int) -> Tensor:
    rows = []
    for n in lengths.tolist():
        rows.append([1] * n + [0] * (max_length - n))
    return torch.tensor(rows).reshape(len(rows), 1, 1, max_length)
""",
    ),
    Wrong(
        A,
        X,
        "additive float mask",
        """
def padding_mask(lengths: Tensor, max_length: int) -> Tensor:
    keep = torch.arange(max_length)[None, :] < lengths[:, None]
    mask = torch.zeros(keep.shape).masked_fill(~keep, float("-inf"))
    return mask[:, None, None, :]
""",
    ),
    Wrong(
        A,
        X,
        "ignores max_length and uses the longest sequence",
        """
def padding_mask(lengths: Tensor, max_length: int) -> Tensor:
    longest = int(lengths.max())
    positions = torch.arange(longest)
    return (positions[None, :] < lengths[:, None])[:, None, None, :]
""",
    ),
    Wrong(
        A,
        X,
        "changes the lengths in place",
        """
def padding_mask(lengths: Tensor, max_length: int) -> Tensor:
    lengths -= 1  # the last index that is a token
    positions = torch.arange(max_length)
    return (positions <= lengths[:, None])[:, None, None, :]
""",
    ),
    Wrong(
        A,
        X,
        "the same mask for all sequences: the first length",
        """
def padding_mask(lengths: Tensor, max_length: int) -> Tensor:
    batch = len(lengths)
    mask = torch.zeros(batch, 1, 1, max_length, dtype=torch.bool)
    for b in range(batch):
        mask[:, :, :, : lengths[0]] = True
    return mask
""",
    ),
    Wrong(
        A,
        X,
        "padding on the left",
        """
def padding_mask(lengths: Tensor, max_length: int) -> Tensor:
    start = max_length - lengths
    col = torch.arange(max_length)
    return (col[None, :] >= start[:, None])[:, None, None, :]
""",
    ),
    Wrong(
        A,
        X,
        "an empty sequence may look at its first key",
        """
def padding_mask(lengths: Tensor, max_length: int) -> Tensor:
    # at least one token, or else softmax gives nan
    safe = lengths.clamp(min=1)
    return (torch.arange(max_length) < safe[:, None])[:, None, None, :]
""",
    ),
    Wrong(
        A,
        X,
        "negative slice: an unpadded sequence has no token",
        """
def padding_mask(lengths: Tensor, max_length: int) -> Tensor:
    mask = torch.ones(len(lengths), 1, 1, max_length, dtype=torch.bool)
    for b, length in enumerate(lengths.tolist()):
        padding = max_length - length
        mask[b, ..., -padding:] = False
    return mask
""",
    ),
    Wrong(
        A,
        X,
        "compared without a new dimension, a diagonal by batch",
        """
def padding_mask(lengths: Tensor, max_length: int) -> Tensor:
    positions = torch.arange(max_length)
    real = positions[:, None] < lengths[None, :]  # (max_length, batch)
    return real.reshape(len(lengths), 1, 1, max_length)
""",
    ),
    Wrong(
        A,
        X,
        "squeezes a batch of one",
        """
def padding_mask(lengths: Tensor, max_length: int) -> Tensor:
    real = (torch.arange(max_length)[None, :] < lengths[:, None]).squeeze(0)
    return real[..., None, None, :]
""",
    ),
    Wrong(
        A,
        X,
        "heads dimension at the front",
        """
def padding_mask(lengths: Tensor, max_length: int) -> Tensor:
    real = torch.arange(max_length) < lengths[:, None]
    return real[None, :, None, :]
""",
    ),
    Wrong(
        A,
        X,
        "one key is always open at the end",
        """
def padding_mask(lengths: Tensor, max_length: int) -> Tensor:
    mask = torch.stack([torch.arange(max_length) < n for n in lengths])
    mask[:, -1] = True
    return mask[:, None, None, :]
""",
    ),
    Wrong(
        A,
        X,
        "expanded to square (batch, 1, max_length, max_length)",
        """
def padding_mask(lengths: Tensor, max_length: int) -> Tensor:
    real = torch.arange(max_length) < lengths[:, None]
    return real[:, None, None, :].repeat(1, 1, max_length, 1)
""",
    ),
    Two(
        A,
        X,
        ["True is padding", "shape (batch, max_length)"],
        """
def padding_mask(lengths: Tensor, max_length: int) -> Tensor:
    ids = torch.arange(0, max_length, dtype=torch.long)
    return ids >= lengths.unsqueeze(1)
""",
    ),
    Two(
        A,
        X,
        ["off by one", "float"],
        """
def padding_mask(lengths: Tensor, max_length: int) -> Tensor:
    out = torch.zeros((lengths.size(0), 1, 1, max_length))
    for n in range(lengths.size(0)):
        out[n, 0, 0, : lengths[n] + 1] = 1
    return out
""",
    ),
    Two(
        A,
        X,
        ["lengths changed in place", "ignores max_length"],
        """
def padding_mask(lengths: Tensor, max_length: int) -> Tensor:
    n = lengths.max().item()
    last = lengths.sub_(1)
    return (torch.arange(n)[None] <= last[:, None]).unsqueeze(1).unsqueeze(1)
""",
    ),
]
