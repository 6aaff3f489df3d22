"""Download: a large file from the service, and the same file from a plain static file server.

`python -m benchmarks.download`; at least: 60 % of what the static server gives. The two are asked
in turn, so that what else the machine does meets both. The first download of each file is told
apart: then, and again ten minutes later, the service checks all of it before it sends any of it.
"""

import argparse
import hashlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import numpy as np

from benchmarks import made_up
from benchmarks.report import publish, spread
from benchmarks.server import serving
from service.settings import Settings

PIECE_BYTES = 2**20


class Source(NamedTuple):
    """Where a file can be had."""

    address: str
    path: str


class Asked(NamedTuple):
    """A file, and the two places where it can be had."""

    content: bytes
    service: Source
    static: Source


def main() -> None:
    """Print and write what both reach."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--files", type=int, default=5)
    parser.add_argument("--repetitions", type=int, default=5, help="of each file")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="student-search-") as name:
        folder = Path(name)
        store = made_up.Store.of(Settings(data_dir=folder))
        random = np.random.default_rng(given.seed)
        contents = [random.bytes(given.megabytes * 10**6) for _ in range(given.files)]
        teachers = [made_up.make_teacher(store, content) for content in contents]
        store.database.close()
        settings = {"workers": "0", "requests_per_minute": "0"}
        with serving(folder, folder / "server.log", **settings) as server, _static(folder) as port:
            address = urlsplit(str(server.client.url)).netloc
            asked = [
                Asked(
                    content, Source(address, f"/v1/teachers/{teacher}/network"), _at(port, content)
                )
                for content, teacher in zip(contents, teachers, strict=True)
            ]
            firsts = [_pair(each) for each in asked]
            others = [_pair(each) for _ in range(given.repetitions) for each in asked]
    publish("download", vars(given), {"first": _figures(firsts), "later": _figures(others)})


def _figures(pairs: list[tuple[float, float]]) -> dict[str, Any]:
    return {
        "service_megabytes_per_s": spread([service for service, _ in pairs]),
        "static_megabytes_per_s": spread([static for _, static in pairs]),
        "ratio": spread([service / static for service, static in pairs]),
    }


def _at(port: int, content: bytes) -> Source:
    sha256 = hashlib.sha256(content).hexdigest()
    return Source(f"127.0.0.1:{port}", f"/artifacts/{sha256[:2]}/{sha256}")


def _pair(asked: Asked) -> tuple[float, float]:
    service, static = (_megabytes_per_s(each, asked.content) for each in asked[1:])
    return service, static


def _megabytes_per_s(source: Source, content: bytes) -> float:
    """What arrives is compared when the time has been taken."""
    arrived = bytearray(len(content))
    view, num_bytes = memoryview(arrived), 0
    begun = time.perf_counter()
    connection = HTTPConnection(source.address, timeout=60)
    connection.request("GET", source.path)
    answer = connection.getresponse()
    while num_bytes < len(view):
        piece = answer.readinto(view[num_bytes : num_bytes + PIECE_BYTES])
        if piece == 0:
            break
        num_bytes += piece
    seconds = time.perf_counter() - begun
    connection.close()
    if arrived != content:
        raise RuntimeError(f"{source.address} sent something else, with status {answer.status}.")
    return len(content) / 1e6 / seconds


@contextmanager
def _static(folder: Path) -> Iterator[int]:
    """The standard library's own file server; gives its port."""
    command = [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1"]
    with subprocess.Popen(
        [*command, "--directory", folder], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline().split()[5])
        finally:
            process.terminate()


if __name__ == "__main__":
    main()
