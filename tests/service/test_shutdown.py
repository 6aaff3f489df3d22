"""A real server that is told to stop, with real workers."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx2
import psutil
import pytest
from sqlalchemy import text

from service.database import Database
from service.repositories import jobs
from service.settings import Settings
from tests.service.waiting import wait_until

SERVER = """
import time
from service import launcher_process, server
from service.api import health
from service.settings import Settings
from tests.service.fake_units import LAUNCHER

@health.router.get("/slow")
def slow(seconds: float) -> str:
    (settings.data_dir / "busy").touch()
    time.sleep(seconds)
    return "done"

launcher_process.LauncherProcess.__init__.__defaults__ = (LAUNCHER,)
settings = Settings.read()
listener, _ = server.listen(settings)
server.serve(settings, listener)
"""


class Running(NamedTuple):
    """A server in a process of its own."""

    process: subprocess.Popen[bytes]
    url: str
    settings: Settings

    def stop(self, sig: int = signal.SIGTERM) -> int:
        self.process.send_signal(sig)
        return self.process.wait(60)


@contextmanager
def running(folder: Path, database_url: str, **changes: object) -> Iterator[Running]:
    folder.mkdir(exist_ok=True)
    settings = Settings(
        data_dir=folder, database_url=database_url, port=0, workers=2, poll_seconds=0.05
    ).model_copy(update=changes)
    environment = {**os.environ, **settings.environment()}
    process = subprocess.Popen([sys.executable, "-c", SERVER], env=environment)
    address = folder / "address"
    try:
        wait_until(lambda: address.is_file() and address.read_text().endswith("\n"))
        url = address.read_text().strip()
        wait_until(lambda: httpx2.get(f"{url}/readyz", timeout=60).status_code == 200)
        yield Running(process, url, settings)
    finally:
        process.kill()
        process.wait()


def add(database: Database, folder: Path, kind: str, count: int) -> str:
    payload = {"notes": str(folder / "notes"), "until": str(folder / "until")}
    units = [jobs.NewUnit(kind=kind, payload=payload) for _ in range(count)]
    with database.writing() as session:
        return jobs.add(session, "test", "thing_1", units)


def units_of(database: Database, job_id: str) -> dict[str, int]:
    with database.reading() as session:
        return dict(jobs.get(session, job_id).units)


def attempts(database: Database) -> list[int]:
    with database.reading() as session:
        return list(session.scalars(text("SELECT attempts FROM units")))


def family(server: Running) -> list[psutil.Process]:
    return psutil.Process(server.process.pid).children(recursive=True)


@pytest.mark.slow
def test_units_are_given_back_and_nobody_is_left(
    tmp_path: Path, database: Database, database_url: str
) -> None:
    with running(tmp_path / "server", database_url) as server:
        job_id = add(database, tmp_path, "patient", 2)
        wait_until(lambda: units_of(database, job_id) == {"running": 2})
        children = family(server)
        begun = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - begun < 60
    assert units_of(database, job_id) == {"queued": 2}
    assert attempts(database) == [0, 0]
    assert len(children) == 3
    assert not psutil.wait_procs(children, timeout=60)[1]


@pytest.mark.slow
def test_who_does_not_stop_is_killed_in_the_end_and_its_attempt_is_not_spent(
    tmp_path: Path, database: Database, database_url: str
) -> None:
    with running(tmp_path / "server", database_url, stop_seconds=0.5) as server:
        job_id = add(database, tmp_path, "stubborn", 1)
        wait_until(lambda: units_of(database, job_id) == {"running": 1})
        assert server.stop() == 0
    assert units_of(database, job_id) == {"queued": 1}
    assert attempts(database) == [0]


@pytest.mark.slow
@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT])
def test_a_request_that_runs_is_answered_and_no_other_is_taken(
    tmp_path: Path, sqlite_url: str, sig: int
) -> None:
    with (
        running(tmp_path / "server", sqlite_url, stop_seconds=50) as server,
        ThreadPoolExecutor() as pool,
    ):
        answer = pool.submit(httpx2.get, f"{server.url}/slow?seconds=3", timeout=60)
        wait_until(lambda: busy(server))
        server.process.send_signal(sig)
        wait_until(lambda: refused(server.url))
        assert answer.result().json() == "done"
        assert server.process.wait(60) == 0


def test_a_second_signal_ends_it_at_once(tmp_path: Path, sqlite_url: str) -> None:
    with (
        running(tmp_path / "server", sqlite_url, stop_seconds=500) as server,
        ThreadPoolExecutor() as pool,
    ):
        answer = pool.submit(httpx2.get, f"{server.url}/slow?seconds=400", timeout=600)
        wait_until(lambda: busy(server))
        children = family(server)
        server.process.send_signal(signal.SIGTERM)
        wait_until(lambda: refused(server.url))
        assert server.stop() == 128 + signal.SIGTERM
        with pytest.raises(httpx2.HTTPError):
            answer.result()
    assert not psutil.wait_procs(children, timeout=60)[1]


@pytest.mark.slow
def test_of_two_servers_on_one_database_the_other_goes_on_with_the_units(
    tmp_path: Path, database: Database, database_url: str
) -> None:
    with ExitStack() as stack:
        servers = [
            stack.enter_context(running(tmp_path / name, database_url)) for name in ("one", "two")
        ]
        job_id = add(database, tmp_path, "patient", 4)
        wait_until(lambda: units_of(database, job_id) == {"running": 4})
        assert servers[0].stop() == 0
        assert units_of(database, job_id) == {"running": 2, "queued": 2}
        (tmp_path / "until").touch()
        wait_until(lambda: units_of(database, job_id) == {"succeeded": 4})
        assert httpx2.get(f"{servers[1].url}/readyz", timeout=60).status_code == 200
    assert attempts(database) == [1, 1, 1, 1]
    assert len((tmp_path / "notes").read_text().splitlines()) == 6


def test_a_server_that_cannot_start_says_so_and_fails(tmp_path: Path) -> None:
    (tmp_path / "student-search.db").write_text("This is no database, and never was one.")
    environment = {**os.environ, **Settings(data_dir=tmp_path, port=0).environment()}
    command = [sys.executable, "-m", "service.cli", "serve"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "The service could not start; its log says why."


@pytest.fixture
def sqlite_url(tmp_path: Path, sqlite_template: Path) -> str:
    return f"sqlite:///{sqlite_template}"


def busy(server: Running) -> bool:
    """Whether the slow request is being answered; an open connection alone may still be unread."""
    return (server.settings.data_dir / "busy").exists()


def refused(url: str) -> bool:
    try:
        httpx2.get(f"{url}/livez", timeout=60)
    except httpx2.TransportError:
        return True
    return False


def test_who_follows_a_job_is_let_go_at_once(tmp_path: Path, sqlite_template: Path) -> None:
    url = f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'own.db')}"
    with running(tmp_path / "server", url, workers=0, stop_seconds=50) as server:
        mine = Database(url)
        job_id = add(mine, tmp_path, "patient", 1)
        mine.close()
        url = f"{server.url}/v1/jobs/{job_id}/events"
        with httpx2.stream("GET", url, timeout=60) as answer:
            lines = answer.iter_lines()
            assert next(lines) == "event: state"
            begun = time.monotonic()
            assert server.stop() == 0
            assert time.monotonic() - begun < 40
            assert "event: progress" in list(lines)
