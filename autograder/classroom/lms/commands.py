"""The commands that take in what comes from outside: what they are told, and what they say.

They import what they need when they run, as the other commands do.
"""

from pathlib import Path

from autograder.classroom.commands import Command


def add_commands(command: Command) -> None:
    """Add these commands, as ``autograder.classroom.commands.add_commands`` does the others."""
    intake = command("intake", _intake, "take in notebooks from files, folders, Canvas or Moodle")
    intake.add_argument("paths", type=Path, nargs="+", help="notebooks, folders or zip files", metavar="PATH")
    intake.add_argument("--assignment", help="the one that all of them are of (default: what is in them says it)")
    intake.add_argument("--apply", action="store_true", help="take them in; without, it is only said what would be")
    roster = command("roster", _roster, "take in the list of the class from Canvas or Moodle")
    roster.add_argument("file", type=Path, help="Canvas: the gradebook's export; Moodle: a grading worksheet")
    roster.add_argument("--assignment", help="the one that Moodle's grading worksheet is of")


def _intake(course, chosen) -> int:
    """Find the notebooks in files, folders and zip files, and say whose they are and of which assignment. With --apply,
    put them where nbgrader expects them. The exit status is 1 if something is left out."""
    from autograder.classroom.lms.intake import LEFT_OUT, as_text, intake
    from autograder.classroom.privacy import keep_private

    arrivals = intake(course, chosen.paths, chosen.apply, chosen.assignment)
    keep_private(course)
    print(as_text(arrivals, chosen.apply))
    return int(any(arrival.outcome == LEFT_OUT for arrival in arrivals))


def _roster(course, chosen) -> int:
    """Take in the list of the class, so that files from Canvas or Moodle are known by it and grades can go back there.
    Students get their names in the gradebook. It is kept in the class's folder."""
    from autograder.classroom.lms.roster import take_in
    from autograder.classroom.privacy import keep_private

    found = take_in(course, chosen.file, chosen.assignment)
    keep_private(course)
    print(f"{len(found.people)} students from {found.kind.capitalize()}.")
    return 0
