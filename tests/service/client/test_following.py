from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import httpx2
import pytest

from service.bodies.jobs import JobBody
from service.client import Client, JobEnded, Patience, StillRunning, Unreachable
from service.client.effects import Open, Send
from service.client.following import DEAF_AFTER, Following, told
from service.client.play import Play
from tests.service.client.either import Either, Kind, either
from tests.service.client.proxy import Plan, Proxy, answered
from tests.service.client.test_patience import MADE
from tests.service.living import Live, living


@pytest.fixture
def live(tmp_path: Path, sqlite_template: Path) -> Iterator[Live]:
    """Of its own: the jobs of other tests would be claimed here."""
    with living(tmp_path, sqlite_template) as live:
        yield live


@pytest.fixture
def job(live: Live) -> str:
    posted: str = live.world.post_dataset().json()["job"]
    return posted


def in_the_meantime(work: Callable[[], Any]) -> Thread:
    thread = Thread(target=work)
    thread.start()
    return thread


class Seen:
    """What was told of a job; when a state is told the first time, something is done."""

    def __init__(self, at: str, work: Callable[[], Any]) -> None:
        self.states: list[str] = []
        self._at, self._work = at, work

    def __call__(self, now: JobBody) -> None:
        if now.state == self._at and self._at not in self.states:
            self._work()
        self.states.append(now.state)


@pytest.mark.parametrize("poll_seconds", [None, 0.01])
def test_waiting_ends_with_the_job_and_tells_what_changes(
    live: Live, client: Either, job: str, poll_seconds: float | None
) -> None:
    seen = Seen("queued", lambda: live.world.do(lambda session: None))
    assert client.wait(job, seen, poll_seconds).state == "succeeded"
    assert seen.states == ["queued", "succeeded"]


def test_a_job_is_followed_to_its_end(live: Live, client: Either, job: str) -> None:
    ending = in_the_meantime(lambda: live.world.fail("InvalidDataset", "No folders."))
    assert [each.state for each in client.follow(job)][-1] == "failed"
    ending.join()


def test_waiting_for_a_job_that_fails_raises_its_reason(
    live: Live, client: Either, job: str
) -> None:
    live.world.fail("InvalidDataset", "There are no class folders.")
    with pytest.raises(JobEnded, match=r"has failed\. There are no class folders\."):
        client.wait(job)


def test_waiting_for_a_cancelled_job_says_so(client: Either, job: str) -> None:
    client.cancel(job)
    with pytest.raises(JobEnded, match="has been cancelled") as caught:
        client.wait(job)
    assert caught.value.job.state == "cancelled"


def test_waiting_has_an_end(client: Either, job: str) -> None:
    with pytest.raises(StillRunning, match=r"still queued after 0\.2 s, with 0% .* It goes on"):
        client.wait(job, timeout_seconds=0.2)


def test_where_events_are_held_up_the_job_is_asked_for() -> None:
    """As by a proxy that keeps them: streams end without any. Played by hand."""
    play = Play(Following("job_1", told, None).to_the_end())
    opened, asked = 0, 0
    while asked < 10:
        if isinstance(play.effect, Open):
            opened += 1
            play.done(httpx2.Response(200))
        elif isinstance(play.effect, Send):
            asked += 1
            play.done(MADE)
        else:
            play.done(None)
    assert opened == DEAF_AFTER


def test_a_service_that_goes_away_for_a_while_is_waited_for(
    live: Live, proxy: Proxy, kind: Kind, job: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.client.following.AWAY_SECONDS", 0.01)
    down = answered("502 Bad Gateway", "content-type: text/html", body="<h1>Bad gateway</h1>")

    def go_away() -> None:
        proxy.plans = deque([Plan(cut_down=1), *[down] * 20])
        proxy.cut()
        live.world.do(lambda session: None)

    with either(kind, proxy.url) as client:
        assert client.wait(job, Seen("queued", go_away), 0).state == "succeeded"
    assert proxy.num_connections > 20


def test_a_service_that_was_never_there_is_not_waited_for(kind: Kind) -> None:
    patience = Patience(attempts=2, first_seconds=0)
    away = pytest.raises(Unreachable, match=r"http://127\.0\.0\.1:9/? is out of reach")
    with either(kind, "http://127.0.0.1:9", patience) as client, away:
        client.wait("job_1")


def test_whoever_stops_listening_gives_the_connection_back(live: Live, job: str) -> None:
    with Client(live.url) as client:
        for _ in client.follow(job):
            break
        assert client.job(job).state == "queued"
