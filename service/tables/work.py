"""Jobs and their units of work."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from service.tables.base import WORK, Base, Identified, states


class JobRow(Identified, Base):
    """`resource_id` names what the job makes; `state` follows from the units.

    A stop is requested by a user who cancels, or when one unit has failed for good.
    """

    __tablename__ = "jobs"
    __table_args__ = (states(*WORK),)
    kind: Mapped[str] = mapped_column(String(32))
    resource_id: Mapped[str] = mapped_column(String(64), index=True)
    state: Mapped[str] = mapped_column(String(16), default="queued", index=True)
    error: Mapped[dict[str, Any] | None]
    stop_requested_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class UnitRow(Base):
    """A unit of work. `token` grows with each claim, so an older claim cannot commit."""

    __tablename__ = "units"
    __table_args__ = (states(*WORK), Index("ix_units_state_lease", "state", "lease_expires_at"))
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), index=True)
    stage: Mapped[int]
    kind: Mapped[str] = mapped_column(String(32))
    payload: Mapped[dict[str, Any]]
    weight: Mapped[int]
    state: Mapped[str] = mapped_column(String(16), default="queued")
    attempts: Mapped[int] = mapped_column(default=0)
    token: Mapped[int] = mapped_column(default=0)
    worker: Mapped[str | None] = mapped_column(String(64), index=True)
    lease_expires_at: Mapped[datetime | None]
    progress_done: Mapped[int] = mapped_column(default=0)
    progress_total: Mapped[int] = mapped_column(default=0)
    error: Mapped[dict[str, Any] | None]
