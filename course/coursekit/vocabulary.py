"""Tokens and their numbers."""

from collections import Counter
from collections.abc import Iterable, Sequence


class Vocabulary:
    """Every token has an id. The special tokens come first, in the order in which they are named."""

    def __init__(self, special: Sequence[str], tokens: Iterable[str], unknown: str | None = None):
        """
        special  tokens that stand for no text, such as "[PAD]"
        tokens   the others, in any order: they are sorted
        unknown  the special token that stands for every token that is not here; None: such a token is a KeyError
        """
        self.special = tuple(special)
        self.tokens = (*self.special, *sorted(set(tokens) - set(special)))
        self._ids = {token: number for number, token in enumerate(self.tokens)}
        self._unknown = self._ids[unknown] if unknown is not None else None

    @classmethod
    def of_most_frequent(
        cls, special: Sequence[str], sentences: Iterable[Sequence[str]], size: int, unknown: str
    ) -> "Vocabulary":
        """The special tokens and the most frequent others, `size` together; ties go to the one that was met first."""
        counts = Counter(token for sentence in sentences for token in sentence)
        return cls(special, [token for token, _ in counts.most_common(size - len(special))], unknown)

    def __len__(self) -> int:
        return len(self.tokens)

    def __getitem__(self, token: str) -> int:
        """The id of a token. Raises KeyError for one that is not here, unless there is a token for the unknown."""
        if token not in self._ids and self._unknown is not None:
            return self._unknown
        return self._ids[token]

    @property
    def special_ids(self) -> list[int]:
        return list(range(len(self.special)))

    def encode(self, tokens: Iterable[str]) -> list[int]:
        return [self[token] for token in tokens]

    def decode(self, ids: Iterable[int]) -> list[str]:
        """Tokens by their ids; a tensor of ids (length,) will do."""
        return [self.tokens[int(number)] for number in ids]
