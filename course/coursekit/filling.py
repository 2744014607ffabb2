"""Shows how a cache of keys and values fills, one call of append after the other: as a figure, and with a slider."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from coursekit.plots import COLOURS, NOTHING
from coursekit.sliders import slider

STATES = {"empty": NOTHING, "kept from before": COLOURS[0], "appended in this call": COLOURS[1]}
Appended = Sequence[tuple[int, int]]  # for each call: the layer, and how many positions it holds after the call


def cache_figure(appended: Appended, tokens: Sequence[str], calls: Sequence[int]) -> Figure:
    """Draw what each layer holds after some of the calls, side by side.

    tokens  the labels of the positions
    calls   the numbers of the calls to show, counted from 1
    """
    layers, wide = 1 + max(layer for layer, _ in appended), 0.32 * len(tokens) + 0.3
    size = (wide * len(calls) + 0.6, 0.34 * layers + 2.0)
    figure, axes = plt.subplots(1, len(calls), figsize=size, squeeze=False, sharey=True, layout="constrained")
    for axis, number in zip(axes[0], calls, strict=True):
        _draw(axis, appended[:number], tokens, layers)
        axis.set_title(f"call {number}: block {appended[number - 1][0]}", fontsize=10)
    axes[0][0].set_ylabel("block")
    handles = [Patch(facecolor=colour, edgecolor="grey", label=state) for state, colour in STATES.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(STATES), frameon=False, fontsize=9)
    return figure


def cache_slider(appended: Appended, tokens: Sequence[str]) -> None:
    """Show a slider over all calls, with the figure of the chosen one; see ``coursekit.sliders``."""
    slider(lambda call: cache_figure(appended, tokens, [call]), "call", 1, len(appended))


def _draw(axis, appended: Appended, tokens: Sequence[str], layers: int) -> None:
    held = [0] * layers
    for layer, length in appended[:-1]:
        held[layer] = length
    grid = [[int(position < held[layer]) for position in range(len(tokens))] for layer in range(layers)]
    layer, length = appended[-1]
    grid[layer][held[layer] : length] = [2] * (length - held[layer])
    axis.imshow(grid, cmap=ListedColormap(list(STATES.values())), vmin=0, vmax=2, origin="lower", aspect="auto")
    axis.set_xticks(range(len(tokens)), tokens, rotation=60, ha="right", rotation_mode="anchor", fontsize=8)
    axis.set_yticks(range(layers))
    axis.set_xticks([place - 0.5 for place in range(1, len(tokens))], minor=True)
    axis.set_yticks([place - 0.5 for place in range(1, layers)], minor=True)
    axis.grid(which="minor", color="white", linewidth=2)
    axis.tick_params(which="both", length=0)
    axis.set_xlabel("token")
