"""Waiting for what other processes do."""

import time
from collections.abc import Callable

PATIENCE_SECONDS = 180
"""Much, for it costs nothing where all goes well, and machines of tests may be busy."""


def wait_until(condition: Callable[[], object], seconds: float = PATIENCE_SECONDS) -> None:
    """Fails the test when the condition does not come true in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"Still waiting after {seconds} s.")
        time.sleep(0.05)
