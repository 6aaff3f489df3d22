"""Routes of libraries and their candidates."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from candidates.candidate import Omitted
from service.api.answers import again, posted
from service.api.lists import ORDER, AskedOf, SortOf
from service.api.parts import Reading, Writing
from service.api.routes import Route
from service.api.uploads import JSON, takes
from service.bodies.common import Items
from service.bodies.libraries import (
    CandidateBody,
    LibraryBody,
    NewLibraryBody,
)
from service.bodies.splits import Neighbourhoods
from service.failures import ResourceNotReady
from service.records import State
from service.repositories import candidates, libraries, omissions, teachers
from service.repositories.candidates import CandidateSort, Wanted
from service.repositories.libraries import NewLibrary

Most = Annotated[int | None, Query(ge=0, lt=2**63, description="Only those up to this.")]


async def _wanted(
    neighbourhood: Annotated[str | None, Query(description="Only this one's, by name.")] = None,
    kind: Annotated[str | None, Query(description="width, sparse, identity, …")] = None,
    max_parameters: Most = None,
    max_macs: Most = None,
    max_bytes: Most = None,
    max_kl: Annotated[float | None, Query(ge=0, description="In nats, up to this.")] = None,
) -> Wanted:
    return Wanted(
        neighbourhood=neighbourhood,
        kind=kind,
        max_parameters=max_parameters,
        max_macs=max_macs,
        max_bytes=max_bytes,
        max_kl=max_kl,
    )


WantedOf = Annotated[Wanted, Depends(_wanted)]

router = APIRouter(prefix="/v1", tags=["libraries"], route_class=Route)


@router.post(
    "/teachers/{teacher_id}/libraries",
    status_code=202,
    summary="Build a library",
    responses=again(LibraryBody),
    dependencies=[Depends(takes(JSON))],
)
def post(
    teacher_id: str, body: NewLibraryBody, session: Writing, response: Response
) -> LibraryBody:
    """A job makes and scores every candidate of a teacher that is ready.

    At block granularity the neighbourhoods are those that the teacher shows; at any other the job
    finds them first.
    """
    new = NewLibrary(teacher_id=teacher_id, dataset_id=body.dataset, recipe=body.recipe)
    found = libraries.post(session, new)
    note = posted(response, found.made, f"/v1/libraries/{found.record.id}")
    return LibraryBody.of(found.record, note)


@router.get("/teachers/{teacher_id}/libraries", summary="List a teacher's libraries")
def of_teacher(
    teacher_id: str,
    session: Reading,
    asked: AskedOf,
    state: State | None = None,
    sort: SortOf = "-created_at",
) -> Items[LibraryBody]:
    """Newest first."""
    teachers.get(session, teacher_id)
    found = libraries.listing(session, asked.page, teacher_id, state, sort=sort)
    return asked.answer(found, [LibraryBody.of(record) for record in found.items])


@router.get("/libraries", summary="List libraries")
def listing(
    session: Reading,
    asked: AskedOf,
    state: State | None = None,
    teacher: Annotated[str | None, Query(description="Only this one's, by its id.")] = None,
    dataset: Annotated[str | None, Query(description="Only those made on this one.")] = None,
    sort: SortOf = "-created_at",
) -> Items[LibraryBody]:
    """Newest first."""
    found = libraries.listing(session, asked.page, teacher, state, dataset, sort)
    return asked.answer(found, [LibraryBody.of(record) for record in found.items])


@router.get("/libraries/{library_id}", summary="Show a library")
def show(library_id: str, session: Reading) -> LibraryBody:
    """Its progress counts candidates."""
    return LibraryBody.of(libraries.get(session, library_id))


@router.get("/libraries/{library_id}/neighbourhoods", summary="Show how a library's teacher is cut")
def neighbourhoods(library_id: str, session: Reading) -> Neighbourhoods:
    """All neighbourhoods at the library's granularity, on one page, and what is left out and why.

    Other than at block granularity they are known once the job has found them.
    """
    library = libraries.get(session, library_id)
    if library.split is None:
        raise ResourceNotReady("list of neighbourhoods of library", library_id, library.state)
    return Neighbourhoods.of(library.split)


@router.delete("/libraries/{library_id}", status_code=204, summary="Delete a library")
def delete(library_id: str, session: Writing) -> None:
    """With its candidates; refused while a student refers to it."""
    libraries.delete(session, library_id)


@router.get("/libraries/{library_id}/candidates", summary="List a library's candidates")
def list_candidates(
    library_id: str,
    session: Reading,
    asked: AskedOf,
    wanted: WantedOf,
    sort: Annotated[CandidateSort, Query(description=ORDER)] = "place",
) -> Items[CandidateBody]:
    """In the order of the network; while the library is being made, those there are so far."""
    libraries.get(session, library_id)
    found = candidates.listing(session, library_id, asked.page, wanted, sort)
    return asked.answer(found, [CandidateBody.of(record) for record in found.items])


@router.get("/libraries/{library_id}/omissions", summary="List what a library has not")
def list_omissions(library_id: str, session: Reading, asked: AskedOf) -> Items[Omitted]:
    """Candidates that the recipe asks for and a neighbourhood cannot have, with the reason."""
    libraries.get(session, library_id)
    found = omissions.listing(session, library_id, asked.page)
    return asked.answer(found, found.items)
