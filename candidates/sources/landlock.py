"""Landlock: takes from this process all files but a few, for good; Linux 5.13 and later.

Needs no privileges but `no_new_privs`. Numbers and structures as in linux/landlock.h.
"""

import ctypes
import os
import struct
from collections.abc import Iterable
from pathlib import Path

_CREATE, _ADD, _RESTRICT = 444, 445, 446
_VERSION = 1
_BENEATH = 1
_EXECUTE, _WRITE, _READ, _LIST, _TRUNCATE, _IOCTL = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 14, 1 << 15
_OF_FILES = _EXECUTE | _WRITE | _READ | _TRUNCATE | _IOCTL
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
"""Number of rights to files by version of the interface; later ones have the last."""
_TCP = 0b11
_SCOPES = 0b11
"""Abstract sockets and signals to processes outside."""


def confine(readable: Iterable[str], writable: Iterable[str]) -> bool:
    """From now on this process, and all that it starts, can read only files at or below the given
    paths and write only at or below the `writable` ones; a path that does not exist is left out.
    Where the system knows how, it can also open no TCP connection.

    False where the system has no Landlock: then nothing has changed.
    """
    version = _call(_CREATE, None, 0, _VERSION)
    if version < 1:
        return False
    rights = (1 << _FILE_RIGHTS.get(version, 16)) - 1
    size = 8 if version < 4 else 16 if version < 6 else 24
    rules = _call(_CREATE, struct.pack("=QQQ", rights, _TCP, _SCOPES)[:size], size, 0)
    if rules < 0:
        return False
    try:
        for path in readable:
            _allow(rules, path, rights & (_EXECUTE | _READ | _LIST))
        for path in writable:
            _allow(rules, path, rights)
        return _call(_RESTRICT, rules, 0) == 0
    finally:
        os.close(rules)


def _allow(rules: int, path: str, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        allowed = rights if Path(path).is_dir() else rights & _OF_FILES
        _call(_ADD, rules, _BENEATH, struct.pack("=Qi", allowed, place), 0)
    finally:
        os.close(place)


def _call(number: int, *arguments: bytes | int | None) -> int:
    syscall = ctypes.CDLL(None).syscall
    syscall.restype = ctypes.c_long
    wide = [ctypes.c_long(each) if isinstance(each, int) else each for each in arguments]
    result: int = syscall(ctypes.c_long(number), *wide)
    return result
