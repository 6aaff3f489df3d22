"""Jobs and their units, as the rest of the service sees them; the ledger moves them on."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from candidates.value import Value
from service import settlement
from service.failures import UnknownResource
from service.records import Failure, JobRecord, Progress
from service.repositories.ids import new_id
from service.repositories.pages import Listing, Order, Page, matching, rows_of_page
from service.tables import JobRow, UnitRow

JobSort = Literal["-created_at", "created_at", "-priority", "priority"]


class NewUnit(Value):
    """A unit to be done once all units of lower stages of its job have succeeded.

    `weight` is its share of the job's progress; `total` what its own progress will count up to,
    as far as that is known before it runs.
    """

    kind: str
    payload: dict[str, Any]
    stage: int = 0
    weight: int = 100
    total: int = 0


class Amendment(Value):
    """What is to change of a job that waits or runs; what is left out stays."""

    priority: int | None = None
    deadline: datetime | None = None


def add(
    session: Session, kind: str, resource_id: str, units: Sequence[NewUnit], share: str = ""
) -> str:
    """A new job, queued; returns its id. `share` is the id of the teacher that it works for; a job
    that works for none has a share of its own.
    """
    job = JobRow(
        id=new_id("job"),
        created_at=datetime.now(UTC),
        kind=kind,
        resource_id=resource_id,
        share=share or resource_id,
    )
    session.add(job)
    session.flush()
    add_units(session, job.id, units)
    return job.id


def add_units(session: Session, job_id: str, units: Sequence[NewUnit]) -> None:
    """More work for a job that has not ended, such as a unit of it found to be needed."""
    session.add_all(_unit_row(job_id, unit) for unit in units)
    session.flush()


def amend(session: Session, job_id: str, amendment: Amendment) -> None:
    """Raises UnknownResource, JobFinished."""
    row = settlement.unfinished(session, job_id)
    for name in amendment.model_fields_set:
        setattr(row, name, getattr(amendment, name))
    session.flush()


def get(session: Session, job_id: str) -> JobRecord:
    """Raises UnknownResource."""
    row = session.get(JobRow, job_id)
    if row is None:
        raise UnknownResource("job", job_id)
    return _record(row, _units(session, [job_id]))


def listing(
    session: Session,
    page: Page,
    state: str | None = None,
    kind: str | None = None,
    resource_id: str | None = None,
    sort: JobSort = "-created_at",
) -> Listing[JobRecord]:
    """Those that match everything that is given."""
    wanted = {JobRow.state: state, JobRow.kind: kind, JobRow.resource_id: resource_id}
    columns = (JobRow.priority, JobRow.id) if sort.endswith("priority") else (JobRow.id,)
    order = Order.named(sort, *columns)
    rows, following = rows_of_page(session, JobRow, page, *matching(wanted), order=order)
    units = _units(session, [row.id for row in rows])
    return Listing(items=tuple(_record(row, units) for row in rows), next=following)


def progress_of_kind(session: Session, job_ids: Sequence[str], kind: str) -> dict[str, Progress]:
    """For each job the sum over its units of one kind, in what they themselves count."""
    sums = dict.fromkeys(job_ids, Progress(done=0, total=0))
    for unit in _units(session, job_ids):
        if unit.kind == kind:
            old = sums[unit.job_id]
            sums[unit.job_id] = Progress(
                done=old.done + unit.progress_done, total=old.total + unit.progress_total
            )
    return sums


def _unit_row(job_id: str, unit: NewUnit) -> UnitRow:
    return UnitRow(
        id=new_id("unit"),
        job_id=job_id,
        stage=unit.stage,
        kind=unit.kind,
        payload=unit.payload,
        weight=unit.weight,
        progress_total=unit.total,
    )


def _units(session: Session, job_ids: Sequence[str]) -> list[UnitRow]:
    return list(session.scalars(select(UnitRow).where(UnitRow.job_id.in_(job_ids))))


def _record(row: JobRow, all_units: Sequence[UnitRow]) -> JobRecord:
    units = [unit for unit in all_units if unit.job_id == row.id]
    counts: dict[str, int] = {}
    for unit in units:
        counts[unit.state] = counts.get(unit.state, 0) + 1
    progress = Progress(
        done=int(sum(unit.weight * _share(unit) for unit in units)),
        total=sum(unit.weight for unit in units),
    )
    return JobRecord.model_validate({
        "id": row.id,
        "kind": row.kind,
        "resource_id": row.resource_id,
        "state": row.state,
        "error": row.error and Failure.model_validate(row.error),
        "earlier_errors": row.earlier_errors or (),
        "priority": row.priority,
        "deadline": row.deadline,
        "progress": progress,
        "units": counts,
        "stopping": row.stop_requested_at is not None and row.finished_at is None,
        "eta_seconds": _eta_seconds(row, progress),
        "created_at": row.created_at,
        "started_at": row.started_at,
        "finished_at": row.finished_at,
    })  # fmt: skip


def _share(unit: UnitRow) -> float:
    if unit.state == "succeeded":
        return 1.0
    return min(1.0, unit.progress_done / unit.progress_total) if unit.progress_total else 0.0


def _eta_seconds(row: JobRow, progress: Progress) -> float | None:
    """The time so far, carried on; None before there is anything to go by, or after the end."""
    if row.started_at is None or row.finished_at is not None or progress.done == 0:
        return None
    elapsed = (datetime.now(UTC) - row.started_at).total_seconds()
    return round(elapsed * (progress.total - progress.done) / progress.done, 1)
