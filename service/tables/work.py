"""Jobs and their units of work."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from service.tables.base import WORK, Base, Identified, states


class JobRow(Identified, Base):
    """`resource_id` names what the job makes; `state` follows from the units.

    A stop is requested by a user who cancels, when one unit has failed for good, or when the
    deadline is over; `stop_error` then says so. Processors are shared fairly between `share`s, of
    which every teacher is one. `earlier_errors` are those after which it was tried again.
    """

    __tablename__ = "jobs"
    __table_args__ = (states(*WORK),)
    kind: Mapped[str] = mapped_column(String(32))
    resource_id: Mapped[str] = mapped_column(String(64), index=True)
    state: Mapped[str] = mapped_column(String(16), default="queued", index=True)
    error: Mapped[dict[str, Any] | None]
    earlier_errors: Mapped[list[Any] | None]
    priority: Mapped[int] = mapped_column(default=0, server_default="0")
    share: Mapped[str] = mapped_column(String(64), server_default="")
    deadline: Mapped[datetime | None]
    stop_error: Mapped[dict[str, Any] | None]
    stop_requested_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class UnitRow(Base):
    """A unit of work. `token` grows with each claim, so an older claim cannot commit.

    `beats` grows with each heartbeat: a unit whose beats stand still has lost its worker.
    `attempts` are those that came no further than `furthest`. `finished_at` is when it succeeded.
    """

    __tablename__ = "units"
    __table_args__ = (
        states(*WORK),
        Index("ix_units_state", "state"),
        Index("ix_units_job_id_state_stage_id", "job_id", "state", "stage", "id"),
    )
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
    beats: Mapped[int] = mapped_column(default=0, server_default="0")
    furthest: Mapped[int | None]
    progress_done: Mapped[int] = mapped_column(default=0)
    progress_total: Mapped[int] = mapped_column(default=0)
    finished_at: Mapped[datetime | None]
    error: Mapped[dict[str, Any] | None]


class ShareRow(Base):
    """Who has a share in the processors; the higher `served`, the later it had its last turn."""

    __tablename__ = "shares"
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    served: Mapped[int]
