"""Job watch: one look at the database every while, for all who wait for news of jobs."""

import asyncio
import logging
from collections.abc import AsyncIterator

from service.database import Database, DatabaseUnavailable
from service.records import JobRecord
from service.repositories import jobs

log = logging.getLogger(__name__)

WATCH_SECONDS = 0.5


class JobWatch:
    """Looks only while somebody listens, and in a thread: neither the number of listeners nor a
    slow database holds anything up. Whoever is slow to listen hears the newest only.
    """

    def __init__(self, database: Database, seconds: float = WATCH_SECONDS) -> None:
        self._database, self._seconds = database, seconds
        self._listeners: set[_Listener] = set()
        self._looking: asyncio.Task[None] | None = None
        self._closed = False

    async def follow(self, job: JobRecord) -> AsyncIterator[JobRecord]:
        """The job, and again whenever it has changed, until it has ended or is gone, or the watch
        is closed.
        """
        yield job
        if job.finished_at is not None:
            return
        listener = _Listener(job)
        self._listeners.add(listener)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look_on())
        try:
            while (now := await listener.news()) is not None:
                yield now
                if now.finished_at is not None:
                    return
        finally:
            self._listeners.discard(listener)

    def close(self) -> None:
        """Let all listeners go; for signal handlers, too."""
        self._closed = True

    async def _look_on(self) -> None:
        while self._listeners and not self._closed:
            await asyncio.sleep(self._seconds)
            job_ids = {each.job.id for each in self._listeners}
            try:
                found = await asyncio.to_thread(self._look, sorted(job_ids))
            except DatabaseUnavailable:
                log.warning("The database tells no news of jobs.", exc_info=True)
                continue
            except Exception:  # whoever listens would wait for ever
                log.exception("There is no news of jobs.")
                continue
            for each in self._listeners:
                if each.job.id in job_ids:
                    each.tell(found.get(each.job.id))
        for each in self._listeners:
            each.tell(None)

    def _look(self, job_ids: list[str]) -> dict[str, JobRecord]:
        with self._database.reading() as session:
            return jobs.several(session, job_ids)


class _Listener:
    """One who waits for news of a job."""

    def __init__(self, job: JobRecord) -> None:
        self.job = job
        self._heard: JobRecord | None = job
        self._told = asyncio.Event()

    def tell(self, now: JobRecord | None) -> None:
        """Of no job from now on if there is none."""
        if now is None or _lasting(now) != _lasting(self._heard or now):
            self._heard = now
            self._told.set()

    async def news(self) -> JobRecord | None:
        """The newest, once there is any."""
        await self._told.wait()
        self._told.clear()
        return self._heard


def _lasting(job: JobRecord) -> JobRecord:
    """Without what changes by itself."""
    return job.model_copy(update={"eta_seconds": None})
