"""Makes several mistakes in one solution, even if they were written as replacements of the same text."""

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from difflib import SequenceMatcher
from itertools import accumulate

from autograder.authoring.mistakes import Mistake

TOKEN = re.compile(r"\w+|\n *| +|.")
Edit = tuple[int, int, str]  # what stands from here to there, and what is to stand there instead


class CannotCombine(Exception):
    """Two mistakes change the same piece of a solution, so that no solution can contain both."""


def combined(text: str, made: Sequence[Mistake], also_right: Iterable[tuple[str, str]] = ()) -> str:
    """Return a solution with these mistakes made in it.

    They are made one after the other; if one removes the text that another one replaces, in the other order; if that
    does not help, the words in which each of them differs from the solution are changed together. At last, a text of
    the solution is written in another right way, and what replaces it is compared with this one.

    also_right  texts of the solution, and another right way to write each

    Raises CannotCombine if two of them are whole solutions, or change the same words, or if no Python comes of it.
    """
    whole = [mistake for mistake in made if mistake.solution]
    if len(whole) > 1:
        raise CannotCombine(whole[1].name)
    text = whole[0].solution if whole else text
    pieces = [mistake for mistake in made if not mistake.solution]
    for order in (pieces, pieces[::-1]):
        try:
            return _one_after_the_other(text, order)
        except CannotCombine:
            continue
    with suppress(CannotCombine):
        return _together(text, pieces)
    for old, new in also_right:
        if text.count(old) == 1:
            with suppress(CannotCombine):
                others = [replace(one, replace=new) if one.replace == old else one for one in pieces]
                return _together(text.replace(old, new), others)
    raise CannotCombine(pieces[-1].name)


def _one_after_the_other(text: str, pieces: Iterable[Mistake]) -> str:
    for mistake in pieces:
        if text.count(mistake.replace) != 1:
            raise CannotCombine(mistake.name)
        text = text.replace(mistake.replace, mistake.by)
    return text


def _together(text: str, pieces: Sequence[Mistake]) -> str:
    edits = {edit: mistake.name for mistake in pieces for edit in _edits(text, mistake)}
    found, at, empty = [], 0, False
    for start, end, instead in sorted(edits):
        if start < at or empty and start == end == at:  # of two texts that are put in, either could come first
            raise CannotCombine(edits[start, end, instead])
        found += [text[at:start], instead]
        at, empty = end, start == end
    merged = "".join([*found, text[at:]])
    try:
        ast.parse(merged)
    except SyntaxError:
        raise CannotCombine(pieces[-1].name) from None
    return merged


def _edits(text: str, mistake: Mistake) -> Iterator[Edit]:
    """Yield the words that a mistake changes, and nothing of what stays the same in the text that it replaces."""
    if text.count(mistake.replace) != 1:
        raise CannotCombine(mistake.name)
    old, new = TOKEN.findall(mistake.replace), TOKEN.findall(mistake.by)
    places = [*accumulate(map(len, old), initial=text.index(mistake.replace))]
    for kind, start, end, one, two in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind != "equal":
            yield places[start], places[end], "".join(new[one:two])
