"""Disk: a store in a folder of this machine, or of one that several machines share."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from service.failures import ArtifactMissing
from service.stores.store import Entry
from service.stores.troubles import translated


class Disk:
    """Files at `root`/ab/abcdef…; those set aside below `root`/aside, those unfinished below
    `root`/scratch.
    """

    def __init__(self, root: Path) -> None:
        self._root, self._aside = root, root / "aside"
        self._scratch = root / "scratch"
        with translated(f"make its folder {root}"):
            self._scratch.mkdir(parents=True, exist_ok=True)

    @property
    def scratch(self) -> Path:
        return self._scratch

    def create(self, sha256: str, path: Path) -> bool:
        """Two who come at the same time both move in the same content, which does no harm."""
        with translated(f"look for the file {sha256}"):
            if _place(self._root, sha256).exists():
                return False
        self.replace(sha256, path)
        return True

    def replace(self, sha256: str, path: Path) -> None:
        with translated(f"take the file {sha256}"):
            _flush(path)
            _move(path, _place(self._root, sha256))

    def fetch(self, sha256: str, anew: bool = False) -> Path:
        """`anew` changes nothing: there is but this one."""
        path = _place(self._root, sha256)
        with translated(f"read the file {sha256}"):
            try:
                path.open("rb").close()
            except FileNotFoundError as exc:
                raise ArtifactMissing(sha256) from exc
        return path

    def entries(self, aside: bool = False) -> Iterator[Entry]:
        with translated("list its files"):
            folder = self._aside if aside else self._root
            for path in folder.glob("[0-9a-f][0-9a-f]/*"):
                with suppress(FileNotFoundError):
                    found = path.stat()
                    since = datetime.fromtimestamp(found.st_mtime, UTC)
                    yield Entry(path.name, found.st_size, since)

    def set_aside(self, sha256: str) -> None:
        """The time is noted first, so that nobody finds it set aside for longer than it is."""
        path = _place(self._root, sha256)
        with translated(f"set aside the file {sha256}"), suppress(FileNotFoundError):
            os.utime(path)
            _move(path, _place(self._aside, sha256))

    def take_back(self, sha256: str) -> bool:
        aside = _place(self._aside, sha256)
        with translated(f"take back the file {sha256}"):
            try:
                os.utime(aside)
                if _place(self._root, sha256).exists():
                    aside.unlink()
                else:
                    _move(aside, _place(self._root, sha256))
            except FileNotFoundError:
                return _place(self._root, sha256).exists()  # another may have been quicker
        return True

    def discard(self, sha256: str) -> None:
        with translated(f"delete the file {sha256}"):
            _place(self._aside, sha256).unlink(missing_ok=True)

    def check(self) -> None:
        with translated("take files"), tempfile.TemporaryDirectory(dir=self._scratch) as folder:
            (Path(folder) / "file").write_bytes(b"ready")


def _place(root: Path, sha256: str) -> Path:
    return root / sha256[:2] / sha256


def _move(path: Path, target: Path) -> None:
    if not target.parent.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        _flush(target.parent.parent)
    path.replace(target)
    _flush(target.parent)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
