"""Lifeline: a child process that ends when its parent does, however the parent ended.

The child's standard input is a pipe whose other end only the parent holds. When the parent dies,
even by kill -9, the system closes that end and the child reads the end of its input.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from subprocess import PIPE, Popen
from threading import Thread

STANDARD_INPUT = 0


def spawn(command: Sequence[str], environment: Mapping[str, str]) -> Popen[bytes]:
    """Start a child on a lifeline; its variables are this process's and these."""
    return Popen(command, stdin=PIPE, env={**os.environ, **environment})


def cut(child: Popen[bytes]) -> None:
    """Tell a child on a lifeline to end; for one that has ended, give the pipe back."""
    assert child.stdin is not None
    child.stdin.close()


def watch(on_end: Callable[[], object]) -> None:
    """In the child: call `on_end`, in a thread, once the parent has ended or cut the line."""
    Thread(target=_wait, args=(on_end,), name="lifeline", daemon=True).start()


def _wait(on_end: Callable[[], object]) -> None:
    while os.read(STANDARD_INPUT, 1):
        pass
    on_end()
