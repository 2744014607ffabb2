"""Reads an assignment from its folder, and checks that its files fit together.

An assignment is a folder with these files:

    notebook.py      the notebook, with solutions and visible checks: see ``source``
    hidden.py        functions marked with ``hidden`` or ``tells`` of ``autograder.probe``; ALLOWS, the modules that
                     students may import besides those of every notebook, and the names that they may use:
                     {module: "name name ..."}; NO_SLIPS, if there are any, exercises whose solution is too slow to be
                     varied and asked again a hundred times
    mistakes.py      MISTAKES, a list of ``Mistake``; TRIVIAL, if there are any, solutions that do not do what is asked
                     for, and might still be right behind another mistake: {exercise: {name: code}}; ALSO_RIGHT, if
                     there are any, texts of a solution and another right way to write each: mistakes that were
                     written into that one can be made together
    alternatives.py  ALTERNATIVES, other right solutions: {exercise: {name: code}}

The assignment has the name of its folder. To add an assignment, add such a folder; nothing else is needed. A file
last_cell.md beside these folders holds the cell with which all notebooks end; see ``source``.
"""

import runpy
import sys
import types
from collections.abc import Callable, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.authoring.combining import combined
from autograder.authoring.mistakes import Mistake, also_right, named_mistakes, trivial_solutions
from autograder.authoring.names import reached, statements, without_annotations
from autograder.authoring.parts import parts, without_marks
from autograder.authoring.readers import check_readers
from autograder.authoring.source import LAST_CELL, Source, SourceError, check_names, read_source, state_of

if TYPE_CHECKING:  # it imports torch, which takes seconds, and not every command needs it
    from autograder.probe import Inputs


@dataclass(frozen=True)
class Case:
    """Represents a hidden test: a function ``(student, rng) -> values``, and what is known about it."""

    name: str
    exercise: str
    ask: Callable
    title: str  # what feedback shows
    forbids: frozenset[str]  # names, or parts of names, that the exercise must not use
    tolerance: float  # allowed difference of values in double precision
    inputs: "Inputs | None" = None  # of another exercise's function, if these are asked for


@dataclass(frozen=True, eq=False)
class Assignment:
    """Holds what was read from the files of one assignment."""

    name: str
    source: Source
    cases: tuple[Case, ...]
    mistakes: tuple[Mistake, ...]  # one for each way to make a mistake: several may have one name
    hidden_text: str  # the text of hidden.py, which is sent to the kernel with the questions
    parts: str  # the text of parts.py: the solutions of earlier notebooks, "" if there are none
    allows: Mapping[str, frozenset[str]] = field(default_factory=dict)  # by module, names that students may use
    trivial: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # by exercise, the texts of trivial solutions
    also_right: Mapping[str, str] = field(default_factory=dict)  # by a text of a solution, another right way
    no_slips: frozenset[str] = frozenset()  # exercises whose solution is not varied

    def cases_of(self, exercise: str) -> list[Case]:
        return [case for case in self.cases if case.exercise == exercise]

    def mistake(self, name: str) -> Mistake:
        """Return the mistake of this name, made in its first way."""
        return next(mistake for mistake in self.mistakes if mistake.name == name)

    def mistakes_of(self, exercise: str) -> list[Mistake]:
        return [mistake for mistake in self.mistakes if mistake.exercise == exercise]

    @cached_property
    def leans_on(self) -> dict[str, frozenset[str]]:
        """Map each name that an exercise's cell defines to the exercises whose code it may run.

        It may also run them indirectly, or only when one of the named mistakes is made in a solution.
        """
        exercises = frozenset(self.source.exercises)
        texts = [(cell.name, cell.text) for cell in self.source.of_role("locked", "exercise")]
        texts += [(mistake.exercise, self.solution(mistake.exercise, [mistake])) for mistake in self.mistakes]
        code = [(cell, statement) for cell, text in texts for statement in statements(text, without_annotations(text))]
        cells = {id(statement): cell for cell, statement in code}  # a cell may define helpers, too, for later exercises
        return {
            name: exercises & {cells[id(statement)] for statement in reached([other for _, other in code], name)}
            for name in sorted({name for cell, statement in code if cell in exercises for name in statement.binds})
        }

    def solution(self, name: str, mistakes: Iterable[Mistake] = ()) -> str:
        """Return the reference solution of an exercise or answer, with these mistakes made in it and without the marks.

        Mistakes in other exercises are ignored. Raises CannotCombine if they cannot be made together.
        """
        (text,) = (cell.text for cell in self.source.of_role("exercise", "answer") if cell.name == name)
        made = sorted((mistake for mistake in mistakes if mistake.exercise == name), key=self.mistakes.index)
        return without_marks(combined(text, made, self.also_right.items()))

    def reference(self, mistakes: Iterable[Mistake] = ()) -> types.SimpleNamespace:
        """Return the names that the reference solution defines, with these mistakes made in it.

        The reference solution runs on the trusted side, in this process, and never leaves it.
        """
        mistakes = list(mistakes)
        return self.run({name: self.solution(name, mistakes) for name in self.source.exercises})

    def run(self, exercises: Mapping[str, str]) -> types.SimpleNamespace:
        """Run the given code and these texts of the exercises, and return the names that they define.

        An exercise that has no text in ``exercises`` runs as it is in the source. All code runs in this process,
        without a sandbox: call this only with trusted code.
        """
        namespace = {"__name__": "reference"}
        with _importable("parts", self.parts):
            for cell in self.source.of_role("locked", "exercise"):
                text = exercises.get(cell.name, cell.text)
                exec(_compiled("\n" * cell.line + text, str(self.source.path)), namespace)
        return types.SimpleNamespace(**namespace)


