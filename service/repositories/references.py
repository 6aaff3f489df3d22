"""References: which files of the store the database names, and where."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Column, Table, select
from sqlalchemy.orm import Session

from service.tables import Base

SUFFIX = "sha256"
"""How the names of columns end that name a file, and of no others but one."""
NO_FILE = {("tokens", "secret_sha256")}


def columns() -> list[tuple[Table, Column[Any]]]:
    """All that name a file."""
    return [
        (table, column)
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if column.name.endswith(SUFFIX) and (table.name, column.name) not in NO_FILE
    ]


def all_of(session: Session) -> set[str]:
    """Of all owners: the session must not be restricted to one."""
    found: set[str] = set()
    for _, column in columns():
        found.update(session.scalars(select(column).where(column.is_not(None)).distinct()))
    return found


def places(session: Session, sha256: str) -> Iterator[str]:
    """What refers to a file, in words."""
    for table, column in columns():
        for row_id in session.scalars(select(table.c.id).where(column == sha256)):
            yield f"{column.name} of '{row_id}' ({table.name})"
