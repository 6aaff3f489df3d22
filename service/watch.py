"""Watch: who counts what happens while students are made."""

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol


class Watch(Protocol):
    """Is told by the part that does the work."""

    def selecting(self, strategy: str) -> AbstractContextManager[object]:
        """Around every selection, also one that finds nothing."""

    def note_student(self, strategy: str) -> None:
        """One was made that had not been there before."""


class Unwatched:
    """Where nobody counts."""

    def selecting(self, strategy: str) -> AbstractContextManager[object]:
        """Lets it pass."""
        return nullcontext()

    def note_student(self, strategy: str) -> None:
        """Forgets it."""


NOBODY = Unwatched()
