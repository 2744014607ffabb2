"""Runs the commands of the autograder: python -m autograder --help shows them."""

import argparse
import sqlite3
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
    grade.add_argument("--force", action="store_true", help="grade what has not changed since, too")
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
    except (UserError, OSError, sqlite3.Error) as error:
        return _fail(error)
    except KeyboardInterrupt:
        return _fail("Stopped.")


def _course(chosen):
    """Return the course that was named, or that we are in."""
    from autograder.authoring.course import Course
    from autograder.classroom.settings import with_personal_settings

    return with_personal_settings(Course.at(chosen.course) if chosen.course else Course.around(Path.cwd()))


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
    from autograder.authoring.rehearsal import rehearse, rehearse_mistakes
    from autograder.judging.catalogue import as_table, findings

    assignment = _course(chosen).assignment(chosen.assignment)
    rehearse([assignment])
    rehearse_mistakes(assignment)
    found = findings(assignment, seed="catalogue")
    print(as_table(found))
    return 0 if all(finding.holds for finding in found) else 1


def _grade(chosen) -> int:
    """Grade every submission that was handed in and is not graded yet, and show the results of the class. What has not
    changed is left alone, and what was run before is not run again. The exit status is 1 if a submission stays
    ungraded, or if grading stops before its end."""
    import warnings

    from nbgrader.converters.base import NbGraderException
    from tqdm import tqdm

    from autograder.classroom.grade import chosen as chosen_ones
    from autograder.classroom.grade import grade, out_of_date
    from autograder.classroom.gradebook import must_fit
    from autograder.classroom.privacy import keep_private
    from autograder.classroom.results import as_table
    from autograder.classroom.waiting import Handed
    from autograder.judging.report import printable

    course, results, stopped = _course(chosen), [], None
    assignment = course.assignment(chosen.assignment)
    if chosen.no_sandbox:
        course.config.Execute.sandbox = False
    must_fit(course, assignment)
    keep_private(course)
    handed = Handed(course, assignment.name)
    students = chosen_ones(handed, chosen.student)
    with warnings.catch_warnings(), tqdm(total=len(students)) as bar:
        warnings.simplefilter("ignore")  # nbgrader's and SQLAlchemy's, which would cut through the progress bar
        try:
            for result in grade(course, assignment.name, students, chosen.force):
                results.append(result)
                bar.update()
                bar.set_description(printable(result.grading.student))
        except (NbGraderException, UserError, OSError) as error:
            stopped = error
        except KeyboardInterrupt:
            stopped = "Stopped."
    if results:
        absent = [] if chosen.student else sorted({*handed.enrolled} - {*handed.students})
        print(as_table(assignment, results, out_of_date(assignment, results), absent))
    if stopped:
        return _fail(f"{stopped} What was graded is kept: {len(results)} of {len(students)}." if results else stopped)
    return int(any(result.ungraded for result in results))


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
