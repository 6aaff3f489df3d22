"""Uploads by a public client of tus to a real server, which is killed in the middle of one."""

import hashlib
import io
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError
from tusclient.uploader import Uploader

from service.settings import Settings
from tests.service.waiting import wait_until

CHUNK = 512 * 1024
CONTENT = random.Random(0).randbytes(10 * CHUNK + 7)


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The URL of a server without workers, and its process."""
    settings = Settings(data_dir=folder, port=0, workers=0)
    address = folder / "address"
    address.unlink(missing_ok=True)
    environment = {**os.environ, **settings.environment()}
    command = [sys.executable, "-m", "service.cli", "serve"]
    process = subprocess.Popen(command, env=environment)
    try:
        wait_until(lambda: address.is_file() and address.read_text().endswith("\n"))
        url = address.read_text().strip()
        wait_until(lambda: httpx2.get(f"{url}/readyz", timeout=60).status_code == 200)
        yield url, process
    finally:
        process.kill()
        process.wait()


def uploader(url: str, path: str | None = None, checked: bool = False) -> Uploader:
    """Of the content; going on with the upload at a path, if there is one."""
    created: Uploader = TusClient(f"{url}/v1/uploads").uploader(
        file_stream=io.BytesIO(CONTENT),
        url=path and url + path,
        chunk_size=CHUNK,
        metadata={"filename": "images.tar"},
        upload_checksum=checked,
    )
    return created


def check_arrived(url: str, path: str, folder: Path) -> None:
    """The upload is whole, and may be used."""
    assert httpx2.get(url + path).json()["complete"]
    body = {"name": "images", "upload": path.rpartition("/")[2]}
    assert httpx2.post(f"{url}/v1/datasets", json=body).status_code == 202
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    stored = folder / "artifacts" / sha256[:2] / sha256
    assert stored.read_bytes() == CONTENT


@pytest.mark.parametrize("checked", [False, True])
def test_a_public_client_uploads_in_pieces(
    tmp_path: Path, sqlite_template: Path, checked: bool
) -> None:
    with served(tmp_path) as (url, _):
        client = uploader(url, checked=checked)
        client.upload()
        check_arrived(url, urlsplit(client.url).path, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_an_upload_goes_on_after_the_server_was_killed_in_the_middle_of_it(
    tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    with served(tmp_path) as (url, process):
        client = uploader(url)
        for _ in range(chance.randint(1, 5)):
            client.upload_chunk()
        path, sure = urlsplit(client.url).path, client.offset
        folder = tmp_path / "uploads"
        with pytest.raises((httpx2.TransportError, TusCommunicationError)):
            _kill_within_a_piece(url + path, sure, process, folder / path.rpartition("/")[2])
    with served(tmp_path) as (url, _):
        client = uploader(url, path)
        assert sure < client.offset < len(CONTENT)
        client.upload()
        check_arrived(url, path, tmp_path)


def _kill_within_a_piece(
    url: str, offset: int, process: subprocess.Popen[bytes], file: Path
) -> None:
    """While a piece is arriving of which the server has written something."""

    def pieces() -> Iterator[bytes]:
        yield CONTENT[offset : offset + 5 * CHUNK // 2]
        wait_until(lambda: file.stat().st_size > offset)
        process.kill()
        process.wait()
        yield CONTENT[offset + 5 * CHUNK // 2 :]

    headers = {
        "tus-resumable": "1.0.0",
        "upload-offset": str(offset),
        "content-type": "application/offset+octet-stream",
    }
    httpx2.patch(url, content=pieces(), headers=headers, timeout=60)
