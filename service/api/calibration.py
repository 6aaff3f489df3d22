"""The route of a library's calibration."""

from fastapi import APIRouter

from search.calibration import calibration
from service.api.parts import PartsOf, Reading
from service.api.routes import Route
from service.bodies.calibration import CalibrationBody
from service.shelves import is_teaching

router = APIRouter(prefix="/v1/libraries", tags=["libraries"], route_class=Route)


@router.get("/{library_id}/calibration", summary="Show how far predictions can be trusted")
def show(library_id: str, session: Reading, parts: PartsOf) -> CalibrationBody:
    """Of the students measured, how many fell inside the 90 % interval predicted for them: when
    they were made, and as the others would predict them today.
    """
    shelf = parts.shelves.of(session, library_id)
    records = [each for each in shelf.measured if is_teaching(each)]
    found = calibration(shelf.problem)
    return CalibrationBody.of(library_id, shelf.library.labels_from, found, records)
