"""The commands for a class, as the command line knows them: what they are told, and what they say.

They import what they need when they run, so that the others need not wait for it.
"""

import argparse
import logging
import os
import sys
import time
import warnings
from collections.abc import Callable
from contextlib import contextmanager, nullcontext
from pathlib import Path

from autograder.errors import UserError

Command = Callable[[str, Callable, str], argparse.ArgumentParser]
CORES = len(os.sched_getaffinity(0))


def add_commands(command: Command) -> None:
    """Add the commands for a class.

    command  adds one, which has a name, a function (course, chosen) -> exit status, and a line of help
    """
    grade = command("grade", _grade, "grade what a class has handed in")
    grade.add_argument("assignment", help="its name, that of its folder")
    grade.add_argument("--student", action="append", help="grade this one alone; may be given several times")
    grade.add_argument("--force", action="store_true", help="grade again what has not changed since, too")
    add_where(grade)
    trust = "grade where code cannot be locked in, too: it can read and forge grades, and every result says so"
    grade.add_argument("--no-sandbox", action="store_true", help=trust)
    feedback = command("feedback", _feedback, "make the pages of feedback of a class, several at once")
    feedback.add_argument("assignment", help="its name, that of its folder")
    feedback.add_argument("--student", action="append", help="this one's page alone; may be given several times")
    pages = "make at most so many pages at once (default: %(default)s, the processor's cores)"
    feedback.add_argument("--jobs", type=count, metavar="N", default=CORES, help=pages)
    export = command("export", _export, "write the grades to a CSV file")
    export.add_argument("--to", type=Path, default=Path("grades.csv"), help="the file (default: grades.csv)")
    export.add_argument("--assignment", action="append", default=[], help="this assignment alone")
    export.add_argument("--format", choices=("table", "canvas", "moodle"), default="table", help="who is to read it")
    replay = command("replay", _replay, "run a grade again, and compare")
    replay.add_argument("student")
    replay.add_argument("assignment")
    forget = command("forget", _forget, "remove a student from the records and the gradebook")
    forget.add_argument("student")
    merge = command("merge", _merge, "take in the records of another machine that has graded for this class")
    merge.add_argument("folder", type=Path, help="a copy of its folder of records")
    backup = command("backup", _backup, "write gradebook, records, seeds and roster into one file")
    backup.add_argument("file", type=Path, help="a new file")
    restore = command("restore", _restore, "put everything of a backup into its place")
    restore.add_argument("file", type=Path, help="the backup")
    restore.add_argument("--force", action="store_true", help="replace what is there")
    demo = command("demo", _demo, "grade a made-up class, from release to feedback")
    demo.add_argument("assignment", nargs="?", help="its name (default: the first that has a made_up_class.py)")
    demo.add_argument("--folder", type=Path, default=Path("demo"), help="where; it is made anew (default: demo)")


def add_where(command: argparse.ArgumentParser) -> None:
    """Add what says where submissions are run."""
    here = "run so many submissions at once here (default: %(default)s, the processor's cores)"
    command.add_argument("--jobs", type=count, metavar="N", default=CORES, help=here)
    elsewhere = "run them on the workers of a Dask scheduler, at tls://HOST:PORT"
    command.add_argument("--cluster", metavar="ADDRESS", help=elsewhere)
    protected = "take a tcp:// address of another machine, too: its network is protected otherwise"
    command.add_argument("--without-tls", action="store_true", help=protected)


def count(text: str) -> int:
    """Read a number of processes."""
    if not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0")
    return int(text)


def _grade(course, chosen) -> int:
    """Grade every submission that was handed in and is not graded yet, and show the results of the class. What has not
    changed is left alone, and what was run before is not run again. Ctrl-C stops it: what was graded is kept, and the
    same command goes on from there. The exit status is 1 if a submission stays ungraded, or if grading stops early."""
    from nbgrader.converters.base import NbGraderException
    from tqdm import tqdm

    from autograder.classroom.grade import grade, out_of_date, to_grade
    from autograder.classroom.gradebook import must_fit
    from autograder.classroom.privacy import keep_private
    from autograder.classroom.progress import account, so_far
    from autograder.classroom.results import as_table
    from autograder.classroom.waiting import Handed

    results, stopped, workers, began = [], None, 1, time.monotonic()
    assignment = course.assignment(chosen.assignment)
    if chosen.no_sandbox:
        course.config.Execute.sandbox = False
    must_fit(course, assignment)
    keep_private(course)
    handed = Handed(course, assignment.name)
    students = to_grade(handed, chosen.student)
    with quiet(), tqdm(total=len(students), unit="submission", postfix="workers start") as bar:
        try:
            with cluster_of(course, chosen) as cluster:
                workers = cluster.fit if cluster else chosen.jobs
                for result in grade(course, assignment.name, students, chosen.force, chosen.jobs, cluster):
                    results.append(result)
                    bar.update()
                    bar.set_postfix_str(so_far(results))
        except (NbGraderException, UserError, OSError) as error:
            stopped = str(error)
        except KeyboardInterrupt:
            stopped = "Stopped."
    if results:
        absent = [] if chosen.student else sorted({*handed.enrolled} - {*handed.students})
        print(as_table(assignment, results, out_of_date(course, assignment, results), absent))
        for line in account(results, time.monotonic() - began, workers):
            print(line)
    if stopped:
        kept = f" What was graded is kept: {len(results)} of {len(students)}." if results else ""
        print(stopped + kept, file=sys.stderr)
    return int(bool(stopped) or any(result.ungraded for result in results))


