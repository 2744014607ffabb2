"""Lets torch use one thread, as it does in kernels."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch use one thread inside, so that sums are added up in the same order as in kernels.

    For many small sums it is quicker, too, and where several workers share the processors by far: the threads of one
    would wait for those of another.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
