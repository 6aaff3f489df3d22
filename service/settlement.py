"""Settlement: what the states of its units mean for a job, and for what the job makes."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from service.failures import JobFinished, NothingToRetry, UnknownResource, WorkCancelled
from service.records import Failure
from service.repositories import webhooks
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


DEADLINE_PASSED = Failure(
    error="DeadlinePassed",
    detail=(
        "The job's deadline passed before it was done. What it has made so far is kept: retry the "
        "job to go on, with a later deadline or a higher priority."
    ),
)


def cancel(session: Session, job_id: str, now: datetime | None = None) -> None:
    """Queued units are cancelled now, running ones when they notice; UnknownResource, JobFinished.

    Those whose worker is gone end with their lease. What the job makes becomes failed, so that it
    can be posted again.
    """
    stop(session, unfinished(session, job_id), now or datetime.now(UTC))


def unfinished(session: Session, job_id: str) -> JobRow:
    """The row of a job that has not ended, locked; UnknownResource, JobFinished."""
    job = _locked(session, job_id)
    if job.finished_at is not None:
        raise JobFinished(job_id, job.state)
    return job


def stop(session: Session, job: JobRow, now: datetime, error: Failure | None = None) -> None:
    """Nothing more of a job is begun, and it ends with what runs: cancelled, or with an error."""
    job.stop_requested_at = job.stop_requested_at or now
    if error is not None:
        job.stop_error = error.model_dump()
    settle(session, job, now)


def retry(session: Session, job_id: str, now: datetime | None = None) -> None:
    """What has failed or was cancelled waits again; what has succeeded stays as it is.

    Why it had ended is kept. A deadline that is over is forgotten. UnknownResource, NothingToRetry.
    """
    job, now = _locked(session, job_id), now or datetime.now(UTC)
    _check_retriable(session, job)
    ended = {"at": (job.finished_at or now).isoformat(), **(job.error or {})}
    job.earlier_errors = [*(job.earlier_errors or ()), ended]
    again = update(UnitRow).where(
        UnitRow.job_id == job_id, UnitRow.state.in_(("failed", "cancelled"))
    )
    session.execute(
        again.values(state="queued", attempts=0, furthest=None, progress_done=0, error=None)
    )
    for table in TABLES.get(job.kind, ()):
        mine = update(table).where(table.job_id == job_id, table.state == "failed")
        session.execute(mine.values(state="pending", error=None))
    job.state, job.error, job.finished_at = "queued", None, None
    job.stop_requested_at, job.stop_error = None, None
    if job.deadline is not None and job.deadline < now:
        job.deadline = None
    session.flush()


def settle(session: Session, job: JobRow, now: datetime) -> None:
    """Bring a job whose row is locked into agreement with its units."""
    if _any_unit(session, job, "failed"):
        job.stop_requested_at = job.stop_requested_at or now
    if job.stop_requested_at is not None:
        queued = update(UnitRow).where(UnitRow.job_id == job.id, UnitRow.state == "queued")
        session.execute(queued.values(state="cancelled"))
    if not _any_unit(session, job, "queued", "running"):
        _conclude(session, job, now)
    session.flush()


def _locked(session: Session, job_id: str) -> JobRow:
    job = session.get(JobRow, job_id, with_for_update=True)
    if job is None:
        raise UnknownResource("job", job_id)
    return job


def _any_unit(session: Session, job: JobRow, *states: str) -> bool:
    mine = (UnitRow.job_id == job.id, UnitRow.state.in_(states))
    return bool(session.scalar(select(exists().where(*mine))))


def _conclude(session: Session, job: JobRow, now: datetime) -> None:
    job.state, job.error = _outcome(session, job)
    job.finished_at = now
    state = "ready" if job.state == "succeeded" else "failed"
    for table in TABLES.get(job.kind, ()):
        mine = update(table).where(table.job_id == job.id, table.state == "pending")
        session.execute(mine.values(state=state, error=job.error))
    webhooks.announce(session, job, now)


def _outcome(session: Session, job: JobRow) -> tuple[str, dict[str, Any] | None]:
    failed = select(UnitRow.error).where(UnitRow.job_id == job.id, UnitRow.state == "failed")
    if _any_unit(session, job, "failed"):
        return "failed", session.scalar(failed.order_by(UnitRow.id).limit(1))
    if not _any_unit(session, job, "cancelled"):
        return "succeeded", None
    if job.stop_error is not None:
        return "failed", job.stop_error
    return "cancelled", Failure(error="WorkCancelled", detail=str(WorkCancelled())).model_dump()


def _check_retriable(session: Session, job: JobRow) -> None:
    """A resource that was posted again has another job; one that was deleted has none."""
    if job.state not in ("failed", "cancelled"):
        raise NothingToRetry(job.id, f"it is {job.state}, so nothing of it has to be done again")
    tables = TABLES.get(job.kind, ())
    if not all(_is_its_job(session, table, job) for table in tables[:1]):
        raise NothingToRetry(
            job.id, f"the {job.kind} it was to make is gone, or is made by another job by now"
        )


def _is_its_job(session: Session, table: type[PreparedRow], job: JobRow) -> bool:
    mine = (table.id == job.resource_id, table.job_id == job.id)
    return bool(session.scalar(select(exists().where(*mine))))
