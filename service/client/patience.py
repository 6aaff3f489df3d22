"""Patience: what is tried again, and after how long.

A POST keeps one Idempotency-Key over all its attempts, so it is done once however often it is sent.
"""

import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import count
from typing import TypeVar
from uuid import uuid4

import httpx2

from service.client.effects import Effect, Open, Operation, Pause, Request, Send, Sleep
from service.client.errors import ClientError, Unreachable
from service.client.play import CAUGHT, Play

T = TypeVar("T")

PASSING = {423, 429, 460, 502, 503, 504}
"""Statuses that may be another one next time; 460 is a piece of an upload that arrived damaged."""
CONFLICT, NOT_FOUND = 409, 404
KEY = "idempotency-key"


@dataclass(frozen=True)
class Patience:
    """How often a request is sent, and how long to pause before it is sent again."""

    attempts: int = 5
    first_seconds: float = 0.5
    longest_seconds: float = 30
    obeyed_seconds: float = 120
    """The longest Retry-After that is waited for; behind a longer one the refusal is final."""

    def seconds(self, failures: int) -> float:
        """Doubled with every failure, and any part between half and all of it, so that clients
        which failed together do not come back together.
        """
        longest = min(self.longest_seconds, self.first_seconds * 2.0 ** (failures - 1))
        return longest * random.uniform(0.5, 1)


def patiently(operation: Operation[T], patience: Patience) -> Operation[T]:
    """The same operation, whose requests are sent again where that may help."""
    play = Play(operation)
    while (effect := play.effect) is not None:
        try:
            value = yield from _done(effect, patience)
        except CAUGHT as exc:
            play.failed(exc)
        else:
            play.done(value)
    return play.result


def _done(effect: Effect, patience: Patience) -> Operation[object]:
    if isinstance(effect, Pause):
        yield Sleep(_pause(effect.failures, effect.error, patience))
        return None
    if isinstance(effect, Send | Open) and effect.request.patient:
        return (yield from _answered(effect, patience))
    return (yield effect)


def _answered(effect: Send | Open, patience: Patience) -> Operation[httpx2.Response]:
    asked = replace(effect, request=_keyed(effect.request))
    for attempt in count(1):
        try:
            response: httpx2.Response = yield asked
        except Unreachable as exc:
            yield Sleep(_pause(attempt, exc, patience))
            continue
        seconds = _wait(response, attempt, patience)
        if seconds is None:
            return _meant(response, effect.request, attempt)
        yield Sleep(seconds)
    raise AssertionError("counting does not end")


def _keyed(request: Request) -> Request:
    if request.method != "POST":
        return request
    return replace(request, headers={KEY: str(uuid4()), **request.headers})


def _pause(failures: int, error: ClientError, patience: Patience) -> float:
    if failures >= patience.attempts:
        raise error
    return patience.seconds(failures)


def _wait(response: httpx2.Response, attempt: int, patience: Patience) -> float | None:
    """None where the answer is final."""
    advised = _advised(response)
    running = response.status_code == CONFLICT and advised is not None
    if attempt >= patience.attempts or not (running or response.status_code in PASSING):
        return None
    if advised is None:
        return patience.seconds(attempt)
    return advised if advised <= patience.obeyed_seconds else None


def _advised(response: httpx2.Response) -> float | None:
    """Retry-After, as RFC 9110 has it: seconds or a date."""
    given = response.headers.get("retry-after", "")
    if given.isdecimal():
        return float(given)
    try:
        return max(0.0, (parsedate_to_datetime(given) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return None


def _meant(response: httpx2.Response, request: Request, attempt: int) -> httpx2.Response:
    """What an earlier attempt has deleted is not missing."""
    if request.method == "DELETE" and attempt > 1 and response.status_code == NOT_FOUND:
        return httpx2.Response(204, request=response.request)
    return response
