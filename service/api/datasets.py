"""Routes of data sets."""

import hashlib
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any, TypeVar
from urllib.parse import unquote, urlsplit

from fastapi import APIRouter, Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import TypeAdapter, ValidationError

from service.api.answers import again, posted
from service.api.arrivals import Arrived, arrived_upload
from service.api.forms import DatasetForm
from service.api.lists import AskedOf, NameOf, SortOf
from service.api.parts import Parts, PartsOf, Reading, Writing
from service.api.routes import Route
from service.api.uploads import JSON, MULTIPART, save, takes
from service.bodies.common import Items
from service.bodies.datasets import DatasetBody, DatasetByUpload, DatasetByUri
from service.errors import SourceNotAllowed
from service.intactness import file_sha256
from service.records import State
from service.repositories import datasets
from service.repositories.datasets import NewDataset

Checked = TypeVar("Checked")


Posted = DatasetByUri | DatasetByUpload | DatasetForm

router = APIRouter(prefix="/v1/datasets", tags=["datasets"], route_class=Route)

DESCRIBED = (DatasetByUri, DatasetByUpload)
_UPLOAD = DatasetForm.model_json_schema()
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            MULTIPART: {"schema": _UPLOAD, "example": _UPLOAD["examples"][0]},
            JSON: {
                "schema": {"anyOf": [each.model_json_schema() for each in DESCRIBED]},
                "examples": {
                    each.__name__: {"value": each.model_json_schema()["examples"][0]}
                    for each in DESCRIBED
                },
            },
        },
    }
}


async def _source(
    request: Request, media_type: Annotated[str, Depends(takes(MULTIPART, JSON))]
) -> AsyncIterator[Posted]:
    """What was posted; these kinds of body are more than the framework can tell apart by itself."""
    if media_type == JSON:
        yield _described(await request.body())
        return
    async with request.form() as form:
        yield _checked(DatasetForm.model_validate, dict(form))


Source = Annotated[Posted, Depends(_source)]


@router.post(
    "", status_code=202, summary="Post images", responses=again(DatasetBody), openapi_extra=_BODY
)
def post(source: Source, parts: PartsOf, session: Writing, response: Response) -> DatasetBody:
    """An archive as multipart/form-data; or as JSON the id of a complete upload of one, or the URI
    of a place the service may read.
    """
    if isinstance(source, DatasetByUri):
        new = _by_uri(source, parts.settings.data_roots)
    elif isinstance(source, DatasetByUpload):
        new = _stored(source.name, arrived_upload(parts, source.upload), parts)
    else:
        new = _stored(source.name, partial(save, source.archive.file), parts)
    found = datasets.post(session, new)
    note = posted(response, found.made, f"/v1/datasets/{found.record.id}")
    return DatasetBody.of(found.record, note)


@router.get("", summary="List data sets")
def listing(
    session: Reading,
    asked: AskedOf,
    state: State | None = None,
    name: NameOf = None,
    sort: SortOf = "-created_at",
) -> Items[DatasetBody]:
    """Newest first."""
    found = datasets.listing(session, asked.page, state, name, sort)
    return asked.answer(found, [DatasetBody.of(record) for record in found.items])


@router.get("/{dataset_id}", summary="Show a data set")
def show(dataset_id: str, session: Reading) -> DatasetBody:
    """What was found in it, once it is ready."""
    return DatasetBody.of(datasets.get(session, dataset_id))


@router.delete("/{dataset_id}", status_code=204, summary="Delete a data set")
def delete(dataset_id: str, session: Writing) -> None:
    """Refused while a library refers to it."""
    datasets.delete(session, dataset_id)


def _described(body: bytes) -> DatasetByUri | DatasetByUpload:
    """Whether it is an upload is told by its field, so that errors speak of what was meant."""
    given = _checked(TypeAdapter(Any).validate_json, body)
    if isinstance(given, dict) and "upload" in given:
        return _checked(DatasetByUpload.model_validate, given)
    return _checked(DatasetByUri.model_validate, given)


def _stored(name: str, arrived: Arrived, parts: Parts) -> NewDataset:
    with parts.artifacts.scratch() as path:
        arrived(path)
        stored = parts.artifacts.adopt(path)
    return NewDataset(name=name, digest=stored.sha256, source_sha256=stored.sha256)


def _by_uri(source: DatasetByUri, roots: tuple[Path, ...]) -> NewDataset:
    path = _allowed(source.uri, roots)
    return NewDataset(name=source.name, digest=_digest(path), source_uri=path.as_uri())


def _allowed(uri: str, roots: tuple[Path, ...]) -> Path:
    parts = urlsplit(uri)
    if parts.scheme != "file" or parts.netloc not in {"", "localhost"}:
        raise SourceNotAllowed(
            f"The URI '{uri}' is not file:///… . Upload the images as an archive instead."
        )
    path = Path(unquote(parts.path)).resolve()
    if not any(path.is_relative_to(root.resolve()) for root in roots):
        raise SourceNotAllowed(
            f"'{path}' does not lie in a folder that this service may read. "
            "Name its folder in the setting data_roots, or upload the images as an archive."
        )
    if not path.exists():
        raise SourceNotAllowed(f"There is nothing at '{path}'. Check the path for typing.")
    return path


def _digest(path: Path) -> str:
    """Of a file its content; of a folder what lies in it, with sizes and times of change."""
    if path.is_file():
        return file_sha256(path)
    total = hashlib.sha256(str(path).encode())
    for file in sorted(path.rglob("*")):
        status = file.stat()
        total.update(f"{file.relative_to(path)}|{status.st_size}|{status.st_mtime_ns}\n".encode())
    return total.hexdigest()


def _checked(parse: Callable[[Any], Checked], given: object, *where: str) -> Checked:
    try:
        return parse(given)
    except ValidationError as exc:
        errors = [{**each, "loc": ("body", *where, *each["loc"])} for each in exc.errors()]
        raise RequestValidationError(errors) from exc
