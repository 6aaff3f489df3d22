"""One unit after the other, within this process."""

from pathlib import Path
from threading import Timer

import pytest

from service.artifacts import Artifacts
from service.database import Database
from service.jobs.registry import KINDS, Workplace
from service.ledger import Ledger
from service.records import JobRecord
from service.repositories import jobs
from service.settings import Settings
from service.settlement import cancel
from service.worker import work_once
from tests.service.fake_units import FAKES


class Bench:
    """A worker's place, with a way to give it work and to see what became of it."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.settings = Settings(data_dir=folder, lease_seconds=6)
        self.ledger = Ledger(database, self.settings)
        self.place = Workplace(database, Artifacts.of(self.settings))
        self.notes = folder / "notes"

    def add(self, kind: str, steps: int = 0) -> str:
        payload = {"notes": str(self.notes), "steps": steps}
        with self.database.writing() as session:
            return jobs.add(session, "test", "thing_1", [jobs.NewUnit(kind=kind, payload=payload)])

    def work(self) -> bool:
        return work_once(self.ledger, self.place, self.settings, "worker")

    def job(self, job_id: str) -> JobRecord:
        with self.database.reading() as session:
            return jobs.get(session, job_id)

    def runs(self) -> int:
        return len(self.notes.read_text().splitlines())


@pytest.fixture
def bench(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    for kind, work in FAKES.items():
        monkeypatch.setitem(KINDS, kind, work)
    return Bench(database, tmp_path)


def test_a_unit_is_run_and_committed(bench: Bench) -> None:
    job_id = bench.add("nap", steps=2)
    assert bench.work()
    job = bench.job(job_id)
    assert (job.state, job.progress.done) == ("succeeded", job.progress.total)
    assert not bench.work()


def test_a_domain_error_fails_the_job_with_its_own_sentence(bench: Bench) -> None:
    job_id = bench.add("broken")
    while bench.work():
        pass
    error = bench.job(job_id).error
    assert error is not None
    assert (error.error, error.detail) == ("InvalidDataset", "The folder holds no images.")
    assert bench.runs() == 1


def test_an_unexpected_error_is_tried_again_before_the_job_fails(bench: Bench) -> None:
    job_id = bench.add("unheard of")
    while bench.work():
        pass
    job = bench.job(job_id)
    assert job.state == "failed"
    assert job.error is not None
    assert job.error.error == "UnexpectedError"
    assert "KeyError" in job.error.detail


def test_an_error_in_the_commit_leaves_the_unit_to_be_tried_again(bench: Bench) -> None:
    job_id = bench.add("buggy")
    while bench.work():
        pass
    assert bench.job(job_id).state == "failed"
    assert bench.runs() == bench.settings.max_attempts


def test_a_cancelled_unit_stops_at_its_next_step(bench: Bench) -> None:
    job_id = bench.add("nap", steps=1000)
    bench.settings = bench.settings.model_copy(update={"lease_seconds": 0.6})

    def cancel_it() -> None:
        with bench.database.writing() as session:
            cancel(session, job_id)

    timer = Timer(0.3, cancel_it)
    timer.start()
    bench.work()
    timer.join()
    assert bench.job(job_id).state == "cancelled"


def test_a_unit_that_outlasts_its_lease_is_kept_by_its_heartbeats(bench: Bench) -> None:
    bench.settings = Settings(data_dir=bench.settings.data_dir, lease_seconds=1.2)
    bench.ledger = Ledger(bench.database, bench.settings)
    job_id = bench.add("nap", steps=40)
    bench.work()
    assert bench.job(job_id).state == "succeeded"
    assert bench.runs() == 1
