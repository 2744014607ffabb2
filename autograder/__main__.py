"""The commands of the course: python -m autograder --help"""

import argparse
import sys
from pathlib import Path

from autograder.source import SourceError


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m autograder", description=__doc__.split(":")[0])
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    build = commands.add_parser("build", help="make the notebooks in course/ from solutions/", description="Make classroom/source and course/ from solutions/. The old course/ stays as it was when anything fails.")
    build.add_argument("--force", action="store_true", help="replace notebooks in course/ that somebody worked in, too")
    build.set_defaults(run=_build)

    check = commands.add_parser("check", help="grade your own notebook", description="Grade one notebook against the hidden tests and show the feedback. It runs here, as any notebook of yours does, and nothing is stored.")
    check.add_argument("notebook", type=Path, help="for example course/01_attention/01_attention.ipynb")
    check.set_defaults(run=_check)

    mistakes = commands.add_parser("mistakes", help="show what the hidden tests catch", description="Make each named mistake in the reference solution, and grade it. The exit status is 1 if one is not caught, or costs points on another exercise.")
    mistakes.add_argument("assignment", help="for example 01_attention")
    mistakes.set_defaults(run=_mistakes)

    demo = commands.add_parser("demo", help="grade a class of twelve, from release to feedback", description="Build, release, let twelve made-up students submit, collect, grade and give feedback, all with nbgrader, in a folder of its own.")
    demo.add_argument("--folder", type=Path, default=Path("demo"), help="where; it is emptied first (default: demo)")
    demo.set_defaults(run=_demo)

    chosen = parser.parse_args(arguments)
    try:
        return chosen.run(chosen)
    except (SourceError, LookupError, OSError) as error:
        return _fail(error)
    except KeyboardInterrupt:
        return _fail("stopped")


def _build(chosen) -> int:
    from autograder.build import BuildError, build

    try:
        for path in build(force=chosen.force):
            print(path)
    except BuildError as error:
        return _fail(error)
    return 0


def _check(chosen) -> int:
    from autograder.check import CheckError, check
    from autograder.report import as_text

    try:
        print(as_text(check(chosen.notebook)))
    except CheckError as error:
        return _fail(error)
    return 0


def _mistakes(chosen) -> int:
    from autograder.assignment import load
    from autograder.catalogue import as_table, findings

    found = findings(load(chosen.assignment), seed="catalogue")
    print(as_table(found))
    return 0 if all(finding.holds for finding in found) else 1


def _demo(chosen) -> int:
    from autograder.demo import demo

    return demo(chosen.folder)


def _fail(message: object) -> int:
    print(message, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
