"""An S3 server of our own for the tests, in a process that ends with this one."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import httpx2
import obstore
from obstore.store import S3Store

PROGRAM = """
import logging, sys
from moto.server import ThreadedMotoServer
logging.disable()
server = ThreadedMotoServer("127.0.0.1", port=0)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
"""


@contextmanager
def running() -> Iterator[str]:
    """Its URL, while the environment names it and a key that it takes."""
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            port = next(line for line in process.stdout if line.strip().isdigit())
            url = f"http://127.0.0.1:{int(port)}"
            with patch.dict(os.environ, variables(url)):
                yield url
        finally:
            process.stdin.close()


def variables(url: str) -> dict[str, str]:
    return {
        "AWS_ACCESS_KEY_ID": "nobody",
        "AWS_SECRET_ACCESS_KEY": "nothing",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": url,
    }


def make_bucket(url: str, name: str) -> S3Store:
    """A new bucket, with all that is in it at hand."""
    httpx2.put(f"{url}/{name}").raise_for_status()
    return S3Store(name, client_options={"allow_http": True})


def names(bucket: S3Store) -> list[str]:
    return sorted(each["path"] for found in obstore.list(bucket) for each in found)
