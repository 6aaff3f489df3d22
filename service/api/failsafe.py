"""Failsafe: an answer for whoever meets an error that nobody foresaw."""

from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api import problems


class Failsafe:
    """Middleware that answers what leaves the routes with a problem that tells nothing of it.

    The framework would do so outside of all middleware, where no header is added. The error goes
    on, for the server to log.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except Exception:
            if not begun and scope["type"] == "http":
                await problems.unexpected(Request(scope))(scope, receive, send)
            raise
