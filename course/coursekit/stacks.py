"""Draws stacks of parts, and how one differs from the next."""

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from coursekit.plots import COLOURS, NOTHING


def stack_pictures(stacks: Mapping[str, Sequence[str]]) -> Figure:
    """Draw stacks of parts side by side, each changed a little from the one on its left.

    Data enter a stack at the bottom, and leave it at the top.

    stacks  {title: names of the parts, from the bottom up}

    A part that the next stack lacks has a dashed orange frame; a part that the stack before lacked is blue.
    """
    parts = list(stacks.values())
    kept = [  # the parts that each stack has in common with the next one
        SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks()
        for before, after in zip(parts, parts[1:], strict=False)
    ]
    size = (2.0 * len(stacks), 0.36 * max(map(len, parts)) + 0.9)
    figure, axes = plt.subplots(1, len(stacks), figsize=size, squeeze=False, layout="constrained")
    for number, (axis, (title, names)) in enumerate(zip(axes[0], stacks.items(), strict=True)):
        stay = old = set(range(len(names)))
        if number < len(kept):
            stay = {block.a + i for block in kept[number] for i in range(block.size)}
        if number:
            old = {block.b + i for block in kept[number - 1] for i in range(block.size)}
        for height, name in enumerate(names):
            goes, new = height not in stay, height not in old
            axis.barh(
                height,
                1,
                height=0.76,
                color=COLOURS[0] if new else NOTHING,
                edgecolor=COLOURS[1] if goes else "grey",
                linestyle="--" if goes else "-",
                linewidth=2 if goes else 0.6,
            )
            axis.text(0.5, height, name, ha="center", va="center", fontsize=8, color="white" if new else "black")
        axis.set(xlim=(-0.03, 1.03), ylim=(-0.6, max(map(len, parts)) - 0.4))
        axis.set_title(title, fontsize=9)
        axis.axis("off")
    return figure
