"""Order the units of a stage by an index, for to claim one is to want the first of thousands."""

from collections.abc import Sequence

from alembic import op

revision: str = "0019"
down_revision: str | None = "0018"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """The new index does all that the old one did."""
    op.create_index("ix_units_job_id_state_stage_id", "units", ["job_id", "state", "stage", "id"])
    op.drop_index("ix_units_job_id_state_stage", "units")


def downgrade() -> None:
    """Back to the shorter one."""
    op.create_index("ix_units_job_id_state_stage", "units", ["job_id", "state", "stage"])
    op.drop_index("ix_units_job_id_state_stage_id", "units")
