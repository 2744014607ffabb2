"""The kernel in which strangers' code runs: locked in, and forked from a process that has imported everything.

    provisioner  how jupyter_client starts, interrupts and ends such a kernel
    client       how a notebook's client talks to it
    forkserver   the process that forks kernels, as the grader sees it
    server/      that process: a program of its own, which forks kernels and locks them in
    doctor       tells what of this the machine can do

The settings of a kernel are the provisioner's.
"""
