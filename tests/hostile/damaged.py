"""Makes files that are no notebook, or nearly one. Most stay ungraded, with a reason; no other submission is affected."""

import json
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder.authoring.assignment import Assignment

from .kind import Kind, right, variant

FILE = "01_attention.ipynb"


def text(assignment: Assignment) -> str:
    """Return the JSON of a right notebook."""
    return nbformat.writes(right(assignment))


def ungraded(name: str, reason: str, damage: Callable[[str], bytes]) -> Kind:
    """Make a kind that is ungraded for this reason.

    damage  turns the text of a right notebook into the bytes that are handed in
    """
    return Kind(name, "ungraded", None, lambda assignment, _: damage(text(assignment)), reason=reason)


def folder(
    name: str,
    status: str,
    score: float | None,
    fill: Callable[[Path, str], object],
    reason: str = "",
    student: str = "",
) -> Kind:
    """Make a kind whose folder is filled by a function.

    fill  fill(folder, the text of a right notebook)
    """

    def make(assignment: Assignment, _) -> Callable[[Path], None]:
        content = text(assignment)
        return lambda path: fill(path, content) and None

    return Kind(name, status, score, make, student=student, reason=reason)


def beside(**files: str) -> Callable[[Path, str], None]:
    """Return a function that writes the notebook into a folder, and beside it these modules: {name: code}."""

    def fill(path: Path, content: str) -> None:
        (path / FILE).write_text(content, encoding="utf-8")
        for name, code in files.items():
            (path / f"{name}.py").write_text(code, encoding="utf-8")

    return fill


def nested(content: str, depth: int) -> bytes:
    """Return the notebook with lists in its metadata that are nested to this depth."""
    return parts(content, metadata={"deep": "here"}).replace(b'"here"', b"[" * depth + b"]" * depth)


def parts(content: str, **changes) -> bytes:
    """Return the notebook with these parts of it replaced, such as its cells."""
    return json.dumps(json.loads(content) | changes).encode()


def unknown_cell(content: str) -> bytes:
    """Return the notebook with things among its cells that are no cells."""
    notebook = json.loads(content)
    notebook["cells"] += [{"cell_type": "alien", "metadata": 5}, {"cell_type": ["code"], "source": {"x": 1}}, 5, None]
    return json.dumps(notebook).encode()


def elsewhere(path: Path, content: str) -> Path:
    """Write the notebook into a new folder that lies beside the submission's folder, and return the new folder."""
    place = path.resolve().with_name("elsewhere")
    place.mkdir(exist_ok=True)
    (place / FILE).write_text(content, encoding="utf-8")
    return place


def folder_is_a_link(path: Path, content: str) -> None:
    """Replace the submission's folder by a link to a folder with the notebook and a pipe as its timestamp.txt."""
    target = elsewhere(path, content)
    fifo(target / "timestamp.txt")
    path.rmdir()
    path.symlink_to(target)


def link_beside(assignment: Assignment, surroundings) -> Callable[[Path], None]:
    """Return a function that writes a right notebook, and beside it a link to the secret file."""

    def fill(path: Path) -> None:
        (path / FILE).write_text(text(assignment), encoding="utf-8")
        (path / "notes.txt").symlink_to(surroundings.secret)

    return fill


def fifo(path: Path) -> None:
    """Make a pipe, and close it for every reader, so that a reader gets nothing and does not wait for ever."""

    def close() -> None:
        with suppress(OSError):  # the pipe was removed
            while True:
                os.close(os.open(path, os.O_WRONLY))  # waits for a reader
                time.sleep(1)

    os.mkfifo(path)
    threading.Thread(target=close, daemon=True).start()


def timed(name: str, put: bytes | Callable[[Path], object], status: str = "ungraded") -> Kind:
    """Make a kind with a right notebook and an odd timestamp.txt, the file that tells when it was handed in.

    put  the content of timestamp.txt, or a function that makes something at its path
    """

    def fill(path: Path, content: str) -> None:
        (path / FILE).write_text(content, encoding="utf-8")
        stamp = path / "timestamp.txt"
        stamp.write_bytes(put) if isinstance(put, bytes) else put(stamp)

    score = None if status == "ungraded" else 90.0
    return folder(name, status, score, fill, reason="" if score else "timestamp.txt")


def cells(content: str, number: int) -> bytes:
    """Return the notebook with this number of raw cells added, all with the same grade_id."""
    notebook = json.loads(content)
    own = {"cell_type": "raw", "metadata": {"nbgrader": {"grade_id": "x"}}, "source": ""}
    return json.dumps(notebook | {"cells": notebook["cells"] + [own] * number}).encode()


def sparse(path: Path, content: str) -> None:
    """Write a file of 300 MB that begins with the notebook and takes up hardly any room on the disk."""
    (path / FILE).write_text(content, encoding="utf-8")
    os.truncate(path / FILE, 300_000_000)


def old_format(assignment: Assignment, _) -> NotebookNode:
    """Return a right notebook in version 3 of the format."""
    return nbformat.convert(right(assignment), 3)


