"""Keep how candidates were refined."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0013"
down_revision: str | None = "0012"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Unknown for the candidates there are."""
    op.add_column("candidates", sa.Column("course", sa.JSON(), nullable=True))


def downgrade() -> None:
    """Forget it."""
    op.drop_column("candidates", "course")
