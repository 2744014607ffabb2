from heldout import Right, Wrong

# Judged by the share of mistakes that the inputs find. A Wrong finds fewer than 90 % of them, or breaks a rule.
A, X = "01_attention", "telling_inputs"
CASES = [
    Right(
        A,
        X,
        "one input for each promise",
        """
def telling_inputs():
    g = torch.Generator().manual_seed(0)

    def r(*shape):
        return torch.randn(*shape, generator=g)

    mask = torch.tensor([[[True, False, True, True], [True] * 4, [False] * 4, [False, True, False, False]]])
    formula = (r(2, 3, 4, 3), r(2, 3, 4, 3), r(2, 3, 4, 5), torch.stack([mask, mask.flip(-1)]))
    precise = (r(3, 5).double(), r(7, 5).double(), r(7, 2).double(), None)
    large = 40.0 * torch.tensor([[1.0], [-1.0]]).half().expand(2, 64)
    half = (large, large, large, torch.ones(2, 2, dtype=torch.bool).tril())
    low = (torch.tensor([[1e5, 0.0]]), torch.tensor([[-1e5, 0.0], [0.0, 0.0]]), torch.eye(2), torch.tensor([[True, False]]))
    single = (r(1, 1, 2), r(1, 1, 2), r(1, 1, 3), None)
    rows = (torch.tensor([[100.0], [-100.0]]), torch.tensor([[9.0], [10.0]]), torch.eye(2), None)  # far apart
    return [formula, precise, half, low, single, rows]
""",
    ),
    Right(
        A,
        X,
        "every combination in bigger tensors",
        """
def telling_inputs() -> list[tuple[Tensor, Tensor, Tensor, Tensor | None]]:
    torch.manual_seed(1)
    inputs = []
    q, k, v = torch.randn(2, 2, 6, 7), torch.randn(2, 2, 6, 7), torch.randn(2, 2, 6, 3)
    see = torch.rand(2, 1, 6, 6) > 0.5
    see[0, 0, 2] = False
    inputs.append((q, k, v, see))
    inputs.append((300 * q, 300 * k, v, see))
    inputs.append((q[0, 0].double(), k[0, 0, :4].double(), v[0, 0, :4].double(), None))
    wide = torch.tensor([[1.0], [-1.0], [1.0]]).repeat(1, 100).half() * 40
    inputs.append((wide, wide, wide[:, :5], torch.tensor([[True, True, False], [True] * 3, [False] * 3])))
    inputs.append((q[:1, :1, :1] * 1e4, -k[:1, :1, :2] * 1e4, v[:1, :1, :2], torch.tensor([[False, True]])))
    inputs.append((torch.tensor([[[50.0]], [[-50.0]]]), torch.tensor([[[40.0], [41.0]]]).expand(2, 2, 1), torch.eye(2).expand(2, 2, 2), None))
    return inputs
""",
    ),
    Right(
        A,
        X,
        "made with arange, no random numbers",
        """
def telling_inputs():
    def wave(*shape, dtype=torch.float32):
        n = math.prod(shape)
        return torch.sin(torch.arange(1, n + 1, dtype=torch.float64) ** 1.5).reshape(shape).to(dtype)

    lower = torch.ones(5, 5, dtype=torch.bool).tril(-1)  # query 0 sees nothing
    answers = [
        (wave(2, 2, 5, 3), wave(2, 2, 5, 3).flip(-1), wave(2, 2, 5, 4), lower),
        (wave(3, 6, dtype=torch.float64), wave(4, 6, dtype=torch.float64).flip(0), wave(4, 2, dtype=torch.float64), None),
        (wave(1, 1, 3), wave(1, 1, 3), wave(1, 1, 1), None),
    ]
    ones = torch.ones(2, 81, dtype=torch.float16) * torch.tensor([[50.0], [-50.0]], dtype=torch.float16)
    answers.append((ones, ones, wave(2, 3, dtype=torch.float16), torch.tensor([[True, True], [False, True]])))
    far = torch.tensor([[3e5], [-3e5], [1.0]])
    answers.append((far, far, wave(3, 2), torch.tensor([[False, True, False], [False, True, True], [True, True, True]])))
    answers.append((torch.tensor([[60.0], [-60.0]]), torch.tensor([[30.0], [31.0]]), torch.eye(2), None))
    return answers
""",
    ),
    Wrong(
        A,
        X,
        "one random input without a mask",
        """
def telling_inputs():
    return [(torch.randn(2, 5, 4), torch.randn(2, 5, 4), torch.randn(2, 5, 4), None)]
""",
    ),
    Wrong(
        A,
        X,
        "the mask is True everywhere",
        """
def telling_inputs():
    torch.manual_seed(0)
    return [(torch.randn(3, 4), torch.randn(5, 4), torch.randn(5, 2), torch.ones(3, 5, dtype=torch.bool)) for _ in range(6)]
""",
    ),
    Wrong(
        A,
        X,
        "the same tuple six times",
        """
def telling_inputs():
    g = torch.Generator().manual_seed(5)
    q, k, v = torch.randn(3, 2, 6, 3, generator=g)
    return [(q, k, v, torch.ones(6, 6, dtype=torch.bool).tril())] * 6
""",
    ),
    Wrong(
        A,
        X,
        "float32 and ordinary numbers only",
        """
def telling_inputs():
    torch.manual_seed(3)
    out = []
    for d in (1, 2, 3, 5, 7, 9):
        mask = torch.rand(2, 4, 6) > 0.4
        mask[0, 1] = False
        out.append((torch.randn(2, 4, d), torch.randn(2, 6, d), torch.randn(2, 6, d + 1), mask))
    return out
""",
    ),
    Wrong(
        A,
        X,
        "tensors are too large",
        """
def telling_inputs():
    torch.manual_seed(3)
    mask = torch.ones(64, 64, dtype=torch.bool).tril(-1)
    kinds = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
    return [(*(30 * torch.randn(3, 64, 48)).to(kind).unbind(0), mask) for kind in kinds]
""",
    ),
    Wrong(
        A,
        X,
        "a mask of floats, 0 and minus infinity",
        """
def telling_inputs():
    torch.manual_seed(3)
    mask = torch.triu(torch.full((5, 5), float("-inf")), diagonal=1)
    q, k, v = torch.randn(3, 2, 5, 3)
    return [(q * s, k * s, v, mask) for s in (1, 10, 100, 1000)]
""",
    ),
    Wrong(
        A,
        X,
        "tuples of three, without the None",
        """
def telling_inputs():
    torch.manual_seed(3)
    q, k, v = torch.randn(3, 2, 2, 5, 3)
    return [(q, k, v), (q.double(), k.double(), v.double()), (40 * q.half(), 40 * k.half(), v.half()), (1e4 * q, 1e4 * k, v)]
""",
    ),
    Wrong(
        A,
        X,
        "the mask has the sizes the wrong way round",
        """
def telling_inputs():
    torch.manual_seed(3)
    out = []
    for dtype in (torch.float32, torch.float64, torch.float16):
        q, k, v = torch.randn(2, 3, 4), torch.randn(2, 7, 4), torch.randn(2, 7, 5)
        out.append((q.to(dtype) * 20, k.to(dtype) * 20, v.to(dtype), torch.rand(7, 3) > 0.5))
    return out
""",
    ),
    Wrong(
        A,
        X,
        "True is meant to be blocked, and no row is blind; sizes are all 4",
        """
def telling_inputs():
    torch.manual_seed(3)
    blocked = torch.ones(4, 4, dtype=torch.bool).triu(1)
    x = torch.randn(4, 4)
    return [(x, x, x, blocked.T | torch.eye(4, dtype=torch.bool))]
""",
    ),
    Wrong(
        A,
        X,
        "values are all equal, so the output tells little, and every key is, too",
        """
def telling_inputs():
    out = []
    for dtype in (torch.float16, torch.bfloat16, torch.float32, torch.float64):
        one = torch.ones(2, 3, 4, dtype=dtype)
        out.append((one, one, one, None))
    return out
""",
    ),
    Wrong(
        A,
        X,
        "an empty list",
        """
def telling_inputs():
    inputs = []
    for q in inputs:
        inputs.append((q, q, q, None))
    return inputs
""",
    ),
    Wrong(
        A,
        X,
        "integers instead of floating-point numbers",
        """
def telling_inputs():
    q = torch.arange(12).reshape(3, 4)
    return [(q, q, q, torch.ones(3, 3, dtype=torch.bool).tril()), (q * 1000, q, q, None)]
""",
    ),
    Wrong(
        A,
        X,
        "only the half-precision overflow",
        """
def telling_inputs():
    big = 40.0 * torch.tensor([[1.0], [-1.0]]).half().expand(2, 64)
    return [(big, big, big, None)]
""",
    ),
    Wrong(
        A,
        X,
        "only fully masked queries",
        """
def telling_inputs():
    torch.manual_seed(0)
    return [
        (torch.randn(3, 2).to(d), torch.randn(4, 2).to(d), torch.randn(4, 5).to(d), torch.zeros(3, 4, dtype=torch.bool))
        for d in (torch.float16, torch.float32, torch.float64)
    ]
""",
    ),
    Wrong(
        A,
        X,
        "queries and keys do not fit each other",
        """
def telling_inputs():
    torch.manual_seed(0)
    return [(torch.randn(2, 3, 4) * s, torch.randn(2, 5, 6) * s, torch.randn(2, 5, 6), None) for s in (1.0, 10.0, 1000.0)]
""",
    ),
]
