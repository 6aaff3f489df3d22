"""Units on a real Ray cluster of this machine."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch

from service.settings import InvalidSettings, Settings
from tests.service import tiny
from tests.service.ray_cluster import RayCluster, ray_cluster
from tests.service.shop import Shop
from tests.service.test_survival import NUM_UNITS, finished
from tests.service.waiting import wait_until

pytest.importorskip("ray", reason="The extra 'cluster' is not installed.")

SECONDS = 400
SERVER = """
from service.launcher_process import LauncherProcess
from service.settings import Settings
import time

with LauncherProcess(Settings.read()):
    time.sleep(3600)
"""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    torch.set_num_threads(1)
    shop = Shop(tmp_path)
    yield shop
    shop.database.close()


@contextmanager
def launching(cluster: RayCluster, settings: Settings) -> Iterator[None]:
    """A server's launcher, on the cluster, which is started again whenever it ends."""
    changes = {"engine": "ray", "ray_address": cluster.address, "ray_num_cpus": 0.5, "workers": 2}
    environment = settings.model_copy(update=changes).environment()
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER], env={**os.environ, **cluster.environment, **environment}
    )
    try:
        yield
    finally:
        server.kill()
        server.wait()


@pytest.mark.slow
def test_a_library_is_made_on_a_cluster_whose_head_is_killed_in_the_middle(shop: Shop) -> None:
    library_id = shop.post_library(*shop.prepare(), tiny.LIBRARY)
    job_id = shop.library(library_id).job_id
    settings = shop.settings.model_copy(update={"lease_seconds": 20})
    with ray_cluster(settings.environment()) as cluster, launching(cluster, settings):
        wait_until(lambda: len(finished(shop)) >= 4, SECONDS)
        units = finished(shop)
        assert len(units) < NUM_UNITS + 2, "The library was done before it could be disturbed."
        cluster.kill()
        cluster.start()
        wait_until(lambda: shop.job(job_id).finished_at, SECONDS)
        assert shop.job(job_id).error is None
        assert shop.library(library_id).state == "ready"
        assert finished(shop).items() >= units.items()


def test_no_cluster_is_ever_started_by_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDENT_SEARCH_ENGINE", "ray")
    for address in ("", "local"):
        monkeypatch.setenv("STUDENT_SEARCH_RAY_ADDRESS", address)
        with pytest.raises(InvalidSettings, match="'ray_address' is not allowed"):
            Settings.read()
