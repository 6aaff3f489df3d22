"""Uploads: request bodies that are refused by type or size, and files on their way to the store."""

import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import BinaryIO

from fastapi import Request
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.errors import UnsupportedMedia, UploadTooLarge
from service.settings import Settings

JSON, MULTIPART = "application/json", "multipart/form-data"
OFFSET_STREAM = "application/offset+octet-stream"
STREAMED = {MULTIPART, OFFSET_STREAM}
ADVICE = {
    JSON: "With curl: -H 'Content-Type: application/json' -d '{…}'.",
    MULTIPART: "With curl: -F name=… -F file=@….",
    OFFSET_STREAM: "Uploads are sent by clients of tus 1.0 (tus.io).",
}
PIECE_BYTES = 2**20


def takes(*media_types: str) -> Callable[[Request], Awaitable[str]]:
    """A dependency that gives the body's media type, and refuses any but these."""

    async def media_type(request: Request) -> str:
        given = media_type_of(request.headers)
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
    """Middleware that reads no body that claims to be too large, and stops at one that is.

    Only uploads go to the disk; every other body is held in memory and has a lower limit.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app, self._settings = app, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        setting = "max_upload_bytes" if media_type_of(headers) in STREAMED else "max_json_bytes"
        max_bytes: int = getattr(self._settings, setting)
        claimed, num_bytes = int(headers.get("content-length", "0")), 0

        async def limited() -> Message:
            nonlocal num_bytes
            if claimed > max_bytes:
                raise UploadTooLarge(max_bytes, setting)
            message = await receive()
            num_bytes += len(message.get("body", b""))
            if num_bytes > max_bytes:
                raise UploadTooLarge(max_bytes, setting)
            return message

        await self._app(scope, limited, send)


def media_type_of(headers: Headers) -> str:
    """Of the body, without its parameters; empty where none is stated."""
    return headers.get("content-type", "").partition(";")[0].strip().lower()