def cluster_of(course, chosen):
    """Return a context that gives the cluster that was named, or None."""
    if not chosen.cluster:
        return nullcontext()
    from autograder.classroom.cluster import Cluster

    return Cluster(course, chosen.cluster, chosen.without_tls)


@contextmanager
def quiet():
    """Keep inside what would cut through a progress bar: SQLAlchemy's warnings, and nbgrader's reports of errors, which
    the results tell, too."""
    log, nowhere = logging.getLogger("tornado.application"), logging.NullHandler()
    log.addHandler(nowhere)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.removeHandler(nowhere)


def _feedback(course, chosen) -> int:
    """Make the page of feedback of every submission that is graded, anew, as `nbgrader generate_feedback --force` does.
    Several are made at once. `nbgrader release_feedback` gives them to students. The exit status is 1 if one of them
    could not be made."""
    from tqdm import tqdm

    from autograder.classroom.feedback import feedback, graded
    from autograder.classroom.gradebook import must_exist
    from autograder.judging.report import printable

    course.assignment(chosen.assignment)  # raises NotFound if there is none
    must_exist(course)
    students = graded(course, chosen.assignment, chosen.student)
    failed = {}
    with quiet(), tqdm(total=len(students), unit="page") as bar:
        for student, why in feedback(course, chosen.assignment, students, chosen.jobs):
            bar.update()
            failed |= {student: why} if why else {}
    print(f"{len(students) - len(failed)} pages in {course.folder(course.feedback_directory)}")
    for student, why in failed.items():
        print(printable(f"no page, {student}: {why}"))
    return int(bool(failed))


def _export(course, chosen) -> int:
    """Write the grades of all students to a CSV file: as a table with a status beside every score, which `nbgrader
    export` writes, too; or in the form that Canvas or Moodle imports, where a score that is not final is left out."""
    from nbgrader.api import Gradebook

    from autograder.classroom.export import WithStatus
    from autograder.classroom.gradebook import must_exist
    from autograder.classroom.lms.grades import write_canvas, write_moodle

    must_exist(course)
    said = []
    with Gradebook(course.db_url, course.course_id) as gradebook:
        if chosen.format == "canvas":
            said = write_canvas(course, gradebook, chosen.assignment, chosen.to)
        elif chosen.format == "moodle":
            if len(chosen.assignment) != 1:
                raise UserError("Moodle has a grading worksheet an assignment: say which, with --assignment NAME.")
            said = write_moodle(course, gradebook, chosen.assignment[0], chosen.to)
        else:
            to = str(chosen.to)
            WithStatus(config=course.config, to=to, assignment=chosen.assignment).export(gradebook)
    print("\n".join([*said, str(chosen.to)]))
    return 0


def _replay(course, chosen) -> int:
    """Run what was run for a student's last grade once more, with the questions of today, and say whether the verdict
    is the same. The exit status is 1 if it is not. Nothing is stored."""
    from autograder.classroom.replay import as_text, replay

    again = replay(course, chosen.student, chosen.assignment)
    print(as_text(again))
    return int(not again.same)


def _forget(course, chosen) -> int:
    """Remove a student from the records and from nbgrader's gradebook, and show which of their folders are left."""
    from autograder.classroom.forget import forget

    print(forget(course, chosen.student))
    return 0


def _merge(course, chosen) -> int:
    """Take in what another machine has run and found: its submissions are then graded here, by `grade`, and nothing is
    run again. It must have had the same seed."""
    from autograder.running.merge import merge
    from autograder.running.records import Records

    print(f"{merge(Records(config=course.config), chosen.folder)} executions are new.")
    return 0


def _backup(course, chosen) -> int:
    """Write all that cannot be made again into one file, which only you can read: gradebook, records, the secret seeds,
    and the list of the class. A class may be graded meanwhile. What was handed in is not in it."""
    from autograder.classroom.backup import backup, on_a_server

    print(f"{chosen.file}: {', '.join(backup(course, chosen.file))}")
    if on_a_server(course):
        print("The gradebook is on a database server, and so not in it: back it up there.")
    return 0


def _restore(course, chosen) -> int:
    """Put everything of a backup into its place. Stop grading and close formgrader before."""
    from autograder.classroom.backup import restore
    from autograder.classroom.privacy import keep_private

    print(f"Restored: {', '.join(restore(course, chosen.file, chosen.force))}")
    keep_private(course)
    return 0


def _demo(course, chosen) -> int:
    """Build the course, release an assignment, let a made-up class submit it, collect it, grade it and give feedback.
    All of this is done with nbgrader, in a folder of its own. The class is described in the assignment's folder, in
    made_up_class.py."""
    from autograder.classroom.demo import demo

    return demo(course, chosen.folder, chosen.assignment)
