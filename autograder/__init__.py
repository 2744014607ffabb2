"""Grading by questions that travel and answers that return.

The way of a submission, a module a step:

    source      reads solutions/NN_name.py, the one source of a notebook
    parts       collects the solutions of the notebooks before one, for it to start from
    assignment  joins it with its hidden tests and its named mistakes, and checks that they fit
    build       makes the instructor's notebook, the release in course/ and parts.py
    intake      refuses where code cannot be locked in, and leaves out what is no notebook
    rebuild     puts a student's cells into the release: nothing else of a submission is kept
    execute     runs the result in a kernel, or finds in the records that it was run before
    kernel/     that kernel: locked in, and forked from a process that has imported everything
    ask         puts the hidden questions to it, after the last cell
    probe       what a question may use, and how its answer leaves the kernel
    answers     reads answers back as data, and says how two of them differ
    judge       compares with the reference and the named mistakes, and gives the points
    forbidden   looks in the code for what an exercise must not lean on
    explain     says in words why an answer gives no points
    verdict     what the judge found
    report      shows verdicts in a notebook, in the terminal, in a table
    outcome     writes the line in the records, and flags what is odd

Around it: grade does this for a class, and export writes its grades; records keeps what was run, by its fingerprint,
for replay and forget; check grades one notebook of one's own, demo a made-up class, hostile the submissions that cheat
and break; students makes notebooks to grade, and catalogue tests the hidden tests with the named mistakes; clean keeps
students' HTML harmless; seed and config are what they say.
"""
