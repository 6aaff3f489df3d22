"""Routes of teachers."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Response
from pydantic import ValidationError

from candidates.assembly import PROGRAM_KEY
from candidates.checkpoint import Checkpoint
from candidates.complaint import Complaint
from candidates.errors import InvalidRecipe
from candidates.recipe import TeacherRecipe
from candidates.sources.allowed import check_recipe
from candidates.sources.kinds import check_architecture, kind_of
from service.api.answers import again, posted
from service.api.arrivals import Arrived, arrived_file
from service.api.forms import TeacherForm
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


@router.post(
    "",
    status_code=202,
    summary="Post a teacher",
    responses=again(TeacherBody),
    dependencies=[Depends(takes(MULTIPART))],
)
def post(
    form: Annotated[TeacherForm, Form(media_type=MULTIPART)],
    parts: PartsOf,
    session: Writing,
    response: Response,
) -> TeacherBody:
    """Recipe and file; a job then reads, checks and splits the network.

    The file is a state dict of the recipe's architecture, as safetensors or as torch.save writes
    it (.pth, .pt); or it brings its own network, and the recipe names no architecture: a .pt2 of
    torch.export.save, or safetensors that hold a network, such as a student's. A large one is
    better sent to /v1/uploads, and named here by its id.
    """
    recipe = _recipe(form.recipe)
    arrived = arrived_file(parts, form.weights, form.upload, "weights")
    weights = _stored(arrived, recipe, parts)
    new = NewTeacher(name=form.name, recipe=recipe, weights=weights, licence=form.licence)
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
        where, why = Complaint.of(exc)
        place = f"recipe.{where}" if where else "recipe"
        raise InvalidRecipe(f"{place}: {why}.") from exc
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
