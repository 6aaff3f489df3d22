"""Copies: files of a bucket in a folder of this machine, the latest used, up to a limit."""

import os
import time
from pathlib import Path

from service.failures import ArtifactMissing
from service.stores.disk import Disk
from service.stores.troubles import translated

IN_USE_SECONDS = 600
"""Copies that were used this short ago stay in any case: somebody may be about to open them."""


class Copies:
    """Safe for several processes at once; what is in it can be deleted at any time."""

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._disk, self._max_bytes = Disk(folder), max_bytes

    @property
    def scratch(self) -> Path:
        """For files on their way in."""
        return self._disk.scratch

    def find(self, sha256: str) -> Path | None:
        """The copy, if there is one."""
        try:
            path = self._disk.fetch(sha256)
        except ArtifactMissing:
            return None
        with translated(f"read the file {sha256}"):
            os.utime(path)  # the latest used goes last
        return path

    def keep(self, sha256: str, path: Path) -> Path:
        """Move this file in, and make room for it."""
        self._disk.replace(sha256, path)
        self._make_room()
        return self._disk.fetch(sha256)

    def drop(self, sha256: str) -> None:
        """Forget a copy."""
        self._disk.set_aside(sha256)
        self._disk.discard(sha256)

    def check(self) -> None:
        """That files can be written."""
        self._disk.check()

    def _make_room(self) -> None:
        entries = sorted(self._disk.entries(), key=lambda each: each.since)
        surplus = sum(each.size_bytes for each in entries) - self._max_bytes
        latest = time.time() - IN_USE_SECONDS
        for entry in entries:
            if surplus <= 0 or entry.since.timestamp() > latest:
                return
            self.drop(entry.sha256)
            surplus -= entry.size_bytes
