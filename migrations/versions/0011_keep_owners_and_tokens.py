"""Keep owners and their tokens; all that there is belongs to the first owner."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

FIRST = "owner_0000000000000000000000000000"
TABLES = (
    "jobs", "datasets", "teachers", "libraries", "students", "measurements", "refinements",
    "surveys", "searches", "devices", "latency_tables", "student_latencies",
)  # fmt: skip
UNIQUE = {"datasets": "digest", "teachers": "digest", "devices": "name"}
"""What was unique among all, and is from now on among an owner's."""


def upgrade() -> None:
    """The first owner is there before anybody has a token."""
    owners = op.create_table(
        "owners",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_owners")),
        sa.UniqueConstraint("name", name=op.f("uq_owners_name")),
    )
    first = sa.insert(owners).values(id=FIRST, created_at=sa.func.now(), name="default")
    op.execute(first)
    _create_tokens()
    for table in TABLES:
        _give(table)


def downgrade() -> None:
    """Forget tokens and owners. Of what several owners have alike only the first one's stays
    possible, so this fails where there are such.
    """
    for table in TABLES:
        _take(table)
    op.drop_table("tokens")
    op.drop_table("owners")


def _create_tokens() -> None:
    op.create_table(
        "tokens",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        _owner(),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("scope", sa.String(length=16), nullable=False),
        sa.Column("secret_sha256", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("scope IN ('read', 'write', 'admin')", name=op.f("ck_tokens_scope")),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["owners.id"], name=op.f("fk_tokens_owner_id_owners")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tokens")),
    )
    op.create_index(op.f("ix_tokens_owner_id"), "tokens", ["owner_id"])


def _owner() -> sa.Column[str]:
    return sa.Column("owner_id", sa.String(length=64), nullable=False, server_default=FIRST)


def _give(table: str) -> None:
    """Not in a batch: SQLite would make the tables anew, and their foreign keys with them, after
    which earlier revisions could not be gone back to.
    """
    op.execute(
        f"ALTER TABLE {table} ADD COLUMN owner_id VARCHAR(64) DEFAULT '{FIRST}' NOT NULL "
        f"CONSTRAINT fk_{table}_owner_id_owners REFERENCES owners (id)"
    )
    op.create_index(op.f(f"ix_{table}_owner_id"), table, ["owner_id"])
    if table in UNIQUE:
        column = UNIQUE[table]
        _constrain(table, old=(column,), new=("owner_id", column))


def _take(table: str) -> None:
    op.drop_index(op.f(f"ix_{table}_owner_id"), table)
    if table in UNIQUE:
        column = UNIQUE[table]
        _constrain(table, old=("owner_id", column), new=(column,))
        with op.batch_alter_table(table) as batch:
            batch.drop_column("owner_id")
    else:
        op.execute(f"ALTER TABLE {table} DROP COLUMN owner_id")


def _constrain(table: str, old: Sequence[str], new: Sequence[str]) -> None:
    """Other columns are to be unique together."""
    with op.batch_alter_table(table) as batch:
        batch.drop_constraint(op.f(f"uq_{table}_{'_'.join(old)}"), type_="unique")
        batch.create_unique_constraint(op.f(f"uq_{table}_{'_'.join(new)}"), list(new))
