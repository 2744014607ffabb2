from heldout import Right, Two, Wrong

A, X = "02_encoder", "train_step"
CASES = [
    Right(
        A,
        X,
        "clips by hand",
        """
def train_step(model, loss_function, optimizer, batch):
    model.train()
    for parameter in model.parameters():
        parameter.grad = None
    loss = loss_function(model, batch)
    loss.backward()
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    norm = torch.cat([g.flatten() for g in gradients]).norm()
    if norm > 1:
        for g in gradients:
            g /= norm
    optimizer.step()
    return float(loss)
""",
    ),
    Right(
        A,
        X,
        "the groups of the optimizer",
        """
def train_step(model, loss_function, optimizer, batch) -> float:
    model.train(True)
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    optimizer.zero_grad(set_to_none=True)
    loss = loss_function(model, batch)
    before = loss.detach().item()
    torch.autograd.backward(loss)
    nn.utils.clip_grad_norm_(parameters, 1)
    optimizer.step()
    return before
""",
    ),
    Right(
        A,
        X,
        "a closure",
        """
def train_step(model: nn.Module, loss_function: Callable, optimizer: torch.optim.Optimizer, batch: object) -> float:
    def closure():
        model.zero_grad()
        optimizer.zero_grad()
        loss = loss_function(model, batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0, norm_type=2.0)
        return loss

    model.train()
    return optimizer.step(closure).item()
""",
    ),
    Wrong(
        A,
        X,
        "the old gradients stay",
        """
def train_step(model, loss_function, optimizer, batch):
    model.train()
    loss = loss_function(model, batch)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return loss.item()
""",
    ),
    Wrong(
        A,
        X,
        "gradients are cleared after the step only",
        """
def train_step(model, loss_function, optimizer, batch):
    model.train()
    loss = loss_function(model, batch)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad()
    return float(loss.detach())
""",
    ),
    Wrong(
        A,
        X,
        "gradients are cleared between backward and step",
        """
def train_step(model, loss_function, optimizer, batch):
    model.train()
    loss = loss_function(model, batch)
    loss.backward()
    optimizer.zero_grad()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return loss.item()
""",
    ),
    Wrong(
        A,
        X,
        "no training mode",
        """
def train_step(model, loss_function, optimizer, batch):
    optimizer.zero_grad()
    loss = loss_function(model, batch)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return loss.item()
""",
    ),
    Wrong(
        A,
        X,
        "training mode after the loss",
        """
def train_step(model, loss_function, optimizer, batch):
    optimizer.zero_grad()
    loss = loss_function(model, batch)
    model.train()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return loss.item()
""",
    ),
    Wrong(
        A,
        X,
        "only the model itself, not its parts, is put into training mode",
        """
def train_step(model, loss_function, optimizer, batch):
    model.training = True
    optimizer.zero_grad()
    loss = loss_function(model, batch)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return loss.item()
""",
    ),
    Wrong(
        A,
        X,
        "training mode only if the model is not in it already (parts are missed)",
        """
def train_step(model, loss_function, optimizer, batch):
    if not model.training:
        model.train()
    optimizer.zero_grad()
    loss = loss_function(model, batch)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return loss.item()
""",
    ),
    Wrong(
        A,
        X,
        "no clipping",
        """
def train_step(model, loss_function, optimizer, batch):
    model.train()
    optimizer.zero_grad()
    loss = loss_function(model, batch)
    loss.backward()
    optimizer.step()
    return loss.item()
""",
    ),
    Wrong(
        A,
        X,
        "clips before backward",
        """
def train_step(model, loss_function, optimizer, batch):
    model.train()
    optimizer.zero_grad()
    loss = loss_function(model, batch)
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    loss.backward()
    optimizer.step()
    return loss.item()
""",
    ),
    Wrong(
        A,
        X,
        "clips after the step",
        """
def train_step(model, loss_function, optimizer, batch):
    model.train()
    optimizer.zero_grad()
    loss = loss_function(model, batch)
    loss.backward()
    optimizer.step()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    return loss.item()
""",
    ),
    Wrong(
        A,
        X,
        "clips each number",
        """
def train_step(model, loss_function, optimizer, batch):
    model.train()
    optimizer.zero_grad()
    loss = loss_function(model, batch)
    loss.backward()
    nn.utils.clip_grad_value_(model.parameters(), 1.0)
    optimizer.step()
    return loss.item()
""",
    ),
    Wrong(
        A,
        X,
        "clips each parameter by itself",
        """
def train_step(model, loss_function, optimizer, batch):
    model.train()
    optimizer.zero_grad()
    loss = loss_function(model, batch)
    loss.backward()
    for p in model.parameters():
        nn.utils.clip_grad_norm_(p, 1.0)
    optimizer.step()
    return loss.item()
""",
    ),
    Wrong(
        A,
        X,
        "clips each group of the optimizer by itself",
        """
def train_step(model, loss_function, optimizer, batch):
    model.train()
    optimizer.zero_grad()
    loss = loss_function(model, batch)
    loss.backward()
    for group in optimizer.param_groups:
        nn.utils.clip_grad_norm_(group["params"], max_norm=1.0)
    optimizer.step()
    return loss.item()
""",
    ),
    Wrong(
        A,
        X,
        "clips the first group only",
        """
def train_step(model, loss_function, optimizer, batch):
    model.train()
    optimizer.zero_grad()
    loss = loss_function(model, batch)
    loss.backward()
    nn.utils.clip_grad_norm_(optimizer.param_groups[0]["params"], max_norm=1.0)
    optimizer.step()
    return loss.item()
""",
    ),
    Wrong(
        A,
        X,
        "always normalises to length 1",
        """
def train_step(model, loss_function, optimizer, batch):
    model.train()
    optimizer.zero_grad()
    loss = loss_function(model, batch)
    loss.backward()
    used = [p for p in model.parameters() if p.grad is not None]
    length = torch.sqrt(sum(p.grad.square().sum() for p in used))
    for p in used:
        p.grad = p.grad / length
    optimizer.step()
    return loss.item()
""",
    ),
    Wrong(
        A,
        X,
        "clips by the largest number (infinity norm)",
        """
def train_step(model, loss_function, optimizer, batch):
    model.train()
    optimizer.zero_grad()
    loss = loss_function(model, batch)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0, norm_type=float("inf"))
    optimizer.step()
    return loss.item()
""",
    ),
    Wrong(
        A,
        X,
        "clips by the sum of absolute values",
        """
def train_step(model, loss_function, optimizer, batch):
    model.train()
    optimizer.zero_grad()
    loss = loss_function(model, batch)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0, 1)
    optimizer.step()
    return loss.item()
""",
    ),
    Wrong(
        A,
        X,
        "the length without the root",
        """
def train_step(model, loss_function, optimizer, batch):
    model.train()
    optimizer.zero_grad()
    loss = loss_function(model, batch)
    loss.backward()
    total = 0.0
    for p in model.parameters():
        if p.grad is not None:
            total += (p.grad**2).sum().item()
    if total > 1:
        for p in model.parameters():
            if p.grad is not None:
                p.grad.mul_(1 / total)
    optimizer.step()
    return loss.item()
""",
    ),
    Wrong(
        A,
        X,
        "the step is not taken",
        """
def train_step(model, loss_function, optimizer, batch):
    model.train()
    optimizer.zero_grad()
    loss = loss_function(model, batch)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    return loss.item()
""",
    ),
    Wrong(
        A,
        X,
        "two steps",
        """
def train_step(model, loss_function, optimizer, batch):
    model.train()
    for _ in range(2):
        optimizer.zero_grad()
        loss = loss_function(model, batch)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return loss.item()
""",
    ),
    Wrong(
        A,
        X,
        "returns a tensor",
        """
def train_step(model, loss_function, optimizer, batch):
    model.train()
    optimizer.zero_grad()
    loss = loss_function(model, batch)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return loss.detach()
""",
    ),
    Wrong(
        A,
        X,
        "returns nothing",
        """
def train_step(model, loss_function, optimizer, batch):
    model.train()
    optimizer.zero_grad()
    loss = loss_function(model, batch)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
""",
    ),
    Wrong(
        A,
        X,
        "returns the loss after the step",
        """
def train_step(model, loss_function, optimizer, batch):
    model.train()
    optimizer.zero_grad()
    loss = loss_function(model, batch)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    with torch.no_grad():
        return loss_function(model, batch).item()
""",
    ),
    Wrong(
        A,
        X,
        "returns the length of the gradient",
        """
def train_step(model, loss_function, optimizer, batch):
    model.train()
    optimizer.zero_grad()
    loss = loss_function(model, batch)
    loss.backward()
    loss = nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return loss.item()
""",
    ),
    Wrong(
        A,
        X,
        "clips to 0.1",
        """
def train_step(model, loss_function, optimizer, batch):
    model.train()
    optimizer.zero_grad()
    loss = loss_function(model, batch)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), max_norm=0.1)
    optimizer.step()
    return loss.item()
""",
    ),
    Wrong(
        A,
        X,
        "a parameter without gradient raises",
        """
def train_step(model, loss_function, optimizer, batch):
    model.train()
    optimizer.zero_grad()
    loss = loss_function(model, batch)
    loss.backward()
    norm = torch.cat([p.grad.flatten() for p in model.parameters()]).norm()
    if norm > 1:
        for p in model.parameters():
            p.grad /= norm
    optimizer.step()
    return loss.item()
""",
    ),
    Wrong(
        A,
        X,
        "an unused parameter gets a gradient of 0 and decays",
        """
def train_step(model, loss_function, optimizer, batch):
    model.train()
    for p in model.parameters():
        p.grad = torch.zeros_like(p)
    loss = loss_function(model, batch)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return loss.item()
""",
    ),
    Wrong(
        A,
        X,
        "loss_function gets the model's output",
        """
def train_step(model, loss_function, optimizer, batch):
    model.train()
    optimizer.zero_grad()
    inputs, targets = batch
    loss = loss_function(model(inputs), targets)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return loss.item()
""",
    ),
    Wrong(
        A,
        X,
        "clips to 5",
        """
def train_step(model, loss_function, optimizer, batch):
    model.train()
    optimizer.zero_grad()
    loss = loss_function(model, batch)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 5.0)
    optimizer.step()
    return loss.item()
""",
    ),
    Two(
        A,
        X,
        ["no training mode", "no clipping"],
        """
def train_step(model, loss_function, optimizer, batch):
    optimizer.zero_grad()
    loss = loss_function(model, batch)
    loss.backward()
    optimizer.step()
    return loss.item()
""",
    ),
    Two(
        A,
        X,
        ["the old gradients stay", "returns a tensor"],
        """
def train_step(model, loss_function, optimizer, batch):
    model.train()
    loss = loss_function(model, batch)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=1)
    optimizer.step()
    return loss
""",
    ),
    Two(
        A,
        X,
        ["clips each parameter", "the length is always 1"],
        """
def train_step(model, loss_function, optimizer, batch):
    model.train()
    optimizer.zero_grad()
    loss = loss_function(model, batch)
    loss.backward()
    for p in model.parameters():
        if p.grad is not None:
            p.grad = F.normalize(p.grad.flatten(), dim=0).view_as(p)
    optimizer.step()
    return loss.item()
""",
    ),
]
