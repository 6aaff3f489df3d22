"""Guard: the door in front of all routes, so that none can be left open by mistake.

It stands before the framework, which would read a whole body before it asks who sends it.
"""

from collections.abc import Callable
from functools import partial
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request
from fastapi.security import HTTPBearer
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from candidates.errors import StudentSearchError
from service.api import problems
from service.api.lanes import Lane
from service.database import DatabaseUnavailable
from service.gate import Caller, Gate
from service.loopback import is_address, is_loopback, is_own_name
from service.rates import Allowance, Rates
from service.refusals import ForeignOrigin, Refusal
from service.settings import Settings
from service.token_records import Scope as Reach
from service.web.pages import is_page

OPEN = {"/livez", "/readyz", "/version", "/docs", "/docs/oauth2-redirect", "/openapi.json"}
ADMISSIONS = 2
"""At a time: each is one small question to the database."""
OPEN_BELOW = ("/static-offline-docs/", "/problems/")

TOKEN = HTTPBearer(
    auto_error=False,
    scheme_name="token",
    description="Needed as soon as there is one; made with: student-search token create.",
)
"""Tells the pages about tokens; whether one is right the guard has seen before."""


class Guard:
    """Middleware that lets a request in with its caller known, or answers it with a problem.

    Whatever is not `OPEN` needs a token as soon as there is one.
    """

    def __init__(self, app: ASGIApp, gate: Gate, settings: Settings) -> None:
        self._app, self._gate, self._lane = app, gate, Lane(ADMISSIONS)
        self._rates = Rates("requests_per_minute", settings.requests_per_minute)
        self._refusals = Rates("refusals_per_minute", settings.refusals_per_minute)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or _is_open(scope["path"]):
            await self._app(scope, receive, send)
            return
        try:
            caller = await self._admit(scope)
            allowance = self._rates.take(caller.token_id or _address(scope))
        except (StudentSearchError, DatabaseUnavailable) as exc:
            await problems.answer_to(Request(scope), exc)(scope, receive, send)
            return
        scope.setdefault("state", {})["caller"] = caller
        await self._app(scope, receive, _telling(send, allowance))

    async def _admit(self, scope: Scope) -> Caller:
        """Raises Refusal, DatabaseUnavailable."""
        headers = Headers(scope=scope)
        try:
            given, method = headers.get("authorization"), scope["method"]
            caller = await self._lane.run(partial(self._gate.admit, given, method))
            if caller.token_id is None:
                _check_near(_address(scope), headers)
        except Refusal:
            self._refusals.take(_address(scope))
            raise
        return caller


def needs(scope: Reach) -> Callable[[Request], None]:
    """A dependency that refuses callers with a smaller scope than this."""

    def check(request: Request) -> None:
        caller_of(request).check(scope)

    return check


def caller_of(request: Request) -> Caller:
    """Whom the guard let in; on routes that it leaves open nobody is known."""
    caller: Caller = request.state.caller
    return caller


CallerOf = Annotated[Caller, Depends(caller_of)]


def _is_open(path: str) -> bool:
    return path in OPEN or path.startswith(OPEN_BELOW) or is_page(path)


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return client[0] if client else "unknown"


def _check_near(address: str, headers: Headers) -> None:
    """Without tokens nothing tells a user of this machine from a page in the user's browser."""
    host, origin = headers.get("host", ""), headers.get("origin")
    if is_address(address) and not is_loopback(address):
        raise ForeignOrigin(f"another machine, {address}")
    if not is_own_name(host):
        raise ForeignOrigin(f"the name '{host}'")
    if origin is not None and urlsplit(origin).netloc != host:
        raise ForeignOrigin(f"a page of '{origin}'")


def _telling(send: Send, allowance: Allowance | None) -> Send:
    if allowance is None:
        return send

    async def told(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(allowance.headers)
        await send(message)

    return told
