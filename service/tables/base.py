"""Base: what all tables share."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    DateTime,
    Dialect,
    ForeignKey,
    MetaData,
    String,
    TypeDecorator,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMES = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
Digest = String(64)
DEFAULT_OWNER = "owner_" + 28 * "0"
"""Whose everything is that was made before there were tokens."""


class Moment(TypeDecorator[datetime]):
    """A point in time, UTC going in and coming out, also where the database forgets the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    """All tables, under one naming convention."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {  # noqa: RUF012
        datetime: Moment,
        int: BigInteger,
        dict[str, Any]: JSON(none_as_null=True),
        list[Any]: JSON(none_as_null=True),
    }


class Identified:
    """`id` is a prefix and a time-ordered part, so its order is the order of creation.

    Sessions see to it that no owner meets another's rows: see `service.ownership`.
    """

    id: Mapped[str] = mapped_column(String(64), primary_key=True, sort_order=-2)
    created_at: Mapped[datetime] = mapped_column(sort_order=-1)
    owner_id: Mapped[str] = mapped_column(
        ForeignKey("owners.id"), index=True, server_default=DEFAULT_OWNER, sort_order=-1
    )


class Prepared(Identified):
    """Something a job makes: pending until the job ends, then ready or failed."""

    state: Mapped[str] = mapped_column(String(16), default="pending", index=True)
    error: Mapped[dict[str, Any] | None]
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id"), index=True)


def states(*names: str) -> CheckConstraint:
    return one_of("state", *names)


def one_of(column: str, *values: str) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(map(repr, values))})", name=column)


PREPARED = ("pending", "ready", "failed")
WORK = ("queued", "running", "succeeded", "failed", "cancelled")
