"""Keep libraries without a data set, and the images that were made up in its place."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

WITHOUT = "SELECT id FROM libraries WHERE dataset_id IS NULL"
THEIRS = f"SELECT id FROM students WHERE library_id IN ({WITHOUT})"
OF_STUDENTS = ("trials", "measurements", "student_latencies", "refinements")
OF_LIBRARIES = ("candidates", "omissions", "latency_tables")


def upgrade() -> None:
    """All libraries there are have a data set."""
    with op.batch_alter_table("libraries") as libraries:
        libraries.add_column(sa.Column("images_sha256", sa.String(length=64), nullable=True))
        libraries.alter_column("dataset_id", existing_type=sa.String(length=64), nullable=True)


def downgrade() -> None:
    """Forget the libraries without a data set, with all that was made from them."""
    for table in OF_STUDENTS:
        op.execute(f"DELETE FROM {table} WHERE student_id IN ({THEIRS})")
    op.execute(f"UPDATE students SET parent_id = NULL WHERE library_id IN ({WITHOUT})")
    op.execute(f"DELETE FROM students WHERE library_id IN ({WITHOUT})")
    for table in OF_LIBRARIES:
        op.execute(f"DELETE FROM {table} WHERE library_id IN ({WITHOUT})")
    op.execute("DELETE FROM libraries WHERE dataset_id IS NULL")
    with op.batch_alter_table("libraries") as libraries:
        libraries.alter_column("dataset_id", existing_type=sa.String(length=64), nullable=False)
        libraries.drop_column("images_sha256")
