"""Ledger: who does which unit of work, in the database alone.

A unit is claimed under a lease, which its worker's heartbeats extend, and a token, which grows
with each claim. Only the latest token can commit, so a worker that was thought dead and comes
back can spoil nothing. Whatever ends a unit does so while it holds the job's row, so the job's
state is settled in the same transaction and never contradicts its units.

A lease is no moment in time but a number that grows: whoever has seen it stand still for
`lease_seconds` frees the unit. So it does not matter what any clock shows, nor where it is set.
"""

import time
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from service import turns
from service.database import Database
from service.failures import LeaseLost
from service.ownership import restrict
from service.records import Failure, Progress, UnitRecord
from service.repositories import tallies
from service.settings import Settings
from service.settlement import DEADLINE_PASSED, settle, stop
from service.tables import JobRow, UnitRow
from service.turns import Turn
from service.vigil import Vigil

Write = Callable[[Session], None]
"""Puts a unit's result into the database, within the transaction that completes the unit."""

WORKER_DIED = Failure(
    error="WorkerDied",
    detail=(
        "The worker process died or fell silent every time it ran this unit; often memory was "
        "short. Give it more, lower memory_limit_mb or batch_size, and post the resource again."
    ),
)


class Standing(Enum):
    """What a heartbeat learns."""

    HELD = "held"
    STOPPED = "stopped"
    LOST = "lost"


class Claim(NamedTuple):
    """What tells one claim of a unit from every other."""

    unit_id: str
    job_id: str
    token: int


