import base64
import hashlib
import multiprocessing
import os
import time
from pathlib import Path

import pytest

from service.upload_failures import (
    ChecksumDiffers,
    InvalidChecksum,
    OffsetDiffers,
    UploadBusy,
    UploadFull,
)
from service.upload_folder import UploadFolder


@pytest.fixture
def folder(tmp_path: Path) -> UploadFolder:
    return UploadFolder(tmp_path / "uploads")


def checksum(data: bytes, algorithm: str = "sha1") -> str:
    digest = hashlib.new(algorithm, data).digest()
    return f"{algorithm} {base64.b64encode(digest).decode()}"


def add(folder: UploadFolder, offset: int, data: bytes, checksum: str | None = None) -> int:
    piece = folder.begin("u", offset, 10, checksum)
    piece.write(data)
    return piece.close(is_whole=True)


def test_pieces_are_put_together(folder: UploadFolder, tmp_path: Path) -> None:
    assert folder.size("u") == 0
    assert add(folder, 0, b"01234") == 5
    assert add(folder, 5, b"56789", checksum(b"56789", "sha256")) == 10
    folder.copy("u", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == b"0123456789"
    folder.remove("u")
    assert folder.size("u") == 0
    assert (tmp_path / "copy").read_bytes() == b"0123456789"


def test_an_empty_upload_is_an_empty_file(folder: UploadFolder, tmp_path: Path) -> None:
    folder.copy("u", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == b""


def test_a_piece_that_begins_elsewhere_is_refused(folder: UploadFolder) -> None:
    add(folder, 0, b"01234")
    for offset in (0, 4, 6):
        with pytest.raises(OffsetDiffers) as caught:
            folder.begin("u", offset, 10)
        assert caught.value.offset == 5
    assert add(folder, 5, b"5") == 6


def test_nothing_goes_beyond_the_length(folder: UploadFolder) -> None:
    piece = folder.begin("u", 0, 10)
    piece.write(b"0123456")
    with pytest.raises(UploadFull):
        piece.write(b"789!")
    assert piece.close(is_whole=False) == 7


def test_only_one_piece_arrives_at_a_time(folder: UploadFolder) -> None:
    piece = folder.begin("u", 0, 10)
    with pytest.raises(UploadBusy):
        folder.begin("u", 0, 10)
    piece.close(is_whole=True)
    assert add(folder, 0, b"0") == 1


def test_a_damaged_piece_leaves_nothing(folder: UploadFolder) -> None:
    add(folder, 0, b"01234")
    with pytest.raises(ChecksumDiffers):
        add(folder, 5, b"567", checksum(b"568"))
    assert folder.size("u") == 5
    piece = folder.begin("u", 5, 10, checksum(b"567"))
    piece.write(b"56")
    assert piece.close(is_whole=False) == 5
    assert add(folder, 5, b"567", checksum(b"567")) == 8


@pytest.mark.parametrize("given", ["", "sha1", "sha1 ?", "md4 AAAA", "sha1 AAAA", "AAAA"])
def test_checksums_that_cannot_be_read_are_refused(folder: UploadFolder, given: str) -> None:
    with pytest.raises(InvalidChecksum, match="sha1, sha256"):
        folder.begin("u", 0, 10, given)
    assert add(folder, 0, b"0") == 1


@pytest.mark.parametrize("checked", [False, True])
def test_what_a_killed_process_had_written_counts_and_its_lock_does_not(
    folder: UploadFolder, checked: bool
) -> None:
    worker = multiprocessing.get_context("fork").Process(target=_die, args=(folder, checked))
    worker.start()
    worker.join(60)
    assert folder.size("u") == (0 if checked else 7)
    assert add(folder, folder.size("u"), b"7") in {1, 8}


def test_files_of_forgotten_uploads_go(folder: UploadFolder) -> None:
    for name in ("u", "v"):
        piece = folder.begin(name, 0, 10, checksum(b""))
        piece.close(is_whole=True)
    folder.sweep({"v"}, older_than_seconds=60)
    assert len(list(_files(folder))) == 4
    for path in _files(folder):
        os.utime(path, (time.time() - 100,) * 2)
    folder.sweep({"v"}, older_than_seconds=60)
    assert {path.stem for path in _files(folder)} == {"v"}


def _files(folder: UploadFolder) -> list[Path]:
    return list(folder._root.iterdir())


def _die(folder: UploadFolder, checked: bool) -> None:
    piece = folder.begin("u", 0, 10, checksum(b"0123456") if checked else None)
    piece.write(b"0123456")
    piece._file.flush()
    os._exit(9)
