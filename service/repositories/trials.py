"""Trials of the iterative strategies."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from search.selection import Trial
from service.repositories.pages import Listing, Order, Page, rows_of_page
from service.tables import TrialRow


def add_all(session: Session, student_id: str, trials: Sequence[Trial]) -> None:
    """The trials that led to a student."""
    session.add_all(
        TrialRow(student_id=student_id, **trial.model_dump(mode="json")) for trial in trials
    )
    session.flush()


def listing(session: Session, student_id: str, page: Page) -> Listing[Trial]:
    """In the order they were made."""
    mine = TrialRow.student_id == student_id
    order = Order("number", (TrialRow.number,))
    rows, following = rows_of_page(session, TrialRow, page, mine, order=order)
    return Listing(items=tuple(map(_trial, rows)), next=following)


def _trial(row: TrialRow) -> Trial:
    return Trial(
        number=row.number, choices=tuple(row.choices), loss=row.loss, feasible=row.feasible
    )
