"""Routes of surveys."""

from collections.abc import Sequence

from fastapi import APIRouter, Depends, Response

from service.api.answers import again, posted
from service.api.lists import AskedOf
from service.api.parts import PartsOf, Reading, Writing
from service.api.routes import Route
from service.api.uploads import JSON, takes
from service.bodies.common import Items
from service.bodies.surveys import NewSurveyBody, SurveyBody
from service.database import Session
from service.records import SurveyRecord
from service.repositories import libraries, students, surveys
from service.surveyor import Surveyor

router = APIRouter(prefix="/v1", tags=["libraries"], route_class=Route)


@router.post(
    "/libraries/{library_id}/surveys",
    status_code=202,
    summary="Measure many students of a library",
    responses=again(SurveyBody),
    dependencies=[Depends(takes(JSON))],
)
def post(library_id: str, body: NewSurveyBody, parts: PartsOf, response: Response) -> SurveyBody:
    """Students are made all along the trade-off curve, and within a budget if one is given; a job
    measures them. Predictions learn from each as soon as it is measured.
    """
    found = Surveyor(parts.database, parts.shelves, parts.maker).post(library_id, body.settings)
    note = posted(response, found.made, f"/v1/surveys/{found.record.id}")
    with parts.database.reading() as session:
        return _bodies(session, [found.record], note)[0]


@router.get("/libraries/{library_id}/surveys", summary="List a library's surveys")
def listing(library_id: str, session: Reading, asked: AskedOf) -> Items[SurveyBody]:
    """Newest first."""
    libraries.get(session, library_id)
    found = surveys.listing(session, asked.page, library_id)
    return asked.answer(found, _bodies(session, found.items))


@router.get("/surveys/{survey_id}", summary="Show a survey")
def show(survey_id: str, session: Reading) -> SurveyBody:
    """What was predicted of each student, and what was measured so far."""
    return _bodies(session, [surveys.get(session, survey_id)])[0]


@router.delete("/surveys/{survey_id}", status_code=204, summary="Delete a survey")
def delete(survey_id: str, session: Writing) -> None:
    """Its students and what was measured of them stay. Refused while its job runs."""
    surveys.delete(session, survey_id)


def _bodies(
    session: Session, records: Sequence[SurveyRecord], note: str | None = None
) -> list[SurveyBody]:
    ids = [each for record in records for each in record.student_ids]
    found = {student.id: student for student in students.several(session, ids)}
    return [SurveyBody.of(record, found, note) for record in records]
