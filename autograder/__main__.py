"""Runs the commands of the autograder: python -m autograder --help shows them."""

import argparse
import json
import sqlite3
import sys
from pathlib import Path

from autograder.classroom import commands as of_a_class
from autograder.classroom.lessons import commands as of_lessons
from autograder.classroom.lms import commands as of_lms
from autograder.errors import UserError


def main(arguments: list[str] | None = None) -> int:
    about = "Builds, grades and exports the assignments of a course: the folder with an nbgrader_config.py."
    parser = argparse.ArgumentParser(prog="python -m autograder", description=about)
    parser.add_argument("--course", type=Path, help="its folder (default: this one, or the first above that is one)")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run, help: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=help, description=run.__doc__)
        made.set_defaults(run=run)
        return made

    build = command("build", _build, "make the notebooks that students get from solutions/")
    build.add_argument("--force", action="store_true", help="replace a notebook that somebody worked in, too")
    new = command("new", _new, "make the folder of a new assignment, with an example in it that works")
    new.add_argument("assignment", help="its name, as 07_name: assignments are taught in the order of their names")
    check = command("check", _check, "grade your own notebook")
    check.add_argument("notebook", type=Path, help="the file; it may have another name")
    check.add_argument("--json", action="store_true", help="print it as JSON, for other programs")
    check.add_argument("--gradescope", type=Path, metavar="FILE", help="write it as Gradescope's results.json, too")
    mistakes = command("mistakes", _mistakes, "show what the hidden tests catch")
    mistakes.add_argument("assignment", help="its name, that of its folder")
    solutions = command("solutions", _solutions, "write each notebook solved, with mark schemes, for instructors")
    solutions.add_argument("assignment", nargs="?", help="its name (default: all of them)")
    solutions.add_argument("--to", type=Path, help="the folder (default: model_answers in the class's folder)")
    doctor = command("doctor", _doctor, "say what this machine can do to lock in students' code")
    doctor.add_argument("--cluster", metavar="ADDRESS", help="say which workers of this Dask scheduler can be used")
    doctor.add_argument("--without-tls", action="store_true", help="the scheduler's network is protected: use tcp://")

    def class_command(name: str, run, help: str) -> argparse.ArgumentParser:
        made = command(name, run, help)
        made.set_defaults(run=lambda chosen: run(_course(chosen), chosen))
        return made

    of_lms.add_commands(class_command)
    of_a_class.add_commands(class_command)
    of_lessons.add_commands(class_command)
    chosen = parser.parse_args(arguments)
    from autograder.authoring.course import commands_on_path

    try:
        with commands_on_path():
            return chosen.run(chosen)
    except (UserError, OSError, sqlite3.Error) as error:
        return _fail(error)
    except KeyboardInterrupt:
        return _fail("Stopped.")


def _course(chosen):
    """Return the course that was named, or that we are in. Raises UserError if its settings, together with those of
    this user, take one of the engine's steps away."""
    from autograder.authoring.course import SETTINGS, Course
    from autograder.classroom.settings import personal_files, with_personal_settings
    from autograder.classroom.steps import require

    course = Course.at(chosen.course) if chosen.course else Course.around(Path.cwd())
    files = [Path(course.root, SETTINGS), *personal_files(course)]
    course = with_personal_settings(course)
    require(course.config, " or ".join(map(str, files)))
    return course


def _build(chosen) -> int:
    """Make the notebooks that students get from the assignments in solutions/. If anything fails, the released ones
    stay as they were."""
    from autograder.authoring.build import build
    from autograder.classroom.privacy import keep_private
    from autograder.classroom.releases import remember_releases

    course = _course(chosen)
    remember_releases(course)  # those that the build replaces
    for path in build(course, force=chosen.force):
        print(path)
    remember_releases(course)
    keep_private(course)
    _say_what_nbgrader_knows(course)
    return 0


