"""Artifacts: files named by the SHA-256 of their content, written whole or not at all."""

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from service.failures import ArtifactDamaged, ArtifactMissing
from service.records import StoredFile

DAY_SECONDS = 24 * 60 * 60


class Artifacts:
    """A folder of files, at `root`/ab/abcdef….

    A file appears under its name only when all of it is on the disk, and each read checks the
    content against the name.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._scratch = root / "scratch"
        self._scratch.mkdir(parents=True, exist_ok=True)

    def put(self, data: bytes) -> StoredFile:
        """Keep these bytes."""
        with self.scratch() as path:
            path.write_bytes(data)
            return self.adopt(path)

    @property
    def unfinished(self) -> Path:
        """For folders of work in progress; `sweep` removes those that nothing touched for long."""
        return self._scratch

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A path to write to and then `adopt`; whatever is left there is removed."""
        with tempfile.TemporaryDirectory(dir=self._scratch) as folder:
            yield Path(folder) / "file"

    def adopt(self, path: Path) -> StoredFile:
        """Move a finished file from `scratch` into the store."""
        stored = StoredFile(sha256=file_sha256(path), size_bytes=path.stat().st_size)
        target = self._path(stored.sha256)
        target.parent.mkdir(exist_ok=True)
        _flush(path)
        path.replace(target)  # also heals a copy that was damaged
        _flush(target.parent)
        return stored

    def read(self, sha256: str) -> bytes:
        """The content; ArtifactMissing, ArtifactDamaged."""
        try:
            data = self._path(sha256).read_bytes()
        except FileNotFoundError as exc:
            raise ArtifactMissing(sha256) from exc
        if hashlib.sha256(data).hexdigest() != sha256:
            raise ArtifactDamaged(sha256)
        return data

    def locate(self, sha256: str) -> Path:
        """Where the file lies, for readers that need a path; checked like `read`."""
        path = self.place(sha256)
        if file_sha256(path) != sha256:
            raise ArtifactDamaged(sha256)
        return path

    def place(self, sha256: str) -> Path:
        """Where the file lies, for who reads its head only; its content is not checked."""
        path = self._path(sha256)
        if not path.is_file():
            raise ArtifactMissing(sha256)
        return path

    def check(self) -> None:
        """Write a small file and remove it again. Raises OSError where nothing can be written."""
        with self.scratch() as path:
            path.write_bytes(b"ready")

    def sweep(self, older_than_seconds: float = DAY_SECONDS) -> None:
        """Remove what a process that was killed had left in `scratch`."""
        oldest = time.time() - older_than_seconds
        for folder in self._scratch.iterdir():
            if folder.stat().st_mtime < oldest:
                shutil.rmtree(folder, ignore_errors=True)

    def _path(self, sha256: str) -> Path:
        return self._root / sha256[:2] / sha256


def file_sha256(path: Path) -> str:
    """The digest of a file's content, read piece by piece."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
