"""Downloads: answers whose content has a digest, whole or in ranges, revalidated by that digest."""

import base64
import hashlib
import re
from collections.abc import Callable, Iterable
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse
from starlette.types import Message, Receive, Scope, Send

from service.api import problems
from service.api.refusal_docs import answer
from service.artifacts import Artifacts
from service.failures import InvalidRange
from service.records import StoredFile

MEDIA_TYPE = "application/octet-stream"
_ONE_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_HEADERS = {
    "ETag": {"description": "The SHA-256 of the whole file.", "schema": {"type": "string"}},
    "Repr-Digest": {
        "description": "The same as RFC 9530 has it: sha-256=:…:.",
        "schema": {"type": "string"},
    },
}
REVALIDATED: dict[int | str, dict[str, Any]] = {
    206: {"description": "The range that was asked for.", "headers": _HEADERS},
    304: {"description": "What If-None-Match names is still the same.", "headers": _HEADERS},
    416: answer(416),
}


def responses(media_types: Iterable[str] = (MEDIA_TYPE,)) -> dict[int | str, dict[str, Any]]:
    """How a route answers that sends a file of one of these types."""
    content = {each: {"schema": {"type": "string", "format": "binary"}} for each in media_types}
    whole = "The file; its ETag is its SHA-256."
    return {
        **REVALIDATED,
        200: {"description": whole, "content": content, "headers": _HEADERS},
        206: {**REVALIDATED[206], "content": content},
    }


def send(
    request: Request,
    artifacts: Artifacts,
    file: StoredFile,
    name: str,
    media_type: str = MEDIA_TYPE,
) -> Response:
    """A stored file. Takes Range, If-Range and If-None-Match, so that a cut download goes on where
    it stopped. Raises ArtifactMissing, ArtifactDamaged.
    """
    headers = _headers(file.sha256)
    if is_known(request, headers):
        return Response(status_code=304, headers=headers)
    return _File(
        artifacts.locate(file.sha256), headers=headers, media_type=media_type, filename=name
    )


def send_bytes(
    request: Request, content: bytes, media_type: str, more_headers: dict[str, str]
) -> Response:
    """What was made for this answer, likewise; of several ranges it is sent whole."""
    headers = {**_headers(hashlib.sha256(content).hexdigest()), **more_headers}
    if is_known(request, headers):
        return Response(status_code=304, headers=headers)
    headers["accept-ranges"] = "bytes"
    wanted = _range(request, headers["etag"], len(content))
    if wanted is not None:
        headers["content-range"] = f"bytes {wanted.start}-{wanted.stop - 1}/{len(content)}"
        content = content[wanted.start : wanted.stop]
    headers["content-length"] = str(len(content))
    sent = b"" if request.method == "HEAD" else content
    return Response(sent, 200 if wanted is None else 206, headers, media_type)


def with_head(router: APIRouter, path: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A decorator that lets a download also be asked about by HEAD."""

    def added(endpoint: Callable[..., Any]) -> Callable[..., Any]:
        router.add_api_route(path, endpoint, methods=["HEAD"], include_in_schema=False)
        return endpoint

    return added


def is_known(request: Request, headers: dict[str, str]) -> bool:
    """Whether the caller has what the ETag names. Weak comparison, as RFC 9110 asks for here."""
    given = request.headers.get("if-none-match", "")
    known = {each.strip().removeprefix("W/") for each in given.split(",")}
    return headers["etag"] in known or "*" in known


class _File(FileResponse):
    """With errors as problems, and in pieces that keep a fast disk busy."""

    chunk_size = 2**20

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refused = False

        async def checked(message: Message) -> None:
            nonlocal refused
            if message["type"] == "http.response.start" and message["status"] in (400, 416):
                refused = True
                size = int(self.headers["content-length"])
                error = InvalidRange(Request(scope).headers["range"], size)
                await problems.answer_to(Request(scope), error)(scope, receive, send)
            if not refused:
                await send(message)

        await super().__call__(scope, receive, checked)


def _range(request: Request, etag: str, size: int) -> range | None:
    """The one that is wanted; None where all is, as with forms of a range that are not known.

    Raises InvalidRange where it lies outside.
    """
    given = request.headers.get("range", "")
    found = _ONE_RANGE.fullmatch(given)
    if found is None or found[0] == "bytes=-" or request.headers.get("if-range", etag) != etag:
        return None
    first, last = found.groups()
    start = int(first) if first else max(0, size - int(last))
    stop = min(size, int(last) + 1) if first and last else size
    if start >= stop:
        raise InvalidRange(given, size)
    return range(start, stop)


def _headers(sha256: str) -> dict[str, str]:
    digest = base64.b64encode(bytes.fromhex(sha256)).decode()
    return {
        "etag": f'"{sha256}"',
        "repr-digest": f"sha-256=:{digest}:",
        "cache-control": "private, no-cache",
    }
