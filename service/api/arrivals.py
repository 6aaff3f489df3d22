"""Arrivals: files that came with a request, or before it as an upload."""

from collections.abc import Callable
from pathlib import Path

from starlette.datastructures import UploadFile

from service.api.parts import Parts
from service.api.uploads import save
from service.repositories import uploads
from service.upload_failures import InvalidUpload, UploadUnfinished

Arrived = Callable[[Path], None]
"""Puts the file at a path."""


def arrived_file(
    parts: Parts, file: UploadFile | None, upload_id: str | None, field: str
) -> Arrived:
    """Of a form that has a file in this field, or names an upload. InvalidUpload,
    UnknownResource, UploadUnfinished.
    """
    if upload_id is not None and file is None:
        return arrived_upload(parts, upload_id)
    if file is None or upload_id is not None:
        raise InvalidUpload(
            f"Send the file as '{field}', or the id of a complete upload as 'upload': one of both."
        )
    source = file.file
    return lambda target: save(source, target)


def arrived_upload(parts: Parts, upload_id: str) -> Arrived:
    """Raises UnknownResource, UploadUnfinished."""
    with parts.database.reading() as session:
        record = uploads.get(session, upload_id)
    offset = parts.uploads.size(upload_id)
    if offset < record.size_bytes:
        raise UploadUnfinished(upload_id, offset, record.size_bytes)
    return lambda target: parts.uploads.copy(upload_id, target)
