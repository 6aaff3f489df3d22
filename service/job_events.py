"""Events of jobs: the states that a job has been in, with numbers that never change.

They follow from the job itself, so they can be told again at any time, by any server. Each time
that a job is tried has three numbers: for when it was queued, when it ran, and when it ended.
"""

from collections.abc import Iterator
from datetime import datetime

from candidates.value import Value
from service.failures import WorkCancelled
from service.records import Failure, JobRecord, WorkState

QUEUED, RUNNING, ENDED = 1, 2, 3


class JobEvent(Value):
    """A job came into a state; `at` is None where nobody noted when."""

    number: int
    state: WorkState
    at: datetime | None
    error: Failure | None = None


def events_of(job: JobRecord) -> Iterator[JobEvent]:
    """All so far, oldest first. Of the times that it was tried before, how they ended is known, and
    not whether they had begun.
    """
    base, since = 0, job.created_at
    for earlier in job.earlier_errors:
        yield JobEvent(number=base + QUEUED, state="queued", at=None if base else since)
        state: WorkState = "cancelled" if earlier.error == WorkCancelled.__name__ else "failed"
        yield JobEvent(number=base + ENDED, state=state, at=earlier.at, error=earlier)
        base, since = base + ENDED, earlier.at
    yield JobEvent(number=base + QUEUED, state="queued", at=None if base else since)
    if job.started_at is not None and job.started_at >= since:
        yield JobEvent(number=base + RUNNING, state="running", at=job.started_at)
    if job.finished_at is not None:
        yield JobEvent(number=base + ENDED, state=job.state, at=job.finished_at, error=job.error)
