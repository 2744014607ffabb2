"""The commands by which a class teaches: what they are told, and what they say.

They import what they need when they run, as the other commands do.
"""

from pathlib import Path

from autograder.classroom.commands import Command


def add_commands(command: Command) -> None:
    """Add these commands, as ``autograder.classroom.commands.add_commands`` does the others."""
    report = command("report", _report, "write a page on what a class got right and wrong")
    report.add_argument("assignment", nargs="?", help="its name (default: all that have been graded, in one page)")
    report.add_argument("--names", action="store_true", help="name the students")
    report.add_argument("--to", type=Path, help="the folder (default: reports in the class's folder)")


def _report(course, chosen) -> int:
    """Write what a class got right and wrong as one page with pictures, which needs no network, and as a CSV file:
    points, exercises, mistakes to teach again, hidden tests, answers to grade, times, and what is odd. The files are
    for instructors alone: only you can read them. Students are named only with --names."""
    from autograder.classroom.lessons.report import write_report

    for path in write_report(course, [chosen.assignment] if chosen.assignment else [], chosen.names, chosen.to):
        print(path)
    return 0
