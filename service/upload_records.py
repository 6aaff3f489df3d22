"""Records of uploads."""

from datetime import datetime

from candidates.value import Value


class UploadRecord(Value):
    """`facts` is what its sender says of the file."""

    id: str
    created_at: datetime
    expires_at: datetime
    size_bytes: int
    facts: dict[str, str]
