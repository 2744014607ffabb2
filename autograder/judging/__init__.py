"""Finds out what answers are worth, and says it.

    judge       compares with the reference and the named mistakes, and gives the points
    difference  finds how two answers differ
    forbidden   looks in the code for what an exercise must not lean on
    explain     says in words why an answer gives points or none
    verdict     what the judge found
    report      shows verdicts in a notebook, in the terminal, in a table
    clean       keeps students' HTML harmless where verdicts are shown
    catalogue   tests the hidden tests with the named mistakes

Nothing here runs a student's code.
"""
