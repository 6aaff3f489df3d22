"""Upload folder: what has arrived so far of files that are sent in pieces.

How much has arrived is the size of a file, and nothing else: so it is right whenever and however a
server ends. Pieces that come with a checksum are put aside until they are whole and right.
"""

import base64
import binascii
import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Collection
from contextlib import ExitStack
from io import BufferedRandom
from pathlib import Path
from typing import BinaryIO

from service.stores.troubles import translated
from service.upload_failures import (
    ChecksumDiffers,
    InvalidChecksum,
    OffsetDiffers,
    UploadBusy,
    UploadFull,
)

ALGORITHMS = ("sha1", "sha256")


class UploadFolder:
    """One file for each upload, named by its id."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._root.mkdir(parents=True, exist_ok=True)

    def size(self, upload_id: str) -> int:
        """How many bytes have arrived."""
        try:
            return self._path(upload_id).stat().st_size
        except FileNotFoundError:
            return 0

    def begin(
        self, upload_id: str, offset: int, size_bytes: int, checksum: str | None = None
    ) -> "Piece":
        """A piece that begins at `offset` of a file that will have `size_bytes`.

        Raises OffsetDiffers, UploadBusy, InvalidChecksum.
        """
        expected = None if checksum is None else _parsed(checksum)
        with translated("take a piece of an upload"), ExitStack() as files:
            file = files.enter_context(self._path(upload_id).open("ab"))
            _lock(file, upload_id)
            there = os.fstat(file.fileno()).st_size
            if there != offset:
                raise OffsetDiffers(upload_id, there, offset)
            if expected is None:
                piece = Piece(upload_id, file, size_bytes)
            else:
                path = self._root / f"{upload_id}.piece"
                aside = files.enter_context(path.open("w+b"))
                piece = CheckedPiece(upload_id, file, size_bytes, aside, expected)
            files.pop_all()
        return piece

    def copy(self, upload_id: str, target: Path) -> None:
        """A whole upload as a file of its own; no bytes are copied if both are on one disk."""
        source = self._path(upload_id)
        source.touch()  # nothing ever arrived of an empty one
        try:
            os.link(source, target)
        except OSError:
            shutil.copyfile(source, target)

    def remove(self, upload_id: str) -> None:
        """Whatever has arrived of it."""
        for path in self._root.glob(f"{upload_id}*"):
            path.unlink(missing_ok=True)

    def sweep(self, known: Collection[str], older_than_seconds: float) -> None:
        """Remove files of uploads that nobody knows."""
        oldest = time.time() - older_than_seconds
        for path in self._root.iterdir():
            if path.stem not in known and path.stat().st_mtime < oldest:
                path.unlink(missing_ok=True)

    def _path(self, upload_id: str) -> Path:
        return self._root / upload_id


class Piece:
    """A piece that is arriving; nobody else adds to the upload until it is closed."""

    def __init__(self, upload_id: str, file: BinaryIO, size_bytes: int) -> None:
        self._upload_id, self._file, self._size_bytes = upload_id, file, size_bytes
        self._offset = file.seek(0, os.SEEK_END)

    def check(self, num_bytes: int) -> None:
        """Raises UploadFull if so many more would be too many."""
        if self._offset + num_bytes > self._size_bytes:
            raise UploadFull(self._upload_id, self._size_bytes)

    def write(self, data: bytes) -> None:
        """What comes next. Raises UploadFull."""
        self.check(len(data))
        self._offset += len(data)
        with translated("take a piece of an upload"):
            self._file.write(data)

    def close(self, is_whole: bool) -> int:
        """How much of the upload has arrived; of a piece that breaks off what came is kept."""
        with translated("take a piece of an upload"), self._file:
            self._file.flush()
            os.fdatasync(self._file.fileno())
            return self._file.tell()


class CheckedPiece(Piece):
    """A piece that is put aside until it is whole and has its checksum."""

    def __init__(
        self,
        upload_id: str,
        file: BinaryIO,
        size_bytes: int,
        aside: BufferedRandom,
        expected: tuple[str, bytes],
    ) -> None:
        super().__init__(upload_id, aside, size_bytes)
        self._aside = aside
        self._target, self._offset = file, file.seek(0, os.SEEK_END)
        self._algorithm, self._digest = expected

    def close(self, is_whole: bool) -> int:
        """Of a piece that breaks off nothing is kept. Raises ChecksumDiffers."""
        with translated("take a piece of an upload"), self._target, self._aside:
            self._aside.seek(0)
            found = hashlib.file_digest(self._aside, self._algorithm).digest()
            if is_whole and found != self._digest:
                raise ChecksumDiffers(self._upload_id)
            if is_whole:
                self._aside.seek(0)
                shutil.copyfileobj(self._aside, self._target)
            self._target.flush()
            os.fdatasync(self._target.fileno())
            self._aside.truncate(0)
            return self._target.tell()


def _lock(file: BinaryIO, upload_id: str) -> None:
    """Until the file is closed, or its process dies."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as exc:
        raise UploadBusy(upload_id) from exc


def _parsed(checksum: str) -> tuple[str, bytes]:
    """Algorithm and digest of an Upload-Checksum header."""
    algorithm, _, encoded = checksum.partition(" ")
    try:
        digest = base64.b64decode(encoded, validate=True)
    except binascii.Error as exc:
        raise InvalidChecksum(ALGORITHMS) from exc
    if algorithm not in ALGORITHMS or len(digest) != hashlib.new(algorithm).digest_size:
        raise InvalidChecksum(ALGORITHMS)
    return algorithm, digest
