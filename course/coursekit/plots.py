"""Draws the figures of the notebooks. Everywhere rows are queries (or outputs), and columns are keys (or inputs)."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from torch import Tensor

from coursekit.reach import reached
from coursekit.training import History

# Okabe and Ito's blue on light grey: told apart with any colour vision, and in print.
NOTHING = "#eeeeee"
REACHED = ListedColormap([NOTHING, "#0072b2"])
COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#000000"]
_LINES = list(zip(COLOURS, ["-", "--", "-.", ":", "-"], strict=True))
WEIGHTS = plt.get_cmap("cividis").with_extremes(bad=NOTHING)


def attention_maps(maps: Mapping[str, Tensor], tokens: Sequence[str], keys: Sequence[str] | None = None) -> Figure:
    """Draw maps of attention weights side by side. A cell is white, with a cross, if its weight is exactly 0.

    maps    {title: (query_length, key_length) weights}, each row a distribution over the keys
    tokens  the query_length labels
    keys    the key_length labels; None: the same as tokens
    """
    rows, columns = (max(weights.shape[side] for weights in maps.values()) for side in (0, 1))
    longest = max(len(token) for token in tokens), max(len(token) for token in keys or tokens)
    cell, letter = 0.36, 0.09  # inches, so that numbers and words can be read
    least, tall = cell * columns + letter * longest[0] + 0.4, cell * rows + letter * longest[1] + 0.7
    figure, axes = _panels(len(maps), least, tall)
    for axis, (title, weights) in zip(axes, maps.items(), strict=True):
        weights = weights.detach().float()
        image = axis.imshow(weights.masked_fill(weights == 0, float("nan")).numpy(), cmap=WEIGHTS, vmin=0, vmax=1)
        axis.plot(*(weights == 0).nonzero().flip(1).T, linestyle="", marker="x", markersize=4, color="#999999")
        _label(axis, title, tokens, "key (is looked at)", "query (looks)", keys)
        for i, j in (weights >= 0.05).nonzero().tolist():
            colour = "black" if weights[i, j] > 0.5 else "white"
            axis.text(j, i, f"{weights[i, j]:.2f}", ha="center", va="center", fontsize=7, color=colour)
    figure.colorbar(image, ax=axes, label="attention weight", shrink=0.8)
    return figure


def mask_maps(maps: Mapping[str, Tensor]) -> Figure:
    """Draw masks side by side. A cell is blue if the query may attend to the key.

    maps  {title: (query_length, key_length) bool}
    """
    return _grids(maps, "key j", "query i")


def reach_maps(
    maps: Mapping[str, Tensor], tokens: Sequence[str] | None = None, inputs: Sequence[str] | None = None
) -> Figure:
    """Draw reach matrices side by side. A cell is blue if the input can change the output; titles count these pairs.

    maps    {title: (length_out, length_in)}, as ``coursekit.reach`` returns them
    tokens  the length_out labels; None: the positions' numbers
    inputs  the length_in labels; None: the same as tokens
    """
    grids = {}
    for title, matrix in maps.items():
        grids[f"{title}\n{int(reached(matrix).sum())} of {matrix.numel()} pairs"] = reached(matrix)
    return _grids(grids, "input j", "output i", tokens, inputs)


def _grids(
    maps: Mapping[str, Tensor],
    x: str,
    y: str,
    tokens: Sequence[str] | None = None,
    keys: Sequence[str] | None = None,
) -> Figure:
    figure, axes = _panels(len(maps))
    for axis, (title, matrix) in zip(axes, maps.items(), strict=True):
        axis.imshow(matrix.numpy(), cmap=REACHED, vmin=0, vmax=1)
        rows, columns = matrix.shape
        _label(axis, title, tokens or range(rows), x, y, keys or tokens or range(columns))
        axis.set(xlim=(-0.5, columns - 0.5), ylim=(rows - 0.5, -0.5))
        for edge in range(1, max(rows, columns)):
            axis.axhline(edge - 0.5, color="white", linewidth=1)
            axis.axvline(edge - 0.5, color="white", linewidth=1)
    return figure


def position_maps(table: Tensor, position: int) -> Figure:
    """Draw a table of positions, a row for each, and beside it the dot product of one of them with every position.

    table     (length, d_model)
    position  from 0 to length - 1
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    image = left.imshow(table.numpy(), cmap=WEIGHTS, vmin=-1, vmax=1, aspect="auto")
    left.set(xlabel="column", ylabel="position")
    left.set_title("the vector that is added at each position", fontsize=10)
    figure.colorbar(image, ax=left, label="value")
    right.plot((table @ table[position]).numpy(), color=COLOURS[0])
    right.axvline(position, color="grey", linestyle=":", label=f"position {position}")
    right.set(xlabel="other position", ylabel="dot product")
    right.set_title(f"dot product of position {position} with every position", fontsize=10)
    right.legend(fontsize=8)
    return figure


