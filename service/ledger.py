"""Ledger: who does which unit of work, in the database alone.

A unit is claimed under a lease, which its worker's heartbeats extend, and a token, which grows
with each claim. Only the latest token can commit, so a worker that was thought dead and comes
back can spoil nothing. Whatever changes a unit's state does so while it holds the job's row, so
the job's state is settled in the same transaction and never contradicts its units.
"""

from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, exists, select, update
from sqlalchemy.orm import Session, aliased

from service.database import Database
from service.failures import LeaseLost
from service.ownership import restrict
from service.records import Failure, Progress, UnitRecord
from service.repositories import tallies
from service.settings import Settings
from service.settlement import settle
from service.tables import JobRow, UnitRow

Write = Callable[[Session], None]
"""Puts a unit's result into the database, within the transaction that completes the unit."""

LONG = ("library", "refinement")

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
    """Every method is one transaction, and safe to call from any process."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._lease = timedelta(seconds=settings.lease_seconds)
        self._patience = timedelta(seconds=settings.cancel_seconds)
        self._max_attempts = settings.max_attempts
        self._clock = clock

    def claim(self, worker: str) -> UnitRecord | None:
        """The next unit, now this worker's; None if there is nothing to do at the moment."""
        self._release_expired()
        with self._database.reading() as session:
            if session.scalar(_next_unit(locked=False)) is None:
                return None
        with self._database.writing() as session:
            return self._claim(session, worker)

    def heartbeat(self, unit: UnitRecord, progress: Progress | None = None) -> Standing:
        """Extend the lease and note the progress, as long as the unit is still held."""
        values: dict[str, Any] = {"lease_expires_at": self._clock() + self._lease}
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
            row.state, row.worker, row.lease_expires_at = "succeeded", None, None
            row.progress_total = progress.total if progress else row.progress_total
            row.progress_done = row.progress_total
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
        for claim in self._claims(UnitRow.worker == worker):
            self._free(claim, blame)

    def overdue(self, workers: Collection[str]) -> set[str]:
        """Those of these workers that do not stop when told to, or have almost lost their lease."""
        now = self._clock()
        query = (
            select(UnitRow.worker)
            .join(JobRow, JobRow.id == UnitRow.job_id)
            .where(
                UnitRow.state == "running",
                UnitRow.worker.in_(workers),
                (JobRow.stop_requested_at < now - self._patience)
                | (UnitRow.lease_expires_at < now + self._lease / 4),
            )
        )
        with self._database.reading() as session:
            return {worker for worker in session.scalars(query) if worker is not None}

    def _claim(self, session: Session, worker: str) -> UnitRecord | None:
        now = self._clock()
        columns = (
            UnitRow.id, UnitRow.job_id, UnitRow.kind, UnitRow.payload, UnitRow.token,
            UnitRow.attempts,
        )  # fmt: skip
        row = session.execute(
            update(UnitRow)
            .where(UnitRow.id == _next_unit(locked=True).scalar_subquery())
            .values(
                state="running",
                worker=worker,
                token=UnitRow.token + 1,
                attempts=UnitRow.attempts + 1,
                lease_expires_at=now + self._lease,
            )
            .returning(*columns)
            .execution_options(synchronize_session=False)
        ).first()
        if row is None:
            return None
        started = update(JobRow).where(JobRow.id == row.job_id, JobRow.state == "queued")
        session.execute(started.values(state="running", started_at=now))
        owner_id = session.scalar(select(JobRow.owner_id).where(JobRow.id == row.job_id))
        tallies.add(session, "claims")
        return UnitRecord.model_validate({**row._asdict(), "owner_id": owner_id})

    def _release_expired(self) -> None:
        for claim in self._claims(UnitRow.lease_expires_at < self._clock()):
            self._free(claim, blame=True, tally="lease_expiries")

    def _claims(self, condition: ColumnElement[bool]) -> list[Claim]:
        query = select(UnitRow.id, UnitRow.job_id, UnitRow.token)
        query = query.where(UnitRow.state == "running", condition)
        with self._database.reading() as session:
            return [Claim(*row) for row in session.execute(query)]

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
        row.worker, row.lease_expires_at = None, None
        row.attempts -= 0 if blame else 1
        if job.stop_requested_at is not None:
            row.state = "cancelled"
        elif final or row.attempts >= self._max_attempts:
            row.state, row.error = "failed", failure.model_dump()
        else:
            row.state, row.progress_done = "queued", 0
        settle(session, job, self._clock())


def _next_unit(locked: bool) -> Select[str]:
    """The oldest job's first queued unit of a stage before which all units have succeeded.

    Other jobs go before libraries and refinements, which take long: nobody waits minutes for a
    check of seconds.
    """
    unit, earlier = aliased(UnitRow), aliased(UnitRow)
    waits = exists().where(
        earlier.job_id == unit.job_id, earlier.stage < unit.stage, earlier.state != "succeeded"
    )
    query = (
        select(unit.id)
        .join(JobRow, JobRow.id == unit.job_id)
        .where(unit.state == "queued", JobRow.stop_requested_at.is_(None), ~waits)
        .order_by(JobRow.kind.in_(LONG), JobRow.id, unit.stage, unit.id)
        .limit(1)
    )
    return query.with_for_update(of=[unit, JobRow], skip_locked=True) if locked else query


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
