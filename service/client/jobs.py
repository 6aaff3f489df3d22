"""Calls on jobs."""

from service.bodies.jobs import Amendment, JobBody
from service.client.calls import get, listed, patch, path, post
from service.client.effects import Operation, Telling
from service.client.errors import JobEnded
from service.client.following import Following, OnJob, calling, news_of
from service.client.operation import listing, operation
from service.records import WorkState


class JobCalls:
    """Work that takes time."""

    @operation
    def job(self, job: str) -> Operation[JobBody]:
        """A job by its id."""
        return (yield from get(JobBody, path("jobs", job)))

    @listing
    def jobs(
        self,
        state: WorkState | None = None,
        kind: str | None = None,
        resource: str | None = None,
    ) -> Telling[JobBody]:
        """All of them, newest first; those in a state, of a kind, or that make a resource."""
        return listed(JobBody, path("jobs"), state=state, kind=kind, resource=resource)

    @listing
    def follow(self, job: str, poll_seconds: float | None = None) -> Telling[JobBody]:
        """The job whenever something of it changes, until it has ended; as the service tells it,
        or asked for at an interval where one is given or telling fails.
        """
        return Telling(news_of(job, poll_seconds))

    @operation
    def wait(
        self,
        job: str,
        on_progress: OnJob = lambda _: None,
        poll_seconds: float | None = None,
        timeout_seconds: float | None = None,
    ) -> Operation[JobBody]:
        """Until the job has succeeded; JobEnded if it fails or is cancelled, StillRunning if it
        takes too long. A service that is started again meanwhile is waited for.
        """
        following = Following(job, calling(on_progress), poll_seconds, timeout_seconds)
        ended = yield from following.to_the_end()
        if ended.state != "succeeded":
            raise JobEnded(ended)
        return ended

    @operation
    def cancel(self, job: str) -> Operation[JobBody]:
        """What waits is cancelled at once; what runs, within seconds."""
        return (yield from post(JobBody, path("jobs", job, "cancel")))

    @operation
    def retry(self, job: str) -> Operation[JobBody]:
        """Only what has failed or was cancelled runs again."""
        return (yield from post(JobBody, path("jobs", job, "retry")))

    @operation
    def amend(self, job: str, amendment: Amendment) -> Operation[JobBody]:
        """Another priority or deadline; what was not given to the amendment stays."""
        body = amendment.model_dump(mode="json", exclude_unset=True)
        return (yield from patch(JobBody, path("jobs", job), body))
