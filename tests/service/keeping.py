"""Stores of both kinds for the tests, with a hand inside."""

import contextlib
from pathlib import Path
from typing import Protocol

import obstore
from obstore.store import S3Store

from service.artifacts import Artifacts
from service.settings import Settings


class Keeping(Protocol):
    """A store; `artifacts` is its door, and `another` a second one, as another process has it."""

    settings: Settings
    artifacts: Artifacts

    def another(self) -> Artifacts: ...

    def overwrite(self, sha256: str, content: bytes) -> None:
        """What the disk, or somebody, did to a file."""

    def lose(self, sha256: str) -> None:
        """The file is gone."""

    def names(self) -> list[str]:
        """All that is in it, whole or not, set aside or not."""


class KeepingOnDisk:
    def __init__(self, folder: Path) -> None:
        self.settings = Settings(data_dir=folder)
        self._root = self.settings.artifacts_dir
        self.artifacts = self.another()

    def another(self) -> Artifacts:
        return Artifacts.of(self.settings)

    def overwrite(self, sha256: str, content: bytes) -> None:
        self._path(sha256).write_bytes(content)

    def lose(self, sha256: str) -> None:
        self._path(sha256).unlink()

    def names(self) -> list[str]:
        paths = (path for path in self._root.rglob("*") if path.is_file())
        return sorted(str(path.relative_to(self._root)) for path in paths)

    def _path(self, sha256: str) -> Path:
        return self._root / sha256[:2] / sha256


class KeepingInBucket:
    def __init__(self, folder: Path, bucket: S3Store, url: str) -> None:
        self.settings = Settings(data_dir=folder, store=url)
        self._bucket, self._folder = bucket, folder
        self.artifacts = self.another()

    def another(self) -> Artifacts:
        """On another machine, which has no copies yet."""
        self._folder = self._folder / "another"
        return Artifacts.of(self.settings.model_copy(update={"data_dir": self._folder}))

    def overwrite(self, sha256: str, content: bytes) -> None:
        obstore.put(self._bucket, self._key(sha256), content)
        self._forget(sha256)

    def lose(self, sha256: str) -> None:
        obstore.delete(self._bucket, self._key(sha256))
        self._forget(sha256)

    def names(self) -> list[str]:
        found = obstore.list(self._bucket, "files")
        return sorted(each["path"].removeprefix("files/") for part in found for each in part)

    def _key(self, sha256: str) -> str:
        return f"files/{sha256[:2]}/{sha256}"

    def _forget(self, sha256: str) -> None:
        for path in self.settings.data_dir.glob(f"**/copies/*/{sha256}"):
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
