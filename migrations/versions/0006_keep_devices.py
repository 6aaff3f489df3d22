"""Keep devices with their tables of latencies, and the latencies of whole students."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Three tables, empty at first."""
    op.create_table(
        "devices",
        *_identified(),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_devices")),
        sa.UniqueConstraint("name", name=op.f("uq_devices_name")),
    )
    op.create_table(
        "latency_tables",
        *_identified(),
        *_references("latency_tables", "device", "devices"),
        *_references("latency_tables", "library", "libraries"),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("latencies", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_latency_tables")),
        sa.UniqueConstraint(
            "device_id", "library_id", name=op.f("uq_latency_tables_device_id_library_id")
        ),
    )
    op.create_table(
        "student_latencies",
        *_identified(),
        *_references("student_latencies", "device", "devices"),
        *_references("student_latencies", "student", "students"),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("latency_ms", sa.Double(), nullable=False),
        sa.Column("spread_ms", sa.Double(), nullable=False),
        sa.Column("setting", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_student_latencies")),
        sa.UniqueConstraint("digest", name=op.f("uq_student_latencies_digest")),
    )
    for table, column in INDEXES:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def downgrade() -> None:
    """Forget the devices."""
    op.drop_table("student_latencies")
    op.drop_table("latency_tables")
    op.drop_table("devices")


INDEXES = (
    ("latency_tables", "library_id"),
    ("student_latencies", "device_id"),
    ("student_latencies", "student_id"),
)


def _identified() -> tuple[sa.schema.SchemaItem, ...]:
    return (
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )


def _references(table: str, name: str, other: str) -> tuple[sa.schema.SchemaItem, ...]:
    """A column that names a row of another table, and goes with it."""
    column = f"{name}_id"
    key = op.f(f"fk_{table}_{column}_{other}")
    return (
        sa.Column(column, sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint([column], [f"{other}.id"], name=key, ondelete="CASCADE"),
    )
