"""Tallies: how often something happened, counted where it happens, by whichever process.

Each is spread over several rows, so that processes which count the same rarely wait for each other.
"""

import secrets
from collections.abc import Callable

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from service.tables import TallyRow

NUM_PARTS = 16
INSERTS: dict[str, Callable[..., postgresql.Insert | sqlite.Insert]] = {
    "postgresql": postgresql.insert,
    "sqlite": sqlite.insert,
}


def add(session: Session, name: str) -> None:
    """One more; to be the last of its transaction, which may make others wait."""
    insert = INSERTS[session.get_bind().dialect.name]
    row = insert(TallyRow).values(name=name, part=secrets.randbelow(NUM_PARTS), count=1)
    session.execute(
        row.on_conflict_do_update(
            index_elements=["name", "part"], set_={"count": TallyRow.count + 1}
        )
    )


def totals(session: Session) -> dict[str, int]:
    """By name, for all that were ever counted."""
    query = select(TallyRow.name, func.sum(TallyRow.count)).group_by(TallyRow.name)
    return {name: int(total) for name, total in session.execute(query)}
