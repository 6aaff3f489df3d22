"""Server-sent events of jobs, of a living service."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import pytest

from service.repositories import jobs
from tests.service.api.world import World
from tests.service.living import Live, living
from tests.service.waiting import PATIENCE_SECONDS, wait_until


class Event(NamedTuple):
    """As a browser sees it."""

    kind: str
    id: str | None
    data: dict[str, Any]


@pytest.fixture
def live(tmp_path: Path, sqlite_template: Path) -> Iterator[Live]:
    with living(tmp_path, sqlite_template) as live:
        yield live


def listen(live: Live, job: str, last: int | None = None) -> Iterator[Event]:
    """Until the service ends it."""
    headers = {} if last is None else {"last-event-id": str(last)}
    url = f"{live.url}/v1/jobs/{job}/events"
    with httpx2.stream("GET", url, headers=headers, timeout=PATIENCE_SECONDS) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        fields: dict[str, str] = {}
        for line in answer.iter_lines():
            if line:
                name, _, value = line.partition(": ")
                fields[name] = value
            elif "data" in fields:
                yield Event(fields["event"], fields.get("id"), json.loads(fields["data"]))
                fields = {}


def test_a_job_is_followed_to_its_end(live: Live) -> None:
    job = live.world.post_dataset().json()["job"]
    events = listen(live, job)
    first, second = next(events), next(events)
    assert (first.kind, first.id, first.data["state"]) == ("state", "1", "queued")
    assert (second.kind, second.id, second.data["share"]) == ("progress", None, 0.0)
    unit = live.world.claim()
    running = next(events)
    assert (running.id, running.data["state"]) == ("2", "running")
    assert next(events).data["units"] == {"running": 1}
    live.world.ledger.complete(unit, lambda _: None)
    *_, progress, last = list(events)
    assert (progress.kind, progress.data["share"], progress.data["eta_seconds"]) == (
        "progress", 1.0, None,
    )  # fmt: skip
    assert (last.kind, last.id, last.data["state"]) == ("state", "3", "succeeded")
    assert last.data["at"] == progress.data["finished_at"]


def test_who_comes_back_is_told_what_was_missed_and_nothing_twice(live: Live) -> None:
    job = live.world.post_dataset().json()["job"]
    live.world.fail("InvalidDataset", "Not an archive.")
    assert [(each.kind, each.id) for each in listen(live, job)] == [
        ("state", "1"), ("state", "2"), ("progress", None), ("state", "3"),
    ]  # fmt: skip
    assert [each.id for each in listen(live, job, last=2)] == [None, "3"]
    live.world.http.post(f"/v1/jobs/{job}/retry")
    live.world.do(lambda _: None)
    events = [each for each in listen(live, job, last=2) if each.kind == "state"]
    assert [(each.id, each.data["state"]) for each in events] == [
        ("3", "failed"), ("4", "queued"), ("5", "running"), ("6", "succeeded"),
    ]  # fmt: skip
    assert events[0].data["error"]["detail"] == "Not an archive."
    everything = [each.id for each in listen(live, job) if each.kind == "state"]
    assert everything == ["1", "3", "4", "5", "6"]


def test_who_knows_the_end_is_told_not_to_come_back(live: Live) -> None:
    job = live.world.post_dataset().json()["job"]
    live.world.http.post(f"/v1/jobs/{job}/cancel")
    events = list(listen(live, job))
    assert [each.data["state"] for each in events if each.kind == "state"] == [
        "queued", "cancelled",
    ]  # fmt: skip
    headers = {"last-event-id": "3"}
    answer = live.world.http.get(f"/v1/jobs/{job}/events", headers=headers)
    assert (answer.status_code, answer.content) == (204, b"")


def test_a_job_that_does_not_exist_is_a_problem(world: World) -> None:
    answer = world.http.get("/v1/jobs/job_1/events")
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/unknown-resource")
    answer = world.http.get("/v1/jobs/job_1/events", headers={"last-event-id": "soon"})
    assert answer.status_code in {404, 422}


def test_many_listeners_cost_the_database_no_more_than_one(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks, look = [], jobs.several
    monkeypatch.setattr(jobs, "several", lambda *given: looks.append(given) or look(*given))
    job = live.world.post_dataset().json()["job"]
    begun = threading.Semaphore(0)

    def follow(_: int) -> list[str | None]:
        ids = []
        for event in listen(live, job):
            ids.append(event.id)
            begun.release()
        return ids

    with ThreadPoolExecutor(60) as pool:
        heard = [pool.submit(follow, number) for number in range(60)]
        for _ in range(2 * 60):
            assert begun.acquire(timeout=PATIENCE_SECONDS)
        assert live.world.http.get("/livez").status_code == 200
        before = len(looks)
        wait_until(lambda: len(looks) >= before + 3)
        assert all(len(job_ids) == 1 for _, job_ids in looks)
        live.world.do(lambda _: None)
        assert all(each.result()[-1] == "3" for each in heard)
    wait_until(live.world.parts.watch._looking.done)  # nobody looks when nobody listens


def test_listeners_are_let_go_when_the_service_stops(tmp_path: Path, sqlite_template: Path) -> None:
    with living(tmp_path, sqlite_template) as live:
        job = live.world.post_dataset().json()["job"]
        events = listen(live, job)
        assert next(events).data["state"] == "queued"
        live.world.parts.watch.close()
        assert [each.kind for each in events] == ["progress"]
