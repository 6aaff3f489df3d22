"""Routes of measured searches."""

from fastapi import APIRouter, Depends, Response

from service.api.answers import again, posted
from service.api.lists import AskedOf
from service.api.parts import PartsOf, Reading, Writing
from service.api.routes import Route
from service.api.uploads import JSON, takes
from service.bodies.common import Items
from service.bodies.searches import NewSearchBody, SearchBody, SearchTrialBody
from service.repositories import libraries, searches
from service.repositories.searches import NewSearch
from service.searcher import Searcher

router = APIRouter(prefix="/v1", tags=["searches"], route_class=Route)


@router.post(
    "/libraries/{library_id}/searches",
    status_code=202,
    summary="Search by measuring",
    responses=again(SearchBody),
    dependencies=[Depends(takes(JSON))],
)
def post(library_id: str, body: NewSearchBody, parts: PartsOf, response: Response) -> SearchBody:
    """A job begins with what the exact strategy finds best, then makes and measures what Optuna
    proposes, and ends in the student that measured best. Every trial is kept at once.
    """
    new = NewSearch(library_id=library_id, budget=body.budget, settings=body.settings)
    found = Searcher(parts.database, parts.shelves).post(new)
    note = posted(response, found.made, f"/v1/searches/{found.record.id}")
    with parts.database.reading() as session:
        library = libraries.get(session, library_id)
    return SearchBody.of(found.record, library.labels_from, note)


@router.get("/libraries/{library_id}/searches", summary="List a library's measured searches")
def listing(library_id: str, session: Reading, asked: AskedOf) -> Items[SearchBody]:
    """Newest first."""
    labels = libraries.get(session, library_id).labels_from
    found = searches.listing(session, asked.page, library_id)
    return asked.answer(found, [SearchBody.of(record, labels) for record in found.items])


@router.get("/searches/{search_id}", summary="Show a measured search")
def show(search_id: str, session: Reading) -> SearchBody:
    """How far it is and the best so far, also while it runs."""
    record = searches.get(session, search_id)
    return SearchBody.of(record, libraries.get(session, record.library_id).labels_from)


@router.delete("/searches/{search_id}", status_code=204, summary="Delete a measured search")
def delete(search_id: str, session: Writing) -> None:
    """With its trials; the student that came of it stays. Refused while its job runs."""
    searches.delete(session, search_id)


@router.get("/searches/{search_id}/trials", summary="List a search's trials")
def list_trials(search_id: str, session: Reading, asked: AskedOf) -> Items[SearchTrialBody]:
    """In the order in which they were measured, also while it runs."""
    searches.get(session, search_id)
    found = searches.trials(session, search_id, asked.page)
    return asked.answer(found, [SearchTrialBody.of(each) for each in found.items])
