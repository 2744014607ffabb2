"""Computes one hash of all that an execution depends on: executions with the same hash need to be run only once."""

import json
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from autograder.authoring.assignment import Assignment

ASK = Path(__file__).with_name("ask.py")  # neither is imported: it takes seconds, since it imports torch
PROBE = ASK.parent.with_name("probe.py")


@dataclass(frozen=True)
class Fingerprint:
    """Holds the hash of what is run, and the facts from which it was computed, except for the code."""

    key: str
    facts: dict


def fingerprint(
    code: Sequence[str | None],
    assignment: Assignment,
    seed: str,
    settings: dict,
    shown: Mapping[str, Path],
    libraries: Iterable[str],
) -> Fingerprint:
    """Return the fingerprint of running a rebuilt notebook, and of asking the questions of this seed.

    code       the texts of the code cells, None for one that is not run
    settings   limits and isolation, as values that JSON can hold
    shown      {path in the kernel: folder or file here}
    libraries  distributions whose versions count
    """
    facts = {
        "assignment": assignment.name,
        "questions": _hash(assignment.hidden_text, *(file.read_text(encoding="utf-8") for file in (PROBE, ASK))),
        "parts": _hash(assignment.parts),
        "shown": {path: contents(source) for path, source in shown.items()},
        "seed": seed,
        "versions": {"python": platform.python_version()} | {name: _version(name) for name in libraries},
        "settings": settings,
    }
    return Fingerprint(_hash(json.dumps([facts, [*code]], sort_keys=True)), facts)


_version = cache(version)


def contents(path: Path) -> str:
    """Return a hash of a file, or of all files in a folder except for those in __pycache__.

    As long as they stay as they are, they are read once: a class needs this hash for each submission.
    """
    found = sorted(path.rglob("*")) if path.is_dir() else [path]
    files = [(file, file.stat()) for file in found if "__pycache__" not in file.parts and file.is_file()]
    return _read(path, tuple((file, state.st_size, state.st_ino, state.st_mtime_ns) for file, state in files))


@lru_cache
def _read(path: Path, files: tuple[tuple, ...]) -> str:
    digest = sha256()
    for file, size, *_ in files:
        digest.update(f"{file.relative_to(path)} {size}\n".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _hash(*texts: str) -> str:
    return sha256("\0".join(texts).encode()).hexdigest()
