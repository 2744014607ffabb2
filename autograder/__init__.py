"""Grading by questions that travel and answers that return.

The way of a submission, a module a step:

    source      reads solutions/NN_name.py, the one source of a notebook
    assignment  joins it with its hidden tests and its named mistakes, and checks that they fit
    build       makes the instructor's notebook, the release in course/ and parts.py
    rebuild     puts a student's cells into the release: nothing else of a submission is kept
    execute     runs the result in a kernel and asks the hidden questions there
    probe       what a question may use, and how its answer leaves the kernel
    answers     reads answers back as data, and says how two of them differ
    judge       compares with the reference and the named mistakes, and gives the points
    forbidden   looks in the code for what an exercise must not lean on
    explain     says in words why an answer gives no points
    verdict     what the judge found
    report      shows verdicts in a notebook, in the terminal, in a table

Around it: students makes notebooks to grade, catalogue tests the hidden tests with the named mistakes, check grades one
notebook of one's own, demo a made-up class, clean keeps students' HTML harmless, seed and config are what they say.
"""
