"""Grades notebooks with nbgrader, by questions that travel and answers that return.

It knows no course: which one it grades, it is told by that course's nbgrader_config.py. A submission passes

    classroom/admission -> running/rebuild -> running/execute -> judging/judge -> nbgrader -> classroom/last_step

and all that deals with what a student wrote is done in a process with limits.

The rooms, and which may import from which:

    authoring   what maintainers write, and what students get of it
    running     runs what a student handed in, and gets answers out of it
                <- authoring
    judging     finds out what the answers are worth, and says it
                <- authoring, and running.answers alone
    classroom   grades a class, and does what an instructor needs around it
                <- authoring, running, judging
    probe       what hidden tests import; it travels to kernels with them, and imports nothing of ours
    bounded     does work in a process with limits; it imports nothing of ours, either
    errors      what is told to the user; nor does it
    __main__    the commands

The first lines of each room say what its modules do.
"""

from traitlets.config import Application

if Application.initialized():
    # nbgrader has started, and reads a course's settings. An error in them would let it go on without the whole file,
    # by its own steps, which lock nothing in: now it ends.
    Application.instance().raise_config_file_errors = True


def configure(settings) -> None:
    """Set the engine's steps of grading in the settings of a course, where they name none.

    It is the last line of nbgrader_config.py, so that nbgrader's own commands and formgrader grade by them, too:

        import autograder

        c = get_config()
        ...
        autograder.configure(c)

    Settings that take one of these steps away, or put another in its place, are refused: nothing is graded then, and
    the message says which line to write. Steps of your own may stand beside them, as in
    ``c.Autograde.autograde_preprocessors.append("mine.Step")``.

    settings  what nbgrader's ``get_config()`` returns
    """
    from autograder.classroom import steps

    steps.configure(settings)


def grade(path, course=None) -> dict:
    """Grade one notebook as `python -m autograder check` does, and return what was found in types that JSON knows.

    path    of the notebook
    course  the folder of its course, with an nbgrader_config.py; without it, the one that we are in

    The result holds

        schema      1, the number of this form
        assignment  its name
        score       the points for all exercises, and
        points      the most that they can be; written answers are not among them
        exercises   for each exercise, in the notebook's order:
            exercise  its name
            score     its points, and
            points    the most that they can be
            mistakes  the names of the mistakes that were found, each once, and
            off       the points that each of them costs
            cases     for each hidden test: title; passed, true or false; points, what it gives; reason, in words;
                      mistake, a name or null
        answers     for each written answer, which a person grades: answer, its name; points, the most that it can give
        to_look_at  sentences on what is odd, for the instructor alone

    The notebook's code runs on this machine and with your rights. Raises autograder.errors.UserError if there is no
    such file, or if it is none of the course's notebooks.
    """
    from pathlib import Path

    from autograder.authoring.course import Course
    from autograder.classroom.as_data import as_data
    from autograder.classroom.check import check

    found = Course.at(Path(course)) if course else Course.around(Path.cwd())
    return as_data(check(Path(path), found))
