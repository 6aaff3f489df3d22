"""Keep under which licence teachers were posted."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0017"
down_revision: str | None = "0016"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Unknown for the teachers there are."""
    op.add_column("teachers", sa.Column("licence", sa.String(length=200), nullable=True))


def downgrade() -> None:
    """Forget it."""
    op.drop_column("teachers", "licence")
