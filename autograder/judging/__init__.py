"""Finds out what answers are worth, and reports it.

    judge       compares with the reference and the named mistakes, and gives the points
    difference  finds how two answers differ
    forbidden   looks in the code for names that an exercise must not use
    explain     says in words why an answer gives points or none
    verdict     holds what the judge found
    report      shows verdicts in a notebook, in the terminal, in a table
    clean       keeps students' HTML harmless where verdicts are shown
    catalogue   tests the hidden tests with the named mistakes

Nothing here runs a student's code.
"""
