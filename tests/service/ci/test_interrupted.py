"""A pipeline that is stopped while it posts."""

import signal
from pathlib import Path

import pytest

from service.bodies.teachers import TeacherBody
from service.ci.jobs import Jobs
from tests.service.living import Live, living
from tests.service.waiting import wait_until


def stopped_while_posting(live: Live, folder: Path, said: list[str]) -> None:
    """The signal comes when the service has made the job, before its answer is read."""

    def post() -> TeacherBody:
        made = TeacherBody.model_validate_json(live.world.post_teacher().content)
        signal.raise_signal(signal.SIGTERM)
        return made

    jobs = Jobs(live.client, said.append, folder / "job", None)
    with jobs.interruptible():
        jobs.done(post)


def test_the_job_that_was_being_posted_is_cancelled(tmp_path: Path, sqlite_template: Path) -> None:
    said: list[str] = []
    with living(tmp_path, sqlite_template) as live:
        with pytest.raises(KeyboardInterrupt):
            stopped_while_posting(live, tmp_path, said)
        (job,) = live.client.jobs()
        assert said == [f"The job '{job.id}' was cancelled."]
        wait_until(lambda: live.client.job(job.id).state == "cancelled")
    assert not (tmp_path / "job").exists()
