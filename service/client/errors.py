"""Errors of the client; `str()` of each is a full sentence that says what to do."""

from service.bodies.jobs import JobBody
from service.errors import Problem


class ClientError(Exception):
    """Something that a call to the service could not do."""


class Unreachable(ClientError):
    """The service does not answer, or the connection broke."""


class Refused(ClientError):
    """The service answered with a problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem


class JobEnded(ClientError):
    """A job that was waited for did not succeed."""

    def __init__(self, job: JobBody) -> None:
        reason = job.error.detail if job.error else ""
        super().__init__(f"The job '{job.id}' has {_ending(job)}. {reason}".strip())
        self.job = job


class StillRunning(ClientError):
    """A job was not done in the time that was given to it; it goes on."""

    def __init__(self, job: JobBody, seconds: float) -> None:
        super().__init__(
            f"The job '{job.id}' is still {job.state} after {seconds:g} s, with {job.share:.0%} of "
            "its work done. It goes on; wait for it again, or cancel it."
        )
        self.job = job


def _ending(job: JobBody) -> str:
    return "been cancelled" if job.state == "cancelled" else job.state
