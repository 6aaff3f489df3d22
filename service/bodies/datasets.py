"""Bodies of data sets."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from service.bodies.common import Made, made_fields
from service.records import DatasetContents, DatasetRecord

Name = Annotated[str, Field(min_length=1, max_length=200)]


class DatasetByUri(BaseModel):
    """Images that lie on the server already."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"name": "digits", "uri": "file:///data/digits"}]},
    )

    name: Name
    uri: str = Field(
        max_length=4096,
        description="file:// and an absolute path below one of the service's data_roots.",
    )


class DatasetByUpload(BaseModel):
    """An archive that was sent in pieces."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"name": "digits", "upload": "upload_0199f3c2a1b4c0ffee00c0ffee00"}]
        },
    )

    name: Name
    upload: str = Field(max_length=64, description="Id of a complete upload.")


class DatasetBody(Made):
    """Images: a part to calibrate on, one to score on and one to report on; none overlap."""

    name: str
    source_uri: str | None
    contents: DatasetContents | None = Field(description="What was found; known once ready.")

    @classmethod
    def of(cls, record: DatasetRecord, note: str | None = None) -> "DatasetBody":
        """What is shown of a record."""
        return cls(
            **made_fields(record),
            name=record.name,
            source_uri=record.source_uri,
            contents=record.contents,
            note=note,
        )
