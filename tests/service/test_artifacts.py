"""Files by their digest."""

import hashlib
from pathlib import Path

import pytest

from service.artifacts import Artifacts
from service.failures import ArtifactDamaged, ArtifactMissing


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_file_is_read_back_by_its_digest(tmp_path: Path) -> None:
    artifacts = Artifacts(tmp_path)
    stored = artifacts.put(b"weights")
    assert stored.sha256 == hashlib.sha256(b"weights").hexdigest()
    assert stored.size_bytes == 7
    assert artifacts.read(stored.sha256) == b"weights"
    assert artifacts.locate(stored.sha256).read_bytes() == b"weights"


def test_the_same_content_is_kept_once(tmp_path: Path) -> None:
    artifacts = Artifacts(tmp_path)
    assert artifacts.put(b"weights") == artifacts.put(b"weights")
    assert len(files_below(tmp_path)) == 1


def test_an_upload_is_moved_in_without_a_copy(tmp_path: Path) -> None:
    artifacts = Artifacts(tmp_path)
    with artifacts.scratch() as path:
        path.write_bytes(b"an archive")
        stored = artifacts.adopt(path)
    assert artifacts.read(stored.sha256) == b"an archive"
    assert len(files_below(tmp_path)) == 1


def test_a_file_that_was_not_finished_is_never_visible(tmp_path: Path) -> None:
    artifacts = Artifacts(tmp_path)

    def break_off() -> None:
        with artifacts.scratch() as path:
            path.write_bytes(b"the first half")
            raise ConnectionError("the client went away")

    with pytest.raises(ConnectionError):
        break_off()
    assert files_below(tmp_path) == []


@pytest.mark.parametrize("read", [Artifacts.read, Artifacts.locate])
def test_a_flipped_byte_is_found(tmp_path: Path, read: object) -> None:
    artifacts = Artifacts(tmp_path)
    stored = artifacts.put(b"weights")
    artifacts.locate(stored.sha256).write_bytes(b"wEights")
    with pytest.raises(ArtifactDamaged, match="changed or damaged"):
        read(artifacts, stored.sha256)  # type: ignore[operator]


@pytest.mark.parametrize("read", [Artifacts.read, Artifacts.locate])
def test_a_missing_file_is_named(tmp_path: Path, read: object) -> None:
    with pytest.raises(ArtifactMissing, match="0000"):
        read(Artifacts(tmp_path), "0" * 64)  # type: ignore[operator]


def test_putting_a_damaged_file_again_heals_it(tmp_path: Path) -> None:
    artifacts = Artifacts(tmp_path)
    stored = artifacts.put(b"weights")
    artifacts.locate(stored.sha256).write_bytes(b"wEights")
    artifacts.put(b"weights")
    assert artifacts.read(stored.sha256) == b"weights"


def test_what_a_killed_process_had_begun_is_swept_away(tmp_path: Path) -> None:
    artifacts = Artifacts(tmp_path)
    stored = artifacts.put(b"weights")
    with artifacts.scratch() as path:
        path.write_bytes(b"the first half")
        artifacts.sweep()
        assert path.exists()
        artifacts.sweep(older_than_seconds=-1)
        assert not path.exists()
        path.parent.mkdir()
    assert artifacts.read(stored.sha256) == b"weights"
