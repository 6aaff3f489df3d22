"""Ownership: whose rows a session sees and makes.

This is the one place where owners are kept apart. A session that is restricted to an owner finds,
changes and deletes no row of another, whatever a query says, and what it adds belongs to its owner;
so a new route or a new table cannot forget it. Rows without an owner of their own, such as
candidates, are whose that is to which their foreign key leads. Queries must go through the mapped
classes: those on bare tables are not seen here.
"""

from functools import cache
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, event, exists
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction, with_loader_criteria

from service.tables import DEFAULT_OWNER, Base, Identified

_OWNER = "owner_id"


class OwnedSession(Session):
    """A session that may be restricted to an owner."""


def restrict(session: Session, owner_id: str) -> None:
    """From now on an `OwnedSession` sees only what this owner has."""
    session.info[_OWNER] = owner_id


@event.listens_for(OwnedSession, "do_orm_execute")
def _only_the_owners(state: ORMExecuteState) -> None:
    owner_id = state.session.info.get(_OWNER)
    if owner_id is None:
        return
    options = [
        with_loader_criteria(
            Identified, lambda table: table.owner_id == owner_id, include_aliases=True
        )
    ]
    for mapper in state.all_mappers:
        row: type[Base] = mapper.class_
        column = _parent_column(row)
        if column is not None:
            options.append(with_loader_criteria(row, _leads_to(column, owner_id)))
    state.statement = state.statement.options(*options)


@event.listens_for(OwnedSession, "before_flush")
def _give_to_the_owner(session: Session, _context: UOWTransaction, _instances: Any) -> None:
    """What nobody in particular makes belongs to the first owner."""
    for row in session.new:
        if isinstance(row, Identified) and row.owner_id is None:
            row.owner_id = session.info.get(_OWNER, DEFAULT_OWNER)


@cache
def _parent_column(row: type[Base]) -> Column[Any] | None:
    """The foreign key of rows without an owner to the table of those that have one, if any."""
    if issubclass(row, Identified):
        return None
    columns = row.metadata.tables[row.__tablename__].columns
    return next((each for each in columns if _parent(each) is not None), None)


def _parent(column: Column[Any]) -> Table | None:
    tables = (key.column.table for key in column.foreign_keys)
    return next((table for table in tables if _OWNER in table.columns), None)


def _leads_to(column: Column[Any], owner_id: str) -> ColumnElement[bool]:
    table = _parent(column)
    assert table is not None, "columns without one were left out"
    parent = table.alias()
    return exists().where(parent.c.id == column, parent.c.owner_id == owner_id)
