"""Files by their digest, on disk and in a bucket."""

import hashlib
import os
from pathlib import Path

import pytest

from service.artifacts import Artifacts
from service.failures import ArtifactDamaged, ArtifactMissing
from tests.service.keeping import Keeping

READS = pytest.mark.parametrize("read", [Artifacts.read, Artifacts.locate])


def test_a_file_is_read_back_by_its_digest(keeping: Keeping) -> None:
    stored = keeping.artifacts.put(b"weights")
    assert stored.sha256 == hashlib.sha256(b"weights").hexdigest()
    assert stored.size_bytes == 7
    for artifacts in (keeping.artifacts, keeping.another()):
        assert artifacts.read(stored.sha256) == b"weights"
        assert artifacts.locate(stored.sha256).read_bytes() == b"weights"
        assert artifacts.place(stored.sha256).read_bytes() == b"weights"


@pytest.mark.parametrize("size", [0, 1, 9 * 2**20, 70 * 2**20])
def test_files_of_any_size_are_kept(keeping: Keeping, size: int) -> None:
    data = os.urandom(1024) * (size // 1024) + bytes(size % 1024)
    sha256 = keeping.artifacts.put(data).sha256
    assert keeping.another().read(sha256) == data


def test_the_same_content_is_kept_once(keeping: Keeping) -> None:
    first = keeping.artifacts.put(b"weights")
    assert keeping.artifacts.put(b"weights") == first == keeping.another().put(b"weights")
    assert keeping.names() == [f"{first.sha256[:2]}/{first.sha256}"]


def test_what_is_there_is_not_written_again(keeping: Keeping) -> None:
    sha256 = keeping.artifacts.put(b"weights").sha256
    before = list(keeping.artifacts.store.entries())
    keeping.artifacts.put(b"weights")
    assert list(keeping.artifacts.store.entries()) == before
    with keeping.artifacts.scratch() as path:
        path.write_bytes(b"other content")
        assert not keeping.artifacts.store.create(sha256, path)
    assert keeping.another().read(sha256) == b"weights"


def test_an_upload_is_moved_in(keeping: Keeping) -> None:
    with keeping.artifacts.scratch() as path:
        path.write_bytes(b"an archive")
        stored = keeping.artifacts.adopt(path)
    assert keeping.artifacts.read(stored.sha256) == b"an archive"
    assert len(keeping.names()) == 1
    assert not list(keeping.artifacts.unfinished.iterdir())


def test_a_file_that_was_not_finished_is_never_visible(keeping: Keeping) -> None:
    def break_off() -> None:
        with keeping.artifacts.scratch() as path:
            path.write_bytes(b"the first half")
            raise ConnectionError("the client went away")

    with pytest.raises(ConnectionError):
        break_off()
    assert keeping.names() == []
    assert not list(keeping.artifacts.unfinished.iterdir())


@READS
@pytest.mark.parametrize("content", [b"wEights", b"weigh", b""])
def test_damage_is_found_and_named(keeping: Keeping, read: object, content: bytes) -> None:
    sha256 = keeping.artifacts.put(b"weights").sha256
    assert keeping.artifacts.read(sha256) == b"weights"
    keeping.overwrite(sha256, content)
    for artifacts in (keeping.artifacts, keeping.another()):
        with pytest.raises(ArtifactDamaged, match=f"{sha256} in the artifact store was changed"):
            read(artifacts, sha256)  # type: ignore[operator]


@READS
def test_a_missing_file_is_named(keeping: Keeping, read: object) -> None:
    with pytest.raises(ArtifactMissing, match="0000"):
        read(keeping.artifacts, "0" * 64)  # type: ignore[operator]


def test_putting_a_damaged_or_lost_file_again_heals_it(keeping: Keeping) -> None:
    sha256 = keeping.artifacts.put(b"weights").sha256
    keeping.overwrite(sha256, b"wEights")
    keeping.artifacts.put(b"weights")
    assert keeping.another().read(sha256) == b"weights"
    keeping.lose(sha256)
    keeping.artifacts.put(b"weights")
    assert keeping.another().read(sha256) == b"weights"


@READS
def test_what_was_set_aside_is_taken_back_by_who_reads_it(keeping: Keeping, read: object) -> None:
    stored = keeping.artifacts.put(b"weights")
    keeping.artifacts.store.set_aside(stored.sha256)
    assert keeping.names() == [f"aside/{stored.sha256[:2]}/{stored.sha256}"]
    read(keeping.another(), stored.sha256)  # type: ignore[operator]
    assert keeping.names() == [f"{stored.sha256[:2]}/{stored.sha256}"]


def test_what_was_set_aside_and_put_again_is_kept_once_taken_back(keeping: Keeping) -> None:
    stored = keeping.artifacts.put(b"weights")
    keeping.artifacts.store.set_aside(stored.sha256)
    keeping.artifacts.put(b"weights")
    assert len(keeping.names()) == 2
    assert keeping.artifacts.store.take_back(stored.sha256)
    assert len(keeping.names()) == 1
    assert keeping.another().read(stored.sha256) == b"weights"


def test_nothing_is_moved_that_is_not_there(keeping: Keeping) -> None:
    store = keeping.artifacts.store
    store.set_aside("0" * 64)
    store.discard("0" * 64)
    assert not store.take_back("0" * 64)
    assert keeping.names() == []


def test_what_a_killed_process_had_begun_is_swept_away(keeping: Keeping) -> None:
    artifacts = keeping.artifacts
    stored = artifacts.put(b"weights")
    with artifacts.scratch() as path:
        path.write_bytes(b"the first half")
        artifacts.sweep()
        assert path.exists()
        artifacts.sweep(older_than_seconds=-1)
        assert not path.exists()
        path.parent.mkdir()
    assert artifacts.read(stored.sha256) == b"weights"


def test_a_store_that_takes_files_is_well(keeping: Keeping) -> None:
    keeping.artifacts.check()
    assert keeping.names() == []


def test_a_store_elsewhere_is_taken_from_the_settings(keeping: Keeping, tmp_path: Path) -> None:
    settings = keeping.settings.model_copy(update={"store": str(tmp_path / "elsewhere")})
    Artifacts.of(settings).put(b"weights")
    assert len(list((tmp_path / "elsewhere").glob("*/*"))) == 1
