"""Grades a class with nbgrader, and does what an instructor needs around it.

    intake   nbgrader's exporter: refuses where code cannot be locked in, and leaves out what is no notebook
    record   nbgrader's last step: writes a line in the records, and flags what is odd
    grade    grades a class, one submission after the other
    export   writes its grades, with a status beside every score
    replay   runs a grade again
    forget   removes a student
    check    grades one notebook of one's own
    demo     grades a made-up class, from release to feedback

In which order nbgrader takes the steps of grading, a course's nbgrader_config.py says.
"""
