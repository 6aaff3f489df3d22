"""Routes of uploads, as tus 1.0 has them: creation, expiration, termination, checksum."""

import base64
import binascii
from collections.abc import AsyncIterator
from datetime import UTC, timedelta
from email.utils import format_datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from service.api.lists import AskedOf, SortOf
from service.api.parts import Parts, PartsOf, Reading, Writing
from service.api.refusal_docs import answer
from service.api.routes import Route
from service.api.tus_protocol import ALGORITHM_NAMES, EXTENSIONS, VERSION
from service.api.uploads import OFFSET_STREAM, PIECE_BYTES, takes
from service.bodies.common import Items
from service.bodies.uploads import UploadBody
from service.errors import UploadTooLarge
from service.repositories import uploads
from service.upload_failures import InvalidUpload
from service.upload_folder import Piece
from service.upload_records import UploadRecord

router = APIRouter(prefix="/v1/uploads", tags=["uploads"], route_class=Route)

MAX_METADATA_BYTES = 4096
_BYTES: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            OFFSET_STREAM: {"schema": {"type": "string", "format": "binary"}, "example": "a piece"}
        },
    }
}


@router.post("", status_code=201, summary="Begin an upload")
def begin(
    session: Writing,
    parts: PartsOf,
    response: Response,
    upload_length: Annotated[
        str,
        Header(
            pattern=r"^[0-9]{1,18}$",
            description="Of the whole file, in bytes.",
            examples=["1048576"],
        ),
    ],
    upload_metadata: Annotated[
        str | None,
        Header(
            max_length=MAX_METADATA_BYTES,
            description="Names, each with a value in Base64 behind a blank, between commas.",
            examples=["filename bmV0LnNhZmV0ZW5zb3Jz"],
        ),
    ] = None,
) -> UploadBody:
    """The file follows in pieces by PATCH, and HEAD tells how much has arrived (tus.io, 1.0.0).

    Once complete, its id goes in the place of the file when a teacher or a data set is posted.
    """
    largest = parts.settings.max_upload_bytes
    size_bytes = int(upload_length)
    if size_bytes > largest:
        raise UploadTooLarge(largest)
    record = uploads.add(session, size_bytes, _facts(upload_metadata), _kept(parts))
    response.headers["location"] = f"/v1/uploads/{record.id}"
    response.headers["upload-expires"] = _date(record)
    return UploadBody.of(record, 0)


@router.get("", summary="List uploads")
def listing(
    session: Reading, parts: PartsOf, asked: AskedOf, sort: SortOf = "-created_at"
) -> Items[UploadBody]:
    """Newest first, those that have not expired."""
    found = uploads.listing(session, asked.page, sort)
    shown = [UploadBody.of(each, parts.uploads.size(each.id)) for each in found.items]
    return asked.answer(found, shown)


@router.get("/{upload_id}", summary="Show an upload")
def show(upload_id: str, session: Reading, parts: PartsOf) -> UploadBody:
    """How much of it has arrived."""
    return UploadBody.of(uploads.get(session, upload_id), parts.uploads.size(upload_id))


@router.head("/{upload_id}", include_in_schema=False)
def ask(upload_id: str, session: Reading, parts: PartsOf) -> Response:
    """Where to go on."""
    record = uploads.get(session, upload_id)
    headers = {
        "upload-offset": str(parts.uploads.size(upload_id)),
        "upload-length": str(record.size_bytes),
        "upload-expires": _date(record),
        "cache-control": "no-store",
    }
    if record.facts:
        headers["upload-metadata"] = ",".join(
            f"{name} {base64.b64encode(value.encode()).decode()}".rstrip()
            for name, value in record.facts.items()
        )
    return Response(headers=headers)


@router.patch(
    "/{upload_id}",
    status_code=204,
    summary="Send a piece of an upload",
    dependencies=[Depends(takes(OFFSET_STREAM))],
    openapi_extra=_BYTES,
    responses={423: answer(423), 460: answer(460)},
)
async def append(
    upload_id: str,
    request: Request,
    parts: PartsOf,
    upload_offset: Annotated[
        int, Header(ge=0, le=2**62, description="Where the piece begins: how much has arrived.")
    ],
    upload_checksum: Annotated[
        str | None,
        Header(description="sha1 or sha256, a blank, and the piece's digest in Base64."),
    ] = None,
) -> Response:
    """Of a piece that breaks off what has arrived is kept, unless it has a checksum."""
    record = await run_in_threadpool(_extended, parts, upload_id)
    piece = await run_in_threadpool(
        parts.uploads.begin, upload_id, upload_offset, record.size_bytes, upload_checksum
    )
    is_whole = False
    try:
        piece.check(int(request.headers.get("content-length", "0")))
        is_whole = await _arrived(piece, request)
    finally:
        offset = await run_in_threadpool(piece.close, is_whole)
    headers = {"upload-offset": str(offset), "upload-expires": _date(record)}
    return Response(status_code=204, headers=headers)


@router.delete("/{upload_id}", status_code=204, summary="Delete an upload")
def delete(upload_id: str, parts: PartsOf) -> None:
    """What was made of it stays."""
    with parts.database.writing() as session:
        uploads.remove(session, upload_id)
    parts.uploads.remove(upload_id)


@router.api_route("", methods=["OPTIONS"], include_in_schema=False)
@router.api_route("/{upload_id}", methods=["OPTIONS"], include_in_schema=False)
def capabilities(parts: PartsOf) -> Response:
    """What of the protocol is spoken here."""
    headers = {
        "tus-version": VERSION,
        "tus-extension": EXTENSIONS,
        "tus-max-size": str(parts.settings.max_upload_bytes),
        "tus-checksum-algorithm": ALGORITHM_NAMES,
    }
    return Response(status_code=204, headers=headers)


async def _arrived(piece: Piece, request: Request) -> bool:
    """Whether all of the piece has; what has is written."""
    try:
        async for data in _large(request.stream()):
            await run_in_threadpool(piece.write, data)
    except ClientDisconnect:
        return False
    return True


async def _large(stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same in fewer, larger parts; what had come before an error comes before it."""
    waiting = bytearray()
    try:
        async for data in stream:
            waiting += data
            if len(waiting) >= PIECE_BYTES:
                yield bytes(waiting)
                waiting.clear()
    except ClientDisconnect:
        yield bytes(waiting)
        raise
    yield bytes(waiting)


def _extended(parts: Parts, upload_id: str) -> UploadRecord:
    with parts.database.writing() as session:
        return uploads.extend(session, upload_id, _kept(parts))


def _kept(parts: Parts) -> timedelta:
    return timedelta(hours=parts.settings.upload_hours)


def _date(record: UploadRecord) -> str:
    return format_datetime(record.expires_at.astimezone(UTC), usegmt=True)


def _facts(metadata: str | None) -> dict[str, str]:
    """Raises InvalidUpload."""
    facts: dict[str, str] = {}
    for pair in filter(None, (metadata or "").split(",")):
        name, _, encoded = pair.strip().partition(" ")
        try:
            value = base64.b64decode(encoded, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError) as exc:
            raise InvalidUpload(
                f"Upload-Metadata has a value for '{name}' that is not text in Base64. Send names, "
                "each with a blank and its value behind it, and commas between them."
            ) from exc
        if not name or name in facts or "\0" in value:
            raise InvalidUpload(
                f"Upload-Metadata names '{name}' twice, or has a name or value that is not text. "
                "Give every name once."
            )
        facts[name] = value
    return facts
