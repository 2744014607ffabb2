"""Refuses system calls that no notebook needs.

They are ways round the limits, or ways to parts of the system that have no namespace.
"""

import errno
import os
import struct

import linux

# Calls that make memory which no limit counts, and doors to the system: {name: (number on x86_64, on aarch64)}
REFUSED = {
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "io_uring_setup": (425, 425),
    "userfaultfd": (323, 282),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "fsopen": (430, 430),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "open_by_handle_at": (304, 265),
    "kcmp": (312, 272),
}
# Memory that is shared and has no file is counted nowhere once it is unmapped for a moment.
MMAP, SHARED_ANONYMOUS = (9, 222), 0x01 | 0x20
# Sockets of other families may lead out of the machine's namespaces, or hold memory of their own.
SOCKETS, FAMILIES = [(41, 198), (53, 199)], (1, 2, 10, 16)  # unix, IPv4, IPv6, netlink
# What waits in a socket is memory, too: as much as the system gives unasked, and no more.
SETSOCKOPT, BUFFERS = (54, 208), (7, 8)  # SO_SNDBUF, SO_RCVBUF
MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}

_LOAD, _AND, _EQUAL, _GREATER, _RETURN = 0x20, 0x54, 0x15, 0x35, 0x06  # BPF: ld abs, and, jeq, jge, ret
_ALLOW, _KILL, _ERROR = 0x7FFF0000, 0x80000000, 0x00050000 | errno.EPERM
_NUMBER_AT, _MACHINE_AT = 0, 4  # in struct seccomp_data
_ARGUMENT_AT = [16, 24, 32, 40]  # the lower half of each


def refuse() -> None:
    """Make these calls fail with EPERM from now on. The process must have set no_new_privs."""
    linux.install_filter(program(os.uname().machine))


def program(machine: str) -> bytes:
    """Return the BPF program that refuses these calls on a machine of this architecture."""
    column, audit = MACHINES[machine]
    return _assembled(
        [
            (_LOAD, _MACHINE_AT),
            (_EQUAL, audit, "known"),
            (_RETURN, _KILL),  # calls of another architecture have other numbers
            "known",
            (_LOAD, _NUMBER_AT),
            (_GREATER, 0x40000000, "refuse"),  # x32's numbers
            *((_EQUAL, numbers[column], "refuse") for numbers in REFUSED.values()),
            (_EQUAL, MMAP[column], "mmap"),
            *((_EQUAL, numbers[column], "socket") for numbers in SOCKETS),
            (_EQUAL, SETSOCKOPT[column], "setsockopt"),
            (_RETURN, _ALLOW),
            "mmap",
            (_LOAD, _ARGUMENT_AT[3]),
            (_AND, SHARED_ANONYMOUS),
            (_EQUAL, SHARED_ANONYMOUS, "refuse"),
            (_RETURN, _ALLOW),
            "socket",
            (_LOAD, _ARGUMENT_AT[0]),
            *((_EQUAL, family, "fine") for family in FAMILIES),
            (_RETURN, _ERROR),
            "setsockopt",
            (_LOAD, _ARGUMENT_AT[2]),
            *((_EQUAL, option, "of a socket") for option in BUFFERS),
            "fine",
            (_RETURN, _ALLOW),
            "of a socket",
            (_LOAD, _ARGUMENT_AT[1]),
            (_EQUAL, 1, "refuse"),  # SOL_SOCKET
            (_RETURN, _ALLOW),
            "refuse",
            (_RETURN, _ERROR),
        ]
    )


def _assembled(lines: list[tuple | str]) -> bytes:
    """Return the instructions of a BPF program as bytes.

    lines  (operation, value) for an instruction, (operation, value, label) for a condition that jumps to a
           later label if it holds, and a text for a label itself
    """
    places, code = {}, []
    for line in lines:
        if isinstance(line, str):
            places[line] = len(code)
        else:
            code.append(line)
    jumps = [places[line[2]] - number - 1 if len(line) > 2 else 0 for number, line in enumerate(code)]
    return b"".join(struct.pack("HBBI", line[0], jump, 0, line[1]) for line, jump in zip(code, jumps, strict=True))
