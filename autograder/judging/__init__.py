"""Finds out what answers are worth, and reports it.

    judge       compares with the reference and the named mistakes, and gives the points
    expected    asks the reference, with and without mistakes, what the questions are to be answered with
    once        finds a text out once, and takes it from where it is kept
    difference  finds how two answers differ
    carry       finds answers that are right but for an earlier mistake
    trivial     makes solutions that do nothing, to find answers that say nothing
    telling     finds which mistakes of a function show in the inputs that a student chose for it
    naming      finds the mistakes that explain wrong answers
    pairs       finds pairs of mistakes that may explain wrong answers together, the likely ones first
    in_form     names mistakes in the values of answers that come in another form, too
    relations   finds what all wrong answers have in common, compared with the right ones
    compared    holds two tensors to compare
    forms       relations of a whole answer: another form of the right one, or every value by a rule
    changes     relations that say what was done to the right answer, or left out
    places      relations that say in which places an answer is wrong
    arguments   notes what an exercise is called with
    forbidden   looks in the code for names that an exercise must not use, and for what a person should look at
    unlisted    finds in a cell what is not listed
    rules       knows what the notebooks of an assignment may use
    permitted   lists what every notebook may use
    commands    reads a cell as IPython does
    feedback    decides what is said of each case, so that no message can be passed on by it
    slips       finds variations of the reference solution that explain wrong answers
    variations  makes them, and says of what kind each is
    edits       says what may stand in place of an expression by a slip
    explain     says in words why an answer is wrong
    messages    knows the messages of exceptions that may be repeated
    undone      says why an exercise has nothing to judge
    sizes       notes the sizes of tensors that occur, which explanations may repeat
    verdict     holds what the judge found
    report      shows verdicts in a notebook, in the terminal, in a table
    clean       makes HTML of what students wrote, and keeps it harmless
    equations   makes MathML of equations
    pages       shows it in feedback and formgrader, within limits
    catalogue   tests the hidden tests with the named mistakes

Nothing here runs a student's code.
"""
