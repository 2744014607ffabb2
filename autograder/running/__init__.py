"""Runs what a student handed in, and gets answers out of it. The trusted side draws no verdict here.

rebuild      puts a student's cells into the release: nothing else of a submission is kept
execute      nbgrader's step: runs a notebook, or finds in the records that it was run before
run          one notebook that is being run, cell by cell, question by question
clock        tells how long something took, and how much of that its kernel worked
kernel/      the kernel: locked in, and forked from a process that has imported everything
listen       takes from a kernel's messages what is well formed
ask          puts hidden questions to a kernel
answers      reads answers back as data
fingerprint  says what an execution depends on, as one hash
records      keeps what was run and what came of it
"""
