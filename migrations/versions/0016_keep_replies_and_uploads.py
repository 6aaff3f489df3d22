"""Keep replies to POSTs with an Idempotency-Key, and files that are sent in pieces."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0016"
down_revision: str | None = "0015"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

FIRST = "owner_0000000000000000000000000000"


def upgrade() -> None:
    """There are none yet."""
    op.create_table(
        "replies",
        *_identified("replies"),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("attempt", sa.BigInteger(), nullable=False),
        sa.Column("alive_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.BigInteger(), nullable=True),
        sa.Column("headers", sa.JSON(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replies")),
        sa.UniqueConstraint("owner_id", "key", name=op.f("uq_replies_owner_id_key")),
    )
    op.create_table(
        "uploads",
        *_identified("uploads"),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_uploads")),
    )
    op.create_index(op.f("ix_replies_owner_id"), "replies", ["owner_id"])
    op.create_index(op.f("ix_uploads_owner_id"), "uploads", ["owner_id"])
    op.create_index(op.f("ix_uploads_expires_at"), "uploads", ["expires_at"])


def downgrade() -> None:
    """Forget them; uploads have to be sent again."""
    op.drop_table("uploads")
    op.drop_table("replies")


def _identified(table: str) -> tuple[sa.Column[Any] | sa.ForeignKeyConstraint, ...]:
    name = op.f(f"fk_{table}_owner_id_owners")
    return (
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("owner_id", sa.String(length=64), server_default=FIRST, nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["owners.id"], name=name),
    )