DAMAGED = [
    ungraded("an empty file", "JSON", lambda content: b""),
    ungraded("half a file", "JSON", lambda content: content[: len(content) // 2].encode()),
    ungraded("a raw NUL byte", "JSON", lambda content: content.replace("causal", "caus\0al", 1).encode()),
    ungraded("a picture", "text", lambda content: b"\x89PNG\r\n\x1a\n" + bytes(range(256))),
    ungraded(
        "bytes that are no text",
        "",
        lambda content: content.replace("causal", "caus\xe4l", 1).encode("latin-1", "replace"),
    ),
    ungraded("text of two bytes a character", "", lambda content: content.encode("utf-16")),
    ungraded(
        "a number of 10,000 digits",
        "JSON",
        lambda content: content.replace('"nbformat_minor": ', '"nbformat_minor": ' + "9" * 10_000).encode(),
    ),
    ungraded("JSON that is nested 100,000 deep", "deep", lambda content: nested(content, 100_000)),
    ungraded("JSON that is a list", "notebook", lambda content: f"[{content}]".encode()),
    ungraded("JSON that is a word", "notebook", lambda content: b'"notebook"'),
    ungraded(
        "a notebook without cells", "notebook", lambda content: b'{"metadata": {}, "nbformat": 4, "nbformat_minor": 5}'
    ),
    ungraded("cells that are no list", "notebook", lambda content: parts(content, cells={"0": "x"})),
    ungraded("cells that are no cells", "notebook", unknown_cell),
    ungraded("a format of the future", "format", lambda content: parts(content, nbformat=99)),
    ungraded(
        "a format that is no number", "notebook", lambda content: parts(content, nbformat="4; rm", nbformat_minor=[])
    ),
    Kind(
        "the format of 2013",
        "graded",
        90.0,
        lambda assignment, _: nbformat.v3.writes_json(old_format(assignment, _)).encode(),
    ),
    Kind(
        "numbers that are none",
        "graded",
        90.0,
        lambda assignment, _: parts(text(assignment), metadata={"x": float("nan"), "y": float("-inf"), "z": 0.1}),
    ),
    Kind(
        "metadata that are nested 200 deep",
        "graded",
        90.0,
        lambda assignment, _: nested(text(assignment), 200),
    ),
    variant(
        "a NUL in the code of an exercise", "anomalies", 80.0, causal_mask="def causal_mask(length):\n    return '\0'"
    ),
    Kind(
        "half an emoji in a cell",
        "graded",
        90.0,
        lambda assignment, _: json.dumps(right(assignment, last="print('\ud83d')")).encode(),
    ),
    ungraded("20,000 cells", "cells", lambda content: cells(content, 20_000)),
    Kind("1,000 cells of no notebook", "anomalies", 90.0, lambda assignment, _: cells(text(assignment), 1_000)),
    timed("a time", b"2026-10-01 12:00:00 UTC", "graded"),
    timed("no time in the file for it", b"", "graded"),
    timed("a time that is none", b"yesterday, or so"),
    timed("a time that is no text", b"\xff\xfe\x00"),
    timed("a time in an absurd year", b"99999-01-01 00:00:00 UTC"),
    timed("a time before all time", b"0001-01-01 00:00:00 +1400"),
    timed("a time of 20 MB", b"1" * 20_000_000),
    timed("a folder in the place of the time", Path.mkdir),
    timed("a pipe in the place of the time", fifo),
    timed("a device in the place of the time", lambda stamp: stamp.symlink_to("/dev/null")),
    timed("a link in the place of the time", lambda stamp: stamp.symlink_to("/etc/hostname")),
    folder(
        "no notebook at all", "ungraded", None, lambda path, content: (path / "notes.txt").write_text("later"), FILE
    ),
    folder(
        "a notebook of another name",
        "ungraded",
        None,
        lambda path, content: (path / "mine (1).ipynb").write_text(content),
        FILE,
    ),
    folder(
        "a notebook whose name speaks to the terminal, and is no text",
        "ungraded",
        None,
        lambda path, content: (path / "x\x1b[2K\rada  10  10  35  25  10  90\udcff.ipynb").write_text(content),
        r"x\x1b[2K\rada",
    ),
    folder("a folder in the notebook's place", "ungraded", None, lambda path, content: (path / FILE).mkdir(), "file"),
    folder("a pipe in the notebook's place", "ungraded", None, lambda path, _: fifo(path / FILE), "file"),
    folder(
        "a link to another's notebook",
        "ungraded",
        None,
        lambda path, content: (path / FILE).symlink_to(elsewhere(path, content) / FILE),
        "link",
    ),
    # /dev/null, not /dev/zero: who follows the link says something else, and does not read for ever.
    folder("a link to a device", "ungraded", None, lambda path, content: (path / FILE).symlink_to("/dev/null"), "link"),
    folder("a link to nothing", "ungraded", None, lambda path, content: (path / FILE).symlink_to("gone"), "link"),
    folder("a link in a circle", "ungraded", None, lambda path, content: (path / FILE).symlink_to(FILE), "link"),
    folder("a link in the folder's place", "ungraded", None, folder_is_a_link, "link"),
    folder("a file of 300 MB", "ungraded", None, sparse, "large"),
    # No file of theirs may hold the secret afterwards: nbgrader copies what stands beside a notebook, links included.
    Kind("a link beside the notebook", "graded", 90.0, link_beside),
    folder(
        "modules beside the notebook",
        "graded",
        90.0,
        beside(
            torch="raise SystemExit('the wrong torch')",
            coursekit="raise SystemExit('the wrong coursekit')",
            json="raise SystemExit('the wrong json')",
            sitecustomize="raise SystemExit('at the start')",
            ipykernel_launcher="raise SystemExit('the wrong kernel')",
        ),
    ),
    folder(
        "a second notebook beside the first",
        "graded",
        90.0,
        lambda path, content: [
            (path / name).write_text(content) for name in (FILE, "01_attention-Copy1.ipynb", "02_encoder.ipynb")
        ],
    ),
]
