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
    grade = command("grade", _grade, "grade what a class has handed in")
    grade.add_argument("assignment", help="for example 01_attention")
    grade.add_argument("--student", action="append", help="this student alone; may be given several times")
    grade.add_argument("--no-sandbox", action="store_true", help="where code cannot be locked in: trust it")
    export = command("export", _export, "write the grades to a CSV file")
    export.add_argument("--to", default="grades.csv", help="the file (default: grades.csv)")
    export.add_argument("--assignment", action="append", default=[], help="this assignment alone")
    replay = command("replay", _replay, "run a grade again, and compare")
    replay.add_argument("student")
    replay.add_argument("assignment")
    forget = command("forget", _forget, "remove a student from the records and the gradebook")
    forget.add_argument("student")
    command("doctor", _doctor, "say what this machine can do to lock in students' code")
    hostile = command("hostile", _hostile, "grade submissions that cheat and break, with stock nbgrader and with ours")
    hostile.add_argument("--only", help="kinds whose name contains this")
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


def _grade(chosen) -> int:
    """Grade every submission in classroom/submitted with nbgrader, and say what came of it. The exit status is 1 if
    one stays ungraded. What was run before, and has not changed, is not run again."""
    from nbgrader.converters.base import NbGraderException
    from tqdm import tqdm

    from autograder.assignment import ROOT, load
    from autograder.config import commands_on_path, course
    from autograder.grade import as_table, grade, submitted
    from autograder.report import printable

    assignment, settings, results = load(chosen.assignment), course(ROOT), []
    if chosen.no_sandbox:
        settings.Execute.sandbox = False
    students = chosen.student or submitted(settings, assignment.name)
    if not students:
        return _fail(f"Nobody has handed in {assignment.name}: there is nothing in classroom/submitted.")
    try:
        with commands_on_path(), tqdm(grade(settings, assignment.name, students), total=len(students)) as bar:
            for result in bar:
                results.append(result)
                bar.set_description(printable(result.line.student))
    except NbGraderException as error:
        return _fail(error)
    except KeyboardInterrupt:
        print(f"Stopped. What was graded is kept: {len(results)} of {len(students)}.", file=sys.stderr)
    if results:
        print(as_table(assignment, results))
    return int(len(results) < len(students) or any(result.ungraded for result in results))


def _export(chosen) -> int:
    """Write the grades of all students: a status beside every score, and no score for what is ungraded. `nbgrader
    export` does the same."""
    from nbgrader.api import Gradebook

    from autograder.assignment import ROOT
    from autograder.config import course
    from autograder.export import WithStatus

    settings = course(ROOT)
    with Gradebook(settings.CourseDirectory.db_url, settings.CourseDirectory.course_id) as gradebook:
        WithStatus(config=settings, to=chosen.to, assignment=chosen.assignment).export(gradebook)
    print(chosen.to)
    return 0


def _replay(chosen) -> int:
    """Run what was run for a student's last grade once more, with the questions of today, and say whether the verdict
    is the same. Nothing is stored. The exit status is 1 if it is not."""
    from autograder.assignment import ROOT
    from autograder.config import course
    from autograder.replay import as_text, replay

    again = replay(course(ROOT), chosen.student, chosen.assignment)
    print(as_text(again))
    return int(not again.same)


def _forget(chosen) -> int:
    """Remove a student from the records and from nbgrader's gradebook. Says which files of theirs are left."""
    from autograder.assignment import ROOT
    from autograder.config import course
    from autograder.forget import forget

    print(forget(course(ROOT), chosen.student))
    return 0


def _doctor(chosen) -> int:
    """Try out whether students' code can be locked in on this machine, and say what to do where it cannot. The exit
    status is 0 only if everything works."""
    from autograder.kernel.doctor import as_text, examine

    items = examine()
    print(as_text(items))
    return int(not all(item.works for item in items))


def _hostile(chosen) -> int:
    """Grade the corpus in tests/hostile with stock nbgrader, whose kernels are not confined, and with ours, and print
    what came of each kind. The corpus is harmless by construction. It takes half an hour; the exit status is 1 if
    ours is wrong about one."""
    import tempfile

    from tqdm import tqdm

    from autograder.hostile import KINDS, as_table, compare

    kinds = [kind for kind in KINDS if not chosen.only or chosen.only in kind.name]
    if not kinds:
        return _fail(f"No kind's name contains {chosen.only!r}.")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        rows = list(tqdm(compare(Path(folder), kinds), total=len(kinds), desc="hostile"))
    print(as_table(rows))
    return int(not all(ours.is_right(kind) for kind, _, ours in rows))


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
