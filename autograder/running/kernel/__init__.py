"""The kernel in which strangers' code runs: locked in, and forked from a process that has imported everything.

provisioner.py   how jupyter_client starts, interrupts and ends such a kernel
server/          a program of its own, which knows nothing of the course: forks kernels, and locks them in
doctor.py        what of this the machine can do
"""
