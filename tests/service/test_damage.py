"""What a store's disk may do to it: nothing is lost, and each trouble is told with a sentence."""

import os
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NoReturn

import pytest

from service import worker
from service.artifacts import Artifacts
from service.failures import StoreFull, StoreUnavailable
from service.settings import Settings
from tests.service import bucket_server, tiny
from tests.service.disks import read_only, small_disk
from tests.service.keeping import Keeping, KeepingOnDisk
from tests.service.shop import Shop

WRITER = """
import sys
from service.artifacts import Artifacts
from service.settings import Settings
artifacts = Artifacts.of(Settings.read())
for number in range(10_000):
    print("begins", flush=True)
    artifacts.put(b"%d" % number + bytes(3 * 2**20))
"""


@pytest.fixture
def on_disk(tmp_path: Path) -> KeepingOnDisk:
    return KeepingOnDisk(tmp_path)


def test_a_full_disk_is_told_and_takes_files_again_when_there_is_room(tmp_path: Path) -> None:
    with small_disk(tmp_path) as full:
        keeping = KeepingOnDisk(tmp_path)
        earlier = keeping.artifacts.put(b"weights")
        with full():
            with pytest.raises(StoreFull, match=r"take a file: there is no room left\. Nothing"):
                keeping.artifacts.put(bytes(2**20))
            assert keeping.names() == [f"{earlier.sha256[:2]}/{earlier.sha256}"]
            assert not list(keeping.artifacts.unfinished.iterdir())
            assert keeping.another().read(earlier.sha256) == b"weights"
        assert keeping.artifacts.put(bytes(2**20)).size_bytes == 2**20


def test_a_file_larger_than_this_process_may_write_is_told(on_disk: KeepingOnDisk) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, hard))
    try:
        with pytest.raises(StoreFull, match="no room left"):
            on_disk.artifacts.put(bytes(2**21))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert on_disk.names() == []


def test_a_folder_that_may_not_be_written_or_read_any_more_is_told(on_disk: KeepingOnDisk) -> None:
    sha256 = on_disk.artifacts.put(b"weights").sha256
    with (
        read_only(on_disk.settings.artifacts_dir),
        pytest.raises(StoreUnavailable, match=r"take a file: Permission denied\. Nothing was lost"),
    ):
        on_disk.artifacts.put(b"other weights")
    path = on_disk.artifacts.place(sha256)
    path.chmod(0)
    with (
        read_only(on_disk.settings.artifacts_dir),
        pytest.raises(StoreUnavailable, match=f"read the file {sha256}: Permission denied"),
    ):
        on_disk.artifacts.read(sha256)
    path.chmod(0o644)
    assert on_disk.names() == [f"{sha256[:2]}/{sha256}"]
    assert on_disk.artifacts.read(sha256) == b"weights"


def test_a_folder_that_is_gone_is_told(on_disk: KeepingOnDisk) -> None:
    on_disk.artifacts.unfinished.rmdir()
    with pytest.raises(StoreUnavailable, match="take a file: No such file or directory"):
        on_disk.artifacts.put(b"weights")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, "does not answer as it should"),
        ({"STUDENT_SEARCH_STORE": "s3://no-such-bucket"}, "there is no such bucket"),
    ],
)
def test_a_bucket_that_is_not_there_is_told(
    bucket_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, str],
    reason: str,
) -> None:  # fmt: skip
    given = {**bucket_server.variables(bucket_url), "STUDENT_SEARCH_STORE": "s3://any/where"}
    for name, value in (given | changes).items():
        monkeypatch.setenv(name, value)
    artifacts = Artifacts.of(Settings(data_dir=tmp_path))
    for use in (lambda: artifacts.put(b"weights"), artifacts.check):
        with pytest.raises(StoreUnavailable, match=reason):
            use()
    assert not list(artifacts.unfinished.iterdir())


def test_a_writer_that_is_killed_leaves_whole_files_or_none(keeping: Keeping) -> None:
    draw = random.Random(0)
    environment = {**os.environ, **keeping.settings.environment()}
    for _ in range(4):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER], env=environment, stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(draw.uniform(0, 0.1))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        another = keeping.another()
        for entry in list(another.store.entries()):
            assert len(another.read(entry.sha256)) == entry.size_bytes
    keeping.artifacts.sweep(older_than_seconds=-1)
    assert not list(keeping.artifacts.unfinished.iterdir())


def test_work_without_room_fails_with_a_sentence_and_succeeds_when_tried_again(
    tmp_path: Path,
) -> None:
    store = tmp_path / "store"
    store.mkdir()
    with small_disk(store) as full:
        shop = Shop(tmp_path, store=str(store))
        tiny.write_archive(tmp_path / "noise.tar")
        dataset = shop.post_dataset(shop.store(tmp_path / "noise.tar"))
        with full():
            shop.work()
        job = shop.job(shop.dataset(dataset).job_id)
        assert job.error is not None
        assert (job.state, job.error.error) == ("failed", "StoreFull")
        assert "no room left. Nothing was lost." in job.error.detail
        shop.retry(job.id)
        shop.work()
        assert shop.job(job.id).state == "succeeded"


def test_work_that_finds_no_room_elsewhere_fails_with_a_sentence_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work(*_: object) -> NoReturn:
        Path("/dev/full").write_bytes(b"what it has reached so far")
        raise AssertionError

    shop = Shop(tmp_path)
    dataset = shop.post_dataset(shop.artifacts.put(b"images"))
    monkeypatch.setattr(worker, "work_of", lambda _: work)
    shop.work()
    job = shop.job(shop.dataset(dataset).job_id)
    assert job.error is not None
    assert (job.state, job.error.error) == ("failed", "StoreFull")


def test_work_on_a_damaged_file_fails_and_names_it(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    tiny.write_weights(tmp_path / "net.safetensors")
    file = shop.store(tmp_path / "net.safetensors")
    path = shop.artifacts.locate(file.sha256)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    teacher = shop.post_teacher(file)
    shop.work()
    job = shop.job(shop.teacher(teacher).job_id)
    assert job.error is not None
    assert (job.state, job.error.error) == ("failed", "ArtifactDamaged")
    assert file.sha256 in job.error.detail
    shop.store(tmp_path / "net.safetensors")  # posted again
    shop.retry(job.id)
    shop.work()
    assert shop.job(job.id).state == "succeeded"
