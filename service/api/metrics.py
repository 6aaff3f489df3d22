"""The route for Prometheus, and the middleware that counts requests."""

import logging
import time

from fastapi import APIRouter, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api.parts import PartsOf
from service.api.routes import Route
from service.metrics import MEDIA_TYPE, Metrics, Request

log = logging.getLogger(__name__)

router = APIRouter(tags=["service"], route_class=Route)

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
UNREMARKABLE = {"/livez", "/readyz", "/metrics"}
OTHER = "other"
"""The route of every path that no route has, and the method that no resource knows."""


@router.get("/metrics", summary="Numbers for Prometheus", response_class=Response)
def show(parts: PartsOf) -> Response:
    """Requests, selections and students of this server; units and jobs of the whole service."""
    return Response(parts.metrics.exposition(), media_type=MEDIA_TYPE)


class NoteRequests:
    """Middleware that counts every request once its answer is sent, and logs it.

    The log has its path, but not its query nor its headers, which may hold what is secret.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, status, num_bytes = time.perf_counter(), 500, 0

        async def receive_counted() -> Message:
            nonlocal num_bytes
            message = await receive()
            num_bytes += len(message.get("body", b""))
            return message

        async def send_noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive_counted, send_noted)
        finally:
            seconds = time.perf_counter() - begun
            request = Request(_method(scope), route_of(scope), status, seconds, num_bytes)
            self._metrics.note_request(request)
            _log(scope["path"], request)


def route_of(scope: Scope) -> str:
    """The template of the route that answered."""
    template: str = getattr(scope.get("route"), "path", OTHER)
    return template


def _log(path: str, request: Request) -> None:
    about = {"method": request.method, "path": path, "status": request.status}
    level = logging.DEBUG if path in UNREMARKABLE else logging.INFO
    if log.isEnabledFor(level):
        log.log(level, "Answered.", extra={**about, "ms": round(1000 * request.seconds, 2)})


def _method(scope: Scope) -> str:
    return scope["method"] if scope["method"] in METHODS else OTHER
