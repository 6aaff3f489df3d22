"""Keep how much memory a candidate's activations take at most."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """One column, unknown for the candidates there are."""
    op.add_column("candidates", sa.Column("activation_bytes", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    """Forget the peaks."""
    op.drop_column("candidates", "activation_bytes")
