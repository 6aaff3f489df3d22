"""Isolated: functions run in processes of their own, whose crashes and hangs end nobody else."""

import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, Literal


class Crashed(Exception):
    """The process ended or took too long before it gave a result."""


def isolated(
    function: Callable[..., Any],
    *arguments: Any,
    start: Literal["fork", "spawn"] = "fork",
    timeout_s: float = 600,
) -> Any:
    """What a function gives in a new process; Crashed if it gives nothing.

    A forked process has all that is imported here already, a spawned one has nothing.
    """
    context: Any = multiprocessing.get_context(start)
    ours, theirs = context.Pipe()
    process = context.Process(target=_send, args=(theirs, function, arguments))
    process.start()
    theirs.close()
    try:
        if not ours.poll(timeout_s):
            raise Crashed(f"It took more than {timeout_s:g} s.")
        return ours.recv()
    except EOFError as exc:
        process.join()
        raise Crashed(f"Its process ended with code {process.exitcode}.") from exc
    finally:
        process.kill()
        process.join()
        ours.close()


def _send(pipe: Connection, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    pipe.send(function(*arguments))
