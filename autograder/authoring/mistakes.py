"""Reads the named mistakes of an assignment, and the trivial solutions that are written beside them."""

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.authoring.names import statements
from autograder.authoring.source import Source, SourceError


@dataclass(frozen=True)
class Mistake:
    """Describes a mistake: its name, a solution in which it is made, and a sentence for the student.

    The solution is the reference solution with one text in it replaced, or a whole one as a student may write it.

    name      a few words that say what is wrong
    exercise  where it is made
    replace   a text that is in the reference solution once
    by        what stands there if the mistake is made
    says      what the student is told
    solution  a whole solution of the exercise, instead of ``replace`` and ``by``
    also      other ways to make the same mistake, whose answers may be others: pairs (replace, by) and whole solutions
    costs     the share of the exercise's points that it costs, 0 to 1; None: what ``c.GiveVerdicts.mistake_costs`` says
    """

    name: str
    exercise: str
    replace: str = ""
    by: str = ""
    says: str = ""
    solution: str = ""
    also: Iterable[tuple[str, str] | str] = ()
    costs: float | None = None

    @property
    def ways(self) -> list["Mistake"]:
        """Return one mistake for each way to make this one. All have its name."""
        first = replace(self, also=())
        return [
            first,
            *(
                replace(first, replace="", by="", solution=way)
                if isinstance(way, str)
                else replace(first, replace=way[0], by=way[1], solution="")
                for way in self.also
            ),
        ]


def named_mistakes(path: Path, source: Source, found: Mapping) -> Iterable[Mistake]:
    """Yield the mistakes that a mistakes.py defines, once for each way to make them.

    found  the names that the file defines

    Raises SourceError if one of them does not fit the notebook.
    """
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    made = found.get("MISTAKES")
    if not isinstance(made, list | tuple) or not all(isinstance(mistake, Mistake) for mistake in made):
        raise SourceError(path, 1, "there must be MISTAKES in it, a list of `Mistake(...)`; it may be empty")
    seen = set()
    for mistake in made:
        line = next((number for number, row in enumerate(text.split("\n"), 1) if repr(mistake.name)[1:-1] in row), 1)
        if mistake.name in seen:
            raise SourceError(path, line, f"two mistakes are called {mistake.name!r}")
        seen.add(mistake.name)
        if mistake.exercise not in source.exercises:
            raise SourceError(
                path, line, f"mistake {mistake.name!r} is for {mistake.exercise!r}, and there is no such exercise"
            )
        if mistake.costs is not None and not 0 <= mistake.costs <= 1:
            raise SourceError(path, line, f"mistake {mistake.name!r} costs {mistake.costs}, and should cost 0 to 1")
        if not mistake.says:
            raise SourceError(path, line, f"mistake {mistake.name!r} says nothing to the student")
        for way in mistake.ways:
            if wrong := _does_not_fit(way, source):
                raise SourceError(path, line, f"mistake {mistake.name!r}: {wrong}")
            yield way


def trivial_solutions(path: Path, source: Source, found: Mapping) -> Iterable[tuple[str, tuple[str, ...]]]:
    """Yield each exercise of TRIVIAL, and the texts of its trivial solutions. The arguments are as above."""
    for exercise, named in found.get("TRIVIAL", {}).items():
        for name, text in named.items():
            if exercise not in source.exercises or not _defines(text, exercise):
                raise SourceError(path, 1, f"trivial solution {name!r}: it does not define the exercise {exercise!r}")
        yield exercise, tuple(named.values())


def also_right(path: Path, source: Source, found: Mapping) -> Mapping[str, str]:
    """Return ALSO_RIGHT: by a text of a solution, another right way to write it. The arguments are as above."""
    ways = found.get("ALSO_RIGHT", {})
    for text in ways:
        if sum(cell.text.count(text) for cell in source.exercises.values()) != 1:
            raise SourceError(path, 1, f"ALSO_RIGHT: this text should stand once in the solutions: {text!r}")
    return ways


def _does_not_fit(way: Mistake, source: Source) -> str:
    """Say why a mistake cannot be made in this way, or return ""."""
    if way.solution:
        if way.replace or way.by:
            return "it has a whole solution and a text to replace, and should have one of them"
        try:
            return "" if _defines(way.solution, way.exercise) else f"its solution does not define {way.exercise!r}"
        except SyntaxError as error:
            return f"Python cannot read its solution: {error.msg}, in its line {error.lineno}"
    count = source.exercises[way.exercise].text.count(way.replace)
    if count != 1 or way.replace == way.by:
        return f"its text stands {count} times in {way.exercise!r}, and should once"
    return ""


def _defines(text: str, exercise: str) -> bool:
    ast.parse(text)
    return any(exercise in statement.binds for statement in statements(text))
