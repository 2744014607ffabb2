from heldout import Right, Two, Wrong

A, X = "02_encoder", "FeedForward"
CASES = [
    Right(
        A,
        X,
        "plain products with the weights",
        """
class FeedForward(nn.Module):
    def __init__(self, d_model, d_ff, activation=torch.relu):
        super().__init__()
        self.linear1 = nn.Linear(d_model, d_ff)
        self.linear2 = nn.Linear(d_ff, d_model)
        self.f = activation

    def forward(self, x):
        hidden = self.f(x @ self.linear1.weight.T + self.linear1.bias)
        return hidden @ self.linear2.weight.T + self.linear2.bias
""",
    ),
    Right(
        A,
        X,
        "add_module",
        """
class FeedForward(nn.Module):
    def __init__(self, d_model: int, d_ff: int, activation: Callable[[Tensor], Tensor] = torch.relu):
        super().__init__()
        self.activation = activation
        for name, (fan_in, fan_out) in {"linear1": (d_model, d_ff), "linear2": (d_ff, d_model)}.items():
            self.add_module(name, nn.Linear(in_features=fan_in, out_features=fan_out, bias=True))

    def forward(self, x: Tensor) -> Tensor:
        modules = dict(self.named_children())
        x = modules["linear1"](x)
        x = self.activation(x)
        return modules["linear2"](x)
""",
    ),
    Right(
        A,
        X,
        "a loop over steps",
        """
class FeedForward(nn.Module):
    def __init__(self, d_model: int, d_ff: int, activation: Callable[[Tensor], Tensor] = torch.relu):
        super().__init__()
        self.linear1, self.linear2 = nn.Linear(d_model, d_ff), nn.Linear(d_ff, d_model)
        self.activation = activation

    def forward(self, x: Tensor) -> Tensor:
        y = x
        for step in (self.linear1, self.activation, self.linear2):
            y = step(y)
        return y
""",
    ),
    Wrong(
        A,
        X,
        "no activation",
        """
class FeedForward(nn.Module):
    def __init__(self, d_model: int, d_ff: int, activation=torch.relu):
        super().__init__()
        self.linear1 = nn.Linear(d_model, d_ff)
        self.linear2 = nn.Linear(d_ff, d_model)
        self.activation = activation

    def forward(self, x):
        return self.linear2(self.linear1(x))
""",
    ),
    Wrong(
        A,
        X,
        "always ReLU",
        """
class FeedForward(nn.Module):
    def __init__(self, d_model: int, d_ff: int, activation=torch.relu):
        super().__init__()
        self.linear1 = nn.Linear(d_model, d_ff)
        self.linear2 = nn.Linear(d_ff, d_model)

    def forward(self, x):
        return self.linear2(F.relu(self.linear1(x)))
""",
    ),
    Wrong(
        A,
        X,
        "activation after the second layer too",
        """
class FeedForward(nn.Module):
    def __init__(self, d_model: int, d_ff: int, activation=torch.relu):
        super().__init__()
        self.linear1 = nn.Linear(d_model, d_ff)
        self.linear2 = nn.Linear(d_ff, d_model)
        self.act = activation

    def forward(self, x):
        for layer in [self.linear1, self.linear2]:
            x = self.act(layer(x))
        return x
""",
    ),
    Wrong(
        A,
        X,
        "activation after the second layer only",
        """
class FeedForward(nn.Module):
    def __init__(self, d_model: int, d_ff: int, activation=torch.relu):
        super().__init__()
        self.linear1 = nn.Linear(d_model, d_ff)
        self.linear2 = nn.Linear(d_ff, d_model)
        self.act = activation

    def forward(self, x):
        hidden = self.linear1(x)
        out = self.linear2(hidden)
        return self.act(out)
""",
    ),
    Wrong(
        A,
        X,
        "activation before the first layer",
        """
class FeedForward(nn.Module):
    def __init__(self, d_model: int, d_ff: int, activation=torch.relu):
        super().__init__()
        self.linear1 = nn.Linear(d_model, d_ff)
        self.linear2 = nn.Linear(d_ff, d_model)
        self.act = activation

    def forward(self, x):
        return self.linear2(self.linear1(self.act(x)))
""",
    ),
    Wrong(
        A,
        X,
        "no biases",
        """
class FeedForward(nn.Module):
    def __init__(self, d_model: int, d_ff: int, activation=torch.relu):
        super().__init__()
        self.linear1 = nn.Linear(d_model, d_ff, bias=False)
        self.linear2 = nn.Linear(d_ff, d_model, bias=False)
        self.activation = activation

    def forward(self, x):
        return self.linear2(self.activation(self.linear1(x)))
""",
    ),
    Wrong(
        A,
        X,
        "no bias in the second layer",
        """
class FeedForward(nn.Module):
    def __init__(self, d_model: int, d_ff: int, activation=torch.relu):
        super().__init__()
        self.linear1 = nn.Linear(d_model, d_ff)
        self.linear2 = nn.Linear(d_ff, d_model, bias=False)
        self.activation = activation

    def forward(self, x):
        return self.linear2(self.activation(self.linear1(x)))
""",
    ),
    Wrong(
        A,
        X,
        "dropout between the layers",
        """
class PositionwiseFeedForward(nn.Module):
    "Implements FFN equation."

    def __init__(self, d_model, d_ff, activation=torch.relu, dropout=0.1):
        super().__init__()
        self.linear1 = nn.Linear(d_model, d_ff)
        self.linear2 = nn.Linear(d_ff, d_model)
        self.dropout = nn.Dropout(dropout)
        self.activation = activation

    def forward(self, x):
        return self.linear2(self.dropout(self.activation(self.linear1(x))))


FeedForward = PositionwiseFeedForward
""",
    ),
    Wrong(
        A,
        X,
        "a residual is added",
        """
class FeedForward(nn.Module):
    def __init__(self, d_model: int, d_ff: int, activation=torch.relu):
        super().__init__()
        self.linear1 = nn.Linear(d_model, d_ff)
        self.linear2 = nn.Linear(d_ff, d_model)
        self.activation = activation

    def forward(self, x):
        h = self.linear1(x)
        h = self.activation(h)
        return x + self.linear2(h)
""",
    ),
    Wrong(
        A,
        X,
        "a norm at the end",
        """
class FeedForward(nn.Module):
    def __init__(self, d_model: int, d_ff: int, activation=torch.relu):
        super().__init__()
        self.linear1 = nn.Linear(d_model, d_ff)
        self.linear2 = nn.Linear(d_ff, d_model)
        self.activation = activation

    def forward(self, x):
        h = self.linear2(self.activation(self.linear1(x)))
        return (h - h.mean(-1, keepdim=True)) / (h.var(-1, keepdim=True, unbiased=False) + 1e-5).sqrt()
""",
    ),
    Wrong(
        A,
        X,
        "parts are called fc1 and fc2",
        """
class FeedForward(nn.Module):
    def __init__(self, d_model: int, d_ff: int, activation=torch.relu):
        super().__init__()
        self.fc1 = nn.Linear(d_model, d_ff)
        self.fc2 = nn.Linear(d_ff, d_model)
        self.activation = activation

    def forward(self, x):
        return self.fc2(self.activation(self.fc1(x)))
""",
    ),
    Wrong(
        A,
        X,
        "one nn.Sequential, so the names differ",
        """
class FeedForward(nn.Module):
    def __init__(self, d_model: int, d_ff: int, activation=torch.relu):
        super().__init__()
        self.activation = activation
        self.net = nn.ModuleList([nn.Linear(d_model, d_ff), nn.Linear(d_ff, d_model)])

    def forward(self, x):
        return self.net[1](self.activation(self.net[0](x)))
""",
    ),
    Wrong(
        A,
        X,
        "d_ff is ignored: always four times d_model",
        """
class FeedForward(nn.Module):
    def __init__(self, d_model: int, d_ff: int, activation=torch.relu):
        super().__init__()
        self.linear1 = nn.Linear(d_model, 4 * d_model)
        self.linear2 = nn.Linear(4 * d_model, d_model)
        self.activation = activation

    def forward(self, x):
        return self.linear2(self.activation(self.linear1(x)))
""",
    ),
    Wrong(
        A,
        X,
        "linear1 and linear2 have exchanged shapes and are applied the other way round",
        """
class FeedForward(nn.Module):
    def __init__(self, d_model: int, d_ff: int, activation=torch.relu):
        super().__init__()
        self.linear1 = nn.Linear(d_ff, d_model)
        self.linear2 = nn.Linear(d_model, d_ff)
        self.activation = activation

    def forward(self, x):
        return self.linear1(self.activation(self.linear2(x)))
""",
    ),
    Wrong(
        A,
        X,
        "the second matrix is the first one, transposed",
        """
class FeedForward(nn.Module):
    def __init__(self, d_model: int, d_ff: int, activation=torch.relu):
        super().__init__()
        self.linear1 = nn.Linear(d_model, d_ff)
        self.linear2 = nn.Linear(d_ff, d_model)
        self.linear2.weight = self.linear1.weight
        self.activation = activation

    def forward(self, x):
        h = self.activation(self.linear1(x))
        return h @ self.linear2.weight + self.linear2.bias
""",
    ),
    Wrong(
        A,
        X,
        "the default activation is GELU",
        """
class FeedForward(nn.Module):
    def __init__(self, d_model: int, d_ff: int, activation: Callable[[Tensor], Tensor] = F.gelu):
        super().__init__()
        self.linear1 = nn.Linear(d_model, d_ff)
        self.linear2 = nn.Linear(d_ff, d_model)
        self.activation = activation

    def forward(self, x: Tensor) -> Tensor:
        return self.linear2(self.activation(self.linear1(x)))
""",
    ),
    Wrong(
        A,
        X,
        "the input is flattened to two dimensions and not restored",
        """
class FeedForward(nn.Module):
    def __init__(self, d_model: int, d_ff: int, activation: Callable[[Tensor], Tensor] = torch.relu):
        super().__init__()
        self.d_model = d_model
        self.linear1 = nn.Linear(d_model, d_ff)
        self.linear2 = nn.Linear(d_ff, d_model)
        self.activation = activation

    def forward(self, x: Tensor) -> Tensor:
        x = x.reshape(-1, self.d_model)
        return self.linear2(self.activation(self.linear1(x)))
""",
    ),
    Wrong(
        A,
        X,
        "detached hidden layer",
        """
class FeedForward(nn.Module):
    def __init__(self, d_model: int, d_ff: int, activation: Callable[[Tensor], Tensor] = torch.relu):
        super().__init__()
        self.linear1 = nn.Linear(d_model, d_ff)
        self.linear2 = nn.Linear(d_ff, d_model)
        self.activation = activation

    def forward(self, x: Tensor) -> Tensor:
        self.hidden = self.activation(self.linear1(x)).detach()
        return self.linear2(self.hidden)
""",
    ),
    Two(
        A,
        X,
        ["always ReLU", "dropout inside"],
        """
class FeedForward(nn.Module):
    def __init__(self, d_model: int, d_ff: int, activation: Callable[[Tensor], Tensor] = torch.relu):
        super().__init__()
        self.linear1 = nn.Linear(d_model, d_ff)
        self.linear2 = nn.Linear(d_ff, d_model)
        self.dropout = nn.Dropout(0.1)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear2(self.dropout(torch.relu(self.linear1(x))))
""",
    ),
    Two(
        A,
        X,
        ["residual", "no biases"],
        """
class FeedForward(nn.Module):
    def __init__(self, d_model: int, d_ff: int, activation: Callable[[Tensor], Tensor] = torch.relu):
        super().__init__()
        self.linear1 = nn.Linear(d_model, d_ff, bias=False)
        self.linear2 = nn.Linear(d_ff, d_model, bias=False)
        self.activation = activation

    def forward(self, x: Tensor) -> Tensor:
        return x + self.linear2(self.activation(self.linear1(x)))
""",
    ),
    Two(
        A,
        X,
        ["activation at the end too", "d_ff ignored"],
        """
class FeedForward(nn.Module):
    def __init__(self, d_model: int, d_ff: int, activation: Callable[[Tensor], Tensor] = torch.relu):
        super().__init__()
        self.linear1 = nn.Linear(d_model, d_model * 4)
        self.linear2 = nn.Linear(d_model * 4, d_model)
        self.activation = activation

    def forward(self, x: Tensor) -> Tensor:
        return self.activation(self.linear2(self.activation(self.linear1(x))))
""",
    ),
]
