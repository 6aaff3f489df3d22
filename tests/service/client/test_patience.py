"""Retries, without any service: operations are played by hand."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx2
import pytest

from service.bodies.jobs import JobBody
from service.client import Patience, Refused, Unreachable
from service.client.calls import delete, get, post
from service.client.effects import Operation, Request, Send, Sleep
from service.client.patience import patiently
from service.client.play import Play

AWAY = Unreachable("The service is away.")
PATIENCE = Patience(attempts=4, first_seconds=1, longest_seconds=3, obeyed_seconds=60)
JOB = JobBody.model_validate({
    "id": "job_1", "kind": "dataset", "resource": "dataset_1", "state": "queued",
    "progress": {"done": 0, "total": 1}, "share": 0, "eta_seconds": None, "error": None,
    "earlier_errors": [], "priority": 0, "deadline": None, "units": {}, "stopping": False,
    "created_at": "2026-01-01T00:00:00Z", "started_at": None, "finished_at": None,
})  # fmt: skip
MADE = httpx2.Response(200, content=JOB.model_dump_json())

Outcome = httpx2.Response | Unreachable


def answer(status: int, slug: str = "unavailable", **headers: str) -> httpx2.Response:
    problem = {
        "type": f"/problems/{slug}",
        "title": "",
        "status": status,
        "detail": f"It is {slug}.",
    }
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    request = httpx2.Request("GET", "http://service/")
    return httpx2.Response(status, json=problem, headers=names, request=request)


class Played:
    """An operation played with these outcomes of its requests; what it has asked for, and slept."""

    def __init__(self, operation: Operation[Any], outcomes: Sequence[Outcome]) -> None:
        self.requests: list[Request] = []
        self.slept: list[float] = []
        left = list(outcomes)
        play = Play(patiently(operation, PATIENCE))
        while (effect := play.effect) is not None:
            if isinstance(effect, Sleep):
                self.slept.append(effect.seconds)
                play.done(None)
                continue
            assert isinstance(effect, Send)
            self.requests.append(effect.request)
            outcome = left.pop(0)
            if isinstance(outcome, Unreachable):
                play.failed(outcome)
            else:
                play.done(outcome)
        self.result = play.result


def making() -> Operation[JobBody]:
    return post(JobBody, "/v1/jobs/job_1/cancel")


def asking() -> Operation[JobBody]:
    return get(JobBody, "/v1/jobs/job_1")


@pytest.mark.parametrize("passing", [AWAY, *map(answer, (423, 429, 502, 503, 504))], ids=str)
@pytest.mark.parametrize("operation", [making, asking])
def test_what_may_pass_is_tried_again(
    passing: Outcome, operation: Callable[[], Operation[JobBody]]
) -> None:
    played = Played(operation(), [passing, passing, MADE])
    assert played.result == JOB
    assert len(played.requests) == 3


def test_pauses_double_up_to_the_longest_and_are_never_equal() -> None:
    slept = [Played(asking(), [AWAY, AWAY, AWAY, MADE]).slept for _ in range(20)]
    for pauses in slept:
        assert all(most / 2 <= pause <= most for pause, most in zip(pauses, (1, 2, 3), strict=True))
    assert len({pauses[0] for pauses in slept}) > 10


def test_one_key_goes_with_all_attempts_of_a_post_and_another_with_the_next_post() -> None:
    first, second = (Played(making(), [AWAY, answer(503), MADE]) for _ in range(2))
    keys = [{each.headers["idempotency-key"] for each in it.requests} for it in (first, second)]
    assert [len(each) for each in keys] == [1, 1]
    assert keys[0] != keys[1]


def test_no_other_request_has_a_key() -> None:
    assert "idempotency-key" not in Played(asking(), [MADE]).requests[0].headers


def test_retry_after_is_obeyed_in_seconds_and_as_a_date() -> None:
    assert Played(asking(), [answer(429, retry_after="7"), MADE]).slept == [7]
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    (pause,) = Played(asking(), [answer(503, retry_after=date), MADE]).slept
    assert 20 < pause <= 30


def test_a_request_that_still_runs_under_its_key_is_asked_for_again() -> None:
    running = answer(409, "request-running", retry_after="2")
    assert Played(making(), [AWAY, running, MADE]).result == JOB


@pytest.mark.parametrize("final", [answer(429, retry_after="600"), answer(409), answer(404)])
def test_what_will_not_pass_is_told_at_once(final: httpx2.Response) -> None:
    with pytest.raises(Refused):
        Played(asking(), [final])


def test_patience_ends() -> None:
    with pytest.raises(Unreachable, match="away"):
        Played(asking(), [AWAY] * 4)
    with pytest.raises(Refused, match="unavailable"):
        Played(asking(), [answer(503)] * 4)


def test_what_an_attempt_whose_answer_was_lost_has_deleted_is_not_missing() -> None:
    Played(delete("/v1/jobs/x"), [AWAY, answer(404, "unknown-resource")])
    with pytest.raises(Refused):
        Played(delete("/v1/jobs/x"), [answer(404, "unknown-resource")])
