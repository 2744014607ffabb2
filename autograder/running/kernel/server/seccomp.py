"""Refuses system calls that no notebook needs: the filter allows those in the list, and knows no others.

The others are ways round the limits, ways to parts of the system that have no namespace, or ways to leave something in
a file, a device or a process that others share, if it can only be read.
"""

import errno
import os
import struct

import calls
import linux

# mmap: memory that is shared and has no file is counted nowhere once it is unmapped for a moment; huge pages come from
# a store that all share.
SHARED_ANONYMOUS, HUGE = 0x01 | 0x20, 0x40000
# madvise: not MERGEABLE, nor what acts on the cached pages of files (WILLNEED, COLD, PAGEOUT, POPULATE_*, COLLAPSE).
ADVICE = [0, 1, 2, 4, 8, 9, 10, 11, 14, 15, 16, 17, 18, 19]
# fcntl: not locks, leases, notices and hints, which belong to the file and not to the descriptor; not larger pipes.
DUPFD, GETFD, SETFD, GETFL, SETFL, GETLK, SETLK, SETLKW = range(8)
COMMANDS = [DUPFD, GETFD, SETFD, GETFL, SETFL, 8, 9, 10, 11, 15, 16, 1027, 1028, 1030, 1032, 1034]
# ioctl: those of terminals and sockets. Those of file systems ask about files that all share, and change them.
TERMINALS, OF_SOCKETS = 0x5400, 0x8900
DISCIPLINE = 0x5423  # TIOCSETD: another discipline for a terminal may load a module for all
# prctl: not PR_SET_DUMPABLE, with which a process could hide what it uses; not filters, rules or merged memory.
OPTIONS = [1, 2, 3, 15, 16, 21, 23, 27, 29, 30, 36, 37, 38, 39, 41, 42, 47, 52, 0x53564D41, 0x59616D61]
NORMAL = 0  # the policy of the scheduler that all processes have
# Sockets of other families may lead out of the machine's namespaces; another type or protocol may load a module, for
# all of the machine.
UNIX, NETLINK = 1, 16
FAMILIES, TYPES = [UNIX, 2, 10, NETLINK], [1, 2, 3]  # the others are IPv4 and IPv6; stream, datagram, raw
PROTOCOLS = [0, 6, 17]  # the usual one, TCP, UDP
# What waits in a socket is memory, too: as much as the system gives unasked, and no more. So are programs that filter.
SOL_SOCKET, SOCKET_OPTIONS = 1, [7, 8, 26, 50, 51, 52, 60]  # SO_SNDBUF, SO_RCVBUF, SO_ATTACH_*, SO_ZEROCOPY

_LOAD, _AND, _EQUAL, _GREATER, _RETURN = 0x20, 0x54, 0x15, 0x35, 0x06  # BPF: ld abs, and, jeq, jge, ret
_ALLOW, _KILL = 0x7FFF0000, 0x80000000
_NUMBER_AT, _MACHINE_AT = 0, 4  # in struct seccomp_data
_ARGUMENT_AT = [16, 24, 32, 40]  # the lower half of each
_X32 = 0x40000000  # numbers of yet another set of calls begin here

Instruction = tuple[int, int, int, int]  # operation, instructions to skip if it holds, and if it does not, value


def refuse() -> None:
    """Refuse all other calls from now on. The process must have set no_new_privs."""
    linux.install_filter(program(os.uname().machine))


def program(machine: str) -> bytes:
    """Return the BPF program that refuses calls on a machine of this architecture.

    A call that is not in the list fails with ENOSYS, so that libraries do without it. One that is in the list, but not
    with these arguments, fails with EPERM, or ENOTTY for a control that a file does not have. Attributes of files fail
    as they do where there are none, which a program that copies files puts up with.
    """
    column, audit = calls.MACHINES[machine]
    numbers = {name: pair[column] for name, pair in calls.SOME.items()}
    code = [
        (_LOAD, 0, 0, _MACHINE_AT),
        (_EQUAL, 1, 0, audit),
        (_RETURN, 0, 0, _KILL),  # calls of another architecture have other numbers
        (_LOAD, 0, 0, _NUMBER_AT),
        (_GREATER, 0, 1, _X32),
        _error(errno.ENOSYS),
    ]
    for name, rules in RULES.items():
        body = [instruction for rule in rules for instruction in rule] + [(_RETURN, 0, 0, _ALLOW)]
        code += [(_EQUAL, 0, len(body), numbers[name]), *body]
    for number in calls.allowed(machine):
        code += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ALLOW)]
    code.append(_error(errno.ENOSYS))
    return b"".join(struct.pack("HBBI", *instruction) for instruction in code)


