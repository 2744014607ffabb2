"""Grades a class with nbgrader, and does what an instructor needs besides.

    admission  is nbgrader's exporter: refuses if code cannot be locked in, and leaves out what is no notebook
    reading    reads what was handed in, and takes the first steps of grading with it
    in_worker  takes the steps that deal with what a student wrote in a process with limits
    judge_once  takes a verdict from the records if the same was judged before
    answer_store  keeps what the judge has found out of its own solutions, for all workers of a class
    learned    knows the mistakes that a class has taught, and asks in a kernel what they answer
    last_step  is nbgrader's last step: writes a line in the records, and flags what is odd
    commands   the commands for a class, as the command line knows them
    handout    releases an assignment to nbgrader's exchange with what its notebook imports
    collect    collects from it, each submission by itself, and follows no links
    lms/       exchanges submissions and grades with Canvas and Moodle, and takes in loose notebooks
    grade      grades a class
    ahead      runs and judges many submissions at once, ahead of nbgrader's book-keeping
    cluster    lets workers of a Dask scheduler do that
    elsewhere  runs and judges one submission on another machine
    results    shows what came of it, as a table
    progress   says how far it is, and what took the time
    waiting    says which submissions wait to be graded
    gradebook  compares nbgrader's gradebook with the source
    bookkeeping  writes points into the gradebook, and lets what a person has graded stand
    aside      takes an ungraded submission out of the gradebook, and keeps aside what it had
    others     finds work in other notebooks that were handed in
    releases   remembers what was released
    steps      sets the engine's steps of grading, and refuses settings that take one of them away
    settings   reads the settings that nbgrader reads beside the course's
    privacy    keeps the class's folders to its instructors
    standing   says how each student stands in an assignment
    solutions  writes each notebook solved, with mark schemes, for whoever grades by hand
    lessons/   what a class teaches: a report, new mistakes, and submissions that are alike
    export     writes the grades of a class, with a status beside every score
    backup     writes all that cannot be made again into one file, and reads it back
    feedback   makes the pages of feedback of a class
    feedback_page  makes the page of feedback that a student gets
    templates  are the pages' forms, for nbconvert
    replay     runs a grade again
    regrade    judges a class again, and shows what would change before it is written
    again      rebuilds a notebook for that
    forget     removes a student
    check      grades one notebook of one's own
    as_data    gives that as data: in a form of ours, and in Gradescope's
    demo       grades a made-up class, from release to feedback

A course's nbgrader_config.py sets the order in which nbgrader takes the steps of grading.
"""
