"""Progress: how long work says how far it is, and how its caller stops it."""

from collections.abc import Callable

Progress = Callable[[int, int], None]
"""Called with (done, total); an exception it raises stops the work and reaches the caller."""


Saved = Callable[[], None]
"""Called when work has put its state aside, so that it need not be done again from the start."""


def silent(_done: int, _total: int) -> None:
    """For callers who do not look."""


def unnoted() -> None:
    """For callers who do not count what was saved."""
