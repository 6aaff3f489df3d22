"""Seccomp: takes from this process the system calls that reach other machines and processes.

Needs no privileges but `no_new_privs`, and holds where the system lets nobody have namespaces, as
in most containers. Numbers and structures as in linux/seccomp.h, linux/filter.h and linux/audit.h.
"""

import ctypes
import errno
import os
import struct
import sys
from collections.abc import Sequence

_SET_SECCOMP, _FILTER = 22, 2
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_NUMBER_AT, _ARCHITECTURE_AT = 0, 4
_ALLOW, _FAIL = 0x7FFF0000, 0x00050000 | errno.EPERM
_X32 = 0x40000000
"""From here on x86_64 has its calls a second time."""
_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_CALLS = {
    "socket": (41, 198),
    "socketpair": (53, 199),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "bpf": (321, 280),
    "keyctl": (250, 219),
    "io_uring_setup": (425, 425),
    "pidfd_getfd": (438, 438),
}
"""By architecture in the order of `_ARCHITECTURES`. Nothing that reads a file makes them."""


def forbid() -> bool:
    """From now on these calls fail with EPERM, here and in all that this process starts.

    False where the system or its architecture has no such filters: then nothing has changed.
    """
    machine = os.uname().machine
    if sys.platform != "linux" or machine not in _ARCHITECTURES:
        return False
    index = list(_ARCHITECTURES).index(machine)
    numbers = [numbers[index] for numbers in _CALLS.values()]
    steps = _steps(_ARCHITECTURES[machine], numbers)
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
    program = struct.pack("@HP", len(steps), ctypes.addressof(code))
    return bool(ctypes.CDLL(None).prctl(_SET_SECCOMP, _FILTER, program, 0, 0) == 0)


def _steps(architecture: int, numbers: Sequence[int]) -> list[tuple[int, int, int, int]]:
    """What the filter does: its code, how many steps to skip if so and if not, and a constant."""
    last = len(numbers) + 4  # where calls are let pass; behind it they fail
    return [
        (_LOAD, 0, 0, _ARCHITECTURE_AT),
        (_EQUAL, 0, last - 1, architecture),
        (_LOAD, 0, 0, _NUMBER_AT),
        (_AT_LEAST, last - 3, 0, _X32),
        *((_EQUAL, last - 4 - place, 0, number) for place, number in enumerate(numbers)),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _FAIL),
    ]
