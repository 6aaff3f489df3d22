"""Ownership: whose rows a session sees and makes.

This is the one place where owners are kept apart. A session that is restricted to an owner finds,
changes and deletes no row of another, whatever a query says, and what it adds belongs to its owner;
so a new route or a new table cannot forget it. Queries must go through the mapped classes: those on
bare tables are not seen here.
"""

from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction, with_loader_criteria

from service.tables import DEFAULT_OWNER, Identified

_OWNER = "owner_id"


class OwnedSession(Session):
    """A session of one owner's, as `restricted` makes it."""


def restrict(session: Session, owner_id: str) -> None:
    """From now on a session of `OwnedSession` sees only what this owner has."""
    session.info[_OWNER] = owner_id


@event.listens_for(OwnedSession, "do_orm_execute")
def _only_the_owners(state: ORMExecuteState) -> None:
    owner_id = state.session.info.get(_OWNER)
    if owner_id is not None:
        mine = with_loader_criteria(
            Identified, lambda table: table.owner_id == owner_id, include_aliases=True
        )
        state.statement = state.statement.options(mine)


@event.listens_for(OwnedSession, "before_flush")
def _give_to_the_owner(session: Session, _context: UOWTransaction, _instances: Any) -> None:
    """What nobody in particular makes belongs to the first owner."""
    for row in session.new:
        if isinstance(row, Identified) and row.owner_id is None:
            row.owner_id = session.info.get(_OWNER, DEFAULT_OWNER)
