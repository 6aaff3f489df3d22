"""Keep surveys, and measured searches with their trials."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Of every library it is counted from now on how often its measured students change."""
    column = sa.Column("num_remeasured", sa.BigInteger(), nullable=False, server_default="0")
    op.add_column("libraries", column)
    _create_surveys()
    _create_searches()


def downgrade() -> None:
    """Forget the surveys and searches; the students that came of them stay."""
    for table in ("survey_students", "surveys", "search_trials", "searches"):
        op.drop_table(table)
    op.drop_column("libraries", "num_remeasured")


def _create_surveys() -> None:
    op.create_table(
        "surveys",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("library_id", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        *_prepared("surveys"),
        _to("surveys", "library_id", "libraries", "CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_surveys")),
        sa.UniqueConstraint("digest", name=op.f("uq_surveys_digest")),
    )
    for column in ("job_id", "library_id", "state"):
        op.create_index(op.f(f"ix_surveys_{column}"), "surveys", [column])
    op.create_table(
        "survey_students",
        sa.Column("survey_id", sa.String(length=64), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("student_id", sa.String(length=64), nullable=False),
        _to("survey_students", "survey_id", "surveys", "CASCADE"),
        _to("survey_students", "student_id", "students", "CASCADE"),
        sa.PrimaryKeyConstraint("survey_id", "place", name=op.f("pk_survey_students")),
    )
    op.create_index(op.f("ix_survey_students_student_id"), "survey_students", ["student_id"])


def _create_searches() -> None:
    op.create_table(
        "searches",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("library_id", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("budget", sa.JSON(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("student_id", sa.String(length=64), nullable=True),
        *_prepared("searches"),
        _to("searches", "library_id", "libraries", "CASCADE"),
        _to("searches", "student_id", "students", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_searches")),
        sa.UniqueConstraint("digest", name=op.f("uq_searches_digest")),
    )
    for column in ("job_id", "library_id", "state", "student_id"):
        op.create_index(op.f(f"ix_searches_{column}"), "searches", [column])
    op.create_table(
        "search_trials",
        sa.Column("search_id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("choices", sa.JSON(), nullable=False),
        sa.Column("loss", sa.Double(), nullable=False),
        sa.Column("score", sa.JSON(), nullable=False),
        _to("search_trials", "search_id", "searches", "CASCADE"),
        sa.PrimaryKeyConstraint("search_id", "number", name=op.f("pk_search_trials")),
    )


def _prepared(table: str) -> tuple[Any, ...]:
    """What all tables of things that jobs make have in common."""
    return (
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("error", sa.JSON(), nullable=True),
        sa.Column("job_id", sa.String(length=64), nullable=False),
        sa.CheckConstraint(
            "state IN ('pending', 'ready', 'failed')", name=op.f(f"ck_{table}_state")
        ),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f(f"fk_{table}_job_id_jobs")),
    )


def _to(table: str, column: str, other: str, ondelete: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"), ondelete=ondelete
    )
