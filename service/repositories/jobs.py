"""Jobs and their units, as the rest of the service sees them; the ledger moves them on."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from candidates.value import Value
from service import settlement
from service.failures import UnknownResource
from service.records import Failure, JobRecord, Progress, WorkState
from service.repositories.ids import new_id
from service.repositories.pages import Listing, Order, Page, matching, rows_of_page
from service.repositories.remaining import Units, counted, eta_seconds
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
    return _records(session, [row])[0]


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
    return Listing(items=tuple(_records(session, rows)), next=following)


def several(session: Session, job_ids: Sequence[str]) -> dict[str, JobRecord]:
    """Those of them that there are, by id."""
    rows = session.scalars(select(JobRow).where(JobRow.id.in_(job_ids)))
    return {record.id: record for record in _records(session, list(rows))}


def progress_of_kind(session: Session, job_ids: Sequence[str], kind: str) -> dict[str, Progress]:
    """For each job the sum over its units of one kind, in what they themselves count."""
    sums = func.sum(UnitRow.progress_done), func.sum(UnitRow.progress_total)
    query = select(UnitRow.job_id, *sums).where(UnitRow.job_id.in_(job_ids), UnitRow.kind == kind)
    found = {
        job_id: Progress(done=int(done), total=int(total))
        for job_id, done, total in session.execute(query.group_by(UnitRow.job_id))
    }
    return {job_id: found.get(job_id, Progress(done=0, total=0)) for job_id in job_ids}


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


def _records(session: Session, rows: Sequence[JobRow]) -> list[JobRecord]:
    found = counted(session, [row.id for row in rows])
    return [_record(row, found.get(row.id, [])) for row in rows]


def _record(row: JobRow, units: Sequence[Units]) -> JobRecord:
    progress = Progress(
        done=int(sum(each.weight_done for each in units)),
        total=int(sum(each.weight for each in units)),
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
        "units": _by_state(units),
        "stopping": row.stop_requested_at is not None and row.finished_at is None,
        "eta_seconds": eta_seconds(row, units, datetime.now(UTC)),
        "created_at": row.created_at,
        "started_at": row.started_at,
        "finished_at": row.finished_at,
    })  # fmt: skip


def _by_state(units: Sequence[Units]) -> dict[WorkState, int]:
    found: dict[WorkState, int] = {}
    for each in units:
        found[each.state] = found.get(each.state, 0) + each.num_units
    return found
