"""Intactness: whether a file has the content that its name promises, without reading it for every
reader.
"""

import hashlib
import time
from collections import OrderedDict
from pathlib import Path
from threading import Lock
from typing import NamedTuple

MAX_FILES = 10_000
MEMORY_SECONDS = 600
TICK_NS = 2_000_000_000
"""Times of change are coarse: one this recent may also be that of a change after our reading."""


class _Look(NamedTuple):
    """What changes when anybody writes to a file; no program can set its time of change."""

    device: int
    inode: int
    size_bytes: int
    changed_ns: int


class Intactness:
    """Remembers what was found, until the file changes or ten minutes have passed.

    The disk itself may forget a bit without telling; that is found when the memory is over.
    """

    def __init__(self) -> None:
        self._found: OrderedDict[str, tuple[_Look, float]] = OrderedDict()
        self._lock = Lock()

    def of(self, path: Path, sha256: str) -> bool:
        """Raises OSError where the file cannot be read."""
        look = _look(path)
        with self._lock:
            earlier = self._found.get(sha256)
        now = time.monotonic()
        if earlier is not None and earlier[0] == look and now < earlier[1] + MEMORY_SECONDS:
            return True
        if file_sha256(path) != sha256:
            return False
        if time.time_ns() - look.changed_ns > TICK_NS:
            self._remember(sha256, look, now)
        return True

    def _remember(self, sha256: str, look: _Look, now: float) -> None:
        with self._lock:
            self._found[sha256] = (look, now)
            self._found.move_to_end(sha256)
            while len(self._found) > MAX_FILES:
                self._found.popitem(last=False)


def file_sha256(path: Path) -> str:
    """The digest of a file's content, read piece by piece."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _look(path: Path) -> _Look:
    found = path.stat()
    return _Look(found.st_dev, found.st_ino, found.st_size, found.st_ctime_ns)
