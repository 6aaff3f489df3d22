"""What can go wrong with files that are sent in pieces."""

from collections.abc import Sequence

from candidates.errors import StudentSearchError


class InvalidUpload(StudentSearchError):
    """An upload was described in a way that nobody can read, or not at all."""


class UploadUnfinished(StudentSearchError):
    """An upload was to be used before all of it had arrived."""

    def __init__(self, upload_id: str, offset: int, size_bytes: int) -> None:
        super().__init__(
            f"Of the upload '{upload_id}' {offset} of {size_bytes} bytes have arrived. Send the "
            "rest, or delete it and begin again."
        )
        self.upload_id, self.offset, self.size_bytes = upload_id, offset, size_bytes


class OffsetDiffers(StudentSearchError):
    """A piece does not begin where the upload ends so far."""

    def __init__(self, upload_id: str, offset: int, given: int) -> None:
        super().__init__(
            f"Of the upload '{upload_id}' {offset} bytes have arrived, and the piece begins at "
            f"{given}. Ask where to go on by HEAD, and send what comes there."
        )
        self.upload_id, self.offset = upload_id, offset


class UploadBusy(StudentSearchError):
    """Two pieces of an upload came at the same time."""

    def __init__(self, upload_id: str) -> None:
        super().__init__(
            f"Another piece of the upload '{upload_id}' is arriving. Wait for its end, then ask "
            "where to go on by HEAD."
        )
        self.upload_id = upload_id


class UploadFull(StudentSearchError):
    """A piece goes beyond the length of its upload."""

    def __init__(self, upload_id: str, size_bytes: int) -> None:
        super().__init__(
            f"The piece goes beyond the {size_bytes} bytes that the upload '{upload_id}' was to "
            "have. Begin another one with the right Upload-Length."
        )
        self.upload_id, self.size_bytes = upload_id, size_bytes


class InvalidChecksum(StudentSearchError):
    """A checksum is of a kind, or in a form, that nobody here knows."""

    def __init__(self, algorithms: Sequence[str]) -> None:
        super().__init__(
            "The header Upload-Checksum is not an algorithm and a digest in Base64, with a blank "
            f"between them. Algorithms are: {', '.join(algorithms)}."
        )
        self.algorithms = list(algorithms)


class ChecksumDiffers(StudentSearchError):
    """A piece arrived otherwise than it was sent."""

    def __init__(self, upload_id: str) -> None:
        super().__init__(
            "The piece does not have the checksum that came with it, so nothing of it is kept. "
            f"Send it again to the upload '{upload_id}'."
        )
        self.upload_id = upload_id


class ProtocolVersion(StudentSearchError):
    """Another version of tus is spoken here."""

    def __init__(self, given: str, version: str) -> None:
        super().__init__(
            f"The request speaks tus {given}, and this service {version}. Use a client of that "
            "version, or leave the header Tus-Resumable out."
        )
        self.version = version
        self.headers = {"tus-version": version}
