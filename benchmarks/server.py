"""Server: the real service as its own process, for as long as a block runs."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from service.client import Client

START_SECONDS = 60
END_SECONDS = 20


@contextmanager
def serving(data_dir: Path, log: Path, **settings: str) -> Iterator[Client]:
    """Start the service on a free loopback port and end it, with its workers, in any case.

    Gives a client once the service says that it is ready. `settings` are the service's own, as
    texts: `workers="1"`. What it prints goes to `log`.
    """
    values = {"data_dir": str(data_dir), "host": "127.0.0.1", "port": "0", **settings}
    environment = {f"STUDENT_SEARCH_{name.upper()}": value for name, value in values.items()}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-u", "-m", "service.cli", "serve"],
            env={**os.environ, **environment},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is ours; the server is then ended in order
        )
    try:
        with Client(_address(process, log)) as client:
            _until(process, log, client.is_ready)
            yield client
    finally:
        _end(process)


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    announced = re.compile(r"Listening on (http://[^;\s]+)")
    _until(process, log, lambda: announced.search(log.read_text()) is not None)
    found = announced.search(log.read_text())
    assert found is not None
    return found[1]


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
