"""Tries out whether this machine can lock a kernel in, and says what to do if it cannot."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

TRIALS = Path(__file__).with_name("server") / "trials.py"
SWITCHES = {  # settings of the system by which user namespaces are switched off: the value that allows them
    "kernel.apparmor_restrict_unprivileged_userns": "0",  # Ubuntu 23.10 and later
    "kernel.unprivileged_userns_clone": "1",  # Debian, before 11
    "user.max_user_namespaces": "10000",  # RHEL and others
}


@dataclass(frozen=True)
class Item:
    """Says whether one part of the confinement works here. If it does not, ``reason`` says why, else how, and
    ``remedy`` says what helps."""

    name: str
    works: bool
    reason: str = ""
    remedy: str = ""


@cache
def examine() -> list[Item]:
    """Try every part of the confinement in a separate process, and return an item for each.

    After one that fails the others are not tried. The result is kept for later calls.
    """
    try:
        run = subprocess.run(
            [sys.executable, "-s", "-B", str(TRIALS)], capture_output=True, text=True, timeout=60, cwd="/"
        )
        found = [json.loads(line) for line in run.stdout.splitlines()]
    except (OSError, subprocess.TimeoutExpired) as error:
        return [Item("a process that tries", False, str(error))]
    items = [Item(name, not why, why or note) for name, why, note in found]
    first = next((number for number, item in enumerate(items) if not item.works), None)
    if first is not None:
        items[first] = replace(items[first], remedy=_remedy(items[first].name))
    if not items or items[-1].works and run.returncode:
        items.append(Item("a process that tries", False, run.stderr.strip()[-500:] or "it ended without a word"))
    return items


def missing() -> str:
    """Return the first part that does not work, and why. Return an empty string if everything works."""
    return next((f"{item.name}: {item.reason}" for item in examine() if not item.works), "")


def as_text(items: list[Item]) -> str:
    lines = []
    for item in items:
        lines.append(f"{'yes' if item.works else 'no '}  {item.name}")
        lines += [f"     {part}" for part in (item.reason, item.remedy) if part]
    if all(item.works for item in items):
        return "\n".join([*lines, "", "Students' code can be locked in here."])
    lines += ["", "Students' code cannot be locked in here. Your own notebook"]
    return "\n".join([*lines, "can be graded all the same: python -m autograder check NOTEBOOK"])


def _remedy(name: str) -> str:
    if name.startswith("Linux"):
        return "Grade on a newer Linux, or in a virtual machine that runs one."
    for setting, value in SWITCHES.items():
        path = Path("/proc/sys", *setting.split("."))
        if path.exists() and (path.read_text().strip() == "0") != (value == "0"):
            return f"User namespaces are switched off: sudo sysctl -w {setting}={value}"
    if os.path.exists("/.dockerenv") or os.path.exists("/run/.containerenv"):
        return (
            "This is a container, which may not make namespaces. Start it with "
            "--security-opt seccomp=unconfined --security-opt apparmor=unconfined --cap-add SYS_ADMIN"
        )
    return ""
