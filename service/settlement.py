"""Settlement: what the states of its units mean for a job, and for what the job makes."""

from datetime import UTC, datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from service.failures import JobFinished, UnknownResource, WorkCancelled
from service.records import Failure
from service.tables import (
    DatasetRow,
    JobRow,
    LibraryRow,
    MeasurementRow,
    RefinementRow,
    SearchRow,
    SurveyRow,
    TeacherRow,
    UnitRow,
)

PreparedRow = (
    DatasetRow | TeacherRow | LibraryRow | MeasurementRow | RefinementRow | SurveyRow | SearchRow
)
TABLES: dict[str, tuple[type[PreparedRow], ...]] = {
    "dataset": (DatasetRow,),
    "teacher": (TeacherRow,),
    "library": (LibraryRow,),
    "measurement": (MeasurementRow,),
    "refinement": (RefinementRow,),
    "survey": (SurveyRow, MeasurementRow),
    "search": (SearchRow,),
}
"""Kind of job -> what it makes; of what it makes many of, each may be ready before the job ends."""


def cancel(session: Session, job_id: str, now: datetime | None = None) -> None:
    """Queued units are cancelled now, running ones when they notice; UnknownResource, JobFinished.

    Those whose worker has let its lease run out are cancelled now as well: it may never notice.
    What the job makes becomes failed, so that it can be posted again.
    """
    job = session.get(JobRow, job_id, with_for_update=True)
    if job is None:
        raise UnknownResource("job", job_id)
    if job.finished_at is not None:
        raise JobFinished(job_id, job.state)
    now = now or datetime.now(UTC)
    job.stop_requested_at = job.stop_requested_at or now
    abandoned = update(UnitRow).where(
        UnitRow.job_id == job_id, UnitRow.state == "running", UnitRow.lease_expires_at < now
    )
    session.execute(abandoned.values(state="cancelled", worker=None, lease_expires_at=None))
    settle(session, job, now)


def settle(session: Session, job: JobRow, now: datetime) -> None:
    """Bring a job whose row is locked into agreement with its units."""
    units = list(session.scalars(select(UnitRow).where(UnitRow.job_id == job.id)))
    states = {unit.state for unit in units}
    if "failed" in states:
        job.stop_requested_at = job.stop_requested_at or now
    if job.stop_requested_at is not None:
        for unit in units:
            unit.state = "cancelled" if unit.state == "queued" else unit.state
    if {unit.state for unit in units}.isdisjoint({"queued", "running"}):
        _conclude(session, job, units, now)
    session.flush()


def _conclude(session: Session, job: JobRow, units: list[UnitRow], now: datetime) -> None:
    states = [unit.state for unit in units]
    job.state = next((state for state in ("failed", "cancelled") if state in states), "succeeded")
    job.error, job.finished_at = _error(job, units), now
    state = "ready" if job.state == "succeeded" else "failed"
    for table in TABLES.get(job.kind, ()):
        mine = update(table).where(table.job_id == job.id, table.state == "pending")
        session.execute(mine.values(state=state, error=job.error))


def _error(job: JobRow, units: list[UnitRow]) -> dict[str, str] | None:
    if job.state == "cancelled":
        return Failure(error="WorkCancelled", detail=str(WorkCancelled())).model_dump()
    return next((unit.error for unit in units if unit.state == "failed"), None)
