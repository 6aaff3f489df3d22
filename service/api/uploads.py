"""Uploads: request bodies that are refused by type or size, and files on their way to the store."""

import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import BinaryIO

from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.errors import UnsupportedMedia, UploadTooLarge

JSON, MULTIPART = "application/json", "multipart/form-data"
ADVICE = {
    JSON: "With curl: -H 'Content-Type: application/json' -d '{…}'.",
    MULTIPART: "With curl: -F name=… -F file=@….",
}
PIECE_BYTES = 2**20


def takes(*media_types: str) -> Callable[[Request], Awaitable[str]]:
    """A dependency that gives the body's media type, and refuses any but these."""

    async def media_type(request: Request) -> str:
        given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if given not in media_types:
            stated = f"'{given}'" if given else "of no stated type"
            advice = " ".join(ADVICE[each] for each in media_types)
            raise UnsupportedMedia(
                f"The body is {stated}; this resource takes {' or '.join(media_types)}. {advice}"
            )
        return given

    return media_type


def save(source: BinaryIO, target: Path) -> None:
    """Copy an upload piece by piece."""
    source.seek(0)
    with target.open("wb") as file:
        shutil.copyfileobj(source, file, PIECE_BYTES)


class BodyLimit:
    """Middleware that reads no body that claims to be too large, and stops at one that is."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self.app, self.max_bytes = app, max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        num_bytes = 0
        claimed = int(dict(scope.get("headers", ())).get(b"content-length", b"0"))

        async def limited() -> Message:
            nonlocal num_bytes
            if claimed > self.max_bytes:
                raise UploadTooLarge(self.max_bytes)
            message = await receive()
            num_bytes += len(message.get("body", b""))
            if num_bytes > self.max_bytes:
                raise UploadTooLarge(self.max_bytes)
            return message

        await self.app(scope, limited, send)
