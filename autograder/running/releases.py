"""Knows every release of an assignment that was ever built, and says in what a submission differs from all of them.

A student may have started from an older release. What an instructor has changed since is no fault of the student's.
"""

import json
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from hashlib import sha256

from nbformat import NotebookNode

from autograder.running.records import Records

MAX_ANOMALIES = 50  # so many are named, and the others are counted


@dataclass(frozen=True)
class Known:
    """Describes one cell of a release that has a grade_id: its name, and hashes of its text and of its settings."""

    name: str
    text: str  # "" if students write the cell
    settings: str
    begun: str = ""  # of the text with which students begin the cell


Release = tuple[Known, ...]


def described(notebook: NotebookNode) -> Release:
    """Return the known cells of a released notebook, in their order."""
    return tuple(
        Known(name, "", _settings(cell), _hash(cell.source.strip()))
        if cell.metadata.nbgrader.solution
        else Known(name, _hash(cell.source), _settings(cell))
        for cell in notebook.cells
        if (name := grade_id(cell))
    )


def as_begun(name: str, text: str, releases: Iterable[Release]) -> bool:
    """Return whether a cell that students write has the text of one of these releases, but for spaces around it."""
    return _hash(text.strip()) in {cell.begun for release in releases for cell in release if cell.name == name}


def remember(records: Records, assignment: str, release: Release) -> None:
    """Add a release to those that are known. Nothing is written if it is known already."""
    if release in known(records, assignment):
        return
    cells = json.dumps([astuple(cell) for cell in release])
    with records.open() as database:
        database.execute(
            "INSERT OR IGNORE INTO releases VALUES (?, ?, ?)", [assignment, cells, datetime.now(UTC).isoformat()]
        )


def known(records: Records, assignment: str) -> list[Release]:
    """Return all releases of an assignment that are known, the latest first."""
    with records.open() as database:
        rows = database.execute("SELECT cells FROM releases WHERE assignment = ? ORDER BY made DESC", [assignment])
        return [tuple(Known(*cell) for cell in json.loads(row["cells"])) for row in rows]


def anomalies(submitted: NotebookNode, releases: list[Release]) -> list[str]:
    """Return in what a submission differs from a release. Of several, the one from which it differs least counts."""
    found = [_differences(submitted, release) for release in releases]
    fewest = min(found, key=len)
    if len(fewest) > MAX_ANOMALIES:
        fewest[MAX_ANOMALIES:] = [f"{len(fewest) - MAX_ANOMALIES:,} more cells are not as they were"]
    return fewest


def _differences(submitted: NotebookNode, release: Release) -> list[str]:
    names = [cell.name for cell in release]
    given: dict[str, NotebookNode] = {}
    found = []
    for cell in submitted.cells:
        name = grade_id(cell)
        if name in names and name not in given:
            given[name] = cell
        elif name:
            where = "is there twice" if name in names else "is not of this notebook"
            found.append(f"cell {name[:80]!r} {where}")
    for cell in release:
        if cell.name not in given:
            found.append(f"cell {cell.name!r} was deleted; the released one stands in its place")
            continue
        if cell.text and _hash(text_of(given[cell.name])) != cell.text:
            found.append(f"locked cell {cell.name!r} was changed; the released one stands in its place")
        if _settings(given[cell.name]) != cell.settings:
            found.append(f"the metadata of cell {cell.name!r} was changed")
    if [name for name in names if name in given] != list(given):
        found.append("cells were put in another order; they run in the released one")
    return found


def grade_id(cell: NotebookNode) -> str | None:
    """Return the name by which the release knows a cell, or None if there is none. Ignore all other metadata."""
    settings = cell.get("metadata", {}).get("nbgrader")
    name = settings.get("grade_id") if isinstance(settings, dict) else None
    return name if isinstance(name, str) else None


def text_of(cell: NotebookNode) -> str:
    """Return the text of a cell in characters that every encoding can write; half an emoji becomes a question mark.

    Return "" if the cell has no text.
    """
    source = cell.get("source")
    return source.encode("utf-8", "replace").decode() if isinstance(source, str) else ""


def _settings(cell: NotebookNode) -> str:
    settings = cell.metadata.get("nbgrader")
    if isinstance(settings, dict):  # a browser writes 4.0 as 4
        settings = {key: int(v) if isinstance(v, float) and v.is_integer() else v for key, v in settings.items()}
    return _hash(json.dumps(settings, sort_keys=True))


def _hash(text: str) -> str:
    return sha256(text.encode("utf-8", "replace")).hexdigest()[:24]
