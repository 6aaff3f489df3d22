"""How often the ledger has a unit tried, on every database."""

from service.database import Database
from service.ledger import Ledger, Standing
from service.records import Progress
from tests.service.conftest import Clock
from tests.service.ledger_entries import BROKEN, add_job, claimed, job_of, nothing


def test_a_unit_whose_workers_die_is_retried_until_its_job_fails(
    database: Database, ledger: Ledger
) -> None:
    job_id = add_job(database, [0, 1])
    for _ in range(3):
        claimed(ledger, "mortal")
        ledger.release("mortal")
    assert ledger.claim("worker") is None
    job = job_of(database, job_id)
    assert (job.state, job.units) == ("failed", {"failed": 1, "cancelled": 1})
    assert job.error is not None
    assert job.error.error == "WorkerDied"


def test_expired_leases_alone_also_end_in_failure(
    database: Database, ledger: Ledger, clock: Clock
) -> None:
    job_id = add_job(database)
    for _ in range(3):
        claimed(ledger)
        clock.watch(ledger.sweep, 31)
    assert ledger.claim("worker") is None
    assert job_of(database, job_id).state == "failed"


def test_a_worker_that_was_stopped_in_order_costs_no_attempt(
    database: Database, ledger: Ledger
) -> None:
    add_job(database)
    for _ in range(5):
        assert claimed(ledger).attempts == 1
        ledger.release("worker", blame=False)


def test_an_error_that_is_not_final_is_tried_again(database: Database, ledger: Ledger) -> None:
    job_id = add_job(database)
    for _ in range(3):
        assert job_of(database, job_id).state != "failed"
        ledger.fail(claimed(ledger), BROKEN, final=False)
    assert job_of(database, job_id).error == BROKEN


def test_a_final_error_fails_the_job_and_calls_off_the_rest(
    database: Database, ledger: Ledger
) -> None:
    job_id = add_job(database, [0, 0, 0])
    broken, running = claimed(ledger), claimed(ledger)
    ledger.fail(broken, BROKEN, final=True)
    job = job_of(database, job_id)
    assert (job.state, job.stopping) == ("running", True)
    assert job.units == {"failed": 1, "running": 1, "cancelled": 1}
    assert ledger.heartbeat(running) is Standing.STOPPED
    ledger.fail(running, BROKEN, final=True)
    job = job_of(database, job_id)
    assert (job.state, job.error, job.stopping) == ("failed", BROKEN, False)
    assert job.units == {"failed": 1, "cancelled": 2}


def test_a_unit_that_gets_on_between_kills_does_not_use_up_its_attempts(
    database: Database, ledger: Ledger
) -> None:
    add_job(database)
    for step in range(1, 8):
        ledger.heartbeat(claimed(ledger), Progress(done=step, total=10))
        ledger.release("worker")
    ledger.complete(claimed(ledger), nothing)


def test_a_unit_that_always_dies_at_the_same_place_fails_after_its_attempts(
    database: Database, ledger: Ledger
) -> None:
    job_id = add_job(database)
    for _ in range(3):
        ledger.heartbeat(claimed(ledger), Progress(done=5, total=10))
        ledger.release("worker")
    assert ledger.claim("worker") is None
    assert job_of(database, job_id).state == "failed"


def test_a_unit_that_saves_its_state_between_kills_does_not_use_up_its_attempts(
    database: Database, ledger: Ledger
) -> None:
    add_job(database)
    for _ in range(7):
        ledger.heartbeat(claimed(ledger), Progress(done=0, total=1), has_saved=True)
        ledger.release("worker")
    ledger.complete(claimed(ledger), nothing)