def loss_curves(groups: Mapping[str, Sequence[History]], smooth: int = 20, logarithmic: bool = True) -> Figure:
    """Draw losses over the training steps, with a colour for each group and a line for each run.

    There are five colours, so more than five groups are a ValueError.

    groups  {label: runs}; the legend adds the number of runs and the number of steps that they took
    smooth  each point is the mean of this many losses, its own and those before it
    """
    figure, axis = plt.subplots(figsize=(6.6, 3.6), layout="constrained")
    for (label, runs), (colour, style) in zip(groups.items(), _lines(groups), strict=True):
        steps = " to ".join(map(str, sorted({run.steps for run in runs})))
        label = f"{label} ({f'{len(runs)} runs, ' if len(runs) > 1 else ''}{steps} steps)"
        for run in runs:
            axis.plot(*_smoothed(run.losses, smooth), color=colour, linestyle=style, linewidth=1.4, label=label)
            label = None
    axis.set(xlabel="step", ylabel=f"loss in nats, mean of {smooth} steps", yscale="log" if logarithmic else "linear")
    axis.legend()
    return figure


def run_dots(
    panels: Mapping[str, Mapping[str, Sequence[float]]], xlabel: str, live: Mapping[str, float] = {}
) -> Figure:
    """Draw a row for each model and a dot for each run, so that one sees how far seeds are apart. A bar marks the mean.

    panels  {title: {label: a number for each run}}; the panels have the same labels
    live    {label: a number that was measured just now}, drawn as an orange diamond in the first panel
    """
    labels = list(dict.fromkeys(label for rows in panels.values() for label in rows))
    size = (2.2 + max(4.4, 2.6 * len(panels)), 0.34 * len(labels) + 1.3)
    figure, axes = plt.subplots(
        1, len(panels), figsize=size, sharex=True, sharey=True, squeeze=False, layout="constrained"
    )
    for axis, (title, rows) in zip(axes[0], panels.items(), strict=True):
        for height, label in enumerate(labels):
            if found := rows.get(label):
                axis.plot(found, [height] * len(found), "o", color=COLOURS[0], alpha=0.6, markeredgewidth=0)
                axis.plot(sum(found) / len(found), height, "|", color="black", markersize=14)
        if axis is axes[0][0]:
            for label, found in live.items():
                axis.plot(found, labels.index(label), "D", color=COLOURS[1], markersize=5)
        axis.set(xlabel=xlabel)
        axis.set_title(title, fontsize=10)
        axis.grid(axis="x", color=NOTHING)
    marks = {"a run": ("o", COLOURS[0]), "their mean": ("|", "black")} | (
        {"a run just now": ("D", COLOURS[1])} if live else {}
    )
    handles = [Line2D([], [], marker=marker, color=colour, linestyle="") for marker, colour in marks.values()]
    figure.legend(handles, list(marks), loc="outside lower center", ncols=len(marks), frameon=False, fontsize=8)
    axes[0][0].set_yticks(range(len(labels)), labels)
    axes[0][0].set_ylim(len(labels) - 0.5, -0.5)
    return figure


def _smoothed(losses: Sequence[float], smooth: int) -> tuple[list[int], list[float]]:
    ends = range(1, len(losses) + 1)
    return list(ends), [sum(losses[max(0, end - smooth) : end]) / min(end, smooth) for end in ends]


def _lines(groups: Mapping) -> list[tuple[str, str]]:
    """Return a colour and a line style for each group."""
    if len(groups) > len(_LINES):
        raise ValueError(f"there are {len(_LINES)} colours, and {len(groups)} groups: draw two figures")
    return _LINES[: len(groups)]


def _panels(count: int, least: float = 0.0, tall: float = 0.0):
    """Return a figure and this many panels, in a row if each can be as wide as `least`, else in several rows.

    tall  the height of a panel, if there are several rows of them
    """
    widest = 11  # inches: the whole should not have to be scrolled
    rows = -(-count // max(1, int(widest / least))) if least * count > widest else 1
    beside = -(-count // rows)
    wide = max(least, min(3.3, widest / beside))
    size = (wide * beside, tall * rows if rows > 1 else wide + 0.3)
    figure, axes = plt.subplots(rows, beside, figsize=size, squeeze=False, layout="constrained")
    for axis in axes.flat[count:]:
        axis.axis("off")
    return figure, axes.flat[:count]


def _label(axis, title: str, tokens: Sequence[object], x: str, y: str, keys: Sequence[object] | None = None) -> None:
    keys = tokens if keys is None else keys
    axis.set_title(title, fontsize=10)
    too_wide = max(len(str(token)) for token in keys) * len(keys) > 36  # letters of this size that fit side by side
    slant = {"rotation": 60, "ha": "right", "rotation_mode": "anchor"} if too_wide else {}
    axis.set_xticks(range(len(keys)), keys, **slant)
    axis.set_yticks(range(len(tokens)), tokens)
    axis.set_xlabel(x)
    axis.set_ylabel(y)
    axis.tick_params(length=0)
