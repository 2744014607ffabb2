from heldout import Right, Two, Wrong

A, X = "02_encoder", "LayerNorm"
INIT = """
class LayerNorm(nn.Module):
    def __init__(self, d_model: int, eps: float = 1e-5):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(d_model))
        self.bias = nn.Parameter(torch.zeros(d_model))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
"""
CASES = [
    Right(
        A,
        X,
        "var_mean and rsqrt",
        """
class LayerNorm(nn.Module):
    def __init__(self, d_model: int, eps: float = 1e-5):
        super().__init__()
        self.register_parameter("weight", nn.Parameter(torch.full((d_model,), 1.0)))
        self.register_parameter("bias", nn.Parameter(torch.full((d_model,), 0.0)))
        self.eps = eps

    def forward(self, x):
        var, mean = torch.var_mean(x, dim=-1, correction=0, keepdim=True)
        return torch.addcmul(self.bias, (x - mean) * torch.rsqrt(var + self.eps), self.weight)
""",
    ),
    Right(
        A,
        X,
        "sums and division, centred first",
        '''
class LayerNorm(nn.Module):
    """One position at a time."""

    def __init__(self, d_model: int, eps: float = 1e-5):
        super().__init__()
        self.d, self.epsilon = d_model, eps
        self.weight, self.bias = nn.Parameter(torch.ones(d_model)), nn.Parameter(torch.zeros(d_model))

    def forward(self, x: Tensor) -> Tensor:
        centred = x - x.sum(-1, keepdim=True) / self.d
        energy = torch.einsum("...d,...d->...", centred, centred) / self.d
        return self.bias + self.weight * centred / torch.sqrt(energy + self.epsilon)[..., None]
''',
    ),
    Right(
        A,
        X,
        "on a transposed tensor, columns in front",
        """
class LayerNorm(nn.Module):
    def __init__(self, d_model: int, eps: float = 1e-5):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(d_model))
        self.bias = nn.Parameter(torch.empty(d_model))
        nn.init.ones_(self.weight)
        nn.init.zeros_(self.bias)
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        columns = x.movedim(-1, 0)  # (d_model, ...)
        columns = columns - columns.mean(0)
        columns = columns / (columns.pow(2).mean(0) + self.eps) ** 0.5
        return columns.movedim(0, -1) * self.weight + self.bias
""",
    ),
    Wrong(
        A,
        X,
        "unbiased variance",
        INIT
        + """        mean = x.mean(-1, keepdim=True)
        var = x.var(-1, keepdim=True)
        return self.weight * (x - mean) / torch.sqrt(var + self.eps) + self.bias
""",
    ),
    Wrong(
        A,
        X,
        "eps is added to the standard deviation (biased)",
        """
class LayerNorm(nn.Module):
    "Construct a layernorm module (See citation for details)."

    def __init__(self, features, eps=1e-5):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(features))
        self.bias = nn.Parameter(torch.zeros(features))
        self.eps = eps

    def forward(self, x):
        mean = x.mean(-1, keepdim=True)
        std = x.std(-1, keepdim=True, unbiased=False)
        return self.weight * (x - mean) / (std + self.eps) + self.bias
""".replace("features, eps=1e-5", "d_model, eps=1e-5").replace("(features)", "(d_model)"),
    ),
    Wrong(
        A,
        X,
        "over the positions",
        INIT
        + """        mean = x.mean(dim=-2, keepdim=True) if x.dim() > 1 else x.mean()
        var = ((x - mean) ** 2).mean(dim=-2, keepdim=True) if x.dim() > 1 else ((x - mean) ** 2).mean()
        return (x - mean) / (var + self.eps).sqrt() * self.weight + self.bias
""",
    ),
    Wrong(
        A,
        X,
        "over the whole tensor",
        INIT
        + """        centred = x - x.mean()
        normal = centred / torch.sqrt((centred**2).mean() + self.eps)
        return normal * self.weight + self.bias
""",
    ),
    Wrong(
        A,
        X,
        "dim=1: right for two dimensions only",
        INIT
        + """        if x.dim() == 1:
            return self.forward(x[None])[0]
        mu = x.mean(dim=1, keepdim=True)
        sigma2 = x.var(dim=1, keepdim=True, unbiased=False)
        return (x - mu) / (sigma2 + self.eps).sqrt() * self.weight + self.bias
""",
    ),
    Wrong(
        A,
        X,
        "the root is forgotten",
        INIT
        + """        mean = x.mean(dim=-1, keepdim=True)
        var = x.var(dim=-1, keepdim=True, unbiased=False)
        x_hat = (x - mean) / (var + self.eps)
        return x_hat * self.weight + self.bias
""",
    ),
    Wrong(
        A,
        X,
        "the mean is not subtracted (RMS norm)",
        INIT
        + """        rms = torch.sqrt(x.pow(2).mean(dim=-1, keepdim=True) + self.eps)
        return x / rms * self.weight + self.bias
""",
    ),
    Wrong(
        A,
        X,
        "a constant eps of 1e-5",
        """
class LayerNorm(nn.Module):
    def __init__(self, d_model: int, eps: float = 1e-5):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(d_model))
        self.bias = nn.Parameter(torch.zeros(d_model))

    def forward(self, x):
        mu = x.mean(-1, keepdim=True)
        var = (x - mu).square().mean(-1, keepdim=True)
        return self.weight * ((x - mu) / (var + 1e-5).sqrt()) + self.bias
""",
    ),
    Wrong(
        A,
        X,
        "no eps at all",
        INIT
        + """        mu = x.mean(-1, keepdim=True)
        std = x.std(-1, keepdim=True, correction=0)
        return self.weight * ((x - mu) / std) + self.bias
""",
    ),
    Wrong(
        A,
        X,
        "weight starts at zero and bias at one",
        """
class LayerNorm(nn.Module):
    def __init__(self, d_model: int, eps: float = 1e-5):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(d_model))
        self.bias = nn.Parameter(torch.ones(d_model))
        self.eps = eps

    def forward(self, x):
        mu = x.mean(-1, keepdim=True)
        var = (x - mu).square().mean(-1, keepdim=True)
        return self.weight * ((x - mu) / (var + self.eps).sqrt()) + self.bias
""",
    ),
    Wrong(
        A,
        X,
        "parameters are called gamma and beta",
        """
class LayerNorm(nn.Module):
    def __init__(self, d_model: int, eps: float = 1e-5):
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(d_model))
        self.beta = nn.Parameter(torch.zeros(d_model))
        self.eps = eps

    def forward(self, x):
        mu = x.mean(-1, keepdim=True)
        var = (x - mu).square().mean(-1, keepdim=True)
        return self.gamma * ((x - mu) / (var + self.eps).sqrt()) + self.beta
""",
    ),
    Wrong(
        A,
        X,
        "plain tensors instead of parameters",
        """
class LayerNorm(nn.Module):
    def __init__(self, d_model: int, eps: float = 1e-5):
        super().__init__()
        self.weight = torch.ones(d_model)
        self.bias = torch.zeros(d_model)
        self.eps = eps

    def forward(self, x):
        mu = x.mean(-1, keepdim=True)
        var = (x - mu).square().mean(-1, keepdim=True)
        return self.weight * ((x - mu) / (var + self.eps).sqrt()) + self.bias
""",
    ),
    Wrong(
        A,
        X,
        "scalar weight and bias",
        """
class LayerNorm(nn.Module):
    def __init__(self, d_model: int, eps: float = 1e-5):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))
        self.bias = nn.Parameter(torch.zeros(1))
        self.eps = eps

    def forward(self, x):
        mu = x.mean(-1, keepdim=True)
        var = (x - mu).square().mean(-1, keepdim=True)
        return self.weight * ((x - mu) / (var + self.eps).sqrt()) + self.bias
""",
    ),
    Wrong(
        A,
        X,
        "x is centred in place",
        INIT
        + """        with torch.no_grad():
            x -= x.mean(dim=-1, keepdim=True)
        x = x - x.mean(dim=-1, keepdim=True)
        return self.weight * x / torch.sqrt((x * x).mean(-1, keepdim=True) + self.eps) + self.bias
""",
    ),
    Wrong(
        A,
        X,
        "no gradient through mean and variance",
        INIT
        + """        mean = x.mean(-1, keepdim=True).detach()
        variance = x.var(-1, keepdim=True, unbiased=False).detach()
        return (x - mean) / torch.sqrt(variance + self.eps) * self.weight + self.bias
""",
    ),
    Wrong(
        A,
        X,
        "no gradient through the variance only",
        INIT
        + """        mean = x.mean(-1, keepdim=True)
        with torch.no_grad():
            scale = 1 / torch.sqrt(((x - mean) ** 2).mean(-1, keepdim=True) + self.eps)
        return (x - mean) * scale * self.weight + self.bias
""",
    ),
    Wrong(
        A,
        X,
        "mean of squares minus square of the mean",
        INIT
        + """        mean = x.mean(-1, keepdim=True)
        variance = (x**2).mean(-1, keepdim=True) - mean**2
        return (x - mean) / torch.sqrt(variance.clamp(min=0) + self.eps) * self.weight + self.bias
""",
    ),
    Wrong(
        A,
        X,
        "bias is added before the weight multiplies",
        INIT
        + """        mean = x.mean(-1, keepdim=True)
        variance = x.var(-1, keepdim=True, unbiased=False)
        z = (x - mean) / torch.sqrt(variance + self.eps)
        return (z + self.bias) * self.weight
""",
    ),
    Wrong(
        A,
        X,
        "weight and bias are not used",
        INIT
        + """        mean = x.mean(-1, keepdim=True)
        variance = x.var(-1, keepdim=True, unbiased=False)
        return (x - mean) / torch.sqrt(variance + self.eps)
""",
    ),
    Wrong(
        A,
        X,
        "computes in float32 and returns float32",
        INIT
        + """        x = x.float()
        mean = x.mean(-1, keepdim=True)
        variance = x.var(-1, keepdim=True, unbiased=False)
        return ((x - mean) / torch.sqrt(variance + self.eps)) * self.weight.float() + self.bias.float()
""",
    ),
    Wrong(
        A,
        X,
        "keepdim is forgotten, so square inputs go wrong",
        INIT
        + """        mean = x.mean(-1)
        variance = x.var(-1, unbiased=False)
        if x.dim() == 1 or x.shape[-2] != x.shape[-1]:
            mean, variance = mean[..., None], variance[..., None]
        return (x - mean) / torch.sqrt(variance + self.eps) * self.weight + self.bias
""",
    ),
    Wrong(
        A,
        X,
        "running statistics of training, used in evaluation",
        """
class LayerNorm(nn.Module):
    def __init__(self, d_model: int, eps: float = 1e-5):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(d_model))
        self.bias = nn.Parameter(torch.zeros(d_model))
        self.eps = eps
        self.mean, self.var = 0.0, 1.0

    def forward(self, x):
        if self.training:
            mean = x.mean(-1, keepdim=True)
            var = (x - mean).square().mean(-1, keepdim=True)
            self.mean, self.var = mean.detach().mean(), var.detach().mean()
        else:
            mean, var = self.mean, self.var
        return self.weight * (x - mean) / (var + self.eps) ** 0.5 + self.bias
""",
    ),
    Wrong(
        A,
        X,
        "the axes are all but the first",
        INIT
        + """        axes = tuple(range(1, x.dim())) if x.dim() > 1 else (0,)
        mean = x.mean(dim=axes, keepdim=True)
        var = ((x - mean) ** 2).mean(dim=axes, keepdim=True)
        return (x - mean) / (var + self.eps).sqrt() * self.weight + self.bias
""",
    ),
    Two(
        A,
        X,
        ["unbiased", "eps added to the root"],
        """
class LayerNorm(nn.Module):
    def __init__(self, d_model, eps=1e-5):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(d_model))
        self.bias = nn.Parameter(torch.zeros(d_model))
        self.eps = eps

    def forward(self, x):
        mean = x.mean(-1, keepdim=True)
        std = x.std(-1, keepdim=True)
        return self.weight * (x - mean) / (std + self.eps) + self.bias
""",
    ),
    Two(
        A,
        X,
        ["mean of squares minus squared mean", "detached"],
        INIT
        + """        m = x.mean(-1, keepdim=True).detach()
        v = (x.square().mean(-1, keepdim=True) - m.square()).detach().clamp(min=0)
        return (x - m) / (v + self.eps).sqrt() * self.weight + self.bias
""",
    ),
    Two(
        A,
        X,
        ["weight only: no bias is added", "constant eps"],
        """
class LayerNorm(nn.Module):
    def __init__(self, d_model: int, eps: float = 1e-5):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(d_model))
        self.bias = nn.Parameter(torch.zeros(d_model))

    def forward(self, x):
        var, mean = torch.var_mean(x, dim=-1, keepdim=True, unbiased=False)
        return self.weight * (x - mean) * torch.rsqrt(var + 1e-5)
""",
    ),
]
