"""What a bucket refuses is told without its address."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from service.artifacts import Artifacts
from service.failures import StoreUnavailable
from service.settings import Settings
from tests.service import bucket_server


class Forbidding(BaseHTTPRequestHandler):
    def refuse(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", "0")))
        self.send_response(403)
        self.send_header("content-length", "0")
        self.end_headers()

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = refuse

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def forbidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Artifacts]:
    with HTTPServer(("127.0.0.1", 0), Forbidding) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}"
        for name, value in bucket_server.variables(url).items():
            monkeypatch.setenv(name, value)
        yield Artifacts.of(Settings(data_dir=tmp_path, store="s3://bucket/files"))
        server.shutdown()
        thread.join()


def test_lost_permissions_are_told(forbidden: Artifacts) -> None:
    for use in (
        lambda: forbidden.put(b"weights"),
        lambda: forbidden.read("0" * 64),
        lambda: list(forbidden.store.entries()),
        lambda: forbidden.store.set_aside("0" * 64),
        forbidden.check,
    ):
        with pytest.raises(StoreUnavailable, match="the bucket refuses access") as caught:
            use()
        assert "127.0.0.1" not in str(caught.value)
    assert not list(forbidden.unfinished.iterdir())
