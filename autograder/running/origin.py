"""Finds out which exercises' names stand for something else than what the exercises' own cells have made.

A note is taken in the kernel, before and after each cell of an exercise, of the object that has the exercise's name.
When the questions are asked, the objects that are judged are compared with it. What the kernel says of this is evidence
from a process that runs a student's code: it can lead a person to look, and gives or takes no points.
"""

import json
from collections.abc import Iterable, Mapping

MAX_CHARACTERS = 100_000  # of what the kernel says

# Runs in the kernel before its first cell.
NOTE = """\
from IPython import get_ipython
shell, own = get_ipython(), {own!r}
before, made = {{}}, {{}}
def begin(info):
    if info.raw_cell in own:
        before[info.raw_cell] = {{name: shell.user_ns.get(name, made) for name in own[info.raw_cell]}}
def end(result):
    cell = getattr(getattr(result, "info", None), "raw_cell", None)  # of an interrupted cell there may be none
    for name, thing in before.pop(cell, {{}}).items():
        if shell.user_ns.get(name, made) is not thing:
            made[name] = shell.user_ns.get(name)
end.made = made
shell.events.register("pre_run_cell", begin)
shell.events.register("post_run_cell", end)
"""

# Is part of a request with questions: ``names`` is the notebook's namespace, and ``given_out`` holds what was lent.
COMPARE = """\
def tell_what_is_from_elsewhere():
    try:
        ends = get_ipython().events.callbacks["post_run_cell"]
        made = next((end.made for end in ends if hasattr(end, "made")), {{}})
        found = [name for name in {exercises!r} if name in names and name not in given_out]
        found = [name for name in found if name not in made or names[name] is not made[name]]
        display({{{kind!r}: json.dumps(found)}}, raw=True)
    except Exception:  # then nothing is said, and a person looks at all of them
        pass
"""


def note(cells: Mapping[str, list[str]]) -> str:
    """Return the code that takes notes in a kernel.

    cells  the text of each cell that belongs to exercises, and their names
    """
    return NOTE.format(own=dict(cells))


def from_elsewhere(texts: Iterable[object], exercises: Iterable[str]) -> set[str]:
    """Return the exercises that a kernel says are from elsewhere: all of them if it said nothing that can be read."""
    exercises, told = {*exercises}, [*texts]
    return exercises.intersection(*[set().union(*(_names(text, exercises) for text in told))] if told else [])


def _names(text: object, otherwise: set[str]) -> set[str]:
    try:
        return {*json.loads(text)} if isinstance(text, str) and len(text) <= MAX_CHARACTERS else otherwise
    except (ValueError, TypeError, RecursionError):
        return otherwise
