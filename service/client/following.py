"""Following: news of a job, heard from the service or, where that fails, asked for."""

import time
from collections.abc import Callable

from service.bodies.jobs import JobBody
from service.client.calls import get, path
from service.client.effects import Close, Operation, Request, Sleep, Tell, opened, read
from service.client.errors import Refused, StillRunning, Unreachable
from service.client.events import Events
from service.client.patience import PASSING

OnJob = Callable[[JobBody], None]
Told = Callable[[JobBody], Operation[None]]

POLL_SECONDS = 1.0
SILENT_SECONDS = 45
"""A stream of events is silent for 15 s at most; one that is silent for longer is held up."""
DEAF_AFTER = 3
"""After so many streams in a row without any news they are asked for."""
OUTAGE_SECONDS = 300
"""How long the service may be away, as when it is started again, before waiting is given up."""
AWAY_SECONDS = 5.0


def told(job: JobBody) -> Operation[None]:
    """To whoever iterates."""
    yield Tell(job)


def calling(on_job: OnJob) -> Told:
    """Tells a function instead."""

    def tell(job: JobBody) -> Operation[None]:
        on_job(job)
        yield from ()

    return tell


class Following:
    """Of one job; with `poll_seconds` it is asked for that often, and no stream is opened."""

    def __init__(
        self, job: str, tell: Told, poll_seconds: float | None, timeout_seconds: float | None = None
    ) -> None:
        self._path, self._tell = path("jobs", job), tell
        self._poll_seconds = POLL_SECONDS if poll_seconds is None else poll_seconds
        self._num_deaf = 0 if poll_seconds is None else DEAF_AFTER
        self._timeout_seconds = timeout_seconds
        self._begun = time.monotonic()
        self._reached: float | None = None
        self._known: JobBody | None = None

    def to_the_end(self) -> Operation[JobBody]:
        """The job as it ended. Raises StillRunning, and Unreachable after a long outage."""
        while True:
            job = yield from self._asked()
            if job is not None and job.finished_at is None and self._may_listen():
                job = (yield from self._heard()) or job
            if job is not None and job.finished_at is not None:
                return job
            if job is not None and self._left() <= 0:
                raise StillRunning(job, self._timeout_seconds or 0)
            pause = AWAY_SECONDS if job is None else self._poll_seconds
            yield Sleep(min(pause, max(0.0, self._left())))

    def _asked(self) -> Operation[JobBody | None]:
        """None while the service is away."""
        try:
            job = yield from get(JobBody, self._path)
        except (Unreachable, Refused) as exc:
            if not self._may_pass(exc):
                raise
            return None
        return (yield from self._news(job))

    def _may_pass(self, error: Unreachable | Refused) -> bool:
        """Only what kept somebody away who had been heard before, not long ago."""
        if isinstance(error, Refused) and error.problem.status not in PASSING:
            return False
        known = self._reached
        return known is not None and time.monotonic() - known < OUTAGE_SECONDS and self._left() > 0

    def _may_listen(self) -> bool:
        return self._num_deaf < DEAF_AFTER and self._left() > SILENT_SECONDS

    def _heard(self) -> Operation[JobBody | None]:
        """The last that was heard before the stream ended, if anything was."""
        request = Request(
            "GET",
            f"{self._path}/events",
            headers={"accept": "text/event-stream"},
            read_seconds=SILENT_SECONDS,
        )
        job: JobBody | None = None
        try:
            response = yield from opened(request)
            events = Events()
            while self._left() > 0 and (piece := (yield from read(response))) is not None:
                for event in events.of(piece):
                    if event.name == "progress":
                        job = yield from self._news(JobBody.model_validate_json(event.data))
            yield Close(response)
        except Unreachable:
            pass  # the job is asked for next
        self._num_deaf = 0 if job is not None else self._num_deaf + 1
        return job

    def _news(self, job: JobBody) -> Operation[JobBody]:
        self._reached = time.monotonic()
        if _lasting(job) != self._known:
            self._known = _lasting(job)
            yield from self._tell(job)
        return job

    def _left(self) -> float:
        """Seconds."""
        if self._timeout_seconds is None:
            return float("inf")
        return self._begun + self._timeout_seconds - time.monotonic()


def news_of(job: str, poll_seconds: float | None) -> Operation[None]:
    """Tells the job whenever it changes, until it has ended."""
    yield from Following(job, told, poll_seconds).to_the_end()


def _lasting(job: JobBody) -> JobBody:
    """Without what changes by itself."""
    return job.model_copy(update={"eta_seconds": None})
