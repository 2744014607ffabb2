"""Finds out what a class can teach: its instructor, and the grader.

    figures    counts what a class got right and wrong
    report     writes the figures as a page with pictures, and as a table
    learn      finds wrong answers that students share, and writes drafts of mistakes
    similar    finds submissions that are alike beyond what is usual
    commands   these commands, as the command line knows them

Nothing here runs a student's code in this process.
"""
