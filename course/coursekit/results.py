"""The experiments of notebook 06, measured before: every run of them, made by `make experiments`."""

import json
from pathlib import Path

COMPARISON = Path(__file__).parent / "comparison.json"


def comparison_runs() -> dict:
    """What was run, and what came out.

    "translation", "text"  a dict for each run: what was trained and how, and what it scored
    "record"               versions, machine, hours, and the hash of the text
    """
    return json.loads(COMPARISON.read_text(encoding="utf-8"))
