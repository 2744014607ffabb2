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
