"""Cancelling, deadlines, and trying again what has failed."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from service import settlement
from service.database import Database
from service.failures import JobFinished, LeaseLost, NothingToRetry, UnknownResource
from service.ledger import Ledger, Standing
from service.repositories import datasets, jobs
from tests.service import builders
from tests.service.conftest import Clock
from tests.service.ledger_entries import BROKEN, add_job, claimed, job_of, nothing


def set_deadline(database: Database, job_id: str, clock: Clock, seconds: float) -> None:
    amendment = jobs.Amendment(deadline=clock.now + timedelta(seconds=seconds))
    with database.writing() as session:
        jobs.amend(session, job_id, amendment)


def retry(database: Database, job_id: str, clock: Clock) -> None:
    with database.writing() as session:
        settlement.retry(session, job_id, clock.now)


def test_cancelling_a_queued_job_ends_it_at_once(database: Database, ledger: Ledger) -> None:
    job_id = add_job(database, [0, 1])
    with database.writing() as session:
        settlement.cancel(session, job_id)
    job = job_of(database, job_id)
    assert (job.state, job.units) == ("cancelled", {"cancelled": 2})
    assert ledger.claim("worker") is None


def test_a_cancelled_job_ends_when_its_running_unit_has_stopped(
    database: Database, ledger: Ledger, clock: Clock
) -> None:
    job_id = add_job(database, [0, 1])
    unit = claimed(ledger)
    with database.writing() as session:
        settlement.cancel(session, job_id, clock.now)
    assert job_of(database, job_id).units == {"running": 1, "cancelled": 1}
    assert ledger.heartbeat(unit) is Standing.STOPPED
    ledger.release("worker")
    job = job_of(database, job_id)
    assert (job.state, job.units) == ("cancelled", {"cancelled": 2})


def test_a_cancelled_job_does_not_wait_for_a_worker_that_is_gone(
    database: Database, ledger: Ledger, clock: Clock
) -> None:
    job_id = add_job(database)
    unit = claimed(ledger)
    with database.writing() as session:
        settlement.cancel(session, job_id, clock.now)
    clock.watch(ledger.sweep, 31)
    assert job_of(database, job_id).state == "cancelled"
    with pytest.raises(LeaseLost):
        ledger.complete(unit, nothing)


def test_a_unit_that_completes_in_spite_of_a_cancellation_is_kept(
    database: Database, ledger: Ledger, clock: Clock
) -> None:
    job_id = add_job(database, [0, 1])
    unit = claimed(ledger)
    with database.writing() as session:
        settlement.cancel(session, job_id, clock.now)
    ledger.complete(unit, nothing)
    job = job_of(database, job_id)
    assert (job.state, job.units) == ("cancelled", {"succeeded": 1, "cancelled": 1})


def test_a_job_that_has_ended_or_never_was_cannot_be_cancelled(
    database: Database, ledger: Ledger
) -> None:
    job_id = add_job(database)
    ledger.complete(claimed(ledger), nothing)
    with database.writing() as session, pytest.raises(JobFinished, match="already succeeded"):
        settlement.cancel(session, job_id)
    with database.writing() as session, pytest.raises(UnknownResource):
        settlement.cancel(session, "job_0")


def test_a_job_past_its_deadline_fails_and_says_so(
    database: Database, ledger: Ledger, clock: Clock
) -> None:
    job_id = add_job(database, [0, 0])
    set_deadline(database, job_id, clock, 10)
    unit = claimed(ledger)
    clock.watch(ledger.sweep, 9)
    assert ledger.heartbeat(unit) is Standing.HELD
    clock.watch(ledger.sweep, 2)
    assert ledger.heartbeat(unit) is Standing.STOPPED
    ledger.fail(unit, BROKEN, final=True)
    job = job_of(database, job_id)
    assert (job.state, job.units) == ("failed", {"cancelled": 2})
    assert job.error == settlement.DEADLINE_PASSED


def test_what_is_done_when_the_deadline_passes_has_succeeded(
    database: Database, ledger: Ledger, clock: Clock
) -> None:
    job_id = add_job(database)
    set_deadline(database, job_id, clock, 10)
    unit = claimed(ledger)
    clock.watch(ledger.sweep, 11)
    ledger.complete(unit, nothing)
    assert job_of(database, job_id).state == "succeeded"


def test_a_retry_does_only_what_failed_and_keeps_the_reason(
    database: Database, ledger: Ledger, clock: Clock
) -> None:
    job_id = add_job(database, [0, 1, 1])
    done = claimed(ledger)
    ledger.complete(done, nothing)
    ledger.fail(claimed(ledger), BROKEN, final=True)
    retry(database, job_id, clock)
    job = job_of(database, job_id)
    assert (job.state, job.error, job.finished_at) == ("queued", None, None)
    assert job.units == {"succeeded": 1, "queued": 2}
    assert [(each.error, each.detail) for each in job.earlier_errors] == [
        (BROKEN.error, BROKEN.detail)
    ]
    again = [claimed(ledger), claimed(ledger)]
    assert done.id not in {unit.id for unit in again}
    assert {unit.attempts for unit in again} == {1}
    for unit in again:
        ledger.complete(unit, nothing)
    assert job_of(database, job_id).state == "succeeded"


def test_a_retry_forgets_a_deadline_that_is_over(
    database: Database, ledger: Ledger, clock: Clock
) -> None:
    job_id = add_job(database)
    set_deadline(database, job_id, clock, 10)
    clock.watch(ledger.sweep, 11)
    retry(database, job_id, clock)
    clock.watch(ledger.sweep, 5)
    assert job_of(database, job_id).deadline is None
    ledger.complete(claimed(ledger), nothing)
    assert job_of(database, job_id).state == "succeeded"


def test_a_retry_revives_what_the_job_makes(
    database: Database, ledger: Ledger, clock: Clock
) -> None:
    with database.writing() as session:
        posted = datasets.post(session, builders.new_dataset()).record
    ledger.fail(claimed(ledger), BROKEN, final=True)
    retry(database, posted.job_id, clock)
    with database.reading() as session:
        assert datasets.get(session, posted.id).state == "pending"


def test_a_job_whose_resource_was_posted_again_cannot_be_retried(
    database: Database, ledger: Ledger, clock: Clock
) -> None:
    with database.writing() as session:
        first = datasets.post(session, builders.new_dataset()).record
    ledger.fail(claimed(ledger), BROKEN, final=True)
    with database.writing() as session:
        second = datasets.post(session, builders.new_dataset()).record
    assert (second.id, second.job_id) != (first.id, first.job_id)
    with pytest.raises(NothingToRetry, match="another job by now"):
        retry(database, first.job_id, clock)


def test_a_job_that_runs_or_has_succeeded_cannot_be_retried(
    database: Database, ledger: Ledger, clock: Clock
) -> None:
    job_id = add_job(database)
    with pytest.raises(NothingToRetry, match="it is queued"):
        retry(database, job_id, clock)
    ledger.complete(claimed(ledger), nothing)
    with pytest.raises(NothingToRetry, match="it is succeeded"):
        retry(database, job_id, clock)


def test_a_job_that_has_ended_cannot_be_changed(database: Database, ledger: Ledger) -> None:
    job_id = add_job(database)
    ledger.complete(claimed(ledger), nothing)
    with database.writing() as session, pytest.raises(JobFinished):
        jobs.amend(session, job_id, jobs.Amendment(priority=1))


def test_a_cancelled_job_can_be_retried(database: Database, ledger: Ledger, clock: Clock) -> None:
    job_id = add_job(database, [0, 1])
    with database.writing() as session:
        settlement.cancel(session, job_id, clock.now)
    retry(database, job_id, clock)
    assert claimed(ledger).job_id == job_id
    with database.reading() as session:
        assert session.scalar(text("SELECT stop_requested_at FROM jobs")) is None
