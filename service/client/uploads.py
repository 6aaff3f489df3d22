"""Calls on uploads; the calls that post large files make them by themselves."""

from pathlib import Path

from service.bodies.uploads import UploadBody
from service.client.calls import delete, get, listed, path
from service.client.downloading import OnBytes
from service.client.effects import Operation, Telling
from service.client.operation import listing, operation
from service.client.uploading import PIECE_BYTES, uploaded


class UploadCalls:
    """Files that are sent in pieces."""

    @operation
    def upload_file(
        self, file: Path, on_bytes: OnBytes | None = None, piece_bytes: int = PIECE_BYTES
    ) -> Operation[UploadBody]:
        """The complete upload of a file; one that was broken off is gone on with."""
        return (yield from uploaded(file, on_bytes, piece_bytes))

    @operation
    def upload(self, upload: str) -> Operation[UploadBody]:
        """An upload by its id."""
        return (yield from get(UploadBody, path("uploads", upload)))

    @listing
    def uploads(self) -> Telling[UploadBody]:
        """Those that have not expired, newest first."""
        return listed(UploadBody, path("uploads"))

    @operation
    def delete_upload(self, upload: str) -> Operation[None]:
        """What was made of it stays."""
        yield from delete(path("uploads", upload))
