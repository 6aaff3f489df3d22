"""Sending: a file that is posted, whole or in pieces."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel

from service.client.calls import delete, path, post
from service.client.downloading import OnBytes
from service.client.effects import Operation, do
from service.client.errors import ClientError
from service.client.uploading import uploaded

Body = TypeVar("Body", bound=BaseModel)


class Parcel(NamedTuple):
    """A file, and the request's content with its bytes, or with the id of an upload of it."""

    file: Path
    whole: Callable[[bytes], dict[str, Any]]
    by_upload: Callable[[str], dict[str, Any]]


def posted(
    kind: type[Body], where: str, parcel: Parcel, large_bytes: int, on_bytes: OnBytes | None
) -> Operation[Body]:
    """What was made of the file. An upload of it is deleted then: what was made of it stays."""
    size = parcel.file.stat().st_size
    if size <= large_bytes:
        content = yield from do(parcel.file.read_bytes)
        made = yield from post(kind, where, **parcel.whole(content))
        if on_bytes:
            on_bytes(size, size)
        return made
    upload = yield from uploaded(parcel.file, on_bytes)
    made = yield from post(kind, where, **parcel.by_upload(upload.id))
    yield from _forgotten(upload.id)
    return made


def _forgotten(upload: str) -> Operation[None]:
    """It expires by itself, so nothing is lost where this fails."""
    try:
        yield from delete(path("uploads", upload))
    except ClientError:
        return
