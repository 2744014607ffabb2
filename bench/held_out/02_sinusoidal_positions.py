from heldout import Right, Two, Wrong

A, X = "02_encoder", "sinusoidal_positions"
CASES = [
    Right(
        A,
        X,
        "fills row by row with math",
        """
def sinusoidal_positions(length, d_model):
    if d_model % 2:
        raise ValueError(f"d_model must be even, not {d_model}")
    rows = []
    for p in range(length):
        row = []
        for pair in range(d_model // 2):
            angle = p / 10000 ** (2 * pair / d_model)
            row += [math.sin(angle), math.cos(angle)]
        rows.append(row)
    return torch.tensor(rows, dtype=torch.float32).reshape(length, d_model)
""",
    ),
    Right(
        A,
        X,
        "cosine as a sine with a phase, in float64",
        """
def sinusoidal_positions(length: int, d_model: int) -> Tensor:
    if d_model & 1:
        raise ValueError("odd width")
    column = torch.arange(d_model)
    exponent = (column - column % 2).double() / d_model
    angle = torch.outer(torch.arange(length).double(), 10000.0 ** -exponent)
    return torch.sin(angle + (column % 2) * (math.pi / 2)).float()
""",
    ),
    Right(
        A,
        X,
        "exp and log, slices",
        """
def sinusoidal_positions(length: int, d_model: int) -> Tensor:
    if d_model % 2 == 1:
        raise ValueError("d_model is odd")
    pe = torch.empty(length, d_model)
    position = torch.arange(0, length, dtype=torch.float).unsqueeze(1)
    div_term = torch.exp(torch.arange(0, d_model, 2).float() * (-math.log(10000.0) / d_model))
    pe[:, 0::2] = torch.sin(position * div_term)
    pe[:, 1::2] = torch.cos(position * div_term)
    return pe
""",
    ),
    Wrong(
        A,
        X,
        "all sines first, then all cosines",
        """
def sinusoidal_positions(length: int, d_model: int) -> Tensor:
    if d_model % 2:
        raise ValueError("odd")
    div = 10000 ** (torch.arange(0, d_model, 2) / d_model)
    angles = torch.arange(length)[:, None] / div
    return torch.cat([angles.sin(), angles.cos()], dim=-1)
""",
    ),
    Wrong(
        A,
        X,
        "cosines in the even columns",
        """
def sinusoidal_positions(length: int, d_model: int) -> Tensor:
    if d_model % 2:
        raise ValueError("odd")
    div = 10000 ** (torch.arange(0, d_model, 2) / d_model)
    angles = torch.arange(length)[:, None] / div
    return torch.stack([angles.cos(), angles.sin()], dim=-1).flatten(1)
""",
    ),
    Wrong(
        A,
        X,
        "exponent i / d_model",
        """
def sinusoidal_positions(length: int, d_model: int) -> Tensor:
    if d_model % 2 != 0:
        raise ValueError("d_model must be even")
    i = torch.arange(d_model // 2)
    angle = torch.arange(length).unsqueeze(1) / torch.pow(10000, i / d_model)
    table = torch.zeros(length, d_model)
    table[:, ::2] = torch.sin(angle)
    table[:, 1::2] = torch.cos(angle)
    return table
""",
    ),
    Wrong(
        A,
        X,
        "exponent 4i / d_model",
        """
def sinusoidal_positions(length: int, d_model: int) -> Tensor:
    if d_model % 2 != 0:
        raise ValueError("d_model must be even")
    i = torch.arange(0, d_model, 2)
    angle = torch.arange(length).unsqueeze(1) / torch.pow(10000, 2 * i / d_model)
    table = torch.zeros(length, d_model)
    table[:, ::2] = torch.sin(angle)
    table[:, 1::2] = torch.cos(angle)
    return table
""",
    ),
    Wrong(
        A,
        X,
        "each column has its own angle",
        """
def sinusoidal_positions(length: int, d_model: int) -> Tensor:
    if d_model % 2 != 0:
        raise ValueError("d_model must be even")
    pe = torch.zeros((length, d_model))
    for pos in range(length):
        for i in range(d_model):
            angle = pos / (10000 ** (i / d_model))
            pe[pos, i] = math.sin(angle) if i % 2 == 0 else math.cos(angle)
    return pe
""",
    ),
    Wrong(
        A,
        X,
        "tutorial loop with 2 * i although i already counts columns",
        """
def sinusoidal_positions(length: int, d_model: int) -> Tensor:
    if d_model % 2 != 0:
        raise ValueError("d_model must be even")
    pe = torch.zeros(length, d_model)
    for pos in range(length):
        for i in range(0, d_model, 2):
            pe[pos, i] = math.sin(pos / (10000 ** ((2 * i) / d_model)))
            pe[pos, i + 1] = math.cos(pos / (10000 ** ((2 * (i + 1)) / d_model)))
    return pe
""",
    ),
    Wrong(
        A,
        X,
        "positions counted from 1",
        """
def sinusoidal_positions(length: int, d_model: int) -> Tensor:
    if d_model % 2:
        raise ValueError("odd")
    p = torch.arange(1, length + 1, dtype=torch.float32)[:, None]
    w = torch.exp(torch.arange(0, d_model, 2) * -(math.log(10000.0) / d_model))
    pe = torch.zeros(length, d_model)
    pe[:, 0::2] = torch.sin(p * w)
    pe[:, 1::2] = torch.cos(p * w)
    return pe
""",
    ),
    Wrong(
        A,
        X,
        "multiplied by the power and not divided",
        """
def sinusoidal_positions(length: int, d_model: int) -> Tensor:
    if d_model % 2:
        raise ValueError("odd")
    position = torch.arange(length).unsqueeze(1)
    power = 10000 ** (torch.arange(0, d_model, 2) / d_model)
    angles = position * power
    return torch.stack((torch.sin(angles), torch.cos(angles)), dim=2).reshape(length, d_model)
""",
    ),
    Wrong(
        A,
        X,
        "float64",
        """
def sinusoidal_positions(length: int, d_model: int) -> Tensor:
    if d_model % 2:
        raise ValueError("odd")
    p = torch.arange(length, dtype=torch.float64)[:, None]
    i = torch.arange(0, d_model, 2, dtype=torch.float64)
    a = p / 10000 ** (i / d_model)
    return torch.stack((a.sin(), a.cos()), dim=-1).flatten(-2)
""",
    ),
    Wrong(
        A,
        X,
        "an odd width is not refused",
        """
def sinusoidal_positions(length: int, d_model: int) -> Tensor:
    pe = torch.zeros(length, d_model)
    position = torch.arange(0, length).unsqueeze(1)
    div_term = torch.exp(torch.arange(0, d_model, 2) * (-math.log(10000.0) / d_model))
    pe[:, 0::2] = torch.sin(position * div_term)
    pe[:, 1::2] = torch.cos(position * div_term)[:, : d_model // 2]
    return pe
""",
    ),
    Wrong(
        A,
        X,
        "assert for an odd width",
        """
def sinusoidal_positions(length: int, d_model: int) -> Tensor:
    assert d_model % 2 == 0, "d_model must be even"
    angles = torch.arange(length)[:, None] / 10000 ** (torch.arange(0, d_model, 2) / d_model)
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)
""",
    ),
    Wrong(
        A,
        X,
        "TypeError for an odd width",
        """
def sinusoidal_positions(length: int, d_model: int) -> Tensor:
    if d_model % 2:
        raise TypeError("d_model must be an even int")
    angles = torch.arange(length)[:, None] / 10000 ** (torch.arange(0, d_model, 2) / d_model)
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)
""",
    ),
    Wrong(
        A,
        X,
        "a batch dimension in front",
        """
class PositionalEncoding(nn.Module):
    def __init__(self, d_model, max_len):
        super().__init__()
        pe = torch.zeros(max_len, d_model)
        position = torch.arange(0, max_len).unsqueeze(1)
        div_term = torch.exp(torch.arange(0, d_model, 2) * -(math.log(10000.0) / d_model))
        pe[:, 0::2] = torch.sin(position * div_term)
        pe[:, 1::2] = torch.cos(position * div_term)
        self.register_buffer("pe", pe.unsqueeze(0))


def sinusoidal_positions(length: int, d_model: int) -> Tensor:
    if d_model % 2:
        raise ValueError("odd")
    return PositionalEncoding(d_model, length).pe
""",
    ),
    Wrong(
        A,
        X,
        "base 1000 instead of 10000",
        """
def sinusoidal_positions(length: int, d_model: int) -> Tensor:
    if d_model % 2:
        raise ValueError("odd")
    inv_freq = 1.0 / (1000.0 ** (torch.arange(0, d_model, 2).float() / d_model))
    angles = torch.einsum("i,j->ij", torch.arange(length).float(), inv_freq)
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)
""",
    ),
    Wrong(
        A,
        X,
        "natural exponent without the logarithm of 10000 divided by the width",
        """
def sinusoidal_positions(length: int, d_model: int) -> Tensor:
    if d_model % 2:
        raise ValueError("odd")
    position = torch.arange(length).unsqueeze(1)
    div_term = torch.exp(torch.arange(0, d_model, 2) * (-math.log(10000.0) / (d_model // 2)))
    pe = torch.zeros(length, d_model)
    pe[:, 0::2] = torch.sin(position * div_term)
    pe[:, 1::2] = torch.cos(position * div_term)
    return pe
""",
    ),
    Wrong(
        A,
        X,
        "fixed table of 512 positions",
        """
def sinusoidal_positions(length: int, d_model: int) -> Tensor:
    if d_model % 2:
        raise ValueError("odd")
    positions = torch.arange(512, dtype=torch.float32).view(-1, 1)
    angles = positions / 10000 ** (torch.arange(0, d_model, 2) / d_model)
    table = torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)
    return table[:length]
""",
    ),
    Wrong(
        A,
        X,
        "divisors end at 10000: linspace to the last pair",
        """
def sinusoidal_positions(length: int, d_model: int) -> Tensor:
    if d_model % 2:
        raise ValueError("odd")
    exponent = torch.linspace(0, 1, d_model // 2)
    angles = torch.arange(length)[:, None] / 10000**exponent
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)
""",
    ),
    Wrong(
        A,
        X,
        "angles rounded down to integers",
        """
def sinusoidal_positions(length: int, d_model: int) -> Tensor:
    if d_model % 2:
        raise ValueError("odd")
    positions = torch.arange(length)[:, None]
    divisors = 10000 ** (torch.arange(0, d_model, 2) / d_model)
    angles = positions // divisors
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)
""",
    ),
    Wrong(
        A,
        X,
        "angles in degrees",
        """
def sinusoidal_positions(length: int, d_model: int) -> Tensor:
    if d_model % 2:
        raise ValueError("odd")
    positions = torch.arange(length).float()
    divisors = 10000 ** (torch.arange(0, d_model, 2) / d_model)
    angles = torch.deg2rad(positions[:, None] / divisors[None, :])
    out = torch.zeros(length, d_model)
    out[:, 0::2], out[:, 1::2] = angles.sin(), angles.cos()
    return out
""",
    ),
    Wrong(
        A,
        X,
        "the last column of cosines is not filled",
        """
def sinusoidal_positions(length: int, d_model: int) -> Tensor:
    if d_model % 2:
        raise ValueError("odd")
    out = torch.zeros(length, d_model)
    p = torch.arange(length).float()
    for c in range(d_model - 1):
        angle = p / 10000 ** ((c // 2 * 2) / d_model)
        out[:, c] = angle.cos() if c % 2 else angle.sin()
    return out
""",
    ),
    Two(
        A,
        X,
        ["sines first, then cosines", "odd width not refused"],
        """
def sinusoidal_positions(length: int, d_model: int) -> Tensor:
    half = d_model // 2
    freqs = torch.exp(-math.log(10000) * torch.arange(0, half) / half)
    args = torch.arange(length)[:, None].float() * freqs[None]
    return torch.cat([torch.sin(args), torch.cos(args)], dim=-1)
""",
    ),
    Two(
        A,
        X,
        ["float64", "positions from 1"],
        """
def sinusoidal_positions(length: int, d_model: int) -> Tensor:
    if d_model % 2:
        raise ValueError
    angle = torch.arange(1, length + 1, dtype=torch.double)[:, None] / 10000 ** (torch.arange(0, d_model, 2, dtype=torch.double) / d_model)
    return torch.stack([angle.sin(), angle.cos()], -1).view(length, d_model)
""",
    ),
    Two(
        A,
        X,
        ["assert for an odd width", "exponent i / d_model"],
        """
def sinusoidal_positions(length: int, d_model: int) -> Tensor:
    assert d_model % 2 == 0
    i = torch.arange(d_model // 2)
    angle = torch.arange(length)[:, None] / 10000 ** (i / d_model)
    return torch.stack([angle.sin(), angle.cos()], -1).view(length, d_model)
""",
    ),
]
