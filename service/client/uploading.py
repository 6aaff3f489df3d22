"""Uploading: a large file in pieces, as tus 1.0 has it, so that a break costs one piece."""

import base64
import hashlib
from functools import partial
from pathlib import Path

from service.bodies.uploads import UploadBody
from service.client.answers import refuse
from service.client.calls import first, get, path, post
from service.client.downloading import OnBytes
from service.client.effects import Operation, Pause, Request, do, send
from service.client.errors import Refused

LARGE_BYTES = 16 * 2**20
"""What is larger goes in pieces."""
PIECE_BYTES = 8 * 2**20
ELSEWHERE = "/problems/offset-differs"


def uploaded(
    file: Path, on_bytes: OnBytes | None = None, piece_bytes: int = PIECE_BYTES
) -> Operation[UploadBody]:
    """The complete upload. One of the same file that was broken off, by whatever, is gone on with:
    it is known by its digest, which the service keeps beside it.
    """
    size = file.stat().st_size
    facts = {"filename": file.name, "sha256": (yield from do(partial(_sha256, file)))}
    upload = (yield from _begun(size, facts)) or (yield from _new(size, facts))
    offset, failures = upload.offset, 0
    tell = on_bytes or (lambda _done, _total: None)
    while offset < size:
        tell(offset, size)
        piece = yield from do(partial(_piece, file, offset, piece_bytes))
        try:
            reached = yield from _sent(upload.id, offset, piece)
        except Refused as exc:
            if exc.problem.type != ELSEWHERE:
                raise
            failures += 1
            yield Pause(failures, exc)
            reached = exc.problem.model_dump()["offset"]
        failures = 0 if reached > offset else failures
        offset = reached
    tell(size, size)
    return (yield from get(UploadBody, path("uploads", upload.id)))


def _begun(size: int, facts: dict[str, str]) -> Operation[UploadBody | None]:
    """The newest upload of the same file that has not expired."""

    def is_same(upload: UploadBody) -> bool:
        return upload.size_bytes == size and upload.metadata == facts

    return (yield from first(UploadBody, path("uploads"), is_same))


def _new(size: int, facts: dict[str, str]) -> Operation[UploadBody]:
    told = ",".join(
        f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in facts.items()
    )
    headers = {"upload-length": str(size), "upload-metadata": told, "tus-resumable": "1.0.0"}
    return (yield from post(UploadBody, path("uploads"), headers=headers))


def _sent(upload: str, offset: int, piece: bytes) -> Operation[int]:
    """How much the service has then. Raises Refused, also where it has more or less by now."""
    digest = base64.b64encode(hashlib.sha256(piece).digest()).decode()
    headers = {
        "upload-offset": str(offset),
        "upload-checksum": f"sha256 {digest}",
        "content-type": "application/offset+octet-stream",
        "tus-resumable": "1.0.0",
    }
    request = Request("PATCH", path("uploads", upload), headers=headers, content={"content": piece})
    response = yield from send(request)
    refuse(response)
    return int(response.headers["upload-offset"])


def _piece(file: Path, offset: int, size: int) -> bytes:
    with file.open("rb") as opened:
        opened.seek(offset)
        return opened.read(size)


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
