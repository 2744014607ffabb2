"""Finds a text out once: what was found out before, here or elsewhere, is taken from where it is kept."""

from collections.abc import Callable
from typing import Protocol


class Store(Protocol):
    """Keeps texts by their names, for later and for others: a dict does, for example."""

    def get(self, name: str) -> str | None: ...

    def update(self, texts: dict[str, str]) -> None: ...


class Once:
    """Takes texts from where they are kept, and hands over those that are new.

    store  None: nothing is kept, and whoever asks twice remembers it
    """

    def __init__(self, store: Store | None):
        self._store, self._new = store, {}

    def text(self, name: str, find_out: Callable[[], str]) -> str:
        """Return the text of this name. If none is kept, it is found out."""
        if self._store is None:
            return find_out()
        text = self._new.get(name) or self._store.get(name)
        if text is None:
            text = self._new[name] = find_out()
        return text

    def hand_over(self) -> None:
        """Let what is new be kept."""
        if self._new:
            self._store.update(self._new)
            self._new = {}
