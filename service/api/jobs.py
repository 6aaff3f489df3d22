"""Routes of jobs."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from service import settlement
from service.api.lists import ORDER, AskedOf
from service.api.parts import Reading, Writing
from service.api.routes import Route
from service.bodies.common import Items
from service.bodies.jobs import Amendment, JobBody
from service.records import WorkState
from service.repositories import jobs
from service.repositories.jobs import JobSort

Kind = Literal["dataset", "teacher", "library", "measurement", "refinement", "survey", "search"]

router = APIRouter(prefix="/v1/jobs", tags=["jobs"], route_class=Route)


@router.get("", summary="List jobs")
def listing(
    session: Reading,
    asked: AskedOf,
    state: WorkState | None = None,
    kind: Kind | None = None,
    resource: Annotated[str | None, Query(description="Only jobs that make this one.")] = None,
    sort: Annotated[JobSort, Query(description=ORDER)] = "-created_at",
) -> Items[JobBody]:
    """Newest first."""
    found = jobs.listing(session, asked.page, state, kind, resource, sort)
    return asked.answer(found, [JobBody.of(record) for record in found.items])


@router.get("/{job_id}", summary="Show a job")
def show(job_id: str, session: Reading) -> JobBody:
    """Its state, its progress, how long it should still take, and why it failed if it did."""
    return JobBody.of(jobs.get(session, job_id))


@router.post("/{job_id}/cancel", status_code=202, summary="Cancel a job")
def cancel(job_id: str, session: Writing) -> JobBody:
    """What waits is cancelled at once; what runs, when its worker notices, within seconds."""
    settlement.cancel(session, job_id)
    return JobBody.of(jobs.get(session, job_id))


@router.post("/{job_id}/retry", status_code=202, summary="Try a failed job again")
def retry(job_id: str, session: Writing) -> JobBody:
    """Only what has failed or was cancelled runs again; what was committed stays. Why the job had
    ended stays under `earlier_errors`.
    """
    settlement.retry(session, job_id)
    return JobBody.of(jobs.get(session, job_id))


@router.patch("/{job_id}", summary="Give a job a priority or a deadline")
def amend(job_id: str, amendment: Amendment, session: Writing) -> JobBody:
    """As long as it has not ended."""
    jobs.amend(session, job_id, jobs.Amendment(**amendment.model_dump(exclude_unset=True)))
    return JobBody.of(jobs.get(session, job_id))
