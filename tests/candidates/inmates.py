"""What tests let run in a sandbox; it imports no torch, so that a sandbox starts at once."""

import os
import socket
import time
from pathlib import Path

from candidates.checkpoint import Checkpoint
from candidates.errors import InvalidProgram, UnsplittableTeacher

ERRORS = {"program": InvalidProgram, "teacher": UnsplittableTeacher, "other": OSError}


def environment() -> Checkpoint:
    return Checkpoint({}, dict(os.environ))


def fail(kind: str) -> Checkpoint:
    raise ERRORS[kind]("This is wrong")


def hungry() -> Checkpoint:
    return Checkpoint({}, {"held": str(len(bytearray(2**40)))})


def slow() -> Checkpoint:
    time.sleep(600)
    return Checkpoint({})


def busy() -> Checkpoint:
    while True:
        pass


def verbose() -> Checkpoint:
    Path("large").write_bytes(bytes(2**20))
    return Checkpoint({})


def dead() -> Checkpoint:
    os._exit(3)


def connect(port: int) -> Checkpoint:
    try:
        with socket.create_connection(("127.0.0.1", port)):
            return Checkpoint({}, {"reached": "True"})
    except OSError as exc:
        return Checkpoint({}, {"reached": "False", "why": type(exc).__name__})


def files(path: str) -> Checkpoint:
    """What can be done with a file of somebody else's, and beside it."""
    return Checkpoint({}, {"read": _tried(path, "r"), "written": _tried(path + ".new", "w")})


def _tried(path: str, mode: str) -> str:
    try:
        Path(path).open(mode).close()
    except PermissionError:
        return "refused"
    return "done"
