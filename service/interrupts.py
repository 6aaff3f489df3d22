"""Interrupts: what is told to stop, by whichever signal, stops as by Ctrl-C."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def as_interrupts() -> Iterator[None]:
    """SIGINT and SIGTERM raise KeyboardInterrupt within the block; in the main thread only.

    CI systems stop what runs by either. SIGINT has to be asked for as well, because shells let
    what they start in the background ignore it.
    """
    before = [signal.signal(each, signal.default_int_handler) for each in SIGNALS]
    try:
        yield
    finally:
        for each, handler in zip(SIGNALS, before, strict=True):
            signal.signal(each, handler)
