"""Makes small files that take long, or much memory, to read, to rebuild, to judge or to show.

The grader must give up such a file, or get over it, and grade the next one.
"""

import json
import re

import nbformat
from nbformat.v4 import new_code_cell

from autograder.authoring.assignment import Assignment

from .damaged import parts, text, ungraded
from .kind import Kind, right, variant


def heading(assignment: Assignment, _) -> bytes:
    """Return a notebook of 2013 whose heading is of level 200,000,000: that many signs, in the format of today."""
    cell = {"cell_type": "heading", "level": 2 * 10**8, "metadata": {}, "source": "x"}
    worksheet = {"cells": [cell], "metadata": {}}
    return json.dumps({"metadata": {}, "nbformat": 3, "nbformat_minor": 0, "worksheets": [worksheet]}).encode()


def picture(data: str):
    """Return a function that makes a right notebook with a picture of this data pasted into its answer."""

    def make(assignment: Assignment, _):
        notebook = right(assignment)
        (answer,) = (
            cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == "renormalised"
        )
        answer.attachments = {"x.png": {"image/png": data}}
        return json.dumps(notebook).encode()

    return make


def many(content: str, element: str) -> bytes:
    """Return the notebook with 15 MB of this JSON in its metadata."""
    filling = ",".join([element] * (15_000_000 // (len(element) + 1)))
    return parts(content, metadata={"many": "here"}).replace(b'"here"', f"[{filling}]".encode())


def without_type(content: str) -> bytes:
    """Return the notebook without the type of its cells."""
    return re.sub(r'"cell_type": "\w+",', "", content).encode()


def strange(assignment: Assignment, _) -> bytes:
    """Return a right notebook whose last cell prints what nbconvert stumbles over, and what takes it long."""
    last = 'print("\\x1b[38m")\nprint("\\x1b[31mx" * 650_000)'
    return nbformat.writes(right(assignment, last=last)).encode()


def hangs_given_code(assignment: Assignment, _) -> bytes:
    """Return a right notebook in which a cell above the set-up keeps the set-up's imports from coming to their end."""
    notebook = right(assignment)
    notebook.cells.insert(0, new_code_cell(NEVER_IMPORTS.strip()))
    return nbformat.writes(notebook).encode()


NEVER_IMPORTS = """
import builtins, time
real = builtins.__import__
def slow(name, *rest, **more):
    if name == "torch":
        time.sleep(100)
    return real(name, *rest, **more)
builtins.__import__ = slow
"""
STALLING = [
    Kind("set-up that a cell above it stalls", "ungraded", None, hangs_given_code, reason="the machine was too busy"),
    Kind("a heading of level 200,000,000", "ungraded", None, heading, reason="more than"),
    ungraded("cells without a type", "known type", without_type),
    Kind("half an emoji in a picture", "graded", 90.0, picture("iVBOR\ud83d")),
    Kind("a picture of 15 MB", "graded", 90.0, picture("A" * 15_000_000)),
    Kind("5,000,000 lists", "graded", 90.0, lambda assignment, _: many(text(assignment), "[]")),
    Kind("1,000,000 dictionaries", "graded", 90.0, lambda assignment, _: many(text(assignment), '{"a": {}}')),
    Kind("escape codes that nbconvert stumbles over", "graded", 90.0, strange),
    variant(
        "code that is slow to colour, signs",
        "anomalies",
        90.0,
        last="#" + "%" + "0" * 80_000 + '\n"%' + "0" * 80_000 + '"',
    ),
    variant("code that is slow to colour, dots", "anomalies", 90.0, last="a." * 12_500 + "a if False else 1"),
    variant(
        "420 shell escapes and ten dense lines",
        "anomalies",
        90.0,
        last="\n".join(["!true"] * 420 + ["x = [" + "1, " * 4_000 + "]"] * 10),
    ),
]
