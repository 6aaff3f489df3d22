"""Keep what strategies say of their answers, and call the paper's rule by its new name."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

STUDENTS = sa.table(
    "students",
    *(sa.column(name) for name in ("id", "library_id", "digest", "strategy")),
    sa.column("budget", sa.JSON()),
    sa.column("settings", sa.JSON()),
)


def upgrade() -> None:
    """Unknown for the students there are; those of the rule 'greedy' are found as 'threshold'."""
    op.add_column("students", sa.Column("answer", sa.JSON(), nullable=True))
    _rename("greedy", "threshold")
    _rename("exchange", "greedy")


def downgrade() -> None:
    """Forget it; what is 'greedy' now gets a name that no old wish has."""
    _rename("greedy", "exchange")
    _rename("threshold", "greedy")
    op.drop_column("students", "answer")


def _rename(before: str, after: str) -> None:
    connection = op.get_bind()
    rows = connection.execute(sa.select(STUDENTS).where(STUDENTS.c.strategy == before)).all()
    for row in rows:
        known = row.digest == _digest(row, before)
        digest = _digest(row, after) if known else row.digest
        change = sa.update(STUDENTS).where(STUDENTS.c.id == row.id)
        connection.execute(change.values(strategy=after, digest=digest))


def _digest(row: sa.Row[Any], strategy: str) -> str:
    """Of the wish for this student; that of a refined one is of something else."""
    limits = dict.fromkeys(("parameters", "macs", "bytes", "accuracy_drop")) | row.budget
    wish = {
        "library_id": row.library_id,
        "budget": limits,
        "strategy": strategy,
        "settings": row.settings,
    }
    text = json.dumps(wish, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
