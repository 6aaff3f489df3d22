"""Routes of teachers."""

from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Response, UploadFile
from pydantic import ValidationError
from pydantic.json_schema import SkipJsonSchema

from candidates.assembly import PROGRAM_KEY
from candidates.checkpoint import Checkpoint
from candidates.errors import InvalidRecipe
from candidates.licence import Licence
from candidates.recipe import TeacherRecipe
from candidates.sources.allowed import check_recipe
from candidates.sources.kinds import check_architecture, kind_of
from service.api.answers import again, posted
from service.api.arrivals import Arrived, arrived_file
from service.api.lists import AskedOf, NameOf, SortOf
from service.api.parts import Parts, PartsOf, Reading, Writing
from service.api.routes import Route
from service.api.uploads import MULTIPART, takes
from service.bodies.common import Items
from service.bodies.splits import Neighbourhoods
from service.bodies.teachers import TeacherBody
from service.records import State, StoredFile
from service.repositories import teachers
from service.repositories.teachers import NewTeacher

router = APIRouter(prefix="/v1/teachers", tags=["teachers"], route_class=Route)

EXAMPLE = (
    '{"architecture": "cifar_resnet20", "kwargs": {"num_classes": 10}, "input": [3, 32, 32], '
    '"preprocessing": {"mean": [0.49, 0.48, 0.45], "std": [0.25, 0.24, 0.26]}}'
)
Weights = Annotated[
    UploadFile | SkipJsonSchema[None],
    File(description="Unless it was uploaded.", json_schema_extra={"format": "binary"}),
]
LICENCE = (
    "Under which terms the weights may be used, as an SPDX expression or in words; students "
    "inherit it. If the same teacher was posted before, this replaces what was told then."
)
FORM = {
    "name": "digits",
    "licence": "Apache-2.0",
    "recipe": EXAMPLE,
    "upload": "upload_0199f3c2a1b4c0ffee00c0ffee00",
}


@router.post(
    "",
    status_code=202,
    summary="Post a teacher",
    responses=again(TeacherBody),
    dependencies=[Depends(takes(MULTIPART))],
    openapi_extra={"requestBody": {"content": {MULTIPART: {"example": FORM}}}},
)
def post(  # noqa: PLR0913 - one argument for every part of the form
    name: Annotated[str, Form(min_length=1, max_length=200)],
    recipe: Annotated[str, Form(min_length=2, description="A recipe as JSON.", examples=[EXAMPLE])],
    parts: PartsOf,
    session: Writing,
    response: Response,
    weights: Weights = None,
    upload: Annotated[str | None, Form(description="Id of a complete upload instead.")] = None,
    licence: Annotated[Licence | SkipJsonSchema[None], Form(description=LICENCE)] = None,
) -> TeacherBody:
    """Recipe and file; a job then reads, checks and splits the network.

    The file is a state dict of the recipe's architecture, as safetensors or as torch.save writes
    it (.pth, .pt); or it brings its own network, and the recipe names no architecture: a .pt2 of
    torch.export.save, or safetensors that hold a network, such as a student's. A large one is
    better sent to /v1/uploads, and named here by its id.
    """
    checked = _recipe(recipe)
    arrived = arrived_file(parts, weights, upload, "weights")
    new = NewTeacher(
        name=name, recipe=checked, weights=_stored(arrived, checked, parts), licence=licence
    )
    found = teachers.post(session, new)
    note = posted(response, found.made, f"/v1/teachers/{found.record.id}")
    return TeacherBody.of(found.record, note)


@router.get("", summary="List teachers")
def listing(
    session: Reading,
    asked: AskedOf,
    state: State | None = None,
    name: NameOf = None,
    sort: SortOf = "-created_at",
) -> Items[TeacherBody]:
    """Newest first."""
    found = teachers.listing(session, asked.page, state, name, sort)
    return asked.answer(found, [TeacherBody.of(record) for record in found.items])


@router.get("/{teacher_id}", summary="Show a teacher")
def show(teacher_id: str, session: Reading) -> TeacherBody:
    """Its costs and how much of it can shrink, once it is ready."""
    return TeacherBody.of(teachers.get(session, teacher_id))


@router.get("/{teacher_id}/neighbourhoods", summary="Show how a teacher was split")
def neighbourhoods(teacher_id: str, session: Reading) -> Neighbourhoods:
    """All neighbourhoods at block granularity, on one page, and what is left out and why."""
    split = teachers.get_ready(session, teacher_id).split
    assert split is not None, "a ready teacher is split"
    return Neighbourhoods.of(split)


@router.delete("/{teacher_id}", status_code=204, summary="Delete a teacher")
def delete(teacher_id: str, session: Writing) -> None:
    """Refused while a library refers to it."""
    teachers.delete(session, teacher_id)


def _recipe(text: str) -> TeacherRecipe:
    """Raises InvalidRecipe, naming the first field that is wrong."""
    try:
        recipe = TeacherRecipe.model_validate_json(text)
    except ValidationError as exc:
        first = exc.errors()[0]
        where = ".".join(map(str, ("recipe", *first["loc"])))
        message = first["msg"].removeprefix("Value error, ")
        raise InvalidRecipe(f"{where}: {message}.") from exc
    if recipe.architecture is not None:
        check_recipe(recipe)
    return recipe


def _stored(arrived: Arrived, recipe: TeacherRecipe, parts: Parts) -> StoredFile:
    """Kept only if it is of a kind that can be read, and either it or the recipe says what network
    it is; the job sees whether the weights fit.
    """
    with parts.artifacts.scratch() as path:
        arrived(path)
        kind = kind_of(path)
        brings_program = kind == "exported"
        if kind == "safetensors":
            brings_program = PROGRAM_KEY in Checkpoint.read(path).metadata
        check_architecture(recipe, kind, brings_program)
        return parts.artifacts.adopt(path)
