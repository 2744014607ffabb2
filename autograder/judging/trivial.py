"""Makes solutions that do nothing of what an exercise asks for, to find answers that say nothing of it.

They are made from the reference solution: what stands in for it calls it, and returns something of the same form in
place of what came back. A student could not write these, for want of the form; so whoever is not better than these
has not done the exercise.
"""

import copy
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn


def stand_ins(right: Any) -> Iterable[Any]:
    """Yield what does nothing in place of a function or class.

    It returns zeros, its argument, random numbers, ones, or nothing.
    """
    for instead in (_zeros, _argument, _draws, _ones, _nothing):
        yield _class(right, instead) if isinstance(right, type) else _call(right, instead)


def _call(right: Callable, instead: Callable) -> Callable:
    def call(*arguments, **options):
        try:  # with copies, so that nothing is done to what was given: a model is not trained
            copied = _copies([*arguments, *options.values()])
            own = dict(zip(options, copied[len(arguments) :], strict=True))
            result = right(*copied[: len(arguments)], **own)
        except Exception:  # to know when to raise one is a part of doing the exercise
            result = None
        return instead(result, [*arguments, *options.values()])

    return call


def _copies(values: Any) -> Any:
    """Return copies of what a function was given. Parts that several of the values share are shared by the copies."""
    known = {id(value): value.detach().clone() for value in values if isinstance(value, Tensor) and not value.is_leaf}
    return copy.deepcopy(values, known)


def _class(right: type, instead: Callable) -> type:
    """Return a class that holds an object of the right one out of sight, without its parameters and parts."""

    class StandIn(nn.Module if issubclass(right, nn.Module) else object):
        def __init__(self, *arguments, **options):
            super().__init__()
            object.__setattr__(self, "_right", right(*arguments, **options))

        def __getattr__(self, name):
            found = getattr(object.__getattribute__(self, "_right"), name)
            return _call(found, instead) if callable(found) else instead(found, [])

        def forward(self, *arguments, **options):
            return _call(self._right, instead)(*arguments, **options)

    return StandIn


def _zeros(result: Any, given: list) -> Any:
    return _each(result, lambda tensor: torch.zeros_like(tensor))


def _ones(result: Any, given: list) -> Any:
    return _each(result, lambda tensor: torch.ones_like(tensor))


def _nothing(result: Any, given: list) -> None:
    return None


def _draws(result: Any, given: list) -> Any:
    """Draw every number anew: whole numbers evenly between those that came back, others normally."""

    def drawn(tensor: Tensor) -> Tensor:
        if tensor.is_floating_point() or not tensor.numel():
            return torch.randn_like(tensor) if tensor.is_floating_point() else tensor
        return torch.randint(int(tensor.min()), int(tensor.max()) + 1, tensor.shape).to(tensor.dtype)

    return _each(result, drawn)


def _argument(result: Any, given: list) -> Any:
    """Return the first argument that is a tensor, as often as tensors came back, or the first one of all."""
    tensors = [value for value in given if isinstance(value, Tensor)]
    return _each(result, lambda tensor: tensors[0]) if tensors else next(iter(given), None)


def _each(result: Any, change: Callable[[Tensor], Tensor]) -> Any:
    """Return a result of this form: each tensor is changed, and other values are 0 of their kind."""
    if isinstance(result, Tensor):
        return change(result)
    if isinstance(result, list | tuple):
        return [_each(item, change) for item in result]
    if isinstance(result, dict):
        return {key: _each(item, change) for key, item in result.items()}
    return type(result)() if isinstance(result, bool | int | float | str) else None
