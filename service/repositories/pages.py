"""Pages of a list; a cursor names the list, its order, and where in it the page before ended."""

import base64
import json
from collections.abc import Mapping
from typing import Any, Generic, Literal, NamedTuple, TypeVar

from pydantic import Field
from sqlalchemy import ColumnElement, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from candidates.value import Value
from service.failures import InvalidCursor
from service.tables import Base, Identified

Item = TypeVar("Item")
Row = TypeVar("Row", bound=Base)
Sort = Literal["-created_at", "created_at"]
LARGEST_INTEGER = 2**63 - 1


class Page(Value):
    """Which part of a list is wanted."""

    limit: int = Field(default=50, ge=1, le=500, description="Most items of one page.")
    cursor: str | None = Field(default=None, description="'next' of the page before.")


class Listing(Value, Generic[Item]):
    """One page; `next` is None on the last one."""

    items: tuple[Item, ...]
    next: str | None


class Order(NamedTuple):
    """An order in which no two rows are equal; its name is that by which callers ask for it."""

    name: str
    columns: tuple[InstrumentedAttribute[Any], ...]
    descending: bool = False

    @classmethod
    def named(cls, sort: str, *columns: InstrumentedAttribute[Any]) -> "Order":
        """A name that begins with a minus is that of the descending one."""
        return cls(sort, columns, sort.startswith("-"))


def rows_of_page(
    session: Session,
    table: type[Row],
    page: Page,
    *conditions: ColumnElement[bool],
    order: Order | None = None,
) -> tuple[list[Row], str | None]:
    """The rows of a page, newest first unless told otherwise, and the cursor of the page after it.

    Raises InvalidCursor for one of another list or order.
    """
    order = order or by_creation(table)
    ordering = [each.desc() if order.descending else each for each in order.columns]
    query = select(table).where(*conditions).order_by(*ordering).limit(page.limit + 1)
    if page.cursor is not None:
        columns, place = tuple_(*order.columns), _place(table, order, page.cursor)
        query = query.where(columns < place if order.descending else columns > place)
    rows = list(session.scalars(query))
    shown = rows[: page.limit]
    return shown, _cursor(table, order, shown[-1]) if len(rows) > page.limit else None


def by_creation(table: type[Row], sort: Sort = "-created_at") -> Order:
    """The order of ids is that of creation."""
    assert issubclass(table, Identified)
    return Order.named(sort, table.id)


def matching(wanted: Mapping[InstrumentedAttribute[Any], object]) -> list[ColumnElement[bool]]:
    """The conditions that these columns have these values, but for those that are None."""
    return [column == value for column, value in wanted.items() if value is not None]


def _cursor(table: type[Row], order: Order, row: Row) -> str:
    values = [getattr(row, column.key) for column in order.columns]
    written = json.dumps([table.__tablename__, order.name, *values], separators=(",", ":"))
    return base64.urlsafe_b64encode(written.encode()).decode().rstrip("=")


def _place(table: type[Row], order: Order, cursor: str) -> tuple[Any, ...]:
    """What `_cursor` wrote."""
    try:
        padding = "=" * (-len(cursor) % 4)
        name, sort, *values = json.loads(base64.b64decode(cursor + padding, b"-_", validate=True))
    except (ValueError, TypeError, RecursionError) as exc:
        raise InvalidCursor(cursor) from exc
    fits = len(values) == len(order.columns) and all(map(_fits, values, order.columns))
    if (name, sort) != (table.__tablename__, order.name) or not fits:
        raise InvalidCursor(cursor)
    return tuple(values)


def _fits(value: object, column: InstrumentedAttribute[Any]) -> bool:
    if type(value) is not column.type.python_type:
        return False
    if isinstance(value, int):
        return abs(value) <= LARGEST_INTEGER
    return not isinstance(value, str) or "\0" not in value
