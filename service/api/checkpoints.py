"""Downloads of students' files: whole or in ranges, revalidated by their digest."""

import base64
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse

from service.api.parts import PartsOf, Reading
from service.failures import ResourceNotReady
from service.records import StoredFile, StudentRecord
from service.repositories import students

router = APIRouter(prefix="/v1/students", tags=["students"])

MEDIA_TYPE = "application/octet-stream"
_FILE = {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}}


@router.get(
    "/{student_id}/checkpoint",
    summary="Download a student",
    response_class=FileResponse,
    responses={
        200: {"description": "The safetensors file; its ETag is its SHA-256.", "content": _FILE},
        206: {"description": "The range that was asked for.", "content": _FILE},
        304: {"description": "The file that If-None-Match names is still the one."},
    },
)
def download(
    student_id: str,
    request: Request,
    session: Reading,
    parts: PartsOf,
    refitted: Annotated[bool, Query(description="The file after the measurement's refit.")] = False,
) -> Response:
    """Takes Range, If-Range and If-None-Match, so that a cut download goes on where it stopped."""
    student = students.get(session, student_id)
    file = _refitted(student) if refitted else student.file
    headers = _headers(file)
    if _is_known(request.headers.get("if-none-match", ""), headers["etag"]):
        return Response(status_code=304, headers=headers)
    path = parts.artifacts.locate(file.sha256)
    suffix = "-refitted" if refitted else ""
    name = f"{student_id}{suffix}.safetensors"
    return FileResponse(path, headers=headers, media_type=MEDIA_TYPE, filename=name)


router.add_api_route(
    "/{student_id}/checkpoint", download, methods=["HEAD"], include_in_schema=False
)


def _refitted(student: StudentRecord) -> StoredFile:
    """Raises ResourceNotReady while there is none."""
    measurement = student.measurement
    if measurement is None or measurement.file is None:
        state = "not measured" if measurement is None else measurement.state
        raise ResourceNotReady("measurement of student", student.id, state)
    return measurement.file


def _headers(file: StoredFile) -> dict[str, str]:
    digest = base64.b64encode(bytes.fromhex(file.sha256)).decode()
    return {
        "etag": f'"{file.sha256}"',
        "repr-digest": f"sha-256=:{digest}:",
        "cache-control": "private, no-cache",
    }


def _is_known(if_none_match: str, etag: str) -> bool:
    """Weak comparison, as RFC 9110 asks for here."""
    known = {each.strip().removeprefix("W/") for each in if_none_match.split(",")}
    return etag in known or "*" in known
