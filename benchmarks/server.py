"""Server: the real service as its own process, for as long as a block runs."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from service.client import Client
from service.server import ADDRESS_FILE

START_SECONDS = 60
END_SECONDS = 20


class Running(NamedTuple):
    """A service that is ready: a client of it, and its web process."""

    client: Client
    pid: int


@contextmanager
def serving(data_dir: Path, log: Path, **settings: str) -> Iterator[Running]:
    """Start the service on a free loopback port and end it, with its workers, in any case.

    `data_dir` is a new folder.

    Gives it once it says that it is ready. `settings` are the service's own, as
    texts: `workers="1"`. What it prints goes to `log`.
    """
    values = {"data_dir": str(data_dir), "host": "127.0.0.1", "port": "0", **settings}
    environment = {f"STUDENT_SEARCH_{name.upper()}": value for name, value in values.items()}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "service.cli", "serve"],
            env={**os.environ, **environment},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is ours; the server is then ended in order
        )
    try:
        with Client(_address(process, data_dir, log)) as client:
            _until(process, log, client.is_ready)
            yield Running(client, process.pid)
    finally:
        _end(process)


def _address(process: subprocess.Popen[bytes], data_dir: Path, log: Path) -> str:
    file = data_dir / ADDRESS_FILE
    _until(process, log, lambda: file.exists() and file.read_text().endswith("\n"))
    return file.read_text().strip()


def _until(process: subprocess.Popen[bytes], log: Path, reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not reached():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"The service did not start; its log:\n{log.read_text()[-4000:]}")
        time.sleep(0.02)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
