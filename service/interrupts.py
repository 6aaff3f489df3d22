"""Interrupts: what is told to stop, by whichever signal, stops as by Ctrl-C."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

SIGNALS = (signal.SIGINT, signal.SIGTERM)
STANDARD_ERROR = 2
HELD = b"Interrupted: waiting for the answer, to cancel its job. Once more ends at once.\n"


class Held:
    """A handler that keeps the first signal for later, and obeys the second at once."""

    def __init__(self) -> None:
        self.came = False

    def __call__(self, _signal: int, _frame: object) -> None:
        """From inside of whatever runs, so nothing is printed by way of its buffers."""
        if self.came:
            raise KeyboardInterrupt
        self.came = True
        os.write(STANDARD_ERROR, HELD)


@contextmanager
def as_interrupts() -> Iterator[None]:
    """SIGINT and SIGTERM raise KeyboardInterrupt within the block; in the main thread only.

    CI systems stop what runs by either. SIGINT has to be asked for as well, because shells let
    what they start in the background ignore it. One that was held back before is raised at once.
    """
    before = [signal.signal(each, signal.default_int_handler) for each in SIGNALS]
    try:
        if any(isinstance(each, Held) and each.came for each in before):
            raise KeyboardInterrupt
        yield
    finally:
        for each, handler in zip(SIGNALS, before, strict=True):
            signal.signal(each, handler)


@contextmanager
def held_back() -> Iterator[None]:
    """The first SIGINT or SIGTERM within the block is raised where `as_interrupts` begins inside
    of it, at the latest behind its end; a second one at once.
    """
    held = Held()
    before = [signal.signal(each, held) for each in SIGNALS]
    try:
        yield
    finally:
        for each, handler in zip(SIGNALS, before, strict=True):
            signal.signal(each, handler)
    if held.came:
        raise KeyboardInterrupt
