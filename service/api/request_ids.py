"""Request ids: every request has one, and every answer tells it."""

import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.repositories.ids import new_id
from service.request_id import request_id

HEADER = "x-request-id"
WELL_FORMED = re.compile(r"[A-Za-z0-9._:+/=-]{1,128}")


class RequestIds:
    """Middleware around all others, so that whatever they tell can name the request.

    An id that comes with the request is kept if it is well-formed; else one is made.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(HEADER, "")
        named = given if WELL_FORMED.fullmatch(given) else new_id("request")

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[HEADER] = named
            await send(message)

        # Never reset: each request has a context of its own, and who logs what went wrong with it
        # does so after it has left this block.
        request_id.set(named)
        await self._app(scope, receive, told)
