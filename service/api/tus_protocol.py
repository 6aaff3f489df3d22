"""What tus asks of every request for an upload, also of those that fail."""

from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api import problems
from service.upload_failures import ProtocolVersion
from service.upload_folder import ALGORITHMS

VERSION = "1.0.0"
EXTENSIONS = "creation,expiration,termination,checksum"
ALGORITHM_NAMES = ",".join(ALGORITHMS)
PATH = "/v1/uploads"
HEADER = "tus-resumable"
OVERRIDDEN = {"PATCH", "DELETE"}
"""What a POST may stand for, for clients whose environment knows no other method."""


class TusProtocol:
    """Middleware that answers in the version spoken here, and refuses to speak another."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not (scope["path"] + "/").startswith(PATH + "/"):
            await self._app(scope, receive, send)
            return

        async def versioned(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[HEADER] = VERSION
            await send(message)

        headers = Headers(scope=scope)
        given = headers.get(HEADER, VERSION)
        if given != VERSION and scope["method"] != "OPTIONS":
            answer = problems.answer_to(Request(scope), ProtocolVersion(given, VERSION))
            await answer(scope, receive, versioned)
            return
        meant = headers.get("x-http-method-override", "").upper()
        if scope["method"] == "POST" and meant in OVERRIDDEN:
            scope["method"] = meant
        await self._app(scope, receive, versioned)
