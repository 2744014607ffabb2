"""Shows a figure with a slider that changes it."""

from collections.abc import Callable

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from coursekit.training import under_grading


def slider(draw: Callable[[int], Figure], name: str, first: int, last: int) -> None:
    """Show a slider over whole numbers, and below it the figure that is drawn for the chosen one.

    It needs a running notebook, and one that is not being graded. A page that was exported shows nothing, so draw some
    of the figures beside it.
    """
    if under_grading():
        return
    from ipywidgets import IntSlider, interact  # here, since it takes time and grading has no use for it

    def show(**chosen: int) -> None:
        draw(chosen[name])
        plt.show()

    interact(show, **{name: IntSlider(value=first, min=first, max=last, continuous_update=False)})
