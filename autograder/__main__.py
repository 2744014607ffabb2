"""Runs the commands of the autograder: python -m autograder --help shows them."""

import argparse
import sys
from pathlib import Path

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
    check = command("check", _check, "grade your own notebook")
    check.add_argument("notebook", type=Path, help="the file; it may have another name")
    mistakes = command("mistakes", _mistakes, "show what the hidden tests catch")
    mistakes.add_argument("assignment", help="its name, that of its folder")
    grade = command("grade", _grade, "grade what a class has handed in")
    grade.add_argument("assignment", help="its name, that of its folder")
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
    demo = command("demo", _demo, "grade a made-up class, from release to feedback")
    demo.add_argument("assignment", nargs="?", help="its name (default: the first that has a made_up_class.py)")
    demo.add_argument("--folder", type=Path, default=Path("demo"), help="where; it is made anew (default: demo)")

    chosen = parser.parse_args(arguments)
    from autograder.authoring.course import commands_on_path

    try:
        with commands_on_path():
            return chosen.run(chosen)
    except (UserError, OSError) as error:
        return _fail(error)
    except KeyboardInterrupt:
        return _fail("Stopped.")


def _course(chosen):
    """Return the course that was named, or that we are in."""
    from autograder.authoring.course import Course

    return Course.at(chosen.course) if chosen.course else Course.around(Path.cwd())


def _build(chosen) -> int:
    """Make the notebooks that students get from the assignments in solutions/. If anything fails, the released ones
    stay as they were."""
    from autograder.authoring.build import build

    for path in build(_course(chosen), force=chosen.force):
        print(path)
    return 0


def _check(chosen) -> int:
    """Grade one notebook with the hidden tests, and show the feedback. Its code runs on this machine and with your
    rights, as it does in JupyterLab. Nothing is stored."""
    from autograder.classroom.check import check
    from autograder.judging.report import as_text

    print(as_text(check(chosen.notebook, _course(chosen))))
    return 0


def _mistakes(chosen) -> int:
    """Make each named mistake in the reference solution, one at a time, and grade the result. The exit status is 1 if a
    mistake is not caught, or costs points on another exercise, too."""
    from autograder.judging.catalogue import as_table, findings

    found = findings(_course(chosen).assignment(chosen.assignment), seed="catalogue")
    print(as_table(found))
    return 0 if all(finding.holds for finding in found) else 1


def _grade(chosen) -> int:
    """Grade every submission that was handed in with nbgrader, and show the results. What was run before, and has not
    changed, is not run again. The exit status is 1 if a submission stays ungraded, or if you stop it."""
    from nbgrader.converters.base import NbGraderException
    from tqdm import tqdm

    from autograder.classroom.grade import as_table, grade, submitted
    from autograder.judging.report import printable

    course, results = _course(chosen), []
    assignment = course.assignment(chosen.assignment)
    if chosen.no_sandbox:
        course.config.Execute.sandbox = False
    students = chosen.student or submitted(course, assignment.name)
    if not students:
        return _fail(
            f"Nobody has handed in {assignment.name}: there is nothing in {course.folder(course.submitted_directory)}."
        )
    try:
        with tqdm(grade(course, assignment.name, students), total=len(students)) as bar:
            for result in bar:
                results.append(result)
                bar.set_description(printable(result.grading.student))
    except NbGraderException as error:
        return _fail(error)
    except KeyboardInterrupt:
        print(f"Stopped. What was graded is kept: {len(results)} of {len(students)}.", file=sys.stderr)
    if results:
        print(as_table(assignment, results))
    return int(len(results) < len(students) or any(result.ungraded for result in results))


def _export(chosen) -> int:
    """Write the grades of all students to a CSV file, with a status beside every score. An ungraded submission has no
    score. `nbgrader export` does the same."""
    from nbgrader.api import Gradebook

    from autograder.classroom.export import WithStatus

    course = _course(chosen)
    with Gradebook(course.db_url, course.course_id) as gradebook:
        WithStatus(config=course.config, to=chosen.to, assignment=chosen.assignment).export(gradebook)
    print(chosen.to)
    return 0


def _replay(chosen) -> int:
    """Run what was run for a student's last grade once more, with the questions of today, and say whether the verdict
    is the same. The exit status is 1 if it is not. Nothing is stored."""
    from autograder.classroom.replay import as_text, replay

    again = replay(_course(chosen), chosen.student, chosen.assignment)
    print(as_text(again))
    return int(not again.same)


def _forget(chosen) -> int:
    """Remove a student from the records and from nbgrader's gradebook, and show which of their folders are left."""
    from autograder.classroom.forget import forget

    print(forget(_course(chosen), chosen.student))
    return 0


def _doctor(chosen) -> int:
    """Try out whether students' code can be locked in on this machine, and say what to do if it cannot. The exit status
    is 0 only if everything works."""
    from autograder.running.kernel.doctor import as_text, examine

    items = examine()
    print(as_text(items))
    return int(not all(item.works for item in items))


def _demo(chosen) -> int:
    """Build the course, release an assignment, let a made-up class submit it, collect it, grade it and give feedback.
    All of this is done with nbgrader, in a folder of its own. The class is described in the assignment's folder, in
    made_up_class.py."""
    from autograder.classroom.demo import demo

    return demo(_course(chosen), chosen.folder, chosen.assignment)


def _fail(message: object) -> int:
    print(message, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
