"""The commands of the course: python -m autograder --help"""

import argparse
import sys
from pathlib import Path

from autograder.source import SourceError


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m autograder", description="The commands of the course.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run, help: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=help, description=run.__doc__)
        made.set_defaults(run=run)
        return made

    build = command("build", _build, "make the notebooks in course/ from solutions/")
    build.add_argument("--force", action="store_true", help="replace a notebook that somebody worked in, too")
    check = command("check", _check, "grade your own notebook")
    check.add_argument("notebook", type=Path, help="for example course/01_attention/01_attention.ipynb")
    mistakes = command("mistakes", _mistakes, "show what the hidden tests catch")
    mistakes.add_argument("assignment", help="for example 01_attention")
    demo = command("demo", _demo, "grade a made-up class of twelve, from release to feedback")
    demo.add_argument("--folder", type=Path, default=Path("demo"), help="where; it is made anew (default: demo)")

    chosen = parser.parse_args(arguments)
    try:
        return chosen.run(chosen)
    except (SourceError, LookupError, OSError) as error:
        return _fail(error)
    except KeyboardInterrupt:
        return _fail("Stopped.")


def _build(chosen) -> int:
    """Make classroom/source and course/ from solutions/. When anything fails, the old course/ stays as it was."""
    from autograder.build import BuildError, build

    try:
        for path in build(force=chosen.force):
            print(path)
    except BuildError as error:
        return _fail(error)
    return 0


def _check(chosen) -> int:
    """Grade one notebook against the hidden tests and show the feedback. Your code runs as it does in JupyterLab:
    here, with all that you may do. Nothing is stored."""
    from autograder.check import CheckError, check
    from autograder.report import as_text

    try:
        print(as_text(check(chosen.notebook)))
    except CheckError as error:
        return _fail(error)
    return 0


def _mistakes(chosen) -> int:
    """Make each named mistake in the reference solution, and grade it. The exit status is 1 if a mistake is not
    caught, or costs points on another exercise too."""
    from autograder.assignment import load
    from autograder.catalogue import as_table, findings

    found = findings(load(chosen.assignment), seed="catalogue")
    print(as_table(found))
    return 0 if all(finding.holds for finding in found) else 1


def _demo(chosen) -> int:
    """Build, release, let twelve made-up students submit, collect, grade and give feedback: all with nbgrader, in a
    folder of its own."""
    from autograder.demo import demo

    return demo(chosen.folder)


def _fail(message: object) -> int:
    print(message, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
