"""Reads the results of the experiments of notebook 06, which `make experiments` has measured: all runs."""

import json
from pathlib import Path

COMPARISON = Path(__file__).parent / "comparison.json"


def comparison_runs() -> dict:
    """Return what was run, and the results.

    "translation", "text"  lists of dicts, one for each run, and in "text" for each cut at which the run was tested:
                           what was trained and how, and what it scored
    "record"               versions, machine, hours, and the hash of the text
    """
    return json.loads(COMPARISON.read_text(encoding="utf-8"))
