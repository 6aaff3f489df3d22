"""What was checked is checked again as soon as anything may have changed."""

import hashlib
import os
import time
from pathlib import Path

import pytest

from service import intactness
from service.intactness import Intactness

SHA256 = hashlib.sha256(b"weights").hexdigest()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(b"weights")
    return path


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that were read."""
    reads: list[Path] = []

    def noted(path: Path) -> str:
        reads.append(path)
        return hashlib.sha256(path.read_bytes()).hexdigest()

    monkeypatch.setattr(intactness, "file_sha256", noted)
    return reads


def let_pass(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    now, now_ns = time.monotonic() + seconds, time.time_ns() + round(seconds * 1e9)
    monkeypatch.setattr(time, "monotonic", lambda: now)
    monkeypatch.setattr(time, "time_ns", lambda: now_ns)


def test_a_file_that_is_whole_is_read_once(
    path: Path, reads: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Intactness()
    let_pass(monkeypatch, 10)
    assert found.of(path, SHA256)
    assert found.of(path, SHA256)
    assert len(reads) == 1


def test_it_is_read_again_after_a_while(
    path: Path, reads: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Intactness()
    let_pass(monkeypatch, 10)
    assert found.of(path, SHA256)
    let_pass(monkeypatch, intactness.MEMORY_SECONDS + 10)
    assert found.of(path, SHA256)
    assert len(reads) == 2


def test_a_change_is_found_even_if_its_time_was_set_back(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, before = Intactness(), path.stat()
    let_pass(monkeypatch, 10)
    assert found.of(path, SHA256)
    path.write_bytes(b"wEights")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert not found.of(path, SHA256)


def test_another_file_of_the_same_name_is_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = Intactness()
    let_pass(monkeypatch, 10)
    assert found.of(path, SHA256)
    other = path.with_name("other")
    other.write_bytes(b"wEights")
    other.replace(path)
    assert not found.of(path, SHA256)


def test_a_file_that_changed_just_now_is_not_remembered(path: Path, reads: list[Path]) -> None:
    """A change within the same tick of the clock would look the same."""
    found = Intactness()
    for _ in range(3):
        assert found.of(path, SHA256)
    assert len(reads) == 3


def test_damage_is_never_remembered(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = Intactness()
    path.write_bytes(b"wEights")
    let_pass(monkeypatch, 10)
    assert not found.of(path, SHA256)
    assert not found.of(path, SHA256)
    path.write_bytes(b"weights")
    assert found.of(path, SHA256)


def test_only_so_many_files_are_remembered(
    path: Path, reads: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intactness, "MAX_FILES", 1)
    found, other = Intactness(), path.with_name("other")
    other.write_bytes(b"other")
    let_pass(monkeypatch, 10)
    for each in (path, other, path):
        assert found.of(each, hashlib.sha256(each.read_bytes()).hexdigest())
    assert reads == [path, other, path]