def _new(chosen) -> int:
    """Make the folder of a new assignment, with one exercise, a hidden test, a named mistake and another right way. It
    can be built at once. Nothing that is there is changed. In an empty folder a course begins, with its settings."""
    from autograder.authoring.template import begin_course, new_assignment, next_steps

    folder = chosen.course or Path.cwd()
    if begin_course(folder, chosen.assignment):
        chosen.course = folder
        print(f"{folder / 'nbgrader_config.py'}: a new course begins here.")
    course = _course(chosen)
    new_assignment(course, chosen.assignment)
    print(next_steps(course, chosen.assignment))
    _say_what_nbgrader_knows(course)
    return 0


def _say_what_nbgrader_knows(course) -> None:
    """Say to an author whether nbgrader's own commands lock in students' code in this course, if they do not."""
    from autograder.authoring.course import Course
    from autograder.classroom.settings import with_personal_settings
    from autograder.classroom.steps import unknown_to_nbgrader

    as_read = with_personal_settings(Course.at(Path(course.root)))
    if unknown := unknown_to_nbgrader(as_read.config):
        print(f"\n{unknown}", file=sys.stderr)


def _check(chosen) -> int:
    """Grade one notebook with the hidden tests, and show the feedback. Its code runs on this machine and with your
    rights, as it does in JupyterLab. Nothing is stored. With --json the result is one object of JSON, whose form
    the docstring of autograder.grade describes."""
    from autograder.classroom.as_data import as_data, for_gradescope
    from autograder.classroom.check import check
    from autograder.judging.report import as_text

    found = check(chosen.notebook, _course(chosen))
    if chosen.gradescope:
        chosen.gradescope.write_text(json.dumps(for_gradescope(found), indent=2), encoding="utf-8")
    print(json.dumps(as_data(found), indent=2) if chosen.json else as_text(found.verdicts))
    return 0


def _mistakes(chosen) -> int:
    """Make each named mistake in the reference solution, one at a time, and grade the result. The exit status is 1 if a
    mistake is not caught, or costs points on another exercise, too."""
    from autograder.authoring.rehearsal import rehearse, rehearse_mistakes
    from autograder.judging.catalogue import as_table, findings
    from autograder.judging.judge import GiveVerdicts

    course = _course(chosen)
    assignment = course.assignment(chosen.assignment)
    rehearse([assignment])
    rehearse_mistakes(assignment)
    found = findings(GiveVerdicts(config=course.config).judge(assignment, "catalogue"))
    print(as_table(found))
    return 0 if all(finding.holds for finding in found) else 1


def _solutions(chosen) -> int:
    """Write each notebook as a page with solutions, model answers and mark schemes, to have beside formgrader when you
    grade written answers. The pages are for instructors alone: only you can read the files."""
    from autograder.classroom.solutions import write_solutions

    for path in write_solutions(_course(chosen), [chosen.assignment] if chosen.assignment else [], chosen.to):
        print(path)
    return 0


def _doctor(chosen) -> int:
    """Try out whether students' code can be locked in on this machine, and in a course whether others can look
    into what its class hands in. Say what to do if something is wrong. With --cluster, try it out on the workers of a
    Dask scheduler instead, and say which of them have this course. The exit status is 0 only if nothing is wrong."""
    from contextlib import suppress

    if chosen.cluster:
        return _doctor_of_a_cluster(chosen)
    from autograder.classroom.privacy import open_to_others, shows_solutions
    from autograder.running.kernel.doctor import as_text, examine

    items, is_open = examine(), []
    print(as_text(items))
    with suppress(FileNotFoundError):  # we are in no course
        course = _course(chosen)
        is_open = open_to_others(course)
        if shows_solutions(course):
            print(f"All accounts of this machine can read the solutions. If students have one: chmod 700 {course.root}")
    for folder in is_open:
        print(f"{folder} should be for the instructors alone: `python -m autograder grade` sees to it, or chmod.")
    return int(bool(is_open) or not all(item.works for item in items))


def _doctor_of_a_cluster(chosen) -> int:
    from autograder.classroom.cluster import Cluster, said

    with Cluster(_course(chosen), chosen.cluster, chosen.without_tls) as cluster:
        print("\n".join(said(cluster.reasons)))
        return int(any(cluster.reasons.values()))


def _fail(message: object) -> int:
    print(message, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
