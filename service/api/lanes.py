"""Lanes: how many threads share the interpreter for calls of one kind.

The framework's own forty threads are there for calls that wait for a disk or a line. Calls that
compute, or ask the database for little, only contend for the interpreter's lock: of forty at once
each takes a third more of the processor than of four, and the slowest wait longer for it.
"""

from collections.abc import Callable
from typing import TypeVar

from anyio import CapacityLimiter, to_thread

Result = TypeVar("Result")


class Lane:
    """Runs calls in threads, so many at a time; those that wait get their turns in order."""

    def __init__(self, width: int) -> None:
        self._limiter = CapacityLimiter(width)

    async def run(self, call: Callable[[], Result]) -> Result:
        """What the call returns; raises what it raises."""
        return await to_thread.run_sync(call, limiter=self._limiter)
