"""Census: how many rows there are of what an operator watches."""

from collections.abc import Mapping

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from candidates.value import Value
from service.repositories import tallies
from service.tables import JobRow, StudentRow, UnitRow
from service.tables.base import WORK


class Census(Value):
    """Numbers by state, of every state; `tallies` by name."""

    units: Mapping[str, int]
    jobs: Mapping[str, int]
    students: int
    tallies: Mapping[str, int]


def take(session: Session) -> Census:
    """Counted along indices."""
    return Census(
        units=_by_state(session, UnitRow.state),
        jobs=_by_state(session, JobRow.state),
        students=session.scalar(select(func.count()).select_from(StudentRow)) or 0,
        tallies=tallies.totals(session),
    )


def _by_state(session: Session, column: InstrumentedAttribute[str]) -> dict[str, int]:
    found = session.execute(select(column, func.count()).group_by(column))
    return dict.fromkeys(WORK, 0) | {row[0]: row[1] for row in found}
