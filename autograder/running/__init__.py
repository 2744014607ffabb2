"""Runs what a student handed in, and gets answers out of it.

    read         reads what was handed in, whatever it is
    rebuild      puts a student's cells into the release: nothing else of a submission is kept
    execute      nbgrader's step: runs a notebook, or finds in the records that it was run before
    run          runs one notebook, cell by cell and question by question
    session      keeps the kernel of one notebook: starts it, starts another in its place, and ends it
    time_limits  decides when something has taken too long, and what gets a second chance
    waiting_time  counts how long an ordinary kernel had to wait for the machine
    kernel/      starts kernels that are locked in, as forks of a process that has imported everything
    listen       takes from a kernel's messages what is well formed
    ask          puts hidden questions to a kernel
    origin       finds out which exercises are judged that their own cells have not made
    answers      reads answers back as data
    fingerprint  says what an execution depends on, as one hash
    records      keeps what was run and what came of it
    execution    holds what came of running a notebook
    apart        takes it, and what was judged, apart into texts
    texts        keeps each text once, however many have it
    merge        takes in what the records of another machine hold
    database     opens the file in which the records are
    earlier      carries over records that an earlier version has made
    releases     knows every release that was ever built, and in what a submission differs from them
    submission   says by hashes what was handed in, and what it was graded by

No module here knows a right answer.
"""
