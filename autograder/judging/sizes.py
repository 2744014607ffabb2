"""Notes the sizes of all tensors that torch's functions meet while some code runs."""

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves


class Sizes(TorchFunctionMode):
    """Collects in ``sizes``, while it is entered, the lengths of tensors' dimensions, and how much they hold in all."""

    def __init__(self):
        super().__init__()
        self.sizes: set[int] = set()

    def __torch_function__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        for value in tree_leaves((args, kwargs, result)):
            if isinstance(value, torch.Tensor):
                self.sizes.update(value.shape, [value.numel()])
        return result
