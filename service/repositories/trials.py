"""Trials of the iterative strategies."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from search.selection import Trial
from service.failures import InvalidCursor
from service.repositories.pages import Listing, Page
from service.tables import TrialRow


def add_all(session: Session, student_id: str, trials: Sequence[Trial]) -> None:
    """The trials that led to a student."""
    session.add_all(
        TrialRow(student_id=student_id, **trial.model_dump(mode="json")) for trial in trials
    )
    session.flush()


def listing(session: Session, student_id: str, page: Page) -> Listing[Trial]:
    """In the order they were made."""
    query = select(TrialRow).where(TrialRow.student_id == student_id).order_by(TrialRow.number)
    if page.cursor is not None:
        query = query.where(TrialRow.number > _number(page.cursor))
    rows = list(session.scalars(query.limit(page.limit + 1)))
    shown = rows[: page.limit]
    following = str(shown[-1].number) if len(rows) > page.limit else None
    return Listing(items=tuple(map(_trial, shown)), next=following)


def _number(cursor: str) -> int:
    try:
        return int(cursor)
    except ValueError as exc:
        raise InvalidCursor(cursor) from exc


def _trial(row: TrialRow) -> Trial:
    return Trial(
        number=row.number, choices=tuple(row.choices), loss=row.loss, feasible=row.feasible
    )
