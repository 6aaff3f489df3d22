"""Pages of a list, newest first; the cursor is the last id of the page before."""

import re
from typing import Generic, NamedTuple, TypeVar

from pydantic import Field
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from candidates.value import Value
from service.failures import InvalidCursor
from service.tables import Base, Identified

Item = TypeVar("Item")


class Page(Value):
    """Which part of a list is wanted."""

    limit: int = Field(default=50, ge=1, le=500, description="Most items of one page.")
    cursor: str | None = Field(default=None, description="'next' of the page before.")


class Listing(Value, Generic[Item]):
    """One page; `next` is None on the last one."""

    items: tuple[Item, ...]
    next: str | None


Row = TypeVar("Row", bound=Base)


def rows_of_page(
    session: Session, table: type[Row], page: Page, *conditions: ColumnElement[bool]
) -> tuple[list[Row], str | None]:
    """The rows of a page and the cursor of the page after it."""
    assert issubclass(table, Identified)
    query = select(table).where(*conditions).order_by(table.id.desc()).limit(page.limit + 1)
    if page.cursor is not None:
        query = query.where(table.id < _checked(page.cursor))
    rows = list(session.scalars(query))
    shown = rows[: page.limit]
    return shown, shown[-1].id if len(rows) > page.limit else None


class Place(NamedTuple):
    """Where a page ends in a list that follows a network: within a neighbourhood."""

    neighbourhood_index: int
    position: int

    @classmethod
    def of(cls, cursor: str) -> "Place":
        """What `str` gave; InvalidCursor."""
        try:
            index, position = map(int, cursor.split("."))
        except ValueError as exc:
            raise InvalidCursor(cursor) from exc
        return cls(index, position)

    def __str__(self) -> str:
        return f"{self.neighbourhood_index}.{self.position}"

    def before(
        self, index: InstrumentedAttribute[int], position: InstrumentedAttribute[int]
    ) -> ColumnElement[bool]:
        """The condition of lying behind this place, for the columns that hold places."""
        inside = (index == self.neighbourhood_index) & (position > self.position)
        return (index > self.neighbourhood_index) | inside


def _checked(cursor: str) -> str:
    if not re.fullmatch(r"[a-z]+_[0-9a-f]{28}", cursor):
        raise InvalidCursor(cursor)
    return cursor
