"""Keep what work is shared by: priorities, shares, deadlines; count heartbeats, not moments."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

JOB: dict[str, Any] = {
    "earlier_errors": sa.JSON(),
    "deadline": sa.DateTime(timezone=True),
    "stop_error": sa.JSON(),
}


def upgrade() -> None:
    """Each job that there is shares for itself alone."""
    for name, type_ in JOB.items():
        op.add_column("jobs", sa.Column(name, type_, nullable=True))
    op.add_column(
        "jobs", sa.Column("priority", sa.BigInteger(), server_default="0", nullable=False)
    )
    op.add_column(
        "jobs", sa.Column("share", sa.String(length=64), server_default="", nullable=False)
    )
    op.execute("UPDATE jobs SET share = resource_id")
    op.drop_index("ix_units_state_lease", "units")
    op.drop_column("units", "lease_expires_at")
    op.add_column("units", sa.Column("beats", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("units", sa.Column("furthest", sa.BigInteger(), nullable=True))
    op.create_index("ix_units_state", "units", ["state"])
    op.create_index("ix_units_job_id_state_stage", "units", ["job_id", "state", "stage"])
    op.create_table(
        "shares",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("served", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_shares")),
    )


def downgrade() -> None:
    """What runs counts as abandoned, and is begun again."""
    op.drop_table("shares")
    op.drop_index("ix_units_job_id_state_stage", "units")
    op.drop_index("ix_units_state", "units")
    for name in ("furthest", "beats"):
        op.drop_column("units", name)
    op.add_column("units", sa.Column("lease_expires_at", sa.DateTime(timezone=True), nullable=True))
    abandoned = "UPDATE units SET lease_expires_at = '2000-01-01 00:00:00' WHERE state = 'running'"
    op.execute(abandoned)
    op.create_index("ix_units_state_lease", "units", ["state", "lease_expires_at"])
    for name in ("share", "priority", *JOB):
        op.drop_column("jobs", name)
