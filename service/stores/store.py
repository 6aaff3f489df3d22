"""Store: what keeps files under the SHA-256 of their content; two kinds exist."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, Protocol


class Entry(NamedTuple):
    """A file in a store; `since` is when it came there, or was set aside."""

    sha256: str
    size_bytes: int
    since: datetime


class Store(Protocol):
    """Keeps whole files only: one appears under its name at once, with all of its content.

    A file that is set aside is one that nothing seems to need; who does need it takes it back. All
    methods raise StoreFull and StoreUnavailable; names are digests, which nobody checks here.
    """

    @property
    def scratch(self) -> Path:
        """A folder for files on their way in, and for work in progress."""

    def create(self, sha256: str, path: Path) -> bool:
        """Move in a file that is complete; False, with nothing done, if there is one already."""

    def replace(self, sha256: str, path: Path) -> None:
        """Move in a file that is complete, in place of the one there is."""

    def fetch(self, sha256: str, anew: bool = False) -> Path:
        """Where a file lies on this machine now, unchecked; `anew` where a copy turned out to be
        damaged. Raises ArtifactMissing.
        """

    def entries(self, aside: bool = False) -> Iterator[Entry]:
        """All that is kept, or all that is set aside."""

    def set_aside(self, sha256: str) -> None:
        """Keep it apart from now on; nothing happens if it is not there."""

    def take_back(self, sha256: str) -> bool:
        """Undo `set_aside`; False if it is nowhere."""

    def discard(self, sha256: str) -> None:
        """Remove what was set aside."""

    def check(self) -> None:
        """Write a small file and remove it again."""
