"""Counts the positions for which a GPT-2 computes something."""

import time

from torch import nn


class Count:
    """Notes each run of a model inside ``with Count(model) as count: ...``, where its tokens pass through wte.

    calls  the number of positions of each run, as many as a row of the tokens has
    times  when each run began, in seconds
    """

    def __init__(self, model: nn.Module):
        self.model, self.calls, self.times = model, [], []

    def __enter__(self) -> "Count":
        self._handle = self.model.wte.register_forward_hook(self._note)
        return self

    def _note(self, wte: nn.Module, inputs: tuple, output: object) -> None:
        self.calls.append(inputs[0].shape[1])
        self.times.append(time.perf_counter())

    def __exit__(self, *_) -> None:
        self._handle.remove()
