"""Bodies of uploads."""

from datetime import datetime

from pydantic import Field

from service.bodies.common import Resource
from service.upload_records import UploadRecord


class UploadBody(Resource):
    """A file that is sent in pieces; once complete it is named where a file is to be posted."""

    size_bytes: int = Field(description="How long it will be.")
    offset: int = Field(description="How much of it has arrived, in bytes.")
    complete: bool
    metadata: dict[str, str] = Field(description="What its sender said of it.")
    expires_at: datetime = Field(description="When it is forgotten if nothing more arrives.")

    @classmethod
    def of(cls, record: UploadRecord, offset: int) -> "UploadBody":
        """What is shown of a record of which so much has arrived."""
        return cls(
            id=record.id,
            created_at=record.created_at,
            size_bytes=record.size_bytes,
            offset=offset,
            complete=offset == record.size_bytes,
            metadata=record.facts,
            expires_at=record.expires_at,
        )
