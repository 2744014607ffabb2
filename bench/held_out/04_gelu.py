from heldout import Right, Two, Wrong

A, X = "04_gpt2", "gelu"
CASES = [
    Right(
        A,
        X,
        "as a sigmoid",
        """
def gelu(x):
    return x * torch.sigmoid(2 * math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))
""",
    ),
    Right(
        A,
        X,
        "factored",
        """
def gelu(x: Tensor) -> Tensor:
    inner = x * (1 + 0.044715 * x.square())
    return x.mul(0.5).mul(inner.mul((2.0 / math.pi) ** 0.5).tanh().add(1))
""",
    ),
    Right(
        A,
        X,
        "steps with names",
        """
def gelu(x: Tensor) -> Tensor:
    cube = torch.pow(x, 3)
    argument = (x + cube * 0.044715) * math.sqrt(2.0 / math.pi)
    half = x / 2
    return half + half * torch.tanh(argument)
""",
    ),
    Wrong(
        A,
        X,
        "the exact form",
        """
def gelu(x):
    return 0.5 * x * (1 + torch.erf(x / math.sqrt(2)))
""",
    ),
    Wrong(
        A,
        X,
        "sigmoid approximation",
        """
def gelu(x):
    return x * torch.sigmoid(1.702 * x)
""",
    ),
    Wrong(
        A,
        X,
        "square instead of cube",
        """
def gelu(x):
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**2)))
""",
    ),
    Wrong(
        A,
        X,
        "root of pi / 2",
        """
def gelu(x):
    return 0.5 * x * (1 + torch.tanh(math.sqrt(math.pi / 2) * (x + 0.044715 * x**3)))
""",
    ),
    Wrong(
        A,
        X,
        "2 / pi without the root",
        """
def gelu(x):
    return 0.5 * x * (1 + torch.tanh(2 / math.pi * (x + 0.044715 * x**3)))
""",
    ),
    Wrong(
        A,
        X,
        "the root multiplies only x",
        """
def gelu(x):
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * x + 0.044715 * x**3))
""",
    ),
    Wrong(
        A,
        X,
        "the 1 is inside tanh",
        """
def gelu(x):
    return 0.5 * x * torch.tanh(1 + math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))
""",
    ),
    Wrong(
        A,
        X,
        "0.44715",
        """
def gelu(x):
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.44715 * x**3)))
""",
    ),
    Wrong(
        A,
        X,
        "the factor 0.5 is missing",
        """
def gelu(x):
    return x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
""",
    ),
    Wrong(
        A,
        X,
        "the factor x is missing",
        """
def gelu(x):
    return 0.5 * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
""",
    ),
    Wrong(
        A,
        X,
        "float32",
        """
def gelu(x):
    y = x.float()
    return 0.5 * y * (1 + torch.tanh(math.sqrt(2 / math.pi) * (y + 0.044715 * y**3)))
""",
    ),
    Wrong(
        A,
        X,
        "in place",
        """
def gelu(x):
    t = torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))
    x *= 0.5 * (1 + t)
    return x
""",
    ),
    Wrong(
        A,
        X,
        "pi as 3.14",
        """
def gelu(x):
    return 0.5 * x * (1 + torch.tanh((2 / 3.14) ** 0.5 * (x + 0.044715 * x**3)))
""",
    ),
    Wrong(
        A,
        X,
        "negative inputs are cut off first",
        """
def gelu(x):
    x = x.clamp(min=0)
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
""",
    ),
    Two(
        A,
        X,
        ["no 0.5", "square instead of cube"],
        """
def gelu(x):
    return x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x)))
""",
    ),
    Two(
        A,
        X,
        ["exact form", "float32"],
        """
def gelu(x):
    x = x.to(torch.float32)
    return x * 0.5 * (1.0 + torch.erf(x / 2**0.5))
""",
    ),
    Two(
        A,
        X,
        ["root of pi / 2", "in place"],
        """
def gelu(x):
    return x.mul_(0.5 * (1 + torch.tanh(math.sqrt(math.pi / 2) * (x + 0.044715 * x.pow(3)))))
""",
    ),
]
