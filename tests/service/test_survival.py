"""kill -9 in the middle of a real library: nothing committed is lost, no finished unit repeated."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
import torch
from sqlalchemy import text

from service.repositories import candidates
from service.repositories.pages import Page
from service.settings import Settings
from tests.service import tiny
from tests.service.shop import Shop
from tests.service.waiting import wait_until

NUM_UNITS = 10
RECIPE = tiny.LIBRARY.model_copy(update={"steps": 40})
Finished = dict[str, int]
"""Unit id -> the token with which it was committed."""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    torch.set_num_threads(1)
    shop = Shop(tmp_path)
    yield shop
    shop.database.close()


@contextmanager
def serving(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """The real server with one worker of one thread; killed at the end, if it still lives."""
    command = [sys.executable, "-m", "service.cli", "serve"]
    environment = {**os.environ, **settings.environment(), "STUDENT_SEARCH_PORT": "0"}
    environment |= {"STUDENT_SEARCH_WORKERS": "1", "OMP_NUM_THREADS": "1"}
    server = subprocess.Popen(command, env=environment)
    try:
        yield server
    finally:
        server.kill()
        server.wait()


def running_worker(shop: Shop) -> int | None:
    """The process id of the worker that holds a unit."""
    with shop.database.reading() as session:
        worker = session.scalar(text("SELECT worker FROM units WHERE state = 'running'"))
    processes = psutil.process_iter(["pid", "cmdline"])
    return next((p.pid for p in processes if worker in (p.info["cmdline"] or ())), None)


def kill_running_worker(shop: Shop) -> bool:
    """False when no worker holds a unit at this moment."""
    worker = running_worker(shop)
    if worker is not None:
        os.kill(worker, signal.SIGKILL)
    return worker is not None


def finished(shop: Shop) -> Finished:
    with shop.database.reading() as session:
        query = text("SELECT id, token FROM units WHERE state = 'succeeded'")
        return {row.id: row.token for row in session.execute(query)}


def candidate_ids(shop: Shop, library_id: str) -> set[str]:
    with shop.database.reading() as session:
        return {item.id for item in candidates.listing(session, library_id, Page()).items}


def wait_for_the_middle(shop: Shop) -> None:
    """Until some neighbourhoods are finished, others are not, and one is being worked on."""
    wait_until(lambda: len(finished(shop)) >= 5 and running_worker(shop))
    assert len(finished(shop)) < NUM_UNITS, "The library was finished before it could be disturbed."


def expect_all_kept(shop: Shop, library_id: str, units: Finished, ids: set[str]) -> None:
    """The job ends well, with what was there before untouched."""
    job_id = shop.library(library_id).job_id
    wait_until(lambda: shop.job(job_id).finished_at)
    assert shop.job(job_id).state == "succeeded"
    assert shop.library(library_id).state == "ready"
    assert len(finished(shop)) == NUM_UNITS + 2
    assert finished(shop).items() >= units.items()
    assert candidate_ids(shop, library_id) > ids
    assert len(candidate_ids(shop, library_id)) == 2 * (NUM_UNITS - 1)


@pytest.mark.slow
def test_a_library_survives_the_kill_of_its_worker(shop: Shop) -> None:
    library_id = shop.post_library(*shop.prepare(), RECIPE)
    with serving(shop.settings):
        wait_for_the_middle(shop)
        units, ids = finished(shop), candidate_ids(shop, library_id)
        wait_until(lambda: kill_running_worker(shop))
        expect_all_kept(shop, library_id, units, ids)


@pytest.mark.slow
def test_a_library_survives_the_kill_of_the_server(shop: Shop) -> None:
    library_id = shop.post_library(*shop.prepare(), RECIPE)
    with serving(shop.settings) as server:
        wait_for_the_middle(shop)
        units, ids = finished(shop), candidate_ids(shop, library_id)
        server.send_signal(signal.SIGKILL)
        server.wait()
        wait_until(lambda: running_worker(shop) is None)
    with serving(shop.settings):
        expect_all_kept(shop, library_id, units, ids)


def attempts_of_the_refining_unit(shop: Shop) -> int:
    """0 when none runs."""
    query = "SELECT attempts FROM units WHERE state = 'running' AND kind = 'neighbourhood'"
    with shop.database.reading() as session:
        return session.scalar(text(query)) or 0


@pytest.mark.slow
def test_a_unit_that_saves_its_state_survives_more_kills_than_it_has_attempts(shop: Shop) -> None:
    endless = RECIPE.model_copy(update={"steps": 1_000_000})
    library_id = shop.post_library(*shop.prepare(), endless)
    job_id = shop.library(library_id).job_id
    with serving(shop.settings):
        wait_until(lambda: attempts_of_the_refining_unit(shop), 120)
        for _ in range(shop.settings.max_attempts + 1):
            wait_until(lambda: kill_running_worker(shop))
            wait_until(lambda: attempts_of_the_refining_unit(shop) == 2, 120)
            wait_until(lambda: attempts_of_the_refining_unit(shop) == 1, 120)
        assert shop.job(job_id).state == "running"
