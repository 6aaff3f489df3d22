"""Downloads: a stored file as an answer, whole or in ranges, revalidated by its digest."""

import base64
from typing import Any

from fastapi import Request, Response
from fastapi.responses import FileResponse

from service.artifacts import Artifacts
from service.records import StoredFile

MEDIA_TYPE = "application/octet-stream"
_FILE = {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}}
RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file; its ETag is its SHA-256.", "content": _FILE},
    206: {"description": "The range that was asked for.", "content": _FILE},
    304: {"description": "The file that If-None-Match names is still the one."},
}


def send(
    request: Request,
    artifacts: Artifacts,
    file: StoredFile,
    name: str,
    media_type: str = MEDIA_TYPE,
) -> Response:
    """Takes Range, If-Range and If-None-Match, so that a cut download goes on where it stopped.

    Raises ArtifactMissing, ArtifactDamaged.
    """
    headers = _headers(file)
    if is_known(request.headers.get("if-none-match", ""), headers["etag"]):
        return Response(status_code=304, headers=headers)
    path = artifacts.locate(file.sha256)
    return FileResponse(path, headers=headers, media_type=media_type, filename=name)


def is_known(if_none_match: str, etag: str) -> bool:
    """Whether the caller has what the ETag names. Weak comparison, as RFC 9110 asks for here."""
    known = {each.strip().removeprefix("W/") for each in if_none_match.split(",")}
    return etag in known or "*" in known


def _headers(file: StoredFile) -> dict[str, str]:
    digest = base64.b64encode(bytes.fromhex(file.sha256)).decode()
    return {
        "etag": f'"{file.sha256}"',
        "repr-digest": f"sha-256=:{digest}:",
        "cache-control": "private, no-cache",
    }
