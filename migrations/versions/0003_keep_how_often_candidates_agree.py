"""Keep on how many images a candidate's partial model and its teacher agree."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Two columns, unknown for the candidates there are: their logits are gone."""
    op.add_column("candidates", sa.Column("agreement", sa.Double(), nullable=True))
    op.add_column("candidates", sa.Column("agreement_se", sa.Double(), nullable=True))


def downgrade() -> None:
    """Forget the agreements."""
    op.drop_column("candidates", "agreement_se")
    op.drop_column("candidates", "agreement")
