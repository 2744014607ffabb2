"""Three kinds of held-out solutions: one mistake, two mistakes, none."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Wrong:
    """A solution with one mistake."""

    assignment: str
    exercise: str
    what: str
    solution: str


@dataclass(frozen=True)
class Two:
    """A solution with two mistakes; what is a list of two."""

    assignment: str
    exercise: str
    what: list
    solution: str


@dataclass(frozen=True)
class Right:
    """A solution without a mistake, in an unusual but sensible style; what names the style."""

    assignment: str
    exercise: str
    what: str
    solution: str