class Ledger:
    """Every change is one transaction, and all may be called from any process.

    `clock` tells the time of day, by which deadlines go and which jobs show; `stopwatch` counts
    seconds, by which leases go.
    """

    def __init__(
        self,
        database: Database,
        settings: Settings,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        stopwatch: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._lease, self._patience = settings.lease_seconds, settings.cancel_seconds
        self._max_attempts = settings.max_attempts
        self._clock = clock
        self._leases, self._own_leases = (
            Vigil[Claim, int](self._lease / 4, stopwatch) for _ in range(2)
        )
        self._stops = Vigil[Claim, None](self._lease / 4, stopwatch)

    def claim(self, worker: str) -> UnitRecord | None:
        """The next unit, now this worker's; None if there is nothing to do at the moment."""
        with self._database.reading() as session:
            choices = turns.in_order(session)
        if not choices:
            return None
        with self._database.writing() as session:
            found = (self._claim(session, worker, turn) for turn in choices)
            return next((unit for unit in found if unit is not None), None)

    def heartbeat(
        self, unit: UnitRecord, progress: Progress | None = None, has_saved: bool = False
    ) -> Standing:
        """Extend the lease and note the progress, as long as the unit is still held.

        An attempt that `has_saved` more state counts as the first at the place where it is now.
        """
        values: dict[str, Any] = {"beats": UnitRow.beats + 1}
        if has_saved:
            values["attempts"] = 1
        if progress is not None:
            values |= {"progress_done": progress.done, "progress_total": progress.total}
        with self._database.writing() as session:
            held = update(UnitRow).where(*_held(_claim_of(unit))).values(values)
            if session.execute(held.returning(UnitRow.id)).first() is None:
                return Standing.LOST
            stop = select(JobRow.stop_requested_at).where(JobRow.id == unit.job_id)
            return Standing.HELD if session.scalar(stop) is None else Standing.STOPPED

    def complete(self, unit: UnitRecord, write: Write, progress: Progress | None = None) -> None:
        """Commit the unit's result and its success together. Raises LeaseLost."""
        with self._database.writing() as session:
            job, row = _hold(session, _claim_of(unit))
            restrict(session, unit.owner_id)
            write(session)
            row.state, row.worker = "succeeded", None
            row.progress_total = progress.total if progress else row.progress_total
            row.progress_done = row.progress_total
            row.finished_at = self._clock()
            settle(session, job, self._clock())

    def fail(self, unit: UnitRecord, failure: Failure, final: bool) -> None:
        """Give a unit up: for good, or until its attempts are used up. Raises LeaseLost."""
        with self._database.writing() as session:
            self._give_up(session, _claim_of(unit), failure, final)

    def give_back(self, unit: UnitRecord) -> None:
        """Free a unit that its worker cannot finish; the attempt does not count."""
        self._free(_claim_of(unit), blame=False)

    def release(self, worker: str, blame: bool = True) -> None:
        """Free the units of a worker that has ended; without blame the attempt does not count."""
        for claim in self._held_by([worker]):
            self._free(claim, blame)

    def overdue(self, workers: Collection[str]) -> set[str]:
        """Those of these workers that do not stop when told to, or have almost lost their lease.

        It has to be asked again and again: what counts is what was seen since it was first asked.
        """
        held = self._held_by(workers)
        silent = self._own_leases.look({claim: holding.beats for claim, holding in held.items()})
        stopping = self._stops.look({c: None for c, holding in held.items() if holding.stopping})
        late = {claim for claim, seconds in silent.items() if seconds > self._lease * 3 / 4}
        late |= {claim for claim, seconds in stopping.items() if seconds > self._patience}
        return {held[claim].worker for claim in late}

    def holders(self, workers: Collection[str]) -> set[str]:
        """Those of these workers that have a unit."""
        return {holding.worker for holding in self._held_by(workers).values()}

    def num_claimable(self, most: int) -> int:
        """How many units could be claimed at this moment, but no more than `most`."""
        with self._database.reading() as session:
            return turns.num_claimable(session, most)

    def sweep(self) -> None:
        """Free the units whose workers have fallen silent, and fail the jobs that are too late.

        It has to be called again and again, by whoever outlives workers; calls of several do no
        harm. No lease is over before it was seen to stand still for all of its time.
        """
        held = self._held_by(None)
        silent = self._leases.look({claim: holding.beats for claim, holding in held.items()})
        for claim, seconds in silent.items():
            if seconds > self._lease:
                self._free(claim, blame=True, tally="lease_expiries")
        self._fail_late_jobs()

    def _claim(self, session: Session, worker: str, turn: Turn) -> UnitRecord | None:
        if turn.state == "queued":  # the job before its unit, as who ends units locks them
            started = update(JobRow).where(JobRow.id == turn.job_id, JobRow.state == "queued")
            session.execute(started.values(state="running", started_at=self._clock()))
        wanted = {"of_job": turn.job_id, "by_worker": worker}
        row = session.execute(turns.claim_of_a_unit(), wanted).first()
        if row is None:
            return None
        turns.note_turn(session, turn.share)
        tallies.add(session, "claims")
        return UnitRecord.model_validate({**row._asdict(), "owner_id": turn.owner_id})

    def _fail_late_jobs(self) -> None:
        now = self._clock()
        late = (JobRow.deadline < now, JobRow.finished_at.is_(None), JobRow.stop_error.is_(None))
        with self._database.reading() as session:
            job_ids = session.scalars(select(JobRow.id).where(*late)).all()
        for job_id in job_ids:
            with self._database.writing() as session:
                one = select(JobRow).where(JobRow.id == job_id, *late).with_for_update()
                job = session.scalar(one)
                if job is not None:
                    stop(session, job, now, DEADLINE_PASSED)

    def _held_by(self, workers: Collection[str] | None) -> Mapping[Claim, "_Holding"]:
        columns = (
            UnitRow.id, UnitRow.job_id, UnitRow.token, UnitRow.worker, UnitRow.beats,
            JobRow.stop_requested_at,
        )  # fmt: skip
        query = select(*columns).join(JobRow, JobRow.id == UnitRow.job_id)
        query = query.where(UnitRow.state == "running")
        if workers is not None:
            query = query.where(UnitRow.worker.in_(workers))
        with self._database.reading() as session:
            return {
                Claim(*row[:3]): _Holding(row.worker, row.beats, row.stop_requested_at is not None)
                for row in session.execute(query)
            }

    def _free(self, claim: Claim, blame: bool, tally: str | None = None) -> None:
        try:
            with self._database.writing() as session:
                self._give_up(session, claim, WORKER_DIED, final=False, blame=blame)
                if tally is not None:
                    tallies.add(session, tally)
        except LeaseLost:
            return  # somebody else was quicker

    def _give_up(
        self, session: Session, claim: Claim, failure: Failure, final: bool, blame: bool = True
    ) -> None:
        job, row = _hold(session, claim)
        row.worker = None
        if blame:
            _note_advance(row)
        else:
            row.attempts -= 1
        if job.stop_requested_at is not None:
            row.state = "cancelled"
        elif final or row.attempts >= self._max_attempts:
            row.state, row.error = "failed", failure.model_dump()
        else:
            row.state, row.progress_done = "queued", 0
        settle(session, job, self._clock())


class _Holding(NamedTuple):
    worker: str
    beats: int
    stopping: bool


def _note_advance(row: UnitRow) -> None:
    """An attempt that came further than those before it is the first at the place where it ended.

    So work that saves its state is not given up however often it is killed, and work that always
    dies at the same place is. Progress is bounded, so this comes to an end.
    """
    if row.furthest is not None and row.progress_done > row.furthest:
        row.attempts = 1
    row.furthest = max(row.furthest or 0, row.progress_done)


def _claim_of(unit: UnitRecord) -> Claim:
    return Claim(unit.id, unit.job_id, unit.token)


def _held(claim: Claim) -> tuple[ColumnElement[bool], ...]:
    return (
        UnitRow.id == claim.unit_id,
        UnitRow.token == claim.token,
        UnitRow.state == "running",
    )


def _hold(session: Session, claim: Claim) -> tuple[JobRow, UnitRow]:
    """Job and unit, locked in this order; LeaseLost if the claim is no longer the latest."""
    job = session.get_one(JobRow, claim.job_id, with_for_update=True)
    row = session.scalar(select(UnitRow).where(*_held(claim)).with_for_update())
    if row is None:
        raise LeaseLost(claim.unit_id, claim.token)
    return job, row
