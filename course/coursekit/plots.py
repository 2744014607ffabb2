"""Pictures. Rows are queries (or outputs), columns are keys (or inputs), everywhere."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from torch import Tensor

from coursekit.reach import reached

# Okabe and Ito's blue on light grey: told apart with any colour vision, and in print.
NOTHING = "#eeeeee"
REACHED = ListedColormap([NOTHING, "#0072b2"])
WEIGHTS = plt.get_cmap("cividis").with_extremes(bad=NOTHING)


def attention_maps(maps: Mapping[str, Tensor], tokens: Sequence[str]) -> Figure:
    """Attention weights side by side, a map a title; grey where a weight is exactly 0.

    maps    {title: (length, length) weights}, each row a distribution over the keys
    tokens  the length labels
    """
    figure, axes = _panels(len(maps))
    for axis, (title, weights) in zip(axes, maps.items(), strict=True):
        weights = weights.detach().float()
        image = axis.imshow(weights.masked_fill(weights == 0, float("nan")).numpy(), cmap=WEIGHTS, vmin=0, vmax=1)
        _label(axis, title, tokens, "key (is looked at)", "query (looks)")
        for i, j in (weights >= 0.05).nonzero().tolist():
            colour = "black" if weights[i, j] > 0.5 else "white"
            axis.text(j, i, f"{weights[i, j]:.2f}", ha="center", va="center", fontsize=7, color=colour)
    figure.colorbar(image, ax=axes, label="attention weight", shrink=0.8)
    return figure


def mask_maps(maps: Mapping[str, Tensor]) -> Figure:
    """Masks side by side: blue where a query may attend to a key.

    maps  {title: (query_length, key_length) bool}
    """
    return _grids(maps, "key j", "query i")


def reach_maps(maps: Mapping[str, Tensor], tokens: Sequence[str] | None = None) -> Figure:
    """Reach matrices side by side: blue where an input can change an output. A title gets its count of pairs.

    maps    {title: (length_out, length_in)}, as ``coursekit.reach`` returns them
    tokens  the length labels; None: the positions' numbers
    """
    grids = {}
    for title, matrix in maps.items():
        grids[f"{title}\n{int(reached(matrix).sum())} of {matrix.numel()} pairs"] = reached(matrix)
    return _grids(grids, "input j", "output i", tokens)


def _grids(maps: Mapping[str, Tensor], x: str, y: str, tokens: Sequence[str] | None = None) -> Figure:
    figure, axes = _panels(len(maps))
    for axis, (title, matrix) in zip(axes, maps.items(), strict=True):
        axis.imshow(matrix.numpy(), cmap=REACHED, vmin=0, vmax=1)
        rows, columns = matrix.shape
        _label(axis, title, tokens or range(max(rows, columns)), x, y)
        axis.set(xlim=(-0.5, columns - 0.5), ylim=(rows - 0.5, -0.5))
        for edge in range(1, max(rows, columns)):
            axis.axhline(edge - 0.5, color="white", linewidth=1)
            axis.axvline(edge - 0.5, color="white", linewidth=1)
    return figure


def _panels(count: int):
    figure, axes = plt.subplots(1, count, figsize=(3.3 * count, 3.6), squeeze=False, layout="constrained")
    return figure, axes[0]


def _label(axis, title: str, tokens: Sequence[object], x: str, y: str) -> None:
    axis.set_title(title, fontsize=10)
    slant = {"rotation": 60, "ha": "right", "rotation_mode": "anchor"} if max(len(str(t)) for t in tokens) > 2 else {}
    axis.set_xticks(range(len(tokens)), tokens, **slant)
    axis.set_yticks(range(len(tokens)), tokens)
    axis.set_xlabel(x)
    axis.set_ylabel(y)
    axis.tick_params(length=0)
