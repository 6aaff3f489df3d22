"""What the store's disk does is answered with a problem, and nothing of the request is kept."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import httpx2
import pytest
from fastapi.testclient import TestClient

from service.app import create_app
from service.ledger import Ledger
from service.settings import Settings
from tests.service.api.world import World
from tests.service.disks import read_only, small_disk
from tests.service.keeping import Keeping


@contextmanager
def world_of(settings: Settings, template: Path) -> Iterator[World]:
    shutil.copy(template, settings.data_dir / "student-search.db")
    app = create_app(settings.model_copy(update={"workers": 0}))
    with TestClient(app) as http:
        parts = app.state.parts
        yield World(http, parts, Ledger(parts.database, settings))


def check_refused(answer: httpx2.Response, status: int, slug: str, sentence: str) -> None:
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{slug}")
    assert sentence in answer.json()["detail"]


def test_a_full_disk_is_a_problem_and_nothing_is_kept(
    tmp_path: Path, sqlite_template: Path
) -> None:
    store = tmp_path / "store"
    store.mkdir()
    with (
        small_disk(store) as full,
        world_of(Settings(data_dir=tmp_path, store=str(store)), sqlite_template) as world,
    ):
        student = world.ready_student()
        with full():
            for answer in (world.post_dataset(b"other images"), world.post_teacher(name="other")):
                check_refused(answer, 507, "store-full", "there is no room left. Nothing was lost.")
            assert world.http.get(student["checkpoint"]["url"]).status_code == 200
            assert world.http.get("/readyz").json()["store"]["problem"] is not None
        assert len(world.http.get("/v1/datasets").json()["items"]) == 1
        assert not list(world.parts.artifacts.unfinished.iterdir())
        assert world.post_dataset(b"other images").status_code == 202


def test_so_is_a_full_disk_on_which_uploads_arrive(
    tmp_path: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(**_: object) -> IO[bytes]:
        return open("/dev/full", "w+b", buffering=0)  # noqa: PTH123

    with world_of(Settings(data_dir=tmp_path), sqlite_template) as world:
        with monkeypatch.context() as patched:
            patched.setattr(tempfile, "TemporaryFile", full)
            for answer in (world.post_dataset(bytes(2**21)), world.post_teacher(bytes(2**21))):
                check_refused(answer, 507, "store-full", "take what was sent: there is no room")
        assert world.post_dataset(bytes(2**21)).status_code == 202


def test_a_store_that_may_not_be_written_is_a_problem(tmp_path: Path, world: World) -> None:
    with read_only(world.parts.settings.artifacts_dir):
        answer = world.post_dataset()
    check_refused(answer, 503, "store-unavailable", "take a file: Permission denied. Nothing was")
    assert world.http.get("/v1/datasets").json()["items"] == []
    assert world.post_dataset().status_code == 202


@pytest.mark.parametrize("content", [b"flipped", b""])
def test_a_damaged_file_is_a_problem_that_names_it(
    keeping: Keeping, sqlite_template: Path, content: bytes
) -> None:
    with world_of(keeping.settings, sqlite_template) as world:
        student = world.ready_student()
        url, sha256 = student["checkpoint"]["url"], student["checkpoint"]["sha256"]
        whole = world.http.get(url).content
        keeping.overwrite(sha256, content)
        for headers in ({}, {"range": "bytes=2-3"}):
            answer = world.http.get(url, headers=headers)
            check_refused(answer, 500, "artifact-damaged", f"The file {sha256} in the artifact")
        keeping.lose(sha256)
        check_refused(world.http.get(url), 500, "artifact-missing", f"The file {sha256} is not in")
        keeping.artifacts.put(whole)
        assert world.http.get(url).content == whole


def test_downloads_go_on_and_are_revalidated_on_both_stores(
    keeping: Keeping, sqlite_template: Path
) -> None:
    with world_of(keeping.settings, sqlite_template) as world:
        student = world.ready_student()
        url = student["checkpoint"]["url"]
        whole = world.http.get(url)
        etag = whole.headers["etag"]
        assert etag == f'"{student["checkpoint"]["sha256"]}"'
        part = world.http.get(url, headers={"range": "bytes=100-", "if-range": etag})
        assert (part.status_code, part.content) == (206, whole.content[100:])
        assert world.http.get(url, headers={"if-none-match": etag}).status_code == 304
        assert int(world.http.head(url).headers["content-length"]) == len(whole.content)
