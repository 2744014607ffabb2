"""The secret from which a class's hidden inputs are drawn: one a class and assignment."""

import os
import secrets
from pathlib import Path


def class_seed(folder: Path, assignment: str) -> str:
    """The seed of this assignment, drawn when it is first asked for.

    folder  where the class's records are kept; only its owner can read what is written there
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{assignment}.seed"
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return _read(path)
    with open(descriptor, "w") as file:
        file.write(secrets.token_hex(16))
    return _read(path)


def _read(path: Path) -> str:
    seed = path.read_text().strip()
    if not seed:
        raise ValueError(f"{path} is empty. Delete it, and grade the whole class again: a new seed is drawn.")
    return seed
