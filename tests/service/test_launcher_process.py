"""The server's launcher lives exactly as long as it is wanted."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.database import Database
from service.launcher_process import LauncherProcess
from service.repositories import jobs
from service.settings import Settings
from tests.service.fake_units import LAUNCHER
from tests.service.waiting import wait_until

SERVER = """
import time
from service.launcher_process import LauncherProcess
from service.settings import Settings
from tests.service.fake_units import LAUNCHER

with LauncherProcess(Settings(), LAUNCHER):
    time.sleep(600)
"""


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(settings(tmp_path).sqlalchemy_url)
    database.migrate()
    yield database
    database.close()


def settings(folder: Path, workers: int = 1) -> Settings:
    return Settings(data_dir=folder, workers=workers, poll_seconds=0.05)


def add_stubborn(database: Database, notes: Path) -> str:
    unit = jobs.NewUnit(kind="stubborn", payload={"notes": str(notes)})
    with database.writing() as session:
        return jobs.add(session, "test", "thing_1", [unit])


def units_of(database: Database, job_id: str) -> dict[str, int]:
    with database.reading() as session:
        return dict(jobs.get(session, job_id).units)


@pytest.mark.slow
def test_lines_of_workers_reach_the_servers_log_with_job_and_unit(
    tmp_path: Path, database: Database
) -> None:
    job_id = add_stubborn(database, tmp_path / "notes")
    given = settings(tmp_path).model_copy(update={"log_format": "json"})
    environment = {**os.environ, **given.environment()}
    with (tmp_path / "log").open("w+") as log:
        server = subprocess.Popen([sys.executable, "-c", SERVER], env=environment, stderr=log)
        try:
            wait_until(lambda: "Begins with" in (tmp_path / "log").read_text())
        finally:
            server.kill()
            server.wait()
    lines = (tmp_path / "log").read_text().splitlines()
    begins = json.loads(next(line for line in lines if "Begins with" in line))
    assert (begins["process"], begins["job_id"]) == ("worker", job_id)
    assert begins["unit_id"].startswith("unit_")
    wait_until(lambda: units_of(database, job_id) == {"queued": 1})


def test_without_workers_there_is_no_launcher_and_nothing_amiss(tmp_path: Path) -> None:
    with LauncherProcess(settings(tmp_path, workers=0)) as launcher:
        assert launcher.alive


def test_a_launcher_that_dies_is_started_again(tmp_path: Path, database: Database) -> None:
    with LauncherProcess(settings(tmp_path), LAUNCHER) as launcher:
        first = launcher.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: launcher.pid != first and launcher.alive)
    assert not launcher.alive


@pytest.mark.slow
def test_the_launcher_ends_with_its_server_and_frees_its_units(
    tmp_path: Path, database: Database
) -> None:
    job_id = add_stubborn(database, tmp_path / "notes")
    environment = {**os.environ, **settings(tmp_path).environment()}
    server = subprocess.Popen([sys.executable, "-c", SERVER], env=environment)
    try:
        wait_until(lambda: units_of(database, job_id) == {"running": 1})
    finally:
        server.kill()
        server.wait()
    wait_until(lambda: units_of(database, job_id) == {"queued": 1})
