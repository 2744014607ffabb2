"""Makes parallel text that needs no download: numbers in words, in two languages.

    21  ->  twenty one  ->  ein und zwanzig

The words come from num2words. A number word is cut into pieces: English and French at spaces and hyphens, German at
its morphemes, since "einundzwanzig" is one word of three.
"""

import random
import re
from functools import lru_cache
from typing import NamedTuple

from num2words import num2words
from torch import Tensor

from coursekit.padding import pad
from coursekit.vocabulary import Vocabulary

LANGUAGES = {"en": "English", "de": "German", "fr": "French"}
PAD, BOS, EOS = SPECIAL = ("[PAD]", "[BOS]", "[EOS]")
LIMIT = 100_000  # the smallest number that is not used
HELD_OUT = 5_000  # numbers for validation, and as many for testing
ALL_PIECES = [*range(102), 200, 1000]  # in these numbers every piece of the numbers below LIMIT occurs


class Sentences(NamedTuple):
    """Holds a batch of numbers in two languages."""

    source: Tensor  # (batch, source_length) int64, padded
    target: Tensor  # (batch, target_length) int64, each with EOS at its end, padded


class NumberWords:
    """Provides English number words and their translations, from 0 to 99,999.

    train, validation, test  lists of the numbers to train, validate and test on: no number is in two of them
    source, target           the vocabularies; the special tokens have the same ids in both
    """

    def __init__(self, language: str, seed: int = 0, limit: int = LIMIT):
        """Split the numbers, and make the vocabularies.

        language  "de" or "fr"; any other raises ValueError
        seed      the seed of the split into training, validation and test
        limit     the smallest number that is not used; a tenth of the numbers, and at most 5,000, are held out for
                  validation, and as many for testing
        """
        if language not in LANGUAGES or language == "en":
            raise ValueError(f"there is no translation into {language!r}: choose 'de' or 'fr'")
        self.language = language
        numbers = list(range(limit))
        random.Random(seed).shuffle(numbers)
        held_out = min(HELD_OUT, limit // 10)
        self.test, self.validation, self.train = (
            numbers[:held_out],
            numbers[held_out : 2 * held_out],
            numbers[2 * held_out :],
        )
        self.source, self.target = (
            Vocabulary(SPECIAL, [piece for number in ALL_PIECES for piece in pieces(number, each)])
            for each in ("en", language)
        )
        self.pad_id, self.bos_id, self.eos_id = self.source.encode(SPECIAL)

    def batch(self, numbers: list[int]) -> Sentences:
        """Return these numbers as token ids in both languages."""
        sources = [self.source.encode(pieces(number, "en")) for number in numbers]
        targets = [[*self.target.encode(pieces(number, self.language)), self.eos_id] for number in numbers]
        return Sentences(pad(sources, self.pad_id), pad(targets, self.pad_id))

    def read(self, ids: Tensor) -> str:
        """Return the pieces of a translation up to its EOS, if it has one, joined by spaces. The ids are (length,)."""
        tokens = self.target.decode(ids)
        return " ".join(tokens[: tokens.index(EOS)] if EOS in tokens else tokens)


@lru_cache(maxsize=200_000)
def pieces(number: int, language: str) -> tuple[str, ...]:
    """Return the word or words of a number, cut into pieces.

    Raises ValueError if the known pieces do not make up the whole of it.

    >>> pieces(21, "de")
    ('ein', 'und', 'zwanzig')
    """
    words = num2words(number, lang=language)
    found = tuple(_german().findall(words) if language == "de" else re.findall(r"\w+", words))
    if sum(map(len, found)) != len(re.sub(r"\W", "", words)):
        raise ValueError(f"{words!r} cannot be cut into known pieces")
    return found


@lru_cache
def _german() -> re.Pattern:
    """Return a pattern that finds the morphemes of German number words, the longest first: "siebzehn" before "sieb"."""
    simple = [num2words(number, lang="de") for number in [*range(20), *range(20, 100, 10)]]
    return re.compile("|".join(sorted([*simple, "ein", "und", "hundert", "tausend"], key=len, reverse=True)))
