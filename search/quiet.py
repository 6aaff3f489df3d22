"""Quiet: what a compiled library prints to standard output goes nowhere.

HiGHS tells of some repairs by a bare printf that no option of it turns off.
"""

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

OUTPUT = 1

_lock = Lock()
_inside = 0
_kept = -1


@contextmanager
def quiet() -> Iterator[None]:
    """Also for several threads at once; what others print while it lasts is lost with the rest."""
    _enter()
    try:
        yield
    finally:
        _leave()


def _enter() -> None:
    global _inside, _kept
    with _lock:
        if _inside == 0:
            _flush()
            _kept = os.dup(OUTPUT)
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, OUTPUT)
            os.close(nowhere)
        _inside += 1


def _leave() -> None:
    global _inside
    with _lock:
        _inside -= 1
        if _inside == 0:
            _flush()
            os.dup2(_kept, OUTPUT)
            os.close(_kept)


def _flush() -> None:
    """Python's buffer and the C library's, which else would come out after the block."""
    sys.stdout.flush()
    ctypes.CDLL(None).fflush(None)