def load(folder: Path) -> Assignment:
    """Read the assignment in a folder, and check it. As long as its files stay as they are, they are read once.

    The assignments in neighbouring folders whose names sort before this one are taught before it.

    Raises SourceError, which names file and line, if something is wrong in the files or if they do not fit together.
    """
    earlier = sorted(path for path in folder.parent.glob("*/notebook.py") if path.parent.name < folder.name)
    files = [*earlier, *sorted(folder.glob("*.py")), folder.parent / LAST_CELL]
    return _read(folder, tuple(earlier), state_of(files))


@lru_cache
def _read(folder: Path, earlier: tuple[Path, ...], state: tuple) -> Assignment:
    """Read an assignment. ``state`` tells apart what its files held at different times: a server runs for weeks."""
    source = read_source(folder / "notebook.py")
    check_readers(source)
    wrong = _run(folder / "mistakes.py", source)
    return Assignment(
        name=folder.name,
        source=source,
        cases=tuple(_cases(folder / "hidden.py", source)),
        mistakes=tuple(named_mistakes(folder / "mistakes.py", source, wrong)),
        hidden_text=(folder / "hidden.py").read_text(encoding="utf-8"),
        parts=parts([read_source(path) for path in earlier]),
        allows=_allows(folder / "hidden.py", source),
        also_right=also_right(folder / "mistakes.py", source, wrong),
        no_slips=_no_slips(folder / "hidden.py", source),
        trivial=dict(trivial_solutions(folder / "mistakes.py", source, wrong)),
    )


def _cases(path: Path, source: Source) -> Iterable[Case]:
    found = _run(path, source)
    check_names(path)
    functions = [value for value in found.values() if hasattr(value, "exercise")]
    for function in functions:
        line = function.__code__.co_firstlineno
        if found.get(function.__name__) is not function or functions.count(function) > 1:
            raise SourceError(
                path, line, f"hidden test {function.__name__!r} has another name, too: it needs one alone"
            )
        inputs = getattr(function, "inputs", None)
        for exercise in [function.exercise, *([inputs.of] if inputs else [])]:
            if exercise not in source.exercises:
                raise SourceError(
                    path,
                    line,
                    f"hidden test {function.__name__!r} is for {exercise!r}, and there is no such exercise",
                )
        title = (function.__doc__ or "").strip().split("\n")[0]
        if not title:
            raise SourceError(path, line, f"hidden test {function.__name__!r} has no docstring, and feedback shows it")
        yield Case(function.__name__, function.exercise, function, title, function.forbids, function.tolerance, inputs)
    for name, cell in source.exercises.items():
        if not any(function.exercise == name for function in functions):
            raise SourceError(source.path, cell.line, f"exercise {name!r} has no hidden test in {path}")


def _allows(path: Path, source: Source) -> dict[str, frozenset[str]]:
    """Return what the assignment allows. What else a student uses is for a person to look at."""
    return {module: frozenset(names.split()) for module, names in _run(path, source).get("ALLOWS", {}).items()}


def _no_slips(path: Path, source: Source) -> frozenset[str]:
    named = frozenset(_run(path, source).get("NO_SLIPS", ()))
    if unknown := sorted(named - set(source.exercises)):
        raise SourceError(path, 1, f"NO_SLIPS names {unknown[0]!r}, and there is no such exercise")
    return named


def _run(path: Path, source: Source) -> dict:
    if not path.exists():
        raise SourceError(source.path, 1, f"this assignment has no {path}")
    try:
        return runpy.run_path(str(path))
    except (Exception, SystemExit) as error:  # whatever its code raises
        raise SourceError.of(path, error) from None


@lru_cache(1000)
def _compiled(text: str, path: str) -> types.CodeType:
    """Return the code of a text: most of a notebook is the same whatever mistake is made in it."""
    return compile(text, path, "exec")


@contextmanager
def _importable(name: str, text: str):
    """Let code inside the block import a module that has this name and text.

    After the block the name means what it meant before.
    """
    module = types.ModuleType(name)
    exec(_compiled(text, f"{name}.py"), module.__dict__)
    before = sys.modules.get(name)
    sys.modules[name] = module
    try:
        yield
    finally:
        del sys.modules[name]
        if before is not None:
            sys.modules[name] = before
