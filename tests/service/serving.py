"""The real server, as its command starts it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from service.client import Client
from service.settings import Settings
from tests.service.waiting import wait_until


@contextmanager
def serving(folder: Path) -> Iterator[Client]:
    """A client of a server with one worker that keeps everything in a folder."""
    settings = Settings(data_dir=folder, port=0, workers=1)
    environment = {**os.environ, **settings.environment(), "OMP_NUM_THREADS": "1"}
    server = subprocess.Popen([sys.executable, "-m", "service.cli", "serve"], env=environment)
    try:
        address = settings.data_dir / "address"
        wait_until(lambda: address.is_file() and address.read_text().endswith("\n"))
        with Client(address.read_text().strip()) as client:
            wait_until(client.is_ready)
            yield client
    finally:
        server.terminate()
        server.wait()
