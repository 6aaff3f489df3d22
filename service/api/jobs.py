"""Routes of jobs."""

from collections.abc import AsyncIterator
from typing import Annotated, Literal, NamedTuple

from fastapi import APIRouter, Depends, Header, HTTPException, Query
from fastapi.sse import EventSourceResponse, ServerSentEvent

from service import settlement
from service.api.lists import ORDER, AskedOf
from service.api.parts import PartsOf, Reading, Writing
from service.api.routes import Route
from service.bodies.common import Items
from service.bodies.jobs import Amendment, JobBody, JobEventBody
from service.job_events import JobEvent, events_of
from service.records import JobRecord, WorkState
from service.repositories import jobs
from service.repositories.jobs import JobSort


class News(NamedTuple):
    """A job, and the number of the last of its events that the caller has seen."""

    job: JobRecord
    seen: int


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


def _known(job_id: str, session: Reading) -> JobRecord:
    return jobs.get(session, job_id)


def _unseen(
    job: Annotated[JobRecord, Depends(_known)],
    last_event_id: Annotated[
        int | None,
        Header(ge=0, le=2**31, description="Only states behind this one's id are told."),
    ] = None,
) -> News:
    """By 204 browsers learn not to come back."""
    seen = last_event_id or 0
    if job.finished_at is not None and max(each.number for each in events_of(job)) <= seen:
        raise HTTPException(204)
    return News(job, seen)


@router.get(
    "/{job_id}/events",
    summary="Follow a job",
    response_class=EventSourceResponse,
    responses={204: {"description": "The job has ended, and the caller knows how."}},
)
async def events(
    news: Annotated[News, Depends(_unseen)], parts: PartsOf
) -> AsyncIterator[ServerSentEvent]:
    """Server-sent events: `state` whenever the job comes into one, and `progress`, which shows the
    whole job, whenever anything of it changes. The last one is the state in which it ends.

    Ids of states never change: who comes back with Last-Event-ID, to whatever server, misses none.
    """
    seen = news.seen
    async for job in parts.watch.follow(news.job):
        unseen = [each for each in events_of(job) if each.number > seen]
        ending = [] if job.finished_at is None else [unseen.pop()]
        for event in unseen:
            yield _state(event)
        yield ServerSentEvent(event="progress", data=JobBody.of(job))
        for event in ending:
            yield _state(event)
        seen = max([seen, *(each.number for each in unseen)])


def _state(event: JobEvent) -> ServerSentEvent:
    return ServerSentEvent(event="state", id=str(event.number), data=JobEventBody.of(event))


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
