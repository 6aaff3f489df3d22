"""Copies of a bucket's files stay below a limit and are never trusted."""

import os
import time
from pathlib import Path

import pytest

from service.artifacts import Artifacts
from service.stores.copies import IN_USE_SECONDS, Copies
from tests.service.conftest import in_bucket


def keep(copies: Copies, sha256: str, num_bytes: int, age_seconds: float) -> Path:
    path = copies.scratch / "arriving"
    path.write_bytes(bytes(num_bytes))
    kept = copies.keep(sha256, path)
    then = time.time() - age_seconds
    os.utime(kept, (then, then))
    return kept


def test_the_longest_unused_make_room(tmp_path: Path) -> None:
    copies = Copies(tmp_path, max_bytes=250)
    old, older, used = (keep(copies, name * 64, 100, 1000 + 9 * ord(name)) for name in "abc")
    assert copies.find("c" * 64) == used  # from now on the latest used
    newest = keep(copies, "d" * 64, 100, 0)
    assert [path.exists() for path in (old, older, used, newest)] == [False, False, True, True]


def test_those_that_somebody_may_be_about_to_open_stay_whatever_the_limit(tmp_path: Path) -> None:
    copies = Copies(tmp_path, max_bytes=0)
    young = keep(copies, "a" * 64, 100, IN_USE_SECONDS / 2)
    old = keep(copies, "b" * 64, 100, IN_USE_SECONDS * 2)
    keep(copies, "c" * 64, 100, 0)
    assert (young.exists(), old.exists()) == (True, False)


def test_a_damaged_copy_is_fetched_anew(bucket_url: str, tmp_path: Path) -> None:
    keeping = in_bucket(bucket_url, tmp_path)
    sha256 = keeping.artifacts.put(b"weights").sha256
    for read in (Artifacts.read, Artifacts.locate):
        keeping.artifacts.place(sha256).write_bytes(b"wEights")
        read(keeping.artifacts, sha256)
        assert keeping.artifacts.place(sha256).read_bytes() == b"weights"


def test_copies_cost_no_request(
    bucket_url: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    keeping = in_bucket(bucket_url, tmp_path)
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    artifacts = Artifacts.of(keeping.settings.model_copy(update={"data_dir": elsewhere}))
    sha256 = keeping.artifacts.put(b"weights").sha256
    assert artifacts.read(sha256) == b"weights"
    keeping.lose(sha256)
    assert artifacts.read(sha256) == b"weights"
