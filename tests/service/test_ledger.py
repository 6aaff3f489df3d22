"""The ledger's contract, on every database."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from service.database import Database
from service.failures import LeaseLost
from service.ledger import Ledger, Standing
from service.records import Progress, UnitRecord
from service.settings import Settings
from service.settlement import cancel
from tests.service.conftest import Clock
from tests.service.ledger_entries import BROKEN, add_job, claimed, job_of, nothing


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


def test_a_release_frees_only_the_units_of_its_worker(database: Database, ledger: Ledger) -> None:
    add_job(database, [0, 0])
    dead, living = claimed(ledger, "dead"), claimed(ledger, "living")
    ledger.release("dead")
    assert ledger.heartbeat(dead) is Standing.LOST
    assert ledger.heartbeat(living) is Standing.HELD
    assert claimed(ledger).id == dead.id


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
