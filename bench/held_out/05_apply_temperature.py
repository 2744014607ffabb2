from heldout import Right, Two, Wrong

A, X = "05_generation", "apply_temperature"
CASES = [
    Right(
        A,
        X,
        "multiplied by the inverse",
        """
def apply_temperature(logits, temperature):
    if temperature > 0:
        return logits * (1.0 / temperature)
    raise ValueError("temperature must be positive")
""",
    ),
    Right(
        A,
        X,
        "torch.div",
        """
def apply_temperature(logits: Tensor, temperature: float) -> Tensor:
    if not temperature > 0:
        raise ValueError(temperature)
    return torch.div(logits, temperature)
""",
    ),
    Right(
        A,
        X,
        "divides a clone",
        """
def apply_temperature(logits: Tensor, temperature: float) -> Tensor:
    if temperature <= 0.0:
        raise ValueError(f"temperature is {temperature}")
    cooler = logits.clone()
    cooler /= temperature
    return cooler
""",
    ),
    *(
        Wrong(A, X, what, f"def apply_temperature(logits, temperature):\n{body}")
        for what, body in [
            ("multiplied", "    if temperature <= 0:\n        raise ValueError\n    return logits * temperature\n"),
            (
                "in place",
                "    if temperature <= 0:\n        raise ValueError\n    logits /= temperature\n    return logits\n",
            ),
            (
                "a softmax",
                "    if temperature <= 0:\n        raise ValueError\n    return (logits / temperature).softmax(dim=-1)\n",
            ),
            (
                "log_softmax",
                "    if temperature <= 0:\n        raise ValueError\n    return (logits / temperature).log_softmax(dim=-1)\n",
            ),
            ("no ValueError", "    return logits / temperature\n"),
            (
                "negative temperatures are allowed",
                "    if temperature == 0:\n        raise ValueError\n    return logits / temperature\n",
            ),
            (
                "0 is allowed and gives the logits",
                "    if temperature < 0:\n        raise ValueError\n    return logits / temperature if temperature else logits\n",
            ),
            ("assert", "    assert temperature > 0\n    return logits / temperature\n"),
            (
                "ZeroDivisionError",
                "    if temperature <= 0:\n        raise ZeroDivisionError('temperature')\n    return logits / temperature\n",
            ),
            ("0 becomes a small number", "    temperature = max(temperature, 1e-8)\n    return logits / temperature\n"),
            (
                "temperatures above 1 are refused",
                "    if not 0 < temperature <= 1:\n        raise ValueError\n    return logits / temperature\n",
            ),
            (
                "float32",
                "    if temperature <= 0:\n        raise ValueError\n    return logits.float() / temperature\n",
            ),
            (
                "integer division",
                "    if temperature <= 0:\n        raise ValueError\n    return logits // temperature\n",
            ),
            (
                "the largest logit is subtracted",
                "    if temperature <= 0:\n        raise ValueError\n    logits = logits / temperature\n    return logits - logits.max(dim=-1, keepdim=True).values\n",
            ),
            (
                "divided by the root",
                "    if temperature <= 0:\n        raise ValueError\n    return logits / temperature**0.5\n",
            ),
        ]
    ),
    Two(
        A,
        X,
        ["multiplied", "no ValueError"],
        """
def apply_temperature(logits, temperature):
    return logits * temperature
""",
    ),
    Two(
        A,
        X,
        ["in place", "a softmax"],
        """
def apply_temperature(logits, temperature):
    if temperature <= 0:
        raise ValueError
    logits.div_(temperature)
    return logits.softmax(-1)
""",
    ),
    Two(
        A,
        X,
        ["0 is allowed", "float32"],
        """
def apply_temperature(logits, temperature):
    if temperature < 0:
        raise ValueError
    return logits.float() / (temperature or 1.0)
""",
    ),
]
