"""Forms: what a body of multipart/form-data may hold."""

from typing import Annotated

from fastapi import UploadFile
from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema

from candidates.licence import Licence
from service.bodies.datasets import Name

LICENCE = (
    "Under which terms the weights may be used, as an SPDX expression or in words; students "
    "inherit it. If the same teacher was posted before, this replaces what was told then."
)
EXAMPLE = (
    '{"architecture": "cifar_resnet20", "kwargs": {"num_classes": 10}, "input": [3, 32, 32], '
    '"preprocessing": {"mean": [0.49, 0.48, 0.45], "std": [0.25, 0.24, 0.26]}}'
)


class TeacherForm(BaseModel):
    """A teacher that is posted, with its file or the id of an upload of it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "name": "digits",
                    "licence": "Apache-2.0",
                    "recipe": EXAMPLE,
                    "upload": "upload_0199f3c2a1b4c0ffee00c0ffee00",
                }
            ]
        },
    )

    name: Name
    recipe: Annotated[str, Field(min_length=2, description="A recipe as JSON.", examples=[EXAMPLE])]
    weights: Annotated[
        UploadFile | SkipJsonSchema[None],
        Field(description="Unless it was uploaded.", json_schema_extra={"format": "binary"}),
    ] = None
    upload: Annotated[str | None, Field(description="Id of a complete upload instead.")] = None
    licence: Annotated[Licence | SkipJsonSchema[None], Field(description=LICENCE)] = None


class DatasetForm(BaseModel):
    """Images that are posted, with their archive."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"name": "digits", "archive": "a tar file"}]},
    )

    name: Name
    archive: Annotated[
        UploadFile,
        Field(
            description="A tar or zip archive with one folder of images for each class.",
            json_schema_extra={"format": "binary"},
        ),
    ]
