"""Maps tokens to their ids and back."""

from collections import Counter
from collections.abc import Iterable, Sequence


class Vocabulary:
    """Gives every token an id. The special tokens come first, in the order in which they are named."""

    def __init__(self, special: Sequence[str], tokens: Iterable[str], unknown: str | None = None):
        """Give ids to the special tokens and to the others.

        special  tokens that represent no text, such as "[PAD]"
        tokens   the other tokens, in any order: they are sorted
        unknown  the special token whose id every unknown token gets; None: an unknown token is a KeyError
        """
        self.special = tuple(special)
        self.tokens = (*self.special, *sorted(set(tokens) - set(special)))
        self._ids = {token: number for number, token in enumerate(self.tokens)}
        self._unknown = self._ids[unknown] if unknown is not None else None

    @classmethod
    def of_most_frequent(
        cls, special: Sequence[str], sentences: Iterable[Sequence[str]], size: int, unknown: str
    ) -> "Vocabulary":
        """Make a vocabulary of the special tokens and the most frequent others, `size` tokens in all.

        Of two tokens that are equally frequent, the one that was met first goes first.
        """
        counts = Counter(token for sentence in sentences for token in sentence if token not in special)
        return cls(special, [token for token, _ in counts.most_common(size - len(special))], unknown)

    def __len__(self) -> int:
        return len(self.tokens)

    def __getitem__(self, token: str) -> int:
        """Return the id of a token. For an unknown token return that of ``unknown``; without one, raise KeyError."""
        if token not in self._ids and self._unknown is not None:
            return self._unknown
        return self._ids[token]

    @property
    def special_ids(self) -> list[int]:
        return list(range(len(self.special)))

    def encode(self, tokens: Iterable[str]) -> list[int]:
        return [self[token] for token in tokens]

    def decode(self, ids: Iterable[int]) -> list[str]:
        """Return the tokens of these ids, which may be a tensor of shape (length,)."""
        return [self.tokens[int(number)] for number in ids]
