"""Keep refinements of students, and from which student another one came."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """All students there are were selected, and have no parent.

    Alembic would copy SQLite's table to add a foreign key, and dropping the old one would take
    all measurements along.
    """
    op.execute(
        "ALTER TABLE students ADD COLUMN parent_id VARCHAR(64) "
        "CONSTRAINT fk_students_parent_id_students REFERENCES students (id)"
    )
    origin = sa.Column("origin", sa.String(length=16), nullable=False, server_default="selection")
    op.add_column("students", origin)
    op.create_index(op.f("ix_students_parent_id"), "students", ["parent_id"])
    _create_refinements()


def downgrade() -> None:
    """Forget the refinements, with the students that they made."""
    op.drop_table("refinements")
    op.execute("UPDATE students SET parent_id = NULL")
    op.execute("DELETE FROM students WHERE origin = 'refinement'")
    op.drop_index(op.f("ix_students_parent_id"), "students")
    op.execute("ALTER TABLE students DROP COLUMN parent_id")
    op.drop_column("students", "origin")


def _create_refinements() -> None:
    op.create_table(
        "refinements",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("student_id", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=True),
        sa.Column("after", sa.JSON(), nullable=True),
        sa.Column("gain", sa.JSON(), nullable=True),
        sa.Column("result_id", sa.String(length=64), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("error", sa.JSON(), nullable=True),
        sa.Column("job_id", sa.String(length=64), nullable=False),
        sa.CheckConstraint(
            "state IN ('pending', 'ready', 'failed')", name=op.f("ck_refinements_state")
        ),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_refinements_job_id_jobs")),
        sa.ForeignKeyConstraint(
            ["student_id"],
            ["students.id"],
            name=op.f("fk_refinements_student_id_students"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["result_id"],
            ["students.id"],
            name=op.f("fk_refinements_result_id_students"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refinements")),
        sa.UniqueConstraint("digest", name=op.f("uq_refinements_digest")),
        sa.UniqueConstraint("result_id", name=op.f("uq_refinements_result_id")),
    )
    for column in ("job_id", "state", "student_id"):
        op.create_index(op.f(f"ix_refinements_{column}"), "refinements", [column])
