"""Exchanges submissions and grades with learning management systems. It takes in loose notebooks, too.

    intake     takes in notebooks that did not come through nbgrader's exchange
    unpack     finds the notebooks in files, folders and zip files
    file_names reads from a file's name who has handed it in
    roster     reads the list of a class from Canvas or Moodle, and keeps it
    grades     writes grades in the form that Canvas and Moodle import
    commands   the commands that take in what comes from outside, as the command line knows them

All that it reads comes from outside: nothing is written under a name that it finds there.
"""
