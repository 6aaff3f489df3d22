"""Artifacts: files named by the SHA-256 of their content, written whole or not at all."""

import hashlib
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from service.failures import ArtifactDamaged, ArtifactMissing
from service.intactness import Intactness, file_sha256
from service.records import StoredFile
from service.settings import Settings
from service.stores.disk import Disk
from service.stores.store import Store
from service.stores.troubles import translated

Found = TypeVar("Found")
DAY_SECONDS = 24 * 60 * 60


class Artifacts:
    """The files of a store.

    A file appears under its name only when all of it is there, it is never written again, and each
    read checks the content against the name. All methods raise StoreFull and StoreUnavailable.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._intactness = Intactness()

    @classmethod
    def of(cls, settings: Settings) -> "Artifacts":
        """Those of the store that the settings name."""
        if not settings.store.startswith("s3://"):
            return cls(Disk(settings.artifacts_dir))
        from service.stores.bucket import Bucket  # its library is needed only here
        from service.stores.copies import Copies

        copies = Copies(settings.data_dir / "copies", settings.store_copies_bytes)
        return cls(Bucket(settings.store, copies))

    @property
    def store(self) -> Store:
        """For who looks after the store as a whole."""
        return self._store

    def put(self, data: bytes) -> StoredFile:
        """Keep these bytes."""
        with self.scratch() as path:
            path.write_bytes(data)
            return self.adopt(path)

    @property
    def unfinished(self) -> Path:
        """For folders of work in progress; `sweep` removes those that nothing touched for long."""
        return self._store.scratch

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A path to write to and then `adopt`; whatever is left there is removed."""
        with (
            translated("take a file"),
            tempfile.TemporaryDirectory(
                dir=self._store.scratch, ignore_cleanup_errors=True
            ) as name,
        ):
            yield Path(name) / "file"

    def adopt(self, path: Path) -> StoredFile:
        """Move a finished file from `scratch` into the store; heals one that is damaged there."""
        stored = StoredFile(sha256=file_sha256(path), size_bytes=path.stat().st_size)
        if not self._store.create(stored.sha256, path) and not self.is_intact(stored.sha256):
            self._store.replace(stored.sha256, path)
        return stored

    def read(self, sha256: str) -> bytes:
        """The content; ArtifactMissing, ArtifactDamaged."""

        def found() -> bytes:
            data = self.place(sha256).read_bytes()
            is_whole = hashlib.sha256(data).hexdigest() == sha256
            return data if is_whole else self._checked(sha256).read_bytes()

        with translated(f"read the file {sha256}"):
            return _again(found)

    def locate(self, sha256: str) -> Path:
        """Where the file lies, for readers that need a path; checked like `read`."""
        with translated(f"read the file {sha256}"):
            return _again(lambda: self._checked(sha256))

    def is_intact(self, sha256: str) -> bool:
        """Whether it is there, and whole."""
        try:
            self.locate(sha256)
        except (ArtifactMissing, ArtifactDamaged):
            return False
        return True

    def place(self, sha256: str) -> Path:
        """Where the file lies, for who reads its head only; its content is not checked.

        One that had been set aside is taken back.
        """
        try:
            return self._store.fetch(sha256)
        except ArtifactMissing:
            if not self._store.take_back(sha256):
                raise
        return self._store.fetch(sha256)

    def check(self) -> None:
        """Write a small file and remove it again."""
        self._store.check()

    def sweep(self, older_than_seconds: float = DAY_SECONDS) -> None:
        """Remove what a process that was killed had left in `scratch`."""
        oldest = time.time() - older_than_seconds
        for folder in self._store.scratch.iterdir():
            with suppress(FileNotFoundError):
                if folder.stat().st_mtime < oldest:
                    shutil.rmtree(folder, ignore_errors=True)

    def _checked(self, sha256: str) -> Path:
        path = self.place(sha256)
        if self._intactness.of(path, sha256):
            return path
        path = self._store.fetch(sha256, anew=True)
        if self._intactness.of(path, sha256):
            return path
        raise ArtifactDamaged(sha256)


def _again(use: Callable[[], Found]) -> Found:
    """Once more if the file is set aside between being found and being opened."""
    try:
        return use()
    except FileNotFoundError:
        return use()
