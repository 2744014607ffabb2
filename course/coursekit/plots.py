"""Pictures. Rows are queries (or outputs), columns are keys (or inputs), everywhere."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from torch import Tensor

# Okabe and Ito's blue on light grey: told apart with any colour vision, and in print.
REACHED = ListedColormap(["#eeeeee", "#0072b2"])
NO_REACH = 1e-12  # share of the largest entry below which a gradient is rounding noise


def attention_maps(maps: Mapping[str, Tensor], tokens: Sequence[str]) -> Figure:
    """Attention weights side by side, a map a title.

    maps    {title: (length, length) weights}, each row a distribution over the keys
    tokens  the length labels
    """
    figure, axes = _panels(len(maps))
    for axis, (title, weights) in zip(axes, maps.items(), strict=True):
        image = axis.imshow(weights.detach().float(), cmap="cividis", vmin=0, vmax=1)
        _label(axis, title, tokens, "key: is looked at", "query: looks")
        for i, j in weights.nonzero().tolist():
            weight = float(weights[i, j])
            axis.text(j, i, f"{weight:.1f}", ha="center", va="center", fontsize=7, color="black" if weight > 0.5 else "white")
    figure.colorbar(image, ax=axes, label="attention weight", shrink=0.8)
    return figure


def reach_maps(maps: Mapping[str, Tensor], tokens: Sequence[str]) -> Figure:
    """Reach matrices side by side: blue where an input can change an output.

    maps    {title: (length_out, length_in)}, as ``coursekit.reach`` returns them; a title gets its count of pairs
    tokens  the length labels
    """
    figure, axes = _panels(len(maps))
    for axis, (title, matrix) in zip(axes, maps.items(), strict=True):
        reached = matrix > NO_REACH * matrix.max()
        axis.imshow(reached, cmap=REACHED, vmin=0, vmax=1)
        _label(axis, f"{title}\n{int(reached.sum())} of {reached.numel()} pairs", tokens, "input j", "output i")
        for edge in range(1, len(tokens)):
            axis.axhline(edge - 0.5, color="white", linewidth=1)
            axis.axvline(edge - 0.5, color="white", linewidth=1)
    return figure


def _panels(count: int):
    figure, axes = plt.subplots(1, count, figsize=(3.3 * count, 3.6), squeeze=False, layout="constrained")
    return figure, axes[0]


def _label(axis, title: str, tokens: Sequence[str], x: str, y: str) -> None:
    axis.set_title(title, fontsize=10)
    axis.set_xticks(range(len(tokens)), tokens, rotation=60, ha="right", rotation_mode="anchor")
    axis.set_yticks(range(len(tokens)), tokens)
    axis.set_xlabel(x)
    axis.set_ylabel(y)
    axis.tick_params(length=0)
