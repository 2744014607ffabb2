"""What an execution depends on, as one hash: two with the same are the same, and need to be run once."""

import json
import platform
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from nbformat import NotebookNode

from autograder import ask, probe
from autograder.assignment import ROOT, Assignment

LIBRARIES = ["torch", "numpy", "transformers", "matplotlib", "ipykernel", "ipython", "safetensors", "num2words"]


@dataclass(frozen=True)
class Run:
    """What is run: its hash, and the facts that went into it, but for the code."""

    key: str
    facts: dict


def fingerprint(notebook: NotebookNode, assignment: Assignment, seed: str, settings: dict) -> Run:
    """Of running a rebuilt notebook and asking the questions of this seed.

    settings  limits and isolation, as JSON knows them
    """
    facts = {
        "assignment": assignment.name,
        "questions": _hash(assignment.hidden_text, _text(probe), _text(ask)),
        "parts": _hash(assignment.parts),
        "coursekit": _coursekit(),
        "seed": seed,
        "versions": _versions(),
        "settings": settings,
    }
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    return Run(_hash(json.dumps([facts, code], sort_keys=True)), facts)


@cache
def _versions() -> dict[str, str]:
    return {"python": platform.python_version()} | {name: version(name) for name in LIBRARIES}


@cache
def _coursekit() -> str:
    """Of everything that lies in it: checkpoints, too."""
    files = sorted(path for path in (ROOT / "course" / "coursekit").rglob("*") if path.is_file())
    digest = sha256()
    for path in files:
        if "__pycache__" not in path.parts:
            digest.update(f"{path.relative_to(ROOT)} {path.stat().st_size}\n".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _text(module) -> str:
    return Path(module.__file__).read_text(encoding="utf-8")


def _hash(*texts: str) -> str:
    return sha256("\0".join(texts).encode()).hexdigest()
