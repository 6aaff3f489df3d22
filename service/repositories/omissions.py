"""Omissions: what a library's recipe asks for and its neighbourhoods have not, with the reasons."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from candidates.candidate import Omitted
from service.repositories.pages import Listing, Order, Page, rows_of_page
from service.tables import OmissionRow


def add_all(
    session: Session, library_id: str, neighbourhood_index: int, omitted: Sequence[Omitted]
) -> None:
    """All omissions of one neighbourhood, in the order of the recipe's grid."""
    session.add_all(
        OmissionRow(
            library_id=library_id,
            neighbourhood_index=neighbourhood_index,
            position=position,
            **each.model_dump(mode="json"),
        )
        for position, each in enumerate(omitted)
    )
    session.flush()


def count(session: Session, library_id: str) -> int:
    """How many a library has so far."""
    query = select(func.count()).select_from(OmissionRow)
    return session.scalar(query.where(OmissionRow.library_id == library_id)) or 0


def listing(session: Session, library_id: str, page: Page) -> Listing[Omitted]:
    """In the order of the network, then of the recipe's grid."""
    mine = OmissionRow.library_id == library_id
    order = Order("place", (OmissionRow.neighbourhood_index, OmissionRow.position))
    rows, following = rows_of_page(session, OmissionRow, page, mine, order=order)
    return Listing(items=tuple(map(_omitted, rows)), next=following)


def _omitted(row: OmissionRow) -> Omitted:
    return Omitted(
        neighbourhood=row.neighbourhood, kind=row.kind, knobs=row.knobs, reason=row.reason
    )
