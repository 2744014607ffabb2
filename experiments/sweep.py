"""Runs what is not in a file of rows yet, and looks for the best learning rate in a grid that it widens.

A *setting* is a dict that says what to run, and a row is the setting with what the run has found.
"""

import json
import platform
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import mean

import torch
from coursekit.training import one_thread

RECORD = {"torch": torch.__version__, "python": platform.python_version(), "machine": platform.machine()}


def run_missing(
    into: Path,
    rows: list[dict],
    wanted: Callable[[], Iterable[dict]],
    run: Callable[..., dict],
    tell: Callable[[dict], str],
) -> None:
    """Run what is wanted and not among the rows. Each new row is appended to them and to the file at once.

    wanted  returns the settings that are known to be needed: it is asked again after each run, and yields those first
            on which others depend
    run     run(**setting) -> what was found
    tell    tell(row) -> a few words on what was found

    Raises SystemExit if it is interrupted: what has ended is in the file.
    """
    began, ended = time.monotonic(), 0
    with one_thread():
        try:
            while missing := [setting for setting in wanted() if not chosen(rows, **setting)]:
                started = time.process_time()
                row = missing[0] | run(**missing[0]) | {"seconds": time.process_time() - started} | RECORD
                rows.append(row)
                with into.open("a", encoding="utf-8") as file:
                    file.write("\n" + json.dumps(_rounded(row)))  # in front, since the last line may be cut off
                ended += 1
                hours = (len(missing) - 1) * (time.monotonic() - began) / ended / 3600
                words = ", ".join(f"{name} {value}" for name, value in missing[0].items())
                print(f"{words}: {tell(row)}, {row['seconds']:.0f} s; ", end="")
                print(f"{len(rows)} runs are done, some {len(missing) - 1} to go, {hours:.1f} hours", flush=True)
        except KeyboardInterrupt:
            sys.exit(f"\nInterrupted. {len(rows)} runs are in {into}: run it again to go on.")
    print(f"{into}: {len(rows)} runs, {sum(row['seconds'] for row in rows) / 3600:.2f} hours of one core.")


def chosen(rows: list[dict], **setting) -> list[dict]:
    """Return the rows of a setting, or of a part of one."""
    return [row for row in rows if setting.items() <= row.items()]


def grid(
    rows: list[dict], model: dict, draws: range, first: tuple[float, ...], best: Callable = max
) -> tuple[list[float], float | None]:
    """Return the learning rates to try for a model, and the best one, or None as long as it is not known.

    model  the part of a setting that says which model it is
    draws  on which rates are chosen, by the mean of "validation"
    first  the rates that are tried in any case; one more is tried as long as the best is at an end of all
    best   max or min. Of equal rates it is the lowest
    """
    found = {rate: [] for rate in first}
    for row in chosen(rows, **model):
        if row["draw"] in draws:
            found.setdefault(row["rate"], []).append(row["validation"])
    rates = sorted(found)
    if any(len(each) < len(draws) for each in found.values()):
        return rates, None
    top = best(rates, key=lambda rate: mean(found[rate]))
    if top == rates[0]:
        return [rates[0] / 2, *rates], None
    return ([*rates, 2 * rates[-1]], None) if top == rates[-1] else (rates, top)


def _rounded(row: dict) -> dict:
    """Return a row whose results have five digits, which are more than a run can tell."""
    return {name: float(f"{value:.5g}") if isinstance(value, float) else value for name, value in row.items()}