def _error(number: int) -> Instruction:
    return (_RETURN, 0, 0, 0x00050000 | number)


def _only(argument: int, values: list[int], mask: int = 0xFFFFFFFF, error: int = errno.EPERM) -> list[Instruction]:
    """Refuse, unless this argument is one of the values."""
    tests = [(_EQUAL, len(values) - place, 0, value) for place, value in enumerate(values)]
    return [(_LOAD, 0, 0, _ARGUMENT_AT[argument]), (_AND, 0, 0, mask), *tests, _error(error)]


def _never(argument: int, bits: int) -> list[Instruction]:
    """Refuse, if all these bits are set in the argument."""
    return [(_LOAD, 0, 0, _ARGUMENT_AT[argument]), (_AND, 0, 0, bits), (_EQUAL, 0, 1, bits), _error(errno.EPERM)]


def _none_of(argument: int, values: list[int]) -> list[Instruction]:
    """Refuse, if this argument is one of the values."""
    tests = [(_EQUAL, len(values) - place, 0, value) for place, value in enumerate(values)]
    onward = (_EQUAL, 1, 1, 0)  # over the error, whether it is equal or not
    return [(_LOAD, 0, 0, _ARGUMENT_AT[argument]), *tests, onward, _error(errno.EPERM)]


def _if(argument: int, value: int, rule: list[Instruction]) -> list[Instruction]:
    """Apply a rule if the argument has this value."""
    return [(_LOAD, 0, 0, _ARGUMENT_AT[argument]), (_EQUAL, 0, len(rule), value), *rule]


def _unless(argument: int, value: int, rule: list[Instruction]) -> list[Instruction]:
    """Apply a rule if the argument has another value."""
    return [(_LOAD, 0, 0, _ARGUMENT_AT[argument]), (_EQUAL, len(rule), 0, value), *rule]


# An access list is an attribute of a file whose memory counts as nobody's: 64 kB for each file and folder, and more.
_NO_ATTRIBUTES = [_error(errno.ENOTSUP)]
_ITSELF = _only(0, [0])  # as number 0: another number may be the supervisor's, or that of one of its threads
_SOCKET = [
    _only(0, FAMILIES),
    _only(2, PROTOCOLS),
    _if(0, NETLINK, _only(2, [0])),
    _unless(0, UNIX, _only(1, TYPES, mask=0xF)),  # above these bits are flags
]
RULES: dict[str, list[list[Instruction]]] = {
    **dict.fromkeys(("setxattr", "lsetxattr", "fsetxattr"), [_NO_ATTRIBUTES]),
    "mmap": [_never(3, SHARED_ANONYMOUS), _never(3, HUGE)],
    "madvise": [_only(2, ADVICE)],
    "fcntl": [_only(1, COMMANDS)],
    "ioctl": [_only(1, [TERMINALS, OF_SOCKETS], mask=0xFF00, error=errno.ENOTTY), _none_of(1, [DISCIPLINE])],
    "socket": _SOCKET,
    "socketpair": _SOCKET,
    "setsockopt": [_if(1, SOL_SOCKET, _none_of(2, SOCKET_OPTIONS))],
    "prctl": [_only(0, OPTIONS)],
    "prlimit64": [_ITSELF],
    "setpriority": [_ITSELF, _only(1, [0])],  # PRIO_PROCESS is 0, too
    "sched_setaffinity": [_ITSELF],
    "sched_setscheduler": [_unless(1, NORMAL, _ITSELF)],  # ZeroMQ asks for it, for each of its threads by number
    "sched_setparam": [_ITSELF],
    "sched_setattr": [_ITSELF],
}
