"""Measures the reach matrix, which tells which inputs can change which outputs."""

from collections.abc import Callable

import torch
from torch import Tensor


def reach(layer: Callable[[Tensor], Tensor], inputs: Tensor, seed: int = 0) -> Tensor:
    """Measure how strongly each output position depends on each input position.

    layer   maps (1, length_in, d_in) to (1, length_out, d_out), in float64 (``module.double()``)
    inputs  (length_in, d_in)

    Returns (length_out, length_in), float64. Entry [i, j] is the length of the gradient, in input j, of a random
    projection of output i. Where it is 0, nothing at input j can change output i. Raises TypeError if the outputs are
    not in float64.

    The projection is random because the plain sum would not do: after a LayerNorm the sum over a position's numbers
    is constant, and its gradient is rounding noise.
    """
    generator = torch.Generator().manual_seed(seed)
    x = inputs.detach().double().unsqueeze(0).requires_grad_()  # (1, length_in, d_in)
    (outputs,) = layer(x)  # (length_out, d_out)
    if outputs.dtype != torch.float64:
        raise TypeError(f"reach needs a layer in float64, and this one returns {outputs.dtype}: call .double() on it")
    directions = torch.randn(outputs.shape, generator=generator, dtype=torch.float64)
    rows = []
    for output, direction in zip(outputs, directions, strict=True):
        (gradient,) = torch.autograd.grad(output @ direction, x, retain_graph=True)  # (1, length_in, d_in)
        rows.append(gradient[0].norm(dim=-1))  # (length_in,)
    return torch.stack(rows)


def reached(matrix: Tensor) -> Tensor:
    """Return whether each output is reached by each input, given a reach matrix: bool, of the same shape.

    Entries up to 1e-12 of the largest count as rounding noise, since float64 has 16 digits.
    """
    return matrix > 1e-12 * matrix.max()
