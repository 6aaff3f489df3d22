"""The ledger's contract, on every database."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from service.database import Database
from service.failures import JobFinished, LeaseLost, UnknownResource
from service.ledger import Ledger, Standing
from service.records import Failure, JobRecord, Progress, UnitRecord
from service.repositories import jobs
from service.settings import Settings
from service.settlement import cancel
from tests.service.conftest import Clock

BROKEN = Failure(error="InvalidDataset", detail="It was broken.")


def nothing(_session: Session) -> None:
    """A result without rows."""


def add_job(database: Database, stages: Sequence[int] = (0,), kind: str = "test") -> str:
    units = [jobs.NewUnit(kind="test", payload={"n": n}, stage=s) for n, s in enumerate(stages)]
    with database.writing() as session:
        return jobs.add(session, kind, "thing_1", units)


def job_of(database: Database, job_id: str) -> JobRecord:
    with database.reading() as session:
        return jobs.get(session, job_id)


def claimed(ledger: Ledger, worker: str = "worker") -> UnitRecord:
    unit = ledger.claim(worker)
    assert unit is not None
    return unit


def test_a_unit_is_claimed_by_one_worker_only(database: Database, ledger: Ledger) -> None:
    for _ in range(4):
        add_job(database, [0] * 4)
    together = Barrier(4)

    def take(worker: str) -> list[str]:
        together.wait(10)
        return [unit.id for _ in range(8) if (unit := ledger.claim(worker)) is not None]

    with ThreadPoolExecutor(4) as pool:
        taken = [unit for part in pool.map(take, "abcd") for unit in part]
    while (unit := ledger.claim("e")) is not None:
        taken.append(unit.id)
    assert len(taken) == len(set(taken)) == 16


def test_there_is_nothing_to_claim_without_units(ledger: Ledger) -> None:
    assert ledger.claim("worker") is None


def test_a_claim_makes_the_job_running(database: Database, ledger: Ledger) -> None:
    job_id = add_job(database)
    assert job_of(database, job_id).state == "queued"
    claimed(ledger)
    assert job_of(database, job_id).state == "running"
    assert job_of(database, job_id).units == {"running": 1}


def test_a_held_unit_is_not_claimed_again(database: Database, ledger: Ledger) -> None:
    add_job(database)
    claimed(ledger)
    assert ledger.claim("another") is None


def test_an_expired_lease_is_claimed_again(
    database: Database, ledger: Ledger, clock: Clock
) -> None:
    add_job(database)
    first = claimed(ledger)
    clock.watch(ledger.sweep, 31)
    second = claimed(ledger, "another")
    assert (second.id, second.attempts) == (first.id, 2)
    assert second.token > first.token


def test_heartbeats_keep_the_lease(database: Database, ledger: Ledger, clock: Clock) -> None:
    add_job(database)
    unit = claimed(ledger)
    for _ in range(4):
        clock.watch(ledger.sweep, 20)
        assert ledger.heartbeat(unit) is Standing.HELD
    assert ledger.claim("another") is None


def test_a_heartbeat_notes_the_progress(database: Database, ledger: Ledger) -> None:
    job_id = add_job(database, [0, 1])
    ledger.heartbeat(claimed(ledger), Progress(done=3, total=4))
    assert job_of(database, job_id).progress == Progress(done=75, total=200)


def test_a_stale_token_cannot_commit(database: Database, ledger: Ledger, clock: Clock) -> None:
    job_id = add_job(database)
    stale = claimed(ledger)
    clock.watch(ledger.sweep, 31)
    fresh = claimed(ledger, "another")
    assert ledger.heartbeat(stale) is Standing.LOST
    with pytest.raises(LeaseLost, match="its result is not kept"):
        ledger.complete(stale, lambda session: pytest.fail("The result was written."))
    with pytest.raises(LeaseLost):
        ledger.fail(stale, BROKEN, final=True)
    ledger.complete(fresh, nothing)
    assert job_of(database, job_id).state == "succeeded"


def test_a_late_worker_commits_if_nobody_else_has_claimed_its_unit(
    database: Database, ledger: Ledger, clock: Clock
) -> None:
    job_id = add_job(database)
    unit = claimed(ledger)
    clock.advance(31)
    ledger.complete(unit, nothing)
    assert job_of(database, job_id).state == "succeeded"


def test_a_finished_unit_cannot_be_completed_twice(database: Database, ledger: Ledger) -> None:
    add_job(database)
    unit = claimed(ledger)
    ledger.complete(unit, nothing)
    with pytest.raises(LeaseLost):
        ledger.complete(unit, nothing)


def test_result_and_success_are_committed_together_or_not_at_all(
    database: Database, ledger: Ledger
) -> None:
    job_id = add_job(database)
    unit = claimed(ledger)

    def write(session: Session) -> None:
        session.execute(text("UPDATE jobs SET kind = 'spoilt'"))
        raise RuntimeError("the disk is full")

    with pytest.raises(RuntimeError, match="disk is full"):
        ledger.complete(unit, write)
    assert job_of(database, job_id).kind == "test"
    assert job_of(database, job_id).units == {"running": 1}
    assert ledger.heartbeat(unit) is Standing.HELD


def test_a_stage_waits_for_all_units_of_the_stage_before(
    database: Database, ledger: Ledger
) -> None:
    job_id = add_job(database, [1, 0, 1, 0])
    first, second = claimed(ledger), claimed(ledger)
    assert {first.payload["n"], second.payload["n"]} == {1, 3}
    ledger.complete(first, nothing)
    assert ledger.claim("worker") is None
    ledger.complete(second, nothing)
    assert {claimed(ledger).payload["n"], claimed(ledger).payload["n"]} == {0, 2}
    assert job_of(database, job_id).state == "running"


def test_other_jobs_go_on_while_one_waits_for_a_stage(database: Database, ledger: Ledger) -> None:
    add_job(database, [0, 1])
    other = add_job(database)
    claimed(ledger)
    assert claimed(ledger).job_id == other


def test_a_short_job_does_not_wait_for_a_library(database: Database, ledger: Ledger) -> None:
    libraries = {add_job(database, [0, 0], kind="library") for _ in range(2)}
    assert claimed(ledger).job_id in libraries
    check = add_job(database)
    assert claimed(ledger).job_id == check
    assert claimed(ledger).job_id in libraries


def test_a_job_succeeds_with_its_last_unit(database: Database, ledger: Ledger) -> None:
    job_id = add_job(database, [0, 0])
    ledger.complete(claimed(ledger), nothing)
    assert job_of(database, job_id).state == "running"
    ledger.complete(claimed(ledger), nothing)
    job = job_of(database, job_id)
    assert (job.state, job.units) == ("succeeded", {"succeeded": 2})
    assert job.progress.done == job.progress.total
    assert job.finished_at is not None


def test_a_job_ends_when_its_last_units_complete_at_the_same_moment(
    database: Database, ledger: Ledger
) -> None:
    for _ in range(10):
        job_id = add_job(database, [0, 0])
        together = Barrier(2)

        def complete(unit: UnitRecord, together: Barrier = together) -> None:
            together.wait(10)
            ledger.complete(unit, nothing)

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(complete, [claimed(ledger), claimed(ledger)]))
        assert job_of(database, job_id).state == "succeeded"


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


def test_a_release_frees_only_the_units_of_its_worker(database: Database, ledger: Ledger) -> None:
    add_job(database, [0, 0])
    dead, living = claimed(ledger, "dead"), claimed(ledger, "living")
    ledger.release("dead")
    assert ledger.heartbeat(dead) is Standing.LOST
    assert ledger.heartbeat(living) is Standing.HELD
    assert claimed(ledger).id == dead.id


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


def test_cancelling_a_queued_job_ends_it_at_once(database: Database, ledger: Ledger) -> None:
    job_id = add_job(database, [0, 1])
    with database.writing() as session:
        cancel(session, job_id)
    job = job_of(database, job_id)
    assert (job.state, job.units) == ("cancelled", {"cancelled": 2})
    assert ledger.claim("worker") is None


def test_a_cancelled_job_ends_when_its_running_unit_has_stopped(
    database: Database, ledger: Ledger, clock: Clock
) -> None:
    job_id = add_job(database, [0, 1])
    unit = claimed(ledger)
    with database.writing() as session:
        cancel(session, job_id, clock.now)
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
        cancel(session, job_id, clock.now)
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
        cancel(session, job_id, clock.now)
    ledger.complete(unit, nothing)
    job = job_of(database, job_id)
    assert (job.state, job.units) == ("cancelled", {"succeeded": 1, "cancelled": 1})


def test_a_job_that_has_ended_or_never_was_cannot_be_cancelled(
    database: Database, ledger: Ledger
) -> None:
    job_id = add_job(database)
    ledger.complete(claimed(ledger), nothing)
    with database.writing() as session, pytest.raises(JobFinished, match="already succeeded"):
        cancel(session, job_id)
    with database.writing() as session, pytest.raises(UnknownResource):
        cancel(session, "job_0")


def test_a_worker_is_overdue_when_it_does_not_stop(
    database: Database, ledger: Ledger, clock: Clock
) -> None:
    job_id = add_job(database)
    claimed(ledger, "stubborn")
    with database.writing() as session:
        cancel(session, job_id, clock.now)
    assert ledger.overdue(["stubborn"]) == set()
    clock.watch(lambda: ledger.overdue(["stubborn"]), 6)
    assert ledger.overdue(["stubborn"]) == {"stubborn"}
    assert ledger.overdue(["another"]) == set()


def test_a_worker_is_overdue_when_its_lease_is_about_to_end(
    database: Database, ledger: Ledger, clock: Clock
) -> None:
    add_job(database)
    claimed(ledger, "silent")
    clock.watch(lambda: ledger.overdue(["silent"]), 20)
    assert ledger.overdue(["silent"]) == set()
    clock.watch(lambda: ledger.overdue(["silent"]), 5)
    assert ledger.overdue(["silent"]) == {"silent"}


def test_setting_the_clock_frees_no_unit_and_keeps_none(
    database: Database, ledger: Ledger, clock: Clock
) -> None:
    add_job(database)
    unit = claimed(ledger)
    for jump in (86_400, -10 * 86_400):
        clock.jump(jump)
        clock.watch(ledger.sweep, 20)
        assert ledger.heartbeat(unit) is Standing.HELD
        assert ledger.overdue(["worker"]) == set()
    clock.watch(ledger.sweep, 31)
    assert ledger.heartbeat(unit) is Standing.LOST


def test_a_clock_of_another_machine_does_not_matter(
    database: Database, settings: Settings, ledger: Ledger
) -> None:
    add_job(database)
    unit = claimed(ledger)
    other = Clock()
    other.jump(-86_400)
    elsewhere = Ledger(database, settings, other, other.stopwatch)
    for _ in range(4):
        other.watch(elsewhere.sweep, 20)
        assert ledger.heartbeat(unit) is Standing.HELD


def test_a_machine_that_slept_blames_nobody(
    database: Database, ledger: Ledger, clock: Clock
) -> None:
    add_job(database)
    unit = claimed(ledger)
    ledger.sweep()
    clock.advance(86_400)
    ledger.sweep()
    assert ledger.heartbeat(unit) is Standing.HELD


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
