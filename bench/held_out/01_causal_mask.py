from heldout import Right, Two, Wrong

A, X = "01_attention", "causal_mask"
CASES = [
    Right(
        A,
        X,
        "compares indices",
        """
def causal_mask(length):
    i = torch.arange(length)
    return i.unsqueeze(1) >= i
""",
    ),
    Right(
        A,
        X,
        "running sum along the rows of the identity",
        """
def causal_mask(length: int) -> Tensor:
    # the running sum from the right of an identity is 1 up to the diagonal
    identity = torch.eye(length, dtype=torch.int64)
    return identity.flip(1).cumsum(1).flip(1).bool()
""",
    ),
    Right(
        A,
        X,
        "two loops over Python lists",
        """
def causal_mask(length: int) -> Tensor:
    rows = []
    for query in range(length):
        row = []
        for key in range(length):
            row.append(key <= query)
        rows.append(row)
    return torch.tensor(rows)
""",
    ),
    Right(
        A,
        X,
        "not the strict upper triangle",
        """
def causal_mask(length: int) -> Tensor:
    future = torch.triu(torch.full((length, length), True), diagonal=1)
    return future.logical_not()
""",
    ),
    Wrong(
        A,
        X,
        "the diagonal is left out",
        """
def causal_mask(length: int) -> Tensor:
    positions = torch.arange(length)
    return positions[None, :] < positions[:, None]
""",
    ),
    Wrong(
        A,
        X,
        "transposed: sees the future and not the past",
        """
def causal_mask(length: int) -> Tensor:
    idx = torch.arange(length)
    return idx[:, None] <= idx[None, :]
""",
    ),
    Wrong(
        A,
        X,
        "True means blocked",
        '''
def causal_mask(sz):
    """Generate a square causal mask for the sequence."""
    return torch.triu(torch.ones(sz, sz), diagonal=1).bool()
''',
    ),
    Wrong(
        A,
        X,
        "float instead of bool",
        """
def causal_mask(length: int) -> Tensor:
    return torch.tril(torch.ones((length, length)))
""",
    ),
    Wrong(
        A,
        X,
        "an additive mask of 0 and minus infinity",
        """
def causal_mask(length: int) -> Tensor:
    mask = torch.full((length, length), float("-inf"))
    return torch.triu(mask, diagonal=1)
""",
    ),
    Wrong(
        A,
        X,
        "two extra dimensions in front",
        """
def causal_mask(length: int) -> Tensor:
    mask = torch.ones(length, length, dtype=torch.bool)
    return torch.tril(mask).view(1, 1, length, length)
""",
    ),
    Wrong(
        A,
        X,
        "looks one step ahead",
        """
def causal_mask(length: int) -> Tensor:
    mask = torch.zeros(length, length, dtype=torch.bool)
    for i in range(length):
        for j in range(length):
            if j <= i + 1:
                mask[i][j] = True
    return mask
""",
    ),
    Wrong(
        A,
        X,
        "the loop stops before the last row",
        """
def causal_mask(length: int) -> Tensor:
    mask = torch.zeros((length, length), dtype=torch.bool)
    for i in range(length - 1):
        mask[i, : i + 1] = True
    return mask
""",
    ),
    Wrong(
        A,
        X,
        "slice without the own position",
        """
def causal_mask(length: int) -> Tensor:
    mask = torch.zeros((length, length), dtype=torch.bool)
    for query in range(length):
        mask[query, :query] = True
    return mask
""",
    ),
    Wrong(
        A,
        X,
        "integers instead of bools",
        """
def causal_mask(length: int) -> Tensor:
    ones = torch.ones(length, length, dtype=torch.long)
    return ones - torch.triu(ones, 1)
""",
    ),
    Wrong(
        A,
        X,
        "only the own position",
        """
def causal_mask(length: int) -> Tensor:
    # every query may look at itself
    return torch.eye(length).bool()
""",
    ),
    Wrong(
        A,
        X,
        "one row and column too many",
        """
def causal_mask(length: int) -> Tensor:
    positions = torch.arange(0, length + 1)
    return positions.view(-1, 1) >= positions.view(1, -1)
""",
    ),
    Wrong(
        A,
        X,
        "a nested list instead of a tensor",
        """
def causal_mask(length: int) -> Tensor:
    return [[j <= i for j in range(length)] for i in range(length)]
""",
    ),
    Wrong(
        A,
        X,
        "only itself and the position just before",
        """
def causal_mask(length: int) -> Tensor:
    i = torch.arange(length)[:, None]
    j = torch.arange(length)[None, :]
    return (j == i) | (j == i - 1)
""",
    ),
    Wrong(
        A,
        X,
        "cut out of a table of fixed size",
        """
MAX_LENGTH = 128
_bias = torch.tril(torch.ones(MAX_LENGTH, MAX_LENGTH)).bool()


def causal_mask(length: int) -> Tensor:
    return _bias[:length, :length]
""",
    ),
    Wrong(
        A,
        X,
        "squeeze loses the dimensions at length 1",
        """
def causal_mask(length: int) -> Tensor:
    mask = torch.ones(1, length, length)
    mask = torch.tril(mask) == 1
    return mask.squeeze()
""",
    ),
    Wrong(
        A,
        X,
        "the other diagonal: columns are reversed",
        """
def causal_mask(length: int) -> Tensor:
    full = torch.ones(length, length, dtype=torch.bool)
    return full.triu().flip(1)
""",
    ),
    Wrong(
        A,
        X,
        "a single row",
        """
def causal_mask(length: int) -> Tensor:
    # everything up to the current position, which is the last one
    position = torch.arange(length)
    return position[None, :] <= length - 1
""",
    ),
    Two(
        A,
        X,
        ["transposed", "the diagonal is left out"],
        """
def causal_mask(length: int) -> Tensor:
    p = torch.arange(length)
    return p[:, None] < p[None, :]
""".replace("p[:, None] < p[None, :]", "torch.gt(p[None, :], p[:, None])"),
    ),
    Two(
        A,
        X,
        ["additive", "one step ahead"],
        """
def causal_mask(length: int) -> Tensor:
    mask = torch.full((length, length), float("-inf"))
    mask = torch.triu(mask, diagonal=2)
    return mask
""",
    ),
    Two(
        A,
        X,
        ["float", "extra batch dimension"],
        """
def causal_mask(length: int) -> Tensor:
    attn_shape = (1, length, length)
    subsequent_mask = torch.triu(torch.ones(attn_shape), diagonal=1)
    return 1 - subsequent_mask
""",
    ),
    Two(
        A,
        X,
        ["last row missing", "the diagonal is left out"],
        """
def causal_mask(length: int) -> Tensor:
    mask = torch.zeros(length, length).bool()
    row = 1
    while row < length - 1:
        mask[row, 0:row] = True
        row += 1
    return mask
""",
    ),
]
