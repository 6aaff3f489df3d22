"""Routes of refinements."""

from fastapi import APIRouter, Depends, Response

from service.api.answers import again, posted
from service.api.lists import AskedOf
from service.api.parts import Reading, Writing
from service.api.routes import Route
from service.api.uploads import JSON, takes
from service.bodies.common import Items
from service.bodies.refinements import NewRefinementBody, RefinementBody
from service.failures import UnknownResource
from service.repositories import refinements, students

router = APIRouter(
    prefix="/v1/students/{student_id}/refinements", tags=["students"], route_class=Route
)


@router.post(
    "",
    status_code=202,
    summary="Refine a student",
    responses=again(RefinementBody),
    dependencies=[Depends(takes(JSON))],
)
def post(
    student_id: str, body: NewRefinementBody, session: Writing, response: Response
) -> RefinementBody:
    """A job makes every part of the student again on what it really gets, by the closed form and
    then by gradient, and measures the result: another student with this one as parent.
    """
    found = refinements.post(session, student_id, body.settings)
    path = f"/v1/students/{student_id}/refinements/{found.record.id}"
    return RefinementBody.of(found.record, posted(response, found.made, path))


@router.get("", summary="List a student's refinements")
def listing(student_id: str, session: Reading, asked: AskedOf) -> Items[RefinementBody]:
    """Newest first."""
    students.get(session, student_id)
    found = refinements.listing(session, asked.page, student_id)
    return asked.answer(found, [RefinementBody.of(record) for record in found.items])


@router.get("/{refinement_id}", summary="Show a refinement")
def show(student_id: str, refinement_id: str, session: Reading) -> RefinementBody:
    """Once it is ready, what was gained, and by which student."""
    record = refinements.get(session, refinement_id)
    if record.student_id != student_id:
        raise UnknownResource(refinements.KIND, refinement_id)
    return RefinementBody.of(record)
