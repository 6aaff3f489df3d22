from pathlib import Path

import pytest

from candidates.checkpoint import Checkpoint, Tensor
from service.artifacts import Artifacts
from service.checkpoint_cache import CheckpointCache
from service.failures import ArtifactMissing
from service.stores.disk import Disk


def put(artifacts: Artifacts, value: int) -> str:
    tensor = Tensor("U8", (1000,), bytes([value] * 1000))
    return artifacts.put(Checkpoint({"weight": tensor}).to_bytes()).sha256


def test_a_checkpoint_is_read_once(tmp_path: Path) -> None:
    artifacts = Artifacts(Disk(tmp_path))
    sha256 = put(artifacts, 1)
    cache = CheckpointCache(artifacts)
    first = cache.read(sha256)
    artifacts.locate(sha256).unlink()
    assert cache.read(sha256) is first


def test_the_longest_unused_goes_when_the_limit_is_reached(tmp_path: Path) -> None:
    artifacts = Artifacts(Disk(tmp_path))
    one, two, three = (put(artifacts, value) for value in (1, 2, 3))
    cache = CheckpointCache(artifacts, max_bytes=2500)
    for sha256 in (one, two, one, three):
        cache.read(sha256)
    for sha256 in (one, two, three):
        artifacts.locate(sha256).unlink()
    cache.read(one)
    cache.read(three)
    with pytest.raises(ArtifactMissing):
        cache.read(two)


def test_a_checkpoint_beyond_the_limit_is_read_but_not_kept(tmp_path: Path) -> None:
    artifacts = Artifacts(Disk(tmp_path))
    sha256 = put(artifacts, 1)
    cache = CheckpointCache(artifacts, max_bytes=100)
    assert cache.read(sha256) is not cache.read(sha256)
