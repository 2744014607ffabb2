"""Starts the kernels in which students' code runs: locked in, and forked from a process that has imported everything.

    provisioner  lets jupyter_client start, interrupt and end such a kernel
    client       lets a notebook's client talk to it
    forkserver   starts the process that forks kernels, and asks it for one
    server/      is that process: a program of its own, which forks kernels and locks them in
    doctor       tells what of this the machine can do

The settings of a kernel are those of the provisioner.
"""
