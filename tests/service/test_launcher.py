"""Real worker processes, that die or do not stop."""

from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import pytest

from service.database import Database
from service.launcher import Launcher, thread_environment
from service.ledger import Ledger
from service.records import JobRecord
from service.repositories import jobs
from service.settings import Settings
from service.settlement import cancel
from tests.service.fake_units import WORKER
from tests.service.waiting import wait_until


class Site:
    """A launcher in a thread, with the database that it and its workers share."""

    def __init__(self, folder: Path, database: Database) -> None:
        self.database, self.notes = database, folder / "notes"
        self.notes.touch()
        url = database.engine.url.render_as_string(hide_password=False)
        self.settings = Settings(
            data_dir=folder, database_url=url, workers=2, cancel_seconds=0.5, poll_seconds=0.05
        )
        self.stop = Event()
        launcher = Launcher(self.settings, Ledger(database, self.settings), WORKER)
        self.thread = Thread(target=launcher.run, args=(self.stop,))

    def add(self, *kinds: str, steps: int = 0) -> str:
        payload = {"notes": str(self.notes), "steps": steps}
        units = [jobs.NewUnit(kind=kind, payload=payload) for kind in kinds]
        with self.database.writing() as session:
            return jobs.add(session, "test", "thing_1", units)

    def job(self, job_id: str) -> JobRecord:
        with self.database.reading() as session:
            return jobs.get(session, job_id)

    def runs(self) -> int:
        return len(self.notes.read_text().splitlines())

    def end(self) -> None:
        self.stop.set()
        self.thread.join()


@pytest.fixture
def site(tmp_path: Path, database: Database) -> Iterator[Site]:
    site = Site(tmp_path, database)
    site.thread.start()
    yield site
    site.end()


def test_units_are_run_by_several_processes(site: Site) -> None:
    job_id = site.add("nap", "nap", steps=40)
    wait_until(lambda: site.job(job_id).units == {"running": 2})
    wait_until(lambda: site.job(job_id).state == "succeeded")


def test_the_unit_of_a_dead_worker_is_run_by_another_at_once(site: Site) -> None:
    job_id = site.add("mortal")
    wait_until(lambda: site.job(job_id).state == "succeeded", seconds=25)
    assert site.runs() == 2


def test_a_unit_that_does_not_stop_is_killed(site: Site) -> None:
    job_id = site.add("stubborn")
    wait_until(lambda: site.runs() == 1)
    with site.database.writing() as session:
        cancel(session, job_id)
    wait_until(lambda: site.job(job_id).state == "cancelled", seconds=25)


@pytest.mark.slow
def test_an_orderly_end_leaves_units_to_be_claimed_at_once(site: Site) -> None:
    job_id = site.add("stubborn")
    wait_until(lambda: site.runs() == 1)
    site.end()
    assert site.job(job_id).units == {"queued": 1}
    unit = Ledger(site.database, site.settings).claim("another")
    assert unit is not None
    assert unit.attempts == 1


def test_workers_share_the_cores_and_do_not_spin(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OMP_NUM_THREADS", "OMP_WAIT_POLICY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MKL_NUM_THREADS", "7")
    environment = thread_environment(num_workers=10_000)
    assert environment["OMP_NUM_THREADS"] == "1"
    assert environment["OMP_WAIT_POLICY"] == "PASSIVE"
    assert "MKL_NUM_THREADS" not in environment
