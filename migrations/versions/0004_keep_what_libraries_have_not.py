"""Keep what a library's recipe asks for and its neighbourhoods have not."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """The table of omissions, empty for the libraries there are: they asked for widths only."""
    op.create_table(
        "omissions",
        sa.Column("library_id", sa.String(length=64), nullable=False),
        sa.Column("neighbourhood_index", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("neighbourhood", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("knobs", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["library_id"],
            ["libraries.id"],
            name=op.f("fk_omissions_library_id_libraries"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "library_id", "neighbourhood_index", "position", name=op.f("pk_omissions")
        ),
    )


def downgrade() -> None:
    """Forget the omissions."""
    op.drop_table("omissions")
